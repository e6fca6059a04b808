//! What a view shows when there is nothing to show: why, and what to do.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Ink, Row, wrap};

/// Draws a headline and one sentence of what to do, a third from the top, at the left margin.
pub fn empty(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, headline: &str, what_to_do: &str) {
    let area = area.intersection(buf.area);
    let mut y = if area.height > 6 { area.height / 4 } else { 0 };
    Row::new(ink, buf, area, y).gap(2).put(headline, ink.text);
    y += 1;
    for line in wrap(what_to_do, area.width.saturating_sub(4).min(76), 4) {
        Row::new(ink, buf, area, y).gap(2).put(line, ink.dim);
        y += 1;
    }
}
