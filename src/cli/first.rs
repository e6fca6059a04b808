//! The first minutes: there is no site file, and nothing starts by itself.

use std::io::{IsTerminal as _, stdin, stdout};
use std::time::Duration;

use color_eyre::Result;

use super::args::{ConfigCommand, DemoArgs, Global, ScanArgs};
use super::ask::Questions;
use super::{Done, config, demo, scan, usage};

/// What is said where nobody can be asked.
const NOBODY: &str = "there is no site file; `wardwatch config init` writes one, `wardwatch demo` shows a simulated hospital, \
                      `wardwatch scan` lists who is on this segment";

enum Choice {
    Demo,
    Scan,
    Init,
    Leave,
}

/// Offers what can be done without a site file.
pub fn offer(global: &Global) -> Result<Done> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(usage(NOBODY));
    }
    let mut ask = Questions::new(stdin().lock(), stdout());
    ask.say(
        "There is no site file yet, so nothing is watched and nothing was sent. What now?\n\n  \
         1  look at a simulated hospital (wardwatch demo); your network is not touched\n  \
         2  see who is on this segment (wardwatch scan); asks by ARP, slowly, esc stops it\n  \
         3  write a site file, by six questions (wardwatch config init)\n  \
         q  leave\n",
    )?;
    let choice = ask.ask("1, 2, 3 or q?", |line| match line {
        "1" | "demo" => Ok(Choice::Demo),
        "2" | "scan" => Ok(Choice::Scan),
        "3" | "init" => Ok(Choice::Init),
        "q" | "quit" | "4" => Ok(Choice::Leave),
        _ => Err("write 1, 2, 3 or q".into()),
    })?;
    drop(ask);
    match choice {
        Choice::Demo => demo::demo(global, &DemoArgs::default()),
        Choice::Scan => scan::scan(global, &scan_args()),
        Choice::Init => config::config(
            global,
            &ConfigCommand::Init {
                file: "wardwatch.toml".into(),
                example: false,
            },
        ),
        Choice::Leave => Ok(Done::Done),
    }
}

/// `wardwatch scan` without a word.
fn scan_args() -> ScanArgs {
    ScanArgs {
        targets: Vec::new(),
        interface: None,
        community: None,
        v3: None,
        snmp_port: 161,
        fast: false,
        pcap: None,
        listen: Duration::from_secs(3),
        save: None,
        format: None,
    }
}
