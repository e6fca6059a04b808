//! What a change of the sensor tables means for a device. Tables are taken over or left one by one: each is asked by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Difference, PartKind, PlanOid, PollPlans, Role, Step};
use crate::model::{DeviceClass, SensorTable, Text};

/// Rows that are asked for at the most.
fn rows(table: &SensorTable) -> u32 {
    if table.scalar {
        1
    } else {
        u32::try_from(table.rows).unwrap_or(u32::MAX)
    }
}

fn objects(table: &SensorTable) -> BTreeSet<PlanOid> {
    table.objects().into_iter().map(PlanOid::from).collect()
}

/// Is it asked of any device of which the other one is not? `unless` only spares a table where another one gave the same, so a
/// name there that no table has any more grows nothing.
fn grows(before: &SensorTable, after: &SensorTable) -> bool {
    let under = |all: &[Vec<u32>], one: &[u32]| all.iter().any(|p| one.starts_with(p));
    let of = match (before.of.as_slice(), after.of.as_slice()) {
        ([], _) => false,
        (_, []) => true,
        (before, after) => !after.iter().all(|p| under(before, p)),
    };
    let not_of = !before.not_of.iter().all(|p| under(&after.not_of, p));
    let unless = !before.unless.iter().all(|u| after.unless.contains(u));
    of || not_of || unless
}

fn steps(before: Option<&SensorTable>, after: Option<&SensorTable>) -> Vec<Step> {
    let (before, after) = match (before, after) {
        (None, None) => return Vec::new(),
        (None, Some(table)) => {
            return vec![Step::TableBegins {
                objects: objects(table).len() as u32,
                rows: rows(table),
            }];
        }
        (Some(_), None) => return vec![Step::Ends],
        (Some(before), Some(after)) => (before, after),
    };
    let mut out = Vec::new();
    if rows(before) != rows(after) {
        out.push(Step::Rows(rows(before), rows(after)));
    }
    match (grows(before, after), grows(after, before)) {
        (true, _) => out.push(Step::OfMore),
        (false, true) => out.push(Step::OfFewer),
        (false, false) => {}
    }
    let (had, has) = (objects(before), objects(after));
    let adds = has.difference(&had).cloned();
    out.extend(adds.map(|oid| Step::Adds(Role::Other, oid)));
    let drops = had.difference(&has).cloned();
    out.extend(drops.map(|oid| Step::Drops(Role::Other, oid)));
    out
}

impl PollPlans {
    fn table(&self, id: &str) -> Option<&SensorTable> {
        self.tables().iter().find(|t| t.id == id)
    }

    /// What it means for the sensor tables to go over to other plans. Plans from before the tables stood in them say nothing: what
    /// was asked beside them nobody had to consent to.
    pub(super) fn table_differences(&self, after: &Self) -> Vec<Difference> {
        if self.tables.is_none() || after.tables.is_none() {
            return Vec::new();
        }
        let asks = |plans: &Self, class| {
            let asked = plans.asked(class, 0);
            asked.iter().any(|a| a.part.kind == PartKind::Sensors)
        };
        let classes: Vec<DeviceClass> = DeviceClass::ALL
            .iter()
            .copied()
            .filter(|class| asks(self, *class) || asks(after, *class))
            .collect();
        let gone = self
            .tables()
            .iter()
            .filter(|t| after.table(&t.id).is_none());
        let mut out = Vec::new();
        for table in after.tables().iter().chain(gone) {
            let steps = steps(self.table(&table.id), after.table(&table.id));
            if steps.is_empty() {
                continue;
            }
            let of = table.of.iter().map(|m| Some(PlanOid::from(m.as_slice())));
            let mut models: Vec<Option<PlanOid>> = of.collect();
            if models.is_empty() {
                models.push(None);
            }
            out.extend(models.into_iter().map(|model| Difference {
                plan: Text::from(table.id.as_str()),
                is_table: true,
                versions: (0, 0),
                part: PartKind::Sensors,
                classes: classes.clone(),
                model,
                steps: steps.clone(),
            }));
        }
        out
    }

    /// The tables that may be asked before anybody consented: each as it is offered where that asks for no more, and as it was
    /// where it does.
    pub(super) fn tables_with_less(&self, offered: &Self) -> Option<Arc<Vec<SensorTable>>> {
        if self.tables.is_none() || offered.tables.is_none() {
            return offered.tables.clone();
        }
        let taken = offered.tables().iter().filter_map(|table| {
            let before = self.table(&table.id);
            if steps(before, Some(table)).iter().any(Step::is_more) {
                before.cloned()
            } else {
                Some(table.clone())
            }
        });
        let taken: Vec<SensorTable> = taken.collect();
        // the same list stays the same piece of memory
        [&self.tables, &offered.tables]
            .into_iter()
            .flatten()
            .find(|list| ***list == taken)
            .map_or_else(
                || Some(Arc::new(taken.clone())),
                |list| Some(Arc::clone(list)),
            )
    }
}
