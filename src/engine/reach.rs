//! From three facts of reachability, kept apart, to what a person is shown.
//!
//! A ping that comes back never clears an SNMP fault; what was never seen is unknown, and unknown is never up; what can't be
//! judged because something before it is dead is unknown too, and says so.

use std::time::Duration;

use crate::model::{
    Condition, Device, DeviceId, DeviceState, FactKey, Reach, ReachFact, Severity, Text, Time,
};

use super::alerts::escaped;
use super::fold::Out;
use super::memory::Timer;
use super::state::State;

/// A forwarding table remembers a station for so long after its last frame (IEEE 802.1Q: 300 s).
pub(super) const FDB_AGEING: Duration = Duration::from_mins(5);
/// The first miss, and three more that confirm it.
const CONFIRMED: u16 = 4;

/// What the facts of a device say, before anybody asks what is before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub state: DeviceState,
    pub why: Text,
    /// The SNMP agent is dead although the device lives.
    pub agent_dead: bool,
}

impl Verdict {
    fn new(state: DeviceState, why: impl Into<Text>) -> Self {
        Self {
            state,
            why: why.into(),
            agent_dead: false,
        }
    }
}

/// An answer came.
pub(super) fn answered(fact: &mut ReachFact, at: Time) {
    if fact.reach != Reach::Answers {
        fact.reach = Reach::Answers;
        fact.since = at;
    }
    fact.seen = fact.seen.max(at);
    fact.misses = 0;
}

/// No answer came. Misses that come closer together than half the confirm interval are one (several jobs share one fault).
pub(super) fn missed(fact: &mut ReachFact, at: Time, first: Time, confirm_s: u32) {
    let spacing = Duration::from_millis(u64::from(confirm_s) * 500);
    if fact.misses > 0 && at < first + spacing * u32::from(fact.misses.min(CONFIRMED)) {
        return;
    }
    fact.misses = fact.misses.saturating_add(1);
    let reach = if fact.misses >= CONFIRMED {
        Reach::Silent
    } else {
        Reach::Missed
    };
    if fact.reach != reach {
        fact.reach = reach;
        fact.since = at;
    }
}

impl State {
    /// It was seen without being asked: heard, or in a table.
    pub(super) fn seen(&mut self, id: DeviceId, at: Time, out: &mut Out) {
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        let news = d.passive.reach != Reach::Answers
            || d.state == DeviceState::Unknown
            || self.memory.blind.contains_key(&id)
            || self.memory.grace.contains_key(&id);
        if !news && d.passive.seen >= at {
            return;
        }
        self.memory.gone_because.remove(&id);
        self.edit(id, |d| {
            answered(&mut d.passive, at);
            d.last_seen = d.last_seen.max(at);
            if d.first_seen == Time::default() {
                d.first_seen = at;
            }
        });
        out.visible = true;
        if news {
            out.judge.insert(id);
        }
    }

    /// What watches it says that it is gone.
    pub(super) fn gone(&mut self, id: DeviceId, at: Time, because: &str, out: &mut Out) {
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        if d.passive.reach == Reach::Silent || d.passive.reach == Reach::NotAsked {
            return;
        }
        self.memory
            .gone_because
            .insert(id, escaped(because.to_string()));
        self.edit(id, |d| {
            d.passive.reach = Reach::Silent;
            d.passive.since = at;
            d.passive.misses = d.passive.misses.saturating_add(1);
        });
        out.judge.insert(id);
    }

    /// What the facts say by themselves.
    pub(super) fn verdict(&self, d: &Device) -> Verdict {
        let mut verdict = self.bare_verdict(d);
        if let Some(q) = self.quarantine.get(&d.id).filter(|q| q.confirmed)
            && verdict.state != DeviceState::Down
        {
            // what is left alone is known by being seen, or not at all
            verdict.why = escaped(format!("{}: it {}", q.spared.words(), q.why.as_str()));
            if verdict.state == DeviceState::Up {
                verdict.state = DeviceState::Degraded;
            }
        }
        if verdict.state == DeviceState::Up {
            let battery: u64 = d
                .fact_str(FactKey::UpsSecondsOnBattery)
                .parse()
                .unwrap_or(0);
            if battery > 0 {
                verdict = Verdict::new(DeviceState::Degraded, "on battery");
            } else if let Some(alert) = self.device_alerts(d.id).iter().find(|a| {
                a.is_active()
                    && a.severity >= Severity::Major
                    && matches!(
                        a.condition,
                        Condition::InterfaceErrors
                            | Condition::SensorFailed
                            | Condition::OutOfRange
                    )
            }) {
                let why = if alert.condition == Condition::InterfaceErrors {
                    format!("errors on {}", alert.part.as_str())
                } else {
                    let text = alert.text.as_str();
                    text.split(';').next().unwrap_or(text).to_string()
                };
                verdict = Verdict::new(DeviceState::Degraded, escaped(why));
            }
        }
        verdict
    }

    fn bare_verdict(&self, d: &Device) -> Verdict {
        let said = self.memory.agent_says.get(&d.id);
        match d.snmp.reach {
            Reach::Answers => return Verdict::new(DeviceState::Up, Text::empty()),
            Reach::Missed if d.snmp.seen != Time::default() => {
                return Verdict::new(DeviceState::Up, Text::empty());
            }
            Reach::Refuses => {
                return Verdict::new(
                    DeviceState::Degraded,
                    said.cloned().unwrap_or_else(|| "refuses SNMP".into()),
                );
            }
            Reach::Silent => {
                let alive = self.lives_otherwise(d);
                let never = d.snmp.seen == Time::default();
                return match (alive, never) {
                    (Some(how), false) => Verdict {
                        agent_dead: true,
                        ..Verdict::new(DeviceState::Degraded, format!("{how}, no answer to SNMP"))
                    },
                    (Some(how), true) => Verdict {
                        agent_dead: true,
                        ..Verdict::new(DeviceState::Degraded, format!("{how}, never answered SNMP"))
                    },
                    (None, true) => Verdict::new(DeviceState::Unknown, "never answered"),
                    (None, false) => Verdict::new(DeviceState::Down, "no answer to SNMP"),
                };
            }
            Reach::Missed | Reach::NotAsked | Reach::Blind => {}
        }
        match d.ping.reach {
            Reach::Answers => return Verdict::new(DeviceState::Up, Text::empty()),
            Reach::Missed if d.ping.seen != Time::default() => {
                return Verdict::new(DeviceState::Up, Text::empty());
            }
            Reach::Silent if d.ping.seen != Time::default() => {
                return if d.passive.reach == Reach::Answers
                    && d.passive.seen > d.ping.seen + FDB_AGEING
                {
                    Verdict::new(
                        DeviceState::Degraded,
                        "seen on the network, no answer to pings",
                    )
                } else {
                    Verdict::new(DeviceState::Down, "no answer to pings")
                };
            }
            _ => {}
        }
        match d.passive.reach {
            Reach::Answers | Reach::Missed => Verdict::new(DeviceState::Up, Text::empty()),
            Reach::Silent => {
                let because = self
                    .memory
                    .gone_because
                    .get(&d.id)
                    .cloned()
                    .unwrap_or_else(|| "no longer seen".into());
                // a guest that leaves is no fault
                let state = if d.declared {
                    DeviceState::Down
                } else {
                    DeviceState::Unknown
                };
                Verdict::new(state, because)
            }
            Reach::Blind => Verdict::new(
                DeviceState::Unknown,
                self.memory
                    .gone_because
                    .get(&d.id)
                    .cloned()
                    .unwrap_or_else(|| "not seen since what is before it came back".into()),
            ),
            _ => Verdict::new(DeviceState::Unknown, "never seen"),
        }
    }

    /// Signs of life of a device whose agent is silent: later than the first miss, so that they are not from before.
    fn lives_otherwise(&self, d: &Device) -> Option<&'static str> {
        let first = self.first_miss(d);
        if d.ping.reach == Reach::Answers && d.ping.seen > first {
            return Some("answers pings");
        }
        if d.passive.reach == Reach::Answers && d.passive.seen > first + FDB_AGEING {
            return Some("seen on the network");
        }
        if d.class.is_network() {
            // what answers although it is only reached through this one
            let confirm = u64::from(self.site.intervals.confirm_s) * 1500;
            let from = d.snmp.since - Duration::from_millis(confirm);
            let alive = |id: &DeviceId| {
                self.devices.get(id).is_some_and(|c| {
                    [&c.snmp, &c.ping]
                        .iter()
                        .any(|f| f.reach == Reach::Answers && f.seen > from)
                })
            };
            if self.behind(d.id).iter().any(alive) {
                return Some("carries traffic");
            }
        }
        None
    }

    pub(super) fn first_miss(&self, d: &Device) -> Time {
        self.memory
            .first_miss
            .get(&d.id)
            .copied()
            .unwrap_or(d.snmp.since)
    }

    /// When a dead device began to fail, whichever way it is watched.
    fn fell(&self, id: DeviceId) -> Time {
        self.devices
            .get(&id)
            .map_or(Time::default(), |d| match (d.snmp.reach, d.ping.reach) {
                (Reach::Silent, _) => self.first_miss(d),
                (_, Reach::Silent) => d.ping.seen,
                _ => d.passive.since,
            })
    }

    /// The dead device before this one, if nothing shows that it is reached all the same.
    pub(super) fn blamed(&self, d: &Device, verdict: &Verdict) -> Option<DeviceId> {
        let before = |node: DeviceId| {
            self.memory
                .cut
                .get(&node)
                .copied()
                .or_else(|| self.memory.dead.contains(&node).then_some(node))
        };
        let root = self
            .memory
            .cut
            .get(&d.id)
            .copied()
            .or_else(|| before(d.attached?.switch))
            .filter(|root| *root != d.id)?;
        let fell = self.fell(root);
        let fresh = [&d.snmp, &d.ping]
            .iter()
            .any(|f| f.reach == Reach::Answers && f.seen > fell);
        if fresh {
            return None;
        }
        // it was down before the other fell: that is its own fault
        if verdict.state == DeviceState::Down && fell_confirmed(d) < fell {
            return None;
        }
        Some(root)
    }

    /// Judges one device: its state and why, whether it is dead to those behind it, whether it can be judged at all.
    pub(super) fn judge(&mut self, id: DeviceId, out: &mut Out) {
        let Some(d) = self.devices.get(&id).cloned() else {
            return;
        };
        let verdict = self.verdict(&d);
        self.judge_node(&d, &verdict, out);
        let blamed = self.blamed(&d, &verdict);
        let was = self.memory.blind.get(&id).copied();
        if was != blamed {
            if let Some(old) = was {
                out.roots.insert(old);
            }
            if let Some(root) = blamed {
                self.memory.blind.insert(id, root);
                out.roots.insert(root);
                if d.passive.reach != Reach::Silent && d.passive.reach != Reach::NotAsked {
                    self.edit(id, |d| d.passive.reach = Reach::Blind);
                }
            } else {
                self.memory.blind.remove(&id);
                self.begin_grace(&d, was, out);
            }
        }
        let (state, why) = if let Some(root) = blamed {
            let name = self.name_of(root);
            (
                DeviceState::Unknown,
                escaped(format!("{} before it is down", name.as_str())),
            )
        } else if let Some(after) = self.waits_after(&d, &verdict, out.now) {
            let name = self.name_of(after);
            (
                DeviceState::Unknown,
                escaped(format!("{} came back; not heard of yet", name.as_str())),
            )
        } else {
            // the facts may have turned blind just now
            let verdict = self
                .devices
                .get(&id)
                .map_or(verdict.clone(), |d| self.verdict(d));
            (verdict.state, verdict.why)
        };
        self.set_state(id, state, &why, out);
    }

    fn set_state(&mut self, id: DeviceId, state: DeviceState, why: &Text, out: &mut Out) {
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        if d.state == state && d.state_why == *why {
            return;
        }
        let before = d.state;
        let first = d.state_since == Time::default();
        let now = out.now;
        self.edit(id, |d| {
            if d.state != state || first {
                d.state_since = now;
            }
            d.state = state;
            d.state_why = why.clone();
        });
        out.inventory = true;
        if before != state && !first {
            let after = if why.is_empty() {
                Text::from(state.word())
            } else {
                escaped(format!("{}: {}", state.word(), why.as_str()))
            };
            self.note(id, "state", Text::from(before.word()), after, out);
        }
    }

    /// A network device that is down by its own facts is dead to those behind it.
    fn judge_node(&mut self, d: &Device, verdict: &Verdict, out: &mut Out) {
        if !d.class.is_network() {
            return;
        }
        let dead = verdict.state == DeviceState::Down;
        if dead == self.memory.dead.contains(&d.id) {
            return;
        }
        if dead {
            self.memory.dead.insert(d.id);
        } else {
            self.memory.dead.remove(&d.id);
            // what it learned anew must be read anew, now and once more when its stations have spoken
            out.tables.extend(d.address);
            let later = out.now + self.grace(d.class);
            self.memory.settling.insert(d.id, later);
            self.memory.timers.insert((later, Timer::Reread(d.id)));
        }
        out.fallen = true;
        out.roots.insert(d.id);
        let hanging: Vec<DeviceId> = self.on_switch(d.id).map(|(_, d)| d).collect();
        out.judge.extend(hanging);
    }

    /// Finds anew who is cut off, and has those judged for whom it changed.
    pub(super) fn recount_cut(&mut self, out: &mut Out) {
        let cut = self.cut_off();
        let mut moved: Vec<DeviceId> = Vec::new();
        for (node, root) in &cut {
            if self.memory.cut.get(node) != Some(root) {
                moved.push(*node);
            }
        }
        for (node, root) in &self.memory.cut {
            if !cut.contains_key(node) {
                moved.push(*node);
                out.roots.insert(*root);
            }
        }
        self.memory.cut = cut.into_iter().collect();
        for node in moved {
            out.judge.insert(node);
            out.judge.extend(self.on_switch(node).map(|(_, d)| d));
        }
    }

    /// Two cycles: so long a device may take to be heard of after what is before it came back.
    fn grace(&self, class: crate::model::DeviceClass) -> Duration {
        Duration::from_secs(u64::from(self.status_interval(class)) * 2)
    }

    fn begin_grace(&mut self, d: &Device, after: Option<DeviceId>, out: &mut Out) {
        let Some(after) = after else { return };
        let asked = [&d.snmp, &d.ping]
            .iter()
            .any(|f| matches!(f.reach, Reach::Silent | Reach::Missed));
        if asked {
            let until = out.now + self.grace(d.class);
            self.memory.grace.insert(d.id, (until, after));
            self.memory.timers.insert((until, Timer::Grace(d.id)));
            out.probe.extend(d.address.filter(|_| self.is_asked(d.id)));
        }
    }

    /// After whom this device still waits for fresh news.
    pub(super) fn waits_after(&self, d: &Device, verdict: &Verdict, now: Time) -> Option<DeviceId> {
        let (until, after) = self.memory.grace.get(&d.id)?;
        (now < *until && (verdict.state == DeviceState::Down || verdict.agent_dead))
            .then_some(*after)
    }
}

/// Since when it is certain that a device is gone.
fn fell_confirmed(d: &Device) -> Time {
    match (d.snmp.reach, d.ping.reach) {
        (Reach::Silent, _) => d.snmp.since,
        (_, Reach::Silent) => d.ping.since,
        _ => d.passive.since,
    }
}
