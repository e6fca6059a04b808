//! The log on the disk against the two things it is there for: a process that is killed, and a disk that is full.
//!
//! Both run in a process of their own: this test binary started again with a variable set, so that what is killed is real.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use wardwatch::event::{Body, Command, Event, LedgerRow, ObsPingV1, Observation};
use wardwatch::log::{Answer, Log as _, LogError, Query, Retention, SqliteLog};
use wardwatch::model::{Change, DeviceId, PacketKind, Seq, Time};

/// Where the child finds its state directory, and its seed.
const CRASH: &str = "WARDWATCH_TEST_CRASH";
const FULL: &str = "WARDWATCH_TEST_FULL";

/// splitmix64
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

/// The event of a place, the same in both processes: a mix of durable and other ones, three minutes apart.
fn event(n: u64) -> Event {
    let time = Time(1_700_000_000_000 + n as i64 * 180_000);
    let address = "10.3.10.7".parse().unwrap();
    let body = match Dice(n).roll(6) {
        0 => Body::Command {
            by: "ana".into(),
            command: Command::Note {
                device: DeviceId(n as u32),
                note: format!("note {n}").into(),
            },
        },
        1 => Body::Ledger(vec![LedgerRow {
            address,
            kind: PacketKind::Get,
            count: 1,
            first: time,
            last: time,
            cause: "poll status".into(),
        }]),
        2 => Body::Tick,
        _ => Body::Observation(Observation::Ping(ObsPingV1 {
            at: time,
            address,
            rtt_ms: Some(n as u32),
        })),
    };
    Event {
        seq: Seq(n),
        time,
        body,
    }
}

fn open(dir: &Path) -> SqliteLog {
    SqliteLog::open(dir, Retention::default()).unwrap()
}

/// Not a test of its own: what is killed in `nothing_acknowledged_is_lost_however_the_process_is_killed`.
#[test]
fn crash_child() {
    let Some(dir) = std::env::var_os(CRASH).map(PathBuf::from) else {
        return;
    };
    let mut log = open(&dir);
    let mut out = std::io::stdout().lock();
    let (last, _) = log.last();
    let mut n = last.0;
    let mut dice = Dice(n ^ 0xdead);
    loop {
        let events: Vec<Event> = (0..=dice.roll(9)).map(|i| event(n + 1 + i)).collect();
        n += events.len() as u64;
        log.append(&events).unwrap();
        if let Some(durable) = events.iter().rfind(|e| e.body.must_be_durable()) {
            writeln!(out, "kept {}", durable.seq).unwrap();
        }
        match dice.roll(12) {
            0 | 1 => {
                let change = Change {
                    time: Time(n as i64),
                    what: "state".into(),
                    before: "up".into(),
                    after: "down".into(),
                };
                log.note_changes(&[(DeviceId(1), change)]).unwrap();
                log.flush().unwrap();
                writeln!(out, "kept {n}").unwrap();
            }
            2 => {
                log.keep_snapshot(Seq(n), Time(n as i64), &n.to_le_bytes().repeat(5000))
                    .unwrap();
                writeln!(out, "kept {n}").unwrap();
            }
            _ => {}
        }
        out.flush().unwrap();
    }
}

#[test]
fn nothing_acknowledged_is_lost_however_the_process_is_killed() {
    const ROUNDS: u64 = 40;
    let dir = tempfile::tempdir().unwrap();
    let mut dice = Dice(7);
    let mut checked = 0;
    for round in 0..ROUNDS {
        let mut child = Process::new(std::env::current_exe().unwrap())
            .args(["--exact", "record::crash_child", "--nocapture"])
            .env(CRASH, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut kept = 0;
        let wait_for = 1 + dice.roll(30);
        let mut seen = 0;
        // what is in the pipe when it dies was acknowledged as well
        while let Some(Ok(line)) = lines.next() {
            if let Some(n) = line.strip_prefix("kept ").and_then(|n| n.parse().ok()) {
                kept = n;
                seen += 1;
                if seen == wait_for {
                    // somewhere in the next batch, not just after this one
                    for _ in 0..dice.roll(400_000) {
                        std::hint::spin_loop();
                    }
                    child.kill().unwrap();
                }
            }
        }
        assert!(
            seen >= wait_for,
            "the child ended by itself in round {round}"
        );
        child.wait().unwrap();

        let mut log = open(dir.path());
        assert!(log.take_warnings().is_empty());
        let (last, time) = log.last();
        assert!(
            last.0 >= kept,
            "round {round}: {kept} was kept, the log ends at {last}"
        );
        assert_eq!(time, event(last.0).time);
        let mut next = checked + 1;
        log.read_from(Seq(checked), &mut |found| {
            assert_eq!(found, event(next), "round {round}: a hole or a wrong event");
            next += 1;
            true
        })
        .unwrap();
        assert_eq!(next, last.0 + 1, "round {round}");
        checked = last.0;
        if let Some((at, bytes)) = log.snapshot().unwrap() {
            assert!(at <= last && bytes == at.0.to_le_bytes().repeat(5000));
        }
    }
    // and the sums of the ledger are those of the events, no packet lost and none counted twice
    let mut log = open(dir.path());
    let sent = (1..=checked)
        .filter(|n| matches!(event(*n).body, Body::Ledger(_)))
        .count();
    let asked = Query::Ledger {
        addresses: vec!["10.3.10.7".parse().unwrap()],
        since: Time(0),
        before: Time(i64::MAX),
        limit: u32::MAX,
    };
    let Answer::Ledger(rows) = log.query(&asked) else {
        panic!()
    };
    let counted: u32 = rows.iter().map(|r| r.count).sum();
    assert_eq!(counted as usize, sent);
    println!("{ROUNDS} kills, {checked} events, {sent} ledger rows");
    assert!(checked > 500);
}

/// Not a test of its own: it fills the small disk of `a_real_disk_that_is_full_costs_nothing_acknowledged`.
#[test]
fn full_disk_child() {
    let Some(dir) = std::env::var_os(FULL).map(PathBuf::from) else {
        return;
    };
    let ballast = dir.join("ballast");
    std::fs::write(&ballast, vec![7; 1 << 20]).unwrap();
    let state = dir.join("state");
    let mut log = open(&state);
    let long = "x".repeat(3000);
    let command = |n: u64| Event {
        body: Body::Command {
            by: "ana".into(),
            command: Command::Note {
                device: DeviceId(n as u32),
                note: format!("{n} {long}").into(),
            },
        },
        ..event(n)
    };
    let mut kept = Vec::new();
    let mut refused = 0;
    let mut n = 0;
    while refused < 20 {
        n += 1;
        assert!(n < 5000, "the disk never got full");
        match log.append(&[command(n)]) {
            Ok(()) => kept.push(command(n)),
            Err(LogError::Full { place }) => {
                assert!(place.contains("record.db"), "{place}");
                refused += 1;
            }
            Err(other) => panic!("{other} after {n}"),
        }
    }
    let check = |log: &mut SqliteLog, kept: &[Event]| {
        let mut found = Vec::new();
        log.read_from(Seq(0), &mut |e| {
            found.push(e);
            true
        })
        .unwrap();
        assert_eq!(found.len(), kept.len());
        assert!(found == kept);
    };
    // it still shows what it has, and a snapshot that finds no room leaves none half written
    check(&mut log, &kept);
    let noise: Vec<u8> = (0..2_000_000u64).map(|i| Dice(i).roll(256) as u8).collect();
    assert!(matches!(
        log.keep_snapshot(Seq(1), Time(1), &noise),
        Err(LogError::Full { .. })
    ));
    assert!(log.snapshot().unwrap().is_none());
    std::fs::remove_file(&ballast).unwrap();
    for n in n + 1..n + 20 {
        log.append(&[command(n)]).unwrap();
        kept.push(command(n));
    }
    drop(log);
    check(&mut open(&state), &kept);
    println!("filled with {} events", kept.len());
}

#[test]
fn a_real_disk_that_is_full_costs_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    // a file system of its own, seen by the child alone; it goes with it
    let script = "mount -t tmpfs -o size=4m wardwatch-test \"$1\" || exit 77; shift; exec \"$@\"";
    let run = Process::new("unshare")
        .args(["--mount", "sh", "-c", script, "sh"])
        .arg(dir.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "record::full_disk_child", "--nocapture"])
        .env(FULL, dir.path())
        .output();
    match run {
        Ok(run) if run.status.success() => {
            let said = String::from_utf8_lossy(&run.stdout);
            assert!(said.contains("filled with"), "{said}");
        }
        Ok(run) => {
            let said = String::from_utf8_lossy(&run.stderr);
            if run.status.code() == Some(77) || said.contains("unshare failed") {
                println!("skipped: no small file system can be mounted here: {said}");
            } else {
                panic!("{}{said}", String::from_utf8_lossy(&run.stdout));
            }
        }
        Err(error) => println!("skipped: unshare: {error}"),
    }
}
