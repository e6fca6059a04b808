//! From a site back to a file: `config show`, and what the tests hold the reader against.

use std::fmt::Write as _;

use super::cursor::spell;
use super::site::{AUTHS, PRIVACIES};
use crate::model::{
    Budgets, CredentialKind, DeviceClass, Discovery, Intervals, Quirk, QuirkSource, SecretRef,
    Site, Text,
};

/// The site as a site file that [`super::load()`] reads back to the same site. A secret given in plain has no form in a file.
pub fn to_toml(site: &Site) -> String {
    let site = site.without_plain_secrets();
    let mut out = Out::default();
    out.table("[site]");
    out.line("name", &site.name);
    out.line("time-zone", &site.time_zone);
    out.line("collector-at", &site.collector_at);
    out.line("biomed-on-call", &site.biomed_on_call);
    if site.v2c_fallback {
        out.put("v2c-fallback", "true");
    }
    if site.intervals != Intervals::default() {
        out.table("[intervals]");
        let i = &site.intervals;
        for (key, seconds) in [
            ("status", i.status_s),
            ("endpoints", i.endpoint_s),
            ("interfaces", i.interfaces_s),
            ("tables", i.tables_s),
            ("inventory", i.inventory_s),
            ("confirm", i.confirm_s),
            ("hold", i.hold_s),
        ] {
            out.put(key, &string(&spell(i64::from(seconds))));
        }
    }
    out.budgets(&site.budgets);
    if site.discovery != Discovery::default() {
        out.table("[discovery]");
        out.put("sweep", &string(&spell(i64::from(site.discovery.sweep_s))));
        out.put("arp-rate", &site.discovery.arp_rate.to_string());
    }
    for ward in &site.wards {
        out.table("[[ward]]");
        out.line("name", &ward.name);
        out.line("phone", &ward.phone);
        out.line("downtime", &ward.downtime);
    }
    for s in &site.segments {
        out.table("[[segment]]");
        out.line("name", &s.name);
        if s.vlan > 0 {
            out.put("vlan", &s.vlan.to_string());
        }
        out.list("nets", s.nets.iter().map(ToString::to_string));
        if s.clinical {
            out.put("clinical", "true");
        }
        out.word("touch", s.touch.map(crate::model::TouchPolicy::word));
        out.word("unknown", s.unknown.map(crate::model::TouchPolicy::word));
        out.line("ward", &s.ward);
        if let Some(seconds) = s.sweep_s {
            out.put("sweep", &string(&spell(i64::from(seconds))));
        }
        if let Some(rate) = s.arp_rate {
            out.put("arp-rate", &rate.to_string());
        }
    }
    for c in &site.credentials {
        out.table("[[credential]]");
        out.line("name", &c.name);
        out.credential(&c.how);
    }
    for c in &site.classes {
        out.table("[[class]]");
        out.word("name", Some(c.class.word()));
        out.word("care", c.care.map(crate::model::CareLevel::word));
        out.word("touch", c.touch.map(crate::model::TouchPolicy::word));
        out.said("v2c-fallback", c.v2c_fallback);
        out.said("answers-from-any-address", c.answers_from_any_address);
        out.small("in-flight", c.in_flight);
    }
    for d in &site.devices {
        out.table("[[device]]");
        out.line("name", &d.name);
        out.some(
            "address",
            "addresses",
            d.addresses.iter().map(ToString::to_string),
        );
        out.some("mac", "macs", d.macs.iter().map(ToString::to_string));
        if d.class != DeviceClass::Unknown {
            out.word("class", Some(d.class.word()));
        }
        out.word("care", d.care.map(crate::model::CareLevel::word));
        out.word("touch", d.touch.map(crate::model::TouchPolicy::word));
        for (key, value) in [
            ("segment", &d.segment),
            ("vendor", &d.vendor),
            ("model", &d.model),
            ("firmware", &d.firmware),
            ("serial", &d.serial),
            ("ward", &d.ward),
            ("room", &d.room),
            ("owner", &d.owner),
            ("tag", &d.tag),
        ] {
            out.line(key, value);
        }
        out.list("credentials", d.credentials.iter().map(raw));
        if let Some(port) = d.snmp_port {
            out.put("snmp-port", &port.to_string());
        }
        out.said("v2c-fallback", d.v2c_fallback);
        out.said("answers-from-any-address", d.answers_from_any_address);
        out.small("in-flight", d.in_flight);
    }
    for l in &site.links {
        out.table("[[link]]");
        for (key, (device, port)) in [("a", &l.a), ("b", &l.b)] {
            let mut end = format!("{{ device = {}", string(&raw(device)));
            if !port.is_empty() {
                let _ = write!(end, ", port = {}", string(&raw(port)));
            }
            out.put(key, &(end + " }"));
        }
    }
    for v in &site.vendors {
        out.table("[[vendor]]");
        out.line("name", &v.name);
        out.line("phone", &v.phone);
        out.line("contract", &v.contract);
    }
    for f in &site.firmware {
        out.table("[[firmware]]");
        out.line("model", &f.model);
        out.word("class", f.class.map(DeviceClass::word));
        out.line("minimum", &f.minimum);
    }
    for q in &site.quirks {
        // what was shipped stands in no site file
        if q.source == QuirkSource::Site {
            out.quirk(q);
        }
    }
    super::limit::write(&mut out, &site.limits);
    super::wallboard::write(&mut out, &site.wallboards);
    out.0
}

#[derive(Default)]
pub(super) struct Out(String);

impl Out {
    pub(super) fn table(&mut self, header: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(header);
        self.0.push('\n');
    }

    pub(super) fn put(&mut self, key: &str, value: &str) {
        // writing into a String can't fail
        let _ = writeln!(self.0, "{key} = {value}");
    }

    pub(super) fn line(&mut self, key: &str, value: &Text) {
        if !value.is_empty() {
            self.put(key, &string(&raw(value)));
        }
    }

    pub(super) fn word(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(key, &string(value));
        }
    }

    fn said(&mut self, key: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.put(key, if value { "true" } else { "false" });
        }
    }

    fn small(&mut self, key: &str, value: Option<u8>) {
        if let Some(value) = value {
            self.put(key, &value.to_string());
        }
    }

    pub(super) fn list(&mut self, key: &str, values: impl Iterator<Item = String>) {
        let values: Vec<String> = values.map(|v| string(&v)).collect();
        if !values.is_empty() {
            self.put(key, &format!("[{}]", values.join(", ")));
        }
    }

    fn some(&mut self, one: &str, many: &str, values: impl Iterator<Item = String>) {
        let values: Vec<String> = values.collect();
        match values.as_slice() {
            [only] => self.put(one, &string(only)),
            _ => self.list(many, values.into_iter()),
        }
    }

    fn secret(&mut self, key: &str, secret: &SecretRef) {
        // `Debug` of a reference is its written form, and hides a plain one
        self.put(key, &string(&format!("{secret:?}")));
    }

    fn budgets(&mut self, b: &Budgets) {
        let usual = Budgets::default();
        let numbers = [
            ("device", b.device, usual.device),
            ("endpoint", b.endpoint, usual.endpoint),
            ("closet", b.closet, usual.closet),
            ("uplink", b.uplink, usual.uplink),
        ];
        if numbers.iter().any(|(_, n, usual)| n != usual) {
            self.table("[budgets]");
            for (key, n, _) in numbers {
                self.put(key, &n.to_string());
            }
        }
        for uplink in &b.uplinks {
            self.table("[[uplink]]");
            self.line("name", &uplink.name);
            self.list("segments", uplink.segments.iter().map(raw));
            for (key, n) in [("packets", uplink.packets), ("kilobits", uplink.kilobits)] {
                if let Some(n) = n {
                    self.put(key, &n.to_string());
                }
            }
        }
    }

    fn quirk(&mut self, q: &Quirk) {
        self.table("[[quirk]]");
        self.line("object-id", &q.object_id);
        self.line("firmware", &q.firmware);
        for (key, number) in [("repetitions", q.repetitions), ("names", q.names)] {
            if let Some(n) = number {
                self.put(key, &n.to_string());
            }
        }
        if let Some(next_only) = q.next_only {
            self.put("bulk", if next_only { "false" } else { "true" });
        }
        if let Some(s) = q.least_interval_s {
            self.put("least-interval", &string(&spell(i64::from(s))));
        }
        if let Some(skip) = &q.skip {
            let all: Vec<String> = skip.iter().map(|s| string(&raw(s))).collect();
            self.put("skip", &format!("[{}]", all.join(", ")));
        }
        if let Some(own) = q.own_restarts {
            self.put("own-restarts", if own { "true" } else { "false" });
        }
        self.line("because", &q.because);
        self.line("reference", &q.reference);
    }

    fn credential(&mut self, how: &CredentialKind) {
        match how {
            CredentialKind::V1 { community } | CredentialKind::V2c { community } => {
                let first = matches!(how, CredentialKind::V1 { .. });
                self.put("version", if first { "\"1\"" } else { "\"2c\"" });
                self.secret("community", community);
            }
            CredentialKind::V3 {
                user,
                auth,
                privacy,
                context,
            } => {
                self.put("version", "\"3\"");
                self.line("user", user);
                if let Some((protocol, password)) = auth {
                    let word = AUTHS.iter().find(|a| a.1 == *protocol).map(|a| a.0);
                    self.word("auth", word);
                    self.secret("auth-password", password);
                }
                if let Some((protocol, password)) = privacy {
                    let word = PRIVACIES.iter().find(|p| p.1 == *protocol).map(|p| p.0);
                    self.word("privacy", word);
                    self.secret("privacy-password", password);
                }
                self.line("context", context);
            }
        }
    }
}

/// The text before it was escaped: reading the file escapes it again.
fn raw(text: &Text) -> String {
    String::from_utf8(text.unescape()).unwrap_or_else(|_| text.as_str().to_string())
}

fn string(text: &str) -> String {
    toml::Value::from(text).to_string()
}
