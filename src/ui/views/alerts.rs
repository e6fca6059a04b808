//! Alerts: what needs a person, the worst first; below, what is known of the one under the cursor.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::alert::{AlertView, details};
use super::index::Index;
use super::{below, board::is_fresh, margin, sentence};
use crate::model::{AlertId, AlertState};
use crate::ui::widgets::{Chosen, Ink, List, Row, empty, fit, header};
use crate::ui::{Ctx, Outcome, Selection, View};

/// The view.
#[derive(Default)]
pub struct Alerts {
    index: Index,
    list: List<AlertId>,
    keys: Vec<AlertId>,
    stamp: Option<(crate::model::Seq, u64, usize, u64, bool)>,
    /// Only what is not over.
    no_closed: bool,
    /// The list takes all the room.
    no_details: bool,
    /// Those the cursor has been on: they are no longer new.
    seen: BTreeSet<AlertId>,
    /// It is drawn as a page.
    unrolled: bool,
    /// Those that the person chose together.
    chosen: Chosen<AlertId>,
}

/// How many seen alerts are remembered.
const SEEN_CAP: usize = 2000;

impl Alerts {
    fn refresh(&mut self, ctx: &Ctx<'_>) {
        self.index.refresh_alerts(ctx.state);
        let stamp = Some((
            ctx.state.seq,
            ctx.state.revision,
            ctx.state.alerts.len(),
            ctx.filter.map_or(0, |f| f.revision + 1),
            self.no_closed,
        ));
        if self.stamp == stamp {
            return;
        }
        self.stamp = stamp;
        self.chosen.retain(|id| ctx.state.alerts.contains_key(&id));
        self.keys = self
            .index
            .alerts
            .iter()
            .filter(|id| {
                ctx.state.alerts.get(*id).is_some_and(|a| {
                    !(self.no_closed && a.state == AlertState::Closed)
                        && ctx
                            .filter
                            .is_none_or(|filter| filter.matches.alert(ctx.state, a))
                })
            })
            .copied()
            .collect();
    }

    fn title(&self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) {
        let ctx = ink.ctx;
        let shown = self.keys.len();
        let active = self
            .keys
            .iter()
            .filter_map(|id| ctx.state.alerts.get(id))
            .filter(|a| a.is_active())
            .count();
        let mut row = Row::new(ink, buf, area, 0);
        if ctx.filter.is_some() {
            row.put(
                format!("{shown} of {} match the filter", self.index.alerts.len()),
                ink.dim,
            );
        } else {
            row.put(format!("{active} need a person or have one"), ink.dim);
        }
        let over = shown - active;
        if over > 0 {
            row.put(
                format!("{}{over} over or being checked, below", ink.between()),
                ink.faint,
            );
        }
        // a filter hides some, and nothing is done to what is not in sight
        if let Some(chosen) = self.chosen.words(&self.keys) {
            row.put(ink.between(), ink.dim).put(chosen, ink.strong);
        }
    }
}

impl View for Alerts {
    fn draw(&mut self, buf: &mut Buffer, area: Rect, ctx: &Ctx<'_>) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let ink = &Ink::of(ctx);
        self.refresh(ctx);
        let body = margin(area);
        if self.keys.is_empty() {
            // what is not in sight is not acted on
            self.list.settle(&[], 0);
            let (headline, advice) = if ctx.filter.is_some() {
                (
                    "no alert matches the filter",
                    "esc takes the filter away; / changes it.",
                )
            } else if ctx.is_past() {
                (
                    "all was quiet: no alert was open",
                    "Go on, or to what happened next.",
                )
            } else {
                (
                    "all quiet: no alert is open",
                    "What opens appears here by itself, the worst first. Closed alerts stay below for a while.",
                )
            };
            empty(ink, buf, body, headline, advice);
            return;
        }
        // the details take the right half of a wide screen, else the lower half
        let (list, pane) = if self.no_details || self.unrolled {
            (body, Rect::new(body.x, body.bottom(), body.width, 0))
        } else {
            split(body, self.keys.len())
        };
        self.title(ink, buf, list);
        let columns = &sentence::COLUMNS;
        let fitted = fit(columns, list.width.saturating_sub(1));
        let table = below(list, 1);
        header(ink, buf, shift(table), 0, columns, &fitted, None);
        let rows = below(table, 1);
        let range = self.list.settle_in(&self.keys, rows);
        for (y, id) in (0u16..).zip(self.keys.get(range).unwrap_or(&[])) {
            let Some(alert) = ctx.state.alerts.get(id) else {
                continue;
            };
            let fresh = is_fresh(ctx, alert) && !self.seen.contains(id);
            sentence::list_row(ink, buf, shift(rows), y, alert, &fitted, fresh);
            if self.chosen.has(*id) {
                Row::new(ink, buf, rows, y).put("+", ink.strong);
            }
            if self.list.at() == Some(*id) {
                let mut row = Row::new(ink, buf, rows, y);
                if self.chosen.has(*id) {
                    row.put("+", ink.accent);
                } else {
                    row.put(ink.cursor, ink.accent);
                }
                // the badge keeps its own ground
                Row::new(ink, buf, shift(rows), y).at(6).paint(ink.selected);
            }
        }
        let shown = self.list.at().filter(|_| pane.height > 0);
        if let Some(alert) = shown.and_then(|id| ctx.state.alerts.get(&id)) {
            details(ink, buf, pane, alert);
        }
    }

    fn act(&mut self, action: &str, ctx: &Ctx<'_>) -> Outcome {
        self.refresh(ctx);
        if action == "open" {
            return match self.list.at() {
                Some(id) => Outcome::Open(Box::new(AlertView::new(id))),
                None => Outcome::Ignored,
            };
        }
        if let Some(id) = self.list.at()
            && self.seen.len() < SEEN_CAP
        {
            self.seen.insert(id);
        }
        if self.chosen.act(action, &mut self.list, &self.keys) {
            return Outcome::Consumed;
        }
        match action {
            "closed" => self.no_closed = !self.no_closed,
            "details" => self.no_details = !self.no_details,
            "next-problem" | "prev-problem" => {
                let new = |id| {
                    let alert = ctx.state.alerts.get(&id);
                    alert.is_some_and(|a| a.state == AlertState::Open)
                };
                self.list.seek(&self.keys, action == "next-problem", new);
            }
            _ if self.list.act(action, &self.keys) => {}
            _ => return super::go(action, &self.selection(ctx), ctx),
        }
        Outcome::Consumed
    }

    fn unroll(&mut self, on: bool, ctx: &Ctx<'_>) -> usize {
        self.refresh(ctx);
        self.list.unroll(on, &self.keys);
        self.unrolled = on;
        self.keys.len()
    }

    fn click(&mut self, at: Position) -> bool {
        self.list.click(at, &self.keys)
    }

    fn crumb(&self, _ctx: &Ctx<'_>) -> String {
        "Alerts".into()
    }

    fn selection(&self, ctx: &Ctx<'_>) -> Selection {
        let alert = self.list.at().and_then(|id| ctx.state.alerts.get(&id));
        Selection {
            alert: self.list.at(),
            alerts: self.chosen.shown(&self.keys),
            device: alert.and_then(|a| a.device),
            segment: alert.and_then(|a| a.segment),
            ..Selection::default()
        }
    }

    fn actions(&self, _ctx: &Ctx<'_>) -> Vec<&'static str> {
        vec![
            "open",
            "acknowledge",
            "choose",
            "run",
            "filter",
            "closed",
            "details",
        ]
    }
}

/// One column less at the left: the cursor's.
fn shift(area: Rect) -> Rect {
    Rect::new(
        area.x.saturating_add(1),
        area.y,
        area.width.saturating_sub(1),
        area.height,
    )
}

fn split(body: Rect, alerts: usize) -> (Rect, Rect) {
    let none = Rect::new(body.x, body.bottom(), body.width, 0);
    if body.width >= 170 {
        let pane = (body.width * 2 / 5).min(80);
        let list = Rect::new(body.x, body.y, body.width - pane - 3, body.height);
        return (list, Rect::new(list.right() + 3, body.y, pane, body.height));
    }
    if body.height < 13 {
        return (body, none);
    }
    let want = u16::try_from(alerts + 2).unwrap_or(u16::MAX).max(5);
    let list = want.min(body.height / 2);
    let pane = body.height - list - 1;
    (
        Rect::new(body.x, body.y, body.width, list),
        Rect::new(body.x, body.y + list + 1, body.width, pane),
    )
}
