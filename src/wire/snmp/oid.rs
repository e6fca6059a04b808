//! Object identifiers.

use std::fmt;
use std::str::FromStr;

use crate::model::Text;

/// An object identifier as its arcs; at most 128 (RFC 3416, 4.1), ordered as SNMP orders them.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(Vec<u32>);

/// Text that is no object identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no object identifier; write it as 1.3.6.1.2.1.1.1.0")]
pub struct BadOid(pub Text);

impl Oid {
    /// From its arcs.
    pub fn new(arcs: impl Into<Vec<u32>>) -> Self {
        Self(arcs.into())
    }

    /// Its arcs.
    pub fn arcs(&self) -> &[u32] {
        &self.0
    }

    /// Is `self` below, or equal to, `root`?
    pub fn is_under(&self, root: &Self) -> bool {
        self.0.starts_with(&root.0)
    }

    /// What follows `root`, where `self` is below it.
    pub fn suffix(&self, root: &Self) -> Option<&[u32]> {
        self.0.strip_prefix(root.0.as_slice())
    }

    /// With more arcs behind.
    pub fn child(&self, more: &[u32]) -> Self {
        let mut arcs = Vec::with_capacity(self.0.len() + more.len());
        arcs.extend_from_slice(&self.0);
        arcs.extend_from_slice(more);
        Self(arcs)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, arc) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            write!(f, "{arc}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Oid {
    type Err = BadOid;

    /// Dotted numbers, with or without a leading dot.
    fn from_str(s: &str) -> Result<Self, BadOid> {
        let arcs: Result<Vec<u32>, _> = s
            .strip_prefix('.')
            .unwrap_or(s)
            .split('.')
            .map(str::parse)
            .collect();
        match arcs {
            Ok(arcs)
                if arcs.len() >= 2
                    && arcs.len() <= 128
                    && arcs[0] <= 2
                    && (arcs[0] == 2 || arcs[1] < 40) =>
            {
                Ok(Self(arcs))
            }
            _ => Err(BadOid(s.into())),
        }
    }
}
