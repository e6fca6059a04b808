//! The site as configured: plain data, without secrets, so that it can stand in the log (invariant 1). It stands there as JSON: a
//! key that is added gets a default for logs from before, and none is ever renamed.

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{
    Budgets, CareLevel, DeviceClass, IfIndex, Mac, PollPlans, Quirk, SensorKind, Severity, Text,
    TouchPolicy,
};

/// Everything the engine knows from configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Site {
    /// Name of the hospital or site.
    pub name: Text,
    /// IANA time zone of the site; empty means the collector's.
    pub time_zone: Text,
    /// The segments, in the order of the file.
    pub segments: Vec<SegmentSpec>,
    /// The devices, in the order of the file.
    pub devices: Vec<DeviceSpec>,
    /// What the site says of whole classes.
    pub classes: Vec<ClassSpec>,
    /// Credentials by name; their secrets are references.
    pub credentials: Vec<Credential>,
    /// Cables the site declares.
    pub links: Vec<LinkSpec>,
    /// Wards with whom to ring.
    pub wards: Vec<WardSpec>,
    /// Vendors with whom to ring.
    pub vendors: Vec<VendorSpec>,
    /// Biomedical engineer on call: name and number in one line.
    pub biomed_on_call: Text,
    /// The device that the collector's own cable goes to; its path is protected and topology is judged from there.
    pub collector_at: Text,
    /// Demands on firmware.
    pub firmware: Vec<FirmwareSpec>,
    /// Intervals.
    pub intervals: Intervals,
    /// How much scheduled polls may send.
    pub budgets: Budgets,
    /// The poll plans that are offered with this configuration, with the site's intervals put in. They stand in files of
    /// their own; empty in logs from before there were any.
    pub polls: PollPlans,
    /// Agents that speak SNMPv3 may be asked with a community too.
    pub v2c_fallback: bool,
    /// What models can't take: the site's own word, and what was shipped with the wardwatch that put this site in force.
    pub quirks: Vec<Quirk>,
    /// Whether the collector asks its own segments by itself who is there.
    pub discovery: Discovery,
    /// Limits of sensors, in the order of the file: the first that fits counts.
    pub limits: Vec<LimitSpec>,
    /// What screens in rooms show, in the order of the file.
    pub wallboards: Vec<WallboardSpec>,
}

/// The environment variable that is named where a secret was given in plain and may not leave the process.
pub const WITHHELD: &str = "WITHHELD";

impl Site {
    /// The site as it may be written, hashed and sent: a secret that was given in plain (or whose file's path is no
    /// text) has no form there, so [`WITHHELD`] stands for it.
    pub fn without_plain_secrets(&self) -> std::borrow::Cow<'_, Self> {
        let has_no_form = |secret: &SecretRef| match secret {
            SecretRef::Plain(_) => true,
            SecretRef::File(path) => path.to_str().is_none(),
            SecretRef::Env(_) => false,
        };
        if !self
            .credentials
            .iter()
            .any(|c| c.how.secrets().into_iter().any(has_no_form))
        {
            return std::borrow::Cow::Borrowed(self);
        }
        let mut site = self.clone();
        for credential in &mut site.credentials {
            for secret in credential.how.secrets_mut() {
                if has_no_form(secret) {
                    *secret = SecretRef::Env(WITHHELD.into());
                }
            }
        }
        std::borrow::Cow::Owned(site)
    }
}

/// A VLAN or subnet of the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SegmentSpec {
    /// What it is called.
    pub name: Text,
    /// VLAN, zero where there is none.
    pub vlan: u16,
    /// Its subnets.
    pub nets: Vec<IpNet>,
    /// Medical devices are at home here: what is not known is `passive`, and a finding.
    pub clinical: bool,
    /// No device here may be touched more than this.
    pub touch: Option<TouchPolicy>,
    /// For addresses here that belong to no known device; `passive` where clinical, else `arp`.
    pub unknown: Option<TouchPolicy>,
    /// The ward it serves.
    pub ward: Text,
    /// How often discovery asks here by ARP, seconds; zero means never, `None` what [`Site::discovery`] says.
    pub sweep_s: Option<u32>,
    /// No more ARP requests a second than this, by discovery or by a person's scan, in haste or not; and no more of a scan by SNMP.
    pub arp_rate: Option<u32>,
}

impl SegmentSpec {
    /// How often discovery asks here by ARP, seconds; `None` means never.
    pub fn sweeps_every(&self, of_site: Discovery) -> Option<u32> {
        Some(self.sweep_s.unwrap_or(of_site.sweep_s)).filter(|s| *s > 0)
    }
}

/// A device of the site's own register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceSpec {
    /// What it is called; unique in the site.
    pub name: Text,
    /// Its addresses; the first is asked.
    pub addresses: Vec<IpAddr>,
    /// Its MAC addresses.
    pub macs: Vec<Mac>,
    /// The kind.
    pub class: DeviceClass,
    /// Closer to, or further from, a patient than its class says.
    pub care: Option<CareLevel>,
    /// Stricter than its class says; laxer is taken too, by the word of the site, but never above its segment's.
    pub touch: Option<TouchPolicy>,
    /// Segment by name, where no address says it.
    pub segment: Text,
    /// Manufacturer.
    pub vendor: Text,
    /// Model.
    pub model: Text,
    /// Firmware.
    pub firmware: Text,
    /// Serial number.
    pub serial: Text,
    /// Ward.
    pub ward: Text,
    /// Room.
    pub room: Text,
    /// Owner.
    pub owner: Text,
    /// Biomedical tag.
    pub tag: Text,
    /// Credentials to try, in this order, by name.
    pub credentials: Vec<Text>,
    /// SNMP port, 161 unless said.
    pub snmp_port: Option<u16>,
    /// It may, or may not, be asked with a community although it speaks SNMPv3; as its class says unless said.
    pub v2c_fallback: Option<bool>,
    /// Its answers are, or are not, believed from any address; as its class says unless said.
    pub answers_from_any_address: Option<bool>,
    /// Questions that may be out to it at once; as its class says unless said.
    pub in_flight: Option<u8>,
}

/// What the site says of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassSpec {
    /// The class.
    pub class: DeviceClass,
    /// Its care level here.
    pub care: Option<CareLevel>,
    /// Its touch policy here.
    pub touch: Option<TouchPolicy>,
    /// Devices of it may, or may not, be asked with a community although they speak SNMPv3; as the site says unless said.
    pub v2c_fallback: Option<bool>,
    /// Answers of its devices are, or are not, believed from any address; they are not unless said.
    pub answers_from_any_address: Option<bool>,
    /// Questions that may be out to one device of it at once; [`DeviceClass::in_flight`] unless said.
    pub in_flight: Option<u8>,
}

/// A cable that the site declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSpec {
    /// One device by name, with its interface's name or nothing.
    pub a: (Text, Text),
    /// The other.
    pub b: (Text, Text),
}

/// A ward.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WardSpec {
    /// Its name.
    pub name: Text,
    /// Its telephone.
    pub phone: Text,
    /// What the ward does while a device class is gone, one line.
    pub downtime: Text,
}

/// A vendor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VendorSpec {
    /// Its name as facts have it.
    pub name: Text,
    /// Its service line.
    pub phone: Text,
    /// Contract.
    pub contract: Text,
}

/// The oldest firmware that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirmwareSpec {
    /// Which model, as a part of the model's name; empty means each of the class.
    pub model: Text,
    /// Which class.
    pub class: Option<DeviceClass>,
    /// The oldest accepted.
    pub minimum: Text,
}

/// Discovery by ARP: the collector asks the segments that its own interfaces are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Discovery {
    /// How often, seconds; zero means never: a site is quiet unless it asks.
    pub sweep_s: u32,
    /// ARP requests a second in each segment.
    pub arp_rate: u32,
}

impl Default for Discovery {
    fn default() -> Self {
        Self {
            sweep_s: 0,
            arp_rate: 20,
        }
    }
}

/// What a screen in a room shows: views in rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WallboardSpec {
    /// What it is called; empty for the one of screens that name none.
    pub name: Text,
    /// The views, in this order.
    pub views: Vec<TurnSpec>,
    /// How long each stays that says nothing of its own, seconds.
    pub dwell_s: Option<u32>,
    /// A new critical alert stays until somebody has it or it is over.
    pub pin: bool,
}

/// One view of a wallboard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TurnSpec {
    /// One of [`WallboardSpec::VIEWS`].
    pub view: Text,
    /// How long it stays, seconds; as long as the others unless said.
    pub dwell_s: Option<u32>,
}

impl WallboardSpec {
    /// The views that a wallboard can show.
    pub const VIEWS: [&str; 5] = ["board", "map", "alerts", "devices", "runs"];
}

/// Between which values a sensor stays: a refrigerator, a room, a rack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitSpec {
    /// Of this device by name; empty means any.
    pub device: Text,
    /// Of devices of this class.
    pub class: Option<DeviceClass>,
    /// Sensors that measure this.
    pub kind: Option<SensorKind>,
    /// Sensors whose name contains this, in any case; empty means any.
    pub name: Text,
    /// The least, thousandths of the kind's unit.
    pub low: Option<i64>,
    /// The most, thousandths of the kind's unit.
    pub high: Option<i64>,
    /// Beyond it for so long before a person is called, seconds.
    pub for_s: u32,
    /// How bad that is; major unless said.
    pub severity: Option<Severity>,
}

/// How often what is asked, seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Intervals {
    /// Status of infrastructure.
    pub status_s: u32,
    /// Status of endpoints that may be asked.
    pub endpoint_s: u32,
    /// Interfaces.
    pub interfaces_s: u32,
    /// Forwarding, address and neighbour tables.
    pub tables_s: u32,
    /// Entity, host resources.
    pub inventory_s: u32,
    /// Between the three probes that confirm a miss.
    pub confirm_s: u32,
    /// A child's alert is held so long for its parents to be judged.
    pub hold_s: u32,
}

impl Default for Intervals {
    fn default() -> Self {
        Self {
            status_s: 30,
            endpoint_s: 60,
            interfaces_s: 60,
            tables_s: 900,
            inventory_s: 21_600,
            confirm_s: 10,
            hold_s: 60,
        }
    }
}

/// Where a secret is to be found. The secret itself never stands in configuration, log, recording or argv (invariant 11).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretRef {
    /// `env:NAME`.
    Env(String),
    /// `file:PATH`, readable by its owner alone.
    File(PathBuf),
    /// Given in plain on the command line. It is not serialised, so it never reaches the log.
    #[serde(skip)]
    Plain(PlainSecret),
}

impl std::fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Plain(_) => f.write_str("(plain, hidden)"),
        }
    }
}

/// A secret in memory: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainSecret(zeroize::Zeroizing<Vec<u8>>);

impl PlainSecret {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(zeroize::Zeroizing::new(bytes))
    }

    /// The bytes, for a protocol.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for PlainSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

/// How an agent is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// What devices call it by.
    pub name: Text,
    /// What it is.
    pub how: CredentialKind,
}

/// The versions of SNMP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialKind {
    /// SNMPv1 (RFC 1157).
    V1 {
        /// The community.
        community: SecretRef,
    },
    /// SNMPv2c (RFC 1901).
    V2c {
        /// The community.
        community: SecretRef,
    },
    /// SNMPv3 with the user-based security model (RFC 3414).
    V3 {
        /// The user.
        user: Text,
        /// Authentication, or none.
        auth: Option<(AuthProtocol, SecretRef)>,
        /// Privacy, or none; needs authentication.
        privacy: Option<(PrivProtocol, SecretRef)>,
        /// The context (RFC 3411); mostly empty.
        context: Text,
    },
}

/// How well a credential protects what is asked and who asks: the greater is the stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strength {
    /// Version and level: v1, v2c, then v3 noAuthNoPriv, authNoPriv, authPriv.
    level: u8,
    /// The cipher, in bits of its key.
    privacy: u16,
    /// The hash, in bits.
    auth: u16,
}

impl Strength {
    /// A community in clear, and no counters of 64 bits.
    pub const V1: Self = Self {
        level: 0,
        privacy: 0,
        auth: 0,
    };
    /// A community in clear.
    pub const V2C: Self = Self {
        level: 1,
        privacy: 0,
        auth: 0,
    };

    /// Of a user.
    pub fn v3(auth: Option<AuthProtocol>, privacy: Option<PrivProtocol>) -> Self {
        Self {
            level: 2 + u8::from(auth.is_some()) + u8::from(privacy.is_some()),
            privacy: match privacy {
                None => 0,
                Some(PrivProtocol::Des) => 56,
                Some(PrivProtocol::Aes128) => 128,
                Some(PrivProtocol::Aes192 | PrivProtocol::Aes192c) => 192,
                Some(PrivProtocol::Aes256 | PrivProtocol::Aes256c) => 256,
            },
            auth: match auth {
                None => 0,
                Some(AuthProtocol::Md5) => 128,
                Some(AuthProtocol::Sha1) => 160,
                Some(AuthProtocol::Sha224) => 224,
                Some(AuthProtocol::Sha256) => 256,
                Some(AuthProtocol::Sha384) => 384,
                Some(AuthProtocol::Sha512) => 512,
            },
        }
    }
}

impl CredentialKind {
    /// SNMPv3.
    pub fn is_v3(&self) -> bool {
        matches!(self, Self::V3 { .. })
    }

    /// How strong it is.
    pub fn strength(&self) -> Strength {
        match self {
            Self::V1 { .. } => Strength::V1,
            Self::V2c { .. } => Strength::V2C,
            Self::V3 { auth, privacy, .. } => Strength::v3(
                auth.as_ref().map(|(protocol, _)| *protocol),
                privacy.as_ref().map(|(protocol, _)| *protocol),
            ),
        }
    }

    /// Its secrets.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::V1 { community } | Self::V2c { community } => vec![community],
            Self::V3 { auth, privacy, .. } => {
                let auth = auth.iter().map(|(_, secret)| secret);
                auth.chain(privacy.iter().map(|(_, secret)| secret))
                    .collect()
            }
        }
    }

    fn secrets_mut(&mut self) -> Vec<&mut SecretRef> {
        match self {
            Self::V1 { community } | Self::V2c { community } => vec![community],
            Self::V3 { auth, privacy, .. } => {
                let auth = auth.iter_mut().map(|(_, secret)| secret);
                auth.chain(privacy.iter_mut().map(|(_, secret)| secret))
                    .collect()
            }
        }
    }
}

/// HMAC of SNMPv3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthProtocol {
    /// usmHMACMD5AuthProtocol (RFC 3414).
    Md5,
    /// usmHMACSHAAuthProtocol (RFC 3414).
    Sha1,
    /// usmHMAC128SHA224AuthProtocol (RFC 7860).
    Sha224,
    /// usmHMAC192SHA256AuthProtocol (RFC 7860).
    Sha256,
    /// usmHMAC256SHA384AuthProtocol (RFC 7860).
    Sha384,
    /// usmHMAC384SHA512AuthProtocol (RFC 7860).
    Sha512,
}

/// Encryption of SNMPv3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrivProtocol {
    /// usmDESPrivProtocol (RFC 3414).
    Des,
    /// usmAesCfb128Protocol (RFC 3826).
    Aes128,
    /// AES-192 in CFB with the key extension of draft-blumenthal-aes-usm-04.
    Aes192,
    /// AES-256 in CFB with the key extension of draft-blumenthal-aes-usm-04.
    Aes256,
    /// AES-192 with Cisco's (Reeder's) key extension.
    Aes192c,
    /// AES-256 with Cisco's (Reeder's) key extension.
    Aes256c,
}

/// An interface of a device by the name it is known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceRef {
    /// `ifIndex` at the time of planning.
    pub index: IfIndex,
    /// `ifName` then.
    pub name: Text,
    /// `ifAlias` then.
    pub alias: Text,
}
