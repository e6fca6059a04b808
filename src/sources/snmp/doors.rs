//! The few sockets behind all agents, with what is about to leave by each.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::gate::{Fate, Gate, Outbox, UdpDoor, Wire};
use crate::model::Time;

/// Sockets for IPv4 at the least and at the most: more only where the kernel gives each little room.
const LEAST: usize = 2;
const MOST: usize = 8;
/// Octets of room for answers that are enough.
const ENOUGH: usize = 20 << 20;

/// A door with its outbox.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) door: UdpDoor,
    pub(super) outbox: Outbox,
}

impl From<UdpDoor> for Outgoing {
    fn from(door: UdpDoor) -> Self {
        Self {
            door,
            outbox: Outbox::default(),
        }
    }
}

/// All doors: those for IPv4 first, then the one for IPv6, where there is any.
#[derive(Debug)]
pub(super) struct Doors {
    doors: Vec<Outgoing>,
    v4: usize,
}

impl Doors {
    /// Opens them; a host without IPv6 polls IPv4.
    pub(super) fn open(gate: &Arc<Gate>) -> io::Result<Self> {
        let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let mut doors: Vec<Outgoing> = Vec::new();
        let mut room = 0;
        while doors.len() < LEAST || (room < ENOUGH && doors.len() < MOST) {
            match gate.udp(v4) {
                Ok(door) => {
                    room += door.buffer();
                    doors.push(door.into());
                }
                Err(error) if doors.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        let v4 = doors.len();
        let v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
        doors.extend(gate.udp(v6).ok().map(Outgoing::from));
        Ok(Self { doors, v4 })
    }

    /// A wire in memory.
    pub(super) fn wire(gate: &Arc<Gate>, wire: Arc<dyn Wire>) -> Self {
        Self {
            doors: vec![gate.wire(wire).into()],
            v4: 1,
        }
    }

    /// Octets that the kernel keeps for answers, over all of them for IPv4.
    pub(super) fn buffers(&self) -> usize {
        let v4 = self.doors.iter().take(self.v4);
        v4.fold(0, |sum, d| sum.saturating_add(d.door.buffer()))
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.doors.len()
    }

    /// Their ports.
    pub(super) fn ports(&self) -> Vec<u16> {
        let bound = self.doors.iter().filter_map(|d| d.door.local_addr());
        bound.map(|address| address.port()).collect()
    }

    /// The one for an agent: always the same, so that its answers come where it was asked from.
    pub(super) fn to(&mut self, to: SocketAddr) -> Option<&mut Outgoing> {
        let at = match to.ip() {
            IpAddr::V4(ip) => {
                let spread = u32::from(ip).wrapping_mul(0x9e37_79b9) >> 16;
                spread as usize % self.v4.max(1)
            }
            IpAddr::V6(_) => self.v4,
        };
        self.doors.get_mut(at)
    }

    /// Sends what is in the outboxes, as far as there is room.
    pub(super) fn flush(&mut self, now: Time, mut told: impl FnMut(u128, Fate)) {
        for Outgoing { door, outbox } in &mut self.doors {
            if !outbox.is_empty() {
                door.flush(outbox, now, &mut told);
            }
        }
    }

    /// Those that wait to leave since a socket is full.
    pub(super) fn waiting(&self) -> impl Iterator<Item = u128> + '_ {
        self.doors.iter().flat_map(|d| d.outbox.waiting())
    }

    /// Takes those out that nobody waits for any more.
    pub(super) fn retain(&mut self, waits: impl Fn(u128) -> bool) {
        for Outgoing { outbox, .. } in &mut self.doors {
            outbox.retain(&waits);
        }
    }

    /// Nothing waits to leave.
    pub(super) fn is_sent(&self) -> bool {
        self.doors.iter().all(|d| d.outbox.is_empty())
    }

    /// Ready when there is something to read: a bit a door.
    pub(super) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<u64> {
        let mut which = 0;
        for (at, Outgoing { door, .. }) in self.doors.iter().enumerate() {
            if door.poll_readable(context).is_ready() {
                which |= 1 << at;
            }
        }
        if which == 0 {
            Poll::Pending
        } else {
            Poll::Ready(which)
        }
    }

    /// Ready when one with something to send has room again.
    pub(super) fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut waiting = self.doors.iter().filter(|d| !d.outbox.is_empty());
        if waiting.any(|d| d.door.poll_writable(context).is_ready()) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Those of a set of bits.
    pub(super) fn of(&self, which: u64) -> impl Iterator<Item = &UdpDoor> {
        let chosen = self.doors.iter().enumerate();
        chosen.filter_map(move |(at, d)| (which >> at & 1 == 1).then_some(&d.door))
    }
}
