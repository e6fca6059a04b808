//! Which port, and whether it may be shut at all.
//!
//! Every check errs on the patient's side: what is not known is a reason to leave a port alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use super::{Own, Refusal};
use crate::engine::State;
use crate::model::{
    CareLevel, Device, DeviceClass, DeviceId, IfIndex, IfStatus, Interface, LinkEnd, Reach, Text,
    Work,
};

/// `ethernetCsmacd` (IANAifType-MIB).
pub(crate) const ETHERNET: u32 = 6;

/// Words in `ifAlias` that a person wrote on a port that is no access port.
const TELLING: [&str; 12] = [
    "uplink",
    "downlink",
    "trunk",
    "lag",
    "lacp",
    "mclag",
    "mlag",
    "etherchannel",
    "portchannel",
    "port-channel",
    "isl",
    "stack",
];

/// A port with the switch it is on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot<'a> {
    pub(super) switch: &'a Device,
    pub(super) port: &'a Interface,
    /// The endpoint that was chosen, where the port was found through it.
    pub(super) behalf: Option<DeviceId>,
}

/// The interface that a person called by name or index.
pub(super) fn called<'a>(device: &'a Device, name: &Text) -> Option<&'a Interface> {
    device
        .interfaces
        .values()
        .find(|i| i.name == *name)
        .or_else(|| {
            let index = name.as_str().parse().ok()?;
            device.interfaces.get(&IfIndex(index))
        })
}

/// A device whose ports lead to others: what is worked on is its own port, not the one it hangs on.
fn has_ports(device: &Device) -> bool {
    matches!(device.class, DeviceClass::Switch | DeviceClass::Router)
        && !device.interfaces.is_empty()
}

/// Does a person have to say which port of the device?
pub(super) fn must_choose(device: &Device, interface: Option<IfIndex>) -> bool {
    has_ports(device) && interface.is_none()
}

/// The port that is meant: the chosen one of a switch, else the one the device hangs on.
pub(super) fn find<'a>(
    state: &'a State,
    device: &'a Device,
    interface: Option<IfIndex>,
    name: Option<&Text>,
) -> Result<Spot<'a>, Refusal> {
    let of = |d: &Device| d.name.clone();
    if has_ports(device) {
        let port = match (name, interface) {
            (Some(name), _) => called(device, name).ok_or_else(|| Refusal::NoSuchPort {
                device: of(device),
                port: name.clone(),
            })?,
            (None, Some(index)) => {
                device
                    .interfaces
                    .get(&index)
                    .ok_or_else(|| Refusal::NoSuchPort {
                        device: of(device),
                        port: Text::from(index.to_string()),
                    })?
            }
            (None, None) => return Err(Refusal::NoPort { device: of(device) }),
        };
        return Ok(Spot {
            switch: device,
            port,
            behalf: None,
        });
    }
    let at = device
        .attached
        .ok_or_else(|| Refusal::NotAttached { device: of(device) })?;
    let switch = state.devices.get(&at.switch).ok_or(Refusal::NoSuchDevice)?;
    let port = switch
        .interfaces
        .get(&at.port)
        .ok_or_else(|| Refusal::NoSuchPort {
            device: of(switch),
            port: Text::from(at.port.to_string()),
        })?;
    Ok(Spot {
        switch,
        port,
        behalf: Some(device.id),
    })
}

/// Refuses what must not be shut; else says who loses the link.
pub(super) fn check<'a>(
    state: &'a State,
    own: &Own,
    spot: Spot<'a>,
) -> Result<Vec<&'a Device>, Refusal> {
    let Spot { switch, port, .. } = spot;
    let device = || switch.name.clone();
    let name = || port.name.clone();
    if !matches!(switch.class, DeviceClass::Switch | DeviceClass::Router) {
        return Err(Refusal::NotASwitch {
            device: device(),
            class: Text::from(switch.class.word()),
        });
    }
    not_busy(state, spot)?;
    fresh(state, spot)?;
    if port.kind != ETHERNET {
        return Err(Refusal::NotEthernet {
            device: device(),
            port: name(),
            kind: port.kind,
        });
    }
    // the patient first: whatever else is wrong with the port, this is what a person must read
    let losing = stations(state, switch.id, port.index);
    if let Some(life) = losing.iter().find(|d| d.care == CareLevel::LifeSustaining) {
        return Err(Refusal::Life {
            device: device(),
            port: name(),
            station: life.name.clone(),
            care: life.care,
        });
    }
    if port.admin != IfStatus::Up {
        return Err(Refusal::AdminNotUp {
            device: device(),
            port: name(),
            status: Text::from(port.admin.word()),
        });
    }
    off_own_path(state, own, spot, &losing)?;
    no_uplink(state, spot, &losing)?;
    if let Some(word) = telling(port.alias.as_str()) {
        return Err(Refusal::Described {
            device: device(),
            port: name(),
            alias: port.alias.clone(),
            sounds: Text::from(word),
        });
    }
    let macs = state.macs_on_port(switch.id, port.index);
    if macs > 1 {
        return Err(Refusal::Macs {
            device: device(),
            port: name(),
            count: macs,
        });
    }
    match losing.as_slice() {
        [] if port.is_up() => Err(Refusal::NobodyKnown {
            device: device(),
            port: name(),
        }),
        // where the forwarding table was not read, the device's own word must do
        [one] if macs == 0 && one.macs.len() > 1 => Err(Refusal::SeveralMacs {
            device: device(),
            port: name(),
            station: one.name.clone(),
            count: one.macs.len(),
        }),
        [_, _, ..] => Err(Refusal::Several {
            device: device(),
            port: name(),
            count: losing.len(),
            names: names(&losing),
        }),
        _ => Ok(losing),
    }
}

/// Everything that was last learned on the port, however long ago.
fn stations(state: &State, switch: DeviceId, port: IfIndex) -> Vec<&Device> {
    state
        .devices
        .values()
        .map(|d| &**d)
        .filter(|d| {
            d.attached
                .is_some_and(|a| a.switch == switch && a.port == port)
        })
        .collect()
}

fn names(devices: &[&Device]) -> Text {
    let mut names: Vec<&str> = devices.iter().take(4).map(|d| d.name.as_str()).collect();
    if devices.len() > 4 {
        names.push("…");
    }
    Text::from(names.join(", "))
}

fn not_busy(state: &State, spot: Spot<'_>) -> Result<(), Refusal> {
    let busy = state.runs.values().find(|run| {
        let open = !run.state.is_over() || run.revert.as_ref().is_some_and(|r| r.done.is_none());
        open && run.plan.device == spot.switch.id
            && !run.plan.dry_run
            && matches!(&run.plan.work, Work::IfAdmin { interface, .. } if interface.index == spot.port.index)
    });
    busy.map_or(Ok(()), |run| {
        Err(Refusal::Busy {
            device: spot.switch.name.clone(),
            port: spot.port.name.clone(),
            remediation: run.plan.remediation.clone(),
            by: run.by.clone(),
        })
    })
}

/// The switch answers, and what it said of its ports is not older than three polls.
fn fresh(state: &State, spot: Spot<'_>) -> Result<(), Refusal> {
    let silent = || Refusal::SwitchSilent {
        device: spot.switch.name.clone(),
    };
    if spot.switch.snmp.reach != Reach::Answers || spot.port.oper == IfStatus::Unknown {
        return Err(silent());
    }
    let intervals = &state.site.intervals;
    let most = 3 * u64::from(intervals.interfaces_s.max(intervals.status_s));
    // the port's own counters say when it was read; an agent without counters is as fresh as its last answer
    let seen = spot
        .port
        .baseline
        .map_or(spot.switch.snmp.seen, |b| b.received);
    let age = state.time.since(seen);
    if age > Duration::from_secs(most) {
        return Err(Refusal::Stale {
            device: spot.switch.name.clone(),
            port: spot.port.name.clone(),
            age_s: age.as_secs(),
        });
    }
    Ok(())
}

/// A word in `ifAlias` that an access port does not carry.
fn telling(alias: &str) -> Option<&'static str> {
    let alias = alias.to_lowercase();
    let words: Vec<&str> = alias
        .split(|c: char| !(c.is_alphanumeric() || c == '-'))
        .flat_map(|w| {
            // `uplink-core-1` is an uplink, `port-channel` is one word
            std::iter::once(w).chain(w.split('-'))
        })
        .map(|w| w.trim_end_matches(|c: char| c.is_ascii_digit()))
        .collect();
    TELLING.into_iter().find(|t| words.contains(t))
}

fn no_uplink(state: &State, spot: Spot<'_>, losing: &[&Device]) -> Result<(), Refusal> {
    let Spot { switch, port, .. } = spot;
    let known = |id: DeviceId| {
        state
            .devices
            .get(&id)
            .map_or_else(|| Text::from("an unknown device"), |d| d.name.clone())
    };
    for link in state.links.values() {
        let (here, there) = match (link.id.0, link.id.1) {
            (a, b) if a.device == switch.id => (a, b),
            (a, b) if b.device == switch.id => (b, a),
            _ => continue,
        };
        let neighbour = known(there.device);
        match here.port {
            Some(at) if at == port.index => {
                return Err(Refusal::Uplink {
                    device: switch.name.clone(),
                    port: port.name.clone(),
                    neighbour,
                });
            }
            None => {
                return Err(Refusal::CableUnplaced {
                    device: switch.name.clone(),
                    port: port.name.clone(),
                    neighbour,
                });
            }
            Some(_) => {}
        }
    }
    let through = losing.iter().find(|d| d.class.is_network());
    let neighbour = match through {
        Some(d) => d.name.clone(),
        None if state.is_uplink(switch.id, port.index) => Text::from("another network device"),
        None => return Ok(()),
    };
    Err(Refusal::Uplink {
        device: switch.name.clone(),
        port: port.name.clone(),
        neighbour,
    })
}

/// The port is on no shortest way from the collector to the switch, and the collector itself does not hang on it.
fn off_own_path(
    state: &State,
    own: &Own,
    spot: Spot<'_>,
    losing: &[&Device],
) -> Result<(), Refusal> {
    let Spot { switch, port, .. } = spot;
    let on_path = |why: &str| {
        Err(Refusal::OwnPath {
            device: switch.name.clone(),
            port: port.name.clone(),
            why: Text::from(why),
        })
    };
    let unknown = |why: String| {
        Err(Refusal::OwnPathUnknown {
            device: switch.name.clone(),
            why: Text::from(why),
        })
    };
    let is_own = |d: &Device| {
        d.addresses.iter().any(|a| own.addresses.contains(a))
            || d.macs.iter().any(|m| own.macs.contains(m))
    };
    if let Some(me) = losing.iter().find(|d| is_own(d)) {
        return on_path(&format!("it is {}, where wardwatch runs", me.name));
    }
    let at = &state.site.collector_at;
    if at.is_empty() {
        return unknown("the site file does not say at which device it hangs: collector_at".into());
    }
    let Some(start) = state.collector_at() else {
        return unknown(format!("no device is called {at}, as collector_at says"));
    };
    if start == switch.id {
        return Ok(());
    }
    match entries(state, start, switch.id) {
        Some(ports) if ports.contains(&Some(port.index)) => {
            on_path(&format!("the cable from {at} arrives here"))
        }
        Some(_) => Ok(()),
        None => unknown(format!("no cables from {at} to it are known")),
    }
}

/// The ports of `to` through which a shortest way from `from` arrives; `None` where there is no way.
fn entries(state: &State, from: DeviceId, to: DeviceId) -> Option<BTreeSet<Option<IfIndex>>> {
    let mut cables: BTreeMap<DeviceId, Vec<(LinkEnd, LinkEnd)>> = BTreeMap::new();
    for link in state.links.values() {
        let (a, b) = (link.id.0, link.id.1);
        cables.entry(a.device).or_default().push((a, b));
        cables.entry(b.device).or_default().push((b, a));
    }
    let mut far: BTreeMap<DeviceId, u32> = BTreeMap::from([(from, 0)]);
    let mut next = VecDeque::from([from]);
    while let Some(here) = next.pop_front() {
        let steps = far.get(&here).copied().unwrap_or_default();
        for (_, there) in cables.get(&here).into_iter().flatten() {
            far.entry(there.device).or_insert_with(|| {
                next.push_back(there.device);
                steps + 1
            });
        }
    }
    let steps = *far.get(&to)?;
    Some(
        cables
            .get(&to)
            .into_iter()
            .flatten()
            .filter(|(_, there)| far.get(&there.device).is_some_and(|s| s + 1 == steps))
            .map(|(here, _)| here.port)
            .collect(),
    )
}

/// Where the machine that wardwatch runs on is to be found on the network.
pub(super) fn of_this_host() -> Own {
    let mut own = Own::default();
    // without this list the cables and collector_at still protect the way
    let Ok(list) = nix::ifaddrs::getifaddrs() else {
        return own;
    };
    for one in list {
        let Some(address) = one.address else { continue };
        let ip = address
            .as_sockaddr_in()
            .map(|a| IpAddr::from(a.ip()))
            .or_else(|| address.as_sockaddr_in6().map(|a| IpAddr::from(a.ip())));
        if let Some(ip) = ip {
            own.addresses.insert(ip.to_canonical());
        }
        if let Some(mac) = address
            .as_link_addr()
            .and_then(nix::sys::socket::LinkAddr::addr)
            && mac != [0; 6]
        {
            own.macs.insert(crate::model::Mac(mac));
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wrote_on_a_port_is_read_by_words() {
        for (alias, word) in [
            ("Uplink to core-1", Some("uplink")),
            ("uplink-core-1", Some("uplink")),
            ("LAG2 member", Some("lag")),
            ("to dist (Port-Channel 3)", Some("port-channel")),
            ("TRUNK", Some("trunk")),
            ("flag pole camera", None),
            ("bed 12 island", None),
            ("", None),
        ] {
            assert_eq!(telling(alias), word, "{alias}");
        }
    }

    #[test]
    fn this_host_knows_its_loopback_address() {
        assert!(
            of_this_host()
                .addresses
                .contains(&"127.0.0.1".parse().unwrap())
        );
    }
}
