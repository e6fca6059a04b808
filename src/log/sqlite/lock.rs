//! One collecting process a state directory.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::store::{explain_io, place};
use crate::log::LogError;

/// Held as long as it lives; the kernel lets go of it however the process ends, so it is never stale.
#[derive(Debug)]
pub struct StateLock {
    _file: File,
}

impl StateLock {
    /// Takes the lock of `dir`, or says which process has it.
    pub fn take(dir: &Path) -> Result<Self, LogError> {
        let path = dir.join("lock");
        let say = |error| explain_io(&path, error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(say)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(LogError::InUse {
                    place: place(dir),
                    pid: read_pid(&mut file),
                });
            }
            Err(error) => return Err(say(error.into())),
        }
        file.set_len(0).map_err(say)?;
        file.rewind().map_err(say)?;
        // a full disk must not keep anybody from the screens: the lock holds without the number in it
        let _ = writeln!(file, "{}", std::process::id());
        Ok(Self { _file: file })
    }

    /// Which process holds the lock of `dir`, if any does.
    pub fn holder(dir: &Path) -> Option<u32> {
        let mut file = File::open(dir.join("lock")).ok()?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(Errno::WOULDBLOCK) => Some(read_pid(&mut file)),
            _ => None,
        }
    }
}

/// Zero where the file does not say.
fn read_pid(file: &mut File) -> u32 {
    let mut text = String::new();
    let _ = file.take(32).read_to_string(&mut text);
    text.trim().parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_has_it_and_gets_it_when_that_one_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let first = StateLock::take(dir.path()).unwrap();
        match StateLock::take(dir.path()) {
            Err(LogError::InUse { pid, .. }) => assert_eq!(pid, std::process::id()),
            other => panic!("{other:?}"),
        }
        assert_eq!(StateLock::holder(dir.path()), Some(std::process::id()));
        drop(first);
        assert_eq!(StateLock::holder(dir.path()), None);
        StateLock::take(dir.path()).unwrap();
    }
}
