//! Every size, every order of keys, hostile text: nothing panics, nothing is written outside, nothing escapes.

use std::sync::Arc;

use proptest::prelude::*;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use wardwatch::model::{FactKey, Text};
use wardwatch::ui::{Outcome, views};

use super::{Stage, all_views, hospital};

const KEYS: [&str; 24] = [
    "cursor-down",
    "cursor-up",
    "cursor-left",
    "cursor-right",
    "page-down",
    "page-up",
    "top",
    "bottom",
    "open",
    "tab-next",
    "tab-prev",
    "map-next",
    "sort-next",
    "fold",
    "next-problem",
    "prev-problem",
    "follow",
    "open-segment",
    "open-switch",
    "on-map",
    "history",
    "ledger",
    "open-alert",
    "no-such-action",
];

/// Draws into a larger buffer and looks at what is around the area.
fn draw_inside(stage: &Stage, view: &mut dyn wardwatch::ui::View, width: u16, height: u16) {
    let whole = Rect::new(0, 0, width + 4, height + 4);
    let area = Rect::new(2, 2, width, height);
    let mut buf = Buffer::empty(whole);
    view.draw(&mut buf, area, &stage.ctx());
    for y in 0..whole.height {
        for x in 0..whole.width {
            if !area.contains((x, y).into()) {
                assert_eq!(buf[(x, y)], Cell::EMPTY, "{x},{y} outside {width}x{height}");
            }
        }
    }
}

#[test]
fn no_size_panics_or_writes_outside() {
    let (state, named) = hospital::small();
    let stage = Stage::new(state);
    for (_, mut view) in all_views(&named) {
        for width in [0, 1, 2, 3, 7, 14, 26, 39, 40, 60, 79, 110, 171, 300] {
            for height in [0, 1, 2, 3, 4, 6, 9, 12, 16, 25, 100] {
                draw_inside(&stage, view.as_mut(), width, height);
            }
        }
    }
    // an area that is not in the buffer at all
    for (_, mut view) in all_views(&named) {
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 5));
        view.draw(&mut buf, Rect::new(40, 40, 80, 24), &stage.ctx());
        assert!(buf.content().iter().all(|c| *c == Cell::EMPTY));
    }
}

#[test]
fn an_empty_state_copes_with_every_view_and_key() {
    let (_, named) = hospital::small();
    let stage = Stage::new(wardwatch::engine::State::new());
    for (_, mut view) in all_views(&named) {
        for key in KEYS {
            draw_inside(&stage, view.as_mut(), 80, 21);
            let _ = view.act(key, &stage.ctx());
            let _ = (view.crumb(&stage.ctx()), view.selection(&stage.ctx()));
        }
    }
}

#[test]
fn hostile_text_stays_text() {
    let (mut state, named) = hospital::small();
    let hostile = [
        "\u{1b}[31mpump\u{1b}]52;c;aGk=\u{7}".to_string(),
        "床".repeat(700),
        "e\u{301}\u{301}\u{301}".repeat(50),
        "\u{202e}evil\u{200b}\u{200d}\u{fe0f}".to_string(),
        String::new(),
        "x".repeat(70_000),
        "👩‍👩‍👧".repeat(30),
    ];
    let ids: Vec<_> = state.devices.keys().copied().collect();
    for (n, id) in ids.into_iter().enumerate() {
        let text = Text::from(hostile[n % hostile.len()].as_str());
        let device = Arc::make_mut(state.devices.get_mut(&id).unwrap());
        device.name = text.clone();
        device.state_why = text.clone();
        for fact in &mut device.facts {
            if fact.key != FactKey::UpsCharge {
                fact.value = text.clone();
            }
        }
        for port in device.interfaces.values_mut() {
            port.name = text.clone();
            port.alias = text.clone();
        }
    }
    for (n, alert) in state.alerts.clone().values().enumerate() {
        let mut alert = alert.as_ref().clone();
        alert.text = Text::from(hostile[n % hostile.len()].as_str());
        alert.part = Text::from(hostile[(n + 1) % hostile.len()].as_str());
        alert.details = vec![alert.text.clone(); 3];
        state.alerts.insert(alert.id, Arc::new(alert));
    }
    state.rebuild_summaries();
    let stage = Stage::new(state);
    for (name, mut view) in all_views(&named) {
        for (width, height) in [(80, 21), (33, 9), (200, 57)] {
            let buf = stage.draw(view.as_mut(), width, height);
            for cell in buf.content() {
                assert!(
                    !cell.symbol().chars().any(|c| c.is_control()
                        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}'..='\u{200f}')),
                    "{name}: {:?}",
                    cell.symbol()
                );
            }
            draw_inside(&stage, view.as_mut(), width, height);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn no_order_of_keys_and_sizes_panics(
        steps in prop::collection::vec((0usize..KEYS.len(), 0u16..130, 0u16..40), 1..40),
        first in 0usize..14,
    ) {
        let (state, named) = hospital::small();
        let stage = Stage::new(state);
        let mut all = all_views(&named);
        let mut stack = vec![all.swap_remove(first % all.len()).1];
        for (key, width, height) in steps {
            let view = stack.last_mut().unwrap();
            draw_inside(&stage, view.as_mut(), width, height);
            let outcome = view.act(KEYS[key], &stage.ctx());
            if let Outcome::Open(mut next) = outcome {
                next.opened(&stage.ctx());
                if stack.len() < 8 {
                    stack.push(next);
                }
            }
            let view = stack.last_mut().unwrap();
            let _ = (view.crumb(&stage.ctx()), view.selection(&stage.ctx()), view.actions(&stage.ctx()));
        }
    }
}

#[test]
fn a_state_that_shrinks_under_the_cursor_is_survived() {
    let (state, named) = hospital::small();
    let mut stage = Stage::new(state);
    let mut all = all_views(&named);
    for (_, view) in &mut all {
        for key in ["cursor-down", "bottom", "cursor-right"] {
            draw_inside(&stage, view.as_mut(), 80, 21);
            let _ = view.act(key, &stage.ctx());
        }
    }
    stage.state = wardwatch::engine::State::new();
    for (_, view) in &mut all {
        draw_inside(&stage, view.as_mut(), 80, 21);
        for key in KEYS {
            let _ = view.act(key, &stage.ctx());
        }
    }
    assert!(views::open("nothing").is_none());
}
