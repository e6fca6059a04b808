//! What a device costs in memory, counted at the allocator in octets: no figure of the machine, and the same in each run.
//!
//! It is a test of its own, alone in its process: what another test allocates at the same time would be counted too.
#![allow(clippy::unwrap_used)]

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[path = "../benches/state/switches.rs"]
mod switches;
use switches::{PORTS, Switches};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const DEVICES: u32 = 1_000;
/// Polls that fill everything which is kept of the past: the course of a port has sixty values.
const FULL: u64 = 64;

fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// Octets a device, when all that is kept is full; and how much more there is after so many polls again.
fn measured(percent: u32) -> (usize, usize) {
    let before = live();
    let mut all = Switches::new(DEVICES, percent);
    all.configure();
    let poll = |all: &mut Switches, rounds: std::ops::Range<u64>| {
        for round in rounds {
            all.wait();
            for n in 0..DEVICES {
                let answer = all.answer(n, round);
                all.apply(answer);
            }
        }
        live() - before
    };
    let full = poll(&mut all, 0..FULL);
    let later = poll(&mut all, FULL..2 * FULL);
    (full / DEVICES as usize, later.saturating_sub(full))
}

#[test]
fn a_device_takes_under_two_kilobytes_and_a_port_under_a_third_of_one() {
    // the rules and tables of identification are there once, however many devices there are
    let before = live();
    assert!(wardwatch::identify::shipped().is_ok());
    let mac = "00:09:fb:00:00:01".parse().unwrap();
    assert!(wardwatch::identify::maker_of(mac).is_some());
    assert!(wardwatch::identify::vendor_of(9).is_some());
    let tables = live() - before;
    let (device, more) = measured(0);
    assert_eq!(more, 0, "what is polled on and on takes no more");
    let (with_ports, more) = measured(100);
    assert_eq!(more, 0, "nor does it with ports");
    let port = (with_ports - device) / PORTS as usize;
    println!("{device} octets a device, {port} a port, {tables} of identification");
    assert!(tables <= 9_000_000, "{tables} octets of identification");
    assert!(device <= 1_900, "{device} octets a device");
    assert!(port <= 300, "{port} octets a port");
}
