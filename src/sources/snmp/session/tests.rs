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
        Heard::Stranger
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
        Heard::Stranger
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
