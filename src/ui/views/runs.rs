//! Runs: who ran what against which device, and how it went; the newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::run::RunView;
use super::{below, margin};
use crate::model::{Run, RunId, RunState, Severity};
use crate::ui::widgets::{Column, Ink, List, Row, countdown, counted, empty, fit, header};
use crate::ui::{Ctx, Outcome, Request, Role, Selection, View};

/// On a narrow screen the reason goes first, then what came of it.
const COLUMNS: [Column; 8] = [
    Column::words("ST", 2, 2, 0),
    Column::numbers("WHEN", 6, 6, 0),
    Column::words("STATE", 18, 20, 0),
    Column::words("WHAT", 12, 24, 0),
    Column::words("DEVICE", 12, 24, 0),
    Column::words("BY", 6, 14, 0),
    Column::words("CAME OF IT", 16, 60, 1),
    Column::words("WHY", 12, 60, 2),
];

/// The view.
#[derive(Default)]
pub struct Runs {
    list: List<RunId>,
    keys: Vec<RunId>,
}

/// Glyph, words and style of a run's state; a countdown where something is still to be put back.
pub fn state_of(ink: &Ink<'_>, run: &Run) -> (&'static str, String, Style) {
    let (glyph, style) = match run.state {
        RunState::Planned => (ink.g.unknown, ink.dim),
        RunState::Running => (ink.g.replay, ink.accent),
        RunState::RevertPending => (ink.g.degraded, ink.severity(Severity::Major)),
        RunState::Succeeded => (ink.g.done, ink.role(Role::Ok)),
        RunState::Failed | RunState::TimedOut | RunState::Interrupted => {
            (ink.g.failed, ink.role(Role::Error))
        }
        RunState::Cancelled => (ink.g.failed, ink.dim),
    };
    let words = match (run.state, &run.revert) {
        (RunState::RevertPending, Some(revert)) if revert.done.is_none() => {
            if revert.due <= ink.ctx.now {
                "put back overdue".to_string()
            } else {
                format!("put back in {}", countdown(revert.due.since(ink.ctx.now)))
            }
        }
        (RunState::Running, _) => match run.started {
            Some(at) => format!("running {}", ink.age(at)),
            None => "running".to_string(),
        },
        (RunState::TimedOut, _) => "timed out".to_string(),
        (state, _) => state.word().to_string(),
    };
    (glyph, words, style)
}

impl Runs {
    fn refresh(&mut self, ctx: &Ctx<'_>) {
        self.keys = ctx.state.runs.keys().rev().copied().collect();
    }
}

impl View for Runs {
    fn draw(&mut self, buf: &mut Buffer, area: Rect, ctx: &Ctx<'_>) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let ink = &Ink::of(ctx);
        let body = margin(area);
        self.refresh(ctx);
        if self.keys.is_empty() {
            self.list.settle(&[], 0);
            let (headline, advice) = if ctx.is_past() {
                (
                    "nothing had been run yet",
                    "Go on, or to what happened next.",
                )
            } else {
                (
                    "nothing was run yet",
                    "r on a device lists what can be run against it; nothing starts before it is confirmed.",
                )
            };
            empty(ink, buf, body, headline, advice);
            return;
        }
        let pending = ctx
            .state
            .runs
            .values()
            .filter(|r| !r.state.is_over())
            .count();
        let mut row = Row::new(ink, buf, body, 0);
        row.gap(1)
            .put(counted(self.keys.len(), "run", "runs"), ink.strong);
        if pending > 0 {
            row.gap(3).put(
                format!("{pending} not over: at work, or to be put back"),
                ink.text,
            );
        }
        let table = Rect::new(
            body.x + 1,
            body.y,
            body.width.saturating_sub(1),
            body.height,
        )
        .intersection(body);
        let table = below(table, 1);
        let fitted = fit(&COLUMNS, table.width);
        header(ink, buf, table, 0, &COLUMNS, &fitted, None);
        let rows = below(table, 1);
        let range = self.list.settle_in(&self.keys, rows);
        for (y, id) in (0u16..).zip(self.keys.get(range).unwrap_or(&[])) {
            let Some(run) = ctx.state.runs.get(id) else {
                continue;
            };
            let (glyph, state, style) = state_of(ink, run);
            let mut row = Row::new(ink, buf, rows, y);
            for f in &fitted {
                let (w, a) = (f.width, f.align);
                match f.index {
                    0 => row.column(glyph, w, a, style),
                    1 => row.column(ink.clock(run.planned), w, a, ink.dim),
                    2 => row.column(&state, w, a, style),
                    3 => row.column(run.plan.remediation.as_str(), w, a, ink.strong),
                    4 => row.column(run.plan.device_name.as_str(), w, a, ink.text),
                    5 => row.column(run.by.as_str(), w, a, ink.dim),
                    6 => row.column(ink.or_none(run.outcome.as_str()), w, a, ink.text),
                    _ => row.column(ink.or_none(run.reason.as_str()), w, a, ink.dim),
                };
                row.gap(1);
            }
            if self.list.at() == Some(*id) {
                Row::new(ink, buf, below(body, 2), y).put(ink.cursor, ink.accent);
                Row::new(ink, buf, rows, y).paint(ink.selected);
            }
        }
    }

    fn act(&mut self, action: &str, ctx: &Ctx<'_>) -> Outcome {
        self.refresh(ctx);
        match (action, self.list.at()) {
            ("open", Some(id)) => Outcome::Open(Box::new(RunView::new(id))),
            ("cancel-run", Some(id)) => cancel(ctx, id),
            _ if self.list.act(action, &self.keys) => Outcome::Consumed,
            _ => super::go(action, &self.selection(ctx), ctx),
        }
    }

    fn unroll(&mut self, on: bool, ctx: &Ctx<'_>) -> usize {
        self.refresh(ctx);
        self.list.unroll(on, &self.keys);
        self.keys.len()
    }

    fn click(&mut self, at: Position) -> bool {
        self.list.click(at, &self.keys)
    }

    fn crumb(&self, _ctx: &Ctx<'_>) -> String {
        "Runs".into()
    }

    fn selection(&self, ctx: &Ctx<'_>) -> Selection {
        let run = self.list.at().and_then(|id| ctx.state.runs.get(&id));
        Selection {
            run: self.list.at(),
            device: run.map(|r| r.plan.device),
            ..Selection::default()
        }
    }

    fn actions(&self, ctx: &Ctx<'_>) -> Vec<&'static str> {
        let running = self
            .list
            .at()
            .and_then(|id| ctx.state.runs.get(&id))
            .is_some_and(|r| !r.state.is_over());
        if running {
            vec!["open", "cancel-run", "open-device"]
        } else {
            vec!["open", "open-device"]
        }
    }
}

/// Asks for a run to be stopped, if it is not over.
pub fn cancel(ctx: &Ctx<'_>, id: RunId) -> Outcome {
    match ctx.state.runs.get(&id) {
        Some(run) if !run.state.is_over() => Outcome::Ask(vec![Request::CancelRun(id)]),
        _ => Outcome::Ignored,
    }
}
