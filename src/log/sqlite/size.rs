//! What a state folder takes on the disk, looked at from outside: it needs neither the lock nor a connection.

use std::fs;
use std::path::Path;

use super::day;

/// Bytes on the disk, WAL files included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// What is kept for years.
    pub record: u64,
    /// What was observed, all days together.
    pub telemetry: u64,
    /// Days of it.
    pub days: u64,
    /// The newest day that is over, if there is one.
    pub whole_day: Option<u64>,
}

impl StoreSize {
    /// Of the state folder `dir`; zero where there is nothing.
    pub fn of(dir: &Path) -> Self {
        let with_wal = |path: &Path| {
            let mut wal = path.as_os_str().to_owned();
            wal.push("-wal");
            size(path) + size(Path::new(&wal))
        };
        let mut found = Self {
            record: with_wal(&dir.join("record.db")),
            ..Self::default()
        };
        let mut days: Vec<(i64, u64)> = Vec::new();
        for entry in fs::read_dir(dir.join("telemetry")).into_iter().flatten() {
            let Ok(entry) = entry else { continue };
            let name = entry.file_name();
            if let Some(day) = name.to_str().and_then(day::day_of_name) {
                days.push((day, with_wal(&entry.path())));
            }
        }
        days.sort_unstable();
        found.telemetry = days.iter().map(|(_, bytes)| bytes).sum();
        found.days = days.len() as u64;
        // the newest is still written to
        found.whole_day = days.iter().rev().nth(1).map(|(_, bytes)| *bytes);
        found
    }
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |m| m.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_day_that_is_over_tells_what_a_day_takes() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(StoreSize::of(dir.path()), StoreSize::default());
        let put = |name: &str, bytes: usize| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![0u8; bytes]).unwrap();
        };
        put("record.db", 100);
        put("record.db-wal", 20);
        put("telemetry/2026-11-24.db", 7);
        let today = StoreSize::of(dir.path());
        assert_eq!(
            (today.record, today.telemetry, today.days, today.whole_day),
            (120, 7, 1, None)
        );
        put("telemetry/2026-11-23.db", 3000);
        put("telemetry/2026-11-22.db", 1000);
        put("telemetry/2026-11-22.db-wal", 1);
        put("telemetry/notes.txt", 9999);
        let three = StoreSize::of(dir.path());
        assert_eq!(
            (three.telemetry, three.days, three.whole_day),
            (4008, 3, Some(3000))
        );
    }
}
