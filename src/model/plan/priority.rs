//! Which polls go first where not all can be asked at once.

use serde::{Deserialize, Serialize};

use super::PollPlan;
use crate::model::Job;

/// From 0, which goes first, to 9. It asks nothing more of any device: it needs no consent, and is no part of what a person consents
/// to.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(from = "u8")]
pub struct Priority(u8);

impl Priority {
    /// Before all others.
    pub const FIRST: Self = Self(0);
    /// The number that goes last.
    pub const LAST: u8 = 9;

    /// The number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// That of a job of which nobody says anything: what tells whether a device lives goes first, then what says most for the
    /// least.
    pub fn usual(job: Job) -> Self {
        Self(match job {
            Job::Status => 0,
            Job::Ups => 1,
            Job::Interfaces => 3,
            Job::Sensors => 4,
            Job::Inventory => 6,
            Job::Tables => 8,
        })
    }
}

impl From<u8> for Priority {
    /// What is beyond the last one is the last one.
    fn from(number: u8) -> Self {
        Self(number.min(Self::LAST))
    }
}

impl PollPlan {
    /// Its priority; where it does not say one, what is usual for its job. A plan without a job is asked because a person says so,
    /// and a person goes first.
    pub fn priority(&self) -> Priority {
        let usual = self.job.map_or(Priority::FIRST, Priority::usual);
        self.priority.unwrap_or(usual)
    }
}
