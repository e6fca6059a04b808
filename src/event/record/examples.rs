//! One event of each kind, for the golden bytes and the properties.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::event::*;
use crate::model::*;

fn ip(s: &str) -> IpAddr {
    s.parse().unwrap()
}

const MAC: Mac = Mac([0, 9, 0xfb, 0x12, 0x34, 0x56]);
pub(super) const T: Time = Time(1_700_000_000_123);

pub(super) fn site() -> Site {
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
            ..SegmentSpec::default()
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
            v2c_fallback: None,
            answers_from_any_address: None,
            in_flight: None,
        }],
        classes: vec![ClassSpec {
            class: DeviceClass::Printer,
            care: Some(CareLevel::Support),
            touch: Some(TouchPolicy::Ping),
            v2c_fallback: None,
            answers_from_any_address: None,
            in_flight: None,
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
        ..Site::default()
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
pub(super) fn kinds() -> Vec<(&'static str, Body)> {
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
                meta: Some(Box::new(IfMetaV1 {
                    name: "Gi1/0/1".into(),
                    alias: "pump".into(),
                    kind: 6,
                    speed: 1_000_000_000,
                    mac: Some(MAC),
                })),
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
            Body::Config(Box::new(ConfigAppliedV2 {
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
        (
            "sensors",
            Body::Observation(Observation::Sensors(ObsSensorsV1 {
                address: ip("10.0.0.2"),
                at: T,
                sensors: vec![SensorV1 {
                    key: "entity 1006".into(),
                    name: "Inlet".into(),
                    kind: SensorKind::Temperature,
                    value: Some(31_500),
                    total: None,
                    state: SensorState::Good,
                }],
                gone: vec!["entity 7".into()],
            })),
        ),
        (
            "agent",
            Body::Observation(Observation::Agent(ObsAgentV1 {
                address: ip("10.0.0.2"),
                at: T,
                faults: vec![(AgentFault::Late, 3), (AgentFault::Loop, 1)],
            })),
        ),
        (
            "quirk",
            Body::Observation(Observation::Quirk(ObsQuirkV1 {
                address: ip("10.0.0.2"),
                at: T,
                object_id: "1.3.6.1.4.1.9.1.1".into(),
                build: "IOS 15.2".into(),
                repetitions: Some(5),
                names: None,
                next_only: true,
                skip: vec!["1.3.6.1.2.1.17.7".into()],
                because: "it hung three times".into(),
            })),
        ),
        (
            "overrun",
            Body::Observation(Observation::Overrun(ObsOverrunV1 {
                address: ip("10.0.0.2"),
                at: T,
                job: Job::Tables,
                kind: OverrunKind::Cut,
            })),
        ),
        (
            "ledger-gap",
            Body::Observation(Observation::LedgerGap(ObsLedgerGapV1 {
                from: T,
                until: Time(T.0 + 9_000),
            })),
        ),
        (
            "approve-touch",
            command(Command::ApproveTouch {
                device: DeviceId(9),
                policy: TouchPolicy::Get,
            }),
        ),
        (
            "release",
            command(Command::Release {
                device: DeviceId(9),
                reason: "new firmware".into(),
            }),
        ),
        (
            "accept-plans",
            command(Command::AcceptPlans {
                hash: "00ff".into(),
            }),
        ),
        (
            "packets",
            Body::Packets(vec![LedgerRow {
                address: ip("10.3.10.7"),
                kind: PacketKind::Arp,
                count: 1,
                first: T,
                last: T,
                cause: "scan by ana".into(),
            }]),
        ),
        (
            "refused",
            Body::Refused(vec![LedgerRow {
                address: ip("10.3.10.7"),
                kind: PacketKind::Ping,
                count: 3,
                first: T,
                last: Time(T.0 + 1),
                cause: "ping".into(),
            }]),
        ),
    ]
}
