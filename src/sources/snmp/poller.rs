//! The handle of the poller: what the host, the scan and the remediations hold.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::doors::Doors;
use super::driver::Driver;
use super::feed::Feed;
use super::job::Kind;
use super::login::Login;
use super::stats::{Counters, PollerStats, socket_drops};
use super::task::{Command, Sink, SnmpError, Task, With};
use crate::event::{Observation, Target};
use crate::gate::{Gate, PermitId, Wire};
use crate::model::{Budgets, PollPlans, Quirks, Text};
use crate::wire::snmp::{Oid, VarBind};

/// How the poller behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollerConfig {
    /// Questions out at once, over all agents; one for each agent at the most.
    pub window: usize,
    /// How long the first question to an agent waits.
    pub first_timeout: Duration,
    /// No timeout is shorter.
    pub least_timeout: Duration,
    /// No timeout is longer, backed off or not.
    pub most_timeout: Duration,
    /// How often a question is sent again.
    pub retries: u32,
    /// How long an agent is left alone after five questions without an answer.
    pub breaker: Duration,
    /// How long an agent that refused every credential is left alone.
    pub refused: Duration,
    /// How long one question of a person, and one agent of `poll --once`, may take in all.
    pub patience: Duration,
    /// Where it is set, what is asked once keeps to the budgets as scheduled polls do, and no more than this time's worth of a
    /// line goes back to back. Else a person does not wait.
    pub polite: Option<Duration>,
}

impl Default for PollerConfig {
    fn default() -> Self {
        Self {
            window: 4096,
            first_timeout: Duration::from_secs(1),
            least_timeout: Duration::from_millis(500),
            most_timeout: Duration::from_secs(8),
            retries: 2,
            breaker: Duration::from_mins(1),
            refused: Duration::from_mins(15),
            patience: Duration::from_mins(2),
            polite: None,
        }
    }
}

/// An agent that is asked out of turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Where.
    pub address: IpAddr,
    /// UDP port.
    pub port: u16,
    /// How.
    pub login: Login,
}

/// The polling engine. Cheap to clone; it ends with [`Poller::stop`] or its last clone.
#[derive(Clone, Debug)]
pub struct Poller {
    commands: mpsc::UnboundedSender<Command>,
    counters: Arc<Counters>,
    ports: Arc<Vec<u16>>,
    pub(super) patience: Duration,
    pub(super) polite: bool,
}

impl Poller {
    /// Opens the sockets and starts the driver on the current tokio runtime. Nothing is asked before
    /// [`Poller::set_targets`]. Fails where no UDP socket can be had.
    pub fn start(
        gate: Arc<Gate>,
        sink: mpsc::Sender<Vec<Observation>>,
        config: PollerConfig,
    ) -> io::Result<Self> {
        let doors = Doors::open(&gate)?;
        Self::start_with(gate, sink, config, doors)
    }

    /// As [`Poller::start`], over a wire in memory: for simulations in virtual time.
    pub fn start_over(
        gate: Arc<Gate>,
        wire: Arc<dyn Wire>,
        sink: mpsc::Sender<Vec<Observation>>,
        config: PollerConfig,
    ) -> io::Result<Self> {
        let doors = Doors::wire(&gate, wire);
        Self::start_with(gate, sink, config, doors)
    }

    fn start_with(
        gate: Arc<Gate>,
        sink: mpsc::Sender<Vec<Observation>>,
        config: PollerConfig,
        doors: Doors,
    ) -> io::Result<Self> {
        let ports = doors.ports();
        let buffers = doors.buffers();
        let (commands, orders) = mpsc::unbounded_channel();
        let counters = Arc::new(Counters::default());
        counters.sockets.set(doors.len() as u64);
        counters.buffer_bytes.set(buffers as u64);
        let driver = Driver::new(gate, sink, config, Arc::clone(&counters), orders, buffers)?;
        tokio::spawn(driver.run(doors));
        Ok(Self {
            commands,
            counters,
            ports: Arc::new(ports),
            patience: config.patience,
            polite: config.polite.is_some(),
        })
    }

    fn tell(&self, command: Command) {
        // a driver that has stopped takes no orders; those who wait for an answer see it
        let _ = self.commands.send(command);
    }

    /// The credentials from now on, by name.
    pub fn set_logins(&self, logins: BTreeMap<Text, Login>) {
        self.tell(Command::Logins(logins));
    }

    /// Asks these from now on, and no others.
    pub fn set_targets(&self, targets: Arc<Vec<Target>>) {
        self.tell(Command::Targets(targets));
    }

    /// Asks by these plans from now on; by those that are shipped until then.
    pub fn set_plans(&self, plans: Arc<PollPlans>) {
        self.tell(Command::Plans(plans));
    }

    /// How much scheduled polls may send from now on; the usual until then.
    pub fn set_budgets(&self, budgets: Arc<Budgets>) {
        self.tell(Command::Budgets(budgets));
    }

    /// Asks no agent for more than its model can take.
    pub fn set_quirks(&self, quirks: Arc<Quirks>) {
        self.tell(Command::Quirks(quirks));
    }

    /// Asks these for their status at once, beside their schedule.
    pub fn probe(&self, addresses: Vec<IpAddr>) {
        self.tell(Command::Probe(addresses));
    }

    /// Reads the tables of these at once.
    pub fn read_tables(&self, addresses: Vec<IpAddr>) {
        self.tell(Command::ReadTables(addresses));
    }

    /// What it counted so far.
    pub fn stats(&self) -> PollerStats {
        self.counters.read(socket_drops(&self.ports))
    }

    /// Ends it; questions under way are given up.
    pub fn stop(&self) {
        self.tell(Command::Stop);
    }

    pub(super) fn once(&self, feed: Feed) {
        self.tell(Command::Once(Box::new(feed)));
    }

    fn submit(&self, to: SocketAddr, task: Task) {
        self.tell(Command::Task(to, Box::new(task)));
    }

    async fn one(
        &self,
        agent: Agent,
        kind: Kind,
        cause: Text,
        permit: Option<PermitId>,
    ) -> Result<Vec<VarBind>, SnmpError> {
        let (reply, answer) = oneshot::channel();
        self.submit(
            SocketAddr::new(agent.address.to_canonical(), agent.port),
            Task {
                kind,
                with: With::Login(Box::new(agent.login)),
                cause,
                permit,
                sink: Sink::Reply(reply),
                tries: None,
                within: self.patience,
                meets: None,
            },
        );
        answer.await.unwrap_or(Err(SnmpError::Stopped))
    }

    /// GETs names. What the agent does not have comes back as an exception value, in the order asked.
    pub async fn get(
        &self,
        agent: Agent,
        names: Vec<Oid>,
        cause: Text,
        permit: Option<PermitId>,
    ) -> Result<Vec<VarBind>, SnmpError> {
        self.one(agent, Kind::Get(names), cause, permit).await
    }

    /// SETs. It is sent once: a SET that was lost is not told from one whose answer was, so read back before trying again.
    pub async fn set(
        &self,
        agent: Agent,
        varbinds: Vec<VarBind>,
        cause: Text,
        permit: PermitId,
    ) -> Result<Vec<VarBind>, SnmpError> {
        self.one(agent, Kind::Set(varbinds), cause, Some(permit))
            .await
    }

    /// Walks a subtree, `cap` rows at the most. An error if it could not be read as a whole.
    pub async fn walk(
        &self,
        agent: Agent,
        root: Oid,
        cap: usize,
        cause: Text,
        permit: Option<PermitId>,
    ) -> Result<Vec<VarBind>, SnmpError> {
        self.one(agent, Kind::Walk(root, cap), cause, permit).await
    }
}
