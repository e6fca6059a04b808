//! Every action by its name, fuzzy-matched, what was used last first; and lines with words: a view and its filter, a theme, a device
//! or a segment by its name, each completed. What is not allowed here is dim, with its reason.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use nucleo_matcher::{Config, Matcher};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::actions::registry::{ACTIONS, Standing};
use crate::ui::command_line::Line;
use crate::ui::field::Field;
use crate::ui::keymap::Keymap;
use crate::ui::widgets::{Ink, Row, width, wrap};
use crate::ui::{Role, keymap as keys_of};

use super::hits::{self, Does, Hit};
use super::{Desk, Layer, Step, moved, popup, scrolled};

/// Rows of it all, and of what is told of the hit under the cursor, a blank one before it.
const HEIGHT: u16 = 20;
const TELL: u16 = 3;
/// Where what is told of a hit begins.
const TAIL: u16 = 22;

/// What was done last, and what was written, the newest first.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    used: Vec<&'static str>,
    lines: Vec<String>,
}

impl Recent {
    /// With what was written before, the newest first.
    pub fn with(mut lines: Vec<String>) -> Self {
        lines.truncate(Self::LINES);
        Self {
            used: Vec::new(),
            lines,
        }
    }

    /// What was written, the newest first.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// How many actions are remembered.
    const CAP: usize = 12;
    /// How many lines.
    const LINES: usize = 50;

    /// This was done now.
    pub fn used(&mut self, name: &'static str) {
        self.used.retain(|known| *known != name);
        self.used.insert(0, name);
        self.used.truncate(Self::CAP);
    }

    /// This was written, or chosen, now.
    pub fn wrote(&mut self, line: String) {
        self.lines.retain(|known| *known != line);
        self.lines.insert(0, line);
        self.lines.truncate(Self::LINES);
    }

    /// The newest has the most.
    pub(super) fn bonus(&self, name: &str) -> u32 {
        let at = self.used.iter().position(|known| *known == name);
        at.map_or(0, |at| (Self::CAP - at.min(Self::CAP)) as u32 * 2)
    }
}

/// The command palette.
pub struct Palette {
    field: Field,
    recent: Recent,
    /// Which of the lines written before is shown; nothing while a new one is written.
    past: Option<usize>,
    /// The new one, while an old one is shown.
    written: String,
    standing: Standing,
    keys: Arc<Keymap>,
    matcher: Matcher,
    hits: Vec<Hit>,
    cursor: usize,
    /// The line is that of the hit under the cursor: tab goes to the next one.
    completed: bool,
    rows: usize,
}

impl Palette {
    /// For somebody who may do this.
    pub fn new(standing: Standing, recent: Recent, keys: Arc<Keymap>, desk: &Desk<'_>) -> Self {
        let mut palette = Self {
            field: Field::default(),
            recent,
            past: None,
            written: String::new(),
            standing,
            keys,
            matcher: Matcher::new(Config::DEFAULT),
            hits: Vec::new(),
            cursor: 0,
            completed: false,
            rows: 1,
        };
        palette.search(desk);
        palette
    }

    fn search(&mut self, desk: &Desk<'_>) {
        let text = self.field.text();
        self.hits = hits::of_line(text, desk, self.standing).unwrap_or_else(|| {
            let actions = hits::fuzzy(text, &self.recent, self.standing, &mut self.matcher);
            hits::bare(text, actions, desk, self.standing)
        });
        self.cursor = 0;
        self.completed = false;
    }

    /// Shows a line written before: `older`, or the one after it.
    fn recall(&mut self, older: bool, desk: &Desk<'_>) {
        let last = self.recent.lines.len().checked_sub(1);
        let next = match (self.past, older) {
            (None, true) => last.map(|_| 0),
            (Some(at), true) => last.map(|last| (at + 1).min(last)),
            (Some(0) | None, false) => None,
            (Some(at), false) => Some(at - 1),
        };
        if self.past.is_none() && next.is_some() {
            self.field.text().clone_into(&mut self.written);
        }
        if self.past.is_none() && next.is_none() {
            return;
        }
        self.past = next;
        let line = next.and_then(|at| self.recent.lines.get(at));
        self.field = Field::with(line.unwrap_or(&self.written));
        self.search(desk);
    }

    fn go(&self) -> Step {
        let text = self.field.text();
        match self.hits.get(self.cursor) {
            Some(Hit {
                refused: Some(why), ..
            }) => Step::Say(why.clone()),
            Some(Hit {
                does: Does::Action(action),
                ..
            }) => Step::Perform(action),
            Some(Hit {
                does: Does::Line(line),
                ..
            }) => match Line::read(line) {
                Ok(read) => Step::Line(line.clone(), read),
                Err(why) => Step::Say(why.into()),
            },
            Some(Hit {
                does: Does::Begin(_),
                ..
            }) => Step::Stay,
            None => match Line::read(text) {
                Ok(read) => Step::Line(text.trim().to_owned(), read),
                Err(why) => Step::Say(why.into()),
            },
        }
    }

    /// Puts what is under the cursor into the line, to go on from there; once more, what follows.
    fn complete(&mut self, desk: &Desk<'_>) {
        let n = self.hits.len();
        let written = self.field.text().trim_end().to_owned();
        let is_there = |hit: &Hit| matches!(&hit.does, Does::Line(line) if *line == written);
        if self.completed || self.hits.get(self.cursor).is_some_and(is_there) {
            self.cursor = (self.cursor + 1) % n.max(1);
        }
        let line = match self.hits.get(self.cursor).map(|hit| &hit.does) {
            Some(Does::Action(action)) => match action.name.strip_prefix("view-") {
                Some(view) if crate::ui::command_line::VIEWS.contains(&view) => format!("{view} "),
                _ => action.name.to_owned(),
            },
            Some(Does::Begin(word)) => format!("{word} "),
            Some(Does::Line(line)) => line.clone(),
            None => return,
        };
        self.field = Field::with(&line);
        if line.ends_with([' ', ':']) {
            self.search(desk);
        } else {
            self.completed = true;
        }
    }
}

impl Layer for Palette {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        // as tall whatever is found: what is typed stays where it is
        let height = HEIGHT.min(area.height.saturating_sub(2));
        let inside = popup(ink, buf, area, (76, height), "Command");
        self.rows = usize::from(inside.height.saturating_sub(2 + TELL));
        let top = scrolled(self.cursor, self.hits.len(), self.rows);
        let shown = self.hits.iter().enumerate().skip(top).take(self.rows);
        for (y, (at, hit)) in shown.enumerate() {
            let mut row = Row::new(ink, buf, inside, y as u16 + 2);
            let key = match &hit.does {
                Does::Action(action) => self.keys.shown(action, ink.g),
                Does::Line(_) | Does::Begin(_) => None,
            };
            let (text, key_style) = match hit.refused {
                None => (ink.text, ink.role(Role::Key)),
                Some(_) => (ink.faint, ink.faint),
            };
            row.right(key.unwrap_or_default(), key_style).keep(2);
            let mark = ink.role(Role::Match);
            for (n, c) in hit.title.chars().enumerate() {
                let matched = hit.marks.binary_search(&(n as u32)).is_ok();
                let style = if matched && hit.refused.is_none() {
                    mark
                } else {
                    text
                };
                row.put(c.encode_utf8(&mut [0; 4]), style);
            }
            let tail = hit.words();
            if row.used() < TAIL {
                row.at(TAIL);
            } else {
                row.gap(2);
            }
            // what an action does is told below, of the one under the cursor; a sentence without its end says nothing
            let told = matches!(hit.does, Does::Action(_)) && hit.refused.is_none();
            if !told && width(tail) <= row.left() {
                let style = match hit.refused {
                    Some(_) => ink.faint,
                    None => ink.dim,
                };
                row.put(tail, style);
            }
            if at == self.cursor {
                Row::new(ink, buf, inside, y as u16 + 2).paint(ink.selected);
            }
        }
        if self.hits.is_empty() {
            let why = Line::read(self.field.text()).err();
            let why = why.unwrap_or_else(|| "enter does it".into());
            for (y, line) in (2..).zip(wrap(&why, inside.width, 3)) {
                Row::new(ink, buf, inside, y).put(line, ink.dim);
            }
        }
        if let Some(hit) = self.hits.get(self.cursor).filter(|_| self.rows > 0) {
            let style = match hit.refused {
                Some(_) => ink.role(Role::Error),
                None => ink.text,
            };
            let first = inside.height.saturating_sub(TELL - 1);
            let lines = wrap(hit.words(), inside.width, usize::from(TELL - 1));
            for (y, line) in (first..).zip(lines) {
                Row::new(ink, buf, inside, y).put(line, style);
            }
        }
        let actions = self.hits.iter();
        let actions = actions
            .filter(|h| matches!(h.does, Does::Action(_)))
            .count();
        let said = match actions {
            0 => String::new(),
            n => format!("{n} of {}", ACTIONS.len()),
        };
        let line = Rect {
            height: 1.min(inside.height),
            width: inside.width.saturating_sub(width(&said) + 2),
            ..inside
        };
        Row::new(ink, buf, inside, 0).right(&said, ink.faint);
        self.field.draw(ink, buf, line)
    }

    fn key(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step {
        let name = keys_of::name(key).unwrap_or_default();
        match name.as_str() {
            "enter" => {
                if let Some(Does::Begin(_)) = self.hits.get(self.cursor).map(|h| &h.does) {
                    self.complete(desk);
                }
                return self.go();
            }
            "tab" => self.complete(desk),
            "ctrl-p" => self.recall(true, desk),
            "ctrl-n" => self.recall(false, desk),
            // above the first there are the lines of before
            "up" if self.past.is_some() || self.cursor == 0 && !self.recent.lines.is_empty() => {
                self.recall(true, desk);
            }
            "down" if self.past.is_some() => self.recall(false, desk),
            name => {
                let name = match name {
                    "shift-tab" => "up",
                    "home" | "end" => "",
                    other => other,
                };
                if let Some(cursor) = moved(name, self.cursor, self.hits.len(), self.rows) {
                    self.cursor = cursor;
                    self.completed = false;
                } else if self.field.key(key) {
                    self.past = None;
                    self.search(desk);
                }
            }
        }
        Step::Stay
    }

    fn paste(&mut self, text: &str, desk: &Desk<'_>) {
        self.field.insert(text);
        self.search(desk);
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("enter", "do it"),
            ("tab", "complete"),
            ("ctrl-p", "line before"),
            ("esc", "back"),
        ]
    }
}
