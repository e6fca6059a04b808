//! What can be wrong with a message.

use super::{ARC_CAP, DATAGRAM_CAP, MAX_DATAGRAM};

/// Bytes that are no SNMP message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than a datagram.
    #[error("{0} octets, more than the {DATAGRAM_CAP} of a datagram")]
    TooLong(usize),
    /// The BER breaks off or contradicts itself.
    #[error("malformed BER in {place}")]
    Ber {
        /// Where.
        place: &'static str,
    },
    /// One binding of the list is malformed; what follows it can't be trusted.
    #[error("malformed variable binding {index}")]
    VarBind {
        /// Which, the first is 1.
        index: usize,
    },
    /// An identifier with too many arcs, or an arc over 32 bits.
    #[error("an object identifier with more than {ARC_CAP} arcs, or an arc over 32 bits")]
    Oid,
    /// A type that has no place in a binding.
    #[error("value of type 0x{0:02x} in a variable binding")]
    ValueType(u8),
    /// A version wardwatch does not speak.
    #[error("SNMP version {0}")]
    Version(i64),
    /// A PDU that does not belong here.
    #[error("PDU of type 0x{0:02x}")]
    PduType(u8),
    /// A number beyond what the standard allows.
    #[error("{0} out of range")]
    Range(&'static str),
}

/// A message that can't be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// It would not fit a datagram.
    #[error("{0} octets do not fit a datagram ({MAX_DATAGRAM} at the most); ask for less at once")]
    TooLong(usize),
    /// Its security can't be done.
    #[error(transparent)]
    Usm(#[from] super::usm::UsmError),
}
