//! Lines of a person that stay in the state folder of the site from one time to the next: those written into the palette, and the
//! places that are kept by a name.

use std::collections::BTreeMap;
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
fn place(state: &Path, what: &str, person: &str) -> Option<PathBuf> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let good = !person.is_empty() && person.len() <= 64 && person.chars().all(plain);
    good.then(|| state.join(format!("{what}-{person}")))
}

/// The lines of the palette, the newest first. What can't be read is no loss that a person must hear of.
pub fn load(state: &Path, person: &str) -> Vec<String> {
    let text = read(place(state, PALETTE, person), CAP).unwrap_or_default();
    let lines = text.lines().filter(|l| !l.trim().is_empty());
    lines.take(LINES).map(str::to_owned).collect()
}

/// Keeps them, closed to others: they name devices. The old ones stay where the disk takes no new ones.
pub fn save(state: &Path, person: &str, lines: &[String]) -> std::io::Result<()> {
    match place(state, PALETTE, person) {
        Some(place) if !lines.is_empty() => write(&place, lines.iter().take(LINES).cloned()),
        _ => Ok(()),
    }
}

/// The places that a person keeps: name and line. In words what is wrong with the file, which stays as it is then.
pub fn load_kept(state: &Path, person: &str) -> Result<Vec<(String, String)>, String> {
    let Some(place) = place(state, KEPT, person).filter(|place| place.exists()) else {
        return Ok(Vec::new());
    };
    let wrong =
        |at: usize, why: &str| format!("{}:{at}: {why}; no kept place is read", place.display());
    let text = read(Some(place.clone()), KEPT_CAP)
        .ok_or_else(|| wrong(1, "this can't be read as text"))?;
    if text.len() as u64 >= KEPT_CAP {
        return Err(wrong(1, "this is longer than any list of kept places"));
    }
    let lines = text.lines().zip(1..).filter(|(l, _)| !l.trim().is_empty());
    lines
        .map(|(line, at)| match line.split_once('\t') {
            Some((name, line)) if !name.is_empty() && !line.is_empty() => {
                Ok((name.to_owned(), line.to_owned()))
            }
            _ => Err(wrong(
                at,
                "a name, a tabulator and a line of the palette belong here",
            )),
        })
        .collect()
}

/// Keeps them, as [`save`] does; `before` are those that were read. What another session of the same person kept or took away in the
/// meantime stays so.
pub fn save_kept(
    state: &Path,
    person: &str,
    before: &[(String, String)],
    kept: &[(String, String)],
) -> std::io::Result<()> {
    if before == kept {
        return Ok(());
    }
    let mut now: BTreeMap<String, String> = load_kept(state, person)
        .unwrap_or_else(|_| before.to_vec())
        .into_iter()
        .collect();
    now.retain(|name, _| {
        kept.iter().any(|(n, _)| n == name) || !before.iter().any(|(n, _)| n == name)
    });
    now.extend(kept.iter().filter(|place| !before.contains(place)).cloned());
    let kept: Vec<(String, String)> = now.into_iter().collect();
    write_kept(state, person, &kept)
}

fn write_kept(state: &Path, person: &str, kept: &[(String, String)]) -> std::io::Result<()> {
    match place(state, KEPT, person) {
        // who took the last one away wants none back
        Some(place) if !kept.is_empty() || place.exists() => {
            let plain = |text: &str| text.replace(['\t', '\n', '\r'], " ");
            write(
                &place,
                kept.iter()
                    .map(|(name, line)| format!("{}\t{}", plain(name), plain(line))),
            )
        }
        _ => Ok(()),
    }
}

/// Octets that are read of kept places: far more than a hundred of the longest.
const KEPT_CAP: u64 = 1 << 20;
const PALETTE: &str = "lines";
const KEPT: &str = "kept";

fn read(place: Option<PathBuf>, cap: u64) -> Option<String> {
    let mut text = String::new();
    File::open(place?)
        .ok()?
        .take(cap)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}

fn write(place: &Path, lines: impl Iterator<Item = String>) -> std::io::Result<()> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    let beside = place.with_extension(format!("{}.new", std::process::id()));
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let written = options
        .open(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&beside, place));
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

    #[test]
    fn kept_places_come_back_and_a_file_with_a_mistake_is_said_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(load_kept(dir.path(), "ana"), Ok(Vec::new()));
        save_kept(dir.path(), "ana", &[], &[]).unwrap();
        assert!(!dir.path().join("kept-ana").exists());
        let kept = vec![("pumps".to_owned(), "devices class:pump".to_owned())];
        save_kept(dir.path(), "ana", &[], &kept).unwrap();
        assert_eq!(load_kept(dir.path(), "ana").as_ref(), Ok(&kept));
        // another session, which had read nothing yet, keeps one of its own
        let own = vec![("beds".to_owned(), "devices class:bed".to_owned())];
        save_kept(dir.path(), "ana", &[], &own).unwrap();
        let both = [own.clone(), kept.clone()].concat();
        assert_eq!(load_kept(dir.path(), "ana").as_ref(), Ok(&both));
        save_kept(dir.path(), "ana", &kept, &[]).unwrap();
        assert_eq!(load_kept(dir.path(), "ana").as_ref(), Ok(&own));
        // a hundred of the longest come back whole
        let long = |n: usize| {
            (
                format!("{n:03}"),
                format!("devices {}", "x".repeat(FIELD_CAP)),
            )
        };
        let many: Vec<_> = (0..100).map(long).collect();
        save_kept(dir.path(), "bo", &[], &many).unwrap();
        assert_eq!(load_kept(dir.path(), "bo"), Ok(many));
        save_kept(dir.path(), "ana", &own, &[]).unwrap();
        assert_eq!(load_kept(dir.path(), "ana"), Ok(Vec::new()));
        let file = dir.path().join("kept-ana");
        for (text, at) in [("pumps\tdevices\nnothing", ":2:"), ("\tdevices", ":1:")] {
            std::fs::write(&file, text).unwrap();
            let why = load_kept(dir.path(), "ana").unwrap_err();
            assert!(why.contains(at) && why.contains("kept-ana"), "{why}");
        }
        std::fs::write(&file, [0xff]).unwrap();
        assert!(load_kept(dir.path(), "ana").is_err());
    }
}
