//! Asks a segment by ARP: on one thread, which asks at its pace and reads what came back in between.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::course::{Course, Taken};
use super::pace::{Jitter, Pace};
use super::plan::SegmentPlan;
use crate::event::{ArpHow, ObsArpV1};
use crate::gate::{ArpDoor, Gate, RawError, Refusal};
use crate::model::{Mac, PacketKind, Text, Time};
use crate::sources::Stop;
use crate::wire::arp::{Arp, ArpOp};
use crate::wire::ether::{ETHERTYPE_ARP, Frame, Protocol};

/// Pause between two looks at what may be asked and what came back; with it, how soon a stop is seen.
const BEAT: Duration = Duration::from_millis(2);
/// The same where less than a request a beat is due.
const SLOW_BEAT: Duration = Duration::from_millis(10);
/// Frames read between two looks at the pace, so that a flood cannot keep it from going on.
const READ_CAP: usize = 4096;

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
    /// Of these, how many only when they were asked once more: many mean that the segment loses requests at this pace.
    pub answered_again: usize,
    /// Addresses for which two or more MACs answered.
    pub contested: Vec<Ipv4Addr>,
    /// Addresses that were never going to be asked: their touch policy keeps them from it.
    pub left_out: usize,
    /// Addresses whose touch policy became stricter while the sweep ran.
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

impl Sweep {
    /// Runs to its end, or until it is stopped; `found` is called on this thread for each new pair of address and MAC.
    /// Blocking: on a tokio runtime, through `spawn_blocking`.
    pub fn run(
        &self,
        gate: &Arc<Gate>,
        stop: &Stop,
        mut found: impl FnMut(ObsArpV1),
    ) -> Result<SweepSummary, SweepError> {
        let mut targets = self.segment.targets.clone();
        let before = targets.len();
        for target in &targets {
            if gate.policy((*target).into()).is_none() {
                return Err(SweepError::Refused(Refusal::NoTable));
            }
        }
        // the gate would refuse them; a sweep does not even try
        targets.retain(|a| {
            gate.policy((*a).into())
                .is_some_and(|p| p.allows(PacketKind::Arp))
        });
        let mut summary = SweepSummary {
            left_out: before - targets.len(),
            ..SweepSummary::default()
        };
        if targets.is_empty() {
            return Ok(summary);
        }
        let door = gate.arp(&self.segment.interface)?;
        let tempo = self.pace.tempo(targets.len(), self.cap);
        let beat = if tempo.rate < 500 { SLOW_BEAT } else { BEAT };
        let mut course = Course::new(targets, tempo, self.retry);
        let mut jitter = Jitter::new(seed());
        let mut batch = Vec::new();
        let start = Instant::now();
        while !stop.is_stopped() && !course.is_over(start.elapsed()) {
            batch.clear();
            course.due(start.elapsed(), &mut batch);
            if !batch.is_empty() {
                self.ask(&door, &batch, &mut course, &mut summary)?;
            }
            self.read(&door, start, &mut course, &mut summary, &mut found)?;
            if !course.is_over(start.elapsed()) {
                std::thread::sleep(jitter.around(beat));
            }
        }
        // what is queued was answered in time
        self.read(&door, start, &mut course, &mut summary, &mut found)?;
        summary.asked = course.asked;
        summary.requests = course.requests;
        summary.answered = course.answered;
        summary.answered_again = course.answered_again;
        summary.contested = course.contested();
        summary.stopped = stop.is_stopped();
        summary.took = start.elapsed();
        Ok(summary)
    }

    fn io(&self, source: io::Error) -> SweepError {
        SweepError::Io {
            interface: self.segment.interface.name.as_str().into(),
            source,
        }
    }

    fn ask(
        &self,
        door: &ArpDoor,
        batch: &[Ipv4Addr],
        course: &mut Course,
        summary: &mut SweepSummary,
    ) -> Result<(), SweepError> {
        let source = self.segment.source.addr();
        let asked = door
            .ask(source, batch, &self.cause, None, Time::from_clock())
            .map_err(|e| self.io(e))?;
        for (target, refusal) in asked.refused {
            if refusal == Refusal::NoTable {
                return Err(SweepError::Refused(refusal));
            }
            summary.refused += 1;
            course.refused(target);
        }
        Ok(())
    }

    /// Takes what is queued.
    fn read(
        &self,
        door: &ArpDoor,
        start: Instant,
        course: &mut Course,
        summary: &mut SweepSummary,
        found: &mut impl FnMut(ObsArpV1),
    ) -> Result<(), SweepError> {
        let mut buffer = [0; 1600];
        for _ in 0..READ_CAP {
            let length = match door.receive(&mut buffer, Duration::ZERO) {
                Ok(Some(length)) => length,
                Ok(None) => break,
                Err(error) => return Err(self.io(error)),
            };
            let Some(arp) = arp(buffer.get(..length).unwrap_or_default()) else {
                summary.broken += 1;
                continue;
            };
            if !arp.sender_mac.is_station() && !answers_us(&arp, door.mac()) {
                continue;
            }
            let answer = arp.op == ArpOp::Reply && arp.target_mac == door.mac();
            match course.heard(start.elapsed(), arp.sender, arp.sender_mac, answer) {
                Taken::New => found(ObsArpV1 {
                    at: Time::from_clock(),
                    address: arp.sender.into(),
                    mac: arp.sender_mac,
                    how: if answer {
                        ArpHow::Answer
                    } else {
                        ArpHow::Heard
                    },
                    interface: door.name().clone(),
                }),
                Taken::Dropped => summary.dropped += 1,
                Taken::Old => {}
            }
        }
        Ok(())
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

fn seed() -> u64 {
    let mut bytes = [0; 8];
    // without chance the pauses are merely the same each time
    let _ = getrandom::fill(&mut bytes);
    u64::from_le_bytes(bytes)
}
