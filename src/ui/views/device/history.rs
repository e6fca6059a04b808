//! History: every change that was seen, with before and after. The newest are at hand, older ones are asked of the log.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::asked::Asked;
use crate::log::Answer;
use crate::model::{Change, Device};
use crate::ui::Outcome;
use crate::ui::views::below;
use crate::ui::widgets::{Align, Ink, List, Row, clock_long, empty};

/// The tab.
#[derive(Default)]
pub struct History {
    /// What the log was asked.
    pub asked: Asked<Change>,
    list: List<usize>,
    keys: Vec<usize>,
}

/// `firmware 2.50 → 2.51`, `port sw-3f-02 Gi1/0/17 new`.
pub fn change_words(ink: &Ink<'_>, change: &Change) -> String {
    let (what, before, after) = (&change.what, &change.before, &change.after);
    match (before.is_empty(), after.is_empty()) {
        (true, true) => what.to_string(),
        (true, false) => format!("{what} {after}"),
        (false, true) => format!("{what} {before} went away"),
        (false, false) => format!("{what} {before} {} {after}", ink.g.arrow_right),
    }
}

impl History {
    /// Draws it: the log's answer, and what is newer than it in the state's own ring.
    pub fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, device: &Device) {
        let old = self.asked.rows();
        let newest = old.first().map(|c| c.time);
        let ring: Vec<&Change> = device
            .changes
            .iter()
            .filter(|c| newest.is_none_or(|t| c.time > t))
            .collect();
        let total = ring.len() + old.len();
        self.keys = (0..total).collect();
        let answered = matches!(self.asked, Asked::Answered(_));
        let mut list = area;
        if !answered {
            self.asked.draw(ink, buf, area, 0);
            list = below(area, 2);
        }
        if total == 0 {
            if answered {
                empty(
                    ink,
                    buf,
                    area,
                    "no change was seen yet",
                    "A new firmware, another port, another address, a state: each is kept here with before and after.",
                );
            }
            return;
        }
        let mut row = Row::new(ink, buf, list, 0);
        row.gap(1)
            .column("WHEN", 15, Align::Left, ink.dim)
            .gap(1)
            .column("WHAT", 16, Align::Left, ink.dim)
            .gap(1)
            .put(format!("BEFORE {} AFTER", ink.g.arrow_right), ink.dim);
        let rows = below(list, 1);
        let range = self.list.settle(&self.keys, usize::from(rows.height));
        for (y, at) in (0u16..).zip(range) {
            let change = match ring.get(at) {
                Some(change) => *change,
                None => match old.get(at - ring.len()) {
                    Some(change) => change,
                    None => break,
                },
            };
            let mut row = Row::new(ink, buf, rows, y);
            row.gap(1)
                .column(
                    clock_long(change.time, ink.ctx.now, ink.ctx.zone),
                    15,
                    Align::Left,
                    ink.dim,
                )
                .gap(1)
                .column(change.what.as_str(), 16, Align::Left, ink.text)
                .gap(1);
            if !change.before.is_empty() {
                row.put(change.before.as_str(), ink.dim).gap(1);
            }
            row.put(ink.g.arrow_right, ink.faint).gap(1);
            if change.after.is_empty() {
                row.put("went away", ink.dim);
            } else {
                row.put(change.after.as_str(), ink.strong);
            }
            if self.list.at() == Some(at) {
                Row::new(ink, buf, rows, y).put(ink.cursor, ink.accent);
            }
        }
    }

    /// Scrolls.
    pub fn act(&mut self, action: &str) -> Outcome {
        Outcome::consumed(self.list.act(action, &self.keys))
    }

    /// Takes the answer to its question.
    pub fn answer(&mut self, id: u64, answer: &Answer) {
        self.asked.hear(id, answer, |a| match a {
            Answer::Changes(rows) => Some(rows.clone()),
            _ => None,
        });
    }
}
