//! What the engine asks the collector to do. Only the collector does it; replays and viewers discard it (invariant 13).

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{AlertId, DeviceClass, Quirks, Seq, Severity, Text, Time, TouchTable};

/// An effect with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The event that asked for it, and which of that event's effects this is.
    pub key: (Seq, u16),
    /// What.
    pub kind: EffectKind,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectKind {
    /// Put this touch table in force.
    TouchTable(Arc<TouchTable>),
    /// From now on ask these, and no others.
    Targets(Arc<Vec<Target>>),
    /// Ask no agent for more than its model can take.
    Quirks(Arc<Quirks>),
    /// Ask these at once, beside their schedule.
    Probe(Vec<IpAddr>),
    /// Read the tables of these at once.
    ReadTables(Vec<IpAddr>),
    /// Tell people.
    Notify(Notice),
}

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
    /// The word in JSON, and what people call it.
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

/// An agent to be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Where.
    pub address: IpAddr,
    /// UDP port.
    pub port: u16,
    /// Names of the credentials to try, in this order.
    pub credentials: Vec<Text>,
    /// What it is thought to be.
    pub class: DeviceClass,
    /// What is asked, and how often in seconds.
    pub jobs: Vec<(Job, u32)>,
    /// Seconds between the probes that confirm a miss.
    pub confirm_s: u32,
    /// A community may be tried although SNMPv3 was answered, or refused.
    pub v2c_fallback: bool,
}

/// Something people are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// About which alert.
    pub alert: AlertId,
    /// How bad.
    pub severity: Severity,
    /// It is over, rather than begins.
    pub recovered: bool,
    /// When.
    pub at: Time,
    /// One line.
    pub text: Text,
}
