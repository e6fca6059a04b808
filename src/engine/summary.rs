//! Sums and member lists that screens show, kept with each change so that no frame counts 50,000 devices.

use std::sync::Arc;

use imbl::OrdSet;
use serde::{Deserialize, Serialize};

use crate::model::{
    Alert, CareLevel, Device, DeviceClass, DeviceId, DeviceState, SegmentId, Severity,
};

use super::state::State;

/// Devices by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StateCounts {
    /// All.
    pub total: u32,
    /// Of which up.
    pub up: u32,
    /// Of which degraded.
    pub degraded: u32,
    /// Of which down.
    pub down: u32,
    /// Of which unknown.
    pub unknown: u32,
}

impl StateCounts {
    fn step(&mut self, state: DeviceState, add: bool) {
        let one = |n: &mut u32| {
            *n = if add {
                n.saturating_add(1)
            } else {
                n.saturating_sub(1)
            };
        };
        one(&mut self.total);
        match state {
            DeviceState::Up => one(&mut self.up),
            DeviceState::Degraded => one(&mut self.degraded),
            DeviceState::Down => one(&mut self.down),
            DeviceState::Unknown => one(&mut self.unknown),
        }
    }
}

/// One segment for a tile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentSummary {
    /// Its members by class, closest to the patient first; in each class by id.
    pub by_class: Vec<(DeviceClass, OrdSet<DeviceId>)>,
    /// Its members by state.
    pub counts: StateCounts,
    /// The worst alert that is open or acknowledged here.
    pub worst: Option<Severity>,
    /// Bits a second its members send, as far as their ports are polled.
    pub out_bps: u64,
    /// Bits a second its members receive.
    pub in_bps: u64,
    /// Open or acknowledged alerts here: info, minor, major, critical.
    pub alerts: [u32; 4],
}

/// What of a device stands in the sums.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    class: DeviceClass,
    care: CareLevel,
    segment: Option<SegmentId>,
    state: DeviceState,
}

impl Place {
    pub(super) fn of(device: &Device) -> Self {
        Self {
            class: device.class,
            care: device.care,
            segment: device.segment,
            state: device.state,
        }
    }
}

fn care_index(care: CareLevel) -> usize {
    CareLevel::ALL
        .iter()
        .position(|c| *c == care)
        .unwrap_or(CareLevel::ALL.len() - 1)
}

/// Info, minor, major, critical.
pub(super) fn severity_index(severity: Severity) -> usize {
    match severity {
        Severity::Info => 0,
        Severity::Minor => 1,
        Severity::Major => 2,
        Severity::Critical => 3,
    }
}

impl State {
    /// Devices by care level and state, the closest to the patient first.
    pub fn care_summary(&self) -> [(CareLevel, StateCounts); 5] {
        let mut out = [(CareLevel::Unknown, StateCounts::default()); 5];
        for ((slot, care), counts) in out.iter_mut().zip(CareLevel::ALL).zip(self.care_counts) {
            *slot = (care, counts);
        }
        out
    }

    /// Takes a device into the sums, or out of them.
    pub(super) fn count_place(&mut self, id: DeviceId, place: Place, add: bool) {
        if let Some(counts) = self.care_counts.get_mut(care_index(place.care)) {
            counts.step(place.state, add);
        }
        let mut all = StateCounts {
            total: self.counts.devices,
            up: self.counts.up,
            degraded: self.counts.degraded,
            down: self.counts.down,
            unknown: self.counts.unknown,
        };
        all.step(place.state, add);
        self.counts.devices = all.total;
        self.counts.up = all.up;
        self.counts.degraded = all.degraded;
        self.counts.down = all.down;
        self.counts.unknown = all.unknown;
        let Some(segment) = place.segment else { return };
        let summary = self.summary_mut(segment);
        summary.counts.step(place.state, add);
        match (
            summary
                .by_class
                .binary_search_by_key(&place.class, |(c, _)| *c),
            add,
        ) {
            (Ok(at), true) => {
                summary.by_class[at].1.insert(id);
            }
            (Ok(at), false) => {
                summary.by_class[at].1.remove(&id);
                if summary.by_class[at].1.is_empty() {
                    summary.by_class.remove(at);
                }
            }
            (Err(at), true) => summary.by_class.insert(at, (place.class, OrdSet::unit(id))),
            (Err(_), false) => {}
        }
    }

    /// Takes an alert into the sums, or out of them.
    pub(super) fn count_alert(&mut self, alert: &Alert, add: bool) {
        let one = |n: &mut u32| {
            *n = if add {
                n.saturating_add(1)
            } else {
                n.saturating_sub(1)
            };
        };
        if !alert.is_active() {
            return;
        }
        let at = severity_index(alert.severity);
        one(&mut self.counts.alerts_open);
        if alert.ack.is_none() {
            one(&mut self.counts.alerts_new[at]);
        }
        if alert.root {
            one(&mut self.counts.root_cause_alerts);
            let behind = alert.impact.behind;
            let sum = &mut self.counts.children_counted;
            *sum = if add {
                sum.saturating_add(behind)
            } else {
                sum.saturating_sub(behind)
            };
        }
        if let Some(segment) = alert.segment {
            let summary = self.summary_mut(segment);
            one(&mut summary.alerts[at]);
            summary.worst = Severity::ALL
                .into_iter()
                .find(|s| summary.alerts[severity_index(*s)] > 0);
        }
    }

    pub(super) fn summary_mut(&mut self, segment: SegmentId) -> &mut SegmentSummary {
        Arc::make_mut(self.segment_summary.entry(segment).or_default())
    }

    /// Builds every sum and index of the read side anew from devices, alerts and segments: after configuration, and for a
    /// state that was put together by hand.
    pub fn rebuild_summaries(&mut self) {
        self.segment_summary = self
            .segments
            .iter()
            .map(|(id, segment)| {
                let summary = SegmentSummary {
                    out_bps: segment.out_bps,
                    in_bps: segment.in_bps,
                    ..SegmentSummary::default()
                };
                (*id, Arc::new(summary))
            })
            .collect();
        self.care_counts = Default::default();
        self.counts = super::Counts {
            child_alerts_notified: self.counts.child_alerts_notified,
            ..super::Counts::default()
        };
        for (id, device) in &self.devices.clone() {
            self.count_place(*id, Place::of(device), true);
        }
        self.memory.hang = self
            .devices
            .values()
            .filter_map(|d| d.attached.map(|a| (a.switch, a.port, d.id)))
            .collect();
        self.memory.topology = None;
        self.memory.device_alerts = self
            .alerts
            .values()
            .filter_map(|a| a.device.map(|d| (d, a.id)))
            .collect();
        for alert in self.alerts.clone().values() {
            self.count_alert(alert, true);
        }
    }
}
