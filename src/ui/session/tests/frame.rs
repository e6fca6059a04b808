//! What the frame says, where keys lead, and how one leaves.

use super::*;

#[test]
fn line_one_says_how_true_the_screen_is_and_what_is_wrong() {
    let seat = Seat::at((140, 36), |_| {});
    assert_eq!(
        seat.row(0).trim_end(),
        " wardwatch ▏ St. Brigid General ▏ ● LIVE 22:13 UTC ▏ 3 devices ● 1 ○ 1 ◌ 1 ▏  ▲ 1 critical  ▏ ana (operator)"
    );
    assert!(
        seat.row(1)
            .starts_with(" 1 Board  2 Map  3 Alerts·1  4 Devices  5 Runs"),
        "{}",
        seat.row(1)
    );
    for (live, words) in [
        (Live::Starting, "starting"),
        (Live::Stale(NOW - Duration::from_secs(40)), "STALE 40 s"),
        (Live::NoCollector, "NO COLLECTOR"),
        (
            Live::Replay(Played {
                at: NOW,
                from: NOW,
                to: NOW + Duration::from_secs(9),
                speed: 8,
                ..Played::default()
            }),
            "REPLAY x8 22:13:20",
        ),
    ] {
        let mut seat = Seat::new();
        seat.world.live = live;
        seat.draw();
        assert!(
            seat.row(0).contains(words) && !seat.row(0).contains("LIVE"),
            "{}",
            seat.row(0)
        );
    }
}

#[test]
fn at_80_columns_line_one_gives_way_in_its_order_and_keeps_what_is_wrong() {
    let mut seat = Seat::at((80, 24), |_| {});
    let state = Arc::make_mut(&mut seat.world.state);
    state.counts.devices = 14_820;
    state.counts.up = 14_400;
    state.counts.degraded = 180;
    state.counts.alerts_new = [0, 3, 55, 22];
    state.revision += 1;
    seat.draw();
    let one = seat.row(0);
    for words in ["LIVE 22:13", "14820", "▲ 22", "▲ 55", "○ 1", "◐ 180"] {
        assert!(one.contains(words), "{words}: {one}");
    }
    assert!(
        !one.contains("wardwatch") && one.trim_end().ends_with("▲ 3"),
        "{one}"
    );
}

#[test]
fn a_stale_body_has_no_hue_and_no_weight() {
    let mut seat = Seat::new();
    let strong = |seat: &Seat| {
        let screen = seat.terminal.screen();
        (3..34)
            .flat_map(|y| (0..120).map(move |x| (y, x)))
            .any(|(y, x)| {
                screen
                    .cell(y, x)
                    .is_some_and(|c| c.has_contents() && (c.bold() || c.inverse()))
            })
    };
    assert!(strong(&seat));
    seat.world.live = Live::Stale(NOW);
    seat.draw();
    assert!(!strong(&seat));
}

#[test]
fn digits_open_views_enter_goes_in_and_esc_comes_out_but_never_quits() {
    let mut seat = Seat::new();
    seat.keys("4");
    assert!(seat.last().starts_with(" Devices"), "{}", seat.last());
    assert_eq!(
        seat.last().matches("filter").count(),
        1,
        "a key is named once"
    );
    seat.keys("<enter>");
    assert!(seat.last().starts_with(" Devices › "), "{}", seat.last());
    seat.keys("3");
    assert!(seat.last().starts_with(" Alerts"));
    seat.keys("-");
    assert!(
        seat.last().starts_with(" Devices › "),
        "a tab is found as it was left"
    );
    assert_eq!(seat.keys("<esc><esc><esc>"), []);
    assert!(seat.last().starts_with(" Devices"));
    seat.keys("<enter>4");
    assert!(!seat.last().contains('›'), "its own digit goes to the root");
}

#[test]
fn q_asks_at_the_root_and_ctrl_c_leaves_from_anywhere() {
    let mut seat = Seat::new();
    seat.keys("4<enter>q");
    seat.hides("Leave wardwatch?");
    assert_eq!(seat.keys("q"), []);
    seat.shows("Leave wardwatch?");
    assert_eq!(seat.keys("n"), []);
    seat.hides("Leave wardwatch?");
    assert_eq!(seat.keys("qy"), [Request::Leave]);
    for before in ["", "/", ":", "?", "4<enter>r"] {
        let mut seat = Seat::new();
        seat.keys(before);
        assert_eq!(seat.keys("<ctrl-c>"), [Request::Leave], "{before}");
    }
}

#[test]
fn leaving_says_what_goes_on_and_offers_to_stop_it() {
    let mut seat = Seat::new();
    let state = Arc::make_mut(&mut seat.world.state);
    state
        .runs
        .insert(RunId(7), Arc::new(run(RunState::RevertPending)));
    seat.keys("q");
    seat.shows("leaving stops it");
    assert_eq!(
        seat.keys("c"),
        [Request::CancelRun(RunId(7)), Request::Leave]
    );
}
