//! What a table of sensors is, once it was read and checked.
//!
//! Tables stand in the log, in snapshots and in what a person consents to. There a key that says what is usual is left out: so
//! hundreds of tables stay small, and a key that is added later changes the hash of no table that has it not. What is usual is
//! therefore never changed.

use serde::{Deserialize, Serialize};

use super::{SensorKind, SensorState};

/// A number or a word as an agent gives it; words are compared without case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// INTEGER, Gauge32 and their like; also a text that is a number.
    Number(i64),
    /// A text, in lower case; `*` at its beginning or end, or between, stands for anything, `?` for one character.
    Text(String),
}

impl Word {
    /// Is it meant by this number, or this text in lower case?
    pub fn is(&self, number: Option<i64>, text: &str) -> bool {
        match self {
            Self::Number(n) => number == Some(*n),
            Self::Text(pattern) => glob(pattern.as_bytes(), text.as_bytes()),
        }
    }
}

/// Texts are short: names of sensors.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut back) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || Some(c) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((star, from)) = back else {
                    return false;
                };
                back = Some((star, from + 1));
                p = star + 1;
                t = from + 1;
            }
        }
    }
    pattern
        .get(p..)
        .is_some_and(|rest| rest.iter().all(|c| *c == b'*'))
}

/// Something that is known of a row besides its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// A column with the same index, in this table or another one.
    Row(Vec<u32>),
    /// A column of another table that the first arcs of the index lead to; none lead to the scalar `.0`.
    First(Vec<u32>, usize),
    /// The index itself, where that is a text with its length before it.
    Text,
    /// An arc of the index itself, from 1; from the end where negative.
    Arc(i32),
}

impl Column {
    /// Where its value is to be had for the row with this index; nothing where the index holds it.
    pub fn instance(&self, index: &[u32]) -> Option<Vec<u32>> {
        let (oid, index) = match self {
            Self::Row(oid) => (oid, index),
            Self::First(oid, 0) => (oid, &[0][..]),
            Self::First(oid, n) => (oid, index.get(..*n).unwrap_or(index)),
            Self::Arc(_) | Self::Text => return None,
        };
        Some([oid.as_slice(), index].concat())
    }

    /// The column that is asked for it, if any.
    fn oid(&self) -> Option<&[u32]> {
        match self {
            Self::Row(oid) | Self::First(oid, _) => Some(oid),
            Self::Arc(_) | Self::Text => None,
        }
    }

    /// The index as a text.
    pub fn text(&self, index: &[u32]) -> Option<Vec<u8>> {
        let (Self::Text, Some((_, octets))) = (self, index.split_first()) else {
            return None;
        };
        octets.iter().map(|arc| u8::try_from(*arc).ok()).collect()
    }

    /// The arc that it means.
    pub fn arc(&self, index: &[u32]) -> Option<u32> {
        let Self::Arc(at) = self else { return None };
        let at = if *at < 0 {
            index.len().checked_sub(at.unsigned_abs() as usize)?
        } else {
            usize::try_from(*at).ok()?.checked_sub(1)?
        };
        index.get(at).copied()
    }
}

/// Degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// The unit of the kind ([`SensorKind`]).
    #[default]
    Own,
    /// Degrees Fahrenheit.
    Fahrenheit,
    /// Degrees Kelvin.
    Kelvin,
}

/// A column that must, or decides what a row is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Condition {
    /// Which.
    pub column: Column,
    /// Its values.
    pub is: Vec<Word>,
}

/// What the rows of a table are whose `kind-column` has these values.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Kind {
    /// Values of the column.
    pub is: Vec<Word>,
    /// The kind.
    pub kind: SensorKind,
    /// Power of ten that makes the number a number of the kind's unit.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub scale: i32,
    /// Degrees of which kind.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub unit: Unit,
}

/// It is what it is where nothing is said.
fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What is usual where that is not nothing.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over references"
)]
pub mod usual {
    use crate::model::SensorState;

    /// Rows that are read.
    pub const ROWS: usize = 256;
    /// It is called what its name column says.
    pub const TITLE: &str = "{name}";

    pub(super) fn rows() -> usize {
        ROWS
    }

    pub(super) fn is_rows(rows: &usize) -> bool {
        *rows == ROWS
    }

    pub(super) fn title() -> String {
        TITLE.into()
    }

    pub(super) fn is_title(title: &str) -> bool {
        title == TITLE
    }

    pub(super) fn divide() -> i64 {
        1
    }

    pub(super) fn is_divide(by: &i64) -> bool {
        *by == 1
    }

    pub(super) fn otherwise() -> SensorState {
        SensorState::Unknown
    }

    pub(super) fn is_otherwise(state: &SensorState) -> bool {
        *state == SensorState::Unknown
    }
}

/// A table of an agent that holds sensors, or scalars where `scalar` is set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SensorTable {
    /// Its id: keys of its sensors begin with it.
    pub id: String,
    /// `sysObjectID`s it is asked of; empty means any.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub of: Vec<Vec<u32>>,
    /// `sysObjectID`s it is not asked of.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub not_of: Vec<Vec<u32>>,
    /// Not asked where one of these gave sensors.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub unless: Vec<String>,
    /// Each column has the one instance `.0`.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub scalar: bool,
    /// What it measures.
    pub kind: SensorKind,
    /// An end that is cut off names.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub strip: String,
    /// The column that says what a row measures, with what its values mean; other values are no sensors.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub kinds: Option<(Column, Vec<Kind>)>,
    /// Columns with its name; the first that is not empty.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub names: Vec<Column>,
    /// How it is called: `{name}`, `{1}` for the first arc of the index, `{-1}` for the last.
    #[serde(default = "usual::title", skip_serializing_if = "usual::is_title")]
    pub title: String,
    /// The column with the number.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub value: Option<Vec<u32>>,
    /// Power of ten that makes it a number of the kind's unit.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub scale: i32,
    /// It is divided by this, where it is no power of ten.
    #[serde(default = "usual::divide", skip_serializing_if = "usual::is_divide")]
    pub divide: i64,
    /// The column with digits behind the point, which scale further down.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub digits: Option<Vec<u32>>,
    /// The column with EntitySensorDataScale (RFC 3433), which scales further.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub scale_column: Option<Vec<u32>>,
    /// Degrees of which kind.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub unit: Unit,
    /// Degrees Fahrenheit where this holds.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub fahrenheit: Option<Condition>,
    /// Numbers that mean that there is none.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub missing: Vec<i64>,
    /// The value is what is used of this; told is what is left.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub left_of: Option<i64>,
    /// A number above this is in tenths: agents that take the unit of a MIB for another one.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub tenths_above: Option<i64>,
    /// Columns that make the whole together with the value: addresses in use.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub rest: Vec<Vec<u32>>,
    /// The column with what the agent says of it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub state: Option<Vec<u32>>,
    /// What its numbers and words mean; words may begin and end with `*`.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub states: Vec<(SensorState, Vec<Word>)>,
    /// What other values of it mean.
    #[serde(
        default = "usual::otherwise",
        skip_serializing_if = "usual::is_otherwise"
    )]
    pub otherwise: SensorState,
    /// Only rows for which all of these hold.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub only: Vec<Condition>,
    /// Rows that are read.
    #[serde(default = "usual::rows", skip_serializing_if = "usual::is_rows")]
    pub rows: usize,
}

impl SensorTable {
    /// May it be asked of an agent with this `sysObjectID`?
    pub fn fits(&self, object_id: &[u32]) -> bool {
        let under = |all: &[Vec<u32>]| all.iter().any(|p| object_id.starts_with(p));
        (self.of.is_empty() || under(&self.of)) && !under(&self.not_of)
    }

    /// Columns that are asked at each reading.
    pub fn moving(&self) -> Vec<&[u32]> {
        let rest = self.rest.iter().map(Vec::as_slice);
        self.value
            .as_deref()
            .into_iter()
            .chain(self.state.as_deref())
            .chain(rest)
            .collect()
    }

    /// Columns that are asked when a row is new, and of all rows from time to time.
    pub fn looked_up(&self) -> Vec<&[u32]> {
        let kind = self.kinds.iter().map(|(column, _)| column);
        let conditions = self.fahrenheit.iter().chain(&self.only);
        let fixed = kind
            .chain(conditions.map(|c| &c.column))
            .chain(&self.names)
            .filter_map(Column::oid);
        let scales = self.digits.iter().chain(&self.scale_column);
        fixed.chain(scales.map(Vec::as_slice)).collect()
    }
}
