//! The elements of procedure of an agent (RFC 3416, 4.2; RFC 1157, 4.1; RFC 3584, 4.2 for a 64-bit MIB seen through v1).

use super::{SetError, size};
use crate::wire::snmp::{Oid, Pdu, PduKind, Value, VarBind, Version};

const TOO_BIG: i32 = 1;
const NO_SUCH_NAME: i32 = 2;
const BAD_VALUE: i32 = 3;
const GEN_ERR: i32 = 5;

/// Bindings of one response, whatever its size allows.
const BINDING_CAP: usize = 20_000;

fn error(version: Version, request: &Pdu, status: i32, index: usize) -> Pdu {
    let mut response = request.response(request.varbinds.clone());
    response.error_status = match (version, status) {
        (Version::V2c, _) | (Version::V1, 0..=GEN_ERR) => status,
        (Version::V1, SetError::WRONG_TYPE | SetError::WRONG_VALUE) => BAD_VALUE,
        (Version::V1, SetError::RESOURCE) => GEN_ERR,
        (Version::V1, _) => NO_SUCH_NAME,
    };
    response.error_index = index as i32;
    response
}

/// tooBig: v1 returns the bindings as they came, v2c none (RFC 3416, 4.2.1).
pub(super) fn too_big(version: Version, request: &Pdu) -> Pdu {
    let mut response = error(version, request, TOO_BIG, 0);
    if version == Version::V2c || request.kind == PduKind::GetBulk {
        response.varbinds.clear();
    }
    response
}

/// Get, GetNext and GetBulk; `None` for a PDU that no manager sends to an agent. `room`: octets for the bindings.
pub(super) fn read(
    version: Version,
    request: &Pdu,
    room: usize,
    get: impl Fn(&Oid) -> Value,
    next: impl Fn(&Oid) -> Option<VarBind>,
) -> Option<Pdu> {
    // Counter64 does not exist for v1: walks pass over it
    let next = |oid: &Oid| {
        let mut found = next(oid);
        while let (
            Version::V1,
            Some(VarBind {
                oid,
                value: Value::Counter64(_),
            }),
        ) = (version, &found)
        {
            found = next(oid);
        }
        found
    };
    let after = |oid: &Oid| {
        next(oid).unwrap_or_else(|| VarBind {
            oid: oid.clone(),
            value: Value::EndOfMibView,
        })
    };
    let varbinds: Vec<VarBind> = match request.kind {
        PduKind::Get => request
            .varbinds
            .iter()
            .map(|v| VarBind {
                oid: v.oid.clone(),
                value: get(&v.oid),
            })
            .collect(),
        PduKind::GetNext => request.varbinds.iter().map(|v| after(&v.oid)).collect(),
        PduKind::GetBulk if version == Version::V2c => return Some(bulk(request, room, after)),
        _ => return None,
    };
    if version == Version::V1
        && let Some(place) = varbinds
            .iter()
            .position(|v| v.value.is_exception() || matches!(v.value, Value::Counter64(_)))
    {
        return Some(error(version, request, NO_SUCH_NAME, place + 1));
    }
    if varbinds.iter().map(size::varbind).sum::<usize>() > room {
        return Some(too_big(version, request));
    }
    Some(request.response(varbinds))
}

fn bulk(request: &Pdu, room: usize, after: impl Fn(&Oid) -> VarBind) -> Pdu {
    let single = usize::try_from(request.error_status).unwrap_or(0);
    let repetitions = usize::try_from(request.error_index).unwrap_or(0);
    let single = single.min(request.varbinds.len());
    let (singles, repeaters) = request.varbinds.split_at(single);
    let mut found: Vec<VarBind> = Vec::new();
    let mut left = room;
    let mut fits = |varbind: VarBind, found: &mut Vec<VarBind>| {
        let octets = size::varbind(&varbind);
        if octets > left || found.len() == BINDING_CAP {
            return false;
        }
        left -= octets;
        found.push(varbind);
        true
    };
    let mut full = false;
    for asked in singles {
        if !fits(after(&asked.oid), &mut found) {
            full = true;
            break;
        }
    }
    let mut last: Vec<Oid> = repeaters.iter().map(|v| v.oid.clone()).collect();
    'repeat: for _ in 0..repetitions {
        if full || last.is_empty() {
            break;
        }
        let mut ended = true;
        for name in &mut last {
            let varbind = after(name);
            ended &= varbind.value == Value::EndOfMibView;
            name.clone_from(&varbind.oid);
            if !fits(varbind, &mut found) {
                full = true;
                break 'repeat;
            }
        }
        if ended {
            break;
        }
    }
    if full && found.is_empty() {
        return too_big(Version::V2c, request);
    }
    request.response(found)
}

/// Set: all or none.
pub(super) fn set(
    version: Version,
    request: &Pdu,
    change: impl FnOnce(&[VarBind]) -> Result<(), SetError>,
) -> Pdu {
    match change(&request.varbinds) {
        Ok(()) => request.response(request.varbinds.clone()),
        Err(refused) => error(version, request, refused.status, refused.index),
    }
}
