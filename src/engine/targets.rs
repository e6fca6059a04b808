//! Who is asked for what: from the plans in force, the touch table, and what its model can take.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::fold::Out;
use super::state::State;
use crate::event::{Job, Target};
use crate::model::{
    Device, DeviceClass, DeviceId, FactKey, Intervals, SEEN_UPLINKS, Segment, SegmentId, Text,
    TouchPolicy,
};

/// How often sensors, memory, disks and load were asked before there were plans, seconds.
const SENSORS_S: u32 = 300;
/// The same of monitors of rooms and refrigerators, which do nothing else.
const PROBE_S: u32 = 60;

/// Longer than any way through a hospital's network.
const STEPS: u32 = 64;

/// What is the same for many devices, worked out once.
#[derive(Default)]
struct Known {
    /// By class, model, and whether more than GETs are allowed.
    jobs: BTreeMap<(DeviceClass, u16, bool), Vec<(Job, u32)>>,
    /// By segment, where the site names the uplink before it.
    named: BTreeMap<SegmentId, u32>,
    /// By switch, where topology shows one.
    uplinks: BTreeMap<DeviceId, u32>,
}

/// The budgets of a device: packets a second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// To itself.
    pub device: u32,
    /// To all on this switch.
    pub closet: Option<(Text, u32)>,
    /// To all behind this uplink; kilobits a second where the site says so.
    pub uplink: Option<(Text, u32, Option<u32>)>,
}

impl Share {
    /// In a line, for a person.
    pub fn words(&self) -> String {
        let mut line = format!("at most {} packets/s", self.device);
        if let Some((name, packets)) = &self.closet {
            let _ = write!(line, "; all on {name} {packets}");
        }
        if let Some((name, packets, kilobits)) = &self.uplink {
            let _ = write!(line, "; all behind {name} {packets}");
            if let Some(kilobits) = kilobits {
                let _ = write!(line, " and {kilobits} kbit/s");
            }
        }
        line
    }
}

impl State {
    /// Who is asked for what, when it is not what is in force.
    pub(super) fn new_targets(&mut self) -> Option<Arc<Vec<Target>>> {
        if self.config_hash.is_empty() {
            return None;
        }
        let mut known = self.known_lines();
        let targets: Vec<Target> = self
            .devices
            .keys()
            .filter_map(|id| self.target(*id, &mut known))
            .collect();
        if self.memory.targets.as_deref() == Some(&targets) {
            return None;
        }
        let targets = Arc::new(targets);
        self.memory.targets = Some(Arc::clone(&targets));
        Some(targets)
    }

    fn target(&self, id: DeviceId, known: &mut Known) -> Option<Target> {
        let d = self.devices.get(&id)?;
        let address = d.address?;
        let spec = self.spec(id);
        // the strictest of everybody who had the address decides, not only this device
        let policy = self
            .memory
            .touch
            .as_ref()
            .map_or(d.touch.policy, |t| t.policy(address))
            .min(d.touch.policy);
        if policy < TouchPolicy::Get {
            return None;
        }
        let (credentials, v2c_fallback) = self.credentials_for(id);
        if credentials.is_empty() {
            return None;
        }
        let model = self.polls.in_force.model(d.fact_str(FactKey::SysObjectId));
        let full = policy >= TouchPolicy::Full;
        let jobs = known
            .jobs
            .entry((d.class, model, full))
            .or_insert_with(|| self.jobs(d.class, model, full))
            .clone();
        let (closet, uplink) = self.lines_of(d, known);
        Some(Target {
            address,
            port: spec.and_then(|s| s.snmp_port).unwrap_or(161),
            credentials,
            class: d.class,
            jobs: self.spared(d, jobs),
            confirm_s: self.site.intervals.confirm_s,
            model,
            closet,
            uplink,
            v2c_fallback,
            answers_from_any_address: self
                .said_of(
                    id,
                    |d| d.answers_from_any_address,
                    |c| c.answers_from_any_address,
                )
                .unwrap_or_default(),
            in_flight: self
                .said_of(id, |d| d.in_flight, |c| c.in_flight)
                .unwrap_or(d.class.in_flight()),
        })
    }

    /// What is asked of a device, and how often in seconds. Without the policy `full` only what needs nothing but GETs.
    fn jobs(&self, class: DeviceClass, model: u16, full: bool) -> Vec<(Job, u32)> {
        let plans = &self.polls.in_force;
        if plans.is_empty() {
            return jobs_before_plans(class, full, &self.site.intervals);
        }
        let mut jobs: BTreeMap<Job, u32> = BTreeMap::new();
        for asked in plans.asked(class, model) {
            let Some(job) = asked.part.kind.job() else {
                continue;
            };
            let interval = jobs.entry(job).or_insert(0);
            *interval = asked.part.interval_s.max(*interval);
        }
        jobs.into_iter()
            // the policy that allows one GET allows the one that says whether it lives
            .filter(|(job, _)| full || *job == Job::Status)
            .collect()
    }

    fn known_lines(&self) -> Known {
        let budgets = &self.site.budgets;
        let numbers = |s: &Segment| Some((s.id, budgets.before(&s.name)?));
        let named = self.segments.values().filter_map(|s| numbers(s));
        Known {
            named: named.collect(),
            ..Known::default()
        }
    }

    /// The numbers of the closet a device stands in and of the uplink it is behind; zero where that is not known.
    fn lines_of(&self, d: &Device, known: &mut Known) -> (u32, u32) {
        let switch = self.closet_of(d);
        let named = d.segment.and_then(|s| known.named.get(&s).copied());
        let uplink = named.or_else(|| {
            let switch = switch?;
            let seen = known
                .uplinks
                .entry(switch)
                .or_insert_with(|| self.next_to_core(switch).map_or(0, seen_uplink));
            Some(*seen)
        });
        (
            switch.map_or(0, |s| s.0.saturating_add(1)),
            uplink.unwrap_or(0),
        )
    }

    /// The switch whose closet a device stands in: itself, or the one it hangs on.
    fn closet_of(&self, d: &Device) -> Option<DeviceId> {
        if self.is_node(d.id) {
            return Some(d.id);
        }
        d.attached.map(|a| a.switch)
    }

    /// The network device next to the root of the topology on the way to this one: what is behind it shares its link. None for
    /// the root itself, and where no way is known.
    fn next_to_core(&self, switch: DeviceId) -> Option<DeviceId> {
        let mut at = switch;
        for _ in 0..STEPS {
            let before = self.before(at).first().copied()?;
            if self.before(before).is_empty() {
                return Some(at);
            }
            at = before;
        }
        None
    }

    /// The budgets that polls of a device count in; none where it is not asked.
    pub fn budget_of(&self, d: &Device) -> Option<Share> {
        if !self.is_asked(d.id) {
            return None;
        }
        let budgets = &self.site.budgets;
        let closet = self.closet_of(d);
        let segment = d.segment.and_then(|s| self.segments.get(&s));
        let named = segment.and_then(|s| budgets.before(&s.name));
        let uplink = match named.and_then(|n| Some((n, budgets.named(n)?))) {
            Some((n, line)) => {
                let packets = budgets.through(n).packets;
                Some((line.name.clone(), packets, line.kilobits))
            }
            None => closet
                .and_then(|switch| self.next_to_core(switch))
                .map(|next| (self.name_of(next), budgets.uplink, None)),
        };
        Some(Share {
            device: budgets.to(d.class),
            closet: closet.map(|switch| (self.name_of(switch), budgets.closet)),
            uplink,
        })
    }

    /// May it be asked by SNMP, and is it?
    pub fn is_asked(&self, id: DeviceId) -> bool {
        self.devices
            .get(&id)
            .is_some_and(|d| d.touch.policy >= TouchPolicy::Get && d.address.is_some())
    }

    /// Every how many seconds the status of a device is asked.
    pub(super) fn status_interval(&self, class: DeviceClass) -> u32 {
        self.polls
            .in_force
            .interval(class, 0, Job::Status)
            .unwrap_or_else(|| status_s(class, &self.site.intervals))
    }

    /// Every how many seconds the tables of network devices are read.
    pub(super) fn tables_interval(&self) -> u32 {
        let planned = self
            .polls
            .in_force
            .interval(DeviceClass::Switch, 0, Job::Tables);
        planned.unwrap_or(self.site.intervals.tables_s)
    }

    /// It is known now what model this is; a plan may know models.
    pub(super) fn model_known(&mut self, id: DeviceId, out: &mut Out) {
        let tells_apart = self.polls.in_force.iter().any(|p| !p.models.is_empty());
        out.targets |= tells_apart && self.is_asked(id);
    }
}

fn seen_uplink(device: DeviceId) -> u32 {
    SEEN_UPLINKS | device.0
}

fn status_s(class: DeviceClass, intervals: &Intervals) -> u32 {
    if class.is_network() || matches!(class, DeviceClass::Ups | DeviceClass::Pdu) {
        intervals.status_s
    } else {
        intervals.endpoint_s
    }
}

/// What was asked before there were plans: a log from then is folded as it was meant.
fn jobs_before_plans(class: DeviceClass, full: bool, intervals: &Intervals) -> Vec<(Job, u32)> {
    let mut jobs = vec![(Job::Status, status_s(class, intervals))];
    if !full {
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
    let sensors_s = if class == DeviceClass::Sensor {
        PROBE_S
    } else {
        SENSORS_S
    };
    jobs.push((Job::Sensors, sensors_s));
    jobs
}
