//! A site's own folder of TOML files: remediations, sensor tables, poll plans. What anybody may write to would let anybody say
//! what is run or asked: it is refused.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The longest file that is read, bytes.
const FILE_CAP: u64 = 256 << 10;

/// Its files `*.toml`, in the order of their names.
pub fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    Ok(paths)
}

/// Refuses a folder that others than its owner may write to.
pub fn closed(folder: &Path) -> Result<(), String> {
    if about(folder)?.1 {
        return Err(
            "others than its owner may write to this folder, so nothing in it is used; chmod go-w"
                .into(),
        );
    }
    Ok(())
}

/// A file of it, unless others may write to it or it is too long; `kind` is what it holds, for the message: "a poll plan".
pub fn text(path: &Path, kind: &str) -> Result<String, String> {
    let (size, open) = about(path)?;
    if open {
        return Err("others than its owner may write to it, so it is not used; chmod go-w".into());
    }
    if size > FILE_CAP {
        return Err(format!("{size} bytes; {kind} has at most {FILE_CAP}"));
    }
    fs::read_to_string(path).map_err(|e| e.to_string())
}

/// The text of a file, or why it is not used.
type Content = Result<String, String>;

/// All of its files by name, each with its text or why it is not used; or why none is.
pub fn texts(folder: &Path, kind: &str) -> Result<Vec<(String, Content)>, String> {
    closed(folder)?;
    let paths = paths(folder).map_err(|e| e.to_string())?;
    Ok(paths
        .into_iter()
        .map(|path| (path.display().to_string(), text(&path, kind)))
        .collect())
}

/// Its size, and whether others than its owner may write to it.
fn about(path: &Path) -> Result<(u64, bool), String> {
    let about = fs::metadata(path).map_err(|e| e.to_string())?;
    Ok((about.len(), about.permissions().mode() & 0o022 != 0))
}
