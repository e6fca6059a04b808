//! A thousand agents at once: all are asked in two datagrams each, and none twice.

use std::net::SocketAddr;
use std::sync::mpsc;

use tokio::net::UdpSocket;
use wardwatch::event::PollOutcome;
use wardwatch::model::TouchPolicy;
use wardwatch::sources::snmp::{PollerConfig, poll_once};
use wardwatch::wire::snmp::Message;

use super::common::{bench, community, gate, target};
use super::fake::{serve, switch};

const AGENTS: usize = 1_000;

/// Serves them on a thread of their own, until the sender is dropped.
fn farm() -> (Vec<SocketAddr>, tokio::sync::oneshot::Sender<()>) {
    let (ready, addresses) = mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let mib = std::sync::Arc::new(switch(b"one of a thousand", 24));
            let mut all = Vec::new();
            for n in 0..AGENTS {
                let ip = [127, 79, (n / 250) as u8, (n % 250 + 1) as u8];
                let socket = UdpSocket::bind((std::net::Ipv4Addr::from(ip), 0))
                    .await
                    .unwrap();
                all.push(socket.local_addr().unwrap());
                let mib = std::sync::Arc::clone(&mib);
                tokio::spawn(async move {
                    let mut buffer = vec![0; 4_096];
                    while let Ok((n, from)) = socket.recv_from(&mut buffer).await {
                        let message = Message::decode(&buffer[..n]).unwrap();
                        let pdu = serve(&mib, &message.pdu);
                        let answer = Message { pdu, ..message }.encode();
                        socket.send_to(&answer, from).await.unwrap();
                    }
                });
            }
            ready.send(all).unwrap();
            let _ = stopped.await;
        });
    });
    (addresses.recv().unwrap(), stop)
}

fn thread_cpu() -> f64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    t.tv_sec as f64 + t.tv_nsec as f64 / 1e9
}

#[tokio::test]
async fn a_thousand_agents_are_asked_in_two_datagrams_each() {
    let (addresses, _stop) = farm();
    let gate = gate(TouchPolicy::Full);
    // on a busy machine no answer may be asked for twice
    let patient = std::time::Duration::from_secs(30);
    let bench = bench(
        &gate,
        PollerConfig {
            first_timeout: patient,
            least_timeout: patient,
            most_timeout: patient,
            ..PollerConfig::default()
        },
    );
    bench
        .poller
        .set_logins([("v2c".into(), community("public"))].into());
    let targets: Vec<_> = addresses
        .iter()
        .map(|to| target(*to, &["v2c"], &[]))
        .collect();
    let before = thread_cpu();
    let mut interfaces = 0;
    let summary = poll_once(&bench.poller, &targets, "bench", |result| {
        assert_eq!(result.poll.outcome, PollOutcome::Answered);
        assert!(result.poll.interfaces_whole);
        interfaces += result.poll.interfaces.len();
    })
    .await
    .unwrap();
    let cpu = thread_cpu() - before;
    // a figure of this build, for the curious; nothing is judged by it
    println!(
        "{AGENTS} agents: {cpu:.3} CPU-s in the poller's thread, {summary:?} {:?}",
        bench.poller.stats()
    );
    assert_eq!((summary.devices, summary.answered), (1_000, 1_000));
    assert_eq!(interfaces, 24_000);
    if summary.socket_drops == 0 {
        assert_eq!((summary.pdus_sent, summary.retries), (2_000, 0));
    }
    assert!(summary.varbinds >= 75_000);
}
