//! The record that carries an event: kind, version, body (postcard). Old versions are upcast on read.

use super::Event;

/// A record that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Written by a newer wardwatch.
    #[error(
        "record of version {found}, this wardwatch reads up to {RECORD_VERSION}; use a newer one"
    )]
    Newer {
        /// Its version.
        found: u8,
    },
    /// Damaged.
    #[error("record damaged: {0}")]
    Damaged(String),
}

/// The version that is written.
pub const RECORD_VERSION: u8 = 1;

/// Appends the record of `event` to `out`: one byte of version, then the event in postcard.
pub fn encode(event: &Event, out: &mut Vec<u8>) {
    out.push(RECORD_VERSION);
    // postcard into a Vec fails on nothing an Event holds
    if let Ok(bytes) = postcard::to_extend(event, Vec::new()) {
        out.extend_from_slice(&bytes);
    }
}

/// Reads one record. Bytes beyond the event are an error: a record is whole or damaged.
pub fn decode(bytes: &[u8]) -> Result<Event, RecordError> {
    match bytes.split_first() {
        Some((&RECORD_VERSION, body)) => match postcard::take_from_bytes(body) {
            Ok((event, [])) => Ok(event),
            Ok((_, rest)) => Err(RecordError::Damaged(format!(
                "{} bytes too many",
                rest.len()
            ))),
            Err(error) => Err(RecordError::Damaged(error.to_string())),
        },
        Some((&found, _)) if found > RECORD_VERSION => Err(RecordError::Newer { found }),
        Some((&found, _)) => Err(RecordError::Damaged(format!(
            "version {found} never existed"
        ))),
        None => Err(RecordError::Damaged("empty".into())),
    }
}
