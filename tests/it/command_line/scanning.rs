//! A scan that asks by SNMP: as slowly as the segment wants it, and no longer than the person does.

use std::net::UdpSocket;

use nix::sys::signal::Signal;

use super::ground::{Running, program, run};
use crate::support::eventually;

/// A segment of devices that bear one request a second.
const SITE: &str = r#"
[site]
name = "St. Anna"
[[segment]]
name = "old pumps"
nets = ["127.59.0.0/24"]
unknown = "get"
arp-rate = 1
"#;

const AGENTS: u8 = 40;

#[test]
fn a_scan_keeps_to_the_pace_of_a_segment_and_ends_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let site = dir.path().join("wardwatch.toml");
    std::fs::write(&site, SITE).unwrap();
    let (site, state) = (
        site.display().to_string(),
        dir.path().join("state").display().to_string(),
    );
    let first = UdpSocket::bind(("127.59.0.1", 0)).unwrap();
    let port = first.local_addr().unwrap().port();
    let others = (2..=AGENTS).map(|n| UdpSocket::bind((format!("127.59.0.{n}"), port)).unwrap());
    let ears: Vec<UdpSocket> = [first].into_iter().chain(others).collect();
    for ear in &ears {
        ear.set_nonblocking(true).unwrap();
    }
    let mut heard = vec![0u64; ears.len()];
    let mut listen = || {
        let mut buffer = [0; 2048];
        for (ear, n) in ears.iter().zip(&mut heard) {
            while ear.recv(&mut buffer).is_ok() {
                *n += 1;
            }
        }
        heard.clone()
    };
    let mut command = program(&["scan", "127.59.0.1-40", "--listen", "0s", "--fast"]);
    command
        .args(["--community", "env:TEST_COMMUNITY", "--snmp-port"])
        .arg(port.to_string())
        .args(["--site", &site, "--state", &state])
        .env("TEST_COMMUNITY", "x");
    let mut scan = Running::start(command);
    eventually("a first question", || listen().iter().sum::<u64>() > 0);
    // all of them would take longer than anybody waits here
    scan.end_by(Signal::SIGINT).ended(130);
    let heard = listen();
    assert!(heard.contains(&0), "{heard:?}");
    for (n, at) in heard.iter().zip(1..) {
        let rows = run(&[
            "ledger",
            &format!("127.59.0.{at}"),
            "--site",
            &site,
            "--state",
            &state,
        ])
        .ended(0)
        .lines();
        let noted: u64 = rows.iter().filter_map(|r| r["count"].as_u64()).sum();
        assert_eq!(noted, *n, "{at}: {rows:?}");
        let by_scan = |r: &serde_json::Value| r["cause"].as_str().unwrap().starts_with("scan by ");
        assert!(rows.iter().all(by_scan), "{rows:?}");
    }
}
