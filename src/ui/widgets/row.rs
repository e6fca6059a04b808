//! One row of the screen, written from left to right inside its bounds.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::Ink;

/// Columns that a string takes on the screen.
pub fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// The longest prefix that takes at most `max` columns, and its columns. Grapheme clusters stay whole.
pub fn prefix(text: &str, max: u16) -> (&str, u16) {
    let mut used = 0u16;
    for (at, cluster) in text.grapheme_indices(true) {
        let w = width(cluster);
        if used.saturating_add(w) > max {
            return (&text[..at], used);
        }
        used += w;
    }
    (text, used)
}

/// Where a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A row being written. What does not fit is cut with `…`; outside its area nothing is written at all.
pub struct Row<'b> {
    buf: &'b mut Buffer,
    start: u16,
    x: u16,
    y: u16,
    end: u16,
    ellipsis: &'static str,
}

impl<'b> Row<'b> {
    /// The row `y` (0 is the top) of an area.
    pub fn new(ink: &Ink<'_>, buf: &'b mut Buffer, area: Rect, y: u16) -> Self {
        let area = area.intersection(buf.area);
        let inside = y < area.height;
        Self {
            start: area.x,
            x: area.x,
            y: area.y.saturating_add(if inside { y } else { 0 }),
            end: if inside { area.right() } else { area.x },
            buf,
            ellipsis: ink.g.ellipsis,
        }
    }

    /// Columns left.
    pub fn left(&self) -> u16 {
        self.end.saturating_sub(self.x)
    }

    /// Columns written so far, from the start of the row.
    pub fn used(&self) -> u16 {
        self.x.saturating_sub(self.start)
    }

    /// Leaves `n` columns out.
    pub fn gap(&mut self, n: u16) -> &mut Self {
        self.x = self.x.saturating_add(n).min(self.end);
        self
    }

    /// Goes to column `x` of the row; never back over the end.
    pub fn at(&mut self, x: u16) -> &mut Self {
        self.x = self.start.saturating_add(x).min(self.end);
        self
    }

    /// Ends the row `n` columns earlier, so that something at the right edge stays free.
    pub fn keep(&mut self, n: u16) -> &mut Self {
        self.end = self.end.saturating_sub(n).max(self.x);
        self
    }

    /// Writes, cut with `…` where the row ends.
    pub fn put(&mut self, text: impl AsRef<str>, style: Style) -> &mut Self {
        let max = self.left();
        self.cut(text.as_ref(), max, style);
        self
    }

    /// Writes only if the whole of it fits; says whether.
    pub fn put_whole(&mut self, text: impl AsRef<str>, style: Style) -> bool {
        let fits = width(text.as_ref()) <= self.left();
        if fits {
            self.put(text, style);
        }
        fits
    }

    /// Writes a column of exactly `columns`, aligned, cut with `…`.
    pub fn column(
        &mut self,
        text: impl AsRef<str>,
        columns: u16,
        align: Align,
        style: Style,
    ) -> &mut Self {
        let text = text.as_ref();
        let columns = columns.min(self.left());
        let from = self.x;
        if align == Align::Right {
            self.x += columns.saturating_sub(width(text));
        }
        self.cut(text, from + columns - self.x, style);
        self.x = from + columns;
        self
    }

    /// Repeats a glyph of one column.
    pub fn repeat(&mut self, glyph: &str, times: u16, style: Style) -> &mut Self {
        for _ in 0..times.min(self.left()) {
            self.cut(glyph, 1, style);
        }
        self
    }

    /// Writes at the right edge and keeps that place free; nothing if it does not fit.
    pub fn right(&mut self, text: impl AsRef<str>, style: Style) -> &mut Self {
        let text = text.as_ref();
        let w = width(text);
        if w <= self.left() {
            self.buf
                .set_stringn(self.end - w, self.y, text, usize::from(w), style);
            self.end -= w;
        }
        self
    }

    /// Lies a style over what stands in the rest of the row. A reversed one takes the hues away: reversed, each would be a
    /// ground of its own, and the row would fall to pieces.
    pub fn paint(&mut self, style: Style) {
        let area = Rect::new(self.x, self.y, self.left(), u16::from(self.left() > 0));
        if style.add_modifier.contains(Modifier::REVERSED) {
            let plain = Style::new()
                .fg(Color::Reset)
                .bg(Color::Reset)
                .remove_modifier(Modifier::DIM);
            self.buf.set_style(area, plain);
        }
        self.buf.set_style(area, style);
    }
    fn cut(&mut self, text: &str, max: u16, style: Style) {
        if max == 0 {
            return;
        }
        // most text is short ASCII: its columns are its bytes
        let w = if text.is_ascii() {
            u16::try_from(text.len()).unwrap_or(u16::MAX)
        } else {
            width(text)
        };
        if w <= max {
            let (x, _) = self
                .buf
                .set_stringn(self.x, self.y, text, usize::from(max), style);
            self.x = x;
            return;
        }
        let (head, w) = prefix(text, max - 1);
        self.buf
            .set_stringn(self.x, self.y, head, usize::from(w), style);
        self.buf
            .set_stringn(self.x + w, self.y, self.ellipsis, 1, style);
        self.x += w + 1;
    }
}

/// Breaks a sentence at spaces into at most `rows` lines of `columns`; the last is left whole, to be cut when written.
pub fn wrap(text: &str, columns: u16, rows: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && lines.len() < rows {
        if lines.len() + 1 == rows || width(rest) <= columns {
            lines.push(rest);
            break;
        }
        let (head, _) = prefix(rest, columns.max(1));
        let whole = rest[head.len()..].starts_with(' ');
        let space = head.rfind(' ').filter(|at| *at > 0 && !whole);
        let cut = space.unwrap_or(head.len());
        if cut == 0 {
            lines.push(rest);
            break;
        }
        lines.push(rest[..cut].trim_end());
        rest = rest[cut..].trim_start();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_never_splits_a_wide_character() {
        assert_eq!(prefix("床床床", 5), ("床床", 4));
        assert_eq!(prefix("abc", 2), ("ab", 2));
        assert_eq!(prefix("abc", 9), ("abc", 3));
        assert_eq!(prefix("", 0), ("", 0));
    }

    #[test]
    fn a_sentence_breaks_at_spaces_and_the_last_line_keeps_the_rest() {
        assert_eq!(wrap("one two three", 7, 3), vec!["one two", "three"]);
        assert_eq!(wrap("one two three", 4, 2), vec!["one", "two three"]);
        assert_eq!(wrap("unbreakable", 4, 3), vec!["unbr", "eaka", "ble"]);
        assert!(wrap("", 4, 3).is_empty());
        assert!(wrap("床床", 1, 3).len() <= 3);
    }
}
