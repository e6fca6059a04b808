//! The bytes of every kind of event are frozen: `tests/golden/events.txt` holds one line a kind, `name hexadecimal`.
//!
//! A change of these bytes makes old logs unreadable. A new kind gets a new line (the test
//! prints it); an old line never changes and never goes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;

use super::examples::{T, kinds, site};
use super::*;
use crate::event::*;
use crate::model::*;

/// Enums go into a record by the position of their variants: a variant put in the midst would turn pumps into beds.
fn enums() -> Vec<(&'static str, Vec<u8>)> {
    fn bytes<T: serde::Serialize>(values: &[T]) -> Vec<u8> {
        postcard::to_extend(values, Vec::new()).unwrap()
    }
    use FactKey as K;
    use FactSource as S;
    use RunState as R;
    vec![
        ("enum-class", bytes(DeviceClass::ALL)),
        ("enum-care", bytes(&CareLevel::ALL)),
        ("enum-touch", bytes(&TouchPolicy::ALL)),
        (
            "enum-fact-key",
            bytes(&[
                K::Name,
                K::Class,
                K::Vendor,
                K::Model,
                K::Os,
                K::Firmware,
                K::Serial,
                K::SysDescr,
                K::SysObjectId,
                K::Location,
                K::Contact,
                K::EngineId,
                K::DnsName,
                K::Ward,
                K::Room,
                K::Owner,
                K::Tag,
                K::DhcpVendorClass,
                K::DhcpName,
                K::UpsSecondsOnBattery,
                K::UpsMinutesLeft,
                K::UpsCharge,
                K::Temperature,
                K::SensorHealth,
                K::Memory,
                K::Storage,
                K::Load,
            ]),
        ),
        (
            "enum-fact-source",
            bytes(&[
                S::Oui,
                S::Dns,
                S::Arp,
                S::Fdb,
                S::Dhcp,
                S::Lldp,
                S::Snmp,
                S::Site,
                S::Operator,
            ]),
        ),
        (
            "enum-run-state",
            bytes(&[
                R::Planned,
                R::Running,
                R::RevertPending,
                R::Succeeded,
                R::Failed,
                R::Cancelled,
                R::TimedOut,
                R::Interrupted,
            ]),
        ),
        ("enum-risk", bytes(&[Risk::Low, Risk::Medium, Risk::High])),
        (
            "enum-confirm",
            bytes(&[Confirm::None, Confirm::Key, Confirm::TypeName]),
        ),
        (
            "enum-if-status",
            bytes(&[
                IfStatus::Unknown,
                IfStatus::Up,
                IfStatus::Down,
                IfStatus::Testing,
                IfStatus::Dormant,
                IfStatus::NotPresent,
                IfStatus::LowerLayerDown,
            ]),
        ),
        (
            "enum-auth",
            bytes(&[
                AuthProtocol::Md5,
                AuthProtocol::Sha1,
                AuthProtocol::Sha224,
                AuthProtocol::Sha256,
                AuthProtocol::Sha384,
                AuthProtocol::Sha512,
            ]),
        ),
        (
            "enum-privacy",
            bytes(&[
                PrivProtocol::Des,
                PrivProtocol::Aes128,
                PrivProtocol::Aes192,
                PrivProtocol::Aes256,
                PrivProtocol::Aes192c,
                PrivProtocol::Aes256c,
            ]),
        ),
        (
            "enum-sensor-kind",
            bytes(&[
                SensorKind::Temperature,
                SensorKind::Humidity,
                SensorKind::Fan,
                SensorKind::Supply,
                SensorKind::Voltage,
                SensorKind::Current,
                SensorKind::Power,
                SensorKind::Percent,
                SensorKind::Contact,
                SensorKind::Leases,
                SensorKind::Signal,
                SensorKind::Frequency,
                SensorKind::Other,
            ]),
        ),
        (
            "enum-sensor-state",
            bytes(&[
                SensorState::Unknown,
                SensorState::Good,
                SensorState::Warning,
                SensorState::Failed,
                SensorState::Absent,
            ]),
        ),
        (
            "enum-agent-fault",
            bytes(&[
                AgentFault::Late,
                AgentFault::WrongId,
                AgentFault::WrongSource,
                AgentFault::Malformed,
                AgentFault::Loop,
                AgentFault::Endless,
                AgentFault::Truncated,
                AgentFault::TooBig,
                AgentFault::NotAuthentic,
                AgentFault::BootsFrozen,
                AgentFault::Duplicate,
            ]),
        ),
        (
            "enum-overrun",
            bytes(&[
                OverrunKind::Skipped,
                OverrunKind::Cut,
                OverrunKind::Degraded,
                OverrunKind::Budget,
                OverrunKind::Recovered,
            ]),
        ),
        (
            "enum-quirk-source",
            bytes(&[
                QuirkSource::Shipped,
                QuirkSource::Learned,
                QuirkSource::Site,
            ]),
        ),
        (
            "enum-arp-how",
            bytes(&[ArpHow::Answer, ArpHow::Heard, ArpHow::NeighbourTable]),
        ),
        (
            "enum-neighbour",
            bytes(&[NeighbourProtocol::Lldp, NeighbourProtocol::Cdp]),
        ),
    ]
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
        .collect()
}

fn event(body: Body) -> Event {
    Event {
        seq: Seq(300),
        time: T,
        body,
    }
}

#[test]
fn golden_bytes_of_every_kind_never_change_and_are_read_for_ever() {
    fn lines(golden: &str) -> BTreeMap<&str, &str> {
        golden.lines().filter_map(|l| l.split_once(' ')).collect()
    }
    let golden = lines(include_str!("../../../tests/golden/events.txt"));
    let first = lines(include_str!("../../../tests/golden/events-1.txt"));
    let mut added = String::new();
    for (name, bytes) in enums() {
        match golden.get(name) {
            // new variants may come after the old ones; the count in front grows with them
            Some(golden) => assert!(
                hex(&bytes[1..]).starts_with(&golden[2..]),
                "{name}: a variant moved; new ones belong at the end"
            ),
            None => added.extend([name, " ", &hex(&bytes), "\n"]),
        }
    }
    for (name, body) in kinds() {
        let event = event(body);
        if let Some(bytes) = first.get(name) {
            assert_eq!(decode(&unhex(bytes)).unwrap(), event, "{name} of version 1");
        }
        let mut bytes = Vec::new();
        encode(&event, &mut bytes).unwrap();
        match golden.get(name) {
            Some(golden) => {
                // a configuration stands in JSON, which may gain keys
                assert!(
                    name == "config" || *golden == hex(&bytes),
                    "the bytes of '{name}' changed: old logs could not be read; make a V2 and upcast"
                );
                assert_eq!(decode(&unhex(golden)).unwrap(), event, "{name}");
            }
            None => added.extend([name, " ", &hex(&bytes), "\n"]),
        }
    }
    assert!(
        added.is_empty(),
        "new kinds; add these lines to tests/golden/events.txt:\n{added}"
    );
    for (name, bytes) in golden.into_iter().filter(|g| !g.0.starts_with("enum-")) {
        assert!(decode(&unhex(bytes)).is_ok(), "'{name}' is no longer read");
    }
}

#[test]
fn a_newer_record_and_a_damaged_one_are_told_apart() {
    let mut bytes = Vec::new();
    encode(&event(Body::Tick), &mut bytes).unwrap();
    let mut newer = bytes.clone();
    newer[0] = RECORD_VERSION + 1;
    assert!(
        matches!(decode(&newer), Err(RecordError::Newer { found }) if found == RECORD_VERSION + 1)
    );
    for damaged in [
        &[][..],
        &[0],
        &bytes[..bytes.len() - 1],
        &[&bytes[..], &[0]].concat(),
    ] {
        assert!(
            matches!(decode(damaged), Err(RecordError::Damaged(_))),
            "{damaged:?}"
        );
    }
}

#[test]
fn a_plain_secret_has_no_form_and_its_record_says_that_it_was_withheld() {
    let plain = SecretRef::Plain(PlainSecret::new(b"hunter2".to_vec()));
    assert!(serde_json::to_string(&plain).is_err());
    assert!(postcard::to_extend(&plain, Vec::new()).is_err());
    let mut site = site();
    site.credentials.push(Credential {
        name: "by hand".into(),
        how: CredentialKind::V3 {
            user: "u".into(),
            auth: Some((AuthProtocol::Md5, plain.clone())),
            privacy: Some((PrivProtocol::Des, plain)),
            context: Text::empty(),
        },
    });
    let config = event(Body::Config(Box::new(ConfigAppliedV2 {
        hash: "00".into(),
        site,
    })));
    let mut bytes = Vec::new();
    encode(&config, &mut bytes).unwrap();
    assert!(!bytes.windows(7).any(|w| w == b"hunter2"));
    let read = decode(&bytes).unwrap();
    assert_eq!(&read, &*without_secrets(&config));
    let shown = format!("{read:?}");
    assert_eq!(shown.matches("env:WITHHELD").count(), 2, "{shown}");
    assert!(shown.contains("env:OLD"), "references stay");
}

fn text() -> impl Strategy<Value = Text> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64).prop_map(|b| Text::from_bytes(&b)),
        "[\\x00-\\x1f\\u{200b}\\u{202e}\\\\a-zé床]{0,40}".prop_map(Text::from),
        Just(Text::from_bytes(&[0x1b; 5000])),
    ]
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u8; 16]>().prop_map(IpAddr::from)
    ]
}

fn body() -> impl Strategy<Value = Body> {
    let one = (
        0..kinds().len(),
        text(),
        text(),
        address(),
        any::<u64>(),
        any::<[u8; 6]>(),
    );
    one.prop_map(|(which, a, b, address, number, mac)| {
        let mut body = kinds().swap_remove(which).1;
        match &mut body {
            Body::Config(c) => {
                c.hash = a.clone();
                c.site.name = b;
                c.site.devices[0].addresses.push(address);
                c.site.devices[0].macs.push(Mac(mac));
                c.site.devices[0].credentials = vec![a];
                c.site.segments[0].vlan = number as u16;
            }
            Body::Observation(o) => match o {
                Observation::Poll(p) => {
                    p.address = address;
                    p.credential = a;
                    p.facts.push((FactKey::Name, b));
                    p.uptime = Some(number as u32);
                }
                Observation::AddressTable(t) => {
                    t.entries.push((IfIndex(number as u32), address, Mac(mac)));
                }
                Observation::Forwarding(t) => t.via = address,
                Observation::Neighbours(t) => {
                    t.entries[0].name = a;
                    t.entries[0].descr = b;
                    t.entries[0].chassis_mac = None;
                }
                Observation::Arp(o) => o.interface = a,
                Observation::Ping(o) => o.rtt_ms = Some(number as u32),
                Observation::Name(o) => o.name = a,
                Observation::Heard(o) => o.facts = vec![(FactKey::DhcpName, a), (FactKey::Os, b)],
                Observation::Source(o) => {
                    o.trouble = a;
                    o.dropped = number;
                }
                Observation::Sensors(o) => {
                    o.sensors[0].name = a;
                    o.sensors[0].value = Some(number as i64);
                    o.gone = vec![b];
                }
                Observation::Agent(o) => o.faults[0].1 = number as u32,
                Observation::Quirk(o) => o.skip = vec![a, b],
                Observation::Overrun(o) => o.address = address,
                Observation::LedgerGap(o) => o.until = Time(number as i64),
            },
            Body::Command { by, .. } => *by = a,
            Body::Run(RunStep::Output { lines, dropped, .. }) => {
                *lines = vec![a, b];
                *dropped = number;
            }
            Body::Run(RunStep::Planned { plan, by, reason }) => {
                plan.inputs.insert(a.clone(), b.clone());
                plan.address = Some(address);
                *by = a;
                *reason = b;
            }
            Body::Tick | Body::Run(_) => {}
            Body::Ledger(rows) | Body::Packets(rows) | Body::Refused(rows) => {
                rows[0].cause = a;
                rows[0].count = number as u32;
                rows[0].address = address;
            }
            Body::Delivered { effect, error } => {
                *effect = (Seq(number), number as u16);
                *error = a;
            }
        }
        body
    })
}

proptest! {
    #[test]
    fn every_event_comes_back_as_it_was(seq in any::<u64>(), time in any::<i64>(), body in body()) {
        let event = Event { seq: Seq(seq), time: Time(time), body };
        let mut bytes = vec![9];
        encode(&event, &mut bytes).unwrap();
        prop_assert_eq!(decode(&bytes[1..]).unwrap(), event);
    }

    #[test]
    fn hostile_bytes_give_an_error_or_an_event_that_is_safe_to_print(
        body in body(), at in any::<prop::sample::Index>(), with in prop::collection::vec(any::<u8>(), 0..9)
    ) {
        let mut bytes = Vec::new();
        encode(&event(body), &mut bytes).unwrap();
        let at = at.index(bytes.len());
        bytes.splice(at..(at + with.len()).min(bytes.len()), with);
        if let Ok(event) = decode(&bytes) {
            let shown = format!("{event:?}");
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
