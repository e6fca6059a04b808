//! The ledger on the disk: no packet is lost, and what is kept one by one stays so, whatever becomes of the days around it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::event::{Body, LedgerRow};
use crate::log::tests::{ledger, ledger_row, note, tick};
use crate::model::PacketKind;

const DAY: i64 = day::DAY_MS;

fn open(dir: &Path) -> SqliteLog {
    let retention = Retention {
        telemetry_days: 2,
        ..Retention::default()
    };
    SqliteLog::open(dir, retention).unwrap()
}

fn packets(seq: u64, time: i64, rows: Vec<LedgerRow>) -> Event {
    Event {
        body: Body::Packets(rows),
        ..tick(seq, time)
    }
}

fn rows_of(log: &mut SqliteLog, address: IpAddr) -> Vec<LedgerRow> {
    let asked = Query::Ledger {
        addresses: vec![address],
        since: Time(0),
        before: Time(i64::MAX),
        limit: 1_000_000,
    };
    match log.query(&asked) {
        Answer::Ledger(rows) => rows,
        other => panic!("{other:?}"),
    }
}

fn address(n: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, n])
}

/// What a kill leaves: the files as they are.
fn as_after_a_kill(from: &Path) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let to = tempfile::tempdir().unwrap();
    copy(from, to.path());
    to
}

const KINDS: [PacketKind; 6] = [
    PacketKind::Arp,
    PacketKind::Ping,
    PacketKind::Get,
    PacketKind::Walk,
    PacketKind::Set,
    PacketKind::Reply,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_by_device_and_kind_are_preserved_and_the_rows_of_the_stricter_stay_one_by_one(
        steps in prop::collection::vec(
            (prop::collection::vec((0u8..6, 0usize..6, 1u32..50, 0i64..900, 0u8..3), 1..9), 1_000i64..DAY, 0u8..8),
            1..50,
        )
    ) {
        let mut dir = tempfile::tempdir().unwrap();
        let mut log = Some(open(dir.path()));
        let mut sums: BTreeMap<(IpAddr, PacketKind), u64> = BTreeMap::new();
        let mut single: BTreeMap<IpAddr, Vec<LedgerRow>> = BTreeMap::new();
        let mut time = 0;
        for (n, (noted, pause, then)) in steps.into_iter().enumerate() {
            time += pause;
            let mut by_strict = [BTreeMap::new(), BTreeMap::new()];
            for (a, kind, count, took, cause) in noted {
                // three of six addresses are those of protected devices
                let row = LedgerRow {
                    kind: KINDS[kind],
                    count,
                    cause: format!("cause {cause}").into(),
                    ..ledger_row(&address(a).to_string(), 0, time - took, time)
                };
                // a drain of the gate has one row of an address, kind and cause
                by_strict[usize::from(a < 3)].insert((row.address, row.kind, row.cause.clone()), row);
            }
            let [lax, strict] = by_strict.map(|rows| rows.into_values().collect::<Vec<_>>());
            for row in lax.iter().chain(&strict) {
                *sums.entry((row.address, row.kind)).or_default() += u64::from(row.count);
            }
            for row in &strict {
                single.entry(row.address).or_default().push(row.clone());
            }
            let seq = 2 * n as u64 + 1;
            let it = log.as_mut().unwrap();
            it.append(&[ledger(seq, time, lax), packets(seq + 1, time, strict)]).unwrap();
            match then {
                0 => it.flush().unwrap(),
                1 => it.retain(Time(time)).unwrap(),
                2 => {
                    drop(log.take());
                    log = Some(open(dir.path()));
                }
                3 => {
                    it.flush().unwrap();
                    let killed = as_after_a_kill(dir.path());
                    drop(log.take());
                    dir = killed;
                    log = Some(open(dir.path()));
                }
                _ => {}
            }
        }
        let it = log.as_mut().unwrap();
        for round in 0..2 {
            for a in 0..6 {
                let rows = rows_of(it, address(a));
                let mut found: BTreeMap<(IpAddr, PacketKind), u64> = BTreeMap::new();
                for row in &rows {
                    *found.entry((row.address, row.kind)).or_default() += u64::from(row.count);
                }
                let expected: BTreeMap<_, _> = sums.iter().filter(|(k, _)| k.0 == address(a)).map(|(k, v)| (*k, *v)).collect();
                prop_assert_eq!(found, expected, "address {} round {}", a, round);
                if a < 3 {
                    let mut rows = rows;
                    rows.sort();
                    let mut expected = single.get(&address(a)).cloned().unwrap_or_default();
                    expected.sort();
                    prop_assert_eq!(rows, expected);
                }
            }
            // long after, only the record is left
            let seq = 1_000_000 + 2 * round;
            it.append(&[note(seq, time + 40 * DAY), tick(seq + 1, time + 40 * DAY)]).unwrap();
            it.flush().unwrap();
            it.retain(Time(time + 40 * DAY)).unwrap();
        }
    }
}

#[test]
fn a_state_folder_of_the_format_before_is_read_beside_its_collector_and_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.append(&[
        ledger(1, 5, vec![ledger_row("10.0.0.1", 3, 1, 2)]),
        note(2, 6),
    ])
    .unwrap();
    drop(log);
    // format 1 was the same without the table
    for file in ["record.db", "telemetry/1970-01-01.db"] {
        let db = rusqlite::Connection::open(dir.path().join(file)).unwrap();
        db.execute_batch("DROP TABLE packet; PRAGMA user_version = 1;")
            .unwrap();
    }
    let mut reader = SqliteLog::open_read_only(dir.path()).unwrap();
    assert_eq!(rows_of(&mut reader, address(1))[0].count, 3);
    let mut log = open(dir.path());
    log.append(&[packets(3, 7, vec![ledger_row("10.0.0.1", 4, 7, 7)])])
        .unwrap();
    log.flush().unwrap();
    assert_eq!(rows_of(&mut log, address(1)).len(), 2);
    assert_eq!(rows_of(&mut reader, address(1)).len(), 2);
}

#[test]
fn only_a_log_that_was_ended_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    assert!(log.ended().unwrap(), "nothing has begun");
    log.append(&[note(1, 1), tick(2, 2)]).unwrap();
    log.note_end().unwrap();
    drop(log);
    let mut log = open(dir.path());
    assert!(log.ended().unwrap());
    log.append(&[tick(3, 3)]).unwrap();
    log.flush().unwrap();
    assert!(!log.ended().unwrap());
    let killed = as_after_a_kill(dir.path());
    assert!(!open(killed.path()).ended().unwrap());
}
