//! Shuts a switch port for a time, and gives it back whatever happens.
//!
//! The order is the promise: look again, write down the way back, only then the first SET; and from that moment every path
//! ends in the way back.

use std::time::Duration;

use super::cancel::Cancel;
use super::report::Report;
use super::seams::{Agent, AgentError, Binding, Scalar};
use super::way_back::{Open, way_back};
use super::{Begun, End, Executor};
use crate::actions::mib;
use crate::actions::plan::{ETHERNET, span};
use crate::event::RunStep;
use crate::gate::PermitId;
use crate::model::{IfStatus, InterfaceRef, PacketKind, Revert, RunState, Text};

/// What the switch says of a port just now.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Now {
    name: Text,
    alias: Text,
    kind: i64,
    admin: i64,
    oper: i64,
}

/// Does it.
pub(super) async fn run(
    begun: &Begun,
    interface: &InterfaceRef,
    bounce: bool,
    revert_s: u32,
    report: &mut Report<'_>,
    cancel: &mut Cancel,
) -> End {
    let executor = &*begun.executor;
    let agent = &begun.agent;
    let plan = &begun.plan;
    let refused = executor.permit(begun.run, agent.address, &plan.packet_counts());
    let permit = match refused {
        Ok(permit) => permit,
        Err(why) => return End::failed(why),
    };
    let end = within(begun, interface, bounce, revert_s, permit, report, cancel).await;
    executor.gate.close_permit(permit);
    end
}

async fn within(
    begun: &Begun,
    interface: &InterfaceRef,
    bounce: bool,
    revert_s: u32,
    permit: PermitId,
    report: &mut Report<'_>,
    cancel: &mut Cancel,
) -> End {
    let executor = &*begun.executor;
    let plan = &begun.plan;
    let looked = tokio::select! {
        biased;
        () = cancel.cancelled() => return stopped("stopped before anything was changed"),
        looked = look(begun, interface, permit, report) => looked,
    };
    if let Err(why) = looked {
        return End::failed(why);
    }
    if plan.dry_run {
        report
            .say("dry run: the port is as planned; nothing was set")
            .await;
        return End {
            state: RunState::Succeeded,
            exit: None,
            outcome: Text::from("dry run: the port is as planned"),
        };
    }
    if cancel.is_cancelled() {
        return stopped("stopped before anything was changed");
    }
    let revert = Revert {
        due: executor.clock.now() + Duration::from_secs(u64::from(revert_s)),
        interface_index: interface.index.0,
        interface_name: interface.name.clone(),
        admin_status: mib::UP as u8,
        done: None,
    };
    let due = RunStep::RevertDue {
        run: begun.run,
        revert: revert.clone(),
    };
    if let Err(why) = executor.journal.record(due).await {
        return End::failed(format!(
            "the way back could not be written down ({why}), so nothing was changed"
        ));
    }
    // from here on every path leads to the way back
    let went = down(begun, interface, permit, report).await;
    let mut outcome = match &went {
        Ok(()) => {
            report
                .say(format!(
                    "{} is down; it comes up again in {}",
                    interface.name,
                    span(revert_s)
                ))
                .await;
            let left = revert.due.since(executor.clock.now());
            tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    report.say("stopped by a person: the port is opened now").await;
                    stopped("stopped; the port was opened at once")
                }
                () = executor.clock.sleep(left) => End {
                    state: RunState::Succeeded,
                    exit: None,
                    outcome: Text::from(format!(
                        "{} was {} for {} and is up again",
                        interface.name,
                        if bounce { "down" } else { "shut" },
                        span(revert_s)
                    )),
                },
            }
        }
        Err(why) => {
            report.say(format!("{why}; the port is opened now")).await;
            End::failed(why.clone())
        }
    };
    let open = Open {
        run: begun.run,
        device: plan.device,
        agent: begun.agent.clone(),
        cause: begun.cause.clone(),
        revert,
    };
    if let Err(why) = way_back(executor, &open, report).await {
        outcome = End::failed(why);
    }
    outcome
}

fn stopped(outcome: &str) -> End {
    End {
        state: RunState::Cancelled,
        exit: None,
        outcome: Text::from(outcome),
    }
}

/// Is the port still what was planned? Asks the switch itself, and what only some switches tell: LAG and trunk.
async fn look(
    begun: &Begun,
    interface: &InterfaceRef,
    permit: PermitId,
    report: &mut Report<'_>,
) -> Result<(), String> {
    let executor = &*begun.executor;
    let index = interface.index.0;
    let ask = |of: &[&str]| -> Vec<Text> {
        of.iter()
            .map(|o| Text::from(format!("{o}.{index}")))
            .collect()
    };
    let common = ask(&[
        mib::IF_NAME,
        mib::IF_DESCR,
        mib::IF_ALIAS,
        mib::IF_TYPE,
        mib::IF_ADMIN_STATUS,
        mib::IF_OPER_STATUS,
    ]);
    let got = executor
        .get(&begun.agent, &common, &begun.cause, permit)
        .await
        .map_err(|e| {
            format!("the switch could not be asked just before: {e}; nothing was changed")
        })?;
    let now = read(&got);
    let expected = begun.oper;
    let up = |oper: i64| oper == mib::UP;
    let checks = [
        (
            now.name == interface.name,
            format!(
                "index {index} is '{}' now, not '{}'",
                now.name, interface.name
            ),
        ),
        (
            now.alias == interface.alias,
            format!(
                "its description is '{}' now, not '{}'",
                now.alias, interface.alias
            ),
        ),
        (
            now.kind == i64::from(ETHERNET),
            format!("its ifType is {} now, not {ETHERNET}", now.kind),
        ),
        (
            now.admin == mib::UP,
            format!("its ifAdminStatus is {} now, not up(1)", now.admin),
        ),
        (
            up(now.oper) == (expected == IfStatus::Up),
            format!(
                "its link changed since it was planned (ifOperStatus {} now)",
                now.oper
            ),
        ),
    ];
    if let Some((_, why)) = checks.iter().find(|(holds, _)| !holds) {
        return Err(format!("{why}; nothing was changed"));
    }
    let some = ask(&[mib::LAG_ATTACHED, mib::TRUNK_STATUS]);
    match executor
        .get(&begun.agent, &some, &begun.cause, permit)
        .await
    {
        Ok(told) => {
            let value = |n: usize| told.get(n).and_then(|b| b.value.integer());
            if let Some(lag) = value(0).filter(|n| *n != 0 && *n != i64::from(index)) {
                return Err(format!(
                    "it is a member of LAG interface {lag}; nothing was changed"
                ));
            }
            if value(1) == Some(1) {
                return Err("the switch says that it is a trunk; nothing was changed".into());
            }
        }
        // an agent of SNMPv1 answers the whole question with noSuchName
        Err(AgentError::Said(_)) => {}
        Err(error) => {
            return Err(format!(
                "the switch could not be asked just before: {error}; nothing was changed"
            ));
        }
    }
    report
        .say(format!(
            "asked again: index {index} is {} ('{}'), up by configuration, link {}",
            now.name,
            now.alias,
            if up(now.oper) { "up" } else { "down" }
        ))
        .await;
    Ok(())
}

fn read(got: &[Binding]) -> Now {
    let text = |n: usize| got.get(n).and_then(|b| b.value.text());
    let number = |n: usize| got.get(n).and_then(|b| b.value.integer()).unwrap_or(-1);
    Now {
        // as the poller does: ifName, else ifDescr
        name: text(0)
            .filter(|n| !n.is_empty())
            .or_else(|| text(1))
            .unwrap_or_default(),
        alias: text(2).unwrap_or_default(),
        kind: number(3),
        admin: number(4),
        oper: number(5),
    }
}

/// Sets it down, and sees that it is.
async fn down(
    begun: &Begun,
    interface: &InterfaceRef,
    permit: PermitId,
    report: &mut Report<'_>,
) -> Result<(), String> {
    let executor = &*begun.executor;
    let oid = Text::from(format!("{}.{}", mib::IF_ADMIN_STATUS, interface.index));
    report.say(format!("SET {oid} = 2 (down)")).await;
    let binding = Binding {
        oid: oid.clone(),
        value: Scalar::Integer(mib::DOWN),
    };
    executor
        .set(&begun.agent, &[binding], &begun.cause, permit)
        .await
        .map_err(|e| format!("the switch did not take the SET: {e}"))?;
    let got = executor
        .get(
            &begun.agent,
            std::slice::from_ref(&oid),
            &begun.cause,
            permit,
        )
        .await
        .map_err(|e| format!("the switch could not be asked after the SET: {e}"))?;
    match got.first().and_then(|b| b.value.integer()) {
        Some(mib::DOWN) => Ok(()),
        other => Err(format!(
            "the switch took the SET, but says ifAdminStatus {} afterwards",
            other.map_or_else(|| "(nothing)".into(), |n| n.to_string())
        )),
    }
}

impl Executor {
    /// A permit for a run: each of its packets may be sent again three times, and a v3 engine has to be found first.
    pub(super) fn permit(
        &self,
        run: crate::model::RunId,
        address: std::net::IpAddr,
        counts: &std::collections::BTreeMap<PacketKind, u32>,
    ) -> Result<PermitId, String> {
        let policy = self
            .gate
            .policy(address)
            .ok_or("nothing is sent before the touch policy is known")?;
        if !policy.allows(PacketKind::Get) {
            return Err(format!(
                "the switch must not be asked any more: its touch policy is {policy}"
            ));
        }
        let mut packets: std::collections::BTreeMap<PacketKind, u32> = counts
            .iter()
            .map(|(k, n)| (*k, n.saturating_mul(4)))
            .collect();
        *packets.entry(PacketKind::Get).or_default() += 8;
        Ok(self.gate.open_permit(crate::gate::Permit {
            run,
            address,
            packets,
            // closed when the run ends; this is for a process that forgets
            until: self.clock.now() + Duration::from_hours(48),
        }))
    }

    pub(super) async fn get(
        &self,
        agent: &Agent,
        oids: &[Text],
        cause: &Text,
        permit: PermitId,
    ) -> Result<Vec<Binding>, AgentError> {
        tokio::select! {
            biased;
            answer = self.agents.get(agent, oids, cause, Some(permit)) => answer,
            () = self.clock.sleep(self.limits.agent) => Err(AgentError::Timeout),
        }
    }

    pub(super) async fn set(
        &self,
        agent: &Agent,
        bindings: &[Binding],
        cause: &Text,
        permit: PermitId,
    ) -> Result<(), AgentError> {
        tokio::select! {
            biased;
            answer = self.agents.set(agent, bindings, cause, permit) => answer,
            () = self.clock.sleep(self.limits.agent) => Err(AgentError::Timeout),
        }
    }
}
