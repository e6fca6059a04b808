//! A recording in which a hospital's network does a lot at once: devices that go and come back, some each second.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Command;

use wardwatch::config;
use wardwatch::event::{Body, ConfigAppliedV2, Event, ObsPollV1, Observation, PollOutcome};
use wardwatch::log::recording::{Header, RecordingWriter};
use wardwatch::model::{
    Credential, CredentialKind, DeviceClass, DeviceSpec, SecretRef, SegmentSpec, Seq, Site, Text,
    Time,
};

const DEVICES: u16 = 500;
const BEGAN: i64 = 1_790_000_000_000;

fn address(n: u16) -> IpAddr {
    let [high, low] = n.to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10, 9, high, low))
}

fn site() -> Site {
    let classes = [
        DeviceClass::Switch,
        DeviceClass::AccessPoint,
        DeviceClass::Server,
        DeviceClass::Printer,
        DeviceClass::Workstation,
    ];
    let device = |n: u16| {
        let class = classes[usize::from(n) % classes.len()];
        DeviceSpec {
            name: format!("{}-{n:03}", class.short()).into(),
            class,
            addresses: vec![address(n)],
            credentials: vec!["site".into()],
            ..DeviceSpec::default()
        }
    };
    Site {
        name: "St. Anna".into(),
        segments: vec![SegmentSpec {
            name: "Infrastructure".into(),
            nets: vec!["10.9.0.0/16".parse().unwrap()],
            ..SegmentSpec::default()
        }],
        credentials: vec![Credential {
            name: "site".into(),
            how: CredentialKind::V2c {
                community: SecretRef::Env("STORM".into()),
            },
        }],
        devices: (1..=DEVICES).map(device).collect(),
        ..Site::default()
    }
}

fn poll(n: u16, at: Time, answered: bool) -> Body {
    let outcome = if answered {
        PollOutcome::Answered
    } else {
        PollOutcome::Timeout
    };
    Body::Observation(Observation::Poll(Box::new(ObsPollV1 {
        address: address(n),
        at,
        outcome,
        credential: Text::from(if answered { "site" } else { "" }),
        rtt_ms: answered.then_some(2),
        uptime: None,
        engine_boots: None,
        system: None,
        facts: Vec::new(),
        interfaces: Vec::new(),
        interfaces_whole: false,
    })))
}

/// Writes it: so many seconds of so many events each. How many there are in all.
pub fn record(file: &Path, seconds: u64, each: u64) -> u64 {
    let site = site();
    let mut writer =
        RecordingWriter::create(file, &Header::new(site.name.clone(), Time(BEGAN))).unwrap();
    let hash = config::hash(&site);
    let first = Body::Config(Box::new(ConfigAppliedV2 { hash, site }));
    let count = seconds * each;
    let bodies = (0..count).map(|n| {
        let at = Time(BEGAN + (n * 1_000 / each) as i64);
        let device = (n % u64::from(DEVICES)) as u16 + 1;
        // each is silent for six rounds and there for six, and they take turns
        let round = n / u64::from(DEVICES);
        let answered = (round + u64::from(device)) / 6 % 2 == 0;
        (at, poll(device, at, answered))
    });
    let all = std::iter::once((Time(BEGAN), first)).chain(bodies);
    let events: Vec<Event> = (1..)
        .zip(all)
        .map(|(seq, (time, body))| Event {
            seq: Seq(seq),
            time,
            body,
        })
        .collect();
    for some in events.chunks(500) {
        writer.append(some).unwrap();
    }
    writer.finish().unwrap();
    count + 1
}

/// Of so many events, those that a replay does not have.
pub fn lost(file: &str, events: u64) -> f64 {
    let ran = Command::new(env!("CARGO_BIN_EXE_wardwatch"))
        .args(["replay", file, "--headless"])
        .output()
        .unwrap();
    let line: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let had = line["events"].as_u64().unwrap();
    events.abs_diff(had) as f64
}
