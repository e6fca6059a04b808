//! What the kernel takes for the same datagrams: sent and received in batches, answers not even looked at but for their length.

use std::io::{IoSlice, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::sys::socket::{
    MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg, setsockopt, sockopt,
};
use wardwatch::wire::snmp::{Message, Oid, Pdu, PduKind, Version};

use super::child::{Order, Outcome, cpu_seconds};
use super::farm::COMMUNITY;

const BATCH: usize = 64;

/// Sends both questions to every agent and takes the answers.
pub fn alone(order: &Order) -> Outcome {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let _ = setsockopt(&socket, sockopt::RcvBufForce, &(32 << 20));
    let _ = setsockopt(&socket, sockopt::RcvBuf, &(32 << 20));
    socket
        .set_read_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    let questions = questions();
    let agents: Vec<SockaddrIn> = order
        .agents()
        .map(|at| match at {
            std::net::SocketAddr::V4(at) => at.into(),
            std::net::SocketAddr::V6(_) => panic!("a farm is on IPv4"),
        })
        .collect();
    let mut buffers = vec![[0u8; 4_096]; BATCH];
    let mut total = Outcome::default();
    for round in 0..order.rounds + u32::from(order.warm) {
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let (mut came, mut out) = (0usize, 0usize);
        for question in &questions {
            for batch in agents.chunks(BATCH) {
                while out + BATCH > order.window {
                    let taken = take(&socket, &mut buffers);
                    came += taken;
                    out = out.saturating_sub(taken.max(1));
                }
                out += send(&socket, question, batch);
            }
        }
        while came < 2 * agents.len() {
            let taken = take(&socket, &mut buffers);
            if taken == 0 {
                break;
            }
            came += taken;
        }
        if order.warm && round == 0 {
            continue;
        }
        total.polls += u64::from(order.devices);
        total.answered += came as u64 / 2;
        total.pdus += 2 * agents.len() as u64;
        total.wall_s += start.elapsed().as_secs_f64();
        total.cpu_s += cpu_seconds() - cpu;
    }
    total
}

fn questions() -> [Vec<u8>; 2] {
    let names = |all: &[&str]| -> Vec<Oid> { all.iter().map(|n| n.parse().unwrap()).collect() };
    let scalars = names(&[
        "1.3.6.1.2.1.1.3.0",
        "1.3.6.1.2.1.1.5.0",
        "1.3.6.1.2.1.1.1.0",
    ]);
    let columns = names(&[
        "1.3.6.1.2.1.31.1.1.1.6",
        "1.3.6.1.2.1.31.1.1.1.10",
        "1.3.6.1.2.1.2.2.1.8",
    ]);
    let mut bulk = Pdu::request(PduKind::GetBulk, 2, columns);
    bulk.error_index = 24;
    [Pdu::request(PduKind::Get, 1, scalars), bulk].map(|pdu| {
        Message {
            version: Version::V2c,
            community: COMMUNITY.1.as_bytes().to_vec(),
            pdu,
        }
        .encode()
    })
}

fn send(socket: &UdpSocket, question: &[u8], to: &[SockaddrIn]) -> usize {
    let slices = vec![[IoSlice::new(question)]; to.len()];
    let addresses: Vec<Option<SockaddrIn>> = to.iter().copied().map(Some).collect();
    let mut headers = MultiHeaders::preallocate(to.len(), None);
    let sent = sendmmsg(
        socket.as_raw_fd(),
        &mut headers,
        &slices,
        &addresses,
        [],
        MsgFlags::empty(),
    );
    sent.unwrap().count()
}

/// What is there, but one at the least; none after two seconds.
fn take(socket: &UdpSocket, buffers: &mut [[u8; 4_096]]) -> usize {
    let mut headers = MultiHeaders::<SockaddrIn>::preallocate(buffers.len(), None);
    let mut slices: Vec<[IoSliceMut; 1]> =
        buffers.iter_mut().map(|b| [IoSliceMut::new(b)]).collect();
    recvmmsg(
        socket.as_raw_fd(),
        &mut headers,
        &mut slices,
        MsgFlags::MSG_WAITFORONE,
        None,
    )
    .map_or(0, Iterator::count)
}
