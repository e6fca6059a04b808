//! The hospital in operation: its agents at their addresses, everything that must not be touched being watched.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::agent::{Agent, Community};
use super::clock::SimClock;
use super::hospital::{Device, Hospital, Speaks, V3_USER, secret_names};
use super::mibs::HospitalAgent;
use super::scenario::Scenario;
use super::server::{Counts, Directory, Listen, Server};
use super::world::World;
use crate::model::{AuthProtocol, PlainSecret, PrivProtocol, Site, TouchPolicy};
use crate::wire::snmp::usm::UserKeys;

/// Octets of the largest response of a switch or server, as such devices have it.
const LARGE_RESPONSE: usize = 8_192;
/// The same of small devices: one Ethernet frame.
const SMALL_RESPONSE: usize = 1_472;

/// What opens the demo's agents.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Community of `demo-v2c`.
    pub community: PlainSecret,
    /// Authentication password of `demo-v3`.
    pub auth: PlainSecret,
    /// Privacy password of `demo-v3`.
    pub privacy: PlainSecret,
}

impl Secrets {
    /// New ones that nobody knows.
    pub fn generate() -> io::Result<Self> {
        let one = || {
            let mut raw = [0u8; 16];
            getrandom::fill(&mut raw).map_err(io::Error::other)?;
            let digits = raw.iter().flat_map(|b| [b >> 4, b & 15]);
            let hex = digits
                .map(|d| b"0123456789abcdef"[usize::from(d)])
                .collect();
            io::Result::Ok(PlainSecret::new(hex))
        };
        Ok(Self {
            community: one()?,
            auth: one()?,
            privacy: one()?,
        })
    }

    /// Those in the environment, under [`secret_names`].
    pub fn from_env() -> io::Result<Self> {
        let one = |name: &str| {
            use std::os::unix::ffi::OsStringExt;
            std::env::var_os(name)
                .filter(|v| !v.is_empty())
                .map(|v| PlainSecret::new(v.into_vec()))
                .ok_or_else(|| {
                    io::Error::new(
                        io::ErrorKind::NotFound,
                        format!("{name} is not set; whoever starts the simulator sets it"),
                    )
                })
        };
        Ok(Self {
            community: one(secret_names::COMMUNITY)?,
            auth: one(secret_names::AUTH)?,
            privacy: one(secret_names::PRIVACY)?,
        })
    }

    /// Names in the environment with their values, for the process that is started and for whoever resolves
    /// [`crate::model::SecretRef::Env`].
    pub fn by_name(&self) -> [(&'static str, &PlainSecret); 3] {
        [
            (secret_names::COMMUNITY, &self.community),
            (secret_names::AUTH, &self.auth),
            (secret_names::PRIVACY, &self.privacy),
        ]
    }
}

/// A hospital in operation; it ends with it.
pub struct House {
    world: Arc<World>,
    server: Server,
}

impl House {
    /// Opens it at its start; `hospital.port` zero takes a free port.
    pub fn open(hospital: Hospital, scenario: Scenario, secrets: &Secrets) -> io::Result<Self> {
        let port = hospital.port;
        let world = Arc::new(World::new(hospital, scenario));
        let keys = UserKeys::derive(
            Some((AuthProtocol::Sha256, secrets.auth.bytes())),
            Some((PrivProtocol::Aes128, secrets.privacy.bytes())),
        )
        .map_err(io::Error::other)?;
        let mut directory = Directory::default();
        for (place, device) in world.hospital.devices.iter().enumerate() {
            if device.class.touch() <= TouchPolicy::Passive {
                directory.watch(device.address);
            }
            let subject = || HospitalAgent::new(world.clone(), place);
            let size = if device.class.is_network() || device.product.vendor == "Dell" {
                LARGE_RESPONSE
            } else {
                SMALL_RESPONSE
            };
            let agent = match device.speaks {
                Speaks::Nothing => continue,
                Speaks::V2c => {
                    Agent::new(subject(), Community::Only(secrets.community.clone()), size)
                }
                Speaks::V3 => Agent::new(subject(), Community::None, size).with_user(
                    &HospitalAgent::engine_id(device),
                    V3_USER.as_bytes(),
                    &keys,
                ),
            };
            let agent = Arc::new(agent);
            if place == 0 {
                // the root is the gateway of every segment
                for segment in 0..world.hospital.segments.len() {
                    if let Some(gateway) = world.hospital.gateway(segment) {
                        directory.agent(gateway, agent.clone());
                    }
                }
            }
            directory.agent(device.address, agent);
        }
        // nobody declared it, it stands in a clinical segment: passive
        directory.watch(world.hospital.cast.stranger.address);
        let listen = Listen {
            port,
            ..Listen::default()
        };
        let server = Server::start(directory, listen, SimClock::default())?;
        Ok(Self { world, server })
    }

    /// Its register, with the port it really serves on.
    pub fn site(&self) -> Site {
        let mut site = self.world.hospital.site.clone();
        for device in &mut site.devices {
            device.snmp_port = Some(self.server.port());
        }
        site
    }

    /// What happens in it.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Its time, to be pushed on by tests.
    pub fn clock(&self) -> &SimClock {
        self.server.clock()
    }

    /// What came so far; `watched` holds the addresses of everything never or only passively touched.
    pub fn counts(&self) -> Counts {
        self.server.counts()
    }

    /// How many devices answer SNMP.
    pub fn agents(&self) -> usize {
        self.world.hospital.agents().count()
    }

    fn device(&self, name: &str) -> Option<&Device> {
        let mut devices = self.world.hospital.devices.iter();
        devices.find(|d| d.name == name)
    }

    /// Where a device is asked, by name.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        let device = self.device(name)?;
        Some((device.address, self.port()).into())
    }

    /// The agent of a device, by name, for tests that let it misbehave.
    pub fn agent(&self, name: &str) -> Option<&Arc<Agent>> {
        let device = self.device(name)?;
        self.server.population().at(device.address)
    }

    /// Ends it.
    pub fn stop(&mut self) {
        self.server.stop();
    }
}
