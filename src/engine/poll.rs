//! What an agent answered, or that it did not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::event::{IfSampleV1, ObsPollV1, PollOutcome};
use crate::model::{
    CounterBaseline, Course, Device, DeviceId, DeviceState, FactKey, FactSource, INTERFACE_CAP,
    IfIndex, IfStatus, Interface, Mac, RateState, Reach, SegmentId, Sorted, Text, Time, Traffic,
};

use super::alerts::escaped;
use super::conditions::{count_trouble, is_down, troubled};
use super::counters::{self, Continuity, Measure};
use super::fold::Out;
use super::quarantine::Fall;
use super::reach::{answered, missed};
use super::state::State;

/// What moved on the ports of one device at one poll.
#[derive(Default)]
struct Moved {
    /// Port, before, after.
    oper: Vec<(IfIndex, IfStatus, IfStatus)>,
    macs: Vec<Mac>,
    /// Ports that are new or bear another name.
    named: bool,
    traffic: bool,
    /// Ports in trouble.
    troubled: Vec<IfIndex>,
    discarded: u32,
    lost: u32,
}

impl State {
    pub(super) fn poll(&mut self, poll: &ObsPollV1, out: &mut Out) {
        let at = poll.at.min(out.now);
        let address = poll.address.to_canonical();
        let lives = matches!(
            poll.outcome,
            PollOutcome::Answered | PollOutcome::Refused(_) | PollOutcome::Malformed(_)
        );
        let id = match self.by_address.get(&address).copied() {
            Some(id) => id,
            None if lives => match self.find_or_make(Some(address), None, at, out) {
                Some(id) => id,
                None => return,
            },
            None => return,
        };
        out.visible = true;
        match &poll.outcome {
            PollOutcome::Answered => self.answer(id, poll, at, out),
            PollOutcome::Refused(why) => {
                self.answers_wrongly(id, escaped(format!("refuses: {}", why.as_str())), at, out);
            }
            PollOutcome::Malformed(why) => {
                let says = escaped(format!("answers nonsense: {}", why.as_str()));
                self.answers_wrongly(id, says, at, out);
            }
            PollOutcome::Timeout | PollOutcome::Unreachable(_) => self.no_answer(id, at, out),
            PollOutcome::NotAllowed(_) => {}
        }
    }

    /// It answered by SNMP: one of its tables.
    pub(super) fn table_answered(&mut self, id: DeviceId, at: Time, out: &mut Out) {
        let Some(news) = self.devices.get(&id).map(|d| self.is_news(d)) else {
            return;
        };
        self.edit(id, |d| lives(d, at));
        self.spoke(id, news, out);
    }

    /// Does an answer of it say more than that all is as it was?
    fn is_news(&self, d: &Device) -> bool {
        d.snmp.reach != Reach::Answers
            || d.state == DeviceState::Unknown
            || self.memory.grace.contains_key(&d.id)
            || self.memory.blind.contains_key(&d.id)
    }

    /// What follows from an answer for the device itself and for those before it.
    fn spoke(&mut self, id: DeviceId, news: bool, out: &mut Out) {
        if news {
            self.memory.first_miss.remove(&id);
            self.memory.agent_says.remove(&id);
            self.memory.grace.remove(&id);
            if let Some(root) = self.memory.blind.get(&id) {
                // it answers through one that is thought dead
                out.judge.insert(*root);
            }
            out.judge.insert(id);
        } else if !self.memory.held.is_empty() && self.is_node(id) {
            self.review_held(id, out);
        }
    }

    fn answers_wrongly(&mut self, id: DeviceId, says: Text, at: Time, out: &mut Out) {
        self.memory.first_miss.remove(&id);
        let same = self.memory.agent_says.get(&id) == Some(&says);
        self.memory.agent_says.insert(id, says);
        let was = self.devices.get(&id).map(|d| d.snmp.reach);
        self.edit(id, |d| {
            if d.snmp.reach != Reach::Refuses {
                d.snmp.reach = Reach::Refuses;
                d.snmp.since = at;
            }
            d.snmp.misses = 0;
            d.snmp.seen = d.snmp.seen.max(at);
            d.last_seen = d.last_seen.max(at);
        });
        if !same || was != Some(Reach::Refuses) {
            out.judge.insert(id);
        }
    }

    fn no_answer(&mut self, id: DeviceId, at: Time, out: &mut Out) {
        let first = *self.memory.first_miss.entry(id).or_insert(at);
        let confirm_s = self.site.intervals.confirm_s;
        let Some(before) = self.devices.get(&id).map(|d| d.snmp.reach) else {
            return;
        };
        self.edit(id, |d| missed(&mut d.snmp, at, first, confirm_s));
        let now = self.devices.get(&id).map_or(before, |d| d.snmp.reach);
        if now == before {
            return;
        }
        if now == Reach::Missed {
            // those before it are judged first
            let parents = self.before(id);
            self.probe(&parents, out);
        }
        out.judge.insert(id);
    }

    fn answer(&mut self, id: DeviceId, poll: &ObsPollV1, at: Time, out: &mut Out) {
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        let news = self.is_news(d);
        let fall = self.fall(d, poll);
        let before = d.uptime;
        let rose = poll.uptime.is_some() && self.boots(id, poll.engine_boots);
        let restarted = before
            .zip(poll.uptime)
            .is_some_and(|(before, now)| started_anew(before, (now, at), rose));
        // what it says of itself goes into the device at once, what follows from it comes after
        let Some(moved) = self.edit(id, |d| {
            lives(d, at);
            if poll.rtt_ms.is_some() {
                d.rtt_ms = poll.rtt_ms;
            }
            if let Some(uptime) = poll.uptime {
                d.uptime = Some((uptime, at));
            }
            if restarted {
                // a start that looks like the wrap of its clock must not give a rate
                for interface in &mut d.interfaces {
                    interface.baseline = None;
                }
            }
            take_samples(d, poll, at)
        }) else {
            return;
        };
        self.spoke(id, news, out);
        self.answered_to(id, &poll.credential, out);
        if rose {
            self.boots_rose(id, out);
        }
        if let Some(uptime) = poll.uptime {
            self.bears(id, at);
            if restarted {
                self.restarted(id, uptime, out);
                let booted = at - Duration::from_millis(u64::from(uptime) * 10);
                self.restart(id, &Fall { booted, ..fall }, out);
            }
        }
        if let Some(system) = &poll.system {
            for (key, value) in [
                (FactKey::SysDescr, &system.descr),
                (FactKey::SysObjectId, &system.object_id),
                (FactKey::Name, &system.name),
                (FactKey::Location, &system.location),
                (FactKey::Contact, &system.contact),
            ] {
                self.learn(id, key, value, FactSource::Snmp, at, out);
            }
        }
        for (key, value) in poll.facts.iter().take(64) {
            self.learn(id, *key, value, FactSource::Snmp, at, out);
        }
        if !poll.interfaces.is_empty() {
            self.ports_moved(id, poll, &moved, at, out);
        }
    }

    /// What a restart, should this answer show one, would be judged by.
    fn fall(&self, d: &Device, poll: &ObsPollV1) -> Fall {
        let upgraded = poll.system.as_ref().is_some_and(|s| {
            let descr = d.fact_str(FactKey::SysDescr);
            // an answer without one says nothing
            !descr.is_empty() && !s.descr.is_empty() && s.descr.as_str() != descr
        });
        Fall {
            answered: d.snmp.seen,
            missed: self.memory.first_miss.get(&d.id).copied(),
            behind: self.memory.blind.contains_key(&d.id),
            booted: Time::default(),
            upgraded,
        }
    }

    /// Did `snmpEngineBoots` rise? RFC 3414, 2.2.2: it rises with each start of the engine; some agents never raise it, so that
    /// the same number proves nothing.
    fn boots(&mut self, id: DeviceId, boots: Option<u32>) -> bool {
        boots.is_some_and(|now| {
            let before = self.memory.boots.get(&id).copied();
            if before != Some(now) {
                self.memory.boots.insert(id, now);
            }
            before.is_some_and(|b| now > b)
        })
    }

    /// What follows from what moved on its ports.
    fn ports_moved(
        &mut self,
        id: DeviceId,
        poll: &ObsPollV1,
        moved: &Moved,
        at: Time,
        out: &mut Out,
    ) {
        for _ in 0..moved.discarded {
            self.drop_one("rates beyond the speed of the link");
        }
        for mac in &moved.macs {
            if self.by_mac.get(mac).is_none() {
                self.bind_mac(*mac, id, out);
            }
        }
        if moved.named && self.is_node(id) {
            out.links = true;
        }
        for (port, before, after) in &moved.oper {
            self.port_moved(id, *port, *before, *after, at, out);
        }
        if moved.traffic {
            self.carry(id);
        }
        let had_alerts = self.device_has_alerts(id);
        for port in &moved.troubled {
            self.review_port(id, *port, out);
        }
        if had_alerts {
            for port in poll.interfaces.iter().map(|s| s.index) {
                if !moved.troubled.contains(&port) {
                    self.review_port(id, port, out);
                }
            }
        }
    }

    fn device_has_alerts(&self, id: DeviceId) -> bool {
        use crate::model::{AlertId, Condition};
        // mostly there are none, and to look for the next one costs less than to go through a range
        let next = self.memory.device_alerts.get_next(&(id, AlertId(0)));
        if next.is_none_or(|(device, _)| *device != id) {
            return false;
        }
        self.memory
            .device_alerts
            .range((id, AlertId(0))..=(id, AlertId(u64::MAX)))
            .filter_map(|(_, a)| self.alerts.get(a))
            .any(|a| {
                a.closed.is_none()
                    && matches!(
                        a.condition,
                        Condition::InterfaceErrors | Condition::Saturated | Condition::LinkDown
                    )
            })
    }

    /// The link of a port went or came.
    fn port_moved(
        &mut self,
        id: DeviceId,
        port: IfIndex,
        before: IfStatus,
        after: IfStatus,
        at: Time,
        out: &mut Out,
    ) {
        let name = self.port_name(id, port);
        if before != IfStatus::Unknown {
            self.note(
                id,
                name.clone(),
                Text::from(before.word()),
                Text::from(after.word()),
                out,
            );
        }
        for link in self.links_of_port(id, port) {
            self.recheck_link(link, out);
        }
        let uplink = self.is_uplink(id, port);
        if before != IfStatus::Unknown && !uplink {
            // stations moved: the table tells who
            out.tables.extend(
                self.devices
                    .get(&id)
                    .and_then(|d| d.address)
                    .filter(|_| self.is_node(id)),
            );
        }
        if !is_down(after) || uplink {
            return;
        }
        let shut = self
            .interface(id, port)
            .is_some_and(|i| i.admin == IfStatus::Down);
        let how = if shut { "was shut" } else { "lost link" };
        let because = format!("{} {} {how}", self.name_of(id).as_str(), name.as_str());
        let hanging: Vec<DeviceId> = self.on_port(id, port).collect();
        for device in hanging {
            self.gone(device, at, &because, out);
        }
    }

    /// Counts what each access port carries to the segment of whoever hangs on it.
    pub(super) fn carry(&mut self, switch: DeviceId) {
        let first = (switch, IfIndex(0), DeviceId(0));
        let next = self.memory.hang.get_next(&first);
        if next.is_none_or(|(device, _, _)| *device != switch) {
            return;
        }
        let mut by_port: BTreeMap<IfIndex, DeviceId> = BTreeMap::new();
        for (port, device) in self.on_switch(switch) {
            by_port.entry(port).or_insert(device);
        }
        for (port, device) in by_port {
            let segment = self.devices.get(&device).and_then(|d| d.segment);
            let load = self
                .interface(switch, port)
                .filter(|i| i.rate == RateState::Known && i.is_up())
                .map_or((0, 0), |i| (i.traffic.out_bps, i.traffic.in_bps));
            self.load(switch, port, segment.map(|s| (s, load.0, load.1)));
        }
    }

    /// Puts a port's load into its segment's sum, in place of what it was.
    pub(super) fn load(
        &mut self,
        switch: DeviceId,
        port: IfIndex,
        load: Option<(SegmentId, u64, u64)>,
    ) {
        let key = (switch, port);
        let before = self.memory.load.get(&key).copied();
        if before == load {
            return;
        }
        match load {
            Some(load) => self.memory.load.insert(key, load),
            None => self.memory.load.remove(&key),
        };
        if let Some((segment, inward, outward)) = before {
            self.add_load(segment, |s| {
                (s.0.saturating_sub(inward), s.1.saturating_sub(outward))
            });
        }
        if let Some((segment, inward, outward)) = load {
            self.add_load(segment, |s| {
                (s.0.saturating_add(inward), s.1.saturating_add(outward))
            });
        }
    }

    fn add_load(&mut self, id: SegmentId, add: impl Fn((u64, u64)) -> (u64, u64)) {
        let Some(segment) = self.segments.get_mut(&id) else {
            return;
        };
        let segment = Arc::make_mut(segment);
        let (inward, outward) = add((segment.in_bps, segment.out_bps));
        segment.in_bps = inward;
        segment.out_bps = outward;
        let summary = self.summary_mut(id);
        summary.in_bps = inward;
        summary.out_bps = outward;
    }
}

/// It answered.
fn lives(d: &mut Device, at: Time) {
    answered(&mut d.snmp, at);
    d.last_seen = d.last_seen.max(at);
    if d.first_seen == Time::default() {
        d.first_seen = at;
    }
}

/// Does its clock say that it started since the last answer? Younger than the time since then: that is a restart, not a clock that
/// went astray.
fn started_anew(before: (u32, Time), now: (u32, Time), rose: bool) -> bool {
    let elapsed = now.1.since(before.1).as_millis() as u64 / 10;
    let fell = rose || counters::continuity(before, now) == Continuity::Rebooted;
    fell && u64::from(now.0) <= elapsed + 6_000
}

/// Takes what was read of its interfaces.
fn take_samples(d: &mut Device, poll: &ObsPollV1, at: Time) -> Moved {
    let mut moved = Moved::default();
    if poll.interfaces.is_empty() {
        return moved;
    }
    let told = poll.interfaces.iter().map(|s| s.index);
    if !told.eq(d.interfaces.keys()) {
        moved.lost = make_ports(&mut d.interfaces, poll);
    }
    let ports = d.interfaces.as_mut_slice();
    let mut next = 0;
    for sample in &poll.interfaces {
        // mostly they come in the order in which they stand
        if ports.get(next).is_none_or(|p| p.index != sample.index) {
            match ports.binary_search_by_key(&sample.index, |p| p.index) {
                Ok(at) => next = at,
                Err(_) => continue,
            }
        }
        if let Some(port) = ports.get_mut(next) {
            take_sample(port, sample, at, &mut moved);
        }
        next += 1;
    }
    d.interfaces_dropped = d.interfaces_dropped.max(moved.lost);
    moved
}

/// Makes those interfaces that are new, and takes out those that are no more; how many there is no room for.
fn make_ports(ports: &mut Sorted<Interface>, poll: &ObsPollV1) -> u32 {
    let told: BTreeSet<IfIndex> = poll.interfaces.iter().map(|s| s.index).collect();
    if poll.interfaces_whole {
        ports.retain(|p| told.contains(&p.index));
    }
    let known: BTreeSet<IfIndex> = ports.keys().collect();
    let new: Vec<IfIndex> = told.difference(&known).copied().collect();
    let room = INTERFACE_CAP.saturating_sub(ports.len()).min(new.len());
    ports.reserve(room);
    ports.extend(new.iter().take(room).map(|index| Interface {
        index: *index,
        ..Interface::default()
    }));
    (new.len() - room) as u32
}

fn take_sample(i: &mut Interface, sample: &IfSampleV1, at: Time, moved: &mut Moved) {
    if let Some(meta) = &sample.meta {
        if i.name != meta.name {
            // another interface has this index now: a series of its own
            i.baseline = None;
            i.course = Course::default();
            (i.lossy, i.full) = (0, 0);
            i.rate = RateState::NoBaseline;
            moved.named = true;
        }
        if i.name != meta.name {
            i.name = meta.name.clone();
        }
        if i.alias != meta.alias {
            i.alias = meta.alias.clone();
        }
        i.kind = meta.kind;
        i.speed = meta.speed;
        i.mac = meta.mac;
        moved.macs.extend(meta.mac.filter(|m| m.is_station()));
    }
    i.admin = sample.admin;
    if i.oper != sample.oper {
        moved.oper.push((i.index, i.oper, sample.oper));
        i.oper = sample.oper;
        i.oper_since = at;
    }
    if let Some(counters) = &sample.counters {
        let (baseline, measure) = counters::measure(i.baseline.as_ref(), counters, at, i.speed);
        take_measure(i, baseline, measure, moved);
    }
    let (errors, full) = troubled(i);
    let marked_down = is_down(i.oper) && !i.alias.is_empty() && i.admin != IfStatus::Down;
    if errors || full || (marked_down && super::conditions::marked(&i.alias)) {
        moved.troubled.push(i.index);
    }
}

fn take_measure(i: &mut Interface, baseline: CounterBaseline, measure: Measure, moved: &mut Moved) {
    i.baseline = Some(baseline);
    match measure {
        Measure::Rate(traffic) => {
            moved.traffic = true;
            i.rate = RateState::Known;
            i.traffic = traffic;
            i.course.push(traffic.in_bps.max(traffic.out_bps));
            count_trouble(i);
        }
        Measure::NotMeasurable => i.rate = RateState::NotMeasurable,
        Measure::Discarded => {
            moved.discarded += 1;
            i.rate = RateState::NoBaseline;
        }
        Measure::NoBaseline | Measure::Reset => i.rate = RateState::NoBaseline,
    }
    if i.rate != RateState::Known {
        if i.traffic != Traffic::default() {
            moved.traffic = true;
        }
        i.traffic = Traffic::default();
    }
}
