//! Packets that went out, summed until the collector writes them to the log, but one by one to who is protected; and those that
//! were refused.
//!
//! Called for every packet, 100,000 times a second and more: no text is copied and nothing is ordered before the drain.

use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::event::LedgerRow;
use crate::model::{PacketKind, Text, Time};

/// Causes that are known by a number; when there are more, all are forgotten as soon as none is in use.
const CAUSES: usize = 4_096;

/// Rows that are kept one by one between two drains; the door is paced, so more never wait unless no drain comes. Then they
/// are summed: no packet is lost.
const SINGLE: usize = 65_536;

/// A cause as a number, as long as it is in use.
type Cause = u32;

/// How many, the first, the last.
#[derive(Clone, Copy, Debug)]
struct Sum {
    count: u32,
    first: Time,
    last: Time,
}

type Key = (IpAddr, PacketKind, Cause);
type Sums = FxHashMap<Key, Sum>;

/// Rows by address, kind and cause since the last drain.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sent: Sums,
    /// To protected devices: in the order in which they left.
    single: Vec<(Key, Sum)>,
    refused: Sums,
    numbers: FxHashMap<Text, Cause>,
    causes: Vec<Text>,
}

impl Ledger {
    /// Packets that are about to leave.
    pub(super) fn note(
        &mut self,
        to: IpAddr,
        kind: PacketKind,
        count: u32,
        cause: &Text,
        now: Time,
    ) {
        let cause = self.number(cause);
        add(&mut self.sent, (to, kind, cause), count, now);
    }

    /// Packets that are about to leave for a device stricter than `get`: a row of their own.
    pub(super) fn note_singly(
        &mut self,
        to: IpAddr,
        kind: PacketKind,
        count: u32,
        cause: &Text,
        now: Time,
    ) {
        if self.single.len() >= SINGLE {
            self.note(to, kind, count, cause, now);
            return;
        }
        let key = (to, kind, self.number(cause));
        let sum = Sum {
            count,
            first: now,
            last: now,
        };
        self.single.push((key, sum));
    }

    /// Rows that wait for the next drain.
    pub(super) fn waiting(&self) -> usize {
        self.sent.len() + self.single.len()
    }

    /// Packets that must not.
    pub(super) fn refuse(
        &mut self,
        to: IpAddr,
        kind: PacketKind,
        count: u32,
        cause: &Text,
        now: Time,
    ) {
        let cause = self.number(cause);
        add(&mut self.refused, (to, kind, cause), count, now);
    }

    fn number(&mut self, cause: &Text) -> Cause {
        if let Some(number) = self.numbers.get(cause) {
            return *number;
        }
        let number = u32::try_from(self.causes.len()).unwrap_or(u32::MAX);
        self.causes.push(cause.clone());
        self.numbers.insert(cause.clone(), number);
        number
    }

    /// What was sent since the last time, in the order of addresses.
    pub(super) fn drain(&mut self) -> Vec<LedgerRow> {
        let single = self.single.drain(..);
        let rows = rows(self.sent.drain().chain(single), &self.causes);
        self.forget_causes();
        rows
    }

    /// What was refused since the last time, in the order of addresses.
    pub(super) fn drain_refused(&mut self) -> Vec<LedgerRow> {
        let rows = rows(self.refused.drain(), &self.causes);
        self.forget_causes();
        rows
    }

    /// Each run of a remediation is a cause of its own: their names don't gather for ever.
    fn forget_causes(&mut self) {
        if self.causes.len() > CAUSES && self.waiting() == 0 && self.refused.is_empty() {
            self.numbers.clear();
            self.causes.clear();
        }
    }
}

fn add(sums: &mut Sums, key: Key, count: u32, now: Time) {
    let sum = sums.entry(key).or_insert(Sum {
        count: 0,
        first: now,
        last: now,
    });
    sum.count = sum.count.saturating_add(count);
    sum.first = sum.first.min(now);
    sum.last = sum.last.max(now);
}

fn rows(sums: impl Iterator<Item = (Key, Sum)>, causes: &[Text]) -> Vec<LedgerRow> {
    let mut rows: Vec<LedgerRow> = sums
        .map(|((address, kind, cause), sum)| LedgerRow {
            address,
            kind,
            count: sum.count,
            first: sum.first,
            last: sum.last,
            cause: causes
                .get(cause as usize)
                .cloned()
                .unwrap_or_else(Text::empty),
        })
        .collect();
    rows.sort_unstable();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn packets_of_one_address_kind_and_cause_are_one_row_and_refused_ones_stand_apart() {
        let mut ledger = Ledger::default();
        let status: Text = "poll status".into();
        ledger.note(ip(2), PacketKind::Get, 1, &status, Time(5));
        ledger.note(ip(2), PacketKind::Get, 2, &"poll status".into(), Time(3));
        ledger.note(ip(2), PacketKind::Walk, 1, &status, Time(5));
        ledger.note(ip(1), PacketKind::Get, 1, &"scan by ana".into(), Time(9));
        ledger.refuse(ip(9), PacketKind::Ping, 1, &status, Time(4));
        let rows: Vec<_> = ledger
            .drain()
            .into_iter()
            .map(|r| {
                (
                    r.address,
                    r.kind,
                    r.count,
                    r.first.0,
                    r.last.0,
                    r.cause.to_string(),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                (ip(1), PacketKind::Get, 1, 9, 9, "scan by ana".to_string()),
                (ip(2), PacketKind::Get, 3, 3, 5, "poll status".to_string()),
                (ip(2), PacketKind::Walk, 1, 5, 5, "poll status".to_string()),
            ]
        );
        assert!(ledger.drain().is_empty());
        let refused = ledger.drain_refused();
        assert_eq!((refused.len(), refused[0].address), (1, ip(9)));
        assert!(ledger.drain_refused().is_empty());
    }

    #[test]
    fn causes_do_not_gather_for_ever_and_none_is_mixed_up() {
        let mut ledger = Ledger::default();
        for n in 0..3 * CAUSES {
            let cause = Text::from(format!("run {n}"));
            ledger.note(ip(1), PacketKind::Get, 1, &cause, Time(0));
            if n % 100 == 0 {
                ledger.refuse(ip(1), PacketKind::Get, 1, &cause, Time(0));
            }
            if n % 500 == 499 {
                let rows = ledger.drain();
                assert_eq!(rows.len(), 500);
                assert!(rows.iter().any(|r| r.cause == cause));
                assert_eq!(ledger.drain_refused().len(), 5);
            }
            assert!(ledger.causes.len() <= CAUSES + 500);
        }
    }
}
