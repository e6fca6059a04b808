//! The present of a program that collects, and its past: the log played in the place of the present, until the person comes back.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use imbl::OrdMap;

use super::hub::Waker;
use super::replay::{Player, deed, opened, since, unread};
use super::tape::{Collected, Tape, state_at};
use super::viewer::{Feed, Told};
use crate::engine::State;
use crate::event::Body;
use crate::log::{Answer, Query};
use crate::model::{Alert, AlertId, Health, Text, Time};
use crate::ui::session::World;
use crate::ui::{Landmark, Live, Played};

/// Nearer to the present than this, the past is over: so long it may take until what happens is written down.
const CATCH_UP: Duration = Duration::from_secs(5);
/// How many deeds of people are marked.
const DEEDS: u32 = 2_000;

/// A living feed with a past.
pub struct WithPast {
    live: Arc<dyn Feed>,
    log: Arc<Collected>,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    player: Option<Arc<Player>>,
    /// The last order counts: whoever goes elsewhere while the log is still read goes there at once.
    wanted: Option<Time>,
    reading: bool,
    said: Option<Text>,
    deeds: Vec<Landmark>,
    marks: Arc<[Landmark]>,
    /// The alerts that are marked.
    marked: Option<OrdMap<AlertId, Arc<Alert>>>,
    viewers: Vec<Weak<Waker>>,
}

fn locked(inner: &Mutex<Inner>) -> std::sync::MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    fn wake(&self) {
        for viewer in self.viewers.iter().filter_map(Weak::upgrade) {
            viewer.call();
        }
    }
}

impl WithPast {
    /// Of a program that collects into a state folder.
    pub fn new(live: Arc<dyn Feed>, state: PathBuf) -> Self {
        Self {
            live,
            log: Arc::new(Collected(state)),
            inner: Arc::default(),
        }
    }

    fn player(&self) -> Option<Arc<Player>> {
        locked(&self.inner).player.clone()
    }

    fn present_world(&self) -> World {
        let mut world = self.live.world();
        world.marks = self.marks();
        world
    }

    /// The present goes on while one looks; what came since the log was opened is read when one gets there.
    fn past(&self, played: &Played) -> Played {
        Played {
            past: true,
            to: self.live.now(),
            ..played.clone()
        }
    }

    /// Played to where the log was read: what came since is played too, until the present is reached.
    fn is_caught_up(&self, player: &Arc<Player>, speed: u32) -> bool {
        let mut inner = locked(&self.inner);
        if !inner
            .player
            .as_ref()
            .is_some_and(|p| Arc::ptr_eq(p, player))
        {
            return false;
        }
        if self.live.now().since(player.end()) <= CATCH_UP {
            inner.player = None;
            return true;
        }
        if !std::mem::replace(&mut inner.reading, true) {
            inner.wanted = Some(player.end());
            drop(inner);
            self.read(player.end(), speed);
        }
        false
    }

    /// Begins to read the log, beside whoever draws.
    fn read(&self, to: Time, speed: u32) {
        let (log, inner, now) = (
            Arc::clone(&self.log),
            Arc::clone(&self.inner),
            self.live.now(),
        );
        let thread = std::thread::Builder::new().name("past".into());
        let spawned = thread.spawn(move || {
            let made = begin(&log, to, now, speed);
            let mut inner = locked(&inner);
            inner.reading = false;
            // who came back meanwhile stays in the present
            let wanted = inner.wanted.take();
            match (made, wanted) {
                (Ok(player), Some(wanted)) => {
                    for viewer in inner.viewers.iter().filter_map(Weak::upgrade) {
                        player.attach(&viewer);
                    }
                    if wanted != to {
                        player.seek(wanted);
                    }
                    inner.player = Some(Arc::new(player));
                }
                (Err(why), Some(_)) => inner.said = Some(why),
                (_, None) => {}
            }
            inner.wake();
        });
        if let Err(why) = spawned {
            let mut inner = locked(&self.inner);
            inner.reading = false;
            inner.said = Some(Text::from(format!("the past can't be read: {why}")));
        }
    }

    /// Asks the log once for what people did.
    fn ask_deeds(&self) {
        let inner = Arc::clone(&self.inner);
        let asked = Query::Deeds {
            before: Time(i64::MAX),
            limit: DEEDS,
        };
        self.live.query(
            asked,
            Box::new(move |answer| {
                let Answer::Deeds(deeds) = answer else {
                    return;
                };
                let mut inner = locked(&inner);
                inner.deeds = deeds.iter().filter_map(deed).collect();
                inner.marked = None;
                inner.wake();
            }),
        );
    }
}

/// Opens the log and goes to a time in it.
fn begin(log: &Arc<Collected>, at: Time, now: Time, speed: u32) -> Result<Player, Text> {
    let failed =
        |why: &dyn std::fmt::Display| Text::from(format!("the past can't be shown: {why}"));
    let earliest = log.earliest().map_err(|e| failed(&e))?;
    let Some(earliest) = earliest.filter(|earliest| *earliest < now) else {
        return Err(Text::from("nothing is kept yet that is over"));
    };
    let tape: Arc<dyn Tape> = Arc::<Collected>::clone(log);
    Player::start(tape, (earliest, now), Some(at), speed, Arc::default()).map_err(|e| failed(&e))
}

impl Feed for WithPast {
    fn state(&self) -> Arc<State> {
        self.world().state
    }

    fn live(&self) -> Live {
        self.world().live
    }

    fn health(&self) -> Option<Arc<Health>> {
        self.world().health
    }

    fn world(&self) -> World {
        let Some(player) = self.player() else {
            return self.present_world();
        };
        let (state, played) = player.shown();
        if played.speed > 0 && played.at >= player.end() && self.is_caught_up(&player, played.speed)
        {
            return self.present_world();
        }
        World {
            // how it was doing then is not known
            present: Some(self.live.state()),
            marks: self.marks(),
            ..World::new(state, self.now(), Live::Replay(self.past(&played)))
        }
    }

    fn now(&self) -> Time {
        self.live.now()
    }

    fn marks(&self) -> Arc<[Landmark]> {
        let state = self.live.state();
        let mut inner = locked(&self.inner);
        if !inner
            .marked
            .as_ref()
            .is_some_and(|m| m.ptr_eq(&state.alerts))
        {
            let mut marks: Vec<Landmark> = opened(&state).chain(inner.deeds.clone()).collect();
            marks.sort_by_key(|m| m.time);
            inner.marks = marks.into();
            inner.marked = Some(state.alerts.clone());
        }
        Arc::clone(&inner.marks)
    }

    fn said(&self) -> Option<Text> {
        let mut inner = locked(&self.inner);
        let own = inner.said.take();
        own.or_else(|| inner.player.as_ref()?.said())
    }

    fn attach(&self, waker: &Arc<Waker>) {
        self.live.attach(waker);
        let mut inner = locked(&self.inner);
        inner.viewers.retain(|v| v.strong_count() > 0);
        inner.viewers.push(Arc::downgrade(waker));
        if let Some(player) = &inner.player {
            player.attach(waker);
        }
    }

    fn seek(&self, to: Time) {
        let mut inner = locked(&self.inner);
        if to >= self.live.now() {
            inner.wanted = None;
            inner.player = None;
            inner.wake();
            return;
        }
        match &inner.player {
            Some(player) if to <= player.end() => player.seek(to),
            // what was recorded since it was opened is read too
            _ => {
                inner.wanted = Some(to);
                if !std::mem::replace(&mut inner.reading, true) {
                    let first = inner.deeds.is_empty();
                    drop(inner);
                    self.read(to, 0);
                    if first {
                        self.ask_deeds();
                    }
                }
            }
        }
    }

    fn since(&self, time: Time, tell: Told) {
        let log = Arc::clone(&self.log);
        let read = move || match log.earliest().map_err(unread)? {
            Some(earliest) if earliest <= time => state_at(&*log, time).map_err(unread),
            Some(earliest) => Err(Text::from(format!(
                "what is kept tells the state from {earliest} on"
            ))),
            None => Err(Text::from("nothing is kept yet that is over")),
        };
        since(read, tell);
    }

    fn speed(&self, times: u32) {
        if let Some(player) = self.player() {
            player.speed(times);
        }
    }

    fn query(&self, query: Query, tell: Box<dyn FnOnce(Answer) + Send>) {
        let Some(player) = self.player() else {
            return self.live.query(query, tell);
        };
        let after = Time(player.shown().1.at.0.saturating_add(1));
        // what came after was not there yet
        let query = match query {
            Query::Changes {
                device,
                before,
                limit,
            } => Query::Changes {
                device,
                before: before.min(after),
                limit,
            },
            Query::Deeds { before, limit } => Query::Deeds {
                before: before.min(after),
                limit,
            },
            Query::Ledger {
                addresses,
                since,
                before,
                limit,
            } => Query::Ledger {
                addresses,
                since,
                before: before.min(after),
                limit,
            },
        };
        self.live.query(query, tell);
    }

    fn deed(&self, body: Body, tell: Box<dyn FnOnce(Text) + Send>) {
        if self.player().is_some() {
            return tell("this is the past: go back to the present first".into());
        }
        self.live.deed(body, tell);
    }
}
