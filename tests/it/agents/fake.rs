//! An agent in the test that serves a small MIB, and misbehaves as told.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use wardwatch::wire::snmp::{Message, Oid, Pdu, PduKind, Value, VarBind};

use super::common::oid;

pub type Mib = BTreeMap<Oid, Value>;

/// What goes back, and from which socket (the agent's own, or another).
pub type Back = Vec<(Vec<u8>, Option<UdpSocket>)>;

pub struct Fake {
    pub to: SocketAddr,
    /// Datagrams that came.
    pub heard: Arc<AtomicU64>,
    /// Questions that came, as far as they are v1 or v2c.
    pub asked: Arc<Mutex<Vec<Pdu>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub fn raw(ip: [u8; 4], mut behave: impl FnMut(&[u8]) -> Back + Send + 'static) -> Fake {
    let socket = UdpSocket::bind((Ipv4Addr::from(ip), 0)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let to = socket.local_addr().unwrap();
    let (stop, heard) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (stopped, count, log) = (Arc::clone(&stop), Arc::clone(&heard), Arc::clone(&asked));
    let thread = std::thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while !stopped.load(Ordering::Relaxed) {
            let Ok((n, from)) = socket.recv_from(&mut buffer) else {
                continue;
            };
            count.fetch_add(1, Ordering::Relaxed);
            if let Ok(message) = Message::decode(&buffer[..n]) {
                log.lock().unwrap().push(message.pdu);
            }
            for (bytes, other) in behave(&buffer[..n]) {
                other
                    .as_ref()
                    .unwrap_or(&socket)
                    .send_to(&bytes, from)
                    .unwrap();
            }
        }
    });
    Fake {
        to,
        heard,
        asked,
        stop,
        thread: Some(thread),
    }
}

/// A v2c agent; `change` makes of each answer what it likes, `None` is silence.
pub fn fake(
    ip: [u8; 4],
    mib: Mib,
    mut change: impl FnMut(&Pdu, Pdu) -> Option<Pdu> + Send + 'static,
) -> Fake {
    raw(ip, move |bytes| {
        let message = Message::decode(bytes).unwrap();
        let answer = serve(&mib, &message.pdu);
        match change(&message.pdu, answer) {
            Some(pdu) => vec![(Message { pdu, ..message }.encode(), None)],
            None => vec![],
        }
    })
}

/// As an agent should answer.
pub fn serve(mib: &Mib, pdu: &Pdu) -> Pdu {
    let after = |name: &Oid| {
        use std::ops::Bound::{Excluded, Unbounded};
        match mib.range((Excluded(name.clone()), Unbounded)).next() {
            Some((oid, value)) => VarBind {
                oid: oid.clone(),
                value: value.clone(),
            },
            None => VarBind {
                oid: name.clone(),
                value: Value::EndOfMibView,
            },
        }
    };
    let names = pdu.varbinds.iter().map(|v| &v.oid);
    let binds = match pdu.kind {
        PduKind::Get => names
            .map(|name| VarBind {
                oid: name.clone(),
                value: mib.get(name).cloned().unwrap_or(Value::NoSuchInstance),
            })
            .collect(),
        PduKind::GetNext => names.map(after).collect(),
        PduKind::GetBulk => {
            let once = pdu.error_status as usize;
            let mut out: Vec<VarBind> = names.clone().take(once).map(after).collect();
            let mut row: Vec<Oid> = names.skip(once).cloned().collect();
            for _ in 0..pdu.error_index {
                let next: Vec<VarBind> = row.iter().map(after).collect();
                row = next.iter().map(|v| v.oid.clone()).collect();
                out.extend(next);
            }
            out
        }
        _ => vec![],
    };
    pdu.response(binds)
}

/// A switch with so many interfaces.
pub fn switch(name: &[u8], interfaces: u32) -> Mib {
    let mut mib = Mib::new();
    let mut put = |name: &str, value| mib.insert(oid(name), value);
    put(
        "1.3.6.1.2.1.1.1.0",
        Value::Octets(b"a switch of the test".to_vec()),
    );
    put("1.3.6.1.2.1.1.2.0", Value::Oid(oid("1.3.6.1.4.1.9.1.1")));
    put("1.3.6.1.2.1.1.3.0", Value::TimeTicks(4_711));
    put("1.3.6.1.2.1.1.5.0", Value::Octets(name.to_vec()));
    put("1.3.6.1.2.1.2.1.0", Value::Integer(i64::from(interfaces)));
    for n in 1..=interfaces {
        let mut cell = |column: &str, value| put(&format!("{column}.{n}"), value);
        cell(
            "1.3.6.1.2.1.2.2.1.2",
            Value::Octets(format!("port {n}").into_bytes()),
        );
        cell("1.3.6.1.2.1.2.2.1.3", Value::Integer(6));
        cell("1.3.6.1.2.1.2.2.1.7", Value::Integer(1));
        cell("1.3.6.1.2.1.2.2.1.8", Value::Integer(1));
        cell("1.3.6.1.2.1.2.2.1.14", Value::Counter32(1));
        cell(
            "1.3.6.1.2.1.31.1.1.1.1",
            Value::Octets(format!("Gi1/0/{n}").into_bytes()),
        );
        cell("1.3.6.1.2.1.31.1.1.1.6", Value::Counter64(u64::from(n)));
        cell("1.3.6.1.2.1.31.1.1.1.10", Value::Counter64(u64::from(n)));
        cell("1.3.6.1.2.1.31.1.1.1.15", Value::Gauge32(1_000));
    }
    mib
}
