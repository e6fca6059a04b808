//! Labelled facts, as many side by side as a row holds.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Ink, Row, width};

/// One labelled fact.
pub struct Labelled {
    /// Said before it, dim.
    pub label: &'static str,
    /// What is said.
    pub value: String,
    /// How.
    pub style: Style,
}

/// Between two facts of one row.
const GAP: u16 = 3;

/// Writes facts from the row `y` on, in `rows` rows at the most: as many as fit go beside each other, never broken inside.
/// One that is alone in its row and still too long is cut. Gives the rows used.
pub fn flow(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    y: u16,
    rows: u16,
    facts: &[Labelled],
) -> u16 {
    if facts.is_empty() || rows == 0 {
        return 0;
    }
    let mut used = 0u16;
    let mut line = 0u16;
    for fact in facts {
        let need = width(fact.label) + 1 + width(&fact.value);
        if used > 0 && used + GAP + need > area.width {
            line += 1;
            used = 0;
        }
        if line >= rows {
            return rows;
        }
        let mut row = Row::new(ink, buf, area, y + line);
        row.at(if used > 0 { used + GAP } else { 0 });
        if !fact.label.is_empty() {
            row.put(fact.label, ink.dim).gap(1);
        }
        row.put(&fact.value, fact.style);
        used = row.used();
    }
    line + 1
}
