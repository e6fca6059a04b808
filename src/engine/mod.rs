//! The fold: (State, Event) → State + Effects.
//!
//! In: events, in the order of the log, configuration included. Out: the state that every screen is a picture of, and the
//! effects the collector carries out. It never asks a clock, a socket, a file, a process or chance, and never counts in floating point:
//! the same log gives the same [`State::hash`] on every machine.

mod alerts;
mod blast;
mod conditions;
mod conduct;
mod config;
mod counters;
mod credentials;
mod difference;
mod facts;
mod filter;
mod fold;
mod identified;
mod identity;
mod memory;
mod overrides;
mod plans;
mod poll;
mod quarantine;
mod quirks;
mod reach;
mod read;
mod runs;
mod sensors;
mod snapshot;
mod state;
mod summary;
mod tables;
mod targets;
mod timers;
mod topology;
mod touch;
mod version;

#[cfg(test)]
mod tests;

pub use difference::{Difference, differences};
pub use filter::{Filter, FilterError, FilterKey};
pub use memory::Memory;
pub use overrides::GAPS;
pub use plans::{POLL_PLANS, Polls};
pub use quarantine::{Heavy, Quarantine, Spared};
pub use quirks::Lesson;
pub use snapshot::SnapshotError;
pub use state::{Counts, Outcome, State};
pub use summary::{SegmentSummary, StateCounts};
pub use targets::Share;
pub use version::compare_versions;
