//! Watching the files: a change that holds together is handed on; one that does not is told, and the last good stays.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::load::{Loaded, load};
use super::problem::ConfigErrors;
use super::{folder as files_of, plans, sensors};
use crate::model::Text;

/// A file with what `stat` says of it; none where there is none.
type Stamp = (PathBuf, Option<(SystemTime, u64)>);

/// Looks at the files of a configuration when it is asked to, about once a second.
#[derive(Debug)]
pub struct Watch {
    site_file: PathBuf,
    files: Vec<PathBuf>,
    hash: Text,
    polls: crate::model::PollPlans,
    log: super::LogSettings,
    /// As they were when they were last read.
    read: Vec<Stamp>,
    /// As they were a look ago: an editor may still be writing.
    seen: Vec<Stamp>,
    trouble: Option<ConfigErrors>,
}

impl Watch {
    /// Watches the files of what is in force.
    pub fn new(loaded: &Loaded) -> Self {
        let site_file = loaded.files.first().cloned().unwrap_or_default();
        let stamps = stamps(&site_file, &loaded.files);
        Self {
            site_file,
            files: loaded.files.clone(),
            hash: loaded.hash.clone(),
            polls: loaded.polls.clone(),
            log: loaded.log,
            read: stamps.clone(),
            seen: stamps,
            trouble: None,
        }
    }

    /// What is wrong with the files as they are now, while the last good configuration is in force.
    pub fn trouble(&self) -> Option<&ConfigErrors> {
        self.trouble.as_ref()
    }

    /// One look: nothing new; a configuration to be put in force; or mistakes, each told once.
    pub fn look(&mut self) -> Option<Result<Loaded, ConfigErrors>> {
        let now = stamps(&self.site_file, &self.files);
        let settled = now == self.seen;
        self.seen.clone_from(&now);
        // with mistakes it is tried again at each look: a secret's mode may be what was put right
        if !settled || (now == self.read && self.trouble.is_none()) {
            return None;
        }
        self.read = now;
        match load(&self.site_file) {
            Ok(loaded) => {
                self.trouble = None;
                self.files.clone_from(&loaded.files);
                self.read = stamps(&self.site_file, &self.files);
                self.seen.clone_from(&self.read);
                if (&loaded.hash, loaded.log, &loaded.polls) == (&self.hash, self.log, &self.polls)
                {
                    return None;
                }
                self.hash = loaded.hash.clone();
                self.polls.clone_from(&loaded.polls);
                self.log = loaded.log;
                Some(Ok(loaded))
            }
            Err(errors) if self.trouble.as_ref() == Some(&errors) => None,
            Err(errors) => {
                self.trouble = Some(errors.clone());
                Some(Err(errors))
            }
        }
    }
}

fn stamps(site_file: &Path, files: &[PathBuf]) -> Vec<Stamp> {
    let folder = site_file.parent().unwrap_or(Path::new(""));
    // a plan or a sensor table may be new, or gone
    let polls = plans::files(&folder.join(plans::FOLDER));
    let stamp = |file: &PathBuf| {
        let about = std::fs::metadata(file).ok()?;
        Some((about.modified().ok()?, about.len()))
    };
    let sensors = files_of::paths(&folder.join(sensors::FOLDER)).unwrap_or_default();
    let all = files.iter().cloned().chain(polls).chain(sensors);
    all.map(|file| {
        let stamp = stamp(&file);
        (file, stamp)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Two looks: the first sees the change, the second that it holds.
    fn settle(watch: &mut Watch) -> Option<Result<Loaded, ConfigErrors>> {
        assert!(watch.look().is_none(), "not before it has settled");
        watch.look()
    }

    #[test]
    fn a_good_change_is_handed_on_and_a_bad_one_told_once_while_the_last_good_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wardwatch.toml");
        fs::write(&path, "[site]\nname = \"A\"\n").unwrap();
        let mut watch = Watch::new(&load(&path).unwrap());
        assert!(watch.look().is_none());

        fs::write(&path, "[site]\nname = \"Hospital B\"\n").unwrap();
        let loaded = settle(&mut watch).unwrap().unwrap();
        assert_eq!(loaded.site.name.as_str(), "Hospital B");
        assert!(watch.look().is_none());

        fs::write(&path, "[site]\nnam = \"Hospital C\"\n").unwrap();
        let errors = settle(&mut watch).unwrap().unwrap_err();
        assert!(
            errors.to_string().contains("did you mean 'name'?"),
            "{errors}"
        );
        assert!(watch.look().is_none(), "told once");
        assert!(watch.trouble().is_some());

        // back to what is in force: no trouble, nothing new
        fs::write(&path, "# same\n[site]\nname = \"Hospital B\"\n").unwrap();
        assert!(settle(&mut watch).is_none());
        assert!(watch.trouble().is_none());

        fs::remove_file(&path).unwrap();
        assert!(settle(&mut watch).unwrap().is_err());
    }

    #[test]
    fn a_secret_whose_mode_is_put_right_ends_the_trouble() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wardwatch.toml");
        let secret = dir.path().join("community");
        let good = "[site]\nname = \"A\"\n";
        fs::write(&path, good).unwrap();
        let mut watch = Watch::new(&load(&path).unwrap());
        fs::write(&secret, "public").unwrap();
        let mode = |m| fs::set_permissions(&secret, fs::Permissions::from_mode(m)).unwrap();
        mode(0o644);
        let credential =
            "[[credential]]\nname = \"c\"\nversion = \"2c\"\ncommunity = \"file:community\"\n";
        fs::write(&path, format!("{good}{credential}")).unwrap();
        let errors = settle(&mut watch).unwrap().unwrap_err();
        assert!(errors.to_string().contains("chmod 600"), "{errors}");
        mode(0o600);
        let loaded = watch.look().unwrap().unwrap();
        assert_eq!(loaded.site.credentials.len(), 1);
    }

    #[test]
    fn a_plan_that_comes_beside_the_site_file_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wardwatch.toml");
        fs::write(&path, "[site]\nname = \"A\"\n").unwrap();
        let mut watch = Watch::new(&load(&path).unwrap());
        fs::create_dir(dir.path().join("polls")).unwrap();
        let off = dir.path().join("polls/no-ups.toml");
        fs::write(&off, "name = \"ups\"\nenabled = false\n").unwrap();
        let loaded = settle(&mut watch).unwrap().unwrap();
        assert!(loaded.polls.get("ups").is_none());
        assert!(watch.look().is_none());
        fs::remove_file(&off).unwrap();
        let loaded = settle(&mut watch).unwrap().unwrap();
        assert!(loaded.polls.get("ups").is_some());
    }

    #[test]
    fn an_included_file_is_watched_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wardwatch.toml");
        fs::write(&path, "include = [\"icu.toml\"]\n[site]\nname = \"A\"\n").unwrap();
        fs::write(dir.path().join("icu.toml"), "").unwrap();
        let mut watch = Watch::new(&load(&path).unwrap());
        fs::write(dir.path().join("icu.toml"), "[[ward]]\nname = \"ICU\"\n").unwrap();
        let loaded = settle(&mut watch).unwrap().unwrap();
        assert_eq!(loaded.site.wards.len(), 1);
    }
}
