//! What was asked beside the plans, before sensor tables and the resources of hosts stood in them.

use std::borrow::Cow;

use super::{Column, PartKind, PlanOid, PollPart, PollPlans, Role};

/// hrStorageEntry and hrProcessorEntry (RFC 2790).
const STORAGE: [u32; 10] = [1, 3, 6, 1, 2, 1, 25, 2, 3, 1];
const PROCESSOR: [u32; 10] = [1, 3, 6, 1, 2, 1, 25, 3, 3, 1];

/// The entry of a table, and its columns.
type Entry = ([u32; 10], &'static [(Role, u32)]);

/// The parts, with their columns as the code had them.
const PARTS: [(PartKind, Entry); 2] = [
    (
        PartKind::Storage,
        (
            STORAGE,
            &[
                (Role::HrStorageType, 2),
                (Role::HrStorageDescr, 3),
                (Role::HrStorageUnits, 4),
                (Role::HrStorageSize, 5),
                (Role::HrStorageUsed, 6),
            ],
        ),
    ),
    (
        PartKind::Processors,
        (PROCESSOR, &[(Role::HrProcessorLoad, 2)]),
    ),
];
/// Its rows and octets at the most.
const ROWS: u32 = 256;
const BYTES: u32 = 16 << 20;

impl PollPlans {
    /// In a log from before the sensor tables stood among the plans, these and the resources of hosts were asked beside them,
    /// wherever sensors were: that is not more now. With those parts put in as often as sensors were asked.
    pub(super) fn with_what_was_beside(&self, offered: &Self) -> Cow<'_, Self> {
        if self.tables.is_some() || offered.tables.is_none() {
            return Cow::Borrowed(self);
        }
        let mut now = self.clone();
        for plan in &mut now.plans {
            let sensors = plan.parts.iter().find(|p| p.kind == PartKind::Sensors);
            let Some((interval_s, deadline_s)) = sensors.map(|p| (p.interval_s, p.deadline_s))
            else {
                continue;
            };
            for (kind, (entry, columns)) in PARTS {
                let column = |(role, arc): &(Role, u32)| Column {
                    role: *role,
                    oid: PlanOid::from([&entry[..], &[*arc]].concat().as_slice()),
                };
                plan.parts.push(PollPart {
                    kind,
                    interval_s,
                    deadline_s,
                    rows: ROWS,
                    bytes: BYTES,
                    hint: None,
                    whole_s: 0,
                    unhinted_s: 0,
                    counters: false,
                    get: Vec::new(),
                    beside: Vec::new(),
                    columns: columns.iter().map(column).collect(),
                });
            }
        }
        Cow::Owned(now)
    }
}
