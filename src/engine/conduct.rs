//! What agents do wrong without being silent, and polls that miss their time: counted on the device, and named there. What a
//! person must act on becomes an alert in `conditions/conduct.rs`.

use std::time::Duration;

use crate::event::{ObsAgentV1, ObsOverrunV1};
use crate::model::{
    AgentFault, Conduct, DeviceId, OverrunKind, Overruns, PacketKind, Tally, Text, Time,
};

use super::fold::Out;
use super::memory::{Burst, Timer};
use super::state::State;

/// Answers that are not authentic count together as long as they come within this time.
const BURST: Duration = Duration::from_mins(10);
/// So long without another one, and it is over.
pub(super) const QUIET: Duration = Duration::from_mins(15);
/// A kind of poll that was not said to miss its time for so long keeps it: four times the longest interval.
const KEPT: Duration = Duration::from_hours(24);
/// What is said of one poll within this time is said of the same miss: no poll is due so soon again.
const BREATH: Duration = Duration::from_secs(2);
/// Kinds of fault taken from one observation.
const KINDS: usize = 32;

impl State {
    /// An agent misbehaved.
    pub(super) fn agent(&mut self, seen: &ObsAgentV1, out: &mut Out) {
        let at = seen.at.min(out.now);
        let Some(id) = self.agent_at(seen.address) else {
            return;
        };
        let before = self.fault_kinds(id);
        let mut forged = 0u32;
        self.edit(id, |d| {
            let conduct = d.conduct.get_or_insert_default();
            for (fault, n) in seen.faults.iter().take(KINDS).filter(|(_, n)| *n > 0) {
                conduct.faults.entry(*fault).or_default().add(*n, at);
                if *fault == AgentFault::NotAuthentic {
                    forged = forged.saturating_add(*n);
                }
            }
        });
        out.visible = true;
        out.inventory |= self.fault_kinds(id) != before;
        if forged > 0 {
            let burst = self.memory.forged.get(&id).copied().unwrap_or_default();
            let fresh = burst.count == 0 || at.since(burst.last) >= BURST;
            let burst = if fresh {
                Burst {
                    since: at,
                    count: forged,
                    last: at,
                }
            } else {
                Burst {
                    count: burst.count.saturating_add(forged),
                    last: burst.last.max(at),
                    ..burst
                }
            };
            self.memory.forged.insert(id, burst);
            self.arm_conduct(id, burst.last + QUIET);
        }
        out.review.insert(id);
    }

    /// A poll missed its time, or is asked less often for that; or polls keep their time again.
    pub(super) fn overrun(&mut self, seen: &ObsOverrunV1, out: &mut Out) {
        let at = seen.at.min(out.now);
        let Some(id) = self.agent_at(seen.address) else {
            return;
        };
        let job = Text::from(seen.job.word());
        let known = self
            .devices
            .get(&id)
            .and_then(|d| d.conduct.as_ref()?.overruns.get(&job).copied());
        let after = overrun(known, seen.kind, at);
        if after == known {
            return;
        }
        let Some(after) = after else { return };
        self.edit(id, |d| {
            let conduct = d.conduct.get_or_insert_default();
            conduct.overruns.insert(job, after);
        });
        out.visible = true;
        out.inventory |= (known.is_some_and(|o| o.in_a_row > 0)) != (after.in_a_row > 0);
        if after.in_a_row > 0 || after.degraded {
            self.arm_conduct(id, at + KEPT);
        }
        out.review.insert(id);
    }

    /// `snmpEngineBoots` rose: it counts its restarts after all, perhaps since a new firmware.
    pub(super) fn boots_rose(&mut self, id: DeviceId, out: &mut Out) {
        let frozen = self.devices.get(&id).is_some_and(|d| {
            d.conduct
                .as_ref()
                .is_some_and(|c| c.faults.contains_key(&AgentFault::BootsFrozen))
        });
        if frozen {
            self.edit(id, |d| {
                if let Some(conduct) = &mut d.conduct {
                    conduct.faults.remove(&AgentFault::BootsFrozen);
                }
            });
            out.inventory = true;
            out.review.insert(id);
        }
    }

    /// It is time to see whether something of a device's conduct is over.
    pub(super) fn conduct_due(&mut self, id: DeviceId, out: &mut Out) {
        let due = self.memory.conduct_due.get(&id);
        if due.is_none_or(|due| *due > out.now) {
            return;
        }
        self.memory.conduct_due.remove(&id);
        let mut next: Option<Time> = None;
        let mut wait = |until: Time| next = Some(next.map_or(until, |n| n.min(until)));
        if let Some(burst) = self.memory.forged.get(&id).copied() {
            if out.now.since(burst.last) >= QUIET {
                self.memory.forged.remove(&id);
            } else {
                wait(burst.last + QUIET);
            }
        }
        let now = out.now;
        self.edit(id, |d| {
            let overruns = d.conduct.iter_mut().flat_map(|c| c.overruns.values_mut());
            for o in overruns.filter(|o| o.in_a_row > 0 || o.degraded) {
                if now.since(o.missed.last) >= KEPT {
                    keeps_time(o);
                } else {
                    wait(o.missed.last + KEPT);
                }
            }
        });
        out.inventory = true;
        out.review.insert(id);
        if let Some(next) = next {
            self.arm_conduct(id, next);
        }
    }

    /// Nothing is asked of it any more, so nothing can miss its time.
    pub(super) fn no_longer_asked(&mut self, id: DeviceId, out: &mut Out) {
        let late = |c: &Conduct| c.overruns.values().any(|o| o.in_a_row > 0 || o.degraded);
        let over = self.devices.get(&id).is_some_and(|d| {
            !d.touch.policy.allows(PacketKind::Get) && d.conduct.as_deref().is_some_and(late)
        });
        if !over {
            return;
        }
        self.edit(id, |d| {
            let overruns = d.conduct.iter_mut().flat_map(|c| c.overruns.values_mut());
            overruns.for_each(keeps_time);
        });
        out.inventory = true;
    }

    fn arm_conduct(&mut self, id: DeviceId, at: Time) {
        let due = self.memory.conduct_due.get(&id);
        if due.is_none_or(|due| *due > at) {
            self.memory.conduct_due.insert(id, at);
            self.memory.timers.insert((at, Timer::Conduct(id)));
        }
    }

    fn agent_at(&self, address: std::net::IpAddr) -> Option<DeviceId> {
        self.by_address.get(&address.to_canonical()).copied()
    }

    fn fault_kinds(&self, id: DeviceId) -> usize {
        let conduct = |c: &Conduct| c.faults.len();
        self.devices
            .get(&id)
            .and_then(|d| d.conduct.as_deref().map(conduct))
            .unwrap_or(0)
    }
}

fn keeps_time(o: &mut Overruns) {
    o.in_a_row = 0;
    o.degraded = false;
    o.last = OverrunKind::Recovered;
}

/// What is known of one kind of poll after one more word of it; nothing as long as there is nothing to tell.
fn overrun(known: Option<Overruns>, kind: OverrunKind, at: Time) -> Option<Overruns> {
    if known.is_none() && kind == OverrunKind::Recovered {
        return None;
    }
    let mut o = known.unwrap_or(Overruns {
        missed: Tally::default(),
        in_a_row: 0,
        since: at,
        degraded: false,
        last: kind,
    });
    match kind {
        OverrunKind::Skipped | OverrunKind::Cut | OverrunKind::Budget => {
            if o.in_a_row == 0 {
                o.since = at;
            }
            o.in_a_row = o.in_a_row.saturating_add(1);
            o.missed.add(1, at);
            o.last = kind;
        }
        OverrunKind::Degraded => {
            // said in one breath with the miss that led to it; alone, it was late once more
            let alone = o.in_a_row == 0 || at.since(o.missed.last) >= BREATH;
            if alone {
                o = overrun(Some(o), OverrunKind::Cut, at).unwrap_or(o);
            }
            o.degraded = true;
        }
        OverrunKind::Recovered => keeps_time(&mut o),
    }
    Some(o)
}
