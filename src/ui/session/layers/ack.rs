//! I have it: a note, and until when.

use std::time::Duration;

use crossterm::event::KeyEvent;
use jiff::civil::Time as Clock;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::event::Command;
use crate::model::{AlertId, Time};
use crate::ui::field::Field;
use crate::ui::keymap;
use crate::ui::widgets::{Ink, Row, clock, wrap};
use crate::ui::{Ctx, Request};

use super::{Desk, Layer, Step, popup};

/// The dialog of `acknowledge`.
pub struct Ack {
    alerts: Vec<AlertId>,
    about: String,
    note: Field,
    until: usize,
}

/// Until when, as words.
const UNTIL: [&str; 5] = ["it is over", "30 min", "1 h", "4 h", "07:00"];

impl Ack {
    /// For this alert, or these; `about` is what it says.
    pub fn new(alerts: Vec<AlertId>, about: String) -> Self {
        Self {
            alerts,
            about,
            note: Field::default(),
            until: 0,
        }
    }

    fn until(&self, ctx: &Ctx<'_>) -> Option<Time> {
        let minutes = match self.until {
            1 => 30,
            2 => 60,
            3 => 240,
            4 => return Some(next_seven(ctx)),
            _ => return None,
        };
        Some(ctx.now + Duration::from_secs(minutes * 60))
    }
}

/// The next seven o'clock of the site: the end of the night.
fn next_seven(ctx: &Ctx<'_>) -> Time {
    let now = ctx.now.timestamp().to_zoned_datetime(ctx.zone.clone());
    let seven = Clock::constant(7, 0, 0, 0);
    let day = if now.time() < seven {
        Some(now.date())
    } else {
        now.date().tomorrow().ok()
    };
    day.and_then(|day| {
        day.to_datetime(seven)
            .to_zoned_datetime(ctx.zone.clone())
            .ok()
    })
    .map_or(ctx.now, |at| Time(at.timestamp().as_millisecond()))
}

impl Layer for Ack {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        // several have more to say
        let more = if self.alerts.len() > 1 { 2 } else { 0 };
        let inside = popup(
            ink,
            buf,
            area,
            (70, 9 + more),
            &match self.alerts.len() {
                1 => "Acknowledge".to_owned(),
                n => format!("Acknowledge {n} alerts"),
            },
        );
        for (y, line) in wrap(&self.about, inside.width, 2 + usize::from(more))
            .into_iter()
            .enumerate()
        {
            Row::new(ink, buf, inside, y as u16).put(line, ink.text);
        }
        Row::new(ink, buf, inside, 3 + more).put("note  ", ink.dim);
        let mut row = Row::new(ink, buf, inside, 5 + more);
        row.put("until ", ink.dim);
        for (at, word) in UNTIL.iter().enumerate() {
            if at == self.until {
                row.put(format!(" {word} "), ink.selected);
            } else {
                row.put(format!(" {word} "), ink.text);
            }
        }
        if let Some(until) = self.until(ink.ctx) {
            Row::new(ink, buf, inside, 6 + more).gap(7).put(
                format!("opens again at {}", clock(until, ink.ctx.now, ink.ctx.zone)),
                ink.dim,
            );
        }
        let field = Rect::new(
            inside.x + 6,
            inside.y + 3 + more,
            inside.width.saturating_sub(6),
            1,
        );
        self.note.draw(ink, buf, field.intersection(inside))
    }

    fn key(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step {
        match keymap::name(key).as_deref() {
            Some("enter") => {
                let acknowledge = |alert: &AlertId| {
                    Request::Command(Command::Acknowledge {
                        alert: *alert,
                        note: self.note.value(),
                        until: self.until(desk.ctx),
                    })
                };
                return Step::Ask(self.alerts.iter().map(acknowledge).collect());
            }
            Some("tab" | "down") => self.until = (self.until + 1) % UNTIL.len(),
            Some("shift-tab" | "up") => {
                self.until = (self.until + UNTIL.len() - 1) % UNTIL.len();
            }
            _ => {
                self.note.key(key);
            }
        }
        Step::Stay
    }

    fn paste(&mut self, text: &str, _: &Desk<'_>) {
        self.note.insert(text);
    }

    fn field(&mut self) -> Option<&mut Field> {
        Some(&mut self.note)
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("enter", "acknowledge"),
            ("tab", "until"),
            ("ctrl-x", "editor"),
            ("esc", "back"),
        ]
    }
}
