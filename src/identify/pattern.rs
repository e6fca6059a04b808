//! A pattern that is compiled when it is first tried: there are a thousand of them, and a house has devices of few makers.

use std::sync::OnceLock;

use regex::{Captures, Regex, RegexBuilder};

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
        let parsed = regex_syntax::parse(text).map_err(|why| {
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
            RegexBuilder::new(&self.text)
                .size_limit(SIZE_CAP)
                .build()
                .ok()
        };
        self.regex.get_or_init(made).as_ref()
    }

    /// Does it match?
    pub fn is_match(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// What it captures.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.regex()?.captures(text)
    }
}
