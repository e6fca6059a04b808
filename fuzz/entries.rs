//! What is fed to the decoders, and what must hold of whatever comes in. The fuzzers and `tests/it/hostile.rs` share it.

use std::sync::OnceLock;

use wardwatch::model::{AuthProtocol, PrivProtocol, Text, Time};
use wardwatch::sources::listen::Ear;
use wardwatch::wire::arp::Arp;
use wardwatch::wire::cdp::Cdp;
use wardwatch::wire::dhcp::Dhcp;
use wardwatch::wire::ether::Frame;
use wardwatch::wire::lldp::Lldp;
use wardwatch::wire::ndp::Neighbour;
use wardwatch::wire::snmp::usm::{Authority, LocalKeys, UserKeys};
use wardwatch::wire::snmp::{
    ARC_CAP, DATAGRAM_CAP, Message, MessageHead, Pdu, PduHead, V3Header, Value, VarBind,
    peek_version,
};
use wardwatch::wire::snmprec;

/// The engine and the user whose keys the decoders hold.
pub const ENGINE: &[u8] = b"\x80\x00\x1f\x88\x04fuzz";
pub const USER: &[u8] = b"fuzz";

pub fn user_keys() -> &'static UserKeys {
    static KEYS: OnceLock<UserKeys> = OnceLock::new();
    KEYS.get_or_init(|| {
        UserKeys::derive(
            Some((AuthProtocol::Sha256, b"a password of some length")),
            Some((PrivProtocol::Aes128, b"another one of some length")),
        )
        .expect("both have a password")
    })
}

pub fn local_keys() -> &'static LocalKeys {
    static KEYS: OnceLock<LocalKeys> = OnceLock::new();
    KEYS.get_or_init(|| user_keys().localize(ENGINE))
}

/// A datagram of an agent, or of whoever says that he is one: versions 1, 2c and 3.
pub fn snmp(bytes: &[u8]) {
    let _ = peek_version(bytes);
    match (Message::decode(bytes), MessageHead::parse(bytes)) {
        (Ok(message), Ok(head)) => {
            assert_eq!(head.pdu.request_id, message.pdu.request_id);
            whole(&message.pdu.varbinds, bytes);
            // what was understood can be said again, and then means the same
            let again = message.encode();
            // (an empty name is one octet longer then)
            if again.len() <= DATAGRAM_CAP {
                assert_eq!(Message::decode(&again).as_ref(), Ok(&message));
            }
            let bindings = head.pdu.bindings(bytes).expect("they were decoded");
            assert_eq!(bindings.len(), message.pdu.varbinds.len());
            for (at, varbind) in message.pdu.varbinds.iter().enumerate() {
                let name = bindings.name(at).expect("there are as many");
                assert_eq!(name.to_oid(), varbind.oid);
                // names are ordered as their arcs are
                let first = bindings.name(0).expect("there is one");
                let ours = name.to_buf();
                assert_eq!(
                    ours.as_name().cmp(&first),
                    varbind.oid.cmp(&message.pdu.varbinds[0].oid)
                );
                assert_eq!(bindings.is_exception(at), varbind.value.is_exception());
            }
        }
        (Ok(_), Err(error)) => panic!("decoded whole, but not its head: {error}"),
        (Err(error), _) => assert!(format!("{error} {error:?}").len() < 400),
    }
    if let Ok(header) = V3Header::parse(bytes) {
        assert!(header.engine_id.len() + header.user.len() < bytes.len());
        for keys in [None, Some(local_keys())] {
            match header.open(bytes, keys) {
                Ok(message) => {
                    assert!(!header.flags.auth || keys.is_some(), "opened without a key");
                    whole(&message.pdu.varbinds, bytes);
                }
                Err(error) => assert!(format!("{error} {error:?}").len() < 400),
            }
        }
        let mut authority = Authority::new(ENGINE, 7);
        authority.add_user(USER, user_keys());
        let _ = authority.open(bytes, 1000);
    }
    if let Ok(head) = PduHead::parse(bytes) {
        let _ = head.bindings(bytes).map(|b| b.to_varbinds());
    }
}

/// Bindings that were taken are within their bounds.
fn whole(varbinds: &[VarBind], bytes: &[u8]) {
    assert!(bytes.len() <= DATAGRAM_CAP);
    assert!(
        varbinds.len() <= bytes.len() / 6,
        "each takes six octets at least"
    );
    for varbind in varbinds {
        assert!(varbind.oid.arcs().len() <= ARC_CAP);
        match &varbind.value {
            Value::Octets(octets) | Value::Opaque(octets) => assert!(octets.len() < bytes.len()),
            Value::Oid(oid) => assert!(oid.arcs().len() <= ARC_CAP),
            _ => {}
        }
    }
}

/// A recording that somebody made somewhere.
pub fn snmprec(bytes: &[u8]) {
    let recording = snmprec::parse(bytes);
    let lines = bytes.split(|b| *b == b'\n').count();
    assert!(recording.varbinds.len() + recording.skipped_total <= lines);
    assert!(recording.skipped.len() <= recording.skipped_total);
    for two in recording.varbinds.windows(2) {
        assert!(two[0].oid < two[1].oid, "sorted, each name once");
    }
    for skipped in &recording.skipped {
        quiet(&Text::from(skipped.to_string()));
    }
    // what was read can be answered
    for some in recording.varbinds.chunks(16) {
        let mut pdu = Pdu::request(wardwatch::wire::snmp::PduKind::Response, 1, []);
        pdu.varbinds = some.to_vec();
        let message = Message {
            version: wardwatch::wire::snmp::Version::V2c,
            community: vec![],
            pdu,
        };
        let bytes = message.encode();
        if bytes.len() <= DATAGRAM_CAP {
            assert_eq!(Message::decode(&bytes).as_ref(), Ok(&message));
        }
    }
}

/// A frame on a wire, and what may be in it.
pub fn frames(bytes: &[u8]) {
    let mut ear = Ear::new(Text::from("fuzz"), None);
    let mut heard = Vec::new();
    for frame in [
        Frame::ethernet(bytes),
        Frame::linux_cooked(bytes),
        Frame::linux_cooked2(bytes),
    ] {
        if let Ok(frame) = &frame {
            let _ = frame.udp();
            let _ = Neighbour::decode(frame);
        }
        ear.hear_bytes(frame, Time(1_700_000_000_000), &mut heard);
    }
    let _ = ear
        .where_am_i(Time(1_700_000_000_000))
        .map(|w| quiet(&Text::from(w.to_string())));
    for observation in &heard {
        // what goes into the log is printable, whatever came in
        let words = format!("{observation:?}");
        assert!(!words.chars().any(char::is_control), "{words}");
    }
    if let Ok(arp) = Arp::decode(bytes) {
        assert_eq!(Arp::decode(&arp.encode()), Ok(arp));
    }
    if let Ok(lldp) = Lldp::decode(bytes) {
        quiet(&lldp.chassis.text());
        quiet(&lldp.port.text());
    }
    if let Ok(cdp) = Cdp::decode(bytes) {
        quiet(cdp.called());
    }
    let _ = Dhcp::decode(bytes).map(|d| d.bound());
}

/// Nothing in it that a terminal would obey.
fn quiet(text: &Text) {
    assert!(!text.as_str().chars().any(char::is_control), "{text:?}");
}
