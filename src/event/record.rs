//! The record that carries an event: kind, version, body (postcard). Old versions are upcast on read.

use std::borrow::Cow;

use super::{Body, ConfigAppliedV2, Event};

/// A record that can't be read, or an event that can't be written.
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
    /// The event holds something that has no form on the disk.
    #[error("event {seq} can't be written: {why}")]
    Unwritable {
        /// Its place.
        seq: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// The version that is written.
pub const RECORD_VERSION: u8 = 2;

/// Appends the record of `event` to `out`: one byte of version, then the event in postcard. A secret that was given in
/// plain is left out by its type: `env:WITHHELD` ([`crate::model::WITHHELD`]) stands for it (invariant 11). On an error `out` is as it was.
pub fn encode(event: &Event, out: &mut Vec<u8>) -> Result<(), RecordError> {
    let before = out.len();
    out.push(RECORD_VERSION);
    if let Err(error) = postcard::to_io(&*without_secrets(event), &mut *out) {
        out.truncate(before);
        return Err(RecordError::Unwritable {
            seq: event.seq.0,
            why: error.to_string(),
        });
    }
    Ok(())
}

/// Reads one record. Bytes beyond the event are an error: a record is whole or damaged.
pub fn decode(bytes: &[u8]) -> Result<Event, RecordError> {
    match bytes.split_first() {
        Some((&RECORD_VERSION, body)) => whole::<Event>(body),
        Some((1, body)) => whole::<v1::EventV1>(body).map(Event::from),
        Some((&found, _)) if found > RECORD_VERSION => Err(RecordError::Newer { found }),
        Some((&found, _)) => Err(RecordError::Damaged(format!(
            "version {found} never existed"
        ))),
        None => Err(RecordError::Damaged("empty".into())),
    }
}

fn whole<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, RecordError> {
    match postcard::take_from_bytes(body) {
        Ok((event, [])) => Ok(event),
        Ok((_, rest)) => Err(RecordError::Damaged(format!(
            "{} bytes too many",
            rest.len()
        ))),
        Err(error) => Err(RecordError::Damaged(error.to_string())),
    }
}

/// The event as it may leave the process: only a configuration can hold a secret, and only one from the command line does.
pub fn without_secrets(event: &Event) -> Cow<'_, Event> {
    let Body::Config(applied) = &event.body else {
        return Cow::Borrowed(event);
    };
    match applied.site.without_plain_secrets() {
        Cow::Borrowed(_) => Cow::Borrowed(event),
        Cow::Owned(site) => Cow::Owned(Event {
            seq: event.seq,
            time: event.time,
            body: Body::Config(Box::new(ConfigAppliedV2 {
                hash: applied.hash.clone(),
                site,
            })),
        }),
    }
}

mod v1;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod tests;
