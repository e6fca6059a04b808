//! What an agent can be asked: single objects and tables, in the order of SNMP.
//!
//! Values are computed when they are asked for, out of the elapsed time that the question carries; only the indices of the
//! tables are held. So an agent with 48 ports costs kilobytes, not megabytes.

use std::time::Duration;

use crate::wire::snmp::{Oid, Value, VarBind};

type LeafFn = Box<dyn Fn(Duration) -> Value + Send + Sync>;
type CellFn = Box<dyn Fn(usize, u32, Duration) -> Option<Value> + Send + Sync>;

/// One object.
enum Cell {
    Fixed(Value),
    Live(LeafFn),
}

/// A conceptual table (RFC 2578, 7.1.12): columns below an entry, rows by index, column after column.
pub struct Table {
    columns: Vec<u32>,
    rows: Vec<Box<[u32]>>,
    cell: CellFn,
}

enum Part {
    Leaf(Cell),
    Table(Table),
}

/// The objects of one agent, ordered.
#[derive(Default)]
pub struct Mib {
    /// By name: a leaf's whole name, or a table's entry. Sorted, and no part lies inside another.
    parts: Vec<(Oid, Part)>,
}

/// Builds a [`Mib`] in any order.
#[derive(Default)]
pub struct MibBuilder {
    parts: Vec<(Oid, Part)>,
}

impl MibBuilder {
    /// An object that never changes.
    pub fn fixed(&mut self, oid: &[u32], value: Value) -> &mut Self {
        self.parts
            .push((Oid::new(oid), Part::Leaf(Cell::Fixed(value))));
        self
    }

    /// A text that never changes.
    pub fn text(&mut self, oid: &[u32], value: &str) -> &mut Self {
        self.fixed(oid, Value::Octets(value.as_bytes().to_vec()))
    }

    /// An object that depends on the time.
    pub fn live(
        &mut self,
        oid: &[u32],
        value: impl Fn(Duration) -> Value + Send + Sync + 'static,
    ) -> &mut Self {
        self.parts
            .push((Oid::new(oid), Part::Leaf(Cell::Live(Box::new(value)))));
        self
    }

    /// A table below `entry`. `columns` and `rows` in any order, each once; `cell` is asked with the row's place in `rows` *as given
    /// here*, the column and the time, and answers `None` where the table has a hole.
    pub fn table<Index: Into<Box<[u32]>>>(
        &mut self,
        entry: &[u32],
        columns: &[u32],
        rows: impl IntoIterator<Item = Index>,
        cell: impl Fn(usize, u32, Duration) -> Option<Value> + Send + Sync + 'static,
    ) -> &mut Self {
        let mut rows: Vec<(Box<[u32]>, usize)> = rows
            .into_iter()
            .enumerate()
            .map(|(at, index)| (index.into(), at))
            .collect();
        if rows.is_empty() {
            return self;
        }
        let mut columns = columns.to_vec();
        columns.sort_unstable();
        columns.dedup();
        let sorted = rows.is_sorted();
        rows.sort_unstable();
        rows.dedup_by(|a, b| a.0 == b.0);
        let mut places = Vec::new();
        if !sorted || rows.iter().enumerate().any(|(i, (_, at))| i != *at) {
            places = rows.iter().map(|(_, at)| *at).collect();
        }
        let rows = rows.into_iter().map(|(index, _)| index).collect();
        let cell: CellFn = if places.is_empty() {
            Box::new(cell)
        } else {
            Box::new(move |row, column, at| cell(*places.get(row)?, column, at))
        };
        let table = Table {
            columns,
            rows,
            cell,
        };
        self.parts.push((Oid::new(entry), Part::Table(table)));
        self
    }

    /// Everything a recording holds.
    pub fn recording(&mut self, varbinds: Vec<VarBind>) -> &mut Self {
        self.parts.extend(
            varbinds
                .into_iter()
                .map(|v| (v.oid, Part::Leaf(Cell::Fixed(v.value)))),
        );
        self
    }

    /// Puts it in order. The first of two parts of one name stays.
    pub fn build(&mut self) -> Mib {
        let mut parts = std::mem::take(&mut self.parts);
        parts.sort_by(|a, b| a.0.cmp(&b.0));
        parts.dedup_by(|later, first| later.0 == first.0);
        debug_assert!(
            parts
                .windows(2)
                .all(|w| matches!(w[0].1, Part::Leaf(_)) || !w[1].0.is_under(&w[0].0)),
            "a part lies inside a table"
        );
        parts.shrink_to_fit();
        Mib { parts }
    }
}

impl Mib {
    /// The value of exactly this name.
    pub fn get(&self, oid: &Oid, at: Duration) -> Option<Value> {
        match self.parts.binary_search_by(|(name, _)| name.cmp(oid)) {
            Ok(found) => match &self.parts[found].1 {
                Part::Leaf(cell) => Some(cell.value(at)),
                Part::Table(_) => None,
            },
            Err(0) => None,
            Err(behind) => {
                let (entry, part) = &self.parts[behind - 1];
                match (part, oid.suffix(entry)) {
                    (Part::Table(table), Some(suffix)) => table.get(suffix, at),
                    _ => None,
                }
            }
        }
    }

    /// The first name after this one, with its value.
    pub fn next(&self, oid: &Oid, at: Duration) -> Option<VarBind> {
        let after = self.parts.partition_point(|(name, _)| name <= oid);
        if let Some((entry, Part::Table(table))) =
            after.checked_sub(1).and_then(|i| self.parts.get(i))
            && let Some(suffix) = oid.suffix(entry)
            && let Some(found) = table.next(entry, suffix, at)
        {
            return Some(found);
        }
        self.parts
            .get(after..)?
            .iter()
            .find_map(|(name, part)| match part {
                Part::Leaf(cell) => Some(VarBind {
                    oid: name.clone(),
                    value: cell.value(at),
                }),
                Part::Table(table) => table.next(name, &[], at),
            })
    }

    /// Is there an object type of which `oid` would be an instance? Tells noSuchInstance from noSuchObject (RFC 3416, 4.2.1).
    pub fn knows_object(&self, oid: &Oid) -> bool {
        let after = self.parts.partition_point(|(name, _)| name <= oid);
        let below = |(entry, part): &(Oid, Part)| match part {
            // a scalar's object is its name without the last arc
            Part::Leaf(_) => entry
                .arcs()
                .split_last()
                .is_some_and(|(_, object)| oid.arcs().starts_with(object)),
            Part::Table(table) => oid
                .suffix(entry)
                .and_then(<[u32]>::first)
                .is_some_and(|column| table.columns.contains(column)),
        };
        self.parts.get(after).is_some_and(below)
            || after
                .checked_sub(1)
                .and_then(|i| self.parts.get(i))
                .is_some_and(below)
    }
}

impl Cell {
    fn value(&self, at: Duration) -> Value {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::Live(value) => value(at),
        }
    }
}

impl Table {
    fn get(&self, suffix: &[u32], at: Duration) -> Option<Value> {
        let (column, index) = suffix.split_first()?;
        self.columns.binary_search(column).ok()?;
        let row = self
            .rows
            .binary_search_by(|known| (**known).cmp(index))
            .ok()?;
        (self.cell)(row, *column, at)
    }

    fn next(&self, entry: &Oid, suffix: &[u32], at: Duration) -> Option<VarBind> {
        let (mut column, mut row) = match suffix.split_first() {
            None => (0, 0),
            Some((asked, index)) => match self.columns.binary_search(asked) {
                Ok(column) => (column, self.rows.partition_point(|known| **known <= *index)),
                Err(column) => (column, 0),
            },
        };
        // a column that was named without an index starts at its first row
        while let Some(number) = self.columns.get(column) {
            while let Some(index) = self.rows.get(row) {
                if let Some(value) = (self.cell)(row, *number, at) {
                    let mut arcs = Vec::with_capacity(entry.arcs().len() + 1 + index.len());
                    arcs.extend_from_slice(entry.arcs());
                    arcs.push(*number);
                    arcs.extend_from_slice(index);
                    return Some(VarBind {
                        oid: Oid::new(arcs),
                        value,
                    });
                }
                row += 1;
            }
            column += 1;
            row = 0;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Duration = Duration::from_secs(100);

    fn sample() -> Mib {
        let mut b = MibBuilder::default();
        b.table(
            &[1, 3, 6, 5, 1],
            &[3, 1],
            [vec![20u32], vec![3], vec![3, 1]],
            |row, column, at| {
                // a hole: column 3 of the row that was given first
                (column != 3 || row != 0).then(|| {
                    Value::Integer((row as i64 * 10 + i64::from(column)) * at.as_secs() as i64)
                })
            },
        )
        .text(&[1, 3, 6, 1, 0], "first")
        .live(&[1, 3, 6, 9, 0], |at| Value::TimeTicks(at.as_secs() as u32))
        .text(&[1, 3, 6, 1, 0], "never seen");
        b.build()
    }

    fn walk(mib: &Mib) -> Vec<VarBind> {
        let mut out: Vec<VarBind> = Vec::new();
        let mut at = Oid::new([0, 0]);
        while let Some(found) = mib.next(&at, NOW) {
            assert!(found.oid > at);
            at = found.oid.clone();
            out.push(found);
        }
        out
    }

    #[test]
    fn a_walk_meets_everything_once_in_order() {
        let got: Vec<String> = walk(&sample())
            .iter()
            .map(|v| format!("{}={:?}", v.oid, v.value.as_i64()))
            .collect();
        assert_eq!(
            got,
            [
                "1.3.6.1.0=None",
                "1.3.6.5.1.1.3=Some(1100)",
                "1.3.6.5.1.1.3.1=Some(2100)",
                "1.3.6.5.1.1.20=Some(100)",
                "1.3.6.5.1.3.3=Some(1300)",
                "1.3.6.5.1.3.3.1=Some(2300)",
                "1.3.6.9.0=Some(100)",
            ]
        );
    }

    #[test]
    fn a_missing_instance_is_told_from_a_missing_object() {
        let mib = sample();
        let oid = |s: &str| s.parse::<Oid>().unwrap();
        assert_eq!(mib.get(&oid("1.3.6.5.1.3.20"), NOW), None);
        assert!(mib.knows_object(&oid("1.3.6.5.1.3.20")));
        assert!(mib.knows_object(&oid("1.3.6.5.1.3.99")));
        assert!(!mib.knows_object(&oid("1.3.6.5.1.2.3")));
        assert!(mib.knows_object(&oid("1.3.6.1.1")));
        assert!(!mib.knows_object(&oid("1.3.7.1")));
    }

    proptest! {
        #[test]
        fn next_is_the_first_name_of_the_walk_that_is_greater(arcs in proptest::collection::vec(0u32..22, 0..8)) {
            let mib = sample();
            let all = walk(&mib);
            let mut name = vec![1, 3, 6];
            name.extend(arcs);
            let oid = Oid::new(name);
            prop_assert_eq!(mib.next(&oid, NOW), all.iter().find(|v| v.oid > oid).cloned());
            prop_assert_eq!(mib.get(&oid, NOW), all.iter().find(|v| v.oid == oid).map(|v| v.value.clone()));
        }
    }
}
