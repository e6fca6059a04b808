//! A rule as it is written.

use serde::Deserialize;
use std::collections::BTreeMap;

use super::answers::Seen;
use super::pattern::Pattern;
use super::source::{Source, arcs};
use crate::model::{DeviceClass, Text};

/// Something wrong in a file of rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {what}")]
pub struct RuleError {
    /// Which file.
    pub file: Text,
    /// What is wrong, in which rule, and what was meant.
    pub what: Text,
}

/// One or several, as it is easier to write.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Several {
    One(String),
    Many(Vec<String>),
}

impl Default for Several {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Several {
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// One way in which a rule matches: everything that stands in it holds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhenText {
    /// `sysObjectID` is below one of these.
    #[serde(default)]
    pub oid: Several,
    /// `sysDescr` holds all of these.
    #[serde(default)]
    pub descr: Several,
    /// `sysDescr` holds none of these.
    #[serde(default)]
    pub not: Several,
    /// Something is answered at or below this object; with `/regex/`, and matches.
    #[serde(default)]
    pub has: Several,
}

/// A rule as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleText {
    /// The operating system as a slug; its name too, where it has no other.
    pub os: String,
    #[serde(default)]
    pub name: Option<String>,
    pub vendor: String,
    pub class: String,
    /// One way to match, written in the rule itself.
    #[serde(default)]
    pub oid: Several,
    #[serde(default)]
    pub descr: Several,
    #[serde(default)]
    pub not: Several,
    #[serde(default)]
    pub has: Several,
    /// Other ways.
    #[serde(default)]
    pub when: Vec<WhenText>,
    #[serde(default)]
    pub model: Several,
    #[serde(default)]
    pub version: Several,
    #[serde(default)]
    pub serial: Several,
    #[serde(default)]
    pub features: Several,
    /// Models by `sysObjectID`, the longest first.
    #[serde(default)]
    pub models: BTreeMap<String, String>,
    /// How much more it counts than its conditions say.
    #[serde(default)]
    pub weight: i32,
}

impl RuleText {
    /// All ways to match.
    pub fn ways(&self) -> Vec<WhenText> {
        let own = WhenText {
            oid: self.oid.clone(),
            descr: self.descr.clone(),
            not: self.not.clone(),
            has: self.has.clone(),
        };
        let is_said = [&own.oid, &own.descr, &own.has];
        let is_said = is_said.iter().any(|s| !s.all().is_empty());
        let own = is_said.then_some(own);
        own.into_iter().chain(self.when.iter().cloned()).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileText {
    #[serde(default)]
    pub rule: Vec<RuleText>,
}

/// How a value is made of answers.
#[derive(Clone, Debug)]
pub(super) enum Pick {
    /// These words.
    Words(String),
    /// An answer, or what a pattern finds in it.
    Of(Source, Option<(Pattern, String)>),
    /// Words and answers one after the other; nothing where one of the answers is missing.
    Row(Vec<Pick>),
}

impl Pick {
    /// `source`, `source /pattern/`, `source /pattern/ => $1 $2`, `= words`, or `words {source} words`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(words) = text.strip_prefix("= ") {
            return Ok(Self::Words(words.to_owned()));
        }
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        if let Some(source) = Source::parse(first) {
            return Self::of(source, rest.trim_start());
        }
        if !text.contains('{') {
            return Err(format!(
                "'{text}' is no source: write descr, name, chassis.model, ~9.1.0, ^43.5.1.1.17.*, '= words' or 'words {{source}}'"
            ));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((words, after)) = rest.split_once('{') {
            if !words.is_empty() {
                parts.push(Self::Words(words.to_owned()));
            }
            let end = if after.contains("/}")
                && after.find('}') > after.find(" /")
                && after.contains(" /")
            {
                after.find("/}").map(|at| at + 1)
            } else {
                after.find('}')
            };
            let end = end.ok_or_else(|| format!("'{text}': a {{ has no }}"))?;
            let (inner, tail) = after.split_at(end);
            let (first, pattern) = inner.split_once(' ').unwrap_or((inner, ""));
            let source = Source::parse(first).ok_or_else(|| format!("'{first}' is no source"))?;
            parts.push(Self::of(source, pattern.trim_start())?);
            rest = tail.get(1..).unwrap_or("");
        }
        if !rest.is_empty() {
            parts.push(Self::Words(rest.to_owned()));
        }
        Ok(Self::Row(parts))
    }

    fn of(source: Source, pattern: &str) -> Result<Self, String> {
        if pattern.is_empty() {
            return Ok(Self::Of(source, None));
        }
        let (pattern, to) = pattern.split_once(" => ").unwrap_or((pattern, "$1"));
        let inner = pattern
            .trim()
            .strip_prefix('/')
            .and_then(|p| p.strip_suffix('/'))
            .ok_or_else(|| format!("'{pattern}' is no pattern: write /pattern/"))?;
        let regex = Pattern::read(inner)?;
        if to == "$1" && regex.groups() == 0 {
            return Err(format!(
                "/{inner}/ has no group: put what is meant into ( )"
            ));
        }
        Ok(Self::Of(source, Some((regex, to.to_owned()))))
    }

    /// The value, as it was answered.
    pub fn read(&self, of: &Seen<'_>, models: &[(Vec<u32>, String)]) -> Option<String> {
        match self {
            Self::Words(words) => Some(words.clone()),
            Self::Of(Source::Models, _) => {
                let id = of.object_id();
                let known = models.iter().find(|(arcs, _)| id.starts_with(arcs));
                known.map(|(_, model)| model.clone())
            }
            Self::Of(source, None) => source.read(of).map(std::borrow::Cow::into_owned),
            Self::Of(source, Some((regex, to))) => {
                let mut out = Vec::new();
                source.find(of, |text| {
                    let found = regex.captures(text);
                    found
                        .inspect(|found| found.expand(to.as_bytes(), &mut out))
                        .is_some()
                });
                let out = String::from_utf8_lossy(&out);
                (!out.trim().is_empty()).then(|| out.into_owned())
            }
            Self::Row(parts) => {
                let parts: Option<Vec<String>> = parts
                    .iter()
                    .map(|part| {
                        let value = part.read(of, models)?;
                        Some(match part {
                            Self::Words(_) => value,
                            _ => value.trim().to_owned(),
                        })
                    })
                    .collect();
                parts.map(|parts| parts.concat())
            }
        }
    }

    /// The sources of it.
    pub fn sources(&self, out: &mut Vec<Source>) {
        match self {
            Self::Words(_) => {}
            Self::Of(source, _) => out.push(source.clone()),
            Self::Row(parts) => parts.iter().for_each(|part| part.sources(out)),
        }
    }
}

/// A rule that was read.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub name: Text,
    pub os: Text,
    pub vendor: Text,
    pub class: DeviceClass,
    pub model: Vec<Pick>,
    pub version: Vec<Pick>,
    pub serial: Vec<Pick>,
    pub features: Vec<Pick>,
    pub models: Vec<(Vec<u32>, String)>,
    pub weight: i32,
}

impl Rule {
    pub fn read(text: &RuleText) -> Result<Self, String> {
        let class = text.class.parse().map_err(|why| format!("class: {why}"))?;
        let picks = |what: &str, some: &Several| -> Result<Vec<Pick>, String> {
            some.all()
                .iter()
                .map(|pick| Pick::parse(pick).map_err(|why| format!("{what}: {why}")))
                .collect()
        };
        let mut models = Vec::new();
        for (oid, model) in &text.models {
            let arcs =
                arcs(oid).ok_or_else(|| format!("models: '{oid}' is no object identifier"))?;
            models.push((arcs, model.clone()));
        }
        models.sort_by_key(|(arcs, _)| std::cmp::Reverse(arcs.len()));
        Ok(Self {
            name: Text::from(text.name.as_deref().unwrap_or(&text.os)),
            os: Text::from(text.os.as_str()),
            vendor: Text::from(text.vendor.as_str()),
            class,
            model: picks("model", &text.model)?,
            version: picks("version", &text.version)?,
            serial: picks("serial", &text.serial)?,
            features: picks("features", &text.features)?,
            models,
            weight: text.weight,
        })
    }
}
