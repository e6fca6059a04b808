//! The system group: one GET, and nothing is walked before it came.

use std::sync::LazyLock;

use super::{Report, failed, number32, text};
use crate::event::SysGroupV1;
use crate::model::{FactKey, Text, hex};
use crate::sources::snmp::io::Io;
use crate::sources::snmp::names::{
    ENGINE_BOOTS, ENGINE_ID, SYS_CONTACT, SYS_DESCR, SYS_LOCATION, SYS_NAME, SYS_OBJECT_ID,
    SYS_SERVICES, SYS_UP_TIME, oid,
};
use crate::sources::snmp::walk::{self, Names};
use crate::wire::snmp::Value;

pub(super) async fn run(io: Io) -> Report {
    static ASKED: LazyLock<Names> = LazyLock::new(|| {
        Names::fixed(&[
            SYS_UP_TIME,
            SYS_DESCR,
            SYS_OBJECT_ID,
            SYS_CONTACT,
            SYS_NAME,
            SYS_LOCATION,
            SYS_SERVICES,
            ENGINE_ID,
            ENGINE_BOOTS,
        ])
    });
    let values = match walk::get_all(&io, &ASKED).await {
        Ok(values) => values,
        Err(failure) => return failed(failure),
    };
    let value = |n: usize| values.get(n);
    let system = SysGroupV1 {
        descr: text(value(1)),
        object_id: value(2)
            .and_then(Value::as_oid)
            .map_or_else(Text::empty, |oid| oid.to_string().into()),
        contact: text(value(3)),
        name: text(value(4)),
        location: text(value(5)),
        services: number32(value(6)),
    };
    let mut memory = io.memory();
    let facts = memory.news(vec![(FactKey::EngineId, engine_id(value(7)))]);
    let changed = memory.system.as_ref() != Some(&system);
    if changed {
        memory.system = Some(system.clone());
    }
    Report {
        uptime: number32(value(0)),
        boots: number32(value(8)),
        system: changed.then_some(system),
        facts,
        ..Report::default()
    }
}

pub(super) async fn touch(io: Io) -> Report {
    match walk::get(&io, &[oid(SYS_UP_TIME)]).await {
        Ok(values) => Report {
            uptime: number32(values.first()),
            ..Report::default()
        },
        Err(failure) => failed(failure),
    }
}

fn engine_id(value: Option<&Value>) -> Text {
    let octets = value.and_then(Value::as_octets).unwrap_or_default();
    // it has 32 octets at the most (RFC 3411, 5)
    hex(octets.get(..32).unwrap_or(octets)).into()
}
