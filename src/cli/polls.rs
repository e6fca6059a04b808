//! `wardwatch config diff`: what the files would ask of devices, against what was consented to.

use std::collections::BTreeMap;
use std::io::Write as _;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use serde_json::{Value, json};

use super::args::{ConfigDiffArgs, Global};
use super::output::one;
use super::{Done, open, usage};
use crate::access::{Person, Role};
use crate::engine::State;
use crate::host::consent::{self, Consent};
use crate::model::{DeviceClass, Difference, FactKey, PartKind, PlanOid, PollPlans, Step, Text};

/// More classes than these are counted rather than named.
const NAMED: usize = 6;

/// Shows the difference, and consents to it where that is asked.
pub fn diff(global: &Global, args: &ConfigDiffArgs) -> Result<Done> {
    let loaded = open::site(global)?;
    let dir = open::state_dir(global)?;
    let state = if dir.join("record.db").exists() {
        Some(open::state(global)?.0)
    } else {
        None
    };
    let in_force = state.as_ref().map(|s| &*s.polls.in_force);
    let Some(in_force) = in_force.filter(|p| !p.is_empty()) else {
        let hash = loaded.polls.hash();
        let json =
            json!({ "in_force": null, "offered": hash, "needs_consent": false, "differences": [] });
        one(args.format, &json, || {
            "nothing was polled yet: the plans come into force as they are when wardwatch first collects\n".into()
        })?;
        return Ok(Done::Done);
    };
    let told = Told::new(state.as_ref(), in_force, &loaded.polls);
    one(args.format, &told.json(), || told.text())?;
    if args.accept {
        accept(global, &dir, &told)?;
    }
    Ok(if args.exit_code && !told.lines.is_empty() {
        Done::Found
    } else {
        Done::Done
    })
}

fn accept(global: &Global, dir: &std::path::Path, told: &Told) -> Result<()> {
    if global.read_only {
        return Err(usage("--read-only: nothing can be consented to from here"));
    }
    let mut err = std::io::stderr();
    if !told.needs_consent {
        writeln!(err, "wardwatch: nothing here needs consent")?;
        return Ok(());
    }
    let person = Person::of_this_process()?;
    if person.role != Role::Operator {
        return Err(usage("only an operator may consent to what is polled"));
    }
    let consent = Consent {
        by: person.name,
        hash: told.offered.clone(),
    };
    consent::leave(dir, &consent).wrap_err_with(|| {
        format!(
            "leaving the consent in {}; is it the account that collects?",
            dir.display()
        )
    })?;
    writeln!(
        err,
        "wardwatch: accepted by {}; it comes into force within seconds where wardwatch collects, else when it next does",
        consent.by
    )?;
    Ok(())
}

/// One difference, with whom it is about.
struct Line {
    difference: Difference,
    devices: u32,
}

/// Everything that is told.
struct Told {
    in_force: Text,
    offered: Text,
    needs_consent: bool,
    lines: Vec<Line>,
}

impl Told {
    fn new(state: Option<&State>, in_force: &PollPlans, offered: &PollPlans) -> Self {
        let lines: Vec<Line> = in_force
            .differences(offered)
            .into_iter()
            .map(|difference| Line {
                devices: state.map_or(0, |s| count(s, &difference)),
                difference,
            })
            .collect();
        Self {
            in_force: in_force.hash(),
            offered: offered.hash(),
            needs_consent: lines.iter().any(|l| l.difference.is_more()),
            lines,
        }
    }

    fn json(&self) -> Value {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                let d = &line.difference;
                let steps: Vec<Value> = d
                    .steps
                    .iter()
                    .map(|s| json!({ "more": s.is_more(), "what": words(s) }))
                    .collect();
                let (plan, table) = if d.is_table {
                    (Value::Null, json!(d.plan))
                } else {
                    (json!(d.plan), Value::Null)
                };
                json!({
                    "plan": plan, "sensor_table": table, "version_before": version(d.versions.0), "version_after": version(d.versions.1), "part": d.part.map(PartKind::word),
                    "classes": d.classes.iter().map(|c| c.word()).collect::<Vec<_>>(), "models": dotted(&d.models), "except_models": dotted(&d.except),
                    "devices": line.devices, "more": d.is_more(), "steps": steps,
                })
            })
            .collect();
        json!({ "in_force": self.in_force, "offered": self.offered, "needs_consent": self.needs_consent, "differences": lines })
    }

    fn text(&self) -> String {
        if self.lines.is_empty() {
            return "no difference: devices are asked what the files say\n".into();
        }
        let mut out = String::new();
        for more in [true, false] {
            let lines: Vec<&Line> = self
                .lines
                .iter()
                .filter(|l| l.difference.is_more() == more)
                .collect();
            if lines.is_empty() {
                continue;
            }
            out.push_str(if more {
                "asks for more, and waits for consent:\n"
            } else {
                "asks for no more, and needs no consent:\n"
            });
            for line in lines {
                out.push_str(&sentence(line));
            }
        }
        if self.needs_consent {
            out.push_str("consent with: wardwatch config diff --accept\n");
        }
        out
    }
}

fn dotted(models: &[PlanOid]) -> Vec<String> {
    models.iter().map(ToString::to_string).collect()
}

fn version(number: u32) -> Value {
    if number == 0 {
        Value::Null
    } else {
        json!(number)
    }
}

/// `  sensor table apc-load: at most 10 → 20 rows on ups (3 devices)`, `  interfaces, counters: every 60 s → 30 s; + ifInErrors on switches (412 devices, +1 object)`.
fn sentence(line: &Line) -> String {
    let d = &line.difference;
    let steps: Vec<String> = d.steps.iter().map(words).collect();
    let objects = d
        .steps
        .iter()
        .map(|s| match s {
            Step::Adds(..) => 1,
            Step::Drops(..) => -1,
            _ => 0,
        })
        .sum::<i32>();
    let devices = match line.devices {
        1 => "1 device".to_string(),
        n => format!("{n} devices"),
    };
    let objects = match objects {
        0 => String::new(),
        n if n.abs() == 1 => format!(", {n:+} object"),
        n => format!(", {n:+} objects"),
    };
    let version = match d.versions {
        (0, 0) => String::new(),
        (0, after) => format!(" (version {after})"),
        (before, 0) => format!(" (version {before})"),
        (before, after) if before == after => String::new(),
        (before, after) => format!(" (version {before} → {after})"),
    };
    let name = match d.part {
        _ if d.is_table => format!("sensor table {}", d.plan),
        Some(part) => format!("{}{version}, {}", d.plan, part.word()),
        None => format!("{}{version}", d.plan),
    };
    format!(
        "  {name}: {} on {}{} ({devices}{objects})\n",
        steps.join("; "),
        classes(&d.classes),
        models(d),
    )
}

/// ` of models 1.3.6.1.4.1.9 but 1.3.6.1.4.1.9.1.5`; the last ones only counted.
fn models(d: &Difference) -> String {
    let some = |all: &[PlanOid]| {
        let named = dotted(all.get(..NAMED).unwrap_or(all)).join(", ");
        match all.len().saturating_sub(NAMED) {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    };
    let of = match d.models.len() {
        0 => String::new(),
        1 => format!(" of model {}", some(&d.models)),
        _ => format!(" of models {}", some(&d.models)),
    };
    let but = match (d.except.is_empty(), d.models.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!(" of all models but {}", some(&d.except)),
        (false, false) => format!(" but {}", some(&d.except)),
    };
    of + &but
}

fn classes(classes: &[DeviceClass]) -> String {
    let words: Vec<&str> = classes.iter().map(|c| c.word()).collect();
    if words.is_empty() {
        return "no class".into();
    }
    if words.len() == DeviceClass::ALL.len() {
        return "all classes".into();
    }
    if words.len() <= NAMED {
        return words.join(", ");
    }
    let others: Vec<&str> = DeviceClass::ALL
        .iter()
        .filter(|c| !classes.contains(c))
        .map(|c| c.word())
        .collect();
    if others.len() <= NAMED {
        format!("all classes but {}", others.join(", "))
    } else {
        format!("{} classes", words.len())
    }
}

fn seconds(s: u32) -> String {
    for (unit, word) in [(86_400, "d"), (3_600, "h"), (60, "min")] {
        // up to two minutes people think in seconds
        if s > 120 && s.is_multiple_of(unit) {
            return format!("{} {word}", s / unit);
        }
    }
    format!("{s} s")
}

fn size(bytes: u32) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

fn words(step: &Step) -> String {
    let object = |role: &crate::model::Role, oid: &PlanOid| match role {
        crate::model::Role::Other => oid.to_string(),
        known => known.object().to_string(),
    };
    let counted = |n: u32, what: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    };
    match step {
        // which sensors, their tables say
        Step::Begins {
            interval_s,
            objects: 0,
        } => format!("asked from now on, every {}", seconds(*interval_s)),
        Step::Begins {
            interval_s,
            objects,
        } => format!(
            "asked from now on, {} every {}",
            counted(*objects, "object"),
            seconds(*interval_s)
        ),
        Step::Ends => "no longer asked".into(),
        Step::Interval(a, b) => format!("every {} → {}", seconds(*a), seconds(*b)),
        Step::Whole(a, b) => format!("read as a whole after {} → {}", seconds(*a), seconds(*b)),
        Step::Unhinted(a, b) => format!(
            "read without a hint every {} → {}",
            seconds(*a),
            seconds(*b)
        ),
        Step::Rows(a, b) => format!("at most {a} → {b} rows"),
        Step::Bytes(a, b) => format!("at most {} → {}", size(*a), size(*b)),
        Step::Adds(role, oid) => format!("+ {}", object(role, oid)),
        Step::Drops(role, oid) => format!("- {}", object(role, oid)),
        Step::LosesHint => "read each time, moved or not".into(),
        Step::GainsHint => "read when its hint moved".into(),
        Step::TableBegins { objects, rows } => {
            format!(
                "asked from now on, {} of at most {}",
                counted(*objects, "column"),
                counted(*rows, "row")
            )
        }
        Step::OfMore => "asked of more devices".into(),
        Step::OfFewer => "asked of fewer devices".into(),
        Step::EachTime(oid) => format!("{oid} at each reading, not only of new rows"),
        Step::WhenNew(oid) => format!("{oid} only of new rows, not at each reading"),
        Step::Priority(a, b) => format!("priority {} → {}", a.number(), b.number()),
    }
}

/// How many devices that are asked a difference is about.
fn count(state: &State, difference: &Difference) -> u32 {
    if difference.models.is_empty() && difference.except.is_empty() {
        let by_class: BTreeMap<DeviceClass, u32> = state.asked_by_class();
        return difference
            .classes
            .iter()
            .filter_map(|c| by_class.get(c))
            .sum();
    }
    let of_model = |text: &str| {
        let oid = text.parse::<PlanOid>();
        let arcs = oid.as_ref().map_or(&[][..], PlanOid::arcs);
        let one_of = |models: &[PlanOid]| models.iter().any(|m| m.begins(arcs));
        (difference.models.is_empty() || one_of(&difference.models)) && !one_of(&difference.except)
    };
    let asked = state.devices.values().filter(|d| {
        difference.classes.contains(&d.class)
            && of_model(d.fact_str(FactKey::SysObjectId))
            && state.is_asked(d.id)
    });
    asked.count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(difference: Difference, devices: u32) -> String {
        let line = Line {
            difference,
            devices,
        };
        sentence(&line).trim().to_string()
    }

    fn difference(steps: &[Step]) -> Difference {
        Difference {
            plan: "tables".into(),
            is_table: false,
            versions: (1, 1),
            part: Some(PartKind::Lldp),
            classes: vec![DeviceClass::Switch],
            models: Vec::new(),
            except: Vec::new(),
            steps: steps.to_vec(),
        }
    }

    #[test]
    fn differences_are_said_in_words() {
        let oid = |text: &str| text.parse::<PlanOid>().unwrap();
        let table = |steps: &[Step]| Difference {
            plan: "apc-load".into(),
            is_table: true,
            versions: (0, 0),
            part: Some(PartKind::Sensors),
            classes: DeviceClass::ALL.to_vec(),
            models: vec![oid("1.3.6.1.4.1.318")],
            except: vec![oid("1.3.6.1.4.1.318.1.7")],
            ..difference(steps)
        };
        let first = Difference {
            part: None,
            versions: (1, 2),
            ..difference(&[Step::Priority(8.into(), 5.into())])
        };
        let begins = Step::TableBegins {
            objects: 1,
            rows: 256,
        };
        let nobody = Difference {
            classes: Vec::new(),
            models: Vec::new(),
            except: Vec::new(),
            ..table(&[Step::Ends])
        };
        let many = Difference {
            models: (1..=8).map(|n| oid(&format!("1.3.{n}"))).collect(),
            except: Vec::new(),
            ..table(&[Step::OfMore])
        };
        let cases = [
            (
                first,
                "tables (version 1 → 2): priority 8 → 5 on switch (2 devices)",
            ),
            (
                difference(&[Step::Interval(300, 60)]),
                "tables, lldp: every 5 min → 60 s on switch (2 devices)",
            ),
            (
                table(&[begins]),
                "sensor table apc-load: asked from now on, 1 column of at most 256 rows on all classes of model \
                 1.3.6.1.4.1.318 but 1.3.6.1.4.1.318.1.7 (2 devices)",
            ),
            (
                table(&[Step::EachTime(oid("1.3.6.1.4.1.318.2"))]),
                "sensor table apc-load: 1.3.6.1.4.1.318.2 at each reading, not only of new rows on all classes of model \
                 1.3.6.1.4.1.318 but 1.3.6.1.4.1.318.1.7 (2 devices)",
            ),
            (
                nobody,
                "sensor table apc-load: no longer asked on no class (2 devices)",
            ),
            (
                many,
                "sensor table apc-load: asked of more devices on all classes of models 1.3.1, 1.3.2, 1.3.3, 1.3.4, 1.3.5, 1.3.6 \
                 and 2 more (2 devices)",
            ),
        ];
        for (difference, words) in cases {
            assert_eq!(said(difference, 2), words);
        }
    }
}
