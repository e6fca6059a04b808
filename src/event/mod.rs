//! What can happen, and what follows from it.
//!
//! In: nothing. Out: [`Event`] (the log's and the engine's only input), [`Effect`] (what the engine asks the collector to
//! do), and the versioned record that carries an event. Bodies are frozen: a struct whose name ends in `V1` never changes
//! its fields; what must change becomes `V2`, and V1 is upcast on read. This room does no I/O.

mod command;
mod effect;
mod observation;
pub mod record;
mod step;

pub use command::Command;
pub use effect::{Effect, EffectKind, Job, Notice, Target};
pub use observation::{
    ArpHow, FdbEntryV1, IfCountersV1, IfMetaV1, IfSampleV1, NeighbourProtocol, NeighbourV1,
    ObsAddressTableV1, ObsAgentV1, ObsArpV1, ObsForwardingV1, ObsHeardV1, ObsLedgerGapV1,
    ObsNameV1, ObsNeighboursV1, ObsOverrunV1, ObsPingV1, ObsPollV1, ObsQuirkV1, ObsSensorsV1,
    ObsSourceV1, Observation, PollOutcome, SensorV1, SysGroupV1,
};
pub use step::{LedgerRow, RunStep};

pub use crate::model::{AgentFault, OverrunKind};

use serde::{Deserialize, Serialize};

use crate::model::{Seq, Site, Text, Time};

/// One thing that happened, with its place in the log and the time the collector took note of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place; strictly growing.
    pub seq: Seq,
    /// When the collector took note; never less than the event before it.
    pub time: Time,
    /// What.
    pub body: Body,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Time passed and something is due; carries nothing.
    Tick,
    /// The site file, as it was put in force.
    Config(Box<ConfigAppliedV2>),
    /// The network said something.
    Observation(Observation),
    /// A person did something.
    Command {
        /// Who.
        by: Text,
        /// What.
        command: Command,
    },
    /// A run of a remediation went on.
    Run(RunStep),
    /// Packets went out; in the course of time these rows are summed by hour and day.
    Ledger(Vec<LedgerRow>),
    /// An effect was carried out, or could not be.
    Delivered {
        /// The effect's key: the event that asked for it, and which of its effects.
        effect: (Seq, u16),
        /// Empty when it was done, else why not.
        error: Text,
    },
    /// Packets went out to devices that may be asked less than SNMP, or may be asked it for a time only: these rows are
    /// kept one by one.
    Packets(Vec<LedgerRow>),
    /// Packets that the gate let nobody send.
    Refused(Vec<LedgerRow>),
}

impl Body {
    /// Must it be on the disk before anybody is told that it happened (invariant 12)?
    pub fn must_be_durable(&self) -> bool {
        matches!(
            self,
            Self::Command { .. } | Self::Run(_) | Self::Config(_) | Self::Delivered { .. }
        )
    }
}

/// Configuration that came into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigAppliedV2 {
    /// SHA-256 over the site as JSON, hexadecimal.
    pub hash: Text,
    /// The whole of it; in a record it stands as JSON, so that what a later version adds has a default here.
    #[serde(with = "json")]
    pub site: Site,
}

/// As text in JSON.
mod json {
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::Site;

    pub(super) fn serialize<S: Serializer>(site: &Site, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&serde_json::to_string(site).map_err(S::Error::custom)?)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Site, D::Error> {
        serde_json::from_str(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}
