//! The state and its way in.

use std::net::IpAddr;
use std::sync::Arc;

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};

use crate::event::{Body, Effect, Event, ObsLedgerGapV1, ObsSourceV1, Observation};
use crate::model::{
    Alert, AlertId, Change, Condition, Device, DeviceId, Impact, Link, LinkId, Mac, Run, RunId,
    Segment, SegmentId, Seq, Severity, Site, Text, Time,
};

use super::alerts::{Finding, Stand, escaped};
use super::fold::Out;
use super::memory::Memory;
use super::plans::Polls;
use super::quarantine::Quarantine;
use super::quirks::Lesson;
use super::summary::{SegmentSummary, StateCounts};

/// Everything that is known now. A clone is cheap: maps share their parts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The last event folded in.
    pub seq: Seq,
    /// Its time. Not the present: the session hands `now` to the views.
    pub time: Time,
    /// Grows when something a screen could show has changed.
    pub revision: u64,
    /// The site in force.
    pub site: Arc<Site>,
    /// Hash of the configuration in force; empty before the first.
    pub config_hash: Text,
    /// The poll plans in force, and what waits for consent.
    pub polls: Polls,
    /// The inventory.
    pub devices: OrdMap<DeviceId, Arc<Device>>,
    /// Who has an address.
    pub by_address: OrdMap<IpAddr, DeviceId>,
    /// Who has a MAC.
    pub by_mac: OrdMap<Mac, DeviceId>,
    /// Segments.
    pub segments: OrdMap<SegmentId, Arc<Segment>>,
    /// Cables between network devices.
    pub links: OrdMap<LinkId, Link>,
    /// Alerts that are not closed, and the newest closed ones.
    pub alerts: OrdMap<AlertId, Arc<Alert>>,
    /// Runs, the newest ones.
    pub runs: OrdMap<RunId, Arc<Run>>,
    /// Troubles of wardwatch itself: source, what is wrong, since.
    pub troubles: OrdMap<Text, (Text, Time)>,
    /// What was dropped anywhere, by source.
    pub dropped: OrdMap<Text, u64>,
    /// Sums for headers.
    pub counts: Counts,
    /// Changes of all devices, the newest first, a few hundred.
    pub recent: Vector<(DeviceId, Change)>,
    /// Grows when the inventory, a state, a fact, a place or an alert changed, but not with every rate and age: what a view
    /// may keep its sorted and filtered lists by.
    pub inventory_revision: u64,
    /// Each segment's members and sums, kept with each change.
    pub segment_summary: OrdMap<SegmentId, Arc<SegmentSummary>>,
    /// Devices by care level and state, in the order of [`crate::model::CareLevel::ALL`].
    pub care_counts: [StateCounts; 5],
    /// What the agents of models taught, by `sysObjectID` and build.
    pub quirks: OrdMap<(Text, Text), Lesson>,
    /// Devices that are left alone because they restarted after they were asked.
    pub quarantine: OrdMap<DeviceId, Quarantine>,
    /// Times of which the ledger may miss packets, the newest first, [`super::GAPS`] at the most.
    pub ledger_gaps: Vector<ObsLedgerGapV1>,
    /// What the gate let nobody send, by address: how many packets, and the last.
    pub refusals: OrdMap<IpAddr, (u64, Time)>,
    /// What only the fold itself reads.
    pub memory: Memory,
}

/// Sums that headers show, kept with each change so that nobody counts 50,000 devices for a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Counts {
    /// Devices.
    pub devices: u32,
    /// Of which up.
    pub up: u32,
    /// Of which degraded.
    pub degraded: u32,
    /// Of which down.
    pub down: u32,
    /// Of which unknown.
    pub unknown: u32,
    /// Alerts open or acknowledged.
    pub alerts_open: u32,
    /// Of which not acknowledged, by severity: info, minor, major, critical.
    pub alerts_new: [u32; 4],
    /// Alerts open or acknowledged that stand for others.
    pub root_cause_alerts: u32,
    /// Notifications that went out for a device behind a root cause. Must stay zero.
    pub child_alerts_notified: u32,
    /// Devices counted behind root causes that are active.
    pub children_counted: u32,
}

/// What came of one event.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// For the collector to carry out.
    pub effects: Vec<Effect>,
    /// For the log's index of changes.
    pub changes: Vec<(DeviceId, Change)>,
}

impl State {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Folds one event in. Events come in the order of the log; one that is not newer than the state is ignored.
    pub fn apply(&mut self, event: &Event) -> Outcome {
        if event.seq <= self.seq {
            return Outcome::default();
        }
        self.seq = event.seq;
        self.time = self.time.max(event.time);
        let mut out = Out::new(self.time);
        self.run_timers(&mut out);
        match &event.body {
            Body::Tick => {}
            Body::Ledger(rows) | Body::Packets(rows) => {
                self.memory.ledger_at = event.time;
                self.note_asked(rows);
            }
            Body::Refused(rows) => self.refused(rows),
            Body::Config(config) => self.configure(config, &mut out),
            Body::Observation(seen) => self.observe(seen, &mut out),
            Body::Command { by, command } => self.command(by, command, &mut out),
            Body::Run(step) => self.run_step(event.seq, step, &mut out),
            Body::Delivered { effect, error } => {
                let source = Text::from("notifications");
                if error.is_empty() {
                    out.visible |= self.troubles.remove(&source).is_some();
                } else {
                    let line = format!("effect {}.{}: {}", effect.0, effect.1, error.as_str());
                    let now = self.time;
                    self.troubles.insert(source, (escaped(line), now));
                    out.visible = true;
                }
            }
        }
        self.settle(out, event.seq)
    }

    fn observe(&mut self, seen: &Observation, out: &mut Out) {
        match seen {
            Observation::Poll(poll) => self.poll(poll, out),
            Observation::AddressTable(table) => self.address_table(table, out),
            Observation::Forwarding(table) => self.forwarding(table, out),
            Observation::Neighbours(table) => self.neighbours(table, out),
            Observation::Arp(seen) => self.arp(seen, out),
            Observation::Ping(seen) => self.ping(seen, out),
            Observation::Name(seen) => self.name(seen, out),
            Observation::Heard(seen) => self.heard(seen, out),
            Observation::Source(source) => self.source(source, out),
            Observation::Agent(seen) => self.agent(seen, out),
            Observation::Quirk(seen) => self.quirk(seen, out),
            Observation::Overrun(seen) => self.overrun(seen, out),
            Observation::Sensors(seen) => self.sensors(seen, out),
            Observation::LedgerGap(gap) => self.ledger_gap(gap, out),
        }
    }

    /// How a part of wardwatch itself is doing.
    pub(super) fn source(&mut self, seen: &ObsSourceV1, out: &mut Out) {
        out.visible = true;
        if seen.dropped > 0 {
            self.dropped.insert(seen.source.clone(), seen.dropped);
        }
        if seen.trouble.is_empty() {
            self.troubles.remove(&seen.source);
            self.clear(Condition::Collector, None, &seen.source, out);
            return;
        }
        let since = self.troubles.get(&seen.source).map_or(self.time, |t| t.1);
        self.troubles
            .insert(seen.source.clone(), (seen.trouble.clone(), since));
        let finding = Finding {
            condition: Condition::Collector,
            device: None,
            part: seen.source.clone(),
            severity: Severity::Major,
            text: escaped(format!(
                "{}: {}",
                seen.source.as_str(),
                seen.trouble.as_str()
            )),
            details: Vec::new(),
            impact: Impact::default(),
        };
        self.raise(finding, Stand::Open, out);
    }

    /// The device of an address.
    pub fn device_at(&self, address: IpAddr) -> Option<&Arc<Device>> {
        self.by_address
            .get(&address.to_canonical())
            .and_then(|id| self.devices.get(id))
    }
}
