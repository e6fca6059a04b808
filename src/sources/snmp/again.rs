//! Questions to agents that were never heard and were silent: they are asked again when nothing is to come of others any more, or
//! when they waited long enough. Of many addresses some are nobody's, and those who live must not wait for these.

use std::collections::VecDeque;

/// Others go first for so long.
const PATIENCE_MS: u64 = 2_000;

/// They, in the order in which their time ran out.
#[derive(Debug, Default)]
pub(super) struct Again {
    /// Since when, and which: the lane of an agent, and the id.
    waiting: VecDeque<(u64, (u32, u8), i32)>,
}

impl Again {
    /// It is to be asked again.
    pub(super) fn add(&mut self, now_ms: u64, spot: (u32, u8), id: i32) {
        self.waiting.push_back((now_ms, spot, id));
    }

    /// When the first waited long enough.
    pub(super) fn next_ms(&self) -> Option<u64> {
        let (since, ..) = self.waiting.front()?;
        Some(since + PATIENCE_MS)
    }

    /// The next whose turn it is, though it may be over meanwhile; `idle`: nothing is to come of others.
    pub(super) fn next(&mut self, now_ms: u64, idle: bool) -> Option<((u32, u8), i32)> {
        self.next_ms().filter(|at| idle || *at <= now_ms)?;
        let (_, spot, id) = self.waiting.pop_front()?;
        Some((spot, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_go_first_and_not_for_ever() {
        let mut again = Again::default();
        assert_eq!(again.next(0, true), None);
        again.add(10, (1, 0), 7);
        again.add(20, (2, 0), 8);
        assert_eq!(again.next(1_000, false), None, "others wait");
        assert_eq!(again.next(1_000, true), Some(((1, 0), 7)), "nobody does");
        assert_eq!(again.next_ms(), Some(2_020));
        assert_eq!(again.next(2_019, false), None);
        assert_eq!(
            again.next(2_020, false),
            Some(((2, 0), 8)),
            "it waited long enough"
        );
        assert_eq!(again.next_ms(), None);
    }
}
