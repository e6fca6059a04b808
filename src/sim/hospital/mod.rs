//! The hospital as built: who stands where, on which cable, with which address. It never changes; what happens to it is
//! [`crate::sim::world`]'s.

pub mod catalog;
mod layout;
pub mod shape;
mod site;

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::model::{DeviceClass, Mac, Site};
use shape::Kind;

/// Names of the environment variables that hold the demo's secrets; [`Site`] refers to them, whoever starts the demo sets them.
pub mod secret_names {
    /// Community of `demo-v2c`.
    pub const COMMUNITY: &str = "WARDWATCH_DEMO_COMMUNITY";
    /// Authentication password of `demo-v3`.
    pub const AUTH: &str = "WARDWATCH_DEMO_AUTH";
    /// Privacy password of `demo-v3`.
    pub const PRIVACY: &str = "WARDWATCH_DEMO_PRIVACY";
}

/// The v3 user of the demo.
pub const V3_USER: &str = "wardwatch-demo";

/// Where everything lives: one subnet a segment inside this, all of it loopback.
pub const NET: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(127, 20, 0, 0), 14);

/// A simulated hospital.
#[derive(Clone, Debug)]
pub struct Hospital {
    /// What everything was drawn from.
    pub seed: u64,
    /// UDP port of its agents.
    pub port: u16,
    /// Its segments.
    pub segments: Vec<Segment>,
    /// Its devices; the root of all cables is at zero.
    pub devices: Vec<Device>,
    /// The ports of all switches, those of one device in a row.
    pub ports: Vec<Port>,
    /// Whom a scenario means.
    pub cast: Cast,
    /// Its register, as a site file would declare it.
    pub site: Site,
}

/// A VLAN with its subnet.
#[derive(Clone, Debug)]
pub struct Segment {
    /// What it is home to.
    pub kind: Kind,
    /// Name.
    pub name: String,
    /// Part of the names of the devices there.
    pub slug: String,
    /// VLAN.
    pub vlan: u16,
    /// Subnet; its first host is the gateway, on the first core.
    pub net: Ipv4Net,
}

/// How a device can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speaks {
    /// Nothing: it is seen on ports and in tables only.
    Nothing,
    /// SNMPv2c (and v1).
    V2c,
    /// SNMPv3, authenticated and encrypted; no community works.
    V3,
}

/// A device.
#[derive(Clone, Debug)]
pub struct Device {
    /// Name.
    pub name: String,
    /// Kind.
    pub class: DeviceClass,
    /// Its place in [`Hospital::segments`].
    pub segment: usize,
    /// Address.
    pub address: Ipv4Addr,
    /// MAC.
    pub mac: Mac,
    /// What it is.
    pub product: catalog::Product,
    /// Firmware, where not the product's.
    pub firmware: &'static str,
    /// Serial number.
    pub serial: String,
    /// Ward, empty for none.
    pub ward: String,
    /// Room.
    pub room: String,
    /// Biomedical tag, empty for none.
    pub tag: String,
    /// How it can be asked.
    pub speaks: Speaks,
    /// The port it hangs on (that of its access point where it is wireless); none for the root.
    pub at: Option<usize>,
    /// The access point it is behind.
    pub through: Option<usize>,
    /// Its own ports, where it is a switch.
    pub ports: std::ops::Range<usize>,
}

/// What is on the other end of a port's cable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// No cable.
    Nothing,
    /// Stations, by their place in [`Hospital::devices`]; an access point comes before those behind it.
    Stations(Vec<usize>),
    /// Another switch's port, by its place in [`Hospital::ports`].
    Link(usize),
}

/// A port of a switch.
#[derive(Clone, Debug)]
pub struct Port {
    /// Whose.
    pub owner: usize,
    /// `ifIndex`
    pub if_index: u32,
    /// `dot1dBasePort`
    pub base: u32,
    /// `ifName`
    pub name: String,
    /// `ifAlias`
    pub alias: String,
    /// Megabits a second.
    pub mbps: u32,
    /// Access VLAN; zero on a trunk.
    pub vlan: u16,
    /// The other end.
    pub peer: Peer,
    /// Leads towards the root.
    pub uplink: bool,
    /// Octets a second that come in on a usual evening.
    pub in_load: u64,
    /// Octets a second that go out.
    pub out_load: u64,
}

/// Whom a scenario means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// The access switch of the first intensive care unit.
    pub icu_switch: usize,
    /// A UPS that is not behind it.
    pub ups: usize,
    /// Where a station appears that nobody declared.
    pub stranger: Stranger,
}

/// A station that nobody declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// Its MAC.
    pub mac: Mac,
    /// The address it took.
    pub address: Ipv4Addr,
    /// The segment it is in.
    pub segment: usize,
    /// The free port it was plugged into.
    pub port: usize,
}

impl Hospital {
    /// Builds a hospital for so many endpoints (within [`shape::ENDPOINTS`]); the same arguments give the same one.
    pub fn build(endpoints: u32, seed: u64, port: u16) -> Self {
        layout::build(endpoints, seed, port)
    }

    /// The devices that answer SNMP.
    pub fn agents(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.devices.len()).filter(|d| self.devices[*d].speaks != Speaks::Nothing)
    }

    /// Is this a switch, with ports of its own?
    pub fn is_switch(&self, device: usize) -> bool {
        self.devices
            .get(device)
            .is_some_and(|d| !d.ports.is_empty())
    }

    /// The gateway of a segment.
    pub fn gateway(&self, segment: usize) -> Option<Ipv4Addr> {
        self.segments
            .get(segment)
            .and_then(|s| s.net.hosts().next())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn count(hospital: &Hospital, class: DeviceClass) -> usize {
        hospital.devices.iter().filter(|d| d.class == class).count()
    }

    #[test]
    fn the_same_seed_gives_the_same_register_and_another_seed_another() {
        let json = |seed| serde_json::to_string(&Hospital::build(200, seed, 1161).site).unwrap();
        assert_eq!(json(7), json(7));
        assert_ne!(json(7), json(8));
    }

    #[test]
    fn the_house_of_200_has_the_published_shape() {
        let h = Hospital::build(200, 7, 1161);
        let infrastructure = [
            (DeviceClass::Router, 1),
            (DeviceClass::Switch, 5),
            (DeviceClass::Firewall, 1),
            (DeviceClass::WirelessController, 1),
            (DeviceClass::AccessPoint, 10),
        ];
        for (class, n) in infrastructure {
            assert_eq!(count(&h, class), n, "{class}");
        }
        assert_eq!(h.devices.len(), 200 + 18);
        assert_eq!(h.segments.len(), 8);
        assert_eq!(count(&h, DeviceClass::InfusionPump), 19, "38 % of 50");
        let medical = h.devices.iter().filter(|d| d.class.is_medical()).count();
        assert_eq!(medical, 50);
        let icu = &h.devices[h.cast.icu_switch];
        assert_eq!(icu.name, "sw-3f-02");
        let behind: BTreeMap<DeviceClass, usize> = h.ports[icu.ports.clone()]
            .iter()
            .filter_map(|p| match &p.peer {
                Peer::Stations(s) => Some(s),
                _ => None,
            })
            .flatten()
            .fold(BTreeMap::new(), |mut n, d| {
                *n.entry(h.devices[*d].class).or_default() += 1;
                n
            });
        assert_eq!(behind[&DeviceClass::Ventilator], 7);
        assert_eq!(behind[&DeviceClass::InfusionPump], 13);
        assert_eq!(behind[&DeviceClass::PatientMonitor], 7);
        let vent = h.devices.iter().find(|d| d.name == "vent-icu3-07").unwrap();
        assert_eq!(h.ports[vent.at.unwrap()].name, "Gi1/0/17");
        let old: Vec<&str> = h
            .devices
            .iter()
            .filter(|d| d.firmware == catalog::PUMP_OLD)
            .map(|d| d.name.as_str())
            .collect();
        assert_eq!(old, ["pump-icu3-12"]);
    }

    #[test]
    fn every_size_is_sound_names_and_addresses_are_unique_and_every_cable_leads_to_the_root() {
        for endpoints in [40, 200, 1_000, 5_000, 50_000] {
            let h = Hospital::build(endpoints, 3, 1161);
            let names: BTreeSet<&str> = h.devices.iter().map(|d| d.name.as_str()).collect();
            assert_eq!(names.len(), h.devices.len(), "{endpoints}");
            let macs: BTreeSet<Mac> = h.devices.iter().map(|d| d.mac).collect();
            assert_eq!(macs.len(), h.devices.len());
            assert!(macs.iter().all(|m| m.is_station() && !m.is_local()));
            let mut addresses = BTreeSet::new();
            for d in &h.devices {
                let net = h.segments[d.segment].net;
                assert!(NET.contains(&net) && net.contains(&d.address), "{}", d.name);
                assert!(addresses.insert(d.address), "{endpoints} {}", d.address);
            }
            assert!(!addresses.contains(&h.cast.stranger.address));
            for (i, a) in h.segments.iter().enumerate() {
                for b in &h.segments[i + 1..] {
                    assert!(
                        !a.net.contains(&b.net) && !b.net.contains(&a.net),
                        "{} {}",
                        a.name,
                        b.name
                    );
                    assert_ne!(a.vlan, b.vlan);
                }
                assert!(
                    i == 0
                        || !addresses.contains(&h.gateway(i).unwrap())
                        || h.gateway(i) == Some(h.devices[0].address)
                );
            }
            for device in 1..h.devices.len() {
                let (mut at, mut hops) = (device, 0);
                while at != 0 {
                    let port = h.devices[at]
                        .at
                        .unwrap_or_else(|| panic!("{} hangs on nothing", h.devices[at].name));
                    at = h.ports[port].owner;
                    hops += 1;
                    assert!(hops < 6, "a loop of cables at {}", h.devices[device].name);
                }
            }
            let total = h.devices.iter().filter(|d| !d.class.is_network()).count();
            assert_eq!(total, endpoints as usize);
            let switches = count(&h, DeviceClass::Switch);
            println!(
                "{endpoints}: {switches} access switches, {} agents",
                h.agents().count()
            );
            assert!(h.ports[h.cast.stranger.port].peer == Peer::Nothing);
            assert_ne!(h.ports[h.cast.stranger.port].owner, h.cast.icu_switch);
        }
    }
}
