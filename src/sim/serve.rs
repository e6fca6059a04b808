//! Plays recordings: each `.snmprec` of a folder is an agent at an address of its own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::Ipv4Net;

use super::agent::{Agent, Community, Fixed};
use super::clock::SimClock;
use super::mib::MibBuilder;
use super::server::{Counts, Directory, Listen, Server};
use crate::model::Text;
use crate::wire::snmp::MAX_DATAGRAM;
use crate::wire::snmprec::{self, Skipped};

/// The largest recording that is read, octets.
pub const FILE_CAP: u64 = 256 << 20;

/// A recording that is being played.
#[derive(Clone, Debug)]
pub struct Player {
    /// Where.
    pub address: SocketAddr,
    /// File name.
    pub file: Text,
    /// Names it answers.
    pub varbinds: usize,
    /// Lines that were skipped, the first of them.
    pub skipped: Vec<Skipped>,
    /// All that were skipped.
    pub skipped_total: usize,
}

/// Recordings that are being played; they end with it.
pub struct Playing {
    server: Server,
    agents: Vec<Player>,
    /// Files that could not be read, with the reason.
    pub unreadable: Vec<(Text, Text)>,
}

impl Playing {
    /// The agents, in the order of their addresses and file names.
    pub fn agents(&self) -> &[Player] {
        &self.agents
    }

    /// What came so far.
    pub fn counts(&self) -> Counts {
        self.server.counts()
    }

    /// The port, where a free one was asked for.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Ends it.
    pub fn stop(&mut self) {
        self.server.stop();
    }
}

/// Serves every `.snmprec` of `dir` (in the order of their names) at the hosts of `net`, from the first on; `port` zero takes a free
/// one. Any community is taken.
pub fn serve(dir: &Path, net: Ipv4Net, port: u16) -> io::Result<Playing> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
        .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", dir.display())))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "snmprec") && path.is_file())
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!(
                "{}: no .snmprec file; name a folder of recordings",
                dir.display()
            ),
        ));
    }
    let mut directory = Directory::default();
    let mut agents: Vec<Player> = Vec::new();
    let mut unreadable = Vec::new();
    let mut hosts = net.hosts();
    for path in files {
        let name = Text::from_bytes(path.file_name().unwrap_or_default().as_encoded_bytes());
        let bytes = match read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                unreadable.push((name, error.to_string().as_str().into()));
                continue;
            }
        };
        let address = hosts.next().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{net} has fewer addresses than there are recordings; give a larger one"),
            )
        })?;
        let recording = snmprec::parse(&bytes);
        agents.push(Player {
            address: SocketAddrV4::new(address, 0).into(),
            file: name,
            varbinds: recording.varbinds.len(),
            skipped: recording.skipped,
            skipped_total: recording.skipped_total,
        });
        let mib = MibBuilder::default().recording(recording.varbinds).build();
        let agent = Agent::new(Fixed(Arc::new(mib)), Community::Any, MAX_DATAGRAM);
        directory.agent(address, Arc::new(agent));
    }
    let listen = Listen {
        port,
        loopback: is_loopback(net),
        ..Listen::default()
    };
    let server = Server::start(directory, listen, SimClock::default())?;
    for agent in &mut agents {
        agent.address.set_port(server.port());
    }
    Ok(Playing {
        server,
        agents,
        unreadable,
    })
}

fn is_loopback(net: Ipv4Net) -> bool {
    let all = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
    all.contains(&net)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let size = std::fs::metadata(path)?.len();
    if size > FILE_CAP {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("{size} octets; at most {FILE_CAP} are read"),
        ));
    }
    std::fs::read(path)
}
