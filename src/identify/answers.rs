//! What a device answered, as the rules look at it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Deref;

use super::source::arcs;
use crate::wire::snmp::{Value, VarBind};

/// Octets of an answer that are looked at.
pub(super) const ANSWER_CAP: usize = 2_048;

/// `sysDescr.0` (RFC 3418).
pub(super) const SYS_DESCR: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 1, 0];
/// `sysObjectID.0` (RFC 3418).
pub(super) const SYS_OBJECT_ID: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 2, 0];
/// `sysName.0` (RFC 3418).
pub(super) const SYS_NAME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 5, 0];
/// `entPhysicalEntry` (RFC 6933).
pub(super) const ENTITY: &[u32] = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1];
/// Column `entPhysicalClass`.
const ENTITY_CLASS: u32 = 5;
/// Rows of the entity table that are looked at for a chassis.
const CHASSIS_CAP: usize = 32;

/// What one device answered.
pub trait Answers {
    /// The answer for exactly this object, as text.
    fn text(&self, oid: &[u32]) -> Option<Cow<'_, str>>;

    /// The rows of a column in order: the index, and the answer as text.
    fn rows<'a>(
        &'a self,
        column: &[u32],
    ) -> Box<dyn Iterator<Item = (&'a [u32], Cow<'a, str>)> + 'a>;

    /// Anything at or below this object was answered.
    fn has(&self, oid: &[u32]) -> bool;

    /// The arcs of `sysObjectID`; empty where it has none.
    fn object_id(&self) -> Vec<u32> {
        let id = self.text(SYS_OBJECT_ID).unwrap_or_default();
        arcs(id.trim_start_matches('.')).unwrap_or_default()
    }
}

/// What one device answered, while it is identified: what is looked up again and again is looked up once.
pub(super) struct Seen<'a> {
    of: &'a dyn Answers,
    chassis: OnceCell<Chassis>,
}

/// The rows of the entity table that may stand for the whole device.
pub(super) struct Chassis {
    /// Of a stack or a chassis, in order; else the first.
    pub rows: Vec<u32>,
    /// Nobody says of what class a row is.
    pub unclassed: bool,
    /// There is no table.
    pub empty: bool,
}

impl<'a> Seen<'a> {
    pub fn new(of: &'a dyn Answers) -> Self {
        Self {
            of,
            chassis: OnceCell::new(),
        }
    }

    pub fn chassis(&self) -> &Chassis {
        self.chassis.get_or_init(|| chassis(self.of))
    }
}

impl<'a> Deref for Seen<'a> {
    type Target = dyn Answers + 'a;

    fn deref(&self) -> &Self::Target {
        self.of
    }
}

fn chassis(of: &dyn Answers) -> Chassis {
    let mut column = ENTITY.to_vec();
    column.push(ENTITY_CLASS);
    let mut first = None;
    let mut found: Vec<u32> = Vec::new();
    for (index, class) in of.rows(&column) {
        let &[index] = index else { continue };
        first.get_or_insert(index);
        // IANAPhysicalClass: chassis(3), stack(11)
        if matches!(class.as_ref(), "3" | "11") {
            found.push(index);
            if found.len() >= CHASSIS_CAP {
                break;
            }
        }
    }
    let unclassed = first.is_none();
    if found.is_empty() {
        found.extend(first.or(Some(1)));
    }
    Chassis {
        rows: found,
        unclassed,
        empty: !of.has(ENTITY),
    }
}

/// Answers by their names, sorted: a recording, or what was asked.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a>(pub &'a [VarBind]);

impl<'a> Recorded<'a> {
    fn from(&self, oid: &[u32]) -> &'a [VarBind] {
        let at = self.0.partition_point(|v| v.oid.arcs() < oid);
        self.0.get(at..).unwrap_or(&[])
    }
}

impl Answers for Recorded<'_> {
    fn text(&self, oid: &[u32]) -> Option<Cow<'_, str>> {
        let first = self.from(oid).first()?;
        (first.oid.arcs() == oid).then(|| value_text(&first.value))?
    }

    fn rows<'a>(
        &'a self,
        column: &[u32],
    ) -> Box<dyn Iterator<Item = (&'a [u32], Cow<'a, str>)> + 'a> {
        let below = column.to_vec();
        let all = self.from(column).iter();
        Box::new(
            all.map_while(move |v| Some((v.oid.arcs().strip_prefix(below.as_slice())?, v)))
                .filter_map(|(index, v)| Some((index, value_text(&v.value)?))),
        )
    }

    fn object_id(&self) -> Vec<u32> {
        let first = self.from(SYS_OBJECT_ID).first();
        let own = first.filter(|v| v.oid.arcs() == SYS_OBJECT_ID);
        match own.map(|v| &v.value) {
            Some(Value::Oid(oid)) => oid.arcs().to_vec(),
            // a few agents give it as text
            Some(value) => value_text(value)
                .and_then(|text| arcs(text.trim_start_matches('.')))
                .unwrap_or_default(),
            None => Vec::new(),
        }
    }

    fn has(&self, oid: &[u32]) -> bool {
        let first = self.from(oid).first();
        first.is_some_and(|v| v.oid.arcs().starts_with(oid) && value_text(&v.value).is_some())
    }
}

/// An answer as text; octets that are no text as hexadecimal with colons, as hardware addresses are written.
fn value_text(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::Octets(octets) if octets.trim_ascii() == MASKED => return None,
        Value::Octets(octets) => octets_text(octets.get(..ANSWER_CAP).unwrap_or(octets)),
        Value::Integer(n) => match usize::try_from(*n).ok().and_then(|n| SMALL.get(n)) {
            Some(small) => (*small).into(),
            None => n.to_string().into(),
        },
        Value::Counter32(n) | Value::Gauge32(n) | Value::TimeTicks(n) => n.to_string().into(),
        Value::Counter64(n) => n.to_string().into(),
        Value::Oid(oid) => oid.to_string().into(),
        Value::Ip(ip) => ip.to_string().into(),
        _ => return None,
    })
}

/// Numbers that are met most, as those of classes.
const SMALL: [&str; 13] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
];

/// What stands in a recording where somebody took a value out.
const MASKED: &[u8] = b"<private>";

fn octets_text(octets: &[u8]) -> Cow<'_, str> {
    let trimmed = octets.trim_ascii_end();
    let trimmed = match trimmed.iter().rposition(|b| *b != 0) {
        Some(last) => trimmed.get(..=last).unwrap_or(trimmed),
        None => &[],
    };
    let odd = |b: &u8| *b < 0x20 && !matches!(b, b'\t' | b'\r' | b'\n');
    match octets.len() {
        6 | 8 if octets.iter().any(|b| odd(b) || *b >= 0x7f) => {
            let hex: Vec<String> = octets.iter().map(|b| format!("{b:02x}")).collect();
            hex.join(":").into()
        }
        _ => String::from_utf8_lossy(trimmed),
    }
}
