//! One agent in the driver's table.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::breaker::Breaker;
use super::io::{Failure, Io};
use super::job::Running;
use super::login::Ready;
use super::memory::Memory;
use super::rtt::Rtt;
use super::schedule;
use super::session::{Engine, Exchange};
use super::task::Task;
use crate::event::{Job, Target};
use crate::model::Text;
use crate::wire::snmp::DecodeError;

/// Misses in a row that are confirmed by probes of their own.
pub(super) const CONFIRMED_MISSES: u32 = 3;

/// A job with its next time, the driver's milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) job: Job,
    pub(super) interval_ms: u64,
    pub(super) at_ms: u64,
    /// The engine was told that the gate does not allow it.
    pub(super) told: bool,
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
}

/// A question under way.
pub(super) struct Flight {
    pub(super) exchange: Exchange,
    /// It counts in the window.
    pub(super) counted: bool,
    pub(super) sent: Option<Instant>,
    pub(super) due_ms: u64,
    /// Attempts that ran out of time.
    pub(super) attempt: u32,
    pub(super) tries: u32,
    /// It answered nonsense meanwhile.
    pub(super) malformed: Option<DecodeError>,
}

/// An agent.
pub(super) struct Device {
    pub(super) to: SocketAddr,
    /// What the engine wants of it; none for those that are only asked once.
    pub(super) target: Option<Target>,
    pub(super) jobs: Vec<Due>,
    pub(super) queue: VecDeque<Task>,
    pub(super) active: Option<Box<Active>>,
    /// A scheduled job that lets a question of a person go first.
    pub(super) parked: Option<Box<Active>>,
    pub(super) flight: Option<Box<Flight>>,
    pub(super) rtt: Rtt,
    pub(super) breaker: Breaker,
    pub(super) engine: Option<Engine>,
    pub(super) memory: Arc<Mutex<Memory>>,
    /// Ids of the last questions, to know late answers by.
    pub(super) recent: [i32; 4],
    /// The credential that worked last.
    pub(super) works: Option<Text>,
    /// The system group came: walks may begin.
    pub(super) met: bool,
    pub(super) misses: u32,
    pub(super) refused_until_ms: Option<u64>,
    /// It stands in the driver's list of those nobody asks for.
    pub(super) resting: bool,
    /// The heap's entry that counts.
    pub(super) wake_ms: u64,
}

impl Device {
    pub(super) fn new(to: SocketAddr) -> Self {
        Self {
            to,
            target: None,
            jobs: Vec::new(),
            queue: VecDeque::new(),
            active: None,
            parked: None,
            flight: None,
            rtt: Rtt::default(),
            breaker: Breaker::default(),
            engine: None,
            memory: Arc::default(),
            recent: [0; 4],
            works: None,
            met: false,
            misses: 0,
            refused_until_ms: None,
            resting: false,
            wake_ms: u64::MAX,
        }
    }

    /// Puts a target in force; what did not change keeps its time.
    pub(super) fn aim(&mut self, target: &Target, now_ms: u64) {
        if self.target.as_ref() == Some(target) {
            return;
        }
        let address = target.address;
        let mut jobs: Vec<Due> = target
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
                    told: false,
                })
            })
            .collect();
        // what says most for the least comes first
        jobs.sort_by_key(|due| match due.job {
            Job::Status => 0,
            Job::Ups => 1,
            Job::Interfaces => 2,
            Job::Inventory => 3,
            Job::Tables => 4,
            Job::Sensors => 5,
        });
        self.jobs = jobs;
        self.refused_until_ms = None;
        let credentials = |t: &Target| t.credentials.clone();
        if self.target.as_ref().map(credentials) != Some(credentials(target)) {
            self.works = None;
        }
        self.target = Some(target.clone());
    }

    pub(super) fn due_mut(&mut self, job: Job) -> Option<&mut Due> {
        self.jobs.iter_mut().find(|d| d.job == job)
    }

    /// Nothing to do now or ever.
    pub(super) fn is_idle(&self) -> bool {
        self.target.is_none()
            && self.queue.is_empty()
            && self.active.is_none()
            && self.parked.is_none()
    }

    /// When the driver must look at it again.
    pub(super) fn wants_ms(&self) -> u64 {
        if let Some(active) = &self.active {
            return match &self.flight {
                Some(flight) if flight.sent.is_some() => active.deadline_ms.min(flight.due_ms),
                _ => active.deadline_ms,
            };
        }
        if self.target.is_none() {
            return u64::MAX;
        }
        let due = self.jobs.iter().map(|d| d.at_ms).min().unwrap_or(u64::MAX);
        if let Some(until) = self.refused_until_ms {
            return until;
        }
        self.breaker.open_until().unwrap_or(due)
    }

    /// The id of a question that is over.
    pub(super) fn remember(&mut self, id: i32) {
        self.recent.rotate_right(1);
        self.recent[0] = id;
    }
}
