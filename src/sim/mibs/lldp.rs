//! LLDP-MIB (IEEE 802.1AB-2005): who is on the other end of a cable.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::{Scene, oid, system, text};
use crate::model::DeviceClass;
use crate::sim::hospital::{Device, Peer};
use crate::sim::mib::MibBuilder;
use crate::wire::snmp::Value;

const LLDP: [u32; 7] = [1, 0, 8802, 1, 1, 2, 1];
const CHASSIS_MAC: i64 = 4;
const PORT_INTERFACE_NAME: i64 = 5;
/// Bridge and router, bridge and access point (LldpSystemCapabilitiesMap: other, repeater, bridge, wlanAP, router, …).
const SWITCH_CAPABILITIES: [u8; 2] = [0x28, 0x00];
const RADIO_CAPABILITIES: [u8; 2] = [0x30, 0x00];

struct Neighbour {
    local: u32,
    mac: [u8; 6],
    port: String,
    port_about: String,
    name: String,
    about: String,
    capabilities: [u8; 2],
    address: Ipv4Addr,
}

fn neighbours(scene: &Scene) -> Vec<Neighbour> {
    let hospital = scene.hospital();
    let of = |local: u32, device: &Device, port: String, port_about: String| Neighbour {
        local,
        mac: device.mac.0,
        port,
        port_about,
        name: device.name.clone(),
        about: system::identity(device).0,
        capabilities: if device.class == DeviceClass::AccessPoint {
            RADIO_CAPABILITIES
        } else {
            SWITCH_CAPABILITIES
        },
        address: device.address,
    };
    scene
        .device()
        .ports
        .clone()
        .filter(|p| scene.now.ports[*p].up)
        .filter_map(|place| {
            let port = &hospital.ports[place];
            match &port.peer {
                Peer::Link(other) => {
                    let other = &hospital.ports[*other];
                    let device = &hospital.devices[other.owner];
                    Some(of(
                        port.base,
                        device,
                        other.name.clone(),
                        other.alias.clone(),
                    ))
                }
                Peer::Stations(stations) => {
                    let device = &hospital.devices[*stations.first()?];
                    (device.class == DeviceClass::AccessPoint)
                        .then(|| of(port.base, device, "Gi0".into(), String::new()))
                }
                Peer::Nothing => None,
            }
        })
        .collect()
}

pub(super) fn add(scene: &Scene, mib: &mut MibBuilder) {
    let device = scene.device();
    let hospital = scene.hospital();
    let (about, _, _) = system::identity(device);
    let capabilities = || Value::Octets(SWITCH_CAPABILITIES.to_vec());
    mib.fixed(&oid(&LLDP, &[3, 1, 0]), Value::Integer(CHASSIS_MAC))
        .fixed(
            &oid(&LLDP, &[3, 2, 0]),
            Value::Octets(device.mac.0.to_vec()),
        )
        .text(&oid(&LLDP, &[3, 3, 0]), &device.name)
        .text(&oid(&LLDP, &[3, 4, 0]), &about)
        .fixed(&oid(&LLDP, &[3, 5, 0]), capabilities())
        .fixed(&oid(&LLDP, &[3, 6, 0]), capabilities());
    let ports: Vec<Vec<u32>> = hospital.ports[device.ports.clone()]
        .iter()
        .map(|p| vec![p.base])
        .collect();
    let (world, first) = (scene.world.clone(), device.ports.start);
    mib.table(
        &oid(&LLDP, &[3, 7, 1]),
        &[2, 3, 4],
        ports,
        move |row, column, _| {
            let port = world.hospital.ports.get(first + row)?;
            Some(match column {
                2 => Value::Integer(PORT_INTERFACE_NAME),
                3 => text(&port.name),
                _ => text(&port.alias),
            })
        },
    );
    let own = address_index(&[], device.address);
    mib.table(
        &oid(&LLDP, &[3, 8, 1]),
        &[3, 4, 5],
        [own],
        |_, column, _| {
            Some(Value::Integer(match column {
                3 => 5,
                4 => 2,
                _ => 1,
            }))
        },
    );

    let all = Arc::new(neighbours(scene));
    // time mark zero, local port, and which neighbour there
    let rows: Vec<Vec<u32>> = all.iter().map(|n| vec![0, n.local, 1]).collect();
    let managed: Vec<Vec<u32>> = all
        .iter()
        .map(|n| address_index(&[0, n.local, 1], n.address))
        .collect();
    mib.table(
        &oid(&LLDP, &[4, 1, 1]),
        &[4, 5, 6, 7, 8, 9, 10, 11, 12],
        rows,
        move |row, column, _| {
            let n = all.get(row)?;
            Some(match column {
                4 => Value::Integer(CHASSIS_MAC),
                5 => Value::Octets(n.mac.to_vec()),
                6 => Value::Integer(PORT_INTERFACE_NAME),
                7 => text(&n.port),
                8 => text(&n.port_about),
                9 => text(&n.name),
                10 => text(&n.about),
                _ => Value::Octets(n.capabilities.to_vec()),
            })
        },
    );
    mib.table(&oid(&LLDP, &[4, 2, 1]), &[3, 4], managed, |_, column, _| {
        Some(Value::Integer(if column == 3 { 2 } else { 1 }))
    });
}

/// IANA address family ipV4 and the length, then the octets.
fn address_index(before: &[u32], address: Ipv4Addr) -> Vec<u32> {
    let mut index = before.to_vec();
    index.extend([1, 4]);
    index.extend(address.octets().map(u32::from));
    index
}
