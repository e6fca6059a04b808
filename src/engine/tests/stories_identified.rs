//! Stories of what a device seems to be by what it says of itself.

use super::world::{World, ip, mac, site};
use crate::event::{PollOutcome, SysGroupV1};
use crate::model::{DeviceClass, DeviceSpec, FactKey, FactSource, Text, TouchPolicy};

const CISCO: &str = "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(2)E6, RELEASE SOFTWARE (fc1)";

/// A world in which `name` stands in the site file without a word of what it is.
fn world(name: &str, address: &str) -> World {
    let mut site = site();
    site.devices.push(DeviceSpec {
        name: name.into(),
        addresses: vec![ip(address)],
        macs: vec![mac(77)],
        ..DeviceSpec::default()
    });
    World::of(site)
}

fn says(w: &mut World, name: &str, address: &str, object_id: &str, descr: &str) {
    w.system.insert(
        name.into(),
        SysGroupV1 {
            descr: descr.into(),
            object_id: object_id.into(),
            name: name.into(),
            location: Text::empty(),
            contact: Text::empty(),
            services: None,
        },
    );
    w.poll(ip(address), PollOutcome::Answered, Vec::new(), Vec::new());
}

fn fact(w: &World, name: &str, key: FactKey) -> (String, Option<FactSource>) {
    let fact = w.device(name).facts.get(&key);
    let value = fact.map(|f| f.value.to_string()).unwrap_or_default();
    (value, fact.map(|f| f.source))
}

#[test]
fn what_it_says_names_maker_system_version_and_class() {
    let mut w = world("new-1", "10.0.0.77");
    says(&mut w, "new-1", "10.0.0.77", "1.3.6.1.4.1.9.1.1208", CISCO);
    let by_rule = |value: &str| (value.to_owned(), Some(FactSource::Rule));
    assert_eq!(fact(&w, "new-1", FactKey::Vendor), by_rule("Cisco"));
    assert_eq!(fact(&w, "new-1", FactKey::Os), by_rule("ios"));
    assert_eq!(fact(&w, "new-1", FactKey::Firmware), by_rule("15.2(2)E6"));
    assert_eq!(w.device("new-1").class, DeviceClass::Switch);
    // another image is another version, and stands in the history
    let newer = CISCO.replace("15.2(2)E6", "15.2(7)E9");
    says(&mut w, "new-1", "10.0.0.77", "1.3.6.1.4.1.9.1.1208", &newer);
    assert_eq!(fact(&w, "new-1", FactKey::Firmware), by_rule("15.2(7)E9"));
    let change = w
        .device("new-1")
        .changes
        .iter()
        .find(|c| c.what.as_str() == "firmware");
    assert_eq!(change.map(|c| c.before.as_str()), Some("15.2(2)E6"));
    // what it no longer says is no longer known of it
    says(&mut w, "new-1", "10.0.0.77", "1.3.6.1.4.1.4294967294", "x");
    assert_eq!(fact(&w, "new-1", FactKey::Os), (String::new(), None));
    assert_eq!(w.device("new-1").class, DeviceClass::Unknown);
}

#[test]
fn a_pump_that_says_it_is_a_switch_stays_a_pump_and_one_that_nobody_declared_is_asked_no_more_for_it()
 {
    let mut w = World::new();
    says(
        &mut w,
        "pump-1",
        "10.31.0.21",
        "1.3.6.1.4.1.9.1.1208",
        CISCO,
    );
    assert_eq!(w.device("pump-1").class, DeviceClass::InfusionPump);
    assert_eq!(w.device("pump-1").touch.policy, TouchPolicy::Never);
    // the house's word is believed; what the device says stands beside it
    assert_eq!(
        fact(&w, "pump-1", FactKey::Vendor),
        ("BD".to_owned(), Some(FactSource::Site))
    );
    let beside = &w.device("pump-1").conflicts;
    assert!(
        beside
            .iter()
            .any(|c| c.key == FactKey::Vendor && c.value.as_str() == "Cisco")
    );

    let mut w = world("bedside", "10.31.0.77");
    let before = w.device("bedside").touch.policy;
    assert_eq!(
        before,
        TouchPolicy::Passive,
        "unknown in a clinical segment"
    );
    says(
        &mut w,
        "bedside",
        "10.31.0.77",
        "1.3.6.1.4.1.9.1.1208",
        CISCO,
    );
    assert_eq!(w.device("bedside").class, DeviceClass::Switch);
    assert_eq!(w.device("bedside").touch.policy, before);
    // what seems medical is touched less at once, wherever it stands
    let mut w = world("office", "10.50.0.77");
    let before = w.device("office").touch.policy;
    says(
        &mut w,
        "office",
        "10.50.0.77",
        "1.3.6.1.4.1.2783.1",
        "Spacelabs",
    );
    assert!(w.device("office").touch.policy < before);
}

#[test]
fn the_same_maker_in_longer_words_is_no_conflict() {
    let mut w = world("new-1", "10.0.0.77");
    let vendor = vec![(FactKey::Vendor, Text::from("Cisco Systems, Inc."))];
    w.poll(ip("10.0.0.77"), PollOutcome::Answered, Vec::new(), vendor);
    says(&mut w, "new-1", "10.0.0.77", "1.3.6.1.4.1.9.1.1208", CISCO);
    assert_eq!(
        fact(&w, "new-1", FactKey::Vendor),
        ("Cisco Systems, Inc.".to_owned(), Some(FactSource::Snmp))
    );
    assert_eq!(w.device("new-1").conflicts.len(), 0);
}

#[test]
fn one_that_is_only_heard_is_named_by_who_made_its_interface_until_more_is_known() {
    let mut w = World::new();
    w.arp("10.50.0.99", "00:09:fb:12:34:56".parse().unwrap());
    let id = w.state.device_at(ip("10.50.0.99")).unwrap().id;
    let vendor = |w: &World| w.state.devices[&id].facts.get(&FactKey::Vendor).cloned();
    let hint = vendor(&w).unwrap();
    assert_eq!(hint.value.as_str(), "Philips Patient Monitoring");
    assert_eq!((hint.source, hint.confidence), (FactSource::Oui, 30));
    let name = w.name_at(ip("10.50.0.99"));
    says(&mut w, &name, "10.50.0.99", "1.3.6.1.4.1.9.1.1208", CISCO);
    assert_eq!(vendor(&w).unwrap().value.as_str(), "Cisco");
    assert!(w.state.devices[&id].conflicts.is_empty());
    // one that the site names keeps its word
    let spec = w
        .device("pump-1")
        .facts
        .get(&FactKey::Vendor)
        .cloned()
        .unwrap();
    assert_eq!(spec.source, FactSource::Site);
}
