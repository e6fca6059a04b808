//! From what an agent's tables hold to sensors: no question is asked here.

use crate::config::sensors::{Column, Condition, SensorTable, Unit, Word};
use crate::model::{SensorKind, SensorState, Text};
use crate::wire::snmp::Value;

/// The longest key, bytes; an index of more arcs than fit is no sensor's.
const KEY: usize = 160;
/// The longest name, characters.
const NAME: usize = 80;
/// Power told to the hundred thousandth of a watt is that of a laser.
const LIGHT: i32 = -5;
/// units(9) of EntitySensorDataScale (RFC 3433)
const UNITS: i64 = 9;

/// What an agent gave for an instance.
pub(super) type Look<'a> = &'a dyn Fn(&[u32]) -> Option<Value>;

/// What stays the same of a row from reading to reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) kind: SensorKind,
    /// Power of ten that makes the number a number of the kind's unit.
    power: i32,
    unit: Unit,
    /// It is light, told in watts and shown in dBm.
    light: bool,
}

/// What moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Thousandths of the kind's unit.
    pub(super) value: Option<i64>,
    pub(super) state: SensorState,
    /// The whole that `value` is left of, thousandths.
    pub(super) total: Option<i64>,
}

/// Instances that say what a row is; its names come apart, once it is known to be a sensor.
pub(super) fn fixed(table: &SensorTable, index: &[u32]) -> Vec<Vec<u32>> {
    let row = |oid: &Vec<u32>| [oid.as_slice(), index].concat();
    let kind = table.kinds.iter().map(|(column, _)| column);
    let only = table.only.iter().map(|c| &c.column);
    let fahrenheit = table.fahrenheit.iter().map(|c| &c.column);
    kind.chain(only)
        .chain(fahrenheit)
        .filter_map(|c| c.instance(index))
        .chain(table.digits.iter().map(row))
        .chain(table.scale_column.iter().map(row))
        .collect()
}

/// Instances that may hold its name, the best first.
pub(super) fn names(table: &SensorTable, index: &[u32]) -> Vec<Vec<u32>> {
    table
        .names
        .iter()
        .filter_map(|c| c.instance(index))
        .collect()
}

/// What the row is, or nothing where it is no sensor.
pub(super) fn shape(table: &SensorTable, index: &[u32], look: Look<'_>) -> Option<Shape> {
    if !table.only.iter().all(|c| holds(c, index, look)) {
        return None;
    }
    let mut shape = Shape {
        kind: table.kind,
        power: table.scale,
        unit: table.unit,
        light: false,
    };
    if let Some((column, kinds)) = &table.kinds {
        let (number, text) = said(column, index, look)?;
        let kind = kinds
            .iter()
            .find(|k| k.is.iter().any(|w| w.is(number, &text)))?;
        shape.kind = kind.kind;
        shape.power += kind.scale;
        if kind.unit != Unit::Own {
            shape.unit = kind.unit;
        }
    }
    let number = |oid: &Option<Vec<u32>>| {
        let oid = oid.as_ref()?;
        look(&[oid.as_slice(), index].concat())?.as_i64()
    };
    if table.scale_column.is_some() {
        let scale = number(&table.scale_column)?;
        let thousands = i32::try_from(scale.checked_sub(UNITS)?).ok()?;
        shape.power = shape.power.checked_add(thousands.checked_mul(3)?)?;
    }
    if table.digits.is_some() {
        let digits = number(&table.digits).unwrap_or(0);
        shape.power = shape.power.checked_sub(i32::try_from(digits).ok()?)?;
    }
    if table
        .fahrenheit
        .as_ref()
        .is_some_and(|c| holds(c, index, look))
    {
        shape.unit = Unit::Fahrenheit;
    }
    if shape.kind == SensorKind::Power && shape.power <= LIGHT {
        shape.kind = SensorKind::Signal;
        shape.light = true;
    }
    // thousands of thousands: such a row is broken
    (-24..=24).contains(&shape.power).then_some(shape)
}

fn holds(condition: &Condition, index: &[u32], look: Look<'_>) -> bool {
    let (number, text) = said(&condition.column, index, look).unwrap_or_default();
    condition.is.iter().any(|w| w.is(number, &text))
}

fn said(column: &Column, index: &[u32], look: Look<'_>) -> Option<(Option<i64>, String)> {
    if let Some(text) = column.text(index) {
        let text = String::from_utf8_lossy(&text).to_lowercase();
        return Some((text.parse().ok(), text));
    }
    match column.instance(index) {
        Some(instance) => look(&instance).map(|v| word(&v)),
        None => column
            .arc(index)
            .map(|arc| (Some(i64::from(arc)), arc.to_string())),
    }
}

/// A value as a number, where it is one, and as a text in lower case.
fn word(value: &Value) -> (Option<i64>, String) {
    if let Some(octets) = value.as_octets() {
        let text = Text::from_bytes(octets.trim_ascii());
        let text = text.as_str().trim_matches('"').trim().to_lowercase();
        return (text.parse().ok(), text);
    }
    match (value.as_oid(), value.as_i64()) {
        (Some(oid), _) => (None, oid.to_string()),
        (None, Some(n)) => (Some(n), n.to_string()),
        (None, None) => (None, String::new()),
    }
}

/// What the row says now. `cells` are those of [`SensorTable::moving`]. Nothing where it holds no reading.
pub(super) fn read(
    table: &SensorTable,
    shape: &Shape,
    cells: &[Option<&Value>],
) -> Option<Reading> {
    let mut cells = cells.iter().copied();
    let raw = if table.value.is_some() {
        cells.next()?
    } else {
        None
    };
    let state = if table.state.is_some() {
        cells
            .next()?
            .map_or(SensorState::Unknown, |v| state(table, v))
    } else {
        SensorState::Unknown
    };
    let measured = !matches!(
        shape.kind,
        SensorKind::Supply | SensorKind::Contact | SensorKind::Other
    );
    let mut value = raw
        .filter(|_| measured && state != SensorState::Absent)
        .and_then(|raw| thousandths(table, shape, raw));
    let mut total = None;
    if let Some(whole) = table.left_of {
        let whole = whole.checked_mul(1_000)?;
        value = value.map(|used| (whole - used).max(0));
        total = value.map(|_| whole);
    }
    if !table.rest.is_empty() {
        let rest: Option<i64> = cells
            .map(|cell| cell?.as_i64().and_then(|n| n.checked_mul(1_000)))
            .try_fold(0_i64, |sum, n| sum.checked_add(n?));
        total = value
            .zip(rest)
            .and_then(|(left, rest)| left.checked_add(rest));
    }
    let quiet = !matches!(state, SensorState::Warning | SensorState::Failed);
    // a thermometer without a temperature is none; a fan that does not tell its speed is one
    let reads = measured && shape.kind != SensorKind::Fan && table.value.is_some();
    if (reads && value.is_none() && quiet) || (value.is_none() && state == SensorState::Unknown) {
        return None;
    }
    if state == SensorState::Absent && !matches!(shape.kind, SensorKind::Fan | SensorKind::Supply) {
        return None;
    }
    Some(Reading {
        value,
        state,
        total,
    })
}

fn state(table: &SensorTable, value: &Value) -> SensorState {
    let (number, text) = word(value);
    let fits = |words: &[Word]| words.iter().any(|w| w.is(number, &text));
    table
        .states
        .iter()
        .find(|(_, words)| fits(words))
        .map_or(table.otherwise, |(state, _)| *state)
}

/// The number in thousandths of the kind's unit, where there is one that can be believed.
fn thousandths(table: &SensorTable, shape: &Shape, value: &Value) -> Option<i64> {
    let (digits, point) = decimal(value)?;
    let whole = 10_i128.checked_pow(point)?;
    let is = |m: &i64| [i128::from(*m), i128::from(*m) * whole].contains(&digits);
    if table.missing.iter().any(is) {
        return None;
    }
    if shape.light {
        return dbm(digits, shape.power - i32::try_from(point).ok()?);
    }
    let power = shape.power + 3 - i32::try_from(point).ok()?;
    let ten = |n: i32| 10_i128.checked_pow(n.unsigned_abs());
    let number = if power >= 0 {
        digits.checked_mul(ten(power)?)?
    } else {
        rounded(digits, ten(power)?)
    };
    let number = rounded(number, i128::from(table.divide));
    let tenths = table
        .tenths_above
        .is_some_and(|most| number.abs() > i128::from(most) * 1_000);
    let number = if tenths { rounded(number, 10) } else { number };
    let number = match shape.unit {
        Unit::Own => number,
        Unit::Fahrenheit => rounded((number - 32_000) * 5, 9),
        Unit::Kelvin => number - 273_150,
    };
    let number = i64::try_from(number).ok()?;
    believed(shape.kind).contains(&number).then_some(number)
}

/// Watts in thousandths of a dBm; no light at all is −40 dBm, as optics say it.
fn dbm(digits: i128, power: i32) -> Option<i64> {
    let milliwatts = digits as f64 * 10_f64.powi(power + 3);
    if !(0.0..1e6).contains(&milliwatts) {
        return None;
    }
    Some((milliwatts.log10().max(-4.0) * 10_000.0).round() as i64)
}

fn rounded(number: i128, by: i128) -> i128 {
    let half = by / 2;
    (if number < 0 {
        number - half
    } else {
        number + half
    }) / by
}

/// Beyond these nothing is believed, thousandths of the unit: a freezer of −196 °C is, a chassis of 6,553.5 °C is not.
fn believed(kind: SensorKind) -> std::ops::RangeInclusive<i64> {
    match kind {
        SensorKind::Temperature => -200_000..=250_000,
        SensorKind::Humidity => 0..=100_000,
        SensorKind::Percent => 0..=200_000,
        SensorKind::Fan => 0..=100_000_000,
        // low voltage ends at 1,000 V
        SensorKind::Voltage => -1_500_000..=1_500_000,
        SensorKind::Current => -3_000_000..=3_000_000,
        SensorKind::Power => -10_000_000_000..=10_000_000_000,
        SensorKind::Signal => -100_000..=100_000,
        SensorKind::Frequency | SensorKind::Leases => 0..=1_000_000_000_000,
        SensorKind::Supply | SensorKind::Contact | SensorKind::Other => i64::MIN..=i64::MAX,
    }
}

/// A number as its digits and how many of them stand behind the point. Texts carry it in front (`23.5 C`) or behind a colon
/// (`CPU: 62 C`), with a point or a comma; Opaque carries a float (net-snmp).
fn decimal(value: &Value) -> Option<(i128, u32)> {
    if let Some(n) = value.as_i64() {
        return Some((i128::from(n), 0));
    }
    if let Value::Opaque(octets) = value {
        // 9f 78 04, then IEEE 754 single precision
        let bytes: [u8; 4] = octets.strip_prefix(&[0x9f, 0x78, 0x04])?.try_into().ok()?;
        let float = f64::from(f32::from_be_bytes(bytes)) * 1_000.0;
        return (float.abs() < 1e15).then(|| (float.round() as i128, 3));
    }
    let octets = value.as_octets()?;
    let text = octets.rsplit(|b| *b == b':').next()?.trim_ascii();
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    let (sign, text) = match text.split_first()? {
        (b'-', rest) => (-1, rest),
        (b'+', rest) => (1, rest),
        _ => (1, text),
    };
    let (mut digits, mut point, mut behind, mut any) = (0_i128, 0, false, false);
    for b in text {
        match b {
            b'0'..=b'9' if any || point < 9 => {
                if point >= 9 || digits > i128::from(i64::MAX) {
                    // more digits than a sensor has
                    return None;
                }
                digits = digits * 10 + i128::from(b - b'0');
                point += u32::from(behind);
                any = true;
            }
            b'.' | b',' if !behind => behind = true,
            _ => break,
        }
    }
    any.then_some((sign * digits, point))
}

/// What stays the same from poll to poll: the table and its index.
pub(super) fn key(table: &SensorTable, index: &[u32]) -> Option<Text> {
    let mut key = table.id.clone();
    if !table.scalar {
        for arc in index {
            key.push('.');
            key.push_str(&arc.to_string());
        }
    }
    (key.len() <= KEY).then(|| Text::from(key))
}

/// What it is called.
pub(super) fn title(table: &SensorTable, index: &[u32], kind: SensorKind, look: Look<'_>) -> Text {
    let name = table
        .names
        .iter()
        .filter_map(|column| match column.text(index) {
            Some(text) => Some(text),
            None => Some(look(&column.instance(index)?)?.as_octets()?.to_vec()),
        })
        .map(|octets| readable(&octets, &table.strip))
        .find(|name| !name.is_empty())
        .unwrap_or_default();
    let mut out = String::new();
    let mut rest = table.title.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((what, after)) = after.split_once('}') else {
            break;
        };
        match what {
            "name" => out.push_str(&name),
            "index" => {
                let arcs: Vec<String> = index.iter().map(u32::to_string).collect();
                out.push_str(&arcs.join("."));
            }
            arc => {
                let arc = arc.parse().ok().and_then(|n| Column::Arc(n).arc(index));
                out.extend(arc.map(|n| n.to_string()));
            }
        }
        rest = after;
    }
    out.push_str(rest);
    let words: Vec<&str> = out.split_whitespace().collect();
    let mut line = words.join(" ");
    if line.is_empty() {
        let last = index.last().copied().unwrap_or(0);
        line = format!("{} {last}", kind.word());
    }
    if let Some((cut, _)) = line.char_indices().nth(NAME) {
        line.truncate(cut);
    }
    Text::from(line)
}

/// A name without padding, quotes, and NULs of a two-byte text. Escaping comes with [`Text`], once.
fn readable(octets: &[u8], strip: &str) -> String {
    let utf16 = octets.len() >= 4
        && octets.len().is_multiple_of(2)
        && octets.iter().step_by(2).all(|b| *b == 0)
        && octets.iter().skip(1).step_by(2).all(u8::is_ascii);
    let octets: Vec<u8> = if utf16 {
        octets.iter().skip(1).step_by(2).copied().collect()
    } else {
        octets.to_vec()
    };
    let end = octets.iter().rposition(|b| *b != 0).map_or(0, |n| n + 1);
    let text = String::from_utf8_lossy(&octets[..end]);
    let text = text.trim().trim_matches('"').trim();
    text.strip_suffix(strip).unwrap_or(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sensors::Sensors;
    use proptest::prelude::*;

    fn table(text: &str) -> SensorTable {
        let text = format!("[[table]]\nid = \"t\"\nvalue = \"1.3.6.1.4.1.99.1\"\n{text}");
        let (all, errors) = Sensors::from_texts(&[("t.toml", &text)]);
        assert_eq!(errors, []);
        all.iter().next().unwrap().clone()
    }

    fn value(text: &str, raw: &Value) -> Option<i64> {
        let table = table(text);
        let shape = shape(&table, &[1], &|_: &[u32]| None)?;
        read(&table, &shape, &[Some(raw)])?.value
    }

    fn octets(text: &str) -> Value {
        Value::Octets(text.as_bytes().to_vec())
    }

    #[test]
    fn numbers_come_as_integers_texts_and_floats() {
        let celsius = "kind = \"temperature\"\n";
        let float = |f: f32| Value::Opaque([&[0x9f, 0x78, 0x04], &f.to_be_bytes()[..]].concat());
        for (text, raw, wanted) in [
            (celsius, Value::Integer(23), Some(23_000)),
            (celsius, Value::Integer(-80), Some(-80_000)),
            (celsius, octets("23.5"), Some(23_500)),
            (celsius, octets("  26,7"), Some(26_700)),
            (celsius, octets("38 C/100 F"), Some(38_000)),
            (
                celsius,
                octets("CPU Temperature-Ctlr B: 62 C 143.60F"),
                Some(62_000),
            ),
            (celsius, octets("-18.25 °C"), Some(-18_250)),
            (celsius, octets("N/A"), None),
            (celsius, octets("------"), None),
            (celsius, octets(""), None),
            (celsius, octets("99999999999999999999"), None),
            (celsius, float(36.6), Some(36_600)),
            (celsius, float(f32::NAN), None),
            (celsius, float(f32::INFINITY), None),
            (celsius, Value::Integer(6_553), None),
            (celsius, Value::Integer(i64::MIN), None),
            (
                "kind = \"temperature\"\nscale = -1\n",
                Value::Integer(265),
                Some(26_500),
            ),
            (
                "kind = \"temperature\"\ndivide = 2\n",
                Value::Integer(89),
                Some(44_500),
            ),
            (
                "kind = \"temperature\"\nscale = -2\nunit = \"fahrenheit\"\n",
                Value::Integer(8_304),
                Some(28_356),
            ),
            (
                "kind = \"temperature\"\nscale = -1\nunit = \"kelvin\"\n",
                Value::Integer(2_982),
                Some(25_050),
            ),
            (
                "kind = \"temperature\"\nmissing = [0]\n",
                octets("0.000"),
                None,
            ),
            ("kind = \"humidity\"\n", Value::Integer(101), None),
            (
                "kind = \"voltage\"\ntenths-above = 1000\n",
                Value::Integer(2_303),
                Some(230_300),
            ),
            (
                "kind = \"leases\"\nleft-of = 100\n",
                Value::Integer(93),
                Some(7_000),
            ),
        ] {
            assert_eq!(value(text, &raw), wanted, "{text}{raw:?}");
        }
    }

    #[test]
    fn scale_and_precision_are_those_of_rfc_3433() {
        let all = Sensors::shipped();
        let entity = all.iter().find(|t| t.id == "entity").unwrap();
        let reading = |kind: i64, scale: i64, digits: i64, value: i64| {
            let look = |oid: &[u32]| match oid.get(10) {
                Some(1) => Some(Value::Integer(kind)),
                Some(2) => Some(Value::Integer(scale)),
                Some(3) => Some(Value::Integer(digits)),
                _ => None,
            };
            let shape = shape(entity, &[7], &look)?;
            let (value, ok) = (Value::Integer(value), Value::Integer(1));
            Some((
                shape.kind,
                read(entity, &shape, &[Some(&value), Some(&ok)])?.value?,
            ))
        };
        let celsius = |n| Some((SensorKind::Temperature, n));
        for (given, wanted) in [
            ((8, 9, 0, 41), celsius(41_000)),
            ((8, 9, 1, 415), celsius(41_500)),
            ((8, 8, 0, 41_500), celsius(41_500)),
            ((8, 8, 3, 41_500_000), celsius(41_500)),
            ((8, 9, 0, -18), celsius(-18_000)),
            ((8, 9, 0, 4_000), None),
            ((8, 17, 0, i64::MAX), None),
            ((8, i64::MIN, 0, 1), None),
            ((8, 9, i64::MAX, 1), None),
            ((6, 8, 4, 10_000), Some((SensorKind::Signal, 0))),
            ((2, 9, 0, 1), None),
        ] {
            let (kind, scale, digits, value) = given;
            assert_eq!(reading(kind, scale, digits, value), wanted, "{given:?}");
        }
    }

    #[test]
    fn a_name_carries_no_padding_and_a_row_without_one_is_numbered() {
        let named = |text: &str, name: Option<Value>| {
            let table = table(&format!("kind = \"fan\"\n{text}"));
            let look = |_: &[u32]| name.clone();
            title(&table, &[3, 7], SensorKind::Fan, &look).to_string()
        };
        let name = "name = [\"1.3.6.1.4.1.99.2\"]\n";
        assert_eq!(named(name, Some(octets("\"FAN  1 \" "))), "FAN 1");
        assert_eq!(
            named(name, Some(Value::Octets(b"\0F\0A\0N\0 \x001".to_vec()))),
            "FAN 1"
        );
        assert_eq!(named(name, None), "fan 7");
        assert_eq!(
            named("title = \"unit {1} fan {-1}\"\n", None),
            "unit 3 fan 7"
        );
        assert_eq!(named(name, Some(octets("a\u{1b}[2J"))), "a\\u{1b}[2J");
        assert!(named(name, Some(octets(&"x".repeat(9_000)))).len() <= NAME);
    }

    proptest! {
        #[test]
        fn whatever_an_agent_says_a_value_is_believable_or_none(
            raw in prop_oneof![
                any::<i64>().prop_map(Value::Integer), any::<u64>().prop_map(Value::Counter64),
                prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Octets),
                prop::collection::vec(any::<u8>(), 0..9).prop_map(Value::Opaque), "[-+0-9., :CF]{0,30}".prop_map(|s| octets(&s)),
            ],
            scale in -18..=18i32,
        ) {
            let got = value(&format!("kind = \"temperature\"\nscale = {scale}\n"), &raw);
            prop_assert!(got.is_none_or(|n| (-200_000..=250_000).contains(&n)));
        }
    }
}
