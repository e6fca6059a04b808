//! Which device an address and a MAC belong to: found, or made. Addresses move with their MAC.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ecow::EcoVec;

use crate::identify::maker_of;
use crate::model::{Device, DeviceId, FactKey, FactSource, Mac, SegmentId, Text, Time};

use super::fold::Out;
use super::memory::{Binding, Timer};
use super::state::State;

/// Most devices a state holds.
pub(super) const DEVICE_CAP: usize = 200_000;
/// Most addresses and MACs of one device.
const OWN_CAP: usize = 1_024;
/// Most devices that are remembered at one address.
const BOUND_CAP: usize = 64;
/// An address keeps the strictest policy of everybody who had it so long (invariant 3).
pub(super) const BINDING: Duration = Duration::from_hours(24);

impl State {
    /// The device of an address and a MAC seen together, made when there is none. MACs of no single station (VRRP, HSRP,
    /// groups) say nothing. `None` when there is nothing to go by, or the inventory is full.
    pub(super) fn find_or_make(
        &mut self,
        address: Option<IpAddr>,
        mac: Option<Mac>,
        at: Time,
        out: &mut Out,
    ) -> Option<DeviceId> {
        let address = address.map(|a| a.to_canonical()).filter(|a| !is_nobody(*a));
        let mac = mac.filter(|m| m.is_station());
        let by_address = address.and_then(|a| self.by_address.get(&a).copied());
        let by_mac = mac.and_then(|m| self.by_mac.get(&m).copied());
        let id = match (by_address, by_mac) {
            (Some(a), Some(m)) if a == m => a,
            (Some(a), Some(m)) => {
                let address = address?;
                if self.owns(a, address) || self.is_infrastructure(m) {
                    // declared with this address: another MAC that shows it is a guest, or a router that answers for it
                    self.remember_binding(address, m, at, out);
                } else {
                    self.move_address(address, m, at, out);
                }
                m
            }
            (None, Some(m)) => {
                if let Some(address) = address
                    && (!self.is_infrastructure(m) || self.room_for_address(m))
                {
                    self.move_address(address, m, at, out);
                }
                m
            }
            (Some(a), None) => {
                let Some(mac) = mac else { return Some(a) };
                let address = address?;
                let known = self.devices.get(&a).is_some_and(|d| !d.macs.is_empty());
                let declared_macs = self.spec(a).is_some_and(|s| !s.macs.is_empty());
                if !known || (self.owns(a, address) && !declared_macs) {
                    self.bind_mac(mac, a, out);
                    a
                } else {
                    let made = self.make(at, out)?;
                    self.bind_mac(mac, made, out);
                    if self.owns(a, address) {
                        self.edit(made, |d| d.addresses.insert(address));
                        self.remember_binding(address, made, at, out);
                    } else {
                        self.move_address(address, made, at, out);
                    }
                    made
                }
            }
            (None, None) => {
                if address.is_none() && mac.is_none() {
                    return None;
                }
                let made = self.make(at, out)?;
                if let Some(mac) = mac {
                    self.bind_mac(mac, made, out);
                }
                if let Some(address) = address {
                    self.move_address(address, made, at, out);
                }
                made
            }
        };
        if let Some(address) = address {
            self.refresh_binding(address, id, at);
        }
        Some(id)
    }

    /// A new device, not named yet.
    pub(super) fn make(&mut self, at: Time, out: &mut Out) -> Option<DeviceId> {
        if self.devices.len() >= DEVICE_CAP {
            self.drop_one("devices beyond the inventory's cap");
            return None;
        }
        self.memory.next_device += 1;
        let id = DeviceId(self.memory.next_device);
        let device = Device {
            id,
            first_seen: at,
            ..Device::default()
        };
        self.count_place(id, super::summary::Place::of(&device), true);
        self.devices.insert(id, Arc::new(device));
        out.inventory = true;
        out.judge.insert(id);
        Some(id)
    }

    /// Declared by the site with exactly this address?
    fn owns(&self, id: DeviceId, address: IpAddr) -> bool {
        self.spec(id)
            .is_some_and(|s| s.addresses.iter().any(|a| a.to_canonical() == address))
    }

    fn is_infrastructure(&self, id: DeviceId) -> bool {
        self.devices.get(&id).is_some_and(|d| d.class.is_network())
    }

    fn room_for_address(&self, id: DeviceId) -> bool {
        self.devices
            .get(&id)
            .is_some_and(|d| d.addresses.len() < OWN_CAP)
    }

    /// Gives a MAC to a device.
    pub(super) fn bind_mac(&mut self, mac: Mac, id: DeviceId, out: &mut Out) {
        if !mac.is_station() || self.by_mac.get(&mac) == Some(&id) {
            return;
        }
        if self
            .devices
            .get(&id)
            .is_none_or(|d| d.macs.len() >= OWN_CAP)
        {
            self.drop_one("MAC addresses beyond a device's cap");
            return;
        }
        if let Some(before) = self.by_mac.insert(mac, id) {
            self.edit(before, |d| d.macs.remove(&mac));
        }
        self.edit(id, |d| d.macs.insert(mac));
        if let Some(maker) = maker_of(mac) {
            self.learn(id, FactKey::Vendor, maker, FactSource::Oui, self.time, out);
        }
        self.rename(id, out);
        out.inventory = true;
    }

    /// An address goes to a device, and away from the one that had it.
    pub(super) fn move_address(&mut self, address: IpAddr, id: DeviceId, at: Time, out: &mut Out) {
        if self.by_address.get(&address) == Some(&id) {
            return;
        }
        if !self.room_for_address(id) {
            self.drop_one("addresses beyond a device's cap");
            return;
        }
        if let Some(before) = self.by_address.insert(address, id) {
            self.edit(before, |d| {
                d.addresses.remove(&address);
                if d.address == Some(address) {
                    d.address = d.addresses.first().copied();
                }
            });
            let after = self.name_of(id);
            self.released(address, before, out);
            self.note(
                before,
                "address",
                Text::from(address.to_string()),
                after,
                out,
            );
            self.place(before, out);
            self.rename(before, out);
            out.targets |= self.is_asked(before) || self.is_asked(id);
        }
        self.edit(id, |d| {
            d.addresses.insert(address);
            if d.address.is_none() {
                d.address = Some(address);
            }
        });
        self.remember_binding(address, id, at, out);
        self.rename(id, out);
        self.place(id, out);
        out.inventory = true;
        out.targets |= self.is_asked(id);
    }

    /// Who had the address counts for its policy for a day. One who has it alone needs no note.
    fn remember_binding(&mut self, address: IpAddr, id: DeviceId, at: Time, out: &mut Out) {
        let holder = self.by_address.get(&address).copied();
        if holder == Some(id) && !self.memory.bindings.contains_key(&address) {
            out.touch_at.insert(address);
            return;
        }
        if let Some(holder) = holder.filter(|h| *h != id) {
            self.bind(address, holder, at);
        }
        if self.bind(address, id, at) {
            let known = self.memory.bindings.get(&address).map_or(0, EcoVec::len);
            if known > BOUND_CAP {
                self.forget_laxest(address);
            }
            if known > 1 {
                self.memory
                    .timers
                    .insert((out.now + BINDING, Timer::Binding(address)));
            }
            out.touch_at.insert(address);
        }
    }

    /// Notes who was seen at an address; true where that is new.
    fn bind(&mut self, address: IpAddr, id: DeviceId, at: Time) -> bool {
        let known = self.memory.bindings.entry(address).or_default();
        if let Some(b) = known.make_mut().iter_mut().find(|b| b.device == id) {
            b.seen = b.seen.max(at);
            return false;
        }
        known.push(Binding {
            device: id,
            seen: at,
        });
        self.memory.bound.insert((id, address));
        true
    }

    /// An address that goes round and round: of all who had it, the one that may be sent the most goes, so that nobody can
    /// push a protected device out of memory by showing many others.
    fn forget_laxest(&mut self, address: IpAddr) {
        let Some(known) = self.memory.bindings.get(&address) else {
            return;
        };
        let may = |at: &usize| known.get(*at).map(|b| self.policy_at(b.device, address));
        let Some(most) = (0..known.len()).rev().max_by_key(may) else {
            return;
        };
        let known = self.memory.bindings.get_mut(&address);
        if let Some(gone) = known.map(|k| k.remove(most)) {
            self.memory.bound.remove(&(gone.device, address));
        }
        self.drop_one("devices remembered at an address beyond its cap");
    }

    /// Who had the address until now counts from now on, however long ago it was last heard there.
    fn released(&mut self, address: IpAddr, before: DeviceId, out: &mut Out) {
        self.bind(address, before, out.now);
        self.memory
            .timers
            .insert((out.now + BINDING, Timer::Binding(address)));
    }

    fn refresh_binding(&mut self, address: IpAddr, id: DeviceId, at: Time) {
        // only where somebody else is remembered too does the time matter
        let Some(known) = self.memory.bindings.get_mut(&address) else {
            return;
        };
        if let Some(b) = known.make_mut().iter_mut().find(|b| b.device == id) {
            b.seen = b.seen.max(at);
        }
    }

    /// Bindings older than a day are let go.
    pub(super) fn expire_bindings(&mut self, address: IpAddr, out: &mut Out) {
        let holder = self.by_address.get(&address).copied();
        let now = out.now;
        let Some(known) = self.memory.bindings.get_mut(&address) else {
            return;
        };
        let stays = |b: &Binding| Some(b.device) == holder || now.since(b.seen) < BINDING;
        for old in known.iter().filter(|b| !stays(b)) {
            self.memory.bound.remove(&(old.device, address));
        }
        known.retain(|b| stays(b));
        if known.iter().all(|b| Some(b.device) == holder) {
            self.memory.bindings.remove(&address);
            if let Some(holder) = holder {
                self.memory.bound.remove(&(holder, address));
            }
        } else {
            let next = known
                .iter()
                .filter(|b| Some(b.device) != holder)
                .map(|b| b.seen + BINDING)
                .min();
            if let Some(next) = next {
                self.memory.timers.insert((next, Timer::Binding(address)));
            }
        }
        out.touch_at.insert(address);
    }

    /// The segment of an address: the longest prefix.
    pub(super) fn segment_of(&self, address: IpAddr) -> Option<SegmentId> {
        self.memory
            .nets
            .iter()
            .find(|(net, _)| net.contains(&address))
            .map(|(_, id)| *id)
    }

    /// The segment a device is in at one of its addresses.
    pub(super) fn segment_at(&self, id: DeviceId, address: IpAddr) -> Option<SegmentId> {
        self.segment_of(address).or_else(|| self.segment_beside(id))
    }

    /// Its segment where addresses say nothing: by the VLAN of its port, else as the site says.
    fn segment_beside(&self, id: DeviceId) -> Option<SegmentId> {
        let d = self.devices.get(&id)?;
        let vlan = d.attached.map_or(0, |a| a.vlan);
        let by_vlan = self.memory.by_vlan.get(&vlan).copied();
        by_vlan.or_else(|| {
            let spec = self.spec(id)?;
            self.segment_named(spec.segment.as_str()).map(|s| s.id)
        })
    }

    /// Puts a device into its segment: by address, else by the VLAN of its port, else as the site says.
    pub(super) fn place(&mut self, id: DeviceId, out: &mut Out) {
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        let segment = d
            .address
            .into_iter()
            .chain(d.addresses.iter().copied())
            .find_map(|a| self.segment_of(a))
            .or_else(|| self.segment_beside(id));
        // at an address outside of every subnet the VLAN decides, which may have changed alone
        let outside = |a: &&IpAddr| self.segment_of(**a).is_none();
        out.touch_at.extend(d.addresses.iter().filter(outside));
        if segment != d.segment {
            self.edit(id, |d| d.segment = segment);
            self.alerts_follow(id, segment, out);
            out.inventory = true;
        }
        self.retouch(id, out);
        out.judge.insert(id);
    }

    /// What a device is called; empty where it does not exist.
    pub(super) fn name_of(&self, id: DeviceId) -> Text {
        self.devices
            .get(&id)
            .map_or_else(Text::empty, |d| d.name.clone())
    }
}

/// Addresses that are nobody's: unspecified, broadcast, multicast, loopback of IPv6.
fn is_nobody(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => a.is_unspecified() || a.is_broadcast() || a.is_multicast(),
        IpAddr::V6(a) => a.is_unspecified() || a.is_multicast() || a.is_loopback(),
    }
}
