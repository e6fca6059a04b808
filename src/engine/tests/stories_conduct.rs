//! Agents that misbehave, and polls that miss their time.

use std::time::Duration;

use super::world::{World, ip};
use crate::engine::{Filter, State};
use crate::event::{
    AgentFault, Body, Command, Job, ObsAgentV1, ObsOverrunV1, ObsPollV1, Observation, OverrunKind,
    PollOutcome,
};
use crate::model::{AlertState, Condition, DeviceState, Severity, Tally, Text, TouchPolicy};

const SW_A: &str = "10.0.0.2";

fn fault(w: &mut World, faults: &[(AgentFault, u32)]) {
    let at = w.now;
    w.see(Observation::Agent(ObsAgentV1 {
        address: ip(SW_A),
        at,
        faults: faults.to_vec(),
    }));
}

fn overrun(w: &mut World, job: Job, kind: OverrunKind) {
    let at = w.now;
    w.see(Observation::Overrun(ObsOverrunV1 {
        address: ip(SW_A),
        at,
        job,
        kind,
    }));
}

fn tally(w: &World, fault: AgentFault) -> Option<Tally> {
    let conduct = w.device("sw-a").conduct.as_ref()?;
    conduct.faults.get(&fault).copied()
}

fn active(w: &World, condition: Condition) -> Option<(Severity, String, Vec<String>)> {
    let found = w.state.alerts_sorted();
    let alert = found
        .iter()
        .find(|a| a.condition == condition && a.is_active())?;
    let details = alert.details.iter().map(ToString::to_string).collect();
    Some((alert.severity, alert.text.to_string(), details))
}

fn matching(w: &World, filter: &str) -> Vec<String> {
    let filter = Filter::parse(filter).unwrap();
    let devices = w.state.devices.values();
    devices
        .filter(|d| filter.matches(&w.state, d, w.now))
        .map(|d| d.name.to_string())
        .collect()
}

/// A poll that says how often the engine of the agent was started.
fn boots(w: &mut World, uptime_s: u32, boots: u32) {
    let at = w.now;
    w.see(Observation::Poll(Box::new(ObsPollV1 {
        address: ip(SW_A),
        at,
        outcome: PollOutcome::Answered,
        credential: "ro".into(),
        rtt_ms: Some(900),
        uptime: Some(uptime_s * 100),
        engine_boots: Some(boots),
        system: None,
        facts: Vec::new(),
        interfaces: Vec::new(),
        interfaces_whole: false,
    })));
}

#[test]
fn what_an_agent_does_wrong_is_counted_and_named_and_nobody_is_woken_for_it() {
    let mut w = World::new();
    w.run(120);
    let first = w.now;
    fault(&mut w, &[(AgentFault::WrongId, 3), (AgentFault::Loop, 1)]);
    w.run(60);
    fault(&mut w, &[(AgentFault::WrongId, 11), (AgentFault::Late, 0)]);
    let last = w.now;
    assert_eq!(
        tally(&w, AgentFault::WrongId),
        Some(Tally {
            count: 14,
            first,
            last
        })
    );
    assert_eq!(tally(&w, AgentFault::Loop).map(|t| t.count), Some(1));
    assert_eq!(tally(&w, AgentFault::Late), None, "none is none");
    assert_eq!(w.open(), []);
    assert_eq!(w.told(), Vec::<String>::new());
    assert_eq!(w.is("sw-a"), DeviceState::Up);
    assert_eq!(matching(&w, "fault:loop"), ["sw-a"]);
    assert_eq!(matching(&w, "fault:late"), Vec::<String>::new());
    assert_eq!(matching(&w, "fault:any -fault:loop"), Vec::<String>::new());
    assert!(
        Filter::parse("fault:sleepy")
            .unwrap_err()
            .to_string()
            .contains("not-authentic")
    );
}

#[test]
fn only_a_fault_of_a_new_kind_makes_lists_anew() {
    let mut w = World::new();
    w.run(120);
    fault(&mut w, &[(AgentFault::Late, 1)]);
    let (inventory, revision) = (w.state.inventory_revision, w.state.revision);
    fault(&mut w, &[(AgentFault::Late, 1)]);
    assert_eq!(w.state.inventory_revision, inventory);
    assert_eq!(w.state.revision, revision + 1);
    fault(&mut w, &[(AgentFault::Duplicate, 1)]);
    assert_eq!(w.state.inventory_revision, inventory + 1);
}

#[test]
fn a_fault_of_an_address_that_is_no_device_makes_none() {
    let mut w = World::new();
    w.run(10);
    let before = w.state.devices.len();
    let at = w.now;
    w.see(Observation::Agent(ObsAgentV1 {
        address: ip("192.0.2.9"),
        at,
        faults: vec![(AgentFault::WrongSource, 5)],
    }));
    assert_eq!(w.state.devices.len(), before);
}

#[test]
fn answers_that_are_not_authentic_alert_when_they_keep_coming_and_not_before() {
    let mut w = World::new();
    w.run(120);
    // nine over an hour are a nuisance
    for _ in 0..9 {
        fault(&mut w, &[(AgentFault::NotAuthentic, 1)]);
        w.run(660);
    }
    assert_eq!(w.open(), []);
    fault(&mut w, &[(AgentFault::NotAuthentic, 4)]);
    w.run(120);
    assert_eq!(w.open(), []);
    fault(&mut w, &[(AgentFault::NotAuthentic, 6)]);
    let (severity, text, details) = active(&w, Condition::NotAuthentic).unwrap();
    assert_eq!(severity, Severity::Major);
    assert_eq!(
        text,
        "answers in its name that are not authentic keep coming"
    );
    assert_eq!(details[0], "10 within 2 min; none was believed");
    assert_eq!(w.told().len(), 1);
    // it is over when it has been quiet for a quarter of an hour
    w.run(890);
    assert!(active(&w, Condition::NotAuthentic).is_some());
    w.run(20);
    assert_eq!(w.open(), []);
    assert_eq!(w.told().len(), 2, "who was told hears that it is over");
    assert_eq!(
        tally(&w, AgentFault::NotAuthentic).map(|t| t.count),
        Some(19)
    );
}

#[test]
fn an_engine_that_does_not_count_its_restarts_is_a_weakness_until_it_does() {
    let mut w = World::new();
    w.run(120);
    boots(&mut w, 5, 7);
    fault(&mut w, &[(AgentFault::BootsFrozen, 1)]);
    let (severity, text, details) = active(&w, Condition::WeakEngine).unwrap();
    assert_eq!(severity, Severity::Minor);
    assert!(text.contains("does not count its restarts"), "{text}");
    assert!(
        details[0].starts_with("restarted 1 time with"),
        "{details:?}"
    );
    assert_eq!(
        w.is("sw-a"),
        DeviceState::Up,
        "a weakness is not an illness"
    );
    boots(&mut w, 30, 7);
    assert!(active(&w, Condition::WeakEngine).is_some());
    w.run(7);
    boots(&mut w, 2, 8);
    assert!(active(&w, Condition::WeakEngine).is_none());
    assert_eq!(tally(&w, AgentFault::BootsFrozen), None);
}

#[test]
fn a_weakness_that_a_person_closed_stays_closed() {
    let mut w = World::new();
    w.run(120);
    fault(&mut w, &[(AgentFault::BootsFrozen, 1)]);
    let id = w.state.alerts_sorted()[0].id;
    w.order(Command::Close {
        alert: id,
        note: "the vendor knows".into(),
    });
    w.run(60);
    fault(&mut w, &[(AgentFault::BootsFrozen, 1)]);
    assert_eq!(w.state.alerts[&id].state, AlertState::Closed);
}

#[test]
fn polls_that_miss_their_time_alert_at_the_third_in_a_row_and_close_when_they_keep_it() {
    let mut w = World::new();
    w.run(120);
    let first = w.now;
    overrun(&mut w, Job::Interfaces, OverrunKind::Recovered);
    assert!(w.device("sw-a").conduct.is_none(), "nothing to tell");
    overrun(&mut w, Job::Interfaces, OverrunKind::Cut);
    overrun(&mut w, Job::Interfaces, OverrunKind::Skipped);
    // another kind of poll has a row of its own
    overrun(&mut w, Job::Tables, OverrunKind::Cut);
    assert_eq!(w.open(), []);
    assert_eq!(matching(&w, "fault:overrun"), ["sw-a"]);
    overrun(&mut w, Job::Interfaces, OverrunKind::Degraded);
    assert_eq!(w.open(), [], "said of the same miss");
    w.run(30);
    boots(&mut w, 100_000, 1);
    overrun(&mut w, Job::Interfaces, OverrunKind::Cut);
    let (severity, text, details) = active(&w, Condition::PollOverrun).unwrap();
    assert_eq!(severity, Severity::Minor);
    assert_eq!(text, "polls keep missing their time: interfaces");
    assert_eq!(
        details,
        [
            "3 in a row; the last one was ended at its deadline",
            "what is shown of it may be old: interfaces",
            "it is asked less often until it keeps its time",
            "it takes 900 ms for an answer",
        ]
    );
    let key = Text::from("interfaces");
    let told = w.device("sw-a").conduct.as_ref().unwrap().overruns[&key];
    assert_eq!(
        (told.in_a_row, told.missed.count, told.since, told.degraded),
        (3, 3, first, true)
    );
    overrun(&mut w, Job::Interfaces, OverrunKind::Recovered);
    assert_eq!(w.open(), []);
    let told = w.device("sw-a").conduct.as_ref().unwrap().overruns[&key];
    assert_eq!(
        (told.in_a_row, told.missed.count, told.degraded),
        (0, 3, false)
    );
    overrun(&mut w, Job::Interfaces, OverrunKind::Cut);
    assert_eq!(w.open(), [], "a new row");
}

#[test]
fn a_poll_that_is_made_smaller_again_and_again_missed_its_time_each_time() {
    let mut w = World::new();
    w.run(120);
    // a driver says the miss once, and then only what it makes of those that follow
    overrun(&mut w, Job::Interfaces, OverrunKind::Cut);
    overrun(&mut w, Job::Interfaces, OverrunKind::Degraded);
    w.run(60);
    overrun(&mut w, Job::Interfaces, OverrunKind::Degraded);
    assert_eq!(w.open(), []);
    w.run(60);
    overrun(&mut w, Job::Interfaces, OverrunKind::Degraded);
    let (_, _, details) = active(&w, Condition::PollOverrun).unwrap();
    assert_eq!(
        details[0],
        "3 in a row; the last one was ended at its deadline"
    );
}

#[test]
fn a_budget_that_is_used_up_is_worth_knowing_and_no_more() {
    let mut w = World::new();
    w.run(120);
    for _ in 0..4 {
        overrun(&mut w, Job::Tables, OverrunKind::Budget);
    }
    // that it is asked less often for that is no worse
    overrun(&mut w, Job::Tables, OverrunKind::Degraded);
    let (severity, _, details) = active(&w, Condition::PollOverrun).unwrap();
    assert_eq!(severity, Severity::Info);
    assert!(details[0].contains("budget"), "{details:?}");
}

#[test]
fn late_polls_of_a_device_that_is_gone_are_not_said_beside_that() {
    let mut w = World::new();
    w.run(120);
    w.dead.insert("sw-a".into());
    w.run(240);
    let before = w.open().len();
    for _ in 0..5 {
        overrun(&mut w, Job::Status, OverrunKind::Cut);
    }
    assert_eq!(w.open().len(), before, "{:?}", w.open());
}

#[test]
fn polls_are_no_longer_late_when_they_are_no_longer_asked() {
    let mut w = World::new();
    w.run(120);
    for _ in 0..3 {
        overrun(&mut w, Job::Interfaces, OverrunKind::Cut);
    }
    assert!(active(&w, Condition::PollOverrun).is_some());
    let device = w.device("sw-a").id;
    let until = w.now + Duration::from_hours(2);
    w.order(Command::OverrideTouch {
        device,
        policy: TouchPolicy::Passive,
        reason: "it is being replaced".into(),
        until,
    });
    w.run(5);
    assert!(active(&w, Condition::PollOverrun).is_none());
}

#[test]
fn a_row_that_nobody_speaks_of_for_a_day_is_over() {
    let mut w = World::new();
    w.run(120);
    for _ in 0..3 {
        overrun(&mut w, Job::Inventory, OverrunKind::Cut);
    }
    let began = w.now;
    w.now = began + Duration::from_hours(23);
    w.apply(Body::Tick);
    assert!(active(&w, Condition::PollOverrun).is_some());
    w.now = began + Duration::from_hours(24);
    w.apply(Body::Tick);
    assert!(active(&w, Condition::PollOverrun).is_none());
}

#[test]
fn conduct_is_part_of_the_state_and_survives_a_snapshot() {
    let mut w = World::new();
    w.run(120);
    fault(&mut w, &[(AgentFault::NotAuthentic, 12)]);
    overrun(&mut w, Job::Tables, OverrunKind::Cut);
    let before = w.state.hash();
    let kept = State::from_snapshot(&w.state.to_snapshot()).unwrap();
    assert_eq!(kept.hash(), before);
    // the log folded from its beginning gives the same
    let mut again = State::new();
    for event in &w.events {
        let _ = again.apply(event);
    }
    assert_eq!(again.hash(), before);
    fault(&mut w, &[(AgentFault::Late, 1)]);
    assert_ne!(w.state.hash(), before, "it counts for the hash");
}
