//! How results are printed.

use std::io::Write as _;

use color_eyre::Result;
use serde_json::json;

use super::super::output::Listing;
use super::super::rows;
use super::whom::Kept;
use crate::event::{AgentFault, PollOutcome};
use crate::sources::snmp::{Cut, PollResult, PollSummary};

/// A row for each.
pub fn listing<'a>(of: impl IntoIterator<Item = &'a PollResult>, kept: &Kept) -> Listing {
    let mut listing = Listing::new(&[
        "address",
        "port",
        "outcome",
        "credential",
        "name",
        "descr",
        "object_id",
        "uptime_s",
        "rtt_ms",
        "interfaces",
        "varbinds",
        "whole",
        "faults",
        "notes",
    ]);
    of.into_iter().for_each(|r| listing.row(row(r, kept)));
    listing
}

fn row(r: &PollResult, kept: &Kept) -> Vec<serde_json::Value> {
    let system = r.poll.system.as_ref();
    vec![
        json!(r.address),
        json!(r.port),
        json!(outcome(r, kept)),
        rows::text(r.poll.credential.as_str()),
        system.map_or(json!(null), |s| json!(s.name)),
        system.map_or(json!(null), |s| json!(s.descr)),
        system.map_or(json!(null), |s| json!(s.object_id)),
        json!(r.poll.uptime.map(|t| t / 100)),
        json!(r.poll.rtt_ms),
        json!(r.poll.interfaces.len()),
        json!(r.varbinds),
        json!((r.poll.outcome == PollOutcome::Answered).then_some(r.whole)),
        json!(r.faults),
        rows::text(&notes(r)),
    ]
}

/// What is wrong with its answers, in words.
fn notes(r: &PollResult) -> String {
    // those first that say most of an agent
    let faults = AgentFault::ALL
        .into_iter()
        .filter_map(|fault| Some(fault.counted(*r.faults.get(&fault)?)));
    let cuts = r.cuts.iter().map(Cut::says);
    faults.chain(cuts).collect::<Vec<_>>().join("; ")
}

fn outcome(r: &PollResult, kept: &Kept) -> String {
    match &r.poll.outcome {
        PollOutcome::Answered => "answered".into(),
        PollOutcome::Timeout => "timeout".into(),
        PollOutcome::Refused(why) => format!("refused: {why}"),
        PollOutcome::Malformed(why) => format!("malformed: {why}"),
        PollOutcome::NotAllowed(why) => match kept.get(&r.address.to_canonical()) {
            Some(who) => format!("not allowed: {who}"),
            None => format!("not allowed: {why}"),
        },
        PollOutcome::Unreachable(why) => format!("unreachable: {why}"),
    }
}

/// One JSON object.
pub fn print_summary(s: &PollSummary) -> Result<()> {
    let line = json!({
        "devices": s.devices, "answered": s.answered, "timed_out": s.timed_out, "failed": s.failed, "not_allowed": s.not_allowed, "pdus_sent": s.pdus_sent, "retries": s.retries,
        "varbinds": s.varbinds, "socket_drops": s.socket_drops, "wall_s": s.wall_s, "cpu_s": s.cpu_s, "peak_rss_mib": s.peak_rss_mib,
        "partial": s.partial, "faults": s.faults,
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}
