//! Runs of remediations, as their steps tell.

use std::sync::Arc;
use std::time::Duration;

use crate::event::RunStep;
use crate::model::{
    Condition, Impact, OUTPUT_LINES, Run, RunId, RunState, Seq, Severity, Text, Time,
};

use super::alerts::{Finding, Stand, escaped};
use super::fold::Out;
use super::memory::Timer;
use super::state::State;

/// Runs that are kept.
const RUN_CAP: usize = 200;
/// A way back may take so long beyond its hour before people are told.
const SLACK: Duration = Duration::from_secs(15);

impl State {
    pub(super) fn run_step(&mut self, seq: Seq, step: &RunStep, out: &mut Out) {
        out.visible = true;
        let now = out.now;
        match step {
            RunStep::Planned { plan, by, reason } => {
                let id = RunId(seq.0);
                let run = Run {
                    id,
                    plan: (**plan).clone(),
                    by: by.clone(),
                    reason: reason.clone(),
                    state: RunState::Planned,
                    planned: now,
                    started: None,
                    ended: None,
                    exit: None,
                    output: imbl::Vector::new(),
                    output_dropped: 0,
                    output_hash: Text::empty(),
                    revert: None,
                    outcome: Text::empty(),
                };
                self.runs.insert(id, Arc::new(run));
                let what = escaped(format!("{} by {}", plan.remediation.as_str(), by.as_str()));
                if self.devices.contains_key(&plan.device) {
                    self.note(plan.device, what, Text::empty(), reason.clone(), out);
                }
                self.prune_runs();
            }
            RunStep::Started { run } => self.edit_run(*run, |r| {
                r.state = RunState::Running;
                r.started = Some(now);
            }),
            RunStep::Output {
                run,
                lines,
                dropped,
            } => self.edit_run(*run, |r| {
                r.output_dropped = r.output_dropped.saturating_add(*dropped);
                for line in lines {
                    r.output.push_back(line.clone());
                }
                while r.output.len() > OUTPUT_LINES {
                    r.output.pop_front();
                    r.output_dropped = r.output_dropped.saturating_add(1);
                }
            }),
            RunStep::RevertDue { run, revert } => {
                self.edit_run(*run, |r| r.revert = Some(revert.clone()));
                self.memory
                    .timers
                    .insert((revert.due + SLACK, Timer::Revert(*run)));
            }
            RunStep::RevertDone { run, error } => {
                self.edit_run(*run, |r| {
                    if error.is_empty() {
                        if let Some(revert) = &mut r.revert {
                            revert.done = Some(now);
                        }
                        if r.state == RunState::RevertPending {
                            r.state = RunState::Succeeded;
                            r.ended = r.ended.or(Some(now));
                        }
                    } else {
                        r.outcome = error.clone();
                    }
                });
                self.revert_due(*run, out);
                if !error.is_empty() {
                    self.revert_trouble(*run, error, out);
                }
            }
            RunStep::Ended {
                run,
                state,
                exit,
                output_hash,
                outcome,
            } => self.edit_run(*run, |r| {
                r.state = *state;
                r.exit = *exit;
                r.output_hash = output_hash.clone();
                r.outcome = outcome.clone();
                r.ended = Some(now);
            }),
        }
    }

    fn edit_run(&mut self, id: RunId, change: impl FnOnce(&mut Run)) {
        if let Some(run) = self.runs.get_mut(&id) {
            change(Arc::make_mut(run));
        }
    }

    /// The oldest that are over go; what still has a way back never does.
    fn prune_runs(&mut self) {
        while self.runs.len() > RUN_CAP {
            let open =
                |r: &Run| !r.state.is_over() || r.revert.as_ref().is_some_and(|v| v.done.is_none());
            let oldest = self.runs.iter().find(|(_, r)| !open(r)).map(|(id, _)| *id);
            let Some(oldest) = oldest else { return };
            self.runs.remove(&oldest);
        }
    }

    /// Is the way back done, or is it late?
    pub(super) fn revert_due(&mut self, id: RunId, out: &mut Out) {
        let Some(run) = self.runs.get(&id).cloned() else {
            return;
        };
        let part = Text::from(format!("run {id}"));
        match &run.revert {
            Some(revert) if revert.done.is_none() => {
                if revert.due + SLACK <= out.now {
                    self.revert_trouble(id, &Text::empty(), out);
                }
            }
            _ => self.clear(Condition::RevertOverdue, Some(run.plan.device), &part, out),
        }
    }

    fn revert_trouble(&mut self, id: RunId, error: &Text, out: &mut Out) {
        let Some(run) = self.runs.get(&id).cloned() else {
            return;
        };
        let Some(revert) = run.revert.as_ref().filter(|r| r.done.is_none()) else {
            return;
        };
        let mut details = vec![escaped(format!(
            "{} by {}, due {}",
            run.plan.title.as_str(),
            run.by.as_str(),
            Time(revert.due.0)
        ))];
        if !error.is_empty() {
            details.push(error.clone());
        }
        let finding = Finding {
            condition: Condition::RevertOverdue,
            device: Some(run.plan.device),
            part: Text::from(format!("run {id}")),
            severity: Severity::Critical,
            text: escaped(format!(
                "{} was not put back",
                revert.interface_name.as_str()
            )),
            details,
            impact: Impact::default(),
        };
        self.raise(finding, Stand::Open, out);
    }
}
