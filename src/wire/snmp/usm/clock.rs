//! A manager's notion of an engine's boots and time (RFC 3414, 2.3 and 3.2 step 7).

/// A message may be so many seconds off.
pub const TIME_WINDOW_S: u32 = 150;

/// The greatest boots and time there are: 2^31 - 1. An engine whose boots stand there stays outside of every time window until
/// somebody gives it another engine id or new keys (RFC 3414, 2.2.2 and 3.2 step 7).
pub(super) const LATCH: u32 = i32::MAX as u32;

/// Boots and time of one engine, as last proven by an authenticated message, going on with the local monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineClock {
    boots: u32,
    time: u32,
    at_ms: u64,
    latest: u32,
}

impl EngineClock {
    /// As a message said at `now_ms` of the local monotonic clock. Only of an authenticated message is it proven.
    pub fn new(boots: u32, time: u32, now_ms: u64) -> Self {
        Self {
            boots,
            time,
            at_ms: now_ms,
            latest: time,
        }
    }

    /// What to write into a message now: time goes on between messages.
    pub fn now(&self, now_ms: u64) -> (u32, u32) {
        let passed = now_ms.saturating_sub(self.at_ms) / 1000;
        let time = u64::from(self.time).saturating_add(passed);
        (self.boots, time.min(u64::from(LATCH)) as u32)
    }

    /// `snmpEngineBoots`.
    pub fn boots(&self) -> u32 {
        self.boots
    }

    /// Its boots can rise no more: nothing of it is timely until somebody sets it up anew.
    pub fn is_latched(&self) -> bool {
        self.boots >= LATCH
    }

    /// Is an authenticated message with these timely?
    pub fn is_timely(&self, boots: u32, time: u32, now_ms: u64) -> bool {
        if self.is_latched() || boots >= LATCH || boots < self.boots {
            return false;
        }
        boots > self.boots || time.saturating_add(TIME_WINDOW_S) >= self.now(now_ms).1
    }

    /// Do these, of an authenticated message, say that it started again without raising its boots? Its time is then behind
    /// the one it had, by more than clocks go apart.
    pub fn is_frozen(&self, boots: u32, time: u32, now_ms: u64) -> bool {
        boots == self.boots && time.saturating_add(TIME_WINDOW_S) < self.now(now_ms).1
    }

    /// Takes over what an authenticated message said, forward only; `false` when it was behind.
    pub fn commit(&mut self, boots: u32, time: u32, now_ms: u64) -> bool {
        if boots > self.boots || (boots == self.boots && time > self.latest) {
            *self = Self::new(boots, time, now_ms);
            true
        } else {
            false
        }
    }
}
