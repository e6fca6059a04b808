//! What is believed of a device, with where it comes from, since when, and how sure that is (invariant 8).

use serde::{Deserialize, Serialize};

use super::{Text, Time};

/// Which property a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum FactKey {
    /// Name.
    Name,
    /// Class, as its word.
    Class,
    /// Manufacturer.
    Vendor,
    /// Model.
    Model,
    /// Operating system, as a slug.
    Os,
    /// Firmware or software version.
    Firmware,
    /// Serial number of the chassis.
    Serial,
    /// `sysDescr` (RFC 3418).
    SysDescr,
    /// `sysObjectID` (RFC 3418), dotted.
    SysObjectId,
    /// `sysLocation` (RFC 3418).
    Location,
    /// `sysContact` (RFC 3418).
    Contact,
    /// `snmpEngineID` (RFC 3411), hexadecimal.
    EngineId,
    /// Name in the DNS.
    DnsName,
    /// Ward or department.
    Ward,
    /// Room.
    Room,
    /// Owner.
    Owner,
    /// Biomedical tag of the house.
    Tag,
    /// What DHCP heard: host name, vendor class.
    DhcpVendorClass,
    /// Host name the device gave to DHCP.
    DhcpName,
    /// UPS: seconds on battery (`upsSecondsOnBattery`, RFC 1628).
    UpsSecondsOnBattery,
    /// UPS: minutes left (`upsEstimatedMinutesRemaining`, RFC 1628).
    UpsMinutesLeft,
    /// UPS: charge in percent (`upsEstimatedChargeRemaining`, RFC 1628).
    UpsCharge,
    /// The hottest thermometer, with its name (ENTITY-SENSOR-MIB, RFC 3433).
    Temperature,
    /// How many sensors work, and which do not (RFC 3433).
    SensorHealth,
    /// Memory in use (`hrStorageRam`, RFC 2790).
    Memory,
    /// The fullest fixed disk (`hrStorageFixedDisk`, RFC 2790).
    Storage,
    /// Mean load of the processors (`hrProcessorLoad`, RFC 2790).
    Load,
}

/// Where a fact comes from. Ordered, the one to believe first is the greatest; what is kept goes by the place here, so that a new
/// one stands last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum FactSource {
    /// The prefix of a MAC address.
    Oui,
    /// Reverse DNS.
    Dns,
    /// An ARP answer, or a router's table.
    Arp,
    /// A switch's forwarding table.
    Fdb,
    /// DHCP heard on the wire.
    Dhcp,
    /// LLDP or CDP.
    Lldp,
    /// The device itself by SNMP.
    Snmp,
    /// The site's own register.
    Site,
    /// A person in the program.
    Operator,
    /// What the rules of identification make of what the device says of itself.
    Rule,
}

impl PartialOrd for FactSource {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FactSource {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl FactSource {
    /// How much it is believed.
    fn rank(self) -> u8 {
        match self {
            Self::Oui => 0,
            Self::Dns => 1,
            Self::Arp => 2,
            Self::Fdb => 3,
            Self::Dhcp => 4,
            Self::Lldp => 5,
            Self::Rule => 6,
            Self::Snmp => 7,
            Self::Site => 8,
            Self::Operator => 9,
        }
    }

    /// The word in lower case, as shown beside a fact.
    pub fn word(self) -> &'static str {
        match self {
            Self::Oui => "oui",
            Self::Dns => "dns",
            Self::Arp => "arp",
            Self::Fdb => "fdb",
            Self::Dhcp => "dhcp",
            Self::Lldp => "lldp",
            Self::Snmp => "snmp",
            Self::Site => "site",
            Self::Operator => "operator",
            Self::Rule => "rule",
        }
    }
}

/// One belief. At most 32 bytes beside its shared text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fact {
    /// The value as text.
    pub value: Text,
    /// First seen with this value, seconds since 1970.
    pub first: u32,
    /// Last seen with this value, seconds since 1970.
    pub last: u32,
    /// What it is about.
    pub key: FactKey,
    /// Where it comes from.
    pub source: FactSource,
    /// 0 to 100.
    pub confidence: u8,
}

impl Fact {
    /// When it was last confirmed.
    pub fn seen(&self) -> Time {
        Time::from_secs32(self.last)
    }
}

/// A change of something that was known, for the history of a device.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    /// When it was seen.
    pub time: Time,
    /// What changed: a fact's key, `port`, `address`, `state`, an interface's name and state …
    pub what: Text,
    /// Before; empty where it is new.
    pub before: Text,
    /// After; empty where it went away.
    pub after: Text,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_takes_at_most_32_bytes() {
        assert!(size_of::<Fact>() <= 32, "{}", size_of::<Fact>());
    }
}
