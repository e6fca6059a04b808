//! A device of the inventory as the engine holds it.

use std::net::IpAddr;
use std::sync::Arc;

use ecow::EcoVec;
use serde::{Deserialize, Serialize};

use super::{
    CareLevel, Change, Conduct, DeviceClass, DeviceId, Fact, FactKey, IfIndex, Interface, Mac,
    SegmentId, Sensor, Sorted, Text, Time, TouchPolicy,
};

/// What one way of looking says of a device. Three of them are kept apart: a ping that comes back never clears an SNMP fault.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Never asked, or not allowed to.
    #[default]
    NotAsked,
    /// It answered, or was seen.
    Answers,
    /// A miss that is not confirmed yet.
    Missed,
    /// It does not answer, confirmed.
    Silent,
    /// It answers, but refuses (wrong community, wrong password).
    Refuses,
    /// Not to be judged now: what would tell is unreachable itself.
    Blind,
}

/// One of the three ways, with its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReachFact {
    /// What it says.
    pub reach: Reach,
    /// Since when it says so.
    pub since: Time,
    /// Last time the device answered or was seen this way.
    pub seen: Time,
    /// Misses in a row.
    pub misses: u16,
}

/// What a person is shown, made of the three facts and the topology.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceState {
    /// ● all that is asked answers, or it is seen.
    Up,
    /// ◐ it lives, but something is wrong with it.
    Degraded,
    /// ○ it is gone, confirmed.
    Down,
    /// ◌ not to be judged: nothing known yet, or what is before it is down.
    #[default]
    Unknown,
}

impl DeviceState {
    /// The word in lower case, as in JSON and filters.
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Unknown => "unknown",
        }
    }
}

/// Where a device hangs: an access port of a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Attachment {
    /// The switch.
    pub switch: DeviceId,
    /// Its port.
    pub port: IfIndex,
    /// The VLAN it was learned in, zero where the table does not say.
    pub vlan: u16,
    /// First seen there.
    pub since: Time,
    /// Last seen there.
    pub seen: Time,
}

/// How many changes a device keeps at hand; older ones are asked of the log.
pub const CHANGE_RING: usize = 24;
/// How many interfaces a device keeps; more are counted in [`Device::interfaces_dropped`].
pub const INTERFACE_CAP: usize = 4096;

/// One device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Device {
    /// Its identity.
    pub id: DeviceId,
    /// What it is called: site, then sysName, DNS, DHCP, address, MAC.
    pub name: Text,
    /// Its addresses; the first that is asked is `address`.
    pub addresses: Sorted<IpAddr>,
    /// The management address.
    pub address: Option<IpAddr>,
    /// Its MAC addresses.
    pub macs: Sorted<Mac>,
    /// The kind.
    pub class: DeviceClass,
    /// How close to a patient.
    pub care: CareLevel,
    /// The policy in force.
    pub touch: TouchPolicyInForce,
    /// The segment it is in.
    pub segment: Option<SegmentId>,
    /// The port it hangs on.
    pub attached: Option<Attachment>,
    /// Declared by the site, not only seen.
    pub declared: bool,
    /// Current values, one a key.
    pub facts: Sorted<Fact>,
    /// Values of other sources that disagree with the current ones (invariant 8).
    pub conflicts: EcoVec<Fact>,
    /// ICMP.
    pub ping: ReachFact,
    /// SNMP.
    pub snmp: ReachFact,
    /// ARP, forwarding tables, traffic.
    pub passive: ReachFact,
    /// What a person is shown.
    pub state: DeviceState,
    /// Since when.
    pub state_since: Time,
    /// Why, in a few words: `no answer to SNMP`, `sw-3f-02 before it is down`, `on battery`.
    pub state_why: Text,
    /// First seen in any way.
    pub first_seen: Time,
    /// Last seen in any way.
    pub last_seen: Time,
    /// `sysUpTime` at the last poll, hundredths of a second, and when that was.
    pub uptime: Option<(u32, Time)>,
    /// Last round trip, milliseconds.
    pub rtt_ms: Option<u32>,
    /// Its interfaces by index.
    pub interfaces: Sorted<Interface>,
    /// Interfaces beyond [`INTERFACE_CAP`].
    pub interfaces_dropped: u32,
    /// Its sensors in the order of their keys, [`super::SENSOR_CAP`] at the most; none for most devices.
    pub sensors: Option<Arc<Vec<Sensor>>>,
    /// The newest changes, the newest first, [`CHANGE_RING`] at the most.
    pub changes: EcoVec<Change>,
    /// How its agent behaves, where it ever misbehaved or a poll of it missed its time.
    pub conduct: Option<Box<Conduct>>,
}

impl Device {
    /// The value of a fact, or nothing.
    pub fn fact(&self, key: FactKey) -> Option<&Text> {
        self.facts.get(&key).map(|f| &f.value)
    }

    /// Its sensors, in the order of their keys.
    pub fn sensors(&self) -> &[Sensor] {
        self.sensors.as_deref().map_or(&[], Vec::as_slice)
    }

    /// The value of a fact, or `""`.
    pub fn fact_str(&self, key: FactKey) -> &str {
        self.fact(key).map_or("", Text::as_str)
    }
}

/// A touch policy with the reason for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TouchPolicyInForce {
    /// The rung.
    pub policy: TouchPolicy,
    /// What decided: `class ventilator`, `segment ICU-3`, `device`, `unknown in a clinical segment`.
    pub because: Text,
    /// The override that is in force, where one is.
    pub overridden: Option<Arc<TouchOverride>>,
    /// An override of `never` that one person asked for, and that waits for a second one. It has no effect.
    pub asked: Option<Arc<TouchOverride>>,
}

impl Default for TouchPolicyInForce {
    fn default() -> Self {
        Self {
            policy: TouchPolicy::Passive,
            because: Text::empty(),
            overridden: None,
            asked: None,
        }
    }
}

/// What a person said of a device's touch policy, for a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TouchOverride {
    /// The rung it is to have.
    pub policy: TouchPolicy,
    /// Who asked.
    pub by: Text,
    /// The second person; empty where one is enough, or none has said yes so far.
    pub approved: Text,
    /// Why.
    pub reason: Text,
    /// When it was asked for.
    pub since: Time,
    /// When it ends.
    pub until: Time,
}
