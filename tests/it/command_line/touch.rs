//! The touch policies of the site hold at the doors people use: no word on the command line lifts them.

use std::net::UdpSocket;
use std::path::Path;

use wardwatch::event::{ArpHow, Body, ConfigAppliedV2, Event, ObsArpV1, Observation};
use wardwatch::log::{Log as _, Retention, SqliteLog};
use wardwatch::model::{Seq, Time};

use super::ground::{Ran, finish, program};

/// A site on loopback: `sw-1` may be asked, `vent-1` never, and who is unknown in the segment is left alone.
const SITE: &str = r#"
[site]
name = "St. Anna"
[[segment]]
name = "ICU"
nets = ["127.55.0.0/24"]
clinical = true
[[credential]]
name = "site"
version = "2c"
community = "env:TEST_COMMUNITY"
[[device]]
name = "sw-1"
address = "127.55.0.1"
class = "switch"
credentials = ["site"]
[[device]]
name = "vent-1"
address = "127.55.0.7"
class = "ventilator"
touch = "never"
credentials = ["site"]
"#;

/// Whoever is sent something at 127.55.N.M, on one port.
struct Ears(Vec<(String, UdpSocket)>);

impl Ears {
    fn new(addresses: &[&str]) -> Self {
        let first = UdpSocket::bind((addresses[0], 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let mut ears = vec![(addresses[0].to_string(), first)];
        for a in &addresses[1..] {
            ears.push(((*a).to_string(), UdpSocket::bind((*a, port)).unwrap()));
        }
        for (_, ear) in &ears {
            ear.set_nonblocking(true).unwrap();
        }
        Self(ears)
    }

    fn port(&self) -> u16 {
        self.0[0].1.local_addr().unwrap().port()
    }

    fn file(&self, dir: &Path) -> String {
        let lines: Vec<String> = self
            .0
            .iter()
            .map(|(a, _)| format!("{a}:{}", self.port()))
            .collect();
        let file = dir.join("targets");
        std::fs::write(&file, lines.join("\n")).unwrap();
        file.display().to_string()
    }

    /// Who heard something; loopback has delivered what was sent before the program ended.
    fn heard(&self) -> Vec<&str> {
        let mut buffer = [0u8; 2048];
        self.0
            .iter()
            .filter(|(_, ear)| ear.recv(&mut buffer).is_ok())
            .map(|(a, _)| a.as_str())
            .collect()
    }
}

fn site(dir: &Path) -> String {
    let file = dir.join("wardwatch.toml");
    std::fs::write(&file, SITE).unwrap();
    file.display().to_string()
}

fn ran(arguments: &[&str]) -> Ran {
    let mut command = program(arguments);
    command.env("TEST_COMMUNITY", "x");
    finish(command)
}

#[test]
fn targets_of_a_file_are_held_by_the_site_and_named_when_they_are_not_asked() {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    let state = dir.path().join("state").display().to_string();
    // the switch, the ventilator, a stranger in the clinical segment, and one that the site knows nothing of
    let ears = Ears::new(&["127.55.0.1", "127.55.0.7", "127.55.0.9", "127.56.0.1"]);
    let file = ears.file(dir.path());
    for plan in ["status", "bench"] {
        let ran = ran(&[
            "poll",
            "--site",
            &site,
            "--state",
            &state,
            "--targets",
            &file,
            "--community",
            "env:TEST_COMMUNITY",
            "--plan",
            plan,
            "--once",
        ])
        .ended(0);
        assert_eq!(ears.heard(), ["127.55.0.1", "127.56.0.1"], "{plan}");
        let outcome = |address: &str| {
            let rows = ran.lines();
            let row = rows.iter().find(|r| r["address"] == address).unwrap();
            row["outcome"].as_str().unwrap().to_string()
        };
        assert_eq!(
            outcome("127.55.0.7"),
            "not allowed: vent-1 127.55.0.7 (never)"
        );
        assert_eq!(outcome("127.55.0.9"), "not allowed: 127.55.0.9 (passive)");
        assert_eq!(outcome("127.56.0.1"), "timeout");
        assert!(ran.err.contains("vent-1 127.55.0.7 (never)"), "{ran:?}");
        while !ears.heard().is_empty() {}
    }
    let sums = ran(&[
        "poll",
        "--site",
        &site,
        "--state",
        &state,
        "--targets",
        &file,
        "--community",
        "env:TEST_COMMUNITY",
        "--once",
        "--summary",
    ])
    .ended(0);
    assert_eq!(sums.json()["not_allowed"], 2, "{sums:?}");
    assert!(sums.err.contains("vent-1 127.55.0.7 (never)"), "{sums:?}");
}

#[test]
fn a_site_file_that_can_not_be_read_lets_nobody_be_asked() {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    std::fs::write(&site, "[site]\nnaem = 1\n").unwrap();
    let ears = Ears::new(&["127.57.0.1"]);
    let file = ears.file(dir.path());
    let mut command = program(&[
        "poll",
        "--targets",
        &file,
        "--community",
        "env:TEST_COMMUNITY",
        "--once",
    ]);
    command
        .env("TEST_COMMUNITY", "x")
        .env("WARDWATCH_SITE", &site);
    finish(command).ended(2);
    assert!(ears.heard().is_empty());
}

#[test]
fn a_filter_that_names_a_protected_device_says_so_and_sends_it_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    let state = dir.path().join("state").display().to_string();
    let ran = ran(&[
        "poll", "--site", &site, "--state", &state, "vent-1", "--once",
    ])
    .ended(0);
    assert!(ran.out.is_empty(), "{ran:?}");
    assert!(ran.err.contains("vent-1 127.55.0.7 (never)"), "{ran:?}");
}

#[test]
fn a_scan_names_the_policy_that_kept_an_address_and_asks_what_the_site_does_not_know() {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    let ears = Ears::new(&["127.55.0.7", "127.55.0.9", "127.56.0.1"]);
    let port = ears.port().to_string();
    let ran = ran(&[
        "scan",
        "--site",
        &site,
        "--community",
        "env:TEST_COMMUNITY",
        "--snmp-port",
        &port,
        "--listen",
        "0s",
        "127.55.0.7",
        "127.55.0.9",
        "127.56.0.1",
    ])
    .ended(0);
    assert_eq!(ears.heard(), ["127.56.0.1"], "{ran:?}");
    assert!(
        ran.err
            .contains("vent-1 127.55.0.7 (never), 127.55.0.9 (passive)"),
        "{ran:?}"
    );
    assert!(!ran.err.contains("no subnet"), "{ran:?}");
}

#[test]
fn what_the_collector_learned_holds_for_a_person_too() {
    let dir = tempfile::tempdir().unwrap();
    // nobody wrote down where the pump is: the collector saw it
    let text = format!(
        "{SITE}[[device]]\nname = \"pump-1\"\nmac = \"00:09:fb:01:02:03\"\nclass = \"infusion-pump\"\ntouch = \"never\"\n"
    );
    let site = dir.path().join("wardwatch.toml");
    std::fs::write(&site, text).unwrap();
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let loaded = wardwatch::config::load(&site).unwrap();
    let mut log = SqliteLog::open(&state, Retention::default()).unwrap();
    let at = Time::from_clock();
    let seen = Observation::Arp(ObsArpV1 {
        at,
        address: "127.56.0.1".parse().unwrap(),
        mac: "00:09:fb:01:02:03".parse().unwrap(),
        how: ArpHow::Answer,
        interface: "eth0".into(),
    });
    let config = Body::Config(Box::new(ConfigAppliedV2 {
        hash: wardwatch::config::hash(&loaded.site),
        site: loaded.site,
    }));
    let events = [config, Body::Observation(seen)];
    let events: Vec<Event> = (1..)
        .zip(events)
        .map(|(n, body)| Event {
            seq: Seq(n),
            time: at,
            body,
        })
        .collect();
    log.append(&events).unwrap();
    log.note_end().unwrap();
    drop(log);
    let ears = Ears::new(&["127.55.0.1", "127.56.0.1"]);
    let file = ears.file(dir.path());
    let (site, state) = (site.display().to_string(), state.display().to_string());
    let poll = [
        "poll",
        "--state",
        &state,
        "--targets",
        &file,
        "--community",
        "env:TEST_COMMUNITY",
        "--once",
    ];
    // with the site file, and with what was in force when somebody collected
    for more in [&["--site", &site][..], &[]] {
        let ran = ran(&[&poll[..], more].concat()).ended(0);
        assert_eq!(ears.heard(), ["127.55.0.1"]);
        assert!(ran.err.contains("pump-1 127.56.0.1 (never)"), "{ran:?}");
        while !ears.heard().is_empty() {}
    }
}

#[test]
fn a_group_in_a_list_of_targets_is_said_with_its_line_and_nobody_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("targets");
    for group in [
        "224.0.0.1:1161",
        "255.255.255.255",
        "[ff02::1]:161",
        "0.0.0.0",
    ] {
        std::fs::write(&list, format!("127.0.0.1:9\n{group}\n")).unwrap();
        super::ground::run(&[
            "poll",
            "--targets",
            &list.display().to_string(),
            "--community",
            "env:HOME",
            "--once",
        ])
        .ended(2)
        .said(&["targets:2:", "group or a broadcast address"]);
    }
}
