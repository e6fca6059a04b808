//! Debian's snmpd on a loopback port, with a configuration of the test.

use wardwatch::event::{Job, PollOutcome};
use wardwatch::gate::Permit;
use wardwatch::model::{AuthProtocol, FactKey, PacketKind, PrivProtocol, RunId, Time, TouchPolicy};
use wardwatch::sources::snmp::{Login, SnmpError, poll_once};
use wardwatch::wire::snmp::{Value, VarBind};

use super::common::{agent, bench, community, gate, oid, quick, secret, target, user};
use super::daemon::snmpd;

const UP_TIME: &str = "1.3.6.1.2.1.1.3.0";
const LOCATION: &str = "1.3.6.1.2.1.1.6.0";

fn logins() -> Vec<(&'static str, Login)> {
    let (a, p) = ("auth-secret-1", "priv-secret-1");
    vec![
        (
            "v1",
            Login::V1 {
                community: secret("public"),
            },
        ),
        ("v2c", community("public")),
        (
            "sha256aes",
            user(
                "sha256aes",
                Some((AuthProtocol::Sha256, a)),
                Some((PrivProtocol::Aes128, p)),
            ),
        ),
        (
            "sha1aes",
            user(
                "sha1aes",
                Some((AuthProtocol::Sha1, a)),
                Some((PrivProtocol::Aes128, p)),
            ),
        ),
        (
            "md5des",
            user(
                "md5des",
                Some((AuthProtocol::Md5, a)),
                Some((PrivProtocol::Des, p)),
            ),
        ),
        (
            "sha512",
            user("sha512", Some((AuthProtocol::Sha512, a)), None),
        ),
        ("nobody", user("nobody", None, None)),
    ]
}

#[tokio::test]
async fn every_version_and_level_is_asked_and_walked() {
    let Some(snmpd) = snmpd() else { return };
    let gate = gate(TouchPolicy::Full);
    let bench = bench(&gate, quick());
    let root = oid("1.3.6.1.2.1.1");
    for (name, login) in logins() {
        let agent = agent(snmpd.to, login);
        let names = vec![
            oid(UP_TIME),
            oid("1.3.6.1.2.1.1.5.0"),
            oid("1.3.6.1.2.1.1.99.0"),
        ];
        let got = bench
            .poller
            .get(agent.clone(), names.clone(), "test".into(), None)
            .await
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(
            matches!(got[0].value, Value::TimeTicks(_)),
            "{name}: {:?}",
            got[0]
        );
        assert_eq!(got[1].value, Value::Octets(b"sw-3f-02".to_vec()), "{name}");
        assert!(got[2].value.is_exception(), "{name}: {:?}", got[2]);

        let walked = bench
            .poller
            .walk(agent, root.clone(), 1_000, "test".into(), None)
            .await
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let rows: Vec<_> = walked
            .iter()
            .filter(|v| v.oid.is_under(&oid("1.3.6.1.2.1.1.9.1.3")))
            .collect();
        assert!(
            walked.len() > 15 && !rows.is_empty(),
            "{name}: {}",
            walked.len()
        );
        assert!(walked.iter().all(|v| v.oid.is_under(&root)));
        assert!(walked.windows(2).all(|w| w[0].oid < w[1].oid), "{name}");
    }
}

#[tokio::test]
async fn its_location_is_set_under_a_permit_and_not_without() {
    let Some(snmpd) = snmpd() else { return };
    let gate = gate(TouchPolicy::Full);
    let bench = bench(&gate, quick());
    for (name, login) in [
        ("v2c", community("private")),
        ("sha256aes", logins().swap_remove(2).1),
    ] {
        let agent = agent(snmpd.to, login);
        let place = VarBind {
            oid: oid(LOCATION),
            value: Value::Octets(format!("closet 3F {name}").into_bytes()),
        };
        let permit = gate.open_permit(Permit {
            run: RunId(1),
            address: snmpd.to.ip(),
            packets: [(PacketKind::Set, 1)].into(),
            until: Time(i64::MAX),
        });
        let set = |permit| {
            bench.poller.set(
                agent.clone(),
                vec![place.clone()],
                "run 1 by test".into(),
                permit,
            )
        };
        set(permit).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        let again = set(permit).await;
        assert!(
            matches!(again, Err(SnmpError::NotAllowed(_))),
            "{name}: {again:?}"
        );
        let got = bench
            .poller
            .get(agent.clone(), vec![oid(LOCATION)], "test".into(), None)
            .await
            .unwrap();
        assert_eq!(got.as_slice(), std::slice::from_ref(&place), "{name}");
    }
    let sets: u32 = gate
        .drain_ledger()
        .iter()
        .filter(|row| row.kind == PacketKind::Set)
        .map(|row| row.count)
        .sum();
    assert_eq!(sets, 2);
}

#[tokio::test]
async fn what_it_must_not_write_is_an_error_with_its_word() {
    let Some(snmpd) = snmpd() else { return };
    let gate = gate(TouchPolicy::Full);
    let bench = bench(&gate, quick());
    let permit = gate.open_permit(Permit {
        run: RunId(1),
        address: snmpd.to.ip(),
        packets: [(PacketKind::Set, 1)].into(),
        until: Time(i64::MAX),
    });
    let name = VarBind {
        oid: oid("1.3.6.1.2.1.1.5.0"),
        value: Value::Octets(b"other".to_vec()),
    };
    let agent = agent(snmpd.to, community("private"));
    let got = bench
        .poller
        .set(agent, vec![name], "test".into(), permit)
        .await;
    // sysName stands in its configuration, so it is not writable
    assert!(
        matches!(
            got,
            Err(SnmpError::Agent {
                status: 17,
                index: 1,
                ..
            })
        ),
        "{got:?}"
    );
    assert!(got.unwrap_err().to_string().contains("notWritable"));
}

#[tokio::test]
async fn a_wrong_community_is_silence_and_a_wrong_user_or_password_is_named_after_one_try() {
    let Some(snmpd) = snmpd() else { return };
    let gate = gate(TouchPolicy::Full);
    let bench = bench(&gate, quick());
    let ask = |login| {
        bench.poller.get(
            agent(snmpd.to, login),
            vec![oid(UP_TIME)],
            "test".into(),
            None,
        )
    };
    let got = ask(community("guess")).await;
    assert_eq!(got, Err(SnmpError::Timeout(snmpd.to)));

    let (a, p) = ("auth-secret-1", "priv-secret-1");
    let sha = |auth, privacy| {
        user(
            "sha256aes",
            Some((AuthProtocol::Sha256, auth)),
            Some((PrivProtocol::Aes128, privacy)),
        )
    };
    for (login, word) in [
        (sha("auth-wrong-1", p), "wrong authentication password"),
        (
            user(
                "sha256aes",
                Some((AuthProtocol::Sha1, a)),
                Some((PrivProtocol::Aes128, p)),
            ),
            "wrong authentication password",
        ),
        (
            user("eve", Some((AuthProtocol::Sha256, a)), None),
            "unknown user",
        ),
        (
            user("sha256aes", Some((AuthProtocol::Sha256, a)), None),
            "authorizationError",
        ),
    ] {
        let before = bench.poller.stats().pdus_sent;
        let got = ask(login).await;
        let Err(SnmpError::Refused(_, why)) = &got else {
            panic!("{word}: {got:?}");
        };
        assert!(why.as_str().contains(word), "{word}: {why}");
        let sent = bench.poller.stats().pdus_sent - before;
        assert!(sent <= 2, "{word}: {sent} datagrams");
    }
    // with a wrong privacy password snmpd reads noise, and says nothing: one question in clear tells it from silence
    let got = ask(sha(a, "priv-wrong-1")).await;
    let Err(SnmpError::Refused(_, why)) = &got else {
        panic!("{got:?}");
    };
    assert!(why.as_str().contains("wrong privacy password"), "{why}");
}

#[tokio::test]
async fn a_schedule_brings_the_system_group_first_and_then_interfaces_that_are_whole() {
    let Some(snmpd) = snmpd() else { return };
    let gate = gate(TouchPolicy::Full);
    let mut bench = bench(&gate, quick());
    bench.poller.set_logins(
        logins()
            .into_iter()
            .map(|(n, l)| (n.into(), l))
            .chain([("wrong".into(), community("guess"))])
            .collect(),
    );
    let jobs = [(Job::Interfaces, 5), (Job::Status, 5)];
    let to = snmpd.to;
    bench
        .poller
        .set_targets(vec![target(to, &["wrong", "sha256aes"], &jobs)].into());

    let first = bench.poll_of(to.ip(), |_| true).await;
    assert_eq!(first.outcome, PollOutcome::Answered);
    assert_eq!(
        first.credential.as_str(),
        "sha256aes",
        "the first that works"
    );
    let system = first.system.expect("the system group comes first");
    assert_eq!(system.name.as_str(), "sw-3f-02");
    assert_eq!(system.services, Some(78));
    assert!(system.object_id.as_str().starts_with("1.3.6.1.4.1.8072."));
    assert!(
        first
            .facts
            .iter()
            .any(|(k, v)| *k == FactKey::EngineId && !v.is_empty())
    );
    assert!(first.engine_boots.is_some() && first.rtt_ms.is_some());

    let full = bench.poll_of(to.ip(), |p| !p.interfaces.is_empty()).await;
    assert!(full.interfaces_whole);
    let lo = full
        .interfaces
        .iter()
        .find(|i| i.meta.as_ref().is_some_and(|m| m.name.as_str() == "lo"))
        .expect("the loopback interface");
    assert_eq!(lo.meta.as_ref().unwrap().kind, 24, "softwareLoopback");
    let counters = lo.counters.unwrap();
    assert!(counters.wide && counters.in_octets > 0 && counters.uptime > 0);

    let next = bench.poll_of(to.ip(), |p| !p.interfaces.is_empty()).await;
    assert!(
        next.interfaces.iter().all(|i| i.meta.is_none()),
        "names are told once"
    );
    let again = bench.poll_of(to.ip(), |p| p.interfaces.is_empty()).await;
    assert!(
        again.system.is_none() && again.facts.is_empty(),
        "only what changed is told"
    );
}

#[tokio::test]
async fn a_device_that_may_be_asked_but_not_walked_gets_only_gets() {
    let Some(snmpd) = snmpd() else { return };
    let gate = gate(TouchPolicy::Get);
    let mut bench = bench(&gate, quick());
    bench
        .poller
        .set_logins([("v2c".into(), community("public"))].into());
    let jobs = [(Job::Status, 1), (Job::Interfaces, 1)];
    let to = snmpd.to;
    bench
        .poller
        .set_targets(vec![target(to, &["v2c"], &jobs)].into());
    let (mut answered, mut refused) = (0, 0);
    while answered < 4 {
        match bench.poll_of(to.ip(), |_| true).await.outcome {
            PollOutcome::Answered => answered += 1,
            PollOutcome::NotAllowed(why) => {
                assert!(why.as_str().contains("poll interfaces"), "{why}");
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 1, "said once, not each time");
    assert!(
        gate.drain_ledger()
            .iter()
            .all(|row| row.kind == PacketKind::Get)
    );
}

#[tokio::test]
async fn the_plan_bench_and_the_plan_all_give_what_they_promise() {
    let Some(snmpd) = snmpd() else { return };
    let gate = gate(TouchPolicy::Full);
    let bench = bench(&gate, quick());
    bench
        .poller
        .set_logins([("v2c".into(), community("public"))].into());
    let targets = [target(snmpd.to, &["v2c"], &[])];
    let mut results = Vec::new();
    for plan in ["status", "interfaces", "bench", "all"] {
        let summary = poll_once(&bench.poller, &targets, plan, |r| results.push(r))
            .await
            .unwrap();
        assert_eq!(
            (summary.devices, summary.answered, summary.failed),
            (1, 1, 0),
            "{plan}"
        );
        assert!(
            summary.pdus_sent >= 1 && summary.varbinds > 3,
            "{plan}: {summary:?}"
        );
        if plan == "bench" {
            assert!(summary.pdus_sent <= 3, "{summary:?}");
        }
    }
    assert_eq!(
        results[0].poll.system.as_ref().unwrap().name.as_str(),
        "sw-3f-02"
    );
    for result in &results[1..] {
        assert!(result.poll.interfaces_whole, "{result:?}");
        assert!(result.poll.interfaces.iter().any(|i| i.counters.is_some()));
    }
    assert!(
        poll_once(&bench.poller, &targets, "nonsense", |_| ())
            .await
            .is_err()
    );
}
