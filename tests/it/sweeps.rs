//! Sweeps as the program does them, in namespaces of the tests: stopped by a person, and by itself as discovery.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use wardwatch::wire::arp::ArpOp;

use crate::scan_net::namespaces::{Net, run, there};
use crate::support::{PATIENCE, PROGRAM, Pty};

fn addresses(last: &[u8]) -> BTreeSet<Ipv4Addr> {
    last.iter().map(|n| Ipv4Addr::new(10, 77, 1, *n)).collect()
}

/// The program in namespace `a`, in a terminal.
fn scan_in(net: &Net, more: &[&str]) -> Pty {
    let mut command = CommandBuilder::new("ip");
    command.args(["netns", "exec", &net.a, PROGRAM, "scan"]);
    command.args(["--interface", "eth0", "--listen", "60s"]);
    command.args(more);
    command.env("XDG_CONFIG_HOME", net.dir.path());
    command.cwd(net.dir.path());
    Pty::spawn(command, 120, 40)
}

#[test]
fn esc_ends_a_scan_at_once_and_what_was_found_is_shown_and_kept() {
    let Some(net) = Net::new(&addresses(&[9, 10])) else {
        return;
    };
    let file = net.dir.path().join("so-far.wardwatch");
    let keep = file.display().to_string();
    // it would listen for a minute
    let mut pty = scan_in(&net, &["--fast", "--save", &keep]);
    pty.expect("2 of 4093 answered");
    // an arrow key begins with the same byte, and is none
    pty.keys("\x1b[A");
    std::thread::sleep(Duration::from_millis(200));
    assert!(!pty.text().contains("10.77.1.9"), "{}", pty.text());
    pty.keys("\x1b");
    assert_eq!(pty.ended().1, 130);
    let text = pty.text();
    assert!(
        text.contains("10.77.1.9") && text.contains("10.77.1.10"),
        "{text}"
    );
    assert!(!text.contains("^["), "what is typed is not printed: {text}");
    assert!(file.exists(), "{text}");
}

#[test]
fn ctrl_c_ends_a_sweep_in_its_midst() {
    if !there("tcpdump") {
        return;
    }
    let Some(net) = Net::new(&addresses(&[9])) else {
        return;
    };
    // asked at one request a second, these would take six minutes
    let site = net.dir.path().join("slow.toml");
    std::fs::write(
        &site,
        "[site]\nname = \"slow\"\n[[segment]]\nname = \"s\"\nnets = [\"10.77.0.0/20\"]\narp-rate = 1\n",
    )
    .unwrap();
    let witness = net.witness();
    let mut pty = scan_in(
        &net,
        &[
            "--fast",
            "--site",
            &site.display().to_string(),
            "10.77.1.9-200",
        ],
    );
    let first = Ipv4Addr::new(10, 77, 1, 9);
    assert!(witness.waits_for(|arp| arp.op == ArpOp::Reply && arp.sender == first));
    pty.keys("\x03");
    assert_eq!(pty.ended().1, 130);
    let text = pty.text();
    assert!(text.contains("stopped before its end"), "{text}");
    assert!(
        text.contains("10.77.1.9"),
        "what had answered is shown: {text}"
    );
}

#[test]
fn discovery_asks_where_the_site_wants_it_and_only_whom_it_may() {
    if !there("tcpdump") {
        return;
    }
    let Some(net) = Net::new(&addresses(&[3, 4, 5, 6])) else {
        return;
    };
    let site = net.dir.path().join("site.toml");
    // a pump, which is never asked for; a segment that is not to be swept
    std::fs::write(
        &site,
        r#"
[site]
name = "small"
[discovery]
sweep = "1h"
arp-rate = 1000
[[segment]]
name = "offices"
nets = ["10.77.1.0/28"]
[[segment]]
name = "quiet"
nets = ["10.77.2.0/28"]
sweep = 0
[[segment]]
name = "elsewhere"
nets = ["10.99.0.0/24"]
[[device]]
name = "pump-1"
address = "10.77.1.4"
class = "infusion-pump"
"#,
    )
    .unwrap();
    let witness = net.witness();
    let state = net.dir.path().join("state");
    let at = [
        "--site".to_string(),
        site.display().to_string(),
        "--state".into(),
        state.display().to_string(),
    ];
    let mut daemon = Command::new("ip")
        .args(["netns", "exec", &net.a, PROGRAM, "daemon"])
        .args(&at)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // whoever answers stands in the log with the address that answered
    let mut known = BTreeSet::new();
    let end = Instant::now() + PATIENCE * 3;
    while known.len() < 3 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(200));
        known = [3, 5, 6]
            .into_iter()
            .filter(|n| !program(&at, &["device", &format!("10.77.1.{n}")]).is_empty())
            .collect();
    }
    // 15 addresses without the pump, twice but for the three that answered
    let seen = witness.arps(14 * 2 - 3);
    run("kill", &["-TERM", &daemon.id().to_string()]).unwrap();
    daemon.wait().unwrap();
    assert_eq!(known, [3, 5, 6].into());
    let asked: BTreeSet<Ipv4Addr> = seen
        .iter()
        .filter(|a| a.op == ArpOp::Request && a.sender == Ipv4Addr::new(10, 77, 0, 1))
        .map(|a| a.target)
        .collect();
    let wanted: BTreeSet<_> = (0..16)
        .map(|n| Ipv4Addr::new(10, 77, 1, n))
        .filter(|a| a.octets()[3] != 4)
        .collect();
    assert_eq!(asked, wanted);
    // and the ledger says who was asked why
    let ledger = program(&at, &["ledger", "10.77.1.5", "--format", "jsonl"]);
    assert!(ledger.contains(r#""cause":"discovery""#), "{ledger}");
}

#[test]
fn what_a_scan_asks_by_arp_stands_in_the_ledger_request_for_request() {
    if !there("tcpdump") {
        return;
    }
    let Some(net) = Net::new(&addresses(&[3, 4, 5, 6])) else {
        return;
    };
    let site = net.dir.path().join("site.toml");
    let text = r#"
[site]
name = "small"
[[segment]]
name = "offices"
nets = ["10.77.1.0/28"]
[[device]]
name = "pump-1"
address = "10.77.1.4"
class = "infusion-pump"
"#;
    std::fs::write(&site, text).unwrap();
    let at = [
        "--site".to_string(),
        site.display().to_string(),
        "--state".into(),
        net.dir.path().join("state").display().to_string(),
    ];
    let witness = net.witness();
    let scan = Command::new("ip")
        .args(["netns", "exec", &net.a, PROGRAM, "scan", "10.77.1.1-14"])
        .args(["--listen", "0s", "--interface", "eth0"])
        .args(&at)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(scan.status.success(), "{scan:?}");
    // 13 without the pump, twice but for the three that answered; and their answers
    let mut seen = BTreeMap::new();
    for arp in witness.arps(13 * 2 - 3 + 3) {
        if arp.op == ArpOp::Request && arp.sender == Ipv4Addr::new(10, 77, 0, 1) {
            *seen.entry(arp.target.octets()[3]).or_insert(0u64) += 1;
        }
    }
    let wanted = (1..=14u8).filter(|n| *n != 4);
    let wanted = wanted.map(|n| (n, if [3, 5, 6].contains(&n) { 1 } else { 2 }));
    assert_eq!(seen, wanted.collect());
    for n in 1..=14u8 {
        let rows = program(
            &at,
            &["ledger", &format!("10.77.1.{n}"), "--format", "jsonl"],
        );
        let count: u64 = rows
            .lines()
            .map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap())
            .filter(|row| row["kind"] == "arp")
            .map(|row| row["count"].as_u64().unwrap())
            .sum();
        assert_eq!(count, seen.get(&n).copied().unwrap_or(0), "{n}: {rows}");
    }
}

fn program(at: &[String], what: &[&str]) -> String {
    let out = Command::new(PROGRAM)
        .args(what)
        .args(at)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&out.stdout).into_owned()
}
