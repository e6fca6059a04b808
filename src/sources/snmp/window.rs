//! How many questions may be out at once: as many as the network carries and the kernel can keep answers of.

/// What the kernel reserves for an answer of up to some two thousand octets, with its own overhead.
const ANSWER: usize = 4_608;
/// Where it begins.
const FIRST: usize = 256;
/// It never gets smaller than this.
const LEAST: usize = 32;
/// Losses below this in a span are no news.
const NEWS: u32 = 8;
/// A span, milliseconds: the least timeout.
const SPAN_MS: u64 = 500;

/// Grows while answers come, halves when agents that answered before lose many of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    limit: usize,
    most: usize,
    /// Nothing was lost yet: it doubles with each round trip.
    slow_start: bool,
    /// When questions were sent last there was no place for more.
    full: bool,
    since_ms: u64,
    answered: u32,
    lost: u32,
}

impl Window {
    /// At most `most`, and at most what `buffers` octets of the kernel hold.
    pub(super) fn new(most: usize, buffers: usize) -> Self {
        let most = most.min((buffers / ANSWER).max(LEAST)).max(1);
        Self {
            limit: FIRST.min(most),
            most,
            slow_start: true,
            full: false,
            since_ms: 0,
            answered: 0,
            lost: 0,
        }
    }

    /// How many may be out.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// What could be sent was; `out` is how many are out now.
    pub(super) fn sent(&mut self, out: usize) {
        self.full = out >= self.limit;
    }

    /// An answer came; `out` is how many were out with it.
    pub(super) fn answered(&mut self, out: usize) {
        self.answered = self.answered.saturating_add(1);
        // a window that is not used up says nothing; one that was too large once grows slowly
        let opens = if self.slow_start {
            self.full
        } else {
            out >= self.limit
        };
        if opens && self.limit < self.most {
            self.limit += 1;
        }
    }

    /// A question to an agent that answers else ran out of time for the first time.
    pub(super) fn lost(&mut self, now_ms: u64) {
        self.lost = self.lost.saturating_add(1);
        if now_ms < self.since_ms + SPAN_MS {
            return;
        }
        // one in fifty
        if self.lost >= NEWS && self.lost.saturating_mul(50) > self.answered {
            self.limit = (self.limit / 2).max(LEAST.min(self.most));
            self.slow_start = false;
        }
        self.since_ms = now_ms;
        self.answered = 0;
        self.lost = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_while_it_is_used_and_never_beyond_what_the_kernel_holds() {
        let mut window = Window::new(4_096, 16 << 20);
        assert_eq!(window.limit(), FIRST);
        // with each round trip there are twice as many
        for doubled in [512, 1_024, 2_048] {
            let out = window.limit();
            window.sent(out);
            (0..out).for_each(|n| window.answered(out - n));
            assert_eq!(window.limit(), doubled);
        }
        window.sent(2_048);
        (0..2_048).for_each(|_| window.answered(2_048));
        assert_eq!(window.limit(), (16 << 20) / ANSWER);
        assert_eq!(Window::new(4_096, 212_992).limit(), 46);
        let mut idle = Window::new(4_096, 64 << 20);
        for _ in 0..1_000 {
            idle.sent(3);
            idle.answered(3);
        }
        assert_eq!(idle.limit(), FIRST);
    }

    #[test]
    fn many_losses_among_the_living_halve_it_once_a_span_and_few_do_not() {
        let mut window = Window::new(4_096, 64 << 20);
        window.sent(FIRST);
        for _ in 0..10_000 {
            window.answered(window.limit());
        }
        assert_eq!(window.limit(), 4_096);
        for _ in 0..5 {
            window.lost(10_000);
        }
        assert_eq!(window.limit(), 4_096, "five of ten thousand");
        for at in 0..300 {
            window.lost(11_000 + at);
        }
        assert_eq!(window.limit(), 4_096, "the span is not over");
        for at in 0..300 {
            window.lost(12_000 + at);
        }
        assert_eq!(window.limit(), 2_048);
        window.answered(2_048);
        assert_eq!(window.limit(), 2_049, "and slowly up again");
        for at in 0..100 {
            for _ in 0..20 {
                window.lost(20_000 + at * 1_000);
            }
        }
        assert_eq!(window.limit(), LEAST);
    }
}
