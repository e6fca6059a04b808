//! What the collecting machine hears and knows by itself: its wires, the kernel's neighbour table, the DNS, echoes of
//! those that may be pinged, and, where the site wants it, who answers by ARP.
//!
//! Listening is silent, the table is the kernel's, names are asked of name servers alone, and echo and ARP requests pass the gate.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::hub::Hub;
use super::pings::pings;
use super::sweeps::sweeps;
use crate::event::Observation;
use crate::gate::{Gate, Interface};
use crate::model::{Device, FactKey, Time};
use crate::sources::arp::kernel_neighbours;
use crate::sources::dns::{DnsConfig, Resolver};
use crate::sources::listen::Listener;

/// How often the kernel's table is read, and nameless devices are looked for.
const EVERY: Duration = Duration::from_mins(1);
/// A device that was not seen for so long is not asked a name for.
const SEEN_WITHIN: Duration = Duration::from_hours(24);
/// Names asked for at a time.
const NAMES: usize = 256;

/// Listens as long as it lives.
pub struct Ears {
    /// Each listens until it is dropped.
    _listeners: Vec<Listener>,
    tasks: [JoinHandle<()>; 3],
}

impl Ears {
    /// Listens on every wired interface that this process may listen on.
    pub fn start(
        hub: &Arc<Hub>,
        gate: &Arc<Gate>,
        sink: &mpsc::Sender<Vec<Observation>>,
        runtime: &Handle,
    ) -> Self {
        let interfaces = Interface::list();
        let mut listeners = Vec::new();
        let (mut heard, mut deaf) = (Vec::new(), Vec::new());
        for interface in interfaces.iter().filter(|i| i.speaks_arp()) {
            match Listener::start(interface, sink.clone()) {
                Ok(listener) => {
                    listeners.push(listener);
                    heard.push(interface.name.clone());
                }
                // the neighbour table takes its place; `wardwatch doctor` says how to grant it
                Err(error) => {
                    tracing::info!("not listening on {}: {error}", interface.name);
                    deaf.push(interface.name.clone());
                }
            }
        }
        note_listening(hub, &heard, &deaf);
        let pinging = runtime.spawn(pings(Arc::clone(hub), Arc::clone(gate), sink.clone()));
        let sweeping = runtime.spawn(sweeps(Arc::clone(hub), Arc::clone(gate), sink.clone()));
        let (hub, sink) = (Arc::clone(hub), sink.clone());
        let task = runtime.spawn(async move {
            let resolver =
                Resolver::start(DnsConfig::default(), sink.clone()).unwrap_or_else(|error| {
                    tracing::warn!("names are off: {error}");
                    Resolver::off()
                });
            if resolver.is_on() {
                hub.note_source("names", "asked of the name servers of this machine", true);
            } else {
                hub.note_source("names", "off: this machine knows no name server", false);
            }
            let mut every = tokio::time::interval(EVERY);
            loop {
                every.tick().await;
                let seen =
                    tokio::task::spawn_blocking(|| kernel_neighbours(&Interface::list())).await;
                if let Ok(Ok(table)) = seen {
                    let batch: Vec<Observation> = table.into_iter().map(Observation::Arp).collect();
                    if !batch.is_empty() && sink.send(batch).await.is_err() {
                        return;
                    }
                }
                ask_names(&hub, &resolver);
            }
        });
        Self {
            _listeners: listeners,
            tasks: [task, pinging, sweeping],
        }
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn note_listening(hub: &Hub, heard: &[String], deaf: &[String]) {
    let how = match (heard, deaf) {
        ([], []) => "no wired interface to listen on".to_owned(),
        (heard, []) => format!("on {}", heard.join(", ")),
        ([], deaf) => format!(
            "not allowed on {}: the kernel's neighbour table is read instead (wardwatch doctor)",
            deaf.join(", ")
        ),
        (heard, deaf) => format!("on {}, not on {}", heard.join(", "), deaf.join(", ")),
    };
    hub.note_source("listening", how, deaf.is_empty());
}

fn ask_names(hub: &Hub, resolver: &Resolver) {
    if !resolver.is_on() {
        return;
    }
    let state = hub.state();
    let now = Time::from_clock();
    let wants = |d: &&Arc<Device>| {
        !d.facts.contains_key(&FactKey::DnsName) && now.since(d.last_seen) < SEEN_WITHIN
    };
    let addresses = state
        .devices
        .values()
        .filter(wants)
        .filter_map(|d| d.address.or_else(|| d.addresses.first().copied()));
    for address in addresses.filter(|a: &IpAddr| !a.is_loopback()).take(NAMES) {
        let _ = resolver.ask(address);
    }
}
