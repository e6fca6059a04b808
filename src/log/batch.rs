//! Several events as one compressed block: what a row of a day file and a frame of a recording hold.

use crate::event::{Event, record};

/// No block is larger than this before compression. What claims to be is damaged.
pub(super) const RAW_CAP: usize = 64 << 20;

/// Why a block can't be read.
#[derive(Debug)]
pub(super) enum Bad {
    /// Written by a newer wardwatch; its version.
    Newer(u8),
    /// Damaged, and how.
    Damaged(String),
}

/// Appends one record with its length (four bytes, little-endian) before it.
pub(super) fn push(raw: &mut Vec<u8>, event: &Event) -> Result<(), record::RecordError> {
    let start = raw.len();
    raw.extend_from_slice(&[0; 4]);
    if let Err(error) = record::encode(event, raw) {
        raw.truncate(start);
        return Err(error);
    }
    let length = u32::try_from(raw.len() - start - 4).unwrap_or(u32::MAX);
    raw[start..start + 4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// zstd with a checksum.
pub(super) fn compress(raw: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(3)?;
    compressor.include_checksum(true)?;
    compressor.compress(raw)
}

/// Undoes [`compress`]; `raw_len` is what was noted beside it.
pub(super) fn expand(packed: &[u8], raw_len: usize) -> Result<Vec<u8>, Bad> {
    if raw_len > RAW_CAP {
        return Err(Bad::Damaged(format!("a block of {raw_len} bytes")));
    }
    let raw = zstd::bulk::decompress(packed, raw_len).map_err(|e| Bad::Damaged(e.to_string()))?;
    if raw.len() == raw_len {
        Ok(raw)
    } else {
        Err(Bad::Damaged(format!(
            "{} bytes where {raw_len} were written",
            raw.len()
        )))
    }
}

/// The events of an expanded block.
pub(super) fn events(mut raw: &[u8]) -> Result<Vec<Event>, Bad> {
    let mut events = Vec::new();
    while !raw.is_empty() {
        let cut = || Bad::Damaged("a record is cut short".into());
        let (length, rest) = raw.split_first_chunk::<4>().ok_or_else(cut)?;
        let (one, rest) = rest
            .split_at_checked(u32::from_le_bytes(*length) as usize)
            .ok_or_else(cut)?;
        events.push(record::decode(one).map_err(|error| match error {
            record::RecordError::Newer { found } => Bad::Newer(found),
            other => Bad::Damaged(other.to_string()),
        })?);
        raw = rest;
    }
    Ok(events)
}
