//! What a device is, and what follows from it: how close it is to a patient, and what may be sent to it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::TouchPolicy;

/// How close a device is to a patient. Ordered, the closest is the greatest.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum CareLevel {
    /// Not known yet.
    #[default]
    Unknown,
    /// Offices, guests.
    Admin,
    /// The house goes on without it for a while.
    Support,
    /// Diagnosis and treatment depend on it.
    Clinical,
    /// A patient's life hangs on it.
    LifeSustaining,
}

impl CareLevel {
    /// All, the closest to the patient first.
    pub const ALL: [Self; 5] = [
        Self::LifeSustaining,
        Self::Clinical,
        Self::Support,
        Self::Admin,
        Self::Unknown,
    ];

    /// The word in lower case, as in configuration, JSON and filters.
    pub fn word(self) -> &'static str {
        match self {
            Self::LifeSustaining => "life-sustaining",
            Self::Clinical => "clinical",
            Self::Support => "support",
            Self::Admin => "admin",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for CareLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Never more questions are out to one device at once.
pub const MOST_IN_FLIGHT: u8 = 4;

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident $word:literal $short:literal $care:ident $touch:ident,)*) => {
        /// The kind of a device.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum DeviceClass {
            $($(#[$doc])* $name,)*
        }

        impl DeviceClass {
            /// Every class, in the order in which a list groups them: closest to the patient first.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in configuration, JSON and filters.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// At most five columns, for tiles.
            pub fn short(self) -> &'static str {
                match self { $(Self::$name => $short,)* }
            }

            /// The care level that holds unless the site says another.
            pub fn care(self) -> CareLevel {
                match self { $(Self::$name => CareLevel::$care,)* }
            }

            /// The touch policy that holds unless the site says another (harm record in the design's DOMAIN B viii).
            pub fn touch(self) -> TouchPolicy {
                match self { $(Self::$name => TouchPolicy::$touch,)* }
            }
        }

        impl FromStr for DeviceClass {
            type Err = BadClass;
            fn from_str(s: &str) -> Result<Self, BadClass> {
                match s { $($word => Ok(Self::$name),)* _ => Err(BadClass(s.into())) }
            }
        }
    };
}

/// A word that names no class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no device class")]
pub struct BadClass(pub super::Text);

classes! {
    /// Breathes for a patient.
    Ventilator "ventilator" "vent" LifeSustaining Never,
    /// Anaesthesia workstation.
    Anaesthesia "anaesthesia" "anes" LifeSustaining Never,
    /// Infusion or syringe pump.
    InfusionPump "infusion-pump" "pump" LifeSustaining Never,
    /// Dialysis machine.
    Dialysis "dialysis" "dial" LifeSustaining Never,
    /// Bedside monitor.
    PatientMonitor "patient-monitor" "mon" Clinical Passive,
    /// Telemetry transmitter or its central station.
    Telemetry "telemetry" "tele" Clinical Passive,
    /// Computed tomography.
    Ct "ct" "CT" Clinical Passive,
    /// Magnetic resonance.
    Mr "mr" "MR" Clinical Passive,
    /// Radiography, fluoroscopy, mammography.
    Xray "xray" "XR" Clinical Passive,
    /// Ultrasound.
    Ultrasound "ultrasound" "US" Clinical Passive,
    /// Picture archive, modality work list.
    Pacs "pacs" "PACS" Clinical Get,
    /// Laboratory analyser.
    LabAnalyser "lab-analyser" "anly" Clinical Passive,
    /// Medication cabinet or pharmacy robot.
    MedicationCabinet "medication-cabinet" "cab" Clinical Passive,
    /// Refrigerator for blood, vaccines, drugs.
    Refrigerator "refrigerator" "frdg" Clinical Passive,
    /// Nurse call.
    NurseCall "nurse-call" "call" Clinical Passive,
    /// Connected bed.
    Bed "bed" "bed" Clinical Passive,
    /// Any other medical device.
    Medical "medical" "med" Clinical Passive,
    /// Router.
    Router "router" "rtr" Support Full,
    /// Switch.
    Switch "switch" "sw" Support Full,
    /// Firewall.
    Firewall "firewall" "fw" Support Full,
    /// Wireless controller.
    WirelessController "wireless-controller" "wlc" Support Full,
    /// Access point.
    AccessPoint "access-point" "ap" Support Get,
    /// Uninterruptible power supply.
    Ups "ups" "ups" Support Full,
    /// Power distribution unit.
    Pdu "pdu" "pdu" Support Get,
    /// Environment sensor.
    Sensor "sensor" "sens" Support Get,
    /// Server.
    Server "server" "srv" Support Full,
    /// Storage.
    Storage "storage" "stor" Support Full,
    /// Workstation, console, tablet.
    Workstation "workstation" "ws" Admin Ping,
    /// Telephone or badge.
    Phone "phone" "tel" Support Arp,
    /// Printer.
    Printer "printer" "prn" Admin Get,
    /// Camera.
    Camera "camera" "cam" Support Arp,
    /// Door controller.
    Door "door" "door" Support Arp,
    /// Building automation.
    Building "building" "bldg" Support Passive,
    /// Not known yet.
    #[default]
    Unknown "unknown" "?" Unknown Passive,
}

impl DeviceClass {
    /// One of the classes that treat, watch or diagnose a patient.
    pub fn is_medical(self) -> bool {
        self <= Self::Medical
    }

    /// Questions that may be out to one device at once unless the site says another number: a router has many askers anyhow.
    pub fn in_flight(self) -> u8 {
        match self {
            Self::Router => MOST_IN_FLIGHT,
            _ => 1,
        }
    }

    /// One of the classes that carry other devices' traffic.
    pub fn is_network(self) -> bool {
        matches!(
            self,
            Self::Router
                | Self::Switch
                | Self::Firewall
                | Self::WirelessController
                | Self::AccessPoint
        )
    }
}

impl fmt::Display for DeviceClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_and_shorts_fit_a_tile() {
        for class in DeviceClass::ALL {
            assert_eq!(class.word().parse::<DeviceClass>().unwrap(), *class);
            assert_eq!(serde_json::to_value(class).unwrap(), class.word());
            assert!(class.short().len() <= 5);
        }
    }

    #[test]
    fn nothing_medical_may_be_touched_by_default() {
        for class in DeviceClass::ALL
            .iter()
            .filter(|c| c.is_medical() && **c != DeviceClass::Pacs)
        {
            assert!(class.touch() <= TouchPolicy::Passive, "{class}");
        }
        for class in DeviceClass::ALL
            .iter()
            .filter(|c| c.care() == CareLevel::LifeSustaining)
        {
            assert_eq!(class.touch(), TouchPolicy::Never, "{class}");
        }
    }
}
