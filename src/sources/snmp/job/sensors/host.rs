//! Memory, disks and load (HOST-RESOURCES-MIB).

use super::super::{Report, failed};
use crate::model::{FactKey, Text};
use crate::sources::snmp::io::Io;
use crate::sources::snmp::names::{
    HR_FIXED_DISK, HR_LOAD, HR_RAM, HR_STORAGE_DESCR, HR_STORAGE_SIZE, HR_STORAGE_TYPE,
    HR_STORAGE_UNITS, HR_STORAGE_USED, Name,
};
use crate::sources::snmp::walk::{self, Cell, Table};
use crate::wire::snmp::ValueRef;

/// Disks, memories and processors of one device that are read.
const PARTS: usize = 256;
/// Reads all of it. A device that has none of these tables says so in three short answers.
pub(super) async fn run(io: Io) -> Report {
    let mut facts = Vec::new();
    let columns = [
        HR_STORAGE_TYPE,
        HR_STORAGE_DESCR,
        HR_STORAGE_UNITS,
        HR_STORAGE_SIZE,
        HR_STORAGE_USED,
    ];
    let stores = walk::columns(&io, &[], &columns, PARTS).await;
    if let Some(why) = stores.cut {
        io.cut("hrStorage", why);
    }
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
    if let Some(why) = loads.cut {
        io.cut("hrProcessor", why);
    }
    if let Some(failure) = loads.failure {
        return failed(failure);
    }
    facts.extend(mean(&loads).map(|load| (FactKey::Load, Text::from(format!("{load} %")))));
    Report {
        facts: io.memory().news(facts),
        ..Report::default()
    }
}

/// The fullest store of a type, as `62 % of 931 GiB`, with its name.
fn fullest(stores: &Table, kind: Name) -> Option<(Text, Text)> {
    let row = |row: &[Cell]| {
        let number = |column| stores.value(row, column).and_then(ValueRef::as_u64);
        let is_kind = stores.value(row, 0)?.is_oid(kind);
        let (units, size, used) = (number(2)?, number(3)?, number(4)?);
        if !is_kind || size == 0 || units == 0 {
            return None;
        }
        let percent = used.min(size).checked_mul(100)? / size;
        let octets = stores.value(row, 1).and_then(ValueRef::as_octets);
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
fn mean(loads: &Table) -> Option<u64> {
    let values: Vec<u64> = loads
        .rows
        .values()
        .filter_map(|row| loads.value(row, 0).and_then(ValueRef::as_u64))
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
