//! Recording files: the event log of a period, to be replayed anywhere.
//!
//! A readable header line in JSON, then frames: each with its own header (kind, lengths, places, times, two checksums) and
//! a payload compressed with zstd. What a crash left half written at the end is cut and counted; a flipped bit is found and
//! named with its place; a newer format is refused. A secret has no form here (see [`crate::event::record::encode`]).

mod frame;
mod reader;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Log, LogError};
use crate::model::{Seq, Text, Time};

pub use reader::{Events, RecordingReader};
pub use writer::RecordingWriter;

/// The format that is written, and the newest that is read.
pub const RECORDING_FORMAT: u32 = 1;

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version of the engine that folded these events; a replay by the same one gives the same state hash.
    pub engine: Text,
    /// Name of the site.
    pub site: Text,
    /// The window begins here; events before it, if there are any, only lead up to it.
    pub from: Time,
    /// And ends here, where that was known at the beginning.
    pub to: Option<Time>,
}

impl Header {
    /// For a recording that begins now: `engine` is this program's version.
    pub fn new(site: Text, from: Time) -> Self {
        Self {
            engine: env!("CARGO_PKG_VERSION").into(),
            site,
            from,
            to: None,
        }
    }
}

/// The line as JSON has it.
#[derive(Serialize, Deserialize)]
struct HeaderLine {
    #[serde(rename = "wardwatch-recording")]
    format: u32,
    #[serde(default)]
    engine: Text,
    #[serde(default)]
    site: Text,
    #[serde(default)]
    from: Option<jiff::Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<jiff::Timestamp>,
}

/// Writes the events of `log` up to the end of the window in `header` to a new recording, and says how many there were.
/// With a `snapshot` of the state (its place, its time, the engine's bytes) the recording begins there; without one it
/// begins with the oldest event that is kept, which leads up to the window.
pub fn export(
    log: &mut dyn Log,
    snapshot: Option<(Seq, Time, &[u8])>,
    header: &Header,
    path: &Path,
) -> Result<u64, LogError> {
    let mut writer = RecordingWriter::create(path, header)?;
    let mut after = Seq(0);
    if let Some((seq, time, bytes)) = snapshot {
        writer.snapshot(seq, time, bytes)?;
        after = seq;
    }
    let mut count = 0;
    let mut failed = None;
    log.read_from(after, &mut |event| {
        if header.to.is_some_and(|to| event.time > to) {
            return false;
        }
        count += 1;
        match writer.append(std::slice::from_ref(&event)) {
            Ok(()) => true,
            Err(error) => {
                failed = Some(error);
                false
            }
        }
    })?;
    match failed {
        Some(error) => Err(error),
        None => writer.finish().map(|()| count),
    }
}
