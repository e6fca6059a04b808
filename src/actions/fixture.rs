//! A tiny hospital for the tests of this room: a core, a switch with ports of every kind, and what hangs there.

use std::sync::Arc;

use crate::access::{Person, Role};
use crate::engine::State;
use crate::model::{
    Attachment, Credential, CredentialKind, Device, DeviceClass, DeviceId, Fact, FactKey,
    FactSource, IfIndex, IfStatus, Interface, Link, LinkEnd, LinkId, LinkSource, Mac, Reach,
    ReachFact, SecretRef, Site, Text, Time, TouchPolicyInForce, TouchTable, WardSpec,
};

pub(crate) const NOW: Time = Time(1_700_000_000_000);
pub(crate) const CORE: DeviceId = DeviceId(1);
pub(crate) const SWITCH: DeviceId = DeviceId(2);
pub(crate) const PUMP: DeviceId = DeviceId(10);
pub(crate) const VENT: DeviceId = DeviceId(11);
pub(crate) const DESK: DeviceId = DeviceId(12);
pub(crate) const MONITOR: DeviceId = DeviceId(16);
pub(crate) const ROGUE: DeviceId = DeviceId(17);
pub(crate) const LOOSE: DeviceId = DeviceId(18);

pub(crate) fn ana() -> Person {
    Person {
        name: "ana".into(),
        role: Role::Operator,
    }
}

pub(crate) fn device(id: DeviceId, name: &str, class: DeviceClass) -> Device {
    let address = std::net::IpAddr::from([10, 31, 0, id.0 as u8]);
    Device {
        id,
        name: name.into(),
        class,
        care: class.care(),
        touch: TouchPolicyInForce {
            policy: class.touch(),
            because: Text::from(format!("class {class}")),
            ..TouchPolicyInForce::default()
        },
        address: Some(address),
        addresses: [address].into(),
        macs: [Mac([2, 0, 0, 0, 0, id.0 as u8])].into(),
        declared: true,
        ..Device::default()
    }
}

/// Ports of the switch: index, alias, change.
pub(crate) fn port(index: u32, alias: &str) -> Interface {
    Interface {
        index: IfIndex(index),
        name: Text::from(format!("Gi1/0/{index}")),
        alias: alias.into(),
        kind: 6,
        admin: IfStatus::Up,
        oper: IfStatus::Up,
        ..Interface::default()
    }
}

fn answers() -> ReachFact {
    ReachFact {
        reach: Reach::Answers,
        seen: NOW,
        ..ReachFact::default()
    }
}

fn hang(device: &mut Device, index: u32) {
    device.attached = Some(Attachment {
        switch: SWITCH,
        port: IfIndex(index),
        vlan: 310,
        since: NOW,
        seen: NOW,
    });
}

pub(crate) fn hospital() -> State {
    let mut state = State {
        time: NOW,
        ..State::default()
    };
    let site = Site {
        collector_at: "core-1".into(),
        credentials: vec![Credential {
            name: "ro".into(),
            how: CredentialKind::V2c {
                community: SecretRef::Env("X".into()),
            },
        }],
        wards: vec![WardSpec {
            name: "ICU-3".into(),
            phone: "4711".into(),
            downtime: Text::empty(),
        }],
        ..Site::default()
    };
    state.site = Arc::new(site);

    let mut core = device(CORE, "core-1", DeviceClass::Switch);
    core.snmp = answers();
    core.interfaces = [port(1, ""), port(2, "")].into();

    let mut switch = device(SWITCH, "sw-3f-02", DeviceClass::Switch);
    switch.snmp = answers();
    let mut ports = vec![
        port(5, "desk 5"),
        port(6, ""),
        port(7, ""),
        port(8, "Uplink spare"),
        port(9, ""),
        port(10, ""),
        port(11, ""),
        port(12, ""),
        port(16, "bed 7"),
        port(17, "bed 8"),
        port(21, "bed 9"),
        port(22, ""),
        port(48, ""),
        port(60, ""),
    ];
    for one in &mut ports {
        match one.index.0 {
            10 => one.admin = IfStatus::Down,
            12 => one.oper = IfStatus::Down,
            60 => one.kind = 161,
            _ => {}
        }
    }
    switch.interfaces = ports.into_iter().collect();

    let stations = [
        (PUMP, "pump-icu3-12", DeviceClass::InfusionPump, 21),
        (VENT, "vent-icu3-07", DeviceClass::Ventilator, 17),
        (DESK, "ws-5", DeviceClass::Workstation, 5),
        (DeviceId(13), "tel-6", DeviceClass::Phone, 6),
        (DeviceId(14), "ws-6", DeviceClass::Workstation, 6),
        (DeviceId(15), "ap-7", DeviceClass::AccessPoint, 7),
        (MONITOR, "mon-icu3-01", DeviceClass::PatientMonitor, 16),
        (ROGUE, "b8:27:eb:00:00:01", DeviceClass::Unknown, 11),
        (DeviceId(19), "srv-two-macs", DeviceClass::Server, 22),
    ];
    let mut devices = vec![
        core,
        switch,
        device(LOOSE, "loose", DeviceClass::Workstation),
    ];
    for (id, name, class, index) in stations {
        let mut one = device(id, name, class);
        hang(&mut one, index);
        one.declared = id != ROGUE;
        if id == DeviceId(19) {
            one.macs.insert(Mac([2, 0, 0, 0, 9, 9]));
        }
        if id == MONITOR {
            one.facts = [Fact {
                value: "ICU-3".into(),
                first: 0,
                last: 0,
                key: FactKey::Ward,
                source: FactSource::Site,
                confidence: 100,
            }]
            .into();
        }
        devices.push(one);
    }
    state.devices = devices.into_iter().map(|d| (d.id, Arc::new(d))).collect();
    cable(&mut state, (CORE, Some(1)), (SWITCH, Some(48)));
    state
}

pub(crate) fn cable(state: &mut State, a: (DeviceId, Option<u32>), b: (DeviceId, Option<u32>)) {
    let end = |(device, port): (DeviceId, Option<u32>)| LinkEnd {
        device,
        port: port.map(IfIndex),
    };
    let id = LinkId::new(end(a), end(b));
    state.links.insert(
        id,
        Link {
            id,
            source: LinkSource::LldpBoth,
            up: Some(true),
            since: NOW,
            seen: NOW,
        },
    );
}

pub(crate) fn change(state: &mut State, id: DeviceId, with: impl FnOnce(&mut Device)) {
    let mut device = (**state.devices.get(&id).unwrap()).clone();
    with(&mut device);
    state.devices.insert(id, Arc::new(device));
}

/// The touch table that the engine would have made of it.
pub(crate) fn table(state: &State) -> TouchTable {
    TouchTable {
        revision: 1,
        addresses: state
            .devices
            .values()
            .filter_map(|d| Some((d.address?, d.touch.policy)))
            .collect(),
        unknown: Vec::new(),
        elsewhere: crate::model::TouchPolicy::Passive,
    }
}
