//! Where a value comes from, as a rule writes it: `descr`, `name`, `oid`, `chassis.model`, an object (`~9.9.1.0`, where `~` is
//! `1.3.6.1.4.1.` and `^` is `1.3.6.1.2.1.`), or the first row of a column (`^43.5.1.1.17.*`).

use std::borrow::Cow;

use super::answers::{ENTITY, SYS_DESCR, SYS_NAME, SYS_OBJECT_ID, Seen};

/// Rows of a column that are looked at for one that says something.
const ROW_CAP: usize = 512;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// One object.
    Object(Vec<u32>),
    /// The first row of a column that says something.
    Column(Vec<u32>),
    /// A column of the entity table (RFC 6933), in the row of the chassis.
    Entity(u32),
    /// The table of models of the rule, by `sysObjectID`.
    Models,
}

/// Columns of `entPhysicalEntry` by the names that rules have for them.
const ENTITY_COLUMNS: [(&str, u32); 8] = [
    ("chassis.descr", 2),
    ("chassis.type", 3),
    ("chassis.name", 7),
    ("chassis.hardware", 8),
    ("chassis.firmware", 9),
    ("chassis.software", 10),
    ("chassis.serial", 11),
    ("chassis.model", 13),
];

impl Source {
    /// As it is written; nothing where it is no source.
    pub fn parse(word: &str) -> Option<Self> {
        let object = |oid: &[u32]| Some(Self::Object(oid.to_vec()));
        match word {
            "descr" => object(SYS_DESCR),
            "name" => object(SYS_NAME),
            "oid" => object(SYS_OBJECT_ID),
            "models" => Some(Self::Models),
            _ => {
                let entity = ENTITY_COLUMNS.iter().find(|(name, _)| *name == word);
                if let Some((_, column)) = entity {
                    return Some(Self::Entity(*column));
                }
                match word.strip_suffix(".*") {
                    Some(column) => arcs(column).map(Self::Column),
                    None => arcs(word).map(Self::Object),
                }
            }
        }
    }

    /// The first answer that says something.
    pub fn read<'a>(&self, of: &'a Seen<'_>) -> Option<Cow<'a, str>> {
        let said = |text: &Cow<'_, str>| says_something(text);
        match self {
            Self::Object(oid) => of.text(oid).filter(said),
            Self::Column(column) => of.rows(column).take(ROW_CAP).map(|row| row.1).find(said),
            Self::Entity(column) => {
                let mut oid = ENTITY.to_vec();
                oid.extend([*column, 0]);
                let chassis = of.chassis();
                if chassis.empty {
                    return None;
                }
                let found = chassis.rows.iter().find_map(|row| {
                    *oid.last_mut()? = *row;
                    of.text(&oid).filter(said)
                });
                // where nobody says which row is the chassis, the first that says something
                found.or_else(|| {
                    oid.pop();
                    let rows = chassis.unclassed.then(|| of.rows(&oid).take(ROW_CAP));
                    rows.into_iter().flatten().map(|row| row.1).find(said)
                })
            }
            Self::Models => None,
        }
    }

    /// Shows each answer that says something, until one will do.
    pub fn find(&self, of: &Seen<'_>, mut will_do: impl FnMut(&str) -> bool) {
        match self {
            Self::Column(column) => {
                let rows = of.rows(column).take(ROW_CAP);
                let _ = rows
                    .map(|row| row.1)
                    .filter(|t| says_something(t))
                    .find(|t| will_do(t));
            }
            _ => {
                let _ = self.read(of).is_some_and(|text| will_do(&text));
            }
        }
    }

    /// What is to be asked for it: an object, or a column.
    pub fn asked(&self) -> Option<Vec<u32>> {
        match self {
            Self::Object(oid) | Self::Column(oid) => Some(oid.clone()),
            Self::Entity(column) => Some([ENTITY, &[*column]].concat()),
            Self::Models => None,
        }
    }
}

/// Arcs as they are written; at least two.
pub(super) fn arcs(word: &str) -> Option<Vec<u32>> {
    let (head, rest): (&[u32], &str) = match word.split_at_checked(1) {
        Some(("~", rest)) => (&[1, 3, 6, 1, 4, 1], rest),
        Some(("^", rest)) => (&[1, 3, 6, 1, 2, 1], rest),
        _ => (&[], word),
    };
    let mut all = head.to_vec();
    for arc in rest.split('.') {
        all.push(arc.parse().ok()?);
    }
    (all.len() >= 2).then_some(all)
}

/// Words that stand where nothing is known.
const NOTHING: [&str; 15] = [
    "00:00:00:00:00:00",
    "n/a",
    "na",
    "none",
    "null",
    "unknown",
    "not available",
    "not specified",
    "not set",
    "undefined",
    "default string",
    "to be filled by o.e.m.",
    "noserialnumber",
    "-",
    "?",
];

/// It is a value, and no placeholder.
fn says_something(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\0');
    !text.is_empty() && !NOTHING.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_word_an_object_or_a_column() {
        for (word, want) in [
            ("descr", Some(Source::Object(SYS_DESCR.to_vec()))),
            ("chassis.serial", Some(Source::Entity(11))),
            (
                "~9.1.0",
                Some(Source::Object(vec![1, 3, 6, 1, 4, 1, 9, 1, 0])),
            ),
            (
                "^43.5.*",
                Some(Source::Column(vec![1, 3, 6, 1, 2, 1, 43, 5])),
            ),
            ("1.0.8802", Some(Source::Object(vec![1, 0, 8802]))),
            ("chassis.colour", None),
            ("~", None),
            ("~9.x", None),
            ("~9.4294967296", None),
            ("AOS", None),
            ("", None),
        ] {
            assert_eq!(Source::parse(word), want, "{word}");
        }
    }

    #[test]
    fn placeholders_say_nothing() {
        for word in [
            "",
            "  ",
            "N/A",
            "\"\"",
            "Unknown",
            "To Be Filled By O.E.M.",
            "\0\0",
        ] {
            assert!(!says_something(word), "{word:?}");
        }
        assert!(says_something("0"));
    }
}
