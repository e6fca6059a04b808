//! Remediations against the simulated hospital: real agents on loopback, the real poller, the real fold.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use wardwatch::access::{Person, Role};
use wardwatch::actions::catalogue::Catalogue;
use wardwatch::actions::plan::{Ask, Own, Refusal, plan};
use wardwatch::actions::run::{
    Agent, AgentError, Agents, AtWork, Binding, Executor, Journal, Later, Limits, Scalar,
    TokioClock, Wish, cancel, pending_reverts,
};
use wardwatch::engine::State;
use wardwatch::event::{Body, ConfigAppliedV2, EffectKind, Event, RunStep};
use wardwatch::gate::{Gate, PermitId};
use wardwatch::model::{
    AuthProtocol, CareLevel, DeviceClass, DeviceId, IfIndex, PacketKind, PrivProtocol, RunPlan,
    RunState, Seq, Text, Time, Work,
};
use wardwatch::sim::hospital::{Hospital, V3_USER};
use wardwatch::sim::house::{House, Secrets};
use wardwatch::sources::snmp::{Login, Poller, PollerConfig, SnmpError};
use wardwatch::wire::snmp::{Oid, Value, VarBind};

/// A collector as small as it can be: what the poller says is folded, what the fold wants is done.
struct Collector {
    state: Mutex<State>,
    gate: Arc<Gate>,
    poller: Poller,
    logins: BTreeMap<Text, Login>,
}

impl Collector {
    fn take(&self, body: Body) -> Seq {
        let mut state = self.state.lock().unwrap();
        let seq = Seq(state.seq.0 + 1);
        let event = Event {
            seq,
            time: Time::from_clock().max(state.time),
            body,
        };
        for effect in state.apply(&event).effects {
            match effect.kind {
                EffectKind::TouchTable(table) => self.gate.install(table),
                EffectKind::Targets(targets) => self.poller.set_targets(targets),
                EffectKind::Probe(addresses) => self.poller.probe(addresses),
                EffectKind::ReadTables(addresses) => self.poller.read_tables(addresses),
                EffectKind::Notify(_)
                | EffectKind::Quirks(_)
                | EffectKind::Plans(_)
                | EffectKind::Budgets(_) => {}
            }
        }
        seq
    }

    fn state(&self) -> State {
        self.state.lock().unwrap().clone()
    }
}

impl Journal for Collector {
    fn record(&self, step: RunStep) -> Later<'_, Result<Seq, Text>> {
        Box::pin(async move { Ok(self.take(Body::Run(step))) })
    }
}

fn said(error: SnmpError) -> AgentError {
    match error {
        SnmpError::Timeout(_) => AgentError::Timeout,
        SnmpError::NotAllowed(why) => AgentError::NotAllowed(why),
        SnmpError::Refused(_, why) => AgentError::Said(why),
        SnmpError::Agent { .. } => AgentError::Said(Text::from(error.to_string())),
        other => AgentError::Other(Text::from(other.to_string())),
    }
}

impl Collector {
    fn ways(&self, agent: &Agent) -> Vec<wardwatch::sources::snmp::Agent> {
        agent
            .credentials
            .iter()
            .filter_map(|name| self.logins.get(name))
            .map(|login| wardwatch::sources::snmp::Agent {
                address: agent.address,
                port: agent.port,
                login: login.clone(),
            })
            .collect()
    }
}

impl Agents for Collector {
    fn get<'a>(
        &'a self,
        agent: &'a Agent,
        oids: &'a [Text],
        cause: &'a Text,
        permit: Option<PermitId>,
    ) -> Later<'a, Result<Vec<Binding>, AgentError>> {
        Box::pin(async move {
            let names: Vec<Oid> = oids.iter().map(|o| o.as_str().parse().unwrap()).collect();
            let mut last = AgentError::Timeout;
            for way in self.ways(agent) {
                match self
                    .poller
                    .get(way, names.clone(), cause.clone(), permit)
                    .await
                {
                    Ok(got) => {
                        return Ok(oids
                            .iter()
                            .zip(got)
                            .map(|(oid, got)| Binding {
                                oid: oid.clone(),
                                value: match got.value {
                                    Value::Octets(bytes) => Scalar::Octets(bytes),
                                    Value::NoSuchObject | Value::NoSuchInstance => Scalar::Missing,
                                    other => other.as_i64().map_or(Scalar::Null, Scalar::Integer),
                                },
                            })
                            .collect());
                    }
                    Err(error) => last = said(error),
                }
            }
            Err(last)
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
            let varbinds: Vec<VarBind> = bindings
                .iter()
                .map(|b| VarBind {
                    oid: b.oid.as_str().parse().unwrap(),
                    value: Value::Integer(b.value.integer().unwrap()),
                })
                .collect();
            let mut last = AgentError::Timeout;
            for way in self.ways(agent) {
                match self
                    .poller
                    .set(way, varbinds.clone(), cause.clone(), permit)
                    .await
                {
                    Ok(_) => return Ok(()),
                    Err(error) => last = said(error),
                }
            }
            Err(last)
        })
    }
}

struct Scene {
    runtime: Runtime,
    house: House,
    collector: Arc<Collector>,
}

/// A hospital that is known: every switch was asked, its stations are placed and its cables found.
fn scene(seed: u64) -> Scene {
    let runtime = Runtime::new().unwrap();
    let secrets = Secrets::generate().unwrap();
    let quiet = "quiet".parse().unwrap();
    let house = House::open(Hospital::build(200, seed, 0), quiet, &secrets).unwrap();
    let mut site = house.site();
    site.intervals.status_s = 2;
    site.intervals.interfaces_s = 2;
    site.intervals.tables_s = 3;
    let logins: BTreeMap<Text, Login> = [
        (
            Text::from("demo-v2c"),
            Login::V2c {
                community: secrets.community.clone(),
            },
        ),
        (
            Text::from("demo-v3"),
            Login::V3 {
                user: Text::from(V3_USER),
                auth: Some((AuthProtocol::Sha256, secrets.auth.clone())),
                privacy: Some((PrivProtocol::Aes128, secrets.privacy.clone())),
                context: Text::empty(),
            },
        ),
    ]
    .into();
    let gate = Gate::new();
    let (sink, mut heard) = mpsc::channel(64);
    let poller = runtime.block_on(async {
        Poller::start(Arc::clone(&gate), sink, PollerConfig::default()).unwrap()
    });
    poller.set_logins(logins.clone());
    let collector = Arc::new(Collector {
        state: Mutex::new(State::new()),
        gate,
        poller,
        logins,
    });
    collector.take(Body::Config(Box::new(ConfigAppliedV2 {
        hash: "test".into(),
        site,
    })));
    let folding = Arc::clone(&collector);
    runtime.spawn(async move {
        while let Some(batch) = heard.recv().await {
            for observation in batch {
                folding.take(Body::Observation(observation));
            }
        }
    });
    let scene = Scene {
        runtime,
        house,
        collector,
    };
    assert!(
        scene.wait_for(|s| s.some_workstation().is_some()),
        "no workstation's port may be bounced within the time; the last refusals: {:#?}",
        scene.refusals()
    );
    scene
}

fn ana() -> Person {
    Person {
        name: "ana".into(),
        role: Role::Operator,
    }
}

fn given(seconds: &str) -> BTreeMap<Text, Text> {
    [("seconds".into(), seconds.into())].into()
}

impl Scene {
    fn wait_for(&self, what: impl Fn(&Self) -> bool) -> bool {
        for _ in 0..600 {
            if what(self) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        false
    }

    fn plan(
        &self,
        device: DeviceId,
        interface: Option<IfIndex>,
        remediation: &str,
        seconds: &str,
    ) -> Result<RunPlan, Refusal> {
        let (person, inputs) = (ana(), given(seconds));
        let ask = Ask {
            device,
            interface,
            remediation,
            inputs: &inputs,
            person: &person,
            dry_run: false,
        };
        plan(
            &self.collector.state(),
            &Catalogue::load(None).0,
            &Own::default(),
            &ask,
        )
    }

    fn some_workstation(&self) -> Option<RunPlan> {
        let state = self.collector.state();
        state
            .devices
            .values()
            .filter(|d| d.class == DeviceClass::Workstation)
            .find_map(|d| self.plan(d.id, None, "port-bounce", "3").ok())
    }

    fn refusals(&self) -> Vec<String> {
        let state = self.collector.state();
        state
            .devices
            .values()
            .filter(|d| d.class == DeviceClass::Workstation)
            .filter_map(|d| self.plan(d.id, None, "port-bounce", "3").err())
            .map(|e| e.to_string())
            .take(5)
            .collect()
    }

    fn executor(&self, now: fn() -> Time) -> Arc<Executor> {
        let newest = Arc::clone(&self.collector);
        Arc::new(Executor {
            gate: Arc::clone(&self.collector.gate),
            agents: Arc::clone(&self.collector) as _,
            journal: Arc::clone(&self.collector) as _,
            clock: Arc::new(TokioClock(now)),
            catalogue: Arc::new(Catalogue::load(None).0),
            own: Own::default(),
            newest: Arc::new(move || Arc::new(newest.state())),
            limits: Limits::default(),
            work: AtWork::default(),
        })
    }

    /// `ifAdminStatus` as the switch itself says.
    fn admin(&self, plan: &RunPlan) -> i64 {
        let Work::IfAdmin { interface, .. } = &plan.work else {
            panic!("no port in {plan:?}")
        };
        let agent = Agent {
            address: plan.address.unwrap(),
            port: self.house.port(),
            credentials: self.collector.logins.keys().cloned().collect(),
            v2c_fallback: false,
        };
        let oid = [Text::from(format!(
            "1.3.6.1.2.1.2.2.1.7.{}",
            interface.index
        ))];
        let cause = Text::from("test");
        let got = self
            .runtime
            .block_on(self.collector.get(&agent, &oid, &cause, None));
        got.unwrap()[0].value.integer().unwrap()
    }

    fn sets(&self) -> Vec<(IpAddr, u32, String)> {
        self.collector
            .gate
            .drain_ledger()
            .into_iter()
            .filter(|r| r.kind == PacketKind::Set)
            .map(|r| (r.address, r.count, r.cause.to_string()))
            .collect()
    }
}

fn wish(plan: &RunPlan) -> Wish {
    Wish {
        plan: plan.clone(),
        person: ana(),
        reason: "it hangs".into(),
    }
}

#[test]
fn a_bounce_takes_the_link_and_gives_it_back() {
    let scene = scene(7);
    let plan = scene.some_workstation().unwrap();
    let executor = scene.executor(Time::from_clock);
    assert!(scene.sets().is_empty());
    let begun = scene.runtime.block_on(executor.begin(wish(&plan))).unwrap();
    let run = begun.run();
    let (_canceller, listen) = cancel();
    let work = scene.runtime.spawn(begun.carry_out(listen));
    assert!(
        scene.wait_for(|s| s.admin(&plan) == 2),
        "it never went down"
    );
    let due = scene
        .collector
        .state()
        .runs
        .get(&run)
        .unwrap()
        .revert
        .clone();
    assert!(
        due.is_some_and(|r| r.done.is_none()),
        "down without a way back in the log"
    );
    let (state, outcome) = scene.runtime.block_on(work).unwrap();
    assert_eq!(state, RunState::Succeeded, "{outcome}");
    assert_eq!(scene.admin(&plan), 1);
    let folded = scene.collector.state();
    let held = folded.runs.get(&run).unwrap();
    assert_eq!(held.state, RunState::Succeeded);
    assert!(held.revert.as_ref().unwrap().done.is_some());
    assert!(pending_reverts(&folded).is_empty());
    assert_eq!(
        scene.sets(),
        [(
            plan.address.unwrap(),
            2,
            format!("run {run} port-bounce by ana")
        )]
    );
    assert_eq!(
        scene.house.counts().to_watched(),
        0,
        "packets to what is never touched"
    );
}

fn in_an_hour() -> Time {
    Time::from_clock() + Duration::from_hours(1)
}

#[test]
fn after_a_kill_the_next_start_opens_the_port() {
    let scene = scene(8);
    let endpoint = scene.some_workstation().unwrap().on_behalf_of.unwrap();
    let plan = scene.plan(endpoint, None, "port-shut", "1800").unwrap();
    let executor = scene.executor(Time::from_clock);
    let begun = scene.runtime.block_on(executor.begin(wish(&plan))).unwrap();
    let (_canceller, listen) = cancel();
    let work = scene.runtime.spawn(begun.carry_out(listen));
    let written = |s: &Scene| {
        let state = s.collector.state();
        state
            .runs
            .values()
            .any(|r| r.output.iter().any(|l| l.as_str().contains("is down")))
    };
    assert!(scene.wait_for(written));
    // nothing of the run is left but what is in the log
    work.abort();
    drop(executor);
    assert_eq!(scene.admin(&plan), 2);

    let executor = scene.executor(in_an_hour);
    let owed = scene.runtime.block_on(executor.recover());
    assert_eq!(owed.len(), 1);
    let (_canceller, listen) = cancel();
    scene
        .runtime
        .block_on(executor.resume(owed[0].clone(), listen))
        .unwrap();
    assert_eq!(scene.admin(&plan), 1);
    let state = scene.collector.state();
    assert!(pending_reverts(&state).is_empty());
    let run = state.runs.get(&owed[0].run).unwrap();
    assert_eq!(run.state, RunState::Interrupted);
    assert!(
        run.output
            .iter()
            .any(|l| l.as_str().starts_with("OVERDUE by "))
    );
}

#[test]
fn no_port_of_the_whole_hospital_that_must_not_be_shut_may_be_shut() {
    let scene = scene(9);
    let whole = |s: &Scene| {
        let state = s.collector.state();
        let placed = |d: &wardwatch::model::Device| {
            d.attached.is_some_and(|a| {
                state
                    .devices
                    .get(&a.switch)
                    .is_some_and(|s| s.interfaces.contains_key(&a.port))
            })
        };
        let mut vital = state
            .devices
            .values()
            .filter(|d| d.care == CareLevel::LifeSustaining);
        vital.all(|d| placed(d))
    };
    assert!(
        scene.wait_for(whole),
        "the hospital is not whole within the time"
    );
    let state = scene.collector.state();
    for device in state
        .devices
        .values()
        .filter(|d| d.care == CareLevel::LifeSustaining)
    {
        let refused = scene.plan(device.id, None, "port-shut", "60").unwrap_err();
        assert!(
            matches!(refused, Refusal::Life { .. }),
            "{}: {refused}",
            device.name
        );
    }
    let (mut may, mut must_not) = (0, 0);
    for switch in state
        .devices
        .values()
        .filter(|d| d.class == DeviceClass::Switch)
    {
        for port in switch.interfaces.keys() {
            let linked = state.links.keys().any(|l| {
                [l.0, l.1]
                    .iter()
                    .any(|e| e.device == switch.id && e.port == Some(port))
            });
            match scene.plan(switch.id, Some(port), "port-shut", "60") {
                Ok(_) => {
                    assert!(!linked && state.on_port(switch.id, port).count() <= 1);
                    may += 1;
                }
                Err(_) => must_not += 1,
            }
        }
    }
    println!("{may} ports may be shut, {must_not} must not");
    assert!(may > 0 && must_not > 0);
}

#[test]
fn ping_and_trace_as_shipped_reach_a_workstation_and_stand_in_the_ledger() {
    let scene = scene(10);
    let desk = scene.some_workstation().unwrap().on_behalf_of.unwrap();
    for (remediation, input) in [("ping", ("count", "2")), ("trace", ("hops", "3"))] {
        let (person, inputs) = (ana(), [(Text::from(input.0), Text::from(input.1))].into());
        let ask = Ask {
            device: desk,
            interface: None,
            remediation,
            inputs: &inputs,
            person: &person,
            dry_run: false,
        };
        let catalogue = Catalogue::load(None).0;
        let plan = match plan(&scene.collector.state(), &catalogue, &Own::default(), &ask) {
            Ok(plan) => plan,
            Err(why @ Refusal::Missing { .. }) => {
                println!("skipped: {why}");
                continue;
            }
            Err(why) => panic!("{why}"),
        };
        let executor = scene.executor(Time::from_clock);
        let begun = scene.runtime.block_on(executor.begin(wish(&plan))).unwrap();
        let run = begun.run();
        let (_canceller, listen) = cancel();
        let (state, outcome) = scene.runtime.block_on(begun.carry_out(listen));
        let said = scene
            .collector
            .state()
            .runs
            .get(&run)
            .unwrap()
            .output
            .clone();
        let address = plan.address.unwrap().to_string();
        if said
            .iter()
            .any(|l| l.as_str().contains("Operation not permitted"))
        {
            println!("skipped: {remediation} may not open its socket here");
            continue;
        }
        assert_eq!(state, RunState::Succeeded, "{outcome}: {said:#?}");
        assert!(
            said.iter().any(|l| l.as_str().contains(&address)),
            "{said:#?}"
        );
        let rows = scene.collector.gate.drain_ledger();
        let sent: u32 = rows
            .iter()
            .filter(|r| r.cause.as_str().starts_with(&format!("run {run} ")))
            .map(|r| r.count)
            .sum();
        assert_eq!(sent as usize, plan.packets.len(), "{rows:?}");
    }
}
