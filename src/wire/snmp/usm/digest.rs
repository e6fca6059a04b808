//! HMACs of the authentication protocols.

use std::ops::Range;

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::UsmError;
use crate::model::AuthProtocol;

/// Octets of the digest as it stands in a message: truncated as RFC 3414, 6 and 7, and RFC 7860, 4 say.
pub(super) fn truncated_len(protocol: AuthProtocol) -> usize {
    match protocol {
        AuthProtocol::Md5 | AuthProtocol::Sha1 => 12,
        AuthProtocol::Sha224 => 16,
        AuthProtocol::Sha256 => 24,
        AuthProtocol::Sha384 => 32,
        AuthProtocol::Sha512 => 48,
    }
}

/// Runs `$body` with `$hash` as the hash of the protocol.
macro_rules! with_hash {
    ($protocol:expr, $hash:ident => $body:expr) => {
        match $protocol {
            AuthProtocol::Md5 => {
                type $hash = Md5;
                $body
            }
            AuthProtocol::Sha1 => {
                type $hash = Sha1;
                $body
            }
            AuthProtocol::Sha224 => {
                type $hash = Sha224;
                $body
            }
            AuthProtocol::Sha256 => {
                type $hash = Sha256;
                $body
            }
            AuthProtocol::Sha384 => {
                type $hash = Sha384;
                $body
            }
            AuthProtocol::Sha512 => {
                type $hash = Sha512;
                $body
            }
        }
    };
}

/// The hash over all parts.
pub(super) fn hash(protocol: AuthProtocol, parts: &[&[u8]]) -> Vec<u8> {
    with_hash!(protocol, H => {
        let mut hash = H::new();
        for part in parts {
            hash.update(part);
        }
        hash.finalize().to_vec()
    })
}

/// The hash over 2^20 octets of the password repeated (RFC 3414, A.2). `password` is not empty.
pub(super) fn stretch(protocol: AuthProtocol, password: &[u8]) -> Vec<u8> {
    const OCTETS: usize = 1 << 20;
    // a block of whole repetitions, so that the hash is fed big pieces
    let block = password.repeat(8192usize.div_ceil(password.len().max(1)));
    with_hash!(protocol, H => {
        let mut hash = H::new();
        let mut left = OCTETS;
        while left > 0 && !block.is_empty() {
            let take = left.min(block.len());
            hash.update(&block[..take]);
            left -= take;
        }
        hash.finalize().to_vec()
    })
}

/// An HMAC that has taken in its key: the two blocks that depend on the key alone are hashed once, not for each message.
/// The bigger hashes stand on the heap, so that the usual ones stay small: there is one of these for each user and engine.
#[derive(Clone)]
enum Keyed {
    Md5(Hmac<Md5>),
    Sha1(Hmac<Sha1>),
    Sha224(Hmac<Sha224>),
    Sha256(Hmac<Sha256>),
    Sha384(Box<Hmac<Sha384>>),
    Sha512(Box<Hmac<Sha512>>),
}

/// Runs `$body` with `$mac` as the HMAC inside.
macro_rules! with_mac {
    ($keyed:expr, $mac:ident => $body:expr) => {
        match $keyed {
            Keyed::Md5($mac) => $body,
            Keyed::Sha1($mac) => $body,
            Keyed::Sha224($mac) => $body,
            Keyed::Sha256($mac) => $body,
            Keyed::Sha384($mac) => $body,
            Keyed::Sha512($mac) => $body,
        }
    };
}

impl Keyed {
    fn new(protocol: AuthProtocol, key: &[u8]) -> Result<Self, UsmError> {
        fn keyed<M: Mac + KeyInit>(key: &[u8]) -> Result<M, UsmError> {
            <M as KeyInit>::new_from_slice(key).map_err(|_| UsmError::NoKeys)
        }
        Ok(match protocol {
            AuthProtocol::Md5 => Self::Md5(keyed(key)?),
            AuthProtocol::Sha1 => Self::Sha1(keyed(key)?),
            AuthProtocol::Sha224 => Self::Sha224(keyed(key)?),
            AuthProtocol::Sha256 => Self::Sha256(keyed(key)?),
            AuthProtocol::Sha384 => Self::Sha384(Box::new(keyed(key)?)),
            AuthProtocol::Sha512 => Self::Sha512(Box::new(keyed(key)?)),
        })
    }
}

/// The authentication key of a user at one engine, ready to sign and to verify.
#[derive(Clone)]
pub(super) struct AuthKey {
    protocol: AuthProtocol,
    keyed: Keyed,
}

impl AuthKey {
    pub(super) fn new(protocol: AuthProtocol, key: &[u8]) -> Result<Self, UsmError> {
        Ok(Self {
            protocol,
            keyed: Keyed::new(protocol, key)?,
        })
    }

    pub(super) fn protocol(&self) -> AuthProtocol {
        self.protocol
    }

    /// Writes the truncated HMAC over all of `bytes` to `at`, which holds zeros.
    pub(super) fn sign(&self, bytes: &mut [u8], at: Range<usize>) -> Result<(), UsmError> {
        if at.len() != truncated_len(self.protocol) {
            return Err(UsmError::NoKeys);
        }
        with_mac!(&self.keyed, mac => {
            let mut mac = mac.clone();
            mac.update(bytes);
            let whole = mac.finalize().into_bytes();
            match (bytes.get_mut(at.clone()), whole.get(..at.len())) {
                (Some(place), Some(digest)) => {
                    place.copy_from_slice(digest);
                    Ok(())
                }
                _ => Err(UsmError::NoKeys),
            }
        })
    }

    /// Is what stands at `at` the truncated HMAC over `bytes` with zeros there? Compared in constant time.
    pub(super) fn verify(&self, bytes: &[u8], at: Range<usize>) -> Result<(), UsmError> {
        const ZEROS: [u8; 48] = [0; 48];
        let (Some(before), Some(found), Some(after), Some(zeros)) = (
            bytes.get(..at.start),
            bytes.get(at.clone()),
            bytes.get(at.end..),
            ZEROS.get(..at.len()),
        ) else {
            return Err(UsmError::WrongDigest);
        };
        if found.len() != truncated_len(self.protocol) {
            return Err(UsmError::WrongDigest);
        }
        with_mac!(&self.keyed, mac => {
            let mut mac = mac.clone();
            mac.update(before);
            mac.update(zeros);
            mac.update(after);
            mac.verify_truncated_left(found).map_err(|_| UsmError::WrongDigest)
        })
    }
}

impl Drop for AuthKey {
    fn drop(&mut self) {
        // the states hold as much as the key; the crate does not wipe them
        if let Ok(blank) = Keyed::new(self.protocol, &[]) {
            match (&mut self.keyed, blank) {
                (Keyed::Sha384(held), Keyed::Sha384(blank)) => *held.as_mut() = *blank,
                (Keyed::Sha512(held), Keyed::Sha512(blank)) => *held.as_mut() = *blank,
                (held, blank) => *held = blank,
            }
            std::hint::black_box(&self.keyed);
        }
    }
}
