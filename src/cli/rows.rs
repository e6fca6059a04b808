//! The rows of each listing, out of a state.

use serde_json::{Map, Value, json};

use super::output::Listing;
use crate::engine::State;
use crate::model::{
    Alert, Device, DeviceId, FactKey, Link, LinkEnd, LinkSource, Quirk, Run, SegmentId, Time,
};

/// A time as JSON: RFC 3339, or null for the beginning of time (never).
pub fn time(t: Time) -> Value {
    if t.0 <= 0 {
        Value::Null
    } else {
        json!(t.to_string())
    }
}

/// A text as JSON, or null where there is none.
pub fn text(t: &str) -> Value {
    if t.is_empty() { Value::Null } else { json!(t) }
}

/// Name of a segment, or `""`.
pub fn segment_name(state: &State, id: Option<SegmentId>) -> &str {
    id.and_then(|id| state.segments.get(&id))
        .map_or("", |s| s.name.as_str())
}

/// Name of a device, or `""`.
pub fn device_name(state: &State, id: DeviceId) -> &str {
    state.devices.get(&id).map_or("", |d| d.name.as_str())
}

/// Where a device hangs: `sw-3f-02 Gi1/0/17`.
pub fn port(state: &State, device: &Device) -> String {
    state
        .location(device)
        .map_or_else(String::new, |at| at.to_string())
}

/// `wardwatch devices`
pub fn devices<'a>(state: &State, of: impl Iterator<Item = &'a Device>) -> Listing {
    let mut list = Listing::new(&[
        "name",
        "state",
        "class",
        "care",
        "vendor",
        "model",
        "firmware",
        "serial",
        "address",
        "mac",
        "segment",
        "port",
        "ward",
        "room",
        "owner",
        "tag",
        "touch",
        "last_seen",
        "why",
    ]);
    for d in of {
        list.row(vec![
            json!(d.name),
            json!(d.state.word()),
            json!(d.class.word()),
            json!(d.care.word()),
            text(d.fact_str(FactKey::Vendor)),
            text(d.fact_str(FactKey::Model)),
            text(d.fact_str(FactKey::Firmware)),
            text(d.fact_str(FactKey::Serial)),
            d.address
                .or_else(|| d.addresses.first().copied())
                .map_or(Value::Null, |a| json!(a)),
            d.macs.first().map_or(Value::Null, |m| json!(m)),
            text(segment_name(state, d.segment)),
            text(&port(state, d)),
            text(d.fact_str(FactKey::Ward)),
            text(d.fact_str(FactKey::Room)),
            text(d.fact_str(FactKey::Owner)),
            text(d.fact_str(FactKey::Tag)),
            json!(d.touch.policy.word()),
            time(d.last_seen),
            text(d.state_why.as_str()),
        ]);
    }
    list
}

/// The sums of a state, as `demo --headless` and `replay --headless` print them.
pub fn sums(state: &State) -> Map<String, Value> {
    let c = state.counts;
    let pairs = [
        ("devices", c.devices),
        ("up", c.up),
        ("degraded", c.degraded),
        ("down", c.down),
        ("unknown", c.unknown),
        ("alerts_open", c.alerts_open),
        ("root_cause_alerts", c.root_cause_alerts),
        ("child_alerts_notified", c.child_alerts_notified),
        ("children_counted", c.children_counted),
    ];
    pairs
        .into_iter()
        .map(|(name, n)| (name.to_string(), json!(n)))
        .collect()
}

/// `wardwatch segments`
pub fn segments(state: &State, wanted: impl Fn(SegmentId) -> bool) -> Listing {
    let mut list = Listing::new(&[
        "name", "vlan", "clinical", "nets", "devices", "up", "degraded", "down", "unknown",
        "in_bps", "out_bps",
    ]);
    for (at, segment) in state.segments.values().enumerate() {
        if !wanted(segment.id) {
            continue;
        }
        let summary = state.segment_summary.get(&segment.id);
        let counts = summary.map_or_else(Default::default, |s| s.counts);
        let nets = state.site.segments.get(at).map_or_else(Vec::new, |s| {
            s.nets.iter().map(ToString::to_string).collect()
        });
        list.row(vec![
            json!(segment.name),
            if segment.vlan == 0 {
                Value::Null
            } else {
                json!(segment.vlan)
            },
            json!(segment.clinical),
            json!(nets),
            json!(counts.total),
            json!(counts.up),
            json!(counts.degraded),
            json!(counts.down),
            json!(counts.unknown),
            json!(segment.in_bps),
            json!(segment.out_bps),
        ]);
    }
    list
}

/// `wardwatch links`
pub fn links<'a>(state: &State, of: impl Iterator<Item = &'a Link>) -> Listing {
    let mut list = Listing::new(&[
        "a",
        "a_port",
        "b",
        "b_port",
        "up",
        "source",
        "since",
        "last_seen",
    ]);
    let port = |end: LinkEnd| {
        end.port
            .map_or(Value::Null, |p| json!(state.port_name(end.device, p)))
    };
    for link in of {
        let source = match link.source {
            LinkSource::Site => "site",
            LinkSource::LldpBoth => "lldp-both",
            LinkSource::LldpOne => "lldp-one",
            LinkSource::Fdb => "fdb",
        };
        list.row(vec![
            json!(device_name(state, link.id.0.device)),
            port(link.id.0),
            json!(device_name(state, link.id.1.device)),
            port(link.id.1),
            json!(link.up),
            json!(source),
            time(link.since),
            time(link.seen),
        ]);
    }
    list
}

/// `wardwatch alerts`
pub fn alerts<'a>(state: &State, of: impl Iterator<Item = &'a Alert>) -> Listing {
    let mut list = Listing::new(&[
        "id",
        "severity",
        "state",
        "condition",
        "device",
        "part",
        "text",
        "segment",
        "since",
        "opened",
        "closed",
        "count",
        "root",
        "behind",
        "ack_by",
        "ack_until",
        "ack_note",
    ]);
    for a in of {
        list.row(vec![
            json!(a.id),
            json!(a.severity.word()),
            json!(a.state.word()),
            json!(a.condition.word()),
            a.device
                .map_or(Value::Null, |d| text(device_name(state, d))),
            text(a.part.as_str()),
            json!(a.text),
            text(segment_name(state, a.segment)),
            time(a.since),
            a.opened.map_or(Value::Null, time),
            a.closed.map_or(Value::Null, time),
            json!(a.count),
            json!(a.root),
            json!(a.impact.behind),
            a.ack.as_ref().map_or(Value::Null, |k| json!(k.by)),
            a.ack
                .as_ref()
                .and_then(|k| k.until)
                .map_or(Value::Null, time),
            a.ack
                .as_ref()
                .map_or(Value::Null, |k| text(k.note.as_str())),
        ]);
    }
    list
}

/// `wardwatch runs`
pub fn runs<'a>(of: impl Iterator<Item = &'a Run>) -> Listing {
    let mut list = Listing::new(&[
        "id",
        "remediation",
        "device",
        "by",
        "reason",
        "state",
        "planned",
        "started",
        "ended",
        "exit",
        "revert_due",
        "outcome",
    ]);
    for r in of {
        list.row(vec![
            json!(r.id),
            json!(r.plan.remediation),
            json!(r.plan.device_name),
            json!(r.by),
            text(r.reason.as_str()),
            json!(r.state.word()),
            time(r.planned),
            r.started.map_or(Value::Null, time),
            r.ended.map_or(Value::Null, time),
            json!(r.exit),
            r.revert
                .as_ref()
                .filter(|v| v.done.is_none())
                .map_or(Value::Null, |v| time(v.due)),
            text(r.outcome.as_str()),
        ]);
    }
    list
}

/// `wardwatch quirks`; under a filter only those that hold for one of its devices.
pub fn quirks(of: &[(std::sync::Arc<Quirk>, u32)], all: bool) -> Listing {
    let mut list = Listing::new(&[
        "model",
        "firmware",
        "source",
        "repetitions",
        "names",
        "next_only",
        "least_interval_s",
        "skip",
        "own_restarts",
        "devices",
        "because",
        "reference",
    ]);
    for (q, devices) in of.iter().filter(|(_, devices)| all || *devices > 0) {
        list.row(vec![
            json!(q.object_id),
            text(q.firmware.as_str()),
            json!(q.source.word()),
            json!(q.repetitions),
            json!(q.names),
            json!(q.next_only),
            json!(q.least_interval_s),
            q.skip.as_ref().map_or(Value::Null, |s| json!(s)),
            json!(q.own_restarts),
            json!(devices),
            text(q.because.as_str()),
            text(q.reference.as_str()),
        ]);
    }
    list
}
