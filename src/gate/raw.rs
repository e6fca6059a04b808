//! Doors for whole frames: ARP requests out, announcements in. Linux's `AF_PACKET`, bound by pnet_datalink.

use std::io::{self, IoSlice, Read};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, IntoRawFd};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::{self, LinkAddr, MsgFlags, MultiHeaders};
use pnet_datalink::{ChannelType, Config};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use super::door::{Gate, PermitId, Refusal};
use super::filter;
use super::interface::Interface;
use crate::model::{Mac, PacketKind, Text, Time};

/// Frames that go to the kernel in one call.
const BATCH: usize = 128;
/// How long a full transmit queue is waited for.
const FULL_WAIT: Duration = Duration::from_millis(500);
/// EtherType of ARP (RFC 826).
const ARP: u16 = 0x0806;
/// All of them (`ETH_P_ALL`).
const ALL: u16 = 0x0003;

/// A raw door that stays shut.
#[derive(Debug, thiserror::Error)]
pub enum RawError {
    /// No such interface.
    #[error("there is no interface {name}; there are: {have}")]
    NoInterface {
        /// The name asked for.
        name: Text,
        /// What there is.
        have: Text,
    },
    /// ARP needs a MAC, and an interface that is up.
    #[error("{name} cannot speak ARP: it {why}")]
    NoArp {
        /// Which.
        name: Text,
        /// Why.
        why: &'static str,
    },
    /// The system wants a privilege for this.
    #[error(
        "raw frames on {name} need the capability CAP_NET_RAW; grant it once with: sudo setcap cap_net_raw+ep \
         \"$(command -v wardwatch)\" (or run as root); without it the kernel's neighbour table is all there is"
    )]
    NotAllowed {
        /// On which interface.
        name: Text,
    },
    /// Something else.
    #[error("{name}: {source}")]
    Io {
        /// On which interface.
        name: Text,
        /// What.
        source: io::Error,
    },
}

/// A bound packet socket.
#[derive(Debug)]
struct PacketSocket {
    socket: Socket,
    name: Text,
}

impl PacketSocket {
    fn open(
        interface: &Interface,
        protocol: u16,
        promiscuous: bool,
        wanted: Option<&[SockFilter]>,
    ) -> Result<Self, RawError> {
        let name = Text::from(interface.name.as_str());
        let trouble = |source: io::Error| match source.raw_os_error() {
            Some(code) if code == nix::libc::EPERM || code == nix::libc::EACCES => {
                RawError::NotAllowed { name: name.clone() }
            }
            _ => RawError::Io {
                name: name.clone(),
                source,
            },
        };
        // without a protocol it receives nothing before it is bound to its interface
        let socket =
            Socket::new(Domain::PACKET, Type::RAW, Some(Protocol::from(0))).map_err(trouble)?;
        // a burst of answers must fit; beyond net.core.rmem_max only with CAP_NET_ADMIN
        if socket::setsockopt(&socket, socket::sockopt::RcvBufForce, &(16 << 20)).is_err() {
            let _ = socket.set_recv_buffer_size(16 << 20);
        }
        let _ = socket.set_send_buffer_size(4 << 20);
        if let Some(wanted) = wanted {
            socket.attach_filter(wanted).map_err(trouble)?;
        }
        let pnet = pnet_datalink::interfaces()
            .into_iter()
            .find(|i| i.index == interface.index && i.name == interface.name)
            .ok_or_else(|| RawError::NoInterface {
                name: name.clone(),
                have: super::interface::names(&Interface::list()),
            })?;
        // pnet binds a second handle of the same socket and keeps it for itself; both are the one binding
        let config = Config {
            channel_type: ChannelType::Layer3(protocol),
            // LLDP and CDP go to group addresses that the card else drops; it ends with the socket
            promiscuous,
            socket_fd: Some(socket.try_clone().map_err(trouble)?.into_raw_fd()),
            ..Config::default()
        };
        drop(pnet_datalink::channel(&pnet, config).map_err(trouble)?);
        socket.set_nonblocking(true).map_err(trouble)?;
        Ok(Self { socket, name })
    }

    /// Waits until the socket is ready; `false` when the time is over.
    fn wait(&self, for_what: PollFlags, timeout: Duration) -> io::Result<bool> {
        let timeout = Timespec::try_from(timeout).unwrap_or(Timespec {
            tv_sec: 3600,
            tv_nsec: 0,
        });
        let mut fds = [PollFd::from_borrowed_fd(self.socket.as_fd(), for_what)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn receive(&self, into: &mut [u8], timeout: Duration) -> io::Result<Option<usize>> {
        loop {
            match (&self.socket).read(into) {
                Ok(length) => return Ok(Some(length)),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    if timeout.is_zero() || !self.wait(PollFlags::IN, timeout)? {
                        return Ok(None);
                    }
                    return match (&self.socket).read(into) {
                        Ok(length) => Ok(Some(length)),
                        Err(e)
                            if matches!(
                                e.kind(),
                                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                            ) =>
                        {
                            Ok(None)
                        }
                        Err(e) => Err(e),
                    };
                }
                Err(e) => return Err(e),
            }
        }
    }

    fn send(&self, frames: &[[u8; 60]]) -> io::Result<()> {
        let mut rest = frames;
        let mut full = 0;
        while !rest.is_empty() {
            let (now, _) = rest.split_at(rest.len().min(BATCH));
            match self.send_some(now) {
                Ok(sent) => {
                    rest = rest.get(sent..).unwrap_or_default();
                    full = 0;
                }
                Err(nix::Error::EINTR) => {}
                Err(nix::Error::EAGAIN) => {
                    if !self.wait(PollFlags::OUT, FULL_WAIT)? {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                // the card's queue is full, and poll doesn't tell of that one
                Err(nix::Error::ENOBUFS) if full < FULL_WAIT.as_millis() => {
                    full += 1;
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn send_some(&self, frames: &[[u8; 60]]) -> nix::Result<usize> {
        let slices: Vec<[IoSlice<'_>; 1]> = frames.iter().map(|f| [IoSlice::new(f)]).collect();
        let mut headers = MultiHeaders::<LinkAddr>::preallocate(frames.len(), None);
        // no address: the socket is bound, and the frame says to whom it goes
        let to = vec![None; frames.len()];
        socket::sendmmsg(
            self.socket.as_raw_fd(),
            &mut headers,
            &slices,
            to,
            [],
            MsgFlags::empty(),
        )
        .map(Iterator::count)
    }
}

/// What became of a batch of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Requests on the wire.
    pub sent: usize,
    /// Addresses for which none was sent, with the reason.
    pub refused: Vec<(Ipv4Addr, Refusal)>,
}

/// Sends ARP requests on one interface, each past the gate, and receives what ARP passes by there.
///
/// The door writes the frames itself: none can name another address than the one the gate was asked for.
#[derive(Debug)]
pub struct ArpDoor {
    gate: Arc<Gate>,
    socket: PacketSocket,
    mac: Mac,
}

impl Gate {
    /// Opens a door for ARP requests on an interface. Needs CAP_NET_RAW; the error says how to grant it.
    pub fn arp(self: &Arc<Self>, interface: &Interface) -> Result<ArpDoor, RawError> {
        let why = match interface.mac {
            _ if interface.loopback => Some("is the loopback"),
            _ if !interface.up => Some("is down"),
            None => Some("has no MAC address"),
            Some(_) => None,
        };
        let mac = interface.mac.unwrap_or(Mac([0; 6]));
        if let Some(why) = why {
            let name = interface.name.as_str().into();
            return Err(RawError::NoArp { name, why });
        }
        Ok(ArpDoor {
            gate: Arc::clone(self),
            socket: PacketSocket::open(interface, ARP, false, None)?,
            mac,
        })
    }
}

impl ArpDoor {
    /// Asks for each of `targets`, as `source` (zero where the interface has no address: a probe, RFC 5227). What the
    /// gate refuses is left out and named; the ledger holds the rest before the first frame leaves.
    pub fn ask(
        &self,
        source: Ipv4Addr,
        targets: &[Ipv4Addr],
        cause: &Text,
        permit: Option<PermitId>,
        now: Time,
    ) -> io::Result<Asked> {
        let mut asked = Asked::default();
        let mut frames = Vec::with_capacity(targets.len());
        for &target in targets {
            match self
                .gate
                .pass(target.into(), PacketKind::Arp, 1, cause, permit, now)
            {
                Ok(()) => frames.push(request(self.mac, source, target)),
                Err(refusal) => asked.refused.push((target, refusal)),
            }
        }
        self.socket.send(&frames)?;
        asked.sent = frames.len();
        Ok(asked)
    }

    /// The next ARP frame, from its Ethernet header on; `None` when the time is over.
    pub fn receive(&self, into: &mut [u8], timeout: Duration) -> io::Result<Option<usize>> {
        self.socket.receive(into, timeout)
    }

    /// The MAC it asks with.
    pub fn mac(&self) -> Mac {
        self.mac
    }

    /// The interface it is on.
    pub fn name(&self) -> &Text {
        &self.socket.name
    }
}

/// Who has `target`? Broadcast, padded to the least length of a frame.
fn request(mac: Mac, source: Ipv4Addr, target: Ipv4Addr) -> [u8; 60] {
    let mut out = [0; 60];
    out[..6].fill(0xff);
    out[6..12].copy_from_slice(&mac.0);
    out[12..14].copy_from_slice(&ARP.to_be_bytes());
    // Ethernet, IPv4, lengths 6 and 4, request
    out[14..22].copy_from_slice(&[0, 1, 8, 0, 6, 4, 0, 1]);
    out[22..28].copy_from_slice(&mac.0);
    out[28..32].copy_from_slice(&source.octets());
    out[38..42].copy_from_slice(&target.octets());
    out
}

/// Hears the announcements on one interface: ARP, LLDP, CDP, DHCP, neighbour discovery. It cannot send.
#[derive(Debug)]
pub struct Tap {
    socket: PacketSocket,
}

impl Tap {
    /// Listens on an interface. Needs CAP_NET_RAW; the error says how to grant it. The interface takes in group
    /// addresses it isn't a member of as long as this lives, since LLDP and CDP go to such.
    pub fn open(interface: &Interface) -> Result<Self, RawError> {
        let wanted = filter::announcements();
        let socket = PacketSocket::open(interface, ALL, true, Some(&wanted))?;
        Ok(Self { socket })
    }

    /// The next frame, from its Ethernet header on; `None` when the time is over.
    pub fn receive(&self, into: &mut [u8], timeout: Duration) -> io::Result<Option<usize>> {
        self.socket.receive(into, timeout)
    }

    /// The interface it is on.
    pub fn name(&self) -> &Text {
        &self.socket.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_laid_out_as_rfc_826_says() {
        let bytes = request(
            Mac([2, 0, 0, 0, 0, 1]),
            Ipv4Addr::new(10, 0, 0, 1),
            Ipv4Addr::new(10, 0, 0, 9),
        );
        assert_eq!(
            bytes[..42],
            [
                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1,
                2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 9
            ]
        );
        assert!(bytes[42..].iter().all(|b| *b == 0));
    }

    #[test]
    fn the_loopback_and_what_is_down_are_refused_with_the_reason() {
        let mut interface = Interface {
            name: "x0".into(),
            index: 1,
            mac: Some(Mac([2, 0, 0, 0, 0, 1])),
            v4: vec![],
            v6: vec![],
            up: false,
            running: false,
            loopback: false,
            default_route: false,
        };
        let error = Gate::new().arp(&interface).unwrap_err();
        assert_eq!(error.to_string(), "x0 cannot speak ARP: it is down");
        interface.up = true;
        interface.mac = None;
        let error = Gate::new().arp(&interface).unwrap_err();
        assert_eq!(
            error.to_string(),
            "x0 cannot speak ARP: it has no MAC address"
        );
    }

    #[test]
    fn a_missing_privilege_says_how_to_grant_it() {
        let error = RawError::NotAllowed {
            name: "eth0".into(),
        }
        .to_string();
        assert!(
            error.contains("sudo setcap cap_net_raw+ep \"$(command -v wardwatch)\""),
            "{error}"
        );
    }
}
