//! Runs a plan: starts, streams, stops, verifies, reverts, and writes every step to the log before it counts.
//!
//! [`Executor::begin`] holds the plan that a person confirmed against one made from the newest state, and gives the run its
//! number; [`Begun::carry_out`] does the work. After a start of the process, [`Executor::recover`] closes what a `kill -9` left
//! open and hands over every way back that is still owed.

mod cancel;
mod output;
mod port;
mod program;
mod recover;
mod report;
mod seams;
mod snmp_get;
mod way_back;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use cancel::{Cancel, Canceller, cancel};
pub use recover::{PendingRevert, pending_reverts};
use report::Report;
pub use seams::{Agent, AgentError, Agents, Binding, Clock, Journal, Later, Scalar, TokioClock};

use super::catalogue::Catalogue;
use super::plan::{Ask, Own, Refusal, agent_port, credentials, plan};
use crate::access::Person;
use crate::engine::State;
use crate::event::RunStep;
use crate::gate::Gate;
use crate::model::{DeviceId, IfIndex, IfStatus, Risk, RunId, RunPlan, RunState, Text, Work};

/// Bounds of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Between SIGTERM and SIGKILL.
    pub term_grace: Duration,
    /// How long pipes are read after the program ended.
    pub drain: Duration,
    /// How long a killed program is waited for.
    pub reap: Duration,
    /// Lines go to the log this often.
    pub flush: Duration,
    /// A program that says more bytes than this is stopped.
    pub flood: u64,
    /// An agent that says nothing for so long is given up.
    pub agent: Duration,
    /// How often a way back is tried before the run ends as failed; the log keeps it as owed.
    pub revert_attempts: u32,
    /// The longest wait between two of them.
    pub revert_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            term_grace: Duration::from_secs(2),
            drain: Duration::from_millis(500),
            reap: Duration::from_secs(5),
            flush: Duration::from_millis(200),
            flood: 64 << 20,
            agent: Duration::from_secs(20),
            revert_attempts: 20,
            revert_wait: Duration::from_secs(30),
        }
    }
}

/// What a person confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The plan exactly as it was shown.
    pub plan: RunPlan,
    /// Who.
    pub person: Person,
    /// Why.
    pub reason: Text,
}

/// Why a run does not begin. Nothing was sent and nothing written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The planner says no now.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The plan would be another one now.
    #[error("something changed since this was shown, look at it again: {what}")]
    Changed {
        /// What differs.
        what: Text,
    },
    /// No reason was given.
    #[error("say why: a run that can break something needs a reason")]
    NoReason,
    /// What is known is old.
    #[error("what wardwatch knows is {age_s} s old; nothing is changed on the word of that")]
    Stale {
        /// How old.
        age_s: u64,
    },
    /// Another run is at work on that port.
    #[error("another run is at work on this port")]
    Busy,
    /// The log did not take it.
    #[error("the log did not take it, so it does not start: {why}")]
    NotWritten {
        /// Why.
        why: Text,
    },
}

/// Runs plans. One a process.
pub struct Executor {
    /// The door that programs are announced at, and where permits come from.
    pub gate: Arc<Gate>,
    /// Asks and sets agents.
    pub agents: Arc<dyn Agents>,
    /// Writes steps to the log.
    pub journal: Arc<dyn Journal>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What can be run.
    pub catalogue: Arc<Catalogue>,
    /// This machine.
    pub own: Own,
    /// The newest state.
    pub newest: Arc<dyn Fn() -> Arc<State> + Send + Sync>,
    /// Bounds.
    pub limits: Limits,
    /// What is at work now.
    pub work: AtWork,
}

/// Runs and ports that are at work in this process.
#[derive(Debug, Default)]
pub struct AtWork {
    ports: Mutex<BTreeSet<(DeviceId, IfIndex)>>,
    runs: Mutex<BTreeSet<RunId>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // nobody panics while holding one of these
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor")
            .field("work", &self.work)
            .finish_non_exhaustive()
    }
}

/// A port that this process works on, until dropped.
#[derive(Debug)]
struct Claim {
    executor: Arc<Executor>,
    port: Option<(DeviceId, IfIndex)>,
    run: Option<RunId>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(port) = &self.port {
            locked(&self.executor.work.ports).remove(port);
        }
        if let Some(run) = &self.run {
            locked(&self.executor.work.runs).remove(run);
        }
    }
}

/// A run with a number, not at work yet.
#[derive(Debug)]
pub struct Begun {
    executor: Arc<Executor>,
    run: RunId,
    plan: RunPlan,
    agent: Agent,
    cause: Text,
    /// `ifOperStatus` of the port in the newest state.
    oper: IfStatus,
    _claim: Claim,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    state: RunState,
    exit: Option<i32>,
    outcome: Text,
}

impl End {
    fn failed(why: String) -> Self {
        Self {
            state: RunState::Failed,
            exit: None,
            outcome: Text::from(why),
        }
    }
}

impl Executor {
    /// Checks that the plan is still what would be planned now, and writes down that it was chosen. The run's number is back
    /// once that is durable.
    pub async fn begin(self: &Arc<Self>, wish: Wish) -> Result<Begun, StartError> {
        let Wish {
            plan: shown,
            person,
            reason,
        } = wish;
        if reason.as_str().trim().is_empty() && shown.risk > Risk::Low && !shown.dry_run {
            return Err(StartError::NoReason);
        }
        let state = (self.newest)();
        let interface = match &shown.work {
            Work::IfAdmin { interface, .. } if shown.on_behalf_of.is_none() => {
                Some(interface.index)
            }
            _ => None,
        };
        let ask = Ask {
            device: shown.on_behalf_of.unwrap_or(shown.device),
            interface,
            remediation: shown.remediation.as_str(),
            inputs: &shown.inputs,
            person: &person,
            dry_run: shown.dry_run,
        };
        let now = plan(&state, &self.catalogue, &self.own, &ask)?;
        if now != shown {
            return Err(StartError::Changed {
                what: difference(&shown, &now),
            });
        }
        let device = state
            .devices
            .get(&shown.device)
            .ok_or(Refusal::NoSuchDevice)?;
        let mut oper = IfStatus::Unknown;
        let mut port = None;
        if let Work::IfAdmin { interface, .. } = &shown.work {
            let age = self.clock.now().since(state.time);
            let intervals = &state.site.intervals;
            let most = 3 * u64::from(intervals.interfaces_s.max(intervals.status_s));
            if age > Duration::from_secs(most) {
                return Err(StartError::Stale {
                    age_s: age.as_secs(),
                });
            }
            oper = device
                .interfaces
                .get(&interface.index)
                .map_or(IfStatus::Unknown, |i| i.oper);
            port = Some((shown.device, interface.index)).filter(|_| !shown.dry_run);
        }
        let mut claim = self.claim(port)?;
        let agent = Agent {
            address: shown.address.unwrap_or(std::net::IpAddr::from([0; 4])),
            port: agent_port(&state, device),
            credentials: credentials(&state, device),
            v2c_fallback: state.v2c_fallback(device.id),
        };
        let step = RunStep::Planned {
            plan: Box::new(shown.clone()),
            by: person.name.clone(),
            reason,
        };
        let seq = self
            .journal
            .record(step)
            .await
            .map_err(|why| StartError::NotWritten { why })?;
        let run = RunId(seq.0);
        locked(&self.work.runs).insert(run);
        claim.run = Some(run);
        Ok(Begun {
            executor: Arc::clone(self),
            run,
            cause: Text::from(format!(
                "run {run} {} by {}",
                shown.remediation, person.name
            )),
            plan: shown,
            agent,
            oper,
            _claim: claim,
        })
    }

    fn claim(self: &Arc<Self>, port: Option<(DeviceId, IfIndex)>) -> Result<Claim, StartError> {
        if let Some(port) = port
            && !locked(&self.work.ports).insert(port)
        {
            return Err(StartError::Busy);
        }
        Ok(Claim {
            executor: Arc::clone(self),
            port,
            run: None,
        })
    }

    /// Runs that are at work in this process.
    pub fn at_work(&self) -> BTreeSet<RunId> {
        locked(&self.work.runs).clone()
    }
}

impl Begun {
    /// Its number.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// What will be done.
    pub fn plan(&self) -> &RunPlan {
        &self.plan
    }

    /// Does the work to its end, whoever started it may leave meanwhile. Returns how it ended, as it was written down.
    pub async fn carry_out(self, mut cancel: Cancel) -> (RunState, Text) {
        let journal = Arc::clone(&self.executor.journal);
        let mut report = Report::new(self.run, &*journal);
        let started = journal.record(RunStep::Started { run: self.run }).await;
        let end = match started {
            Ok(_) => self.work(&mut report, &mut cancel).await,
            Err(why) => End::failed(format!("the log did not take its start: {why}")),
        };
        let output_hash = report.finish().await;
        let step = RunStep::Ended {
            run: self.run,
            state: end.state,
            exit: end.exit,
            output_hash,
            outcome: end.outcome.clone(),
        };
        match journal.record(step).await {
            Ok(_) => (end.state, end.outcome),
            Err(why) => (
                end.state,
                Text::from(format!(
                    "{}; the log did not take the end of the run: {why}",
                    end.outcome
                )),
            ),
        }
    }

    async fn work(&self, report: &mut Report<'_>, cancel: &mut Cancel) -> End {
        let plan = &self.plan;
        let timeout = Duration::from_secs(u64::from(plan.timeout_s));
        match &plan.work {
            Work::Program {
                argv,
                env,
                dry_argv,
            } => {
                let argv = match (plan.dry_run, dry_argv) {
                    (false, _) => argv,
                    (true, Some(dry)) => dry,
                    (true, None) => return not_started(report, argv).await,
                };
                if let Err(why) = self.announce() {
                    return End::failed(why);
                }
                let limits = &self.executor.limits;
                program::run(argv, env, timeout, limits, report, cancel).await
            }
            Work::SnmpGet { oids } => {
                if plan.dry_run {
                    for oid in oids {
                        report.say(format!("would ask for {oid}")).await;
                    }
                    return dry("nothing was sent");
                }
                let seams = (&*self.executor.agents, &*self.executor.clock);
                let what = (&self.agent, oids.as_slice(), &self.cause);
                snmp_get::run(seams, what, timeout, report, cancel).await
            }
            Work::IfAdmin {
                interface,
                bounce,
                revert_s,
            } => port::run(self, interface, *bounce, *revert_s, report, cancel).await,
        }
    }

    /// A program sends its packets by itself, so they pass the gate before it starts: the table judges them and the ledger
    /// holds them. No permit is used, since none may lift the policy for it.
    fn announce(&self) -> Result<(), String> {
        let Some(address) = self.plan.address else {
            return Ok(());
        };
        let now = self.executor.clock.now();
        for (kind, count) in self.plan.packet_counts() {
            self.executor
                .gate
                .pass(address, kind, count, &self.cause, None, now)
                .map_err(|e| e.to_string())?;
        }
        Ok(())
    }
}

fn dry(outcome: &str) -> End {
    End {
        state: RunState::Succeeded,
        exit: None,
        outcome: Text::from(format!("dry run: {outcome}")),
    }
}

async fn not_started(report: &mut Report<'_>, argv: &[Text]) -> End {
    for (n, argument) in argv.iter().enumerate() {
        report.say(format!("argument {n}: {argument}")).await;
    }
    dry("nothing was started")
}

/// What first differs between two plans, in words.
fn difference(shown: &RunPlan, now: &RunPlan) -> Text {
    if shown.work != now.work {
        if let (Work::IfAdmin { interface: a, .. }, Work::IfAdmin { interface: b, .. }) =
            (&shown.work, &now.work)
        {
            return Text::from(format!(
                "the port was {} '{}', now it is {} '{}'",
                a.name, a.alias, b.name, b.alias
            ));
        }
        return Text::from("what would be done");
    }
    if shown.address != now.address {
        return Text::from("the address of the device");
    }
    if let Some((_, b)) = shown.notes.iter().zip(&now.notes).find(|(a, b)| a != b) {
        return b.clone();
    }
    Text::from(if shown.care != now.care || shown.confirm != now.confirm {
        "who is touched, and so what must be confirmed"
    } else {
        "the plan"
    })
}

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod port_tests;
#[cfg(test)]
mod program_tests;
