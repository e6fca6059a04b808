//! The Cisco Discovery Protocol, versions 1 and 2 (as Cisco's documents and its senders define it).

use std::net::IpAddr;

use super::reader::{Reader, WireError, be16, be32};
use crate::model::Text;

/// Addresses kept of one packet.
pub const CDP_ADDRESS_CAP: usize = 32;

/// One announcement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cdp {
    /// 1 or 2.
    pub version: u8,
    /// Seconds it is good for.
    pub ttl: u8,
    /// Device id: name, often with domain, on some also the serial number.
    pub device: Text,
    /// The port that sent it.
    pub port: Text,
    /// Platform.
    pub platform: Text,
    /// Software: the lines of its version text, 32 at the most.
    pub software: Vec<Text>,
    /// System name.
    pub name: Text,
    /// VTP management domain.
    pub vtp_domain: Text,
    /// Capabilities: bit 0 router, 1 transparent bridge, 3 switch, 4 host, 7 telephone.
    pub capabilities: Option<u32>,
    /// Untagged VLAN of the port.
    pub native_vlan: Option<u16>,
    /// VLAN for telephones.
    pub voice_vlan: Option<u16>,
    /// The port is in full duplex.
    pub full_duplex: Option<bool>,
    /// Addresses of the sender.
    pub addresses: Vec<IpAddr>,
    /// Addresses at which it is managed.
    pub management: Vec<IpAddr>,
    /// Parts that were broken and are left out.
    pub broken: u16,
}

impl Cdp {
    /// Reads what follows the SNAP header `00-00-0c`, `0x2000`. The checksum is not verified: senders disagree on the
    /// last byte of an odd length. A part whose length can't be right ends the reading with an error.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let version = r.u8("version")?;
        if !matches!(version, 1 | 2) {
            return Err(WireError::Unexpected {
                what: "version",
                at: 0,
                found: u64::from(version),
            });
        }
        let mut pdu = Self {
            version,
            ttl: r.u8("time to live")?,
            ..Self::default()
        };
        r.u16("checksum")?;
        while r.left() >= 4 {
            let at = r.at();
            let kind = r.u16("part")?;
            let length = r.u16("part")?;
            let Some(length) = length.checked_sub(4) else {
                return Err(WireError::Unexpected {
                    what: "length of a part",
                    at,
                    found: u64::from(length),
                });
            };
            let value = r.take(usize::from(length), "part")?;
            if pdu.part(kind, value).is_none() {
                pdu.broken = pdu.broken.saturating_add(1);
            }
        }
        Ok(pdu)
    }

    /// Is it a switch, bridge or router, as far as it says?
    pub fn forwards(&self) -> bool {
        self.capabilities.is_some_and(|c| c & 0b1011 != 0)
    }

    /// What it calls itself: the system name, else the device id.
    pub fn called(&self) -> &Text {
        if self.name.is_empty() {
            &self.device
        } else {
            &self.name
        }
    }

    fn part(&mut self, kind: u16, value: &[u8]) -> Option<()> {
        match kind {
            0x01 => self.device = Text::from_bytes(value),
            0x02 => self.addresses = addresses(value)?,
            0x03 => self.port = Text::from_bytes(value),
            0x04 => self.capabilities = Some(be32(value)?),
            0x05 => self.software = Text::lines_from_bytes(value, 32),
            0x06 => self.platform = Text::from_bytes(value),
            0x09 => self.vtp_domain = Text::from_bytes(value),
            0x0a => self.native_vlan = Some(be16(value)?).filter(|v| *v != 0),
            0x0b => self.full_duplex = Some(*value.first()? == 1),
            // appliance id, then the VLAN
            0x0e => self.voice_vlan = Some(be16(value.get(1..3)?)?),
            0x14 => self.name = Text::from_bytes(value),
            0x16 => self.management = addresses(value)?,
            _ => {}
        }
        Some(())
    }
}

/// A count, then each: protocol type and length, protocol, address length, address. Others than IP are left out.
fn addresses(value: &[u8]) -> Option<Vec<IpAddr>> {
    let mut r = Reader::new(value);
    let count = r.u32("count").ok()?;
    let mut out = Vec::new();
    for _ in 0..count {
        let kind = r.u8("protocol type").ok()?;
        let length = r.u8("protocol length").ok()?;
        let protocol = r.take(usize::from(length), "protocol").ok()?;
        let length = r.u16("address length").ok()?;
        let address = r.take(usize::from(length), "address").ok()?;
        let address = match (kind, protocol) {
            // NLPID of IPv4
            (1, [0xcc]) => <[u8; 4]>::try_from(address).ok().map(IpAddr::from),
            // 802.2 with SNAP: IPv6 by its EtherType
            (2, [0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd]) => {
                <[u8; 16]>::try_from(address).ok().map(IpAddr::from)
            }
            _ => None,
        };
        if out.len() < CDP_ADDRESS_CAP {
            out.extend(address);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(kind: u16, value: &[u8]) -> Vec<u8> {
        [
            &kind.to_be_bytes()[..],
            &(value.len() as u16 + 4).to_be_bytes(),
            value,
        ]
        .concat()
    }

    fn with(parts: &[Vec<u8>]) -> Vec<u8> {
        [vec![2, 180, 0, 0], parts.concat()].concat()
    }

    #[test]
    fn a_switch_says_who_and_where_it_is() {
        let pdu = Cdp::decode(&with(&[
            part(1, b"sw-3f-02.ward.example"),
            part(3, b"GigabitEthernet1/0/17"),
            part(4, &[0, 0, 0, 0x28]),
            part(5, b"Cisco IOS\nVersion 15.2"),
            part(0x0a, &[1, 0x36]),
            part(0x0e, &[1, 0, 100]),
            part(0x16, &[0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 10, 0, 0, 2]),
        ]))
        .unwrap();
        assert_eq!(pdu.called().as_str(), "sw-3f-02.ward.example");
        assert_eq!(pdu.port.as_str(), "GigabitEthernet1/0/17");
        assert_eq!((pdu.native_vlan, pdu.voice_vlan), (Some(310), Some(100)));
        assert_eq!(pdu.software.len(), 2);
        assert!(pdu.forwards());
        assert_eq!(pdu.management[0].to_string(), "10.0.0.2");
    }

    #[test]
    fn lengths_that_cannot_be_are_errors_and_a_broken_value_is_counted() {
        assert!(Cdp::decode(&with(&[vec![0, 1, 0, 3]])).is_err());
        assert!(Cdp::decode(&with(&[vec![0, 1, 0, 9, b'x']])).is_err());
        assert!(Cdp::decode(&[3, 1, 0, 0]).is_err());
        let pdu = Cdp::decode(&with(&[
            part(2, &[0xff, 0xff, 0xff, 0xff, 1, 1, 0xcc, 0, 4, 1, 1]),
            part(4, &[1]),
        ]))
        .unwrap();
        assert_eq!(pdu.broken, 2);
    }

    proptest! {
        #[test]
        fn no_parts_make_it_panic(parts in prop::collection::vec((0u16..0x20, prop::collection::vec(any::<u8>(), 0..40)), 0..12), cut in 0usize..500) {
            let parts: Vec<_> = parts.iter().map(|(k, v)| part(*k, v)).collect();
            let mut bytes = with(&parts);
            let _ = Cdp::decode(&bytes);
            bytes.truncate(cut);
            let _ = Cdp::decode(&bytes);
        }
    }
}
