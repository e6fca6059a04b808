//! The view of wardwatch itself: one key away, silent where it is not open, and no part of a recording or a wallboard.

use super::*;
use crate::model::Health;

fn health(agents: u64) -> Arc<Health> {
    let mut health = Health::default();
    health.poller.agents = agents;
    health.poller.window_limit = 4096;
    Arc::new(health)
}

#[test]
fn a_key_opens_it_and_esc_leads_back() {
    let mut seat = Seat::new();
    seat.world.health = Some(health(1_204));
    seat.keys("20");
    seat.shows("Everything keeps its time: 1,204 agents");
    assert!(seat.last().contains("About wardwatch"), "{}", seat.last());
    // once more opens no second one
    seat.keys("0<esc>");
    seat.hides("Everything keeps its time");
    assert!(seat.last().contains("Map"), "{}", seat.last());
}

#[test]
fn the_palette_knows_it() {
    let mut seat = Seat::new();
    seat.world.health = Some(health(7));
    seat.keys(":about wardwatch<enter>");
    seat.shows("7 agents");
}

#[test]
fn what_moves_in_it_costs_no_byte_where_it_is_not_open_and_no_second_frame_within_a_second() {
    let mut seat = Seat::new();
    seat.world.now = seat.world.now + Duration::from_secs(1);
    seat.draw();
    seat.world.health = Some(health(8));
    seat.world.now = seat.world.now + Duration::from_millis(100);
    assert_eq!(seat.draw(), 0);
    seat.keys("0");
    seat.shows("8 agents");
    // the same figures again are the same frame
    seat.world.now = seat.world.now + Duration::from_millis(100);
    seat.world.health = Some(health(9));
    assert_eq!(seat.draw(), 0, "the next second is soon enough");
    seat.wait(1);
    seat.shows("9 agents");
}

#[test]
fn pause_holds_it_still_too() {
    let mut seat = Seat::new();
    seat.world.health = Some(health(8));
    seat.keys("0<space>");
    seat.world.health = Some(health(9));
    seat.wait(5);
    seat.shows("8 agents");
    seat.keys("<space>");
    seat.shows("9 agents");
}

#[test]
fn a_wallboard_does_not_open_it() {
    let mut seat = Seat::at((120, 36), |config| {
        config.wallboard = Some(Wallboard {
            views: vec![turn("board")],
            dwell: Some(Duration::from_mins(1)),
            ..Wallboard::default()
        });
    });
    seat.world.health = Some(health(8));
    seat.keys("0");
    seat.hides("8 agents");
    seat.shows("this is a wallboard");
}
