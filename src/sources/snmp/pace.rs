//! Whether the jobs of an agent keep their time. One that is ended at its deadline, or begins a whole interval late because
//! another one of the same agent still ran, is told; a row of them is told three times and then once an hour, so that a crowd
//! of slow agents does not fill the log.

use crate::event::OverrunKind;

/// So many in a row are all told.
const ALL: u16 = 3;
/// Then one in so long, seconds.
const EVERY_S: u32 = 3_600;

/// How one job of one agent keeps its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pace {
    /// Polls in a row that missed it.
    row: u16,
    /// The one that runs now came in the place of one that was left out.
    skipped: bool,
    told_s: u32,
}

impl Pace {
    /// It begins, so long after it could have.
    pub(super) fn begins(&mut self, late_ms: u64, interval_ms: u64) {
        self.skipped = late_ms >= interval_ms.max(1);
    }

    /// It is over; `cut`: at its deadline. Gives what is to be told.
    pub(super) fn ends(&mut self, cut: bool, now_ms: u64) -> Option<OverrunKind> {
        let skipped = std::mem::take(&mut self.skipped);
        let kind = match (cut, skipped) {
            (true, _) => OverrunKind::Cut,
            (false, true) => OverrunKind::Skipped,
            (false, false) if self.row > 0 => {
                self.row = 0;
                return Some(OverrunKind::Recovered);
            }
            (false, false) => return None,
        };
        self.row = self.row.saturating_add(1);
        let now_s = u32::try_from(now_ms / 1000).unwrap_or(u32::MAX);
        let tell = self.row <= ALL || now_s.saturating_sub(self.told_s) >= EVERY_S;
        if tell {
            self.told_s = now_s;
        }
        tell.then_some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: u64 = 30_000;

    #[test]
    fn a_poll_in_time_is_not_worth_a_word() {
        let mut pace = Pace::default();
        for n in 0..10 {
            pace.begins(EVERY - 1, EVERY);
            assert_eq!(pace.ends(false, n * EVERY), None);
        }
    }

    #[test]
    fn a_whole_interval_late_is_a_poll_left_out_and_the_next_in_time_ends_it() {
        let mut pace = Pace::default();
        pace.begins(EVERY, EVERY);
        assert_eq!(pace.ends(false, 0), Some(OverrunKind::Skipped));
        pace.begins(0, EVERY);
        assert_eq!(pace.ends(false, EVERY), Some(OverrunKind::Recovered));
        assert_eq!(pace.ends(false, 2 * EVERY), None, "said once");
    }

    #[test]
    fn one_poll_is_told_once_and_by_the_worse_of_both() {
        let mut pace = Pace::default();
        pace.begins(5 * EVERY, EVERY);
        assert_eq!(pace.ends(true, 0), Some(OverrunKind::Cut));
    }

    #[test]
    fn a_long_row_is_told_three_times_and_then_once_an_hour() {
        let mut pace = Pace::default();
        let told = (0..600)
            .filter(|n| pace.ends(true, n * EVERY).is_some())
            .count();
        // five hours of it
        assert_eq!(told, 3 + 4);
        assert_eq!(pace.ends(false, 600 * EVERY), Some(OverrunKind::Recovered));
    }
}
