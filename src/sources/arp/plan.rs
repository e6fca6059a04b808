//! Which addresses are asked, from where: TARGET of the command line.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::gate::{self, Interface};
use crate::model::Text;

/// Addresses of one scan at the most: a /16.
pub const TARGET_CAP: usize = 1 << 16;

/// A TARGET that can't be scanned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It is none of the three.
    #[error(
        "'{0}' is no target; write an address (10.3.1.7), a range (10.3.1.10-50) or a subnet (10.3.1.0/24)"
    )]
    NoTarget(Text),
    /// A group, or everybody.
    #[error(
        "'{0}' is a group or a broadcast address: whoever listens there would hear it, so nothing is sent"
    )]
    NoHost(Text),
    /// The end comes before the start.
    #[error("the range '{0}' ends before it starts")]
    Backwards(Text),
    /// ARP is IPv4's.
    #[error(
        "'{0}' is IPv6, which has no ARP and is too large to be asked address by address; its stations are heard, or read from the routers"
    )]
    V6(Text),
    /// More than [`TARGET_CAP`].
    #[error(
        "{what} is {count} addresses; at most {TARGET_CAP} (a /16) are scanned at once, say which part"
    )]
    TooMany {
        /// Which target, or all of them.
        what: Text,
        /// How many.
        count: u64,
    },
    /// Not a name of an interface.
    #[error("there is no interface {name}; there are: {have}")]
    NoInterface {
        /// The name asked for.
        name: Text,
        /// What there is.
        have: Text,
    },
    /// It is down, the loopback, or has no address to take a subnet from.
    #[error("{name} {why}; name a TARGET or another --interface")]
    NoSubnet {
        /// Which.
        name: Text,
        /// Why.
        why: &'static str,
    },
    /// Several could be meant.
    #[error("several interfaces have a subnet ({0}); choose one with --interface")]
    WhichInterface(Text),
    /// None is left.
    #[error("no interface with an IPv4 address is up; connect one, or name a capture with --pcap")]
    NoneUp,
}

/// What one interface asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentPlan {
    /// Where.
    pub interface: Interface,
    /// As whom, with the subnet.
    pub source: Ipv4Net,
    /// For whom, ascending; without itself, the subnet's address and its broadcast address.
    pub targets: Vec<Ipv4Addr>,
}

/// What is asked where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanPlan {
    /// By ARP, an interface and subnet each.
    pub near: Vec<SegmentPlan>,
    /// Addresses in no subnet of this machine: only routers and SNMP know of them.
    pub far: Vec<Ipv4Addr>,
}

/// Reads TARGETs; none means the subnet of `interface`, or of the one that is meant when there is no choice.
pub fn scan_plan(
    targets: &[String],
    interface: Option<&str>,
    interfaces: &[Interface],
) -> Result<ScanPlan, PlanError> {
    let chosen = match interface {
        Some(name) => vec![named(name, interfaces)?],
        None => interfaces.iter().filter(|i| i.speaks_arp()).collect(),
    };
    if targets.is_empty() {
        return own_subnets(&chosen, interface.is_some());
    }
    let mut wanted = BTreeSet::new();
    for target in targets {
        let (first, last) = range(target)?;
        let count = u64::from(last) - u64::from(first) + 1;
        if count > TARGET_CAP as u64 {
            let what = target.as_str().into();
            return Err(PlanError::TooMany { what, count });
        }
        wanted.extend(first..=last);
        if wanted.len() > TARGET_CAP {
            return Err(PlanError::TooMany {
                what: "the list of targets".into(),
                count: wanted.len() as u64,
            });
        }
    }
    let mut plan = ScanPlan::default();
    for address in wanted.into_iter().map(Ipv4Addr::from) {
        let source = chosen
            .iter()
            .filter_map(|i| Some((*i, i.source_for(address)?)))
            .max_by_key(|(_, net)| net.prefix_len());
        let Some((interface, source)) = source else {
            plan.far.push(address);
            continue;
        };
        if !is_host(source, address) {
            continue;
        }
        let near = plan
            .near
            .iter_mut()
            .find(|s| s.interface.index == interface.index && s.source == source);
        match near {
            Some(segment) => segment.targets.push(address),
            None => plan.near.push(SegmentPlan {
                interface: interface.clone(),
                source,
                targets: vec![address],
            }),
        }
    }
    Ok(plan)
}

fn named<'a>(name: &str, interfaces: &'a [Interface]) -> Result<&'a Interface, PlanError> {
    let found = interfaces.iter().find(|i| i.name == name);
    let Some(found) = found else {
        let have: Vec<_> = interfaces.iter().map(|i| i.name.as_str()).collect();
        return Err(PlanError::NoInterface {
            name: name.into(),
            have: have.join(", ").into(),
        });
    };
    let why = if found.loopback {
        "is the loopback, where there is nobody else"
    } else if !found.up {
        "is down"
    } else if found.mac.is_none() {
        "has no MAC address and speaks no ARP"
    } else {
        return Ok(found);
    };
    Err(PlanError::NoSubnet {
        name: name.into(),
        why,
    })
}

fn own_subnets(chosen: &[&Interface], by_name: bool) -> Result<ScanPlan, PlanError> {
    let with_address: Vec<_> = chosen
        .iter()
        .filter(|i| i.v4.iter().any(|net| has_hosts(*net)))
        .collect();
    let interface = match with_address.as_slice() {
        [] => {
            return Err(match chosen {
                [only] if by_name => PlanError::NoSubnet {
                    name: only.name.as_str().into(),
                    why: "has no IPv4 subnet",
                },
                _ => PlanError::NoneUp,
            });
        }
        [only] => only,
        several => {
            // the way out is where a person plugged in
            let mut out = several.iter().filter(|i| i.default_route);
            if let (Some(only), None) = (out.next(), out.next()) {
                only
            } else {
                let names: Vec<_> = several.iter().map(|i| i.name.as_str()).collect();
                return Err(PlanError::WhichInterface(names.join(", ").into()));
            }
        }
    };
    let mut plan = ScanPlan::default();
    for source in interface.v4.iter().filter(|net| has_hosts(**net)).copied() {
        let count = 1u64 << (32 - source.prefix_len());
        if count > TARGET_CAP as u64 {
            let what = source.trunc().to_string().into();
            return Err(PlanError::TooMany { what, count });
        }
        plan.near.push(SegmentPlan {
            interface: (**interface).clone(),
            source,
            targets: source.hosts().filter(|a| *a != source.addr()).collect(),
        });
    }
    Ok(plan)
}

fn has_hosts(net: Ipv4Net) -> bool {
    net.prefix_len() < 32
}

/// Another host of that subnet: not ourselves, not the subnet itself nor its broadcast (below /31 there are none, RFC 3021).
pub(super) fn is_host(source: Ipv4Net, address: Ipv4Addr) -> bool {
    address != source.addr()
        && (source.prefix_len() >= 31
            || (address != source.network() && address != source.broadcast()))
}

/// The first and the last address of a TARGET.
fn range(target: &str) -> Result<(u32, u32), PlanError> {
    let target = target.trim();
    let bad = || PlanError::NoTarget(target.into());
    if target.contains(':') {
        return Err(PlanError::V6(target.into()));
    }
    let address = |s: &str| s.trim().parse::<Ipv4Addr>().map_err(|_| bad());
    let (first, last) = if target.contains('/') {
        let net: Ipv4Net = target.parse().map_err(|_| bad())?;
        (net.network(), net.broadcast())
    } else if let Some((from, to)) = target.split_once('-') {
        let from = address(from)?;
        let to = match to.trim().parse::<u8>() {
            Ok(last) => {
                let [a, b, c, _] = from.octets();
                Ipv4Addr::new(a, b, c, last)
            }
            Err(_) => address(to)?,
        };
        (from, to)
    } else {
        let one = address(target)?;
        (one, one)
    };
    if !(gate::is_host(first.into()) && gate::is_host(last.into())) {
        return Err(PlanError::NoHost(target.into()));
    }
    if last < first {
        return Err(PlanError::Backwards(target.into()));
    }
    Ok((first.into(), last.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Mac;

    fn interface(name: &str, v4: &[&str]) -> Interface {
        Interface {
            name: name.into(),
            index: name.bytes().map(u32::from).sum(),
            mac: Some(Mac([2, 0, 0, 0, 0, 1])),
            v4: v4.iter().map(|s| s.parse().unwrap()).collect(),
            v6: vec![],
            up: true,
            running: true,
            loopback: false,
            default_route: false,
        }
    }

    fn plan(targets: &[&str], interfaces: &[Interface]) -> Result<ScanPlan, PlanError> {
        let targets: Vec<_> = targets.iter().map(ToString::to_string).collect();
        scan_plan(&targets, None, interfaces)
    }

    #[test]
    fn no_target_means_the_own_subnet_without_itself() {
        let p = plan(&[], &[interface("eth0", &["10.3.1.3/29"])]).unwrap();
        let asked: Vec<_> = p.near[0].targets.iter().map(|a| a.octets()[3]).collect();
        assert_eq!(asked, [1, 2, 4, 5, 6]);
        let p = plan(&[], &[interface("eth0", &["10.3.0.1/20"])]).unwrap();
        assert_eq!(p.near[0].targets.len(), 4093);
    }

    #[test]
    fn each_spelling_of_a_target_is_read_and_duplicates_are_asked_once() {
        let eth = [interface("eth0", &["10.3.1.1/24"])];
        let count = |t: &[&str]| plan(t, &eth).unwrap().near[0].targets.len();
        assert_eq!(count(&["10.3.1.7"]), 1);
        assert_eq!(count(&["10.3.1.10-50"]), 41);
        assert_eq!(count(&["10.3.1.10-10.3.1.11", " 10.3.1.10 "]), 2);
        assert_eq!(count(&["10.3.1.64/26"]), 64);
        assert_eq!(
            count(&["10.3.1.0/24"]),
            253,
            "without network, broadcast and itself"
        );
    }

    #[test]
    fn the_most_specific_subnet_asks_and_the_rest_is_far() {
        let two = [
            interface("eth0", &["10.0.0.1/8"]),
            interface("eth1", &["10.3.1.1/24"]),
        ];
        let p = plan(&["10.3.1.9", "10.9.9.9", "192.0.2.1"], &two).unwrap();
        let got: Vec<_> = p
            .near
            .iter()
            .map(|s| (s.interface.name.as_str(), s.targets[0].to_string()))
            .collect();
        assert_eq!(
            got,
            [
                ("eth1", "10.3.1.9".to_string()),
                ("eth0", "10.9.9.9".to_string())
            ]
        );
        assert_eq!(p.far, [Ipv4Addr::new(192, 0, 2, 1)]);
    }

    #[test]
    fn errors_say_what_to_write_instead() {
        let eth = [interface("eth0", &["10.3.1.1/24"])];
        let table = [
            (
                "pump",
                "'pump' is no target; write an address (10.3.1.7), a range (10.3.1.10-50) or a subnet (10.3.1.0/24)",
            ),
            (
                "10.3.1.0/33",
                "'10.3.1.0/33' is no target; write an address (10.3.1.7), a range (10.3.1.10-50) or a subnet (10.3.1.0/24)",
            ),
            (
                "10.3.1.300",
                "'10.3.1.300' is no target; write an address (10.3.1.7), a range (10.3.1.10-50) or a subnet (10.3.1.0/24)",
            ),
            ("10.3.1.9-3", "the range '10.3.1.9-3' ends before it starts"),
            (
                "10.0.0.0/15",
                "10.0.0.0/15 is 131072 addresses; at most 65536 (a /16) are scanned at once, say which part",
            ),
        ];
        for (target, text) in table {
            assert_eq!(plan(&[target], &eth).unwrap_err().to_string(), text);
        }
        assert!(matches!(plan(&["fd00::1"], &eth), Err(PlanError::V6(_))));
        assert!(plan(&["0.0.0.0-255.255.255.255"], &eth).is_err());
        assert!(matches!(
            plan(&["10.0.0.0/16", "10.1.0.0/16"], &eth),
            Err(PlanError::TooMany { .. })
        ));
    }

    #[test]
    fn the_interface_is_chosen_by_name_then_by_the_default_route_else_asked_for() {
        let mut two = [
            interface("eth0", &["10.0.0.1/24"]),
            interface("wlan0", &["10.0.1.1/24"]),
        ];
        assert_eq!(
            plan(&[], &two).unwrap_err().to_string(),
            "several interfaces have a subnet (eth0, wlan0); choose one with --interface"
        );
        two[1].default_route = true;
        assert_eq!(plan(&[], &two).unwrap().near[0].interface.name, "wlan0");
        let p = scan_plan(&[], Some("eth0"), &two).unwrap();
        assert_eq!(p.near[0].interface.name, "eth0");
        assert_eq!(
            scan_plan(&[], Some("eth9"), &two).unwrap_err().to_string(),
            "there is no interface eth9; there are: eth0, wlan0"
        );
        two[0].up = false;
        assert_eq!(
            scan_plan(&[], Some("eth0"), &two).unwrap_err().to_string(),
            "eth0 is down; name a TARGET or another --interface"
        );
        assert_eq!(plan(&[], &[]), Err(PlanError::NoneUp));
    }
}
