//! What can be run: the remediations built in, overlaid by the site's own folder.
//!
//! A file of the site with the name of a shipped one takes its place; one that says `enabled = false` takes it away. A file with
//! an error is left out, with the place of every error; the others stay.

mod check;
mod file;
mod input;
pub mod programs;
mod template;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use check::{Checker, Find};
pub(crate) use input::oid;
pub use input::{Input, InputKind, Pattern};
pub use template::{FillError, Template, Values};

use crate::engine::Filter;
use crate::model::{Confirm, PacketKind, Risk, Text};

/// The most packets of one kind that a run may declare.
pub const PACKET_CAP: u32 = 256;
/// The most remediations there may be.
const REMEDIATION_CAP: usize = 200;

/// Shipped with the program.
const SHIPPED: [(&str, &str); 5] = [
    (
        "remediations/ping.toml",
        include_str!("../../../config/remediations/ping.toml"),
    ),
    (
        "remediations/trace.toml",
        include_str!("../../../config/remediations/trace.toml"),
    ),
    (
        "remediations/snmp-get.toml",
        include_str!("../../../config/remediations/snmp-get.toml"),
    ),
    (
        "remediations/port-bounce.toml",
        include_str!("../../../config/remediations/port-bounce.toml"),
    ),
    (
        "remediations/port-shut.toml",
        include_str!("../../../config/remediations/port-shut.toml"),
    ),
];

/// Something wrong in a file of remediations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}")]
pub struct CatalogueError {
    /// Which file.
    pub file: Text,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong, and what was meant.
    pub what: Text,
}

/// One remediation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remediation {
    /// Its name on the command line and in the log.
    pub name: Text,
    /// Its key in the list of what applies.
    pub key: Option<char>,
    /// One line of what it does.
    pub title: Text,
    /// More of it.
    pub help: Text,
    /// How much it can break.
    pub risk: Risk,
    /// What a person must do before; the planner asks for more where a patient is close.
    pub confirm: Confirm,
    /// Seconds until it is stopped.
    pub timeout_s: u32,
    /// For devices that match; the empty filter matches all.
    pub scope: Filter,
    /// What it asks for.
    pub inputs: Vec<Input>,
    /// What it does.
    pub work: Work,
    /// The file it stands in.
    pub from: Text,
}

/// What a remediation does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Starts a program.
    Program(Box<Program>),
    /// Asks an agent.
    SnmpGet(Get),
    /// Sets `ifAdminStatus` of a switch port.
    Port(Port),
}

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The arguments; the first is the program and has no placeholder.
    pub argv: Vec<Template>,
    /// The arguments of a dry run, where the program has one.
    pub dry_argv: Option<Vec<Template>>,
    /// The environment, beside a fixed `PATH`.
    pub env: BTreeMap<Text, Template>,
    /// What it sends by itself.
    pub packets: Vec<Packets>,
    /// As the file calls it.
    pub called: Text,
    /// Where it was found; `None` where it is not installed.
    pub path: Option<PathBuf>,
    /// What to do where it is not installed.
    pub missing: Text,
}

/// A GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Get {
    /// What is asked.
    pub oids: Vec<Template>,
}

/// A switch port that is shut for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// For seconds, to make what hangs there start anew; else to keep it away.
    pub bounce: bool,
    /// Seconds until it is up again.
    pub revert_s: Count,
}

/// Packets a program sends to the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packets {
    /// Which.
    pub kind: PacketKind,
    /// How many.
    pub count: Count,
    /// For each of `count`.
    pub each: u32,
}

/// A number that stands in the file, or is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Count {
    /// Stands in the file.
    Fixed(u32),
    /// The input of this name.
    Input(Text),
}

/// All remediations by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    by_name: BTreeMap<Text, Remediation>,
}

impl Catalogue {
    /// What is shipped, overlaid by the files `*.toml` of a folder, with what was wrong in them.
    pub fn load(site_folder: Option<&Path>) -> (Self, Vec<CatalogueError>) {
        let mut catalogue = Self::default();
        let mut errors = Vec::new();
        for (file, text) in SHIPPED {
            catalogue.lay(file, text, None, &programs::find, &mut errors);
        }
        if let Some(folder) = site_folder {
            match crate::config::folder::texts(folder, "a remediation") {
                Ok(files) => {
                    for (file, text) in files {
                        match text {
                            Ok(text) => catalogue.lay(
                                &file,
                                &text,
                                Some(folder),
                                &programs::find,
                                &mut errors,
                            ),
                            Err(what) => errors.push(at_start(&file, what)),
                        }
                    }
                }
                Err(what) => errors.push(at_start(&folder.display().to_string(), what)),
            }
        }
        (catalogue, errors)
    }

    /// From texts alone: name of the file, content. `find` says where a program is.
    pub fn from_texts(
        files: &[(&str, &str)],
        find: &dyn Fn(&str) -> Option<PathBuf>,
    ) -> (Self, Vec<CatalogueError>) {
        let mut catalogue = Self::default();
        let mut errors = Vec::new();
        for (file, text) in files {
            catalogue.lay(file, text, None, find, &mut errors);
        }
        (catalogue, errors)
    }

    fn lay(
        &mut self,
        file: &str,
        text: &str,
        folder: Option<&Path>,
        find: Find<'_>,
        errors: &mut Vec<CatalogueError>,
    ) {
        if let Ok(switch) = toml::from_str::<file::Switch>(text)
            && let (Some(name), Some(false)) = (&switch.name, switch.enabled)
        {
            self.by_name.remove(&Text::from(name.as_str()));
            return;
        }
        let checker = Checker {
            file,
            text,
            folder,
            find,
            errors: Vec::new(),
        };
        match checker.read() {
            Ok(made) => {
                let rival = made.key.and_then(|key| {
                    self.by_name
                        .values()
                        .find(|r| r.key == Some(key) && r.name != made.name)
                });
                if let Some(rival) = rival {
                    errors.push(at_start(
                        file,
                        format!(
                            "its key is already that of '{}' ({}); choose another",
                            rival.name, rival.from
                        ),
                    ));
                } else if self.by_name.len() >= REMEDIATION_CAP {
                    errors.push(at_start(
                        file,
                        format!("more than {REMEDIATION_CAP} remediations"),
                    ));
                } else {
                    self.by_name.insert(made.name.clone(), made);
                }
            }
            Err(wrong) => errors.extend(wrong),
        }
    }

    /// One by its name.
    pub fn get(&self, name: &str) -> Option<&Remediation> {
        self.by_name.get(&Text::from(name))
    }

    /// All, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Remediation> {
        self.by_name.values()
    }
}

fn at_start(file: &str, what: impl Into<String>) -> CatalogueError {
    CatalogueError {
        file: Text::from(file),
        line: 1,
        column: 1,
        what: Text::from(what.into()),
    }
}

#[cfg(test)]
mod tests;
