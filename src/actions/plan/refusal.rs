//! Why a run is not planned, in the words of a calm colleague.

use crate::model::{CareLevel, PacketKind, Text, TouchPolicy};

/// Why not. The names in it are names of devices, ports and remediations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such remediation.
    #[error("there is no remediation '{name}'; there are {there}")]
    NoSuchRemediation {
        /// What was asked for.
        name: Text,
        /// What there is.
        there: Text,
    },
    /// The device is gone.
    #[error("the device is not in the inventory any more")]
    NoSuchDevice,
    /// Looking only.
    #[error("{person} may look and not act here")]
    Role {
        /// Who.
        person: Text,
    },
    /// Not for this device.
    #[error("{remediation} is for other devices: {scope}")]
    Scope {
        /// Which remediation.
        remediation: Text,
        /// Its filter.
        scope: Text,
    },
    /// An input.
    #[error("{input}: {why}")]
    Input {
        /// Which.
        input: Text,
        /// What is wrong.
        why: Text,
    },
    /// An argument could not be made.
    #[error("the arguments can't be made: {why}")]
    Argument {
        /// Why.
        why: Text,
    },
    /// The program is not there.
    #[error("{program} is not installed here; {missing}")]
    Missing {
        /// As it is called.
        program: Text,
        /// What to do.
        missing: Text,
    },
    /// No address.
    #[error("no address of {device} is known")]
    NoAddress {
        /// Which device.
        device: Text,
    },
    /// The touch policy.
    #[error("{device} must not get a {}: its touch policy is {policy} ({because})", kind.word())]
    Touch {
        /// Which device.
        device: Text,
        /// What would be sent.
        kind: PacketKind,
        /// What holds.
        policy: TouchPolicy,
        /// What decided.
        because: Text,
    },
    /// No credentials.
    #[error("the site file names no credentials for {device}")]
    NoCredentials {
        /// Which device.
        device: Text,
    },
    /// Where it hangs is not known.
    #[error("the switch port of {device} is not known yet")]
    NotAttached {
        /// Which device.
        device: Text,
    },
    /// A port must be chosen.
    #[error("choose a port of {device} first")]
    NoPort {
        /// Which switch.
        device: Text,
    },
    /// The port is gone.
    #[error("{device} has no interface {port}")]
    NoSuchPort {
        /// Which switch.
        device: Text,
        /// What was asked for.
        port: Text,
    },
    /// A remediation of ports on something else than a switch.
    #[error(
        "{device} is no switch but a {class}; only access ports of switches are shut or bounced"
    )]
    NotASwitch {
        /// Which device.
        device: Text,
        /// Its class.
        class: Text,
    },
    /// The switch does not answer.
    #[error("{device} does not answer now, so nobody can tell what its port is doing")]
    SwitchSilent {
        /// Which switch.
        device: Text,
    },
    /// What is known is old.
    #[error("what is known of {port} on {device} is {age_s} s old; wait for the next poll")]
    Stale {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
        /// How old.
        age_s: u64,
    },
    /// No Ethernet port.
    #[error(
        "{port} on {device} is no Ethernet access port (ifType {kind}): it may be a LAG, a VLAN or a stack interface"
    )]
    NotEthernet {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
        /// Its `ifType`.
        kind: u32,
    },
    /// Not administratively up.
    #[error(
        "{port} on {device} is {status} by configuration, not up; somebody did that on purpose"
    )]
    AdminNotUp {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
        /// `ifAdminStatus`.
        status: Text,
    },
    /// A cable to a network device.
    #[error("{port} on {device} is an uplink: it leads to {neighbour}")]
    Uplink {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
        /// What is at the other end.
        neighbour: Text,
    },
    /// Its description says so.
    #[error(
        "{port} on {device} is described as '{alias}', which sounds like {sounds}; change the description if that is no longer true"
    )]
    Described {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
        /// `ifAlias`.
        alias: Text,
        /// The word in it.
        sounds: Text,
    },
    /// A cable that ends somewhere on the switch.
    #[error(
        "a cable from {device} to {neighbour} is known, but not on which port it is; it may be {port}"
    )]
    CableUnplaced {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
        /// The other end.
        neighbour: Text,
    },
    /// More than one station.
    #[error(
        "{count} stations hang on {port} on {device} ({names}); only ports with one are touched"
    )]
    Several {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
        /// How many.
        count: usize,
        /// A few of them.
        names: Text,
    },
    /// More than one MAC.
    #[error(
        "{count} MAC addresses were learned on {port} on {device}; only ports with one are touched"
    )]
    Macs {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
        /// How many.
        count: u32,
    },
    /// One device with several MACs.
    #[error(
        "{station} on {port} of {device} is known with {count} MAC addresses, so more than one station may hang there"
    )]
    SeveralMacs {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
        /// The device on it.
        station: Text,
        /// How many addresses.
        count: usize,
    },
    /// Link up, nobody known.
    #[error(
        "{port} on {device} has link, but no station was learned there: nobody can tell who would lose it (a trunk or a LAG member looks like this too)"
    )]
    NobodyKnown {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
    },
    /// A life hangs on it.
    #[error("{station} hangs on {port} of {device}, and it is {}; such a port is never touched from here", care.word())]
    Life {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
        /// The device on it.
        station: Text,
        /// Its care level.
        care: CareLevel,
    },
    /// wardwatch would cut itself off.
    #[error("{port} on {device} is on the way of wardwatch itself ({why})")]
    OwnPath {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
        /// How that is known.
        why: Text,
    },
    /// The way is not known.
    #[error(
        "the way from wardwatch to {device} is not known ({why}), so it can't be said that this port is not on it"
    )]
    OwnPathUnknown {
        /// Which switch.
        device: Text,
        /// What is missing.
        why: Text,
    },
    /// A run is at work there.
    #[error("{remediation} by {by} is still at work on {port} of {device}")]
    Busy {
        /// Which switch.
        device: Text,
        /// Which port.
        port: Text,
        /// Which remediation.
        remediation: Text,
        /// Who started it.
        by: Text,
    },
}
