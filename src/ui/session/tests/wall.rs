//! A wallboard from five metres; pictures of the screen; a theme that changes under it.

use std::path::PathBuf;

use super::*;
use crate::actions::registry::ACTIONS;

fn wall(size: (u16, u16)) -> Seat {
    Seat::at(size, |c| {
        c.wallboard = Some(Wallboard {
            views: ["board", "alerts"].map(turn).to_vec(),
            ..Wallboard::default()
        });
    })
}

#[test]
fn every_action_there_is_does_nothing_on_a_wallboard_but_leave_it() {
    let mut seat = wall((120, 36));
    for action in ACTIONS {
        let moment = seat.session.base.moment(&seat.world);
        seat.session.perform(action, &seat.world, &moment);
        seat.draw();
        let asked = seat.session.requests(&seat.world);
        let harmless = |r: &Request| matches!(r, Request::Leave | Request::Suspend);
        assert!(asked.iter().all(harmless), "{}: {asked:?}", action.name);
        let refused = refusal(action, moment.standing).is_some();
        assert!(
            refused || ["leave", "quit", "redraw", "suspend", "theme-next"].contains(&action.name),
            "{}",
            action.name
        );
        seat.session.layers.clear();
    }
}

#[test]
fn data_that_is_old_is_said_over_the_whole_width_and_for_how_long() {
    for size in [(80, 24), (120, 36), (200, 60), (400, 110)] {
        let mut seat = wall(size);
        let calm = seat.text();
        assert!(!calm.contains("is old"), "{calm}");
        for (live, word) in [
            (Live::Stale(NOW - Duration::from_mins(12)), "STALE"),
            (Live::NoCollector, "NO COLLECTOR"),
        ] {
            seat.world.live = live;
            seat.draw();
            seat.shows("what is below is old");
            if size.0 < 120 {
                seat.shows(word);
            }
            // a row of the band, from one edge to the other
            let screen = seat.terminal.screen();
            let filled = |y: u16| {
                (0..size.0 - 1).all(|x| {
                    let cell = screen.cell(y, x).unwrap();
                    cell.inverse() || cell.bgcolor() != vt100::Color::Default
                })
            };
            let rows = (0..size.1).filter(|y| filled(*y)).count();
            assert!(rows >= 3, "{size:?}: {rows} rows");
        }
        seat.world.live = Live::Live;
        seat.draw();
        assert_eq!(seat.text(), calm);
    }
}

#[test]
fn the_figures_grow_with_the_screen() {
    for (size, rows) in [((80, 24), 0), ((120, 40), 4), ((400, 110), 8)] {
        let seat = wall(size);
        let blocks = |line: &&str| line.contains(['█', '▀', '▄', '▌', '▐', '▙', '▛', '▜', '▟']);
        let text = seat.text();
        let high = text.lines().skip(1).take(10).filter(blocks).count();
        assert!(high <= rows && high + 1 >= rows, "{size:?}: {high}\n{text}");
    }
}

#[test]
fn a_picture_is_what_was_shown_without_the_palette_that_asked_for_it() {
    let mut seat = Seat::new();
    let before = seat.text();
    seat.keys(":screenshot<enter>");
    let asked = seat.session.requests(&seat.world);
    let [Request::Picture(picture)] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(picture.name, "wardwatch-20231114-221320");
    assert_eq!(picture.text.trim_end(), before);
    assert!(picture.svg.contains(">vent") || picture.svg.contains("ICU-3"));
    assert_eq!(seat.session.requests(&seat.world), []);
    seat.keys("<f12>");
    assert_eq!(seat.session.requests(&seat.world).len(), 1);
}

#[test]
fn a_theme_file_that_changes_is_followed_and_a_wrong_one_is_said() {
    let file = |colour: &str| {
        format!("name = \"mine\"\ninherits = \"dark\"\n[palette]\nsky = \"{colour}\"\n")
    };
    let mut seat = Seat::at((120, 36), |c| {
        c.caps.color = ColorDepth::True;
        c.own_theme = Some(file("#112233").into());
    });
    let tell = |seat: &mut Seat, text: String| {
        let place = PathBuf::from("./mine.toml");
        seat.session
            .input(Input::Theme(place, text.into()), &seat.world);
        seat.draw();
    };
    let accent = |seat: &Seat| seat.session.base.theme.style(crate::ui::Role::Accent).fg;
    let rgb = |r, g, b| Some(ratatui::style::Color::Rgb(r, g, b));
    assert_eq!(accent(&seat), rgb(0x11, 0x22, 0x33));
    tell(&mut seat, file("#445566"));
    assert_eq!(accent(&seat), rgb(0x44, 0x55, 0x66));
    seat.shows("theme read again");
    tell(&mut seat, file("#44556"));
    seat.shows("./mine.toml:4:7: '#44556' is no colour");
    assert_eq!(
        accent(&seat),
        rgb(0x44, 0x55, 0x66),
        "the last good one stays"
    );
    // another one is in force: it is not taken away from the person
    seat.session.base.set_theme("light");
    let light = accent(&seat);
    tell(&mut seat, file("#778899"));
    assert_eq!(accent(&seat), light);
}
