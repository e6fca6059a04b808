//! How fast the fold is in a hospital of 50,000 endpoints on 1,000 access switches.
//!
//! `cargo bench --bench fold`; numbers in the README come from here. Each line: what, events folded, events a second.
#![allow(clippy::unwrap_used)]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use wardwatch::engine::{Filter, State};
use wardwatch::event::{
    ArpHow, Body, ConfigAppliedV2, Event, FdbEntryV1, IfCountersV1, IfMetaV1, IfSampleV1,
    NeighbourProtocol, NeighbourV1, ObsArpV1, ObsForwardingV1, ObsNeighboursV1, ObsPollV1,
    Observation, PollOutcome,
};
use wardwatch::model::{
    Credential, CredentialKind, DeviceClass, DeviceSpec, IfIndex, IfStatus, Mac, SecretRef,
    SegmentSpec, Seq, Site, Text, Time,
};

const SWITCHES: u32 = 1_000;
const PER_SWITCH: u32 = 50;

struct Bench {
    state: State,
    now: Time,
}

impl Bench {
    fn apply(&mut self, body: Body) {
        let event = Event {
            seq: Seq(self.state.seq.0 + 1),
            time: self.now,
            body,
        };
        self.state.apply(&event);
    }

    /// Runs and prints: what, how many, how many a second.
    fn timed(&mut self, what: &str, n: u32, mut each: impl FnMut(&mut Self, u32)) {
        let start = Instant::now();
        for i in 0..n {
            each(self, i);
        }
        let took = start.elapsed();
        let rate = f64::from(n) / took.as_secs_f64();
        println!("{what:<44} {n:>8} in {took:>9.3?}  {rate:>12.0} a second");
    }
}

fn switch_address(i: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + i))
}

fn station_address(i: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0a10_0000 + i))
}

fn mac(kind: u8, i: u32) -> Mac {
    let b = i.to_be_bytes();
    Mac([0, 9, kind, b[1], b[2], b[3]])
}

fn site() -> Site {
    let mut devices: Vec<DeviceSpec> = (0..=SWITCHES)
        .map(|i| DeviceSpec {
            name: if i == 0 {
                "core".into()
            } else {
                format!("sw-{i}").into()
            },
            class: DeviceClass::Switch,
            addresses: vec![switch_address(i + 1)],
            macs: vec![mac(1, i)],
            ..DeviceSpec::default()
        })
        .collect();
    devices.extend((0..SWITCHES * PER_SWITCH).map(|i| DeviceSpec {
        name: format!("pump-{i}").into(),
        class: DeviceClass::InfusionPump,
        addresses: vec![station_address(i)],
        macs: vec![mac(2, i)],
        ..DeviceSpec::default()
    }));
    Site {
        segments: (0..8)
            .map(|n| SegmentSpec {
                name: format!("ward {n}").into(),
                vlan: 300 + n,
                nets: vec![format!("10.{}.0.0/15", 16 + n * 2).parse().unwrap()],
                clinical: true,
                ..SegmentSpec::default()
            })
            .collect(),
        devices,
        credentials: vec![Credential {
            name: "ro".into(),
            how: CredentialKind::V2c {
                community: SecretRef::Env("RO".into()),
            },
        }],
        collector_at: "core".into(),
        ..Site::default()
    }
}

fn poll(address: IpAddr, at: Time, outcome: PollOutcome, interfaces: Vec<IfSampleV1>) -> Body {
    Body::Observation(Observation::Poll(Box::new(ObsPollV1 {
        address,
        at,
        outcome,
        credential: Text::empty(),
        rtt_ms: Some(1),
        uptime: Some((at.0 / 10 % 4_000_000_000) as u32),
        engine_boots: None,
        system: None,
        facts: Vec::new(),
        interfaces_whole: !interfaces.is_empty(),
        interfaces,
    })))
}

fn ports(round: u64, at: Time) -> Vec<IfSampleV1> {
    (1..=PER_SWITCH + 2)
        .map(|index| IfSampleV1 {
            index: IfIndex(index),
            meta: (round == 0).then(|| {
                Box::new(IfMetaV1 {
                    name: format!("Gi1/0/{index}").into(),
                    alias: Text::empty(),
                    kind: 6,
                    speed: 1_000_000_000,
                    mac: None,
                })
            }),
            admin: IfStatus::Up,
            oper: IfStatus::Up,
            counters: Some(IfCountersV1 {
                in_octets: round * 1_000_000,
                out_octets: round * 2_000_000,
                errors: 0,
                wide: true,
                discontinuity: 0,
                uptime: (at.0 / 10 % 4_000_000_000) as u32,
            }),
        })
        .collect()
}

fn neighbour(port: u32, name: Text, far: u32) -> NeighbourV1 {
    NeighbourV1 {
        port: IfIndex(port),
        chassis: name.clone(),
        chassis_mac: None,
        port_id: format!("Gi1/0/{far}").into(),
        port_descr: Text::empty(),
        name,
        descr: Text::empty(),
        address: None,
    }
}

fn main() {
    let mut b = Bench {
        state: State::new(),
        now: Time(1_800_000_000_000),
    };
    let site = site();
    b.timed("configuration of 51,001 devices", 1, |b, _| {
        let config = ConfigAppliedV2 {
            hash: "bench".into(),
            site: site.clone(),
        };
        b.apply(Body::Config(Box::new(config)));
    });
    b.timed("first answers of the switches", SWITCHES + 1, |b, i| {
        let body = poll(
            switch_address(i + 1),
            b.now,
            PollOutcome::Answered,
            ports(0, b.now),
        );
        b.apply(body);
    });
    b.timed("neighbour table of the core", 1, |b, _| {
        let rows = (1..=SWITCHES)
            .map(|i| neighbour(i, format!("sw-{i}").into(), PER_SWITCH + 1))
            .collect();
        let at = b.now;
        b.apply(Body::Observation(Observation::Neighbours(
            ObsNeighboursV1 {
                via: switch_address(1),
                at,
                protocol: NeighbourProtocol::Lldp,
                entries: rows,
                whole: true,
            },
        )));
    });
    for round in ["first", "again"] {
        b.timed(&format!("forwarding tables, {round}"), SWITCHES, |b, i| {
            let entries = (0..PER_SWITCH)
                .map(|p| FdbEntryV1 {
                    mac: mac(2, i * PER_SWITCH + p),
                    vlan: 300 + (i % 8) as u16,
                    port: IfIndex(p + 1),
                })
                .collect();
            let at = b.now;
            b.apply(Body::Observation(Observation::Forwarding(
                ObsForwardingV1 {
                    via: switch_address(i + 2),
                    at,
                    entries,
                    whole: true,
                },
            )));
        });
        b.now = Time(b.now.0 + 60_000);
    }
    println!("{:?}", b.state.counts);
    b.timed("status polls", 200_000, |b, i| {
        if i % (SWITCHES + 1) == 0 {
            b.now = Time(b.now.0 + 30_000);
        }
        let body = poll(
            switch_address(i % (SWITCHES + 1) + 1),
            b.now,
            PollOutcome::Answered,
            Vec::new(),
        );
        b.apply(body);
    });
    b.timed(
        "interface polls, 52 ports, published each",
        10_000,
        |b, i| {
            if i % (SWITCHES + 1) == 0 {
                b.now = Time(b.now.0 + 60_000);
            }
            let published = b.state.clone();
            let round = u64::from(i / (SWITCHES + 1)) + 1;
            let body = poll(
                switch_address(i % (SWITCHES + 1) + 1),
                b.now,
                PollOutcome::Answered,
                ports(round, b.now),
            );
            b.apply(body);
            drop(published);
        },
    );
    b.timed("the core dies: four misses", 4, |b, _| {
        b.now = Time(b.now.0 + 10_000);
        let body = poll(switch_address(1), b.now, PollOutcome::Timeout, Vec::new());
        b.apply(body);
    });
    println!("{:?}", b.state.counts);
    b.timed("misses of everybody behind it", (SWITCHES) * 4, |b, i| {
        if i % SWITCHES == 0 {
            b.now = Time(b.now.0 + 10_000);
        }
        let body = poll(
            switch_address(i % SWITCHES + 2),
            b.now,
            PollOutcome::Timeout,
            Vec::new(),
        );
        b.apply(body);
    });
    println!("{:?}", b.state.counts);
    b.timed("everybody answers again", SWITCHES + 1, |b, i| {
        if i == 0 {
            b.now = Time(b.now.0 + 10_000);
        }
        let body = poll(
            switch_address(i + 1),
            b.now,
            PollOutcome::Answered,
            Vec::new(),
        );
        b.apply(body);
    });
    b.timed("ticks", 100, |b, _| {
        b.now = Time(b.now.0 + 10_000);
        b.apply(Body::Tick);
    });
    println!("{:?}", b.state.counts);
    for filter in [
        "pump-4999",
        "class:pump -state:up",
        "10.16.3",
        "seen>10m touch:never",
    ] {
        let parsed = Filter::parse(filter).unwrap();
        b.timed(
            &format!("filter '{filter}' over 51,001 devices"),
            3,
            |b, _| {
                let n = b
                    .state
                    .devices
                    .values()
                    .filter(|d| parsed.matches(&b.state, d, b.now))
                    .count();
                std::hint::black_box(n);
            },
        );
    }
    b.timed("addresses heard that nobody knew", 1_000, |b, i| {
        let at = b.now;
        b.apply(Body::Observation(Observation::Arp(ObsArpV1 {
            at,
            address: station_address(60_000 + i),
            mac: mac(3, i),
            how: ArpHow::Heard,
            interface: Text::empty(),
        })));
    });
    b.timed("hash", 1, |b, _| {
        std::hint::black_box(b.state.hash());
    });
    println!("snapshot: {} bytes", b.state.to_snapshot().len());
}
