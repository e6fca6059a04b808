//! Stories of touch policies: what people say of them for a time, and who else had an address.

use std::net::IpAddr;
use std::time::Duration;

use crate::model::TouchPolicy::{Arp, Full, Get, Never, Passive};

use super::world::{World, ip, mac, site};
use crate::engine::GAPS;
use crate::event::{
    ArpHow, Body, Command, ConfigAppliedV2, EffectKind, LedgerRow, ObsArpV1, ObsLedgerGapV1,
    Observation,
};
use crate::model::{DeviceClass, Mac, PacketKind, Text, Time, TouchPolicy};

fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

const HOUR: u64 = 3_600;

fn policy(w: &World, name: &str) -> TouchPolicy {
    w.device(name).touch.policy
}

/// What the gate was told last of an address.
fn at_gate(w: &mut World, address: &str) -> TouchPolicy {
    // nothing is due that is not done
    w.apply(Body::Tick);
    let (table, _) = w.state.standing();
    table.unwrap().policy(ip(address))
}

fn ask(w: &mut World, by: &str, name: &str, to: TouchPolicy, seconds: u64) {
    let command = Command::OverrideTouch {
        device: w.device(name).id,
        policy: to,
        reason: "biomed asked".into(),
        until: w.now + secs(seconds),
    };
    w.apply(Body::Command {
        by: by.into(),
        command,
    });
}

fn approve(w: &mut World, by: &str, name: &str, to: TouchPolicy) {
    let command = Command::ApproveTouch {
        device: w.device(name).id,
        policy: to,
    };
    w.apply(Body::Command {
        by: by.into(),
        command,
    });
}

fn said(w: &World, name: &str) -> String {
    w.device(name).changes[0].after.to_string()
}

#[test]
fn an_override_lifts_passive_for_a_time_and_never_lifts_never() {
    let mut w = World::new();
    w.run(60);
    let policy = |w: &World, name: &str| w.device(name).touch.policy;
    for (name, expected) in [("mon-1", Get), ("vent-1", Never)] {
        let order = Command::OverrideTouch {
            device: w.device(name).id,
            policy: Get,
            reason: "biomed asked".into(),
            until: w.now + secs(600),
        };
        let outcome = w.order(order);
        assert_eq!(policy(&w, name), expected);
        let tables = outcome
            .effects
            .iter()
            .filter(|e| matches!(e.kind, EffectKind::TouchTable(_)))
            .count();
        assert_eq!(
            tables,
            usize::from(name == "mon-1"),
            "the table goes out when it changes"
        );
    }
    assert!(w.targets.iter().any(|t| t.address == ip("10.31.0.31")));
    w.run(601);
    assert_eq!(policy(&w, "mon-1"), Passive);
    assert!(w.targets.iter().all(|t| t.address != ip("10.31.0.31")));
}

#[test]
fn an_override_needs_a_reason_and_ends_within_a_day() {
    let mut w = World::new();
    w.run(60);
    let order = |w: &World, name: &str, reason: &str| Command::OverrideTouch {
        device: w.device(name).id,
        policy: Get,
        reason: reason.into(),
        until: w.now + secs(90 * 86_400),
    };
    for (name, reason, word) in [
        ("mon-1", "  ", "refused: no reason"),
        ("vent-1", "must see it", "waits for a second person"),
    ] {
        let before = w.device(name).touch.policy;
        let command = order(&w, name, reason);
        w.order(command);
        assert_eq!(w.device(name).touch.policy, before);
        let said = w.device(name).changes[0].after.to_string();
        assert!(said.contains(word), "{said}");
    }
    let command = order(&w, "mon-1", "biomed asked");
    w.order(command);
    assert_eq!(w.device("mon-1").touch.policy, Get);
    w.run(86_400);
    assert_eq!(w.device("mon-1").touch.policy, Passive);
}

#[test]
fn never_takes_two_people_who_are_two_people_and_the_same_word() {
    let mut w = World::new();
    w.run(60);
    ask(&mut w, "ana", "vent-1", Get, 2 * HOUR);
    assert_eq!(policy(&w, "vent-1"), Never, "asked for is not in force");
    let asked = w.device("vent-1").touch.asked.clone().unwrap();
    assert_eq!(
        (asked.policy, asked.by.as_str(), asked.reason.as_str()),
        (Get, "ana", "biomed asked")
    );
    for (by, to, why) in [
        ("ana", Get, "another person"),
        ("ana (sudo root)", Get, "another person"),
        ("bo", Full, "nobody asked"),
    ] {
        approve(&mut w, by, "vent-1", to);
        assert_eq!(policy(&w, "vent-1"), Never, "{by} {to}");
        assert!(said(&w, "vent-1").contains(why), "{}", said(&w, "vent-1"));
        assert_eq!(at_gate(&mut w, "10.31.0.11"), Never);
    }
    approve(&mut w, "bo", "vent-1", Get);
    assert_eq!(policy(&w, "vent-1"), Get);
    assert_eq!(at_gate(&mut w, "10.31.0.11"), Get);
    let touch = &w.device("vent-1").touch;
    assert_eq!(touch.because.as_str(), "override by ana, approved by bo");
    assert_eq!(touch.asked, None);
    let over = touch.overridden.clone().unwrap();
    assert_eq!(over.approved.as_str(), "bo");
    assert_eq!(over.until, asked.until, "approving lengthens nothing");
    assert!(w.targets.iter().any(|t| t.address == ip("10.31.0.11")));
    // a second yes to the same changes nothing
    approve(&mut w, "cy", "vent-1", Get);
    assert!(said(&w, "vent-1").contains("nobody asked"));
    w.run(2 * HOUR);
    assert_eq!(policy(&w, "vent-1"), Never);
    assert_eq!(at_gate(&mut w, "10.31.0.11"), Never);
    assert!(said(&w, "vent-1").contains("time of the override by ana is up"));
    assert!(w.targets.iter().all(|t| t.address != ip("10.31.0.11")));
}

#[test]
fn what_nobody_approves_in_time_is_over_and_nothing_stands_longer_than_a_day() {
    let mut w = World::new();
    w.run(60);
    ask(&mut w, "ana", "vent-1", Get, 600);
    w.run(600);
    assert_eq!(w.device("vent-1").touch.asked, None);
    assert!(said(&w, "vent-1").contains("approved by nobody in time"));
    approve(&mut w, "bo", "vent-1", Get);
    assert_eq!(policy(&w, "vent-1"), Never);

    ask(&mut w, "ana", "vent-1", Get, 90 * 24 * HOUR);
    let asked = w.device("vent-1").touch.asked.clone().unwrap();
    assert_eq!(asked.until, w.now + secs(24 * HOUR));
    // whoever asks anew is who asked: the other may approve that, and not the one who asked now
    ask(&mut w, "bo", "vent-1", Get, HOUR);
    approve(&mut w, "bo", "vent-1", Get);
    assert_eq!(policy(&w, "vent-1"), Never);
    approve(&mut w, "ana", "vent-1", Get);
    assert_eq!(policy(&w, "vent-1"), Get);
}

#[test]
fn an_override_is_taken_back_by_asking_for_what_holds_by_itself() {
    let mut w = World::new();
    w.run(60);
    ask(&mut w, "ana", "vent-1", Get, HOUR);
    approve(&mut w, "bo", "vent-1", Get);
    ask(&mut w, "cy", "mon-1", Get, HOUR);
    assert_eq!((policy(&w, "vent-1"), policy(&w, "mon-1")), (Get, Get));
    ask(&mut w, "cy", "vent-1", Never, HOUR);
    ask(&mut w, "ana", "mon-1", Passive, HOUR);
    assert_eq!(
        (policy(&w, "vent-1"), policy(&w, "mon-1")),
        (Never, Passive)
    );
    assert_eq!(w.device("mon-1").touch.overridden, None);
    // stricter for a time takes one person
    ask(&mut w, "ana", "sw-b", Never, HOUR);
    assert_eq!(at_gate(&mut w, "10.0.0.3"), Never);
    w.run(HOUR);
    assert_eq!(at_gate(&mut w, "10.0.0.3"), Full);
}

#[test]
fn what_one_person_lifted_is_down_again_when_it_becomes_never() {
    let mut w = World::new();
    w.run(60);
    ask(&mut w, "ana", "mon-1", Get, HOUR);
    assert_eq!(policy(&w, "mon-1"), Get);
    let mut stricter = site();
    for d in &mut stricter.devices {
        if d.name.as_str() == "mon-1" {
            d.touch = Some(Never);
        }
    }
    w.apply(Body::Config(Box::new(ConfigAppliedV2 {
        hash: "stricter".into(),
        site: stricter,
    })));
    assert_eq!(policy(&w, "mon-1"), Never);
    assert_eq!(at_gate(&mut w, "10.31.0.31"), Never);
    approve(&mut w, "bo", "mon-1", Get);
    assert_eq!(policy(&w, "mon-1"), Never, "nobody asked two people");
}

#[test]
fn a_device_with_a_foot_in_a_stricter_segment_is_bound_by_it_there() {
    let mut w = World::new();
    let mut two = site();
    two.segments[1].touch = Some(Passive);
    for d in &mut two.devices {
        if d.name.as_str() == "prn-1" {
            d.addresses.push(ip("10.31.0.99"));
        }
    }
    w.apply(Body::Config(Box::new(ConfigAppliedV2 {
        hash: "two feet".into(),
        site: two,
    })));
    assert_eq!(at_gate(&mut w, "10.50.0.41"), DeviceClass::Printer.touch());
    assert_eq!(at_gate(&mut w, "10.31.0.99"), Passive);
}

fn heard(w: &mut World, address: &str, mac: Mac) {
    let seen = ObsArpV1 {
        at: w.now,
        address: ip(address),
        mac,
        how: ArpHow::Heard,
        interface: Text::empty(),
    };
    w.see(Observation::Arp(seen));
}

#[test]
fn nobody_pushes_a_protected_device_out_of_memory_by_showing_many_others() {
    let mut w = World::new();
    w.run(60);
    let address = "10.50.0.77";
    heard(&mut w, address, mac(11));
    assert_eq!(at_gate(&mut w, address), Never, "the ventilator was there");
    for n in 0..200 {
        w.now = w.now + secs(1);
        heard(&mut w, address, Mac([0, 9, 0xfb, 1, 0, n]));
    }
    assert_eq!(at_gate(&mut w, address), Never);
    w.run(24 * HOUR);
    assert_eq!(at_gate(&mut w, address), Arp, "a day later it is forgotten");
}

#[test]
fn who_had_an_address_for_long_counts_for_a_day_after_the_last_moment() {
    let mut w = World::new();
    w.run(60);
    let address = "10.50.0.78";
    // a guest first, so that a timer for this address runs; then the ventilator alone, for nearly a day
    heard(&mut w, address, mac(200));
    w.run(HOUR);
    heard(&mut w, address, mac(12));
    w.run(23 * HOUR);
    heard(&mut w, address, mac(12));
    heard(&mut w, address, mac(201));
    w.run(3 * HOUR);
    assert_eq!(at_gate(&mut w, address), Never);
    w.run(20 * HOUR);
    assert_eq!(at_gate(&mut w, address), Never);
    w.run(2 * HOUR);
    assert_eq!(at_gate(&mut w, address), Arp);
}

#[test]
fn gaps_and_refusals_are_kept_with_caps() {
    let mut w = World::new();
    for n in 0..GAPS as i64 + 9 {
        w.see(Observation::LedgerGap(ObsLedgerGapV1 {
            from: Time(n),
            until: Time(n + 1),
        }));
    }
    assert_eq!(w.state.ledger_gaps.len(), GAPS);
    assert_eq!(w.state.ledger_gaps[0].from, Time(GAPS as i64 + 8));
    assert_eq!(w.state.ledger_written(), w.now);
    let row = |address: IpAddr, count| LedgerRow {
        address,
        kind: PacketKind::Ping,
        count,
        first: Time(1),
        last: Time(9),
        cause: "ping".into(),
    };
    for n in 0..10_050u32 {
        let address = std::net::Ipv4Addr::from(0x0a00_0000 + n).into();
        w.apply(Body::Refused(vec![row(address, 1)]));
    }
    w.apply(Body::Refused(vec![row(ip("::ffff:10.0.0.1"), 4)]));
    assert_eq!(w.state.refusals.len(), 10_000);
    assert_eq!(w.state.refusals[&ip("10.0.0.1")], (5, Time(9)));
    assert!(w.state.dropped.values().any(|n| *n == 50));
}

#[test]
fn packets_to_what_is_stricter_than_get_or_lifted_for_a_time_are_kept_one_by_one() {
    let mut w = World::new();
    w.run(60);
    let singly = |w: &World, address: &str| w.state.is_kept_singly(ip(address));
    for (address, kept) in [
        ("10.31.0.11", true),
        ("10.31.0.31", true),
        ("10.0.0.2", false),
        ("192.0.2.9", true),
    ] {
        assert_eq!(singly(&w, address), kept, "{address}");
    }
    ask(&mut w, "ana", "mon-1", Full, HOUR);
    assert_eq!(at_gate(&mut w, "10.31.0.31"), Full);
    assert!(singly(&w, "10.31.0.31"));
    ask(&mut w, "ana", "sw-b", Passive, HOUR);
    assert!(singly(&w, "10.0.0.3"));
}
