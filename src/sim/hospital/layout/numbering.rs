//! Subnets, addresses, loads, and whom a scenario means.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::Draft;
use crate::model::DeviceClass;
use crate::sim::hospital::shape::Kind;
use crate::sim::hospital::{Cast, NET, Peer, Stranger, catalog};

impl Draft {
    /// Subnets and addresses.
    pub(super) fn number(&mut self) {
        let mut counts = vec![0u32; self.segments.len()];
        for device in &self.devices {
            counts[device.segment] += 1;
        }
        let small = self.segments.len() <= 8 && counts.iter().all(|c| *c <= 180);
        let mut next = u32::from(NET.network());
        for (segment, count) in self.segments.iter_mut().zip(&counts) {
            // room for the gateway and for guests that nobody asked
            let size = (count + 64).next_power_of_two().max(256);
            let start = if small {
                u32::from(NET.network()) + ((u32::from(segment.vlan) / 10) << 8)
            } else {
                next.next_multiple_of(size)
            };
            next = start + size;
            let prefix = 32 - size.trailing_zeros() as u8;
            segment.net = Ipv4Net::new(Ipv4Addr::from(start), prefix).unwrap_or(NET);
        }
        for device in &mut self.devices {
            let host = &mut self.hosts[device.segment];
            let base = u32::from(self.segments[device.segment].net.network());
            // the root itself is the gateway
            device.address = Ipv4Addr::from(base + *host);
            *host += 1;
            if *host == 2 && device.name != "core-1" {
                device.address = Ipv4Addr::from(base + *host);
                *host += 1;
            }
        }
    }

    /// What goes through each port on a usual evening: that of its stations, and of everything behind it.
    pub(super) fn loads(&mut self) {
        let mut wanted: Vec<(u64, u64)> = vec![(0, 0); self.ports.len()];
        for device in 0..self.devices.len() {
            let (sends, receives) = catalog::load(self.devices[device].class);
            let mut at = self.devices[device].at;
            if self.is_switch(device) {
                continue;
            }
            let mut hops = 0;
            while let Some(port) = at {
                wanted[port].0 += sends;
                wanted[port].1 += receives;
                let owner = self.ports[port].owner;
                if let Some(up) = self.devices[owner]
                    .ports
                    .clone()
                    .find(|p| self.ports[*p].uplink)
                {
                    wanted[up].0 += receives;
                    wanted[up].1 += sends;
                }
                at = self.devices[owner].at;
                hops += 1;
                if hops > 16 {
                    break;
                }
            }
        }
        for (port, (comes, goes)) in self.ports.iter_mut().zip(wanted) {
            // even at the top of the day and of both waves never more than eight tenths of the line
            let most = u64::from(port.mbps) * 125_000 * 3 / 10;
            port.in_load = comes.min(most);
            port.out_load = goes.min(most);
        }
    }

    fn is_switch(&self, device: usize) -> bool {
        !self.devices[device].ports.is_empty()
    }

    pub(super) fn cast(&mut self, switches: &[(usize, &'static [Kind])]) -> Cast {
        let with = |kind| {
            switches
                .iter()
                .find(|s| s.1.contains(&kind))
                .map_or(0, |s| s.0)
        };
        let icu_switch = with(Kind::Icu);
        let ups = (0..self.devices.len())
            .filter(|d| self.devices[*d].class == DeviceClass::Ups)
            .find(|d| {
                self.devices[*d]
                    .at
                    .is_some_and(|p| self.ports[p].owner != icu_switch)
            })
            .unwrap_or(0);
        let segment = self.of_kind(Kind::Radiology).first().copied().unwrap_or(0);
        let switch = with(Kind::Radiology);
        let port = self.devices[switch]
            .ports
            .clone()
            .find(|p| self.ports[*p].peer == Peer::Nothing)
            .unwrap_or(0);
        self.ports[port].vlan = self.segments[segment].vlan;
        self.ports[port].in_load = 2_000;
        self.ports[port].out_load = 1_000;
        let mac = self.mac(catalog::SINGLE_BOARD_OUI);
        let net = self.segments[segment].net;
        let address = Ipv4Addr::from(u32::from(net.broadcast()) - 9);
        Cast {
            icu_switch,
            ups,
            stranger: Stranger {
                mac,
                address,
                segment,
                port,
            },
        }
    }
}
