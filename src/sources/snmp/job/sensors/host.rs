//! Memory, disks and load (HOST-RESOURCES-MIB).

use super::super::{Report, failed};
use crate::model::{FactKey, PartKind, Role, Text};
use crate::sources::snmp::book::Question;
use crate::sources::snmp::io::Io;
use crate::sources::snmp::names::{HR_FIXED_DISK, HR_RAM, Name};
use crate::sources::snmp::walk::{Cell, Table};
use crate::wire::snmp::ValueRef;

/// Reads all of it. A device that has none of these tables says so in three short answers.
pub(super) async fn run(io: Io) -> Report {
    let mut facts = Vec::new();
    if let Some(asked) = io.part(PartKind::Storage) {
        let stores = asked.walk(&io, None).await;
        if let Some(failure) = stores.failure {
            return failed(failure);
        }
        facts.extend(fullest(&asked, &stores, HR_RAM).map(|(text, _)| (FactKey::Memory, text)));
        facts.extend(fullest(&asked, &stores, HR_FIXED_DISK).map(|(text, name)| {
            let text = if name.is_empty() {
                text
            } else {
                Text::from(format!("{text}, {}", name.as_str()))
            };
            (FactKey::Storage, text)
        }));
    }
    if let Some(asked) = io.part(PartKind::Processors) {
        let loads = asked.walk(&io, None).await;
        if let Some(failure) = loads.failure {
            return failed(failure);
        }
        let mean = mean(&loads, asked.column(Role::HrProcessorLoad));
        facts.extend(mean.map(|load| (FactKey::Load, Text::from(format!("{load} %")))));
    }
    Report {
        facts: io.memory().news(facts),
        ..Report::default()
    }
}

/// The fullest store of a type, as `62 % of 931 GiB`, with its name.
fn fullest(asked: &Question, stores: &Table, kind: Name) -> Option<(Text, Text)> {
    let row = |row: &[Cell]| {
        let value = |role| stores.value(row, asked.column(role));
        let number = |role| value(role).and_then(ValueRef::as_u64);
        let is_kind = value(Role::HrStorageType)?.is_oid(kind);
        let (units, size, used) = (
            number(Role::HrStorageUnits)?,
            number(Role::HrStorageSize)?,
            number(Role::HrStorageUsed)?,
        );
        if !is_kind || size == 0 || units == 0 {
            return None;
        }
        let percent = used.min(size).checked_mul(100)? / size;
        let octets = value(Role::HrStorageDescr).and_then(ValueRef::as_octets);
        let octets = octets.unwrap_or_default();
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
fn mean(loads: &Table, column: usize) -> Option<u64> {
    let values: Vec<u64> = loads
        .rows
        .values()
        .filter_map(|row| loads.value(row, column).and_then(ValueRef::as_u64))
        .filter(|load| *load <= 100)
        .collect();
    let count = u64::try_from(values.len()).ok().filter(|n| *n > 0)?;
    Some(values.iter().sum::<u64>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        assert_eq!(size_words(512 << 10), "512 KiB");
        assert_eq!(size_words(64 << 20), "64 MiB");
        assert_eq!(size_words(931 << 30), "931 GiB");
    }
}
