//! The interfaces of this machine, as far as a raw door or a listener needs them.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use crate::model::{Mac, Text};

/// An interface of the collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// As the system calls it.
    pub name: String,
    /// As the kernel numbers it.
    pub index: u32,
    /// Its MAC; loopback and tunnels have none.
    pub mac: Option<Mac>,
    /// Its IPv4 addresses with their prefixes.
    pub v4: Vec<Ipv4Net>,
    /// Its IPv6 addresses with their prefixes.
    pub v6: Vec<Ipv6Net>,
    /// It is up.
    pub up: bool,
    /// It has a carrier.
    pub running: bool,
    /// It is the loopback.
    pub loopback: bool,
    /// The IPv4 default route leaves here.
    pub default_route: bool,
}

impl Interface {
    /// All of them, in the order of the kernel.
    pub fn list() -> Vec<Self> {
        let default = default_route();
        pnet_datalink::interfaces()
            .into_iter()
            .map(|i| Self {
                index: i.index,
                mac: i.mac.map(|m| Mac(m.octets())).filter(|m| *m != Mac([0; 6])),
                v4: i.ips.iter().filter_map(v4).collect(),
                v6: i.ips.iter().filter_map(v6).collect(),
                up: i.is_up(),
                running: i.is_running(),
                loopback: i.is_loopback(),
                default_route: default.as_deref() == Some(i.name.as_str()),
                name: i.name,
            })
            .collect()
    }

    /// The one of that name.
    pub fn find(name: &str) -> Result<Self, super::RawError> {
        let all = Self::list();
        all.iter()
            .find(|i| i.name == name)
            .cloned()
            .ok_or_else(|| super::RawError::NoInterface {
                name: name.into(),
                have: names(&all),
            })
    }

    /// Can ARP be spoken here?
    pub fn speaks_arp(&self) -> bool {
        self.up && !self.loopback && self.mac.is_some()
    }

    /// Its own IPv4 address in whose subnet `target` lies, with that subnet; the longest prefix wins.
    pub fn source_for(&self, target: Ipv4Addr) -> Option<Ipv4Net> {
        self.v4
            .iter()
            .filter(|net| net.contains(&target))
            .max_by_key(|net| net.prefix_len())
            .copied()
    }
}

/// Names for an error message.
pub(super) fn names(interfaces: &[Interface]) -> Text {
    let names: Vec<_> = interfaces.iter().map(|i| i.name.as_str()).collect();
    names.join(", ").into()
}

fn v4(net: &(impl ToString + ?Sized)) -> Option<Ipv4Net> {
    net.to_string().parse().ok()
}

fn v6(net: &(impl ToString + ?Sized)) -> Option<Ipv6Net> {
    // pnet may write an address with its scope, which is no part of a prefix
    net.to_string()
        .parse::<Ipv6Net>()
        .ok()
        .filter(|n| n.addr() != Ipv6Addr::UNSPECIFIED)
}

fn default_route() -> Option<String> {
    let table = std::fs::read_to_string("/proc/net/route").ok()?;
    default_in(&table)
}

/// The interface of the route to `0.0.0.0/0` with the smallest metric, out of `/proc/net/route`.
fn default_in(table: &str) -> Option<String> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let f: Vec<_> = line.split_whitespace().collect();
            let whole = f.get(1) == Some(&"00000000") && f.get(7) == Some(&"00000000");
            let metric: u32 = f.get(6)?.parse().ok()?;
            whole.then(|| (metric, f.first().map(ToString::to_string)))
        })
        .min()?
        .1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_route_is_the_one_with_the_least_metric() {
        let table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
            wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n\
            eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
            eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";
        assert_eq!(default_in(table).as_deref(), Some("eth0"));
        assert_eq!(default_in("garbage\nx"), None);
    }

    #[test]
    fn the_loopback_is_there_and_speaks_no_arp() {
        let list = Interface::list();
        let Some(lo) = list.iter().find(|i| i.loopback) else {
            println!("skipped: no loopback here");
            return;
        };
        assert!(!lo.speaks_arp());
        assert!(Interface::find(&lo.name).is_ok());
        let error = Interface::find("no-such-if").unwrap_err().to_string();
        assert!(
            error.contains("no-such-if") && error.contains(&lo.name),
            "{error}"
        );
    }
}
