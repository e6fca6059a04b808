//! Timeouts from measured round trips (RFC 6298), for one agent.

use std::time::Duration;

/// Smoothed round trip and its variation, microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rtt {
    smoothed: u32,
    variation: u32,
    /// What an answer needed that can't be measured, until one can; zero where there was none.
    held: u32,
}

fn micros(of: Duration) -> u32 {
    u32::try_from(of.as_micros()).unwrap_or(u32::MAX).max(1)
}

/// Bounds of a timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Before anything was measured.
    pub(super) first: Duration,
    /// Never less.
    pub(super) least: Duration,
    /// Never more, backed off or not.
    pub(super) most: Duration,
}

impl Rtt {
    /// Something was measured.
    pub(super) fn is_known(self) -> bool {
        self.smoothed != 0
    }

    /// Takes a round trip. Only of a request that was sent once (Karn).
    pub(super) fn measured(&mut self, took: Duration) {
        let took = micros(took);
        self.held = 0;
        if self.smoothed == 0 {
            self.smoothed = took;
            self.variation = took / 2;
        } else {
            let off = u64::from(self.smoothed.abs_diff(took));
            self.variation = ((u64::from(self.variation) * 3 + off) / 4) as u32;
            self.smoothed = ((u64::from(self.smoothed) * 7 + u64::from(took)) / 8) as u32;
        }
    }

    /// An answer came to a question that was sent more than once: to which of them nobody knows. So long was waited then, and so
    /// long is waited from now on until something is measured (RFC 6298, 5.5 and Karn): else an agent that is slower than its
    /// timeout would be asked everything twice, for ever.
    pub(super) fn answered_again(&mut self, waited: Duration) {
        self.held = micros(waited);
    }

    /// How long to wait for the answer to attempt number `attempt` (the first is 0): doubled with each.
    pub(super) fn timeout(self, attempt: u32, bounds: Bounds) -> Duration {
        let base = if self.smoothed == 0 {
            bounds.first
        } else {
            let micros = u64::from(self.smoothed) + 4 * u64::from(self.variation);
            Duration::from_micros(micros)
        };
        base.max(bounds.least)
            .max(Duration::from_micros(u64::from(self.held)))
            .saturating_mul(1 << attempt.min(16))
            .min(bounds.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        first: Duration::from_secs(1),
        least: Duration::from_millis(500),
        most: Duration::from_secs(8),
    };

    #[test]
    fn it_starts_at_the_first_doubles_and_stays_below_the_most() {
        let rtt = Rtt::default();
        let waits: Vec<u128> = (0..5).map(|n| rtt.timeout(n, BOUNDS).as_millis()).collect();
        assert_eq!(waits, [1000, 2000, 4000, 8000, 8000]);
        assert_eq!(rtt.timeout(u32::MAX, BOUNDS), BOUNDS.most);
    }

    #[test]
    fn what_a_late_answer_needed_is_waited_until_something_is_measured() {
        let mut rtt = Rtt::default();
        rtt.answered_again(rtt.timeout(1, BOUNDS));
        assert_eq!(rtt.timeout(0, BOUNDS).as_millis(), 2_000);
        assert_eq!(rtt.timeout(1, BOUNDS).as_millis(), 4_000);
        rtt.measured(Duration::from_millis(1_500));
        assert_eq!(rtt.timeout(0, BOUNDS).as_millis(), 4_500);
        rtt.answered_again(Duration::from_secs(100));
        assert_eq!(rtt.timeout(0, BOUNDS), BOUNDS.most);
    }

    #[test]
    fn a_quick_agent_gets_the_least_and_a_slow_one_what_it_needs() {
        let mut rtt = Rtt::default();
        rtt.measured(Duration::from_micros(300));
        assert_eq!(rtt.timeout(0, BOUNDS), BOUNDS.least);
        let mut slow = Rtt::default();
        slow.measured(Duration::from_secs(1));
        assert_eq!(slow.timeout(0, BOUNDS).as_millis(), 3_000);
        for _ in 0..100 {
            slow.measured(Duration::from_secs(1));
        }
        assert!((1_000..1_100).contains(&slow.timeout(0, BOUNDS).as_millis()));
        slow.measured(Duration::from_secs(10_000));
        assert_eq!(slow.timeout(0, BOUNDS), BOUNDS.most);
    }
}
