//! What people say of a touch policy, for a time: one may lift `passive`, `never` takes two (invariant 3).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{LedgerRow, ObsLedgerGapV1};
use crate::model::{DeviceId, Text, Time, TouchOverride, TouchPolicy};

use super::alerts::escaped;
use super::fold::Out;
use super::memory::Timer;
use super::state::State;

/// The longest that anybody's word on a policy stands.
const OVERRIDE: Duration = Duration::from_hours(24);
/// How many gaps of the ledger are kept at hand.
pub const GAPS: usize = 64;
/// Of how many addresses it is kept what was refused.
const REFUSALS: usize = 10_000;

impl TouchOverride {
    /// As a reason for a policy.
    pub(super) fn because(&self) -> Text {
        let mut line = format!("override by {}", self.by.as_str());
        if !self.approved.is_empty() {
            line.push_str(", approved by ");
            line.push_str(self.approved.as_str());
        }
        escaped(line)
    }
}

/// The person behind a name: `ana (sudo root)` is ana.
fn person(name: &Text) -> &str {
    let name = name.as_str();
    name.split_once(" (sudo ")
        .map_or(name, |(person, _)| person)
}

impl State {
    /// The override that holds for a device whose policy would else be `base`: `never` is lifted by two people only.
    pub(super) fn override_of(
        &self,
        id: DeviceId,
        base: TouchPolicy,
    ) -> Option<&Arc<TouchOverride>> {
        self.memory
            .overrides
            .get(&id)
            .filter(|o| base != TouchPolicy::Never || !o.approved.is_empty())
    }

    /// One person's word on a policy: with a reason, for a day at the most. Against `never` it is asked for only, and waits
    /// for another person. What is no more than the device's own policy takes back what was said before.
    pub(super) fn override_touch(
        &mut self,
        by: &Text,
        id: DeviceId,
        (policy, until): (TouchPolicy, Time),
        reason: &Text,
        out: &mut Out,
    ) {
        let until = until.min(out.now + OVERRIDE);
        if !self.devices.contains_key(&id) || until <= out.now {
            return;
        }
        if reason.as_str().trim().is_empty() {
            self.say_touch(id, by, "no reason was given", policy, out);
            return;
        }
        let (base, _) = self.base_policy(id);
        let over = Arc::new(TouchOverride {
            policy,
            by: by.clone(),
            approved: Text::empty(),
            reason: reason.clone(),
            since: out.now,
            until,
        });
        let before = self.policy_word(id);
        let after = if policy == base {
            self.memory.overrides.remove(&id);
            self.memory.asked.remove(&id);
            format!("{policy} as it is by itself: {}", reason.as_str())
        } else if base == TouchPolicy::Never {
            self.memory.asked.insert(id, over);
            self.memory.timers.insert((until, Timer::Asked(id)));
            format!(
                "{policy} until {until} asked for, waits for a second person: {}",
                reason.as_str()
            )
        } else {
            self.memory.overrides.insert(id, over);
            self.memory.timers.insert((until, Timer::Override(id)));
            format!("{policy} until {until}: {}", reason.as_str())
        };
        let what = escaped(format!("touch policy by {}", by.as_str()));
        self.note(id, what, before, escaped(after), out);
        self.retouch(id, out);
    }

    /// The second person's yes: to exactly what was asked for, by somebody else, within its time.
    pub(super) fn approve_touch(
        &mut self,
        by: &Text,
        id: DeviceId,
        policy: TouchPolicy,
        out: &mut Out,
    ) {
        if !self.devices.contains_key(&id) {
            return;
        }
        let asked = self
            .memory
            .asked
            .get(&id)
            .filter(|a| a.until > out.now && a.policy == policy)
            .cloned();
        let Some(asked) = asked else {
            self.say_touch(id, by, "nobody asked for it", policy, out);
            return;
        };
        if person(&asked.by) == person(by) {
            let why = "who asked for it can't approve it; that takes another person";
            self.say_touch(id, by, why, policy, out);
            return;
        }
        self.memory.asked.remove(&id);
        let before = self.policy_word(id);
        let after = format!(
            "{policy} until {}, asked for by {}, approved: {}",
            asked.until,
            asked.by.as_str(),
            asked.reason.as_str()
        );
        self.memory
            .timers
            .insert((asked.until, Timer::Override(id)));
        let over = TouchOverride {
            approved: by.clone(),
            ..TouchOverride::clone(&asked)
        };
        self.memory.overrides.insert(id, Arc::new(over));
        let what = escaped(format!("touch policy by {}", by.as_str()));
        self.note(id, what, before, escaped(after), out);
        self.retouch(id, out);
    }

    /// An override's time may be up.
    pub(super) fn override_over(&mut self, id: DeviceId, out: &mut Out) {
        let over = self.memory.overrides.get(&id);
        let Some(over) = over.filter(|o| o.until <= out.now).cloned() else {
            return;
        };
        self.memory.overrides.remove(&id);
        let before = self.policy_word(id);
        self.retouch(id, out);
        let after = format!(
            "{}: the time of the override by {} is up",
            self.policy_word(id).as_str(),
            over.by.as_str()
        );
        self.note(id, "touch policy", before, escaped(after), out);
    }

    /// The time of what was asked for may be up.
    pub(super) fn asked_over(&mut self, id: DeviceId, out: &mut Out) {
        let asked = self.memory.asked.get(&id);
        let Some(asked) = asked.filter(|o| o.until <= out.now).cloned() else {
            return;
        };
        self.memory.asked.remove(&id);
        let before = self.policy_word(id);
        let after = format!(
            "{} asked for by {} was approved by nobody in time",
            asked.policy,
            asked.by.as_str()
        );
        self.note(id, "touch policy", before, escaped(after), out);
        self.retouch(id, out);
    }

    /// The site no longer names the device, or by another name: what was said was said of the one before.
    pub(super) fn end_overrides(&mut self, id: DeviceId, out: &mut Out) {
        self.memory.asked.remove(&id);
        if self.memory.overrides.remove(&id).is_some() {
            let before = self.policy_word(id);
            let after = Text::from("no override: the site no longer calls it so");
            self.note(id, "touch policy", before, after, out);
        }
    }

    fn say_touch(
        &mut self,
        id: DeviceId,
        by: &Text,
        why: &str,
        policy: TouchPolicy,
        out: &mut Out,
    ) {
        let what = escaped(format!("touch policy by {}", by.as_str()));
        let before = self.policy_word(id);
        let after = escaped(format!("{policy} refused: {why}"));
        self.note(id, what, before, after, out);
    }

    fn policy_word(&self, id: DeviceId) -> Text {
        self.devices
            .get(&id)
            .map_or_else(Text::empty, |d| Text::from(d.touch.policy.word()))
    }

    /// The ledger may miss packets of this time.
    pub(super) fn ledger_gap(&mut self, gap: &ObsLedgerGapV1, out: &mut Out) {
        self.memory.ledger_at = out.now;
        self.ledger_gaps.push_front(*gap);
        if self.ledger_gaps.len() > GAPS {
            self.ledger_gaps.pop_back();
            self.drop_one("gaps of the ledger beyond 64");
        }
        out.visible = true;
    }

    /// Somebody wanted to send what must not be sent.
    pub(super) fn refused(&mut self, rows: &[LedgerRow]) {
        for row in rows {
            let address = row.address.to_canonical();
            if self.refusals.len() >= REFUSALS && !self.refusals.contains_key(&address) {
                self.drop_one("addresses with refused packets beyond 10,000");
                continue;
            }
            let sum = self.refusals.entry(address).or_insert((0, row.last));
            sum.0 = sum.0.saturating_add(u64::from(row.count));
            sum.1 = sum.1.max(row.last);
        }
    }

    /// When the ledger was written last; zero before the first time.
    pub fn ledger_written(&self) -> Time {
        self.memory.ledger_at
    }

    /// Are packets to this address kept one by one, never summed? Where less than SNMP may be sent, or more for a time only.
    pub fn is_kept_singly(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let strict = self
            .memory
            .touch
            .as_ref()
            .is_none_or(|t| t.policy(address) < TouchPolicy::Get);
        let bound = self.memory.bindings.get(&address);
        strict
            || self
                .by_address
                .get(&address)
                .copied()
                .into_iter()
                .chain(bound.into_iter().flatten().map(|b| b.device))
                .any(|id| self.memory.overrides.contains_key(&id))
    }
}
