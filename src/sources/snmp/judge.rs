//! What to do next with an agent, and what to make of what a job found.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::cut::{Cut, Reason};
use super::device::{Active, CONFIRMED_MISSES, Device, Lane};
use super::driver::{Driver, Models};
use super::engine::Engine;
use super::io::{Failure, Io, locked};
use super::job::{self, About, Kind, Report};
use super::lessons::{Experience, dotted};
use super::login::{How, Ready};
use super::memory::Memory;
use super::once::PollResult;
use super::pace::End;
use super::schedule;
use super::task::{Sink, SnmpError, Task, With};
use super::turns::Rank;
use crate::event::{
    AgentFault, Job, ObsOverrunV1, ObsPollV1, ObsQuirkV1, Observation, OverrunKind, PollOutcome,
};
use crate::model::{FactKey, Priority, Text, Time, TouchPolicy};
use crate::wire::snmp::usm::Stat;

/// Why nothing is known of an agent whose turn never came.
const NOT_SENT: &str = "nothing was sent to it: others were waited for until its time was over";
/// After so many misses the other credentials are tried too.
const DOUBT: u32 = 3;
/// The gate has no table yet: look again.
const NO_TABLE_MS: u64 = 200;
/// A walk waits so long for the system group to be there.
const STRANGER_MS: u64 = 2_000;

impl Driver {
    /// Starts what a person asks, else what is due, of all its jobs or of one alone; `false` when nothing is.
    pub(super) fn begin_next(&mut self, index: u32, alone: Option<Job>) -> bool {
        let now = self.now_ms();
        if self.at(index).queue.is_empty() && self.at(index).target.is_none() {
            return false;
        }
        let queue = &mut self.at(index).queue;
        if let Some(task) = queue.pop_front() {
            if queue.is_empty() {
                *queue = VecDeque::new();
            }
            self.begin(index, task);
            return true;
        }
        match self.due(index, alone, now) {
            Some(task) => {
                self.begin(index, task);
                true
            }
            None => false,
        }
    }

    fn due(&mut self, index: u32, alone: Option<Job>, now: u64) -> Option<Task> {
        let patience = self.config.patience;
        let gate = Arc::clone(&self.gate);
        let device = &mut self.devices[index as usize];
        let target = device.target.as_ref()?;
        let (address, offer) = (target.address, device.offer.clone());
        let (class, model) = (target.class, target.model);
        if device.refused_until_ms.is_some() || device.breaker.open_until().is_some() {
            device.held_ms = now;
        }
        if device.refused_until_ms.is_some_and(|until| now < until) {
            return None;
        }
        device.refused_until_ms = None;
        if let Some(until) = device.breaker.open_until() {
            if now < until || device.busy() > 0 {
                return None;
            }
            // half open: one GET of sysUpTime, sent once
            return Some(Self::own(Kind::Touch, offer, Some(1), patience));
        }
        while let Some(at) = device.next_due(alone, now) {
            let due = device.jobs[at];
            let Some(policy) = gate.policy(address) else {
                device.jobs[at].at_ms = now + NO_TABLE_MS;
                continue;
            };
            let interval_ms = due.interval_now_ms();
            let next = schedule::next(address, due.job, interval_ms, now);
            let needs = if Kind::Job(due.job).walks() {
                TouchPolicy::Full
            } else {
                TouchPolicy::Get
            };
            if policy < needs {
                device.jobs[at].at_ms = next;
                let told = std::mem::replace(&mut device.jobs[at].told, true);
                if told {
                    continue;
                }
                let why = format!(
                    "{} of {address} needs touch policy {needs}, and it is {policy}",
                    Kind::Job(due.job).word()
                );
                let outcome = PollOutcome::NotAllowed(why.into());
                let at = self.clock.wall;
                self.tell(Observation::Poll(Box::new(blank(address, at, outcome))));
                return self.due(index, alone, now);
            }
            device.jobs[at].told = false;
            // while it is silent only its status is asked
            if device.misses > 0 && due.job != Job::Status && device.due_mut(Job::Status).is_some()
            {
                device.jobs[at].at_ms = next;
                continue;
            }
            let book = self.books.scheduled(class, model);
            // what is asked less often has more time
            let times = interval_ms / due.interval_ms.max(1);
            let within = book.deadline_ms(due.job, due.interval_ms) * times;
            let within = Duration::from_millis(within);
            // nothing is asked of a stranger but its name
            if !device.met && due.job != Job::Status {
                device.jobs[at].at_ms = now + due.interval_ms.min(STRANGER_MS);
                if device.runs(Job::Status) {
                    continue;
                }
                return Some(Self::own(Kind::Job(Job::Status), offer, None, within));
            }
            device.jobs[at].at_ms = next;
            device.jobs[at].begun_ms = now;
            let late_ms = now.saturating_sub(due.at_ms.max(device.held_ms));
            device.jobs[at].pace.begins(late_ms, interval_ms);
            self.counters.jobs.add(1);
            self.lateness.add(late_ms, now);
            self.counters.late_ms_p50.set(self.lateness.percentile(50));
            self.counters.late_ms_p99.set(self.lateness.percentile(99));
            return Some(Self::own(Kind::Job(due.job), offer, None, within));
        }
        None
    }

    fn begin(&mut self, index: u32, task: Task) {
        let device = self.at(index);
        let mut left = VecDeque::new();
        let ready = match &task.with {
            With::Login(login) => {
                let login = login.clone();
                self.adhoc.ready(&login)
            }
            With::Names(offer) => {
                left = order(device, &offer.names);
                let barred = device.spoke_v3 && !offer.v2c_fallback;
                match self.next_login(&mut left, barred) {
                    Some(ready) => ready,
                    None => broken("there is no credential for it"),
                }
            }
        };
        self.start(index, task, ready, left, Earlier::default());
    }

    /// The next one to be tried; where communities are barred, none of these.
    fn next_login(&self, left: &mut VecDeque<Text>, barred: bool) -> Option<Arc<Ready>> {
        while let Some(name) = left.pop_front() {
            if let Some(ready) = self.logins.get(&name).filter(|r| !barred || r.is_v3()) {
                return Some(Arc::clone(ready));
            }
        }
        None
    }

    fn start(
        &mut self,
        index: u32,
        task: Task,
        login: Arc<Ready>,
        left: VecDeque<Text>,
        earlier: Earlier,
    ) {
        let now_ms = self.now_ms();
        self.limit(index, &task, now_ms);
        let device = &mut self.devices[index as usize];
        let scheduled = matches!(task.sink, Sink::Engine);
        let memory = if scheduled {
            let mut memory = locked(&device.memory);
            memory.learned = memory.learned.doubted();
            Arc::clone(&device.memory)
        } else {
            // what a person is told must not be missing from what the engine is told
            let known = locked(&device.memory);
            Arc::new(Mutex::new(Memory {
                learned: known.learned.doubted(),
                limits: known.limits.clone(),
                ..Memory::default()
            }))
        };
        let model = device.model.as_deref();
        let book = match (device.target.as_ref().filter(|_| scheduled), task.meets) {
            (Some(target), _) => self.books.scheduled(target.class, target.model),
            (None, Some(class)) => self.books.asked_once(class, model),
            (None, None) => self.books.all(),
        };
        let kind = match task.meets {
            Some(_) if earlier.met.is_none() => Kind::Job(Job::Status),
            _ => task.kind.clone(),
        };
        let rank = match &task.kind {
            _ if !scheduled => Rank::PERSON,
            Kind::Job(job) => device.priority(*job).into(),
            // whether it lives
            _ => Priority::FIRST.into(),
        };
        let io = Io::new(memory, book, login.is_v1());
        let at = self.clock.wall;
        let device = self.at(index);
        let about = About {
            address: device.to.ip(),
            now_ms,
            at,
        };
        device.put(Box::new(Lane {
            active: Active {
                run: job::begin(kind, io.clone(), about),
                deadline_ms: now_ms + task.within.as_millis() as u64,
                task,
                io,
                login,
                left,
                before: earlier.failure,
                met: earlier.met,
                first_trip: None,
                begun: false,
                held_ms: 0,
                held_since_ms: 0,
                rank,
                came: None,
                attempt: 0,
            },
            flight: None,
        }));
    }

    /// A stranger answered: now it is asked what was wanted, by what its model is known for.
    fn met(&mut self, index: u32, active: Active, met: (Report, u32, u64)) {
        let device = self.at(index);
        for fault in active.io.faults() {
            device.fault(fault);
        }
        if let Some(system) = &met.0.system {
            device.is_model(system);
        }
        let earlier = Earlier {
            failure: None,
            met: Some(Box::new(met)),
        };
        self.start(index, active.task, active.login, active.left, earlier);
    }

    /// What its model can take is looked up anew where something of that changed.
    fn limit(&mut self, index: u32, task: &Task, now_ms: u64) {
        let Some(device) = self.devices.get_mut(index as usize) else {
            return;
        };
        let Some(model) = device.model.as_deref() else {
            // it may be the weakest there is
            if device.limited != self.lessons.generation() {
                device.limited = self.lessons.generation();
                locked(&device.memory).limits.names = self.lessons.fewest_names();
            }
            return;
        };
        if matches!(task.sink, Sink::Engine) && task.kind.walks() && !self.lessons.is_empty() {
            self.lessons.begin_trial(model, index, now_ms);
        }
        if device.limited == self.lessons.generation() {
            return;
        }
        device.limited = self.lessons.generation();
        let mut memory = locked(&device.memory);
        let firmware = memory.facts.get(&FactKey::Firmware);
        let firmware = firmware.map_or("", Text::as_str);
        let limits = self.lessons.limits(model, firmware, index);
        memory.limits = limits;
    }

    /// What a task taught, for all agents of its model.
    fn teach(&mut self, index: u32, walked: bool, now_ms: u64) {
        let Some(device) = self.devices.get_mut(index as usize) else {
            return;
        };
        let lived = std::mem::take(&mut locked(&device.memory).lived);
        let Some(model) = device.model.as_deref() else {
            return;
        };
        if !walked || lived.events.is_empty() && self.lessons.is_empty() {
            return;
        }
        let (address, line) = (device.to.ip(), device.line);
        let mut learned = None;
        for what in lived
            .events
            .iter()
            .chain(std::iter::once(&Experience::Rows(lived.rows)))
        {
            if let Some(lesson) = self.lessons.teach(model, index, line, what, now_ms) {
                learned = Some(lesson.clone());
            }
        }
        self.lessons.end_trial(model, index, now_ms);
        if let Some(lesson) = learned {
            let skip = lesson.skip.iter().map(|c| dotted(c).into());
            let quirk = ObsQuirkV1 {
                address,
                at: self.clock.wall,
                object_id: model.0.clone(),
                build: model.1.clone(),
                repetitions: lesson.repetitions,
                names: lesson.names,
                next_only: lesson.next_only,
                skip: skip.collect(),
                because: lesson.because,
            };
            self.tell(Observation::Quirk(quirk));
        }
    }

    /// Whether a scheduled job kept its time, and what follows from that.
    fn keep_time(&mut self, index: u32, job: Job, end: End, now: u64) {
        let device = self.at(index);
        let address = device.to.ip();
        let Some(due) = device.due_mut(job) else {
            return;
        };
        let stretched = due.is_stretched();
        let word = due.pace.ends(end, now);
        // its status is asked as often as ever
        let degraded = word.degraded && due.is_stretched();
        if stretched != due.is_stretched() {
            self.count_stretched();
        }
        self.counters.overruns.add(u64::from(word.missed));
        let kinds = [word.kind, degraded.then_some(OverrunKind::Degraded)];
        for kind in kinds.into_iter().flatten() {
            self.tell(Observation::Overrun(ObsOverrunV1 {
                address,
                at: self.clock.wall,
                job,
                kind,
            }));
        }
    }

    /// A job is over, for better or worse.
    pub(super) fn finish(&mut self, spot: (u32, u8), report: Report) {
        let now = self.now_ms();
        let index = spot.0;
        let Some(mut active) = self.take_lane(spot) else {
            return;
        };
        let (mut answers, mut varbinds) = active.io.heard();
        let mut report = report;
        match active.met.take() {
            Some(met) => {
                let (found, n, m) = *met;
                report = report.after(found);
                answers += n;
                varbinds += m;
            }
            None if active.task.meets.is_some() && report.failure.is_none() => {
                self.met(index, active, (report, answers, varbinds));
                return;
            }
            None => {}
        }
        for fault in active.io.faults() {
            self.at(index).fault(fault);
        }
        let failure = stronger(active.before.take(), report.failure.clone());
        if answers == 0 && may_be_the_credential(report.failure.as_ref()) {
            // who knows the user, or ever spoke SNMPv3, is told no community: whoever keeps its answers away would learn it
            let fallback = match &active.task.with {
                With::Names(offer) => offer.v2c_fallback,
                With::Login(_) => false,
            };
            let refused = matches!(failure, Some(Failure::Refused(_)));
            let barred = !fallback && (refused || self.at(index).spoke_v3);
            if let Some(login) = self.next_login(&mut active.left, barred) {
                let Active { task, left, .. } = active;
                let earlier = Earlier { failure, met: None };
                self.start(index, task, login, left, earlier);
                return;
            }
        }
        if matches!(report.failure, Some(Failure::Malformed(_))) && answers > 0 {
            self.counters.malformed.add(1);
        }
        let scheduled = matches!(active.task.sink, Sink::Engine);
        if answers == 0 && scheduled && matches!(report.failure, None | Some(Failure::Held)) {
            // that it was not let out, or that there was nothing to ask, says nothing of the agent
            if let Kind::Job(job) = active.task.kind {
                let cut = report.failure.is_some();
                // else the window had no place for it
                let held = cut && active.held_ms > 0;
                self.keep_time(index, job, End { cut, held }, now);
            }
            return;
        }
        let outcome = outcome(answers, failure.as_ref());
        let at = self.clock.wall;
        let device = self.at(index);
        if answers > 0 && active.login.is_v3() {
            device.spoke_v3 = true;
            if let (Some(engine), Some(uptime)) = (&mut device.engine, report.uptime) {
                engine.saw_uptime(uptime, now);
            }
        }
        if device.engine.as_mut().is_some_and(Engine::take_frozen) {
            device.fault(AgentFault::BootsFrozen);
        }
        let boots = device.engine.as_ref().and_then(Engine::boots);
        let credential = if answers > 0 {
            active.login.name.clone()
        } else {
            Text::empty()
        };
        let poll = ObsPollV1 {
            address: device.to.ip(),
            at,
            outcome,
            credential,
            rtt_ms: active
                .first_trip
                .map(|t| u32::try_from(t.as_millis()).unwrap_or(u32::MAX)),
            uptime: report.uptime,
            engine_boots: boots.or(report.boots),
            system: report.system,
            facts: report.facts,
            interfaces: report.interfaces,
            interfaces_whole: report.interfaces_whole,
        };
        let refused = self.config.refused.as_millis() as u64;
        let mut models = std::mem::take(&mut self.models);
        let device = self.at(index);
        let within_ms = active.task.within.as_millis() as u64;
        let Task { sink, kind, .. } = active.task;
        match sink {
            Sink::Engine => {
                learn(device, &kind, &mut models);
                let spared = std::mem::take(&mut locked(&device.memory).hints.spared);
                if let Some(system) = &poll.system {
                    device.is_model(system);
                }
                if let Some(changes) = report.top_changes {
                    device.bridged(changes, now);
                }
                settle(device, &kind, &poll, now, refused);
                self.tell(Observation::Poll(Box::new(poll)));
                // one that is silent is worse than late
                if let (Kind::Job(job), true) = (&kind, answers > 0) {
                    let cut = now >= active.deadline_ms;
                    let due = self.at(index).due_mut(*job);
                    let interval_ms = due.map_or(u64::MAX, |due| due.interval_now_ms());
                    let too_long = if cut { within_ms / 2 } else { interval_ms };
                    let held = active.held_ms >= too_long;
                    self.keep_time(index, *job, End { cut, held }, now);
                }
                for table in report.others {
                    self.tell(table);
                }
                self.counters.tables_spared.add(spared);
                self.teach(index, kind.walks(), now);
            }
            Sink::Once(to) => {
                let mut cuts = active.io.cuts();
                if let (true, Some(failure)) = (cuts.is_empty() && answers > 0, &failure) {
                    cuts.push(Cut {
                        what: kind.word().into(),
                        why: Reason::of(failure),
                    });
                }
                let result = PollResult {
                    address: device.to.ip(),
                    port: device.to.port(),
                    varbinds,
                    whole: poll.outcome == PollOutcome::Answered && cuts.is_empty(),
                    cuts,
                    faults: BTreeMap::new(),
                    poll,
                    tables: report.others,
                };
                if let Some(feed) = self.feeds.iter_mut().find(|f| f.sink.same_channel(&to)) {
                    feed.running = feed.running.saturating_sub(1);
                    feed.results.push(result);
                }
            }
            Sink::Reply(to) => {
                let partial = matches!(kind, Kind::Walk(..)) && !report.interfaces_whole;
                let result = match report.failure {
                    Some(failure) => Err(error(device, failure)),
                    None if partial => Err(SnmpError::Partial(device.to, "row cap".into())),
                    None => Ok(report.varbinds),
                };
                let _ = to.send(result);
            }
        }
        self.models = models;
    }
}

/// What came of a task before this attempt.
#[derive(Default)]
struct Earlier {
    /// How the best of the other credentials fared.
    failure: Option<Failure>,
    /// What came when it was met.
    met: Option<Box<(Report, u32, u64)>>,
}

/// Models whose measure is kept.
const MODELS: usize = 1_024;

/// What an agent can take at once is kept for its model and firmware, and given to the next of that kind.
fn learn(device: &Device, kind: &Kind, models: &mut Models) {
    let mut memory = locked(&device.memory);
    let Some(system) = &memory.system else {
        return;
    };
    let model = (system.object_id.clone(), system.descr.clone());
    if *kind == Kind::Job(Job::Status) {
        if let Some(learned) = models.get(&model).filter(|_| !device.met) {
            memory.learned = *learned;
        }
    } else if kind.walks() && (models.len() < MODELS || models.contains_key(&model)) {
        models.insert(model, memory.learned.doubted());
    }
}

/// What follows for the schedule.
fn settle(device: &mut Device, kind: &Kind, poll: &ObsPollV1, now: u64, refused: u64) {
    match &poll.outcome {
        PollOutcome::Answered => {
            device.works = Some(poll.credential.clone());
            device.met |= *kind == Kind::Job(Job::Status);
            if device.misses > 0 || *kind == Kind::Touch {
                // it is back: look at everything soon
                for due in device.jobs.iter_mut().filter(|d| d.job != Job::Tables) {
                    due.at_ms = due.at_ms.min(now + 500);
                }
            }
            device.misses = 0;
        }
        PollOutcome::Refused(_) => {
            device.refused_until_ms = Some(now + refused);
            // the others get their turn then
            device.works = None;
        }
        PollOutcome::Timeout | PollOutcome::Malformed(_) | PollOutcome::Unreachable(_) => {
            device.misses = device.misses.saturating_add(1);
            let confirm = device
                .target
                .as_ref()
                .map_or(10_000, |t| u64::from(t.confirm_s.max(1)) * 1000);
            if device.misses <= CONFIRMED_MISSES
                && let Some(due) = device.due_mut(Job::Status)
            {
                due.at_ms = due.at_ms.min(now + confirm);
            }
        }
        PollOutcome::NotAllowed(_) => {}
    }
}

/// The one that worked, then, unless it is beyond doubt, the others.
fn order(device: &Device, names: &[Text]) -> VecDeque<Text> {
    let works = device.works.iter().filter(|w| names.contains(w));
    let sure = device.works.is_some() && device.misses < DOUBT;
    works
        .clone()
        .chain(
            names
                .iter()
                .filter(|n| !sure && device.works.as_ref() != Some(n)),
        )
        .cloned()
        .collect()
}

fn broken(why: &str) -> Arc<Ready> {
    Arc::new(Ready {
        name: Text::empty(),
        how: How::Broken(why.into()),
    })
}

fn may_be_the_credential(failure: Option<&Failure>) -> bool {
    matches!(
        failure,
        Some(Failure::Timeout | Failure::Refused(_) | Failure::UnknownUser | Failure::Malformed(_))
    )
}

/// A refusal says more than that it does not know the user, that more than nonsense, and that more than silence.
fn stronger(a: Option<Failure>, b: Option<Failure>) -> Option<Failure> {
    let rank = |f: &Option<Failure>| match f {
        None => 0,
        Some(Failure::Timeout | Failure::Deadline | Failure::Held) => 1,
        Some(Failure::Malformed(_)) => 2,
        Some(Failure::UnknownUser) => 3,
        Some(_) => 4,
    };
    b.as_ref()?;
    if rank(&a) > rank(&b) { a } else { b }
}

fn outcome(answers: u32, failure: Option<&Failure>) -> PollOutcome {
    match failure {
        None => PollOutcome::Answered,
        Some(Failure::Refused(why)) => PollOutcome::Refused(why.clone()),
        Some(Failure::UnknownUser) => PollOutcome::Refused(Stat::UnknownUserNames.word().into()),
        // it answered something: it lives, and what is missing is marked as not whole
        Some(_) if answers > 0 => PollOutcome::Answered,
        Some(Failure::Timeout | Failure::Deadline) => PollOutcome::Timeout,
        Some(Failure::Held) => PollOutcome::Unreachable(NOT_SENT.into()),
        Some(Failure::Malformed(why)) => PollOutcome::Malformed(why.clone()),
        Some(Failure::NotAllowed(why)) => PollOutcome::NotAllowed(why.clone()),
        Some(Failure::Unreachable(why)) => PollOutcome::Unreachable(why.clone()),
        Some(Failure::TooLong(n)) => {
            PollOutcome::NotAllowed(format!("{n} octets do not fit a datagram").into())
        }
        Some(Failure::Agent { status, .. }) => {
            PollOutcome::Malformed(crate::wire::snmp::error_word(*status).into())
        }
    }
}

fn error(device: &Device, failure: Failure) -> SnmpError {
    let agent = device.to;
    match failure {
        Failure::Timeout | Failure::Deadline => SnmpError::Timeout(agent),
        Failure::Held => SnmpError::Unreachable(agent, NOT_SENT.into()),
        Failure::Malformed(why) => SnmpError::Malformed(agent, why),
        Failure::Refused(why) => SnmpError::Refused(agent, why),
        Failure::UnknownUser => SnmpError::Refused(agent, Stat::UnknownUserNames.word().into()),
        Failure::NotAllowed(why) => SnmpError::NotAllowed(why),
        Failure::Unreachable(why) => SnmpError::Unreachable(agent, why),
        Failure::TooLong(n) => SnmpError::TooLong(n),
        Failure::Agent { status, index } => SnmpError::Agent {
            agent,
            status,
            index,
        },
    }
}

fn blank(address: std::net::IpAddr, at: Time, outcome: PollOutcome) -> ObsPollV1 {
    ObsPollV1 {
        address,
        at,
        outcome,
        credential: Text::empty(),
        rtt_ms: None,
        uptime: None,
        engine_boots: None,
        system: None,
        facts: Vec::new(),
        interfaces: Vec::new(),
        interfaces_whole: false,
    }
}
