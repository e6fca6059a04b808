//! Network namespaces that go away with the test, and a witness in one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wardwatch::sources::listen::{each_packet, frame};
use wardwatch::wire::arp::Arp;

use super::inside::{MARK, MODE};

pub struct Net {
    pub a: String,
    pub b: String,
    pub dir: tempfile::TempDir,
}

pub fn ip(args: &[&str]) -> Result<String, String> {
    run("ip", args)
}

pub fn run(program: &str, args: &[&str]) -> Result<String, String> {
    let out = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{program}: {e}"))?;
    if out.status.success() {
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    } else {
        let error = String::from_utf8_lossy(&out.stderr);
        Err(format!("{program} {}: {}", args.join(" "), error.trim()))
    }
}

pub fn there(program: &str) -> bool {
    let found = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path)
            .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
            .any(|dir| dir.join(program).is_file())
    });
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}

impl Net {
    /// `a` has 10.77.0.1/20; `b` has the given addresses of that subnet, on one interface.
    pub fn new(addresses: &BTreeSet<Ipv4Addr>) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let id = format!(
            "wwl{}x{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let net = Self {
            a: format!("{id}a"),
            b: format!("{id}b"),
            dir: tempfile::tempdir().unwrap(),
        };
        match net.build(addresses) {
            Ok(()) => Some(net),
            Err(error) => {
                println!("skipped: no network namespaces here ({error})");
                None
            }
        }
    }

    fn build(&self, addresses: &BTreeSet<Ipv4Addr>) -> Result<(), String> {
        ip(&["netns", "add", &self.a])?;
        ip(&["netns", "add", &self.b])?;
        let pair = [
            "link", "add", "eth0", "netns", &self.a, "type", "veth", "peer", "name", "eth0",
            "netns", &self.b,
        ];
        ip(&pair)?;
        let mut batch = String::new();
        for address in addresses {
            writeln!(batch, "addr add {address}/20 dev eth0").unwrap();
        }
        let file = self.dir.path().join("addresses");
        std::fs::write(&file, batch).unwrap();
        ip(&["-n", &self.b, "-batch", &file.display().to_string()])?;
        ip(&["-n", &self.a, "addr", "add", "10.77.0.1/20", "dev", "eth0"])?;
        for ns in [&self.a, &self.b] {
            ip(&["-n", ns, "link", "set", "lo", "up"])?;
            ip(&["-n", ns, "link", "set", "eth0", "up"])?;
        }
        Ok(())
    }

    /// What `ip` says that there is in `b`: address to MAC.
    pub fn really_there(&self) -> BTreeMap<Ipv4Addr, String> {
        let text = ip(&["-j", "-n", &self.b, "addr", "show", "dev", "eth0"]).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        let mac = json[0]["address"].as_str().unwrap().to_string();
        json[0]["addr_info"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|a| a["family"] == "inet")
            .map(|a| (a["local"].as_str().unwrap().parse().unwrap(), mac.clone()))
            .collect()
    }

    /// Starts an independent witness in `b` that writes down every ARP frame.
    pub fn witness(&self) -> Witness {
        let file = self.dir.path().join("witness.pcap");
        let mut tcpdump = Command::new("ip")
            .args(["netns", "exec", &self.b])
            .args([
                "tcpdump", "-i", "eth0", "-n", "-U", "-B", "16384", "-Z", "root", "-w",
            ])
            .arg(&file)
            .arg("arp")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(tcpdump.stderr.take().unwrap()).lines();
        assert!(
            said.any(|l| l.unwrap().contains("listening on")),
            "tcpdump does not listen"
        );
        // keep its other words from blocking it
        std::thread::spawn(move || said.for_each(drop));
        Witness { tcpdump, file }
    }
}

/// Runs a mode of [`child`] in a namespace.
pub fn inside(ns: &str, mode: &str, with: &Value) -> Vec<Value> {
    inside_as(&[], ns, mode, with)
}

/// As [`inside`], by way of another program: `setpriv` and its arguments.
pub fn inside_as(wrapper: &[&str], ns: &str, mode: &str, with: &Value) -> Vec<Value> {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", ns]).args(wrapper);
    let out = command
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "scan_net::inside::child", "--nocapture"])
        .env(MODE, json!({"mode": mode, "with": with}).to_string())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(
        out.status.success(),
        "{mode} in {ns}: {text}\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
    // the harness writes "test … " before the first line
    text.lines()
        .filter_map(|l| l.split_once(MARK))
        .map(|(_, json)| serde_json::from_str(json).unwrap())
        .collect()
}

impl Drop for Net {
    fn drop(&mut self) {
        for ns in [&self.a, &self.b] {
            let _ = ip(&["netns", "delete", ns]);
        }
    }
}

pub struct Witness {
    tcpdump: Child,
    file: PathBuf,
}

impl Witness {
    /// All ARP frames that came in, once `last` has been written (or after a while).
    pub fn arps(mut self, least: usize) -> Vec<Arp> {
        let end = Instant::now() + Duration::from_secs(20);
        while Self::read(&self.file).len() < least && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        // an interrupt makes it write the rest
        let pid = self.tcpdump.id().to_string();
        run("kill", &["-INT", &pid]).unwrap();
        self.tcpdump.wait().unwrap();
        Self::read(&self.file)
    }

    /// Waits for a frame; `false` when none came in a while.
    pub fn waits_for(&self, is: impl Fn(&Arp) -> bool) -> bool {
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            if Self::read(&self.file).iter().any(&is) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    fn read(file: &Path) -> Vec<Arp> {
        let mut out = vec![];
        if let Ok(file) = File::open(file) {
            each_packet(file, |link, _, bytes| {
                let frame = frame(link, bytes).unwrap().unwrap();
                out.push(Arp::decode(frame.payload).unwrap());
                true
            });
        }
        out
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.tcpdump.kill();
        let _ = self.tcpdump.wait();
    }
}
