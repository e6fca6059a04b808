//! From a password to the key of one engine (RFC 3414, A.2; draft-blumenthal-aes-usm-04; draft-reeder-snmpv3-usm-3desede-00).

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{UsmError, digest, privacy};
use crate::model::{AuthProtocol, PrivProtocol, Text};

type Key = Zeroizing<Vec<u8>>;

/// A user that can't be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Hashing repetitions of nothing has no end.
    #[error("the {0} password is empty")]
    EmptyPassword(&'static str),
    /// Its key would have to be localised with the hash of an authentication that is not there.
    #[error("privacy needs authentication (SNMPv3 has no noAuthPriv)")]
    PrivacyWithoutAuth,
}

/// Keys of a user before they are bound to an engine. Deriving costs two hashes over a mebibyte: do it once a user.
#[derive(Clone)]
pub struct UserKeys {
    auth: Option<(AuthProtocol, Key)>,
    privacy: Option<(PrivProtocol, Key)>,
}

impl fmt::Debug for UserKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserKeys")
            .field("auth", &self.auth.as_ref().map(|a| a.0))
            .field("privacy", &self.privacy.as_ref().map(|p| p.0))
            .finish_non_exhaustive()
    }
}

impl UserKeys {
    /// From the passwords.
    pub fn derive(
        auth: Option<(AuthProtocol, &[u8])>,
        privacy: Option<(PrivProtocol, &[u8])>,
    ) -> Result<Self, KeyError> {
        let Some((hash, password)) = auth else {
            return if privacy.is_some() {
                Err(KeyError::PrivacyWithoutAuth)
            } else {
                Ok(Self {
                    auth: None,
                    privacy: None,
                })
            };
        };
        if password.is_empty() {
            return Err(KeyError::EmptyPassword("authentication"));
        }
        if privacy.is_some_and(|(_, p)| p.is_empty()) {
            return Err(KeyError::EmptyPassword("privacy"));
        }
        Ok(Self {
            auth: Some((hash, digest::stretch(hash, password).into())),
            privacy: privacy.map(|(cipher, p)| (cipher, digest::stretch(hash, p).into())),
        })
    }

    /// Authenticates.
    pub fn has_auth(&self) -> bool {
        self.auth.is_some()
    }

    /// Encrypts.
    pub fn has_privacy(&self) -> bool {
        self.privacy.is_some()
    }

    /// Binds them to an engine. Cheap, but for the key extension of Cisco (a mebibyte to hash): see [`KeyCache`].
    pub fn localize(&self, engine_id: &[u8]) -> LocalKeys {
        let Some((hash, key)) = &self.auth else {
            return LocalKeys {
                auth: None,
                privacy: None,
            };
        };
        LocalKeys {
            auth: Some((*hash, bind(*hash, key, engine_id))),
            privacy: self.privacy.as_ref().map(|(cipher, key)| {
                let local = bind(*hash, key, engine_id);
                (*cipher, extend(*hash, *cipher, local, engine_id))
            }),
        }
    }
}

fn bind(hash: AuthProtocol, key: &[u8], engine_id: &[u8]) -> Key {
    digest::hash(hash, &[key, engine_id, key]).into()
}

/// Makes a localised key as long as the cipher needs it, or cuts it.
fn extend(hash: AuthProtocol, cipher: PrivProtocol, mut key: Key, engine_id: &[u8]) -> Key {
    let need = privacy::key_len(cipher);
    let reeder = matches!(cipher, PrivProtocol::Aes192c | PrivProtocol::Aes256c);
    let mut last = key.clone();
    while key.len() < need {
        last = if reeder {
            let stretched: Key = digest::stretch(hash, &last).into();
            bind(hash, &stretched, engine_id)
        } else {
            digest::hash(hash, &[&key]).into()
        };
        key.extend_from_slice(&last);
    }
    key.truncate(need);
    key
}

/// Keys of a user at one engine.
#[derive(Clone)]
pub struct LocalKeys {
    auth: Option<(AuthProtocol, Key)>,
    privacy: Option<(PrivProtocol, Key)>,
}

impl fmt::Debug for LocalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKeys")
            .field("auth", &self.auth.as_ref().map(|a| a.0))
            .field("privacy", &self.privacy.as_ref().map(|p| p.0))
            .finish_non_exhaustive()
    }
}

impl LocalKeys {
    /// Authenticates.
    pub fn has_auth(&self) -> bool {
        self.auth.is_some()
    }

    /// Encrypts.
    pub fn has_privacy(&self) -> bool {
        self.privacy.is_some()
    }

    /// Octets of the digest in a message; `None` without authentication.
    pub fn digest_len(&self) -> Option<usize> {
        self.auth.as_ref().map(|(p, _)| digest::truncated_len(*p))
    }

    /// Puts the digest over all of `bytes` at `at`, which holds zeros.
    pub(in crate::wire::snmp) fn sign(
        &self,
        bytes: &mut [u8],
        at: Range<usize>,
    ) -> Result<(), UsmError> {
        let (protocol, key) = self.auth.as_ref().ok_or(UsmError::NoKeys)?;
        let whole = digest::hmac(*protocol, key, &[bytes])?;
        match (bytes.get_mut(at.clone()), whole.get(..at.len())) {
            (Some(place), Some(digest)) => {
                place.copy_from_slice(digest);
                Ok(())
            }
            _ => Err(UsmError::NoKeys),
        }
    }

    /// Checks the digest that stands at `at`.
    pub(in crate::wire::snmp) fn verify(
        &self,
        bytes: &[u8],
        at: Range<usize>,
    ) -> Result<(), UsmError> {
        let (protocol, key) = self.auth.as_ref().ok_or(UsmError::NoKeys)?;
        let (Some(before), Some(found), Some(after)) = (
            bytes.get(..at.start),
            bytes.get(at.clone()),
            bytes.get(at.end..),
        ) else {
            return Err(UsmError::WrongDigest);
        };
        let zeros = [0u8; 64];
        let zeros = zeros.get(..found.len()).ok_or(UsmError::WrongDigest)?;
        digest::verify(*protocol, key, &[before, zeros, after], found)
    }

    pub(in crate::wire::snmp) fn encrypt(
        &self,
        boots: u32,
        time: u32,
        salt: u64,
        clear: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), UsmError> {
        let (protocol, key) = self.privacy.as_ref().ok_or(UsmError::NoKeys)?;
        privacy::encrypt(*protocol, key, boots, time, salt, clear)
    }

    pub(in crate::wire::snmp) fn decrypt(
        &self,
        boots: u32,
        time: u32,
        salt: &[u8],
        cipher: &[u8],
    ) -> Result<Vec<u8>, UsmError> {
        let (protocol, key) = self.privacy.as_ref().ok_or(UsmError::NoKeys)?;
        privacy::decrypt(*protocol, key, boots, time, salt, cipher)
    }

    #[cfg(test)]
    pub(super) fn raw(&self) -> (Vec<u8>, Vec<u8>) {
        let of = |k: Option<&Key>| k.map(|k| k.to_vec()).unwrap_or_default();
        (
            of(self.auth.as_ref().map(|a| &a.1)),
            of(self.privacy.as_ref().map(|p| &p.1)),
        )
    }
}

/// How many localised keys a [`KeyCache`] keeps.
const CACHE_CAP: usize = 65_536;

/// Localised keys by credential and engine, so that none is computed twice.
#[derive(Debug, Default)]
pub struct KeyCache {
    held: BTreeMap<(Text, Vec<u8>), Arc<LocalKeys>>,
}

impl KeyCache {
    /// The keys of the credential called `name` at an engine.
    pub fn get(&mut self, name: &Text, keys: &UserKeys, engine_id: &[u8]) -> Arc<LocalKeys> {
        if let Some(held) = self.held.get(&(name.clone(), engine_id.to_vec())) {
            return Arc::clone(held);
        }
        if self.held.len() >= CACHE_CAP {
            self.held.clear();
        }
        let local = Arc::new(keys.localize(engine_id));
        self.held
            .insert((name.clone(), engine_id.to_vec()), Arc::clone(&local));
        local
    }

    /// Forgets everything, as when credentials changed.
    pub fn clear(&mut self) {
        self.held.clear();
    }

    /// Keys held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// None held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}
