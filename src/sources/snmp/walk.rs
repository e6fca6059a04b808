//! Reading names and tables, with every guard a table from outside needs.

use std::sync::Mutex;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::ask::Ask;
use super::cut::Reason;
use super::io::{Failure, Io, Reply, locked};
use super::lessons::Experience;
use super::memory::{Lived, MOST_REPETITIONS};
use super::names::Name;
pub(super) use super::rows::Cell;
use super::rows::Rows;
pub(super) use super::table::Table;
use crate::event::AgentFault;
use crate::model::within;
use crate::wire::snmp::{Bindings, Index, NameBuf, Oid, Value, VarBind};

/// Octets of one table.
const OCTET_CAP: usize = 16 << 20;
/// Cells that one GETBULK asks for, at the most: some 3 kB of answer.
const CELLS: usize = 128;

const TOO_BIG: i32 = 1;
const NO_SUCH_NAME: i32 = 2;
const AUTHORIZATION_ERROR: i32 = 16;

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

/// Places of names or columns: of few, no memory of their own.
type Places = SmallVec<[usize; 16]>;

/// GETs names, in as few questions as fit. What the agent does not have is `NoSuchInstance`.
pub(super) async fn get(io: &Io, names: &[Oid]) -> Result<Vec<Value>, Failure> {
    get_all(io, &Names::new(names.iter().map(NameBuf::from))).await
}

/// As [`get`], of names that many agents are asked for.
pub(super) async fn get_all(io: &Io, asked: &Names) -> Result<Vec<Value>, Failure> {
    let names = &asked.names;
    let mut out = vec![Value::NoSuchInstance; names.len()];
    let mut left: Places = (0..names.len()).rev().collect();
    let mut missed: Places = Places::new();
    while !left.is_empty() {
        let most = {
            let memory = io.memory();
            let limit = memory.limits.names.map_or(usize::MAX, usize::from);
            memory.learned.get.min(limit).max(1)
        };
        let rest = left.len().saturating_sub(most);
        let mut batch: Places = left.drain(rest..).rev().collect();
        while !batch.is_empty() {
            let ask = if batch.len() == names.len() {
                asked.all.clone()
            } else {
                Ask::get(batch.iter().map(|i| &names[*i]))
            };
            let reply = io.ask(ask).await?;
            match usize::try_from(reply.error_index) {
                _ if reply.error_status == 0 => {
                    let mut came: Places = Places::new();
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
                            out[*home] = value.to_value();
                            came.push(*home);
                        }
                    }
                    // what an answer leaves out is not absent: it is asked for once more
                    let lacks = batch.iter().copied().filter(|i| !came.contains(i));
                    let lacks: Places = lacks.filter(|i| !missed.contains(i)).collect();
                    if !lacks.is_empty() {
                        io.fault(AgentFault::Truncated);
                        missed.extend(lacks.iter().copied());
                        left.extend(lacks.into_iter().rev());
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

#[derive(Default)]
struct Column {
    done: bool,
    /// The row of its last cell: from there it goes on.
    last: Option<u32>,
    /// The place of that row.
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

/// A subtree as its bindings.
pub(super) async fn subtree(io: &Io, root: Oid, cap: usize) -> (Vec<VarBind>, Table) {
    let columns = Columns::of(&[], vec![NameBuf::from(&root)]);
    let mut table = all_columns(io, &columns, cap, None).await;
    let binds = table
        .rows
        .iter()
        .filter_map(|(index, cells)| {
            Some(VarBind {
                oid: root.child(index),
                value: table.value(cells, 0)?.to_value(),
            })
        })
        .collect();
    table.rows = Rows::default();
    (binds, table)
}

struct Walk<'a> {
    roots: &'a [NameBuf],
    columns: SmallVec<[Column; 4]>,
    table: Table,
    row_cap: usize,
    octet_cap: usize,
    octets: usize,
    /// Octets of memory that a row takes.
    row_weight: usize,
    repetitions: u16,
    next_only: bool,
    /// Columns asked side by side.
    width: usize,
    /// Rows that there are, where that is known beforehand: behind them no end is looked for.
    expected: Option<usize>,
    /// How the agent misbehaved meanwhile.
    faults: Vec<AgentFault>,
    /// The most repetitions its model can take.
    most: u16,
    /// It said itself that it does not do GETBULK, by what it answered to one.
    said_next: bool,
    /// Repetitions it was silent to (or that it called too many itself), until it answers.
    silent: Option<(u16, bool)>,
    lived: Lived,
    /// Columns it hung on in this walk.
    hung: u32,
}

/// Columns that an agent may hang on in one walk before it is left in peace.
const HUNG: u32 = 2;

/// Octets of bindings that every network carries and every agent of today can send: who cuts off below cuts off too early.
const SMALL: usize = 1_024;

/// Rows that are asked for at once where their number is known: some 5 kB of answer.
const AT_ONCE: usize = 64;

/// Walks columns side by side; `rows` is how many there are, where the agent said so.
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
    let columns: SmallVec<[Column; 4]> = asked
        .roots
        .iter()
        .map(|root| Column {
            done: !limits.skip.is_empty() && within(root.as_name().to_oid().arcs(), &limits.skip),
            ..Column::default()
        })
        .collect();
    let spared = columns.iter().any(|c| c.done);
    let mut walk = Walk {
        width: asked.roots.len().max(1),
        roots: &asked.roots,
        columns,
        // what is left out is missing
        table: Table::new(asked.roots.len(), !spared),
        row_cap,
        octet_cap: asked.octet_cap,
        octets: 0,
        row_weight: Rows::weight(asked.roots.len()),
        repetitions: rows
            .map_or(learned.repetitions, |rows| rows.min(AT_ONCE) as u16)
            .min(limits.repetitions)
            .max(1),
        next_only: io.v1 || learned.next_only || limits.next_only,
        expected: rows,
        faults: Vec::new(),
        most: limits.repetitions.clamp(1, MOST_REPETITIONS),
        said_next: learned.said_next,
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
        let group: Places = (0..walk.columns.len())
            .filter(|c| !walk.columns[*c].done)
            .take(walk.width)
            .collect();
        if group.is_empty() {
            break;
        }
        let stems = asked.stems.get(..once.len()).unwrap_or_default();
        let names = || -> Vec<NameBuf> {
            let cursors = group.iter().map(|c| walk.cursor(*c));
            stems.iter().cloned().chain(cursors).collect()
        };
        let (ask, repetitions) = if walk.next_only {
            (Ask::next(&names()), 1)
        } else {
            let fitting = (CELLS / group.len()).max(1) as u16;
            let repetitions = match rows {
                Some(_) => walk.repetitions,
                None => walk.repetitions.min(fitting),
            };
            let ask = if begun {
                Ask::bulk(once.len() as u16, repetitions, &names())
            } else {
                asked.first(repetitions)
            };
            (ask, repetitions)
        };
        let bulk = ask.is_bulk();
        match io.ask(ask).await {
            Ok(reply) if reply.error_status == 0 => {
                if io.take_late() {
                    // it was slow, and not silent: that teaches nothing of how much it can take
                    walk.silent = None;
                }
                walk.answered(bulk.then_some(repetitions));
                walk.take(bulk.then_some(repetitions), reply.bindings, once, &group);
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
                    walk.stop(failure);
                }
            }
        }
    }
    walk.faults.iter().for_each(|fault| io.fault(*fault));
    if limits.watch {
        let read = asked.roots.iter().zip(&walk.columns);
        for (root, _) in read.filter(|(_, c)| c.last.is_some()).take(8) {
            let root = root.as_name().to_oid().arcs().to_vec();
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
        memory.learned.said_next = walk.said_next && !io.v1;
    }
    walk.table
}

/// Where the column before came from, and to.
#[derive(Clone, Copy)]
struct Beside {
    was: Option<u32>,
    now: u32,
    near: usize,
}

impl Walk<'_> {
    /// Where a column goes on.
    fn cursor(&self, column: usize) -> NameBuf {
        let root = &self.roots[column];
        match self.columns[column].last {
            Some(row) => root.at(self.table.rows.index(row)),
            None => root.clone(),
        }
    }

    fn stop(&mut self, failure: Failure) {
        self.end(Reason::of(&failure));
        self.table.failure = Some(failure);
    }

    fn end(&mut self, why: Reason) {
        self.table.cut(why);
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
        self.table.cut(Reason::Columns);
        self.silent = None;
        if group.len() > 1 {
            self.width = 1;
            return;
        }
        self.hung += 1;
        for at in group {
            self.columns[*at].done = true;
            let root = self.roots[*at].as_name().to_oid().arcs().to_vec();
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
                (self.next_only, self.said_next) = (true, true);
            } else {
                self.stop(refused(reply));
            }
        } else if (1..=once.len()).contains(&index) && !group.is_empty() {
            *once = &[];
        } else if let Some(column) = index
            .checked_sub(once.len() + 1)
            .and_then(|at| group.get(at))
        {
            // SNMPv1 ends a walk so; any other error costs the column and the word "whole"
            if reply.error_status != NO_SUCH_NAME {
                self.table.cut(Reason::Error);
            }
            self.columns[*column].done = true;
        } else if reply.error_status == NO_SUCH_NAME && group.len() == 1 {
            self.columns[group[0]].done = true;
        } else {
            self.stop(refused(reply));
        }
        true
    }

    /// `bulk`: the repetitions that were asked for.
    fn take(&mut self, bulk: Option<u16>, binds: Bindings, once: &[NameBuf], group: &[usize]) {
        self.octets += binds.weight();
        self.sort(bulk, &binds, once.len(), group);
        self.table.keep(binds, once);
    }

    /// Puts the cells of an answer into their rows; the first `once` bindings are beside them.
    fn sort(&mut self, bulk: Option<u16>, binds: &Bindings, once: usize, group: &[usize]) {
        let pdu = self.table.answers();
        let rest = binds.len().saturating_sub(once);
        let full = rest / group.len();
        if rest == 0 {
            // an agent that answers a GETBULK with nothing can perhaps do GETNEXT
            if self.next_only {
                self.stop(Failure::Malformed("an answer without bindings".into()));
            } else {
                (self.next_only, self.said_next) = (true, true);
            }
            return;
        }
        if pdu == 0 {
            self.table.rows.reserve(full);
        }
        let mut at = once;
        for repetition in 0..full.max(1) {
            // a last repetition that was cut off is asked again, so that a row stands in one answer
            let mut beside = None;
            for column in group {
                if at < binds.len() {
                    let was = self.columns[*column].last;
                    if !beside.is_some_and(|row| self.follows(row, *column, binds, at, pdu)) {
                        self.cell(*column, binds, at, pdu);
                        let state = &self.columns[*column];
                        beside = state.last.map(|now| Beside {
                            was,
                            now,
                            near: state.near,
                        });
                    }
                }
                at += 1;
            }
            if repetition == 0 && full == 0 {
                self.faults.push(AgentFault::Truncated);
                self.width = self.width.min(group.len().div_ceil(2)).max(1);
            }
            let rows = self.table.rows.len() > self.row_cap;
            if rows || self.octets > self.octet_cap {
                self.table.rows.truncate(self.row_cap);
                self.faults.push(AgentFault::Endless);
                self.end(if rows { Reason::Rows } else { Reason::Octets });
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
                if binds.octets() < SMALL {
                    self.faults.push(AgentFault::Truncated);
                }
            }
        }
    }

    /// A cell of the row that the column before it came to, as it mostly is: this column was where that one was, so that what is
    /// greater for that one is greater for this one.
    #[inline]
    fn follows(
        &mut self,
        row: Beside,
        column: usize,
        binds: &Bindings,
        at: usize,
        pdu: u32,
    ) -> bool {
        let state = &mut self.columns[column];
        if state.done || state.last != row.was || row.was == Some(row.now) {
            return false;
        }
        let Some((name, Some(_))) = binds.get(at) else {
            return false;
        };
        let index = name.below(&self.roots[column]);
        if index != Some(self.table.rows.index(row.now)) {
            return false;
        }
        state.last = Some(row.now);
        state.near = row.near;
        self.table
            .rows
            .set(row.now, column, Cell::new(pdu, at as u32));
        true
    }

    fn cell(&mut self, column: usize, binds: &Bindings, at: usize, pdu: u32) {
        let (state, root) = (&mut self.columns[column], &self.roots[column]);
        if state.done {
            return;
        }
        let Some((name, value)) = binds.get(at) else {
            return;
        };
        if value.is_none() {
            state.done = true;
            return;
        }
        let Some(index) = name.below(root) else {
            // some agents leave the subtree backwards: that is a loop to come, and no end
            state.done = true;
            if name < root.as_name() {
                self.faults.push(AgentFault::Loop);
                self.table.cut(Reason::Loop);
            }
            return;
        };
        let before = state
            .last
            .map_or(Index::of(&[]), |row| self.table.rows.index(row));
        if index <= before {
            state.done = true;
            self.faults.push(AgentFault::Loop);
            self.table.cut(Reason::Loop);
            let root = root.as_name();
            self.table.failure = Some(Failure::Malformed(
                format!("the walk of {root} does not increase at {name}").into(),
            ));
            return;
        }
        let rows = &mut self.table.rows;
        let (count, cell) = (rows.len(), Cell::new(pdu, at as u32));
        state.last = Some(rows.put(index, column, cell, &mut state.near));
        if rows.len() > count {
            self.octets += self.row_weight + index.octets().len() * 5;
        }
    }
}
