//! The circuit breaker of one agent: after some failures it is left alone, then touched once.

/// Failed questions in a row that open it.
const FAILURES: u8 = 5;

/// Its state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Breaker {
    failures: u8,
    open_until_ms: Option<u64>,
}

impl Breaker {
    /// A question was answered.
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    /// A question was not answered, in all its attempts.
    pub(super) fn failed(&mut self, now_ms: u64, open_ms: u64) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.open_until_ms = Some(now_ms + open_ms);
        }
    }

    /// Lets one touch through now.
    pub(super) fn half_open(&mut self, now_ms: u64) {
        if self.open_until_ms.is_some() {
            self.open_until_ms = Some(now_ms);
        }
    }

    /// Until when nothing is sent; one touch then (half open).
    pub(super) fn open_until(&self) -> Option<u64> {
        self.open_until_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_open_it_a_failed_touch_keeps_it_open_an_answer_closes_it() {
        let mut breaker = Breaker::default();
        for now in 0..4 {
            breaker.failed(now, 60_000);
            assert_eq!(breaker.open_until(), None);
        }
        breaker.failed(10, 60_000);
        assert_eq!(breaker.open_until(), Some(60_010));
        breaker.failed(60_010, 60_000);
        assert_eq!(breaker.open_until(), Some(120_010));
        breaker.answered();
        assert_eq!(breaker, Breaker::default());
    }
}
