//! Snapshots of the state as files: `snapshots/SEQ.snap`, whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::store::explain_io;
use crate::log::LogError;
use crate::log::memory::SNAPSHOTS;
use crate::model::Seq;

const MAGIC: &[u8; 8] = b"WWSNAP1\n";
/// A snapshot larger than this is none of ours.
const CAP: u64 = 1 << 30;

fn all(folder: &Path) -> Vec<(Seq, PathBuf)> {
    let mut found: Vec<(Seq, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let seq = name.to_str()?.strip_suffix(".snap")?.parse().ok()?;
            Some((Seq(seq), entry.path()))
        })
        .collect();
    found.sort();
    found
}

/// The newest whole one that is not ahead of the log. Damaged ones are passed over: an older one and more events do as well.
pub(super) fn newest(folder: &Path, last: Seq) -> Option<(Seq, Vec<u8>)> {
    all(folder)
        .into_iter()
        .rev()
        .filter(|(seq, _)| *seq <= last)
        .find_map(|(seq, path)| read(&path).map(|bytes| (seq, bytes)))
}

fn read(path: &Path) -> Option<Vec<u8>> {
    if fs::metadata(path).ok()?.len() > CAP {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let rest = bytes.strip_prefix(MAGIC)?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    if crc32fast::hash(rest) != u32::from_le_bytes(*crc) {
        return None;
    }
    let (length, packed) = rest.split_first_chunk::<8>()?;
    let length = u64::from_le_bytes(*length);
    if length > CAP {
        return None;
    }
    let raw = zstd::bulk::decompress(packed, length as usize).ok()?;
    (raw.len() as u64 == length).then_some(raw)
}

/// Writes one beside the others, and removes all but the newest few.
pub(super) fn keep(folder: &Path, at: Seq, raw: &[u8]) -> Result<(), LogError> {
    let path = folder.join(format!("{:020}.snap", at.0));
    let part = folder.join("part");
    let say = |error| explain_io(&part, error);
    let mut body = (raw.len() as u64).to_le_bytes().to_vec();
    body.extend(zstd::bulk::compress(raw, 3).map_err(say)?);
    // one that was left behind may be open to others
    let _ = fs::remove_file(&part);
    let mut new = OpenOptions::new();
    new.write(true).create_new(true).mode(0o600);
    let written = new.open(&part).and_then(|mut file| {
        file.write_all(MAGIC)?;
        file.write_all(&crc32fast::hash(&body).to_le_bytes())?;
        file.write_all(&body)?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
        File::open(folder)?.sync_all()
    });
    if let Err(error) = written {
        // leave room, not half a snapshot
        let _ = fs::remove_file(&part);
        return Err(say(error));
    }
    let all = all(folder);
    for (_, old) in all.iter().take(all.len().saturating_sub(SNAPSHOTS)) {
        let _ = fs::remove_file(old);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_three_stay_and_a_damaged_one_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        for n in 1..=5u64 {
            keep(dir.path(), Seq(n), format!("state {n}").as_bytes()).unwrap();
        }
        assert_eq!(all(dir.path()).len(), SNAPSHOTS);
        assert_eq!(
            newest(dir.path(), Seq(9)),
            Some((Seq(5), b"state 5".to_vec()))
        );
        assert_eq!(newest(dir.path(), Seq(4)).unwrap().0, Seq(4));
        let path = &all(dir.path())[2].1;
        let mut bytes = fs::read(path).unwrap();
        let at = bytes.len() - 3;
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
        assert_eq!(newest(dir.path(), Seq(9)).unwrap().0, Seq(4));
    }

    #[test]
    fn it_is_closed_to_others_whatever_lay_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("part"), "half of one").unwrap();
        keep(dir.path(), Seq(1), b"who is treated where").unwrap();
        let mode = fs::metadata(&all(dir.path())[0].1).unwrap().permissions();
        assert_eq!(mode.mode() & 0o077, 0);
        assert!(newest(dir.path(), Seq(1)).is_some());
    }
}
