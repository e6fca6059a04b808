//! One line to be typed, and something to be done with it.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::Text;
use crate::ui::Role;
use crate::ui::field::Field;
use crate::ui::keymap;
use crate::ui::widgets::{Ink, Row, wrap};

use super::{Desk, Layer, Step, popup};

/// What is done with the line; or why it can't be.
pub type Done = Box<dyn Fn(&Field, &Desk<'_>) -> Result<Step, Text> + Send>;

/// Asks for a line.
pub struct Prompt {
    title: String,
    hint: String,
    field: Field,
    error: Option<Text>,
    done: Done,
}

impl Prompt {
    /// Asks for a line; `done` makes something of it when enter is pressed.
    pub fn new(title: impl Into<String>, hint: impl Into<String>, done: Done) -> Self {
        Self {
            title: title.into(),
            hint: hint.into(),
            field: Field::default(),
            error: None,
            done,
        }
    }
}

impl Layer for Prompt {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let inside = popup(ink, buf, area, (66, 6), &self.title);
        let (words, style) = match &self.error {
            Some(why) => (why.as_str(), ink.role(Role::Error)),
            None => (self.hint.as_str(), ink.dim),
        };
        for (y, line) in wrap(words, inside.width, 2).into_iter().enumerate() {
            Row::new(ink, buf, inside, 2 + y as u16).put(line, style);
        }
        self.field.draw(
            ink,
            buf,
            Rect {
                height: 1.min(inside.height),
                ..inside
            },
        )
    }

    fn key(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step {
        if keymap::name(key).as_deref() == Some("enter") {
            match (self.done)(&self.field, desk) {
                Ok(step) => return step,
                Err(why) => self.error = Some(why),
            }
        } else if self.field.key(key) {
            self.error = None;
        }
        Step::Stay
    }

    fn paste(&mut self, text: &str, _: &Desk<'_>) {
        self.field.insert(text);
    }

    fn field(&mut self) -> Option<&mut Field> {
        Some(&mut self.field)
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("enter", "done"), ("ctrl-x", "editor"), ("esc", "back")]
    }
}
