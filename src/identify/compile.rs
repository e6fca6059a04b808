//! Rules compiled to one pass: a trie over the arcs of `sysObjectID`, one automaton over all texts of `sysDescr`.
//!
//! The most specific rule wins: each arc below `enterprises` that had to be there counts one, each text and each answered object ten;
//! of equals the one whose texts are longer, then the one that stands first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use rustc_hash::FxHashMap;

use super::answers::{Answers, SYS_DESCR, SYS_NAME, SYS_OBJECT_ID, Seen};
use super::generic;
use super::pattern::Pattern;
use super::rule::{FileText, Pick, Rule, RuleError, RuleText};
use super::source::{Source, arcs};
use crate::model::{DeviceClass, Text};

/// Rules at the most.
const RULE_CAP: usize = 10_000;
/// Characters of a value.
const VALUE_CAP: usize = 160;

/// What a device is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Who made it.
    pub vendor: Option<Text>,
    /// The operating system, as a slug.
    pub os: Option<Text>,
    /// The model.
    pub model: Option<Text>,
    /// The version of its software.
    pub version: Option<Text>,
    /// The serial number of the chassis.
    pub serial: Option<Text>,
    /// What else is worth knowing of it: a feature set, a release train.
    pub features: Option<Text>,
    /// What kind it is.
    pub class: Option<DeviceClass>,
    /// The rule that said so.
    pub rule: Option<Text>,
    /// How sure the rule is, in percent.
    pub confidence: u8,
}

/// An object that must be answered, and how.
#[derive(Clone, Debug)]
struct Has {
    oid: Vec<u32>,
    like: Option<Pattern>,
}

/// One way in which a rule matches.
#[derive(Clone, Debug)]
struct When {
    rule: usize,
    /// Texts that must all be there, by their numbers.
    texts: Vec<usize>,
    not: Vec<usize>,
    has: Vec<Has>,
    /// It stands under arcs of `sysObjectID`.
    by_oid: bool,
    score: i32,
    letters: usize,
}

/// A node of the trie: what goes on, and which ways end here, with their arcs.
#[derive(Debug, Default)]
struct Node {
    next: FxHashMap<u32, usize>,
    ends: Vec<usize>,
}

/// Rules, compiled.
#[derive(Debug)]
pub struct Rules {
    all: Vec<Rule>,
    whens: Vec<When>,
    trie: Vec<Node>,
    texts: AhoCorasick,
    /// Ways without an object identifier, by their first text.
    by_text: Vec<Vec<usize>>,
    /// Ways that ask for an answer alone.
    by_answer: Vec<usize>,
}

/// Arcs of `1.3.6.1.4.1`.
const ENTERPRISES: usize = 6;

impl Rules {
    /// Reads files of rules: name and text of each. All mistakes are told; with one there are no rules.
    pub fn read<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<RuleError>> {
        let mut mistakes = Vec::new();
        let mut read: Vec<(String, RuleText)> = Vec::new();
        for (file, text) in files {
            match toml::from_str::<FileText>(text) {
                Ok(parsed) => read.extend(parsed.rule.into_iter().map(|r| (file.to_owned(), r))),
                Err(why) => mistakes.push(RuleError {
                    file: Text::from(file),
                    what: Text::from(why.to_string().trim_end().replace('\n', "; ")),
                }),
            }
        }
        let mut builder = Builder::default();
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for (file, text) in &read {
            let name = text.name.as_deref().unwrap_or(&text.os);
            let mut wrong = |what: String| {
                mistakes.push(RuleError {
                    file: Text::from(file.as_str()),
                    what: Text::from(format!("rule {name}: {what}")),
                });
            };
            if let Some(other) = names.insert(name.to_owned(), file.clone()) {
                wrong(format!(
                    "there is one of that name in {other}: give it a name of its own"
                ));
            }
            if builder.rules.len() >= RULE_CAP {
                wrong(format!("more than {RULE_CAP} rules"));
                break;
            }
            if let Err(why) = builder.add(text) {
                wrong(why);
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        builder.build().map_err(|why| {
            vec![RuleError {
                file: Text::from("rules"),
                what: Text::from(why),
            }]
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The most specific rule that matches.
    fn best(&self, of: &Seen<'_>) -> Option<(&Rule, &When)> {
        let descr = of.text(SYS_DESCR).unwrap_or_default();
        let mut found: Vec<usize> = Vec::new();
        for text in self.texts.find_overlapping_iter(descr.as_ref()) {
            let text = text.pattern().as_usize();
            if !found.contains(&text) {
                found.push(text);
            }
        }
        let is_there = |text: &usize| found.contains(text);
        let mut ways: Vec<usize> = Vec::new();
        let id = of.object_id();
        let mut at = self.trie.first();
        let mut rest = id.iter();
        while let Some(node) = at {
            ways.extend(&node.ends);
            at = rest
                .next()
                .and_then(|arc| node.next.get(arc))
                .and_then(|next| self.trie.get(*next));
        }
        for text in &found {
            ways.extend(self.by_text.get(*text).into_iter().flatten());
        }
        ways.extend(&self.by_answer);
        let holds = |way: &When| {
            way.texts.iter().all(is_there)
                && !way.not.iter().any(is_there)
                && way.has.iter().all(|has| has.holds(of))
        };
        let ways = ways.into_iter().filter_map(|at| self.whens.get(at));
        let best = ways
            .filter(|way| holds(way))
            .max_by_key(|way| (way.score, way.letters, Reverse(way.rule)))?;
        Some((self.all.get(best.rule)?, best))
    }

    /// What this device is.
    pub fn identify(&self, of: &dyn Answers) -> Identity {
        let of = &Seen::new(of);
        let Some((rule, way)) = self.best(of) else {
            return generic::identity(of);
        };
        let pick = |picks: &[Pick]| {
            let read = picks.iter().find_map(|pick| pick.read(of, &rule.models));
            read.and_then(|value| value_of(&value))
        };
        let mut identity = Identity {
            vendor: Some(rule.vendor.clone()).filter(|v| !v.is_empty()),
            os: Some(rule.os.clone()).filter(|os| !os.is_empty()),
            model: pick(&rule.model),
            version: pick(&rule.version),
            serial: pick(&rule.serial),
            features: pick(&rule.features),
            class: Some(rule.class).filter(|c| *c != DeviceClass::Unknown),
            rule: Some(rule.name.clone()),
            confidence: way.confidence(),
        };
        generic::complete(&mut identity, of);
        identity
    }

    /// What the rule that matches so far would like to have asked beside `sysDescr` and `sysObjectID`: objects and columns.
    pub fn needs(&self, of: &dyn Answers) -> Vec<Vec<u32>> {
        let of = &Seen::new(of);
        let mut sources: Vec<Source> = Vec::new();
        if let Some((rule, _)) = self.best(of) {
            let all = [&rule.model, &rule.version, &rule.serial, &rule.features];
            for pick in all.into_iter().flatten() {
                pick.sources(&mut sources);
            }
        }
        let known = [SYS_DESCR, SYS_OBJECT_ID, SYS_NAME];
        let mut asked: Vec<Vec<u32>> = sources.iter().filter_map(Source::asked).collect();
        asked.retain(|oid| !known.contains(&oid.as_slice()));
        asked.sort();
        asked.dedup();
        asked
    }
}

impl When {
    fn confidence(&self) -> u8 {
        match (self.by_oid, !self.texts.is_empty(), !self.has.is_empty()) {
            (true, true, _) | (true, _, true) => 95,
            (true, false, false) | (false, true, true) => 90,
            (false, true, false) => 80,
            (false, false, _) => 70,
        }
    }
}

impl Has {
    fn holds(&self, of: &Seen<'_>) -> bool {
        match &self.like {
            None => of.has(&self.oid),
            Some(like) => of.text(&self.oid).is_some_and(|text| like.is_match(&text)),
        }
    }
}

/// A value as it is shown: one line, no quotes around it, not too long.
pub(super) fn value_of(text: &str) -> Option<Text> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let line = words.join(" ");
    let line = line.trim_matches(|c| matches!(c, '"' | ' '));
    let line: String = line.chars().take(VALUE_CAP).collect();
    (!line.is_empty()).then(|| Text::from(line))
}

/// Rules on their way to be compiled.
#[derive(Default)]
struct Builder {
    rules: Vec<Rule>,
    whens: Vec<When>,
    trie: Vec<Node>,
    texts: Vec<String>,
    numbers: FxHashMap<String, usize>,
    by_text: Vec<(usize, usize)>,
    by_answer: Vec<usize>,
}

impl Builder {
    fn add(&mut self, text: &RuleText) -> Result<(), String> {
        let rule = Rule::read(text)?;
        let ways = text.ways();
        if ways.is_empty() {
            return Err("it never matches: say when".into());
        }
        let number = self.rules.len();
        for when in &ways {
            let mut has = Vec::new();
            for said in when.has.all() {
                let (oid, like) = said.split_once(' ').unwrap_or((said, ""));
                let oid =
                    arcs(oid).ok_or_else(|| format!("has: '{oid}' is no object identifier"))?;
                let like = like.trim();
                let like = if like.is_empty() {
                    None
                } else {
                    let inner = like.strip_prefix('/').and_then(|l| l.strip_suffix('/'));
                    let inner = inner.ok_or_else(|| format!("has: '{like}' is no /pattern/"))?;
                    Some(Pattern::read(inner).map_err(|why| format!("has: {why}"))?)
                };
                has.push(Has { oid, like });
            }
            let texts: Vec<usize> = when.descr.all().iter().map(|t| self.text(t)).collect();
            let not: Vec<usize> = when.not.all().iter().map(|t| self.text(t)).collect();
            let letters = when.descr.all().iter().map(String::len).sum();
            let answers = 10 * (texts.len() + has.len());
            let answers = i32::try_from(answers).unwrap_or(i32::MAX);
            let oids = when.oid.all();
            if oids.is_empty() && texts.is_empty() && has.is_empty() {
                return Err("a way to match holds for everything".into());
            }
            let way = When {
                rule: number,
                texts,
                not,
                has,
                by_oid: !oids.is_empty(),
                score: answers + rule.weight,
                letters,
            };
            if oids.is_empty() {
                let at = self.whens.len();
                match way.texts.first() {
                    Some(first) => self.by_text.push((*first, at)),
                    None => self.by_answer.push(at),
                }
                self.whens.push(way);
                continue;
            }
            // one way a prefix, since a longer one counts more
            for oid in oids {
                let arcs =
                    arcs(oid).ok_or_else(|| format!("oid: '{oid}' is no object identifier"))?;
                let score = i32::try_from(arcs.len().saturating_sub(ENTERPRISES)).unwrap_or(0);
                self.end(&arcs, self.whens.len());
                self.whens.push(When {
                    score: way.score + score,
                    ..way.clone()
                });
            }
        }
        self.rules.push(rule);
        Ok(())
    }

    fn text(&mut self, text: &str) -> usize {
        let next = self.texts.len();
        let number = *self.numbers.entry(text.to_owned()).or_insert(next);
        if number == next {
            self.texts.push(text.to_owned());
        }
        number
    }

    fn end(&mut self, oid: &[u32], way: usize) {
        if self.trie.is_empty() {
            self.trie.push(Node::default());
        }
        let mut at = 0;
        for arc in oid {
            let fresh = self.trie.len();
            let next = match self.trie.get_mut(at) {
                Some(node) => *node.next.entry(*arc).or_insert(fresh),
                None => return,
            };
            if next == fresh {
                self.trie.push(Node::default());
            }
            at = next;
        }
        if let Some(node) = self.trie.get_mut(at) {
            node.ends.push(way);
        }
    }

    fn build(self) -> Result<Rules, String> {
        // one look-up an octet; a megabyte for some hundreds of texts
        let texts = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .build(&self.texts)
            .map_err(|why| why.to_string())?;
        let mut by_text = vec![Vec::new(); self.texts.len()];
        for (text, way) in self.by_text {
            if let Some(by) = by_text.get_mut(text) {
                by.push(way);
            }
        }
        Ok(Rules {
            all: self.rules,
            whens: self.whens,
            trie: self.trie,
            texts,
            by_text,
            by_answer: self.by_answer,
        })
    }
}
