//! From a file to a [`PollPlan`], with everything that is wrong in it at its place.

use toml::de::{DeTable, DeValue};

use super::keys::{OBJECT, PART, PLAN, classes};
use crate::config::cursor::{Cursor, kind, seconds, spell};
use crate::config::source::{At, Sources};
use crate::config::word::{hint, one_of, quote};
use crate::model::{
    Column, DeviceClass, Intervals, Job, PartKind, PlanOid, PollPart, PollPlan, Priority, Role,
    Text,
};

/// The shortest and the longest interval, seconds.
const INTERVAL: (i64, i64) = (5, 30 * 86_400);
/// Objects of one part.
const OBJECTS: usize = 256;
/// Rows and bytes of a table where the file says nothing.
const ROWS: u32 = 4_096;
const BYTES: u32 = 4 << 20;

/// What a file holds.
pub(super) enum Found {
    Plan(PollPlan),
    /// It takes this one away.
    Off(Text),
}

pub(super) fn plan(
    sources: &mut Sources,
    file: usize,
    root: &DeTable<'_>,
    intervals: &Intervals,
) -> Option<Found> {
    let c = Cursor::new(sources, &PLAN, root, At { file, byte: 0 });
    let (name, at) = c.text(sources, "name")?;
    if !is_name(name) {
        sources.error(
            at,
            "name must be lower-case letters, digits and '-', 40 at the most",
        );
    }
    let name = Text::from(name);
    if c.raw("enabled").is_some() && !c.flag(sources, "enabled") {
        return Some(Found::Off(name));
    }
    let jobs: Vec<(&'static str, Job)> = Job::ALL.iter().map(|j| (j.word(), *j)).collect();
    let job = c.word(sources, "job", &jobs).map(|w| w.0);
    let mut parts: Vec<PollPart> = Vec::new();
    match c.raw("part") {
        Some((DeValue::Array(array), _)) => {
            for item in array {
                let at = At {
                    file,
                    byte: item.span().start,
                };
                let DeValue::Table(table) = item.get_ref() else {
                    let what = format!("[[part]] must hold tables, not {}", kind(item.get_ref()));
                    sources.error(at, what);
                    continue;
                };
                let cursor = Cursor::new(sources, &PART, table, at);
                if let Some((part, at)) = part(sources, cursor, intervals) {
                    if parts.iter().any(|p| p.kind == part.kind) {
                        sources.error(at, format!("a second part '{}'", part.kind.word()));
                    }
                    if part.kind.job() != job && c.raw("job").is_none_or(|_| job.is_some()) {
                        sources.error(at, strange(part.kind, job));
                    }
                    parts.push(part);
                }
            }
        }
        Some((other, at)) => sources.error(
            at,
            format!("'part' must be [[part]] tables, not {}", kind(other)),
        ),
        None => sources.error(c.at, "a plan has at least one [[part]]"),
    }
    parts.sort_by_key(|p| p.kind);
    let priority = c.number(sources, "priority");
    if let Some((_, at)) = priority.filter(|_| c.raw("job").is_none()) {
        sources.error(
            at,
            "'priority' means something with a 'job' only: what a person asks for goes before all polls",
        );
    }
    Some(Found::Plan(PollPlan {
        name,
        version: c.number(sources, "version").map_or(1, |(n, _)| n as u32),
        title: c.line(sources, "title"),
        job,
        classes: class_list(sources, c, "classes"),
        except: class_list(sources, c, "except"),
        models: models(sources, c),
        priority: priority.map(|(n, _)| Priority::from(n as u8)),
        parts,
    }))
}

fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('-')
}

fn strange(part: PartKind, job: Option<Job>) -> String {
    let of = |job: Option<Job>| {
        job.map_or("a plan without a job".to_string(), |j| {
            format!("the job {}", j.word())
        })
    };
    format!(
        "'{}' is a part of {}, and this is {}",
        part.word(),
        of(part.job()),
        of(job)
    )
}

fn class_list(sources: &mut Sources, c: Cursor<'_, '_>, key: &str) -> Vec<DeviceClass> {
    let mut out = Vec::new();
    for (word, at) in c.list(sources, key) {
        match word.parse::<DeviceClass>() {
            Ok(class) if out.contains(&class) => {
                sources.error(at, format!("{} stands here twice", quote(word)));
            }
            Ok(class) => out.push(class),
            Err(_) => sources.error(
                at,
                format!(
                    "{} is no device class{}",
                    quote(word),
                    hint(word, classes())
                ),
            ),
        }
    }
    out.sort_unstable();
    out
}

fn models(sources: &mut Sources, c: Cursor<'_, '_>) -> Vec<PlanOid> {
    let mut out = Vec::new();
    for (word, at) in c.list(sources, "models") {
        match word.parse::<PlanOid>() {
            Ok(oid) => out.push(oid),
            Err(error) => sources.error(at, format!("{}: {error}", quote(word))),
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

fn part(sources: &mut Sources, c: Cursor<'_, '_>, intervals: &Intervals) -> Option<(PollPart, At)> {
    let kinds: Vec<(&'static str, PartKind)> =
        PartKind::ALL.iter().map(|k| (k.word(), *k)).collect();
    let (kind, at) = c.word(sources, "name", &kinds)?;
    let shape = kind.shape();
    let interval_s = duration(sources, c, "interval", Some(intervals))?;
    let deadline_s = duration(sources, c, "deadline", None)
        .unwrap_or_else(|| (interval_s / 10 * 6 + interval_s % 10 * 6 / 10).max(1));
    if deadline_s > interval_s {
        sources.error(
            c.at("deadline"),
            format!(
                "'deadline' is longer than the interval of {}: the next asking would overtake this one",
                spell(i64::from(interval_s))
            ),
        );
    }
    let get = objects(sources, c, "get", shape.get, kind);
    let beside = objects(sources, c, "beside", shape.beside, kind);
    let columns = objects(sources, c, "columns", shape.columns, kind);
    if kind == PartKind::Sensors
        && let Some((_, at)) = c.raw("columns")
    {
        sources.error(
            at,
            "which sensors are read the sensor tables say (folder sensors); only how often stands here",
        );
    }
    let hint = match c.raw("hint") {
        Some((DeValue::Table(table), at)) => {
            let cursor = Cursor::new(sources, &OBJECT, table, at);
            object(sources, cursor, shape.hint, kind, "a hint")
        }
        Some((other, at)) => {
            let what = format!(
                "'hint' must be {{ role, oid }}, not {}",
                crate::config::cursor::kind(other)
            );
            sources.error(at, what);
            None
        }
        None => None,
    };
    if get.is_empty() && columns.is_empty() && kind != PartKind::Sensors {
        sources.error(c.at, format!("'{}' asks for nothing", kind.word()));
    }
    for (key, given) in [("whole", c.raw("whole")), ("unhinted", c.raw("unhinted"))] {
        if let Some((_, at)) = given.filter(|_| c.raw("hint").is_none()) {
            sources.error(at, format!("'{key}' means something with a 'hint' only"));
        }
    }
    let table = !columns.is_empty();
    for key in ["rows", "bytes"] {
        if let Some((_, at)) = c.raw(key).filter(|_| !table) {
            sources.error(at, format!("'{key}' means something with 'columns' only"));
        }
    }
    let counters = c.flag(sources, "counters");
    if counters && !beside.iter().any(|o| o.role == Role::SysUpTime) {
        sources.error(
            c.at("counters"),
            "counters need 'sys-up-time' in 'beside': a rate is taken by the agent's own clock",
        );
    }
    if counters && hint.is_some() {
        sources.error(
            c.at("hint"),
            "counters move all the time; they have no hint",
        );
    }
    let cap = |sources: &mut Sources, key, unless: u32| {
        let given = c.number(sources, key).map(|(n, _)| n as u32);
        if table { given.unwrap_or(unless) } else { 0 }
    };
    let rows = cap(sources, "rows", ROWS);
    let bytes = cap(sources, "bytes", BYTES);
    let (whole_s, unhinted_s) = if hint.is_some() {
        let whole = duration(sources, c, "whole", Some(intervals)).unwrap_or(21_600);
        let unhinted = duration(sources, c, "unhinted", Some(intervals)).unwrap_or(interval_s);
        (whole.max(interval_s), unhinted.max(interval_s))
    } else {
        (0, 0)
    };
    let part = PollPart {
        kind,
        interval_s,
        deadline_s,
        rows,
        bytes,
        hint,
        whole_s,
        unhinted_s,
        counters,
        get,
        beside,
        columns,
    };
    for role in shape.must {
        if part.object(*role).is_none() {
            let what = format!("'{}' means nothing without '{}'", kind.word(), role.word());
            sources.error(c.at, what);
        }
    }
    Some((part, at))
}

/// A duration, or where `intervals` are given the name of one of them.
fn duration(
    sources: &mut Sources,
    c: Cursor<'_, '_>,
    key: &str,
    intervals: Option<&Intervals>,
) -> Option<u32> {
    let (value, at) = c.raw(key)?;
    let names = |i: &Intervals| {
        [
            ("status", i.status_s),
            ("endpoints", i.endpoint_s),
            ("interfaces", i.interfaces_s),
            ("tables", i.tables_s),
            ("inventory", i.inventory_s),
        ]
    };
    let (low, high) = INTERVAL;
    let given = match value {
        DeValue::String(text) => {
            let named = intervals
                .map(names)
                .and_then(|all| all.into_iter().find(|(name, _)| *name == text.as_ref()));
            match named {
                Some((_, s)) => return Some(s),
                None => seconds(text),
            }
        }
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok(),
        _ => None,
    };
    match given {
        Some(s) if (low..=high).contains(&s) || (key == "deadline" && (1..low).contains(&s)) => {
            u32::try_from(s).ok()
        }
        Some(s) => {
            let what = format!(
                "'{key}' is {}; it must be from {} to {}",
                spell(s),
                spell(low),
                spell(high)
            );
            sources.error(at, what);
            None
        }
        None => {
            let help = intervals.map_or(String::new(), |i| {
                format!(", or one of the site's: {}", one_of(names(i).map(|n| n.0)))
            });
            sources.error(
                at,
                format!("'{key}' must be a duration such as 30s, 5m, 6h or 1d{help}"),
            );
            None
        }
    }
}

fn objects(
    sources: &mut Sources,
    c: Cursor<'_, '_>,
    key: &str,
    allowed: &[Role],
    part: PartKind,
) -> Vec<Column> {
    let Some((value, at)) = c.raw(key) else {
        return Vec::new();
    };
    let DeValue::Array(array) = value else {
        sources.error(
            at,
            format!(
                "'{key}' must be a list of {{ role, oid }}, not {}",
                kind(value)
            ),
        );
        return Vec::new();
    };
    if allowed.is_empty() {
        sources.error(at, format!("'{}' has no '{key}'", part.word()));
        return Vec::new();
    }
    let mut out: Vec<Column> = Vec::new();
    for item in array {
        let at = At {
            byte: item.span().start,
            ..at
        };
        let DeValue::Table(table) = item.get_ref() else {
            let what = format!(
                "'{key}' must hold {{ role, oid }}, not {}",
                kind(item.get_ref())
            );
            sources.error(at, what);
            continue;
        };
        let cursor = Cursor::new(sources, &OBJECT, table, at);
        let Some(object) = object(sources, cursor, allowed, part, key) else {
            continue;
        };
        let twice =
            |o: &Column| o.oid == object.oid || (o.role == object.role && o.role != Role::Other);
        if out.iter().any(twice) {
            sources.error(at, format!("'{}' stands here twice", object.role.word()));
        }
        out.push(object);
    }
    if out.len() > OBJECTS {
        sources.error(at, format!("more than {OBJECTS} objects"));
    }
    out
}

fn object(
    sources: &mut Sources,
    c: Cursor<'_, '_>,
    allowed: &[Role],
    part: PartKind,
    place: &str,
) -> Option<Column> {
    let role = c.text(sources, "role").and_then(|(word, at)| {
        let words = || allowed.iter().map(|r| r.word());
        let found = allowed.iter().find(|r| r.word() == word).copied();
        if found.is_none() {
            let help = match hint(word, words()) {
                none if none.is_empty() => format!("; it knows {}", one_of(words())),
                some => some,
            };
            sources.error(
                at,
                format!(
                    "'{}' reads no {} in {place}{help}",
                    part.word(),
                    quote(word)
                ),
            );
        }
        found
    });
    let oid = c.text(sources, "oid").and_then(|(text, at)| {
        text.parse::<PlanOid>()
            .map_err(|error| sources.error(at, error.to_string()))
            .ok()
    });
    let (role, oid) = (role?, oid?);
    Some(Column { role, oid })
}
