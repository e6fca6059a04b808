//! What may be sent to whom: the policy of each device, and the table the gate keeps to (invariant 3).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::event::{Job, Target};
use crate::model::{
    ClassSpec, DeviceClass, DeviceId, ReachFact, SegmentSpec, Text, TouchPolicy,
    TouchPolicyInForce, TouchTable,
};

use super::fold::Out;
use super::state::State;

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
        let because = Text::from(because);
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        if d.touch.policy == policy && d.touch.because == because {
            return;
        }
        if policy != d.touch.policy {
            out.touch = true;
            out.targets = true;
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
        if policy < TouchPolicy::Get {
            self.memory.first_miss.remove(&id);
        }
        out.inventory = true;
        out.judge.insert(id);
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

    /// Who is asked for what, when it is not what is in force.
    pub(super) fn new_targets(&mut self) -> Option<Arc<Vec<Target>>> {
        if self.config_hash.is_empty() {
            return None;
        }
        let targets: Vec<Target> = self
            .devices
            .keys()
            .filter_map(|id| self.target(*id))
            .collect();
        if self.memory.targets.as_deref() == Some(&targets) {
            return None;
        }
        let targets = Arc::new(targets);
        self.memory.targets = Some(Arc::clone(&targets));
        Some(targets)
    }

    fn target(&self, id: DeviceId) -> Option<Target> {
        let d = self.devices.get(&id)?;
        let address = d.address?;
        let spec = self.spec(id);
        // the strictest of everybody who had the address decides, not only this device
        let policy = self
            .memory
            .touch
            .as_ref()
            .and_then(|t| t.addresses.get(&address).copied())
            .unwrap_or(d.touch.policy)
            .min(d.touch.policy);
        if policy < TouchPolicy::Get {
            return None;
        }
        let credentials = match spec {
            Some(s) if !s.credentials.is_empty() => s.credentials.clone(),
            // one credential for the whole site needs no naming; with several, nobody is offered one that is not theirs
            _ => match self.site.credentials.as_slice() {
                [only] => vec![only.name.clone()],
                _ => return None,
            },
        };
        Some(Target {
            address,
            port: spec.and_then(|s| s.snmp_port).unwrap_or(161),
            credentials,
            class: d.class,
            jobs: jobs(d.class, policy, &self.site.intervals),
            confirm_s: self.site.intervals.confirm_s,
        })
    }

    /// Every how many seconds the status of a device is asked.
    pub(super) fn status_interval(&self, class: DeviceClass) -> u32 {
        status_s(class, &self.site.intervals)
    }

    /// May it be asked by SNMP, and is it?
    pub(super) fn is_asked(&self, id: DeviceId) -> bool {
        self.devices
            .get(&id)
            .is_some_and(|d| d.touch.policy >= TouchPolicy::Get && d.address.is_some())
    }
}

fn unknown_in(segment: &SegmentSpec) -> TouchPolicy {
    segment.unknown.unwrap_or(if segment.clinical {
        TouchPolicy::Passive
    } else {
        TouchPolicy::Arp
    })
}

fn status_s(class: DeviceClass, intervals: &crate::model::Intervals) -> u32 {
    if class.is_network() || matches!(class, DeviceClass::Ups | DeviceClass::Pdu) {
        intervals.status_s
    } else {
        intervals.endpoint_s
    }
}

fn jobs(
    class: DeviceClass,
    policy: TouchPolicy,
    intervals: &crate::model::Intervals,
) -> Vec<(Job, u32)> {
    let mut jobs = vec![(Job::Status, status_s(class, intervals))];
    if policy < TouchPolicy::Full {
        return jobs;
    }
    if class == DeviceClass::Ups {
        jobs.push((Job::Ups, intervals.status_s));
    } else {
        jobs.push((Job::Interfaces, intervals.interfaces_s));
    }
    if class.is_network() {
        jobs.push((Job::Tables, intervals.tables_s));
    }
    jobs.push((Job::Inventory, intervals.inventory_s));
    jobs
}
