//! What is said without being asked: alerts that open, get worse or are over, runs that end, and whether what is known is still true.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::engine::State;
use crate::model::{AlertId, AlertState, RunId, RunState, Severity, Time};
use crate::ui::views::spoken;
use crate::ui::widgets::{age_words, clock};
use crate::ui::{Ctx, Live};

/// Lines in a span, at the most; what is more is counted.
const MOST: usize = 8;
/// The span.
const SPAN: Duration = Duration::from_secs(10);

/// What was said before.
#[derive(Default)]
pub struct Announcer {
    alerts: BTreeMap<AlertId, (AlertState, Severity)>,
    runs: BTreeMap<RunId, RunState>,
    live: Option<&'static str>,
    revision: Option<u64>,
    /// When the span began, and how many lines were said in it.
    span: (Time, usize),
    /// What was not said in it.
    unsaid: usize,
}

/// How true it is, as a word that only changes when that does.
fn word(live: &Live) -> &'static str {
    match live {
        Live::Starting => "starting",
        Live::Live => "live",
        Live::Paused(_) => "paused",
        Live::Replay(_) => "replay",
        Live::Stale(_) => "stale",
        Live::NoCollector => "no collector",
    }
}

/// How true it is, as a sentence.
pub fn truth(ctx: &Ctx<'_>) -> String {
    let now = clock(ctx.now, ctx.now, ctx.zone);
    match ctx.live {
        Live::Starting => format!("{now} STARTING: nothing was heard yet."),
        Live::Live => format!("{now} LIVE."),
        Live::Paused(since) => format!("PAUSED since {}.", clock(*since, ctx.now, ctx.zone)),
        Live::Replay(played) if played.past => format!("PAST: what was at {now}."),
        Live::Replay(_) => format!("REPLAY: a recording, at {now}."),
        Live::Stale(since) => format!(
            "{now} STALE: nothing was heard from the collector for {}; what follows is old.",
            age_words(ctx.now.since(*since))
        ),
        Live::NoCollector => format!("{now} NO COLLECTOR: what follows is old."),
    }
}

impl Announcer {
    /// All of this is known already.
    pub fn know(&mut self, state: &State, live: &Live) {
        self.alerts = state
            .alerts
            .values()
            .map(|a| (a.id, (a.state, a.severity)))
            .collect();
        self.runs = state.runs.values().map(|r| (r.id, r.state)).collect();
        self.live = Some(word(live));
        self.revision = Some(state.revision);
    }

    /// What is new, the worst first.
    pub fn news(&mut self, ctx: &Ctx<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        let live = word(ctx.live);
        if self.live != Some(live) {
            self.live = Some(live);
            lines.push(truth(ctx));
        }
        if self.revision != Some(ctx.state.revision) {
            self.revision = Some(ctx.state.revision);
            lines.extend(self.changed(ctx));
        }
        self.bounded(lines, ctx.now)
    }

    fn changed(&mut self, ctx: &Ctx<'_>) -> Vec<String> {
        let now = clock(ctx.now, ctx.now, ctx.zone);
        let mut said: Vec<(Severity, String)> = Vec::new();
        for alert in ctx.state.alerts.values() {
            let before = self.alerts.insert(alert.id, (alert.state, alert.severity));
            let worse = before.is_some_and(|(_, was)| alert.severity > was);
            let opened = alert.state == AlertState::Open
                && before.is_none_or(|(was, _)| was != AlertState::Open);
            let taken = alert.state == AlertState::Acknowledged
                && before.is_some_and(|(was, _)| was != AlertState::Acknowledged);
            let over = alert.state == AlertState::Closed
                && before.is_some_and(|(was, _)| {
                    matches!(was, AlertState::Open | AlertState::Acknowledged)
                });
            if opened || over || taken || (worse && alert.is_active()) {
                let line = spoken::alert_line(ctx, alert);
                said.push((alert.severity, format!("{now} {line}")));
            }
        }
        self.alerts
            .retain(|id, _| ctx.state.alerts.contains_key(id));
        for run in ctx.state.runs.values() {
            let before = self.runs.insert(run.id, run.state);
            if before != Some(run.state) && run.by == *ctx.person {
                let mut lines = vec![format!("{now} {}", spoken::run_line(ctx, run))];
                if run.state.is_over() {
                    lines.extend(run.output.iter().map(ToString::to_string));
                }
                said.extend(lines.into_iter().map(|line| (Severity::Info, line)));
            }
        }
        self.runs.retain(|id, _| ctx.state.runs.contains_key(id));
        said.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
        said.into_iter().map(|(_, line)| line).collect()
    }

    /// No more than can be heard; the rest is counted, and told when there is time.
    fn bounded(&mut self, lines: Vec<String>, now: Time) -> Vec<String> {
        let mut out = Vec::new();
        if now.since(self.span.0) >= SPAN || now < self.span.0 {
            self.span = (now, 0);
            if self.unsaid > 0 {
                out.push(format!(
                    "{} more lines were not read out; type alerts.",
                    self.unsaid
                ));
                self.unsaid = 0;
            }
        }
        let room = MOST.saturating_sub(self.span.1);
        self.unsaid += lines.len().saturating_sub(room);
        out.extend(lines.into_iter().take(room));
        self.span.1 += out.len();
        out
    }
}
