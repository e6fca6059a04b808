//! The cursor of a list: it stays on its object, not on its row.

use ratatui::layout::{Position, Rect};

/// Which entry of a list is meant, and which part of the list is seen.
#[derive(Clone, Debug)]
pub struct List<K> {
    at: Option<K>,
    row: usize,
    top: usize,
    page: usize,
    /// Where its rows were drawn.
    area: Rect,
    rolled: Option<(Option<K>, usize, usize, usize, Rect)>,
}

impl<K> Default for List<K> {
    fn default() -> Self {
        Self {
            at: None,
            row: 0,
            top: 0,
            page: 1,
            area: Rect::ZERO,
            rolled: None,
        }
    }
}

impl<K: Copy + Eq> List<K> {
    /// A list whose cursor stands on an entry.
    pub fn on(key: K) -> Self {
        Self {
            at: Some(key),
            ..Self::default()
        }
    }

    /// The entry under the cursor.
    pub fn at(&self) -> Option<K> {
        self.at
    }

    /// Its row in the whole list.
    pub fn row(&self) -> usize {
        self.row
    }

    /// The first row that is seen.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Finds the cursor's entry again after the list may have changed; if it is gone, the entry now in its row.
    /// Then moves what is seen, of `rows` rows, so that the cursor is in it, and no further. Gives the range to draw.
    pub fn settle(&mut self, keys: &[K], rows: usize) -> std::ops::Range<usize> {
        if keys.is_empty() {
            self.row = 0;
            self.top = 0;
            self.at = None;
            return 0..0;
        }
        self.find(keys);
        self.page = rows.max(1);
        if self.row < self.top {
            self.top = self.row;
        } else if self.row >= self.top + self.page {
            self.top = self.row + 1 - self.page;
        }
        self.top = self.top.min(keys.len().saturating_sub(self.page));
        self.top..(self.top + rows).min(keys.len())
    }

    /// As [`Self::settle`], for rows of one line each that are drawn in this area.
    pub fn settle_in(&mut self, keys: &[K], area: Rect) -> std::ops::Range<usize> {
        self.area = area;
        self.settle(keys, usize::from(area.height))
    }

    /// On: the cursor is put on the first row, and where it was is remembered; off: it is there again.
    pub fn unroll(&mut self, on: bool, keys: &[K]) {
        if on {
            self.rolled = Some((self.at, self.row, self.top, self.page, self.area));
            self.act("top", keys);
            self.top = 0;
        } else if let Some(before) = self.rolled.take() {
            (self.at, self.row, self.top, self.page, self.area) = before;
        }
    }

    /// Puts the cursor on the row that was drawn there, where one was; says whether it was there already.
    pub fn click(&mut self, at: Position, keys: &[K]) -> bool {
        if !self.area.contains(at) {
            return false;
        }
        let row = self.top + usize::from(at.y - self.area.y);
        let Some(key) = keys.get(row).copied() else {
            return false;
        };
        let again = self.at == Some(key);
        (self.row, self.at) = (row, Some(key));
        again
    }

    fn find(&mut self, keys: &[K]) {
        if keys.get(self.row).copied() != self.at || self.at.is_none() {
            let found = self
                .at
                .and_then(|key| keys.iter().position(|other| *other == key));
            self.row = found.unwrap_or(self.row.min(keys.len().saturating_sub(1)));
            self.at = keys.get(self.row).copied();
        }
    }

    /// Puts the cursor on the next entry, or the one before, that `is` so, around the ends; says whether there is one.
    pub fn seek(&mut self, keys: &[K], on: bool, is: impl Fn(K) -> bool) -> bool {
        let n = keys.len();
        if n == 0 {
            return false;
        }
        self.find(keys);
        let from = self.row.min(n - 1);
        let found = (1..=n)
            .map(|by| {
                if on {
                    (from + by) % n
                } else {
                    (from + n - by) % n
                }
            })
            .find(|row| keys.get(*row).is_some_and(|key| is(*key)));
        if let Some(row) = found {
            self.row = row;
            self.at = keys.get(row).copied();
        }
        found.is_some()
    }

    /// Carries out a cursor action of the registry; says whether it was one.
    pub fn act(&mut self, action: &str, keys: &[K]) -> bool {
        if !keys.is_empty() {
            self.find(keys);
        }
        let last = keys.len().saturating_sub(1);
        self.row = match action {
            "cursor-down" => (self.row + 1).min(last),
            "cursor-up" => self.row.saturating_sub(1),
            "page-down" => (self.row + self.page).min(last),
            "page-up" => self.row.saturating_sub(self.page),
            "top" => 0,
            "bottom" => last,
            _ => return false,
        };
        self.at = keys.get(self.row).copied();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_follows_its_entry_when_the_list_is_sorted_anew() {
        let mut list = List::default();
        list.settle(&[1, 2, 3, 4], 2);
        list.act("cursor-down", &[1, 2, 3, 4]);
        assert_eq!(list.at(), Some(2));
        assert_eq!(list.settle(&[9, 8, 7, 2], 2), 2..4);
        assert_eq!((list.at(), list.row()), (Some(2), 3));
    }

    #[test]
    fn an_entry_that_went_away_leaves_the_cursor_in_its_row() {
        let mut list = List::on(3);
        assert_eq!(list.settle(&[1, 2, 3], 5), 0..3);
        assert_eq!(list.settle(&[1, 2], 5), 0..2);
        assert_eq!(list.at(), Some(2));
        assert_eq!(list.settle(&[], 5), 0..0);
        assert_eq!(list.at(), None);
    }

    #[test]
    fn the_next_one_that_needs_a_person_is_found_around_the_ends() {
        let keys = [1, 2, 3, 4, 5];
        let mut list = List::on(4);
        assert!(list.seek(&keys, true, |k| k % 2 == 0));
        assert_eq!(list.at(), Some(2));
        assert!(list.seek(&keys, false, |k| k % 2 == 0));
        assert_eq!(list.at(), Some(4));
        assert!(!list.seek(&keys, true, |k| k > 9));
        assert_eq!(list.at(), Some(4));
        assert!(!List::<u32>::default().seek(&[], true, |_| true));
    }

    #[test]
    fn a_click_puts_the_cursor_on_its_row_and_the_second_is_told() {
        let keys = [1, 2, 3, 4, 5];
        let mut list = List::on(5);
        list.settle_in(&keys, Rect::new(0, 3, 10, 2));
        assert!(!list.click(Position::new(4, 3), &keys));
        assert_eq!(list.at(), Some(4));
        assert!(list.click(Position::new(0, 3), &keys));
        for beside in [(0, 2), (0, 5), (10, 3)] {
            assert!(!list.click(Position::from(beside), &keys));
            assert_eq!(list.at(), Some(4));
        }
        list.settle_in(&keys[..1], Rect::new(0, 3, 10, 2));
        assert!(
            !list.click(Position::new(0, 4), &keys[..1]),
            "nothing is drawn there"
        );
        assert_eq!(list.at(), Some(1));
    }

    #[test]
    fn pages_move_by_what_is_seen_and_stop_at_the_ends() {
        let keys: Vec<u32> = (0..100).collect();
        let mut list = List::default();
        list.settle(&keys, 10);
        list.act("page-down", &keys);
        assert_eq!(list.settle(&keys, 10), 1..11);
        list.act("bottom", &keys);
        assert_eq!(list.settle(&keys, 10), 90..100);
        list.act("page-up", &keys);
        assert_eq!(list.at(), Some(89));
        list.act("top", &keys);
        assert_eq!(list.settle(&keys, 0), 0..0);
        assert!(!list.act("open", &keys));
    }
}
