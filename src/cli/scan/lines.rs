//! Which wire an address that is asked by SNMP hangs on, and how much a scan may send into that a second: as much as a sweep of it by
//! ARP would.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::model::{Budgets, Site, UplinkSpec};
use crate::sources::arp::{Pace, ScanPlan, rate_cap};

/// So much time's worth may go into a line back to back: what a wake-up may be late on a busy machine.
pub const BURST: Duration = Duration::from_millis(8);

/// What shares a wire, as far as anybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    /// An uplink that the site names, by its number there.
    Uplink(u32),
    /// A segment of the site, by its place there.
    Segment(usize),
    /// A subnet of this machine, by its place in the plan.
    Near(usize),
    /// Elsewhere: what shares a /24, or a /64.
    Net(IpNet),
}

/// Addresses with the numbers of their lines, and how much may go into each.
pub struct Lines {
    by_address: BTreeMap<IpAddr, u32>,
    /// For the poller.
    pub budgets: Budgets,
}

impl Lines {
    /// Of those that are to be asked.
    pub fn of(all: &BTreeSet<IpAddr>, site: Option<&Site>, plan: &ScanPlan, pace: Pace) -> Self {
        let mut on: BTreeMap<Line, Vec<IpAddr>> = BTreeMap::new();
        for address in all {
            on.entry(line(*address, site, plan))
                .or_default()
                .push(*address);
        }
        let mut lines = Self {
            by_address: BTreeMap::new(),
            budgets: Budgets {
                uplinks: Vec::new(),
                ..site.map_or_else(Budgets::default, |s| s.budgets.clone())
            },
        };
        for (number, (line, who)) in (1..).zip(on) {
            let tempo = pace.tempo(who.len(), cap(line, site, plan));
            let named = match (line, site) {
                (Line::Uplink(uplink), Some(site)) => site.budgets.named(uplink).cloned(),
                _ => None,
            };
            let named = named.unwrap_or_default();
            lines.budgets.uplinks.push(UplinkSpec {
                packets: Some(named.packets.unwrap_or(u32::MAX).min(tempo.rate)),
                ..named
            });
            let numbers = who.into_iter().map(|address| (address, number));
            lines.by_address.extend(numbers);
        }
        lines
    }

    /// As [`crate::event::Target::uplink`] has it.
    pub fn number(&self, address: IpAddr) -> u32 {
        self.by_address.get(&address).copied().unwrap_or(0)
    }
}

fn line(address: IpAddr, site: Option<&Site>, plan: &ScanPlan) -> Line {
    let segments = site.map_or(&[][..], |s| &s.segments);
    let narrowest = segments
        .iter()
        .enumerate()
        .flat_map(|(at, segment)| segment.nets.iter().map(move |net| (at, net)))
        .filter(|(_, net)| net.contains(&address))
        .max_by_key(|(_, net)| net.prefix_len());
    if let Some((at, _)) = narrowest {
        let uplink = segments
            .get(at)
            .and_then(|segment| site?.budgets.before(&segment.name));
        return uplink.map_or(Line::Segment(at), Line::Uplink);
    }
    let near = plan.near.iter().position(|segment| match address {
        IpAddr::V4(v4) => segment.source.contains(&v4),
        IpAddr::V6(_) => false,
    });
    if let Some(at) = near {
        return Line::Near(at);
    }
    // lengths that exist
    let net = match address {
        IpAddr::V4(v4) => Ipv4Net::new(v4, 24).map(|net| IpNet::V4(net.trunc())),
        IpAddr::V6(v6) => Ipv6Net::new(v6, 64).map(|net| IpNet::V6(net.trunc())),
    };
    Line::Net(net.unwrap_or_else(|_| IpNet::from(address)))
}

/// No more than this, where the site says so.
fn cap(line: Line, site: Option<&Site>, plan: &ScanPlan) -> Option<u32> {
    let site = site?;
    match line {
        Line::Segment(at) => site.segments.get(at)?.arp_rate,
        Line::Near(at) => rate_cap(site, plan.near.get(at)?),
        Line::Uplink(uplink) => {
            let named = &site.budgets.named(uplink)?.segments;
            let behind = site.segments.iter().filter(|s| named.contains(&s.name));
            behind.filter_map(|s| s.arp_rate).min()
        }
        Line::Net(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SegmentSpec;

    fn segment(name: &str, nets: &[&str], arp_rate: Option<u32>) -> SegmentSpec {
        SegmentSpec {
            name: name.into(),
            nets: nets.iter().map(|n| n.parse().unwrap()).collect(),
            arp_rate,
            ..SegmentSpec::default()
        }
    }

    fn addresses(of: &[&str]) -> BTreeSet<IpAddr> {
        of.iter().map(|a| a.parse().unwrap()).collect()
    }

    fn packets(lines: &Lines, address: &str) -> u32 {
        let number = lines.number(address.parse().unwrap());
        assert_ne!(number, 0, "{address}");
        lines.budgets.through(number).packets
    }

    #[test]
    fn a_segment_is_asked_as_fast_as_it_would_be_swept_and_never_beyond_its_cap() {
        let mut site = Site {
            segments: vec![
                segment("all", &["10.0.0.0/8"], None),
                segment("old pumps", &["10.7.0.0/24"], Some(20)),
                segment("branch", &["10.9.0.0/24"], Some(900)),
            ],
            ..Site::default()
        };
        site.budgets.uplinks.push(UplinkSpec {
            name: "line".into(),
            segments: vec!["branch".into()],
            packets: Some(15),
            kilobits: Some(256),
        });
        let all = addresses(&["10.1.0.1", "10.2.0.1", "10.7.0.1", "10.9.0.1", "192.0.2.1"]);
        for (pace, usual) in [(Pace::Polite, 500), (Pace::Fast, 100_000)] {
            let lines = Lines::of(&all, Some(&site), &ScanPlan::default(), pace);
            let number = |a: &str| lines.number(a.parse().unwrap());
            assert_eq!(number("10.1.0.1"), number("10.2.0.1"));
            assert_eq!(packets(&lines, "10.1.0.1"), usual);
            assert_eq!(packets(&lines, "10.7.0.1"), 20, "in haste or not");
            assert_eq!(packets(&lines, "10.9.0.1"), 15);
            let branch = lines.budgets.through(number("10.9.0.1"));
            assert_eq!(branch.octets, 32_000);
            assert_eq!(packets(&lines, "192.0.2.1"), usual);
        }
    }

    #[test]
    fn without_a_site_what_shares_a_subnet_shares_a_line() {
        let all = addresses(&[
            "10.1.0.1",
            "10.1.0.9",
            "10.1.1.1",
            "2001:db8::1",
            "2001:db8::2",
        ]);
        let lines = Lines::of(&all, None, &ScanPlan::default(), Pace::Polite);
        let number = |a: &str| lines.number(a.parse().unwrap());
        assert_eq!(number("10.1.0.1"), number("10.1.0.9"));
        assert_ne!(number("10.1.0.1"), number("10.1.1.1"));
        assert_eq!(number("2001:db8::1"), number("2001:db8::2"));
        assert_eq!(lines.budgets.uplinks.len(), 3);
        assert_eq!(packets(&lines, "10.1.1.1"), 500);
    }
}
