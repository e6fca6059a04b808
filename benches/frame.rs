//! One frame of each view at 200x50 with 20,000 endpoints in the state, in three ways: nothing has changed since the last
//! frame; the state has moved, as with every answer to a poll; the inventory has moved as well, so that every sorted and summed
//! list is made anew. Criterion gives the mean; before it,
//! p50 and p99 of plain runs are printed, since the promise is about the slow frames: 5 ms at p99.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "../tests/screens/hospital.rs"]
mod hospital;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use wardwatch::engine::State;
use wardwatch::model::{DeviceId, Health, Seq, Text};
use wardwatch::ui::{ColorDepth, Ctx, Glyphs, Live, Theme, View, views};

const AREA: Rect = Rect::new(0, 0, 200, 50);

struct Stage {
    theme: Theme,
    zone: TimeZone,
    person: Text,
    health: Health,
}

impl Stage {
    fn ctx<'a>(&'a self, state: &'a State) -> Ctx<'a> {
        Ctx {
            state,
            now: hospital::NOW,
            live: &Live::Live,
            health: Some(&self.health),
            zone: &self.zone,
            person: &self.person,
            read_only: false,
            unattended: false,
            low_bandwidth: false,
            theme: &self.theme,
            glyphs: Glyphs::of(true),
            filter: None,
        }
    }
}

fn all(state: &State) -> Vec<(&'static str, Box<dyn View>)> {
    let stage_map = |drawings: usize, ctx: &Ctx<'_>| {
        let mut map = views::open("map").unwrap();
        for _ in 0..drawings {
            let _ = map.act("tab-next", ctx);
        }
        map
    };
    let stage = stage();
    let ctx = stage.ctx(state);
    vec![
        ("board", views::open("board").unwrap()),
        ("map", stage_map(0, &ctx)),
        ("map-segments", stage_map(1, &ctx)),
        ("map-ports", stage_map(2, &ctx)),
        ("alerts", views::open("alerts").unwrap()),
        ("devices", views::open("devices").unwrap()),
        ("runs", views::open("runs").unwrap()),
        ("about", views::about()),
        ("device", views::device(DeviceId(1))),
        (
            "interfaces",
            views::device_at(DeviceId(1), views::Tab::Interfaces),
        ),
    ]
}

fn stage() -> Stage {
    Stage {
        theme: Theme::built_in("dark", ColorDepth::True).unwrap(),
        zone: TimeZone::fixed(jiff::tz::offset(1)),
        person: Text::from("ana"),
        health: hospital::health(),
    }
}

fn main() {
    // `cargo test --benches` only wants to know that it runs
    let quick = std::env::args().any(|a| a == "--test");
    let mut state = hospital::large(if quick { 500 } else { 20_000 });
    let stage = stage();
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1));
    for how in ["same", "moved", "inventory"] {
        let step = |state: &mut State| {
            if how != "same" {
                state.seq = Seq(state.seq.0 + 1);
                state.revision += 1;
            }
            if how == "inventory" {
                state.inventory_revision += 1;
            }
        };
        for (name, mut view) in all(&state) {
            let mut buf = Buffer::empty(AREA);
            view.draw(&mut buf, AREA, &stage.ctx(&state));
            let runs = if quick { 3 } else { 300 };
            let mut times: Vec<Duration> = (0..runs)
                .map(|_| {
                    step(&mut state);
                    buf.reset();
                    let start = Instant::now();
                    view.draw(black_box(&mut buf), AREA, &stage.ctx(&state));
                    start.elapsed()
                })
                .collect();
            times.sort_unstable();
            let at = |percent: usize| times[(times.len() - 1) * percent / 100];
            println!(
                "frame/{how}/{name}: p50 {:?} p99 {:?} ({} devices, 200x50)",
                at(50),
                at(99),
                state.devices.len()
            );
            if !quick {
                criterion.bench_function(&format!("frame/{how}/{name}"), |b| {
                    b.iter(|| {
                        step(&mut state);
                        buf.reset();
                        view.draw(black_box(&mut buf), AREA, &stage.ctx(&state));
                    });
                });
            }
        }
    }
    if !quick {
        criterion.final_summary();
    }
}
