//! Puts a collecting process together, and takes it apart again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::agents::PollerAgents;
use super::collector::{Begin, Collector};
use super::ears::Ears;
use super::effects::Hands;
use super::health;
use super::hub::{Hub, Input};
use super::runner::Runner;
use super::viewer::Feed;
use crate::actions::catalogue::Catalogue;
use crate::config;
use crate::event::{Body, ConfigAppliedV2, ObsSourceV1, Observation};
use crate::gate::Gate;
use crate::log::recording::RecordingWriter;
use crate::log::{Answer, Log, LogError, Query};
use crate::model::{CredentialKind, Health, Home, PlainSecret, SecretRef, Site, Text, Time};
use crate::notify::Outbox;
use crate::sources::snmp::{Login, Poller, PollerConfig};

/// How many batches of observations may wait between the sources and the collector.
const BATCHES: usize = 256;
/// A collector that said nothing for so long is stale.
const STALE_AFTER: Duration = Duration::from_secs(10);

/// Turns a reference into a secret; the words of the error name the reference, never the secret.
pub type Resolve = Box<dyn Fn(&SecretRef) -> Result<PlainSecret, String> + Send + Sync>;

/// What a collecting process is made of.
pub struct HostConfig {
    /// Where all meet; viewers may look at it already.
    pub hub: Arc<Hub>,
    /// The hub's other end.
    pub inputs: mpsc::Receiver<Input>,
    /// Where events live.
    pub log: Box<dyn Log>,
    /// The site in force.
    pub site: Site,
    /// Where its secrets come from.
    pub resolve: Resolve,
    /// A recording that is written beside the log.
    pub recorder: Option<RecordingWriter>,
    /// What can be run.
    pub catalogue: Arc<Catalogue>,
    /// Who is told of alerts beside the viewers.
    pub outbox: Outbox,
    /// The state folder, whose size is watched.
    pub state: PathBuf,
    /// Where the site comes from, for people to read: its file.
    pub origin: Text,
}

/// A collecting process at work.
pub struct Host {
    hub: Arc<Hub>,
    gate: Arc<Gate>,
    poller: Poller,
    runner: Arc<Runner>,
    sink: mpsc::Sender<Vec<Observation>>,
    resolve: Arc<Resolve>,
    thread: Option<std::thread::JoinHandle<()>>,
    _health: health::Watch,
}

/// A collecting process that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The log can't be used.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The system said no.
    #[error("{what}: {source}")]
    Io {
        /// To what.
        what: &'static str,
        /// What it said.
        source: std::io::Error,
    },
}

impl Host {
    /// Starts collecting. What overdue reverts an earlier process left behind is carried out first (invariant 10).
    pub fn start(config: HostConfig, runtime: &Handle) -> Result<Self, HostError> {
        let HostConfig {
            hub,
            inputs,
            log,
            site,
            resolve,
            recorder,
            catalogue,
            outbox,
            state,
            origin,
        } = config;
        let _inside = runtime.enter();
        let gate = Gate::new();
        let (sink, batches) = mpsc::channel(BATCHES);
        let poller = Poller::start(Arc::clone(&gate), sink.clone(), PollerConfig::default())
            .map_err(|source| HostError::Io {
                what: "opening the poller's socket",
                source,
            })?;
        runtime.spawn(forward(batches, Arc::clone(&hub)));
        let hands = Hands::new(Arc::clone(&gate), Some(poller.clone()), outbox);
        let collector = Collector::begin(Begin {
            hub: Arc::clone(&hub),
            log,
            carry: hands,
            recorder,
        })?;
        let agents = Arc::new(PollerAgents::new(poller.clone()));
        let runner = Runner::new(Arc::clone(&hub), Arc::clone(&gate), agents, catalogue);
        let thread = collector.spawn(inputs)?;
        let home = Home {
            state: state.display().to_string().into(),
            site: origin,
        };
        let watch = health::Watch::start(
            Arc::clone(&hub),
            Arc::clone(&gate),
            poller.clone(),
            home,
            state,
        )
        .map_err(|source| HostError::Io {
            what: "starting to measure this process",
            source,
        })?;
        let host = Self {
            hub,
            gate,
            poller,
            runner,
            sink,
            resolve: Arc::new(resolve),
            thread: Some(thread),
            _health: watch,
        };
        let first = host.reconfigure();
        runtime.spawn(async move { first.apply(site).await });
        host.runner.take_up_reverts(runtime);
        Ok(host)
    }

    /// What puts another site in force while it runs.
    pub fn reconfigure(&self) -> Reconfigure {
        Reconfigure {
            hub: Arc::clone(&self.hub),
            poller: self.poller.clone(),
            runner: Arc::clone(&self.runner),
            resolve: Arc::clone(&self.resolve),
        }
    }

    /// Listens on this machine's wires, reads its neighbour table and asks for names, as long as the result lives.
    pub fn listen(&self, runtime: &Handle) -> Ears {
        Ears::start(&self.hub, &self.gate, &self.sink, runtime)
    }

    /// The gate.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Who runs remediations.
    pub fn runner(&self) -> &Arc<Runner> {
        &self.runner
    }

    /// The poller.
    pub fn poller(&self) -> &Poller {
        &self.poller
    }

    /// The hub.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Carries out the ways back that are owed (invariant 10), stops asking, writes everything down, ends.
    pub fn stop(mut self) {
        self.runner.finish();
        self.poller.stop();
        let (tell, told) = oneshot::channel();
        if self.hub.input().blocking_send(Input::Stop(tell)).is_ok() {
            let _ = told.blocking_recv();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Puts a site in force.
pub struct Reconfigure {
    hub: Arc<Hub>,
    poller: Poller,
    runner: Arc<Runner>,
    resolve: Arc<Resolve>,
}

impl Reconfigure {
    /// Puts it in force. A secret that can't be had is shown as a trouble, and its credential left out.
    pub async fn apply(&self, mut site: Site) {
        if site.polls.is_empty() {
            // a site that came from no file is polled as shipped
            site.polls = config::plans::shipped(&site.intervals);
        }
        let (logins, troubles) = logins(&site, &self.resolve);
        self.poller.set_logins(logins.clone());
        self.runner.set_logins(logins);
        let site = config::with_shipped_quirks(site);
        let hash = config::hash(&site);
        let _ = self
            .hub
            .input()
            .send(Input::Config(Box::new(ConfigAppliedV2 { hash, site })))
            .await;
        self.trouble("credentials", troubles.join("; ")).await;
        self.trouble("configuration", String::new()).await;
    }

    /// Says what is wrong with a source of configuration; an empty text says that it is well again.
    pub async fn trouble(&self, source: &str, words: String) {
        let source = Text::from(source);
        let known = self
            .hub
            .state()
            .troubles
            .get(&source)
            .map_or(Text::empty(), |(t, _)| t.clone());
        let trouble = Text::from(words);
        if known != trouble {
            let seen = ObsSourceV1 {
                at: Time::from_clock(),
                source,
                trouble,
                dropped: 0,
            };
            let _ = self
                .hub
                .input()
                .send(Input::Observations(vec![Observation::Source(seen)]))
                .await;
        }
    }
}

/// The logins of a site, and what could not be resolved.
pub fn logins(site: &Site, resolve: &Resolve) -> (BTreeMap<Text, Login>, Vec<String>) {
    let mut logins = BTreeMap::new();
    let mut troubles = Vec::new();
    for credential in &site.credentials {
        match login(&credential.how, resolve) {
            Ok(login) => drop(logins.insert(credential.name.clone(), login)),
            Err(why) => troubles.push(format!("credential '{}': {why}", credential.name)),
        }
    }
    (logins, troubles)
}

fn login(how: &CredentialKind, resolve: &Resolve) -> Result<Login, String> {
    Ok(match how {
        CredentialKind::V1 { community } => Login::V1 {
            community: resolve(community)?,
        },
        CredentialKind::V2c { community } => Login::V2c {
            community: resolve(community)?,
        },
        CredentialKind::V3 {
            user,
            auth,
            privacy,
            context,
        } => Login::V3 {
            user: user.clone(),
            auth: auth
                .as_ref()
                .map(|(p, s)| resolve(s).map(|s| (*p, s)))
                .transpose()?,
            privacy: privacy
                .as_ref()
                .map(|(p, s)| resolve(s).map(|s| (*p, s)))
                .transpose()?,
            context: context.clone(),
        },
    })
}

async fn forward(mut batches: mpsc::Receiver<Vec<crate::event::Observation>>, hub: Arc<Hub>) {
    while let Some(batch) = batches.recv().await {
        if hub.input().send(Input::Observations(batch)).await.is_err() {
            return;
        }
    }
}

/// The collector as a viewer sees it.
pub struct LiveFeed {
    /// Where states come from.
    pub hub: Arc<Hub>,
    /// Where waiting is done.
    pub runtime: Handle,
}

impl Feed for LiveFeed {
    fn state(&self) -> Arc<crate::engine::State> {
        self.hub.state()
    }

    fn live(&self) -> crate::ui::Live {
        use crate::ui::Live;
        if self.hub.ended() {
            Live::NoCollector
        } else if !self.hub.started() {
            Live::Starting
        } else if self.now().since(self.hub.pulse()) > STALE_AFTER {
            Live::Stale(self.hub.pulse())
        } else {
            Live::Live
        }
    }

    fn now(&self) -> Time {
        Time::from_clock()
    }

    fn health(&self) -> Option<Arc<Health>> {
        self.hub.health()
    }

    fn attach(&self, waker: &Arc<super::hub::Waker>) {
        self.hub.attach(waker);
    }

    fn seek(&self, _to: Time) {}

    fn since(&self, _time: Time, tell: super::viewer::Told) {
        tell(Err("there is no past here".into()));
    }

    fn speed(&self, _times: u32) {}

    fn query(&self, query: Query, tell: Box<dyn FnOnce(Answer) + Send>) {
        let hub = Arc::clone(&self.hub);
        self.runtime
            .spawn(async move { tell(hub.query(query).await) });
    }

    fn deed(&self, body: Body, tell: Box<dyn FnOnce(Text) + Send>) {
        let hub = Arc::clone(&self.hub);
        self.runtime.spawn(async move {
            if let Err(why) = hub.durable(body).await {
                tell(why);
            }
        });
    }
}
