//! Where events live: append, read, query, snapshot, retention.
//!
//! In: events from the collector, in order. Out: the same events, and answers to queries. It never interprets an event
//! beyond what an index needs, and never says that something is kept before it is on the disk.

mod batch;
mod memory;
pub mod recording;
mod rollup;
mod sqlite;

pub use memory::{MEMORY_CHANGES, MEMORY_EVENTS, MemoryLog, SNAPSHOTS};
pub use sqlite::{Retention, SqliteLog, StateLock, StoreSize};

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::event::{Event, LedgerRow};
use crate::model::{Change, DeviceId, Seq, Text, Time};

/// A log that can't do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// No room on the disk. What was acknowledged is safe; nothing new is kept until there is room.
    #[error("no space left for the log in {place}: free some, or shorten its retention")]
    Full {
        /// Where.
        place: String,
    },
    /// Another process collects for this state directory.
    #[error(
        "{place} is in use by process {pid}: one process collects for a state folder; end that one, or choose another --state"
    )]
    InUse {
        /// Where.
        place: String,
        /// By whom.
        pid: u32,
    },
    /// Written by a newer wardwatch.
    #[error(
        "{place} was written by a newer wardwatch (format {found}, this one reads {known}); use that one"
    )]
    Newer {
        /// Which file.
        place: String,
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// Not what it should be.
    #[error("{place} is damaged at byte {at}: {why}")]
    Damaged {
        /// Which file.
        place: String,
        /// Where in it.
        at: u64,
        /// What is wrong.
        why: String,
    },
    /// The system said no.
    #[error("{place}: {source}")]
    Io {
        /// Which file.
        place: String,
        /// What it said.
        source: std::io::Error,
    },
    /// The store said no.
    #[error("{place}: {why}")]
    Store {
        /// Which file.
        place: String,
        /// What it said.
        why: String,
    },
}

/// What the state no longer holds is asked of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Query {
    /// Packets sent to an address, the newest first: one by one where less than SNMP is allowed, else summed by hour, kind
    /// and cause.
    Ledger {
        /// To whom.
        addresses: Vec<IpAddr>,
        /// Since when.
        since: Time,
        /// Before when the first of them left; a sum that began before then is told whole.
        before: Time,
        /// How many rows at the most.
        limit: u32,
    },
    /// Changes of a device, the newest first.
    Changes {
        /// Whose.
        device: DeviceId,
        /// Before when.
        before: Time,
        /// How many at the most.
        limit: u32,
    },
    /// Commands and steps of runs (without their output, which the run itself has), the newest first.
    Deeds {
        /// Before when.
        before: Time,
        /// How many at the most.
        limit: u32,
    },
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Query::Ledger`].
    Ledger(Vec<LedgerRow>),
    /// To [`Query::Changes`].
    Changes(Vec<Change>),
    /// To [`Query::Deeds`].
    Deeds(Vec<Event>),
    /// Retention has taken it; what is left begins then.
    NotKept {
        /// The oldest that is kept.
        oldest: Time,
    },
    /// It could not be asked.
    Failed(Text),
}

/// One place where events live. One owner at a time.
pub trait Log: Send {
    /// Appends events whose places follow the last one's. When it returns, those whose body
    /// [must be durable](crate::event::Body::must_be_durable) are; the others may still be in memory until [`Log::flush`].
    /// On an error [`Log::last`] says how far the log got: what is up to there is kept, what is after it is not, and the
    /// place after it may be given to another event, or left out.
    fn append(&mut self, events: &[Event]) -> Result<(), LogError>;

    /// Everything appended is on the disk when it returns.
    fn flush(&mut self) -> Result<(), LogError>;

    /// The place of the last event, zero when there is none, and its time.
    fn last(&self) -> (Seq, Time);

    /// Did the process that appended last come to its end ([`Log::note_end`])? A log without events did.
    fn ended(&mut self) -> Result<bool, LogError> {
        Ok(true)
    }

    /// Everything is written and nothing follows. What is appended later makes it untrue again.
    fn note_end(&mut self) -> Result<(), LogError> {
        self.flush()
    }

    /// Hands every event after `after` to `each`, in order, until it returns `false`.
    fn read_from(
        &mut self,
        after: Seq,
        each: &mut dyn FnMut(Event) -> bool,
    ) -> Result<(), LogError>;

    /// The newest snapshot: the place it stands for, and its bytes.
    fn snapshot(&mut self) -> Result<Option<(Seq, Vec<u8>)>, LogError>;

    /// Keeps a snapshot for `at`, which is of that time; of the older ones the newest few, and where they can be of use for the past
    /// each of the last day, one an hour of the day before, one a day beyond.
    fn keep_snapshot(&mut self, at: Seq, time: Time, bytes: &[u8]) -> Result<(), LogError>;

    /// The newest snapshot that is not younger than `time`, and after which no event is missing: its place, its time and its bytes.
    fn snapshot_before(&mut self, time: Time) -> Result<Option<(Seq, Time, Vec<u8>)>, LogError>;

    /// The place after which nothing is missing: zero where the log is whole from its beginning.
    fn whole_after(&self) -> Result<Seq, LogError>;

    /// The earliest time whose state can be told: that of the first event where the log is whole, else of the first snapshot after
    /// which it is.
    fn earliest(&mut self) -> Result<Option<Time>, LogError>;

    /// Notes changes that the engine derived, for [`Query::Changes`].
    fn note_changes(&mut self, changes: &[(DeviceId, Change)]) -> Result<(), LogError>;

    /// Answers a query.
    fn query(&mut self, query: &Query) -> Answer;

    /// Removes what is older than its retention; whole days at a time.
    fn retain(&mut self, now: Time) -> Result<(), LogError>;
}

/// Events must follow the last one and each other; places may be left out (what a full disk refused is not there).
fn check_order(last: Seq, events: &[Event], place: &str) -> Result<(), LogError> {
    let mut last = last;
    for event in events {
        if event.seq <= last {
            return Err(LogError::Store {
                place: place.into(),
                why: format!("event {} does not follow event {last}", event.seq),
            });
        }
        last = event.seq;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
