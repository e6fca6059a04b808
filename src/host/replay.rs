//! Plays a recording: the same fold, a time of its own.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::hub::Waker;
use super::viewer::Feed;
use crate::engine::State;
use crate::event::{Body, Event, LedgerRow};
use crate::log::{Answer, LogError, Query};
use crate::model::{Change, DeviceId, Health, Text, Time};

/// The events of a recording, from its beginning.
pub type Events = Box<dyn Iterator<Item = Result<Event, LogError>> + Send>;

/// Opens a recording anew: the state it begins with, and what happened then.
pub type Open = Box<dyn Fn() -> Result<(State, Events), LogError> + Send>;

/// How far apart the states are that a jump back starts from.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);
/// How many of them are kept; beyond, every second one goes.
const CHECKPOINT_CAP: usize = 512;
/// How many rows answers are made from.
const ROWS_CAP: usize = 20_000;

/// A recording that could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// There is nothing in it.
    #[error("the recording holds no event")]
    Empty,
}

/// What a whole recording comes to.
#[derive(Debug)]
pub struct Whole {
    /// The state at its end.
    pub state: State,
    /// Events folded.
    pub events: u64,
    /// Its first time.
    pub from: Time,
    /// Its last.
    pub to: Time,
    /// What stopped the reading before the end, if anything did.
    pub damage: Option<LogError>,
}

/// Folds a whole recording. Effects are discarded (invariant 13).
pub fn fold_whole(open: &Open) -> Result<Whole, ReplayError> {
    let (mut state, events) = open()?;
    let mut whole = Whole {
        state: State::new(),
        events: 0,
        from: Time(i64::MAX),
        to: state.time,
        damage: None,
    };
    for event in events {
        match event {
            Ok(event) => {
                let _ = state.apply(&event);
                whole.events += 1;
                whole.from = whole.from.min(event.time);
                whole.to = whole.to.max(event.time);
            }
            Err(error) => {
                whole.damage = Some(error);
                break;
            }
        }
    }
    if whole.events == 0 && state.seq.0 == 0 {
        return Err(whole.damage.map_or(ReplayError::Empty, ReplayError::Log));
    }
    whole.from = whole.from.min(whole.to);
    whole.state = state;
    Ok(whole)
}

enum Order {
    Seek(Time),
    Speed(u32),
}

struct Shared {
    state: Arc<State>,
    at: Time,
    /// Real time of `at`, so that `now` runs on between steps.
    since: Instant,
    speed: u32,
    ledger: VecDeque<LedgerRow>,
    changes: VecDeque<(DeviceId, Change)>,
    viewers: Vec<Weak<Waker>>,
}

/// Plays a recording for viewers. Ends with the last clone of its handle.
pub struct Player {
    shared: Arc<Mutex<Shared>>,
    orders: Mutex<Sender<Order>>,
    from: Time,
    to: Time,
}

impl Player {
    /// Starts at `at` (the beginning otherwise) of a recording that spans these times, see [`Whole`].
    pub fn start(
        open: Open,
        span: (Time, Time),
        at: Option<Time>,
        speed: u32,
    ) -> Result<Self, ReplayError> {
        let (from, to) = span;
        let at = at.unwrap_or(from).max(from).min(to);
        let (state, events) = open()?;
        let shared = Arc::new(Mutex::new(Shared {
            state: Arc::new(state.clone()),
            at,
            since: Instant::now(),
            speed,
            ledger: VecDeque::new(),
            changes: VecDeque::new(),
            viewers: Vec::new(),
        }));
        let (orders, taken) = channel();
        let mut head = Head {
            open,
            events,
            next: None,
            state,
            checkpoints: Vec::new(),
            read: 0,
            shared: Arc::clone(&shared),
        };
        head.go_to(at);
        std::thread::Builder::new()
            .name("replay".into())
            .spawn(move || head.play(&taken, to))
            .map_err(|source| LogError::Io {
                place: "replay thread".into(),
                source,
            })?;
        Ok(Self {
            shared,
            orders: Mutex::new(orders),
            from,
            to,
        })
    }

    fn order(&self, order: Order) {
        let _ = self
            .orders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .send(order);
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn now(&self, to: Time) -> Time {
        let ran = self.since.elapsed().saturating_mul(self.speed);
        (self.at + ran).min(to)
    }
}

impl Feed for Player {
    fn state(&self) -> Arc<State> {
        Arc::clone(&self.shared().state)
    }

    fn live(&self) -> crate::ui::Live {
        let shared = self.shared();
        crate::ui::Live::Replay {
            at: shared.now(self.to),
            from: self.from,
            to: self.to,
            speed: shared.speed,
        }
    }

    fn now(&self) -> Time {
        self.shared().now(self.to)
    }

    fn health(&self) -> Option<Arc<Health>> {
        None
    }

    fn attach(&self, waker: &Arc<Waker>) {
        self.shared().viewers.push(Arc::downgrade(waker));
    }

    fn seek(&self, to: Time) {
        self.order(Order::Seek(to.max(self.from).min(self.to)));
    }

    fn speed(&self, times: u32) {
        self.order(Order::Speed(times));
    }

    fn query(&self, query: Query, tell: Box<dyn FnOnce(Answer) + Send>) {
        let shared = self.shared();
        let now = shared.now(self.to);
        tell(match query {
            Query::Ledger {
                addresses,
                since,
                limit,
            } => {
                let rows = shared.ledger.iter().rev().filter(|r| {
                    r.first <= now && r.last >= since && addresses.contains(&r.address)
                });
                Answer::Ledger(rows.take(limit as usize).cloned().collect())
            }
            Query::Changes {
                device,
                before,
                limit,
            } => {
                let rows = shared
                    .changes
                    .iter()
                    .rev()
                    .filter(|(d, c)| *d == device && c.time <= now && c.time < before);
                Answer::Changes(rows.take(limit as usize).map(|(_, c)| c.clone()).collect())
            }
            Query::Deeds { .. } => {
                Answer::Failed("runs of a recording are in its list of runs".into())
            }
        });
    }

    fn deed(&self, _body: Body, tell: Box<dyn FnOnce(Text) + Send>) {
        tell("this is a recording: nothing can be changed in it".into());
    }
}

/// Where the playing is.
struct Head {
    open: Open,
    events: Events,
    /// Read, and not due yet.
    next: Option<Event>,
    state: State,
    /// How many events had been read, and the state then.
    checkpoints: Vec<(u64, State)>,
    read: u64,
    shared: Arc<Mutex<Shared>>,
}

impl Head {
    fn play(mut self, orders: &Receiver<Order>, to: Time) {
        loop {
            let (speed, now) = {
                let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
                (shared.speed, shared.now(to))
            };
            let pause = match (&self.next, speed) {
                (Some(next), 1..) => next.time.since(now) / speed,
                _ => Duration::from_hours(1),
            };
            match orders.recv_timeout(pause.max(Duration::from_millis(30))) {
                Ok(Order::Seek(at)) => self.go_to(at),
                Ok(Order::Speed(times)) => {
                    let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
                    shared.at = shared.now(to);
                    shared.since = Instant::now();
                    shared.speed = times;
                    drop(shared);
                    self.publish(None);
                }
                Err(RecvTimeoutError::Timeout) => {
                    let now = self
                        .shared
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .now(to);
                    if self.advance(now) {
                        self.publish(None);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Folds everything up to `at`. Says whether anything came.
    fn advance(&mut self, at: Time) -> bool {
        let mut any = false;
        loop {
            if self.next.is_none() {
                // a torn end was said when the recording was opened; here it is the end
                self.next = self.events.next().and_then(Result::ok);
            }
            let Some(event) = self.next.take_if(|e| e.time <= at) else {
                return any;
            };
            let last = self
                .checkpoints
                .last()
                .map_or(Time(i64::MIN), |(_, s)| s.time);
            if self.checkpoints.is_empty() || event.time.since(last) >= CHECKPOINT_EVERY {
                self.checkpoint();
            }
            let outcome = self.state.apply(&event);
            self.read += 1;
            any = true;
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            if let Body::Ledger(rows) | Body::Packets(rows) = event.body {
                shared.ledger.extend(rows);
            }
            shared.changes.extend(outcome.changes);
            while shared.ledger.len() > ROWS_CAP {
                shared.ledger.pop_front();
            }
            while shared.changes.len() > ROWS_CAP {
                shared.changes.pop_front();
            }
        }
    }

    fn checkpoint(&mut self) {
        if self
            .checkpoints
            .last()
            .is_some_and(|(read, _)| *read >= self.read)
        {
            return;
        }
        self.checkpoints.push((self.read, self.state.clone()));
        if self.checkpoints.len() > CHECKPOINT_CAP {
            let mut keep = false;
            self.checkpoints.retain(|_| {
                keep = !keep;
                keep
            });
        }
    }

    /// Jumps: forward by folding on, back by the nearest earlier state.
    fn go_to(&mut self, at: Time) {
        if at < self.state.time {
            let back = self
                .checkpoints
                .iter()
                .rev()
                .find(|(_, s)| s.time <= at)
                .cloned();
            match (self.open)() {
                Ok((first, events)) => {
                    let (read, state) = back.unwrap_or((0, first));
                    self.events =
                        Box::new(events.skip(usize::try_from(read).unwrap_or(usize::MAX)));
                    self.state = state;
                    self.read = read;
                    self.next = None;
                    self.forget_after(self.state.time);
                }
                Err(error) => tracing::error!("the recording can't be opened again: {error}"),
            }
        }
        self.advance(at);
        self.publish(Some(at));
    }

    fn forget_after(&self, time: Time) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.ledger.retain(|r| r.first <= time);
        shared.changes.retain(|(_, c)| c.time <= time);
    }

    fn publish(&self, at: Option<Time>) {
        let viewers: Vec<Arc<Waker>> = {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.state = Arc::new(self.state.clone());
            if let Some(at) = at {
                shared.at = at;
                shared.since = Instant::now();
            }
            shared.viewers.retain(|v| v.strong_count() > 0);
            shared.viewers.iter().filter_map(Weak::upgrade).collect()
        };
        for viewer in viewers {
            viewer.call();
        }
    }
}
