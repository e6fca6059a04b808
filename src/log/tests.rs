//! Events to test with, and what every store must do.

use super::*;
use crate::event::{
    Body, Command, IfCountersV1, IfSampleV1, ObsPollV1, Observation, PollOutcome, RunStep,
};
use crate::model::{IfIndex, IfStatus, PacketKind, RunId};

pub(super) fn tick(seq: u64, time: i64) -> Event {
    Event {
        seq: Seq(seq),
        time: Time(time),
        body: Body::Tick,
    }
}

pub(super) fn note(seq: u64, time: i64) -> Event {
    Event {
        seq: Seq(seq),
        time: Time(time),
        body: Body::Command {
            by: "ana".into(),
            command: Command::Note {
                device: DeviceId(seq as u32),
                note: "looked at it".into(),
            },
        },
    }
}

pub(super) fn ledger_row(address: &str, count: u32, first: i64, last: i64) -> LedgerRow {
    LedgerRow {
        address: address.parse().unwrap(),
        kind: PacketKind::Get,
        count,
        first: Time(first),
        last: Time(last),
        cause: "poll status".into(),
    }
}

pub(super) fn ledger(seq: u64, time: i64, rows: Vec<LedgerRow>) -> Event {
    Event {
        seq: Seq(seq),
        time: Time(time),
        body: Body::Ledger(rows),
    }
}

/// A poll of a device with `ports` interfaces whose counters moved.
pub(super) fn poll(seq: u64, time: i64, device: u32, ports: u32) -> Event {
    // plain mixing, so that the octets are as hard to compress as real ones
    let mix = |n: u64| {
        let x = n
            .wrapping_add(u64::from(device) << 32)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x ^ (x >> 29)
    };
    let uptime = (time / 10) as u32;
    let interfaces = (1..=ports)
        .map(|port| {
            // two ports of three carry nothing
            let busy = port % 3 == 0;
            let octets = if busy {
                u64::from(port) * 1_000_000_000 + mix(time as u64 ^ u64::from(port)) % 3_750_000_000
            } else {
                0
            };
            IfSampleV1 {
                index: IfIndex(port),
                meta: None,
                admin: IfStatus::Up,
                oper: if busy { IfStatus::Up } else { IfStatus::Down },
                counters: Some(IfCountersV1 {
                    in_octets: octets,
                    out_octets: octets / 3,
                    errors: 0,
                    wide: true,
                    discontinuity: 0,
                    uptime,
                }),
            }
        })
        .collect();
    Event {
        seq: Seq(seq),
        time: Time(time),
        body: Body::Observation(Observation::Poll(Box::new(ObsPollV1 {
            address: std::net::Ipv4Addr::from(0x0a00_0000 + device).into(),
            at: Time(time),
            outcome: PollOutcome::Answered,
            credential: "site".into(),
            rtt_ms: Some(3),
            uptime: Some(uptime),
            engine_boots: None,
            system: None,
            facts: Vec::new(),
            interfaces,
            interfaces_whole: true,
        }))),
    }
}

pub(super) fn change(time: i64, what: &str) -> Change {
    Change {
        time: Time(time),
        what: what.into(),
        before: "up".into(),
        after: "down".into(),
    }
}

pub(super) fn all_after(log: &mut dyn Log, after: u64) -> Vec<Event> {
    let mut seen = Vec::new();
    log.read_from(Seq(after), &mut |event| {
        seen.push(event);
        true
    })
    .unwrap();
    seen
}

/// An empty log of any store goes through this.
pub(super) fn a_log_keeps_what_the_trait_says(log: &mut dyn Log) {
    assert_eq!(log.last(), (Seq(0), Time(0)));
    assert_eq!(log.snapshot().unwrap(), None);
    assert_eq!(all_after(log, 0), vec![]);

    let run = RunId(4);
    let mut started = tick(4, 40);
    started.body = Body::Run(RunStep::Started { run });
    let events = vec![
        tick(1, 10),
        note(2, 20),
        poll(3, 30, 7, 4),
        started,
        ledger(5, 50, vec![ledger_row("10.0.0.7", 2, 30, 31)]),
        tick(6, 60),
    ];
    log.append(&events[..2]).unwrap();
    log.append(&events[2..]).unwrap();
    assert_eq!(log.last(), (Seq(6), Time(60)));
    assert_eq!(all_after(log, 0), events, "before the flush");
    log.flush().unwrap();
    assert_eq!(all_after(log, 0), events, "after the flush");
    assert_eq!(all_after(log, 3), events[3..]);

    let mut first = Vec::new();
    log.read_from(Seq(1), &mut |e| {
        first.push(e.seq.0);
        first.len() < 2
    })
    .unwrap();
    assert_eq!(first, vec![2, 3], "it stops when told");

    for wrong in [vec![tick(6, 60)], vec![tick(8, 80), tick(7, 80)]] {
        assert!(log.append(&wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(log.last().0, Seq(6));
    log.append(&[tick(9, 90)]).unwrap();

    let (device, other) = (DeviceId(1), DeviceId(2));
    let changes = [
        (device, change(10, "state")),
        (other, change(11, "state")),
        (device, change(12, "port")),
    ];
    log.note_changes(&changes).unwrap();
    for _ in 0..2 {
        let asked = Query::Changes {
            device,
            before: Time(100),
            limit: 5,
        };
        assert_eq!(
            log.query(&asked),
            Answer::Changes(vec![change(12, "port"), change(10, "state")])
        );
        log.flush().unwrap();
    }
    let asked = Query::Changes {
        device,
        before: Time(12),
        limit: 5,
    };
    assert_eq!(
        log.query(&asked),
        Answer::Changes(vec![change(10, "state")])
    );

    log.append(&[ledger(
        10,
        100,
        vec![ledger_row("::ffff:10.0.0.7", 3, 95, 99)],
    )])
    .unwrap();
    let asked = |since, limit| Query::Ledger {
        addresses: vec!["10.0.0.7".parse().unwrap(), "10.0.0.8".parse().unwrap()],
        since: Time(since),
        before: Time(i64::MAX),
        limit,
    };
    assert_eq!(
        log.query(&asked(0, 10)),
        Answer::Ledger(vec![ledger_row("10.0.0.7", 5, 30, 99)])
    );
    assert_eq!(log.query(&asked(1000, 10)), Answer::Ledger(vec![]));
    assert_eq!(log.query(&asked(0, 0)), Answer::Ledger(vec![]));

    let until = |before| Query::Ledger {
        addresses: vec!["10.0.0.7".parse().unwrap()],
        since: Time(0),
        before: Time(before),
        limit: 10,
    };
    assert_eq!(log.query(&until(30)), Answer::Ledger(vec![]));
    assert!(matches!(log.query(&until(31)), Answer::Ledger(rows) if !rows.is_empty()));

    let asked = Query::Deeds {
        before: Time(40),
        limit: 9,
    };
    assert_eq!(log.query(&asked), Answer::Deeds(vec![note(2, 20)]));

    for n in 1..=5 {
        log.keep_snapshot(Seq(n), Time(n as i64 * 10), &[n as u8; 9])
            .unwrap();
    }
    assert_eq!(log.snapshot().unwrap(), Some((Seq(5), vec![5; 9])));
    let before = |log: &mut dyn Log, time| {
        let found = log.snapshot_before(Time(time)).unwrap();
        found.map(|(seq, time, _)| (seq, time))
    };
    assert_eq!(before(log, 49), Some((Seq(4), Time(40))));
    assert_eq!(before(log, 50), Some((Seq(5), Time(50))));
    assert_eq!(before(log, 9), None);
    assert_eq!(log.whole_after().unwrap(), Seq(0));
    assert_eq!(log.earliest().unwrap(), Some(Time(10)));
}
