//! Ledger rows summed by address, kind, cause and hour: so that a year of packets to one pump is a handful of rows, and
//! a second of polling 1,500 agents does not write 1,500 index pages. Sums lose no packet: counts add, `first` and `last` widen.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::event::LedgerRow;
use crate::model::{PacketKind, Text, Time};

/// Milliseconds of an hour.
pub(super) const HOUR: i64 = 3_600_000;

/// Which sum: address, hour since 1970 of the last packet, kind, cause.
pub(super) type Key = (IpAddr, i64, PacketKind, Text);

/// Sums by [`Key`].
#[derive(Debug, Default, Clone)]
pub(super) struct Rollup {
    rows: BTreeMap<Key, LedgerRow>,
}

impl Rollup {
    /// Adds rows as they come from the gate.
    pub(super) fn add_all(&mut self, rows: &[LedgerRow]) {
        for row in rows {
            self.add(row.clone());
        }
    }

    /// Adds one row; an IPv4 address in IPv6 clothes is the IPv4 address.
    pub(super) fn add(&mut self, mut row: LedgerRow) {
        row.address = row.address.to_canonical();
        let key = (
            row.address,
            row.last.0.div_euclid(HOUR),
            row.kind,
            row.cause.clone(),
        );
        self.rows
            .entry(key)
            .and_modify(|sum| {
                sum.count = sum.count.saturating_add(row.count);
                sum.first = sum.first.min(row.first);
                sum.last = sum.last.max(row.last);
            })
            .or_insert(row);
    }

    /// The sums of one address whose last packet is not before `since`.
    pub(super) fn of(&self, address: IpAddr, since: Time) -> impl Iterator<Item = LedgerRow> + '_ {
        let address = address.to_canonical();
        let from = (
            address,
            since.0.div_euclid(HOUR),
            PacketKind::Arp,
            Text::empty(),
        );
        self.rows
            .range(from..)
            .take_while(move |(key, _)| key.0 == address)
            .map(|(_, row)| row)
            .filter(move |row| row.last >= since)
            .cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &LedgerRow)> {
        self.rows.iter()
    }

    pub(super) fn into_rows(self) -> Vec<LedgerRow> {
        self.rows.into_values().collect()
    }
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
        sums.add_all(&[
            row("10.0.0.1", 2, 10, 20),
            row("::ffff:10.0.0.1", 3, 30, 40),
            row("10.0.0.1", 1, HOUR + 1, HOUR + 1),
            row("10.0.0.2", 9, 5, 5),
        ]);
        let of: Vec<_> = sums.of("10.0.0.1".parse().unwrap(), Time(0)).collect();
        assert_eq!(
            of,
            vec![
                row("10.0.0.1", 5, 10, 40),
                row("10.0.0.1", 1, HOUR + 1, HOUR + 1)
            ]
        );
        assert_eq!(
            sums.of("10.0.0.1".parse().unwrap(), Time(HOUR)).count(),
            1,
            "older sums are left out"
        );
        assert_eq!(newest(of, 1)[0].last, Time(HOUR + 1));
    }
}
