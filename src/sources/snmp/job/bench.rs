//! The plan `bench` of CLI.md: sysUpTime, sysName, sysDescr, and octets in and out with the status of each interface, in as few
//! answers as they fit.

use std::sync::LazyLock;

use super::{Report, failed, number32, text};
use crate::event::{IfCountersV1, IfSampleV1, SysGroupV1};
use crate::model::{IfIndex, IfStatus};
use crate::sources::snmp::io::Io;
use crate::sources::snmp::names::{
    IF_HC_IN_OCTETS, IF_HC_OUT_OCTETS, IF_NUMBER, IF_OPER_STATUS, SYS_DESCR, SYS_NAME, SYS_UP_TIME,
};
use crate::sources::snmp::walk::{self, Columns, Names, Table};
use crate::wire::snmp::Value;

/// Interfaces of one agent.
const CAP: usize = 4_096;
/// Rows of the first GETBULK: some 5 kB of answer.
const ROWS: u64 = 64;

pub(super) async fn run(io: Io) -> Report {
    static NAMES: LazyLock<Names> =
        LazyLock::new(|| Names::fixed(&[SYS_UP_TIME, SYS_NAME, SYS_DESCR, IF_NUMBER]));
    static COLUMNS: LazyLock<Columns> = LazyLock::new(|| {
        Columns::new(
            &[SYS_UP_TIME],
            &[IF_HC_IN_OCTETS, IF_HC_OUT_OCTETS, IF_OPER_STATUS],
        )
    });
    let values = match walk::get_all(&io, &NAMES).await {
        Ok(values) => values,
        Err(failure) => return failed(failure),
    };
    let uptime = number32(values.first());
    // one row more than there are, so that the end of the columns is seen in the same answer
    let rows = values
        .get(3)
        .and_then(Value::as_u64)
        .map_or(10, |n| (n + 1).clamp(1, ROWS)) as u16;
    let table = walk::all_columns(&io, &COLUMNS, CAP, Some(rows)).await;
    let interfaces = table
        .rows
        .iter()
        .filter_map(|(index, row)| {
            let n = |column| Table::value(row, column).and_then(Value::as_u64);
            let pdu = row.first().and_then(Option::as_ref).map(|(pdu, _)| *pdu);
            Some(IfSampleV1 {
                index: IfIndex(*index.first()?),
                meta: None,
                admin: IfStatus::Unknown,
                oper: IfStatus::from_mib(n(2).unwrap_or(0) as i64),
                counters: Some(IfCountersV1 {
                    in_octets: n(0)?,
                    out_octets: n(1)?,
                    errors: 0,
                    wide: true,
                    discontinuity: 0,
                    uptime: pdu.and_then(|pdu| number32(table.at(pdu, 0)))?,
                }),
            })
        })
        .collect();
    Report {
        system: Some(SysGroupV1 {
            descr: text(values.get(2)),
            object_id: crate::model::Text::empty(),
            contact: crate::model::Text::empty(),
            name: text(values.get(1)),
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
