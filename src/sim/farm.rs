//! Many cheap agents of one kind, for measuring those who ask.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::agent::{Agent, Community, Fixed};
use super::clock::SimClock;
use super::load::octets;
use super::mib::{Mib, MibBuilder};
use super::server::{Counts, Directory, Listen, Server};
use crate::model::PlainSecret;
use crate::wire::snmp::{MAX_DATAGRAM, Oid, Value};

/// The first address: 127.24.0.1.
const FIRST: u32 = 0x7f18_0001;
/// The most agents.
pub const FARM_CAP: u32 = 200_000;

/// Agents that are being served; they end with it.
pub struct Farm {
    server: Server,
    count: u32,
}

impl Farm {
    /// So many agents with so many interfaces each, on a free port, that open to this community.
    pub fn simple(count: u32, interfaces: u32, community: &PlainSecret) -> io::Result<Self> {
        let count = count.min(FARM_CAP);
        let mut directory = Directory::default();
        for n in 0..count {
            let subject = Fixed(Arc::new(mib(n, interfaces)));
            let agent = Agent::new(subject, Community::Only(community.clone()), MAX_DATAGRAM);
            directory.agent(Ipv4Addr::from(FIRST + n), Arc::new(agent));
        }
        let server = Server::start(directory, Listen::default(), SimClock::default())?;
        Ok(Self { server, count })
    }

    /// Where they are.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        (0..self.count).map(|n| (Ipv4Addr::from(FIRST + n), self.server.port()).into())
    }

    /// What came so far.
    pub fn counts(&self) -> Counts {
        self.server.counts()
    }
}

fn mib(agent: u32, interfaces: u32) -> Mib {
    let mut mib = MibBuilder::default();
    let system = |n: u32| [1, 3, 6, 1, 2, 1, 1, n, 0];
    mib.text(&system(1), "wardwatch simulated agent")
        .fixed(
            &system(2),
            Value::Oid(Oid::new([1, 3, 6, 1, 4, 1, 8072, 3, 2, 10])),
        )
        .live(&system(3), |at: Duration| {
            Value::TimeTicks((at.as_millis() / 10) as u32)
        })
        .text(&system(4), "")
        .text(&system(5), &format!("agent-{agent:06}"))
        .text(&system(6), "farm")
        .fixed(&system(7), Value::Integer(2))
        .fixed(
            &[1, 3, 6, 1, 2, 1, 2, 1, 0],
            Value::Integer(i64::from(interfaces)),
        );
    let rows = || (1..=interfaces).map(|i| vec![i]);
    let traffic = move |row: usize, way: u64, at: Duration| {
        let key = u64::from(agent) << 32 | (row as u64) << 1 | way;
        octets(100_000 + key % 900_000, key, at.as_millis() as u64)
    };
    mib.table(
        &[1, 3, 6, 1, 2, 1, 2, 2, 1],
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 16, 20],
        rows(),
        move |row, column, at| {
            Some(match column {
                1 => Value::Integer(row as i64 + 1),
                2 => Value::Octets(format!("eth{row}").into_bytes()),
                3 => Value::Integer(6),
                4 => Value::Integer(1_500),
                5 => Value::Gauge32(1_000_000_000),
                6 => Value::Octets(vec![2, 0, (agent >> 8) as u8, agent as u8, 0, row as u8]),
                7 | 8 => Value::Integer(1),
                9 => Value::TimeTicks(0),
                10 => Value::Counter32(traffic(row, 0, at) as u32),
                16 => Value::Counter32(traffic(row, 1, at) as u32),
                _ => Value::Counter32(0),
            })
        },
    )
    .table(
        &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1],
        &[1, 6, 10, 15, 18, 19],
        rows(),
        move |row, column, at| {
            Some(match column {
                1 => Value::Octets(format!("eth{row}").into_bytes()),
                6 => Value::Counter64(traffic(row, 0, at)),
                10 => Value::Counter64(traffic(row, 1, at)),
                15 => Value::Gauge32(1_000),
                18 => Value::Octets(Vec::new()),
                _ => Value::TimeTicks(0),
            })
        },
    );
    mib.build()
}
