//! UPS-MIB (RFC 1628).

use std::time::Duration;

use super::{Scene, oid};
use crate::sim::chance::hash;
use crate::sim::mib::MibBuilder;
use crate::wire::snmp::Value;

const UPS: [u32; 8] = [1, 3, 6, 1, 2, 1, 33, 1];
const BATTERY_NORMAL: i64 = 2;
const BATTERY_LOW: i64 = 3;
const SOURCE_NORMAL: i64 = 3;
const SOURCE_BATTERY: i64 = 5;
/// Minutes a full battery lasts.
const RUNTIME_MIN: u64 = 42;

/// Charge in percent after so long on battery.
fn charge(on_battery: Option<Duration>) -> u64 {
    let used = on_battery.map_or(0, |t| t.as_secs() * 100 / (RUNTIME_MIN * 60));
    100u64.saturating_sub(used).max(1)
}

pub(super) fn add(scene: &Scene, mib: &mut MibBuilder) {
    let device = scene.device();
    let since = scene.now.on_battery.get(&scene.device).copied();
    let spent = move |at: Duration| since.map(|s| at.saturating_sub(s));
    let load = 20 + hash(scene.device as u64, &[0x10ad]) % 40;
    let volts = if since.is_some() { 0 } else { 230 };
    mib.text(&oid(&UPS, &[1, 1, 0]), device.product.vendor)
        .text(&oid(&UPS, &[1, 2, 0]), device.product.model)
        .text(&oid(&UPS, &[1, 3, 0]), device.firmware)
        .text(&oid(&UPS, &[1, 4, 0]), "AOS v2.5.0.8")
        .text(&oid(&UPS, &[1, 5, 0]), &device.name)
        .live(&oid(&UPS, &[2, 1, 0]), move |at| {
            Value::Integer(if charge(spent(at)) < 20 {
                BATTERY_LOW
            } else {
                BATTERY_NORMAL
            })
        })
        .live(&oid(&UPS, &[2, 2, 0]), move |at| {
            Value::Integer(spent(at).map_or(0, |t| t.as_secs() as i64))
        })
        .live(&oid(&UPS, &[2, 3, 0]), move |at| {
            Value::Integer((RUNTIME_MIN * charge(spent(at)) / 100) as i64)
        })
        .live(&oid(&UPS, &[2, 4, 0]), move |at| {
            Value::Integer(charge(spent(at)) as i64)
        })
        .fixed(&oid(&UPS, &[2, 5, 0]), Value::Integer(545))
        .fixed(&oid(&UPS, &[2, 7, 0]), Value::Integer(26))
        .fixed(
            &oid(&UPS, &[4, 1, 0]),
            Value::Integer(if since.is_some() {
                SOURCE_BATTERY
            } else {
                SOURCE_NORMAL
            }),
        )
        .fixed(
            &oid(&UPS, &[6, 1, 0]),
            Value::Gauge32(u32::from(since.is_some())),
        );
    mib.table(
        &oid(&UPS, &[3, 3, 1]),
        &[2, 3],
        [vec![1u32]],
        move |_, column, _| Some(Value::Integer(if column == 2 { 500 } else { volts })),
    );
    mib.table(
        &oid(&UPS, &[4, 4, 1]),
        &[2, 5],
        [vec![1u32]],
        move |_, column, _| Some(Value::Integer(if column == 2 { 230 } else { load as i64 })),
    );
}
