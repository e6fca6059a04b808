//! The system group: one GET, and nothing is walked before it came.

use super::{Report, failed, number32, text};
use crate::event::SysGroupV1;
use crate::model::{FactKey, PartKind, Role, Text, hex};
use crate::sources::snmp::io::Io;
use crate::sources::snmp::names::{SYS_UP_TIME, oid};
use crate::sources::snmp::walk;
use crate::wire::snmp::Value;

pub(super) async fn run(io: Io) -> Report {
    let Some(asked) = io.part(PartKind::System) else {
        // nothing is walked before it answered something
        return touch(io).await;
    };
    let values = match asked.get(&io).await {
        Ok(values) => values,
        Err(failure) => return failed(failure),
    };
    let value = |role| values.get(asked.scalar(role));
    let system = SysGroupV1 {
        descr: text(value(Role::SysDescr)),
        object_id: value(Role::SysObjectId)
            .and_then(Value::as_oid)
            .map_or_else(Text::empty, |oid| oid.to_string().into()),
        contact: text(value(Role::SysContact)),
        name: text(value(Role::SysName)),
        location: text(value(Role::SysLocation)),
        services: number32(value(Role::SysServices)),
    };
    let mut memory = io.memory();
    let facts = memory.news(vec![(FactKey::EngineId, engine_id(value(Role::EngineId)))]);
    let changed = memory.system.as_ref() != Some(&system);
    if changed {
        memory.system = Some(system.clone());
    }
    Report {
        uptime: number32(value(Role::SysUpTime)),
        boots: number32(value(Role::EngineBoots)),
        top_changes: value(Role::StpTopChanges).and_then(Value::as_u64),
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
