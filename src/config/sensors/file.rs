//! The shape of a file of sensor tables (TOML), and how it becomes [`SensorTable`]s.

use serde::Deserialize;
use toml::Spanned;

use super::{Column, Condition, Kind, SensorError, SensorTable, Unit, Word, at_start};
use crate::model::sensor_table::usual;
use crate::model::{SensorKind, SensorState, Text};

/// The most rows a table may ask for.
const MOST_ROWS: usize = 2_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    table: Vec<Spanned<RawTable>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawWord {
    Number(i64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCondition {
    column: String,
    is: Vec<RawWord>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKind {
    is: Vec<RawWord>,
    kind: SensorKind,
    #[serde(default)]
    scale: i32,
    #[serde(default)]
    unit: RawUnit,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawUnit {
    #[default]
    Own,
    Fahrenheit,
    Kelvin,
}

impl From<RawUnit> for Unit {
    fn from(unit: RawUnit) -> Self {
        match unit {
            RawUnit::Own => Self::Own,
            RawUnit::Fahrenheit => Self::Fahrenheit,
            RawUnit::Kelvin => Self::Kelvin,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawTable {
    id: String,
    enabled: Option<bool>,
    #[serde(default)]
    of: Vec<String>,
    #[serde(default)]
    not_of: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    #[serde(default)]
    scalar: bool,
    kind: Option<SensorKind>,
    kind_column: Option<String>,
    #[serde(default)]
    kinds: Vec<RawKind>,
    #[serde(default)]
    name: Vec<String>,
    title: Option<String>,
    #[serde(default)]
    strip: String,
    value: Option<String>,
    #[serde(default)]
    scale: i32,
    divide: Option<i64>,
    digits: Option<String>,
    scale_column: Option<String>,
    #[serde(default)]
    unit: RawUnit,
    fahrenheit: Option<RawCondition>,
    #[serde(default)]
    missing: Vec<i64>,
    left_of: Option<i64>,
    tenths_above: Option<i64>,
    #[serde(default)]
    rest: Vec<String>,
    state: Option<String>,
    #[serde(default)]
    good: Vec<RawWord>,
    #[serde(default)]
    warning: Vec<RawWord>,
    #[serde(default)]
    failed: Vec<RawWord>,
    #[serde(default)]
    absent: Vec<RawWord>,
    otherwise: Option<SensorState>,
    #[serde(default)]
    only: Vec<RawCondition>,
    rows: Option<usize>,
}

/// Id and table of each entry; no table where it only takes one away.
type Tables = Vec<(String, Option<SensorTable>)>;

pub(super) fn read(name: &str, text: &str) -> Result<Tables, Vec<SensorError>> {
    let parsed: File = toml::from_str(text).map_err(|e| {
        let (line, column) = place(text, e.span().map_or(0, |s| s.start));
        vec![SensorError {
            file: Text::from(name),
            line,
            column,
            what: Text::from(e.message()),
        }]
    })?;
    let mut tables: Tables = Vec::new();
    let mut errors = Vec::new();
    for raw in parsed.table {
        let (line, column) = place(text, raw.span().start);
        let raw = raw.into_inner();
        let id = raw.id.clone();
        let made = if tables.iter().any(|(other, _)| *other == id) {
            Err(format!("a second table '{id}' in this file"))
        } else if raw.enabled == Some(false) {
            Ok(None)
        } else {
            table(raw).map(Some)
        };
        match made {
            Ok(table) => tables.push((id, table)),
            Err(what) => errors.push(SensorError {
                line,
                column,
                ..at_start(name, &format!("table '{id}': {what}"))
            }),
        }
    }
    if errors.is_empty() {
        Ok(tables)
    } else {
        Err(errors)
    }
}

fn table(raw: RawTable) -> Result<SensorTable, String> {
    let plain = |id: &str| {
        !id.is_empty()
            && id.len() <= 40
            && id
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if !plain(&raw.id) {
        return Err("an id is made of small letters, digits and '-', 40 at the most".into());
    }
    let kinds = match (raw.kind_column, raw.kinds.is_empty()) {
        (Some(of), false) => Some((column(&of)?, raw.kinds.into_iter().map(kind).collect())),
        (None, true) => None,
        (Some(_), true) => {
            return Err("'kind-column' needs [[table.kinds]] that say what its values mean".into());
        }
        (None, false) => return Err("[[table.kinds]] need 'kind-column'".into()),
    };
    if raw.kind.is_none() && kinds.is_none() {
        return Err(
            "what does it measure? give 'kind', or 'kind-column' with [[table.kinds]]".into(),
        );
    }
    let states: Vec<(SensorState, Vec<Word>)> = [
        (SensorState::Good, raw.good),
        (SensorState::Warning, raw.warning),
        (SensorState::Failed, raw.failed),
        (SensorState::Absent, raw.absent),
    ]
    .into_iter()
    .filter(|(_, words)| !words.is_empty())
    .map(|(state, list)| (state, words(list)))
    .collect();
    if raw.state.is_some() == states.is_empty() {
        return Err(
            "'state' and what its values mean (good, warning, failed, absent) belong together"
                .into(),
        );
    }
    if raw.value.is_none() && raw.state.is_none() {
        return Err("it has neither 'value' nor 'state'".into());
    }
    if raw.divide.is_some_and(|n| n <= 0) {
        return Err("'divide' is at least 1".into());
    }
    if !(-18..=18).contains(&raw.scale) {
        return Err("'scale' is a power of ten from -18 to 18".into());
    }
    let rows = raw.rows.unwrap_or(usual::ROWS);
    if rows == 0 || rows > MOST_ROWS {
        return Err(format!("'rows' is from 1 to {MOST_ROWS}"));
    }
    let title = raw.title.unwrap_or_else(|| {
        if raw.name.is_empty() {
            format!("{} {{index}}", raw.id)
        } else {
            usual::TITLE.into()
        }
    });
    Ok(SensorTable {
        id: raw.id,
        of: raw.of.iter().map(|o| prefix(o)).collect::<Result<_, _>>()?,
        not_of: raw
            .not_of
            .iter()
            .map(|o| prefix(o))
            .collect::<Result<_, _>>()?,
        unless: raw.unless,
        scalar: raw.scalar,
        kind: raw.kind.unwrap_or(SensorKind::Other),
        strip: raw.strip,
        kinds,
        names: raw
            .name
            .iter()
            .map(|n| column(n))
            .collect::<Result<_, _>>()?,
        title,
        value: raw.value.as_deref().map(arcs).transpose()?,
        scale: raw.scale,
        divide: raw.divide.unwrap_or(1),
        digits: raw.digits.as_deref().map(arcs).transpose()?,
        scale_column: raw.scale_column.as_deref().map(arcs).transpose()?,
        unit: raw.unit.into(),
        fahrenheit: raw.fahrenheit.map(condition).transpose()?,
        missing: raw.missing,
        left_of: raw.left_of,
        tenths_above: raw.tenths_above,
        rest: raw.rest.iter().map(|o| arcs(o)).collect::<Result<_, _>>()?,
        state: raw.state.as_deref().map(arcs).transpose()?,
        states,
        otherwise: raw.otherwise.unwrap_or(SensorState::Unknown),
        only: raw
            .only
            .into_iter()
            .map(condition)
            .collect::<Result<_, _>>()?,
        rows,
    })
}

fn kind(raw: RawKind) -> Kind {
    Kind {
        is: words(raw.is),
        kind: raw.kind,
        scale: raw.scale,
        unit: raw.unit.into(),
    }
}

fn condition(raw: RawCondition) -> Result<Condition, String> {
    Ok(Condition {
        column: column(&raw.column)?,
        is: words(raw.is),
    })
}

fn words(list: Vec<RawWord>) -> Vec<Word> {
    list.into_iter()
        .map(|w| match w {
            RawWord::Number(n) => Word::Number(n),
            RawWord::Text(t) => Word::Text(t.to_lowercase()),
        })
        .collect()
}

/// `1.3.6.1…`; `1.3.6.1…@2` for the row that the first two arcs of the index lead to, `@0` for a scalar; `{2}` for the second
/// arc of the index, `{-1}` for the last.
fn column(written: &str) -> Result<Column, String> {
    if written == "{text}" {
        return Ok(Column::Text);
    }
    if let Some(arc) = written.strip_prefix('{').and_then(|w| w.strip_suffix('}')) {
        return match arc.parse() {
            Ok(arc) if arc != 0 => Ok(Column::Arc(arc)),
            _ => Err(format!(
                "'{written}': in braces stands an arc of the index, from 1, or from -1"
            )),
        };
    }
    match written.split_once('@') {
        Some((oid, first)) => {
            let n: usize = first.parse().map_err(|_| {
                format!("'{written}': after @ stands how many arcs of the index lead to it")
            })?;
            Ok(Column::First(arcs(oid)?, n))
        }
        None => Ok(Column::Row(arcs(written)?)),
    }
}

/// Of a `sysObjectID`: some agents have broken ones.
fn prefix(written: &str) -> Result<Vec<u32>, String> {
    let arcs: Result<Vec<u32>, _> = written.split('.').map(str::parse).collect();
    arcs.ok()
        .filter(|arcs| (6..=64).contains(&arcs.len()))
        .ok_or_else(|| format!("'{written}' is no sysObjectID; write it as 1.3.6.1.4.1.9"))
}

fn arcs(written: &str) -> Result<Vec<u32>, String> {
    let arcs: Result<Vec<u32>, _> = written.split('.').map(str::parse).collect();
    match arcs {
        Ok(arcs) if (3..=64).contains(&arcs.len()) && arcs.starts_with(&[1, 3]) => Ok(arcs),
        _ => Err(format!(
            "'{written}' is no object identifier; write it as 1.3.6.1.4.1.9"
        )),
    }
}

/// Line and column, both from 1, of a byte offset.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    (line, column)
}
