//! Who is down, who can't be judged, and that one fault is one red thing.

use std::time::Duration;

use super::world::{World, ip, mac, site};
use crate::event::{Body, EffectKind, ObsForwardingV1, Observation};
use crate::model::{
    AlertState, CareLevel, Condition, DeviceClass, DeviceState, LinkSource, Reach, Severity,
};

use DeviceState::{Degraded, Down, Unknown, Up};

#[test]
fn what_was_never_seen_is_unknown_and_what_is_seen_is_up() {
    let mut w = World::new();
    assert!(w.state.devices.values().all(|d| d.state == Unknown));
    assert_eq!(w.why("vent-1"), "never seen");
    w.run(120);
    for name in [
        "core", "sw-a", "sw-b", "sw-c", "ups-1", "vent-1", "pump-1", "ws-1", "prn-1",
    ] {
        assert_eq!(w.is(name), Up, "{name}: {}", w.why(name));
    }
    assert_eq!(w.open(), []);
    assert_eq!(w.state.counts.up, 12);
    let icu = w.state.segment_named("icu-3").unwrap().id;
    let summary = &w.state.segment_summary[&icu];
    assert_eq!((summary.counts.up, summary.counts.total), (5, 5));
    assert_eq!(summary.by_class[0].0, DeviceClass::Ventilator);
    assert_eq!(
        w.state.care_summary()[0],
        (CareLevel::LifeSustaining, w.state.care_counts[0])
    );
    assert_eq!(w.state.care_counts[0].up, 4);
}

#[test]
fn stations_hang_on_their_access_port_not_on_an_uplink() {
    let mut w = World::new();
    w.run(120);
    let at = |w: &World, name: &str| {
        w.state
            .location(w.device(name))
            .unwrap()
            .as_str()
            .to_string()
    };
    assert_eq!(at(&w, "vent-1"), "sw-a Gi1/0/11");
    assert_eq!(at(&w, "ws-1"), "sw-c Gi1/0/2");
    assert_eq!(w.state.links.len(), 3);
    assert!(
        w.state
            .links
            .values()
            .all(|l| l.source == LinkSource::LldpBoth && l.up == Some(true))
    );
}

#[test]
fn a_dead_icu_switch_makes_one_root_alert_that_counts_its_ventilators_and_no_child_is_notified() {
    let mut w = World::new();
    w.run(600);
    assert_eq!(w.told(), Vec::<String>::new());
    w.dead.insert("sw-a".into());
    let fault = w.now;
    w.run(300);
    assert_eq!(
        w.open(),
        [(
            "sw-a".to_string(),
            "stopped answering; 5 devices behind it, 3 ventilators, 1 infusion pump".to_string()
        )]
    );
    assert_eq!(w.told().len(), 1, "{:?}", w.told());
    let (told, notice) = &w.notices[0];
    assert!(told.since(fault).as_secs() <= 90, "{:?}", told.since(fault));
    assert_eq!(notice.severity, Severity::Critical);
    assert_eq!(w.is("sw-a"), Down);
    for name in ["vent-1", "vent-2", "vent-3", "pump-1", "mon-1"] {
        assert_eq!(w.is(name), Unknown);
        assert_eq!(w.why(name), "sw-a before it is down");
        assert_eq!(w.device(name).passive.reach, Reach::Blind);
    }
    let counts = w.state.counts;
    assert_eq!(counts.root_cause_alerts, 1);
    assert_eq!(counts.child_alerts_notified, 0);
    assert_eq!(counts.children_counted, 5);
    assert_eq!(counts.alerts_new, [0, 0, 0, 1]);
    let root = w.state.alerts_sorted()[0].clone();
    assert_eq!(root.impact.by_care[0], (CareLevel::LifeSustaining, 4));
    assert_eq!(root.impact.by_ward, [("Intensive care 3".into(), 5)]);
    assert!(
        root.details
            .iter()
            .any(|l| l.as_str() == "Intensive care 3: 5 behind it, ring 4711")
    );
    // the core's port to it is how the same fault looks from there
    let link = w
        .state
        .alerts
        .values()
        .find(|a| a.condition == Condition::LinkDown)
        .unwrap();
    assert_eq!(link.state, AlertState::Pending);
    assert_eq!(link.parent, Some(root.id));
}

#[test]
fn recovery_closes_the_alert_and_everybody_is_judged_anew() {
    let mut w = World::new();
    w.run(300);
    w.dead.insert("sw-a".into());
    w.run(200);
    w.dead.remove("sw-a");
    w.run(200);
    assert_eq!(w.open(), []);
    let told = w.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].starts_with("sw-a: over: stopped answering"));
    for name in ["sw-a", "vent-1", "vent-2", "vent-3", "pump-1", "mon-1"] {
        assert_eq!(w.is(name), Up, "{name}: {}", w.why(name));
    }
    let counts = w.state.counts;
    assert_eq!((counts.root_cause_alerts, counts.children_counted), (0, 0));
    assert!(
        w.state
            .alerts
            .values()
            .all(|a| a.state == AlertState::Closed)
    );
}

#[test]
fn what_is_still_missing_after_two_cycles_is_opened_then() {
    let mut w = World::new();
    w.run(300);
    w.dead.insert("sw-a".into());
    w.dead.insert("vent-2".into());
    w.run(200);
    assert_eq!(w.open().len(), 1);
    w.dead.remove("sw-a");
    w.run(25);
    assert_eq!(w.is("vent-2"), Unknown, "not judged before it had time");
    w.run(200);
    assert_eq!(w.is("vent-1"), Up);
    assert_eq!(w.is("vent-2"), Down);
    let open = w.open();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0].0, "vent-2");
    assert!(open[0].1.starts_with("no longer seen"), "{open:?}");
    assert_eq!(w.state.counts.child_alerts_notified, 0);
}

#[test]
fn a_switch_behind_a_dead_switch_is_no_fault_of_its_own() {
    let mut w = World::new();
    w.run(300);
    w.dead.insert("sw-b".into());
    w.run(400);
    let open = w.open();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0].0, "sw-b");
    // the switch, the printer, and the workstation behind both
    assert!(open[0].1.contains("3 devices behind it"), "{open:?}");
    for name in ["sw-c", "ws-1", "prn-1"] {
        assert_eq!(w.why(name), "sw-b before it is down", "{name}");
        assert_eq!(w.is(name), Unknown, "{name}");
    }
    assert_eq!(w.told().len(), 1, "{:?}", w.told());
    assert_eq!(w.state.counts.child_alerts_notified, 0);
    w.dead.remove("sw-b");
    w.run(300);
    assert_eq!(w.open(), []);
    assert_eq!(w.told().len(), 2, "{:?}", w.notices);
    assert_eq!(w.is("ws-1"), Up);
    assert_eq!(w.is("prn-1"), Up);
}

#[test]
fn a_second_fault_behind_the_first_comes_out_when_the_first_is_over() {
    let mut w = World::new();
    w.run(300);
    w.dead.insert("sw-b".into());
    w.dead.insert("sw-c".into());
    w.run(300);
    w.dead.remove("sw-b");
    w.run(40);
    assert_eq!(w.is("sw-b"), Up);
    assert!(w.told().len() <= 2, "no word on sw-c yet: {:?}", w.told());
    w.run(200);
    let open = w.open();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(
        open[0],
        (
            "sw-c".to_string(),
            "stopped answering; 1 device behind it".to_string()
        )
    );
    assert_eq!(w.state.counts.child_alerts_notified, 0);
}

#[test]
fn a_ring_keeps_its_members_reachable() {
    let mut w = World::new();
    // sw-a and sw-c close a ring
    w.cables.push(("sw-a".into(), 50, "sw-c".into(), 48));
    w.run(1000);
    let sw_b = w.device("sw-b").id;
    let behind: Vec<String> = w
        .state
        .behind(sw_b)
        .iter()
        .map(|d| w.state.devices[d].name.as_str().to_string())
        .collect();
    assert_eq!(behind, ["prn-1"], "sw-c has another way");
    w.dead.insert("sw-b".into());
    w.run(300);
    assert_eq!(w.is("sw-c"), Up);
    assert_eq!(w.is("ws-1"), Up);
    let open = w.open();
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(open[0].1.contains("1 device behind it"), "{open:?}");
}

#[test]
fn a_cut_cable_of_a_ring_is_a_fault_of_the_cable() {
    let mut w = World::new();
    w.cables.push(("sw-a".into(), 50, "sw-c".into(), 48));
    w.run(1000);
    w.cut.insert(2);
    w.run(200);
    assert_eq!(
        w.open(),
        [(
            "sw-b".to_string(),
            "Gi1/0/50 to sw-c lost its link".to_string()
        )]
    );
    assert_eq!(w.is("sw-c"), Up);
    w.cut.remove(&2);
    w.run(200);
    assert_eq!(w.open(), []);
}

#[test]
fn a_cut_cable_that_was_the_only_one_is_one_alert() {
    let mut w = World::new();
    w.run(1000);
    w.cut.insert(0);
    w.run(300);
    let open = w.open();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0].0, "sw-a");
    assert_eq!(w.told().len(), 1, "{:?}", w.told());
}

#[test]
fn the_device_at_the_collectors_cable_takes_all_with_it() {
    let mut w = World::new();
    w.run(300);
    w.dead.insert("core".into());
    w.run(300);
    let open = w.open();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0].0, "core");
    assert_eq!(w.state.counts.children_counted, 11);
    assert_eq!(w.state.counts.child_alerts_notified, 0);
    assert_eq!(w.told().len(), 1);
}

#[test]
fn a_ping_does_not_clear_an_snmp_fault() {
    let mut w = World::new();
    w.run(300);
    w.mute.insert("sw-c".into());
    for _ in 0..30 {
        w.run(10);
        let at = w.now;
        w.see(crate::event::Observation::Ping(crate::event::ObsPingV1 {
            at,
            address: super::world::ip("10.0.0.4"),
            rtt_ms: Some(1),
        }));
    }
    assert_eq!(w.is("sw-c"), Degraded);
    assert_eq!(w.device("sw-c").snmp.reach, Reach::Silent);
    let alerts: Vec<Condition> = w
        .state
        .alerts_sorted()
        .iter()
        .filter(|a| a.is_active())
        .map(|a| a.condition)
        .collect();
    assert_eq!(alerts, [Condition::AgentDown]);
}

#[test]
fn an_agent_that_hangs_while_its_switch_carries_traffic_is_degraded_not_down() {
    let mut w = World::new();
    w.run(300);
    // sw-c and the printer answer through sw-b
    w.mute.insert("sw-b".into());
    w.run(300);
    assert_eq!(w.is("sw-b"), Degraded, "{}", w.why("sw-b"));
    assert_eq!(w.why("sw-b"), "carries traffic, no answer to SNMP");
    assert_eq!(w.is("sw-c"), Up);
    let open = w.open();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(w.state.counts.child_alerts_notified, 0);
}

#[test]
fn a_ventilator_whose_port_lost_link_is_no_longer_seen_and_that_is_critical() {
    let mut w = World::new();
    w.run(300);
    w.pulled.insert(("sw-a".into(), 12));
    let fault = w.now;
    w.run(90);
    assert_eq!(
        w.open(),
        [(
            "vent-2".to_string(),
            "no longer seen; sw-a Gi1/0/12 lost link".to_string()
        )]
    );
    assert_eq!(w.notices[0].1.severity, Severity::Critical);
    assert!(w.notices[0].0.since(fault).as_secs() <= 61);
    w.pulled.clear();
    w.run(90);
    assert_eq!(w.is("vent-2"), Up);
    assert_eq!(w.open(), []);
}

#[test]
fn one_lost_answer_is_no_fault() {
    let mut w = World::new();
    w.run(300);
    for _ in 0..3 {
        w.mute.insert("sw-b".into());
        w.run(30);
        w.mute.remove("sw-b");
        w.run(60);
    }
    assert_eq!(w.told(), Vec::<String>::new());
    assert_eq!(w.is("sw-b"), Up);
}

#[test]
fn nobody_is_asked_that_may_not_be() {
    let mut w = World::new();
    w.run(60);
    let asked: Vec<String> = w.targets.iter().map(|t| w.name_at(t.address)).collect();
    assert_eq!(asked, ["core", "sw-a", "sw-b", "sw-c", "ups-1", "prn-1"]);
    let printer = w
        .targets
        .iter()
        .find(|t| w.name_at(t.address) == "prn-1")
        .unwrap();
    assert_eq!(printer.jobs, [(crate::event::Job::Status, 60)]);
}

#[test]
fn without_a_known_topology_each_device_speaks_for_itself() {
    let mut site = site();
    site.collector_at = "".into();
    let mut w = World::of(site);
    w.tables = false;
    w.run(300);
    w.dead.insert("sw-b".into());
    w.run(400);
    let open = w.open();
    assert_eq!(open.len(), 3, "{open:?}");
}

#[test]
fn evidence_that_grew_old_proves_nothing() {
    let mut w = World::new();
    w.run(300);
    w.tables = false;
    w.run(3600);
    assert_eq!(w.is("vent-1"), Unknown);
    assert_eq!(w.why("vent-1"), "the table of sw-a is old");
    assert_eq!(w.open(), []);
    assert_eq!(w.is("sw-a"), Up);
}

#[test]
fn a_station_that_moves_is_followed() {
    let mut w = World::new();
    w.run(1000);
    let (_, _, vlan, address) = w.stations[&mac(12)].clone();
    w.stations
        .insert(mac(12), ("sw-c".into(), 7, vlan, address));
    w.run(1000);
    let place = w.state.location(w.device("vent-2")).unwrap();
    assert_eq!(place.as_str(), "sw-c Gi1/0/7");
    assert_eq!(w.is("vent-2"), Up);
    assert!(
        w.device("vent-2")
            .changes
            .iter()
            .any(|c| c.what.as_str() == "port")
    );
    let _ = Body::Tick;
}

#[test]
fn a_station_that_one_table_lacks_is_not_gone_before_the_next_lacks_it_too() {
    let mut w = World::new();
    w.run(300);
    let table = |w: &mut World, without: &str| {
        let (via, at) = (ip("10.0.0.2"), w.now);
        let gone = w.device(without).macs.clone();
        let mut entries = w.fdb("sw-a");
        entries.retain(|e| !gone.contains(&e.mac));
        w.see(Observation::Forwarding(ObsForwardingV1 {
            via,
            at,
            entries,
            whole: true,
        }))
    };
    w.tables = false;
    table(&mut w, "pump-1");
    assert_eq!(w.is("pump-1"), Up);
    assert_eq!(w.open(), []);
    // it spoke again
    w.now = w.now + Duration::from_mins(1);
    table(&mut w, "mon-1");
    assert_eq!((w.is("pump-1"), w.is("mon-1")), (Up, Up));
    w.now = w.now + Duration::from_mins(1);
    table(&mut w, "mon-1");
    assert_eq!(w.is("mon-1"), Down);
    assert_eq!(
        w.open(),
        [(
            "mon-1".to_string(),
            "no longer seen; sw-a no longer hears it".to_string()
        )]
    );
}

#[test]
fn a_table_that_lacks_a_ventilator_is_read_once_more_at_once() {
    let mut w = World::new();
    w.run(300);
    let (via, at) = (ip("10.0.0.2"), w.now);
    let gone = w.device("vent-1").macs.clone();
    let mut entries = w.fdb("sw-a");
    entries.retain(|e| !gone.contains(&e.mac));
    w.tables = false;
    w.see(Observation::Forwarding(ObsForwardingV1 {
        via,
        at,
        entries,
        whole: true,
    }));
    assert!(
        w.state
            .due()
            .is_some_and(|due| due <= w.now + Duration::from_mins(1))
    );
    w.now = w.now + Duration::from_mins(1);
    let outcome = w.apply(Body::Tick);
    assert!(
        outcome
            .effects
            .iter()
            .any(|e| matches!(&e.kind, EffectKind::ReadTables(who) if who.contains(&via)))
    );
}
