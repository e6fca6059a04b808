//! What devices are asked: nothing more without a person's consent, nothing that is less without delay, and who shares a budget.

use std::sync::Arc;

use super::world::{World, ip, site};
use crate::config::plans::shipped;
use crate::engine::{POLL_PLANS, State};
use crate::event::{Body, Command, ConfigAppliedV2, Effect, EffectKind, Job, Target};
use crate::model::{
    Budgets, Intervals, PollPlan, PollPlans, Priority, SEEN_UPLINKS, SensorTable, Site, Text,
    UplinkSpec,
};

fn with(intervals: Intervals) -> Site {
    Site {
        polls: shipped(&intervals),
        intervals,
        ..site()
    }
}

fn interfaces(seconds: u32) -> Intervals {
    Intervals {
        interfaces_s: seconds,
        ..Intervals::default()
    }
}

fn every(w: &World, address: &str, job: Job) -> Option<u32> {
    let target = w.targets.iter().find(|t| t.address == ip(address))?;
    target.jobs.iter().find(|j| j.0 == job).map(|j| j.1)
}

fn trouble(state: &State) -> Option<&str> {
    state
        .troubles
        .get(&Text::from(POLL_PLANS))
        .map(|(words, _)| words.as_str())
}

fn plans(effects: &[Effect]) -> Option<&PollPlans> {
    effects.iter().find_map(|e| match &e.kind {
        EffectKind::Plans(plans) => Some(&**plans),
        _ => None,
    })
}

fn accept(w: &mut World, hash: Text) -> Vec<Effect> {
    let command = Command::AcceptPlans { hash };
    let body = Body::Command {
        by: "ana".into(),
        command,
    };
    w.apply(body).effects
}

#[test]
fn the_first_plans_are_in_force_as_they_are() {
    let w = World::of(with(Intervals::default()));
    assert_eq!(every(&w, "10.0.0.2", Job::Interfaces), Some(60));
    assert_eq!(trouble(&w.state), None);
    assert_eq!(w.state.polls.offered, None);
}

#[test]
fn what_asks_for_more_waits_until_a_person_consents_to_exactly_that() {
    let mut w = World::of(with(interfaces(60)));
    let before = w.state.polls.in_force.clone();
    w.configure(with(interfaces(30)));
    assert_eq!(every(&w, "10.0.0.2", Job::Interfaces), Some(60));
    assert!(trouble(&w.state).unwrap().contains("config diff"));
    assert_eq!(w.state.polls.in_force, before);

    assert!(accept(&mut w, "ab".into()).is_empty(), "other plans");
    assert_eq!(every(&w, "10.0.0.2", Job::Interfaces), Some(60));

    let hash = shipped(&interfaces(30)).hash();
    let effects = accept(&mut w, hash.clone());
    assert_eq!(plans(&effects).unwrap().hash(), hash);
    assert_eq!(every(&w, "10.0.0.2", Job::Interfaces), Some(30));
    assert_eq!(trouble(&w.state), None);
    assert_eq!(w.state.polls.accepted.as_ref().unwrap().0.as_str(), "ana");
    assert!(accept(&mut w, hash).is_empty(), "nothing waits any more");
}

#[test]
fn a_sensor_table_of_a_file_waits_until_a_person_consents_and_goes_at_once() {
    let mut w = World::of(with(Intervals::default()));
    let mut own = with(Intervals::default());
    let mut tables = own.polls.sensor_tables().unwrap().to_vec();
    let new = SensorTable {
        id: "own".into(),
        rows: 9,
        value: Some(vec![1, 3, 6, 1, 4, 1, 4_000_000, 1]),
        ..tables[0].clone()
    };
    tables.push(new);
    own.polls = own.polls.with_tables(Arc::new(tables));
    let before = w.state.polls.in_force.clone();
    w.configure(own.clone());
    assert_eq!(w.state.polls.in_force, before);
    assert!(trouble(&w.state).unwrap().contains("config diff"));
    let effects = accept(&mut w, own.polls.hash());
    assert_eq!(plans(&effects), Some(&own.polls));

    w.configure(with(Intervals::default()));
    assert_eq!(w.state.polls.in_force, before);
    assert_eq!(trouble(&w.state), None);
}

#[test]
fn who_goes_first_comes_into_force_at_once_and_without_a_person() {
    let mut w = World::of(with(Intervals::default()));
    let mut own = with(Intervals::default());
    let tables = own.polls.sensor_tables().cloned().unwrap();
    let last = |p: &PollPlan| PollPlan {
        priority: Some(Priority::from(9)),
        ..p.clone()
    };
    own.polls = PollPlans::new(own.polls.iter().map(last)).with_tables(tables);
    let body = Body::Config(Box::new(ConfigAppliedV2 {
        hash: "test".into(),
        site: own.clone(),
    }));
    let effects = w.apply(body).effects;
    assert_eq!(plans(&effects), Some(&own.polls), "the poller is told");
    assert_eq!(trouble(&w.state), None);
    assert_eq!(w.state.polls.offered, None);
}

#[test]
fn what_asks_for_less_comes_at_once_and_what_is_taken_back_waits_no_more() {
    let mut w = World::of(with(interfaces(60)));
    w.configure(with(interfaces(300)));
    assert_eq!(every(&w, "10.0.0.2", Job::Interfaces), Some(300));
    assert_eq!(trouble(&w.state), None);
    w.configure(with(interfaces(10)));
    assert!(trouble(&w.state).is_some());
    w.configure(with(interfaces(300)));
    assert_eq!(trouble(&w.state), None, "the file was put back");
    assert_eq!(w.state.polls.offered, None);
}

#[test]
fn what_waits_survives_a_snapshot_and_the_log_says_the_same_again() {
    let mut w = World::of(with(interfaces(60)));
    w.configure(with(interfaces(30)));
    let held = State::from_snapshot(&w.state.to_snapshot()).unwrap();
    assert_eq!(held.polls, w.state.polls);
    accept(&mut w, shipped(&interfaces(30)).hash());
    let mut again = State::new();
    for event in &w.events {
        let _ = again.apply(event);
    }
    assert_eq!(again.hash(), w.state.hash());
}

#[test]
fn a_configuration_without_plans_leaves_those_in_force() {
    let mut w = World::of(with(interfaces(60)));
    w.configure(site());
    assert!(!w.state.polls.in_force.is_empty());
    assert_eq!(every(&w, "10.0.0.2", Job::Interfaces), Some(60));
}

fn target<'w>(w: &'w World, address: &str) -> &'w Target {
    w.targets.iter().find(|t| t.address == ip(address)).unwrap()
}

#[test]
fn devices_on_one_switch_share_a_closet_and_those_behind_one_link_an_uplink() {
    let mut w = World::of(with(Intervals::default()));
    w.run(300);
    let (core, sw_a, sw_b, sw_c) = (
        target(&w, "10.0.0.1"),
        target(&w, "10.0.0.2"),
        target(&w, "10.0.0.3"),
        target(&w, "10.0.0.4"),
    );
    let closets = [core.closet, sw_a.closet, sw_b.closet, sw_c.closet];
    for (at, closet) in closets.iter().enumerate() {
        assert!(
            *closet != 0 && !closets[..at].contains(closet),
            "{closets:?}"
        );
    }
    assert_eq!(core.uplink, 0, "nothing is before it");
    assert_eq!(sw_c.uplink, sw_b.uplink);
    assert_ne!(sw_a.uplink, sw_b.uplink);
    let printer = target(&w, "10.50.0.41");
    let on = w.device("prn-1").attached.unwrap().switch;
    assert_eq!(printer.closet, on.0 + 1);
    assert_eq!(target(&w, "10.0.0.9").closet, core.closet, "the UPS");
}

#[test]
fn other_budgets_are_told_and_the_same_are_not() {
    let budgets = |w: &mut World, site: Site| {
        let outcome = w.apply(Body::Config(Box::new(crate::event::ConfigAppliedV2 {
            hash: "x".into(),
            site,
        })));
        outcome.effects.into_iter().find_map(|e| match e.kind {
            EffectKind::Budgets(budgets) => Some(budgets),
            _ => None,
        })
    };
    let mut w = World::new();
    assert_eq!(budgets(&mut w, site()), None);
    let small = Site {
        budgets: Budgets {
            closet: 20,
            ..Budgets::default()
        },
        ..site()
    };
    let told = budgets(&mut w, small.clone()).unwrap();
    assert_eq!(*told, small.budgets);
    assert_eq!(w.state.standing_budgets(), Some(told));
    assert_eq!(budgets(&mut w, small), None);
}

#[test]
fn a_line_that_the_site_names_is_the_uplink_of_its_segments_whatever_topology_shows() {
    let segment = site().segments.last().unwrap().name.clone();
    let mut w = World::of(Site {
        budgets: Budgets {
            uplinks: vec![UplinkSpec {
                name: "branch".into(),
                segments: vec![segment.clone()],
                packets: Some(20),
                kilobits: Some(256),
            }],
            ..Budgets::default()
        },
        ..with(Intervals::default())
    });
    w.run(300);
    let names = |t: &Target| {
        let id = w.state.by_address[&t.address];
        let d = &w.state.devices[&id];
        d.segment.map(|s| w.state.segments[&s].name.clone())
    };
    let (inside, outside): (Vec<_>, Vec<_>) = w
        .targets
        .iter()
        .partition(|t| names(t).as_ref() == Some(&segment));
    assert!(!inside.is_empty() && !outside.is_empty());
    assert!(inside.iter().all(|t| t.uplink == 1), "{inside:?}");
    assert!(
        outside
            .iter()
            .all(|t| t.uplink == 0 || t.uplink >= SEEN_UPLINKS)
    );
}

#[test]
fn a_device_says_which_budgets_its_polls_count_in() {
    let mut w = World::of(with(Intervals::default()));
    w.run(300);
    let words = |name| w.state.budget_of(w.device(name)).map(|b| b.words());
    assert_eq!(
        words("sw-c").unwrap(),
        "at most 50 packets/s; all on sw-c 200; all behind sw-b 1000"
    );
    assert_eq!(
        words("core").unwrap(),
        "at most 50 packets/s; all on core 200"
    );
    assert_eq!(
        words("prn-1").unwrap(),
        "at most 10 packets/s; all on sw-b 200; all behind sw-b 1000"
    );
    assert_eq!(words("vent-1"), None, "nothing is asked of it");
}
