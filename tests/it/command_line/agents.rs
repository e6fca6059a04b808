//! `sim serve`, `sim farm`, `poll` and `scan` against each other, and captures.

use std::path::Path;

use nix::sys::signal::Signal;

use super::ground::{Running, data, finish, program, run};

/// All recorded devices, served on a port that the system gave; their addresses.
fn served(net: &str) -> Option<(Running, Vec<String>)> {
    let dir = data("devices/recordings")?;
    let files = std::fs::read_dir(&dir).unwrap().count();
    let dir = dir.display().to_string();
    let mut agents = Running::start(program(&[
        "sim",
        "serve",
        &dir,
        "--address",
        net,
        "--port",
        "0",
    ]));
    let lines = agents.lines(files);
    let address = |l: &String| l.split(' ').next().unwrap().to_string();
    Some((agents, lines.iter().map(address).collect()))
}

fn targets(dir: &Path, addresses: &[String]) -> String {
    let file = dir.join("targets");
    std::fs::write(&file, addresses.join("\n")).unwrap();
    file.display().to_string()
}

fn with_community(arguments: &[&str], community: &str) -> super::ground::Ran {
    let mut command = program(arguments);
    command.env("TEST_COMMUNITY", community);
    finish(command)
}

#[test]
fn every_recorded_device_is_served_and_answers_a_poll() {
    let Some((mut agents, addresses)) = served("127.21.0.0/16") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let file = targets(dir.path(), &addresses);
    let poll = [
        "poll",
        "--targets",
        &file,
        "--community",
        "env:TEST_COMMUNITY",
        "--once",
    ];
    let ran = with_community(&poll, "public").ended(0);
    let rows = ran.lines();
    assert_eq!(rows.len(), addresses.len());
    for row in &rows {
        assert_eq!(row["outcome"], "answered", "{row}");
    }
    let mut with_summary = poll.to_vec();
    with_summary.push("--summary");
    let sums = with_community(&with_summary, "public").ended(0).json();
    assert_eq!(sums["devices"], addresses.len());
    assert_eq!(sums["answered"], addresses.len());
    for key in [
        "timed_out",
        "failed",
        "pdus_sent",
        "retries",
        "varbinds",
        "socket_drops",
        "wall_s",
        "cpu_s",
        "peak_rss_mib",
    ] {
        assert!(sums[key].is_number(), "{key}: {sums}");
    }
    // in plain text it works, and warns
    let plain = run(&[
        "poll",
        "--targets",
        &file,
        "--community",
        "public",
        "--once",
        "--summary",
    ])
    .ended(0)
    .said(&["process list", "env:NAME"]);
    assert_eq!(plain.json()["answered"], addresses.len());
    let port = addresses[0].rsplit(':').next().unwrap();
    let scan = with_community(
        &[
            "scan",
            "127.21.0.1-20",
            "--community",
            "env:TEST_COMMUNITY",
            "--snmp-port",
            port,
        ],
        "public",
    )
    .ended(0);
    let found = scan.lines();
    assert_eq!(found.len(), 20, "{scan:?}");
    assert!(
        found
            .iter()
            .all(|f| f["how"] == "snmp" && f["object_id"].is_string()),
        "{scan:?}"
    );
    agents.end_by(Signal::SIGTERM).ended(0);
}

#[test]
fn a_wrong_community_is_a_few_tries_no_storm_and_is_said() {
    let mut command = program(&[
        "sim",
        "farm",
        "--agents",
        "3",
        "--interfaces",
        "2",
        "--community",
        "env:TEST_COMMUNITY",
    ]);
    command.env("TEST_COMMUNITY", "right");
    let mut farm = Running::start(command);
    let addresses = farm.lines(3);
    let dir = tempfile::tempdir().unwrap();
    let file = targets(dir.path(), &addresses);
    let poll = [
        "poll",
        "--targets",
        &file,
        "--community",
        "env:TEST_COMMUNITY",
        "--once",
        "--summary",
    ];
    let wrong = with_community(&poll, "wrong").ended(0);
    let sums = wrong.json();
    assert_eq!(sums["timed_out"], 3);
    assert!(sums["pdus_sent"].as_u64().unwrap() <= 9, "{sums}");
    wrong.said(&["3 of 3 did not answer", "community"]);
    let right = with_community(&poll, "right").ended(0);
    assert_eq!(right.json()["answered"], 3, "{right:?}");
    assert!(right.err.is_empty(), "{right:?}");
    let mut table = poll[..6].to_vec();
    table.extend(["--format", "csv", "--plan", "bench"]);
    let rows = with_community(&table, "right").ended(0).out;
    assert_eq!(rows.lines().count(), 4, "{rows}");
}

#[test]
fn what_agents_do_wrong_and_what_is_missing_is_said_of_each_and_in_sum() {
    let farm = |fault: &str| {
        let mut command = program(&["sim", "farm", "--agents", "2", "--interfaces", "4"]);
        command
            .args(["--fault", fault, "--community", "env:TEST_COMMUNITY"])
            .env("TEST_COMMUNITY", "x");
        let mut farm = Running::start(command);
        let addresses = farm.lines(2);
        (farm, addresses)
    };
    let dir = tempfile::tempdir().unwrap();
    for (fault, plan, whole, words) in [
        ("duplicate", "bench", true, "came twice"),
        (
            "loop",
            "interfaces",
            false,
            "table counters cut short where it does not move on",
        ),
    ] {
        let (_farm, addresses) = farm(fault);
        let file = targets(dir.path(), &addresses);
        let poll = |more: &[&str]| {
            let mut all = vec!["poll", "--targets", &file, "--once", "--plan", plan];
            all.extend(["--community", "env:TEST_COMMUNITY"]);
            all.extend(more);
            with_community(&all, "x").ended(0)
        };
        let rows = poll(&[]).lines();
        assert_eq!(rows.len(), 2);
        for row in &rows {
            assert_eq!(row["whole"], whole, "{row}");
            assert!(row["faults"][fault].as_u64().unwrap() > 0, "{row}");
            assert!(row["notes"].as_str().unwrap().contains(words), "{row}");
        }
        let sums = poll(&["--summary"]).json();
        assert_eq!(sums["partial"], if whole { 0 } else { 2 }, "{sums}");
        assert!(sums["faults"][fault].as_u64().unwrap() >= 2, "{sums}");
        let table = poll(&["--format", "table"]).out;
        assert!(
            table.contains(words) && table.contains(&format!("{fault} ")),
            "{table}"
        );
    }
}

#[test]
fn secrets_that_can_not_be_had_and_wrong_targets_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = targets(dir.path(), &["10.0.0.1".into(), "ward seven".into()]);
    let poll = ["poll", "--targets", &file, "--once", "--community"];
    let with = |community: &str| {
        let mut all = poll.to_vec();
        all.push(community);
        run(&all).ended(2)
    };
    with("env:NOT_SET_HERE").said(&["NOT_SET_HERE", "not set"]);
    with("file:none.txt").said(&["none.txt", "no such file"]);
    with_community(
        &[
            "poll",
            "--targets",
            &file,
            "--once",
            "--community",
            "env:TEST_COMMUNITY",
        ],
        "x",
    )
    .ended(2)
    .said(&[":2: 'ward seven'", "10.3.1.7:1161"]);
}

#[test]
fn a_capture_says_where_one_is_and_what_was_heard() {
    let Some(dir) = data("pcap") else { return };
    for (file, place) in [
        (
            "tcpdump/lldp-app-priority.pcap",
            "you are on leaf0b leaf0b-eth10",
        ),
        ("tcpdump/dhcp-mud.pcap", "no switch said where this is"),
    ] {
        let capture = dir.join(file).display().to_string();
        let ran = run(&["scan", "--pcap", &capture]).ended(0);
        assert!(ran.err.contains(place), "{file}: {ran:?}");
        assert!(!ran.lines().is_empty(), "{file}: {ran:?}");
    }
    let heard = run(&[
        "scan",
        "--pcap",
        &dir.join("tcpdump/dhcp-mud.pcap").display().to_string(),
    ])
    .lines();
    assert!(
        heard.iter().any(|h| h["dhcp_name"] == "raspberrypi"),
        "{heard:?}"
    );
    let none = dir.join("tcpdump/dhcp-mud.out").display().to_string();
    run(&["scan", "--pcap", &none])
        .ended(2)
        .said(&["is not a capture", "tcpdump -i"]);
}

#[test]
fn a_scan_that_is_kept_can_be_replayed() {
    let Some(dir) = data("pcap") else { return };
    let keep = tempfile::tempdir().unwrap();
    let file = keep.path().join("scan.wardwatch").display().to_string();
    let capture = dir.join("tcpdump/dhcp-mud.pcap").display().to_string();
    run(&["scan", "--pcap", &capture, "--save", &file]).ended(0);
    let replayed = run(&["replay", &file, "--headless"]).ended(0).json();
    assert!(replayed["events"].as_u64().unwrap() > 1, "{replayed}");
    run(&["scan", "--pcap", &capture, "--save", &file]).ended(2);
}

#[test]
fn a_poll_whose_reader_leaves_asks_nobody_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let listed: Vec<String> = (0..2_000)
        .map(|n| format!("127.59.{}.{}", n / 200, n % 200 + 1))
        .collect();
    let file = targets(dir.path(), &listed);
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = super::ground::program(&["poll", "--targets", &file, "--format", "jsonl"]);
    command
        .args(["--community", "env:TEST_COMMUNITY"])
        .env("TEST_COMMUNITY", "x")
        .stdout(writer)
        .stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    // the command holds a writer of its own
    drop(command);
    std::io::Read::read_exact(&mut reader, &mut [0; 1]).unwrap();
    drop(reader);
    let mut code = None;
    crate::support::eventually("its end", || {
        code = child.try_wait().unwrap();
        code.is_some()
    });
    assert!(code.unwrap().success(), "{code:?}");
}
