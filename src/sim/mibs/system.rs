//! SNMPv2-MIB's system group (RFC 3418) and SNMP-FRAMEWORK-MIB's engine group (RFC 3411).

use std::time::Duration;

use super::{HospitalAgent, Scene, oid};
use crate::model::DeviceClass;
use crate::sim::chance::hash;
use crate::sim::hospital::Device;
use crate::sim::mib::MibBuilder;
use crate::sim::world::{Snapshot, World, uptime_cs};
use crate::wire::snmp::{Oid, Value};

const SYSTEM: [u32; 7] = [1, 3, 6, 1, 2, 1, 1];
const ENGINE: [u32; 9] = [1, 3, 6, 1, 6, 3, 10, 2, 1];

/// `snmpEngineBoots` and `snmpEngineTime`.
pub(super) fn engine(world: &World, device: usize, now: &Snapshot, at: Duration) -> (u32, u32) {
    let boot = now.boot(device);
    let before = 3 + (hash(device as u64, &[0xb0]) % 20) as u32;
    let boots = before + boot.map_or(0, |b| b.count);
    (boots, uptime_cs(&world.hospital, device, boot, at) / 100)
}

pub(super) fn add(scene: &Scene, mib: &mut MibBuilder) {
    let device = scene.device();
    let (descr, object, services) = identity(device);
    let place = if device.ward.is_empty() {
        device.room.clone()
    } else {
        format!("{}, room {}", device.ward, device.room)
    };
    let uptime = scene.uptime();
    mib.text(&oid(&SYSTEM, &[1, 0]), &descr)
        .fixed(
            &oid(&SYSTEM, &[2, 0]),
            Value::Oid(Oid::new(oid(&[1, 3, 6, 1, 4, 1], object))),
        )
        .live(&oid(&SYSTEM, &[3, 0]), move |at| {
            Value::TimeTicks(uptime(at))
        })
        .text(&oid(&SYSTEM, &[4, 0]), "network on call, +1 555 0100")
        .text(&oid(&SYSTEM, &[5, 0]), &device.name)
        .text(&oid(&SYSTEM, &[6, 0]), &place)
        .fixed(&oid(&SYSTEM, &[7, 0]), Value::Integer(services));
    let (boots, _) = engine(&scene.world, scene.device, &scene.now, scene.now.start);
    let uptime = scene.uptime();
    mib.fixed(
        &oid(&ENGINE, &[1, 0]),
        Value::Octets(HospitalAgent::engine_id(device)),
    )
    .fixed(&oid(&ENGINE, &[2, 0]), Value::Integer(i64::from(boots)))
    .live(&oid(&ENGINE, &[3, 0]), move |at| {
        Value::Integer(i64::from(uptime(at) / 100))
    })
    .fixed(&oid(&ENGINE, &[4, 0]), Value::Integer(1_500));
}

/// sysDescr in the form its vendor uses, sysObjectID below enterprises, sysServices.
pub(super) fn identity(device: &Device) -> (String, &'static [u32], i64) {
    let (model, firmware, serial) = (device.product.model, device.firmware, &device.serial);
    let ios = |train: &str, image: &str| {
        format!("Cisco IOS Software [{train}], {image}, Version {firmware}, RELEASE SOFTWARE (fc3)")
    };
    match (device.class, device.product.vendor) {
        (DeviceClass::Router, _) => (
            ios("Dublin", "Catalyst L3 Switch Software (CAT9K_IOSXE)"),
            &[9, 1, 2688],
            6,
        ),
        (DeviceClass::Switch, _) => (
            ios("Cupertino", "Catalyst L3 Switch Software (CAT9K_IOSXE)"),
            &[9, 1, 2494],
            6,
        ),
        (DeviceClass::WirelessController, _) => (
            ios("Cupertino", "C9800-L Software (C9800-L_IOSXE-K9)"),
            &[9, 1, 2861],
            6,
        ),
        (DeviceClass::AccessPoint, _) => (
            format!("Cisco AP Software, {model}, Version {firmware}"),
            &[9, 1, 2824],
            2,
        ),
        (DeviceClass::Firewall, _) => (model.to_owned(), &[12_356, 101, 1, 1043], 78),
        (DeviceClass::Ups, "APC") => (
            format!(
                "APC Web/SNMP Management Card (MB:v4.2.9 PF:v2.5.0.8 AF1:v2.5.0.6 MN:AP9641 HR:05 SN:{serial}) {model}"
            ),
            &[318, 1, 3, 27],
            72,
        ),
        (DeviceClass::Ups, _) => (format!("Eaton {model}"), &[705, 1], 72),
        (DeviceClass::Pdu, _) => (format!("{model} v{firmware}"), &[13_742, 6], 72),
        (DeviceClass::Sensor, _) => (format!("{model} SP{firmware}"), &[3_854, 1], 72),
        (DeviceClass::Storage, _) => (
            format!("NetApp Release {firmware}: {model}"),
            &[789, 2, 5],
            72,
        ),
        (DeviceClass::Printer, "HP") => (
            format!("HP ETHERNET MULTI-ENVIRONMENT,SN:{serial},FN:{firmware},PID:HP {model}"),
            &[11, 2, 3, 9, 1],
            72,
        ),
        (DeviceClass::Printer, _) => (format!("Zebra Wired {model}"), &[10_642, 1, 1], 72),
        (_, _) if firmware.starts_with("Windows") => (
            "Hardware: Intel64 Family 6 Model 106 Stepping 6 AT/AT COMPATIBLE - Software: Windows Version 6.3 (Build 20348 Multiprocessor Free)"
                .to_owned(),
            &[311, 1, 1, 3, 1, 2],
            76,
        ),
        _ => (
            format!("Linux {} 6.1.0-25-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26) x86_64", device.name),
            &[8_072, 3, 2, 10],
            72,
        ),
    }
}
