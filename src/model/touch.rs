//! What may be sent to a device: the touch ladder (invariant 3).

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The rungs of the ladder. Ordered: the strictest is the least, so the strictest of several is their `min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TouchPolicy {
    /// No packet names it, not even an ARP request; no one person may override.
    Never,
    /// Nothing is sent; one person may override with reason and expiry.
    Passive,
    /// An ARP request may ask for it.
    Arp,
    /// And an ICMP echo.
    Ping,
    /// And a few SNMP GETs.
    Get,
    /// And walks and banners.
    Full,
}

impl TouchPolicy {
    /// All, the strictest first.
    pub const ALL: [Self; 6] = [
        Self::Never,
        Self::Passive,
        Self::Arp,
        Self::Ping,
        Self::Get,
        Self::Full,
    ];

    /// The word in lower case, as in configuration, JSON and filters.
    pub fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Passive => "passive",
            Self::Arp => "arp",
            Self::Ping => "ping",
            Self::Get => "get",
            Self::Full => "full",
        }
    }

    /// May a packet of this kind go out under this policy, a remediation's permit aside?
    pub fn allows(self, kind: PacketKind) -> bool {
        match kind {
            PacketKind::Arp => self >= Self::Arp,
            PacketKind::Ping => self >= Self::Ping,
            PacketKind::Get => self >= Self::Get,
            PacketKind::Walk => self >= Self::Full,
            PacketKind::Set => false,
            PacketKind::Reply => self > Self::Never,
        }
    }
}

impl fmt::Display for TouchPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What kinds of packet the ledger tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PacketKind {
    /// An ARP request that asks for the address.
    Arp,
    /// An ICMP echo request.
    Ping,
    /// An SNMP GET, or the discovery of a v3 engine.
    Get,
    /// An SNMP GETNEXT or GETBULK.
    Walk,
    /// An SNMP SET; only with a remediation's permit.
    Set,
    /// An answer to something the device sent by itself.
    Reply,
}

impl PacketKind {
    /// The word in lower case, as in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Arp => "arp",
            Self::Ping => "ping",
            Self::Get => "get",
            Self::Walk => "walk",
            Self::Set => "set",
            Self::Reply => "reply",
        }
    }
}

/// The policy in force for every address, as the engine computed it from site, classes, devices and what is bound where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TouchTable {
    /// Grows with each change; an older table never replaces a newer one.
    pub revision: u64,
    /// Addresses of known devices: the strictest policy of every device bound to it within its lease or 24 h.
    pub addresses: BTreeMap<IpAddr, TouchPolicy>,
    /// What holds for an unknown address there; the longest prefix decides. `passive` for a clinical segment.
    pub unknown: Vec<(IpNet, TouchPolicy)>,
    /// What holds for an address in no segment.
    pub elsewhere: TouchPolicy,
}

impl TouchTable {
    /// The policy for one address.
    pub fn policy(&self, address: IpAddr) -> TouchPolicy {
        self.known(address).unwrap_or(self.elsewhere)
    }

    /// The policy of a known device's address, or of one in a segment; none for an address the site says nothing of.
    pub fn known(&self, address: IpAddr) -> Option<TouchPolicy> {
        let address = address.to_canonical();
        if let Some(policy) = self.addresses.get(&address) {
            return Some(*policy);
        }
        self.unknown
            .iter()
            .filter(|(net, _)| net.contains(&address))
            .max_by(|(a, pa), (b, pb)| a.prefix_len().cmp(&b.prefix_len()).then(pb.cmp(pa)))
            .map(|(_, policy)| *policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rung_allows_what_the_one_below_does_and_set_needs_a_permit() {
        use PacketKind::{Arp, Get, Ping, Reply, Set, Walk};
        let table = [
            (TouchPolicy::Never, vec![]),
            (TouchPolicy::Passive, vec![Reply]),
            (TouchPolicy::Arp, vec![Reply, Arp]),
            (TouchPolicy::Ping, vec![Reply, Arp, Ping]),
            (TouchPolicy::Get, vec![Reply, Arp, Ping, Get]),
            (TouchPolicy::Full, vec![Reply, Arp, Ping, Get, Walk]),
        ];
        for (policy, allowed) in table {
            for kind in [Arp, Ping, Get, Walk, Set, Reply] {
                assert_eq!(
                    policy.allows(kind),
                    allowed.contains(&kind),
                    "{policy} {}",
                    kind.word()
                );
            }
        }
    }

    #[test]
    fn a_known_address_wins_then_the_longest_prefix_then_the_stricter_then_elsewhere() {
        let ip = |s: &str| s.parse::<IpAddr>().unwrap();
        let net = |s: &str| s.parse::<IpNet>().unwrap();
        let table = TouchTable {
            revision: 1,
            addresses: [(ip("10.3.0.7"), TouchPolicy::Never)].into(),
            unknown: vec![
                (net("10.0.0.0/8"), TouchPolicy::Get),
                (net("10.3.0.0/16"), TouchPolicy::Arp),
                (net("10.3.0.0/16"), TouchPolicy::Passive),
            ],
            elsewhere: TouchPolicy::Passive,
        };
        assert_eq!(table.policy(ip("10.3.0.7")), TouchPolicy::Never);
        assert_eq!(table.policy(ip("::ffff:10.3.0.7")), TouchPolicy::Never);
        assert_eq!(table.policy(ip("10.3.0.8")), TouchPolicy::Passive);
        assert_eq!(table.policy(ip("10.4.0.8")), TouchPolicy::Get);
        assert_eq!(table.policy(ip("192.0.2.1")), TouchPolicy::Passive);
    }
}
