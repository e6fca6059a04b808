//! What an agent is asked for, in a word.

use serde::{Deserialize, Serialize};

/// What is asked of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Job {
    /// The system group and uptime.
    Status,
    /// Interfaces and their counters.
    Interfaces,
    /// Forwarding, address and neighbour tables.
    Tables,
    /// Entity, host resources, firmware, serial.
    Inventory,
    /// UPS-MIB.
    Ups,
    /// Sensors, memory, disks, load.
    Sensors,
}

impl Job {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 6] = [
        Self::Status,
        Self::Interfaces,
        Self::Tables,
        Self::Inventory,
        Self::Ups,
        Self::Sensors,
    ];

    /// The word in poll plans, in JSON and on screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Interfaces => "interfaces",
            Self::Tables => "tables",
            Self::Inventory => "inventory",
            Self::Ups => "ups",
            Self::Sensors => "sensors",
        }
    }
}
