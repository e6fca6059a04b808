//! Lines to be read, and scrolled where they are many.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ui::Request;
use crate::ui::keymap;
use crate::ui::widgets::{Ink, Row};

use super::search::{Looked, Search};
use super::{Desk, Layer, Step, moved, popup, reading, scrolled};

/// A heading and what stands under it; an empty left part is a plain line.
pub struct Lines {
    title: String,
    rows_of: Vec<(String, String)>,
    top: usize,
    rows: usize,
    search: Search,
}

impl Lines {
    /// Two columns: what it is, and what of it.
    pub fn new(title: impl Into<String>, lines: Vec<(String, String)>) -> Self {
        Self {
            title: title.into(),
            rows_of: lines,
            top: 0,
            rows: 1,
            search: Search::default(),
        }
    }
}

impl Layer for Lines {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let height = (self.rows_of.len() + 2).min(usize::from(area.height.saturating_sub(2)));
        let inside = popup(ink, buf, area, (76, height as u16), &self.title);
        self.rows = usize::from(inside.height);
        self.top = self.top.min(self.rows_of.len().saturating_sub(self.rows));
        let shown = self.rows_of.iter().skip(self.top).take(self.rows);
        for (y, (what, of)) in shown.enumerate() {
            let mut row = Row::new(ink, buf, inside, y as u16);
            if !what.is_empty() {
                row.put(what, ink.strong).gap(2);
                if row.used() < 18 {
                    row.at(18);
                }
            }
            row.put(of, ink.text);
            self.search.mark(ink, buf, inside, y as u16, self.top + y);
        }
        self.search.foot(ink, buf, inside)
    }

    fn key(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step {
        let name = keymap::name(key).unwrap_or_default();
        let name = reading(desk.keys, &name);
        let lines = self.rows_of.iter().map(|(what, of)| format!("{what} {of}"));
        let lines: Vec<String> = lines.collect();
        if let Looked::At(line) = self.search.key(key, name, &lines, self.top) {
            if let Some(line) = line {
                self.top = scrolled(line, lines.len(), self.rows);
            }
            return Step::Stay;
        }
        match name {
            "close" => return Step::Close,
            "pager" => return Step::AskOn(vec![Request::Pager(lines.join("\n") + "\n")]),
            _ => {}
        }
        let steps = self.rows_of.len().saturating_sub(self.rows) + 1;
        if let Some(top) = moved(name, self.top, steps, self.rows) {
            self.top = top;
        }
        Step::Stay
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("down", "more"), ("/", "search"), ("esc", "back")]
    }

    fn back(&mut self) -> bool {
        self.search.back()
    }
}
