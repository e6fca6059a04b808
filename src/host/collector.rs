//! The one owner of log and state: drain, write down, fold, carry out, publish.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::held::Held;
use super::hub::{Hub, Input};
use super::start::HostError;
use crate::engine::State;
use crate::event::{Body, Effect, EffectKind, Event, ObsLedgerGapV1, ObsSourceV1, Observation};
use crate::log::recording::RecordingWriter;
use crate::log::{Log, LogError};
use crate::model::{Change, DeviceId, Seq, Text, Time, TouchTable};

/// How many inputs are folded before the state is published.
const BATCH: usize = 512;
/// How often what is not urgent is flushed.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// How often a snapshot is kept, so that a start, and a jump into the past, need to fold little; less often where one takes long.
const SNAPSHOT_EVERY: Duration = Duration::from_mins(4);
const SLOW_SNAPSHOT_EVERY: Duration = Duration::from_mins(15);
const SLOW_SNAPSHOT: Duration = Duration::from_millis(100);
/// How often retention looks.
const RETAIN_EVERY: Duration = Duration::from_hours(1);

/// How often the ledger is written although nothing was sent: after a `kill -9` it lacks no more than what came after.
const LEDGER_EVERY: Duration = Duration::from_secs(30);

/// Where the keys of effects that are carried out again begin, beyond those of the fold.
const STANDING: u16 = u16::MAX - 8;

/// Carries out what the engine asks for. Called on the collector's thread: it must not wait.
pub trait Carry: Send {
    /// One effect; in order.
    fn carry(&mut self, effect: Effect, state: &State);
    /// About once a second: what to note, such as rows of the ledger.
    fn beat(&mut self) -> Vec<Body>;
    /// Once, at the end: nothing is sent after it, and what is still to be noted.
    fn end(&mut self) -> Vec<Body> {
        self.beat()
    }
    /// The touch table changed while no configuration of this process is in force, so it is not put in force.
    fn held_back(&mut self, _table: &TouchTable) {}
}

/// Who waits to hear that it is durable, if anybody does.
type Told = Option<oneshot::Sender<Result<Seq, Text>>>;
/// Someone waits to hear that an event is durable.
type Waiting = Vec<(Seq, oneshot::Sender<Result<Seq, Text>>)>;

/// The collector's side of a [`Hub`].
pub struct Collector<C: Carry> {
    hub: Arc<Hub>,
    log: Box<dyn Log>,
    state: State,
    last: (Seq, Time),
    pub(super) carry: C,
    /// Folded, but refused by the disk so far.
    held: Held,
    trouble: Text,
    recorder: Option<RecordingWriter>,
    /// What stood in force when an earlier process ended has been carried out again.
    standing: bool,
    /// When something was last written into the ledger.
    ledger: Instant,
}

/// How a [`Collector`] begins.
pub struct Begin<C: Carry> {
    /// Where it meets the others.
    pub hub: Arc<Hub>,
    /// Where events live.
    pub log: Box<dyn Log>,
    /// Who carries effects out.
    pub carry: C,
    /// A recording that is written beside the log.
    pub recorder: Option<RecordingWriter>,
}

impl<C: Carry> Collector<C> {
    /// Folds what the log holds, and publishes it. What effects it asked for then was carried out then.
    pub fn begin(begin: Begin<C>) -> Result<Self, LogError> {
        let Begin {
            hub,
            mut log,
            carry,
            mut recorder,
        } = begin;
        let state = restore(log.as_mut())?;
        if let Some(writer) = recorder.as_mut().filter(|_| state.seq.0 > 0) {
            // what was known before is where the recording begins
            writer.snapshot(state.seq, state.time, &state.to_snapshot())?;
        }
        let last = log.last();
        let last = (last.0.max(state.seq), last.1.max(state.time));
        let ended = log.ended()?;
        hub.publish(state.clone());
        let mut collector = Self {
            hub,
            log,
            state,
            last,
            carry,
            held: Held::default(),
            trouble: Text::empty(),
            recorder,
            standing: false,
            ledger: Instant::now(),
        };
        collector.open_ledger(ended);
        Ok(collector)
    }

    /// From here on the ledger is whole; where the process before came to no end, it is said what may be missing.
    fn open_ledger(&mut self, ended: bool) {
        let now = Time::from_clock();
        let written = self.state.ledger_written();
        let body = if ended {
            Body::Ledger(Vec::new())
        } else {
            let gap = ObsLedgerGapV1 {
                from: if written.0 > 0 {
                    written
                } else {
                    self.state.time
                },
                until: now.max(self.last.1),
            };
            tracing::warn!(
                "wardwatch ended without a word: the ledger may miss packets from {} to {}",
                gap.from,
                gap.until
            );
            Body::Observation(Observation::LedgerGap(gap))
        };
        self.take(vec![(body, None)], now);
        self.settle();
    }

    /// What is noted of packets: those to devices that are stricter than `get` are kept one by one.
    fn ledger(&mut self, bodies: Vec<Body>) -> Vec<(Body, Told)> {
        let mut all: Vec<(Body, Told)> = Vec::with_capacity(bodies.len() + 1);
        for body in bodies {
            let Body::Ledger(rows) = body else {
                all.push((body, None));
                continue;
            };
            self.ledger = Instant::now();
            let (single, sums): (Vec<_>, Vec<_>) = rows
                .into_iter()
                .partition(|row| self.state.is_kept_singly(row.address));
            if !sums.is_empty() || single.is_empty() {
                all.push((Body::Ledger(sums), None));
            }
            if !single.is_empty() {
                all.push((Body::Packets(single), None));
            }
        }
        if self.ledger.elapsed() >= LEDGER_EVERY {
            self.ledger = Instant::now();
            all.push((Body::Ledger(Vec::new()), None));
        }
        all
    }

    /// Works on a thread of its own.
    pub fn spawn(
        self,
        inputs: mpsc::Receiver<Input>,
    ) -> Result<std::thread::JoinHandle<()>, HostError>
    where
        C: 'static,
    {
        std::thread::Builder::new()
            .name("collector".into())
            .spawn(move || {
                match tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build()
                {
                    Ok(own) => own.block_on(self.run(inputs)),
                    Err(error) => tracing::error!("the collector can't keep time: {error}"),
                }
            })
            .map_err(|source| HostError::Io {
                what: "starting the collector",
                source,
            })
    }

    /// Works until it is told to stop, or every way in is gone.
    pub async fn run(mut self, mut inputs: mpsc::Receiver<Input>) {
        let start = Instant::now();
        let (mut flush, mut snapshot, mut retain) = (
            start,
            start + SNAPSHOT_EVERY,
            start + Duration::from_mins(1),
        );
        let mut stopping = None;
        while stopping.is_none() {
            let tick = self
                .state
                .due()
                .map(|due| Instant::now() + due.since(Time::from_clock()));
            let wake = tick.map_or(flush, |t| t.min(flush));
            let mut batch = Vec::new();
            tokio::select! {
                biased;
                n = inputs.recv_many(&mut batch, BATCH) => if n == 0 { break },
                () = sleep_until(wake) => {}
            }
            let mut bodies: Vec<(Body, Told)> = Vec::new();
            let now = Time::from_clock();
            if self.state.due().is_some_and(|due| due <= now) {
                bodies.push((Body::Tick, None));
            }
            for input in batch {
                match input {
                    Input::Observations(list) => {
                        bodies.extend(list.into_iter().map(|o| (Body::Observation(o), None)));
                    }
                    Input::Ledger(rows) => bodies.push((Body::Ledger(rows), None)),
                    Input::Config(config) => bodies.push((Body::Config(config), None)),
                    Input::Durable(body, tell) => bodies.push((*body, Some(tell))),
                    Input::Query(query, tell) => drop(tell.send(self.log.query(&query))),
                    Input::Stop(tell) => stopping = Some(tell),
                }
            }
            if Instant::now() >= flush {
                let noted = self.carry.beat();
                bodies.extend(self.ledger(noted));
            }
            self.take(bodies, now);
            if Instant::now() >= flush {
                self.settle();
                flush = Instant::now() + FLUSH_EVERY;
            }
            if Instant::now() >= snapshot {
                let began = Instant::now();
                self.keep_snapshot();
                let slow = began.elapsed() > SLOW_SNAPSHOT;
                let every = if slow {
                    SLOW_SNAPSHOT_EVERY
                } else {
                    SNAPSHOT_EVERY
                };
                snapshot = Instant::now() + every;
            }
            if Instant::now() >= retain {
                let kept = self.log.retain(now);
                self.note_trouble("log", kept.err().map(|e| e.to_string()));
                retain = Instant::now() + RETAIN_EVERY;
            }
            self.hub.beat(Time::from_clock());
        }
        let last = self.carry.end();
        let last = self.ledger(last);
        self.take(last, Time::from_clock());
        self.settle();
        self.keep_snapshot();
        if self.held.is_empty()
            && let Err(error) = self.log.note_end()
        {
            tracing::error!("the end of the log could not be written: {error}");
        }
        if let Some(Err(error)) = self.recorder.map(RecordingWriter::finish) {
            tracing::error!("the recording lacks its end: {error}");
        }
        drop(self.log);
        // what changed nothing on a screen was not published, and counts all the same
        self.hub.publish(self.state);
        self.hub.end();
        if let Some(tell) = stopping {
            let _ = tell.send(());
        }
    }

    /// Stamps, writes down, folds, carries out, publishes.
    fn take(&mut self, bodies: Vec<(Body, Told)>, now: Time) {
        if bodies.is_empty() {
            return;
        }
        let first = self.last.0;
        let mut events = Vec::with_capacity(bodies.len());
        let mut waiting: Waiting = Vec::new();
        for (body, tell) in bodies {
            self.last = (Seq(self.last.0.0 + 1), self.last.1.max(now));
            if let Some(tell) = tell {
                waiting.push((self.last.0, tell));
            }
            events.push(Event {
                seq: self.last.0,
                time: self.last.1,
                body,
            });
        }
        let kept = self.write(&events);
        if let Err(error) = &kept {
            // what must be durable and is not, did not happen: it is neither folded nor acknowledged
            for (_, tell) in waiting.drain(..) {
                let _ = tell.send(Err(error.clone()));
            }
            events.retain(|e| !e.body.must_be_durable());
            // no place in the log stays empty
            self.last.0 = first;
            for event in &mut events {
                self.last.0 = Seq(self.last.0.0 + 1);
                event.seq = self.last.0;
            }
        }
        let before = self.state.revision;
        let mut changes = Vec::new();
        let began = std::time::Instant::now();
        for event in &events {
            let outcome = self.state.apply(event);
            changes.extend(outcome.changes);
            let configured = self.standing || matches!(event.body, Body::Config(_));
            for effect in outcome.effects {
                // what an earlier process left may be laxer than the site file is now: before that is in force, nobody is sent
                // anything
                if configured || matches!(effect.kind, EffectKind::Notify(_)) {
                    self.carry.carry(effect, &self.state);
                } else if let EffectKind::TouchTable(table) = &effect.kind {
                    self.carry.held_back(table);
                }
            }
            if matches!(event.body, Body::Config(_)) && !std::mem::replace(&mut self.standing, true)
            {
                self.carry_standing(event.seq);
            }
        }
        let gauges = &self.hub.gauges;
        gauges.fold_ns.fetch_add(
            u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX),
            Ordering::Relaxed,
        );
        gauges
            .events
            .fetch_add(events.len() as u64, Ordering::Relaxed);
        gauges
            .unflushed
            .fetch_add(events.len() as u64, Ordering::Relaxed);
        if kept.is_err() {
            self.held.extend(events);
        } else {
            self.record(&events);
        }
        self.index(&changes);
        for (seq, tell) in waiting {
            let _ = tell.send(Ok(seq));
        }
        if self.state.revision != before || !self.hub.started() {
            self.hub.publish(self.state.clone());
        }
    }

    /// The first configuration of this process is in force. Where an earlier process left the same behind, the fold has nothing
    /// new to ask for, yet this process's gate and poller know nothing; and before it, what was left may be laxer than what
    /// is in force now.
    fn carry_standing(&mut self, seq: Seq) {
        let (table, targets) = self.state.standing();
        let kinds = table
            .map(EffectKind::TouchTable)
            .into_iter()
            .chain(self.state.standing_plans().map(EffectKind::Plans))
            .chain(self.state.standing_budgets().map(EffectKind::Budgets))
            .chain(self.state.quirk_table().cloned().map(EffectKind::Quirks))
            .chain(targets.map(EffectKind::Targets));
        for (kind, n) in kinds.zip(STANDING..) {
            let key = (seq, n);
            self.carry.carry(Effect { key, kind }, &self.state);
        }
    }

    fn write(&mut self, events: &[Event]) -> Result<(), Text> {
        if !self.held.is_empty() {
            return Err(self.trouble.clone());
        }
        match self.log.append(events) {
            Ok(()) => Ok(()),
            Err(error) => {
                let words = Text::from(error.to_string());
                tracing::error!("{words}");
                self.trouble = words.clone();
                Err(words)
            }
        }
    }

    fn record(&mut self, events: &[Event]) {
        let Some(writer) = &mut self.recorder else {
            return;
        };
        if let Err(error) = writer.append(events) {
            tracing::error!("the recording ends here: {error}");
            self.recorder = None;
            self.note_trouble("recording", Some(error.to_string()));
        }
    }

    fn index(&mut self, changes: &[(DeviceId, Change)]) {
        if changes.is_empty() || !self.held.is_empty() {
            return;
        }
        if let Err(error) = self.log.note_changes(changes) {
            tracing::warn!("the index of changes lacks {}: {error}", changes.len());
        }
    }

    /// Tries again what the disk refused, then flushes; says so when it goes wrong and when it is well again.
    fn settle(&mut self) {
        let began = std::time::Instant::now();
        if !self.held.is_empty() {
            match self.held.write(self.log.as_mut()) {
                Ok(events) => {
                    self.record(&events);
                    self.trouble = Text::empty();
                }
                Err(error) => self.trouble = error.to_string().into(),
            }
        }
        let kept = self
            .recorder
            .as_mut()
            .map_or(Ok(()), RecordingWriter::flush);
        if let Err(error) = kept {
            tracing::error!("the recording is behind: {error}");
        }
        let flushed = if self.held.is_empty() {
            self.log.flush().err()
        } else {
            None
        };
        let gauges = &self.hub.gauges;
        let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        gauges.flush_us.store(took, Ordering::Relaxed);
        gauges.flush_most_us.fetch_max(took, Ordering::Relaxed);
        if flushed.is_none() && self.held.is_empty() {
            gauges.unflushed.store(0, Ordering::Relaxed);
        }
        gauges.held.store(self.held.len() as u64, Ordering::Relaxed);
        gauges.dropped.store(self.held.dropped(), Ordering::Relaxed);
        let trouble = flushed
            .map(|e| e.to_string())
            .or_else(|| (!self.held.is_empty()).then(|| self.trouble.to_string()));
        self.note_trouble("log", trouble);
    }

    /// An observation of our own, when it is not what the state knows already.
    fn note_trouble(&mut self, source: &str, trouble: Option<String>) {
        let trouble = Text::from(trouble.unwrap_or_default());
        let known = self
            .state
            .troubles
            .get(&Text::from(source))
            .map_or(Text::empty(), |(t, _)| t.clone());
        if known == trouble {
            return;
        }
        if !trouble.is_empty() {
            tracing::error!("{source}: {trouble}");
        }
        let now = Time::from_clock();
        let seen = ObsSourceV1 {
            at: now,
            source: source.into(),
            trouble,
            dropped: self.held.dropped(),
        };
        self.take(
            vec![(Body::Observation(Observation::Source(seen)), None)],
            now,
        );
    }

    fn keep_snapshot(&mut self) {
        if !self.held.is_empty() {
            return;
        }
        let bytes = self.state.to_snapshot();
        if let Err(error) = self
            .log
            .keep_snapshot(self.state.seq, self.state.time, &bytes)
        {
            tracing::warn!("no snapshot kept: {error}");
        }
    }
}

/// The state that a log stands for: its newest snapshot, and what came after.
pub fn restore(log: &mut dyn Log) -> Result<State, LogError> {
    let mut state = State::new();
    if let Some((seq, bytes)) = log.snapshot()? {
        match State::from_snapshot(&bytes) {
            Ok(found) => state = found,
            Err(error) => tracing::warn!(
                "snapshot at {seq} is of no use ({error}); folding the whole log instead"
            ),
        }
    }
    log.read_from(state.seq, &mut |event| {
        // its effects were carried out, or are due again by the state itself
        let _ = state.apply(&event);
        true
    })?;
    Ok(state)
}

#[cfg(test)]
mod tests;
