//! A small hospital built by hand at 03:11, with an ICU switch that is dead; and a large one for the benchmark.
#![allow(dead_code)]

#[path = "hospital_runs.rs"]
mod made;
#[path = "hospital_health.rs"]
mod well;

pub use well::health;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use wardwatch::engine::{Counts, State};
use wardwatch::model::{
    Acknowledgement, Alert, AlertId, AlertState, Attachment, CareLevel, Change, Condition, Course,
    Device, DeviceClass, DeviceId, DeviceState, Fact, FactKey, FactSource, IfIndex, IfStatus,
    Impact, Interface, Link, LinkEnd, LinkId, LinkSource, Mac, RateState, Reach, ReachFact, RunId,
    Segment, SegmentId, SegmentSpec, Seq, Severity, Site, Sorted, Text, Time, TouchPolicy,
    TouchPolicyInForce, Traffic, VendorSpec, WardSpec,
};

/// 2026-03-10 03:11:00 at UTC+1.
pub const NOW: Time = Time(1_773_108_660_000);

/// So many seconds before [`NOW`].
pub fn ago(seconds: u64) -> Time {
    NOW - Duration::from_secs(seconds)
}

fn t(s: &str) -> Text {
    Text::from(s)
}

pub struct Builder {
    pub state: State,
    next: u32,
}

impl Builder {
    pub fn new() -> Self {
        let mut state = State::new();
        state.seq = Seq(4711);
        state.time = NOW;
        state.revision = 1;
        Self { state, next: 1 }
    }

    pub fn segment(&mut self, name: &str, vlan: u16, clinical: bool, out_bps: u64) -> SegmentId {
        let id = SegmentId(u16::try_from(self.state.segments.len()).unwrap());
        self.state.segments.insert(
            id,
            Arc::new(Segment {
                id,
                name: t(name),
                vlan,
                clinical,
                out_bps,
                in_bps: out_bps / 3,
            }),
        );
        let site = Arc::make_mut(&mut self.state.site);
        site.segments.push(SegmentSpec {
            name: t(name),
            vlan,
            nets: vec![format!("10.{}.0.0/16", vlan % 256).parse().unwrap()],
            clinical,
            ward: t(name),
            ..SegmentSpec::default()
        });
        id
    }

    pub fn device(
        &mut self,
        name: &str,
        class: DeviceClass,
        segment: Option<SegmentId>,
    ) -> DeviceId {
        let id = DeviceId(self.next);
        self.next += 1;
        let [_, _, high, low] = id.0.to_be_bytes();
        let vlan = segment
            .and_then(|s| self.state.segments.get(&s))
            .map_or(1, |s| s.vlan);
        let address = IpAddr::V4(Ipv4Addr::new(10, (vlan % 256) as u8, high, low));
        let mac = Mac([0x00, 0x1b, 0x21, vlan as u8, high, low]);
        let asked = class.touch() >= TouchPolicy::Get;
        let mut facts = Sorted::default();
        let (vendor, model, firmware) = make(class);
        for (key, value) in [
            (FactKey::Vendor, vendor),
            (FactKey::Model, model),
            (FactKey::Firmware, firmware),
        ] {
            if !value.is_empty() {
                facts.insert(Fact {
                    value: t(value),
                    first: ago(90_000).secs32(),
                    last: ago(12).secs32(),
                    key,
                    source: FactSource::Site,
                    confidence: 100,
                });
            }
        }
        let seen = ReachFact {
            reach: Reach::Answers,
            since: ago(90_000),
            seen: ago(12),
            misses: 0,
        };
        self.state.devices.insert(
            id,
            Arc::new(Device {
                id,
                name: t(name),
                addresses: [address].into(),
                address: Some(address),
                macs: [mac].into(),
                class,
                care: class.care(),
                touch: TouchPolicyInForce {
                    policy: class.touch(),
                    because: t(&format!("class {class}")),
                    ..TouchPolicyInForce::default()
                },
                segment,
                declared: true,
                facts,
                snmp: if asked { seen } else { ReachFact::default() },
                passive: seen,
                state: DeviceState::Up,
                state_since: ago(90_000),
                first_seen: ago(900_000),
                last_seen: ago(12),
                ..Device::default()
            }),
        );
        self.state.by_address.insert(address, id);
        self.state.by_mac.insert(mac, id);
        id
    }

    pub fn edit(&mut self, id: DeviceId, change: impl FnOnce(&mut Device)) {
        let device = self.state.devices.get_mut(&id).unwrap();
        change(Arc::make_mut(device));
    }

    pub fn switch(
        &mut self,
        name: &str,
        class: DeviceClass,
        segment: SegmentId,
        ports: u32,
    ) -> DeviceId {
        let id = self.device(name, class, Some(segment));
        self.edit(id, |d| {
            for n in 1..=ports {
                d.interfaces.insert(port(n, n % 4 != 0));
            }
        });
        id
    }

    /// A cable from the last ports of both, carrying so much of ten gigabit.
    pub fn cable(&mut self, up: DeviceId, down: DeviceId, bps: u64) -> LinkId {
        let free = |state: &State, id: DeviceId| {
            let used: Vec<IfIndex> = state
                .links
                .keys()
                .flat_map(|l| [l.0, l.1])
                .filter(|e| e.device == id)
                .filter_map(|e| e.port)
                .collect();
            state.devices[&id]
                .interfaces
                .keys()
                .rev()
                .find(|i| !used.contains(i))
                .unwrap()
        };
        let ends = [up, down].map(|id| (id, free(&self.state, id)));
        for (id, index) in ends {
            self.edit(id, |d| {
                let port = d.interfaces.get_mut(&index).unwrap();
                port.speed = 10_000_000_000;
                port.oper = IfStatus::Up;
                port.rate = RateState::Known;
                port.traffic = Traffic {
                    in_bps: bps,
                    out_bps: bps / 5,
                    errors_milli: 0,
                };
                port.course = course(bps);
                port.alias = t("uplink");
            });
        }
        let id = LinkId::new(
            LinkEnd {
                device: ends[0].0,
                port: Some(ends[0].1),
            },
            LinkEnd {
                device: ends[1].0,
                port: Some(ends[1].1),
            },
        );
        self.state.links.insert(
            id,
            Link {
                id,
                source: LinkSource::LldpBoth,
                up: Some(true),
                since: ago(700_000),
                seen: ago(30),
            },
        );
        id
    }

    pub fn attach(&mut self, id: DeviceId, switch: DeviceId, port: u32, vlan: u16) {
        self.edit(id, |d| {
            d.attached = Some(Attachment {
                switch,
                port: IfIndex(port),
                vlan,
                since: ago(80_000),
                seen: ago(95),
            });
        });
        self.edit(switch, |d| {
            if let Some(p) = d.interfaces.get_mut(&IfIndex(port)) {
                p.oper = IfStatus::Up;
            }
        });
    }

    pub fn set(&mut self, id: DeviceId, state: DeviceState, since: u64, why: &str) {
        self.edit(id, |d| {
            d.state = state;
            d.state_since = ago(since);
            d.state_why = t(why);
            d.last_seen = ago(since + 20);
        });
    }

    pub fn alert(
        &mut self,
        condition: Condition,
        device: DeviceId,
        severity: Severity,
        age: u64,
        text: &str,
    ) -> AlertId {
        let id = AlertId(self.state.alerts.len() as u64 + 1);
        let segment = self.state.devices[&device].segment;
        self.state.alerts.insert(
            id,
            Arc::new(Alert {
                id,
                condition,
                device: Some(device),
                part: Text::empty(),
                segment,
                severity,
                state: AlertState::Open,
                text: t(text),
                details: Vec::new(),
                since: ago(age),
                opened: Some(ago(age)),
                changed: ago(age),
                closed: None,
                count: 1,
                ack: None,
                impact: Impact::default(),
                root: false,
                parent: None,
            }),
        );
        id
    }

    pub fn edit_alert(&mut self, id: AlertId, change: impl FnOnce(&mut Alert)) {
        change(Arc::make_mut(self.state.alerts.get_mut(&id).unwrap()));
    }

    pub fn done(mut self) -> State {
        let mut counts = Counts::default();
        for d in self.state.devices.values() {
            counts.devices += 1;
            match d.state {
                DeviceState::Up => counts.up += 1,
                DeviceState::Degraded => counts.degraded += 1,
                DeviceState::Down => counts.down += 1,
                DeviceState::Unknown => counts.unknown += 1,
            }
        }
        for a in self.state.alerts.values().filter(|a| a.is_active()) {
            counts.alerts_open += 1;
            if a.state == AlertState::Open {
                counts.alerts_new[a.severity as usize] += 1;
            }
        }
        self.state.rebuild_summaries();
        assert_eq!(self.state.counts.devices, counts.devices);
        self.state.counts = counts;
        self.state
    }
}

fn course(bps: u64) -> Course {
    (0..60u64)
        .map(|n| (bps * (40 + (n * 7) % 60) / 100).max(bps / 5))
        .collect()
}

fn port(n: u32, up: bool) -> Interface {
    let bps = if up { u64::from(n % 7) * 900_000 } else { 0 };
    Interface {
        index: IfIndex(n),
        name: t(&format!("Gi1/0/{n}")),
        kind: 6,
        speed: 1_000_000_000,
        admin: IfStatus::Up,
        oper: if up { IfStatus::Up } else { IfStatus::Down },
        oper_since: ago(50_000),
        traffic: Traffic {
            in_bps: bps,
            out_bps: bps * 2,
            errors_milli: if n == 5 { 1200 } else { 0 },
        },
        rate: RateState::Known,
        course: course(bps),
        ..Interface::default()
    }
}

fn make(class: DeviceClass) -> (&'static str, &'static str, &'static str) {
    match class {
        DeviceClass::Ventilator => ("Dräger", "Evita V600", "2.51"),
        DeviceClass::InfusionPump => ("BD", "Alaris 8015", "9.33"),
        DeviceClass::PatientMonitor => ("Philips", "MX750", "N.01"),
        DeviceClass::Switch => ("Cisco", "C9300-48UXM", "17.09.04"),
        DeviceClass::Router => ("Cisco", "C9500-24Y4C", "17.09.04"),
        DeviceClass::Ups => ("APC", "SRT5KRMXLI", "16.3"),
        _ => ("", "", ""),
    }
}

/// What stands where in the small hospital.
pub struct Named {
    pub icu: SegmentId,
    pub dead: DeviceId,
    pub vent: DeviceId,
    pub dist_a: DeviceId,
    pub root_alert: AlertId,
    pub vent_alert: AlertId,
    pub running: RunId,
}

/// The hospital of the screens: at 03:07 the switch of ICU-3 died, and a ventilator on another one lost its link.
pub fn small() -> (State, Named) {
    use DeviceClass as C;
    let mut b = Builder::new();
    let core = b.segment("Core", 10, false, 412_000_000);
    let icu = b.segment("ICU-3", 310, true, 12_400_000);
    let or = b.segment("OR-2", 320, true, 2_000_000);
    let rad = b.segment("Radiology", 330, true, 840_000_000);
    let pharm = b.segment("Pharmacy", 340, true, 1_000_000);
    let lab = b.segment("Laboratory", 350, true, 3_000_000);
    let emer = b.segment("Emergency", 360, true, 9_000_000);
    let guest = b.segment("Guest Wi-Fi", 900, false, 61_000_000);

    let core_1 = b.switch("core-1", C::Router, core, 24);
    let fw = b.switch("fw-edge", C::Firewall, core, 8);
    let dist_a = b.switch("dist-a", C::Switch, core, 24);
    let dist_b = b.switch("dist-b", C::Switch, core, 24);
    let dead = b.switch("sw-3f-05", C::Switch, icu, 48);
    let sw_302 = b.switch("sw-3f-02", C::Switch, icu, 24);
    let sw_or = b.switch("sw-2f-01", C::Switch, or, 24);
    let sw_rad = b.switch("sw-1f-01", C::Switch, rad, 24);
    let sw_lab = b.switch("sw-1f-02", C::Switch, lab, 48);
    let sw_er = b.switch("sw-0f-01", C::Switch, emer, 48);
    let sw_guest = b.switch("sw-0f-02", C::Switch, guest, 48);
    b.cable(core_1, fw, 412_000_000);
    b.cable(core_1, dist_a, 4_100_000_000);
    b.cable(core_1, dist_b, 9_400_000_000);
    let lost = b.cable(dist_a, dead, 0);
    b.cable(dist_a, sw_302, 120_000_000);
    b.cable(dist_b, sw_302, 10_000_000);
    b.cable(dist_a, sw_or, 40_000_000);
    b.cable(dist_b, sw_rad, 840_000_000);
    b.cable(dist_b, sw_lab, 3_000_000);
    b.cable(dist_b, sw_er, 9_000_000);
    b.cable(dist_b, sw_guest, 61_000_000);
    let ups = b.device("ups-3f", C::Ups, Some(core));
    b.attach(ups, dist_a, 3, 10);
    let srv = b.device("wardwatch-1", C::Server, Some(core));
    b.attach(srv, core_1, 2, 10);

    let mut behind = Vec::new();
    let mut vent = DeviceId(0);
    let plan: [(SegmentId, u16, DeviceId, C, &str, u32); 24] = [
        (icu, 310, sw_302, C::Ventilator, "vent-icu3", 8),
        (icu, 310, dead, C::Ventilator, "vent-icu3b", 4),
        (icu, 310, dead, C::InfusionPump, "pump-icu3", 12),
        (icu, 310, sw_302, C::PatientMonitor, "mon-icu3", 10),
        (icu, 310, dead, C::Workstation, "ws-icu3", 6),
        (or, 320, sw_or, C::Anaesthesia, "anes-or2", 6),
        (or, 320, sw_or, C::PatientMonitor, "mon-or2", 8),
        (rad, 330, sw_rad, C::Ct, "ct", 2),
        (rad, 330, sw_rad, C::Mr, "mr", 3),
        (rad, 330, sw_rad, C::Xray, "xr", 6),
        (rad, 330, sw_rad, C::Pacs, "pacs-arc", 4),
        (pharm, 340, sw_lab, C::MedicationCabinet, "cab", 12),
        (pharm, 340, sw_lab, C::Workstation, "ws-ph", 4),
        (lab, 350, sw_lab, C::LabAnalyser, "anly", 14),
        (lab, 350, sw_lab, C::Refrigerator, "fridge", 9),
        (lab, 350, sw_lab, C::Workstation, "ws-lab", 5),
        (emer, 360, sw_er, C::PatientMonitor, "mon-er", 18),
        (emer, 360, sw_er, C::InfusionPump, "pump-er", 16),
        (emer, 360, sw_er, C::Ultrasound, "us-er", 4),
        (guest, 900, sw_guest, C::AccessPoint, "ap", 12),
        (guest, 900, sw_guest, C::Phone, "tel", 18),
        (guest, 900, sw_guest, C::Printer, "prn", 3),
        (guest, 900, sw_guest, C::Camera, "cam", 5),
        (guest, 900, sw_guest, C::Door, "door", 4),
    ];
    let mut used: BTreeMap<DeviceId, u32> = BTreeMap::new();
    for (segment, vlan, switch, class, name, n) in plan {
        for k in 1..=n {
            let id = b.device(&format!("{name}-{k:02}"), class, Some(segment));
            let port = used.entry(switch).or_insert(0);
            *port += 1;
            b.attach(id, switch, *port, vlan);
            if switch == dead {
                behind.push(id);
            }
            if name == "vent-icu3" && k == 7 {
                vent = id;
            }
        }
    }
    for id in &behind {
        b.set(*id, DeviceState::Unknown, 230, "sw-3f-05 before it is down");
        b.edit(*id, |d| d.passive.reach = Reach::Blind);
    }
    b.set(dead, DeviceState::Down, 240, "no answer to SNMP");
    b.edit(dead, |d| {
        d.snmp = ReachFact {
            reach: Reach::Silent,
            since: ago(240),
            seen: ago(270),
            misses: 4,
        };
        for i in d.interfaces.values_mut() {
            i.rate = RateState::NoBaseline;
        }
        d.changes.insert(
            0,
            Change {
                time: ago(240),
                what: t("state"),
                before: t("up"),
                after: t("down"),
            },
        );
        d.changes.push(Change {
            time: ago(86_400 * 3),
            what: t("firmware"),
            before: t("17.06.01"),
            after: t("17.09.04"),
        });
        for (key, value) in [
            (FactKey::Serial, "FOC2419L0AB"),
            (FactKey::Location, "closet 3F-B"),
        ] {
            d.facts.insert(Fact {
                value: t(value),
                first: ago(900_000).secs32(),
                last: ago(300).secs32(),
                key,
                source: FactSource::Snmp,
                confidence: 90,
            });
        }
    });
    if let Some(link) = b.state.links.get_mut(&lost) {
        link.up = Some(false);
        link.since = ago(238);
        let end = link.id.other(dead);
        b.edit(dist_a, |d| {
            let port = d.interfaces.get_mut(&end.port.unwrap()).unwrap();
            port.oper = IfStatus::Down;
            port.oper_since = ago(238);
        });
    }
    b.set(vent, DeviceState::Down, 200, "its port lost link");
    b.edit(vent, |d| {
        for (key, value) in [
            (FactKey::Tag, "BM-20417"),
            (FactKey::Room, "3.207"),
            (FactKey::Ward, "ICU-3"),
        ] {
            d.facts.insert(Fact {
                value: t(value),
                first: ago(900_000).secs32(),
                last: ago(900_000).secs32(),
                key,
                source: FactSource::Site,
                confidence: 100,
            });
        }
        d.conflicts.push(Fact {
            value: t("Evita V300"),
            first: ago(900_000).secs32(),
            last: ago(900_000).secs32(),
            key: FactKey::Model,
            source: FactSource::Dhcp,
            confidence: 40,
        });
    });
    b.edit(sw_302, |d| {
        if let Some(p) = d.interfaces.get_mut(&IfIndex(7)) {
            p.oper = IfStatus::Down;
            p.oper_since = ago(200);
            p.alias = t("ICU-3 bed 7");
        }
    });
    b.set(ups, DeviceState::Degraded, 900, "on battery");
    let stranger = b.device("10.64.0.201", C::Unknown, Some(or));
    b.attach(stranger, sw_or, 20, 320);
    b.edit(stranger, |d| {
        d.declared = false;
        d.touch = TouchPolicyInForce {
            policy: TouchPolicy::Passive,
            because: t("unknown in a clinical segment"),
            ..TouchPolicyInForce::default()
        };
    });
    let pump = behind[4];

    let root_alert = b.alert(
        Condition::DeviceDown,
        dead,
        Severity::Critical,
        240,
        "stopped answering; 22 devices behind it, 4 ventilators",
    );
    b.edit_alert(root_alert, |a| {
        a.root = true;
        a.impact = Impact {
            behind: 22,
            by_care: vec![(CareLevel::LifeSustaining, 16), (CareLevel::Admin, 6)],
            by_class: vec![
                (C::Ventilator, 4),
                (C::InfusionPump, 12),
                (C::Workstation, 6),
            ],
            by_ward: vec![(t("ICU-3"), 22)],
        };
        a.details = vec![
            t("no answer to SNMP since 03:06:30, confirmed by 3 more probes"),
            t("dist-a lost link on its port at 03:07:02"),
        ];
    });
    let vent_alert = b.alert(
        Condition::NoLongerSeen,
        vent,
        Severity::Critical,
        200,
        "no longer seen; its port lost link",
    );
    let battery = b.alert(
        Condition::OnBattery,
        ups,
        Severity::Major,
        900,
        "on battery; 22 minutes left",
    );
    b.edit_alert(battery, |a| {
        a.state = AlertState::Acknowledged;
        a.ack = Some(Acknowledgement {
            by: t("ana"),
            at: ago(700),
            note: t("house technician is on the way"),
            until: Some(NOW + Duration::from_mins(49)),
        });
    });
    b.alert(
        Condition::UnknownStation,
        stranger,
        Severity::Major,
        1800,
        "a station that nobody declared, on sw-2f-01 Gi1/0/20",
    );
    b.alert(
        Condition::OldFirmware,
        pump,
        Severity::Minor,
        40_000,
        "firmware 9.33 is older than 9.40, which the site demands",
    );
    let over = b.alert(
        Condition::Restarted,
        sw_lab,
        Severity::Info,
        7200,
        "restarted",
    );
    b.edit_alert(over, |a| {
        a.state = AlertState::Closed;
        a.closed = Some(ago(6300));
    });
    let pending = b.alert(
        Condition::DeviceDown,
        sw_er,
        Severity::Major,
        15,
        "missed twice",
    );
    b.edit_alert(pending, |a| {
        a.state = AlertState::Pending;
        a.opened = None;
    });

    let site = Arc::make_mut(&mut b.state.site);
    site.name = t("St. Brigid General");
    site.collector_at = t("core-1");
    site.biomed_on_call = t("R. Vega 7788");
    site.wards = vec![
        WardSpec {
            name: t("ICU-3"),
            phone: t("4310"),
            downtime: t("hand ventilation, then the spare of ICU-4"),
        },
        WardSpec {
            name: t("OR-2"),
            phone: t("4320"),
            downtime: Text::empty(),
        },
    ];
    site.vendors = vec![
        VendorSpec {
            name: t("Dräger"),
            phone: t("0800 111 222"),
            contract: t("M-1207, 4 h"),
        },
        VendorSpec {
            name: t("Cisco"),
            phone: t("0800 333 444"),
            contract: t("TAC 9988"),
        },
    ];
    for (id, run) in made::runs(dead, sw_302) {
        b.state.runs.insert(id, Arc::new(run));
    }
    (
        b.done(),
        Named {
            icu,
            dead,
            vent,
            dist_a,
            root_alert,
            vent_alert,
            running: RunId(12),
        },
    )
}

/// A large hospital: so many endpoints in 40 segments behind 400 access switches.
pub fn large(endpoints: u32) -> State {
    use DeviceClass as C;
    let mut b = Builder::new();
    let core = b.segment("Core", 10, false, 0);
    let core_1 = b.switch("core-1", C::Router, core, 48);
    let segments: Vec<SegmentId> = (0..40u16)
        .map(|n| b.segment(&format!("Ward-{n:02}"), 300 + n, n % 2 == 0, 5_000_000))
        .collect();
    let dists: Vec<DeviceId> = (0..20)
        .map(|n| {
            let id = b.switch(&format!("dist-{n:02}"), C::Switch, core, 48);
            b.cable(core_1, id, 1_000_000_000);
            id
        })
        .collect();
    let access: Vec<DeviceId> = (0..400usize)
        .map(|n| {
            let id = b.switch(&format!("sw-{n:03}"), C::Switch, core, 52);
            b.cable(dists[n % 20], id, 10_000_000);
            id
        })
        .collect();
    let classes = [
        C::Ventilator,
        C::InfusionPump,
        C::PatientMonitor,
        C::Workstation,
        C::Phone,
        C::Printer,
    ];
    for n in 0..endpoints {
        let at = n as usize;
        let class = classes[at % classes.len()];
        let id = b.device(
            &format!("{}-{n:05}", class.short()),
            class,
            Some(segments[at % segments.len()]),
        );
        b.attach(id, access[at % access.len()], n / 400 + 1, 300);
        match n % 97 {
            0 => b.set(id, DeviceState::Down, 100, "no longer seen"),
            1..3 => b.set(id, DeviceState::Degraded, 100, "errors on its port"),
            3..6 => b.set(id, DeviceState::Unknown, 100, ""),
            _ => {}
        }
        if n % 400 == 0 {
            b.alert(
                Condition::NoLongerSeen,
                id,
                Severity::Major,
                u64::from(n % 5000) + 60,
                "no longer seen; its port lost link",
            );
        }
    }
    Arc::make_mut(&mut b.state.site).collector_at = t("core-1");
    b.done()
}

/// Only so that the benchmark and the tests name the same thing.
pub fn site_of(state: &State) -> &Site {
    &state.site
}
