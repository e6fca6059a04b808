//! Thirty days on a wall in virtual time: alerts open and close, devices go and come. What the terminal shows is what a fresh
//! drawing would show, and no octet is kept.
//!
//! It is a test of its own, alone in its process: what another test allocates at the same time would be counted too.
#![allow(clippy::unwrap_used)]

#[path = "screens/hospital.rs"]
mod hospital;

use std::alloc::System;
use std::sync::Arc;
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use wardwatch::engine::State;
use wardwatch::model::{AlertState, DeviceState, Text};
use wardwatch::ui::Live;
use wardwatch::ui::session::{Input, Session, SessionConfig, Wallboard, World, turn};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SIZE: (u16, u16) = (120, 40);
const DAY: u64 = 86_400;
/// Between two frames: no divisor of a dwell or of the drift, so that each view is met in each corner.
const STEP: u64 = 1_307;

fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

fn terminal() -> vt100::Parser {
    vt100::Parser::new(SIZE.1.try_into().unwrap(), SIZE.0.try_into().unwrap(), 0)
}

/// A cell as it is seen: what was erased and what was written blank are one.
fn seen(terminal: &vt100::Parser, x: u16, y: u16) -> (String, String) {
    let cell = terminal.screen().cell(y, x).unwrap();
    let symbol = match cell.contents() {
        "" => " ",
        other => other,
    };
    let look = (
        cell.fgcolor(),
        cell.bgcolor(),
        cell.bold(),
        cell.underline(),
        cell.inverse(),
    );
    (symbol.to_owned(), format!("{look:?}"))
}

/// What is different after this frame: nothing is added for good.
fn change(state: &mut State, frame: u64) {
    let ids: Vec<_> = state.devices.keys().copied().collect();
    let id = ids[frame as usize % ids.len()];
    let device = Arc::make_mut(state.devices.get_mut(&id).unwrap());
    device.state = [DeviceState::Up, DeviceState::Down, DeviceState::Unknown][frame as usize % 3];
    let ids: Vec<_> = state.alerts.keys().copied().collect();
    let id = ids[frame as usize % ids.len()];
    let mut alert = state.alerts.get(&id).unwrap().as_ref().clone();
    alert.state = match alert.state {
        AlertState::Open => AlertState::Closed,
        _ => AlertState::Open,
    };
    state.alerts.insert(id, Arc::new(alert));
    state.rebuild_summaries();
    state.revision += 1;
}

#[test]
fn thirty_days_leave_no_glyph_out_of_place_and_no_octet_behind() {
    let mut config = SessionConfig::new(SIZE, Text::from("wall"));
    config.wallboard = Some(Wallboard {
        views: ["board", "map", "alerts", "devices"].map(turn).to_vec(),
        ..Wallboard::default()
    });
    let mut session = Session::new(config);
    let mut world = World {
        health: Some(Arc::new(hospital::health())),
        ..World::new(Arc::new(hospital::small().0), hospital::NOW, Live::Live)
    };
    let mut shown = terminal();
    let mut out = Vec::with_capacity(1 << 20);
    let mut early = 0;
    let mut compared = 0;
    for frame in 0..30 * DAY / STEP {
        change(Arc::make_mut(&mut world.state), frame);
        world.now = world.now + Duration::from_secs(STEP);
        world.live = match frame % 97 {
            90..=93 => Live::Stale(world.now - Duration::from_mins(10)),
            94 => Live::NoCollector,
            _ => Live::Live,
        };
        out.clear();
        session.draw(&world, &mut out);
        session.requests(&world);
        shown.process(&out);
        if frame % 23 == 0 {
            out.clear();
            session.input(Input::Repaint, &world);
            session.draw(&world, &mut out);
            let mut fresh = terminal();
            fresh.process(&out);
            for y in 0..SIZE.1 {
                for x in 0..SIZE.0 {
                    let (a, b) = (seen(&shown, x, y), seen(&fresh, x, y));
                    assert_eq!(a, b, "frame {frame}, {x},{y}");
                }
            }
            compared += 1;
        }
        // by then every view was drawn in every corner
        if frame * STEP < 5 * DAY {
            early = early.max(live());
        }
    }
    let more = live().saturating_sub(early);
    println!("{compared} drawings compared, {more} octets more after thirty days");
    assert!(more <= 64 << 10, "{more} octets more");
}
