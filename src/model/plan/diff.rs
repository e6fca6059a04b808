//! What a change of plans means for a device: what is asked more of it, and what less.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Column, PartKind, PlanOid, PollPart, PollPlan, PollPlans, Priority, Role};
use crate::model::{DeviceClass, Text};

/// One step from one plan to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The whole part is new.
    Begins {
        /// Every so many seconds.
        interval_s: u32,
        /// So many objects.
        objects: u32,
    },
    /// The whole part is gone.
    Ends,
    /// Asked every so many seconds: before, after.
    Interval(u32, u32),
    /// The table is read after so many seconds although nothing moved: before, after.
    Whole(u32, u32),
    /// The table is read every so many seconds where the agent has no hint: before, after.
    Unhinted(u32, u32),
    /// Rows at the most: before, after.
    Rows(u32, u32),
    /// Bytes at the most: before, after.
    Bytes(u32, u32),
    /// Another object is asked for.
    Adds(Role, PlanOid),
    /// An object is no longer asked for.
    Drops(Role, PlanOid),
    /// The table is read at each interval, and was read when its hint had moved.
    LosesHint,
    /// The table is read when its hint has moved, and was read at each interval.
    GainsHint,
    /// The whole sensor table is new.
    TableBegins {
        /// So many columns.
        objects: u32,
        /// So many rows at the most.
        rows: u32,
    },
    /// The sensor table is asked of devices that it was not asked of.
    OfMore,
    /// The sensor table is asked of fewer devices.
    OfFewer,
    /// A column of the sensor table is asked at each reading, and was when a row was new.
    EachTime(PlanOid),
    /// A column of the sensor table is asked when a row is new, and was at each reading.
    WhenNew(PlanOid),
    /// Where not all can be asked at once: before, after.
    Priority(Priority, Priority),
}

impl Step {
    /// It asks more of a device.
    pub fn is_more(&self) -> bool {
        match self {
            Self::Begins { .. }
            | Self::Adds(..)
            | Self::LosesHint
            | Self::TableBegins { .. }
            | Self::OfMore
            | Self::EachTime(_) => true,
            Self::Ends
            | Self::Drops(..)
            | Self::GainsHint
            | Self::OfFewer
            | Self::WhenNew(_)
            | Self::Priority(..) => false,
            Self::Interval(before, after)
            | Self::Whole(before, after)
            | Self::Unhinted(before, after) => after < before,
            Self::Rows(before, after) | Self::Bytes(before, after) => after > before,
        }
    }
}

/// What changes for the devices of some classes and models.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Difference {
    /// The plan as it will be; as it was where it ends. Of a sensor table its id.
    pub plan: Text,
    /// It is a sensor table, and no plan.
    pub is_table: bool,
    /// Its version before and after; zero where there is none, as tables have none.
    pub versions: (u32, u32),
    /// Which part; none where it is about all of them.
    pub part: Option<PartKind>,
    /// For these classes.
    pub classes: Vec<DeviceClass>,
    /// For models whose `sysObjectID` begins so; for all others where it is none.
    pub models: Vec<PlanOid>,
    /// Not for these models.
    pub except: Vec<PlanOid>,
    /// What.
    pub steps: Vec<Step>,
}

impl Difference {
    /// It asks more of a device.
    pub fn is_more(&self) -> bool {
        self.steps.iter().any(Step::is_more)
    }
}

/// Every so many seconds a table is read at the least, where the hint does not move and where there is none.
fn reading(part: &PollPart) -> (u32, u32) {
    match &part.hint {
        Some(_) => (part.whole_s, part.unhinted_s),
        None => (part.interval_s, part.interval_s),
    }
}

fn objects(part: &PollPart) -> BTreeSet<(&PlanOid, Role)> {
    part.objects().map(|c: &Column| (&c.oid, c.role)).collect()
}

fn steps(before: Option<&PollPart>, after: Option<&PollPart>) -> Vec<Step> {
    let (before, after) = match (before, after) {
        (None, None) => return Vec::new(),
        (None, Some(part)) => {
            return vec![Step::Begins {
                interval_s: part.interval_s,
                objects: objects(part).len() as u32,
            }];
        }
        (Some(_), None) => return vec![Step::Ends],
        (Some(before), Some(after)) => (before, after),
    };
    let mut out = Vec::new();
    let unless_same = |out: &mut Vec<Step>, a: u32, b: u32, step: fn(u32, u32) -> Step| {
        if a != b {
            out.push(step(a, b));
        }
    };
    unless_same(
        &mut out,
        before.interval_s,
        after.interval_s,
        Step::Interval,
    );
    unless_same(&mut out, before.rows, after.rows, Step::Rows);
    unless_same(&mut out, before.bytes, after.bytes, Step::Bytes);
    let (was, is) = (reading(before), reading(after));
    match (&before.hint, &after.hint) {
        (Some(_), Some(_)) => {
            unless_same(&mut out, was.0, is.0, Step::Whole);
            unless_same(&mut out, was.1, is.1, Step::Unhinted);
        }
        (Some(_), None) => out.push(Step::LosesHint),
        (None, Some(_)) => {
            out.push(Step::GainsHint);
            // it may be read more often all the same
            if is.0 < was.0 {
                out.push(Step::Whole(was.0, is.0));
            }
            if is.1 < was.1 {
                out.push(Step::Unhinted(was.1, is.1));
            }
        }
        (None, None) => {}
    }
    let (had, has) = (objects(before), objects(after));
    out.extend(
        has.difference(&had)
            .map(|(oid, role)| Step::Adds(*role, (*oid).clone())),
    );
    out.extend(
        had.difference(&has)
            .map(|(oid, role)| Step::Drops(*role, (*oid).clone())),
    );
    out
}

/// What is told once: of which part, by which plan, for which model, with which steps.
type Told<'a> = (PartKind, Text, Option<&'a PlanOid>, Vec<Step>);
/// A part that differs, its plan with the versions before and after, and the steps.
type Found = (PartKind, Text, (u32, u32), Vec<Step>);

impl PollPlans {
    /// What it means to go over from these plans to others. Devices are told apart by class and by every model that either
    /// names; what is the same for several classes is told once.
    pub fn differences(&self, after: &Self) -> Vec<Difference> {
        let before = self.with_what_was_beside(after);
        let mut all = before.plan_differences(after);
        all.extend(before.priority_differences(after));
        all.extend(before.table_differences(after));
        all
    }

    fn plan_differences(&self, after: &Self) -> Vec<Difference> {
        let mut models: BTreeSet<Option<&PlanOid>> = BTreeSet::from([None]);
        models.extend(self.models().into_iter().map(Some));
        models.extend(after.models().into_iter().map(Some));
        let mut told: BTreeMap<Told<'_>, Difference> = BTreeMap::new();
        for class in DeviceClass::ALL {
            let of_all = self.class_differences(after, *class, &[]);
            for model in &models {
                let found = match model {
                    None => of_all.clone(),
                    Some(oid) => {
                        let mut found = self.class_differences(after, *class, oid.arcs());
                        // what changes for every model is not told again for each
                        found.retain(|f| !of_all.contains(f));
                        found
                    }
                };
                for (part, plan, versions, steps) in found {
                    told.entry((part, plan.clone(), *model, steps.clone()))
                        .or_insert_with(|| Difference {
                            plan,
                            is_table: false,
                            versions,
                            part: Some(part),
                            classes: Vec::new(),
                            models: model.iter().copied().cloned().collect(),
                            except: Vec::new(),
                            steps,
                        })
                        .classes
                        .push(*class);
                }
            }
        }
        told.into_values().collect()
    }

    /// Plans that go before others, or after them, as they did not.
    fn priority_differences(&self, after: &Self) -> Vec<Difference> {
        let both = after
            .iter()
            .filter_map(|a| Some((self.get(a.name.as_str())?, a)));
        both.filter(|(b, a)| b.priority() != a.priority())
            .map(|(b, a)| Difference {
                plan: a.name.clone(),
                is_table: false,
                versions: (b.version, a.version),
                part: None,
                classes: DeviceClass::ALL
                    .iter()
                    .copied()
                    .filter(|c| a.is_for(*c))
                    .collect(),
                models: a.models.clone(),
                except: Vec::new(),
                steps: vec![Step::Priority(b.priority(), a.priority())],
            })
            .collect()
    }

    fn class_differences(&self, after: &Self, class: DeviceClass, object: &[u32]) -> Vec<Found> {
        let (had, has) = (self.asked_of(class, object), after.asked_of(class, object));
        let mut out = Vec::new();
        for kind in PartKind::ALL {
            let was = had.iter().find(|a| a.part.kind == *kind);
            let is = has.iter().find(|a| a.part.kind == *kind);
            let steps = steps(was.map(|a| a.part), is.map(|a| a.part));
            if let Some(named) = is.or(was).filter(|_| !steps.is_empty()) {
                let versions = (
                    was.map_or(0, |a| a.plan.version),
                    is.map_or(0, |a| a.plan.version),
                );
                out.push((*kind, named.plan.name.clone(), versions, steps));
            }
        }
        out
    }

    /// It asks no device for more than these plans do.
    fn covers(&self, other: &Self) -> bool {
        !self.plan_differences(other).iter().any(Difference::is_more)
    }

    /// These plans with everything out of `offered` that asks no device for more: what may be put in force before anybody
    /// consented. Plans are taken over or left as a whole, and so is each sensor table.
    pub fn with_less(&self, offered: &Self) -> Self {
        let begun = self.with_what_was_beside(offered).into_owned();
        let mut now = begun.clone();
        let names: BTreeSet<&Text> = begun
            .iter()
            .chain(offered.iter())
            .map(|p| &p.name)
            .collect();
        // a plan that may go may make room for another
        for _ in 0..names.len() {
            let mut moved = false;
            for name in &names {
                let wanted = offered.get(name.as_str());
                if now.get(name.as_str()) == wanted {
                    continue;
                }
                let candidate = now.replacing(name, wanted);
                if begun.covers(&candidate) {
                    now = candidate;
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        now.tables = self.tables_with_less(offered);
        now
    }

    fn replacing(&self, name: &Text, with: Option<&PollPlan>) -> Self {
        let others = self.iter().filter(|p| p.name != *name).cloned();
        Self {
            tables: self.tables.clone(),
            ..Self::new(others.chain(with.cloned()))
        }
    }
}
