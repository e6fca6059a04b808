//! SNMPv1 and SNMPv2c messages (RFC 1157, RFC 1901, RFC 3416).

use std::fmt;

use snmp2::AsnReader;
use snmp2::snmp as tag;

use super::ber::{INTEGER, OCTETS, Reverse, SEQUENCE};
use super::{DecodeError, EncodeError, MAX_DATAGRAM, MessageHead, Oid, Value, VarBind};

/// The versions that carry a community.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// SNMPv1 (RFC 1157).
    V1,
    /// SNMPv2c (RFC 1901).
    V2c,
}

/// What a PDU is (RFC 3416, 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PduKind {
    /// GetRequest-PDU
    Get,
    /// GetNextRequest-PDU
    GetNext,
    /// Response-PDU
    Response,
    /// SetRequest-PDU
    Set,
    /// GetBulkRequest-PDU
    GetBulk,
    /// InformRequest-PDU
    Inform,
    /// SNMPv2-Trap-PDU
    Trap,
    /// Report-PDU
    Report,
}

impl PduKind {
    pub(super) fn tag(self) -> u8 {
        match self {
            Self::Get => tag::MSG_GET,
            Self::GetNext => tag::MSG_GET_NEXT,
            Self::Response => tag::MSG_RESPONSE,
            Self::Set => tag::MSG_SET,
            Self::GetBulk => tag::MSG_GET_BULK,
            Self::Inform => tag::MSG_INFORM,
            Self::Trap => tag::MSG_TRAP,
            Self::Report => tag::MSG_REPORT,
        }
    }

    pub(super) fn from_tag(octet: u8) -> Option<Self> {
        Some(match octet {
            tag::MSG_GET => Self::Get,
            tag::MSG_GET_NEXT => Self::GetNext,
            tag::MSG_RESPONSE => Self::Response,
            tag::MSG_SET => Self::Set,
            tag::MSG_GET_BULK => Self::GetBulk,
            tag::MSG_INFORM => Self::Inform,
            tag::MSG_TRAP => Self::Trap,
            tag::MSG_REPORT => Self::Report,
            _ => return None,
        })
    }
}

/// A protocol data unit. The Trap-PDU of SNMPv1 has another shape and is not one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// What it is.
    pub kind: PduKind,
    /// `request-id`
    pub request_id: i32,
    /// `error-status`; `non-repeaters` of a GetBulk.
    pub error_status: i32,
    /// `error-index`, the first binding is 1; `max-repetitions` of a GetBulk.
    pub error_index: i32,
    /// `variable-bindings`
    pub varbinds: Vec<VarBind>,
}

impl Pdu {
    /// A GET, GETNEXT of these names.
    pub fn request(kind: PduKind, request_id: i32, names: impl IntoIterator<Item = Oid>) -> Self {
        Self {
            kind,
            request_id,
            error_status: 0,
            error_index: 0,
            varbinds: names
                .into_iter()
                .map(|oid| VarBind {
                    oid,
                    value: Value::Null,
                })
                .collect(),
        }
    }

    /// The response to `self`, without an error.
    pub fn response(&self, varbinds: Vec<VarBind>) -> Self {
        Self {
            kind: PduKind::Response,
            request_id: self.request_id,
            error_status: 0,
            error_index: 0,
            varbinds,
        }
    }

    /// The PDU alone, in BER.
    pub(super) fn to_octets(&self) -> Vec<u8> {
        let mut out = Reverse::with_capacity(64 + 24 * self.varbinds.len());
        self.write(&mut out);
        out.finish()
    }

    pub(super) fn write(&self, out: &mut Reverse) {
        let mark = out.mark();
        for varbind in self.varbinds.iter().rev() {
            out.varbind(&varbind.oid, &varbind.value);
        }
        out.close(SEQUENCE, mark);
        out.signed(INTEGER, i64::from(self.error_index));
        out.signed(INTEGER, i64::from(self.error_status));
        out.signed(INTEGER, i64::from(self.request_id));
        out.close(self.kind.tag(), mark);
    }
}

/// A message with a community.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Its version.
    pub version: Version,
    /// Its community; a secret, so `Debug` leaves it out.
    pub community: Vec<u8>,
    /// What it carries.
    pub pdu: Pdu,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("version", &self.version)
            .field("pdu", &self.pdu)
            .finish_non_exhaustive()
    }
}

impl Message {
    /// As bytes, however many; [`Message::try_encode`] minds the datagram.
    pub fn encode(&self) -> Vec<u8> {
        Self::encode_parts(self.version, &self.community, &self.pdu)
    }

    /// As [`Message::encode`], without owning the parts.
    pub fn encode_parts(version: Version, community: &[u8], pdu: &Pdu) -> Vec<u8> {
        let mut out = Reverse::with_capacity(64 + community.len() + 24 * pdu.varbinds.len());
        let mark = out.mark();
        pdu.write(&mut out);
        out.octets(OCTETS, community);
        out.signed(INTEGER, i64::from(version == Version::V2c));
        out.close(SEQUENCE, mark);
        out.finish()
    }

    /// As bytes that fit a datagram.
    pub fn try_encode(&self) -> Result<Vec<u8>, EncodeError> {
        fits(self.encode())
    }

    /// From a datagram. What follows the message in the datagram is ignored, as agents pad.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let head = MessageHead::parse(bytes)?;
        let community = head.community(bytes).to_vec();
        let pdu = Pdu {
            kind: head.pdu.kind,
            request_id: head.pdu.request_id,
            error_status: head.pdu.error_status,
            error_index: head.pdu.error_index,
            varbinds: head.pdu.bindings(bytes)?.to_varbinds(),
        };
        let version = head.version;
        Ok(Self {
            version,
            community,
            pdu,
        })
    }
}

pub(super) fn fits(bytes: Vec<u8>) -> Result<Vec<u8>, EncodeError> {
    if bytes.len() > MAX_DATAGRAM {
        Err(EncodeError::TooLong(bytes.len()))
    } else {
        Ok(bytes)
    }
}

/// The version number that stands in a datagram (0, 1, 3), where one stands there at all.
pub fn peek_version(bytes: &[u8]) -> Option<i64> {
    let body = AsnReader::from_bytes(bytes).read_raw(SEQUENCE).ok()?;
    AsnReader::from_bytes(body).read_asn_integer().ok()
}

/// The word of an `error-status` (RFC 3416, 3).
pub fn error_word(status: i32) -> &'static str {
    match status {
        0 => "noError",
        1 => "tooBig",
        2 => "noSuchName",
        3 => "badValue",
        4 => "readOnly",
        5 => "genErr",
        6 => "noAccess",
        7 => "wrongType",
        8 => "wrongLength",
        9 => "wrongEncoding",
        10 => "wrongValue",
        11 => "noCreation",
        12 => "inconsistentValue",
        13 => "resourceUnavailable",
        14 => "commitFailed",
        15 => "undoFailed",
        16 => "authorizationError",
        17 => "notWritable",
        18 => "inconsistentName",
        _ => "an unknown error",
    }
}
