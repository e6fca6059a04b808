//! The places that a person keeps, to go to one or to take one away.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ui::keymap;
use crate::ui::widgets::{Ink, Row, width};

use super::{Desk, Layer, Step, moved, popup, reading};

/// The list.
pub struct Shelf {
    kept: Vec<(String, String)>,
    at: usize,
    top: usize,
    rows: usize,
}

impl Shelf {
    /// Of these: a name, and the line that goes there.
    pub fn new(kept: Vec<(String, String)>) -> Self {
        Self {
            kept,
            at: 0,
            top: 0,
            rows: 1,
        }
    }
}

impl Layer for Shelf {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let height = (self.kept.len().max(1) + 2).min(usize::from(area.height.saturating_sub(2)));
        let inside = popup(ink, buf, area, (70, height as u16), "Kept places");
        self.rows = usize::from(inside.height).max(1);
        if self.kept.is_empty() {
            Row::new(ink, buf, inside, 0).put(
                "none yet: a place is kept by its key, or by the action keep",
                ink.dim,
            );
            return None;
        }
        self.top = self
            .top
            .clamp((self.at + 1).saturating_sub(self.rows), self.at);
        let names = self.kept.iter().map(|(name, _)| width(name)).max();
        let names = names.unwrap_or(0).clamp(8, 24);
        let shown = self.kept.iter().enumerate().skip(self.top).take(self.rows);
        for (y, (n, (name, line))) in (0u16..).zip(shown) {
            let mut row = Row::new(ink, buf, inside, y);
            row.gap(1).put(name, ink.strong).gap(1);
            row.at(names + 3).put(line, ink.text);
            if n == self.at {
                Row::new(ink, buf, inside, y).paint(ink.selected);
            }
        }
        None
    }

    fn key(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step {
        let name = keymap::name(key).unwrap_or_default();
        let here = self.kept.get(self.at);
        match (reading(desk.keys, &name), here) {
            (_, Some((_, line))) if name == "enter" => Step::Go(line.clone()),
            (_, Some((kept, _))) if name == "x" || name == "delete" => Step::Forget(kept.clone()),
            ("close", _) => Step::Close,
            (name, _) => {
                if let Some(at) = moved(name, self.at, self.kept.len(), self.rows) {
                    self.at = at;
                }
                Step::Stay
            }
        }
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("enter", "go there"), ("x", "take away"), ("esc", "back")]
    }
}
