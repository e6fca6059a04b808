//! How much may be sent to a device, into a closet, through an uplink: token buckets in whole numbers on the driver's clock, and
//! the queues of what waits for them ([`Turns`]: the most urgent question first, and none for ever). Where nothing waits and nobody is near a budget, a question costs three subtractions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::turns::{Turns, Waiting};
use crate::model::{Budgets, DeviceClass, LineRate};

/// A packet, or an octet, in thousandths, so that a millisecond of a small rate counts.
const ONE: u64 = 1_000;
/// A full bucket lets so many milliseconds' worth through at once.
const BURST_MS: u64 = 1_000;
/// What people ask is taken too, and held against the polls for so many seconds at the most.
const DEBT_S: u64 = 2;
/// Octets of IP and UDP around a datagram.
const HEADERS: usize = 28;
/// It shares no line.
const NONE: u32 = u32::MAX;

/// What is left of a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    /// Thousandths that were taken and have not come back yet.
    taken: u64,
    at_ms: u64,
}

impl Bucket {
    /// Gives back what `rate` a second let come back since it was looked at.
    fn refill(&mut self, rate: u32, now_ms: u64) {
        let elapsed = now_ms.saturating_sub(self.at_ms);
        self.at_ms = self.at_ms.max(now_ms);
        // a thousandth for each millisecond and each one a second
        let back = elapsed.saturating_mul(u64::from(rate));
        self.taken = self.taken.saturating_sub(back);
    }

    /// Milliseconds until so many thousandths more fit; zero if at once.
    fn wait_ms(&mut self, rate: u32, need: u64, burst_ms: u64, now_ms: u64) -> u64 {
        self.refill(rate, now_ms);
        let rate = u64::from(rate.max(1));
        match (self.taken + need).saturating_sub((rate * burst_ms).max(need)) {
            0 => 0,
            over => over.div_ceil(rate),
        }
    }

    /// Takes what was sent already, budget or not.
    fn spend(&mut self, rate: u32, n: u64, now_ms: u64) {
        self.refill(rate, now_ms);
        let most = u64::from(rate.max(1)) * (BURST_MS + DEBT_S * ONE);
        self.taken = (self.taken + n).min(most.max(self.taken));
    }
}

/// How a question comes to ask whether it may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It waited for nothing yet.
    New,
    /// The budget of its device has room again.
    OfDevice,
    /// It is its turn in a line.
    OfLine,
}

/// What many devices share: a closet, an uplink.
#[derive(Debug)]
struct Line {
    number: Number,
    rate: LineRate,
    packets: Bucket,
    octets: Bucket,
    waiting: Turns,
    /// When it is looked at next; never, where nothing waits.
    wake_ms: u64,
    /// Devices that share it.
    users: u32,
    /// So many milliseconds' worth may go back to back.
    burst_ms: u64,
}

/// Which line. Uplinks come first: what waits for one waits before many closets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Number {
    Uplink(u32),
    Closet(u32),
}

impl Number {
    fn rate(self, budgets: &Budgets) -> LineRate {
        match self {
            Self::Uplink(number) => budgets.through(number),
            Self::Closet(_) => budgets.into_closet(),
        }
    }

    fn rank(self) -> u8 {
        u8::from(matches!(self, Self::Closet(_)))
    }
}

impl Line {
    fn new(number: Number, rate: LineRate, burst_ms: u64) -> Self {
        Self {
            number,
            rate,
            packets: Bucket::default(),
            octets: Bucket::default(),
            waiting: Turns::default(),
            wake_ms: u64::MAX,
            users: 0,
            burst_ms,
        }
    }

    /// Milliseconds until another datagram may go.
    fn wait_ms(&mut self, now_ms: u64) -> u64 {
        let packets = self
            .packets
            .wait_ms(self.rate.packets, ONE, self.burst_ms, now_ms);
        if self.rate.octets == 0 {
            return packets;
        }
        // nobody knows beforehand how long an answer is: what went over is waited for afterwards
        packets.max(self.octets.wait_ms(self.rate.octets, 1, BURST_MS, now_ms))
    }

    fn carried(&mut self, length: usize, now_ms: u64) {
        if self.rate.octets > 0 {
            let octets = (length + HEADERS) as u64 * ONE;
            self.octets.spend(self.rate.octets, octets, now_ms);
        }
    }
}

/// The lines that a device shares with others, by their places in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    closet: u32,
    uplink: u32,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            closet: NONE,
            uplink: NONE,
        }
    }
}

/// All budgets.
#[derive(Debug)]
pub(super) struct Allowance {
    budgets: Arc<Budgets>,
    lines: Vec<Line>,
    by_number: FxHashMap<Number, u32>,
    free: Vec<u32>,
    /// When which line is to be looked at.
    wakes: BinaryHeap<Reverse<(u64, u8, u32)>>,
    /// Those that wait for their device alone.
    own: BinaryHeap<Reverse<(u64, Waiting)>>,
    /// As [`Line`] has it.
    burst_ms: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Allowance {
    /// The usual budgets; a line lets so much time's worth through at once, a second's where nothing is said.
    pub(super) fn new(burst: Option<Duration>) -> Self {
        Self {
            budgets: Arc::default(),
            lines: Vec::new(),
            by_number: FxHashMap::default(),
            free: Vec::new(),
            wakes: BinaryHeap::new(),
            own: BinaryHeap::new(),
            burst_ms: burst.map_or(BURST_MS, |b| b.as_millis() as u64),
        }
    }

    /// Other budgets from now on.
    pub(super) fn set(&mut self, budgets: Arc<Budgets>, now_ms: u64) {
        self.budgets = budgets;
        for place in 0..self.lines.len() as u32 {
            if let Some(line) = self.lines.get_mut(place as usize) {
                line.rate = line.number.rate(&self.budgets);
            }
            self.arm(place, now_ms);
        }
        // those that wait for their device may wait too long now
        let own = std::mem::take(&mut self.own);
        let sooner = |Reverse((_, waiting)): Reverse<(u64, Waiting)>| Reverse((now_ms, waiting));
        self.own = own.into_iter().map(sooner).collect();
    }

    /// A device takes its place: numbers as [`crate::event::Target`] has them. It gives up the one it had; what waits there goes on
    /// from here.
    pub(super) fn settle(&mut self, before: Place, closet: u32, uplink: u32, now_ms: u64) -> Place {
        let after = Place {
            closet: self.join(Number::Closet, closet),
            uplink: self.join(Number::Uplink, uplink),
        };
        for place in [before.closet, before.uplink] {
            self.leave(place, now_ms);
        }
        after
    }

    fn join(&mut self, of: impl Fn(u32) -> Number, number: u32) -> u32 {
        if number == 0 {
            return NONE;
        }
        let number = of(number);
        let known = self.by_number.get(&number).copied();
        let place = known.unwrap_or_else(|| self.open(number));
        if let Some(line) = self.lines.get_mut(place as usize) {
            line.users += 1;
        }
        place
    }

    fn open(&mut self, number: Number) -> u32 {
        let line = Line::new(number, number.rate(&self.budgets), self.burst_ms);
        let place = self.free.pop().unwrap_or(self.lines.len() as u32);
        match self.lines.get_mut(place as usize) {
            Some(slot) => *slot = line,
            None => self.lines.push(line),
        }
        self.by_number.insert(number, place);
        place
    }

    fn leave(&mut self, place: u32, now_ms: u64) {
        let Some(line) = self.lines.get_mut(place as usize) else {
            return;
        };
        line.users = line.users.saturating_sub(1);
        if line.users > 0 {
            return;
        }
        // whoever still waits here stands elsewhere now
        let left = line.waiting.drain();
        self.own.extend(left.map(|w| Reverse((now_ms, w))));
        line.wake_ms = u64::MAX;
        self.by_number.remove(&line.number);
        self.free.push(place);
    }

    /// May this question go to a device of that class? Then it is taken off its budgets; else it stands in a queue, and comes
    /// out of [`Allowance::next`].
    pub(super) fn may_go(
        &mut self,
        (device, class): (&mut Bucket, DeviceClass),
        place: Place,
        (waiting, standing): (Waiting, Standing),
        now_ms: u64,
    ) -> bool {
        let own = device.wait_ms(self.budgets.to(class), ONE, BURST_MS, now_ms);
        if own > 0 {
            self.own.push(Reverse((now_ms + own, waiting)));
            return false;
        }
        for at in [place.uplink, place.closet] {
            let Some(line) = self.lines.get_mut(at as usize) else {
                continue;
            };
            let wait = line.wait_ms(now_ms);
            // it stood in a line already: one is enough
            let behind = standing != Standing::OfLine && line.waiting.is_behind(&waiting);
            if wait > 0 || behind {
                line.waiting.push(waiting);
                self.arm(at, now_ms + wait);
                return false;
            }
        }
        device.taken += ONE;
        for at in [place.uplink, place.closet] {
            if let Some(line) = self.lines.get_mut(at as usize) {
                line.packets.taken += ONE;
                if standing != Standing::OfLine && !line.waiting.is_empty() {
                    line.waiting.were_passed();
                }
            }
        }
        true
    }

    /// A question of a person went, budget or not.
    pub(super) fn went(
        &mut self,
        (device, class): (&mut Bucket, DeviceClass),
        place: Place,
        now_ms: u64,
    ) {
        device.spend(self.budgets.to(class), ONE, now_ms);
        for at in [place.uplink, place.closet] {
            if let Some(line) = self.lines.get_mut(at as usize) {
                line.packets.spend(line.rate.packets, ONE, now_ms);
            }
        }
    }

    /// So many octets went through the uplink of a device, either way.
    pub(super) fn carried(&mut self, place: Place, length: usize, now_ms: u64) {
        if let Some(line) = self.lines.get_mut(place.uplink as usize) {
            line.carried(length, now_ms);
        }
    }

    /// A question whose turn it may be: it is asked after with [`Allowance::may_go`] again. `waits`: is it still to be sent?
    pub(super) fn next(
        &mut self,
        now_ms: u64,
        waits: impl Fn(&Waiting) -> bool,
    ) -> Option<(Waiting, Standing)> {
        while let Some(Reverse((due, _, place))) = self.wakes.peek().copied() {
            if due > now_ms {
                break;
            }
            self.wakes.pop();
            let Some(line) = self.lines.get_mut(place as usize) else {
                continue;
            };
            if line.wake_ms != due {
                continue;
            }
            line.wake_ms = u64::MAX;
            line.waiting.forget(&waits);
            let wait = line.wait_ms(now_ms);
            let first = if wait == 0 { line.waiting.pop() } else { None };
            if !line.waiting.is_empty() {
                self.arm(place, now_ms + wait);
            }
            if let Some(first) = first {
                return Some((first, Standing::OfLine));
            }
        }
        while let Some(Reverse((due, waiting))) = self.own.peek().copied() {
            if due > now_ms {
                break;
            }
            self.own.pop();
            if waits(&waiting) {
                return Some((waiting, Standing::OfDevice));
            }
        }
        None
    }

    /// When [`Allowance::next`] has something to do.
    pub(super) fn next_ms(&self) -> Option<u64> {
        let line = self.wakes.peek().map(|Reverse((due, ..))| *due);
        let own = self.own.peek().map(|Reverse((due, _))| *due);
        line.into_iter().chain(own).min()
    }

    fn arm(&mut self, place: u32, at_ms: u64) {
        let Some(line) = self.lines.get_mut(place as usize) else {
            return;
        };
        if at_ms < line.wake_ms && !line.waiting.is_empty() {
            line.wake_ms = at_ms;
            self.wakes.push(Reverse((at_ms, line.number.rank(), place)));
        }
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
