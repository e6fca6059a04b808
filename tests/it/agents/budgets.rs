//! What polls send is within the budgets of device, closet and uplink, and a job that does not keep its time is asked less often: in
//! virtual time, over a wire in memory.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wardwatch::event::{Job, Observation, OverrunKind, PollOutcome, Target};
use wardwatch::model::{Budgets, UplinkSpec};
use wardwatch::sources::snmp::PollerConfig;
use wardwatch::wire::snmp::PduKind;

use super::common::{agent, community, oid, target};
use super::fake::switch;
use super::memory::{busiest, house};

fn overruns(seen: &[Observation], kind: OverrunKind) -> Vec<(IpAddr, Job)> {
    let overruns = seen.iter().filter_map(|o| match o {
        Observation::Overrun(o) if o.kind == kind => Some((o.address, o.job)),
        _ => None,
    });
    overruns.collect()
}

fn outcomes(seen: &[Observation]) -> impl Iterator<Item = &PollOutcome> {
    seen.iter().filter_map(|o| match o {
        Observation::Poll(p) => Some(&p.outcome),
        _ => None,
    })
}

fn ip(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x7f50_0000 + n))
}

/// Which of the agents.
fn number(of: IpAddr) -> u32 {
    match of {
        IpAddr::V4(ip) => u32::from(ip) - 0x7f50_0000,
        IpAddr::V6(_) => unreachable!(),
    }
}

fn at(n: u32, closet: u32, uplink: u32, jobs: &[(Job, u32)]) -> Target {
    Target {
        closet,
        uplink,
        ..target(SocketAddr::new(ip(n), 161), &["v2c"], jobs)
    }
}

#[tokio::test(start_paused = true)]
async fn no_second_holds_more_than_a_budget_and_its_burst_and_every_job_comes_at_last() {
    let budgets = Budgets {
        device: 6,
        closet: 15,
        uplink: 40,
        uplinks: vec![UplinkSpec {
            name: "narrow".into(),
            packets: Some(12),
            kilobits: Some(200),
            ..UplinkSpec::default()
        }],
        ..Budgets::default()
    };
    let mut house = house(switch(b"sw", 48), PollerConfig::default(), budgets);
    let jobs = [
        (Job::Status, 30),
        (Job::Interfaces, 60),
        (Job::Inventory, 300),
        (Job::Tables, 120),
    ];
    // ten closets of eight; the first two are behind the narrow line, the others behind two that topology shows
    let (closet, uplink) = (
        |n| n / 8 + 1,
        |n| match n / 8 {
            0 | 1 => 1,
            c => 0x8000_0000 + c % 2,
        },
    );
    let targets: Vec<Target> = (0..80)
        .map(|n| at(n, closet(n), uplink(n), &jobs))
        .collect();
    house.poller.set_targets(targets.into());
    let seen = house.pass(1_200).await;
    let stats = house.poller.stats();
    assert!(stats.held_back > 1_000, "{stats:?}");
    assert_eq!(house.agents.inner().most_open, 1, "one question at a time");
    for n in 0..80 {
        assert!(house.agents.busiest(|who| who == ip(n)) <= 12, "device {n}");
    }
    for c in 1..=10 {
        let most = house.agents.busiest(|who| closet(number(who)) == c);
        assert!(most <= 30, "closet {c}: {most}");
    }
    for (line, budget) in [(1, 24), (0x8000_0000, 80), (0x8000_0001, 80)] {
        let most = house.agents.busiest(|who| uplink(number(who)) == line);
        assert!(most <= budget, "uplink {line}: {most}");
    }
    // 25,000 octets a second with their headers, a burst, and what was under way when it was used up
    let narrow = |who: IpAddr| uplink(number(who)) == 1;
    let mut octets: Vec<(Duration, usize)> = Vec::new();
    {
        let inner = house.agents.inner();
        let asked = inner.heard.iter().filter(|h| narrow(h.who));
        octets.extend(asked.map(|h| (h.at, h.octets + 28)));
        let answered = inner.answered.iter().filter(|a| narrow(a.1));
        octets.extend(answered.map(|a| (a.0, a.2 + 28)));
    }
    octets.sort_unstable();
    let most = busiest(octets.into_iter());
    assert!((10_000..=75_000).contains(&most), "{most}");
    // nobody is said to be silent because nobody asked, and nobody starves
    assert!(outcomes(&seen).all(|o| *o == PollOutcome::Answered));
    for n in 0..80 {
        let polls = seen.iter().filter_map(|o| match o {
            Observation::Poll(p) if p.address == ip(n) => Some(p),
            _ => None,
        });
        let whole = polls.clone().filter(|p| p.interfaces_whole).count();
        assert!(whole >= 2, "interfaces of {n} were read {whole} times");
        assert!(polls.count() >= 20, "{n}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_closet_that_asks_too_much_is_asked_less_often_and_comes_back_when_there_is_room() {
    let narrow = Budgets {
        closet: 1,
        ..Budgets::default()
    };
    let mut house = house(switch(b"sw", 96), PollerConfig::default(), narrow);
    // one datagram each thirty seconds for the status of each leaves two thirds of one a second for what wants twice that
    let jobs = [(Job::Status, 30), (Job::Interfaces, 30)];
    let targets: Vec<Target> = (0..10).map(|n| at(n, 7, 0, &jobs)).collect();
    house.poller.set_targets(targets.into());
    let seen = house.pass(1_800).await;
    assert!(house.agents.busiest(|_| true) <= 2);
    assert!(outcomes(&seen).all(|o| *o == PollOutcome::Answered));
    let put_off = overruns(&seen, OverrunKind::Budget);
    let degraded = overruns(&seen, OverrunKind::Degraded);
    assert!(!put_off.is_empty() && !degraded.is_empty(), "{seen:?}");
    assert!(
        degraded.iter().all(|(_, job)| *job == Job::Interfaces),
        "its status is never asked less often"
    );
    assert!(
        overruns(&seen, OverrunKind::Cut).is_empty(),
        "the budget is to blame"
    );
    let stats = house.poller.stats();
    assert!(stats.stretched > 0 && stats.overruns > 0, "{stats:?}");
    // what says whether they live goes first
    for n in 0..10 {
        let heard = house.agents.heard().into_iter();
        let gets: Vec<Duration> = heard
            .filter(|h| h.who == ip(n) && h.kind == PduKind::Get)
            .map(|h| h.at)
            .collect();
        let gap = gets
            .windows(2)
            .map(|w| w[1].saturating_sub(w[0]))
            .max()
            .unwrap();
        assert!(
            gap < Duration::from_secs(75),
            "{n} was not asked for {gap:?}"
        );
    }

    house.poller.set_budgets(Arc::new(Budgets::default()));
    let seen = house.pass(3_600).await;
    assert!(!overruns(&seen, OverrunKind::Recovered).is_empty());
    let stats = house.poller.stats();
    assert_eq!((stats.stretched, stats.holding), (0, 0), "{stats:?}");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_does_not_end_in_time_never_meets_itself_and_is_asked_less_often() {
    let config = PollerConfig {
        first_timeout: Duration::from_secs(8),
        least_timeout: Duration::from_secs(8),
        most_timeout: Duration::from_secs(8),
        ..PollerConfig::default()
    };
    let mut house = house(switch(b"slow", 200), config, Budgets::default());
    house.agents.inner().slow = Duration::from_secs(3);
    let jobs = [(Job::Status, 30), (Job::Interfaces, 20)];
    house.poller.set_targets(vec![at(1, 1, 0, &jobs)].into());
    let seen = house.pass(600).await;
    assert_eq!(house.poller.stats().most_window, 1);
    let interfaces = (ip(1), Job::Interfaces);
    assert_eq!(overruns(&seen, OverrunKind::Cut)[..3], [interfaces; 3]);
    assert_eq!(overruns(&seen, OverrunKind::Degraded), [interfaces; 2]);
    assert_eq!(house.poller.stats().stretched, 1);

    house.agents.inner().slow = Duration::from_millis(1);
    let seen = house.pass(1_200).await;
    assert_eq!(overruns(&seen, OverrunKind::Recovered), [interfaces]);
    assert_eq!(overruns(&seen, OverrunKind::Degraded), []);
    assert_eq!(house.poller.stats().stretched, 0);
    // and every twenty seconds again
    let seen = house.pass(200).await;
    let read = seen
        .iter()
        .filter(|o| matches!(o, Observation::Poll(p) if p.interfaces_whole));
    assert!((9..=11).contains(&read.count()));
}

#[tokio::test(start_paused = true)]
async fn a_person_goes_before_everything_that_waits_for_a_budget() {
    let narrow = Budgets {
        closet: 1,
        ..Budgets::default()
    };
    let mut house = house(switch(b"sw", 48), PollerConfig::default(), narrow);
    let jobs = [(Job::Status, 86_400), (Job::Tables, 3_600)];
    let targets: Vec<Target> = (0..40).map(|n| at(n, 7, 0, &jobs)).collect();
    house.poller.set_targets(targets.into());
    let _ = house.pass(60).await;
    assert!(house.poller.stats().holding > 10);
    for n in 0..40 {
        let who = agent(SocketAddr::new(ip(n), 161), community("public"));
        let name = oid("1.3.6.1.2.1.1.5.0");
        let asked = Instant::now();
        house
            .poller
            .get(who, vec![name], "a person".into(), None)
            .await
            .unwrap();
        // an answer takes a millisecond
        assert!(asked.elapsed() < Duration::from_millis(50), "{n}");
    }
    // and the polls go on where they were
    let before = house.agents.heard().len();
    let _ = house.pass(60).await;
    assert!(house.agents.heard().len() > before + 30);
}

#[tokio::test(start_paused = true)]
async fn those_that_are_asked_no_more_leave_nothing_behind_in_the_queues() {
    let narrow = Budgets {
        closet: 1,
        ..Budgets::default()
    };
    let mut house = house(switch(b"sw", 48), PollerConfig::default(), narrow);
    let jobs = [(Job::Status, 30), (Job::Interfaces, 30)];
    let targets: Vec<Target> = (0..40).map(|n| at(n, 7, 0, &jobs)).collect();
    house.poller.set_targets(targets.clone().into());
    let _ = house.pass(60).await;
    assert!(house.poller.stats().holding > 10);
    house.poller.set_targets(Vec::new().into());
    let _ = house.pass(60).await;
    let stats = house.poller.stats();
    assert_eq!((stats.holding, stats.window, stats.targets), (0, 0, 0));
    let before = house.agents.heard().len();
    let _ = house.pass(600).await;
    assert_eq!(house.agents.heard().len(), before);
    // and they are taken up again as if nothing had been
    house.poller.set_budgets(Arc::new(Budgets::default()));
    house.poller.set_targets(targets.into());
    let seen = house.pass(120).await;
    assert!(outcomes(&seen).all(|o| *o == PollOutcome::Answered));
    assert_eq!(house.poller.stats().holding, 0);
}
