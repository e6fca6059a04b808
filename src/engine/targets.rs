//! Who is asked for what: from the plans in force, the touch table, and what its model can take.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fold::Out;
use super::state::State;
use crate::event::{Job, Target};
use crate::model::{DeviceClass, DeviceId, FactKey, Intervals, TouchPolicy};

/// How often sensors, memory, disks and load were asked before there were plans, seconds.
const SENSORS_S: u32 = 300;
/// The same of monitors of rooms and refrigerators, which do nothing else.
const PROBE_S: u32 = 60;

/// What is the same for many devices, worked out once: by class, model, and whether more than GETs are allowed.
type Known = BTreeMap<(DeviceClass, u16, bool), Vec<(Job, u32)>>;

impl State {
    /// Who is asked for what, when it is not what is in force.
    pub(super) fn new_targets(&mut self) -> Option<Arc<Vec<Target>>> {
        if self.config_hash.is_empty() {
            return None;
        }
        let mut known = Known::default();
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
            .entry((d.class, model, full))
            .or_insert_with(|| self.jobs(d.class, model, full))
            .clone();
        Some(Target {
            address,
            port: spec.and_then(|s| s.snmp_port).unwrap_or(161),
            credentials,
            class: d.class,
            jobs: self.spared(d, jobs),
            confirm_s: self.site.intervals.confirm_s,
            model,
            v2c_fallback,
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
