//! The codec: what it writes is what it reads, and no bytes make it panic.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;

fn oid(s: &str) -> Oid {
    s.parse().unwrap()
}

fn sample() -> Message {
    Message {
        version: Version::V2c,
        community: b"public".to_vec(),
        pdu: Pdu {
            kind: PduKind::Response,
            request_id: -77,
            error_status: 0,
            error_index: 0,
            varbinds: vec![
                VarBind {
                    oid: oid("1.3.6.1.2.1.1.5.0"),
                    value: Value::Octets(b"sw-3f-02".to_vec()),
                },
                VarBind {
                    oid: oid("1.3.6.1.2.1.31.1.1.1.6.4294967295"),
                    value: Value::Counter64(u64::MAX),
                },
                VarBind {
                    oid: oid("2.4294967295.1"),
                    value: Value::EndOfMibView,
                },
            ],
        },
    }
}

#[test]
fn a_get_is_written_as_the_standard_has_it() {
    let get = Message {
        version: Version::V2c,
        community: b"public".to_vec(),
        pdu: Pdu::request(PduKind::Get, 0x0102, [oid("1.3.6.1.2.1.1.3.0")]),
    };
    let bytes = [
        0x30, 0x27, 2, 1, 1, 4, 6, b'p', b'u', b'b', b'l', b'i', b'c', 0xa0, 0x1a, 2, 2, 1, 2, 2,
        1, 0, 2, 1, 0, 0x30, 0x0e, 0x30, 0x0c, 6, 8, 0x2b, 6, 1, 2, 1, 1, 3, 0, 5, 0,
    ];
    assert_eq!(get.encode(), bytes);
    assert_eq!(Message::decode(&bytes).unwrap(), get);
}

#[test]
fn a_malformed_binding_is_an_error_where_snmp2_ends_the_list_silently() {
    let bytes = sample().encode();
    // the second binding's value claims a type that does not exist
    let at = bytes.windows(2).position(|w| w == [0x46, 9]).unwrap();
    let mut bad = bytes.clone();
    bad[at] = 0x47;
    let theirs = snmp2::Pdu::from_bytes(&bad).unwrap();
    assert_eq!(
        theirs.varbinds.clone().count(),
        1,
        "the defect is gone: simplify"
    );
    assert_eq!(Message::decode(&bad), Err(DecodeError::ValueType(0x47)));
    assert_eq!(Message::decode(&bytes).unwrap(), sample());
}

/// A list of bindings, as it would be read in a PDU.
fn varbinds(list: &[u8]) -> Result<Vec<VarBind>, DecodeError> {
    let mut pdu = ber::Reverse::default();
    pdu.raw(list);
    pdu.close(ber::SEQUENCE, 0);
    for _ in 0..3 {
        pdu.signed(ber::INTEGER, 0);
    }
    pdu.close(0xa2, 0);
    let pdu = pdu.finish();
    Ok(PduHead::parse(&pdu)?.bindings(&pdu)?.to_varbinds())
}

fn arcs(octets: &[u8]) -> Result<Oid, DecodeError> {
    Name::check(octets).map(Name::to_oid)
}

#[test]
fn octets_left_over_in_a_binding_are_an_error() {
    let mut body = ber::Reverse::default();
    let mark = body.mark();
    body.raw(&[5, 0]);
    body.value(&Value::Integer(1));
    body.oid(&oid("1.3.6"));
    body.close(ber::SEQUENCE, mark);
    assert_eq!(
        varbinds(&body.finish()),
        Err(DecodeError::VarBind { index: 1 })
    );
}

#[test]
fn nested_ber_is_named_by_its_tag_and_never_printed() {
    // thousands of SEQUENCEs in one another: the Debug of snmp2 walks them exponentially
    let mut nest = ber::Reverse::default();
    for _ in 0..8_000 {
        nest.close(ber::SEQUENCE, 0);
    }
    let nest = nest.finish();
    let mut list = ber::Reverse::default();
    list.raw(&nest);
    list.oid(&oid("1.3.6"));
    list.close(ber::SEQUENCE, 0);
    let error = varbinds(&list.finish()).unwrap_err();
    assert_eq!(error, DecodeError::ValueType(0x30));
    assert!(format!("{error} {error:?}").len() < 200);
}

#[test]
fn what_does_not_fit_a_datagram_is_an_error_not_a_panic() {
    let mut set = sample();
    set.pdu.kind = PduKind::Set;
    set.pdu.varbinds[0].value = Value::Octets(vec![b'x'; 66_000]);
    assert!(matches!(set.try_encode(), Err(EncodeError::TooLong(n)) if n > 66_000));

    let names = (0..5_000).map(|n| oid("1.3.6.1.2.1.2.2.1.10").child(&[n]));
    let get = Message {
        pdu: Pdu::request(PduKind::Get, 1, names),
        ..sample()
    };
    assert!(matches!(get.try_encode(), Err(EncodeError::TooLong(_))));
    assert!(sample().try_encode().is_ok());
}

#[test]
fn a_datagram_over_the_cap_is_refused() {
    assert_eq!(
        Message::decode(&vec![0x30; DATAGRAM_CAP + 1]),
        Err(DecodeError::TooLong(DATAGRAM_CAP + 1))
    );
}

#[test]
fn an_identifier_has_128_arcs_of_32_bits_at_the_most() {
    let most = Oid::new((0..128).map(|n| u32::from(n > 0)).collect::<Vec<_>>());
    let round = |oid: &Oid| {
        let mut out = ber::Reverse::default();
        out.oid(oid);
        arcs(&out.finish()[2..])
    };
    let mut long = ber::Reverse::default();
    long.oid(&most);
    let long = long.finish();
    assert_eq!(arcs(&long[2..]).unwrap(), most);
    assert_eq!(round(&most.child(&[1])), Err(DecodeError::Oid));
    assert_eq!(
        round(&oid("1.3.4294967295")).unwrap(),
        oid("1.3.4294967295")
    );
    assert_eq!(
        arcs(&[0x2b, 0x90, 0x80, 0x80, 0x80, 0x00]),
        Err(DecodeError::Oid)
    );
    assert_eq!(arcs(&[0x2b, 0x86]), Err(DecodeError::Oid), "breaks off");
    assert_eq!(arcs(&[]).unwrap(), oid("0.0"));
}

#[test]
fn the_version_is_seen_before_anything_else_is_read() {
    assert_eq!(peek_version(&sample().encode()), Some(1));
    assert_eq!(peek_version(b"hello"), None);
    assert_eq!(peek_version(&[]), None);
}

#[test]
fn a_community_is_never_printed() {
    assert!(!format!("{:?}", sample()).contains("public"));
    assert!(!format!("{:?}", sample()).contains("112, 117"));
}

fn any_oid() -> impl Strategy<Value = Oid> {
    (
        0u32..3,
        0u32..40,
        prop::collection::vec(any::<u32>(), 0..20),
    )
        .prop_map(|(a, b, rest)| {
            let mut arcs = vec![a, b];
            arcs.extend(rest);
            Oid::new(arcs)
        })
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::Integer),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Value::Octets),
        Just(Value::Null),
        any_oid().prop_map(Value::Oid),
        any::<u32>().prop_map(|n| Value::Ip(Ipv4Addr::from(n))),
        any::<u32>().prop_map(Value::Counter32),
        any::<u32>().prop_map(Value::Gauge32),
        any::<u32>().prop_map(Value::TimeTicks),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Opaque),
        any::<u64>().prop_map(Value::Counter64),
        Just(Value::NoSuchObject),
        Just(Value::NoSuchInstance),
        Just(Value::EndOfMibView),
    ]
}

fn any_message() -> impl Strategy<Value = Message> {
    (
        any::<bool>(),
        prop::collection::vec(any::<u8>(), 0..40),
        any::<i32>(),
        any::<i32>(),
        any::<i32>(),
        prop::collection::vec((any_oid(), any_value()), 0..20),
    )
        .prop_map(
            |(v1, community, request_id, error_status, error_index, binds)| Message {
                version: if v1 { Version::V1 } else { Version::V2c },
                community,
                pdu: Pdu {
                    kind: PduKind::GetBulk,
                    request_id,
                    error_status,
                    error_index,
                    varbinds: binds
                        .into_iter()
                        .map(|(oid, value)| VarBind { oid, value })
                        .collect(),
                },
            },
        )
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(message in any_message()) {
        prop_assert_eq!(Message::decode(&message.encode()).unwrap(), message);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = (Message::decode(&bytes), V3Header::parse(&bytes), peek_version(&bytes));
    }

    #[test]
    fn no_flipped_bytes_make_it_panic_and_what_is_read_can_be_written(
        message in any_message(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = message.encode();
        for (at, with) in flips {
            let at = at.index(bytes.len());
            bytes[at] = with;
        }
        let _ = Message::decode(&bytes[..cut.index(bytes.len())]);
        if let Ok(read) = Message::decode(&bytes) {
            prop_assert_eq!(Message::decode(&read.encode()).unwrap(), read);
        }
    }
}
