//! Plays what was: the same fold, a time of its own.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::hub::Waker;
use super::tape::{Events, Keyframes, Tape, state_at};
use super::viewer::{Feed, Told};
use crate::engine::State;
use crate::event::{Body, Event, LedgerRow};
use crate::log::{Answer, LogError, Query};
use crate::model::{AlertState, Change, DeviceId, Health, Text, Time};
use crate::ui::{Happened, Landmark, Live, Played};

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
    /// What happened in it that is worth going to, in order.
    pub marks: Vec<Landmark>,
}

/// Folds a whole recording. Effects are discarded (invariant 13).
pub fn fold_whole(tape: &dyn Tape) -> Result<Whole, ReplayError> {
    let mut state = tape.before(Time(i64::MIN))?;
    let events = tape.after(state.seq)?;
    let mut whole = Whole {
        state: State::new(),
        events: 0,
        from: Time(i64::MAX),
        to: state.time,
        damage: None,
        marks: Vec::new(),
    };
    for event in events {
        match event {
            Ok(event) => {
                let _ = state.apply(&event);
                whole.events += 1;
                whole.from = whole.from.min(event.time);
                whole.to = whole.to.max(event.time);
                whole.marks.extend(deed(&event));
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
    let (from, to) = (whole.from, whole.to);
    whole
        .marks
        .extend(opened(&state).filter(|m| m.time >= from && m.time <= to));
    whole.marks.sort_by_key(|m| m.time);
    whole.state = state;
    Ok(whole)
}

/// What a person did, if the event is that.
pub(super) fn deed(event: &Event) -> Option<Landmark> {
    matches!(event.body, Body::Command { .. }).then_some(Landmark {
        time: event.time,
        what: Happened::Deed,
    })
}

/// When the alerts that a state knows opened.
pub(super) fn opened(state: &State) -> impl Iterator<Item = Landmark> + '_ {
    let seen = state
        .alerts
        .values()
        .filter(|a| a.state != AlertState::Pending);
    seen.map(|alert| Landmark {
        time: alert.opened.unwrap_or(alert.since),
        what: Happened::Alert(alert.severity),
    })
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
    /// Where it is to go, as long as it is not there.
    towards: Option<Time>,
    /// What went wrong, until it is said.
    said: Option<Text>,
    ledger: VecDeque<LedgerRow>,
    changes: VecDeque<(DeviceId, Change)>,
    viewers: Vec<Weak<Waker>>,
}

/// Plays what was for viewers. Ends with the last clone of its handle.
pub struct Player {
    shared: Arc<Mutex<Shared>>,
    orders: Mutex<Sender<Order>>,
    tape: Arc<dyn Tape>,
    from: Time,
    to: Time,
    marks: Arc<[Landmark]>,
}

impl Player {
    /// Starts at `at` (the beginning otherwise) of what spans these times, see [`Whole`]; `marks` in their order.
    pub fn start(
        tape: Arc<dyn Tape>,
        span: (Time, Time),
        at: Option<Time>,
        speed: u32,
        marks: Arc<[Landmark]>,
    ) -> Result<Self, ReplayError> {
        let (from, to) = span;
        let at = at.unwrap_or(from).max(from).min(to);
        let state = tape.before(at)?;
        let events = tape.after(state.seq)?;
        let shared = Arc::new(Mutex::new(Shared {
            state: Arc::new(state.clone()),
            at,
            since: Instant::now(),
            speed,
            towards: None,
            said: None,
            ledger: VecDeque::new(),
            changes: VecDeque::new(),
            viewers: Vec::new(),
        }));
        let (orders, taken) = channel();
        let mut head = Head {
            tape: Arc::clone(&tape),
            events,
            next: None,
            state,
            frames: Keyframes::default(),
            shared: Arc::clone(&shared),
            ends_at: None,
            taken,
            waiting: VecDeque::new(),
        };
        head.go_to(at);
        std::thread::Builder::new()
            .name("replay".into())
            .spawn(move || head.play(to))
            .map_err(|source| LogError::Io {
                place: "replay thread".into(),
                source,
            })?;
        Ok(Self {
            shared,
            orders: Mutex::new(orders),
            tape,
            from,
            to,
            marks,
        })
    }

    /// The state that is shown, and what is true of it.
    pub fn shown(&self) -> (Arc<State>, Played) {
        let shared = self.shared();
        let played = Played {
            at: shared.now(self.to),
            from: self.from,
            to: self.to,
            speed: shared.speed,
            towards: shared.towards,
            past: false,
        };
        (Arc::clone(&shared.state), played)
    }

    /// The last time there is.
    pub fn end(&self) -> Time {
        self.to
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

    fn live(&self) -> Live {
        Live::Replay(self.shown().1)
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
        let to = to.max(self.from).min(self.to);
        self.shared().towards = Some(to);
        self.order(Order::Seek(to));
    }

    fn said(&self) -> Option<Text> {
        self.shared().said.take()
    }

    fn marks(&self) -> Arc<[Landmark]> {
        Arc::clone(&self.marks)
    }

    fn since(&self, time: Time, tell: Told) {
        let (tape, time) = (Arc::clone(&self.tape), time.max(self.from));
        since(move || state_at(&*tape, time).map_err(unread), tell);
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
                before,
                limit,
            } => {
                let rows = shared.ledger.iter().rev().filter(|r| {
                    let then = r.first <= now && r.first < before && r.last >= since;
                    then && addresses.contains(&r.address)
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

/// Hands on a state of the past once it is read, which may take a while: nobody's keys wait for it.
pub(super) fn since(read: impl FnOnce() -> Result<State, Text> + Send + 'static, tell: Told) {
    let thread = std::thread::Builder::new().name("since".into());
    let spawned = thread.spawn(move || tell(read().map(Arc::new)));
    if let Err(why) = spawned {
        tracing::error!("no thread to read what was: {why}");
    }
}

/// Why what was is not told.
pub(super) fn unread(why: impl std::fmt::Display) -> Text {
    Text::from(format!("what was can't be read: {why}"))
}

/// How far a jump folds without a look whether there is a state nearer to its end.
const NEAR: Duration = Duration::from_mins(2);
/// So many events are folded between two looks whether somebody wants to go elsewhere.
const LOOK_EVERY: u32 = 1_024;

/// Where the playing is.
struct Head {
    tape: Arc<dyn Tape>,
    events: Events,
    /// Read, and not due yet.
    next: Option<Event>,
    state: State,
    frames: Keyframes,
    shared: Arc<Mutex<Shared>>,
    /// Where reading it ended with an error, if it did: nothing after that is known.
    ends_at: Option<Time>,
    taken: Receiver<Order>,
    /// Taken while a jump was under way.
    waiting: VecDeque<Order>,
}

impl Head {
    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, why: &LogError) {
        let words = unread(why);
        tracing::error!("{words}");
        self.shared().said = Some(words);
    }

    fn play(mut self, to: Time) {
        loop {
            let (speed, now) = {
                let shared = self.shared();
                (shared.speed, shared.now(to))
            };
            let pause = match (&self.next, speed) {
                (Some(next), 1..) => next.time.since(now) / speed,
                _ => Duration::from_hours(1),
            };
            let pause = pause.max(Duration::from_millis(30));
            if self.waiting.is_empty() {
                match self.taken.recv_timeout(pause) {
                    Ok(order) => self.waiting.push_back(order),
                    Err(RecvTimeoutError::Timeout) => {
                        let now = self.shared().now(to);
                        if self.advance(now, false) {
                            self.publish(None);
                        }
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            self.take_orders(to);
        }
    }

    /// Of many places that were asked for, only the last is gone to.
    fn take_orders(&mut self, to: Time) {
        self.waiting.extend(self.taken.try_iter());
        let mut seek = None;
        for order in std::mem::take(&mut self.waiting) {
            match order {
                Order::Seek(at) => seek = Some(at),
                Order::Speed(times) => {
                    let mut shared = self.shared();
                    shared.at = shared.now(to);
                    shared.since = Instant::now();
                    shared.speed = times;
                }
            }
        }
        match seek {
            Some(at) => self.go_to(at),
            None => self.publish(None),
        }
    }

    /// Does somebody want to go elsewhere?
    fn is_called(&mut self) -> bool {
        self.waiting.extend(self.taken.try_iter());
        self.waiting.iter().any(|o| matches!(o, Order::Seek(_)))
    }

    /// Folds everything up to `at`, or, of a jump, until somebody wants to go elsewhere. Says whether anything came.
    fn advance(&mut self, at: Time, jump: bool) -> bool {
        let mut any = false;
        let mut folded = 0u32;
        loop {
            if self.next.is_none() {
                self.next = match self.events.next() {
                    Some(Ok(event)) => Some(event),
                    // what comes after a hole is not what happened
                    Some(Err(why)) => {
                        self.ends_at = Some(self.state.time);
                        self.say(&why);
                        None
                    }
                    None => None,
                };
            }
            let Some(event) = self.next.take_if(|e| e.time <= at) else {
                return any;
            };
            if self.state.time < event.time {
                self.frames.keep(&self.state);
            }
            let outcome = self.state.apply(&event);
            any = true;
            let mut shared = self.shared();
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
            drop(shared);
            folded = folded.wrapping_add(1);
            if jump && folded.is_multiple_of(LOOK_EVERY) && self.is_called() {
                return any;
            }
        }
    }

    /// The nearest state before a time that is not passed through already, if a jump there should start from it.
    fn start_of(&self, at: Time) -> Option<State> {
        let here = (self.state.time <= at).then_some(self.state.time);
        let frame = self.frames.before(at).filter(|f| here < Some(f.time));
        let best = frame.map(|f| f.time).or(here);
        // a jump ahead in a recording folds all that is between: the rows of its ledger are gathered so
        let far = best.is_none_or(|best| self.tape.has_states() && at.since(best) > NEAR);
        if far {
            match self.tape.before(at) {
                Ok(found) if best.is_none_or(|best| found.time > best) => return Some(found),
                Ok(_) => {}
                Err(error) => self.say(&error),
            }
        }
        // ahead within a recording no event is passed over
        let back = here.is_none() || self.tape.has_states();
        frame.filter(|_| back).cloned()
    }

    /// Jumps: from the nearest state on, or back.
    fn go_to(&mut self, at: Time) {
        if let Some(state) = self.start_of(at) {
            match self.tape.after(state.seq) {
                Ok(events) => {
                    self.events = events;
                    self.state = state;
                    self.next = None;
                    self.ends_at = None;
                    self.forget_after(self.state.time);
                }
                Err(error) => self.say(&error),
            }
        }
        if self.state.time > at {
            // there is no way back: what is shown stays, and so does its time
            self.shared().towards = None;
            self.publish(None);
            return;
        }
        self.advance(at, true);
        // on the way to another place nothing is shown of this one
        if !self.is_called() {
            self.publish(Some(self.ends_at.map_or(at, |end| at.min(end))));
        }
    }

    fn forget_after(&self, time: Time) {
        let mut shared = self.shared();
        shared.ledger.retain(|r| r.first <= time);
        shared.changes.retain(|(_, c)| c.time <= time);
    }

    fn publish(&self, at: Option<Time>) {
        let viewers: Vec<Arc<Waker>> = {
            let mut shared = self.shared();
            shared.state = Arc::new(self.state.clone());
            if let Some(at) = at {
                shared.at = at;
                shared.since = Instant::now();
                shared.towards = None;
            }
            shared.viewers.retain(|v| v.strong_count() > 0);
            shared.viewers.iter().filter_map(Weak::upgrade).collect()
        };
        for viewer in viewers {
            viewer.call();
        }
    }
}
