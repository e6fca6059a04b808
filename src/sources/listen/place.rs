//! Where am I plugged in? What a switch says of itself and of the port, by LLDP or CDP.

use std::fmt;
use std::net::IpAddr;

use crate::event::NeighbourProtocol;
use crate::model::{Text, Time};
use crate::wire::cdp::Cdp;
use crate::wire::lldp::{Lldp, LldpId};

/// Neighbours kept at the most; more than a few on one wire are other stations behind a dumb switch.
pub const PLACE_CAP: usize = 16;

/// The switch port this interface hangs on, as the switch says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhereAmI {
    /// When it was heard.
    pub at: Time,
    /// It is good until then.
    pub until: Time,
    /// The switch: its name, else its chassis id.
    pub switch: Text,
    /// Its port.
    pub port: Text,
    /// What is written at the port; empty where nothing is.
    pub port_descr: Text,
    /// The untagged VLAN there.
    pub vlan: Option<u16>,
    /// Where the switch is managed.
    pub address: Option<IpAddr>,
    /// Its platform or description.
    pub descr: Text,
    /// Who said it.
    pub protocol: NeighbourProtocol,
    /// It says that it is a bridge, switch or router; a telephone or a station is a worse answer.
    pub forwards: bool,
}

/// "you are on sw-3f-02 Gi1/0/17, vlan 310"
impl fmt::Display for WhereAmI {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "you are on {} {}", self.switch, self.port)?;
        match self.vlan {
            Some(vlan) => write!(f, ", vlan {vlan}"),
            None => Ok(()),
        }
    }
}

/// What was heard of neighbours on one wire.
#[derive(Clone, Debug, Default)]
pub struct Places {
    known: Vec<(Text, WhereAmI)>,
}

impl Places {
    /// Notes an LLDP PDU.
    pub fn lldp(&mut self, pdu: &Lldp, at: Time) {
        let port = match &pdu.port {
            // a MAC names no port to a person; the description mostly does
            LldpId::Mac(_) | LldpId::Address(_) if !pdu.port_descr.is_empty() => {
                pdu.port_descr.clone()
            }
            id => id.text(),
        };
        let place = WhereAmI {
            at,
            until: at + std::time::Duration::from_secs(u64::from(pdu.ttl)),
            switch: or(&pdu.name, || pdu.chassis.text()),
            port,
            port_descr: pdu.port_descr.clone(),
            vlan: pdu.pvid,
            address: pdu.management.first().map(|m| m.address),
            descr: pdu.descr.clone(),
            protocol: NeighbourProtocol::Lldp,
            forwards: pdu.forwards(),
        };
        let key = format!("lldp {} {}", pdu.chassis, pdu.port).into();
        self.note(key, place, pdu.ttl == 0);
    }

    /// Notes a CDP announcement.
    pub fn cdp(&mut self, pdu: &Cdp, at: Time) {
        let place = WhereAmI {
            at,
            until: at + std::time::Duration::from_secs(u64::from(pdu.ttl)),
            switch: pdu.called().clone(),
            port: pdu.port.clone(),
            port_descr: Text::empty(),
            vlan: pdu.native_vlan,
            address: pdu.management.first().or(pdu.addresses.first()).copied(),
            descr: pdu.platform.clone(),
            protocol: NeighbourProtocol::Cdp,
            forwards: pdu.forwards(),
        };
        let key = format!("cdp {} {}", pdu.device, pdu.port).into();
        self.note(key, place, pdu.ttl == 0);
    }

    fn note(&mut self, key: Text, place: WhereAmI, gone: bool) {
        self.known.retain(|(k, p)| *k != key && p.until >= place.at);
        if gone {
            return;
        }
        if self.known.len() >= PLACE_CAP {
            // the oldest makes room
            if let Some(oldest) = (0..self.known.len()).min_by_key(|i| self.known[*i].1.at) {
                self.known.remove(oldest);
            }
        }
        self.known.push((key, place));
    }

    /// All that is still good, as heard.
    pub fn all(&self, now: Time) -> impl Iterator<Item = &WhereAmI> {
        self.known
            .iter()
            .map(|(_, p)| p)
            .filter(move |p| p.until >= now)
    }

    /// The best answer: a switch before a station, LLDP before CDP, the newest. What one protocol leaves out the other
    /// gives, where both speak of the same switch.
    pub fn best(&self, now: Time) -> Option<WhereAmI> {
        let mut best = self
            .all(now)
            .max_by_key(|p| (p.forwards, p.protocol == NeighbourProtocol::Lldp, p.at))?
            .clone();
        for other in self.all(now) {
            let same = same_host(&other.switch, &best.switch)
                || (other.address.is_some() && other.address == best.address);
            if same && other.protocol != best.protocol {
                best.vlan = best.vlan.or(other.vlan);
                best.address = best.address.or(other.address);
            }
        }
        Some(best)
    }
}

fn or(text: &Text, other: impl FnOnce() -> Text) -> Text {
    if text.is_empty() {
        other()
    } else {
        text.clone()
    }
}

/// CDP likes to add the domain.
fn same_host(a: &Text, b: &Text) -> bool {
    let host = |t: &Text| {
        t.as_str()
            .split(['.', '('])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    !host(a).is_empty() && host(a) == host(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(switch: &str, protocol: NeighbourProtocol, forwards: bool, at: i64) -> WhereAmI {
        WhereAmI {
            at: Time(at),
            until: Time(at + 120_000),
            switch: switch.into(),
            port: "Gi1/0/17".into(),
            port_descr: Text::empty(),
            vlan: None,
            address: None,
            descr: Text::empty(),
            protocol,
            forwards,
        }
    }

    fn places(list: &[WhereAmI]) -> Places {
        let mut places = Places::default();
        for (i, p) in list.iter().enumerate() {
            places.note(i.to_string().into(), p.clone(), false);
        }
        places
    }

    #[test]
    fn a_switch_is_believed_before_a_telephone_that_spoke_later() {
        let p = places(&[
            place("sw-3f-02", NeighbourProtocol::Cdp, true, 1),
            place("phone", NeighbourProtocol::Lldp, false, 9),
        ]);
        assert_eq!(
            p.best(Time(10)).unwrap().to_string(),
            "you are on sw-3f-02 Gi1/0/17"
        );
    }

    #[test]
    fn cdp_gives_the_vlan_that_lldp_of_the_same_switch_leaves_out() {
        let mut cdp = place("SW-3f-02.example.org", NeighbourProtocol::Cdp, true, 2);
        cdp.vlan = Some(310);
        let p = places(&[place("sw-3f-02", NeighbourProtocol::Lldp, true, 1), cdp]);
        assert_eq!(
            p.best(Time(10)).unwrap().to_string(),
            "you are on sw-3f-02 Gi1/0/17, vlan 310"
        );
    }

    #[test]
    fn what_is_out_of_date_is_not_said_and_a_goodbye_counts_at_once() {
        let mut p = places(&[place("sw", NeighbourProtocol::Lldp, true, 0)]);
        assert!(p.best(Time(120_000)).is_some());
        assert!(p.best(Time(120_001)).is_none());
        p.note(
            "0".into(),
            place("sw", NeighbourProtocol::Lldp, true, 5),
            true,
        );
        assert!(p.best(Time(6)).is_none());
    }

    #[test]
    fn a_storm_of_neighbours_keeps_the_newest_few() {
        let many: Vec<_> = (0..1000)
            .map(|i| place(&format!("s{i}"), NeighbourProtocol::Lldp, true, i))
            .collect();
        let p = places(&many);
        assert_eq!(p.all(Time(1000)).count(), PLACE_CAP);
        assert_eq!(p.best(Time(1000)).unwrap().switch.as_str(), "s999");
    }
}
