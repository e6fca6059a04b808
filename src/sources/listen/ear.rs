//! Frames in, observations out; what is said again and again is said once in a while.

use std::net::IpAddr;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::place::{Places, WhereAmI};
use crate::event::{ArpHow, ObsArpV1, ObsHeardV1, Observation};
use crate::model::{FactKey, FactSource, Mac, Text, Time};
use crate::wire::WireError;
use crate::wire::arp::Arp;
use crate::wire::cdp::Cdp;
use crate::wire::dhcp::{CLIENT_PORT, Dhcp, SERVER_PORT};
use crate::wire::ether::{ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_LLDP};
use crate::wire::ether::{Frame, Protocol};
use crate::wire::lldp::Lldp;
use crate::wire::ndp::Neighbour;

/// Pairs of address and MAC that are remembered.
pub const PAIR_CAP: usize = 65_536;
/// Stations whose last words are remembered.
pub const STATION_CAP: usize = 16_384;
/// The same pair is reported again after this time.
const PAIR_AGAIN: Duration = Duration::from_mins(1);
/// The same words of a station are.
const WORDS_AGAIN: Duration = Duration::from_mins(5);

/// What passed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeardCounts {
    /// Frames looked at.
    pub frames: u64,
    /// ARP packets.
    pub arp: u64,
    /// Neighbour discovery messages of IPv6.
    pub ndp: u64,
    /// LLDP PDUs.
    pub lldp: u64,
    /// CDP announcements.
    pub cdp: u64,
    /// DHCP messages.
    pub dhcp: u64,
    /// Frames that claimed to be one of these and were not, or were no frames.
    pub broken: u64,
    /// Observations left out because a table was full.
    pub dropped: u64,
}

/// What is remembered of one station: address, words, and when they were reported.
type Words = (Option<IpAddr>, Vec<(FactKey, Text)>, Time);

/// Listens to one wire.
#[derive(Debug)]
pub struct Ear {
    interface: Text,
    own: Option<Mac>,
    pairs: FxHashMap<(IpAddr, Mac), Time>,
    words: FxHashMap<(Mac, FactSource), Words>,
    places: Places,
    counts: HeardCounts,
}

impl Ear {
    /// For an interface, or a capture file, by name. What `own` sends is not listened to.
    pub fn new(interface: Text, own: Option<Mac>) -> Self {
        Self {
            interface,
            own,
            pairs: FxHashMap::default(),
            words: FxHashMap::default(),
            places: Places::default(),
            counts: HeardCounts::default(),
        }
    }

    /// What passed by so far.
    pub fn counts(&self) -> HeardCounts {
        self.counts
    }

    /// Where the wire ends, as far as was heard.
    pub fn where_am_i(&self, now: Time) -> Option<WhereAmI> {
        self.places.best(now)
    }

    /// All neighbours heard.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// Takes what could not even be read as a frame.
    pub fn hear_bytes(
        &mut self,
        frame: Result<Frame<'_>, WireError>,
        at: Time,
        out: &mut Vec<Observation>,
    ) {
        if let Ok(frame) = frame {
            self.hear(&frame, at, out);
        } else {
            self.counts.frames += 1;
            self.counts.broken += 1;
        }
    }

    /// Takes one frame.
    pub fn hear(&mut self, frame: &Frame<'_>, at: Time, out: &mut Vec<Observation>) {
        self.counts.frames += 1;
        if frame.from.is_some() && frame.from == self.own {
            return;
        }
        let result = match frame.protocol {
            Protocol::EtherType(ETHERTYPE_ARP) => self.arp(frame, at, out),
            Protocol::EtherType(ETHERTYPE_LLDP) => self.lldp(frame, at, out),
            Protocol::Snap([0, 0, 0x0c], 0x2000) => self.cdp(frame, at, out),
            Protocol::EtherType(ETHERTYPE_IPV4) => self.dhcp(frame, at, out),
            Protocol::EtherType(ETHERTYPE_IPV6) => self.ndp(frame, at, out),
            _ => Ok(()),
        };
        if result.is_err() {
            self.counts.broken += 1;
        }
    }

    fn arp(
        &mut self,
        frame: &Frame<'_>,
        at: Time,
        out: &mut Vec<Observation>,
    ) -> Result<(), WireError> {
        let arp = Arp::decode(frame.payload)?;
        self.counts.arp += 1;
        if !arp.is_probe() && arp.sender_mac != self.own.unwrap_or(Mac([0; 6])) {
            self.pair(arp.sender.into(), arp.sender_mac, at, out);
        }
        Ok(())
    }

    fn ndp(
        &mut self,
        frame: &Frame<'_>,
        at: Time,
        out: &mut Vec<Observation>,
    ) -> Result<(), WireError> {
        if let Some(n) = Neighbour::decode(frame)? {
            self.counts.ndp += 1;
            self.pair(n.ip(), n.mac, at, out);
        }
        Ok(())
    }

    fn lldp(
        &mut self,
        frame: &Frame<'_>,
        at: Time,
        out: &mut Vec<Observation>,
    ) -> Result<(), WireError> {
        let pdu = Lldp::decode(frame.payload)?;
        self.counts.lldp += 1;
        self.places.lldp(&pdu, at);
        if let Some(mac) = pdu.chassis.mac().or(frame.from) {
            let address = pdu.management.first().map(|m| m.address);
            let i = &pdu.inventory;
            let facts = [
                (FactKey::Name, &pdu.name),
                (FactKey::SysDescr, &pdu.descr),
                (FactKey::Vendor, &i.manufacturer),
                (FactKey::Model, &i.model),
                (FactKey::Serial, &i.serial),
                (
                    FactKey::Firmware,
                    if i.firmware.is_empty() {
                        &i.software
                    } else {
                        &i.firmware
                    },
                ),
                (FactKey::Tag, &i.asset),
            ];
            self.say(mac, address, FactSource::Lldp, &facts, at, out);
        }
        Ok(())
    }

    fn cdp(
        &mut self,
        frame: &Frame<'_>,
        at: Time,
        out: &mut Vec<Observation>,
    ) -> Result<(), WireError> {
        let pdu = Cdp::decode(frame.payload)?;
        self.counts.cdp += 1;
        self.places.cdp(&pdu, at);
        if let Some(mac) = frame.from {
            let address = pdu.management.first().or(pdu.addresses.first()).copied();
            let software = pdu.software.first().cloned().unwrap_or_default();
            let facts = [
                (FactKey::Name, pdu.called()),
                (FactKey::SysDescr, &software),
                (FactKey::Model, &pdu.platform),
            ];
            self.say(mac, address, FactSource::Lldp, &facts, at, out);
        }
        Ok(())
    }

    fn dhcp(
        &mut self,
        frame: &Frame<'_>,
        at: Time,
        out: &mut Vec<Observation>,
    ) -> Result<(), WireError> {
        let ports = [SERVER_PORT, CLIENT_PORT];
        let Some(udp) = frame.udp() else {
            return Ok(());
        };
        if !ports.contains(&udp.from_port) || !ports.contains(&udp.to_port) {
            return Ok(());
        }
        let message = Dhcp::decode(udp.payload)?;
        self.counts.dhcp += 1;
        let Some(mac) = message.client.filter(|m| m.is_station()) else {
            return Ok(());
        };
        let address = message.bound().map(IpAddr::from);
        if message.from_client {
            let name = if message.host.is_empty() {
                &message.fqdn
            } else {
                &message.host
            };
            let facts = [
                (FactKey::DhcpName, name),
                (FactKey::DhcpVendorClass, &message.vendor_class),
            ];
            self.say(mac, address, FactSource::Dhcp, &facts, at, out);
        } else if address.is_some() {
            self.say(mac, address, FactSource::Dhcp, &[], at, out);
        }
        Ok(())
    }

    fn pair(&mut self, address: IpAddr, mac: Mac, at: Time, out: &mut Vec<Observation>) {
        let no_host = address.is_unspecified()
            || address.is_multicast()
            || address == IpAddr::from(std::net::Ipv4Addr::BROADCAST);
        if no_host || !mac.is_station() {
            return;
        }
        if let Some(last) = self.pairs.get_mut(&(address, mac)) {
            if at.since(*last) < PAIR_AGAIN {
                return;
            }
            *last = at;
        } else {
            if self.pairs.len() >= PAIR_CAP {
                self.pairs.retain(|_, last| at.since(*last) < PAIR_AGAIN);
            }
            if self.pairs.len() >= PAIR_CAP {
                self.counts.dropped += 1;
                return;
            }
            self.pairs.insert((address, mac), at);
        }
        out.push(Observation::Arp(ObsArpV1 {
            at,
            address,
            mac,
            how: ArpHow::Heard,
            interface: self.interface.clone(),
        }));
    }

    fn say(
        &mut self,
        mac: Mac,
        address: Option<IpAddr>,
        source: FactSource,
        facts: &[(FactKey, &Text)],
        at: Time,
        out: &mut Vec<Observation>,
    ) {
        let facts: Vec<_> = facts
            .iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(key, text)| (*key, (*text).clone()))
            .collect();
        if !mac.is_station() || (facts.is_empty() && address.is_none()) {
            return;
        }
        let known = self.words.get(&(mac, source));
        if known.is_some_and(|(held_at, held, last)| {
            at.since(*last) < WORDS_AGAIN
                && (address.is_none() || *held_at == address)
                && facts.iter().all(|f| held.contains(f))
        }) {
            return;
        }
        if known.is_none() && self.words.len() >= STATION_CAP {
            self.words
                .retain(|_, (_, _, last)| at.since(*last) < WORDS_AGAIN);
            if self.words.len() >= STATION_CAP {
                self.counts.dropped += 1;
                return;
            }
        }
        let entry = self
            .words
            .entry((mac, source))
            .or_insert_with(|| (None, Vec::new(), at));
        entry.0 = address.or(entry.0);
        entry
            .1
            .retain(|(key, _)| !facts.iter().any(|(k, _)| k == key));
        entry.1.extend(facts.iter().cloned());
        entry.2 = at;
        out.push(Observation::Heard(ObsHeardV1 {
            at,
            mac,
            address,
            source,
            facts,
            interface: self.interface.clone(),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn announce(n: u32, at: i64, ear: &mut Ear) -> usize {
        let mac = Mac([0, 9, 0xfb, (n >> 16) as u8, (n >> 8) as u8, n as u8]);
        let ip = Ipv4Addr::from(0x0a00_0000 + n);
        let bytes = Arp::request(mac, ip, ip).frame(Mac([0xff; 6]));
        let mut out = Vec::new();
        ear.hear_bytes(Frame::ethernet(&bytes), Time(at), &mut out);
        out.len()
    }

    #[test]
    fn the_same_pair_is_reported_once_a_minute() {
        let mut ear = Ear::new("eth0".into(), None);
        assert_eq!(announce(1, 0, &mut ear), 1);
        assert_eq!(announce(1, 59_999, &mut ear), 0);
        assert_eq!(announce(2, 59_999, &mut ear), 1);
        assert_eq!(announce(1, 60_000, &mut ear), 1);
        assert_eq!(ear.counts().arp, 4);
    }

    #[test]
    fn a_flood_of_pairs_is_bounded_and_counted() {
        let mut ear = Ear::new("eth0".into(), None);
        for n in 1..=PAIR_CAP as u32 + 100 {
            announce(n, 0, &mut ear);
        }
        assert_eq!(ear.pairs.len(), PAIR_CAP);
        assert_eq!(ear.counts().dropped, 100);
        // and forgets when time has passed
        assert_eq!(announce(0x00ff_ffff, 60_000, &mut ear), 1);
    }

    #[test]
    fn what_we_send_ourselves_is_not_heard_and_a_probe_names_nobody() {
        let own = Mac([2, 0, 0, 0, 0, 1]);
        let mut ear = Ear::new("eth0".into(), Some(own));
        let mut out = Vec::new();
        for arp in [
            Arp::request(own, Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)),
            Arp::request(
                Mac([0, 9, 0xfb, 0, 0, 1]),
                Ipv4Addr::UNSPECIFIED,
                Ipv4Addr::new(10, 0, 0, 2),
            ),
        ] {
            let bytes = arp.frame(Mac([0xff; 6]));
            ear.hear_bytes(Frame::ethernet(&bytes), Time(0), &mut out);
        }
        assert!(out.is_empty(), "{out:?}");
    }
}
