//! What models can't take: learned from their answers, shipped, or said by the site.

use serde::{Deserialize, Serialize};

use super::Text;

/// Where a quirk is known from; the later wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuirkSource {
    /// It came with wardwatch.
    Shipped,
    /// The site's own agents showed it.
    Learned,
    /// The site says so.
    Site,
}

/// How much the agents of one model and firmware can take.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quirk {
    /// `sysObjectID` it begins with, dotted; whole arcs.
    pub object_id: Text,
    /// What `sysDescr` or the firmware must contain; empty means any.
    pub firmware: Text,
    /// Where it is known from.
    pub source: QuirkSource,
    /// Most repetitions of a GETBULK.
    pub repetitions: Option<u16>,
    /// Most names in a GET.
    pub names: Option<u16>,
    /// It does not do GETBULK.
    pub next_only: bool,
    /// No job more often than this, seconds.
    pub least_interval_s: Option<u32>,
    /// Subtrees it hangs on, dotted: not asked.
    pub skip: Vec<Text>,
    /// Why, in one line.
    pub because: Text,
}
