//! `wardwatch replay`: a recording, played on the screen or folded to its end.

use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use color_eyre::Result;
use serde_json::json;

use super::args::{Global, ReplayArgs};
use super::screen::{Show, show};
use super::{Done, demo, open, rows, usage};
use crate::engine::State;
use crate::event::Event;
use crate::host::replay::{Open, Player, Whole, fold_whole};
use crate::log::LogError;
use crate::log::recording::RecordingReader;
use crate::model::Seq;
use crate::model::Time;

/// Plays, or folds.
pub fn replay(global: &Global, args: &ReplayArgs) -> Result<Done> {
    let whole = fold_whole(&opener(&args.file))?;
    let torn = RecordingReader::open(&args.file)?.torn_bytes();
    if let Some(damage) = &whole.damage {
        eprintln!("wardwatch: {damage}; playing what is before that");
    } else if torn > 0 {
        eprintln!(
            "wardwatch: {}: the last {torn} bytes are an unfinished piece (a crash, or it is still being written); playing what is before that",
            args.file.display()
        );
    }
    if args.headless {
        let line = summary(&whole, torn);
        writeln!(std::io::stdout(), "{line}")?;
        return Ok(Done::Done);
    }
    let zone = whole.state.site.time_zone.to_string();
    let at = args
        .at
        .as_deref()
        .map(|t| parse_at(t, &whole))
        .transpose()?;
    let player = Player::start(opener(&args.file), (whole.from, whole.to), at, args.speed)?;
    let catalogue = Arc::new(open::catalogue(None)?);
    let runtime = demo::runtime()?;
    let shown = Show {
        feed: Arc::new(player),
        runner: Arc::new(OnceLock::new()),
        catalogue,
        zone: &zone,
        wallboard: None,
        read_only: true,
        until: None,
        failed: Arc::new(OnceLock::new()),
        keep: None,
    };
    show(global, shown, runtime.handle())
}

fn opener(file: &Path) -> Open {
    let file = file.to_path_buf();
    Box::new(move || {
        let mut reader = RecordingReader::open(&file)?;
        let damaged = |why: String| LogError::Damaged {
            place: file.display().to_string(),
            at: 0,
            why,
        };
        let state = match reader.first_snapshot()? {
            Some((_, _, bytes)) => {
                State::from_snapshot(&bytes).map_err(|e| damaged(e.to_string()))?
            }
            None => State::new(),
        };
        Ok((
            state.clone(),
            Box::new(Reading {
                reader,
                after: state.seq,
                page: Vec::new().into_iter(),
                over: false,
            }),
        ))
    })
}

/// How many events are read at a time.
const PAGE: usize = 4096;

/// A recording that is read page by page, and owns its file.
struct Reading {
    reader: RecordingReader,
    after: Seq,
    page: std::vec::IntoIter<Result<Event, LogError>>,
    over: bool,
}

impl Iterator for Reading {
    type Item = Result<Event, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(next) = self.page.next() {
            return Some(next);
        }
        if self.over {
            return None;
        }
        let page: Vec<_> = self.reader.events(self.after).take(PAGE).collect();
        self.over = page.len() < PAGE;
        if let Some(Ok(last)) = page.iter().rev().find(|e| e.is_ok()) {
            self.after = last.seq;
        }
        self.page = page.into_iter();
        self.page.next()
    }
}

fn summary(whole: &Whole, torn: u64) -> serde_json::Value {
    let mut line = serde_json::Map::new();
    line.insert("events".into(), json!(whole.events));
    line.insert("from".into(), rows::time(whole.from));
    line.insert("to".into(), rows::time(whole.to));
    line.extend(rows::sums(&whole.state));
    line.insert("whole".into(), json!(whole.damage.is_none() && torn == 0));
    line.insert("state_hash".into(), json!(whole.state.hash_hex()));
    line.into()
}

/// RFC 3339, or HH:MM(:SS) of the day on which the recording begins, in the site's zone.
fn parse_at(text: &str, whole: &Whole) -> Result<Time> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Time(at.as_millisecond()));
    }
    let wrong = || {
        usage(format!(
            "--at '{}': write it as 2026-11-23T03:07:00Z or as 03:07",
            crate::model::Text::from(text)
        ))
    };
    let clock: jiff::civil::Time = text.parse().map_err(|_| wrong())?;
    let zone = jiff::tz::TimeZone::get(whole.state.site.time_zone.as_str())
        .unwrap_or_else(|_| jiff::tz::TimeZone::system());
    let begin = zone.to_datetime(whole.from.timestamp());
    let mut at = zone
        .to_timestamp(begin.date().to_datetime(clock))
        .map_err(|_| wrong())?;
    if at < whole.from.timestamp() {
        // a night goes over midnight
        let tomorrow = begin.date().tomorrow().map_err(|_| wrong())?;
        at = zone
            .to_timestamp(tomorrow.to_datetime(clock))
            .map_err(|_| wrong())?;
    }
    Ok(Time(at.as_millisecond()))
}
