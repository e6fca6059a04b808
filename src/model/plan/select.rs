//! Which parts of which plans are asked of a device.

use std::collections::BTreeMap;

use super::{PartKind, PlanOid, PollPart, PollPlan, PollPlans, Priority};
use crate::model::{DeviceClass, Job};

/// A part that is asked of a device, with the plan it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The plan.
    pub plan: &'a PollPlan,
    /// The part.
    pub part: &'a PollPart,
}

impl PollPlan {
    /// It is for devices of this class, or some of them.
    pub(super) fn is_for(&self, class: DeviceClass) -> bool {
        !self.except.contains(&class) && (self.classes.is_empty() || self.classes.contains(&class))
    }

    /// How particular it is for a device of this class whose `sysObjectID` this is; none where it is not for it at all.
    fn fits(&self, class: DeviceClass, object: &[u32]) -> Option<(usize, bool)> {
        if !self.is_for(class) {
            return None;
        }
        let longest = self
            .models
            .iter()
            .filter(|m| m.begins(object))
            .map(|m| m.arcs().len())
            .max();
        if !self.models.is_empty() && longest.is_none() {
            return None;
        }
        Some((longest.unwrap_or(0), !self.classes.is_empty()))
    }
}

impl PollPlans {
    /// The models that plans tell apart, in their order; a device's model is its place among them, from 1.
    pub fn models(&self) -> Vec<&PlanOid> {
        let mut all: Vec<&PlanOid> = self.iter().flat_map(|p| &p.models).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The number of a device's model by its `sysObjectID` in dotted form: that of the longest beginning that a plan names;
    /// zero where none does.
    pub fn model(&self, object_id: &str) -> u16 {
        let models = self.models();
        let Ok(object) = object_id.parse::<PlanOid>() else {
            return 0;
        };
        models
            .iter()
            .zip(1..=u16::MAX)
            .filter(|(m, _)| m.begins(object.arcs()))
            .max_by_key(|(m, _)| m.arcs().len())
            .map_or(0, |(_, number)| number)
    }

    /// What is asked of a device of this class and model number, by job and part, without what is only asked when a person says
    /// so. Of two plans with the same part the more particular one counts: a model before a class, a class before all.
    pub fn asked(&self, class: DeviceClass, model: u16) -> Vec<Asked<'_>> {
        let models = self.models();
        let object = usize::from(model)
            .checked_sub(1)
            .and_then(|at| models.get(at));
        self.asked_of(class, object.map_or(&[][..], |m| m.arcs()))
    }

    /// The same for a device whose `sysObjectID` has these arcs.
    pub(super) fn asked_of(&self, class: DeviceClass, object: &[u32]) -> Vec<Asked<'_>> {
        let mut best: BTreeMap<PartKind, ((usize, bool), Asked<'_>)> = BTreeMap::new();
        for plan in self.iter().filter(|p| p.job.is_some()) {
            let Some(rank) = plan.fits(class, object) else {
                continue;
            };
            for part in &plan.parts {
                let asked = Asked { plan, part };
                match best.get(&part.kind) {
                    // of two that are as particular the first by name counts
                    Some((held, _)) if *held >= rank => {}
                    _ => drop(best.insert(part.kind, (rank, asked))),
                }
            }
        }
        best.into_values().map(|(_, asked)| asked).collect()
    }

    /// How often a job is due for a device, seconds: as seldom as the part of it that is asked most seldom, so that nothing is
    /// asked more often than its plan says. None where it is not asked.
    pub fn interval(&self, class: DeviceClass, model: u16, job: Job) -> Option<u32> {
        self.asked(class, model)
            .iter()
            .filter(|a| a.part.kind.job() == Some(job))
            .map(|a| a.part.interval_s)
            .max()
    }

    /// How long a job may take, seconds: as long as the part of it that may take longest. None where it is not asked.
    pub fn deadline(&self, class: DeviceClass, model: u16, job: Job) -> Option<u32> {
        self.asked(class, model)
            .iter()
            .filter(|a| a.part.kind.job() == Some(job))
            .map(|a| a.part.deadline_s)
            .max()
    }

    /// Whether a job goes before others: its lowest number among the plans that have a part of it for the device. None where it is
    /// not asked.
    pub fn priority(&self, class: DeviceClass, model: u16, job: Job) -> Option<Priority> {
        self.asked(class, model)
            .iter()
            .filter(|a| a.part.kind.job() == Some(job))
            .map(|a| a.plan.priority())
            .min()
    }

    /// Plans with parts of one job that are asked at different intervals of the same device: name, name, job, class.
    pub fn uneven(&self) -> Option<(&PollPlan, &PollPlan, Job, DeviceClass)> {
        for class in DeviceClass::ALL {
            for model in 0..=self.models().len() as u16 {
                let mut by_job: BTreeMap<Job, (u32, &PollPlan)> = BTreeMap::new();
                for asked in self.asked(*class, model) {
                    let Some(job) = asked.part.kind.job() else {
                        continue;
                    };
                    let now = (asked.part.interval_s, asked.plan);
                    let first = *by_job.entry(job).or_insert(now);
                    if first.0 != now.0 {
                        return Some((first.1, now.1, job, *class));
                    }
                }
            }
        }
        None
    }

    /// Pairs of plans that claim the same part of the same devices and are as particular: name, name, part, class.
    pub fn rivals(&self) -> Vec<(&PollPlan, &PollPlan, PartKind, DeviceClass)> {
        let mut out = Vec::new();
        let models = self.models();
        let objects = || std::iter::once(&[][..]).chain(models.iter().map(|m| m.arcs()));
        for (at, a) in self.iter().enumerate() {
            for b in self.iter().skip(at + 1) {
                let Some(kind) = a
                    .parts
                    .iter()
                    .map(|p| p.kind)
                    .find(|k| b.parts.iter().any(|p| p.kind == *k))
                else {
                    continue;
                };
                let clash = DeviceClass::ALL.iter().find(|class| {
                    objects().any(|object| {
                        let rank = a.fits(**class, object);
                        rank.is_some() && rank == b.fits(**class, object)
                    })
                });
                if let Some(class) = clash {
                    out.push((a, b, kind, *class));
                }
            }
        }
        out
    }
}
