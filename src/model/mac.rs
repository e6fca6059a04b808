//! MAC addresses (IEEE 802, EUI-48).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An EUI-48.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// From the octets of an SNMP `PhysAddress`; `None` unless there are six.
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        octets.try_into().ok().map(Self)
    }

    /// The registered prefix (MA-L) in the low 24 bits.
    pub fn oui(self) -> u32 {
        u32::from_be_bytes([0, self.0[0], self.0[1], self.0[2]])
    }

    /// The group bit: broadcast and multicast.
    pub fn is_group(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// The locally-administered bit: no vendor stands behind the prefix.
    pub fn is_local(self) -> bool {
        self.0[0] & 2 == 2
    }

    /// Can this be the address of one station? Not zeros, not a group, not a VRRP (RFC 5798) or HSRP virtual address.
    pub fn is_station(self) -> bool {
        let m = self.0;
        m != [0; 6]
            && !self.is_group()
            && !(m[..4] == [0, 0, 0x5e, 0] && matches!(m[4], 1 | 2))
            && m[..5] != [0, 0, 0x0c, 0x07, 0xac]
            && !(m[..4] == [0, 0, 0x0c, 0x9f] && m[4] & 0xf0 == 0xf0)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let m = self.0;
        f.pad(&format!(
            "{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}",
            m[0], m[1], m[2], m[3], m[4], m[5]
        ))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What was meant to be a MAC address and is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a MAC address; write it as 00:09:fb:12:34:56")]
pub struct BadMac(pub super::Text);

impl FromStr for Mac {
    type Err = BadMac;

    /// Takes `00:09:fb:12:34:56`, `00-09-FB-12-34-56`, `0009.fb12.3456`, `0009fb123456`, and single digits (`0:9:fb:…`).
    fn from_str(s: &str) -> Result<Self, BadMac> {
        let bad = || BadMac(s.into());
        let parts: Vec<&str> = s.split([':', '-', '.']).collect();
        let mut out = [0u8; 6];
        let hex = match parts.len() {
            6 if parts.iter().all(|p| (1..=2).contains(&p.len())) => {
                parts.iter().fold(String::new(), |hex, p| {
                    hex + if p.len() == 1 { "0" } else { "" } + p
                })
            }
            3 if parts.iter().all(|p| p.len() == 4) => parts.concat(),
            1 => s.to_string(),
            _ => return Err(bad()),
        };
        if hex.len() != 12 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(bad());
        }
        for (i, b) in out.iter_mut().enumerate() {
            *b = u8::from_str_radix(&hex[i * 2..i * 2 + 2], 16).map_err(|_| bad())?;
        }
        Ok(Self(out))
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            to.collect_str(self)
        } else {
            self.0.serialize(to)
        }
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            String::deserialize(from)?
                .parse()
                .map_err(serde::de::Error::custom)
        } else {
            <[u8; 6]>::deserialize(from).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_spelling_is_read_and_one_is_written() {
        for s in [
            "00:09:fb:12:34:56",
            "00-09-FB-12-34-56",
            "0009.fb12.3456",
            "0009FB123456",
            "0:9:fb:12:34:56",
        ] {
            assert_eq!(
                s.parse::<Mac>().unwrap().to_string(),
                "00:09:fb:12:34:56",
                "{s}"
            );
        }
        for s in [
            "",
            "00:09:fb:12:34",
            "00:09:fb:12:34:5g",
            "0009fb12345",
            "00:09:fb:12:34:56:78",
            "é0:09:fb:12:34:5",
        ] {
            assert!(s.parse::<Mac>().is_err(), "{s}");
        }
    }

    #[test]
    fn virtual_and_group_addresses_are_no_stations() {
        for s in [
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            "01:80:c2:00:00:0e",
            "00:00:5e:00:01:0a",
            "00:00:0c:07:ac:01",
            "00:00:0c:9f:f0:01",
        ] {
            assert!(!s.parse::<Mac>().unwrap().is_station(), "{s}");
        }
        assert!("00:09:fb:12:34:56".parse::<Mac>().unwrap().is_station());
    }
}
