//! When a job of an agent is to be asked, worked out here once more: in its own phase of its interval, a tenth of that sooner or later,
//! by a hash of address, job and the number of the interval.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use rustc_hash::FxHasher;
use wardwatch::event::Job;

/// How one job of one agent kept its time so far.
#[derive(Clone, Debug)]
pub struct Course {
    of: (IpAddr, Job),
    interval_ms: u64,
    /// The interval that was asked in last.
    last: Option<u64>,
    last_id: i32,
    last_ms: u64,
    /// Polls in intervals of their own, one behind the other.
    pub polls: u64,
    /// How late the latest was, milliseconds; and how far from its slot the farthest was.
    pub late_ms: u64,
    pub off_ms: u64,
    /// Polls before their time.
    pub early: u64,
    /// Intervals without any poll.
    pub missed: u64,
    /// Polls in an interval that had one.
    pub more: u64,
}

fn hash(what: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    what.hash(&mut hasher);
    hasher.finish().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 17
}

impl Course {
    pub fn new(of: (IpAddr, Job), interval_s: u32) -> Self {
        Self {
            of,
            interval_ms: u64::from(interval_s) * 1_000,
            last: None,
            last_id: 0,
            last_ms: 0,
            polls: 0,
            late_ms: 0,
            off_ms: 0,
            early: 0,
            missed: 0,
            more: 0,
        }
    }

    /// The middle of an interval's slot.
    fn slot_ms(&self, cycle: u64) -> u64 {
        hash(self.of) % self.interval_ms + cycle * self.interval_ms
    }

    /// When exactly the poll of an interval is due.
    fn due_ms(&self, cycle: u64) -> u64 {
        let (address, job) = self.of;
        let off = hash((address, job, cycle)) % (self.interval_ms / 5 + 1);
        (self.slot_ms(cycle) + off).saturating_sub(self.interval_ms / 10)
    }

    /// Polls that a day (or another time) has, give or take the one at its edge.
    pub fn expected(&self, within_ms: u64) -> u64 {
        within_ms / self.interval_ms
    }

    /// Its first question was sent.
    pub fn asked(&mut self, id: i32, at_ms: u64) {
        // one that is sent again is the same one
        if std::mem::replace(&mut self.last_id, id) != id {
            self.begins(at_ms);
        }
    }

    /// One of its questions was sent; the first is the one behind a pause.
    pub fn asked_among(&mut self, at_ms: u64) {
        let before = std::mem::replace(&mut self.last_ms, at_ms);
        if at_ms >= before + self.interval_ms / 4 {
            self.begins(at_ms);
        }
    }

    fn begins(&mut self, at_ms: u64) {
        let phase = self.slot_ms(0);
        let Some(since) = (at_ms + self.interval_ms / 2).checked_sub(phase) else {
            return;
        };
        let cycle = since / self.interval_ms;
        // it begins with a poll as soon as it is known, which is in nobody's slot
        let Some(last) = self.last else {
            if at_ms >= self.interval_ms / 2 {
                self.last = Some(cycle);
                self.polls = 1;
            }
            return;
        };
        if cycle <= last {
            self.more += 1;
            return;
        }
        self.missed += cycle - last - 1;
        self.last = Some(cycle);
        self.polls += 1;
        let due = self.due_ms(cycle);
        self.early += u64::from(at_ms < due);
        self.late_ms = self.late_ms.max(at_ms.saturating_sub(due));
        self.off_ms = self.off_ms.max(at_ms.abs_diff(self.slot_ms(cycle)));
    }

    /// The farthest that the schedule puts a poll from its slot.
    pub fn tenth_ms(&self) -> u64 {
        self.interval_ms / 10
    }
}
