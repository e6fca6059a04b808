//! Neighbour discovery for IPv6 (RFC 4861): who says which address is at which MAC.

use std::net::{IpAddr, Ipv6Addr};

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};

use super::ether::{ETHERTYPE_IPV6, Frame, Protocol};
use super::reader::{Reader, WireError};
use crate::model::Mac;

/// An address with the MAC its owner gives for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The address: the target of an advertisement, the source of a solicitation.
    pub address: Ipv6Addr,
    /// Its link-layer address option.
    pub mac: Mac,
    /// It answers a question, or announces itself; else it asks for another.
    pub advertised: bool,
}

impl Neighbour {
    /// Reads a frame; `None` where it is no neighbour solicitation or advertisement with a link-layer address. The hop
    /// limit has to be 255: it comes from this link (RFC 4861 7.1).
    pub fn decode(frame: &Frame<'_>) -> Result<Option<Self>, WireError> {
        if frame.protocol != Protocol::EtherType(ETHERTYPE_IPV6) {
            return Ok(None);
        }
        let Ok(sliced) = LaxSlicedPacket::from_ip(frame.payload) else {
            return Ok(None);
        };
        let (Some(LaxNetSlice::Ipv6(ip)), Some(TransportSlice::Icmpv6(icmp))) =
            (&sliced.net, &sliced.transport)
        else {
            return Ok(None);
        };
        let source = ip.header().source_addr();
        if ip.header().hop_limit() != 255 || icmp.code_u8() != 0 {
            return Ok(None);
        }
        message(icmp.type_u8(), source, icmp.slice())
    }

    /// As the address of a fact.
    pub fn ip(&self) -> IpAddr {
        self.address.into()
    }
}

fn message(kind: u8, source: Ipv6Addr, icmp: &[u8]) -> Result<Option<Neighbour>, WireError> {
    // RFC 4861 4.3, 4.4: the option that carries the speaker's own MAC
    let (advertised, wanted) = match kind {
        135 => (false, 1),
        136 => (true, 2),
        _ => return Ok(None),
    };
    let mut r = Reader::new(icmp);
    r.take(8, "neighbour message")?;
    let target = r.ipv6("target")?;
    let address = if advertised { target } else { source };
    if address.is_unspecified() || address.is_multicast() {
        return Ok(None);
    }
    while !r.is_empty() {
        let at = r.at();
        let option = r.u8("option")?;
        let length = r.u8("option")?;
        let Some(length) = (usize::from(length) * 8).checked_sub(2) else {
            return Err(WireError::Unexpected {
                what: "length of an option",
                at,
                found: 0,
            });
        };
        let value = r.take(length, "option")?;
        if option == wanted {
            return Ok(Mac::from_octets(value).map(|mac| Neighbour {
                address,
                mac,
                advertised,
            }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(kind: u8, hops: u8, options: &[u8]) -> Vec<u8> {
        let mut out = vec![0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x86, 0xdd];
        let mut icmp = vec![kind, 0, 0, 0, 0x20, 0, 0, 0];
        icmp.extend("fd00::2".parse::<Ipv6Addr>().unwrap().octets());
        icmp.extend(options);
        out.extend([0x60, 0, 0, 0]);
        out.extend((icmp.len() as u16).to_be_bytes());
        out.extend([58, hops]);
        out.extend("fd00::1".parse::<Ipv6Addr>().unwrap().octets());
        out.extend("ff02::1".parse::<Ipv6Addr>().unwrap().octets());
        out.extend(icmp);
        out
    }

    fn decode(bytes: &[u8]) -> Result<Option<Neighbour>, WireError> {
        Neighbour::decode(&Frame::ethernet(bytes).unwrap())
    }

    #[test]
    fn an_advertisement_names_its_target_and_a_solicitation_its_source() {
        let n = decode(&frame(136, 255, &[2, 1, 2, 0, 0, 0, 0, 9]))
            .unwrap()
            .unwrap();
        assert_eq!(
            (n.address.to_string().as_str(), n.mac, n.advertised),
            ("fd00::2", Mac([2, 0, 0, 0, 0, 9]), true)
        );
        let n = decode(&frame(135, 255, &[1, 1, 2, 0, 0, 0, 0, 9]))
            .unwrap()
            .unwrap();
        assert_eq!(
            (n.address.to_string().as_str(), n.advertised),
            ("fd00::1", false)
        );
    }

    #[test]
    fn what_did_not_come_from_this_link_or_is_broken_names_nobody() {
        assert_eq!(decode(&frame(136, 64, &[2, 1, 2, 0, 0, 0, 0, 9])), Ok(None));
        assert_eq!(decode(&frame(134, 255, &[])), Ok(None));
        assert!(decode(&frame(136, 255, &[2, 0, 1])).is_err());
        assert!(decode(&frame(136, 255, &[2, 2, 1, 1, 1, 1, 1, 1])).is_err());
    }

    proptest! {
        #[test]
        fn no_options_make_it_panic(kind in 133u8..138, options in prop::collection::vec(any::<u8>(), 0..60), cut in 14usize..120) {
            let mut bytes = frame(kind, 255, &options);
            let _ = decode(&bytes);
            bytes.truncate(cut);
            let _ = decode(&bytes);
        }
    }
}
