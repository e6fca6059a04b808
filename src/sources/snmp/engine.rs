//! What is known of an agent's v3 engine (RFC 3414, 2.3): its id, its clock, and to which credential it answered. Keys belong to
//! the engine's id, the clock to the agent's address: two agents with one id (a configuration that was copied) have a clock each.

use std::sync::Arc;

use super::login::Ready;
use crate::wire::snmp::V3Header;
use crate::wire::snmp::usm::{EngineClock, LocalKeys};

/// An engine as one agent has it.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    pub(super) id: Vec<u8>,
    /// Believed only where `proven`; before, a hint out of an unauthenticated Report.
    pub(super) clock: EngineClock,
    /// An authenticated message carried this clock.
    pub(super) proven: bool,
    /// The credential that was answered last, with its keys here.
    answered: Option<(Arc<Ready>, Option<Arc<LocalKeys>>)>,
    /// It started again and its boots did not rise; not told yet.
    frozen: bool,
    /// `sysUpTime` as last heard, hundredths of a second, and when by the driver's clock.
    up: Option<(u32, u64)>,
}

/// An uptime that fell by less is a clock that was set right, hundredths of a second.
const SLACK: u64 = 6_000;

impl Engine {
    /// As a Report names it that nobody signed.
    pub(super) fn named(header: &V3Header<'_>, now_ms: u64) -> Self {
        Self {
            id: header.engine_id.to_vec(),
            clock: EngineClock::new(header.boots, header.time, now_ms),
            proven: false,
            answered: None,
            frozen: false,
            up: None,
        }
    }

    /// As an authentic Report says that its clock is, whatever was thought of it before.
    pub(super) fn set_right(header: &V3Header<'_>, was: Option<Self>, now_ms: u64) -> Self {
        let was = was.filter(|w| w.id == header.engine_id);
        let frozen = was.as_ref().is_some_and(|w| {
            let behind = w.clock.is_frozen(header.boots, header.time, now_ms);
            w.frozen || (w.proven && (behind || header.boots < w.clock.boots()))
        });
        Self {
            proven: true,
            answered: was.and_then(|w| w.answered),
            frozen,
            ..Self::named(header, now_ms)
        }
    }

    /// `snmpEngineBoots`, where an authenticated message said it.
    pub(super) fn boots(&self) -> Option<u32> {
        self.proven.then(|| self.clock.boots())
    }

    /// Did it answer to this credential last?
    pub(super) fn knows(&self, login: &Arc<Ready>) -> bool {
        self.answered
            .as_ref()
            .is_some_and(|(ready, _)| Arc::ptr_eq(ready, login))
    }

    /// The keys of a credential here.
    pub(super) fn keys(&self, login: &Arc<Ready>) -> Option<Arc<LocalKeys>> {
        match &self.answered {
            Some((ready, keys)) if Arc::ptr_eq(ready, login) => keys.clone(),
            _ => login.keys(&self.id),
        }
    }

    /// It answered to this credential.
    pub(super) fn answers_to(&mut self, login: &Arc<Ready>) {
        if !self.knows(login) {
            self.answered = Some((Arc::clone(login), login.keys(&self.id)));
        }
    }

    /// Takes over the clock of an authentic answer; `false` when that is outside of the time window.
    pub(super) fn keep_time(&mut self, header: &V3Header<'_>, now_ms: u64) -> bool {
        if !self.proven {
            self.clock = EngineClock::new(header.boots, header.time, now_ms);
            self.proven = true;
            return !self.clock.is_latched();
        }
        let timely = self.clock.is_timely(header.boots, header.time, now_ms);
        if timely {
            if header.boots > self.clock.boots() {
                self.up = None;
            }
            self.clock.commit(header.boots, header.time, now_ms);
        }
        timely
    }

    /// It has been up for so long. Where that fell although its boots did not rise, it started again within the time window.
    pub(super) fn saw_uptime(&mut self, uptime: u32, now_ms: u64) {
        if let Some((was, at_ms)) = self.up.filter(|_| self.proven) {
            let expected = u64::from(was) + now_ms.saturating_sub(at_ms) / 10;
            // near 2^32 it wraps, which is no start (497 days)
            let wraps = expected + SLACK > u64::from(u32::MAX);
            self.frozen |= uptime < was && u64::from(uptime) + SLACK < expected && !wraps;
        }
        self.up = Some((uptime, now_ms));
    }

    /// Did it start again without raising its boots, since this was asked last?
    pub(super) fn take_frozen(&mut self) -> bool {
        std::mem::take(&mut self.frozen)
    }
}
