//! From tables to the model: each table of the file becomes its specification, with its place kept for the checks.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use toml::de::{DeArray, DeTable, DeValue};

use super::cursor::{Cursor, Placed, kind};
use super::keys::{self, TABLES, Table};
use super::source::{At, Sources};
use super::word::{hint, one_of, quote};
use crate::model::{
    AuthProtocol, CareLevel, ClassSpec, Credential, CredentialKind, DeviceClass, DeviceSpec,
    FirmwareSpec, LinkSpec, Mac, PrivProtocol, SecretRef, SegmentSpec, Site, Text, TouchPolicy,
    VendorSpec, WardSpec,
};

/// How long what is kept, as the site file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// Days of observations, today included.
    pub telemetry_days: u32,
    /// Bytes of observations; zero means no cap.
    pub telemetry_bytes: u64,
    /// Days of commands, runs, configuration, changes and the summed ledger.
    pub record_days: u32,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            telemetry_days: 30,
            telemetry_bytes: 0,
            record_days: 1095,
        }
    }
}

/// The site as read so far, and the tables it was read from: of each list, the same positions.
pub(super) struct Draft<'d, 's> {
    pub(super) site: Site,
    pub(super) log: LogSettings,
    pub(super) head: Option<Cursor<'d, 's>>,
    /// Something is called `site`, be it what it may.
    pub(super) has_site: bool,
    pub(super) segments: Vec<Cursor<'d, 's>>,
    pub(super) devices: Vec<Cursor<'d, 's>>,
    pub(super) classes: Vec<Cursor<'d, 's>>,
    pub(super) credentials: Vec<Cursor<'d, 's>>,
    /// Names of credentials, also of those that have a mistake in them.
    pub(super) credential_names: Vec<Text>,
    pub(super) wards: Vec<Cursor<'d, 's>>,
    pub(super) vendors: Vec<Cursor<'d, 's>>,
    pub(super) quirks: Vec<Cursor<'d, 's>>,
    pub(super) limits: Vec<Cursor<'d, 's>>,
    pub(super) wallboards: Vec<Cursor<'d, 's>>,
    pub(super) budgets: Option<Cursor<'d, 's>>,
    pub(super) uplinks: Vec<Cursor<'d, 's>>,
    /// Cables as written: both ends with their places; names are looked up once all devices are known.
    pub(super) links: Vec<[Placed<End<'d>>; 2]>,
    /// Folders of the files, by number, that `file:` is relative to.
    pub(super) folders: Vec<PathBuf>,
}

/// An end of a cable.
#[derive(Clone, Debug)]
pub(super) enum End<'d> {
    /// Device and port in one text.
    Text(&'d str),
    /// Apart.
    Apart(Text, Text),
}

impl<'d, 's> Draft<'d, 's> {
    pub(super) fn new(folders: Vec<PathBuf>) -> Self {
        Self {
            site: Site::default(),
            log: LogSettings::default(),
            head: None,
            has_site: false,
            segments: Vec::new(),
            devices: Vec::new(),
            classes: Vec::new(),
            credentials: Vec::new(),
            credential_names: Vec::new(),
            wards: Vec::new(),
            vendors: Vec::new(),
            quirks: Vec::new(),
            limits: Vec::new(),
            wallboards: Vec::new(),
            budgets: None,
            uplinks: Vec::new(),
            links: Vec::new(),
            folders,
        }
    }

    /// Reads one file. The first is the site file, the others are what it includes.
    pub(super) fn read(&mut self, sources: &mut Sources, file: usize, root: &'d DeTable<'s>) {
        // in the order of the file, so that messages come so
        let mut keys: Vec<_> = root.iter().collect();
        keys.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in keys {
            let written: &str = key.get_ref();
            let at = At {
                file,
                byte: key.span().start,
            };
            self.has_site |= written == keys::SITE.name;
            if written == keys::INCLUDE {
                if file > 0 {
                    sources.error(at, "only the site file itself includes others");
                }
                continue;
            }
            let Some(spec) = TABLES.iter().find(|t| t.name == written) else {
                sources.error(at, unknown_table(written, value.get_ref()));
                continue;
            };
            if file > 0 && keys::is_single(written) {
                sources.error(at, format!("[{written}] belongs into the site file itself"));
                continue;
            }
            match (value.get_ref(), spec.many) {
                (DeValue::Array(array), true) => self.read_many(sources, spec, array, at),
                (DeValue::Table(table), false) => {
                    let at = At {
                        byte: value.span().start,
                        ..at
                    };
                    let cursor = Cursor::new(sources, spec, table, at);
                    self.read_one(sources, cursor);
                }
                (DeValue::Table(_), true) => {
                    let at = At {
                        byte: value.span().start,
                        ..at
                    };
                    sources.error(
                        at,
                        format!("there are several of these: write [[{written}]]"),
                    );
                }
                (DeValue::Array(_), false) => {
                    sources.error(at, format!("there is only one of these: write [{written}]"));
                }
                (other, _) => sources.error(
                    at,
                    format!("'{written}' must be a table, not {}", kind(other)),
                ),
            }
        }
    }

    fn read_many(
        &mut self,
        sources: &mut Sources,
        spec: &'static Table,
        array: &'d DeArray<'s>,
        at: At,
    ) {
        for item in array {
            let at = At {
                byte: item.span().start,
                ..at
            };
            match item.get_ref() {
                DeValue::Table(table) => {
                    let cursor = Cursor::new(sources, spec, table, at);
                    self.read_one(sources, cursor);
                }
                other => sources.error(
                    at,
                    format!("[[{}]] must hold tables, not {}", spec.name, kind(other)),
                ),
            }
        }
    }

    fn read_one(&mut self, sources: &mut Sources, c: Cursor<'d, 's>) {
        match c.spec.name {
            "site" => {
                self.site.name = c.line(sources, "name");
                self.site.time_zone = c.line(sources, "time-zone");
                self.site.collector_at = c.line(sources, "collector-at");
                self.site.biomed_on_call = c.line(sources, "biomed-on-call");
                self.site.v2c_fallback = c.flag(sources, "v2c-fallback");
                self.head = Some(c);
            }
            "intervals" => self.intervals(sources, c),
            "budgets" => {
                super::budget::read(sources, c, &mut self.site.budgets);
                self.budgets = Some(c);
            }
            "uplink" => {
                let uplink = super::budget::uplink(sources, c);
                self.site.budgets.uplinks.push(uplink);
                self.uplinks.push(c);
            }
            "discovery" => {
                let d = &mut self.site.discovery;
                d.sweep_s = c.duration(sources, "sweep").unwrap_or(d.sweep_s);
                d.arp_rate = c
                    .number(sources, "arp-rate")
                    .map_or(d.arp_rate, |(n, _)| n as u32);
            }
            "log" => {
                if let Some((days, _)) = c.number(sources, "telemetry-days") {
                    self.log.telemetry_days = days as u32;
                }
                if let Some((gigabytes, _)) = c.number(sources, "telemetry-gigabytes") {
                    self.log.telemetry_bytes = gigabytes as u64 * 1_000_000_000;
                }
                if let Some((days, _)) = c.number(sources, "record-days") {
                    self.log.record_days = days as u32;
                }
            }
            "segment" => {
                let spec = segment(sources, c);
                self.site.segments.push(spec);
                self.segments.push(c);
            }
            "device" => {
                let spec = device(sources, c);
                self.site.devices.push(spec);
                self.devices.push(c);
            }
            "class" => {
                let class = c.word(sources, "name", &classes());
                let care = c.word(sources, "care", &cares()).map(|w| w.0);
                let touch = c.word(sources, "touch", &touches()).map(|w| w.0);
                let v2c_fallback = c.said(sources, "v2c-fallback");
                let answers_from_any_address = c.said(sources, "answers-from-any-address");
                let in_flight = in_flight(sources, c);
                if let Some((class, _)) = class {
                    self.site.classes.push(ClassSpec {
                        class,
                        care,
                        touch,
                        v2c_fallback,
                        answers_from_any_address,
                        in_flight,
                    });
                    self.classes.push(c);
                }
            }
            "credential" => {
                let folder = self.folders.get(c.at.file).cloned().unwrap_or_default();
                let name = c.line(sources, "name");
                self.credential_names.push(name.clone());
                if let Some(how) = credential(sources, c, &folder) {
                    self.site.credentials.push(Credential { name, how });
                    self.credentials.push(c);
                }
            }
            "link" => {
                if let (Some(a), Some(b)) = (end(sources, c, "a"), end(sources, c, "b")) {
                    self.links.push([a, b]);
                }
            }
            "ward" => {
                self.site.wards.push(WardSpec {
                    name: c.line(sources, "name"),
                    phone: c.line(sources, "phone"),
                    downtime: c.line(sources, "downtime"),
                });
                self.wards.push(c);
            }
            "vendor" => {
                self.site.vendors.push(VendorSpec {
                    name: c.line(sources, "name"),
                    phone: c.line(sources, "phone"),
                    contract: c.line(sources, "contract"),
                });
                self.vendors.push(c);
            }
            "quirk" => {
                if let Some(quirk) = super::quirks::quirk(sources, c) {
                    self.site.quirks.push(quirk);
                    self.quirks.push(c);
                }
            }
            "limit" => {
                self.site.limits.push(super::limit::read(sources, c));
                self.limits.push(c);
            }
            "wallboard" => {
                self.site
                    .wallboards
                    .push(super::wallboard::read(sources, c));
                self.wallboards.push(c);
            }
            _ => self.site.firmware.push(FirmwareSpec {
                model: c.line(sources, "model"),
                class: c.word(sources, "class", &classes()).map(|w| w.0),
                minimum: c.line(sources, "minimum"),
            }),
        }
    }

    fn intervals(&mut self, sources: &mut Sources, c: Cursor<'_, '_>) {
        let i = &mut self.site.intervals;
        for (key, slot) in [
            ("status", &mut i.status_s),
            ("endpoints", &mut i.endpoint_s),
            ("interfaces", &mut i.interfaces_s),
            ("tables", &mut i.tables_s),
            ("inventory", &mut i.inventory_s),
            ("confirm", &mut i.confirm_s),
            ("hold", &mut i.hold_s),
        ] {
            if let Some(seconds) = c.duration(sources, key) {
                *slot = seconds;
            }
        }
    }

    /// Cables, once all devices are known.
    pub(super) fn resolve_links(&mut self, sources: &mut Sources) {
        for [a, b] in std::mem::take(&mut self.links) {
            let (Some(a), Some(b)) = (self.resolve(sources, &a), self.resolve(sources, &b)) else {
                continue;
            };
            self.site.links.push(LinkSpec { a, b });
        }
    }

    fn resolve(&self, sources: &mut Sources, (end, at): &Placed<End<'_>>) -> Option<(Text, Text)> {
        let names = || self.site.devices.iter().map(|d| d.name.as_str());
        let written = match end {
            End::Apart(device, port) => {
                if names().any(|n| n == device.as_str()) {
                    return Some((device.clone(), port.clone()));
                }
                device.as_str().to_string()
            }
            End::Text(text) => {
                let text = Text::from(*text);
                // the longest name that the text begins with: names may hold blanks
                let found = names()
                    .filter_map(|n| Some((n, text.as_str().strip_prefix(n)?)))
                    .filter(|(_, rest)| rest.is_empty() || rest.starts_with(' '))
                    .max_by_key(|(n, _)| n.len());
                if let Some((device, port)) = found {
                    let port = unescaped(port.trim());
                    return Some((unescaped(device), port));
                }
                let first = text.as_str().split(' ').next().unwrap_or_default();
                first.to_string()
            }
        };
        let help = hint(&written, names());
        sources.error(
            *at,
            format!("no [[device]] is called {}{help}", quote(&written)),
        );
        None
    }
}

/// A piece of text that was escaped before.
fn unescaped(piece: &str) -> Text {
    serde::Deserialize::deserialize(
        serde::de::value::StrDeserializer::<serde::de::value::Error>::new(piece),
    )
    .unwrap_or_default()
}

fn unknown_table(written: &str, value: &DeValue<'_>) -> String {
    let known = || TABLES.iter().map(|t| t.name).chain([keys::INCLUDE]);
    let what = match value {
        DeValue::Table(_) => format!("unknown table [{}]", quote(written).trim_matches('\'')),
        DeValue::Array(_) => format!("unknown list {}", quote(written)),
        _ => format!(
            "unknown key {}; keys stand in a table such as [site]",
            quote(written)
        ),
    };
    match hint(written, known()) {
        none if none.is_empty() => format!("{what}; a site file knows {}", one_of(known())),
        some => what + &some,
    }
}

fn segment(sources: &mut Sources, c: Cursor<'_, '_>) -> SegmentSpec {
    let nets = c
        .list(sources, "nets")
        .into_iter()
        .filter_map(|(written, at)| net(sources, written, at))
        .collect();
    SegmentSpec {
        name: c.line(sources, "name"),
        vlan: c.number(sources, "vlan").map_or(0, |(n, _)| n as u16),
        nets,
        clinical: c.flag(sources, "clinical"),
        touch: c.word(sources, "touch", &touches()).map(|w| w.0),
        unknown: c.word(sources, "unknown", &touches()).map(|w| w.0),
        ward: c.line(sources, "ward"),
        sweep_s: c.duration(sources, "sweep"),
        arp_rate: c.number(sources, "arp-rate").map(|(n, _)| n as u32),
    }
}

fn net(sources: &mut Sources, written: &str, at: At) -> Option<IpNet> {
    match written.trim().parse::<IpNet>() {
        Ok(net) if net.trunc() == net => Some(net),
        Ok(net) => {
            sources.error(
                at,
                format!(
                    "{} is an address in a subnet; the subnet is {}",
                    quote(written),
                    net.trunc()
                ),
            );
            None
        }
        Err(_) => {
            let help = match written.trim().parse::<IpAddr>() {
                Ok(IpAddr::V4(_)) => format!("; a single address is {}/32", written.trim()),
                Ok(IpAddr::V6(_)) => format!("; a single address is {}/128", written.trim()),
                Err(_) => "; write it as 10.3.10.0/24 or 2001:db8::/64".into(),
            };
            sources.error(at, format!("{} is not a subnet{help}", quote(written)));
            None
        }
    }
}

fn device(sources: &mut Sources, c: Cursor<'_, '_>) -> DeviceSpec {
    let mut addresses = Vec::new();
    let one = c.text(sources, "address");
    for (written, at) in one.into_iter().chain(c.list(sources, "addresses")) {
        match written.trim().parse::<IpAddr>().map(|a| a.to_canonical()) {
            Ok(a) if a.is_unspecified() || a.is_multicast() || is_broadcast(a) => {
                sources.error(
                    at,
                    format!("{} is no address of one device", quote(written)),
                );
            }
            Ok(address) => addresses.push(address),
            Err(_) if written.contains('/') => sources.error(
                at,
                format!(
                    "{} is a subnet; a device has an address such as 10.3.10.7",
                    quote(written)
                ),
            ),
            Err(_) => sources.error(
                at,
                format!(
                    "{} is not an address; write it as 10.3.10.7 or 2001:db8::7",
                    quote(written)
                ),
            ),
        }
    }
    let mut macs = Vec::new();
    let one = c.text(sources, "mac");
    for (written, at) in one.into_iter().chain(c.list(sources, "macs")) {
        match written.trim().parse::<Mac>() {
            Ok(mac) if mac.is_station() => macs.push(mac),
            Ok(_) => sources.error(
                at,
                format!(
                    "{} is a group or virtual address, not one of a device",
                    quote(written)
                ),
            ),
            Err(_) => sources.error(
                at,
                format!(
                    "{} is not a MAC address; write it as 00:09:fb:12:34:56",
                    quote(written)
                ),
            ),
        }
    }
    DeviceSpec {
        name: c.line(sources, "name"),
        addresses,
        macs,
        class: c
            .word(sources, "class", &classes())
            .map_or(DeviceClass::Unknown, |w| w.0),
        care: c.word(sources, "care", &cares()).map(|w| w.0),
        touch: c.word(sources, "touch", &touches()).map(|w| w.0),
        segment: c.line(sources, "segment"),
        vendor: c.line(sources, "vendor"),
        model: c.line(sources, "model"),
        firmware: c.line(sources, "firmware"),
        serial: c.line(sources, "serial"),
        ward: c.line(sources, "ward"),
        room: c.line(sources, "room"),
        owner: c.line(sources, "owner"),
        tag: c.line(sources, "tag"),
        credentials: c
            .list(sources, "credentials")
            .into_iter()
            .map(|(name, _)| Text::from(name))
            .collect(),
        snmp_port: c.number(sources, "snmp-port").map(|(n, _)| n as u16),
        v2c_fallback: c.said(sources, "v2c-fallback"),
        answers_from_any_address: c.said(sources, "answers-from-any-address"),
        in_flight: in_flight(sources, c),
    }
}

fn in_flight(sources: &mut Sources, c: Cursor<'_, '_>) -> Option<u8> {
    c.number(sources, "in-flight").map(|(n, _)| n as u8)
}

fn is_broadcast(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if v4.is_broadcast())
}

fn credential(sources: &mut Sources, c: Cursor<'_, '_>, folder: &Path) -> Option<CredentialKind> {
    let (version, _) = c.word(sources, "version", &VERSIONS)?;
    let must = |sources: &mut Sources, key: &str, why: &str| {
        if c.raw(key).is_none() {
            sources.error(c.at, format!("this [[credential]] needs '{key}'{why}"));
        }
    };
    let must_not = |sources: &mut Sources, keys: &[&str], why: &str| {
        for key in keys.iter().filter(|key| c.raw(key).is_some()) {
            sources.error(c.at(key), format!("'{key}' has no meaning {why}"));
        }
    };
    let community = secret(sources, c, "community", folder);
    let user = c.text(sources, "user");
    let auth = c.word(sources, "auth", &AUTHS);
    let auth_password = secret(sources, c, "auth-password", folder);
    let privacy = c.word(sources, "privacy", &PRIVACIES);
    let privacy_password = secret(sources, c, "privacy-password", folder);
    if version < 3 {
        must(sources, "community", "");
        must_not(
            sources,
            &[
                "user",
                "auth",
                "auth-password",
                "privacy",
                "privacy-password",
                "context",
            ],
            "before SNMP version 3",
        );
        let community = community?;
        return Some(if version == 1 {
            CredentialKind::V1 { community }
        } else {
            CredentialKind::V2c { community }
        });
    }
    must(sources, "user", ", as its version is 3");
    must_not(sources, &["community"], "in SNMP version 3; it has a user");
    for (name, password) in [("auth", "auth-password"), ("privacy", "privacy-password")] {
        match (c.raw(name), c.raw(password)) {
            (Some(_), None) => must(sources, password, &format!(", as it has '{name}'")),
            (None, Some((_, at))) => {
                sources.error(at, format!("'{password}' needs '{name}' beside it"));
            }
            _ => {}
        }
    }
    if let (Some((_, at)), None) = (c.raw("privacy"), c.raw("auth")) {
        sources.error(
            at,
            "'privacy' needs 'auth' (RFC 3414): without it nobody knows who encrypts",
        );
    }
    let context = c.line(sources, "context");
    Some(CredentialKind::V3 {
        user: Text::from(user?.0),
        auth: auth.map(|w| w.0).zip(auth_password),
        privacy: privacy.map(|w| w.0).zip(privacy_password),
        context,
    })
}

/// `env:NAME` or `file:PATH`. What else stands there may be the secret itself: it is never quoted.
fn secret(sources: &mut Sources, c: Cursor<'_, '_>, key: &str, folder: &Path) -> Option<SecretRef> {
    let (value, at) = c.raw(key)?;
    let written = match value {
        DeValue::String(written) => written.trim(),
        _ => "",
    };
    let plain_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if let Some(name) = written.strip_prefix("env:") {
        if plain_name(name) {
            return Some(SecretRef::Env(name.into()));
        }
        sources.error(
            at,
            format!("'{key}': after env: comes the name of a variable, such as env:SNMP_COMMUNITY"),
        );
    } else if let Some(path) = written.strip_prefix("file:") {
        if !path.is_empty() {
            return Some(SecretRef::File(folder.join(path)));
        }
        sources.error(
            at,
            format!("'{key}': after file: comes a path, such as file:/etc/wardwatch/community"),
        );
    } else if matches!(value, DeValue::String(_)) {
        sources.error(
            at,
            format!("'{key}' must not hold the secret itself; write env:NAME or file:PATH"),
        );
    } else {
        sources.error(
            at,
            format!("'{key}' must be env:NAME or file:PATH, not {}", kind(value)),
        );
    }
    None
}

fn end<'d>(sources: &mut Sources, c: Cursor<'d, '_>, key: &str) -> Option<Placed<End<'d>>> {
    let (value, at) = c.raw(key)?;
    match value {
        DeValue::String(_) => c.text(sources, key).map(|(text, at)| (End::Text(text), at)),
        DeValue::Table(table) => {
            let inner = Cursor::new(sources, &keys::LINK_END, table, at);
            let device = inner.line(sources, "device");
            let port = inner.line(sources, "port");
            (!device.is_empty()).then_some((End::Apart(device, port), inner.at("device")))
        }
        other => {
            sources.error(
                at,
                format!(
                    "'{key}' must be \"DEVICE PORT\" or {{ device = \"…\", port = \"…\" }}, not {}",
                    kind(other)
                ),
            );
            None
        }
    }
}

const VERSIONS: [(&str, u8); 3] = [("1", 1), ("2c", 2), ("3", 3)];

/// The names of the digests.
pub(super) const AUTHS: [(&str, AuthProtocol); 6] = [
    ("md5", AuthProtocol::Md5),
    ("sha1", AuthProtocol::Sha1),
    ("sha224", AuthProtocol::Sha224),
    ("sha256", AuthProtocol::Sha256),
    ("sha384", AuthProtocol::Sha384),
    ("sha512", AuthProtocol::Sha512),
];

/// The names of the ciphers.
pub(super) const PRIVACIES: [(&str, PrivProtocol); 6] = [
    ("des", PrivProtocol::Des),
    ("aes128", PrivProtocol::Aes128),
    ("aes192", PrivProtocol::Aes192),
    ("aes256", PrivProtocol::Aes256),
    ("aes192c", PrivProtocol::Aes192c),
    ("aes256c", PrivProtocol::Aes256c),
];

pub(super) fn classes() -> Vec<(&'static str, DeviceClass)> {
    DeviceClass::ALL.iter().map(|c| (c.word(), *c)).collect()
}

fn cares() -> Vec<(&'static str, CareLevel)> {
    CareLevel::ALL.iter().map(|c| (c.word(), *c)).collect()
}

fn touches() -> Vec<(&'static str, TouchPolicy)> {
    TouchPolicy::ALL.iter().map(|t| (t.word(), *t)).collect()
}

fn words<T>(all: &[(&'static str, T)]) -> Vec<&'static str> {
    all.iter().map(|w| w.0).collect()
}

pub(super) fn class_words() -> Vec<&'static str> {
    words(&classes())
}

pub(super) fn care_words() -> Vec<&'static str> {
    words(&cares())
}

pub(super) fn touch_words() -> Vec<&'static str> {
    words(&touches())
}

pub(super) fn auth_words() -> Vec<&'static str> {
    words(&AUTHS)
}

pub(super) fn privacy_words() -> Vec<&'static str> {
    words(&PRIVACIES)
}

pub(super) fn version_words() -> Vec<&'static str> {
    vec!["1", "2c", "3"]
}
