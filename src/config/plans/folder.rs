//! The site's own folder of plans.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::problem::{ConfigErrors, Problem};

/// The longest file that is read, bytes.
const CAP: u64 = 256 << 10;

/// The files of a folder in the order of their names; none where there is no folder.
pub(super) fn paths(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.to_string()),
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    Ok(paths)
}

/// The files with their content. What anybody may write to would let anybody say what is asked of devices: it is refused.
pub(super) fn texts(folder: &Path) -> Result<Vec<(PathBuf, Arc<str>)>, ConfigErrors> {
    let wrong = |path: &Path, what: String| Problem {
        file: path.to_path_buf(),
        line: 0,
        column: 0,
        what: what.into(),
    };
    let paths = paths(folder).map_err(|e| ConfigErrors(vec![wrong(folder, e)]))?;
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut errors = Vec::new();
    if let Err(what) = closed(folder) {
        errors.push(wrong(folder, what));
    }
    let mut out = Vec::new();
    for path in paths {
        match text(&path) {
            Ok(text) => out.push((path, text)),
            Err(what) => errors.push(wrong(&path, what)),
        }
    }
    if errors.is_empty() {
        Ok(out)
    } else {
        Err(ConfigErrors(errors))
    }
}

fn closed(path: &Path) -> Result<u64, String> {
    let about = fs::metadata(path).map_err(|e| e.to_string())?;
    if about.permissions().mode() & 0o022 != 0 {
        return Err("others than its owner may write here, so it is not used; chmod go-w".into());
    }
    Ok(about.len())
}

fn text(path: &Path) -> Result<Arc<str>, String> {
    let size = closed(path)?;
    if size > CAP {
        return Err(format!("{size} bytes; a poll plan has at most {CAP}"));
    }
    let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
    Ok(text.into())
}
