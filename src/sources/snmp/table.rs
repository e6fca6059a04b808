//! What was read of some columns of an agent: the answers as they came, and where in them each cell is.

use smallvec::SmallVec;

use super::cut::Reason;
use super::io::Failure;
use super::rows::{Cell, Rows};
use crate::wire::snmp::{Bindings, NameBuf, ValueRef};

/// An answer to a walk.
#[derive(Clone, Debug, Default)]
struct Answer {
    bindings: Bindings,
    /// Which of the names that are asked beside the rows came, a bit each.
    beside: u32,
}

/// What was read of some columns.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// By index; as many cells as columns were asked.
    pub(super) rows: Rows,
    answers: SmallVec<[Answer; 1]>,
    /// Nothing was cut off by a cap, a timeout, an error or a loop.
    pub(super) whole: bool,
    /// Why it is not whole.
    pub(super) cut: Option<Reason>,
    /// What ended it early.
    pub(super) failure: Option<Failure>,
}

impl Table {
    /// With so many columns and nothing read yet; `whole` unless columns are left out.
    pub(super) fn new(columns: usize, whole: bool) -> Self {
        Self {
            rows: Rows::new(columns),
            whole,
            cut: (!whole).then_some(Reason::Columns),
            ..Self::default()
        }
    }

    /// It is not whole; the first reason is told.
    pub(super) fn cut(&mut self, why: Reason) {
        self.whole = false;
        self.cut.get_or_insert(why);
    }

    /// The next answer, whose first bindings are those of the names asked beside the rows. Where it says what else was asked, that
    /// is not found.
    pub(super) fn keep(&mut self, bindings: Bindings, beside: &[NameBuf]) {
        let came = |(at, name): (usize, &NameBuf)| {
            let (found, value) = bindings.get(at)?;
            (value.is_some() && found == name.as_name()).then_some(1u32 << at)
        };
        let beside = beside.iter().enumerate().take(32).filter_map(came).sum();
        self.answers.push(Answer { bindings, beside });
    }

    /// Answers that were kept.
    pub(super) fn answers(&self) -> u32 {
        self.answers.len() as u32
    }

    /// The value in a column of a row.
    pub(super) fn value(&self, row: &[Cell], column: usize) -> Option<ValueRef<'_>> {
        self.cell(row, column).map(|(_, value)| value)
    }

    /// The same, with the number of the answer it came in.
    pub(super) fn cell(&self, row: &[Cell], column: usize) -> Option<(u32, ValueRef<'_>)> {
        let (pdu, at) = row.get(column)?.place()?;
        let answer = self.answers.get(pdu as usize)?;
        Some((pdu, answer.bindings.value(at)?))
    }

    /// What a name asked beside the rows gave in answer number `pdu`.
    pub(super) fn at(&self, pdu: u32, which: usize) -> Option<ValueRef<'_>> {
        let answer = self.answers.get(pdu as usize)?;
        let came = which < 32 && answer.beside >> which & 1 == 1;
        came.then(|| answer.bindings.value(which)).flatten()
    }

    /// As if an agent had answered so.
    #[cfg(test)]
    pub(super) fn of(rows: &[(Vec<u32>, Vec<crate::wire::snmp::Value>)]) -> Self {
        use crate::wire::snmp::{Oid, VarBind};
        let width = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
        let mut table = Self::new(width, true);
        let mut binds = Vec::new();
        for (index, cells) in rows {
            for (column, value) in cells.iter().enumerate() {
                let cell = Cell::new(0, binds.len() as u32);
                super::rows::octets(index, |index| table.rows.put(index, column, cell, &mut 0));
                binds.push(VarBind {
                    oid: Oid::new([1, 3]).child(index),
                    value: value.clone(),
                });
            }
        }
        table.keep(Bindings::of(binds), &[]);
        table
    }
}
