//! Switches that answer with and without interfaces, and the state they are folded into: shared by the bench and by the test that
//! holds its figures.

use std::net::{IpAddr, Ipv4Addr};

use wardwatch::engine::State;
use wardwatch::event::{
    Body, ConfigAppliedV2, Event, IfCountersV1, IfMetaV1, IfSampleV1, ObsPollV1, Observation,
    PollOutcome, SysGroupV1,
};
use wardwatch::model::{
    DeviceClass, DeviceSpec, IfIndex, IfStatus, Mac, SegmentSpec, Seq, Site, Text, Time,
};

/// Interfaces of those that have any.
pub const PORTS: u32 = 24;

/// So many switches, and what is known of them.
pub struct Switches {
    pub state: State,
    pub now: Time,
    pub devices: u32,
    /// Of each hundred, so many have interfaces.
    pub percent: u32,
}

impl Switches {
    pub fn new(devices: u32, percent: u32) -> Self {
        Self {
            state: State::new(),
            now: Time(1_800_000_000_000),
            devices,
            percent,
        }
    }

    /// The site that declares them all comes into force.
    pub fn configure(&mut self) {
        let site = self.site();
        self.apply(Body::Config(Box::new(ConfigAppliedV2 {
            hash: "bench".into(),
            site,
        })));
    }

    /// Half a minute goes by.
    pub fn wait(&mut self) {
        self.now = Time(self.now.0 + 30_000);
    }

    pub fn apply(&mut self, body: Body) {
        let event = Event {
            seq: Seq(self.state.seq.0 + 1),
            time: self.now,
            body,
        };
        let _ = self.state.apply(&event);
    }

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(0x0a00_0001 + n))
    }

    fn site(&self) -> Site {
        Site {
            segments: vec![SegmentSpec {
                name: "house".into(),
                nets: vec!["10.0.0.0/8".parse().unwrap()],
                ..SegmentSpec::default()
            }],
            devices: (0..self.devices)
                .map(|n| DeviceSpec {
                    name: format!("sw-{n:05}").into(),
                    class: DeviceClass::Switch,
                    addresses: vec![Self::address(n)],
                    ..DeviceSpec::default()
                })
                .collect(),
            ..Site::default()
        }
    }

    /// One answer of one device; the first one of all says who it is.
    pub fn answer(&self, n: u32, round: u64) -> Body {
        let ports = if n % 100 < self.percent { PORTS } else { 0 };
        let uptime = (self.now.0 / 10 % 4_000_000_000) as u32;
        let first = round == 0;
        let interfaces: Vec<IfSampleV1> = (1..=ports)
            .map(|index| IfSampleV1 {
                index: IfIndex(index),
                meta: first.then(|| {
                    Box::new(IfMetaV1 {
                        name: format!("GigabitEthernet1/0/{index}").into(),
                        alias: Text::empty(),
                        kind: 6,
                        speed: 1_000_000_000,
                        mac: Some(Mac([
                            0,
                            9,
                            (n >> 16) as u8,
                            (n >> 8) as u8,
                            n as u8,
                            index as u8,
                        ])),
                    })
                }),
                admin: IfStatus::Up,
                oper: IfStatus::Up,
                counters: Some(IfCountersV1 {
                    in_octets: round * (1_000_000 + 7_919 * u64::from(index)),
                    out_octets: round * (2_000_000 + 104_729 * u64::from(index)),
                    errors: 0,
                    wide: true,
                    discontinuity: 0,
                    uptime,
                }),
            })
            .collect();
        Body::Observation(Observation::Poll(Box::new(ObsPollV1 {
            address: Self::address(n),
            at: self.now,
            outcome: PollOutcome::Answered,
            credential: Text::empty(),
            rtt_ms: Some(1),
            uptime: Some(uptime),
            engine_boots: None,
            system: first.then(|| SysGroupV1 {
                descr: "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(4)E7, RELEASE SOFTWARE (fc2)".into(),
                object_id: "1.3.6.1.4.1.9.1.1208".into(),
                name: format!("sw-{n:05}").into(),
                location: "House 3, floor 2, closet 7".into(),
                contact: "network@hospital.example".into(),
                services: None,
            }),
            facts: Vec::new(),
            interfaces_whole: ports > 0,
            interfaces,
        })))
    }
}
