//! The keys that work here, and what they do; made from the registry.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::actions::registry::{self, ACTIONS, Action, Scope, Standing, refusal};
use crate::model::Text;
use crate::ui::Request;
use crate::ui::keymap::{self, Keymap, Run};
use crate::ui::widgets::{Ink, Row, width, wrap};

use super::search::{Looked, Search};
use super::{Desk, Layer, Step, moved, popup, reading, scrolled};

enum Line {
    Heading(&'static str),
    Action(&'static Action, Option<Text>),
    /// Keys that do a line of the palette, and what it is called.
    Own(Vec<String>, String),
    Tail(String),
    Blank,
}

/// The help.
pub struct Help {
    standing: Standing,
    keys: Arc<Keymap>,
    here: Vec<&'static str>,
    lines: Vec<Line>,
    columns: u16,
    top: usize,
    rows: usize,
    search: Search,
}

impl Help {
    /// For somebody who may do this; `here` are the actions that the open view understands now.
    pub fn new(standing: Standing, keys: Arc<Keymap>, mut here: Vec<&'static str>) -> Self {
        // what is refused works nowhere: its reason stands further down
        here.retain(|name| {
            registry::action(name).is_some_and(|action| refusal(action, standing).is_none())
        });
        Self {
            standing,
            keys,
            here,
            lines: Vec::new(),
            columns: 0,
            top: 0,
            rows: 1,
            search: Search::default(),
        }
    }

    /// Each line as it is read.
    fn texts(&self) -> Vec<String> {
        let room = self.columns.saturating_sub(KEYS);
        let text = |line: &Line| match line {
            Line::Heading(title) => (*title).to_owned(),
            Line::Action(action, _) => wrap(action.help, room, 3)
                .first()
                .map_or_else(String::new, |first| (*first).to_owned()),
            Line::Own(_, words) | Line::Tail(words) => words.clone(),
            Line::Blank => String::new(),
        };
        self.lines.iter().map(text).collect()
    }

    fn lay_out(&mut self, columns: u16) {
        self.columns = columns;
        self.lines.clear();
        let mut section = |title, actions: Vec<&'static Action>| {
            if actions.is_empty() {
                return;
            }
            self.lines.push(Line::Heading(title));
            for action in actions {
                self.lines
                    .push(Line::Action(action, refusal(action, self.standing)));
                let room = columns.saturating_sub(KEYS);
                for line in wrap(action.help, room, 3).into_iter().skip(1) {
                    self.lines.push(Line::Tail(line.to_owned()));
                }
            }
            self.lines.push(Line::Blank);
        };
        let here: Vec<_> = ACTIONS
            .iter()
            .filter(|a| self.here.contains(&a.name) && a.scope != Scope::Program)
            .collect();
        section("Here", here);
        for scope in Scope::ALL {
            if scope == Scope::Replay && !self.standing.replay {
                continue;
            }
            let all = ACTIONS
                .iter()
                .filter(|a| a.scope == scope && self.keys.of(a).next().is_some())
                .filter(|a| scope == Scope::Program || !self.here.contains(&a.name))
                .collect();
            section(scope.title(), all);
        }
        let lines = self.keys.bindings().iter();
        let lines: Vec<_> = lines
            .filter_map(|b| match &b.run {
                Run::Line(line) if b.desc.is_empty() => Some((b, format!(":{line}"))),
                Run::Line(line) => Some((b, format!("{} (:{line})", b.desc))),
                Run::Action(_) => None,
            })
            .map(|(b, words)| Line::Own(b.on.clone(), words))
            .collect();
        if !lines.is_empty() {
            self.lines.push(Line::Heading("Of your own"));
            self.lines.extend(lines);
            self.lines.push(Line::Blank);
        }
    }
}

/// Columns of the keys.
const KEYS: u16 = 18;

impl Layer for Help {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let size = (96, area.height.saturating_sub(2));
        let inside = popup(ink, buf, area, size, "Help");
        if self.columns != inside.width || self.lines.is_empty() {
            self.lay_out(inside.width);
        }
        self.rows = usize::from(inside.height);
        self.top = self.top.min(self.lines.len().saturating_sub(self.rows));
        for (y, line) in self.lines.iter().skip(self.top).take(self.rows).enumerate() {
            let mut row = Row::new(ink, buf, inside, y as u16);
            match line {
                Line::Heading(title) => {
                    row.put(title, ink.heading);
                }
                Line::Action(action, refused) => {
                    let mut keys = String::new();
                    for binding in self.keys.of(action) {
                        let key = keymap::row_shown(&binding.on, ink.g);
                        if width(&keys) + width(&key) + 2 < KEYS {
                            keys.push_str(&key);
                            keys.push(' ');
                        }
                    }
                    let (key, text) = match refused {
                        None => (ink.role(crate::ui::Role::Key), ink.text),
                        Some(_) => (ink.faint, ink.faint),
                    };
                    row.put(&keys, key).at(KEYS);
                    let first = wrap(action.help, row.left(), 3).into_iter().next();
                    row.put(first.unwrap_or(""), text);
                }
                Line::Own(on, words) => {
                    let keys = keymap::row_shown(on, ink.g);
                    row.put(&keys, ink.role(crate::ui::Role::Key));
                    row.at(KEYS).put(words, ink.text);
                }
                Line::Tail(rest) => {
                    row.at(KEYS).put(rest, ink.text);
                }
                Line::Blank => {}
            }
            self.search.mark(ink, buf, inside, y as u16, self.top + y);
        }
        if self.lines.len() > self.rows {
            let bottom = inside.bottom().min(area.bottom().saturating_sub(1));
            let percent = self.top * 100 / (self.lines.len() - self.rows).max(1);
            let edge = Rect::new(inside.x, bottom, inside.width, 1);
            Row::new(ink, buf, edge, 0).right(format!(" {percent} % "), ink.dim);
        }
        self.search.foot(ink, buf, inside)
    }

    fn key(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step {
        let name = keymap::name(key).unwrap_or_default();
        let name = reading(desk.keys, &name);
        let lines = self.texts();
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
        let steps = self.lines.len().saturating_sub(self.rows) + 1;
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
