//! `wardwatch device`: everything known of one device.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::rows::{port, segment_name, text, time};
use crate::engine::State;
use crate::model::{Device, Fact, Reach, ReachFact, Sensor, Sorted, Time, TouchOverride};

/// Everything, as JSON.
pub fn as_json(state: &State, d: &Device) -> Value {
    let facts: Vec<Value> = d.facts.values().map(fact).collect();
    let conflicts: Vec<Value> = d.conflicts.iter().map(fact).collect();
    let alerts: Vec<Value> = state
        .alerts
        .values()
        .filter(|a| a.device == Some(d.id) && a.is_active())
        .map(|a| json!({"id": a.id, "severity": a.severity.word(), "state": a.state.word(), "condition": a.condition.word(), "text": a.text, "since": time(a.since)}))
        .collect();
    let interfaces: Vec<Value> = d
        .interfaces
        .values()
        .map(|i| {
            json!({"index": i.index, "name": i.name, "alias": text(i.alias.as_str()), "admin": i.admin.word(), "oper": i.oper.word(),
                   "since": time(i.oper_since), "speed_bps": i.speed, "in_bps": i.traffic.in_bps, "out_bps": i.traffic.out_bps})
        })
        .collect();
    let changes: Vec<Value> = d.changes.iter().map(|c| json!({"time": time(c.time), "what": c.what, "before": text(c.before.as_str()), "after": text(c.after.as_str())})).collect();
    let left_alone = state.quarantine.get(&d.id).map(|q| {
        json!({"since": time(q.since), "asked": q.spared.words(), "judged": q.confirmed, "why": q.why})
    });
    let quirk = state.quirk_in_force(d).map(|q| {
        let from: Vec<Value> = q.from.iter().map(|f| json!({"source": f.source.word(), "model": f.object_id, "firmware": text(f.firmware.as_str()), "because": text(f.because.as_str())})).collect();
        json!({"repetitions": q.repetitions, "names": q.names, "next_only": q.next_only, "least_interval_s": q.least_interval_s, "skip": q.skip, "own_restarts": q.own_restarts, "from": from})
    });
    json!({
        "left_alone": left_alone, "quirk": quirk,
        "name": d.name, "class": d.class.word(), "care": d.care.word(), "declared": d.declared,
        "touch": d.touch.policy.word(), "touch_because": text(d.touch.because.as_str()),
        "touch_override": d.touch.overridden.as_deref().map(said), "touch_asked": d.touch.asked.as_deref().map(said),
        "state": d.state.word(), "state_since": time(d.state_since), "why": text(d.state_why.as_str()),
        "addresses": d.addresses, "macs": d.macs, "segment": text(segment_name(state, d.segment)), "port": text(&port(state, d)),
        "vlan": d.attached.filter(|a| a.vlan != 0).map(|a| a.vlan),
        "reach": {"ping": reach(&d.ping), "snmp": reach(&d.snmp), "passive": reach(&d.passive)},
        "first_seen": time(d.first_seen), "last_seen": time(d.last_seen),
        "uptime_s": d.uptime.map(|(ticks, _)| ticks / 100), "rtt_ms": d.rtt_ms,
        "budget": state.budget_of(d).map(|b| json!({
            "packets_s": b.device,
            "closet": b.closet.map(|(name, packets)| json!({"switch": text(name.as_str()), "packets_s": packets})),
            "uplink": b.uplink.map(|(name, packets, kilobits)| json!({"name": text(name.as_str()), "packets_s": packets, "kilobits_s": kilobits})),
        })),
        "faults": faults(d), "overruns": overruns(d),
        "facts": facts, "conflicts": conflicts, "alerts": alerts, "sensors": d.sensors().iter().map(sensor).collect::<Vec<_>>(), "interfaces": interfaces, "changes": changes,
    })
}

/// What its agent did wrong, and how often.
fn faults(d: &Device) -> Vec<Value> {
    let faults = d.conduct.iter().flat_map(|c| &c.faults);
    faults
        .map(|(fault, n)| {
            json!({"fault": fault.word(), "count": n.count, "first_seen": time(n.first), "last_seen": time(n.last)})
        })
        .collect()
}

/// Polls of it that missed their time.
fn overruns(d: &Device) -> Vec<Value> {
    let overruns = d.conduct.iter().flat_map(|c| &c.overruns);
    overruns
        .map(|(job, o)| {
            json!({"poll": job, "missed": o.missed.count, "in_a_row": o.in_a_row, "since": (o.in_a_row > 0).then(|| time(o.since)),
                   "degraded": o.degraded, "last": o.last.word(), "last_seen": time(o.missed.last)})
        })
        .collect()
}

fn said(o: &TouchOverride) -> Value {
    json!({"policy": o.policy.word(), "by": o.by, "approved_by": text(o.approved.as_str()), "reason": o.reason,
           "since": time(o.since), "until": time(o.until)})
}

fn fact(f: &Fact) -> Value {
    json!({"key": f.key, "value": f.value, "source": f.source.word(), "confidence": f.confidence,
           "first_seen": time(Time::from_secs32(f.first)), "last_seen": time(f.seen())})
}

/// Values are numbers in the unit that stands beside them.
fn sensor(s: &Sensor) -> Value {
    let number = |n: Option<i64>| n.map(|n| n as f64 / 1_000.0);
    json!({"key": s.key, "name": s.name, "kind": s.kind.word(), "value": number(s.value), "unit": text(s.kind.unit()),
           "total": number(s.total), "state": s.state.word(), "since": time(s.since), "at": time(s.at)})
}

fn reach(r: &ReachFact) -> Value {
    json!({"says": reach_word(r.reach), "since": time(r.since), "last_seen": time(r.seen), "misses": r.misses})
}

fn reach_word(reach: Reach) -> &'static str {
    match reach {
        Reach::NotAsked => "not-asked",
        Reach::Answers => "answers",
        Reach::Missed => "missed",
        Reach::Silent => "silent",
        Reach::Refuses => "refuses",
        Reach::Blind => "blind",
    }
}

fn joined<T: ToString>(of: &Sorted<T>) -> String {
    let words: Vec<String> = of.iter().map(ToString::to_string).collect();
    words.join(" ")
}

fn when(at: Time) -> String {
    if at.0 > 0 {
        at.to_string()
    } else {
        "never".into()
    }
}

/// The key as JSON has it.
fn key_word(f: &Fact) -> String {
    let word = serde_json::to_value(f.key).ok();
    word.and_then(|v| v.as_str().map(str::to_string))
        .unwrap_or_default()
}

/// Everything, for a person.
pub fn as_text(state: &State, d: &Device) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "{name:<14}{value}");
        }
    };
    line("name", d.name.as_str());
    line("state", &format!("{}  {}", d.state.word(), d.state_why));
    line("class", &format!("{}, {}", d.class, d.care));
    line(
        "touch",
        &format!("{}  ({})", d.touch.policy, d.touch.because),
    );
    if let Some(q) = state.quarantine.get(&d.id) {
        let words = format!("{} since {}  (it {})", q.spared.words(), q.since, q.why);
        line("left alone", &words);
    }
    if let Some(q) = state.quirk_in_force(d) {
        let from: Vec<String> = q
            .from
            .iter()
            .map(|f| format!("{}: {}", f.source.word(), f.because))
            .collect();
        line("model", &format!("{}  ({})", q.limits(), from.join("; ")));
    }
    if let Some(o) = &d.touch.overridden {
        line("", &format!("until {}: {}", o.until, o.reason));
    }
    if let Some(o) = &d.touch.asked {
        let asked = format!(
            "{} asked for by {} until {}, waits for a second person: {}",
            o.policy, o.by, o.until, o.reason
        );
        line("", &asked);
    }
    if let Some(budget) = state.budget_of(d) {
        line("budget", &budget.words());
    }
    line("segment", segment_name(state, d.segment));
    line("port", &port(state, d));
    line("addresses", &joined(&d.addresses));
    line("macs", &joined(&d.macs));
    line("first seen", &when(d.first_seen));
    line("last seen", &when(d.last_seen));
    for (name, r) in [
        ("ping", &d.ping),
        ("snmp", &d.snmp),
        ("passive", &d.passive),
    ] {
        let seen = if r.seen.0 > 0 {
            format!("  last {}", r.seen)
        } else {
            String::new()
        };
        line(name, &format!("{}{seen}", reach_word(r.reach)));
    }
    if let Some(conduct) = &d.conduct {
        let _ = writeln!(out, "\nagent");
        for (fault, n) in &conduct.faults {
            let (says, since) = (fault.says(), when(n.first));
            let _ = writeln!(out, "  {says}: {} since {since}", n.count);
        }
        for (job, o) in &conduct.overruns {
            let row = if o.in_a_row > 0 {
                format!("{} in a row since {}", o.in_a_row, when(o.since))
            } else {
                "none now".into()
            };
            let _ = writeln!(
                out,
                "  late polls, {job}: {} since {}; {row}",
                o.missed.count,
                when(o.missed.first)
            );
        }
    }
    if !d.facts.is_empty() {
        let _ = writeln!(out, "\nfacts");
    }
    for f in d.facts.values() {
        let key = key_word(f);
        let _ = writeln!(
            out,
            "  {key:<24}{:<40}  {} {} %  {}",
            f.value,
            f.source.word(),
            f.confidence,
            f.seen()
        );
    }
    for f in &d.conflicts {
        let key = key_word(f);
        let _ = writeln!(
            out,
            "  {key:<24}{:<40}  {} says otherwise  {}",
            f.value,
            f.source.word(),
            f.seen()
        );
    }
    if !d.sensors().is_empty() {
        let _ = writeln!(out, "\nsensors");
    }
    for s in d.sensors() {
        let _ = writeln!(
            out,
            "  {:<12}{:<40}  {:<16}  {}",
            s.kind.word(),
            s.name,
            s.words(),
            s.state.word()
        );
    }
    let active: Vec<_> = state
        .alerts
        .values()
        .filter(|a| a.device == Some(d.id) && a.is_active())
        .collect();
    if !active.is_empty() {
        let _ = writeln!(out, "\nalerts");
    }
    for a in active {
        let _ = writeln!(out, "  {:<9} {}  {}", a.severity, a.text, a.since);
    }
    if !d.changes.is_empty() {
        let _ = writeln!(out, "\nchanges");
    }
    for c in &d.changes {
        let _ = writeln!(out, "  {}  {}  {} → {}", c.time, c.what, c.before, c.after);
    }
    out
}
