//! Alerts: something a person should know, from its opening to its end.

use serde::{Deserialize, Serialize};

use super::{AlertId, CareLevel, DeviceClass, DeviceId, SegmentId, Severity, Text, Time};

/// What is wrong. With the object it makes the fingerprint: one condition of one object is one alert, however often it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Confirmed that it does not answer.
    DeviceDown,
    /// A device that is only watched is no longer seen.
    NoLongerSeen,
    /// Its SNMP agent refuses or is silent while the device lives.
    AgentDown,
    /// It refuses the credentials.
    CredentialsRefused,
    /// It restarted.
    Restarted,
    /// An uplink or trunk lost its link.
    LinkDown,
    /// Errors on an interface.
    InterfaceErrors,
    /// An interface near its speed.
    Saturated,
    /// UPS on battery.
    OnBattery,
    /// Firmware older than what the site demands.
    OldFirmware,
    /// A station that nobody declared, in a clinical segment.
    UnknownStation,
    /// One address, two stations.
    DuplicateAddress,
    /// A run of a remediation left something that must be put back.
    RevertOverdue,
    /// wardwatch itself: disk full, source dead, drops.
    Collector,
    /// It restarted after it was asked, and is left alone until a person lets it go.
    Quarantined,
    /// A fan, a power supply or a sensor that the device calls failed.
    SensorFailed,
    /// A value beyond its limits: a fridge, a room, a chassis.
    OutOfRange,
    /// A DHCP scope that runs out of addresses.
    ScopeFull,
    /// A v3 engine that can be replayed to: its boots never rise.
    WeakEngine,
    /// Its polls don't keep their time.
    PollOverrun,
    /// Answers in its name that are not authentic keep coming.
    NotAuthentic,
}

impl Condition {
    /// The word in JSON and filters.
    pub fn word(self) -> &'static str {
        match self {
            Self::DeviceDown => "device-down",
            Self::NoLongerSeen => "no-longer-seen",
            Self::AgentDown => "agent-down",
            Self::CredentialsRefused => "credentials-refused",
            Self::Restarted => "restarted",
            Self::LinkDown => "link-down",
            Self::InterfaceErrors => "interface-errors",
            Self::Saturated => "saturated",
            Self::OnBattery => "on-battery",
            Self::OldFirmware => "old-firmware",
            Self::UnknownStation => "unknown-station",
            Self::DuplicateAddress => "duplicate-address",
            Self::RevertOverdue => "revert-overdue",
            Self::Collector => "collector",
            Self::Quarantined => "quarantined",
            Self::SensorFailed => "sensor-failed",
            Self::OutOfRange => "out-of-range",
            Self::ScopeFull => "scope-full",
            Self::WeakEngine => "weak-engine",
            Self::PollOverrun => "poll-overrun",
            Self::NotAuthentic => "not-authentic",
        }
    }
}

/// Where an alert is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertState {
    /// Seen, held back until it is sure (a child while its parents are probed).
    Pending,
    /// A person is needed.
    Open,
    /// A person has it.
    Acknowledged,
    /// Over.
    Closed,
}

impl AlertState {
    /// The word in JSON and filters.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Closed => "closed",
        }
    }
}

/// Who has an alert, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who.
    pub by: Text,
    /// When.
    pub at: Time,
    /// Why, or what is being done.
    pub note: Text,
    /// It opens again then.
    pub until: Option<Time>,
}

/// Whom a fault touches: counted, not guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Impact {
    /// Devices that can't be judged because of this one.
    pub behind: u32,
    /// By care level, the closest to the patient first.
    pub by_care: Vec<(CareLevel, u32)>,
    /// By class, in the order of [`DeviceClass::ALL`].
    pub by_class: Vec<(DeviceClass, u32)>,
    /// By ward, in the order of names.
    pub by_ward: Vec<(Text, u32)>,
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Alert {
    /// Its identity.
    pub id: AlertId,
    /// What is wrong.
    pub condition: Condition,
    /// With whom; none for the collector itself.
    pub device: Option<DeviceId>,
    /// Which part of it: an interface's name, an address; empty for the whole.
    pub part: Text,
    /// Where.
    pub segment: Option<SegmentId>,
    /// How bad.
    pub severity: Severity,
    /// In its life.
    pub state: AlertState,
    /// What a calm colleague would say, without the device's name: `stopped answering; 12 devices behind it`.
    pub text: Text,
    /// Numbers and reasons, one line each.
    pub details: Vec<Text>,
    /// First seen in this opening.
    pub since: Time,
    /// Opened (left pending).
    pub opened: Option<Time>,
    /// Last change of state.
    pub changed: Time,
    /// Ended.
    pub closed: Option<Time>,
    /// How often it opened.
    pub count: u32,
    /// Who has it.
    pub ack: Option<Acknowledgement>,
    /// Whom it touches.
    pub impact: Impact,
    /// It stands for others that are held back because of it.
    pub root: bool,
    /// Held back because this one is the root.
    pub parent: Option<AlertId>,
}

impl Alert {
    /// Is a person still needed, or has one said so?
    pub fn is_active(&self) -> bool {
        matches!(self.state, AlertState::Open | AlertState::Acknowledged)
    }
}
