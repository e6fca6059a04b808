//! What was: the state of a time out of the log, and what is other since.

use color_eyre::Result;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::args::{ChangesArgs, Global};
use super::output::Listing;
use super::{Done, open, rows, usage};
use crate::engine::{Difference, Filter, State, differences};
use crate::host::tape;
use crate::log::{Log, SqliteLog};
use crate::model::{Seq, Text, Time};

/// A time as a person writes it: RFC 3339, `2026-11-23 03:07`, `03:07` (the last one that was), `-2h`.
pub fn when(flag: &str, words: &str, now: Time, zone: &TimeZone) -> Result<Time> {
    let wrong = || {
        usage(format!(
            "{flag} '{}': write a time as 03:07, 2026-11-23T03:07, 2026-11-23T03:07:00Z or -2h",
            Text::from(words)
        ))
    };
    if let Ok(at) = words.parse::<Timestamp>() {
        return Ok(Time(at.as_millisecond()));
    }
    let here = zone.to_datetime(now.timestamp());
    if let Some(back) = words.strip_prefix('-') {
        let back: jiff::SignedDuration = back.parse().map_err(|_| wrong())?;
        return Ok(now - back.unsigned_abs());
    }
    let there = |at: jiff::civil::DateTime| {
        let at = zone.to_timestamp(at).map_err(|_| wrong())?;
        Ok(Time(at.as_millisecond()))
    };
    if let Ok(at) = words.parse::<jiff::civil::DateTime>() {
        return there(at);
    }
    let clock: jiff::civil::Time = words.parse().map_err(|_| wrong())?;
    let today = here.date().to_datetime(clock);
    if today <= here {
        return there(today);
    }
    let before = here.date().checked_sub(1.day()).map_err(|_| wrong())?;
    there(before.to_datetime(clock))
}

/// The log of the state folder, without disturbing who collects.
pub fn log(global: &Global) -> Result<SqliteLog> {
    let dir = open::state_dir(global)?;
    if !dir.join("record.db").exists() {
        return Err(usage(format!(
            "{}: nothing was collected here yet; start `wardwatch` or `wardwatch daemon`",
            dir.display()
        )));
    }
    Ok(SqliteLog::open_read_only(&dir)?)
}

/// A state from which one of `time` is folded whole: nothing that was between them is missing.
pub fn base(log: &mut dyn Log, time: Time) -> Result<State> {
    if let Some(found) = tape::base(log, time)? {
        return Ok(found);
    }
    let earliest = log.earliest()?.filter(|earliest| *earliest > time);
    let from = earliest.map_or_else(String::new, |at| format!("; it is told from {at} on"));
    Err(usage(format!(
        "what is kept does not tell the state of {time}: events before it are gone, and no snapshot can be read that is older{from}"
    )))
}

/// Events between the first and the last that a fold met that no disk took: what was is not told without them.
#[derive(Default)]
pub struct Missing {
    last: Option<Seq>,
    count: u64,
}

impl Missing {
    /// After a state that stands for this place.
    pub fn after(seq: Seq) -> Self {
        Self {
            last: Some(seq),
            count: 0,
        }
    }

    /// The next event.
    pub fn met(&mut self, seq: Seq) {
        if let Some(last) = self.last.replace(seq) {
            self.count += seq.0.saturating_sub(last.0 + 1);
        }
    }

    /// Says it, where there are some.
    pub fn say(&self) {
        if self.count > 0 {
            eprintln!(
                "wardwatch: {} events of that time could not be written then, for want of room: what is told is without them",
                self.count
            );
        }
    }
}

/// Folds on, up to and with the last event before the first that is younger.
fn fold(log: &mut dyn Log, mut state: State, to: Time) -> Result<State> {
    let after = state.seq;
    let mut missing = Missing::after(after);
    log.read_from(after, &mut |event| {
        if event.time > to {
            return false;
        }
        missing.met(event.seq);
        let _ = state.apply(&event);
        true
    })?;
    missing.say();
    Ok(state)
}

/// The log must tell the state of then.
fn reaches(log: &mut dyn Log, flag: &str, at: Time, now: Time) -> Result<()> {
    if at > now {
        return Err(usage(format!("{flag}: {at} is still to come")));
    }
    match log.earliest()? {
        Some(earliest) if earliest <= at => Ok(()),
        Some(earliest) if log.whole_after()? > Seq(0) => Err(usage(format!(
            "{flag}: what is kept tells the state from {earliest} on; what was before is removed ([log] telemetry-days in the site file)"
        ))),
        Some(earliest) => Err(usage(format!("{flag}: the log begins at {earliest}"))),
        None => Err(usage(format!(
            "{flag}: nothing is kept that tells the state of then"
        ))),
    }
}

/// The state of a time.
pub fn at(global: &Global, flag: &str, words: &str) -> Result<State> {
    let mut log = log(global)?;
    let now = Time::from_clock();
    let at = when(flag, words, now, &TimeZone::system())?;
    reaches(&mut log, flag, at, now)?;
    let base = base(&mut log, at)?;
    fold(&mut log, base, at)
}

/// `wardwatch changes`
pub fn changes(global: &Global, args: &ChangesArgs) -> Result<Done> {
    let filter = Filter::parse(&args.filter.join(" ")).map_err(usage)?;
    let mut log = log(global)?;
    let (now, zone) = (Time::from_clock(), TimeZone::system());
    let since = when("--since", &args.since, now, &zone)?;
    let until = match &args.until {
        Some(until) => when("--until", until, now, &zone)?,
        None => now,
    };
    if until <= since {
        return Err(usage(format!("--until: {until} is not after {since}")));
    }
    reaches(&mut log, "--since", since, now)?;
    let base = base(&mut log, since)?;
    let before = fold(&mut log, base, since)?;
    let after = fold(&mut log, before.clone(), until)?;
    let mut listing = Listing::new(&["device", "what", "before", "after", "at", "text"]);
    for difference in differences(&before, &after) {
        if wanted(&filter, &before, &after, &difference) {
            listing.row(row(&before, &after, &difference));
        }
    }
    listing.select(&args.columns).map_err(usage)?;
    let found = !listing.is_empty();
    listing.print(args.format)?;
    Ok(if found && args.exit_code {
        Done::Found
    } else {
        Done::Done
    })
}

/// Does the filter find the device, as it is or as it was?
fn wanted(filter: &Filter, before: &State, after: &State, of: &Difference) -> bool {
    if filter.is_empty() {
        return true;
    }
    let is = |state: &State| {
        let device = of.device.and_then(|id| state.devices.get(&id));
        let alert = of.alert.and_then(|id| state.alerts.get(&id));
        match (alert, device) {
            (Some(alert), _) => filter.matches_alert(state, alert, state.time),
            (None, Some(device)) => filter.matches(state, device, state.time),
            (None, None) => false,
        }
    };
    is(after) || is(before)
}

fn row(before: &State, after: &State, of: &Difference) -> Vec<Value> {
    let state = match of.device {
        Some(id) if !after.devices.contains_key(&id) => before,
        _ => after,
    };
    let device = of.device.map(|id| rows::device_name(state, id));
    let alert = of.alert.and_then(|id| after.alerts.get(&id));
    vec![
        device.map_or(Value::Null, rows::text),
        json!(of.what),
        rows::text(of.before.as_str()),
        rows::text(of.after.as_str()),
        of.at.map_or(Value::Null, rows::time),
        alert.map_or(Value::Null, |a| rows::text(a.text.as_str())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        // 2023-11-14 23:13:20 in Vienna
        let now = Time(1_700_000_000_000);
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        for (words, want) in [
            ("2023-11-14T20:00:00Z", "2023-11-14T20:00:00Z"),
            ("2023-11-14T20:00", "2023-11-14T19:00:00Z"),
            ("2023-11-14 20:00", "2023-11-14T19:00:00Z"),
            ("20:00", "2023-11-14T19:00:00Z"),
            ("23:30", "2023-11-13T22:30:00Z"),
            ("-2h", "2023-11-14T20:13:20Z"),
            ("-90m", "2023-11-14T20:43:20Z"),
        ] {
            let at = when("--from", words, now, &zone).unwrap();
            assert_eq!(at.to_string(), want, "{words}");
        }
        // the clock goes forward on the 31st of March 2024 at 02:00, and back on the 27th of October at 03:00
        let vienna = TimeZone::get("Europe/Vienna").unwrap();
        let spring = Time(
            "2024-03-31T10:00:00Z"
                .parse::<Timestamp>()
                .unwrap()
                .as_millisecond(),
        );
        let autumn = Time(
            "2024-10-27T10:00:00Z"
                .parse::<Timestamp>()
                .unwrap()
                .as_millisecond(),
        );
        for (now, words, want) in [
            (spring, "01:59", "2024-03-31T00:59:00Z"),
            // there was no such hour: as a clock shows it that nobody has put forward
            (spring, "02:30", "2024-03-31T01:30:00Z"),
            (spring, "03:30", "2024-03-31T01:30:00Z"),
            (spring, "-11h", "2024-03-30T23:00:00Z"),
            // it was twice: the first time
            (autumn, "02:30", "2024-10-27T00:30:00Z"),
            (autumn, "2024-10-27T02:30", "2024-10-27T00:30:00Z"),
            (autumn, "03:30", "2024-10-27T02:30:00Z"),
        ] {
            let at = when("--from", words, now, &vienna).unwrap();
            assert_eq!(at.to_string(), want, "{words}");
        }
        for wrong in ["", "noon", "25:00", "-", "-x", "2023-13-01T00:00", "2h"] {
            let why = when("--to", wrong, now, &zone).unwrap_err().to_string();
            assert!(why.starts_with("--to '"), "{why}");
        }
    }
}
