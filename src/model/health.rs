//! How wardwatch itself is doing: what the host measures every few seconds and the `about` view shows. It is no part of the
//! state and stands in no log.

use imbl::Vector;

use super::{Severity, Text, Time};

/// How many points a trend keeps, six seconds each.
pub const TREND: usize = 60;

/// Thousandths a second, over the last minute: what is seldom still shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub u64);

/// Something that is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Since this process began.
    pub total: u64,
    /// In the last minute.
    pub minute: u64,
    /// The same as a rate.
    pub rate: Rate,
}

/// How wardwatch itself is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// When this was measured.
    pub at: Time,
    /// Since when this process collects.
    pub since: Time,
    /// Where what it works on lies.
    pub home: Home,
    /// The process.
    pub process: ProcessHealth,
    /// The polling engine.
    pub poller: PollerHealth,
    /// The gate.
    pub gate: GateHealth,
    /// Log and fold.
    pub collector: CollectorHealth,
    /// What else is listened to and asked.
    pub sources: Vec<SourceHealth>,
    /// The last minutes, the oldest first, [`TREND`] at the most.
    pub trend: Vector<Point>,
}

/// Where what this process works on lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// The state folder.
    pub state: Text,
    /// The site file; what stands in its place where there is none.
    pub site: Text,
}

/// What the system says of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessHealth {
    /// Thousandths of one core over the last minute.
    pub cpu_permille: u64,
    /// Milliseconds of CPU since it began.
    pub cpu_ms: u64,
    /// Resident memory now, KiB; zero where the system does not say.
    pub rss_kib: u64,
    /// The most it ever was, KiB.
    pub peak_kib: u64,
}

/// What the polling engine does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PollerHealth {
    /// Agents that are asked.
    pub agents: u64,
    /// Polls begun when their time came.
    pub jobs: Flow,
    /// Datagrams sent.
    pub sent: Flow,
    /// Questions answered.
    pub answered: Flow,
    /// Questions nobody answered in all their attempts.
    pub timed_out: Flow,
    /// Datagrams sent again.
    pub retries: Flow,
    /// Questions refused, answered with nonsense, or not let out.
    pub failed: Flow,
    /// Bindings in answers.
    pub varbinds: Flow,
    /// Answers that the kernel dropped.
    pub kernel_drops: Flow,
    /// Answers that came when they were no longer waited for.
    pub late: Flow,
    /// Answers that came twice.
    pub duplicates: Flow,
    /// Datagrams from elsewhere, with another id, or not authentic.
    pub unmatched: Flow,
    /// Datagrams that are no SNMP message.
    pub malformed: Flow,
    /// Observations that nobody took.
    pub not_taken: Flow,
    /// Questions out now.
    pub window: u64,
    /// The most that were out at once.
    pub window_most: u64,
    /// How many may be out.
    pub window_limit: u64,
    /// UDP sockets.
    pub sockets: u64,
    /// Receive buffer that the kernel granted, all sockets together; zero where it is not known.
    pub buffer_bytes: u64,
    /// How late polls begin, milliseconds: of a hundred, 50 begin sooner.
    pub late_ms_p50: u64,
    /// The same of 99.
    pub late_ms_p99: u64,
    /// Questions that had to wait for a budget.
    pub held_back: Flow,
    /// Questions that wait for one now.
    pub holding: u64,
    /// Polls that missed their time.
    pub overruns: Flow,
    /// Polls that are asked less often than planned until they keep their time.
    pub stretched: u64,
}

/// What the gate does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GateHealth {
    /// Packets that were not let out.
    pub refused: Flow,
    /// Permits of runs that are open.
    pub permits: u64,
    /// Revision of the touch table in force; nothing before the first, and nothing leaves until then.
    pub table: Option<u64>,
    /// Rows of the ledger that wait to be written down.
    pub pending: u64,
}

/// What log and fold do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectorHealth {
    /// Events written and folded.
    pub events: Flow,
    /// What folding one event costs, effects included, nanoseconds, over the last minute.
    pub fold_ns: u64,
    /// Inputs that wait for the collector.
    pub waiting: u64,
    /// How many may wait.
    pub waiting_limit: u64,
    /// Events folded that the disk has refused so far and that wait in memory.
    pub held: u64,
    /// Events of these that were dropped.
    pub dropped: u64,
    /// Events that are not yet on the disk.
    pub unflushed: u64,
    /// How long bringing them there took the last time, microseconds.
    pub flush_us: u64,
    /// The longest that took.
    pub flush_most_us: u64,
    /// Bytes of what is kept for years.
    pub record_bytes: u64,
    /// Bytes of what was observed.
    pub telemetry_bytes: u64,
    /// Days of it.
    pub telemetry_days: u64,
    /// What a day takes, bytes; nothing as long as nobody can tell.
    pub day_bytes: Option<u64>,
}

/// How one source is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceHealth {
    /// Which: `listening`, `pings`, `names`.
    pub name: Text,
    /// What it does, or why not.
    pub how: Text,
    /// It does all it could.
    pub well: bool,
}

/// One point of the trends: rates are of the time since the point before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Thousandths of one core.
    pub cpu_permille: u32,
    /// Datagrams sent, a second.
    pub sent: u32,
    /// Questions answered, a second.
    pub answered: u32,
    /// Questions nobody answered, a second.
    pub timed_out: u32,
    /// Answers the kernel dropped, all of them.
    pub drops: u32,
    /// Questions out.
    pub window: u32,
    /// Events folded, a second.
    pub events: u32,
}

/// Something about wardwatch itself that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// How bad.
    pub severity: Severity,
    /// What is.
    pub what: String,
    /// What to do; empty where nothing.
    pub advice: &'static str,
}

/// Of a thousand answers, so many lost to the kernel blind the watch.
const DROPS_MAJOR: u64 = 10;
/// One core is nearly full.
const CPU_FULL: u64 = 850;
/// Polls that begin so late are not the polls that were planned, milliseconds.
const LATE_MS: u64 = 5_000;

impl Health {
    /// What should be known, the worst first.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut found = Vec::new();
        self.lost(&mut found);
        self.stored(&mut found);
        self.strained(&mut found);
        found.sort_by_key(|w| std::cmp::Reverse(w.severity));
        found
    }

    fn lost(&self, found: &mut Vec<Warning>) {
        let mut warn = |severity, what: String, advice| {
            found.push(Warning {
                severity,
                what,
                advice,
            });
        };
        let p = &self.poller;
        let drops = p.kernel_drops;
        if drops.minute > 0 {
            let of = p.answered.minute.saturating_add(drops.minute);
            let much = drops.minute.saturating_mul(1000) >= of.saturating_mul(DROPS_MAJOR);
            let severity = if much {
                Severity::Major
            } else {
                Severity::Minor
            };
            warn(
                severity,
                format!(
                    "the kernel dropped {} in the last minute",
                    counted(drops.minute, "answer", "answers")
                ),
                "raise net.core.rmem_max, or grant CAP_NET_ADMIN, so that the sockets get larger buffers",
            );
        } else if drops.total > 0 {
            warn(
                Severity::Info,
                format!(
                    "the kernel dropped {} since the start, none in the last minute; they were asked again",
                    counted(drops.total, "answer", "answers")
                ),
                "",
            );
        }
        if p.not_taken.minute > 0 {
            warn(
                Severity::Major,
                format!(
                    "{} of the last minute were lost, for the fold did not keep up",
                    counted(p.not_taken.minute, "observation", "observations")
                ),
                "look at the disk and the load of this machine",
            );
        }
    }

    fn stored(&self, found: &mut Vec<Warning>) {
        let mut warn = |what: String, advice| {
            found.push(Warning {
                severity: Severity::Major,
                what,
                advice,
            });
        };
        let c = &self.collector;
        if c.dropped > 0 {
            warn(
                format!(
                    "{} dropped while the disk took none",
                    counted(c.dropped, "event was", "events were")
                ),
                "free some room for the state folder",
            );
        }
        if c.held > 0 {
            warn(
                format!(
                    "the disk takes nothing: {} in memory",
                    counted(c.held, "event waits", "events wait")
                ),
                "free some room for the state folder",
            );
        }
    }

    fn strained(&self, found: &mut Vec<Warning>) {
        let mut warn = |what: String, advice| {
            found.push(Warning {
                severity: Severity::Minor,
                what,
                advice,
            });
        };
        let p = &self.poller;
        if p.late_ms_p99 >= LATE_MS {
            warn(
                format!(
                    "one poll in a hundred begins {} s late",
                    p.late_ms_p99 / 1000
                ),
                "lengthen the intervals in the site file, or ask less of the slowest agents",
            );
        }
        if p.stretched > 0 {
            warn(
                format!(
                    "{} asked less often than planned, for they kept missing their time",
                    counted(p.stretched, "poll is", "polls are")
                ),
                "devices, filter fault:overrun tells which; slow agents need longer intervals, a used up budget more room: [budgets]",
            );
        }
        if p.window_limit > 0 && p.window >= p.window_limit {
            warn(
                format!(
                    "{} questions are out, and no more may be",
                    grouped(p.window)
                ),
                "many agents are silent or slow: devices, filter alert:device-down or fault:late",
            );
        }
        if self.process.cpu_permille >= CPU_FULL {
            warn(
                format!(
                    "the processor time of the last minute was {} % of a core",
                    self.process.cpu_permille / 10
                ),
                "give it a faster machine, or lengthen the intervals in the site file",
            );
        }
        let c = &self.collector;
        if c.waiting_limit > 0 && c.waiting * 2 >= c.waiting_limit {
            warn(
                format!(
                    "{} wait to be folded",
                    counted(c.waiting, "batch", "batches")
                ),
                "the disk or this machine is slow; sources wait until it keeps up",
            );
        }
    }
}

/// A number with its thousands apart: `1,204`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(n: u64) -> Flow {
        Flow {
            total: n,
            minute: n,
            rate: Rate(n * 1000 / 60),
        }
    }

    fn said(health: &Health) -> Vec<(Severity, String)> {
        let warnings = health.warnings().into_iter();
        warnings.map(|w| (w.severity, w.what)).collect()
    }

    #[test]
    fn thousands_stand_apart() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_204, "1,204"),
            (50_000, "50,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(n), text);
        }
    }

    #[test]
    fn what_is_well_needs_no_word() {
        let mut health = Health::default();
        health.poller.answered = minute(60_000);
        health.poller.window = 12;
        health.poller.window_limit = 4096;
        health.poller.late_ms_p99 = 40;
        health.process.cpu_permille = 220;
        assert_eq!(health.warnings(), []);
    }

    #[test]
    fn drops_of_the_kernel_weigh_as_much_as_they_blind() {
        let mut health = Health::default();
        health.poller.answered = minute(10_000);
        health.poller.kernel_drops = minute(1);
        let one = (
            Severity::Minor,
            "the kernel dropped 1 answer in the last minute".into(),
        );
        assert_eq!(said(&health), [one]);
        health.poller.kernel_drops = minute(1_204);
        let many = (
            Severity::Major,
            "the kernel dropped 1,204 answers in the last minute".into(),
        );
        assert_eq!(said(&health), [many]);
        assert!(health.warnings()[0].advice.contains("net.core.rmem_max"));
        health.poller.kernel_drops.minute = 0;
        assert_eq!(said(&health)[0].0, Severity::Info);
    }

    #[test]
    fn the_worst_stands_first() {
        let mut health = Health::default();
        health.process.cpu_permille = 990;
        health.poller.window = 1024;
        health.poller.window_limit = 1024;
        health.poller.late_ms_p99 = 7_300;
        health.collector.held = 7;
        health.collector.dropped = 1;
        health.collector.waiting = 2048;
        health.collector.waiting_limit = 4096;
        health.poller.not_taken = minute(2);
        let said = said(&health);
        assert_eq!(said.len(), 7, "{said:?}");
        assert!(said.is_sorted_by_key(|(severity, _)| std::cmp::Reverse(*severity)));
        assert!(
            said.iter()
                .any(|(_, what)| what == "one poll in a hundred begins 7 s late")
        );
        assert!(
            said.iter()
                .any(|(_, what)| what == "1 event was dropped while the disk took none")
        );
    }
}
