//! Stations: from forwarding tables where they hang, from address tables and the wire that they live.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{
    ObsAddressTableV1, ObsArpV1, ObsForwardingV1, ObsHeardV1, ObsNameV1, ObsPingV1,
};
use crate::model::{
    Attachment, CareLevel, DeviceId, FactKey, FactSource, IfIndex, Mac, Reach, Text, Time,
};

use super::alerts::escaped;
use super::conditions::is_down;
use super::fold::Out;
use super::memory::{Sighting, SwitchTable, Timer};
use super::reach::{FDB_AGEING, answered, missed};
use super::state::State;

/// Most rows of one forwarding or address table.
const ROW_CAP: usize = 131_072;
/// A port that was an uplink within this time takes no station for its own.
const UPLINK: Duration = Duration::from_hours(24);
/// A whole table that lacks a station whose port has link is read once more after so long.
const ABSENT_AGAIN: Duration = Duration::from_mins(1);

impl State {
    pub(super) fn forwarding(&mut self, seen: &ObsForwardingV1, out: &mut Out) {
        let Some(switch) = self.by_address.get(&seen.via.to_canonical()).copied() else {
            return;
        };
        let at = seen.at.min(out.now);
        out.visible = true;
        self.table_answered(switch, at, out);
        let old = self.memory.tables.get(&switch).cloned().unwrap_or_default();
        let mut table = SwitchTable {
            at,
            ..SwitchTable::default()
        };
        if !seen.whole {
            table.entries.clone_from(&old.entries);
        }
        for entry in seen.entries.iter().filter(|e| e.mac.is_station()) {
            if table.entries.len() >= ROW_CAP {
                self.drop_one("forwarding rows beyond the cap");
                break;
            }
            let slot = table
                .entries
                .entry(entry.mac)
                .or_insert((entry.vlan, entry.port));
            // one MAC in several VLANs: the first that has a segment
            let better = !self.memory.by_vlan.contains_key(&slot.0)
                && self.memory.by_vlan.contains_key(&entry.vlan);
            if better || !seen.whole {
                *slot = (entry.vlan, entry.port);
            }
        }
        for (_, port) in table.entries.values() {
            *table.on_port.entry(*port).or_default() += 1;
        }
        for mac in old
            .entries
            .keys()
            .filter(|m| !table.entries.contains_key(m))
        {
            self.forget_sighting(*mac, switch);
        }
        let table = Arc::new(table);
        self.memory.tables.insert(switch, Arc::clone(&table));
        self.memory
            .timers
            .insert((out.now + self.stale_after(), Timer::Stale(switch)));
        self.mark_uplinks(switch, &table, out);
        for (mac, (vlan, port)) in &table.entries {
            self.sighted(*mac, switch, *port, *vlan, at, out);
        }
        if seen.whole {
            let fresh = at.since(old.at) < FDB_AGEING;
            self.missing(switch, &table, fresh, out);
        }
        self.carry(switch);
    }

    /// A port that shows another switch leads to it.
    fn mark_uplinks(&mut self, switch: DeviceId, table: &SwitchTable, out: &mut Out) {
        let mut ports: Vec<IfIndex> = table
            .entries
            .iter()
            .filter(|(mac, _)| {
                self.by_mac
                    .get(*mac)
                    .is_some_and(|d| *d != switch && self.is_forwarder(*d))
            })
            .map(|(_, (_, port))| *port)
            .collect();
        ports.sort_unstable();
        ports.dedup();
        for port in ports {
            self.mark_uplink(switch, port, out);
        }
    }

    /// From now on, and for a day, this port is an uplink; who was thought to hang on it hangs elsewhere.
    pub(super) fn mark_uplink(&mut self, switch: DeviceId, port: IfIndex, out: &mut Out) {
        let new = self
            .memory
            .uplinks
            .insert((switch, port), out.now)
            .is_none_or(|t| out.now.since(t) >= UPLINK);
        if !new {
            return;
        }
        let hanging: Vec<DeviceId> = self.on_port(switch, port).collect();
        for device in hanging {
            self.set_attached(device, None, out);
            let macs: Vec<Mac> = self
                .devices
                .get(&device)
                .map(|d| d.macs.iter().copied().collect())
                .unwrap_or_default();
            for mac in macs {
                self.attach(mac, device, out);
            }
        }
    }

    fn sighted(
        &mut self,
        mac: Mac,
        switch: DeviceId,
        port: IfIndex,
        vlan: u16,
        at: Time,
        out: &mut Out,
    ) {
        let uplink = self.is_uplink_at(switch, port, out.now);
        let known = self.by_mac.get(&mac).copied();
        if known == Some(switch) {
            return;
        }
        let id = match known {
            Some(id) => id,
            // behind an uplink its own switch will show it
            None if uplink => return,
            None => match self.find_or_make(None, Some(mac), at, out) {
                Some(id) => id,
                None => return,
            },
        };
        let all = Arc::make_mut(self.memory.sightings.entry(mac).or_default());
        let sighting = all.entry(switch).or_insert(Sighting {
            port,
            vlan,
            since: at,
            seen: at,
        });
        if sighting.port != port {
            sighting.since = at;
        }
        sighting.port = port;
        sighting.vlan = vlan;
        sighting.seen = at;
        if uplink {
            self.seen_beyond(id, at, out);
            return;
        }
        self.attach(mac, id, out);
        let here = self
            .devices
            .get(&id)
            .and_then(|d| d.attached)
            .is_none_or(|a| a.switch == switch);
        if here {
            self.seen(id, at, out);
        } else {
            self.seen_beyond(id, at, out);
        }
    }

    /// Somewhere beyond this port: a switch remembers a station for a while after it left, so this never brings one back
    /// that its own switch has just lost.
    fn seen_beyond(&mut self, id: DeviceId, at: Time, out: &mut Out) {
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        if self.memory.blind.contains_key(&id) {
            return;
        }
        let credible = match d.passive.reach {
            Reach::NotAsked => true,
            Reach::Silent | Reach::Blind => at > d.passive.since + FDB_AGEING,
            _ => at > d.passive.seen + FDB_AGEING,
        };
        if credible {
            self.seen(id, at, out);
        }
    }

    fn forget_sighting(&mut self, mac: Mac, switch: DeviceId) {
        let Some(all) = self.memory.sightings.get_mut(&mac) else {
            return;
        };
        Arc::make_mut(all).remove(&switch);
        if all.is_empty() {
            self.memory.sightings.remove(&mac);
        }
    }

    /// Who hangs on this switch but is not in its whole table.
    /// `fresh`: the table before it was read shortly before, so that nothing is read once more but for a life.
    fn missing(&mut self, switch: DeviceId, table: &SwitchTable, fresh: bool, out: &mut Out) {
        let at = table.at;
        if self
            .memory
            .settling
            .get(&switch)
            .is_some_and(|until| at < *until)
        {
            return;
        }
        let hanging: Vec<(IfIndex, DeviceId)> = self.on_switch(switch).collect();
        let mut doubt = false;
        for (port, id) in hanging {
            let Some(d) = self.devices.get(&id) else {
                continue;
            };
            if d.macs.iter().any(|m| table.entries.contains_key(m)) {
                continue;
            }
            // it may have moved to a port of another switch
            let macs: Vec<Mac> = d.macs.iter().copied().collect();
            for mac in macs {
                self.attach(mac, id, out);
            }
            let moved = self
                .devices
                .get(&id)
                .and_then(|d| d.attached)
                .is_none_or(|a| a.switch != switch);
            if moved {
                continue;
            }
            let life = self
                .devices
                .get(&id)
                .is_some_and(|d| d.care == CareLevel::LifeSustaining);
            let i = self.interface(switch, port);
            let alone = self.on_port(switch, port).nth(1).is_none();
            if alone && i.is_some_and(|i| i.is_up() && i.traffic.in_bps > 0) {
                // its port still hears it
                continue;
            }
            let name = self.name_of(switch);
            if i.is_some_and(|i| is_down(i.oper)) {
                let port = self.port_name(switch, port);
                let because = format!("{} {} lost link", name.as_str(), port.as_str());
                self.gone(id, at, &because, out);
            } else if self.doubted(id, at) {
                let because = format!("{} no longer hears it", name.as_str());
                self.gone(id, at, &because, out);
            } else {
                doubt |= !fresh || life;
            }
        }
        if doubt {
            let later = out.now + ABSENT_AGAIN;
            self.memory.settling.insert(switch, later);
            self.memory.timers.insert((later, Timer::Reread(switch)));
        }
    }

    /// A table without it, though its port has link: a quiet station is forgotten after minutes, and one that walks to another
    /// switch stands in no table for a moment. `true` where an earlier table lacked it already.
    fn doubted(&mut self, id: DeviceId, at: Time) -> bool {
        let Some(d) = self.devices.get(&id) else {
            return false;
        };
        match d.passive.reach {
            Reach::Missed => d.passive.since < at,
            Reach::Answers => {
                self.edit(id, |d| {
                    d.passive.reach = Reach::Missed;
                    d.passive.since = at;
                    d.passive.misses = 1;
                });
                false
            }
            // gone or blind already: nothing to add
            _ => true,
        }
    }

    /// Finds the port that a station hangs on: of the switches that show it, the port that is no uplink and shows the fewest
    /// others.
    pub(super) fn attach(&mut self, mac: Mac, id: DeviceId, out: &mut Out) {
        let Some(sightings) = self.memory.sightings.get(&mac).cloned() else {
            return;
        };
        let gone = |s: &DeviceId| self.memory.dead.contains(s) || self.memory.cut.contains_key(s);
        let candidates: Vec<(DeviceId, Sighting)> = sightings
            .iter()
            .filter(|(s, sight)| !self.is_uplink_at(**s, sight.port, out.now))
            .filter(|(s, _)| self.devices.contains_key(*s))
            .map(|(s, sight)| (*s, *sight))
            .collect();
        let any_alive = candidates.iter().any(|(s, _)| !gone(s));
        let best = candidates
            .iter()
            .filter(|(s, _)| !any_alive || !gone(s))
            .min_by_key(|(s, sight)| {
                (
                    self.macs_on_port(*s, sight.port),
                    std::cmp::Reverse(sight.since),
                    *s,
                )
            });
        let Some((switch, sight)) = best else { return };
        let now = Attachment {
            switch: *switch,
            port: sight.port,
            vlan: sight.vlan,
            since: sight.since,
            seen: sight.seen,
        };
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        if let Some(old) = d.attached {
            if (old.switch, old.port) == (now.switch, now.port) {
                if old.seen != now.seen || old.vlan != now.vlan {
                    self.edit(id, |d| {
                        d.attached = Some(Attachment {
                            since: old.since,
                            ..now
                        });
                    });
                    if old.vlan != now.vlan {
                        self.place(id, out);
                    }
                }
                return;
            }
            // another of its MACs holds it where it is
            let held = d.macs.iter().filter(|m| **m != mac).any(|m| {
                self.memory
                    .sightings
                    .get(m)
                    .and_then(|s| s.get(&old.switch))
                    .is_some_and(|s| {
                        s.port == old.port && out.now.since(s.seen) < self.stale_after()
                    })
            });
            if held && !gone(&old.switch) && !self.is_uplink_at(old.switch, old.port, out.now) {
                return;
            }
        }
        self.set_attached(id, Some(now), out);
    }

    fn set_attached(&mut self, id: DeviceId, to: Option<Attachment>, out: &mut Out) {
        let Some(old) = self.devices.get(&id).map(|d| d.attached) else {
            return;
        };
        let name = |state: &Self, a: Attachment| {
            let port = state.port_name(a.switch, a.port);
            escaped(format!(
                "{} {}",
                state.name_of(a.switch).as_str(),
                port.as_str()
            ))
        };
        if let Some(old) = old {
            self.memory.hang.remove(&(old.switch, old.port, id));
            if self.on_port(old.switch, old.port).next().is_none() {
                self.load(old.switch, old.port, None);
            }
        }
        if let Some(to) = to {
            self.memory.hang.insert((to.switch, to.port, id));
        }
        self.edit(id, |d| d.attached = to);
        if self.is_asked(id) {
            // it may stand in another closet
            self.targets_soon(out);
        }
        if let (Some(old), Some(to)) = (old, to) {
            let (before, after) = (name(self, old), name(self, to));
            self.note(id, "port", before, after, out);
        }
        if self.is_node(id) {
            out.paths = true;
        }
        out.inventory = true;
        self.place(id, out);
    }

    pub(super) fn is_uplink_at(&self, switch: DeviceId, port: IfIndex, now: Time) -> bool {
        self.memory
            .uplinks
            .get(&(switch, port))
            .is_some_and(|t| now.since(*t) < UPLINK)
    }

    pub(super) fn stale_after(&self) -> Duration {
        Duration::from_secs(u64::from(self.tables_interval()) * 3)
    }

    /// A table that was not read for long proves nothing any more.
    pub(super) fn grow_stale(&mut self, id: DeviceId, out: &mut Out) {
        let after = self.stale_after();
        let mut doubtful: Vec<DeviceId> = Vec::new();
        if let Some(table) = self.memory.tables.get(&id)
            && table.at + after <= out.now
        {
            doubtful.extend(self.on_switch(id).map(|(_, d)| d));
        }
        if let Some((at, entries)) = self.memory.arp.get(&id)
            && *at + after <= out.now
        {
            doubtful.extend(
                entries
                    .keys()
                    .filter_map(|a| self.by_address.get(a).copied())
                    .filter(|d| self.devices.get(d).is_some_and(|d| d.attached.is_none())),
            );
        }
        let because = escaped(format!("the table of {} is old", self.name_of(id).as_str()));
        for device in doubtful {
            let old = self.devices.get(&device).is_some_and(|d| {
                matches!(d.passive.reach, Reach::Answers | Reach::Missed)
                    && d.passive.seen + after <= out.now
            });
            if old {
                self.memory.gone_because.insert(device, because.clone());
                let now = out.now;
                self.edit(device, |d| {
                    d.passive.reach = Reach::Blind;
                    d.passive.since = now;
                });
                out.judge.insert(device);
            }
        }
    }

    pub(super) fn address_table(&mut self, seen: &ObsAddressTableV1, out: &mut Out) {
        let Some(router) = self.by_address.get(&seen.via.to_canonical()).copied() else {
            return;
        };
        let at = seen.at.min(out.now);
        out.visible = true;
        self.table_answered(router, at, out);
        let old = self
            .memory
            .arp
            .get(&router)
            .map(|(_, e)| Arc::clone(e))
            .unwrap_or_default();
        let mut entries = if seen.whole {
            BTreeMap::new()
        } else {
            (*old).clone()
        };
        for (_, address, mac) in &seen.entries {
            let address = address.to_canonical();
            if !mac.is_station() {
                continue;
            }
            if entries.len() >= ROW_CAP {
                self.drop_one("address rows beyond the cap");
                break;
            }
            entries.insert(address, *mac);
            self.watch_address(address, *mac, at, out);
            let Some(id) = self.find_or_make(Some(address), Some(*mac), at, out) else {
                continue;
            };
            if id == router {
                continue;
            }
            let Some(d) = self.devices.get(&id) else {
                continue;
            };
            // a router remembers for hours: where a switch watches the station, the switch decides
            if d.attached.is_none() || d.passive.reach == Reach::NotAsked {
                self.seen(id, at, out);
            }
        }
        if seen.whole {
            for address in old.keys().filter(|a| !entries.contains_key(a)) {
                self.missed_in_arp(*address, router, at, out);
            }
            // those that were missing once already are in no table any more
            let doubtful: Vec<DeviceId> = self
                .memory
                .doubt
                .iter()
                .filter(|(_, r)| **r == router)
                .map(|(d, _)| *d)
                .collect();
            for id in doubtful {
                self.doubt_again(id, router, &entries, at, out);
            }
        }
        self.memory.arp.insert(router, (at, Arc::new(entries)));
        self.memory
            .timers
            .insert((out.now + self.stale_after(), Timer::Stale(router)));
    }

    fn missed_in_arp(
        &mut self,
        address: std::net::IpAddr,
        router: DeviceId,
        at: Time,
        _out: &mut Out,
    ) {
        let Some(id) = self.by_address.get(&address).copied() else {
            return;
        };
        let watched = self
            .devices
            .get(&id)
            .is_some_and(|d| d.attached.is_none() && d.passive.reach == Reach::Answers);
        if watched {
            self.edit(id, |d| {
                d.passive.reach = Reach::Missed;
                d.passive.since = at;
                d.passive.misses = 1;
            });
            self.memory.doubt.insert(id, router);
        }
    }

    fn doubt_again(
        &mut self,
        id: DeviceId,
        router: DeviceId,
        entries: &BTreeMap<std::net::IpAddr, Mac>,
        at: Time,
        out: &mut Out,
    ) {
        let Some(d) = self.devices.get(&id) else {
            self.memory.doubt.remove(&id);
            return;
        };
        let back = d.addresses.iter().any(|a| entries.contains_key(a));
        if back || d.passive.reach != Reach::Missed {
            self.memory.doubt.remove(&id);
        } else if at > d.passive.since {
            self.memory.doubt.remove(&id);
            let because = format!(
                "{} no longer knows its address",
                self.name_of(router).as_str()
            );
            self.gone(id, at, &because, out);
        }
    }

    pub(super) fn arp(&mut self, seen: &ObsArpV1, out: &mut Out) {
        let at = seen.at.min(out.now);
        let address = seen.address.to_canonical();
        self.watch_address(address, seen.mac, at, out);
        if let Some(id) = self.find_or_make(Some(address), Some(seen.mac), at, out) {
            self.heard_of(id, at, out);
        }
    }

    /// Heard directly: nothing but silence says when it goes.
    fn heard_of(&mut self, id: DeviceId, at: Time, out: &mut Out) {
        out.visible = true;
        self.seen(id, at, out);
        if self.memory.quiet.insert(id).is_none() {
            self.memory
                .timers
                .insert((out.now + self.stale_after(), Timer::Quiet(id)));
        }
    }

    /// Was it heard of again?
    pub(super) fn gone_quiet(&mut self, id: DeviceId, out: &mut Out) {
        self.memory.quiet.remove(&id);
        let after = self.stale_after();
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        if d.attached.is_some() || !matches!(d.passive.reach, Reach::Answers | Reach::Missed) {
            return;
        }
        let due = d.passive.seen + after;
        if due > out.now {
            self.memory.quiet.insert(id);
            self.memory.timers.insert((due, Timer::Quiet(id)));
            return;
        }
        let now = out.now;
        self.memory
            .gone_because
            .insert(id, Text::from("not heard of for long"));
        self.edit(id, |d| {
            d.passive.reach = Reach::Blind;
            d.passive.since = now;
        });
        out.judge.insert(id);
    }

    pub(super) fn heard(&mut self, seen: &ObsHeardV1, out: &mut Out) {
        let at = seen.at.min(out.now);
        let Some(id) = self.find_or_make(seen.address, Some(seen.mac), at, out) else {
            return;
        };
        for (key, value) in seen.facts.iter().take(32) {
            // nobody becomes the register by saying so on a wire
            let source = seen.source.min(FactSource::Lldp);
            self.learn(id, *key, value, source, at, out);
        }
        self.heard_of(id, at, out);
    }

    pub(super) fn name(&mut self, seen: &ObsNameV1, out: &mut Out) {
        let Some(id) = self.by_address.get(&seen.address.to_canonical()).copied() else {
            return;
        };
        if seen.name.is_empty() {
            self.forget(id, FactKey::DnsName, FactSource::Dns, out);
        } else {
            let at = seen.at.min(out.now);
            self.learn(id, FactKey::DnsName, &seen.name, FactSource::Dns, at, out);
        }
    }

    pub(super) fn ping(&mut self, seen: &ObsPingV1, out: &mut Out) {
        let at = seen.at.min(out.now);
        let address = seen.address.to_canonical();
        let id = match self.by_address.get(&address).copied() {
            Some(id) => id,
            None if seen.rtt_ms.is_some() => {
                match self.find_or_make(Some(address), None, at, out) {
                    Some(id) => id,
                    None => return,
                }
            }
            None => return,
        };
        out.visible = true;
        let confirm_s = self.site.intervals.confirm_s;
        let Some(before) = self.devices.get(&id).map(|d| d.ping.reach) else {
            return;
        };
        self.edit(id, |d| {
            if let Some(rtt) = seen.rtt_ms {
                answered(&mut d.ping, at);
                if d.snmp.reach == Reach::NotAsked {
                    d.rtt_ms = Some(rtt);
                }
                d.last_seen = d.last_seen.max(at);
                if d.first_seen == Time::default() {
                    d.first_seen = at;
                }
            } else {
                let first = if d.ping.reach == Reach::Missed {
                    d.ping.since
                } else {
                    at
                };
                missed(&mut d.ping, at, first, confirm_s);
            }
        });
        let now = self.devices.get(&id).map_or(before, |d| d.ping.reach);
        if now == Reach::Answers
            && let Some(root) = self.memory.blind.get(&id)
        {
            out.judge.insert(*root);
            out.judge.insert(id);
        }
        if now != before {
            if now == Reach::Missed {
                let parents = self.before(id);
                self.probe(&parents, out);
            }
            out.judge.insert(id);
        }
    }
}
