//! Which tables of which vendors hold sensors: shipped with the program, overlaid by the site's own folder `sensors`.
//!
//! A table of the site with the id of a shipped one takes its place; one that says `enabled = false` takes it away. A file
//! with a mistake is left out, with the place of every mistake; the others stay.

mod file;
mod table;

use std::path::Path;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

pub use table::{Column, Condition, Kind, SensorTable, Unit, Word};

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

/// What the poller asks by.
static IN_FORCE: RwLock<Option<Arc<Sensors>>> = RwLock::new(None);

/// All tables, in the order in which they are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sensors {
    tables: Vec<Arc<SensorTable>>,
}

impl Sensors {
    /// What is shipped alone.
    pub fn shipped() -> Arc<Self> {
        static SHIPPED_ALONE: LazyLock<Arc<Sensors>> =
            LazyLock::new(|| Arc::new(Sensors::load(None).0));
        Arc::clone(&SHIPPED_ALONE)
    }

    /// What is in force in this process: what is shipped, unless the site has tables of its own.
    pub fn in_force() -> Arc<Self> {
        let held = IN_FORCE.read().unwrap_or_else(PoisonError::into_inner);
        held.clone().unwrap_or_else(Self::shipped)
    }

    /// Puts these in force, before the first agent is asked: what is remembered of agents goes by their order.
    pub fn put_in_force(self) {
        *IN_FORCE.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(self));
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
            .zip(&self.tables)
            .filter(move |(_, t)| t.fits(object_id))
            .map(|(at, t)| (at, t.as_ref()))
    }

    /// All tables, in the order in which they are asked.
    pub fn iter(&self) -> impl Iterator<Item = &SensorTable> {
        self.tables.iter().map(AsRef::as_ref)
    }

    fn lay(&mut self, file: &str, text: &str, errors: &mut Vec<SensorError>) {
        match file::read(file, text) {
            Ok(tables) => {
                for (id, table) in tables {
                    let at = self.tables.iter().position(|t| t.id == id);
                    match (at, table) {
                        (Some(at), Some(table)) => self.tables[at] = Arc::new(table),
                        (Some(at), None) => {
                            self.tables.remove(at);
                        }
                        (None, Some(table)) if self.tables.len() < TABLE_CAP => {
                            self.tables.push(Arc::new(table));
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
