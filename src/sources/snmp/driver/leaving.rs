//! Questions on their way out of a socket: their time runs from when they really left. A socket is full where many neighbours are
//! silent, since the kernel holds what is for them until it gives them up; the living must not be told to be silent for that.

use super::super::doors::Doors;
use super::super::io::Failure;
use super::{Driver, Spot};
use crate::gate::Fate;

/// Which question a datagram is of.
pub(super) fn token((index, lane): Spot, id: i32) -> u128 {
    u128::from(index) << 40 | u128::from(lane) << 32 | u128::from(id as u32)
}

fn question(token: u128) -> (Spot, i32) {
    (
        ((token >> 40) as u32, (token >> 32) as u8),
        token as u32 as i32,
    )
}

impl Driver {
    /// Lets out what the sockets take; `waited`: some of it stood there before. Whether that was all.
    pub(super) fn let_leave(&mut self, doors: &mut Doors, waited: bool) -> bool {
        let blocked = waited || self.blocked > 0;
        if blocked {
            // what is over does not leave any more
            doors.retain(|token| self.stands(token));
        }
        let mut fates = Vec::new();
        doors.flush(self.clock.wall, |token, fate| {
            // mostly all leave as they come, and nothing is to be done
            if blocked || !matches!(fate, Fate::Left) {
                fates.push((token, fate));
            }
        });
        for (token, fate) in fates {
            let (spot, id) = question(token);
            let why = match fate {
                Fate::Left => {
                    self.left(spot, id);
                    continue;
                }
                Fate::Failed(error) => Failure::Unreachable(error.to_string().into()),
                Fate::Refused => Failure::NotAllowed(
                    "its touch policy became stricter while the question waited to leave".into(),
                ),
            };
            let flight = self.lane(spot).and_then(|lane| lane.flight.as_ref());
            if flight.is_some_and(|f| f.exchange.id == id && f.sent.is_some()) {
                self.complete(spot, Err(why));
                self.advance(spot.0);
            }
        }
        if doors.is_sent() {
            return true;
        }
        let waiting: Vec<u128> = doors.waiting().collect();
        for token in waiting {
            self.waits(token);
        }
        false
    }

    /// Does the question of a datagram still wait to leave?
    fn stands(&self, token: u128) -> bool {
        let ((index, lane), id) = question(token);
        let lanes = self.devices.get(index as usize).map(|d| &d.lanes);
        let lane = lanes.and_then(|lanes| lanes.get(usize::from(lane))?.as_deref());
        let flight = lane.and_then(|lane| lane.flight.as_ref());
        flight.is_some_and(|f| f.exchange.id == id && f.sent.is_some())
    }

    /// It could not leave: its time stands still.
    fn waits(&mut self, token: u128) {
        let (spot, id) = question(token);
        let flight = self.lane(spot).and_then(|lane| lane.flight.as_mut());
        let flight = flight.filter(|f| f.exchange.id == id && !f.leaving);
        if let Some(flight) = flight {
            flight.leaving = true;
            flight.due_ms = u64::MAX;
            self.blocked += 1;
        }
    }

    /// It left: its time runs.
    fn left(&mut self, spot: Spot, id: i32) {
        let (clock, bounds) = (self.clock, self.bounds());
        let device = &mut self.devices[spot.0 as usize];
        let rtt = device.rtt;
        let lane = super::lane_at(&mut device.lanes, spot.1);
        let flight = lane.and_then(|lane| lane.flight.as_mut());
        let Some(flight) = flight.filter(|f| f.exchange.id == id && f.leaving) else {
            return;
        };
        flight.leaving = false;
        flight.sent = Some(clock.instant);
        flight.sent_ms = clock.ms;
        flight.due_ms = clock.ms + rtt.timeout(flight.attempt, bounds).as_millis() as u64 + 1;
        let counted = flight.counted;
        self.blocked -= 1;
        if counted {
            self.overdue.sent(clock.ms, spot, id);
        }
        self.rearm(spot.0);
    }
}
