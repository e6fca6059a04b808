//! Where the site file is.

use std::path::{Path, PathBuf};

/// The name of the file wherever it is looked for.
pub(super) const FILE_NAME: &str = "wardwatch.toml";

/// The site file: `explicit` (the word of the command line), else `$WARDWATCH_SITE`, `./wardwatch.toml`, the user's
/// configuration folder, `/etc/wardwatch/`. The first two are taken by their word; the others where they exist.
pub fn find(explicit: Option<&Path>) -> Option<PathBuf> {
    let user = directories::ProjectDirs::from("", "", "wardwatch");
    first(
        explicit,
        std::env::var_os("WARDWATCH_SITE").map(PathBuf::from),
        &[
            Some(PathBuf::from(FILE_NAME)),
            user.map(|dirs| dirs.config_dir().join(FILE_NAME)),
            Some(Path::new("/etc/wardwatch").join(FILE_NAME)),
        ],
    )
}

fn first(
    explicit: Option<&Path>,
    variable: Option<PathBuf>,
    usual: &[Option<PathBuf>],
) -> Option<PathBuf> {
    explicit
        .map(Path::to_path_buf)
        .or(variable.filter(|v| !v.as_os_str().is_empty()))
        .or_else(|| usual.iter().flatten().find(|p| p.exists()).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_word_variable_here_user_system() {
        let dir = tempfile::tempdir().unwrap();
        let there = dir.path().join("there.toml");
        std::fs::write(&there, "").unwrap();
        let usual = [Some(dir.path().join("missing")), None, Some(there.clone())];
        let word = Path::new("x.toml");
        let variable = || Some(PathBuf::from("v.toml"));
        assert_eq!(first(Some(word), variable(), &usual), Some(word.into()));
        assert_eq!(first(None, variable(), &usual), variable());
        assert_eq!(first(None, Some(PathBuf::new()), &usual), Some(there));
        assert_eq!(first(None, None, &usual[..2]), None);
    }
}
