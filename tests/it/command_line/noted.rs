//! What `poll` and `scan` send stands in the ledger of the site, where there is one, and nobody is asked beside whoever collects.

use std::net::UdpSocket;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::Value;
use wardwatch::model::DeviceClass;

use super::ground::{House, Ran, Running, finish, program, run};
use crate::support::eventually;

fn ledger(house: &House, device: &str) -> Vec<Value> {
    house.run(&["ledger", device]).ended(0).lines()
}

fn packets(rows: &[Value]) -> u64 {
    let sent = rows.iter().filter(|r| r["kind"] != "refused");
    sent.filter_map(|r| r["count"].as_u64()).sum()
}

fn gaps(rows: &[Value]) -> Vec<&Value> {
    rows.iter().filter(|r| r["kind"] == "gap").collect()
}

fn switches(house: &House) -> Vec<String> {
    let devices = house.plan.site.devices.iter();
    devices
        .filter(|d| d.class == DeviceClass::Switch)
        .map(|d| d.name.to_string())
        .collect()
}

#[test]
fn what_a_poll_sends_stands_in_the_ledger_packet_for_packet() {
    let house = House::open(7421);
    let switches = switches(&house);
    let all = || -> u64 { switches.iter().map(|s| packets(&ledger(&house, s))).sum() };
    let mut sent = 0;
    for plan in ["status", "interfaces"] {
        let poll = [
            "poll",
            "class:switch",
            "--plan",
            plan,
            "--once",
            "--summary",
        ];
        let sums = house.run(&poll).ended(0).json();
        assert_eq!(sums["answered"], switches.len(), "{sums}");
        sent += sums["pdus_sent"].as_u64().unwrap();
        assert_eq!(all(), sent, "{plan}");
    }
    let rows = ledger(&house, &switches[0]);
    for row in &rows {
        assert_eq!(row["device"], switches[0], "{row}");
        let by = row["cause"].as_str().unwrap();
        assert!(
            by.starts_with("poll status by ") || by.starts_with("poll interfaces by "),
            "{row}"
        );
    }
    for kind in ["get", "walk"] {
        assert!(rows.iter().any(|r| r["kind"] == kind), "{kind}: {rows:?}");
    }
    // an address is a device, too
    let address = rows[0]["address"].as_str().unwrap();
    assert_eq!(ledger(&house, address), rows);

    let mut devices = house.plan.site.devices.iter();
    let vent = devices.find(|d| d.class == DeviceClass::Ventilator);
    let vent = vent.unwrap().name.to_string();
    house.run(&["poll", &vent, "--once"]).ended(0);
    let none = house.run(&["ledger", &vent]).ended(0);
    assert!(none.lines().is_empty(), "{none:?}");
    assert!(none.err.contains("no packet was ever sent"), "{none:?}");
    house
        .run(&["ledger", "nobody"])
        .ended(2)
        .said(&["'nobody'"]);

    // and whoever collects afterwards goes on from there
    let mut daemon = Running::start(house.program(&["daemon"]));
    eventually("more packets", || all() > sent);
    daemon.end_by(Signal::SIGTERM).ended(0);
    let after = ledger(&house, &switches[0]);
    assert!(gaps(&after).is_empty(), "{after:?}");
    let by_hand = after
        .iter()
        .filter(|r| r["cause"].as_str().unwrap().contains(" by "));
    assert_eq!(by_hand.count(), rows.len(), "{after:?}");
}

#[test]
fn a_poll_that_is_killed_leaves_a_gap_and_one_that_is_stopped_leaves_none() {
    let house = House::open(7422);
    let switch = &switches(&house)[0];
    let mut stopped = Running::start(house.program(&["poll", switch]));
    stopped.lines(1);
    stopped.end_by(Signal::SIGTERM).ended(130);
    let rows = ledger(&house, switch);
    assert!(packets(&rows) > 0 && gaps(&rows).is_empty(), "{rows:?}");

    let mut killed = Running::start(house.program(&["poll", switch]));
    killed.lines(1);
    let before = packets(&rows);
    eventually("what it sent to be written down", || {
        let rows = ledger(&house, switch);
        assert!(gaps(&rows).is_empty(), "it lives: {rows:?}");
        packets(&rows) > before
    });
    killed.end_by(Signal::SIGKILL);
    let rows = ledger(&house, switch);
    let gap = gaps(&rows);
    assert_eq!(gap.len(), 1, "{rows:?}");
    assert!(gap[0]["first"].is_string() && gap[0]["last"].is_null());

    house.run(&["poll", switch, "--once"]).ended(0);
    let rows = ledger(&house, switch);
    let gap = gaps(&rows);
    assert_eq!(gap.len(), 1, "{rows:?}");
    assert!(gap[0]["first"].as_str() < gap[0]["last"].as_str());
}

#[test]
fn beside_a_collector_nothing_is_sent_and_it_is_said_why() {
    let house = House::open(7423);
    let mut daemon = Running::start(house.program(&["daemon"]));
    let pid = daemon.child.id().to_string();
    eventually("a log", || house.run(&["devices"]).code == Some(0));
    let words = [
        pid.as_str(),
        "nothing was sent",
        "one process collects",
        "another --state",
    ];
    house.run(&["poll", "--once"]).ended(1).said(&words);
    house
        .run(&["scan", "127.77.0.1", "--listen", "0s"])
        .ended(1)
        .said(&words);
    // a capture sends nothing
    let none = house.dir.path().join("none.pcap").display().to_string();
    house
        .run(&["scan", "--pcap", &none])
        .ended(2)
        .said(&["none.pcap"]);
    daemon.end_by(Signal::SIGTERM).ended(0);
}

/// Two agents of nobody, who say nothing.
fn strangers(dir: &Path) -> ([UdpSocket; 2], String) {
    let ears = ["127.58.0.1", "127.58.0.2"].map(|a| UdpSocket::bind((a, 0)).unwrap());
    let lines: Vec<String> = ears
        .iter()
        .map(|e| e.local_addr().unwrap().to_string())
        .collect();
    let file = dir.join("targets");
    std::fs::write(&file, lines.join("\n")).unwrap();
    (ears, file.display().to_string())
}

#[test]
fn addresses_of_no_site_need_no_folder_and_are_noted_where_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let (ears, file) = strangers(dir.path());
    let poll = |more: &[&str]| {
        let mut command = program(&["poll", "--targets", &file, "--once", "--summary"]);
        command
            .args(["--community", "env:TEST_COMMUNITY"])
            .args(more)
            .env("TEST_COMMUNITY", "x")
            .env("HOME", &home);
        command
    };
    // several at once, and nothing is left of them
    let two = [0, 1].map(|_| Running::start(poll(&[])));
    for mut one in two {
        let ran: Ran = one.end().ended(0);
        assert_eq!(ran.json()["timed_out"], 2, "{ran:?}");
        ran.said(&["2 of 2 did not answer"]);
    }
    assert_eq!(std::fs::read_dir(&home).unwrap().count(), 0);

    let state = dir.path().join("state").display().to_string();
    let sums = finish(poll(&["--state", &state])).ended(0).json();
    let sent: u64 = ears
        .iter()
        .map(|ear| {
            let address = ear.local_addr().unwrap().ip().to_string();
            let rows = run(&["ledger", &address, "--state", &state])
                .ended(0)
                .lines();
            for row in &rows {
                assert_eq!(
                    (&row["device"], &row["address"]),
                    (&Value::Null, &address.clone().into())
                );
                let cause = row["cause"].as_str().unwrap();
                assert!(cause.starts_with("poll status by "), "{row}");
            }
            packets(&rows)
        })
        .sum();
    assert_eq!(sums["pdus_sent"], sent);
}
