//! Who has which number below `1.3.6.1.4.1`: the table of IANA, shipped compressed, unpacked when it is first asked.

use std::sync::LazyLock;

/// `number<TAB>name` a line, sorted; made by `tables/enterprises.py`.
const TABLE: &[u8] = include_bytes!("../../config/identify/enterprises.tsv.zst");
/// Octets of the table at the most.
const TABLE_CAP: usize = 16 * 1024 * 1024;

struct Table {
    text: String,
    /// Number, and where its name stands.
    rows: Vec<(u32, u32, u32)>,
}

static ENTERPRISES: LazyLock<Table> = LazyLock::new(|| Table::read(TABLE));

impl Table {
    fn read(packed: &[u8]) -> Self {
        let text = zstd::bulk::decompress(packed, TABLE_CAP).unwrap_or_default();
        let text = String::from_utf8(text).unwrap_or_default();
        let mut rows = Vec::new();
        let mut at = 0u32;
        for line in text.split_inclusive('\n') {
            let next = at + u32::try_from(line.len()).unwrap_or(0);
            let line = line.trim_end();
            if let Some((number, name)) = line.split_once('\t')
                && let Ok(number) = number.parse()
            {
                let from = at + u32::try_from(line.len() - name.len()).unwrap_or(0);
                let to = at + u32::try_from(line.len()).unwrap_or(0);
                rows.push((number, from, to));
            }
            at = next;
        }
        rows.sort_unstable();
        Self { text, rows }
    }

    fn get(&self, number: u32) -> Option<&str> {
        let at = self.rows.binary_search_by_key(&number, |row| row.0).ok()?;
        let (_, from, to) = *self.rows.get(at)?;
        self.text.get(from as usize..to as usize)
    }
}

/// Who has this number.
pub fn vendor_of(enterprise: u32) -> Option<&'static str> {
    ENTERPRISES.get(enterprise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_names_are_those_that_people_say() {
        assert!(ENTERPRISES.rows.len() > 60_000);
        for (number, name) in [
            (9, "Cisco"),
            (2636, "Juniper"),
            (8072, "net-snmp"),
            (3, "Carnegie Mellon"),
        ] {
            assert_eq!(vendor_of(number), Some(name));
        }
        assert_eq!(vendor_of(u32::MAX), None);
    }
}
