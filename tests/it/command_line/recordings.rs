//! `record` and `replay`: the same state hash, and recordings that are torn, flipped, newer, or none.

use std::path::PathBuf;

use super::ground::{Ran, evening, run};

fn replay(bytes: &[u8]) -> Ran {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("r.wardwatch");
    std::fs::write(&file, bytes).unwrap();
    run(&["replay", &file.display().to_string(), "--headless"])
}

fn recording() -> Vec<u8> {
    std::fs::read(&evening().recording).unwrap()
}

#[test]
fn a_replay_ends_in_the_state_that_was_recorded() {
    let replayed = run(&[
        "replay",
        &evening().recording.display().to_string(),
        "--headless",
    ])
    .ended(0);
    assert!(replayed.err.is_empty(), "{replayed:?}");
    let (then, now) = (&evening().printed, replayed.json());
    for key in [
        "state_hash",
        "events",
        "devices",
        "up",
        "down",
        "alerts_open",
    ] {
        assert_eq!(now[key], then[key], "{key}: {now} {then}");
    }
    assert_eq!(now["whole"], true);
    assert_eq!(then["packets_to_never_touch"], 0);
}

#[test]
fn a_torn_recording_is_played_to_where_it_ends_and_says_so() {
    let whole = recording();
    let ran = replay(&whole[..whole.len() - 7])
        .ended(0)
        .said(&["unfinished"]);
    assert_eq!(ran.json()["whole"], false);
    assert!(ran.json()["events"].as_u64() < evening().printed["events"].as_u64());
}

#[test]
fn a_flipped_bit_is_found_with_its_place() {
    let mut bytes = recording();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    let ran = replay(&bytes)
        .ended(0)
        .said(&["damaged at byte", "checksum"]);
    assert_eq!(ran.json()["whole"], false);
}

#[test]
fn what_is_newer_or_no_recording_is_refused() {
    let line_end = recording().iter().position(|b| *b == b'\n').unwrap();
    let head = String::from_utf8(recording()[..line_end].to_vec()).unwrap();
    let mut newer = head
        .replace("\"wardwatch-recording\":1", "\"wardwatch-recording\":9")
        .into_bytes();
    newer.extend_from_slice(&recording()[line_end..]);
    replay(&newer)
        .ended(1)
        .said(&["newer wardwatch", "format 9"]);
    replay(b"").ended(1).said(&["not a wardwatch recording"]);
    replay(b"\x1b[2Jhello\n")
        .ended(1)
        .said(&["not a wardwatch recording"]);
    replay(&recording()[..line_end / 2])
        .ended(1)
        .said(&["first line"]);
    let missing = PathBuf::from("none.wardwatch").display().to_string();
    run(&["replay", &missing, "--headless"])
        .ended(1)
        .said(&["none.wardwatch", "No such file"]);
}

#[test]
fn a_recording_is_never_overwritten() {
    let file = evening().recording.display().to_string();
    let before = recording();
    run(&[
        "demo",
        "--headless",
        "--for",
        "1s",
        "--endpoints",
        "20",
        "--record",
        &file,
    ])
    .ended(2)
    .said(&["exists", "another name"]);
    assert_eq!(recording(), before);
}
