//! The lines that a person wrote into the palette, kept in the state folder of the site from one time to the next.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::ui::field::FIELD_CAP;

/// Lines that are kept.
const LINES: usize = 50;
/// Octets that are read.
const CAP: u64 = ((FIELD_CAP + 1) * LINES) as u64;

/// Where a person's lines are; nowhere for a name that is no name of a file.
fn place(state: &Path, person: &str) -> Option<PathBuf> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let good = !person.is_empty() && person.len() <= 64 && person.chars().all(plain);
    good.then(|| state.join(format!("lines-{person}")))
}

/// Those of before, the newest first. What can't be read is no loss that a person must hear of.
pub fn load(state: &Path, person: &str) -> Vec<String> {
    let mut text = String::new();
    let file = place(state, person).and_then(|place| File::open(place).ok());
    let read = file.map(|file| file.take(CAP).read_to_string(&mut text));
    if !matches!(read, Some(Ok(_))) {
        return Vec::new();
    }
    let lines = text.lines().filter(|l| !l.trim().is_empty());
    lines.take(LINES).map(str::to_owned).collect()
}

/// Keeps them, closed to others: they name devices. The old ones stay where the disk takes no new ones.
pub fn save(state: &Path, person: &str, lines: &[String]) -> std::io::Result<()> {
    let Some(place) = place(state, person).filter(|_| !lines.is_empty()) else {
        return Ok(());
    };
    let mut text = String::new();
    for line in lines.iter().take(LINES) {
        text.push_str(line);
        text.push('\n');
    }
    let beside = place.with_extension(format!("{}.new", std::process::id()));
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let written = options
        .open(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&beside, &place));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn lines_come_back_closed_to_others_and_no_more_than_fifty() {
        let dir = tempfile::tempdir().unwrap();
        assert!(load(dir.path(), "ana").is_empty());
        let lines: Vec<String> = (0..80).map(|n| format!("device d{n}")).collect();
        save(dir.path(), "ana", &lines).unwrap();
        assert_eq!(load(dir.path(), "ana"), lines[..50]);
        let mode = std::fs::metadata(dir.path().join("lines-ana")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        save(dir.path(), "ana", &[]).unwrap();
        assert_eq!(
            load(dir.path(), "ana").len(),
            50,
            "nothing written, nothing lost"
        );
        // a name is never a way to another folder
        save(dir.path(), "../bo", &lines).unwrap();
        assert!(load(dir.path(), "../bo").is_empty());
        std::fs::write(dir.path().join("lines-cy"), [0xff, 0xfe]).unwrap();
        assert!(load(dir.path(), "cy").is_empty());
        assert!(save(Path::new("/proc/nowhere"), "ana", &lines).is_err());
    }
}
