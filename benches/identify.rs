//! How many devices a second are identified on one core: the system groups of all recorded devices of the shared data, or where that
//! is not there of some made-up ones, with what the entity table says; the processor's time, not the wall's.
//! `cargo bench --bench identify` ends with 1 below 200,000 a second.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::path::PathBuf;
use std::time::Duration;

use wardwatch::identify::{Recorded, shipped};
use wardwatch::wire::snmp::{Oid, Value, VarBind};
use wardwatch::wire::snmprec;

/// Must be reached.
const FLOOR: f64 = 200_000.0;
/// Rows of a device that are kept: what the inventory of a poller knows as well.
const KEPT: [&[u32]; 2] = [&[1, 3, 6, 1, 2, 1, 1], &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1]];
/// Rows of one device.
const ROWS: usize = 64;

fn cpu() -> Duration {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    now.into()
}

fn recorded() -> Vec<Vec<VarBind>> {
    let data = std::env::var_os("WARDWATCH_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let Ok(folder) = std::fs::read_dir(data.join("devices/recordings")) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let kept = |v: &VarBind| KEPT.iter().any(|root| v.oid.arcs().starts_with(root));
    files
        .iter()
        .map(|file| {
            let recording = snmprec::parse(&std::fs::read(file).unwrap());
            let rows = recording.varbinds.into_iter().filter(kept);
            rows.take(ROWS).collect()
        })
        .collect()
}

fn made_up() -> Vec<Vec<VarBind>> {
    let texts = [
        (
            "9.1.1208",
            "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(2)E6, RELEASE SOFTWARE (fc1)",
        ),
        (
            "8072.3.2.10",
            "Linux host 5.10.0-8-amd64 #1 SMP Debian 5.10.46-4 x86_64",
        ),
        (
            "11.2.3.9.1",
            "HP ETHERNET MULTI-ENVIRONMENT,SN:X,FN:Y,SVCID:1,PID:HP LaserJet MFP M130nw",
        ),
        ("4294967294.1", "Frobnicator 9000, Software Version 4.2.1"),
    ];
    let row = |oid: Vec<u32>, text: &str| VarBind {
        oid: Oid::new(oid),
        value: Value::Octets(text.as_bytes().to_vec()),
    };
    texts
        .iter()
        .map(|(id, descr)| {
            vec![
                row(vec![1, 3, 6, 1, 2, 1, 1, 1, 0], descr),
                row(
                    vec![1, 3, 6, 1, 2, 1, 1, 2, 0],
                    &format!("1.3.6.1.4.1.{id}"),
                ),
            ]
        })
        .collect()
}

fn main() {
    // `cargo test --benches` only wants to know that it runs
    let quick = std::env::args().any(|a| a == "--test");
    let rules = shipped().expect("the shipped rules have no mistake");
    let mut devices = recorded();
    if devices.is_empty() {
        devices = made_up();
    }
    let rounds = if quick { 1 } else { 300_000 / devices.len() };
    let mut known = 0usize;
    // patterns are compiled when they are first tried
    for device in &devices {
        known += usize::from(rules.identify(&Recorded(device)).vendor.is_some());
    }
    let start = cpu();
    for _ in 0..rounds {
        for device in &devices {
            known += usize::from(rules.identify(&Recorded(device)).vendor.is_some());
        }
    }
    let took = cpu().saturating_sub(start).as_secs_f64();
    let all = (rounds * devices.len()) as f64;
    println!(
        "{} rules, {} devices: {:.0} identified a second on one core, {:.2} us each; {:.1} % have a vendor",
        rules.len(),
        devices.len(),
        all / took,
        took / all * 1e6,
        known as f64 * 100.0 / (all + devices.len() as f64)
    );
    if all / took < FLOOR && !quick {
        std::process::exit(1);
    }
}
