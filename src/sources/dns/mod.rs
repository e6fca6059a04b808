//! Names for addresses, and addresses for names.
//!
//! In: addresses that turned up. Out: their names, as observations, when they are new, changed or gone. Nobody waits for
//! a name: what isn't known yet is asked for in the background, a few at a time, and what doesn't fit is left out and
//! counted. It speaks to name servers only, and never to the address itself.

mod cache;

pub use cache::{Cache, Known};

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc};
use trust_dns_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use trust_dns_resolver::net::NetError;
use trust_dns_resolver::net::runtime::TokioRuntimeProvider;
use trust_dns_resolver::proto::rr::{Name, RData};
use trust_dns_resolver::{TokioResolver, system_conf};

use crate::event::{ObsNameV1, ObsSourceV1, Observation};
use crate::model::{Text, Time};

/// Answers one after the other that fail before the servers are called dead.
const FAILURES: u64 = 8;

/// How names are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsConfig {
    /// The servers; empty means those of the system (`/etc/resolv.conf` and `/etc/hosts`).
    pub servers: Vec<SocketAddr>,
    /// How long one server has.
    pub timeout: Duration,
    /// Questions at the same time.
    pub in_flight: usize,
    /// Questions that wait; beyond them they are left out.
    pub queue: usize,
    /// Addresses remembered.
    pub cache: usize,
    /// A name is good for at least this, whatever its TTL says, and
    pub least: Duration,
    /// at most for this.
    pub most: Duration,
    /// That there is no name is good for this.
    pub nameless: Duration,
    /// After no answer, it is asked again then.
    pub again: Duration,
}

impl Default for DnsConfig {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            timeout: Duration::from_secs(2),
            in_flight: 16,
            queue: 4096,
            cache: 65_536,
            least: Duration::from_mins(1),
            most: Duration::from_hours(24),
            nameless: Duration::from_mins(15),
            again: Duration::from_mins(1),
        }
    }
}

/// No names can be asked for.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// The resolver does not start.
    #[error("the resolver cannot be set up: {0}")]
    Setup(Text),
    /// Names are switched off, or the system has no server.
    #[error(
        "there is no name server: none is configured here and /etc/resolv.conf names none; write the address instead of '{0}'"
    )]
    Off(Text),
    /// No such name.
    #[error("there is no address for '{0}' in the DNS")]
    NoSuchName(Text),
    /// No server answered.
    #[error("no name server answered for '{name}': {why}")]
    Unanswered {
        /// Which name.
        name: Text,
        /// Why.
        why: Text,
    },
}

/// What `ask` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is known already.
    Known(Text),
    /// It is known that there is none.
    Nameless,
    /// It has been put to the servers; the name will come as an observation.
    Waiting,
    /// No server answered lately; it will be asked again when somebody asks later.
    Unanswered,
    /// Too many questions wait; this one was left out and counted.
    Dropped,
    /// Names are off.
    Off,
}

/// Cheap to clone; asks as long as one clone lives.
#[derive(Clone)]
pub struct Resolver {
    inner: Option<Arc<Inner>>,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver")
            .field("on", &self.inner.is_some())
            .finish_non_exhaustive()
    }
}

struct Inner {
    resolver: TokioResolver,
    config: DnsConfig,
    cache: Mutex<Cache>,
    start: Instant,
    queue: mpsc::Sender<IpAddr>,
    dropped: AtomicU64,
    failures: AtomicU64,
    /// When a server answered last, milliseconds since the start.
    answered: AtomicU64,
}

impl Inner {
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

impl Resolver {
    /// Names switched off: every question is answered with [`Asked::Off`].
    pub fn off() -> Self {
        Self { inner: None }
    }

    /// Starts asking; what is learned goes to `sink`. Without servers, here and on the system, it is off. Must be called
    /// on a tokio runtime.
    pub fn start(
        config: DnsConfig,
        sink: mpsc::Sender<Vec<Observation>>,
    ) -> Result<Self, DnsError> {
        let (servers, mut options) = if config.servers.is_empty() {
            match system_conf::read_system_conf() {
                Ok(system) => system,
                Err(error) => {
                    tracing::info!(%error, "names are off");
                    return Ok(Self::off());
                }
            }
        } else {
            let mut options = ResolverOpts::default();
            options.use_hosts_file = ResolveHosts::Never;
            let servers = config.servers.iter().map(server).collect();
            (
                ResolverConfig::from_parts(None, Vec::new(), servers),
                options,
            )
        };
        options.timeout = config.timeout;
        options.attempts = 1;
        // ours is the cache
        options.cache_size = 32;
        let resolver = TokioResolver::builder_with_config(servers, TokioRuntimeProvider::default())
            .with_options(options)
            .build()
            .map_err(|e| DnsError::Setup(e.to_string().into()))?;
        let (queue, questions) = mpsc::channel(config.queue.max(1));
        let inner = Arc::new(Inner {
            resolver,
            cache: Mutex::new(Cache::new(config.cache)),
            start: Instant::now(),
            queue,
            dropped: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            config,
        });
        tokio::spawn(drive(Arc::downgrade(&inner), questions, sink));
        Ok(Self { inner: Some(inner) })
    }

    /// Are names asked for at all?
    pub fn is_on(&self) -> bool {
        self.inner.is_some()
    }

    /// What is known of the name of an address; asks for it when nothing is. Never waits.
    pub fn ask(&self, address: IpAddr) -> Asked {
        let Some(inner) = &self.inner else {
            return Asked::Off;
        };
        let address = address.to_canonical();
        let now = inner.now();
        let mut cache = inner.cache();
        match cache.get(address, now) {
            Some(Known::Name(name)) => return Asked::Known(name.clone()),
            Some(Known::Nameless) => return Asked::Nameless,
            Some(Known::Unanswered) => return Asked::Unanswered,
            Some(Known::Asked) => return Asked::Waiting,
            None => {}
        }
        if inner.queue.try_send(address).is_err() {
            inner.dropped.fetch_add(1, Ordering::Relaxed);
            return Asked::Dropped;
        }
        // long enough for the queue before it; the answer sets its own
        let wait = now + Duration::from_hours(1);
        cache.put(address, Known::Asked, wait, now);
        Asked::Waiting
    }

    /// The name that was reported last, if there is one. Never asks.
    pub fn name(&self, address: IpAddr) -> Option<Text> {
        let inner = self.inner.as_ref()?;
        inner.cache().name(address.to_canonical()).cloned()
    }

    /// The addresses of a name, for an argument that a person wrote; waits for the servers.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        let text = || Text::from(name);
        let Some(inner) = &self.inner else {
            return Err(DnsError::Off(text()));
        };
        match inner.resolver.lookup_ip(name).await {
            Ok(found) => {
                let mut addresses: Vec<_> = found.iter().map(|a| a.to_canonical()).collect();
                addresses.sort_unstable();
                addresses.dedup();
                Ok(addresses)
            }
            Err(error) if error.is_no_records_found() => Err(DnsError::NoSuchName(text())),
            Err(error) => Err(DnsError::Unanswered {
                name: text(),
                why: error.to_string().into(),
            }),
        }
    }

    /// Questions left out because too many waited.
    pub fn dropped(&self) -> u64 {
        self.inner
            .as_ref()
            .map_or(0, |i| i.dropped.load(Ordering::Relaxed))
    }
}

fn server(at: &SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()]
        .map(|mut c| {
            c.port = at.port();
            c
        })
        .to_vec();
    NameServerConfig::new(at.ip(), true, connections)
}

/// Takes questions as long as somebody can ask.
async fn drive(
    inner: std::sync::Weak<Inner>,
    mut questions: mpsc::Receiver<IpAddr>,
    sink: mpsc::Sender<Vec<Observation>>,
) {
    let Some(room) = inner
        .upgrade()
        .map(|i| Arc::new(Semaphore::new(i.config.in_flight.max(1))))
    else {
        return;
    };
    while let Some(address) = questions.recv().await {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let Some(inner) = inner.upgrade() else {
            return;
        };
        let sink = sink.clone();
        tokio::spawn(async move {
            let news = look_up(&inner, address).await;
            drop(inner);
            if !news.is_empty() {
                // a receiver that has gone needs no names
                let _ = sink.send(news).await;
            }
            drop(permit);
        });
    }
}

async fn look_up(inner: &Inner, address: IpAddr) -> Vec<Observation> {
    let config = &inner.config;
    let sent = inner.now().as_millis() as u64;
    let result = inner.resolver.reverse_lookup(address).await;
    let at = Time::from_clock();
    let mut news = Vec::new();
    let (known, life) = match result {
        Ok(found) => {
            let left = found
                .valid_until()
                .saturating_duration_since(Instant::now());
            let name = found
                .answers()
                .iter()
                .filter_map(|record| match &record.data {
                    RData::PTR(name) => Some(text(name)),
                    _ => None,
                })
                .filter(|t| !t.is_empty())
                // of several, always the same one
                .min();
            match name {
                Some(name) => (Known::Name(name), left.clamp(config.least, config.most)),
                None => (Known::Nameless, config.nameless),
            }
        }
        Err(error) if error.is_no_records_found() => (Known::Nameless, config.nameless),
        Err(error) => {
            // what was asked before the last answer says nothing of the servers as they are now
            if sent >= inner.answered.load(Ordering::Relaxed) {
                news.extend(failed(inner, &error, at));
            }
            (Known::Unanswered, config.again)
        }
    };
    if known != Known::Unanswered {
        let now = inner.now().as_millis() as u64;
        inner.answered.store(now, Ordering::Relaxed);
        if inner.failures.swap(0, Ordering::Relaxed) >= FAILURES {
            news.push(state(inner, Text::empty(), at));
        }
    }
    let now = inner.now();
    let report = inner.cache().put(address, known, now + life, now);
    news.extend(report.map(|name| Observation::Name(ObsNameV1 { at, address, name })));
    news
}

/// Says once that the servers are dead.
fn failed(inner: &Inner, error: &NetError, at: Time) -> Option<Observation> {
    let failures = inner.failures.fetch_add(1, Ordering::Relaxed) + 1;
    (failures == FAILURES).then(|| {
        let trouble = format!(
            "no name server answers ({error}); names stay as they were; check /etc/resolv.conf or the servers in the \
             site file"
        );
        state(inner, trouble.into(), at)
    })
}

fn state(inner: &Inner, trouble: Text, at: Time) -> Observation {
    Observation::Source(ObsSourceV1 {
        at,
        source: "dns".into(),
        trouble,
        dropped: inner.dropped.load(Ordering::Relaxed),
    })
}

/// A name as text: its labels as they came, with dots between them, escaped.
fn text(name: &Name) -> Text {
    let labels: Vec<&[u8]> = name.iter().collect();
    Text::from_bytes(&labels.join(&b'.'))
}

#[cfg(test)]
mod tests;
