//! What may be sent, said as simply as the invariant says it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use wardwatch::model::{DeviceClass, DeviceSpec, Mac, SegmentSpec, Site, Text, Time, TouchPolicy};

const DAY: i64 = 86_400_000;

/// What a person said.
#[derive(Clone, Debug)]
pub struct Said {
    pub policy: TouchPolicy,
    pub by: String,
    pub until: Time,
    pub approved: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Station(Mac),
    Declared(usize),
}

/// The site in force, who was seen where, and what people said.
#[derive(Default)]
pub struct Oracle {
    pub site: Option<Site>,
    seen: BTreeMap<IpAddr, BTreeMap<Who, Time>>,
    /// Where anybody was ever seen.
    loud: BTreeSet<IpAddr>,
    /// By the name's number.
    pub said: BTreeMap<usize, Vec<Said>>,
    pub asked: BTreeMap<usize, Said>,
}

/// Devices are called by numbers that stay theirs whatever the site says.
pub fn name(number: usize) -> Text {
    Text::from(format!("device-{number}"))
}

pub fn mac_of(number: usize) -> Mac {
    Mac([0, 0x1b, 0x21, 0, 1, number as u8])
}

fn number_of(mac: Mac) -> Option<usize> {
    (mac.0[..5] == [0, 0x1b, 0x21, 0, 1]).then(|| usize::from(mac.0[5]))
}

fn segment(site: &Site, address: IpAddr) -> Option<&SegmentSpec> {
    site.segments
        .iter()
        .flat_map(|s| s.nets.iter().map(move |n| (n, s)))
        .filter(|(n, _)| n.contains(&address))
        .max_by_key(|(n, _)| n.prefix_len())
        .map(|(_, s)| s)
}

fn unknown(site: &Site, address: IpAddr) -> TouchPolicy {
    let Some(s) = segment(site, address) else {
        return TouchPolicy::Passive;
    };
    let default = if s.clinical {
        TouchPolicy::Passive
    } else {
        TouchPolicy::Arp
    };
    s.unknown
        .unwrap_or(default)
        .min(s.touch.unwrap_or(TouchPolicy::Full))
}

fn of_class(site: &Site, class: DeviceClass) -> TouchPolicy {
    let here = site.classes.iter().find(|c| c.class == class);
    here.and_then(|c| c.touch).unwrap_or(class.touch())
}

/// The device as declared, at an address.
fn declared(site: &Site, spec: &DeviceSpec, address: IpAddr) -> TouchPolicy {
    let own = match (spec.touch, spec.class) {
        (Some(own), _) => own,
        (None, DeviceClass::Unknown) => unknown(site, address),
        (None, class) => of_class(site, class),
    };
    let cap = segment(site, address).and_then(|s| s.touch);
    own.min(cap.unwrap_or(TouchPolicy::Full))
}

impl Oracle {
    fn spec(&self, number: usize) -> Option<&DeviceSpec> {
        let site = self.site.as_ref()?;
        site.devices.iter().find(|d| d.name == name(number))
    }

    fn numbers(site: &Site) -> impl Iterator<Item = (usize, &DeviceSpec)> {
        site.devices.iter().filter_map(|d| {
            let number = d.name.as_str().strip_prefix("device-")?.parse().ok()?;
            Some((number, d))
        })
    }

    pub fn configure(&mut self, site: &Site, now: Time) {
        // whoever was declared with an address had it until now
        if let Some(before) = self.site.replace(site.clone()) {
            for (number, spec) in Self::numbers(&before) {
                for a in &spec.addresses {
                    let who = self.seen.entry(*a).or_default();
                    who.insert(Who::Declared(number), now);
                }
                if self.spec(number).is_none() {
                    self.said.remove(&number);
                    self.asked.remove(&number);
                }
                // one without a MAC is known by its name alone: who takes it away and gives it again names another device
                if spec.macs.is_empty() && self.spec(number).is_none() {
                    for who in self.seen.values_mut() {
                        who.remove(&Who::Declared(number));
                    }
                }
            }
        }
    }

    pub fn sighted(&mut self, address: IpAddr, mac: Mac, now: Time) {
        self.loud.insert(address);
        let owner = self.owner(address);
        if owner.is_some_and(|(_, d)| d.macs.is_empty()) && !self.is_declared(mac) {
            // at the address of a device that is declared without a MAC, whichever is seen is taken for its own
            return;
        }
        let who = self.seen.entry(address).or_default();
        who.insert(Who::Station(mac), now);
    }

    fn is_declared(&self, mac: Mac) -> bool {
        number_of(mac).is_some_and(|number| self.spec(number).is_some())
    }

    fn owner(&self, address: IpAddr) -> Option<(usize, &DeviceSpec)> {
        Self::numbers(self.site.as_ref()?).find(|(_, d)| d.addresses.contains(&address))
    }

    /// The policy of a device by itself, at its first address.
    pub fn base(&self, number: usize) -> Option<TouchPolicy> {
        let site = self.site.as_ref()?;
        let spec = self.spec(number)?;
        Some(declared(site, spec, *spec.addresses.first()?))
    }

    fn of_device(&self, site: &Site, number: usize, address: IpAddr, now: Time) -> TouchPolicy {
        let base = match self.spec(number) {
            Some(spec) => declared(site, spec, address),
            None => unknown(site, address),
        };
        let said = self.said.get(&number).into_iter().flatten();
        said.filter(|s| now < s.until && (base != TouchPolicy::Never || s.approved))
            .map(|s| s.policy)
            .max()
            .unwrap_or(base)
    }

    /// The most that may be sent to an address now; nothing before the first site. And whether somebody else than who is
    /// declared there makes it stricter.
    pub fn most(&self, address: IpAddr, now: Time) -> Option<(TouchPolicy, bool)> {
        let site = self.site.as_ref()?;
        let own = match self.owner(address) {
            Some((number, _)) => self.of_device(site, number, address, now),
            None => TouchPolicy::Full,
        };
        let guests = self.seen.get(&address).into_iter().flatten();
        let learns = self.owner(address).is_some_and(|(_, d)| d.macs.is_empty());
        let guests: Vec<TouchPolicy> = guests
            .filter(|(_, at)| now.0 - at.0 < DAY)
            .filter(|(who, _)| match who {
                Who::Station(mac) => !learns || self.is_declared(*mac),
                Who::Declared(_) => true,
            })
            .map(|(who, _)| match who {
                Who::Declared(number) => self.of_device(site, *number, address, now),
                Who::Station(mac) => match number_of(*mac) {
                    Some(number) => self.of_device(site, number, address, now),
                    None => unknown(site, address),
                },
            })
            .collect();
        let strictest = guests.iter().copied().min();
        let most = match (self.owner(address), strictest) {
            (None, None) => unknown(site, address),
            (_, Some(guest)) => own.min(guest),
            (Some(_), None) => own,
        };
        Some((most, strictest.is_some_and(|g| g < own)))
    }

    /// Was nobody ever seen there, so that nothing but the site and people's words decides? A device's second address is
    /// bound by what holds at its first as well.
    pub fn is_quiet(&self, address: IpAddr) -> bool {
        let first = self
            .owner(address)
            .is_none_or(|(_, spec)| spec.addresses.first() == Some(&address));
        first && !self.loud.contains(&address) && !self.seen.contains_key(&address)
    }

    pub fn said_of(&self, address: IpAddr, now: Time) -> Option<bool> {
        let (number, _) = self.owner(address)?;
        let said = self.said.get(&number)?;
        let in_force = said.iter().filter(|s| now < s.until);
        in_force.map(|s| s.approved).max()
    }
}
