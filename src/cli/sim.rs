//! `wardwatch sim`: recorded or simulated devices as SNMP agents.

use std::io::Write as _;
use std::path::Path;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;

use super::args::{FarmArgs, SimCommand};
use super::{Done, usage};
use crate::config;
use crate::model::{PlainSecret, SecretRef};
use crate::sim;
use crate::sim::farm::{Farm, FarmOptions, FarmUser};

/// Serves until SIGTERM, SIGINT or SIGHUP; the hospital also ends with its standard input.
pub fn sim(command: &SimCommand) -> Result<Done> {
    match command {
        SimCommand::Serve { dir, address, port } => serve(dir, *address, *port)?,
        SimCommand::Hospital {
            endpoints,
            seed,
            scenario,
            port,
        } => {
            let scenario = scenario.parse().map_err(usage)?;
            sim::process::run(sim::process::SimOptions {
                endpoints: *endpoints,
                seed: *seed,
                scenario,
                port: *port,
            })?;
        }
        SimCommand::Farm(args) => farm(args)?,
    }
    Ok(Done::Done)
}

fn serve(dir: &Path, net: ipnet::Ipv4Net, port: u16) -> Result<()> {
    if !net.network().is_loopback() {
        return Err(usage(format!(
            "--address {net}: recorded devices are served on loopback only, such as 127.20.0.0/16"
        )));
    }
    let mut playing =
        sim::serve::serve(dir, net, port).wrap_err_with(|| format!("serving {}", dir.display()))?;
    for (file, why) in &playing.unreadable {
        eprintln!("wardwatch: {file}: {why}");
    }
    let signals = sim::process::catch_signals()?;
    let mut out = std::io::stdout().lock();
    for agent in playing.agents() {
        let note = if agent.skipped_total > 0 {
            format!("  ({} lines skipped)", agent.skipped_total)
        } else {
            String::new()
        };
        writeln!(out, "{} {}{note}", agent.address, agent.file)?;
    }
    out.flush()?;
    drop(out);
    // in the background its input is closed from the start: only a signal ends it
    sim::process::wait(&signals, None::<&std::io::Stdin>, |_| Ok(()))?;
    playing.stop();
    Ok(())
}

fn farm(args: &FarmArgs) -> Result<()> {
    let user = match &args.v3 {
        None => None,
        Some(name) => Some(FarmUser {
            name: name.clone(),
            auth: password(args.auth.as_deref(), "--auth")?,
            privacy: password(args.privacy.as_deref(), "--privacy")?,
        }),
    };
    let mut farm = Farm::start(FarmOptions {
        agents: args.agents,
        interfaces: args.interfaces,
        interfaces_on: args.interfaces_on,
        community: super::named::community(&args.community)?,
        user,
        faults: args.fault.clone(),
        seed: args.seed,
        port: args.port,
        sockets: args.sockets,
    })
    .wrap_err("starting the agents")?;
    let signals = sim::process::catch_signals()?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for address in farm.addresses() {
        writeln!(out, "{address}")?;
    }
    out.flush()?;
    drop(out);
    sim::process::wait(&signals, None::<&std::io::Stdin>, |_| Ok(()))?;
    farm.stop();
    // as a comment, so that the output stays a list of targets; who read it may be gone already
    let _ = writeln!(
        std::io::stdout(),
        "# {}",
        sim::process::summary(&farm.counts())
    );
    Ok(())
}

fn password(from: Option<&str>, flag: &str) -> Result<PlainSecret> {
    let reference = from.and_then(|text| match text.split_once(':') {
        Some(("env", name)) => Some(SecretRef::Env(name.to_string())),
        Some(("file", path)) => Some(SecretRef::File(path.into())),
        _ => None,
    });
    let reference =
        reference.ok_or_else(|| usage(format!("--v3 needs {flag} env:NAME or file:PATH")))?;
    config::secret::resolve(&reference).map_err(usage)
}
