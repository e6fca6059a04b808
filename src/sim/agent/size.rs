//! How many octets a binding will take (X.690), so that a response is filled to the brim and no further.

use crate::wire::snmp::{Oid, Value, VarBind};

fn framed(content: usize) -> usize {
    let length = match content {
        0..=0x7f => 1,
        0x80..=0xff => 2,
        0x100..=0xffff => 3,
        _ => 4,
    };
    1 + length + content
}

fn unsigned(n: u64) -> usize {
    // a leading zero octet where the top bit is set
    (64 - n.leading_zeros() as usize) / 8 + 1
}

fn signed(n: i64) -> usize {
    let bits = 65 - (if n < 0 { !n } else { n }).leading_zeros() as usize;
    bits.div_ceil(8).max(1)
}

fn arc(n: u64) -> usize {
    (64 - n.leading_zeros() as usize).div_ceil(7).max(1)
}

fn oid(oid: &Oid) -> usize {
    match oid.arcs() {
        [] => 1,
        [one] => arc(u64::from(*one) * 40),
        [first, second, rest @ ..] => {
            arc(u64::from(*first) * 40 + u64::from(*second))
                + rest.iter().map(|a| arc(u64::from(*a))).sum::<usize>()
        }
    }
}

/// Octets of a binding with its frame.
pub(super) fn varbind(varbind: &VarBind) -> usize {
    let value = match &varbind.value {
        Value::Integer(n) => signed(*n),
        Value::Octets(octets) | Value::Opaque(octets) => octets.len(),
        Value::Oid(name) => oid(name),
        Value::Ip(_) => 4,
        Value::Counter32(n) | Value::Gauge32(n) | Value::TimeTicks(n) => unsigned(u64::from(*n)),
        Value::Counter64(n) => unsigned(*n),
        Value::Null | Value::NoSuchObject | Value::NoSuchInstance | Value::EndOfMibView => 0,
    };
    framed(framed(oid(&varbind.oid)) + framed(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::snmp::{Message, Pdu, PduKind, Version};

    fn length(varbinds: Vec<VarBind>) -> usize {
        Message {
            version: Version::V2c,
            community: b"public".to_vec(),
            pdu: Pdu {
                kind: PduKind::Response,
                request_id: 1,
                error_status: 0,
                error_index: 0,
                varbinds,
            },
        }
        .encode()
        .len()
    }

    proptest! {
        #[test]
        fn a_binding_takes_what_was_said(
            arcs in proptest::collection::vec(any::<u32>(), 0..20),
            n: u64, i: i32, shift in 0u32..64, text in proptest::collection::vec(any::<u8>(), 0..300), kind in 0..8,
        ) {
            let mut name = vec![1, 3];
            name.extend(arcs);
            let value = match kind {
                0 => Value::Integer(i64::from(i)),
                1 => Value::Octets(text),
                2 => Value::Counter64(n >> shift),
                3 => Value::Gauge32((n >> shift) as u32),
                4 => Value::Oid(Oid::new(name.clone())),
                5 => Value::Ip([1, 2, 3, 4].into()),
                6 => Value::EndOfMibView,
                _ => Value::Opaque(text),
            };
            let one = VarBind { oid: Oid::new(name), value };
            // against a filler that keeps all outer lengths in their three-octet form
            let filler = VarBind { oid: Oid::new([1, 3]), value: Value::Octets(vec![0; 3_000]) };
            let grown = length(vec![filler.clone(), one.clone()]) - length(vec![filler]);
            prop_assert_eq!(grown, varbind(&one));
        }
    }
}
