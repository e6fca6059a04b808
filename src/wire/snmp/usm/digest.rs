//! HMACs of the authentication protocols.

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

/// The whole HMAC over all parts.
pub(super) fn hmac(
    protocol: AuthProtocol,
    key: &[u8],
    parts: &[&[u8]],
) -> Result<Vec<u8>, UsmError> {
    with_hash!(protocol, H => {
        let mut mac = Hmac::<H>::new_from_slice(key).map_err(|_| UsmError::NoKeys)?;
        for part in parts {
            mac.update(part);
        }
        Ok(mac.finalize().into_bytes().to_vec())
    })
}

/// Is `digest` the truncated HMAC over all parts? Compared in constant time.
pub(super) fn verify(
    protocol: AuthProtocol,
    key: &[u8],
    parts: &[&[u8]],
    digest: &[u8],
) -> Result<(), UsmError> {
    if digest.len() != truncated_len(protocol) {
        return Err(UsmError::WrongDigest);
    }
    with_hash!(protocol, H => {
        let mut mac = Hmac::<H>::new_from_slice(key).map_err(|_| UsmError::NoKeys)?;
        for part in parts {
            mac.update(part);
        }
        mac.verify_truncated_left(digest).map_err(|_| UsmError::WrongDigest)
    })
}
