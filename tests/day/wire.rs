//! The agents of a simulated hospital behind a wire in memory, in virtual time: what is asked of them is held against the schedule, and
//! nothing of it is kept, so that what the poller keeps can be counted.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;
use wardwatch::event::Job;
use wardwatch::gate::Wire;
use wardwatch::sim::agent::{Agent, Faults, Subject as _, Verdict};
use wardwatch::sim::mibs::HospitalAgent;
use wardwatch::wire::snmp::usm::{Authority, Incoming};
use wardwatch::wire::snmp::{Message, Pdu, PduKind};

use super::schedule::Course;

/// How long an answer takes at the least.
const TRIP: Duration = Duration::from_millis(1);

/// What a job asks first: a kind of question, and a name in it.
const FIRST: [(Job, PduKind, &[u32]); 5] = [
    (Job::Status, PduKind::Get, &[1, 3, 6, 1, 2, 1, 1, 5, 0]),
    (Job::Ups, PduKind::Get, &[1, 3, 6, 1, 2, 1, 33, 1, 2, 2, 0]),
    (
        Job::Interfaces,
        PduKind::GetBulk,
        &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6],
    ),
    (
        Job::Tables,
        PduKind::GetBulk,
        &[1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1, 2],
    ),
    (
        Job::Inventory,
        PduKind::Get,
        &[1, 3, 6, 1, 2, 1, 47, 1, 4, 1, 0],
    ),
];

/// The job that begins with this question.
fn begins(pdu: &Pdu) -> Option<Job> {
    let of = |(job, kind, name): &(Job, PduKind, &[u32])| {
        let named = pdu.varbinds.iter().any(|v| v.oid.arcs() == *name);
        (pdu.kind == *kind && named).then_some(*job)
    };
    FIRST.iter().find_map(of)
}

/// Below these are sensors, memory and disks alone. Which of them is asked first is another one each time.
const SENSORS: [&[u32]; 6] = [
    &[1, 3, 6, 1, 2, 1, 99],
    &[1, 3, 6, 1, 2, 1, 25, 1],
    &[1, 3, 6, 1, 2, 1, 25, 2],
    &[1, 3, 6, 1, 2, 1, 25, 3, 3],
    &[1, 3, 6, 1, 2, 1, 33, 1, 4],
    &[1, 3, 6, 1, 4, 1],
];

fn is_of_sensors(pdu: &Pdu) -> bool {
    // CDP stands among the private ones, and is asked with the tables
    let cdp: &[u32] = &[1, 3, 6, 1, 4, 1, 9, 9, 23];
    let of = |root: &&[u32]| pdu.varbinds.iter().any(|v| v.oid.arcs().starts_with(root));
    SENSORS.iter().any(of) && !of(&cdp)
}

#[derive(Debug)]
pub struct Inner {
    begun: Instant,
    /// How the jobs of each agent kept their time, as far as what is asked can be read.
    pub courses: BTreeMap<(IpAddr, Job), Course>,
    /// Datagrams to each.
    pub asked: BTreeMap<IpAddr, u64>,
    back: VecDeque<(Vec<u8>, SocketAddr)>,
    waker: Option<Waker>,
}

impl Inner {
    /// A question to an agent: does a job begin with it?
    fn begins(&mut self, who: IpAddr, pdu: &Pdu, at: Duration) {
        let at_ms = at.as_millis() as u64;
        let job = begins(pdu);
        if let Some(course) = job.and_then(|job| self.courses.get_mut(&(who, job))) {
            course.asked(pdu.request_id, at_ms);
        }
        if is_of_sensors(pdu)
            && let Some(course) = self.courses.get_mut(&(who, Job::Sensors))
        {
            course.asked_among(at_ms);
        }
    }
}

/// An agent, with the eyes to read what is asked of it.
pub struct Patient {
    pub agent: Agent,
    /// Of one that speaks SNMPv3: its engine once more, and its clock.
    pub eyes: Option<(Mutex<Authority>, HospitalAgent)>,
}

impl Patient {
    fn read(&self, datagram: &[u8], at: Duration) -> Option<Pdu> {
        let (engine, clock) = self.eyes.as_ref()?;
        let mut engine = engine.lock().unwrap();
        let (boots, time) = clock.engine(at);
        engine.set_boots(boots);
        match engine.open(datagram, time) {
            Incoming::Request(request) => Some(request.message.pdu),
            Incoming::Report(_) | Incoming::Drop(_) => None,
        }
    }
}

/// All of them.
#[derive(Clone)]
pub struct Hospital {
    agents: Arc<BTreeMap<IpAddr, Patient>>,
    inner: Arc<Mutex<Inner>>,
}

impl std::fmt::Debug for Hospital {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} agents", self.agents.len())
    }
}

impl Hospital {
    pub fn new(
        agents: BTreeMap<IpAddr, Patient>,
        courses: BTreeMap<(IpAddr, Job), Course>,
    ) -> Self {
        let asked = agents.keys().map(|a| (*a, 0)).collect();
        Self {
            agents: Arc::new(agents),
            inner: Arc::new(Mutex::new(Inner {
                begun: Instant::now(),
                courses,
                asked,
                back: VecDeque::new(),
                waker: None,
            })),
        }
    }

    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// From now on it misbehaves like this.
    pub fn set_faults(&self, who: IpAddr, faults: Faults) {
        self.agents[&who].agent.set_faults(faults);
    }

    fn comes_back(&self, after: Duration, datagram: Vec<u8>, from: SocketAddr) {
        let all = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let mut inner = all.inner();
            inner.back.push_back((datagram, from));
            if let Some(waker) = inner.waker.take() {
                waker.wake();
            }
        });
    }
}

impl Wire for Hospital {
    fn send(&self, to: SocketAddr, datagram: &[u8]) {
        let at = {
            let mut inner = self.inner();
            let at = inner.begun.elapsed();
            *inner.asked.entry(to.ip()).or_default() += 1;
            let pdu = match Message::decode(datagram) {
                Ok(message) => Some(message.pdu),
                Err(_) => self.agents.get(&to.ip()).and_then(|a| a.read(datagram, at)),
            };
            if let Some(pdu) = pdu {
                inner.begins(to.ip(), &pdu, at);
            }
            at
        };
        let Some(agent) = self.agents.get(&to.ip()) else {
            return;
        };
        let Verdict::Answer(answer, manner) = agent.agent.receive(datagram, at) else {
            return;
        };
        let mut from = to;
        if manner.astray {
            from.set_port(to.port() + 1);
        }
        let after = TRIP.max(manner.delay);
        if manner.twice {
            self.comes_back(after, answer.clone(), from);
        }
        self.comes_back(after, answer, from);
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
