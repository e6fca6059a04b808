//! The site's own folder of plans, which need not be there.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::folder;
use crate::config::problem::{ConfigErrors, Problem};

/// Its files in the order of their names; none where there is no folder.
pub(super) fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match folder::paths(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        paths => paths,
    }
}

/// The files with their content.
pub(super) fn texts(folder: &Path) -> Result<Vec<(PathBuf, Arc<str>)>, ConfigErrors> {
    let wrong = |path: &Path, what: String| Problem {
        file: path.to_path_buf(),
        line: 0,
        column: 0,
        what: what.into(),
    };
    let paths = paths(folder).map_err(|e| ConfigErrors(vec![wrong(folder, e.to_string())]))?;
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut errors = Vec::new();
    if let Err(what) = folder::closed(folder) {
        errors.push(wrong(folder, what));
    }
    let mut out = Vec::new();
    for path in paths {
        match folder::text(&path, "a poll plan") {
            Ok(text) => out.push((path, text.into())),
            Err(what) => errors.push(wrong(&path, what)),
        }
    }
    if errors.is_empty() {
        Ok(out)
    } else {
        Err(ConfigErrors(errors))
    }
}
