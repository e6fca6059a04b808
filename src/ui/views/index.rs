//! What a frame needs sorted and summed, made once a revision of the state.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::engine::State;
use crate::model::{
    Alert, AlertId, AlertState, CareLevel, Device, DeviceClass, DeviceId, DeviceState, IfIndex,
    SegmentId, Seq, Severity, Text, Time,
};
use crate::ui::widgets::{Cell, ClassGroup};

use super::moved::{Mend, Moved};

/// One segment in sums. `id` is `None` for the devices that are in no segment.
#[derive(Clone, Debug)]
pub struct SegmentSum {
    /// Which.
    pub id: Option<SegmentId>,
    /// Its name.
    pub name: Text,
    /// Its VLAN, zero where there is none.
    pub vlan: u16,
    /// Its devices by class, closest to the patient first.
    pub groups: Vec<ClassGroup>,
    /// How many are up, degraded, down, unknown.
    pub counts: [u32; 4],
    /// The worst alert that nobody has, and how many; where all are in hand, as if they were info.
    pub worst: Option<(Severity, u32)>,
    /// Devices that can't be judged because something before them is down.
    pub blind: u32,
    /// Bits a second out of its members' ports.
    pub out_bps: u64,
}

impl SegmentSum {
    /// Most of its devices can't be judged because something before them is down.
    pub fn cut_off(&self) -> bool {
        let all: u32 = self.counts.iter().sum();
        self.blind > 0 && self.blind.saturating_mul(2) >= all
    }
}

/// Switch, port, device, and what is drawn of that; last its segment.
pub type Hung = (
    DeviceId,
    IfIndex,
    DeviceId,
    DeviceClass,
    DeviceState,
    Option<SegmentId>,
);

/// Sums and orders of one state.
#[derive(Debug, Default)]
pub struct Index {
    /// The inventory that all but the rates was made from.
    stamp: Option<(u64, usize)>,
    /// The state that the rates were read from.
    rates: (Seq, u64),
    /// Segments, the worst first, otherwise in the site's order.
    pub segments: Vec<SegmentSum>,
    /// What the rows below were made of.
    moved: Moved,
    /// Every device, in order.
    rows: Vec<(u32, DeviceClass, Cell)>,
    /// The segment of each device that can't be judged because something before it is down, in order.
    blind: Vec<u32>,
    /// By care level, the closest to the patient first: up, degraded, down, unknown.
    pub care: [(CareLevel, [u32; 4]); 5],
    /// What hangs on which port of which switch, in that order, with its class and state.
    pub attached: Vec<Hung>,
    /// Alerts as listed: active ones the worst first, then those being checked, then closed ones the newest first.
    pub alerts: Vec<AlertId>,
    /// How many of `alerts` are active.
    pub active: usize,
}

/// Place of a state in counts.
pub fn slot(state: DeviceState) -> usize {
    match state {
        DeviceState::Up => 0,
        DeviceState::Degraded => 1,
        DeviceState::Down => 2,
        DeviceState::Unknown => 3,
    }
}

impl Index {
    /// Makes it anew if the inventory moved.
    pub fn refresh(&mut self, state: &State) {
        let stamp = Some((state.inventory_revision, state.devices.len()));
        if self.stamp == stamp && !self.segments.is_empty() {
            self.read_rates(state);
            return;
        }
        self.care = state
            .care_summary()
            .map(|(care, n)| (care, [n.up, n.degraded, n.down, n.unknown]));
        let (mut rows, mut attached, mut blind) =
            (Mend::default(), Mend::default(), Mend::default());
        let mended = self.moved.take(&state.devices, |old, new| {
            rows.note(old.map(row), new.map(row));
            attached.note(old.and_then(hung), new.and_then(hung));
            blind.note(old.and_then(is_blind), new.and_then(is_blind));
        });
        if mended {
            rows.carry_out(&mut self.rows);
            attached.carry_out(&mut self.attached);
            blind.carry_out(&mut self.blind);
        } else {
            self.make(state);
        }
        let rows = std::mem::take(&mut self.rows);
        let blind = std::mem::take(&mut self.blind);
        self.sum_segments(state, &rows, &blind);
        (self.rows, self.blind) = (rows, blind);
        self.sort_alerts(state);
        self.stamp = stamp;
        self.rates = (state.seq, state.revision);
    }

    fn make(&mut self, state: &State) {
        self.rows.clear();
        self.attached.clear();
        self.blind.clear();
        for device in state.devices.values() {
            self.rows.push(row(device));
            self.attached.extend(hung(device));
            self.blind.extend(is_blind(device));
        }
        self.rows.sort_unstable();
        self.attached.sort_unstable();
        self.blind.sort_unstable();
    }

    /// It is no longer drawn: lets go of the state it was made of.
    pub fn rest(&mut self) {
        self.moved.forget();
    }

    /// Only the order of the alerts.
    pub fn refresh_alerts(&mut self, state: &State) {
        let stamp = Some((state.inventory_revision, state.devices.len()));
        if self.stamp != stamp {
            self.stamp = stamp;
            self.sort_alerts(state);
        }
    }

    /// Rates move with every answer, and are all that does while the inventory stands.
    fn read_rates(&mut self, state: &State) {
        let rates = (state.seq, state.revision);
        if self.rates == rates {
            return;
        }
        self.rates = rates;
        for sum in &mut self.segments {
            if let Some(segment) = sum.id.and_then(|id| state.segments.get(&id)) {
                sum.out_bps = segment.out_bps;
            }
        }
    }

    fn sum_segments(&mut self, state: &State, rows: &[(u32, DeviceClass, Cell)], blind: &[u32]) {
        self.segments = state
            .segments
            .values()
            .map(|s| SegmentSum {
                id: Some(s.id),
                name: s.name.clone(),
                vlan: s.vlan,
                groups: Vec::new(),
                counts: [0; 4],
                worst: None,
                blind: 0,
                out_bps: s.out_bps,
            })
            .collect();
        let mut elsewhere = SegmentSum {
            id: None,
            name: Text::from("in no segment"),
            vlan: 0,
            groups: Vec::new(),
            counts: [0; 4],
            worst: None,
            blind: 0,
            out_bps: 0,
        };
        let place: FxHashMap<u32, usize> = (self.segments.iter().enumerate())
            .filter_map(|(at, s)| Some((u32::from(s.id?.0), at)))
            .collect();
        for part in rows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let Some((segment, class, _)) = part.first().copied() else {
                continue;
            };
            let mut counts = [0u32; 4];
            for (_, _, cell) in part {
                counts[slot(cell.state)] += 1;
            }
            let at = place.get(&segment);
            let sum = at
                .and_then(|at| self.segments.get_mut(*at))
                .unwrap_or(&mut elsewhere);
            for (all, n) in sum.counts.iter_mut().zip(counts) {
                *all += n;
            }
            sum.groups.push(ClassGroup {
                class,
                cells: part.iter().map(|(_, _, cell)| *cell).collect(),
                counts,
            });
        }
        if !elsewhere.groups.is_empty() {
            self.segments.push(elsewhere);
        }
        for part in blind.chunk_by(|a, b| a == b) {
            let id = part.first().copied().unwrap_or(u32::MAX);
            if let Some(sum) = self
                .segments
                .iter_mut()
                .find(|s| s.id.map_or(u32::MAX, |s| u32::from(s.0)) == id)
            {
                sum.blind = u32::try_from(part.len()).unwrap_or(u32::MAX);
            }
        }
        for alert in state.alerts.values().filter(|a| listed(a) && a.is_active()) {
            // those without a segment stand last
            let at = match alert.segment {
                Some(id) => place.get(&u32::from(id.0)).copied(),
                None => self.segments.iter().rposition(|s| s.id.is_none()),
            };
            let Some(sum) = at.and_then(|at| self.segments.get_mut(at)) else {
                continue;
            };
            let severity = if alert.state == AlertState::Open {
                alert.severity
            } else {
                Severity::Info
            };
            sum.worst = Some(match sum.worst {
                None => (severity, 1),
                Some((worst, n)) => (worst.max(severity), n + 1),
            });
        }
        self.segments.sort_by_key(|s| Reverse(badness(s)));
    }

    fn sort_alerts(&mut self, state: &State) {
        // active or not, severity, in hand or not, how many are behind it, since when
        type Rank = (
            u8,
            Reverse<Severity>,
            bool,
            Reverse<u32>,
            Reverse<Time>,
            AlertId,
        );
        let rank = |a: &Alert| -> Rank {
            let (part, severity, at) = match a.state {
                AlertState::Open | AlertState::Acknowledged => {
                    (0, a.severity, a.opened.unwrap_or(a.since))
                }
                AlertState::Pending => (1, a.severity, a.since),
                AlertState::Closed => (2, Severity::Info, a.closed.unwrap_or(a.changed)),
            };
            (
                part,
                Reverse(severity),
                a.state == AlertState::Acknowledged,
                Reverse(if part == 0 { a.impact.behind } else { 0 }),
                Reverse(at),
                a.id,
            )
        };
        let mut listed: Vec<Rank> = state
            .alerts
            .values()
            .filter(|a| listed(a))
            .map(|a| rank(a))
            .collect();
        listed.sort_unstable();
        self.active = listed.partition_point(|row| row.0 == 0);
        self.alerts = listed.into_iter().map(|row| row.5).collect();
    }

    /// What hangs on a switch, in the order of its ports.
    pub fn on_switch(&self, switch: DeviceId) -> &[Hung] {
        let from = self.attached.partition_point(|row| row.0 < switch);
        let to = self.attached.partition_point(|row| row.0 <= switch);
        self.attached.get(from..to).unwrap_or(&[])
    }
}

/// Devices without a segment come after all others.
fn segment(device: &Device) -> u32 {
    device.segment.map_or(u32::MAX, |s| u32::from(s.0))
}

fn row(device: &Device) -> (u32, DeviceClass, Cell) {
    let cell = Cell {
        id: device.id,
        state: device.state,
    };
    (segment(device), device.class, cell)
}

fn hung(device: &Device) -> Option<Hung> {
    let at = device.attached?;
    Some((
        at.switch,
        at.port,
        device.id,
        device.class,
        device.state,
        device.segment,
    ))
}

fn is_blind(device: &Device) -> Option<u32> {
    let blind = device.state == DeviceState::Unknown && !device.state_why.is_empty();
    blind.then(|| segment(device))
}

/// A person sees this alert in lists: not one that is held back because of another.
pub fn listed(alert: &Alert) -> bool {
    alert.parent.is_none()
}

/// Worst first: an alert that nobody has, then what can't be judged, then what is down or degraded. A segment that is for the
/// most part cut off comes right after the critical ones: what is wrong may be elsewhere, its patients are here.
fn badness(s: &SegmentSum) -> (u8, bool, u8, bool, bool, bool) {
    let alert = match s.worst {
        Some((Severity::Critical, _)) => 4,
        Some((Severity::Major, _)) => 3,
        Some((Severity::Minor, _)) => 2,
        Some((Severity::Info, _)) => 1,
        None => 0,
    };
    let cut = s.cut_off();
    let rank = if cut { 4 } else { alert };
    (
        rank,
        alert == 4,
        alert,
        s.blind > 0,
        s.counts[2] > 0,
        s.counts[1] > 0,
    )
}

/// Groups of some devices by class, for cells.
pub fn group(state: &State, ids: impl Iterator<Item = DeviceId>) -> Vec<ClassGroup> {
    let known = ids.filter_map(|id| state.devices.get(&id));
    group_rows(known.map(|d| (d.class, d.id, d.state)))
}

/// As [`group`], where class and state are at hand.
pub fn group_rows(
    of: impl Iterator<Item = (DeviceClass, DeviceId, DeviceState)>,
) -> Vec<ClassGroup> {
    let mut rows: Vec<(DeviceClass, Cell)> = of
        .map(|(class, id, state)| (class, Cell { id, state }))
        .collect();
    rows.sort_unstable();
    rows.dedup();
    rows.chunk_by(|a, b| a.0 == b.0)
        .map(|part| {
            let mut counts = [0u32; 4];
            for (_, cell) in part {
                counts[slot(cell.state)] += 1;
            }
            ClassGroup {
                class: part.first().map_or(DeviceClass::Unknown, |row| row.0),
                cells: part.iter().map(|(_, cell)| *cell).collect(),
                counts,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Attachment, Text};
    use proptest::prelude::*;
    use std::sync::Arc;

    /// One change: of which device, whether it is there, its segment, class and state, and the port it hangs on.
    type Change = (u32, bool, u16, u8, u8, u32);

    fn apply(state: &mut State, (id, there, segment, class, is, port): Change) {
        let id = DeviceId(id);
        state.inventory_revision += 1;
        if !there {
            state.devices.remove(&id);
            return;
        }
        let states = [
            DeviceState::Up,
            DeviceState::Degraded,
            DeviceState::Down,
            DeviceState::Unknown,
        ];
        let device = Device {
            id,
            name: Text::from(format!("d{class}-{port}")),
            segment: (segment > 0).then_some(SegmentId(segment)),
            class: DeviceClass::ALL[usize::from(class) % DeviceClass::ALL.len()],
            state: states[usize::from(is) % states.len()],
            state_why: Text::from(if is > 3 {
                "something before it is down"
            } else {
                ""
            }),
            attached: (port > 0).then_some(Attachment {
                switch: DeviceId(port % 3),
                port: IfIndex(port),
                vlan: 0,
                since: Time(0),
                seen: Time(0),
            }),
            ..Device::default()
        };
        state.devices.insert(id, Arc::new(device));
    }

    fn changes(most: usize) -> impl Strategy<Value = Vec<Change>> {
        let one = (
            0..400u32,
            prop::bool::weighted(0.9),
            0..4u16,
            0..4u8,
            0..8u8,
            0..9u32,
        );
        prop::collection::vec(one, 0..most)
    }

    proptest! {
        #[test]
        fn mended_by_what_moved_it_is_as_if_made_anew(
            first in changes(600),
            then in prop::collection::vec(changes(6), 0..8),
            rests in any::<u8>(),
        ) {
            let mut state = State::default();
            for change in first {
                apply(&mut state, change);
            }
            let mut index = Index::default();
            index.refresh(&state);
            for (n, changes) in then.into_iter().enumerate() {
                for change in changes {
                    apply(&mut state, change);
                }
                if rests >> n & 1 == 1 {
                    index.rest();
                }
                index.refresh(&state);
                let mut anew = Index::default();
                anew.refresh(&state);
                prop_assert_eq!(&index.rows, &anew.rows);
                prop_assert_eq!(&index.attached, &anew.attached);
                prop_assert_eq!(&index.blind, &anew.blind);
                prop_assert_eq!(format!("{:?}", index.segments), format!("{:?}", anew.segments));
            }
        }
    }
}
