//! What a jump through the past costs: a log of 24 hours of 5,000 devices, each heard of once a minute, with the snapshots that a
//! collector keeps. `cargo bench --bench past [-- --devices N --hours N]` prints how long jumps to places anywhere take, and steps of a
//! minute; ends with 1 where the 95th of a hundred is over its ceiling.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use wardwatch::engine::State;
use wardwatch::event::{Body, ConfigAppliedV2, Event, ObsPollV1, Observation, PollOutcome};
use wardwatch::host::Feed as _;
use wardwatch::host::replay::Player;
use wardwatch::host::tape::Collected;
use wardwatch::log::{Log as _, Retention, SqliteLog};
use wardwatch::model::{DeviceClass, DeviceSpec, SegmentSpec, Seq, Site, Text, Time};
use wardwatch::ui::Live;

/// Noon of a day in UTC, so that two days' files are there.
const BEGIN: i64 = 1_790_035_200_000;
const CEILING: f64 = 100.0;

fn number(flag: &str, usual: u64) -> u64 {
    let all: Vec<String> = std::env::args().collect();
    let at = all.iter().position(|a| a == flag);
    at.map_or(usual, |at| all[at + 1].parse().unwrap())
}

fn address(n: u64) -> std::net::IpAddr {
    let [.., a, b] = (n as u32).to_be_bytes();
    [10, 9, a, b].into()
}

fn site(devices: u64) -> Site {
    let classes = [
        DeviceClass::Switch,
        DeviceClass::Workstation,
        DeviceClass::InfusionPump,
        DeviceClass::Printer,
    ];
    Site {
        name: "St. Anna".into(),
        segments: vec![SegmentSpec {
            name: "all".into(),
            nets: vec!["10.9.0.0/16".parse().unwrap()],
            ..SegmentSpec::default()
        }],
        devices: (0..devices)
            .map(|n| DeviceSpec {
                name: format!("d-{n:05}").into(),
                class: classes[n as usize % 4],
                addresses: vec![address(n)],
                ..DeviceSpec::default()
            })
            .collect(),
        ..Site::default()
    }
}

fn poll(n: u64, at: Time, uptime: u32) -> Body {
    Body::Observation(Observation::Poll(Box::new(ObsPollV1 {
        address: address(n),
        at,
        outcome: PollOutcome::Answered,
        credential: Text::from("site"),
        rtt_ms: Some(uptime % 9),
        uptime: Some(uptime),
        engine_boots: None,
        system: None,
        facts: Vec::new(),
        interfaces: Vec::new(),
        interfaces_whole: false,
    })))
}

fn write(dir: &std::path::Path, devices: u64, hours: u64) -> Time {
    let site = site(devices);
    let mut log = SqliteLog::open(dir, Retention::default()).unwrap();
    let mut state = State::new();
    let hash = wardwatch::config::hash(&site);
    let first = Event {
        seq: Seq(1),
        time: Time(BEGIN),
        body: Body::Config(Box::new(ConfigAppliedV2 { hash, site })),
    };
    let _ = state.apply(&first);
    log.append(&[first]).unwrap();
    let (mut seq, mut at) = (1, Time(BEGIN));
    let mut page = Vec::new();
    for minute in 0..hours * 60 {
        for n in 0..devices {
            seq += 1;
            at = Time(BEGIN + (minute * 60_000 + n * 60_000 / devices) as i64);
            let event = Event {
                seq: Seq(seq),
                time: at,
                body: poll(n, at, (minute * 6_000) as u32),
            };
            let _ = state.apply(&event);
            page.push(event);
            if page.len() == 500 {
                log.append(&page).unwrap();
                page.clear();
            }
        }
        // as the collector does
        if minute % 4 == 3 {
            log.append(&page).unwrap();
            page.clear();
            log.keep_snapshot(state.seq, state.time, &state.to_snapshot())
                .unwrap();
        }
    }
    log.append(&page).unwrap();
    log.note_end().unwrap();
    at
}

fn jump(player: &Player, to: Time) -> f64 {
    let start = Instant::now();
    player.seek(to);
    loop {
        if let Live::Replay(played) = player.live()
            && played.towards.is_none()
        {
            assert_eq!(played.at, to);
            return start.elapsed().as_secs_f64() * 1e3;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn row(what: &str, mut of: Vec<f64>) -> bool {
    of.sort_by(f64::total_cmp);
    let at = |percent: usize| of[(of.len() * percent).div_ceil(100) - 1];
    let over = at(95) > CEILING;
    println!(
        "| {what} | {:.0} | {:.0} | {:.0} | {} |",
        at(50),
        at(95),
        at(100),
        if over { "OVER" } else { "" }
    );
    over
}

fn main() {
    let quick = std::env::args().any(|a| a == "--test");
    let devices = number("--devices", if quick { 50 } else { 5_000 });
    let hours = number("--hours", if quick { 1 } else { 24 });
    let dir = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let to = write(dir.path(), devices, hours);
    let kept: Vec<u64> = std::fs::read_dir(dir.path().join("snapshots"))
        .unwrap()
        .map(|e| e.unwrap().metadata().unwrap().len())
        .collect();
    eprintln!(
        "{hours} h of {devices} devices written in {:.0} s; {} snapshots, {:.1} MB",
        start.elapsed().as_secs_f64(),
        kept.len(),
        kept.iter().sum::<u64>() as f64 / 1e6
    );
    let from = Time(BEGIN);
    let tape = Arc::new(Collected(dir.path().into()));
    let start = Instant::now();
    let player = Player::start(tape, (from, to), Some(to), 0, Arc::default()).unwrap();
    let entered = start.elapsed().as_secs_f64() * 1e3;
    println!(
        "| {devices} devices, {hours} h | p50 ms | p95 ms | most | |\n| --- | --- | --- | --- | --- |"
    );
    println!("| into the past | {entered:.0} | | | |");
    let mut dice = 0x2545_f491_4f6c_dd1du64;
    let span = to.since(from).as_millis() as u64;
    let mut anywhere = || {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        from + Duration::from_millis(dice % span)
    };
    let count = if quick { 3 } else { 60 };
    let mut over = row(
        "anywhere",
        (0..count).map(|_| jump(&player, anywhere())).collect(),
    );
    let place = from + Duration::from_millis(span / 2);
    jump(&player, place);
    let back = (1..=count as u64).map(|n| jump(&player, place - Duration::from_mins(n)));
    over |= row("a minute back", back.collect());
    let on = (1..=count as u64).map(|n| jump(&player, place + Duration::from_mins(n)));
    over |= row("a minute on", on.collect());
    let again = (0..count).map(|n| jump(&player, place - Duration::from_mins(n as u64 % 7 * 3)));
    over |= row("to and fro within twenty minutes", again.collect());
    if over && !quick {
        std::process::exit(1);
    }
}
