//! A log in memory: for the demo, replays and tests. Nothing outlives the process, and it says so by its name only.

use std::collections::{BTreeMap, VecDeque};

use super::rollup::{Rollup, newest};
use super::{Answer, Log, LogError, Query};
use crate::event::{Body, Event, RunStep};
use crate::model::{Change, DeviceId, Seq, Time};

/// How many events [`MemoryLog::new`] keeps.
pub const MEMORY_EVENTS: usize = 200_000;
/// How many changes are kept over all devices.
pub const MEMORY_CHANGES: usize = 100_000;
/// How many rows of the ledger are kept one by one.
const MEMORY_PACKETS: usize = 200_000;
/// How many snapshots are kept, in memory and on the disk.
pub const SNAPSHOTS: usize = 3;

/// A log of the newest events, in memory.
#[derive(Debug)]
pub struct MemoryLog {
    events: VecDeque<Event>,
    cap: usize,
    dropped: u64,
    last: (Seq, Time),
    snapshots: VecDeque<(Seq, Time, Vec<u8>)>,
    changes: BTreeMap<DeviceId, VecDeque<Change>>,
    changes_kept: usize,
    ledger: Rollup,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryLog {
    /// Keeps the newest [`MEMORY_EVENTS`].
    pub fn new() -> Self {
        Self::with_cap(MEMORY_EVENTS)
    }

    /// Keeps the newest `cap` events.
    pub fn with_cap(cap: usize) -> Self {
        Self {
            events: VecDeque::new(),
            cap: cap.max(1),
            dropped: 0,
            last: (Seq(0), Time(0)),
            snapshots: VecDeque::new(),
            changes: BTreeMap::new(),
            changes_kept: 0,
            ledger: Rollup::default(),
        }
    }

    /// Events that no longer fit.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// Is it an answer to [`Query::Deeds`]? What a run said is not; the run itself has it.
pub(super) fn is_deed(body: &Body) -> bool {
    match body {
        Body::Command { .. } => true,
        Body::Run(step) => !matches!(step, RunStep::Output { .. }),
        _ => false,
    }
}

impl Log for MemoryLog {
    fn append(&mut self, events: &[Event]) -> Result<(), LogError> {
        super::check_order(self.last.0, events, "the log in memory")?;
        for event in events {
            self.ledger.take(&event.body);
            self.ledger.sum_beyond(MEMORY_PACKETS);
            if self.events.len() == self.cap {
                self.events.pop_front();
                self.dropped += 1;
            }
            self.events.push_back(event.clone());
            self.last = (event.seq, event.time);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LogError> {
        Ok(())
    }

    fn last(&self) -> (Seq, Time) {
        self.last
    }

    fn read_from(
        &mut self,
        after: Seq,
        each: &mut dyn FnMut(Event) -> bool,
    ) -> Result<(), LogError> {
        let start = self.events.partition_point(|e| e.seq <= after);
        for event in self.events.range(start..) {
            if !each(event.clone()) {
                break;
            }
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Option<(Seq, Vec<u8>)>, LogError> {
        let newest = self.snapshots.back();
        Ok(newest.map(|(seq, _, bytes)| (*seq, bytes.clone())))
    }

    fn snapshot_before(&mut self, time: Time) -> Result<Option<(Seq, Time, Vec<u8>)>, LogError> {
        let whole = self.whole_after()?;
        let of_use = |(seq, at, _): &&(Seq, Time, Vec<u8>)| *seq >= whole && *at <= time;
        Ok(self.snapshots.iter().rev().find(of_use).cloned())
    }

    fn whole_after(&self) -> Result<Seq, LogError> {
        Ok(match self.events.front() {
            Some(first) if self.dropped > 0 => Seq(first.seq.0.saturating_sub(1)),
            _ => Seq(0),
        })
    }

    fn earliest(&mut self) -> Result<Option<Time>, LogError> {
        let whole = self.whole_after()?;
        if whole == Seq(0) {
            return Ok(self.events.front().map(|e| e.time));
        }
        let mut of_use = self.snapshots.iter().filter(|(seq, ..)| *seq >= whole);
        Ok(of_use.next().map(|(_, time, _)| *time))
    }

    fn keep_snapshot(&mut self, at: Seq, time: Time, bytes: &[u8]) -> Result<(), LogError> {
        self.snapshots.push_back((at, time, bytes.to_vec()));
        while self.snapshots.len() > SNAPSHOTS {
            self.snapshots.pop_front();
        }
        Ok(())
    }

    fn note_changes(&mut self, changes: &[(DeviceId, Change)]) -> Result<(), LogError> {
        for (device, change) in changes {
            if self.changes_kept == MEMORY_CHANGES {
                // the device with the longest history gives its oldest
                if let Some(longest) = self.changes.values_mut().max_by_key(|c| c.len()) {
                    longest.pop_front();
                    self.changes_kept -= 1;
                }
            }
            self.changes
                .entry(*device)
                .or_default()
                .push_back(change.clone());
            self.changes_kept += 1;
        }
        Ok(())
    }

    fn query(&mut self, query: &Query) -> Answer {
        match query {
            Query::Ledger {
                addresses,
                since,
                before,
                limit,
            } => {
                let rows = addresses
                    .iter()
                    .flat_map(|a| self.ledger.of(*a, *since, *before))
                    .collect();
                Answer::Ledger(newest(rows, *limit))
            }
            Query::Changes {
                device,
                before,
                limit,
            } => Answer::Changes(
                self.changes
                    .get(device)
                    .into_iter()
                    .flat_map(|all| all.iter().rev())
                    .filter(|c| c.time < *before)
                    .take(*limit as usize)
                    .cloned()
                    .collect(),
            ),
            Query::Deeds { before, limit } => {
                let deeds: Vec<Event> = self
                    .events
                    .iter()
                    .rev()
                    .filter(|e| e.time < *before && is_deed(&e.body))
                    .take(*limit as usize)
                    .cloned()
                    .collect();
                match self.events.front() {
                    Some(oldest)
                        if deeds.is_empty() && self.dropped > 0 && *before <= oldest.time =>
                    {
                        Answer::NotKept {
                            oldest: oldest.time,
                        }
                    }
                    _ => Answer::Deeds(deeds),
                }
            }
        }
    }

    fn retain(&mut self, _now: Time) -> Result<(), LogError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tests::{a_log_keeps_what_the_trait_says, note, tick};

    #[test]
    fn it_keeps_what_the_trait_says() {
        a_log_keeps_what_the_trait_says(&mut MemoryLog::new());
    }

    #[test]
    fn only_the_newest_stay_and_what_went_is_counted() {
        let mut log = MemoryLog::with_cap(3);
        let events: Vec<Event> = (1..=5).map(|n| tick(n, n as i64)).collect();
        log.append(&events).unwrap();
        let mut seen = Vec::new();
        log.read_from(Seq(0), &mut |e| {
            seen.push(e.seq.0);
            true
        })
        .unwrap();
        assert_eq!((seen, log.dropped()), (vec![3, 4, 5], 2));
        let asked = Query::Deeds {
            before: Time(2),
            limit: 9,
        };
        assert_eq!(log.query(&asked), Answer::NotKept { oldest: Time(3) });
    }

    #[test]
    fn deeds_hold_commands_and_steps_of_runs_without_their_output() {
        let mut log = MemoryLog::new();
        let run = crate::model::RunId(1);
        let mut output = tick(2, 2);
        output.body = Body::Run(RunStep::Output {
            run,
            lines: vec!["x".into()],
            dropped: 0,
        });
        let mut started = tick(3, 3);
        started.body = Body::Run(RunStep::Started { run });
        log.append(&[note(1, 1), output, started]).unwrap();
        let asked = Query::Deeds {
            before: Time(9),
            limit: 9,
        };
        let Answer::Deeds(deeds) = log.query(&asked) else {
            panic!()
        };
        assert_eq!(
            deeds.iter().map(|e| e.seq.0).collect::<Vec<_>>(),
            vec![3, 1]
        );
    }
}
