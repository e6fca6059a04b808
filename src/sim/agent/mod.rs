//! One agent: a datagram in, an answer or silence out. It never touches a socket or a clock; the time comes with the question.

mod answer;
mod faults;
mod size;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use faults::Faults;

use super::mib::Mib;
use crate::model::PlainSecret;
use crate::wire::snmp::usm::{Authority, Incoming, Stat, UserKeys};
use crate::wire::snmp::{
    MAX_DATAGRAM, Message, Oid, Pdu, PduKind, Value, VarBind, Version, peek_version,
};

/// What stands behind an agent.
pub trait Subject: Send + Sync {
    /// Its objects at this moment.
    fn mib(&self, at: Duration) -> Arc<Mib>;

    /// Does a packet reach it, and has it power?
    fn is_there(&self, at: Duration) -> bool {
        let _ = at;
        true
    }

    /// `snmpEngineBoots` and `snmpEngineTime` in seconds.
    fn engine(&self, at: Duration) -> (u32, u32) {
        (1, at.as_secs() as u32)
    }

    /// Changes all of these or none.
    fn set(&self, at: Duration, varbinds: &[VarBind]) -> Result<(), SetError> {
        let _ = (at, varbinds);
        Err(SetError {
            status: SetError::NOT_WRITABLE,
            index: 1,
        })
    }
}

/// Why a SET was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetError {
    /// `error-status` (RFC 3416, 3).
    pub status: i32,
    /// Which binding, the first is 1.
    pub index: usize,
}

impl SetError {
    /// `wrongType`
    pub const WRONG_TYPE: i32 = 7;
    /// `wrongValue`
    pub const WRONG_VALUE: i32 = 10;
    /// `noCreation`
    pub const NO_CREATION: i32 = 11;
    /// `resourceUnavailable`
    pub const RESOURCE: i32 = 13;
    /// `notWritable`
    pub const NOT_WRITABLE: i32 = 17;
}

/// A subject whose objects never change.
pub struct Fixed(pub Arc<Mib>);

impl Subject for Fixed {
    fn mib(&self, _at: Duration) -> Arc<Mib> {
        self.0.clone()
    }
}

/// Which community opens an agent.
pub enum Community {
    /// None: it speaks v3 only.
    None,
    /// Any, as recordings are played.
    Any,
    /// This one, for reading and writing.
    Only(PlainSecret),
}

/// Objects in the order of SNMP, as an agent reads them.
pub trait Objects {
    /// The value of exactly this name.
    fn get(&self, oid: &Oid, at: Duration) -> Option<Value>;

    /// The first name after this one, with its value.
    fn next(&self, oid: &Oid, at: Duration) -> Option<VarBind>;

    /// Is there an object type of which `oid` would be an instance? Tells noSuchInstance from noSuchObject (RFC 3416, 4.2.1).
    fn knows_object(&self, oid: &Oid) -> bool;
}

impl Objects for Mib {
    fn get(&self, oid: &Oid, at: Duration) -> Option<Value> {
        Self::get(self, oid, at)
    }

    fn next(&self, oid: &Oid, at: Duration) -> Option<VarBind> {
        Self::next(self, oid, at)
    }

    fn knows_object(&self, oid: &Oid) -> bool {
        Self::knows_object(self, oid)
    }
}

/// How an answer is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// So late.
    pub delay: Duration,
    /// Once more.
    pub twice: bool,
    /// From an address that was not asked.
    pub astray: bool,
}

impl Manner {
    /// What these faults make of it.
    pub(in crate::sim) fn of(faults: &Faults) -> Self {
        Self {
            delay: faults.delay,
            twice: faults.duplicate,
            astray: faults.wrong_source,
        }
    }
}

/// What became of a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send this back.
    Answer(Vec<u8>, Manner),
    /// Say nothing.
    Silence(Silence),
}

/// Why an agent says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Silence {
    /// Nobody is there: no power, no path.
    Absent,
    /// A fault that was asked for.
    Fault,
    /// The community does not open it.
    Community,
    /// No SNMP request.
    Malformed,
}

/// An agent with its security and its faults.
pub struct Agent {
    subject: Box<dyn Subject>,
    community: Community,
    authority: Option<Mutex<Authority>>,
    salt: AtomicU64,
    max_size: usize,
    faults: Mutex<Faults>,
    asked: AtomicU64,
}

impl Agent {
    /// An agent that answers to a community; responses of at most `max_size` octets (484 to [`MAX_DATAGRAM`]).
    pub fn new(subject: impl Subject + 'static, community: Community, max_size: usize) -> Self {
        Self {
            subject: Box::new(subject),
            community,
            authority: None,
            salt: AtomicU64::new(getrandom::u64().unwrap_or_default()),
            max_size: max_size.clamp(484, MAX_DATAGRAM),
            faults: Mutex::default(),
            asked: AtomicU64::new(0),
        }
    }

    /// And to a v3 user, under an engine id of 5 to 32 octets.
    pub fn with_user(mut self, engine_id: &[u8], user: &[u8], keys: &UserKeys) -> Self {
        let mut authority = Authority::new(engine_id, 1);
        authority.add_user(user, keys);
        self.authority = Some(Mutex::new(authority));
        self
    }

    /// From now on it misbehaves like this.
    pub fn set_faults(&self, faults: Faults) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// Reports of a kind that were sent (v3).
    pub fn reports(&self, stat: Stat) -> u32 {
        self.authority.as_ref().map_or(0, |a| {
            a.lock().unwrap_or_else(PoisonError::into_inner).count(stat)
        })
    }

    /// Reads a datagram and says what to do.
    pub fn receive(&self, datagram: &[u8], at: Duration) -> Verdict {
        let faults = self
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if !self.subject.is_there(at) {
            return Verdict::Silence(Silence::Absent);
        }
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if faults.loses(0, asked) {
            return Verdict::Silence(Silence::Fault);
        }
        let answer = match peek_version(datagram) {
            Some(3) => self.receive_v3(datagram, at, &faults),
            Some(_) => self.receive_community(datagram, at, &faults),
            None => Err(Silence::Malformed),
        };
        match answer {
            Ok(bytes) => Verdict::Answer(bytes, Manner::of(&faults)),
            Err(silence) => Verdict::Silence(silence),
        }
    }

    fn receive_community(
        &self,
        datagram: &[u8],
        at: Duration,
        faults: &Faults,
    ) -> Result<Vec<u8>, Silence> {
        let message = Message::decode(datagram).map_err(|_| Silence::Malformed)?;
        match &self.community {
            Community::Any => {}
            Community::Only(secret) if secret.bytes() == message.community => {}
            _ => return Err(Silence::Community),
        }
        let room = room_in_community(self.max_size, &message.community);
        let response = self
            .answer(message.version, &message.pdu, at, room, faults)
            .ok_or(Silence::Malformed)?;
        Ok(Message::encode_parts(
            message.version,
            &message.community,
            &response,
        ))
    }

    fn receive_v3(
        &self,
        datagram: &[u8],
        at: Duration,
        faults: &Faults,
    ) -> Result<Vec<u8>, Silence> {
        let authority = self.authority.as_ref().ok_or(Silence::Malformed)?;
        let mut authority = authority.lock().unwrap_or_else(PoisonError::into_inner);
        let (boots, time) = faults.engine(self.subject.engine(at), at);
        authority.set_boots(boots);
        let request = match authority.open(datagram, time) {
            Incoming::Request(request) => request,
            Incoming::Report(bytes) => return Ok(bytes),
            Incoming::Drop(_) => return Err(Silence::Malformed),
        };
        let room = room_in_v3(self.max_size, request.message.max_size);
        let response = self
            .answer(Version::V2c, &request.message.pdu, at, room, faults)
            .ok_or(Silence::Malformed)?;
        let salt = self.salt.fetch_add(1, Ordering::Relaxed);
        authority
            .seal(&request, response, time, salt)
            .map_err(|_| Silence::Malformed)
    }

    fn answer(
        &self,
        version: Version,
        request: &Pdu,
        at: Duration,
        room: usize,
        faults: &Faults,
    ) -> Option<Pdu> {
        let mib = self.subject.mib(at);
        respond(&*mib, version, request, at, room, faults, |varbinds| {
            self.subject.set(at, varbinds)
        })
    }
}

/// Octets for the bindings beside header, version, community and the frame of the PDU.
pub(in crate::sim) fn room_in_community(max_size: usize, community: &[u8]) -> usize {
    max_size.saturating_sub(40 + community.len())
}

/// The same in a v3 message: engine ids, user, digest, salt and padding stand beside. `asker`: msgMaxSize of the request.
pub(in crate::sim) fn room_in_v3(max_size: usize, asker: i32) -> usize {
    let most = usize::try_from(asker).unwrap_or(484);
    max_size.min(most).saturating_sub(240)
}

/// The elements of procedure: a request in, its response out, with the faults. `None` for a PDU that no manager sends to an agent.
pub(in crate::sim) fn respond(
    objects: &impl Objects,
    version: Version,
    request: &Pdu,
    at: Duration,
    room: usize,
    faults: &Faults,
    set: impl FnOnce(&[VarBind]) -> Result<(), SetError>,
) -> Option<Pdu> {
    let response = if request.kind == PduKind::Set {
        answer::set(version, request, set)
    } else {
        let next = |oid: &Oid| faults.next(objects, oid, at);
        let get = |oid: &Oid| {
            objects.get(oid, at).unwrap_or_else(|| {
                if objects.knows_object(oid) {
                    Value::NoSuchInstance
                } else {
                    Value::NoSuchObject
                }
            })
        };
        let whole = answer::read(version, request, room, get, next)?;
        match faults.too_big {
            Some(most) if whole.varbinds.len() > most => answer::too_big(version, request),
            _ => whole,
        }
    };
    Some(faults.spoil(request.kind, response, at))
}

#[cfg(test)]
mod tests;
