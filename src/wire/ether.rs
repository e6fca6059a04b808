//! Frames: Ethernet II, IEEE 802.3 with LLC and SNAP (RFC 1042), 802.1Q and 802.1ad tags, and the header that Linux puts
//! before a cooked capture (LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2).

use std::net::IpAddr;

use etherparse::{
    Ethernet2HeaderSlice, LaxNetSlice, LaxSlicedPacket, SingleVlanHeaderSlice, TransportSlice,
};

use super::reader::{Reader, WireError};
use crate::model::Mac;

/// ARP (RFC 826).
pub const ETHERTYPE_ARP: u16 = 0x0806;
/// IPv4.
pub const ETHERTYPE_IPV4: u16 = 0x0800;
/// IPv6.
pub const ETHERTYPE_IPV6: u16 = 0x86dd;
/// LLDP (IEEE 802.1AB).
pub const ETHERTYPE_LLDP: u16 = 0x88cc;
/// A customer tag (802.1Q).
pub const ETHERTYPE_VLAN: u16 = 0x8100;
/// A service tag (802.1ad).
pub const ETHERTYPE_QINQ: u16 = 0x88a8;
/// The tag type some switches used before 802.1ad.
pub const ETHERTYPE_QINQ_OLD: u16 = 0x9100;
/// Values up to this one are a length (802.3), not a type.
const LENGTH_MAX: u16 = 1500;

/// What the payload of a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// An EtherType, by Ethernet II or by SNAP with the organisation 00-00-00.
    EtherType(u16),
    /// SNAP with an organisation of its own; Cisco's CDP is `00-00-0c`, `0x2000`.
    Snap([u8; 3], u16),
    /// LLC without SNAP: destination and source service access points.
    Llc(u8, u8),
}

/// A frame without its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// To whom; a cooked capture doesn't say.
    pub to: Option<Mac>,
    /// From whom; `None` in a cooked capture of something that has no MAC.
    pub from: Option<Mac>,
    /// The outermost tag's VLAN, where it names one (not the priority tag 0).
    pub vlan: Option<u16>,
    /// What the payload is.
    pub protocol: Protocol,
    /// What is in it; a length field shorter than the frame has cut off the padding.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// An Ethernet frame, from its destination address on, without frame check sequence.
    pub fn ethernet(bytes: &'a [u8]) -> Result<Self, WireError> {
        let header = Ethernet2HeaderSlice::from_slice(bytes).map_err(|_| WireError::Short {
            what: "Ethernet header",
            at: 0,
            need: 14,
            have: bytes.len(),
        })?;
        let mut vlan = None;
        let (protocol, payload) = after_type(
            header.ether_type().0,
            bytes.get(14..).unwrap_or_default(),
            &mut vlan,
        )?;
        Ok(Self {
            to: Some(Mac(header.destination())),
            from: Some(Mac(header.source())),
            vlan,
            protocol,
            payload,
        })
    }

    /// A cooked Linux capture, version 1 (LINKTYPE 113).
    pub fn linux_cooked(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        r.take(4, "cooked header")?;
        let length = r.u16("length of the address")?;
        let address = r.array::<8>("address")?;
        let protocol = r.u16("protocol")?;
        Self::cooked(length, address, protocol, r.rest())
    }

    /// A cooked Linux capture, version 2 (LINKTYPE 276).
    pub fn linux_cooked2(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let protocol = r.u16("protocol")?;
        r.take(9, "cooked header")?;
        let length = r.u8("length of the address")?;
        let address = r.array::<8>("address")?;
        Self::cooked(u16::from(length), address, protocol, r.rest())
    }

    fn cooked(
        length: u16,
        address: [u8; 8],
        protocol: u16,
        rest: &'a [u8],
    ) -> Result<Self, WireError> {
        let mut vlan = None;
        // 4: 802.2 follows, as if a length had been there
        let (protocol, payload) = match protocol {
            4 => llc(rest)?,
            other => after_type(other, rest, &mut vlan)?,
        };
        Ok(Self {
            to: None,
            from: address
                .get(..6)
                .filter(|_| length == 6)
                .and_then(Mac::from_octets),
            vlan,
            protocol,
            payload,
        })
    }

    /// The UDP datagram in it, where it is IPv4 or IPv6 and not a later fragment. A payload cut off by the capture is
    /// given as far as it goes.
    pub fn udp(&self) -> Option<Udp<'a>> {
        if !matches!(
            self.protocol,
            Protocol::EtherType(ETHERTYPE_IPV4 | ETHERTYPE_IPV6)
        ) {
            return None;
        }
        let sliced = LaxSlicedPacket::from_ip(self.payload).ok()?;
        let (from, to): (IpAddr, IpAddr) = match &sliced.net {
            Some(LaxNetSlice::Ipv4(v4)) => (
                v4.header().source_addr().into(),
                v4.header().destination_addr().into(),
            ),
            Some(LaxNetSlice::Ipv6(v6)) => (
                v6.header().source_addr().into(),
                v6.header().destination_addr().into(),
            ),
            _ => return None,
        };
        match sliced.transport {
            Some(TransportSlice::Udp(udp)) => Some(Udp {
                from,
                to,
                from_port: udp.source_port(),
                to_port: udp.destination_port(),
                payload: udp.payload(),
            }),
            _ => None,
        }
    }
}

/// A UDP datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udp<'a> {
    /// From where.
    pub from: IpAddr,
    /// To where.
    pub to: IpAddr,
    /// Source port.
    pub from_port: u16,
    /// Destination port.
    pub to_port: u16,
    /// What is in it.
    pub payload: &'a [u8],
}

fn after_type<'a>(
    kind: u16,
    rest: &'a [u8],
    vlan: &mut Option<u16>,
) -> Result<(Protocol, &'a [u8]), WireError> {
    let (mut kind, mut rest) = (kind, rest);
    // three tags are more than any standard stacks; a longer chain is left as it is
    for _ in 0..3 {
        if !matches!(kind, ETHERTYPE_VLAN | ETHERTYPE_QINQ | ETHERTYPE_QINQ_OLD) {
            break;
        }
        let tag = SingleVlanHeaderSlice::from_slice(rest).map_err(|_| WireError::Short {
            what: "802.1Q tag",
            at: 14,
            need: 4,
            have: rest.len(),
        })?;
        let id = tag.vlan_identifier().value();
        *vlan = vlan.or((id != 0).then_some(id));
        kind = tag.ether_type().0;
        rest = rest.get(4..).unwrap_or_default();
    }
    if kind <= LENGTH_MAX {
        llc(rest.get(..usize::from(kind)).unwrap_or(rest))
    } else {
        Ok((Protocol::EtherType(kind), rest))
    }
}

fn llc(bytes: &[u8]) -> Result<(Protocol, &[u8]), WireError> {
    let mut r = Reader::new(bytes);
    let (to, from) = (r.u8("LLC")?, r.u8("LLC")?);
    let control = r.u8("LLC control")?;
    if (to, from, control) != (0xaa, 0xaa, 3) {
        return Ok((Protocol::Llc(to, from), r.rest()));
    }
    let organisation = r.array::<3>("SNAP organisation")?;
    let kind = r.u16("SNAP protocol")?;
    let protocol = if organisation == [0; 3] {
        Protocol::EtherType(kind)
    } else {
        Protocol::Snap(organisation, kind)
    };
    Ok((protocol, r.rest()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: [u8; 12] = [1, 2, 3, 4, 5, 6, 0, 9, 0xfb, 7, 8, 9];

    fn frame(rest: &[u8]) -> Vec<u8> {
        [&HEAD[..], rest].concat()
    }

    #[test]
    fn a_tag_names_the_vlan_and_the_type_behind_it_counts() {
        let bytes = frame(&[0x81, 0, 0x21, 0x36, 8, 6, 42]);
        let f = Frame::ethernet(&bytes).unwrap();
        assert_eq!(f.vlan, Some(310));
        assert_eq!(f.protocol, Protocol::EtherType(ETHERTYPE_ARP));
        assert_eq!(f.payload, [42]);
        assert_eq!(f.from, Some(Mac([0, 9, 0xfb, 7, 8, 9])));
    }

    #[test]
    fn a_priority_tag_names_no_vlan_and_of_two_tags_the_outer_counts() {
        let bytes = frame(&[0x81, 0, 0xe0, 0, 8, 0]);
        assert_eq!(Frame::ethernet(&bytes).unwrap().vlan, None);
        let bytes = frame(&[0x88, 0xa8, 0, 100, 0x81, 0, 0, 7, 8, 0]);
        assert_eq!(Frame::ethernet(&bytes).unwrap().vlan, Some(100));
    }

    #[test]
    fn a_length_cuts_the_padding_and_snap_is_seen_through() {
        let bytes = frame(&[0, 10, 0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 1, 2, 0, 0, 0]);
        let f = Frame::ethernet(&bytes).unwrap();
        assert_eq!(f.protocol, Protocol::Snap([0, 0, 0x0c], 0x2000));
        assert_eq!(f.payload, [1, 2]);
        let bytes = frame(&[0, 9, 0xaa, 0xaa, 3, 0, 0, 0, 8, 6, 5]);
        assert_eq!(
            Frame::ethernet(&bytes).unwrap().protocol,
            Protocol::EtherType(ETHERTYPE_ARP)
        );
    }

    #[test]
    fn a_cut_header_is_an_error_that_says_so() {
        assert_eq!(
            Frame::ethernet(&HEAD).unwrap_err().to_string(),
            "Ethernet header cut short at byte 0: 14 bytes needed, 12 there"
        );
        assert!(Frame::ethernet(&frame(&[0x81, 0, 0])).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(raw in prop::collection::vec(any::<u8>(), 0..200)) {
            for f in [Frame::ethernet(&raw), Frame::linux_cooked(&raw), Frame::linux_cooked2(&raw)].into_iter().flatten() {
                let _ = f.udp();
            }
        }

        #[test]
        fn no_ip_bytes_make_it_panic(raw in prop::collection::vec(any::<u8>(), 0..200), v6 in any::<bool>(), udp in any::<bool>()) {
            let mut raw = raw;
            if let Some(b) = raw.first_mut() {
                *b = if v6 { 0x60 } else { 0x45 };
            }
            if let (true, Some(b)) = (udp, raw.get_mut(if v6 { 6 } else { 9 })) {
                *b = 17;
            }
            let bytes = frame(&[if v6 { &[0x86, 0xdd][..] } else { &[8, 0] }, &raw].concat());
            let _ = Frame::ethernet(&bytes).unwrap().udp();
        }
    }
}
