//! What stands in a hospital: vendors, models, firmware and MAC prefixes that exist (IEEE registry; the design's DOMAIN B viii).

use crate::model::DeviceClass;

/// A product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// Manufacturer, as a register has it.
    pub vendor: &'static str,
    /// Model.
    pub model: &'static str,
    /// Firmware in use.
    pub firmware: &'static str,
    /// Prefix of its network card.
    pub oui: [u8; 3],
}

const fn p(
    vendor: &'static str,
    model: &'static str,
    firmware: &'static str,
    oui: [u8; 3],
) -> Product {
    Product {
        vendor,
        model,
        firmware,
        oui,
    }
}

/// Firmware of a pump that was forgotten; the site demands [`PUMP_MINIMUM`].
pub const PUMP_OLD: &str = "9.33";
/// What the site demands of [`PUMP_MODEL`].
pub const PUMP_MINIMUM: &str = "12.1.2";
/// The pump the demand is for.
pub const PUMP_MODEL: &str = "Alaris 8015";

const DELL: [u8; 3] = [0x18, 0x66, 0xda];
const HP: [u8; 3] = [0x3c, 0xd9, 0x2b];
const CISCO: [u8; 3] = [0x70, 0xdb, 0x98];

/// The prefix of small single-board computers, as an unknown station shows it.
pub const SINGLE_BOARD_OUI: [u8; 3] = [0xb8, 0x27, 0xeb];

/// The products of a class; every class that the simulator uses has at least one.
pub fn products(class: DeviceClass) -> &'static [Product] {
    match class {
        DeviceClass::Ventilator => {
            const V: &[Product] = &[
                p("Dräger", "Evita V600", "2.51", [0x00, 0x10, 0x5d]),
                p(
                    "Hamilton Medical",
                    "HAMILTON-C6",
                    "1.2.3",
                    [0x00, 0x1e, 0x9a],
                ),
                p("Getinge", "Servo-u", "4.4", [0x00, 0x25, 0x08]),
            ];
            V
        }
        DeviceClass::Anaesthesia => {
            const V: &[Product] = &[
                p("Dräger", "Perseus A500", "2.04", [0x00, 0x30, 0xe6]),
                p("GE HealthCare", "Aisys CS2", "11", [0x00, 0x40, 0x97]),
            ];
            V
        }
        DeviceClass::InfusionPump => {
            const V: &[Product] = &[
                p("BD", PUMP_MODEL, PUMP_MINIMUM, [0x00, 0xd0, 0x75]),
                p("B. Braun", "Space Infusomat", "U03", [0x00, 0x12, 0x21]),
                p("Baxter", "Spectrum IQ", "9.02", [0x58, 0x42, 0xe4]),
                p("Fresenius Kabi", "Agilia VP", "3.1", [0x00, 0x13, 0x38]),
            ];
            V
        }
        DeviceClass::PatientMonitor => {
            const V: &[Product] = &[
                p("Philips", "IntelliVue MX750", "P.01.45", [0x00, 0x09, 0xfb]),
                p("GE HealthCare", "CARESCAPE B650", "3.2", [0x44, 0x4b, 0x5d]),
                p("Mindray", "BeneVision N17", "10.5", [0x00, 0x0f, 0x14]),
            ];
            V
        }
        DeviceClass::Ct => {
            const V: &[Product] = &[
                p(
                    "Siemens Healthineers",
                    "SOMATOM Force",
                    "VB20A",
                    [0x88, 0x4b, 0x39],
                ),
                p("Canon Medical", "Aquilion ONE", "V10.6", DELL),
            ];
            V
        }
        DeviceClass::Mr => {
            const V: &[Product] = &[
                p(
                    "Siemens Healthineers",
                    "MAGNETOM Vida",
                    "XA30",
                    [0x20, 0xe7, 0x91],
                ),
                p("Philips", "Ingenia 3.0T", "5.7.1", HP),
            ];
            V
        }
        DeviceClass::Xray => {
            const V: &[Product] = &[
                p("Carestream", "DRX-Evolution", "5.7", [0x00, 0x1d, 0x4a]),
                p(
                    "Siemens Healthineers",
                    "Ysio Max",
                    "VF11",
                    [0x00, 0x18, 0x65],
                ),
            ];
            V
        }
        DeviceClass::Ultrasound => {
            const V: &[Product] = &[
                p(
                    "Siemens Healthineers",
                    "ACUSON Sequoia",
                    "VA15",
                    [0x00, 0xc0, 0xc3],
                ),
                p("Philips", "EPIQ Elite", "9.0.3", [0x00, 0x09, 0x5c]),
            ];
            V
        }
        DeviceClass::Pacs => const { &[p("Sectra", "PACS IDS7", "24.1", [0x00, 0x50, 0x56])] },
        DeviceClass::LabAnalyser => {
            const V: &[Product] = &[
                p("Roche", "cobas pro", "02-05", [0x00, 0x60, 0x19]),
                p("Abbott", "Alinity ci", "3.5.1", [0x00, 0x13, 0xdd]),
            ];
            V
        }
        DeviceClass::MedicationCabinet => {
            const V: &[Product] = &[
                p("Omnicell", "XT Cabinet", "23.2", DELL),
                p("BD", "Pyxis MedStation ES", "1.7.2", [0x9c, 0xc8, 0xae]),
            ];
            V
        }
        DeviceClass::Refrigerator => {
            const { &[p("Helmer", "HPR256-GX", "1.16", [0x00, 0x40, 0x9d])] }
        }
        DeviceClass::Switch => const { &[p("Cisco", "C9300-48P", "17.9.4a", CISCO)] },
        DeviceClass::Router => const { &[p("Cisco", "C9500-48Y4C", "17.12.4", CISCO)] },
        DeviceClass::Firewall => {
            const { &[p("Fortinet", "FortiGate 101E", "7.0.9", [0x00, 0x09, 0x0f])] }
        }
        DeviceClass::WirelessController => const { &[p("Cisco", "C9800-L-F-K9", "17.9.4", CISCO)] },
        DeviceClass::AccessPoint => {
            const { &[p("Cisco", "C9120AXI-E", "17.9.4.27", [0x00, 0x1b, 0x54])] }
        }
        DeviceClass::Ups => {
            const V: &[Product] = &[
                p("APC", "Smart-UPS SRT 5000", "UPS 16.0", [0x00, 0xc0, 0xb7]),
                p("Eaton", "9PX 3000i RT2U", "01.20.5072", [0x00, 0x20, 0x85]),
            ];
            V
        }
        DeviceClass::Pdu => const { &[p("Raritan", "PX3-5190R", "4.1.0", [0x00, 0x0d, 0x5d])] },
        DeviceClass::Sensor => {
            const { &[p("AKCP", "sensorProbe2", "2.0.456", [0x00, 0x0b, 0xdc])] }
        }
        DeviceClass::Server => {
            const V: &[Product] = &[
                p("Dell", "PowerEdge R750", "Debian 12", DELL),
                p(
                    "Dell",
                    "PowerEdge R650",
                    "Windows Server 2022",
                    [0xf8, 0xbc, 0x12],
                ),
            ];
            V
        }
        DeviceClass::Storage => const { &[p("NetApp", "AFF A250", "9.13.1", [0x00, 0xa0, 0x98])] },
        DeviceClass::Workstation => {
            const V: &[Product] = &[
                p(
                    "Dell",
                    "OptiPlex 7010",
                    "Windows 11 23H2",
                    [0xf8, 0xbc, 0x12],
                ),
                p("HP", "EliteDesk 800 G6", "Windows 10 22H2", HP),
            ];
            V
        }
        DeviceClass::Phone => {
            const V: &[Product] = &[
                p("Cisco", "CP-8845", "14.2.1", [0x00, 0x1b, 0x54]),
                p("Ascom", "Myco 3", "8.1.0", [0x00, 0x01, 0x3e]),
            ];
            V
        }
        DeviceClass::Printer => {
            const V: &[Product] = &[
                p("HP", "LaserJet Enterprise M507", "5.6.0.1", HP),
                p("Zebra", "ZD621", "V93.21.17", [0x00, 0x07, 0x4d]),
            ];
            V
        }
        DeviceClass::Camera => const { &[p("Axis", "P3265-LV", "11.8.64", [0xac, 0xcc, 0x8e])] },
        DeviceClass::Door => const { &[p("HID", "VertX EVO V1000", "3.7.0", [0x00, 0x06, 0x8e])] },
        DeviceClass::Building => {
            const V: &[Product] = &[
                p("Johnson Controls", "NAE55", "12.0", [0x00, 0x10, 0x8d]),
                p("Siemens", "Desigo PXC5", "02.20", [0x00, 0x0e, 0x8c]),
            ];
            V
        }
        _ => const { &[p("Generic", "Device", "1.0", DELL)] },
    }
}

/// The word that a name of this class begins with.
pub fn prefix(class: DeviceClass) -> &'static str {
    match class {
        DeviceClass::Ct => "ct",
        DeviceClass::Mr => "mr",
        DeviceClass::Xray => "xr",
        DeviceClass::Ultrasound => "us",
        DeviceClass::Pacs => "pacs",
        other => other.short(),
    }
}

/// Octets a second that a station sends and receives on a usual evening.
pub fn load(class: DeviceClass) -> (u64, u64) {
    match class {
        DeviceClass::Ventilator | DeviceClass::Anaesthesia => (900, 300),
        DeviceClass::InfusionPump => (160, 120),
        DeviceClass::PatientMonitor => (18_000, 2_500),
        DeviceClass::Ct | DeviceClass::Mr => (1_900_000, 90_000),
        DeviceClass::Xray | DeviceClass::Ultrasound => (420_000, 30_000),
        DeviceClass::Pacs => (4_200_000, 3_900_000),
        DeviceClass::LabAnalyser => (2_400, 1_100),
        DeviceClass::MedicationCabinet | DeviceClass::Refrigerator => (400, 700),
        DeviceClass::Server => (2_600_000, 1_400_000),
        DeviceClass::Storage => (3_100_000, 5_200_000),
        DeviceClass::Workstation => (14_000, 66_000),
        DeviceClass::Phone => (1_500, 1_500),
        DeviceClass::Printer => (300, 5_000),
        DeviceClass::Camera => (410_000, 6_000),
        DeviceClass::AccessPoint => (22_000, 48_000),
        DeviceClass::Firewall => (5_500_000, 1_300_000),
        _ => (400, 300),
    }
}
