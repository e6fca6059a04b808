//! Writing BER elements from the back to the front, so that no length must be known beforehand.

use snmp2::asn1::{TYPE_INTEGER, TYPE_NULL, TYPE_OBJECTIDENTIFIER, TYPE_OCTETSTRING};
use snmp2::snmp::{
    SNMP_ENDOFMIBVIEW, SNMP_NOSUCHINSTANCE, SNMP_NOSUCHOBJECT, TYPE_COUNTER32, TYPE_COUNTER64,
    TYPE_IPADDRESS, TYPE_OPAQUE, TYPE_TIMETICKS, TYPE_UNSIGNED32,
};

use super::{Oid, Value};

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const OCTETS: u8 = TYPE_OCTETSTRING;
pub(super) const INTEGER: u8 = TYPE_INTEGER;

/// Writes elements, the last first.
#[derive(Default)]
pub(super) struct Reverse {
    bytes: Vec<u8>,
}

impl Reverse {
    pub(super) fn with_capacity(octets: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(octets),
        }
    }

    /// Octets written so far; give it to [`Reverse::close`].
    pub(super) fn mark(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn raw(&mut self, octets: &[u8]) {
        self.bytes.extend(octets.iter().rev());
    }

    fn length(&mut self, n: usize) {
        if n < 128 {
            self.bytes.push(n as u8);
            return;
        }
        let mut left = n;
        let mut count = 0u8;
        while left > 0 {
            self.bytes.push(left as u8);
            left >>= 8;
            count += 1;
        }
        self.bytes.push(0x80 | count);
    }

    /// Puts tag and length before everything written since `mark`.
    pub(super) fn close(&mut self, tag: u8, mark: usize) {
        self.length(self.bytes.len() - mark);
        self.bytes.push(tag);
    }

    pub(super) fn octets(&mut self, tag: u8, octets: &[u8]) {
        self.raw(octets);
        self.length(octets.len());
        self.bytes.push(tag);
    }

    pub(super) fn signed(&mut self, tag: u8, n: i64) {
        let mark = self.mark();
        let mut left = n;
        loop {
            let low = left as u8;
            self.bytes.push(low);
            left >>= 8;
            // done when what is left is nothing but the sign of what was written
            if (left == 0 && low < 0x80) || (left == -1 && low >= 0x80) {
                break;
            }
        }
        self.close(tag, mark);
    }

    pub(super) fn unsigned(&mut self, tag: u8, n: u64) {
        let mark = self.mark();
        let mut left = n;
        loop {
            let low = left as u8;
            self.bytes.push(low);
            left >>= 8;
            if left == 0 {
                if low >= 0x80 {
                    self.bytes.push(0);
                }
                break;
            }
        }
        self.close(tag, mark);
    }

    pub(super) fn empty(&mut self, tag: u8) {
        self.bytes.extend([0, tag]);
    }

    fn sub_identifier(&mut self, n: u64) {
        self.bytes.push((n & 0x7f) as u8);
        let mut left = n >> 7;
        while left > 0 {
            self.bytes.push((left & 0x7f) as u8 | 0x80);
            left >>= 7;
        }
    }

    /// What has less than two arcs is written as if zeros followed.
    pub(super) fn oid(&mut self, oid: &Oid) {
        let mark = self.mark();
        let arcs = oid.arcs();
        for arc in arcs.iter().skip(2).rev() {
            self.sub_identifier(u64::from(*arc));
        }
        let first = arcs.first().copied().unwrap_or(0);
        let second = arcs.get(1).copied().unwrap_or(0);
        self.sub_identifier(u64::from(first) * 40 + u64::from(second));
        self.close(TYPE_OBJECTIDENTIFIER, mark);
    }

    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Integer(n) => self.signed(TYPE_INTEGER, *n),
            Value::Octets(o) => self.octets(TYPE_OCTETSTRING, o),
            Value::Null => self.empty(TYPE_NULL),
            Value::Oid(oid) => self.oid(oid),
            Value::Ip(ip) => self.octets(TYPE_IPADDRESS, &ip.octets()),
            Value::Counter32(n) => self.unsigned(TYPE_COUNTER32, u64::from(*n)),
            Value::Gauge32(n) => self.unsigned(TYPE_UNSIGNED32, u64::from(*n)),
            Value::TimeTicks(n) => self.unsigned(TYPE_TIMETICKS, u64::from(*n)),
            Value::Opaque(o) => self.octets(TYPE_OPAQUE, o),
            Value::Counter64(n) => self.unsigned(TYPE_COUNTER64, *n),
            Value::NoSuchObject => self.empty(SNMP_NOSUCHOBJECT),
            Value::NoSuchInstance => self.empty(SNMP_NOSUCHINSTANCE),
            Value::EndOfMibView => self.empty(SNMP_ENDOFMIBVIEW),
        }
    }

    pub(super) fn varbind(&mut self, oid: &Oid, value: &Value) {
        let mark = self.mark();
        self.value(value);
        self.oid(oid);
        self.close(SEQUENCE, mark);
    }

    /// Turns it round.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.reverse();
        self.bytes
    }
}
