//! SNMP messages (RFC 1157, 1901, 3412, 3414, 3416), for managers and agents alike.
//!
//! In: datagrams, all of them hostile, and messages to be sent. Out: [`Message`] (v1, v2c), [`V3Message`] with its user-based
//! security ([`usm`]), or an error that says what is wrong. It never panics on any bytes, never prints nested BER, never
//! allocates more than a datagram can hold, never touches a socket, a clock or chance (salts and times are given to it).
//!
//! Requests are written once and their ids patched ([`Prepared`]), answers are checked whole and read where they lie
//! ([`Bindings`]); a v3 message is sealed and opened around the octets of its PDU ([`seal_pdu`], [`V3Header::open_pdu`]).

mod answer;
mod ber;
mod error;
mod message;
mod name;
mod oid;
mod prepared;
mod scan;
pub mod usm;
mod v3;
mod value;
mod value_ref;

pub use answer::{Bindings, MessageHead, PduHead};
pub use error::{DecodeError, EncodeError};
pub use message::{Message, Pdu, PduKind, Version, error_word, peek_version};
pub use name::{Arcs, Index, Name, NameBuf};
pub use oid::{BadOid, Oid};
pub use prepared::{LEAST_ID, Prepared};
pub use v3::{Outgoing, Scoped, V3Flags, V3Header, V3Message, seal_pdu};
pub use value::{Value, VarBind};
pub use value_ref::{Readable, ValueRef};

/// The longest datagram that is read: what UDP over IPv4 can carry is 65,507 octets.
pub const DATAGRAM_CAP: usize = 65_535;

/// The longest datagram that UDP over IPv4 can carry, octets.
pub const MAX_DATAGRAM: usize = 65_507;

/// The most arcs of an object identifier (RFC 3416, 4.1).
pub const ARC_CAP: usize = 128;

#[cfg(test)]
mod tests;
