//! Listings of what the views list, and `device`.

use std::collections::BTreeSet;
use std::time::Duration;

use color_eyre::Result;

use super::args::{DeviceArgs, Global, ListArgs, ListFormat};
use super::output::{Listing, one};
use super::{Done, open, past, rows, usage};
use crate::engine::Filter;
use crate::engine::State;
use crate::model::{DeviceId, SegmentId, Time};

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Devices.
    Devices,
    /// Segments.
    Segments,
    /// Links.
    Links,
    /// Alerts.
    Alerts,
    /// Runs.
    Runs,
    /// What models can't take.
    Quirks,
}

/// Prints a listing once, or goes on with what changes.
pub fn list(global: &Global, what: What, args: &ListArgs) -> Result<Done> {
    let words = args.filter.join(" ");
    let filter = Filter::parse(&words).map_err(usage)?;
    if args.follow && args.format.is_some_and(|f| f != ListFormat::Jsonl) {
        return Err(usage(
            "--follow prints JSON lines; leave --format out, or say --format jsonl",
        ));
    }
    let state = match &args.at {
        Some(at) => past::at(global, "--at", at)?,
        None => open::state(global)?.0,
    };
    let mut listing = listing(&state, what, &filter, state.time);
    listing.select(&args.columns).map_err(usage)?;
    let found = !listing.is_empty();
    listing.print(if args.follow {
        Some(ListFormat::Jsonl)
    } else {
        args.format
    })?;
    if args.follow {
        follow(global, what, &filter, args, &listing)?;
    }
    Ok(if found && args.exit_code {
        Done::Found
    } else {
        Done::Done
    })
}

fn listing(state: &State, what: What, filter: &Filter, now: Time) -> Listing {
    // what has no facts of its own is listed where one of its devices matches
    let matches = |id: DeviceId| {
        filter.is_empty()
            || state
                .devices
                .get(&id)
                .is_some_and(|d| filter.matches(state, d, now))
    };
    match what {
        What::Devices => rows::devices(
            state,
            state
                .devices
                .values()
                .map(AsRef::as_ref)
                .filter(|d| filter.matches(state, d, now)),
        ),
        What::Segments => {
            let with: BTreeSet<SegmentId> = state
                .devices
                .values()
                .filter(|d| matches(d.id))
                .filter_map(|d| d.segment)
                .collect();
            rows::segments(state, |id| filter.is_empty() || with.contains(&id))
        }
        What::Links => rows::links(
            state,
            state
                .links
                .values()
                .filter(|l| matches(l.id.0.device) || matches(l.id.1.device)),
        ),
        What::Alerts => {
            let sorted = state.alerts_sorted();
            rows::alerts(
                state,
                sorted
                    .iter()
                    .map(AsRef::as_ref)
                    .filter(|a| filter.matches_alert(state, a, now)),
            )
        }
        What::Quirks => rows::quirks(
            &state.quirks_with_devices(|d| filter.is_empty() || filter.matches(state, d, now)),
            filter.is_empty(),
        ),
        What::Runs => rows::runs(
            state
                .runs
                .values()
                .rev()
                .map(AsRef::as_ref)
                .filter(|r| matches(r.plan.device)),
        ),
    }
}

/// Prints rows that are new or not what they were, until interrupted.
fn follow(
    global: &Global,
    what: What,
    filter: &Filter,
    args: &ListArgs,
    first: &Listing,
) -> Result<()> {
    let mut known: BTreeSet<String> = first.lines().into_iter().collect();
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let (state, _log) = open::state(global)?;
        let mut listing = listing(&state, what, filter, state.time);
        listing.select(&args.columns).map_err(usage)?;
        let now: BTreeSet<String> = listing.lines().into_iter().collect();
        for line in now.difference(&known) {
            use std::io::Write as _;
            let mut out = std::io::stdout().lock();
            writeln!(out, "{line}")?;
            out.flush()?;
        }
        known = now;
    }
}

/// `wardwatch device`
pub fn device(global: &Global, args: &DeviceArgs) -> Result<Done> {
    let state = match &args.at {
        Some(at) => past::at(global, "--at", at)?,
        None => open::state(global)?.0,
    };
    let device = open::find(&state, &args.device)?;
    one(args.format, &super::device::as_json(&state, device), || {
        super::device::as_text(&state, device)
    })?;
    Ok(Done::Done)
}
