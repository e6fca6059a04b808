//! The way back: opens a port again, with patience, and says loudly when it can't.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Executor;
use super::report::Report;
use super::seams::{Agent, Binding, Scalar};
use crate::actions::mib;
use crate::event::RunStep;
use crate::gate::PermitId;
use crate::model::{DeviceId, PacketKind, Revert, RunId, Text};

/// A port that has to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) run: RunId,
    pub(super) device: DeviceId,
    pub(super) agent: Agent,
    pub(super) cause: Text,
    pub(super) revert: Revert,
}

/// Opens it. `Err` says why it is still to be done; then the log holds a way back that is due and not done.
pub(super) async fn way_back(
    executor: &Executor,
    open: &Open,
    report: &mut Report<'_>,
) -> Result<(), String> {
    let mut wait = Duration::from_secs(1);
    let mut last = String::new();
    for attempt in 1..=executor.limits.revert_attempts {
        match once(executor, open, report).await {
            Ok(()) => {
                return done(executor, open.run, Text::empty())
                    .await
                    .map_err(|why| {
                        format!("the port is open, but that could not be written down: {why}")
                    });
            }
            Err(why) => last = why,
        }
        if attempt < executor.limits.revert_attempts {
            report
                .say(format!(
                    "STILL DOWN: {} could not be opened ({last}); again in {} s",
                    open.revert.interface_name,
                    wait.as_secs()
                ))
                .await;
            executor.clock.sleep(wait).await;
            wait = (wait * 2).min(executor.limits.revert_wait);
        }
    }
    let said = format!(
        "{} IS STILL DOWN and must be opened by hand: {last}",
        open.revert.interface_name
    );
    report.say(&said).await;
    // best effort: without it the way back is open in the log as well
    let _ = done(executor, open.run, Text::from(last)).await;
    Err(said)
}

/// Writes down that it was done; a disk that is full for a moment is waited for.
async fn done(executor: &Executor, run: RunId, error: Text) -> Result<(), Text> {
    let mut last = Text::empty();
    for _ in 0..3 {
        let step = RunStep::RevertDone {
            run,
            error: error.clone(),
        };
        match executor.journal.record(step).await {
            Ok(_) => return Ok(()),
            Err(why) => last = why,
        }
        executor.clock.sleep(Duration::from_secs(1)).await;
    }
    Err(last)
}

async fn once(executor: &Executor, open: &Open, report: &mut Report<'_>) -> Result<(), String> {
    // a permit of its own for each attempt: the way back must never end because a count is used up
    let counts = BTreeMap::from([(PacketKind::Get, 2), (PacketKind::Set, 1)]);
    let permit = executor.permit(open.run, open.agent.address, &counts)?;
    let result = attempt(executor, open, permit, report).await;
    executor.gate.close_permit(permit);
    result
}

async fn attempt(
    executor: &Executor,
    open: &Open,
    permit: PermitId,
    report: &mut Report<'_>,
) -> Result<(), String> {
    let index = place(executor, open);
    let ask = |of: &str| Text::from(format!("{of}.{index}"));
    let names = [ask(mib::IF_NAME), ask(mib::IF_DESCR)];
    let told = executor
        .get(&open.agent, &names, &open.cause, permit)
        .await
        .map_err(|e| e.to_string())?;
    let name = told
        .iter()
        .filter_map(|b| b.value.text())
        .find(|t| !t.is_empty())
        .unwrap_or_default();
    if name != open.revert.interface_name {
        return Err(format!(
            "index {index} is '{name}' now, and nothing else is touched in its place"
        ));
    }
    // always set, never only looked at: a SET for down that was thought lost may still arrive
    let oid = ask(mib::IF_ADMIN_STATUS);
    let value = i64::from(open.revert.admin_status);
    report.say(format!("SET {oid} = {value} (up)")).await;
    let binding = Binding {
        oid: oid.clone(),
        value: Scalar::Integer(value),
    };
    executor
        .set(&open.agent, &[binding], &open.cause, permit)
        .await
        .map_err(|e| e.to_string())?;
    let told = executor
        .get(
            &open.agent,
            &[oid, ask(mib::IF_OPER_STATUS)],
            &open.cause,
            permit,
        )
        .await
        .map_err(|e| e.to_string())?;
    let number = |n: usize| told.get(n).and_then(|b| b.value.integer());
    if number(0) != Some(value) {
        return Err("the switch took the SET, but the port is not up by configuration".into());
    }
    report
        .say(format!(
            "{name} is up by configuration{}",
            if number(1) == Some(mib::UP) {
                ", link up"
            } else {
                "; its link is not up yet"
            }
        ))
        .await;
    Ok(())
}

/// The index under which the port is known now: a switch that restarted may have numbered its ports anew.
fn place(executor: &Executor, open: &Open) -> u32 {
    let state = (executor.newest)();
    state
        .devices
        .get(&open.device)
        .and_then(|d| {
            d.interfaces
                .values()
                .find(|i| i.name == open.revert.interface_name)
                .map(|i| i.index.0)
        })
        .unwrap_or(open.revert.interface_index)
}
