//! How an agent misbehaves when asked to.

use std::time::Duration;

use super::Objects;
use crate::sim::chance::hash;
use crate::wire::snmp::{Oid, Pdu, PduKind, Value, VarBind};

/// `sysUpTime.0` (RFC 3418).
const SYS_UP_TIME: [u32; 9] = [1, 3, 6, 1, 2, 1, 1, 3, 0];

/// `snmpEngineTime.0` (RFC 3411, 5).
const ENGINE_TIME: [u32; 11] = [1, 3, 6, 1, 6, 3, 10, 2, 1, 3, 0];

/// Faults of one agent; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Never answers.
    pub silent: bool,
    /// So many of a thousand requests are lost.
    pub loss_permille: u16,
    /// Every answer comes so late.
    pub delay: Duration,
    /// Sends every answer twice.
    pub duplicate: bool,
    /// Answers from an address that was not asked.
    pub wrong_source: bool,
    /// Answers with another request id.
    pub wrong_id: bool,
    /// Behind the last row of a column comes its first again.
    pub looping: bool,
    /// A column goes on for ever behind its last row.
    pub endless: bool,
    /// Says `tooBig` where a response would have more bindings than this.
    pub too_big: Option<usize>,
    /// A GETBULK gives so many bindings at the most, in the midst of a row if need be.
    pub truncated: Option<usize>,
    /// Restarts whenever so much time went by, and its `snmpEngineBoots` never rises.
    pub boots_frozen: Option<Duration>,
    /// `sysUpTime` wraps at this moment (2^32 hundredths of a second are 497 days).
    pub uptime_wraps: Option<Duration>,
}

impl Faults {
    /// Is the request, the so-and-so-many-th to the agent of this `key`, lost?
    pub(in crate::sim) fn loses(&self, key: u64, asked: u64) -> bool {
        self.silent || hash(0x1055 ^ key, &[asked]) % 1_000 < u64::from(self.loss_permille)
    }

    /// Is what it says as if there were no fault? It may still come late, twice, from elsewhere or not at all.
    pub(in crate::sim) fn spare_the_content(&self) -> bool {
        !self.wrong_id
            && !self.looping
            && !self.endless
            && self.too_big.is_none()
            && self.truncated.is_none()
            && self.boots_frozen.is_none()
            && self.uptime_wraps.is_none()
    }

    /// `snmpEngineBoots` and `snmpEngineTime` as this agent has them.
    pub(in crate::sim) fn engine(&self, (boots, time): (u32, u32), at: Duration) -> (u32, u32) {
        match self.boots_frozen {
            Some(every) => (boots, since_restart(every, at).as_secs() as u32),
            None => (boots, time),
        }
    }

    /// The first name after `asked`.
    pub(super) fn next(
        &self,
        objects: &impl Objects,
        asked: &Oid,
        at: Duration,
    ) -> Option<VarBind> {
        let found = objects.next(asked, at);
        if !(self.endless || self.looping) || !objects.knows_object(asked) {
            return found;
        }
        let (last, column) = asked.arcs().split_last()?;
        let goes_on = found.as_ref().is_some_and(|f| {
            let name = f.oid.arcs();
            f.oid.is_under(asked) || name.len() == asked.arcs().len() && name.starts_with(column)
        });
        if goes_on {
            return found;
        }
        if self.looping {
            return objects.next(&Oid::new(column), at);
        }
        let mut arcs = column.to_vec();
        arcs.push(last.checked_add(1)?);
        Some(VarBind {
            oid: Oid::new(arcs),
            value: Value::Integer(1),
        })
    }

    /// A response without a fault in it, made wrong.
    pub(super) fn spoil(&self, request: PduKind, mut response: Pdu, at: Duration) -> Pdu {
        if self.wrong_id {
            response.request_id ^= 0x0055_5555;
        }
        if let (PduKind::GetBulk, Some(most)) = (request, self.truncated) {
            response.varbinds.truncate(most.max(1));
        }
        let ticks = self.uptime(at);
        for varbind in &mut response.varbinds {
            match (varbind.oid.arcs(), ticks, self.boots_frozen) {
                (name, Some(ticks), _) if name == SYS_UP_TIME => {
                    varbind.value = Value::TimeTicks(ticks);
                }
                (name, _, Some(every)) if name == ENGINE_TIME => {
                    let seconds = since_restart(every, at).as_secs();
                    varbind.value = Value::Integer(seconds as i64);
                }
                _ => {}
            }
        }
        response
    }

    /// `sysUpTime` where a fault has it.
    fn uptime(&self, at: Duration) -> Option<u32> {
        let hundredths = |d: Duration| (d.as_millis() / 10) as u32;
        if let Some(every) = self.boots_frozen {
            return Some(hundredths(since_restart(every, at)));
        }
        self.uptime_wraps
            .map(|moment| hundredths(at).wrapping_sub(hundredths(moment)))
    }
}

fn since_restart(every: Duration, at: Duration) -> Duration {
    let every = every.as_millis().max(1);
    Duration::from_millis((at.as_millis() % every) as u64)
}
