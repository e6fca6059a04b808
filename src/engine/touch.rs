//! What may be sent to whom: the policy of each device, and the table the gate keeps to (invariant 3).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::model::{
    ClassSpec, Device, DeviceClass, DeviceId, FactKey, FactSource, ReachFact, SegmentId,
    SegmentSpec, Text, TouchPolicy, TouchPolicyInForce, TouchTable,
};

use super::fold::Out;
use super::state::State;

/// The least of all addresses.
const FIRST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

/// The site or a person said what it is. What it says of itself may make its policy stricter, never laxer.
fn is_said(d: &Device) -> bool {
    let class = d.facts.get(&FactKey::Class);
    class.is_some_and(|fact| fact.source >= FactSource::Site)
}

impl State {
    pub(super) fn class_spec(&self, class: DeviceClass) -> Option<&ClassSpec> {
        self.site.classes.iter().find(|c| c.class == class)
    }

    /// The policy of a device without any override: the strictest of segment and class; the site may say another for the
    /// device, though never above its segment's.
    pub(super) fn base_policy(&self, id: DeviceId) -> (TouchPolicy, String) {
        let segment = self.devices.get(&id).and_then(|d| d.segment);
        self.base_policy_in(id, segment)
    }

    /// The same as if it stood in this segment.
    fn base_policy_in(&self, id: DeviceId, segment: Option<SegmentId>) -> (TouchPolicy, String) {
        let Some(d) = self.devices.get(&id) else {
            return (TouchPolicy::Passive, "not known".into());
        };
        let segment = segment.and_then(|s| self.site.segments.get(usize::from(s.0)));
        let spec = self.spec(id);
        let class = self
            .class_spec(d.class)
            .and_then(|c| c.touch)
            .unwrap_or(d.class.touch());
        let mut policy = if let Some(own) = spec.and_then(|s| s.touch) {
            (own, "device".to_string())
        } else if d.declared && d.class != DeviceClass::Unknown && is_said(d) {
            (class, format!("class {}", d.class))
        } else {
            let (unknown, because) = match segment {
                Some(s) if s.clinical => {
                    (unknown_in(s), "unknown in a clinical segment".to_string())
                }
                Some(s) => (unknown_in(s), format!("unknown in {}", s.name)),
                None => (TouchPolicy::Passive, "in no segment".to_string()),
            };
            // what it seems to be may make it stricter, never laxer: nobody declared it
            if d.class != DeviceClass::Unknown && class < unknown {
                (class, format!("class {}", d.class))
            } else {
                (unknown, because)
            }
        };
        if let Some(cap) = segment.and_then(|s| s.touch)
            && cap < policy.0
        {
            policy = (
                cap,
                format!("segment {}", segment.map_or("", |s| s.name.as_str())),
            );
        }
        policy
    }

    /// Works the policy out anew.
    pub(super) fn retouch(&mut self, id: DeviceId, out: &mut Out) {
        let (base, because) = self.base_policy(id);
        let overridden = self.override_of(id, base).cloned();
        let (policy, because) = match &overridden {
            Some(over) => (over.policy, over.because()),
            None => (base, Text::from(because)),
        };
        // no word of a person but a release lifts what is spared a device
        let (policy, because) = self.spare(id, policy, because);
        let asked = self.memory.asked.get(&id).cloned();
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        let before = d.touch.policy;
        let now = TouchPolicyInForce {
            policy,
            because,
            overridden,
            asked,
        };
        if d.touch == now {
            return;
        }
        let bound = self.memory.bound.range((id, FIRST)..);
        out.touch_at
            .extend(bound.take_while(|(d, _)| *d == id).map(|(_, a)| *a));
        out.touch_at.extend(d.addresses.iter().copied());
        if policy != d.touch.policy {
            out.targets |= policy.max(d.touch.policy) >= TouchPolicy::Get;
        }
        self.edit(id, |d| {
            d.touch = now;
            // what may no longer be asked is no longer known by asking
            if policy < TouchPolicy::Get {
                d.snmp = ReachFact::default();
            }
            if policy < TouchPolicy::Ping {
                d.ping = ReachFact::default();
            }
        });
        if policy != before {
            self.asked_anew(id);
        }
        if policy < TouchPolicy::Get {
            self.memory.first_miss.remove(&id);
        }
        out.inventory = true;
        out.judge.insert(id);
    }

    /// What may be sent to a device at one of its addresses: a device with a foot in a second segment is bound by both.
    pub(super) fn policy_at(&self, id: DeviceId, address: IpAddr) -> Option<TouchPolicy> {
        let d = self.devices.get(&id)?;
        let segment = self.segment_at(id, address);
        let (base, _) = self.base_policy_in(id, segment);
        // the site says where it is: at another address it may have been long ago, and who is there now is a stranger
        let sure = match self.spec(id) {
            None => d.address == Some(address),
            Some(s) => {
                s.addresses.is_empty() || s.addresses.iter().any(|a| a.to_canonical() == address)
            }
        };
        if !sure {
            let spec = segment.and_then(|s| self.site.segments.get(usize::from(s.0)));
            let stranger = spec.map_or(TouchPolicy::Passive, |s| {
                s.touch.map_or(unknown_in(s), |cap| cap.min(unknown_in(s)))
            });
            return Some(base.min(stranger).min(d.touch.policy));
        }
        let here = self.override_of(id, base).map_or(base, |o| o.policy);
        Some(here.min(d.touch.policy))
    }

    /// The table, when it is not the one in force.
    pub(super) fn new_touch_table(&mut self) -> Option<Arc<TouchTable>> {
        // before any configuration nothing may be said of anybody
        if self.config_hash.is_empty() {
            return None;
        }
        let mut addresses: BTreeMap<IpAddr, TouchPolicy> = BTreeMap::new();
        let mut put = |address: IpAddr, policy: TouchPolicy| {
            addresses
                .entry(address)
                .and_modify(|p| *p = policy.min(*p))
                .or_insert(policy);
        };
        for (address, id) in &self.by_address {
            if let Some(policy) = self.policy_at(*id, *address) {
                put(*address, policy);
            }
        }
        for (address, bound) in &self.memory.bindings {
            for b in bound {
                if let Some(policy) = self.policy_at(b.device, *address) {
                    put(*address, policy);
                }
            }
        }
        let unknown = self
            .site
            .segments
            .iter()
            .flat_map(|s| {
                let policy = s.touch.map_or(unknown_in(s), |cap| cap.min(unknown_in(s)));
                s.nets.iter().map(move |n| (*n, policy))
            })
            .collect();
        let mut table = TouchTable {
            revision: self.memory.touch.as_ref().map_or(0, |t| t.revision),
            addresses,
            unknown,
            elsewhere: TouchPolicy::Passive,
        };
        if self.memory.touch.as_deref() == Some(&table) {
            return None;
        }
        table.revision += 1;
        let table = Arc::new(table);
        self.memory.touch = Some(Arc::clone(&table));
        Some(table)
    }

    /// The table with these addresses looked at again; none where it says the right thing of all of them already.
    pub(super) fn touch_again(&mut self, these: &BTreeSet<IpAddr>) -> Option<Arc<TouchTable>> {
        if these.is_empty() {
            return None;
        }
        let Some(table) = self.memory.touch.clone() else {
            return self.new_touch_table();
        };
        let moved: Vec<(IpAddr, Option<TouchPolicy>)> = these
            .iter()
            .map(|a| (*a, self.strictest_at(*a)))
            .filter(|(a, policy)| match policy {
                Some(policy) => table.policy(*a) != *policy,
                None => table.addresses.contains_key(a),
            })
            .collect();
        if moved.is_empty() {
            return None;
        }
        let mut table = TouchTable::clone(&table);
        for (address, policy) in moved {
            match policy {
                Some(policy) => table.addresses.insert(address, policy),
                None => table.addresses.remove(&address),
            };
        }
        table.revision += 1;
        let table = Arc::new(table);
        self.memory.touch = Some(Arc::clone(&table));
        Some(table)
    }

    /// The strictest policy of everybody who has or had an address.
    fn strictest_at(&self, address: IpAddr) -> Option<TouchPolicy> {
        let bound = self.memory.bindings.get(&address);
        self.by_address
            .get(&address)
            .copied()
            .into_iter()
            .chain(bound.into_iter().flatten().map(|b| b.device))
            .filter_map(|id| self.policy_at(id, address))
            .min()
    }
}

fn unknown_in(segment: &SegmentSpec) -> TouchPolicy {
    segment.unknown.unwrap_or(if segment.clinical {
        TouchPolicy::Passive
    } else {
        TouchPolicy::Arp
    })
}
