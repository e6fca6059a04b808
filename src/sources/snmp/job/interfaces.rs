//! Interfaces with their counters; names and kinds only when they may have moved.

use std::collections::BTreeMap;

use super::{About, Report, number32, text};
use crate::event::{IfCountersV1, IfMetaV1, IfSampleV1};
use crate::model::{IfIndex, IfStatus, Mac, PartKind, Role};
use crate::sources::snmp::book::Question;
use crate::sources::snmp::io::Io;
use crate::sources::snmp::walk::{Cell, Table};
use crate::wire::snmp::ValueRef;

pub(super) async fn run(io: Io, about: About) -> Report {
    let Some(asked) = io.part(PartKind::Counters) else {
        return Report::default();
    };
    let table = asked.walk(&io, None).await;
    let mut whole = table.whole;
    let mut failure = table.failure.clone();

    // an agent without any 64-bit counter, not one of which some interfaces have none
    let wide = (
        asked.column(Role::IfHcInOctets),
        asked.column(Role::IfHcOutOctets),
    );
    let ask_narrow = io
        .part(PartKind::NarrowCounters)
        .filter(|_| failure.is_none() && lacks_wide(&table, wide));
    let narrow = if let Some(question) = ask_narrow {
        let narrow = question.walk(&io, None).await;
        whole &= narrow.whole;
        failure.clone_from(&narrow.failure);
        Some((question, narrow))
    } else {
        None
    };

    let number = table
        .at(0, asked.beside(Role::IfNumber))
        .and_then(ValueRef::as_u64);
    let last_change = table
        .at(0, asked.beside(Role::IfTableLastChange))
        .and_then(ValueRef::as_u64);
    let mut told = BTreeMap::new();
    let names = io.part(PartKind::Names).filter(|names| {
        let moved = (number, last_change);
        failure.is_none() && must_read_meta(&io, names, &table, moved, about.now_ms)
    });
    if let Some(names) = names {
        match read_meta(&io, &names).await {
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

    let columns = Wanted::of(&asked, wide);
    let narrow_columns = narrow.as_ref().map(|(question, _)| {
        let octets = (
            question.column(Role::IfInOctets),
            question.column(Role::IfOutOctets),
        );
        Wanted::of(question, octets)
    });
    let mut interfaces = Vec::with_capacity(table.rows.len());
    interfaces.extend(table.rows.iter().filter_map(|(index, row)| {
        let [index] = index else {
            return None;
        };
        let status = |column| {
            table
                .value(row, column)
                .and_then(ValueRef::as_i64)
                .map_or(IfStatus::Unknown, IfStatus::from_mib)
        };
        Some(IfSampleV1 {
            index: IfIndex(*index),
            meta: told.remove(index).map(Box::new),
            admin: status(columns.admin),
            oper: status(columns.oper),
            counters: octets(&table, row, &columns)
                .map(|counters| IfCountersV1 {
                    wide: true,
                    ..counters
                })
                .or_else(|| {
                    let (_, narrow) = narrow.as_ref()?;
                    let row = narrow.rows.get([*index].as_slice())?;
                    octets(narrow, row, narrow_columns.as_ref()?)
                })
                .map(|counters| with_errors(&table, counters, row, &columns)),
        })
    }));
    Report {
        uptime: (0..table.answers())
            .rev()
            .find_map(|pdu| number32(table.at(pdu, asked.beside(Role::SysUpTime)))),
        interfaces_whole: whole && failure.is_none(),
        interfaces,
        failure,
        ..Report::default()
    }
}

fn lacks_wide(table: &Table, wide: (usize, usize)) -> bool {
    !table.rows.is_empty()
        && !table
            .rows
            .values()
            .any(|row| table.value(row, wide.0).is_some() || table.value(row, wide.1).is_some())
}

/// Where what is wanted stands in the rows of a question.
struct Wanted {
    admin: usize,
    oper: usize,
    /// Octets in and out.
    octets: (usize, usize),
    errors: [usize; 4],
    discontinuity: usize,
    /// Beside the rows.
    uptime: usize,
}

impl Wanted {
    fn of(asked: &Question, octets: (usize, usize)) -> Self {
        let errors = [
            Role::IfInErrors,
            Role::IfOutErrors,
            Role::IfInDiscards,
            Role::IfOutDiscards,
        ];
        Self {
            admin: asked.column(Role::IfAdminStatus),
            oper: asked.column(Role::IfOperStatus),
            octets,
            errors: errors.map(|role| asked.column(role)),
            discontinuity: asked.column(Role::IfDiscontinuity),
            uptime: asked.beside(Role::SysUpTime),
        }
    }
}

/// Both octet counters out of one answer, with the uptime of that answer; else none, as a rate out of two would lie.
fn octets(table: &Table, row: &[Cell], wanted: &Wanted) -> Option<IfCountersV1> {
    let (pdu, input) = table.cell(row, wanted.octets.0)?;
    let (other, output) = table.cell(row, wanted.octets.1)?;
    if pdu != other {
        return None;
    }
    Some(IfCountersV1 {
        in_octets: input.as_u64()?,
        out_octets: output.as_u64()?,
        errors: 0,
        wide: false,
        discontinuity: 0,
        uptime: number32(table.at(pdu, wanted.uptime))?,
    })
}

fn with_errors(
    table: &Table,
    counters: IfCountersV1,
    row: &[Cell],
    wanted: &Wanted,
) -> IfCountersV1 {
    let n = |column| {
        table
            .value(row, column)
            .and_then(ValueRef::as_u64)
            .unwrap_or(0)
    };
    IfCountersV1 {
        errors: wanted
            .errors
            .map(n)
            .into_iter()
            .fold(0, u64::saturating_add),
        discontinuity: n(wanted.discontinuity) as u32,
        ..counters
    }
}

fn must_read_meta(
    io: &Io,
    names: &Question,
    table: &Table,
    (number, last_change): (Option<u64>, Option<u64>),
    now_ms: u64,
) -> bool {
    let often = match last_change {
        Some(_) => names.whole_ms(),
        None => names.unhinted_ms(),
    };
    let memory = io.memory();
    let known = &memory.interfaces;
    let old = known
        .read_ms
        .is_none_or(|at| now_ms.saturating_sub(at) >= often);
    old || known.number != number
        || known.last_change != last_change
        || table
            .rows
            .keys()
            .any(|index| index.first().is_some_and(|i| !known.meta.contains_key(i)))
}

type Meta = BTreeMap<u32, IfMetaV1>;

async fn read_meta(
    io: &Io,
    asked: &Question,
) -> Result<(Meta, bool), crate::sources::snmp::io::Failure> {
    let table = asked.walk(io, None).await;
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
            let cell = |role| table.value(row, asked.column(role));
            let name = text(cell(Role::IfName));
            // ifHighSpeed is in millions of bits; zero says less than half a million (RFC 2863)
            let speed = match cell(Role::IfHighSpeed).and_then(ValueRef::as_u64) {
                Some(high) if high > 0 => high.saturating_mul(1_000_000),
                _ => cell(Role::IfSpeed).and_then(ValueRef::as_u64).unwrap_or(0),
            };
            Some((
                *index,
                IfMetaV1 {
                    name: if name.is_empty() {
                        text(cell(Role::IfDescr))
                    } else {
                        name
                    },
                    alias: text(cell(Role::IfAlias)),
                    kind: number32(cell(Role::IfType)).unwrap_or(0),
                    speed,
                    mac: cell(Role::IfPhysAddress)
                        .and_then(ValueRef::as_octets)
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
    let Some(names) = io.part(PartKind::Names) else {
        return held;
    };
    read_meta(io, &names)
        .await
        .map(|(meta, _)| meta)
        .unwrap_or_default()
}
