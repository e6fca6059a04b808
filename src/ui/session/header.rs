//! Line 1, the truth about the data, and line 2, the views.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::access::Role as Rank;
use crate::actions::registry;
use crate::engine::State;
use crate::model::{DeviceState, Severity, Time};
use crate::ui::widgets::{Ink, Row, clock, clock_long, prefix, width};
use crate::ui::{Keymap, Live, Played, Role};

/// The views of line 2: action, name, title.
pub const TABS: [(&str, &str, &str); 5] = [
    ("view-board", "board", "Board"),
    ("view-map", "map", "Map"),
    ("view-alerts", "alerts", "Alerts"),
    ("view-devices", "devices", "Devices"),
    ("view-runs", "runs", "Runs"),
];

type Span = (String, Style);

/// How much of line 1 is said. It gives way in this order: zone and role; words beside numbers; the program's name; the
/// person; a long site name; devices that are up; the site. How true it is, and what is wrong, stay.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Level(u8);

impl Level {
    const LAST: Self = Self(7);

    fn below(self, step: u8) -> bool {
        self.0 < step
    }
}

/// Draws line 1.
pub fn line_one(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, role: Rank, present: Option<&State>) {
    let mut level = Level(0);
    let mut groups = groups(ink, role, present, level);
    while level < Level::LAST && columns(&groups) > area.width {
        level.0 += 1;
        groups = self::groups(ink, role, present, level);
    }
    let mut row = Row::new(ink, buf, area, 0);
    row.gap(1);
    let between = format!(" {} ", ink.g.bar);
    for (at, group) in groups.iter().enumerate() {
        if at > 0 {
            row.put(&between, ink.faint);
        }
        for (word, style) in group {
            row.put(word, *style);
        }
    }
}

fn columns(groups: &[Vec<Span>]) -> u16 {
    let words: u16 = groups
        .iter()
        .flatten()
        .map(|(word, _)| width(word))
        .fold(0, u16::saturating_add);
    let between = (groups.len().saturating_sub(1) * 3) as u16;
    words.saturating_add(between).saturating_add(1)
}

fn groups(ink: &Ink<'_>, role: Rank, present: Option<&State>, level: Level) -> Vec<Vec<Span>> {
    let ctx = ink.ctx;
    let mut groups = Vec::with_capacity(6);
    if level.below(3) {
        groups.push(vec![("wardwatch".to_owned(), ink.strong)]);
    }
    let site = ctx.state.site.name.as_str();
    if !site.is_empty() && level.below(7) {
        let max = if level.below(5) { 40 } else { 14 };
        let (head, _) = prefix(site, max);
        let cut = if head.len() < site.len() {
            ink.g.ellipsis
        } else {
            ""
        };
        groups.push(vec![(format!("{head}{cut}"), ink.text)]);
    }
    groups.push(truth(ink, level.below(1)));
    if let Some(present) = present.filter(|p| p.counts.alerts_new[3] > 0) {
        // who looks at the past is told what needs them now
        let n = present.counts.alerts_new[3];
        let glyph = ink.g.severity(Severity::Critical);
        let word = if level.below(2) {
            " critical now"
        } else {
            " now"
        };
        groups.push(vec![(
            format!(" {glyph} {n}{word} "),
            ink.badge(Severity::Critical),
        )]);
    }
    let counts = &ctx.state.counts;
    if counts.devices > 0 {
        let mut spans = vec![(counts.devices.to_string(), ink.strong)];
        if level.below(2) {
            spans.push((" devices".into(), ink.text));
        }
        for (state, n) in [
            (DeviceState::Up, counts.up),
            (DeviceState::Degraded, counts.degraded),
            (DeviceState::Down, counts.down),
            (DeviceState::Unknown, counts.unknown),
        ] {
            if n > 0 && (state != DeviceState::Up || level.below(6)) {
                let (glyph, style) = ink.state(state);
                spans.push((format!(" {glyph} "), style));
                let of = if state == DeviceState::Up {
                    ink.dim
                } else {
                    style
                };
                spans.push((n.to_string(), of));
            }
        }
        groups.push(spans);
    }
    let alerts = alerts(ink, level.below(2));
    if !alerts.is_empty() {
        groups.push(alerts);
    }
    if level.below(4) && !ctx.person.is_empty() {
        let mut who = ctx.person.as_str().to_owned();
        if ctx.read_only {
            who.push_str(" (read-only)");
        } else if level.below(1) {
            who = format!("{who} ({role})");
        }
        groups.push(vec![(who, ink.dim)]);
    }
    groups
}

/// What nobody has acknowledged, by severity; what somebody has, as one number.
fn alerts(ink: &Ink<'_>, words: bool) -> Vec<Span> {
    let counts = &ink.ctx.state.counts;
    let mut spans: Vec<Span> = Vec::new();
    let [_, minor, major, critical] = counts.alerts_new;
    for (severity, n) in [
        (Severity::Critical, critical),
        (Severity::Major, major),
        (Severity::Minor, minor),
    ] {
        if n == 0 {
            continue;
        }
        if !spans.is_empty() {
            spans.push((" ".into(), Style::new()));
        }
        let word = if words {
            format!(" {severity}")
        } else {
            String::new()
        };
        let glyph = ink.g.severity(severity);
        let said = format!("{glyph} {n}{word}");
        if severity == Severity::Critical {
            spans.push((format!(" {said} "), ink.badge(severity)));
        } else {
            spans.push((said, ink.severity(severity)));
        }
    }
    let new: u32 = counts.alerts_new.iter().sum();
    let taken = counts.alerts_open.saturating_sub(new);
    if taken > 0 && words {
        let gap = if spans.is_empty() { "" } else { " " };
        spans.push((format!("{gap}{taken} acknowledged"), ink.dim));
    }
    spans
}

/// How true the screen is. Only LIVE looks calm.
fn truth(ink: &Ink<'_>, zone: bool) -> Vec<Span> {
    let ctx = ink.ctx;
    let at = |time: Time| clock(time, ctx.now, ctx.zone);
    let style = |role| ink.role(role);
    match ctx.live {
        Live::Starting => vec![(format!("{} starting", ink.g.unknown), ink.dim)],
        Live::Live => {
            let mut spans = vec![
                (format!("{} ", ink.g.live), style(Role::Live)),
                ("LIVE ".into(), ink.text),
                (at(ctx.now), ink.strong),
            ];
            if zone {
                let name = ctx.now.timestamp().to_zoned_datetime(ctx.zone.clone());
                spans.push((format!(" {}", name.strftime("%Z")), ink.dim));
            }
            spans
        }
        Live::Paused(since) => vec![(
            format!(" {} PAUSED {} ", ink.g.paused, at(*since)),
            style(Role::Paused),
        )],
        Live::Replay(played) => {
            let Played { at, from, to, .. } = *played;
            let pace = match played.speed {
                _ if at >= to && to > from => "end".to_owned(),
                0 => "stopped".to_owned(),
                n => format!("x{n}"),
            };
            let word = if played.past { "PAST" } else { "REPLAY" };
            // the day too, where it is not that of the present
            let when = clock_long(at, if played.past { to } else { at }, ctx.zone);
            let on = match played.towards {
                Some(to) => format!(" {} {}", ink.g.replay, clock_long(to, at, ctx.zone)),
                None => String::new(),
            };
            vec![(
                format!(" {} {word} {pace} {when}{on} ", ink.g.replay),
                style(Role::Replay),
            )]
        }
        Live::Stale(since) => vec![(
            format!(" STALE {} ", ink.age_words(*since)),
            style(Role::Stale),
        )],
        Live::NoCollector => vec![(" NO COLLECTOR ".into(), style(Role::Stale))],
    }
}

/// Where the views of line 2 stand: name and columns, for the mouse.
pub type TabSpots = Vec<(&'static str, u16, u16)>;

/// Columns of a view's key: a longer one would take the room of what matters.
const KEY: u16 = 4;

/// Draws line 2.
pub fn line_two(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    keys: &Keymap,
    open: &str,
    filter: bool,
) -> TabSpots {
    let counts = &ink.ctx.state.counts;
    let new: u32 = counts.alerts_new.iter().sum();
    let running = ink
        .ctx
        .state
        .runs
        .values()
        .filter(|run| !run.state.is_over())
        .count();
    let mut spots = TabSpots::new();
    let mut row = Row::new(ink, buf, area, 0);
    row.gap(1);
    for (action, name, title) in &TABS {
        let (key, word) = if *name == open {
            let active = ink.role(Role::TabActive);
            (active, active)
        } else {
            (ink.role(Role::Tab), ink.text)
        };
        let from = row.used();
        let shown = registry::action(action).and_then(|a| keys.shown(a, ink.g));
        if let Some(shown) = shown.filter(|shown| width(shown) <= KEY) {
            row.put(shown, key).gap(1);
        }
        row.put(title, word);
        let (n, style) = match *name {
            "alerts" => (
                new as usize,
                counts
                    .alerts_new
                    .iter()
                    .zip([
                        Severity::Info,
                        Severity::Minor,
                        Severity::Major,
                        Severity::Critical,
                    ])
                    .rev()
                    .find(|(n, _)| **n > 0)
                    .map_or(ink.dim, |(_, severity)| ink.severity(severity)),
            ),
            "runs" => (running, ink.accent),
            _ => (0, ink.dim),
        };
        if n > 0 {
            row.put(format!("{}{n}", ink.g.dot), style);
        }
        if filter && *name == open {
            row.put("/", ink.role(Role::Key));
        }
        spots.push((*name, from, row.used()));
        row.gap(2);
    }
    spots
}
