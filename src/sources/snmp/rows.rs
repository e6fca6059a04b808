//! Rows of a table out of an agent, in the order of their indexes; few pieces of memory for all of them.

use std::cell::RefCell;

use crate::wire::snmp::Index;
#[cfg(test)]
use crate::wire::snmp::NameBuf;

/// Where a cell is: in which answer, and at which place there. Nowhere, where the agent has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pdu: u32,
    at: u32,
}

impl Cell {
    pub(super) fn new(pdu: u32, at: u32) -> Self {
        Self { pdu, at }
    }

    /// The number of the answer, and the place in it.
    pub(super) fn place(self) -> Option<(u32, usize)> {
        (self.at != u32::MAX).then_some((self.pdu, self.at as usize))
    }
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            pdu: 0,
            at: u32::MAX,
        }
    }
}

/// Where the index of a row is.
#[derive(Clone, Copy, Debug)]
struct Span {
    arcs: (u32, u32),
    octets: (u32, u32),
}

/// Rows with as many cells each as columns were asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    width: usize,
    /// Indexes as they are read, and as they came.
    arcs: Vec<u32>,
    octets: Vec<u8>,
    spans: Vec<Span>,
    cells: Vec<Cell>,
    /// Rows by index.
    order: Vec<u32>,
}

/// Room of tables that are gone, for those to come: they come and go by the ten thousand, mostly one after the other.
const SPARES: usize = 4;
/// Cells that such room has at the most: a device's ports.
const SPARED: usize = 512;

thread_local! {
    static SPARE: RefCell<Vec<Rows>> = const { RefCell::new(Vec::new()) };
}

impl Drop for Rows {
    fn drop(&mut self) {
        if !(1..=SPARED).contains(&self.cells.capacity()) || self.octets.capacity() > SPARED * 4 {
            return;
        }
        // of a thread that ends nothing is kept
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < SPARES {
                spare.push(std::mem::take(self));
            }
        });
    }
}

#[inline]
fn part<T>(of: &[T], (start, end): (u32, u32)) -> &[T] {
    of.get(start as usize..end as usize).unwrap_or_default()
}

impl Rows {
    pub(super) fn new(width: usize) -> Self {
        let mut rows = Self::default();
        rows.width = width;
        rows
    }

    /// Room for so many.
    pub(super) fn reserve(&mut self, rows: usize) {
        if self.cells.capacity() == 0
            && let Ok(Some(mut spare)) = SPARE.try_with(|spare| spare.borrow_mut().pop())
        {
            spare.clear();
            spare.width = self.width;
            *self = spare;
        }
        self.arcs.reserve(rows);
        self.octets.reserve(rows * 2);
        self.spans.reserve(rows);
        self.order.reserve(rows);
        self.cells.reserve(rows * self.width);
    }

    fn clear(&mut self) {
        self.arcs.clear();
        self.octets.clear();
        self.spans.clear();
        self.cells.clear();
        self.order.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Octets of memory that a row takes beside its index.
    pub(super) fn weight(width: usize) -> usize {
        size_of::<Span>() + size_of::<u32>() + width * size_of::<Cell>()
    }

    fn arcs(&self, row: u32) -> &[u32] {
        let span = self.spans.get(row as usize);
        span.map_or(&[], |span| part(&self.arcs, span.arcs))
    }

    /// The index of a row that [`Rows::put`] gave.
    #[inline]
    pub(super) fn index(&self, row: u32) -> Index<'_> {
        let span = self.spans.get(row as usize);
        Index::of(span.map_or(&[], |span| part(&self.octets, span.octets)))
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
            .binary_search_by(|row| self.arcs(*row).cmp(index))
    }

    /// Puts a cell into a row, which is made where there is none; the row. `near` is where the column's last cell went: the next
    /// is mostly right behind.
    pub(super) fn put(
        &mut self,
        index: Index<'_>,
        column: usize,
        cell: Cell,
        near: &mut usize,
    ) -> u32 {
        let at = |place: usize| {
            let row = *self.order.get(place)?;
            (self.index(row) == index).then_some(place)
        };
        let last = self.order.last().map(|row| self.index(*row));
        // mostly it is a new one at the end
        let place = match at(*near + 1) {
            Some(place) => place,
            None if last.is_none_or(|last| last < index) => self.make(self.order.len(), index),
            None => {
                let found = self
                    .order
                    .binary_search_by(|row| self.index(*row).cmp(&index));
                match found {
                    Ok(place) => place,
                    Err(place) => self.make(place, index),
                }
            }
        };
        *near = place;
        let row = self.order.get(place).copied().unwrap_or(0);
        self.set(row, column, cell);
        row
    }

    /// Puts a cell into a row that [`Rows::put`] gave.
    #[inline]
    pub(super) fn set(&mut self, row: u32, column: usize, cell: Cell) {
        if let Some(slot) = self.cells.get_mut(row as usize * self.width + column) {
            *slot = cell;
        }
    }

    fn make(&mut self, place: usize, index: Index<'_>) -> usize {
        let from = (self.arcs.len() as u32, self.octets.len() as u32);
        self.arcs.extend(index.arcs());
        self.octets.extend_from_slice(index.octets());
        self.order.insert(place, self.spans.len() as u32);
        self.spans.push(Span {
            arcs: (from.0, self.arcs.len() as u32),
            octets: (from.1, self.octets.len() as u32),
        });
        self.cells
            .resize(self.cells.len() + self.width, Cell::default());
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
            .map(|row| (self.arcs(*row), self.row(*row)))
    }

    /// Cells, by index.
    pub(super) fn values(&self) -> impl Iterator<Item = &[Cell]> {
        self.order.iter().map(|row| self.row(*row))
    }

    /// Indexes in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &[u32]> {
        self.order.iter().map(|row| self.arcs(*row))
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
            .map(|row| (self.arcs(*row), self.row(*row)))
            .take_while(move |(index, _)| index.starts_with(start))
    }
}

/// An index as it stands in a datagram.
#[cfg(test)]
pub(super) fn octets<T>(arcs: &[u32], with: impl FnOnce(Index<'_>) -> T) -> T {
    let root = NameBuf::new(&[1, 3]);
    let name = NameBuf::new(&[&[1, 3], arcs].concat());
    with(name.as_name().below(&root).unwrap())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_what_an_ordered_map_holds(
            cells in prop::collection::vec(
                (prop::collection::vec(prop_oneof![0u32..4, 126u32..130], 0..3), 0usize..3, 0u32..99), 0..60),
            keep in 0usize..20,
        ) {
            let mut rows = Rows::new(3);
            let mut map: BTreeMap<Vec<u32>, Vec<Cell>> = BTreeMap::new();
            let mut near = [0; 3];
            for (index, column, n) in cells {
                let cell = Cell::new(n, n);
                let row = octets(&index, |index| rows.put(index, column, cell, &mut near[column]));
                prop_assert!(octets(&index, |index| rows.index(row) == index));
                map.entry(index).or_insert_with(|| vec![Cell::default(); 3])[column] = cell;
            }
            prop_assert!(rows.iter().eq(map.iter().map(|(i, c)| (i.as_slice(), c.as_slice()))));
            for start in [&[][..], &[1], &[1, 2], &[9], &[127]] {
                prop_assert!(rows.below(start).map(|r| r.0).eq(map.keys().filter(|k| k.starts_with(start))));
                prop_assert_eq!(rows.get(start), map.get(start).map(Vec::as_slice));
            }
            rows.truncate(keep);
            prop_assert!(rows.keys().eq(map.keys().take(keep)));
            prop_assert_eq!(rows.values().count(), rows.len());
        }
    }
}
