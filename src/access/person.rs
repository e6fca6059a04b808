//! The person behind a process or a connection.

use std::fs;

use nix::unistd::{Uid, User, getuid};

use super::Role;
use crate::model::Text;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// As events carry it: `ana`, or `ana (sudo root)` where the login changed its user.
    pub name: Text,
    /// What they may do.
    pub role: Role,
}

/// Nobody can be named.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The name service failed.
    #[error(
        "the name of user {uid} can't be read ({why}); check /etc/nsswitch.conf and /etc/passwd"
    )]
    NameService {
        /// Whose.
        uid: u32,
        /// What it said.
        why: String,
    },
}

/// What the system says of a login. Kept apart from the asking, so that the rule can be tested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// Name of the user the process runs as; its number where it has no name.
    pub user: String,
    /// It runs as root.
    pub root: bool,
    /// Name of the user who logged in, as the kernel's audit keeps it through `su` and `sudo` (`/proc/self/loginuid`).
    pub audit: Option<String>,
    /// `SUDO_USER`.
    pub sudo_user: Option<String>,
}

impl Login {
    /// The name events carry. The kernel's word comes first; `SUDO_USER` is believed of root alone, since anybody else could
    /// have set it to any name.
    pub fn name(&self) -> Text {
        let sudo = self.sudo_user.as_ref().filter(|_| self.root);
        let person = self.audit.as_ref().or(sudo).filter(|p| **p != self.user);
        match person {
            Some(person) => Text::from(format!("{person} (sudo {})", self.user)),
            None => Text::from(self.user.as_str()),
        }
    }
}

impl Person {
    /// The person who started this process, as an operator.
    pub fn of_this_process() -> Result<Self, AccessError> {
        let uid = getuid();
        let login = Login {
            user: name_of(uid)?,
            root: uid.is_root(),
            audit: audit_uid().map(name_of).transpose()?,
            sudo_user: std::env::var("SUDO_USER").ok().filter(|s| !s.is_empty()),
        };
        Ok(Self {
            name: login.name(),
            role: Role::Operator,
        })
    }

    /// The person at the other end of a Unix socket, by the user id the kernel gave (`SO_PEERCRED`), as an operator.
    pub fn of_peer(uid: u32) -> Result<Self, AccessError> {
        Ok(Self {
            name: Text::from(name_of(Uid::from_raw(uid))?),
            role: Role::Operator,
        })
    }

    /// The same person, who may only look.
    pub fn looking_only(mut self) -> Self {
        self.role = Role::Viewer;
        self
    }
}

fn name_of(uid: Uid) -> Result<String, AccessError> {
    match User::from_uid(uid) {
        Ok(Some(user)) => Ok(user.name),
        // a container may run under a number that has no name: the number is still a person that can be found
        Ok(None) => Ok(format!("uid {uid}")),
        Err(error) => Err(AccessError::NameService {
            uid: uid.as_raw(),
            why: error.to_string(),
        }),
    }
}

/// Who logged in, where the kernel keeps it; `u32::MAX` there means nobody did (a service, a container).
fn audit_uid() -> Option<Uid> {
    let text = fs::read_to_string("/proc/self/loginuid").ok()?;
    let uid = text.trim().parse::<u32>().ok()?;
    (uid != u32::MAX).then(|| Uid::from_raw(uid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(user: &str, audit: Option<&str>, sudo: Option<&str>) -> Login {
        Login {
            user: user.into(),
            root: user == "root",
            audit: audit.map(Into::into),
            sudo_user: sudo.map(Into::into),
        }
    }

    #[test]
    fn the_name_is_that_of_the_person_and_not_one_they_made_up() {
        let table = [
            (login("ana", None, None), "ana"),
            (login("ana", Some("ana"), None), "ana"),
            (login("root", None, Some("ana")), "ana (sudo root)"),
            (login("root", Some("ana"), Some("ana")), "ana (sudo root)"),
            // su, which sets no SUDO_USER
            (login("root", Some("ana"), None), "ana (sudo root)"),
            (
                login("netops", Some("ana"), Some("ana")),
                "ana (sudo netops)",
            ),
            // the kernel's word against the environment's
            (login("root", Some("ana"), Some("boss")), "ana (sudo root)"),
            // an ordinary user who sets SUDO_USER
            (login("mallory", None, Some("ana")), "mallory"),
            (login("mallory", Some("mallory"), Some("ana")), "mallory"),
            (login("root", None, Some("root")), "root"),
        ];
        for (login, name) in table {
            assert_eq!(login.name().as_str(), name, "{login:?}");
        }
    }

    #[test]
    fn a_name_with_escape_sequences_is_harmless() {
        assert_eq!(
            login("root", None, Some("a\x1b[2J")).name().as_str(),
            "a\\u{1b}[2J (sudo root)"
        );
    }

    #[test]
    fn this_process_and_a_peer_have_names_and_a_number_without_a_name_is_kept() {
        let me = Person::of_this_process().unwrap();
        assert!(!me.name.is_empty());
        assert!(me.role.may_act());
        assert!(!me.looking_only().role.may_act());
        assert_eq!(Person::of_peer(0).unwrap().name.as_str(), "root");
        assert_eq!(
            Person::of_peer(4_000_000_001).unwrap().name.as_str(),
            "uid 4000000001"
        );
    }
}
