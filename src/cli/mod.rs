//! One file a subcommand.
//!
//! In: the command line. Out: what it prints, and the exit status: 0 done, 1 failed, 2 usage or configuration, 3 done and
//! something was found, 130 interrupted. It may know every room, and holds no logic that another room could need; it must
//! never print foreign text that is not a [`Text`](crate::model::Text).

mod args;
mod ask;
mod config;
mod demo;
mod device;
mod doctor;
mod first;
mod identify;
mod init;
mod keys;
mod ledger;
mod lines;
mod list;
mod medical;
mod named;
mod noted;
mod open;
mod output;
mod past;
mod poll;
mod polls;
mod record;
mod replay;
mod rows;
mod run;
mod scan;
mod screen;
mod sim;
mod theme;
mod watch;
mod window;
mod words;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

pub use args::Cli;
use args::{Command, Global};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// As asked.
    Done,
    /// As asked, and `--exit-code` found something.
    Found,
    /// A person, or a signal, stopped it.
    Interrupted,
}

/// A mistake of the person or in the configuration: exit status 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// A usage error out of anything that can be printed.
pub fn usage(why: impl std::fmt::Display) -> color_eyre::Report {
    Usage(why.to_string()).into()
}

/// Carries out the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse_from(words::filters_last(std::env::args_os())) {
        Ok(cli) => cli,
        Err(error) => return words::not_understood(&error),
    };
    // one line for people; the trace of a panic goes through color-eyre
    if let Err(error) = color_eyre::config::HookBuilder::default()
        .display_env_section(false)
        .install()
    {
        let _ = writeln!(std::io::stderr(), "wardwatch: {error}");
    }
    match carry_out(cli) {
        Ok(Done::Done) => ExitCode::SUCCESS,
        Ok(Done::Found) => ExitCode::from(3),
        Ok(Done::Interrupted) => ExitCode::from(130),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "wardwatch: {}", words::chain(&error));
            ExitCode::from(if error.downcast_ref::<Usage>().is_some() {
                2
            } else {
                1
            })
        }
    }
}

/// `wardwatch devices | head` is no error.
fn is_broken_pipe(error: &color_eyre::Report) -> bool {
    error
        .chain()
        .filter_map(|e| e.downcast_ref::<std::io::Error>())
        .any(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

fn carry_out(cli: Cli) -> color_eyre::Result<Done> {
    let global = &cli.global;
    let screen = matches!(
        cli.command,
        None | Some(Command::Wallboard(_) | Command::Record(_))
    ) || matches!(&cli.command, Some(Command::Demo(d)) if !d.headless)
        || matches!(&cli.command, Some(Command::Replay(r)) if !r.headless);
    log_to_stderr(global, screen)?;
    theme::chosen(global)?;
    if global.keys.is_some() {
        keys::chosen(global)?;
    }
    match cli.command {
        None => watch::watch(global),
        Some(Command::Demo(args)) => demo::demo(global, &args),
        Some(Command::Wallboard(args)) => watch::wallboard(global, &args),
        Some(Command::Daemon) => watch::daemon(global),
        Some(Command::Record(args)) => record::record(global, &args),
        Some(Command::Replay(args)) => replay::replay(global, &args),
        Some(Command::Scan(args)) => scan::scan(global, &args),
        Some(Command::Poll(args)) => poll::poll(global, &args),
        Some(Command::Devices(args)) => list::list(global, list::What::Devices, &args),
        Some(Command::Segments(args)) => list::list(global, list::What::Segments, &args),
        Some(Command::Links(args)) => list::list(global, list::What::Links, &args),
        Some(Command::Alerts(args)) => list::list(global, list::What::Alerts, &args),
        Some(Command::Runs(args)) => list::list(global, list::What::Runs, &args),
        Some(Command::Quirks(args)) => list::list(global, list::What::Quirks, &args),
        Some(Command::Changes(args)) => past::changes(global, &args),
        Some(Command::Device(args)) => list::device(global, &args),
        Some(Command::Ledger(args)) => ledger::ledger(global, &args),
        Some(Command::Identify(args)) => identify::identify(&args),
        Some(Command::Run(args)) => run::run(global, &args),
        Some(Command::Sim(command)) => sim::sim(&command),
        Some(Command::Theme(args)) => theme::theme(global, &args.command),
        Some(Command::Keys(args)) => keys::keys(global, &args),
        Some(Command::Config(command)) => config::config(global, &command),
        Some(Command::Doctor(args)) => config::doctor(global, &args),
        Some(Command::Completions { shell }) => {
            // made in memory first: a closed pipe would be a panic of the generator
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "wardwatch", &mut script);
            std::io::stdout().write_all(&script)?;
            Ok(Done::Done)
        }
        Some(Command::Man) => {
            let keymap = keys::chosen(global)?.keymap;
            std::io::stdout().write_all(&words::manual(&keymap)?)?;
            Ok(Done::Done)
        }
    }
}

/// Log lines go to stderr, unless the screen is ours: then into the state folder, once that is known.
fn log_to_stderr(global: &Global, screen: bool) -> color_eyre::Result<()> {
    let level: tracing::level_filters::LevelFilter = global.log_level.parse().map_err(|_| {
        usage(format!(
            "--log-level '{}': there are error, warn, info, debug and trace",
            global.log_level
        ))
    })?;
    if screen {
        screen::log_to_file_later(level);
    } else {
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(std::io::stderr)
            .with_target(false)
            .init();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_error_is_told_from_a_failure() {
        assert!(usage("no").downcast_ref::<Usage>().is_some());
        assert!(
            color_eyre::eyre::eyre!("no")
                .downcast_ref::<Usage>()
                .is_none()
        );
    }
}
