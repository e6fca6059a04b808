//! The log on the disk: two SQLite stores behind one sequence.
//!
//! `record.db` holds what must not be lost, `telemetry/DAY.db` what was observed. Before a durable event is written, every
//! event before it is: so what is on the disk is always the beginning of the sequence, wherever a `kill -9` cuts it.
//!
//! Where a batch of observations is damaged, reading ends with [`LogError::Damaged`] whose `at` is the batch's last place:
//! who wants to go on without it reads on after that place.

mod day;
#[cfg(test)]
mod ledger_tests;
mod lock;
mod read;
mod record;
mod size;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use self::day::{DayFile, Pending};
use self::record::RecordDb;
use self::store::Mode;
use super::rollup::Rollup;
use super::{Answer, Log, LogError, Query, check_order};
use crate::event::Event;
use crate::model::{Change, DeviceId, Seq, Time};

pub use lock::StateLock;
pub use size::StoreSize;
pub(super) use store::explain_io;

/// How long what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days of telemetry, today included; at least one.
    pub telemetry_days: u32,
    /// Bytes of telemetry; the oldest days go first, today never. Zero means no cap.
    pub telemetry_bytes: u64,
    /// Days of commands, runs, configuration, changes and the summed ledger; zero means for ever.
    pub record_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            telemetry_days: 30,
            telemetry_bytes: 0,
            record_days: 3 * 365,
        }
    }
}

/// Waiting bytes at which they are written without waiting for [`Log::flush`].
const PENDING_BYTES: usize = 4 << 20;
/// Waiting changes beyond which the oldest are dropped, when the disk takes none.
const PENDING_CHANGES: usize = 100_000;
/// The ledger is summed into its table at least this often (milliseconds of events' time) …
const SUM_EVERY: i64 = 600_000;
/// … and when this many sums wait.
const SUM_AT: usize = 50_000;
/// The last place that an orderly end left behind.
const ENDED: &str = "ended";
/// The time before which retention has removed something.
const FORGOTTEN: &str = "forgotten_before";
/// The place of the last event that is not kept any more: by retention, or because its day is damaged.
const LOST_UPTO: &str = "lost_upto";

/// The log of a state directory, opened by its one collector, or for reading beside it.
pub struct SqliteLog {
    dir: PathBuf,
    mode: Mode,
    retention: Retention,
    record: RecordDb,
    /// The day that is written to.
    today: Option<DayFile>,
    /// The days there are, by their number since 1970, with the last place in each; none while it is not known.
    days: BTreeMap<i64, Option<Seq>>,
    pending: Pending,
    sums: Rollup,
    /// What is not summed yet is looked for.
    with_sums: bool,
    summed_at: Time,
    changes: VecDeque<(DeviceId, Change)>,
    changes_dropped: u64,
    last: (Seq, Time),
    warnings: Vec<String>,
    _lock: Option<StateLock>,
}

impl std::fmt::Debug for SqliteLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteLog")
            .field("dir", &self.dir)
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

impl SqliteLog {
    /// Opens, or begins, the log of a state directory, and locks it.
    pub fn open(dir: &Path, retention: Retention) -> Result<Self, LogError> {
        for folder in [
            dir.to_path_buf(),
            dir.join("telemetry"),
            dir.join("snapshots"),
        ] {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)
                .map_err(|e| explain_io(&folder, e))?;
        }
        let lock = StateLock::take(dir)?;
        Self::open_as(dir, retention, Mode::Write, Some(lock), true)
    }

    /// Opens the log of a state directory for reading, also while its collector runs. What that one has not flushed is
    /// not seen; nothing can be appended.
    pub fn open_read_only(dir: &Path) -> Result<Self, LogError> {
        Self::open_as(dir, Retention::default(), Mode::Read, None, true)
    }

    /// The same for events and snapshots alone: what its collector has not summed of the ledger yet is not looked for, which takes a
    /// while, so its answers to [`Query::Ledger`] lack that.
    pub fn open_events(dir: &Path) -> Result<Self, LogError> {
        Self::open_as(dir, Retention::default(), Mode::Read, None, false)
    }

    fn open_as(
        dir: &Path,
        retention: Retention,
        mode: Mode,
        lock: Option<StateLock>,
        with_sums: bool,
    ) -> Result<Self, LogError> {
        let record = RecordDb::open(dir, mode)?;
        let last = record.last()?;
        let mut log = Self {
            dir: dir.to_path_buf(),
            mode,
            retention,
            record,
            today: None,
            days: BTreeMap::new(),
            pending: Pending::default(),
            sums: Rollup::default(),
            with_sums,
            summed_at: Time(0),
            changes: VecDeque::new(),
            changes_dropped: 0,
            last,
            warnings: Vec::new(),
            _lock: lock,
        };
        log.find_days()?;
        Ok(log)
    }

    fn snapshots(&self) -> PathBuf {
        self.dir.join("snapshots")
    }

    /// Up to this place something is not kept any more.
    fn note_lost(&mut self, upto: Seq) -> Result<(), LogError> {
        if upto > self.whole_after()? {
            self.record.set_meta(LOST_UPTO, upto.0 as i64)?;
        }
        Ok(())
    }

    fn telemetry(&self) -> PathBuf {
        self.dir.join("telemetry")
    }

    /// Lists the days, and takes up the newest where the last process left it.
    fn find_days(&mut self) -> Result<(), LogError> {
        let folder = self.telemetry();
        for entry in fs::read_dir(&folder)
            .map_err(|e| explain_io(&folder, e))?
            .flatten()
        {
            if let Some(day) = entry.file_name().to_str().and_then(day::day_of_name) {
                self.days.insert(day, None);
            }
        }
        if self.mode == Mode::Read {
            return self.look_at_newest();
        }
        // each day is looked at once: one that can't be read must not be in the way later
        let all: Vec<i64> = self.days.keys().copied().collect();
        let mut lost = false;
        for day in all {
            let looked = DayFile::open(&folder, day, Mode::Write)
                .and_then(|file| Ok((file.first_seq()?, file.last()?)));
            match looked {
                Ok((first, last)) => {
                    if let Some(first) = first.filter(|_| std::mem::take(&mut lost)) {
                        self.note_lost(Seq(first.0.saturating_sub(1)))?;
                    }
                    self.note_last(day, last);
                }
                Err(LogError::Damaged { place, why, .. }) => {
                    self.set_aside(day, &place, &why)?;
                    lost = true;
                }
                Err(other) => return Err(other),
            }
        }
        if lost {
            self.note_lost(self.last.0)?;
        }
        let Some((&newest, _)) = self.days.last_key_value() else {
            return Ok(());
        };
        let mut file = DayFile::open(&folder, newest, Mode::Write)?;
        let (sums, damaged) = file.unsummed()?;
        self.warnings.extend(damaged);
        if !sums.is_empty() {
            let upto = self.days.get(&newest).copied().flatten();
            file.write(&Pending::default(), Some(&sums), upto.unwrap_or_default())?;
        }
        self.summed_at = self.last.1;
        self.today = Some(file);
        Ok(())
    }

    /// A reader opens the other days when it needs them. A file that was just made may hold nothing yet.
    fn look_at_newest(&mut self) -> Result<(), LogError> {
        let newest: Vec<i64> = self.days.keys().rev().copied().collect();
        for day in newest {
            let file = DayFile::open(&self.telemetry(), day, Mode::Read)?;
            if self.with_sums {
                let (sums, _) = file.unsummed()?;
                self.sums = sums;
            }
            let last = file.last()?;
            self.note_last(day, last);
            if last.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn note_last(&mut self, day: i64, last: Option<(Seq, Time)>) {
        if let Some(last) = last {
            self.days.insert(day, Some(last.0));
            self.last = self.last.max(last);
        }
    }

    /// A reader looks again at what its collector has done since.
    fn look_again(&mut self) -> Result<(), LogError> {
        if self.mode == Mode::Read {
            self.days.clear();
            self.last = self.record.last()?;
            self.find_days()?;
        }
        Ok(())
    }

    /// A day that can't be read must not keep the hospital from being watched: it is put aside, and that is said.
    fn set_aside(&mut self, day: i64, place: &str, why: &str) -> Result<(), LogError> {
        let path = self.telemetry().join(day::file_name(day));
        let aside = (1..1000)
            .map(|n| path.with_extension(format!("damaged-{n}")))
            .find(|p| !p.exists())
            .unwrap_or_else(|| path.with_extension("damaged"));
        fs::rename(&path, &aside).map_err(|e| explain_io(&path, e))?;
        for suffix in ["-wal", "-shm"] {
            let mut old = path.clone().into_os_string();
            old.push(suffix);
            let mut new = aside.clone().into_os_string();
            new.push(suffix);
            let _ = fs::rename(old, new);
        }
        self.days.remove(&day);
        self.warnings.push(format!(
            "{place} is damaged ({why}) and was put aside as {}",
            aside.display()
        ));
        Ok(())
    }

    /// What was found wrong, and done about it, since the last call.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// Changes that were dropped because the disk took none for long.
    pub fn changes_dropped(&self) -> u64 {
        self.changes_dropped
    }

    /// The keys of the effects whose delivery was noted after a place in the log, in the order of their delivery.
    pub fn delivered(&self, after: Seq) -> Result<Vec<(Seq, u16)>, LogError> {
        self.record.delivered(after)
    }

    /// The time of the oldest event that is kept.
    pub fn oldest(&self) -> Result<Option<Time>, LogError> {
        let mut oldest = self.record.oldest()?;
        if let Some((&day, _)) = self.days.first_key_value() {
            let first = DayFile::open(&self.telemetry(), day, Mode::Read)?.oldest()?;
            oldest = oldest.into_iter().chain(first).min();
        }
        Ok(oldest)
    }

    /// Bytes that the telemetry takes on the disk.
    pub fn telemetry_bytes(&self) -> u64 {
        self.days.keys().map(|day| self.day_bytes(*day)).sum()
    }

    fn day_bytes(&self, day: i64) -> u64 {
        let path = self.telemetry().join(day::file_name(day));
        let wal = path.with_extension("db-wal");
        [path, wal]
            .iter()
            .filter_map(|p| fs::metadata(p).ok())
            .map(|m| m.len())
            .sum()
    }

    fn writable(&self) -> Result<(), LogError> {
        if self.mode == Mode::Write {
            return Ok(());
        }
        Err(LogError::Store {
            place: store::place(&self.dir),
            why: "opened for reading only".into(),
        })
    }

    /// Writes what waits to the file of its day, and the ledger's sums when it is time for them.
    fn write_pending(&mut self, sum_now: bool) -> Result<(), LogError> {
        let day = match (self.pending.count > 0, &self.today) {
            (true, today) => {
                let day = day::day_of(self.pending.last.1);
                today.as_ref().map_or(day, |t| day.max(t.day))
            }
            (false, Some(today)) => today.day,
            (false, None) => return Ok(()),
        };
        let due = |log: &Self| {
            log.last.1.0 - log.summed_at.0 >= SUM_EVERY || log.sums.len() >= SUM_AT || sum_now
        };
        if self.today.as_ref().is_none_or(|t| t.day != day) {
            let file = DayFile::open(&self.telemetry(), day, Mode::Write)?;
            self.days.entry(day).or_insert(None);
            self.today = Some(file);
        }
        let Some(today) = self.today.as_ref() else {
            return Ok(());
        };
        let path = today.path.clone();
        let sum = !self.sums.is_empty() && due(self);
        if self.pending.count == 0 && !sum {
            return Ok(());
        }
        let upto = if self.pending.count > 0 {
            self.pending.last.0
        } else {
            self.days.get(&day).copied().flatten().unwrap_or_default()
        };
        let Some(today) = self.today.as_mut() else {
            return Ok(());
        };
        today.write(&self.pending, sum.then_some(&self.sums), upto)?;
        tracing::trace!(file = %path.display(), events = self.pending.count, "log written");
        if self.pending.count > 0 {
            self.days.insert(day, Some(upto));
            self.pending = Pending {
                raw: {
                    let mut raw = std::mem::take(&mut self.pending.raw);
                    raw.clear();
                    raw.shrink_to(PENDING_BYTES / 8);
                    raw
                },
                ..Pending::default()
            };
        }
        if sum {
            self.sums.clear();
            self.summed_at = self.last.1;
        }
        Ok(())
    }

    fn write_changes(&mut self) -> Result<(), LogError> {
        if self.changes.is_empty() {
            return Ok(());
        }
        self.record.note_changes(self.changes.make_contiguous())?;
        self.changes.clear();
        Ok(())
    }

    /// Takes an event that may wait.
    fn wait(&mut self, event: &Event) -> Result<(), LogError> {
        let new_day =
            self.pending.count > 0 && day::day_of(event.time) > day::day_of(self.pending.last.1);
        if new_day {
            // the sums belong to the day that ends
            self.write_pending(true)?;
        } else if self.pending.raw.len() >= PENDING_BYTES {
            self.write_pending(false)?;
        } else if self.pending.count == 0
            && !self.sums.is_empty()
            && self
                .today
                .as_ref()
                .is_some_and(|t| t.day < day::day_of(event.time))
        {
            self.write_pending(true)?;
        }
        self.pending.push(event).map_err(|e| LogError::Store {
            place: store::place(&self.dir),
            why: e.to_string(),
        })?;
        self.sums.take(&event.body);
        self.last = (event.seq, event.time);
        Ok(())
    }
}

impl Log for SqliteLog {
    /// On an error, [`Log::last`] says how far the log got: what is up to there is kept, what is after it is not.
    fn append(&mut self, events: &[Event]) -> Result<(), LogError> {
        self.writable()?;
        check_order(self.last.0, events, &store::place(&self.dir))?;
        let mut rest = events;
        while let Some(first) = rest.first() {
            let durable = first.body.must_be_durable();
            let run = rest
                .iter()
                .position(|e| e.body.must_be_durable() != durable)
                .unwrap_or(rest.len());
            let (these, later) = rest.split_at(run);
            if durable {
                self.write_pending(false)?;
                self.record.append(these)?;
                if let Some(last) = these.last() {
                    self.last = (last.seq, last.time);
                }
            } else {
                for event in these {
                    self.wait(event)?;
                }
            }
            rest = later;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LogError> {
        self.writable()?;
        self.write_pending(false)?;
        self.write_changes()
    }

    fn last(&self) -> (Seq, Time) {
        self.last
    }

    fn ended(&mut self) -> Result<bool, LogError> {
        let ended = self.record.meta(ENDED)?.map(|seq| Seq(seq as u64));
        Ok(self.last.0 == ended.unwrap_or_default())
    }

    fn note_end(&mut self) -> Result<(), LogError> {
        self.writable()?;
        self.write_pending(true)?;
        self.write_changes()?;
        self.record.set_meta(ENDED, self.last.0.0 as i64)
    }

    fn read_from(
        &mut self,
        after: Seq,
        each: &mut dyn FnMut(Event) -> bool,
    ) -> Result<(), LogError> {
        self.look_again()?;
        self.read_merged(after, each)
    }

    fn snapshot(&mut self) -> Result<Option<(Seq, Vec<u8>)>, LogError> {
        Ok(snapshot::newest(&self.snapshots(), self.last.0))
    }

    fn keep_snapshot(&mut self, at: Seq, time: Time, bytes: &[u8]) -> Result<(), LogError> {
        // a snapshot must never be ahead of the log
        self.flush()?;
        let folder = self.snapshots();
        snapshot::keep(&folder, at, time, bytes)?;
        snapshot::tidy(&folder, self.whole_after()?);
        Ok(())
    }

    fn snapshot_before(&mut self, time: Time) -> Result<Option<(Seq, Time, Vec<u8>)>, LogError> {
        let places = self.whole_after()?..=self.last.0;
        Ok(snapshot::before(&self.snapshots(), time, places))
    }

    fn whole_after(&self) -> Result<Seq, LogError> {
        let lost = self.record.meta(LOST_UPTO)?.unwrap_or_default();
        Ok(Seq(u64::try_from(lost).unwrap_or_default()))
    }

    fn earliest(&mut self) -> Result<Option<Time>, LogError> {
        let whole = self.whole_after()?;
        if whole == Seq(0) {
            return self.oldest();
        }
        let all = snapshot::all(&self.snapshots());
        let mut of_use = all.into_iter().filter(|kept| kept.seq >= whole);
        Ok(of_use.find_map(|kept| kept.time))
    }

    fn note_changes(&mut self, changes: &[(DeviceId, Change)]) -> Result<(), LogError> {
        self.writable()?;
        self.changes.extend(changes.iter().cloned());
        while self.changes.len() > PENDING_CHANGES {
            self.changes.pop_front();
            self.changes_dropped += 1;
        }
        Ok(())
    }

    fn query(&mut self, query: &Query) -> Answer {
        self.look_again()
            .and_then(|()| self.answer(query))
            .unwrap_or_else(|error| Answer::Failed(error.to_string().into()))
    }

    fn retain(&mut self, now: Time) -> Result<(), LogError> {
        self.writable()?;
        self.remove_days(now)?;
        if self.retention.record_days > 0 {
            let before = Time(now.0 - i64::from(self.retention.record_days) * day::DAY_MS);
            if let Some(last) = self.record.last_before(before)? {
                self.note_lost(last)?;
            }
            if self.record.forget_before(before)? > 0 {
                self.record.set_meta(FORGOTTEN, before.0)?;
            }
        }
        snapshot::tidy(&self.snapshots(), self.whole_after()?);
        Ok(())
    }
}

impl SqliteLog {
    fn remove_days(&mut self, now: Time) -> Result<(), LogError> {
        let first_kept = day::day_of(now) + 1 - i64::from(self.retention.telemetry_days.max(1));
        let mut bytes = self.telemetry_bytes();
        let all: Vec<i64> = self.days.keys().copied().collect();
        for day in all {
            let over = self.retention.telemetry_bytes > 0 && bytes > self.retention.telemetry_bytes;
            let in_use = self.today.as_ref().is_some_and(|t| t.day == day);
            if in_use || (day >= first_kept && !over) {
                continue;
            }
            bytes = bytes.saturating_sub(self.day_bytes(day));
            // first the word, then the deed: a crash between them tells no past that was not
            if let Some(last) = self.days.get(&day).copied().flatten() {
                self.note_lost(last)?;
            }
            self.remove_day(day)?;
        }
        Ok(())
    }

    /// The ledger of a day stays: every packet ever sent can be shown.
    fn remove_day(&mut self, day: i64) -> Result<(), LogError> {
        let folder = self.telemetry();
        match DayFile::open(&folder, day, Mode::Write).and_then(|file| file.ledger_all()) {
            Ok(rows) => self.record.keep_ledger(day, rows)?,
            Err(LogError::Damaged { place, why, .. }) => {
                self.warnings
                    .push(format!("{place} was damaged ({why}); its ledger is lost"));
            }
            Err(other) => return Err(other),
        }
        let path = folder.join(day::file_name(day));
        for suffix in ["", "-wal", "-shm"] {
            let mut file = path.clone().into_os_string();
            file.push(suffix);
            match fs::remove_file(&file) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(explain_io(&path, e));
                }
                _ => {}
            }
        }
        self.days.remove(&day);
        Ok(())
    }
}

impl Drop for SqliteLog {
    /// An orderly end loses nothing; a disorderly one loses what was not flushed.
    fn drop(&mut self) {
        if self.mode == Mode::Write
            && let Err(error) = self.write_pending(true).and_then(|()| self.write_changes())
        {
            tracing::error!(%error, "the end of the log could not be written");
        }
    }
}
