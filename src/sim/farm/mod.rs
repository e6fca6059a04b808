//! Many cheap agents of one kind, for measuring those who ask.
//!
//! In: how many, how large, which of them misbehave and how. Out: datagrams that answer. Every agent is made from its number when
//! it is asked: none is held in memory but for a count of requests (where requests are to be lost) and, once it was asked in v3, its
//! localised keys. It never sends anything but answers and never leaves loopback.

mod fault;
mod objects;
mod quick;
mod share;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

pub use fault::{BadFault, Fault, FaultKind};

use self::objects::{Contents, Plot};
use self::share::Share;
use super::agent::{Faults, Manner, SetError, Silence, respond, room_in_community, room_in_v3};
use super::clock::SimClock;
use super::server::{Counts, Listen, Population, Reception, Server};
use crate::model::{AuthProtocol, PlainSecret, PrivProtocol};
use crate::wire::snmp::usm::{Authority, Incoming, UserKeys};
use crate::wire::snmp::{MAX_DATAGRAM, Message, Pdu, VarBind, Version, peek_version};

/// The first address: 127.24.0.1.
const FIRST: u32 = 0x7f18_0001;
/// The most agents.
pub const FARM_CAP: u32 = 200_000;
/// The most interfaces of one.
pub const INTERFACES_CAP: u32 = 10_000;

/// A user that opens the agents by SNMPv3, authPriv with SHA-256 and AES-128.
#[derive(Clone, Debug)]
pub struct FarmUser {
    /// Its name.
    pub name: String,
    /// Password of the authentication.
    pub auth: PlainSecret,
    /// Password of the encryption.
    pub privacy: PlainSecret,
}

/// What to grow.
#[derive(Clone, Debug)]
pub struct FarmOptions {
    /// Agents, at most [`FARM_CAP`].
    pub agents: u32,
    /// Interfaces of the large ones, at most [`INTERFACES_CAP`].
    pub interfaces: u32,
    /// Agents of a hundred that are large; the others have two interfaces at the most.
    pub interfaces_on: u8,
    /// The community that opens them.
    pub community: PlainSecret,
    /// The user that opens them too.
    pub user: Option<FarmUser>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// What everything is drawn from.
    pub seed: u64,
    /// UDP port; zero for a free one.
    pub port: u16,
    /// Sockets, each with a thread.
    pub sockets: usize,
}

impl FarmOptions {
    /// So many agents with so many interfaces each that open to this community; nothing goes wrong.
    pub fn simple(agents: u32, interfaces: u32, community: PlainSecret) -> Self {
        Self {
            agents,
            interfaces,
            interfaces_on: 100,
            community,
            user: None,
            faults: Vec::new(),
            seed: 1,
            port: 0,
            sockets: 2,
        }
    }
}

/// Agents that are being served; they end with it.
pub struct Farm {
    server: Server<Field>,
    count: u32,
}

impl Farm {
    /// Grows it and opens its sockets.
    pub fn start(options: FarmOptions) -> io::Result<Self> {
        let listen = Listen {
            port: options.port,
            sockets: options.sockets,
            loopback: true,
        };
        let field = Field::new(options)?;
        let count = field.count;
        let server = Server::start(field, listen, SimClock::default())?;
        Ok(Self { server, count })
    }

    /// Where they are.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        (0..self.count).map(|n| (Ipv4Addr::from(FIRST + n), self.server.port()).into())
    }

    /// Does a fault of this kind befall this agent?
    pub fn has(&self, agent: u32, kind: FaultKind) -> bool {
        let mut faults = self.server.population().faults.iter();
        faults.any(|(share, fault)| fault.kind == kind && share.has(agent))
    }

    /// Its time, to be pushed on by tests.
    pub fn clock(&self) -> &SimClock {
        self.server.clock()
    }

    /// What came so far.
    pub fn counts(&self) -> Counts {
        self.server.counts()
    }

    /// Ends it.
    pub fn stop(&mut self) {
        self.server.stop();
    }
}

/// What all agents share, and what makes one from its number.
#[derive(Debug)]
struct Plan {
    contents: Contents,
    interfaces: u32,
    rich: Share,
    seed: u64,
}

/// The agents.
struct Field {
    plan: Plan,
    count: u32,
    community: PlainSecret,
    user: Option<(String, UserKeys)>,
    /// Engines that were asked in v3.
    engines: Vec<OnceLock<Box<Mutex<Authority>>>>,
    salt: AtomicU64,
    faults: Vec<(Share, Fault)>,
    /// Requests of each agent, where some are to be lost.
    asked: Vec<AtomicU32>,
}

impl Field {
    fn new(options: FarmOptions) -> io::Result<Self> {
        let count = options.agents.min(FARM_CAP);
        let user = match options.user {
            None => None,
            Some(user) => {
                let keys = UserKeys::derive(
                    Some((AuthProtocol::Sha256, user.auth.bytes())),
                    Some((PrivProtocol::Aes128, user.privacy.bytes())),
                )
                .map_err(io::Error::other)?;
                Some((user.name, keys))
            }
        };
        let slots = |wanted: bool| if wanted { count as usize } else { 0 };
        let loses = options.faults.iter().any(|f| f.kind == FaultKind::Loss);
        Ok(Self {
            plan: Plan {
                contents: Contents::new(),
                interfaces: options.interfaces.min(INTERFACES_CAP),
                rich: Share::new(options.interfaces_on, options.seed, u64::MAX),
                seed: options.seed,
            },
            count,
            community: options.community,
            engines: (0..slots(user.is_some()))
                .map(|_| OnceLock::new())
                .collect(),
            user,
            salt: AtomicU64::new(getrandom::u64().unwrap_or_default()),
            faults: options
                .faults
                .into_iter()
                .map(|f| (Share::new(f.percent, options.seed, f.kind as u64), f))
                .collect(),
            asked: (0..slots(loses)).map(|_| AtomicU32::new(0)).collect(),
        })
    }

    fn faults(&self, number: u32) -> Faults {
        let mut faults = Faults::default();
        for (share, fault) in &self.faults {
            if share.has(number) {
                fault.add_to(&mut faults);
            }
        }
        faults
    }

    fn in_community(
        &self,
        plot: Plot<'_>,
        faults: &Faults,
        datagram: &[u8],
        at: Duration,
        out: &mut Vec<u8>,
    ) -> Result<(), Silence> {
        let message = Message::decode(datagram).map_err(|_| Silence::Malformed)?;
        if message.community != self.community.bytes() {
            return Err(Silence::Community);
        }
        let room = room_in_community(MAX_DATAGRAM, &message.community);
        if message.version == Version::V2c
            && faults.spare_the_content()
            && quick::respond(plot, &message.community, &message.pdu, room, out)
        {
            return Ok(());
        }
        let response = slowly(plot, message.version, &message.pdu, at, room, faults)?;
        *out = Message::encode_parts(message.version, &message.community, &response);
        Ok(())
    }

    fn in_v3(
        &self,
        plot: Plot<'_>,
        faults: &Faults,
        datagram: &[u8],
        at: Duration,
        out: &mut Vec<u8>,
    ) -> Result<(), Silence> {
        let engine = self
            .user
            .as_ref()
            .zip(self.engines.get(plot.number as usize));
        let Some(((name, keys), slot)) = engine else {
            return Err(Silence::Malformed);
        };
        let engine = slot.get_or_init(|| {
            let mut authority = Authority::new(plot.engine_id(), plot.boots);
            authority.add_user(name.as_bytes(), keys);
            Box::new(Mutex::new(authority))
        });
        let mut engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, time) = faults.engine(plot.engine(), at);
        let request = match engine.open(datagram, time) {
            Incoming::Request(request) => request,
            Incoming::Report(bytes) => {
                *out = bytes;
                return Ok(());
            }
            Incoming::Drop(_) => return Err(Silence::Malformed),
        };
        let room = room_in_v3(MAX_DATAGRAM, request.message.max_size);
        let response = slowly(plot, Version::V2c, &request.message.pdu, at, room, faults)?;
        let salt = self.salt.fetch_add(1, Ordering::Relaxed);
        *out = engine
            .seal(&request, response, time, salt)
            .map_err(|_| Silence::Malformed)?;
        Ok(())
    }
}

/// Every request by the elements of procedure, with every fault.
fn slowly(
    plot: Plot<'_>,
    version: Version,
    request: &Pdu,
    at: Duration,
    room: usize,
    faults: &Faults,
) -> Result<Pdu, Silence> {
    let refuse = |_: &[VarBind]| {
        Err(SetError {
            status: SetError::NOT_WRITABLE,
            index: 1,
        })
    };
    respond(&plot, version, request, at, room, faults, refuse).ok_or(Silence::Malformed)
}

impl Population for Field {
    fn receive(
        &self,
        asked: Ipv4Addr,
        datagram: &[u8],
        at: Duration,
        out: &mut Vec<u8>,
    ) -> Reception {
        let Some(number) = u32::from(asked)
            .checked_sub(FIRST)
            .filter(|n| *n < self.count)
        else {
            return Reception::Nobody;
        };
        let faults = self.faults(number);
        let turn = self
            .asked
            .get(number as usize)
            .map_or(0, |n| n.fetch_add(1, Ordering::Relaxed));
        if faults.loses(self.plan.seed ^ u64::from(number), u64::from(turn)) {
            return Reception::Silence(Silence::Fault);
        }
        let plot = Plot::new(&self.plan, number, at);
        let answered = match peek_version(datagram) {
            Some(3) => self.in_v3(plot, &faults, datagram, at, out),
            Some(_) => self.in_community(plot, &faults, datagram, at, out),
            None => Err(Silence::Malformed),
        };
        match answered {
            Ok(()) => Reception::Answer(Manner::of(&faults)),
            Err(why) => Reception::Silence(why),
        }
    }
}

#[cfg(test)]
mod tests;
