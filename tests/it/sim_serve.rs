//! The simulator against real askers: our own codec over loopback, and Debian's snmpget, snmpwalk and snmpset.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use wardwatch::sim::serve::serve;
use wardwatch::wire::snmp::{Message, Oid, Pdu, PduKind, Value, VarBind, Version};
use wardwatch::wire::snmprec;

fn recordings() -> Option<PathBuf> {
    let data = std::env::var_os("WARDWATCH_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let dir = data.join("devices/recordings");
    if dir.is_dir() {
        return Some(dir);
    }
    println!(
        "skipped: no recordings at {} (set WARDWATCH_DATA)",
        dir.display()
    );
    None
}

/// A manager with one socket an agent: what comes from another address does not arrive.
struct Manager {
    socket: UdpSocket,
    community: &'static [u8],
    id: i32,
}

impl Manager {
    fn new(agent: SocketAddr, community: &'static [u8]) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.connect(agent).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self {
            socket,
            community,
            id: 0,
        }
    }

    fn ask(&mut self, mut pdu: Pdu) -> Pdu {
        self.id += 1;
        pdu.request_id = self.id;
        let request = Message {
            version: Version::V2c,
            community: self.community.to_vec(),
            pdu,
        };
        self.socket.send(&request.encode()).unwrap();
        let mut buffer = vec![0; 65_536];
        let n = self.socket.recv(&mut buffer).expect("an answer");
        let response = Message::decode(&buffer[..n]).unwrap().pdu;
        assert_eq!(response.request_id, self.id);
        response
    }

    fn get(&mut self, name: &str) -> Value {
        let pdu = Pdu::request(PduKind::Get, 0, [name.parse::<Oid>().unwrap()]);
        self.ask(pdu).varbinds.remove(0).value
    }

    fn walk(&mut self, root: &str) -> Vec<VarBind> {
        let root: Oid = root.parse().unwrap();
        self.walk_from(root.clone(), &root)
    }

    /// Everything: some recordings hold names that begin with 0.
    fn walk_all(&mut self) -> Vec<VarBind> {
        self.walk_from(Oid::new([0, 0]), &Oid::default())
    }

    fn walk_from(&mut self, mut at: Oid, root: &Oid) -> Vec<VarBind> {
        let mut all: Vec<VarBind> = Vec::new();
        loop {
            let mut pdu = Pdu::request(PduKind::GetBulk, 0, [at.clone()]);
            pdu.error_index = 500;
            let got = self.ask(pdu);
            assert_eq!(got.error_status, 0);
            assert!(!got.varbinds.is_empty());
            for varbind in got.varbinds {
                if varbind.value == Value::EndOfMibView || !varbind.oid.is_under(root) {
                    return all;
                }
                assert!(varbind.oid > at, "{} after {at}", varbind.oid);
                at = varbind.oid.clone();
                all.push(varbind);
            }
        }
    }
}

#[test]
fn every_recording_is_served_at_its_own_address_and_a_walk_gives_what_it_holds() {
    let Some(dir) = recordings() else { return };
    let served = serve(&dir, "127.20.0.0/16".parse().unwrap(), 0).unwrap();
    assert!(served.unreadable.is_empty());
    let files = std::fs::read_dir(&dir).unwrap().count();
    assert_eq!(served.agents().len(), files);
    assert!(files >= 300, "{files}");
    let (mut names, mut skipped) = (0, 0);
    for player in served.agents() {
        let file = dir.join(player.file.as_str());
        let recorded = snmprec::parse(&std::fs::read(file).unwrap());
        assert_eq!(recorded.skipped_total, player.skipped_total);
        let walked = Manager::new(player.address, b"anything").walk_all();
        let below = recorded.varbinds;
        assert_eq!(walked.len(), below.len(), "{}", player.file);
        for (a, b) in walked.iter().zip(&below) {
            assert_eq!(a, b, "{}", player.file);
        }
        names += walked.len();
        skipped += player.skipped_total;
    }
    println!("{files} recordings, {names} names walked, {skipped} lines skipped");
    assert!(skipped > 1_000, "the blemishes are counted");
    let first = &served.agents()[0];
    assert!(
        first.address.ip().is_loopback() && first.address.to_string().starts_with("127.20.0.1:")
    );
}
