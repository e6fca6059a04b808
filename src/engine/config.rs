//! Configuration that came into force: segments, declared devices, wards; what is no longer declared stays as seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::event::ConfigAppliedV2;
use crate::model::{
    CredentialKind, DeviceId, DeviceSpec, FactKey, FactSource, PollPlans, SecretRef, Segment,
    SegmentId, Site, Text,
};

use super::fold::Out;
use super::state::State;

impl State {
    pub(super) fn configure(&mut self, config: &ConfigAppliedV2, out: &mut Out) {
        let old = Arc::clone(&self.site);
        let listed: Vec<(DeviceId, Vec<Text>)> = self
            .memory
            .spoken
            .keys()
            .filter_map(|id| Some((*id, self.spec(*id)?.credentials.clone())))
            .collect();
        let site_before =
            std::mem::replace(&mut self.site, Arc::new(without_secrets(&config.site)));
        out.budgets = self.config_hash.is_empty() || site_before.budgets != self.site.budgets;
        self.offer_plans(&config.site.polls, out);
        self.config_hash = if config.hash.is_empty() {
            Text::from("unnamed")
        } else {
            config.hash.clone()
        };
        self.memory.topology = None;
        self.segments_from_site();
        let before: BTreeMap<DeviceId, Text> = self
            .memory
            .spec
            .iter()
            .filter_map(|(id, at)| Some((*id, site_before.devices.get(*at as usize)?.name.clone())))
            .collect();
        self.memory.spec = imbl::OrdMap::new();
        let site = Arc::clone(&self.site);
        let known = self.known_of(&site.devices);
        for ((at, spec), known) in site.devices.iter().enumerate().zip(known) {
            let Some(id) = known.or_else(|| self.undiscovered(out)) else {
                continue;
            };
            self.memory.spec.insert(id, at as u32);
            self.declare(id, spec, out);
        }
        self.reconsider_credentials(&old, &listed);
        for (id, name) in before {
            if self.spec(id).is_none_or(|s| s.name != name) {
                self.end_overrides(id, out);
            }
            if !self.memory.spec.contains_key(&id) {
                self.edit(id, |d| d.declared = false);
                for key in SITE_KEYS {
                    self.forget(id, *key, FactSource::Site, out);
                }
            }
        }
        for id in self.devices.keys().copied().collect::<Vec<_>>() {
            self.place(id, out);
            self.reclass(id, out);
        }
        self.rebuild_summaries();
        out.table = self.new_quirks();
        self.pardon(out);
        out.links = true;
        out.paths = true;
        out.touch = true;
        out.targets = true;
        out.inventory = true;
    }

    fn segments_from_site(&mut self) {
        let site = Arc::clone(&self.site);
        let mut nets = Vec::new();
        self.memory.by_vlan = imbl::OrdMap::new();
        let old = std::mem::take(&mut self.segments);
        for (at, spec) in site.segments.iter().enumerate() {
            let Ok(at) = u16::try_from(at) else {
                self.drop_one("segments beyond 65,536");
                continue;
            };
            let id = SegmentId(at);
            let same = old.get(&id).filter(|s| s.name == spec.name);
            let segment = Segment {
                id,
                name: spec.name.clone(),
                vlan: spec.vlan,
                clinical: spec.clinical,
                out_bps: same.map_or(0, |s| s.out_bps),
                in_bps: same.map_or(0, |s| s.in_bps),
            };
            if same.is_none() {
                // the place in the list now means another segment: its rates are counted anew
                let gone: Vec<_> = self
                    .memory
                    .load
                    .iter()
                    .filter(|(_, (s, _, _))| *s == id)
                    .map(|(k, _)| *k)
                    .collect();
                for key in gone {
                    self.memory.load.remove(&key);
                }
            }
            if spec.vlan != 0 {
                self.memory.by_vlan.entry(spec.vlan).or_insert(id);
            }
            nets.extend(spec.nets.iter().map(|n| (n.trunc(), id)));
            self.segments.insert(id, Arc::new(segment));
        }
        let known = self.segments.len();
        self.memory.load = self
            .memory
            .load
            .iter()
            .filter(|(_, (s, _, _))| usize::from(s.0) < known)
            .map(|(k, v)| (*k, *v))
            .collect();
        nets.sort_by(|(a, _), (b, _)| b.prefix_len().cmp(&a.prefix_len()).then(a.cmp(b)));
        self.memory.nets = Arc::new(nets);
    }

    /// The devices that declarations mean: those that bear the name, else those that have the MAC, else those that have the
    /// address. Names of all before MACs of any: no declaration takes a device that another one names.
    fn known_of(&self, specs: &[DeviceSpec]) -> Vec<Option<DeviceId>> {
        let by_name = |spec: &DeviceSpec| {
            let folded = Text::from(spec.name.as_str().to_lowercase());
            self.memory.by_name.get(&folded).copied()
        };
        let mut known = vec![None; specs.len()];
        let mut taken = BTreeSet::new();
        for pass in 0..3 {
            for (spec, known) in specs.iter().zip(&mut known) {
                if known.is_some() {
                    continue;
                }
                let free = |id: &DeviceId| !taken.contains(id);
                *known = match pass {
                    0 => by_name(spec).filter(free),
                    1 => spec
                        .macs
                        .iter()
                        .find_map(|m| self.by_mac.get(m).copied().filter(free)),
                    _ => spec.addresses.iter().find_map(|a| {
                        let at = self.by_address.get(&a.to_canonical()).copied();
                        at.filter(|id| free(id) && self.could_be(*id, spec))
                    }),
                };
                taken.extend(*known);
            }
        }
        known
    }

    /// Found at an address that is declared: one with other MACs than are declared is somebody else, as it is when it is
    /// seen later.
    fn could_be(&self, id: DeviceId, spec: &DeviceSpec) -> bool {
        let d = self.devices.get(&id);
        spec.macs.is_empty() || d.is_some_and(|d| d.macs.is_empty())
    }

    /// A device that is declared and was never seen.
    fn undiscovered(&mut self, out: &mut Out) -> Option<DeviceId> {
        let id = self.make(out.now, out)?;
        // declared is not seen
        self.edit(id, |d| d.first_seen = crate::model::Time::default());
        Some(id)
    }

    fn declare(&mut self, id: DeviceId, spec: &DeviceSpec, out: &mut Out) {
        let now = out.now;
        self.edit(id, |d| d.declared = true);
        // its name first: it was never called by its address
        self.learn(id, FactKey::Name, &spec.name, FactSource::Site, now, out);
        for mac in &spec.macs {
            self.bind_mac(*mac, id, out);
        }
        for address in &spec.addresses {
            self.move_address(address.to_canonical(), id, now, out);
        }
        let first = spec.addresses.first().map(std::net::IpAddr::to_canonical);
        if first.is_some() {
            self.edit(id, |d| d.address = first);
        }
        let class = Text::from(spec.class.word());
        for (key, value) in [
            (FactKey::Name, &spec.name),
            (FactKey::Vendor, &spec.vendor),
            (FactKey::Model, &spec.model),
            (FactKey::Firmware, &spec.firmware),
            (FactKey::Serial, &spec.serial),
            (FactKey::Ward, &spec.ward),
            (FactKey::Room, &spec.room),
            (FactKey::Owner, &spec.owner),
            (FactKey::Tag, &spec.tag),
        ] {
            if value.is_empty() {
                self.forget(id, key, FactSource::Site, out);
            } else {
                self.learn(id, key, value, FactSource::Site, now, out);
            }
        }
        if spec.class == crate::model::DeviceClass::Unknown {
            // what the site said before no longer holds, and what it allowed neither
            self.forget(id, FactKey::Class, FactSource::Site, out);
        } else {
            self.learn(id, FactKey::Class, &class, FactSource::Site, now, out);
        }
    }
}

const SITE_KEYS: &[FactKey] = &[
    FactKey::Name,
    FactKey::Class,
    FactKey::Vendor,
    FactKey::Model,
    FactKey::Firmware,
    FactKey::Serial,
    FactKey::Ward,
    FactKey::Room,
    FactKey::Owner,
    FactKey::Tag,
];

/// A community given in plain on the command line is not the engine's to hold (invariant 11), and can't be serialised.
fn without_secrets(site: &Site) -> Site {
    // the plans stand in the state by themselves
    let mut site = Site {
        polls: PollPlans::default(),
        ..site.clone()
    };
    let hide = |secret: &mut SecretRef| {
        if matches!(secret, SecretRef::Plain(_)) {
            *secret = SecretRef::Env(String::new());
        }
    };
    for credential in &mut site.credentials {
        match &mut credential.how {
            CredentialKind::V1 { community } | CredentialKind::V2c { community } => hide(community),
            CredentialKind::V3 { auth, privacy, .. } => {
                if let Some((_, secret)) = auth {
                    hide(secret);
                }
                if let Some((_, secret)) = privacy {
                    hide(secret);
                }
            }
        }
    }
    site
}
