//! Which questions wait so long that their answers are no longer expected with those of others. Their place in the window is for
//! others then, although they are waited for until their own timeout: whoever is asked beside the dead must not wait for them.

use std::collections::VecDeque;
use std::time::Duration;

use super::rtt::{Bounds, Rtt};

/// Never sooner: a busy host takes so long to look.
const LEAST: Duration = Duration::from_millis(100);

/// Questions in the order in which they were sent, and how long answers take.
#[derive(Debug, Default)]
pub(super) struct Overdue {
    /// When, and which: the lane of an agent, and the id.
    sent: VecDeque<(u64, (u32, u8), i32)>,
    typical: Rtt,
}

impl Overdue {
    /// An answer took so long.
    pub(super) fn measured(&mut self, took: Duration) {
        self.typical.measured(took);
    }

    /// A question was sent for the first time, and took a place.
    pub(super) fn sent(&mut self, now_ms: u64, spot: (u32, u8), id: i32) {
        self.sent.push_back((now_ms, spot, id));
    }

    /// Milliseconds after which an answer is no longer expected.
    fn patience_ms(&self, first: Duration) -> u64 {
        let bounds = Bounds {
            first,
            least: LEAST,
            most: first.max(LEAST),
        };
        self.typical.timeout(0, bounds).as_millis() as u64
    }

    /// When the next one is; `first` is how long a stranger is waited for.
    pub(super) fn next_ms(&self, first: Duration) -> Option<u64> {
        let (sent_ms, ..) = self.sent.front()?;
        Some(sent_ms + self.patience_ms(first))
    }

    /// The next one that is; it may have been answered meanwhile.
    pub(super) fn next(&mut self, first: Duration, now_ms: u64) -> Option<((u32, u8), i32)> {
        self.next_ms(first).filter(|at| *at <= now_ms)?;
        let (_, spot, id) = self.sent.pop_front()?;
        Some((spot, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(1);

    #[test]
    fn a_stranger_is_expected_as_long_as_its_timeout_and_among_many_as_long_as_they_need() {
        let mut overdue = Overdue::default();
        overdue.sent(10, (1, 0), 7);
        overdue.sent(20, (2, 0), 8);
        assert_eq!(overdue.next_ms(FIRST), Some(1_010));
        assert_eq!(overdue.next(FIRST, 1_009), None);
        for _ in 0..50 {
            overdue.measured(Duration::from_millis(2));
        }
        assert_eq!(overdue.next_ms(FIRST), Some(110));
        assert_eq!(overdue.next(FIRST, 110), Some(((1, 0), 7)));
        assert_eq!(overdue.next(FIRST, 110), None);
        for _ in 0..50 {
            overdue.measured(Duration::from_secs(30));
        }
        assert_eq!(overdue.next_ms(FIRST), Some(1_020), "never later than that");
    }
}
