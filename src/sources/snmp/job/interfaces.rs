//! Interfaces with their counters; names and kinds only when they may have moved.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{About, Report, number32, text};
use crate::event::{IfCountersV1, IfMetaV1, IfSampleV1};
use crate::model::{IfIndex, IfStatus, Mac};
use crate::sources::snmp::io::Io;
use crate::sources::snmp::names::{
    IF_ADMIN_STATUS, IF_ALIAS, IF_DESCR, IF_DISCONTINUITY, IF_HC_IN_OCTETS, IF_HC_OUT_OCTETS,
    IF_HIGH_SPEED, IF_IN_DISCARDS, IF_IN_ERRORS, IF_IN_OCTETS, IF_NAME, IF_NUMBER, IF_OPER_STATUS,
    IF_OUT_DISCARDS, IF_OUT_ERRORS, IF_OUT_OCTETS, IF_PHYS_ADDRESS, IF_SPEED, IF_TABLE_LAST_CHANGE,
    IF_TYPE, Name, SYS_UP_TIME,
};
use crate::sources::snmp::walk::{self, Cell, Columns, Table};
use crate::wire::snmp::Value;

/// Interfaces of one agent.
const CAP: usize = 4_096;
/// Names are read again after an hour, whatever the agent says.
const META_MS: u64 = 3_600_000;

const ONCE: &[Name] = &[SYS_UP_TIME, IF_NUMBER, IF_TABLE_LAST_CHANGE];
const COUNTERS: &[Name] = &[
    IF_ADMIN_STATUS,
    IF_OPER_STATUS,
    IF_HC_IN_OCTETS,
    IF_HC_OUT_OCTETS,
    IF_IN_ERRORS,
    IF_OUT_ERRORS,
    IF_IN_DISCARDS,
    IF_OUT_DISCARDS,
    IF_DISCONTINUITY,
];
const META: &[Name] = &[
    IF_DESCR,
    IF_TYPE,
    IF_SPEED,
    IF_PHYS_ADDRESS,
    IF_NAME,
    IF_HIGH_SPEED,
    IF_ALIAS,
];

pub(super) async fn run(io: Io, about: About) -> Report {
    static ASKED: LazyLock<Columns> = LazyLock::new(|| Columns::new(ONCE, COUNTERS));
    let table = walk::all_columns(&io, &ASKED, CAP, None).await;
    let mut whole = table.whole;
    let mut failure = table.failure.clone();

    // an agent without any 64-bit counter, not one of which some interfaces have none
    let narrow = if failure.is_none() && lacks_wide(&table) {
        let narrow = walk::columns(&io, &[SYS_UP_TIME], &[IF_IN_OCTETS, IF_OUT_OCTETS], CAP).await;
        whole &= narrow.whole;
        failure.clone_from(&narrow.failure);
        Some(narrow)
    } else {
        None
    };

    let number = table.at(0, 1).and_then(Value::as_u64);
    let last_change = table.at(0, 2).and_then(Value::as_u64);
    let mut told = BTreeMap::new();
    if failure.is_none() && must_read_meta(&io, &table, number, last_change, about.now_ms) {
        match read_meta(&io).await {
            Ok((meta, meta_whole)) => {
                let mut memory = io.memory();
                told.clone_from(&meta);
                told.retain(|index, now| memory.interfaces.meta.get(index) != Some(&*now));
                if meta_whole {
                    memory.interfaces.meta = meta;
                    memory.interfaces.number = number;
                    memory.interfaces.last_change = last_change;
                    memory.interfaces.read_ms = Some(about.now_ms);
                } else {
                    memory.interfaces.meta.extend(meta);
                }
            }
            Err(why) => failure = Some(why),
        }
    }

    let interfaces: Vec<IfSampleV1> = table
        .rows
        .iter()
        .filter_map(|(index, row)| {
            let [index] = index else {
                return None;
            };
            let status = |column| {
                Table::value(row, column)
                    .and_then(Value::as_i64)
                    .map_or(IfStatus::Unknown, IfStatus::from_mib)
            };
            Some(IfSampleV1 {
                index: IfIndex(*index),
                meta: told.remove(index),
                admin: status(0),
                oper: status(1),
                counters: octets(&table, row, (2, 3), true)
                    .or_else(|| {
                        let narrow = narrow.as_ref()?;
                        octets(narrow, narrow.rows.get([*index].as_slice())?, (0, 1), false)
                    })
                    .map(|counters| with_errors(counters, row)),
            })
        })
        .collect();
    Report {
        uptime: (0..table.once.len() as u32)
            .rev()
            .find_map(|pdu| number32(table.at(pdu, 0))),
        interfaces_whole: whole && failure.is_none(),
        interfaces,
        failure,
        ..Report::default()
    }
}

fn lacks_wide(table: &Table) -> bool {
    !table.rows.is_empty()
        && !table
            .rows
            .values()
            .any(|row| Table::value(row, 2).is_some() || Table::value(row, 3).is_some())
}

/// Both octet counters out of one answer, with the uptime of that answer; else none, as a rate out of two would lie.
fn octets(
    table: &Table,
    row: &[Cell],
    columns: (usize, usize),
    wide: bool,
) -> Option<IfCountersV1> {
    let (pdu, input) = row.get(columns.0)?.as_ref()?;
    let (other, output) = row.get(columns.1)?.as_ref()?;
    if pdu != other {
        return None;
    }
    Some(IfCountersV1 {
        in_octets: input.as_u64()?,
        out_octets: output.as_u64()?,
        errors: 0,
        wide,
        discontinuity: 0,
        uptime: number32(table.at(*pdu, 0))?,
    })
}

fn with_errors(counters: IfCountersV1, row: &[Cell]) -> IfCountersV1 {
    let n = |column| {
        Table::value(row, column)
            .and_then(Value::as_u64)
            .unwrap_or(0)
    };
    IfCountersV1 {
        errors: n(4)
            .saturating_add(n(5))
            .saturating_add(n(6))
            .saturating_add(n(7)),
        discontinuity: n(8) as u32,
        ..counters
    }
}

fn must_read_meta(
    io: &Io,
    table: &Table,
    number: Option<u64>,
    last_change: Option<u64>,
    now_ms: u64,
) -> bool {
    let memory = io.memory();
    let known = &memory.interfaces;
    let old = known
        .read_ms
        .is_none_or(|at| now_ms.saturating_sub(at) >= META_MS);
    old || known.number != number
        || known.last_change != last_change
        || table
            .rows
            .keys()
            .any(|index| index.first().is_some_and(|i| !known.meta.contains_key(i)))
}

type Meta = BTreeMap<u32, IfMetaV1>;

async fn read_meta(io: &Io) -> Result<(Meta, bool), crate::sources::snmp::io::Failure> {
    let table = walk::columns(io, &[], META, CAP).await;
    if let Some(failure) = table.failure {
        return Err(failure);
    }
    let meta = table
        .rows
        .iter()
        .filter_map(|(index, row)| {
            let [index] = index else {
                return None;
            };
            let cell = |n| Table::value(row, n);
            let name = text(cell(4));
            // ifHighSpeed is in millions of bits; zero says less than half a million (RFC 2863)
            let speed = match cell(5).and_then(Value::as_u64) {
                Some(high) if high > 0 => high.saturating_mul(1_000_000),
                _ => cell(2).and_then(Value::as_u64).unwrap_or(0),
            };
            Some((
                *index,
                IfMetaV1 {
                    name: if name.is_empty() { text(cell(0)) } else { name },
                    alias: text(cell(6)),
                    kind: number32(cell(1)).unwrap_or(0),
                    speed,
                    mac: cell(3)
                        .and_then(Value::as_octets)
                        .and_then(Mac::from_octets)
                        .filter(|mac| mac.0 != [0; 6]),
                },
            ))
        })
        .collect();
    Ok((meta, table.whole))
}

/// Names and addresses of the interfaces, from memory or, where nothing is remembered, read now.
pub(super) async fn known(io: &Io) -> Meta {
    let held = io.memory().interfaces.meta.clone();
    if !held.is_empty() {
        return held;
    }
    read_meta(io)
        .await
        .map(|(meta, _)| meta)
        .unwrap_or_default()
}
