//! The log on the disk.

use proptest::prelude::*;

use super::*;
use crate::event::Body;
use crate::log::tests::{
    a_log_keeps_what_the_trait_says, all_after, change, ledger, ledger_row, note, poll, tick,
};

const DAY: i64 = day::DAY_MS;

fn open(dir: &tempfile::TempDir) -> SqliteLog {
    SqliteLog::open(dir.path(), Retention::default()).unwrap()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn it_keeps_what_the_trait_says() {
    let dir = folder();
    a_log_keeps_what_the_trait_says(&mut open(&dir));
}

#[test]
fn everything_is_there_again_after_a_restart() {
    let dir = folder();
    let events: Vec<Event> = (1..=50)
        .map(|n| match n % 5 {
            0 => note(n, n as i64 * 1000),
            1 => ledger(
                n,
                n as i64 * 1000,
                vec![ledger_row("10.0.0.9", 1, 1, n as i64)],
            ),
            _ => poll(n, n as i64 * 1000, 3, 8),
        })
        .collect();
    let mut log = open(&dir);
    log.append(&events).unwrap();
    log.note_changes(&[(DeviceId(3), change(7, "state"))])
        .unwrap();
    drop(log);
    let mut log = open(&dir);
    assert_eq!(log.last(), (Seq(50), Time(50_000)));
    assert_eq!(all_after(&mut log, 0), events);
    let asked = Query::Ledger {
        addresses: vec!["10.0.0.9".parse().unwrap()],
        since: Time(0),
        before: Time(i64::MAX),
        limit: 9,
    };
    assert_eq!(
        log.query(&asked),
        Answer::Ledger(vec![ledger_row("10.0.0.9", 10, 1, 46)])
    );
    let asked = Query::Changes {
        device: DeviceId(3),
        before: Time(100),
        limit: 9,
    };
    assert_eq!(log.query(&asked), Answer::Changes(vec![change(7, "state")]));
}

#[test]
fn a_change_that_is_noted_again_after_a_refold_is_one_change() {
    let dir = folder();
    let mut log = open(&dir);
    for _ in 0..2 {
        log.note_changes(&[(DeviceId(3), change(7, "state"))])
            .unwrap();
        log.flush().unwrap();
    }
    let asked = Query::Changes {
        device: DeviceId(3),
        before: Time(100),
        limit: 9,
    };
    assert_eq!(log.query(&asked), Answer::Changes(vec![change(7, "state")]));
}

#[test]
fn the_second_collector_is_told_who_collects() {
    let dir = folder();
    let _first = open(&dir);
    match SqliteLog::open(dir.path(), Retention::default()) {
        Err(LogError::InUse { pid, .. }) => assert_eq!(pid, std::process::id()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reader_beside_the_collector_sees_what_was_flushed_and_can_write_nothing() {
    let dir = folder();
    let mut log = open(&dir);
    log.append(&[
        ledger(1, 10, vec![ledger_row("10.0.0.1", 4, 1, 2)]),
        note(2, 20),
        tick(3, 30),
    ])
    .unwrap();
    let mut reader = SqliteLog::open_read_only(dir.path()).unwrap();
    assert_eq!(reader.last().0, Seq(2), "3 waits for the flush");
    let asked = Query::Ledger {
        addresses: vec!["10.0.0.1".parse().unwrap()],
        since: Time(0),
        before: Time(i64::MAX),
        limit: 9,
    };
    assert_eq!(
        reader.query(&asked),
        Answer::Ledger(vec![ledger_row("10.0.0.1", 4, 1, 2)]),
        "also where it is not summed yet"
    );
    assert!(reader.append(&[tick(9, 90)]).is_err());
    assert!(reader.retain(Time(0)).is_err());
    log.append(&[tick(4, 40)]).unwrap();
    log.flush().unwrap();
    assert_eq!(all_after(&mut reader, 2).len(), 2, "it sees what comes");
}

#[test]
fn whole_days_go_and_the_ledger_and_the_commands_stay() {
    let dir = folder();
    let retention = Retention {
        telemetry_days: 2,
        ..Retention::default()
    };
    let mut log = SqliteLog::open(dir.path(), retention).unwrap();
    for d in 0..4i64 {
        let n = d as u64 * 3;
        let time = d * DAY + 1000;
        log.append(&[
            tick(n + 1, time),
            note(n + 2, time),
            ledger(
                n + 3,
                time,
                vec![
                    ledger_row("10.0.0.1", 1, time - 2, time - 1),
                    ledger_row("10.0.0.1", 1, time, time),
                ],
            ),
        ])
        .unwrap();
        log.flush().unwrap();
    }
    log.retain(Time(3 * DAY + 2000)).unwrap();
    log.retain(Time(3 * DAY + 2000)).unwrap();
    let kept: Vec<u64> = all_after(&mut log, 0).iter().map(|e| e.seq.0).collect();
    assert_eq!(kept, vec![2, 5, 7, 8, 9, 10, 11, 12]);
    let asked = Query::Ledger {
        addresses: vec!["10.0.0.1".parse().unwrap()],
        since: Time(0),
        before: Time(i64::MAX),
        limit: 99,
    };
    let Answer::Ledger(rows) = log.query(&asked) else {
        panic!()
    };
    assert_eq!(rows.iter().map(|r| r.count).sum::<u32>(), 8);
    assert_eq!(rows.len(), 4);
    assert!(rows.is_sorted_by_key(|r| std::cmp::Reverse(r.last)));
    assert_eq!(
        log.query(&Query::Ledger {
            addresses: vec!["10.0.0.1".parse().unwrap()],
            since: Time(DAY),
            before: Time(i64::MAX),
            limit: 99,
        }),
        Answer::Ledger(rows[..3].to_vec())
    );
    assert_eq!(log.oldest().unwrap(), Some(Time(1000)));
}

#[test]
fn what_can_be_told_of_the_past_begins_after_what_was_removed() {
    let dir = folder();
    let retention = Retention {
        telemetry_days: 2,
        ..Retention::default()
    };
    let mut log = SqliteLog::open(dir.path(), retention).unwrap();
    assert_eq!(log.earliest().unwrap(), None);
    for d in 0..4i64 {
        let n = d as u64 * 3;
        let time = d * DAY + 1000;
        log.append(&[tick(n + 1, time)]).unwrap();
        log.keep_snapshot(Seq(n + 1), Time(time), b"state").unwrap();
        log.append(&[note(n + 2, time + 1000), tick(n + 3, time + 2000)])
            .unwrap();
    }
    assert_eq!(log.whole_after().unwrap(), Seq(0));
    assert_eq!(log.earliest().unwrap(), Some(Time(1000)));
    log.retain(Time(3 * DAY + 2000)).unwrap();
    // the command of the second day is still there, its observations are not
    assert_eq!(all_after(&mut log, 3)[0], note(5, DAY + 2000));
    for mut log in [log, SqliteLog::open_read_only(dir.path()).unwrap()] {
        assert_eq!(log.whole_after().unwrap(), Seq(6));
        assert_eq!(log.earliest().unwrap(), Some(Time(2 * DAY + 1000)));
        let found = |log: &mut SqliteLog, time| {
            let found = log.snapshot_before(Time(time)).unwrap();
            found.map(|(seq, ..)| seq.0)
        };
        assert_eq!(found(&mut log, 2 * DAY), None);
        assert_eq!(found(&mut log, 2 * DAY + 1000), Some(7));
        assert_eq!(found(&mut log, 3 * DAY), Some(7));
        assert_eq!(found(&mut log, 9 * DAY), Some(10));
    }
}

#[test]
fn the_oldest_days_go_when_there_are_too_many_bytes_but_never_today() {
    let dir = folder();
    let retention = Retention {
        telemetry_bytes: 1,
        ..Retention::default()
    };
    let mut log = SqliteLog::open(dir.path(), retention).unwrap();
    log.append(&[tick(1, 0), tick(2, DAY)]).unwrap();
    log.flush().unwrap();
    log.retain(Time(DAY)).unwrap();
    assert_eq!(all_after(&mut log, 0), vec![tick(2, DAY)]);
}

#[test]
fn what_retention_took_is_not_kept_rather_than_nothing() {
    let dir = folder();
    let retention = Retention {
        record_days: 2,
        ..Retention::default()
    };
    let mut log = SqliteLog::open(dir.path(), retention).unwrap();
    log.append(&[note(1, 0), note(2, 5 * DAY)]).unwrap();
    let asked = Query::Deeds {
        before: Time(DAY),
        limit: 5,
    };
    assert_eq!(log.query(&asked), Answer::Deeds(vec![note(1, 0)]));
    log.retain(Time(5 * DAY)).unwrap();
    assert_eq!(log.whole_after().unwrap(), Seq(1));
    assert_eq!(
        log.query(&asked),
        Answer::NotKept {
            oldest: Time(3 * DAY)
        }
    );
}

#[test]
fn what_was_delivered_can_be_asked_for() {
    let dir = folder();
    let mut log = open(&dir);
    let delivered = |seq: u64, of: u64| Event {
        seq: Seq(seq),
        time: Time(0),
        body: Body::Delivered {
            effect: (Seq(of), 1),
            error: crate::model::Text::empty(),
        },
    };
    log.append(&[delivered(1, 8), note(2, 0), delivered(3, 9)])
        .unwrap();
    assert_eq!(
        log.delivered(Seq(0)).unwrap(),
        vec![(Seq(8), 1), (Seq(9), 1)]
    );
    assert_eq!(log.delivered(Seq(1)).unwrap(), vec![(Seq(9), 1)]);
}

#[test]
fn a_full_disk_refuses_loses_nothing_acknowledged_and_takes_again_once_there_is_room() {
    let dir = folder();
    let mut log = open(&dir);
    log.append(&[note(1, 1)]).unwrap();
    log.record.cap_pages(10);
    let mut acknowledged = vec![note(1, 1)];
    let refused = (2..1000).find(|&n| match log.append(&[note(n, n as i64)]) {
        Ok(()) => {
            acknowledged.push(note(n, n as i64));
            false
        }
        Err(LogError::Full { .. }) => true,
        Err(other) => panic!("{other}"),
    });
    let refused = refused.expect("ten pages are full some time");
    assert_eq!(log.last().0, Seq(refused - 1));
    assert_eq!(all_after(&mut log, 0), acknowledged);
    log.record.cap_pages(10_000);
    log.append(&[note(refused, 5000)]).unwrap();
    acknowledged.push(note(refused, 5000));
    drop(log);
    assert_eq!(all_after(&mut open(&dir), 0), acknowledged);
}

#[test]
fn telemetry_that_finds_no_room_waits_and_is_written_once_there_is_some() {
    let dir = folder();
    let mut log = open(&dir);
    log.append(&[poll(1, 1, 1, 48)]).unwrap();
    log.flush().unwrap();
    log.today.as_ref().unwrap().cap_pages(12);
    let events: Vec<Event> = (2..=400).map(|n| poll(n, n as i64, n as u32, 48)).collect();
    log.append(&events).unwrap();
    for _ in 0..2 {
        assert!(matches!(log.flush(), Err(LogError::Full { .. })));
    }
    // a command must not overtake what was before it: it is refused as well
    assert!(matches!(
        log.append(&[note(401, 401)]),
        Err(LogError::Full { .. })
    ));
    assert_eq!(log.last().0, Seq(400));
    log.today.as_ref().unwrap().cap_pages(10_000);
    log.append(&[note(401, 401)]).unwrap();
    drop(log);
    assert_eq!(all_after(&mut open(&dir), 0).len(), 401);
}

#[test]
fn a_newer_format_is_refused_with_a_clear_word() {
    let dir = folder();
    drop(open(&dir));
    let db = rusqlite::Connection::open(dir.path().join("record.db")).unwrap();
    db.pragma_update(None, "user_version", 7).unwrap();
    drop(db);
    let error = SqliteLog::open(dir.path(), Retention::default()).unwrap_err();
    assert!(matches!(error, LogError::Newer { found: 7, .. }));
    assert!(error.to_string().contains("newer wardwatch"), "{error}");
}

#[test]
fn a_damaged_day_is_put_aside_and_said_and_the_collector_starts() {
    let dir = folder();
    let mut log = open(&dir);
    log.append(&[note(1, 0), tick(2, 0), note(3, 0)]).unwrap();
    drop(log);
    let path = dir.path().join("telemetry").join(day::file_name(0));
    fs::write(&path, vec![0x55; 8192]).unwrap();
    let mut log = open(&dir);
    let warnings = log.take_warnings();
    assert!(
        warnings.len() == 1 && warnings[0].contains("damaged"),
        "{warnings:?}"
    );
    assert_eq!(all_after(&mut log, 0), vec![note(1, 0), note(3, 0)]);
    assert_eq!(log.whole_after().unwrap(), Seq(3), "what was is not told");
    assert_eq!(log.earliest().unwrap(), None);
    log.append(&[tick(4, 0)]).unwrap();
    log.flush().unwrap();
    assert!(path.exists());
}

#[test]
fn a_day_that_was_begun_but_has_no_event_yet_does_not_hide_the_end_of_the_day_before() {
    let dir = folder();
    let mut log = open(&dir);
    log.append(&[note(1, 0), tick(2, 0)]).unwrap();
    drop(log);
    drop(DayFile::open(&dir.path().join("telemetry"), 1, Mode::Write).unwrap());
    let mut log = open(&dir);
    assert_eq!(log.last(), (Seq(2), Time(0)));
    log.append(&[tick(3, DAY)]).unwrap();
    drop(log);
    assert_eq!(all_after(&mut open(&dir), 0).len(), 3);
}

#[test]
fn a_flipped_bit_in_a_batch_is_found_and_named() {
    let dir = folder();
    let mut log = open(&dir);
    log.append(&[poll(1, 0, 1, 20)]).unwrap();
    log.flush().unwrap();
    log.append(&[tick(2, 0)]).unwrap();
    drop(log);
    let path = dir.path().join("telemetry").join(day::file_name(0));
    let db = rusqlite::Connection::open(&path).unwrap();
    let data: Vec<u8> = db
        .query_row("SELECT data FROM batch WHERE last_seq = 1", [], |r| {
            r.get(0)
        })
        .unwrap();
    let mut data = data;
    let middle = data.len() / 2;
    data[middle] ^= 4;
    db.execute("UPDATE batch SET data = ?1 WHERE last_seq = 1", [data])
        .unwrap();
    drop(db);
    // a damaged batch must not keep the collector from starting, nor cost the rest of its day
    let mut log = open(&dir);
    let warnings = log.take_warnings();
    assert!(
        warnings.iter().all(|w| w.contains("damaged")),
        "{warnings:?}"
    );
    let read = log.read_from(Seq(0), &mut |_| true);
    assert!(
        matches!(&read, Err(LogError::Damaged { at: 1, .. })),
        "{read:?}"
    );
    assert_eq!(
        all_after(&mut log, 1),
        vec![tick(2, 0)],
        "reading on after it"
    );
}

#[test]
fn a_day_of_a_big_hospital_stays_below_a_gigabyte() {
    // 1,500 agents: one in four a switch of 48 ports (two in three of them dark), the others of 4 interfaces; interfaces
    // are asked each minute, status each half minute; the ledger is drained each ten seconds.
    let dir = folder();
    let mut log = open(&dir);
    let mut seq = 0;
    let mut next = || {
        seq += 1;
        seq
    };
    let minutes = 2i64;
    for second in 0..minutes * 60 {
        let time = 1_700_000_000_000 + second * 1000;
        let mut events = Vec::new();
        for i in 0..25u32 {
            let device = (second as u32 % 60) * 25 + i;
            let ports = if device.is_multiple_of(4) { 48 } else { 4 };
            events.push(poll(next(), time, device, ports));
            events.push(poll(next(), time, device, 0));
            events.push(poll(next(), time, (device + 750) % 1500, 0));
        }
        if second % 10 == 9 {
            let rows = (0..500)
                .map(|i| {
                    ledger_row(
                        &format!("10.0.{}.{}", i / 250, i % 250),
                        2,
                        time - 9000,
                        time,
                    )
                })
                .collect();
            events.push(ledger(next(), time, rows));
        }
        log.append(&events).unwrap();
        log.flush().unwrap();
    }
    let events = seq;
    drop(log);
    let log = open(&dir);
    let bytes = log.telemetry_bytes();
    let day = bytes * 1440 / minutes as u64;
    println!(
        "{} bytes an event, {} MB a day",
        bytes / events,
        day / 1_000_000
    );
    assert!(day < 1_000_000_000, "{day}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_mix_of_events_days_and_flushes_the_order_holds(
        steps in prop::collection::vec((0..3u8, 0..DAY, any::<bool>(), any::<bool>()), 1..40)
    ) {
        let dir = folder();
        let mut log = open(&dir);
        let mut time = 0;
        let mut expected = Vec::new();
        let mut batch = Vec::new();
        for (i, (kind, pause, send, flush)) in steps.into_iter().enumerate() {
            let n = i as u64 + 1;
            time += pause;
            let event = match kind {
                0 => tick(n, time),
                1 => note(n, time),
                _ => poll(n, time, 1, 2),
            };
            expected.push(event.clone());
            batch.push(event);
            if send {
                log.append(&std::mem::take(&mut batch)).unwrap();
            }
            if flush {
                log.flush().unwrap();
            }
        }
        log.append(&batch).unwrap();
        prop_assert_eq!(&all_after(&mut log, 0), &expected);
        drop(log);
        let mut log = open(&dir);
        prop_assert_eq!(&all_after(&mut log, 0), &expected);
        let half = expected.len() / 2;
        prop_assert_eq!(&all_after(&mut log, half as u64), &expected[half..]);
    }
}
