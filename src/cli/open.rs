//! Finds and opens what commands work on: the site file, the state folder, its log.

use std::path::{Path, PathBuf};

use color_eyre::Result;
use color_eyre::eyre::eyre;

use super::args::Global;
use super::{doctor, usage};
use crate::actions::catalogue::Catalogue;
use crate::config::{self, Loaded};
use crate::engine::State;
use crate::host::restore;
use crate::log::{Retention, SqliteLog};
use crate::model::{Device, FactKey};

/// Where the state lives.
pub fn state_dir(global: &Global) -> Result<PathBuf> {
    match &global.state {
        Some(dir) => Ok(dir.clone()),
        None => Ok(doctor::default_state()?),
    }
}

/// Makes the state folder, closed to others: the log says who is treated where.
pub fn make_state_dir(dir: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|e| {
            eyre!(
                "the state folder {} can't be made: {e}; choose another --state",
                dir.display()
            )
        })
}

/// The site in force. Every mistake in it is printed with its place.
pub fn site(global: &Global) -> Result<Loaded> {
    let path = config::find(global.site.as_deref()).ok_or_else(|| {
        usage("there is no site file; write one with `wardwatch config init`, or look at `wardwatch demo`")
    })?;
    load(&path)
}

/// One site file.
pub fn load(path: &Path) -> Result<Loaded> {
    config::load(path).map_err(usage)
}

/// The state as the log has it, without disturbing who collects.
pub fn state(global: &Global) -> Result<(State, SqliteLog)> {
    let dir = state_dir(global)?;
    if !dir.join("record.db").exists() {
        return Err(eyre!(
            "{}: nothing was collected here yet; start `wardwatch` or `wardwatch daemon`",
            dir.display()
        ));
    }
    let mut log = SqliteLog::open_read_only(&dir)?;
    let state = restore(&mut log)?;
    Ok((state, log))
}

/// The log to collect into.
pub fn log(dir: &Path, retention: Retention) -> Result<SqliteLog> {
    Ok(SqliteLog::open(dir, retention)?)
}

/// The one device a word names.
pub fn find<'a>(state: &'a State, word: &str) -> Result<&'a Device> {
    state
        .find_device(word)
        .map(AsRef::as_ref)
        .or_else(|| by_tag(state, word))
        .ok_or_else(|| usage(format!("no device is called '{}'; `wardwatch devices {0}` finds parts of names, addresses, tags and wards", crate::model::Text::from(word))))
}

/// The one device that carries this biomedical tag; where two do, none.
fn by_tag<'a>(state: &'a State, word: &str) -> Option<&'a Device> {
    let mut found = state.devices.values().map(AsRef::as_ref).filter(|d| {
        let tag = d.fact_str(FactKey::Tag);
        !tag.is_empty() && tag.eq_ignore_ascii_case(word)
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// What can be run: what is shipped, overlaid by the folder `remediations` beside the site file.
pub fn catalogue(site_folder: Option<&Path>) -> Result<Catalogue> {
    let folder = site_folder
        .map(|f| f.join("remediations"))
        .filter(|f| f.is_dir());
    let (catalogue, errors) = Catalogue::load(folder.as_deref());
    if errors.is_empty() {
        return Ok(catalogue);
    }
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    Err(usage(lines.join("\n")))
}
