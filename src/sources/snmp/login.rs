//! How an agent is spoken to: communities and users, with their keys derived once.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use super::io::locked;
use crate::model::{AuthProtocol, PlainSecret, PrivProtocol, Strength, Text};
use crate::wire::snmp::Version;
use crate::wire::snmp::usm::{KeyCache, LocalKeys, UserKeys};

/// A credential with its secrets. `Debug` never prints them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// SNMPv1.
    V1 {
        /// The community.
        community: PlainSecret,
    },
    /// SNMPv2c.
    V2c {
        /// The community.
        community: PlainSecret,
    },
    /// SNMPv3 with USM.
    V3 {
        /// The user.
        user: Text,
        /// Authentication, or none.
        auth: Option<(AuthProtocol, PlainSecret)>,
        /// Privacy, or none.
        privacy: Option<(PrivProtocol, PlainSecret)>,
        /// `contextName`
        context: Text,
    },
}

impl Login {
    /// SNMPv3.
    pub fn is_v3(&self) -> bool {
        matches!(self, Self::V3 { .. })
    }

    /// How strong it is.
    pub fn strength(&self) -> Strength {
        match self {
            Self::V1 { .. } => Strength::V1,
            Self::V2c { .. } => Strength::V2C,
            Self::V3 { auth, privacy, .. } => Strength::v3(
                auth.as_ref().map(|(protocol, _)| *protocol),
                privacy.as_ref().map(|(protocol, _)| *protocol),
            ),
        }
    }
}

/// Their names in the order in which they are to be tried.
pub fn strongest_first(logins: &BTreeMap<Text, Login>) -> Vec<Text> {
    let mut names: Vec<&Text> = logins.keys().collect();
    names.sort_by_key(|name| logins.get(*name).map(Login::strength).map(Reverse));
    names.into_iter().cloned().collect()
}

/// A credential ready for use.
pub(super) struct Ready {
    /// What it is called; it is told as the one that worked.
    pub(super) name: Text,
    pub(super) how: How,
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ready").field(&self.name).finish()
    }
}

pub(super) enum How {
    Community {
        version: Version,
        community: PlainSecret,
    },
    User {
        user: Vec<u8>,
        keys: UserKeys,
        context: Vec<u8>,
        cache: Mutex<KeyCache>,
    },
    /// It can't work; why.
    Broken(Text),
}

impl Ready {
    /// Derives what must be derived; for a v3 user that takes milliseconds.
    pub(super) fn new(name: Text, login: &Login) -> Arc<Self> {
        let how = match login {
            Login::V1 { community } => How::Community {
                version: Version::V1,
                community: community.clone(),
            },
            Login::V2c { community } => How::Community {
                version: Version::V2c,
                community: community.clone(),
            },
            Login::V3 {
                user,
                auth,
                privacy,
                context,
            } => {
                let keys = UserKeys::derive(
                    auth.as_ref().map(|(p, s)| (*p, s.bytes())),
                    privacy.as_ref().map(|(p, s)| (*p, s.bytes())),
                );
                match keys {
                    Ok(keys) => How::User {
                        user: user.unescape(),
                        keys,
                        context: context.unescape(),
                        cache: Mutex::default(),
                    },
                    Err(error) => How::Broken(format!("credential {name}: {error}").into()),
                }
            }
        };
        Arc::new(Self { name, how })
    }

    pub(super) fn is_v3(&self) -> bool {
        !matches!(self.how, How::Community { .. })
    }

    pub(super) fn is_v1(&self) -> bool {
        matches!(
            self.how,
            How::Community {
                version: Version::V1,
                ..
            }
        )
    }

    /// The keys at an engine, computed once for each.
    pub(super) fn keys(&self, engine_id: &[u8]) -> Option<Arc<LocalKeys>> {
        match &self.how {
            How::User { keys, cache, .. } => Some(locked(cache).get(keys, engine_id)),
            _ => None,
        }
    }
}

/// Credentials given with single questions, so that their keys are not derived for each.
#[derive(Debug, Default)]
pub(super) struct AdHoc {
    held: Vec<(Login, Arc<Ready>)>,
}

/// How many are kept.
const KEPT: usize = 64;

impl AdHoc {
    pub(super) fn ready(&mut self, login: &Login) -> Arc<Ready> {
        if let Some((_, ready)) = self.held.iter().find(|(l, _)| l == login) {
            return Arc::clone(ready);
        }
        let ready = Ready::new(Text::empty(), login);
        if self.held.len() >= KEPT {
            self.held.remove(0);
        }
        self.held.push((login.clone(), Arc::clone(&ready)));
        ready
    }
}

/// The credentials by name; one that did not change keeps its derived keys.
#[derive(Debug, Default)]
pub(super) struct Logins {
    held: BTreeMap<Text, (Login, Arc<Ready>)>,
}

impl Logins {
    /// Puts these in force; what stayed as it was keeps its keys.
    pub(super) fn set(&mut self, logins: BTreeMap<Text, Login>) {
        let mut old = std::mem::take(&mut self.held);
        self.held = logins
            .into_iter()
            .map(|(name, login)| match old.remove(&name) {
                Some((was, ready)) if was == login => (name, (was, ready)),
                _ => {
                    let ready = Ready::new(name.clone(), &login);
                    (name, (login, ready))
                }
            })
            .collect();
    }

    pub(super) fn get(&self, name: &Text) -> Option<&Arc<Ready>> {
        self.held.get(name).map(|(_, ready)| ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_tried_in_order_of_their_strength_not_of_their_names() {
        let secret = || PlainSecret::new(b"secret".to_vec());
        let v3 = |privacy| Login::V3 {
            user: "ana".into(),
            auth: Some((AuthProtocol::Sha256, secret())),
            privacy,
            context: Text::empty(),
        };
        let logins: BTreeMap<Text, Login> = [
            (
                "a",
                Login::V1 {
                    community: secret(),
                },
            ),
            (
                "b",
                Login::V2c {
                    community: secret(),
                },
            ),
            (
                "c",
                Login::V2c {
                    community: secret(),
                },
            ),
            ("d", v3(None)),
            ("e", v3(Some((PrivProtocol::Aes128, secret())))),
        ]
        .into_iter()
        .map(|(name, login)| (name.into(), login))
        .collect();
        let names = strongest_first(&logins);
        let names: Vec<&str> = names.iter().map(Text::as_str).collect();
        assert_eq!(names, ["e", "d", "b", "c", "a"]);
    }
}
