//! Getting about: back to where one was, places that are kept, alerts that are chosen together.

use super::*;
use crate::event::Command;

#[test]
fn the_way_back_knows_view_filter_and_what_was_open() {
    let mut seat = Seat::new();
    seat.keys("4/pump<enter>");
    seat.keys("<enter>");
    seat.shows("pump-icu3-12");
    let open = seat.row(35);
    seat.keys("3");
    seat.keys("<ctrl-o>");
    assert_eq!(seat.row(35), open);
    seat.keys("<ctrl-o>");
    seat.shows("1 of 3");
    seat.keys("<ctrl-o>");
    seat.hides("1 of 3");
    for _ in 0..9 {
        seat.keys("<ctrl-o>");
    }
    seat.shows("there is no place before this one");
    for _ in 0..9 {
        seat.keys("<ctrl-n>");
    }
    seat.shows("there is no place after this one");
    assert!(seat.row(35).contains("Alerts"), "{}", seat.row(35));
}

#[test]
fn a_place_is_kept_by_a_name_found_again_and_taken_away() {
    let mut seat = Seat::new();
    seat.keys("b");
    seat.shows("none yet");
    seat.keys("<esc>");
    seat.keys("4/pump<enter>");
    seat.keys("Bpumps<enter>");
    seat.shows("kept as pumps");
    seat.keys("<enter>");
    seat.keys("Bthe one<enter>");
    let kept = [
        ("pumps", "devices pump"),
        ("the one", "device pump-icu3-12"),
    ];
    let kept: Vec<_> = kept.map(|(n, l)| (n.to_owned(), l.to_owned())).into();
    assert_eq!(seat.session.kept_places(), kept);
    seat.keys("1");
    seat.keys("b<down><enter>");
    assert!(seat.row(35).contains("pump-icu3-12"), "{}", seat.row(35));
    seat.keys("4<esc>");
    seat.keys(":go pumps<enter>");
    seat.shows("1 of 3");
    seat.keys(":go nurses<enter>");
    seat.shows("no place is called nurses; there are pumps, the one");
    seat.keys("<esc>");
    seat.keys("bx");
    seat.keys("<esc>");
    assert_eq!(seat.session.kept_places(), &kept[1..]);
    // what is gone is said
    let state = Arc::make_mut(&mut seat.world.state);
    state.devices.clear();
    state.revision += 1;
    state.inventory_revision += 1;
    seat.keys("b<enter>");
    seat.shows("no device is called pump-icu3-12 any more");
}

/// With so many more alerts, of which one somebody has and one is over.
fn many() -> Seat {
    let mut seat = Seat::new();
    let state = Arc::make_mut(&mut seat.world.state);
    for id in 900..904u64 {
        let mut new = alert(id, Severity::Major);
        match id {
            902 => new.state = AlertState::Acknowledged,
            903 => new.state = AlertState::Closed,
            _ => {}
        }
        state.alerts.insert(new.id, Arc::new(new));
    }
    state.rebuild_summaries();
    state.revision += 1;
    seat.keys("3");
    seat
}

fn acknowledged(asked: &[Request]) -> Vec<u64> {
    let of = |r: &Request| match r {
        Request::Command(Command::Acknowledge { alert, .. }) => Some(alert.0),
        _ => None,
    };
    asked.iter().filter_map(of).collect()
}

#[test]
fn several_alerts_are_taken_at_once_and_the_confirm_says_how_many_and_what_is_left_out() {
    let mut seat = many();
    let all = seat.world.state.alerts.len();
    seat.keys("V");
    seat.shows(&format!("{all} chosen"));
    seat.keys("a");
    seat.shows(&format!("Acknowledge {} alerts", all - 2));
    seat.shows("2 that somebody has or that are over");
    let asked = seat.keys("mine<enter>");
    assert_eq!(asked.len(), all - 2);
    let ids = acknowledged(&asked);
    assert!(ids.contains(&900) && !ids.contains(&902) && !ids.contains(&903));
    seat.keys("<esc>");
    seat.hides("chosen");
    // one by one
    seat.keys("gvv");
    seat.shows("2 chosen");
    seat.keys("a");
    seat.shows("Acknowledge 2 alerts");
    seat.keys("<esc>");
    seat.keys("X");
    seat.shows("Close 2 alerts");
    assert_eq!(seat.keys("<enter>"), []);
    seat.shows("say why");
    assert_eq!(seat.keys("a drill<enter>").len(), 2);
}

#[test]
fn what_a_filter_hides_is_left_alone_and_what_is_gone_is_chosen_no_more() {
    let mut seat = many();
    seat.keys("V");
    seat.keys("/zzz<enter>");
    seat.keys("a");
    seat.hides("Acknowledge");
    seat.keys("<esc>");
    seat.keys("<esc>");
    let state = Arc::make_mut(&mut seat.world.state);
    state.alerts.remove(&AlertId(900));
    state.rebuild_summaries();
    state.revision += 1;
    seat.draw();
    let all = seat.world.state.alerts.len();
    seat.keys("V");
    seat.shows(&format!("{all} chosen"));
    let asked = seat.keys("a<enter>");
    assert!(!acknowledged(&asked).contains(&900));
}

#[test]
fn nothing_is_done_to_what_is_not_in_sight() {
    let mut seat = Seat::new();
    for (tab, keys) in [("3", "aXrt+"), ("4", "rtaX+D"), ("5", "xr")] {
        seat.keys(tab);
        seat.keys("g");
        seat.keys("/zzz<enter>");
        for key in keys.chars() {
            assert_eq!(seat.keys(&key.to_string()), [], "{tab} {key}");
            assert!(!seat.row(10).contains('─'), "{tab} {key}: {}", seat.row(10));
        }
        seat.keys("<esc>");
    }
}

#[test]
fn words_are_looked_for_in_what_is_read_and_esc_lets_them_go_before_it_closes() {
    let mut seat = Seat::new();
    seat.keys("?/goes");
    seat.shows(" 1 of ");
    let many = seat.text().lines().filter(|l| l.contains("oes")).count();
    assert!(many > 0);
    seat.keys("<enter>n");
    seat.shows(" 2 of ");
    seat.keys("N");
    seat.shows(" 1 of ");
    seat.keys("/nobody says this");
    seat.shows("nowhere");
    seat.keys("<esc>");
    seat.hides("nowhere");
    seat.shows("Help");
    seat.keys("<esc>");
    seat.hides("Help ");
}

#[test]
fn a_kept_device_that_is_gone_is_said_and_none_that_is_called_alike_is_opened() {
    let mut seat = Seat::new();
    seat.session.kept("one", "device pump-icu3".into());
    seat.keys("b<enter>");
    seat.shows("no device is called pump-icu3 any more");
    assert!(seat.row(35).starts_with(" Board"), "{}", seat.row(35));
    seat.keys(":go one<enter>");
    seat.shows("no device is called pump-icu3 any more");
}
