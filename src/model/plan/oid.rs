//! An object identifier in a plan: dotted in files, in JSON and in the log.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most arcs (RFC 3416, 4.1).
const ARCS: usize = 128;

/// An object identifier.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanOid(Arc<[u32]>);

impl PlanOid {
    /// Its arcs.
    pub fn arcs(&self) -> &[u32] {
        &self.0
    }

    /// The object stands at this identifier or below.
    pub fn begins(&self, arcs: &[u32]) -> bool {
        arcs.starts_with(&self.0)
    }
}

impl From<&[u32]> for PlanOid {
    fn from(arcs: &[u32]) -> Self {
        Self(arcs.into())
    }
}

/// What is no object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an object identifier is numbers with dots between, such as 1.3.6.1.2.1.1.3.0")]
pub struct BadOid;

impl FromStr for PlanOid {
    type Err = BadOid;

    fn from_str(text: &str) -> Result<Self, BadOid> {
        let text = text.strip_prefix('.').unwrap_or(text);
        let arcs: Vec<u32> = text
            .split('.')
            .map(|arc| {
                let plain = !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit());
                arc.parse().ok().filter(|_| plain)
            })
            .collect::<Option<_>>()
            .ok_or(BadOid)?;
        match arcs.as_slice() {
            [0 | 1, second, ..] if *second >= 40 => Err(BadOid),
            [first, _, ..] if *first <= 2 && arcs.len() <= ARCS => Ok(Self(arcs.into())),
            _ => Err(BadOid),
        }
    }
}

impl fmt::Display for PlanOid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, arc) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            write!(f, "{arc}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PlanOid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PlanOid {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PlanOid {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
