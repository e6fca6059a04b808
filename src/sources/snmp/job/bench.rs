//! The plan `bench` of CLI.md: sysUpTime, sysName, sysDescr, and octets in and out with the status of each interface, in as few
//! answers as they fit.

use smallvec::SmallVec;

use super::{Report, failed, number32, text};
use crate::event::{IfCountersV1, IfSampleV1, SysGroupV1};
use crate::model::{IfIndex, IfStatus, PartKind, Role};
use crate::sources::snmp::io::Io;
use crate::wire::snmp::{Value, ValueRef};

pub(super) async fn run(io: Io) -> Report {
    let (Some(names), Some(columns)) = (
        io.part(PartKind::BenchSystem),
        io.part(PartKind::BenchInterfaces),
    ) else {
        return Report::default();
    };
    let values = match names.get(&io).await {
        Ok(values) => values,
        Err(failure) => return failed(failure),
    };
    let value = |role| values.get(names.scalar(role));
    let uptime = number32(value(Role::SysUpTime));
    // as many rows as there are, so that all come in one answer
    let rows = value(Role::IfNumber)
        .and_then(Value::as_u64)
        .and_then(|n| usize::try_from(n).ok())
        .filter(|n| *n > 0);
    let table = columns.walk(&io, rows).await;
    let (status, input, output) = (
        columns.column(Role::IfOperStatus),
        columns.column(Role::IfHcInOctets),
        columns.column(Role::IfHcOutOctets),
    );
    let beside = columns.beside(Role::SysUpTime);
    let uptimes: SmallVec<[Option<u32>; 4]> = (0..table.answers())
        .map(|pdu| number32(table.at(pdu, beside)))
        .collect();
    let mut interfaces = Vec::with_capacity(table.rows.len());
    interfaces.extend(table.rows.iter().filter_map(|(index, row)| {
        let n = |column| table.value(row, column).and_then(ValueRef::as_u64);
        let (pdu, _) = row.first()?.place()?;
        Some(IfSampleV1 {
            index: IfIndex(*index.first()?),
            meta: None,
            admin: IfStatus::Unknown,
            oper: IfStatus::from_mib(n(status).unwrap_or(0) as i64),
            counters: Some(IfCountersV1 {
                in_octets: n(input)?,
                out_octets: n(output)?,
                errors: 0,
                wide: true,
                discontinuity: 0,
                uptime: (*uptimes.get(pdu as usize)?)?,
            }),
        })
    }));
    Report {
        system: Some(SysGroupV1 {
            descr: text(value(Role::SysDescr)),
            object_id: crate::model::Text::empty(),
            contact: crate::model::Text::empty(),
            name: text(value(Role::SysName)),
            location: crate::model::Text::empty(),
            services: None,
        }),
        uptime,
        interfaces,
        interfaces_whole: table.whole,
        failure: table.failure,
        ..Report::default()
    }
}
