//! The Address Resolution Protocol for IPv4 over Ethernet (RFC 826, RFC 5227).

use std::net::Ipv4Addr;

use super::ether::ETHERTYPE_ARP;
use super::reader::{Reader, WireError};
use crate::model::Mac;

/// Bytes of a packet for IPv4 over Ethernet.
pub const ARP_LEN: usize = 28;

/// Request or reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArpOp {
    /// `ares_op$REQUEST`
    Request,
    /// `ares_op$REPLY`
    Reply,
}

/// An ARP packet for IPv4 over Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// Request or reply.
    pub op: ArpOp,
    /// `ar$sha`
    pub sender_mac: Mac,
    /// `ar$spa`; zero in a probe (RFC 5227).
    pub sender: Ipv4Addr,
    /// `ar$tha`; not defined in a request.
    pub target_mac: Mac,
    /// `ar$tpa`
    pub target: Ipv4Addr,
}

impl Arp {
    /// Who has `target`?
    pub fn request(sender_mac: Mac, sender: Ipv4Addr, target: Ipv4Addr) -> Self {
        Self {
            op: ArpOp::Request,
            sender_mac,
            sender,
            target_mac: Mac([0; 6]),
            target,
        }
    }

    /// The answer of `mac` to this request.
    pub fn reply(&self, mac: Mac) -> Self {
        Self {
            op: ArpOp::Reply,
            sender_mac: mac,
            sender: self.target,
            target_mac: self.sender_mac,
            target: self.sender,
        }
    }

    /// It announces its sender (RFC 5227 2.3, "gratuitous").
    pub fn is_announcement(&self) -> bool {
        self.sender == self.target && !self.sender.is_unspecified()
    }

    /// It asks whether an address is free, before its sender uses it (RFC 5227 2.1.1).
    pub fn is_probe(&self) -> bool {
        self.op == ArpOp::Request && self.sender.is_unspecified()
    }

    /// Reads the payload of a frame. Padding after the packet is allowed; hardware types 1 (Ethernet) and 6 (IEEE 802) are.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        expect(&mut r, "hardware type", &[1, 6])?;
        expect(&mut r, "protocol type", &[0x0800])?;
        expect(&mut r, "address lengths", &[0x0604])?;
        let op = match expect(&mut r, "operation", &[1, 2])? {
            1 => ArpOp::Request,
            _ => ArpOp::Reply,
        };
        Ok(Self {
            op,
            sender_mac: r.mac("sender hardware address")?,
            sender: r.ipv4("sender protocol address")?,
            target_mac: r.mac("target hardware address")?,
            target: r.ipv4("target protocol address")?,
        })
    }

    /// The packet, without a frame around it.
    pub fn encode(&self) -> [u8; ARP_LEN] {
        let mut out = [0; ARP_LEN];
        let op = match self.op {
            ArpOp::Request => 1,
            ArpOp::Reply => 2,
        };
        out[..8].copy_from_slice(&[0, 1, 8, 0, 6, 4, 0, op]);
        out[8..14].copy_from_slice(&self.sender_mac.0);
        out[14..18].copy_from_slice(&self.sender.octets());
        out[18..24].copy_from_slice(&self.target_mac.0);
        out[24..].copy_from_slice(&self.target.octets());
        out
    }

    /// The packet in an Ethernet frame from its sender to `to`, padded to the 60 bytes a frame has at least.
    pub fn frame(&self, to: Mac) -> [u8; 60] {
        let mut out = [0; 60];
        out[..6].copy_from_slice(&to.0);
        out[6..12].copy_from_slice(&self.sender_mac.0);
        out[12..14].copy_from_slice(&ETHERTYPE_ARP.to_be_bytes());
        out[14..14 + ARP_LEN].copy_from_slice(&self.encode());
        out
    }
}

fn expect(r: &mut Reader<'_>, what: &'static str, allowed: &[u16]) -> Result<u16, WireError> {
    let at = r.at();
    let found = r.u16(what)?;
    if allowed.contains(&found) {
        Ok(found)
    } else {
        Err(WireError::Unexpected {
            what,
            at,
            found: u64::from(found),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ether::{Frame, Protocol};
    use proptest::prelude::*;

    #[test]
    fn an_odd_packet_is_named() {
        let mut bytes =
            Arp::request(Mac([2; 6]), Ipv4Addr::LOCALHOST, Ipv4Addr::BROADCAST).encode();
        assert_eq!(
            Arp::decode(&bytes[..27]).unwrap_err().to_string(),
            "target protocol address cut short at byte 24: 4 bytes needed, 3 there"
        );
        bytes[4] = 8;
        assert_eq!(
            Arp::decode(&bytes).unwrap_err().to_string(),
            "address lengths is 2052 at byte 4"
        );
    }

    #[test]
    fn probes_and_announcements_are_told_apart() {
        let a = "10.0.0.1".parse().unwrap();
        assert!(Arp::request(Mac([2; 6]), Ipv4Addr::UNSPECIFIED, a).is_probe());
        assert!(Arp::request(Mac([2; 6]), a, a).is_announcement());
        assert!(!Arp::request(Mac([2; 6]), a, a).is_probe());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(sm in any::<[u8; 6]>(), s in any::<u32>(), t in any::<u32>(), reply in any::<bool>()) {
            let mut arp = Arp::request(Mac(sm), s.into(), t.into());
            if reply {
                arp = arp.reply(Mac([1, 2, 3, 4, 5, 6]));
            }
            let bytes = arp.frame(Mac([0xff; 6]));
            let frame = Frame::ethernet(&bytes).unwrap();
            prop_assert_eq!(frame.protocol, Protocol::EtherType(ETHERTYPE_ARP));
            prop_assert_eq!(Arp::decode(frame.payload), Ok(arp));
        }

        #[test]
        fn no_bytes_make_it_panic(raw in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Arp::decode(&raw);
        }
    }
}
