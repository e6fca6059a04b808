//! How wardwatch itself is doing: a verdict, what to do where something is wrong, then the figures; and what it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{below, margin};
use crate::model::{
    CollectorHealth, Flow, GateHealth, Health, Point, PollerHealth, Rate, Severity, grouped,
};
use crate::ui::widgets::{
    Ink, LABEL, Row, Section, age_words, bytes, counted, draw_sections, scrolled, section_width,
    spark, wrap,
};
use crate::ui::{Ctx, Live, Outcome, Place, Request, Selection, View};

/// Columns of a figure that a sparkline follows.
const FIGURE: usize = 9;
/// What a point of a trend stands for, seconds.
const POINT_S: u64 = 6;
/// Lines of words above the figures, at the most.
const WORDS: usize = 6;

/// The view.
#[derive(Default)]
pub struct About {
    scroll: u16,
    most: u16,
}

impl View for About {
    fn place(&self) -> Option<Place> {
        Some(Place::About)
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, ctx: &Ctx<'_>) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let ink = &Ink::of(ctx);
        let body = margin(area);
        let used = words(ink, buf, body);
        let body = below(body, used + 1);
        let sections = sections(ink, body);
        self.most = draw_sections(ink, buf, body, &sections, &mut self.scroll);
    }

    fn act(&mut self, action: &str, ctx: &Ctx<'_>) -> Outcome {
        if matches!(action, "copy" | "copy-line") {
            let version = env!("CARGO_PKG_VERSION");
            let line = format!("wardwatch {version}: {}", verdict(ctx).0);
            return Outcome::Ask(vec![Request::Copy(line)]);
        }
        match scrolled(action, self.scroll, self.most) {
            Some(scroll) => self.scroll = scroll,
            None => return Outcome::Ignored,
        }
        Outcome::Consumed
    }

    fn opened_by(&self) -> Option<&'static str> {
        Some("about")
    }

    fn crumb(&self, _ctx: &Ctx<'_>) -> String {
        "About wardwatch".into()
    }

    fn selection(&self, _ctx: &Ctx<'_>) -> Selection {
        Selection::default()
    }

    fn actions(&self, ctx: &Ctx<'_>) -> Vec<&'static str> {
        let mut actions = Vec::new();
        if self.most > 0 {
            actions.push("page-down");
        }
        if !ctx.state.troubles.is_empty() {
            actions.push("troubles");
        }
        actions.push("copy");
        actions
    }
}

/// The verdict in a sentence, and how bad it is where something is wrong.
fn verdict(ctx: &Ctx<'_>) -> (String, Option<Severity>) {
    let Some(health) = ctx.health else {
        let words = match ctx.live {
            Live::Replay(_) => {
                "This is a recording: nothing is polled here, and what is shown was collected by another process."
            }
            Live::NoCollector => "There is no collector: nothing is polled.",
            _ => "wardwatch is starting; its figures come in a moment.",
        };
        return (words.into(), None);
    };
    let p = &health.poller;
    let warned = health
        .warnings()
        .first()
        .filter(|w| w.severity >= Severity::Minor)
        .map(|w| w.severity);
    let agents = match p.agents {
        0 => "no agent is asked".to_owned(),
        1 => "1 agent".into(),
        n => format!("{} agents", grouped(n)),
    };
    let window = if p.window_limit > 0 {
        format!(
            ", window {} of {}",
            grouped(p.window),
            grouped(p.window_limit)
        )
    } else {
        String::new()
    };
    let dropped = match p.kernel_drops.total + p.not_taken.total + health.collector.dropped {
        0 => "nothing dropped".to_owned(),
        n => format!("{} dropped since the start", grouped(n)),
    };
    let how = match warned {
        _ if p.agents == 0 => "Nothing is polled",
        None => "Everything keeps its time",
        Some(Severity::Minor | Severity::Info) => "It strains, and keeps up",
        Some(_) => "It does not keep up",
    };
    (format!("{how}: {agents}{window}, {dropped}."), warned)
}

/// Draws the verdict and what to do; gives the rows used.
fn words(ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> u16 {
    let (line, severity) = verdict(ink.ctx);
    let style = severity.map_or(ink.strong, |s| ink.severity(s));
    let mut y = put(ink, buf, area, 0, &line, style);
    let warnings = ink.ctx.health.map(Health::warnings).unwrap_or_default();
    for warning in warnings.iter().take(WORDS) {
        let words = if warning.advice.is_empty() {
            format!("{} {}", ink.g.dot, warning.what)
        } else {
            format!(
                "{} {}: {}",
                ink.g.severity(warning.severity),
                warning.what,
                warning.advice
            )
        };
        let style = if warning.severity == Severity::Info {
            ink.dim
        } else {
            ink.text
        };
        y = put(ink, buf, area, y, &words, style);
    }
    let troubles = ink.ctx.state.troubles.len();
    if troubles > 0 {
        let words = format!(
            "{} {} of its sources: ! lists what it could not do",
            ink.g.dot,
            counted(troubles, "trouble", "troubles")
        );
        y = put(ink, buf, area, y, &words, ink.text);
    }
    y
}

fn put(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, y: u16, words: &str, style: Style) -> u16 {
    let mut y = y;
    for line in wrap(words, area.width, 2) {
        Row::new(ink, buf, area, y).put(line, style);
        y += 1;
    }
    y
}

fn sections(ink: &Ink<'_>, area: Rect) -> Vec<Section> {
    let mut all = Vec::new();
    if let Some(health) = ink.ctx.health {
        let trends = Trends::new(ink, health, section_width(area));
        all.push(polling(ink, &health.poller, &trends));
        all.push(process(ink, health, &trends));
        all.push(lost(ink, health));
        all.push(log(ink, &health.collector, &trends));
        all.push(gate(ink, &health.gate));
        all.push(sources(ink, health));
    }
    all.push(itself(ink));
    all.retain(|s| !s.is_empty());
    all
}

/// Sparklines of the newest points, as many as there is room for.
struct Trends<'a> {
    ink: &'a Ink<'a>,
    points: Vec<&'a Point>,
    columns: u16,
}

impl<'a> Trends<'a> {
    fn new(ink: &'a Ink<'a>, health: &'a Health, width: u16) -> Self {
        let figure = u16::try_from(FIGURE).unwrap_or(0);
        let columns = if ink.ctx.low_bandwidth {
            0
        } else {
            width.saturating_sub(LABEL + figure + 2)
        };
        let skip = health.trend.len().saturating_sub(usize::from(columns));
        Self {
            ink,
            points: health.trend.iter().skip(skip).collect(),
            columns,
        }
    }

    fn top(&self, of: impl Fn(&Point) -> u32) -> u64 {
        let tops = self.points.iter().map(|p| u64::from(of(p)));
        tops.max().unwrap_or(0)
    }

    fn line(&self, of: impl Fn(&Point) -> u32, top: u64) -> (String, Style) {
        let values = self.points.iter().map(|p| u64::from(of(p)));
        (spark(self.ink, values, top, self.columns), self.ink.dim)
    }

    /// ` 4 min, top 512 /s`: the scale of the lines below, printed once.
    fn scale(&self, top: u64, unit: &str) -> String {
        if self.points.is_empty() || top == 0 {
            return String::new();
        }
        let span = std::time::Duration::from_secs(self.points.len() as u64 * POINT_S);
        format!("{}, top {}{unit}", age_words(span), grouped(top))
    }
}

/// A figure as wide as every other that a sparkline follows.
fn figure(text: &str) -> String {
    format!("{text:<FIGURE$}")
}

/// `412 /s`, `1.3 /s`, `0 /s`.
fn rate(of: Rate) -> String {
    match of.0 {
        0 => "0 /s".into(),
        n @ 1..10_000 => {
            let tenths = n.div_ceil(100);
            if tenths.is_multiple_of(10) {
                format!("{} /s", tenths / 10)
            } else {
                format!("{}.{} /s", tenths / 10, tenths % 10)
            }
        }
        n => format!("{} /s", grouped(n / 1000)),
    }
}

fn polling(ink: &Ink<'_>, p: &PollerHealth, trends: &Trends<'_>) -> Section {
    let mut section = Section::new("POLLING");
    let top = trends.top(|p| p.sent.max(p.answered));
    section.aside(trends.scale(top, " /s"));
    section.say("agents", grouped(p.agents), ink.strong);
    let mut line = |label, flow: Flow, of: fn(&Point) -> u32| {
        let style = if flow.minute > 0 { ink.text } else { ink.dim };
        section.with(label, figure(&rate(flow.rate)), style, trends.line(of, top));
    };
    line("asked", p.sent, |p| p.sent);
    line("answered", p.answered, |p| p.answered);
    line("no answer", p.timed_out, |p| p.timed_out);
    section.say("again", rate(p.retries.rate), ink.dim);
    let mut window = grouped(p.window);
    if p.window_limit > 0 {
        window = format!("{window} of {}", grouped(p.window_limit));
    }
    section.say(
        "window",
        format!("{window}, most {}", grouped(p.window_most)),
        ink.text,
    );
    section.say("polls", rate(p.jobs.rate), ink.text);
    if p.jobs.total > 0 {
        section.say(
            "lateness",
            format!(
                "half {}, 99 % {}",
                millis(p.late_ms_p50),
                millis(p.late_ms_p99)
            ),
            ink.text,
        );
    }
    let strained = p.holding > 0 || p.held_back.minute > 0;
    if strained || p.held_back.total > 0 {
        section.say(
            "budgets",
            format!(
                "{} waiting, held {}",
                grouped(p.holding),
                rate(p.held_back.rate)
            ),
            if strained { ink.text } else { ink.dim },
        );
    }
    if p.overruns.total > 0 {
        let less = if p.stretched > 0 {
            format!(", {} asked less often", grouped(p.stretched))
        } else {
            String::new()
        };
        section.say(
            "overruns",
            format!("{}{less}", rate(p.overruns.rate)),
            if p.overruns.minute > 0 {
                ink.text
            } else {
                ink.dim
            },
        );
    }
    if p.sockets > 0 {
        let buffer = if p.buffer_bytes > 0 {
            format!(", receive buffer {}", bytes(p.buffer_bytes))
        } else {
            String::new()
        };
        section.say("sockets", format!("{}{buffer}", p.sockets), ink.dim);
    }
    section
}

fn millis(ms: u64) -> String {
    if ms < 10_000 {
        format!("{} ms", grouped(ms))
    } else {
        format!("{} s", grouped(ms / 1000))
    }
}

fn lost(ink: &Ink<'_>, health: &Health) -> Section {
    let p = &health.poller;
    let mut section = Section::new("ANSWERS LOST");
    section.aside("since the start");
    for (label, flow, what) in [
        ("kernel", p.kernel_drops, "dropped by the kernel"),
        ("late", p.late, "no longer waited for"),
        ("twice", p.duplicates, "answered twice"),
        ("strangers", p.unmatched, "another source or id"),
        ("malformed", p.malformed, "no SNMP message"),
        ("failed", p.failed, "refused or not let out"),
        ("not taken", p.not_taken, "the fold was too slow"),
    ] {
        let style = if flow.minute > 0 {
            ink.strong
        } else if flow.total > 0 {
            ink.text
        } else {
            ink.dim
        };
        section.note(label, grouped(flow.total), style, what.into());
    }
    section
}

fn process(ink: &Ink<'_>, health: &Health, trends: &Trends<'_>) -> Section {
    let p = &health.process;
    let mut section = Section::new("PROCESS");
    section.aside("of one core");
    let percent = match p.cpu_permille {
        0 => "0 %".into(),
        n @ 1..100 => format!("{}.{} %", n / 10, n % 10),
        n => format!("{} %", n / 10),
    };
    section.with(
        "processor",
        figure(&percent),
        ink.strong,
        trends.line(|p| p.cpu_permille, 1000),
    );
    let used = std::time::Duration::from_millis(p.cpu_ms);
    section.say("used", age_words(used), ink.dim);
    if p.rss_kib > 0 {
        section.say(
            "memory",
            format!(
                "{}, most {}",
                bytes(p.rss_kib.saturating_mul(1024)),
                bytes(p.peak_kib.saturating_mul(1024))
            ),
            ink.text,
        );
    }
    section.say(
        "since",
        format!(
            "{}, {}",
            ink.clock(health.since),
            ink.age_words(health.since)
        ),
        ink.text,
    );
    section
}

fn log(ink: &Ink<'_>, c: &CollectorHealth, trends: &Trends<'_>) -> Section {
    let mut section = Section::new("LOG AND FOLD");
    let top = trends.top(|p| p.events);
    section.aside(trends.scale(top, " /s"));
    section.with(
        "events",
        figure(&rate(c.events.rate)),
        ink.text,
        trends.line(|p| p.events, top),
    );
    if c.fold_ns > 0 {
        section.say("one costs", micros(ink, c.fold_ns.div_ceil(1000)), ink.text);
    }
    let waits = c.waiting > 0;
    section.say(
        "waiting",
        format!("{} of {}", grouped(c.waiting), grouped(c.waiting_limit)),
        if waits { ink.text } else { ink.dim },
    );
    let behind = if c.held > 0 {
        (
            format!("refused: {} in memory", grouped(c.held)),
            ink.strong,
        )
    } else if c.unflushed == 0 {
        ("all of it".into(), ink.dim)
    } else {
        (
            format!("all but the last {}", grouped(c.unflushed)),
            ink.dim,
        )
    };
    section.say("on disk", behind.0, behind.1);
    section.say(
        "writing",
        format!(
            "{}, longest {}",
            micros(ink, c.flush_us),
            micros(ink, c.flush_most_us)
        ),
        ink.dim,
    );
    section.say("record", bytes(c.record_bytes), ink.text);
    let days = usize::try_from(c.telemetry_days).unwrap_or(usize::MAX);
    section.say(
        "telemetry",
        format!(
            "{} of {}",
            bytes(c.telemetry_bytes),
            counted(days, "day", "days")
        ),
        ink.text,
    );
    if let Some(day) = c.day_bytes {
        section.say("a day", bytes(day), ink.text);
    }
    section
}

fn micros(ink: &Ink<'_>, us: u64) -> String {
    match us {
        0..1000 => format!("{us} {}", if ink.g.ascii { "us" } else { "µs" }),
        _ => millis(us.div_ceil(1000)),
    }
}

fn gate(ink: &Ink<'_>, g: &GateHealth) -> Section {
    let mut section = Section::new("GATE");
    match g.table {
        Some(revision) => section.say("table", format!("revision {revision}"), ink.text),
        None => section.say("table", "none yet: nothing leaves", ink.strong),
    }
    let refused = g.refused.total;
    section.note(
        "refused",
        grouped(refused),
        if refused > 0 { ink.text } else { ink.dim },
        "packets not let out".into(),
    );
    section.say(
        "permits",
        format!("{} open", g.permits),
        if g.permits > 0 { ink.text } else { ink.dim },
    );
    section.say(
        "ledger",
        format!(
            "{} {} to be written",
            grouped(g.pending),
            if g.pending == 1 { "row" } else { "rows" }
        ),
        ink.dim,
    );
    let gaps = &ink.ctx.state.ledger_gaps;
    let newest = gaps.iter().max_by_key(|gap| gap.until);
    let words = newest.map_or_else(
        || "none".to_owned(),
        |gap| {
            format!(
                "{}, the last {} to {}",
                gaps.len(),
                ink.clock(gap.from),
                ink.clock(gap.until)
            )
        },
    );
    let style = newest.map_or(ink.dim, |_| ink.text);
    section.say("gaps", words, style);
    section
}

fn sources(ink: &Ink<'_>, health: &Health) -> Section {
    let mut section = Section::new("ALSO");
    for source in &health.sources {
        let label = match source.name.as_str() {
            "listening" => "listening",
            "pings" => "pings",
            "names" => "names",
            _ => "source",
        };
        let style = if source.well { ink.text } else { ink.dim };
        section.say(label, source.how.as_str(), style);
    }
    section
}

fn itself(ink: &Ink<'_>) -> Section {
    let state = ink.ctx.state;
    let mut section = Section::new("WARDWATCH");
    section.say("version", env!("CARGO_PKG_VERSION"), ink.strong);
    section.say("licence", env!("CARGO_PKG_LICENSE"), ink.dim);
    section.say("site", state.site.name.as_str(), ink.text);
    if let Some(health) = ink.ctx.health {
        section.say("site file", health.home.site.as_str(), ink.text);
        section.say("state in", health.home.state.as_str(), ink.text);
    }
    let hash: String = state.config_hash.as_str().chars().take(12).collect();
    section.say("in force", hash, ink.dim);
    section.say("last event", grouped(state.seq.0), ink.dim);
    let (devices, alerts) = (state.counts.devices, state.counts.alerts_open);
    section.say(
        "knows",
        format!(
            "{} {}, {} {}",
            grouped(u64::from(devices)),
            if devices == 1 { "device" } else { "devices" },
            grouped(u64::from(alerts)),
            if alerts == 1 { "alert" } else { "alerts" }
        ),
        ink.dim,
    );
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_that_is_seldom_still_shows() {
        for (thousandths, text) in [
            (0, "0 /s"),
            (1, "0.1 /s"),
            (1_300, "1.3 /s"),
            (2_000, "2 /s"),
            (9_999, "10 /s"),
            (12_700, "12 /s"),
            (50_000_000, "50,000 /s"),
        ] {
            assert_eq!(rate(Rate(thousandths)), text);
        }
    }
}
