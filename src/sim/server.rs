//! Many agents behind few sockets: each address of a loopback net is its own agent, and answers come from the address that
//! was asked.
//!
//! Requests are taken in batches (`recvmmsg`); each answer is a call of its own, for it names its own source address and the safe
//! `sendmmsg` has one for all. The sockets are bound to every address but, where the kernel allows it, to the loopback interface; the address asked comes with
//! each datagram (IP_PKTINFO). Nothing leaves but answers.

use std::collections::{BTreeMap, BinaryHeap};
use std::io::{self, IoSlice, IoSliceMut, PipeReader, PipeWriter};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmsg,
    setsockopt, sockopt,
};
use rustc_hash::FxHashMap;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Protocol, Socket, Type};

use super::agent::{Agent, Manner, Silence, Verdict};
use super::clock::SimClock;

/// Octets of answers that wait for their delay, in one thread; more are lost and counted.
const DELAYED_CAP: usize = 64 << 20;
/// Datagrams taken from a socket with one call.
const BATCH: usize = 64;
/// Such calls before the delayed are looked at again.
const BURST: usize = 4;
/// Octets of a request that are read; none that fits a bench is longer, and what is cut off is malformed.
const REQUEST_CAP: usize = 65_536;

/// Who answers at which address.
pub trait Population: Send + Sync + 'static {
    /// Reads a datagram for an address, and writes what to send back into `out`, which is empty.
    fn receive(
        &self,
        asked: Ipv4Addr,
        datagram: &[u8],
        at: Duration,
        out: &mut Vec<u8>,
    ) -> Reception;

    /// Datagrams to addresses where nothing should be sent, those with any.
    fn watched(&self) -> BTreeMap<Ipv4Addr, u64> {
        BTreeMap::new()
    }
}

/// What became of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reception {
    /// Send back what was written.
    Answer(Manner),
    /// Say nothing.
    Silence(Silence),
    /// No agent is there.
    Nobody,
}

/// Who is at which address.
#[derive(Default)]
pub struct Directory {
    agents: FxHashMap<Ipv4Addr, Arc<Agent>>,
    watched: FxHashMap<Ipv4Addr, AtomicU64>,
}

impl Directory {
    /// Puts an agent at an address.
    pub fn agent(&mut self, at: Ipv4Addr, agent: Arc<Agent>) {
        self.agents.insert(at, agent);
    }

    /// Counts every datagram to this address, by address: nothing should be sent there.
    pub fn watch(&mut self, at: Ipv4Addr) {
        self.watched.insert(at, AtomicU64::new(0));
    }

    /// The agent at an address.
    pub fn at(&self, address: Ipv4Addr) -> Option<&Arc<Agent>> {
        self.agents.get(&address)
    }

    /// How many addresses have an agent.
    pub fn len(&self) -> usize {
        self.agents.len()
    }

    /// No agent at all.
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty()
    }
}

impl Population for Directory {
    fn receive(
        &self,
        asked: Ipv4Addr,
        datagram: &[u8],
        at: Duration,
        out: &mut Vec<u8>,
    ) -> Reception {
        if let Some(watched) = self.watched.get(&asked) {
            count(watched);
        }
        let Some(agent) = self.agents.get(&asked) else {
            return Reception::Nobody;
        };
        match agent.receive(datagram, at) {
            Verdict::Answer(bytes, manner) => {
                *out = bytes;
                Reception::Answer(manner)
            }
            Verdict::Silence(why) => Reception::Silence(why),
        }
    }

    fn watched(&self) -> BTreeMap<Ipv4Addr, u64> {
        self.watched
            .iter()
            .map(|(a, n)| (*a, n.load(Ordering::Relaxed)))
            .filter(|(_, n)| *n > 0)
            .collect()
    }
}

/// How to listen.
#[derive(Clone, Copy, Debug)]
pub struct Listen {
    /// UDP port; zero for a free one.
    pub port: u16,
    /// Sockets, each with a thread; the kernel spreads askers over them.
    pub sockets: usize,
    /// Every address is loopback: hear nothing from outside.
    pub loopback: bool,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            port: 0,
            sockets: 4,
            loopback: true,
        }
    }
}

/// What came and what became of it.
#[derive(Debug, Default)]
struct Tally {
    datagrams: AtomicU64,
    answered: AtomicU64,
    unknown: AtomicU64,
    wrong_community: AtomicU64,
    malformed: AtomicU64,
    absent: AtomicU64,
    faulted: AtomicU64,
    lost: AtomicU64,
}

/// What came and what became of it, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Datagrams that came.
    pub datagrams: u64,
    /// Answers sent.
    pub answered: u64,
    /// To addresses without an agent.
    pub unknown: u64,
    /// With a community that opens nothing.
    pub wrong_community: u64,
    /// No SNMP request.
    pub malformed: u64,
    /// To agents without power or path.
    pub absent: u64,
    /// Lost by a fault that was asked for.
    pub faulted: u64,
    /// Answers that could not be sent.
    pub lost: u64,
    /// To watched addresses, those with any.
    pub watched: BTreeMap<Ipv4Addr, u64>,
}

impl Counts {
    /// Datagrams to watched addresses.
    pub fn to_watched(&self) -> u64 {
        self.watched.values().sum()
    }
}

/// Agents that are being served; they end with it.
pub struct Server<P: Population = Directory> {
    population: Arc<P>,
    clock: SimClock,
    tally: Arc<Tally>,
    port: u16,
    threads: Vec<JoinHandle<()>>,
    stop: Option<PipeWriter>,
}

impl<P: Population> Server<P> {
    /// Binds and serves.
    pub fn start(population: P, listen: Listen, clock: SimClock) -> io::Result<Self> {
        // without SO_REUSEPORT first, so that two simulations never share a port unknowingly
        let probe = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        probe.bind(&any(listen.port).into())?;
        let port = probe
            .local_addr()?
            .as_socket()
            .map_or(listen.port, |a| a.port());
        drop(probe);
        let sockets = (0..listen.sockets.max(1))
            .map(|_| socket(port, listen.loopback))
            .collect::<io::Result<Vec<_>>>()?;
        let (reader, writer) = io::pipe()?;
        let population = Arc::new(population);
        let tally = Arc::new(Tally::default());
        let mut threads = Vec::new();
        for (n, socket) in sockets.into_iter().enumerate() {
            let worker = Worker {
                socket,
                stop: reader.try_clone()?,
                population: population.clone(),
                tally: tally.clone(),
                clock: clock.clone(),
                delayed: BinaryHeap::new(),
                waiting: 0,
            };
            let thread = std::thread::Builder::new()
                .name(format!("sim-{n}"))
                .stack_size(512 * 1024)
                .spawn(move || worker.run())?;
            threads.push(thread);
        }
        Ok(Self {
            population,
            clock,
            tally,
            port,
            threads,
            stop: Some(writer),
        })
    }

    /// The port it serves on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its time, to be pushed on by tests.
    pub fn clock(&self) -> &SimClock {
        &self.clock
    }

    /// Who is where.
    pub fn population(&self) -> &P {
        &self.population
    }

    /// What came so far.
    pub fn counts(&self) -> Counts {
        let get = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let t = &self.tally;
        Counts {
            datagrams: get(&t.datagrams),
            answered: get(&t.answered),
            unknown: get(&t.unknown),
            wrong_community: get(&t.wrong_community),
            malformed: get(&t.malformed),
            absent: get(&t.absent),
            faulted: get(&t.faulted),
            lost: get(&t.lost),
            watched: self.population.watched(),
        }
    }

    /// Ends serving and waits until it did.
    pub fn stop(&mut self) {
        self.stop = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl<P: Population> Drop for Server<P> {
    fn drop(&mut self) {
        self.stop();
    }
}

fn any(port: u16) -> SocketAddr {
    SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port).into()
}

fn socket(port: u16, loopback: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_port(true)?;
    if loopback {
        // older kernels want a privilege for it; datagrams to other addresses are dropped anyway
        let _ = socket.bind_device(Some(b"lo"));
    }
    // a burst of a thousand requests must find room; beyond rmem_max only with a privilege
    let _ = socket.set_recv_buffer_size(8 << 20);
    let _ = setsockopt(&socket, sockopt::RcvBufForce, &(8 << 20));
    setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&any(port).into())?;
    Ok(socket)
}

/// An answer that waits.
struct Delayed {
    due: Instant,
    from: Ipv4Addr,
    to: SockaddrIn,
    bytes: Vec<u8>,
}

impl PartialEq for Delayed {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}
impl Eq for Delayed {}
impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // the heap gives the greatest first: the earliest
        other.due.cmp(&self.due)
    }
}

struct Worker<P> {
    socket: Socket,
    stop: PipeReader,
    population: Arc<P>,
    tally: Arc<Tally>,
    clock: SimClock,
    delayed: BinaryHeap<Delayed>,
    /// Octets in `delayed`.
    waiting: usize,
}

fn count(n: &AtomicU64) {
    n.fetch_add(1, Ordering::Relaxed);
}

impl<P: Population> Worker<P> {
    fn run(mut self) {
        let mut buffer = vec![0u8; BATCH * REQUEST_CAP];
        let control = nix::cmsg_space!(libc::in_pktinfo);
        let mut headers = MultiHeaders::<SockaddrIn>::preallocate(BATCH, Some(control));
        let mut out = Vec::new();
        loop {
            let wait = self
                .delayed
                .peek()
                .map(|d| d.due.saturating_duration_since(Instant::now()));
            let mut fds = [
                PollFd::new(&self.socket, PollFlags::IN),
                PollFd::new(&self.stop, PollFlags::IN),
            ];
            let timeout = wait.and_then(|w| Timespec::try_from(w).ok());
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
            if !fds[1].revents().is_empty() {
                return;
            }
            for _ in 0..BURST {
                if !self.receive(&mut buffer, &mut headers, &mut out) {
                    break;
                }
            }
            let now = Instant::now();
            while self.delayed.peek().is_some_and(|d| d.due <= now) {
                if let Some(late) = self.delayed.pop() {
                    self.waiting -= late.bytes.len();
                    self.send(late.from, &late.to, &late.bytes);
                }
            }
        }
    }

    /// Takes what is there, a batch at the most, and answers it; false when nothing more is there.
    fn receive(
        &mut self,
        buffer: &mut [u8],
        headers: &mut MultiHeaders<SockaddrIn>,
        out: &mut Vec<u8>,
    ) -> bool {
        let mut slices: Vec<[IoSliceMut; 1]> = buffer
            .chunks_mut(REQUEST_CAP)
            .map(|chunk| [IoSliceMut::new(chunk)])
            .collect();
        let got = match recvmmsg(
            self.socket.as_raw_fd(),
            headers,
            &mut slices,
            MsgFlags::MSG_DONTWAIT,
            None,
        ) {
            Ok(got) => got,
            // an ICMP error of an earlier answer; the next datagram may be fine
            Err(Errno::ECONNREFUSED | Errno::EINTR) => return true,
            Err(_) => return false,
        };
        let at = self.clock.elapsed();
        let mut came = 0;
        for message in got {
            came += 1;
            let asked = message.cmsgs().ok().and_then(|mut all| {
                all.find_map(|c| match c {
                    ControlMessageOwned::Ipv4PacketInfo(info) => {
                        Some(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes()))
                    }
                    _ => None,
                })
            });
            let datagram = message.iovs().next().unwrap_or_default();
            self.answer(message.address, asked, datagram, at, out);
        }
        came == BATCH
    }

    fn answer(
        &mut self,
        asker: Option<SockaddrIn>,
        asked: Option<Ipv4Addr>,
        datagram: &[u8],
        at: Duration,
        out: &mut Vec<u8>,
    ) {
        count(&self.tally.datagrams);
        let (Some(asker), Some(asked)) = (asker, asked) else {
            count(&self.tally.unknown);
            return;
        };
        out.clear();
        let manner = match self.population.receive(asked, datagram, at, out) {
            Reception::Answer(manner) => manner,
            Reception::Nobody => return count(&self.tally.unknown),
            Reception::Silence(why) => {
                return count(match why {
                    Silence::Absent => &self.tally.absent,
                    Silence::Fault => &self.tally.faulted,
                    Silence::Community => &self.tally.wrong_community,
                    Silence::Malformed => &self.tally.malformed,
                });
            }
        };
        let from = if manner.astray { astray(asked) } else { asked };
        for _ in 0..=u8::from(manner.twice) {
            if manner.delay.is_zero() {
                self.send(from, &asker, out);
            } else if self.waiting + out.len() <= DELAYED_CAP {
                self.waiting += out.len();
                self.delayed.push(Delayed {
                    due: Instant::now() + manner.delay,
                    from,
                    to: asker,
                    bytes: out.clone(),
                });
            } else {
                count(&self.tally.lost);
            }
        }
    }

    fn send(&self, from: Ipv4Addr, to: &SockaddrIn, bytes: &[u8]) {
        let source = libc::in_pktinfo {
            ipi_ifindex: 0,
            ipi_spec_dst: libc::in_addr {
                s_addr: u32::from_ne_bytes(from.octets()),
            },
            ipi_addr: libc::in_addr { s_addr: 0 },
        };
        let sent = sendmsg(
            self.socket.as_raw_fd(),
            &[IoSlice::new(bytes)],
            &[ControlMessage::Ipv4PacketInfo(&source)],
            MsgFlags::MSG_DONTWAIT,
            Some(to),
        );
        count(match sent {
            Ok(_) => &self.tally.answered,
            Err(_) => &self.tally.lost,
        });
    }
}

/// An address where nobody was asked, for an answer that comes from elsewhere: another one on loopback.
fn astray(asked: Ipv4Addr) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(asked) ^ 0x0040_0000)
}
