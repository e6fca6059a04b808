//! A pattern that is compiled when it is first tried: there are a thousand of them, and a house has devices of few makers.

use std::sync::OnceLock;

use regex::bytes::{Captures, Regex, RegexBuilder};

/// Octets of a compiled pattern.
const SIZE_CAP: usize = 2 * 1024 * 1024;

/// A pattern that was found to be one.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: String,
    groups: usize,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Reads it; or what is wrong with it, in one line.
    pub fn read(text: &str) -> Result<Self, String> {
        // classes are those of ASCII: what agents say of themselves is, and it is several times as quick
        let mut parser = regex_syntax::ParserBuilder::new();
        let parser = parser.unicode(false).utf8(false);
        let parsed = parser.build().parse(text).map_err(|why| {
            let why = why.to_string();
            let last = why.lines().last().unwrap_or_default();
            format!("/{text}/: {}", last.trim_start_matches("error: "))
        })?;
        Ok(Self {
            text: text.to_owned(),
            groups: parsed.properties().explicit_captures_len(),
            regex: OnceLock::new(),
        })
    }

    /// Groups that it captures.
    pub fn groups(&self) -> usize {
        self.groups
    }

    fn regex(&self) -> Option<&Regex> {
        let made = || {
            let mut builder = RegexBuilder::new(&self.text);
            builder.unicode(false).size_limit(SIZE_CAP).build().ok()
        };
        self.regex.get_or_init(made).as_ref()
    }

    /// Does it match?
    pub fn is_match(&self, text: &str) -> bool {
        self.regex()
            .is_some_and(|regex| regex.is_match(text.as_bytes()))
    }

    /// What it captures.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.regex()?.captures(text.as_bytes())
    }
}
