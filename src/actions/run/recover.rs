//! After a start: what the last process left open.

use std::sync::Arc;
use std::time::Duration;

use super::cancel::Cancel;
use super::report::Report;
use super::seams::Agent;
use super::way_back::{Open, way_back};
use super::{Claim, Executor, locked};
use crate::actions::plan::{agent_port, listed_credentials, of_the_site};
use crate::engine::State;
use crate::event::RunStep;
use crate::model::{DeviceId, IfIndex, Revert, Run, RunId, RunState, Text};

/// A port that is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRevert {
    /// By which run.
    pub run: RunId,
    /// On which switch.
    pub device: DeviceId,
    /// Its name.
    pub device_name: Text,
    /// How and when.
    pub revert: Revert,
    /// The run itself has not ended in the log.
    pub run_is_open: bool,
}

/// Every way back that is written down and not done, the one that is due first coming first.
pub fn pending_reverts(state: &State) -> Vec<PendingRevert> {
    let mut pending: Vec<PendingRevert> = state
        .unfinished_runs()
        .filter_map(|run| {
            let revert = run.revert.clone().filter(|r| r.done.is_none())?;
            Some(PendingRevert {
                run: run.id,
                device: run.plan.device,
                device_name: run.plan.device_name.clone(),
                revert,
                run_is_open: !run.state.is_over(),
            })
        })
        .collect();
    pending.sort_by_key(|p| (p.revert.due, p.run));
    pending
}

impl Executor {
    /// To be called once after a start, when the log is folded: ends in the log every run that the last process left open
    /// (`interrupted`), and returns the ways back that are owed. The host gives each to [`Executor::resume`].
    pub async fn recover(self: &Arc<Self>) -> Vec<PendingRevert> {
        let state = (self.newest)();
        let live = self.at_work();
        let open = state
            .unfinished_runs()
            .filter(|r| !live.contains(&r.id))
            .filter(|r| r.revert.as_ref().is_none_or(|v| v.done.is_some()));
        for run in open {
            // what the log does not take now it is offered again at the next start
            let _ = self
                .journal
                .record(interrupted(run.id, "wardwatch ended while it ran".into()))
                .await;
        }
        pending_reverts(&state)
            .into_iter()
            .filter(|p| !live.contains(&p.run))
            .collect()
    }

    /// Ways back that nobody in this process is at work on and that are due. For the host to look at once a minute: a run whose
    /// way back failed is tried again.
    pub fn overdue(&self) -> Vec<PendingRevert> {
        let live = self.at_work();
        let now = self.clock.now();
        pending_reverts(&(self.newest)())
            .into_iter()
            .filter(|p| p.revert.due <= now && !live.contains(&p.run))
            .collect()
    }

    /// Waits until it is due (or somebody cancels the waiting), then opens the port, loudly. `Err` says why it is still shut.
    pub async fn resume(
        self: Arc<Self>,
        pending: PendingRevert,
        mut cancel: Cancel,
    ) -> Result<(), Text> {
        let port = (pending.device, IfIndex(pending.revert.interface_index));
        if !locked(&self.work.runs).insert(pending.run) {
            return Ok(());
        }
        let claim = Claim {
            executor: Arc::clone(&self),
            port: locked(&self.work.ports).insert(port).then_some(port),
            run: Some(pending.run),
        };
        let result = self.take_up(&pending, &mut cancel).await;
        drop(claim);
        result
    }

    async fn take_up(
        self: &Arc<Self>,
        pending: &PendingRevert,
        cancel: &mut Cancel,
    ) -> Result<(), Text> {
        let left = pending.revert.due.since(self.clock.now());
        if left > Duration::ZERO {
            tokio::select! {
                biased;
                () = cancel.cancelled() => {}
                () = self.clock.sleep(left) => {}
            }
        }
        let late = self.clock.now().since(pending.revert.due);
        let state = (self.newest)();
        let run = state
            .runs
            .get(&pending.run)
            .ok_or_else(|| Text::from(format!("run {} is not known any more", pending.run)))?;
        let mut report = Report::new(pending.run, &*self.journal);
        if late > Duration::from_secs(1) {
            report
                .say(format!(
                    "OVERDUE by {} s: {} {} is opened now",
                    late.as_secs(),
                    pending.device_name,
                    pending.revert.interface_name
                ))
                .await;
        }
        let open = Open {
            run: pending.run,
            device: pending.device,
            agent: agent(&state, run)?,
            cause: Text::from(format!(
                "run {} {} by {}",
                run.id, run.plan.remediation, run.by
            )),
            revert: pending.revert.clone(),
        };
        let result = way_back(self, &open, &mut report).await.map_err(Text::from);
        let output_hash = report.finish().await;
        if pending.run_is_open {
            let outcome = match &result {
                Ok(()) => format!(
                    "wardwatch ended while it ran; {} was opened {} s after its time",
                    pending.revert.interface_name,
                    late.as_secs()
                ),
                Err(why) => format!("wardwatch ended while it ran; {why}"),
            };
            let mut step = interrupted(pending.run, outcome);
            if let RunStep::Ended { output_hash: h, .. } = &mut step {
                *h = output_hash;
            }
            let _ = self.journal.record(step).await;
        }
        result
    }
}

fn interrupted(run: RunId, outcome: String) -> RunStep {
    RunStep::Ended {
        run,
        state: RunState::Interrupted,
        exit: None,
        output_hash: Text::empty(),
        outcome: Text::from(outcome),
    }
}

/// The agent that the SET went to: at its address of then, with all its credentials of now: nothing may stand in a way back. all of them, as
/// nothing may keep a way back from being gone.
fn agent(state: &State, run: &Run) -> Result<Agent, Text> {
    let device = state.devices.get(&run.plan.device);
    let address = run.plan.address.or_else(|| device.and_then(|d| d.address));
    let address = address
        .ok_or_else(|| Text::from(format!("no address of {} is known", run.plan.device_name)))?;
    Ok(Agent {
        address,
        port: device.map_or(161, |d| agent_port(state, d)),
        credentials: device.map_or_else(|| of_the_site(state), |d| listed_credentials(state, d)),
        v2c_fallback: true,
    })
}
