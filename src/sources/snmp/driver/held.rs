//! Questions that wait for the budget of their device, closet or uplink.

use super::super::budget::Waiting;
use super::super::device::lane_at;
use super::super::task::Sink;
use super::{Driver, Spot};
use crate::model::DeviceClass;

impl Driver {
    /// May the question of a lane go now? It is taken off the budgets, or stands in a queue until its turn. `turn`: it is said
    /// to be its turn.
    pub(super) fn may_go(&mut self, spot: Spot, turn: bool, now_ms: u64) -> bool {
        let device = &mut self.devices[spot.0 as usize];
        let polite = self.config.polite.is_some();
        let class = device.target.as_ref().map(|t| t.class);
        let Some(lane) = lane_at(&mut device.lanes, spot.1) else {
            return true;
        };
        let Some(flight) = lane.flight.as_mut().filter(|f| f.sent.is_none()) else {
            return true;
        };
        let active = &mut lane.active;
        let waits = match active.task.sink {
            Sink::Engine => true,
            Sink::Once(_) => polite,
            Sink::Reply(_) => false,
        };
        let stranger = active.task.meets.unwrap_or(DeviceClass::Unknown);
        let Some(class) = class.or(waits.then_some(stranger)) else {
            // nobody set a budget for what is asked once, or not asked on schedule any more
            if flight.held.take().is_some() {
                self.no_longer_held();
            }
            return true;
        };
        if !waits {
            // a person does not wait for the polls; the polls wait for the person
            self.allowance
                .went((&mut device.bucket, class), device.place, now_ms);
            return true;
        }
        if flight.held.is_some() && !turn {
            return false;
        }
        let waiting = flight.held.unwrap_or_else(|| Waiting {
            order_ms: active
                .order_ms
                .take()
                .unwrap_or(now_ms + active.task.kind.patience_ms()),
            ticket: self.allowance.ticket(),
            spot,
        });
        let allowed =
            self.allowance
                .may_go((&mut device.bucket, class), device.place, waiting, now_ms);
        if allowed {
            if flight.held.take().is_some() {
                active.held_ms += now_ms.saturating_sub(active.held_since_ms);
                self.holding -= 1;
                self.counters.holding.set(self.holding);
            }
            return true;
        }
        if flight.held.replace(waiting).is_none() {
            active.held_since_ms = now_ms;
            if !active.begun {
                // it is put off, and begins when it is its turn
                active.deadline_ms = u64::MAX;
            }
            // whoever waits for a budget takes nobody's place in the window
            if std::mem::take(&mut flight.counted) {
                self.outstanding -= 1;
                self.counters.window.set(self.outstanding as u64);
            }
            self.holding += 1;
            self.counters.held_back.add(1);
            self.counters.holding.set(self.holding);
        }
        self.rearm(spot.0);
        false
    }

    /// The lane whose turn it is, its question taken off the budgets.
    pub(super) fn next_held(&mut self, now_ms: u64) -> Option<Spot> {
        while let Some(waiting) = self.allowance.next(now_ms) {
            let flight = self.lane(waiting.spot).and_then(|l| l.flight.as_ref());
            let held = flight.and_then(|f| f.held);
            // it may have been given up meanwhile
            if held.is_some_and(|h| h.ticket == waiting.ticket)
                && self.may_go(waiting.spot, true, now_ms)
            {
                return Some(waiting.spot);
            }
        }
        None
    }

    /// A question does not wait any more, however that came.
    pub(super) fn no_longer_held(&mut self) {
        self.holding = self.holding.saturating_sub(1);
        self.counters.holding.set(self.holding);
    }

    /// A scheduled question that waits for a budget lets another one go first: that of a person, and the one that tells whether the
    /// device lives. Whether there was one.
    pub(super) fn give_way(&mut self, index: u32, now_ms: u64) -> bool {
        let device = &mut self.devices[index as usize];
        let person = !device.queue.is_empty();
        if device.parked.is_some() || !(person || device.status_is_due(now_ms)) {
            return false;
        }
        let Some(slot) = device
            .lanes
            .iter_mut()
            .find(|lane| lane.as_ref().is_some_and(|l| l.gives_way(person)))
        else {
            return false;
        };
        let Some(mut lane) = slot.take() else {
            return false;
        };
        if let Some(flight) = lane.flight.take() {
            self.anywhere.remove(&flight.exchange.id);
            self.silent -= usize::from(flight.silent);
            let active = &mut lane.active;
            active.order_ms = flight.held.map(|h| h.order_ms);
            active.held_ms += now_ms.saturating_sub(active.held_since_ms);
            active.io.put_back(flight.exchange.ask().clone());
            if flight.asked {
                device.remember(&flight, false);
            }
        }
        device.parked = Some(lane);
        self.no_longer_held();
        true
    }

    /// Jobs that are asked less often than planned.
    pub(in super::super) fn count_stretched(&self) {
        let jobs = self.devices.iter().flat_map(|d| &d.jobs);
        let stretched = jobs.filter(|due| due.is_stretched()).count();
        self.counters.stretched.set(stretched as u64);
    }
}
