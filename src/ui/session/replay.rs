//! What was: where in it, how fast, what happened there, and the keys to go elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::{Text, Time};
use crate::ui::widgets::{Ink, Row, clock_long};
use crate::ui::{Happened, Landmark, Live, Played, Request, Role};

/// The fastest.
const FASTEST: u32 = 1024;

/// What a key asks for where what was is shown; `resume` is the speed before it was stopped, `marks` what happened, in order.
pub fn request(name: &str, live: &Live, resume: u32, marks: &[Landmark]) -> Option<Request> {
    let Live::Replay(played) = live else {
        return None;
    };
    let Played {
        from, to, speed, ..
    } = *played;
    let place = played.place();
    // the end of a log is the present, which goes on
    let end = if played.past { Time(i64::MAX) } else { to };
    let seek = |time: Time| {
        let time = if played.past && time >= to { end } else { time };
        Request::Seek(time.clamp(from, end.max(from)))
    };
    let step = |secs: u64, on: bool| {
        let by = Duration::from_secs(secs);
        seek(if on { place + by } else { place - by })
    };
    Some(match name {
        "pause" => Request::Speed(if speed == 0 { resume.max(1) } else { 0 }),
        "replay-faster" => Request::Speed((speed * 2).clamp(1, FASTEST)),
        "replay-slower" => Request::Speed((speed / 2).max(1)),
        "replay-forward" => step(60, true),
        "past" => step(60, false),
        "replay-forward-long" => step(600, true),
        "replay-back-long" => step(600, false),
        "replay-step" => step(1, true),
        "replay-next" => seek(marks.iter().find(|m| m.time > place)?.time),
        "past-mark" => seek(before(marks, place)?),
        "replay-start" => seek(from),
        "replay-end" => seek(end),
        "present" if played.past => seek(end),
        _ => return None,
    })
}

/// The last thing that happened before a time, and that a step back from it does not find again.
pub fn before(marks: &[Landmark], time: Time) -> Option<Time> {
    let before = marks.iter().rev().map(|m| m.time);
    before.into_iter().find(|at| *at < time)
}

/// A person's words for a time.
enum Words {
    /// So much later, or earlier.
    By(bool, Duration),
    /// At this hour.
    Clock(civil::Time),
    /// On this day, at this hour.
    Day(civil::DateTime),
}

fn wrong() -> Text {
    Text::from("write a time as 03:07, 03:07:40, 2026-11-23 03:07, +5m, -90s or -8h")
}

fn words_of(words: &str) -> Result<Words, Text> {
    let words = words.trim();
    if let Some((on, rest)) = words
        .strip_prefix('+')
        .map(|rest| (true, rest))
        .or_else(|| words.strip_prefix('-').map(|rest| (false, rest)))
    {
        let digits = rest.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match rest.get(digits.len()..) {
            Some("s" | "") => 1,
            Some("m" | "min") => 60,
            Some("h") => 3600,
            Some("d") => 86_400,
            _ => return Err(wrong()),
        };
        let n: u64 = digits.parse().map_err(|_| wrong())?;
        let by = Duration::from_secs(n.saturating_mul(unit).min(u64::from(u32::MAX)));
        return Ok(Words::By(on, by));
    }
    if let Ok(day) = words.parse::<civil::DateTime>() {
        // a day alone begins at midnight
        return Ok(Words::Day(day));
    }
    words
        .parse()
        .or_else(|_| format!("0{words}").parse())
        .map(Words::Clock)
        .map_err(|_| wrong())
}

fn time_of(at: civil::DateTime, zone: &TimeZone) -> Result<Time, Text> {
    let when = zone.to_timestamp(at).map_err(|_| wrong())?;
    Ok(Time(when.as_millisecond()))
}

/// Reads a time to go to from the present: `-8h`; `03:07`, the last one that was; `2026-11-23 03:07`.
pub fn read_past(words: &str, now: Time, zone: &TimeZone) -> Result<Time, Text> {
    let time = match words_of(words)? {
        Words::By(true, _) => return Err(Text::from("that is still to come")),
        Words::By(false, by) => now - by,
        Words::Day(day) => time_of(day, zone)?,
        Words::Clock(clock) => {
            let today = zone.to_datetime(now.timestamp()).date();
            match time_of(today.to_datetime(clock), zone)? {
                today if today <= now => today,
                _ => time_of(
                    today.yesterday().map_err(|_| wrong())?.to_datetime(clock),
                    zone,
                )?,
            }
        }
    };
    if time > now {
        return Err(Text::from("that is still to come"));
    }
    Ok(time)
}

/// Reads a time to go to in what was: `03:07`, `03:07:40` of the day shown (or the day after, where a recording goes past midnight),
/// `+5m`, `-90s`, `+1h`; of the past of this site `03:07` is the last one that was.
pub fn read_time(words: &str, live: &Live, now: Time, zone: &TimeZone) -> Result<Time, Text> {
    let Live::Replay(played) = live else {
        return read_past(words, now, zone);
    };
    let Played { from, to, .. } = *played;
    let within = |time: Time| time.clamp(from, to.max(from));
    let clock = match words_of(words)? {
        Words::By(on, by) => {
            let place = played.place();
            return Ok(within(if on { place + by } else { place - by }));
        }
        Words::Day(day) => return Ok(within(time_of(day, zone)?)),
        Words::Clock(_) if played.past => return read_past(words, to, zone).map(within),
        Words::Clock(clock) => clock,
    };
    let mut day = from.timestamp().to_zoned_datetime(zone.clone()).date();
    for _ in 0..32 {
        let time = time_of(day.to_datetime(clock), zone)?;
        if time > to {
            break;
        }
        if time >= from {
            return Ok(time);
        }
        day = day.tomorrow().map_err(|_| wrong())?;
    }
    Err(Text::from(format!(
        "the recording is from {} to {}",
        clock_long(from, to, zone),
        clock_long(to, to, zone)
    )))
}

/// Draws the bar into one line, with what happened on it.
pub fn bar(ink: &Ink<'_>, buf: &mut Buffer, line: Rect, marks: &[Landmark]) {
    let Live::Replay(played) = ink.ctx.live else {
        return;
    };
    let Played {
        at,
        from,
        to,
        speed,
        ..
    } = *played;
    let zone = ink.ctx.zone;
    let mut row = Row::new(ink, buf, line, 0);
    let pace = match speed {
        0 => format!(" {} stopped", ink.g.paused),
        n => format!(" {} x{n}", ink.g.replay),
    };
    row.gap(1).put(pace, ink.role(Role::Accent)).gap(2);
    let last = if played.past {
        "present".to_owned()
    } else {
        clock_long(to, to, zone)
    };
    row.right(&last, ink.dim).keep(1);
    row.put(clock_long(from, to, zone), ink.dim).gap(1);
    let (start, room) = (row.used(), row.left());
    let whole = to.since(from).as_millis().max(1);
    let column = |time: Time| {
        let part = time.since(from).as_millis() * u128::from(room) / whole;
        part.min(u128::from(room.saturating_sub(1))) as u16
    };
    let done = column(at);
    row.repeat(ink.g.h_thick, done, ink.role(Role::Accent));
    if row.left() > 0 {
        row.put(ink.g.up, ink.role(Role::Accent));
        row.repeat(ink.g.h, row.left().saturating_sub(1), ink.faint);
    }
    // of several in one column the worst is shown
    let mut shown: BTreeMap<u16, (u8, &'static str, Style)> = BTreeMap::new();
    for mark in marks.iter().filter(|m| m.time >= from && m.time <= to) {
        let (rank, glyph, style) = match mark.what {
            Happened::Alert(severity) => (
                severity as u8 + 1,
                ink.g.severity(severity),
                ink.severity(severity),
            ),
            Happened::Deed => (0, ink.g.dot, ink.text),
        };
        let place = shown
            .entry(column(mark.time))
            .or_insert((rank, glyph, style));
        if rank > place.0 {
            *place = (rank, glyph, style);
        }
    }
    for (column, (_, glyph, style)) in shown.into_iter().filter(|(column, _)| *column != done) {
        Row::new(ink, buf, line, 0)
            .at(start + column)
            .put(glyph, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-11-14 22:13:20 UTC, for four hours.
    fn live() -> Live {
        Live::Replay(Played {
            at: Time(1_700_000_600_000),
            from: Time(1_700_000_000_000),
            to: Time(1_700_014_400_000),
            speed: 8,
            ..Played::default()
        })
    }

    #[test]
    fn a_time_is_found_on_either_side_of_midnight() {
        for (words, want) in [
            ("22:30", "2023-11-14T22:30:00Z"),
            ("01:00:05", "2023-11-15T01:00:05Z"),
            ("1:30", "2023-11-15T01:30:00Z"),
            ("+5m", "2023-11-14T22:28:20Z"),
            ("-90s", "2023-11-14T22:21:50Z"),
            ("-9h", "2023-11-14T22:13:20Z"),
        ] {
            let time = read_time(words, &live(), Time(0), &TimeZone::UTC);
            assert_eq!(time.map(|t| t.to_string()), Ok(want.to_owned()), "{words}");
        }
        for bad in [
            "",
            "noon",
            "+",
            "+5y",
            "12:00",
            "25:00",
            "+99999999999999999999s",
        ] {
            assert!(
                read_time(bad, &live(), Time(0), &TimeZone::UTC).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn keys_change_speed_and_place_within_the_recording() {
        let ask = |action| request(action, &live(), 4, &[]);
        assert_eq!(ask("pause"), Some(Request::Speed(0)));
        assert_eq!(ask("replay-faster"), Some(Request::Speed(16)));
        assert_eq!(ask("replay-slower"), Some(Request::Speed(4)));
        assert_eq!(
            ask("replay-end"),
            Some(Request::Seek(Time(1_700_014_400_000)))
        );
        assert_eq!(
            ask("replay-back-long"),
            Some(Request::Seek(Time(1_700_000_000_000)))
        );
        assert_eq!(request("replay-end", &Live::Live, 1, &[]), None);
    }

    #[test]
    fn a_past_ends_in_the_present_and_steps_are_counted_from_where_it_goes() {
        let Live::Replay(played) = live() else {
            panic!()
        };
        let past = |towards| {
            Live::Replay(Played {
                past: true,
                towards,
                ..played.clone()
            })
        };
        let ask = |action, towards| request(action, &past(towards), 4, &[]);
        let present = Some(Request::Seek(Time(i64::MAX)));
        assert_eq!(ask("replay-end", None), present);
        assert_eq!(ask("present", None), present);
        assert_eq!(request("present", &live(), 4, &[]), None);
        let near = Some(Time(1_700_014_390_000));
        assert_eq!(ask("replay-forward", near), present);
        assert_eq!(
            ask("past", near),
            Some(Request::Seek(Time(1_700_014_330_000)))
        );
    }

    #[test]
    fn marks_are_found_on_either_side() {
        let mark = |seconds: i64| Landmark {
            time: Time(1_700_000_000_000 + seconds * 1000),
            what: Happened::Deed,
        };
        let marks = [mark(10), mark(600), mark(700)];
        let ask = |action| request(action, &live(), 1, &marks);
        assert_eq!(ask("past-mark"), Some(Request::Seek(mark(10).time)));
        assert_eq!(ask("replay-next"), Some(Request::Seek(mark(700).time)));
        assert_eq!(request("replay-next", &live(), 1, &marks[..2]), None);
        assert_eq!(before(&marks, mark(10).time), None);
    }

    #[test]
    fn a_time_of_the_past_is_the_last_one_that_was() {
        // 2023-11-14 22:13:20 in UTC
        let now = Time(1_700_000_000_000);
        for (words, want) in [
            ("22:00", "2023-11-14T22:00:00Z"),
            ("23:00", "2023-11-13T23:00:00Z"),
            ("-8h", "2023-11-14T14:13:20Z"),
            ("-2d", "2023-11-12T22:13:20Z"),
            ("2023-11-01 03:07", "2023-11-01T03:07:00Z"),
        ] {
            let time = read_past(words, now, &TimeZone::UTC);
            assert_eq!(time.map(|t| t.to_string()), Ok(want.to_owned()), "{words}");
        }
        for wrong in ["", "+5m", "2024-01-01 00:00", "noon", "-"] {
            assert!(read_past(wrong, now, &TimeZone::UTC).is_err(), "{wrong}");
        }
    }
}
