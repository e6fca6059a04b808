//! Poll plans: those shipped with the program, overlaid by the site's own folder `polls`.
//!
//! In: `config/polls/*.toml` (built in) and `*.toml` beside the site file. Out: [`PollPlans`] with the site's intervals put in, or
//! every mistake at once, each with file, line, column and what was meant. A file with the name of a shipped plan takes its place;
//! one that says `enabled = false` takes it away. It never decides what comes into force: that takes a person's consent where
//! devices would be asked for more.

mod check;
mod folder;
mod keys;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use super::problem::{ConfigErrors, Problem};
use super::sensors::Sensors;
use super::source::{At, Sources};
use crate::model::{Intervals, PollPlan, PollPlans};

/// The most plans there may be.
const PLANS: usize = 200;
/// What the folder beside the site file is called.
pub(super) const FOLDER: &str = "polls";

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        /// Shipped with the program: path in the source tree, content.
        const SHIPPED: &[(&str, &str)] = &[
            $((concat!("polls/", $name, ".toml"), include_str!(concat!("../../../config/polls/", $name, ".toml"))),)*
        ];
    };
}

shipped!(
    "addresses",
    "bench",
    "forwarding",
    "interfaces",
    "inventory",
    "neighbours",
    "sensors",
    "sensors-rooms",
    "status",
    "status-infrastructure",
    "ups",
);

/// The plans that are shipped, with these intervals put in, and the sensor tables that are shipped.
pub fn shipped(intervals: &Intervals) -> PollPlans {
    // a test reads every file that is shipped, so that nothing is left out here
    read(intervals, SHIPPED.iter().map(own))
        .unwrap_or_default()
        .with_tables(Sensors::shipped().tables())
}

fn own(&(path, text): &(&str, &str)) -> (PathBuf, Arc<str>) {
    (path.into(), text.into())
}

/// What is shipped, overlaid by the files `*.toml` of a folder, which need not be there; without sensor tables.
pub fn load(folder: Option<&Path>, intervals: &Intervals) -> Result<PollPlans, ConfigErrors> {
    let mut files: Vec<(PathBuf, Arc<str>)> = SHIPPED.iter().map(own).collect();
    if let Some(folder) = folder {
        files.extend(folder::texts(folder)?);
    }
    read(intervals, files.into_iter())
}

/// The files that [`load`] reads in a folder, for who watches them.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    folder::paths(folder).unwrap_or_default()
}

fn read(
    intervals: &Intervals,
    files: impl Iterator<Item = (PathBuf, Arc<str>)>,
) -> Result<PollPlans, ConfigErrors> {
    let mut sources = Sources::default();
    let mut plans: Vec<PollPlan> = Vec::new();
    for (path, text) in files {
        let file = sources.add(path, Arc::clone(&text));
        let (root, errors) = DeTable::parse_recoverable(&text);
        let broken = !errors.is_empty();
        for error in errors {
            let byte = error.span().map_or(0, |s| s.start);
            let what = error.message().trim().replace('\n', "; ");
            sources.error(At { file, byte }, what);
        }
        if broken {
            continue;
        }
        match check::plan(&mut sources, file, root.get_ref(), intervals) {
            Some(check::Found::Plan(plan)) => {
                plans.retain(|p| p.name != plan.name);
                plans.push(plan);
            }
            Some(check::Found::Off(name)) => plans.retain(|p| p.name != name),
            None => {}
        }
        if plans.len() > PLANS {
            sources.error(At { file, byte: 0 }, format!("more than {PLANS} plans"));
            break;
        }
    }
    let plans = PollPlans::new(plans);
    let mut errors: Vec<Problem> = sources.errors();
    if errors.is_empty() {
        errors.extend(plans.rivals().into_iter().map(|(a, b, part, class)| Problem {
            file: format!("polls/{}.toml", b.name).into(),
            line: 0,
            column: 0,
            what: format!(
                "the plans '{}' and '{}' both ask '{}' of the class {class}; narrow one of them by 'classes', 'except' or 'models'",
                a.name,
                b.name,
                part.word()
            )
            .into(),
        }));
    }
    if errors.is_empty()
        && let Some((a, b, job, class)) = plans.uneven()
    {
        errors.push(Problem {
            file: format!("polls/{}.toml", b.name).into(),
            line: 0,
            column: 0,
            what: format!(
                "the job {} is asked of the class {class} at different intervals (plans '{}' and '{}'); its parts need the same",
                job.word(),
                a.name,
                b.name
            )
            .into(),
        });
    }
    if errors.is_empty() {
        Ok(plans)
    } else {
        Err(ConfigErrors(errors))
    }
}
