//! The door for ICMP echo (RFC 792, RFC 4443): one socket for many targets, unprivileged where the system allows it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use super::door::{Gate, PermitId, SendError};
use crate::model::{PacketKind, Text, Time};

/// Bytes after the ICMP header: what tells our echoes from those of another program, or of a liar.
const COOKIE: usize = 8;

/// No echo can be sent from here.
#[derive(Debug, thiserror::Error)]
pub enum PingError {
    /// Neither way is open.
    #[error(
        "ICMP echo is not allowed for this user: widen the range once with: sudo sysctl -w \
         net.ipv4.ping_group_range=\"0 2147483647\" (now: {range}), or grant sudo setcap cap_net_raw+ep \
         \"$(command -v wardwatch)\""
    )]
    NotAllowed {
        /// `net.ipv4.ping_group_range` as it is.
        range: Text,
    },
    /// Something else.
    #[error("ICMP echo: {0}")]
    Io(#[from] io::Error),
}

/// An echo that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// From whom.
    pub from: IpAddr,
    /// The sequence number it was sent with.
    pub seq: u16,
}

/// An ICMP socket whose every echo request passes the gate. One a family.
#[derive(Debug)]
pub struct PingDoor {
    gate: Arc<Gate>,
    /// tokio knows no ICMP; to it one socket with addresses is like another.
    socket: UdpSocket,
    v6: bool,
    /// A raw socket sees all ICMP of the machine, and the identifier is ours to choose; a datagram socket has the
    /// kernel's, and gets its own answers only.
    raw: bool,
    id: u16,
    cookie: [u8; COOKIE],
}

impl Gate {
    /// Opens a door for echo requests, for IPv4 or IPv6. Must be called on a tokio runtime.
    pub fn ping(self: &Arc<Self>, v6: bool) -> Result<PingDoor, PingError> {
        let (domain, protocol) = if v6 {
            (Domain::IPV6, Protocol::ICMPV6)
        } else {
            (Domain::IPV4, Protocol::ICMPV4)
        };
        let (socket, raw) = match Socket::new(domain, Type::DGRAM, Some(protocol)) {
            Ok(socket) => (socket, false),
            Err(e) if refused(&e) => match Socket::new(domain, Type::RAW, Some(protocol)) {
                Ok(socket) => (socket, true),
                Err(e) if refused(&e) => {
                    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ping_group_range")
                        .unwrap_or_default();
                    let range: Vec<_> = range.split_whitespace().collect();
                    return Err(PingError::NotAllowed {
                        range: range.join(" ").into(),
                    });
                }
                Err(e) => return Err(e.into()),
            },
            Err(e) => return Err(e.into()),
        };
        socket.set_nonblocking(true)?;
        let _ = socket.set_recv_buffer_size(4 << 20);
        let mut random = [0; COOKIE + 2];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let [a, b, cookie @ ..] = random;
        Ok(PingDoor {
            gate: Arc::clone(self),
            socket: UdpSocket::from_std(socket.into())?,
            v6,
            raw,
            id: u16::from_be_bytes([a, b]),
            cookie,
        })
    }
}

fn refused(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

impl PingDoor {
    /// Sends one echo request, if the gate lets it.
    pub async fn send(
        &self,
        to: IpAddr,
        seq: u16,
        cause: &Text,
        permit: Option<PermitId>,
    ) -> Result<(), SendError> {
        let to = to.to_canonical();
        if to.is_ipv6() != self.v6 {
            return Err(io::Error::from(io::ErrorKind::Unsupported).into());
        }
        self.gate
            .pass(to, PacketKind::Ping, 1, cause, permit, Time::from_clock())?;
        let request = self.request(seq);
        self.socket
            .send_to(&request, SocketAddr::new(to, 0))
            .await?;
        Ok(())
    }

    /// The next echo that answers one of ours; others, and what is no echo, are passed over.
    pub async fn receive(&self) -> io::Result<Echo> {
        let mut buffer = [0; 2048];
        loop {
            let (length, from) = self.socket.recv_from(&mut buffer).await?;
            let packet = buffer.get(..length).unwrap_or_default();
            if let Some(seq) = self.answer(packet) {
                let from = from.ip().to_canonical();
                return Ok(Echo { from, seq });
            }
        }
    }

    /// Does the socket need no privilege?
    pub fn is_unprivileged(&self) -> bool {
        !self.raw
    }

    fn request(&self, seq: u16) -> Vec<u8> {
        // type 8 is IPv4's echo request, 128 IPv6's, whose checksum the kernel writes
        let kind = if self.v6 { 128 } else { 8 };
        let [i0, i1] = self.id.to_be_bytes();
        let [s0, s1] = seq.to_be_bytes();
        let mut out = vec![kind, 0, 0, 0, i0, i1, s0, s1];
        out.extend_from_slice(&self.cookie);
        if !self.v6 {
            let [c0, c1] = checksum(&out).to_be_bytes();
            out[2] = c0;
            out[3] = c1;
        }
        out
    }

    /// The sequence number, where this is an answer to one of ours.
    fn answer(&self, packet: &[u8]) -> Option<u16> {
        // a raw socket for IPv4 gives the IP header too
        let icmp = if self.raw && !self.v6 {
            let words = usize::from(packet.first()? & 0xf);
            packet.get(words * 4..)?
        } else {
            packet
        };
        let (head, cookie) = icmp.split_at_checked(8)?;
        let kind = if self.v6 { 129 } else { 0 };
        let ours = !self.raw || head.get(4..6)? == self.id.to_be_bytes();
        if head.first() == Some(&kind) && ours && cookie == self.cookie {
            Some(u16::from_be_bytes([*head.get(6)?, *head.get(7)?]))
        } else {
            None
        }
    }
}

/// The internet checksum (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let sum: u32 = bytes
        .chunks(2)
        .map(|pair| match pair {
            [a, b] => u32::from(u16::from_be_bytes([*a, *b])),
            [a] => u32::from(*a) << 8,
            _ => 0,
        })
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{TouchPolicy, TouchTable};
    use std::collections::BTreeMap;

    fn gate(elsewhere: TouchPolicy) -> Arc<Gate> {
        let gate = Gate::new();
        gate.install(Arc::new(TouchTable {
            revision: 1,
            addresses: BTreeMap::new(),
            unknown: vec![],
            elsewhere,
        }));
        gate
    }

    #[test]
    fn the_checksum_is_that_of_rfc_1071() {
        assert_eq!(
            checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]),
            0x220d
        );
        assert_eq!(checksum(&[0xff, 0xff, 1]), 0xfeff);
    }

    #[tokio::test]
    async fn the_loopback_answers_with_the_sequence_that_was_sent() {
        for (v6, to) in [(false, "127.0.0.1"), (true, "::1")] {
            let gate = gate(TouchPolicy::Ping);
            let door = match gate.ping(v6) {
                Ok(door) => door,
                Err(error) => {
                    println!("skipped: {error}");
                    continue;
                }
            };
            let to: IpAddr = to.parse().unwrap();
            if let Err(error) = door.send(to, 4711, &"test".into(), None).await {
                println!("skipped: {error}");
                continue;
            }
            assert_eq!(
                door.receive().await.unwrap(),
                Echo {
                    from: to,
                    seq: 4711
                }
            );
            let ledger = gate.drain_ledger();
            assert_eq!((ledger.len(), ledger[0].kind), (1, PacketKind::Ping));
        }
    }

    #[tokio::test]
    async fn what_may_only_be_asked_by_arp_gets_no_echo() {
        let gate = gate(TouchPolicy::Arp);
        let Ok(door) = gate.ping(false) else {
            println!("skipped: no ICMP socket here");
            return;
        };
        let to = "127.0.0.1".parse().unwrap();
        let error = door.send(to, 1, &"test".into(), None).await.unwrap_err();
        assert!(matches!(error, SendError::Refused(_)), "{error}");
        assert!(gate.drain_ledger().is_empty());
    }

    #[test]
    fn a_missing_privilege_names_the_setting() {
        let error = PingError::NotAllowed {
            range: "1 0".into(),
        }
        .to_string();
        assert!(
            error.contains("net.ipv4.ping_group_range") && error.contains("(now: 1 0)"),
            "{error}"
        );
    }
}
