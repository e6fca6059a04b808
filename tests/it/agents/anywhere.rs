//! Answers from another address than was asked: dropped and named, unless the site lets the device answer so; and how many questions
//! are out to one device at once. In virtual time, over a wire in memory.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use wardwatch::event::{AgentFault, Job, ObsPollV1, Observation, OverrunKind, PollOutcome, Target};
use wardwatch::model::{AuthProtocol, Budgets, DeviceClass, TouchPolicy};
use wardwatch::sources::snmp::{PollerConfig, PollerStats, poll_once};
use wardwatch::wire::snmp::usm::{Authority, Incoming, UserKeys};

use super::common::{bench, gate, quick, target, user};
use super::fake::{raw, serve, switch};
use super::memory::{FORGED, House, house};

const STATUS: [(Job, u32); 1] = [(Job::Status, 30)];

fn at(n: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([127, 81, 0, n], port))
}

fn asked(n: u8, any_address: bool) -> Target {
    Target {
        answers_from_any_address: any_address,
        ..target(at(n, 161), &["v2c"], &STATUS)
    }
}

fn start() -> House {
    house(
        switch(b"true", 2),
        PollerConfig::default(),
        Budgets::default(),
    )
}

fn polls(seen: &[Observation], n: u8) -> Vec<&ObsPollV1> {
    let of = at(n, 161).ip();
    let polls = seen.iter().filter_map(|o| match o {
        Observation::Poll(p) if p.address == of => Some(&**p),
        _ => None,
    });
    polls.collect()
}

/// How often a fault of a device was told, and how many of it.
fn named(seen: &[Observation], n: u8, fault: AgentFault) -> (usize, u32) {
    let of = at(n, 161).ip();
    let told = seen.iter().filter_map(|o| match o {
        Observation::Agent(a) if a.address == of => {
            a.faults.iter().find(|(f, _)| *f == fault).map(|(_, n)| *n)
        }
        _ => None,
    });
    told.fold((0, 0), |(times, sum), n| (times + 1, sum + n))
}

fn answered(seen: &[Observation], n: u8) -> usize {
    let polls = polls(seen, n).into_iter();
    polls.filter(|p| p.outcome == PollOutcome::Answered).count()
}

#[tokio::test(start_paused = true)]
async fn an_answer_from_another_address_is_dropped_counted_and_named_unless_the_site_allows_it() {
    for from in [at(99, 161), at(99, 40_000), at(1, 40_000)] {
        let mut house = start();
        house.agents.inner().elsewhere = [(at(1, 161).ip(), from)].into();
        house.poller.set_targets(vec![asked(1, false)].into());
        let seen = house.pass(120).await;
        assert_eq!(answered(&seen, 1), 0, "from {from}");
        assert!(polls(&seen, 1).len() >= 3);
        let stats = house.poller.stats();
        let (_, sum) = named(&seen, 1, AgentFault::WrongSource);
        assert!(sum >= 3 && stats.unmatched >= u64::from(sum), "{stats:?}");
        assert_eq!(stats.elsewhere, 0);
        // the word of the site changes that at once
        house.poller.set_targets(vec![asked(1, true)].into());
        let _ = house.pass(120).await;
        let before = house.poller.stats();
        let seen = house.pass(600).await;
        let polls = polls(&seen, 1);
        assert!(polls.len() >= 18 && answered(&seen, 1) == polls.len());
        let PollerStats {
            unmatched,
            elsewhere,
            ..
        } = house.poller.stats();
        assert_eq!(unmatched, before.unmatched, "none of them is a stranger's");
        assert!(elsewhere >= before.elsewhere + 18);
        assert_eq!(
            named(&seen, 1, AgentFault::WrongSource),
            (0, 0),
            "named when it began, and not for ever"
        );
        // and taken back, nothing is believed any more
        house.poller.set_targets(vec![asked(1, false)].into());
        let seen = house.pass(120).await;
        assert_eq!(answered(&seen, 1), 0);
        assert!(named(&seen, 1, AgentFault::WrongSource).1 >= 3);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_may_answer_from_anywhere_is_named_for_it_once() {
    let mut house = start();
    house.agents.inner().elsewhere = [(at(1, 161).ip(), at(99, 161))].into();
    house.poller.set_targets(vec![asked(1, true)].into());
    let seen = house.pass(3_600).await;
    assert_eq!(named(&seen, 1, AgentFault::WrongSource), (1, 1));
    assert_eq!(answered(&seen, 1), polls(&seen, 1).len());
}

#[tokio::test(start_paused = true)]
async fn a_forged_answer_with_the_right_id_is_refused_whoever_it_comes_from() {
    // a stranger, a stranger beside the device, another device that is asked too
    for from in [at(66, 161), at(1, 40_000), at(2, 161)] {
        let mut house = start();
        house.agents.inner().forged = [(at(1, 161).ip(), from)].into();
        // that others may answer from anywhere opens no door to this one
        let targets = vec![asked(1, false), asked(2, true)];
        house.poller.set_targets(targets.into());
        let seen = house.pass(600).await;
        let all = polls(&seen, 1);
        assert!(all.len() >= 18, "from {from}");
        for poll in all {
            assert_eq!(poll.outcome, PollOutcome::Answered);
            let name = poll.system.as_ref().map(|s| s.name.as_str());
            assert_ne!(name, Some(FORGED), "from {from}");
        }
        assert_eq!(answered(&seen, 2), polls(&seen, 2).len());
        assert_eq!(house.poller.stats().elsewhere, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_that_was_asked_something_itself_gives_no_answers_of_others() {
    let mut house = start();
    {
        let mut inner = house.agents.inner();
        // it answers when the other one was asked, too, and says nothing
        inner.all = Duration::from_millis(1_500);
        inner.silent = [at(2, 161).ip()].into();
        inner.elsewhere = [(at(1, 161).ip(), at(2, 161))].into();
    }
    let targets = vec![asked(1, true), asked(2, true)];
    house.poller.set_targets(targets.into());
    let seen = house.pass(6).await;
    assert_eq!(answered(&seen, 1), 0, "the other one has a question out");
    assert_eq!(house.poller.stats().elsewhere, 0);
    // the silent one is left alone by and by; what comes from there then is the first one's
    let mut all = house.pass(600).await;
    assert!(named(&all, 2, AgentFault::WrongId).1 > 0);
    let later = house.pass(600).await;
    assert!(answered(&later, 1) >= 15, "{}", answered(&later, 1));
    all.extend(later);
    assert_eq!(answered(&all, 2), 0, "nor are they its own");
    assert_eq!(named(&all, 1, AgentFault::WrongSource), (1, 1));
}

const ENGINE: &[u8] = b"\x80\x00\x1f\x88\x04feet";

/// An SNMPv3 agent on two feet: what is asked of one is answered from the other, by somebody who knows this password.
fn on_two_feet(ip: [u8; 4], other: &'static str, password: &'static str) -> super::fake::Fake {
    let auth = (AuthProtocol::Sha256, password.as_bytes());
    let keys = UserKeys::derive(Some(auth), None).unwrap();
    let mut engine = Authority::new(ENGINE, 1);
    engine.add_user("ana", &keys);
    raw(ip, move |bytes| {
        let answer = match engine.open(bytes, 10) {
            Incoming::Report(report) => report,
            Incoming::Request(request) => {
                let answer = serve(&switch(b"two feet", 1), &request.message.pdu);
                engine.seal(&request, answer, 10, 1).unwrap()
            }
            Incoming::Drop(_) => return vec![],
        };
        vec![(answer, Some(UdpSocket::bind((other, 0)).unwrap()))]
    })
}

#[tokio::test]
async fn from_anywhere_an_snmpv3_answer_must_be_authentic_all_the_same() {
    let poller = bench(&gate(TouchPolicy::Full), quick()).poller;
    let login = user("ana", Some((AuthProtocol::Sha256, "auth-secret-1")), None);
    poller.set_logins([("v3".into(), login)].into());
    let honest = on_two_feet([127, 81, 1, 1], "127.81.1.2", "auth-secret-1");
    let forger = on_two_feet([127, 81, 1, 3], "127.81.1.4", "guess-guess-guess");
    let of = |to: SocketAddr, any_address| Target {
        answers_from_any_address: any_address,
        ..target(to, &["v3"], &[])
    };
    let mut outcomes: Vec<(IpAddr, bool, PollOutcome)> = Vec::new();
    for (to, any_address) in [(honest.to, false), (honest.to, true), (forger.to, true)] {
        poll_once(&poller, &[of(to, any_address)], "status", |r| {
            outcomes.push((r.address, any_address, r.poll.outcome));
        })
        .await
        .unwrap();
    }
    let answered: Vec<_> = outcomes
        .iter()
        .filter(|o| o.2 == PollOutcome::Answered)
        .map(|o| (o.0, o.1))
        .collect();
    assert_eq!(answered, [(honest.to.ip(), true)], "{outcomes:?}");
    assert_eq!(outcomes[0].2, PollOutcome::Timeout);
}

#[tokio::test(start_paused = true)]
async fn no_more_questions_are_out_to_a_device_than_its_site_says_and_never_more_than_four() {
    for (in_flight, most) in [(0, 1), (1, 1), (2, 2), (3, 3), (4, 4), (9, 4)] {
        let mut house = house(
            switch(b"sw", 48),
            PollerConfig::default(),
            Budgets::default(),
        );
        house.agents.inner().all = Duration::from_millis(900);
        let jobs = [
            (Job::Status, 30),
            (Job::Interfaces, 30),
            (Job::Inventory, 30),
            (Job::Tables, 30),
            (Job::Sensors, 30),
        ];
        let target = Target {
            // what its class would bear does not count
            class: DeviceClass::Switch,
            in_flight,
            ..target(at(1, 161), &["v2c"], &jobs)
        };
        house.poller.set_targets(vec![target].into());
        let seen = house.pass(900).await;
        // one that is cut off would leave its question with the agent
        let cut =
            |o: &Observation| matches!(o, Observation::Overrun(o) if o.kind == OverrunKind::Cut);
        assert!(!seen.iter().any(cut));
        assert!(answered(&seen, 1) > 0);
        assert_eq!(house.agents.inner().most_open, most, "{in_flight}");
    }
}
