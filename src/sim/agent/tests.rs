use super::*;
use crate::sim::mib::MibBuilder;

fn agent(max_size: usize) -> Agent {
    let mut mib = MibBuilder::default();
    mib.text(&[1, 3, 6, 1, 2, 1, 1, 1, 0], "an agent")
        .table(
            &[1, 3, 6, 1, 2, 1, 2, 2, 1],
            &[2, 10],
            (1u32..=30).map(|i| vec![i]),
            |row, column, _| {
                Some(if column == 2 {
                    Value::Octets(format!("eth{row}").into_bytes())
                } else {
                    Value::Counter32(row as u32)
                })
            },
        )
        .fixed(&[1, 3, 6, 1, 2, 1, 31, 1, 0], Value::Counter64(1 << 40))
        .text(&[1, 3, 6, 1, 2, 1, 47, 1, 0], "after the wide one");
    let community = Community::Only(PlainSecret::new(b"sesame".to_vec()));
    Agent::new(Fixed(Arc::new(mib.build())), community, max_size)
}

fn ask(agent: &Agent, version: Version, community: &str, pdu: Pdu) -> Result<Pdu, Silence> {
    let request = Message {
        version,
        community: community.into(),
        pdu,
    };
    match agent.receive(&request.encode(), Duration::ZERO) {
        Verdict::Answer(bytes, _) => {
            assert!(bytes.len() <= agent.max_size, "{}", bytes.len());
            Ok(Message::decode(&bytes).unwrap().pdu)
        }
        Verdict::Silence(why) => Err(why),
    }
}

fn names(kind: PduKind, names: &[&str]) -> Pdu {
    Pdu::request(kind, 7, names.iter().map(|n| n.parse::<Oid>().unwrap()))
}

fn bulk(repetitions: i32, of: &[&str]) -> Pdu {
    Pdu {
        error_index: repetitions,
        ..names(PduKind::GetBulk, of)
    }
}

#[test]
fn a_missing_object_is_an_exception_in_v2c_and_an_error_in_v1() {
    let a = agent(1_472);
    let get = names(
        PduKind::Get,
        &[
            "1.3.6.1.2.1.1.1.0",
            "1.3.6.1.2.1.2.2.1.2.99",
            "1.3.6.1.9.9.0",
        ],
    );
    let v2 = ask(&a, Version::V2c, "sesame", get.clone()).unwrap();
    assert_eq!(v2.error_status, 0);
    assert_eq!(v2.varbinds[1].value, Value::NoSuchInstance);
    assert_eq!(v2.varbinds[2].value, Value::NoSuchObject);
    let v1 = ask(&a, Version::V1, "sesame", get).unwrap();
    assert_eq!((v1.error_status, v1.error_index), (2, 2));
}

#[test]
fn a_walk_in_v1_passes_over_wide_counters_and_ends_with_no_such_name() {
    let a = agent(1_472);
    let next = |v, from: &str| ask(&a, v, "sesame", names(PduKind::GetNext, &[from])).unwrap();
    let before = "1.3.6.1.2.1.2.2.1.10.30";
    assert_eq!(
        next(Version::V2c, before).varbinds[0].value,
        Value::Counter64(1 << 40)
    );
    assert_eq!(
        next(Version::V1, before).varbinds[0].oid.to_string(),
        "1.3.6.1.2.1.47.1.0"
    );
    let last = "1.3.6.1.2.1.47.1.0";
    assert_eq!(
        next(Version::V2c, last).varbinds[0].value,
        Value::EndOfMibView
    );
    assert_eq!(next(Version::V1, last).error_status, 2);
    let wide = names(PduKind::Get, &["1.3.6.1.2.1.31.1.0"]);
    assert_eq!(
        ask(&a, Version::V1, "sesame", wide).unwrap().error_status,
        2
    );
}

#[test]
fn another_community_is_met_with_silence() {
    let get = names(PduKind::Get, &["1.3.6.1.2.1.1.1.0"]);
    assert_eq!(
        ask(&agent(1_472), Version::V2c, "public", get),
        Err(Silence::Community)
    );
    assert_eq!(
        agent(1_472).receive(b"\x30\x03\x02\x01", Duration::ZERO),
        Verdict::Silence(Silence::Malformed)
    );
}

#[test]
fn a_bulk_is_filled_to_the_size_and_no_further_and_goes_on_where_it_stopped() {
    let small = agent(484);
    let first = ask(
        &small,
        Version::V2c,
        "sesame",
        bulk(1_000, &["1.3.6.1.2.1"]),
    )
    .unwrap();
    let large = ask(
        &agent(65_507),
        Version::V2c,
        "sesame",
        bulk(1_000, &["1.3.6.1.2.1"]),
    )
    .unwrap();
    assert!(first.varbinds.len() > 10 && first.varbinds.len() < large.varbinds.len());
    assert_eq!(
        large.varbinds.len(),
        1 + 60 + 2 + 1,
        "one endOfMibView, then no more"
    );
    assert_eq!(first.varbinds[..], large.varbinds[..first.varbinds.len()]);
    let from = first.varbinds.last().unwrap().oid.to_string();
    let more = ask(&small, Version::V2c, "sesame", bulk(3, &[&from])).unwrap();
    let place = first.varbinds.len();
    assert_eq!(more.varbinds[..], large.varbinds[place..place + 3]);
}

#[test]
fn a_get_that_does_not_fit_is_too_big() {
    let many: Vec<String> = (1..=30)
        .map(|i| format!("1.3.6.1.2.1.2.2.1.2.{i}"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let v2 = ask(
        &agent(484),
        Version::V2c,
        "sesame",
        names(PduKind::Get, &many),
    )
    .unwrap();
    assert_eq!((v2.error_status, v2.varbinds.len()), (1, 0));
    let v1 = agent(484);
    // the request is longer than 484 octets itself; v1 sends it back as it came
    let request = Message {
        version: Version::V1,
        community: b"sesame".to_vec(),
        pdu: names(PduKind::Get, &many),
    };
    let Verdict::Answer(bytes, _) = v1.receive(&request.encode(), Duration::ZERO) else {
        panic!("silence");
    };
    let v1 = Message::decode(&bytes).unwrap().pdu;
    assert_eq!((v1.error_status, v1.varbinds.len()), (1, 30));
}

#[test]
fn each_fault_does_what_its_name_says() {
    let a = agent(1_472);
    let get = || names(PduKind::Get, &["1.3.6.1.2.1.1.1.0"]);
    let with = |faults: Faults| {
        a.set_faults(faults);
        ask(&a, Version::V2c, "sesame", get())
    };
    assert_eq!(
        with(Faults {
            silent: true,
            ..Faults::default()
        }),
        Err(Silence::Fault)
    );
    let wrong = with(Faults {
        wrong_id: true,
        ..Faults::default()
    })
    .unwrap();
    assert_ne!(wrong.request_id, 7);
    let big = with(Faults {
        too_big: Some(0),
        ..Faults::default()
    })
    .unwrap();
    assert_eq!(big.error_status, 1);
    a.set_faults(Faults {
        loss_permille: 300,
        ..Faults::default()
    });
    let lost = (0..1_000)
        .filter(|_| ask(&a, Version::V2c, "sesame", get()).is_err())
        .count();
    assert!((200..400).contains(&lost), "{lost}");
    a.set_faults(Faults {
        looping: true,
        ..Faults::default()
    });
    let walk = ask(
        &a,
        Version::V2c,
        "sesame",
        bulk(40, &["1.3.6.1.2.1.2.2.1.2"]),
    )
    .unwrap();
    assert!(!walk.varbinds.is_sorted_by(|a, b| a.oid < b.oid));
    a.set_faults(Faults {
        delay: Duration::from_millis(80),
        ..Faults::default()
    });
    let bytes = Message {
        version: Version::V2c,
        community: b"sesame".to_vec(),
        pdu: get(),
    }
    .encode();
    assert!(
        matches!(a.receive(&bytes, Duration::ZERO), Verdict::Answer(_, manner) if manner.delay.as_millis() == 80)
    );
}

proptest::proptest! {
    #[test]
    fn no_datagram_makes_an_agent_panic(
        noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        at in 0usize..80, flip in 1u8.., v3: bool,
    ) {
        let keys = UserKeys::derive(None, None).unwrap();
        let a = agent(1_472).with_user(b"\x80\0\x1f\x88\x04test", b"user", &keys);
        let _ = a.receive(&noise, Duration::ZERO);
        let mut bytes = if v3 {
            use crate::wire::snmp::{V3Flags, V3Message};
            V3Message {
                msg_id: 1,
                max_size: 1_472,
                flags: V3Flags { reportable: true, ..V3Flags::default() },
                engine_id: b"\x80\0\x1f\x88\x04test".to_vec(),
                boots: 1,
                time: 0,
                user: b"user".to_vec(),
                context_engine_id: Vec::new(),
                context_name: Vec::new(),
                pdu: bulk(20, &["1.3.6"]),
            }
            .seal(None, 0)
            .unwrap()
        } else {
            Message { version: Version::V2c, community: b"sesame".to_vec(), pdu: bulk(20, &["1.3.6"]) }.encode()
        };
        proptest::prop_assert!(matches!(a.receive(&bytes, Duration::ZERO), Verdict::Answer(..)));
        let at = at % bytes.len();
        bytes[at] ^= flip;
        let _ = a.receive(&bytes, Duration::ZERO);
    }
}
