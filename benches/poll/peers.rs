//! The peers, each in the shape its own documents recommend for many targets: clients or sessions made before the clock runs, one
//! task for each question that may be out, one thread.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_snmp::{
    Auth, Client, EngineCache, MasterKeys, Retry, UdpHandle, UdpTransport, UsmConfig,
};

use super::child::{Order, Outcome, cpu_seconds};
use super::farm::{AUTH, COMMUNITY, PRIVACY, USER};

const UP_TIME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 3, 0];
const NAME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 5, 0];
const DESCR: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 1, 0];
const IN_OCTETS: &[u32] = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6];
const OUT_OCTETS: &[u32] = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 10];
const STATUS: &[u32] = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 8];
const ROWS: u32 = 24;

/// What one device gave: bindings, and a sum over its counters so that they are really read.
type Asked = Option<(u64, u64)>;

/// Lets `window` tasks ask all devices in turn, round after round. Each task has devices of its own: one question at once a device.
async fn rounds<D, F, Fut>(order: &Order, devices: Vec<D>, ask: F) -> Outcome
where
    D: Send + 'static,
    F: Fn(D) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = (D, Asked)> + Send + 'static,
{
    let window = order.window.min(devices.len().max(1));
    let mut shares: Vec<Vec<D>> = (0..window).map(|_| Vec::new()).collect();
    for (n, device) in devices.into_iter().enumerate() {
        shares[n % window].push(device);
    }
    let mut total = Outcome::default();
    let mut check = 0u64;
    for round in 0..order.rounds + u32::from(order.warm) {
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let tasks: Vec<_> = shares
            .drain(..)
            .map(|share| {
                let ask = ask.clone();
                tokio::spawn(async move {
                    let (mut back, mut answered, mut varbinds, mut sum) =
                        (Vec::with_capacity(share.len()), 0u64, 0u64, 0u64);
                    for device in share {
                        let (device, asked) = ask(device).await;
                        back.push(device);
                        if let Some((n, s)) = asked {
                            answered += 1;
                            varbinds += n;
                            sum = sum.wrapping_add(s);
                        }
                    }
                    (back, answered, varbinds, sum)
                })
            })
            .collect();
        let measured = !(order.warm && round == 0);
        for task in tasks {
            let (back, answered, varbinds, sum) = task.await.unwrap();
            shares.push(back);
            check = check.wrapping_add(sum);
            if measured {
                total.answered += answered;
                total.varbinds += varbinds;
            }
        }
        if measured {
            total.polls += u64::from(order.devices);
            total.pdus += 2 * u64::from(order.devices);
            total.wall_s += start.elapsed().as_secs_f64();
            total.cpu_s += cpu_seconds() - cpu;
        }
    }
    assert_ne!(check, 0, "the counters were read");
    total
}

/// async-snmp: one shared transport, a client a target, get_many and get_bulk.
pub async fn async_snmp(order: &Order) -> Outcome {
    let transport = UdpTransport::builder()
        .recv_buffer_size(8 << 20)
        .receive_capacity(65_507)
        .build()
        .await
        .unwrap();
    let cache = Arc::new(EngineCache::new());
    let keys = MasterKeys::new(async_snmp::AuthProtocol::Sha256, AUTH.1.as_bytes())
        .unwrap()
        .with_privacy(async_snmp::PrivProtocol::Aes128, PRIVACY.1.as_bytes())
        .unwrap();
    let mut clients = Vec::new();
    for at in order.agents() {
        let auth = if order.v3 {
            UsmConfig::new(USER)
                .with_master_keys(keys.clone())
                .unwrap()
                .into()
        } else {
            Auth::v2c(COMMUNITY.1)
        };
        let mut builder = Client::builder(at, auth)
            .strict_source(true)
            .request_timeout(Duration::from_secs(1))
            .retry(Retry::fixed(2, Duration::ZERO).unwrap());
        if order.v3 {
            builder = builder.engine_cache(Arc::clone(&cache));
        }
        clients.push(builder.build_with(&transport).await.unwrap());
    }
    let name = |arcs: &[u32]| async_snmp::Oid::from_slice(arcs);
    let scalars: Arc<[_]> = [UP_TIME, NAME, DESCR].map(name).into();
    let columns: Arc<[_]> = [IN_OCTETS, OUT_OCTETS, STATUS].map(name).into();
    rounds(order, clients, move |client: Client<UdpHandle>| {
        let (scalars, columns) = (Arc::clone(&scalars), Arc::clone(&columns));
        async move {
            let asked = async {
                let first = client.get_many(&scalars).await.ok()?;
                let second = client.get_bulk(&columns, 0, ROWS).await.ok()?;
                let sum = second
                    .iter()
                    .filter_map(|v| v.value.as_u64())
                    .fold(0, u64::wrapping_add);
                Some(((first.varbinds.len() + second.len()) as u64, sum))
            }
            .await;
            (client, asked)
        }
    })
    .await
}

/// snmp2: an asynchronous session a device, each with its socket and its buffers; get_many and getbulk.
pub async fn snmp2(order: &Order) -> Outcome {
    let mut sessions = Vec::new();
    for at in order.agents() {
        let session = snmp2::AsyncSession::new_v2c(at, COMMUNITY.1.as_bytes(), 1)
            .await
            .expect("a socket for each device: raise the limit of open files");
        // large: it is moved by its address
        sessions.push(Box::new(session));
    }
    rounds(
        order,
        sessions,
        |mut session: Box<snmp2::AsyncSession>| async move {
            let asked = tokio::time::timeout(Duration::from_secs(2), ask_snmp2(&mut session));
            let asked = asked.await.ok().flatten();
            (session, asked)
        },
    )
    .await
}

/// snmp2: a session for each poll, as many at once as questions may be out.
pub async fn snmp2_each(order: &Order) -> Outcome {
    rounds(
        order,
        order.agents().collect(),
        |at: SocketAddr| async move {
            let asked = async {
                let session = snmp2::AsyncSession::new_v2c(at, COMMUNITY.1.as_bytes(), 1).await;
                let mut session = Box::new(session.ok()?);
                ask_snmp2(&mut session).await
            };
            let asked = tokio::time::timeout(Duration::from_secs(2), asked).await;
            (at, asked.ok().flatten())
        },
    )
    .await
}

async fn ask_snmp2(session: &mut snmp2::AsyncSession) -> Asked {
    let name = |arcs: &[u32]| {
        let arcs: Vec<u64> = arcs.iter().map(|a| u64::from(*a)).collect();
        snmp2::Oid::from(&arcs).unwrap()
    };
    let scalars = [UP_TIME, NAME, DESCR].map(name);
    let columns = [IN_OCTETS, OUT_OCTETS, STATUS].map(name);
    let first = session.get_many(&scalars.each_ref()).await.ok()?;
    let mut varbinds = first.varbinds.count() as u64;
    let second = session.getbulk(&columns.each_ref(), 0, ROWS).await.ok()?;
    let mut sum = 0u64;
    for (_, value) in second.varbinds {
        varbinds += 1;
        sum = sum.wrapping_add(match value {
            snmp2::Value::Counter64(n) => n,
            snmp2::Value::Integer(n) => n as u64,
            _ => 0,
        });
    }
    Some((varbinds, sum))
}
