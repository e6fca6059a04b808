//! Remediations: what can be run against a device, the plan of one run, and how the run goes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use super::{CareLevel, DeviceId, InterfaceRef, PacketKind, RunId, Text, Time};

/// How much a run can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Reads only.
    Low,
    /// Interrupts something for a moment, and comes back by itself.
    Medium,
    /// Takes something away until it is put back.
    High,
}

impl Risk {
    /// The word in configuration and screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What a person must do before a run starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirm {
    /// Nothing more than choosing it.
    None,
    /// The key `y`.
    Key,
    /// The device's name typed out.
    TypeName,
}

/// What a run does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// A program with arguments, never through a shell.
    Program {
        /// The exact argument vector, the program first.
        argv: Vec<Text>,
        /// The whole environment.
        env: BTreeMap<Text, Text>,
        /// For a dry run, where there is one.
        dry_argv: Option<Vec<Text>>,
    },
    /// `ifAdminStatus` of an interface by SNMP SET (RFC 2863).
    IfAdmin {
        /// Where.
        interface: InterfaceRef,
        /// Down first, and up again after this many seconds; or down until `revert_s` is over.
        bounce: bool,
        /// Seconds until it is put back.
        revert_s: u32,
    },
    /// One SNMP GET by wardwatch itself.
    SnmpGet {
        /// What is asked, dotted.
        oids: Vec<Text>,
    },
}

/// What exactly would be done, to whom, and what it needs. Shown before, hashed, and held against the truth just before the first packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPlan {
    /// Name of the remediation.
    pub remediation: Text,
    /// One line of what it is.
    pub title: Text,
    /// Against which device; where a port of a switch is worked on for an endpoint, this is the switch.
    pub device: DeviceId,
    /// Its name.
    pub device_name: Text,
    /// Its address.
    pub address: Option<IpAddr>,
    /// For whom: the endpoint behind the port, where that was chosen.
    pub on_behalf_of: Option<DeviceId>,
    /// Inputs as given.
    pub inputs: BTreeMap<Text, Text>,
    /// What will be done.
    pub work: Work,
    /// Packets it will send, a kind once for each packet, sorted; [`RunPlan::packet_counts`] sums them.
    pub packets: Vec<PacketKind>,
    /// How much it can break.
    pub risk: Risk,
    /// The highest care level of what it touches or takes the link from.
    pub care: CareLevel,
    /// What the person must do.
    pub confirm: Confirm,
    /// Seconds until it is stopped.
    pub timeout_s: u32,
    /// What a person should read before: who loses the link, what comes back when.
    pub notes: Vec<Text>,
    /// Only what would be done; nothing is changed.
    pub dry_run: bool,
}

impl RunPlan {
    /// How many packets of each kind it will send: [`RunPlan::packets`] names a kind once for each packet.
    pub fn packet_counts(&self) -> BTreeMap<PacketKind, u32> {
        let mut counts = BTreeMap::new();
        for kind in &self.packets {
            let count: &mut u32 = counts.entry(*kind).or_default();
            *count = count.saturating_add(1);
        }
        counts
    }
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Planned and confirmed, not started.
    Planned,
    /// At work.
    Running,
    /// Its work is done, the way back is still to come.
    RevertPending,
    /// Done.
    Succeeded,
    /// Failed; the last line says why.
    Failed,
    /// Stopped by a person.
    Cancelled,
    /// Stopped by its timeout.
    TimedOut,
    /// wardwatch was killed while it ran.
    Interrupted,
}

impl RunState {
    /// The word in JSON and screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Running => "running",
            Self::RevertPending => "revert-pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed-out",
            Self::Interrupted => "interrupted",
        }
    }

    /// Nothing more will come of it.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Planned | Self::Running | Self::RevertPending)
    }
}

/// The way back of a run, durable before the first SET.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Revert {
    /// When it is due.
    pub due: Time,
    /// Where.
    pub interface_index: u32,
    /// `ifName` it must still have.
    pub interface_name: Text,
    /// `ifAdminStatus` to set.
    pub admin_status: u8,
    /// Done, or found done.
    pub done: Option<Time>,
}

/// How many lines of output a run keeps in the state.
pub const OUTPUT_LINES: usize = 400;

/// A run as the engine holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its identity.
    pub id: RunId,
    /// What was planned.
    pub plan: RunPlan,
    /// Who.
    pub by: Text,
    /// Why.
    pub reason: Text,
    /// How it stands.
    pub state: RunState,
    /// Planned.
    pub planned: Time,
    /// Started.
    pub started: Option<Time>,
    /// Ended.
    pub ended: Option<Time>,
    /// Exit status of a program.
    pub exit: Option<i32>,
    /// Its output, the oldest first, [`OUTPUT_LINES`] at the most.
    pub output: Vector<Text>,
    /// Lines that no longer fit.
    pub output_dropped: u64,
    /// SHA-256 of all output, hexadecimal, once ended.
    pub output_hash: Text,
    /// The way back.
    pub revert: Option<Revert>,
    /// Why it failed, or what it found.
    pub outcome: Text,
}
