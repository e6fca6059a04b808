//! `wardwatch poll`: asks the site's devices, or those of a list, and prints each result.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use serde_json::json;
use tokio::sync::mpsc;

use super::args::{Global, ListFormat, PollArgs};
use super::output::Listing;
use super::{Done, named, open, rows, usage};
use crate::access::Person;
use crate::config;
use crate::engine::{Filter, State};
use crate::event::{PollOutcome, Target};
use crate::gate::Gate;
use crate::host::{Resolve, logins};
use crate::model::{DeviceClass, Site, Text, TouchPolicy};
use crate::sources::snmp::{
    Login, PollResult, PollSummary, Poller, PollerConfig, check_plan, poll_once,
};

/// How often without `--once`.
const EVERY: Duration = Duration::from_secs(30);
/// Who may not be asked as the plan would: by address, the words that name device and policy.
type Kept = BTreeMap<IpAddr, String>;

/// Asks once, or every half a minute.
pub fn poll(global: &Global, args: &PollArgs) -> Result<Done> {
    check_plan(&args.plan).map_err(usage)?;
    // one thread: who asks and who takes the results wake nobody else
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .wrap_err("starting the runtime")?;
    let _inside = runtime.enter();
    let gate = Gate::new();
    let (sink, mut observations) = mpsc::channel(16);
    // the results are printed from the poller's own answers
    runtime.spawn(async move { while observations.recv().await.is_some() {} });
    let poller = Poller::start(Arc::clone(&gate), sink, PollerConfig::default())
        .wrap_err("opening the poller's socket")?;
    let (targets, kept) = if args.targets.is_some() {
        from_file(global, args, &gate, &poller)?
    } else {
        from_site(global, args, &gate, &poller)?
    };
    named::say_kept(kept.values().map(String::as_str));
    if targets.is_empty() {
        eprintln!(
            "wardwatch: nothing to ask: no device that may be asked by SNMP is named or matches"
        );
    }
    let format = args.format.unwrap_or_else(ListFormat::unless_told);
    loop {
        let mut results = Vec::new();
        let mut printed = Ok(());
        let each = |r: PollResult| match format {
            _ if args.summary => {}
            // who reads lines gets each as it comes
            ListFormat::Jsonl if printed.is_ok() => {
                printed = listing([&r], &kept).print(Some(format));
            }
            ListFormat::Jsonl => {}
            _ => results.push(r),
        };
        let summary = runtime
            .block_on(poll_once(&poller, &targets, &args.plan, each))
            .map_err(usage)?;
        printed?;
        results.sort_by_key(|r| (r.address, r.port));
        if args.summary {
            print_summary(&summary)?;
        } else if format != ListFormat::Jsonl {
            listing(&results, &kept).print(Some(format))?;
        }
        if summary.timed_out > 0 {
            eprintln!(
                "wardwatch: {} of {} did not answer: no agent is there, or the community or user is wrong (agents are silent then); nothing more was sent after {} retries",
                summary.timed_out, summary.devices, summary.retries
            );
        }
        if args.once {
            return Ok(Done::Done);
        }
        if super::watch::wait_for_signal(Some(std::time::Instant::now() + EVERY)) {
            return Ok(Done::Interrupted);
        }
    }
}

fn listing<'a>(of: impl IntoIterator<Item = &'a PollResult>, kept: &Kept) -> Listing {
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
    ]);
    of.into_iter().for_each(|r| listing.row(row(r, kept)));
    listing
}

/// By the plans of the site, and no more than models can take; says what the site has of its own.
fn ask_as(site: &Site, state: &State, poller: &Poller) {
    if let Some(plans) = state.standing_plans() {
        let shipped = config::plans::shipped(&site.intervals);
        let own: Vec<&str> = plans
            .iter()
            .filter(|plan| shipped.get(plan.name.as_str()) != Some(plan))
            .map(|plan| plan.name.as_str())
            .collect();
        if !own.is_empty() {
            eprintln!(
                "wardwatch: asked by the site's own plans {}",
                own.join(", ")
            );
        }
        poller.set_plans(plans);
    }
    if let Some(quirks) = state.quirk_table() {
        poller.set_quirks(Arc::clone(quirks));
    }
    if !site.quirks.is_empty() {
        eprintln!(
            "wardwatch: {} of the site's own quirks hold",
            site.quirks.len()
        );
    }
}

fn from_file(
    global: &Global,
    args: &PollArgs,
    gate: &Gate,
    poller: &Poller,
) -> Result<(Vec<Target>, Kept)> {
    let file = args
        .targets
        .as_deref()
        .unwrap_or_else(|| std::path::Path::new(""));
    if !args.filter.is_empty() {
        return Err(usage(
            "a filter works on the site's devices; --targets names its own",
        ));
    }
    let community = args
        .community
        .as_deref()
        .ok_or_else(|| usage("--targets needs --community env:NAME or file:PATH"))?;
    let login = Login::V2c {
        community: named::community(community)?,
    };
    let found = named::targets_file(file, 161)?;
    // the site's plans and touch policies hold for whatever this hospital asks: with a site file that can't be read nobody is asked
    let site = config::find(global.site.as_deref())
        .map(|path| open::load(&path).map(|loaded| loaded.offered()))
        .transpose()?;
    // the person named each address, and the plan: their word covers what the plan sends
    let word = if args.plan == "status" {
        TouchPolicy::Get
    } else {
        TouchPolicy::Full
    };
    let words = found.iter().map(|a| (a.ip(), word));
    let (state, table) = if let Some(site) = &site {
        let known = named::remembered(global)?;
        let (state, held, _) = named::standing_of(known, site);
        (state, named::table_held_by(&held, words))
    } else {
        let (state, _, _) = named::standing_of(State::new(), &Site::default());
        (state, named::table_of_words(words))
    };
    gate.install(Arc::clone(&table));
    tracing::info!(
        "{} named {} addresses for the plan {}",
        Person::of_this_process()?.name,
        found.len(),
        args.plan
    );
    ask_as(&site.unwrap_or_default(), &state, poller);
    let kept = found
        .iter()
        .map(std::net::SocketAddr::ip)
        .filter(|a| table.policy(*a) < word)
        .map(|a| {
            let device = state.device_at(a).map(AsRef::as_ref);
            let address = a.to_canonical();
            (
                address,
                named::with_policy(device, address, table.policy(a)),
            )
        })
        .collect();
    let name = Text::from("command line");
    poller.set_logins(BTreeMap::from([(name.clone(), login)]));
    let targets = found
        .into_iter()
        .map(|a| Target {
            address: a.ip(),
            port: a.port(),
            credentials: vec![name.clone()],
            class: DeviceClass::Unknown,
            jobs: Vec::new(),
            confirm_s: 10,
            model: 0,
            closet: 0,
            uplink: 0,
            v2c_fallback: true,
            answers_from_any_address: false,
            in_flight: 1,
        })
        .collect();
    Ok((targets, kept))
}

fn from_site(
    global: &Global,
    args: &PollArgs,
    gate: &Gate,
    poller: &Poller,
) -> Result<(Vec<Target>, Kept)> {
    if args.community.is_some() {
        return Err(usage(
            "--community goes with --targets; the site file names the credentials of its devices",
        ));
    }
    let loaded = open::site(global)?;
    let filter = Filter::parse(&args.filter.join(" ")).map_err(usage)?;
    let known = named::remembered(global)?;
    let (state, table, targets) = named::standing_of(known, &loaded.offered());
    gate.install(table);
    ask_as(&loaded.site, &state, poller);
    let resolve: Resolve = Box::new(|of| config::secret::resolve(of).map_err(|e| e.to_string()));
    let (logins, troubles) = logins(&loaded.site, &resolve);
    for trouble in troubles {
        eprintln!("wardwatch: {trouble}");
    }
    poller.set_logins(logins);
    let wanted = |t: &&Target| {
        state
            .device_at(t.address)
            .is_some_and(|d| filter.matches(&state, d, state.time))
    };
    let asked: Vec<Target> = targets.iter().filter(wanted).cloned().collect();
    let may: BTreeSet<IpAddr> = asked.iter().map(|t| t.address.to_canonical()).collect();
    let kept = state.devices.values().filter_map(|d| {
        let address = d.address.or(d.addresses.first().copied())?;
        let spared = d.touch.policy < TouchPolicy::Get
            && !may.contains(&address.to_canonical())
            && filter.matches(&state, d, state.time);
        spared.then(|| {
            let words = named::with_policy(Some(d), address, d.touch.policy);
            (address.to_canonical(), words)
        })
    });
    Ok((asked, kept.collect()))
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
    ]
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

fn print_summary(s: &PollSummary) -> Result<()> {
    let line = json!({
        "devices": s.devices, "answered": s.answered, "timed_out": s.timed_out, "failed": s.failed, "not_allowed": s.not_allowed, "pdus_sent": s.pdus_sent, "retries": s.retries,
        "varbinds": s.varbinds, "socket_drops": s.socket_drops, "wall_s": s.wall_s, "cpu_s": s.cpu_s, "peak_rss_mib": s.peak_rss_mib,
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}
