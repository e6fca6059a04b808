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
mod tests {
    //! Against a small name server on the loopback.

    use std::sync::atomic::AtomicUsize;

    use tokio::net::UdpSocket;

    use super::*;

    /// Answers PTR for 10.0.0.x by a table, A for `pump-07.ward.`, and counts.
    #[derive(Clone)]
    struct Server {
        at: SocketAddr,
        asked: Arc<AtomicUsize>,
        silent: Arc<std::sync::atomic::AtomicBool>,
    }

    impl Server {
        async fn start() -> Self {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let server = Self {
                at: socket.local_addr().unwrap(),
                asked: Arc::default(),
                silent: Arc::default(),
            };
            let me = server.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 512];
                loop {
                    let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                    me.asked.fetch_add(1, Ordering::SeqCst);
                    if !me.silent.load(Ordering::SeqCst) {
                        let answer = answer(&buffer[..length]);
                        socket.send_to(&answer, from).await.unwrap();
                    }
                }
            });
            server
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    /// One label after the other, then the rest behind the name.
    fn question(message: &[u8]) -> (Vec<Vec<u8>>, usize) {
        let (mut labels, mut at) = (vec![], 12);
        while message[at] != 0 {
            let length = usize::from(message[at]);
            labels.push(message[at + 1..=at + length].to_vec());
            at += length + 1;
        }
        (labels, at + 5)
    }

    fn labels(name: &[&[u8]]) -> Vec<u8> {
        let mut out: Vec<u8> = name
            .iter()
            .flat_map(|l| [&[l.len() as u8][..], l].concat())
            .collect();
        out.push(0);
        out
    }

    fn answer(message: &[u8]) -> Vec<u8> {
        let (name, end) = question(message);
        let kind = u16::from_be_bytes([message[end - 4], message[end - 3]]);
        let reverse: Vec<_> = name.iter().map(|l| String::from_utf8_lossy(l)).collect();
        let data = match (kind, reverse.join(".").to_lowercase().as_str()) {
            (12, "7.0.0.10.in-addr.arpa") => Some(labels(&[b"pump-07", b"ward"])),
            (12, "8.0.0.10.in-addr.arpa") => Some(labels(&[b"evil\x1b[31m", b"ward"])),
            (1, "pump-07.ward") => Some(vec![10, 0, 0, 7]),
            _ => None,
        };
        let mut out = message[..2].to_vec();
        // a response, recursion available; 3 is NXDOMAIN
        out.extend([0x81, if data.is_some() { 0x80 } else { 0x83 }]);
        out.extend([0, 1, 0, u8::from(data.is_some()), 0, 0, 0, 0]);
        out.extend(&message[12..end]);
        if let Some(data) = data {
            out.extend([0xc0, 12]);
            out.extend(kind.to_be_bytes());
            out.extend([0, 1]);
            out.extend(300u32.to_be_bytes());
            out.extend((data.len() as u16).to_be_bytes());
            out.extend(data);
        }
        out
    }

    fn config(server: &Server) -> DnsConfig {
        DnsConfig {
            servers: vec![server.at],
            timeout: Duration::from_millis(100),
            ..DnsConfig::default()
        }
    }

    fn ip(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    async fn settled(resolver: &Resolver, address: IpAddr) -> Asked {
        loop {
            match resolver.ask(address) {
                Asked::Waiting => tokio::time::sleep(Duration::from_millis(2)).await,
                other => return other,
            }
        }
    }

    #[tokio::test]
    async fn a_name_comes_as_an_observation_and_is_asked_for_once() {
        let server = Server::start().await;
        let (sink, mut source) = mpsc::channel(8);
        let resolver = Resolver::start(config(&server), sink).unwrap();
        assert_eq!(resolver.ask(ip(7)), Asked::Waiting);
        let [Observation::Name(name)] = &source.recv().await.unwrap()[..] else {
            panic!("no name");
        };
        assert_eq!((name.address, name.name.as_str()), (ip(7), "pump-07.ward"));
        for _ in 0..100 {
            assert_eq!(resolver.ask(ip(7)), Asked::Known("pump-07.ward".into()));
        }
        assert_eq!(server.asked(), 1);
        assert_eq!(resolver.name(ip(7)), Some("pump-07.ward".into()));
    }

    #[tokio::test]
    async fn an_address_without_a_name_is_not_asked_for_again_and_not_reported() {
        let server = Server::start().await;
        let (sink, mut source) = mpsc::channel(8);
        let resolver = Resolver::start(config(&server), sink).unwrap();
        assert_eq!(settled(&resolver, ip(9)).await, Asked::Nameless);
        let before = server.asked();
        assert_eq!(resolver.ask(ip(9)), Asked::Nameless);
        assert_eq!(server.asked(), before);
        assert!(source.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_name_that_would_command_a_terminal_is_harmless() {
        let server = Server::start().await;
        let (sink, mut source) = mpsc::channel(8);
        let resolver = Resolver::start(config(&server), sink).unwrap();
        resolver.ask(ip(8));
        let [Observation::Name(name)] = &source.recv().await.unwrap()[..] else {
            panic!("no name");
        };
        assert_eq!(name.name.as_str(), "evil\\u{1b}[31m.ward");
    }

    #[tokio::test]
    async fn a_dead_server_blocks_nobody_and_is_said_once() {
        let server = Server::start().await;
        server.silent.store(true, Ordering::SeqCst);
        let (sink, mut source) = mpsc::channel(64);
        let config = DnsConfig {
            queue: 32,
            again: Duration::ZERO,
            ..config(&server)
        };
        let resolver = Resolver::start(config, sink).unwrap();
        // none of these waits; what doesn't fit is counted
        let all: Vec<_> = (0..200).map(|n| resolver.ask(ip(n))).collect();
        assert!(
            all.iter()
                .all(|a| matches!(a, Asked::Waiting | Asked::Dropped))
        );
        let left_out = all.iter().filter(|a| **a == Asked::Dropped).count() as u64;
        assert!(left_out >= 200 - 32, "{left_out}");
        assert_eq!(resolver.dropped(), left_out);
        let [Observation::Source(trouble)] = &source.recv().await.unwrap()[..] else {
            panic!("no word of the server");
        };
        assert!(
            trouble
                .trouble
                .as_str()
                .starts_with("no name server answers"),
            "{trouble:?}"
        );
        // and when it is back, that is said, and the names come
        server.silent.store(false, Ordering::SeqCst);
        let mut words = vec![];
        while !words.iter().any(|o| matches!(o, Observation::Name(_)))
            || !words
                .iter()
                .any(|o| matches!(o, Observation::Source(s) if s.trouble.is_empty()))
        {
            resolver.ask(ip(7));
            if let Ok(Some(mut batch)) =
                tokio::time::timeout(Duration::from_millis(20), source.recv()).await
            {
                words.append(&mut batch);
            }
        }
        let said = |o: &Observation| matches!(o, Observation::Source(s) if !s.trouble.is_empty());
        assert_eq!(words.iter().filter(|o| said(o)).count(), 0, "{words:?}");
    }

    #[tokio::test]
    async fn a_name_a_person_wrote_is_found_or_said_not_to_be() {
        let server = Server::start().await;
        let (sink, _source) = mpsc::channel(8);
        let resolver = Resolver::start(config(&server), sink).unwrap();
        assert_eq!(resolver.addresses("pump-07.ward.").await.unwrap(), [ip(7)]);
        assert_eq!(
            resolver
                .addresses("pump-99.ward.")
                .await
                .unwrap_err()
                .to_string(),
            "there is no address for 'pump-99.ward.' in the DNS"
        );
        let off = Resolver::off();
        assert_eq!(off.ask(ip(7)), Asked::Off);
        assert!(matches!(off.addresses("x").await, Err(DnsError::Off(_))));
    }
}
