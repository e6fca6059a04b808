//! A question with a few answers, a key each.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ui::keymap;
use crate::ui::widgets::{Ink, Row, width, wrap};
use crate::ui::{Request, Role};

use super::{Desk, Layer, Step, popup};

/// One answer: its keys, its word, what it asks (nothing: the question just closes).
pub type Choice = (&'static [&'static str], &'static str, Vec<Request>);

/// A question.
pub struct Question {
    /// Its title.
    pub title: String,
    /// What a person should know, a paragraph each.
    pub lines: Vec<String>,
    /// The answers; the last is the one that changes nothing.
    pub choices: Vec<Choice>,
}

impl Layer for Question {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let columns = 64.min(area.width.saturating_sub(4));
        let lines: Vec<&str> = self
            .lines
            .iter()
            .flat_map(|line| wrap(line, columns.saturating_sub(4), 6))
            .collect();
        let height = lines.len() + self.choices.len() + 3;
        let inside = popup(ink, buf, area, (columns, height as u16), &self.title);
        for (y, line) in lines.iter().enumerate() {
            Row::new(ink, buf, inside, y as u16).put(line, ink.text);
        }
        let key_columns = self
            .choices
            .iter()
            .filter_map(|(keys, ..)| keys.first())
            .map(|key| width(key))
            .max()
            .unwrap_or(1);
        for (at, (keys, word, _)) in self.choices.iter().enumerate() {
            let mut row = Row::new(ink, buf, inside, (lines.len() + 1 + at) as u16);
            row.put(keys.first().copied().unwrap_or(""), ink.role(Role::Key));
            row.at(key_columns + 2).put(word, ink.text);
        }
        None
    }

    fn key(&mut self, key: &KeyEvent, _: &Desk<'_>) -> Step {
        let name = keymap::name(key).unwrap_or_default();
        for (keys, _, asks) in &mut self.choices {
            if keys.contains(&name.as_str()) {
                let asks = std::mem::take(asks);
                return if asks.is_empty() {
                    Step::Close
                } else {
                    Step::Ask(asks)
                };
            }
        }
        Step::Stay
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("esc", "back")]
    }
}
