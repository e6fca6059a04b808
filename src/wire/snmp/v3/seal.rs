//! Writing a message: every length is known beforehand, so it is written once, from front to back, encrypted and signed where
//! it stands.

use super::super::ber::{INTEGER, OCTETS, SEQUENCE};
use super::super::usm::{LocalKeys, UsmError};
use super::super::{EncodeError, MAX_DATAGRAM};
use super::{USM, V3Flags};

/// What stands in a message around its PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// `msgID`
    pub msg_id: i32,
    /// `msgMaxSize`, octets
    pub max_size: i32,
    /// `msgFlags`
    pub flags: V3Flags,
    /// `msgAuthoritativeEngineID`
    pub engine_id: &'a [u8],
    /// `msgAuthoritativeEngineBoots`
    pub boots: u32,
    /// `msgAuthoritativeEngineTime`, seconds
    pub time: u32,
    /// `msgUserName`
    pub user: &'a [u8],
    /// `contextEngineID`
    pub context_engine_id: &'a [u8],
    /// `contextName`
    pub context_name: &'a [u8],
}

/// Octets of an element with so many octets of content.
fn element(content: usize) -> usize {
    content
        + match content {
            0..=0x7f => 2,
            0x80..=0xff => 3,
            0x100..=0xffff => 4,
            _ => 5,
        }
}

/// Octets of an INTEGER's content: as few as hold its sign.
fn integer_len(n: i64) -> usize {
    let magnitude = if n < 0 { !n } else { n };
    (64 - magnitude.leading_zeros() as usize) / 8 + 1
}

fn integer(n: i64) -> usize {
    2 + integer_len(n)
}

fn put_head(out: &mut Vec<u8>, tag: u8, content: usize) {
    out.push(tag);
    match content {
        0..=0x7f => out.push(content as u8),
        0x80..=0xff => out.extend_from_slice(&[0x81, content as u8]),
        0x100..=0xffff => {
            out.extend_from_slice(&[0x82, (content >> 8) as u8, content as u8]);
        }
        _ => out.extend_from_slice(&[
            0x83,
            (content >> 16) as u8,
            (content >> 8) as u8,
            content as u8,
        ]),
    }
}

fn put_integer(out: &mut Vec<u8>, n: i64) {
    let len = integer_len(n);
    put_head(out, INTEGER, len);
    let octets = n.to_be_bytes();
    out.extend_from_slice(octets.get(8 - len.min(8)..).unwrap_or(&octets));
}

fn put_octets(out: &mut Vec<u8>, octets: &[u8]) {
    put_head(out, OCTETS, octets.len());
    out.extend_from_slice(octets);
}

/// Appends the message around `pdu` (a whole PDU in BER) to `out`, encrypted and signed as its flags say. On an error, `out` is
/// as it was. `salt` must be another one for each message under the same keys (RFC 3414, 8.1.1.1; RFC 3826, 3.1.2.1).
pub fn seal_pdu(
    head: &Outgoing<'_>,
    pdu: &[u8],
    keys: Option<&LocalKeys>,
    salt: u64,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let start = out.len();
    let sealed = write(head, pdu, keys, salt, out);
    if sealed.is_err() {
        out.truncate(start);
    }
    sealed
}

fn write(
    head: &Outgoing<'_>,
    pdu: &[u8],
    keys: Option<&LocalKeys>,
    salt: u64,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let keys = match (head.flags.auth, keys) {
        (true, Some(keys)) => Some(keys),
        (true, None) => return Err(UsmError::NoKeys.into()),
        (false, _) if head.flags.privacy => return Err(UsmError::NoKeys.into()),
        (false, _) => None,
    };
    let digest_len = match keys {
        Some(keys) => keys.digest_len().ok_or(UsmError::NoKeys)?,
        None => 0,
    };
    let privacy = keys.filter(|_| head.flags.privacy);
    let scoped =
        element(head.context_engine_id.len()) + element(head.context_name.len()) + pdu.len();
    let clear = element(scoped);
    let cipher = match privacy {
        Some(keys) => Some(keys.cipher_len(clear).ok_or(UsmError::NoKeys)?),
        None => None,
    };
    let parameters = match privacy {
        Some(keys) => Some(keys.parameters(head.boots, salt)?),
        None => None,
    };
    let parameters = parameters.as_ref().map_or(&[][..], |p| &p[..]);
    let security = element(head.engine_id.len())
        + integer(i64::from(head.boots))
        + integer(i64::from(head.time))
        + element(head.user.len())
        + element(digest_len)
        + element(parameters.len());
    let global = integer(i64::from(head.msg_id))
        + integer(i64::from(head.max_size))
        + 3
        + integer(i64::from(USM));
    let message =
        integer(3) + element(global) + element(element(security)) + cipher.map_or(clear, element);
    let total = element(message);
    if total > MAX_DATAGRAM {
        return Err(EncodeError::TooLong(total));
    }

    let start = out.len();
    out.reserve(total);
    put_head(out, SEQUENCE, message);
    put_integer(out, 3);
    put_head(out, SEQUENCE, global);
    put_integer(out, i64::from(head.msg_id));
    put_integer(out, i64::from(head.max_size));
    put_octets(out, &[head.flags.octet()]);
    put_integer(out, i64::from(USM));
    put_head(out, OCTETS, element(security));
    put_head(out, SEQUENCE, security);
    put_octets(out, head.engine_id);
    put_integer(out, i64::from(head.boots));
    put_integer(out, i64::from(head.time));
    put_octets(out, head.user);
    put_head(out, OCTETS, digest_len);
    let digest = out.len() - start;
    out.resize(start + digest + digest_len, 0);
    put_octets(out, parameters);
    if let Some(cipher) = cipher {
        put_head(out, OCTETS, cipher);
    }
    let data = out.len();
    put_head(out, SEQUENCE, scoped);
    put_octets(out, head.context_engine_id);
    put_octets(out, head.context_name);
    out.extend_from_slice(pdu);
    if let (Some(keys), Some(cipher)) = (privacy, cipher) {
        out.resize(data + cipher, 0);
        let data = out.get_mut(data..).ok_or(UsmError::NoKeys)?;
        keys.encrypt(head.boots, head.time, parameters, data)?;
    }
    if let Some(keys) = keys {
        let whole = out.get_mut(start..).ok_or(UsmError::NoKeys)?;
        keys.sign(whole, digest..digest + digest_len)?;
    }
    Ok(())
}
