//! With which credentials a device is asked, in which order, and what worked.
//!
//! The strongest come first, but what worked comes before all others, so that a device is not asked with what it does not know
//! at each start. A device that ever answered SNMPv3 is asked with no community any more (whoever keeps its answers from us could
//! otherwise have our community told to him), unless the site allows it or lists no SNMPv3 for it.

use serde::{Deserialize, Serialize};

use super::fold::Out;
use super::state::State;
use crate::model::{ClassSpec, Credential, DeviceId, DeviceSpec, Site, Text};

/// How a device was spoken to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spoken {
    /// The credential it answered to last; none where the credentials changed since.
    pub credential: Option<Text>,
    /// It answered SNMPv3 at least once.
    pub v3: bool,
}

impl State {
    /// The name of the credential that a device answered to last.
    pub fn credential_of(&self, id: DeviceId) -> Option<&Text> {
        self.memory.spoken.get(&id)?.credential.as_ref()
    }

    /// The names of the credentials that a device is asked with, in this order.
    pub fn credentials_of(&self, id: DeviceId) -> Vec<Text> {
        self.credentials_for(id).0
    }

    /// May a device be asked with a community although it speaks SNMPv3?
    pub fn v2c_fallback(&self, id: DeviceId) -> bool {
        self.may_fall_back(id, &self.site)
    }

    /// The names of the credentials to try, in this order, and whether a community may be tried after SNMPv3 was refused.
    pub(super) fn credentials_for(&self, id: DeviceId) -> (Vec<Text>, bool) {
        let site = &*self.site;
        let fallback = self.may_fall_back(id, site);
        let spoken = self.memory.spoken.get(&id);
        let mut list = listed(self.spec(id).map(|s| &s.credentials), site);
        if !fallback && spoken.is_some_and(|s| s.v3) && list.iter().any(|c| c.how.is_v3()) {
            list.retain(|c| c.how.is_v3());
        }
        if let Some(worked) = spoken.and_then(|s| s.credential.as_ref())
            && let Some(at) = list.iter().position(|c| c.name == *worked)
        {
            let first = list.remove(at);
            list.insert(0, first);
        }
        (list.into_iter().map(|c| c.name.clone()).collect(), fallback)
    }

    fn may_fall_back(&self, id: DeviceId, site: &Site) -> bool {
        self.said_of(id, |d| d.v2c_fallback, |c| c.v2c_fallback)
            .unwrap_or(site.v2c_fallback)
    }

    /// What the site says of a device, or else of its class.
    pub(super) fn said_of<T>(
        &self,
        id: DeviceId,
        device: impl Fn(&DeviceSpec) -> Option<T>,
        class: impl Fn(&ClassSpec) -> Option<T>,
    ) -> Option<T> {
        self.spec(id).and_then(device).or_else(|| {
            let of = self.devices.get(&id)?.class;
            let said = self.site.classes.iter().find(|c| c.class == of)?;
            class(said)
        })
    }

    /// It answered to this credential.
    pub(super) fn answered_to(&mut self, id: DeviceId, credential: &Text, out: &mut Out) {
        let known = self.memory.spoken.get(&id);
        if credential.is_empty() || known.is_some_and(|s| s.credential.as_ref() == Some(credential))
        {
            return;
        }
        let site = &self.site;
        let Some(v3) = site
            .credentials
            .iter()
            .find(|c| c.name == *credential)
            .map(|c| c.how.is_v3())
        else {
            return;
        };
        let v3 = v3 || known.is_some_and(|s| s.v3);
        let before = self.credentials_for(id);
        self.memory.spoken.insert(
            id,
            Spoken {
                credential: Some(credential.clone()),
                v3,
            },
        );
        if self.credentials_for(id) != before {
            self.targets_soon(out);
        }
    }

    /// Another configuration is in force than `before`: where the credentials of a device are others, the strongest are tried
    /// again. That it once spoke SNMPv3 stays true.
    pub(super) fn reconsider_credentials(&mut self, before: &Site, was: &[(DeviceId, Vec<Text>)]) {
        let all_changed = before.credentials != self.site.credentials;
        let spec_changed: Vec<DeviceId> = was
            .iter()
            .filter(|(id, listed)| self.spec(*id).map(|s| &s.credentials) != Some(listed))
            .map(|(id, _)| *id)
            .collect();
        let changed: Vec<DeviceId> = if all_changed {
            self.memory.spoken.keys().copied().collect()
        } else {
            spec_changed
        };
        for id in changed {
            if let Some(spoken) = self.memory.spoken.get_mut(&id) {
                spoken.credential = None;
            }
        }
    }
}

/// Those of a device, or all of the site where it names none; the strongest first, of equals in the order they were written.
fn listed<'s>(own: Option<&Vec<Text>>, site: &'s Site) -> Vec<&'s Credential> {
    let mut list: Vec<&Credential> = match own.filter(|names| !names.is_empty()) {
        Some(names) => names
            .iter()
            .filter_map(|name| site.credentials.iter().find(|c| c.name == *name))
            .collect(),
        None => site.credentials.iter().collect(),
    };
    list.sort_by_key(|c| std::cmp::Reverse(c.how.strength()));
    list
}
