//! The shape of a remediation file (TOML), before its values are held against each other.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::model::{Confirm, PacketKind, Risk};

/// A file that only takes a shipped remediation away.
#[derive(Debug, Deserialize)]
pub(super) struct Switch {
    pub(super) name: Option<String>,
    pub(super) enabled: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: Spanned<String>,
    pub(super) key: Option<Spanned<String>>,
    pub(super) title: Spanned<String>,
    #[serde(default)]
    pub(super) help: String,
    #[serde(default, rename = "enabled")]
    pub(super) _enabled: Option<bool>,
    pub(super) risk: Risk,
    pub(super) confirm: Spanned<Confirm>,
    pub(super) timeout_s: Spanned<u32>,
    pub(super) scope: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) input: Vec<Spanned<Input>>,
    #[serde(default)]
    pub(super) program: Vec<Spanned<Program>>,
    pub(super) snmp_get: Option<Spanned<SnmpGet>>,
    pub(super) port: Option<Spanned<Port>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    pub(super) name: Spanned<String>,
    pub(super) title: String,
    pub(super) kind: Spanned<String>,
    pub(super) pattern: Option<Spanned<String>>,
    pub(super) min: Option<u32>,
    pub(super) max: Option<u32>,
    #[serde(default)]
    pub(super) choices: Vec<String>,
    pub(super) default: Option<Spanned<toml::Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    pub(super) argv: Vec<Spanned<String>>,
    pub(super) dry_argv: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) env: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) packets: Vec<Packets>,
    #[serde(default)]
    pub(super) missing: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Packets {
    pub(super) kind: PacketKind,
    pub(super) count: Spanned<toml::Value>,
    #[serde(default = "one")]
    pub(super) each: u32,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SnmpGet {
    pub(super) oids: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Port {
    pub(super) bounce: bool,
    pub(super) revert_s: Spanned<toml::Value>,
}

/// Line and column, both from 1, of a byte offset.
pub(super) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    (line, column)
}
