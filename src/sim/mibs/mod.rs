//! What the devices of the hospital can be asked, by MIB. Built for one snapshot of the world; only counters and clocks move within it.

mod addresses;
mod bridge;
mod entity;
mod host;
mod interfaces;
mod lldp;
mod power;
mod sensors;
mod system;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use interfaces::{IF_ADMIN_STATUS, svi_index};

use super::agent::{SetError, Subject};
use super::hospital::{Device, Hospital};
use super::mib::{Mib, MibBuilder};
use super::world::{Snapshot, World, uptime_cs};
use crate::model::DeviceClass;
use crate::wire::snmp::{Oid, Value, VarBind};

/// A device of the hospital as an agent.
pub struct HospitalAgent {
    world: Arc<World>,
    device: usize,
    known: Mutex<Option<Known>>,
}

struct Known {
    epoch: (Duration, u64),
    mib: Arc<Mib>,
}

/// What building a part of a MIB needs.
pub(super) struct Scene {
    world: Arc<World>,
    device: usize,
    now: Arc<Snapshot>,
}

impl Scene {
    fn hospital(&self) -> &Hospital {
        &self.world.hospital
    }

    fn device(&self) -> &Device {
        &self.world.hospital.devices[self.device]
    }

    /// Hundredths of a second since its boot, at any moment of this snapshot.
    fn uptime(&self) -> impl Fn(Duration) -> u32 + Send + Sync + 'static {
        let (world, device, boot) = (self.world.clone(), self.device, self.now.boot(self.device));
        move |at| uptime_cs(&world.hospital, device, boot, at)
    }
}

/// Puts arcs behind a prefix.
fn oid(prefix: &[u32], more: &[u32]) -> Vec<u32> {
    [prefix, more].concat()
}

fn text(value: &str) -> Value {
    Value::Octets(value.as_bytes().to_vec())
}

impl HospitalAgent {
    /// The agent of a device (its place in [`Hospital::devices`]).
    pub fn new(world: Arc<World>, device: usize) -> Self {
        Self {
            world,
            device,
            known: Mutex::default(),
        }
    }

    /// Its snmpEngineID: enterprise, format MAC (RFC 3411, 5).
    pub fn engine_id(device: &Device) -> Vec<u8> {
        let enterprise: u32 = match device.product.vendor {
            "Cisco" => 9,
            "Fortinet" => 12_356,
            _ => 8_072,
        };
        let mut id = (enterprise | 0x8000_0000).to_be_bytes().to_vec();
        id.push(3);
        id.extend(device.mac.0);
        id
    }

    fn build(&self, now: Arc<Snapshot>) -> Mib {
        let scene = Scene {
            world: self.world.clone(),
            device: self.device,
            now,
        };
        let mut mib = MibBuilder::default();
        system::add(&scene, &mut mib);
        interfaces::add(&scene, &mut mib);
        match scene.device().class {
            DeviceClass::Router | DeviceClass::Switch => {
                bridge::add(&scene, &mut mib);
                lldp::add(&scene, &mut mib);
                entity::add(&scene, &mut mib);
                sensors::switch(&scene, &mut mib);
                if self.device == 0 {
                    addresses::add(&scene, &mut mib);
                }
            }
            DeviceClass::Firewall | DeviceClass::WirelessController | DeviceClass::Storage => {
                entity::add(&scene, &mut mib);
            }
            DeviceClass::Ups => power::add(&scene, &mut mib),
            DeviceClass::Printer => host::printer(&scene, &mut mib),
            DeviceClass::Server => {
                host::server(&scene, &mut mib);
                sensors::dhcp(&scene, &mut mib);
            }
            DeviceClass::Sensor => sensors::monitor(&scene, &mut mib),
            _ => {}
        }
        mib.build()
    }
}

impl Subject for HospitalAgent {
    fn mib(&self, at: Duration) -> Arc<Mib> {
        let now = self.world.at(at);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some(known) if known.epoch == now.epoch() => known.mib.clone(),
            _ => {
                let epoch = now.epoch();
                let mib = Arc::new(self.build(now));
                *known = Some(Known {
                    epoch,
                    mib: mib.clone(),
                });
                mib
            }
        }
    }

    fn is_there(&self, at: Duration) -> bool {
        self.world.at(at).reaches(self.device)
    }

    fn engine(&self, at: Duration) -> (u32, u32) {
        system::engine(&self.world, self.device, &self.world.at(at), at)
    }

    fn set(&self, at: Duration, varbinds: &[VarBind]) -> Result<(), SetError> {
        let hospital = &self.world.hospital;
        let column = Oid::new(IF_ADMIN_STATUS);
        let mut changes = Vec::new();
        for (place, varbind) in varbinds.iter().enumerate() {
            let refuse = |status| SetError {
                status,
                index: place + 1,
            };
            let index = match varbind.oid.suffix(&column) {
                Some([index]) => *index,
                _ => return Err(refuse(SetError::NOT_WRITABLE)),
            };
            let port = hospital.devices[self.device]
                .ports
                .clone()
                .find(|p| hospital.ports[*p].if_index == index)
                .ok_or(refuse(SetError::NO_CREATION))?;
            let up = match varbind.value {
                Value::Integer(1) => true,
                Value::Integer(2) => false,
                Value::Integer(_) => return Err(refuse(SetError::WRONG_VALUE)),
                _ => return Err(refuse(SetError::WRONG_TYPE)),
            };
            changes.push((port, up));
        }
        for (port, up) in changes {
            if !self.world.set_admin(at, port, up) {
                return Err(SetError {
                    status: SetError::RESOURCE,
                    index: 1,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
