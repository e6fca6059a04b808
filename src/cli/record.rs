//! `wardwatch record`: collect, and write what happens to a recording as well; or take a recording out of what was collected.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Instant;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;

use super::args::{Global, RecordArgs};
use super::{Done, open, usage, watch, window};
use crate::log::recording::{Header, RecordingWriter};
use crate::model::{Site, Time};

/// Shows the screen on a terminal; collects silently elsewhere.
pub fn record(global: &Global, args: &RecordArgs) -> Result<Done> {
    if let Some(from) = &args.from {
        return window::record(global, args, from);
    }
    let loaded = open::site(global)?;
    let recorder = recorder(&args.file, &loaded.site)?;
    let until = args.duration.map(|d| Instant::now() + d);
    if std::io::stdout().is_terminal() && args.duration.is_none() {
        watch::on_screen(global, None, Some(recorder), until)
    } else {
        watch::collect(global, Some(recorder), until)
    }
}

/// Writes every event to a new recording. An existing file is never overwritten.
pub fn recorder(file: &Path, site: &Site) -> Result<RecordingWriter> {
    if file.exists() {
        return Err(usage(format!(
            "{} exists; a recording is never overwritten, choose another name",
            file.display()
        )));
    }
    let header = Header::new(site.name.clone(), Time::from_clock());
    RecordingWriter::create(file, &header).wrap_err_with(|| format!("making {}", file.display()))
}
