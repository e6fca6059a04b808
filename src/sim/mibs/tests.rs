use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::Mac;
use crate::sim::hospital::{Peer, Speaks};

const FDB: &str = "1.3.6.1.2.1.17.7.1.2.2.1.2";
const ARP: &str = "1.3.6.1.2.1.4.22.1.2";
const LLDP_REM_NAME: &str = "1.0.8802.1.1.2.1.4.1.1.9";

fn world(scenario: &str) -> Arc<World> {
    let hospital = Hospital::build(200, 7, 1161);
    Arc::new(World::new(hospital, scenario.parse().unwrap()))
}

fn at(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn walk(agent: &HospitalAgent, root: &str, when: Duration) -> Vec<VarBind> {
    let root: Oid = root.parse().unwrap();
    let mib = agent.mib(when);
    let mut name = root.clone();
    let mut all = Vec::new();
    while let Some(found) = mib.next(&name, when).filter(|v| v.oid.is_under(&root)) {
        assert!(found.oid > name);
        name = found.oid.clone();
        all.push(found);
    }
    all
}

fn get(agent: &HospitalAgent, name: &str, when: Duration) -> Option<Value> {
    agent.mib(when).get(&name.parse().unwrap(), when)
}

fn agent(world: &Arc<World>, name: &str) -> HospitalAgent {
    let place = place(world, name);
    HospitalAgent::new(world.clone(), place)
}

fn place(world: &World, name: &str) -> usize {
    world
        .hospital
        .devices
        .iter()
        .position(|d| d.name == name)
        .unwrap()
}

/// The MACs a switch has learned, with the bridge port.
fn fdb(agent: &HospitalAgent, when: Duration) -> BTreeMap<Mac, i64> {
    walk(agent, FDB, when)
        .iter()
        .map(|v| {
            let arcs = v.oid.arcs();
            let octets: Vec<u8> = arcs[arcs.len() - 6..].iter().map(|a| *a as u8).collect();
            (
                Mac::from_octets(&octets).unwrap(),
                v.value.as_i64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_agent_can_be_walked_from_end_to_end_in_order() {
    let world = world("evening");
    for device in world.hospital.agents() {
        let agent = HospitalAgent::new(world.clone(), device);
        for when in [at(5), at(100)] {
            let all = walk(&agent, "1.0", when).len() + walk(&agent, "1.3", when).len();
            assert!(all > 40, "{} {all}", world.hospital.devices[device].name);
        }
    }
}

#[test]
fn a_supply_fails_and_a_refrigerator_warms_until_both_are_put_right() {
    const SUPPLY: &str = "1.3.6.1.4.1.9.9.13.1.5.1.3.1006";
    const FRIDGE: &str = "1.3.6.1.4.1.3854.1.2.2.1.16.1.14.0";
    let hospital = Hospital::build(5_000, 7, 1161);
    let world = Arc::new(World::new(hospital, "parts-fail".parse().unwrap()));
    let h = &world.hospital;
    let switch = HospitalAgent::new(world.clone(), h.cast.icu_switch);
    let monitor = |d: &crate::sim::hospital::Device| d.class == DeviceClass::Sensor;
    let monitor = HospitalAgent::new(world.clone(), h.devices.iter().position(monitor).unwrap());
    let tenths = |s| get(&monitor, FRIDGE, at(s)).unwrap().as_i64().unwrap();
    assert_eq!(get(&switch, SUPPLY, at(5)), Some(Value::Integer(1)));
    assert!((40..60).contains(&tenths(5)));
    assert_eq!(get(&switch, SUPPLY, at(100)), Some(Value::Integer(6)));
    assert!(tenths(1_400) > 150, "{}", tenths(1_400));
    assert_eq!(get(&switch, SUPPLY, at(2_000)), Some(Value::Integer(1)));
    assert!((40..60).contains(&tenths(2_000)));
}

#[test]
fn a_switch_has_learned_its_stations_on_their_ports_and_the_gateway_on_its_uplink() {
    let world = world("quiet");
    let h = &world.hospital;
    let switch = place(&world, "sw-3f-02");
    let table = fdb(&HospitalAgent::new(world.clone(), switch), at(5));
    let mut stations = 0;
    for port in &h.ports[h.devices[switch].ports.clone()] {
        if let Peer::Stations(there) = &port.peer {
            for station in there {
                stations += 1;
                assert_eq!(table[&h.devices[*station].mac], i64::from(port.base));
            }
        }
    }
    assert!(stations > 38);
    assert_eq!(table[&h.devices[0].mac], 49);
    // the databases are not numbered like the VLANs, and every number is explained
    let numbers: BTreeSet<u32> = walk(&agent(&world, "sw-3f-02"), FDB, at(5))
        .iter()
        .map(|v| v.oid.arcs()[13])
        .collect();
    let map: BTreeMap<u32, u32> = walk(
        &agent(&world, "sw-3f-02"),
        "1.3.6.1.2.1.17.7.1.4.2.1.3",
        at(5),
    )
    .iter()
    .map(|v| {
        (
            v.value.as_i64().unwrap() as u32,
            *v.oid.arcs().last().unwrap(),
        )
    })
    .collect();
    assert!(numbers.iter().all(|n| map.contains_key(n) && map[n] != *n));
    assert!(map.values().any(|v| *v == 310));
}

#[test]
fn the_root_knows_every_living_station_by_address_and_where_it_is_behind() {
    let world = world("icu-switch-dies");
    let h = &world.hospital;
    let root = agent(&world, "core-1");
    let before = walk(&root, ARP, at(5)).len();
    assert_eq!(before, h.devices.len() - 1);
    let dead = walk(&root, ARP, at(20)).len();
    let behind = h
        .devices
        .iter()
        .filter(|d| d.at.is_some_and(|p| h.ports[p].owner == h.cast.icu_switch))
        .count();
    assert_eq!(dead, before - behind - 1);
    let physical = walk(&root, "1.3.6.1.2.1.4.35.1.4", at(20)).len();
    assert_eq!(physical, dead);
    let vent = h.devices.iter().find(|d| d.name == "vent-icu3-07").unwrap();
    assert!(fdb(&root, at(5)).contains_key(&vent.mac));
    assert!(!fdb(&root, at(20)).contains_key(&vent.mac));
    assert!(fdb(&root, at(241)).contains_key(&vent.mac));
    assert_eq!(walk(&root, ARP, at(241)).len(), before);
}

#[test]
fn both_ends_of_every_cable_name_each_other() {
    let world = world("quiet");
    let h = &world.hospital;
    let named = |device: usize| -> BTreeSet<String> {
        walk(
            &HospitalAgent::new(world.clone(), device),
            LLDP_REM_NAME,
            at(5),
        )
        .iter()
        .map(|v| String::from_utf8(v.value.as_octets().unwrap().to_vec()).unwrap())
        .collect()
    };
    let root = named(0);
    for device in 0..h.devices.len() {
        if h.devices[device].name.starts_with("sw-") {
            assert!(root.contains(&h.devices[device].name));
            assert!(named(device).contains("core-1"));
        }
    }
}

#[test]
fn a_dead_switch_is_gone_and_comes_back_with_a_new_boot_and_a_young_uptime() {
    let world = world("icu-switch-dies");
    let switch = agent(&world, "sw-3f-02");
    assert!(switch.is_there(at(5)) && !switch.is_there(at(20)) && switch.is_there(at(240)));
    let (boots, _) = switch.engine(at(5));
    assert_eq!(switch.engine(at(250)), (boots + 1, 10));
    let uptime = |s| {
        get(&switch, "1.3.6.1.2.1.1.3.0", at(s))
            .unwrap()
            .as_i64()
            .unwrap()
    };
    assert!(uptime(5) > 8_640_000 * 20);
    assert_eq!(uptime(250), 1_000);
    // the core's port to it
    let root = agent(&world, "core-1");
    let h = &world.hospital;
    let downlink = &h.ports[h.devices[h.cast.icu_switch].at.unwrap()];
    let oper = |s| {
        get(
            &root,
            &format!("1.3.6.1.2.1.2.2.1.8.{}", downlink.if_index),
            at(s),
        )
    };
    assert_eq!(oper(5), Some(Value::Integer(1)));
    assert_eq!(oper(20), Some(Value::Integer(2)));
}

#[test]
fn a_ups_on_battery_counts_and_loses_runtime() {
    let world = world("ups-on-battery");
    let ups = HospitalAgent::new(world.clone(), world.hospital.cast.ups);
    let read = |object: &str, s| {
        get(&ups, &format!("1.3.6.1.2.1.33.1.{object}"), at(s))
            .unwrap()
            .as_i64()
            .unwrap()
    };
    assert_eq!(
        (read("2.2.0", 14), read("2.3.0", 14), read("2.4.0", 14)),
        (0, 42, 100)
    );
    assert_eq!(read("2.2.0", 75), 60);
    assert!(read("2.3.0", 600) < 42 && read("2.4.0", 600) < 100);
    assert_eq!((read("4.1.0", 14), read("4.1.0", 75)), (3, 5));
    assert_eq!((read("2.2.0", 1_801), read("4.1.0", 1_801)), (0, 3));
}

#[test]
fn the_stranger_appears_in_both_tables_on_a_live_port_of_a_clinical_segment() {
    let world = world("rogue-station");
    let h = &world.hospital;
    let stranger = &h.cast.stranger;
    assert!(h.segments[stranger.segment].kind.is_clinical());
    assert!(
        h.site
            .devices
            .iter()
            .all(|d| !d.macs.contains(&stranger.mac))
    );
    let port = &h.ports[stranger.port];
    let switch = HospitalAgent::new(world.clone(), port.owner);
    let root = agent(&world, "core-1");
    for (s, there) in [(14, false), (15, true), (900, false)] {
        assert_eq!(
            fdb(&switch, at(s)).get(&stranger.mac),
            there.then_some(&i64::from(port.base))
        );
        assert_eq!(fdb(&root, at(s)).contains_key(&stranger.mac), there);
        let arp = walk(&root, ARP, at(s));
        let last: Vec<u32> = stranger.address.octets().map(u32::from).to_vec();
        assert_eq!(arp.iter().any(|v| v.oid.arcs().ends_with(&last)), there);
        let oper = get(
            &switch,
            &format!("1.3.6.1.2.1.2.2.1.8.{}", port.if_index),
            at(s),
        );
        assert_eq!(oper, Some(Value::Integer(if there { 1 } else { 2 })));
    }
}

#[test]
fn only_if_admin_status_can_be_set_and_only_to_up_or_down() {
    let world = world("quiet");
    let switch = agent(&world, "sw-3f-02");
    let set = |name: &str, value: Value| {
        switch
            .set(
                at(5),
                &[VarBind {
                    oid: name.parse().unwrap(),
                    value,
                }],
            )
            .map_err(|e| e.status)
    };
    assert_eq!(
        set("1.3.6.1.2.1.2.2.1.7.10101", Value::Integer(3)),
        Err(SetError::WRONG_VALUE)
    );
    assert_eq!(
        set("1.3.6.1.2.1.2.2.1.7.10101", Value::Gauge32(1)),
        Err(SetError::WRONG_TYPE)
    );
    assert_eq!(
        set("1.3.6.1.2.1.2.2.1.7.4", Value::Integer(1)),
        Err(SetError::NO_CREATION)
    );
    assert_eq!(
        set("1.3.6.1.2.1.1.5.0", Value::Octets(vec![])),
        Err(SetError::NOT_WRITABLE)
    );
    assert_eq!(set("1.3.6.1.2.1.2.2.1.7.10101", Value::Integer(2)), Ok(()));
    let status = |column: u32| get(&switch, &format!("1.3.6.1.2.1.2.2.1.{column}.10101"), at(6));
    assert_eq!(
        (status(7), status(8)),
        (Some(Value::Integer(2)), Some(Value::Integer(2)))
    );
}

#[test]
fn a_shut_downlink_takes_the_switch_below_with_it() {
    let world = world("quiet");
    let h = &world.hospital;
    let port = h.devices[h.cast.icu_switch].at.unwrap();
    let root = agent(&world, "core-1");
    let name = format!("1.3.6.1.2.1.2.2.1.7.{}", h.ports[port].if_index);
    root.set(
        at(5),
        &[VarBind {
            oid: name.parse().unwrap(),
            value: Value::Integer(2),
        }],
    )
    .unwrap();
    assert!(!agent(&world, "sw-3f-02").is_there(at(6)));
    assert!(agent(&world, "sw-1f-01").is_there(at(6)));
}

#[test]
fn infrastructure_speaks_and_nothing_medical_does() {
    let world = world("quiet");
    for device in &world.hospital.devices {
        let speaks = device.speaks != Speaks::Nothing;
        assert!(!(speaks && device.class.is_medical()), "{}", device.name);
    }
    assert_eq!(world.hospital.devices[0].speaks, Speaks::V3);
}
