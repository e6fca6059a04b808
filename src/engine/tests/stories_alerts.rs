//! The life of alerts, and the conditions beside down and up.

use std::time::Duration;

use super::world::{World, ip, mac, site};
use crate::event::{
    Body, Command, IfCountersV1, IfMetaV1, IfSampleV1, ObsPollV1, ObsSourceV1, Observation,
    PollOutcome, RunStep,
};
use crate::model::{
    AlertId, AlertState, CareLevel, Condition, Confirm, DeviceState, FactKey, IfIndex, IfStatus,
    InterfaceRef, RateState, Revert, Risk, RunId, RunPlan, RunState, Severity, Text, Work,
};

fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn only(w: &World) -> AlertId {
    let open: Vec<AlertId> = w
        .state
        .alerts_sorted()
        .iter()
        .filter(|a| a.is_active())
        .map(|a| a.id)
        .collect();
    assert_eq!(open.len(), 1, "{:?}", w.open());
    open[0]
}

fn battery(w: &mut World, seconds: u32, left: u32) {
    w.facts.insert(
        "ups-1".into(),
        vec![
            (FactKey::UpsSecondsOnBattery, seconds.to_string().into()),
            (FactKey::UpsMinutesLeft, left.to_string().into()),
            (FactKey::UpsCharge, "80".into()),
        ],
    );
    w.run(40);
}

#[test]
fn a_ups_on_battery_is_degraded_and_worse_when_little_is_left() {
    let mut w = World::new();
    w.run(120);
    battery(&mut w, 12, 34);
    assert_eq!(
        w.open(),
        [("ups-1".into(), "on battery; 34 min left".into())]
    );
    assert_eq!(w.is("ups-1"), DeviceState::Degraded);
    assert_eq!(w.why("ups-1"), "on battery");
    let id = only(&w);
    w.order(Command::Acknowledge {
        alert: id,
        note: "looking".into(),
        until: None,
    });
    assert_eq!(w.state.alerts[&id].state, AlertState::Acknowledged);
    assert_eq!(w.state.counts.alerts_new, [0; 4]);
    battery(&mut w, 60, 30);
    assert_eq!(
        w.state.alerts[&id].state,
        AlertState::Acknowledged,
        "no worse"
    );
    battery(&mut w, 90, 8);
    assert_eq!(w.state.alerts[&id].severity, Severity::Critical);
    assert_eq!(
        w.state.alerts[&id].state,
        AlertState::Open,
        "worse opens it again"
    );
    battery(&mut w, 0, 60);
    assert_eq!(w.open(), []);
    assert_eq!(w.is("ups-1"), DeviceState::Up);
    assert_eq!(w.told().len(), 3, "{:?}", w.told());
    battery(&mut w, 5, 60);
    let again = only(&w);
    assert_eq!(again, id, "the same alert over its whole life");
    assert_eq!(w.state.alerts[&id].count, 3);
}

#[test]
fn an_acknowledgement_expires() {
    let mut w = World::new();
    w.run(120);
    battery(&mut w, 12, 34);
    let id = only(&w);
    let until = w.now + secs(600);
    w.order(Command::Acknowledge {
        alert: id,
        note: "on my way".into(),
        until: Some(until),
    });
    w.run(590);
    assert_eq!(w.state.alerts[&id].state, AlertState::Acknowledged);
    w.run(20);
    assert_eq!(w.state.alerts[&id].state, AlertState::Open);
    assert_eq!(w.told().len(), 2);
    w.order(Command::Acknowledge {
        alert: id,
        note: Text::empty(),
        until: None,
    });
    w.order(Command::Unacknowledge { alert: id });
    assert_eq!(w.state.alerts[&id].state, AlertState::Open);
}

#[test]
fn what_a_person_closed_stays_closed_until_it_gets_worse_or_comes_anew() {
    let mut w = World::new();
    w.run(120);
    battery(&mut w, 12, 34);
    let id = only(&w);
    w.order(Command::Close {
        alert: id,
        note: "planned".into(),
    });
    battery(&mut w, 60, 33);
    assert_eq!(w.open(), []);
    battery(&mut w, 99, 5);
    assert_eq!(only(&w), id, "worse");
    w.order(Command::Close {
        alert: id,
        note: "still planned".into(),
    });
    battery(&mut w, 0, 60);
    battery(&mut w, 3, 60);
    assert_eq!(only(&w), id, "anew");
}

#[test]
fn a_recovery_reaches_people_even_when_the_alert_was_acknowledged() {
    let mut w = World::new();
    w.run(120);
    w.dead.insert("sw-c".into());
    w.run(120);
    let id = only(&w);
    w.order(Command::Acknowledge {
        alert: id,
        note: Text::empty(),
        until: None,
    });
    w.dead.remove("sw-c");
    w.run(60);
    assert!(w.notices.iter().any(|(_, n)| n.recovered && n.alert == id));
}

#[test]
fn a_restart_is_told_once_and_ends_by_itself() {
    let mut w = World::new();
    w.run(120);
    w.reboot("sw-b");
    w.run(60);
    let id = only(&w);
    assert_eq!(w.state.alerts[&id].condition, Condition::Restarted);
    assert_eq!(w.state.alerts[&id].severity, Severity::Info);
    assert_eq!(w.state.alerts[&id].count, 1);
    w.run(840);
    assert_eq!(w.open().len(), 1);
    w.run(60);
    assert_eq!(w.open(), []);
}

#[test]
fn old_firmware_is_a_finding_until_it_is_new() {
    let mut demanded = site();
    demanded.firmware[0].minimum = "9.40".into();
    let mut w = World::of(demanded.clone());
    assert_eq!(
        w.open(),
        [("pump-1".into(), "firmware 9.33 is older than 9.40".into())]
    );
    let alert = w.state.alerts_sorted()[0].clone();
    let lines: Vec<&str> = alert.details.iter().map(Text::as_str).collect();
    assert_eq!(
        lines,
        [
            "9.33 according to site",
            "ward Intensive care 3: ring 4711",
            "meanwhile: pumps run on by themselves",
            "biomedical engineer on call: Kim 4242",
            "BD: +1 800 1, contract C-7",
        ]
    );
    for spec in &mut demanded.devices {
        if spec.name.as_str() == "pump-1" {
            spec.firmware = "12".into();
        }
    }
    w.configure(demanded);
    assert_eq!(w.open(), []);
}

#[test]
fn refused_credentials_are_named() {
    let mut w = World::new();
    w.run(60);
    w.mute.insert("sw-c".into());
    w.poll(
        ip("10.0.0.4"),
        PollOutcome::Refused("wrong digest for user ops".into()),
        Vec::new(),
        Vec::new(),
    );
    assert_eq!(w.is("sw-c"), DeviceState::Degraded);
    assert_eq!(
        w.open(),
        [("sw-c".into(), "refuses: wrong digest for user ops".into())]
    );
    w.poll(
        ip("10.0.0.4"),
        PollOutcome::Malformed("no sequence".into()),
        Vec::new(),
        Vec::new(),
    );
    let id = only(&w);
    assert_eq!(w.state.alerts[&id].condition, Condition::AgentDown);
    w.poll(
        ip("10.0.0.4"),
        PollOutcome::Answered,
        Vec::new(),
        Vec::new(),
    );
    assert_eq!(w.open(), []);
    assert_eq!(w.is("sw-c"), DeviceState::Up);
}

fn sample(w: &World, octets: u64, errors: u64) -> Vec<IfSampleV1> {
    let uptime = (w.now.0 / 10 % 4_000_000_000) as u32;
    [(1u32, octets), (50, 0)]
        .into_iter()
        .map(|(index, octets)| IfSampleV1 {
            index: IfIndex(index),
            meta: Some(Box::new(IfMetaV1 {
                name: format!("Gi1/0/{index}").into(),
                alias: Text::empty(),
                kind: 6,
                speed: 1_000_000_000,
                mac: None,
            })),
            admin: IfStatus::Up,
            oper: IfStatus::Up,
            counters: Some(IfCountersV1 {
                in_octets: octets,
                out_octets: octets / 2,
                errors: if index == 50 { errors } else { 0 },
                wide: true,
                discontinuity: 0,
                uptime,
            }),
        })
        .collect()
}

#[test]
fn a_full_interface_and_one_with_errors_are_told_after_three_polls_and_counted_to_the_segment() {
    let mut w = World::new();
    w.run(120);
    w.mute.insert("sw-b".into());
    let offices = w.state.segment_named("Offices").unwrap().id;
    let (mut octets, mut errors) = (0, 0);
    for n in 0..5 {
        w.now = w.now + secs(60);
        let ports = sample(&w, octets, errors);
        w.poll(ip("10.0.0.3"), PollOutcome::Answered, ports, Vec::new());
        // 95 % of a gigabit
        octets += 60 * 118_750_000;
        errors += 600;
        if n == 1 {
            assert_eq!(w.state.segments[&offices].out_bps, 950_000_000);
            assert_eq!(w.state.segment_summary[&offices].in_bps, 475_000_000);
        }
        assert_eq!(
            w.open().len(),
            if n < 3 { 0 } else { 2 },
            "{n}: {:?}",
            w.open()
        );
    }
    let texts: Vec<String> = w.open().into_iter().map(|(_, t)| t).collect();
    assert!(
        texts.contains(&"Gi1/0/1 is full: 95 % of its speed".to_string()),
        "{texts:?}"
    );
    assert!(
        texts.contains(&"Gi1/0/50 loses packets: 10 a second".to_string()),
        "{texts:?}"
    );
    assert_eq!(w.is("sw-b"), DeviceState::Degraded, "errors on an uplink");
    for _ in 0..3 {
        w.now = w.now + secs(60);
        let ports = sample(&w, octets, errors);
        w.poll(ip("10.0.0.3"), PollOutcome::Answered, ports, Vec::new());
    }
    assert_eq!(w.open(), []);
    assert_eq!(w.is("sw-b"), DeviceState::Up);
    assert_eq!(w.state.segments[&offices].out_bps, 0);
    // the counters go backwards: no rate, and the next one is right again
    w.now = w.now + secs(60);
    let ports = sample(&w, 5, errors);
    w.poll(ip("10.0.0.3"), PollOutcome::Answered, ports, Vec::new());
    assert_eq!(
        w.device("sw-b").interfaces[&IfIndex(1)].rate,
        RateState::NoBaseline
    );
    w.now = w.now + secs(60);
    let ports = sample(&w, 5 + 60 * 125_000, errors);
    w.poll(ip("10.0.0.3"), PollOutcome::Answered, ports, Vec::new());
    assert_eq!(
        w.device("sw-b").interfaces[&IfIndex(1)].traffic.in_bps,
        1_000_000
    );
}

#[test]
fn a_station_nobody_declared_in_a_clinical_segment_is_a_finding_with_its_port() {
    let mut w = World::new();
    w.run(300);
    let stranger = mac(200);
    w.stations
        .insert(stranger, ("sw-a".into(), 7, 310, Some(ip("10.31.0.66"))));
    w.run(1000);
    assert_eq!(
        w.open(),
        [(
            "10.31.0.66".to_string(),
            "a station nobody declared in ICU-3, on sw-a Gi1/0/7".to_string()
        )]
    );
    assert_eq!(w.notices[0].1.severity, Severity::Major);
    let d = w.state.device_at(ip("10.31.0.66")).unwrap();
    assert_eq!(d.touch.policy, crate::model::TouchPolicy::Passive);
    assert_eq!(d.touch.because.as_str(), "unknown in a clinical segment");
    // the same in the offices is nobody's business
    w.stations
        .insert(mac(201), ("sw-c".into(), 8, 50, Some(ip("10.50.0.77"))));
    w.run(1000);
    assert_eq!(w.open().len(), 1);
    // it is declared
    let mut declared = site();
    declared.devices.push(crate::model::DeviceSpec {
        name: "mon-2".into(),
        class: crate::model::DeviceClass::PatientMonitor,
        macs: vec![stranger],
        ..Default::default()
    });
    w.configure(declared);
    assert_eq!(w.open(), []);
    assert_eq!(w.is("mon-2"), DeviceState::Up);
}

#[test]
fn two_stations_on_one_address_are_found_out() {
    let mut w = World::new();
    w.run(120);
    w.arp("10.31.0.11", mac(11));
    for _ in 0..3 {
        w.run(30);
        w.arp("10.31.0.11", mac(222));
        w.run(30);
        w.arp("10.31.0.11", mac(11));
    }
    let alerts: Vec<_> = w
        .state
        .alerts_sorted()
        .iter()
        .filter(|a| a.is_active() && a.condition == Condition::DuplicateAddress)
        .map(|a| (w.alert_device(a), a.severity))
        .collect();
    assert_eq!(alerts, [("vent-1".to_string(), Severity::Major)]);
    assert_eq!(
        w.device("vent-1").address,
        Some(ip("10.31.0.11")),
        "the declared one keeps it"
    );
    w.run(1200);
    assert!(
        w.state
            .alerts
            .values()
            .all(|a| a.condition != Condition::DuplicateAddress || !a.is_active())
    );
}

#[test]
fn trouble_of_wardwatch_itself_is_an_alert_too() {
    let mut w = World::new();
    let at = w.now;
    let say = |w: &mut World, trouble: &str| {
        w.see(Observation::Source(ObsSourceV1 {
            at,
            source: "log".into(),
            trouble: trouble.into(),
            dropped: 7,
        }));
    };
    say(&mut w, "disk full");
    assert_eq!(w.open(), [(String::new(), "log: disk full".to_string())]);
    assert_eq!(w.state.dropped[&Text::from("log")], 7);
    say(&mut w, "");
    assert_eq!(w.open(), []);
    assert!(w.state.troubles.is_empty());
}

fn plan(w: &World) -> RunPlan {
    let d = w.device("sw-a");
    RunPlan {
        remediation: "port-bounce".into(),
        title: "Bounce a port".into(),
        device: d.id,
        device_name: d.name.clone(),
        address: d.address,
        on_behalf_of: None,
        inputs: std::collections::BTreeMap::new(),
        work: Work::IfAdmin {
            interface: InterfaceRef {
                index: IfIndex(11),
                name: "Gi1/0/11".into(),
                alias: Text::empty(),
            },
            bounce: true,
            revert_s: 30,
        },
        packets: Vec::new(),
        risk: Risk::Medium,
        care: CareLevel::Admin,
        confirm: Confirm::Key,
        timeout_s: 60,
        notes: Vec::new(),
        dry_run: false,
    }
}

#[test]
fn a_revert_that_is_late_is_critical_until_it_is_done() {
    let mut w = World::new();
    w.run(60);
    let step = RunStep::Planned {
        plan: Box::new(plan(&w)),
        by: "ana".into(),
        reason: "pump hangs".into(),
    };
    w.apply(Body::Run(step));
    let run = RunId(w.state.seq.0);
    w.apply(Body::Run(RunStep::Started { run }));
    let due = w.now + secs(30);
    w.apply(Body::Run(RunStep::RevertDue {
        run,
        revert: Revert {
            due,
            interface_index: 11,
            interface_name: "Gi1/0/11".into(),
            admin_status: 1,
            done: None,
        },
    }));
    let lines = (0..500).map(|n| Text::from(format!("line {n}"))).collect();
    w.apply(Body::Run(RunStep::Output {
        run,
        lines,
        dropped: 3,
    }));
    assert_eq!(w.state.runs[&run].output.len(), crate::model::OUTPUT_LINES);
    assert_eq!(w.state.runs[&run].output_dropped, 103);
    assert_eq!(w.state.unfinished_runs().count(), 1);
    assert_eq!(w.state.overdue_reverts(w.now).count(), 0);
    w.run(60);
    assert_eq!(w.state.overdue_reverts(w.now).count(), 1);
    assert_eq!(
        w.open(),
        [("sw-a".to_string(), "Gi1/0/11 was not put back".to_string())]
    );
    w.apply(Body::Run(RunStep::Ended {
        run,
        state: RunState::Interrupted,
        exit: None,
        output_hash: Text::empty(),
        outcome: "killed".into(),
    }));
    assert_eq!(
        w.state.unfinished_runs().count(),
        1,
        "something is to be put back"
    );
    w.apply(Body::Run(RunStep::RevertDone {
        run,
        error: Text::empty(),
    }));
    assert_eq!(w.open(), []);
    assert_eq!(w.state.unfinished_runs().count(), 0);
    assert!(
        w.device("sw-a")
            .changes
            .iter()
            .any(|c| c.what.as_str() == "port-bounce by ana")
    );
}

#[test]
fn a_device_that_restarts_again_stays_in_the_list_and_says_how_often() {
    let mut w = World::new();
    w.run(120);
    w.reboot("sw-b");
    w.run(600);
    w.reboot("sw-b");
    w.run(840);
    let id = only(&w);
    assert_eq!(w.state.alerts[&id].count, 2);
    assert_eq!(w.state.alerts[&id].text.as_str(), "restarted 2 times");
    w.run(120);
    assert_eq!(w.open(), []);
}

#[test]
fn a_start_that_looks_like_the_wrap_of_the_clock_is_told_by_its_boots() {
    for (boots, restarted) in [(None, false), (Some(7), false), (Some(8), true)] {
        let mut w = World::new();
        let poll = |w: &mut World, uptime: u32, boots: Option<u32>| {
            let at = w.now;
            w.see(Observation::Poll(Box::new(ObsPollV1 {
                address: ip("10.0.0.3"),
                at,
                outcome: PollOutcome::Answered,
                credential: "ro".into(),
                rtt_ms: Some(1),
                uptime: Some(uptime),
                engine_boots: boots,
                system: None,
                facts: Vec::new(),
                interfaces: Vec::new(),
                interfaces_whole: false,
            })));
        };
        poll(&mut w, u32::MAX - 1_000, boots.map(|_| 7));
        w.now = w.now + secs(30);
        poll(&mut w, 1_999, boots);
        assert_eq!(w.open().len(), usize::from(restarted), "{boots:?}");
    }
}
