//! What the fold remembers beyond what a screen shows: indexes, tables as they were last read, timers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use ecow::EcoVec;
use imbl::{OrdMap, OrdSet, Vector};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::event::{NeighbourProtocol, NeighbourV1, Target};
use crate::model::{
    AlertId, Condition, DeviceId, IfIndex, LinkId, Mac, Quirks, RunId, SegmentId, Severity, Text,
    Time, TouchOverride, TouchTable,
};

use super::blast::Topology;
use super::credentials::Spoken;
use super::quarantine::Asked;

/// Something that is due at a time without any event of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Timer {
    /// A pending alert is to be judged.
    Hold(AlertId),
    /// An acknowledgement expires.
    AckUntil(AlertId),
    /// An alert closes by itself.
    AutoClose(AlertId),
    /// An override of a touch policy expires.
    Override(DeviceId),
    /// What a device is allowed after the one before it came back.
    Grace(DeviceId),
    /// A switch that came back has its table read again.
    Reread(DeviceId),
    /// The table of a switch or router may have grown old.
    Stale(DeviceId),
    /// A station that was only heard may have gone.
    Quiet(DeviceId),
    /// A binding of an address may have expired.
    Binding(IpAddr),
    /// A revert may be overdue.
    Revert(RunId),
    /// What one person asked for was approved by nobody.
    Asked(DeviceId),
    /// A restart is to be judged.
    Suspect(DeviceId),
    /// Who is asked for what is to be made anew.
    Targets,
    /// A sensor may be beyond its limits for too long.
    Sensors(DeviceId),
    /// How an agent behaves may have grown quiet.
    Conduct(DeviceId),
}

/// A switch's forwarding table as last read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SwitchTable {
    /// MAC → VLAN and port.
    pub entries: BTreeMap<Mac, (u16, IfIndex)>,
    /// How many MACs each port shows.
    pub on_port: BTreeMap<IfIndex, u32>,
    /// When it was read.
    pub at: Time,
}

/// Where one switch last saw a MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sighting {
    pub port: IfIndex,
    pub vlan: u16,
    pub since: Time,
    pub seen: Time,
}

/// Who had an address, and until when that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Binding {
    pub device: DeviceId,
    pub seen: Time,
}

/// How the MACs of one address followed each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flip {
    pub now: Mac,
    pub before: Option<Mac>,
    pub at: Time,
}

/// Answers in the name of an agent that are not authentic, counted anew after a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Burst {
    pub since: Time,
    pub count: u32,
    pub last: Time,
}

/// What only the fold reads. Opaque to every other room.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Ids given out so far.
    pub(super) next_device: u32,
    pub(super) next_alert: u64,
    /// Declared devices: position in the site's list.
    pub(super) spec: OrdMap<DeviceId, u32>,
    /// Devices by the name that the site, LLDP or a person uses; lower case.
    pub(super) by_name: OrdMap<Text, DeviceId>,
    /// Subnets, the longest prefix first.
    pub(super) nets: Arc<Vec<(IpNet, SegmentId)>>,
    /// Segments by VLAN.
    pub(super) by_vlan: OrdMap<u16, SegmentId>,
    /// Who was bound to an address, where that is not only the one who has it.
    pub(super) bindings: OrdMap<IpAddr, EcoVec<Binding>>,
    /// The same the other way round.
    pub(super) bound: OrdSet<(DeviceId, IpAddr)>,
    /// How addresses changed their MAC.
    pub(super) flips: OrdMap<IpAddr, Flip>,
    /// Overrides of touch policies.
    pub(super) overrides: OrdMap<DeviceId, Arc<TouchOverride>>,
    /// Overrides of `never` that wait for a second person.
    pub(super) asked: OrdMap<DeviceId, Arc<TouchOverride>>,
    /// When the ledger was written last: every packet before it stands there.
    pub(super) ledger_at: Time,
    /// The touch table in force.
    pub(super) touch: Option<Arc<TouchTable>>,
    /// The targets in force.
    pub(super) targets: Option<Arc<Vec<Target>>>,
    /// Forwarding tables.
    pub(super) tables: OrdMap<DeviceId, Arc<SwitchTable>>,
    /// Address tables of routers: when read, and who was in it.
    pub(super) arp: OrdMap<DeviceId, (Time, Arc<BTreeMap<IpAddr, Mac>>)>,
    /// Where each MAC was seen, by switch.
    pub(super) sightings: OrdMap<Mac, Arc<BTreeMap<DeviceId, Sighting>>>,
    /// Neighbour tables.
    pub(super) neighbours: OrdMap<(DeviceId, NeighbourProtocol), Arc<Vec<NeighbourV1>>>,
    /// Ports that were seen to be uplinks, and when last.
    pub(super) uplinks: OrdMap<(DeviceId, IfIndex), Time>,
    /// Who hangs where: switch, port, device.
    pub(super) hang: OrdSet<(DeviceId, IfIndex, DeviceId)>,
    /// What each port adds to which segment: bits a second in and out of the segment.
    pub(super) load: OrdMap<(DeviceId, IfIndex), (SegmentId, u64, u64)>,
    /// Paths between network devices, kept until a cable changes.
    pub(super) topology: Option<Arc<Topology>>,
    /// The first miss of devices that do not answer SNMP.
    pub(super) first_miss: OrdMap<DeviceId, Time>,
    /// `snmpEngineBoots` as last read.
    pub(super) boots: OrdMap<DeviceId, u32>,
    /// How devices were spoken to.
    pub(super) spoken: OrdMap<DeviceId, Spoken>,
    /// [`Timer::Targets`] runs.
    pub(super) targets_waiting: bool,
    /// What agents that answer wrongly say.
    pub(super) agent_says: OrdMap<DeviceId, Text>,
    /// Why a watched device is no longer seen.
    pub(super) gone_because: OrdMap<DeviceId, Text>,
    /// Network devices that are confirmed dead.
    pub(super) dead: OrdSet<DeviceId>,
    /// Network devices that no path leads to any more, each with the dead one that is to blame.
    pub(super) cut: OrdMap<DeviceId, DeviceId>,
    /// Every device that can't be judged, with the dead one that is to blame.
    pub(super) blind: OrdMap<DeviceId, DeviceId>,
    /// Devices that wait for fresh news after the one before them came back: until when, and after whom.
    pub(super) grace: OrdMap<DeviceId, (Time, DeviceId)>,
    /// Switches that came back and are given time for their stations to speak.
    pub(super) settling: OrdMap<DeviceId, Time>,
    /// Devices that a router's table lacked once.
    pub(super) doubt: OrdMap<DeviceId, DeviceId>,
    /// Devices whose silence is timed.
    pub(super) quiet: OrdSet<DeviceId>,
    /// The newest alert of each fingerprint.
    pub(super) fingerprints: OrdMap<(Condition, Option<DeviceId>, Text), AlertId>,
    /// All alerts of a device.
    pub(super) device_alerts: OrdSet<(DeviceId, AlertId)>,
    /// Closed alerts by the time of their end.
    pub(super) closed: OrdSet<(Time, AlertId)>,
    /// Alerts that wait for those before their device to be judged.
    pub(super) held: OrdSet<AlertId>,
    /// Cables that are down.
    pub(super) down_links: OrdSet<LinkId>,
    /// Alerts that people were told of.
    pub(super) told: OrdSet<AlertId>,
    /// Alerts a person closed although they hold on: up to this severity they stay closed.
    pub(super) hushed: OrdMap<AlertId, Severity>,
    /// The quirks in force.
    pub(super) quirks: Option<Arc<Quirks>>,
    /// The first answer of each device since it may be asked, since it was let go, since the plans changed: seconds.
    pub(super) borne: OrdMap<DeviceId, u32>,
    /// What more than its status each of them was asked.
    pub(super) asked_of: OrdMap<DeviceId, Asked>,
    /// The newest starts: when, and who.
    pub(super) boots_at: Vector<(Time, DeviceId)>,
    /// Sensors beyond their limits, by name, and since when.
    pub(super) beyond: OrdMap<(DeviceId, Text), Time>,
    /// What is due.
    pub(super) timers: OrdSet<(Time, Timer)>,
    /// Answers that were not authentic, as far as they came close together.
    pub(super) forged: OrdMap<DeviceId, Burst>,
    /// When the conduct of a device is looked at again.
    pub(super) conduct_due: OrdMap<DeviceId, Time>,
}
