//! Rows of a table out of an agent, in the order of their indexes; one piece of memory for all of them.

use crate::wire::snmp::Value;

/// A cell with the number of the answer it came in.
pub(super) type Cell = Option<(u32, Value)>;

/// Rows with as many cells each as columns were asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    width: usize,
    arcs: Vec<u32>,
    /// Where in `arcs` the index of a row is.
    spans: Vec<(u32, u32)>,
    cells: Vec<Cell>,
    /// Rows by index.
    order: Vec<u32>,
}

impl Rows {
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            ..Self::default()
        }
    }

    /// Room for so many.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.arcs.reserve(rows);
        self.spans.reserve(rows);
        self.order.reserve(rows);
        self.cells.reserve(rows * self.width);
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    fn index(&self, row: u32) -> &[u32] {
        self.spans
            .get(row as usize)
            .and_then(|(start, end)| self.arcs.get(*start as usize..*end as usize))
            .unwrap_or_default()
    }

    fn row(&self, row: u32) -> &[Cell] {
        let start = row as usize * self.width;
        self.cells
            .get(start..start + self.width)
            .unwrap_or_default()
    }

    /// The place in the order where an index is, or belongs.
    fn find(&self, index: &[u32]) -> Result<usize, usize> {
        self.order
            .binary_search_by(|row| self.index(*row).cmp(index))
    }

    /// Puts a value into a row, which is made where there is none. `near` is where the column's last value went: the next is
    /// mostly right behind.
    pub(super) fn put(
        &mut self,
        index: &[u32],
        column: usize,
        cell: (u32, Value),
        near: &mut usize,
    ) {
        let at = |place: usize| {
            let row = *self.order.get(place)?;
            (self.index(row) == index).then_some(place)
        };
        let last = self.order.last().map(|row| self.index(*row));
        let place = match at(*near + 1).or_else(|| at(*near)) {
            Some(place) => place,
            None if last.is_none_or(|last| last < index) => self.make(self.order.len(), index),
            None => match self.find(index) {
                Ok(place) => place,
                Err(place) => self.make(place, index),
            },
        };
        *near = place;
        let row = self.order.get(place).map_or(0, |row| *row as usize);
        if let Some(slot) = self.cells.get_mut(row * self.width + column) {
            *slot = Some(cell);
        }
    }

    fn make(&mut self, place: usize, index: &[u32]) -> usize {
        let start = self.arcs.len() as u32;
        self.arcs.extend_from_slice(index);
        self.order.insert(place, self.spans.len() as u32);
        self.spans.push((start, self.arcs.len() as u32));
        self.cells.resize(self.cells.len() + self.width, None);
        place
    }

    /// Leaves out the last rows.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.order.truncate(rows);
    }

    /// Index and cells, by index.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u32], &[Cell])> {
        self.order
            .iter()
            .map(|row| (self.index(*row), self.row(*row)))
    }

    /// Cells, by index.
    pub(super) fn values(&self) -> impl Iterator<Item = &[Cell]> {
        self.order.iter().map(|row| self.row(*row))
    }

    /// Indexes in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &[u32]> {
        self.order.iter().map(|row| self.index(*row))
    }

    pub(super) fn get(&self, index: &[u32]) -> Option<&[Cell]> {
        let place = self.find(index).ok()?;
        Some(self.row(*self.order.get(place)?))
    }

    /// Rows whose index begins so.
    pub(super) fn below<'a>(
        &'a self,
        start: &'a [u32],
    ) -> impl Iterator<Item = (&'a [u32], &'a [Cell])> {
        let from = self.find(start).unwrap_or_else(|place| place);
        self.order
            .get(from..)
            .unwrap_or_default()
            .iter()
            .map(|row| (self.index(*row), self.row(*row)))
            .take_while(move |(index, _)| index.starts_with(start))
    }
}

impl FromIterator<(Vec<u32>, Vec<Cell>)> for Rows {
    fn from_iter<I: IntoIterator<Item = (Vec<u32>, Vec<Cell>)>>(rows: I) -> Self {
        let mut out = Self::default();
        for (index, cells) in rows {
            out.width = out.width.max(cells.len());
            let mut near = 0;
            for (column, cell) in cells.into_iter().enumerate() {
                if let Some(cell) = cell {
                    out.put(&index, column, cell, &mut near);
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_what_an_ordered_map_holds(
            cells in prop::collection::vec((prop::collection::vec(0u32..4, 0..3), 0usize..3, any::<u32>()), 0..60),
            keep in 0usize..20,
        ) {
            let mut rows = Rows::new(3);
            let mut map: BTreeMap<Vec<u32>, Vec<Cell>> = BTreeMap::new();
            let mut near = [0; 3];
            for (index, column, n) in cells {
                rows.put(&index, column, (n, Value::Counter32(n)), &mut near[column]);
                map.entry(index).or_insert_with(|| vec![None; 3])[column] = Some((n, Value::Counter32(n)));
            }
            prop_assert!(rows.iter().eq(map.iter().map(|(i, c)| (i.as_slice(), c.as_slice()))));
            for start in [&[][..], &[1], &[1, 2], &[9]] {
                prop_assert!(rows.below(start).map(|r| r.0).eq(map.keys().filter(|k| k.starts_with(start))));
                prop_assert_eq!(rows.get(start), map.get(start).map(Vec::as_slice));
            }
            rows.truncate(keep);
            prop_assert!(rows.keys().eq(map.keys().take(keep)));
            prop_assert_eq!(rows.values().count(), rows.len());
        }
    }
}
