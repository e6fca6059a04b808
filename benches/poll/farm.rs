//! The agents: `wardwatch sim farm` in a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_wardwatch");
/// Who opens the agents.
pub const USER: &str = "bench";
/// The secrets of the farm, in its environment: name and value.
pub const COMMUNITY: (&str, &str) = ("WARDWATCH_BENCH_COMMUNITY", "bench");
pub const AUTH: (&str, &str) = ("WARDWATCH_BENCH_AUTH", "authentic-1");
pub const PRIVACY: (&str, &str) = ("WARDWATCH_BENCH_PRIVACY", "private-1");

/// A farm that runs.
pub struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    /// Its agents, one a line, as `poll --targets` reads them.
    pub targets: tempfile::NamedTempFile,
    /// The first of them; the others follow.
    pub first: SocketAddr,
    /// How many.
    pub devices: u32,
    what: String,
}

impl Running {
    /// So many agents with 24 interfaces, and what else is said.
    pub fn start(devices: u32, more: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command
            .args(["sim", "farm", "--agents", &devices.to_string()])
            .args(["--interfaces", "24", "--community"])
            .arg(format!("env:{}", COMMUNITY.0))
            .args(more);
        if more.contains(&"--v3") {
            command.args(["--auth", &format!("env:{}", AUTH.0)]);
            command.args(["--privacy", &format!("env:{}", PRIVACY.0)]);
        }
        let mut child = command
            .envs([COMMUNITY, AUTH, PRIVACY])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut targets = tempfile::NamedTempFile::new().unwrap();
        let mut first = None;
        for _ in 0..devices {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            let address: SocketAddr = line.trim().parse().expect("an address a line");
            first.get_or_insert(address);
            targets.write_all(line.as_bytes()).unwrap();
        }
        targets.flush().unwrap();
        Self {
            child,
            output,
            targets,
            first: first.unwrap(),
            devices,
            what: more.join(" "),
        }
    }

    /// Ends it, and says what it held and lost.
    pub fn end(mut self) -> String {
        let cpu = cpu_seconds(self.child.id());
        let held = crate::child::peak_rss_mib(&format!("/proc/{}/status", self.child.id()));
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM).unwrap();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap();
        let counts: serde_json::Value =
            serde_json::from_str(rest.trim().trim_start_matches("# ")).unwrap_or_default();
        let each = cpu * 1e6 / counts["datagrams"].as_f64().unwrap_or(f64::NAN);
        format!(
            "farm of {} {}: {held:.0} MiB, {} datagrams at {each:.1} µs, {} answers, {} it could not send",
            self.devices, self.what, counts["datagrams"], counts["answered"], counts["lost"]
        )
    }
}

/// CPU seconds of a process, all threads.
fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let behind = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind.split_whitespace().skip(11).take(2);
    ticks.filter_map(|n| n.parse::<f64>().ok()).sum::<f64>() / 100.0
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
