//! A day of a hospital in virtual time: what the poller keeps does not grow, and no poll drifts from its place in the schedule.
//!
//! It is a test of its own, alone in its process: live octets are counted at the allocator.
#![allow(clippy::unwrap_used)]

mod schedule;
mod wire;

use std::alloc::System;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::sync::mpsc;
use wardwatch::config::plans::shipped;
use wardwatch::engine::State;
use wardwatch::event::{Body, ConfigAppliedV2, EffectKind, Event, Target};
use wardwatch::gate::Gate;
use wardwatch::model::{
    AuthProtocol, DeviceClass, PlainSecret, PrivProtocol, Seq, Text, Time, TouchPolicy, TouchTable,
};
use wardwatch::sim::agent::{Agent, Community, Faults};
use wardwatch::sim::farm::FaultKind;
use wardwatch::sim::hospital::{Hospital as Plan, Speaks, V3_USER};
use wardwatch::sim::mibs::HospitalAgent;
use wardwatch::sim::scenario::Scenario;
use wardwatch::sim::world::World;
use wardwatch::sources::snmp::{Login, Poller, PollerConfig, PollerStats};
use wardwatch::wire::snmp::usm::{Authority, UserKeys};

use schedule::Course;
use wire::{Hospital, Patient};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

const PORT: u16 = 161;
const COMMUNITY: &[u8] = b"public";
const AUTH: &[u8] = b"authentic-1";
const PRIVACY: &[u8] = b"private-1";

/// Whom the collector would ask for what: the engine says so of the site.
fn targets(plan: &Plan) -> Vec<Target> {
    let mut state = State::new();
    let mut site = plan.site.clone();
    site.polls = shipped(&site.intervals);
    let config = ConfigAppliedV2 {
        hash: "a".into(),
        site,
    };
    let outcome = state.apply(&Event {
        seq: Seq(1),
        time: Time::from_clock(),
        body: Body::Config(Box::new(config)),
    });
    let targets = outcome.effects.into_iter().find_map(|e| match e.kind {
        EffectKind::Targets(targets) => Some(targets),
        _ => None,
    });
    targets.unwrap().to_vec()
}

/// Whom the day is about, in a hospital: a class, which of it, and what is wrong with it.
type Cast = [(DeviceClass, usize, Option<FaultKind>)];

/// One of each kind that is asked.
const SOUND: &Cast = &[
    (DeviceClass::Router, 0, None),
    (DeviceClass::Firewall, 0, None),
    (DeviceClass::WirelessController, 0, None),
    (DeviceClass::AccessPoint, 0, None),
    (DeviceClass::Switch, 0, None),
    (DeviceClass::Ups, 0, None),
    (DeviceClass::Pdu, 0, None),
    (DeviceClass::Sensor, 0, None),
    (DeviceClass::Server, 0, None),
    (DeviceClass::Printer, 0, None),
];

/// Every fault of the farm.
const FAULTY: &Cast = &[
    (DeviceClass::AccessPoint, 0, Some(FaultKind::Dead)),
    (DeviceClass::Ups, 0, Some(FaultKind::Loss)),
    (DeviceClass::Server, 0, Some(FaultKind::Delay)),
    (DeviceClass::Server, 1, Some(FaultKind::Endless)),
    (DeviceClass::AccessPoint, 1, Some(FaultKind::Late)),
    (DeviceClass::Printer, 0, Some(FaultKind::Duplicate)),
    (DeviceClass::Printer, 1, Some(FaultKind::WrongId)),
    (DeviceClass::AccessPoint, 2, Some(FaultKind::WrongSource)),
    (DeviceClass::Switch, 0, Some(FaultKind::Loop)),
    (DeviceClass::Sensor, 0, Some(FaultKind::TooBig)),
    (
        DeviceClass::WirelessController,
        0,
        Some(FaultKind::Truncated),
    ),
    (DeviceClass::Firewall, 0, Some(FaultKind::BootsFrozen)),
    (DeviceClass::Pdu, 0, Some(FaultKind::UptimeWrap)),
];

/// As much of it as the farm has, where nothing is said.
fn faults(kind: FaultKind) -> Faults {
    let usual = kind.usual().unwrap_or_default();
    let (seconds, milliseconds) = (
        Duration::from_secs(usual.into()),
        Duration::from_millis(usual.into()),
    );
    let mut faults = Faults::default();
    match kind {
        FaultKind::Dead => faults.silent = true,
        FaultKind::Loss => faults.loss_permille = (usual * 10) as u16,
        FaultKind::Delay | FaultKind::Late => faults.delay = milliseconds,
        FaultKind::Duplicate => faults.duplicate = true,
        FaultKind::WrongId => faults.wrong_id = true,
        FaultKind::WrongSource => faults.wrong_source = true,
        FaultKind::Loop => faults.looping = true,
        FaultKind::Endless => faults.endless = true,
        FaultKind::TooBig => faults.too_big = Some(usual as usize),
        FaultKind::Truncated => faults.truncated = Some(usual as usize),
        FaultKind::BootsFrozen => faults.boots_frozen = Some(seconds),
        FaultKind::UptimeWrap => faults.uptime_wraps = Some(seconds),
    }
    faults
}

/// The agents that are asked, with what is wrong with each.
fn agents(plan: Plan, cast: &Cast) -> BTreeMap<IpAddr, (Patient, Option<FaultKind>)> {
    let world = Arc::new(World::new(plan, "quiet".parse::<Scenario>().unwrap()));
    let keys = UserKeys::derive(
        Some((AuthProtocol::Sha256, AUTH)),
        Some((PrivProtocol::Aes128, PRIVACY)),
    )
    .unwrap();
    let agent = |(class, which, fault): &(DeviceClass, usize, Option<FaultKind>)| {
        let devices = &world.hospital.devices;
        let mut of_class = world.hospital.agents();
        let place = of_class
            .by_ref()
            .filter(|d| devices[*d].class == *class)
            .nth(*which)
            .unwrap();
        let device = &devices[place];
        let subject = || HospitalAgent::new(Arc::clone(&world), place);
        let engine_id = HospitalAgent::engine_id(device);
        let (agent, eyes) = if device.speaks == Speaks::V3 {
            let agent = Agent::new(subject(), Community::None, 1_472);
            let mut engine = Authority::new(engine_id.clone(), 1);
            engine.add_user(V3_USER.as_bytes(), &keys);
            (
                agent.with_user(&engine_id, V3_USER.as_bytes(), &keys),
                Some((Mutex::new(engine), subject())),
            )
        } else {
            let community = Community::Only(PlainSecret::new(COMMUNITY.to_vec()));
            (Agent::new(subject(), community, 1_472), None)
        };
        // whose clock is another one can't be read along
        let eyes = eyes.filter(|_| *fault != Some(FaultKind::BootsFrozen));
        agent.set_faults(fault.map(faults).unwrap_or_default());
        (
            IpAddr::from(device.address),
            (Patient { agent, eyes }, *fault),
        )
    };
    cast.iter().map(agent).collect()
}

fn logins() -> BTreeMap<Text, Login> {
    let secret = |s: &[u8]| PlainSecret::new(s.to_vec());
    let v2c = Login::V2c {
        community: secret(COMMUNITY),
    };
    let v3 = Login::V3 {
        user: V3_USER.into(),
        auth: Some((AuthProtocol::Sha256, secret(AUTH))),
        privacy: Some((PrivProtocol::Aes128, secret(PRIVACY))),
        context: Text::empty(),
    };
    [("demo-v2c".into(), v2c), ("demo-v3".into(), v3)].into()
}

/// What a day came to.
struct Day {
    wire: Hospital,
    stats: PollerStats,
    /// What is wrong with whom.
    faults: BTreeMap<IpAddr, Option<FaultKind>>,
    /// Live octets every four hours, when as little as possible was under way.
    live: Vec<usize>,
}

const DAY_MIN: usize = 24 * 60;
const DAY_MS: u64 = DAY_MIN as u64 * 60_000;
const MARK_MIN: usize = 4 * 60;
const ENDLESS_MIN: usize = 2;

async fn day(cast: &Cast) -> Day {
    let plan = Plan::build(20, 1, PORT);
    let mut targets = targets(&plan);
    let agents = agents(plan, cast);
    targets.retain(|t| agents.contains_key(&t.address));
    assert_eq!(targets.len(), cast.len());
    let given: BTreeMap<_, _> = agents.iter().map(|(a, (_, f))| (*a, *f)).collect();
    let mut endless = given.iter().filter(|g| *g.1 == Some(FaultKind::Endless));
    let endless = endless.next().map(|g| *g.0);
    let agents = agents.into_iter().map(|(a, (agent, _))| (a, agent));
    let courses = targets.iter().flat_map(|t| {
        let jobs = t.jobs.iter();
        jobs.map(|(job, s)| ((t.address, *job), Course::new((t.address, *job), *s)))
    });
    let wire = Hospital::new(agents.collect(), courses.collect());
    let gate = Gate::new();
    gate.install(Arc::new(TouchTable {
        revision: 1,
        addresses: BTreeMap::new(),
        unknown: vec![("127.0.0.0/8".parse().unwrap(), TouchPolicy::Full)],
        elsewhere: TouchPolicy::Never,
    }));
    let (sink, mut seen) = mpsc::channel(1_024);
    let over = Arc::new(wire.clone());
    let config = PollerConfig::default();
    let poller = Poller::start_over(Arc::clone(&gate), over, sink, config).unwrap();
    poller.set_logins(logins());
    poller.set_targets(targets.into());
    // what the collector takes and keeps is none of the poller's
    let mut taken = || {
        while seen.try_recv().is_ok() {}
        drop(gate.drain_ledger());
        live()
    };
    let mut live = Vec::with_capacity(DAY_MIN / MARK_MIN);
    for minute in 1..=DAY_MIN {
        if let Some(who) = endless {
            // each of its tables is read to its cap: a few minutes of that are enough
            let now = minute % MARK_MIN < ENDLESS_MIN;
            let kind = now.then_some(FaultKind::Endless);
            wire.set_faults(who, kind.map(faults).unwrap_or_default());
        }
        if minute % MARK_MIN > 0 {
            tokio::time::sleep(Duration::from_mins(1)).await;
            taken();
            continue;
        }
        let mut least = usize::MAX;
        for _ in 0..60 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            least = least.min(taken());
        }
        live.push(least);
    }
    Day {
        wire,
        stats: poller.stats(),
        faults: given,
        live,
    }
}

/// Live octets are counted over the whole process: one day after the other.
static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Octets that there may be more at any mark than at the first one, for each device. By then everything was asked of all, but for the
/// second inventory. What still comes is none of theirs: the first question of a table is written once for all agents and each
/// number of repetitions (91 octets and a place in a map), and of these numbers there are fifty.
const MORE: usize = 256;
/// And once for all of them: room of answers that the poller's thread keeps for those to come.
const ROOM: usize = 4 * (2_048 + 160 * 10);
/// Octets of the same for the second half of the day, for each device; by then there is no more room to be kept.
const MORE_LATER: usize = 64;

/// What is kept does not grow. Prints how much it is.
fn assert_level(day: &Day, what: &str) {
    let devices = day.faults.len();
    let more = |from: usize, to: usize| day.live[to].saturating_sub(day.live[from]) / devices;
    println!("{what}: live octets every four hours {:?}", day.live);
    println!(
        "{what}: {} octets a device more after twenty hours, {} of them in the last twelve",
        more(0, 5),
        more(2, 5)
    );
    for mark in 1..day.live.len() {
        assert!(
            more(0, mark) <= MORE + ROOM / devices,
            "{what}: {:?}",
            day.live
        );
    }
    for mark in 3..day.live.len() {
        assert!(more(2, mark) <= MORE_LATER, "{what}: {:?}", day.live);
    }
}

/// Each poll went out in its own interval, not before its time and at the most so long behind it, none was left out and none came
/// twice.
fn assert_kept(course: &Course, late_ms: u64, what: &str) {
    let whole = course.missed == 0 && course.more == 0 && course.early == 0;
    assert!(whole && course.late_ms <= late_ms, "{what}: {course:?}");
    assert!(
        course.off_ms <= course.tenth_ms() + late_ms,
        "{what}: {course:?}"
    );
    let expected = course.expected(DAY_MS);
    assert!(
        course.polls.abs_diff(expected) <= 1,
        "{what}: {expected} of {course:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_day_of_sound_devices_leaves_nothing_behind_and_no_poll_drifts() {
    let _one = ONE.lock().await;
    let day = day(SOUND).await;
    assert_level(&day, "sound");
    let inner = day.wire.inner();
    let mut expected = 0;
    for (of, course) in &inner.courses {
        // another job of the same device may be under way
        assert_kept(course, 250, &format!("{of:?}"));
        expected += course.expected(DAY_MS);
    }
    let latest = inner.courses.values().map(|c| c.late_ms).max().unwrap();
    println!("sound: {expected} polls, none more than {latest} ms behind its time");
    let stats = day.stats;
    // and the poller counts the same
    assert!(stats.jobs.abs_diff(expected) <= inner.courses.len() as u64);
    assert_eq!(
        (stats.overruns, stats.stretched, stats.late_ms_p99),
        (0, 0, 0)
    );
    assert_eq!((stats.retries, stats.timed_out, stats.failed), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_day_with_every_fault_of_the_farm_leaves_nothing_behind_and_drifts_nowhere_else() {
    for kind in FaultKind::ALL {
        assert!(FAULTY.iter().any(|c| c.2 == Some(kind)), "{kind:?}");
    }
    let _one = ONE.lock().await;
    let day = day(FAULTY).await;
    assert_level(&day, "faulty");
    let inner = day.wire.inner();
    for (of, course) in &inner.courses {
        let fault = day.faults[&of.0];
        let what = format!("{of:?} {fault:?}");
        match fault {
            // what comes back at all, and means something, is asked as if nothing were wrong
            None
            | Some(
                FaultKind::Duplicate
                | FaultKind::Loop
                | FaultKind::TooBig
                | FaultKind::Truncated
                | FaultKind::UptimeWrap,
            ) => assert_kept(course, 250, &what),
            // its own other jobs take a while
            Some(FaultKind::Delay) => assert_kept(course, 3_000, &what),
            // some polls are lost with all their attempts: then it is asked again soon
            Some(FaultKind::Loss) => {
                let expected = course.expected(DAY_MS);
                assert!(course.polls.abs_diff(expected) <= 8, "{what}: {course:?}");
                assert!(course.more <= 40, "{what}: {course:?}");
            }
            // a few minutes of it leave nothing but a few polls that were cut off
            Some(FaultKind::Endless) => {
                let expected = course.expected(DAY_MS);
                assert!(course.polls.abs_diff(expected) <= 12, "{what}: {course:?}");
                assert!(course.more <= 12, "{what}: {course:?}");
            }
            // who says nothing that counts is looked after once a minute, whatever was planned
            Some(
                FaultKind::Dead | FaultKind::Late | FaultKind::WrongId | FaultKind::WrongSource,
            ) => {
                let asked = inner.asked[&of.0];
                assert!(asked <= DAY_MIN as u64 + 20, "{what}: asked {asked} times");
            }
            // its clock can't be read along: that it is asked is seen by what it was asked
            Some(FaultKind::BootsFrozen) => {
                assert!(inner.asked[&of.0] > 5_000, "{what}");
            }
        }
    }
    // none is asked less often for ever
    assert_eq!(day.stats.stretched, 0, "{:?}", day.stats);
}
