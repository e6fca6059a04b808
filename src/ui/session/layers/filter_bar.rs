//! The filter being typed, on the line above the last, with what could follow and what is wrong.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::Text;
use crate::ui::Role;
use crate::ui::field::Field;
use crate::ui::keymap;
use crate::ui::widgets::{Ink, Row, width};

use super::{Desk, Layer, Step};

/// The filter bar.
pub struct FilterBar {
    field: Field,
    /// What the last word could become, and which of them tab chose.
    candidates: Vec<String>,
    chosen: Option<usize>,
    /// What was typed before tab.
    typed: String,
    error: Option<Text>,
}

impl FilterBar {
    /// With the filter in force in it.
    pub fn new(words: &str, desk: &Desk<'_>) -> Self {
        let mut bar = Self {
            field: Field::with(words),
            candidates: Vec::new(),
            chosen: None,
            typed: String::new(),
            error: None,
        };
        bar.edited(desk);
        bar
    }

    fn edited(&mut self, desk: &Desk<'_>) {
        self.chosen = None;
        self.typed = self.field.text().to_owned();
        self.candidates = desk.filters.complete(&self.typed);
        self.error = None;
    }

    fn complete(&mut self, step: usize) {
        let n = self.candidates.len();
        if n == 0 {
            return;
        }
        let at = self
            .chosen
            .map_or(if step == 1 { 0 } else { n - 1 }, |at| (at + step) % n);
        self.chosen = Some(at);
        let keep = self.typed.rfind(' ').map_or(0, |blank| blank + 1);
        let mut words = self.typed.get(..keep).unwrap_or("").to_owned();
        words.push_str(self.candidates.get(at).map_or("", String::as_str));
        self.field = Field::with(&words);
    }
}

impl Layer for FilterBar {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let bottom = area.bottom().checked_sub(1).filter(|y| *y >= area.y)?;
        let line = Rect::new(area.x, bottom, area.width, 1);
        let ground = ink.text.patch(ink.role(Role::Popup));
        for y in bottom.saturating_sub(1).max(area.y)..=bottom {
            for x in area.left()..area.right() {
                if let Some(cell) = buf.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(ground);
                }
            }
        }
        if bottom > area.y {
            let above = Rect {
                y: bottom - 1,
                ..line
            };
            let mut row = Row::new(ink, buf, above, 0);
            row.gap(3);
            if let Some(why) = &self.error {
                row.put(why.as_str(), ink.role(Role::Error));
            } else if self.candidates.is_empty() && self.field.text().is_empty() {
                row.put("words, key:value, key>n, -key:value", ink.dim);
            } else {
                for (at, candidate) in self.candidates.iter().enumerate() {
                    if row.left() < width(candidate) + 2 {
                        row.put(ink.g.ellipsis, ink.dim);
                        break;
                    }
                    let style = if self.chosen == Some(at) {
                        ink.selected
                    } else {
                        ink.dim
                    };
                    row.put(candidate, style).gap(2);
                }
            }
        }
        Row::new(ink, buf, line, 0)
            .gap(1)
            .put("/", ink.role(Role::Key));
        let field = Rect {
            x: line.x.saturating_add(3),
            width: line.width.saturating_sub(4),
            ..line
        };
        self.field.draw(ink, buf, field)
    }

    fn key(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step {
        match keymap::name(key).as_deref() {
            Some("enter") => match desk.filters.read(self.field.text().trim()) {
                Ok(_) => return Step::Filter(self.field.text().trim().to_owned()),
                Err(why) => self.error = Some(why),
            },
            Some("tab") => self.complete(1),
            Some("shift-tab") => self.complete(self.candidates.len().saturating_sub(1).max(1)),
            _ => {
                if self.field.key(key) {
                    self.edited(desk);
                }
            }
        }
        Step::Stay
    }

    fn paste(&mut self, text: &str, desk: &Desk<'_>) {
        self.field.insert(text);
        self.edited(desk);
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("enter", "keep"), ("tab", "complete"), ("esc", "back")]
    }
}
