//! From a password to the key of one engine (RFC 3414, A.2; draft-blumenthal-aes-usm-04; draft-reeder-snmpv3-usm-3desede-00).

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::digest::{self, AuthKey};
use super::{UsmError, privacy};
use crate::model::{AuthProtocol, PrivProtocol};

type Key = Zeroizing<Vec<u8>>;
type Bound = (Option<(AuthProtocol, Key)>, Option<(PrivProtocol, Key)>);

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
        let (auth, privacy) = self.bound(engine_id);
        LocalKeys {
            // an HMAC takes a key of any length
            auth: auth.and_then(|(hash, key)| AuthKey::new(hash, &key).ok()),
            privacy,
        }
    }

    /// The keys themselves at an engine.
    pub(super) fn bound(&self, engine_id: &[u8]) -> Bound {
        let Some((hash, key)) = &self.auth else {
            return (None, None);
        };
        let privacy = self.privacy.as_ref().map(|(cipher, key)| {
            let local = bind(*hash, key, engine_id);
            (*cipher, extend(*hash, *cipher, local, engine_id))
        });
        (Some((*hash, bind(*hash, key, engine_id))), privacy)
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
    auth: Option<AuthKey>,
    privacy: Option<(PrivProtocol, Key)>,
}

impl fmt::Debug for LocalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKeys")
            .field("auth", &self.auth.as_ref().map(AuthKey::protocol))
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
        self.auth
            .as_ref()
            .map(|key| digest::truncated_len(key.protocol()))
    }

    /// Octets of ciphertext for so many in clear; `None` without privacy.
    pub fn cipher_len(&self, clear: usize) -> Option<usize> {
        self.privacy
            .as_ref()
            .map(|(protocol, _)| privacy::cipher_len(*protocol, clear))
    }

    /// Puts the digest over all of `bytes` at `at`, which holds zeros.
    pub(in crate::wire::snmp) fn sign(
        &self,
        bytes: &mut [u8],
        at: Range<usize>,
    ) -> Result<(), UsmError> {
        self.auth.as_ref().ok_or(UsmError::NoKeys)?.sign(bytes, at)
    }

    /// Checks the digest that stands at `at`.
    pub(in crate::wire::snmp) fn verify(
        &self,
        bytes: &[u8],
        at: Range<usize>,
    ) -> Result<(), UsmError> {
        self.auth
            .as_ref()
            .ok_or(UsmError::NoKeys)?
            .verify(bytes, at)
    }

    /// `msgPrivacyParameters` of a message with these boots.
    pub(in crate::wire::snmp) fn parameters(
        &self,
        boots: u32,
        salt: u64,
    ) -> Result<[u8; 8], UsmError> {
        let (protocol, _) = self.privacy.as_ref().ok_or(UsmError::NoKeys)?;
        Ok(privacy::parameters(*protocol, boots, salt))
    }

    /// Encrypts in place what is as long as [`LocalKeys::cipher_len`] says; `salt` is `msgPrivacyParameters`.
    pub(in crate::wire::snmp) fn encrypt(
        &self,
        boots: u32,
        time: u32,
        salt: &[u8],
        data: &mut [u8],
    ) -> Result<(), UsmError> {
        let (protocol, key) = self.privacy.as_ref().ok_or(UsmError::NoKeys)?;
        privacy::encrypt(*protocol, key, boots, time, salt, data)
    }

    /// Decrypts in place.
    pub(in crate::wire::snmp) fn decrypt(
        &self,
        boots: u32,
        time: u32,
        salt: &[u8],
        data: &mut [u8],
    ) -> Result<(), UsmError> {
        let (protocol, key) = self.privacy.as_ref().ok_or(UsmError::NoKeys)?;
        privacy::decrypt(*protocol, key, boots, time, salt, data)
    }
}

/// How many localised keys a [`KeyCache`] keeps: two halves of this, so that what is in use outlives a flood of engine ids.
const HALF: usize = 65_536;

/// A user's localised keys by engine, so that none is computed twice.
#[derive(Debug, Default)]
pub struct KeyCache {
    young: BTreeMap<Box<[u8]>, Arc<LocalKeys>>,
    old: BTreeMap<Box<[u8]>, Arc<LocalKeys>>,
}

impl KeyCache {
    /// The keys of `user` (always the same one) at an engine. What is held is found without an allocation.
    pub fn get(&mut self, user: &UserKeys, engine_id: &[u8]) -> Arc<LocalKeys> {
        self.get_within(HALF, user, engine_id)
    }

    pub(super) fn get_within(
        &mut self,
        half: usize,
        user: &UserKeys,
        engine_id: &[u8],
    ) -> Arc<LocalKeys> {
        if let Some(held) = self.young.get(engine_id) {
            return Arc::clone(held);
        }
        let (id, local) = match self.old.remove_entry(engine_id) {
            Some(held) => held,
            None => (engine_id.into(), Arc::new(user.localize(engine_id))),
        };
        if self.young.len() >= half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, Arc::clone(&local));
        local
    }

    /// Keys held.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// None held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
