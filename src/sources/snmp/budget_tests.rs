use proptest::prelude::*;

use super::*;
use crate::model::{Priority, UplinkSpec};

const SWITCH: DeviceClass = DeviceClass::Switch;

fn allowance(device: u32, closet: u32, uplink: u32) -> Allowance {
    let mut allowance = Allowance::default();
    let budgets = Budgets {
        device,
        endpoint: device,
        closet,
        uplink,
        uplinks: vec![UplinkSpec {
            packets: Some(uplink),
            ..UplinkSpec::default()
        }],
    };
    allowance.set(Arc::new(budgets), 0);
    allowance
}

/// Devices with what waits for them, and when each question went: what a driver does, without anything else.
struct Devices {
    allowance: Allowance,
    buckets: Vec<Bucket>,
    places: Vec<Place>,
    went: Vec<(u64, u32)>,
    tickets: u64,
}

impl Devices {
    /// Closet and uplink of each.
    fn at(mut allowance: Allowance, lines: &[(u32, u32)]) -> Self {
        let places = lines
            .iter()
            .map(|(closet, uplink)| allowance.settle(Place::default(), *closet, *uplink, 0));
        Self {
            places: places.collect(),
            buckets: vec![Bucket::default(); lines.len()],
            allowance,
            went: Vec::new(),
            tickets: 0,
        }
    }

    fn try_to(&mut self, turn: (Waiting, Standing), now: u64) -> bool {
        let (at, waiting) = (turn.0.spot.0 as usize, turn.0);
        let device = (&mut self.buckets[at], SWITCH);
        let goes = self.allowance.may_go(device, self.places[at], turn, now);
        if goes {
            self.went.push((now, waiting.spot.0));
        }
        goes
    }

    fn ask(&mut self, device: u32, priority: u8, now: u64) -> bool {
        self.tickets += 1;
        let waiting = Waiting {
            rank: Priority::from(priority).into(),
            came: self.tickets,
            ticket: self.tickets,
            spot: (device, 0),
        };
        self.try_to((waiting, Standing::New), now)
    }

    /// Everything whose turn comes until then.
    fn run(&mut self, until: u64) {
        while let Some(now) = self.allowance.next_ms().filter(|due| *due <= until) {
            while let Some(turn) = self.allowance.next(now, |_| true) {
                self.try_to(turn, now);
            }
        }
    }

    /// The most of some devices that one second holds.
    fn busiest(&self, of: impl Fn(u32) -> bool) -> usize {
        let times: Vec<u64> = self.went.iter().filter(|w| of(w.1)).map(|w| w.0).collect();
        let within = |start: u64| {
            let second = start..start + 1_000;
            times.iter().filter(|t| second.contains(t)).count()
        };
        times.iter().map(|t| within(*t)).max().unwrap_or(0)
    }
}

#[test]
fn a_bucket_holds_a_second_and_comes_back_by_the_millisecond() {
    // rate, taken before, milliseconds later, what is to be waited for one more
    for (rate, taken, later, wait) in [
        (10, 0, 0, 0),
        (10, 9, 0, 0),
        (10, 10, 0, 100),
        (10, 10, 60, 40),
        (10, 10, 100, 0),
        (1, 1, 0, 1_000),
        (1, 1, 999, 1),
        (1, 1, 1_000, 0),
        (3, 3, 333, 1),
        (3, 3, 334, 0),
        (1_000_000, 1_000_000, 0, 1),
        (0, 1, 0, 1_000),
    ] {
        let mut bucket = Bucket {
            taken: taken * ONE,
            at_ms: 5_000,
        };
        let case = (rate, taken, later);
        assert_eq!(
            bucket.wait_ms(rate, ONE, BURST_MS, 5_000 + later),
            wait,
            "{case:?}"
        );
    }
}

#[test]
fn a_long_silence_fills_a_bucket_and_no_further() {
    let mut devices = Devices::at(allowance(10, 1_000, 1_000), &[(0, 0)]);
    for now in [5_000, 900_000] {
        for _ in 0..10 {
            assert!(devices.ask(0, 0, now));
        }
        assert!(!devices.ask(0, 0, now));
        devices.run(now + 200);
    }
    // one each time it was asked for too often
    assert_eq!(devices.went.len(), 22);
    assert_eq!(devices.went[10].0, 5_100);
}

#[test]
fn devices_of_one_closet_share_its_budget_and_others_are_not_held_up() {
    let lines = [(7, 1), (7, 1), (8, 1)];
    let mut devices = Devices::at(allowance(100, 5, 1_000), &lines);
    for n in 0..5 {
        assert!(devices.ask(n % 2, 0, 0));
    }
    assert!(!devices.ask(0, 0, 0));
    assert!(devices.ask(2, 0, 0), "another closet");
    assert_eq!(devices.allowance.next_ms(), Some(200));
    devices.run(200);
    assert_eq!(devices.went.last(), Some(&(200, 0)));
}

#[test]
fn what_one_line_holds_back_is_taken_from_none() {
    let mut devices = Devices::at(allowance(100, 5, 1), &[(7, 1), (7, 0)]);
    assert!(devices.ask(0, 0, 0));
    assert!(!devices.ask(0, 0, 0), "the uplink");
    // four are left in the closet
    for _ in 0..4 {
        assert!(devices.ask(1, 0, 0));
    }
    assert!(!devices.ask(1, 0, 0));
}

#[test]
fn the_most_urgent_goes_first_and_whoever_came_first_among_equals() {
    let lines = [(1, 0); 6];
    let mut devices = Devices::at(allowance(100, 1, 1), &lines);
    assert!(devices.ask(0, 0, 0));
    for (device, priority) in [(5, 8), (4, 3), (3, 0), (2, 0)] {
        assert!(!devices.ask(device, priority, 0));
    }
    devices.run(1_000);
    // the most urgent of those that come later goes before the patient that came earlier, not before its like
    assert!(!devices.ask(1, 0, 1_500));
    devices.run(60_000);
    let order: Vec<u32> = devices.went.iter().map(|w| w.1).collect();
    assert_eq!(order, [0, 3, 2, 1, 4, 5]);
    let times: Vec<u64> = devices.went.iter().map(|w| w.0).collect();
    assert_eq!(times, [0, 1_000, 2_000, 3_000, 4_000, 5_000]);
}

#[test]
fn of_eight_turns_of_a_line_one_is_for_whoever_has_waited_longest() {
    let lines = [(1, 0); 3];
    let mut devices = Devices::at(allowance(100, 1, 1), &lines);
    assert!(devices.ask(0, 0, 0));
    assert!(!devices.ask(2, 9, 0));
    // more urgent ones than the closet takes
    for now in (0..30_000).step_by(500) {
        devices.run(now);
        devices.ask(1, 0, now);
    }
    devices.run(600_000);
    let turn = devices.went.iter().find(|w| w.1 == 2).unwrap().0;
    assert_eq!(turn, 8_000);
}

#[test]
fn octets_are_waited_for_after_they_went_and_those_of_answers_count() {
    let mut allowance = Allowance::default();
    let budgets = Budgets {
        uplinks: vec![UplinkSpec {
            packets: Some(1_000),
            kilobits: Some(8),
            ..UplinkSpec::default()
        }],
        ..Budgets::default()
    };
    allowance.set(Arc::new(budgets), 0);
    let mut devices = Devices::at(allowance, &[(0, 1)]);
    assert!(devices.ask(0, 0, 0));
    let place = devices.places[0];
    devices.allowance.carried(place, 100 - HEADERS, 0);
    assert!(devices.ask(0, 0, 0), "a hundred of a thousand");
    devices.allowance.carried(place, 1_400 - HEADERS, 0);
    assert!(!devices.ask(0, 0, 0));
    // 500 octets over what a second holds, a thousand a second
    assert_eq!(devices.allowance.next_ms(), Some(501));
}

#[test]
fn a_person_is_not_held_up_and_the_polls_wait_for_what_they_asked() {
    let mut devices = Devices::at(allowance(10, 1_000, 1_000), &[(1, 1)]);
    let place = devices.places[0];
    for _ in 0..10_000 {
        let device = (&mut devices.buckets[0], SWITCH);
        devices.allowance.went(device, place, 0);
    }
    assert!(!devices.ask(0, 0, 0));
    // whatever a person asks, no longer than this
    assert_eq!(devices.allowance.next_ms(), Some(DEBT_S * 1_000 + 100));
}

#[test]
fn other_budgets_count_at_once_for_those_that_wait_too() {
    let mut devices = Devices::at(allowance(100, 1, 1_000), &[(1, 0), (1, 0)]);
    assert!(devices.ask(0, 0, 0));
    assert!(!devices.ask(0, 0, 0));
    assert!(!devices.ask(1, 0, 0));
    devices.allowance.set(Arc::new(Budgets::default()), 10);
    devices.run(10);
    assert_eq!(devices.went.len(), 3);
}

#[test]
fn a_line_that_nobody_shares_any_more_is_forgotten_and_what_waited_there_goes_on() {
    let mut devices = Devices::at(allowance(100, 1, 1_000), &[(1, 0), (2, 0)]);
    assert!(devices.ask(0, 0, 0));
    assert!(!devices.ask(0, 0, 0));
    devices.places[0] = devices.allowance.settle(devices.places[0], 2, 0, 10);
    devices.run(10);
    assert_eq!(devices.went.len(), 2, "the other closet has room");
    assert_eq!(devices.allowance.by_number.len(), 1);
    assert_eq!(devices.allowance.free.len(), 1);
    let place = devices.allowance.settle(Place::default(), 9, 0, 10);
    assert_ne!(place, Place::default());
    assert!(devices.allowance.free.is_empty());
}

proptest! {
    #[test]
    fn no_second_holds_more_than_a_budget_and_its_burst_and_every_question_goes_at_last(
        rates in (1u32..40, 1u32..60, 1u32..80),
        lines in prop::collection::vec((0u32..4, 0u32..3), 1..12),
        asked in prop::collection::vec((0usize..12, 0u8..10, 0u64..60), 1..400),
    ) {
        let (device, closet, uplink) = rates;
        let mut devices = Devices::at(allowance(device, closet, uplink), &lines);
        let mut now = 0;
        for (who, priority, gap) in &asked {
            now += gap;
            devices.run(now);
            devices.ask((who % lines.len()) as u32, *priority, now);
        }
        // every one of them takes a second at the most where the least budget is one
        devices.run(now + 1_000 * asked.len() as u64 + 1_000);
        prop_assert_eq!(devices.went.len(), asked.len());
        prop_assert_eq!(devices.allowance.next_ms(), None);
        let twice = |rate: u32| 2 * rate as usize;
        for at in 0..lines.len() as u32 {
            prop_assert!(devices.busiest(|d| d == at) <= twice(device));
        }
        for number in 1..4 {
            let closets = devices.busiest(|d| lines[d as usize].0 == number);
            prop_assert!(closets <= twice(closet), "{} in closet {}", closets, number);
            let uplinks = devices.busiest(|d| lines[d as usize].1 == number);
            prop_assert!(uplinks <= twice(uplink), "{} through {}", uplinks, number);
        }
    }
}
