//! What a person may do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a person may do. Ordered, the one who may more is the greater.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May look: a wallboard, `--read-only`, a replay.
    #[default]
    Viewer,
    /// May look and act: everybody with a login, until roles are configured.
    Operator,
}

impl Role {
    /// The word in headers and refusals.
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
        }
    }

    /// May this role change anything, or start anything?
    pub fn may_act(self) -> bool {
        self >= Self::Operator
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
