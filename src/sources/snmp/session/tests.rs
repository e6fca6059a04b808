//! A question against an agent of our own, datagram by datagram, on a clock of the test.

use super::*;
use crate::model::{AuthProtocol, PlainSecret, PrivProtocol};
use crate::sources::snmp::login::Login;
use crate::wire::snmp::usm::{Authority, Incoming, UserKeys};
use crate::wire::snmp::{Message, NameBuf, Oid, Pdu, V3Message, Value, VarBind};

const ID: &[u8] = b"\x80\x00\x1f\x88\x04ward";

fn login(password: &str, privacy: &str) -> Arc<Ready> {
    let secret = |s: &str| PlainSecret::new(s.as_bytes().to_vec());
    Ready::new(
        "v3".into(),
        &Login::V3 {
            user: "ana".into(),
            auth: Some((AuthProtocol::Sha256, secret(password))),
            privacy: Some((PrivProtocol::Aes128, secret(privacy))),
            context: "".into(),
        },
    )
}

fn agent(boots: u32) -> Authority {
    let keys = UserKeys::derive(
        Some((AuthProtocol::Sha256, b"auth-secret")),
        Some((PrivProtocol::Aes128, b"priv-secret")),
    )
    .unwrap();
    let mut agent = Authority::new(ID, boots);
    agent.add_user("ana", &keys);
    agent
}

fn get(id: i32, login: &Arc<Ready>) -> Exchange {
    let name: Oid = "1.3.6.1.2.1.1.3.0".parse().unwrap();
    Exchange::new(id, Ask::get(&[NameBuf::from(&name)]), Arc::clone(login))
}

/// The datagram to send now.
fn datagram(
    exchange: &mut Exchange,
    engine: Option<&Engine>,
    now_ms: u64,
    salt: u64,
) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    exchange.datagram(engine, now_ms, salt, &mut Vec::new(), &mut out)?;
    Ok(out)
}

fn hear(exchange: &mut Exchange, bytes: &[u8], engine: &mut Option<Engine>, now_ms: u64) -> Heard {
    exchange.hear(bytes, engine, now_ms, &mut Vec::new())
}

fn serve(agent: &mut Authority, bytes: &[u8], time: u32) -> Vec<u8> {
    match agent.open(bytes, time) {
        Incoming::Report(report) => report,
        Incoming::Request(request) => {
            let answer = request.message.pdu.response(vec![VarBind {
                oid: "1.3.6.1.2.1.1.3.0".parse().unwrap(),
                value: Value::TimeTicks(time * 100),
            }]);
            agent.seal(&request, answer, time, 1).unwrap()
        }
        Incoming::Drop(why) => panic!("dropped: {why}"),
    }
}

/// Asks until there is an answer; how many datagrams that took.
fn ask(
    exchange: &mut Exchange,
    engine: &mut Option<Engine>,
    agent: &mut Authority,
    now_ms: u64,
    time: u32,
) -> (usize, Result<Reply, Failure>) {
    for datagrams in 1..10 {
        let bytes = datagram(exchange, engine.as_ref(), now_ms, 5).unwrap();
        let back = serve(agent, &bytes, time);
        match hear(exchange, &back, engine, now_ms) {
            Heard::Again => {}
            Heard::Answer(answer) => return (datagrams, answer),
            other => panic!("{other:?}"),
        }
    }
    panic!("no end");
}

#[test]
fn the_first_question_costs_a_discovery_and_the_next_nothing_more_even_after_150_seconds() {
    let (login, mut agent, mut engine) = (login("auth-secret", "priv-secret"), agent(3), None);
    let (n, answer) = ask(&mut get(1, &login), &mut engine, &mut agent, 1_000, 50);
    assert!(answer.is_ok());
    assert_eq!((n, engine.as_ref().unwrap().boots()), (2, Some(3)));
    let (n, answer) = ask(&mut get(2, &login), &mut engine, &mut agent, 401_000, 450);
    assert_eq!((n, answer.is_ok()), (1, true), "its time went on meanwhile");
}

#[test]
fn a_restarted_agent_costs_one_free_retry() {
    let (login, mut agent, mut engine) = (login("auth-secret", "priv-secret"), agent(3), None);
    ask(&mut get(1, &login), &mut engine, &mut agent, 0, 5_000)
        .1
        .unwrap();
    agent.set_boots(4);
    let (n, answer) = ask(&mut get(2, &login), &mut engine, &mut agent, 60_000, 7);
    assert_eq!((n, answer.is_ok()), (2, true));
    assert_eq!(engine.unwrap().boots(), Some(4));
    // and one whose boots never rise (net-snmp#385)
    let mut engine = None;
    ask(&mut get(3, &login), &mut engine, &mut agent, 60_000, 5_000)
        .1
        .unwrap();
    let (n, answer) = ask(&mut get(4, &login), &mut engine, &mut agent, 61_000, 7);
    assert_eq!((n, answer.is_ok()), (2, true));
}

#[test]
fn a_wrong_password_or_user_is_named_after_one_try() {
    for (login, word) in [
        (login("wrong-secret", "priv-secret"), Stat::WrongDigests),
        (login("auth-secret", "wrong-secret"), Stat::DecryptionErrors),
    ] {
        let (mut agent, mut engine) = (agent(3), None);
        let (n, answer) = ask(&mut get(1, &login), &mut engine, &mut agent, 0, 50);
        assert_eq!(answer.unwrap_err(), Failure::Refused(word.word().into()));
        assert_eq!((n, engine.is_none()), (2, true), "nothing is committed");
    }
}

#[test]
fn forged_boots_and_time_do_not_commit() {
    let (login, mut agent, mut engine) = (login("auth-secret", "priv-secret"), agent(3), None);
    ask(&mut get(1, &login), &mut engine, &mut agent, 0, 50)
        .1
        .unwrap();
    let before = engine.clone().unwrap();

    let mut exchange = get(2, &login);
    let question = datagram(&mut exchange, engine.as_ref(), 1_000, 5).unwrap();
    let forged = V3Message {
        msg_id: 2,
        max_size: MAX_SIZE,
        flags: V3Flags::default(),
        engine_id: ID.to_vec(),
        boots: 99,
        time: 9_999,
        user: b"ana".to_vec(),
        context_engine_id: ID.to_vec(),
        context_name: vec![],
        pdu: Pdu {
            kind: PduKind::Report,
            varbinds: vec![VarBind {
                oid: Stat::NotInTimeWindows.oid(),
                value: Value::Counter32(1),
            }],
            ..Pdu::request(PduKind::Get, 2, [])
        },
    };
    let plain = forged.seal(None, 0).unwrap();
    assert!(matches!(
        hear(&mut exchange, &plain, &mut engine, 1_000),
        Heard::NotAuthentic
    ));
    let other = UserKeys::derive(Some((AuthProtocol::Sha256, b"guess")), None).unwrap();
    let signed = V3Message {
        flags: V3Flags {
            auth: true,
            ..V3Flags::default()
        },
        ..forged
    }
    .seal(Some(&other.localize(ID)), 0)
    .unwrap();
    assert!(matches!(
        hear(&mut exchange, &signed, &mut engine, 1_000),
        Heard::NotAuthentic
    ));
    let now = engine.clone().unwrap();
    assert_eq!((now.clock, now.proven), (before.clock, true));
    let back = serve(&mut agent, &question, 51);
    assert!(matches!(
        hear(&mut exchange, &back, &mut engine, 1_000),
        Heard::Answer(Ok(_))
    ));
}

#[test]
fn an_answer_of_another_message_id_level_or_request_is_a_stranger() {
    let (login, mut agent, mut engine) = (login("auth-secret", "priv-secret"), agent(3), None);
    ask(&mut get(1, &login), &mut engine, &mut agent, 0, 50)
        .1
        .unwrap();
    let mut old = get(2, &login);
    let bytes = datagram(&mut old, engine.as_ref(), 0, 5).unwrap();
    let late = serve(&mut agent, &bytes, 50);
    let mut exchange = get(3, &login);
    datagram(&mut exchange, engine.as_ref(), 0, 6).unwrap();
    assert!(matches!(
        hear(&mut exchange, &late, &mut engine, 0),
        Heard::Stranger
    ));
    let clear = V3Message {
        msg_id: 3,
        max_size: MAX_SIZE,
        flags: V3Flags::default(),
        engine_id: ID.to_vec(),
        boots: 3,
        time: 50,
        user: b"ana".to_vec(),
        context_engine_id: ID.to_vec(),
        context_name: vec![],
        pdu: Pdu {
            kind: PduKind::Response,
            ..Pdu::request(PduKind::Get, 3, [])
        },
    };
    let clear = clear.seal(None, 0).unwrap();
    assert!(matches!(
        hear(&mut exchange, &clear, &mut engine, 0),
        Heard::Stranger
    ));
}

#[test]
fn an_answer_with_another_request_id_is_a_stranger() {
    let login = Ready::new(
        "c".into(),
        &Login::V2c {
            community: PlainSecret::new(b"public".to_vec()),
        },
    );
    let mut exchange = get(7, &login);
    let mut engine = None;
    let mut message = Message::decode(&datagram(&mut exchange, None, 0, 0).unwrap()).unwrap();
    message.pdu.kind = PduKind::Response;
    message.pdu.request_id = 8;
    assert!(matches!(
        hear(&mut exchange, &message.encode(), &mut engine, 0),
        Heard::Stranger
    ));
    message.pdu.request_id = 7;
    assert!(matches!(
        hear(&mut exchange, &message.encode()[..20], &mut engine, 0),
        Heard::Malformed(_)
    ));
    assert!(matches!(
        hear(&mut exchange, &message.encode(), &mut engine, 0),
        Heard::Answer(Ok(_))
    ));
}

/// A Report as anybody can send it.
fn unsigned(id: i32, engine_id: &[u8], stat: Stat) -> Vec<u8> {
    V3Message {
        msg_id: id,
        max_size: MAX_SIZE,
        flags: V3Flags::default(),
        engine_id: engine_id.to_vec(),
        boots: 77,
        time: 7,
        user: b"ana".to_vec(),
        context_engine_id: engine_id.to_vec(),
        context_name: vec![],
        pdu: Pdu {
            kind: PduKind::Report,
            varbinds: vec![VarBind {
                oid: stat.oid(),
                value: Value::Counter32(1),
            }],
            ..Pdu::request(PduKind::Get, 0, [])
        },
    }
    .seal(None, 0)
    .unwrap()
}

/// An agent that was asked once at 0 ms, when it was up for 5,000 s.
fn acquainted() -> (Arc<Ready>, Authority, Option<Engine>) {
    let (login, mut agent, mut engine) = (login("auth-secret", "priv-secret"), agent(3), None);
    ask(&mut get(1, &login), &mut engine, &mut agent, 0, 5_000)
        .1
        .unwrap();
    (login, agent, engine)
}

#[test]
fn a_forged_report_of_another_engine_neither_stops_the_poll_nor_moves_the_clock() {
    let (login, mut agent, mut engine) = acquainted();
    let before = engine.clone().unwrap();
    let mut exchange = get(2, &login);
    let question = datagram(&mut exchange, engine.as_ref(), 1_000, 5).unwrap();
    let forged = unsigned(2, b"\x80\x00\x00\x00evil", Stat::UnknownEngineIds);
    assert!(matches!(
        hear(&mut exchange, &forged, &mut engine, 1_000),
        Heard::Again
    ));
    let strayed = datagram(&mut exchange, engine.as_ref(), 1_000, 6).unwrap();
    let header = V3Header::parse(&strayed).unwrap();
    assert_eq!(header.engine_id, b"\x80\x00\x00\x00evil");
    // twice does not help
    let again = unsigned(2, b"\x80\x00\x00\x00more", Stat::UnknownEngineIds);
    assert!(matches!(
        hear(&mut exchange, &again, &mut engine, 1_000),
        Heard::Stranger
    ));
    // the agent's own answer counts
    let back = serve(&mut agent, &question, 5_001);
    assert!(matches!(
        hear(&mut exchange, &back, &mut engine, 1_000),
        Heard::Answer(Ok(_))
    ));
    let now = engine.clone().unwrap();
    assert_eq!((now.id, now.proven), (before.id, true));
    assert_eq!(now.clock.boots(), 3);

    // and where that is lost, the next attempt goes to the engine that is known
    let mut exchange = get(3, &login);
    datagram(&mut exchange, engine.as_ref(), 2_000, 7).unwrap();
    let forged = unsigned(3, b"\x80\x00\x00\x00evil", Stat::UnknownEngineIds);
    assert!(matches!(
        hear(&mut exchange, &forged, &mut engine, 2_000),
        Heard::Again
    ));
    datagram(&mut exchange, engine.as_ref(), 2_000, 8).unwrap();
    // it may even refuse
    let refusal = unsigned(3, b"\x80\x00\x00\x00evil", Stat::WrongDigests);
    assert!(matches!(
        hear(&mut exchange, &refusal, &mut engine, 2_000),
        Heard::Doubtful
    ));
    assert!(exchange.out_of_time(engine.as_ref(), false).is_none());
    let (n, answer) = ask(&mut exchange, &mut engine, &mut agent, 4_000, 5_004);
    assert_eq!((n, answer.is_ok()), (1, true));
}

#[test]
fn a_refusal_nobody_signed_counts_at_once_only_where_the_credential_never_worked() {
    let (login, mut agent, mut engine) = acquainted();
    for stat in [
        Stat::WrongDigests,
        Stat::UnknownUserNames,
        Stat::UnsupportedSecLevels,
        Stat::DecryptionErrors,
    ] {
        let mut exchange = get(2, &login);
        let question = datagram(&mut exchange, engine.as_ref(), 1_000, 5).unwrap();
        let forged = unsigned(2, ID, stat);
        assert!(matches!(
            hear(&mut exchange, &forged, &mut engine, 1_000),
            Heard::Doubtful
        ));
        let back = serve(&mut agent, &question, 5_001);
        assert!(matches!(
            hear(&mut exchange, &back, &mut engine, 1_000),
            Heard::Answer(Ok(_))
        ));
        // about another engine it says nothing at all
        let mut exchange = get(2, &login);
        datagram(&mut exchange, engine.as_ref(), 1_000, 5).unwrap();
        let of_another = unsigned(2, b"another engine", stat);
        assert!(matches!(
            hear(&mut exchange, &of_another, &mut engine, 1_000),
            Heard::Stranger
        ));
        assert!(exchange.out_of_time(engine.as_ref(), true).is_none());
    }
    // the password was changed at the agent: nothing else comes, so that its refusal stands
    let mut exchange = get(2, &login);
    datagram(&mut exchange, engine.as_ref(), 1_000, 5).unwrap();
    let refusal = unsigned(2, ID, Stat::WrongDigests);
    hear(&mut exchange, &refusal, &mut engine, 1_000);
    assert_eq!(
        exchange.out_of_time(engine.as_ref(), true),
        Some(Failure::Refused(Stat::WrongDigests.word().into()))
    );
}

#[test]
fn an_unknown_user_is_told_apart_from_a_wrong_password() {
    let (mut agent, mut engine) = (agent(3), None);
    let stranger = Ready::new(
        "v3".into(),
        &Login::V3 {
            user: "eve".into(),
            auth: None,
            privacy: None,
            context: "".into(),
        },
    );
    let (n, answer) = ask(&mut get(1, &stranger), &mut engine, &mut agent, 0, 50);
    assert_eq!((n, answer.unwrap_err()), (2, Failure::UnknownUser));
}

#[test]
fn a_replaced_device_is_discovered_anew_once() {
    let (login, _, mut engine) = acquainted();
    let keys = UserKeys::derive(
        Some((AuthProtocol::Sha256, b"auth-secret")),
        Some((PrivProtocol::Aes128, b"priv-secret")),
    )
    .unwrap();
    let mut other = Authority::new(&b"\x80\x00\x1f\x88\x04other"[..], 1);
    other.add_user("ana", &keys);
    let (n, answer) = ask(&mut get(2, &login), &mut engine, &mut other, 60_000, 9);
    assert_eq!((n, answer.is_ok()), (2, true));
    let mut engine_now = engine.clone().unwrap();
    assert_eq!(
        (engine_now.id.as_slice(), engine_now.boots()),
        (other.engine_id(), Some(1))
    );
    assert!(!engine_now.take_frozen(), "it is another engine");
    let (n, _) = ask(&mut get(3, &login), &mut engine, &mut other, 120_000, 69);
    assert_eq!(n, 1);
}

#[test]
fn a_report_of_yesterday_moves_no_clock() {
    let (login, mut agent, mut engine) = acquainted();
    // recorded when the agent really started again
    let mut exchange = get(2, &login);
    let question = datagram(&mut exchange, engine.as_ref(), 1_000, 5).unwrap();
    agent.set_boots(4);
    let recorded = serve(&mut agent, &question, 2);
    assert!(matches!(
        hear(&mut exchange, &recorded, &mut engine, 1_000),
        Heard::Again
    ));
    agent.set_boots(5);
    ask(&mut get(3, &login), &mut engine, &mut agent, 9_000, 3)
        .1
        .unwrap();
    let before = engine.clone().unwrap();
    let mut exchange = get(4, &login);
    datagram(&mut exchange, engine.as_ref(), 10_000, 5).unwrap();
    assert!(matches!(
        hear(&mut exchange, &recorded, &mut engine, 10_000),
        Heard::Stranger
    ));
    assert_eq!(engine.unwrap().clock, before.clock);
}

#[test]
fn boots_that_do_not_rise_are_named_and_those_that_rise_are_not() {
    // its boots rose
    let (login, mut agent, mut engine) = acquainted();
    agent.set_boots(4);
    let (n, _) = ask(&mut get(2, &login), &mut engine, &mut agent, 60_000, 7);
    assert_eq!((n, engine.as_mut().unwrap().take_frozen()), (2, false));
    // they stayed
    let (n, _) = ask(&mut get(3, &login), &mut engine, &mut agent, 600_000, 7);
    assert_eq!((n, engine.as_mut().unwrap().take_frozen()), (2, true));
    assert!(!engine.as_mut().unwrap().take_frozen(), "told once");
    // they fell
    agent.set_boots(1);
    let (n, _) = ask(&mut get(4, &login), &mut engine, &mut agent, 700_000, 107);
    assert_eq!((n, engine.as_mut().unwrap().take_frozen()), (2, true));
    // its clock ran ahead, which is no start
    let (n, _) = ask(
        &mut get(5, &login),
        &mut engine,
        &mut agent,
        701_000,
        90_000,
    );
    assert_eq!((n, engine.as_mut().unwrap().take_frozen()), (2, false));
}

#[test]
fn a_start_within_the_time_window_is_seen_by_the_uptime() {
    let (_, _, engine) = acquainted();
    let frozen = |seen: &[(u32, u64)]| {
        let mut engine = engine.clone().unwrap();
        for (uptime, now_ms) in seen {
            engine.saw_uptime(*uptime, *now_ms);
        }
        engine.take_frozen()
    };
    assert!(!frozen(&[(9_000, 0), (12_000, 30_000)]));
    assert!(frozen(&[(9_000, 0), (500, 30_000)]));
    assert!(!frozen(&[(9_000, 0), (8_990, 1_000)]), "a clock set right");
    assert!(
        !frozen(&[(u32::MAX - 1_000, 0), (2_000, 30_000)]),
        "it wraps after 497 days"
    );
}

#[test]
fn two_agents_with_one_engine_id_keep_their_clocks_apart() {
    let (login, mut one, mut engine_of_one) = acquainted();
    let (mut two, mut engine_of_two) = (agent(90), None);
    ask(&mut get(9, &login), &mut engine_of_two, &mut two, 0, 70)
        .1
        .unwrap();
    for round in 1..5u32 {
        let now_ms = u64::from(round) * 60_000;
        let id = 10 * round as i32;
        let (n, _) = ask(
            &mut get(id, &login),
            &mut engine_of_one,
            &mut one,
            now_ms,
            5_000 + 60 * round,
        );
        let (m, _) = ask(
            &mut get(id + 1, &login),
            &mut engine_of_two,
            &mut two,
            now_ms,
            70 + 60 * round,
        );
        assert_eq!((n, m), (1, 1));
    }
    assert_eq!(engine_of_one.unwrap().boots(), Some(3));
    assert_eq!(engine_of_two.unwrap().boots(), Some(90));
}

#[test]
fn boots_at_their_end_are_refused_by_name() {
    let (login, mut engine) = (login("auth-secret", "priv-secret"), None);
    let mut agent = agent(i32::MAX as u32);
    let (n, answer) = ask(&mut get(1, &login), &mut engine, &mut agent, 0, 50);
    assert_eq!(answer.unwrap_err(), Failure::Refused(LATCHED.into()));
    assert_eq!(n, 2, "no retry could help");
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    thread_local! {
        static KNOWN: (Arc<Ready>, Option<Engine>) = {
            let (login, _, engine) = acquainted();
            (login, engine)
        };
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn nothing_but_the_agents_own_message_moves_its_clock_or_counts_as_its_answer(
            restarted in any::<bool>(),
            flips in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..4),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let (login, mut engine) = KNOWN.with(Clone::clone);
            let before = engine.clone().unwrap();
            let mut agent = agent(if restarted { 4 } else { 3 });
            let mut exchange = get(2, &login);
            let question = datagram(&mut exchange, engine.as_ref(), 1_000, 5).unwrap();
            let genuine = serve(&mut agent, &question, 5_001);
            let mut bytes = genuine.clone();
            for (at, with) in flips {
                let at = at.index(bytes.len());
                bytes[at] ^= with;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            prop_assume!(bytes != genuine);
            let heard = hear(&mut exchange, &bytes, &mut engine, 1_000);
            prop_assert!(!matches!(heard, Heard::Answer(Ok(_))), "{:?}", heard);
            let after = engine.unwrap();
            prop_assert_eq!((&after.id, after.clock), (&before.id, before.clock));
        }
    }
}
