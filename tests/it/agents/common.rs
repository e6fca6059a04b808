//! What both need: a poller behind an open gate for loopback, and credentials.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use wardwatch::event::{Job, ObsPollV1, Observation, Target};
use wardwatch::gate::Gate;
use wardwatch::model::{
    AuthProtocol, DeviceClass, PlainSecret, PrivProtocol, Text, TouchPolicy, TouchTable,
};
use wardwatch::sources::snmp::{Agent, Login, Poller, PollerConfig};

pub const PATIENCE: Duration = Duration::from_secs(30);

pub fn secret(s: &str) -> PlainSecret {
    PlainSecret::new(s.as_bytes().to_vec())
}

pub fn community(s: &str) -> Login {
    Login::V2c {
        community: secret(s),
    }
}

pub fn user(
    name: &str,
    auth: Option<(AuthProtocol, &str)>,
    privacy: Option<(PrivProtocol, &str)>,
) -> Login {
    Login::V3 {
        user: name.into(),
        auth: auth.map(|(p, s)| (p, secret(s))),
        privacy: privacy.map(|(p, s)| (p, secret(s))),
        context: Text::empty(),
    }
}

pub fn gate(policy: TouchPolicy) -> Arc<Gate> {
    let gate = Gate::new();
    install(&gate, 1, policy);
    gate
}

pub fn install(gate: &Gate, revision: u64, policy: TouchPolicy) {
    gate.install(Arc::new(TouchTable {
        revision,
        addresses: BTreeMap::new(),
        unknown: vec![("127.0.0.0/8".parse().unwrap(), policy)],
        elsewhere: TouchPolicy::Never,
    }));
}

/// Short timeouts: silence is what some tests wait for. Nothing asserts how long anything took.
pub fn quick() -> PollerConfig {
    PollerConfig {
        first_timeout: Duration::from_millis(250),
        least_timeout: Duration::from_millis(250),
        most_timeout: Duration::from_millis(500),
        retries: 1,
        ..PollerConfig::default()
    }
}

pub struct Bench {
    pub poller: Poller,
    pub seen: mpsc::Receiver<Vec<Observation>>,
    waiting: Vec<Observation>,
}

pub fn bench(gate: &Arc<Gate>, config: PollerConfig) -> Bench {
    let (sink, seen) = mpsc::channel(64);
    Bench {
        poller: Poller::start(Arc::clone(gate), sink, config).unwrap(),
        seen,
        waiting: Vec::new(),
    }
}

impl Bench {
    /// The next observation that `wanted` turns into something.
    pub async fn until<T>(&mut self, mut wanted: impl FnMut(&Observation) -> Option<T>) -> T {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            while !self.waiting.is_empty() {
                let observation = self.waiting.remove(0);
                if let Some(found) = wanted(&observation) {
                    return found;
                }
            }
            self.waiting = tokio::time::timeout_at(end, self.seen.recv())
                .await
                .expect("the observation never came")
                .expect("the poller is there");
        }
    }

    /// The next poll of an agent that `wanted` takes.
    pub async fn poll_of(
        &mut self,
        address: IpAddr,
        mut wanted: impl FnMut(&ObsPollV1) -> bool,
    ) -> ObsPollV1 {
        self.until(|o| match o {
            Observation::Poll(p) if p.address == address && wanted(p) => Some((**p).clone()),
            _ => None,
        })
        .await
    }
}

pub fn target(to: SocketAddr, credentials: &[&str], jobs: &[(Job, u32)]) -> Target {
    Target {
        address: to.ip(),
        port: to.port(),
        credentials: credentials.iter().map(|c| Text::from(*c)).collect(),
        class: DeviceClass::Switch,
        jobs: jobs.to_vec(),
        confirm_s: 1,
        model: 0,
        closet: 0,
        uplink: 0,
        v2c_fallback: false,
        answers_from_any_address: false,
        in_flight: 1,
    }
}

pub fn agent(to: SocketAddr, login: Login) -> Agent {
    Agent {
        address: to.ip(),
        port: to.port(),
        login,
    }
}

pub fn oid(s: &str) -> wardwatch::wire::snmp::Oid {
    s.parse().unwrap()
}
