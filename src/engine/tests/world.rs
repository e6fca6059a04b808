//! A tiny hospital with virtual time: who is alive, who is cabled to whom, and a poller that asks as the real one does.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use crate::engine::{Outcome, Spared, State};
use crate::event::{
    Body, Command, ConfigAppliedV2, EffectKind, Event, FdbEntryV1, IfMetaV1, IfSampleV1, Job,
    LedgerRow, NeighbourProtocol, NeighbourV1, Notice, ObsAddressTableV1, ObsArpV1,
    ObsForwardingV1, ObsNeighboursV1, ObsPollV1, Observation, PollOutcome, SysGroupV1, Target,
};
use crate::model::{
    Alert, Credential, CredentialKind, Device, DeviceClass, DeviceSpec, DeviceState, FactKey,
    FirmwareSpec, IfIndex, IfStatus, Mac, PacketKind, SecretRef, SegmentSpec, Seq, Site, Text,
    Time, TouchPolicy, VendorSpec, WardSpec,
};

pub(super) const START: i64 = 1_800_000_000_000;

/// The uplink of every access switch.
pub(super) const UP: u32 = 49;

pub(super) struct World {
    pub state: State,
    pub now: Time,
    pub notices: Vec<(Time, Notice)>,
    pub events: Vec<Event>,
    pub targets: Vec<Target>,
    pub probes: Vec<(Time, IpAddr)>,
    /// Names of devices without power.
    pub dead: BTreeSet<String>,
    /// Names of devices whose SNMP agent hangs.
    pub mute: BTreeSet<String>,
    /// Cables: device and port to device and port.
    pub cables: Vec<(String, u32, String, u32)>,
    /// Cables that are cut.
    pub cut: BTreeSet<usize>,
    /// Stations: MAC, switch, port, VLAN, address.
    pub stations: BTreeMap<Mac, (String, u32, u16, Option<IpAddr>)>,
    /// Ports without link although the station is there.
    pub pulled: BTreeSet<(String, u32)>,
    pub facts: BTreeMap<String, Vec<(FactKey, Text)>>,
    next: BTreeMap<(IpAddr, Job), (Time, u32)>,
    pub tables: bool,
    booted: BTreeMap<String, Time>,
    /// Devices that crash when they are asked for this, and how many seconds they take to start anew.
    pub crash: BTreeMap<(String, Job), u64>,
    starting: Vec<(Time, String)>,
    /// Packets for the ledger.
    sent: Vec<LedgerRow>,
    /// The system group, told with each answer.
    pub system: BTreeMap<String, SysGroupV1>,
}

pub(super) fn ip(s: &str) -> IpAddr {
    s.parse().unwrap()
}

pub(super) fn mac(n: u8) -> Mac {
    Mac([0, 9, 0xfb, 0, 0, n])
}

fn device(name: &str, class: DeviceClass, address: &str, hw: u8) -> DeviceSpec {
    DeviceSpec {
        name: name.into(),
        class,
        addresses: vec![ip(address)],
        macs: vec![mac(hw)],
        ..DeviceSpec::default()
    }
}

/// core — sw-a (ICU: three ventilators, a pump, a monitor), core — sw-b (offices: a printer, a workstation) — sw-c behind
/// sw-b, a UPS on the core.
pub(super) fn site() -> Site {
    let segment = |name: &str, vlan, net: &str, clinical| SegmentSpec {
        name: name.into(),
        vlan,
        nets: vec![net.parse().unwrap()],
        clinical,
        ward: if clinical {
            "Intensive care 3".into()
        } else {
            Text::empty()
        },
        ..SegmentSpec::default()
    };
    let mut pump = device("pump-1", DeviceClass::InfusionPump, "10.31.0.21", 21);
    pump.vendor = "BD".into();
    pump.model = "Alaris 8015".into();
    pump.firmware = "9.33".into();
    Site {
        name: "St. Brigid".into(),
        segments: vec![
            segment("Infrastructure", 1, "10.0.0.0/24", false),
            segment("ICU-3", 310, "10.31.0.0/24", true),
            segment("Offices", 50, "10.50.0.0/24", false),
        ],
        devices: vec![
            device("core", DeviceClass::Router, "10.0.0.1", 1),
            device("sw-a", DeviceClass::Switch, "10.0.0.2", 2),
            device("sw-b", DeviceClass::Switch, "10.0.0.3", 3),
            device("sw-c", DeviceClass::Switch, "10.0.0.4", 4),
            device("ups-1", DeviceClass::Ups, "10.0.0.9", 9),
            device("vent-1", DeviceClass::Ventilator, "10.31.0.11", 11),
            device("vent-2", DeviceClass::Ventilator, "10.31.0.12", 12),
            device("vent-3", DeviceClass::Ventilator, "10.31.0.13", 13),
            pump,
            device("mon-1", DeviceClass::PatientMonitor, "10.31.0.31", 31),
            device("prn-1", DeviceClass::Printer, "10.50.0.41", 41),
            device("ws-1", DeviceClass::Workstation, "10.50.0.42", 42),
        ],
        credentials: vec![Credential {
            name: "ro".into(),
            how: CredentialKind::V2c {
                community: SecretRef::Env("RO".into()),
            },
        }],
        wards: vec![WardSpec {
            name: "Intensive care 3".into(),
            phone: "4711".into(),
            downtime: "pumps run on by themselves".into(),
        }],
        vendors: vec![VendorSpec {
            name: "BD".into(),
            phone: "+1 800 1".into(),
            contract: "C-7".into(),
        }],
        biomed_on_call: "Kim 4242".into(),
        collector_at: "core".into(),
        firmware: vec![FirmwareSpec {
            model: "alaris".into(),
            class: None,
            minimum: "9.33".into(),
        }],
        ..Site::default()
    }
}

impl World {
    pub fn new() -> Self {
        Self::of(site())
    }

    pub fn of(site: Site) -> Self {
        let station = |hw: u8, switch: &str, port, vlan, address: &str| {
            (mac(hw), (switch.to_string(), port, vlan, Some(ip(address))))
        };
        let cable = |a: &str, p, b: &str, q| (a.to_string(), p, b.to_string(), q);
        let mut world = Self {
            state: State::new(),
            now: Time(START),
            notices: Vec::new(),
            events: Vec::new(),
            targets: Vec::new(),
            probes: Vec::new(),
            dead: BTreeSet::new(),
            mute: BTreeSet::new(),
            cables: vec![
                cable("core", 1, "sw-a", UP),
                cable("core", 2, "sw-b", UP),
                cable("sw-b", 50, "sw-c", UP),
            ],
            cut: BTreeSet::new(),
            stations: [
                station(9, "core", 9, 1, "10.0.0.9"),
                station(11, "sw-a", 11, 310, "10.31.0.11"),
                station(12, "sw-a", 12, 310, "10.31.0.12"),
                station(13, "sw-a", 13, 310, "10.31.0.13"),
                station(21, "sw-a", 21, 310, "10.31.0.21"),
                station(31, "sw-a", 31, 310, "10.31.0.31"),
                station(41, "sw-b", 1, 50, "10.50.0.41"),
                station(42, "sw-c", 2, 50, "10.50.0.42"),
            ]
            .into(),
            pulled: BTreeSet::new(),
            facts: BTreeMap::new(),
            next: BTreeMap::new(),
            tables: true,
            booted: BTreeMap::new(),
            crash: BTreeMap::new(),
            starting: Vec::new(),
            sent: Vec::new(),
            system: BTreeMap::new(),
        };
        world.configure(site);
        world
    }

    pub fn configure(&mut self, site: Site) {
        self.apply(Body::Config(Box::new(ConfigAppliedV2 {
            hash: "test".into(),
            site,
        })));
    }

    pub fn apply(&mut self, body: Body) -> Outcome {
        let event = Event {
            seq: Seq(self.state.seq.0 + 1),
            time: self.now,
            body,
        };
        self.events.push(event.clone());
        let outcome = self.state.apply(&event);
        for effect in &outcome.effects {
            assert_eq!(effect.key.0, event.seq);
            match &effect.kind {
                EffectKind::Targets(targets) => self.targets = (**targets).clone(),
                EffectKind::Notify(notice) => self.notices.push((self.now, notice.clone())),
                EffectKind::Probe(addresses) => {
                    for a in addresses {
                        self.probes.push((self.now, *a));
                        if let Some(slot) = self.next.get_mut(&(*a, Job::Status)) {
                            slot.0 = self.now;
                        }
                    }
                }
                EffectKind::ReadTables(addresses) => {
                    for a in addresses {
                        if let Some(slot) = self.next.get_mut(&(*a, Job::Tables)) {
                            slot.0 = self.now;
                        }
                    }
                }
                EffectKind::TouchTable(_)
                | EffectKind::Quirks(_)
                | EffectKind::Plans(_)
                | EffectKind::Budgets(_) => {}
            }
        }
        check_sums(&self.state);
        outcome
    }

    pub fn see(&mut self, seen: Observation) -> Outcome {
        self.apply(Body::Observation(seen))
    }

    pub fn order(&mut self, command: Command) -> Outcome {
        self.apply(Body::Command {
            by: "ana".into(),
            command,
        })
    }

    /// Lets the hospital live for so many seconds.
    pub fn run(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now = self.now + Duration::from_secs(1);
            let now = self.now;
            let ready = |(at, _): &(Time, String)| *at <= now;
            for (_, name) in self
                .starting
                .extract_if(.., |s| ready(s))
                .collect::<Vec<_>>()
            {
                self.dead.remove(&name);
                self.reboot(&name);
            }
            if self.state.due().is_some_and(|due| due <= self.now) {
                self.apply(Body::Tick);
            }
            // what is asked may lead to more that is asked in the same second
            for _ in 0..3 {
                self.ask();
            }
        }
    }

    fn ask(&mut self) {
        for target in self.targets.clone() {
            for (job, every) in &target.jobs {
                let key = (target.address, *job);
                let (due, misses) = *self.next.entry(key).or_insert((self.now, 0));
                if due > self.now {
                    continue;
                }
                let name = self.name_at(target.address);
                let answers = self.answers(&name);
                let (wait, misses) = match (answers, job) {
                    (true, _) => (*every, 0),
                    (false, Job::Status) if misses < 3 => (target.confirm_s, misses + 1),
                    (false, _) => (*every, misses),
                };
                let next = self.now + Duration::from_secs(u64::from(wait));
                self.next.insert(key, (next, misses));
                self.send(target.address, *job);
                if let Some(seconds) = self.crash.get(&(name.clone(), *job)).filter(|_| answers) {
                    let at = self.now + Duration::from_secs(*seconds);
                    self.starting.push((at, name.clone()));
                    self.dead.insert(name.clone());
                    continue;
                }
                self.ask_one(&name, target.address, *job, answers);
            }
        }
        let rows = std::mem::take(&mut self.sent);
        if !rows.is_empty() {
            self.apply(Body::Ledger(rows));
        }
    }

    fn send(&mut self, address: IpAddr, job: Job) {
        let word = serde_json::to_value(job).unwrap();
        self.sent.push(LedgerRow {
            address,
            kind: if job == Job::Status {
                PacketKind::Get
            } else {
                PacketKind::Walk
            },
            count: 1,
            first: self.now,
            last: self.now,
            cause: format!("poll {}", word.as_str().unwrap()).into(),
        });
    }

    fn ask_one(&mut self, name: &str, address: IpAddr, job: Job, answers: bool) {
        if !answers {
            self.poll(address, PollOutcome::Timeout, Vec::new(), Vec::new());
            return;
        }
        match job {
            Job::Interfaces => {
                let ports = self.ports(name);
                self.poll(address, PollOutcome::Answered, ports, Vec::new());
            }
            Job::Tables if self.tables => self.read_tables(name, address),
            _ => {
                let facts = self.facts.get(name).cloned().unwrap_or_default();
                self.poll(address, PollOutcome::Answered, Vec::new(), facts);
            }
        }
    }

    pub fn poll(
        &mut self,
        address: IpAddr,
        outcome: PollOutcome,
        interfaces: Vec<IfSampleV1>,
        facts: Vec<(FactKey, Text)>,
    ) {
        let name = self.name_at(address);
        let system = (outcome == PollOutcome::Answered)
            .then(|| self.system.get(&name).cloned())
            .flatten();
        let booted = *self.booted.entry(name).or_insert(Time(START - 86_400_000));
        let uptime = (outcome == PollOutcome::Answered)
            .then(|| (self.now.since(booted).as_millis() / 10) as u32);
        self.see(Observation::Poll(Box::new(ObsPollV1 {
            address,
            at: self.now,
            outcome,
            credential: "ro".into(),
            rtt_ms: Some(1),
            uptime,
            engine_boots: None,
            system,
            facts,
            interfaces_whole: !interfaces.is_empty(),
            interfaces,
        })));
    }

    pub fn reboot(&mut self, name: &str) {
        self.booted.insert(name.to_string(), self.now);
    }

    pub fn name_at(&self, address: IpAddr) -> String {
        self.state
            .site
            .devices
            .iter()
            .find(|d| d.addresses.contains(&address))
            .map_or(String::new(), |d| d.name.as_str().to_string())
    }

    /// Does an answer come back: power, agent, and a path from the core?
    fn answers(&self, name: &str) -> bool {
        !self.mute.contains(name) && self.connected(name)
    }

    fn connected(&self, name: &str) -> bool {
        let at = self
            .stations
            .values()
            .find(|(_, _, _, a)| a.is_some_and(|a| self.name_at(a) == name))
            .map(|(switch, port, _, _)| (switch.clone(), *port));
        if self.dead.contains(name) {
            return false;
        }
        match at {
            Some((switch, port)) => {
                !self.pulled.contains(&(switch.clone(), port)) && self.reachable(&switch)
            }
            None => self.reachable(name),
        }
    }

    fn reachable(&self, name: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut queue = vec!["core".to_string()];
        while let Some(at) = queue.pop() {
            if self.dead.contains(&at) || !seen.insert(at.clone()) {
                continue;
            }
            for (i, (a, _, b, _)) in self.cables.iter().enumerate() {
                if self.cut.contains(&i) {
                    continue;
                }
                if *a == at {
                    queue.push(b.clone());
                }
                if *b == at {
                    queue.push(a.clone());
                }
            }
        }
        seen.contains(name)
    }

    fn ports(&self, name: &str) -> Vec<IfSampleV1> {
        let mut up: BTreeMap<u32, bool> = BTreeMap::new();
        for (i, (a, p, b, q)) in self.cables.iter().enumerate() {
            let whole = !self.cut.contains(&i);
            if a == name {
                up.insert(*p, whole && !self.dead.contains(b));
            }
            if b == name {
                up.insert(*q, whole && !self.dead.contains(a));
            }
        }
        for (switch, port, _, address) in self.stations.values() {
            if switch == name {
                let who = address.map_or(String::new(), |a| self.name_at(a));
                let pulled = self.pulled.contains(&(switch.clone(), *port));
                up.insert(*port, !pulled && !self.dead.contains(&who));
            }
        }
        for (switch, port) in &self.pulled {
            if switch == name {
                up.insert(*port, false);
            }
        }
        up.into_iter()
            .map(|(index, up)| IfSampleV1 {
                index: IfIndex(index),
                meta: Some(Box::new(IfMetaV1 {
                    name: format!("Gi1/0/{index}").into(),
                    alias: Text::empty(),
                    kind: 6,
                    speed: 1_000_000_000,
                    mac: None,
                })),
                admin: IfStatus::Up,
                oper: if up { IfStatus::Up } else { IfStatus::Down },
                counters: None,
            })
            .collect()
    }

    /// The forwarding table of a switch as the truth has it.
    pub fn fdb(&self, name: &str) -> Vec<FdbEntryV1> {
        let mut entries = Vec::new();
        for (mac, (switch, port, vlan, address)) in &self.stations {
            let who = address.map_or(String::new(), |a| self.name_at(a));
            if self.dead.contains(&who)
                || self.pulled.contains(&(switch.clone(), *port))
                || !self.reachable(switch)
            {
                continue;
            }
            let port = if switch == name {
                Some(*port)
            } else {
                self.toward(name, switch)
            };
            entries.extend(port.map(|p| FdbEntryV1 {
                mac: *mac,
                vlan: *vlan,
                port: IfIndex(p),
            }));
        }
        entries
    }

    /// The port of `from` that leads to `to`.
    fn toward(&self, from: &str, to: &str) -> Option<u32> {
        let mut seen = BTreeSet::from([from.to_string()]);
        let mut queue: Vec<(String, u32)> = Vec::new();
        for (i, (a, p, b, q)) in self.cables.iter().enumerate() {
            if !self.cut.contains(&i) {
                if a == from {
                    queue.push((b.clone(), *p));
                }
                if b == from {
                    queue.push((a.clone(), *q));
                }
            }
        }
        while let Some((at, port)) = queue.pop() {
            if at == to {
                return Some(port);
            }
            if !seen.insert(at.clone()) {
                continue;
            }
            for (a, _, b, _) in &self.cables {
                if *a == at {
                    queue.push((b.clone(), port));
                }
                if *b == at {
                    queue.push((a.clone(), port));
                }
            }
        }
        None
    }

    fn read_tables(&mut self, name: &str, address: IpAddr) {
        let rows = self
            .cables
            .iter()
            .enumerate()
            .filter(|(i, _)| !self.cut.contains(i))
            .flat_map(|(_, (a, p, b, q))| {
                [
                    (a.clone(), *p, b.clone(), *q),
                    (b.clone(), *q, a.clone(), *p),
                ]
            })
            .filter(|(a, _, b, _)| a == name && !self.dead.contains(b))
            .map(|(_, port, far, far_port)| NeighbourV1 {
                port: IfIndex(port),
                chassis: far.clone().into(),
                chassis_mac: None,
                port_id: format!("Gi1/0/{far_port}").into(),
                port_descr: Text::empty(),
                name: far.into(),
                descr: Text::empty(),
                address: None,
            })
            .collect();
        let at = self.now;
        self.see(Observation::Neighbours(ObsNeighboursV1 {
            via: address,
            at,
            protocol: NeighbourProtocol::Lldp,
            entries: rows,
            whole: true,
        }));
        let entries = self.fdb(name);
        self.see(Observation::Forwarding(ObsForwardingV1 {
            via: address,
            at,
            entries,
            whole: true,
        }));
        if name == "core" {
            let entries = self
                .stations
                .iter()
                .filter(|(_, (s, p, _, a))| {
                    self.reachable(s)
                        && !self.pulled.contains(&(s.clone(), *p))
                        && a.is_some_and(|a| !self.dead.contains(&self.name_at(a)))
                })
                .filter_map(|(m, (_, _, _, a))| Some((IfIndex(1), (*a)?, *m)))
                .collect();
            self.see(Observation::AddressTable(ObsAddressTableV1 {
                via: address,
                at,
                entries,
                whole: true,
            }));
        }
    }

    pub fn arp(&mut self, address: &str, hw: Mac) {
        let at = self.now;
        self.see(Observation::Arp(ObsArpV1 {
            at,
            address: ip(address),
            mac: hw,
            how: crate::event::ArpHow::Heard,
            interface: "eth0".into(),
        }));
    }

    pub fn device(&self, name: &str) -> &Device {
        self.state.find_device(name).unwrap()
    }

    pub fn is(&self, name: &str) -> DeviceState {
        self.device(name).state
    }

    pub fn why(&self, name: &str) -> String {
        self.device(name).state_why.as_str().to_string()
    }

    /// Open and acknowledged alerts: device, text.
    pub fn open(&self) -> Vec<(String, String)> {
        self.state
            .alerts_sorted()
            .iter()
            .filter(|a| a.is_active())
            .map(|a| (self.alert_device(a), a.text.as_str().to_string()))
            .collect()
    }

    pub fn alert_device(&self, a: &Alert) -> String {
        a.device
            .and_then(|d| self.state.devices.get(&d))
            .map_or(String::new(), |d| d.name.as_str().to_string())
    }

    pub fn told(&self) -> Vec<String> {
        self.notices
            .iter()
            .map(|(_, n)| n.text.as_str().to_string())
            .collect()
    }
}

/// The sums that the fold keeps are those that a count from scratch gives.
pub(super) fn check_sums(state: &State) {
    let mut counted = state.clone();
    counted.rebuild_summaries();
    assert_eq!(counted.counts, state.counts);
    assert_eq!(counted.care_counts, state.care_counts);
    assert_eq!(counted.segment_summary, state.segment_summary);
    assert_eq!(counted.memory.hang, state.memory.hang);
    assert_eq!(counted.memory.device_alerts, state.memory.device_alerts);
    check_spared(state);
}

/// Whoever is left alone is in no target and not in the gate's table with more than that; who is spared is walked by nobody.
fn check_spared(state: &State) {
    let (Some(table), Some(targets)) = (&state.memory.touch, &state.memory.targets) else {
        return;
    };
    for (id, q) in &state.quarantine {
        let cap = match q.spared {
            Spared::StatusOnly => TouchPolicy::Get,
            Spared::Alone => TouchPolicy::Passive,
        };
        let d = &state.devices[id];
        assert!(d.touch.policy <= cap, "{}", d.name);
        for address in &d.addresses {
            assert!(table.policy(*address) <= cap, "{}: {address}", d.name);
        }
        for target in targets.iter().filter(|t| d.addresses.contains(&t.address)) {
            let jobs: Vec<Job> = target.jobs.iter().map(|(job, _)| *job).collect();
            assert_eq!(
                (q.spared, jobs),
                (Spared::StatusOnly, vec![Job::Status]),
                "{}",
                d.name
            );
        }
    }
}
