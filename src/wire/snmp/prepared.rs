//! Requests written once and sent often: only the id is another one each time.

use super::ber::{INTEGER, OCTETS, SEQUENCE};
use super::{MAX_DATAGRAM, NameBuf, Pdu, PduKind, Version};

/// The least id of a prepared request: an INTEGER from here on takes four octets (X.690, 8.3.2).
pub const LEAST_ID: i32 = 0x0100_0000;

/// A request PDU in BER, without its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    kind: PduKind,
    /// The PDU from its tag on.
    octets: Vec<u8>,
    /// Where the four octets of the id are.
    id_at: usize,
}

impl Prepared {
    /// A GET, GETNEXT or GETBULK of these names; for a GETBULK `repeat` is (non-repeaters, max-repetitions).
    pub fn request<'a>(
        kind: PduKind,
        repeat: (u16, u16),
        names: impl IntoIterator<Item = &'a NameBuf>,
    ) -> Self {
        let mut list = Vec::with_capacity(256);
        for name in names {
            let octets = name.octets();
            header(&mut list, SEQUENCE, element(octets.len()) + 2);
            header(&mut list, 6, octets.len());
            list.extend_from_slice(octets);
            list.extend([5, 0]);
        }
        let mut body = Vec::with_capacity(list.len() + 24);
        body.extend([INTEGER, 4, 1, 0, 0, 0]);
        for n in [repeat.0, repeat.1] {
            number(&mut body, n);
        }
        header(&mut body, SEQUENCE, list.len());
        body.extend_from_slice(&list);
        Self::wrap(kind, &body)
    }

    /// Any PDU; the id it carries does not matter.
    pub fn new(pdu: &Pdu) -> Self {
        let whole = Pdu {
            request_id: LEAST_ID,
            ..pdu.clone()
        }
        .to_octets();
        // tag and length, then the id's own tag and length
        let length = whole.get(1).copied().unwrap_or(0);
        let head = 2 + if length < 0x80 {
            0
        } else {
            usize::from(length & 0x7f)
        };
        Self {
            kind: pdu.kind,
            octets: whole,
            id_at: head + 2,
        }
    }

    fn wrap(kind: PduKind, body: &[u8]) -> Self {
        let mut octets = Vec::with_capacity(body.len() + 4);
        header(&mut octets, kind.tag(), body.len());
        let id_at = octets.len() + 2;
        octets.extend_from_slice(body);
        Self {
            kind,
            octets,
            id_at,
        }
    }

    /// What it is.
    pub fn kind(&self) -> PduKind {
        self.kind
    }

    /// Appends the PDU with this id, which is [`LEAST_ID`] or more.
    pub fn pdu(&self, id: i32, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.octets);
        if let Some(place) = out.get_mut(start + self.id_at..start + self.id_at + 4) {
            place.copy_from_slice(&id.to_be_bytes());
        }
    }

    /// Appends a message of version 1 or 2c; its length, or how many octets it would be where that fits no datagram.
    pub fn message(
        &self,
        version: Version,
        community: &[u8],
        id: i32,
        out: &mut Vec<u8>,
    ) -> Result<usize, usize> {
        let body = 3 + element(community.len()) + self.octets.len();
        let whole = element(body);
        if whole > MAX_DATAGRAM {
            return Err(whole);
        }
        header(out, SEQUENCE, body);
        out.extend([INTEGER, 1, u8::from(version == Version::V2c)]);
        header(out, OCTETS, community.len());
        out.extend_from_slice(community);
        self.pdu(id, out);
        Ok(whole)
    }
}

/// Octets of an element with so much in it.
fn element(contents: usize) -> usize {
    contents
        + match contents {
            0..0x80 => 2,
            0x80..0x100 => 3,
            0x100..0x1_0000 => 4,
            _ => 5,
        }
}

fn header(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    let octets = (length as u32).to_be_bytes();
    match length {
        0..0x80 => {}
        0x80..0x100 => out.push(0x81),
        0x100..0x1_0000 => out.extend([0x82, octets[2]]),
        _ => out.extend([0x83, octets[1], octets[2]]),
    }
    out.push(octets[3]);
}

fn number(out: &mut Vec<u8>, n: u16) {
    let [high, low] = n.to_be_bytes();
    match (high, low) {
        (0, 0..0x80) => out.extend([INTEGER, 1, low]),
        (0..0x80, _) => out.extend([INTEGER, 2, high, low]),
        _ => out.extend([INTEGER, 3, 0, high, low]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::snmp::{Message, Oid};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_what_the_encoder_writes(
            arcs in prop::collection::vec(prop::collection::vec(any::<u32>(), 0..9), 0..40),
            id in LEAST_ID..=i32::MAX,
            once in any::<u16>(), most in any::<u16>(),
            community in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let names: Vec<Oid> = arcs.iter().map(|more| Oid::new([1, 3]).child(more)).collect();
            let bufs: Vec<NameBuf> = names.iter().map(NameBuf::from).collect();
            let (once, most) = (once / 2, most / 2);
            let pdu = Pdu {
                error_status: i32::from(once),
                error_index: i32::from(most),
                ..Pdu::request(PduKind::GetBulk, id, names)
            };
            let message = Message { version: Version::V2c, community: community.clone(), pdu: pdu.clone() };
            for prepared in [Prepared::request(PduKind::GetBulk, (once, most), &bufs), Prepared::new(&pdu)] {
                let mut out = vec![7];
                let length = prepared.message(Version::V2c, &community, id, &mut out).unwrap();
                prop_assert_eq!(&out[1..], &message.encode()[..]);
                prop_assert_eq!(length, out.len() - 1);
            }
        }
    }
}
