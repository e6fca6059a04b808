//! How an agent misbehaves when asked to.

use std::time::Duration;

use crate::sim::chance::hash;
use crate::wire::snmp::{Oid, Pdu};

/// Faults of one agent; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Never answers.
    pub silent: bool,
    /// So many of a thousand requests are lost.
    pub loss_permille: u16,
    /// Every answer comes so late.
    pub delay: Duration,
    /// A walk comes back to where it was.
    pub turn: Option<Loop>,
    /// Answers with another request id.
    pub wrong_id: bool,
    /// Finds every response too big.
    pub too_big: bool,
}

/// A walk without end: what follows `at` is what follows `back_to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// From this name on …
    pub at: Oid,
    /// … it goes on here.
    pub back_to: Oid,
}

impl Faults {
    pub(super) fn loses(&self, asked: u64) -> bool {
        self.silent || hash(0x1055, &[asked]) % 1_000 < u64::from(self.loss_permille)
    }

    pub(super) fn next_from<'a>(&'a self, oid: &'a Oid) -> &'a Oid {
        match &self.turn {
            Some(turn) if *oid >= turn.at => &turn.back_to,
            _ => oid,
        }
    }

    pub(super) fn spoil(&self, mut response: Pdu) -> Pdu {
        if self.wrong_id {
            response.request_id ^= 0x0055_5555;
        }
        response
    }
}
