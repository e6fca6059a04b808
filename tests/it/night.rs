//! The main job without a screen: the hospital is watched, the night recorded, and replayed to the same state.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::PROGRAM;

fn wardwatch(arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .env_remove("WARDWATCH_SITE")
        .output()
        .unwrap()
}

fn last_line(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().unwrap_or_default();
    serde_json::from_str(line)
        .unwrap_or_else(|e| panic!("{e}: {text}\n{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_recorded_night_replays_to_the_same_state_hash_and_nobody_touched_what_must_not_be() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("night.ww");
    let file = file.to_str().unwrap();
    let watched = wardwatch(&[
        "demo",
        "--headless",
        "--for",
        "8s",
        "--endpoints",
        "60",
        "--seed",
        "7201",
        "--scenario",
        "quiet",
        "--record",
        file,
    ]);
    assert!(
        watched.status.success(),
        "{}",
        String::from_utf8_lossy(&watched.stderr)
    );
    let watched = last_line(&watched);
    assert_eq!(watched["packets_to_never_touch"], 0);
    assert_eq!(watched["child_alerts_notified"], 0);
    assert!(watched["devices"].as_u64().unwrap() >= 60, "{watched}");
    assert!(watched["up"].as_u64().unwrap() >= 50, "{watched}");
    assert!(watched["packets_sent"].as_u64().unwrap() > 0);

    let replayed = wardwatch(&["replay", file, "--headless"]);
    assert!(
        replayed.status.success(),
        "{}",
        String::from_utf8_lossy(&replayed.stderr)
    );
    let replayed = last_line(&replayed);
    for field in [
        "state_hash",
        "devices",
        "up",
        "down",
        "unknown",
        "alerts_open",
    ] {
        assert_eq!(replayed[field], watched[field], "{field}");
    }
    assert_eq!(replayed["whole"], true);
}

#[test]
fn a_state_directory_is_found_again_after_a_kill_and_listed_without_a_collector() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().to_str().unwrap();
    let run = [
        "--state",
        state,
        "demo",
        "--headless",
        "--endpoints",
        "60",
        "--seed",
        "7202",
        "--scenario",
        "quiet",
    ];
    let mut first = Command::new(PROGRAM)
        .args(run)
        .args(["--for", "60s"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let listed = |what: &str| {
        let output = wardwatch(&["--state", state, what, "--format", "jsonl"]);
        String::from_utf8_lossy(&output.stdout).lines().count()
    };
    crate::support::eventually("devices in the log", || listed("devices") >= 60);
    first.kill().unwrap();
    first.wait().unwrap();
    let before = listed("devices");
    assert!(before >= 60);
    crate::support::eventually("the simulated hospital to end with its parent", || {
        crate::support::processes_with(&["--seed", "7202"]).is_empty()
    });
    let again = wardwatch(&[&run[..], &["--for", "5s"]].concat());
    assert!(
        again.status.success(),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
    assert!(last_line(&again)["devices"].as_u64().unwrap() >= before as u64);
}
