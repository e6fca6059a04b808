//! Writing a recording.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::frame::{Head, Kind};
use super::{Header, HeaderLine, RECORDING_FORMAT};
use crate::event::Event;
use crate::log::{LogError, batch, sqlite::explain_io};
use crate::model::{Seq, Time};

/// Bytes of events that make a frame.
const FRAME_BYTES: usize = 256 << 10;

/// Writes a recording. Nothing of what was written is touched again.
#[derive(Debug)]
pub struct RecordingWriter {
    path: PathBuf,
    file: File,
    length: u64,
    raw: Vec<u8>,
    first: Option<(Seq, Time)>,
    last: (Seq, Time),
}

impl RecordingWriter {
    /// Begins a new file, readable by its owner alone. One that is there already is not overwritten.
    pub fn create(path: &Path, header: &Header) -> Result<Self, LogError> {
        let say = |error| explain_io(path, error);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(say)?;
        let line = HeaderLine {
            format: RECORDING_FORMAT,
            engine: header.engine.clone(),
            site: header.site.clone(),
            from: Some(header.from.timestamp()),
            to: header.to.map(Time::timestamp),
        };
        let mut line = serde_json::to_vec(&line).map_err(|e| say(e.into()))?;
        line.push(b'\n');
        file.write_all(&line).map_err(say)?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            length: line.len() as u64,
            raw: Vec::new(),
            first: None,
            last: (Seq(0), Time(0)),
        })
    }

    /// Adds the engine's bytes for the state after event `at`; a replay can begin, or jump, there.
    pub fn snapshot(&mut self, at: Seq, time: Time, bytes: &[u8]) -> Result<(), LogError> {
        self.write_events()?;
        self.frame(Kind::Snapshot, (at, time), (at, time), bytes)
    }

    /// Adds events, which follow those before. They are on the disk after [`RecordingWriter::flush`].
    pub fn append(&mut self, events: &[Event]) -> Result<(), LogError> {
        crate::log::check_order(self.last.0, events, &self.path.display().to_string())?;
        for event in events {
            if self.raw.len() >= FRAME_BYTES {
                self.write_events()?;
            }
            batch::push(&mut self.raw, event).map_err(|e| LogError::Store {
                place: self.path.display().to_string(),
                why: e.to_string(),
            })?;
            self.first.get_or_insert((event.seq, event.time));
            self.last = (event.seq, event.time);
        }
        Ok(())
    }

    /// Everything added is on the disk when it returns.
    pub fn flush(&mut self) -> Result<(), LogError> {
        self.write_events()?;
        self.file.sync_data().map_err(|e| explain_io(&self.path, e))
    }

    /// Flushes, and ends.
    pub fn finish(mut self) -> Result<(), LogError> {
        self.flush()
    }

    fn write_events(&mut self) -> Result<(), LogError> {
        let Some(first) = self.first else {
            return Ok(());
        };
        let raw = std::mem::take(&mut self.raw);
        let written = self.frame(Kind::Events, first, self.last, &raw);
        self.raw = raw;
        written?;
        self.raw.clear();
        self.first = None;
        Ok(())
    }

    fn frame(
        &mut self,
        kind: Kind,
        first: (Seq, Time),
        last: (Seq, Time),
        raw: &[u8],
    ) -> Result<(), LogError> {
        let say = |error| explain_io(&self.path, error);
        let packed = batch::compress(raw).map_err(say)?;
        let (Ok(raw_len), Ok(packed_len)) = (u32::try_from(raw.len()), u32::try_from(packed.len()))
        else {
            return Err(LogError::Store {
                place: self.path.display().to_string(),
                why: format!("{} bytes are too many for one frame", raw.len()),
            });
        };
        let mut bytes = Head {
            kind,
            raw: raw_len,
            packed: packed_len,
            first,
            last,
            payload_crc: crc32fast::hash(&packed),
        }
        .to_bytes();
        bytes.extend(packed);
        if let Err(error) = self.file.write_all(&bytes) {
            // half a frame goes away again, so that the next one can follow
            let _ = self.file.set_len(self.length);
            let _ = self.file.seek(SeekFrom::Start(self.length));
            return Err(say(error));
        }
        self.length += bytes.len() as u64;
        Ok(())
    }
}

impl Drop for RecordingWriter {
    fn drop(&mut self) {
        if let Err(error) = self.write_events() {
            tracing::error!(%error, "the end of the recording could not be written");
        }
    }
}
