//! Who gets the next place in the window: the most urgent of those that wait for one, and of those whose budget has room again.

use super::super::budget::Standing;
use super::super::device::Device;
use super::super::turns::{PASSED, Turns, Waiting};
use super::{Driver, Spot};

/// Questions that wait for a place in the window.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Those that wait for nothing else.
    pub(super) ready: Turns,
    /// One that waited for a budget, which has room for it.
    allowed: Option<(Waiting, Standing)>,
    /// Turns in a row of one of these two while the other one waited too, and whether it was that of the budgets.
    row: (u8, bool),
}

impl Places {
    /// Whose turn it is. Neither waits for the other one for ever.
    fn pop(&mut self) -> Option<(Waiting, Standing)> {
        let held = match (&self.allowed, self.ready.first()) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some((allowed, _)), Some(ready)) => {
                let (row, was_held) = self.row;
                let held = if row >= PASSED {
                    !was_held
                } else {
                    *allowed < ready
                };
                self.row = if held == was_held {
                    (row.saturating_add(1), held)
                } else {
                    (1, held)
                };
                held
            }
        };
        if held {
            self.allowed.take()
        } else {
            self.ready.pop().map(|waiting| (waiting, Standing::New))
        }
    }
}

/// Does the question still wait in this place? It may have been given up meanwhile.
fn waits(devices: &[Device], waiting: &Waiting) -> bool {
    let (index, lane) = waiting.spot;
    let lanes = devices.get(index as usize).map(|d| &d.lanes);
    let lane = lanes.and_then(|lanes| lanes.get(usize::from(lane))?.as_deref());
    let flight = lane.and_then(|lane| lane.flight.as_ref());
    flight.is_some_and(|f| f.waiting.ticket == waiting.ticket && f.sent.is_none())
}

impl Driver {
    /// The lane whose question is to be sent next, and how it came to that.
    pub(super) fn next_place(&mut self, now_ms: u64) -> Option<(Spot, Standing)> {
        let waits = |waiting: &Waiting| waits(&self.devices, waiting);
        let places = &mut self.places;
        places.ready.forget(waits);
        places.allowed = places.allowed.filter(|(waiting, _)| waits(waiting));
        if places.allowed.is_none() {
            places.allowed = self.allowance.next(now_ms, waits);
        }
        let (waiting, standing) = places.pop()?;
        Some((waiting.spot, standing))
    }

    /// A number for a question that may have to wait: whoever came first has the lower one.
    pub(super) fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Priority;

    #[test]
    fn neither_those_of_the_budgets_nor_those_of_the_window_wait_for_ever_for_the_others() {
        let waiting = |priority: u8, ticket| Waiting {
            rank: Priority::from(priority).into(),
            came: ticket,
            ticket,
            spot: (0, 0),
        };
        for (budgets, window) in [(0, 8), (8, 0)] {
            let mut places = Places::default();
            let mut went = [0, 0];
            for n in 0..80 {
                // both always have somebody
                let allowed = (waiting(budgets, 2 * n), Standing::OfLine);
                places.allowed.get_or_insert(allowed);
                places.ready.push(waiting(window, 2 * n + 1));
                let (_, standing) = places.pop().unwrap();
                went[usize::from(standing == Standing::New)] += 1;
            }
            let most = usize::from(window == 0);
            assert_eq!((went[most], went[1 - most]), (70, 10));
        }
    }
}
