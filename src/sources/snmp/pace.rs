//! Whether the jobs of an agent keep their time. One that is ended at its deadline, begins a whole interval late because another
//! one of the same agent still ran, or waits that long for a budget, is told; a row of them is told three times and then once an
//! hour, so that a crowd of slow agents does not fill the log. One that keeps missing its time is asked less often, step by step,
//! and comes back step by step.

use crate::event::OverrunKind;

/// So many in a row are all told.
const ALL: u16 = 3;
/// Then one in so long, seconds.
const EVERY_S: u32 = 3_600;
/// After so many in a row it is asked half as often.
const STEP: u16 = 3;
/// So often it must keep its time before it is asked twice as often again.
const GOOD: u8 = 5;
/// At a quarter of its rate it stays.
const MOST: u8 = 2;

/// How one job of one agent keeps its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pace {
    /// Polls that missed it, since they all kept it.
    row: u16,
    /// The one that runs now came in the place of one that was left out.
    skipped: bool,
    /// How often its interval was doubled.
    level: u8,
    /// Polls in time since it was stretched, or came back a step.
    good: u8,
    told_s: u32,
}

/// What is to be told of a poll that is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// How it went.
    pub(super) kind: Option<OverrunKind>,
    /// It is asked less often from now on.
    pub(super) degraded: bool,
    /// It missed its time, told or not.
    pub(super) missed: bool,
}

/// How a poll ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    /// At its deadline.
    pub(super) cut: bool,
    /// A budget is to blame: it waited for one most of its time, or a whole interval.
    pub(super) held: bool,
}

impl Pace {
    /// It begins, so long after it could have.
    pub(super) fn begins(&mut self, late_ms: u64, interval_ms: u64) {
        self.skipped = late_ms >= interval_ms.max(1);
    }

    /// The interval it has now.
    pub(super) fn stretch(self, interval_ms: u64) -> u64 {
        interval_ms << self.level
    }

    /// It is over. Gives what is to be told.
    pub(super) fn ends(&mut self, end: End, now_ms: u64) -> Word {
        let skipped = std::mem::take(&mut self.skipped);
        let kind = match (end.held, end.cut, skipped) {
            (true, ..) => OverrunKind::Budget,
            (false, true, _) => OverrunKind::Cut,
            (false, false, true) => OverrunKind::Skipped,
            (false, false, false) => return self.kept(),
        };
        self.row = self.row.saturating_add(1);
        self.good = 0;
        let degraded = self.level < MOST && self.row.is_multiple_of(STEP);
        self.level += u8::from(degraded);
        let now_s = u32::try_from(now_ms / 1000).unwrap_or(u32::MAX);
        let tell = self.row <= ALL || now_s.saturating_sub(self.told_s) >= EVERY_S || degraded;
        if tell {
            self.told_s = now_s;
        }
        Word {
            kind: tell.then_some(kind),
            degraded,
            missed: true,
        }
    }

    fn kept(&mut self) -> Word {
        if self.row == 0 {
            return Word::default();
        }
        if self.level > 0 {
            self.good += 1;
            if self.good >= GOOD {
                self.good = 0;
                self.level -= 1;
            }
        }
        if self.level > 0 {
            return Word::default();
        }
        self.row = 0;
        Word {
            kind: Some(OverrunKind::Recovered),
            ..Word::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: u64 = 30_000;
    const IN_TIME: End = End {
        cut: false,
        held: false,
    };
    const CUT: End = End {
        cut: true,
        held: false,
    };
    const HELD: End = End {
        cut: false,
        held: true,
    };

    #[test]
    fn a_poll_in_time_is_not_worth_a_word() {
        let mut pace = Pace::default();
        for n in 0..10 {
            pace.begins(EVERY - 1, EVERY);
            assert_eq!(pace.ends(IN_TIME, n * EVERY), Word::default());
        }
        assert_eq!(pace.stretch(EVERY), EVERY);
    }

    #[test]
    fn a_whole_interval_late_is_a_poll_left_out_and_the_next_in_time_ends_it() {
        let mut pace = Pace::default();
        pace.begins(EVERY, EVERY);
        assert_eq!(pace.ends(IN_TIME, 0).kind, Some(OverrunKind::Skipped));
        pace.begins(0, EVERY);
        assert_eq!(pace.ends(IN_TIME, EVERY).kind, Some(OverrunKind::Recovered));
        assert_eq!(pace.ends(IN_TIME, 2 * EVERY).kind, None, "said once");
    }

    #[test]
    fn one_poll_is_told_once_and_by_what_is_to_blame() {
        for (end, late, kind) in [
            (CUT, 5 * EVERY, OverrunKind::Cut),
            (HELD, 5 * EVERY, OverrunKind::Budget),
            (HELD, 0, OverrunKind::Budget),
            (
                End {
                    cut: true,
                    held: true,
                },
                0,
                OverrunKind::Budget,
            ),
        ] {
            let mut pace = Pace::default();
            pace.begins(late, EVERY);
            assert_eq!(pace.ends(end, 0).kind, Some(kind), "{end:?}");
        }
    }

    #[test]
    fn a_long_row_is_told_three_times_with_each_step_and_then_once_an_hour() {
        let mut pace = Pace::default();
        let told = (0..600)
            .filter(|n| pace.ends(CUT, n * EVERY).kind.is_some())
            .count();
        // three at first, the second step, and five hours of it
        assert_eq!(told, 3 + 1 + 4);
    }

    #[test]
    fn it_is_asked_less_often_by_steps_and_comes_back_by_steps() {
        let mut pace = Pace::default();
        let stretch = |pace: &Pace| pace.stretch(EVERY) / EVERY;
        let mut steps = Vec::new();
        for n in 0..9 {
            let word = pace.ends(CUT, n * EVERY);
            assert!(word.missed);
            steps.push((word.degraded, stretch(&pace)));
        }
        assert_eq!(
            steps,
            [
                (false, 1),
                (false, 1),
                (true, 2),
                (false, 2),
                (false, 2),
                (true, 4),
                (false, 4),
                (false, 4),
                (false, 4),
            ]
        );
        let back: Vec<_> = (0..10)
            .map(|n| (pace.ends(IN_TIME, n).kind, stretch(&pace)))
            .collect();
        assert!(back[..4].iter().all(|b| *b == (None, 4)), "{back:?}");
        assert!(back[4..9].iter().all(|b| *b == (None, 2)), "{back:?}");
        assert_eq!(back[9], (Some(OverrunKind::Recovered), 1));
        assert_eq!(pace.ends(IN_TIME, 0), Word::default());
    }

    #[test]
    fn one_that_misses_its_time_on_the_way_back_begins_to_count_anew() {
        let mut pace = Pace::default();
        for n in 0..3 {
            let _ = pace.ends(HELD, n);
        }
        for _ in 0..3 {
            for _ in 0..GOOD - 1 {
                assert_eq!(pace.ends(IN_TIME, 0).kind, None);
            }
            assert!(pace.ends(CUT, 0).missed);
            assert!(pace.stretch(1) > 1);
        }
    }
}
