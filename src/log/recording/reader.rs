//! Reading a recording.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::frame::{HEAD, Head, Kind};
use super::{Header, HeaderLine, RECORDING_FORMAT};
use crate::event::{Event, record};
use crate::log::batch::{self, Bad};
use crate::log::{LogError, sqlite::explain_io};
use crate::model::{Seq, Time};

/// The longest header line that is read.
const LINE_CAP: u64 = 64 << 10;

/// An open recording: its header, and where its frames are.
#[derive(Debug)]
pub struct RecordingReader {
    path: PathBuf,
    file: File,
    header: Header,
    /// Where each frame's header begins, in order.
    frames: Vec<(u64, Head)>,
    torn: u64,
    /// Where the chain of frames breaks in the midst of the file.
    broken: Option<(u64, &'static str)>,
}

impl RecordingReader {
    /// Reads the header and the places of the frames, not their contents.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let say = |error| explain_io(path, error);
        let file = File::open(path).map_err(say)?;
        let length = file.metadata().map_err(say)?.len();
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        reader
            .by_ref()
            .take(LINE_CAP)
            .read_until(b'\n', &mut line)
            .map_err(say)?;
        let header = read_line(path, &line)?;
        let mut this = Self {
            path: path.to_path_buf(),
            file: reader.into_inner(),
            header,
            frames: Vec::new(),
            torn: 0,
            broken: None,
        };
        this.find_frames(line.len() as u64, length).map_err(say)?;
        Ok(this)
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of an unfinished frame at the end (a crash, or a recording still being written); they are left out.
    pub fn torn_bytes(&self) -> u64 {
        self.torn
    }

    /// The times of the first and the last event.
    pub fn span(&self) -> Option<(Time, Time)> {
        let mut events = self.frames.iter().filter(|(_, h)| h.kind == Kind::Events);
        let first = events.next()?.1;
        let last = events.next_back().map_or(first, |l| l.1);
        Some((first.first.1, last.last.1))
    }

    /// The newest snapshot that is not after `at`: its place, its time, the engine's bytes.
    pub fn snapshot_before(&mut self, at: Time) -> Result<Option<(Seq, Time, Vec<u8>)>, LogError> {
        let found = self
            .frames
            .iter()
            .rev()
            .find(|(_, h)| h.kind == Kind::Snapshot && h.last.1 <= at)
            .copied();
        match found {
            None => Ok(None),
            Some((offset, head)) => {
                let bytes = self.payload(offset, head)?;
                Ok(Some((head.last.0, head.last.1, bytes)))
            }
        }
    }

    /// The snapshot that the recording begins with, if it does.
    pub fn first_snapshot(&mut self) -> Result<Option<(Seq, Time, Vec<u8>)>, LogError> {
        match self.frames.first().copied() {
            Some((offset, head)) if head.kind == Kind::Snapshot => {
                let bytes = self.payload(offset, head)?;
                Ok(Some((head.last.0, head.last.1, bytes)))
            }
            _ => Ok(None),
        }
    }

    /// The events after a place, in order. The first error ends it: what comes after a hole is not what happened.
    pub fn events(&mut self, after: Seq) -> Events<'_> {
        let next = self.frames.partition_point(|(_, h)| h.last.0 <= after);
        Events {
            reader: self,
            after,
            next,
            page: Vec::new().into_iter(),
            over: false,
        }
    }

    fn find_frames(&mut self, mut at: u64, length: u64) -> std::io::Result<()> {
        while at < length {
            if length - at < HEAD as u64 {
                self.torn = length - at;
                break;
            }
            let mut bytes = [0; HEAD];
            self.file.seek(SeekFrom::Start(at))?;
            self.file.read_exact(&mut bytes)?;
            let Some(head) = Head::from_bytes(&bytes) else {
                // a power cut may leave zeros where the end was to be
                if self.only_zeros_from(at)? {
                    self.torn = length - at;
                } else {
                    self.broken = Some((at, "the header of a frame does not match its checksum"));
                }
                break;
            };
            let end = at + HEAD as u64 + u64::from(head.packed);
            if end > length {
                self.torn = length - at;
                break;
            }
            self.frames.push((at, head));
            at = end;
        }
        Ok(())
    }

    fn only_zeros_from(&mut self, at: u64) -> std::io::Result<bool> {
        self.file.seek(SeekFrom::Start(at))?;
        let mut block = vec![0; 64 << 10];
        loop {
            match self.file.read(&mut block)? {
                0 => return Ok(true),
                n if block.iter().take(n).any(|b| *b != 0) => return Ok(false),
                _ => {}
            }
        }
    }

    fn damaged(&self, at: u64, why: impl Into<String>) -> LogError {
        LogError::Damaged {
            place: self.path.display().to_string(),
            at,
            why: why.into(),
        }
    }

    fn payload(&mut self, offset: u64, head: Head) -> Result<Vec<u8>, LogError> {
        let mut packed = vec![0; head.packed as usize];
        self.file
            .seek(SeekFrom::Start(offset + HEAD as u64))
            .and_then(|_| self.file.read_exact(&mut packed))
            .map_err(|e| explain_io(&self.path, e))?;
        if crc32fast::hash(&packed) != head.payload_crc {
            return Err(self.damaged(offset, "a frame does not match its checksum"));
        }
        batch::expand(&packed, head.raw as usize).map_err(|bad| self.bad(offset, bad))
    }

    fn bad(&self, offset: u64, bad: Bad) -> LogError {
        match bad {
            Bad::Damaged(why) => self.damaged(offset, why),
            Bad::Newer(found) => LogError::Newer {
                place: self.path.display().to_string(),
                found: u32::from(found),
                known: u32::from(record::RECORD_VERSION),
            },
        }
    }
}

fn read_line(path: &Path, line: &[u8]) -> Result<Header, LogError> {
    let place = || path.display().to_string();
    let no = |why: &str| LogError::Damaged {
        place: place(),
        at: 0,
        why: why.into(),
    };
    let value: serde_json::Value = match line.strip_suffix(b"\n") {
        Some(line) => serde_json::from_slice(line).map_err(|_| no("not a wardwatch recording"))?,
        None if line.starts_with(b"{\"wardwatch-recording\"") => {
            return Err(no("the recording ends within its first line"));
        }
        None => return Err(no("not a wardwatch recording")),
    };
    let found = value
        .get("wardwatch-recording")
        .and_then(serde_json::Value::as_u64)
        .ok_or_else(|| no("not a wardwatch recording"))?;
    let found = u32::try_from(found).unwrap_or(u32::MAX);
    if found > RECORDING_FORMAT {
        return Err(LogError::Newer {
            place: place(),
            found,
            known: RECORDING_FORMAT,
        });
    }
    let line: HeaderLine = serde_json::from_value(value)
        .map_err(|e| no(&format!("its first line can't be read: {e}")))?;
    Ok(Header {
        engine: line.engine,
        site: line.site,
        from: line.from.map_or(Time(0), |t| Time(t.as_millisecond())),
        to: line.to.map(|t| Time(t.as_millisecond())),
    })
}

/// The events of a recording, see [`RecordingReader::events`].
#[derive(Debug)]
pub struct Events<'a> {
    reader: &'a mut RecordingReader,
    after: Seq,
    next: usize,
    page: std::vec::IntoIter<Event>,
    over: bool,
}

impl Events<'_> {
    fn load(&mut self) -> Result<bool, LogError> {
        let Some((offset, head)) = self.reader.frames.get(self.next).copied() else {
            return match self.reader.broken {
                Some((at, why)) => Err(self.reader.damaged(at, why)),
                None => Ok(false),
            };
        };
        self.next += 1;
        if head.kind == Kind::Events {
            let raw = self.reader.payload(offset, head)?;
            self.page = batch::events(&raw)
                .map_err(|bad| self.reader.bad(offset, bad))?
                .into_iter();
        }
        Ok(true)
    }
}

impl Iterator for Events<'_> {
    type Item = Result<Event, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over {
            match self.page.next() {
                Some(event) if event.seq > self.after => {
                    self.after = event.seq;
                    return Some(Ok(event));
                }
                Some(_) => {}
                None => match self.load() {
                    Ok(true) => {}
                    Ok(false) => self.over = true,
                    Err(error) => {
                        self.over = true;
                        return Some(Err(error));
                    }
                },
            }
        }
        None
    }
}
