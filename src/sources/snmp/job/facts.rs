//! What seldom changes: chassis, serial, firmware; and what a UPS says of its battery.

use super::{About, Report, failed};
use crate::model::{FactKey, PartKind, Role, Text};
use crate::sources::snmp::io::{Failure, Io};
use crate::sources::snmp::names::HR_PRINTER;
use crate::wire::snmp::{Readable, ValueRef};

/// chassis(3), stack(11) of PhysicalClass
const CHASSIS: i64 = 3;
const STACK: i64 = 11;

pub(super) async fn inventory(io: Io, about: About) -> Report {
    let mut facts: Vec<(FactKey, Text)> = Vec::new();
    let chassis = match chassis(&io, about).await {
        Ok(index) => index,
        Err(failure) => return failed(failure),
    };
    if let (Some(index), Some(asked)) = (chassis, io.part(PartKind::Chassis)) {
        match asked.at_row(&io, &index).await {
            Ok(values) => {
                let value = |role| trimmed(values.get(asked.column(role)));
                let software = value(Role::EntSoftware);
                facts.push((FactKey::Vendor, value(Role::EntVendor)));
                facts.push((FactKey::Model, value(Role::EntModel)));
                facts.push((FactKey::Serial, value(Role::EntSerial)));
                facts.push((
                    FactKey::Firmware,
                    if software.is_empty() {
                        value(Role::EntFirmware)
                    } else {
                        software
                    },
                ));
            }
            Err(failure) => return failed(failure),
        }
    }
    // those that keep their papers elsewhere
    if let Some(asked) = io.part(PartKind::Papers) {
        match asked.get(&io).await {
            Ok(values) => {
                let keys = [
                    (FactKey::Vendor, Role::UpsVendor),
                    (FactKey::Model, Role::UpsModel),
                    (FactKey::Firmware, Role::UpsSoftware),
                    (FactKey::Model, Role::PrtName),
                    (FactKey::Serial, Role::PrtSerial),
                ];
                for (key, role) in keys {
                    add(&mut facts, key, trimmed(values.get(asked.scalar(role))));
                }
            }
            Err(failure) => return failed(failure),
        }
    }
    let hosts = io.part(PartKind::HostDevices);
    if let Some(asked) = hosts.filter(|_| !has(&facts, FactKey::Model)) {
        let devices = asked.walk(&io, None).await;
        let printer = devices.rows.values().find(|row| {
            devices
                .value(row, asked.column(Role::HrDeviceType))
                .is_some_and(|kind| kind.is_oid(HR_PRINTER))
        });
        if let Some(row) = printer {
            let descr = devices.value(row, asked.column(Role::HrDeviceDescr));
            add(&mut facts, FactKey::Model, trimmed(descr));
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

/// The row of the chassis; a stack has no serial of its own: its first chassis has. From memory where nothing was plugged or
/// pulled since it was read.
async fn chassis(io: &Io, about: About) -> Result<Option<Vec<u32>>, Failure> {
    let Some(asked) = io.part(PartKind::Entities) else {
        return Ok(None);
    };
    if !asked.moved(io, about.now_ms).await? {
        return Ok(io.memory().chassis.clone());
    }
    let classes = asked.walk(io, None).await;
    asked.was_read(io, classes.whole);
    if let Some(failure) = classes.failure {
        return Err(failure);
    }
    let class = asked.column(Role::EntClass);
    let of_class = |wanted| {
        classes.rows.iter().find_map(|(index, row)| {
            let is = classes.value(row, class).and_then(ValueRef::as_i64) == Some(wanted);
            is.then(|| index.to_vec())
        })
    };
    let found = of_class(CHASSIS).or_else(|| of_class(STACK));
    io.memory().chassis.clone_from(&found);
    Ok(found)
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
fn trimmed<'a>(value: Option<impl Readable<'a>>) -> Text {
    let octets = value.and_then(Readable::octets).unwrap_or_default();
    Text::from_bytes(octets.trim_ascii())
}

pub(super) async fn ups(io: Io) -> Report {
    let Some(asked) = io.part(PartKind::Battery) else {
        return Report::default();
    };
    let keys = [
        (FactKey::UpsSecondsOnBattery, Role::UpsSecondsOnBattery),
        (FactKey::UpsMinutesLeft, Role::UpsMinutes),
        (FactKey::UpsCharge, Role::UpsCharge),
    ];
    match asked.get(&io).await {
        Ok(values) => {
            let facts = keys
                .into_iter()
                .filter_map(|(key, role)| {
                    let value = values.get(asked.scalar(role))?.as_i64()?;
                    Some((key, value.to_string().into()))
                })
                .collect();
            Report {
                facts: io.memory().news(facts),
                ..Report::default()
            }
        }
        Err(failure) => failed(failure),
    }
}
