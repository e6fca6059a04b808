//! What one frame costs, from the state to the octets for the terminal, with 50,000 endpoints in the state: each view at 200x50 and
//! at 400x110, in three ways: a second has passed; the state has moved, as with every answer to a poll; the inventory has moved as
//! well, so that sorted and summed lists are other than before. Each time a hundred devices have answered, and ten of them came or went. Times are of the processor, not of the wall. `cargo bench --bench frame [-- --endpoints N]` prints p50, p99 and the
//! octets of a frame, and ends with 1 where a p99 is over the ceiling of its size.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "../tests/screens/hospital.rs"]
mod hospital;

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use wardwatch::engine::State;
use wardwatch::model::{DeviceId, DeviceState, Seq, Text};
use wardwatch::ui::Live;
use wardwatch::ui::session::{Input, Session, SessionConfig, World};

/// Columns, rows, and the most that a slow frame may take.
const SIZES: [(u16, u16, Duration); 2] = [
    (200, 50, Duration::from_millis(3)),
    (400, 110, Duration::from_millis(8)),
];

/// The views, by the keys that lead there.
const VIEWS: [(&str, &str); 10] = [
    ("board", "1"),
    ("map", "2"),
    ("map-segments", "2\t"),
    ("map-ports", "2\t\t"),
    ("alerts", "3"),
    ("alert", "3\r"),
    ("devices", "4"),
    ("device", "4\r"),
    ("runs", "5"),
    ("about", "0"),
];

fn press(session: &mut Session, world: &World, keys: &str, out: &mut Vec<u8>) {
    for key in keys.chars() {
        let code = match key {
            '\r' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            other => KeyCode::Char(other),
        };
        session.input(Input::Key(KeyEvent::new(code, KeyModifiers::NONE)), world);
        session.draw(world, out);
    }
}

/// Of this thread: whoever else wants the processor is none of a frame's cost, and drawing waits for nothing.
/// Devices that have answered since the frame before, as many as a house of 50,000 hears of in a tenth of a second.
const ANSWERS: u64 = 100;
/// Of these, whose state is another.
const STATES: u64 = 10;

/// Devices answer, spread over the house; the first `states` of them come up or go down.
fn answer(state: &mut State, ids: &[DeviceId], states: u64) {
    let all = ids.len() as u64;
    for n in 0..ANSWERS {
        let at = (state.revision * 7_919 + n * 104_729) % all;
        let device = Arc::make_mut(&mut state.devices[&ids[at as usize]]);
        device.last_seen = hospital::NOW;
        if n < states {
            device.state = match device.state {
                DeviceState::Up => DeviceState::Down,
                _ => DeviceState::Up,
            };
        }
    }
}

fn cpu() -> Duration {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    now.into()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` only wants to know that it runs
    let quick = arguments.iter().any(|a| a == "--test");
    let told = arguments.iter().position(|a| a == "--endpoints");
    let endpoints = told.map_or(if quick { 500 } else { 50_000 }, |at| {
        arguments[at + 1].parse().unwrap()
    });
    let runs = if quick { 3 } else { 300 };
    let mut world = World {
        health: Some(Arc::new(hospital::health())),
        ..World::new(
            Arc::new(hospital::large(endpoints)),
            hospital::NOW,
            Live::Live,
        )
    };
    let devices = world.state.devices.len();
    let ids: Vec<DeviceId> = world.state.devices.keys().copied().collect();
    println!(
        "| {devices} devices | | p50 ms | p99 ms | octets | |\n| --- | --- | --- | --- | --- | --- |"
    );
    let mut over = false;
    for (columns, rows, ceiling) in SIZES {
        for how in ["a second later", "state moved", "inventory moved"] {
            for (name, keys) in VIEWS {
                let config = SessionConfig::new((columns, rows), Text::from("ana"));
                let mut session = Session::new(config);
                let mut out = Vec::new();
                press(&mut session, &world, keys, &mut out);
                let mut octets = 0;
                let mut times: Vec<Duration> = (0..runs)
                    .map(|_| {
                        world.now = world.now + Duration::from_secs(1);
                        if how != "a second later" {
                            let state = Arc::make_mut(&mut world.state);
                            state.seq = Seq(state.seq.0 + 1);
                            state.revision += 1;
                            let moved = how == "inventory moved";
                            state.inventory_revision += u64::from(moved);
                            answer(state, &ids, if moved { STATES } else { 0 });
                        }
                        out.clear();
                        let start = cpu();
                        session.draw(&world, &mut out);
                        let took = cpu().saturating_sub(start);
                        octets += out.len();
                        took
                    })
                    .collect();
                times.sort_unstable();
                let at = |percent: usize| times[(times.len() - 1) * percent / 100];
                let (half, slow) = (at(50), at(99));
                let missed = slow > ceiling && !quick;
                over |= missed;
                println!(
                    "| {columns}x{rows} {name} | {how} | {:.2} | {:.2} | {} | {} |",
                    half.as_secs_f64() * 1e3,
                    slow.as_secs_f64() * 1e3,
                    octets / runs,
                    if missed { "OVER" } else { "" }
                );
            }
        }
    }
    if over {
        std::process::exit(1);
    }
}
