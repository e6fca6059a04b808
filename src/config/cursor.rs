//! A table of the file while it is read: values by key and type, with their places, and every mistake noted.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{Shape, Table};
use super::source::{At, Sources};
use super::word::{hint, one_of, quote};
use crate::model::Text;

/// A value with its place.
pub(super) type Placed<T> = (T, At);

/// One table of a file.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'d, 's> {
    pub(super) spec: &'static Table,
    pub(super) table: &'d DeTable<'s>,
    /// Its header.
    pub(super) at: At,
}

impl<'d, 's> Cursor<'d, 's> {
    /// Looks at a table: unknown keys, and those that must be there, are noted at once.
    pub(super) fn new(
        sources: &mut Sources,
        spec: &'static Table,
        table: &'d DeTable<'s>,
        at: At,
    ) -> Self {
        let known = || spec.keys.iter().map(|k| k.name);
        for key in table.keys() {
            let written: &str = key.get_ref();
            if !known().any(|k| k == written) {
                let help = match hint(written, known()) {
                    none if none.is_empty() => format!("; it knows {}", one_of(known())),
                    some => some,
                };
                let place = At {
                    byte: key.span().start,
                    ..at
                };
                sources.error(
                    place,
                    format!("unknown key {} in {}{help}", quote(written), name(spec)),
                );
            }
        }
        for key in spec.keys.iter().filter(|k| k.required) {
            if !table.contains_key(key.name) {
                sources.error(at, format!("{} has no '{}'", name(spec), key.name));
            }
        }
        Self { spec, table, at }
    }

    pub(super) fn get(&self, key: &str) -> Option<(&'d DeValue<'s>, At)> {
        debug_assert!(
            self.spec.keys.iter().any(|k| k.name == key),
            "{key} is not in the table of keys"
        );
        self.table
            .get(key)
            .map(|value| (value.get_ref(), self.place(value)))
    }

    fn place(&self, value: &Spanned<DeValue<'s>>) -> At {
        At {
            byte: value.span().start,
            ..self.at
        }
    }

    /// The place of a key's value, or of the table.
    pub(super) fn at(&self, key: &str) -> At {
        self.get(key).map_or(self.at, |(_, at)| at)
    }

    fn shape(&self, key: &str) -> Shape {
        self.spec
            .keys
            .iter()
            .find(|k| k.name == key)
            .map_or(Shape::Text, |k| k.shape)
    }

    /// A text that is not empty.
    pub(super) fn text(&self, sources: &mut Sources, key: &str) -> Option<Placed<&'d str>> {
        let (value, at) = self.get(key)?;
        match value {
            DeValue::String(text) if text.trim().is_empty() => {
                let required = self.spec.keys.iter().any(|k| k.name == key && k.required);
                let help = if required { "" } else { "; leave it out" };
                sources.error(at, format!("'{key}' is empty{help}"));
                None
            }
            DeValue::String(text) => {
                let text: &'d str = text;
                Some((text, at))
            }
            other => {
                let mut help = String::new();
                if matches!(other, DeValue::Integer(_) | DeValue::Float(_)) {
                    help = "; put it in quotes".into();
                }
                sources.error(
                    at,
                    format!("'{key}' must be text, not {}{help}", kind(other)),
                );
                None
            }
        }
    }

    /// A text as the model has it, empty where it is left out.
    pub(super) fn line(&self, sources: &mut Sources, key: &str) -> Text {
        self.text(sources, key)
            .map_or_else(Text::empty, |(text, _)| Text::from(text))
    }

    pub(super) fn flag(&self, sources: &mut Sources, key: &str) -> bool {
        self.said(sources, key).unwrap_or(false)
    }

    /// A flag where leaving it out is not the same as `false`.
    pub(super) fn said(&self, sources: &mut Sources, key: &str) -> Option<bool> {
        match self.get(key)? {
            (DeValue::Boolean(flag), _) => Some(*flag),
            (other, at) => {
                sources.error(
                    at,
                    format!("'{key}' must be true or false, not {}", kind(other)),
                );
                None
            }
        }
    }

    pub(super) fn number(&self, sources: &mut Sources, key: &str) -> Option<Placed<i64>> {
        let Shape::Number(low, high) = self.shape(key) else {
            return None;
        };
        let (value, at) = self.get(key)?;
        match value {
            DeValue::Integer(n) => match i64::from_str_radix(n.as_str(), n.radix()) {
                Ok(n) if (low..=high).contains(&n) => Some((n, at)),
                _ => {
                    sources.error(
                        at,
                        format!("'{key}' is {}; it must be from {low} to {high}", n.as_str()),
                    );
                    None
                }
            },
            other => {
                let help = match other {
                    DeValue::String(s) if s.trim().parse::<i64>().is_ok() => {
                        "; write it without quotes"
                    }
                    _ => "",
                };
                sources.error(
                    at,
                    format!(
                        "'{key}' must be a whole number from {low} to {high}, not {}{help}",
                        kind(other)
                    ),
                );
                None
            }
        }
    }

    /// A number in thousandths: no digit goes through a float.
    pub(super) fn decimal(&self, sources: &mut Sources, key: &str) -> Option<i64> {
        let Shape::Decimal(low, high) = self.shape(key) else {
            return None;
        };
        let (value, at) = self.get(key)?;
        let number = match value {
            DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix())
                .ok()
                .and_then(|n| n.checked_mul(1_000)),
            DeValue::Float(n) => thousandths(n.as_str()),
            other => {
                sources.error(
                    at,
                    format!(
                        "'{key}' must be a number such as 8 or 2.5, not {}",
                        kind(other)
                    ),
                );
                return None;
            }
        };
        let fits = number.filter(|n| (low..=high).contains(n));
        if fits.is_none() {
            sources.error(
                at,
                format!("'{key}' must be a number such as 8 or 2.5, with three digits behind the point at most"),
            );
        }
        fits
    }

    /// A duration in seconds.
    pub(super) fn duration(&self, sources: &mut Sources, key: &str) -> Option<u32> {
        let Shape::Duration(low, high) = self.shape(key) else {
            return None;
        };
        let (value, at) = self.get(key)?;
        let seconds = match value {
            DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok(),
            DeValue::String(text) => seconds(text),
            _ => None,
        };
        match seconds {
            None => {
                sources.error(
                    at,
                    format!("'{key}' must be a duration such as 30s, 5m, 6h or 1d"),
                );
                None
            }
            Some(n) if !(low..=high).contains(&n) => {
                sources.error(
                    at,
                    format!(
                        "'{key}' is {}; it must be from {} to {}",
                        spell(n),
                        spell(low),
                        spell(high)
                    ),
                );
                None
            }
            Some(n) => u32::try_from(n).ok(),
        }
    }

    /// A list of texts, each with its place.
    pub(super) fn list(&self, sources: &mut Sources, key: &str) -> Vec<Placed<&'d str>> {
        let Some((value, at)) = self.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(array) = value else {
            let help = match value {
                DeValue::String(s) => format!("; write [\"{}\"]", quote(s).trim_matches('\'')),
                _ => String::new(),
            };
            sources.error(
                at,
                format!("'{key}' must be a list, not {}{help}", kind(value)),
            );
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in array {
            let at = self.place(item);
            match item.get_ref() {
                DeValue::String(text) if !text.trim().is_empty() => {
                    let text: &'d str = text;
                    out.push((text, at));
                }
                DeValue::String(_) => sources.error(at, format!("an empty text in '{key}'")),
                other => sources.error(
                    at,
                    format!("'{key}' must be a list of texts; here is {}", kind(other)),
                ),
            }
        }
        out
    }

    /// One of the words of this key.
    pub(super) fn word<T: Copy>(
        &self,
        sources: &mut Sources,
        key: &str,
        all: &[(&'static str, T)],
    ) -> Option<Placed<T>> {
        let (written, at) = self.text(sources, key)?;
        if let Some((_, value)) = all.iter().find(|(word, _)| *word == written) {
            return Some((*value, at));
        }
        let known = || all.iter().map(|w| w.0);
        // a few words are told whole: 'sha2' may be meant as many things
        let help = match hint(written, known()) {
            some if !some.is_empty() && all.len() > 8 => some,
            _ => format!("; it must be {}", one_of(known())),
        };
        sources.error(at, format!("'{key}' can't be {}{help}", quote(written)));
        None
    }

    /// The value as it stands, for keys of more than one shape.
    pub(super) fn raw(&self, key: &str) -> Option<(&'d DeValue<'s>, At)> {
        self.get(key)
    }
}

/// `[site]` or `[[device]]`.
pub(super) fn name(spec: &Table) -> String {
    match (spec.name.contains(' '), spec.many) {
        (true, _) => format!("a {}", spec.name),
        (false, true) => format!("[[{}]]", spec.name),
        (false, false) => format!("[{}]", spec.name),
    }
}

/// What a value is, in a word.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// `2.5` as 2,500.
fn thousandths(text: &str) -> Option<i64> {
    let text = text.replace('_', "");
    let (whole, behind) = text.split_once('.')?;
    if behind.len() > 3 || !behind.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let negative = whole.starts_with('-');
    let whole: i64 = whole.parse().ok()?;
    let behind: i64 = format!("{behind:0<3}").parse().ok()?;
    let behind = if negative { -behind } else { behind };
    whole.checked_mul(1_000)?.checked_add(behind)
}

/// `90`, `90s`, `5m`, `6h`, `1d`.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let unit = match unit.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit)
}

/// The other way from [`seconds`].
pub(super) fn spell(seconds: i64) -> String {
    for (unit, letter) in [(86_400, 'd'), (3600, 'h'), (60, 'm')] {
        if seconds != 0 && seconds % unit == 0 {
            return format!("{}{letter}", seconds / unit);
        }
    }
    format!("{seconds}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_spelled() {
        for (text, value) in [
            ("30s", Some(30)),
            ("45", Some(45)),
            ("15m", Some(900)),
            ("6 h", Some(21_600)),
            ("1d", Some(86_400)),
            ("-5s", None),
            ("5 fortnights", None),
            ("", None),
            ("99999999999999999999s", None),
            ("9223372036854775807d", None),
        ] {
            assert_eq!(seconds(text), value, "{text}");
        }
        for n in [0, 1, 59, 60, 90, 3600, 5400, 86_400, 172_800] {
            assert_eq!(seconds(&spell(n)), Some(n));
        }
    }
}
