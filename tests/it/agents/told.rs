//! What a person who polls is told of an agent that misbehaves, kind by kind, and of what was not read to its end.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use wardwatch::event::{AgentFault, PollOutcome};
use wardwatch::model::{AuthProtocol, TouchPolicy};
use wardwatch::sources::snmp::{Cut, PollResult, Reason, poll_once};
use wardwatch::wire::snmp::usm::{Authority, Incoming, UserKeys};
use wardwatch::wire::snmp::{Message, Pdu, PduKind};

use super::common::{Bench, bench, community, gate, install, quick, target, user};
use super::fake::{Back, Fake, fake, raw, serve, switch};
use super::faults::{endless, looping};

const AUTH: (AuthProtocol, &str) = (AuthProtocol::Sha256, "auth-secret-1");

fn poller() -> Bench {
    let bench = bench(&gate(TouchPolicy::Full), quick());
    let logins = [
        ("v2c".into(), community("public")),
        ("v3".into(), user("ana", Some(AUTH), None)),
    ];
    bench.poller.set_logins(logins.into());
    bench
}

async fn polled(bench: &Bench, of: &Fake, credential: &str, plan: &str) -> PollResult {
    let targets = [target(of.to, &[credential], &[])];
    let mut out = Vec::new();
    poll_once(&bench.poller, &targets, plan, |r| out.push(r))
        .await
        .unwrap();
    out.remove(0)
}

/// An agent, with what it answers first and what it should.
fn beside(ip: [u8; 4], mut first: impl FnMut(&Message, &[u8]) -> Back + Send + 'static) -> Fake {
    raw(ip, move |bytes| {
        let message = Message::decode(bytes).unwrap();
        let answer = Message {
            pdu: serve(&switch(b"odd", 4), &message.pdu),
            ..message.clone()
        };
        let answer = answer.encode();
        let mut back = first(&message, &answer);
        back.push((answer, None));
        back
    })
}

/// An agent with SNMPv3 whose clock is as said; each answer may be preceded by a damaged one.
fn v3(ip: [u8; 4], clock: &Arc<AtomicU32>, damaged: bool) -> Fake {
    let keys = UserKeys::derive(Some((AUTH.0, AUTH.1.as_bytes())), None).unwrap();
    let mut engine = Authority::new(b"\x80\x00\x1f\x88\x04told", 1);
    engine.add_user("ana", &keys);
    engine.set_boots(7);
    let clock = Arc::clone(clock);
    raw(ip, move |bytes| {
        let time = clock.load(Ordering::Relaxed);
        match engine.open(bytes, time) {
            Incoming::Report(report) => vec![(report, None)],
            Incoming::Request(request) => {
                let pdu = serve(&switch(b"v3", 1), &request.message.pdu);
                let good = engine.seal(&request, pdu, time, 1).unwrap();
                let mut bad = good.clone();
                *bad.last_mut().unwrap() ^= 1;
                let bad = damaged.then_some((bad, None));
                bad.into_iter().chain([(good, None)]).collect()
            }
            Incoming::Drop(_) => vec![],
        }
    })
}

/// Polls an agent that misbehaves in this way.
async fn with(fault: AgentFault) -> PollResult {
    let bench = poller();
    let walked = async |of: Fake| polled(&bench, &of, "v2c", "interfaces").await;
    let other = |ip: &str| UdpSocket::bind((ip, 0)).unwrap();
    match fault {
        AgentFault::Late => {
            // the answer to the first GETBULK comes before that to the second
            let (mut held, mut bulks) = (None, 0);
            let late = raw([127, 78, 20, 1], move |bytes| {
                let message = Message::decode(bytes).unwrap();
                let pdu = serve(&switch(b"late", 4), &message.pdu);
                let bulk = message.pdu.kind == PduKind::GetBulk;
                bulks += u32::from(bulk);
                let answer = Message { pdu, ..message }.encode();
                if bulk && bulks == 1 {
                    held = Some((answer, None));
                    return vec![];
                }
                held.take().into_iter().chain([(answer, None)]).collect()
            });
            walked(late).await
        }
        AgentFault::WrongId => {
            let odd = beside([127, 78, 20, 2], |question, _| {
                let mut other = question.clone();
                other.pdu.request_id ^= 0x0055_aa55;
                vec![(other.encode(), None)]
            });
            walked(odd).await
        }
        AgentFault::WrongSource => {
            let elsewhere = beside([127, 78, 20, 3], move |_, answer| {
                vec![(answer.to_vec(), Some(other("127.78.21.3")))]
            });
            walked(elsewhere).await
        }
        AgentFault::Malformed => {
            let junk = |_: &Message, _: &[u8]| vec![(b"no SNMP at all".to_vec(), None)];
            walked(beside([127, 78, 20, 4], junk)).await
        }
        AgentFault::Loop => walked(looping([127, 78, 20, 5])).await,
        AgentFault::Endless => walked(endless([127, 78, 20, 6])).await,
        AgentFault::Truncated => {
            let short = fake(
                [127, 78, 20, 7],
                switch(b"short", 8),
                |asked, mut answer| {
                    if asked.kind == PduKind::GetBulk {
                        answer.varbinds.truncate(4);
                    }
                    Some(answer)
                },
            );
            walked(short).await
        }
        AgentFault::TooBig => {
            let small = fake([127, 78, 20, 8], switch(b"small", 8), |asked, answer| {
                if answer.varbinds.len() <= 6 {
                    return Some(answer);
                }
                Some(Pdu {
                    error_status: 1,
                    varbinds: asked.varbinds.clone(),
                    ..asked.response(vec![])
                })
            });
            walked(small).await
        }
        AgentFault::NotAuthentic => {
            let forged = v3([127, 78, 20, 9], &Arc::new(AtomicU32::new(10)), true);
            polled(&bench, &forged, "v3", "interfaces").await
        }
        AgentFault::BootsFrozen => {
            let clock = Arc::new(AtomicU32::new(9_000));
            let frozen = v3([127, 78, 20, 10], &clock, false);
            let before = polled(&bench, &frozen, "v3", "status").await;
            assert!(before.faults.is_empty(), "{before:?}");
            clock.store(3, Ordering::Relaxed);
            polled(&bench, &frozen, "v3", "status").await
        }
        AgentFault::Duplicate => {
            let twice = |_: &Message, answer: &[u8]| vec![(answer.to_vec(), None)];
            walked(beside([127, 78, 20, 11], twice)).await
        }
    }
}

#[tokio::test]
async fn each_kind_of_fault_is_told_with_the_device_that_has_it() {
    for fault in AgentFault::ALL {
        let result = with(fault).await;
        assert_eq!(result.poll.outcome, PollOutcome::Answered, "{fault:?}");
        assert!(
            result.faults.get(&fault).is_some_and(|n| *n > 0),
            "{fault:?}: {:?}",
            result.faults
        );
        let partial = [AgentFault::Loop, AgentFault::Endless].contains(&fault);
        assert_eq!(result.whole, !partial, "{fault:?}: {:?}", result.cuts);
    }
}

#[tokio::test]
async fn what_was_not_read_to_its_end_is_told_with_why() {
    let table = |word: &str, why| Cut {
        what: format!("table {word}").into(),
        why,
    };
    let bench = poller();
    let good = fake([127, 78, 22, 1], switch(b"good", 4), |_, a| Some(a));
    let result = polled(&bench, &good, "v2c", "all").await;
    assert!(result.whole && result.cuts.is_empty() && result.faults.is_empty());

    let capped = polled(&bench, &endless([127, 78, 22, 2]), "v2c", "interfaces").await;
    assert_eq!(capped.cuts[0], table("counters", Reason::Rows));
    assert_eq!(
        capped.cuts[0].says(),
        "table counters cut short at its cap of rows"
    );
    let loops = polled(&bench, &looping([127, 78, 22, 3]), "v2c", "interfaces").await;
    assert_eq!(loops.cuts[0], table("counters", Reason::Loop));

    let mut answers = 0;
    let dies = fake([127, 78, 22, 4], switch(b"dies", 60), move |_, answer| {
        answers += 1;
        (answers < 4).then_some(answer)
    });
    let silent = polled(&bench, &dies, "v2c", "interfaces").await;
    assert_eq!(silent.poll.outcome, PollOutcome::Answered);
    assert_eq!((silent.whole, silent.cuts[0].why), (false, Reason::Silence));

    let dead = raw([127, 78, 22, 5], |_| vec![]);
    let dead = polled(&bench, &dead, "v2c", "interfaces").await;
    assert!(
        !dead.whole && dead.cuts.is_empty(),
        "nothing came: {dead:?}"
    );

    let gate = gate(TouchPolicy::Full);
    install(&gate, 2, TouchPolicy::Get);
    let held = super::common::bench(&gate, quick());
    held.poller
        .set_logins([("v2c".into(), community("public"))].into());
    let kept = polled(&held, &good, "v2c", "interfaces").await;
    assert_eq!(kept.cuts[0].why, Reason::Touch, "{kept:?}");
}
