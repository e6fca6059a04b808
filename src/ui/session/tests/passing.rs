//! What time does: pause, a recording, answers, a wallboard, a screen that stands still.

use super::*;

#[test]
fn pause_holds_the_screen_and_collecting_goes_on() {
    let mut seat = Seat::new();
    seat.keys("4<space>");
    assert!(seat.row(0).contains("PAUSED 22:13"), "{}", seat.row(0));
    let state = Arc::make_mut(&mut seat.world.state);
    state.devices.clear();
    state.revision += 1;
    seat.wait(601);
    seat.shows("vent-icu3-07");
    seat.world.live = Live::Stale(NOW);
    seat.draw();
    assert!(
        seat.row(0).contains("STALE"),
        "that it is old is the greater truth"
    );
    seat.world.live = Live::Live;
    seat.keys("<space>");
    seat.hides("vent-icu3-07");
    assert!(seat.row(0).contains("LIVE 22:23"));
}

#[test]
fn a_recording_is_stopped_sped_up_and_searched() {
    let mut seat = Seat::new();
    seat.world.live = Live::Replay(Played {
        at: NOW,
        from: NOW,
        to: NOW + Duration::from_hours(1),
        speed: 8,
        ..Played::default()
    });
    assert_eq!(seat.keys("<space>"), [Request::Speed(0)]);
    assert_eq!(seat.keys(">"), [Request::Speed(16)]);
    assert_eq!(
        seat.keys("]"),
        [Request::Seek(NOW + Duration::from_mins(1))]
    );
    assert_eq!(
        seat.keys("@22:43:20<enter>"),
        [Request::Seek(NOW + Duration::from_mins(30))]
    );
    assert_eq!(seat.keys("@25:00<enter>"), []);
    seat.shows("write a time as");
    seat.keys("<esc>");
    seat.world.live = Live::Replay(Played {
        at: NOW,
        from: NOW,
        to: NOW + Duration::from_hours(1),
        speed: 0,
        ..Played::default()
    });
    assert_eq!(
        seat.keys("<space>"),
        [Request::Speed(8)],
        "at the speed of before"
    );
    assert_eq!(seat.keys("<esc>"), []);
    let mut seat = Seat::new();
    assert_eq!(seat.keys("]"), []);
    seat.shows("is for what was");
}

#[test]
fn an_unchanged_screen_costs_no_byte_and_a_held_one_no_wake() {
    let mut seat = Seat::new();
    assert_eq!(seat.draw(), 0);
    let state = Arc::make_mut(&mut seat.world.state);
    state.revision += 1;
    assert_eq!(seat.draw(), 0, "a change that nobody sees");
    assert!(seat.session.next_wake(&seat.world) <= Duration::from_secs(1));
    seat.keys("<space>");
    seat.wait(60);
    assert_eq!(seat.draw(), 0);
    // data that grows old is seen although nothing calls
    assert!(seat.session.is_held());
    assert!(seat.session.next_wake(&seat.world) <= Duration::from_secs(1));
    seat.keys("<ctrl-l>");
}

#[test]
fn what_is_said_goes_away_by_itself() {
    let mut seat = Seat::new();
    seat.session.input(
        Input::Said(Text::from("the run was refused: \x1b[31m")),
        &seat.world,
    );
    seat.draw();
    seat.shows("the run was refused: \\u{1b}[31m");
    seat.wait(6);
    seat.hides("the run was refused");
}

#[test]
fn an_answer_reaches_the_view_that_asked_and_no_other() {
    let mut seat = Seat::new();
    let asked = seat.keys("4<enter>L");
    let queries: Vec<_> = asked
        .iter()
        .filter_map(|r| match r {
            Request::Query(id, Query::Ledger { .. }) => Some(*id),
            _ => None,
        })
        .collect();
    let [id] = queries.as_slice() else {
        panic!("{asked:?}")
    };
    let answer = |id| Input::Answer(id, Box::new(Answer::Ledger(Vec::new())));
    let before = seat.text();
    seat.session.input(answer(id + 100), &seat.world);
    seat.draw();
    assert_eq!(seat.text(), before);
    seat.session.input(answer(*id), &seat.world);
    seat.draw();
    assert_ne!(seat.text(), before);
}

#[test]
fn a_wallboard_turns_jumps_to_what_is_new_and_shows_no_keys() {
    let mut seat = Seat::at((200, 60), |c| {
        c.wallboard = Some(Wallboard {
            views: ["board", "devices"].map(turn).to_vec(),
            dwell: Some(Duration::from_secs(20)),
            ..Wallboard::default()
        });
    });
    assert!(
        seat.last().trim_start().starts_with("Board"),
        "{}",
        seat.last()
    );
    seat.hides("? help");
    seat.wait(20);
    assert!(
        seat.last().trim_start().starts_with("Devices"),
        "{}",
        seat.last()
    );
    let state = Arc::make_mut(&mut seat.world.state);
    state
        .alerts
        .insert(AlertId(2), Arc::new(alert(2, Severity::Critical)));
    state.revision += 1;
    seat.wait(1);
    assert!(seat.last().contains("Alerts › "), "{}", seat.last());
    seat.wait(20);
    assert!(
        seat.last().trim_start().starts_with("Devices"),
        "{}",
        seat.last()
    );
    assert!(seat.terminal.screen().hide_cursor());
}
