//! The one task behind all agents: sockets, timers, window, matching.

mod ahead;
mod elsewhere;
mod heard;
mod held;
mod leaving;
mod orders;
mod places;
mod telling;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::again::Again;
use super::book::Books;
use super::budget::{Allowance, Standing};
use super::device::{Active, Device, Flight, Lane, lane_at};
use super::doors::{Doors, Outgoing};
use super::feed::Feed;
use super::io::Failure;
use super::lateness::Lateness;
use super::lessons::Lessons;
use super::login::{AdHoc, Logins};
use super::memory::Learned;
use super::overdue::Overdue;
use super::poller::PollerConfig;
use super::rtt::Bounds;
use super::session::Exchange;
use super::stats::Counters;
use super::task::{Command, Offer, Sink, Task, With};
use super::turns::Waiting;
use super::window::Window;
use crate::event::{Job, ObsAgentV1, Observation};
use crate::gate::{Errand, Gate, Inbox};
use crate::model::{PacketKind, Text, Time};
use crate::wire::snmp::LEAST_ID;
use places::Places;

/// Batches taken from a socket before timers and sending get their turn.
const DRAIN: usize = 8;
/// Answers that are not worth a turn while more than that many are out.
const FEW: usize = 64;
/// Questions that are put before the sockets until these are asked to take them.
const FLUSH_EVERY: usize = 256;
/// How long more are waited for.
const GATHER: Duration = Duration::from_millis(1);
/// Orders taken in one turn.
const ORDERS: usize = 256;
/// Agents that nobody asks for now and that are remembered.
const RESTING_CAP: usize = 4_096;
/// Observations that wait for the sink.
const OUT_CAP: usize = 65_536;
/// By sysObjectID and sysDescr.
pub(super) type Models = FxHashMap<(Text, Text), Learned>;

/// A lane of an agent.
type Spot = (u32, u8);

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
    pub(super) lessons: Lessons,
    pub(super) books: Books,
    pub(super) allowance: Allowance,
    /// Questions that wait for a budget.
    holding: u64,
    free: Vec<u32>,
    by_address: FxHashMap<SocketAddr, u32>,
    /// Questions by id, and whose they are, that may be answered from any address.
    anywhere: FxHashMap<i32, u32>,
    /// Agents that were asked out of turn, the longest ago first.
    resting: VecDeque<u32>,
    timers: BinaryHeap<Reverse<(u64, u32)>>,
    /// Questions that may be sent now: their place in the window is held.
    resend: VecDeque<Spot>,
    again: Again,
    places: Places,
    tickets: u64,
    outstanding: usize,
    /// Questions that stand before a socket that is full.
    pub(super) blocked: usize,
    /// Questions that gave their place up when their first attempt was over, and are asked again.
    silent: usize,
    window: Window,
    overdue: Overdue,
    pub(super) feeds: VecDeque<Feed>,
    out: Vec<Observation>,
    epoch: Instant,
    /// The clock as it was looked at last: once for a turn, and for each batch of answers.
    pub(super) clock: Clock,
    pub(super) lateness: Lateness,
    chance: u64,
    salt: u64,
    strangers: (u64, u32),
    scratch: Vec<u8>,
    datagram: Vec<u8>,
}

/// The clock at one moment, three times told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// Milliseconds since the driver was made.
    pub(super) ms: u64,
    pub(super) instant: Instant,
    /// For what is told.
    pub(super) wall: Time,
}

impl Clock {
    fn since(epoch: Instant) -> Self {
        let instant = Instant::now();
        Self {
            ms: instant.duration_since(epoch).as_millis() as u64,
            instant,
            wall: Time::from_clock(),
        }
    }
}

enum Turn {
    Order(Option<Command>),
    Readable(u64),
    Go,
}

impl Driver {
    pub(super) fn new(
        gate: Arc<Gate>,
        sink: mpsc::Sender<Vec<Observation>>,
        config: PollerConfig,
        counters: Arc<Counters>,
        orders: mpsc::UnboundedReceiver<Command>,
        buffers: usize,
    ) -> io::Result<Self> {
        let mut seed = [0u8; 16];
        getrandom::fill(&mut seed).map_err(|e| io::Error::other(e.to_string()))?;
        let (chance, salt) = seed.split_at(8);
        let number = |octets: &[u8]| octets.iter().fold(0, |n, o| n << 8 | u64::from(*o));
        let window = Window::new(config.window, buffers);
        let clock = Clock::since(Instant::now());
        counters.window_limit.set(window.limit() as u64);
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
            lessons: Lessons::default(),
            books: Books::default(),
            allowance: Allowance::new(config.polite),
            holding: 0,
            free: Vec::new(),
            by_address: FxHashMap::default(),
            anywhere: FxHashMap::default(),
            resting: VecDeque::new(),
            timers: BinaryHeap::new(),
            resend: VecDeque::new(),
            again: Again::default(),
            places: Places::default(),
            tickets: 0,
            outstanding: 0,
            blocked: 0,
            silent: 0,
            window,
            overdue: Overdue::default(),
            feeds: VecDeque::new(),
            out: Vec::new(),
            epoch: clock.instant,
            clock,
            lateness: Lateness::default(),
            chance: number(chance) | 1,
            salt: number(salt),
            strangers: (0, 0),
            scratch: Vec::new(),
            datagram: Vec::new(),
        })
    }

    /// Milliseconds since it was made, as the clock said when it was looked at last.
    pub(super) fn now_ms(&self) -> u64 {
        self.clock.ms
    }

    fn look_at_clock(&mut self) {
        self.clock = Clock::since(self.epoch);
    }

    /// Runs until it is told to stop, all its handles are gone, or nobody takes its observations any more.
    pub(super) async fn run(mut self, mut doors: Doors) {
        let mut inbox = Inbox::default();
        loop {
            self.look_at_clock();
            self.give_places_up();
            self.expire();
            self.feed();
            self.send_all(&mut doors);
            let turn = self.wait(&doors).await;
            self.look_at_clock();
            match turn {
                Turn::Order(Some(Command::Stop) | None) => return,
                Turn::Order(Some(command)) => {
                    self.obey(command);
                    // a poll of many agents comes as many orders
                    for _ in 0..ORDERS {
                        match self.orders.try_recv() {
                            Ok(Command::Stop) => return,
                            Ok(command) => self.obey(command),
                            Err(_) => break,
                        }
                    }
                }
                Turn::Readable(which) => {
                    let mut taken = 0;
                    for door in doors.of(which) {
                        // nothing is read that is not heard
                        for _ in 0..DRAIN {
                            self.look_at_clock();
                            let now_taken = door.take(&mut inbox, &mut self);
                            taken += now_taken;
                            if now_taken < Inbox::BATCH {
                                break;
                            }
                        }
                    }
                    self.tell_much();
                    // many are out and few came: the next turn finds more, and costs no more than this one did
                    if taken < FEW && self.outstanding > FEW {
                        tokio::time::sleep(GATHER).await;
                    }
                }
                Turn::Go => {}
            }
        }
    }

    async fn wait(&mut self, doors: &Doors) -> Turn {
        self.look_at_clock();
        let timer = self.timers.peek().map(|Reverse((due, _))| *due);
        // without a place in the window nothing could be sent
        let room = self.outstanding < self.window.limit();
        // nor while a socket is full: it says when it is not
        let free = doors.is_sent();
        let room = room && free;
        let held = self.allowance.next_ms().filter(|_| room);
        let place = self.overdue.next_ms(self.config.first_timeout);
        let again = self.again.next_ms().filter(|_| free);
        let place = place.filter(|_| !room || again.is_some());
        let wait = match timer
            .into_iter()
            .chain(held)
            .chain(place)
            .chain(again)
            .min()
        {
            Some(due) => Duration::from_millis(due.saturating_sub(self.now_ms())),
            None => Duration::from_hours(1),
        };
        let told = self
            .feeds
            .iter()
            .position(|f| !f.results.is_empty())
            .map(|at| (at, self.feeds[at].sink.clone()));
        tokio::select! {
            biased;
            order = self.orders.recv() => Turn::Order(order),
            which = poll_fn(|context| doors.poll_readable(context)) => Turn::Readable(which),
            place = self.sink.reserve(), if !self.out.is_empty() => {
                let out = std::mem::take(&mut self.out);
                // where nobody listens, questions of people are still answered
                if let Ok(place) = place {
                    place.send(out);
                }
                Turn::Go
            }
            place = async { match &told {
                Some((_, sink)) => sink.reserve().await,
                None => std::future::pending().await,
            } } => {
                if let Some(feed) = told.as_ref().and_then(|(at, _)| self.feeds.get_mut(*at)) {
                    let results =
                        telling::results_of(feed, &self.by_address, &mut self.devices);
                    match place {
                        Ok(place) => place.send(results),
                        // whoever asked has gone away
                        Err(_) => feed.abandon(),
                    }
                }
                self.feeds.retain(|f| !f.is_over());
                Turn::Go
            }
            () = poll_fn(|context| doors.poll_writable(context)), if !doors.is_sent() => Turn::Go,
            () = tokio::time::sleep(wait) => Turn::Go,
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

    // --- the table

    /// The agent at an index that the table itself gave out.
    pub(super) fn at(&mut self, index: u32) -> &mut Device {
        &mut self.devices[index as usize]
    }

    /// The lane of an agent, where a task is under way there.
    pub(super) fn lane(&mut self, (index, lane): Spot) -> Option<&mut Lane> {
        lane_at(&mut self.at(index).lanes, lane)
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
        let now = self.now_ms();
        let device = &mut self.devices[index as usize];
        if !device.is_idle() {
            return;
        }
        let place = std::mem::take(&mut device.place);
        self.allowance.settle(place, 0, 0, now);
        if std::mem::replace(&mut device.resting, true) {
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

    /// Sees to it that the heap wakes the agent in time. One entry that comes too early does for many that would come later.
    pub(super) fn rearm(&mut self, index: u32) {
        let device = self.at(index);
        let wants = device.wants_ms();
        if wants < device.wake_ms {
            device.wake_ms = wants;
            self.timers.push(Reverse((wants, index)));
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
            if device.wants_ms() <= now {
                self.tell_faults(index, now);
                for lane in 0..self.at(index).lanes.len() as u8 {
                    self.expire_lane((index, lane), now);
                }
                self.advance(index);
            } else {
                self.rearm(index);
            }
        }
    }

    /// Questions whose answers are overdue leave their places in the window to others.
    fn give_places_up(&mut self) {
        let now = self.now_ms();
        while let Some((spot, id)) = self.overdue.next(self.config.first_timeout, now) {
            let Some(lane) = self.lane(spot) else {
                continue;
            };
            let flight = lane.flight.as_mut();
            let flight = flight.filter(|f| f.exchange.id == id && f.counted && !f.leaving);
            if let Some(flight) = flight {
                flight.counted = false;
                flight.silent = true;
                self.silent += 1;
                self.outstanding -= 1;
                self.counters.window.set(self.outstanding as u64);
            }
        }
    }

    fn expire_lane(&mut self, spot: Spot, now: u64) {
        let device = &mut self.devices[spot.0 as usize];
        let Some(lane) = lane_at(&mut device.lanes, spot.1) else {
            return;
        };
        let over = lane.active.deadline_ms <= now;
        match &mut lane.flight {
            Some(flight) if over => {
                let refusal = flight.exchange.out_of_time(device.engine.as_ref(), true);
                // what was never sent says nothing of the agent
                let never = !flight.asked || (flight.leaving && flight.times <= 1);
                let why = if flight.held || never {
                    Failure::Held
                } else {
                    Failure::Deadline
                };
                if flight.held {
                    let active = &mut lane.active;
                    active.held_ms += now.saturating_sub(active.held_since_ms);
                }
                self.complete(spot, Err(refusal.unwrap_or(why)));
            }
            Some(flight) if flight.sent.is_some() && flight.due_ms <= now => {
                // of agents that answer else, a first attempt that is lost is the network's, or ours
                if flight.attempt == 0 && device.misses == 0 && device.rtt.is_known() {
                    self.window.lost(now);
                    self.counters.window_limit.set(self.window.limit() as u64);
                }
                flight.attempt += 1;
                let last = flight.attempt >= flight.tries;
                let engine = device.engine.as_ref();
                if let Some(refusal) = flight.exchange.out_of_time(engine, last) {
                    self.complete(spot, Err(refusal));
                } else if flight.attempt < flight.tries {
                    flight.sent = None;
                    self.counters.retries.add(1);
                    let person = matches!(lane.active.task.sink, Sink::Reply(_));
                    if flight.silent && !device.rtt.is_known() && !person {
                        self.again.add(now, spot, flight.exchange.id);
                    } else {
                        self.resend.push_back(spot);
                    }
                } else if flight.malformed.is_none()
                    && flight.exchange.probe_privacy(device.engine.as_ref())
                {
                    flight.attempt = flight.tries - 1;
                    flight.sent = None;
                    self.resend.push_back(spot);
                } else {
                    let why = match flight.malformed.take() {
                        Some(error) => Failure::Malformed(error.to_string().into()),
                        None => Failure::Timeout,
                    };
                    self.complete(spot, Err(why));
                }
            }
            _ => {}
        }
    }

    fn tell_faults(&mut self, index: u32, now: u64) {
        let device = self.at(index);
        // who is asked once has them in its result
        let faults = device.faults.as_mut().filter(|_| device.target.is_some());
        let Some(faults) = faults else {
            return;
        };
        let faults = faults.take(now);
        if faults.is_empty() {
            return;
        }
        let address = device.to.ip();
        self.tell(Observation::Agent(ObsAgentV1 {
            address,
            at: self.clock.wall,
            faults,
        }));
    }

    // --- out

    fn send_all(&mut self, doors: &mut Doors) {
        let Clock {
            ms: now_ms,
            instant: sent,
            wall: now,
        } = self.clock;
        if !doors.is_sent() && !self.let_leave(doors, true) {
            // nothing new goes before those, and none of it waits in a place where nobody sees it
            return;
        }
        let mut put = 0_usize;
        loop {
            if put >= FLUSH_EVERY {
                put = 0;
                if !self.let_leave(doors, false) {
                    return;
                }
            }
            let (spot, allowed) = if let Some(spot) = self.resend.pop_front() {
                (spot, self.may_go(spot, Standing::New, now_ms))
            } else if let Some((spot, id)) =
                self.again.next(now_ms, self.is_idle(), self.window.limit())
            {
                let flight = self.lane(spot).and_then(|l| l.flight.as_ref());
                let still = flight.is_some_and(|f| f.exchange.id == id);
                (spot, still && self.may_go(spot, Standing::New, now_ms))
            } else if self.outstanding >= self.window.limit() {
                break;
            } else if let Some((spot, standing)) = self.next_place(now_ms) {
                (spot, self.may_go(spot, standing, now_ms))
            } else {
                break;
            };
            if !allowed {
                continue;
            }
            match self.send(spot, doors, (now, now_ms, sent)) {
                Ok(()) => {
                    put += 1;
                    self.rearm(spot.0);
                }
                Err(failure) => {
                    self.complete(spot, Err(failure));
                    self.advance(spot.0);
                }
            }
        }
        self.window.sent(self.outstanding);
        self.let_leave(doors, false);
    }

    /// Nobody waits to be asked, and no answer is expected.
    fn is_idle(&self) -> bool {
        self.places.ready.is_empty() && self.outstanding == 0
    }

    fn send(
        &mut self,
        spot: Spot,
        doors: &mut Doors,
        (now, now_ms, sent): (Time, u64, Instant),
    ) -> Result<(), Failure> {
        self.salt = self.salt.wrapping_add(1);
        let bounds = self.bounds();
        let device = &mut self.devices[spot.0 as usize];
        let Some(lane) = lane_at(&mut device.lanes, spot.1) else {
            return Ok(());
        };
        let Some(flight) = lane.flight.as_mut().filter(|f| f.sent.is_none()) else {
            return Ok(());
        };
        let task = &lane.active.task;
        let engine = device.engine.as_ref();
        let kind = flight.exchange.kind(engine);
        self.datagram.clear();
        let (scratch, datagram) = (&mut self.scratch, &mut self.datagram);
        flight
            .exchange
            .datagram(engine, now_ms, self.salt, scratch, datagram)?;
        let to = device.to;
        // what the policy allows anyhow does not use up the permit
        let permit = task.permit.filter(|_| {
            kind == PacketKind::Set || self.gate.policy(to.ip()).is_none_or(|p| !p.allows(kind))
        });
        // one that was silent already takes nobody's place any more
        if !flight.counted && !flight.silent {
            flight.counted = true;
            self.overdue.sent(now_ms, spot, flight.exchange.id);
            self.outstanding += 1;
            self.counters.window.set(self.outstanding as u64);
            self.counters.most_window.raise(self.outstanding as u64);
        }
        let Some(Outgoing { door, outbox }) = doors.to(to) else {
            return Err(Failure::Unreachable("this host has no IPv6".into()));
        };
        let errand = Errand {
            to,
            kind,
            cause: &task.cause,
            permit,
            now,
            token: leaving::token(spot, flight.exchange.id),
        };
        door.put(outbox, errand, datagram)
            .map_err(|why| Failure::NotAllowed(why.to_string().into()))?;
        self.counters.pdus_sent.add(1);
        self.allowance.carried(device.place, datagram.len(), now_ms);
        if !std::mem::replace(&mut lane.active.begun, true) && lane.active.deadline_ms == u64::MAX {
            lane.active.deadline_ms = now_ms + lane.active.task.within.as_millis() as u64;
        }
        flight.asked = true;
        flight.sent = Some(sent);
        flight.sent_ms = now_ms;
        flight.times = flight.times.saturating_add(1);
        let wait = device.rtt.timeout(flight.attempt, bounds);
        flight.due_ms = now_ms + wait.as_millis() as u64 + 1;
        Ok(())
    }

    /// Of how long an answer is waited for.
    fn bounds(&self) -> Bounds {
        Bounds {
            first: self.config.first_timeout,
            least: self.config.least_timeout,
            most: self.config.most_timeout,
        }
    }

    fn fresh_id(&mut self) -> i32 {
        // xorshift64*: enough that nobody who does not see the question guesses its id
        self.chance ^= self.chance >> 12;
        self.chance ^= self.chance << 25;
        self.chance ^= self.chance >> 27;
        let id = (self.chance.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as i32;
        // the few ids that take less than four octets are none of ours
        if id < LEAST_ID { id + LEAST_ID } else { id }
    }

    // --- jobs

    /// Brings an agent on as far as it goes without an answer.
    pub(super) fn advance(&mut self, index: u32) {
        let now = self.now_ms();
        loop {
            for lane in 0..self.at(index).lanes.len() as u8 {
                self.step((index, lane));
            }
            let device = self.at(index);
            if device.busy() >= device.lanes_allowed()
                && device.busy() > 0
                && !self.give_way(index, now)
            {
                break;
            }
            let device = self.at(index);
            let urgent = device.parked.as_ref().is_some_and(|parked| {
                let first = device.goes_first(now);
                first.is_some_and(|first| first < parked.active.rank)
            });
            if device.parked.is_some() && !(urgent && self.begin_next(index, Some(Job::Status))) {
                if let Some(parked) = self.at(index).parked.take() {
                    self.at(index).put(parked);
                }
            } else if self.at(index).parked.is_none() && !self.begin_next(index, None) {
                self.retire(index);
                break;
            }
        }
        self.rearm(index);
    }

    /// Brings one task on.
    fn step(&mut self, spot: Spot) {
        loop {
            let device = &mut self.devices[spot.0 as usize];
            let Some(slot) = device.lanes.get_mut(usize::from(spot.1)) else {
                return;
            };
            let Some(lane) = slot.as_deref_mut().filter(|l| l.flight.is_none()) else {
                return;
            };
            if let Some(ask) = lane.active.io.question() {
                // a person does not wait for a long table: their question goes in between
                if device.parked.is_none()
                    && !device.queue.is_empty()
                    && matches!(lane.active.task.sink, Sink::Engine)
                {
                    lane.active.io.put_back(ask);
                    device.parked = slot.take();
                    return;
                }
                let active = &lane.active;
                let tries = if ask.is_set() || ask.is_bulk() {
                    // a lost SET is not told from a lost answer; a GETBULK is asked again for less instead
                    1
                } else {
                    active.task.tries.unwrap_or(self.config.retries + 1)
                };
                let login = Arc::clone(&active.login);
                let rank = active.rank;
                let (id, ticket, now_ms) = (self.fresh_id(), self.ticket(), self.now_ms());
                let mut waiting = Waiting {
                    rank,
                    came: ticket,
                    ticket,
                    spot,
                };
                let mut attempt = 0;
                if let Some(lane) = self.lane(spot) {
                    attempt = std::mem::take(&mut lane.active.attempt);
                    waiting.came = lane.active.came.take().unwrap_or(ticket);
                }
                let flight = Flight {
                    exchange: Exchange::new(id, ask, login),
                    counted: false,
                    silent: false,
                    asked: false,
                    leaving: false,
                    waiting,
                    since_ms: now_ms,
                    held: false,
                    sent: None,
                    sent_ms: 0,
                    times: 0,
                    due_ms: u64::MAX,
                    attempt,
                    tries,
                    malformed: None,
                };
                if let Some(lane) = self.lane(spot) {
                    lane.flight = Some(flight);
                }
                self.expect_anywhere(spot, id);
                self.places.ready.push(waiting);
                return;
            }
            let mut context = Context::from_waker(Waker::noop());
            match lane.active.run.as_mut().poll(&mut context) {
                Poll::Ready(report) => self.finish(spot, report),
                // a job waits for nothing but its answers
                Poll::Pending => {}
            }
        }
    }

    /// A task of the driver's own.
    pub(super) fn own(
        kind: super::job::Kind,
        offer: Offer,
        tries: Option<u32>,
        within: Duration,
    ) -> Task {
        Task {
            cause: kind.cause(),
            kind,
            with: With::Names(offer),
            permit: None,
            sink: Sink::Engine,
            tries,
            within,
            meets: None,
        }
    }

    /// Takes the lane of a task that is over.
    pub(super) fn take_lane(&mut self, (index, lane): Spot) -> Option<Active> {
        let slot = self.at(index).lanes.get_mut(usize::from(lane))?;
        Some(slot.take()?.active)
    }
}
