//! What a device seems to be by what it says of itself: the rules of identification, tried when that is new.

use std::borrow::Cow;

use crate::identify::{Answers, shipped};
use crate::model::{Device, DeviceId, FactKey, FactSource, Text, Time};

use super::fold::Out;
use super::state::State;

/// `sysDescr.0` and `sysObjectID.0` (RFC 3418).
const SYS_DESCR: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 1, 0];
const SYS_OBJECT_ID: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 2, 0];

/// What the facts of a device hold of its answers.
struct Said<'a>(&'a Device);

impl Answers for Said<'_> {
    fn text(&self, oid: &[u32]) -> Option<Cow<'_, str>> {
        let key = match oid {
            SYS_DESCR => FactKey::SysDescr,
            SYS_OBJECT_ID => FactKey::SysObjectId,
            _ => return None,
        };
        // what a neighbour says of it is not what it says
        let fact = self
            .0
            .facts
            .get(&key)
            .filter(|f| f.source == FactSource::Snmp)?;
        Some(fact.value.as_str().into())
    }

    fn rows<'a>(
        &'a self,
        _column: &[u32],
    ) -> Box<dyn Iterator<Item = (&'a [u32], Cow<'a, str>)> + 'a> {
        Box::new(std::iter::empty())
    }

    fn has(&self, oid: &[u32]) -> bool {
        [SYS_DESCR, SYS_OBJECT_ID]
            .iter()
            .any(|known| known.starts_with(oid))
            && self.text(oid).is_some()
    }
}

impl State {
    /// Learns what the rules make of what it says now, and forgets what they made of what it said before.
    pub(super) fn identified(&mut self, id: DeviceId, at: Time, out: &mut Out) {
        // rules with a mistake are found by the tests
        let (Ok(rules), Some(device)) = (shipped(), self.devices.get(&id)) else {
            return;
        };
        let is = rules.identify(&Said(device));
        let class = is.class.map(|class| Text::from(class.word()));
        for (key, value) in [
            (FactKey::Vendor, is.vendor),
            (FactKey::Os, is.os),
            (FactKey::Model, is.model),
            (FactKey::Firmware, is.version),
            (FactKey::Class, class),
        ] {
            match value.filter(|value| !self.says_so_already(id, key, value)) {
                Some(value) => self.learn(id, key, &value, FactSource::Rule, at, out),
                None => self.forget(id, key, FactSource::Rule, out),
            }
        }
    }

    /// Somebody who is believed more says the same in other words: `Cisco Systems, Inc.` is no conflict with `Cisco`.
    fn says_so_already(&self, id: DeviceId, key: FactKey, value: &Text) -> bool {
        let fact = self.devices.get(&id).and_then(|d| d.facts.get(&key));
        let Some(fact) = fact.filter(|f| f.source > FactSource::Rule) else {
            return false;
        };
        let (known, new) = (
            fact.value.as_str().to_lowercase(),
            value.as_str().to_lowercase(),
        );
        known.contains(&new) || new.contains(&known)
    }
}
