//! What holds whatever comes in: every action, every size, every key, every name, every theme.

use super::*;

/// Invariant 5: what stands in the registry is done somewhere; a key that does nothing would be a lie of the help.
#[test]
fn every_action_is_carried_out_by_the_frame_or_by_a_view() {
    fn read(at: &std::path::Path, into: &mut String) {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("tests") || path.ends_with("tests.rs") {
                continue;
            }
            if path.is_dir() {
                read(&path, into);
            } else {
                into.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut source = String::new();
    read(
        &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui"),
        &mut source,
    );
    for action in registry::ACTIONS {
        assert!(
            source.contains(&format!("\"{}\"", action.name)),
            "{}",
            action.name
        );
    }
}

#[test]
fn a_small_window_says_so_and_still_tells_the_worst() {
    let seat = Seat::at((59, 16), |_| {});
    seat.shows("60x16 needed, this is 59x16");
    seat.shows("1 critical");
}

#[test]
fn the_plain_twin_holds_nothing_but_ascii() {
    for keys in [
        "", "2", "3", "4", "5", "4<enter>", "?", ":", "3a", "4r", "q",
    ] {
        let mut seat = Seat::at((120, 36), |c| c.caps.unicode = false);
        seat.keys(keys);
        let odd: String = seat.text().chars().filter(|c| !c.is_ascii()).collect();
        assert_eq!(odd, "", "after '{keys}':\n{}", seat.text());
    }
}

#[test]
fn a_theme_of_the_viewer_s_own_is_first_and_comes_again_after_the_last() {
    let mut seat = Seat::at((120, 36), |c| {
        c.caps.color = ColorDepth::True;
        c.own_theme = Some("name = 'mine'\ninherits = 'dark'".into());
    });
    for name in Theme::names().chain(["mine", "terminal"]) {
        seat.keys("T");
        seat.shows(&format!("theme {name}"));
    }
}

#[test]
fn themes_can_be_turned_through_and_none_has_colours_where_there_are_none() {
    let mut seat = Seat::new();
    for name in Theme::names().skip(1) {
        seat.keys("T");
        seat.shows(&format!("theme {name}"));
    }
    let mut seat = Seat::at((120, 36), |c| c.caps.color = ColorDepth::None);
    seat.keys("T");
    let screen = seat.terminal.screen();
    for y in 0..36 {
        for x in 0..120 {
            let cell = screen.cell(y, x).unwrap();
            assert_eq!(
                (cell.fgcolor(), cell.bgcolor()),
                (vt100::Color::Default, vt100::Color::Default)
            );
        }
    }
}

#[test]
fn no_size_panics_in_any_view_or_dialog() {
    for keys in [
        "",
        "2",
        "3",
        "4",
        "5",
        "4<enter>",
        "3<enter>",
        ":",
        "?",
        "/cl",
        "3a",
        "4r",
        "4rp",
        "4rp<enter><enter>",
        "q",
        "@",
        "!",
    ] {
        let mut seat = Seat::at((120, 36), |_| {});
        seat.keys(keys);
        for (w, h) in [
            (0, 0),
            (1, 1),
            (0, 50),
            (50, 0),
            (2, 2),
            (59, 15),
            (60, 16),
            (61, 17),
            (80, 24),
            (200, 60),
            (300, 100),
            (60, 100),
            (300, 16),
            (1, 1),
        ] {
            seat.session.input(Input::Resize(w, h), &seat.world);
            let mut out = Vec::new();
            seat.session.draw(&seat.world, &mut out);
        }
    }
}

fn any_key() -> impl Strategy<Value = String> {
    let keymap = crate::ui::Keymap::standard();
    let of_all = keymap.bindings().iter().flat_map(|b| b.on.clone());
    let others = ["backspace", "y", "n", "p", "b", "7", "shift-tab", "delete"];
    let keys: Vec<String> = of_all.chain(others.map(String::from)).collect();
    prop::sample::select(keys)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is pressed at whatever size: no panic, and the terminal shows what a fresh one would.
    #[test]
    fn any_row_of_keys_leaves_the_screen_as_a_fresh_one_would_show_it(
        keys in prop::collection::vec(any_key(), 0..40), w in 0u16..140, h in 0u16..50, replay in any::<bool>()
    ) {
        let mut seat = Seat::at((w, h), |_| {});
        if replay {
            seat.world.live = Live::Replay(Played { at: NOW, from: NOW, to: NOW + Duration::from_secs(9), speed: 2, ..Played::default() });
        }
        for key in keys {
            seat.session.input(Input::Key(keymap::parse(&key).unwrap()), &seat.world);
            seat.draw();
        }
        seat.draw();
        let before = seat.text();
        let cells = |n: u16| n.max(1).try_into().unwrap();
        seat.terminal = vt100::Parser::new(cells(h), cells(w), 0);
        seat.session.input(Input::Repaint, &seat.world);
        seat.draw();
        prop_assert_eq!(before, seat.text());
    }

    /// Hostile names: no control character but our own sequences ever leaves.
    #[test]
    fn hostile_names_never_reach_the_terminal_raw(raw in prop::collection::vec(any::<u8>(), 0..60), keys in prop::sample::select(vec!["", "2", "3", "4", "4<enter>", "3a", "4r", "4+"])) {
        let mut seat = Seat::new();
        let state = Arc::make_mut(&mut seat.world.state);
        let mut device = Device::clone(&state.devices[&DeviceId(1)]);
        device.name = Text::from_bytes(&raw);
        state.devices.insert(DeviceId(1), Arc::new(device));
        Arc::make_mut(&mut state.site).name = Text::from_bytes(&raw);
        state.revision += 1;
        seat.session.input(Input::Repaint, &seat.world);
        for key in keymap::parse_row(keys) {
            seat.session.input(Input::Key(key), &seat.world);
        }
        let mut out = Vec::new();
        seat.session.draw(&seat.world, &mut out);
        let mut rest = out.as_slice();
        while let Some(at) = rest.iter().position(|b| *b < 0x20 || *b == 0x7f) {
            prop_assert_eq!(rest[at], 0x1b);
            prop_assert_eq!(rest.get(at + 1), Some(&b'['));
            let end = rest[at + 2..].iter().position(|b| (0x40..=0x7e).contains(b)).unwrap() + at + 2;
            prop_assert!(rest[at + 2..end].iter().all(|b| b.is_ascii_digit() || matches!(b, b';' | b'?')));
            prop_assert!(b"HCmJhl".contains(&rest[end]));
            rest = &rest[end + 1..];
        }
        prop_assert!(!String::from_utf8(out).unwrap().chars().any(|c| c != '\x1b' && c.is_control()));
    }
}
