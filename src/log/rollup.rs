//! What waits of the ledger, and how it is summed: rows of agents that may be asked SNMP by address, kind, cause and hour, so
//! that a year of polling a switch is a handful of rows a day; rows of everybody stricter one by one, for ever. Sums lose no
//! packet: counts add, `first` and `last` widen.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::event::{Body, LedgerRow};
use crate::model::{PacketKind, Text, Time};

/// Milliseconds of an hour.
pub(super) const HOUR: i64 = 3_600_000;

/// Which sum: address, hour since 1970 of the last packet, kind, cause.
pub(super) type Key = (IpAddr, i64, PacketKind, Text);
/// Which row that stays alone: address, last packet, kind, cause, first packet.
type Single = (IpAddr, Time, PacketKind, Text, Time);

/// Sums by [`Key`], and rows that are never summed.
#[derive(Debug, Default, Clone)]
pub(super) struct Rollup {
    rows: BTreeMap<Key, LedgerRow>,
    single: BTreeMap<Single, LedgerRow>,
}

impl Rollup {
    /// Takes the ledger's part of an event.
    pub(super) fn take(&mut self, body: &Body) {
        match body {
            Body::Ledger(rows) => rows.iter().cloned().for_each(|row| self.add(row)),
            Body::Packets(rows) => rows.iter().cloned().for_each(|row| self.keep(row)),
            _ => {}
        }
    }

    /// Adds one row to its sum; an IPv4 address in IPv6 clothes is the IPv4 address.
    pub(super) fn add(&mut self, mut row: LedgerRow) {
        row.address = row.address.to_canonical();
        let key = (
            row.address,
            row.last.0.div_euclid(HOUR),
            row.kind,
            row.cause.clone(),
        );
        merge(self.rows.entry(key), row);
    }

    /// Keeps one row as it is.
    pub(super) fn keep(&mut self, mut row: LedgerRow) {
        row.address = row.address.to_canonical();
        let key = (
            row.address,
            row.last,
            row.kind,
            row.cause.clone(),
            row.first,
        );
        merge(self.single.entry(key), row);
    }

    /// The rows of one address whose last packet is not before `since`, and whose first is before `before`.
    pub(super) fn of(&self, address: IpAddr, since: Time, before: Time) -> Vec<LedgerRow> {
        self.only(address, since, before).into_rows()
    }

    /// What is there of one address, in sums as they are.
    pub(super) fn only(&self, address: IpAddr, since: Time, before: Time) -> Self {
        let address = address.to_canonical();
        let mut only = Self::default();
        let hour = since.0.div_euclid(HOUR);
        let sums = self
            .rows
            .range((address, hour, PacketKind::Arp, Text::empty())..)
            .take_while(|(key, _)| key.0 == address);
        only.rows.extend(
            sums.filter(|(_, row)| row.last >= since && row.first < before)
                .map(|(k, r)| (k.clone(), r.clone())),
        );
        let first = (
            address,
            since,
            PacketKind::Arp,
            Text::empty(),
            Time(i64::MIN),
        );
        let single = self
            .single
            .range(first..)
            .take_while(|(key, _)| key.0 == address)
            .filter(|(_, row)| row.first < before);
        only.single
            .extend(single.map(|(k, r)| (k.clone(), r.clone())));
        only
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len() + self.single.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.single.clear();
    }

    /// The sums, each with its hour.
    pub(super) fn sums(&self) -> impl Iterator<Item = (i64, &LedgerRow)> {
        self.rows.iter().map(|(key, row)| (key.1, row))
    }

    /// The rows that stay as they are.
    pub(super) fn singles(&self) -> impl Iterator<Item = &LedgerRow> {
        self.single.values()
    }

    pub(super) fn into_rows(self) -> Vec<LedgerRow> {
        self.rows
            .into_values()
            .chain(self.single.into_values())
            .collect()
    }

    /// Lets the oldest rows that stay alone become sums, until no more than `cap` are left: for a log that has no disk.
    pub(super) fn sum_beyond(&mut self, cap: usize) {
        if self.single.len() <= cap {
            return;
        }
        let mut by_age: Vec<(Time, Single)> =
            self.single.keys().map(|key| (key.1, key.clone())).collect();
        by_age.sort();
        by_age.truncate(self.single.len() - cap / 2);
        for (_, key) in by_age {
            if let Some(row) = self.single.remove(&key) {
                self.add(row);
            }
        }
    }
}

fn merge<K: Ord>(entry: std::collections::btree_map::Entry<'_, K, LedgerRow>, row: LedgerRow) {
    entry.and_modify(|sum| sum.join(&row)).or_insert(row);
}

/// The newest `limit` rows, the newest first.
pub(super) fn newest(mut rows: Vec<LedgerRow>, limit: u32) -> Vec<LedgerRow> {
    rows.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.cmp(b)));
    rows.truncate(limit as usize);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(address: &str, count: u32, first: i64, last: i64) -> LedgerRow {
        LedgerRow {
            address: address.parse().unwrap(),
            kind: PacketKind::Get,
            count,
            first: Time(first),
            last: Time(last),
            cause: "poll status".into(),
        }
    }

    #[test]
    fn rows_of_one_hour_and_cause_become_one_and_no_packet_is_lost() {
        let mut sums = Rollup::default();
        sums.take(&Body::Ledger(vec![
            row("10.0.0.1", 2, 10, 20),
            row("::ffff:10.0.0.1", 3, 30, 40),
            row("10.0.0.1", 1, HOUR + 1, HOUR + 1),
            row("10.0.0.2", 9, 5, 5),
        ]));
        let of = sums.of("10.0.0.1".parse().unwrap(), Time(0), Time(i64::MAX));
        assert_eq!(
            of,
            vec![
                row("10.0.0.1", 5, 10, 40),
                row("10.0.0.1", 1, HOUR + 1, HOUR + 1)
            ]
        );
        assert_eq!(
            sums.of("10.0.0.1".parse().unwrap(), Time(HOUR), Time(i64::MAX))
                .len(),
            1,
            "older sums are left out"
        );
        assert_eq!(newest(of, 1)[0].last, Time(HOUR + 1));
    }

    #[test]
    fn rows_that_stay_alone_stay_alone_until_a_log_without_a_disk_is_full() {
        let mut sums = Rollup::default();
        let rows: Vec<_> = (0..10).map(|n| row("10.0.0.1", 1, n, n)).collect();
        sums.take(&Body::Packets(rows.clone()));
        let address = "10.0.0.1".parse().unwrap();
        assert_eq!(sums.of(address, Time(0), Time(i64::MAX)), rows);
        assert_eq!(sums.of(address, Time(7), Time(i64::MAX)).len(), 3);
        sums.sum_beyond(4);
        let left = sums.of(address, Time(0), Time(i64::MAX));
        assert_eq!(
            left,
            [row("10.0.0.1", 8, 0, 7), rows[8].clone(), rows[9].clone()]
        );
    }
}
