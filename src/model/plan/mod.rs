//! Poll plans as plain data: what is asked of which devices, how often, and how much of it at the most. A plan is what a file of
//! `config/polls` says, with the site's intervals put in. With the plans go the sensor tables, which say what is asked in their
//! part `sensors`.

mod beside;
mod diff;
mod form;
mod oid;
mod priority;
mod role;
mod select;
mod tables;

#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;

pub use diff::{Difference, Step};
pub use oid::PlanOid;
pub use priority::Priority;
pub use role::{PartKind, PartShape, Role};
pub use select::Asked;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DeviceClass, Job, SensorTable, Text};

/// One object that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Column {
    /// What it is good for.
    pub role: Role,
    /// The column, or for a scalar its instance.
    pub oid: PlanOid,
}

/// What is asked together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PollPart {
    /// Which.
    pub kind: PartKind,
    /// Seconds from one asking to the next. Where there is a hint, that is looked at so often.
    pub interval_s: u32,
    /// Seconds after which it is given up.
    pub deadline_s: u32,
    /// Rows of one table, at the most; zero for a GET.
    pub rows: u32,
    /// Bytes of one table, at the most; zero for a GET.
    pub bytes: u32,
    /// The scalar whose move makes the table worth reading.
    pub hint: Option<Column>,
    /// The table is read after so many seconds all the same.
    pub whole_s: u32,
    /// Where the agent does not have the hint, the table is read every so many seconds.
    pub unhinted_s: u32,
    /// Its columns are counters: each answer carries the uptime they were read at, and they are never skipped.
    pub counters: bool,
    /// Asked by GET.
    pub get: Vec<Column>,
    /// Asked in every answer beside the rows.
    pub beside: Vec<Column>,
    /// The columns of the table.
    pub columns: Vec<Column>,
}

impl PollPart {
    /// It needs more than GETs, and with them the touch policy `full`.
    pub fn walks(&self) -> bool {
        !self.kind.shape().columns.is_empty()
    }

    /// Every object it asks for, with how.
    pub fn objects(&self) -> impl Iterator<Item = &Column> {
        self.get
            .iter()
            .chain(&self.beside)
            .chain(&self.columns)
            .chain(&self.hint)
    }

    /// The object of a role, where the plan asks for it.
    pub fn object(&self, role: Role) -> Option<&Column> {
        self.objects().find(|c| c.role == role)
    }
}

/// What one file says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PollPlan {
    /// Its name; a file of the site with the same name takes its place.
    pub name: Text,
    /// Grows when what it asks changes.
    pub version: u32,
    /// One line of what it is for.
    pub title: Text,
    /// The job its parts belong to; none for what is only asked when a person says so.
    pub job: Option<Job>,
    /// For devices of these classes; empty for all.
    pub classes: Vec<DeviceClass>,
    /// Not for these.
    pub except: Vec<DeviceClass>,
    /// For models whose `sysObjectID` begins so; empty for all.
    pub models: Vec<PlanOid>,
    /// Whether it goes before others; none where the plan does not say it ([`PollPlan::priority`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// What is asked.
    pub parts: Vec<PollPart>,
}

/// The plans that are in force together, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PollPlans {
    plans: Vec<PollPlan>,
    /// In the order in which they are asked; none in a log from before they stood among the plans.
    tables: Option<Arc<Vec<SensorTable>>>,
}

impl PollPlans {
    /// Plans by name; of two with the same name the later one counts.
    pub fn new(plans: impl IntoIterator<Item = PollPlan>) -> Self {
        let mut list: Vec<PollPlan> = Vec::new();
        for plan in plans {
            match list.iter_mut().find(|p| p.name == plan.name) {
                Some(place) => *place = plan,
                None => list.push(plan),
            }
        }
        list.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            plans: list,
            tables: None,
        }
    }

    /// The same plans with these sensor tables, in the order in which they are asked.
    #[must_use]
    pub fn with_tables(self, tables: Arc<Vec<SensorTable>>) -> Self {
        Self {
            tables: Some(tables),
            ..self
        }
    }

    /// The sensor tables; none where nothing is said of them, which means those that are shipped.
    pub fn sensor_tables(&self) -> Option<&Arc<Vec<SensorTable>>> {
        self.tables.as_ref()
    }

    fn tables(&self) -> &[SensorTable] {
        self.tables.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Devices are asked exactly the same by these plans as by others, whatever either calls it and whichever goes first.
    pub fn asks_like(&self, other: &Self) -> bool {
        self.reads_like(other) && self.tables == other.tables
    }

    /// The same, sensor tables aside.
    pub fn reads_like(&self, other: &Self) -> bool {
        let asks = |p: &PollPlan| PollPlan {
            version: 0,
            title: Text::empty(),
            priority: None,
            ..p.clone()
        };
        self.iter().map(asks).eq(other.iter().map(asks))
    }

    /// None at all: a configuration from before there were plans.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    /// All, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &PollPlan> {
        self.plans.iter()
    }

    /// One by its name.
    pub fn get(&self, name: &str) -> Option<&PollPlan> {
        self.plans.iter().find(|p| p.name.as_str() == name)
    }
}
