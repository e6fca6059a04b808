//! Who is who: addresses, MACs, names, segments, policies.

use std::time::Duration;

use super::world::{World, ip, mac, site};
use crate::engine::Outcome;
use crate::event::{ArpHow, EffectKind, ObsArpV1, ObsHeardV1, ObsNameV1, Observation};
use crate::model::{DeviceClass, FactKey, FactSource, Mac, Segment, Text, TouchPolicy};

#[test]
fn an_address_moves_with_its_mac_and_keeps_the_strictest_policy_for_a_day() {
    let mut w = World::new();
    w.run(60);
    // a guest gets a lease in the offices, then a never-touch pump's spare gets the same one
    w.arp("10.50.0.100", mac(150));
    let guest = w.state.device_at(ip("10.50.0.100")).unwrap().id;
    assert_eq!(
        w.state
            .memory
            .touch
            .as_ref()
            .unwrap()
            .policy(ip("10.50.0.100")),
        TouchPolicy::Arp
    );
    w.arp("10.50.0.100", mac(21));
    assert_eq!(w.device("pump-1").addresses.len(), 2);
    assert!(w.state.devices[&guest].addresses.is_empty());
    assert_eq!(
        w.state
            .memory
            .touch
            .as_ref()
            .unwrap()
            .policy(ip("10.50.0.100")),
        TouchPolicy::Never
    );
    w.now = w.now + Duration::from_hours(1);
    w.arp("10.50.0.100", mac(150));
    assert_eq!(w.state.device_at(ip("10.50.0.100")).unwrap().id, guest);
    assert_eq!(
        w.state
            .memory
            .touch
            .as_ref()
            .unwrap()
            .policy(ip("10.50.0.100")),
        TouchPolicy::Never,
        "the pump had it an hour ago"
    );
    w.now = w.now + Duration::from_hours(25);
    w.run(1);
    assert_eq!(
        w.state
            .memory
            .touch
            .as_ref()
            .unwrap()
            .policy(ip("10.50.0.100")),
        TouchPolicy::Arp
    );
}

#[test]
fn a_virtual_router_address_is_nobodys_mac() {
    let mut w = World::new();
    w.run(60);
    let before = w.state.devices.len();
    w.arp("10.0.0.254", Mac([0, 0, 0x5e, 0, 1, 7]));
    w.arp("10.0.0.254", Mac([0xff; 6]));
    assert_eq!(
        w.state.devices.len(),
        before + 1,
        "the address, without a MAC"
    );
    assert!(w.state.device_at(ip("10.0.0.254")).unwrap().macs.is_empty());
}

#[test]
fn the_longest_prefix_says_the_segment() {
    let mut nested = site();
    nested.segments[1]
        .nets
        .push("10.50.0.128/25".parse().unwrap());
    let mut w = World::of(nested);
    w.arp("10.50.0.200", mac(150));
    w.arp("10.50.0.20", mac(151));
    let segment = |w: &World, a: &str| {
        let id = w.state.device_at(ip(a)).unwrap().segment.unwrap();
        let Segment { name, .. } = &*w.state.segments[&id];
        name.as_str().to_string()
    };
    assert_eq!(segment(&w, "10.50.0.200"), "ICU-3");
    assert_eq!(segment(&w, "10.50.0.20"), "Offices");
}

#[test]
fn the_site_is_believed_before_a_device_and_what_disagrees_stays_beside() {
    let mut w = World::new();
    w.run(60);
    w.facts.insert(
        "sw-a".into(),
        vec![
            (FactKey::Name, "sw-a.stbrigid.local".into()),
            (FactKey::Firmware, "15.2(4)E7".into()),
        ],
    );
    w.run(60);
    w.facts.insert(
        "sw-a".into(),
        vec![
            (FactKey::Name, "switch".into()),
            (FactKey::Firmware, "15.2(4)E8".into()),
        ],
    );
    w.run(60);
    let d = w.device("sw-a");
    assert_eq!(d.name.as_str(), "sw-a");
    let conflicts: Vec<_> = d
        .conflicts
        .iter()
        .map(|c| (c.key, c.value.as_str(), c.source))
        .collect();
    assert_eq!(conflicts, [(FactKey::Name, "switch", FactSource::Snmp)]);
    assert_eq!(d.fact_str(FactKey::Firmware), "15.2(4)E8");
    let change = d
        .changes
        .iter()
        .find(|c| c.what.as_str() == "firmware")
        .unwrap();
    assert_eq!(
        (change.before.as_str(), change.after.as_str()),
        ("15.2(4)E7", "15.2(4)E8")
    );
}

#[test]
fn a_name_comes_from_the_best_source_there_is() {
    let mut w = World::new();
    w.arp("10.50.0.20", mac(151));
    let name = |w: &World| {
        w.state
            .device_at(ip("10.50.0.20"))
            .unwrap()
            .name
            .as_str()
            .to_string()
    };
    assert_eq!(name(&w), "10.50.0.20");
    let at = w.now;
    let heard = |source, facts| {
        Observation::Heard(ObsHeardV1 {
            at,
            mac: mac(151),
            address: None,
            source,
            facts,
            interface: "eth0".into(),
        })
    };
    w.see(heard(
        FactSource::Dhcp,
        vec![(FactKey::DhcpName, "tablet".into())],
    ));
    assert_eq!(name(&w), "tablet");
    let dns = |name: &str| {
        Observation::Name(ObsNameV1 {
            at,
            address: ip("10.50.0.20"),
            name: name.into(),
        })
    };
    w.see(dns("tablet-7.lan"));
    assert_eq!(name(&w), "tablet-7.lan");
    w.see(dns(""));
    assert_eq!(name(&w), "tablet");
    // nobody becomes the register by saying so
    w.see(heard(
        FactSource::Operator,
        vec![(FactKey::Class, "switch".into())],
    ));
    let d = w.state.device_at(ip("10.50.0.20")).unwrap();
    assert_eq!(d.facts[&FactKey::Class].source, FactSource::Lldp);
    assert_eq!(
        d.touch.policy,
        TouchPolicy::Arp,
        "and is not touched more for it"
    );
}

#[test]
fn the_strictest_policy_wins_and_a_device_may_be_laxer_than_its_class_but_not_than_its_segment() {
    let mut s = site();
    for d in &mut s.devices {
        match d.name.as_str() {
            "mon-1" => d.touch = Some(TouchPolicy::Ping),
            "prn-1" => d.touch = Some(TouchPolicy::Full),
            _ => {}
        }
    }
    s.segments[2].touch = Some(TouchPolicy::Ping);
    s.classes.push(crate::model::ClassSpec {
        class: DeviceClass::InfusionPump,
        care: None,
        touch: Some(TouchPolicy::Passive),
        v2c_fallback: None,
        answers_from_any_address: None,
        in_flight: None,
    });
    let w = World::of(s);
    for (name, policy, because) in [
        ("vent-1", TouchPolicy::Never, "class ventilator"),
        ("pump-1", TouchPolicy::Passive, "class infusion-pump"),
        ("mon-1", TouchPolicy::Ping, "device"),
        ("prn-1", TouchPolicy::Ping, "segment Offices"),
        ("sw-a", TouchPolicy::Full, "class switch"),
    ] {
        let touch = &w.device(name).touch;
        assert_eq!(
            (touch.policy, touch.because.as_str()),
            (policy, because),
            "{name}"
        );
    }
    let table = w.state.memory.touch.as_ref().unwrap();
    assert_eq!(
        table.policy(ip("10.31.0.200")),
        TouchPolicy::Passive,
        "unknown in a clinical segment"
    );
    assert_eq!(table.policy(ip("10.50.0.200")), TouchPolicy::Arp);
    assert_eq!(table.policy(ip("192.0.2.1")), TouchPolicy::Passive);
    assert_eq!(table.revision, 1);
}

#[test]
fn the_same_configuration_again_changes_nothing_and_a_lost_device_is_no_longer_declared() {
    let mut w = World::new();
    w.run(60);
    let before = w.state.devices.len();
    let outcome_devices = {
        w.configure(site());
        w.state.devices.len()
    };
    assert_eq!(outcome_devices, before);
    assert_eq!(w.device("vent-1").state, crate::model::DeviceState::Up);
    let mut less = site();
    less.devices.retain(|d| d.name.as_str() != "vent-1");
    w.configure(less);
    let d = w.state.device_at(ip("10.31.0.11")).unwrap();
    assert!(!d.declared);
    assert_eq!(d.class, DeviceClass::Unknown);
    assert_eq!(d.touch.policy, TouchPolicy::Passive);
}

#[test]
fn nothing_goes_out_before_the_first_configuration() {
    let mut w = World::new();
    w.state = crate::engine::State::new();
    let before = w.now;
    w.arp("10.31.0.11", mac(11));
    assert!(w.state.due().is_some_and(|d| d > before));
    let outcome = w.see(Observation::Name(ObsNameV1 {
        at: before,
        address: ip("10.31.0.11"),
        name: "x".into(),
    }));
    assert!(
        !outcome
            .effects
            .iter()
            .any(|e| matches!(e.kind, EffectKind::TouchTable(_) | EffectKind::Targets(_)))
    );
    assert_eq!(
        w.state.device_at(ip("10.31.0.11")).unwrap().name.as_str(),
        "x"
    );
}

#[test]
fn a_device_without_credentials_of_its_own_is_offered_those_of_the_site_in_their_order() {
    let mut site = site();
    let mut second = site.credentials[0].clone();
    second.name = "old".into();
    site.credentials.push(second);
    site.devices[1].credentials = vec!["old".into()];
    let w = World::of(site);
    let names = |address: &str| -> Vec<String> {
        w.targets
            .iter()
            .filter(|t| t.address == ip(address))
            .flat_map(|t| t.credentials.iter().map(ToString::to_string))
            .collect()
    };
    assert_eq!(names("10.0.0.1"), ["ro", "old"]);
    assert_eq!(names("10.0.0.2"), ["old"]);
}

#[test]
fn a_declared_device_was_never_called_by_its_address() {
    let w = World::new();
    assert!(
        w.state
            .recent
            .iter()
            .all(|(_, c)| c.what.as_str() != "name")
    );
}

#[test]
fn a_table_goes_out_only_when_it_says_something_new() {
    let mut w = World::new();
    w.run(60);
    let tables = |o: &Outcome| {
        o.effects
            .iter()
            .filter(|e| matches!(e.kind, EffectKind::TouchTable(_) | EffectKind::Targets(_)))
            .count()
    };
    let arp = |w: &World, address: &str, hw: u8| {
        Observation::Arp(ObsArpV1 {
            at: w.now,
            address: ip(address),
            mac: mac(hw),
            how: ArpHow::Heard,
            interface: Text::empty(),
        })
    };
    let seen = arp(&w, "10.31.0.200", 200);
    let outcome = w.see(seen);
    assert_eq!(tables(&outcome), 0, "unknown here was passive before");
    // a ventilator takes an office's address: nobody may ask that address any more, at once
    let seen = arp(&w, "10.50.0.41", 11);
    w.see(seen);
    let seen = arp(&w, "10.50.0.77", 11);
    let outcome = w.see(seen);
    assert_eq!(tables(&outcome), 1);
    let table = w.state.memory.touch.clone().unwrap();
    assert_eq!(table.policy(ip("10.50.0.77")), TouchPolicy::Never);
    assert_eq!(table.policy(ip("10.50.0.41")), TouchPolicy::Never);
    assert_eq!(table.policy(ip("10.31.0.200")), TouchPolicy::Passive);
}
