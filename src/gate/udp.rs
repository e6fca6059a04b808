//! The door for UDP: one socket for many agents, sending and receiving in batches.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use nix::sys::socket::{
    self, MsgFlags, MultiHeaders, SockaddrStorage, setsockopt, sockopt::RcvBufForce,
};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::{Gate, PermitId, Refusal};
use crate::model::{PacketKind, Text, Time};

/// The longest datagram.
const ROOM: usize = 65_535;
/// From one datagram's room to the next: some more, so that their beginnings do not fall into the same lines of the cache.
const STRIDE: usize = ROOM + 1 + 25 * 64;
/// What is asked of the kernel for datagrams that wait; without a privilege it gives `net.core.rmem_max` at the most.
const RECEIVE_BUFFER: usize = 8 << 20;

/// Whoever hears what comes.
pub trait Ear {
    /// From these something comes at once, in this order: time to bring to hand what is known of them.
    fn next(&mut self, from: &mut dyn Iterator<Item = SocketAddr>) {
        let _ = from;
    }

    /// A datagram.
    fn hear(&mut self, datagram: &[u8], from: SocketAddr);
}

/// A wire in memory in place of a socket, for simulations in virtual time. The gate judges and notes all the same.
pub trait Wire: Send + Sync + fmt::Debug {
    /// A datagram leaves.
    fn send(&self, to: SocketAddr, datagram: &[u8]);
    /// Is there room for another one? While there is none, [`Wire::poll_writable`] is asked.
    fn has_room(&self) -> bool {
        true
    }
    /// Ready when there is room.
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()> {
        let _ = context;
        Poll::Ready(())
    }
    /// Hands what is there to `hear`; how many those were.
    fn take(&self, hear: &mut dyn FnMut(&[u8], SocketAddr)) -> usize;
    /// Ready when something is there.
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()>;
}

#[derive(Debug)]
enum Way {
    Socket(UdpSocket),
    Wire(Arc<dyn Wire>),
}

/// A UDP socket whose every datagram passes the gate. Shared by all agents.
#[derive(Debug)]
pub struct UdpDoor {
    gate: Arc<Gate>,
    way: Way,
    v6: bool,
    /// Octets that the kernel keeps for datagrams that wait.
    buffer: usize,
}

/// Datagrams that passed the gate and are about to leave by one door.
#[derive(Debug, Default)]
pub struct Outbox {
    octets: Vec<u8>,
    items: Vec<Item>,
    /// How many of them left.
    gone: usize,
    /// Which table let the rest through.
    epoch: u64,
}

/// What became of a datagram in an outbox.
#[derive(Debug)]
pub enum Fate {
    /// It left.
    Left,
    /// The system refused it.
    Failed(io::Error),
    /// The gate, which had let it through, holds it back: another table is in force.
    Refused,
}

#[derive(Debug)]
struct Item {
    kind: PacketKind,
    permitted: bool,
    to: SocketAddr,
    start: usize,
    end: usize,
    token: u128,
}

impl Outbox {
    /// Nothing waits to leave.
    pub fn is_empty(&self) -> bool {
        self.gone >= self.items.len()
    }

    /// Those that wait to leave, by their tokens.
    pub fn waiting(&self) -> impl Iterator<Item = u128> + '_ {
        self.rest().iter().map(|item| item.token)
    }

    /// Takes those out that nobody waits for any more.
    pub fn retain(&mut self, mut waits: impl FnMut(u128) -> bool) {
        self.items.drain(..self.gone.min(self.items.len()));
        self.gone = 0;
        self.items.retain(|item| waits(item.token));
    }

    fn rest(&self) -> &[Item] {
        self.items.get(self.gone..).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.octets.clear();
        self.items.clear();
        self.gone = 0;
    }
}

/// Room for datagrams that come; of what is never used the system gives no memory.
#[derive(Debug)]
pub struct Inbox {
    room: Vec<u8>,
}

impl Inbox {
    /// Datagrams that it takes at once, and that leave at once.
    pub const BATCH: usize = 64;
}

/// Datagrams in one call of the system.
const BATCH: usize = Inbox::BATCH;

type Headers = RefCell<MultiHeaders<SockaddrStorage>>;

fn headers() -> Headers {
    RefCell::new(MultiHeaders::preallocate(BATCH, None))
}

thread_local! {
    // what the system wants to be told of each datagram, made once: of this size an allocator takes its time. It leaves in them
    // how long an address was, and sending where it lay: so each way, and each family, has its own
    static COMING: [Headers; 2] = [headers(), headers()];
    static GOING: Headers = headers();
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            room: vec![0; BATCH * STRIDE],
        }
    }
}

/// Why a packet stands before the gate.
#[derive(Clone, Copy, Debug)]
pub struct Errand<'a> {
    /// To whom.
    pub to: SocketAddr,
    /// What.
    pub kind: PacketKind,
    /// Why.
    pub cause: &'a Text,
    /// A remediation's permit.
    pub permit: Option<PermitId>,
    /// When.
    pub now: Time,
    /// Comes back when it left, or did not.
    pub token: u128,
}

impl Gate {
    /// Opens a UDP door on a local address. Must be called on a tokio runtime.
    pub fn udp(self: &Arc<Self>, bind: SocketAddr) -> io::Result<UdpDoor> {
        let domain = socket2::Domain::for_address(bind);
        let socket =
            socket2::Socket::new(domain, socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
        // a burst of answers must fit
        if setsockopt(&socket, RcvBufForce, &RECEIVE_BUFFER).is_err() {
            let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        }
        socket.set_nonblocking(true)?;
        socket.bind(&bind.into())?;
        let buffer = socket.recv_buffer_size().unwrap_or(0);
        Ok(UdpDoor {
            gate: Arc::clone(self),
            way: Way::Socket(UdpSocket::from_std(socket.into())?),
            v6: bind.is_ipv6(),
            buffer,
        })
    }

    /// A door to a wire in memory.
    pub fn wire(self: &Arc<Self>, wire: Arc<dyn Wire>) -> UdpDoor {
        UdpDoor {
            gate: Arc::clone(self),
            way: Way::Wire(wire),
            v6: false,
            buffer: usize::MAX >> 8,
        }
    }
}

impl UdpDoor {
    /// Octets that the kernel keeps for datagrams that wait to be received.
    pub fn buffer(&self) -> usize {
        self.buffer
    }

    /// Where it is bound; none for a wire in memory.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match &self.way {
            Way::Socket(socket) => socket.local_addr().ok(),
            Way::Wire(_) => None,
        }
    }

    /// Puts a datagram into the outbox, if the gate lets it; the ledger holds it before it leaves.
    pub fn put(
        &self,
        outbox: &mut Outbox,
        errand: Errand<'_>,
        datagram: &[u8],
    ) -> Result<(), Refusal> {
        self.gate.pass(
            errand.to.ip(),
            errand.kind,
            1,
            errand.cause,
            errand.permit,
            errand.now,
        )?;
        // of one that is older the rest is looked at once more
        if outbox.is_empty() {
            outbox.epoch = self.gate.epoch();
        }
        let start = outbox.octets.len();
        outbox.octets.extend_from_slice(datagram);
        outbox.items.push(Item {
            kind: errand.kind,
            permitted: errand.permit.is_some(),
            to: errand.to,
            start,
            end: outbox.octets.len(),
            token: errand.token,
        });
        Ok(())
    }

    /// Sends what is in the outbox, until it is empty or the socket is full ([`UdpDoor::poll_writable`] then). What became of each
    /// is told with its token. What the policy no longer allows does not leave.
    pub fn flush(&self, outbox: &mut Outbox, now: Time, mut told: impl FnMut(u128, Fate)) {
        let epoch = self.gate.epoch();
        if outbox.epoch != epoch {
            outbox.epoch = epoch;
            let (gate, gone) = (&self.gate, std::mem::take(&mut outbox.gone));
            outbox.items.drain(..gone.min(outbox.items.len()));
            outbox.items.retain(|item| {
                let may = gate.still(item.to.ip(), item.kind, item.permitted, now);
                if !may {
                    told(item.token, Fate::Refused);
                }
                may
            });
        }
        while !outbox.rest().is_empty() {
            let rest = outbox.rest();
            let rest = rest.get(..BATCH).unwrap_or(rest);
            let sent = match &self.way {
                Way::Socket(socket) => send_some(socket, &outbox.octets, rest),
                Way::Wire(wire) => {
                    let room = rest.iter().take_while(|item| {
                        let room = wire.has_room();
                        if room {
                            wire.send(item.to, &outbox.octets[item.start..item.end]);
                        }
                        room
                    });
                    match room.count() {
                        0 => Err(io::ErrorKind::WouldBlock.into()),
                        sent => Ok(sent),
                    }
                }
            };
            match sent {
                Ok(sent) => {
                    let sent = sent.max(1);
                    for item in rest.iter().take(sent) {
                        told(item.token, Fate::Left);
                    }
                    outbox.gone += sent;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    // an error is always that of the first one
                    if let Some(item) = rest.first() {
                        told(item.token, Fate::Failed(error));
                    }
                    outbox.gone += 1;
                }
            }
        }
        outbox.clear();
    }

    /// Hands the datagrams that are there to `ear`, a batch at the most; how many those were.
    pub fn take(&self, inbox: &mut Inbox, ear: &mut dyn Ear) -> usize {
        let socket = match &self.way {
            Way::Socket(socket) => socket,
            Way::Wire(wire) => return wire.take(&mut |datagram, from| ear.hear(datagram, from)),
        };
        let mut places = [(0usize, None); BATCH];
        let taken = socket.try_io(Interest::READABLE, || {
            COMING.with(|headers| {
                let mut headers = headers[usize::from(self.v6)].borrow_mut();
                let mut rooms = inbox.room.chunks_exact_mut(STRIDE);
                let mut slices: [_; BATCH] = std::array::from_fn(|_| {
                    let room = rooms.next().and_then(|room| room.get_mut(..ROOM));
                    [IoSliceMut::new(room.unwrap_or_default())]
                });
                let results = socket::recvmmsg(
                    socket.as_raw_fd(),
                    &mut headers,
                    slices.iter_mut(),
                    MsgFlags::MSG_DONTWAIT,
                    None,
                )?;
                let mut taken = 0;
                for (place, result) in places.iter_mut().zip(results) {
                    *place = (result.bytes, result.address.as_ref().and_then(address));
                    taken += 1;
                }
                Ok(taken)
            })
        });
        // an error here is that of one datagram, or there is none
        let taken = taken.unwrap_or(0);
        let places = places.get(..taken).unwrap_or_default();
        ear.next(&mut places.iter().filter_map(|(_, from)| *from));
        let rooms = inbox.room.chunks_exact(STRIDE);
        for ((length, from), chunk) in places.iter().zip(rooms) {
            if let (Some(from), Some(datagram)) = (from, chunk.get(..*length)) {
                ear.hear(datagram, *from);
            }
        }
        taken
    }

    /// Ready when a datagram is there, or was a moment ago.
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        match &self.way {
            Way::Socket(socket) => {
                let _ = ready!(socket.poll_recv_ready(context));
                Poll::Ready(())
            }
            Way::Wire(wire) => wire.poll_readable(context),
        }
    }

    /// Ready when there is room to send.
    pub fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()> {
        match &self.way {
            Way::Socket(socket) => {
                let _ = ready!(socket.poll_send_ready(context));
                Poll::Ready(())
            }
            Way::Wire(wire) => wire.poll_writable(context),
        }
    }
}

fn send_some(socket: &UdpSocket, octets: &[u8], items: &[Item]) -> io::Result<usize> {
    socket.try_io(Interest::WRITABLE, || {
        GOING.with_borrow_mut(|headers| {
            let slices: [_; BATCH] = std::array::from_fn(|n| {
                let item = items.get(n);
                [IoSlice::new(
                    item.map_or(&[], |item| &octets[item.start..item.end]),
                )]
            });
            let to: [_; BATCH] =
                std::array::from_fn(|n| Some(SockaddrStorage::from(items.get(n)?.to)));
            let sent = socket::sendmmsg(
                socket.as_raw_fd(),
                headers,
                slices.iter().take(items.len()),
                to,
                [],
                MsgFlags::MSG_DONTWAIT,
            )?;
            Ok(sent.count())
        })
    })
}

fn address(from: &SockaddrStorage) -> Option<SocketAddr> {
    from.as_sockaddr_in()
        .map(|v4| SocketAddr::from((v4.ip(), v4.port())))
        .or_else(|| {
            let v6 = from.as_sockaddr_in6()?;
            Some(SocketAddr::from((v6.ip(), v6.port())))
        })
}
