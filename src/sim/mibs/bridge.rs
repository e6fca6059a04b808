//! BRIDGE-MIB (RFC 4188) and Q-BRIDGE-MIB (RFC 4363): which station was learned on which port.

use std::collections::{BTreeMap, BTreeSet};

use super::{Scene, oid, text};
use crate::model::Mac;
use crate::sim::chance::hash;
use crate::sim::hospital::Peer;
use crate::sim::mib::MibBuilder;
use crate::wire::snmp::Value;

const BASE: [u32; 8] = [1, 3, 6, 1, 2, 1, 17, 1];
const Q_BRIDGE: [u32; 9] = [1, 3, 6, 1, 2, 1, 17, 7, 1];
const LEARNED: i64 = 3;
/// Stations of one VLAN that are learned from the uplink: those that talk beyond their switch.
const FOREIGN: usize = 32;

/// VLAN and MAC to port, by `dot1dBasePort`.
type Learned = BTreeMap<(u16, Mac), u32>;

/// What the switch has learned at this moment.
pub(super) fn learned(scene: &Scene) -> Learned {
    let hospital = scene.hospital();
    let now = &scene.now;
    let own = scene.device;
    let mut table = Learned::new();
    let uplink = scene
        .device()
        .ports
        .clone()
        .find(|p| hospital.ports[*p].uplink && now.ports[*p].up);
    let vlans = vlans(scene);
    let mut foreign: BTreeMap<u16, usize> = BTreeMap::new();
    for (place, device) in hospital.devices.iter().enumerate() {
        if place == own || !now.reaches(place) {
            continue;
        }
        let vlan = hospital.segments[device.segment].vlan;
        // the port of ours that the way from the root to this device goes through
        let mut at = device.at;
        let mut port = None;
        for _ in 0..16 {
            let Some(above) = at else { break };
            let owner = hospital.ports[above].owner;
            if owner == own {
                port = Some(above);
                break;
            }
            at = hospital.devices[owner].at;
        }
        if let Some(port) = port {
            if now.ports[port].up {
                table.insert((vlan, device.mac), hospital.ports[port].base);
            }
        } else if let Some(uplink) = uplink {
            let base = hospital.ports[uplink].base;
            if place == 0 {
                for vlan in &vlans {
                    table.insert((*vlan, device.mac), base);
                }
            } else if vlans.contains(&vlan)
                && hash(hospital.seed, &[own as u64, place as u64]).is_multiple_of(3)
            {
                let count = foreign.entry(vlan).or_default();
                if *count < FOREIGN {
                    *count += 1;
                    table.insert((vlan, device.mac), base);
                }
            }
        }
    }
    let stranger = &hospital.cast.stranger;
    let port = &hospital.ports[stranger.port];
    if now.ports[stranger.port].up {
        let vlan = hospital.segments[stranger.segment].vlan;
        if port.owner == own {
            table.insert((vlan, stranger.mac), port.base);
        } else if let Some(base) = downlink_to(scene, port.owner) {
            table.insert((vlan, stranger.mac), base);
        }
    }
    table
}

/// The `dot1dBasePort` of ours below which this switch is.
fn downlink_to(scene: &Scene, switch: usize) -> Option<u32> {
    let hospital = scene.hospital();
    let mut at = hospital.devices[switch].at;
    for _ in 0..16 {
        let port = at?;
        if hospital.ports[port].owner == scene.device {
            return scene.now.ports[port]
                .up
                .then_some(hospital.ports[port].base);
        }
        at = hospital.devices[hospital.ports[port].owner].at;
    }
    None
}

/// VLANs configured on this switch.
fn vlans(scene: &Scene) -> BTreeSet<u16> {
    let hospital = scene.hospital();
    let device = scene.device();
    if scene.device == 0 || device.name.starts_with("core") || device.name.starts_with("dist") {
        return hospital.segments.iter().map(|s| s.vlan).collect();
    }
    let mut vlans = BTreeSet::from([hospital.segments[device.segment].vlan]);
    for port in &hospital.ports[device.ports.clone()] {
        if port.vlan > 0 {
            vlans.insert(port.vlan);
        }
        if let Peer::Stations(stations) = &port.peer {
            vlans.extend(
                stations
                    .iter()
                    .map(|s| hospital.segments[hospital.devices[*s].segment].vlan),
            );
        }
    }
    vlans
}

pub(super) fn add(scene: &Scene, mib: &mut MibBuilder) {
    let hospital = scene.hospital();
    let device = scene.device();
    let ports = device.ports.clone();
    mib.fixed(&oid(&BASE, &[1, 0]), Value::Octets(device.mac.0.to_vec()))
        .fixed(&oid(&BASE, &[2, 0]), Value::Integer(ports.len() as i64))
        .fixed(&oid(&BASE, &[3, 0]), Value::Integer(2));
    let rows: Vec<Vec<u32>> = hospital.ports[ports.clone()]
        .iter()
        .map(|p| vec![p.base])
        .collect();
    let first = ports.start;
    let world = scene.world.clone();
    mib.table(
        &oid(&BASE, &[4, 1]),
        &[1, 2],
        rows.clone(),
        move |row, column, _| {
            let port = world.hospital.ports.get(first + row)?;
            Some(Value::Integer(i64::from(if column == 1 {
                port.base
            } else {
                port.if_index
            })))
        },
    );

    let vlans: Vec<u16> = vlans(scene).into_iter().collect();
    // forwarding databases are numbered on their own: who takes the number for the VLAN is wrong
    let fdb: BTreeMap<u16, u32> = (1..).zip(&vlans).map(|(n, v)| (*v, n)).collect();
    mib.fixed(&oid(&Q_BRIDGE, &[1, 1, 0]), Value::Integer(1))
        .fixed(
            &oid(&Q_BRIDGE, &[1, 4, 0]),
            Value::Gauge32(vlans.len() as u32),
        );

    let learned: Vec<((u16, Mac), u32)> = learned(scene).into_iter().collect();
    let mut counts: BTreeMap<u16, u32> = vlans.iter().map(|v| (*v, 0)).collect();
    for ((vlan, _), _) in &learned {
        *counts.entry(*vlan).or_default() += 1;
    }
    let counts: Vec<u32> = vlans.iter().map(|v| counts[v]).collect();
    let databases: Vec<Vec<u32>> = vlans.iter().map(|v| vec![fdb[v]]).collect();
    mib.table(
        &oid(&Q_BRIDGE, &[2, 1, 1]),
        &[2],
        databases,
        move |row, _, _| counts.get(row).map(|n| Value::Counter32(*n)),
    );
    let entries: Vec<(Vec<u32>, u32)> = learned
        .iter()
        .filter_map(|((vlan, mac), port)| {
            let mut index = vec![*fdb.get(vlan)?];
            index.extend(mac.0.map(u32::from));
            Some((index, *port))
        })
        .collect();
    let (indices, at): (Vec<Vec<u32>>, Vec<u32>) = entries.into_iter().unzip();
    mib.table(
        &oid(&Q_BRIDGE, &[2, 2, 1]),
        &[2, 3],
        indices,
        move |row, column, _| {
            Some(Value::Integer(if column == 2 {
                i64::from(*at.get(row)?)
            } else {
                LEARNED
            }))
        },
    );

    let current: Vec<Vec<u32>> = vlans.iter().map(|v| vec![0, u32::from(*v)]).collect();
    let ids: Vec<u32> = vlans.iter().map(|v| fdb[v]).collect();
    mib.table(
        &oid(&Q_BRIDGE, &[4, 2, 1]),
        &[3, 6],
        current,
        move |row, column, _| {
            Some(if column == 3 {
                Value::Gauge32(*ids.get(row)?)
            } else {
                Value::Integer(2)
            })
        },
    );
    let names: Vec<String> = vlans
        .iter()
        .map(|v| {
            hospital
                .segments
                .iter()
                .find(|s| s.vlan == *v)
                .map_or_else(String::new, |s| s.name.clone())
        })
        .collect();
    let known: Vec<Vec<u32>> = vlans.iter().map(|v| vec![u32::from(*v)]).collect();
    mib.table(
        &oid(&Q_BRIDGE, &[4, 3, 1]),
        &[1, 5],
        known,
        move |row, column, _| {
            Some(if column == 1 {
                text(names.get(row)?)
            } else {
                Value::Integer(1)
            })
        },
    );
    let world = scene.world.clone();
    mib.table(&oid(&Q_BRIDGE, &[4, 5, 1]), &[1], rows, move |row, _, _| {
        let vlan = world.hospital.ports.get(first + row)?.vlan;
        Some(Value::Gauge32(u32::from(vlan.max(1))))
    });
}
