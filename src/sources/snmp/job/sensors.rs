//! How a device is doing: its sensors (ENTITY-SENSOR-MIB), memory, disks and load (HOST-RESOURCES-MIB).

use std::collections::BTreeMap;

use super::{Report, failed};
use crate::model::{FactKey, Text};
use crate::sources::snmp::io::{Failure, Io};
use crate::sources::snmp::names::{
    ENT_DESCR, ENT_NAME, ENT_SENSOR_PRECISION, ENT_SENSOR_SCALE, ENT_SENSOR_STATUS,
    ENT_SENSOR_TYPE, ENT_SENSOR_VALUE, HR_FIXED_DISK, HR_LOAD, HR_RAM, HR_STORAGE_DESCR,
    HR_STORAGE_SIZE, HR_STORAGE_TYPE, HR_STORAGE_UNITS, HR_STORAGE_USED, Name, oid,
};
use crate::sources::snmp::walk::{self, Cell, Table};
use crate::wire::snmp::{Oid, Value};

/// Sensors of one device that are read.
const SENSORS: usize = 1_000;
/// Disks, memories and processors of one device that are read.
const PARTS: usize = 256;
/// celsius(8) of EntitySensorDataType (RFC 3433)
const CELSIUS: i64 = 8;
/// nonoperational(3) of EntitySensorStatus; unavailable(2) is an empty slot more often than a fault
const NONOPERATIONAL: i64 = 3;
/// units(9) of EntitySensorDataScale
const UNITS: i64 = 9;
/// Beyond these no thermometer of a device is believed, tenths of a degree.
const BELIEVED: std::ops::RangeInclusive<i64> = -1_000..=3_000;
/// Broken sensors that are named; more are counted.
const NAMED: usize = 3;

/// One sensor as it was read.
#[derive(Clone, Copy, Debug)]
struct Reading {
    kind: i64,
    scale: i64,
    precision: i64,
    value: i64,
    status: i64,
}

/// Reads all of it. A device that has none of these tables says so in three short answers.
pub(super) async fn run(io: Io) -> Report {
    let mut facts = Vec::new();
    let columns = [
        ENT_SENSOR_TYPE,
        ENT_SENSOR_SCALE,
        ENT_SENSOR_PRECISION,
        ENT_SENSOR_VALUE,
        ENT_SENSOR_STATUS,
    ];
    let table = walk::columns(&io, &[], &columns, SENSORS).await;
    if let Some(failure) = table.failure {
        return failed(failure);
    }
    let readings: BTreeMap<Vec<u32>, Reading> = table
        .rows
        .iter()
        .filter_map(|(index, row)| Some((index.to_vec(), reading(row)?)))
        .collect();
    if let Err(failure) = sensors(&io, &readings, &mut facts).await {
        return failed(failure);
    }
    let columns = [
        HR_STORAGE_TYPE,
        HR_STORAGE_DESCR,
        HR_STORAGE_UNITS,
        HR_STORAGE_SIZE,
        HR_STORAGE_USED,
    ];
    let stores = walk::columns(&io, &[], &columns, PARTS).await;
    if let Some(failure) = stores.failure {
        return failed(failure);
    }
    facts.extend(fullest(&stores, HR_RAM).map(|(text, _)| (FactKey::Memory, text)));
    facts.extend(fullest(&stores, HR_FIXED_DISK).map(|(text, name)| {
        let text = if name.is_empty() {
            text
        } else {
            Text::from(format!("{text}, {}", name.as_str()))
        };
        (FactKey::Storage, text)
    }));
    let loads = walk::columns(&io, &[], &[HR_LOAD], PARTS).await;
    if let Some(failure) = loads.failure {
        return failed(failure);
    }
    facts.extend(mean(&loads).map(|load| (FactKey::Load, Text::from(format!("{load} %")))));
    Report {
        facts: io.memory().news(facts),
        ..Report::default()
    }
}

fn reading(row: &[Cell]) -> Option<Reading> {
    let number = |column| Table::value(row, column).and_then(Value::as_i64);
    Some(Reading {
        kind: number(0)?,
        scale: number(1)?,
        precision: number(2)?,
        value: number(3)?,
        status: number(4)?,
    })
}

/// The hottest thermometer, and which sensors do not work.
async fn sensors(
    io: &Io,
    readings: &BTreeMap<Vec<u32>, Reading>,
    facts: &mut Vec<(FactKey, Text)>,
) -> Result<(), Failure> {
    if readings.is_empty() {
        return Ok(());
    }
    let hottest = readings
        .iter()
        .filter(|(_, r)| r.status != NONOPERATIONAL)
        .filter_map(|(index, r)| Some((tenths_celsius(*r)?, index)))
        .max();
    let broken: Vec<&Vec<u32>> = readings
        .iter()
        .filter(|(_, r)| r.status == NONOPERATIONAL)
        .map(|(index, _)| index)
        .collect();
    let wanted: Vec<&Vec<u32>> = hottest
        .iter()
        .map(|(_, index)| *index)
        .chain(broken.iter().take(NAMED).copied())
        .collect();
    let names = names_of(io, &wanted).await?;
    let mut names = names.into_iter();
    if let Some((tenths, _)) = hottest {
        let name = names.next().unwrap_or_default();
        let sign = if tenths < 0 { "-" } else { "" };
        let degrees = format!(
            "{sign}{}.{} °C {name}",
            tenths.abs() / 10,
            tenths.abs() % 10
        );
        facts.push((FactKey::Temperature, Text::from(degrees.trim_end())));
    }
    let all = readings.len();
    let health = if broken.is_empty() {
        if all == 1 {
            "1 sensor works".to_string()
        } else {
            format!("{all} sensors work")
        }
    } else {
        let named: Vec<String> = names.map(|n| n.to_string()).collect();
        format!(
            "{} of {all} sensors do not work: {}",
            broken.len(),
            named.join(", ")
        )
    };
    facts.push((FactKey::SensorHealth, Text::from(health)));
    Ok(())
}

/// `entPhysicalName`, else `entPhysicalDescr`, of each.
async fn names_of(io: &Io, wanted: &[&Vec<u32>]) -> Result<Vec<Text>, Failure> {
    let of = |column: Name| wanted.iter().map(move |index| oid(column).child(index));
    let asked: Vec<Oid> = of(ENT_NAME).chain(of(ENT_DESCR)).collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let values = walk::get(io, &asked).await?;
    let text = |at: usize| {
        let octets = values
            .get(at)
            .and_then(Value::as_octets)
            .unwrap_or_default();
        Text::from_bytes(octets.trim_ascii())
    };
    let name = |at: usize| match text(at) {
        name if name.is_empty() => text(at + wanted.len()),
        name => name,
    };
    Ok((0..wanted.len()).map(name).collect())
}

/// Tenths of a degree out of value, scale and precision (RFC 3433, section 3); nothing where that is no temperature.
fn tenths_celsius(r: Reading) -> Option<i64> {
    if r.kind != CELSIUS {
        return None;
    }
    // 10 to the power of: thousands of the scale, digits behind the point, and the tenth
    let power = (r.scale - UNITS).checked_mul(3)?.checked_sub(r.precision)? + 1;
    let ten = |n: i64| 10_i64.checked_pow(u32::try_from(n).ok()?);
    let tenths = if power >= 0 {
        r.value.checked_mul(ten(power)?)?
    } else {
        r.value.checked_div(ten(-power)?)?
    };
    BELIEVED.contains(&tenths).then_some(tenths)
}

/// The fullest store of a type, as `62 % of 931 GiB`, with its name.
fn fullest(stores: &Table, kind: Name) -> Option<(Text, Text)> {
    let row = |row: &[Cell]| {
        let number = |column| Table::value(row, column).and_then(Value::as_u64);
        let is_kind = Table::value(row, 0).and_then(Value::as_oid)?.arcs() == kind;
        let (units, size, used) = (number(2)?, number(3)?, number(4)?);
        if !is_kind || size == 0 || units == 0 {
            return None;
        }
        let percent = used.min(size).checked_mul(100)? / size;
        let octets = Table::value(row, 1)
            .and_then(Value::as_octets)
            .unwrap_or_default();
        Some((
            percent,
            size.saturating_mul(units),
            Text::from_bytes(octets.trim_ascii()),
        ))
    };
    let (percent, bytes, name) = stores.rows.values().filter_map(row).max()?;
    Some((
        Text::from(format!("{percent} % of {}", size_words(bytes))),
        name,
    ))
}

fn size_words(bytes: u64) -> String {
    match bytes {
        0..0x10_0000 => format!("{} KiB", bytes >> 10),
        0x10_0000..0x4000_0000 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}

/// The mean of `hrProcessorLoad`, percent.
fn mean(loads: &Table) -> Option<u64> {
    let values: Vec<u64> = loads
        .rows
        .values()
        .filter_map(|row| Table::value(row, 0).and_then(Value::as_u64))
        .filter(|load| *load <= 100)
        .collect();
    let count = u64::try_from(values.len()).ok().filter(|n| *n > 0)?;
    Some(values.iter().sum::<u64>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(kind: i64, scale: i64, precision: i64, value: i64) -> Reading {
        Reading {
            kind,
            scale,
            precision,
            value,
            status: 1,
        }
    }

    #[test]
    fn scale_and_precision_give_tenths_of_a_degree_and_nonsense_gives_none() {
        let table = [
            (reading(8, 9, 0, 41), Some(410)),
            (reading(8, 9, 1, 415), Some(415)),
            (reading(8, 8, 0, 41_500), Some(415)),
            (reading(8, 8, 3, 41_500_000), Some(415)),
            (reading(8, 9, 0, -18), Some(-180)),
            (reading(8, 9, 0, 4_000), None),
            (reading(8, 17, 0, i64::MAX), None),
            (reading(8, i64::MIN / 4, 0, 1), None),
            (reading(10, 9, 0, 41), None),
        ];
        for (given, wanted) in table {
            assert_eq!(tenths_celsius(given), wanted, "{given:?}");
        }
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        assert_eq!(size_words(512 << 10), "512 KiB");
        assert_eq!(size_words(64 << 20), "64 MiB");
        assert_eq!(size_words(931 << 30), "931 GiB");
    }
}
