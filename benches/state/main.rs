//! What a device costs in the state: octets by stage, counted at the allocator, and what folding a poll costs.
//!
//! `cargo bench --bench state [-- DEVICES PERCENT]`: so many devices, of each hundred of which so many have 24 interfaces. Each line:
//! the stage, octets and allocations a device that are live after it, what one of its events cost, and what is resident.
#![allow(clippy::unwrap_used)]

use std::alloc::System;
use std::time::Instant;

use stats_alloc::{INSTRUMENTED_SYSTEM, Stats, StatsAlloc};

mod switches;
use switches::{PORTS, Switches};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// As many polls as fill what is kept of an interface's course, and some more.
const ROUNDS: u64 = 66;

/// Octets and allocations that are live.
fn live(stats: &Stats) -> (isize, isize) {
    (
        stats.bytes_allocated as isize - stats.bytes_deallocated as isize,
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

fn say(stage: &str, devices: u32, began: (isize, isize), seconds: f64) {
    let (octets, allocations) = live(&ALLOCATOR.stats());
    let each = |n: isize| n as f64 / f64::from(devices);
    println!(
        "| {stage} | {:.0} | {:.1} | {:.2} | {:.1} |",
        each(octets - began.0),
        each(allocations - began.1),
        seconds * 1e6 / f64::from(devices),
        resident() as f64 / 1024.0,
    );
}

fn main() {
    let numbers: Vec<u32> = std::env::args()
        .skip(1)
        .filter_map(|a| a.parse().ok())
        .collect();
    let devices = numbers.first().copied().unwrap_or(10_000);
    let percent = numbers.get(1).copied().unwrap_or(100);
    println!(
        "{devices} devices, {PORTS} interfaces on {percent} %\n\n| after | octets a device | allocations a device | µs an event | RSS, MiB |\n| --- | ---: | ---: | ---: | ---: |",
    );
    let began = live(&ALLOCATOR.stats());
    let mut all = Switches::new(devices, percent);
    let start = Instant::now();
    all.configure();
    say(
        "configuration",
        devices,
        began,
        start.elapsed().as_secs_f64(),
    );
    let mut round_of = |all: &mut Switches, round: u64| {
        all.wait();
        let mut took = 0.0;
        for n in 0..devices {
            let answer = all.answer(n, round);
            let start = Instant::now();
            all.apply(answer);
            took += start.elapsed().as_secs_f64();
        }
        took
    };
    for round in 0..ROUNDS {
        let took = round_of(&mut all, round);
        if matches!(round, 0..4 | 7 | 15 | 31) || round == ROUNDS - 1 {
            let stage = format!("poll {}", round + 1);
            say(&stage, devices, began, took);
        }
    }
    let published = all.state.clone();
    let took = round_of(&mut all, ROUNDS);
    say(
        "one more, a viewer holding the state before it",
        devices,
        began,
        took,
    );
    drop(published);
    println!("\nhash {}", all.state.hash_hex());
}
