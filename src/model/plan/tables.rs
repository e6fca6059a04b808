//! What a change of the sensor tables means for a device. Tables are taken over or left one by one: each is asked by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Difference, PartKind, PlanOid, PollPlans, Role, Step};
use crate::model::{DeviceClass, SensorTable, Text};

/// A table among the others, in whose order they are asked.
#[derive(Clone, Copy)]
struct Among<'a> {
    table: &'a SensorTable,
    all: &'a [SensorTable],
}

impl<'a> Among<'a> {
    fn find(id: &str, all: &'a [SensorTable]) -> Option<Self> {
        let table = all.iter().find(|t| t.id == id)?;
        Some(Self { table, all })
    }

    /// Rows that are asked for at the most.
    fn rows(self) -> u32 {
        if self.table.scalar {
            1
        } else {
            u32::try_from(self.table.rows).unwrap_or(u32::MAX)
        }
    }

    /// Columns that are asked at each reading.
    fn moving(self) -> BTreeSet<PlanOid> {
        self.table.moving().into_iter().map(PlanOid::from).collect()
    }

    /// Every column that is asked, at each reading or when a row is new.
    fn objects(self) -> BTreeSet<PlanOid> {
        let mut all = self.moving();
        all.extend(self.table.looked_up().into_iter().map(PlanOid::from));
        all
    }

    /// It is not asked where this one gave sensors: only what was asked before it can have given some.
    fn is_spared_by(self, id: &str) -> bool {
        let before = self.all.iter().take_while(|t| t.id != self.table.id);
        self.table.unless.iter().any(|u| u == id) && before.into_iter().any(|t| t.id == id)
    }

    /// Is it asked of any device of which the other one is not? A table that is gone spares nothing, and grows nothing: what stands in
    /// its place was consented to.
    fn is_of_more_than(self, other: Self) -> bool {
        let under = |all: &[Vec<u32>], one: &[u32]| all.iter().any(|p| one.starts_with(p));
        let of = match (other.table.of.as_slice(), self.table.of.as_slice()) {
            ([], _) => false,
            (_, []) => true,
            (before, after) => !after.iter().all(|p| under(before, p)),
        };
        let excepted = &other.table.not_of;
        let not_of = !excepted.iter().all(|p| under(&self.table.not_of, p));
        let mut spared = other.table.unless.iter().filter(|u| other.is_spared_by(u));
        let unless = spared.any(|u| Self::find(u, self.all).is_some() && !self.is_spared_by(u));
        of || not_of || unless
    }
}

fn steps(before: Option<Among<'_>>, after: Option<Among<'_>>) -> Vec<Step> {
    let (before, after) = match (before, after) {
        (None, None) => return Vec::new(),
        (None, Some(table)) => {
            return vec![Step::TableBegins {
                objects: table.objects().len() as u32,
                rows: table.rows(),
            }];
        }
        (Some(_), None) => return vec![Step::Ends],
        (Some(before), Some(after)) => (before, after),
    };
    let mut out = Vec::new();
    if before.rows() != after.rows() {
        out.push(Step::Rows(before.rows(), after.rows()));
    }
    match (after.is_of_more_than(before), before.is_of_more_than(after)) {
        (true, _) => out.push(Step::OfMore),
        (false, true) => out.push(Step::OfFewer),
        (false, false) => {}
    }
    let (had, has) = (before.objects(), after.objects());
    let adds = has.difference(&had).cloned();
    out.extend(adds.map(|oid| Step::Adds(Role::Other, oid)));
    let drops = had.difference(&has).cloned();
    out.extend(drops.map(|oid| Step::Drops(Role::Other, oid)));
    let (moved, moves) = (before.moving(), after.moving());
    let oftener = moves.difference(&moved).filter(|oid| had.contains(oid));
    out.extend(oftener.cloned().map(Step::EachTime));
    let seldomer = moved.difference(&moves).filter(|oid| has.contains(oid));
    out.extend(seldomer.cloned().map(Step::WhenNew));
    out
}

fn oids(all: &[Vec<u32>]) -> Vec<PlanOid> {
    all.iter().map(|m| PlanOid::from(m.as_slice())).collect()
}

impl PollPlans {
    /// Classes of devices that are asked for sensors.
    fn classes_with_sensors<'a>(&'a self, after: &'a Self) -> Vec<DeviceClass> {
        let asks = |plans: &Self, class| {
            let mut models = 0..=plans.models().len() as u16;
            models.any(|model| {
                let asked = plans.asked(class, model);
                asked.iter().any(|a| a.part.kind == PartKind::Sensors)
            })
        };
        let all = DeviceClass::ALL.iter().copied();
        all.filter(|class| asks(self, *class) || asks(after, *class))
            .collect()
    }

    /// What it means for the sensor tables to go over to other plans. Plans from before the tables stood in them say nothing: what
    /// was asked beside them nobody had to consent to.
    pub(super) fn table_differences(&self, after: &Self) -> Vec<Difference> {
        if self.tables.is_none() || after.tables.is_none() {
            return Vec::new();
        }
        let (had, has) = (self.tables(), after.tables());
        let gone = had
            .iter()
            .filter(|t| Among::find(&t.id, has).is_none())
            .collect::<Vec<_>>();
        let mut out: Vec<Difference> = Vec::new();
        for table in has.iter().chain(gone) {
            let before = Among::find(&table.id, had);
            let steps = steps(before, Among::find(&table.id, has));
            if steps.is_empty() {
                continue;
            }
            // those that are no longer asked had it before
            let about = match before {
                Some(before) if steps.contains(&Step::OfFewer) => before.table,
                _ => table,
            };
            out.push(Difference {
                plan: Text::from(table.id.as_str()),
                is_table: true,
                versions: (0, 0),
                part: Some(PartKind::Sensors),
                classes: self.classes_with_sensors(after),
                models: oids(&about.of),
                except: oids(&about.not_of),
                steps,
            });
        }
        out
    }

    /// The tables that may be asked before anybody consented: each as it is offered where that asks for no more, and as it was
    /// where it does.
    pub(super) fn tables_with_less(&self, offered: &Self) -> Option<Arc<Vec<SensorTable>>> {
        if self.tables.is_none() || offered.tables.is_none() {
            return offered.tables.clone();
        }
        let (had, has) = (self.tables(), offered.tables());
        let is_more = |id: &str| {
            let steps = steps(Among::find(id, had), Among::find(id, has));
            steps.iter().any(Step::is_more)
        };
        if !has.iter().any(|t| is_more(&t.id)) {
            return offered.tables.clone();
        }
        // in the order that was accepted: what goes before another may spare it
        let taken = had.iter().filter_map(|before| {
            let after = has.iter().find(|t| t.id == before.id)?;
            let more = is_more(&before.id);
            Some(if more { before } else { after }.clone())
        });
        let taken: Vec<SensorTable> = taken.collect();
        // the same list stays the same piece of memory
        let same = self.tables.as_ref().filter(|list| ***list == taken);
        Some(same.map_or_else(|| Arc::new(taken), Arc::clone))
    }
}
