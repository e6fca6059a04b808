//! Every action by its name, fuzzy-matched, what was used last first. What is not allowed here is dim, with its reason.

use crossterm::event::KeyEvent;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32String};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::actions::registry::{ACTIONS, Action, Standing, refusal};
use crate::model::Text;
use crate::ui::Role;
use crate::ui::field::Field;
use crate::ui::keymap;
use crate::ui::widgets::{Ink, Row, width};

use super::{Desk, Layer, Step, moved, popup, scrolled};

/// What was done last, the newest first.
#[derive(Clone, Debug, Default)]
pub struct Recent(Vec<&'static str>);

impl Recent {
    /// How many are remembered.
    const CAP: usize = 12;

    /// This was done now.
    pub fn used(&mut self, name: &'static str) {
        self.0.retain(|known| *known != name);
        self.0.insert(0, name);
        self.0.truncate(Self::CAP);
    }

    /// The newest has the most.
    fn bonus(&self, name: &str) -> u32 {
        let at = self.0.iter().position(|known| *known == name);
        at.map_or(0, |at| (Self::CAP - at.min(Self::CAP)) as u32 * 2)
    }
}

struct Hit {
    action: &'static Action,
    /// Characters of the title that matched.
    marks: Vec<u32>,
    refused: Option<Text>,
}

/// The command palette.
pub struct Palette {
    field: Field,
    recent: Recent,
    standing: Standing,
    matcher: Matcher,
    hits: Vec<Hit>,
    cursor: usize,
    rows: usize,
}

impl Palette {
    /// For somebody who may do this.
    pub fn new(standing: Standing, recent: Recent) -> Self {
        let mut palette = Self {
            field: Field::default(),
            recent,
            standing,
            matcher: Matcher::new(Config::DEFAULT),
            hits: Vec::new(),
            cursor: 0,
            rows: 1,
        };
        palette.search();
        palette
    }

    fn search(&mut self) {
        let pattern = Pattern::parse(
            self.field.text(),
            CaseMatching::Ignore,
            Normalization::Smart,
        );
        let mut hits: Vec<(u32, Hit)> = Vec::new();
        for action in ACTIONS {
            // moving the cursor is no command that somebody looks for
            if action.name.starts_with("cursor-") || action.name == "palette" {
                continue;
            }
            let title = Utf32String::from(action.title);
            let name = Utf32String::from(action.name);
            let mut marks = Vec::new();
            let by_title = pattern.indices(title.slice(..), &mut self.matcher, &mut marks);
            let by_name = pattern.score(name.slice(..), &mut self.matcher);
            let Some(score) = by_title.max(by_name) else {
                continue;
            };
            if by_title.is_none() {
                marks.clear();
            }
            marks.sort_unstable();
            let refused = refusal(action, self.standing);
            // what can be done comes before what can't
            let score = score + self.recent.bonus(action.name);
            let score = if refused.is_some() {
                score / 4
            } else {
                score + 1
            };
            hits.push((
                score,
                Hit {
                    action,
                    marks,
                    refused,
                },
            ));
        }
        hits.sort_by_key(|hit| std::cmp::Reverse(hit.0));
        self.hits = hits.into_iter().map(|(_, hit)| hit).collect();
        self.cursor = 0;
    }
}

impl Layer for Palette {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let height = (self.hits.len() + 4).clamp(6, 20) as u16;
        let inside = popup(ink, buf, area, (76, height), "Command");
        self.rows = usize::from(inside.height.saturating_sub(2));
        let top = scrolled(self.cursor, self.hits.len(), self.rows);
        let shown = self.hits.iter().enumerate().skip(top).take(self.rows);
        for (y, (at, hit)) in shown.enumerate() {
            let mut row = Row::new(ink, buf, inside, y as u16 + 2);
            let key = hit.action.keys.first().map(|key| keymap::shown(key, ink.g));
            let (text, key_style) = match hit.refused {
                None => (ink.text, ink.role(Role::Key)),
                Some(_) => (ink.faint, ink.faint),
            };
            row.right(key.unwrap_or_default(), key_style).keep(2);
            let mark = ink.role(Role::Match);
            for (n, c) in hit.action.title.chars().enumerate() {
                let matched = hit.marks.binary_search(&(n as u32)).is_ok();
                let style = if matched && hit.refused.is_none() {
                    mark
                } else {
                    text
                };
                row.put(c.encode_utf8(&mut [0; 4]), style);
            }
            let tail = match &hit.refused {
                Some(why) => why.as_str(),
                None => hit.action.help,
            };
            if row.used() < 26 {
                row.at(26);
            } else {
                row.gap(2);
            }
            row.put(
                tail,
                if hit.refused.is_some() {
                    ink.faint
                } else {
                    ink.dim
                },
            );
            if at == self.cursor {
                Row::new(ink, buf, inside, y as u16 + 2).paint(ink.selected);
            }
        }
        if self.hits.is_empty() {
            Row::new(ink, buf, inside, 2).put("no action of that name", ink.dim);
        }
        let said = format!("{} of {}", self.hits.len(), ACTIONS.len());
        let line = Rect {
            height: 1.min(inside.height),
            width: inside.width.saturating_sub(width(&said) + 2),
            ..inside
        };
        Row::new(ink, buf, inside, 0).right(&said, ink.faint);
        self.field.draw(ink, buf, line)
    }

    fn key(&mut self, key: &KeyEvent, _: &Desk<'_>) -> Step {
        let name = keymap::name(key).unwrap_or_default();
        if name == "enter" {
            return match self.hits.get(self.cursor) {
                None => Step::Stay,
                Some(Hit {
                    refused: Some(why), ..
                }) => Step::Say(why.clone()),
                Some(hit) => Step::Perform(hit.action),
            };
        }
        let name = match name.as_str() {
            "tab" => "down",
            "shift-tab" => "up",
            "home" | "end" => "",
            other => other,
        };
        if let Some(cursor) = moved(name, self.cursor, self.hits.len(), self.rows) {
            self.cursor = cursor;
        } else if self.field.key(key) {
            self.search();
        }
        Step::Stay
    }

    fn paste(&mut self, text: &str, _: &Desk<'_>) {
        self.field.insert(text);
        self.search();
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("enter", "do it"), ("down", "next"), ("esc", "back")]
    }
}
