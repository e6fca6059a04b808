//! A table that is shipped compressed: a key, a tab, a name a line.

use rustc_hash::FxHashMap;

use crate::model::Text;

/// Octets of a table at the most.
const TABLE_CAP: usize = 16 * 1024 * 1024;

/// Names by their keys; each name once.
#[derive(Debug, Default)]
pub(super) struct Packed {
    rows: Vec<(u64, u32)>,
    names: Vec<Text>,
}

impl Packed {
    /// Unpacks it; `key` reads the first column. Lines it can't read are left out.
    pub fn read(packed: &[u8], key: impl Fn(&str) -> Option<u64>) -> Self {
        let text = zstd::bulk::decompress(packed, TABLE_CAP).unwrap_or_default();
        let text = String::from_utf8(text).unwrap_or_default();
        let mut table = Self::default();
        let mut known: FxHashMap<&str, u32> = FxHashMap::default();
        for line in text.lines() {
            let Some((first, name)) = line.split_once('\t') else {
                continue;
            };
            let Some(key) = key(first) else { continue };
            let next = u32::try_from(table.names.len()).unwrap_or(u32::MAX);
            let at = *known.entry(name).or_insert(next);
            if at == next {
                table.names.push(Text::from(name));
            }
            table.rows.push((key, at));
        }
        table.rows.sort_unstable();
        table.rows.shrink_to_fit();
        table.names.shrink_to_fit();
        table
    }

    /// How many rows.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The name of this key.
    pub fn get(&self, key: u64) -> Option<&Text> {
        let at = self.rows.binary_search_by_key(&key, |row| row.0).ok()?;
        let (_, name) = self.rows.get(at)?;
        self.names.get(*name as usize)
    }
}
