//! What a job asks and hears. A job is a future that the driver polls itself, so that a thousand agents cost no task each.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use super::memory::Memory;
use crate::model::{PacketKind, Text};
use crate::wire::snmp::{Oid, VarBind};

/// One question to an agent; its answer may take several datagrams (retries, v3 discovery).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// GET
    Get(Vec<Oid>),
    /// GETNEXT
    Next(Vec<Oid>),
    /// GETBULK; the first `once` names are not repeated.
    Bulk {
        once: usize,
        repetitions: u16,
        names: Vec<Oid>,
    },
    /// SET
    Set(Vec<VarBind>),
}

impl Ask {
    /// What the ledger calls it.
    pub(super) fn kind(&self) -> PacketKind {
        match self {
            Self::Get(_) => PacketKind::Get,
            Self::Next(_) | Self::Bulk { .. } => PacketKind::Walk,
            Self::Set(_) => PacketKind::Set,
        }
    }
}

/// An answer: a response of that agent to that question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) error_status: i32,
    pub(super) error_index: i32,
    pub(super) varbinds: Vec<VarBind>,
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
    /// The gate refuses.
    NotAllowed(Text),
    /// The system refuses.
    Unreachable(Text),
    /// The job's time is over.
    Deadline,
    /// The question does not fit a datagram.
    TooLong(usize),
    /// The agent returned an error.
    Agent { status: i32, index: i32 },
}

#[derive(Debug, Default)]
struct Slot {
    question: Option<Ask>,
    answer: Option<Result<Reply, Failure>>,
    answers: u32,
    varbinds: u64,
}

/// A job's end of the line to its agent.
#[derive(Clone, Debug)]
pub(super) struct Io {
    slot: Arc<Mutex<Slot>>,
    memory: Arc<Mutex<Memory>>,
    /// SNMPv1: no GETBULK, no Counter64.
    pub(super) v1: bool,
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // nothing panics while it holds one; what is in there is still true
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Io {
    pub(super) fn new(memory: Arc<Mutex<Memory>>, v1: bool) -> Self {
        Self {
            slot: Arc::default(),
            memory,
            v1,
        }
    }

    /// What is known of the agent from before.
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        locked(&self.memory)
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
            slot.varbinds += reply.varbinds.len() as u64;
        }
        slot.answer = Some(answer);
    }

    /// Answers so far, and the bindings they carried.
    pub(super) fn heard(&self) -> (u32, u64) {
        let slot = locked(&self.slot);
        (slot.answers, slot.varbinds)
    }
}
