//! The register of the hospital, as its site file would declare it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Device, Hospital, Speaks, V3_USER, catalog, secret_names, shape::Kind};
use crate::model::{
    AuthProtocol, Credential, CredentialKind, DeviceClass, DeviceSpec, FirmwareSpec, LimitSpec,
    PrivProtocol, SecretRef, SegmentSpec, SensorKind, Site, VendorSpec, WardSpec,
};

/// Everything but the stranger.
pub(super) fn register(hospital: &Hospital) -> Site {
    Site {
        name: "St. Brigid General".into(),
        time_zone: "Europe/Dublin".into(),
        segments: hospital
            .segments
            .iter()
            .map(|s| SegmentSpec {
                name: s.name.as_str().into(),
                vlan: s.vlan,
                nets: vec![s.net.into()],
                clinical: s.kind.is_clinical(),
                touch: None,
                unknown: None,
                ward: if s.kind.is_clinical() {
                    s.name.as_str().into()
                } else {
                    "".into()
                },
                ..SegmentSpec::default()
            })
            .collect(),
        devices: (0..hospital.devices.len())
            .map(|d| device(hospital, d))
            .collect(),
        classes: Vec::new(),
        credentials: credentials(),
        links: Vec::new(),
        wards: wards(hospital),
        vendors: vendors(hospital),
        biomed_on_call: "R. Okafor, biomedical engineering, +1 555 0142".into(),
        collector_at: "core-1".into(),
        firmware: vec![FirmwareSpec {
            model: catalog::PUMP_MODEL.into(),
            class: Some(DeviceClass::InfusionPump),
            minimum: catalog::PUMP_MINIMUM.into(),
        }],
        limits: vec![LimitSpec {
            name: "refrigerator".into(),
            kind: Some(SensorKind::Temperature),
            low: Some(2_000),
            high: Some(8_000),
            for_s: 120,
            ..LimitSpec::default()
        }],
        ..Site::default()
    }
}

fn device(hospital: &Hospital, at: usize) -> DeviceSpec {
    let device: &Device = &hospital.devices[at];
    let text = |s: &str| s.into();
    let mut addresses: Vec<IpAddr> = vec![device.address.into()];
    if at == 0 {
        // the root is the gateway of every segment
        addresses.extend(
            (0..hospital.segments.len())
                .filter_map(|s| hospital.gateway(s))
                .filter(|g| *g != device.address)
                .map(IpAddr::from),
        );
    }
    DeviceSpec {
        name: text(&device.name),
        addresses,
        macs: vec![device.mac],
        class: device.class,
        care: None,
        // a monitor's readings stand in tables
        touch: (device.class == DeviceClass::Sensor).then_some(crate::model::TouchPolicy::Full),
        segment: text(&hospital.segments[device.segment].name),
        vendor: text(device.product.vendor),
        model: text(device.product.model),
        firmware: text(device.firmware),
        serial: text(&device.serial),
        ward: text(&device.ward),
        room: text(&device.room),
        owner: text(if device.class.is_medical() {
            "Biomedical engineering"
        } else {
            "IT"
        }),
        tag: text(&device.tag),
        credentials: match device.speaks {
            Speaks::Nothing => Vec::new(),
            Speaks::V2c => vec!["demo-v2c".into()],
            Speaks::V3 => vec!["demo-v3".into()],
        },
        // for those that speak nothing as well: a packet that should not be sent then arrives where it is counted
        snmp_port: Some(hospital.port),
        v2c_fallback: None,
        answers_from_any_address: None,
        in_flight: None,
    }
}

fn credentials() -> Vec<Credential> {
    let env = |name: &str| SecretRef::Env(name.to_owned());
    vec![
        Credential {
            name: "demo-v2c".into(),
            how: CredentialKind::V2c {
                community: env(secret_names::COMMUNITY),
            },
        },
        Credential {
            name: "demo-v3".into(),
            how: CredentialKind::V3 {
                user: V3_USER.into(),
                auth: Some((AuthProtocol::Sha256, env(secret_names::AUTH))),
                privacy: Some((PrivProtocol::Aes128, env(secret_names::PRIVACY))),
                context: "".into(),
            },
        },
    ]
}

fn wards(hospital: &Hospital) -> Vec<WardSpec> {
    hospital
        .segments
        .iter()
        .filter(|s| s.kind.is_clinical() || s.kind == Kind::Administration)
        .enumerate()
        .map(|(n, s)| WardSpec {
            name: s.name.as_str().into(),
            phone: format!("+1 555 {:04}", 110 + n).as_str().into(),
            downtime: match s.kind {
                Kind::Icu => "bedside alarms stay local: one nurse a bed, charts on paper",
                Kind::Or => "no new case starts; running cases chart on paper",
                Kind::Radiology => "images stay on the modality; read there, send later",
                Kind::Pharmacy => "cabinets open by key, two signatures",
                Kind::Laboratory => "results by telephone, read back",
                Kind::Emergency => "track patients on the whiteboard",
                _ => "",
            }
            .into(),
        })
        .collect()
}

fn vendors(hospital: &Hospital) -> Vec<VendorSpec> {
    let names: BTreeSet<&str> = hospital.devices.iter().map(|d| d.product.vendor).collect();
    names
        .into_iter()
        .enumerate()
        .map(|(n, name)| VendorSpec {
            name: name.into(),
            phone: format!("+1 555 {:04}", 500 + n).as_str().into(),
            contract: format!("SB-2026-{:03}, 24x7, 4 h on site", 101 + n)
                .as_str()
                .into(),
        })
        .collect()
}
