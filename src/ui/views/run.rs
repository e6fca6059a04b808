//! One run: what was planned and by whom, what it said, and what is still to be put back.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::runs::{cancel, state_of};
use super::{below, margin};
use crate::model::{Run, RunId, Work};
use crate::ui::widgets::{Ink, Labelled, Row, countdown, empty, flow, wrap};
use crate::ui::{Ctx, Outcome, Place, Selection, View};

/// The view.
pub struct RunView {
    id: RunId,
    /// Lines scrolled up from the end; 0 follows what comes.
    up: usize,
    page: usize,
}

impl RunView {
    /// Of this run.
    pub fn new(id: RunId) -> Self {
        Self { id, up: 0, page: 1 }
    }

    fn output(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, run: &Run) {
        let mut title = Row::new(ink, buf, area, 0);
        title.put("OUTPUT", ink.heading).gap(3);
        let total = run.output.len();
        let lines = below(area, 1);
        self.page = usize::from(lines.height).max(1);
        self.up = self.up.min(total.saturating_sub(self.page));
        let mut notes = Vec::new();
        if run.output_dropped > 0 {
            notes.push(format!("{} lines before are not shown", run.output_dropped));
        }
        if self.up > 0 {
            notes.push(format!("{} below", self.up));
        } else if !run.state.is_over() {
            notes.push("following".into());
        }
        if !run.output_hash.is_empty() {
            let head: String = run.output_hash.as_str().chars().take(12).collect();
            notes.push(format!("sha256 {head}{}", ink.g.ellipsis));
        }
        title.put(notes.join(&ink.between()), ink.dim);
        if total == 0 {
            let text = if run.state.is_over() {
                "it said nothing"
            } else {
                "nothing yet"
            };
            Row::new(ink, buf, lines, 0).put(text, ink.dim);
            return;
        }
        let end = total - self.up;
        let from = end.saturating_sub(self.page);
        for (y, line) in (0u16..).zip(run.output.iter().skip(from).take(end - from)) {
            Row::new(ink, buf, lines, y).put(line.as_str(), ink.text);
        }
    }
}

impl View for RunView {
    fn place(&self) -> Option<Place> {
        Some(Place::Run(self.id))
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, ctx: &Ctx<'_>) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let ink = &Ink::of(ctx);
        let body = margin(area);
        let Some(run) = ctx.state.runs.get(&self.id) else {
            empty(
                ink,
                buf,
                body,
                "this run is no longer kept",
                "The newest 200 runs are kept at hand; older ones stand in the record. esc goes back.",
            );
            return;
        };
        let used = plan(ink, buf, body, run);
        self.output(ink, buf, below(body, used + 1), run);
    }

    fn act(&mut self, action: &str, ctx: &Ctx<'_>) -> Outcome {
        match action {
            "cursor-up" => self.up += 1,
            "cursor-down" => self.up = self.up.saturating_sub(1),
            "page-up" => self.up += self.page,
            "page-down" => self.up = self.up.saturating_sub(self.page),
            "top" => self.up = usize::MAX / 2,
            "bottom" | "follow" => self.up = 0,
            "cancel-run" => return cancel(ctx, self.id),
            _ => return super::go(action, &self.selection(ctx), ctx),
        }
        Outcome::Consumed
    }

    fn crumb(&self, ctx: &Ctx<'_>) -> String {
        ctx.state.runs.get(&self.id).map_or_else(
            || "run".to_string(),
            |r| format!("{} {}", r.plan.remediation, r.plan.device_name),
        )
    }

    fn selection(&self, ctx: &Ctx<'_>) -> Selection {
        Selection {
            run: Some(self.id),
            device: ctx.state.runs.get(&self.id).map(|r| r.plan.device),
            ..Selection::default()
        }
    }

    fn actions(&self, ctx: &Ctx<'_>) -> Vec<&'static str> {
        let over = ctx
            .state
            .runs
            .get(&self.id)
            .is_none_or(|r| r.state.is_over());
        if over {
            vec!["open-device", "page-up"]
        } else {
            vec!["cancel-run", "follow", "page-up"]
        }
    }
}

/// Draws the plan and the state; gives the rows used.
fn plan(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, run: &Run) -> u16 {
    let (glyph, words, style) = state_of(ink, run);
    let p = &run.plan;
    let mut row = Row::new(ink, buf, area, 0);
    row.put(glyph, style)
        .gap(1)
        .put(&words, style)
        .gap(3)
        .put(p.remediation.as_str(), ink.strong)
        .gap(1)
        .put("on", ink.dim)
        .gap(1)
        .put(p.device_name.as_str(), ink.strong);
    if let Some(address) = p.address {
        row.gap(1).put(address.to_string(), ink.dim);
    }
    if p.dry_run {
        row.gap(3).put("dry run: nothing is changed", ink.text);
    }
    let mut facts = Vec::new();
    let mut fact = |label: &'static str, value: String| {
        if !value.is_empty() {
            facts.push(Labelled {
                label,
                value,
                style: ink.text,
            });
        }
    };
    fact("by", run.by.to_string());
    fact("why", run.reason.to_string());
    fact("planned", ink.clock(run.planned));
    if let (Some(from), Some(to)) = (run.started, run.ended) {
        fact("took", crate::ui::widgets::age_words(to.since(from)));
    }
    fact("risk", p.risk.word().to_string());
    fact("care", p.care.word().to_string());
    fact("stops after", format!("{} s", p.timeout_s));
    if let Some(exit) = run.exit {
        fact("exit", exit.to_string());
    }
    let most = if area.height < 16 { 2 } else { 4 };
    let mut y = 1 + flow(ink, buf, area, 1, most, &facts);
    let does = work(&p.work);
    for (n, line) in wrap(&does, area.width.saturating_sub(6), 3)
        .into_iter()
        .enumerate()
    {
        let mut row = Row::new(ink, buf, area, y);
        row.column(
            if n == 0 { "does" } else { "" },
            5,
            crate::ui::widgets::Align::Left,
            ink.dim,
        )
        .put(line, ink.text);
        y += 1;
    }
    for note in p.notes.iter().take(if area.height < 16 { 1 } else { 4 }) {
        Row::new(ink, buf, area, y)
            .gap(5)
            .put(note.as_str(), ink.dim);
        y += 1;
    }
    if let Some(revert) = &run.revert {
        let text = match revert.done {
            Some(at) => format!("{} put back {}", revert.interface_name, ink.clock(at)),
            None if revert.due <= ink.ctx.now => format!(
                "{} should have been put back {}, {} ago",
                revert.interface_name,
                ink.clock(revert.due),
                ink.age_words(revert.due)
            ),
            None => format!(
                "{} is put back in {}, at {}, also if you leave",
                revert.interface_name,
                countdown(revert.due.since(ink.ctx.now)),
                ink.clock(revert.due)
            ),
        };
        let style = if revert.done.is_some() {
            ink.dim
        } else {
            ink.severity(crate::model::Severity::Major)
        };
        Row::new(ink, buf, area, y).put(text, style);
        y += 1;
    }
    if !run.outcome.is_empty() {
        for line in wrap(run.outcome.as_str(), area.width, 2) {
            Row::new(ink, buf, area, y).put(line, ink.strong);
            y += 1;
        }
    }
    y
}

/// What is done, exactly.
fn work(work: &Work) -> String {
    match work {
        Work::Program { argv, .. } => argv
            .iter()
            .map(|word| {
                if word.as_str().contains(' ') || word.is_empty() {
                    format!("'{word}'")
                } else {
                    word.to_string()
                }
            })
            .collect::<Vec<_>>()
            .join(" "),
        Work::IfAdmin {
            interface,
            bounce,
            revert_s,
        } => {
            let how = if *bounce {
                format!("down, and up again after {revert_s} s")
            } else {
                format!("down until it is put back after {revert_s} s")
            };
            let alias = if interface.alias.is_empty() {
                String::new()
            } else {
                format!(" ({})", interface.alias)
            };
            format!(
                "SNMP SET ifAdminStatus of {}{alias}, ifIndex {}: {how}",
                interface.name, interface.index
            )
        }
        Work::SnmpGet { oids } => {
            let oids: Vec<&str> = oids.iter().map(crate::model::Text::as_str).collect();
            format!("SNMP GET {}", oids.join(" "))
        }
    }
}
