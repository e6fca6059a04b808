//! Datagrams made to mislead or to hurt: spoofed, late, of an earlier poller, forged, bombs. Each is counted and named on the
//! device, none is believed, and nobody else waits for it.

use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wardwatch::event::{AgentFault, Job, Observation, PollOutcome};
use wardwatch::model::{AuthProtocol, TouchPolicy};
use wardwatch::sources::snmp::SnmpError;
use wardwatch::wire::snmp::usm::{Authority, Incoming, UserKeys};
use wardwatch::wire::snmp::{
    Message, Oid, Pdu, PduKind, V3Flags, V3Header, V3Message, Value, VarBind,
};

use super::common::{Bench, agent, bench, community, gate, oid, quick, target, user};
use super::fake::{Fake, fake, raw, serve, switch};
use super::faults::{beside_a_good_one, once, start};
use crate::hostile::bombs;

const NAME: &str = "1.3.6.1.2.1.1.5.0";

/// The answer of an agent by that name to a datagram of version 2c.
fn answer(bytes: &[u8], name: &[u8]) -> Vec<u8> {
    let message = Message::decode(bytes).unwrap();
    let pdu = serve(&switch(name, 3), &message.pdu);
    Message { pdu, ..message }.encode()
}

fn other(address: &str) -> UdpSocket {
    UdpSocket::bind((address, 0)).unwrap()
}

/// Asks an agent in turn until this fault of it is named, and says how often it was seen by then.
async fn named(bench: &mut Bench, of: &Fake, fault: AgentFault) -> u32 {
    let jobs = [(Job::Status, 1)];
    bench
        .poller
        .set_targets(vec![target(of.to, &["v2c"], &jobs)].into());
    bench
        .until(|seen| match seen {
            Observation::Agent(a) if a.address == of.to.ip() => {
                let of_it = a.faults.iter().find(|(f, _)| *f == fault);
                of_it.map(|(_, n)| *n)
            }
            _ => None,
        })
        .await
}

/// One GET of its name.
async fn ask(bench: &Bench, of: &Fake) -> Result<Vec<VarBind>, SnmpError> {
    let login = community("public");
    bench
        .poller
        .get(agent(of.to, login), vec![oid(NAME)], "test".into(), None)
        .await
}

#[tokio::test]
async fn a_spoofed_answer_with_the_right_id_is_not_taken_for_the_device_s() {
    // first the forger, from another address and from another port of the same one, then the device
    let spoofed = raw([127, 79, 1, 1], |bytes| {
        vec![
            (answer(bytes, b"forged"), Some(other("127.79.1.66"))),
            (answer(bytes, b"forged"), Some(other("127.79.1.1"))),
            (answer(bytes, b"true"), None),
        ]
    });
    let (poll, stats) = beside_a_good_one(&spoofed, "all").await;
    assert_eq!(poll.outcome, PollOutcome::Answered);
    assert_eq!(poll.system.unwrap().name.as_str(), "true");
    assert_eq!((stats.retries, stats.timed_out), (0, 0));
    assert!(stats.unmatched >= 2, "{stats:?}");
    let mut bench = start(quick());
    assert!(named(&mut bench, &spoofed, AgentFault::WrongSource).await >= 1);
}

#[tokio::test]
async fn an_answer_to_nothing_that_was_asked_is_named_on_the_device() {
    let odd = raw([127, 79, 8, 1], |bytes| {
        let mut other = Message::decode(bytes).unwrap();
        other.pdu.request_id ^= 0x0055_aa55;
        vec![(other.encode(), None), (answer(bytes, b"true"), None)]
    });
    let mut bench = start(quick());
    ask(&bench, &odd).await.unwrap();
    assert!(named(&mut bench, &odd, AgentFault::WrongId).await >= 1);
}

#[tokio::test]
async fn an_answer_after_its_time_and_one_that_comes_twice_are_named_on_the_device() {
    let late = raw([127, 79, 9, 1], |bytes| {
        // longer than all its attempts wait
        std::thread::sleep(Duration::from_millis(1500));
        vec![(answer(bytes, b"late"), None)]
    });
    let twice = raw([127, 79, 9, 2], |bytes| {
        vec![
            (answer(bytes, b"twice"), None),
            (answer(bytes, b"twice"), None),
        ]
    });
    let mut bench = start(quick());
    let got = ask(&bench, &late).await;
    assert!(matches!(got, Err(SnmpError::Timeout(_))), "{got:?}");
    assert!(named(&mut bench, &late, AgentFault::Late).await >= 1);
    for _ in 0..3 {
        // the second may still be on its way when the next question is out
        let got = ask(&bench, &twice).await.unwrap();
        assert_eq!(got[0].value, Value::Octets(b"twice".to_vec()));
    }
    assert!(named(&mut bench, &twice, AgentFault::Duplicate).await >= 1);
}

#[tokio::test]
async fn answers_to_an_earlier_poller_are_not_taken_by_the_next() {
    let held: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let keep = Arc::clone(&held);
    // keeps what it would have said to the first; says all of it to the second, before the right answer
    let slow = raw([127, 79, 2, 1], move |bytes| {
        let mut held = keep.lock().unwrap();
        if held.len() < 2 {
            held.push(answer(bytes, b"before"));
            return vec![];
        }
        let mut out: Vec<_> = held.iter().map(|old| (old.clone(), None)).collect();
        out.push((answer(bytes, b"now"), None));
        out
    });
    let first = start(quick());
    let polls = once(&first, &[&slow], "status").await;
    assert_eq!(polls[0].poll.outcome, PollOutcome::Timeout);
    drop(first);
    let mut second = start(quick());
    let polls = once(&second, &[&slow], "status").await;
    assert_eq!(polls[0].poll.system.as_ref().unwrap().name.as_str(), "now");
    assert_eq!(second.poller.stats().unmatched, 2);
    assert!(named(&mut second, &slow, AgentFault::WrongId).await >= 1);
}

#[tokio::test]
async fn each_bomb_is_refused_and_the_device_beside_it_is_not_slowed() {
    let count = bombs(0).len();
    let mut at = 0;
    // each question is answered by the next bomb with its id, then by nothing
    let bomber = raw([127, 79, 3, 1], move |bytes| {
        let id = Message::decode(bytes).unwrap().pdu.request_id;
        at += 1;
        let mut bombs = bombs(id);
        let bomb = bombs.swap_remove((at - 1) % count);
        // what fits no datagram is cut, as the network would
        vec![(bomb[..bomb.len().min(65_507)].to_vec(), None)]
    });
    let good = fake([127, 79, 3, 2], switch(b"good", 3), |_, a| Some(a));
    let mut bench = start(quick());
    for _ in 0..count {
        for to in [&bomber, &good] {
            let got = bench
                .poller
                .get(
                    agent(to.to, community("public")),
                    vec![oid(NAME)],
                    "test".into(),
                    None,
                )
                .await;
            if to.to == good.to {
                assert_eq!(got.unwrap()[0].value, Value::Octets(b"good".to_vec()));
            } else {
                // refused, or it said nothing of what was asked for
                let nothing = |got: &Vec<VarBind>| got.iter().all(|v| v.value.is_exception());
                assert!(got.as_ref().map_or(true, nothing), "{got:?}");
            }
        }
    }
    let stats = bench.poller.stats();
    assert!(stats.malformed > 0, "{stats:?}");
    assert!(named(&mut bench, &bomber, AgentFault::Malformed).await >= 1);
}

/// An agent that answers a walk of one column with these names, whatever was asked.
fn walked(ip: [u8; 4], rows: Vec<VarBind>) -> Fake {
    fake(ip, switch(b"odd", 1), move |asked, answer| {
        let table = asked.kind != PduKind::Get;
        Some(if table {
            asked.response(rows.clone())
        } else {
            answer
        })
    })
}

async fn walk(of: &Fake, root: &str) -> Result<Vec<VarBind>, SnmpError> {
    let bench = start(quick());
    bench
        .poller
        .walk(
            agent(of.to, community("public")),
            oid(root),
            100,
            "test".into(),
            None,
        )
        .await
}

fn bind(name: &str, value: Value) -> VarBind {
    VarBind {
        oid: oid(name),
        value,
    }
}

#[tokio::test]
async fn names_without_arcs_lead_nowhere() {
    let empty = walked(
        [127, 79, 4, 1],
        vec![VarBind {
            oid: Oid::new(vec![]),
            value: Value::Integer(1),
        }],
    );
    let got = walk(&empty, "1.3.6.1.2.1.2.2.1.2").await;
    assert!(
        matches!(&got, Err(SnmpError::Malformed(..) | SnmpError::Partial(..)))
            || got.as_ref().is_ok_and(Vec::is_empty),
        "{got:?}"
    );
    // and nothing is kept of it as an interface
    let (poll, _) = beside_a_good_one(&empty, "interfaces").await;
    assert!(poll.interfaces.is_empty(), "{poll:?}");
}

#[tokio::test]
async fn the_widest_arcs_are_indexes_like_others() {
    let root = "1.3.6.1.2.1.31.1.1.1.1";
    let wide = walked(
        [127, 79, 5, 1],
        vec![
            bind(
                &format!("{root}.4294967295"),
                Value::Octets(b"last".to_vec()),
            ),
            bind("1.3.6.1.2.1.31.1.1.1.2.1", Value::Counter32(1)),
        ],
    );
    let got = walk(&wide, root).await.unwrap();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].oid, oid(&format!("{root}.4294967295")));
    // an interface has no such number: ifIndex ends at 2147483647
    let (poll, _) = beside_a_good_one(&wide, "interfaces").await;
    assert!(poll.interfaces.len() <= 1, "{poll:?}");
}

#[tokio::test]
async fn exceptions_in_a_getbulk_end_a_column_and_are_no_values() {
    let root = "1.3.6.1.2.1.31.1.1.1.1";
    let name = |n: u32| format!("{root}.{n}");
    let text = |n: u32| bind(&name(n), Value::Octets(b"port".to_vec()));
    for odd in [
        Value::NoSuchInstance,
        Value::NoSuchObject,
        Value::EndOfMibView,
    ] {
        let agent = walked(
            [127, 79, 6, 1],
            vec![text(1), bind(&name(2), odd.clone()), text(3), text(4)],
        );
        match walk(&agent, root).await {
            // ended there, or told as odd: never an exception as a value, never what came behind an end
            Ok(rows) => {
                assert!(
                    rows.iter().all(|r| !r.value.is_exception()),
                    "{odd:?}: {rows:?}"
                );
                if odd == Value::EndOfMibView {
                    assert_eq!(rows.len(), 1, "{rows:?}");
                }
            }
            Err(error) => assert!(matches!(error, SnmpError::Malformed(..)), "{error:?}"),
        }
    }
}

const ENGINE: &[u8] = b"\x80\x00\x1f\x88\x04true";

/// What somebody on the wire can make of a v3 question: answers that claim another clock.
fn forgeries(question: &[u8]) -> Vec<Vec<u8>> {
    let asked = V3Header::parse(question).unwrap();
    let forged = |auth: bool, kind: PduKind, varbinds: Vec<VarBind>| V3Message {
        msg_id: asked.msg_id,
        max_size: 65_507,
        flags: V3Flags {
            auth,
            ..V3Flags::default()
        },
        engine_id: ENGINE.to_vec(),
        boots: 2_147_483_646,
        time: 2_147_483_646,
        user: b"ana".to_vec(),
        context_engine_id: ENGINE.to_vec(),
        context_name: vec![],
        pdu: Pdu {
            kind,
            request_id: asked.msg_id,
            error_status: 0,
            error_index: 0,
            varbinds,
        },
    };
    let keys = UserKeys::derive(
        Some((AuthProtocol::Sha256, b"not the password".as_slice())),
        None,
    )
    .unwrap()
    .localize(ENGINE);
    let name = || vec![bind(NAME, Value::Octets(b"forged".to_vec()))];
    // usmStatsNotInTimeWindows (RFC 3414, 5)
    let window = || vec![bind("1.3.6.1.6.3.15.1.1.2.0", Value::Counter32(1))];
    [
        forged(false, PduKind::Response, name()),
        forged(true, PduKind::Response, name()),
        forged(true, PduKind::Report, window()),
    ]
    .iter()
    .map(|message| message.seal(Some(&keys), 1).unwrap())
    .collect()
}

#[tokio::test]
async fn forged_boots_and_time_are_not_believed() {
    let auth = (AuthProtocol::Sha256, "auth-secret-1");
    let keys = UserKeys::derive(Some((auth.0, auth.1.as_bytes())), None).unwrap();
    let mut engine = Authority::new(ENGINE, 7);
    engine.add_user("ana", &keys);
    let device = raw([127, 79, 7, 1], move |bytes| {
        let mut out: Vec<_> = vec![];
        match engine.open(bytes, 10) {
            Incoming::Report(report) => out.push((report, None)),
            Incoming::Request(request) => {
                // as if from the device's own address and port
                out.extend(forgeries(bytes).into_iter().map(|f| (f, None)));
                let answer = serve(&switch(b"true", 1), &request.message.pdu);
                out.push((engine.seal(&request, answer, 10, 1).unwrap(), None));
            }
            Incoming::Drop(_) => {}
        }
        out
    });
    let bench = bench(&gate(TouchPolicy::Full), quick());
    let login = user("ana", Some(auth), None);
    for n in 1..=3u64 {
        let got = bench
            .poller
            .get(
                agent(device.to, login.clone()),
                vec![oid(NAME)],
                "test".into(),
                None,
            )
            .await
            .unwrap();
        assert_eq!(got[0].value, Value::Octets(b"true".to_vec()));
        // one discovery; a believed clock would have cost a resynchronisation each time
        let heard = device.heard.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(heard, n + 1);
    }
    bench.poller.set_logins([("v3".into(), login)].into());
    let mut polls = Vec::new();
    let targets = [target(device.to, &["v3"], &[])];
    wardwatch::sources::snmp::poll_once(&bench.poller, &targets, "status", |r| polls.push(r))
        .await
        .unwrap();
    assert_eq!(polls[0].poll.engine_boots, Some(7));
    assert!(bench.poller.stats().unmatched >= 9);
}
