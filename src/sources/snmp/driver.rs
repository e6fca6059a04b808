//! The one task behind all agents: sockets, timers, window, matching.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use tokio::sync::mpsc;

use super::device::{Device, Flight};
use super::io::{Ask, Failure, Reply};
use super::login::{AdHoc, Logins};
use super::memory::Learned;
use super::poller::PollerConfig;
use super::rtt::Bounds;
use super::session::{Exchange, Heard};
use super::stats::Counters;
use super::task::{Command, Sink, Task, With};
use crate::event::{Job, Observation, Target};
use crate::gate::{Gate, SendError, UdpDoor};
use crate::model::{PacketKind, Text};
use crate::wire::snmp::{DATAGRAM_CAP, Message, V3Header, peek_version};

/// Datagrams taken from a socket before timers and sending get their turn.
const DRAIN: usize = 256;
/// Agents that nobody asks for now and that are remembered.
const RESTING_CAP: usize = 4_096;
/// Observations that wait for the sink.
const OUT_CAP: usize = 65_536;

/// Sockets of the driver: two for IPv4, so that a burst finds room, and one for IPv6 where there is any.
struct Doors {
    v4: [UdpDoor; 2],
    v6: Option<UdpDoor>,
}

impl Doors {
    fn to(&self, to: SocketAddr) -> Option<&UdpDoor> {
        match to.ip() {
            IpAddr::V4(ip) => Some(&self.v4[usize::from(ip.octets()[3] & 1)]),
            IpAddr::V6(_) => self.v6.as_ref(),
        }
    }
}

/// By sysObjectID and sysDescr.
pub(super) type Models = FxHashMap<(Text, Text), Learned>;

pub(super) struct Driver {
    pub(super) gate: Arc<Gate>,
    sink: mpsc::Sender<Vec<Observation>>,
    pub(super) config: PollerConfig,
    pub(super) counters: Arc<Counters>,
    orders: mpsc::UnboundedReceiver<Command>,
    pub(super) logins: Logins,
    pub(super) adhoc: AdHoc,
    pub(super) devices: Vec<Device>,
    pub(super) models: Models,
    free: Vec<u32>,
    by_address: FxHashMap<SocketAddr, u32>,
    /// Agents that were asked out of turn, the longest ago first.
    resting: VecDeque<u32>,
    timers: BinaryHeap<Reverse<(u64, u32)>>,
    /// Questions that may be sent now: their place in the window is held.
    resend: VecDeque<u32>,
    /// Questions that wait for a place in the window.
    ready: VecDeque<u32>,
    outstanding: usize,
    out: Vec<Observation>,
    epoch: Instant,
    chance: u64,
    salt: u64,
}

enum Turn {
    Order(Option<Command>),
    Datagram(usize, io::Result<(usize, SocketAddr)>),
    Timer,
    Taken,
}

impl Driver {
    pub(super) fn new(
        gate: Arc<Gate>,
        sink: mpsc::Sender<Vec<Observation>>,
        config: PollerConfig,
        counters: Arc<Counters>,
        orders: mpsc::UnboundedReceiver<Command>,
    ) -> io::Result<Self> {
        let mut seed = [0u8; 16];
        getrandom::fill(&mut seed).map_err(|e| io::Error::other(e.to_string()))?;
        let (chance, salt) = seed.split_at(8);
        let number = |octets: &[u8]| octets.iter().fold(0, |n, o| n << 8 | u64::from(*o));
        Ok(Self {
            gate,
            sink,
            config,
            counters,
            orders,
            logins: Logins::default(),
            adhoc: AdHoc::default(),
            devices: Vec::new(),
            models: Models::default(),
            free: Vec::new(),
            by_address: FxHashMap::default(),
            resting: VecDeque::new(),
            timers: BinaryHeap::new(),
            resend: VecDeque::new(),
            ready: VecDeque::new(),
            outstanding: 0,
            out: Vec::new(),
            epoch: Instant::now(),
            chance: number(chance) | 1,
            salt: number(salt),
        })
    }

    /// Milliseconds since it was made.
    pub(super) fn now_ms(&self) -> u64 {
        self.epoch.elapsed().as_millis() as u64
    }

    /// Runs until it is told to stop, all its handles are gone, or nobody takes its observations any more.
    pub(super) async fn run(mut self, v4: [UdpDoor; 2], v6: Option<UdpDoor>) {
        let doors = Doors { v4, v6 };
        let mut buffers = [
            vec![0u8; DATAGRAM_CAP],
            vec![0u8; DATAGRAM_CAP],
            vec![0u8; DATAGRAM_CAP],
        ];
        loop {
            self.expire();
            self.send_all(&doors).await;
            match self.wait(&doors, &mut buffers).await {
                Turn::Order(Some(Command::Stop) | None) => return,
                Turn::Order(Some(command)) => {
                    self.obey(command);
                    // a poll of many agents comes as many orders
                    for _ in 0..DRAIN {
                        match self.orders.try_recv() {
                            Ok(Command::Stop) => return,
                            Ok(command) => self.obey(command),
                            Err(_) => break,
                        }
                    }
                }
                Turn::Datagram(which, first) => {
                    let Some(buffer) = buffers.get_mut(which) else {
                        continue;
                    };
                    self.take_all(doors.v4.get(which).or(doors.v6.as_ref()), buffer, first);
                }
                Turn::Timer | Turn::Taken => {}
            }
        }
    }

    async fn wait(&mut self, doors: &Doors, buffers: &mut [Vec<u8>; 3]) -> Turn {
        let wait = match self.timers.peek() {
            Some(Reverse((due, _))) => Duration::from_millis(due.saturating_sub(self.now_ms())),
            None => Duration::from_hours(1),
        };
        let [a, b, c] = buffers;
        tokio::select! {
            got = doors.v4[0].receive(a) => Turn::Datagram(0, got),
            got = doors.v4[1].receive(b) => Turn::Datagram(1, got),
            got = async { match &doors.v6 {
                Some(door) => door.receive(c).await,
                None => std::future::pending().await,
            } } => Turn::Datagram(2, got),
            place = self.sink.reserve(), if !self.out.is_empty() => {
                let out = std::mem::take(&mut self.out);
                // where nobody listens, questions of people are still answered
                if let Ok(place) = place {
                    place.send(out);
                }
                Turn::Taken
            }
            order = self.orders.recv() => Turn::Order(order),
            () = tokio::time::sleep(wait) => Turn::Timer,
        }
    }

    /// For the engine, as soon as it takes it.
    pub(super) fn tell(&mut self, observation: Observation) {
        if self.out.len() >= OUT_CAP {
            self.counters.observations_dropped.add(1);
        } else {
            self.out.push(observation);
        }
    }

    // --- orders

    fn obey(&mut self, command: Command) {
        let now = self.now_ms();
        match command {
            Command::Logins(logins) => {
                self.logins.set(logins);
                for index in 0..self.devices.len() as u32 {
                    self.at(index).refused_until_ms = None;
                    self.rearm(index);
                }
            }
            Command::Targets(targets) => self.aim(&targets, now),
            Command::Probe(addresses) => {
                for index in self.scheduled(&addresses) {
                    let device = self.at(index);
                    if device.breaker.open_until().is_some() {
                        device.breaker.half_open(now);
                    } else if let Some(due) = device.due_mut(Job::Status) {
                        due.at_ms = now;
                    }
                    self.advance(index);
                }
            }
            Command::ReadTables(addresses) => {
                for index in self.scheduled(&addresses) {
                    let device = self.at(index);
                    if let Some(due) = device.due_mut(Job::Tables) {
                        due.at_ms = now;
                        self.advance(index);
                    }
                }
            }
            Command::Task(to, task) => {
                let index = self.index_of(to);
                self.at(index).queue.push_back(*task);
                self.advance(index);
            }
            Command::Stop => {}
        }
    }

    fn aim(&mut self, targets: &[Target], now: u64) {
        let mut wanted: FxHashMap<SocketAddr, &Target> = FxHashMap::default();
        for target in targets {
            let to = SocketAddr::new(target.address.to_canonical(), target.port);
            wanted.insert(to, target);
        }
        for index in 0..self.devices.len() as u32 {
            let device = self.at(index);
            if device.target.is_some() && !wanted.contains_key(&device.to) {
                device.target = None;
                device.jobs.clear();
                self.retire(index);
            }
        }
        for (to, target) in wanted {
            let index = self.index_of(to);
            self.at(index).aim(target, now);
            self.rearm(index);
        }
    }

    fn scheduled(&self, addresses: &[IpAddr]) -> Vec<u32> {
        let addresses: Vec<IpAddr> = addresses.iter().map(IpAddr::to_canonical).collect();
        let mut found: Vec<u32> = self
            .by_address
            .iter()
            .filter(|(to, _)| addresses.contains(&to.ip()))
            .map(|(_, index)| *index)
            .collect();
        found.retain(|index| {
            self.devices
                .get(*index as usize)
                .is_some_and(|d| d.target.is_some())
        });
        found
    }

    // --- the table

    /// The agent at an index that the table itself gave out.
    pub(super) fn at(&mut self, index: u32) -> &mut Device {
        &mut self.devices[index as usize]
    }

    fn index_of(&mut self, to: SocketAddr) -> u32 {
        if let Some(index) = self.by_address.get(&to) {
            return *index;
        }
        let index = if let Some(index) = self.free.pop() {
            *self.at(index) = Device::new(to);
            index
        } else {
            self.devices.push(Device::new(to));
            self.devices.len() as u32 - 1
        };
        self.by_address.insert(to, index);
        index
    }

    /// Nobody asks for this agent now. What was learned of it is kept for the next question, of so many agents.
    fn retire(&mut self, index: u32) {
        let device = self.at(index);
        if !device.is_idle() || std::mem::replace(&mut device.resting, true) {
            return;
        }
        self.resting.push_back(index);
        if self.resting.len() <= RESTING_CAP {
            return;
        }
        if let Some(oldest) = self.resting.pop_front() {
            let device = self.at(oldest);
            device.resting = false;
            if device.is_idle() {
                let to = device.to;
                *device = Device::new(SocketAddr::new(to.ip(), 0));
                self.by_address.remove(&to);
                self.free.push(oldest);
            }
        }
    }

    pub(super) fn rearm(&mut self, index: u32) {
        let device = self.at(index);
        let wants = device.wants_ms();
        if wants != device.wake_ms {
            device.wake_ms = wants;
            if wants != u64::MAX {
                self.timers.push(Reverse((wants, index)));
            }
        }
    }

    // --- time

    fn expire(&mut self) {
        let now = self.now_ms();
        while let Some(Reverse((due, index))) = self.timers.peek().copied() {
            if due > now {
                break;
            }
            self.timers.pop();
            let device = self.at(index);
            if device.wake_ms != due {
                continue;
            }
            device.wake_ms = u64::MAX;
            let over = device.active.as_ref().is_some_and(|a| a.deadline_ms <= now);
            match &mut device.flight {
                Some(_) if over => self.complete(index, Err(Failure::Deadline)),
                Some(flight) if flight.sent.is_some() && flight.due_ms <= now => {
                    flight.attempt += 1;
                    if flight.attempt < flight.tries {
                        flight.sent = None;
                        self.counters.retries.add(1);
                        self.resend.push_back(index);
                    } else if flight.malformed.is_none()
                        && flight.exchange.probe_privacy(device.engine.as_ref())
                    {
                        flight.attempt = flight.tries - 1;
                        flight.sent = None;
                        self.resend.push_back(index);
                    } else {
                        let why = match flight.malformed.take() {
                            Some(error) => Failure::Malformed(error.to_string().into()),
                            None => Failure::Timeout,
                        };
                        self.complete(index, Err(why));
                    }
                }
                Some(_) => {}
                None => self.advance(index),
            }
            self.rearm(index);
        }
    }

    // --- out

    async fn send_all(&mut self, doors: &Doors) {
        loop {
            let index = if let Some(index) = self.resend.pop_front() {
                index
            } else if self.outstanding < self.config.window.max(1) {
                match self.ready.pop_front() {
                    Some(index) => index,
                    None => return,
                }
            } else {
                return;
            };
            if let Err(failure) = self.send(index, doors).await {
                self.complete(index, Err(failure));
            }
            self.rearm(index);
        }
    }

    async fn send(&mut self, index: u32, doors: &Doors) -> Result<(), Failure> {
        let now_ms = self.now_ms();
        self.salt = self.salt.wrapping_add(1);
        let salt = self.salt;
        let bounds = Bounds {
            first: self.config.first_timeout,
            least: self.config.least_timeout,
            most: self.config.most_timeout,
        };
        let device = &mut self.devices[index as usize];
        let (Some(active), Some(flight)) = (&device.active, &mut device.flight) else {
            return Ok(());
        };
        if flight.sent.is_some() {
            return Ok(());
        }
        let kind = flight.exchange.kind(device.engine.as_ref());
        let bytes = flight
            .exchange
            .datagram(device.engine.as_ref(), now_ms, salt)?;
        let to = device.to;
        let cause = active.task.cause.clone();
        // what the policy allows anyhow does not use up the permit
        let allowed =
            kind != PacketKind::Set && self.gate.policy(to.ip()).is_some_and(|p| p.allows(kind));
        let permit = active.task.permit.filter(|_| !allowed);
        if !flight.counted {
            flight.counted = true;
            self.outstanding += 1;
            self.counters.window.set(self.outstanding as u64);
        }
        let Some(door) = doors.to(to) else {
            return Err(Failure::Unreachable("this host has no IPv6".into()));
        };
        match door.send(to, kind, &cause, permit, &bytes).await {
            Ok(()) => {
                self.counters.pdus_sent.add(1);
                flight.sent = Some(Instant::now());
                let wait = device.rtt.timeout(flight.attempt, bounds);
                flight.due_ms = now_ms + wait.as_millis() as u64 + 1;
                Ok(())
            }
            Err(SendError::Refused(why)) => Err(Failure::NotAllowed(why.to_string().into())),
            Err(SendError::Io(why)) => Err(Failure::Unreachable(why.to_string().into())),
        }
    }

    fn fresh_id(&mut self) -> i32 {
        // xorshift64*: enough that nobody who does not see the question guesses its id
        self.chance ^= self.chance >> 12;
        self.chance ^= self.chance << 25;
        self.chance ^= self.chance >> 27;
        let id = (self.chance.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as i32;
        id.max(1)
    }

    // --- in

    fn take_all(
        &mut self,
        door: Option<&UdpDoor>,
        buffer: &mut [u8],
        first: io::Result<(usize, SocketAddr)>,
    ) {
        let mut next = first;
        let mut taken = 0;
        // a socket error is of one datagram; there is no other for UDP
        while let Ok((length, from)) = next {
            let from = SocketAddr::new(from.ip().to_canonical(), from.port());
            if let Some(datagram) = buffer.get(..length) {
                self.hear(datagram, from);
            }
            taken += 1;
            // nothing is read that is not heard
            next = match door {
                Some(door) if taken < DRAIN => door.try_receive(buffer),
                _ => return,
            };
        }
    }

    fn hear(&mut self, datagram: &[u8], from: SocketAddr) {
        let now_ms = self.now_ms();
        let Some(&index) = self.by_address.get(&from) else {
            self.counters.unmatched.add(1);
            return;
        };
        let device = &mut self.devices[index as usize];
        let waiting = device.flight.as_mut().filter(|f| f.sent.is_some());
        let Some(flight) = waiting else {
            stray(device, &self.counters, datagram);
            return;
        };
        match flight.exchange.hear(datagram, &mut device.engine, now_ms) {
            Heard::Answer(answer) => {
                if let (Some(sent), 0) = (flight.sent, flight.attempt) {
                    let took = sent.elapsed();
                    device.rtt.measured(took);
                    if let Some(active) = &mut device.active {
                        active.first_trip.get_or_insert(took);
                    }
                }
                self.complete(index, answer);
                self.rearm(index);
            }
            Heard::Again => {
                flight.sent = None;
                self.resend.push_back(index);
                self.rearm(index);
            }
            Heard::Stranger => {
                stray(device, &self.counters, datagram);
            }
            Heard::Malformed(error) => {
                self.counters.malformed.add(1);
                flight.malformed = Some(error);
            }
        }
    }

    /// A question is over.
    fn complete(&mut self, index: u32, answer: Result<Reply, Failure>) {
        let now = self.now_ms();
        let open_ms = self.config.breaker.as_millis() as u64;
        let device = &mut self.devices[index as usize];
        let Some(flight) = device.flight.take() else {
            return;
        };
        if flight.counted {
            self.outstanding -= 1;
            self.counters.window.set(self.outstanding as u64);
        }
        device.remember(flight.exchange.id);
        match &answer {
            Ok(reply) => {
                self.counters.answered.add(1);
                self.counters.varbinds.add(reply.varbinds.len() as u64);
                device.breaker.answered();
            }
            Err(Failure::Timeout | Failure::Deadline) => {
                self.counters.timed_out.add(1);
                // a GETBULK that was too much for it is asked again for less before that counts
                if !matches!(flight.exchange.ask(), Ask::Bulk { .. }) {
                    device.breaker.failed(now, open_ms);
                }
            }
            Err(Failure::Malformed(_)) => {
                self.counters.failed.add(1);
                device.breaker.failed(now, open_ms);
            }
            Err(_) => self.counters.failed.add(1),
        }
        if let Some(active) = &device.active {
            active.io.answer(answer);
        }
        self.advance(index);
    }

    // --- jobs

    /// Brings an agent on as far as it goes without an answer.
    pub(super) fn advance(&mut self, index: u32) {
        loop {
            let device = &mut self.devices[index as usize];
            if device.flight.is_some() {
                break;
            }
            let Some(active) = &mut device.active else {
                if device.queue.is_empty() && device.parked.is_some() {
                    device.active = device.parked.take();
                } else if !self.begin_next(index) {
                    self.retire(index);
                    break;
                }
                continue;
            };
            if let Some(ask) = active.io.question() {
                // a person does not wait for a long table: their question goes in between
                if device.parked.is_none()
                    && !device.queue.is_empty()
                    && matches!(active.task.sink, Sink::Engine)
                {
                    active.io.put_back(ask);
                    device.parked = device.active.take();
                    continue;
                }
                let tries = match ask {
                    // a lost SET is not told from a lost answer; a GETBULK is asked again for less instead
                    Ask::Set(_) | Ask::Bulk { .. } => 1,
                    _ => active.task.tries.unwrap_or(self.config.retries + 1),
                };
                let login = Arc::clone(&active.login);
                let id = self.fresh_id();
                self.at(index).flight = Some(Box::new(Flight {
                    exchange: Exchange::new(id, ask, login),
                    counted: false,
                    sent: None,
                    due_ms: u64::MAX,
                    attempt: 0,
                    tries,
                    malformed: None,
                }));
                self.ready.push_back(index);
                break;
            }
            let mut context = Context::from_waker(Waker::noop());
            match active.run.as_mut().poll(&mut context) {
                Poll::Ready(report) => self.finish(index, report),
                // a job waits for nothing but its answers
                Poll::Pending => {}
            }
        }
        self.rearm(index);
    }

    /// A task of the driver's own.
    pub(super) fn own(
        kind: super::job::Kind,
        names: Vec<Text>,
        tries: Option<u32>,
        within: Duration,
    ) -> Task {
        Task {
            cause: kind.cause().into(),
            kind,
            with: With::Names(names),
            permit: None,
            sink: Sink::Engine,
            tries,
            within,
        }
    }
}

/// An answer nobody waits for: late where it answers what was asked lately, else from nowhere.
fn stray(device: &Device, counters: &Counters, datagram: &[u8]) {
    let late = id_of(datagram).is_some_and(|id| device.recent.contains(&id));
    let counter = if late {
        &counters.late
    } else {
        &counters.unmatched
    };
    counter.add(1);
}

/// The id in a datagram, where it holds one.
fn id_of(datagram: &[u8]) -> Option<i32> {
    if peek_version(datagram)? == 3 {
        V3Header::parse(datagram).ok().map(|h| h.msg_id)
    } else {
        Message::decode(datagram).ok().map(|m| m.pdu.request_id)
    }
}
