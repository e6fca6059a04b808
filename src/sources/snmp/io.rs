//! What a job asks and hears. A job is a future that the driver polls itself, so that a thousand agents cost no task each.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use super::ask::Ask;
use super::book::{Book, Question};
use super::cut::{CUTS, Cut, Reason};
use super::memory::Memory;
use crate::config::sensors::Sensors;
use crate::event::AgentFault;
use crate::model::{PartKind, Text};
use crate::wire::snmp::Bindings;

/// An answer: a response of that agent to that question.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) error_status: i32,
    pub(super) error_index: i32,
    pub(super) bindings: Bindings,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Silence, however often it was asked.
    Timeout,
    /// It answers, but nonsense.
    Malformed(Text),
    /// It refuses.
    Refused(Text),
    /// It speaks SNMPv3 and does not know the user.
    UnknownUser,
    /// The gate refuses.
    NotAllowed(Text),
    /// The system refuses.
    Unreachable(Text),
    /// The job's time is over.
    Deadline,
    /// The job's time ran out while it waited for a budget.
    Held,
    /// The question does not fit a datagram.
    TooLong(usize),
    /// The agent returned an error.
    Agent { status: i32, index: i32 },
}

impl Failure {
    /// Nothing more will come of asking on.
    pub(super) fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::Timeout | Self::Deadline | Self::Held | Self::Unreachable(_)
        )
    }
}

/// Faults that one task tells.
const FAULTS: usize = 64;

#[derive(Debug, Default)]
struct Slot {
    question: Option<Ask>,
    answer: Option<Result<Reply, Failure>>,
    answers: u32,
    varbinds: u64,
    faults: Vec<AgentFault>,
    cuts: Vec<Cut>,
    /// An answer came when it was no longer waited for.
    late: bool,
}

/// A job's end of the line to its agent.
#[derive(Clone, Debug)]
pub(super) struct Io {
    slot: Arc<Mutex<Slot>>,
    memory: Arc<Mutex<Memory>>,
    book: Arc<Book>,
    /// SNMPv1: no GETBULK, no Counter64.
    pub(super) v1: bool,
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // nothing panics while it holds one; what is in there is still true
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Io {
    pub(super) fn new(memory: Arc<Mutex<Memory>>, book: Arc<Book>, v1: bool) -> Self {
        Self {
            slot: Arc::default(),
            memory,
            book,
            v1,
        }
    }

    /// What is known of the agent from before.
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        locked(&self.memory)
    }

    /// What the plans ask of it in a part; none where they do not.
    pub(super) fn part(&self, kind: PartKind) -> Option<Arc<Question>> {
        self.book.part(kind)
    }

    /// Which tables of it may hold sensors.
    pub(super) fn tables(&self) -> Arc<Sensors> {
        self.book.tables()
    }

    /// Asks and waits.
    pub(super) async fn ask(&self, ask: Ask) -> Result<Reply, Failure> {
        locked(&self.slot).question = Some(ask);
        poll_fn(|_| match locked(&self.slot).answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }

    /// The driver's end: what the job wants to know.
    pub(super) fn question(&self) -> Option<Ask> {
        locked(&self.slot).question.take()
    }

    /// The driver's end: not now.
    pub(super) fn put_back(&self, ask: Ask) {
        locked(&self.slot).question = Some(ask);
    }

    /// The driver's end: the answer. Poll the job then.
    pub(super) fn answer(&self, answer: Result<Reply, Failure>) {
        let mut slot = locked(&self.slot);
        if let Ok(reply) = &answer {
            slot.answers += 1;
            slot.varbinds += reply.bindings.len() as u64;
        }
        slot.answer = Some(answer);
    }

    /// The driver's end: an answer came when it was no longer waited for.
    pub(super) fn was_late(&self) {
        locked(&self.slot).late = true;
    }

    /// Did an answer come when it was no longer waited for? Then the agent was slow, and not silent.
    pub(super) fn take_late(&self) -> bool {
        std::mem::take(&mut locked(&self.slot).late)
    }

    /// The agent misbehaves.
    pub(super) fn fault(&self, fault: AgentFault) {
        let mut slot = locked(&self.slot);
        if slot.faults.len() < FAULTS {
            slot.faults.push(fault);
        }
    }

    /// The driver's end: how it misbehaved so far.
    pub(super) fn faults(&self) -> Vec<AgentFault> {
        std::mem::take(&mut locked(&self.slot).faults)
    }

    /// A table was not read to its end.
    pub(super) fn cut(&self, table: &str, why: Reason) {
        let mut slot = locked(&self.slot);
        if slot.cuts.len() < CUTS {
            slot.cuts.push(Cut {
                what: format!("table {table}").into(),
                why,
            });
        }
    }

    /// The driver's end: which tables were not read to their end so far.
    pub(super) fn cuts(&self) -> Vec<Cut> {
        std::mem::take(&mut locked(&self.slot).cuts)
    }

    /// Answers so far, and the bindings they carried.
    pub(super) fn heard(&self) -> (u32, u64) {
        let slot = locked(&self.slot);
        (slot.answers, slot.varbinds)
    }
}
