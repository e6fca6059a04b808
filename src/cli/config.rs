//! `wardwatch config` and `wardwatch doctor`.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;

use super::args::{ConfigCommand, DoctorArgs, Global};
use super::ask::Questions;
use super::output::one;
use super::{Done, doctor as checks, init, open, usage};
use crate::config;

/// Writes, checks, shows, or describes the site file.
pub fn config(global: &Global, command: &ConfigCommand) -> Result<Done> {
    let mut out = std::io::stdout().lock();
    match command {
        ConfigCommand::Init { file, example } => {
            drop(out);
            return init(file, *example);
        }
        ConfigCommand::Check { file } => {
            let loaded = match file {
                Some(file) => open::load(file)?,
                None => open::site(global)?,
            };
            for warning in &loaded.warnings {
                writeln!(out, "{warning}")?;
            }
            let site = &loaded.site;
            writeln!(
                out,
                "{}: good; {} segments, {} devices, {} credentials",
                loaded
                    .files
                    .first()
                    .map(|f| f.display().to_string())
                    .unwrap_or_default(),
                site.segments.len(),
                site.devices.len(),
                site.credentials.len()
            )?;
            writeln!(out, "{}", config::budgets_in_words(&site.budgets))?;
        }
        ConfigCommand::Show { file } => {
            let loaded = match file {
                Some(file) => open::load(file)?,
                None => open::site(global)?,
            };
            write!(out, "{}", config::to_toml(&loaded.site))?;
        }
        ConfigCommand::Schema => writeln!(out, "{}", config::schema())?,
        ConfigCommand::Diff(args) => {
            drop(out);
            return super::polls::diff(global, args);
        }
    }
    Ok(Done::Done)
}

/// Writes a site file that was not there: by six questions to a person, or the example.
fn init(file: &Path, example: bool) -> Result<Done> {
    let exists = || {
        usage(format!(
            "{} exists; a site file is never overwritten, choose another name",
            file.display()
        ))
    };
    // said before anybody answers six questions for nothing
    if file.exists() {
        return Err(exists());
    }
    let asks = !example && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let (text, wrong) = if asks {
        let zone = jiff::tz::TimeZone::system();
        let zone = zone.iana_name().unwrap_or_default();
        let mut ask = Questions::new(std::io::stdin().lock(), std::io::stdout());
        init::interview(&mut ask, file, &init::own_subnets(), zone)?
    } else {
        (config::EXAMPLE.to_owned(), None)
    };
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file);
    let mut to = made.map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => exists(),
        _ => usage(format!("{}: {e}; nothing was written", file.display())),
    })?;
    to.write_all(text.as_bytes())
        .wrap_err_with(|| format!("writing {}", file.display()))?;
    let place = file.display();
    if let Some(wrong) = wrong {
        return Err(usage(format!(
            "{place} is written, and not good yet:\n{wrong}"
        )));
    }
    let next = if asks {
        "good, and in force are your answers alone; `wardwatch doctor` says what this machine lets it do, `wardwatch` starts"
    } else {
        "an example with every setting explained; edit it, then run `wardwatch config check`"
    };
    writeln!(std::io::stdout(), "{place}: {next}")?;
    Ok(Done::Done)
}

/// Looks at everything that support would ask for.
pub fn doctor(global: &Global, args: &DoctorArgs) -> Result<Done> {
    let site = match config::find(global.site.as_deref()) {
        None => Err("none found".to_string()),
        Some(path) => match config::load(&path) {
            Ok(loaded) => Ok(format!(
                "{}: {} devices",
                path.display(),
                loaded.site.devices.len()
            )),
            Err(errors) => Err(errors.to_string()),
        },
    };
    let found = checks::checks(site, &open::state_dir(global)?);
    one(args.format, &checks::as_json(&found), || {
        checks::as_text(&found)
    })?;
    Ok(Done::Done)
}
