//! Looking for words in lines that are read: which lines hold them, how many there are, and where one is among them.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ui::field::Field;
use crate::ui::widgets::{Ink, Row, width};

/// What is looked for; nothing at first.
#[derive(Default)]
pub struct Search {
    typing: bool,
    words: Field,
    /// The lines that hold it.
    found: Vec<usize>,
    at: usize,
    /// The lines are not all there are.
    part: bool,
}

/// What became of a key.
pub enum Looked {
    /// It was for the search; the line that is to be in sight.
    At(Option<usize>),
    /// It was not.
    No,
}

impl Search {
    /// In lines that are all there are, or only `part` of them.
    pub fn of(part: bool) -> Self {
        Self {
            part,
            ..Self::default()
        }
    }

    /// Words are being written.
    pub fn begun(part: bool) -> Self {
        Self {
            typing: true,
            ..Self::of(part)
        }
    }

    /// Are words being written?
    pub fn is_typing(&self) -> bool {
        self.typing
    }

    /// Is anything looked for?
    pub fn is_open(&self) -> bool {
        self.typing || !self.words.text().is_empty()
    }

    /// Takes a key, by its name as [`reading`](super::reading) gives it; `top` is the first line in sight.
    pub fn key(&mut self, key: &KeyEvent, name: &str, lines: &[String], top: usize) -> Looked {
        if self.typing {
            // by its code: letters that close a page are letters here
            if key.code == KeyCode::Enter {
                self.typing = false;
                return Looked::At(None);
            }
            if !self.words.key(key) {
                return Looked::No;
            }
            self.find(lines, top);
            return Looked::At(self.found.get(self.at).copied());
        }
        let n = self.found.len();
        match name {
            "search" => {
                *self = Self::begun(self.part);
                Looked::At(None)
            }
            "next" | "prev" if n > 0 => {
                let by = if name == "next" { 1 } else { n - 1 };
                self.at = (self.at + by) % n;
                Looked::At(self.found.get(self.at).copied())
            }
            _ => Looked::No,
        }
    }

    fn find(&mut self, lines: &[String], top: usize) {
        let words = self.words.text().to_lowercase();
        self.found = lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !words.is_empty() && line.to_lowercase().contains(&words))
            .map(|(n, _)| n)
            .collect();
        self.at = self.found.iter().position(|n| *n >= top).unwrap_or(0);
    }

    /// Lets it go; false where there was none.
    pub fn back(&mut self) -> bool {
        let had = self.is_open();
        *self = Self::of(self.part);
        had
    }

    /// Marks a line that is drawn in `row` of an area: the one it is at is turned round, the others are pointed at.
    pub fn mark(&self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, row: u16, line: usize) {
        if self.found.get(self.at) == Some(&line) {
            Row::new(ink, buf, area, row).paint(ink.selected);
        } else if self.found.binary_search(&line).is_ok() && area.x > 0 {
            let edge = Rect::new(area.x - 1, area.y, 1, area.height);
            Row::new(ink, buf, edge, row).put(ink.cursor, ink.accent);
        }
    }

    /// Says on the lower edge of a popup what is looked for and how often it is there; gives where it is written.
    pub fn foot(&self, ink: &Ink<'_>, buf: &mut Buffer, inside: Rect) -> Option<Position> {
        if !self.is_open() {
            return None;
        }
        let edge = Rect::new(inside.x, inside.bottom(), inside.width, 1).intersection(buf.area);
        let count = match self.found.len() {
            0 if self.words.text().is_empty() => String::new(),
            0 if self.part => " nowhere on this page, which is a part ".to_owned(),
            0 => " nowhere ".to_owned(),
            n => format!(" {} of {n} ", self.at + 1),
        };
        let mut row = Row::new(ink, buf, edge, 0);
        row.put(" / ", ink.strong);
        let room = 24.min(edge.width.saturating_sub(3 + width(&count)));
        let field = Rect::new(edge.x + 3, edge.y, room, 1);
        let at = self.words.draw(ink, buf, field);
        Row::new(ink, buf, edge, 0)
            .at(3 + room)
            .put(count, ink.strong);
        at.filter(|_| self.typing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyModifiers;

    #[test]
    fn words_are_found_in_any_case_with_their_count_from_what_is_in_sight_on() {
        let lines = ["Pump one", "vent", "a pump", "", "PUMPS"].map(str::to_owned);
        let mut search = Search::default();
        let press = |search: &mut Search, name: &str, c: char| {
            let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
            match search.key(&key, name, &lines, 1) {
                Looked::At(at) => Some(at),
                Looked::No => None,
            }
        };
        assert_eq!(
            press(&mut search, "next", 'n'),
            None,
            "nothing is looked for"
        );
        assert_eq!(press(&mut search, "search", '/'), Some(None));
        for (c, at) in [('p', 2), ('u', 2), ('m', 2)] {
            assert_eq!(press(&mut search, &c.to_string(), c), Some(Some(at)));
        }
        // n is a letter while one writes
        assert_eq!(press(&mut search, "next", 'n'), Some(None));
        let key = KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE);
        assert!(matches!(
            search.key(&key, "backspace", &lines, 1),
            Looked::At(Some(2))
        ));
        let key = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        assert!(matches!(
            search.key(&key, "close", &lines, 1),
            Looked::At(None)
        ));
        assert_eq!(press(&mut search, "next", 'n'), Some(Some(4)));
        assert_eq!(press(&mut search, "next", 'n'), Some(Some(0)));
        assert_eq!(press(&mut search, "prev", 'N'), Some(Some(4)));
        assert!(search.back() && !search.back());
    }
}
