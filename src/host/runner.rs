//! Runs of remediations inside the collecting process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use super::agents::PollerAgents;
use super::hub::Hub;
use crate::access::Person;
use crate::actions::catalogue::Catalogue;
use crate::actions::plan::Own;
use crate::actions::run::{
    AtWork, Canceller, Executor, Journal, Later, Limits, TokioClock, Wish, cancel, pending_reverts,
};
use crate::event::{Body, RunStep};
use crate::gate::Gate;
use crate::model::{RunId, RunState, Seq, Text, Time};
use crate::sources::snmp::Login;

/// How often a way back that failed is looked at again.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// How long the process waits for the touch table before it sends anything for a way back.
const TABLE_PATIENCE: Duration = Duration::from_secs(10);

/// Steps go to the log through the hub, and count once they are durable.
struct HubJournal(Arc<Hub>);

impl Journal for HubJournal {
    fn record(&self, step: RunStep) -> Later<'_, Result<Seq, Text>> {
        Box::pin(self.0.durable(Body::Run(step)))
    }
}

/// Starts, stops and finishes runs.
pub struct Runner {
    hub: Arc<Hub>,
    agents: Arc<PollerAgents>,
    executor: Arc<Executor>,
    stops: Mutex<BTreeMap<RunId, Canceller>>,
}

impl Runner {
    /// One a process.
    pub fn new(
        hub: Arc<Hub>,
        gate: Arc<Gate>,
        agents: Arc<PollerAgents>,
        catalogue: Arc<Catalogue>,
    ) -> Arc<Self> {
        let newest = Arc::clone(&hub);
        let executor = Executor {
            gate,
            agents: Arc::clone(&agents) as _,
            journal: Arc::new(HubJournal(Arc::clone(&hub))),
            clock: Arc::new(TokioClock(Time::from_clock)),
            catalogue,
            own: Own::of_this_host(),
            newest: Arc::new(move || newest.state()),
            limits: Limits::default(),
            work: AtWork::default(),
        };
        Arc::new(Self {
            hub,
            agents,
            executor: Arc::new(executor),
            stops: Mutex::default(),
        })
    }

    /// What credentials stand for from now on.
    pub fn set_logins(&self, logins: BTreeMap<Text, Login>) {
        self.agents.set_logins(logins);
    }

    /// Begins a run on the runtime; it goes on when whoever asked has left. `say` hears why it did not begin, or how it ended.
    pub fn start(
        self: &Arc<Self>,
        runtime: &Handle,
        wish: Wish,
        say: impl FnOnce(Text) + Send + 'static,
    ) {
        let this = Arc::clone(self);
        runtime.spawn(async move {
            let name = wish.plan.remediation.clone();
            match this.carry_out(wish).await {
                Ok((_, RunState::Succeeded, outcome)) if outcome.is_empty() => {
                    say(format!("{name}: done").into())
                }
                Ok((_, state, outcome)) => say(format!("{name}: {} {outcome}", state.word())
                    .trim_end()
                    .into()),
                Err(why) => say(format!("{name} did not start: {why}").into()),
            }
        });
    }

    /// Begins a run and waits for its end: its number, how it ended, and in which words.
    pub async fn carry_out(&self, wish: Wish) -> Result<(RunId, RunState, Text), Text> {
        let begun = self
            .executor
            .begin(wish)
            .await
            .map_err(|e| Text::from(e.to_string()))?;
        let id = begun.run();
        let (stop, stopped) = cancel();
        self.stops().insert(id, stop);
        let (state, outcome) = begun.carry_out(stopped).await;
        self.stops().remove(&id);
        Ok((id, state, outcome))
    }

    /// Stops a run: its process group is ended, a port is opened again at once.
    pub fn cancel(&self, run: RunId) {
        if let Some(stop) = self.stops().get(&run) {
            stop.cancel();
        }
    }

    /// What the last process left open is ended in the log, and every way back that is owed is taken up, now and whenever one
    /// falls due (invariant 10). To be called once, when the state is restored.
    pub fn take_up_reverts(self: &Arc<Self>, runtime: &Handle) {
        let this = Arc::clone(self);
        runtime.spawn(async move {
            let mut owed = this.executor.recover().await;
            this.until_table().await;
            loop {
                for pending in owed {
                    let (stop, stopped) = cancel();
                    this.stops().insert(pending.run, stop);
                    let again = Arc::clone(&this);
                    tokio::spawn(async move {
                        let run = pending.run;
                        if let Err(why) = Arc::clone(&again.executor).resume(pending, stopped).await
                        {
                            tracing::error!("run {run}: the way back failed: {why}");
                        }
                        again.stops().remove(&run);
                    });
                }
                tokio::time::sleep(LOOK_EVERY).await;
                owed = this.executor.overdue();
            }
        });
    }

    /// Stays until every way back is done, at most as long as its deadline and what an agent needs. Called when the process ends: a
    /// port is never left shut because a session dropped.
    pub fn finish_reverts(&self, runtime: &Handle) {
        let owed = || pending_reverts(&self.hub.state());
        let Some(last) = owed().iter().map(|p| p.revert.due).max() else {
            return;
        };
        eprintln!(
            "wardwatch: a port is to be opened again by {last}; this process stays until that is done"
        );
        let end = last + Duration::from_secs(120);
        runtime.block_on(async {
            while !owed().is_empty() && Time::from_clock() < end {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        if !owed().is_empty() {
            eprintln!("wardwatch: the port is still shut; the next start tries again");
        }
    }

    async fn until_table(&self) {
        let end = tokio::time::Instant::now() + TABLE_PATIENCE;
        let anywhere = std::net::IpAddr::from([0, 0, 0, 0]);
        while self.executor.gate.policy(anywhere).is_none() && tokio::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn stops(&self) -> std::sync::MutexGuard<'_, BTreeMap<RunId, Canceller>> {
        // nobody panics while holding it
        self.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The wish of a person who confirmed a plan in a session.
pub fn wish(request: crate::ui::RunRequest, person: Person) -> Wish {
    Wish {
        plan: request.plan,
        person,
        reason: request.reason,
    }
}
