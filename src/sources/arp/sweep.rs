//! Asks a segment by ARP: one thread asks at its pace, one reads what comes back.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustc_hash::FxHashSet;

use super::pace::{Bucket, Jitter, Pace, Tempo};
use super::plan::SegmentPlan;
use crate::event::{ArpHow, ObsArpV1};
use crate::gate::{ArpDoor, Gate, RawError, Refusal};
use crate::model::{Mac, Text, Time};
use crate::sources::Stop;
use crate::wire::arp::{Arp, ArpOp};
use crate::wire::ether::{ETHERTYPE_ARP, Frame, Protocol};

/// Pairs reported of one sweep, as a multiple of its targets: a station that answers for others with many MACs.
const PAIRS_EACH: usize = 4;
/// Pause between two looks at the bucket.
const BEAT: Duration = Duration::from_millis(2);
/// How soon a stop is seen.
const LOOK: Duration = Duration::from_millis(10);

/// One sweep of one segment.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Where, as whom, for whom.
    pub segment: SegmentPlan,
    /// How fast.
    pub pace: Pace,
    /// No more requests a second than this on this segment, whatever the pace.
    pub cap: Option<u32>,
    /// Ask the silent once more.
    pub retry: bool,
    /// For the ledger: `scan by ana`.
    pub cause: Text,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepSummary {
    /// Addresses asked.
    pub asked: usize,
    /// Requests sent, the second ones included.
    pub requests: usize,
    /// Addresses that answered.
    pub answered: usize,
    /// Addresses for which two or more MACs answered.
    pub contested: Vec<Ipv4Addr>,
    /// Addresses that the touch policy keeps from being asked.
    pub refused: usize,
    /// Frames that were no ARP for IPv4 over Ethernet.
    pub broken: u64,
    /// Answers left out because of the cap.
    pub dropped: u64,
    /// It was stopped before its end.
    pub stopped: bool,
    /// How long it took.
    pub took: Duration,
}

/// A sweep that did not take place, or broke off.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// No door.
    #[error(transparent)]
    Raw(#[from] RawError),
    /// The gate holds no table.
    #[error(transparent)]
    Refused(Refusal),
    /// The interface went away.
    #[error("the sweep on {interface} broke off: {source}")]
    Io {
        /// Where.
        interface: Text,
        /// Why.
        source: io::Error,
    },
}

/// What the two threads share.
struct Shared<'a> {
    targets: &'a [Ipv4Addr],
    answered: Vec<AtomicBool>,
    count: AtomicUsize,
    /// Of the latest answer, microseconds since the start.
    latest: AtomicU64,
    over: AtomicBool,
    start: Instant,
}

impl Shared<'_> {
    fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn is_answered(&self, index: usize) -> bool {
        self.answered
            .get(index)
            .is_some_and(|a| a.load(Ordering::Relaxed))
    }
}

impl Sweep {
    /// Runs to its end, or until it is stopped; `found` is called on this thread for each new pair of address and MAC.
    /// Blocking: on a tokio runtime, through `spawn_blocking`.
    pub fn run(
        &self,
        gate: &Arc<Gate>,
        stop: &Stop,
        mut found: impl FnMut(ObsArpV1),
    ) -> Result<SweepSummary, SweepError> {
        let door = gate.arp(&self.segment.interface)?;
        let mut targets = self.segment.targets.clone();
        targets.sort_unstable();
        targets.dedup();
        let shared = Shared {
            answered: targets.iter().map(|_| AtomicBool::new(false)).collect(),
            targets: &targets,
            count: AtomicUsize::new(0),
            latest: AtomicU64::new(0),
            over: AtomicBool::new(false),
            start: Instant::now(),
        };
        let (asked, mut summary) = std::thread::scope(|scope| {
            let asking = scope.spawn(|| {
                let result = self.ask_all(&door, &shared, stop);
                shared.over.store(true, Ordering::Release);
                result
            });
            let heard = self.read_all(&door, &shared, &mut found);
            // a panic over there is one here
            let asked = asking
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            match heard {
                Ok(summary) => (asked, summary),
                Err(error) => (Err(error), SweepSummary::default()),
            }
        });
        let asked = asked?;
        summary.asked = asked.asked;
        summary.requests = asked.requests;
        summary.refused = asked.refused;
        summary.stopped = stop.is_stopped();
        summary.answered = shared.count.load(Ordering::Relaxed);
        summary.took = shared.start.elapsed();
        Ok(summary)
    }

    fn io(&self, source: io::Error) -> SweepError {
        SweepError::Io {
            interface: self.segment.interface.name.as_str().into(),
            source,
        }
    }

    fn ask_all(
        &self,
        door: &ArpDoor,
        shared: &Shared<'_>,
        stop: &Stop,
    ) -> Result<SweepSummary, SweepError> {
        let tempo = self.pace.tempo(shared.targets.len(), self.cap);
        let mut round = Round {
            bucket: Bucket::new(tempo),
            jitter: Jitter::new(seed()),
            tempo,
            summary: SweepSummary::default(),
            open: vec![true; shared.targets.len()],
        };
        self.round(door, shared, stop, &mut round, false)?;
        round.summary.asked = round.summary.requests;
        rest(shared, &round, stop);
        if self.retry {
            self.round(door, shared, stop, &mut round, true)?;
            rest(shared, &round, stop);
        }
        Ok(round.summary)
    }

    /// Asks once for each that is open, and, the second time, silent.
    fn round(
        &self,
        door: &ArpDoor,
        shared: &Shared<'_>,
        stop: &Stop,
        round: &mut Round,
        silent_only: bool,
    ) -> Result<(), SweepError> {
        let mut next = 0;
        let mut batch = Vec::new();
        while next < shared.targets.len() && !stop.is_stopped() {
            let wanted = round
                .bucket
                .take(shared.start.elapsed(), round.tempo.burst as usize);
            batch.clear();
            while batch.len() < wanted {
                let Some(target) = shared.targets.get(next) else {
                    break;
                };
                let open = round.open.get(next).is_some_and(|o| *o);
                if open && !(silent_only && shared.is_answered(next)) {
                    batch.push(*target);
                }
                next += 1;
            }
            if !batch.is_empty() {
                let asked = door
                    .ask(
                        self.segment.source.addr(),
                        &batch,
                        &self.cause,
                        None,
                        Time::from_clock(),
                    )
                    .map_err(|e| self.io(e))?;
                round.summary.requests += asked.sent;
                for (target, refusal) in asked.refused {
                    if refusal == Refusal::NoTable {
                        return Err(SweepError::Refused(refusal));
                    }
                    round.summary.refused += 1;
                    if let Some(open) =
                        index(shared.targets, target).and_then(|i| round.open.get_mut(i))
                    {
                        *open = false;
                    }
                }
            }
            if next < shared.targets.len() {
                std::thread::sleep(round.jitter.around(BEAT));
            }
        }
        Ok(())
    }

    fn read_all(
        &self,
        door: &ArpDoor,
        shared: &Shared<'_>,
        found: &mut impl FnMut(ObsArpV1),
    ) -> Result<SweepSummary, SweepError> {
        let mut summary = SweepSummary::default();
        let mut pairs: FxHashSet<(Ipv4Addr, Mac)> = FxHashSet::default();
        let mut buffer = [0; 1600];
        loop {
            // read once more after the end, for what is queued
            let over = shared.over.load(Ordering::Acquire);
            let wait = if over { Duration::ZERO } else { LOOK };
            let length = door.receive(&mut buffer, wait);
            let length = match length {
                Ok(Some(length)) => length,
                Ok(None) if over => break,
                Ok(None) => continue,
                Err(error) => return Err(self.io(error)),
            };
            let bytes = buffer.get(..length).unwrap_or_default();
            let Some(arp) = arp(bytes) else {
                summary.broken += 1;
                continue;
            };
            let Some(i) = index(shared.targets, arp.sender) else {
                continue;
            };
            if !arp.sender_mac.is_station() && !answers_us(&arp, door.mac()) {
                continue;
            }
            let how = if arp.op == ArpOp::Reply && arp.target_mac == door.mac() {
                ArpHow::Answer
            } else {
                ArpHow::Heard
            };
            if how == ArpHow::Answer {
                shared.latest.store(shared.micros(), Ordering::Relaxed);
                let first = |a: &AtomicBool| !a.swap(true, Ordering::Relaxed);
                if shared.answered.get(i).is_some_and(first) {
                    shared.count.fetch_add(1, Ordering::Relaxed);
                }
            }
            if pairs.contains(&(arp.sender, arp.sender_mac)) {
                continue;
            }
            if pairs.len() >= shared.targets.len() * PAIRS_EACH + 64 {
                summary.dropped += 1;
                continue;
            }
            pairs.insert((arp.sender, arp.sender_mac));
            found(ObsArpV1 {
                at: Time::from_clock(),
                address: arp.sender.into(),
                mac: arp.sender_mac,
                how,
                interface: door.name().clone(),
            });
        }
        summary.contested = contested(&pairs);
        Ok(summary)
    }
}

/// The state of the asking thread.
struct Round {
    bucket: Bucket,
    jitter: Jitter,
    tempo: Tempo,
    summary: SweepSummary,
    /// The gate lets it be asked.
    open: Vec<bool>,
}

/// Waits until all have answered, or nothing came for the time of patience.
fn rest(shared: &Shared<'_>, round: &Round, stop: &Stop) {
    let expected = round.open.iter().filter(|o| **o).count();
    let patience = u64::try_from(round.tempo.patience.as_micros()).unwrap_or(u64::MAX);
    let asked = shared.micros();
    while !stop.is_stopped() && shared.count.load(Ordering::Relaxed) < expected {
        let last = shared.latest.load(Ordering::Relaxed).max(asked);
        let waited = shared.micros().saturating_sub(last);
        if waited >= patience {
            return;
        }
        let left = Duration::from_micros(patience - waited);
        std::thread::sleep(left.min(LOOK / 2));
    }
}

fn arp(bytes: &[u8]) -> Option<Arp> {
    let frame = Frame::ethernet(bytes).ok()?;
    if frame.protocol != Protocol::EtherType(ETHERTYPE_ARP) {
        return None;
    }
    Arp::decode(frame.payload).ok()
}

/// A virtual router's MAC is no station, but an answer to us all the same.
fn answers_us(arp: &Arp, own: Mac) -> bool {
    arp.op == ArpOp::Reply && arp.target_mac == own && !arp.sender_mac.is_group()
}

fn index(targets: &[Ipv4Addr], address: Ipv4Addr) -> Option<usize> {
    targets.binary_search(&address).ok()
}

fn contested(pairs: &FxHashSet<(Ipv4Addr, Mac)>) -> Vec<Ipv4Addr> {
    let mut addresses: Vec<_> = pairs.iter().map(|(a, _)| *a).collect();
    addresses.sort_unstable();
    let mut out: Vec<_> = addresses
        .windows(2)
        .filter_map(|w| match w {
            [a, b] if a == b => Some(*a),
            _ => None,
        })
        .collect();
    out.dedup();
    out
}

fn seed() -> u64 {
    let mut bytes = [0; 8];
    // without chance the pauses are merely the same each time
    let _ = getrandom::fill(&mut bytes);
    u64::from_le_bytes(bytes)
}
