//! `wardwatch run`: a remediation through the same gate as the key.

use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use color_eyre::eyre::{WrapErr as _, eyre};
use color_eyre::{Report, Result};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::args::{Global, ListFormat, OneFormat, RunArgs};
use super::output::Listing;
use super::{Done, demo, open, usage, watch};
use crate::access::Person;
use crate::actions::catalogue::Catalogue;
use crate::actions::plan::{Ask, Own, Refusal, confirmed, offers, plan};
use crate::actions::run::Wish;
use crate::config;
use crate::engine::State;
use crate::host::{Host, Hub, Runner};
use crate::model::{Confirm, DeviceId, RunPlan, RunState, Text, Time, Work};
use crate::notify::Outbox;

/// How long the device may take to answer before anything is planned on what was known of it.
const FRESH: Duration = Duration::from_mins(1);

/// Plans, asks, runs, prints.
pub fn run(global: &Global, args: &RunArgs) -> Result<Done> {
    if args.remediation == "list" {
        return offered(global, args);
    }
    if global.read_only {
        return Err(usage("--read-only: nothing can be run from here"));
    }
    let loaded = open::site(global)?;
    let dir = open::state_dir(global)?;
    open::make_state_dir(&dir)?;
    let person = Person::of_this_process()?;
    let inputs = inputs(&args.inputs)?;
    let runtime = demo::runtime()?;
    let (host, catalogue) = watch::start(&dir, &loaded, None, Outbox::default(), runtime.handle())?;
    let done = with_host(args, &host, &catalogue, &person, &inputs, &runtime);
    host.stop();
    runtime.shutdown_timeout(Duration::from_millis(100));
    done
}

/// `wardwatch run list DEVICE`: what is for this device, and why it can't be run where it can't.
fn offered(global: &Global, args: &RunArgs) -> Result<Done> {
    let (state, _log) = open::state(global)?;
    let device = open::find(&state, &args.device)?.id;
    let site = config::find(global.site.as_deref());
    let catalogue = open::catalogue(site.as_deref().and_then(Path::parent))?;
    let person = Person::of_this_process()?;
    let interface = interface(&state, device, args)?;
    let mut list = Listing::new(&[
        "name", "title", "risk", "confirm", "inputs", "sends", "dry_run", "refusal",
    ]);
    let own = Own::of_this_host();
    for offer in offers(&state, &catalogue, &own, device, interface, &person) {
        let inputs: Vec<&Text> = offer.inputs.iter().map(|i| &i.name).collect();
        list.row(vec![
            json!(offer.name),
            json!(offer.title),
            json!(offer.risk.word()),
            json!(offer.confirm),
            json!(inputs),
            super::rows::text(offer.needs.as_str()),
            json!(offer.dry_run),
            offer.refusal.map_or(json!(null), |r| json!(r)),
        ]);
    }
    list.print(args.format.map(|f| match f {
        OneFormat::Text => ListFormat::Table,
        OneFormat::Json => ListFormat::Json,
    }))?;
    Ok(Done::Done)
}

fn with_host(
    args: &RunArgs,
    host: &Host,
    catalogue: &Catalogue,
    person: &Person,
    inputs: &BTreeMap<Text, Text>,
    runtime: &tokio::runtime::Runtime,
) -> Result<Done> {
    let own = Own::of_this_host();
    let began = Time::from_clock();
    let wanted = until_known(host.hub(), args, began)?;
    let make = |state: &State| {
        let interface = interface(state, wanted, args).map_err(Not::Now)?;
        let ask = Ask {
            device: wanted,
            interface,
            remediation: &args.remediation,
            inputs,
            person,
            dry_run: args.dry_run,
        };
        plan(state, catalogue, &own, &ask).map_err(Not::of)
    };
    let plan = until_fresh(host.hub(), began, &make)?;
    let mut out = std::io::stdout();
    let text = args.format.unwrap_or(if std::io::stdout().is_terminal() {
        OneFormat::Text
    } else {
        OneFormat::Json
    }) == OneFormat::Text;
    if text {
        write!(out, "{}", describe(&plan))?;
        out.flush()?;
    }
    if !confirm(&plan, args)? {
        return Err(if plan.confirm == Confirm::TypeName {
            eyre!(
                "not confirmed: the name to give is {}; nothing was done",
                plan.device_name
            )
        } else {
            eyre!("not confirmed; nothing was done")
        });
    }
    let wish = Wish {
        plan: plan.clone(),
        person: person.clone(),
        reason: args.reason.as_str().into(),
    };
    let runner = Arc::clone(host.runner());
    let heeding = runtime.block_on(async { heed(Arc::clone(&runner)) })?;
    let (id, how, outcome) = runtime
        .block_on(runner.carry_out(wish, drop))
        .map_err(|why| eyre!("{why}"))?;
    heeding.abort();
    let state = host.hub().state();
    let run = state.runs.get(&id);
    let output: Vec<Text> = run.map_or_else(Vec::new, |r| r.output.iter().cloned().collect());
    if text {
        for line in &output {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{} {outcome}", how.word())?;
    } else {
        let exit = run.and_then(|r| r.exit);
        writeln!(
            out,
            "{}",
            json!({"run": id, "remediation": plan.remediation, "device": plan.device_name, "state": how.word(), "exit": exit, "outcome": super::rows::text(outcome.as_str()), "output": output, "dry_run": plan.dry_run})
        )?;
    }
    match how {
        RunState::Succeeded => Ok(Done::Done),
        RunState::Cancelled => Ok(Done::Interrupted),
        _ => Err(eyre!("run {id} {}: {outcome}", how.word())),
    }
}

/// From now on signals stop the run instead of the process: its program is ended, its port is opened at once. A terminal that
/// goes away (SIGHUP) stops nothing.
fn heed(runner: Arc<Runner>) -> Result<tokio::task::JoinHandle<()>> {
    let listen = |kind| signal(kind).wrap_err("listening to signals");
    let (mut int, mut term) = (
        listen(SignalKind::interrupt())?,
        listen(SignalKind::terminate())?,
    );
    let (mut quit, mut hup) = (listen(SignalKind::quit())?, listen(SignalKind::hangup())?);
    Ok(tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = int.recv() => runner.hurry(),
                _ = term.recv() => runner.hurry(),
                _ = quit.recv() => runner.hurry(),
                _ = hup.recv() => {}
            }
        }
    }))
}

fn inputs(given: &[String]) -> Result<BTreeMap<Text, Text>> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            usage(format!(
                "--input '{}': write it as NAME=VALUE",
                Text::from(text.as_str())
            ))
        })?;
        Ok((Text::from(name), Text::from(value)))
    };
    given.iter().map(pair).collect()
}

/// The site may have just come into force: its devices are known a moment later.
fn until_known(hub: &Hub, args: &RunArgs, began: Time) -> Result<DeviceId> {
    loop {
        let state = hub.state();
        if state.config_hash.is_empty() && Time::from_clock().since(began) < FRESH {
            std::thread::sleep(Duration::from_millis(20));
            continue;
        }
        return Ok(open::find(&state, &args.device)?.id);
    }
}

/// Why there is no plan.
enum Not {
    /// Nothing that is still to be heard can change it.
    Ever(Report),
    /// Not as far as is known now.
    Now(Report),
}

impl Not {
    fn of(why: Refusal) -> Self {
        let ever = match &why {
            Refusal::Input { input, .. } => input.as_str() != "interface",
            other => matches!(
                other,
                Refusal::NoSuchRemediation { .. }
                    | Refusal::Role { .. }
                    | Refusal::Argument { .. }
                    | Refusal::Missing { .. }
                    | Refusal::Touch { .. }
                    | Refusal::NoCredentials { .. }
                    | Refusal::Life { .. }
            ),
        };
        if ever {
            Self::Ever(usage(why))
        } else {
            Self::Now(usage(why))
        }
    }
}

/// The plan; a port is only worked on by what was heard since this began.
fn until_fresh(
    hub: &Hub,
    began: Time,
    make: &impl Fn(&State) -> Result<RunPlan, Not>,
) -> Result<RunPlan> {
    let end = Instant::now() + FRESH;
    loop {
        let state = hub.state();
        let late = Instant::now() >= end;
        match make(&state) {
            Err(Not::Ever(why)) => return Err(why),
            Err(Not::Now(why)) if late => return Err(why),
            Err(Not::Now(_)) => {}
            Ok(plan) => {
                let of_a_port = matches!(plan.work, Work::IfAdmin { .. });
                let heard = state
                    .devices
                    .get(&plan.device)
                    .is_some_and(|d| d.snmp.seen >= began && !d.interfaces.is_empty());
                if heard || !of_a_port {
                    return Ok(plan);
                }
                if late {
                    return Err(eyre!(
                        "nothing was heard of this device for {} s; nothing is changed on what was known before",
                        FRESH.as_secs()
                    ));
                }
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn interface(
    state: &State,
    device: DeviceId,
    args: &RunArgs,
) -> Result<Option<crate::model::IfIndex>> {
    let Some(name) = &args.interface else {
        return Ok(None);
    };
    let found = state
        .devices
        .get(&device)
        .and_then(|d| d.interfaces.values().find(|i| i.name.as_str() == name));
    found.map(|i| Some(i.index)).ok_or_else(|| {
        usage(format!(
            "it has no interface '{}' (as far as is known now)",
            Text::from(name.as_str())
        ))
    })
}

/// The plan as a person reads it before confirming.
fn describe(plan: &RunPlan) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}  {} on {}  risk {}",
        plan.remediation,
        plan.title,
        plan.device_name,
        plan.risk.word()
    );
    match &plan.work {
        Work::Program {
            argv,
            env,
            dry_argv,
        } => {
            let of = if plan.dry_run {
                dry_argv.as_ref()
            } else {
                Some(argv)
            };
            for (at, word) in of.into_iter().flatten().enumerate() {
                let _ = writeln!(out, "  argv[{at}] {word}");
            }
            for (name, value) in env {
                let _ = writeln!(out, "  env {name}={value}");
            }
        }
        Work::IfAdmin {
            interface,
            bounce,
            revert_s,
        } => {
            let what = if *bounce {
                "down and up again"
            } else {
                "down, and up again"
            };
            let _ = writeln!(
                out,
                "  ifAdminStatus.{} of {} ({}): {what} after {revert_s} s",
                interface.index, interface.name, interface.alias
            );
        }
        Work::SnmpGet { oids } => {
            for oid in oids {
                let _ = writeln!(out, "  GET {oid}");
            }
        }
    }
    for note in &plan.notes {
        let _ = writeln!(out, "  {note}");
    }
    out
}

fn confirm(plan: &RunPlan, args: &RunArgs) -> Result<bool> {
    if plan.confirm == Confirm::None || (plan.confirm == Confirm::Key && args.yes) {
        return Ok(true);
    }
    if let Some(name) = &args.confirm {
        return Ok(confirmed(plan, name));
    }
    if !std::io::stdin().is_terminal() {
        return Err(usage(match plan.confirm {
            Confirm::TypeName => format!(
                "this needs the device's name: --confirm {}",
                plan.device_name
            ),
            _ => "this needs --yes".into(),
        }));
    }
    let question = match plan.confirm {
        Confirm::TypeName => format!("type {} to run it: ", plan.device_name),
        _ => "run it? y/n: ".into(),
    };
    eprint!("{question}");
    std::io::stderr().flush()?;
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    Ok(confirmed(plan, typed.trim()))
}
