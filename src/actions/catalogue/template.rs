//! Arguments with `{placeholders}`.
//!
//! One template makes exactly one argument, whatever stands in a value: there is no splitting, no quoting and no shell. A value
//! can't become an option either: an argument that begins with `-` where the template does not is refused.

use std::collections::BTreeMap;

use crate::model::Text;

/// Values by placeholder. Whoever puts a name from the network in gives the escaped form of its [`Text`], so that it
/// reaches a program as visible escapes.
pub type Values = BTreeMap<String, String>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Value(String),
}

/// One argument, or one value of the environment. `{{` and `}}` stand for braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// Why no argument came of a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// Nothing is known for it.
    #[error("there is no value for {{{0}}}")]
    NoValue(String),
    /// It would be read as an option.
    #[error("the value of {{{name}}} begins with '-' and would be taken for an option: {value}")]
    Option {
        /// The placeholder.
        name: String,
        /// Its value.
        value: Text,
    },
    /// It would be nothing.
    #[error("the value of {{{0}}} is empty, and an empty argument would mean something else")]
    Empty(String),
    /// It can't be given as it is.
    #[error("an argument is longer than 4000 bytes, or ends in NUL")]
    Unfit,
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' | '}' if chars.peek() == Some(&c) => {
                    chars.next();
                    literal.push(c);
                }
                '{' => {
                    let mut name = String::new();
                    loop {
                        match chars.next() {
                            Some('}') => break,
                            Some(c) => name.push(c),
                            None => {
                                return Err(format!(
                                    "'{{{name}' is not closed; write '{{{{' for a brace"
                                ));
                            }
                        }
                    }
                    if !is_name(&name) {
                        return Err(format!(
                            "'{{{name}}}' is no placeholder: lower-case letters, digits and '_' only"
                        ));
                    }
                    if !literal.is_empty() {
                        pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                    }
                    pieces.push(Piece::Value(name));
                }
                '}' => return Err("a '}' without '{'; write '}}' for a brace".into()),
                c => literal.push(c),
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self { pieces })
    }

    /// The placeholders in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|p| match p {
            Piece::Value(name) => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// The text, where there is no placeholder in it.
    pub fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Fills one argument of a program. [`Text::unescape`] of the result is what the program gets.
    pub fn argument(&self, values: &Values) -> Result<Text, FillError> {
        let text = self.fill(values)?;
        if let Some(Piece::Value(name)) = self.pieces.first() {
            if text.starts_with('-') {
                return Err(FillError::Option {
                    name: name.clone(),
                    value: Text::from(text),
                });
            }
            if text.is_empty() {
                return Err(FillError::Empty(name.clone()));
            }
        }
        exact(&text)
    }

    /// Fills a value of the environment, where a leading `-` or nothing at all does no harm.
    pub fn value(&self, values: &Values) -> Result<Text, FillError> {
        exact(&self.fill(values)?)
    }

    fn fill(&self, values: &Values) -> Result<String, FillError> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Value(name) => out.push_str(
                    values
                        .get(name)
                        .ok_or_else(|| FillError::NoValue(name.clone()))?,
                ),
            }
        }
        Ok(out)
    }
}

/// A `Text` that gives back exactly these bytes, or none.
fn exact(text: &str) -> Result<Text, FillError> {
    let made = Text::from(text);
    if made.unescape() == text.as_bytes() {
        Ok(made)
    } else {
        Err(FillError::Unfit)
    }
}

/// What a placeholder or an input may be called.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 40
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), Text::from(*v).as_str().to_owned()))
            .collect()
    }

    #[test]
    fn placeholders_are_replaced_within_one_argument() {
        let with = values(&[("address", "10.3.1.2"), ("count", "4")]);
        let table = [
            ("-n", "-n"),
            ("{address}", "10.3.1.2"),
            ("--count={count}", "--count=4"),
            ("{{{count}}}", "{4}"),
            ("a{{b}}", "a{b}"),
            ("C:\\x", "C:\\x"),
        ];
        for (template, argument) in table {
            let got = Template::parse(template).unwrap().argument(&with).unwrap();
            assert_eq!(got.unescape(), argument.as_bytes(), "{template}");
        }
    }

    #[test]
    fn what_is_no_template_is_said() {
        for bad in ["{", "{address", "}", "{Address}", "{}", "{a b}", "{-n}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_value_never_becomes_an_option_and_never_nothing() {
        let alone = Template::parse("{name}").unwrap();
        assert!(matches!(
            alone.argument(&values(&[("name", "-oProxyCommand=x")])),
            Err(FillError::Option { .. })
        ));
        assert!(matches!(
            alone.argument(&values(&[("name", "")])),
            Err(FillError::Empty(_))
        ));
        assert!(matches!(
            alone.argument(&values(&[])),
            Err(FillError::NoValue(_))
        ));
        // where the template itself says what it is, a minus is a value
        let named = Template::parse("--offset={name}").unwrap();
        assert_eq!(
            named.argument(&values(&[("name", "-5")])).unwrap().as_str(),
            "--offset=-5"
        );
        // two placeholders, the first one empty: still no option
        let two = Template::parse("{name}{rest}").unwrap();
        assert!(
            two.argument(&values(&[("name", ""), ("rest", "-x")]))
                .is_err()
        );
    }

    #[test]
    fn a_hostile_name_reaches_the_program_as_visible_escapes() {
        let got = Template::parse("{device}")
            .unwrap()
            .argument(&values(&[("device", "sw\x1b]0;x\x07")]))
            .unwrap();
        assert_eq!(got.unescape(), b"sw\\u{1b}]0;x\\u{7}");
    }

    proptest! {
        #[test]
        fn one_template_is_one_argument_whatever_the_value(value in ".{0,60}") {
            let with = values(&[("v", &value)]);
            let got = Template::parse("x={v}").unwrap().argument(&with).unwrap();
            let bytes = got.unescape();
            prop_assert!(bytes.starts_with(b"x="));
            let escaped = Text::from(value.as_str());
            prop_assert_eq!(&bytes[2..], escaped.as_str().as_bytes());
        }
    }
}
