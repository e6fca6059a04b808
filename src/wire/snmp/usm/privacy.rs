//! Ciphers of the privacy protocols.

use aes::{Aes128Enc, Aes192Enc, Aes256Enc};
use cipher::{
    AsyncStreamCipher, BlockDecryptMut, BlockEncryptMut, KeyIvInit, block_padding::NoPadding,
};
use des::Des;

use super::UsmError;
use crate::model::PrivProtocol;

/// Octets of key a protocol needs; those of DES hold its pre-IV (RFC 3414, 8.1.1.1).
pub(super) fn key_len(protocol: PrivProtocol) -> usize {
    match protocol {
        PrivProtocol::Des | PrivProtocol::Aes128 => 16,
        PrivProtocol::Aes192 | PrivProtocol::Aes192c => 24,
        PrivProtocol::Aes256 | PrivProtocol::Aes256c => 32,
    }
}

fn des_iv(key: &[u8], salt: &[u8]) -> Result<([u8; 8], [u8; 8]), UsmError> {
    let secret: [u8; 8] = key
        .get(..8)
        .and_then(|k| k.try_into().ok())
        .ok_or(UsmError::NoKeys)?;
    let mut iv: [u8; 8] = key
        .get(8..16)
        .and_then(|k| k.try_into().ok())
        .ok_or(UsmError::NoKeys)?;
    if salt.len() != 8 {
        return Err(UsmError::Undecipherable);
    }
    for (octet, salt) in iv.iter_mut().zip(salt) {
        *octet ^= salt;
    }
    Ok((secret, iv))
}

fn aes_iv(boots: u32, time: u32, salt: &[u8]) -> Result<[u8; 16], UsmError> {
    let mut iv = [0; 16];
    iv[..4].copy_from_slice(&boots.to_be_bytes());
    iv[4..8].copy_from_slice(&time.to_be_bytes());
    let salt: [u8; 8] = salt.try_into().map_err(|_| UsmError::Undecipherable)?;
    iv[8..].copy_from_slice(&salt);
    Ok(iv)
}

/// Octets of ciphertext for so many in clear: DES fills its last block.
pub(super) fn cipher_len(protocol: PrivProtocol, clear: usize) -> usize {
    if protocol == PrivProtocol::Des {
        clear.next_multiple_of(8)
    } else {
        clear
    }
}

/// `msgPrivacyParameters` of a message (RFC 3414, 8.1.1.1; RFC 3826, 3.1.2.1).
pub(super) fn parameters(protocol: PrivProtocol, boots: u32, salt: u64) -> [u8; 8] {
    if protocol == PrivProtocol::Des {
        (u64::from(boots) << 32 | u64::from(salt as u32)).to_be_bytes()
    } else {
        salt.to_be_bytes()
    }
}

/// The key is expanded for each message: the schedule of a cipher is many times as big as its key, and there is one key for
/// each user and engine. CFB encrypts in both directions.
macro_rules! with_cipher {
    ($protocol:expr, $cipher:ident => $body:expr) => {
        match $protocol {
            PrivProtocol::Aes192 | PrivProtocol::Aes192c => {
                type $cipher = Aes192Enc;
                $body
            }
            PrivProtocol::Aes256 | PrivProtocol::Aes256c => {
                type $cipher = Aes256Enc;
                $body
            }
            _ => {
                type $cipher = Aes128Enc;
                $body
            }
        }
    };
}

/// Encrypts in place; `data` is as long as [`cipher_len`] says.
pub(super) fn encrypt(
    protocol: PrivProtocol,
    key: &[u8],
    boots: u32,
    time: u32,
    salt: &[u8],
    data: &mut [u8],
) -> Result<(), UsmError> {
    if protocol == PrivProtocol::Des {
        let (secret, iv) = des_iv(key, salt)?;
        let len = data.len();
        return cbc::Encryptor::<Des>::new(&secret.into(), &iv.into())
            .encrypt_padded_mut::<NoPadding>(data, len)
            .map(|_| ())
            .map_err(|_| UsmError::NoKeys);
    }
    let iv = aes_iv(boots, time, salt)?;
    with_cipher!(protocol, C => cfb_mode::Encryptor::<C>::new_from_slices(key, &iv)
        .map(|c| c.encrypt(data))
        .map_err(|_| UsmError::NoKeys))
}

/// Decrypts in place; the padding of DES stays at the end.
pub(super) fn decrypt(
    protocol: PrivProtocol,
    key: &[u8],
    boots: u32,
    time: u32,
    salt: &[u8],
    data: &mut [u8],
) -> Result<(), UsmError> {
    if protocol == PrivProtocol::Des {
        let (secret, iv) = des_iv(key, salt)?;
        if !data.len().is_multiple_of(8) {
            return Err(UsmError::Undecipherable);
        }
        return cbc::Decryptor::<Des>::new(&secret.into(), &iv.into())
            .decrypt_padded_mut::<NoPadding>(data)
            .map(|_| ())
            .map_err(|_| UsmError::Undecipherable);
    }
    let iv = aes_iv(boots, time, salt)?;
    with_cipher!(protocol, C => cfb_mode::Decryptor::<C>::new_from_slices(key, &iv)
        .map(|c| c.decrypt(data))
        .map_err(|_| UsmError::NoKeys))
}
