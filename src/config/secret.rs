//! From the name of a secret to the secret: read when it is needed, wiped when it is not, never shown (invariant 11).

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::model::{PlainSecret, SecretRef, Text};

/// The longest secret that is read, bytes.
const CAP: u64 = 4096;

/// A secret that can't be had. Never holds the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The variable is not there.
    #[error("the variable {name} is not set; set it where wardwatch starts")]
    NotSet {
        /// Its name.
        name: Text,
    },
    /// The file can't be read.
    #[error("the secret in {path} can't be read: {why}")]
    Unreadable {
        /// Which file.
        path: Text,
        /// What the system says.
        why: Text,
    },
    /// Others may read it.
    #[error("others may read the secret in {path} (mode {mode:04o}); run: chmod 600 {path}")]
    Open {
        /// Which file.
        path: Text,
        /// Its mode.
        mode: u32,
    },
    /// Nothing in it.
    #[error("the secret in {place} is empty")]
    Empty {
        /// The variable or file.
        place: Text,
    },
    /// Too long to be one.
    #[error("what is in {place} is longer than {CAP} bytes; a secret is one line")]
    TooLong {
        /// The variable or file.
        place: Text,
    },
}

/// Reads the secret that `reference` names. A line end after it does not belong to it.
pub fn resolve(reference: &SecretRef) -> Result<PlainSecret, SecretError> {
    match reference {
        SecretRef::Plain(secret) if secret.bytes().is_empty() => Err(SecretError::Empty {
            place: "the argument".into(),
        }),
        SecretRef::Plain(secret) => Ok(secret.clone()),
        SecretRef::Env(name) => {
            use std::os::unix::ffi::OsStringExt as _;
            let value = std::env::var_os(name).ok_or_else(|| SecretError::NotSet {
                name: name.as_str().into(),
            })?;
            finish(Zeroizing::new(value.into_vec()), &format!("env:{name}"))
        }
        SecretRef::File(path) => from_file(path),
    }
}

fn from_file(path: &Path) -> Result<PlainSecret, SecretError> {
    let shown = path.to_string_lossy();
    let unreadable = |error: std::io::Error| SecretError::Unreadable {
        path: shown.as_ref().into(),
        why: match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".into(),
            std::io::ErrorKind::PermissionDenied => "permission denied".into(),
            _ => error.to_string().into(),
        },
    };
    // the mode is that of what was opened, not of what may stand there by then
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err(unreadable(std::io::Error::other("it is not a file")));
    }
    let mode = about.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Open {
            path: shown.as_ref().into(),
            mode,
        });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(CAP as usize + 1));
    file.take(CAP + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    finish(bytes, &format!("file:{shown}"))
}

fn finish(mut bytes: Zeroizing<Vec<u8>>, place: &str) -> Result<PlainSecret, SecretError> {
    if bytes.len() as u64 > CAP {
        return Err(SecretError::TooLong {
            place: place.into(),
        });
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    if bytes.is_empty() {
        return Err(SecretError::Empty {
            place: place.into(),
        });
    }
    Ok(PlainSecret::new(std::mem::take(&mut *bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(dir: &tempfile::TempDir, content: &[u8], mode: u32) -> SecretRef {
        let path = dir.path().join("secret");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        SecretRef::File(path)
    }

    #[test]
    fn a_file_gives_its_line_without_the_line_end() {
        let dir = tempfile::tempdir().unwrap();
        for (content, secret) in [
            ("public", "public"),
            ("public\n", "public"),
            ("public\r\n", "public"),
            (" two words \n", " two words "),
            ("a\n\n", "a\n"),
        ] {
            let found = resolve(&file(&dir, content.as_bytes(), 0o600)).unwrap();
            assert_eq!(found.bytes(), secret.as_bytes(), "{content:?}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        for mode in [0o644, 0o640, 0o604, 0o660, 0o601] {
            let reference = file(&dir, b"hunter2", mode);
            let error = resolve(&reference).unwrap_err().to_string();
            assert!(
                error.contains("chmod 600") && !error.contains("hunter2"),
                "{error}"
            );
            assert!(error.contains(&format!("{mode:04o}")), "{error}");
        }
        assert!(resolve(&file(&dir, b"hunter2", 0o400)).is_ok());
    }

    #[test]
    fn what_is_empty_missing_or_no_secret_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for empty in ["", "\n", "\r\n"] {
            assert!(matches!(
                resolve(&file(&dir, empty.as_bytes(), 0o600)),
                Err(SecretError::Empty { .. })
            ));
        }
        assert!(matches!(
            resolve(&file(&dir, &[b'x'; 5000], 0o600)),
            Err(SecretError::TooLong { .. })
        ));
        let missing = SecretRef::File(dir.path().join("nothing"));
        assert!(
            resolve(&missing)
                .unwrap_err()
                .to_string()
                .contains("no such file")
        );
        let folder = SecretRef::File(dir.path().to_path_buf());
        assert!(matches!(
            resolve(&folder),
            Err(SecretError::Unreadable { .. })
        ));
        let unset = SecretRef::Env("WARDWATCH_TEST_NEVER_SET".into());
        assert!(matches!(resolve(&unset), Err(SecretError::NotSet { .. })));
        let set = SecretRef::Env("PATH".into());
        assert!(!resolve(&set).unwrap().bytes().is_empty());
        let plain = SecretRef::Plain(PlainSecret::new(Vec::new()));
        assert!(matches!(resolve(&plain), Err(SecretError::Empty { .. })));
    }
}
