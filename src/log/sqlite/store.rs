//! One SQLite file: opened the same way everywhere, its errors turned into the log's.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::log::LogError;

/// The format of the files this program writes (`PRAGMA user_version`).
pub(super) const FORMAT: u32 = 2;
/// What format 2 added to every file: rows of the ledger that are kept one by one.
const PACKETS: &str = "TABLE packet(address BLOB NOT NULL, last INTEGER NOT NULL, kind INTEGER NOT NULL, cause TEXT NOT NULL,
    first INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(address, last, kind, cause, first)) WITHOUT ROWID;";
/// `PRAGMA application_id`, "ward": so that `file` and we know our own.
const APPLICATION: i32 = 0x7761_7264;

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// The one collector.
    Write,
    /// Anybody who asks, beside the collector.
    Read,
}

/// Opens `path` in WAL with `synchronous=FULL` and brings its schema into being.
pub(super) fn open(path: &Path, mode: Mode, schema: &str) -> Result<Connection, LogError> {
    let flags = match mode {
        Mode::Write => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Mode::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
    } | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let say = |error| explain(path, &error);
    if mode == Mode::Write {
        // the log says who is treated where; SQLite gives its other files the mode of this one
        std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(|e| explain_io(path, e))?;
    }
    let mut db = Connection::open_with_flags(path, flags).map_err(say)?;
    db.busy_timeout(Duration::from_secs(5)).map_err(say)?;
    let found: u32 = db
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(say)?;
    if found > FORMAT {
        return Err(LogError::Newer {
            place: place(path),
            found,
            known: FORMAT,
        });
    }
    if mode == Mode::Read && found == 0 {
        // begun, and never written to: its collector started just now, or its disk is full
        let db = Connection::open_in_memory().map_err(say)?;
        db.execute_batch(&format!("{schema}\nCREATE {PACKETS}"))
            .map_err(say)?;
        return Ok(db);
    }
    if mode == Mode::Read && found < FORMAT {
        // what an older file lacks is empty
        db.execute_batch(&format!("CREATE TEMP {PACKETS}"))
            .map_err(say)?;
    }
    if mode == Mode::Write {
        db.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216; PRAGMA cache_size=-1024;",
        )
        .map_err(say)?;
        if found < FORMAT {
            let transaction = db.transaction().map_err(say)?;
            if found == 0 {
                transaction.execute_batch(schema).map_err(say)?;
            }
            transaction
                .execute_batch(&format!("CREATE {PACKETS}"))
                .map_err(say)?;
            transaction
                .pragma_update(None, "application_id", APPLICATION)
                .map_err(say)?;
            transaction
                .pragma_update(None, "user_version", FORMAT)
                .map_err(say)?;
            transaction.commit().map_err(say)?;
        }
    }
    Ok(db)
}

/// The path as messages show it.
pub(super) fn place(path: &Path) -> String {
    path.display().to_string()
}

/// What SQLite says, as the log says it.
pub(super) fn explain(path: &Path, error: &rusqlite::Error) -> LogError {
    const IOERR_SHMSIZE: i32 = 0x130a;
    let place = place(path);
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull => LogError::Full { place },
            // the shared-memory index of the WAL could not be made longer
            ErrorCode::SystemIoFailure if failure.extended_code == IOERR_SHMSIZE => {
                LogError::Full { place }
            }
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => LogError::Damaged {
                place,
                at: 0,
                why: error.to_string(),
            },
            _ => LogError::Store {
                place,
                why: error.to_string(),
            },
        },
        _ => LogError::Store {
            place,
            why: error.to_string(),
        },
    }
}

/// What the file system says, as the log says it.
pub(in crate::log) fn explain_io(path: &Path, source: std::io::Error) -> LogError {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    match source.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => LogError::Full { place: place(path) },
        _ => LogError::Io {
            place: place(path),
            source,
        },
    }
}
