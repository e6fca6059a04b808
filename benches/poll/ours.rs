//! wardwatch as a contender: its poller, with and without the fold behind it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use wardwatch::engine::State;
use wardwatch::event::{Body, ConfigAppliedV2, Event, Job, Observation, PollOutcome, Target};
use wardwatch::gate::Gate;
use wardwatch::model::{
    AuthProtocol, DeviceClass, DeviceSpec, PlainSecret, PrivProtocol, SegmentSpec, Seq, Site, Text,
    Time, TouchPolicy, TouchTable,
};
use wardwatch::sources::snmp::{Login, Poller, PollerConfig, poll_once};

use super::child::{Order, Outcome, cpu_seconds};
use super::farm::{AUTH, COMMUNITY, PRIVACY, USER};

fn secret(of: (&str, &str)) -> PlainSecret {
    PlainSecret::new(of.1.as_bytes().to_vec())
}

fn login(v3: bool) -> Login {
    if v3 {
        Login::V3 {
            user: USER.into(),
            auth: Some((AuthProtocol::Sha256, secret(AUTH))),
            privacy: Some((PrivProtocol::Aes128, secret(PRIVACY))),
            context: Text::empty(),
        }
    } else {
        Login::V2c {
            community: secret(COMMUNITY),
        }
    }
}

fn targets(order: &Order, jobs: &[(Job, u32)]) -> Vec<Target> {
    order
        .agents()
        .map(|at| Target {
            address: at.ip(),
            port: at.port(),
            credentials: vec!["bench".into()],
            class: DeviceClass::Switch,
            jobs: jobs.to_vec(),
            confirm_s: 10,
            model: 0,
            closet: 0,
            uplink: 0,
            v2c_fallback: true,
            answers_from_any_address: false,
            in_flight: 1,
        })
        .collect()
}

/// A poller behind a gate that is open to loopback alone.
fn poller(order: &Order, sink: mpsc::Sender<Vec<Observation>>) -> (Arc<Gate>, Poller) {
    let gate = Gate::new();
    gate.install(Arc::new(TouchTable {
        revision: 1,
        addresses: BTreeMap::new(),
        unknown: vec![("127.0.0.0/8".parse().unwrap(), TouchPolicy::Full)],
        elsewhere: TouchPolicy::Never,
    }));
    let config = PollerConfig {
        window: order.window,
        ..PollerConfig::default()
    };
    let poller = Poller::start(Arc::clone(&gate), sink, config).unwrap();
    poller.set_logins(BTreeMap::from([("bench".into(), login(order.v3))]));
    (gate, poller)
}

/// The state, and what is folded into it.
struct Fold {
    state: State,
    origin: Instant,
}

impl Fold {
    fn new(order: &Order) -> Self {
        let site = Site {
            segments: vec![SegmentSpec {
                name: "farm".into(),
                nets: vec!["127.0.0.0/8".parse().unwrap()],
                ..SegmentSpec::default()
            }],
            devices: order
                .agents()
                .enumerate()
                .map(|(n, at)| DeviceSpec {
                    name: format!("agent-{n:06}").into(),
                    class: DeviceClass::Switch,
                    addresses: vec![at.ip()],
                    ..DeviceSpec::default()
                })
                .collect(),
            ..Site::default()
        };
        let mut fold = Self {
            state: State::new(),
            origin: Instant::now(),
        };
        fold.apply(Body::Config(Box::new(ConfigAppliedV2 {
            hash: "bench".into(),
            site,
        })));
        fold
    }

    fn apply(&mut self, body: Body) {
        let event = Event {
            seq: Seq(self.state.seq.0 + 1),
            time: Time(1_800_000_000_000 + self.origin.elapsed().as_millis() as i64),
            body,
        };
        let _ = self.state.apply(&event);
    }
}

/// The plan of the bench, round after round, each result folded as it comes if that is wanted.
pub async fn once(order: &Order, folded: bool) -> Outcome {
    let (sink, mut seen) = mpsc::channel(64);
    tokio::spawn(async move { while seen.recv().await.is_some() {} });
    let (_gate, poller) = poller(order, sink);
    let targets = targets(order, &[]);
    // known from before, as in a program that runs: engines are discovered and keys localised in the round that is not measured
    poller.set_targets(Arc::new(targets.clone()));
    let mut fold = folded.then(|| Fold::new(order));
    let mut total = Outcome::default();
    for round in 0..order.rounds + u32::from(order.warm) {
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let (mut living_wall, mut living_cpu) = (0.0, 0.0);
        let (mut answered, devices) = (0u32, order.devices);
        let sums = poll_once(&poller, &targets, "bench", |result| {
            if result.poll.outcome == PollOutcome::Answered {
                answered += 1;
                // a clock is read now and then, for it costs as well
                if answered % 64 == 0 || answered > devices / 2 && answered % 4 == 0 {
                    living_wall = start.elapsed().as_secs_f64();
                    living_cpu = cpu_seconds() - cpu;
                }
            }
            if let Some(fold) = &mut fold {
                fold.apply(Body::Observation(Observation::Poll(Box::new(result.poll))));
                for table in result.tables {
                    fold.apply(Body::Observation(table));
                }
            }
        })
        .await
        .unwrap();
        if order.warm && round == 0 {
            continue;
        }
        total.polls += sums.devices;
        total.answered += sums.answered;
        total.varbinds += sums.varbinds;
        total.pdus += sums.pdus_sent;
        total.retries += sums.retries;
        total.drops += sums.socket_drops;
        total.wall_s += sums.wall_s;
        total.cpu_s += cpu_seconds() - cpu;
        total.living_wall_s += living_wall;
        total.living_cpu_s += living_cpu;
    }
    if let Some(fold) = &fold {
        let known = fold.state.devices.len();
        assert_eq!(known, order.devices as usize, "one device for each agent");
    }
    total
}

/// Status and interfaces of each on the schedule, folded as they come; `rounds` intervals are measured after two that are not.
pub async fn scheduled(order: &Order) -> Outcome {
    let (sink, mut seen) = mpsc::channel(1_024);
    let (gate, poller) = poller(order, sink);
    let jobs = [
        (Job::Status, order.interval_s),
        (Job::Interfaces, order.interval_s),
    ];
    let mut fold = Fold::new(order);
    poller.set_targets(Arc::new(targets(order, &jobs)));
    let interval = Duration::from_secs(u64::from(order.interval_s));
    let mut total = Outcome::default();
    let mut beat = tokio::time::interval(Duration::from_secs(1));
    let start = Instant::now();
    let begin = start + 2 * interval;
    let end = begin + order.rounds * interval;
    let mut from: Option<(Instant, f64, _)> = None;
    loop {
        let now = Instant::now();
        if from.is_none() && now >= begin {
            from = Some((now, cpu_seconds(), poller.stats()));
        }
        if now >= end {
            break;
        }
        tokio::select! {
            batch = seen.recv() => {
                for observation in batch.expect("the poller is there") {
                    if let (Observation::Poll(poll), Some(_)) = (&observation, &from) {
                        total.polls += 1;
                        total.answered += u64::from(poll.outcome == PollOutcome::Answered);
                    }
                    fold.apply(Body::Observation(observation));
                }
            }
            _ = beat.tick() => {
                // as the collector does: what was sent is noted, and time goes on
                drop(gate.drain_ledger());
                fold.apply(Body::Tick);
            }
        }
    }
    let (since, cpu, before) = from.expect("it was measured");
    let after = poller.stats();
    total.cpu_s = cpu_seconds() - cpu;
    total.wall_s = since.elapsed().as_secs_f64();
    total.varbinds = after.varbinds - before.varbinds;
    total.pdus = after.pdus_sent - before.pdus_sent;
    total.retries = after.retries - before.retries;
    total.drops = after.socket_drops - before.socket_drops;
    total
}
