//! What models can't take: what their agents taught, what follows from those that are left alone, and the table of both with
//! the site's own word.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::event::{Job, ObsQuirkV1};
use crate::model::{
    Device, DeviceId, FactKey, FactSource, Quirk, QuirkInForce, QuirkSource, Quirks, SKIP_CAP,
    Showing, Text, Time, arcs, build,
};

use super::alerts::escaped;
use super::fold::Out;
use super::state::State;

/// Builds that lessons are kept of; beyond, the oldest lesson goes.
pub(super) const LESSON_CAP: usize = 2_000;

/// What the agents of one model and build taught.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// What follows from it.
    pub quirk: Quirk,
    /// When it was last learned anew.
    pub at: Time,
    /// From whom last.
    pub device: Option<DeviceId>,
}

impl State {
    /// The poller learned something of a model, or that it no longer holds.
    pub(super) fn quirk(&mut self, seen: &ObsQuirkV1, out: &mut Out) {
        if arcs(seen.object_id.as_str()).is_none() {
            self.drop_one("quirks of no model");
            return;
        }
        let device = self
            .by_address
            .get(&seen.address.to_canonical())
            .copied()
            .filter(|id| self.devices.contains_key(id));
        let key = (seen.object_id.clone(), seen.build.clone());
        let mut skip: Vec<Text> = seen
            .skip
            .iter()
            .filter(|s| arcs(s.as_str()).is_some())
            .take(SKIP_CAP)
            .cloned()
            .collect();
        skip.sort();
        skip.dedup();
        let quirk = Quirk {
            object_id: seen.object_id.clone(),
            firmware: seen.build.clone(),
            source: QuirkSource::Learned,
            repetitions: seen.repetitions,
            names: seen.names,
            next_only: seen.next_only.then_some(true),
            skip: (!skip.is_empty()).then_some(skip),
            because: seen.because.clone(),
            ..Quirk::default()
        };
        let before = self.quirks.get(&key).map(|l| l.quirk.clone());
        if quirk.is_empty() && before.is_none() || before.as_ref() == Some(&quirk) {
            return;
        }
        let words = |q: &Quirk| Text::from(q.limits());
        if let Some(id) = device {
            let was = before.as_ref().map_or_else(Text::empty, words);
            let is = if quirk.is_empty() {
                Text::from("what its model taught is forgotten")
            } else {
                escaped(format!("{}: {}", quirk.limits(), quirk.because.as_str()))
            };
            self.note(id, "asked with care", was, is, out);
        }
        if quirk.is_empty() {
            self.quirks.remove(&key);
        } else {
            let lesson = Lesson {
                quirk,
                at: seen.at.min(out.now),
                device,
            };
            self.quirks.insert(key, lesson);
            while self.quirks.len() > LESSON_CAP {
                let oldest = self.quirks.iter().min_by_key(|(_, l)| l.at);
                let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                    break;
                };
                self.quirks.remove(&oldest);
                self.drop_one("lessons of models beyond the cap");
            }
        }
        out.quirks = true;
        out.visible = true;
    }

    /// The table, when it is not the one in force.
    pub(super) fn new_quirks(&mut self) -> Option<Arc<Quirks>> {
        if self.config_hash.is_empty() {
            return None;
        }
        let table: Quirks = self
            .site
            .quirks
            .iter()
            .cloned()
            .chain(self.quirks.values().map(|l| l.quirk.clone()))
            .chain(self.cautions())
            .collect();
        if self.memory.quirks.as_deref() == Some(&table) {
            return None;
        }
        let table = Arc::new(table);
        self.memory.quirks = Some(Arc::clone(&table));
        Some(table)
    }

    /// The quirks in force, of every source: for a collector that starts from a snapshot, for listings and screens.
    pub fn quirk_table(&self) -> Option<&Arc<Quirks>> {
        self.memory.quirks.as_ref()
    }

    /// What holds for a device by its model and firmware.
    pub fn quirk_in_force(&self, device: &Device) -> Option<QuirkInForce> {
        let table = self.memory.quirks.as_ref().filter(|t| !t.is_empty())?;
        let object_id = device.fact_str(FactKey::SysObjectId);
        if object_id.is_empty() {
            return None;
        }
        let build = build_of(device);
        table.resolve(Showing {
            object_id,
            descr: build.as_str(),
            firmware: device.fact_str(FactKey::Firmware),
        })
    }

    /// Every quirk in force with the number of `wanted` devices it holds for: the site's own first, then what was learned, then
    /// what was shipped.
    pub fn quirks_with_devices(&self, wanted: impl Fn(&Device) -> bool) -> Vec<(Arc<Quirk>, u32)> {
        let Some(table) = &self.memory.quirks else {
            return Vec::new();
        };
        let mut counts: BTreeMap<Arc<Quirk>, u32> =
            table.iter().map(|q| (Arc::clone(q), 0)).collect();
        for device in self.devices.values().filter(|d| wanted(d)) {
            for quirk in self.quirk_in_force(device).into_iter().flat_map(|q| q.from) {
                if let Some(n) = counts.get_mut(&quirk) {
                    *n += 1;
                }
            }
        }
        let mut all: Vec<(Arc<Quirk>, u32)> = counts.into_iter().collect();
        all.sort_by(|(a, _), (b, _)| b.source.cmp(&a.source).then(a.cmp(b)));
        all
    }

    /// The jobs of a device as its model can take them: nothing beyond its status more often than that.
    pub(super) fn spared(&self, device: &Device, mut jobs: Vec<(Job, u32)>) -> Vec<(Job, u32)> {
        if let Some(least) = self.quirk_in_force(device).and_then(|q| q.least_interval_s) {
            for (job, every) in &mut jobs {
                if *job != Job::Status {
                    *every = least.max(*every);
                }
            }
        }
        jobs
    }

    /// Its model or firmware was learned, or is `another` than it was: what is asked of it may hang on that.
    pub(super) fn model_shown(&mut self, id: DeviceId, another: bool, out: &mut Out) {
        let none = self.memory.quirks.as_ref().is_none_or(|t| t.is_empty());
        if none || self.memory.targets_waiting {
            return;
        }
        let known = || {
            let d = self.devices.get(&id);
            d.is_some_and(|d| self.quirk_in_force(d).is_some())
        };
        if another || known() {
            self.targets_soon(out);
        }
    }
}

/// What a device shows of its software, without its own name.
pub(super) fn build_of(device: &Device) -> Text {
    let Some(descr) = device.fact(FactKey::SysDescr) else {
        return Text::empty();
    };
    // its own word for its name, where the site calls it otherwise
    let own = device
        .conflicts
        .iter()
        .find(|f| f.key == FactKey::Name && f.source == FactSource::Snmp)
        .map(|f| &f.value)
        .or_else(|| device.fact(FactKey::Name));
    own.map_or_else(|| descr.clone(), |name| build(descr, name))
}
