//! Reading a message: what is in clear at once, the rest after its digest was verified.

use std::ops::Range;

use snmp2::AsnReader;

use super::super::ber::{self, OCTETS, SEQUENCE};
use super::super::usm::{LocalKeys, UsmError};
use super::super::{DATAGRAM_CAP, DecodeError, Pdu};
use super::{AUTH, PRIV, REPORTABLE, USM, V3Flags, V3Message};

/// Everything of a message that stands outside its (maybe encrypted) data, borrowed from the datagram. Nothing of it is proven
/// before [`V3Header::open_pdu`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct V3Header<'a> {
    /// `msgID`
    pub msg_id: i32,
    /// `msgMaxSize`, octets
    pub max_size: i32,
    /// `msgFlags`
    pub flags: V3Flags,
    /// `msgAuthoritativeEngineID`
    pub engine_id: &'a [u8],
    /// `msgAuthoritativeEngineBoots`
    pub boots: u32,
    /// `msgAuthoritativeEngineTime`, seconds
    pub time: u32,
    /// `msgUserName`
    pub user: &'a [u8],
    salt: &'a [u8],
    digest: Range<usize>,
    data: Range<usize>,
}

/// The scoped PDU of a message that was opened (RFC 3412, 6.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scoped<'a> {
    /// `contextEngineID`
    pub context_engine_id: &'a [u8],
    /// `contextName`
    pub context_name: &'a [u8],
    /// One element in BER that has a PDU's tag; what is in it is not looked at.
    pub pdu: &'a [u8],
}

/// Where `part` lies in `whole`; both come from the same datagram.
fn place(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    start..start + part.len()
}

fn size(reader: &mut AsnReader<'_>, what: &'static str) -> Result<u32, DecodeError> {
    u32::try_from(ber::int32(reader, what)?).map_err(|_| DecodeError::Range(what))
}

impl<'a> V3Header<'a> {
    /// Reads what is in clear.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
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
        let engine_id = ber::raw(&mut security, OCTETS, "msgAuthoritativeEngineID")?;
        let boots = size(&mut security, "msgAuthoritativeEngineBoots")?;
        let time = size(&mut security, "msgAuthoritativeEngineTime")?;
        let user = ber::raw(&mut security, OCTETS, "msgUserName")?;
        let digest = ber::raw(&mut security, OCTETS, "msgAuthenticationParameters")?;
        let salt = ber::raw(&mut security, OCTETS, "msgPrivacyParameters")?;
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

    /// Verifies the digest (where the message claims one), decrypts into `scratch`, and finds the PDU. `bytes` are those of
    /// [`V3Header::parse`]. Only after it succeeded with `flags.auth` may boots and time be believed.
    pub fn open_pdu<'s>(
        &self,
        bytes: &'s [u8],
        keys: Option<&LocalKeys>,
        scratch: &'s mut Vec<u8>,
    ) -> Result<Scoped<'s>, UsmError> {
        let data = bytes
            .get(self.data.clone())
            .ok_or(DecodeError::Ber { place: "message" })?;
        if !self.flags.auth {
            return Ok(Scoped::read(data)?);
        }
        let keys = keys.ok_or(UsmError::NoKeys)?;
        keys.verify(bytes, self.digest.clone())?;
        if !self.flags.privacy {
            return Ok(Scoped::read(data)?);
        }
        scratch.clear();
        scratch.extend_from_slice(data);
        keys.decrypt(self.boots, self.time, self.salt, scratch)?;
        // the padding of DES stays behind the SEQUENCE
        AsnReader::from_bytes(scratch)
            .read_raw(SEQUENCE)
            .ok()
            .and_then(|body| Scoped::read(body).ok())
            .ok_or(UsmError::Undecipherable)
    }

    /// As [`V3Header::open_pdu`], with everything in a message of its own.
    pub fn open(&self, bytes: &[u8], keys: Option<&LocalKeys>) -> Result<V3Message, UsmError> {
        let mut scratch = Vec::new();
        let scoped = self.open_pdu(bytes, keys, &mut scratch)?;
        let pdu = match Pdu::read(&mut AsnReader::from_bytes(scoped.pdu)) {
            Ok(pdu) => pdu,
            // authentic noise: it was encrypted with another key
            Err(_) if self.flags.privacy => return Err(UsmError::Undecipherable),
            Err(error) => return Err(error.into()),
        };
        Ok(V3Message {
            msg_id: self.msg_id,
            max_size: self.max_size,
            flags: self.flags,
            engine_id: self.engine_id.to_vec(),
            boots: self.boots,
            time: self.time,
            user: self.user.to_vec(),
            context_engine_id: scoped.context_engine_id.to_vec(),
            context_name: scoped.context_name.to_vec(),
            pdu,
        })
    }
}

impl<'a> Scoped<'a> {
    fn read(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = AsnReader::from_bytes(body);
        let context_engine_id = ber::raw(&mut reader, OCTETS, "contextEngineID")?;
        let context_name = ber::raw(&mut reader, OCTETS, "contextName")?;
        let start = body.len().saturating_sub(reader.bytes_left());
        let pdu = body.get(start..).unwrap_or_default();
        let octet = *pdu.first().ok_or(DecodeError::Ber { place: "PDU" })?;
        // RFC 3416, 3: the PDUs are the context-specific constructed types 0 to 8
        if !(0xa0..=0xa8).contains(&octet) {
            return Err(DecodeError::PduType(octet));
        }
        ber::raw(&mut reader, octet, "PDU")?;
        if reader.bytes_left() > 0 {
            return Err(DecodeError::Ber { place: "scopedPDU" });
        }
        Ok(Self {
            context_engine_id,
            context_name,
            pdu,
        })
    }
}
