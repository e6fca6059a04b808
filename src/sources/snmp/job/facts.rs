//! What seldom changes: chassis, serial, firmware; and what a UPS says of its battery.

use super::{Report, failed};
use crate::model::{FactKey, Text};
use crate::sources::snmp::io::Io;
use crate::sources::snmp::names::{
    ENT_CLASS, ENT_FIRMWARE, ENT_MODEL, ENT_SERIAL, ENT_SOFTWARE, ENT_VENDOR, HR_DEVICE_DESCR,
    HR_DEVICE_TYPE, HR_PRINTER, PRT_NAME, PRT_SERIAL, UPS_CHARGE, UPS_MINUTES, UPS_MODEL,
    UPS_SECONDS_ON_BATTERY, UPS_SOFTWARE, UPS_VENDOR, oid,
};
use crate::sources::snmp::walk::{self, Table};
use crate::wire::snmp::{Oid, Value};

/// Physical entities that are looked through for the chassis.
const ENTITIES: usize = 2_000;
/// Devices of the host that are looked through for a printer.
const HOST_DEVICES: usize = 64;
/// chassis(3), stack(11) of PhysicalClass
const CHASSIS: i64 = 3;
const STACK: i64 = 11;

pub(super) async fn inventory(io: Io) -> Report {
    let mut facts: Vec<(FactKey, Text)> = Vec::new();
    let classes = walk::columns(&io, &[], &[ENT_CLASS], ENTITIES).await;
    if let Some(failure) = classes.failure {
        return failed(failure);
    }
    let of_class = |wanted| {
        classes.rows.iter().find_map(|(index, row)| {
            (Table::value(row, 0).and_then(Value::as_i64) == Some(wanted)).then(|| index.to_vec())
        })
    };
    // a stack has no serial of its own: its first chassis has
    if let Some(index) = of_class(CHASSIS).or_else(|| of_class(STACK)) {
        let names: Vec<Oid> = [
            ENT_VENDOR,
            ENT_MODEL,
            ENT_SERIAL,
            ENT_SOFTWARE,
            ENT_FIRMWARE,
        ]
        .iter()
        .map(|column| oid(column).child(&index))
        .collect();
        match walk::get(&io, &names).await {
            Ok(values) => {
                let value = |n: usize| trimmed(values.get(n));
                let software = value(3);
                facts.push((FactKey::Vendor, value(0)));
                facts.push((FactKey::Model, value(1)));
                facts.push((FactKey::Serial, value(2)));
                facts.push((
                    FactKey::Firmware,
                    if software.is_empty() {
                        value(4)
                    } else {
                        software
                    },
                ));
            }
            Err(failure) => return failed(failure),
        }
    }
    // those that keep their papers elsewhere
    let names = [UPS_VENDOR, UPS_MODEL, UPS_SOFTWARE, PRT_NAME, PRT_SERIAL].map(oid);
    match walk::get(&io, &names).await {
        Ok(values) => {
            let keys = [
                FactKey::Vendor,
                FactKey::Model,
                FactKey::Firmware,
                FactKey::Model,
                FactKey::Serial,
            ];
            for (key, value) in keys.into_iter().zip(&values) {
                add(&mut facts, key, trimmed(Some(value)));
            }
        }
        Err(failure) => return failed(failure),
    }
    if !has(&facts, FactKey::Model) {
        let devices =
            walk::columns(&io, &[], &[HR_DEVICE_TYPE, HR_DEVICE_DESCR], HOST_DEVICES).await;
        let printer = devices.rows.values().find(|row| {
            Table::value(row, 0)
                .and_then(Value::as_oid)
                .is_some_and(|kind| kind.arcs() == HR_PRINTER)
        });
        if let Some(row) = printer {
            add(&mut facts, FactKey::Model, trimmed(Table::value(row, 1)));
        }
        if devices.failure.is_some() {
            return Report {
                facts: io.memory().news(facts),
                failure: devices.failure,
                ..Report::default()
            };
        }
    }
    facts.retain(|(_, value)| !value.is_empty());
    Report {
        facts: io.memory().news(facts),
        ..Report::default()
    }
}

fn has(facts: &[(FactKey, Text)], key: FactKey) -> bool {
    facts.iter().any(|(k, v)| *k == key && !v.is_empty())
}

fn add(facts: &mut Vec<(FactKey, Text)>, key: FactKey, value: Text) {
    if !value.is_empty() && !has(facts, key) {
        facts.push((key, value));
    }
}

/// Agents pad with blanks.
fn trimmed(value: Option<&Value>) -> Text {
    let octets = value.and_then(Value::as_octets).unwrap_or_default();
    Text::from_bytes(octets.trim_ascii())
}

pub(super) async fn ups(io: Io) -> Report {
    let names = [UPS_SECONDS_ON_BATTERY, UPS_MINUTES, UPS_CHARGE].map(oid);
    let keys = [
        FactKey::UpsSecondsOnBattery,
        FactKey::UpsMinutesLeft,
        FactKey::UpsCharge,
    ];
    match walk::get(&io, &names).await {
        Ok(values) => {
            let facts = keys
                .into_iter()
                .zip(values)
                .filter_map(|(key, value)| Some((key, value.as_i64()?.to_string().into())))
                .collect();
            Report {
                facts: io.memory().news(facts),
                ..Report::default()
            }
        }
        Err(failure) => failed(failure),
    }
}
