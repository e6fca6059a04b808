//! Views as lines of words, for a screen reader or a serial console: the same words, without their columns.

use super::{alert, device, words};
use crate::engine::State;
use crate::model::{Alert, AlertState, Device, Run};
use crate::ui::Ctx;
use crate::ui::widgets::{Ink, counted};

/// An alert with whom to ring, whom it touches, and who has it.
pub fn alert_page(ctx: &Ctx<'_>, of: &Alert) -> Vec<String> {
    let mut lines = vec![alert_line(ctx, of)];
    lines.extend(alert::read(&Ink::of(ctx), of));
    lines
}

/// What is known of a device.
pub fn device_page(ctx: &Ctx<'_>, of: &Device) -> Vec<String> {
    let mut lines = vec![device_line(ctx, of)];
    lines.extend(device::summary_read(&Ink::of(ctx), of));
    lines
}

/// An alert in a line: how bad, what, where, who has it.
pub fn alert_line(ctx: &Ctx<'_>, of: &Alert) -> String {
    let line = alert_words(ctx.state, of);
    match (of.state, &of.ack) {
        (AlertState::Acknowledged, Some(ack)) => format!("{line}, {} has it", ack.by),
        (AlertState::Closed, _) => format!("{line}, over"),
        _ => format!("{line}, since {}", Ink::of(ctx).clock(of.since)),
    }
}

/// An alert: how bad, what, where, what is behind it.
pub fn alert_words(state: &State, of: &Alert) -> String {
    let name = of.device.and_then(|id| state.devices.get(&id));
    let name = name.map_or("wardwatch", |d| d.name.as_str());
    let place = words::segment_name(state, of.segment);
    let mut line = format!(
        "{} {name}: {}",
        of.severity.word().to_uppercase(),
        super::sentence::what(of)
    );
    if !place.is_empty() {
        line = format!("{line}, {place}");
    }
    if of.impact.behind > 0 {
        let classes = words::classes(&of.impact.by_class, 3);
        line = format!("{line}, behind it {classes}");
    }
    line
}

/// A device in a line.
pub fn device_line(ctx: &Ctx<'_>, of: &Device) -> String {
    let mut line = format!("{}: {}", of.name, words::kind(of.class));
    let why = of.state_why.as_str();
    line = format!("{line}, {}", of.state.word());
    if !why.is_empty() {
        line = format!("{line} ({why})");
    }
    if let Some(address) = of.address {
        line = format!("{line}, {address}");
    }
    for part in [
        words::segment_name(ctx.state, of.segment).to_owned(),
        words::port_of(ctx.state, of),
    ] {
        if !part.is_empty() {
            line = format!("{line}, {part}");
        }
    }
    line
}

/// A run in a line.
pub fn run_line(ctx: &Ctx<'_>, of: &Run) -> String {
    let (_, state, _) = super::runs::state_of(&Ink::of(ctx), of);
    let mut line = format!(
        "{} on {}: {state}, by {}",
        of.plan.remediation, of.plan.device_name, of.by
    );
    if !of.outcome.is_empty() {
        line = format!("{line}, {}", of.outcome);
    }
    line
}

/// How the house stands, in a sentence each.
pub fn summary(ctx: &Ctx<'_>) -> Vec<String> {
    let c = &ctx.state.counts;
    let n = |n: u32, word: &str| format!("{n} {word}");
    let site = match ctx.state.site.name.as_str() {
        "" => "this site",
        name => name,
    };
    let mut lines = vec![format!(
        "{site}: {}, {}, {}, {}, {}.",
        counted(c.devices as usize, "device", "devices"),
        n(c.up, "up"),
        n(c.degraded, "degraded"),
        n(c.down, "down"),
        n(c.unknown, "unknown")
    )];
    let [info, minor, major, critical] = c.alerts_new;
    lines.push(if c.alerts_open == 0 {
        "No alert is open.".into()
    } else {
        format!(
            "{}: {critical} critical, {major} major, {minor} minor, {info} info that nobody has yet.",
            counted(c.alerts_open as usize, "alert is open", "alerts are open")
        )
    });
    lines
}
