//! Agents that are slow, or silent for a while: asked no more than others, and never at the cost of others.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use wardwatch::event::{AgentFault, Job, Observation, PollOutcome};
use wardwatch::model::Budgets;
use wardwatch::sources::snmp::PollerConfig;
use wardwatch::wire::snmp::PduKind;

use super::common::target;
use super::fake::switch;
use super::memory::{House, house};

const AGENT: [u8; 4] = [127, 9, 0, 1];

fn one(jobs: &[(Job, u32)]) -> House {
    let house = house(
        switch(b"slow", 24),
        PollerConfig::default(),
        Budgets::default(),
    );
    let to = (AGENT, 161).into();
    house
        .poller
        .set_targets(vec![target(to, &["v2c"], jobs)].into());
    house
}

fn polls(seen: &[Observation]) -> Vec<&PollOutcome> {
    let polls = seen.iter().filter_map(|o| match o {
        Observation::Poll(poll) => Some(&poll.outcome),
        _ => None,
    });
    polls.collect()
}

#[tokio::test(start_paused = true)]
async fn an_agent_slower_than_its_timeout_is_asked_everything_once_as_soon_as_that_is_known() {
    let jobs = [(Job::Status, 30), (Job::Interfaces, 60)];
    let mut house = one(&jobs);
    house.agents.inner().all = Duration::from_millis(1_500);
    house.pass(300).await;
    let before = house.agents.heard().len();
    let stats = house.poller.stats();
    let seen = house.pass(600).await;
    let answered = polls(&seen);
    assert!(answered.len() >= 29, "{}", answered.len());
    assert!(answered.iter().all(|o| **o == PollOutcome::Answered));
    let after = house.poller.stats();
    assert_eq!(after.retries, stats.retries);
    assert_eq!(after.duplicates + after.late, stats.duplicates + stats.late);
    let questions = house.agents.heard().len() - before;
    let answers = (after.answered - stats.answered) as usize;
    assert!(
        questions <= answers + 1,
        "{questions} for {answers} answers"
    );
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_becomes_slow_is_neither_asked_for_less_nor_by_getnext() {
    let mut house = one(&[(Job::Status, 30), (Job::Interfaces, 60)]);
    house.pass(600).await;
    let before = house.agents.heard().len();
    // more than the least timeout, and more than it ever needed
    house.agents.inner().all = Duration::from_millis(900);
    house.pass(1_200).await;
    let heard = house.agents.heard();
    assert!(heard[before..].iter().all(|h| h.kind != PduKind::GetNext));
    let last = heard.iter().rfind(|h| h.kind == PduKind::GetBulk).unwrap();
    assert!(last.repetitions >= 10, "{}", last.repetitions);
    let late = house.poller.stats().late;
    assert!(late <= 6, "{late} answers were not waited for");
}

#[tokio::test(start_paused = true)]
async fn silence_to_getbulk_for_a_while_does_not_make_it_getnext_for_ever() {
    let mut house = one(&[(Job::Status, 30), (Job::Interfaces, 60)]);
    house.pass(300).await;
    house.agents.inner().no_bulk = true;
    house.pass(120).await;
    house.agents.inner().no_bulk = false;
    house.pass(300).await;
    let before = house.agents.heard().len();
    house.pass(300).await;
    let heard = house.agents.heard();
    assert!(heard[before..].iter().all(|h| h.kind != PduKind::GetNext));
    assert!(heard[before..].iter().any(|h| h.repetitions >= 10));
}

#[tokio::test(start_paused = true)]
async fn the_living_do_not_wait_behind_the_silent() {
    let config = PollerConfig {
        window: 64,
        ..PollerConfig::default()
    };
    let mut house = house(switch(b"good", 2), config, Budgets::default());
    let to = |n: u32| SocketAddr::from(([127, 9, (n >> 8) as u8, n as u8], 161));
    house.agents.inner().silent = (0..2_000).step_by(10).map(|n| to(n).ip()).collect();
    let targets: Vec<_> = (0..2_000)
        .map(|n| target(to(n), &["v2c"], &[(Job::Status, 1_000_000)]))
        .collect();
    let before = house.agents.inner().begun.elapsed();
    let (done, mut results) = tokio::sync::mpsc::unbounded_channel();
    let poller = house.poller.clone();
    tokio::spawn(async move {
        let sums = wardwatch::sources::snmp::poll_once(&poller, &targets, "status", |result| {
            let _ = done.send((result.poll.outcome, tokio::time::Instant::now()));
        });
        sums.await.unwrap();
    });
    let mut last = before;
    let (mut living, mut dead) = (0, 0);
    while let Some((outcome, at)) = results.recv().await {
        if outcome == PollOutcome::Answered {
            living += 1;
            last = at - house.agents.inner().begun;
        } else {
            dead += 1;
        }
    }
    assert_eq!((living, dead), (1_800, 200));
    // 200 silent ones in a window of 64 leave their places as soon as they are overdue by what the others take
    let took = last.saturating_sub(before);
    assert!(took < Duration::from_secs(1), "{took:?}");
    house.pass(1).await;
}

#[tokio::test(start_paused = true)]
async fn strangers_that_are_silent_are_asked_again_after_all_others_and_not_never() {
    let config = PollerConfig {
        window: 64,
        ..PollerConfig::default()
    };
    let mut house = house(switch(b"good", 2), config, Budgets::default());
    let to = |n: u32| SocketAddr::from(([127, 9, (n >> 8) as u8, n as u8], 161));
    {
        let mut agents = house.agents.inner();
        agents.all = Duration::from_millis(90);
        agents.silent = (0..4_000).step_by(10).map(|n| to(n).ip()).collect();
    }
    let targets: Vec<_> = (0..4_000)
        .map(|n| target(to(n), &["v2c"], &[(Job::Status, 1_000_000)]))
        .collect();
    let sums = wardwatch::sources::snmp::poll_once(&house.poller, &targets, "status", |_| {})
        .await
        .unwrap();
    assert_eq!((sums.answered, sums.timed_out), (3_600, 400));
    let mut asked: BTreeMap<_, Vec<Duration>> = BTreeMap::new();
    for heard in house.agents.heard() {
        asked.entry(heard.who).or_default().push(heard.at);
    }
    let last = asked.values().map(|at| at[0]).max().unwrap();
    let silent = house.agents.inner().silent.clone();
    let mut waited = 0;
    for at in silent.iter().map(|who| &asked[who]) {
        let again = at[1].saturating_sub(at[0]);
        assert_eq!(at.len(), 3);
        // a second is its timeout, two more are the patience of others
        assert!(again >= Duration::from_secs(3) || at[1] >= last, "{at:?}");
        assert!(again <= Duration::from_millis(3_200), "{at:?}");
        waited += usize::from(at[1] < last);
    }
    assert!(waited > 100, "some did not wait for the last: {waited}");
    house.pass(1).await;
}

#[tokio::test(start_paused = true)]
async fn who_cuts_off_small_answers_is_named() {
    let mut house = one(&[(Job::Status, 30), (Job::Interfaces, 60)]);
    house.agents.inner().cut = Some(4);
    let seen = house.pass(300).await;
    let named = seen.iter().any(|o| {
        matches!(o, Observation::Agent(a)
            if a.faults.iter().any(|(fault, _)| *fault == AgentFault::Truncated))
    });
    assert!(named);
}
