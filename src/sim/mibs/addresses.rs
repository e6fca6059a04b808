//! The router's address tables: ipNetToMediaTable (RFC 1213) and ipNetToPhysicalTable (RFC 4293).

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::{Scene, svi_index};
use crate::model::Mac;
use crate::sim::mib::MibBuilder;
use crate::wire::snmp::Value;

const NET_TO_MEDIA: [u32; 9] = [1, 3, 6, 1, 2, 1, 4, 22, 1];
const NET_TO_PHYSICAL: [u32; 9] = [1, 3, 6, 1, 2, 1, 4, 35, 1];
const DYNAMIC: i64 = 3;
const REACHABLE: i64 = 1;

pub(super) fn add(scene: &Scene, mib: &mut MibBuilder) {
    let hospital = scene.hospital();
    let now = &scene.now;
    let index = |segment: usize| svi_index(hospital.segments[segment].vlan);
    let mut entries: Vec<(u32, Ipv4Addr, Mac)> = hospital
        .devices
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != scene.device && now.reaches(*place))
        .map(|(_, d)| (index(d.segment), d.address, d.mac))
        .collect();
    let stranger = &hospital.cast.stranger;
    if now.ports[stranger.port].up && now.reaches(hospital.ports[stranger.port].owner) {
        entries.push((index(stranger.segment), stranger.address, stranger.mac));
    }
    entries.sort_unstable();
    let entries = Arc::new(entries);

    let rows: Vec<Vec<u32>> = entries
        .iter()
        .map(|(index, address, _)| {
            let mut row = vec![*index];
            row.extend(address.octets().map(u32::from));
            row
        })
        .collect();
    let physical: Vec<Vec<u32>> = entries
        .iter()
        .map(|(index, address, _)| {
            // InetAddressType ipv4, then the length
            let mut row = vec![*index, 1, 4];
            row.extend(address.octets().map(u32::from));
            row
        })
        .collect();
    let known = entries.clone();
    mib.table(&NET_TO_MEDIA, &[1, 2, 3, 4], rows, move |row, column, _| {
        let (index, address, mac) = known.get(row)?;
        Some(match column {
            1 => Value::Integer(i64::from(*index)),
            2 => Value::Octets(mac.0.to_vec()),
            3 => Value::Ip(*address),
            _ => Value::Integer(DYNAMIC),
        })
    });
    mib.table(
        &NET_TO_PHYSICAL,
        &[4, 6, 7],
        physical,
        move |row, column, _| {
            let (_, _, mac) = entries.get(row)?;
            Some(match column {
                4 => Value::Octets(mac.0.to_vec()),
                6 => Value::Integer(DYNAMIC),
                _ => Value::Integer(REACHABLE),
            })
        },
    );
}
