//! Reading a message: what is in clear at once, the rest after its digest was verified.

use std::ops::Range;

use super::super::ber::{OCTETS, SEQUENCE};
use super::super::scan::Scan;
use super::super::usm::{LocalKeys, UsmError};
use super::super::{DATAGRAM_CAP, DecodeError, Pdu, PduHead, PduKind};
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

fn size(scan: &mut Scan<'_>, what: &'static str) -> Result<u32, DecodeError> {
    u32::try_from(scan.int32(what)?).map_err(|_| DecodeError::Range(what))
}

impl<'a> V3Header<'a> {
    /// Reads what is in clear. What follows the message in the datagram is ignored, as agents pad.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > DATAGRAM_CAP {
            return Err(DecodeError::TooLong(bytes.len()));
        }
        let of = |part: Range<usize>| bytes.get(part).unwrap_or_default();
        let mut message = Scan::within(bytes, Scan::new(bytes).expect(SEQUENCE, "message")?);
        let version = message.int32("version")?;
        if version != 3 {
            return Err(DecodeError::Version(i64::from(version)));
        }
        let mut global = Scan::within(bytes, message.expect(SEQUENCE, "msgGlobalData")?);
        let msg_id = global.int32("msgID")?;
        let max_size = global.int32("msgMaxSize")?;
        let flags = match of(global.expect(OCTETS, "msgFlags")?) {
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
        if global.int32("msgSecurityModel")? != USM {
            return Err(DecodeError::Range("msgSecurityModel"));
        }
        let parameters = message.expect(OCTETS, "msgSecurityParameters")?;
        let security = Scan::within(bytes, parameters).expect(SEQUENCE, "UsmSecurityParameters")?;
        let mut security = Scan::within(bytes, security);
        let engine_id = of(security.expect(OCTETS, "msgAuthoritativeEngineID")?);
        let boots = size(&mut security, "msgAuthoritativeEngineBoots")?;
        let time = size(&mut security, "msgAuthoritativeEngineTime")?;
        let user = of(security.expect(OCTETS, "msgUserName")?);
        let digest = security.expect(OCTETS, "msgAuthenticationParameters")?;
        let salt = of(security.expect(OCTETS, "msgPrivacyParameters")?);
        let data = if flags.privacy {
            message.expect(OCTETS, "encryptedPDU")?
        } else {
            message.expect(SEQUENCE, "scopedPDU")?
        };
        if !message.is_empty() {
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
            digest,
            data,
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
            return Ok(Scoped::read(data, 0..data.len())?);
        }
        let keys = keys.ok_or(UsmError::NoKeys)?;
        keys.verify(bytes, self.digest.clone())?;
        if !self.flags.privacy {
            return Ok(Scoped::read(data, 0..data.len())?);
        }
        scratch.clear();
        scratch.extend_from_slice(data);
        keys.decrypt(self.boots, self.time, self.salt, scratch)?;
        // the padding of DES stays behind the SEQUENCE
        Scan::new(scratch)
            .expect(SEQUENCE, "scopedPDU")
            .and_then(|body| Scoped::read(scratch, body))
            .map_err(|_| UsmError::Undecipherable)
    }

    /// As [`V3Header::open_pdu`], with everything in a message of its own.
    pub fn open(&self, bytes: &[u8], keys: Option<&LocalKeys>) -> Result<V3Message, UsmError> {
        let mut scratch = Vec::new();
        let scoped = self.open_pdu(bytes, keys, &mut scratch)?;
        let pdu = match PduHead::parse(scoped.pdu)
            .and_then(|head| Ok((head.bindings(scoped.pdu)?, head)))
        {
            Ok((bindings, head)) => Pdu {
                kind: head.kind,
                request_id: head.request_id,
                error_status: head.error_status,
                error_index: head.error_index,
                varbinds: bindings.to_varbinds(),
            },
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
    /// Out of `part` of `bytes`.
    fn read(bytes: &'a [u8], part: Range<usize>) -> Result<Self, DecodeError> {
        let of = |part: Range<usize>| bytes.get(part).unwrap_or_default();
        let end = part.end;
        let mut scan = Scan::within(bytes, part);
        let context_engine_id = of(scan.expect(OCTETS, "contextEngineID")?);
        let context_name = scan.expect(OCTETS, "contextName")?;
        let pdu = context_name.end..end;
        let octet = scan.peek().ok_or(DecodeError::Ber { place: "PDU" })?;
        if PduKind::from_tag(octet).is_none() {
            return Err(DecodeError::PduType(octet));
        }
        scan.expect(octet, "PDU")?;
        if !scan.is_empty() {
            return Err(DecodeError::Ber { place: "scopedPDU" });
        }
        Ok(Self {
            context_engine_id,
            context_name: of(context_name),
            pdu: of(pdu),
        })
    }
}
