//! Cables between network devices, from what they say of their neighbours and from what the site declares.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{NeighbourProtocol, NeighbourV1, ObsNeighboursV1};
use crate::model::{
    DeviceClass, DeviceId, FactKey, FactSource, IfIndex, Link, LinkEnd, LinkId, LinkSource, Mac,
    Text,
};

use super::fold::Out;
use super::memory::Memory;
use super::state::State;

/// Most rows of one neighbour table.
const NEIGHBOUR_CAP: usize = 4_096;
/// So long a cable that nobody speaks of is remembered while an end of it is down.
const KEPT: Duration = Duration::from_hours(24 * 7);

impl Memory {
    /// Has this device said who its neighbours are?
    pub(super) fn knows_neighbours(&self, device: DeviceId) -> bool {
        self.neighbours
            .contains_key(&(device, NeighbourProtocol::Lldp))
            || self
                .neighbours
                .contains_key(&(device, NeighbourProtocol::Cdp))
    }
}

/// One row of a neighbour table, as far as it could be understood.
#[derive(Clone, Copy, Debug)]
struct Half {
    from: DeviceId,
    port: IfIndex,
    to: DeviceId,
    to_port: Option<IfIndex>,
}

impl State {
    pub(super) fn neighbours(&mut self, seen: &ObsNeighboursV1, out: &mut Out) {
        let Some(id) = self.by_address.get(&seen.via.to_canonical()).copied() else {
            return;
        };
        let at = seen.at.min(out.now);
        let mut rows: Vec<NeighbourV1> = seen.entries.clone();
        if rows.len() > NEIGHBOUR_CAP {
            rows.truncate(NEIGHBOUR_CAP);
            self.drop_one("neighbour rows beyond the cap");
        }
        let key = (id, seen.protocol);
        if !seen.whole {
            // what is missing in a part is not gone
            if let Some(old) = self.memory.neighbours.get(&key) {
                let missing: Vec<NeighbourV1> = old
                    .iter()
                    .filter(|o| rows.iter().all(|r| r.port != o.port))
                    .cloned()
                    .collect();
                rows.extend(missing);
                rows.truncate(NEIGHBOUR_CAP);
            }
        }
        rows.sort_by(|a, b| {
            (a.port, &a.chassis, &a.port_id).cmp(&(b.port, &b.chassis, &b.port_id))
        });
        for row in &rows {
            self.greet(row, at, out);
        }
        self.table_answered(id, at, out);
        let same = self
            .memory
            .neighbours
            .get(&key)
            .is_some_and(|old| **old == rows);
        if same {
            let confirmed: Vec<LinkId> = self
                .links
                .keys()
                .copied()
                .filter(|l| l.0.device == id || l.1.device == id)
                .collect();
            for link in confirmed {
                if let Some(link) = self.links.get_mut(&link) {
                    link.seen = link.seen.max(at);
                }
            }
        } else {
            self.memory.neighbours.insert(key, Arc::new(rows));
            out.links = true;
        }
    }

    /// A neighbour that is not known yet is a device too.
    fn greet(&mut self, row: &NeighbourV1, at: crate::model::Time, out: &mut Out) {
        let known = self.neighbour(row);
        let id = if let Some(id) = known {
            id
        } else {
            let station = row.chassis_mac.filter(|m| m.is_station());
            if station.is_none() && row.address.is_none() {
                return;
            }
            let Some(id) = self.find_or_make(row.address, station, at, out) else {
                return;
            };
            id
        };
        if let Some(mac) = row.chassis_mac
            && self.by_mac.get(&mac).is_none()
        {
            self.bind_mac(mac, id, out);
        }
        self.learn(id, FactKey::Name, &row.name, FactSource::Lldp, at, out);
        self.learn(id, FactKey::SysDescr, &row.descr, FactSource::Lldp, at, out);
        self.place(id, out);
    }

    /// Which device a row means: by MAC, by name, by address.
    fn neighbour(&self, row: &NeighbourV1) -> Option<DeviceId> {
        row.chassis_mac
            .and_then(|m| self.by_mac.get(&m).copied())
            .or_else(|| self.named(&row.name))
            .or_else(|| {
                row.address
                    .and_then(|a| self.by_address.get(&a.to_canonical()).copied())
            })
            .or_else(|| self.named(&row.chassis))
    }

    /// A device by its name, or by its host name without the domain.
    fn named(&self, name: &Text) -> Option<DeviceId> {
        if name.is_empty() {
            return None;
        }
        let folded = name.as_str().to_lowercase();
        let host = folded.split('.').next().unwrap_or("").to_string();
        [folded, host]
            .into_iter()
            .filter(|n| !n.is_empty())
            .find_map(|n| self.memory.by_name.get(&Text::from(n)).copied())
    }

    /// A device of a kind that carries others' traffic and says itself what is behind it.
    pub(super) fn is_node(&self, id: DeviceId) -> bool {
        self.devices.get(&id).is_some_and(|d| d.class.is_network())
    }

    /// Such a one that shows its own forwarding table: what is behind it does not hang on the port before it. An access point
    /// shows none.
    pub(super) fn is_forwarder(&self, id: DeviceId) -> bool {
        self.devices
            .get(&id)
            .is_some_and(|d| d.class.is_network() && d.class != DeviceClass::AccessPoint)
    }

    /// Makes all links anew from the neighbour tables and the site.
    pub(super) fn rebuild_links(&mut self, out: &mut Out) {
        out.links = false;
        let halves = self.halves();
        let mut found: BTreeMap<LinkId, LinkSource> = BTreeMap::new();
        let mut used = vec![false; halves.len()];
        for (i, one) in halves.iter().enumerate() {
            if used.get(i).copied().unwrap_or(true) {
                continue;
            }
            let back = halves.iter().enumerate().skip(i + 1).find(|(j, other)| {
                !used.get(*j).copied().unwrap_or(true)
                    && other.from == one.to
                    && other.to == one.from
                    && one.to_port.is_none_or(|p| p == other.port)
                    && other.to_port.is_none_or(|p| p == one.port)
            });
            let (far_port, source) = match back {
                Some((j, other)) => {
                    if let Some(u) = used.get_mut(j) {
                        *u = true;
                    }
                    (Some(other.port), LinkSource::LldpBoth)
                }
                None => (one.to_port, LinkSource::LldpOne),
            };
            let id = LinkId::new(
                LinkEnd {
                    device: one.from,
                    port: Some(one.port),
                },
                LinkEnd {
                    device: one.to,
                    port: far_port,
                },
            );
            found.insert(id, source);
        }
        self.site_links(&mut found);
        self.keep_links(&mut found, out);
        self.take_links(&found, out);
    }

    fn halves(&self) -> Vec<Half> {
        let mut halves: BTreeMap<(DeviceId, IfIndex, DeviceId), Option<IfIndex>> = BTreeMap::new();
        for ((from, _), rows) in &self.memory.neighbours {
            if !self.is_node(*from) {
                continue;
            }
            for row in rows.iter() {
                let Some(to) = self.neighbour(row).filter(|to| to != from) else {
                    continue;
                };
                if !self.is_node(to) {
                    continue;
                }
                let port = self.port_by_id(to, row);
                let slot = halves.entry((*from, row.port, to)).or_default();
                *slot = slot.or(port);
            }
        }
        halves
            .into_iter()
            .map(|((from, port, to), to_port)| Half {
                from,
                port,
                to,
                to_port,
            })
            .collect()
    }

    /// The neighbour's port by its name, its alias, or its MAC.
    fn port_by_id(&self, device: DeviceId, row: &NeighbourV1) -> Option<IfIndex> {
        let d = self.devices.get(&device)?;
        let mac: Option<Mac> = row.port_id.as_str().parse().ok();
        let named = |wanted: &Text| {
            d.interfaces
                .values()
                .find(|i| !wanted.is_empty() && i.name == *wanted)
        };
        named(&row.port_id)
            .or_else(|| named(&row.port_descr))
            .or_else(|| {
                let mac = mac?;
                let mut with = d.interfaces.values().filter(|i| i.mac == Some(mac));
                let first = with.next()?;
                // a MAC that all ports share names none of them
                with.next().is_none().then_some(first)
            })
            .map(|i| i.index)
    }

    fn site_links(&self, found: &mut BTreeMap<LinkId, LinkSource>) {
        for spec in &self.site.links {
            let end = |(name, port): &(Text, Text)| {
                let device = self.named(name)?;
                let port = self
                    .devices
                    .get(&device)?
                    .interfaces
                    .values()
                    .find(|i| !port.is_empty() && i.name == *port)
                    .map(|i| i.index);
                Some(LinkEnd { device, port })
            };
            let (Some(a), Some(b)) = (end(&spec.a), end(&spec.b)) else {
                continue;
            };
            if a.device == b.device {
                continue;
            }
            let wanted = LinkId::new(a, b);
            let agrees = |l: &LinkId| {
                l.0.device == wanted.0.device
                    && l.1.device == wanted.1.device
                    && wanted
                        .0
                        .port
                        .is_none_or(|p| l.0.port.is_none_or(|q| p == q))
                    && wanted
                        .1
                        .port
                        .is_none_or(|p| l.1.port.is_none_or(|q| p == q))
            };
            // the same cable that LLDP knows: its ports, and the site's word
            let known = found
                .iter()
                .find(|(l, source)| agrees(l) && **source != LinkSource::Site)
                .map(|(l, _)| *l);
            match known {
                Some(known) => {
                    found.remove(&known);
                    let merged = LinkId::new(
                        LinkEnd {
                            device: known.0.device,
                            port: known.0.port.or(wanted.0.port),
                        },
                        LinkEnd {
                            device: known.1.device,
                            port: known.1.port.or(wanted.1.port),
                        },
                    );
                    found.insert(merged, LinkSource::Site);
                }
                None => {
                    found.insert(wanted, LinkSource::Site);
                }
            }
        }
    }

    /// A cable whose ends no longer speak of it is still there while its port is down or an end of it is dead, unless
    /// another took its port.
    fn keep_links(&self, found: &mut BTreeMap<LinkId, LinkSource>, out: &Out) {
        for (id, link) in &self.links {
            if found.contains_key(id) {
                continue;
            }
            // the same cable, known less well now: one end has forgotten its port
            let poorer = found.keys().copied().find(|f| {
                let fits = |a: LinkEnd, b: LinkEnd| {
                    a.device == b.device && (a.port == b.port || a.port.is_none())
                };
                fits(f.0, id.0) && fits(f.1, id.1)
            });
            if let Some(source) = poorer.and_then(|p| found.remove(&p)) {
                found.insert(*id, source);
                continue;
            }
            let silent = |d: DeviceId| {
                self.memory.dead.contains(&d)
                    || self.memory.cut.contains_key(&d)
                    || self.memory.first_miss.contains_key(&d)
            };
            let excused = link.up == Some(false) || silent(id.0.device) || silent(id.1.device);
            let taken =
                |end: LinkEnd| end.port.is_some() && found.keys().any(|f| f.0 == end || f.1 == end);
            let kept = excused
                && out.now.since(link.seen) < KEPT
                && !taken(id.0)
                && !taken(id.1)
                && link.source != LinkSource::Site;
            if kept {
                found.insert(*id, link.source);
            }
        }
    }

    fn take_links(&mut self, found: &BTreeMap<LinkId, LinkSource>, out: &mut Out) {
        let gone: Vec<LinkId> = self
            .links
            .keys()
            .filter(|l| !found.contains_key(l))
            .copied()
            .collect();
        let mut changed = !gone.is_empty();
        for id in gone {
            self.memory.down_links.remove(&id);
            self.clear_link(id, out);
            self.links.remove(&id);
        }
        for (id, source) in found {
            if let Some(link) = self.links.get_mut(id) {
                // a cable that is only remembered is not confirmed
                if link.up != Some(false) {
                    link.seen = out.now;
                }
                if link.source != *source {
                    link.source = *source;
                    changed = true;
                }
            } else {
                changed = true;
                self.links.insert(
                    *id,
                    Link {
                        id: *id,
                        source: *source,
                        up: None,
                        since: out.now,
                        seen: out.now,
                    },
                );
            }
            for end in [id.0, id.1] {
                if let Some(port) = end.port {
                    let far = id.other(end.device).device;
                    if self.is_forwarder(far) {
                        self.mark_uplink(end.device, port, out);
                    }
                }
            }
            self.recheck_link(*id, out);
        }
        if changed {
            out.paths = true;
            out.inventory = true;
        }
    }

    /// Links that a device's port belongs to.
    pub(super) fn links_of_port(&self, device: DeviceId, port: IfIndex) -> Vec<LinkId> {
        self.links
            .keys()
            .filter(|l| {
                [l.0, l.1]
                    .iter()
                    .any(|e| e.device == device && e.port == Some(port))
            })
            .copied()
            .collect()
    }
}
