//! ENTITY-MIB (RFC 6933): the chassis and its inlet thermometer (ENTITY-SENSOR-MIB, RFC 3433); and the serial number of a vendor that keeps it elsewhere.

use super::{Scene, oid, system, text};
use crate::model::DeviceClass;
use crate::sim::chance::hash;
use crate::sim::mib::MibBuilder;
use crate::wire::snmp::{Oid, Value};

const PHYSICAL: [u32; 11] = [1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1];
const CHASSIS: i64 = 3;
/// sensor(8) of PhysicalClass
const SENSOR: i64 = 8;
const ENTITY_SENSOR: [u32; 10] = [1, 3, 6, 1, 2, 1, 99, 1, 1, 1];
/// The thermometer's index.
const INLET: u32 = 1_001;

pub(super) fn add(scene: &Scene, mib: &mut MibBuilder) {
    let device = scene.device().clone();
    if device.class == DeviceClass::Firewall {
        mib.text(&[1, 3, 6, 1, 4, 1, 12_356, 100, 1, 1, 1, 0], &device.serial)
            .text(
                &[1, 3, 6, 1, 4, 1, 12_356, 101, 4, 1, 1, 0],
                &format!("v{},build0444,221121 (GA.M)", device.firmware),
            );
    }
    mib.table(
        &PHYSICAL,
        &[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
        [vec![1u32], vec![INLET]],
        move |row, column, _| {
            if row == 1 {
                return Some(match column {
                    2 => text("Inlet temperature"),
                    3 => Value::Oid(Oid::new([0u32, 0].to_vec())),
                    // in the chassis, the first there
                    4 | 6 => Value::Integer(1),
                    5 => Value::Integer(SENSOR),
                    7 => text("Inlet"),
                    16 => Value::Integer(2),
                    _ => text(""),
                });
            }
            let (_, object, _) = system::identity(&device);
            Some(match column {
                2 => text(&format!("{} chassis", device.product.model)),
                3 => Value::Oid(Oid::new(oid(&[1, 3, 6, 1, 4, 1], object))),
                4 => Value::Integer(0),
                5 => Value::Integer(CHASSIS),
                6 => Value::Integer(-1),
                7 => text("Chassis"),
                8 => text("V02"),
                9 | 10 => text(device.firmware),
                11 => text(&device.serial),
                12 => text(device.product.vendor),
                13 => text(device.product.model),
                16 => Value::Integer(1),
                _ => text(""),
            })
        },
    );
    let key = hash(scene.hospital().seed, &[scene.device as u64, 99]);
    mib.table(
        &ENTITY_SENSOR,
        &[1, 2, 3, 4, 5],
        [vec![INLET]],
        move |_, column, at| {
            Some(Value::Integer(match column {
                // celsius, units, one digit behind the point, ok
                1 => 8,
                2 => 9,
                4 => 230 + (key % 60 + hash(key, &[at.as_secs() / 60]) % 8) as i64,
                _ => 1,
            }))
        },
    );
}
