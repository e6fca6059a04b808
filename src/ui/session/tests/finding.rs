//! Finding what one looks for: palette, help, filter.

use super::*;

#[test]
fn the_palette_finds_what_has_no_key_and_shows_why_not() {
    let mut seat = Seat::at((120, 36), |c| c.read_only = true);
    seat.keys(":abou");
    seat.shows("About");
    seat.keys("<enter>");
    seat.shows(env!("CARGO_PKG_VERSION"));
    seat.keys("<esc><ctrl-k>acknowl");
    seat.shows("read-only");
    seat.keys("<esc>:");
    let about = seat
        .text()
        .lines()
        .position(|l| l.contains("About"))
        .unwrap();
    let first = seat
        .text()
        .lines()
        .position(|l| l.contains("Command"))
        .unwrap()
        + 3;
    assert_eq!(about, first, "what was used last comes first");
}

#[test]
fn help_shows_every_key_and_what_works_here() {
    let mut seat = Seat::at((120, 200), |_| {});
    seat.keys("3?");
    for action in registry::ACTIONS
        .iter()
        .filter(|a| a.scope != registry::Scope::Replay)
    {
        let keymap = crate::ui::Keymap::standard();
        if let Some(shown) = keymap.shown(action, crate::ui::Glyphs::of(true)) {
            assert!(seat.text().contains(&shown), "{shown} of {}", action.name);
        }
    }
    seat.keys("?");
    seat.hides("Goes back one step");
}

#[test]
fn a_filter_completes_says_what_is_wrong_and_is_taken_off_by_esc() {
    let mut seat = Seat::new();
    seat.keys("4");
    seat.shows("vent-icu3-07");
    seat.keys("/colour:red<enter>");
    seat.shows("no filter key 'colour'");
    seat.keys("<ctrl-u>cla<tab>");
    seat.shows("class:");
    seat.keys("switch<enter>");
    seat.hides("vent-icu3-07");
    assert!(seat.last().contains("/ class:switch"), "{}", seat.last());
    seat.keys("3");
    assert!(
        !seat.last().contains("class:switch"),
        "another view has its own"
    );
    seat.keys("4<esc>");
    seat.shows("vent-icu3-07");
}

#[test]
fn a_filter_completes_values_out_of_the_state_and_says_which_keys_there_are_while_it_is_typed() {
    for size in [(80, 24), (120, 36)] {
        let mut seat = Seat::at(size, |_| {});
        seat.keys("4/<tab>");
        seat.shows("class:  segment:");
        seat.keys("<ctrl-u>segment:i");
        seat.shows("   ICU-3");
        seat.keys("<tab> name:<tab><tab>");
        assert!(
            seat.text().contains("segment:ICU-3 name:sw-3f-02"),
            "{}",
            seat.text()
        );
        seat.keys("<shift-tab><enter>");
        let foot = seat.last();
        assert!(foot.contains("segment:ICU-3 name:"), "{foot}");
        seat.keys("/<ctrl-u>colour:");
        seat.shows("no filter key 'colour'");
        // none of the words is cut
        for word in ["class", "segment", "touch", "serial", "fault"] {
            seat.shows(word);
        }
        seat.keys("<ctrl-u>class:");
        seat.hides("no filter key");
    }
}

#[test]
fn the_chosen_completion_is_in_sight_however_many_there_are() {
    let mut seat = Seat::at((80, 24), |_| {});
    seat.keys("4/");
    for _ in crate::engine::Filter::keys() {
        seat.keys("<tab>");
        let text = seat.text();
        let mut lines = text.lines().rev().skip(1);
        let (field, above) = (lines.next().unwrap(), lines.next().unwrap());
        let word = field.trim().trim_start_matches("/ ").trim();
        assert!(above.contains(word), "{word} in {above}");
    }
}

#[test]
fn a_paste_by_the_megabyte_is_cut_and_that_is_said_beside_the_line() {
    for (keys, kept) in [("4/", "xxxxxxxx"), (":", "xxxxxxxx"), ("4+", "xxxxxxxx")] {
        let mut seat = Seat::at((80, 24), |_| {});
        seat.keys(keys);
        seat.session
            .input(Input::Paste("x".repeat(3 << 20)), &seat.world);
        seat.draw();
        seat.shows("3072 kB were pasted; a line takes 400 bytes");
        seat.shows(kept);
        seat.keys("<backspace>");
        seat.hides("were pasted");
    }
}

#[test]
fn what_can_not_become_right_any_more_is_said_while_it_is_typed() {
    for (typed, said) in [
        ("/class:zz", "'zz' is no class"),
        ("/class:zz sta", "'zz' is no class"),
        ("/foo:1", "no filter key 'foo'"),
        ("/class:zz foo:1", "'zz' is no class"),
    ] {
        let mut seat = Seat::new();
        seat.keys("4");
        seat.keys(typed);
        seat.shows(said);
    }
    // what may still become right is not
    let mut seat = Seat::new();
    seat.keys("4/class:vent");
    seat.hides("is no class");
    seat.keys("<tab>");
    seat.shows("class:ventilator");
}

#[test]
fn words_are_looked_for_in_all_of_a_view_that_has_no_filter_and_counted() {
    for size in [(80, 24), (120, 36), (200, 60)] {
        let mut seat = Seat::at(size, |_| {});
        seat.shows("ICU-3");
        assert!(seat.last().contains("/ search"), "{}", seat.last());
        seat.keys("4<enter>/");
        seat.shows("Devices › ");
        seat.keys("address");
        seat.shows("1 of ");
        seat.keys("<enter>n");
        seat.shows(" of ");
        seat.keys("<esc><esc>");
        seat.hides("as it was at");
        seat.keys("4");
    }
}

#[test]
fn devices_that_are_chosen_get_one_note_are_copied_together_and_nothing_else_is_done_to_several() {
    let mut seat = Seat::new();
    seat.keys("4vv");
    seat.shows("2 chosen");
    assert_eq!(seat.keys("r"), []);
    seat.shows("2 devices are chosen, and this is done to one at a time");
    seat.keys("+");
    seat.shows("Note of 2 devices");
    let asked = seat.keys("spare on its way<enter>");
    let notes: Vec<_> = asked
        .iter()
        .filter(|r| matches!(r, Request::Command(Command::Note { note, .. }) if note.as_str() == "spare on its way"))
        .collect();
    assert_eq!(notes.len(), 2);
    assert_ne!(notes[0], notes[1]);
    let asked = seat.keys("y");
    assert!(
        matches!(asked.as_slice(), [Request::Copy(text)] if text.as_str().split(", ").count() == 2),
        "{asked:?}"
    );
    seat.keys("<esc>");
    seat.hides("chosen");
    let asked = seat.keys("+for one<enter>");
    assert_eq!(asked.len(), 1);
}

#[test]
fn a_click_selects_what_it_is_on_and_a_second_one_opens_it() {
    let mut seat = Seat::new();
    seat.keys("4");
    let row = |seat: &Seat, name: &str| {
        let text = seat.text();
        text.lines().position(|l| l.contains(name)).unwrap() as u16
    };
    let at = row(&seat, "vent-icu3-07");
    let press = |seat: &mut Seat, row| {
        let mouse = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: 10,
            row,
            modifiers: crossterm::event::KeyModifiers::NONE,
        };
        seat.session.input(Input::Mouse(mouse), &seat.world);
        seat.draw();
    };
    press(&mut seat, at);
    assert!(seat.last().starts_with(" Devices  "), "{}", seat.last());
    press(&mut seat, at);
    assert!(
        seat.last().starts_with(" Devices › vent-icu3-07"),
        "{}",
        seat.last()
    );
    // where nothing is, nothing happens
    seat.keys("<esc>");
    let before = seat.text();
    press(&mut seat, 20);
    assert_eq!(seat.text(), before);
}

#[test]
fn a_page_begins_at_the_first_says_what_has_no_room_and_leaves_the_cursor_where_it_was() {
    let mut seat = Seat::new();
    let state = Arc::make_mut(&mut seat.world.state);
    for n in 100..2_600u32 {
        let device = crate::model::Device {
            id: crate::model::DeviceId(n),
            name: Text::from(format!("zz-{n}")),
            ..crate::model::Device::default()
        };
        state.devices.insert(device.id, Arc::new(device));
    }
    state.inventory_revision += 1;
    seat.keys("4G");
    seat.shows("pump-icu3-12");
    let before = seat.text();
    seat.keys("p");
    seat.shows("sw-3f-02");
    seat.shows("more are not on this page: a filter finds them");
    seat.keys("/pump-icu3-12");
    seat.shows("nowhere on this page, which is a part");
    seat.keys("<esc><esc>");
    assert_eq!(seat.text(), before);
    let asked = seat.keys("|");
    assert!(
        matches!(asked.as_slice(), [Request::Pager(text)] if text.starts_with("Devices, as it was at ") && text.ends_with("more are not on this page: a filter finds them\n")),
        "{asked:?}"
    );
    // words where nothing is filtered are refused, and not shown as if they held
    seat.keys(":board class:pump<enter>");
    seat.shows("board shows all");
    assert!(!seat.last().contains("class:pump"), "{}", seat.last());
}

#[test]
fn who_may_only_look_starts_no_editor() {
    let mut seat = Seat::at((120, 36), |c| c.read_only = true);
    let asked = seat.keys("@<ctrl-x>");
    assert_eq!(asked, []);
    seat.shows("no editor is started");
}
