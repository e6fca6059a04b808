//! `wardwatch replay`: a recording, played on the screen or folded to its end.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use color_eyre::Result;
use serde_json::json;

use super::args::{Global, ReplayArgs};
use super::screen::{Show, show};
use super::{Done, demo, open, rows, usage};
use crate::host::replay::{Player, Whole, fold_whole};
use crate::host::tape::Recording;
use crate::log::recording::RecordingReader;
use crate::model::Time;

/// Plays, or folds.
pub fn replay(global: &Global, args: &ReplayArgs) -> Result<Done> {
    let whole = fold_whole(&Recording(args.file.clone()))?;
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
    let tape = Arc::new(Recording(args.file.clone()));
    let (span, marks) = ((whole.from, whole.to), whole.marks.into());
    let player = Player::start(tape, span, at, args.speed, marks)?;
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
