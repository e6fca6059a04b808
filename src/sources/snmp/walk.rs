//! Reading names and tables, with every guard a table from outside needs.

use std::sync::Mutex;

use rustc_hash::FxHashMap;

use super::ask::Ask;
use super::io::{Failure, Io, Reply, locked};
use super::lessons::Experience;
use super::memory::{Lived, MOST_REPETITIONS};
use super::names::Name;
pub(super) use super::rows::{Cell, Rows};
use crate::event::AgentFault;
use crate::model::within;
use crate::wire::snmp::{NameBuf, Oid, Value, VarBind};

/// Octets of one table.
const OCTET_CAP: usize = 16 << 20;
/// Cells that one GETBULK asks for, at the most: some 3 kB of answer.
const CELLS: usize = 128;

const TOO_BIG: i32 = 1;
const NO_SUCH_NAME: i32 = 2;
const AUTHORIZATION_ERROR: i32 = 16;

/// What was read of some columns.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// By index; as many cells as columns were asked.
    pub(super) rows: Rows,
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

/// Names that are asked together, of many agents: their question is written once.
#[derive(Debug)]
pub(super) struct Names {
    names: Vec<NameBuf>,
    all: Ask,
}

impl Names {
    pub(super) fn new(names: impl IntoIterator<Item = NameBuf>) -> Self {
        let names: Vec<NameBuf> = names.into_iter().collect();
        let all = Ask::get(&names);
        Self { names, all }
    }
}

/// GETs names, in as few questions as fit. What the agent does not have is `NoSuchInstance`.
pub(super) async fn get(io: &Io, names: &[Oid]) -> Result<Vec<Value>, Failure> {
    get_all(io, &Names::new(names.iter().map(NameBuf::from))).await
}

/// As [`get`], of names that many agents are asked for.
pub(super) async fn get_all(io: &Io, asked: &Names) -> Result<Vec<Value>, Failure> {
    let names = &asked.names;
    let mut out = vec![Value::NoSuchInstance; names.len()];
    let mut left: Vec<usize> = (0..names.len()).rev().collect();
    while !left.is_empty() {
        let most = {
            let memory = io.memory();
            let limit = memory.limits.names.map_or(usize::MAX, usize::from);
            memory.learned.get.min(limit).max(1)
        };
        let mut batch = left.split_off(left.len().saturating_sub(most));
        batch.reverse();
        while !batch.is_empty() {
            let ask = if batch.len() == names.len() {
                asked.all.clone()
            } else {
                Ask::get(batch.iter().map(|i| &names[*i]))
            };
            let reply = io.ask(ask).await?;
            match usize::try_from(reply.error_index) {
                _ if reply.error_status == 0 => {
                    for at in 0..reply.bindings.len() {
                        let Some(name) = reply.bindings.name(at) else {
                            break;
                        };
                        // an agent that reorders is read by name
                        let home = batch
                            .get(at)
                            .filter(|i| names[**i].as_name() == name)
                            .or_else(|| batch.iter().find(|i| names[**i].as_name() == name));
                        if let (Some(home), Some(value)) = (home, reply.bindings.value(at)) {
                            out[*home] = value;
                        }
                    }
                    break;
                }
                _ if reply.error_status == TOO_BIG && batch.len() > 1 => {
                    io.fault(AgentFault::TooBig);
                    let then = batch.len() / 2;
                    let mut memory = io.memory();
                    memory.learned.get = then;
                    memory
                        .lived
                        .add(Experience::SaidTooManyNames { then: then as u16 });
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
    root: NameBuf,
    cursor: NameBuf,
    done: bool,
    /// Where its last value went.
    near: usize,
}

/// Columns that are walked side by side, of many agents: their first question is written once.
#[derive(Debug)]
pub(super) struct Columns {
    /// Instances whose value is wanted in every answer beside the rows (sysUpTime).
    once: Vec<NameBuf>,
    /// What comes right before each of those.
    stems: Vec<NameBuf>,
    roots: Vec<NameBuf>,
    /// Octets of the table, at the most.
    octet_cap: usize,
    first: Mutex<FxHashMap<u16, Ask>>,
}

impl Columns {
    pub(super) fn new(once: &[Name], roots: &[Name]) -> Self {
        Self::of(once, roots.iter().map(|r| NameBuf::new(r)).collect())
    }

    /// Of names that are known only when the program runs.
    pub(super) fn of(once: &[Name], roots: Vec<NameBuf>) -> Self {
        Self::planned(once, roots, OCTET_CAP)
    }

    /// Of a poll plan, with the octets it allows.
    pub(super) fn planned(once: &[&[u32]], roots: Vec<NameBuf>, octet_cap: usize) -> Self {
        fn stem<'n>(name: &&'n [u32]) -> &'n [u32] {
            name.split_last().map_or(&[][..], |(_, stem)| stem)
        }
        Self {
            once: once.iter().map(|n| NameBuf::new(n)).collect(),
            stems: once.iter().map(|n| NameBuf::new(stem(n))).collect(),
            roots,
            octet_cap: octet_cap.min(OCTET_CAP),
            first: Mutex::default(),
        }
    }

    /// The question that begins a walk of all columns.
    fn first(&self, repetitions: u16) -> Ask {
        let mut held = locked(&self.first);
        let ask = held.entry(repetitions).or_insert_with(|| {
            let names = self.stems.iter().chain(&self.roots);
            Ask::bulk(self.stems.len() as u16, repetitions, names)
        });
        ask.clone()
    }
}

/// Walks columns side by side. `once`: instances whose value is wanted in every answer beside the rows (sysUpTime).
pub(super) async fn columns(io: &Io, once: &[Name], roots: &[Name], row_cap: usize) -> Table {
    all_columns(io, &Columns::new(once, roots), row_cap, None).await
}

/// A subtree as its bindings.
pub(super) async fn subtree(io: &Io, root: Oid, cap: usize) -> (Vec<VarBind>, Table) {
    let columns = Columns::of(&[], vec![NameBuf::from(&root)]);
    let mut table = all_columns(io, &columns, cap, None).await;
    let binds = std::mem::take(&mut table.rows)
        .iter()
        .filter_map(|(index, cells)| {
            let (_, value) = cells.first()?.clone()?;
            Some(VarBind {
                oid: root.child(index),
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
    octet_cap: usize,
    octets: usize,
    repetitions: u16,
    next_only: bool,
    /// Columns asked side by side.
    width: usize,
    /// Rows that there are, where that is known beforehand: behind them no end is looked for.
    expected: Option<usize>,
    /// The index of the cell at hand.
    index: Vec<u32>,
    /// How the agent misbehaved meanwhile.
    faults: Vec<AgentFault>,
    /// The most repetitions its model can take.
    most: u16,
    /// Repetitions it was silent to (or that it called too many itself), until it answers.
    silent: Option<(u16, bool)>,
    lived: Lived,
    /// Columns it hung on in this walk.
    hung: u32,
}

/// Columns that an agent may hang on in one walk before it is left in peace.
const HUNG: u32 = 2;

/// Rows that are asked for at once where their number is known: some 5 kB of answer.
const AT_ONCE: usize = 64;

/// As [`columns`], of columns that many agents are asked for; `rows` is how many there are, where the agent said so.
pub(super) async fn all_columns(
    io: &Io,
    asked: &Columns,
    row_cap: usize,
    rows: Option<usize>,
) -> Table {
    let (learned, limits) = {
        let memory = io.memory();
        (memory.learned, memory.limits.clone())
    };
    let columns: Vec<Column> = asked
        .roots
        .iter()
        .map(|root| Column {
            cursor: root.clone(),
            root: root.clone(),
            done: !limits.skip.is_empty() && within(root.as_name().to_oid().arcs(), &limits.skip),
            near: 0,
        })
        .collect();
    let spared = columns.iter().any(|c| c.done);
    let mut walk = Walk {
        width: asked.roots.len().max(1),
        columns,
        table: Table {
            rows: Rows::new(asked.roots.len()),
            // what is left out is missing
            whole: !spared,
            ..Table::default()
        },
        row_cap,
        octet_cap: asked.octet_cap,
        octets: 0,
        repetitions: rows
            .map_or(learned.repetitions, |rows| rows.min(AT_ONCE) as u16)
            .min(limits.repetitions)
            .max(1),
        next_only: io.v1 || learned.next_only || limits.next_only,
        expected: rows,
        index: Vec::new(),
        faults: Vec::new(),
        most: limits.repetitions.clamp(1, MOST_REPETITIONS),
        silent: None,
        lived: Lived::default(),
        hung: 0,
    };
    if limits.trial && !limits.next_only && !io.v1 {
        // once a day more is tried than was learned
        walk.next_only = false;
        walk.repetitions = limits.repetitions;
    }
    let mut once = asked.once.as_slice();
    let mut begun = spared;
    loop {
        let group: Vec<usize> = (0..walk.columns.len())
            .filter(|c| !walk.columns[*c].done)
            .take(walk.width)
            .collect();
        if group.is_empty() {
            break;
        }
        let stems = asked.stems.get(..once.len()).unwrap_or_default();
        let names = || {
            let cursors = group.iter().map(|c| &walk.columns[*c].cursor);
            stems.iter().chain(cursors)
        };
        let (ask, repetitions) = if walk.next_only {
            (Ask::next(names()), 1)
        } else {
            let fitting = (CELLS / group.len()).max(1) as u16;
            let repetitions = match rows {
                Some(_) => walk.repetitions,
                None => walk.repetitions.min(fitting),
            };
            let ask = if begun {
                Ask::bulk(once.len() as u16, repetitions, names())
            } else {
                asked.first(repetitions)
            };
            (ask, repetitions)
        };
        let bulk = ask.is_bulk();
        match io.ask(ask).await {
            Ok(reply) if reply.error_status == 0 => {
                walk.answered(bulk.then_some(repetitions));
                walk.take(bulk.then_some(repetitions), &reply, once, &group);
                begun = true;
            }
            Ok(reply) => {
                if bulk && reply.error_status == TOO_BIG {
                    walk.silent = Some((repetitions, true));
                }
                begun |= walk.error(&reply, &mut once, &group);
            }
            Err(Failure::Timeout) if bulk => {
                walk.silent = Some((repetitions, false));
                walk.shrink(4);
            }
            Err(failure) => {
                let lives = failure == Failure::Timeout
                    && walk.hung < HUNG
                    && io.ask(Ask::touch()).await.is_ok();
                if lives {
                    walk.hangs(&group);
                    begun = true;
                } else {
                    walk.stop(Some(failure));
                }
            }
        }
    }
    walk.faults.iter().for_each(|fault| io.fault(*fault));
    if limits.watch {
        let read = walk.columns.iter().filter(|c| c.cursor != c.root);
        for column in read.take(8) {
            let root = column.root.as_name().to_oid().arcs().to_vec();
            walk.lived.add(Experience::Read(root));
        }
    }
    let mut memory = io.memory();
    memory.lived.rows = memory.lived.rows.max(walk.lived.rows);
    for what in walk.lived.events {
        memory.lived.add(what);
    }
    if rows.is_none() && walk.table.failure.is_none() {
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

    /// It answered: what it was silent to before was too many. `bulk`: the repetitions of this answer's question.
    fn answered(&mut self, bulk: Option<u16>) {
        let then = bulk.unwrap_or(0);
        if let Some((asked, said)) = self.silent.take() {
            self.lived.add(if said {
                Experience::SaidTooMany { asked, then }
            } else {
                Experience::TooMany { asked, then }
            });
        }
    }

    /// Silent to every way of asking, and yet it lives: columns are asked one by one, and the one it hangs on is left.
    fn hangs(&mut self, group: &[usize]) {
        self.table.whole = false;
        self.silent = None;
        if group.len() > 1 {
            self.width = 1;
            return;
        }
        self.hung += 1;
        for at in group {
            let column = &mut self.columns[*at];
            column.done = true;
            let root = column.root.as_name().to_oid().arcs().to_vec();
            self.lived.add(Experience::Hung(root));
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

    /// Makes the best of an error; true if from now on other names are asked than at the beginning.
    fn error(&mut self, reply: &Reply, once: &mut &[NameBuf], group: &[usize]) -> bool {
        let index = usize::try_from(reply.error_index).unwrap_or(0);
        if reply.error_status == TOO_BIG {
            self.faults.push(AgentFault::TooBig);
            if !self.next_only && self.repetitions > 1 {
                self.shrink(2);
                return false;
            } else if group.len() > 1 {
                self.width = group.len() / 2;
            } else if !self.next_only {
                self.next_only = true;
            } else {
                self.stop(Some(refused(reply)));
            }
        } else if (1..=once.len()).contains(&index) && !group.is_empty() {
            *once = &[];
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
        true
    }

    /// `bulk`: the repetitions that were asked for.
    fn take(&mut self, bulk: Option<u16>, reply: &Reply, once: &[NameBuf], group: &[usize]) {
        let pdu = self.table.once.len() as u32;
        let binds = &reply.bindings;
        let firsts = once
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let found = binds.name(at) == Some(name.as_name()) && !binds.is_exception(at);
                binds.value(at).filter(|_| found)
            })
            .collect();
        self.table.once.push(firsts);
        let rest = binds.len().saturating_sub(once.len());
        let full = rest / group.len();
        if rest == 0 {
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
        if pdu == 0 {
            self.table.rows.reserve(full);
        }
        let mut at = once.len();
        for repetition in 0..full.max(1) {
            // a last repetition that was cut off is asked again, so that a row stands in one answer
            for column in group {
                if at < binds.len() {
                    self.cell(*column, reply, at, pdu);
                }
                at += 1;
            }
            if repetition == 0 && full == 0 {
                self.faults.push(AgentFault::Truncated);
                self.width = self.width.min(group.len().div_ceil(2)).max(1);
            }
            if self.table.rows.len() > self.row_cap || self.octets > self.octet_cap {
                self.table.rows.truncate(self.row_cap);
                self.faults.push(AgentFault::Endless);
                self.stop(None);
                return;
            }
            // so many rows there are, and no more
            if self.expected.is_some_and(|n| self.table.rows.len() >= n)
                && group.len() == self.columns.len()
                && repetition + 1 == self.table.rows.len()
            {
                for column in group {
                    self.columns[*column].done = true;
                }
            }
            // columns that are all at their end repeat the end
            if group.iter().all(|c| self.columns[*c].done) {
                break;
            }
        }
        if let Some(asked) = bulk {
            self.lived.rows = self.lived.rows.max(full as u16);
            if full >= usize::from(asked) {
                let more = self.repetitions + self.repetitions / 2 + 1;
                self.repetitions = more.min(self.most).max(asked);
            } else if self.columns.iter().any(|c| !c.done) {
                // it was cut off before the end
                self.repetitions = (full as u16).max(1);
            }
        }
    }

    fn cell(&mut self, column: usize, reply: &Reply, at: usize, pdu: u32) {
        let state = &mut self.columns[column];
        if state.done {
            return;
        }
        let Some(name) = reply.bindings.name(at) else {
            return;
        };
        if reply.bindings.is_exception(at) {
            state.done = true;
            return;
        }
        let Some(index) = name.below(&state.root) else {
            // some agents leave the subtree backwards: that is a loop to come, and no end
            state.done = true;
            if name <= state.cursor.as_name() {
                self.faults.push(AgentFault::Loop);
                self.table.whole = false;
            }
            return;
        };
        if name <= state.cursor.as_name() {
            state.done = true;
            self.faults.push(AgentFault::Loop);
            self.table.whole = false;
            let root = state.root.as_name();
            self.table.failure = Some(Failure::Malformed(
                format!("the walk of {root} does not increase at {name}").into(),
            ));
            return;
        }
        let Some(value) = reply.bindings.value(at) else {
            return;
        };
        self.octets += 64 + reply.bindings.value_len(at);
        state.cursor.set(name);
        self.index.clear();
        self.index.extend(index);
        let rows = &mut self.table.rows;
        rows.put(&self.index, column, (pdu, value), &mut state.near);
    }
}
