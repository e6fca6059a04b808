//! One agent in the driver's table.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::breaker::Breaker;
use super::budget::{Bucket, Place};
use super::engine::Engine;
use super::faults::Faults;
use super::io::{Failure, Io, locked};
use super::job::{Kind, Report, Running};
use super::lessons::{Line, Model};
use super::login::Ready;
use super::memory::Memory;
use super::pace::Pace;
use super::rtt::{Bounds, Rtt};
use super::schedule;
use super::session::Exchange;
use super::task::{Offer, Sink, Task};
use super::turns::{Rank, Waiting};
use crate::event::{AgentFault, Job, SysGroupV1, Target};
use crate::model::{MOST_IN_FLIGHT, Priority, Text, build};
use crate::wire::snmp::DecodeError;

/// Misses in a row that are confirmed by probes of their own.
pub(super) const CONFIRMED_MISSES: u32 = 3;
/// Questions that may be out to one agent at the same time, where it bears more than one.
pub(super) const LANES: usize = MOST_IN_FLIGHT as usize;

/// A question that waited so long for a place in the window lets the status of its device go first.
const CROWDED_MS: u64 = 1_000;

/// A bridge relearns within so long after its tree changed.
const SETTLE_MS: u64 = 15_000;

/// A job with its next time, the driver's milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) job: Job,
    pub(super) interval_ms: u64,
    pub(super) at_ms: u64,
    /// Which of what is due goes first.
    pub(super) priority: Priority,
    /// When it was begun last.
    pub(super) begun_ms: u64,
    /// The engine was told that the gate does not allow it.
    pub(super) told: bool,
    /// How it keeps its time.
    pub(super) pace: Pace,
}

impl Due {
    /// Is it asked less often than planned?
    pub(super) fn is_stretched(&self) -> bool {
        self.interval_now_ms() > self.interval_ms
    }

    /// What goes first where several are due: the lowest number, and of equals what was due first. What has waited for a whole
    /// interval, and would else be left out again, goes before all but the status: that is one question, and tells whether the device
    /// lives.
    fn order(&self, now_ms: u64) -> (u8, u64) {
        let left_out = now_ms.saturating_sub(self.at_ms) >= self.interval_now_ms();
        let stage = match (self.job, self.priority) {
            (Job::Status, Priority::FIRST) => 0,
            _ if left_out => 1,
            (_, priority) => 2 + priority.number(),
        };
        (stage, self.at_ms)
    }

    /// The interval it has now. Its status is the least that can be asked, and says whether a device lives: that is never asked
    /// less often.
    pub(super) fn interval_now_ms(&self) -> u64 {
        match self.job {
            Job::Status => self.interval_ms,
            _ => self.pace.stretch(self.interval_ms),
        }
    }
}

/// A task under way.
pub(super) struct Active {
    pub(super) task: Task,
    pub(super) io: Io,
    pub(super) run: Running,
    pub(super) login: Arc<Ready>,
    /// Credentials still to be tried.
    pub(super) left: VecDeque<Text>,
    /// What the best of those tried before came to.
    pub(super) before: Option<Failure>,
    pub(super) deadline_ms: u64,
    pub(super) first_trip: Option<Duration>,
    /// What came when it was met, with the answers and bindings of that.
    pub(super) met: Option<Box<(Report, u32, u64)>>,
    /// Its first question was sent, and its time runs.
    pub(super) begun: bool,
    /// It waited for budgets so long, and since when it does.
    pub(super) held_ms: u64,
    pub(super) held_since_ms: u64,
    /// What its questions go before.
    pub(super) rank: Rank,
    /// Its place among those that wait, kept while it lets another one go first.
    pub(super) came: Option<u64>,
    /// Attempts that its question had used up when it let that one go first.
    pub(super) attempt: u32,
}

/// A question under way.
pub(super) struct Flight {
    pub(super) exchange: Exchange,
    /// It counts in the window.
    pub(super) counted: bool,
    /// It was silent once, and counts there no more.
    pub(super) silent: bool,
    /// It was sent at least once, and may be answered.
    pub(super) asked: bool,
    /// It stands before a socket that is full: its time does not run.
    pub(super) leaving: bool,
    /// Its place among those that wait for the window, and for a budget.
    pub(super) waiting: Waiting,
    /// When it came there, the driver's milliseconds.
    pub(super) since_ms: u64,
    /// It waits for a budget.
    pub(super) held: bool,
    pub(super) sent: Option<Instant>,
    /// When it was sent last, the driver's milliseconds, and how often it was.
    pub(super) sent_ms: u64,
    pub(super) times: u8,
    pub(super) due_ms: u64,
    /// Attempts that ran out of time.
    pub(super) attempt: u32,
    pub(super) tries: u32,
    /// It answered nonsense meanwhile.
    pub(super) malformed: Option<DecodeError>,
}

/// A task under way with its question, one of few at the same time.
pub(super) struct Lane {
    pub(super) active: Active,
    pub(super) flight: Option<Flight>,
}

impl Lane {
    /// As [`Device::lines`].
    pub(super) fn lines(&self) -> u64 {
        let flight = self.flight.as_ref().map_or(0, |f| {
            f.due_ms ^ u64::from(f.attempt) ^ f.exchange.id as u64
        });
        self.active.deadline_ms ^ self.active.held_ms ^ flight ^ u64::from(self.active.io.v1)
    }

    /// When the driver must look at it again.
    fn wants_ms(&self) -> u64 {
        match &self.flight {
            Some(flight) if flight.sent.is_some() => self.active.deadline_ms.min(flight.due_ms),
            _ => self.active.deadline_ms,
        }
    }

    /// When it lets another one go first: at once a person, and while it waits for a budget; after a while where the window has no
    /// place. Never what is asked for a person, what is under way, or what goes before that one anyhow.
    pub(super) fn gives_way_ms(&self, to: Rank) -> Option<u64> {
        let flight = self.flight.as_ref().filter(|f| f.sent.is_none())?;
        if !matches!(self.active.task.sink, Sink::Engine) || to >= self.active.rank {
            return None;
        }
        if flight.held {
            return Some(0);
        }
        // what is asked again holds its place
        let waits = !flight.counted && !flight.silent;
        let from_ms = match to {
            Rank::PERSON => 0,
            _ => flight.since_ms + CROWDED_MS,
        };
        waits.then_some(from_ms)
    }
}

/// The task in a lane; out of the lanes alone, so that the rest of the agent stays at hand.
pub(super) fn lane_at(lanes: &mut [Option<Box<Lane>>; LANES], at: u8) -> Option<&mut Lane> {
    lanes.get_mut(usize::from(at))?.as_deref_mut()
}

/// A question that is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) id: i32,
    /// When it was sent, the driver's milliseconds as far as they fit, and how often.
    pub(super) sent_ms: u32,
    pub(super) times: u8,
    pub(super) answered: bool,
}

impl Past {
    /// How long ago it was sent, where that was once.
    pub(super) fn took(self, now_ms: u64) -> Option<Duration> {
        let took = (now_ms as u32).wrapping_sub(self.sent_ms);
        (self.times == 1).then(|| Duration::from_millis(u64::from(took)))
    }
}

/// An agent.
pub(super) struct Device {
    pub(super) to: SocketAddr,
    /// What the engine wants of it; none for those that are only asked once.
    pub(super) target: Option<Target>,
    /// The credentials of the target, to be shared.
    pub(super) offer: Offer,
    pub(super) jobs: Vec<Due>,
    pub(super) queue: VecDeque<Task>,
    pub(super) lanes: [Option<Box<Lane>>; LANES],
    /// A scheduled job that lets a question of a person go first.
    pub(super) parked: Option<Box<Lane>>,
    /// How much was sent to it of late.
    pub(super) bucket: Bucket,
    /// Whose budgets it shares.
    pub(super) place: Place,
    pub(super) rtt: Rtt,
    pub(super) breaker: Breaker,
    pub(super) engine: Option<Engine>,
    pub(super) memory: Arc<Mutex<Memory>>,
    /// The last questions, to know late and double answers by.
    pub(super) recent: [Past; 4],
    /// The credential that worked last.
    pub(super) works: Option<Text>,
    /// It answered SNMPv3.
    pub(super) spoke_v3: bool,
    /// The system group came: walks may begin.
    pub(super) met: bool,
    /// Its model and build, once it showed them.
    pub(super) model: Option<Box<Model>>,
    /// How its questions fare.
    pub(super) line: Line,
    /// As which state of what is known its limits are.
    pub(super) limited: u64,
    pub(super) misses: u32,
    pub(super) refused_until_ms: Option<u64>,
    /// So far nothing of the schedule was asked, for it refused or was silent: what waited for that is not late.
    pub(super) held_ms: u64,
    pub(super) faults: Option<Box<Faults>>,
    /// It stands in the driver's list of those nobody asks for.
    pub(super) resting: bool,
    /// The earliest of its entries in the heap.
    pub(super) wake_ms: u64,
}

impl Device {
    pub(super) fn new(to: SocketAddr) -> Self {
        Self {
            to,
            target: None,
            offer: Offer::default(),
            jobs: Vec::new(),
            queue: VecDeque::new(),
            lanes: [const { None }; LANES],
            parked: None,
            bucket: Bucket::default(),
            place: Place::default(),
            rtt: Rtt::default(),
            breaker: Breaker::default(),
            engine: None,
            memory: Arc::default(),
            recent: [Past::default(); 4],
            works: None,
            spoke_v3: false,
            met: false,
            model: None,
            line: Line::default(),
            limited: 0,
            misses: 0,
            refused_until_ms: None,
            held_ms: 0,
            faults: None,
            resting: false,
            wake_ms: u64::MAX,
        }
    }

    /// Questions that may be out to it at once; one to a stranger.
    pub(super) fn lanes_allowed(&self) -> usize {
        match &self.target {
            Some(target) if self.met => usize::from(target.in_flight).clamp(1, LANES),
            _ => 1,
        }
    }

    /// Puts a task into a free lane.
    pub(super) fn put(&mut self, lane: Box<Lane>) {
        if let Some(free) = self.lanes.iter_mut().find(|l| l.is_none()) {
            *free = Some(lane);
        }
    }

    /// Reads a little of each of its lines of the cache; what comes of it means nothing.
    pub(super) fn lines(&self) -> u64 {
        let class = self.target.as_ref().map_or(0, |t| t.class as u64);
        let engine = self.engine.as_ref().map_or(0, |e| u64::from(e.proven));
        let lists = self.jobs.len() + self.queue.len() + self.offer.names.len();
        let past: u64 = self.recent.iter().map(|p| u64::from(p.times)).sum();
        let numbers = self.limited ^ self.wake_ms ^ self.held_ms;
        let small = u64::from(self.misses) ^ u64::from(self.rtt.is_known());
        class ^ engine ^ lists as u64 ^ past ^ numbers ^ small
    }

    /// Tasks under way.
    pub(super) fn busy(&self) -> usize {
        self.lanes.iter().flatten().count()
    }

    /// Is this job under way?
    pub(super) fn runs(&self, job: Job) -> bool {
        let lanes = self.lanes.iter().flatten().chain(&self.parked);
        lanes
            .filter(|l| matches!(l.active.task.sink, Sink::Engine))
            .any(|l| l.active.task.kind == Kind::Job(job))
    }

    /// Puts a target in force; what did not change keeps its time.
    pub(super) fn aim(&mut self, target: &Target, now_ms: u64) {
        if self.target.as_ref() == Some(target) {
            return;
        }
        let address = target.address;
        let jobs = target
            .jobs
            .iter()
            .map(|(job, seconds)| {
                let interval_ms = u64::from((*seconds).max(1)) * 1000;
                let held = self
                    .jobs
                    .iter()
                    .find(|d| d.job == *job && d.interval_ms == interval_ms);
                held.copied().unwrap_or(Due {
                    job: *job,
                    interval_ms,
                    at_ms: now_ms + schedule::first(address, *job, interval_ms),
                    priority: Priority::usual(*job),
                    begun_ms: 0,
                    told: false,
                    pace: Pace::default(),
                })
            })
            .collect();
        self.jobs = jobs;
        self.refused_until_ms = None;
        if !self.offer.is_of(target) {
            self.offer = Offer::of(target);
            // the engine puts what works first; where another one is there now, it is to be tried
            self.works = self
                .works
                .take()
                .filter(|w| self.offer.names.first() == Some(w));
        }
        self.target = Some(target.clone());
    }

    /// What a job of it goes before.
    pub(super) fn priority(&self, job: Job) -> Priority {
        let due = self.jobs.iter().find(|d| d.job == job);
        due.map_or(Priority::usual(job), |due| due.priority)
    }

    pub(super) fn due_mut(&mut self, job: Job) -> Option<&mut Due> {
        self.jobs.iter_mut().find(|d| d.job == job)
    }

    /// The place in its jobs of what is to be begun now, of all or of one alone, whatever the gate says of it.
    pub(super) fn next_due(&self, alone: Option<Job>, now_ms: u64) -> Option<usize> {
        let due = self.jobs.iter().enumerate();
        due.filter(|(_, due)| due.at_ms <= now_ms && alone.is_none_or(|job| job == due.job))
            .filter(|(_, due)| !self.runs(due.job))
            .min_by_key(|(_, due)| due.order(now_ms))
            .map(|(at, _)| at)
    }

    /// What would go before a scheduled question that waits: that of a person, or the one that tells whether it lives.
    pub(super) fn goes_first(&self, now_ms: u64) -> Option<Rank> {
        if !self.queue.is_empty() {
            return Some(Rank::PERSON);
        }
        let (at, rank) = self.status_at_ms()?;
        (at <= now_ms).then_some(rank)
    }

    /// When its status is to be asked next, and what that goes before; none where it runs, or nothing is asked.
    fn status_at_ms(&self) -> Option<(u64, Rank)> {
        let left_alone = self.refused_until_ms.is_some() || self.breaker.open_until().is_some();
        if self.target.is_none() || left_alone || self.runs(Job::Status) {
            return None;
        }
        let due = self.jobs.iter().find(|d| d.job == Job::Status)?;
        Some((due.at_ms, due.priority.into()))
    }

    /// It showed its model and build.
    pub(super) fn is_model(&mut self, system: &SysGroupV1) {
        // an answer that lacks them is no other model: what is known of it holds on
        if self.model.is_some() && (system.object_id.is_empty() || system.descr.is_empty()) {
            return;
        }
        let model = (system.object_id.clone(), build(&system.descr, &system.name));
        if self.model.as_deref() != Some(&model) {
            self.model = Some(Box::new(model));
            self.limited = 0;
        }
    }

    /// It says how often its spanning tree changed so far. A change empties forwarding tables (IEEE 802.1D, 17.11), so what hangs
    /// where is read anew, once it has settled; a tree that never rests has them read no more often than four times in an
    /// interval.
    pub(super) fn bridged(&mut self, changes: u64, now_ms: u64) {
        let before = locked(&self.memory).top_changes.replace(changes);
        if before.is_none_or(|before| before == changes) {
            return;
        }
        let Some(due) = self.jobs.iter_mut().find(|d| d.job == Job::Tables) else {
            return;
        };
        let earliest = due.begun_ms + due.interval_now_ms() / 4;
        due.at_ms = due.at_ms.min(earliest.max(now_ms + SETTLE_MS));
    }

    /// Nothing to do now or ever.
    pub(super) fn is_idle(&self) -> bool {
        self.target.is_none() && self.queue.is_empty() && self.busy() == 0 && self.parked.is_none()
    }

    /// When the driver must look at it again.
    pub(super) fn wants_ms(&self) -> u64 {
        // the engine does not know others
        let faults = self.faults.as_ref().filter(|_| self.target.is_some());
        let faults = faults.map_or(u64::MAX, |f| f.due_ms());
        let lanes = self.lanes.iter().flatten().map(|lane| lane.wants_ms());
        let mut wants = lanes.min().unwrap_or(u64::MAX).min(faults);
        if self.target.is_some() && self.busy() < self.lanes_allowed() {
            // what is under way is looked at when it ends: to be woken for it would be to be woken without end
            let waits = self.jobs.iter().filter(|d| !self.runs(d.job));
            let due = waits.map(|d| d.at_ms).min().unwrap_or(u64::MAX);
            wants = wants.min(match (self.refused_until_ms, self.breaker.open_until()) {
                (None, Some(_)) if self.busy() > 0 => u64::MAX,
                (Some(until), _) | (None, Some(until)) => until,
                (None, None) => due,
            });
        } else if let Some((at, rank)) = self.status_at_ms().filter(|_| self.parked.is_none()) {
            let lanes = self.lanes.iter().flatten();
            let way = lanes.filter_map(|lane| lane.gives_way_ms(rank)).min();
            wants = wants.min(way.map_or(u64::MAX, |way| way.max(at)));
        }
        wants
    }

    /// A question is over.
    pub(super) fn remember(&mut self, flight: &Flight, answered: bool) {
        self.recent.rotate_right(1);
        self.recent[0] = Past {
            id: flight.exchange.id,
            sent_ms: flight.sent_ms as u32,
            times: flight.times,
            answered,
        };
    }

    /// How long a round trip takes is known better now: what is out is waited for so long.
    pub(super) fn wait_longer(&mut self, bounds: Bounds) {
        let rtt = self.rtt;
        for lane in self.lanes.iter_mut().flatten() {
            if let Some(flight) = lane.flight.as_mut().filter(|f| f.sent.is_some()) {
                let wait = rtt.timeout(flight.attempt, bounds).as_millis() as u64 + 1;
                flight.due_ms = flight.due_ms.max(flight.sent_ms + wait);
            }
        }
    }

    /// Is an answer of it waited for?
    pub(super) fn is_asked(&self) -> bool {
        let mut flights = self
            .lanes
            .iter()
            .flatten()
            .filter_map(|l| l.flight.as_ref());
        flights.any(|f| f.asked)
    }

    /// How it misbehaved, for whoever asked it once; of one on schedule the engine is told too.
    pub(super) fn faults_for_once(&mut self) -> BTreeMap<AgentFault, u32> {
        if self.target.is_some() {
            let faults = self.faults.as_deref();
            return faults.map(|f| f.untold().clone()).unwrap_or_default();
        }
        self.faults
            .take()
            .map(|f| f.untold().clone())
            .unwrap_or_default()
    }

    /// It misbehaved.
    pub(super) fn fault(&mut self, fault: AgentFault) {
        self.faults.get_or_insert_default().add(fault);
    }

    /// It misbehaved as the site says that it may.
    pub(super) fn allowed_fault(&mut self, fault: AgentFault) {
        self.faults.get_or_insert_default().add_once(fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(jobs: &[(Job, u64, u64)]) -> Device {
        let mut device = Device::new(([127, 0, 0, 1], 161).into());
        let due = |(job, interval_ms, at_ms): &(Job, u64, u64)| Due {
            job: *job,
            interval_ms: *interval_ms,
            at_ms: *at_ms,
            priority: Priority::usual(*job),
            begun_ms: 0,
            told: false,
            pace: Pace::default(),
        };
        device.jobs = jobs.iter().map(due).collect();
        device
    }

    fn begun(device: &mut Device, now_ms: u64) -> Vec<Job> {
        std::iter::from_fn(|| {
            let due = device
                .next_due(None, now_ms)
                .map(|at| &mut device.jobs[at])?;
            due.at_ms = now_ms + due.interval_ms;
            Some(due.job)
        })
        .collect()
    }

    #[test]
    fn what_is_due_at_the_same_moment_goes_by_its_number_and_equals_as_they_were_due() {
        let all = Job::ALL.map(|job| (job, 60_000, 5_000));
        let mut agent = device(&all);
        assert_eq!(begun(&mut agent, 4_999), []);
        let order = [
            Job::Status,
            Job::Ups,
            Job::Interfaces,
            Job::Sensors,
            Job::Inventory,
            Job::Tables,
        ];
        assert_eq!(begun(&mut agent, 9_000), order);
        let mut equals = device(&[(Job::Tables, 60_000, 5_000), (Job::Ups, 60_000, 4_000)]);
        for due in &mut equals.jobs {
            due.priority = 3.into();
        }
        assert_eq!(begun(&mut equals, 9_000), [Job::Ups, Job::Tables]);
    }

    #[test]
    fn what_waited_for_a_whole_interval_goes_before_all_but_the_status() {
        // a device so slow that each job takes all the time it may, which is more than there is
        let mut agent = device(&[
            (Job::Status, 30_000, 0),
            (Job::Interfaces, 60_000, 0),
            (Job::Tables, 300_000, 0),
        ]);
        let mut now = 0;
        let mut last = [0; 3];
        let mut longest = [0; 3];
        while now < 7_200_000 {
            let Some(at) = agent.next_due(None, now) else {
                now += 1_000;
                continue;
            };
            longest[at] = longest[at].max(now - last[at]);
            last[at] = now;
            let due = &mut agent.jobs[at];
            due.at_ms = now + due.interval_ms;
            now += due.interval_ms * 6 / 10;
        }
        let [status, _, tables] = longest;
        // behind one walk at the most, and never behind two
        assert!(status <= 180_000 + 30_000, "{longest:?}");
        assert!((300_000..=900_000).contains(&tables), "{longest:?}");
        assert!(last.iter().all(|at| *at > 6_000_000), "{last:?}");
    }
}
