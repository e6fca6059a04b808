//! `wardwatch config` and `wardwatch doctor`.

use std::io::Write as _;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;

use super::args::{ConfigCommand, DoctorArgs, Global};
use super::output::one;
use super::{Done, doctor as checks, open, usage};
use crate::config;

/// Writes, checks, shows, or describes the site file.
pub fn config(global: &Global, command: &ConfigCommand) -> Result<Done> {
    let mut out = std::io::stdout().lock();
    match command {
        ConfigCommand::Init { file } => {
            let made = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(file);
            let mut to = made.map_err(|e| {
                usage(match e.kind() {
                    std::io::ErrorKind::AlreadyExists => format!(
                        "{} exists; a site file is never overwritten, choose another name",
                        file.display()
                    ),
                    _ => format!("{}: {e}; nothing was written", file.display()),
                })
            })?;
            to.write_all(config::EXAMPLE.as_bytes())
                .wrap_err_with(|| format!("writing {}", file.display()))?;
            writeln!(
                out,
                "{}: an example with every setting explained; edit it, then run `wardwatch config check`",
                file.display()
            )?;
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
