//! One event on its way through the fold: what it asks for, gathered, and settled at its end.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use crate::event::{Effect, EffectKind, Notice};
use crate::model::{AlertId, CHANGE_RING, Change, Device, DeviceId, Quirks, Seq, Text, Time};

use super::state::{Outcome, State};
use super::summary::Place;

/// How many changes of all devices the state keeps at hand.
const RECENT: usize = 300;
/// A change of paths changes states, and these may change paths; it comes to rest after two rounds.
const ROUNDS: usize = 8;

/// What one event asks for.
#[derive(Debug, Default)]
pub(super) struct Out {
    pub now: Time,
    pub probe: BTreeSet<IpAddr>,
    pub tables: BTreeSet<IpAddr>,
    pub notices: Vec<Notice>,
    pub changes: Vec<(DeviceId, Change)>,
    /// Devices whose state is to be judged.
    pub judge: BTreeSet<DeviceId>,
    /// Devices whose alerts are to be looked at.
    pub review: BTreeSet<DeviceId>,
    /// Dead devices whose impact is to be counted.
    pub roots: BTreeSet<DeviceId>,
    /// Alerts whose time to be held is over.
    pub expired: BTreeSet<AlertId>,
    /// Links are to be made anew from the neighbour tables.
    pub links: bool,
    /// A cable changed: paths are to be found anew.
    pub paths: bool,
    /// A network device died or came back.
    pub fallen: bool,
    /// The touch table is to be made anew.
    pub touch: bool,
    /// The touch table is to be looked at for these.
    pub touch_at: BTreeSet<IpAddr>,
    pub targets: bool,
    /// Other plans are in force.
    pub plans: bool,
    /// Other budgets are in force.
    pub budgets: bool,
    /// What is known of models is to be put together anew.
    pub quirks: bool,
    /// What is known of models, put together anew.
    pub table: Option<Arc<Quirks>>,
    /// A screen could show it.
    pub visible: bool,
    /// A list could show it.
    pub inventory: bool,
}

impl Out {
    pub(super) fn new(now: Time) -> Self {
        Self {
            now,
            ..Self::default()
        }
    }
}

impl State {
    /// Changes a device, and with it the sums.
    pub(super) fn edit<R>(
        &mut self,
        id: DeviceId,
        change: impl FnOnce(&mut Device) -> R,
    ) -> Option<R> {
        let slot = self.devices.get_mut(&id)?;
        let before = Place::of(slot);
        let device = Arc::make_mut(slot);
        let result = change(device);
        let after = Place::of(device);
        if before != after {
            self.count_place(id, before, false);
            self.count_place(id, after, true);
        }
        Some(result)
    }

    /// Writes a change into the device's history.
    pub(super) fn note(
        &mut self,
        id: DeviceId,
        what: impl Into<Text>,
        before: Text,
        after: Text,
        out: &mut Out,
    ) {
        let change = Change {
            time: out.now,
            what: what.into(),
            before,
            after,
        };
        self.edit(id, |d| {
            d.changes.truncate(CHANGE_RING - 1);
            d.changes.insert(0, change.clone());
        });
        self.recent.push_front((id, change.clone()));
        while self.recent.len() > RECENT {
            self.recent.pop_back();
        }
        out.changes.push((id, change));
        out.inventory = true;
    }

    /// Counts what was dropped.
    pub(super) fn drop_one(&mut self, what: &str) {
        let n = self.dropped.entry(Text::from(what)).or_insert(0);
        *n = n.saturating_add(1);
    }

    /// Brings everything that hangs together into agreement, then hands the effects out.
    pub(super) fn settle(&mut self, mut out: Out, seq: Seq) -> Outcome {
        if out.links {
            self.rebuild_links(&mut out);
        }
        for _ in 0..ROUNDS {
            if out.paths {
                out.paths = false;
                out.fallen = true;
                self.memory.topology = Some(Arc::new(self.build_topology()));
                // others may share an uplink now
                self.targets_soon(&out);
            }
            for id in std::mem::take(&mut out.judge) {
                self.judge(id, &mut out);
                out.review.insert(id);
            }
            if std::mem::take(&mut out.fallen) {
                self.recount_cut(&mut out);
            }
            if out.judge.is_empty() && !out.paths && !out.fallen {
                break;
            }
        }
        out.review.append(&mut out.roots);
        // roots first: what is behind them points to their alerts
        let (first, rest): (Vec<DeviceId>, Vec<DeviceId>) = std::mem::take(&mut out.review)
            .into_iter()
            .partition(|id| self.memory.dead.contains(id) && !self.memory.cut.contains_key(id));
        for id in first.into_iter().chain(rest) {
            self.review(id, &mut out);
        }
        // an alert that opened or closed may colour its device
        for id in std::mem::take(&mut out.judge) {
            self.judge(id, &mut out);
        }
        let mut kinds = Vec::new();
        if out.quirks {
            out.table = self.new_quirks().or(out.table);
        }
        if let Some(table) = out.table {
            kinds.push(EffectKind::Quirks(table));
            out.targets = true;
        }
        let table = if out.touch {
            self.new_touch_table()
        } else {
            self.touch_again(&out.touch_at)
        };
        if out.plans {
            kinds.push(EffectKind::Plans(Arc::clone(&self.polls.in_force)));
        }
        if out.budgets {
            kinds.push(EffectKind::Budgets(Arc::new(self.site.budgets.clone())));
        }
        if out.targets || out.touch || table.is_some() {
            kinds.extend(table.map(EffectKind::TouchTable));
            kinds.extend(self.new_targets().map(EffectKind::Targets));
        }
        if !out.probe.is_empty() {
            kinds.push(EffectKind::Probe(out.probe.into_iter().collect()));
        }
        if !out.tables.is_empty() {
            kinds.push(EffectKind::ReadTables(out.tables.into_iter().collect()));
        }
        kinds.extend(out.notices.into_iter().map(EffectKind::Notify));
        if out.inventory {
            self.inventory_revision += 1;
        }
        if out.visible || out.inventory {
            self.revision += 1;
        }
        Outcome {
            effects: kinds
                .into_iter()
                .zip(0..u16::MAX)
                .map(|(kind, n)| Effect {
                    key: (seq, n),
                    kind,
                })
                .collect(),
            changes: out.changes,
        }
    }
}
