//! Why something was not read to its end.

use super::io::Failure;
use crate::model::Text;

/// Tables and jobs of one task that are told as cut.
pub(super) const CUTS: usize = 64;

/// Why a table, or a job, is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It has more rows than the plan allows.
    Rows,
    /// It has more octets than the plan allows.
    Octets,
    /// It does not move on.
    Loop,
    /// Columns that the agent hangs on, or that its model can't take, were left out.
    Columns,
    /// The agent answered with an error, or with nonsense.
    Error,
    /// Its touch policy does not allow it.
    Touch,
    /// It answered no more, or its time was over.
    Silence,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Rows,
        Self::Octets,
        Self::Loop,
        Self::Columns,
        Self::Error,
        Self::Touch,
        Self::Silence,
    ];

    /// For a person, behind `cut short`.
    pub fn says(self) -> &'static str {
        match self {
            Self::Rows => "at its cap of rows",
            Self::Octets => "at its cap of octets",
            Self::Loop => "where it does not move on",
            Self::Columns => "by columns that its agent can not take",
            Self::Error => "by an error",
            Self::Touch => "by its touch policy",
            Self::Silence => "by silence",
        }
    }

    pub(super) fn of(failure: &Failure) -> Self {
        match failure {
            silence if silence.is_silence() => Self::Silence,
            Failure::NotAllowed(_) => Self::Touch,
            _ => Self::Error,
        }
    }
}

/// What is not whole, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cut {
    /// `table` and the word of its part in the poll plans, or what a whole job is called in the ledger.
    pub what: Text,
    /// Why.
    pub why: Reason,
}

impl Cut {
    /// `table counters cut short at its cap of rows`
    pub fn says(&self) -> String {
        format!("{} cut short {}", self.what.as_str(), self.why.says())
    }
}
