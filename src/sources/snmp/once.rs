//! Asking a list of agents once, for the command line.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

use serde::Serialize;
use tokio::sync::mpsc;

use super::cut::Cut;
use super::feed::Feed;
use super::job::Kind;
use super::poller::Poller;
use super::stats::{cpu_seconds, peak_rss_mib};
use crate::event::{AgentFault, Job, ObsPollV1, Observation, PollOutcome, Target};
use crate::model::Text;

/// What one agent gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollResult {
    /// Who.
    pub address: IpAddr,
    /// UDP port.
    pub port: u16,
    /// Bindings in its answers.
    pub varbinds: u64,
    /// How it went, and what came.
    pub poll: ObsPollV1,
    /// Its tables, where the plan asked for them.
    pub tables: Vec<Observation>,
    /// How its agent misbehaved, and how often, since it was told last.
    pub faults: BTreeMap<AgentFault, u32>,
    /// It answered, and everything that was asked was read to its end.
    pub whole: bool,
    /// What was not.
    pub cuts: Vec<Cut>,
}

/// The sums of a poll, as `wardwatch poll --summary` prints them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PollSummary {
    /// Agents asked.
    pub devices: u64,
    /// Agents that answered.
    pub answered: u64,
    /// Agents that did not.
    pub timed_out: u64,
    /// Agents that refused, answered nonsense, or were not to be asked.
    pub failed: u64,
    /// Of those that answered, those that gave only a part of what was asked.
    pub partial: u64,
    /// How agents misbehaved, and how often in all.
    pub faults: BTreeMap<AgentFault, u64>,
    /// Of the failed, those whose touch policy did not allow it.
    pub not_allowed: u64,
    /// Datagrams sent.
    pub pdus_sent: u64,
    /// Of these, sent again.
    pub retries: u64,
    /// Bindings in answers.
    pub varbinds: u64,
    /// Datagrams the system dropped at our sockets.
    pub socket_drops: u64,
    /// Seconds it took.
    pub wall_s: f64,
    /// Seconds of CPU it took in this process.
    pub cpu_s: f64,
    /// The most memory this process ever held resident, MiB.
    pub peak_rss_mib: f64,
}

/// Batches of results that wait for whoever asked.
const BATCHES: usize = 4;

/// A plan by no known name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no poll plan '{0}'; there are: {names}", names = plan_names())]
pub struct UnknownPlan(pub Text);

/// Is there a plan of this name? For the command line to say so before anything is sent.
pub fn check_plan(plan: &str) -> Result<(), UnknownPlan> {
    kind_of(plan).map(drop)
}

/// The plans that a person can ask by, in the order in which they are told of them.
const PLANS: [(&str, Kind); 8] = [
    ("status", Kind::Job(Job::Status)),
    ("interfaces", Kind::Job(Job::Interfaces)),
    ("tables", Kind::Job(Job::Tables)),
    ("inventory", Kind::Job(Job::Inventory)),
    ("sensors", Kind::Job(Job::Sensors)),
    ("ups", Kind::Job(Job::Ups)),
    ("bench", Kind::Bench),
    ("all", Kind::All),
];

/// The names of all plans, for help and refusals.
pub fn plan_names() -> String {
    PLANS.map(|(name, _)| name).join(", ")
}

fn kind_of(plan: &str) -> Result<Kind, UnknownPlan> {
    PLANS
        .into_iter()
        .find(|(name, _)| *name == plan)
        .map(|(_, kind)| kind)
        .ok_or_else(|| UnknownPlan(plan.into()))
}

/// Asks each target once after `plan`, and tells each result as it comes. The poller's own logins are used.
pub async fn poll_once(
    poller: &Poller,
    targets: &[Target],
    plan: &str,
    on_result: impl FnMut(PollResult),
) -> Result<PollSummary, UnknownPlan> {
    let cause = Text::from(format!("poll --once {plan}"));
    poll_because(poller, targets, plan, cause, on_result).await
}

/// As [`poll_once`], with the cause that the ledger has.
pub async fn poll_because(
    poller: &Poller,
    targets: &[Target],
    plan: &str,
    cause: Text,
    mut on_result: impl FnMut(PollResult),
) -> Result<PollSummary, UnknownPlan> {
    let kind = kind_of(plan)?;
    let (before, started, cpu) = (poller.stats(), Instant::now(), cpu_seconds());
    let (sink, mut results) = mpsc::channel(BATCHES);
    let feed = Feed::new(kind, cause, poller.patience, sink);
    poller.once(feed.of(targets, poller.polite));
    let mut summary = PollSummary {
        devices: targets.len() as u64,
        ..PollSummary::default()
    };
    while let Some(batch) = results.recv().await {
        for result in batch {
            match result.poll.outcome {
                PollOutcome::Answered => {
                    summary.answered += 1;
                    summary.partial += u64::from(!result.whole);
                }
                PollOutcome::Timeout => summary.timed_out += 1,
                PollOutcome::NotAllowed(_) => {
                    summary.failed += 1;
                    summary.not_allowed += 1;
                }
                _ => summary.failed += 1,
            }
            summary.varbinds += result.varbinds;
            for (fault, n) in &result.faults {
                *summary.faults.entry(*fault).or_default() += u64::from(*n);
            }
            on_result(result);
        }
    }
    let after = poller.stats();
    summary.pdus_sent = after.pdus_sent - before.pdus_sent;
    summary.retries = after.retries - before.retries;
    summary.socket_drops = after.socket_drops.saturating_sub(before.socket_drops);
    summary.wall_s = started.elapsed().as_secs_f64();
    summary.cpu_s = cpu_seconds() - cpu;
    summary.peak_rss_mib = peak_rss_mib();
    Ok(summary)
}
