//! A window of what was collected, taken out as a recording and as a bundle: it plays to the state that the log stands for.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command as Process, Output};

use serde_json::Value as Json;
use wardwatch::engine::State;
use wardwatch::event::{Body, Command, ConfigAppliedV2, Event, ObsPingV1, Observation};
use wardwatch::log::{Log as _, Retention, SqliteLog};
use wardwatch::model::{DeviceClass, DeviceId, DeviceSpec, Seq, Text, Time};

use crate::support::{PROGRAM, switches};

const BEGIN: i64 = 1_700_000_000_000;

fn events() -> Vec<Event> {
    let config = switches(9);
    let bodies = (1..400u64).map(|n| match n % 7 {
        0 => Body::Command {
            by: "ana".into(),
            command: Command::Note {
                device: DeviceId(1),
                note: Text::from_bytes(format!("note {n} \x1b[2J").as_bytes()),
            },
        },
        1 => Body::Tick,
        _ => Body::Observation(Observation::Ping(ObsPingV1 {
            at: Time(BEGIN + n as i64 * 10_000),
            address: [10, 0, 10, (n % 9) as u8 + 1].into(),
            rtt_ms: (n % 5 != 0).then_some(n as u32),
        })),
    });
    std::iter::once(config)
        .chain(bodies)
        .zip(1..)
        .map(|(body, n)| Event {
            seq: Seq(n),
            // the clock was put back for a while
            time: Time(
                BEGIN + n as i64 * 10_000 - if (200..210).contains(&n) { 60_000 } else { 0 },
            ),
            body,
        })
        .collect()
}

/// The hash of the state after the events up to a time, as the log's reader stops.
fn hash_at(events: &[Event], to: Time) -> String {
    let mut state = State::new();
    for event in events.iter().take_while(|e| e.time <= to) {
        let _ = state.apply(event);
    }
    let mut hash = String::new();
    for byte in state.hash() {
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

fn run(dir: &Path, arguments: &[&str]) -> Output {
    Process::new(PROGRAM)
        .args(arguments)
        .args(["--state", "state"])
        .current_dir(dir)
        .output()
        .unwrap()
}

#[test]
fn a_window_plays_to_the_state_that_the_log_stands_for() {
    let dir = tempfile::tempdir().unwrap();
    let events = events();
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let mut log = SqliteLog::open(&state, Retention::default()).unwrap();
    log.append(&events).unwrap();
    log.flush().unwrap();
    drop(log);
    let time = |n: i64| Time(BEGIN + n * 10_000).to_string();
    for (at, (from, to)) in [(100, 300), (1, 399), (250, 251)].into_iter().enumerate() {
        let file = format!("window-{at}");
        let made = run(
            dir.path(),
            &["record", &file, "--from", &time(from), "--to", &time(to)],
        );
        let said = String::from_utf8_lossy(&made.stdout).into_owned();
        assert!(made.status.success(), "{made:?}");
        assert!(said.contains("events from"), "{said}");
        let played = run(dir.path(), &["replay", &file, "--headless"]);
        let line: Json = serde_json::from_slice(&played.stdout).unwrap();
        let want = hash_at(&events, Time(BEGIN + to * 10_000));
        assert_eq!(line["state_hash"], want, "{line}");
        let again = run(dir.path(), &["record", &file, "--from", &time(from)]);
        assert_eq!(again.status.code(), Some(2), "never overwritten");
    }
}

#[test]
fn a_bundle_is_for_its_owner_and_says_what_was_and_who_did_what() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let mut log = SqliteLog::open(&state, Retention::default()).unwrap();
    log.append(&events()).unwrap();
    log.flush().unwrap();
    drop(log);
    let from = Time(BEGIN + 1_000_000).to_string();
    let to = Time(BEGIN + 3_000_000).to_string();
    let made = run(
        dir.path(),
        &["record", "b", "--bundle", "--from", &from, "--to", &to],
    );
    assert!(made.status.success(), "{made:?}");
    let folder = dir.path().join("b");
    for name in ["recording.wwr", "summary.md", "alerts.csv"] {
        let mode = std::fs::metadata(folder.join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{name} is {mode:o}");
    }
    let summary = std::fs::read_to_string(folder.join("summary.md")).unwrap();
    assert!(summary.starts_with("# St. Anna, "), "{summary}");
    assert!(
        summary.contains("ana noted of sw-1: note 105 \\u{1b}[2J"),
        "{summary}"
    );
    assert!(!summary.contains("note 7 "), "before the window: {summary}");
    assert!(!summary.contains('\x1b'));
}

#[test]
fn a_window_that_is_none_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let none = run(dir.path(), &["record", "x", "--from", "-2h"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&none.stderr).contains("nothing was collected here yet"));
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let mut log = SqliteLog::open(&state, Retention::default()).unwrap();
    log.append(&events()).unwrap();
    log.flush().unwrap();
    drop(log);
    for (arguments, words) in [
        (&["--from", "noon"][..], "--from 'noon'"),
        (
            &[
                "--from",
                "2023-11-14T22:30:00Z",
                "--to",
                "2023-11-14T22:20:00Z",
            ],
            "is not after",
        ),
        (
            &[
                "--from",
                "2001-01-01T00:00:00Z",
                "--to",
                "2002-01-01T00:00:00Z",
            ],
            "the log begins at",
        ),
        (&["--to", "03:07"], "--from"),
    ] {
        let ran = run(dir.path(), &[&["record", "x"], arguments].concat());
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
        assert!(!dir.path().join("x").exists());
    }
}

#[test]
fn lists_show_what_was_and_changes_what_is_other_since() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let mut all = events();
    // another device is declared in the midst, one is no longer
    let Body::Config(config) = &all[0].body else {
        panic!("the first is the configuration");
    };
    let mut later = ConfigAppliedV2::clone(config);
    later.hash = "b".into();
    later.site.devices.remove(8);
    later.site.devices.push(DeviceSpec {
        name: "pump-1".into(),
        class: DeviceClass::InfusionPump,
        addresses: vec![[10, 0, 10, 99].into()],
        ..DeviceSpec::default()
    });
    all[149].body = Body::Config(Box::new(later));
    let mut log = SqliteLog::open(&state, Retention::default()).unwrap();
    log.append(&all).unwrap();
    log.flush().unwrap();
    drop(log);
    let time = |n: i64| Time(BEGIN + n * 10_000).to_string();
    let names = |arguments: &[&str]| {
        let ran = run(dir.path(), arguments);
        assert!(ran.status.success(), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    let before = names(&[
        "devices",
        "--at",
        &time(140),
        "--columns",
        "name",
        "--format",
        "csv",
    ]);
    let after = names(&[
        "devices",
        "--at",
        &time(160),
        "--columns",
        "name",
        "--format",
        "csv",
    ]);
    assert!(
        !before.contains("pump-1") && after.contains("pump-1"),
        "{before}{after}"
    );
    let changes = names(&["changes", "--since", &time(140), "--until", &time(160)]);
    let rows: Vec<Json> = changes
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let row = |name: &str, what: &str| {
        rows.iter()
            .any(|r| r["device"] == name && r["what"] == what)
    };
    assert!(row("pump-1", "appeared"), "{changes}");
    let none = names(&[
        "changes",
        "class:ventilator",
        "--since",
        &time(140),
        "--until",
        &time(160),
    ]);
    assert_eq!(none, "");
    let found = run(
        dir.path(),
        &["changes", "--since", &time(140), "--exit-code"],
    );
    assert_eq!(found.status.code(), Some(3));
    for arguments in [
        &["changes", "--since", "2001-01-01T00:00:00Z"][..],
        &["devices", "--at", "2999-01-01T00:00:00Z"],
        &["device", "pump-1", "--at", "yesterday"],
    ] {
        let ran = run(dir.path(), arguments);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&ran.stderr).lines().count(), 1);
    }
    let device = names(&["device", "pump-1", "--at", &time(160), "--format", "json"]);
    assert!(device.contains("infusion-pump"), "{device}");
}

#[test]
fn a_past_whose_events_are_removed_is_refused_and_one_that_is_whole_is_told() {
    const DAY: i64 = 86_400_000;
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    // ten minutes of each of four days; noon in UTC, so that no zone moves them to another
    let noon = |day: i64| BEGIN - BEGIN.rem_euclid(DAY) + DAY / 2 + day * DAY;
    let all: Vec<Event> = (1..)
        .zip((0..4).flat_map(|day| events().into_iter().skip(1).take(60).map(move |e| (day, e))))
        .map(|(n, (day, event))| Event {
            seq: Seq(n + 1),
            time: Time(noon(day) + (n as i64 - 1) % 60 * 10_000),
            ..event
        })
        .collect();
    let config = Event {
        time: Time(noon(0)),
        ..events().remove(0)
    };
    let all: Vec<Event> = std::iter::once(config).chain(all).collect();
    let retention = Retention {
        telemetry_days: 2,
        ..Retention::default()
    };
    let mut log = SqliteLog::open(&state, retention).unwrap();
    let mut folded = State::new();
    for (at, event) in all.iter().enumerate() {
        log.append(std::slice::from_ref(event)).unwrap();
        let _ = folded.apply(event);
        // one early in each day
        if at % 60 == 6 {
            log.keep_snapshot(event.seq, event.time, &folded.to_snapshot())
                .unwrap();
        }
    }
    let hash = |words: &[&str]| {
        let made = run(dir.path(), &[&["record", "w", "--from"], words].concat());
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned());
        }
        let played = run(dir.path(), &["replay", "w", "--headless"]);
        std::fs::remove_file(dir.path().join("w")).unwrap();
        let line: Json = serde_json::from_slice(&played.stdout).unwrap();
        Ok((line["state_hash"].as_str().unwrap().to_owned(), made))
    };
    let at = |day: i64, second: i64| Time(noon(day) + second * 1000).to_string();
    let whole = hash(&[&at(1, 100), "--to", &at(1, 200)]).unwrap().0;
    assert_eq!(whole, hash_at(&all, Time(noon(1) + 200_000)));
    assert!(
        run(dir.path(), &["alerts", "--at", &at(1, 200)])
            .status
            .success()
    );

    log.retain(Time(noon(3) + 1)).unwrap();
    drop(log);
    for day in [0, 1] {
        let then = at(day, 200);
        let asked: [&[&str]; 3] = [
            &["devices", "--at", &then],
            &["changes", "--since", &then],
            &["record", "w", "--from", &then, "--to", &at(day, 300)],
        ];
        for words in asked {
            let refused = run(dir.path(), words);
            let said = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert_eq!(refused.status.code(), Some(2), "{words:?} {said}");
            assert!(said.contains(&at(2, 50)), "{words:?} {said}");
        }
    }
    // before the first snapshot of what is left it can't be told, from there on it is what it was
    let refused = run(dir.path(), &["devices", "--at", &at(2, 30)]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    for (day, second) in [(2, 60), (2, 590), (3, 10), (3, 400)] {
        let to = at(day, second);
        let (told, made) = hash(&[&at(1, 0), "--to", &to]).unwrap();
        assert_eq!(told, hash_at(&all, Time(noon(day) + second * 1000)), "{to}");
        let said = String::from_utf8_lossy(&made.stderr).into_owned();
        assert!(said.contains(&at(2, 50)), "{said}");
        assert!(run(dir.path(), &["devices", "--at", &to]).status.success());
    }
}
