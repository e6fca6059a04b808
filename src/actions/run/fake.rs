//! A switch, a log and a clock for the tests: each fails when it is told to.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::access::Person;
use crate::actions::fixture::{NOW, ana, hospital, table};
use crate::actions::mib;
use crate::actions::plan;
use crate::gate::PermitId;
use crate::model::{PacketKind, Run, Seq, Time};

/// What becomes of one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Fine,
    /// The request is lost.
    Lost,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// It is given up, and done only when the next question arrives.
    Late,
    /// The agent refuses.
    Said,
}

pub(crate) const ALL_FATES: [Fate; 5] = [
    Fate::Fine,
    Fate::Lost,
    Fate::AnswerLost,
    Fate::Late,
    Fate::Said,
];

#[derive(Debug, Default)]
pub(crate) struct Port {
    pub(crate) values: BTreeMap<String, Scalar>,
    late: Vec<(String, Scalar)>,
    pub(crate) fates: VecDeque<Fate>,
    pub(crate) calls: Vec<String>,
}

/// A switch with one port, index 5.
pub(crate) struct FakeSwitch {
    pub(crate) port: Mutex<Port>,
    gate: Arc<Gate>,
}

impl FakeSwitch {
    pub(crate) fn put(&self, column: &str, value: Scalar) {
        self.port
            .lock()
            .unwrap()
            .values
            .insert(format!("{column}.5"), value);
    }

    pub(crate) fn admin(&self) -> i64 {
        self.port.lock().unwrap().values[&format!("{}.5", mib::IF_ADMIN_STATUS)]
            .integer()
            .unwrap()
    }

    /// What it is told, and what becomes of that.
    fn take(
        &self,
        agent: &Agent,
        kind: PacketKind,
        what: String,
        cause: &Text,
        permit: Option<PermitId>,
    ) -> Result<Fate, AgentError> {
        self.gate
            .pass(agent.address, kind, 1, cause, permit, NOW)
            .map_err(|e| AgentError::NotAllowed(Text::from(e.to_string())))?;
        let mut port = self.port.lock().unwrap();
        let late: Vec<_> = port.late.drain(..).collect();
        port.values.extend(late);
        port.calls.push(what);
        Ok(port.fates.pop_front().unwrap_or(Fate::Fine))
    }
}

impl Agents for FakeSwitch {
    fn get<'a>(
        &'a self,
        agent: &'a Agent,
        oids: &'a [Text],
        cause: &'a Text,
        permit: Option<PermitId>,
    ) -> Later<'a, Result<Vec<Binding>, AgentError>> {
        Box::pin(async move {
            match self.take(
                agent,
                PacketKind::Get,
                format!("get {}", oids.len()),
                cause,
                permit,
            )? {
                Fate::Fine => {}
                Fate::Said => return Err(AgentError::Said("genErr".into())),
                _ => return Err(AgentError::Timeout),
            }
            let port = self.port.lock().unwrap();
            let value = |oid: &Text| port.values.get(oid.as_str()).cloned();
            Ok(oids
                .iter()
                .map(|oid| Binding {
                    oid: oid.clone(),
                    value: value(oid).unwrap_or(Scalar::Missing),
                })
                .collect())
        })
    }

    fn set<'a>(
        &'a self,
        agent: &'a Agent,
        bindings: &'a [Binding],
        cause: &'a Text,
        permit: PermitId,
    ) -> Later<'a, Result<(), AgentError>> {
        Box::pin(async move {
            let (oid, value) = (
                bindings[0].oid.as_str().to_owned(),
                bindings[0].value.clone(),
            );
            let fate = self.take(
                agent,
                PacketKind::Set,
                format!("set {value}"),
                cause,
                Some(permit),
            )?;
            let mut port = self.port.lock().unwrap();
            match fate {
                Fate::Fine => {
                    port.values.insert(oid, value);
                    Ok(())
                }
                Fate::AnswerLost => {
                    port.values.insert(oid, value);
                    Err(AgentError::Timeout)
                }
                Fate::Late => {
                    port.late.push((oid, value));
                    Err(AgentError::Timeout)
                }
                Fate::Lost => Err(AgentError::Timeout),
                Fate::Said => Err(AgentError::Said("notWritable".into())),
            }
        })
    }
}

/// A log in memory. What it took is durable; what it is told to fail at is not there.
#[derive(Default)]
pub(crate) struct FakeLog {
    pub(crate) steps: Mutex<Vec<RunStep>>,
    /// Numbers of the calls that fail.
    pub(crate) failing: Mutex<Vec<usize>>,
    calls: Mutex<usize>,
}

impl FakeLog {
    pub(crate) fn steps(&self) -> Vec<RunStep> {
        self.steps.lock().unwrap().clone()
    }

    /// All lines of output.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.steps()
            .iter()
            .flat_map(|s| match s {
                RunStep::Output { lines, .. } => lines.clone(),
                _ => Vec::new(),
            })
            .map(|l| l.to_string())
            .collect()
    }

    pub(crate) fn ended(&self) -> Option<(RunState, Option<i32>, Text, Text)> {
        self.steps().into_iter().find_map(|s| match s {
            RunStep::Ended {
                state,
                exit,
                output_hash,
                outcome,
                ..
            } => Some((state, exit, output_hash, outcome)),
            _ => None,
        })
    }

    /// Owed: written down as due, and not as done.
    pub(crate) fn owes(&self) -> bool {
        let steps = self.steps();
        let due = steps.iter().any(|s| matches!(s, RunStep::RevertDue { .. }));
        let done = steps
            .iter()
            .any(|s| matches!(s, RunStep::RevertDone { error, .. } if error.is_empty()));
        due && !done
    }

    /// The runs as the engine would have them.
    pub(crate) fn fold(&self, state: &mut State) {
        for (n, step) in self.steps().into_iter().enumerate() {
            match step {
                RunStep::Planned { plan, by, reason } => {
                    let id = RunId(n as u64 + 1);
                    let run = Run {
                        id,
                        plan: *plan,
                        by,
                        reason,
                        state: RunState::Planned,
                        planned: NOW,
                        started: None,
                        ended: None,
                        exit: None,
                        output: imbl::Vector::new(),
                        output_dropped: 0,
                        output_hash: Text::empty(),
                        revert: None,
                        outcome: Text::empty(),
                    };
                    state.runs.insert(id, run.into());
                }
                RunStep::Started { run } => with(state, run, |r| r.state = RunState::Running),
                RunStep::RevertDue { run, revert } => with(state, run, |r| r.revert = Some(revert)),
                RunStep::RevertDone { run, error } if error.is_empty() => with(state, run, |r| {
                    if let Some(v) = &mut r.revert {
                        v.done = Some(NOW);
                    }
                }),
                RunStep::Ended { run, state: s, .. } => with(state, run, |r| r.state = s),
                RunStep::RevertDone { .. } | RunStep::Output { .. } => {}
            }
        }
    }
}

fn with(state: &mut State, id: RunId, change: impl FnOnce(&mut Run)) {
    let mut run = (**state.runs.get(&id).unwrap()).clone();
    change(&mut run);
    state.runs.insert(id, run.into());
}

impl Journal for FakeLog {
    fn record(&self, step: RunStep) -> Later<'_, Result<Seq, Text>> {
        Box::pin(async move {
            let n = {
                let mut calls = self.calls.lock().unwrap();
                *calls += 1;
                *calls - 1
            };
            if self.failing.lock().unwrap().contains(&n) {
                return Err(Text::from("disk full"));
            }
            let mut steps = self.steps.lock().unwrap();
            steps.push(step);
            Ok(Seq(steps.len() as u64))
        })
    }
}

/// A clock that does not wait: sleeping moves it on. One that is told to cancels a run in its first long sleep.
#[derive(Default)]
pub(crate) struct FakeClock {
    now: AtomicI64,
    pub(crate) cancel: Mutex<Option<Canceller>>,
}

impl Clock for FakeClock {
    fn now(&self) -> Time {
        Time(NOW.0 + self.now.load(Ordering::SeqCst))
    }

    fn sleep(&self, how_long: Duration) -> Later<'_, ()> {
        Box::pin(async move {
            if how_long > Duration::from_secs(2) {
                let canceller = self.cancel.lock().unwrap().take();
                if let Some(canceller) = canceller {
                    canceller.cancel();
                    // whoever listens is asked first now; a way back that does not listen goes on
                    tokio::task::yield_now().await;
                }
            }
            self.now
                .fetch_add(how_long.as_millis() as i64, Ordering::SeqCst);
        })
    }
}

/// Everything around a run.
pub(crate) struct Bench {
    pub(crate) executor: Arc<Executor>,
    pub(crate) switch: Arc<FakeSwitch>,
    pub(crate) log: Arc<FakeLog>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) state: Arc<Mutex<State>>,
}

/// With the shipped remediations and `extra` ones.
pub(crate) fn bench(extra: &[(&str, &str)], limits: Limits) -> Bench {
    let mut files = vec![
        (
            "bounce",
            include_str!("../../../config/remediations/port-bounce.toml"),
        ),
        (
            "shut",
            include_str!("../../../config/remediations/port-shut.toml"),
        ),
        (
            "get",
            include_str!("../../../config/remediations/snmp-get.toml"),
        ),
    ];
    files.extend(extra);
    let find = |name: &str| {
        super::super::catalogue::programs::find(name).or(Some(PathBuf::from("/nowhere").join(name)))
    };
    let (catalogue, errors) = Catalogue::from_texts(&files, &find);
    assert_eq!(errors, []);
    let state = hospital();
    let gate = Gate::new();
    gate.install(Arc::new(table(&state)));
    let switch = Arc::new(FakeSwitch {
        port: Mutex::default(),
        gate: Arc::clone(&gate),
    });
    switch.put(mib::IF_NAME, Scalar::Octets(b"Gi1/0/5".into()));
    switch.put(
        mib::IF_DESCR,
        Scalar::Octets(b"GigabitEthernet1/0/5".into()),
    );
    switch.put(mib::IF_ALIAS, Scalar::Octets(b"desk 5".into()));
    switch.put(mib::IF_TYPE, Scalar::Integer(6));
    switch.put(mib::IF_ADMIN_STATUS, Scalar::Integer(1));
    switch.put(mib::IF_OPER_STATUS, Scalar::Integer(1));
    let log = Arc::new(FakeLog::default());
    let clock = Arc::new(FakeClock::default());
    let state = Arc::new(Mutex::new(state));
    let newest = Arc::clone(&state);
    let executor = Arc::new(Executor {
        gate,
        agents: Arc::clone(&switch) as _,
        journal: Arc::clone(&log) as _,
        clock: Arc::clone(&clock) as _,
        catalogue: Arc::new(catalogue),
        own: Own::default(),
        newest: Arc::new(move || Arc::new(newest.lock().unwrap().clone())),
        limits,
        work: AtWork::default(),
    });
    Bench {
        executor,
        switch,
        log,
        clock,
        state,
    }
}

impl Bench {
    pub(crate) fn plan(&self, device: DeviceId, name: &str, dry_run: bool) -> RunPlan {
        let inputs = BTreeMap::new();
        let person: Person = ana();
        let ask = Ask {
            device,
            interface: None,
            remediation: name,
            inputs: &inputs,
            person: &person,
            dry_run,
        };
        plan::plan(
            &self.state.lock().unwrap(),
            &self.executor.catalogue,
            &Own::default(),
            &ask,
        )
        .unwrap()
    }

    pub(crate) fn wish(&self, device: DeviceId, name: &str) -> Wish {
        Wish {
            plan: self.plan(device, name, false),
            person: ana(),
            reason: "it hangs".into(),
        }
    }

    /// Begins and carries out.
    pub(crate) async fn run(&self, device: DeviceId, name: &str) -> (RunState, Text) {
        let begun = self.executor.begin(self.wish(device, name)).await.unwrap();
        let (_canceller, cancel) = cancel();
        begun.carry_out(cancel).await
    }
}
