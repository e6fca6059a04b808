//! What a person is asked for before a run, with its type.

use regex::Regex;

use crate::model::Text;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name in templates.
    pub name: Text,
    /// The question as shown.
    pub title: Text,
    /// What is accepted.
    pub kind: InputKind,
    /// Taken where nothing is given.
    pub default: Option<Text>,
}

/// What is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Text that the whole pattern matches.
    Text(Pattern),
    /// A whole number between the two, both included.
    Number {
        /// The least.
        min: u32,
        /// The greatest.
        max: u32,
    },
    /// One of these.
    Choice(Vec<Text>),
    /// An interface of the device by `ifName` or `ifIndex`.
    Interface,
    /// An object identifier, dotted (RFC 2578, 128 arcs at the most).
    Oid,
}

/// A regular expression that must match from end to end.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: Text,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// Compiles it, with a cap on its size.
    pub fn new(source: &str) -> Result<Self, String> {
        let regex = regex::RegexBuilder::new(&format!("^(?:{source})$"))
            .size_limit(1 << 16)
            .build()
            .map_err(|e| e.to_string())?;
        Ok(Self {
            source: Text::from(source),
            regex,
        })
    }

    /// As it was written.
    pub fn source(&self) -> &Text {
        &self.source
    }
}

impl InputKind {
    /// The word for what is accepted, with its bounds.
    pub fn describe(&self) -> Text {
        match self {
            Self::Text(pattern) => Text::from(format!("text matching {}", pattern.source)),
            Self::Number { min, max } => Text::from(format!("a number from {min} to {max}")),
            Self::Choice(of) => {
                let of: Vec<&str> = of.iter().map(Text::as_str).collect();
                Text::from(format!("one of {}", of.join(", ")))
            }
            Self::Interface => Text::from("an interface by its name or index"),
            Self::Oid => Text::from("an object identifier such as 1.3.6.1.2.1.1.3.0"),
        }
    }

    /// The value in its one form (`007` becomes `7`), or why it is not accepted. An interface is looked up by the planner.
    pub fn check(&self, value: &Text) -> Result<Text, Text> {
        let no = || Text::from(format!("it must be {}", self.describe()));
        let raw = value.unescape();
        let Ok(raw) = std::str::from_utf8(&raw) else {
            return Err(no());
        };
        if raw.chars().any(char::is_control) || Text::from(raw).as_str().contains("\\u{") {
            return Err(Text::from(
                "it holds characters that can't be shown; type it anew",
            ));
        }
        match self {
            Self::Text(pattern) => pattern.regex.is_match(raw).then(|| value.clone()),
            Self::Number { min, max } => raw
                .parse::<u32>()
                .ok()
                .filter(|n| n >= min && n <= max)
                .map(|n| Text::from(n.to_string())),
            Self::Choice(of) => of.contains(value).then(|| value.clone()),
            Self::Interface => (!raw.is_empty()).then(|| value.clone()),
            Self::Oid => oid(raw).map(Text::from),
        }
        .ok_or_else(no)
    }
}

/// The dotted form without a leading dot, when it is one (RFC 2578 §3.5: 128 arcs, each below 2^32).
pub(crate) fn oid(text: &str) -> Option<String> {
    let text = text.strip_prefix('.').unwrap_or(text);
    let digits = |a: &str| !a.is_empty() && a.bytes().all(|b| b.is_ascii_digit());
    let arcs: Vec<u32> = text
        .split('.')
        .map(|a| a.parse::<u32>().ok().filter(|_| digits(a)))
        .collect::<Option<_>>()?;
    let (first, second) = (*arcs.first()?, *arcs.get(1)?);
    let fits = arcs.len() <= 128 && first <= 2 && (first == 2 || second < 40);
    fits.then(|| {
        arcs.iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(".")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_what_it_says_and_nothing_else() {
        let pattern = InputKind::Text(Pattern::new("[a-z]+(\\.[a-z]+)*").unwrap());
        let number = InputKind::Number { min: 1, max: 20 };
        let choice = InputKind::Choice(vec!["fast".into(), "slow".into()]);
        let table: [(&InputKind, &str, Option<&str>); 21] = [
            (&pattern, "a.b", Some("a.b")),
            (&pattern, "a.b; rm -rf /", None),
            (&pattern, "a\nb", None),
            (&pattern, "", None),
            (&number, "4", Some("4")),
            (&number, "007", Some("7")),
            (&number, "+7", Some("7")),
            (&number, "0", None),
            (&number, "21", None),
            (&number, "-3", None),
            (&number, "99999999999999", None),
            (&choice, "slow", Some("slow")),
            (&choice, "slo", None),
            (&InputKind::Interface, "Gi1/0/7", Some("Gi1/0/7")),
            (&InputKind::Interface, "", None),
            (&InputKind::Oid, ".1.3.6.1", Some("1.3.6.1")),
            (&InputKind::Oid, "1.40.1", None),
            (&InputKind::Oid, "3.1", None),
            (&InputKind::Oid, "1..3", None),
            (&InputKind::Oid, "1.3.+6", None),
            (&InputKind::Oid, "1.3.4294967296", None),
        ];
        for (kind, given, want) in table {
            let got = kind.check(&Text::from(given)).ok();
            assert_eq!(got.as_ref().map(Text::as_str), want, "{kind:?} {given:?}");
        }
        assert!(
            InputKind::Choice(vec![])
                .check(&Text::from("a\u{202e}b"))
                .is_err()
        );
        let long = format!("1.3{}", ".1".repeat(127));
        assert!(InputKind::Oid.check(&Text::from(long)).is_err());
    }

    #[test]
    fn a_pattern_that_would_take_all_memory_is_refused() {
        assert!(Pattern::new("(?:[a-z]{500}){500}").is_err());
        assert!(Pattern::new("(").is_err());
    }
}
