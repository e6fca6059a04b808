//! An ARP sweep of a /20 in which 4,000 stations answer, beside arp-scan and nmap in their fastest settings that still find
//! all: rounds in turn, the median of five each. It makes two network namespaces and takes them away again; that needs root.
//!
//! The answering side is the kernel of the second namespace with 4,000 addresses on one interface. A peer's time is that of its
//! whole process, ours that of the sweep and, in a second row, that of a process that only sweeps.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wardwatch::gate::{Gate, Interface};
use wardwatch::model::{TouchPolicy, TouchTable};
use wardwatch::sources::Stop;
use wardwatch::sources::arp::{Pace, Sweep, scan_plan};

const ROUNDS: usize = 5;
const STATIONS: u32 = 4000;
/// Says that this process is the sweep, and at which pace.
const INSIDE: &str = "WARDWATCH_BENCH_SWEEP";

fn main() {
    if let Ok(pace) = std::env::var(INSIDE) {
        return sweep(&pace);
    }
    let net = match Net::new() {
        Ok(net) => net,
        Err(error) => {
            println!("no network namespaces here, so no figures (run as root): {error}");
            return;
        }
    };
    let mut rows = vec![
        Row::new(
            "wardwatch `scan --fast`, the sweep",
            Kind::Ours("fast", false),
        ),
        Row::new(
            "wardwatch `scan --fast`, whole process",
            Kind::Ours("fast", true),
        ),
        Row::new(
            "wardwatch `scan` (polite), the sweep",
            Kind::Ours("polite", false),
        ),
    ];
    let arp_scan = "--interface=eth0 --retry=2 --timeout=50 --bandwidth=100000000 --numeric --quiet --plain --localnet";
    let nmap = "-sn -PR -n -T5 --min-rate 100000 --max-retries 1 --max-rtt-timeout 50ms --min-hostgroup 4096 \
                --min-parallelism 4096 -e eth0 10.77.0.0/20";
    for (program, arguments) in [("arp-scan", arp_scan), ("nmap", nmap)] {
        if there(program) {
            rows.push(Row::new(program, Kind::Peer(program, arguments)));
        } else {
            println!("{program} is not installed: no row of it (apt-get install {program})");
        }
    }
    for round in 0..=ROUNDS {
        for row in &mut rows {
            let run = net.run(&row.kind);
            // the first warms up
            if round > 0 {
                row.runs.push(run);
            }
        }
    }
    print(&rows);
}

enum Kind {
    /// The pace, and whether the time of the whole process counts.
    Ours(&'static str, bool),
    /// A program and its arguments.
    Peer(&'static str, &'static str),
}

struct Run {
    took: Duration,
    found: usize,
}

struct Row {
    name: String,
    kind: Kind,
    runs: Vec<Run>,
}

impl Row {
    fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            runs: vec![],
        }
    }

    fn median(&self) -> Duration {
        let mut all: Vec<_> = self.runs.iter().map(|r| r.took).collect();
        all.sort_unstable();
        all[all.len() / 2]
    }
}

fn print(rows: &[Row]) {
    // a whole process against whole processes
    let base = rows[1].median().as_secs_f64();
    println!("\nARP sweep of a /20, {STATIONS} of 4,093 answer, one retry; medians of {ROUNDS}\n");
    println!(
        "| sweep | found (least) | median s | spread s | ratio |\n| --- | --- | --- | --- | --- |"
    );
    for row in rows {
        let least = row.runs.iter().map(|r| r.found).min().unwrap_or(0);
        let fastest = row.runs.iter().map(|r| r.took).min().unwrap_or_default();
        let slowest = row.runs.iter().map(|r| r.took).max().unwrap_or_default();
        println!(
            "| {} | {least} | {:.3} | {:.3} to {:.3} | {:.2} |",
            row.name,
            row.median().as_secs_f64(),
            fastest.as_secs_f64(),
            slowest.as_secs_f64(),
            row.median().as_secs_f64() / base
        );
    }
    println!();
    for row in rows {
        if let Kind::Peer(program, arguments) = row.kind {
            println!(
                "{program} {}",
                arguments.split_whitespace().collect::<Vec<_>>().join(" ")
            );
        }
    }
}

/// In the namespace: one sweep, and what came of it.
fn sweep(pace: &str) {
    let gate = Gate::new();
    gate.install(
        TouchTable {
            revision: 1,
            addresses: [].into(),
            unknown: vec![],
            elsewhere: TouchPolicy::Arp,
        }
        .into(),
    );
    let plan = scan_plan(&[], Some("eth0"), &Interface::list()).unwrap();
    let sweep = Sweep {
        segment: plan.near[0].clone(),
        pace: if pace == "fast" {
            Pace::Fast
        } else {
            Pace::Polite
        },
        cap: None,
        retry: true,
        cause: "bench".into(),
    };
    let summary = sweep.run(&gate, &Stop::new(), |_| {}).unwrap();
    assert_eq!(summary.asked, 4093);
    println!("{} {}", summary.answered, summary.took.as_micros());
}

fn there(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", "command -v \"$0\"", program])
        .stdout(Stdio::null())
        .status();
    found.is_ok_and(|s| s.success())
}

fn ip(args: &[&str]) -> Result<(), String> {
    let out = Command::new("ip")
        .args(args)
        .output()
        .map_err(|e| e.to_string())?;
    if out.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&out.stderr).trim().to_string())
}

/// Two namespaces and a wire between them.
struct Net {
    a: String,
    b: String,
}

impl Net {
    fn new() -> Result<Self, String> {
        let id = std::process::id();
        let net = Self {
            a: format!("wwbench{id}a"),
            b: format!("wwbench{id}b"),
        };
        ip(&["netns", "add", &net.a])?;
        ip(&["netns", "add", &net.b])?;
        ip(&[
            "link", "add", "eth0", "netns", &net.a, "type", "veth", "peer", "name", "eth0",
            "netns", &net.b,
        ])?;
        let base = u32::from(std::net::Ipv4Addr::new(10, 77, 0, 0));
        let mut batch = String::new();
        for n in 0..STATIONS {
            // 1021 is prime to 4093: the silent are strewn
            let address = std::net::Ipv4Addr::from(base + 2 + (n * 1021) % 4093);
            writeln!(batch, "addr add {address}/20 dev eth0").unwrap();
        }
        let file = std::env::temp_dir().join(format!("{}.addresses", net.b));
        std::fs::write(&file, batch).map_err(|e| e.to_string())?;
        let added = ip(&["-n", &net.b, "-batch", &file.display().to_string()]);
        let _ = std::fs::remove_file(&file);
        added?;
        ip(&["-n", &net.a, "addr", "add", "10.77.0.1/20", "dev", "eth0"])?;
        for ns in [&net.a, &net.b] {
            ip(&["-n", ns, "link", "set", "lo", "up"])?;
            ip(&["-n", ns, "link", "set", "eth0", "up"])?;
        }
        Ok(net)
    }

    fn run(&self, kind: &Kind) -> Run {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.a]);
        match kind {
            Kind::Ours(pace, _) => {
                command
                    .arg(std::env::current_exe().unwrap())
                    .env(INSIDE, pace);
            }
            Kind::Peer(program, arguments) => {
                command.arg(program).args(arguments.split_whitespace());
            }
        }
        let start = Instant::now();
        let out = command.stdin(Stdio::null()).output().unwrap();
        let took = start.elapsed();
        let text = String::from_utf8_lossy(&out.stdout);
        assert!(
            out.status.success(),
            "{text}{}",
            String::from_utf8_lossy(&out.stderr)
        );
        match kind {
            Kind::Ours(_, whole) => {
                let mut words = text.split_whitespace().map(|w| w.parse::<u64>().unwrap());
                let found = words.next().unwrap() as usize;
                let own = Duration::from_micros(words.next().unwrap());
                let took = if *whole { took } else { own };
                Run { took, found }
            }
            // a line each, but for this machine itself
            Kind::Peer("nmap", _) => Run {
                took,
                found: text.matches("MAC Address").count(),
            },
            Kind::Peer(..) => Run {
                took,
                found: text.lines().filter(|l| l.starts_with("10.77.")).count(),
            },
        }
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for ns in [&self.a, &self.b] {
            let _ = ip(&["netns", "delete", ns]);
        }
    }
}
