//! What the poller remembers of an agent, so that it tells the log only what changed and asks no more than it must.

use std::collections::BTreeMap;

use super::book::Hints;
use super::lessons::{Experience, Limits};
use crate::event::{IfMetaV1, SysGroupV1};
use crate::model::{FactKey, Text};

/// Repetitions of the first GETBULK to an agent nobody knows.
pub(super) const FIRST_REPETITIONS: u16 = 10;
/// The most repetitions.
pub(super) const MOST_REPETITIONS: u16 = 50;
/// Names in one GET to an agent nobody knows.
const FIRST_GET: usize = 64;

/// How much an agent can take at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Learned {
    /// Repetitions of a GETBULK.
    pub(super) repetitions: u16,
    /// It does not do GETBULK.
    pub(super) next_only: bool,
    /// It said so itself, by what it answered to one.
    pub(super) said_next: bool,
    /// Names in a GET.
    pub(super) get: usize,
}

impl Default for Learned {
    fn default() -> Self {
        Self {
            repetitions: FIRST_REPETITIONS,
            next_only: false,
            said_next: false,
            get: FIRST_GET,
        }
    }
}

impl Learned {
    /// For the next task. Silence to GETBULK may have been the network's, so that one is tried again, of the least; whether it
    /// can't be done at all is for lessons to say, which know how good the line is.
    pub(super) fn doubted(self) -> Self {
        if self.next_only && !self.said_next {
            Self {
                repetitions: 1,
                next_only: false,
                ..self
            }
        } else {
            self
        }
    }
}

/// Names, kinds and speeds of the interfaces, and when they must be read again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Interfaces {
    pub(super) meta: BTreeMap<u32, IfMetaV1>,
    pub(super) last_change: Option<u64>,
    pub(super) number: Option<u64>,
    /// Monotonic milliseconds of the last whole reading.
    pub(super) read_ms: Option<u64>,
}

/// Which tables the agent was seen to have; an empty one of those is news, an empty one of others is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tables {
    pub(super) forwarding: bool,
    pub(super) addresses: bool,
    pub(super) lldp: bool,
    pub(super) cdp: bool,
}

/// Everything remembered of one agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    /// The system group as last told.
    pub(super) system: Option<SysGroupV1>,
    /// Facts as last told.
    pub(super) facts: BTreeMap<FactKey, Text>,
    pub(super) interfaces: Interfaces,
    pub(super) tables: Tables,
    /// How often its spanning tree changed, as last said.
    pub(super) top_changes: Option<u64>,
    /// The row of the chassis, as last read.
    pub(super) chassis: Option<Vec<u32>>,
    /// Which bridge port is which interface, as last read.
    pub(super) bridge_ports: BTreeMap<u32, u32>,
    /// Tables that need not be read each time.
    pub(super) hints: Hints,
    pub(super) learned: Learned,
    /// Its sensors as last told.
    pub(super) sensors: super::job::sensors::Told,
    /// What its model can take.
    pub(super) limits: Limits,
    /// What the last walks taught.
    pub(super) lived: Lived,
}

/// What walks taught, until the driver takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lived {
    pub(super) events: Vec<Experience>,
    /// The most rows of one answer.
    pub(super) rows: u16,
}

/// Experiences of one task.
const LIVED: usize = 64;

impl Lived {
    pub(super) fn add(&mut self, what: Experience) {
        if self.events.len() < LIVED {
            self.events.push(what);
        }
    }
}

impl Memory {
    /// Keeps those facts that are not what they were; empty ones are no facts.
    pub(super) fn news(&mut self, facts: Vec<(FactKey, Text)>) -> Vec<(FactKey, Text)> {
        facts
            .into_iter()
            .filter(|(key, value)| {
                !value.is_empty() && self.facts.insert(*key, value.clone()).as_ref() != Some(value)
            })
            .collect()
    }
}
