//! Who is where: forwarding tables of switches, address tables of routers.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{About, Report};
use crate::event::{FdbEntryV1, ObsAddressTableV1, ObsForwardingV1, Observation};
use crate::model::{IfIndex, Mac, PartKind, Role};
use crate::sources::snmp::io::{Failure, Io};
use crate::sources::snmp::walk::{self, Table};
use crate::wire::snmp::ValueRef;

/// learned(3) of dot1dTpFdbStatus and dot1qTpFdbStatus.
const LEARNED: i64 = 3;

/// A part's table; of one that is not asked an empty one.
async fn read(io: &Io, kind: PartKind) -> Table {
    match io.part(kind) {
        Some(asked) => asked.walk(io, None).await,
        None => Table::new(0, true),
    }
}

/// Where the columns of a forwarding table stand: port, status.
fn columns(io: &Io, kind: PartKind, roles: (Role, Role)) -> (usize, usize) {
    let none = (usize::MAX, usize::MAX);
    io.part(kind)
        .map_or(none, |p| (p.column(roles.0), p.column(roles.1)))
}

pub(super) async fn run(io: &Io, about: About) -> Report {
    let mut report = Report::default();
    let asked = |kind| io.part(kind).is_some();
    if asked(PartKind::VlanForwarding) || asked(PartKind::BridgeForwarding) {
        report.failure = forwarding_table(io, about, &mut report).await;
    }
    if report.failure.is_none() && (asked(PartKind::Addresses) || asked(PartKind::OldAddresses)) {
        report.failure = addresses(io, about, &mut report).await;
    }
    report
}

async fn forwarding_table(io: &Io, about: About, report: &mut Report) -> Option<Failure> {
    let mut whole = true;
    let mut q = read(io, PartKind::VlanForwarding).await;
    let mut at = columns(
        io,
        PartKind::VlanForwarding,
        (Role::VlanPort, Role::VlanStatus),
    );
    let mut vlans = BTreeMap::new();
    let by_vlan = !q.rows.is_empty();
    if by_vlan {
        let map = read(io, PartKind::Vlans).await;
        whole &= map.whole;
        vlans = vlan_of_fdb(&map);
    } else if q.failure.is_none() {
        q = read(io, PartKind::BridgeForwarding).await;
        at = columns(
            io,
            PartKind::BridgeForwarding,
            (Role::BridgePort, Role::BridgeStatus),
        );
    }
    whole &= q.whole;
    let mut failure = q.failure.take();
    if !q.rows.is_empty() && failure.is_none() {
        let ports = match bridge_ports(io, about).await {
            Ok((ports, all)) => {
                whole &= all;
                ports
            }
            Err((ports, why)) => {
                failure = Some(why);
                ports
            }
        };
        let entries = forwarding(&q, at, by_vlan, &vlans, &ports);
        forward(io, about, report, entries, whole && failure.is_none());
    } else if failure.is_none() || !q.rows.is_empty() {
        let entries = forwarding(&q, at, by_vlan, &vlans, &BTreeMap::new());
        // without the ports' map a partial table says nothing
        if entries.is_empty() || failure.is_none() {
            forward(io, about, report, entries, whole && failure.is_none());
        }
    }
    failure
}

type Ports = BTreeMap<u32, u32>;

/// Which bridge port is which interface, and whether that is all of it: from memory where nothing moved since it was read.
async fn bridge_ports(io: &Io, about: About) -> Result<(Ports, bool), (Ports, Failure)> {
    let Some(asked) = io.part(PartKind::BridgePorts) else {
        return Ok((Ports::new(), true));
    };
    match asked.moved(io, about.now_ms).await {
        Ok(false) => return Ok((io.memory().bridge_ports.clone(), true)),
        Ok(true) => {}
        Err(why) => return Err((Ports::new(), why)),
    }
    let table = asked.walk(io, None).await;
    let ports = port_map(&table);
    // a bridge with stations has ports
    asked.was_read(io, table.whole && !ports.is_empty());
    if let Some(why) = table.failure {
        return Err((ports, why));
    }
    io.memory().bridge_ports.clone_from(&ports);
    Ok((ports, table.whole))
}

fn forward(io: &Io, about: About, report: &mut Report, entries: Vec<FdbEntryV1>, whole: bool) {
    let mut memory = io.memory();
    if entries.is_empty() && !memory.tables.forwarding {
        return;
    }
    memory.tables.forwarding = true;
    report.others.push(Observation::Forwarding(ObsForwardingV1 {
        via: about.address,
        at: about.at,
        entries,
        whole,
    }));
}

/// dot1qVlanFdbId by (dot1qVlanTimeMark, VLAN), turned round.
fn vlan_of_fdb(table: &Table) -> BTreeMap<u32, u16> {
    table
        .rows
        .iter()
        .filter_map(|(index, row)| {
            let vlan = u16::try_from(*index.last()?).ok()?;
            let fdb = table.value(row, 0)?.as_u64()?;
            Some((u32::try_from(fdb).ok()?, vlan))
        })
        .collect()
}

/// dot1dBasePortIfIndex
fn port_map(table: &Table) -> BTreeMap<u32, u32> {
    table
        .rows
        .iter()
        .filter_map(|(index, row)| {
            let index_of = u32::try_from(table.value(row, 0)?.as_u64()?).ok()?;
            Some((*index.first()?, index_of))
        })
        .collect()
}

fn mac_of(arcs: &[u32]) -> Option<Mac> {
    let octets: Vec<u8> = arcs
        .iter()
        .map(|arc| u8::try_from(*arc))
        .collect::<Result<_, _>>()
        .ok()?;
    Mac::from_octets(&octets)
}

fn forwarding(
    table: &Table,
    (port_at, status_at): (usize, usize),
    by_vlan: bool,
    vlans: &BTreeMap<u32, u16>,
    ports: &BTreeMap<u32, u32>,
) -> Vec<FdbEntryV1> {
    let mut out: Vec<FdbEntryV1> = table
        .rows
        .iter()
        .filter_map(|(index, row)| {
            // where the agent says how it knows, only what it learned counts
            match table.value(row, status_at).and_then(ValueRef::as_i64) {
                None | Some(LEARNED) => {}
                Some(_) => return None,
            }
            let (fdb, mac) = if by_vlan {
                let (fdb, mac) = index.split_first()?;
                (Some(*fdb), mac_of(mac)?)
            } else {
                (None, mac_of(index)?)
            };
            let port = u32::try_from(table.value(row, port_at)?.as_u64()?).ok()?;
            // port 0: learned, but not known where
            if port == 0 || !mac.is_station() {
                return None;
            }
            let vlan = match fdb {
                Some(fdb) if vlans.is_empty() => {
                    u16::try_from(fdb).ok().filter(|v| (1..4095).contains(v))
                }
                Some(fdb) => vlans.get(&fdb).copied(),
                None => None,
            };
            let port = if ports.is_empty() {
                port
            } else {
                *ports.get(&port)?
            };
            Some(FdbEntryV1 {
                mac,
                vlan: vlan.unwrap_or(0),
                port: IfIndex(port),
            })
        })
        .collect();
    out.sort_unstable();
    out
}

async fn addresses(io: &Io, about: About, report: &mut Report) -> Option<Failure> {
    let new = read(io, PartKind::Addresses).await;
    let mut whole = new.whole;
    let mut failure = new.failure.clone();
    let mut entries: Vec<_> = new
        .rows
        .iter()
        .filter_map(|(i, row)| {
            let (index, address) = physical_index(i)?;
            Some((index, address, mac_cell(&new, row)?))
        })
        .collect();
    // some agents keep only IPv6 in the new table
    if failure.is_none() && !entries.iter().any(|(_, a, _)| a.is_ipv4()) {
        let old = read(io, PartKind::OldAddresses).await;
        whole &= old.whole;
        failure.clone_from(&old.failure);
        entries.extend(old.rows.iter().filter_map(|(i, row)| {
            let [index, a, b, c, d] = *i else {
                return None;
            };
            Some((
                IfIndex(index),
                IpAddr::V4(v4(&[a, b, c, d])?),
                mac_cell(&old, row)?,
            ))
        }));
    }
    entries.sort_unstable();
    let mut memory = io.memory();
    if !entries.is_empty() || memory.tables.addresses {
        memory.tables.addresses = true;
        report
            .others
            .push(Observation::AddressTable(ObsAddressTableV1 {
                via: about.address,
                at: about.at,
                entries,
                whole: whole && failure.is_none(),
            }));
    }
    failure
}

fn mac_cell(table: &Table, row: &[walk::Cell]) -> Option<Mac> {
    Mac::from_octets(table.value(row, 0)?.as_octets()?).filter(|mac| mac.is_station())
}

fn octets<const N: usize>(arcs: &[u32]) -> Option<[u8; N]> {
    let octets: Vec<u8> = arcs
        .iter()
        .map(|arc| u8::try_from(*arc))
        .collect::<Result<_, _>>()
        .ok()?;
    octets.try_into().ok()
}

fn v4(arcs: &[u32]) -> Option<Ipv4Addr> {
    octets::<4>(arcs).map(Ipv4Addr::from)
}

/// An InetAddress as it stands in an index: type, length, octets (RFC 4001). ipv4(1), ipv6(2), with a zone (3, 4).
pub(super) fn inet(arcs: &[u32]) -> Option<IpAddr> {
    let (kind, rest) = arcs.split_first()?;
    let (length, rest) = rest.split_first()?;
    if rest.len() != *length as usize {
        return None;
    }
    match kind {
        1 => v4(rest).map(IpAddr::V4),
        2 => octets::<16>(rest).map(|o| IpAddr::V6(Ipv6Addr::from(o))),
        3 => v4(rest.get(..4)?).map(IpAddr::V4),
        4 => octets::<16>(rest.get(..16)?).map(|o| IpAddr::V6(Ipv6Addr::from(o))),
        _ => None,
    }
}

fn physical_index(index: &[u32]) -> Option<(IfIndex, IpAddr)> {
    let (port, address) = index.split_first()?;
    Some((IfIndex(*port), inet(address)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::snmp::Value;

    fn table(rows: &[(&[u32], &[Value])]) -> Table {
        let owned = rows.iter().map(|(i, cells)| (i.to_vec(), cells.to_vec()));
        Table::of(&owned.collect::<Vec<_>>())
    }

    #[test]
    fn a_forwarding_entry_gets_its_vlan_by_the_fdb_map_and_its_port_by_the_bridge_map() {
        let learned = Value::Integer(3);
        let fdb = table(&[
            (
                &[7, 0, 9, 0xfb, 1, 2, 3],
                &[Value::Integer(5), learned.clone()],
            ),
            (
                &[8, 0, 9, 0xfb, 1, 2, 4],
                &[Value::Integer(6), learned.clone()],
            ),
            (
                &[7, 0, 0, 0, 0, 0, 0],
                &[Value::Integer(5), learned.clone()],
            ),
            (
                &[7, 0, 9, 0xfb, 1, 2, 5],
                &[Value::Integer(0), learned.clone()],
            ),
            (
                &[7, 0, 9, 0xfb, 1, 2, 6],
                &[Value::Integer(5), Value::Integer(4)],
            ),
            (&[7, 300, 9, 0xfb, 1, 2, 6], &[Value::Integer(5), learned]),
        ]);
        let vlans = vlan_of_fdb(&table(&[(&[0, 310], &[Value::Gauge32(7)])]));
        let ports = port_map(&table(&[
            (&[5], &[Value::Integer(10_105)]),
            (&[6], &[Value::Integer(10_106)]),
        ]));
        let got = forwarding(&fdb, (0, 1), true, &vlans, &ports);
        let entry = |mac: &str, vlan, port| FdbEntryV1 {
            mac: mac.parse().unwrap(),
            vlan,
            port: IfIndex(port),
        };
        assert_eq!(
            got,
            [
                entry("00:09:fb:01:02:03", 310, 10_105),
                entry("00:09:fb:01:02:04", 0, 10_106)
            ]
        );
    }

    #[test]
    fn without_a_map_the_fdb_is_the_vlan_and_the_port_the_interface() {
        let fdb = table(&[(&[310, 0, 9, 0xfb, 1, 2, 3], &[Value::Integer(5)])]);
        let got = forwarding(&fdb, (0, 1), true, &BTreeMap::new(), &BTreeMap::new());
        assert_eq!((got[0].vlan, got[0].port), (310, IfIndex(5)));
        let fdb = table(&[(&[0, 9, 0xfb, 1, 2, 3], &[Value::Integer(5)])]);
        let got = forwarding(&fdb, (0, 1), false, &BTreeMap::new(), &BTreeMap::new());
        assert_eq!((got[0].vlan, got[0].port), (0, IfIndex(5)));
    }

    #[test]
    fn addresses_in_an_index_are_read_or_left() {
        assert_eq!(
            physical_index(&[3, 1, 4, 10, 1, 2, 3]),
            Some((IfIndex(3), "10.1.2.3".parse().unwrap()))
        );
        assert_eq!(
            inet(&[2, 16, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            Some("fe80::1".parse().unwrap())
        );
        assert_eq!(
            inet(&[
                4, 20, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2
            ]),
            Some("fe80::1".parse().unwrap())
        );
        for bad in [
            &[1, 4, 10, 1, 2][..],
            &[1, 4, 10, 1, 2, 300],
            &[9, 4, 1, 2, 3, 4],
            &[1],
            &[],
        ] {
            assert_eq!(inet(bad), None, "{bad:?}");
        }
    }
}
