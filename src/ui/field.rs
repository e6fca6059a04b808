//! One line of text being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;

use crate::model::Text;

use super::Role;
use super::widgets::{Ink, width};

/// The most that can be typed, in bytes.
pub const FIELD_CAP: usize = 400;

/// A line editor. It takes printable characters only, so that what it holds may be drawn as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    text: String,
    /// In bytes, at a border of clusters.
    cursor: usize,
}

impl Field {
    /// With something in it, the cursor behind.
    pub fn with(text: &str) -> Self {
        let mut field = Self::default();
        field.insert(text);
        field
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What was typed, trimmed, as text for the log.
    pub fn value(&self) -> Text {
        Text::from(self.text.trim())
    }

    /// Puts text in at the cursor; what is not printable is left out.
    pub fn insert(&mut self, text: &str) {
        for c in text.chars() {
            if self.text.len() + c.len_utf8() <= FIELD_CAP && printable(c) {
                self.text.insert(self.cursor, c);
                self.cursor += c.len_utf8();
            }
        }
    }

    /// Puts this in place of what is there, lines joined by blanks; gives how many bytes of it had no room.
    pub fn replace(&mut self, text: &str) -> usize {
        let line = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        let line = line.trim();
        *self = Self::with(line);
        let kept: usize = line
            .chars()
            .filter(|c| printable(*c))
            .map(char::len_utf8)
            .sum();
        kept - self.text.len()
    }

    /// Takes a key; says whether it was one of editing.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if ctrl => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('w') if ctrl => {
                let head = self.text.get(..self.cursor).unwrap_or("");
                let from = head.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.text.drain(from..self.cursor);
                self.cursor = from;
            }
            KeyCode::Char('a') if ctrl => self.cursor = 0,
            KeyCode::Char('e') if ctrl => self.cursor = self.text.len(),
            KeyCode::Char(c) if !ctrl && !key.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(c.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Backspace => {
                let from = self.before();
                self.text.drain(from..self.cursor);
                self.cursor = from;
            }
            KeyCode::Delete => {
                let to = self.after();
                self.text.drain(self.cursor..to);
            }
            KeyCode::Left => self.cursor = self.before(),
            KeyCode::Right => self.cursor = self.after(),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }

    fn before(&self) -> usize {
        let head = self.text.get(..self.cursor).unwrap_or("");
        self.cursor - head.graphemes(true).next_back().map_or(0, str::len)
    }

    fn after(&self) -> usize {
        let tail = self.text.get(self.cursor..).unwrap_or("");
        self.cursor + tail.graphemes(true).next().map_or(0, str::len)
    }

    /// Draws into the first row of an area, scrolled so that the cursor is in sight; gives where the cursor stands.
    pub fn draw(&self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return None;
        }
        let head = self.text.get(..self.cursor).unwrap_or("");
        let tail = self.text.get(self.cursor..).unwrap_or("");
        let room = area.width.saturating_sub(1);
        let mut skip = 0;
        let mut shown = width(head);
        for cluster in head.graphemes(true) {
            if shown <= room {
                break;
            }
            shown -= width(cluster);
            skip += cluster.len();
        }
        let style = ink.role(Role::Input);
        buf.set_style(Rect { height: 1, ..area }, style);
        let visible = head.get(skip..).unwrap_or("");
        let (x, y) = buf.set_stringn(area.x, area.y, visible, usize::from(area.width), style);
        let left = area.right().saturating_sub(x);
        buf.set_stringn(x, y, tail, usize::from(left), style);
        Some(Position::new(x.min(area.right() - 1), y))
    }
}

/// Not one that a terminal obeys or that cannot be seen: what [`Text`] would have escaped.
fn printable(c: char) -> bool {
    c == '\\'
        || Text::from(c.encode_utf8(&mut [0; 4]) as &str).as_str() == c.encode_utf8(&mut [0; 4])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keymap;

    fn typed(row: &str) -> Field {
        let mut field = Field::default();
        for key in keymap::parse_row(row) {
            field.key(&key);
        }
        field
    }

    #[test]
    fn editing_is_that_of_a_shell() {
        for (keys, want) in [
            ("abc<left><backspace>x", "axc"),
            ("one two<ctrl-w>three", "one three"),
            ("abc<ctrl-u>d", "d"),
            ("abc<home>x<delete><end>y", "xbcy"),
            ("床<backspace>a", "a"),
            ("<backspace><delete><left><right>", ""),
            ("<ctrl-k><alt-x>", ""),
        ] {
            assert_eq!(typed(keys).text(), want, "{keys}");
        }
    }

    #[test]
    fn what_comes_from_an_editor_is_one_line() {
        let mut field = Field::with("before");
        assert_eq!(
            field.replace("  checked with biomed,\n\x1bspare on its way\n\n"),
            0
        );
        assert_eq!(field.text(), "checked with biomed, spare on its way");
        assert_eq!(field.replace(&"é".repeat(300)), 200);
        assert_eq!(field.replace(""), 0);
        assert_eq!(field, Field::default());
    }

    #[test]
    fn what_is_pasted_can_hold_nothing_that_a_terminal_obeys() {
        let mut field = Field::default();
        field.insert("a\x1b[31m\n\u{202e}b\u{200b}\\");
        assert_eq!(field.text(), "a[31mb\\");
        field.insert(&"x".repeat(10_000));
        assert_eq!(field.text().len(), FIELD_CAP);
    }
}
