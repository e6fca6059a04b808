//! Tables are read when they moved, and a stranger is met before it is walked: in virtual time, over a wire in memory.

use std::net::SocketAddr;
use std::sync::Arc;

use wardwatch::event::{Job, Observation, PollOutcome, Target};
use wardwatch::model::{Budgets, Quirk, Quirks};
use wardwatch::sources::snmp::{PollResult, PollerConfig, poll_once};
use wardwatch::wire::snmp::{PduKind, Value};

use super::common::{oid, target};
use super::fake::{Mib, switch};
use super::memory::{House, house};

const UP_TIME: &str = "1.3.6.1.2.1.1.3.0";
const ENTITIES: &str = "1.3.6.1.2.1.47.1.1.1.1.5";
const ENTITIES_MOVED: &str = "1.3.6.1.2.1.47.1.4.1.0";
const LLDP: &str = "1.0.8802.1.1.2.1.4.1.1.5";
const LLDP_MOVED: &str = "1.0.8802.1.1.2.1.2.1.0";
const FORWARDING: &str = "1.3.6.1.2.1.17.4.3.1.1";
const PORTS: &str = "1.3.6.1.2.1.17.4.3.1.2";
const TREE: &str = "1.3.6.1.2.1.17.2.4.0";

fn to() -> SocketAddr {
    "127.81.0.1:161".parse().unwrap()
}

/// A switch with a chassis, a neighbour and a station.
fn mib() -> Mib {
    let mut mib = switch(b"sw", 4);
    let mut put = |name: &str, value| mib.insert(oid(name), value);
    put(&format!("{ENTITIES}.1"), Value::Integer(3));
    put(&format!("{ENTITIES}.2"), Value::Integer(9));
    put(
        "1.3.6.1.2.1.47.1.1.1.1.11.1",
        Value::Octets(b"SN-1".to_vec()),
    );
    put("1.0.8802.1.1.2.1.4.1.1.4.0.1.1", Value::Integer(4));
    put(
        &format!("{LLDP}.0.1.1"),
        Value::Octets(vec![0, 9, 0xfb, 0, 0, 7]),
    );
    put("1.3.6.1.2.1.17.1.4.1.2.1", Value::Integer(1));
    put(
        &format!("{FORWARDING}.0.9.251.0.0.8"),
        Value::Octets(vec![0, 9, 0xfb, 0, 0, 8]),
    );
    put(&format!("{PORTS}.0.9.251.0.0.8"), Value::Integer(1));
    mib
}

/// The house with that switch, asked for this.
fn asked(jobs: &[(Job, u32)]) -> House {
    let house = house(mib(), PollerConfig::default(), Budgets::default());
    house
        .poller
        .set_targets(vec![target(to(), &["v2c"], jobs)].into());
    house
}

/// A table with a hint: which, its hint, the job that reads it and how often.
const HINTED: [(&str, &str, Job, u32); 2] = [
    (ENTITIES, ENTITIES_MOVED, Job::Inventory, 21_600),
    (LLDP, LLDP_MOVED, Job::Tables, 900),
];

#[tokio::test(start_paused = true)]
async fn a_table_is_read_again_when_its_hint_moved_or_its_agent_began_anew_and_else_seldom() {
    for (table, hint, job, every) in HINTED {
        let mut house = asked(&[(Job::Status, 300), (job, every)]);
        house.agents.put(hint, Value::TimeTicks(400));
        house.pass(u64::from(every) / 2).await;
        let once = house.agents.asked(table);
        assert!(once > 0, "{table}");
        house.pass(u64::from(every) * 4).await;
        assert!(
            house.agents.asked(hint) >= 4,
            "{table}: its hint is looked at"
        );
        assert_eq!(house.agents.asked(table), once, "{table}: nothing moved");
        assert!(house.poller.stats().tables_spared >= 3);

        house.agents.put(hint, Value::TimeTicks(9_000));
        house.pass(u64::from(every) * 2).await;
        assert_eq!(house.agents.asked(table), 2 * once, "{table}: it moved");

        // the hint says the same as before, and means another life of the agent
        house.agents.put(UP_TIME, Value::TimeTicks(100));
        house.pass(u64::from(every) * 2).await;
        assert_eq!(
            house.agents.asked(table),
            3 * once,
            "{table}: it began anew"
        );

        // whatever the hint says, now and then it is read all the same
        let whole = if job == Job::Tables {
            6 * 3_600
        } else {
            7 * 86_400
        };
        house.pass(whole + u64::from(every)).await;
        assert_eq!(house.agents.asked(table), 4 * once, "{table}: for safety");
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_whose_agent_has_no_hint_is_read_each_time() {
    for (table, _, job, every) in HINTED {
        let mut house = asked(&[(Job::Status, 300), (job, every)]);
        house.pass(u64::from(every) / 2).await;
        let once = house.agents.asked(table);
        house.pass(u64::from(every) * 4).await;
        let times = house.agents.asked(table) / once;
        assert!((4..=6).contains(&times), "{table}: {times}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_known_of_the_chassis_stays_while_nothing_is_plugged() {
    let mut house = asked(&[(Job::Status, 300), (Job::Inventory, 3_600)]);
    house.agents.put(ENTITIES_MOVED, Value::TimeTicks(400));
    house.pass(4_000).await;
    // another one at the same row, which no hint says
    house.agents.put(
        "1.3.6.1.2.1.47.1.1.1.1.11.1",
        Value::Octets(b"SN-2".to_vec()),
    );
    let seen = house.pass(8_000).await;
    let serial = |seen: &[Observation]| {
        let polls = seen.iter().filter_map(|o| match o {
            Observation::Poll(p) => Some(p),
            _ => None,
        });
        let facts = polls.flat_map(|p| p.facts.clone());
        facts
            .map(|f| f.1.to_string())
            .find(|v| v.starts_with("SN-"))
    };
    assert_eq!(
        serial(&seen).as_deref(),
        Some("SN-2"),
        "its row is asked each time"
    );
}

#[tokio::test(start_paused = true)]
async fn a_spanning_tree_that_moved_has_the_forwarding_tables_read_soon_and_not_without_end() {
    let mut house = asked(&[(Job::Status, 30), (Job::Tables, 3_600)]);
    house.agents.put(TREE, Value::Counter32(7));
    house.pass(1_200).await;
    let once = house.agents.asked(PORTS);
    assert!(once > 0);
    house.agents.put(TREE, Value::Counter32(8));
    house.pass(60).await;
    assert_eq!(house.agents.asked(PORTS), 2 * once);
    // a tree that never rests
    for n in 9..129 {
        house.agents.put(TREE, Value::Counter32(n));
        house.pass(30).await;
    }
    let times = house.agents.asked(PORTS) / once;
    assert!(
        (5..=7).contains(&times),
        "{times} times within an hour and more"
    );
}

async fn once(house: &House, plan: &str) -> Vec<PollResult> {
    let targets: Vec<Target> = vec![target(to(), &["v2c"], &[])];
    let mut results = Vec::new();
    poll_once(&house.poller, &targets, plan, |r| results.push(r))
        .await
        .unwrap();
    results
}

#[tokio::test(start_paused = true)]
async fn a_dead_one_is_asked_one_question_whatever_the_plan() {
    for plan in [
        "status",
        "interfaces",
        "tables",
        "inventory",
        "sensors",
        "all",
    ] {
        let house = house(mib(), PollerConfig::default(), Budgets::default());
        house.agents.inner().dead = true;
        let results = once(&house, plan).await;
        assert_eq!(results[0].poll.outcome, PollOutcome::Timeout, "{plan}");
        let heard = house.agents.heard();
        // the question, and its retries
        assert_eq!(heard.len(), 3, "{plan}");
        assert!(heard.iter().all(|h| h.kind == PduKind::Get), "{plan}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_lives_is_met_and_then_asked_no_more_than_its_model_can_take() {
    let house = house(mib(), PollerConfig::default(), Budgets::default());
    let results = once(&house, "interfaces").await;
    let poll = &results[0].poll;
    assert!(poll.interfaces_whole && poll.interfaces.len() == 4);
    assert_eq!(poll.system.as_ref().unwrap().name.as_str(), "sw");
    let before = house.agents.heard();
    assert_eq!(before[0].kind, PduKind::Get);
    assert!(before.iter().any(|h| h.repetitions > 2));

    let quirk = Quirk {
        object_id: "1.3.6.1.4.1.9.1".into(),
        repetitions: Some(2),
        because: "it hangs on more".into(),
        ..Quirk::default()
    };
    house
        .poller
        .set_quirks(Arc::new(Quirks::from_iter([quirk])));
    let results = once(&house, "interfaces").await;
    assert_eq!(results[0].poll.interfaces.len(), 4);
    let heard = house.agents.heard();
    let after = &heard[before.len()..];
    assert!(after.iter().any(|h| h.kind == PduKind::GetBulk));
    assert!(after.iter().all(|h| h.repetitions <= 2), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_has_nothing_to_ask_of_a_device_says_nothing_of_it_and_stops_no_other() {
    // no plan asks a switch what a UPS is asked
    let mut house = asked(&[(Job::Status, 30), (Job::Ups, 30)]);
    let seen = house.pass(600).await;
    let polls: Vec<_> = seen
        .iter()
        .filter_map(|o| match o {
            Observation::Poll(p) => Some((&p.outcome, p.credential.as_str())),
            _ => None,
        })
        .collect();
    assert!((19..=21).contains(&polls.len()), "{polls:?}");
    assert!(polls.iter().all(|p| *p == (&PollOutcome::Answered, "v2c")));
}
