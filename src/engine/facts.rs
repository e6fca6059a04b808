//! Beliefs about a device: which source is believed, what disagrees, and what it is called.

use crate::model::{DeviceClass, DeviceId, Fact, FactKey, FactSource, Text, Time};

use super::fold::Out;
use super::state::State;

/// How many disagreeing values a device keeps.
const CONFLICTS: usize = 16;

impl State {
    /// Takes a belief in. The source that stands higher is believed; the other value stays beside it as a conflict.
    pub(super) fn learn(
        &mut self,
        id: DeviceId,
        key: FactKey,
        value: &Text,
        source: FactSource,
        at: Time,
        out: &mut Out,
    ) {
        if value.is_empty() {
            return;
        }
        let fact = Fact {
            value: value.clone(),
            first: at.secs32(),
            last: at.secs32(),
            key,
            source,
            confidence: confidence(source),
        };
        let Some(device) = self.devices.get(&id) else {
            return;
        };
        // who made the network interface says little of the device: a hint where nothing else is known, no conflict
        if source == FactSource::Oui
            && device
                .facts
                .get(&key)
                .is_some_and(|old| old.source != source)
        {
            return;
        }
        let mut changed = None;
        match device.facts.get(&key) {
            Some(old) if same(key, &old.value, value) && old.source >= source => {
                if old.last >= fact.last {
                    return;
                }
                self.edit(id, |d| {
                    if let Some(f) = d.facts.get_mut(&key)
                        && f.source == source
                    {
                        f.last = fact.last;
                    }
                    d.conflicts.retain(|c| c.key != key || c.source != source);
                });
                return;
            }
            Some(old) if old.source > source => {
                self.edit(id, |d| {
                    let kept = d
                        .conflicts
                        .make_mut()
                        .iter_mut()
                        .find(|c| c.key == key && c.source == source);
                    match kept {
                        Some(c) if c.value == fact.value => c.last = fact.last,
                        Some(c) => *c = fact,
                        None => {
                            if d.conflicts.len() >= CONFLICTS {
                                d.conflicts.remove(0);
                            }
                            d.conflicts.push(fact);
                        }
                    }
                });
            }
            Some(old) => {
                let old = old.clone();
                let agrees = same(key, &old.value, value);
                if old.source == source {
                    changed = Some(old.value.clone());
                }
                self.edit(id, |d| {
                    d.conflicts.retain(|c| c.key != key || c.source != source);
                    if old.source != source && !agrees && old.source != FactSource::Oui {
                        d.conflicts.push(old);
                    }
                    d.facts.insert(fact);
                });
            }
            None => {
                self.edit(id, |d| d.facts.insert(fact));
            }
        }
        out.inventory = true;
        let another = changed.is_some();
        if let Some(before) = changed.filter(|_| !is_reading(key)) {
            self.note(id, key_word(key), before, value.clone(), out);
        }
        match key {
            FactKey::Name | FactKey::DnsName | FactKey::DhcpName => self.rename(id, out),
            FactKey::Class => self.reclass(id, out),
            FactKey::SysObjectId | FactKey::SysDescr | FactKey::Firmware => {
                self.model_shown(id, another, out);
                if key == FactKey::SysObjectId {
                    self.model_known(id, out);
                }
                if key != FactKey::Firmware {
                    self.identified(id, at, out);
                }
            }
            _ => {}
        }
        out.judge.insert(id);
    }

    /// Forgets what a source said.
    pub(super) fn forget(&mut self, id: DeviceId, key: FactKey, source: FactSource, out: &mut Out) {
        let had = self
            .devices
            .get(&id)
            .and_then(|d| d.facts.get(&key))
            .filter(|f| f.source == source)
            .cloned();
        self.edit(id, |d| {
            d.conflicts.retain(|c| c.key != key || c.source != source);
        });
        if let Some(old) = had {
            // who was not believed beside it is believed now
            let next = self.edit(id, |d| {
                d.facts.remove(&key);
                let beside = d.conflicts.iter().enumerate().filter(|(_, c)| c.key == key);
                let best = beside.max_by_key(|(_, c)| c.source).map(|(at, _)| at);
                let next = best.map(|at| d.conflicts.remove(at));
                if let Some(next) = &next {
                    d.facts.insert(next.clone());
                }
                next.map(|next| next.value)
            });
            let next = next.flatten().unwrap_or_default();
            self.note(id, key_word(key), old.value, next, out);
            self.rename(id, out);
            if key == FactKey::Class {
                self.reclass(id, out);
            }
        }
    }

    /// What it is called: site, `sysName`, DNS, DHCP, address, MAC.
    pub(super) fn rename(&mut self, id: DeviceId, out: &mut Out) {
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        let fact = [FactKey::Name, FactKey::DnsName, FactKey::DhcpName]
            .into_iter()
            .find_map(|k| d.fact(k).filter(|t| !t.is_empty()).cloned());
        let name = fact
            .or_else(|| d.address.map(|a| Text::from(a.to_string())))
            .or_else(|| d.macs.first().map(|m| Text::from(m.to_string())))
            .unwrap_or_else(|| Text::from(format!("device {id}")));
        if name == d.name {
            return;
        }
        let before = d.name.clone();
        let quiet = before.is_empty() || before.as_str() == "";
        self.edit(id, |d| d.name = name.clone());
        self.index_name(id, &before, &name);
        out.inventory = true;
        if !quiet {
            self.note(id, "name", before, name, out);
        }
    }

    /// Keeps the index of names. A name that two devices bear stays with the first, the declared one before all.
    pub(super) fn index_name(&mut self, id: DeviceId, before: &Text, after: &Text) {
        let fold = |t: &Text| Text::from(t.as_str().to_lowercase());
        if !before.is_empty() && self.memory.by_name.get(&fold(before)) == Some(&id) {
            self.memory.by_name.remove(&fold(before));
        }
        let key = fold(after);
        let holder = self.memory.by_name.get(&key).copied();
        let taken = holder.is_some_and(|h| h != id && self.memory.spec.contains_key(&h));
        if !taken {
            self.memory.by_name.insert(key, id);
        }
    }

    /// Takes the class over from what is believed, where the site did not say it.
    pub(super) fn reclass(&mut self, id: DeviceId, out: &mut Out) {
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        let said = self.spec(id).map_or(DeviceClass::Unknown, |s| s.class);
        let class = if said == DeviceClass::Unknown {
            d.fact_str(FactKey::Class).parse().unwrap_or_default()
        } else {
            said
        };
        let care = self
            .spec(id)
            .and_then(|s| s.care)
            .or_else(|| self.class_spec(class).and_then(|c| c.care))
            .unwrap_or(class.care());
        if (d.class, d.care) != (class, care) {
            self.edit(id, |d| {
                d.class = class;
                d.care = care;
            });
            out.inventory = true;
            out.links = true;
            // what is asked of it hangs on its class
            out.targets |= self.is_asked(id);
        }
        self.retouch(id, out);
        out.judge.insert(id);
    }
}

fn confidence(source: FactSource) -> u8 {
    match source {
        FactSource::Operator | FactSource::Site => 100,
        FactSource::Snmp => 90,
        FactSource::Lldp => 80,
        FactSource::Rule => 70,
        FactSource::Dhcp => 60,
        FactSource::Fdb | FactSource::Arp | FactSource::Dns => 50,
        FactSource::Oui => 30,
    }
}

/// Readings move with every poll: no history of changes, no conflicts worth keeping.
fn is_reading(key: FactKey) -> bool {
    matches!(
        key,
        FactKey::UpsSecondsOnBattery
            | FactKey::UpsMinutesLeft
            | FactKey::UpsCharge
            | FactKey::Temperature
            | FactKey::Memory
            | FactKey::Storage
            | FactKey::Load
    )
}

/// Two spellings of one thing: case, and for names the domain behind the host.
fn same(key: FactKey, a: &Text, b: &Text) -> bool {
    let (a, b) = (a.as_str(), b.as_str());
    if a.eq_ignore_ascii_case(b) {
        return !matches!(key, FactKey::Firmware | FactKey::Serial) || a == b;
    }
    let host = |s: &str| s.split('.').next().unwrap_or("").to_ascii_lowercase();
    let is_address = |s: &str| s.parse::<std::net::IpAddr>().is_ok();
    matches!(key, FactKey::Name | FactKey::DnsName)
        && !is_address(a)
        && !is_address(b)
        && host(a) == host(b)
}

/// The word of a fact's key in a history.
pub(super) fn key_word(key: FactKey) -> &'static str {
    match key {
        FactKey::Name => "name",
        FactKey::Class => "class",
        FactKey::Vendor => "vendor",
        FactKey::Model => "model",
        FactKey::Os => "os",
        FactKey::Firmware => "firmware",
        FactKey::Serial => "serial",
        FactKey::SysDescr => "description",
        FactKey::SysObjectId => "sysObjectID",
        FactKey::Location => "location",
        FactKey::Contact => "contact",
        FactKey::EngineId => "engine id",
        FactKey::DnsName => "DNS name",
        FactKey::Ward => "ward",
        FactKey::Room => "room",
        FactKey::Owner => "owner",
        FactKey::Tag => "tag",
        FactKey::DhcpVendorClass => "DHCP vendor class",
        FactKey::DhcpName => "DHCP name",
        FactKey::UpsSecondsOnBattery => "seconds on battery",
        FactKey::UpsMinutesLeft => "minutes left",
        FactKey::UpsCharge => "charge",
        FactKey::Temperature => "temperature",
        FactKey::SensorHealth => "sensors",
        FactKey::Memory => "memory",
        FactKey::Storage => "storage",
        FactKey::Load => "load",
    }
}
