//! Reading names and tables, with every guard a table from outside needs.

use std::collections::BTreeMap;

use super::io::{Ask, Failure, Io, Reply};
use super::memory::MOST_REPETITIONS;
use super::names::{Name, oid};
use crate::wire::snmp::{Oid, Value, VarBind};

/// Rows of one table.
pub(super) const ROW_CAP: usize = 20_000;
/// Octets of one table.
const OCTET_CAP: usize = 16 << 20;
/// Cells that one GETBULK asks for, at the most: some 3 kB of answer.
const CELLS: usize = 128;

const TOO_BIG: i32 = 1;
const NO_SUCH_NAME: i32 = 2;
const AUTHORIZATION_ERROR: i32 = 16;

/// A cell with the number of the answer it came in.
pub(super) type Cell = Option<(u32, Value)>;

/// What was read of some columns.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// By index; as many cells as columns were asked.
    pub(super) rows: BTreeMap<Vec<u32>, Vec<Cell>>,
    /// For each answer, what the names asked once gave.
    pub(super) once: Vec<Vec<Option<Value>>>,
    /// Nothing was cut off by a cap, a timeout, an error or a loop.
    pub(super) whole: bool,
    /// What ended it early.
    pub(super) failure: Option<Failure>,
}

impl Table {
    /// The value in a column of a row.
    pub(super) fn value(row: &[Cell], column: usize) -> Option<&Value> {
        row.get(column)?.as_ref().map(|(_, value)| value)
    }

    /// What a name asked once gave in answer number `pdu`.
    pub(super) fn at(&self, pdu: u32, which: usize) -> Option<&Value> {
        self.once.get(pdu as usize)?.get(which)?.as_ref()
    }
}

fn refused(reply: &Reply) -> Failure {
    if reply.error_status == AUTHORIZATION_ERROR {
        Failure::Refused("access denied to this user or community (authorizationError)".into())
    } else {
        Failure::Agent {
            status: reply.error_status,
            index: reply.error_index,
        }
    }
}

/// GETs names, in as few questions as fit. What the agent does not have is `NoSuchInstance`.
pub(super) async fn get(io: &Io, names: &[Oid]) -> Result<Vec<Value>, Failure> {
    let mut out = vec![Value::NoSuchInstance; names.len()];
    let mut left: Vec<usize> = (0..names.len()).rev().collect();
    while !left.is_empty() {
        let most = io.memory().learned.get.max(1);
        let mut batch = left.split_off(left.len().saturating_sub(most));
        batch.reverse();
        while !batch.is_empty() {
            let asked = batch.iter().map(|i| names[*i].clone()).collect();
            let reply = io.ask(Ask::Get(asked)).await?;
            match usize::try_from(reply.error_index) {
                _ if reply.error_status == 0 => {
                    for (at, bind) in reply.varbinds.into_iter().enumerate() {
                        // an agent that reorders is read by name
                        let home = batch
                            .get(at)
                            .filter(|i| names[**i] == bind.oid)
                            .or_else(|| batch.iter().find(|i| names[**i] == bind.oid));
                        if let Some(home) = home {
                            out[*home] = bind.value;
                        }
                    }
                    break;
                }
                _ if reply.error_status == TOO_BIG && batch.len() > 1 => {
                    io.memory().learned.get = batch.len() / 2;
                    left.extend(batch.drain(..).rev());
                }
                // SNMPv1 names what is not there; some agents fail a whole GET for one name
                Ok(index)
                    if (1..=batch.len()).contains(&index)
                        && reply.error_status != AUTHORIZATION_ERROR =>
                {
                    batch.remove(index - 1);
                }
                _ if reply.error_status == NO_SUCH_NAME || reply.error_status == TOO_BIG => break,
                _ => return Err(refused(&reply)),
            }
        }
    }
    Ok(out)
}

struct Column {
    root: Oid,
    cursor: Oid,
    done: bool,
}

/// Walks columns side by side. `once`: instances whose value is wanted in every answer beside the rows (sysUpTime).
pub(super) async fn columns(io: &Io, once: &[Name], roots: &[Name], row_cap: usize) -> Table {
    let roots = roots.iter().map(|r| oid(r)).collect();
    walk(io, once, roots, row_cap, None).await
}

/// As [`columns`], beginning with so many repetitions.
pub(super) async fn columns_of(
    io: &Io,
    once: &[Name],
    roots: &[Name],
    row_cap: usize,
    rows: u16,
) -> Table {
    let roots = roots.iter().map(|r| oid(r)).collect();
    walk(io, once, roots, row_cap, Some(rows)).await
}

/// A subtree as its bindings.
pub(super) async fn subtree(io: &Io, root: Oid, cap: usize) -> (Vec<VarBind>, Table) {
    let mut table = walk(io, &[], vec![root.clone()], cap, None).await;
    let binds = std::mem::take(&mut table.rows)
        .into_iter()
        .filter_map(|(index, mut cells)| {
            let (_, value) = cells.pop().flatten()?;
            Some(VarBind {
                oid: root.child(&index),
                value,
            })
        })
        .collect();
    (binds, table)
}

struct Walk {
    columns: Vec<Column>,
    table: Table,
    row_cap: usize,
    octets: usize,
    repetitions: u16,
    next_only: bool,
    /// Columns asked side by side.
    width: usize,
}

async fn walk(io: &Io, once: &[Name], roots: Vec<Oid>, row_cap: usize, rows: Option<u16>) -> Table {
    let learned = io.memory().learned;
    let mut walk = Walk {
        width: roots.len().max(1),
        columns: roots
            .into_iter()
            .map(|root| Column {
                cursor: root.clone(),
                root,
                done: false,
            })
            .collect(),
        table: Table {
            whole: true,
            ..Table::default()
        },
        row_cap,
        octets: 0,
        repetitions: rows.unwrap_or(learned.repetitions).max(1),
        next_only: io.v1 || learned.next_only,
    };
    let mut once: Vec<Name> = once.to_vec();
    loop {
        let group: Vec<usize> = (0..walk.columns.len())
            .filter(|c| !walk.columns[*c].done)
            .take(walk.width)
            .collect();
        if group.is_empty() {
            break;
        }
        let mut names: Vec<Oid> = once
            .iter()
            .map(|n| Oid::new(n.split_last().map_or(&[][..], |(_, stem)| stem)))
            .collect();
        names.extend(group.iter().map(|c| walk.columns[*c].cursor.clone()));
        let ask = if walk.next_only {
            Ask::Next(names)
        } else {
            let fitting = (CELLS / group.len()).max(1) as u16;
            Ask::Bulk {
                once: once.len(),
                repetitions: match rows {
                    Some(_) => walk.repetitions,
                    None => walk.repetitions.min(fitting),
                },
                names,
            }
        };
        match io.ask(ask.clone()).await {
            Ok(reply) if reply.error_status == 0 => walk.take(&ask, reply, &once, &group),
            Ok(reply) => walk.error(&reply, &mut once, &group),
            Err(Failure::Timeout) if matches!(ask, Ask::Bulk { .. }) => walk.shrink(4),
            Err(failure) => walk.stop(Some(failure)),
        }
    }
    if rows.is_none() && walk.table.failure.is_none() {
        let mut memory = io.memory();
        memory.learned.repetitions = walk.repetitions;
        memory.learned.next_only = walk.next_only && !io.v1;
    }
    walk.table
}

impl Walk {
    fn stop(&mut self, failure: Option<Failure>) {
        self.table.whole = false;
        self.table.failure = failure;
        for column in &mut self.columns {
            column.done = true;
        }
    }

    /// Asks for less: fewer repetitions, then GETNEXT.
    fn shrink(&mut self, by: u16) {
        if self.repetitions <= 1 {
            self.next_only = true;
        } else {
            self.repetitions = (self.repetitions / by).max(1);
        }
    }

    fn error(&mut self, reply: &Reply, once: &mut Vec<Name>, group: &[usize]) {
        let index = usize::try_from(reply.error_index).unwrap_or(0);
        if reply.error_status == TOO_BIG {
            if !self.next_only && self.repetitions > 1 {
                self.shrink(2);
            } else if group.len() > 1 {
                self.width = group.len() / 2;
            } else if !self.next_only {
                self.next_only = true;
            } else {
                self.stop(Some(refused(reply)));
            }
        } else if (1..=once.len()).contains(&index) && !group.is_empty() {
            once.clear();
        } else if let Some(column) = index
            .checked_sub(once.len() + 1)
            .and_then(|at| group.get(at))
        {
            // SNMPv1 ends a walk so; any other error costs the column and the word "whole"
            if reply.error_status != NO_SUCH_NAME {
                self.table.whole = false;
            }
            self.columns[*column].done = true;
        } else if reply.error_status == NO_SUCH_NAME && group.len() == 1 {
            self.columns[group[0]].done = true;
        } else {
            self.stop(Some(refused(reply)));
        }
    }

    fn take(&mut self, ask: &Ask, reply: Reply, once: &[Name], group: &[usize]) {
        let pdu = self.table.once.len() as u32;
        let mut binds = reply.varbinds.into_iter();
        let firsts = once
            .iter()
            .map(|name| {
                binds
                    .next()
                    .filter(|b| b.oid.arcs() == *name && !b.value.is_exception())
                    .map(|b| b.value)
            })
            .collect();
        self.table.once.push(firsts);
        let rest: Vec<VarBind> = binds.collect();
        let full = rest.len() / group.len();
        if rest.is_empty() {
            // an agent that answers a GETBULK with nothing can perhaps do GETNEXT
            if self.next_only {
                self.stop(Some(Failure::Malformed(
                    "an answer without bindings".into(),
                )));
            } else {
                self.next_only = true;
            }
            return;
        }
        let mut binds = rest.into_iter();
        for repetition in 0..full.max(1) {
            // a last repetition that was cut off is asked again, so that a row stands in one answer
            let cells = binds.by_ref().take(group.len());
            for (bind, column) in cells.zip(group) {
                self.cell(*column, bind, pdu);
            }
            if repetition == 0 && full == 0 {
                self.width = self.width.min(group.len().div_ceil(2)).max(1);
            }
            if self.table.rows.len() > self.row_cap || self.octets > OCTET_CAP {
                while self.table.rows.len() > self.row_cap {
                    self.table.rows.pop_last();
                }
                self.stop(None);
                return;
            }
        }
        if let Ask::Bulk { repetitions, .. } = ask {
            let asked = usize::from(*repetitions);
            if full >= asked {
                let more = self.repetitions + self.repetitions / 2 + 1;
                self.repetitions = more.min(MOST_REPETITIONS).max(*repetitions);
            } else if self.columns.iter().any(|c| !c.done) {
                // it was cut off before the end
                self.repetitions = (full as u16).max(1);
            }
        }
    }

    fn cell(&mut self, column: usize, bind: VarBind, pdu: u32) {
        let width = self.columns.len();
        let column_state = &mut self.columns[column];
        if column_state.done {
            return;
        }
        if bind.value.is_exception() {
            column_state.done = true;
            return;
        }
        let Some(index) = bind.oid.suffix(&column_state.root).map(<[u32]>::to_vec) else {
            // some agents leave the subtree backwards: that is a loop to come, and no end
            column_state.done = true;
            if bind.oid <= column_state.cursor {
                self.table.whole = false;
            }
            return;
        };
        if bind.oid <= column_state.cursor {
            column_state.done = true;
            self.table.whole = false;
            self.table.failure = Some(Failure::Malformed(
                format!(
                    "the walk of {} does not increase at {}",
                    column_state.root, bind.oid
                )
                .into(),
            ));
            return;
        }
        self.octets += 64
            + match &bind.value {
                Value::Octets(o) | Value::Opaque(o) => o.len(),
                _ => 0,
            };
        column_state.cursor = bind.oid;
        let row = self
            .table
            .rows
            .entry(index)
            .or_insert_with(|| vec![None; width]);
        row[column] = Some((pdu, bind.value));
    }
}
