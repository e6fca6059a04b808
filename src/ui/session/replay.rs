//! The bar of a recording: where in it, how fast, and the keys to go elsewhere.

use std::time::Duration;

use jiff::civil;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{Text, Time};
use crate::ui::widgets::{Ink, Row, clock_long, width};
use crate::ui::{Live, Request, Role};

/// The fastest.
const FASTEST: u32 = 1024;

/// What a key of the replay asks for; `resume` is the speed before it was stopped.
pub fn request(action: &str, live: &Live, resume: u32) -> Option<Request> {
    let Live::Replay {
        at,
        from,
        to,
        speed,
    } = *live
    else {
        return None;
    };
    let seek = |time: Time| Request::Seek(time.clamp(from, to.max(from)));
    let step = |secs: u64, on: bool| {
        let by = Duration::from_secs(secs);
        seek(if on { at + by } else { at - by })
    };
    Some(match action {
        "pause" => Request::Speed(if speed == 0 { resume.max(1) } else { 0 }),
        "replay-faster" => Request::Speed((speed * 2).clamp(1, FASTEST)),
        "replay-slower" => Request::Speed((speed / 2).max(1)),
        "replay-forward" => step(60, true),
        "replay-back" => step(60, false),
        "replay-forward-long" => step(600, true),
        "replay-back-long" => step(600, false),
        "replay-step" => step(1, true),
        "replay-start" => seek(from),
        "replay-end" => seek(to),
        _ => return None,
    })
}

/// Reads a time to go to: `03:07`, `03:07:40` of the day shown (or the day after, where the recording goes past midnight),
/// `+5m`, `-90s`, `+1h`.
pub fn read_time(words: &str, live: &Live, zone: &TimeZone) -> Result<Time, Text> {
    let Live::Replay { at, from, to, .. } = *live else {
        return Err(Text::from("this is no recording"));
    };
    let wrong = || Text::from("write a time as 03:07, 03:07:40, +5m or -90s");
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
            _ => return Err(wrong()),
        };
        let n: u64 = digits.parse().map_err(|_| wrong())?;
        let by = Duration::from_secs(n.saturating_mul(unit).min(u64::from(u32::MAX)));
        let time = if on { at + by } else { at - by };
        return Ok(time.clamp(from, to.max(from)));
    }
    let clock: civil::Time = words
        .parse()
        .or_else(|_| format!("0{words}").parse())
        .map_err(|_| wrong())?;
    let mut day = from.timestamp().to_zoned_datetime(zone.clone()).date();
    for _ in 0..32 {
        let when = day
            .to_datetime(clock)
            .to_zoned_datetime(zone.clone())
            .map_err(|_| wrong())?;
        let time = Time(when.timestamp().as_millisecond());
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

/// Draws the bar into one line.
pub fn bar(ink: &Ink<'_>, buf: &mut Buffer, line: Rect) {
    let Live::Replay {
        at,
        from,
        to,
        speed,
    } = *ink.ctx.live
    else {
        return;
    };
    let zone = ink.ctx.zone;
    let mut row = Row::new(ink, buf, line, 0);
    let pace = match speed {
        0 => format!(" {} stopped", ink.g.paused),
        n => format!(" {} x{n}", ink.g.replay),
    };
    row.gap(1).put(pace, ink.role(Role::Accent)).gap(2);
    let ends = [clock_long(from, to, zone), clock_long(to, to, zone)];
    row.right(&ends[1], ink.dim).keep(1);
    row.put(&ends[0], ink.dim).gap(1);
    let _ = width(&ends[0]);
    let room = u64::from(row.left());
    let whole = to.since(from).as_millis().max(1);
    let done = (at.since(from).as_millis() * u128::from(room) / whole).min(u128::from(room)) as u16;
    row.repeat(ink.g.h_thick, done, ink.role(Role::Accent));
    let rest = row.left();
    if rest > 0 {
        row.put(ink.g.up, ink.role(Role::Accent));
        row.repeat(ink.g.h, rest.saturating_sub(1), ink.faint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-11-14 22:13:20 UTC, for four hours.
    fn live() -> Live {
        Live::Replay {
            at: Time(1_700_000_600_000),
            from: Time(1_700_000_000_000),
            to: Time(1_700_014_400_000),
            speed: 8,
        }
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
            let time = read_time(words, &live(), &TimeZone::UTC);
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
            assert!(read_time(bad, &live(), &TimeZone::UTC).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_change_speed_and_place_within_the_recording() {
        let ask = |action| request(action, &live(), 4);
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
        assert_eq!(request("replay-end", &Live::Live, 1), None);
    }
}
