//! The course of a sweep as a calculation: whom to ask when, who has answered, when it is over. Time comes from the caller.

use std::net::Ipv4Addr;
use std::time::Duration;

use rustc_hash::FxHashSet;

use super::pace::{Bucket, Tempo};
use crate::model::Mac;

/// Pairs reported of one sweep, as a multiple of its targets: a station that answers for others with many MACs.
const PAIRS_EACH: usize = 4;
/// An answer that took so long makes the others be waited for so many times longer.
const SLOWEST_TIMES: u32 = 3;

/// When all have answered, a second station with the same address still has so long to say so.
const LINGER: Duration = Duration::from_millis(10);

/// What is known of one target.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// When it was asked last.
    asked: Duration,
    /// How often.
    times: u8,
    answered: bool,
    /// The gate refused it.
    closed: bool,
}

/// What became of something heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// A pair of address and MAC that is new.
    New,
    /// Known already, or of nobody who was asked for.
    Old,
    /// New, and left out because of the cap.
    Dropped,
}

/// One sweep: each target is asked once, then the silent once more, each when its time for an answer is over.
#[derive(Debug)]
pub(super) struct Course {
    /// Ascending.
    targets: Vec<Ipv4Addr>,
    standing: Vec<Standing>,
    pairs: FxHashSet<(Ipv4Addr, Mac)>,
    tempo: Tempo,
    bucket: Bucket,
    retry: bool,
    /// In the second round.
    again: bool,
    /// The next target of the round.
    next: usize,
    last_ask: Duration,
    last_answer: Duration,
    slowest: Duration,
    /// Not closed and not answered.
    silent: usize,
    pub(super) asked: usize,
    pub(super) requests: usize,
    pub(super) answered: usize,
    pub(super) answered_again: usize,
}

impl Course {
    /// Targets in any order.
    pub(super) fn new(mut targets: Vec<Ipv4Addr>, tempo: Tempo, retry: bool) -> Self {
        targets.sort_unstable();
        targets.dedup();
        Self {
            standing: vec![Standing::default(); targets.len()],
            silent: targets.len(),
            targets,
            pairs: FxHashSet::default(),
            bucket: Bucket::new(tempo),
            tempo,
            retry,
            again: false,
            next: 0,
            last_ask: Duration::ZERO,
            last_answer: Duration::ZERO,
            slowest: Duration::ZERO,
            asked: 0,
            requests: 0,
            answered: 0,
            answered_again: 0,
        }
    }

    /// How long each has for its answer.
    pub(super) fn patience(&self) -> Duration {
        let (least, most) = self.tempo.patience;
        (self.slowest * SLOWEST_TIMES).clamp(least, most)
    }

    /// Adds those to be asked at `now`. They count as asked.
    pub(super) fn due(&mut self, now: Duration, into: &mut Vec<Ipv4Addr>) {
        let patience = self.patience();
        loop {
            if self.next >= self.targets.len() {
                if self.again || !self.retry {
                    return;
                }
                self.again = true;
                self.next = 0;
                self.bucket.change(self.tempo.again);
            }
            let Some(standing) = self.standing.get_mut(self.next) else {
                return;
            };
            if standing.closed || standing.answered {
                self.next += 1;
                continue;
            }
            // in the order of the first round: those behind it were asked later still
            let early = self.again && now < standing.asked + patience;
            if early || self.bucket.take(now, 1) == 0 {
                return;
            }
            self.asked += usize::from(standing.times == 0);
            standing.times = standing.times.saturating_add(1);
            standing.asked = now;
            self.last_ask = now;
            self.requests += 1;
            into.extend(self.targets.get(self.next));
            self.next += 1;
        }
    }

    /// The gate did not let it be asked.
    pub(super) fn refused(&mut self, target: Ipv4Addr) {
        let at = self.index(target).and_then(|i| self.standing.get_mut(i));
        if let Some(standing) = at.filter(|s| !s.closed) {
            standing.closed = true;
            self.silent -= usize::from(!standing.answered);
            self.requests = self.requests.saturating_sub(1);
            self.asked -= usize::from(standing.times == 1);
        }
    }

    /// A station said its address: in answer to us, or by itself.
    pub(super) fn heard(
        &mut self,
        now: Duration,
        sender: Ipv4Addr,
        mac: Mac,
        answer: bool,
    ) -> Taken {
        let at = self.index(sender);
        let Some(standing) = at.and_then(|i| self.standing.get_mut(i)) else {
            return Taken::Old;
        };
        if answer && !standing.answered && standing.times > 0 {
            standing.answered = true;
            self.last_answer = now;
            self.answered += 1;
            self.silent -= usize::from(!standing.closed);
            if standing.times == 1 {
                // of a second request nobody knows which one was answered (Karn)
                self.slowest = self.slowest.max(now.saturating_sub(standing.asked));
            } else {
                self.answered_again += 1;
            }
        }
        if self.pairs.contains(&(sender, mac)) {
            return Taken::Old;
        }
        if self.pairs.len() >= self.targets.len() * PAIRS_EACH + 64 {
            return Taken::Dropped;
        }
        self.pairs.insert((sender, mac));
        Taken::New
    }

    /// All have answered, or all were asked and the last one's time is over.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        let asked = self.next >= self.targets.len() && (self.again || !self.retry);
        (self.silent == 0 && now >= self.last_answer + LINGER)
            || (asked && now >= self.last_ask + self.patience())
    }

    /// Addresses for which two or more MACs spoke.
    pub(super) fn contested(&self) -> Vec<Ipv4Addr> {
        let mut addresses: Vec<_> = self.pairs.iter().map(|(a, _)| *a).collect();
        addresses.sort_unstable();
        let mut out: Vec<_> = addresses
            .windows(2)
            .filter_map(|w| match w {
                [a, b] if a == b => Some(*a),
                _ => None,
            })
            .collect();
        out.dedup();
        out
    }

    fn index(&self, address: Ipv4Addr) -> Option<usize> {
        self.targets.binary_search(&address).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::arp::Pace;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const MS: Duration = Duration::from_millis(1);

    fn mac(of: Ipv4Addr) -> Mac {
        let [a, b, c, d] = of.octets();
        Mac([2, 0, a, b, c, d])
    }

    fn targets(count: u32) -> Vec<Ipv4Addr> {
        (1..=count)
            .map(|n| Ipv4Addr::from(0x0a4d_0000 + n))
            .collect()
    }

    /// A segment in virtual time: who answers after how long, `None` where nobody does. It says when it was over and how
    /// often each was asked.
    fn run(
        course: &mut Course,
        mut answers: impl FnMut(Ipv4Addr, usize) -> Option<Duration>,
    ) -> (Duration, BTreeMap<Ipv4Addr, usize>) {
        let mut now = Duration::ZERO;
        let mut under_way: Vec<(Duration, Ipv4Addr)> = vec![];
        let mut times: BTreeMap<Ipv4Addr, usize> = BTreeMap::new();
        let mut batch = vec![];
        while !course.is_over(now) {
            assert!(now < Duration::from_hours(1), "it has no end");
            batch.clear();
            course.due(now, &mut batch);
            for &a in &batch {
                let n = times.entry(a).or_default();
                *n += 1;
                under_way.extend(answers(a, *n).map(|d| (now + d, a)));
            }
            now += MS;
            under_way.retain(|(at, a)| {
                if *at <= now {
                    course.heard(*at, *a, mac(*a), true);
                }
                *at > now
            });
        }
        (now, times)
    }

    fn course(count: u32, pace: Pace) -> Course {
        Course::new(targets(count), pace.tempo(count as usize, None), true)
    }

    #[test]
    fn a_20_of_which_4000_answer_takes_a_tenth_of_a_second_in_haste_and_a_polite_one_less_than_one_and_a_half()
     {
        for (pace, most) in [(Pace::Fast, 100), (Pace::Polite, 1400)] {
            let mut c = course(4093, pace);
            let (took, times) = run(&mut c, |a, _| {
                (u32::from(a) % 44 != 0).then_some(Duration::from_micros(300))
            });
            assert_eq!(c.answered, 4093 - 93);
            assert!(
                times
                    .iter()
                    .all(|(a, n)| *n == if u32::from(*a) % 44 == 0 { 2 } else { 1 })
            );
            assert!(took <= MS * most, "{pace:?}: {took:?}");
        }
    }

    #[test]
    fn the_silent_are_asked_once_more_and_nobody_else_is() {
        let mut c = course(500, Pace::Fast);
        let (_, times) = run(&mut c, |a, n| {
            (u32::from(a) % 5 != 0 || n == 2).then_some(MS)
        });
        assert_eq!((c.answered, c.answered_again), (500, 100));
        assert_eq!((c.asked, c.requests), (500, 600));
        assert!(
            times
                .iter()
                .all(|(a, n)| *n == if u32::from(*a) % 5 == 0 { 2 } else { 1 })
        );
    }

    #[test]
    fn without_anybody_each_is_asked_twice_and_then_it_is_over() {
        let mut c = course(4093, Pace::Fast);
        let (took, times) = run(&mut c, |_, _| None);
        assert!(times.values().all(|n| *n == 2) && times.len() == 4093);
        // the second requests go slower
        assert!(took >= MS * 150 && took <= MS * 280, "{took:?}");
    }

    #[test]
    fn a_slow_segment_is_waited_for_longer() {
        let mut c = course(100, Pace::Polite);
        let (_, times) = run(&mut c, |_, _| Some(MS * 90));
        assert!(
            times.values().all(|n| *n == 1),
            "nobody had to be asked twice"
        );
        assert_eq!(c.patience(), MS * 270);
    }

    #[test]
    fn whoever_repeats_himself_does_not_make_it_longer() {
        let mut c = course(10, Pace::Fast);
        let mut now = Duration::ZERO;
        let loud = targets(1)[0];
        while !c.is_over(now) {
            assert!(now < MS * 200, "it goes on and on");
            c.due(now, &mut vec![]);
            c.heard(now, loud, mac(loud), true);
            now += MS;
        }
        assert_eq!(c.answered, 1);
    }

    #[test]
    fn an_address_that_was_refused_is_neither_waited_for_nor_asked_again() {
        let mut c = course(3, Pace::Fast);
        let mut batch = vec![];
        c.due(Duration::ZERO, &mut batch);
        assert_eq!(batch.len(), 3);
        c.refused(batch[1]);
        assert_eq!((c.asked, c.requests), (2, 2));
        for a in [batch[0], batch[2]] {
            c.heard(MS, a, mac(a), true);
        }
        assert!(!c.is_over(MS), "a second station may still speak");
        assert!(c.is_over(MS * 11));
    }

    #[test]
    fn one_who_claims_many_addresses_and_macs_is_capped() {
        let mut c = course(4, Pace::Fast);
        c.due(Duration::ZERO, &mut vec![]);
        let one = targets(1)[0];
        let taken: Vec<_> = (0..200)
            .map(|n| c.heard(MS, one, Mac([2, 0, 0, 0, 0, n]), true))
            .collect();
        assert_eq!(
            taken.iter().filter(|t| **t == Taken::New).count(),
            4 * 4 + 64
        );
        assert!(taken.contains(&Taken::Dropped));
        assert_eq!(c.contested(), [one]);
        assert_eq!(c.heard(MS, Ipv4Addr::BROADCAST, mac(one), true), Taken::Old);
    }

    proptest! {
        #[test]
        fn whatever_is_lost_or_late_nobody_is_asked_more_than_twice_and_it_ends(
            seed in any::<u64>(), count in 1u32..300, loss in 0u64..100, delay in 0u64..200, fast in any::<bool>(),
        ) {
            let mut c = course(count, if fast { Pace::Fast } else { Pace::Polite });
            let mut x = seed | 1;
            let (_, times) = run(&mut c, |_, _| {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                (x % 100 >= loss).then(|| Duration::from_millis((x >> 32) % (delay + 1)))
            });
            prop_assert!(times.values().all(|n| *n <= 2));
            prop_assert_eq!(times.len(), count as usize);
            prop_assert_eq!(times.values().sum::<usize>(), c.requests);
        }
    }
}
