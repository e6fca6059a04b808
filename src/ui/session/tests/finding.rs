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
