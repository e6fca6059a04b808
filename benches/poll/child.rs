//! One contender in a process of its own: its order comes as an argument, its outcome goes out as a line of JSON.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::farm::{COMMUNITY, PROGRAM, Running};
use super::{kernel, ours, peers};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// wardwatch's poller, and each result folded into the state: identity, reachability, rates, alerts.
    Engine,
    /// wardwatch's poller alone.
    Poller,
    /// The command.
    Command,
    /// wardwatch's schedule, folded as it comes.
    Schedule,
    /// The crate async-snmp.
    AsyncSnmp,
    /// The crate snmp2, its sessions kept.
    Snmp2,
    /// The crate snmp2, a session opened for each poll.
    Snmp2Each,
    /// Nobody: the same datagrams sent and taken in batches, and none of them read.
    Kernel,
}

/// What to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub who: Who,
    /// The first agent.
    pub first: SocketAddr,
    /// Agents, one address after the other.
    pub devices: u32,
    /// Their list.
    pub targets: std::path::PathBuf,
    /// Questions out at once.
    pub window: usize,
    /// Measured rounds over all devices.
    pub rounds: u32,
    /// A round before these that is not measured.
    pub warm: bool,
    /// SNMPv3 authPriv instead of v2c.
    pub v3: bool,
    /// Seconds between polls, where there is a schedule.
    pub interval_s: u32,
}

impl Order {
    /// Three measured rounds after one that is not, 1,024 questions out at once, v2c.
    pub fn new(who: Who, farm: &Running) -> Self {
        Self {
            who,
            first: farm.first,
            devices: farm.devices,
            targets: farm.targets.path().to_path_buf(),
            window: 1_024,
            rounds: 3,
            warm: true,
            v3: false,
            interval_s: 0,
        }
    }

    /// All agents.
    pub fn agents(&self) -> impl Iterator<Item = SocketAddr> + use<> {
        let IpAddr::V4(first) = self.first.ip() else {
            panic!("a farm is on IPv4");
        };
        let (first, port) = (u32::from(first), self.first.port());
        (0..self.devices).map(move |n| SocketAddr::from((Ipv4Addr::from(first + n), port)))
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    pub who: String,
    /// Devices asked, each round counted.
    pub polls: u64,
    /// Of these, answered.
    pub answered: u64,
    pub varbinds: u64,
    /// Datagrams sent, where the contender counts them.
    pub pdus: u64,
    pub retries: u64,
    /// Datagrams dropped at the asker's sockets.
    pub drops: u64,
    /// CPU of the process in the measured rounds.
    pub cpu_s: f64,
    pub wall_s: f64,
    /// Until the last device that answers had answered.
    pub living_wall_s: f64,
    pub living_cpu_s: f64,
    pub peak_rss_mib: f64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<10} {:>7} of {:>7} answered in {:>6.3} s ({:.3} CPU-s, {:>7.0} a CPU-s), {} PDUs, {} varbinds, {} sent again, {} drops, {:.0} MiB",
            self.who,
            self.answered,
            self.polls,
            self.wall_s,
            self.cpu_s,
            self.polls as f64 / self.cpu_s,
            self.pdus,
            self.varbinds,
            self.retries,
            self.drops,
            self.peak_rss_mib
        )
    }
}

/// CPU seconds of this process so far, all threads.
pub fn cpu_seconds() -> f64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    t.tv_sec as f64 + t.tv_nsec as f64 / 1e9
}

/// The most a process held resident, out of its status file.
pub fn peak_rss_mib(status: &str) -> f64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with("VmHWM:"));
    line.and_then(|l| l.split_whitespace().nth(1)?.parse::<f64>().ok())
        .map_or(f64::NAN, |kib| kib / 1_024.0)
}

/// Lets a contender run, and waits for it.
pub fn start(order: &Order) -> Outcome {
    let mut outcome = if order.who == Who::Command {
        command(order)
    } else {
        let program = std::env::current_exe().unwrap();
        let out = Command::new(program)
            .args(["child", &serde_json::to_string(order).unwrap()])
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(out.status.success(), "{order:?} failed");
        serde_json::from_slice::<Outcome>(&out.stdout).expect("one line of JSON")
    };
    outcome.who = format!("{:?}", order.who);
    outcome
}

fn command(order: &Order) -> Outcome {
    let out = Command::new(PROGRAM)
        .args([
            "poll",
            "--plan",
            "bench",
            "--once",
            "--summary",
            "--targets",
        ])
        .arg(&order.targets)
        .args(["--community", &format!("env:{}", COMMUNITY.0)])
        .envs([COMMUNITY])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(out.status.success());
    let sums: serde_json::Value = serde_json::from_slice(&out.stdout).expect("one line of JSON");
    let n = |name: &str| sums[name].as_u64().unwrap_or(0);
    let x = |name: &str| sums[name].as_f64().unwrap_or(f64::NAN);
    Outcome {
        polls: n("devices"),
        answered: n("answered"),
        varbinds: n("varbinds"),
        pdus: n("pdus_sent"),
        retries: n("retries"),
        drops: n("socket_drops"),
        cpu_s: x("cpu_s"),
        wall_s: x("wall_s"),
        peak_rss_mib: x("peak_rss_mib"),
        ..Outcome::default()
    }
}

/// The contender itself. All run on one thread: what more threads cost is not hidden in more cores.
pub fn run(order: &str) {
    let order: Order = serde_json::from_str(order).expect("an order in JSON");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut outcome = runtime.block_on(async {
        match order.who {
            Who::Engine => ours::once(&order, true).await,
            Who::Poller => ours::once(&order, false).await,
            Who::Schedule => ours::scheduled(&order).await,
            Who::AsyncSnmp => peers::async_snmp(&order).await,
            Who::Snmp2 => peers::snmp2(&order).await,
            Who::Snmp2Each => peers::snmp2_each(&order).await,
            Who::Kernel => kernel::alone(&order),
            Who::Command => panic!("the command is a process already"),
        }
    });
    outcome.peak_rss_mib = peak_rss_mib("/proc/self/status");
    println!("{}", serde_json::to_string(&outcome).unwrap());
}
