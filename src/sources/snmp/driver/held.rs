//! Questions that wait for the budget of their device, closet or uplink.

use super::super::budget::Standing;
use super::super::device::{Lane, lane_at};
use super::super::task::Sink;
use super::{Driver, Spot};
use crate::model::DeviceClass;

impl Driver {
    /// May the question of a lane go now? It is taken off the budgets, or stands in a queue until its turn.
    pub(super) fn may_go(&mut self, spot: Spot, standing: Standing, now_ms: u64) -> bool {
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
            if std::mem::take(&mut flight.held) {
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
        if flight.held && standing == Standing::New {
            return false;
        }
        let allowed = self.allowance.may_go(
            (&mut device.bucket, class),
            device.place,
            (flight.waiting, standing),
            now_ms,
        );
        if allowed {
            if std::mem::take(&mut flight.held) {
                active.held_ms += now_ms.saturating_sub(active.held_since_ms);
                self.holding -= 1;
                self.counters.holding.set(self.holding);
            }
            return true;
        }
        if !std::mem::replace(&mut flight.held, true) {
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

    /// A question does not wait any more, however that came.
    pub(super) fn no_longer_held(&mut self) {
        self.holding = self.holding.saturating_sub(1);
        self.counters.holding.set(self.holding);
    }

    /// A scheduled question that waits lets another one go first: that of a person, and the one that tells whether the device lives.
    /// Whether there was one.
    pub(super) fn give_way(&mut self, index: u32, now_ms: u64) -> bool {
        let device = &mut self.devices[index as usize];
        let first = device
            .goes_first(now_ms)
            .filter(|_| device.parked.is_none());
        let Some(first) = first else {
            return false;
        };
        let gives_way = |lane: &Lane| lane.gives_way_ms(first).is_some_and(|at| at <= now_ms);
        let mut lanes = device.lanes.iter_mut();
        let slot = lanes.find(|lane| lane.as_deref().is_some_and(gives_way));
        let Some(mut lane) = slot.and_then(Option::take) else {
            return false;
        };
        let mut held = false;
        if let Some(flight) = lane.flight.take() {
            self.anywhere.remove(&flight.exchange.id);
            self.silent -= usize::from(flight.silent);
            held = flight.held;
            let active = &mut lane.active;
            active.came = Some(flight.waiting.came);
            active.attempt = flight.attempt;
            if held {
                active.held_ms += now_ms.saturating_sub(active.held_since_ms);
            }
            active.io.put_back(flight.exchange.ask().clone());
            if flight.asked {
                device.remember(&flight, false);
            }
        }
        device.parked = Some(lane);
        if held {
            self.no_longer_held();
        }
        true
    }

    /// Jobs that are asked less often than planned.
    pub(in super::super) fn count_stretched(&self) {
        let jobs = self.devices.iter().flat_map(|d| &d.jobs);
        let stretched = jobs.filter(|due| due.is_stretched()).count();
        self.counters.stretched.set(stretched as u64);
    }
}
