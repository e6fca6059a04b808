//! Where what was is read from: a recording, or the log of a program that collects.

use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use crate::engine::State;
use crate::event::Event;
use crate::log::recording::RecordingReader;
use crate::log::{Log, LogError, SqliteLog};
use crate::model::{Seq, Time};

/// What happened, in order.
pub type Events = Box<dyn Iterator<Item = Result<Event, LogError>> + Send>;

/// Something that can be played, from any place.
pub trait Tape: Send + Sync {
    /// A state that is at hand and not younger than `time`, as near as there is one; a recording gives the one it begins with.
    fn before(&self, time: Time) -> Result<State, LogError>;
    /// What happened after a place.
    fn after(&self, place: Seq) -> Result<Events, LogError>;
    /// States are at hand on the way, so that a far jump need not pass through all that was between.
    fn has_states(&self) -> bool;
}

/// How many events are read at a time.
const PAGE: usize = 4096;

/// A recording.
pub struct Recording(pub PathBuf);

impl Tape for Recording {
    fn before(&self, _: Time) -> Result<State, LogError> {
        let mut reader = RecordingReader::open(&self.0)?;
        match reader.first_snapshot()? {
            Some((_, _, bytes)) => State::from_snapshot(&bytes).map_err(|e| LogError::Damaged {
                place: self.0.display().to_string(),
                at: 0,
                why: e.to_string(),
            }),
            None => Ok(State::new()),
        }
    }

    fn after(&self, place: Seq) -> Result<Events, LogError> {
        let mut reader = RecordingReader::open(&self.0)?;
        Ok(Box::new(Pages::new(place, move |after| {
            reader.events(after).take(PAGE).collect()
        })))
    }

    fn has_states(&self) -> bool {
        false
    }
}

/// The log in a state folder, also while its collector runs.
pub struct Collected(pub PathBuf);

impl Collected {
    /// The earliest time whose state can be told.
    pub fn earliest(&self) -> Result<Option<Time>, LogError> {
        SqliteLog::open_events(&self.0)?.earliest()
    }
}

impl Tape for Collected {
    fn before(&self, time: Time) -> Result<State, LogError> {
        let mut log = SqliteLog::open_events(&self.0)?;
        base(&mut log, time)?.ok_or_else(|| LogError::Store {
            place: self.0.display().to_string(),
            why: format!("what is kept does not tell the state of {time}"),
        })
    }

    fn after(&self, place: Seq) -> Result<Events, LogError> {
        let mut log = SqliteLog::open_events(&self.0)?;
        let (pages, taken) = sync_channel(2);
        // read ahead, in one go: who has enough lets go of the other end
        let reading = move || {
            let mut page = Vec::new();
            let read = log.read_from(place, &mut |event| {
                page.push(Ok(event));
                page.len() < PAGE || pages.send(std::mem::take(&mut page)).is_ok()
            });
            page.extend(read.err().map(Err));
            let _ = pages.send(page);
        };
        std::thread::Builder::new()
            .name("tape".into())
            .spawn(reading)
            .map_err(|source| LogError::Io {
                place: self.0.display().to_string(),
                source,
            })?;
        Ok(Box::new(taken.into_iter().flatten()))
    }

    fn has_states(&self) -> bool {
        true
    }
}

/// A state of a log from which one of `time` is folded whole: nothing that was between them is missing. None where nothing is kept
/// that tells it.
pub fn base(log: &mut dyn Log, time: Time) -> Result<Option<State>, LogError> {
    let mut before = time;
    while let Some((_, at, bytes)) = log.snapshot_before(before)? {
        if let Ok(found) = State::from_snapshot(&bytes) {
            return Ok(Some(found));
        }
        // one of an older wardwatch: an earlier one and more events do as well
        before = Time(at.0 - 1);
    }
    Ok((log.whole_after()? == Seq(0)).then(State::new))
}

/// Folds up to a time, wherever that is: the state of then.
pub fn state_at(tape: &dyn Tape, time: Time) -> Result<State, LogError> {
    let mut state = tape.before(time)?;
    for event in tape.after(state.seq)? {
        let event = event?;
        if event.time > time {
            break;
        }
        let _ = state.apply(&event);
    }
    Ok(state)
}

/// Events a page at a time.
struct Pages<F> {
    after: Seq,
    page: std::vec::IntoIter<Result<Event, LogError>>,
    over: bool,
    more: F,
}

impl<F: FnMut(Seq) -> Vec<Result<Event, LogError>>> Pages<F> {
    fn new(after: Seq, more: F) -> Self {
        Self {
            after,
            page: Vec::new().into_iter(),
            over: false,
            more,
        }
    }
}

impl<F: FnMut(Seq) -> Vec<Result<Event, LogError>>> Iterator for Pages<F> {
    type Item = Result<Event, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(next) = self.page.next() {
            return Some(next);
        }
        if self.over {
            return None;
        }
        let page = (self.more)(self.after);
        self.over = page.len() < PAGE || page.last().is_some_and(Result::is_err);
        if let Some(Ok(last)) = page.iter().rev().find(|e| e.is_ok()) {
            self.after = last.seq;
        }
        self.page = page.into_iter();
        self.page.next()
    }
}

/// States that jumps start from, near each other where somebody was, and few enough to keep.
#[derive(Default)]
pub(super) struct Keyframes {
    /// By time.
    kept: Vec<State>,
}

/// How far apart they are.
const APART: Duration = Duration::from_secs(30);
/// How many of them are kept, and how many devices they may hold together; beyond, every second one goes.
const FRAMES: usize = 512;
const DEVICES: usize = 250_000;

impl Keyframes {
    /// Keeps a state, where none is near.
    pub(super) fn keep(&mut self, state: &State) {
        let at = self.kept.partition_point(|k| k.seq <= state.seq);
        let near = |other: Option<&State>| {
            other.is_some_and(|k| {
                let gap = k.time.since(state.time).max(state.time.since(k.time));
                gap < APART || k.seq == state.seq
            })
        };
        if near(at.checked_sub(1).and_then(|i| self.kept.get(i))) || near(self.kept.get(at)) {
            return;
        }
        self.kept.insert(at, state.clone());
        let most = (DEVICES / (state.devices.len() + 1)).clamp(8, FRAMES);
        if self.kept.len() > most {
            let mut keep = false;
            self.kept.retain(|_| {
                keep = !keep;
                keep
            });
        }
    }

    /// The newest that is not after a time.
    pub(super) fn before(&self, time: Time) -> Option<&State> {
        self.kept.iter().rev().find(|k| k.time <= time)
    }
}
