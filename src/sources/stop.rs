//! A token to stop what runs on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Cheap to clone; once stopped it stays so.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Not stopped yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whoever holds a clone stops at once.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Is it over?
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
