//! Devices that restart after they were asked, and what models teach.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::world::{World, ip, site};
use crate::engine::{Heavy, Spared, State};
use crate::event::{
    Body, Command, EffectKind, Event, Job, LedgerRow, ObsQuirkV1, Observation, PollOutcome,
    SysGroupV1,
};
use crate::model::{
    CareLevel, Condition, DeviceClass, DeviceState, PacketKind, Quirk, QuirkSource, Quirks,
    Severity, Site, Text, Time, TouchPolicy,
};

fn system(model: &str, descr: &str, name: &str) -> SysGroupV1 {
    SysGroupV1 {
        descr: descr.into(),
        object_id: model.into(),
        contact: Text::empty(),
        name: name.into(),
        location: Text::empty(),
        services: None,
    }
}

/// sw-a, sw-b and sw-c are of one model; the core, the UPS and the printer are of others.
fn world_of(site: Site) -> World {
    let mut w = World::of(site);
    for name in ["sw-a", "sw-b", "sw-c"] {
        let group = system("1.3.6.1.4.1.11.2.3.7.11.104", "HP 1810G, P.2.14", name);
        w.system.insert(name.into(), group);
    }
    for (name, model) in [("core", 1), ("ups-1", 2), ("prn-1", 3)] {
        let group = system(&format!("1.3.6.1.4.1.99.{model}"), "made elsewhere", name);
        w.system.insert(name.into(), group);
    }
    w
}

fn world() -> World {
    world_of(site())
}

fn jobs(w: &World, name: &str) -> Vec<Job> {
    let address = w.device(name).address;
    w.targets
        .iter()
        .filter(|t| Some(t.address) == address)
        .flat_map(|t| t.jobs.iter().map(|(job, _)| *job))
        .collect()
}

fn every(w: &World, name: &str, job: Job) -> u32 {
    let address = w.device(name).address;
    w.targets
        .iter()
        .filter(|t| Some(t.address) == address)
        .flat_map(|t| t.jobs.iter())
        .find(|(j, _)| *j == job)
        .map_or(0, |(_, every)| *every)
}

fn quarantined(w: &World, name: &str) -> Option<(Spared, bool)> {
    let q = w.state.quarantine.get(&w.device(name).id)?;
    Some((q.spared, q.confirmed))
}

fn alert(w: &World, name: &str) -> Option<(String, Severity)> {
    let device = w.device(name).id;
    w.state
        .alerts
        .values()
        .find(|a| {
            a.condition == Condition::Quarantined && a.device == Some(device) && a.is_active()
        })
        .map(|a| (a.text.as_str().to_string(), a.severity))
}

fn crash(w: &mut World, name: &str, job: Job, seconds: u64) {
    w.crash.insert((name.into(), job), seconds);
}

/// Runs until the device is left alone in any way, so many seconds at the most.
fn until_spared(w: &mut World, name: &str, within: u64) {
    for _ in 0..within {
        if quarantined(w, name).is_some() {
            return;
        }
        w.run(1);
    }
    panic!("{name} was not left alone within {within} s");
}

#[test]
fn a_switch_that_restarts_after_its_tables_is_walked_no_more_and_a_person_is_told() {
    let mut w = world();
    w.run(300);
    crash(&mut w, "sw-b", Job::Tables, 45);
    until_spared(&mut w, "sw-b", 1000);
    assert_eq!(
        quarantined(&w, "sw-b"),
        Some((Spared::StatusOnly, false)),
        "spared at once, before it is judged"
    );
    assert_eq!(jobs(&w, "sw-b"), [Job::Status]);
    assert_eq!(alert(&w, "sw-b"), None);
    w.run(150);
    assert_eq!(quarantined(&w, "sw-b"), Some((Spared::StatusOnly, true)));
    let (text, severity) = alert(&w, "sw-b").unwrap();
    assert!(
        text.starts_with("asked for its status only: it restarted ")
            && text.ends_with(" s after its tables were read"),
        "{text}"
    );
    assert_eq!(severity, Severity::Minor);
    assert_eq!(w.is("sw-b"), DeviceState::Degraded);
    assert!(w.why("sw-b").contains("after its tables were read"));
    let touch = &w.device("sw-b").touch;
    assert_eq!(touch.policy, TouchPolicy::Get);
    assert!(
        touch
            .because
            .as_str()
            .contains("after its tables were read")
    );
    // for good, whatever time goes by
    w.run(4000);
    assert_eq!(jobs(&w, "sw-b"), [Job::Status]);
    assert_eq!(jobs(&w, "sw-c").len(), 5, "others go on");
}

#[test]
fn one_that_restarts_again_although_only_its_status_is_asked_is_left_alone() {
    let mut w = world();
    w.run(300);
    crash(&mut w, "sw-b", Job::Tables, 45);
    until_spared(&mut w, "sw-b", 1000);
    w.run(600);
    w.dead.insert("sw-b".into());
    w.run(45);
    w.dead.remove("sw-b");
    w.reboot("sw-b");
    w.run(60);
    assert_eq!(quarantined(&w, "sw-b"), Some((Spared::Alone, true)));
    assert_eq!(jobs(&w, "sw-b"), []);
    let (text, severity) = alert(&w, "sw-b").unwrap();
    assert_eq!(
        text,
        "left alone: it restarted again, although only its status was asked"
    );
    assert_eq!(severity, Severity::Major);
    assert_eq!(w.device("sw-b").touch.policy, TouchPolicy::Passive);
}

#[test]
fn others_of_its_model_are_asked_with_care_and_not_at_all_for_what_two_restarted_over() {
    let mut w = world();
    w.run(300);
    assert_eq!(every(&w, "sw-c", Job::Tables), 900);
    crash(&mut w, "sw-b", Job::Tables, 45);
    until_spared(&mut w, "sw-b", 1000);
    w.run(150);
    assert_eq!(every(&w, "sw-c", Job::Tables), 3600);
    assert_eq!(every(&w, "sw-c", Job::Status), 30);
    assert_eq!(every(&w, "core", Job::Tables), 900, "another model");
    let why = w.state.quirk_in_force(w.device("sw-c")).unwrap();
    assert!(why.skip.is_empty());
    assert!(
        why.from[0].because.as_str().starts_with("sw-b restarted "),
        "{:?}",
        why.from
    );
    crash(&mut w, "sw-c", Job::Tables, 45);
    until_spared(&mut w, "sw-c", 4000);
    w.run(150);
    let why = w.state.quirk_in_force(w.device("sw-a")).unwrap();
    assert!(why.skip.contains(&"1.3.6.1.2.1.17".into()), "{why:?}");
    // and when a person lets both go, the care ends
    for name in ["sw-b", "sw-c"] {
        let device = w.device(name).id;
        w.crash.clear();
        w.order(Command::Release {
            device,
            reason: "new firmware".into(),
        });
    }
    assert_eq!(w.state.quirk_in_force(w.device("sw-a")), None);
    assert_eq!(every(&w, "sw-a", Job::Tables), 900);
}

#[test]
fn only_a_person_with_a_reason_lets_it_go_and_then_it_is_asked_as_if_for_the_first_time() {
    let mut w = world();
    w.run(300);
    crash(&mut w, "sw-b", Job::Inventory, 20);
    w.run(22_000);
    assert_eq!(quarantined(&w, "sw-b"), Some((Spared::StatusOnly, true)));
    let device = w.device("sw-b").id;
    let release = |w: &mut World, reason: &str| {
        w.order(Command::Release {
            device,
            reason: reason.into(),
        });
    };
    release(&mut w, " ");
    assert!(quarantined(&w, "sw-b").is_some());
    w.order(Command::OverrideTouch {
        device,
        policy: TouchPolicy::Full,
        reason: "I want to see".into(),
        until: w.now + Duration::from_hours(2),
    });
    assert_eq!(jobs(&w, "sw-b"), [Job::Status], "no other word lifts it");
    release(&mut w, "the vendor says it is mended");
    assert_eq!(quarantined(&w, "sw-b"), None);
    assert_eq!(alert(&w, "sw-b"), None);
    assert_eq!(jobs(&w, "sw-b").len(), 5);
    assert_eq!(w.device("sw-b").touch.policy, TouchPolicy::Full);
    let noted = w.device("sw-b").changes.iter().any(|c| {
        c.what.as_str() == "let go by ana" && c.after.as_str() == "the vendor says it is mended"
    });
    assert!(noted, "{:?}", w.device("sw-b").changes);
    // it was not mended
    w.run(22_000);
    assert_eq!(quarantined(&w, "sw-b"), Some((Spared::StatusOnly, true)));
}

#[test]
fn what_restarts_at_the_first_question_it_ever_got_is_left_alone() {
    let mut s = site();
    let printer = s.devices.iter_mut().find(|d| d.name.as_str() == "prn-1");
    printer.unwrap().touch = Some(TouchPolicy::Get);
    let mut w = world_of(s);
    w.run(1);
    w.dead.insert("prn-1".into());
    w.run(20);
    w.dead.remove("prn-1");
    w.reboot("prn-1");
    w.run(100);
    assert_eq!(quarantined(&w, "prn-1"), Some((Spared::Alone, false)));
    assert_eq!(jobs(&w, "prn-1"), [], "nothing is asked while it is judged");
    w.run(60);
    assert_eq!(quarantined(&w, "prn-1"), Some((Spared::Alone, true)));
    let (text, severity) = alert(&w, "prn-1").unwrap();
    assert!(
        text.ends_with(" s after it was asked for the first time"),
        "{text}"
    );
    assert_eq!(severity, Severity::Minor);
}

#[test]
fn a_clinical_device_that_restarts_twice_in_a_day_while_it_is_asked_is_left_alone() {
    let mut s = site();
    let monitor = s.devices.iter_mut().find(|d| d.name.as_str() == "mon-1");
    monitor.unwrap().touch = Some(TouchPolicy::Get);
    let mut w = world_of(s);
    w.run(3600);
    w.reboot("mon-1");
    w.run(3600);
    assert_eq!(quarantined(&w, "mon-1"), None, "once may be anything");
    w.reboot("mon-1");
    w.run(300);
    assert_eq!(quarantined(&w, "mon-1"), Some((Spared::Alone, true)));
    let (text, severity) = alert(&w, "mon-1").unwrap();
    assert_eq!(
        text,
        "left alone: it restarted 2 times within a day while it was asked"
    );
    assert_eq!(severity, Severity::Major);
    assert_eq!(w.device("mon-1").care, CareLevel::Clinical);
}

#[test]
fn what_was_without_power_for_minutes_is_not_held_against_us_once() {
    let mut w = world();
    w.run(15);
    w.dead.insert("sw-a".into());
    w.run(225);
    w.dead.remove("sw-a");
    w.reboot("sw-a");
    w.run(600);
    assert_eq!(quarantined(&w, "sw-a"), None);
    assert_eq!(jobs(&w, "sw-a").len(), 5);
}

#[test]
fn a_restart_far_from_any_walk_is_not_held_against_us() {
    let mut w = world();
    w.run(500);
    // tables at 900, sensors at 600: between them there is room
    w.run(250);
    w.reboot("sw-b");
    w.run(600);
    assert_eq!(quarantined(&w, "sw-b"), None);
    assert_eq!(jobs(&w, "sw-b").len(), 5);
    assert!(
        w.open().iter().any(|(_, text)| text == "restarted"),
        "that it restarted is said all the same: {:?}",
        w.open()
    );
}

#[test]
fn sensors_are_read_so_often_that_one_restart_after_them_proves_nothing_but_two_do() {
    let mut w = world();
    w.run(400);
    crash(&mut w, "ups-1", Job::Sensors, 20);
    w.run(300);
    assert_eq!(quarantined(&w, "ups-1"), None, "one in three by chance");
    w.run(400);
    let q = w.state.quarantine.get(&w.device("ups-1").id).unwrap();
    assert_eq!(q.after, Some(Heavy::Sensors));
}

#[test]
fn when_other_models_restart_with_it_it_was_the_power() {
    let mut w = world();
    w.run(300);
    crash(&mut w, "sw-b", Job::Tables, 45);
    for _ in 0..1000 {
        w.run(1);
        if w.dead.contains("sw-b") {
            break;
        }
    }
    w.dead.insert("ups-1".into());
    w.dead.insert("prn-1".into());
    w.run(45);
    for name in ["ups-1", "prn-1"] {
        w.dead.remove(name);
        w.reboot(name);
    }
    w.crash.clear();
    until_spared(&mut w, "sw-b", 100);
    w.run(200);
    assert_eq!(quarantined(&w, "sw-b"), None);
    assert_eq!(alert(&w, "sw-b"), None);
    assert_eq!(jobs(&w, "sw-b").len(), 5, "asked as before");
    let why = w
        .device("sw-b")
        .changes
        .iter()
        .any(|c| c.after.as_str() == "2 others restarted with it");
    assert!(why, "{:?}", w.device("sw-b").changes);
}

#[test]
fn many_of_one_model_that_fall_together_at_the_first_question_are_no_power_cut() {
    let mut w = world();
    w.run(2);
    for name in ["sw-a", "sw-b", "sw-c"] {
        w.dead.insert(name.into());
    }
    w.run(20);
    for name in ["sw-a", "sw-b", "sw-c"] {
        w.dead.remove(name);
        w.reboot(name);
    }
    w.run(300);
    // sw-c is behind sw-b, which was down: of it nothing is known
    for name in ["sw-a", "sw-b"] {
        assert_eq!(
            quarantined(&w, name),
            Some((Spared::StatusOnly, true)),
            "{name}"
        );
    }
}

#[test]
fn a_device_that_a_person_has_in_hand_may_restart() {
    let mut w = world();
    w.run(300);
    crash(&mut w, "sw-b", Job::Tables, 45);
    until_spared(&mut w, "sw-b", 1000);
    w.run(150);
    let id = w.device("sw-b").id;
    let alert = w
        .state
        .device_alerts(id)
        .iter()
        .find(|a| a.condition == Condition::Quarantined)
        .unwrap()
        .id;
    w.order(Command::Acknowledge {
        alert,
        note: "reloading it".into(),
        until: None,
    });
    w.run(60);
    w.reboot("sw-b");
    w.run(200);
    assert_eq!(quarantined(&w, "sw-b"), Some((Spared::StatusOnly, true)));
}

#[test]
fn new_software_explains_a_restart() {
    let mut w = world();
    w.run(300);
    crash(&mut w, "sw-b", Job::Tables, 45);
    for _ in 0..1000 {
        w.run(1);
        if w.dead.contains("sw-b") {
            break;
        }
    }
    let newer = system("1.3.6.1.4.1.11.2.3.7.11.104", "HP 1810G, P.2.21", "sw-b");
    w.system.insert("sw-b".into(), newer);
    w.crash.clear();
    w.run(400);
    assert_eq!(quarantined(&w, "sw-b"), None);
}

#[test]
fn a_clock_that_wraps_after_497_days_is_no_restart() {
    let mut w = world();
    w.run(300);
    let id = w.device("sw-b").id;
    let near = |w: &mut World, uptime: u32| {
        let at = w.now;
        w.see(Observation::Poll(Box::new(crate::event::ObsPollV1 {
            address: ip("10.0.0.3"),
            at,
            outcome: PollOutcome::Answered,
            credential: "ro".into(),
            rtt_ms: None,
            uptime: Some(uptime),
            engine_boots: None,
            system: None,
            facts: Vec::new(),
            interfaces: Vec::new(),
            interfaces_whole: false,
        })));
    };
    w.targets.clear();
    near(&mut w, u32::MAX - 1000);
    w.apply(Body::Ledger(vec![LedgerRow {
        address: ip("10.0.0.3"),
        kind: PacketKind::Walk,
        count: 1,
        first: w.now,
        last: w.now,
        cause: "poll tables".into(),
    }]));
    w.now = w.now + Duration::from_secs(30);
    near(&mut w, 1999);
    assert!(!w.state.quarantine.contains_key(&id));
}

#[test]
fn what_happened_while_nobody_asked_is_not_held_against_us() {
    let mut w = world();
    w.run(300);
    // the tables of sw-b are read, and then the collector is off for two hours
    for _ in 0..1000 {
        let read = w.events.last().is_some_and(|e| {
            matches!(&e.body, Body::Ledger(rows) if rows
            .iter()
            .any(|r| r.cause.as_str() == "poll tables" && r.address == ip("10.0.0.3")))
        });
        if read {
            break;
        }
        w.run(1);
    }
    w.now = w.now + Duration::from_hours(1);
    w.reboot("sw-b");
    w.now = w.now + Duration::from_hours(1);
    w.run(200);
    assert_eq!(quarantined(&w, "sw-b"), None);
}

#[test]
fn the_site_file_says_that_a_model_restarts_by_itself() {
    let mut w = world();
    w.run(300);
    crash(&mut w, "sw-b", Job::Tables, 45);
    until_spared(&mut w, "sw-b", 1000);
    w.run(150);
    let mut site = site();
    site.quirks = vec![Quirk {
        object_id: "1.3.6.1.4.1.11".into(),
        own_restarts: Some(true),
        ..Quirk::default()
    }];
    w.configure(site);
    assert_eq!(quarantined(&w, "sw-b"), None);
    assert_eq!(alert(&w, "sw-b"), None);
    assert_eq!(jobs(&w, "sw-b").len(), 5);
    w.run(3000);
    assert_eq!(quarantined(&w, "sw-b"), None, "and it does so again");
}

#[test]
fn it_survives_a_restart_of_wardwatch() {
    let mut w = world();
    w.run(300);
    crash(&mut w, "sw-b", Job::Tables, 45);
    until_spared(&mut w, "sw-b", 1000);
    w.run(150);
    let again = State::from_snapshot(&w.state.to_snapshot()).unwrap();
    assert_eq!(again.quarantine, w.state.quarantine);
    assert_eq!(again.quirk_table(), w.state.quirk_table());
    assert_eq!(again.hash(), w.state.hash());
    let mut folded = State::new();
    for event in &w.events {
        folded.apply(event);
    }
    assert_eq!(folded.hash(), w.state.hash());
    w.configure(site());
    assert_eq!(
        jobs(&w, "sw-b"),
        [Job::Status],
        "nor does a configuration lift it"
    );
}

// --- what models teach

fn lesson(build: &str, repetitions: Option<u16>) -> ObsQuirkV1 {
    ObsQuirkV1 {
        address: ip("10.0.0.3"),
        at: Time(super::world::START),
        object_id: "1.3.6.1.4.1.11.2.3.7.11.104".into(),
        build: build.into(),
        repetitions,
        names: None,
        next_only: false,
        skip: Vec::new(),
        because: "silent to more than 5 repetitions".into(),
    }
}

#[test]
fn what_a_model_taught_is_handed_to_the_poller_and_forgotten_when_it_no_longer_holds() {
    let mut w = world();
    w.run(60);
    let table = |w: &mut World, seen: ObsQuirkV1| -> Option<Arc<Quirks>> {
        let out = w.see(Observation::Quirk(seen));
        out.effects.into_iter().find_map(|e| match e.kind {
            EffectKind::Quirks(table) => Some(table),
            _ => None,
        })
    };
    let told = table(&mut w, lesson("HP 1810G, P.2.14", Some(5))).unwrap();
    let quirk = told.iter().next().unwrap();
    assert_eq!(
        (quirk.repetitions, quirk.source),
        (Some(5), QuirkSource::Learned)
    );
    assert_eq!(
        w.state
            .quirk_in_force(w.device("sw-c"))
            .unwrap()
            .repetitions,
        Some(5),
        "another of the same model"
    );
    assert!(w.state.quirk_in_force(w.device("core")).is_none());
    assert!(
        table(&mut w, lesson("HP 1810G, P.2.14", Some(5))).is_none(),
        "no news"
    );
    let forgotten = table(&mut w, lesson("HP 1810G, P.2.14", None)).unwrap();
    assert!(forgotten.is_empty());
    assert!(w.state.quirks.is_empty());
    // a hostile agent's model is none
    let mut hostile = lesson("x", Some(1));
    hostile.object_id = "not one".into();
    assert!(table(&mut w, hostile).is_none());
}

#[test]
fn lessons_have_a_cap_and_the_oldest_goes_first() {
    let mut w = world();
    for n in 0..=super::super::quirks::LESSON_CAP {
        let mut seen = lesson(&format!("build {n}"), Some(5));
        seen.at = Time(super::world::START - 10_000_000 + n as i64);
        let event = Event {
            seq: crate::model::Seq(w.state.seq.0 + 1),
            time: w.now,
            body: Body::Observation(Observation::Quirk(seen)),
        };
        w.state.apply(&event);
    }
    assert_eq!(w.state.quirks.len(), super::super::quirks::LESSON_CAP);
    let has = |n: usize| {
        let key = (
            "1.3.6.1.4.1.11.2.3.7.11.104".into(),
            format!("build {n}").into(),
        );
        w.state.quirks.contains_key(&key)
    };
    assert!(!has(0) && has(1));
    assert_eq!(
        w.state
            .dropped
            .get(&Text::from("lessons of models beyond the cap")),
        Some(&1)
    );
}

#[test]
fn a_model_of_which_the_site_says_so_is_walked_less_often_as_soon_as_it_shows_itself() {
    let mut s = site();
    s.quirks = vec![Quirk {
        object_id: "1.3.6.1.4.1.11.2.3.7.11".into(),
        firmware: "p.2.14".into(),
        least_interval_s: Some(1800),
        ..Quirk::default()
    }];
    let mut w = world_of(s);
    assert_eq!(every(&w, "sw-a", Job::Interfaces), 60, "not known yet");
    w.run(10);
    assert_eq!(every(&w, "sw-a", Job::Interfaces), 1800);
    assert_eq!(
        every(&w, "sw-a", Job::Inventory),
        21_600,
        "never more often"
    );
    assert_eq!(every(&w, "sw-a", Job::Status), 30);
    assert_eq!(every(&w, "core", Job::Interfaces), 60);
    // another firmware
    let newer = system("1.3.6.1.4.1.11.2.3.7.11.104", "HP 1810G, P.2.21", "sw-a");
    w.system.insert("sw-a".into(), newer);
    w.run(60);
    assert_eq!(every(&w, "sw-a", Job::Interfaces), 60);
    assert_eq!(every(&w, "sw-b", Job::Interfaces), 1800);
}

#[test]
fn a_pdu_counts_as_infrastructure_and_a_server_does_not() {
    for (class, spared) in [
        (DeviceClass::Pdu, Spared::StatusOnly),
        (DeviceClass::Server, Spared::Alone),
        (DeviceClass::Pacs, Spared::Alone),
    ] {
        let mut s = site();
        let d = s.devices.iter_mut().find(|d| d.name.as_str() == "ups-1");
        let d = d.unwrap();
        d.class = class;
        d.touch = Some(TouchPolicy::Full);
        let mut w = world_of(s);
        w.run(400);
        crash(&mut w, "ups-1", Job::Inventory, 20);
        w.run(22_000);
        assert_eq!(quarantined(&w, "ups-1"), Some((spared, true)), "{class}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// `World` holds every state against it: whoever is left alone is in no target and may not be touched.
    #[test]
    fn whatever_restarts_when_no_device_that_is_left_alone_is_asked(
        crashes in prop::collection::vec((0usize..6, 0usize..5, 5u64..90), 0..4),
        reboots in prop::collection::vec((0usize..6, 60u64..500), 0..8),
        released in prop::collection::vec((0usize..6, 60u64..2500), 0..4),
    ) {
        let names = ["core", "sw-a", "sw-b", "sw-c", "ups-1", "prn-1"];
        let jobs = [Job::Status, Job::Interfaces, Job::Tables, Job::Sensors, Job::Ups];
        let mut w = world();
        for (name, job, seconds) in crashes {
            crash(&mut w, names[name], jobs[job], seconds);
        }
        let mut at = 0;
        let mut deeds: Vec<(u64, usize, bool)> = reboots
            .into_iter()
            .map(|(name, gap)| {
                at += gap;
                (at, name, false)
            })
            .chain(released.into_iter().map(|(name, at)| (at, name, true)))
            .collect();
        deeds.sort_unstable();
        let mut now = 0;
        for (at, name, release) in deeds {
            w.run(at - now);
            now = at;
            if release {
                let device = w.device(names[name]).id;
                w.order(Command::Release { device, reason: "seen".into() });
                prop_assert_eq!(quarantined(&w, names[name]), None);
            } else {
                w.reboot(names[name]);
            }
        }
        w.run(1000);
        for (id, q) in &w.state.quarantine {
            let told = w.state.device_alerts(*id).iter().any(|a| {
                a.condition == Condition::Quarantined && a.is_active()
            });
            prop_assert_eq!(q.confirmed, told, "{:?}", q);
        }
    }
}
