//! A sign to somebody who does not look: the bell, a desktop notice, the title of the window. Off unless the viewer asked for it.
//!
//! What rings is a critical alert that is new since the session began. One sign for however many came together, and no more than one
//! in half a minute; in quiet hours only what touches a life-sustaining device. What is held back here is the sign alone: the alert
//! stands on the screen, and in whatever else is told.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Time as Clock;
use jiff::tz::TimeZone;

use crate::engine::State;
use crate::model::{Alert, AlertId, AlertState, CareLevel, Severity, Time};

/// One sign within so long.
const PAUSE: Duration = Duration::from_secs(30);
/// An alert that comes and goes rings once in so long.
const SAME: Duration = Duration::from_mins(10);
/// Columns of a title or a notice.
const COLUMNS: usize = 120;

/// How a desktop notice is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Desktop {
    /// OSC 9, as iTerm2 began it: kitty, wezterm, ghostty.
    Nine,
    /// OSC 777, as rxvt-unicode began it: foot too.
    Seven,
}

/// What stands between this process and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wrap {
    /// Nothing that matters.
    #[default]
    None,
    /// tmux, where it lets sequences pass (`allow-passthrough`).
    Tmux,
    /// GNU screen.
    Screen,
}

/// Hours in which less rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// From this time of day.
    pub from: Clock,
    /// Up to that, on the day after where it is the earlier one.
    pub to: Clock,
    /// Life-sustaining ones are held back too.
    pub all: bool,
}

impl Quiet {
    /// Reads `22:00-06:00`, or `22:00-06:00,all`.
    pub fn read(words: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{words}': write quiet hours as 22:00-06:00, or 22:00-06:00,all for life-sustaining devices too"
            )
        };
        let (hours, all) = match words.split_once(',') {
            None => (words, false),
            Some((hours, "all")) => (hours, true),
            Some(_) => return Err(wrong()),
        };
        let (from, to) = hours.split_once('-').ok_or_else(wrong)?;
        let time = |words: &str| words.trim().parse::<Clock>().map_err(|_| wrong());
        let (from, to) = (time(from)?, time(to)?);
        if from == to {
            return Err(format!("'{words}' begins when it ends"));
        }
        Ok(Self { from, to, all })
    }

    /// Is it quiet now?
    fn holds(&self, now: Time, zone: &TimeZone) -> bool {
        // by the clock on the wall: what a change of the clocks skips or repeats is as it shows
        let clock = zone.to_datetime(now.timestamp()).time();
        if self.from < self.to {
            (self.from..self.to).contains(&clock)
        } else {
            clock >= self.from || clock < self.to
        }
    }
}

/// What a viewer asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// The bell.
    pub bell: bool,
    /// A notice of the desktop.
    pub desktop: Option<Desktop>,
    /// The title of the window says how many alerts there are.
    pub title: bool,
    /// What is between passes such a notice on only where it is wrapped.
    pub wrap: Wrap,
    /// When less rings.
    pub quiet: Option<Quiet>,
}

/// What rang, and when.
#[derive(Debug, Default)]
pub struct Notices {
    /// Critical alerts that are open, or were lately, and when they rang last.
    known: Option<BTreeMap<AlertId, Time>>,
    last: Option<Time>,
    title: String,
    /// That nothing comes in has been said.
    said_no_data: bool,
    revision: Option<u64>,
    /// New ones that are to be told when the pause is over.
    waiting: Vec<AlertId>,
}

impl Notices {
    /// The terminal was given back and is ours again: the title is to be said once more.
    pub fn forget_title(&mut self) {
        self.title.clear();
        self.revision = None;
    }

    /// What is to be written to the terminal now; mostly nothing.
    pub fn look(&mut self, notify: &Notify, state: &State, now: Time, zone: &TimeZone) -> Vec<u8> {
        let mut out = Vec::new();
        if *notify == Notify::default() {
            return out;
        }
        self.said_no_data = false;
        if self.revision != Some(state.revision) {
            self.revision = Some(state.revision);
            self.gather(state, now);
            if notify.title {
                self.entitle(state, &mut out);
            }
        }
        let paused = self
            .last
            .is_some_and(|at| now >= at && now.since(at) < PAUSE);
        if self.waiting.is_empty() || paused {
            return out;
        }
        let quiet = notify.quiet.filter(|q| q.holds(now, zone));
        // who has it, or what is over, needs no sign any more
        let open = |id: &AlertId| {
            let alert = state.alerts.get(id)?;
            (alert.state == AlertState::Open).then_some(alert.as_ref())
        };
        self.waiting.retain(|id| open(id).is_some());
        let rings = |a: &Alert| quiet.is_none_or(|q| !q.all && sustains_life(state, a));
        let ring: Vec<&Alert> = self
            .waiting
            .iter()
            .filter_map(open)
            .filter(|a| rings(a))
            .collect();
        // what is quiet now rings when the quiet is over, if it is still open then
        self.waiting.retain(|id| ring.iter().all(|a| a.id != *id));
        let Some(first) = ring.first() else {
            return out;
        };
        self.last = Some(now);
        if notify.bell {
            out.push(7);
        }
        if let Some(how) = notify.desktop {
            let words = match ring.len() {
                1 => words_of(state, first),
                n => format!("{n} critical alerts, first {}", words_of(state, first)),
            };
            notice(how, notify.wrap, &plain(&words), &mut out);
        }
        out
    }

    /// Nobody says any more what is: a title that counts would be a lie, and silence looks like calm.
    pub fn no_data(&mut self, notify: &Notify, state: &State) -> Vec<u8> {
        let mut out = Vec::new();
        let title = format!("(NO DATA) wardwatch {}", state.site.name);
        if *notify == Notify::default() || self.said_no_data {
            return out;
        }
        self.said_no_data = true;
        // what is known when it comes back is told anew
        self.revision = None;
        if notify.title {
            self.set_title(title, &mut out);
        }
        if notify.bell {
            out.push(7);
        }
        if let Some(how) = notify.desktop {
            let words = format!("{}: no data is coming in", state.site.name);
            notice(how, notify.wrap, &plain(&words), &mut out);
        }
        out
    }

    /// Critical ones that are new.
    fn gather(&mut self, state: &State, now: Time) {
        let critical = state
            .alerts
            .values()
            .filter(|a| a.severity == Severity::Critical && a.state == AlertState::Open);
        let Some(known) = &mut self.known else {
            // what was there when it began is on the screen
            self.known = Some(critical.map(|a| (a.id, now)).collect());
            return;
        };
        for alert in critical {
            let rang = known.get(&alert.id).copied();
            // one that is still open rang already; one that came again rings again, though not each time
            let again = rang.is_none_or(|at| alert.opened > Some(at) && now.since(at) >= SAME);
            if again {
                known.insert(alert.id, now);
                self.waiting.push(alert.id);
            }
        }
        known.retain(|id, _| state.alerts.contains_key(id));
    }

    fn entitle(&mut self, state: &State, out: &mut Vec<u8>) {
        let [_, _, major, critical] = state.counts.alerts_new;
        let site = state.site.name.as_str();
        let title = match (critical, major) {
            (0, 0) => format!("wardwatch {site}"),
            (0, n) => format!("({n} major) wardwatch {site}"),
            (n, _) => format!("({n} CRITICAL) wardwatch {site}"),
        };
        self.set_title(title, out);
    }

    fn set_title(&mut self, title: String, out: &mut Vec<u8>) {
        if title != self.title {
            out.extend_from_slice(b"\x1b]2;");
            out.extend_from_slice(plain(&title).as_bytes());
            out.extend_from_slice(b"\x1b\\");
            self.title = title;
        }
    }
}

fn words_of(state: &State, alert: &Alert) -> String {
    let device = alert.device.and_then(|id| state.devices.get(&id));
    let name = device.map_or("wardwatch", |d| d.name.as_str());
    format!("{name}: {}", alert.text)
}

/// Is a life-sustaining device in it, itself or behind it?
fn sustains_life(state: &State, alert: &Alert) -> bool {
    let own = alert.device.and_then(|id| state.devices.get(&id));
    own.is_some_and(|d| d.care == CareLevel::LifeSustaining)
        || alert
            .impact
            .by_care
            .iter()
            .any(|(care, n)| *care == CareLevel::LifeSustaining && *n > 0)
}

/// What can stand inside such a sequence: it is text already, and nothing divides its parts.
fn plain(words: &str) -> String {
    words
        .chars()
        .filter(|c| !c.is_control())
        .map(|c| if c == ';' { ',' } else { c })
        .take(COLUMNS)
        .collect()
}

fn notice(how: Desktop, wrap: Wrap, words: &str, out: &mut Vec<u8>) {
    let sequence = match how {
        Desktop::Nine => format!("\x1b]9;wardwatch: {words}\x07"),
        Desktop::Seven => format!("\x1b]777;notify;wardwatch;{words}\x07"),
    };
    let wrapped = match wrap {
        Wrap::None => sequence,
        Wrap::Tmux => format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b")),
        Wrap::Screen => format!("\x1bP{sequence}\x1b\\"),
    };
    out.extend_from_slice(wrapped.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{DeviceId, Text};
    use crate::ui::session::tests::{NOW, alert, state};

    fn all() -> Notify {
        Notify {
            bell: true,
            desktop: Some(Desktop::Nine),
            ..Notify::default()
        }
    }

    struct Room {
        notices: Notices,
        notify: Notify,
        state: State,
        now: Time,
    }

    impl Room {
        fn new(notify: Notify) -> Self {
            let mut room = Self {
                notices: Notices::default(),
                notify,
                state: state(),
                now: NOW,
            };
            assert!(!room.look().contains('\x07'), "what was there is not new");
            room
        }

        fn look(&mut self) -> String {
            let zone = TimeZone::UTC;
            let out = self
                .notices
                .look(&self.notify, &self.state, self.now, &zone);
            String::from_utf8(out).unwrap()
        }

        fn put(&mut self, id: u64, change: impl FnOnce(&mut Alert)) {
            let mut new = alert(id, Severity::Critical);
            new.opened = Some(self.now);
            change(&mut new);
            self.state.alerts.insert(AlertId(id), Arc::new(new));
            self.state.revision += 1;
        }

        fn wait(&mut self, s: u64) {
            self.now = self.now + Duration::from_secs(s);
        }
    }

    #[test]
    fn it_is_off_unless_asked_for() {
        let mut room = Room::new(Notify::default());
        room.put(9, |_| {});
        assert_eq!(room.look(), "");
    }

    #[test]
    fn a_new_critical_alert_rings_once_and_a_storm_rings_once_too() {
        let mut room = Room::new(all());
        room.put(2, |a| a.severity = Severity::Major);
        assert_eq!(room.look(), "", "major is on the screen");
        room.put(3, |_| {});
        let first = room.look();
        assert_eq!(
            first,
            "\x07\x1b]9;wardwatch: sw-3f-02: stopped answering\x07"
        );
        assert_eq!(room.look(), "");
        for id in 10..510 {
            room.put(id, |_| {});
            assert_eq!(room.look(), "", "within the pause");
        }
        room.wait(30);
        let later = room.look();
        assert!(later.contains("500 critical alerts, first"), "{later}");
        room.wait(600);
        assert_eq!(room.look(), "");
    }

    #[test]
    fn one_that_comes_and_goes_rings_once_in_ten_minutes() {
        let mut room = Room::new(all());
        let mut rang = 0;
        for _ in 0..30 {
            room.put(7, |_| {});
            rang += usize::from(!room.look().is_empty());
            room.put(7, |a| a.state = AlertState::Closed);
            room.look();
            room.wait(60);
        }
        assert_eq!(rang, 3);
    }

    #[test]
    fn in_quiet_hours_only_what_touches_a_life_rings_unless_nothing_shall() {
        // 22:13 UTC
        let quiet = |all| {
            Some(Quiet {
                all,
                ..Quiet::read("22:00-06:00").unwrap()
            })
        };
        let mut room = Room::new(Notify {
            quiet: quiet(false),
            ..all()
        });
        room.put(3, |_| {});
        assert_eq!(room.look(), "");
        room.put(4, |a| a.device = Some(DeviceId(2)));
        assert!(room.look().contains("vent-icu3-07"), "a ventilator");
        room.wait(60);
        room.put(5, |a| {
            a.impact.by_care = vec![(CareLevel::LifeSustaining, 2)];
        });
        assert!(room.look().starts_with('\x07'), "two behind it");
        let mut room = Room::new(Notify {
            quiet: quiet(true),
            ..all()
        });
        room.put(4, |a| a.device = Some(DeviceId(2)));
        room.put(5, |_| {});
        assert_eq!(room.look(), "");
        room.put(5, |a| a.state = AlertState::Acknowledged);
        room.wait(8 * 3600);
        let morning = room.look();
        assert!(morning.starts_with('\x07'), "06:13");
        assert!(
            morning.contains("wardwatch: vent-icu3-07"),
            "one of two: {morning:?}"
        );
        assert_eq!(room.look(), "");
    }

    #[test]
    fn quiet_hours_are_read_and_hold_over_midnight() {
        let at = |h: i64| Time(NOW.0 - (22 * 60 + 13) * 60_000 - 20_000 + h * 3_600_000);
        let night = Quiet::read("22:00-06:00").unwrap();
        let noon = Quiet::read("12:00-13:00,all").unwrap();
        assert!(noon.all && !night.all);
        for (hour, quiet, noon_quiet) in [
            (0, true, false),
            (5, true, false),
            (6, false, false),
            (12, false, true),
            (13, false, false),
            (22, true, false),
        ] {
            assert_eq!(night.holds(at(hour), &TimeZone::UTC), quiet, "{hour}");
            assert_eq!(noon.holds(at(hour), &TimeZone::UTC), noon_quiet, "{hour}");
        }
        for wrong in [
            "",
            "22:00",
            "22-6x",
            "25:00-06:00",
            "22:00-22:00",
            "22:00-06:00,some",
        ] {
            assert!(Quiet::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_title_counts_and_nothing_from_outside_divides_or_ends_a_sequence() {
        let mut room = Room::new(Notify {
            title: true,
            wrap: Wrap::Tmux,
            desktop: Some(Desktop::Seven),
            ..Notify::default()
        });
        room.state.counts.alerts_new = [0, 0, 2, 0];
        Arc::make_mut(&mut room.state.site).name = Text::from("A;B\x07\x1b\\");
        room.state.revision += 1;
        assert_eq!(
            room.look(),
            "\x1b]2;(2 major) wardwatch A,B\\u{7}\\u{1b}\\\\\x1b\\"
        );
        room.put(3, |a| a.text = Text::from("x;y\x1b]0;owned\x07"));
        assert_eq!(
            room.look(),
            "\x1bPtmux;\x1b\x1b]777;notify;wardwatch;sw-3f-02: x,y\\u{1b}]0,owned\\u{7}\x07\x1b\\"
        );
        room.now = Time(0);
        room.put(8, |_| {});
        room.look();
    }
}
