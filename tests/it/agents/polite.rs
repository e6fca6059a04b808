//! A scan's questions: within what its lines may carry, the silent once more, in virtual time over a wire in memory.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use wardwatch::event::{PollOutcome, Target};
use wardwatch::model::{Budgets, UplinkSpec};
use wardwatch::sources::snmp::{PollerConfig, poll_once};

use super::common::target;
use super::fake::switch;
use super::memory::house;

const BURST: Duration = Duration::from_millis(8);

fn ip(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x7f51_0000 + n))
}

fn at(n: u32, uplink: u32) -> Target {
    Target {
        uplink,
        ..target(SocketAddr::new(ip(n), 161), &["v2c"], &[])
    }
}

fn line(packets: u32) -> UplinkSpec {
    UplinkSpec {
        packets: Some(packets),
        ..UplinkSpec::default()
    }
}

#[tokio::test(start_paused = true)]
async fn no_line_carries_more_than_it_may_and_the_silent_are_asked_once_more() {
    let config = PollerConfig {
        window: 64,
        retries: 1,
        polite: Some(BURST),
        ..PollerConfig::default()
    };
    let budgets = Budgets {
        uplinks: vec![line(20), line(500)],
        ..Budgets::default()
    };
    let house = house(switch(b"sw", 4), config, budgets);
    // sixty behind the narrow line, four hundred behind the other one; every third is silent
    let uplink = |n: u32| if n < 60 { 1 } else { 2 };
    let silent = |n: u32| n.is_multiple_of(3);
    house.agents.inner().silent = (0..460).filter(|n| silent(*n)).map(ip).collect();
    let targets: Vec<Target> = (0..460).map(|n| at(n, uplink(n))).collect();
    let mut outcomes = BTreeMap::new();
    let sums = poll_once(&house.poller, &targets, "status", |r| {
        outcomes.insert(r.address, r.poll.outcome);
    })
    .await
    .unwrap();
    for n in 0..460 {
        let expected = if silent(n) {
            PollOutcome::Timeout
        } else {
            PollOutcome::Answered
        };
        assert_eq!(outcomes[&ip(n)], expected, "{n}");
    }
    let mut times: BTreeMap<IpAddr, u32> = BTreeMap::new();
    for heard in house.agents.heard() {
        *times.entry(heard.who).or_default() += 1;
    }
    for n in 0..460 {
        assert_eq!(times[&ip(n)], if silent(n) { 2 } else { 1 }, "{n}");
    }
    assert_eq!(sums.retries, 154);
    for (number, rate) in [(1, 20), (2, 500)] {
        let sent: Vec<Duration> = house
            .agents
            .heard()
            .into_iter()
            .filter(|h| (0..460).any(|n| ip(n) == h.who && uplink(n) == number))
            .map(|h| h.at)
            .collect();
        for (from, begun) in sent.iter().enumerate() {
            for (n, at) in (1u128..).zip(&sent[from..]) {
                let since = at.saturating_sub(*begun);
                let stretch = (since + BURST).as_millis();
                let most = stretch * rate / 1_000 + 2;
                assert!(n <= most, "{n} within {since:?} at {rate}/s");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_who_polls_does_not_wait_for_a_budget() {
    let budgets = Budgets {
        uplinks: vec![line(1)],
        ..Budgets::default()
    };
    let house = house(switch(b"sw", 4), PollerConfig::default(), budgets);
    let targets: Vec<Target> = (0..50).map(|n| at(n, 1)).collect();
    poll_once(&house.poller, &targets, "status", drop)
        .await
        .unwrap();
    let last = house.agents.heard().into_iter().map(|h| h.at).max();
    assert!(last < Some(Duration::from_secs(1)), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn a_line_keeps_its_time_from_one_round_to_the_next() {
    let config = PollerConfig {
        polite: Some(BURST),
        ..PollerConfig::default()
    };
    let budgets = Budgets {
        uplinks: vec![line(10)],
        ..Budgets::default()
    };
    let house = house(switch(b"sw", 4), config, budgets);
    let targets: Vec<Target> = (0..30).map(|n| at(n, 1)).collect();
    for _ in 0..2 {
        let sums = poll_once(&house.poller, &targets, "status", drop)
            .await
            .unwrap();
        assert_eq!(sums.answered, 30, "{sums:?}");
    }
    let heard = house.agents.heard();
    assert_eq!(heard.len(), 60);
    assert!(house.agents.busiest(|_| true) <= 11);
}
