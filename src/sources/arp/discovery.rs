//! Which segments of the site this machine can ask by ARP, how often and how fast: what discovery goes by.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};

use super::plan::{SegmentPlan, TARGET_CAP};
use crate::gate::Interface;
use crate::model::{SegmentSpec, Site, Text};

/// A segment that is asked by itself, every so often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// The segment by name.
    pub segment: Text,
    /// From where: an interface that is in it.
    pub interface: Interface,
    /// As whom, with the interface's subnet.
    pub source: Ipv4Net,
    /// How often, seconds.
    pub every_s: u32,
    /// Requests a second.
    pub rate: u32,
    /// What of the segment lies in the interface's subnet.
    within: Vec<Ipv4Net>,
    /// Subnets of other segments that lie inside: theirs to ask.
    without: Vec<Ipv4Net>,
}

impl Discovery {
    /// Whom it asks.
    pub fn plan(&self) -> SegmentPlan {
        let asked = |a: &Ipv4Addr| {
            super::plan::is_host(self.source, *a) && !self.without.iter().any(|n| n.contains(a))
        };
        let mut targets: Vec<_> = self
            .within
            .iter()
            .flat_map(|net| u32::from(net.network())..=u32::from(net.broadcast()))
            .map(Ipv4Addr::from)
            .filter(asked)
            .take(TARGET_CAP)
            .collect();
        targets.sort_unstable();
        targets.dedup();
        SegmentPlan {
            interface: self.interface.clone(),
            source: self.source,
            targets,
        }
    }
}

/// The segments that the site wants asked and that one of these interfaces is in. Subnets beyond a /16 are left out.
pub fn discoveries(site: &Site, interfaces: &[Interface]) -> Vec<Discovery> {
    let mut all = Vec::new();
    for interface in interfaces.iter().filter(|i| i.speaks_arp()) {
        for source in interface.v4.iter().filter(|net| net.prefix_len() < 32) {
            for segment in &site.segments {
                let Some(every_s) = segment.sweeps_every(site.discovery) else {
                    continue;
                };
                let within: Vec<_> = nets(segment)
                    .filter_map(|net| overlap(*source, net))
                    .filter(|net| net.prefix_len() >= 16)
                    .collect();
                if within.is_empty() {
                    continue;
                }
                let rate = segment.arp_rate.unwrap_or(u32::MAX);
                all.push(Discovery {
                    segment: segment.name.clone(),
                    interface: interface.clone(),
                    source: *source,
                    every_s,
                    rate: rate.min(site.discovery.arp_rate).max(1),
                    without: inside(site, &within),
                    within,
                });
            }
        }
    }
    all
}

/// No more requests a second than this, where a segment of the site that the plan touches says so.
pub fn rate_cap(site: &Site, plan: &SegmentPlan) -> Option<u32> {
    let touched = |segment: &&SegmentSpec| {
        nets(segment).any(|net| plan.targets.iter().any(|target| net.contains(target)))
    };
    let capped = site.segments.iter().filter(|s| s.arp_rate.is_some());
    capped.filter(touched).filter_map(|s| s.arp_rate).min()
}

fn nets(segment: &SegmentSpec) -> impl Iterator<Item = Ipv4Net> {
    segment.nets.iter().filter_map(|net| match net {
        IpNet::V4(net) => Some(*net),
        IpNet::V6(_) => None,
    })
}

/// What lies in both: subnets are nested or apart.
fn overlap(a: Ipv4Net, b: Ipv4Net) -> Option<Ipv4Net> {
    let (a, b) = (a.trunc(), b.trunc());
    if a.contains(&b) {
        Some(b)
    } else {
        b.contains(&a).then_some(a)
    }
}

/// Subnets of the site that lie in one of these and are narrower.
fn inside(site: &Site, within: &[Ipv4Net]) -> Vec<Ipv4Net> {
    let narrower = |net: &Ipv4Net| within.iter().any(|w| w.contains(net) && w != net);
    let all = site.segments.iter().flat_map(nets);
    let own = |net: &Ipv4Net| within.contains(net);
    all.filter(|net| narrower(net) && !own(net)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, Mac};

    fn interface(name: &str, v4: &[&str]) -> Interface {
        Interface {
            name: name.into(),
            index: 1,
            mac: Some(Mac([2, 0, 0, 0, 0, 1])),
            v4: v4.iter().map(|s| s.parse().unwrap()).collect(),
            v6: vec![],
            up: true,
            running: true,
            loopback: false,
            default_route: false,
        }
    }

    fn segment(name: &str, nets: &[&str], sweep_s: Option<u32>) -> SegmentSpec {
        SegmentSpec {
            name: name.into(),
            nets: nets.iter().map(|n| n.parse().unwrap()).collect(),
            sweep_s,
            ..SegmentSpec::default()
        }
    }

    fn site(sweep_s: u32, segments: Vec<SegmentSpec>) -> Site {
        Site {
            segments,
            discovery: model::Discovery {
                sweep_s,
                arp_rate: 20,
            },
            ..Site::default()
        }
    }

    #[test]
    fn a_site_that_does_not_ask_for_it_is_left_in_peace() {
        let eth = [interface("eth0", &["10.3.1.2/24"])];
        let quiet = site(0, vec![segment("a", &["10.3.1.0/24"], None)]);
        assert_eq!(discoveries(&quiet, &eth), []);
        assert_eq!(discoveries(&Site::default(), &eth), []);
        let but_one = site(3600, vec![segment("a", &["10.3.1.0/24"], Some(0))]);
        assert_eq!(discoveries(&but_one, &eth), []);
    }

    #[test]
    fn only_what_lies_in_a_subnet_of_this_machine_is_asked() {
        let eth = [interface("eth0", &["10.3.1.2/24"])];
        let s = site(
            3600,
            vec![
                segment("here", &["10.3.1.0/28", "fd00::/64", "10.9.0.0/24"], None),
                segment("elsewhere", &["10.4.0.0/24"], Some(60)),
                segment("wider", &["10.3.0.0/16"], Some(60)),
            ],
        );
        let found = discoveries(&s, &eth);
        let named: Vec<_> = found
            .iter()
            .map(|d| (d.segment.as_str(), d.every_s))
            .collect();
        assert_eq!(named, [("here", 3600), ("wider", 60)]);
        // without the subnet's own address, and this machine's
        let here = found[0].plan().targets;
        assert_eq!(here.len(), 16 - 2);
        assert!(!here.contains(&"10.3.1.2".parse().unwrap()));
        // what belongs to a narrower segment is that one's to ask
        let wider = found[1].plan().targets;
        assert_eq!(wider.len(), 256 - 16 - 1);
        assert!(here.iter().all(|a| !wider.contains(a)));
    }

    #[test]
    fn what_is_too_large_or_cannot_speak_is_left_out() {
        let mut eth = interface("eth0", &["10.0.0.2/8"]);
        let s = site(
            60,
            vec![segment("all", &["10.0.0.0/8", "10.7.0.0/24"], None)],
        );
        let found = discoveries(&s, std::slice::from_ref(&eth));
        assert_eq!(found[0].plan().targets.len(), 256);
        eth.up = false;
        assert_eq!(discoveries(&s, &[eth]), []);
    }

    #[test]
    fn a_segment_s_own_rate_is_the_most_and_discovery_s_the_usual() {
        let eth = [interface("eth0", &["10.3.1.2/24"])];
        let mut s = site(60, vec![segment("a", &["10.3.1.0/24"], None)]);
        let rate = |s: &Site| discoveries(s, &eth)[0].rate;
        assert_eq!(rate(&s), 20);
        s.segments[0].arp_rate = Some(5);
        assert_eq!(rate(&s), 5);
        let plan = discoveries(&s, &eth)[0].plan();
        assert_eq!(rate_cap(&s, &plan), Some(5));
        s.segments[0].arp_rate = Some(9000);
        assert_eq!(rate(&s), 20);
        s.segments[0].nets = vec!["10.9.0.0/24".parse().unwrap()];
        assert_eq!(rate_cap(&s, &plan), None);
    }
}
