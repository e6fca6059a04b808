//! The simulator as a process of its own: what the hidden subcommand that a demo starts does.
//!
//! It says on its output, in JSON, one object a line: that it is ready, what came whenever it is asked (`status` on its input), and
//! what came in all when its input ends or it is told to stop.

use std::io::{self, PipeReader, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use serde_json::{Value, json};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::hospital::Hospital;
use super::house::{House, Secrets};
use super::scenario::Scenario;
use super::server::Counts;

/// What to simulate.
#[derive(Clone, Copy, Debug)]
pub struct SimOptions {
    /// Endpoints.
    pub endpoints: u32,
    /// What everything is drawn from.
    pub seed: u64,
    /// What goes wrong.
    pub scenario: Scenario,
    /// UDP port; zero for a free one.
    pub port: u16,
}

/// The longest line that is read; what is longer is thrown away.
const LINE_CAP: usize = 4_096;

/// Serves until standard input ends or a signal comes. The secrets stand in the environment
/// ([`crate::sim::hospital::secret_names`]).
pub fn run(options: SimOptions) -> io::Result<()> {
    let secrets = Secrets::from_env()?;
    run_with(options, &secrets, io::stdin(), &mut io::stdout())
}

/// As [`run`], with the streams given.
pub fn run_with(
    options: SimOptions,
    secrets: &Secrets,
    input: impl AsFd,
    output: &mut impl Write,
) -> io::Result<()> {
    let hospital = Hospital::build(options.endpoints, options.seed, options.port);
    let mut house = House::open(hospital, options.scenario, secrets)?;
    let signals = catch_signals()?;
    let ready = json!({
        "ready": true,
        "port": house.port(),
        "agents": house.agents(),
        "devices": house.world().hospital.devices.len(),
        "scenario": options.scenario.name,
    });
    say(output, &ready)?;
    wait(&signals, Some(&input), |line| {
        if line.trim_ascii() == b"status" {
            say(output, &summary(&house.counts()))?;
        }
        Ok(())
    })?;
    house.stop();
    // the reader may be gone already
    let _ = say(output, &summary(&house.counts()));
    Ok(())
}

/// From now on SIGTERM, SIGINT and SIGHUP no longer end the process but [`wait`]. Before anything is said: who was told that all is
/// ready may send one.
pub fn catch_signals() -> io::Result<PipeReader> {
    let (signals, writer) = io::pipe()?;
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        signal_hook::low_level::pipe::register(signal, writer.try_clone()?)?;
    }
    Ok(signals)
}

/// Waits until a signal comes or, where one is given, the input ends; calls back with each line of it.
pub fn wait(
    signals: &PipeReader,
    input: Option<&impl AsFd>,
    mut on_line: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut line = Vec::new();
    let mut buffer = [0u8; 1_024];
    loop {
        let mut fds = vec![PollFd::new(signals, PollFlags::IN)];
        if let Some(input) = input {
            fds.push(PollFd::new(input, PollFlags::IN));
        }
        match poll(&mut fds, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        if !fds[0].revents().is_empty() {
            return Ok(());
        }
        let Some(input) = input else { continue };
        let octets = match rustix::io::read(input, &mut buffer) {
            Ok(0) => return Ok(()),
            Ok(octets) => octets,
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
            Err(error) => return Err(error.into()),
        };
        for byte in buffer.iter().take(octets) {
            if *byte == b'\n' {
                on_line(&line)?;
                line.clear();
            } else if line.len() < LINE_CAP {
                line.push(*byte);
            }
        }
    }
}

/// What came, for whoever started this.
pub fn summary(counts: &Counts) -> Value {
    let by_address: serde_json::Map<String, Value> = counts
        .watched
        .iter()
        .map(|(address, n)| (address.to_string(), json!(n)))
        .collect();
    json!({
        "datagrams": counts.datagrams,
        "answered": counts.answered,
        "unknown": counts.unknown,
        "wrong_community": counts.wrong_community,
        "malformed": counts.malformed,
        "absent": counts.absent,
        "lost": counts.lost,
        "packets_to_never_touch": counts.to_watched(),
        "by_address": by_address,
    })
}

fn say(output: &mut impl Write, what: &Value) -> io::Result<()> {
    writeln!(output, "{what}")?;
    output.flush()
}
