//! Snapshots of the state as files: `snapshots/SEQ-TIME.snap`, whole or not there.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::ops::RangeInclusive;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::day::DAY_MS;
use super::store::explain_io;
use crate::log::LogError;
use crate::log::memory::SNAPSHOTS;
use crate::model::{Seq, Time};

const MAGIC: &[u8; 8] = b"WWSNAP1\n";
/// A snapshot larger than this is none of ours.
const CAP: u64 = 1 << 30;

/// How long each stays, so that a jump through the last day folds little; and no more of them than so many octets.
const EACH_MS: i64 = 24 * HOUR_MS;
const EACH_BYTES: u64 = 96 << 20;
/// How long one an hour stays; beyond, one a day.
const HOURLY_MS: i64 = 48 * HOUR_MS;
const HOUR_MS: i64 = 3_600_000;

/// One that lies there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kept {
    pub(super) seq: Seq,
    /// None where an older wardwatch wrote it.
    pub(super) time: Option<Time>,
    bytes: u64,
    path: PathBuf,
}

/// All, the oldest first.
pub(super) fn all(folder: &Path) -> Vec<Kept> {
    let mut found: Vec<Kept> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let stem = name.to_str()?.strip_suffix(".snap")?;
            let (seq, time) = match stem.split_once('-') {
                Some((seq, time)) => (seq, Some(Time(time.parse().ok()?))),
                None => (stem, None),
            };
            Some(Kept {
                seq: Seq(seq.parse().ok()?),
                time,
                bytes: entry.metadata().map_or(0, |m| m.len()),
                path: entry.path(),
            })
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
        .filter(|kept| kept.seq <= last)
        .find_map(|kept| read(&kept.path).map(|bytes| (kept.seq, bytes)))
}

/// The newest whole one of a time not after `time`, of those within these places.
pub(super) fn before(
    folder: &Path,
    time: Time,
    places: RangeInclusive<Seq>,
) -> Option<(Seq, Time, Vec<u8>)> {
    all(folder)
        .into_iter()
        .rev()
        .filter(|kept| places.contains(&kept.seq))
        .filter_map(|kept| kept.time.map(|at| (at, kept)))
        .filter(|(at, _)| *at <= time)
        .find_map(|(at, kept)| read(&kept.path).map(|bytes| (kept.seq, at, bytes)))
}

/// Those that are of no use any more, of all: neither for a start nor for the past.
fn surplus(all: &[Kept], whole_after: Seq) -> Vec<&Kept> {
    let newest = all.iter().filter_map(|kept| kept.time).max();
    let recent = all.len().saturating_sub(SNAPSHOTS);
    // the newest of a day that have room together
    let mut bytes = 0;
    let of_today = all.iter().rev().take_while(|kept| {
        bytes += kept.bytes;
        let age = newest
            .zip(kept.time)
            .map(|(newest, time)| newest.0 - time.0);
        bytes <= EACH_BYTES && age.is_some_and(|age| age <= EACH_MS)
    });
    let each = all.len() - of_today.count();
    let mut taken = BTreeSet::new();
    let mut gone = Vec::new();
    for (n, kept) in all.iter().enumerate() {
        let of_use = match (kept.time, newest) {
            (Some(time), Some(newest)) if kept.seq >= whole_after => {
                let apart = if newest.0 - time.0 <= HOURLY_MS {
                    HOUR_MS
                } else {
                    DAY_MS
                };
                taken.insert((apart, time.0.div_euclid(apart))) || n >= each
            }
            _ => false,
        };
        if !of_use && n < recent {
            gone.push(kept);
        }
    }
    gone
}

/// Removes those that are of no use any more. `whole_after`: what is before that can be the beginning of no past.
pub(super) fn tidy(folder: &Path, whole_after: Seq) {
    for old in surplus(&all(folder), whole_after) {
        let _ = fs::remove_file(&old.path);
    }
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

/// Writes one beside the others.
pub(super) fn keep(folder: &Path, at: Seq, time: Time, raw: &[u8]) -> Result<(), LogError> {
    let path = folder.join(format!("{:020}-{}.snap", at.0, time.0));
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
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_three_stay_and_a_damaged_one_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        for n in 1..=5u64 {
            let time = Time(n as i64);
            keep(dir.path(), Seq(n), time, format!("state {n}").as_bytes()).unwrap();
        }
        tidy(dir.path(), Seq(2));
        let seqs = || -> Vec<u64> { all(dir.path()).iter().map(|k| k.seq.0).collect() };
        assert_eq!(seqs(), [2, 3, 4, 5]);
        tidy(dir.path(), Seq(9));
        assert_eq!(seqs(), [3, 4, 5]);
        assert_eq!(
            newest(dir.path(), Seq(9)),
            Some((Seq(5), b"state 5".to_vec()))
        );
        assert_eq!(newest(dir.path(), Seq(4)).unwrap().0, Seq(4));
        let at = |time, places| before(dir.path(), Time(time), places).map(|found| found.0);
        assert_eq!(at(9, Seq(0)..=Seq(9)), Some(Seq(5)));
        assert_eq!(at(4, Seq(0)..=Seq(9)), Some(Seq(4)));
        assert_eq!(at(9, Seq(0)..=Seq(3)), Some(Seq(3)));
        assert_eq!(at(4, Seq(5)..=Seq(9)), None);
        let path = all(dir.path())[2].path.clone();
        let mut bytes = fs::read(&path).unwrap();
        let damaged = bytes.len() - 3;
        bytes[damaged] ^= 1;
        fs::write(path, bytes).unwrap();
        assert_eq!(newest(dir.path(), Seq(9)).unwrap().0, Seq(4));
        assert_eq!(at(9, Seq(0)..=Seq(9)), Some(Seq(4)));
    }

    #[test]
    fn each_stays_for_a_day_one_an_hour_for_two_and_one_a_day_as_long_as_its_events_do() {
        // every quarter of an hour for thirty days
        let quarter = |n: u64| Kept {
            seq: Seq(n * 10),
            time: Some(Time(n as i64 * HOUR_MS / 4)),
            bytes: 1_000,
            path: PathBuf::from(n.to_string()),
        };
        let mut there: Vec<Kept> = Vec::new();
        for n in 0..30 * 96 {
            there.push(quarter(n));
            let gone: Vec<Kept> = surplus(&there, Seq(0)).into_iter().cloned().collect();
            there.retain(|kept| !gone.contains(kept));
        }
        let days: BTreeSet<i64> = there
            .iter()
            .map(|k| k.time.unwrap().0.div_euclid(DAY_MS))
            .collect();
        assert_eq!(days.len(), 30);
        // 97 of the last day, 24 of the one before, 28 of the others
        assert!((147..=151).contains(&there.len()), "{}", there.len());
        // those of a large hospital are fewer
        let large = |kept: &Kept| Kept {
            bytes: EACH_BYTES / 8,
            ..kept.clone()
        };
        let large: Vec<Kept> = there.iter().map(large).collect();
        let left = large.len() - surplus(&large, Seq(0)).len();
        assert!((80..=88).contains(&left), "{left}");
        // each day begins with its first, so that it can be told from there
        for day in 0..30 {
            let first = there.iter().find(|k| k.time >= Some(Time(day * DAY_MS)));
            assert_eq!(first.unwrap().time, Some(Time(day * DAY_MS)));
        }
        let gone = surplus(&there, Seq(10 * 96 * 10));
        assert_eq!(gone.len(), 10, "of the days that are removed");
    }

    #[test]
    fn it_is_closed_to_others_whatever_lay_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("part"), "half of one").unwrap();
        keep(dir.path(), Seq(1), Time(1), b"who is treated where").unwrap();
        let mode = fs::metadata(&all(dir.path())[0].path)
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o077, 0);
        assert!(newest(dir.path(), Seq(1)).is_some());
    }
}
