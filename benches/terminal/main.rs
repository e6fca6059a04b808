//! What the program costs at a terminal, against the ceilings of the README: `cargo bench --bench terminal`.
//!
//! Runs the program in a real pseudo-terminal of 200x50. Prints one row a figure with its ceiling; ends with 1 when one is over. Where
//! bottom (`btm`) and trippy (`trip`) are installed they stand beside it, in the same run.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../tests/it/support/mod.rs"]
#[allow(dead_code)]
mod support;

mod storm;

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use portable_pty::CommandBuilder;
use support::Pty;

/// What is measured, row by row.
#[derive(Default)]
struct Table {
    over: bool,
}

impl Table {
    fn row(&mut self, what: &str, measured: f64, ceiling: f64, unit: &str) {
        // what could not be measured is no success
        let within = measured <= ceiling;
        self.over |= !within;
        let word = if within { "" } else { "OVER" };
        println!("{what:<62}{measured:>10.1} {unit:<5}{ceiling:>8.0} {unit:<5}{word}");
    }
}

/// The value that so many of a hundred do not pass.
fn percentile(mut of: Vec<f64>, percent: usize) -> f64 {
    of.sort_by(f64::total_cmp);
    of[(of.len() * percent).div_ceil(100).max(1) - 1]
}

fn demo(endpoints: &str, more: &[&str]) -> Pty {
    let usual = ["demo", "--scenario", "quiet", "--endpoints", endpoints];
    Pty::start(&[&usual[..], more].concat(), 200, 50)
}

/// From the start of the process to the first character on the screen, and whether anything was asked of the terminal before.
fn first_screen() -> (f64, f64) {
    let mut asked = 0;
    let mut one = || {
        let start = Instant::now();
        let mut pty = demo("500", &[]);
        while pty.text().trim().is_empty() {
            std::thread::sleep(Duration::from_micros(200));
        }
        let took = start.elapsed().as_secs_f64() * 1e3;
        // questions a terminal answers: status, attributes, versions, colours, settings
        let questions = [
            "[c", "[>c", "[5n", "[6n", "[>q", "[?u", ";?\u{7}", ";?\u{1b}", "P+q", "P$q", "$p",
        ];
        let bytes = pty.with(|s| String::from_utf8_lossy(&s.bytes).into_owned());
        asked += questions.iter().filter(|q| bytes.contains(**q)).count();
        pty.keys("\x03");
        pty.ended();
        took
    };
    let times = (0..20).map(|_| one()).collect();
    (percentile(times, 95), asked as f64)
}

fn octets(pty: &Pty) -> usize {
    pty.with(|s| s.bytes.len())
}

fn bytes_per_second(pty: &Pty, seconds: u64) -> f64 {
    let before = octets(pty);
    std::thread::sleep(Duration::from_secs(seconds));
    (octets(pty) - before) as f64 / seconds as f64
}

/// A figure of `/proc/PID/status`, or of its first thread.
fn status(pid: i32, key: &str) -> f64 {
    let status =
        std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(key));
    let value = line.and_then(|l| l.split_whitespace().next());
    value.and_then(|n| n.parse().ok()).unwrap_or(f64::NAN)
}

/// How often the thread that draws woke, a second.
fn wakes_per_second(pid: i32, seconds: u64) -> f64 {
    let before = status(pid, "voluntary_ctxt_switches:");
    std::thread::sleep(Duration::from_secs(seconds));
    (status(pid, "voluntary_ctxt_switches:") - before) / seconds as f64
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

type Way = fn(&mut Pty);

/// The slowest of five; how many processes are left is added to it as seconds, so that nobody overlooks it.
fn leaving(how: Way) -> f64 {
    let one = || {
        let mut pty = demo("200", &[]);
        pty.expect("ICU-3");
        let pid = pty.pid();
        how(&mut pty);
        let took = pty.ended().0.as_secs_f64() * 1e3;
        let left = std::path::Path::new(&format!("/proc/{pid}")).exists();
        took + if left { 1_000.0 } else { 0.0 }
    };
    percentile((0..5).map(|_| one()).collect(), 100)
}

/// From a key to its view on the screen, while the network does a lot.
fn key_to_screen(pty: &mut Pty) -> Vec<f64> {
    let mut times = Vec::new();
    for n in 0..200 {
        let (key, crumb) = if n % 2 == 0 {
            ("3", "Alerts")
        } else {
            ("4", "Devices")
        };
        let at_foot = |pty: &Pty| {
            pty.with(|s| {
                let last = s.parser.screen().rows(0, 40).last().unwrap_or_default();
                last.trim_start().starts_with(crumb)
            })
        };
        let start = Instant::now();
        pty.keys(key);
        while !at_foot(pty) {
            assert!(start.elapsed() < Duration::from_secs(10), "no {crumb}");
            std::thread::sleep(Duration::from_micros(100));
        }
        times.push(start.elapsed().as_secs_f64() * 1e3);
        // not in step with frames
        std::thread::sleep(Duration::from_millis(40 + n * 7 % 53));
    }
    times
}

/// What another program of this kind writes and burns, if it is installed: octets a second, % of a core.
fn peer(name: &str, arguments: &[&str]) -> Option<(f64, f64)> {
    let found = std::env::var("PATH").unwrap_or_default();
    std::env::split_paths(&found).find(|dir| dir.join(name).is_file())?;
    let mut command = CommandBuilder::new(name);
    command.args(arguments);
    let mut pty = Pty::spawn(command, 200, 50);
    std::thread::sleep(Duration::from_secs(5));
    let cpu = cpu_seconds(pty.pid());
    let rate = bytes_per_second(&pty, 30);
    let cpu = (cpu_seconds(pty.pid()) - cpu) / 30.0 * 100.0;
    pty.keys("q");
    pty.signal(Signal::SIGTERM);
    pty.ended();
    Some((rate, cpu))
}

fn main() {
    let mut table = Table::default();
    let (first, asked) = first_screen();
    table.row("first screen, 500 devices, p95 of 20", first, 50.0, "ms");
    table.row("questions asked of the terminal before", asked, 0.0, "");
    {
        let mut pty = demo("500", &[]);
        let slow = demo("500", &["--low-bandwidth"]);
        pty.expect("LIVE");
        // the first polls and tables come in
        std::thread::sleep(Duration::from_secs(45));
        let (cpu, wide, narrow) = (cpu_seconds(pty.pid()), octets(&pty), octets(&slow));
        std::thread::sleep(Duration::from_secs(90));
        let rate = |pty: &Pty, before: usize| (octets(pty) - before) as f64 / 90.0;
        table.row("500 devices on the Board", rate(&pty, wide), 1_000.0, "B/s");
        table.row(
            "the same with --low-bandwidth",
            rate(&slow, narrow),
            200.0,
            "B/s",
        );
        let cpu = (cpu_seconds(pty.pid()) - cpu) / 90.0 * 100.0;
        table.row(
            "its collector, agents and screen, of one core",
            cpu,
            5.0,
            "%",
        );
        let peak = status(pty.pid(), "VmHWM:") / 1024.0;
        table.row("peak memory of all that", peak, 64.0, "MiB");
        pty.keys(" ");
        pty.expect("PAUSED");
        std::thread::sleep(Duration::from_secs(1));
        let rate = bytes_per_second(&pty, 10);
        table.row("nothing changes (paused)", rate, 0.0, "B/s");
        let wakes = wakes_per_second(pty.pid(), 10);
        table.row(
            "wake-ups of the thread that draws, paused",
            wakes,
            1.0,
            "/s",
        );
        for mut pty in [pty, slow] {
            pty.keys("\x03");
            pty.ended();
        }
    }
    {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("storm.wwrec");
        let events = storm::record(&file, 90, 500);
        let file = file.display().to_string();
        let mut pty = Pty::start(&["replay", &file], 200, 50);
        pty.expect("REPLAY");
        pty.keys("3");
        pty.expect("Alerts");
        std::thread::sleep(Duration::from_secs(5));
        let rate = bytes_per_second(&pty, 30);
        table.row("500 events a second, on the Alerts", rate, 10_000.0, "B/s");
        let keys = percentile(key_to_screen(&mut pty), 99);
        table.row("the same: key to screen, p99 of 200", keys, 16.0, "ms");
        pty.keys("\x03");
        pty.ended();
        let lost = storm::lost(&file, events);
        table.row("the same: events lost", lost, 0.0, "");
    }
    let ways: [(&str, Way); 4] = [
        ("gone after ctrl-c, slowest of 5", |pty| pty.keys("\x03")),
        ("gone after SIGTERM", |pty| pty.signal(Signal::SIGTERM)),
        ("gone after SIGHUP", |pty| pty.signal(Signal::SIGHUP)),
        ("gone after the terminal closed", Pty::close_terminal),
    ];
    for (what, how) in ways {
        table.row(what, leaving(how), 200.0, "ms");
    }
    for (name, arguments) in [("btm", &[][..]), ("trip", &["127.0.0.1"][..])] {
        match peer(name, arguments) {
            Some((rate, cpu)) => println!("beside it, {name}: {rate:.0} B/s, {cpu:.1} % of a core"),
            None => println!("beside it, {name}: not installed here"),
        }
    }
    if table.over {
        std::process::exit(1);
    }
}
