//! Values and variable bindings (RFC 3416, RFC 2578).

use std::net::Ipv4Addr;

use super::Oid;

/// A value as SNMP carries it. Its `Debug` and size are bounded by the datagram it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// INTEGER, Integer32.
    Integer(i64),
    /// OCTET STRING.
    Octets(Vec<u8>),
    /// NULL, as in a request.
    Null,
    /// OBJECT IDENTIFIER.
    Oid(Oid),
    /// IpAddress.
    Ip(Ipv4Addr),
    /// Counter32.
    Counter32(u32),
    /// Gauge32, Unsigned32.
    Gauge32(u32),
    /// TimeTicks, hundredths of a second.
    TimeTicks(u32),
    /// Opaque.
    Opaque(Vec<u8>),
    /// Counter64.
    Counter64(u64),
    /// noSuchObject.
    NoSuchObject,
    /// noSuchInstance.
    NoSuchInstance,
    /// endOfMibView.
    EndOfMibView,
}

impl Value {
    /// Any integer type as a number.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(n) => Some(*n),
            Self::Counter32(n) | Self::Gauge32(n) | Self::TimeTicks(n) => Some(i64::from(*n)),
            Self::Counter64(n) => i64::try_from(*n).ok(),
            _ => None,
        }
    }

    /// Any unsigned integer type (or a non-negative INTEGER) as a number.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Counter64(n) => Some(*n),
            other => other.as_i64().and_then(|n| u64::try_from(n).ok()),
        }
    }

    /// The octets of an OCTET STRING or Opaque.
    pub fn as_octets(&self) -> Option<&[u8]> {
        match self {
            Self::Octets(b) | Self::Opaque(b) => Some(b),
            _ => None,
        }
    }

    /// The identifier of an OBJECT IDENTIFIER.
    pub fn as_oid(&self) -> Option<&Oid> {
        match self {
            Self::Oid(oid) => Some(oid),
            _ => None,
        }
    }

    /// noSuchObject, noSuchInstance, endOfMibView: there is nothing.
    pub fn is_exception(&self) -> bool {
        matches!(
            self,
            Self::NoSuchObject | Self::NoSuchInstance | Self::EndOfMibView
        )
    }
}

/// A name with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VarBind {
    /// The name.
    pub oid: Oid,
    /// The value.
    pub value: Value,
}
