//! How late jobs begin: by powers of two, and what is long ago counts less and less.

/// Kinds of lateness: below 1 ms, 2 ms, 4 ms … and beyond half a minute.
const KINDS: usize = 17;
/// After so long, everything counts half.
const HALF_MS: u64 = 60_000;

/// Counts of jobs by how late they began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lateness {
    counts: [u64; KINDS],
    halved_ms: u64,
}

impl Lateness {
    /// A job began so late.
    pub(super) fn add(&mut self, late_ms: u64, now_ms: u64) {
        if now_ms >= self.halved_ms + HALF_MS {
            self.halved_ms = now_ms;
            self.counts.iter_mut().for_each(|n| *n /= 2);
        }
        let kind = (u64::BITS - late_ms.leading_zeros()) as usize;
        if let Some(n) = self.counts.get_mut(kind.min(KINDS - 1)) {
            // in tenths, so that halving keeps the few
            *n += 16;
        }
    }

    /// Milliseconds that so many percent were no later than, to a power of two.
    pub(super) fn percentile(&self, percent: u64) -> u64 {
        let all: u64 = self.counts.iter().sum();
        let mut below = 0;
        for (kind, n) in self.counts.iter().enumerate() {
            below += n;
            if below * 100 >= all * percent {
                return if all == 0 { 0 } else { (1 << kind) - 1 };
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_power_of_two_and_old_ones_fade() {
        let mut lateness = Lateness::default();
        assert_eq!(lateness.percentile(99), 0);
        for _ in 0..98 {
            lateness.add(0, 1);
        }
        lateness.add(5, 1);
        lateness.add(40_000, 1);
        assert_eq!(lateness.percentile(50), 0);
        assert_eq!(lateness.percentile(99), 7);
        assert_eq!(lateness.percentile(100), 65_535);
        for minute in 1..12 {
            lateness.add(0, minute * HALF_MS);
        }
        assert_eq!(lateness.percentile(100), 0);
    }
}
