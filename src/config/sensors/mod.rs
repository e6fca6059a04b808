//! Which tables of which vendors hold sensors: shipped with the program, overlaid by the site's own folder `sensors`.
//!
//! They stand among the poll plans ([`crate::model::PollPlans::sensor_tables`]), so that what they ask for more takes a person's
//! consent. A table of the site with the id of a shipped one takes its place; one that says `enabled = false` takes it away. A file
//! with a mistake is left out, with the place of every mistake; the others stay.

mod file;

use std::path::Path;
use std::sync::{Arc, LazyLock};

pub use crate::model::sensor_table::{Column, Condition, Kind, SensorTable, Unit, Word};

use super::problem::Problem;
use crate::model::Text;

/// Tables of one catalogue.
const TABLE_CAP: usize = 2_000;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../config/sensors/", $name)))),*]
    };
}

/// Shipped with the program, in the order in which they are asked.
const SHIPPED: &[(&str, &str)] = shipped![
    "cisco.toml",
    "network.toml",
    "campus.toml",
    "standard.toml",
    "servers.toml",
    "storage.toml",
    "ups.toml",
    "pdu.toml",
    "environment.toml",
    "cooling.toml",
    "dhcp.toml",
];

/// Something wrong in a file of sensor tables.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}")]
pub struct SensorError {
    /// Which file.
    pub file: Text,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong, and what was meant.
    pub what: Text,
}

impl From<SensorError> for Problem {
    fn from(error: SensorError) -> Self {
        let number = |n| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            file: error.file.as_str().into(),
            line: number(error.line),
            column: number(error.column),
            what: error.what,
        }
    }
}

/// What the folder beside the site file is called.
pub(super) const FOLDER: &str = "sensors";

/// All tables, in the order in which they are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sensors {
    tables: Arc<Vec<SensorTable>>,
}

impl Sensors {
    /// What is shipped alone.
    pub fn shipped() -> Arc<Self> {
        static SHIPPED_ALONE: LazyLock<Arc<Sensors>> =
            LazyLock::new(|| Arc::new(Sensors::load(None).0));
        Arc::clone(&SHIPPED_ALONE)
    }

    /// Those that stand among the plans.
    pub fn of_plans(tables: Arc<Vec<SensorTable>>) -> Self {
        Self { tables }
    }

    /// To stand among the plans.
    pub fn tables(&self) -> Arc<Vec<SensorTable>> {
        Arc::clone(&self.tables)
    }

    /// What is shipped, overlaid by the files `*.toml` of a folder, with what was wrong in them.
    pub fn load(site_folder: Option<&Path>) -> (Self, Vec<SensorError>) {
        let mut all = Self::default();
        let mut errors = Vec::new();
        for (file, text) in SHIPPED {
            all.lay(file, text, &mut errors);
        }
        if let Some(folder) = site_folder {
            match super::folder::texts(folder, "a file of sensor tables") {
                Ok(files) => {
                    for (file, text) in files {
                        match text {
                            Ok(text) => all.lay(&file, &text, &mut errors),
                            Err(what) => errors.push(at_start(&file, &what)),
                        }
                    }
                }
                Err(what) => errors.push(at_start(&folder.display().to_string(), &what)),
            }
        }
        (all, errors)
    }

    /// From texts alone: name of the file, content.
    pub fn from_texts(files: &[(&str, &str)]) -> (Self, Vec<SensorError>) {
        let mut all = Self::default();
        let mut errors = Vec::new();
        for (file, text) in files {
            all.lay(file, text, &mut errors);
        }
        (all, errors)
    }

    /// The tables that may be asked of an agent with this `sysObjectID`.
    pub fn of<'a>(&'a self, object_id: &'a [u32]) -> impl Iterator<Item = (u16, &'a SensorTable)> {
        (0u16..)
            .zip(self.tables.iter())
            .filter(move |(_, t)| t.fits(object_id))
    }

    /// All tables, in the order in which they are asked.
    pub fn iter(&self) -> impl Iterator<Item = &SensorTable> {
        self.tables.iter()
    }

    fn lay(&mut self, file: &str, text: &str, errors: &mut Vec<SensorError>) {
        let all = Arc::make_mut(&mut self.tables);
        match file::read(file, text) {
            Ok(tables) => {
                for (id, table) in tables {
                    let at = all.iter().position(|t| t.id == id);
                    match (at, table) {
                        (Some(at), Some(table)) => all[at] = table,
                        (Some(at), None) => {
                            all.remove(at);
                        }
                        (None, Some(table)) if all.len() < TABLE_CAP => {
                            all.push(table);
                        }
                        (None, Some(_)) => {
                            errors.push(at_start(file, &format!("more than {TABLE_CAP} tables")));
                            return;
                        }
                        (None, None) => {}
                    }
                }
            }
            Err(wrong) => errors.extend(wrong),
        }
    }
}

fn at_start(file: &str, what: &str) -> SensorError {
    SensorError {
        file: Text::from(file),
        line: 1,
        column: 1,
        what: Text::from(what),
    }
}

#[cfg(test)]
mod tests;
