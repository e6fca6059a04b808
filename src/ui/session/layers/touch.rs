//! How much may be sent to a device, for a time: which rung, until when, and why.

use std::time::Duration;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::event::Command;
use crate::model::{Device, DeviceId, Time, TouchPolicy};
use crate::ui::Request;
use crate::ui::Role;
use crate::ui::field::Field;
use crate::ui::keymap;
use crate::ui::widgets::{Ink, Row, clock, wrap};

use super::{Desk, Layer, Question, Step, popup};

/// How long, in words and minutes. Nothing stands longer than a day.
const LONG: [(&str, u64); 5] = [
    ("30 min", 30),
    ("1 h", 60),
    ("2 h", 120),
    ("8 h", 480),
    ("24 h", 1_440),
];

/// The dialog of `touch`.
pub struct Touch {
    device: DeviceId,
    about: String,
    /// Nobody may lift it alone.
    never: bool,
    policy: usize,
    long: usize,
    reason: Field,
    error: Option<&'static str>,
}

impl Touch {
    /// For this device.
    pub fn new(device: &Device) -> Self {
        let touch = &device.touch;
        let two = touch
            .overridden
            .as_ref()
            .is_some_and(|o| !o.approved.is_empty());
        let policy = TouchPolicy::ALL.iter().position(|p| *p == touch.policy);
        Self {
            device: device.id,
            about: format!(
                "{}: its touch policy is {}, because of {}",
                device.name, touch.policy, touch.because
            ),
            never: two || (touch.policy == TouchPolicy::Never && touch.overridden.is_none()),
            policy: policy.unwrap_or(0),
            long: 1,
            reason: Field::default(),
            error: None,
        }
    }

    fn chosen(&self) -> TouchPolicy {
        TouchPolicy::ALL
            .get(self.policy)
            .copied()
            .unwrap_or(TouchPolicy::Never)
    }

    fn minutes(&self) -> u64 {
        LONG.get(self.long).map_or(60, |(_, minutes)| *minutes)
    }

    fn consequence(&self) -> &'static str {
        if self.never && self.chosen() > TouchPolicy::Never {
            "Nothing changes yet: never is lifted by two people. Another person has to approve it."
        } else {
            "It ends by itself, and stands in the history with your name."
        }
    }
}

/// The second person's question; none where nobody asked for anything.
pub fn approval(device: &Device, until: impl Fn(Time) -> String) -> Option<Question> {
    let asked = device.touch.asked.as_ref()?;
    let approve = Request::Command(Command::ApproveTouch {
        device: device.id,
        policy: asked.policy,
    });
    Some(Question {
        title: "Approve the override?".into(),
        lines: vec![
            format!(
                "{} asks that {} may be touched as far as {}, until {}: {}",
                asked.by,
                device.name,
                asked.policy,
                until(asked.until),
                asked.reason
            ),
            format!(
                "By itself it is {}, because of {}. Whoever asked can't approve it.",
                device.touch.policy, device.touch.because
            ),
        ],
        choices: vec![
            (&["y"], "approve it, with your name", vec![approve]),
            (&["n"], "leave it as it is", Vec::new()),
        ],
    })
}

fn choices<'a>(row: &mut Row<'_>, ink: &Ink<'_>, words: impl Iterator<Item = &'a str>, at: usize) {
    for (n, word) in words.enumerate() {
        let style = if n == at { ink.selected } else { ink.text };
        row.put(format!(" {word} "), style);
    }
}

impl Layer for Touch {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let inside = popup(ink, buf, area, (72, 12), "Touch policy for a time");
        for (y, line) in wrap(&self.about, inside.width, 2).into_iter().enumerate() {
            Row::new(ink, buf, inside, y as u16).put(line, ink.text);
        }
        let mut row = Row::new(ink, buf, inside, 3);
        row.put("up to ", ink.dim).at(8);
        choices(
            &mut row,
            ink,
            TouchPolicy::ALL.iter().map(|p| p.word()),
            self.policy,
        );
        let mut row = Row::new(ink, buf, inside, 4);
        row.put("for", ink.dim).at(8);
        choices(&mut row, ink, LONG.iter().map(|(word, _)| *word), self.long);
        let until = ink.ctx.now + Duration::from_secs(self.minutes() * 60);
        row.gap(2).put(
            format!("until {}", clock(until, ink.ctx.now, ink.ctx.zone)),
            ink.dim,
        );
        Row::new(ink, buf, inside, 6).put("why", ink.dim);
        let (words, style) = match self.error {
            Some(why) => (why, ink.role(Role::Error)),
            None => (self.consequence(), ink.dim),
        };
        for (y, line) in wrap(words, inside.width, 2).into_iter().enumerate() {
            Row::new(ink, buf, inside, 8 + y as u16).put(line, style);
        }
        let field = Rect::new(
            inside.x + 8,
            inside.y + 6,
            inside.width.saturating_sub(8),
            1,
        );
        self.reason.draw(ink, buf, field.intersection(inside))
    }

    fn key(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step {
        self.error = None;
        let policies = TouchPolicy::ALL.len();
        match keymap::name(key).as_deref() {
            Some("enter") => {
                let reason = self.reason.value();
                if reason.as_str().trim().is_empty() {
                    self.error = Some("say why: the others will ask");
                    return Step::Stay;
                }
                return Step::Ask(vec![Request::Command(Command::OverrideTouch {
                    device: self.device,
                    policy: self.chosen(),
                    reason,
                    until: desk.ctx.now + Duration::from_secs(self.minutes() * 60),
                })]);
            }
            Some("down") => self.policy = (self.policy + 1) % policies,
            Some("up") => self.policy = (self.policy + policies - 1) % policies,
            Some("tab") => self.long = (self.long + 1) % LONG.len(),
            Some("shift-tab") => self.long = (self.long + LONG.len() - 1) % LONG.len(),
            _ => {
                self.reason.key(key);
            }
        }
        Step::Stay
    }

    fn paste(&mut self, text: &str, _: &Desk<'_>) {
        self.reason.insert(text);
    }

    fn field(&mut self) -> Option<&mut Field> {
        Some(&mut self.reason)
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("enter", "say so"),
            ("down", "policy"),
            ("tab", "how long"),
            ("ctrl-x", "editor"),
            ("esc", "back"),
        ]
    }
}
