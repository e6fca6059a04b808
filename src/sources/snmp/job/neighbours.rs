//! What a network device's LLDP and CDP say of its neighbours.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::interfaces::known;
use super::tables::inet;
use super::{About, Report, text};
use crate::event::{IfMetaV1, NeighbourProtocol, NeighbourV1, ObsNeighboursV1, Observation};
use crate::model::{IfIndex, Mac, PartKind, Role, Text};
use crate::sources::snmp::book::Question;
use crate::sources::snmp::io::Io;
use crate::sources::snmp::walk::Table;
use crate::wire::snmp::ValueRef;

pub(super) async fn run(io: &Io, about: About) -> Report {
    let mut report = Report::default();
    report.failure = lldp(io, about, &mut report).await;
    if report.failure.is_none() {
        report.failure = cdp(io, about, &mut report).await;
    }
    report
}

type Failed = Option<crate::sources::snmp::io::Failure>;

async fn lldp(io: &Io, about: About, report: &mut Report) -> Failed {
    let asked = io.part(PartKind::Lldp)?;
    match asked.moved(io, about.now_ms).await {
        // the engine has what was read then
        Ok(false) => return None,
        Ok(true) => {}
        Err(failure) => return Some(failure),
    }
    let remote = asked.walk(io, None).await;
    if remote.failure.is_some() {
        asked.was_read(io, false);
        return remote.failure;
    }
    let mut whole = remote.whole;
    let mut entries = Vec::new();
    if !remote.rows.is_empty() {
        let (addresses, ports) = (
            io.part(PartKind::LldpAddresses),
            io.part(PartKind::LldpPorts),
        );
        let addresses = match &addresses {
            Some(asked) => asked.walk(io, None).await,
            None => not_asked(),
        };
        let local = match &ports {
            Some(asked) => asked.walk(io, None).await,
            None => not_asked(),
        };
        if let Some(failure) = addresses.failure.clone().or(local.failure.clone()) {
            asked.was_read(io, false);
            return Some(failure);
        }
        whole &= addresses.whole && local.whole;
        let interfaces = known(io).await;
        let local = Local {
            table: &local,
            asked: ports.as_deref(),
        };
        entries = lldp_entries(&asked, &remote, &addresses, local, &interfaces);
    }
    asked.was_read(io, whole);
    push(io, about, report, NeighbourProtocol::Lldp, entries, whole);
    None
}

fn not_asked() -> Table {
    Table::new(0, true)
}

/// What LLDP calls the device's own ports.
#[derive(Clone, Copy)]
struct Local<'t> {
    table: &'t Table,
    asked: Option<&'t Question>,
}

impl<'t> Local<'t> {
    fn of(self, port: u32, role: Role) -> Option<ValueRef<'t>> {
        let row = self.table.rows.get([port].as_slice())?;
        self.table.value(row, self.asked?.column(role))
    }
}

fn push(
    io: &Io,
    about: About,
    report: &mut Report,
    protocol: NeighbourProtocol,
    entries: Vec<NeighbourV1>,
    whole: bool,
) {
    let mut memory = io.memory();
    let seen = match protocol {
        NeighbourProtocol::Lldp => &mut memory.tables.lldp,
        NeighbourProtocol::Cdp => &mut memory.tables.cdp,
    };
    if entries.is_empty() && !*seen {
        return;
    }
    *seen = true;
    report.others.push(Observation::Neighbours(ObsNeighboursV1 {
        via: about.address,
        at: about.at,
        protocol,
        entries,
        whole,
    }));
}

fn lldp_entries(
    asked: &Question,
    remote: &Table,
    addresses: &Table,
    local: Local<'_>,
    interfaces: &BTreeMap<u32, IfMetaV1>,
) -> Vec<NeighbourV1> {
    remote
        .rows
        .iter()
        .filter_map(|(index, row)| {
            // lldpRemTimeMark, lldpRemLocalPortNum, lldpRemIndex
            let [_, port, _] = *index else {
                return None;
            };
            let cell = |role| remote.value(row, asked.column(role));
            let octets = |role| cell(role).and_then(ValueRef::as_octets).unwrap_or_default();
            let chassis_subtype = cell(Role::LldpRemChassisSubtype)
                .and_then(ValueRef::as_i64)
                .unwrap_or(0);
            let address = addresses
                .rows
                .below(index)
                .find_map(|(key, _)| management(key.get(3..)?));
            Some(NeighbourV1 {
                port: resolve(port, local, interfaces),
                // LldpChassisIdSubtype: macAddress(4), networkAddress(5)
                chassis: id(
                    octets(Role::LldpRemChassis),
                    chassis_subtype == 4,
                    chassis_subtype == 5,
                ),
                chassis_mac: (chassis_subtype == 4)
                    .then(|| Mac::from_octets(octets(Role::LldpRemChassis)))
                    .flatten(),
                // LldpPortIdSubtype: macAddress(3), networkAddress(4)
                port_id: {
                    let subtype = cell(Role::LldpRemPortSubtype)
                        .and_then(ValueRef::as_i64)
                        .unwrap_or(0);
                    id(octets(Role::LldpRemPort), subtype == 3, subtype == 4)
                },
                port_descr: text(cell(Role::LldpRemPortDesc)),
                name: text(cell(Role::LldpRemSysName)),
                descr: text(cell(Role::LldpRemSysDesc)),
                address,
            })
        })
        .collect()
}

/// lldpRemManAddrSubtype (an address family of IANA), length, octets.
fn management(arcs: &[u32]) -> Option<IpAddr> {
    // ipV4(1) and ipV6(2) are the numbers of InetAddressType too
    match arcs.first()? {
        1 | 2 => inet(arcs),
        _ => None,
    }
}

/// A chassis or port id as text.
fn id(octets: &[u8], mac: bool, network: bool) -> Text {
    if mac && let Some(mac) = Mac::from_octets(octets) {
        return mac.to_string().into();
    }
    // one octet of address family, then the address (IEEE 802.1AB, 8.5.2.3)
    if network && let Some((_, octets)) = octets.split_first() {
        if let Ok(v4) = <[u8; 4]>::try_from(octets) {
            return IpAddr::from(v4).to_string().into();
        }
        if let Ok(v6) = <[u8; 16]>::try_from(octets) {
            return IpAddr::from(v6).to_string().into();
        }
    }
    Text::from_bytes(octets)
}

/// From lldpLocPortNum, which is a number of LLDP's own, to `ifIndex`: by what the local port calls itself.
fn resolve(port: u32, local: Local<'_>, interfaces: &BTreeMap<u32, IfMetaV1>) -> IfIndex {
    let by = |wanted: &dyn Fn(&IfMetaV1) -> bool| {
        interfaces
            .iter()
            .find(|(_, meta)| wanted(meta))
            .map(|(index, _)| *index)
    };
    let found = local.of(port, Role::LldpLocPortId).and_then(|id| {
        let name = text(Some(id));
        let octets = id.as_octets()?;
        let subtype = local
            .of(port, Role::LldpLocPortSubtype)
            .and_then(ValueRef::as_i64)
            .unwrap_or(0);
        let descr = text(local.of(port, Role::LldpLocPortDesc));
        // LldpPortIdSubtype: interfaceAlias(1), macAddress(3), interfaceName(5), local(7)
        let by_id = match subtype {
            1 => by(&|m| !name.is_empty() && m.alias == name),
            3 => {
                let mac = Mac::from_octets(octets)?;
                // a MAC that several ports share names none
                (interfaces.values().filter(|m| m.mac == Some(mac)).count() == 1)
                    .then(|| by(&|m| m.mac == Some(mac)))
                    .flatten()
            }
            5 => by(&|m| m.name == name),
            _ => by(&|m| m.name == name).or_else(|| {
                let n: u32 = name.as_str().parse().ok()?;
                interfaces.contains_key(&n).then_some(n)
            }),
        };
        by_id.or_else(|| by(&|m| !descr.is_empty() && (m.name == descr || m.alias == descr)))
    });
    IfIndex(found.unwrap_or(port))
}

async fn cdp(io: &Io, about: About, report: &mut Report) -> Failed {
    let asked = io.part(PartKind::Cdp)?;
    let table = asked.walk(io, None).await;
    if table.failure.is_some() {
        return table.failure;
    }
    let entries = table
        .rows
        .iter()
        .filter_map(|(index, row)| {
            let cell = |role| table.value(row, asked.column(role));
            let octets = cell(Role::CdpAddress)
                .and_then(ValueRef::as_octets)
                .unwrap_or_default();
            let name = text(cell(Role::CdpDeviceId));
            Some(NeighbourV1 {
                // cdpCacheIfIndex
                port: IfIndex(*index.first()?),
                chassis: name.clone(),
                chassis_mac: None,
                port_id: text(cell(Role::CdpDevicePort)),
                port_descr: Text::empty(),
                name,
                descr: text(cell(Role::CdpPlatform)),
                address: <[u8; 4]>::try_from(octets)
                    .map(IpAddr::from)
                    .or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
                    .ok(),
            })
        })
        .collect();
    push(
        io,
        about,
        report,
        NeighbourProtocol::Cdp,
        entries,
        table.whole,
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::snmp::book::Books;
    use crate::wire::snmp::Value;

    fn meta(name: &str, alias: &str, mac: u8) -> IfMetaV1 {
        IfMetaV1 {
            name: name.into(),
            alias: alias.into(),
            kind: 6,
            speed: 0,
            mac: Some(Mac([0, 9, 0xfb, 0, 0, mac])),
        }
    }

    fn row(cells: &[Value]) -> Vec<Value> {
        cells.to_vec()
    }

    fn o(s: &str) -> Value {
        Value::Octets(s.as_bytes().to_vec())
    }

    #[test]
    fn a_local_port_becomes_an_interface_by_what_it_calls_itself() {
        let interfaces = BTreeMap::from([
            (10_117, meta("Gi1/0/17", "uplink core", 1)),
            (10_118, meta("Gi1/0/18", "", 2)),
            (10_119, meta("Gi1/0/19", "", 2)),
        ]);
        let table = [
            (row(&[Value::Integer(5), o("Gi1/0/18"), o("")]), 10_118),
            (row(&[Value::Integer(1), o("uplink core"), o("")]), 10_117),
            (
                row(&[
                    Value::Integer(3),
                    Value::Octets(vec![0, 9, 0xfb, 0, 0, 1]),
                    o(""),
                ]),
                10_117,
            ),
            (
                row(&[
                    Value::Integer(3),
                    Value::Octets(vec![0, 9, 0xfb, 0, 0, 2]),
                    o("Gi1/0/19"),
                ]),
                10_119,
            ),
            (row(&[Value::Integer(7), o("10118"), o("")]), 10_118),
            (row(&[Value::Integer(7), o("nonsense"), o("")]), 42),
        ];
        let books = Books::default();
        let ports = books.all().part(PartKind::LldpPorts).unwrap();
        for (local, expected) in table {
            let held = Table::of(&[(vec![42], local.clone())]);
            let of = Local {
                table: &held,
                asked: Some(&ports),
            };
            assert_eq!(resolve(42, of, &interfaces), IfIndex(expected), "{local:?}");
        }
        let none = Local {
            table: &Table::default(),
            asked: None,
        };
        assert_eq!(resolve(42, none, &interfaces), IfIndex(42));
    }

    #[test]
    fn a_neighbour_is_read_with_its_management_address() {
        let remote = Table::of(&[(
            vec![0, 3, 1],
            row(&[
                Value::Integer(4),
                Value::Octets(vec![0, 9, 0xfb, 1, 2, 3]),
                Value::Integer(5),
                o("Te1/1"),
                o("to sw-3f-02"),
                o("core\x1b[2J"),
                o("Core OS"),
            ]),
        )]);
        let addresses = Table::of(&[
            (vec![0, 3, 1, 1, 4, 10, 0, 0, 1], row(&[Value::Integer(2)])),
            (vec![0, 4, 1, 1, 4, 10, 0, 0, 9], row(&[Value::Integer(2)])),
        ]);
        let got = {
            let lldp = Books::default().all().part(PartKind::Lldp).unwrap();
            let local = Local {
                table: &Table::default(),
                asked: None,
            };
            lldp_entries(&lldp, &remote, &addresses, local, &BTreeMap::new())
        };
        assert_eq!(got.len(), 1);
        assert_eq!(got[0].address, Some("10.0.0.1".parse().unwrap()));
        assert_eq!(got[0].chassis.as_str(), "00:09:fb:01:02:03");
        assert_eq!(got[0].name.as_str(), "core\\u{1b}[2J");
        assert_eq!(got[0].port, IfIndex(3));
    }
}
