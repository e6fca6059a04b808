//! What may be sent to whom: the policy of each device, and the table the gate keeps to (invariant 3).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    ClassSpec, DeviceClass, DeviceId, ReachFact, SegmentSpec, Text, Time, TouchPolicy,
    TouchPolicyInForce, TouchTable,
};

use super::alerts::escaped;
use super::fold::Out;
use super::memory::{Override, Timer};
use super::state::State;

/// The longest that one person's word on a policy stands.
const OVERRIDE: Duration = Duration::from_hours(24);
/// The least of all addresses.
const FIRST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

impl State {
    pub(super) fn class_spec(&self, class: DeviceClass) -> Option<&ClassSpec> {
        self.site.classes.iter().find(|c| c.class == class)
    }

    fn segment_spec(&self, id: DeviceId) -> Option<&SegmentSpec> {
        let segment = self.devices.get(&id)?.segment?;
        self.site.segments.get(usize::from(segment.0))
    }

    /// The policy of a device without any override: the strictest of segment and class; the site may say another for the
    /// device, though never above its segment's.
    fn base_policy(&self, id: DeviceId) -> (TouchPolicy, String) {
        let Some(d) = self.devices.get(&id) else {
            return (TouchPolicy::Passive, "not known".into());
        };
        let segment = self.segment_spec(id);
        let spec = self.spec(id);
        let class = self
            .class_spec(d.class)
            .and_then(|c| c.touch)
            .unwrap_or(d.class.touch());
        let mut policy = if let Some(own) = spec.and_then(|s| s.touch) {
            (own, "device".to_string())
        } else if d.declared && d.class != DeviceClass::Unknown {
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
        let (mut policy, mut because) = self.base_policy(id);
        if let Some(over) = self.memory.overrides.get(&id)
            && policy != TouchPolicy::Never
        {
            policy = over.policy;
            because = format!("override by {}", over.by);
        }
        (policy, because) = self.spare(id, policy, because);
        let because = Text::from(because);
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        let before = d.touch.policy;
        if before == policy && d.touch.because == because {
            return;
        }
        if policy != d.touch.policy {
            let bound = self.memory.bound.range((id, FIRST)..);
            out.touch_at
                .extend(bound.take_while(|(d, _)| *d == id).map(|(_, a)| *a));
            out.touch_at.extend(d.addresses.iter().copied());
            out.targets |= policy.max(d.touch.policy) >= TouchPolicy::Get;
        }
        self.edit(id, |d| {
            d.touch = TouchPolicyInForce { policy, because };
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

    /// One person's word on a policy: with a reason, for a day at the most, and never against `never` (invariant 3).
    pub(super) fn override_touch(
        &mut self,
        by: &Text,
        id: DeviceId,
        (policy, until): (TouchPolicy, Time),
        reason: &Text,
        out: &mut Out,
    ) {
        let until = until.min(out.now + OVERRIDE);
        if !self.devices.contains_key(&id) || until <= out.now {
            return;
        }
        let (base, _) = self.base_policy(id);
        let refused = if base == TouchPolicy::Never {
            Some("never is lifted by nobody alone")
        } else if reason.as_str().trim().is_empty() {
            Some("no reason was given")
        } else {
            None
        };
        let what = escaped(format!("touch policy by {}", by.as_str()));
        let before = self
            .devices
            .get(&id)
            .map_or_else(Text::empty, |d| Text::from(d.touch.policy.word()));
        if let Some(why) = refused {
            let after = escaped(format!("{policy} refused: {why}"));
            self.note(id, what, before, after, out);
            return;
        }
        let over = Override {
            policy,
            until,
            by: by.clone(),
        };
        self.memory.overrides.insert(id, over);
        self.memory.timers.insert((until, Timer::Override(id)));
        let after = escaped(format!("{policy}: {}", reason.as_str()));
        self.note(id, what, before, after, out);
        self.retouch(id, out);
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
            if let Some(d) = self.devices.get(id) {
                put(*address, d.touch.policy);
            }
        }
        for (address, bound) in &self.memory.bindings {
            for b in bound {
                if let Some(d) = self.devices.get(&b.device) {
                    put(*address, d.touch.policy);
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
            .filter_map(|id| self.devices.get(&id))
            .map(|d| d.touch.policy)
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
