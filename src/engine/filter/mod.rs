//! The filter language (UI.md), one for screens and command line: parsed once, then held against devices and alerts.
//!
//! `word` matches name, address, MAC, serial, tag, room, ward, owner, port alias, vendor or model; `key:value`,
//! `key:a,b` (one of them), `key>n`, `key<n`, and `-` before any of these for the opposite. Words are joined by "and".
//! Quotes hold a value with blanks together: `ward:"ICU 3"`.

mod complete;
mod keys;
mod matcher;
mod parse;
mod text;

pub use keys::FilterKey;
use keys::Key;
use text::Needle;

use crate::model::{CareLevel, Severity, Text, TouchPolicy};

/// A filter that can't be understood. Shown beside the filter line and, on the command line, with exit code 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// No such key.
    #[error("no filter key '{key}'; there are {known}")]
    UnknownKey {
        /// As written.
        key: Text,
        /// Those that exist.
        known: String,
    },
    /// The key exists, the value does not.
    #[error("'{value}' is no {key}; {known}")]
    BadValue {
        /// The key.
        key: &'static str,
        /// As written.
        value: Text,
        /// What would do.
        known: String,
    },
    /// The key has no order.
    #[error("'{key}' can't be compared with < or >; write {key}:value")]
    NoOrder {
        /// The key.
        key: &'static str,
    },
    /// Nothing after the colon.
    #[error("'{key}:' needs a value")]
    NoValue {
        /// The key.
        key: &'static str,
    },
    /// A quote that is not closed.
    #[error("a quote is not closed")]
    OpenQuote,
}

/// A parsed filter. The empty one matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    source: String,
    terms: Vec<Term>,
}

/// One word of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    negated: bool,
    test: Test,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    /// `:`
    Is,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

/// What is asked. Lists are "one of them".
#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Word(Needle),
    /// One of the keys whose value is a text.
    Text(Key, Vec<Needle>),
    Class(Vec<crate::model::DeviceClass>),
    State(Vec<crate::model::DeviceState>),
    Care(Op, Vec<CareLevel>),
    Touch(Op, Vec<TouchPolicy>),
    Severity(Op, Vec<Severity>),
    Alert(Vec<AlertWord>),
    Firmware(Op, Vec<Needle>),
    Net(Vec<ipnet::IpNet>, Vec<Needle>),
    Vlan(Op, Vec<u16>),
    /// Milliseconds since it was last seen.
    Seen(Op, u64),
    Is(Vec<Trait>),
    Fault(Vec<FaultWord>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum AlertWord {
    Any,
    State(crate::model::AlertState),
    Condition(Vec<crate::model::Condition>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FaultWord {
    Any,
    Is(crate::model::AgentFault),
    /// A kind of poll misses its time now.
    Overrun,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trait {
    Medical,
    Network,
    Declared,
    Clinical,
    Attached,
}

impl Filter {
    /// Understands a filter, or says what is wrong with it.
    pub fn parse(source: &str) -> Result<Self, FilterError> {
        parse::parse(source)
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Matches everything.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Every key with one line of help.
    pub fn keys() -> &'static [FilterKey] {
        keys::KEYS
    }

    /// What the last word of `typed` could go on as: keys, or the values of a key that has a fixed set. Each completes the
    /// whole word (`cl` → `class:`; `class:ve` → `class:ventilator`).
    pub fn complete(typed: &str) -> Vec<String> {
        keys::complete(typed)
    }

    /// The same with values out of the state: segments, vendors, wards, names of devices. What holds a blank is quoted.
    pub fn complete_in(typed: &str, state: &super::State) -> Vec<String> {
        complete::of_state(typed, state)
    }

    /// Where the last word of `typed` begins, in bytes: a blank in quotes parts no words.
    pub fn last_word(typed: &str) -> usize {
        complete::last_word(typed)
    }
}

#[cfg(test)]
mod tests;
