//! Which devices are other than in the state before: what was made of a state is mended by them, and not made anew.

use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;

use crate::model::{Device, DeviceId};

/// Beyond one in so many, making anew is quicker.
const FEW: usize = 32;

/// The devices of the state that something was made of.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    before: Option<OrdMap<DeviceId, Arc<Device>>>,
}

impl Moved {
    /// Calls with each device that is other than before, as it was and as it is. False, and called with none, where too many are,
    /// or nothing was before: all is to be made anew. From now on these devices are what was before.
    pub fn take(
        &mut self,
        now: &OrdMap<DeviceId, Arc<Device>>,
        mut each: impl FnMut(Option<&Device>, Option<&Device>),
    ) -> bool {
        let Some(before) = self.before.replace(now.clone()) else {
            return false;
        };
        let most = now.len() / FEW;
        // parts that both share are not looked into
        let some: Vec<_> = before.diff(now).take(most + 1).collect();
        if some.len() > most {
            return false;
        }
        for item in some {
            match item {
                DiffItem::Add(_, new) => each(None, Some(new)),
                DiffItem::Remove(_, old) => each(Some(old), None),
                DiffItem::Update {
                    old: (_, old),
                    new: (_, new),
                } => each(Some(old), Some(new)),
            }
        }
        true
    }

    /// What was before is needed no more; the devices in it would be kept alive for nothing.
    pub fn forget(&mut self) {
        self.before = None;
    }
}

/// Rows that went and rows that came, of rows that stay sorted.
#[derive(Debug)]
pub struct Mend<T> {
    gone: Vec<T>,
    new: Vec<T>,
}

impl<T> Default for Mend<T> {
    fn default() -> Self {
        Self {
            gone: Vec::new(),
            new: Vec::new(),
        }
    }
}

impl<T: Ord + Copy> Mend<T> {
    /// A row of a device as it was, and as it is.
    pub fn note(&mut self, was: Option<T>, is: Option<T>) {
        if was != is {
            self.gone.extend(was);
            self.new.extend(is);
        }
    }

    /// Carries it out, in one go over the rows; says whether they are others now.
    pub fn carry_out(mut self, rows: &mut Vec<T>) -> bool {
        if self.gone.is_empty() && self.new.is_empty() {
            return false;
        }
        self.gone.sort_unstable();
        self.new.sort_unstable();
        let old = std::mem::take(rows);
        rows.reserve(old.len() + self.new.len());
        let mut rest = old.as_slice();
        let mut gone = self.gone.iter().peekable();
        let mut new = self.new.iter().peekable();
        loop {
            // a row goes before an equal one comes
            let (row, goes) = match (gone.peek(), new.peek()) {
                (Some(going), Some(coming)) if going <= coming => (**going, true),
                (Some(going), None) => (**going, true),
                (_, Some(coming)) => (**coming, false),
                (None, None) => break,
            };
            let at = rest.partition_point(|other| *other < row);
            let (before, after) = rest.split_at(at);
            rows.extend_from_slice(before);
            rest = after;
            if goes {
                gone.next();
                if let Some((first, after)) = rest.split_first()
                    && *first == row
                {
                    rest = after;
                }
            } else {
                new.next();
                rows.push(row);
            }
        }
        rows.extend_from_slice(rest);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Text;

    fn devices(n: u32) -> OrdMap<DeviceId, Arc<Device>> {
        (0..n)
            .map(|id| {
                let device = Device {
                    id: DeviceId(id),
                    ..Device::default()
                };
                (DeviceId(id), Arc::new(device))
            })
            .collect()
    }

    #[test]
    fn a_few_are_told_with_before_and_after_and_many_are_not() {
        let mut moved = Moved::default();
        let first = devices(640);
        assert!(!moved.take(&first, |_, _| panic!("nothing was before")));
        let mut now = first.clone();
        Arc::make_mut(&mut now[&DeviceId(7)]).name = Text::from("a");
        now.remove(&DeviceId(9));
        now.insert(DeviceId(2_000), Arc::new(Device::default()));
        let mut told = Vec::new();
        assert!(moved.take(&now, |old, new| {
            told.push((old.map(|d| d.id.0), new.map(|d| d.name.to_string())));
        }));
        assert_eq!(
            told,
            [
                (Some(7), Some("a".to_owned())),
                (Some(9), None),
                (None, Some(String::new())),
            ]
        );
        assert!(moved.take(&now, |_, _| panic!("nothing moved")));
        let many = devices(600);
        assert!(!moved.take(&many, |_, _| panic!("too many")));
        moved.forget();
        assert!(!moved.take(&many, |_, _| panic!("forgotten")));
    }

    #[test]
    fn rows_that_went_and_came_are_taken_out_and_put_in() {
        for (rows, noted, want) in [
            (vec![1, 3, 5], vec![], vec![1, 3, 5]),
            (vec![1, 3, 5], vec![(Some(3), Some(4))], vec![1, 4, 5]),
            (
                vec![1, 3, 5],
                vec![(Some(5), Some(0)), (Some(1), None)],
                vec![0, 3],
            ),
            (vec![], vec![(None, Some(2)), (None, Some(1))], vec![1, 2]),
            // equal rows of others stay
            (
                vec![2, 5, 5],
                vec![(Some(5), None), (None, Some(2))],
                vec![2, 2, 5],
            ),
            // one that is not there takes nothing away
            (vec![1, 3], vec![(Some(2), None)], vec![1, 3]),
        ] {
            let (mut now, mut mend) = (rows.clone(), Mend::default());
            for (was, is) in &noted {
                mend.note(*was, *is);
            }
            assert_eq!(mend.carry_out(&mut now), !noted.is_empty());
            assert_eq!(now, want, "{rows:?} {noted:?}");
        }
    }
}
