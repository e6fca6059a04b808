//! Ciphers of the privacy protocols.

use aes::{Aes128, Aes192, Aes256};
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

/// The ciphertext and `msgPrivacyParameters`.
pub(super) fn encrypt(
    protocol: PrivProtocol,
    key: &[u8],
    boots: u32,
    time: u32,
    salt: u64,
    clear: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), UsmError> {
    let mut data = clear.to_vec();
    if protocol == PrivProtocol::Des {
        let mut salt_octets = [0; 8];
        salt_octets[..4].copy_from_slice(&boots.to_be_bytes());
        salt_octets[4..].copy_from_slice(&(salt as u32).to_be_bytes());
        let (secret, iv) = des_iv(key, &salt_octets)?;
        data.resize(data.len().next_multiple_of(8), 0);
        let len = data.len();
        cbc::Encryptor::<Des>::new(&secret.into(), &iv.into())
            .encrypt_padded_mut::<NoPadding>(&mut data, len)
            .map_err(|_| UsmError::NoKeys)?;
        return Ok((data, salt_octets.to_vec()));
    }
    let salt = salt.to_be_bytes();
    let iv = aes_iv(boots, time, &salt)?;
    match protocol {
        PrivProtocol::Aes128 => {
            cfb_mode::Encryptor::<Aes128>::new_from_slices(key, &iv).map(|c| c.encrypt(&mut data))
        }
        PrivProtocol::Aes192 | PrivProtocol::Aes192c => {
            cfb_mode::Encryptor::<Aes192>::new_from_slices(key, &iv).map(|c| c.encrypt(&mut data))
        }
        _ => cfb_mode::Encryptor::<Aes256>::new_from_slices(key, &iv).map(|c| c.encrypt(&mut data)),
    }
    .map_err(|_| UsmError::NoKeys)?;
    Ok((data, salt.to_vec()))
}

/// The cleartext, with the padding of DES still behind it.
pub(super) fn decrypt(
    protocol: PrivProtocol,
    key: &[u8],
    boots: u32,
    time: u32,
    salt: &[u8],
    cipher: &[u8],
) -> Result<Vec<u8>, UsmError> {
    let mut data = cipher.to_vec();
    if protocol == PrivProtocol::Des {
        let (secret, iv) = des_iv(key, salt)?;
        if !data.len().is_multiple_of(8) {
            return Err(UsmError::Undecipherable);
        }
        cbc::Decryptor::<Des>::new(&secret.into(), &iv.into())
            .decrypt_padded_mut::<NoPadding>(&mut data)
            .map_err(|_| UsmError::Undecipherable)?;
        return Ok(data);
    }
    let iv = aes_iv(boots, time, salt)?;
    match protocol {
        PrivProtocol::Aes128 => {
            cfb_mode::Decryptor::<Aes128>::new_from_slices(key, &iv).map(|c| c.decrypt(&mut data))
        }
        PrivProtocol::Aes192 | PrivProtocol::Aes192c => {
            cfb_mode::Decryptor::<Aes192>::new_from_slices(key, &iv).map(|c| c.decrypt(&mut data))
        }
        _ => cfb_mode::Decryptor::<Aes256>::new_from_slices(key, &iv).map(|c| c.decrypt(&mut data)),
    }
    .map_err(|_| UsmError::NoKeys)?;
    Ok(data)
}
