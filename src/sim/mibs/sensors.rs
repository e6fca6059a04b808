//! Supplies and fans of switches (CISCO-ENVMON-MIB), the monitor of a refrigerator (AKCP sensorProbe), DHCP scopes (Microsoft
//! DHCP-MIB).

use super::{Scene, oid, text};
use crate::sim::chance::hash;
use crate::sim::mib::MibBuilder;
use crate::wire::snmp::Value;

const ENVMON: [u32; 10] = [1, 3, 6, 1, 4, 1, 9, 9, 13, 1];
const AKCP: [u32; 11] = [1, 3, 6, 1, 4, 1, 3_854, 1, 2, 2, 1];
const MS_DHCP: [u32; 12] = [1, 3, 6, 1, 4, 1, 311, 1, 3, 2, 1, 1];
/// CiscoEnvMonState
const NORMAL: i64 = 1;
const NOT_FUNCTIONING: i64 = 6;

/// Two fans and two power supplies; the second supply of one switch fails.
pub(super) fn switch(scene: &Scene, mib: &mut MibBuilder) {
    let dead = scene.now.supply_failed == Some(scene.device);
    mib.table(
        &oid(&ENVMON, &[4, 1]),
        &[2, 3],
        [vec![1_007u32], vec![1_008]],
        |row, column, _| {
            Some(match column {
                2 => text(&format!("Switch 1 - FAN {} - Normal", row + 1)),
                _ => Value::Integer(NORMAL),
            })
        },
    );
    mib.table(
        &oid(&ENVMON, &[5, 1]),
        &[2, 3, 4],
        [vec![1_005u32], vec![1_006]],
        move |row, column, _| {
            Some(match column {
                2 => text(&format!("Sw1 PS{}", char::from(b'A' + row as u8))),
                3 if dead && row == 1 => Value::Integer(NOT_FUNCTIONING),
                3 => Value::Integer(NORMAL),
                // ac(2)
                _ => Value::Integer(2),
            })
        },
    );
}

/// A probe in a medicine refrigerator; its compressor may stop, and it warms by a tenth of a degree every ten seconds.
pub(super) fn monitor(scene: &Scene, mib: &mut MibBuilder) {
    let key = hash(scene.hospital().seed, &[scene.device as u64, 0xf1d6e]);
    let since = scene.now.fridge_warms.filter(|(d, _)| *d == scene.device);
    let tenths = move |at: std::time::Duration| {
        let cold = 42 + (hash(key, &[at.as_secs() / 300]) % 8) as i64;
        let warmer = since.map_or(0, |(_, from)| at.saturating_sub(from).as_secs() / 10);
        (cold + i64::try_from(warmer).unwrap_or(0)).min(215)
    };
    mib.table(
        &oid(&AKCP, &[16, 1]),
        &[1, 3, 4, 5, 12, 14],
        [vec![0u32]],
        move |_, column, at| {
            Some(match column {
                1 => text("Medicine refrigerator"),
                3 => Value::Integer(tenths(at) / 10),
                // normal(2): its own limits are wide
                4 => Value::Integer(2),
                14 => Value::Integer(tenths(at)),
                // online(1), Celsius(1)
                _ => Value::Integer(1),
            })
        },
    );
    mib.table(
        &oid(&AKCP, &[17, 1]),
        &[1, 3, 4, 5],
        [vec![0u32]],
        move |_, column, at| {
            Some(match column {
                1 => text("Room"),
                3 => Value::Integer(38 + (hash(key, &[7, at.as_secs() / 600]) % 6) as i64),
                4 => Value::Integer(2),
                _ => Value::Integer(1),
            })
        },
    );
}

/// Addresses of each segment, of the first Windows server alone.
pub(super) fn dhcp(scene: &Scene, mib: &mut MibBuilder) {
    let hospital = scene.hospital();
    let windows = |d: &crate::sim::hospital::Device| {
        d.class == crate::model::DeviceClass::Server && d.firmware.starts_with("Windows")
    };
    if hospital.devices.iter().position(windows) != Some(scene.device) {
        return;
    }
    let scopes: Vec<(Vec<u32>, u32)> = hospital
        .segments
        .iter()
        .enumerate()
        .map(|(at, segment)| {
            let index = segment.net.network().octets().map(u32::from).to_vec();
            let members = hospital.devices.iter().filter(|d| d.segment == at).count();
            (index, u32::try_from(members).unwrap_or(0))
        })
        .collect();
    let used: Vec<u32> = scopes.iter().map(|(_, used)| *used).collect();
    let indexes: Vec<Vec<u32>> = scopes.into_iter().map(|(index, _)| index).collect();
    mib.table(&MS_DHCP, &[2, 3, 4], indexes, move |row, column, _| {
        let used = *used.get(row)?;
        // a scope is cut so that a third is left
        Some(Value::Gauge32(match column {
            2 => used,
            3 => used / 2 + 20,
            _ => 0,
        }))
    });
}
