use std::sync::Arc;

use imbl::Vector;
use proptest::prelude::*;

use super::*;
use crate::engine::State;
use crate::model::{
    Alert, AlertId, AlertState, Attachment, CareLevel, Condition, Device, DeviceClass, DeviceId,
    DeviceState, Fact, FactKey, FactSource, IfIndex, Impact, Interface, Segment, SegmentId,
    Severity, Time, TouchPolicy,
};

const NOW: Time = Time(1_800_000_000_000);

fn fact(key: FactKey, value: &str) -> Fact {
    Fact {
        value: value.into(),
        first: 0,
        last: 0,
        key,
        source: FactSource::Site,
        confidence: 100,
    }
}

fn hospital() -> State {
    let mut state = State::new();
    let icu = SegmentId(0);
    state.segments.insert(
        icu,
        Arc::new(Segment {
            id: icu,
            name: "ICU-3".into(),
            vlan: 310,
            clinical: true,
            ..Segment::default()
        }),
    );
    let mut switch = Device {
        id: DeviceId(1),
        name: "sw-3f-02".into(),
        class: DeviceClass::Switch,
        state: DeviceState::Up,
        declared: true,
        ..Device::default()
    };
    switch.interfaces.insert(Interface {
        index: IfIndex(17),
        name: "Gi1/0/17".into(),
        alias: "ICU bed 7".into(),
        ..Interface::default()
    });
    let mut pump = Device {
        id: DeviceId(2),
        name: "pump-icu3-12".into(),
        class: DeviceClass::InfusionPump,
        care: CareLevel::LifeSustaining,
        state: DeviceState::Degraded,
        segment: Some(icu),
        last_seen: NOW - std::time::Duration::from_mins(15),
        ..Device::default()
    };
    pump.touch.policy = TouchPolicy::Never;
    pump.addresses.insert("10.31.0.92".parse().unwrap());
    pump.macs.insert("00:09:fb:12:34:56".parse().unwrap());
    pump.attached = Some(Attachment {
        switch: DeviceId(1),
        port: IfIndex(17),
        vlan: 310,
        since: NOW,
        seen: NOW,
    });
    pump.facts = [
        fact(FactKey::Vendor, "BD"),
        fact(FactKey::Model, "Alaris 8015"),
        fact(FactKey::Firmware, "9.33"),
        fact(FactKey::Tag, "BM-004711"),
        fact(FactKey::Ward, "Intensivpflege Ä3"),
    ]
    .into();
    state.devices.insert(DeviceId(1), Arc::new(switch));
    state.devices.insert(DeviceId(2), Arc::new(pump));
    state.alerts.insert(
        AlertId(1),
        Arc::new(Alert {
            id: AlertId(1),
            condition: Condition::OldFirmware,
            device: Some(DeviceId(2)),
            part: Text::empty(),
            segment: Some(icu),
            severity: Severity::Minor,
            state: AlertState::Open,
            text: "firmware 9.33 is older than 9.40".into(),
            details: Vec::new(),
            since: NOW,
            opened: Some(NOW),
            changed: NOW,
            closed: None,
            count: 1,
            ack: None,
            impact: Impact::default(),
            root: false,
            parent: None,
        }),
    );
    state.recent = Vector::new();
    state.rebuild_summaries();
    state
}

fn found(state: &State, filter: &str) -> Vec<u32> {
    let filter = Filter::parse(filter).unwrap();
    state
        .devices
        .values()
        .filter(|d| filter.matches(state, d, NOW))
        .map(|d| d.id.0)
        .collect()
}

#[test]
fn filters_find_what_they_say() {
    let state = hospital();
    for (filter, expected) in [
        ("", vec![1, 2]),
        ("PUMP", vec![2]),
        ("bm-004711", vec![2]),
        ("alaris", vec![2]),
        ("ä3", vec![2]),
        ("10.31", vec![2]),
        ("0009.fb12", vec![2]),
        ("00:09:fb:12:34:56", vec![2]),
        ("\"bed 7\"", vec![2]),
        ("class:pump", vec![2]),
        ("class:sw,pump", vec![1, 2]),
        ("-class:pump", vec![1]),
        ("segment:icu -state:up", vec![2]),
        ("state:up,degraded", vec![1, 2]),
        ("firmware<9.40", vec![2]),
        ("firmware<9.33", vec![]),
        ("firmware<=9.33.0", vec![2]),
        ("firmware>9.4", vec![2]),
        ("firmware>12", vec![]),
        ("care:life-sustaining", vec![2]),
        ("care>support", vec![2]),
        ("touch<ping", vec![1, 2]),
        ("touch:never", vec![2]),
        ("address:10.31.0.0/24", vec![2]),
        ("address:10.31.0.92", vec![2]),
        ("address:10.31.0.9", vec![]),
        ("mac:0009fb", vec![2]),
        ("vlan:310", vec![2]),
        ("port:gi1/0/17", vec![2]),
        ("switch:3f", vec![2]),
        ("alert:any", vec![2]),
        ("alert:firmware", vec![2]),
        ("alert:device-down", vec![]),
        ("severity:minor", vec![2]),
        ("severity>minor", vec![]),
        ("seen>10m", vec![2]),
        ("seen>1h", vec![]),
        ("seen<1h", vec![2]),
        ("is:medical", vec![2]),
        ("is:declared", vec![1]),
        ("-is:medical", vec![1]),
        ("ward:\"intensivpflege ä3\"", vec![2]),
    ] {
        assert_eq!(found(&state, filter), expected, "{filter}");
    }
}

#[test]
fn alerts_are_filtered_by_themselves_and_by_their_device() {
    let state = hospital();
    let alert = &state.alerts[&AlertId(1)];
    for (filter, expected) in [
        ("", true),
        ("firmware", true),
        ("severity:minor", true),
        ("severity:critical", false),
        ("class:pump", true),
        ("-segment:icu", false),
        ("alert:open", true),
        ("alert:closed", false),
    ] {
        let parsed = Filter::parse(filter).unwrap();
        assert_eq!(
            parsed.matches_alert(&state, alert, NOW),
            expected,
            "{filter}"
        );
    }
}

#[test]
fn what_is_wrong_is_said_with_what_would_do() {
    for (filter, part) in [
        (
            "colour:red",
            "no filter key 'colour'; there are class, segment",
        ),
        (
            "class:spaceship",
            "'spaceship' is no class; there are ventilator",
        ),
        ("state:fine", "up, degraded, down, unknown"),
        ("vendor>3", "'vendor' can't be compared"),
        ("class:", "'class:' needs a value"),
        ("ward:\"ICU", "quote is not closed"),
        ("seen>soon", "90s, 10m"),
        ("address:10.0.0.0/99", "subnet"),
        ("risk:9", "no filter key 'risk'"),
    ] {
        let error = Filter::parse(filter).unwrap_err().to_string();
        assert!(error.contains(part), "{filter}: {error}");
    }
}

#[test]
fn keys_and_fixed_values_complete() {
    assert_eq!(Filter::complete("sta"), ["state:"]);
    assert_eq!(Filter::complete("x -cl"), ["-class:"]);
    assert_eq!(Filter::complete("class:vent"), ["class:ventilator"]);
    assert_eq!(
        Filter::complete("state:up,d"),
        ["state:up,degraded", "state:up,down"]
    );
    assert!(Filter::complete("").is_empty());
    assert!(Filter::keys().iter().all(|k| !k.help.is_empty()));
}

#[test]
fn values_complete_out_of_what_there_is_and_what_holds_a_blank_is_quoted() {
    let mut state = hospital();
    let id = *state.devices.keys().next().unwrap();
    let mut device = Device::clone(&state.devices[&id]);
    device.facts = [
        fact(FactKey::Ward, "Zebra ward 3"),
        fact(FactKey::Owner, "a, b"),
        fact(FactKey::Vendor, "Quux"),
    ]
    .into();
    state.devices.insert(id, device.into());
    let of = |typed: &str| Filter::complete_in(typed, &state);
    assert_eq!(of("ward:zeb"), ["ward:\"Zebra ward 3\""]);
    assert_eq!(of("x -ward:\"Zebra w"), ["-ward:\"Zebra ward 3\""]);
    assert_eq!(of("ward:ard"), of("ward:zeb"), "a part of it will do");
    assert_eq!(of("vendor:Draeger,qu"), ["vendor:Draeger,Quux"]);
    assert_eq!(of("vendor:quux"), [""; 0], "it is whole");
    assert_eq!(of("owner:a"), [""; 0], "a list can't hold a comma");
    assert_eq!(of("sta"), ["state:"]);
    assert_eq!(of("colour:"), [""; 0]);
    assert!(of("name:").len() > 1);
    let states = of("state:");
    assert_eq!(states.len(), 4, "{states:?}");
    assert_eq!(Filter::last_word("a \"b c\" d:\"e f"), 8);
    for word in of("segment:").iter().chain(&of("ward:")) {
        let found = Filter::parse(word).unwrap();
        assert!(
            state
                .devices
                .values()
                .any(|d| found.matches(&state, d, NOW))
                || word.starts_with("seg"),
            "{word}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[ -~äß]{0,40}") {
        let state = hospital();
        let _ = Filter::complete(&text);
        let start = Filter::last_word(&text);
        for word in Filter::complete_in(&text, &state) {
            // what is offered can be read, or lacks its value still
            let whole = format!("{}{word}", &text[..start]);
            let read = Filter::parse(&whole);
            prop_assert!(read.is_ok() || word.ends_with(':') || Filter::parse(&text[..start]).is_err() || word.contains(','), "{whole}: {read:?}");
        }
        if let Ok(filter) = Filter::parse(&text) {
            for d in state.devices.values() {
                filter.matches(&state, d, NOW);
            }
        }
    }
}
