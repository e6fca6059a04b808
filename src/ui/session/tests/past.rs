//! The past of a program that collects: what it says of itself, what may be done there, and what is said of the present.

use super::*;

fn in_the_past() -> Seat {
    let mut seat = Seat::new();
    let mut present = state();
    for id in 900..902 {
        let new = alert(id, Severity::Critical);
        present.alerts.insert(new.id, Arc::new(new));
    }
    present.rebuild_summaries();
    seat.world.present = Some(Arc::new(present));
    let mark = |minutes: u64, what| Landmark {
        time: NOW - Duration::from_mins(minutes),
        what,
    };
    seat.world.marks = Arc::new([
        mark(200, Happened::Alert(Severity::Critical)),
        mark(100, Happened::Deed),
    ]);
    seat.world.live = Live::Replay(Played {
        at: NOW - Duration::from_mins(150),
        from: NOW - Duration::from_hours(24),
        to: NOW,
        speed: 0,
        towards: None,
        past: true,
    });
    seat.draw();
    seat
}

#[test]
fn it_says_that_it_is_the_past_and_what_is_critical_now() {
    let mut seat = in_the_past();
    let first = seat.row(0);
    assert!(first.contains("PAST stopped 19:43:20"), "{first}");
    assert!(first.contains("3 now"), "{first}");
    assert!(!first.contains("LIVE"), "{first}");
    seat.shows("present");
    let Live::Replay(played) = &mut seat.world.live else {
        panic!()
    };
    played.towards = Some(NOW - Duration::from_mins(160));
    seat.world.now = seat.world.now + Duration::from_secs(1);
    seat.draw();
    assert!(seat.row(0).contains("19:33:20"), "{}", seat.row(0));
}

#[test]
fn at_every_size_line_one_says_that_it_is_the_past() {
    for size in [(60, 16), (80, 24), (200, 60)] {
        let mut seat = Seat::at(size, |_| {});
        seat.world = World {
            present: in_the_past().world.present,
            ..World::new(Arc::new(state()), NOW, in_the_past().world.live)
        };
        seat.draw();
        assert!(seat.row(0).contains("PAST"), "{size:?} {}", seat.row(0));
    }
}

#[test]
fn nothing_can_be_done_in_it_and_the_word_says_where_to_go() {
    let mut seat = in_the_past();
    seat.keys("4");
    for keys in ["r", "t", "+"] {
        assert_eq!(seat.keys(keys), [], "{keys}");
        seat.shows("go back to the present first");
    }
}

#[test]
fn keys_go_through_it_and_back_to_the_present() {
    let mut seat = in_the_past();
    let at = |minutes: u64| [Request::Seek(NOW - Duration::from_mins(minutes))];
    assert_eq!(seat.keys("["), at(151));
    assert_eq!(seat.keys("~"), at(100));
    assert_eq!(seat.keys("`"), at(200));
    let present = [Request::Seek(Time(i64::MAX))];
    assert_eq!(seat.keys(")"), present);
    assert_eq!(seat.keys("\\"), present);
    let exactly = [Request::Seek(
        NOW - Duration::from_secs(4 * 3600 + 13 * 60 + 20),
    )];
    assert_eq!(seat.keys("@18:00<enter>"), exactly);
    // the last one that was: yesterday's
    assert_eq!(
        seat.keys("@23:00<enter>"),
        [Request::Seek(
            NOW - Duration::from_secs(23 * 3600 + 13 * 60 + 20)
        )]
    );
}

#[test]
fn from_the_present_it_is_a_key_away_and_a_time_that_is_to_come_is_said() {
    let mut seat = Seat::new();
    assert_eq!(
        seat.keys("["),
        [Request::Seek(NOW - Duration::from_mins(1))]
    );
    assert_eq!(
        seat.keys("@-8h<enter>"),
        [Request::Seek(NOW - Duration::from_hours(8))]
    );
    assert_eq!(seat.keys("@2099-01-01 00:00<enter>"), []);
    seat.shows("still to come");
    seat.keys("<esc>");
    assert_eq!(seat.keys("\\"), []);
    seat.shows("this is the present");
    assert_eq!(seat.keys("`"), []);
    seat.shows("nothing happened before this");
}

#[test]
fn what_changed_since_is_listed_for_what_the_view_shows() {
    let mut seat = Seat::new();
    let then = NOW - Duration::from_hours(8);
    assert_eq!(seat.keys("C-8h<enter>"), [Request::Since(then)]);
    let mut before = State::clone(&seat.world.state);
    before.time = then;
    let gone: Vec<_> = before.devices.keys().copied().collect();
    for id in gone {
        let mut device = before.devices.get(&id).unwrap().as_ref().clone();
        device.state = DeviceState::Unknown;
        before.devices.insert(id, Arc::new(device));
    }
    let before = Arc::new(before);
    let tell = |seat: &mut Seat| {
        seat.session
            .input(Input::Since(then, Arc::clone(&before)), &seat.world);
        seat.draw();
    };
    tell(&mut seat);
    seat.shows("2 changes since 14:13");
    seat.shows("pump-icu3-12");
    seat.shows("was unknown, now up");
    seat.keys("<esc>");
    seat.keys("4/pump<enter>");
    tell(&mut seat);
    seat.shows("1 change of pump since 14:13");
    seat.keys("<esc>");
    let same = Arc::clone(&seat.world.state);
    seat.session.input(Input::Since(then, same), &seat.world);
    seat.draw();
    seat.shows("nothing is other than it was");
}
