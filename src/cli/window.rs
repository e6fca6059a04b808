//! `wardwatch record FILE --from TIME`: a window of the log, as a recording that begins with the state of that moment, or as a bundle
//! with what a person wants to read beside it.

use std::fmt::Write as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;

use super::args::{Global, ListFormat, RecordArgs};
use super::past::{self, Missing, when};
use super::{Done, rows, usage};
use crate::engine::State;
use crate::event::{Body, Command};
use crate::log::recording::{Header, export};
use crate::log::{Log as _, SqliteLog};
use crate::model::{Alert, AlertId, DeviceId, Seq, Time};
use crate::ui::views::spoken;

/// The recording in a bundle.
const RECORDING: &str = "recording.wwr";

/// Deeds that a summary lists, at the most.
const DEEDS: usize = 500;

/// A window of the log.
struct Window {
    from: Time,
    to: Time,
    /// The state as it begins, and as it ends.
    first: State,
    last: State,
    /// What people did in it.
    deeds: Vec<String>,
    deeds_more: usize,
}

/// Writes a window of what was collected to a new file or folder.
pub fn record(global: &Global, args: &RecordArgs, from: &str) -> Result<Done> {
    if args.file.exists() {
        return Err(usage(format!(
            "{} exists; a recording is never overwritten, choose another name",
            args.file.display()
        )));
    }
    let mut log = past::log(global)?;
    let now = Time::from_clock();
    let zone = jiff::tz::TimeZone::system();
    let from = when("--from", from, now, &zone)?;
    let to = match &args.to {
        Some(to) => when("--to", to, now, &zone)?,
        None => now,
    };
    if to <= from {
        return Err(usage(format!("--to: {to} is not after {from}")));
    }
    let earliest = log.earliest()?;
    let Some(earliest) = earliest.filter(|earliest| *earliest <= to) else {
        let has = earliest.map_or_else(|| "is empty".to_owned(), |at| format!("begins at {at}"));
        return Err(usage(format!(
            "the log {has}: there is nothing in that window"
        )));
    };
    if from < earliest {
        eprintln!(
            "wardwatch: the log tells what was from {earliest} on; what is before that is not in it"
        );
    }
    let from = from.max(earliest);
    let window = fold(&mut log, from, to)?;
    let file = if args.bundle {
        let mut made = DirBuilder::new();
        made.mode(0o700)
            .create(&args.file)
            .wrap_err_with(|| format!("making {}", args.file.display()))?;
        args.file.join(RECORDING)
    } else {
        args.file.clone()
    };
    let header = Header {
        to: Some(window.to),
        ..Header::new(window.last.site.name.clone(), window.from)
    };
    let bytes = window.first.to_snapshot();
    // a log that begins within the window has no state before it
    let snapshot = (window.first.seq > Seq(0)).then_some((
        window.first.seq,
        window.first.time,
        bytes.as_slice(),
    ));
    let events = export(&mut log, snapshot, &header, &file)?;
    if args.bundle {
        beside(&args.file, &window)?;
    }
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{}: {events} events from {} to {}; `wardwatch replay {}` plays them",
        args.file.display(),
        window.from,
        window.to,
        file.display()
    )?;
    Ok(Done::Done)
}

/// Folds the log up to the end of a window. Times may jump, places do not: the window begins before the first event that is not
/// older than it, and ends before the first that is younger.
fn fold(log: &mut SqliteLog, from: Time, to: Time) -> Result<Window> {
    let mut state = past::base(log, from)?;
    let mut missing = Missing::after(state.seq);
    let mut first: Option<State> = None;
    let (mut deeds, mut more) = (Vec::new(), 0);
    let after = state.seq;
    log.read_from(after, &mut |event| {
        if event.time >= from && first.is_none() {
            first = Some(state.clone());
        }
        if event.time > to {
            return false;
        }
        missing.met(event.seq);
        if let (Some(_), Body::Command { by, command }) = (&first, &event.body) {
            if deeds.len() < DEEDS {
                deeds.push(format!("{} {by} {}", event.time, did(&state, command)));
            } else {
                more += 1;
            }
        }
        let _ = state.apply(&event);
        true
    })?;
    missing.say();
    Ok(Window {
        from,
        to,
        first: first.unwrap_or_else(|| state.clone()),
        last: state,
        deeds,
        deeds_more: more,
    })
}

/// What a person did, in words.
fn did(state: &State, command: &Command) -> String {
    let name = |id: DeviceId| match state.devices.get(&id) {
        Some(device) => device.name.to_string(),
        None => "a device that is no longer known".into(),
    };
    let alert = |id: AlertId| match state.alerts.get(&id) {
        Some(alert) => spoken::alert_words(state, alert),
        None => "an alert that is no longer kept".into(),
    };
    match command {
        Command::Acknowledge {
            alert: id, note, ..
        } => {
            format!("acknowledged {}: {note}", alert(*id))
        }
        Command::Unacknowledge { alert: id } => format!("gave back {}", alert(*id)),
        Command::Close { alert: id, note } => format!("closed {}: {note}", alert(*id)),
        Command::Note { device, note } => format!("noted of {}: {note}", name(*device)),
        Command::OverrideTouch {
            device,
            policy,
            reason,
            until,
        } => format!(
            "let {} be touched as {} until {until}: {reason}",
            name(*device),
            policy.word()
        ),
        Command::ApproveTouch { device, policy } => {
            format!(
                "approved that {} is touched as {}",
                name(*device),
                policy.word()
            )
        }
        Command::Release { device, reason } => {
            format!("let {} be asked again: {reason}", name(*device))
        }
        Command::AcceptPlans { .. } => "accepted the poll plans".into(),
    }
}

/// The files of a bundle beside its recording.
fn beside(folder: &Path, window: &Window) -> Result<()> {
    let alerts: Vec<&Alert> = window
        .last
        .alerts
        .values()
        .map(AsRef::as_ref)
        .filter(|a| a.is_active() || a.closed.is_some_and(|at| at >= window.from))
        .filter(|a| a.since <= window.to)
        .collect();
    let mut csv = Vec::new();
    rows::alerts(&window.last, alerts.iter().copied()).write(ListFormat::Csv, &mut csv)?;
    put(&folder.join("alerts.csv"), &csv)?;
    put(
        &folder.join("summary.md"),
        summary(window, &alerts).as_bytes(),
    )
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    made.and_then(|mut file| file.write_all(bytes))
        .wrap_err_with(|| format!("writing {}", path.display()))
}

/// For a person: what was, what came, who did what.
fn summary(window: &Window, alerts: &[&Alert]) -> String {
    let site = window.last.site.name.as_str();
    let mut out = format!("# {site}, {} to {}\n", window.from, window.to);
    for (title, state) in [
        ("At its beginning", &window.first),
        ("At its end", &window.last),
    ] {
        let c = &state.counts;
        let _ = write!(
            out,
            "\n## {title}\n\n{} devices: {} up, {} degraded, {} down, {} unknown; {} alerts open.\n",
            c.devices, c.up, c.degraded, c.down, c.unknown, c.alerts_open
        );
    }
    let _ = write!(out, "\n## Alerts\n\n");
    if alerts.is_empty() {
        out.push_str("None.\n");
    }
    for alert in alerts {
        let over = alert
            .closed
            .map_or_else(|| "still open".into(), |at| format!("over {at}"));
        let line = spoken::alert_words(&window.last, alert);
        let _ = writeln!(out, "- {} {line}; {over}", alert.since);
    }
    let _ = write!(out, "\n## What people did\n\n");
    if window.deeds.is_empty() {
        out.push_str("Nothing.\n");
    }
    for deed in &window.deeds {
        let _ = writeln!(out, "- {deed}");
    }
    if window.deeds_more > 0 {
        let _ = writeln!(out, "- and {} more, in the recording", window.deeds_more);
    }
    let _ = write!(
        out,
        "\nThe recording beside this is played by `wardwatch replay {RECORDING}`; alerts.csv holds the alerts.\n"
    );
    out
}
