//! What is folded, but refused by the disk so far. Beyond a cap the oldest observations are dropped and counted; what the ledger
//! says of packets never is: it is summed by address, kind and cause.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use crate::event::{Body, Event, LedgerRow, Observation};
use crate::log::{Log, LogError};
use crate::model::{PacketKind, Seq, Text, Time};

/// How many events wait; older ones are summed or dropped.
const CAP: usize = 50_000;

/// Rows of the ledger whose events had to make room. There are no more than addresses, kinds and causes.
#[derive(Debug, Default)]
struct Sums {
    /// Place and time of the newest event that is in it: places up to there are free.
    at: Option<(Seq, Time)>,
    rows: BTreeMap<(IpAddr, PacketKind, Text), LedgerRow>,
}

impl Sums {
    fn add(&mut self, at: (Seq, Time), rows: Vec<LedgerRow>) {
        self.at = Some(at);
        for row in rows {
            let key = (row.address, row.kind, row.cause.clone());
            self.rows
                .entry(key)
                .and_modify(|sum| sum.join(&row))
                .or_insert(row);
        }
    }

    fn event(&self, body: fn(Vec<LedgerRow>) -> Body) -> Option<Event> {
        let (seq, time) = self.at?;
        let body = body(self.rows.values().cloned().collect());
        Some(Event { seq, time, body })
    }
}

/// Events that wait for the disk, in order.
#[derive(Debug, Default)]
pub(super) struct Held {
    events: VecDeque<Event>,
    /// Of packets to those that may be asked.
    sums: Sums,
    /// Of packets to protected ones.
    protected: Sums,
    /// Gaps of the ledger: one for each process that ended without a word, so they are few.
    gaps: Vec<Event>,
    /// In the log, while what follows them is not yet.
    ahead: Vec<Event>,
    dropped: u64,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Observations that had to make room so far.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn extend(&mut self, events: Vec<Event>) {
        self.events.extend(events);
        while self.events.len() > CAP
            && let Some(event) = self.events.pop_front()
        {
            let at = (event.seq, event.time);
            match event.body {
                Body::Ledger(rows) => self.sums.add(at, rows),
                Body::Packets(rows) => self.protected.add(at, rows),
                Body::Observation(Observation::LedgerGap(_)) => self.gaps.push(event),
                _ => self.dropped += 1,
            }
        }
    }

    /// Tries to write them; gives what is in the log now.
    pub(super) fn write(&mut self, log: &mut dyn Log) -> Result<Vec<Event>, LogError> {
        let first = self.made_room();
        if !first.is_empty() {
            log.append(&first)?;
            self.sums = Sums::default();
            self.protected = Sums::default();
            self.gaps.clear();
            self.ahead.extend(first);
        }
        log.append(self.events.make_contiguous())?;
        let mut written = std::mem::take(&mut self.ahead);
        written.extend(self.events.drain(..));
        Ok(written)
    }

    /// What is kept of those that made room, in order.
    fn made_room(&self) -> Vec<Event> {
        let sums = self.sums.event(Body::Ledger).into_iter();
        let mut all: Vec<Event> = sums
            .chain(self.protected.event(Body::Packets))
            .chain(self.gaps.iter().cloned())
            .collect();
        all.sort_unstable_by_key(|e| e.seq);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ObsLedgerGapV1;
    use crate::log::{Query, Retention, SqliteLog};

    fn row(address: &str, at: i64) -> LedgerRow {
        LedgerRow {
            address: address.parse().unwrap(),
            kind: PacketKind::Ping,
            count: 1,
            first: Time(at),
            last: Time(at),
            cause: "reachability".into(),
        }
    }

    #[test]
    fn a_disk_that_stays_full_loses_no_packet_of_the_ledger_and_no_gap() {
        let mut held = Held::default();
        let gap = Observation::LedgerGap(ObsLedgerGapV1 {
            from: Time(1),
            until: Time(2),
        });
        let n = 3 * CAP as u64;
        for seq in 1..=n {
            let at = i64::try_from(seq).unwrap();
            let body = match seq % 3 {
                _ if seq == 1 => Body::Observation(gap.clone()),
                0 => Body::Ledger(vec![row("10.0.0.2", at)]),
                1 => Body::Packets(vec![row("10.0.0.3", at)]),
                _ => Body::Tick,
            };
            held.extend(vec![Event {
                seq: Seq(seq),
                time: Time(at),
                body,
            }]);
        }
        assert_eq!(held.len(), CAP);
        let others = (1..=n - CAP as u64).filter(|seq| seq % 3 == 2).count();
        assert_eq!(held.dropped(), others as u64, "only what is no ledger");

        let dir = tempfile::tempdir().unwrap();
        let mut log = SqliteLog::open(dir.path(), Retention::default()).unwrap();
        let written = held.write(&mut log).unwrap();
        assert!(held.is_empty() && held.made_room().is_empty());
        assert!(written.windows(2).all(|w| w[0].seq < w[1].seq));
        let (mut sums, mut protected, mut gaps) = (0, 0, 0);
        log.read_from(Seq(0), &mut |event| {
            let count = |rows: &[LedgerRow]| rows.iter().map(|r| u64::from(r.count)).sum::<u64>();
            match &event.body {
                Body::Ledger(rows) => sums += count(rows),
                Body::Packets(rows) => protected += count(rows),
                Body::Observation(Observation::LedgerGap(_)) => gaps += 1,
                _ => {}
            }
            true
        })
        .unwrap();
        assert_eq!((sums, protected, gaps), (n / 3, n / 3 - 1, 1));
        let asked = log.query(&Query::Ledger {
            addresses: vec!["10.0.0.3".parse().unwrap()],
            since: Time(0),
            before: Time(i64::MAX),
            limit: u32::MAX,
        });
        let crate::log::Answer::Ledger(rows) = asked else {
            panic!("{asked:?}");
        };
        assert_eq!(rows.iter().map(|r| r.first).min(), Some(Time(4)));
    }
}
