//! How this process itself is doing: measured every two seconds on a thread of its own, told to viewers through the hub.
//!
//! It is no event and no part of the state: two processes that fold the same log are equally true, however fast they are. One
//! thing becomes an event, since everybody must know it: that the kernel drops so many answers that the watch is half blind.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use imbl::Vector;

use super::hub::{Hub, Input};
use crate::event::{ObsSourceV1, Observation};
use crate::gate::Gate;
use crate::log::StoreSize;
use crate::model::{
    CollectorHealth, Flow, GateHealth, Health, Home, Point, PollerHealth, ProcessHealth, Rate,
    Severity, SourceHealth, TREND, Text, Time,
};
use crate::sources::snmp::{Poller, PollerStats};

/// How often it is measured.
const EVERY: Duration = Duration::from_secs(2);
/// How many measures make a point of a trend: six seconds.
const MEASURES: u8 = 3;
/// How often the files of the log are looked at.
const SIZE_EVERY: Duration = Duration::from_secs(30);
/// What is called the last minute, milliseconds.
const MINUTE_MS: u64 = 60_000;
/// What a day takes is told from the growth of so long, milliseconds.
const GROWTH_MS: u64 = 600_000;

/// Measures as long as it lives.
#[derive(Debug)]
pub(super) struct Watch {
    /// The thread ends when this is dropped.
    _stop: Sender<()>,
}

impl Watch {
    /// Begins; the first measure is told at once.
    pub(super) fn start(
        hub: Arc<Hub>,
        gate: Arc<Gate>,
        poller: Poller,
        home: Home,
        state: PathBuf,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let mut gatherer = Gatherer {
            hub,
            gate,
            poller,
            state,
            began: Instant::now(),
            size: (None, StoreSize::default()),
        };
        let mut meter = Meter::new(Time::from_clock(), home);
        let mut said = Said::default();
        std::thread::Builder::new()
            .name("health".into())
            .spawn(move || {
                loop {
                    let (raw, sources) = gatherer.gather();
                    let health = meter.take(&raw, sources);
                    if let Some(trouble) = said.news(&health) {
                        // a collector that takes nothing now hears it the next time
                        let told = gatherer.hub.input().try_send(trouble);
                        said.told(told.is_ok());
                    }
                    gatherer.hub.tell_health(health);
                    match stopped.recv_timeout(EVERY) {
                        Err(RecvTimeoutError::Timeout) => {}
                        Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
            })?;
        Ok(Self { _stop: stop })
    }
}

/// Where the figures come from.
struct Gatherer {
    hub: Arc<Hub>,
    gate: Arc<Gate>,
    poller: Poller,
    state: PathBuf,
    began: Instant,
    size: (Option<Instant>, StoreSize),
}

/// Every figure at one instant; counters since the beginning.
#[derive(Clone, Copy, Debug, Default)]
struct Raw {
    /// Milliseconds since the beginning, by a clock that only goes forward.
    at_ms: u64,
    now: Time,
    cpu_us: u64,
    rss_kib: u64,
    peak_kib: u64,
    stats: PollerStats,
    gate: GateHealth,
    refused: u64,
    events: u64,
    fold_ns: u64,
    collector: CollectorHealth,
    size: StoreSize,
}

impl Gatherer {
    fn gather(&mut self) -> (Raw, Vec<SourceHealth>) {
        let (looked, size) = self.size;
        if looked.is_none_or(|at| at.elapsed() >= SIZE_EVERY) {
            self.size = (Some(Instant::now()), StoreSize::of(&self.state));
        }
        let gauges = &self.hub.gauges;
        let read = |gauge: &std::sync::atomic::AtomicU64| gauge.load(Ordering::Relaxed);
        let (rss_kib, peak_kib) = memory_kib();
        let input = self.hub.input();
        let (waiting, limit) = (
            input.max_capacity() - input.capacity(),
            input.max_capacity(),
        );
        let raw = Raw {
            at_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            now: Time::from_clock(),
            cpu_us: cpu_us(),
            rss_kib,
            peak_kib,
            stats: self.poller.stats(),
            gate: GateHealth {
                refused: Flow::default(),
                permits: self.gate.open_permits() as u64,
                table: self.gate.table_revision(),
                pending: self.gate.ledger_waiting() as u64,
            },
            refused: self.gate.refused(),
            events: read(&gauges.events),
            fold_ns: read(&gauges.fold_ns),
            collector: CollectorHealth {
                waiting: waiting as u64,
                waiting_limit: limit as u64,
                held: read(&gauges.held),
                dropped: read(&gauges.dropped),
                unflushed: read(&gauges.unflushed),
                flush_us: read(&gauges.flush_us),
                flush_most_us: read(&gauges.flush_most_us),
                ..CollectorHealth::default()
            },
            size: if looked.is_none() { self.size.1 } else { size },
        };
        (raw, self.hub.sources())
    }
}

/// Makes rates and trends of figures. Knows no clock: the time comes with the figures.
struct Meter {
    since: Time,
    home: Home,
    /// Figures of the last minute, the oldest first.
    minute: VecDeque<Raw>,
    /// Where the log's growth is counted from.
    grew_from: Option<(u64, u64)>,
    /// Where the next point begins, and how many measures belong to it so far.
    point: Option<(Raw, u8)>,
    trend: Vector<Point>,
}

impl Meter {
    fn new(since: Time, home: Home) -> Self {
        Self {
            since,
            home,
            minute: VecDeque::new(),
            grew_from: None,
            point: None,
            trend: Vector::new(),
        }
    }

    fn take(&mut self, raw: &Raw, sources: Vec<SourceHealth>) -> Health {
        let (last, measures) = self.point.get_or_insert((*raw, 0));
        *measures += 1;
        if *measures > MEASURES {
            self.trend.push_back(point(last, raw));
            self.point = Some((*raw, 1));
            while self.trend.len() > TREND {
                self.trend.pop_front();
            }
        }
        self.minute.push_back(*raw);
        // the oldest that is kept is the last one that lies a whole minute back
        while self
            .minute
            .get(1)
            .is_some_and(|next| raw.at_ms.saturating_sub(next.at_ms) >= MINUTE_MS)
        {
            self.minute.pop_front();
        }
        let old = self.minute.front().copied().unwrap_or(*raw);
        let span = raw.at_ms.saturating_sub(old.at_ms);
        let flow = |now: u64, then: u64| Flow {
            total: now,
            minute: now.saturating_sub(then),
            rate: Rate(per_second(now.saturating_sub(then), span)),
        };
        let (a, b) = (raw.stats, old.stats);
        let events = flow(raw.events, old.events);
        Health {
            at: raw.now,
            since: self.since,
            home: self.home.clone(),
            process: ProcessHealth {
                cpu_permille: share(raw.cpu_us.saturating_sub(old.cpu_us), span),
                cpu_ms: raw.cpu_us / 1000,
                rss_kib: raw.rss_kib,
                peak_kib: raw.peak_kib,
            },
            poller: PollerHealth {
                agents: a.targets,
                sent: flow(a.pdus_sent, b.pdus_sent),
                answered: flow(a.answered, b.answered),
                timed_out: flow(a.timed_out, b.timed_out),
                retries: flow(a.retries, b.retries),
                failed: flow(a.failed, b.failed),
                varbinds: flow(a.varbinds, b.varbinds),
                kernel_drops: flow(a.socket_drops, b.socket_drops),
                late: flow(a.late, b.late),
                unmatched: flow(a.unmatched, b.unmatched),
                malformed: flow(a.malformed, b.malformed),
                not_taken: flow(a.observations_dropped, b.observations_dropped),
                window: a.window,
                window_most: a.most_window,
                window_limit: a.window_limit,
                duplicates: flow(a.duplicates, b.duplicates),
                jobs: flow(a.jobs, b.jobs),
                sockets: a.sockets,
                buffer_bytes: a.buffer_bytes,
                late_ms_p50: a.late_ms_p50,
                late_ms_p99: a.late_ms_p99,
                held_back: flow(a.held_back, b.held_back),
                holding: a.holding,
                overruns: flow(a.overruns, b.overruns),
                stretched: a.stretched,
            },
            gate: GateHealth {
                refused: flow(raw.refused, old.refused),
                ..raw.gate
            },
            collector: CollectorHealth {
                events,
                fold_ns: raw
                    .fold_ns
                    .saturating_sub(old.fold_ns)
                    .checked_div(events.minute)
                    .unwrap_or(0),
                record_bytes: raw.size.record,
                telemetry_bytes: raw.size.telemetry,
                telemetry_days: raw.size.days,
                day_bytes: self.day_bytes(raw),
                ..raw.collector
            },
            sources,
            trend: self.trend.clone(),
        }
    }

    /// What a day takes: the newest day that is over, else what the growth so far would come to.
    fn day_bytes(&mut self, raw: &Raw) -> Option<u64> {
        if raw.size.whole_day.is_some() {
            return raw.size.whole_day;
        }
        let bytes = raw.size.record + raw.size.telemetry;
        let (then, were) = *self.grew_from.get_or_insert((raw.at_ms, bytes));
        let span = raw.at_ms.saturating_sub(then);
        let grew = bytes.saturating_sub(were);
        (span >= GROWTH_MS).then(|| {
            let day = u128::from(grew) * 86_400_000 / u128::from(span);
            u64::try_from(day).unwrap_or(u64::MAX)
        })
    }
}

/// Thousandths a second.
fn per_second(n: u64, span_ms: u64) -> u64 {
    let thousandths = u128::from(n) * 1_000_000;
    thousandths
        .checked_div(u128::from(span_ms))
        .map_or(0, |r| u64::try_from(r).unwrap_or(u64::MAX))
}

/// Microseconds of CPU as thousandths of a core.
fn share(cpu_us: u64, span_ms: u64) -> u64 {
    cpu_us.checked_div(span_ms).unwrap_or(0)
}

fn point(old: &Raw, new: &Raw) -> Point {
    let span = new.at_ms.saturating_sub(old.at_ms);
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let rate = |now: u64, then: u64| {
        // a single question in two seconds is still a question
        narrow(per_second(now.saturating_sub(then), span).div_ceil(1000))
    };
    let (a, b) = (&new.stats, &old.stats);
    Point {
        cpu_permille: narrow(share(new.cpu_us.saturating_sub(old.cpu_us), span)),
        sent: rate(a.pdus_sent, b.pdus_sent),
        answered: rate(a.answered, b.answered),
        timed_out: rate(a.timed_out, b.timed_out),
        drops: narrow(a.socket_drops.saturating_sub(b.socket_drops)),
        window: narrow(a.window),
        events: rate(new.events, old.events),
    }
}

/// What everybody was told of the poller.
#[derive(Default)]
struct Said {
    trouble: Text,
    next: Text,
}

impl Said {
    /// Something to tell, when it is not what was told last.
    fn news(&mut self, health: &Health) -> Option<Input> {
        let drops = health.poller.kernel_drops;
        let worst = health.warnings().into_iter().find(|w| {
            w.severity >= Severity::Major && drops.minute > 0 && w.what.starts_with("the kernel")
        });
        // the words stay the same while it lasts: how many there are is shown elsewhere
        self.next = worst.map_or_else(Text::empty, |w| {
            Text::from(format!("the kernel drops answers: {}", w.advice))
        });
        (self.next != self.trouble).then(|| {
            Input::Observations(vec![Observation::Source(ObsSourceV1 {
                at: health.at,
                source: "poller".into(),
                trouble: self.next.clone(),
                dropped: drops.total,
            })])
        })
    }

    fn told(&mut self, heard: bool) {
        if heard {
            self.trouble = self.next.clone();
        }
    }
}

/// CPU of this process so far, all its threads, microseconds.
fn cpu_us() -> u64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    u64::try_from(t.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(t.tv_nsec).unwrap_or(0) / 1000
}

/// Resident memory now, and the most it ever was; zero where the system does not say.
fn memory_kib() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok())
            .unwrap_or(0)
    };
    (kib("VmRSS:"), kib("VmHWM:"))
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
