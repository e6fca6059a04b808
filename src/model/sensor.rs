//! Sensors of devices: what they measure, and what the device says of them.

use serde::{Deserialize, Serialize};

/// What a sensor measures. New kinds belong at the end: records hold the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SensorKind {
    /// Degrees Celsius.
    Temperature,
    /// Percent of relative humidity.
    Humidity,
    /// Revolutions a minute, where it says so.
    Fan,
    /// A power supply.
    Supply,
    /// Volts.
    Voltage,
    /// Amperes.
    Current,
    /// Watts.
    Power,
    /// Percent.
    Percent,
    /// A contact: a door, a leak, smoke.
    Contact,
    /// Addresses that a DHCP scope has left.
    Leases,
    /// Optical or radio power, dBm.
    Signal,
    /// Hertz.
    Frequency,
    /// Anything else that has a state.
    Other,
}

/// What a device says of a sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SensorState {
    /// It does not say.
    Unknown,
    /// Well.
    Good,
    /// Near a limit.
    Warning,
    /// Beyond a limit, or broken.
    Failed,
    /// Not fitted, or switched off.
    Absent,
}
