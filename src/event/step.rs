//! How a run of a remediation goes on, and what went out on the wire.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::model::{PacketKind, Revert, RunId, RunPlan, RunState, Text, Time};

/// One step of a run. A run's id is the place in the log of its `Planned`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunStep {
    /// A person chose and confirmed it.
    Planned {
        /// What exactly.
        plan: Box<RunPlan>,
        /// Who.
        by: Text,
        /// Why.
        reason: Text,
    },
    /// It starts.
    Started {
        /// Which.
        run: RunId,
    },
    /// It said something.
    Output {
        /// Which.
        run: RunId,
        /// What, a line each.
        lines: Vec<Text>,
        /// Lines left out before these.
        dropped: u64,
    },
    /// Before the first SET: how and when it will be put back (invariant 10).
    RevertDue {
        /// Which.
        run: RunId,
        /// How.
        revert: Revert,
    },
    /// It was put back, or could not be.
    RevertDone {
        /// Which.
        run: RunId,
        /// Empty when done, else why not.
        error: Text,
    },
    /// It is over.
    Ended {
        /// Which.
        run: RunId,
        /// How.
        state: RunState,
        /// Exit status of a program.
        exit: Option<i32>,
        /// SHA-256 over all output, hexadecimal.
        output_hash: Text,
        /// Why it failed, or what it found.
        outcome: Text,
    },
}

/// Packets of one kind that went to one address for one cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LedgerRow {
    /// To whom.
    pub address: IpAddr,
    /// What.
    pub kind: PacketKind,
    /// How many.
    pub count: u32,
    /// The first.
    pub first: Time,
    /// The last.
    pub last: Time,
    /// Why: `poll status`, `scan by ana`, `run 4711 port-bounce by ana`.
    pub cause: Text,
}

impl LedgerRow {
    /// Takes in another row of the same address, kind and cause.
    pub fn join(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}
