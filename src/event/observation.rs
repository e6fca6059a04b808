//! What the network said, after the sources reduced it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Job;
use crate::model::{
    AgentFault, FactKey, FactSource, IfIndex, IfStatus, Mac, OverrunKind, SensorKind, SensorState,
    Text, Time,
};

/// One thing that was seen. Times inside are those of the arrival at the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Observation {
    /// An agent was asked.
    Poll(Box<ObsPollV1>),
    /// A router's ARP or ND table.
    AddressTable(ObsAddressTableV1),
    /// A switch's forwarding table.
    Forwarding(ObsForwardingV1),
    /// A network device's LLDP or CDP table.
    Neighbours(ObsNeighboursV1),
    /// An address and a MAC were seen together on a wire, or in the kernel's table.
    Arp(ObsArpV1),
    /// An echo came back, or not.
    Ping(ObsPingV1),
    /// A name for an address.
    Name(ObsNameV1),
    /// A station said something of itself on a wire.
    Heard(ObsHeardV1),
    /// How a source of wardwatch itself is doing.
    Source(ObsSourceV1),
    /// What an agent's sensors say.
    Sensors(ObsSensorsV1),
    /// How an agent misbehaved.
    Agent(ObsAgentV1),
    /// What was learned of a model.
    Quirk(ObsQuirkV1),
    /// A poll missed its time, or is asked less often for that.
    Overrun(ObsOverrunV1),
    /// Packets of this time may be missing from the ledger.
    LedgerGap(ObsLedgerGapV1),
}

/// The result of asking one agent once: what changed, plus its counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsPollV1 {
    /// Who was asked.
    pub address: IpAddr,
    /// When the last answer came, or the last waiting ended.
    pub at: Time,
    /// How it went.
    pub outcome: PollOutcome,
    /// Name of the credential that worked, empty where none did.
    pub credential: Text,
    /// Round trip of the first answer, milliseconds.
    pub rtt_ms: Option<u32>,
    /// `sysUpTime`, hundredths of a second, as in the same response as the counters.
    pub uptime: Option<u32>,
    /// `snmpEngineBoots`, SNMPv3 only.
    pub engine_boots: Option<u32>,
    /// The system group, when it was asked and is not what it was.
    pub system: Option<SysGroupV1>,
    /// Other facts the agent gave (serial, UPS …), when not what they were.
    pub facts: Vec<(FactKey, Text)>,
    /// Its interfaces.
    pub interfaces: Vec<IfSampleV1>,
    /// `interfaces` holds all there are (none was cut off by a cap, a timeout or an error).
    pub interfaces_whole: bool,
}

/// How asking an agent went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PollOutcome {
    /// It answered.
    Answered,
    /// No answer in time.
    Timeout,
    /// It lives but refuses: wrong community (answers nothing to it but is reachable is a timeout), wrong user, digest, level.
    Refused(Text),
    /// It answered nonsense, named.
    Malformed(Text),
    /// The gate let nothing out; the reason.
    NotAllowed(Text),
    /// The network refused (ICMP unreachable, no route).
    Unreachable(Text),
}

/// The system group (RFC 3418).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SysGroupV1 {
    /// `sysDescr`
    pub descr: Text,
    /// `sysObjectID`, dotted
    pub object_id: Text,
    /// `sysContact`
    pub contact: Text,
    /// `sysName`
    pub name: Text,
    /// `sysLocation`
    pub location: Text,
    /// `sysServices`
    pub services: Option<u32>,
}

/// One interface at one poll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IfSampleV1 {
    /// `ifIndex`
    pub index: IfIndex,
    /// Name and kind, when first seen or changed: seldom, so that it stands apart.
    pub meta: Option<Box<IfMetaV1>>,
    /// `ifAdminStatus`
    pub admin: IfStatus,
    /// `ifOperStatus`
    pub oper: IfStatus,
    /// Counters, where asked and whole.
    pub counters: Option<IfCountersV1>,
}

/// What seldom changes of an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IfMetaV1 {
    /// `ifName`, else `ifDescr`
    pub name: Text,
    /// `ifAlias`
    pub alias: Text,
    /// `ifType`
    pub kind: u32,
    /// Bits a second.
    pub speed: u64,
    /// `ifPhysAddress`
    pub mac: Option<Mac>,
}

/// Counters of one interface out of one response, which also carried the uptime of [`ObsPollV1`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IfCountersV1 {
    /// `ifHCInOctets`, else `ifInOctets`
    pub in_octets: u64,
    /// `ifHCOutOctets`, else `ifOutOctets`
    pub out_octets: u64,
    /// `ifInErrors + ifOutErrors + ifInDiscards + ifOutDiscards`, as far as asked
    pub errors: u64,
    /// Octets are 64-bit counters.
    pub wide: bool,
    /// `ifCounterDiscontinuityTime`, hundredths of a second
    pub discontinuity: u32,
    /// `sysUpTime` of the response that carried these counters, hundredths of a second
    pub uptime: u32,
}

/// A router's ARP or ND table (`ipNetToPhysicalTable` of RFC 4293, `ipNetToMediaTable` of RFC 1213).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsAddressTableV1 {
    /// The router.
    pub via: IpAddr,
    /// When it was read.
    pub at: Time,
    /// Interface, address, MAC.
    pub entries: Vec<(IfIndex, IpAddr, Mac)>,
    /// Nothing is missing.
    pub whole: bool,
}

/// A switch's forwarding table (Q-BRIDGE-MIB of RFC 4363, BRIDGE-MIB of RFC 4188), with ports already turned into `ifIndex`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsForwardingV1 {
    /// The switch.
    pub via: IpAddr,
    /// When it was read.
    pub at: Time,
    /// Its learned entries.
    pub entries: Vec<FdbEntryV1>,
    /// Nothing is missing.
    pub whole: bool,
}

/// One learned MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FdbEntryV1 {
    /// The station.
    pub mac: Mac,
    /// VLAN, zero where the table does not say.
    pub vlan: u16,
    /// The port.
    pub port: IfIndex,
}

/// Which neighbour protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NeighbourProtocol {
    /// IEEE 802.1AB
    Lldp,
    /// Cisco Discovery Protocol
    Cdp,
}

/// A network device's neighbours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsNeighboursV1 {
    /// Whose table.
    pub via: IpAddr,
    /// When it was read.
    pub at: Time,
    /// Of which protocol.
    pub protocol: NeighbourProtocol,
    /// Its rows.
    pub entries: Vec<NeighbourV1>,
    /// Nothing is missing.
    pub whole: bool,
}

/// One neighbour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeighbourV1 {
    /// Our port.
    pub port: IfIndex,
    /// Its chassis id as text.
    pub chassis: Text,
    /// Its chassis id where that is a MAC.
    pub chassis_mac: Option<Mac>,
    /// Its port id as text.
    pub port_id: Text,
    /// Its port's description.
    pub port_descr: Text,
    /// Its `sysName`, or CDP device id.
    pub name: Text,
    /// Its platform or description.
    pub descr: Text,
    /// Its management address.
    pub address: Option<IpAddr>,
}

/// How an address and a MAC came to be seen together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArpHow {
    /// It answered our request.
    Answer,
    /// It asked, or announced itself.
    Heard,
    /// The kernel's neighbour table.
    NeighbourTable,
}

/// An address with its MAC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsArpV1 {
    /// When.
    pub at: Time,
    /// The address.
    pub address: IpAddr,
    /// The station.
    pub mac: Mac,
    /// How it was seen.
    pub how: ArpHow,
    /// On which interface of the collector.
    pub interface: Text,
}

/// An ICMP echo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsPingV1 {
    /// When.
    pub at: Time,
    /// To whom.
    pub address: IpAddr,
    /// Round trip, milliseconds; none came back otherwise.
    pub rtt_ms: Option<u32>,
}

/// A name for an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsNameV1 {
    /// When.
    pub at: Time,
    /// The address.
    pub address: IpAddr,
    /// The name; empty where there is none any more.
    pub name: Text,
}

/// What a station said of itself on a wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsHeardV1 {
    /// When.
    pub at: Time,
    /// Who.
    pub mac: Mac,
    /// Its address, where it said one.
    pub address: Option<IpAddr>,
    /// By which protocol.
    pub source: FactSource,
    /// What it said.
    pub facts: Vec<(FactKey, Text)>,
    /// On which interface of the collector.
    pub interface: Text,
}

/// How a source of wardwatch itself is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsSourceV1 {
    /// When.
    pub at: Time,
    /// Which: `poller`, `arp eth0`, `log`.
    pub source: Text,
    /// Empty when it is well, else what is wrong and what to do.
    pub trouble: Text,
    /// Dropped so far.
    pub dropped: u64,
}

/// What an agent's sensors say (ENTITY-SENSOR-MIB of RFC 3433, ENTITY-STATE-MIB of RFC 4268, and vendors' own).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsSensorsV1 {
    /// Whose.
    pub address: IpAddr,
    /// When they were read.
    pub at: Time,
    /// Those whose value or state is not what was told last.
    pub sensors: Vec<SensorV1>,
    /// Keys of those that are no longer there; only a whole reading says so.
    pub gone: Vec<Text>,
}

/// One sensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorV1 {
    /// What stays the same from poll to poll: the table and its index.
    pub key: Text,
    /// What it is called.
    pub name: Text,
    /// What it measures.
    pub kind: SensorKind,
    /// In thousandths of the kind's unit, where it measures a number.
    pub value: Option<i64>,
    /// The whole that `value` is left of, in thousandths: the addresses of a DHCP scope.
    pub total: Option<i64>,
    /// What the device says of it.
    pub state: SensorState,
}

/// How an agent misbehaved since it was told last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsAgentV1 {
    /// Who.
    pub address: IpAddr,
    /// When it was last seen.
    pub at: Time,
    /// What, and how often since then.
    pub faults: Vec<(AgentFault, u32)>,
}

/// All that the agents of one model and build have taught the poller; nothing in it means that what was learned is forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsQuirkV1 {
    /// At which agent.
    pub address: IpAddr,
    /// When.
    pub at: Time,
    /// Its `sysObjectID`, dotted.
    pub object_id: Text,
    /// Its [`crate::model::build`].
    pub build: Text,
    /// Most repetitions of a GETBULK.
    pub repetitions: Option<u16>,
    /// Most names in a GET.
    pub names: Option<u16>,
    /// It does not do GETBULK.
    pub next_only: bool,
    /// Columns it hangs on, dotted.
    pub skip: Vec<Text>,
    /// What it did, in one line.
    pub because: Text,
}

/// A poll missed its time, or is asked less often for that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsOverrunV1 {
    /// Whose.
    pub address: IpAddr,
    /// When.
    pub at: Time,
    /// Which.
    pub job: Job,
    /// What became of it.
    pub kind: OverrunKind,
}

/// The ledger may miss packets of this time: wardwatch ended without writing it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsLedgerGapV1 {
    /// The last that was surely written.
    pub from: Time,
    /// The start after it.
    pub until: Time,
}
