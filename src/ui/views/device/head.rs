//! The first lines of a device: what it is and how it is, whom to ring, and the tabs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Tab;
use crate::model::{Device, DeviceState, FactKey};
use crate::ui::Role;
use crate::ui::views::{phone, words};
use crate::ui::widgets::{Ink, Row, flow, width};

/// Draws it and gives the rows used, the free one below included.
pub fn draw(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, device: &Device, tab: Tab) -> u16 {
    let (glyph, style) = ink.state(device.state);
    let mut row = Row::new(ink, buf, area, 0);
    let how = state_words(ink, device);
    let name = device.name.as_str();
    let kind = words::kind(device.class);
    let model = format!(
        "{} {}",
        device.fact_str(FactKey::Vendor),
        device.fact_str(FactKey::Model)
    );
    row.put(glyph, style).gap(1).put(name, ink.strong).gap(2);
    // how it is stands before what it is: model and kind give way
    let loud = if device.state == DeviceState::Up {
        ink.dim
    } else {
        style
    };
    let room = row.left();
    let with_kind = width(&how) + 2 + width(kind) <= room;
    let with_model = width(&how) + 5 + width(kind) + width(model.trim()) <= room;
    row.put(&how, loud);
    if with_kind {
        row.gap(2).put(kind, ink.text);
    }
    if with_model && !model.trim().is_empty() {
        row.put(ink.between(), ink.dim).put(model.trim(), ink.text);
    }
    let alert = super::summary::worst_alert(ink.ctx.state, device.id)
        .and_then(|id| ink.ctx.state.alerts.get(&id))
        .map(AsRef::as_ref);
    let phones = flow(
        ink,
        buf,
        area,
        1,
        if area.height < 12 { 1 } else { 3 },
        &phone::lines(ink, Some(device), alert),
    );
    let mut y = 1 + phones;
    if area.height >= 16 {
        y += 1;
    }
    let mut row = Row::new(ink, buf, area, y);
    for t in Tab::ALL {
        let style = if t == tab {
            ink.role(Role::TabActive)
        } else {
            ink.role(Role::Tab)
        };
        row.put(if t == tab { ink.g.cursor } else { " " }, ink.accent)
            .put(t.title(), style);
        if let Some(n) = count(ink, device, t) {
            row.gap(1).put(n.to_string(), ink.faint);
        }
        row.gap(2);
    }
    y + if area.height >= 12 { 2 } else { 1 }
}

fn count(ink: &Ink<'_>, device: &Device, tab: Tab) -> Option<usize> {
    let n = match tab {
        Tab::Interfaces => device.interfaces.len(),
        Tab::Sensors => device.sensors().len(),
        Tab::Neighbours => ink
            .ctx
            .state
            .links
            .keys()
            .filter(|l| l.0.device == device.id || l.1.device == device.id)
            .count(),
        _ => 0,
    };
    (n > 0).then_some(n)
}

/// `up`, `down 4 min: its port lost link`, `not to be judged: sw-3f-02 before it is down`.
pub fn state_words(ink: &Ink<'_>, device: &Device) -> String {
    let word = match device.state {
        DeviceState::Unknown if device.last_seen == crate::model::Time::default() => "never seen",
        DeviceState::Unknown => "not to be judged",
        other => other.word(),
    };
    let mut text = word.to_string();
    if device.state_since != crate::model::Time::default() {
        text = format!("{text} {}", ink.age_words(device.state_since));
    }
    if !device.state_why.is_empty() {
        text = format!("{text}: {}", device.state_why);
    }
    text
}
