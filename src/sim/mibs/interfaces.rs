//! IF-MIB (RFC 2863).

use std::sync::Arc;
use std::time::Duration;

use super::{Scene, text};
use crate::model::Mac;
use crate::sim::chance::hash;
use crate::sim::hospital::Hospital;
use crate::sim::mib::MibBuilder;
use crate::sim::world::Snapshot;
use crate::wire::snmp::Value;

const IF_NUMBER: [u32; 9] = [1, 3, 6, 1, 2, 1, 2, 1, 0];
const IF_ENTRY: [u32; 9] = [1, 3, 6, 1, 2, 1, 2, 2, 1];
const IF_X_ENTRY: [u32; 10] = [1, 3, 6, 1, 2, 1, 31, 1, 1, 1];
const IF_TABLE_LAST_CHANGE: [u32; 10] = [1, 3, 6, 1, 2, 1, 31, 1, 5, 0];
/// `ifAdminStatus`, the one column that can be SET.
pub const IF_ADMIN_STATUS: [u32; 10] = [1, 3, 6, 1, 2, 1, 2, 2, 1, 7];

const ETHERNET: i64 = 6;
const LOOPBACK: i64 = 24;
const L3_VLAN: i64 = 136;
const UP: i64 = 1;
const DOWN: i64 = 2;

/// The `ifIndex` of a VLAN's interface on a switch.
pub fn svi_index(vlan: u16) -> u32 {
    3_000 + u32::from(vlan)
}

/// Whose counters an interface shows.
#[derive(Clone, Copy)]
enum Counts {
    /// None: a loopback.
    None,
    /// A port of this switch.
    Port(usize),
    /// The other side of the port it hangs on.
    Mirror(usize),
    /// A VLAN interface that carries a trickle.
    Trickle(u64),
}

struct Row {
    index: u32,
    name: String,
    alias: String,
    kind: i64,
    mbps: u32,
    mac: Vec<u8>,
    counts: Counts,
}

/// The MAC of a port: the device's with a number added.
pub(super) fn port_mac(base: Mac, n: u32) -> Mac {
    let m = base.0;
    let low = u32::from_be_bytes([0, m[3], m[4], m[5]]).wrapping_add(n) & 0x00ff_ffff;
    let low = low.to_be_bytes();
    Mac([m[0], m[1], m[2], low[1], low[2], low[3]])
}

fn rows(scene: &Scene) -> Vec<Row> {
    let hospital = scene.hospital();
    let device = scene.device();
    let mac = device.mac.0.to_vec();
    if device.ports.is_empty() {
        let wired = device.through.is_none().then_some(device.at).flatten();
        let mbps = wired.map_or(100, |p| hospital.ports[p].mbps.min(1_000));
        let ethernet = Row {
            index: 2,
            name: "eth0".into(),
            alias: String::new(),
            kind: ETHERNET,
            mbps,
            mac,
            counts: wired.map_or(Counts::None, Counts::Mirror),
        };
        let loopback = Row {
            index: 1,
            name: "lo".into(),
            alias: String::new(),
            kind: LOOPBACK,
            mbps: 10,
            mac: Vec::new(),
            counts: Counts::None,
        };
        return vec![loopback, ethernet];
    }
    let mut rows: Vec<Row> = device
        .ports
        .clone()
        .map(|place| {
            let port = &hospital.ports[place];
            Row {
                index: port.if_index,
                name: port.name.clone(),
                alias: port.alias.clone(),
                kind: ETHERNET,
                mbps: port.mbps,
                mac: port_mac(device.mac, port.base).0.to_vec(),
                counts: Counts::Port(place),
            }
        })
        .collect();
    let root = scene.device == 0;
    let vlans = hospital
        .segments
        .iter()
        .enumerate()
        .filter(|(n, _)| root || *n == device.segment);
    rows.extend(vlans.map(|(_, segment)| Row {
        index: svi_index(segment.vlan),
        name: format!("Vl{}", segment.vlan),
        alias: segment.name.clone(),
        kind: L3_VLAN,
        mbps: 1_000,
        mac: mac.clone(),
        counts: Counts::Trickle(4_000 + hash(u64::from(segment.vlan), &[1]) % 40_000),
    }));
    rows.sort_by_key(|r| r.index);
    rows
}

/// Octets in and out, status, when it last changed.
struct Reading {
    octets: (u64, u64),
    admin: i64,
    oper: i64,
    changed: Duration,
}

fn read(hospital: &Hospital, now: &Snapshot, counts: Counts, at: Duration) -> Reading {
    let status = |up: bool| if up { UP } else { DOWN };
    let steady = |octets| Reading {
        octets,
        admin: UP,
        oper: UP,
        changed: Duration::ZERO,
    };
    match counts {
        Counts::None => steady((0, 0)),
        Counts::Trickle(rate) => {
            let octets = crate::sim::load::octets(rate, rate, at.as_millis() as u64);
            steady((octets, octets / 3))
        }
        Counts::Port(place) => {
            let state = now.ports[place];
            Reading {
                octets: now.octets(hospital, place, at),
                admin: status(state.admin),
                oper: status(state.up),
                changed: state.changed,
            }
        }
        Counts::Mirror(place) => {
            let (comes, goes) = now.octets(hospital, place, at);
            steady((goes, comes))
        }
    }
}

pub(super) fn add(scene: &Scene, mib: &mut MibBuilder) {
    let rows = Arc::new(rows(scene));
    let indices: Vec<Vec<u32>> = rows.iter().map(|r| vec![r.index]).collect();
    mib.fixed(&IF_NUMBER, Value::Integer(rows.len() as i64))
        .fixed(&IF_TABLE_LAST_CHANGE, Value::TimeTicks(0));

    let (world, now, known) = (scene.world.clone(), scene.now.clone(), rows.clone());
    let uptime = scene.uptime();
    mib.table(
        &IF_ENTRY,
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 16, 17, 19, 20],
        indices.clone(),
        move |row, column, at| {
            let row = known.get(row)?;
            let reading = || read(&world.hospital, &now, row.counts, at);
            let wrapped = |n: u64| Value::Counter32(n as u32);
            Some(match column {
                1 => Value::Integer(i64::from(row.index)),
                2 => text(&long_name(&row.name)),
                3 => Value::Integer(row.kind),
                4 => Value::Integer(1_500),
                5 => Value::Gauge32(row.mbps.saturating_mul(1_000_000)),
                6 => Value::Octets(row.mac.clone()),
                7 => Value::Integer(reading().admin),
                8 => Value::Integer(reading().oper),
                9 => {
                    let changed = reading().changed;
                    Value::TimeTicks(if changed.is_zero() {
                        0
                    } else {
                        uptime(changed)
                    })
                }
                10 => wrapped(reading().octets.0),
                11 => wrapped(packets(row.index, reading().octets.0)),
                13 | 19 | 20 => wrapped(0),
                14 => wrapped(errors(&row.counts, reading().octets.0)),
                16 => wrapped(reading().octets.1),
                17 => wrapped(packets(row.index, reading().octets.1)),
                _ => return None,
            })
        },
    );

    let (world, now, known) = (scene.world.clone(), scene.now.clone(), rows);
    mib.table(
        &IF_X_ENTRY,
        &[1, 6, 7, 10, 11, 14, 15, 16, 17, 18, 19],
        indices,
        move |row, column, at| {
            let row = known.get(row)?;
            let octets = || read(&world.hospital, &now, row.counts, at).octets;
            Some(match column {
                1 => text(&row.name),
                6 => Value::Counter64(octets().0),
                7 => Value::Counter64(packets(row.index, octets().0)),
                10 => Value::Counter64(octets().1),
                11 => Value::Counter64(packets(row.index, octets().1)),
                14 => Value::Integer(1),
                15 => Value::Gauge32(row.mbps),
                16 => Value::Integer(2),
                17 => Value::Integer(if row.kind == ETHERNET { 1 } else { 2 }),
                18 => text(&row.alias),
                19 => Value::TimeTicks(0),
                _ => return None,
            })
        },
    );
    if scene.device == 0 {
        own_addresses(scene, mib);
    }
}

/// ipAddrTable (RFC 1213): the gateways.
fn own_addresses(scene: &Scene, mib: &mut MibBuilder) {
    let hospital = scene.hospital();
    let gateways: Vec<_> = (0..hospital.segments.len())
        .filter_map(|s| {
            let segment = &hospital.segments[s];
            Some((
                hospital.gateway(s)?,
                svi_index(segment.vlan),
                segment.net.netmask(),
            ))
        })
        .collect();
    let rows: Vec<Vec<u32>> = gateways
        .iter()
        .map(|g| g.0.octets().map(u32::from).to_vec())
        .collect();
    mib.table(
        &[1, 3, 6, 1, 2, 1, 4, 20, 1],
        &[1, 2, 3],
        rows,
        move |row, column, _| {
            let (address, index, mask) = gateways.get(row)?;
            Some(match column {
                1 => Value::Ip(*address),
                2 => Value::Integer(i64::from(*index)),
                3 => Value::Ip(*mask),
                _ => return None,
            })
        },
    );
}

fn packets(key: u32, octets: u64) -> u64 {
    octets / (180 + hash(u64::from(key), &[9]) % 700)
}

/// One cable in some fifty has seen better days: a frame in ten million octets.
fn errors(counts: &Counts, octets: u64) -> u64 {
    match counts {
        Counts::Port(place) if hash(*place as u64, &[0xbad]).is_multiple_of(50) => {
            octets / 10_000_000_000
        }
        _ => 0,
    }
}

/// `ifDescr` of a vendor that shortens `ifName`.
fn long_name(name: &str) -> String {
    for (short, long) in [
        ("Gi", "GigabitEthernet"),
        ("Te", "TenGigabitEthernet"),
        ("Vl", "Vlan"),
    ] {
        if let Some(rest) = name.strip_prefix(short) {
            return format!("{long}{rest}");
        }
    }
    name.to_owned()
}
