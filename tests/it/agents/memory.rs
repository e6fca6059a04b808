//! Agents behind a wire in memory, for a poller in virtual time: nothing leaves the process, and everything is counted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use wardwatch::event::Observation;
use wardwatch::gate::{Gate, Wire};
use wardwatch::model::{Budgets, TouchPolicy};
use wardwatch::sources::snmp::{Poller, PollerConfig};
use wardwatch::wire::snmp::{Message, Oid, PduKind, Value};

use super::common::{community, gate, oid};
use super::fake::{Mib, serve};

/// A datagram that an agent heard.
#[derive(Clone, Debug)]
pub struct Heard {
    pub at: Duration,
    pub who: IpAddr,
    pub kind: PduKind,
    pub octets: usize,
    /// The names that were asked.
    pub names: Vec<Oid>,
    /// Repetitions of a GETBULK.
    pub repetitions: i32,
}

#[derive(Debug)]
pub struct Inner {
    pub begun: Instant,
    pub mib: Arc<Mib>,
    /// How long an answer to a GETBULK takes.
    pub slow: Duration,
    /// How long any other answer takes, and that one at the least.
    pub all: Duration,
    /// They are switched off.
    pub dead: bool,
    /// These never answer.
    pub silent: BTreeSet<IpAddr>,
    /// They do not answer a GETBULK.
    pub no_bulk: bool,
    /// Bindings of an answer to a GETBULK, at the most.
    pub cut: Option<usize>,
    /// So many answers to a GET hold their first binding only.
    pub cut_gets: usize,
    /// Whose answers come from another address than was asked.
    pub elsewhere: BTreeMap<IpAddr, SocketAddr>,
    /// In whose place somebody answers from there, with the right id, before the agent itself does.
    pub forged: BTreeMap<IpAddr, SocketAddr>,
    pub heard: Vec<Heard>,
    pub answered: Vec<(Duration, IpAddr, usize)>,
    /// Questions that an agent has and did not answer yet, and the most it ever had.
    pub open: BTreeMap<IpAddr, usize>,
    pub most_open: usize,
    pub back: VecDeque<(Vec<u8>, SocketAddr)>,
    pub waker: Option<Waker>,
    /// The socket takes so many datagrams more; without a number, all.
    pub room: Option<usize>,
    pub writer: Option<Waker>,
}

/// Many agents with the same MIB, that count.
#[derive(Clone, Debug)]
pub struct Agents(Arc<Mutex<Inner>>);

impl Agents {
    pub fn new(mib: Mib) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            begun: Instant::now(),
            mib: Arc::new(mib),
            slow: Duration::ZERO,
            all: Duration::from_millis(1),
            dead: false,
            silent: BTreeSet::new(),
            no_bulk: false,
            cut: None,
            cut_gets: 0,
            elsewhere: BTreeMap::new(),
            forged: BTreeMap::new(),
            heard: Vec::new(),
            answered: Vec::new(),
            open: BTreeMap::new(),
            most_open: 0,
            back: VecDeque::new(),
            waker: None,
            room: None,
            writer: None,
        })))
    }

    /// The socket takes so many datagrams from now on.
    pub fn set_room(&self, room: Option<usize>) {
        let mut inner = self.inner();
        inner.room = room;
        if let Some(writer) = inner.writer.take() {
            writer.wake();
        }
    }

    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.inner().heard.clone()
    }

    /// How often something below a name was asked.
    pub fn asked(&self, root: &str) -> usize {
        let root = oid(root);
        let heard = self.heard().into_iter();
        let of = |h: &Heard| h.names.iter().any(|n| *n == root || n.is_under(&root));
        heard.filter(of).count()
    }

    /// Puts another value there.
    pub fn put(&self, name: &str, value: Value) {
        let mut inner = self.inner();
        let mut mib = Mib::clone(&inner.mib);
        mib.insert(oid(name), value);
        inner.mib = Arc::new(mib);
    }

    /// The most that any second held of what those agents heard.
    pub fn busiest(&self, of: impl Fn(IpAddr) -> bool) -> usize {
        let heard = self.heard().into_iter().filter(|h| of(h.who));
        busiest(heard.map(|h| (h.at, 1)))
    }
}

/// The most that any second held.
pub fn busiest(of: impl Iterator<Item = (Duration, usize)>) -> usize {
    let all: Vec<(Duration, usize)> = of.collect();
    let (mut from, mut sum, mut most) = (0, 0, 0);
    for (at, n) in &all {
        sum += n;
        while all[from].0 + Duration::from_secs(1) <= *at {
            sum -= all[from].1;
            from += 1;
        }
        most = most.max(sum);
    }
    most
}

/// The name that forgers give.
pub const FORGED: &str = "forged";

/// The same answer, but for the name.
fn forged(answer: &Message) -> Message {
    let mut forged = answer.clone();
    for bind in &mut forged.pdu.varbinds {
        if bind.oid == oid("1.3.6.1.2.1.1.5.0") {
            bind.value = Value::Octets(FORGED.into());
        }
    }
    forged
}

impl Wire for Agents {
    fn send(&self, to: SocketAddr, datagram: &[u8]) {
        let message = Message::decode(datagram).unwrap();
        let mut inner = self.inner();
        if let Some(room) = &mut inner.room {
            *room -= 1;
        }
        let at = inner.begun.elapsed();
        inner.heard.push(Heard {
            at,
            who: to.ip(),
            kind: message.pdu.kind,
            octets: datagram.len(),
            names: message.pdu.varbinds.iter().map(|v| v.oid.clone()).collect(),
            repetitions: message.pdu.error_index,
        });
        let bulk = message.pdu.kind == PduKind::GetBulk;
        if inner.dead || inner.silent.contains(&to.ip()) || inner.no_bulk && bulk {
            return;
        }
        let open = inner.open.entry(to.ip()).or_default();
        *open += 1;
        let open = *open;
        inner.most_open = inner.most_open.max(open);
        let mut answer = Message {
            pdu: serve(&inner.mib, &message.pdu),
            ..message.clone()
        };
        if let Some(most) = inner.cut.filter(|_| bulk) {
            answer.pdu.varbinds.truncate(most);
        }
        if message.pdu.kind == PduKind::Get && inner.cut_gets > 0 {
            inner.cut_gets -= 1;
            answer.pdu.varbinds.truncate(1);
        }
        let wait = if bulk {
            inner.slow.max(inner.all)
        } else {
            inner.all
        };
        let agents = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            let mut inner = agents.inner();
            *inner.open.get_mut(&to.ip()).unwrap() -= 1;
            if let Some(from) = inner.forged.get(&to.ip()).copied() {
                let forged = forged(&answer).encode();
                inner.back.push_back((forged, from));
            }
            let answer = answer.encode();
            let at = inner.begun.elapsed();
            inner.answered.push((at, to.ip(), answer.len()));
            let from = inner.elsewhere.get(&to.ip()).copied().unwrap_or(to);
            inner.back.push_back((answer, from));
            if let Some(waker) = inner.waker.take() {
                waker.wake();
            }
        });
    }

    fn has_room(&self) -> bool {
        self.inner().room != Some(0)
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.inner();
        if inner.room == Some(0) {
            inner.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
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

pub struct House {
    pub agents: Agents,
    pub poller: Poller,
    pub gate: Arc<Gate>,
    seen: mpsc::Receiver<Vec<Observation>>,
}

pub fn house(mib: Mib, config: PollerConfig, budgets: Budgets) -> House {
    let agents = Agents::new(mib);
    let (sink, seen) = mpsc::channel(65_536);
    let gate = gate(TouchPolicy::Full);
    let wire = Arc::new(agents.clone());
    let poller = Poller::start_over(Arc::clone(&gate), wire, sink, config).unwrap();
    poller.set_logins([("v2c".into(), community("public"))].into());
    poller.set_budgets(Arc::new(budgets));
    House {
        agents,
        poller,
        gate,
        seen,
    }
}

impl House {
    /// Lets time pass, and gives what was seen meanwhile.
    pub async fn pass(&mut self, seconds: u64) -> Vec<Observation> {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let mut all = Vec::new();
        while let Ok(batch) = self.seen.try_recv() {
            all.extend(batch);
        }
        all
    }
}
