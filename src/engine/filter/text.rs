//! Matching without regard to case and without allocating for each device.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::model::Mac;

/// What is looked for: lower case, with what it could be as an address or MAC found out once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needle {
    pub lower: String,
    /// Only characters of an address.
    address: bool,
    /// Hex digits alone, separators dropped.
    mac: Option<String>,
}

impl Needle {
    pub(super) fn new(word: &str) -> Self {
        let lower = word.to_lowercase();
        let address = !lower.is_empty()
            && lower
                .bytes()
                .all(|b| b.is_ascii_hexdigit() || b == b'.' || b == b':');
        let hex: String = lower
            .chars()
            .filter(|c| !matches!(c, ':' | '-' | '.'))
            .collect();
        let mac = (hex.len() >= 3 && hex.len() <= 12 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .then_some(hex);
        Self {
            lower,
            address,
            mac,
        }
    }

    /// Is it a part of `hay`?
    pub(super) fn is_in(&self, hay: &str) -> bool {
        contains(hay, &self.lower)
    }

    pub(super) fn is_in_address(&self, address: IpAddr) -> bool {
        if !self.address {
            return false;
        }
        let mut line = Line::default();
        let _ = write!(line, "{address}");
        contains(line.as_str(), &self.lower)
    }

    pub(super) fn is_in_mac(&self, mac: Mac) -> bool {
        let Some(hex) = &self.mac else { return false };
        let mut line = Line::default();
        for b in mac.0 {
            let _ = write!(line, "{b:02x}");
        }
        line.as_str().contains(hex.as_str())
    }
}

/// `needle` is lower case already.
fn contains(hay: &str, needle: &str) -> bool {
    let (h, n) = (hay.as_bytes(), needle.as_bytes());
    let Some(first) = n.first() else { return true };
    if n.len() > h.len() {
        return false;
    }
    if !needle.is_ascii() {
        return hay.to_lowercase().contains(needle);
    }
    let upper = first.to_ascii_uppercase();
    h.windows(n.len())
        .any(|w| (w[0] == *first || w[0] == upper) && w.eq_ignore_ascii_case(n))
}

/// A short line on the stack.
struct Line {
    bytes: [u8; 48],
    len: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            bytes: [0; 48],
            len: 0,
        }
    }
}

impl Line {
    fn as_str(&self) -> &str {
        self.bytes
            .get(..self.len)
            .and_then(|b| std::str::from_utf8(b).ok())
            .unwrap_or("")
    }
}

impl std::fmt::Write for Line {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        let end = self.len + s.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(s.as_bytes());
        self.len = end;
        Ok(())
    }
}
