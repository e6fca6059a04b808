//! Against a small name server on the loopback.

use std::sync::atomic::AtomicUsize;

use tokio::net::UdpSocket;

use super::*;

/// Answers PTR for 10.0.0.x by a table, A for `pump-07.ward.`, and counts.
#[derive(Clone)]
struct Server {
    at: SocketAddr,
    asked: Arc<AtomicUsize>,
    silent: Arc<std::sync::atomic::AtomicBool>,
}

impl Server {
    async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            at: socket.local_addr().unwrap(),
            asked: Arc::default(),
            silent: Arc::default(),
        };
        let me = server.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            loop {
                let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                me.asked.fetch_add(1, Ordering::SeqCst);
                if !me.silent.load(Ordering::SeqCst) {
                    let answer = answer(&buffer[..length]);
                    socket.send_to(&answer, from).await.unwrap();
                }
            }
        });
        server
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// One label after the other, then the rest behind the name.
fn question(message: &[u8]) -> (Vec<Vec<u8>>, usize) {
    let (mut labels, mut at) = (vec![], 12);
    while message[at] != 0 {
        let length = usize::from(message[at]);
        labels.push(message[at + 1..=at + length].to_vec());
        at += length + 1;
    }
    (labels, at + 5)
}

fn labels(name: &[&[u8]]) -> Vec<u8> {
    let mut out: Vec<u8> = name
        .iter()
        .flat_map(|l| [&[l.len() as u8][..], l].concat())
        .collect();
    out.push(0);
    out
}

fn answer(message: &[u8]) -> Vec<u8> {
    let (name, end) = question(message);
    let kind = u16::from_be_bytes([message[end - 4], message[end - 3]]);
    let reverse: Vec<_> = name.iter().map(|l| String::from_utf8_lossy(l)).collect();
    let data = match (kind, reverse.join(".").to_lowercase().as_str()) {
        (12, "7.0.0.10.in-addr.arpa") => Some(labels(&[b"pump-07", b"ward"])),
        (12, "8.0.0.10.in-addr.arpa") => Some(labels(&[b"evil\x1b[31m", b"ward"])),
        (1, "pump-07.ward") => Some(vec![10, 0, 0, 7]),
        _ => None,
    };
    let mut out = message[..2].to_vec();
    // a response, recursion available; 3 is NXDOMAIN
    out.extend([0x81, if data.is_some() { 0x80 } else { 0x83 }]);
    out.extend([0, 1, 0, u8::from(data.is_some()), 0, 0, 0, 0]);
    out.extend(&message[12..end]);
    if let Some(data) = data {
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1]);
        out.extend(300u32.to_be_bytes());
        out.extend((data.len() as u16).to_be_bytes());
        out.extend(data);
    }
    out
}

fn config(server: &Server) -> DnsConfig {
    DnsConfig {
        servers: vec![server.at],
        timeout: Duration::from_millis(100),
        ..DnsConfig::default()
    }
}

fn ip(last: u8) -> IpAddr {
    [10, 0, 0, last].into()
}

async fn settled(resolver: &Resolver, address: IpAddr) -> Asked {
    loop {
        match resolver.ask(address) {
            Asked::Waiting => tokio::time::sleep(Duration::from_millis(2)).await,
            other => return other,
        }
    }
}

#[tokio::test]
async fn a_name_comes_as_an_observation_and_is_asked_for_once() {
    let server = Server::start().await;
    let (sink, mut source) = mpsc::channel(8);
    let resolver = Resolver::start(config(&server), sink).unwrap();
    assert_eq!(resolver.ask(ip(7)), Asked::Waiting);
    let [Observation::Name(name)] = &source.recv().await.unwrap()[..] else {
        panic!("no name");
    };
    assert_eq!((name.address, name.name.as_str()), (ip(7), "pump-07.ward"));
    for _ in 0..100 {
        assert_eq!(resolver.ask(ip(7)), Asked::Known("pump-07.ward".into()));
    }
    assert_eq!(server.asked(), 1);
    assert_eq!(resolver.name(ip(7)), Some("pump-07.ward".into()));
}

#[tokio::test]
async fn an_address_without_a_name_is_not_asked_for_again_and_not_reported() {
    let server = Server::start().await;
    let (sink, mut source) = mpsc::channel(8);
    let resolver = Resolver::start(config(&server), sink).unwrap();
    assert_eq!(settled(&resolver, ip(9)).await, Asked::Nameless);
    let before = server.asked();
    assert_eq!(resolver.ask(ip(9)), Asked::Nameless);
    assert_eq!(server.asked(), before);
    assert!(source.try_recv().is_err());
}

#[tokio::test]
async fn a_name_that_would_command_a_terminal_is_harmless() {
    let server = Server::start().await;
    let (sink, mut source) = mpsc::channel(8);
    let resolver = Resolver::start(config(&server), sink).unwrap();
    resolver.ask(ip(8));
    let [Observation::Name(name)] = &source.recv().await.unwrap()[..] else {
        panic!("no name");
    };
    assert_eq!(name.name.as_str(), "evil\\u{1b}[31m.ward");
}

#[tokio::test]
async fn a_dead_server_blocks_nobody_and_is_said_once() {
    let server = Server::start().await;
    server.silent.store(true, Ordering::SeqCst);
    let (sink, mut source) = mpsc::channel(64);
    let config = DnsConfig {
        queue: 32,
        again: Duration::ZERO,
        ..config(&server)
    };
    let resolver = Resolver::start(config, sink).unwrap();
    // none of these waits; what doesn't fit is counted
    let all: Vec<_> = (0..200).map(|n| resolver.ask(ip(n))).collect();
    assert!(
        all.iter()
            .all(|a| matches!(a, Asked::Waiting | Asked::Dropped))
    );
    let left_out = all.iter().filter(|a| **a == Asked::Dropped).count() as u64;
    assert!(left_out >= 200 - 32, "{left_out}");
    assert_eq!(resolver.dropped(), left_out);
    let [Observation::Source(trouble)] = &source.recv().await.unwrap()[..] else {
        panic!("no word of the server");
    };
    assert!(
        trouble
            .trouble
            .as_str()
            .starts_with("no name server answers"),
        "{trouble:?}"
    );
    // and when it is back, that is said, and the names come
    server.silent.store(false, Ordering::SeqCst);
    let mut words = vec![];
    while !words.iter().any(|o| matches!(o, Observation::Name(_)))
        || !words
            .iter()
            .any(|o| matches!(o, Observation::Source(s) if s.trouble.is_empty()))
    {
        resolver.ask(ip(7));
        if let Ok(Some(mut batch)) =
            tokio::time::timeout(Duration::from_millis(20), source.recv()).await
        {
            words.append(&mut batch);
        }
    }
    let said = |o: &Observation| matches!(o, Observation::Source(s) if !s.trouble.is_empty());
    assert_eq!(words.iter().filter(|o| said(o)).count(), 0, "{words:?}");
}

#[tokio::test]
async fn a_name_a_person_wrote_is_found_or_said_not_to_be() {
    let server = Server::start().await;
    let (sink, _source) = mpsc::channel(8);
    let resolver = Resolver::start(config(&server), sink).unwrap();
    assert_eq!(resolver.addresses("pump-07.ward.").await.unwrap(), [ip(7)]);
    assert_eq!(
        resolver
            .addresses("pump-99.ward.")
            .await
            .unwrap_err()
            .to_string(),
        "there is no address for 'pump-99.ward.' in the DNS"
    );
    let off = Resolver::off();
    assert_eq!(off.ask(ip(7)), Asked::Off);
    assert!(matches!(off.addresses("x").await, Err(DnsError::Off(_))));
}
