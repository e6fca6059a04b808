//! Draws a hospital: segments, endpoints, closets, cables, addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::catalog::{self, Product};
use super::shape::{Kind, Shape, share};
use super::{Cast, Device, Hospital, NET, Peer, Port, Segment, Speaks, Stranger, site};
use crate::model::{DeviceClass, Mac, Site};
use crate::sim::chance::{Dice, hash};

/// Ports of an access switch.
const ACCESS_PORTS: usize = 48;
/// Of these, used before the next switch is bought; the last is kept free.
const ACCESS_FILL: usize = 47;
/// A house with so many endpoints has its wireless pumps, a data centre of its own and so on.
const LARGE: usize = 1_000;

/// A wiring closet before its switches are bought.
struct Closet {
    building: usize,
    floor: u8,
    kinds: &'static [Kind],
    wired: Vec<usize>,
}

const CLOSETS: [(u8, &[Kind]); 6] = [
    (1, &[Kind::Emergency, Kind::Radiology]),
    (2, &[Kind::Or, Kind::Laboratory]),
    (3, &[Kind::Pharmacy, Kind::Infrastructure, Kind::Building]),
    (3, &[Kind::Icu]),
    (4, &[Kind::Administration, Kind::Voice]),
    (0, &[Kind::Servers]),
];

struct Draft {
    seed: u64,
    shape: Shape,
    dice: Dice,
    segments: Vec<Segment>,
    /// Which of its kind each segment is.
    nth: Vec<usize>,
    devices: Vec<Device>,
    ports: Vec<Port>,
    names: BTreeMap<String, usize>,
    macs: BTreeSet<Mac>,
    hosts: Vec<u32>,
    buildings: usize,
}

pub(super) fn build(endpoints: u32, seed: u64, port: u16) -> Hospital {
    let shape = Shape::of(endpoints);
    let mut draft = Draft {
        seed,
        shape,
        dice: Dice::new(seed),
        segments: Vec::new(),
        nth: Vec::new(),
        devices: Vec::new(),
        ports: Vec::new(),
        names: BTreeMap::new(),
        macs: BTreeSet::new(),
        hosts: Vec::new(),
        buildings: shape.clinical.div_ceil(Kind::CLINICAL.len()).max(1),
    };
    draft.draw_segments();
    // the network devices come first: the root is device zero
    let core = draft.draw_core();
    let endpoints = draft.draw_endpoints();
    let closets = draft.draw_closets(&endpoints);
    let switches = draft.draw_switches(&core, &closets);
    draft.associate(&endpoints);
    draft.number();
    draft.loads();
    let cast = draft.cast(&switches);
    let mut hospital = Hospital {
        seed,
        port,
        segments: draft.segments,
        devices: draft.devices,
        ports: draft.ports,
        cast,
        site: Site::default(),
    };
    hospital.site = site::register(&hospital);
    hospital
}

/// An endpoint drawn, and the closet it wants to be in.
struct Wish {
    device: usize,
    /// None: wherever there is room.
    home: Option<usize>,
    wireless: bool,
}

/// Closets by whether they hold patients' devices: what hangs on core.
struct Core {
    root: usize,
    others: Vec<usize>,
    /// Firewall, controller and, in a small house, servers.
    attached: Vec<usize>,
}

impl Draft {
    fn draw_segments(&mut self) {
        let plain = self.shape.segments.saturating_sub(self.shape.clinical);
        let clinical = (0..self.shape.clinical).map(|i| Kind::CLINICAL[i % 6]);
        let plain = (0..plain.max(2)).map(|i| Kind::PLAIN[i % 6]);
        let mut seen: BTreeMap<Kind, usize> = BTreeMap::new();
        for kind in clinical.chain(plain) {
            let nth = seen.entry(kind).or_default();
            self.segments.push(Segment {
                kind,
                name: kind.name(*nth),
                slug: kind.slug(*nth),
                vlan: kind.vlan(*nth),
                net: NET,
            });
            self.nth.push(*nth);
            *nth += 1;
        }
        self.hosts = vec![1; self.segments.len()];
    }

    fn of_kind(&self, kind: Kind) -> Vec<usize> {
        (0..self.segments.len())
            .filter(|s| self.segments[*s].kind == kind)
            .collect()
    }

    /// Where devices of this kind go: its segments, or those of a kind that takes its place in a small house.
    fn home(&self, kind: Kind) -> Vec<usize> {
        let own = self.of_kind(kind);
        if !own.is_empty() {
            return own;
        }
        self.of_kind(match kind {
            Kind::Voice => Kind::Administration,
            _ => Kind::Infrastructure,
        })
    }

    fn mac(&mut self, oui: [u8; 3]) -> Mac {
        loop {
            let n = self.dice.roll().to_be_bytes();
            let mac = Mac([oui[0], oui[1], oui[2], n[0], n[1], n[2]]);
            if self.macs.insert(mac) {
                return mac;
            }
        }
    }

    fn device(&mut self, class: DeviceClass, segment: usize, name: String, at: Product) -> usize {
        let mac = self.mac(at.oui);
        let serial = format!(
            "{}{:07X}",
            at.vendor.chars().next().unwrap_or('X').to_ascii_uppercase(),
            self.dice.roll() % 0x1000_0000
        );
        let number = self.devices.len();
        let speaks = match class {
            DeviceClass::Router | DeviceClass::Firewall => Speaks::V3,
            DeviceClass::Switch
            | DeviceClass::WirelessController
            | DeviceClass::AccessPoint
            | DeviceClass::Ups
            | DeviceClass::Pdu
            | DeviceClass::Sensor
            | DeviceClass::Printer
            | DeviceClass::Server
            | DeviceClass::Storage => Speaks::V2c,
            _ => Speaks::Nothing,
        };
        self.devices.push(Device {
            name,
            class,
            segment,
            address: Ipv4Addr::LOCALHOST,
            mac,
            product: at,
            firmware: at.firmware,
            serial,
            ward: String::new(),
            room: String::new(),
            tag: if class.is_medical() {
                format!("BME-{:05}", 1_000 + number)
            } else {
                String::new()
            },
            speaks,
            at: None,
            through: None,
            ports: 0..0,
        });
        number
    }

    /// A device with a numbered name: `vent-icu3-07`.
    fn numbered(&mut self, class: DeviceClass, segment: usize) -> usize {
        let slug = &self.segments[segment].slug;
        let stem = format!("{}-{slug}", catalog::prefix(class));
        let count = self.names.entry(stem.clone()).or_default();
        *count += 1;
        let number = *count;
        let width = if self.shape.endpoints > LARGE { 3 } else { 2 };
        let known = catalog::products(class);
        // a ward buys of one vendor, with a few that came from elsewhere
        let ward = hash(self.seed, &[segment as u64, class as u64]) as usize;
        let other = hash(self.seed, &[segment as u64, class as u64, number as u64]) as usize;
        let at = if class == DeviceClass::InfusionPump && segment == 0 {
            0
        } else if other % 9 == 0 {
            other / 9
        } else {
            ward
        };
        let product = known[at % known.len()];
        let device = self.device(class, segment, format!("{stem}-{number:0width$}"), product);
        let place = &self.segments[segment];
        let (floor, kind) = (place.kind.floor(), place.kind);
        if kind.is_clinical() || kind == Kind::Administration {
            self.devices[device].ward = place.name.clone();
        }
        self.devices[device].room = format!("{}", usize::from(floor) * 100 + 10 + number % 80);
        if product.model == catalog::PUMP_MODEL && number % 12 == 0 {
            self.devices[device].firmware = catalog::PUMP_OLD;
        }
        device
    }

    fn named(&mut self, class: DeviceClass, segment: usize, name: String) -> usize {
        let product = catalog::products(class)[0];
        let device = self.device(class, segment, name, product);
        self.devices[device].room = "DC-1".into();
        device
    }

    fn draw_core(&mut self) -> Core {
        let infra = self.home(Kind::Infrastructure)[0];
        let root = self.named(DeviceClass::Router, infra, "core-1".into());
        let others = (2..=self.shape.core)
            .map(|n| self.named(DeviceClass::Router, infra, format!("core-{n}")))
            .collect();
        let attached = vec![
            self.named(DeviceClass::Firewall, infra, "fw-edge".into()),
            self.named(DeviceClass::WirelessController, infra, "wlc-1".into()),
        ];
        Core {
            root,
            others,
            attached,
        }
    }

    fn draw_endpoints(&mut self) -> Vec<Wish> {
        let shape = self.shape;
        let large = shape.endpoints > LARGE;
        let mut wishes = Vec::new();
        let weights: Vec<[usize; 4]> = self.segments.iter().map(|s| s.kind.weights()).collect();
        let column = |c: usize| weights.iter().map(|w| w[c]).collect::<Vec<_>>();
        let medical = share(shape.medical, &column(0));
        let workstations = share(shape.workstations, &column(1));
        let wired_phones = if large {
            shape.phones * 3 / 10
        } else {
            shape.phones / 2
        };
        let phones = share(wired_phones, &column(2));
        let printers = share(shape.printers, &column(3));
        for segment in 0..self.segments.len() {
            let kind = self.segments[segment].kind;
            let mut wish = |draft: &mut Self, class, count, wireless: bool, home| {
                for _ in 0..count {
                    let device = draft.numbered(class, segment);
                    wishes.push(Wish {
                        device,
                        home,
                        wireless,
                    });
                }
            };
            let home = Some(segment);
            let wireless_pcs = if large {
                workstations[segment] * 15 / 100
            } else {
                0
            };
            wish(
                self,
                DeviceClass::Workstation,
                workstations[segment] - wireless_pcs,
                false,
                home,
            );
            wish(self, DeviceClass::Workstation, wireless_pcs, true, home);
            wish(self, DeviceClass::Phone, phones[segment], false, home);
            let classes = kind.medical();
            let weights: Vec<usize> = classes.iter().map(|c| c.1).collect();
            let shared = share(medical[segment], &weights);
            for ((class, _), count) in classes.iter().zip(shared) {
                let wireless = large && *class == DeviceClass::InfusionPump && kind != Kind::Icu;
                wish(self, *class, count, wireless, home);
            }
            wish(self, DeviceClass::Printer, printers[segment], false, home);
        }
        let mut spread =
            |draft: &mut Self, kind: Kind, class, count: usize, wireless, roams: bool| {
                let homes = draft.home(kind);
                for i in 0..count {
                    let segment = homes[i % homes.len()];
                    let device = draft.numbered(class, segment);
                    wishes.push(Wish {
                        device,
                        home: (!roams).then_some(segment),
                        wireless,
                    });
                }
            };
        spread(
            self,
            Kind::Voice,
            DeviceClass::Phone,
            shape.phones - wired_phones,
            true,
            false,
        );
        spread(
            self,
            Kind::Building,
            DeviceClass::Camera,
            shape.cameras * 2 / 3,
            false,
            true,
        );
        let doors = shape.cameras - shape.cameras * 2 / 3;
        spread(self, Kind::Building, DeviceClass::Door, doors, false, true);
        let ups = (shape.building * 4 / 10).max(1).min(shape.building);
        spread(
            self,
            Kind::Building,
            DeviceClass::Building,
            shape.building - ups,
            false,
            true,
        );
        spread(
            self,
            Kind::Infrastructure,
            DeviceClass::Ups,
            ups,
            false,
            true,
        );
        spread(
            self,
            Kind::Servers,
            DeviceClass::Server,
            shape.servers,
            false,
            false,
        );
        let rest = share(shape.rest(), &[1, 2, 3, 2]);
        spread(
            self,
            Kind::Servers,
            DeviceClass::Storage,
            rest[0],
            false,
            false,
        );
        spread(
            self,
            Kind::Infrastructure,
            DeviceClass::Pdu,
            rest[1],
            false,
            true,
        );
        spread(
            self,
            Kind::Infrastructure,
            DeviceClass::Sensor,
            rest[2],
            false,
            true,
        );
        spread(
            self,
            Kind::Administration,
            DeviceClass::Workstation,
            rest[3],
            true,
            false,
        );
        spread(
            self,
            Kind::Infrastructure,
            DeviceClass::AccessPoint,
            shape.access_points,
            false,
            true,
        );
        wishes
    }

    /// Puts every wired endpoint into a closet; servers of a small house stay for the core.
    fn draw_closets(&mut self, wishes: &[Wish]) -> Vec<Closet> {
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

    fn draw_switches(&mut self, core: &Core, closets: &[Closet]) -> Vec<(usize, &'static [Kind])> {
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
    fn associate(&mut self, wishes: &[Wish]) {
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

    /// Subnets and addresses.
    fn number(&mut self) {
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
                u32::from(NET.network()) + (u32::from(segment.vlan) / 10 << 8)
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
    fn loads(&mut self) {
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
            // never more than seven tenths of the line, even at the top of the day
            let most = u64::from(port.mbps) * 125_000 * 4 / 10;
            port.in_load = comes.min(most);
            port.out_load = goes.min(most);
        }
    }

    fn is_switch(&self, device: usize) -> bool {
        !self.devices[device].ports.is_empty()
    }

    fn cast(&mut self, switches: &[(usize, &'static [Kind])]) -> Cast {
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
