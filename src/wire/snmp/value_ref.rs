//! A value where it stands in an answer: nothing is copied until somebody wants to keep it.

use std::net::Ipv4Addr;

use snmp2::snmp as tag;

use super::ber::{INTEGER, OCTETS};
use super::scan::{integer, unsigned};
use super::{Name, Value};

const NULL: u8 = 5;
const NAME: u8 = 6;

/// A value of a binding, checked when the answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueRef<'a> {
    tag: u8,
    octets: &'a [u8],
}

impl<'a> ValueRef<'a> {
    /// What was checked before.
    #[inline]
    pub(super) fn checked(tag: u8, octets: &'a [u8]) -> Self {
        Self { tag, octets }
    }

    /// Any integer type as a number.
    pub fn as_i64(self) -> Option<i64> {
        match self.tag {
            INTEGER => integer(self.octets),
            _ => self.as_u64().and_then(|n| i64::try_from(n).ok()),
        }
    }

    /// Any unsigned integer type (or a non-negative INTEGER) as a number.
    #[inline]
    pub fn as_u64(self) -> Option<u64> {
        match self.tag {
            tag::TYPE_COUNTER64 => unsigned(self.octets, 8),
            tag::TYPE_COUNTER32 | tag::TYPE_UNSIGNED32 | tag::TYPE_TIMETICKS => {
                unsigned(self.octets, 4)
            }
            INTEGER => integer(self.octets).and_then(|n| u64::try_from(n).ok()),
            _ => None,
        }
    }

    /// The octets of an OCTET STRING or Opaque.
    pub fn as_octets(self) -> Option<&'a [u8]> {
        matches!(self.tag, OCTETS | tag::TYPE_OPAQUE).then_some(self.octets)
    }

    /// Is it the OBJECT IDENTIFIER with these arcs?
    pub fn is_oid(self, arcs: &[u32]) -> bool {
        self.tag == NAME && Name::checked(self.octets).to_oid().arcs() == arcs
    }

    /// To keep.
    pub fn to_value(self) -> Value {
        let octets = self.octets;
        let n32 = || unsigned(octets, 4).unwrap_or_default() as u32;
        match self.tag {
            INTEGER => Value::Integer(integer(octets).unwrap_or_default()),
            OCTETS => Value::Octets(octets.to_vec()),
            NULL => Value::Null,
            NAME => Value::Oid(Name::checked(octets).to_oid()),
            tag::TYPE_IPADDRESS => {
                let octets: [u8; 4] = octets.try_into().unwrap_or_default();
                Value::Ip(Ipv4Addr::from(octets))
            }
            tag::TYPE_COUNTER32 => Value::Counter32(n32()),
            tag::TYPE_UNSIGNED32 => Value::Gauge32(n32()),
            tag::TYPE_TIMETICKS => Value::TimeTicks(n32()),
            tag::TYPE_OPAQUE => Value::Opaque(octets.to_vec()),
            tag::TYPE_COUNTER64 => Value::Counter64(unsigned(octets, 8).unwrap_or_default()),
            tag::SNMP_NOSUCHOBJECT => Value::NoSuchObject,
            tag::SNMP_NOSUCHINSTANCE => Value::NoSuchInstance,
            _ => Value::EndOfMibView,
        }
    }
}

/// A number or octets, kept or where they stand.
pub trait Readable<'a> {
    /// Any unsigned integer type (or a non-negative INTEGER) as a number.
    fn number(self) -> Option<u64>;
    /// The octets of an OCTET STRING or Opaque.
    fn octets(self) -> Option<&'a [u8]>;
}

impl<'a> Readable<'a> for ValueRef<'a> {
    fn number(self) -> Option<u64> {
        self.as_u64()
    }

    fn octets(self) -> Option<&'a [u8]> {
        self.as_octets()
    }
}

impl<'a> Readable<'a> for &'a Value {
    fn number(self) -> Option<u64> {
        self.as_u64()
    }

    fn octets(self) -> Option<&'a [u8]> {
        self.as_octets()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::snmp::{Bindings, Oid, VarBind};

    #[test]
    fn a_value_says_the_same_kept_or_where_it_stands() {
        let values = [
            Value::Integer(-5),
            Value::Integer(7),
            Value::Octets(vec![1, 2]),
            Value::Opaque(vec![3]),
            Value::Null,
            Value::Oid(Oid::new([1, 3, 6])),
            Value::Ip(Ipv4Addr::new(10, 0, 0, 1)),
            Value::Counter32(u32::MAX),
            Value::Gauge32(9),
            Value::TimeTicks(10),
            Value::Counter64(u64::MAX),
            Value::NoSuchObject,
            Value::NoSuchInstance,
            Value::EndOfMibView,
        ];
        let bindings = Bindings::of(values.iter().map(|value| VarBind {
            oid: Oid::new([1, 3]),
            value: value.clone(),
        }));
        for (at, value) in values.iter().enumerate() {
            let seen = bindings.value(at).unwrap();
            assert_eq!(seen.to_value(), *value);
            assert_eq!(seen.as_i64(), value.as_i64(), "{value:?}");
            assert_eq!(seen.as_u64(), value.as_u64(), "{value:?}");
            assert_eq!(seen.as_octets(), value.as_octets(), "{value:?}");
            let arcs = value.as_oid().map(Oid::arcs);
            assert_eq!(seen.is_oid(&[1, 3, 6]), arcs == Some(&[1, 3, 6][..]));
        }
    }
}
