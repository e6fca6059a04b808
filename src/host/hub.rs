//! Where the collector, its sources and its viewers meet.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::{mpsc, oneshot};

use crate::engine::State;
use crate::event::{Body, ConfigAppliedV2, LedgerRow, Observation};
use crate::log::{Answer, Query};
use crate::model::{Health, Seq, SourceHealth, Text, Time};

/// How many inputs may wait for the collector. A source that finds it full waits, which is its cue to slow down.
pub const INPUT_CAP: usize = 4096;

/// What reaches the collector.
#[derive(Debug)]
pub enum Input {
    /// The network said something.
    Observations(Vec<Observation>),
    /// Packets went out.
    Ledger(Vec<LedgerRow>),
    /// Configuration came into force.
    Config(Box<ConfigAppliedV2>),
    /// Something that is answered once it is durable: a command, a step of a run, a delivery.
    Durable(Box<Body>, oneshot::Sender<Result<Seq, Text>>),
    /// A question to the log.
    Query(Query, oneshot::Sender<Answer>),
    /// Write everything down and end.
    Stop(oneshot::Sender<()>),
}

/// Wakes one viewer when there is something new; calls in between fold into one.
pub struct Waker {
    waiting: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waker")
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}

impl Waker {
    /// Calls `wake` once for any number of changes until [`Waker::taken`].
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            waiting: AtomicBool::new(false),
            wake: Box::new(wake),
        })
    }

    /// The viewer looks now.
    pub fn taken(&self) {
        self.waiting.store(false, Ordering::SeqCst);
    }

    pub(super) fn call(&self) {
        if !self.waiting.swap(true, Ordering::SeqCst) {
            (self.wake)();
        }
    }
}

/// What the collector counts of its own work.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    /// Events folded.
    pub events: AtomicU64,
    /// What folding them cost in all, nanoseconds.
    pub fold_ns: AtomicU64,
    /// Events that wait in memory, for the disk refused them.
    pub held: AtomicU64,
    /// Of these, dropped.
    pub dropped: AtomicU64,
    /// Events that are not yet on the disk.
    pub unflushed: AtomicU64,
    /// How long the last flush took, microseconds.
    pub flush_us: AtomicU64,
    /// The longest.
    pub flush_most_us: AtomicU64,
}

/// Shared by all who take part. A clone of the state is a few pointers.
#[derive(Debug)]
pub struct Hub {
    state: ArcSwap<State>,
    pulse: AtomicI64,
    started: AtomicBool,
    ended: AtomicBool,
    input: mpsc::Sender<Input>,
    viewers: Mutex<Vec<Weak<Waker>>>,
    pub(super) gauges: Gauges,
    sources: Mutex<BTreeMap<Text, (Text, bool)>>,
    health: ArcSwapOption<Health>,
}

impl Hub {
    /// A hub, and the end that the collector reads.
    pub fn new() -> (Arc<Self>, mpsc::Receiver<Input>) {
        let (input, output) = mpsc::channel(INPUT_CAP);
        let hub = Self {
            state: ArcSwap::from_pointee(State::new()),
            pulse: AtomicI64::new(Time::from_clock().0),
            started: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            input,
            viewers: Mutex::default(),
            gauges: Gauges::default(),
            sources: Mutex::default(),
            health: ArcSwapOption::empty(),
        };
        (Arc::new(hub), output)
    }

    /// The newest state.
    pub fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// When the collector last said that it lives.
    pub fn pulse(&self) -> Time {
        Time(self.pulse.load(Ordering::Relaxed))
    }

    /// It has folded something.
    pub fn started(&self) -> bool {
        self.started.load(Ordering::Relaxed)
    }

    /// It is gone.
    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// How the collecting process is doing, as measured last; nothing before the first time.
    pub fn health(&self) -> Option<Arc<Health>> {
        self.health.load_full()
    }

    pub(super) fn tell_health(&self, health: Health) {
        // no viewer is woken: whoever shows it looks once a second anyhow
        self.health.store(Some(Arc::new(health)));
    }

    /// Notes how a source beside the poller is doing.
    pub(super) fn note_source(&self, name: &str, how: impl Into<Text>, well: bool) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.insert(Text::from(name), (how.into(), well));
    }

    /// What was noted of sources, in the order of their names.
    pub(super) fn sources(&self) -> Vec<SourceHealth> {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |(name, (how, well)): (&Text, &(Text, bool))| SourceHealth {
            name: name.clone(),
            how: how.clone(),
            well: *well,
        };
        sources.iter().map(one).collect()
    }

    /// The way in.
    pub fn input(&self) -> &mpsc::Sender<Input> {
        &self.input
    }

    /// Hands something over that must be durable, and waits until it is. Not for the collector's own thread.
    pub async fn durable(&self, body: Body) -> Result<Seq, Text> {
        let (tell, told) = oneshot::channel();
        let gone = || Text::from("the collector has ended");
        self.input
            .send(Input::Durable(Box::new(body), tell))
            .await
            .map_err(|_| gone())?;
        told.await.map_err(|_| gone())?
    }

    /// Asks the log, off the caller's thread.
    pub async fn query(&self, query: Query) -> Answer {
        let (tell, told) = oneshot::channel();
        if self.input.send(Input::Query(query, tell)).await.is_err() {
            return Answer::Failed("the collector has ended".into());
        }
        told.await
            .unwrap_or_else(|_| Answer::Failed("the collector has ended".into()))
    }

    /// Registers a viewer; it is forgotten when its `Arc` is dropped.
    pub fn attach(&self, waker: &Arc<Waker>) {
        let mut viewers = self.viewers.lock().unwrap_or_else(PoisonError::into_inner);
        viewers.retain(|v| v.strong_count() > 0);
        viewers.push(Arc::downgrade(waker));
    }

    pub(super) fn publish(&self, state: State) {
        self.state.store(Arc::new(state));
        self.started.store(true, Ordering::Relaxed);
        self.wake_viewers();
    }

    pub(super) fn beat(&self, now: Time) {
        self.pulse.store(now.0, Ordering::Relaxed);
    }

    /// There is no collector any more, or there will be none because it could not start.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        self.wake_viewers();
    }

    fn wake_viewers(&self) {
        let viewers: Vec<Arc<Waker>> = {
            let mut held = self.viewers.lock().unwrap_or_else(PoisonError::into_inner);
            held.retain(|v| v.strong_count() > 0);
            held.iter().filter_map(Weak::upgrade).collect()
        };
        for viewer in viewers {
            viewer.call();
        }
    }
}
