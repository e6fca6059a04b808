//! A socket that is full, as where many neighbours are silent: nobody is told to be silent for that, and what was let through is
//! looked at once more before it leaves.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use wardwatch::event::{AgentFault, Job, Observation, PollOutcome};
use wardwatch::model::{Budgets, TouchPolicy, TouchTable};
use wardwatch::sources::snmp::PollerConfig;

use super::common::target;
use super::fake::switch;
use super::memory::{House, house};

fn agent(n: u8) -> SocketAddr {
    SocketAddr::from(([127, 9, 0, n], 161))
}

fn many(n: u8) -> House {
    let house = house(
        switch(b"living", 4),
        PollerConfig::default(),
        Budgets::default(),
    );
    let targets: Vec<_> = (1..=n)
        .map(|n| target(agent(n), &["v2c"], &[(Job::Status, 60)]))
        .collect();
    house.poller.set_targets(targets.into());
    house
}

fn outcomes(seen: &[Observation]) -> Vec<(IpAddr, &PollOutcome)> {
    let polls = seen.iter().filter_map(|o| match o {
        Observation::Poll(poll) => Some((poll.address, &poll.outcome)),
        _ => None,
    });
    polls.collect()
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_question_runs_from_when_it_left_and_nobody_is_silent_for_a_full_socket() {
    let mut house = many(50);
    // all are met
    house.pass(120).await;
    let before = house.poller.stats();
    // longer than any timeout, and a few leave at a time
    for _ in 0..30 {
        house.agents.set_room(Some(0));
        let seen = house.pass(19).await;
        for (who, outcome) in outcomes(&seen) {
            assert_eq!(*outcome, PollOutcome::Answered, "{who}");
        }
        house.agents.set_room(Some(7));
        house.pass(1).await;
    }
    house.agents.set_room(None);
    let seen = house.pass(240).await;
    let answered: BTreeSet<IpAddr> = outcomes(&seen).iter().map(|(who, _)| *who).collect();
    assert_eq!(answered.len(), 50);
    assert!(
        outcomes(&seen)
            .iter()
            .all(|(_, o)| **o == PollOutcome::Answered)
    );
    let after = house.poller.stats();
    assert_eq!(after.timed_out, before.timed_out, "nobody was silent");
    assert_eq!(after.retries, before.retries, "nothing was asked twice");
    assert_eq!(
        after.late + after.duplicates,
        before.late + before.duplicates
    );
}

#[tokio::test(start_paused = true)]
async fn what_waits_to_leave_does_not_when_its_device_may_not_be_touched_any_more() {
    let mut house = many(10);
    house.pass(120).await;
    house.agents.set_room(Some(0));
    house.pass(61).await;
    let before = house.agents.heard().len();
    let table = |revision, elsewhere| {
        Arc::new(TouchTable {
            revision,
            addresses: [].into(),
            unknown: Vec::new(),
            elsewhere,
        })
    };
    house.gate.install(table(1_000, TouchPolicy::Never));
    house.agents.set_room(None);
    let seen = house.pass(5).await;
    assert_eq!(house.agents.heard().len(), before, "none of them left");
    let waited = outcomes(&seen).into_iter().filter(|(_, outcome)| {
        matches!(outcome, PollOutcome::NotAllowed(why) if why.as_str().contains("while the question waited"))
    });
    assert!(waited.count() > 0, "{seen:?}");
    house.gate.install(table(1_001, TouchPolicy::Full));
    house.pass(120).await;
    assert!(
        house.agents.heard().len() > before,
        "and they are asked again"
    );
    // and a gate that is shut lets nothing out
    house.agents.set_room(Some(0));
    house.pass(61).await;
    let before = house.agents.heard().len();
    house.gate.shut();
    house.agents.set_room(None);
    house.pass(Duration::from_secs(5).as_secs()).await;
    assert_eq!(house.agents.heard().len(), before);
}

#[tokio::test(start_paused = true)]
async fn what_an_answer_leaves_out_is_asked_for_once_more_and_named() {
    let mut house = many(1);
    house.pass(90).await;
    house.agents.inner().cut_gets = 1;
    let seen = house.pass(240).await;
    let whole = seen.iter().filter_map(|o| match o {
        Observation::Poll(poll) => poll.system.as_ref(),
        _ => None,
    });
    for system in whole {
        assert!(
            !system.descr.is_empty() && !system.object_id.is_empty(),
            "{system:?}"
        );
    }
    let faults = seen.iter().any(|o| match o {
        Observation::Agent(agent) => agent
            .faults
            .iter()
            .any(|(f, _)| *f == AgentFault::Truncated),
        _ => false,
    });
    assert!(faults, "it is named");
}
