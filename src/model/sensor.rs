//! Sensors of devices: what they measure, and what the device says of them.

use serde::{Deserialize, Serialize};

use super::{Text, Time};

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

/// How many sensors a device keeps; more are counted.
pub const SENSOR_CAP: usize = 256;
/// Values of a sensor that are kept for a line of its course.
pub const SENSOR_RING: usize = 24;

/// One sensor of a device as the engine holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sensor {
    /// What stays the same from poll to poll: the table and its index.
    pub key: Text,
    /// What it is called.
    pub name: Text,
    /// What it measures.
    pub kind: SensorKind,
    /// What the device says of it.
    pub state: SensorState,
    /// In thousandths of the kind's unit.
    pub value: Option<i64>,
    /// The whole that `value` is left of, in thousandths.
    pub total: Option<i64>,
    /// Since when its state is that.
    pub since: Time,
    /// When it was last told.
    pub at: Time,
    /// It was well once: what never was is not missed.
    pub once_good: bool,
    /// The last values that were told, the newest last, [`SENSOR_RING`] at the most; of temperatures, humidity and leases alone.
    pub ring: Vec<i32>,
}

impl Sensor {
    /// What it reads, in a few words: `23.5 °C`, `failed`, `8 of 100 left`.
    pub fn words(&self) -> String {
        match (self.value, self.total) {
            (Some(left), Some(total)) if self.kind == SensorKind::Leases => {
                format!("{} of {} left", left / 1_000, total / 1_000)
            }
            (Some(value), _) => self.kind.words(value),
            (None, _) => match self.state {
                SensorState::Good => "works".into(),
                SensorState::Unknown => "says nothing".into(),
                SensorState::Absent => "not there".into(),
                state => state.word().into(),
            },
        }
    }

    /// Its table: what stands before the index in its key. Parts of one table stand in for each other.
    pub fn table(&self) -> &str {
        let key = self.key.as_str();
        key.split_once('.').map_or(key, |(table, _)| table)
    }
}

impl SensorKind {
    /// Every kind, what matters most of a device first.
    pub const ALL: [Self; 13] = [
        Self::Supply,
        Self::Fan,
        Self::Contact,
        Self::Leases,
        Self::Temperature,
        Self::Humidity,
        Self::Other,
        Self::Percent,
        Self::Power,
        Self::Voltage,
        Self::Current,
        Self::Frequency,
        Self::Signal,
    ];

    /// The word in JSON, filters and the site file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::Humidity => "humidity",
            Self::Fan => "fan",
            Self::Supply => "supply",
            Self::Voltage => "voltage",
            Self::Current => "current",
            Self::Power => "power",
            Self::Percent => "percent",
            Self::Contact => "contact",
            Self::Leases => "leases",
            Self::Signal => "signal",
            Self::Frequency => "frequency",
            Self::Other => "other",
        }
    }

    /// Behind a number; empty where there is none to measure.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Temperature => "°C",
            Self::Humidity | Self::Percent => "%",
            Self::Fan => "rpm",
            Self::Voltage => "V",
            Self::Current => "A",
            Self::Power => "W",
            Self::Signal => "dBm",
            Self::Frequency => "Hz",
            Self::Supply | Self::Contact | Self::Leases | Self::Other => "",
        }
    }

    /// A value in thousandths as a person reads it: `23.5 °C`, `4200 rpm`, `-7.25 dBm`, `12 addresses left`.
    pub fn words(self, thousandths: i64) -> String {
        // digits behind the point that are worth reading
        let (keep, all) = match self {
            Self::Fan | Self::Power | Self::Leases => (0, false),
            Self::Voltage | Self::Current | Self::Signal => (2, false),
            Self::Frequency if thousandths.abs() >= 1_000_000 => (0, false),
            Self::Temperature => (1, true),
            _ => (1, false),
        };
        let by = 10_i64.pow(3 - keep);
        let rounded = (thousandths.saturating_add(thousandths.signum() * by / 2)) / by;
        let one = 10_i64.pow(keep);
        let sign = if rounded < 0 { "-" } else { "" };
        let mut line = format!("{sign}{}", (rounded / one).abs());
        if keep > 0 {
            let behind = format!("{:0width$}", (rounded % one).abs(), width = keep as usize);
            let behind = if all {
                &behind
            } else {
                behind.trim_end_matches('0')
            };
            if !behind.is_empty() {
                line.push('.');
                line.push_str(behind);
            }
        }
        match self {
            Self::Leases => line + " left",
            _ if self.unit().is_empty() => line,
            _ => format!("{line} {}", self.unit()),
        }
    }
}

impl SensorState {
    /// The word in JSON and filters.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Absent => "absent",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_at_a_glance() {
        for (kind, value, words) in [
            (SensorKind::Temperature, 23_450, "23.5 °C"),
            (SensorKind::Temperature, -18_000, "-18.0 °C"),
            (SensorKind::Temperature, -400, "-0.4 °C"),
            (SensorKind::Humidity, 45_000, "45 %"),
            (SensorKind::Humidity, 45_530, "45.5 %"),
            (SensorKind::Fan, 4_200_000, "4200 rpm"),
            (SensorKind::Voltage, 3_283, "3.28 V"),
            (SensorKind::Voltage, 230_000, "230 V"),
            (SensorKind::Signal, -7_250, "-7.25 dBm"),
            (SensorKind::Leases, 12_000, "12 left"),
            (SensorKind::Frequency, 50_000, "50 Hz"),
        ] {
            assert_eq!(kind.words(value), words);
        }
    }
}
