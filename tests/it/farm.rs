//! The farm against the poller: what is sound is answered whole, what is faulty is counted, and neither suffers from the other.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use wardwatch::event::PollOutcome;
use wardwatch::model::{AuthProtocol, PlainSecret, PrivProtocol, Text, TouchPolicy};
use wardwatch::sim::farm::{Farm, FarmOptions, FarmUser, FaultKind};
use wardwatch::sources::snmp::{PollResult, PollSummary, PollerConfig, poll_once};

use crate::agents::common::{Bench, PATIENCE, bench, community, gate, quick, secret, target, user};
use crate::command_line::ground::{Running, program, run};

const AGENTS: u32 = 100;

fn options(faults: &[&str]) -> FarmOptions {
    FarmOptions {
        faults: faults.iter().map(|f| f.parse().unwrap()).collect(),
        ..FarmOptions::simple(AGENTS, 24, PlainSecret::new(b"farm".to_vec()))
    }
}

/// A farm, a poller, and what one poll of all with the plan `bench` gave.
struct Polled {
    farm: Farm,
    bench: Bench,
    results: Vec<PollResult>,
    sums: PollSummary,
}

async fn poll(options: FarmOptions, config: PollerConfig) -> Polled {
    let v3 = options.user.is_some();
    let farm = Farm::start(options).unwrap();
    let bench = bench(&gate(TouchPolicy::Full), config);
    let login = if v3 {
        user(
            "ana",
            Some((AuthProtocol::Sha256, "authentic-1")),
            Some((PrivProtocol::Aes128, "private-1")),
        )
    } else {
        community("farm")
    };
    bench
        .poller
        .set_logins([(Text::from("farm"), login)].into());
    let mut polled = Polled {
        farm,
        bench,
        results: Vec::new(),
        sums: PollSummary::default(),
    };
    polled.again().await;
    polled
}

impl Polled {
    async fn again(&mut self) {
        let targets: Vec<_> = self
            .farm
            .addresses()
            .map(|at| target(at, &["farm"], &[]))
            .collect();
        let results = &mut self.results;
        results.clear();
        self.sums = poll_once(&self.bench.poller, &targets, "bench", |r| results.push(r))
            .await
            .unwrap();
        let first = self.farm.addresses().next().unwrap().ip();
        let number = |r: &PollResult| match (r.address, first) {
            (std::net::IpAddr::V4(a), std::net::IpAddr::V4(first)) => {
                u32::from(a) - u32::from(first)
            }
            _ => panic!("a farm is on IPv4"),
        };
        self.results.sort_by_key(number);
        assert_eq!(self.results.len(), AGENTS as usize, "one result each");
        for (n, result) in (0..).zip(&self.results) {
            assert_eq!(number(result), n);
        }
    }

    /// Those that a fault befalls; all others must have answered whole.
    fn faulty(&self, kind: FaultKind) -> Vec<&PollResult> {
        let (faulty, sound): (Vec<_>, Vec<_>) = (0..)
            .zip(&self.results)
            .partition(|(n, _)| self.farm.has(*n, kind));
        for (n, result) in sound {
            whole(result);
            let name = result.poll.system.as_ref().unwrap().name.as_str();
            assert_eq!(name, format!("agent-{n:06}"));
        }
        let faulty: Vec<_> = faulty.into_iter().map(|(_, r)| r).collect();
        assert!(!faulty.is_empty());
        faulty
    }

    /// Waits for a count that rises with datagrams on their way.
    async fn until(&self, what: &str, count: impl Fn(&Bench) -> u64, least: u64) {
        let end = Instant::now() + PATIENCE;
        while count(&self.bench) < least {
            assert!(
                Instant::now() < end,
                "{what}: {:?}",
                self.bench.poller.stats()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn whole(result: &PollResult) {
    assert_eq!(result.poll.outcome, PollOutcome::Answered, "{result:?}");
    assert!(result.poll.interfaces_whole, "{result:?}");
    assert_eq!(result.poll.interfaces.len(), 24);
    assert!(result.poll.interfaces.iter().all(|i| i.counters.is_some()));
}

/// Timeouts that nothing but a lost datagram reaches, on a busy machine too.
fn patient() -> PollerConfig {
    PollerConfig {
        first_timeout: Duration::from_secs(2),
        least_timeout: Duration::from_secs(2),
        most_timeout: Duration::from_secs(4),
        retries: 1,
        ..PollerConfig::default()
    }
}

#[tokio::test]
async fn a_sound_farm_is_polled_whole_in_two_datagrams_each() {
    let polled = poll(options(&[]), patient()).await;
    polled.results.iter().for_each(whole);
    assert_eq!(polled.sums.pdus_sent, 2 * u64::from(AGENTS));
    assert_eq!(
        (
            polled.sums.answered,
            polled.sums.retries,
            polled.sums.socket_drops
        ),
        (u64::from(AGENTS), 0, 0)
    );
    assert_eq!(polled.farm.counts().answered, 2 * u64::from(AGENTS));
}

#[tokio::test]
async fn a_farm_opens_to_a_v3_user_as_well() {
    let user = FarmUser {
        name: "ana".into(),
        auth: secret("authentic-1"),
        privacy: secret("private-1"),
    };
    let with_user = FarmOptions {
        user: Some(user),
        ..options(&[])
    };
    let polled = poll(with_user, patient()).await;
    polled.results.iter().for_each(whole);
    assert!(
        polled
            .results
            .iter()
            .all(|r| r.poll.credential.as_str() == "farm")
    );
}

#[tokio::test]
async fn the_dead_time_out_and_no_other() {
    let polled = poll(options(&["dead=10"]), quick()).await;
    let dead = polled.faulty(FaultKind::Dead);
    assert_eq!(dead.len(), 10);
    assert!(dead.iter().all(|r| r.poll.outcome == PollOutcome::Timeout));
    assert_eq!((polled.sums.answered, polled.sums.timed_out), (90, 10));
}

#[tokio::test]
async fn what_is_lost_is_asked_again() {
    let often = PollerConfig {
        retries: 8,
        ..quick()
    };
    let polled = poll(options(&["loss:20=50"]), often).await;
    polled.faulty(FaultKind::Loss).into_iter().for_each(whole);
    assert!(polled.farm.counts().faulted > 0 && polled.sums.retries > 0);
    // who was asked again and answered the first question leaves the farm one to read when all is over
    let seen = || polled.farm.counts().answered + polled.farm.counts().faulted;
    let all = async {
        while seen() < polled.sums.pdus_sent {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(20), all).await;
    assert_eq!(polled.sums.pdus_sent, seen());
}

#[tokio::test]
async fn a_slow_agent_is_waited_for() {
    let polled = poll(options(&["delay:60=20"]), patient()).await;
    for slow in polled.faulty(FaultKind::Delay) {
        whole(slow);
        assert!(slow.poll.rtt_ms.unwrap() >= 60, "{:?}", slow.poll.rtt_ms);
    }
    assert_eq!(polled.sums.retries, 0);
}

#[tokio::test]
async fn an_answer_after_the_timeout_is_late_and_counted() {
    let polled = poll(options(&["late:2500=5"]), quick()).await;
    let late = polled.faulty(FaultKind::Late);
    assert!(late.iter().all(|r| r.poll.outcome == PollOutcome::Timeout));
    let unwanted = |b: &Bench| b.poller.stats().late + b.poller.stats().unmatched;
    polled.until("late answers", unwanted, 5).await;
}

#[tokio::test]
async fn a_second_answer_to_one_question_is_counted_and_changes_nothing() {
    let polled = poll(options(&["duplicate=30"]), patient()).await;
    let twice = polled.faulty(FaultKind::Duplicate);
    twice.into_iter().for_each(whole);
    let unwanted = |b: &Bench| b.poller.stats().duplicates;
    polled.until("second answers", unwanted, 60).await;
    assert_eq!(
        polled.sums.varbinds,
        polled.results.iter().map(|r| r.varbinds).sum::<u64>()
    );
}

#[tokio::test]
async fn an_answer_with_another_id_or_from_elsewhere_is_none() {
    for (fault, kind) in [
        ("wrong-id=10", FaultKind::WrongId),
        ("wrong-source=10", FaultKind::WrongSource),
    ] {
        let polled = poll(options(&[fault]), quick()).await;
        let astray = polled.faulty(kind);
        assert!(
            astray
                .iter()
                .all(|r| r.poll.outcome == PollOutcome::Timeout),
            "{fault}"
        );
        let unwanted = |b: &Bench| b.poller.stats().late + b.poller.stats().unmatched;
        polled.until(fault, unwanted, 10).await;
    }
}

#[tokio::test]
async fn a_loop_and_a_column_without_end_are_ended_and_not_whole() {
    for (fault, kind) in [
        ("loop=10", FaultKind::Loop),
        ("endless=2", FaultKind::Endless),
    ] {
        let polled = poll(options(&[fault]), patient()).await;
        for bad in polled.faulty(kind) {
            assert_eq!(bad.poll.outcome, PollOutcome::Answered, "{fault}");
            // behind as many rows as ifNumber says no end is looked for
            let all = bad.poll.interfaces.len() == 24;
            assert_eq!(bad.poll.interfaces_whole, all, "{fault}");
        }
        // what was sent to all, even to those without an end
        assert!(polled.sums.pdus_sent < 2_000, "{fault}: {:?}", polled.sums);
    }
}

#[tokio::test]
async fn too_big_and_truncated_answers_are_put_together_whole() {
    for (fault, kind) in [
        ("too-big=10", FaultKind::TooBig),
        ("truncated=10", FaultKind::Truncated),
    ] {
        let polled = poll(options(&[fault]), patient()).await;
        polled.faulty(kind).into_iter().for_each(whole);
        assert_eq!(polled.sums.answered, u64::from(AGENTS), "{fault}");
    }
}

#[tokio::test]
async fn uptime_that_wraps_is_told_as_it_is() {
    let mut polled = poll(options(&["uptime-wrap:3600=50"]), patient()).await;
    let uptimes = |p: &Polled| -> Vec<u32> {
        let wrapping = p.faulty(FaultKind::UptimeWrap);
        wrapping.iter().map(|r| r.poll.uptime.unwrap()).collect()
    };
    let before = uptimes(&polled);
    polled.farm.clock().jump(Duration::from_hours(1));
    polled.again().await;
    for (before, after) in before.into_iter().zip(uptimes(&polled)) {
        assert!(
            before > u32::MAX - 360_000,
            "497 days all but an hour: {before}"
        );
        assert!(after < 180_000, "and over it: {after}");
        assert!(after.wrapping_sub(before) >= 360_000);
    }
}

#[test]
fn the_command_grows_a_farm_with_faults_and_ends_with_its_counts() {
    let command = program(&[
        "sim",
        "farm",
        "--agents",
        "4",
        "--interfaces",
        "2",
        "--fault",
        "dead=100",
    ]);
    let mut farm = Running::start(command);
    assert!(farm.lines(4)[3].starts_with("127.24.0.4:"));
    let ran = farm.end_by(Signal::SIGTERM).ended(0);
    let last = ran.out.lines().last().unwrap_or_default();
    let counts: serde_json::Value =
        serde_json::from_str(last.strip_prefix("# ").expect("a comment")).unwrap();
    assert_eq!(
        (&counts["datagrams"], &counts["answered"]),
        (&0.into(), &0.into())
    );
}

#[test]
fn a_fault_that_does_not_exist_is_named_with_those_that_do() {
    let ran = run(&["sim", "farm", "--fault", "slow"]).ended(2);
    ran.said(&["'slow' is no fault", "dead", "uptime-wrap"]);
    let ran = run(&["sim", "farm", "--v3", "ana"]).ended(2);
    ran.said(&["--auth"]);
}
