//! Whatever an agent does wrong is named on its device, and on no other: each kind of fault there is, by an agent that has it, in
//! virtual time. A kind that is added does not compile here before it is said who has it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use wardwatch::engine::{Filter, State};
use wardwatch::event::{AgentFault, Body, ConfigAppliedV2, Event, Job, Observation};
use wardwatch::gate::Wire;
use wardwatch::model::{
    AuthProtocol, DeviceClass, DeviceSpec, SegmentSpec, Seq, Site, Time, TouchPolicy,
};
use wardwatch::sim::agent::{Agent, Community, Faults, Fixed, Verdict};
use wardwatch::sim::mib::{Mib, MibBuilder};
use wardwatch::sources::snmp::{Poller, PollerConfig};
use wardwatch::wire::snmp::Value;
use wardwatch::wire::snmp::usm::UserKeys;

use super::common::{community, gate, secret, target, user};

const PASSWORD: &str = "auth-secret-1";

/// How an agent gets a fault: as the farm has it, or by what becomes of its answers on their way.
#[derive(Default)]
struct Wrong {
    faults: Faults,
    /// It is asked by SNMPv3.
    v3: bool,
    spoil: Option<fn(&mut Vec<u8>)>,
}

/// Who has it.
fn who_has(fault: AgentFault) -> Wrong {
    let as_farm = |faults| Wrong {
        faults,
        ..Wrong::default()
    };
    match fault {
        AgentFault::Late => as_farm(Faults {
            delay: Duration::from_secs(15),
            ..Faults::default()
        }),
        AgentFault::WrongId => as_farm(Faults {
            wrong_id: true,
            ..Faults::default()
        }),
        AgentFault::WrongSource => as_farm(Faults {
            wrong_source: true,
            ..Faults::default()
        }),
        AgentFault::Duplicate => as_farm(Faults {
            duplicate: true,
            ..Faults::default()
        }),
        AgentFault::Loop => as_farm(Faults {
            looping: true,
            ..Faults::default()
        }),
        AgentFault::Endless => as_farm(Faults {
            endless: true,
            ..Faults::default()
        }),
        AgentFault::Truncated => as_farm(Faults {
            truncated: Some(4),
            ..Faults::default()
        }),
        AgentFault::TooBig => as_farm(Faults {
            too_big: Some(5),
            ..Faults::default()
        }),
        AgentFault::BootsFrozen => Wrong {
            v3: true,
            ..as_farm(Faults {
                boots_frozen: Some(Duration::from_secs(70)),
                ..Faults::default()
            })
        },
        AgentFault::NotAuthentic => Wrong {
            v3: true,
            // the last octets are of the message that the digest is over
            spoil: Some(|answer| {
                if let Some(last) = answer.last_mut() {
                    *last ^= 1;
                }
            }),
            ..Wrong::default()
        },
        AgentFault::Malformed => Wrong {
            spoil: Some(|answer| answer.truncate(answer.len() - 3)),
            ..Wrong::default()
        },
    }
}

/// A switch with four ports and a chassis.
fn mib() -> Mib {
    let mut mib = MibBuilder::default();
    mib.text(&[1, 3, 6, 1, 2, 1, 1, 1, 0], "a switch of the test");
    mib.text(&[1, 3, 6, 1, 2, 1, 1, 5, 0], "sw");
    mib.live(&[1, 3, 6, 1, 2, 1, 1, 3, 0], |at| {
        Value::TimeTicks((at.as_millis() / 10) as u32 + 100_000)
    });
    mib.fixed(&[1, 3, 6, 1, 2, 1, 2, 1, 0], Value::Integer(4));
    let ports = || (1..=4u32).map(|n| vec![n]);
    let one = |_: usize, _: u32, _: Duration| Some(Value::Integer(1));
    mib.table(&[1, 3, 6, 1, 2, 1, 2, 2, 1], &[7, 8], ports(), one);
    mib.table(
        &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1],
        &[6, 10],
        ports(),
        |_, _, at| Some(Value::Counter64(at.as_millis() as u64)),
    );
    // the chassis comes first
    mib.table(
        &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1],
        &[5],
        ports(),
        |row, _, _| Some(Value::Integer(if row == 0 { 3 } else { 9 })),
    );
    mib.build()
}

struct Inner {
    begun: Instant,
    back: VecDeque<(Vec<u8>, SocketAddr)>,
    waker: Option<Waker>,
}

/// Agents, each with what it does wrong.
#[derive(Clone)]
struct Ward {
    agents: Arc<BTreeMap<IpAddr, (Agent, Wrong)>>,
    inner: Arc<Mutex<Inner>>,
}

impl std::fmt::Debug for Ward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} agents", self.agents.len())
    }
}

impl Ward {
    fn new(all: impl IntoIterator<Item = (IpAddr, Wrong)>) -> Self {
        let auth = Some((AuthProtocol::Sha256, PASSWORD.as_bytes()));
        let keys = UserKeys::derive(auth, None).unwrap();
        let agent = |(at, wrong): (IpAddr, Wrong)| {
            let opens = Community::Only(secret("public"));
            let agent = Agent::new(Fixed(Arc::new(mib())), opens, 1_472);
            let agent = agent.with_user(b"\x80\x00\x1f\x88\x04ward", b"ana", &keys);
            agent.set_faults(wrong.faults.clone());
            (at, (agent, wrong))
        };
        Self {
            agents: Arc::new(all.into_iter().map(agent).collect()),
            inner: Arc::new(Mutex::new(Inner {
                begun: Instant::now(),
                back: VecDeque::new(),
                waker: None,
            })),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

impl Wire for Ward {
    fn send(&self, to: SocketAddr, datagram: &[u8]) {
        let (agent, wrong) = &self.agents[&to.ip()];
        let at = self.inner().begun.elapsed();
        let Verdict::Answer(mut answer, manner) = agent.receive(datagram, at) else {
            return;
        };
        if let Some(spoil) = wrong.spoil {
            spoil(&mut answer);
        }
        let from = SocketAddr::new(to.ip(), to.port() + u16::from(manner.astray));
        let ward = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(1) + manner.delay).await;
            let mut inner = ward.inner();
            for _ in 0..=u8::from(manner.twice) {
                inner.back.push_back((answer.clone(), from));
            }
            if let Some(waker) = inner.waker.take() {
                waker.wake();
            }
        });
    }

    fn take(&self, hear: &mut dyn FnMut(&[u8], SocketAddr)) -> usize {
        let back = std::mem::take(&mut self.inner().back);
        for (datagram, from) in &back {
            hear(datagram, *from);
        }
        back.len()
    }

    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.inner();
        if inner.back.is_empty() {
            inner.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

/// The state of a site with these devices after all that was seen of them.
fn folded(names: &[(&str, IpAddr)], seen: Vec<Observation>) -> State {
    let site = Site {
        segments: vec![SegmentSpec {
            name: "core".into(),
            nets: vec!["127.82.0.0/16".parse().unwrap()],
            ..SegmentSpec::default()
        }],
        devices: names
            .iter()
            .map(|(name, at)| DeviceSpec {
                name: (*name).into(),
                class: DeviceClass::Switch,
                addresses: vec![*at],
                ..DeviceSpec::default()
            })
            .collect(),
        ..Site::default()
    };
    let config = Body::Config(Box::new(ConfigAppliedV2 {
        hash: "a".into(),
        site,
    }));
    let mut state = State::new();
    let bodies = seen.into_iter().map(Body::Observation);
    for (body, n) in std::iter::once(config).chain(bodies).zip(1..) {
        let _ = state.apply(&Event {
            seq: Seq(n),
            time: Time::from_clock(),
            body,
        });
    }
    state
}

/// The faults that stand on a device.
fn on(state: &State, name: &str) -> BTreeSet<AgentFault> {
    let device = state.find_device(name).unwrap();
    let faults = device.conduct.iter().flat_map(|c| c.faults.keys());
    faults.copied().collect()
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_fault_is_named_on_the_device_that_has_it_and_on_no_other() {
    let (odd, good) = (
        SocketAddr::from(([127, 82, 0, 1], 161)),
        SocketAddr::from(([127, 82, 0, 2], 161)),
    );
    for fault in AgentFault::ALL {
        let wrong = who_has(fault);
        let v3 = wrong.v3;
        let (sink, mut all) = mpsc::channel(65_536);
        let ward = Ward::new([(odd.ip(), wrong), (good.ip(), Wrong::default())]);
        let config = PollerConfig::default();
        let poller = Poller::start_over(gate(TouchPolicy::Full), Arc::new(ward), sink, config);
        let poller = poller.unwrap();
        let ana = user("ana", Some((AuthProtocol::Sha256, PASSWORD)), None);
        poller.set_logins([("v2c".into(), community("public")), ("v3".into(), ana)].into());
        let jobs = [
            (Job::Status, 30),
            (Job::Interfaces, 60),
            (Job::Inventory, 60),
        ];
        let with: &[&str] = if v3 { &["v3"] } else { &["v2c"] };
        let targets = vec![target(odd, with, &jobs), target(good, with, &jobs)];
        poller.set_targets(targets.into());
        tokio::time::sleep(Duration::from_mins(5)).await;
        poller.stop();
        let mut seen = Vec::new();
        while let Ok(batch) = all.try_recv() {
            seen.extend(batch);
        }
        let state = folded(&[("odd", odd.ip()), ("good", good.ip())], seen);
        assert_eq!(on(&state, "odd"), [fault].into(), "{fault:?}");
        assert_eq!(on(&state, "good"), BTreeSet::new(), "{fault:?}");
        // and a person who looks for it finds that one
        let filter = Filter::parse(&format!("fault:{}", fault.word())).unwrap();
        let devices = state.devices.values();
        let found: Vec<_> = devices
            .filter(|d| filter.matches(&state, d, state.time))
            .map(|d| d.name.as_str())
            .collect();
        assert_eq!(found, ["odd"], "{fault:?}");
    }
}
