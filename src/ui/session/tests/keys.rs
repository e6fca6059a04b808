//! Keys: what the keymap says is what happens, for every action and every preset; rows of keys; lines of the palette.

use super::*;
use crate::actions::registry::Scope;
use crate::ui::Keymap;

/// Before a screen on which the actions of a scope mean something.
fn seat_for(scope: Scope, keymap: &Arc<Keymap>) -> Seat {
    let mut seat = Seat::at((120, 36), |c| c.keys = Arc::clone(keymap));
    match scope {
        Scope::Program | Scope::View | Scope::Device => seat.keys("4"),
        Scope::Alert => seat.keys("3"),
        Scope::Run => seat.keys("5"),
        Scope::Replay => {
            seat.world.live = Live::Replay(Played {
                at: NOW,
                from: NOW - Duration::from_mins(10),
                to: NOW + Duration::from_mins(10),
                speed: 2,
                ..Played::default()
            });
            seat.draw();
            seat.keys("4")
        }
    };
    seat
}

#[test]
fn each_key_of_each_preset_does_what_its_action_does_by_name() {
    for name in Keymap::names() {
        let keymap = Keymap::preset(name).unwrap();
        let mut did = 0;
        for action in registry::ACTIONS {
            for binding in keymap.of(action) {
                let mut by_key = seat_for(action.scope, &keymap);
                let before = by_key.text();
                let mut asked = Vec::new();
                for key in &binding.on {
                    let key = keymap::parse(key).unwrap();
                    asked.extend(by_key.session.input(Input::Key(key), &by_key.world));
                }
                by_key.draw();
                let mut by_name = seat_for(action.scope, &keymap);
                let row = format!(":{}<enter>", action.name);
                let said = by_name.keys(&row);
                let which = format!("{name}: {} {}", action.name, binding.on());
                if action.name != "palette" {
                    assert_eq!(asked, said, "{which}");
                    assert_eq!(by_key.text(), by_name.text(), "{which}");
                }
                did += usize::from(before != by_key.text() || !asked.is_empty());
            }
        }
        assert!(did > 50, "{name}: only {did} did something that is seen");
    }
}

#[test]
fn a_row_of_keys_shows_what_can_follow_and_esc_leaves_it() {
    let text = r#"
        everywhere = [
          { on = "z p", run = "devices class:ventilator", desc = "the ventilators" },
          { on = "z t l", run = "theme light" },
          { on = "z t d", run = "theme dark" },
          { on = "z -", run = "-" },
        ]
    "#;
    let (keymap, _) = Keymap::read(text, std::path::Path::new("k.toml")).unwrap();
    let keymap = Arc::new(keymap);
    for size in [(80, 24), (120, 36)] {
        let mut seat = Seat::at(size, |c| c.keys = Arc::clone(&keymap));
        seat.keys("z");
        seat.shows("z and then");
        seat.shows("the ventilators");
        seat.shows("t  2 more");
        seat.keys("t");
        seat.shows("theme light");
        seat.hides("the ventilators");
        seat.keys("<esc>");
        seat.hides("and then");
        seat.keys("zx");
        seat.shows("z x does nothing");
        seat.keys("zp");
        seat.shows("vent-icu3-07");
        seat.hides("sw-3f-02 ");
        assert!(
            seat.last().contains("/ class:ventilator"),
            "{}",
            seat.last()
        );
        seat.keys("z-");
        assert!(seat.last().starts_with(" Board"), "{}", seat.last());
        seat.keys("ztd");
        seat.shows("theme dark");
        assert_eq!(
            seat.keys("z<ctrl-c>"),
            [Request::Leave],
            "the way out is never part of a row"
        );
    }
}

#[test]
fn the_palette_takes_views_with_filters_and_names_and_completes_them() {
    let mut seat = Seat::new();
    seat.keys(":devices class:ventilator<enter>");
    seat.shows("vent-icu3-07");
    assert!(
        seat.last().contains("/ class:ventilator"),
        "{}",
        seat.last()
    );
    seat.keys(":devices colour:red");
    seat.shows("no filter key 'colour'");
    seat.keys("<enter>");
    seat.shows("Command");
    seat.keys("<esc>:devices cla<down><tab>");
    seat.shows("devices class:");
    seat.keys("<esc>:device vent-icu3-0");
    seat.shows("device vent-icu3-07");
    seat.keys("<tab><enter>");
    assert!(seat.last().contains("vent-icu3-07"), "{}", seat.last());
    seat.keys(":device nobody<enter>");
    seat.shows("no device is called nobody");
    seat.keys("<esc>:-<enter>");
    assert!(seat.last().starts_with(" Board"), "{}", seat.last());
    seat.keys(":theme da<enter>");
    seat.shows("theme dark");
    seat.keys(":view-al<tab>");
    seat.shows("alerts ");
    seat.keys("severity:critical<enter>");
    assert!(
        seat.last().contains("/ severity:critical"),
        "{}",
        seat.last()
    );
}

#[test]
fn lines_written_before_come_back_and_the_new_one_is_not_lost() {
    let mut seat = Seat::new();
    seat.keys(":devices class:pump<enter>:theme dark<enter>:help<enter><esc>");
    seat.keys(":ali<ctrl-p>");
    seat.shows("help");
    seat.keys("<ctrl-p>");
    seat.shows("theme dark");
    seat.keys("<ctrl-p><ctrl-p><ctrl-p>");
    seat.shows("devices class:pump");
    seat.keys("<ctrl-n><ctrl-n><ctrl-n><ctrl-n>");
    let line = seat.text();
    assert!(line.contains("ali"), "{line}");
}

#[test]
fn a_line_is_refused_where_its_action_is() {
    let mut seat = Seat::at((120, 36), |c| {
        c.wallboard = Some(Wallboard {
            views: vec![turn("board")],
            dwell: Some(Duration::from_secs(20)),
            ..Wallboard::default()
        });
        let text = r#"everywhere = [ { on = "z", run = "devices class:pump" } ]"#;
        let (keymap, _) = Keymap::read(text, std::path::Path::new("k")).unwrap();
        c.keys = Arc::new(keymap);
    });
    seat.keys("z");
    seat.shows("this is a wallboard");
}

#[test]
fn names_alone_find_devices_and_segments_and_actions_come_first_where_they_have_the_words() {
    let mut seat = Seat::new();
    seat.keys(":vent-icu3<enter>");
    assert!(seat.last().contains("vent-icu3-07"), "{}", seat.last());
    seat.keys(":icu-3<enter>");
    assert!(seat.last().contains("ICU-3"), "{}", seat.last());
    // an action is meant before a device that only holds the letters
    seat.keys(":note<enter>");
    seat.hides("Command");
    seat.shows("Note");
}

#[test]
fn tab_goes_from_one_completion_to_the_next_and_enter_does_the_one_that_is_shown() {
    let mut seat = Seat::new();
    let line = |seat: &Seat| {
        seat.text()
            .lines()
            .nth(
                seat.text()
                    .lines()
                    .position(|l| l.contains(" Command "))
                    .unwrap()
                    + 1,
            )
            .unwrap()
            .to_owned()
    };
    seat.keys(":devices cla<tab>");
    assert!(line(&seat).contains("devices class:"), "{}", line(&seat));
    seat.keys("<tab>");
    let first = line(&seat);
    assert!(first.contains("devices class:infusion-pump"), "{first}");
    seat.keys("<tab>");
    assert!(
        line(&seat).contains("devices class:switch"),
        "{}",
        line(&seat)
    );
    seat.keys("<enter>");
    assert!(seat.last().contains("/ class:switch"), "{}", seat.last());
    seat.keys(":theme <tab><tab>");
    assert!(line(&seat).contains("theme dark"), "{}", line(&seat));
}

#[test]
fn a_view_is_sorted_by_a_column_and_one_that_can_t_be_says_so() {
    let mut seat = Seat::new();
    seat.keys("4:sort <tab><tab>");
    seat.shows("sort name");
    seat.keys("<enter>");
    seat.shows("by name");
    seat.keys(":sort colour<enter>");
    seat.shows("no column 'colour'");
    seat.shows("state, name, class");
    seat.keys("<esc>3:sort name<enter>");
    seat.shows("one order only");
}

#[test]
fn above_the_first_row_of_the_palette_are_the_lines_of_before() {
    let mut seat = Seat::at((120, 36), |c| c.lines = vec!["segment ER".into(); 60]);
    seat.keys(":<up>");
    seat.shows("segment ER");
    assert_eq!(seat.session.lines().len(), 50);
    seat.keys("<esc>:theme dark<enter>:sort name<enter><esc>");
    assert_eq!(seat.session.lines()[..2], ["sort name", "theme dark"]);
    seat.keys(":<up>");
    seat.shows("sort name");
    seat.keys("<up>");
    seat.shows("theme dark");
    seat.keys("<down><down>");
    seat.hides("theme dark");
    seat.keys("<down><down><up>");
    seat.hides("theme dark");
}

#[test]
fn line_two_help_and_what_is_read_follow_the_keymap_in_force() {
    let text = r#"
        unbind = ["j", "1", "5"]
        everywhere = [
          { on = "b", run = "view-board" },
          { on = "z p", run = "devices class:ventilator", desc = "the ventilators" },
          { on = "ctrl-r", run = "redraw" },
        ]
        view = [ { on = "i", run = "cursor-down" } ]
    "#;
    let (keymap, _) = Keymap::read(text, std::path::Path::new("k.toml")).unwrap();
    let keymap = Arc::new(keymap);
    let mut seat = Seat::at((120, 24), |c| c.keys = Arc::clone(&keymap));
    assert!(
        seat.row(1).starts_with(" b Board  2 Map"),
        "{}",
        seat.row(1)
    );
    assert!(seat.row(1).contains("  Runs"), "{}", seat.row(1));
    seat.keys("?");
    let top = seat.text();
    seat.keys("j");
    assert_eq!(seat.text(), top, "j moves nothing any more");
    seat.keys("i");
    assert_ne!(seat.text(), top);
    seat.keys("G");
    seat.shows("Of your own");
    seat.shows("the ventilators (:devices class:ventilator)");
    let row = seat.keys("<ctrl-z>");
    assert_eq!(row, [Request::Suspend], "over a dialog as well");
    seat.session
        .input(Input::Key(keymap::parse("ctrl-r").unwrap()), &seat.world);
    assert!(
        seat.draw() > 500,
        "all is drawn again over a dialog as well"
    );
    seat.keys("?");
    seat.hides("Of your own");
}

#[test]
fn what_was_written_out_is_meant_even_where_it_is_refused_and_its_reason_is_not_cut() {
    let mut seat = Seat::at((80, 24), |c| {
        c.wallboard = None;
        c.role = Role::Viewer;
    });
    seat.keys("3:ackno");
    let why = "this needs the role operator; yours is viewer";
    let acknowledge = |text: String| {
        text.lines()
            .any(|l| l.contains("│ Acknowledge") && l.contains(why))
    };
    assert!(acknowledge(seat.text()), "{}", seat.text());
    seat.keys("<enter>");
    seat.shows(why);
    assert_eq!(seat.session.layers.len(), 1, "nothing else was done");
}

#[test]
fn the_line_of_the_palette_stays_where_it_is_whatever_is_found() {
    let mut seat = Seat::at((80, 24), |_| {});
    let top = |seat: &Seat| seat.text().lines().position(|l| l.contains(" Command "));
    seat.keys(":");
    let first = top(&seat);
    assert!(first.is_some());
    for key in ["d", "e", "v", "x", "q", "<ctrl-u>", "theme "] {
        seat.keys(key);
        assert_eq!(top(&seat), first, "after {key}");
    }
}
