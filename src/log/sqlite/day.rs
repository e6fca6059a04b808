//! `telemetry/YYYY-MM-DD.db`: what was observed on one day (UTC), a row a batch; and that day's ledger, by address.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::record::stored_text;
use super::store::{self, Mode};
use crate::event::{Event, LedgerRow};
use crate::log::batch::{self, Bad};
use crate::log::{LogError, rollup::Rollup};
use crate::model::{PacketKind, Seq, Time};

const SCHEMA: &str = "
CREATE TABLE batch(last_seq INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL,
    events INTEGER NOT NULL, raw INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE ledger(address BLOB NOT NULL, hour INTEGER NOT NULL, kind INTEGER NOT NULL, cause TEXT NOT NULL,
    count INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(address, hour, kind, cause)) WITHOUT ROWID;
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;";

/// Milliseconds of a day.
pub(super) const DAY_MS: i64 = 86_400_000;
/// The place in the log up to which a file's ledger table is summed.
const LEDGER_UPTO: &str = "ledger_upto";

/// Days since 1970 (UTC) of a time.
pub(super) fn day_of(time: Time) -> i64 {
    time.0.div_euclid(DAY_MS)
}

/// The name of a day's file.
pub(super) fn file_name(day: i64) -> String {
    let date = Time(day * DAY_MS)
        .timestamp()
        .to_zoned_datetime(jiff::tz::TimeZone::UTC);
    format!("{}.db", date.date())
}

/// The day of a file's name; `None` where it is no name of ours.
pub(super) fn day_of_name(name: &str) -> Option<i64> {
    let date: jiff::civil::Date = name.strip_suffix(".db")?.parse().ok()?;
    let start = date
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .ok()?
        .timestamp();
    Some(start.as_millisecond().div_euclid(DAY_MS))
}

/// Events that wait for the next flush, already encoded.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) raw: Vec<u8>,
    pub(super) count: u32,
    pub(super) first: (Seq, Time),
    pub(super) last: (Seq, Time),
}

impl Pending {
    pub(super) fn push(&mut self, event: &Event) -> Result<(), crate::event::record::RecordError> {
        batch::push(&mut self.raw, event)?;
        if self.count == 0 {
            self.first = (event.seq, event.time);
        }
        self.last = (event.seq, event.time);
        self.count += 1;
        Ok(())
    }
}

pub(super) struct DayFile {
    pub(super) day: i64,
    pub(super) path: PathBuf,
    db: Connection,
}

impl DayFile {
    pub(super) fn open(folder: &Path, day: i64, mode: Mode) -> Result<Self, LogError> {
        let path = folder.join(file_name(day));
        let db = store::open(&path, mode, SCHEMA)?;
        Ok(Self { day, path, db })
    }

    fn say(&self, error: &rusqlite::Error) -> LogError {
        store::explain(&self.path, error)
    }

    /// The last place in this file, and its time.
    pub(super) fn last(&self) -> Result<Option<(Seq, Time)>, LogError> {
        let row = self.db.query_row(
            "SELECT last_seq, last_time FROM batch ORDER BY last_seq DESC LIMIT 1",
            [],
            |row| Ok((Seq(row.get::<_, i64>(0)? as u64), Time(row.get(1)?))),
        );
        optional(row).map_err(|e| self.say(&e))
    }

    /// The place of the first event.
    pub(super) fn first_seq(&self) -> Result<Option<Seq>, LogError> {
        let row = self.db.query_row(
            "SELECT first_seq FROM batch ORDER BY last_seq LIMIT 1",
            [],
            |row| row.get::<_, i64>(0).map(|seq| Seq(seq as u64)),
        );
        optional(row).map_err(|e| self.say(&e))
    }

    /// The time of the first event.
    pub(super) fn oldest(&self) -> Result<Option<Time>, LogError> {
        let row = self.db.query_row(
            "SELECT first_time FROM batch ORDER BY last_seq LIMIT 1",
            [],
            |row| row.get(0).map(Time),
        );
        optional(row).map_err(|e| self.say(&e))
    }

    /// Writes what waits as one row, and where `sums` are given the ledger with it: both or none.
    pub(super) fn write(
        &mut self,
        pending: &Pending,
        sums: Option<&Rollup>,
        upto: Seq,
    ) -> Result<(), LogError> {
        let data = batch::compress(&pending.raw).map_err(|e| store::explain_io(&self.path, e))?;
        let run = |db: &mut Connection| -> rusqlite::Result<()> {
            let transaction = db.transaction()?;
            if pending.count > 0 {
                transaction
                    .prepare_cached("INSERT INTO batch VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
                    .execute(params![
                        pending.last.0.0 as i64,
                        pending.first.0.0 as i64,
                        pending.first.1.0,
                        pending.last.1.0,
                        pending.count,
                        pending.raw.len() as i64,
                        data
                    ])?;
            }
            if let Some(sums) = sums {
                for (hour, row) in sums.sums() {
                    put_ledger(&transaction, hour, row, "INSERT")?;
                }
                for row in sums.singles() {
                    put_packet(&transaction, row, "INSERT")?;
                }
                set_meta(&transaction, LEDGER_UPTO, upto.0 as i64)?;
            }
            transaction.commit()
        };
        run(&mut self.db).map_err(|e| self.say(&e))
    }

    /// The next batch that holds something after a place.
    pub(super) fn batch_after(&self, after: Seq) -> Result<Option<Vec<Event>>, LogError> {
        let row = self
            .db
            .prepare_cached("SELECT last_seq, raw, data FROM batch WHERE last_seq > ?1 ORDER BY last_seq LIMIT 1")
            .and_then(|mut select| {
                select.query_row([after.0 as i64], |row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, Vec<u8>>(2)?,
                    ))
                })
            });
        let Some((seq, raw, data)) = optional(row).map_err(|e| self.say(&e))? else {
            return Ok(None);
        };
        let mut events = batch::expand(&data, raw.max(0) as usize)
            .and_then(|raw| batch::events(&raw))
            .map_err(|bad| match bad {
                Bad::Newer(found) => LogError::Newer {
                    place: store::place(&self.path),
                    found: u32::from(found),
                    known: u32::from(crate::event::record::RECORD_VERSION),
                },
                Bad::Damaged(why) => LogError::Damaged {
                    place: store::place(&self.path),
                    at: seq as u64,
                    why: format!("the batch that ends with event {seq}: {why}"),
                },
            })?;
        events.retain(|e| e.seq > after);
        Ok(Some(events))
    }

    /// Ledger rows that stand in batches, but not yet in the table (the collector was killed before it summed them); and
    /// what is wrong with the batches that had to be left out.
    pub(super) fn unsummed(&self) -> Result<(Rollup, Vec<String>), LogError> {
        let upto = meta(&self.db, LEDGER_UPTO).map_err(|e| self.say(&e))?;
        let mut at = Seq(upto.unwrap_or(0) as u64);
        let mut sums = Rollup::default();
        let mut damaged = Vec::new();
        loop {
            match self.batch_after(at) {
                Ok(None) => return Ok((sums, damaged)),
                Ok(Some(events)) => {
                    for event in &events {
                        at = event.seq;
                        sums.take(&event.body);
                    }
                }
                Err(LogError::Damaged {
                    at: last,
                    place,
                    why,
                }) if last > at.0 => {
                    damaged.push(format!("{place} is damaged: {why}"));
                    at = Seq(last);
                }
                Err(other) => return Err(other),
            }
        }
    }

    /// The sums of an address, and its rows that are kept one by one: the newest of each.
    pub(super) fn ledger(
        &self,
        address: IpAddr,
        span: (Time, Time),
        limit: u32,
    ) -> Result<(Vec<LedgerRow>, Vec<LedgerRow>), LogError> {
        let hour = span.0.0.div_euclid(crate::log::rollup::HOUR);
        ledger_of(&self.db, address, span, hour, limit)
            .and_then(|sums| Ok((sums, packets_of(&self.db, address, span, limit)?)))
            .map_err(|e| self.say(&e))
    }

    /// The whole ledger of the day: its sums, and the rows that are kept one by one.
    pub(super) fn ledger_all(&self) -> Result<(Vec<LedgerRow>, Vec<LedgerRow>), LogError> {
        let all = |table: &str| -> rusqlite::Result<Vec<LedgerRow>> {
            self.db
                .prepare(&format!(
                    "SELECT address, kind, cause, count, first, last FROM {table}"
                ))?
                .query_map([], ledger_row)?
                .collect()
        };
        all("ledger")
            .and_then(|sums| Ok((sums, all("packet")?)))
            .map_err(|e| self.say(&e))
    }

    #[cfg(test)]
    pub(super) fn cap_pages(&self, pages: i64) {
        self.db
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .unwrap();
    }
}

fn optional<T>(row: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    match row {
        Ok(value) => Ok(Some(value)),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn meta(db: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    optional(
        db.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| {
            row.get(0)
        }),
    )
}

pub(super) fn set_meta(db: &Connection, name: &str, value: i64) -> rusqlite::Result<()> {
    db.execute(
        "INSERT OR REPLACE INTO meta(name, value) VALUES (?1, ?2)",
        params![name, value],
    )
    .map(|_| ())
}

/// Adds a row to a ledger table: `INSERT` sums it with what is there, `INSERT OR REPLACE` puts it in its place.
pub(super) fn put_ledger(
    db: &Connection,
    hour: i64,
    row: &LedgerRow,
    how: &str,
) -> rusqlite::Result<()> {
    let sum = if how == "INSERT" {
        "ON CONFLICT DO UPDATE SET count = count + excluded.count, first = min(first, excluded.first), last = max(last, excluded.last)"
    } else {
        ""
    };
    db.prepare_cached(&format!(
        "{how} INTO ledger(address, hour, kind, cause, count, first, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) {sum}"
    ))?
    .execute(params![
        address_bytes(row.address),
        hour,
        kind_number(row.kind),
        row.cause.as_str(),
        row.count,
        row.first.0,
        row.last.0
    ])
    .map(|_| ())
}

/// Adds a row that stays as it is: `INSERT` sums it with one that is the same but for its count, `INSERT OR REPLACE` puts it
/// in its place.
pub(super) fn put_packet(db: &Connection, row: &LedgerRow, how: &str) -> rusqlite::Result<()> {
    let sum = if how == "INSERT" {
        "ON CONFLICT DO UPDATE SET count = count + excluded.count"
    } else {
        ""
    };
    db.prepare_cached(&format!(
        "{how} INTO packet(address, last, kind, cause, first, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6) {sum}"
    ))?
    .execute(params![
        address_bytes(row.address),
        row.last.0,
        kind_number(row.kind),
        row.cause.as_str(),
        row.first.0,
        row.count
    ])
    .map(|_| ())
}

pub(super) fn packets_of(
    db: &Connection,
    address: IpAddr,
    (since, before): (Time, Time),
    limit: u32,
) -> rusqlite::Result<Vec<LedgerRow>> {
    db.prepare_cached(
        "SELECT address, kind, cause, count, first, last FROM packet
         WHERE address = ?1 AND last >= ?2 AND first < ?3 ORDER BY last DESC LIMIT ?4",
    )?
    .query_map(
        params![address_bytes(address), since.0, before.0, limit],
        ledger_row,
    )?
    .collect()
}

pub(super) fn ledger_of(
    db: &Connection,
    address: IpAddr,
    (since, before): (Time, Time),
    from_hour: i64,
    limit: u32,
) -> rusqlite::Result<Vec<LedgerRow>> {
    db.prepare_cached(
        "SELECT address, kind, cause, count, first, last FROM ledger
         WHERE address = ?1 AND hour >= ?2 AND last >= ?3 AND first < ?4
         ORDER BY hour DESC, last DESC LIMIT ?5",
    )?
    .query_map(
        params![address_bytes(address), from_hour, since.0, before.0, limit],
        ledger_row,
    )?
    .collect()
}

fn ledger_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<LedgerRow> {
    let bytes: Vec<u8> = row.get(0)?;
    let bad =
        |i| rusqlite::Error::InvalidColumnType(i, "ledger".into(), rusqlite::types::Type::Blob);
    let address = <[u8; 4]>::try_from(bytes.as_slice())
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes.as_slice()).map(IpAddr::from))
        .map_err(|_| bad(0))?;
    Ok(LedgerRow {
        address,
        kind: kind_of(row.get(1)?).ok_or_else(|| bad(1))?,
        cause: stored_text(&row.get::<_, String>(2)?),
        count: u32::try_from(row.get::<_, i64>(3)?).unwrap_or(u32::MAX),
        first: Time(row.get(4)?),
        last: Time(row.get(5)?),
    })
}

fn address_bytes(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// Numbers in files are frozen; the order of the enum is not.
const KINDS: [(PacketKind, i64); 6] = [
    (PacketKind::Arp, 1),
    (PacketKind::Ping, 2),
    (PacketKind::Get, 3),
    (PacketKind::Walk, 4),
    (PacketKind::Set, 5),
    (PacketKind::Reply, 6),
];

fn kind_number(kind: PacketKind) -> i64 {
    KINDS.iter().find(|k| k.0 == kind).map_or(0, |k| k.1)
}

fn kind_of(number: i64) -> Option<PacketKind> {
    KINDS.iter().find(|k| k.1 == number).map(|k| k.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_a_name_and_a_name_a_day() {
        for (time, name) in [
            (Time(0), "1970-01-01.db"),
            (Time(1_700_000_000_000), "2023-11-14.db"),
            (Time(1_709_251_199_999), "2024-02-29.db"),
        ] {
            assert_eq!(file_name(day_of(time)), name);
            assert_eq!(day_of_name(name), Some(day_of(time)));
        }
        for name in ["x.db", "2023-11-14", "2023-11-14.db-wal", "2023-13-14.db"] {
            assert_eq!(day_of_name(name), None, "{name}");
        }
    }
}
