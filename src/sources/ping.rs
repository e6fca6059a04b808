//! ICMP echo to many, over one socket a family.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use tokio::sync::oneshot;

use crate::event::ObsPingV1;
use crate::gate::{Gate, PermitId, PingDoor, PingError, SendError};
use crate::model::{Text, Time};

/// What came of one echo request.
#[derive(Debug)]
pub enum PingResult {
    /// It came back after this time.
    Answered(Duration),
    /// Nothing came in time.
    Silent,
    /// The gate, the network, or a lack of free sequence numbers kept it from leaving.
    NotSent(SendError),
}

impl PingResult {
    /// As an observation; `None` where nothing was sent and so nothing was seen.
    pub fn observation(&self, address: IpAddr, at: Time) -> Option<ObsPingV1> {
        let rtt_ms = match self {
            Self::Answered(rtt) => Some(u32::try_from(rtt.as_millis()).unwrap_or(u32::MAX)),
            Self::Silent => None,
            Self::NotSent(_) => return None,
        };
        Some(ObsPingV1 {
            at,
            address,
            rtt_ms,
        })
    }
}

type Waiting = Mutex<FxHashMap<u16, (IpAddr, oneshot::Sender<Instant>)>>;

/// One family's socket with who waits on it.
struct Lane {
    door: PingDoor,
    waiting: Waiting,
    next: std::sync::atomic::AtomicU16,
}

impl Lane {
    fn new(door: PingDoor) -> Arc<Self> {
        Arc::new(Self {
            door,
            waiting: Waiting::default(),
            next: 0.into(),
        })
    }

    fn waiting(
        &self,
    ) -> std::sync::MutexGuard<'_, FxHashMap<u16, (IpAddr, oneshot::Sender<Instant>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A sequence number that nobody waits on; `None` when all 65,536 are taken.
    fn reserve(&self, to: IpAddr, answer: oneshot::Sender<Instant>) -> Option<u16> {
        let mut waiting = self.waiting();
        for _ in 0..=u16::MAX {
            let seq = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if let std::collections::hash_map::Entry::Vacant(free) = waiting.entry(seq) {
                free.insert((to, answer));
                return Some(seq);
            }
        }
        None
    }

    async fn read(self: Arc<Self>) {
        loop {
            match self.door.receive().await {
                Ok(echo) => {
                    let mut waiting = self.waiting();
                    // an answer from somebody else leaves the one who waits waiting
                    let due = |(to, _): &(IpAddr, _)| *to == echo.from;
                    if waiting.get(&echo.seq).is_some_and(due)
                        && let Some((_, answer)) = waiting.remove(&echo.seq)
                    {
                        // nobody waits any more: it came too late
                        let _ = answer.send(Instant::now());
                    }
                }
                // an error of one target (unreachable) is queued on the socket of all
                Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    }
}

/// Sends echo requests past the gate and waits for what comes back. Cheap to clone.
#[derive(Clone)]
pub struct Pinger {
    v4: Arc<Lane>,
    v6: Option<Arc<Lane>>,
    _readers: Arc<Readers>,
}

struct Readers(Vec<tokio::task::AbortHandle>);

impl Drop for Readers {
    fn drop(&mut self) {
        self.0.iter().for_each(tokio::task::AbortHandle::abort);
    }
}

impl std::fmt::Debug for Pinger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pinger")
            .field("waiting", &self.v4.waiting().len())
            .field("v6", &self.v6.is_some())
            .finish_non_exhaustive()
    }
}

impl Pinger {
    /// Opens the sockets; IPv6 only where there is IPv6. Must be called on a tokio runtime, which then reads them until
    /// the last clone is dropped.
    pub fn start(gate: &Arc<Gate>) -> Result<Self, PingError> {
        let v4 = Lane::new(gate.ping(false)?);
        let v6 = gate.ping(true).ok().map(Lane::new);
        let readers = std::iter::once(&v4)
            .chain(&v6)
            .map(|lane| tokio::spawn(Arc::clone(lane).read()).abort_handle())
            .collect();
        Ok(Self {
            v4,
            v6,
            _readers: Arc::new(Readers(readers)),
        })
    }

    /// Sends one echo request and waits at most `wait` for its answer.
    pub async fn ping(
        &self,
        to: IpAddr,
        wait: Duration,
        cause: &Text,
        permit: Option<PermitId>,
    ) -> PingResult {
        let to = to.to_canonical();
        let lane = if to.is_ipv6() {
            self.v6.as_ref()
        } else {
            Some(&self.v4)
        };
        let Some(lane) = lane else {
            return PingResult::NotSent(
                std::io::Error::from(std::io::ErrorKind::Unsupported).into(),
            );
        };
        let (sender, answer) = oneshot::channel();
        let Some(seq) = lane.reserve(to, sender) else {
            return PingResult::NotSent(
                std::io::Error::from(std::io::ErrorKind::ResourceBusy).into(),
            );
        };
        // also when whoever asked goes away meanwhile
        let _free = Free(lane, seq);
        let start = Instant::now();
        if let Err(error) = lane.door.send(to, seq, cause, permit).await {
            return PingResult::NotSent(error);
        }
        match tokio::time::timeout(wait, answer).await {
            Ok(Ok(at)) => PingResult::Answered(at.saturating_duration_since(start)),
            _ => PingResult::Silent,
        }
    }

    /// Does it run without any privilege?
    pub fn is_unprivileged(&self) -> bool {
        self.v4.door.is_unprivileged()
    }
}

struct Free<'a>(&'a Lane, u16);

impl Drop for Free<'_> {
    fn drop(&mut self) {
        self.0.waiting().remove(&self.1);
    }
}
