//! When a frame may be drawn: at once for a person's key, and for what the network does as often as can be read and a link can take.

use std::time::{Duration, Instant};

/// At most thirty frames a second (invariant 7), or one on a bad link.
const FRAME: Duration = Duration::from_millis(33);
const SLOW_FRAME: Duration = Duration::from_secs(1);
/// After a key: what is held down brings no more frames than that.
const KEY: Duration = Duration::from_millis(8);
const SLOW_KEY: Duration = Duration::from_millis(100);
/// Octets a second that what the network does may bring in the long run, and how many at once: a screen that is drawn anew.
const OCTETS: (f64, f64) = (8_000.0, 64_000.0);
const SLOW_OCTETS: (f64, f64) = (150.0, 16_000.0);
/// No frame waits longer for its octets: what is shown as live is no older.
const LONGEST: Duration = Duration::from_secs(1);
const SLOW_LONGEST: Duration = Duration::from_secs(5);

/// The frames of one viewer.
#[derive(Debug)]
pub(super) struct Frames {
    slow: bool,
    /// Octets that may still go; less than none after a large frame.
    left: f64,
    counted: Instant,
    last: Option<Instant>,
}

impl Frames {
    /// None yet; `slow`: for a bad link.
    pub(super) fn new(slow: bool, now: Instant) -> Self {
        let (_, most) = if slow { SLOW_OCTETS } else { OCTETS };
        Self {
            slow,
            left: most,
            counted: now,
            last: None,
        }
    }

    fn refill(&mut self, now: Instant) {
        let (rate, most) = if self.slow { SLOW_OCTETS } else { OCTETS };
        let passed = now.saturating_duration_since(self.counted);
        self.left = (self.left + passed.as_secs_f64() * rate).min(most);
        self.counted = now;
    }

    /// How long until the next may be drawn; `keyed`: a person waits for it.
    pub(super) fn wait(&mut self, now: Instant, keyed: bool) -> Duration {
        let Some(last) = self.last else {
            return Duration::ZERO;
        };
        self.refill(now);
        let passed = now.saturating_duration_since(last);
        let (frame, key, longest, rate) = if self.slow {
            (SLOW_FRAME, SLOW_KEY, SLOW_LONGEST, SLOW_OCTETS.0)
        } else {
            (FRAME, KEY, LONGEST, OCTETS.0)
        };
        if keyed {
            return key.saturating_sub(passed);
        }
        let owed = Duration::from_secs_f64((-self.left).max(0.0) / rate);
        let owed = owed.min(longest.saturating_sub(passed));
        frame.saturating_sub(passed).max(owed)
    }

    /// One was drawn.
    pub(super) fn drawn(&mut self, now: Instant, octets: usize) {
        self.refill(now);
        self.left -= octets as f64;
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws frames of so many octets for so long, as often as may be; how many, and the longest wait.
    fn run(
        frames: &mut Frames,
        start: Instant,
        lasting: Duration,
        octets: usize,
    ) -> (u32, Duration) {
        let (mut now, mut drawn, mut longest) = (start, 0, Duration::ZERO);
        while now < start + lasting {
            let wait = frames.wait(now, false);
            longest = longest.max(wait);
            now += wait;
            assert!(frames.wait(now, false) <= Duration::from_millis(1));
            frames.drawn(now, octets);
            drawn += 1;
        }
        (drawn, longest)
    }

    #[test]
    fn small_frames_come_thirty_a_second_and_a_storm_of_large_ones_keeps_to_the_octets() {
        let start = Instant::now();
        let mut frames = Frames::new(false, start);
        let (drawn, _) = run(&mut frames, start, Duration::from_mins(1), 100);
        assert!((1_700..=1_820).contains(&drawn), "{drawn}");
        let mut frames = Frames::new(false, start);
        let minute = Duration::from_mins(1);
        let (drawn, longest) = run(&mut frames, start, minute, 4_000);
        let rate = f64::from(drawn) * 4_000.0 / 60.0;
        assert!(rate < 10_000.0, "{rate} octets a second");
        assert!(longest <= LONGEST);
        // one large frame does not keep the next from coming
        let mut frames = Frames::new(false, start);
        frames.drawn(start, 60_000);
        assert!(frames.wait(start, false) <= FRAME);
    }

    #[test]
    fn what_is_shown_is_never_older_than_said_however_large_frames_are() {
        let start = Instant::now();
        for (slow, most) in [(false, LONGEST), (true, SLOW_LONGEST)] {
            let mut frames = Frames::new(slow, start);
            let (_, longest) = run(&mut frames, start, Duration::from_mins(10), 1_000_000);
            assert_eq!(longest, most, "slow: {slow}");
        }
    }

    #[test]
    fn a_key_waits_for_no_octets() {
        let start = Instant::now();
        let mut frames = Frames::new(false, start);
        frames.drawn(start, 1_000_000);
        assert_eq!(frames.wait(start + KEY, true), Duration::ZERO);
        assert!(frames.wait(start + KEY, false) > Duration::from_millis(500));
        assert_eq!(frames.wait(start, true), KEY);
        let mut slow = Frames::new(true, start);
        slow.drawn(start, 20_000);
        assert_eq!(slow.wait(start + SLOW_KEY, true), Duration::ZERO);
    }

    #[test]
    fn a_bad_link_gets_a_frame_a_second_at_most() {
        let start = Instant::now();
        let mut frames = Frames::new(true, start);
        let (drawn, _) = run(&mut frames, start, Duration::from_mins(1), 20);
        assert!((59..=62).contains(&drawn), "{drawn}");
    }
}
