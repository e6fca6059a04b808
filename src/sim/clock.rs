//! The time that went by in the simulation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Elapsed time that tests can push on. Clones show the same time.
#[derive(Clone, Debug)]
pub struct SimClock {
    start: Instant,
    ahead_ms: Arc<AtomicU64>,
}

impl Default for SimClock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            ahead_ms: Arc::default(),
        }
    }
}

impl SimClock {
    /// Since the start, with every jump.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed() + Duration::from_millis(self.ahead_ms.load(Ordering::Relaxed))
    }

    /// From now on it is so much later.
    pub fn jump(&self, by: Duration) {
        self.ahead_ms
            .fetch_add(by.as_millis() as u64, Ordering::Relaxed);
    }
}
