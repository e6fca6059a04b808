//! Packets that went out, summed until the collector writes them to the log.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::event::LedgerRow;
use crate::model::{PacketKind, Text, Time};

/// Rows by address, kind and cause since the last drain.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    rows: BTreeMap<(IpAddr, PacketKind, Text), (u32, Time, Time)>,
}

impl Ledger {
    pub(super) fn note(
        &mut self,
        to: IpAddr,
        kind: PacketKind,
        count: u32,
        cause: &Text,
        now: Time,
    ) {
        let row = self
            .rows
            .entry((to, kind, cause.clone()))
            .or_insert((0, now, now));
        row.0 = row.0.saturating_add(count);
        row.2 = now;
    }

    /// Rows that wait for the next drain.
    pub(super) fn waiting(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn drain(&mut self) -> Vec<LedgerRow> {
        std::mem::take(&mut self.rows)
            .into_iter()
            .map(|((address, kind, cause), (count, first, last))| LedgerRow {
                address,
                kind,
                count,
                first,
                last,
                cause,
            })
            .collect()
    }
}
