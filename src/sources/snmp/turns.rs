//! Whose turn it is among questions that wait for the same thing: a place in the window, the budget of a closet or an uplink.
//!
//! The lowest number goes first, before all polls what a person asks, and among equals whoever came first. So that nobody waits for
//! ever, of eight turns one is for whoever has waited longest, whatever its number.

use std::collections::VecDeque;

use crate::model::Priority;

/// A person, and every number of a poll plan.
const RANKS: usize = Priority::LAST as usize + 2;
/// So many turns in a row go past whoever has waited longest.
pub(super) const PASSED: u8 = 7;

/// What goes before what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(u8);

impl Rank {
    /// A person does not wait for the polls.
    pub(super) const PERSON: Self = Self(0);
}

impl From<Priority> for Rank {
    fn from(priority: Priority) -> Self {
        Self(priority.number() + 1)
    }
}

/// A question that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Waiting {
    pub(super) rank: Rank,
    /// Who came first: a ticket, of the question or of the one in whose place it stands.
    pub(super) came: u64,
    /// Which; a question that was sent or given up meanwhile has another one, or none.
    pub(super) ticket: u64,
    /// The lane of the agent.
    pub(super) spot: (u32, u8),
}

/// Those that wait for one thing.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// By rank; in each whoever came first is the first.
    ranks: [VecDeque<Waiting>; RANKS],
    /// The ranks in which somebody waits, a bit each: it is looked at for every question that is sent.
    taken: u16,
    /// Turns in a row that went past whoever has waited longest.
    passed: u8,
}

impl Turns {
    /// Another one waits.
    pub(super) fn push(&mut self, waiting: Waiting) {
        let Some(rank) = self.ranks.get_mut(usize::from(waiting.rank.0)) else {
            return;
        };
        // mostly it is the last that came
        match rank.back() {
            Some(last) if *last > waiting => {
                let at = rank.partition_point(|w| *w < waiting);
                rank.insert(at, waiting);
            }
            _ => rank.push_back(waiting),
        }
        self.taken |= 1 << waiting.rank.0;
    }

    /// The first of each rank in which somebody waits.
    fn fronts(&self) -> impl Iterator<Item = Waiting> {
        let mut taken = self.taken;
        std::iter::from_fn(move || {
            let at = taken.trailing_zeros() as usize;
            taken &= taken.wrapping_sub(1);
            self.ranks.get(at)?.front().copied()
        })
    }

    /// Somebody of a rank was taken out.
    fn left(&mut self, at: usize) {
        if self.ranks.get(at).is_some_and(VecDeque::is_empty) {
            self.taken &= !(1 << at);
        }
    }

    /// Whose turn it is.
    pub(super) fn first(&self) -> Option<Waiting> {
        if self.passed >= PASSED {
            self.longest()
        } else {
            self.most_urgent()
        }
    }

    fn most_urgent(&self) -> Option<Waiting> {
        self.fronts().next()
    }

    fn longest(&self) -> Option<Waiting> {
        self.fronts().min_by_key(|w| w.came)
    }

    /// Those in front that do not wait any more are taken out, so that no turn is theirs.
    pub(super) fn forget(&mut self, waits: impl Fn(&Waiting) -> bool) {
        let mut taken = self.taken;
        while taken != 0 {
            let at = taken.trailing_zeros() as usize;
            taken &= taken.wrapping_sub(1);
            let Some(rank) = self.ranks.get_mut(at) else {
                return;
            };
            while rank.front().is_some_and(|first| !waits(first)) {
                rank.pop_front();
            }
            self.left(at);
        }
    }

    /// Whose turn it is takes it.
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let first = self.first()?;
        let past = self.longest() != Some(first);
        self.passed = if past {
            self.passed.saturating_add(1)
        } else {
            0
        };
        let at = usize::from(first.rank.0);
        let taken = self.ranks.get_mut(at).and_then(VecDeque::pop_front);
        self.left(at);
        taken
    }

    /// A question went past all that wait, as it came when it could go at once.
    pub(super) fn were_passed(&mut self) {
        self.passed = self.passed.saturating_add(1);
    }

    /// Does another one go before this one, which comes now?
    pub(super) fn is_behind(&self, waiting: &Waiting) -> bool {
        self.first()
            .is_some_and(|first| self.passed >= PASSED || first < *waiting)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.taken == 0
    }

    /// All of them, who wait no more here.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Waiting> + '_ {
        self.taken = 0;
        self.ranks.iter_mut().flat_map(|rank| rank.drain(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(priority: u8, ticket: u64) -> Waiting {
        Waiting {
            rank: Priority::from(priority).into(),
            came: ticket,
            ticket,
            spot: (0, 0),
        }
    }

    fn order(turns: &mut Turns) -> Vec<u64> {
        std::iter::from_fn(|| turns.pop())
            .map(|w| w.ticket)
            .collect()
    }

    #[test]
    fn what_comes_together_goes_by_its_number_and_equals_as_they_came() {
        let mut turns = Turns::default();
        for (priority, ticket) in [(8, 1), (0, 2), (9, 3), (3, 4), (0, 5)] {
            turns.push(waiting(priority, ticket));
        }
        turns.push(Waiting {
            rank: Rank::PERSON,
            ..waiting(0, 6)
        });
        assert_eq!(order(&mut turns), [6, 2, 5, 4, 1, 3]);
        assert!(turns.is_empty());
    }

    #[test]
    fn one_that_stands_in_the_place_of_another_keeps_that() {
        let mut turns = Turns::default();
        turns.push(waiting(3, 2));
        turns.push(waiting(3, 3));
        turns.push(Waiting {
            came: 1,
            ..waiting(3, 4)
        });
        assert_eq!(order(&mut turns), [4, 2, 3]);
    }

    #[test]
    fn of_eight_turns_one_is_for_whoever_has_waited_longest() {
        let mut turns = Turns::default();
        for ticket in 0..3 {
            turns.push(waiting(9, ticket));
        }
        let mut late = Vec::new();
        // never a moment without a more urgent one
        for n in 0..24 {
            turns.push(waiting(0, 100 + 2 * n));
            turns.push(waiting(0, 101 + 2 * n));
            if let Some(slow) = turns.pop().filter(|w| w.ticket < 3) {
                late.push((n, slow.ticket));
            }
        }
        assert_eq!(late, [(7, 0), (15, 1), (23, 2)]);
    }

    #[test]
    fn who_does_not_wait_any_more_has_no_turn() {
        let mut turns = Turns::default();
        for ticket in 0..10 {
            turns.push(waiting(9, ticket));
        }
        let mut slow = Vec::new();
        for n in 0..8 {
            turns.push(waiting(0, 100 + n));
            turns.push(waiting(0, 200 + n));
            turns.forget(|w| !(0..7).contains(&w.ticket));
            slow.extend(turns.pop().filter(|w| w.ticket < 10).map(|w| w.ticket));
        }
        assert_eq!(slow, [7]);
    }

    #[test]
    fn whoever_comes_is_behind_those_before_it_and_whoever_has_waited_longest() {
        let mut turns = Turns::default();
        assert!(!turns.is_behind(&waiting(9, 9)));
        turns.push(waiting(3, 1));
        assert!(turns.is_behind(&waiting(3, 2)) && turns.is_behind(&waiting(8, 2)));
        assert!(!turns.is_behind(&waiting(0, 2)));
        for ticket in 2..2 + u64::from(PASSED) {
            turns.push(waiting(0, ticket));
            let _ = turns.pop();
        }
        assert!(turns.is_behind(&waiting(0, 99)), "its turn has come");
    }
}
