//! What can be said of a device whatever it is: by its enterprise number, its chassis, what printers, power supplies and hosts
//! answer, and the usual words of a `sysDescr`.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::answers::{SYS_DESCR, Seen};
use super::compile::{Identity, value_of};
use super::enterprise::vendor_of;
use super::source::Source;
use super::words::maker_and_model;
use crate::model::{DeviceClass, Text};

/// How sure the enterprise number alone is.
const BY_ENTERPRISE: u8 = 50;
/// How sure a word of `sysDescr` alone is.
const BY_WORD: u8 = 30;

/// Where a model stands, in the order in which it is believed.
static MODELS: LazyLock<Vec<Source>> = LazyLock::new(|| {
    sources(&[
        "chassis.model",
        "^33.1.1.2.0",   // upsIdentModel (RFC 1628)
        "^25.3.2.1.3.1", // hrDeviceDescr (RFC 2790), of a printer
        "chassis.name",
    ])
});
/// Where a version stands.
static VERSIONS: LazyLock<Vec<Source>> = LazyLock::new(|| {
    sources(&[
        "chassis.software",
        "chassis.firmware",
        "^33.1.1.3.0", // upsIdentUPSSoftwareVersion
        "^33.1.1.4.0", // upsIdentAgentSoftwareVersion
    ])
});
/// Where a serial number stands.
static SERIALS: LazyLock<Vec<Source>> = LazyLock::new(|| {
    sources(&[
        "chassis.serial",
        "^43.5.1.1.17.1", // prtGeneralSerialNumber (RFC 3805)
    ])
});
/// `prtGeneralEntry`: it is a printer.
const PRINTER: &[u32] = &[1, 3, 6, 1, 2, 1, 43, 5, 1];
/// `upsObjects`: it is a power supply.
const UPS: &[u32] = &[1, 3, 6, 1, 2, 1, 33, 1, 1];
/// `upsIdentManufacturer`, `entPhysicalMfgName` of the chassis.
static MAKERS: LazyLock<Vec<Source>> = LazyLock::new(|| sources(&["^33.1.1.1.0"]));

/// The usual ways to write a version.
static VERSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:software version|firmware version|sw version|version|firmware|release|ver|rev(?:ision)?|fw|sw)[\s:=.]*v?(\d[\w.()/+-]*\w|\d)|\bv(\d+\.[\w.-]*\w)",
    )
    .ok()
});

fn sources(words: &[&str]) -> Vec<Source> {
    words
        .iter()
        .filter_map(|word| Source::parse(word))
        .collect()
}

fn first(sources: &[Source], of: &Seen<'_>) -> Option<Text> {
    sources
        .iter()
        .filter_map(|source| source.read(of).map(Cow::into_owned))
        .find_map(|value| value_of(&value))
}

/// A version in words.
fn version_in(descr: &str) -> Option<Text> {
    let found = VERSION.as_ref()?.captures(descr)?;
    let value = found.get(1).or_else(|| found.get(2))?;
    value_of(value.as_str())
}

/// Fills in what the rule said nothing of.
pub(super) fn complete(identity: &mut Identity, of: &Seen<'_>) {
    let printer = identity.class == Some(DeviceClass::Printer);
    if identity.model.is_none() {
        let words = if printer || of.has(PRINTER) {
            MODELS.as_slice()
        } else {
            MODELS.get(..2).unwrap_or(&[])
        };
        identity.model = first(words, of);
    }
    let descr = of.text(SYS_DESCR).unwrap_or_default();
    if identity.model.is_none() {
        let words = maker_and_model(&descr).and_then(|(_, model)| model);
        identity.model = words.and_then(|model| value_of(&model));
    }
    if identity.version.is_none() {
        identity.version = first(&VERSIONS, of);
    }
    if identity.serial.is_none() {
        identity.serial = first(&SERIALS, of);
    }
}

/// Of a device that no rule knows.
pub(super) fn identity(of: &Seen<'_>) -> Identity {
    let mut identity = Identity::default();
    let enterprise = match of.object_id().as_slice() {
        [1, 3, 6, 1, 4, 1, enterprise, ..] => Some(*enterprise),
        _ => None,
    };
    let descr = of.text(SYS_DESCR).unwrap_or_default();
    if of.has(PRINTER) {
        identity.class = Some(DeviceClass::Printer);
    } else if of.has(UPS) {
        identity.class = Some(DeviceClass::Ups);
    }
    // net-snmp and the like name the agent, not the maker
    identity.vendor = first(&MAKERS, of)
        .filter(|maker| maker.as_str().chars().any(char::is_alphabetic))
        .or_else(|| {
            let known = enterprise.filter(|n| !AGENTS.contains(n));
            known.and_then(vendor_of).cloned()
        })
        .or_else(|| maker_and_model(&descr).map(|(maker, _)| Text::from(maker)));
    complete(&mut identity, of);
    if identity.version.is_none() {
        identity.version = version_in(&descr);
    }
    if identity.vendor.is_some() {
        identity.confidence = BY_ENTERPRISE;
        identity.rule = Some(Text::from("generic"));
    } else if identity.model.is_some() || identity.version.is_some() || identity.serial.is_some() {
        identity.confidence = BY_WORD;
        identity.rule = Some(Text::from("generic"));
    }
    identity
}

/// Enterprises of agents that stand in devices of anybody: UCD-SNMP, SNMP Research, net-snmp.
const AGENTS: [u32; 3] = [2021, 99, 8072];
