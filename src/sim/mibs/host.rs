//! HOST-RESOURCES-MIB (RFC 2790) and Printer-MIB (RFC 3805), the parts that are asked for.

use super::{Scene, oid, text};
use crate::sim::chance::hash;
use crate::sim::mib::MibBuilder;
use crate::wire::snmp::{Oid, Value};

const HOST: [u32; 7] = [1, 3, 6, 1, 2, 1, 25];
const PRINTER: [u32; 7] = [1, 3, 6, 1, 2, 1, 43];
/// hrDeviceTypes
const DEVICE_TYPES: [u32; 9] = [1, 3, 6, 1, 2, 1, 25, 3, 1];

pub(super) fn server(scene: &Scene, mib: &mut MibBuilder) {
    let uptime = scene.uptime();
    let key = hash(scene.hospital().seed, &[scene.device as u64]);
    mib.live(&oid(&HOST, &[1, 1, 0]), move |at| {
        Value::TimeTicks(uptime(at))
    })
    .fixed(&oid(&HOST, &[1, 5, 0]), Value::Gauge32((key % 4) as u32))
    .live(&oid(&HOST, &[1, 6, 0]), move |at| {
        Value::Gauge32(180 + (hash(key, &[at.as_secs() / 30]) % 60) as u32)
    })
    .fixed(&oid(&HOST, &[2, 2, 0]), Value::Integer(67_108_864));
    // hrStorage: memory and a disk
    mib.table(
        &oid(&HOST, &[2, 3, 1]),
        &[1, 2, 3, 4, 5, 6],
        [vec![1u32], vec![31]],
        move |row, column, at| {
            let disk = row == 1;
            let size: i64 = if disk { 244_190_646 } else { 67_108_864 };
            Some(match column {
                1 => Value::Integer(if disk { 31 } else { 1 }),
                // hrStorageFixedDisk, hrStorageRam
                2 => Value::Oid(Oid::new(oid(&HOST, &[2, 1, if disk { 4 } else { 2 }]))),
                3 => text(if disk { "/" } else { "Physical memory" }),
                4 => Value::Integer(if disk { 4_096 } else { 1_024 }),
                5 => Value::Integer(size),
                _ => {
                    let tenth = hash(key, &[row as u64, at.as_secs() / 60]) % 20;
                    Value::Integer(size * (400 + (key % 300 + tenth) as i64) / 1_000)
                }
            })
        },
    );
    mib.table(
        &oid(&HOST, &[3, 2, 1]),
        &[1, 2, 3, 5],
        [vec![1u32]],
        |_, column, _| {
            Some(match column {
                1 => Value::Integer(1),
                // hrDeviceProcessor
                2 => Value::Oid(Oid::new(oid(&DEVICE_TYPES, &[3]))),
                3 => text("Intel Xeon Gold 6330"),
                _ => Value::Integer(2),
            })
        },
    );
    mib.table(
        &oid(&HOST, &[3, 3, 1]),
        &[2],
        [vec![1u32]],
        move |_, _, at| {
            Some(Value::Integer(
                (4 + hash(key, &[7, at.as_secs() / 15]) % 40) as i64,
            ))
        },
    );
}

pub(super) fn printer(scene: &Scene, mib: &mut MibBuilder) {
    let device = scene.device();
    let key = hash(scene.hospital().seed, &[scene.device as u64]);
    let uptime = scene.uptime();
    mib.live(&oid(&HOST, &[1, 1, 0]), move |at| {
        Value::TimeTicks(uptime(at))
    });
    let about = format!("{} {}", device.product.vendor, device.product.model);
    mib.table(
        &oid(&HOST, &[3, 2, 1]),
        &[1, 2, 3, 5, 6],
        [vec![1u32]],
        move |_, column, _| {
            Some(match column {
                1 => Value::Integer(1),
                // hrDevicePrinter
                2 => Value::Oid(Oid::new(oid(&DEVICE_TYPES, &[5]))),
                3 => text(&about),
                // running
                5 => Value::Integer(2),
                _ => Value::Counter32(0),
            })
        },
    );
    // hrPrinterStatus idle, hrPrinterDetectedErrorState none
    mib.table(
        &oid(&HOST, &[3, 5, 1]),
        &[1, 2],
        [vec![1u32]],
        |_, column, _| {
            Some(if column == 1 {
                Value::Integer(3)
            } else {
                Value::Octets(vec![0])
            })
        },
    );
    let serial = device.serial.clone();
    mib.table(
        &oid(&PRINTER, &[5, 1, 1]),
        &[16, 17],
        [vec![1u32]],
        move |_, column, _| Some(text(if column == 17 { &serial } else { "printer" })),
    );
    mib.table(
        &oid(&PRINTER, &[10, 2, 1]),
        &[4],
        [vec![1u32, 1]],
        move |_, _, at| {
            Some(Value::Counter32(
                ((key % 90_000) + at.as_secs() / 45) as u32,
            ))
        },
    );
    mib.table(
        &oid(&PRINTER, &[11, 1, 1]),
        &[6, 8, 9],
        [vec![1u32, 1]],
        move |_, column, _| {
            Some(match column {
                6 => text("Black cartridge"),
                8 => Value::Integer(100),
                _ => Value::Integer(8 + (key % 90) as i64),
            })
        },
    );
}
