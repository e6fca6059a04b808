//! Closets, switches, ports and what is plugged into them.

use std::collections::BTreeMap;

use super::{ACCESS_FILL, ACCESS_PORTS, CLOSETS, Closet, Core, Draft, Wish};
use crate::model::DeviceClass;
use crate::sim::hospital::shape::Kind;
use crate::sim::hospital::{Peer, Port};

impl Draft {
    /// Puts every wired endpoint into a closet; servers of a small house stay for the core.
    pub(super) fn draw_closets(&mut self, wishes: &[Wish]) -> Vec<Closet> {
        let mut closets: Vec<Closet> = Vec::new();
        let mut of_segment = vec![None; self.segments.len()];
        for building in 0..self.buildings {
            for (floor, kinds) in CLOSETS {
                let members: Vec<usize> = (0..self.segments.len())
                    .filter(|s| kinds.contains(&self.segments[*s].kind))
                    .filter(|s| self.nth[*s] % self.buildings == building)
                    .collect();
                if members.is_empty() {
                    continue;
                }
                for member in members {
                    of_segment[member] = Some(closets.len());
                }
                closets.push(Closet {
                    building,
                    floor,
                    kinds,
                    wired: Vec::new(),
                });
            }
        }
        let small = self.of_kind(Kind::Servers).is_empty();
        let mut roaming = Vec::new();
        for wish in wishes.iter().filter(|w| !w.wireless) {
            let class = self.devices[wish.device].class;
            if small && matches!(class, DeviceClass::Server | DeviceClass::Storage) {
                continue;
            }
            match wish.home.and_then(|segment| of_segment[segment]) {
                Some(closet) => closets[closet].wired.push(wish.device),
                None => roaming.push(wish.device),
            }
        }
        let wards: Vec<usize> = (0..closets.len())
            .filter(|c| closets[*c].floor > 0)
            .collect();
        let (mut ups, mut ap) = (0, 0);
        for device in roaming {
            let closet = match self.devices[device].class {
                // the intensive care unit is the first to get one
                DeviceClass::Ups => {
                    ups += 1;
                    wards[(ups + 2) % wards.len()]
                }
                DeviceClass::AccessPoint => {
                    ap += 1;
                    wards[ap % wards.len()]
                }
                _ => wards
                    .iter()
                    .copied()
                    .min_by_key(|c| closets[*c].wired.len() % ACCESS_FILL)
                    .unwrap_or(0),
            };
            closets[closet].wired.push(device);
        }
        closets
    }

    pub(super) fn draw_switches(
        &mut self,
        core: &Core,
        closets: &[Closet],
    ) -> Vec<(usize, &'static [Kind])> {
        let infra = self.home(Kind::Infrastructure)[0];
        let distribution: Vec<usize> = (1..=self.shape.distribution)
            .map(|n| self.named(DeviceClass::Router, infra, format!("dist-{n:02}")))
            .collect();
        let mut switches = Vec::new();
        let mut on_floor: BTreeMap<(usize, u8), usize> = BTreeMap::new();
        let mut cabling = Vec::new();
        for closet in closets {
            for wired in closet.wired.chunks(ACCESS_FILL) {
                let n = on_floor.entry((closet.building, closet.floor)).or_default();
                *n += 1;
                let place = match (closet.building, closet.floor) {
                    (0, 0) => format!("dc-{n:02}"),
                    (b, 0) => format!("b{}-dc-{n:02}", b + 1),
                    (0, f) => format!("{f}f-{n:02}"),
                    (b, f) => format!("b{}-{f}f-{n:02}", b + 1),
                };
                let switch = self.named(DeviceClass::Switch, infra, format!("sw-{place}"));
                self.devices[switch].room = format!("closet {place}");
                for device in wired {
                    self.name_after(*device, &place);
                }
                switches.push((switch, closet.kinds));
                cabling.push((switch, wired.to_vec()));
            }
        }
        let servers: Vec<usize> = if self.of_kind(Kind::Servers).is_empty() {
            (0..self.devices.len())
                .filter(|d| {
                    matches!(
                        self.devices[*d].class,
                        DeviceClass::Server | DeviceClass::Storage
                    )
                })
                .collect()
        } else {
            Vec::new()
        };

        // ports, device by device, so that those of one stand in a row; links are joined afterwards
        let mut links = Vec::new();
        let cores: Vec<usize> = std::iter::once(core.root)
            .chain(core.others.iter().copied())
            .collect();
        let below_cores: Vec<usize> = if distribution.is_empty() {
            switches.iter().map(|s| s.0).collect()
        } else {
            distribution.clone()
        };
        for (at, node) in cores.iter().enumerate() {
            let mut down: Vec<usize> = Vec::new();
            if at == 0 {
                down.extend(&core.others);
            }
            down.extend(below_cores.iter().skip(at).step_by(cores.len()));
            let stations: Vec<usize> = if at == 0 {
                core.attached.iter().chain(&servers).copied().collect()
            } else {
                Vec::new()
            };
            self.backbone(*node, &down, &stations, at > 0, &mut links);
        }
        for (at, node) in distribution.iter().enumerate() {
            let down: Vec<usize> = switches
                .iter()
                .map(|s| s.0)
                .skip(at)
                .step_by(distribution.len())
                .collect();
            self.backbone(*node, &down, &[], true, &mut links);
        }
        for (switch, wired) in &cabling {
            self.access(*switch, wired);
        }
        self.join(&links);
        switches
    }

    /// Power and radio are called by the closet they serve.
    fn name_after(&mut self, device: usize, place: &str) {
        let stem = match self.devices[device].class {
            DeviceClass::Ups => "ups",
            DeviceClass::AccessPoint => "ap",
            DeviceClass::Pdu => "pdu",
            DeviceClass::Sensor => "sens",
            _ => return,
        };
        let stem = format!("{stem}-{place}");
        let count = self.names.entry(stem.clone()).or_default();
        *count += 1;
        self.devices[device].name = match (*count, stem.as_str()) {
            (1, s) if s.starts_with("ups") => stem,
            (n, _) => format!("{stem}-{n}"),
        };
        self.devices[device].room = format!("closet {place}");
    }

    fn port(&mut self, owner: usize, if_index: u32, base: usize, name: String, mbps: u32) -> usize {
        self.ports.push(Port {
            owner,
            if_index,
            base: base as u32,
            name,
            alias: String::new(),
            mbps,
            vlan: 0,
            peer: Peer::Nothing,
            uplink: false,
            in_load: 0,
            out_load: 0,
        });
        self.ports.len() - 1
    }

    /// A core or distribution switch: downlinks, stations, two free ports, its own uplink last.
    fn backbone(
        &mut self,
        node: usize,
        down: &[usize],
        stations: &[usize],
        uplink: bool,
        links: &mut Vec<(usize, usize)>,
    ) {
        let first = self.ports.len();
        let name = |n: usize| format!("Te1/0/{n}");
        let mut n = 0;
        for child in down {
            n += 1;
            let port = self.port(node, 1_000 + n as u32, n, name(n), 10_000);
            links.push((port, *child));
        }
        for station in stations {
            n += 1;
            let port = self.port(node, 1_000 + n as u32, n, name(n), 10_000);
            self.plug(port, *station);
        }
        for _ in 0..2 {
            n += 1;
            self.port(node, 1_000 + n as u32, n, name(n), 10_000);
        }
        if uplink {
            n += 1;
            let port = self.port(node, 1_000 + n as u32, n, name(n), 10_000);
            self.ports[port].uplink = true;
        }
        self.devices[node].ports = first..self.ports.len();
    }

    fn access(&mut self, switch: usize, wired: &[usize]) {
        let first = self.ports.len();
        for n in 1..=ACCESS_PORTS {
            let port = self.port(switch, 10_100 + n as u32, n, format!("Gi1/0/{n}"), 1_000);
            if let Some(device) = wired.get(n - 1) {
                self.plug(port, *device);
            }
        }
        let n = ACCESS_PORTS + 1;
        let port = self.port(switch, 10_201, n, "Te1/1/1".into(), 10_000);
        self.ports[port].uplink = true;
        self.devices[switch].ports = first..self.ports.len();
    }

    fn plug(&mut self, port: usize, device: usize) {
        let vlan = self.segments[self.devices[device].segment].vlan;
        let radio = self.devices[device].class == DeviceClass::AccessPoint;
        self.devices[device].at = Some(port);
        let port = &mut self.ports[port];
        port.peer = Peer::Stations(vec![device]);
        port.vlan = if radio { 0 } else { vlan };
        port.alias.clone_from(&self.devices[device].name);
    }

    /// Joins each downlink with the uplink of the switch below it.
    fn join(&mut self, links: &[(usize, usize)]) {
        for (down, child) in links {
            let Some(up) = self.devices[*child]
                .ports
                .clone()
                .find(|p| self.ports[*p].uplink)
            else {
                continue;
            };
            let parent = self.ports[*down].owner;
            self.ports[*down].peer = Peer::Link(up);
            self.ports[up].peer = Peer::Link(*down);
            self.ports[*down].alias = format!("to {}", self.devices[*child].name);
            self.ports[up].alias = format!("to {}", self.devices[parent].name);
            self.devices[*child].at = Some(*down);
        }
    }

    /// Puts the wireless behind access points, those of the own building first in line.
    pub(super) fn associate(&mut self, wishes: &[Wish]) {
        let radios: Vec<usize> = wishes
            .iter()
            .map(|w| w.device)
            .filter(|d| self.devices[*d].class == DeviceClass::AccessPoint)
            .collect();
        let wireless = wishes.iter().filter(|w| w.wireless).map(|w| w.device);
        for (n, device) in wireless.enumerate() {
            let radio = radios[n % radios.len()];
            let at = self.devices[radio].at;
            self.devices[device].through = Some(radio);
            self.devices[device].at = at;
            if let Some(port) = at
                && let Peer::Stations(stations) = &mut self.ports[port].peer
            {
                stations.push(device);
            }
        }
    }
}
