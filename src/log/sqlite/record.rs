//! `record.db`: what must not be lost. Commands, runs, configuration, deliveries, the index of changes, and the ledger of
//! days whose telemetry is gone. One event a row, on the disk before anybody is told.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::store::{self, Mode};
use crate::event::{Body, Event, LedgerRow, record};
use crate::log::memory::is_deed;
use crate::log::{LogError, rollup};
use crate::model::{Change, DeviceId, Seq, Text, Time};

const SCHEMA: &str = "
CREATE TABLE event(seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind INTEGER NOT NULL, record BLOB NOT NULL);
CREATE INDEX event_kind ON event(kind, seq);
CREATE TABLE change(device INTEGER NOT NULL, time INTEGER NOT NULL, what TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
    PRIMARY KEY(device, time, what, before, after)) WITHOUT ROWID;
CREATE TABLE ledger(address BLOB NOT NULL, hour INTEGER NOT NULL, kind INTEGER NOT NULL, cause TEXT NOT NULL,
    count INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(address, hour, kind, cause)) WITHOUT ROWID;
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;";

/// What kind of row, for the index.
const DEED: i64 = 1;
const CONFIG: i64 = 2;
const DELIVERED: i64 = 3;
const OTHER: i64 = 4;

/// How many rows are read at a time.
const PAGE: i64 = 512;

pub(super) struct RecordDb {
    path: PathBuf,
    db: Connection,
}

impl RecordDb {
    pub(super) fn open(dir: &Path, mode: Mode) -> Result<Self, LogError> {
        let path = dir.join("record.db");
        let db = store::open(&path, mode, SCHEMA)?;
        Ok(Self { path, db })
    }

    fn say(&self, error: &rusqlite::Error) -> LogError {
        store::explain(&self.path, error)
    }

    pub(super) fn last(&self) -> Result<(Seq, Time), LogError> {
        self.db
            .query_row(
                "SELECT seq, time FROM event ORDER BY seq DESC LIMIT 1",
                [],
                |row| Ok((Seq(row.get::<_, i64>(0)? as u64), Time(row.get(1)?))),
            )
            .or_else(|error| match error {
                rusqlite::Error::QueryReturnedNoRows => Ok((Seq(0), Time(0))),
                other => Err(self.say(&other)),
            })
    }

    /// The time of the oldest event.
    pub(super) fn oldest(&self) -> Result<Option<Time>, LogError> {
        self.db
            .query_row("SELECT time FROM event ORDER BY seq LIMIT 1", [], |row| {
                row.get(0)
            })
            .map(|time| Some(Time(time)))
            .or_else(|error| match error {
                rusqlite::Error::QueryReturnedNoRows => Ok(None),
                other => Err(self.say(&other)),
            })
    }

    /// All of them or none.
    pub(super) fn append(&mut self, events: &[Event]) -> Result<(), LogError> {
        self.append_inner(events).map_err(|e| self.say(&e))
    }

    fn append_inner(&mut self, events: &[Event]) -> rusqlite::Result<()> {
        let transaction = self.db.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO event(seq, time, kind, record) VALUES (?1, ?2, ?3, ?4)",
            )?;
            let mut bytes = Vec::new();
            for event in events {
                bytes.clear();
                record::encode(event, &mut bytes)
                    .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
                let kind = match &event.body {
                    Body::Config(_) => CONFIG,
                    Body::Delivered { .. } => DELIVERED,
                    body if is_deed(body) => DEED,
                    _ => OTHER,
                };
                insert.execute(params![event.seq.0 as i64, event.time.0, kind, bytes])?;
            }
        }
        transaction.commit()
    }

    /// The next page of events after a place, in order.
    pub(super) fn page_after(&self, after: Seq) -> Result<Vec<Event>, LogError> {
        self.events(
            "SELECT seq, record FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            after.0 as i64,
            PAGE,
        )
    }

    /// Commands and steps of runs before a time, the newest first.
    pub(super) fn deeds(&self, before: Time, limit: u32) -> Result<Vec<Event>, LogError> {
        self.events(
            "SELECT seq, record FROM event WHERE kind = 1 AND time < ?1 ORDER BY seq DESC LIMIT ?2",
            before.0,
            i64::from(limit),
        )
    }

    /// The keys of the effects that were carried out, or tried, after a place in the log.
    pub(super) fn delivered(&self, after: Seq) -> Result<Vec<(Seq, u16)>, LogError> {
        let events = self.events(
            "SELECT seq, record FROM event WHERE kind = 3 AND seq > ?1 ORDER BY seq LIMIT ?2",
            after.0 as i64,
            i64::MAX,
        )?;
        Ok(events
            .iter()
            .filter_map(|e| match &e.body {
                Body::Delivered { effect, .. } => Some(*effect),
                _ => None,
            })
            .collect())
    }

    fn events(&self, sql: &str, bound: i64, limit: i64) -> Result<Vec<Event>, LogError> {
        let rows: Vec<(i64, Vec<u8>)> = self
            .db
            .prepare_cached(sql)
            .and_then(|mut select| {
                select
                    .query_map(params![bound, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect()
            })
            .map_err(|e| self.say(&e))?;
        rows.iter()
            .map(|(seq, bytes)| record::decode(bytes).map_err(|e| bad_record(&self.path, *seq, e)))
            .collect()
    }

    pub(super) fn note_changes(&mut self, changes: &[(DeviceId, Change)]) -> Result<(), LogError> {
        let run = |db: &mut Connection| -> rusqlite::Result<()> {
            let transaction = db.transaction()?;
            {
                // the same change again is a refold after a restart, not a second change
                let mut insert = transaction.prepare_cached(
                    "INSERT OR IGNORE INTO change(device, time, what, before, after) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?;
                for (device, c) in changes {
                    insert.execute(params![
                        device.0,
                        c.time.0,
                        c.what.as_str(),
                        c.before.as_str(),
                        c.after.as_str()
                    ])?;
                }
            }
            transaction.commit()
        };
        run(&mut self.db).map_err(|e| self.say(&e))
    }

    pub(super) fn changes(
        &self,
        device: DeviceId,
        before: Time,
        limit: u32,
    ) -> Result<Vec<Change>, LogError> {
        self.db
            .prepare_cached(
                "SELECT time, what, before, after FROM change WHERE device = ?1 AND time < ?2 ORDER BY time DESC, what LIMIT ?3",
            )
            .and_then(|mut select| {
                select
                    .query_map(params![device.0, before.0, limit], |row| {
                        Ok(Change {
                            time: Time(row.get(0)?),
                            what: stored_text(&row.get::<_, String>(1)?),
                            before: stored_text(&row.get::<_, String>(2)?),
                            after: stored_text(&row.get::<_, String>(3)?),
                        })
                    })?
                    .collect()
            })
            .map_err(|e| self.say(&e))
    }

    /// Takes over the ledger of a day whose telemetry goes: its sums by days, what is kept one by one as it is.
    pub(super) fn keep_ledger(
        &mut self,
        day: i64,
        (rows, packets): (Vec<LedgerRow>, Vec<LedgerRow>),
    ) -> Result<(), LogError> {
        let mut by_day: std::collections::BTreeMap<_, LedgerRow> =
            std::collections::BTreeMap::new();
        for row in rows {
            by_day
                .entry((row.address, row.kind, row.cause.clone()))
                .and_modify(|sum| sum.join(&row))
                .or_insert(row);
        }
        let run = |db: &mut Connection| -> rusqlite::Result<()> {
            let transaction = db.transaction()?;
            for row in by_day.values() {
                // the day's own hour, and no sum: taking the same day over twice changes nothing
                super::day::put_ledger(&transaction, day * 24, row, "INSERT OR REPLACE")?;
            }
            for row in &packets {
                super::day::put_packet(&transaction, row, "INSERT OR REPLACE")?;
            }
            transaction.commit()
        };
        run(&mut self.db).map_err(|e| self.say(&e))
    }

    pub(super) fn ledger(
        &self,
        address: std::net::IpAddr,
        span: (Time, Time),
        limit: u32,
    ) -> Result<Vec<LedgerRow>, LogError> {
        // sums stand under the first hour of their day
        let hour = span.0.0.div_euclid(rollup::HOUR) - 24;
        super::day::ledger_of(&self.db, address, span, hour, limit)
            .and_then(|mut rows| {
                rows.extend(super::day::packets_of(&self.db, address, span, limit)?);
                Ok(rows)
            })
            .map_err(|e| self.say(&e))
    }

    pub(super) fn meta(&self, name: &str) -> Result<Option<i64>, LogError> {
        super::day::meta(&self.db, name).map_err(|e| self.say(&e))
    }

    pub(super) fn set_meta(&mut self, name: &str, value: i64) -> Result<(), LogError> {
        super::day::set_meta(&self.db, name, value).map_err(|e| self.say(&e))
    }

    /// The place of the last event before a time, of those that [`RecordDb::forget_before`] would remove.
    pub(super) fn last_before(&self, before: Time) -> Result<Option<Seq>, LogError> {
        self.db
            .query_row(
                "SELECT max(seq) FROM event WHERE time < ?1 AND seq <> \
                    (SELECT coalesce(max(seq), 0) FROM event WHERE kind = ?2 AND time < ?1)",
                params![before.0, CONFIG],
                |row| row.get::<_, Option<i64>>(0),
            )
            .map(|seq| seq.map(|seq| Seq(seq as u64)))
            .map_err(|e| self.say(&e))
    }

    /// Removes events, changes and ledger rows before a time. The configuration in force then stays.
    pub(super) fn forget_before(&mut self, before: Time) -> Result<usize, LogError> {
        let run = |db: &mut Connection| -> rusqlite::Result<usize> {
            let transaction = db.transaction()?;
            let keep: i64 = transaction.query_row(
                "SELECT coalesce(max(seq), 0) FROM event WHERE kind = ?1 AND time < ?2",
                params![CONFIG, before.0],
                |row| row.get(0),
            )?;
            let mut gone = transaction.execute(
                "DELETE FROM event WHERE time < ?1 AND seq <> ?2",
                params![before.0, keep],
            )?;
            gone += transaction.execute("DELETE FROM change WHERE time < ?1", [before.0])?;
            gone += transaction.execute("DELETE FROM ledger WHERE last < ?1", [before.0])?;
            gone += transaction.execute("DELETE FROM packet WHERE last < ?1", [before.0])?;
            transaction.commit()?;
            Ok(gone)
        };
        run(&mut self.db).map_err(|e| self.say(&e))
    }

    #[cfg(test)]
    pub(super) fn cap_pages(&self, pages: i64) {
        self.db
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .unwrap();
    }
}

pub(super) fn bad_record(path: &Path, seq: i64, error: record::RecordError) -> LogError {
    match error {
        record::RecordError::Newer { found } => LogError::Newer {
            place: store::place(path),
            found: u32::from(found),
            known: u32::from(record::RECORD_VERSION),
        },
        other => LogError::Damaged {
            place: store::place(path),
            at: seq as u64,
            why: format!("event {seq}: {other}"),
        },
    }
}

/// Text that was escaped before it was stored stays as it is.
pub(super) fn stored_text(stored: &str) -> Text {
    serde::Deserialize::deserialize(
        serde::de::value::StrDeserializer::<serde::de::value::Error>::new(stored),
    )
    .unwrap_or_default()
}
