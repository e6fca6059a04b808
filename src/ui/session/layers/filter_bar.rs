//! The filter being typed, on the line above the last, with what could follow and what is wrong.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::Text;
use crate::ui::Role;
use crate::ui::field::Field;
use crate::ui::keymap;
use crate::ui::widgets::{Ink, Row, width, wrap};

use super::{Desk, Layer, Step};

/// Lines of what is wrong.
const ERROR_LINES: usize = 5;

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
        self.field.text().clone_into(&mut self.typed);
        self.candidates = desk.filters.complete(&self.typed, desk.ctx.state);
        // which keys there are is said as soon as one is written that is none
        self.error = desk.filters.mistake(&self.typed);
        let begun = desk.filters.last_word(&self.typed) < self.typed.len();
        if self.error.is_none() && self.candidates.is_empty() && begun {
            // what nothing could complete is to be right as it stands
            self.error = desk.filters.read(&self.typed).err();
        }
    }

    fn complete(&mut self, forward: bool, desk: &Desk<'_>) {
        let keep = desk.filters.last_word(&self.typed);
        if self.candidates.is_empty() && self.typed.len() == keep {
            self.candidates = desk.filters.keys();
        }
        let n = self.candidates.len();
        if n == 0 {
            return;
        }
        let at = match (self.chosen, forward) {
            (None, true) => 0,
            (None, false) => n - 1,
            (Some(at), true) => (at + 1) % n,
            (Some(at), false) => (at + n - 1) % n,
        };
        self.chosen = Some(at);
        let mut words = self.typed.get(..keep).unwrap_or("").to_owned();
        words.push_str(self.candidates.get(at).map_or("", String::as_str));
        self.field = Field::with(&words);
        // a key alone goes on with its values
        if n == 1 && words.ends_with(':') {
            self.edited(desk);
        }
    }

    /// What is wrong, in as many lines as it takes.
    fn wrong(&self, columns: u16) -> Vec<&str> {
        let why = self.error.as_ref().map_or("", Text::as_str);
        wrap(why, columns.saturating_sub(4), ERROR_LINES)
    }

    /// The first candidate that is drawn, so that the chosen one is in sight.
    fn first_shown(&self, columns: u16) -> usize {
        let Some(chosen) = self.chosen else { return 0 };
        let mut room = columns.saturating_sub(5);
        for at in (0..=chosen).rev() {
            let wide = self.candidates.get(at).map_or(0, |c| width(shown_of(c))) + 2;
            if wide > room {
                return (at + 1).min(chosen);
            }
            room -= wide;
        }
        0
    }
}

/// A candidate as it is shown: of a key's values, the value alone.
fn shown_of(candidate: &str) -> &str {
    match candidate.split_once(':') {
        Some((_, value)) if !value.is_empty() => value,
        _ => candidate,
    }
}

impl Layer for FilterBar {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let bottom = area.bottom().checked_sub(1).filter(|y| *y >= area.y)?;
        let line = Rect::new(area.x, bottom, area.width, 1);
        let ground = ink.text.patch(ink.role(Role::Popup));
        let wrong = self.wrong(area.width);
        let above = (wrong.len() as u16).max(1);
        for y in bottom.saturating_sub(above).max(area.y)..=bottom {
            for x in area.left()..area.right() {
                if let Some(cell) = buf.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(ground);
                }
            }
        }
        for (n, words) in (0u16..).zip(wrong.iter().rev()) {
            if let Some(y) = bottom.checked_sub(n + 1).filter(|y| *y >= area.y) {
                let mut row = Row::new(ink, buf, Rect { y, ..line }, 0);
                row.gap(3).put(words, ink.role(Role::Error));
            }
        }
        if bottom > area.y && wrong.is_empty() {
            let above = Rect {
                y: bottom - 1,
                ..line
            };
            let mut row = Row::new(ink, buf, above, 0);
            row.gap(3);
            if self.candidates.is_empty() && self.field.text().is_empty() {
                row.put("words, key:value, key>n, -key:value", ink.dim)
                    .gap(3)
                    .put("tab: the keys", ink.faint);
            } else {
                let first = self.first_shown(area.width);
                let shown = self.candidates.iter().map(|c| shown_of(c));
                for (at, candidate) in shown.enumerate().skip(first) {
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
            Some("tab") => self.complete(true, desk),
            Some("shift-tab") => self.complete(false, desk),
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

    fn rows_below(&self) -> u16 {
        2
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("enter", "keep"), ("tab", "complete"), ("esc", "back")]
    }
}
