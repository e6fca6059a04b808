//! An interface of an agent (IF-MIB, RFC 2863) with its counters and what they say.

use serde::{Deserialize, Serialize};

use super::{Course, IfIndex, Mac, Text, Time};

/// `ifOperStatus` and `ifAdminStatus` (RFC 2863).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum IfStatus {
    /// Not asked, or a value beyond the standard.
    #[default]
    Unknown,
    /// up(1)
    Up,
    /// down(2)
    Down,
    /// testing(3)
    Testing,
    /// dormant(5)
    Dormant,
    /// notPresent(6)
    NotPresent,
    /// lowerLayerDown(7)
    LowerLayerDown,
}

impl IfStatus {
    /// From the integer on the wire.
    pub fn from_mib(value: i64) -> Self {
        match value {
            1 => Self::Up,
            2 => Self::Down,
            3 => Self::Testing,
            5 => Self::Dormant,
            6 => Self::NotPresent,
            7 => Self::LowerLayerDown,
            _ => Self::Unknown,
        }
    }

    /// The word in lower case.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
            Self::Testing => "testing",
            Self::Dormant => "dormant",
            Self::NotPresent => "not present",
            Self::LowerLayerDown => "lower layer down",
        }
    }
}

/// What the counters allow to be said of the traffic.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum RateState {
    /// One sample only, or the last one reset the baseline.
    #[default]
    NoBaseline,
    /// A rate stands in [`Traffic`].
    Known,
    /// 32-bit counters on a link too fast for the poll interval.
    NotMeasurable,
}

/// Rates over the last poll, whole bits a second and hundredths of a packet a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Traffic {
    /// Bits a second in.
    pub in_bps: u64,
    /// Bits a second out.
    pub out_bps: u64,
    /// Errors and discards in both directions, a thousand seconds' worth (so 1000 is one a second).
    pub errors_milli: u64,
}

/// One interface of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interface {
    /// `ifIndex` at the last poll.
    pub index: IfIndex,
    /// `ifName`, else `ifDescr`.
    pub name: Text,
    /// `ifAlias`: what the engineer wrote on it.
    pub alias: Text,
    /// `ifType` (IANAifType-MIB).
    pub kind: u32,
    /// Bits a second (`ifHighSpeed` times a million, else `ifSpeed`).
    pub speed: u64,
    /// `ifPhysAddress`.
    pub mac: Option<Mac>,
    /// `ifAdminStatus`.
    pub admin: IfStatus,
    /// `ifOperStatus`.
    pub oper: IfStatus,
    /// When `oper` last changed as far as wardwatch saw.
    pub oper_since: Time,
    /// Rates at the last poll.
    pub traffic: Traffic,
    /// What `traffic` is worth.
    pub rate: RateState,
    /// The greater of both rates at the last polls.
    pub course: Course,
    /// Rates in a row, up to the last one, with more than one error a second.
    pub lossy: u8,
    /// Rates in a row, up to the last one, near its speed.
    pub full: u8,
    /// The counters that the next rate is measured from.
    pub baseline: Option<CounterBaseline>,
}

impl Interface {
    /// Up and down, as a person reads it.
    pub fn is_up(&self) -> bool {
        self.oper == IfStatus::Up
    }
}

/// The sample a rate is measured against; every path through a sample sets it anew (DOMAIN B iii).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CounterBaseline {
    /// The agent's uptime in the same response, hundredths of a second.
    pub uptime: u32,
    /// `ifCounterDiscontinuityTime`, hundredths of a second.
    pub discontinuity: u32,
    /// Octets in.
    pub in_octets: u64,
    /// Octets out.
    pub out_octets: u64,
    /// Errors and discards together.
    pub errors: u64,
    /// 64-bit (`ifHC…`) or 32-bit octet counters.
    pub wide: bool,
    /// When the sample arrived.
    pub received: Time,
}
