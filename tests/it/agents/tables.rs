//! What a device's tables say, read from an agent of the test: every job's objects, end to end.

use wardwatch::event::{Job, NeighbourProtocol, Observation};
use wardwatch::model::{FactKey, IfIndex, TouchPolicy};
use wardwatch::sources::snmp::{Poller, poll_once};
use wardwatch::wire::snmp::{PduKind, Value};

use super::common::{agent, bench, community, gate, oid, quick, target};
use super::fake::{Mib, fake, switch};

fn octets(s: &str) -> Value {
    Value::Octets(s.as_bytes().to_vec())
}

fn mac(last: u8) -> Value {
    Value::Octets(vec![0, 9, 0xfb, 1, 2, last])
}

/// A core switch that routes, has neighbours, a chassis and, for once, a battery.
fn core() -> Mib {
    let mut mib = switch(b"core-1", 3);
    let mut put = |name: &str, value| mib.insert(oid(name), value);
    // Q-BRIDGE: FDB 7 is VLAN 310, bridge port 5 is interface 2
    put(
        "1.3.6.1.2.1.17.7.1.2.2.1.2.7.0.9.251.1.2.3",
        Value::Integer(5),
    );
    put(
        "1.3.6.1.2.1.17.7.1.2.2.1.3.7.0.9.251.1.2.3",
        Value::Integer(3),
    );
    put("1.3.6.1.2.1.17.7.1.4.2.1.3.0.310", Value::Gauge32(7));
    put("1.3.6.1.2.1.17.1.4.1.2.5", Value::Integer(2));
    // an old address table (IPv4) beside a new one with IPv6 alone
    put("1.3.6.1.2.1.4.22.1.2.3.10.3.10.7", mac(3));
    put(
        "1.3.6.1.2.1.4.35.1.4.3.2.16.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.7",
        mac(4),
    );
    // LLDP: local port 40 calls itself Gi1/0/3
    put("1.0.8802.1.1.2.1.3.7.1.2.40", Value::Integer(5));
    put("1.0.8802.1.1.2.1.3.7.1.3.40", octets("Gi1/0/3"));
    put("1.0.8802.1.1.2.1.4.1.1.4.0.40.1", Value::Integer(4));
    put("1.0.8802.1.1.2.1.4.1.1.5.0.40.1", mac(9));
    put("1.0.8802.1.1.2.1.4.1.1.6.0.40.1", Value::Integer(5));
    put("1.0.8802.1.1.2.1.4.1.1.7.0.40.1", octets("Te1/1"));
    put("1.0.8802.1.1.2.1.4.1.1.9.0.40.1", octets("sw-3f-02"));
    put(
        "1.0.8802.1.1.2.1.4.2.1.3.0.40.1.1.4.10.0.0.2",
        Value::Integer(2),
    );
    // CDP
    let cdp = "1.3.6.1.4.1.9.9.23.1.2.1.1";
    put(&format!("{cdp}.4.2.1"), Value::Octets(vec![10, 0, 0, 3]));
    put(&format!("{cdp}.6.2.1"), octets("ap-3f-07"));
    put(&format!("{cdp}.7.2.1"), octets("GigabitEthernet0"));
    // ENTITY: a stack, whose chassis has the serial
    let entity = "1.3.6.1.2.1.47.1.1.1.1";
    put(&format!("{entity}.5.1"), Value::Integer(11));
    put(&format!("{entity}.5.1001"), Value::Integer(3));
    put(&format!("{entity}.10.1001"), octets("17.9.4"));
    put(&format!("{entity}.11.1001"), octets("FOC12345678"));
    put(&format!("{entity}.12.1001"), octets("Cisco"));
    put(&format!("{entity}.13.1001"), octets("C9300-48P  "));
    // UPS
    put("1.3.6.1.2.1.33.1.2.2.0", Value::Integer(95));
    put("1.3.6.1.2.1.33.1.2.3.0", Value::Integer(24));
    put("1.3.6.1.2.1.33.1.2.4.0", Value::Integer(81));
    // sensors: an inlet at 41.5 degrees (milli, no digits), an outlet at 38, a fan that does not turn, an empty slot
    let sensor = "1.3.6.1.2.1.99.1.1.1";
    for (at, kind, scale, value, status) in [
        (11, 8, 8, 41_500, 1),
        (12, 8, 9, 38, 1),
        (13, 10, 9, 0, 3),
        (14, 8, 9, 0, 2),
    ] {
        for (column, number) in [(1, kind), (2, scale), (3, 0), (4, value), (5, status)] {
            put(&format!("{sensor}.{column}.{at}"), Value::Integer(number));
        }
    }
    put(&format!("{entity}.7.11"), octets("Inlet"));
    put(&format!("{entity}.2.13"), octets("Fan 2"));
    // memory, two disks, two processors
    let stores = "1.3.6.1.2.1.25.2.3.1";
    for (at, kind, name, units, size, used) in [
        (1, 2, "Physical memory", 1_024, 1_048_576, 524_288),
        (31, 4, "/", 4_096, 2_621_440, 1_310_720),
        (32, 4, "/var", 4_096, 2_621_440, 2_359_296),
    ] {
        put(
            &format!("{stores}.2.{at}"),
            Value::Oid(oid(&format!("1.3.6.1.2.1.25.2.1.{kind}"))),
        );
        put(&format!("{stores}.3.{at}"), octets(name));
        for (column, number) in [(4, units), (5, size), (6, used)] {
            put(&format!("{stores}.{column}.{at}"), Value::Integer(number));
        }
    }
    put("1.3.6.1.2.1.25.3.3.1.2.1", Value::Integer(20));
    put("1.3.6.1.2.1.25.3.3.1.2.2", Value::Integer(40));
    mib
}

async fn all(poller: &Poller, to: std::net::SocketAddr) -> wardwatch::sources::snmp::PollResult {
    let mut out = None;
    poll_once(poller, &[target(to, &["v2c"], &[])], "all", |r| {
        out = Some(r);
    })
    .await
    .unwrap();
    out.unwrap()
}

#[tokio::test]
async fn every_table_is_read_and_told_as_whole() {
    let core = fake([127, 78, 20, 1], core(), |_, a| Some(a));
    let bench = bench(&gate(TouchPolicy::Full), quick());
    bench
        .poller
        .set_logins([("v2c".into(), community("public"))].into());
    let result = all(&bench.poller, core.to).await;

    let fact = |key| {
        let found = result.poll.facts.iter().find(|(k, _)| *k == key);
        found.map_or("", |(_, v)| v.as_str())
    };
    assert_eq!(fact(FactKey::Model), "C9300-48P");
    assert_eq!(fact(FactKey::Serial), "FOC12345678");
    assert_eq!(fact(FactKey::Firmware), "17.9.4");
    assert_eq!(fact(FactKey::Vendor), "Cisco");
    assert_eq!(fact(FactKey::UpsSecondsOnBattery), "95");
    assert_eq!(fact(FactKey::UpsMinutesLeft), "24");
    assert_eq!(fact(FactKey::UpsCharge), "81");
    assert_eq!(fact(FactKey::Memory), "50 % of 1 GiB");
    assert_eq!(fact(FactKey::Storage), "90 % of 10 GiB, /var");
    assert_eq!(fact(FactKey::Load), "30 %");

    let mut seen = Vec::new();
    for table in &result.tables {
        match table {
            Observation::Forwarding(f) => {
                seen.push("forwarding");
                assert!(f.whole && f.entries.len() == 1, "{f:?}");
                let entry = f.entries[0];
                assert_eq!((entry.vlan, entry.port), (310, IfIndex(2)));
                assert_eq!(entry.mac.to_string(), "00:09:fb:01:02:03");
            }
            Observation::AddressTable(a) => {
                seen.push("addresses");
                assert!(a.whole, "{a:?}");
                let addresses: Vec<String> = a.entries.iter().map(|e| e.1.to_string()).collect();
                assert_eq!(addresses, ["10.3.10.7", "fe80::7"]);
            }
            Observation::Neighbours(n) if n.protocol == NeighbourProtocol::Lldp => {
                seen.push("lldp");
                assert!(n.whole && n.entries.len() == 1, "{n:?}");
                let neighbour = &n.entries[0];
                assert_eq!(neighbour.port, IfIndex(3), "by its name, not by its number");
                assert_eq!(neighbour.name.as_str(), "sw-3f-02");
                assert_eq!(neighbour.port_id.as_str(), "Te1/1");
                assert_eq!(neighbour.address, Some("10.0.0.2".parse().unwrap()));
            }
            Observation::Neighbours(n) => {
                seen.push("cdp");
                assert!(n.whole && n.entries.len() == 1, "{n:?}");
                assert_eq!(n.entries[0].port, IfIndex(2));
                assert_eq!(n.entries[0].name.as_str(), "ap-3f-07");
                assert_eq!(n.entries[0].address, Some("10.0.0.3".parse().unwrap()));
            }
            Observation::Sensors(s) => {
                seen.push("sensors");
                let told: Vec<String> = s
                    .sensors
                    .iter()
                    .map(|s| format!("{} {:?} {:?} {}", s.name, s.value, s.state, s.key))
                    .collect();
                // what is broken first; an empty slot is no thermometer
                let wanted = [
                    "Fan 2 Some(0) Failed entity.13",
                    "Inlet Some(41500) Good entity.11",
                    "temperature 12 Some(38000) Good entity.12",
                ];
                assert_eq!(told, wanted);
                assert!(s.gone.is_empty());
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, ["sensors", "forwarding", "addresses", "lldp", "cdp"]);
}

#[tokio::test]
async fn a_bridge_without_vlans_is_read_from_the_older_table() {
    let mut mib = switch(b"small", 2);
    mib.insert(
        oid("1.3.6.1.2.1.17.4.3.1.2.0.9.251.1.2.3"),
        Value::Integer(1),
    );
    mib.insert(
        oid("1.3.6.1.2.1.17.4.3.1.3.0.9.251.1.2.3"),
        Value::Integer(3),
    );
    mib.insert(oid("1.3.6.1.2.1.17.1.4.1.2.1"), Value::Integer(2));
    let small = fake([127, 78, 20, 2], mib, |_, a| Some(a));
    let bench = bench(&gate(TouchPolicy::Full), quick());
    bench
        .poller
        .set_logins([("v2c".into(), community("public"))].into());
    let result = all(&bench.poller, small.to).await;
    let [Observation::Forwarding(f)] = result.tables.as_slice() else {
        panic!("{:?}", result.tables);
    };
    assert!(f.whole);
    assert_eq!((f.entries[0].vlan, f.entries[0].port), (0, IfIndex(2)));
}

#[tokio::test]
async fn a_table_that_breaks_off_is_never_told_as_whole() {
    let mut mib = core();
    for n in 0..200u8 {
        mib.insert(
            oid(&format!("1.3.6.1.2.1.17.7.1.2.2.1.2.7.0.9.251.9.9.{n}")),
            Value::Integer(5),
        );
    }
    let mut walked = 0;
    let dying = fake([127, 78, 20, 3], mib, move |asked, answer| {
        let fdb = oid("1.3.6.1.2.1.17.7");
        walked += u32::from(asked.varbinds.iter().any(|v| v.oid.is_under(&fdb)));
        (walked < 4).then_some(answer)
    });
    let bench = bench(&gate(TouchPolicy::Full), quick());
    bench
        .poller
        .set_logins([("v2c".into(), community("public"))].into());
    let result = all(&bench.poller, dying.to).await;
    for table in &result.tables {
        if let Observation::Forwarding(f) = table {
            assert!(!f.whole, "{f:?}");
        }
    }
    assert!(
        result.poll.interfaces_whole,
        "what came before is what it is"
    );
}

#[tokio::test]
async fn a_probe_and_a_reading_of_tables_come_at_once_and_a_person_goes_before_a_long_table() {
    let core = fake([127, 78, 20, 4], core(), |_, a| Some(a));
    let mut bench = bench(&gate(TouchPolicy::Full), quick());
    bench
        .poller
        .set_logins([("v2c".into(), community("public"))].into());
    // a day apart: whatever comes more than once was asked for
    let jobs = [(Job::Status, 86_400), (Job::Tables, 86_400)];
    bench
        .poller
        .set_targets(vec![target(core.to, &["v2c"], &jobs)].into());
    let ip = core.to.ip();
    let first = bench.poll_of(ip, |_| true).await;
    assert!(first.system.is_some());
    bench.poller.read_tables(vec![ip]);
    bench
        .until(|o| matches!(o, Observation::Forwarding(_)).then_some(()))
        .await;
    bench.poller.read_tables(vec![ip]);
    let got = bench
        .poller
        .get(
            agent(core.to, community("public")),
            vec![oid("1.3.6.1.2.1.1.5.0")],
            "a person".into(),
            None,
        )
        .await
        .unwrap();
    assert_eq!(got[0].value, octets("core-1"));
    bench
        .until(|o| matches!(o, Observation::Forwarding(_)).then_some(()))
        .await;
    let walks_after = {
        let asked = core.asked.lock().unwrap();
        let at = asked
            .iter()
            .rposition(|p| p.varbinds.len() == 1 && p.kind == PduKind::Get);
        asked[at.unwrap()..]
            .iter()
            .filter(|p| p.kind != PduKind::Get)
            .count()
    };
    assert!(
        walks_after >= 4,
        "the tables went on behind it: {walks_after}"
    );
    bench.poller.probe(vec![ip]);
    bench.poll_of(ip, |p| p.system.is_none()).await;
    bench.poller.stop();
    while bench.seen.recv().await.is_some() {}
    let gone = bench
        .poller
        .get(
            agent(core.to, community("public")),
            vec![oid("1.3.6.1.2.1.1.5.0")],
            "a person".into(),
            None,
        )
        .await;
    assert!(gone.is_err(), "it has stopped");
}
