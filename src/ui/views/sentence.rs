//! An alert as a sentence, and as a row of a list: the same words wherever it is seen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::words;
use crate::model::{Alert, AlertState, Device};
use crate::ui::widgets::{Align, Column, Fitted, Ink, Row, width, wrap};

/// The columns of an alert list. `hands` stays to the end: whether somebody has it is what a second person must see.
pub const COLUMNS: [Column; 6] = [
    Column::words("", 5, 5, 0),
    Column::numbers("SINCE", 6, 6, 0),
    Column::words("DEVICE", 10, 18, 0),
    Column::words("WHAT", 30, 200, 0),
    Column::words("SEGMENT", 12, 14, 1),
    Column::words("IN HAND", 15, 16, 0),
];

/// One row of an alert list. What is over, or held back, is dim.
pub fn list_row(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    y: u16,
    alert: &Alert,
    fitted: &[Fitted],
    fresh: bool,
) {
    let state = ink.ctx.state;
    let live = alert.is_active();
    let name = alert
        .device
        .and_then(|id| state.devices.get(&id))
        .map_or("wardwatch", |d| d.name.as_str());
    let (text, strong) = if live {
        (ink.text, ink.strong)
    } else {
        (ink.dim, ink.dim)
    };
    let mut row = Row::new(ink, buf, area, y);
    for f in fitted {
        match f.index {
            0 => {
                let word = Ink::severity_word(alert.severity);
                let style = match alert.state {
                    AlertState::Open => ink.badge(alert.severity),
                    AlertState::Acknowledged => ink.severity(alert.severity),
                    _ => ink.dim,
                };
                row.column(format!("{word:^5}"), f.width, Align::Left, style)
            }
            1 => row.column(ink.clock(alert.since), f.width, f.align, ink.dim),
            2 => row.column(name, f.width, Align::Left, strong),
            3 => row.column(what(alert), f.width, Align::Left, text),
            4 => row.column(
                words::segment_name(state, alert.segment),
                f.width,
                Align::Left,
                ink.dim,
            ),
            _ => {
                let new = fresh && alert.state == AlertState::Open;
                row.column(
                    words::hands(ink, alert, new),
                    f.width,
                    Align::Left,
                    if new { strong } else { ink.dim },
                )
            }
        };
        row.gap(1);
    }
}

/// The text of an alert with the part it is about, where the text does not name it.
pub fn what(alert: &Alert) -> String {
    let part = alert.part.as_str();
    if part.is_empty() || alert.text.as_str().contains(part) {
        alert.text.to_string()
    } else {
        format!("{part} {}", alert.text)
    }
}

/// What follows from an alert, as parts of a sentence: the rest of its text, who is touched, where, who has it.
fn consequences(ink: &Ink<'_>, alert: &Alert, device: Option<&Device>) -> String {
    let state = ink.ctx.state;
    let (_, rest) = words::clauses(alert.text.as_str());
    let mut parts: Vec<String> = Vec::new();
    if !rest.is_empty() {
        parts.push(rest.to_string());
    } else if alert.impact.behind > 0 {
        parts.push(format!(
            "{} behind it: {}",
            alert.impact.behind,
            words::classes(&alert.impact.by_class, 3)
        ));
    }
    if let Some(port) = device.map(|d| words::port_of(state, d)) {
        // the alert's own words may have named the port already
        if !port.is_empty() && !alert.text.as_str().contains(&port) {
            parts.push(port);
        }
    }
    if let (AlertState::Acknowledged, Some(ack)) = (alert.state, &alert.ack) {
        let note = if ack.note.is_empty() {
            String::new()
        } else {
            format!(": {}", ack.note)
        };
        parts.push(format!("{} has it{note}", ack.by));
    }
    parts.join(&ink.between())
}

/// The sentence of an alert, in one row, or in two where the second has room and the first has none. Gives the rows used.
/// `place` is the width of the column that says where it is felt.
pub fn draw(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    y: u16,
    rows: u16,
    alert: &Alert,
    place: u16,
) -> u16 {
    let state = ink.ctx.state;
    let device = alert
        .device
        .and_then(|id| state.devices.get(&id))
        .map(AsRef::as_ref);
    let (first, _) = words::clauses(alert.text.as_str());
    let age = ink.age_words(alert.since);
    let mut row = Row::new(ink, buf, area, y);
    let badge = match alert.state {
        AlertState::Open => ink.badge(alert.severity),
        _ => ink.severity(alert.severity),
    };
    row.put(format!(" {} ", ink.g.severity(alert.severity)), badge)
        .gap(1)
        .column(words::place(state, alert), place, Align::Left, ink.strong)
        .gap(2);
    let indent = row.used();
    if let Some(device) = device {
        let kind = format!("{} ", words::kind(device.class));
        // the kind gives way before the name and what happened do
        if width(&kind) + width(device.name.as_str()) + width(first) + width(&age) + 2 <= row.left()
        {
            row.put(kind, ink.text);
        }
        row.put(device.name.as_str(), ink.strong).gap(1);
    }
    row.keep(width(&age) + 1);
    row.put(first, ink.text);
    let used = row.used();
    let mut row = Row::new(ink, buf, area, y);
    row.at(used)
        .gap(1)
        .put(&age, ink.severity(alert.severity))
        .gap(3);
    let rest = consequences(ink, alert, device);
    if rest.is_empty() {
        return 1;
    }
    if rows < 2 || width(&rest) <= row.left() {
        row.put(rest, ink.dim);
        return 1;
    }
    let lines = wrap(
        &rest,
        area.width.saturating_sub(indent),
        usize::from(rows - 1),
    );
    for (n, line) in (1u16..).zip(&lines) {
        Row::new(ink, buf, area, y + n)
            .at(indent)
            .put(line, ink.dim);
    }
    1 + u16::try_from(lines.len()).unwrap_or(0)
}
