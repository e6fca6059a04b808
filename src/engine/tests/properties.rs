//! What holds whatever happens: no panic, one hash for one log, snapshots that go on alike, no alert lost.

use proptest::prelude::*;

use super::world::{World, check_sums, ip, mac, site};
use crate::engine::{SnapshotError, State};
use crate::event::{
    ArpHow, Body, Command, ConfigAppliedV2, Event, FdbEntryV1, IfCountersV1, IfMetaV1, IfSampleV1,
    LedgerRow, NeighbourProtocol, NeighbourV1, ObsAddressTableV1, ObsArpV1, ObsForwardingV1,
    ObsHeardV1, ObsNeighboursV1, ObsPingV1, ObsPollV1, ObsQuirkV1, ObsSourceV1, Observation,
    PollOutcome, RunStep,
};
use crate::model::{
    AlertId, AlertState, Condition, DeviceId, DeviceState, FactKey, FactSource, IfIndex, IfStatus,
    PacketKind, RunId, RunState, Seq, Text, Time, TouchPolicy,
};

fn address() -> impl Strategy<Value = std::net::IpAddr> {
    prop_oneof![
        (1u8..=10).prop_map(|n| ip(&format!("10.0.0.{n}"))),
        (10u8..=35).prop_map(|n| ip(&format!("10.31.0.{n}"))),
        (40u8..=45).prop_map(|n| ip(&format!("10.50.0.{n}"))),
        Just(ip("255.255.255.255")),
        Just(ip("fe80::1")),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    prop_oneof![
        Just(Text::empty()),
        Just(Text::from("sw-a")),
        Just(Text::from("core.stbrigid.local")),
        Just(Text::from("Gi1/0/1 uplink")),
        "[ -~]{0,12}".prop_map(Text::from),
        Just(Text::from_bytes(b"\x1b[31m\\\xff")),
    ]
}

fn status() -> impl Strategy<Value = IfStatus> {
    (0i64..8).prop_map(IfStatus::from_mib)
}

fn key() -> impl Strategy<Value = FactKey> {
    prop_oneof![
        Just(FactKey::Name),
        Just(FactKey::Class),
        Just(FactKey::Firmware),
        Just(FactKey::Model),
        Just(FactKey::UpsSecondsOnBattery),
        Just(FactKey::UpsMinutesLeft),
    ]
}

fn sample() -> impl Strategy<Value = IfSampleV1> {
    (
        0u32..60,
        prop::option::of((text(), text())),
        status(),
        status(),
        prop::option::of((any::<u64>(), any::<u64>(), any::<bool>(), any::<u32>())),
    )
        .prop_map(|(index, meta, admin, oper, counters)| IfSampleV1 {
            index: IfIndex(index),
            meta: meta.map(|(name, alias)| {
                Box::new(IfMetaV1 {
                    name,
                    alias,
                    kind: 6,
                    speed: 1_000_000_000,
                    mac: Some(mac((index % 64) as u8)),
                })
            }),
            admin,
            oper,
            counters: counters.map(|(a, b, wide, uptime)| IfCountersV1 {
                in_octets: a,
                out_octets: b,
                errors: a ^ b,
                wide,
                discontinuity: 0,
                uptime,
            }),
        })
}

fn observation(at: Time) -> impl Strategy<Value = Observation> {
    let outcome = prop_oneof![
        3 => Just(PollOutcome::Answered),
        5 => Just(PollOutcome::Timeout),
        1 => text().prop_map(PollOutcome::Refused),
        1 => text().prop_map(PollOutcome::Malformed),
        1 => text().prop_map(PollOutcome::NotAllowed),
    ];
    let poll = (
        address(),
        outcome,
        prop::option::of(prop_oneof![any::<u32>(), 0u32..6_000]),
        prop::collection::vec(
            (
                key(),
                prop_oneof![text(), Just("0".into()), Just("9".into())],
            ),
            0..3,
        ),
        prop::collection::vec(sample(), 0..4),
        any::<bool>(),
    )
        .prop_map(
            move |(address, outcome, uptime, facts, interfaces, whole)| {
                Observation::Poll(Box::new(ObsPollV1 {
                    address,
                    at,
                    outcome,
                    credential: Text::empty(),
                    rtt_ms: None,
                    uptime,
                    engine_boots: None,
                    system: None,
                    facts,
                    interfaces,
                    interfaces_whole: whole,
                }))
            },
        );
    let fdb = (
        address(),
        prop::collection::vec((any::<u8>(), 0u16..400, 0u32..60), 0..6),
        any::<bool>(),
    )
        .prop_map(move |(via, rows, whole)| {
            Observation::Forwarding(ObsForwardingV1 {
                via,
                at,
                entries: rows
                    .into_iter()
                    .map(|(m, vlan, port)| FdbEntryV1 {
                        mac: mac(m),
                        vlan,
                        port: IfIndex(port),
                    })
                    .collect(),
                whole,
            })
        });
    let arp_table = (
        address(),
        prop::collection::vec((address(), any::<u8>()), 0..6),
        any::<bool>(),
    )
        .prop_map(move |(via, rows, whole)| {
            Observation::AddressTable(ObsAddressTableV1 {
                via,
                at,
                entries: rows
                    .into_iter()
                    .map(|(a, m)| (IfIndex(1), a, mac(m)))
                    .collect(),
                whole,
            })
        });
    let neighbours = (
        address(),
        prop::collection::vec((0u32..60, text(), text(), any::<u8>()), 0..3),
        any::<bool>(),
    )
        .prop_map(move |(via, rows, whole)| {
            Observation::Neighbours(ObsNeighboursV1 {
                via,
                at,
                protocol: NeighbourProtocol::Lldp,
                entries: rows
                    .into_iter()
                    .map(|(port, name, port_id, m)| NeighbourV1 {
                        port: IfIndex(port),
                        chassis: name.clone(),
                        chassis_mac: (m > 128).then(|| mac(m)),
                        port_id,
                        port_descr: Text::empty(),
                        name,
                        descr: Text::empty(),
                        address: None,
                    })
                    .collect(),
                whole,
            })
        });
    let arp = (address(), any::<u8>()).prop_map(move |(address, m)| {
        Observation::Arp(ObsArpV1 {
            at,
            address,
            mac: mac(m),
            how: ArpHow::Heard,
            interface: Text::empty(),
        })
    });
    let ping = (address(), prop::option::of(0u32..9)).prop_map(move |(address, rtt_ms)| {
        Observation::Ping(ObsPingV1 {
            at,
            address,
            rtt_ms,
        })
    });
    let heard = (any::<u8>(), prop::option::of(address()), key(), text()).prop_map(
        move |(m, address, key, value)| {
            Observation::Heard(ObsHeardV1 {
                at,
                mac: mac(m),
                address,
                source: FactSource::Dhcp,
                facts: vec![(key, value)],
                interface: Text::empty(),
            })
        },
    );
    let source = (text(), text()).prop_map(move |(source, trouble)| {
        Observation::Source(ObsSourceV1 {
            at,
            source,
            trouble,
            dropped: 0,
        })
    });
    let quirk = (address(), 0u8..3, text(), prop::option::of(1u16..9)).prop_map(
        move |(address, model, build, repetitions)| {
            Observation::Quirk(ObsQuirkV1 {
                address,
                at,
                object_id: format!("1.3.6.1.4.1.{model}").into(),
                build: build.clone(),
                repetitions,
                names: None,
                next_only: false,
                skip: vec![build],
                because: Text::empty(),
            })
        },
    );
    prop_oneof![
        1 => quirk, 12 => poll, 4 => fdb, 2 => arp_table, 2 => neighbours, 2 => arp, 2 => ping, 1 => heard, 1 => source
    ]
}

fn command(now: Time) -> impl Strategy<Value = Command> {
    let alert = || (1u64..20).prop_map(AlertId);
    let later = move || (0i64..2_000_000).prop_map(move |ms| Time(now.0 + ms));
    prop_oneof![
        (alert(), prop::option::of(later())).prop_map(|(alert, until)| Command::Acknowledge {
            alert,
            note: Text::empty(),
            until
        }),
        alert().prop_map(|alert| Command::Unacknowledge { alert }),
        alert().prop_map(|alert| Command::Close {
            alert,
            note: Text::empty()
        }),
        (1u32..20, text()).prop_map(|(d, note)| Command::Note {
            device: DeviceId(d),
            note
        }),
        (1u32..20, text()).prop_map(|(d, reason)| Command::Release {
            device: DeviceId(d),
            reason
        }),
        (1u32..20, 0usize..6, later()).prop_map(|(d, p, until)| Command::OverrideTouch {
            device: DeviceId(d),
            policy: TouchPolicy::ALL[p],
            reason: Text::empty(),
            until
        }),
    ]
}

fn body(now: Time) -> impl Strategy<Value = Body> {
    prop_oneof![
        20 => observation(now).prop_map(Body::Observation),
        2 => command(now).prop_map(|command| Body::Command { by: "ana".into(), command }),
        1 => Just(Body::Tick),
        4 => (address(), 0usize..5).prop_map(move |(address, job)| Body::Ledger(vec![LedgerRow {
            address,
            kind: PacketKind::Walk,
            count: 1,
            first: now,
            last: now,
            cause: ["poll status", "poll tables", "poll inventory", "poll sensors", "scan by ana"][job].into(),
        }])),
        1 => (1u64..20).prop_map(|run| Body::Run(RunStep::Started { run: RunId(run) })),
        1 => (1u64..20, text()).prop_map(|(run, error)| Body::Run(RunStep::RevertDone { run: RunId(run), error })),
        1 => (1u64..20).prop_map(|run| Body::Run(RunStep::Ended {
            run: RunId(run), state: RunState::Failed, exit: None, output_hash: Text::empty(), outcome: Text::empty()
        })),
        1 => any::<bool>().prop_map(|less| {
            let mut site = site();
            if less {
                site.devices.truncate(9);
                site.segments.truncate(2);
            }
            Body::Config(Box::new(ConfigAppliedV2 { hash: "again".into(), site }))
        }),
    ]
}

/// A log: configuration first, then anything, the time never going back.
fn history() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(0i64..90_000, 1..80).prop_flat_map(|gaps| {
        let mut now = 1_800_000_000_000;
        let bodies: Vec<BoxedStrategy<Event>> = gaps
            .into_iter()
            .enumerate()
            .map(|(n, gap)| {
                now += gap;
                let time = Time(now);
                body(time)
                    .prop_map(move |body| Event {
                        seq: Seq(n as u64 + 2),
                        time,
                        body,
                    })
                    .boxed()
            })
            .collect();
        bodies.prop_map(|rest| {
            let first = Event {
                seq: Seq(1),
                time: Time(1_800_000_000_000),
                body: Body::Config(Box::new(ConfigAppliedV2 {
                    hash: "first".into(),
                    site: site(),
                })),
            };
            std::iter::once(first).chain(rest).collect()
        })
    })
}

fn fold(events: &[Event]) -> State {
    let mut state = State::new();
    for event in events {
        state.apply(event);
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_fold_stands_and_its_sums_agree(events in history()) {
        let mut state = State::new();
        for event in &events {
            let outcome = state.apply(event);
            for (n, effect) in outcome.effects.iter().enumerate() {
                prop_assert_eq!(effect.key, (event.seq, n as u16));
            }
            check_sums(&state);
            prop_assert!(state.apply(event).effects.is_empty(), "the same event twice is ignored");
        }
        for d in state.devices.values() {
            for a in &d.addresses {
                prop_assert!(state.by_address.contains_key(a));
            }
            for m in &d.macs {
                prop_assert_eq!(state.by_mac.get(m), Some(&d.id));
            }
            if d.passive.seen == Time::default() && d.snmp.seen == Time::default() && d.ping.seen == Time::default() {
                prop_assert_ne!(d.state, DeviceState::Up, "unknown is never up");
            }
        }
        prop_assert!(state.memory.timers.len() < 10_000);
    }

    #[test]
    fn one_log_gives_one_hash_and_a_snapshot_goes_on_alike(events in history(), cut in any::<prop::sample::Index>()) {
        let whole = fold(&events);
        prop_assert_eq!(whole.hash(), fold(&events).hash());
        let cut = cut.index(events.len());
        let bytes = fold(&events[..cut]).to_snapshot();
        let mut resumed = State::from_snapshot(&bytes).unwrap();
        prop_assert_eq!(&resumed.to_snapshot(), &bytes);
        for event in &events[cut..] {
            resumed.apply(event);
        }
        prop_assert_eq!(resumed.hash(), whole.hash());
    }

    #[test]
    fn no_alert_is_lost(events in history()) {
        let mut state = fold(&events);
        // whatever is held has been judged by then
        for n in 1..20 {
            let tick = Event { seq: Seq(state.seq.0 + 1), time: Time(state.time.0 + n * 60_000), body: Body::Tick };
            state.apply(&tick);
        }
        for d in state.devices.values().filter(|d| d.state == DeviceState::Down) {
            let told = [Condition::DeviceDown, Condition::NoLongerSeen].iter().any(|c| {
                state.alerts.values().any(|a| {
                    a.device == Some(d.id) && a.condition == *c
                        && (a.is_active() || state.memory.hushed.contains_key(&a.id))
                })
            });
            prop_assert!(told, "{} is down and nobody is told: {:?}", d.name, d.state_why);
        }
        for alert in state.alerts.values() {
            prop_assert_eq!(alert.closed.is_some(), alert.state == AlertState::Closed);
            if alert.is_active() {
                prop_assert!(state.memory.told.contains(&alert.id));
            }
        }
    }

    #[test]
    fn bytes_that_are_no_snapshot_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(state) = State::from_snapshot(&bytes) {
            prop_assert_eq!(state.to_snapshot(), bytes);
        }
    }
}

#[test]
fn a_snapshot_of_another_engine_is_refused_by_name() {
    let mut bytes = World::new().state.to_snapshot();
    let own = bytes[1];
    bytes[1] = own + 1;
    assert_eq!(
        State::from_snapshot(&bytes).unwrap_err(),
        SnapshotError::OtherVersion {
            found: u16::from(own) + 1
        }
    );
    let mut w = World::new();
    w.run(30);
    let whole = w.state.to_snapshot();
    assert!(State::from_snapshot(&whole[..whole.len() - 1]).is_err());
}

#[test]
fn a_whole_story_replays_to_the_same_hash() {
    let mut w = World::new();
    w.run(200);
    w.dead.insert("sw-a".into());
    w.run(200);
    w.dead.clear();
    w.run(100);
    assert_eq!(fold(&w.events).hash(), w.state.hash());
    assert_eq!(w.state.hash_hex().len(), 64);
}

#[test]
fn a_plain_secret_never_gets_into_the_state() {
    let mut site = site();
    site.credentials[0].how = crate::model::CredentialKind::V2c {
        community: crate::model::SecretRef::Plain(crate::model::PlainSecret::new(
            b"hunter2".to_vec(),
        )),
    };
    let w = World::of(site);
    let bytes = w.state.to_snapshot();
    assert!(bytes.len() > 1000, "it can still be serialised");
    assert!(!bytes.windows(7).any(|b| b == b"hunter2"));
    assert!(!format!("{:?}", w.state).contains("hunter2"));
}
