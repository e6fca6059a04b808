//! Which poll goes first where the window is full, and that none waits for ever: in virtual time, over a wire in memory.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wardwatch::config::plans::shipped;
use wardwatch::event::{Job, Observation, OverrunKind, Target};
use wardwatch::model::{Budgets, Intervals, PollPlan, PollPlans, Priority};
use wardwatch::sources::snmp::PollerConfig;
use wardwatch::wire::snmp::PduKind;

use super::common::{agent, community, oid, target};
use super::fake::switch;
use super::memory::{Heard, House, house};

const JOBS: [(Job, u32); 3] = [(Job::Status, 30), (Job::Interfaces, 60), (Job::Tables, 300)];
const DEVICES: u32 = 60;

fn ip(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x7f60_0000 + n))
}

/// Two places in the window, and answers so slow that less goes through them than is asked for.
fn crowded(all: Duration) -> House {
    let config = PollerConfig {
        window: 2,
        first_timeout: Duration::from_secs(4),
        least_timeout: Duration::from_secs(4),
        ..PollerConfig::default()
    };
    let unlimited = Budgets {
        device: 1_000_000,
        endpoint: 1_000_000,
        closet: 1_000_000,
        uplink: 1_000_000,
        ..Budgets::default()
    };
    let house = house(switch(b"sw", 48), config, unlimited);
    house.agents.inner().all = all;
    let targets: Vec<Target> = (0..DEVICES)
        .map(|n| target(SocketAddr::new(ip(n), 161), &["v2c"], &JOBS))
        .collect();
    house.poller.set_targets(targets.into());
    house
}

fn is_status(heard: &Heard) -> bool {
    let names: Vec<String> = heard.names.iter().map(ToString::to_string).collect();
    heard.kind == PduKind::Get && names.iter().any(|n| n == "1.3.6.1.2.1.1.5.0")
}

fn missed(seen: &[Observation]) -> BTreeMap<(Job, OverrunKind), usize> {
    let mut all = BTreeMap::new();
    for observation in seen {
        if let Observation::Overrun(o) = observation {
            *all.entry((o.job, o.kind)).or_default() += 1;
        }
    }
    all
}

/// The longest that each device was not asked something, from a moment on.
fn longest(heard: &[Heard], from: Duration, of: impl Fn(&Heard) -> bool) -> Vec<Duration> {
    let end = heard.last().unwrap().at;
    let gaps = |who: IpAddr| {
        let asked = heard
            .iter()
            .filter(|h| h.who == who && h.at >= from && of(h));
        let times: Vec<Duration> = [from]
            .into_iter()
            .chain(asked.map(|h| h.at))
            .chain([end])
            .collect();
        let gaps = times.windows(2).map(|w| w[1].saturating_sub(w[0]));
        gaps.max().unwrap()
    };
    (0..DEVICES).map(|n| gaps(ip(n))).collect()
}

#[tokio::test(start_paused = true)]
async fn with_the_window_full_the_status_of_a_device_goes_before_its_tables_and_nothing_starves() {
    // three or four answers a second go through it; the status of all wants two of them, and everything together some six
    let mut house = crowded(Duration::from_millis(600));
    let warm = Duration::from_mins(10);
    let _ = house.pass(600).await;
    let seen = house.pass(2_400).await;
    let stats = house.poller.stats();
    assert_eq!(stats.most_window, 2, "{stats:?}");
    let heard = house.agents.heard();
    let a_second = heard.iter().filter(|h| h.at >= warm).count() / 2_400;
    assert!(a_second >= 3, "the window was never empty: {a_second}");

    // the status of every one is asked in its time, whatever else waits; its interval is 30 s and a fifth
    for (n, gap) in longest(&heard, warm, is_status).iter().enumerate() {
        assert!(*gap <= Duration::from_secs(41), "{n}: {gap:?}");
    }
    // what there is no room for is ended, left out and asked less often, and every bit of that is counted
    let missed = missed(&seen);
    assert!(
        missed.keys().all(|(job, _)| *job != Job::Status),
        "{missed:?}"
    );
    assert!(
        missed.keys().any(|(job, _)| *job == Job::Tables),
        "{missed:?}"
    );
    assert!(
        missed.keys().all(|(_, kind)| *kind != OverrunKind::Budget),
        "no budget is to blame: {missed:?}"
    );
    assert!(stats.overruns > 0 && stats.stretched > 0, "{stats:?}");
    // the tables of every one are asked all the same
    let forwarding = |h: &Heard| {
        let names = h.names.iter().map(ToString::to_string);
        names.into_iter().any(|n| n.starts_with("1.3.6.1.2.1.17."))
    };
    for (n, gap) in longest(&heard, warm, forwarding).iter().enumerate() {
        assert!(*gap <= Duration::from_mins(20), "{n}: {gap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_the_site_says_what_goes_first_and_that_counts_at_once() {
    let last = |p: &PollPlan| PollPlan {
        priority: p.job.map(|job| match job {
            Job::Status => Priority::from(9),
            _ => Priority::FIRST,
        }),
        ..p.clone()
    };
    let plans = shipped(&Intervals::default());
    let turned = PollPlans::new(plans.iter().map(last));
    let mut late = Vec::new();
    let mut house = crowded(Duration::from_millis(600));
    for plans in [plans, turned] {
        house.poller.set_plans(Arc::new(plans));
        let _ = house.pass(600).await;
        let from = house.agents.heard().last().unwrap().at;
        let _ = house.pass(1_200).await;
        let gaps = longest(&house.agents.heard(), from, is_status);
        late.push(gaps.into_iter().max().unwrap());
    }
    assert!(late[0] <= Duration::from_secs(41), "{late:?}");
    assert!(late[1] > Duration::from_mins(1), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_person_goes_before_everything_that_waits_for_a_place_in_the_window() {
    let mut house = crowded(Duration::from_millis(600));
    let _ = house.pass(300).await;
    for n in 0..DEVICES {
        let who = agent(SocketAddr::new(ip(n), 161), community("public"));
        let asked = Instant::now();
        let name = oid("1.3.6.1.2.1.1.5.0");
        let answer = house.poller.get(who, vec![name], "a person".into(), None);
        answer.await.unwrap();
        // what the device was just asked, its status where that went before a walk, a place in the window, and its own answer
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(4), "{n}: {took:?}");
    }
}
