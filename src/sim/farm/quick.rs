//! Responses written straight into the datagram: what a sound agent says to a sound request, as [`super::super::agent`] says it, without
//! a name or a value in memory of its own.

use super::objects::{Cell, Plot, sub_identifier};
use crate::wire::snmp::{Pdu, PduKind};

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const COUNTER32: u8 = 0x41;
const GAUGE32: u8 = 0x42;
const TIMETICKS: u8 = 0x43;
const COUNTER64: u8 = 0x46;
const RESPONSE: u8 = 0xa2;

/// Octets before the bindings that the frame of a message may take, beside its community.
const FRAME: usize = 64;

/// Bindings of one response, as elsewhere in the simulator.
const BINDING_CAP: usize = 20_000;

/// Writes the response to a v2c request, or writes nothing and says no: an exception, an end of the view, a response that is too
/// big, a SET, all need a longer thought. `room`: octets for the bindings.
pub(super) fn respond(
    plot: Plot<'_>,
    community: &[u8],
    request: &Pdu,
    room: usize,
    out: &mut Vec<u8>,
) -> bool {
    let start = FRAME + community.len();
    out.clear();
    out.resize(start, 0);
    let written = match request.kind {
        PduKind::Get => get(plot, request, start + room, out),
        PduKind::GetNext => get_next(plot, request, start + room, out),
        PduKind::GetBulk => get_bulk(plot, request, start + room, out),
        _ => None,
    };
    if written.is_none() {
        out.clear();
        return false;
    }
    frame(community, request.request_id, start, out);
    true
}

fn get(plot: Plot<'_>, request: &Pdu, end: usize, out: &mut Vec<u8>) -> Option<()> {
    for asked in &request.varbinds {
        let place = plot.plan.contents.find(asked.oid.arcs(), plot.interfaces)?;
        binding(plot, place, out)?;
    }
    (out.len() <= end).then_some(())
}

fn get_next(plot: Plot<'_>, request: &Pdu, end: usize, out: &mut Vec<u8>) -> Option<()> {
    for asked in &request.varbinds {
        let place = plot
            .plan
            .contents
            .after(asked.oid.arcs(), plot.interfaces)?;
        binding(plot, place, out)?;
    }
    (out.len() <= end).then_some(())
}

fn get_bulk(plot: Plot<'_>, request: &Pdu, end: usize, out: &mut Vec<u8>) -> Option<()> {
    let contents = &plot.plan.contents;
    let single = usize::try_from(request.error_status).unwrap_or(0);
    let repetitions = usize::try_from(request.error_index).unwrap_or(0);
    let (singles, repeaters) = request
        .varbinds
        .split_at(single.min(request.varbinds.len()));
    let mut count = 0;
    let mut fits = |place, out: &mut Vec<u8>| -> Option<bool> {
        let before = out.len();
        binding(plot, place, out)?;
        count += 1;
        if out.len() > end || count > BINDING_CAP {
            out.truncate(before);
            return Some(false);
        }
        Some(true)
    };
    for asked in singles {
        let place = contents.after(asked.oid.arcs(), plot.interfaces)?;
        if !fits(place, out)? {
            return None;
        }
    }
    if repeaters.is_empty() || repetitions == 0 {
        return Some(());
    }
    let mut row = Vec::with_capacity(repeaters.len());
    for asked in repeaters {
        row.push(contents.after(asked.oid.arcs(), plot.interfaces)?);
    }
    let mut first = singles.is_empty();
    for repetition in 0..repetitions {
        for place in &mut row {
            if repetition > 0 {
                *place = contents.following(*place, plot.interfaces)?;
            }
            if !fits(*place, out)? {
                // nothing at all is tooBig
                return (!first).then_some(());
            }
            first = false;
        }
    }
    Some(())
}

/// One binding; `None` where the agent has no such object.
fn binding(plot: Plot<'_>, place: super::objects::Place, out: &mut Vec<u8>) -> Option<()> {
    let column = plot.plan.contents.column(place)?;
    let cell = plot.cell(place)?;
    let start = out.len();
    out.extend_from_slice(&[SEQUENCE, 0, OBJECT_ID, 0]);
    out.extend_from_slice(&column.ber);
    sub_identifier(place.row, out);
    close(out, start + 3);
    match cell {
        Cell::Integer(n) => number(INTEGER, i64::from(n), out),
        Cell::Counter32(n) => number(COUNTER32, i64::from(n), out),
        Cell::Gauge32(n) => number(GAUGE32, i64::from(n), out),
        Cell::TimeTicks(n) => number(TIMETICKS, i64::from(n), out),
        Cell::Counter64(n) => wide(n, out),
        Cell::Oid(arcs) => {
            let at = out.len();
            out.extend_from_slice(&[OBJECT_ID, 0]);
            if let [first, second, rest @ ..] = arcs {
                sub_identifier(first * 40 + second, out);
                for arc in rest {
                    sub_identifier(*arc, out);
                }
            }
            close(out, at + 1);
        }
        Cell::Octets(octets) => {
            out.extend_from_slice(&[OCTETS, octets.bytes().len() as u8]);
            out.extend_from_slice(octets.bytes());
        }
    }
    // names and texts here are short: no binding reaches 128 octets
    close(out, start + 1);
    Some(())
}

/// Fills in the length that stands at `at`: of all that follows it.
fn close(out: &mut [u8], at: usize) {
    let length = out.len() - at - 1;
    if let Some(octet) = out.get_mut(at) {
        *octet = length as u8;
    }
}

/// A number in as few octets as hold it with its sign.
fn number(tag: u8, n: i64, out: &mut Vec<u8>) {
    let magnitude = if n < 0 { !n } else { n };
    let octets = (64 - magnitude.leading_zeros() as usize) / 8 + 1;
    out.extend_from_slice(&[tag, octets as u8]);
    out.extend_from_slice(&n.to_be_bytes()[8 - octets..]);
}

fn wide(n: u64, out: &mut Vec<u8>) {
    if let Ok(n) = i64::try_from(n) {
        return number(COUNTER64, n, out);
    }
    out.extend_from_slice(&[COUNTER64, 9, 0]);
    out.extend_from_slice(&n.to_be_bytes());
}

/// Writes the frame before the bindings that begin at `start`, and moves all to the front.
fn frame(community: &[u8], request_id: i32, start: usize, out: &mut Vec<u8>) {
    let bindings = out.len() - start;
    let mut front = Vec::with_capacity(start);
    // from the inside out: what a frame holds is known before its own length
    let mut id = Vec::with_capacity(8);
    number(INTEGER, i64::from(request_id), &mut id);
    id.extend_from_slice(&[INTEGER, 1, 0, INTEGER, 1, 0]);
    header(SEQUENCE, bindings, &mut id);
    let pdu = id.len() + bindings;
    let mut outer = vec![INTEGER, 1, 1];
    header(OCTETS, community.len(), &mut outer);
    outer.extend_from_slice(community);
    header(RESPONSE, pdu, &mut outer);
    header(SEQUENCE, outer.len() + pdu, &mut front);
    front.extend_from_slice(&outer);
    front.extend_from_slice(&id);
    let unused = start.saturating_sub(front.len());
    if let Some(place) = out.get_mut(unused..start) {
        place.copy_from_slice(&front);
    }
    out.drain(..unused);
}

fn header(tag: u8, length: usize, out: &mut Vec<u8>) {
    out.push(tag);
    match length {
        0..=0x7f => out.push(length as u8),
        0x80..=0xff => out.extend_from_slice(&[0x81, length as u8]),
        _ => out.extend_from_slice(&[0x82, (length >> 8) as u8, length as u8]),
    }
}
