//! How an agent misbehaves without being silent: counted, and told once a minute at the most.

use std::collections::BTreeMap;

use crate::event::AgentFault;

/// Between two tellings.
const EVERY_MS: u64 = 60_000;

/// What is counted of one agent, and not told yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    counts: BTreeMap<AgentFault, u32>,
    told_ms: Option<u64>,
    /// Those that are allowed and were named: a bit for each.
    named: u32,
}

impl Faults {
    /// Another one.
    pub(super) fn add(&mut self, fault: AgentFault) {
        let n = self.counts.entry(fault).or_insert(0);
        *n = n.saturating_add(1);
    }

    /// One that the site allows: it is named once, and not for ever.
    pub(super) fn add_once(&mut self, fault: AgentFault) {
        let bit = 1 << fault as u32;
        if self.named & bit == 0 {
            self.named |= bit;
            self.add(fault);
        }
    }

    /// When it is to be told.
    pub(super) fn due_ms(&self) -> u64 {
        if self.counts.is_empty() {
            return u64::MAX;
        }
        self.told_ms.map_or(0, |told| told + EVERY_MS)
    }

    /// What is not told yet.
    pub(super) fn untold(&self) -> &BTreeMap<AgentFault, u32> {
        &self.counts
    }

    /// What is to be told now.
    pub(super) fn take(&mut self, now_ms: u64) -> Vec<(AgentFault, u32)> {
        if self.due_ms() > now_ms {
            return Vec::new();
        }
        self.told_ms = Some(now_ms);
        std::mem::take(&mut self.counts).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_then_a_minute_is_gathered() {
        let mut faults = Faults::default();
        assert_eq!((faults.due_ms(), faults.take(5)), (u64::MAX, vec![]));
        faults.add(AgentFault::Late);
        assert_eq!(faults.take(5), [(AgentFault::Late, 1)]);
        faults.add(AgentFault::Loop);
        faults.add(AgentFault::Late);
        faults.add(AgentFault::Late);
        assert_eq!((faults.due_ms(), faults.take(60_004)), (60_005, vec![]));
        assert_eq!(
            faults.take(60_005),
            [(AgentFault::Late, 2), (AgentFault::Loop, 1)]
        );
        assert_eq!(faults.due_ms(), u64::MAX);
    }

    #[test]
    fn what_is_allowed_is_named_once() {
        let mut faults = Faults::default();
        for at in [0, 60_000, 120_000] {
            faults.add_once(AgentFault::WrongSource);
            faults.add_once(AgentFault::WrongSource);
            let named = if at == 0 {
                vec![(AgentFault::WrongSource, 1)]
            } else {
                vec![]
            };
            assert_eq!(faults.take(at), named);
        }
    }
}
