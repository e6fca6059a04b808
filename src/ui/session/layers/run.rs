//! `r`: what can be run, what it must be told, what exactly it would do, and the confirmation its risk asks for.

use std::collections::BTreeMap;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::{Confirm, Risk, RunPlan, Text};
use crate::ui::field::Field;
use crate::ui::keymap;
use crate::ui::planner::Offer;
use crate::ui::widgets::{Ink, Row, prefix, width};
use crate::ui::{Request, Role, RunRequest, Selection};

use super::{Desk, Layer, Step, moved, plan, popup, scrolled};

enum Stage {
    /// Which.
    List,
    /// What it must be told; the last field is why.
    Form { fields: Vec<Field>, at: usize },
    /// What exactly.
    Plan {
        plan: Box<RunPlan>,
        top: usize,
        typed: Field,
    },
}

/// The dialog of `run`.
pub struct RunDialog {
    about: String,
    selection: Selection,
    offers: Vec<Offer>,
    cursor: usize,
    stage: Stage,
    /// The fields of the form while its plan is shown.
    filled: Vec<Field>,
    dry_run: bool,
    error: Option<Text>,
    rows: usize,
}

impl RunDialog {
    /// For what is selected; `about` is its name.
    pub fn new(about: String, desk: &Desk<'_>) -> Self {
        Self {
            about,
            selection: desk.selection.clone(),
            offers: desk.planner.offers(desk.ctx.state, desk.selection),
            cursor: 0,
            stage: Stage::List,
            filled: Vec::new(),
            dry_run: false,
            error: None,
            rows: 1,
        }
    }

    fn offer(&self) -> Option<&Offer> {
        self.offers.get(self.cursor)
    }

    fn choose(&mut self, at: usize) -> Step {
        let Some(offer) = self.offers.get(at) else {
            return Step::Stay;
        };
        self.cursor = at;
        if let Some(why) = &offer.refused {
            self.error = Some(why.clone());
            return Step::Stay;
        }
        self.error = None;
        self.dry_run = false;
        let mut fields: Vec<_> = offer
            .inputs
            .iter()
            .map(|input| Field::with(input.default.as_str()))
            .collect();
        fields.push(Field::default());
        self.stage = Stage::Form { fields, at: 0 };
        Step::Stay
    }

    fn inputs(&self) -> BTreeMap<Text, Text> {
        let names = self
            .offer()
            .map(|o| o.inputs.as_slice())
            .unwrap_or_default();
        names
            .iter()
            .zip(&self.filled)
            .map(|(input, field)| (input.name.clone(), field.value()))
            .collect()
    }

    fn reason(&self) -> Text {
        self.filled.last().map(Field::value).unwrap_or_default()
    }

    /// Reads the form and asks for the plan.
    fn plan(&mut self, desk: &Desk<'_>) {
        let Some(offer) = self.offer() else { return };
        let missing = offer
            .inputs
            .iter()
            .zip(&self.filled)
            .find(|(input, field)| input.required && field.value().is_empty());
        if let Some((input, _)) = missing {
            self.error = Some(Text::from(format!("{} is needed", input.title)));
            return;
        }
        if offer.risk >= Risk::Medium && self.reason().is_empty() {
            self.error = Some(Text::from("say why: this interrupts something"));
            return;
        }
        let made = desk.planner.plan(
            desk.ctx.state,
            &self.selection,
            &offer.name,
            &self.inputs(),
            desk.ctx.person,
            self.dry_run,
        );
        match made {
            Ok(plan) => {
                self.error = None;
                self.stage = Stage::Plan {
                    plan: Box::new(plan),
                    top: 0,
                    typed: Field::default(),
                };
            }
            Err(why) => self.error = Some(why),
        }
    }

    fn go(&self, plan: &RunPlan) -> Step {
        Step::Ask(vec![Request::Run(Box::new(RunRequest {
            plan: plan.clone(),
            inputs: self.inputs(),
            reason: self.reason(),
        }))])
    }

    fn key_in_list(&mut self, key: &KeyEvent) -> Step {
        let name = keymap::name(key).unwrap_or_default();
        let own = |offer: &Offer| offer.key.is_some_and(|c| name == c.to_string());
        if let Some(at) = self.offers.iter().position(own) {
            return self.choose(at);
        }
        let name = match name.as_str() {
            "enter" => return self.choose(self.cursor),
            "j" => "down",
            "k" => "up",
            "q" => return Step::Close,
            other => other,
        };
        if let Some(cursor) = moved(name, self.cursor, self.offers.len(), self.rows) {
            self.cursor = cursor;
            self.error = None;
        }
        Step::Stay
    }

    fn key_in_form(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step {
        let choices: Vec<Vec<Text>> = self
            .offer()
            .map(|o| o.inputs.iter().map(|i| i.choices.clone()).collect())
            .unwrap_or_default();
        let Stage::Form { fields, at } = &mut self.stage else {
            return Step::Stay;
        };
        let n = fields.len();
        let name = keymap::name(key).unwrap_or_default();
        match name.as_str() {
            "tab" | "down" => *at = (*at + 1) % n,
            "shift-tab" | "up" => *at = (*at + n - 1) % n,
            "enter" if *at + 1 < n => *at += 1,
            "enter" => {
                self.filled.clone_from(fields);
                self.plan(desk);
            }
            _ => {
                self.error = None;
                let Some(field) = fields.get_mut(*at) else {
                    return Step::Stay;
                };
                match choices.get(*at).filter(|words| !words.is_empty()) {
                    None => {
                        field.key(key);
                    }
                    Some(words) => {
                        let now = words.iter().position(|w| w.as_str() == field.text());
                        let now = now.unwrap_or(0);
                        let next = match name.as_str() {
                            "right" | "space" => (now + 1) % words.len(),
                            "left" => (now + words.len() - 1) % words.len(),
                            _ => now,
                        };
                        *field = Field::with(words.get(next).map_or("", Text::as_str));
                    }
                }
            }
        }
        Step::Stay
    }

    fn key_in_plan(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step {
        let dry = self.offer().is_some_and(|o| o.dry_run);
        let rows = self.rows;
        let Stage::Plan { plan, top, typed } = &mut self.stage else {
            return Step::Stay;
        };
        let name = keymap::name(key).unwrap_or_default();
        let confirm = if plan.dry_run {
            Confirm::None
        } else {
            plan.confirm
        };
        if let Some(to) = moved(&name, *top, usize::MAX, rows).filter(|_| name != "end") {
            // drawing holds it to what there is
            *top = to;
            return Step::Stay;
        }
        match (confirm, name.as_str()) {
            (Confirm::None, "enter") | (Confirm::Key | Confirm::None, "y") => {
                let plan = plan.clone();
                return self.go(&plan);
            }
            (Confirm::Key, "enter") => {
                self.error = Some(Text::from("press y to start it, esc to go back"));
            }
            (Confirm::Key, "n") => return Step::Close,
            (Confirm::TypeName, "enter") => {
                if typed.value() == plan.device_name {
                    let plan = plan.clone();
                    return self.go(&plan);
                }
                self.error = Some(Text::from(format!(
                    "that is not the name of the device; it is {}",
                    plan.device_name
                )));
            }
            // a letter may belong to the name that is being typed
            (Confirm::TypeName, "ctrl-d") | (Confirm::None | Confirm::Key, "d" | "ctrl-d")
                if dry =>
            {
                self.dry_run = !self.dry_run;
                self.plan(desk);
            }
            (Confirm::TypeName, _) => {
                typed.key(key);
                self.error = None;
            }
            _ => {}
        }
        Step::Stay
    }

    fn draw_list(&mut self, ink: &Ink<'_>, buf: &mut Buffer, inside: Rect) {
        if self.offers.is_empty() {
            Row::new(ink, buf, inside, 0).put("nothing can be run against this", ink.dim);
            return;
        }
        self.rows = usize::from(inside.height.saturating_sub(2));
        let top = scrolled(self.cursor, self.offers.len(), self.rows);
        let shown = self.offers.iter().enumerate().skip(top).take(self.rows);
        for (y, (at, offer)) in shown.enumerate() {
            let mut row = Row::new(ink, buf, inside, y as u16);
            let refused = offer.refused.is_some();
            let pick = |style| if refused { ink.faint } else { style };
            let key = offer.key.map(String::from).unwrap_or_default();
            row.right(format!("risk {:<6}", offer.risk.word()), pick(ink.dim))
                .keep(2);
            row.put(key, pick(ink.role(Role::Key))).at(3);
            row.put(offer.name.as_str(), pick(ink.strong)).gap(2);
            if row.used() < 17 {
                row.at(17);
            }
            row.put(offer.title.as_str(), pick(ink.text));
            if !offer.needs.is_empty() {
                row.put(format!("{}{}", ink.between(), offer.needs), pick(ink.dim));
            }
            if at == self.cursor {
                Row::new(ink, buf, inside, y as u16).paint(ink.selected);
            }
        }
        let why = self.offer().and_then(|o| o.refused.as_ref());
        if let Some(why) = why {
            let y = inside.height.saturating_sub(1);
            Row::new(ink, buf, inside, y).put(why.as_str(), ink.dim);
        }
    }

    fn draw_form(&self, ink: &Ink<'_>, buf: &mut Buffer, inside: Rect) -> Option<Position> {
        let Stage::Form { fields, at } = &self.stage else {
            return None;
        };
        let offer = self.offer()?;
        // titles stand in one column, as wide as the longest, but never at the cost of what is typed
        let titles = offer.inputs.iter().map(|input| width(input.title.as_str()));
        let from = (titles.max().unwrap_or(0) + 2).clamp(18, (inside.width / 2).max(18));
        let mut cursor = None;
        for (n, field) in fields.iter().enumerate() {
            let (title, hint, choices) = match offer.inputs.get(n) {
                Some(input) => (
                    input.title.as_str(),
                    input.hint.as_str(),
                    &input.choices[..],
                ),
                None => ("why", "for the record, with your name", &[][..]),
            };
            let y = n as u16 * 2;
            let mut row = Row::new(ink, buf, inside, y);
            row.keep(inside.width.saturating_sub(from).saturating_add(1))
                .put(title, if n == *at { ink.strong } else { ink.dim });
            let mut row = Row::new(ink, buf, inside, y);
            row.at(from);
            if choices.is_empty() {
                let place = Rect::new(
                    inside.x.saturating_add(from),
                    inside.y.saturating_add(y),
                    inside.width.saturating_sub(from),
                    1,
                )
                .intersection(inside);
                let stands = field.draw(ink, buf, place);
                if n == *at {
                    cursor = stands;
                }
            } else {
                for word in choices {
                    let chosen = word.as_str() == field.text();
                    let style = if chosen { ink.selected } else { ink.text };
                    row.put(format!(" {word} "), style);
                }
            }
            if n == *at {
                Row::new(ink, buf, inside, y + 1)
                    .at(from)
                    .put(hint, ink.faint);
            }
        }
        cursor
    }

    fn draw_plan(&mut self, ink: &Ink<'_>, buf: &mut Buffer, inside: Rect) -> Option<Position> {
        let dry = self.offer().is_some_and(|o| o.dry_run);
        let reason = self.reason();
        let Stage::Plan { plan, top, typed } = &mut self.stage else {
            return None;
        };
        let room = inside.width.saturating_sub(13);
        let mut lines = Vec::new();
        for (what, of, style) in plan::lines(ink, plan) {
            // arguments are broken wherever the line ends, none is cut: they are to be read exactly
            let mut rest = of.as_str();
            let mut what = what;
            loop {
                let (part, used) = prefix(rest, room.max(2));
                lines.push((std::mem::take(&mut what), part.to_owned(), style));
                rest = rest.get(part.len()..).unwrap_or("");
                if rest.is_empty() || used == 0 {
                    break;
                }
            }
        }
        if !reason.is_empty() {
            lines.push(("why", reason.to_string(), ink.text));
        }
        let below = 2;
        self.rows = usize::from(inside.height.saturating_sub(below));
        *top = (*top).min(lines.len().saturating_sub(self.rows));
        for (y, (what, of, style)) in lines.iter().skip(*top).take(self.rows).enumerate() {
            let mut row = Row::new(ink, buf, inside, y as u16);
            row.put(what, ink.dim).at(13).put(of, *style);
        }
        let mut foot = Row::new(ink, buf, inside, inside.height.saturating_sub(1));
        let key = ink.role(Role::Key);
        let hidden = lines.len().saturating_sub(*top + self.rows);
        if hidden > 0 {
            foot.right(format!("{} {hidden} more", ink.g.arrow_down), ink.strong)
                .keep(2);
        }
        let confirm = if plan.dry_run {
            Confirm::None
        } else {
            plan.confirm
        };
        if dry {
            let (name, word) = match (confirm, plan.dry_run) {
                (Confirm::TypeName, _) => ("ctrl-d", " dry run  "),
                (_, false) => ("d", " dry run  "),
                (_, true) => ("d", " in earnest  "),
            };
            foot.put(name, key).put(word, ink.text);
        }
        match confirm {
            Confirm::None => {
                foot.put("enter", key).put(" start it", ink.text);
                None
            }
            Confirm::Key => {
                foot.put("y", key).put(" start it", ink.text);
                None
            }
            Confirm::TypeName => {
                foot.put("type ", ink.text)
                    .put(plan.device_name.as_str(), ink.strong)
                    .put(" to start it: ", ink.text);
                let from = foot.used();
                let room = foot.left();
                let place = Rect::new(inside.x + from, inside.bottom().saturating_sub(1), room, 1)
                    .intersection(inside);
                typed.draw(ink, buf, place)
            }
        }
    }
}

impl Layer for RunDialog {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let name = self.offer().map(|o| o.name.to_string()).unwrap_or_default();
        let (title, height) = match &self.stage {
            Stage::List => (
                format!("Run on {}", self.about),
                (self.offers.len() + 5).clamp(7, 20) as u16,
            ),
            Stage::Form { fields, .. } => (
                format!("{name} on {}", self.about),
                (fields.len() * 2 + 4) as u16,
            ),
            Stage::Plan { .. } => (format!("{name}: this will be done"), 20),
        };
        let inside = popup(ink, buf, area, (100, height), &title);
        let main = Rect {
            height: inside.height.saturating_sub(1),
            ..inside
        };
        let cursor = match self.stage {
            Stage::List => {
                self.draw_list(ink, buf, main);
                None
            }
            Stage::Form { .. } => self.draw_form(ink, buf, main),
            Stage::Plan { .. } => self.draw_plan(ink, buf, main),
        };
        if let Some(why) = &self.error {
            let y = inside.height.saturating_sub(1);
            Row::new(ink, buf, inside, y).put(why.as_str(), ink.role(Role::Error));
        }
        cursor
    }

    fn key(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step {
        match self.stage {
            Stage::List => self.key_in_list(key),
            Stage::Form { .. } => self.key_in_form(key, desk),
            Stage::Plan { .. } => self.key_in_plan(key, desk),
        }
    }

    fn paste(&mut self, text: &str, _: &Desk<'_>) {
        // the device's name must be typed: a paste is no thought
        let Stage::Form { fields, at } = &mut self.stage else {
            return;
        };
        if let Some(field) = fields.get_mut(*at) {
            field.insert(text);
        }
    }

    fn back(&mut self) -> bool {
        self.error = None;
        self.stage = match self.stage {
            Stage::List => return false,
            Stage::Form { .. } => Stage::List,
            Stage::Plan { .. } => Stage::Form {
                at: self.filled.len().saturating_sub(1),
                fields: std::mem::take(&mut self.filled),
            },
        };
        true
    }

    fn field(&mut self) -> Option<&mut Field> {
        match &mut self.stage {
            Stage::Form { fields, at } => fields.get_mut(*at),
            // a word that confirms is typed here or not at all
            Stage::List | Stage::Plan { .. } => None,
        }
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        match self.stage {
            Stage::List => vec![("enter", "choose"), ("down", "next"), ("esc", "back")],
            Stage::Form { .. } => vec![
                ("enter", "next"),
                ("tab", "field"),
                ("ctrl-x", "editor"),
                ("esc", "back"),
            ],
            Stage::Plan { .. } => vec![("down", "more"), ("esc", "back")],
        }
    }
}
