use proptest::prelude::*;

use super::*;
use crate::wire::snmp::{Oid, PduKind, Value};

fn secret(s: &str) -> PlainSecret {
    PlainSecret::new(s.as_bytes().to_vec())
}

fn field(faults: &[&str]) -> Field {
    Field::new(FarmOptions {
        faults: faults.iter().map(|f| f.parse().unwrap()).collect(),
        ..FarmOptions::simple(200, 24, secret("farm"))
    })
    .unwrap()
}

fn at_address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(FIRST + number)
}

const NOW: Duration = Duration::from_secs(5);

fn send(field: &Field, number: u32, pdu: Pdu, at: Duration) -> (Reception, Vec<u8>) {
    let request = Message {
        version: Version::V2c,
        community: b"farm".to_vec(),
        pdu,
    };
    let mut out = Vec::new();
    let reception = field.receive(at_address(number), &request.encode(), at, &mut out);
    (reception, out)
}

fn ask(field: &Field, number: u32, pdu: Pdu) -> Pdu {
    let (reception, out) = send(field, number, pdu, NOW);
    assert!(matches!(reception, Reception::Answer(_)), "{reception:?}");
    Message::decode(&out).unwrap().pdu
}

fn names(kind: PduKind, of: &[&str]) -> Pdu {
    Pdu::request(kind, 7, of.iter().map(|n| n.parse::<Oid>().unwrap()))
}

fn bulk(single: i32, repetitions: i32, of: &[&str]) -> Pdu {
    Pdu {
        error_status: single,
        error_index: repetitions,
        ..names(PduKind::GetBulk, of)
    }
}

const UP_TIME: &str = "1.3.6.1.2.1.1.3.0";
const NAME: &str = "1.3.6.1.2.1.1.5.0";
const IN_OCTETS: &str = "1.3.6.1.2.1.31.1.1.1.6";
const OUT_OCTETS: &str = "1.3.6.1.2.1.31.1.1.1.10";
const STATUS: &str = "1.3.6.1.2.1.2.2.1.8";

#[test]
fn an_agent_has_the_name_and_the_interfaces_of_its_number() {
    let field = Field::new(FarmOptions {
        interfaces_on: 2,
        ..FarmOptions::simple(1_000, 24, secret("farm"))
    })
    .unwrap();
    let mut large = 0;
    for number in 0..1_000 {
        let got = ask(
            &field,
            number,
            names(PduKind::Get, &[NAME, "1.3.6.1.2.1.2.1.0"]),
        );
        let name = format!("agent-{number:06}").into_bytes();
        assert_eq!(got.varbinds[0].value, Value::Octets(name));
        match got.varbinds[1].value {
            Value::Integer(24) => large += 1,
            Value::Integer(2) => {}
            ref other => panic!("{other:?}"),
        }
    }
    assert_eq!(large, 20);
}

#[test]
fn the_question_of_the_bench_is_answered_with_75_bindings_in_two_datagrams() {
    let field = field(&[]);
    let first = ask(
        &field,
        3,
        names(PduKind::Get, &[UP_TIME, NAME, "1.3.6.1.2.1.1.1.0"]),
    );
    let second = ask(&field, 3, bulk(0, 24, &[IN_OCTETS, OUT_OCTETS, STATUS]));
    assert_eq!(first.varbinds.len() + second.varbinds.len(), 75);
    let under = |root: &str| {
        let root: Oid = root.parse().unwrap();
        second
            .varbinds
            .iter()
            .filter(|v| v.oid.is_under(&root))
            .count()
    };
    assert_eq!([IN_OCTETS, OUT_OCTETS, STATUS].map(under), [24, 24, 24]);
}

#[test]
fn the_question_of_the_bench_is_answered_quickly() {
    let field = field(&[]);
    let plot = Plot::new(&field.plan, 3, NOW);
    for pdu in [
        names(PduKind::Get, &[UP_TIME, NAME, "1.3.6.1.2.1.1.1.0"]),
        bulk(1, 25, &["1.3.6.1.2.1.1.3", IN_OCTETS, OUT_OCTETS, STATUS]),
    ] {
        let mut out = Vec::new();
        assert!(quick::respond(plot, b"farm", &pdu, 60_000, &mut out));
        assert_eq!(ask(&field, 3, pdu), Message::decode(&out).unwrap().pdu);
    }
}

#[test]
fn counters_grow_and_the_clock_goes_on() {
    let field = field(&[]);
    let value = |at: u64, name: &str| {
        let (_, out) = send(
            &field,
            9,
            names(PduKind::Get, &[name]),
            Duration::from_secs(at),
        );
        Message::decode(&out).unwrap().pdu.varbinds[0]
            .value
            .as_u64()
            .unwrap()
    };
    let ten = value(15, &format!("{IN_OCTETS}.1")) - value(5, &format!("{IN_OCTETS}.1"));
    assert!((1_000_000..=10_000_000).contains(&ten), "{ten}");
    assert_eq!(value(15, UP_TIME) - value(5, UP_TIME), 1_000);
}

#[test]
fn another_community_and_another_address_are_met_with_silence() {
    let field = field(&[]);
    let request = Message {
        version: Version::V2c,
        community: b"public".to_vec(),
        pdu: names(PduKind::Get, &[NAME]),
    }
    .encode();
    let mut out = Vec::new();
    let mut to = |at| field.receive(at, &request, NOW, &mut out);
    assert_eq!(to(at_address(0)), Reception::Silence(Silence::Community));
    assert_eq!(to(at_address(200)), Reception::Nobody);
    assert_eq!(to(Ipv4Addr::LOCALHOST), Reception::Nobody);
}

#[test]
fn a_set_is_refused() {
    let mut set = names(PduKind::Set, &[NAME]);
    set.varbinds[0].value = Value::Octets(b"mine".to_vec());
    assert_eq!(
        ask(&field(&[]), 0, set).error_status,
        SetError::NOT_WRITABLE
    );
}

// each fault

#[test]
fn the_dead_are_as_many_as_were_asked_for_and_say_nothing() {
    let field = field(&["dead=10"]);
    let get = || names(PduKind::Get, &[NAME]);
    let dead = (0..200)
        .filter(|n| send(&field, *n, get(), NOW).0 == Reception::Silence(Silence::Fault))
        .count();
    assert_eq!(dead, 20);
}

#[test]
fn so_many_requests_are_lost_and_the_same_ones_again() {
    let lost = || -> Vec<usize> {
        let field = field(&["loss:30"]);
        let get = || names(PduKind::Get, &[NAME]);
        (0..1_000)
            .filter(|_| send(&field, 5, get(), NOW).0 == Reception::Silence(Silence::Fault))
            .collect()
    };
    assert!((200..400).contains(&lost().len()), "{}", lost().len());
    assert_eq!(lost(), lost());
}

#[test]
fn answers_come_late_twice_or_from_elsewhere() {
    for (fault, manner) in [
        (
            "delay:80",
            Manner {
                delay: Duration::from_millis(80),
                ..Manner::default()
            },
        ),
        (
            "late",
            Manner {
                delay: Duration::from_secs(15),
                ..Manner::default()
            },
        ),
        (
            "duplicate",
            Manner {
                twice: true,
                ..Manner::default()
            },
        ),
        (
            "wrong-source",
            Manner {
                astray: true,
                ..Manner::default()
            },
        ),
    ] {
        let (reception, out) = send(&field(&[fault]), 1, names(PduKind::Get, &[NAME]), NOW);
        assert_eq!(reception, Reception::Answer(manner), "{fault}");
        assert_eq!(Message::decode(&out).unwrap().pdu.request_id, 7);
    }
}

#[test]
fn another_request_id_comes_back() {
    assert_ne!(
        ask(&field(&["wrong-id"]), 1, names(PduKind::Get, &[NAME])).request_id,
        7
    );
}

#[test]
fn a_loop_comes_back_to_the_first_row() {
    let got = ask(&field(&["loop"]), 1, bulk(0, 30, &[STATUS]));
    let rows: Vec<u32> = got
        .varbinds
        .iter()
        .map(|v| *v.oid.arcs().last().unwrap())
        .collect();
    assert_eq!(rows[22..27], [23, 24, 1, 2, 3]);
}

#[test]
fn a_column_without_end_always_has_a_next_row() {
    let field = field(&["endless"]);
    let got = ask(&field, 1, bulk(1, 500, &["1.3.6.1.2.1.1.3", STATUS]));
    assert_eq!(got.varbinds.len(), 501);
    assert!(got.varbinds[1..].is_sorted_by(|a, b| a.oid < b.oid));
    let last = ask(
        &field,
        1,
        names(PduKind::GetNext, &[&format!("{STATUS}.500")]),
    );
    assert_eq!(last.varbinds[0].oid.to_string(), format!("{STATUS}.501"));
}

#[test]
fn too_big_is_said_above_its_bound_only() {
    let field = field(&["too-big:8"]);
    let columns = [IN_OCTETS, OUT_OCTETS];
    assert_eq!(ask(&field, 1, bulk(0, 4, &columns)).varbinds.len(), 8);
    let big = ask(&field, 1, bulk(0, 5, &columns));
    assert_eq!((big.error_status, big.varbinds.len()), (1, 0));
}

#[test]
fn a_truncated_bulk_ends_in_the_midst_of_a_row() {
    let field = field(&["truncated"]);
    assert_eq!(
        ask(&field, 1, bulk(0, 24, &[IN_OCTETS, OUT_OCTETS, STATUS]))
            .varbinds
            .len(),
        25
    );
    assert_eq!(
        ask(&field, 1, names(PduKind::Get, &[NAME, UP_TIME]))
            .varbinds
            .len(),
        2
    );
}

#[test]
fn uptime_wraps_when_it_was_told_to() {
    let field = field(&["uptime-wrap:10"]);
    let ticks = |at: u64| {
        let (_, out) = send(
            &field,
            1,
            names(PduKind::Get, &[UP_TIME]),
            Duration::from_secs(at),
        );
        Message::decode(&out).unwrap().pdu.varbinds[0].value.clone()
    };
    assert_eq!(ticks(9), Value::TimeTicks(u32::MAX - 99));
    assert_eq!(ticks(10), Value::TimeTicks(0));
    assert_eq!(ticks(11), Value::TimeTicks(100));
}

#[test]
fn a_restart_with_frozen_boots_takes_uptime_and_engine_time_back_but_not_boots() {
    let field = field(&["boots-frozen:60"]);
    let read = |at: u64| -> Vec<u64> {
        let asked = names(
            PduKind::Get,
            &[UP_TIME, "1.3.6.1.6.3.10.2.1.2.0", "1.3.6.1.6.3.10.2.1.3.0"],
        );
        let (_, out) = send(&field, 1, asked, Duration::from_secs(at));
        let got = Message::decode(&out).unwrap().pdu.varbinds;
        got.iter().map(|v| v.value.as_u64().unwrap()).collect()
    };
    let (before, after) = (read(59), read(61));
    assert_eq!((before[0], after[0]), (5_900, 100));
    assert_eq!(before[1], after[1]);
    assert_eq!((before[2], after[2]), (59, 1));
}

proptest! {
    #[test]
    fn the_quick_answer_is_the_thorough_one(
        kind in 0usize..3, single in -1i32..4, repetitions in -1i32..80, id: i32,
        asked in proptest::collection::vec((0usize..32, 0u32..40, 0u8..4), 0..7),
        interfaces in 0u32..30, number in 0u32..200, room in 0usize..3_000,
    ) {
        let field = Field::new(FarmOptions::simple(200, interfaces, secret("farm"))).unwrap();
        let plot = Plot::new(&field.plan, number, NOW);
        let walk = {
            let mut all = vec![Oid::new([1, 3])];
            while let Some(next) = crate::sim::agent::Objects::next(&plot, all.last().unwrap(), NOW) {
                all.push(next.oid);
            }
            all
        };
        let varbinds = asked.iter().map(|(stem, row, how)| {
            let known = &walk[(stem * 7919) % walk.len()];
            let arcs = known.arcs();
            let oid = match how {
                0 => known.clone(),
                1 => Oid::new(arcs[..arcs.len() - 1].to_vec()),
                2 => Oid::new(arcs[..arcs.len() - 1].to_vec()).child(&[*row]),
                _ => known.child(&[*row]),
            };
            VarBind { oid, value: Value::Null }
        }).collect();
        let kind = [PduKind::Get, PduKind::GetNext, PduKind::GetBulk][kind];
        let bulk = kind == PduKind::GetBulk;
        let pdu = Pdu {
            kind,
            request_id: id,
            error_status: if bulk { single } else { 0 },
            error_index: if bulk { repetitions } else { 0 },
            varbinds,
        };
        let mut quick = Vec::new();
        if quick::respond(plot, b"farm", &pdu, room, &mut quick) {
            let slow = slowly(plot, Version::V2c, &pdu, NOW, room, &Faults::default()).unwrap();
            prop_assert_eq!(quick, Message::encode_parts(Version::V2c, b"farm", &slow));
        }
    }

    #[test]
    fn no_datagram_makes_a_farm_panic(noise in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..60, flip in 1u8..) {
        let field = field(&[]);
        let mut out = Vec::new();
        let _ = field.receive(at_address(1), &noise, NOW, &mut out);
        let mut bytes = Message { version: Version::V2c, community: b"farm".to_vec(), pdu: bulk(0, 24, &[STATUS]) }.encode();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        let _ = field.receive(at_address(1), &bytes, NOW, &mut out);
    }
}
