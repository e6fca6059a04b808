//! The bytes of every kind of event are frozen: `tests/golden/events.txt` holds one line a kind, `name hexadecimal`.
//!
//! A change of these bytes makes old logs unreadable. A new kind gets a new line (`WARDWATCH_BLESS=1 cargo test golden`
//! adds it); an old line never changes and never goes.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::event::*;
use crate::model::*;

fn ip(s: &str) -> IpAddr {
    s.parse().unwrap()
}

const MAC: Mac = Mac([0, 9, 0xfb, 0x12, 0x34, 0x56]);
const T: Time = Time(1_700_000_000_123);

fn site() -> Site {
    Site {
        name: "St. Anna".into(),
        time_zone: "Europe/Vienna".into(),
        segments: vec![SegmentSpec {
            name: "ICU-3".into(),
            vlan: 310,
            nets: vec![
                "10.3.10.0/24".parse().unwrap(),
                "2001:db8::/64".parse().unwrap(),
            ],
            clinical: true,
            touch: Some(TouchPolicy::Arp),
            unknown: Some(TouchPolicy::Passive),
            ward: "ICU".into(),
        }],
        devices: vec![DeviceSpec {
            name: "vent-3-07".into(),
            addresses: vec![ip("10.3.10.7"), ip("2001:db8::7")],
            macs: vec![MAC],
            class: DeviceClass::Ventilator,
            care: Some(CareLevel::LifeSustaining),
            touch: Some(TouchPolicy::Never),
            segment: "ICU-3".into(),
            vendor: "Dräger".into(),
            model: "Evita".into(),
            firmware: "2.51".into(),
            serial: "ASHK-0042".into(),
            ward: "ICU".into(),
            room: "3.07".into(),
            owner: "biomed".into(),
            tag: "BM-1".into(),
            credentials: vec!["site".into()],
            snmp_port: Some(1161),
        }],
        classes: vec![ClassSpec {
            class: DeviceClass::Printer,
            care: Some(CareLevel::Support),
            touch: Some(TouchPolicy::Ping),
        }],
        credentials: vec![
            Credential {
                name: "old".into(),
                how: CredentialKind::V1 {
                    community: SecretRef::Env("OLD".into()),
                },
            },
            Credential {
                name: "site".into(),
                how: CredentialKind::V2c {
                    community: SecretRef::File("/etc/wardwatch/community".into()),
                },
            },
            Credential {
                name: "core".into(),
                how: CredentialKind::V3 {
                    user: "ward".into(),
                    auth: Some((AuthProtocol::Sha256, SecretRef::Env("A".into()))),
                    privacy: Some((PrivProtocol::Aes128, SecretRef::Env("P".into()))),
                    context: "vlan-310".into(),
                },
            },
        ],
        links: vec![LinkSpec {
            a: ("core-1".into(), "Te1/0/1".into()),
            b: ("sw-3f-02".into(), Text::empty()),
        }],
        wards: vec![WardSpec {
            name: "ICU".into(),
            phone: "4711".into(),
            downtime: "by hand".into(),
        }],
        vendors: vec![VendorSpec {
            name: "Dräger".into(),
            phone: "0800".into(),
            contract: "C-1".into(),
        }],
        biomed_on_call: "Ana 4712".into(),
        collector_at: "core-1".into(),
        firmware: vec![FirmwareSpec {
            model: "Evita".into(),
            class: Some(DeviceClass::Ventilator),
            minimum: "2.50".into(),
        }],
        intervals: Intervals::default(),
    }
}

fn plan(work: Work) -> Box<RunPlan> {
    Box::new(RunPlan {
        remediation: "port-bounce".into(),
        title: "Take a port down and up".into(),
        device: DeviceId(4),
        device_name: "sw-3f-02".into(),
        address: Some(ip("10.0.0.2")),
        on_behalf_of: Some(DeviceId(9)),
        inputs: BTreeMap::from([("wait".into(), "5".into())]),
        work,
        packets: vec![PacketKind::Get, PacketKind::Set],
        risk: Risk::Medium,
        care: CareLevel::Support,
        confirm: Confirm::TypeName,
        timeout_s: 60,
        notes: vec!["pump-7 loses its link".into()],
        dry_run: false,
    })
}

/// One of each kind, by name. Optional parts are there in one and absent in another.
fn kinds() -> Vec<(&'static str, Body)> {
    let planned = |work| {
        Body::Run(RunStep::Planned {
            plan: plan(work),
            by: "ana".into(),
            reason: "link flaps".into(),
        })
    };
    let run = RunId(77);
    let poll = ObsPollV1 {
        address: ip("10.0.0.2"),
        at: T,
        outcome: PollOutcome::Answered,
        credential: "site".into(),
        rtt_ms: Some(4),
        uptime: Some(123_456),
        engine_boots: Some(3),
        system: Some(SysGroupV1 {
            descr: "Cisco IOS\u{1b}[2J".into(),
            object_id: "1.3.6.1.4.1.9.1.1".into(),
            contact: "noc".into(),
            name: "sw-3f-02".into(),
            location: "3F".into(),
            services: Some(6),
        }),
        facts: vec![
            (FactKey::Serial, "FOC1".into()),
            (FactKey::UpsCharge, "97".into()),
        ],
        interfaces: vec![
            IfSampleV1 {
                index: IfIndex(10_101),
                meta: Some(IfMetaV1 {
                    name: "Gi1/0/1".into(),
                    alias: "pump".into(),
                    kind: 6,
                    speed: 1_000_000_000,
                    mac: Some(MAC),
                }),
                admin: IfStatus::Up,
                oper: IfStatus::LowerLayerDown,
                counters: Some(IfCountersV1 {
                    in_octets: u64::MAX,
                    out_octets: 1,
                    errors: 0,
                    wide: true,
                    discontinuity: 7,
                    uptime: 123_456,
                }),
            },
            IfSampleV1 {
                index: IfIndex(2),
                meta: None,
                admin: IfStatus::Unknown,
                oper: IfStatus::NotPresent,
                counters: None,
            },
        ],
        interfaces_whole: true,
    };
    let silent = |outcome| {
        Body::Observation(Observation::Poll(Box::new(ObsPollV1 {
            outcome,
            credential: Text::empty(),
            rtt_ms: None,
            uptime: None,
            engine_boots: None,
            system: None,
            facts: vec![],
            interfaces: vec![],
            interfaces_whole: false,
            ..poll.clone()
        })))
    };
    let command = |command| Body::Command {
        by: "ana".into(),
        command,
    };
    let alert = AlertId(12);
    let device = DeviceId(9);
    vec![
        ("tick", Body::Tick),
        (
            "config",
            Body::Config(Box::new(ConfigAppliedV1 {
                hash: "c0ffee".into(),
                site: site(),
            })),
        ),
        (
            "poll-answered",
            Body::Observation(Observation::Poll(Box::new(poll.clone()))),
        ),
        ("poll-timeout", silent(PollOutcome::Timeout)),
        (
            "poll-refused",
            silent(PollOutcome::Refused("wrong digest".into())),
        ),
        (
            "poll-malformed",
            silent(PollOutcome::Malformed("truncated".into())),
        ),
        (
            "poll-not-allowed",
            silent(PollOutcome::NotAllowed("never".into())),
        ),
        (
            "poll-unreachable",
            silent(PollOutcome::Unreachable("no route".into())),
        ),
        (
            "address-table",
            Body::Observation(Observation::AddressTable(ObsAddressTableV1 {
                via: ip("10.0.0.1"),
                at: T,
                entries: vec![(IfIndex(3), ip("10.3.10.7"), MAC)],
                whole: true,
            })),
        ),
        (
            "forwarding",
            Body::Observation(Observation::Forwarding(ObsForwardingV1 {
                via: ip("10.0.0.2"),
                at: T,
                entries: vec![FdbEntryV1 {
                    mac: MAC,
                    vlan: 310,
                    port: IfIndex(10_101),
                }],
                whole: false,
            })),
        ),
        (
            "neighbours",
            Body::Observation(Observation::Neighbours(ObsNeighboursV1 {
                via: ip("10.0.0.2"),
                at: T,
                protocol: NeighbourProtocol::Cdp,
                entries: vec![NeighbourV1 {
                    port: IfIndex(49),
                    chassis: "00:09:fb:12:34:56".into(),
                    chassis_mac: Some(MAC),
                    port_id: "Te1/0/1".into(),
                    port_descr: "uplink".into(),
                    name: "core-1".into(),
                    descr: "N9K".into(),
                    address: Some(ip("fe80::1")),
                }],
                whole: true,
            })),
        ),
        (
            "arp",
            Body::Observation(Observation::Arp(ObsArpV1 {
                at: T,
                address: ip("10.3.10.7"),
                mac: MAC,
                how: ArpHow::NeighbourTable,
                interface: "eth0".into(),
            })),
        ),
        (
            "ping",
            Body::Observation(Observation::Ping(ObsPingV1 {
                at: T,
                address: ip("10.3.10.7"),
                rtt_ms: None,
            })),
        ),
        (
            "name",
            Body::Observation(Observation::Name(ObsNameV1 {
                at: T,
                address: ip("10.3.10.7"),
                name: "vent-3-07.icu".into(),
            })),
        ),
        (
            "heard",
            Body::Observation(Observation::Heard(ObsHeardV1 {
                at: T,
                mac: MAC,
                address: None,
                source: FactSource::Dhcp,
                facts: vec![(FactKey::DhcpVendorClass, "MSFT 5.0".into())],
                interface: "eth0".into(),
            })),
        ),
        (
            "source",
            Body::Observation(Observation::Source(ObsSourceV1 {
                at: T,
                source: "arp eth0".into(),
                trouble: "interface is down".into(),
                dropped: 5,
            })),
        ),
        (
            "command-acknowledge",
            command(Command::Acknowledge {
                alert,
                note: "on my way".into(),
                until: Some(T),
            }),
        ),
        (
            "command-unacknowledge",
            command(Command::Unacknowledge { alert }),
        ),
        (
            "command-close",
            command(Command::Close {
                alert,
                note: "replaced".into(),
            }),
        ),
        (
            "command-note",
            command(Command::Note {
                device,
                note: "battery ordered".into(),
            }),
        ),
        (
            "command-override-touch",
            command(Command::OverrideTouch {
                device,
                policy: TouchPolicy::Get,
                reason: "vendor asks".into(),
                until: T,
            }),
        ),
        (
            "run-planned-program",
            planned(Work::Program {
                argv: vec!["/usr/bin/traceroute".into(), "-n".into()],
                env: BTreeMap::from([("LANG".into(), "C".into())]),
                dry_argv: Some(vec!["true".into()]),
            }),
        ),
        (
            "run-planned-if-admin",
            planned(Work::IfAdmin {
                interface: InterfaceRef {
                    index: IfIndex(10_101),
                    name: "Gi1/0/1".into(),
                    alias: "pump".into(),
                },
                bounce: true,
                revert_s: 5,
            }),
        ),
        (
            "run-planned-snmp-get",
            planned(Work::SnmpGet {
                oids: vec!["1.3.6.1.2.1.1.3.0".into()],
            }),
        ),
        ("run-started", Body::Run(RunStep::Started { run })),
        (
            "run-output",
            Body::Run(RunStep::Output {
                run,
                lines: vec!["1  10.0.0.1".into()],
                dropped: 2,
            }),
        ),
        (
            "run-revert-due",
            Body::Run(RunStep::RevertDue {
                run,
                revert: Revert {
                    due: T,
                    interface_index: 10_101,
                    interface_name: "Gi1/0/1".into(),
                    admin_status: 1,
                    done: None,
                },
            }),
        ),
        (
            "run-revert-done",
            Body::Run(RunStep::RevertDone {
                run,
                error: "timeout".into(),
            }),
        ),
        (
            "run-ended",
            Body::Run(RunStep::Ended {
                run,
                state: RunState::TimedOut,
                exit: Some(-9),
                output_hash: "ab".into(),
                outcome: "stopped".into(),
            }),
        ),
        (
            "ledger",
            Body::Ledger(
                [
                    PacketKind::Arp,
                    PacketKind::Ping,
                    PacketKind::Get,
                    PacketKind::Walk,
                    PacketKind::Set,
                    PacketKind::Reply,
                ]
                .into_iter()
                .map(|kind| LedgerRow {
                    address: ip("10.3.10.7"),
                    kind,
                    count: 2,
                    first: T,
                    last: Time(T.0 + 1),
                    cause: "poll status".into(),
                })
                .collect(),
            ),
        ),
        (
            "delivered",
            Body::Delivered {
                effect: (Seq(9), 1),
                error: Text::empty(),
            },
        ),
    ]
}

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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/events.txt");
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    let golden: BTreeMap<&str, &str> = file.lines().filter_map(|l| l.split_once(' ')).collect();
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
        let mut bytes = Vec::new();
        encode(&event, &mut bytes).unwrap();
        match golden.get(name) {
            Some(golden) => {
                assert_eq!(
                    *golden,
                    hex(&bytes),
                    "the bytes of '{name}' changed: old logs could not be read; make a V2 and upcast"
                );
                assert_eq!(decode(&unhex(golden)).unwrap(), event, "{name}");
            }
            None => added.extend([name, " ", &hex(&bytes), "\n"]),
        }
    }
    if std::env::var_os("WARDWATCH_BLESS").is_some() {
        std::fs::write(&path, file.clone() + &added).unwrap();
    } else {
        assert!(added.is_empty(), "no golden line for:\n{added}");
    }
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
    let config = event(Body::Config(Box::new(ConfigAppliedV1 {
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
            Body::Ledger(rows) => {
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
