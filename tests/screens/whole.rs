//! The whole screen with its layers: every size, sizes that change each frame, hostile names; and nothing that a terminal obeys.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use wardwatch::engine::State;
use wardwatch::model::Text;
use wardwatch::ui::Live;
use wardwatch::ui::session::{Input, Session, SessionConfig, Wallboard, World, turn};

use super::hospital;

/// The same row of numbers in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % n
    }
}

fn hostile(mut state: State) -> State {
    let names = [
        "\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\u{9b}31m".to_string(),
        "\u{202e}txet\u{2066}\u{200b}\u{feff}".to_string(),
        "床ｱ".repeat(40),
        format!("e{}", "\u{301}".repeat(300)),
        "n".repeat(10_000),
        "one\r\ntwo\n\tthree".to_string(),
        "👩‍👩‍👧🏳️‍🌈".repeat(10),
    ];
    let ids: Vec<_> = state.devices.keys().copied().collect();
    for (n, id) in ids.into_iter().enumerate() {
        let device = Arc::make_mut(state.devices.get_mut(&id).unwrap());
        device.name = Text::from(names[n % names.len()].as_str());
        device.state_why = device.name.clone();
    }
    for (n, alert) in state.alerts.clone().values().enumerate() {
        let mut alert = alert.as_ref().clone();
        alert.text = Text::from(names[n % names.len()].as_str());
        alert.details = vec![alert.text.clone()];
        state.alerts.insert(alert.id, Arc::new(alert));
    }
    Arc::make_mut(&mut state.site).name = Text::from(names[0].as_str());
    state.rebuild_summaries();
    state
}

/// Only what the screen itself writes: positions, looks, clearing, the cursor.
fn only_ours(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            let bidi = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            assert!(!c.is_control() && !bidi, "{c:?}");
            continue;
        }
        assert_eq!(chars.next(), Some('['));
        let end = chars.find(char::is_ascii_alphabetic);
        assert!(
            matches!(end, Some('H' | 'm' | 'C' | 'J' | 'h' | 'l')),
            "{end:?}"
        );
    }
}

fn session(size: (u16, u16), wallboard: bool) -> Session {
    let mut config = SessionConfig::new(size, Text::from("ana"));
    config.wallboard = wallboard.then(|| Wallboard {
        views: ["board", "map", "alerts", "devices", "runs"]
            .map(turn)
            .to_vec(),
        ..Wallboard::default()
    });
    Session::new(config)
}

fn world(state: State) -> World {
    World::new(Arc::new(state), hospital::NOW, Live::Live)
}

#[test]
fn every_layer_at_sizes_that_change_each_frame_over_hostile_names() {
    let worlds = [world(hostile(hospital::small().0)), world(State::new())];
    // each opens something; what follows types into it, or moves
    let rows = [
        "1", "2", "22", "3", "4", "5", "0", ":", ":zoo", "/", "/na", "?", "!", "3a", "4r", "4n",
        "4t", "q", "4\r", "3\r", "4\rL", "4\rh", "g", "@", " ",
    ];
    let mut dice = Dice(7);
    for world in &worlds {
        for row in rows {
            let mut session = session((120, 36), false);
            let mut out = Vec::new();
            for key in row.chars() {
                let code = if key == '\r' {
                    KeyCode::Enter
                } else {
                    KeyCode::Char(key)
                };
                session.input(Input::Key(KeyEvent::new(code, KeyModifiers::NONE)), world);
                session.draw(world, &mut out);
            }
            for _ in 0..14 {
                let size = (dice.below(301) as u16, dice.below(101) as u16);
                session.input(Input::Resize(size.0, size.1), world);
                session.draw(world, &mut out);
                let code = [
                    KeyCode::Down,
                    KeyCode::Tab,
                    KeyCode::Char('j'),
                    KeyCode::Backspace,
                ];
                let code = code[dice.below(4) as usize];
                session.input(Input::Key(KeyEvent::new(code, KeyModifiers::NONE)), world);
                session.draw(world, &mut out);
            }
            only_ours(&out);
        }
    }
}

#[test]
fn the_smallest_and_largest_sizes_of_a_screen_and_of_a_wallboard() {
    let mut world = world(hostile(hospital::small().0));
    for wallboard in [false, true] {
        let mut session = session((80, 24), wallboard);
        let mut out = Vec::new();
        for live in [
            Live::Live,
            Live::Stale(hospital::ago(700)),
            Live::NoCollector,
        ] {
            world.live = live;
            for width in [0, 1, 2, 59, 60, 61, 80, 119, 120, 240, 300] {
                for height in [0, 1, 2, 15, 16, 17, 24, 40, 80, 100] {
                    session.input(Input::Resize(width, height), &world);
                    session.draw(&world, &mut out);
                }
                world.now = world.now + Duration::from_secs(31);
            }
        }
        only_ours(&out);
    }
}
