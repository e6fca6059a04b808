//! What the program costs at a terminal, against the ceilings of the README: `cargo bench --bench terminal`.
//!
//! Runs the demo in a real pseudo-terminal. Prints one row a figure with its ceiling; ends with 1 when one is over.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../tests/it/support/mod.rs"]
#[allow(dead_code)]
mod support;

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use support::Pty;

struct Row {
    what: &'static str,
    measured: f64,
    ceiling: f64,
    unit: &'static str,
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

fn demo(scenario: &str) -> Pty {
    Pty::start(&["demo", "--scenario", scenario], 200, 50)
}

/// From the start of the process to the first character on the screen.
fn first_screen() -> f64 {
    let one = || {
        let start = Instant::now();
        let mut pty = demo("quiet");
        while pty.text().trim().is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let took = start.elapsed().as_secs_f64() * 1e3;
        pty.keys("\x03");
        pty.ended();
        took
    };
    median((0..7).map(|_| one()).collect())
}

fn bytes_per_second(pty: &Pty, seconds: u64) -> f64 {
    let before = pty.with(|s| s.bytes.len());
    std::thread::sleep(Duration::from_secs(seconds));
    (pty.with(|s| s.bytes.len()) - before) as f64 / seconds as f64
}

fn rss_mib(pid: i32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find(|l| l.starts_with("VmHWM:"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|n| n.parse::<f64>().ok())
        .unwrap_or(f64::NAN)
        / 1024.0
}

fn cpu_seconds(pid: i32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |i: usize| {
        fields
            .get(i)
            .and_then(|n| n.parse::<f64>().ok())
            .unwrap_or(f64::NAN)
    };
    (ticks(11) + ticks(12)) / 100.0
}

fn leaving(signal: Option<Signal>) -> f64 {
    let one = || {
        let mut pty = demo("quiet");
        pty.expect("ICU-3");
        match signal {
            Some(signal) => pty.signal(signal),
            None => pty.close_terminal(),
        }
        pty.ended().0.as_secs_f64() * 1e3
    };
    median((0..5).map(|_| one()).collect())
}

fn main() {
    let mut rows = vec![Row {
        what: "first screen of the demo",
        measured: first_screen(),
        ceiling: 100.0,
        unit: "ms",
    }];
    let mut pty = demo("quiet");
    pty.expect("LIVE");
    // let the first polls and tables come in
    std::thread::sleep(Duration::from_secs(20));
    let cpu = cpu_seconds(pty.pid());
    rows.push(Row {
        what: "200 devices on the Board, 200x50",
        measured: bytes_per_second(&pty, 90),
        ceiling: 1_500.0,
        unit: "B/s",
    });
    rows.push(Row {
        what: "collector and screen, CPU of one core",
        measured: (cpu_seconds(pty.pid()) - cpu) / 90.0 * 100.0,
        ceiling: 5.0,
        unit: "%",
    });
    pty.keys(" ");
    pty.expect("PAUSED");
    std::thread::sleep(Duration::from_secs(1));
    rows.push(Row {
        what: "nothing changes (paused)",
        measured: bytes_per_second(&pty, 10),
        ceiling: 1.0,
        unit: "B/s",
    });
    rows.push(Row {
        what: "peak memory of the demo",
        measured: rss_mib(pty.pid()),
        ceiling: 64.0,
        unit: "MiB",
    });
    pty.keys("\x03");
    pty.ended();
    rows.push(Row {
        what: "gone after SIGTERM",
        measured: leaving(Some(Signal::SIGTERM)),
        ceiling: 200.0,
        unit: "ms",
    });
    rows.push(Row {
        what: "gone after the terminal closed",
        measured: leaving(None),
        ceiling: 200.0,
        unit: "ms",
    });
    println!("{:<42}{:>12}{:>12}", "figure", "measured", "ceiling");
    for r in &rows {
        println!(
            "{:<42}{:>9.1} {:<4}{:>7.0} {:<4}{}",
            r.what,
            r.measured,
            r.unit,
            r.ceiling,
            r.unit,
            if r.measured <= r.ceiling { "" } else { "OVER" }
        );
    }
    if rows.iter().any(|r| r.measured > r.ceiling) {
        std::process::exit(1);
    }
}
