//! How fast a sweep may ask. Every request is a broadcast that every station of the segment has to read.

use std::time::Duration;

/// What polite may come to, requests a second; the segment's cap.
pub const POLITE_MOST: u32 = 4000;
/// What polite begins with.
pub const POLITE_LEAST: u32 = 500;
/// Fast, requests a second: an engineer on site who knows the segment. It takes 67 Mbit/s of each wire for a moment.
pub const FAST: u32 = 100_000;
/// Fast, for those that were silent: who lost the first request to a full queue shall not lose the second as well.
pub const FAST_AGAIN: u32 = 25_000;

/// The manner of a sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As slow as a second or so allows: 500 requests a second for a small segment, never more than 4,000.
    #[default]
    Polite,
    /// At most this many requests a second.
    PerSecond(u32),
    /// As fast as a segment carries it without loss.
    Fast,
}

/// A pace in figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tempo {
    /// Requests a second, on average and in the long run.
    pub rate: u32,
    /// The same for those asked once more.
    pub again: u32,
    /// Requests that may leave back to back.
    pub burst: u32,
    /// How long each has for its answer, at the least and at the most; between them the slowest answer so far decides.
    pub patience: (Duration, Duration),
}

impl Pace {
    /// For a sweep of so many addresses, none of them asked faster than `cap` a second.
    pub fn tempo(self, targets: usize, cap: Option<u32>) -> Tempo {
        let targets = u32::try_from(targets).unwrap_or(u32::MAX);
        let rate = match self {
            Self::Polite => targets.clamp(POLITE_LEAST, POLITE_MOST),
            Self::PerSecond(rate) => rate,
            Self::Fast => FAST,
        };
        let rate = rate.min(cap.unwrap_or(u32::MAX)).max(1);
        let (again, least, most) = match self {
            Self::Fast => (rate.min(FAST_AGAIN), 20, 60),
            _ => (rate, 100, 300),
        };
        Tempo {
            rate,
            again,
            burst: burst(rate),
            patience: (Duration::from_millis(least), Duration::from_millis(most)),
        }
    }
}

/// Eight milliseconds' worth: what a wake-up may be late on a busy machine.
fn burst(rate: u32) -> u32 {
    (rate / 125).max(1)
}

/// A token bucket in whole numbers; time comes from the caller.
#[derive(Clone, Debug)]
pub struct Bucket {
    rate: u64,
    burst: u64,
    /// In millionths of a request.
    level: u64,
    last: Duration,
}

const ONE: u64 = 1_000_000;

impl Bucket {
    /// Full at time zero.
    pub fn new(tempo: Tempo) -> Self {
        let burst = u64::from(tempo.burst) * ONE;
        Self {
            rate: u64::from(tempo.rate),
            burst,
            level: burst,
            last: Duration::ZERO,
        }
    }

    /// Goes on at another rate; what it holds beyond the burst of that is forfeit.
    pub fn change(&mut self, rate: u32) {
        self.rate = u64::from(rate.max(1));
        self.burst = u64::from(burst(rate)) * ONE;
        self.level = self.level.min(self.burst);
    }

    /// How many may go at `now` (since the start), and takes up to `wanted` of them.
    pub fn take(&mut self, now: Duration, wanted: usize) -> usize {
        let passed = now.saturating_sub(self.last);
        self.last = self.last.max(now);
        // a request a second is a millionth a microsecond
        let gained = u64::try_from(passed.as_micros())
            .unwrap_or(u64::MAX)
            .saturating_mul(self.rate);
        self.level = self.level.saturating_add(gained).min(self.burst);
        let granted = (self.level / ONE).min(wanted as u64);
        self.level -= granted * ONE;
        granted as usize
    }
}

/// Small differences between one wake-up and the next, so that requests don't come in step with anything.
#[derive(Clone, Debug)]
pub struct Jitter(u64);

impl Jitter {
    /// From any seed.
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// Half to one and a half of `around` (xorshift64).
    pub fn around(&mut self, around: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let share = (self.0 >> 32) as u32 % 1000;
        around / 2 + around * share / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_small_segment_is_asked_slowly_and_no_segment_beyond_the_cap() {
        let rate = |p: Pace, n, cap| p.tempo(n, cap).rate;
        assert_eq!(rate(Pace::Polite, 254, None), 500);
        assert_eq!(rate(Pace::Polite, 1022, None), 1022);
        assert_eq!(rate(Pace::Polite, 4094, None), 4000);
        assert_eq!(rate(Pace::Polite, 65_534, None), 4000);
        assert_eq!(rate(Pace::Polite, 65_534, Some(2000)), 2000);
        assert_eq!(rate(Pace::Fast, 10, Some(100)), 100);
        assert_eq!(Pace::Fast.tempo(10, Some(100)).again, 100);
        assert_eq!(Pace::Fast.tempo(4094, None).again, FAST_AGAIN);
        assert_eq!(rate(Pace::PerSecond(0), 10, None), 1);
    }

    #[test]
    fn jitter_stays_between_half_and_one_and_a_half() {
        let mut jitter = Jitter::new(7);
        let ms = Duration::from_millis(10);
        let all: Vec<_> = (0..1000).map(|_| jitter.around(ms)).collect();
        assert!(all.iter().all(|d| *d >= ms / 2 && *d <= ms * 3 / 2));
        assert!(all.iter().any(|d| *d < ms) && all.iter().any(|d| *d > ms));
    }

    proptest! {
        #[test]
        fn no_stretch_of_time_sees_more_than_rate_and_burst(
            rate in 1u32..50_000,
            steps in prop::collection::vec((0u64..200_000, 0usize..5000), 1..60),
        ) {
            let tempo = Pace::PerSecond(rate).tempo(1, None);
            let mut bucket = Bucket::new(tempo);
            let mut now = Duration::ZERO;
            let mut sent = vec![];
            for (wait, wanted) in steps {
                now += Duration::from_micros(wait);
                sent.push((now, bucket.take(now, wanted) as u64));
            }
            for from in 0..sent.len() {
                let mut sum = 0;
                for (at, count) in &sent[from..] {
                    sum += count;
                    let stretch = at.saturating_sub(sent[from].0).as_micros() as u64;
                    let most = u64::from(tempo.burst) + stretch * u64::from(rate) / 1_000_000 + 1;
                    prop_assert!(sum <= most, "{sum} in {stretch} us at {rate}/s");
                }
            }
        }

        #[test]
        fn over_time_the_rate_is_used(rate in 250u32..50_000) {
            let mut bucket = Bucket::new(Pace::PerSecond(rate).tempo(1, None));
            let sent: usize = (0..=1000).map(|ms| bucket.take(Duration::from_millis(ms), usize::MAX)).sum();
            prop_assert!(sent >= rate as usize * 99 / 100);
        }
    }
}
