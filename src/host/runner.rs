//! Runs of remediations inside the collecting process.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::runtime::Handle;

use super::agents::PollerAgents;
use super::hub::Hub;
use crate::access::Person;
use crate::actions::catalogue::Catalogue;
use crate::actions::plan::Own;
use crate::actions::run::{
    AtWork, Cancel, Canceller, Executor, Journal, Later, Limits, TokioClock, Wish, cancel,
    pending_reverts,
};
use crate::event::{Body, RunStep};
use crate::gate::Gate;
use crate::model::{RunId, RunState, Seq, Text, Time};
use crate::sources::snmp::Login;

/// How often a way back that failed is looked at again.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// How long the process waits for the touch table before it sends anything for a way back.
const TABLE_PATIENCE: Duration = Duration::from_secs(10);

/// How long an agent may take to open a port, tries included, before the process ends all the same.
const AGENT_PATIENCE: Duration = Duration::from_mins(2);
/// How long programs that were stopped may take to be gone.
const PROGRAMS_END: Duration = Duration::from_secs(8);
/// How often that is looked at.
const LOOK_AT_END: Duration = Duration::from_millis(50);

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
    leaving: AtomicBool,
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
            leaving: AtomicBool::new(false),
        })
    }

    /// What credentials stand for from now on.
    pub fn set_logins(&self, logins: BTreeMap<Text, Login>) {
        self.agents.set_logins(logins);
    }

    /// Begins a run on the runtime; it goes on when whoever asked has left. `began` hears its number, `say` why it did not
    /// begin, or how it ended.
    pub fn start(
        self: &Arc<Self>,
        runtime: &Handle,
        wish: Wish,
        began: impl FnOnce(RunId) + Send + 'static,
        say: impl FnOnce(Text) + Send + 'static,
    ) {
        let this = Arc::clone(self);
        runtime.spawn(async move {
            let name = wish.plan.remediation.clone();
            match this.carry_out(wish, began).await {
                Ok((_, RunState::Succeeded, outcome)) if outcome.is_empty() => {
                    say(format!("{name}: done").into());
                }
                Ok((_, state, outcome)) => say(format!("{name}: {} {outcome}", state.word())
                    .trim_end()
                    .into()),
                Err(why) => say(format!("{name} did not start: {why}").into()),
            }
        });
    }

    /// Begins a run and waits for its end: its number, how it ended, and in which words.
    pub async fn carry_out(
        &self,
        wish: Wish,
        began: impl FnOnce(RunId),
    ) -> Result<(RunId, RunState, Text), Text> {
        let begun = self
            .executor
            .begin(wish)
            .await
            .map_err(|e| Text::from(e.to_string()))?;
        let id = begun.run();
        let stopped = self.stoppable(id);
        began(id);
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
                    let stopped = this.stoppable(pending.run);
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

    /// Ends every run soon: programs are stopped, a port that is shut is opened at once. What begins later ends as it begins.
    pub fn hurry(&self) {
        self.leaving.store(true, Ordering::SeqCst);
        self.stops().values().for_each(Canceller::cancel);
    }

    /// Called when the process ends. Programs are stopped with all they started; every way back that is owed is waited for, at
    /// most as long as its deadline and what an agent needs (invariant 10): a port is never left shut because a session dropped.
    /// SIGINT and SIGTERM open it at once; a second one ends the waiting, and the next start takes it up.
    pub fn finish(&self) {
        let owed = || pending_reverts(&self.hub.state());
        for (run, stop) in &*self.stops() {
            if owed().iter().all(|p| p.run != *run) {
                stop.cancel();
            }
        }
        // a closed terminal sends SIGHUP: that is no reason to hurry, and none to die
        let asked = Signals::new([SIGINT, SIGTERM, SIGQUIT, SIGHUP]);
        let mut asked = asked
            .inspect_err(|e| tracing::warn!("signals can't be heeded: {e}"))
            .ok();
        let (start, mut told, mut asks) = (Time::from_clock(), false, 0_u32);
        // a run has something to write after its port is open: it is waited for from then on
        let mut free = Instant::now();
        loop {
            let (owed, now) = (owed(), Time::from_clock());
            let Some(first) = owed.first() else {
                if self.stops().is_empty() || free.elapsed() >= PROGRAMS_END {
                    return;
                }
                std::thread::sleep(LOOK_AT_END);
                continue;
            };
            free = Instant::now();
            if !told {
                told = true;
                say(&format!(
                    "{} of {} is shut and will be opened again by {} (in {} s); this process stays until that is done. Ctrl-C opens it now.",
                    first.revert.interface_name,
                    first.device_name,
                    first.revert.due,
                    first.revert.due.since(now).as_secs()
                ));
            }
            let signals = asked.iter_mut().flat_map(Signals::pending);
            asks += signals.filter(|s| *s != SIGHUP).count() as u32;
            let hurried = self.leaving.load(Ordering::SeqCst);
            if asks > 0 && !hurried {
                say("it is opened now");
                self.hurry();
            }
            let last = owed.iter().map(|p| p.revert.due).max().unwrap_or(now);
            let end = if hurried { start } else { last.max(start) } + AGENT_PATIENCE;
            if asks > 1 || now >= end {
                say(&format!(
                    "{} OF {} IS STILL SHUT; the next start opens it",
                    first.revert.interface_name, first.device_name
                ));
                return;
            }
            std::thread::sleep(LOOK_AT_END);
        }
    }

    fn stoppable(&self, run: RunId) -> Cancel {
        let (stop, stopped) = cancel();
        let mut stops = self.stops();
        if self.leaving.load(Ordering::SeqCst) {
            stop.cancel();
        }
        stops.insert(run, stop);
        stopped
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

/// To whoever is still there: the terminal may be gone, and that must not end the process.
fn say(words: &str) {
    tracing::warn!("{words}");
    let _ = writeln!(std::io::stderr(), "wardwatch: {words}");
}

/// The wish of a person who confirmed a plan in a session.
pub fn wish(request: crate::ui::RunRequest, person: Person) -> Wish {
    Wish {
        plan: request.plan,
        person,
        reason: request.reason,
    }
}
