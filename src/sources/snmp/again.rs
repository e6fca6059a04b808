//! Questions to agents that were never heard and were silent: they are asked again when nothing is to come of others any more, or
//! when they waited long enough. Of many addresses some are nobody's, and those who live must not wait for these.

use std::collections::VecDeque;

/// Others go first for so long.
const PATIENCE_MS: u64 = 2_000;

/// They take no place in the window, and yet no more of them than it has places leave within so long: each may make this host look
/// for an address that nobody has.
const SPAN_MS: u64 = 100;

/// They, in the order in which their time ran out.
#[derive(Debug, Default)]
pub(super) struct Again {
    /// Since when, and which: the lane of an agent, and the id.
    waiting: VecDeque<(u64, (u32, u8), i32)>,
    /// When the span began, and how many left in it.
    span: (u64, usize),
    /// It has room for no more.
    full: bool,
}

impl Again {
    /// It is to be asked again.
    pub(super) fn add(&mut self, now_ms: u64, spot: (u32, u8), id: i32) {
        self.waiting.push_back((now_ms, spot, id));
    }

    /// When the first waited long enough, or more may leave.
    pub(super) fn next_ms(&self) -> Option<u64> {
        let (since, ..) = self.waiting.front()?;
        let room = self.span.0 + SPAN_MS;
        Some(if self.full { room } else { since + PATIENCE_MS })
    }

    /// The next whose turn it is, though it may be over meanwhile. `idle`: nothing is to come of others; `most`: so many in a span.
    pub(super) fn next(
        &mut self,
        now_ms: u64,
        idle: bool,
        most: usize,
    ) -> Option<((u32, u8), i32)> {
        if now_ms >= self.span.0 + SPAN_MS {
            self.span = (now_ms, 0);
        }
        self.full = false;
        let (since, ..) = self.waiting.front()?;
        if !idle && now_ms < since + PATIENCE_MS {
            return None;
        }
        if self.span.1 >= most {
            self.full = true;
            return None;
        }
        self.span.1 += 1;
        let (_, spot, id) = self.waiting.pop_front()?;
        Some((spot, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: usize = 100;

    #[test]
    fn others_go_first_and_not_for_ever() {
        let mut again = Again::default();
        assert_eq!(again.next(0, true, MANY), None);
        again.add(10, (1, 0), 7);
        again.add(20, (2, 0), 8);
        assert_eq!(again.next(1_000, false, MANY), None, "others wait");
        let first = Some(((1, 0), 7));
        assert_eq!(again.next(1_000, true, MANY), first, "nobody does");
        assert_eq!(again.next_ms(), Some(2_020));
        assert_eq!(again.next(2_019, false, MANY), None);
        let second = Some(((2, 0), 8));
        assert_eq!(again.next(2_020, false, MANY), second, "long enough");
        assert_eq!(again.next_ms(), None);
    }

    #[test]
    fn however_many_wait_they_leave_no_faster_than_the_window_is_wide() {
        let mut again = Again::default();
        for n in 0..1_000 {
            again.add(0, (n, 0), 1);
        }
        let mut now = 5_000;
        for _ in 0..10 {
            let left = std::iter::from_fn(|| again.next(now, true, MANY)).count();
            assert_eq!(left, MANY);
            assert_eq!(again.next(now + 99, true, MANY), None);
            assert_eq!(again.next_ms().unwrap_or(now + 100), now + 100);
            now += 100;
        }
        assert_eq!(again.next(now, true, MANY), None);
        // when others wait again, it is not looked at before it is its time
        again.add(now, (1, 0), 1);
        assert_eq!(again.next(now, false, 0), None);
        assert_eq!(again.next_ms(), Some(now + 2_000));
    }
}
