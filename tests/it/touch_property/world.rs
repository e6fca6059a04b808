//! One random site with random devices, and what happens to it in some days.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use wardwatch::engine::State;
use wardwatch::event::{
    ArpHow, Body, Command, ConfigAppliedV2, EffectKind, Event, ObsArpV1, ObsHeardV1, Observation,
};
use wardwatch::gate::{Gate, Permit, PermitId};
use wardwatch::model::{
    ClassSpec, DeviceClass, DeviceSpec, FactSource, Mac, PacketKind, RunId, SegmentSpec, Seq, Site,
    Text, Time, TouchPolicy,
};

use super::oracle::{Oracle, Said, mac_of, name};

/// What a run of the test saw.
#[derive(Debug, Default)]
pub struct Tally {
    pub decisions: u64,
    pub sent: u64,
    pub refused: u64,
    /// Where the oracle knows exactly, and the gate said the same.
    pub exact: u64,
    pub sets: u64,
    /// Sent because somebody lifted the policy for a time; of which `never`, by two.
    pub lifted: u64,
    pub approved: u64,
    /// Refused because of somebody who had the address before.
    pub remembered: u64,
    /// Packets in the ledger.
    pub ledger: u64,
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn policy(&mut self) -> Option<TouchPolicy> {
        self.one_in(3).then(|| self.of(&TouchPolicy::ALL))
    }
}

const NETS: [&str; 9] = [
    "10.0.0.0/16",
    "10.0.1.0/24",
    "10.0.1.64/26",
    "10.0.1.96/28",
    "10.0.2.0/23",
    "10.0.3.0/24",
    "10.1.0.0/16",
    "10.1.7.0/24",
    "fd00:0:0:7::/64",
];
const CLASSES: [DeviceClass; 10] = [
    DeviceClass::Switch,
    DeviceClass::Router,
    DeviceClass::Printer,
    DeviceClass::Workstation,
    DeviceClass::Ups,
    DeviceClass::InfusionPump,
    DeviceClass::Ventilator,
    DeviceClass::PatientMonitor,
    DeviceClass::Server,
    DeviceClass::Unknown,
];
const KINDS: [PacketKind; 6] = [
    PacketKind::Arp,
    PacketKind::Ping,
    PacketKind::Get,
    PacketKind::Walk,
    PacketKind::Set,
    PacketKind::Reply,
];
const DEVICES: usize = 14;
/// Strangers' MACs: fewer together with the devices than are remembered at one address.
const STRANGERS: usize = 12;
const PEOPLE: [&str; 4] = ["ana", "bo", "ana (sudo root)", "cy"];

fn addresses() -> Vec<IpAddr> {
    let v4 = |c, d| IpAddr::from(Ipv4Addr::new(10, c, d, 0));
    let mut all = Vec::new();
    for net in [v4(0, 1), v4(0, 2), v4(0, 3), v4(1, 7), v4(1, 8), v4(9, 9)] {
        let IpAddr::V4(net) = net else { continue };
        for last in [5u32, 70, 97, 100, 130] {
            all.push(Ipv4Addr::from(u32::from(net) + last).into());
        }
    }
    for last in 1..=4 {
        all.push(Ipv6Addr::new(0xfd00, 0, 0, 7, 0, 0, 0, last).into());
        all.push(Ipv6Addr::new(0xfd00, 0, 0, 8, 0, 0, 0, last).into());
    }
    // in no segment at all
    all.push("192.0.2.9".parse().unwrap());
    all.push("2001:db8::9".parse().unwrap());
    all
}

fn site(dice: &mut Dice, pool: &[IpAddr]) -> Site {
    let segment = |dice: &mut Dice, net: &str| SegmentSpec {
        name: Text::from(net),
        nets: vec![net.parse().unwrap()],
        clinical: dice.one_in(2),
        touch: dice.policy(),
        unknown: dice.policy(),
        ..SegmentSpec::default()
    };
    // every declared address is in some segment
    let mut segments = vec![segment(dice, "10.0.0.0/8"), segment(dice, "fd00::/16")];
    for net in NETS {
        if dice.one_in(2) {
            segments.push(segment(dice, net));
        }
    }
    let mut classes = Vec::new();
    for class in CLASSES {
        if class != DeviceClass::Unknown && dice.one_in(4) {
            classes.push(ClassSpec {
                class,
                care: None,
                touch: dice.policy(),
                v2c_fallback: None,
                answers_from_any_address: None,
                in_flight: None,
            });
        }
    }
    let declarable = &pool[..pool.len() - 2];
    let mut devices = Vec::new();
    for number in 0..DEVICES {
        if dice.one_in(4) {
            continue;
        }
        // each device's own: a declaration under another name at the same address means the same machine, renamed. That an
        // address goes from one to the other is told by who is seen there
        let mut own: Vec<IpAddr> = (number..declarable.len())
            .step_by(DEVICES)
            .map(|at| declarable[at])
            .collect();
        let addresses = (0..=dice.below(2))
            .map(|_| own.swap_remove(dice.below(own.len())))
            .collect();
        devices.push(DeviceSpec {
            name: name(number),
            addresses,
            // one of seven is declared by its addresses alone, always the same
            macs: if number.is_multiple_of(7) {
                vec![]
            } else {
                vec![mac_of(number)]
            },
            class: dice.of(&CLASSES),
            touch: dice.policy(),
            ..DeviceSpec::default()
        });
    }
    Site {
        name: "random".into(),
        segments,
        classes,
        devices,
        ..Site::default()
    }
}

struct World {
    dice: Dice,
    pool: Vec<IpAddr>,
    now: Time,
    seq: u64,
    state: State,
    gate: Arc<Gate>,
    oracle: Oracle,
    permits: BTreeMap<PermitId, Permit>,
    history: Vec<String>,
}

/// Plays one world.
pub fn run(seed: u64, tally: &mut Tally) {
    let mut world = World {
        dice: Dice(seed),
        pool: addresses(),
        now: Time(1_800_000_000_000),
        seq: 0,
        state: State::new(),
        gate: Gate::new(),
        oracle: Oracle::default(),
        permits: BTreeMap::new(),
        history: vec![format!("seed {seed}")],
    };
    // before the first site nothing may go out, whatever was seen
    world.sighting();
    world.packets(20, tally);
    world.configure();
    for _ in 0..60 {
        world.pass_time();
        for _ in 0..=world.dice.below(4) {
            world.happen();
        }
        world.packets(120, tally);
    }
}

impl World {
    fn apply(&mut self, body: Body) {
        self.seq += 1;
        let event = Event {
            seq: Seq(self.seq),
            time: self.now,
            body,
        };
        for effect in self.state.apply(&event).effects {
            if let EffectKind::TouchTable(table) = effect.kind {
                self.gate.install(table);
            }
        }
    }

    /// As the collector: what is due brings a tick.
    fn pass_time(&mut self) {
        let second = 1_000;
        let gaps = [
            1,
            second,
            10 * second,
            600 * second,
            3_600 * second,
            5 * 3_600 * second,
            86_399 * second,
            86_400 * second,
            90_000 * second,
        ];
        self.now = Time(self.now.0 + self.dice.of(&gaps));
        if self.state.due().is_some_and(|due| due <= self.now) {
            self.apply(Body::Tick);
        }
    }

    fn note(&mut self, words: impl std::fmt::Display) {
        self.history.push(format!("{} {words}", self.now.0));
    }

    fn configure(&mut self) {
        let site = site(&mut self.dice, &self.pool);
        self.note(format!("site {site:?}"));
        self.oracle.configure(&site, self.now);
        let hash = Text::from(format!("site {}", self.seq));
        self.apply(Body::Config(Box::new(ConfigAppliedV2 { hash, site })));
    }

    fn sighting(&mut self) {
        let address = self.dice.of(&self.pool);
        let number = self.dice.below(DEVICES);
        let mac = if self.dice.one_in(2) && !number.is_multiple_of(7) {
            mac_of(number)
        } else {
            let n = self.dice.below(STRANGERS);
            Mac([0, 0x1b, 0x21, 9, 9, n as u8])
        };
        self.note(format!("{mac} at {address}"));
        let at = self.now;
        let seen = if self.dice.one_in(2) {
            Observation::Arp(ObsArpV1 {
                at,
                address,
                mac,
                how: self
                    .dice
                    .of(&[ArpHow::Answer, ArpHow::Heard, ArpHow::NeighbourTable]),
                interface: Text::empty(),
            })
        } else {
            Observation::Heard(ObsHeardV1 {
                at,
                mac,
                address: Some(address),
                source: FactSource::Dhcp,
                facts: Vec::new(),
                interface: Text::empty(),
            })
        };
        self.oracle.sighted(address, mac, at);
        self.apply(Body::Observation(seen));
    }

    fn happen(&mut self) {
        match self.dice.below(16) {
            0 => self.configure(),
            1..=8 => self.sighting(),
            9..=11 => self.ask(),
            12 | 13 => self.approve(),
            _ => self.permit(),
        }
    }

    fn person(&mut self) -> &'static str {
        self.dice.of(&PEOPLE)
    }

    fn ask(&mut self) {
        let number = self.dice.below(DEVICES);
        let Some(device) = self.state.find_device(name(number).as_str()) else {
            return;
        };
        let device = device.id;
        let policy = self.dice.of(&TouchPolicy::ALL);
        let by = self.person();
        let hours = self.dice.of(&[0, 1, 6, 23, 48, 1_000]);
        let until = Time(self.now.0 + hours * 3_600_000);
        let reason = if self.dice.one_in(6) { " " } else { "because" };
        self.note(format!(
            "{by} asks {policy} of {} for {hours} h",
            name(number)
        ));
        if let Some(base) = self.oracle.base(number)
            && hours > 0
            && reason != " "
        {
            let said = Said {
                policy,
                by: by.to_string(),
                until: Time(until.0.min(self.now.0 + 86_400_000)),
                approved: false,
            };
            if policy == base {
                self.oracle.said.remove(&number);
                self.oracle.asked.remove(&number);
            } else if base == TouchPolicy::Never {
                self.oracle.asked.insert(number, said);
            } else {
                self.oracle.said.insert(number, vec![said]);
            }
        } else if hours > 0 && reason != " " {
            // a device that is no longer declared: nobody knows here in which segment it stands, so what is said is not
            // judged as exactly
            return;
        }
        let command = Command::OverrideTouch {
            device,
            policy,
            reason: reason.into(),
            until,
        };
        self.apply(Body::Command {
            by: by.into(),
            command,
        });
    }

    fn approve(&mut self) {
        let asked: Vec<usize> = self.oracle.asked.keys().copied().collect();
        let number = if asked.is_empty() || self.dice.one_in(4) {
            self.dice.below(DEVICES)
        } else {
            self.dice.of(&asked)
        };
        let Some(device) = self.state.find_device(name(number).as_str()) else {
            return;
        };
        let device = device.id;
        let by = self.person();
        let asked = self.oracle.asked.get(&number).cloned();
        let policy = match &asked {
            Some(asked) if !self.dice.one_in(4) => asked.policy,
            _ => self.dice.of(&TouchPolicy::ALL),
        };
        self.note(format!("{by} approves {policy} of {}", name(number)));
        if let Some(asked) = asked {
            let same = by.starts_with("ana") && asked.by.starts_with("ana") || by == asked.by;
            if asked.policy == policy && !same && self.now < asked.until {
                self.oracle.asked.remove(&number);
                let approved = Said {
                    approved: true,
                    ..asked
                };
                self.oracle.said.insert(number, vec![approved]);
            }
        }
        self.apply(Body::Command {
            by: by.into(),
            command: Command::ApproveTouch { device, policy },
        });
    }

    fn permit(&mut self) {
        let address = self.dice.of(&self.pool);
        let mut packets = BTreeMap::new();
        for kind in KINDS {
            if self.dice.one_in(2) {
                packets.insert(kind, 1 + self.dice.below(6) as u32);
            }
        }
        let permit = Permit {
            run: RunId(self.seq),
            address,
            packets,
            until: Time(self.now.0 + self.dice.of(&[0, 1_000, 3_600_000, 90_000_000])),
        };
        let id = self.gate.open_permit(permit.clone());
        self.permits.insert(id, permit);
        if self.permits.len() > 6
            && let Some((old, _)) = self.permits.pop_first()
        {
            self.gate.close_permit(old);
            // kept to try a closed one now and then
            if self.dice.one_in(3) {
                let worthless = Permit {
                    run: RunId(0),
                    address,
                    packets: BTreeMap::new(),
                    until: Time(0),
                };
                self.permits.insert(old, worthless);
            }
        }
    }

    fn packets(&mut self, count: usize, tally: &mut Tally) {
        let cause = Text::from("test");
        for _ in 0..count {
            let mut to = self.dice.of(&self.pool);
            let kind = self.dice.of(&KINDS);
            let count = 1 + self.dice.below(3) as u32;
            let ids: Vec<PermitId> = self.permits.keys().copied().collect();
            let permit = (!ids.is_empty() && self.dice.one_in(4)).then(|| self.dice.of(&ids));
            if let Some(permit) = permit.and_then(|p| self.permits.get(&p))
                && !self.dice.one_in(4)
            {
                to = permit.address;
            }
            let asked = match to {
                IpAddr::V4(v4) if self.dice.one_in(8) => IpAddr::V6(v4.to_ipv6_mapped()),
                other => other,
            };
            let passed = self
                .gate
                .pass(asked, kind, count, &cause, permit, self.now)
                .is_ok();
            tally.decisions += 1;
            if passed {
                tally.sent += u64::from(count);
            } else {
                tally.refused += 1;
            }
            self.judge((to, kind, count, permit), passed, tally);
        }
        tally.ledger += self
            .gate
            .drain_ledger()
            .iter()
            .map(|r| u64::from(r.count))
            .sum::<u64>();
    }

    fn judge(
        &mut self,
        (to, kind, count, permit): (IpAddr, PacketKind, u32, Option<PermitId>),
        passed: bool,
        tally: &mut Tally,
    ) {
        let most = self.oracle.most(to, self.now);
        let by_permit = permit.map(|id| {
            let now = self.now;
            let left = self
                .permits
                .get_mut(&id)
                .filter(|p| p.address == to && now <= p.until)
                .and_then(|p| p.packets.get_mut(&kind))
                .filter(|left| **left >= count);
            // what went out is gone from it
            left.map(|left| *left -= if passed { count } else { 0 })
                .is_some()
        });
        let may = match (most, by_permit) {
            (None | Some((TouchPolicy::Never, _)), _) => false,
            (Some(_), Some(covered)) => covered,
            (Some((most, _)), None) => rung(kind).is_some_and(|least| most >= least),
        };
        if passed && !may {
            let told = self.history.join("\n");
            let held = self.state.device_at(to);
            let held = held.map(|d| {
                (
                    &d.name,
                    d.class,
                    d.declared,
                    &d.addresses,
                    &d.macs,
                    &d.touch,
                )
            });
            panic!(
                "{} to {to} at {} with {permit:?}, and the most is {most:?}; the state has there: {held:?}\n{told}",
                kind.word(),
                self.now.0
            );
        }
        if let Some((most, _)) = most
            && self.oracle.is_quiet(to)
        {
            assert_eq!(
                passed,
                may,
                "{} to {to}, where nobody was ever seen and the most is {most}\n{}",
                kind.word(),
                self.history.join("\n")
            );
            tally.exact += 1;
        }
        if passed && kind == PacketKind::Set {
            tally.sets += 1;
        }
        if passed && permit.is_none() {
            match self.oracle.said_of(to, self.now) {
                Some(true) => {
                    tally.lifted += 1;
                    tally.approved += 1;
                }
                Some(false) => tally.lifted += 1,
                None => {}
            }
        }
        if !passed && most.is_some_and(|(_, guest)| guest) {
            tally.remembered += 1;
        }
    }
}

/// The least policy under which a kind may go out without a permit.
fn rung(kind: PacketKind) -> Option<TouchPolicy> {
    match kind {
        PacketKind::Reply => Some(TouchPolicy::Passive),
        PacketKind::Arp => Some(TouchPolicy::Arp),
        PacketKind::Ping => Some(TouchPolicy::Ping),
        PacketKind::Get => Some(TouchPolicy::Get),
        PacketKind::Walk => Some(TouchPolicy::Full),
        PacketKind::Set => None,
    }
}
