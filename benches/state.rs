//! What a device costs in the state: octets by stage, counted at the allocator, and what folding a poll costs.
//!
//! `cargo bench --bench state [-- DEVICES PERCENT]`: so many devices, each hundred of which so many have 24 interfaces. Each line: the
//! stage, octets and allocations a device that are live after it, and what one of its events cost.
#![allow(clippy::unwrap_used)]

use std::alloc::System;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use stats_alloc::{INSTRUMENTED_SYSTEM, Stats, StatsAlloc};
use wardwatch::engine::State;
use wardwatch::event::{
    Body, ConfigAppliedV2, Event, IfCountersV1, IfMetaV1, IfSampleV1, ObsPollV1, Observation,
    PollOutcome, SysGroupV1,
};
use wardwatch::model::{
    DeviceClass, DeviceSpec, IfIndex, IfStatus, Mac, SegmentSpec, Seq, Site, Text, Time,
};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const PORTS: u32 = 24;
/// As many as fill what is kept of an interface's course, and some more.
const ROUNDS: u64 = 66;

/// Allocations and octets that are live.
fn live(stats: &Stats) -> (isize, isize) {
    let octets =
        stats.bytes_allocated as isize + stats.bytes_reallocated - stats.bytes_deallocated as isize;
    (
        octets,
        stats.allocations as isize - stats.deallocations as isize,
    )
}

/// Resident, KiB.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with("VmRSS:"));
    line.and_then(|l| l.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

struct Bench {
    state: State,
    now: Time,
    devices: u32,
    percent: u32,
    began: (isize, isize),
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

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(0x0a00_0001 + n))
    }

    fn site(&self) -> Site {
        Site {
            segments: vec![SegmentSpec {
                name: "house".into(),
                nets: vec!["10.0.0.0/8".parse().unwrap()],
                ..SegmentSpec::default()
            }],
            devices: (0..self.devices)
                .map(|n| DeviceSpec {
                    name: format!("sw-{n:05}").into(),
                    class: DeviceClass::Switch,
                    addresses: vec![Self::address(n)],
                    ..DeviceSpec::default()
                })
                .collect(),
            ..Site::default()
        }
    }

    /// One answer of one device; the first one of all says who it is.
    fn answer(&self, n: u32, round: u64) -> Body {
        let ports = if n % 100 < self.percent { PORTS } else { 0 };
        let uptime = (self.now.0 / 10 % 4_000_000_000) as u32;
        let first = round == 0;
        let interfaces: Vec<IfSampleV1> = (1..=ports)
            .map(|index| IfSampleV1 {
                index: IfIndex(index),
                meta: first.then(|| IfMetaV1 {
                    name: format!("GigabitEthernet1/0/{index}").into(),
                    alias: Text::empty(),
                    kind: 6,
                    speed: 1_000_000_000,
                    mac: Some(Mac([
                        0,
                        9,
                        (n >> 16) as u8,
                        (n >> 8) as u8,
                        n as u8,
                        index as u8,
                    ])),
                }),
                admin: IfStatus::Up,
                oper: IfStatus::Up,
                counters: Some(IfCountersV1 {
                    in_octets: round * (1_000_000 + 7_919 * u64::from(index)),
                    out_octets: round * (2_000_000 + 104_729 * u64::from(index)),
                    errors: 0,
                    wide: true,
                    discontinuity: 0,
                    uptime,
                }),
            })
            .collect();
        Body::Observation(Observation::Poll(Box::new(ObsPollV1 {
            address: Self::address(n),
            at: self.now,
            outcome: PollOutcome::Answered,
            credential: Text::empty(),
            rtt_ms: Some(1),
            uptime: Some(uptime),
            engine_boots: None,
            system: first.then(|| SysGroupV1 {
                descr: "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(4)E7, RELEASE SOFTWARE (fc2)".into(),
                object_id: "1.3.6.1.4.1.9.1.1208".into(),
                name: format!("sw-{n:05}").into(),
                location: "House 3, floor 2, closet 7".into(),
                contact: "network@hospital.example".into(),
                services: None,
            }),
            facts: Vec::new(),
            interfaces_whole: ports > 0,
            interfaces,
        })))
    }

    fn say(&self, stage: &str, events: u32, took: f64) {
        let (octets, allocations) = live(&ALLOCATOR.stats());
        let each = |n: isize| n as f64 / f64::from(self.devices);
        println!(
            "| {stage} | {:.0} | {:.1} | {:.2} | {:.1} |",
            each(octets - self.began.0),
            each(allocations - self.began.1),
            took * 1e6 / f64::from(events),
            resident() as f64 / 1024.0,
        );
    }
}

fn main() {
    let numbers: Vec<u32> = std::env::args()
        .skip(1)
        .filter_map(|a| a.parse().ok())
        .collect();
    let mut bench = Bench {
        state: State::new(),
        now: Time(1_800_000_000_000),
        devices: numbers.first().copied().unwrap_or(10_000),
        percent: numbers.get(1).copied().unwrap_or(100),
        began: (0, 0),
    };
    println!(
        "{} devices, {PORTS} interfaces on {} %\n\n| after | octets a device | allocations a device | µs an event | RSS, MiB |\n| --- | ---: | ---: | ---: | ---: |",
        bench.devices, bench.percent
    );
    bench.began = live(&ALLOCATOR.stats());
    let config = Body::Config(Box::new(ConfigAppliedV2 {
        hash: "bench".into(),
        site: bench.site(),
    }));
    let start = Instant::now();
    bench.apply(config);
    bench.say(
        "configuration",
        bench.devices,
        start.elapsed().as_secs_f64(),
    );
    for round in 0..ROUNDS {
        bench.now = Time(bench.now.0 + 30_000);
        let mut took = 0.0;
        for n in 0..bench.devices {
            let answer = bench.answer(n, round);
            let start = Instant::now();
            bench.apply(answer);
            took += start.elapsed().as_secs_f64();
        }
        if matches!(round, 0..4 | 7 | 15 | 31) || round == ROUNDS - 1 {
            bench.say(&format!("{} polls", round + 1), bench.devices, took);
        }
    }
    let start = Instant::now();
    let published = bench.state.clone();
    bench.now = Time(bench.now.0 + 30_000);
    for n in 0..bench.devices {
        let answer = bench.answer(n, ROUNDS);
        bench.apply(answer);
    }
    bench.say(
        "one more, a viewer holding the state before it",
        bench.devices,
        start.elapsed().as_secs_f64(),
    );
    drop(published);
    println!("\nhash {}", bench.state.hash_hex());
}
