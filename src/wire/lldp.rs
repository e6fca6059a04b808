//! The Link Layer Discovery Protocol: IEEE 802.1AB, the organisations' parts of IEEE 802.1 and 802.3, and LLDP-MED
//! (ANSI/TIA-1057).

use std::fmt;
use std::net::IpAddr;

use super::reader::{Reader, WireError, be16, be32};
use crate::model::{Mac, Text};

/// Lists inside one PDU (addresses, VLANs, policies) are kept up to this length.
pub const LLDP_LIST_CAP: usize = 32;

/// A chassis or port identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LldpId {
    /// A MAC address.
    Mac(Mac),
    /// A network address.
    Address(IpAddr),
    /// An interface's name (`ifName`).
    Name(Text),
    /// Anything else: alias, component, agent circuit, locally assigned.
    Other(Text),
}

impl LldpId {
    /// The MAC, where it is one.
    pub fn mac(&self) -> Option<Mac> {
        match self {
            Self::Mac(mac) => Some(*mac),
            _ => None,
        }
    }

    /// As text.
    pub fn text(&self) -> Text {
        match self {
            Self::Name(t) | Self::Other(t) => t.clone(),
            Self::Mac(mac) => mac.to_string().into(),
            Self::Address(a) => a.to_string().into(),
        }
    }
}

impl fmt::Display for LldpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mac(mac) => mac.fmt(f),
            Self::Address(a) => a.fmt(f),
            Self::Name(t) | Self::Other(t) => t.fmt(f),
        }
    }
}

/// A management address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LldpManagement {
    /// Where the device is managed.
    pub address: IpAddr,
    /// The number of the interface there, where it is an `ifIndex`.
    pub if_index: Option<u32>,
}

/// The VLAN an application is to use (LLDP-MED network policy).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LldpPolicy {
    /// 1 voice, 2 voice signalling, …
    pub application: u8,
    /// The VLAN; 0 where only priority is set.
    pub vlan: u16,
    /// Frames carry a tag.
    pub tagged: bool,
}

/// What a device is (LLDP-MED inventory); empty where it doesn't say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LldpInventory {
    /// Hardware revision.
    pub hardware: Text,
    /// Firmware revision.
    pub firmware: Text,
    /// Software revision.
    pub software: Text,
    /// Serial number.
    pub serial: Text,
    /// Manufacturer.
    pub manufacturer: Text,
    /// Model.
    pub model: Text,
    /// Asset tracking identifier.
    pub asset: Text,
}

/// One PDU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lldp {
    /// Whose it is.
    pub chassis: LldpId,
    /// The port that sent it.
    pub port: LldpId,
    /// Seconds it is good for; 0 says that the port goes away.
    pub ttl: u16,
    /// Port description (`ifDescr` or `ifAlias`).
    pub port_descr: Text,
    /// System name.
    pub name: Text,
    /// System description.
    pub descr: Text,
    /// System capabilities: what it can and what is switched on, bits of IEEE 802.1AB 8.5.8.
    pub capabilities: Option<(u16, u16)>,
    /// Management addresses.
    pub management: Vec<LldpManagement>,
    /// Port VLAN (802.1), `None` where it says there is none.
    pub pvid: Option<u16>,
    /// Names of VLANs on the port (802.1).
    pub vlans: Vec<(u16, Text)>,
    /// Maximum frame size (802.3).
    pub max_frame: Option<u16>,
    /// The operational MAU type (802.3, RFC 4836 numbers).
    pub mau: Option<u16>,
    /// Link aggregation: is the port part of one, and the `ifIndex` of the aggregate.
    pub aggregation: Option<(bool, u32)>,
    /// Network policies.
    pub policies: Vec<LldpPolicy>,
    /// Inventory.
    pub inventory: LldpInventory,
    /// Optional parts that were broken and are left out, as the standard asks.
    pub broken: u16,
}

/// Bit of [`Lldp::capabilities`]: a bridge.
pub const CAP_BRIDGE: u16 = 1 << 2;
/// Bit of [`Lldp::capabilities`]: a router.
pub const CAP_ROUTER: u16 = 1 << 4;
/// Bit of [`Lldp::capabilities`]: a telephone.
pub const CAP_TELEPHONE: u16 = 1 << 5;

impl Lldp {
    /// Reads the payload of a frame of EtherType `0x88cc`.
    ///
    /// The three parts that have to come first must be right (802.1AB 9.2.7.7.1), else it is an error; another part
    /// that is broken is counted in [`Lldp::broken`], and one that runs beyond the end takes the rest with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let chassis = chassis_id(mandatory(&mut r, 1, "chassis id")?)?;
        let port = port_id(mandatory(&mut r, 2, "port id")?)?;
        let ttl = mandatory(&mut r, 3, "time to live")?;
        let ttl = ttl.get(..2).and_then(be16).ok_or(WireError::Rule {
            what: "time to live is shorter than two bytes",
        })?;
        let mut pdu = Self {
            chassis,
            port,
            ttl,
            port_descr: Text::empty(),
            name: Text::empty(),
            descr: Text::empty(),
            capabilities: None,
            management: Vec::new(),
            pvid: None,
            vlans: Vec::new(),
            max_frame: None,
            mau: None,
            aggregation: None,
            policies: Vec::new(),
            inventory: LldpInventory::default(),
            broken: 0,
        };
        while !r.is_empty() {
            let Ok((kind, value)) = tlv(&mut r) else {
                pdu.broken = pdu.broken.saturating_add(1);
                break;
            };
            match kind {
                0 => break,
                1..=3 => {
                    return Err(WireError::Rule {
                        what: "chassis id, port id or time to live comes twice",
                    });
                }
                _ => {}
            }
            if pdu.optional(kind, value).is_none() {
                pdu.broken = pdu.broken.saturating_add(1);
            }
        }
        Ok(pdu)
    }

    /// Is it a bridge or a router, as far as it says?
    pub fn forwards(&self) -> bool {
        self.capabilities
            .is_some_and(|(_, on)| on & (CAP_BRIDGE | CAP_ROUTER) != 0)
    }

    fn optional(&mut self, kind: u8, value: &[u8]) -> Option<()> {
        match kind {
            4 => first(&mut self.port_descr, value),
            5 => first(&mut self.name, value),
            6 => first(&mut self.descr, value),
            7 => {
                let (can, on) = value.get(..4)?.split_at(2);
                self.capabilities = Some((be16(can)?, be16(on)?));
            }
            8 => {
                let address = management(value)?;
                if self.management.len() < LLDP_LIST_CAP {
                    self.management.extend(address);
                }
            }
            127 => {
                let (organisation, rest) = value.split_at_checked(3)?;
                let (&sub, info) = rest.split_first()?;
                match organisation {
                    [0x00, 0x80, 0xc2] => self.ieee_8021(sub, info)?,
                    [0x00, 0x12, 0x0f] => self.ieee_8023(sub, info)?,
                    [0x00, 0x12, 0xbb] => self.med(sub, info)?,
                    _ => {}
                }
            }
            // reserved kinds are skipped as the standard asks
            _ => {}
        }
        Some(())
    }

    fn ieee_8021(&mut self, sub: u8, info: &[u8]) -> Option<()> {
        match sub {
            1 => self.pvid = Some(be16(info.get(..2)?)?).filter(|v| *v != 0),
            3 => {
                let vlan = be16(info.get(..2)?)?;
                let length = usize::from(*info.get(2)?);
                let name = info.get(3..3 + length)?;
                if self.vlans.len() < LLDP_LIST_CAP {
                    self.vlans.push((vlan, Text::from_bytes(name)));
                }
            }
            7 => self.aggregation(info)?,
            _ => {}
        }
        Some(())
    }

    fn ieee_8023(&mut self, sub: u8, info: &[u8]) -> Option<()> {
        match sub {
            1 => self.mau = Some(be16(info.get(3..5)?)?),
            3 => self.aggregation(info)?,
            4 => self.max_frame = Some(be16(info.get(..2)?)?),
            _ => {}
        }
        Some(())
    }

    fn aggregation(&mut self, info: &[u8]) -> Option<()> {
        let (&status, port) = info.get(..5)?.split_first()?;
        self.aggregation = Some((status & 2 != 0, be32(port)?));
        Some(())
    }

    fn med(&mut self, sub: u8, info: &[u8]) -> Option<()> {
        let slot = match sub {
            2 => {
                let [application, rest @ ..] = <[u8; 4]>::try_from(info).ok()?;
                let bits = u32::from_be_bytes([0, rest[0], rest[1], rest[2]]);
                if self.policies.len() < LLDP_LIST_CAP {
                    self.policies.push(LldpPolicy {
                        application,
                        tagged: bits & (1 << 22) != 0,
                        vlan: (bits >> 9 & 0xfff) as u16,
                    });
                }
                return Some(());
            }
            3 => return location_fits(info),
            5 => &mut self.inventory.hardware,
            6 => &mut self.inventory.firmware,
            7 => &mut self.inventory.software,
            8 => &mut self.inventory.serial,
            9 => &mut self.inventory.manufacturer,
            10 => &mut self.inventory.model,
            11 => &mut self.inventory.asset,
            _ => return Some(()),
        };
        first(slot, info);
        Some(())
    }
}

/// Of a part that may come once the first is kept.
fn first(slot: &mut Text, value: &[u8]) {
    if slot.is_empty() {
        *slot = Text::from_bytes(value);
    }
}

/// A part: seven bits of kind, nine of length (802.1AB 8.4).
fn tlv<'a>(r: &mut Reader<'a>) -> Result<(u8, &'a [u8]), WireError> {
    let head = r.u16("part")?;
    let value = r.take(usize::from(head & 0x1ff), "part")?;
    Ok(((head >> 9) as u8, value))
}

fn mandatory<'a>(r: &mut Reader<'a>, kind: u8, what: &'static str) -> Result<&'a [u8], WireError> {
    let at = r.at();
    let (found, value) = tlv(r)?;
    if found == kind {
        Ok(value)
    } else {
        Err(WireError::Unexpected {
            what,
            at,
            found: u64::from(found),
        })
    }
}

fn chassis_id(value: &[u8]) -> Result<LldpId, WireError> {
    id(value, 4, 5, 6, "chassis id")
}

fn port_id(value: &[u8]) -> Result<LldpId, WireError> {
    id(value, 3, 4, 5, "port id")
}

/// The subtypes of chassis and port are the same but for their numbers.
fn id(
    value: &[u8],
    mac: u8,
    address: u8,
    name: u8,
    what: &'static str,
) -> Result<LldpId, WireError> {
    let bad = WireError::Rule {
        what: if what == "port id" {
            "port id is empty, too long or does not fit its kind"
        } else {
            "chassis id is empty, too long or does not fit its kind"
        },
    };
    let Some((&kind, rest)) = value.split_first() else {
        return Err(bad);
    };
    if rest.is_empty() || rest.len() > 255 {
        return Err(bad);
    }
    let id = if kind == mac {
        // some agents say "MAC" and write text; what it is not is kept as it is
        Mac::from_octets(rest).map(LldpId::Mac)
    } else if kind == address {
        network(rest).map(LldpId::Address)
    } else if kind == name {
        Some(LldpId::Name(Text::from_bytes(rest)))
    } else {
        None
    };
    Ok(id.unwrap_or_else(|| LldpId::Other(Text::from_bytes(rest))))
}

/// IANA address family, then the address.
fn network(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.split_first()? {
        (1, rest) => <[u8; 4]>::try_from(rest).ok().map(IpAddr::from),
        (2, rest) => <[u8; 16]>::try_from(rest).ok().map(IpAddr::from),
        _ => None,
    }
}

/// One address, or none where it is of a family that nothing can be sent to; `None` where it is broken.
fn management(value: &[u8]) -> Option<Vec<LldpManagement>> {
    let (&length, rest) = value.split_first()?;
    if !(2..=32).contains(&length) {
        return None;
    }
    let (address, rest) = rest.split_at_checked(usize::from(length))?;
    let (&numbering, rest) = rest.split_first()?;
    let number = be32(rest.get(..4)?)?;
    let oid = usize::from(*rest.get(4)?);
    rest.get(5..5 + oid)?;
    let found = network(address).map(|address| LldpManagement {
        address,
        if_index: (numbering == 2).then_some(number),
    });
    Some(found.into_iter().collect())
}

/// A location's lengths have to be right; it says nothing that is kept.
fn location_fits(info: &[u8]) -> Option<()> {
    let (&format, rest) = info.split_first()?;
    match format {
        1 if rest.len() != 16 => None,
        2 => {
            let (&length, rest) = rest.split_first()?;
            let mut r = Reader::new(rest.get(..usize::from(length))?);
            r.take(3, "country").ok()?;
            while !r.is_empty() {
                r.u8("kind").ok()?;
                let length = r.u8("length").ok()?;
                r.take(usize::from(length), "value").ok()?;
            }
            Some(())
        }
        _ => Some(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut out = (kind << 9 | value.len() as u16).to_be_bytes().to_vec();
        out.extend_from_slice(value);
        out
    }

    fn start() -> Vec<u8> {
        [
            part(1, &[4, 0, 9, 0xfb, 1, 2, 3]),
            part(2, b"\x05Gi1/0/17"),
            part(3, &[0, 120]),
        ]
        .concat()
    }

    fn with(parts: &[Vec<u8>]) -> Vec<u8> {
        [start(), parts.concat(), part(0, &[])].concat()
    }

    #[test]
    fn a_switch_says_who_and_where_it_is() {
        let pdu = Lldp::decode(&with(&[
            part(5, b"sw-3f-02"),
            part(7, &[0, 0x14, 0, 4]),
            part(8, &[5, 1, 10, 0, 0, 2, 2, 0, 0, 0, 7, 0]),
            part(127, &[0, 0x80, 0xc2, 1, 1, 0x36]),
            part(127, b"\x00\x80\xc2\x03\x01\x36\x04care"),
            part(127, b"\x00\x12\x0f\x04\x05\xee"),
            part(127, b"\x00\x12\xbb\x02\x01\x40\xc8\xae"),
            part(127, b"\x00\x12\xbb\x08SN-1"),
        ]))
        .unwrap();
        assert_eq!(pdu.chassis.to_string(), "00:09:fb:01:02:03");
        assert_eq!(pdu.port, LldpId::Name("Gi1/0/17".into()));
        assert_eq!(
            (pdu.ttl, pdu.pvid, pdu.max_frame),
            (120, Some(310), Some(1518))
        );
        assert_eq!(pdu.name.as_str(), "sw-3f-02");
        assert!(pdu.forwards());
        assert_eq!(pdu.management[0].address.to_string(), "10.0.0.2");
        assert_eq!(pdu.management[0].if_index, Some(7));
        assert_eq!(pdu.vlans, vec![(310, "care".into())]);
        assert_eq!(
            pdu.policies,
            vec![LldpPolicy {
                application: 1,
                vlan: 100,
                tagged: true
            }]
        );
        assert_eq!(pdu.inventory.serial.as_str(), "SN-1");
        assert_eq!(pdu.broken, 0);
    }

    #[test]
    fn the_first_three_parts_have_to_be_right() {
        assert!(Lldp::decode(&start()).is_ok());
        for (name, bytes) in [
            ("empty", vec![]),
            ("port first", part(2, b"\x05x")),
            ("chassis without id", [part(1, &[4]), start()].concat()),
            (
                "no time to live",
                [part(1, b"\x07x"), part(2, b"\x07x"), part(0, &[])].concat(),
            ),
            (
                "short time to live",
                [part(1, b"\x07x"), part(2, b"\x07x"), part(3, &[1])].concat(),
            ),
            ("a second chassis", [start(), part(1, b"\x07x")].concat()),
        ] {
            assert!(Lldp::decode(&bytes).is_err(), "{name}");
        }
    }

    #[test]
    fn a_broken_part_is_left_out_and_counted_and_the_rest_stays() {
        let pdu = Lldp::decode(&with(&[
            part(8, &[9, 1, 10, 0, 0, 2]),
            part(127, &[0, 0x80, 0xc2, 1, 1]),
            part(127, &[0, 0x80]),
            part(5, b"later"),
        ]))
        .unwrap();
        assert_eq!((pdu.broken, pdu.name.as_str()), (3, "later"));
        let pdu = Lldp::decode(&[start(), vec![0x0b, 0xff, b'x']].concat()).unwrap();
        assert_eq!((pdu.broken, pdu.name.as_str()), (1, ""));
    }

    proptest! {
        #[test]
        fn no_parts_make_it_panic(parts in prop::collection::vec((0u16..128, prop::collection::vec(any::<u8>(), 0..40)), 0..12)) {
            let parts: Vec<_> = parts.iter().map(|(k, v)| part(*k, v)).collect();
            let _ = Lldp::decode(&with(&parts));
            let _ = Lldp::decode(&parts.concat());
        }

        #[test]
        fn no_organisation_makes_it_panic(org in 0usize..3, sub in 0u8..16, info in prop::collection::vec(any::<u8>(), 0..40)) {
            let org = [[0, 0x80, 0xc2], [0, 0x12, 0x0f], [0, 0x12, 0xbb]][org];
            let _ = Lldp::decode(&with(&[part(127, &[&org[..], &[sub], &info].concat())]));
        }

        #[test]
        fn no_bytes_make_it_panic(raw in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Lldp::decode(&raw);
        }
    }
}
