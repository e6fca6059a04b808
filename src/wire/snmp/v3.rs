//! SNMPv3 messages with the user-based security model (RFC 3412, 6; RFC 3414, 2.4).

use std::ops::Range;

use snmp2::AsnReader;

use super::ber::{self, INTEGER, OCTETS, Reverse, SEQUENCE};
use super::message::fits;
use super::usm::{LocalKeys, UsmError};
use super::{DATAGRAM_CAP, DecodeError, EncodeError, Pdu};

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

/// Everything of a message that stands outside its (maybe encrypted) data. Nothing of it is proven before [`V3Header::open`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct V3Header {
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
    salt: Vec<u8>,
    digest: Range<usize>,
    data: Range<usize>,
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

/// Where `part` lies in `whole`; both come from the same datagram.
fn place(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    start..start + part.len()
}

fn size(reader: &mut AsnReader<'_>, what: &'static str) -> Result<u32, DecodeError> {
    u32::try_from(ber::int32(reader, what)?).map_err(|_| DecodeError::Range(what))
}

impl V3Header {
    /// Reads what is in clear.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > DATAGRAM_CAP {
            return Err(DecodeError::TooLong(bytes.len()));
        }
        let mut outer = AsnReader::from_bytes(bytes);
        let mut reader = AsnReader::from_bytes(ber::raw(&mut outer, SEQUENCE, "message")?);
        let version = ber::int32(&mut reader, "version")?;
        if version != 3 {
            return Err(DecodeError::Version(i64::from(version)));
        }
        let mut global = AsnReader::from_bytes(ber::raw(&mut reader, SEQUENCE, "msgGlobalData")?);
        let msg_id = ber::int32(&mut global, "msgID")?;
        let max_size = ber::int32(&mut global, "msgMaxSize")?;
        let flags = match ber::raw(&mut global, OCTETS, "msgFlags")? {
            [f] => V3Flags {
                auth: f & AUTH != 0,
                privacy: f & PRIV != 0,
                reportable: f & REPORTABLE != 0,
            },
            _ => return Err(DecodeError::Range("msgFlags")),
        };
        if flags.privacy && !flags.auth {
            return Err(DecodeError::Range("msgFlags"));
        }
        if ber::int32(&mut global, "msgSecurityModel")? != USM {
            return Err(DecodeError::Range("msgSecurityModel"));
        }
        let parameters = ber::raw(&mut reader, OCTETS, "msgSecurityParameters")?;
        let mut security = AsnReader::from_bytes(parameters);
        let mut security =
            AsnReader::from_bytes(ber::raw(&mut security, SEQUENCE, "UsmSecurityParameters")?);
        let engine_id = ber::raw(&mut security, OCTETS, "msgAuthoritativeEngineID")?.to_vec();
        let boots = size(&mut security, "msgAuthoritativeEngineBoots")?;
        let time = size(&mut security, "msgAuthoritativeEngineTime")?;
        let user = ber::raw(&mut security, OCTETS, "msgUserName")?.to_vec();
        let digest = ber::raw(&mut security, OCTETS, "msgAuthenticationParameters")?;
        let salt = ber::raw(&mut security, OCTETS, "msgPrivacyParameters")?.to_vec();
        let data = if flags.privacy {
            ber::raw(&mut reader, OCTETS, "encryptedPDU")?
        } else {
            ber::raw(&mut reader, SEQUENCE, "scopedPDU")?
        };
        if reader.bytes_left() > 0 {
            return Err(DecodeError::Ber { place: "message" });
        }
        Ok(Self {
            msg_id,
            max_size,
            flags,
            engine_id,
            boots,
            time,
            user,
            salt,
            digest: place(bytes, digest),
            data: place(bytes, data),
        })
    }

    /// Verifies the digest (where the message claims one), decrypts and reads the rest. `bytes` are those of
    /// [`V3Header::parse`]. Only after it succeeded with `flags.auth` may boots and time be believed.
    pub fn open(&self, bytes: &[u8], keys: Option<&LocalKeys>) -> Result<V3Message, UsmError> {
        let data = bytes
            .get(self.data.clone())
            .ok_or(DecodeError::Ber { place: "message" })?;
        let scoped = if self.flags.auth {
            let keys = keys.ok_or(UsmError::NoKeys)?;
            keys.verify(bytes, self.digest.clone())?;
            if self.flags.privacy {
                let clear = keys.decrypt(self.boots, self.time, &self.salt, data)?;
                // the padding of DES stays behind the SEQUENCE
                let mut reader = AsnReader::from_bytes(&clear);
                let body = reader
                    .read_raw(SEQUENCE)
                    .map_err(|_| UsmError::Undecipherable)?;
                return self.scoped(body).map_err(|_| UsmError::Undecipherable);
            }
            data
        } else {
            data
        };
        Ok(self.scoped(scoped)?)
    }

    fn scoped(&self, body: &[u8]) -> Result<V3Message, DecodeError> {
        let mut reader = AsnReader::from_bytes(body);
        let context_engine_id = ber::raw(&mut reader, OCTETS, "contextEngineID")?.to_vec();
        let context_name = ber::raw(&mut reader, OCTETS, "contextName")?.to_vec();
        let pdu = Pdu::read(&mut reader)?;
        if reader.bytes_left() > 0 {
            return Err(DecodeError::Ber { place: "scopedPDU" });
        }
        Ok(V3Message {
            msg_id: self.msg_id,
            max_size: self.max_size,
            flags: self.flags,
            engine_id: self.engine_id.clone(),
            boots: self.boots,
            time: self.time,
            user: self.user.clone(),
            context_engine_id,
            context_name,
            pdu,
        })
    }
}

impl V3Message {
    /// Encrypts and authenticates as its flags say. `salt` must be another one for each message under the same keys
    /// (RFC 3414, 8.1.1.1; RFC 3826, 3.1.2.1).
    pub fn seal(&self, keys: Option<&LocalKeys>, salt: u64) -> Result<Vec<u8>, EncodeError> {
        let mut scoped = Reverse::with_capacity(96 + 24 * self.pdu.varbinds.len());
        self.pdu.write(&mut scoped);
        scoped.octets(OCTETS, &self.context_name);
        scoped.octets(OCTETS, &self.context_engine_id);
        scoped.close(SEQUENCE, 0);
        let scoped = scoped.finish();

        let keys = if self.flags.auth {
            Some(keys.ok_or(UsmError::NoKeys)?)
        } else {
            None
        };
        let mut out = Reverse::with_capacity(scoped.len() + 160);
        let mut parameters = Vec::new();
        match keys {
            Some(keys) if self.flags.privacy => {
                let (cipher, used) = keys.encrypt(self.boots, self.time, salt, &scoped)?;
                out.octets(OCTETS, &cipher);
                parameters = used;
            }
            _ => out.raw(&scoped),
        }
        let security = out.mark();
        out.octets(OCTETS, &parameters);
        let behind_digest = out.mark();
        let digest_len = match keys {
            Some(keys) => keys.digest_len().ok_or(UsmError::NoKeys)?,
            None => 0,
        };
        out.octets(OCTETS, &[0u8; 64][..digest_len.min(64)]);
        out.octets(OCTETS, &self.user);
        out.signed(INTEGER, i64::from(self.time));
        out.signed(INTEGER, i64::from(self.boots));
        out.octets(OCTETS, &self.engine_id);
        out.close(SEQUENCE, security);
        out.close(OCTETS, security);
        let global = out.mark();
        out.signed(INTEGER, i64::from(USM));
        out.octets(OCTETS, &[self.flags.octet()]);
        out.signed(INTEGER, i64::from(self.max_size));
        out.signed(INTEGER, i64::from(self.msg_id));
        out.close(SEQUENCE, global);
        out.signed(INTEGER, 3);
        out.close(SEQUENCE, 0);
        let mut bytes = fits(out.finish())?;
        if let Some(keys) = keys {
            let end = bytes.len() - behind_digest;
            keys.sign(&mut bytes, end - digest_len..end)?;
        }
        Ok(bytes)
    }
}
