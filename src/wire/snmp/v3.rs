//! SNMPv3 messages with the user-based security model (RFC 3412, 6; RFC 3414, 2.4).

mod open;
mod seal;

use super::usm::LocalKeys;
use super::{EncodeError, Pdu};

pub use open::{Scoped, V3Header};
pub use seal::{Outgoing, seal_pdu};

/// The security model's number (RFC 3411, 5: SnmpSecurityModel).
const USM: i32 = 3;
const AUTH: u8 = 1;
const PRIV: u8 = 2;
const REPORTABLE: u8 = 4;

/// `msgFlags` (RFC 3412, 6.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct V3Flags {
    /// Authenticated.
    pub auth: bool,
    /// Encrypted.
    pub privacy: bool,
    /// A Report may be sent in answer.
    pub reportable: bool,
}

impl V3Flags {
    fn octet(self) -> u8 {
        (u8::from(self.auth) * AUTH)
            | (u8::from(self.privacy) * PRIV)
            | (u8::from(self.reportable) * REPORTABLE)
    }
}

/// A message in clear, as it is sealed and as it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct V3Message {
    /// `msgID`
    pub msg_id: i32,
    /// `msgMaxSize`, octets
    pub max_size: i32,
    /// `msgFlags`
    pub flags: V3Flags,
    /// `msgAuthoritativeEngineID`
    pub engine_id: Vec<u8>,
    /// `msgAuthoritativeEngineBoots`
    pub boots: u32,
    /// `msgAuthoritativeEngineTime`, seconds
    pub time: u32,
    /// `msgUserName`
    pub user: Vec<u8>,
    /// `contextEngineID`
    pub context_engine_id: Vec<u8>,
    /// `contextName`
    pub context_name: Vec<u8>,
    /// What it carries.
    pub pdu: Pdu,
}

impl V3Message {
    /// Encrypts and authenticates as its flags say; [`seal_pdu`] says more.
    pub fn seal(&self, keys: Option<&LocalKeys>, salt: u64) -> Result<Vec<u8>, EncodeError> {
        let head = Outgoing {
            msg_id: self.msg_id,
            max_size: self.max_size,
            flags: self.flags,
            engine_id: &self.engine_id,
            boots: self.boots,
            time: self.time,
            user: &self.user,
            context_engine_id: &self.context_engine_id,
            context_name: &self.context_name,
        };
        let mut out = Vec::new();
        seal_pdu(&head, &self.pdu.to_octets(), keys, salt, &mut out)?;
        Ok(out)
    }
}
