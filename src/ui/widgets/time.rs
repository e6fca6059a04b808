//! Ages and clock times as every view shows them.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::Time;

/// A short age, whole units rounded down: `12s`, `4m`, `2h`, `3d`.
pub fn age(of: Duration) -> String {
    let s = of.as_secs();
    match s {
        0..60 => format!("{s}s"),
        60..3600 => format!("{}m", s / 60),
        3600..172_800 => format!("{}h", s / 3600),
        _ => format!("{}d", s / 86_400),
    }
}

/// An age inside a sentence: `12 s`, `4 min`, `2 h`, `3 days`.
pub fn age_words(of: Duration) -> String {
    let s = of.as_secs();
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min", s / 60),
        3600..172_800 => format!("{} h", s / 3600),
        _ => format!("{} days", s / 86_400),
    }
}

/// What is left of a time to come: `4:07`, `1:02:30`.
pub fn countdown(left: Duration) -> String {
    let s = left.as_secs();
    if s < 3600 {
        format!("{}:{:02}", s / 60, s % 60)
    } else {
        format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    }
}

/// Local time of day; of another day than `now`, the day (`21 Nov`).
pub fn clock(at: Time, now: Time, zone: &TimeZone) -> String {
    let then = zone.to_datetime(at.timestamp());
    let today = zone.to_datetime(now.timestamp());
    if then.date() == today.date() {
        then.strftime("%H:%M").to_string()
    } else {
        then.strftime("%-d %b").to_string()
    }
}

/// Local time to the second; of another day than `now`, with the day before it.
pub fn clock_long(at: Time, now: Time, zone: &TimeZone) -> String {
    let then = zone.to_datetime(at.timestamp());
    let today = zone.to_datetime(now.timestamp());
    if then.date() == today.date() {
        then.strftime("%H:%M:%S").to_string()
    } else {
        then.strftime("%-d %b %H:%M:%S").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short_and_rounded_down() {
        for (s, short, words) in [
            (0, "0s", "0 s"),
            (59, "59s", "59 s"),
            (60, "1m", "1 min"),
            (3599, "59m", "59 min"),
            (3600, "1h", "1 h"),
            (172_799, "47h", "47 h"),
            (172_800, "2d", "2 days"),
        ] {
            assert_eq!(age(Duration::from_secs(s)), short);
            assert_eq!(age_words(Duration::from_secs(s)), words);
        }
    }

    #[test]
    fn a_countdown_keeps_two_digits_of_seconds() {
        assert_eq!(countdown(Duration::from_secs(247)), "4:07");
        assert_eq!(countdown(Duration::from_secs(3750)), "1:02:30");
    }

    #[test]
    fn another_day_is_said() {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let now = Time(1_700_000_000_000); // 2023-11-14 23:13:20 +01
        assert_eq!(clock(now, now, &zone), "23:13");
        assert_eq!(clock(now - Duration::from_hours(24), now, &zone), "13 Nov");
        assert_eq!(clock_long(now, now, &zone), "23:13:20");
    }
}
