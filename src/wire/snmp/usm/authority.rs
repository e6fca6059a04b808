//! The agent's side: an authoritative engine that opens requests, answers, and reports what was wrong (RFC 3414, 3.2).

use std::collections::BTreeMap;

use super::clock::LATCH;
use super::{LocalKeys, Stat, TIME_WINDOW_S, UserKeys, UsmError};
use crate::wire::snmp::{EncodeError, Pdu, PduKind, V3Flags, V3Header, V3Message, Value, VarBind};

/// What came in.
#[derive(Clone, Debug)]
pub enum Incoming {
    /// A request to be answered with [`Authority::seal`].
    Request(Box<Request>),
    /// Send this Report back.
    Report(Vec<u8>),
    /// Nothing can be answered to it.
    Drop(UsmError),
}

/// An authentic request.
#[derive(Clone, Debug)]
pub struct Request {
    /// As it came.
    pub message: V3Message,
}

/// An authoritative SNMP engine with its users.
#[derive(Debug)]
pub struct Authority {
    engine_id: Vec<u8>,
    boots: u32,
    users: BTreeMap<Vec<u8>, LocalKeys>,
    counts: BTreeMap<Stat, u32>,
}

impl Authority {
    /// `engine_id` has 5 to 32 octets (RFC 3411, 5: SnmpEngineID).
    pub fn new(engine_id: impl Into<Vec<u8>>, boots: u32) -> Self {
        Self {
            engine_id: engine_id.into(),
            boots,
            users: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Knows a user from now on.
    pub fn add_user(&mut self, name: impl Into<Vec<u8>>, keys: &UserKeys) {
        self.users
            .insert(name.into(), keys.localize(&self.engine_id));
    }

    /// Its id.
    pub fn engine_id(&self) -> &[u8] {
        &self.engine_id
    }

    /// Its boots.
    pub fn boots(&self) -> u32 {
        self.boots
    }

    /// As after a restart.
    pub fn set_boots(&mut self, boots: u32) {
        self.boots = boots;
    }

    /// Reports sent for that reason.
    pub fn count(&self, stat: Stat) -> u32 {
        self.counts.get(&stat).copied().unwrap_or(0)
    }

    /// Opens a datagram; `time` is this engine's own time in seconds since its boot.
    pub fn open(&mut self, bytes: &[u8], time: u32) -> Incoming {
        let header = match V3Header::parse(bytes) {
            Ok(header) => header,
            Err(error) => return Incoming::Drop(error.into()),
        };
        if header.engine_id != self.engine_id {
            return self.report(&header, Stat::UnknownEngineIds, time, false);
        }
        let Some(keys) = self.users.get(header.user) else {
            return self.report(&header, Stat::UnknownUserNames, time, false);
        };
        if (header.flags.auth && !keys.has_auth()) || (header.flags.privacy && !keys.has_privacy())
        {
            return self.report(&header, Stat::UnsupportedSecLevels, time, false);
        }
        let opened = header.open(bytes, Some(keys));
        if header.flags.auth && opened != Err(UsmError::WrongDigest) {
            let behind = time.abs_diff(header.time) > TIME_WINDOW_S;
            if header.boots != self.boots || self.boots >= LATCH || behind {
                return self.report(&header, Stat::NotInTimeWindows, time, true);
            }
        }
        match opened {
            Ok(message) => Incoming::Request(Box::new(Request { message })),
            Err(UsmError::WrongDigest) => self.report(&header, Stat::WrongDigests, time, false),
            Err(UsmError::Undecipherable) => {
                self.report(&header, Stat::DecryptionErrors, time, false)
            }
            Err(error) => Incoming::Drop(error),
        }
    }

    fn report(&mut self, to: &V3Header, stat: Stat, time: u32, signed: bool) -> Incoming {
        let count = self.counts.entry(stat).or_default();
        *count = count.wrapping_add(1);
        if !to.flags.reportable {
            return Incoming::Drop(UsmError::NoKeys);
        }
        let report = V3Message {
            msg_id: to.msg_id,
            max_size: 65_507,
            flags: V3Flags {
                auth: signed,
                ..V3Flags::default()
            },
            engine_id: self.engine_id.clone(),
            boots: self.boots,
            time,
            user: to.user.to_vec(),
            context_engine_id: self.engine_id.clone(),
            context_name: Vec::new(),
            pdu: Pdu {
                kind: PduKind::Report,
                // the request's own id may be encrypted, so a Report need not know it (RFC 3412, 7.1 step 3)
                request_id: 0,
                error_status: 0,
                error_index: 0,
                varbinds: vec![VarBind {
                    oid: stat.oid(),
                    value: Value::Counter32(*count),
                }],
            },
        };
        match report.seal(self.users.get(to.user), 0) {
            Ok(bytes) => Incoming::Report(bytes),
            Err(_) => Incoming::Drop(UsmError::NoKeys),
        }
    }

    /// The bytes of a response, under the security level of its request. `salt`: another one for each message.
    pub fn seal(
        &self,
        to: &Request,
        pdu: Pdu,
        time: u32,
        salt: u64,
    ) -> Result<Vec<u8>, EncodeError> {
        let request = &to.message;
        V3Message {
            msg_id: request.msg_id,
            max_size: 65_507,
            flags: V3Flags {
                reportable: false,
                ..request.flags
            },
            engine_id: self.engine_id.clone(),
            boots: self.boots,
            time,
            user: request.user.clone(),
            context_engine_id: self.engine_id.clone(),
            context_name: request.context_name.clone(),
            pdu,
        }
        .seal(self.users.get(&request.user), salt)
    }
}
