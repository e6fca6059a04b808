//! A person's consent to poll plans, from the command line to the process that collects: a file in the state folder, which only
//! its owner may write to. It stays until the collector has it in the log, so that it outlives both.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::getuid;
use serde::{Deserialize, Serialize};

use super::hub::Hub;
use crate::event::{Body, Command};
use crate::model::Text;

/// The longest file that is read, bytes.
const CAP: u64 = 64 << 10;

/// Who consents to which plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Who.
    pub by: Text,
    /// [`crate::model::PollPlans::hash`] of what was shown.
    pub hash: Text,
}

/// Where it lies.
pub fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("accept-plans.json")
}

/// Leaves it for the process that collects, whole or not at all. A later one takes the place of an earlier one.
pub fn leave(state_dir: &Path, consent: &Consent) -> io::Result<()> {
    let to = path(state_dir);
    let beside = to.with_extension("new");
    let _ = fs::remove_file(&beside);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(&serde_json::to_vec(consent).map_err(io::Error::other)?)?;
    file.sync_all()?;
    fs::rename(&beside, &to)?;
    fs::File::open(state_dir)?.sync_all()
}

/// What lies there, if anything; an error where it can't be believed.
fn read(path: &Path) -> Result<Option<Consent>, String> {
    let about = match fs::symlink_metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let own = getuid().as_raw();
    if !about.is_file() || (about.uid() != own && about.uid() != 0) {
        return Err("it is no file of the account that collects; remove it".into());
    }
    if about.mode() & 0o022 != 0 {
        return Err("others than its owner may write to it; remove it and consent again".into());
    }
    if about.len() > CAP {
        return Err("it is too long to be a consent; remove it".into());
    }
    let bytes = fs::read(path).map_err(|e| e.to_string())?;
    let consent = serde_json::from_slice(&bytes)
        .map_err(|e| format!("it is no consent ({e}); remove it and consent again"))?;
    Ok(Some(consent))
}

/// Takes up what lies there as soon as the plans that it means are offered. Says what is wrong with it, if anything.
pub async fn take_up(state_dir: &Path, hub: &Hub) -> Result<(), String> {
    let path = path(state_dir);
    let wrong = |why: String| format!("{}: {why}", path.display());
    let Some(consent) = read(&path).map_err(wrong)? else {
        return Ok(());
    };
    let state = hub.state();
    let offered = state.polls.offered.as_ref();
    if offered.is_some_and(|p| p.hash() == consent.hash) {
        let body = Body::Command {
            by: consent.by,
            command: Command::AcceptPlans { hash: consent.hash },
        };
        hub.durable(body)
            .await
            .map_err(|why| wrong(why.to_string()))?;
    } else if state.polls.in_force.hash() != consent.hash {
        // the configuration that it means is not there yet
        return Ok(());
    }
    fs::remove_file(&path).map_err(|e| wrong(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_is_read_as_it_was_left_and_one_of_a_stranger_is_not_believed() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(&path(dir.path())), Ok(None));
        let consent = Consent {
            by: "ana".into(),
            hash: "ab".into(),
        };
        leave(dir.path(), &consent).unwrap();
        assert_eq!(read(&path(dir.path())), Ok(Some(consent.clone())));
        let later = Consent {
            hash: "cd".into(),
            ..consent
        };
        leave(dir.path(), &later).unwrap();
        assert_eq!(read(&path(dir.path())), Ok(Some(later)));
        let open = fs::Permissions::from_mode(0o666);
        fs::set_permissions(path(dir.path()), open).unwrap();
        assert!(read(&path(dir.path())).unwrap_err().contains("others"));
        fs::write(path(dir.path()), "{").unwrap();
        let closed = fs::Permissions::from_mode(0o600);
        fs::set_permissions(path(dir.path()), closed).unwrap();
        assert!(read(&path(dir.path())).unwrap_err().contains("no consent"));
    }
}
