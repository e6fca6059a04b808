//! `wardwatch sim`: recorded or simulated devices as SNMP agents.

use std::io::Write as _;
use std::path::Path;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;

use super::args::SimCommand;
use super::{Done, usage};
use crate::sim;

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
        SimCommand::Farm {
            agents,
            interfaces,
            community,
        } => farm(*agents, *interfaces, community)?,
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
    sim::process::wait(None::<&std::io::Stdin>, |_| Ok(()))?;
    playing.stop();
    Ok(())
}

fn farm(agents: u32, interfaces: u32, community: &str) -> Result<()> {
    let community = super::named::community(community)?;
    let farm =
        sim::farm::Farm::simple(agents, interfaces, &community).wrap_err("starting the agents")?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for address in farm.addresses() {
        writeln!(out, "{address}")?;
    }
    out.flush()?;
    drop(out);
    sim::process::wait(None::<&std::io::Stdin>, |_| Ok(()))?;
    Ok(())
}
