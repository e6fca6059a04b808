//! Draws a hospital: segments and endpoints here, closets and cables in [`cabling`], addresses and loads in [`numbering`].

mod cabling;
mod numbering;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::catalog::{self, Product};
use super::shape::{Kind, Shape, share};
use super::{Device, Hospital, NET, Port, Segment, Speaks, site};
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
        } else if other.is_multiple_of(9) {
            other / 9
        } else {
            ward
        };
        let product = known[at % known.len()];
        let device = self.device(class, segment, format!("{stem}-{number:0width$}"), product);
        let place = &self.segments[segment];
        let (floor, kind) = (place.kind.floor(), place.kind);
        if kind.is_clinical() || kind == Kind::Administration {
            self.devices[device].ward.clone_from(&place.name);
        }
        self.devices[device].room = format!("{}", usize::from(floor) * 100 + 10 + number % 80);
        if product.model == catalog::PUMP_MODEL && number.is_multiple_of(12) {
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
}
