//! What the poll plans ask, as questions that are written once for all devices of a class and model.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::driver::Driver;
use super::io::{Failure, Io, locked};
use super::lessons::Model;
use super::walk::{self, Columns, Names, Table};
use crate::config::plans::shipped;
use crate::config::sensors::Sensors;
use crate::event::Job;
use crate::model::{Column, DeviceClass, Intervals, PartKind, PollPart, PollPlans, Priority, Role};
use crate::wire::snmp::{NameBuf, Oid, Value};

/// One part of a plan, ready to be asked.
#[derive(Debug)]
pub(super) struct Question {
    part: PollPart,
    get: Names,
    columns: Columns,
    /// The hint, with the uptime that tells a restart.
    hint: Option<Names>,
}

fn names(columns: &[Column]) -> impl Iterator<Item = NameBuf> + '_ {
    columns.iter().map(|c| NameBuf::new(c.oid.arcs()))
}

/// The place of a role; one beyond all where it is not asked, so that nothing is ever found there.
fn place(columns: &[Column], role: Role) -> usize {
    let at = columns.iter().position(|c| c.role == role);
    at.unwrap_or(usize::MAX)
}

impl Question {
    fn of(part: &PollPart) -> Self {
        let once: Vec<&[u32]> = part.beside.iter().map(|c| c.oid.arcs()).collect();
        Self {
            get: Names::new(names(&part.get)),
            columns: Columns::planned(&once, names(&part.columns).collect(), part.bytes as usize),
            hint: part.hint.as_ref().map(|hint| {
                let uptime = NameBuf::new(super::names::SYS_UP_TIME);
                Names::new([uptime, NameBuf::new(hint.oid.arcs())])
            }),
            part: part.clone(),
        }
    }

    /// Asks its scalars.
    pub(super) async fn get(&self, io: &Io) -> Result<Vec<Value>, Failure> {
        walk::get_all(io, &self.get).await
    }

    /// Walks its columns, up to its rows; `rows` is how many there are, where the agent said so.
    pub(super) async fn walk(&self, io: &Io, rows: Option<usize>) -> Table {
        let table = walk::all_columns(io, &self.columns, self.part.rows as usize, rows).await;
        if let Some(why) = table.cut {
            io.cut(self.part.kind.word(), why);
        }
        table
    }

    /// Its columns at one row, by GET.
    pub(super) async fn at_row(&self, io: &Io, index: &[u32]) -> Result<Vec<Value>, Failure> {
        let columns = self.part.columns.iter();
        let names: Vec<Oid> = columns
            .map(|c| Oid::new(c.oid.arcs()).child(index))
            .collect();
        walk::get(io, &names).await
    }

    /// Where a scalar stands in what [`Question::get`] gives.
    pub(super) fn scalar(&self, role: Role) -> usize {
        place(&self.part.get, role)
    }

    /// Where a scalar stands in each answer of [`Question::walk`].
    pub(super) fn beside(&self, role: Role) -> usize {
        place(&self.part.beside, role)
    }

    /// Where a column stands.
    pub(super) fn column(&self, role: Role) -> usize {
        place(&self.part.columns, role)
    }

    fn interval_ms(&self) -> u64 {
        u64::from(self.part.interval_s) * 1000
    }

    /// The table is read after so many milliseconds although nothing moved.
    pub(super) fn whole_ms(&self) -> u64 {
        u64::from(self.part.whole_s) * 1000
    }

    /// Where nothing can be said to have moved, it is read every so many milliseconds.
    pub(super) fn unhinted_ms(&self) -> u64 {
        u64::from(self.part.unhinted_s) * 1000
    }

    /// Must the table be read? Where it need not, its hint is what it was when it was read last, and the agent did not start
    /// anew since; one GET tells. [`Question::was_read`] is told when it was read as a whole.
    pub(super) async fn moved(&self, io: &Io, now_ms: u64) -> Result<bool, Failure> {
        let Some(hint) = &self.hint else {
            return Ok(true);
        };
        let values = walk::get_all(io, hint).await?;
        let number = |at: usize| values.get(at).and_then(Value::as_u64);
        let now = Hint {
            uptime: number(0),
            value: number(1),
            read_ms: now_ms,
        };
        let mut memory = io.memory();
        let held = &mut memory.hints;
        let before = held.read.get(&self.part.kind).copied();
        held.seen.insert(self.part.kind, now);
        let still = before.is_some_and(|before| {
            // nothing comes in exactly its interval: what is due before half of the next one is due now
            let age = now_ms.saturating_sub(before.read_ms) + self.interval_ms() / 2;
            match now.value {
                None => age < self.unhinted_ms(),
                Some(_) => {
                    now.value == before.value
                        && now.uptime >= before.uptime
                        && age < self.whole_ms()
                }
            }
        });
        held.spared += u64::from(still);
        Ok(!still)
    }

    /// The table was read as a whole after [`Question::moved`]; where it was not, it is read again next time.
    pub(super) fn was_read(&self, io: &Io, whole: bool) {
        let mut memory = io.memory();
        let seen = memory.hints.seen.remove(&self.part.kind);
        match seen.filter(|_| whole) {
            Some(seen) => memory.hints.read.insert(self.part.kind, seen),
            None => memory.hints.read.remove(&self.part.kind),
        };
    }
}

/// What an agent said of a table when that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hint {
    uptime: Option<u64>,
    value: Option<u64>,
    read_ms: u64,
}

/// What is remembered of tables that need not be read each time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hints {
    /// When each was read as a whole.
    read: BTreeMap<PartKind, Hint>,
    /// What was just asked.
    seen: BTreeMap<PartKind, Hint>,
    /// Readings that were not necessary, until the driver counts them.
    pub(super) spared: u64,
}

/// Everything that is asked of devices of one class and model.
#[derive(Debug, Default)]
pub(super) struct Book {
    parts: BTreeMap<PartKind, Arc<Question>>,
    /// How long each job may take, milliseconds.
    deadlines: BTreeMap<Job, u64>,
    /// Which job goes before which.
    priorities: BTreeMap<Job, Priority>,
    /// What is asked in the part `sensors`.
    tables: Arc<Sensors>,
}

impl Book {
    /// A part, where it is asked.
    pub(super) fn part(&self, kind: PartKind) -> Option<Arc<Question>> {
        self.parts.get(&kind).map(Arc::clone)
    }

    /// The sensor tables.
    pub(super) fn tables(&self) -> Arc<Sensors> {
        Arc::clone(&self.tables)
    }

    /// What a job goes before; where no plan has it, what is usual.
    pub(super) fn priority(&self, job: Job) -> Priority {
        let planned = self.priorities.get(&job).copied();
        planned.unwrap_or(Priority::usual(job))
    }

    /// How long a job may take, milliseconds; where no plan has it, by what is usual.
    pub(super) fn deadline_ms(&self, job: Job, interval_ms: u64) -> u64 {
        let planned = self.deadlines.get(&job).copied();
        planned
            .filter(|planned| *planned <= interval_ms)
            .unwrap_or(interval_ms * 6 / 10)
    }
}

/// The books of all devices, by the plans in force.
#[derive(Debug)]
pub(super) struct Books {
    plans: Arc<PollPlans>,
    tables: Arc<Sensors>,
    held: BTreeMap<(DeviceClass, u16), Arc<Book>>,
    /// For those that are asked because a person says so: everything that any plan asks.
    all: Arc<Book>,
    /// The same, with what the plans for a class and model ask in the place of what others do.
    once: BTreeMap<(DeviceClass, u16), Arc<Book>>,
}

impl Default for Books {
    /// Those of the plans that are shipped.
    fn default() -> Self {
        static SHIPPED: LazyLock<Arc<PollPlans>> =
            LazyLock::new(|| Arc::new(shipped(&Intervals::default())));
        Self::of(Arc::clone(&SHIPPED))
    }
}

impl Books {
    /// Those of some plans.
    pub(super) fn of(plans: Arc<PollPlans>) -> Self {
        let mut all: BTreeMap<PartKind, (bool, Arc<Question>)> = BTreeMap::new();
        for plan in plans.iter() {
            // the plan for the most devices has the word
            let narrow = !plan.models.is_empty() || !plan.classes.is_empty();
            for part in &plan.parts {
                if all.get(&part.kind).is_none_or(|(n, _)| *n && !narrow) {
                    all.insert(part.kind, (narrow, Arc::new(Question::of(part))));
                }
            }
        }
        let tables = match plans.sensor_tables() {
            Some(tables) => Arc::new(Sensors::of_plans(Arc::clone(tables))),
            None => Sensors::shipped(),
        };
        Self {
            plans,
            held: BTreeMap::new(),
            once: BTreeMap::new(),
            all: Arc::new(Book {
                parts: all.into_iter().map(|(k, (_, q))| (k, q)).collect(),
                tables: Arc::clone(&tables),
                ..Book::default()
            }),
            tables,
        }
    }

    /// What is asked on schedule of a device of this class and model ([`PollPlans::model`]).
    pub(super) fn scheduled(&mut self, class: DeviceClass, model: u16) -> Arc<Book> {
        let (plans, tables) = (&self.plans, &self.tables);
        let book = self.held.entry((class, model)).or_insert_with(|| {
            let asked = plans.asked(class, model);
            let parts = asked
                .iter()
                .map(|a| (a.part.kind, Arc::new(Question::of(a.part))));
            let deadline = |job| Some((job, u64::from(plans.deadline(class, model, job)?) * 1000));
            let priority = |job| Some((job, plans.priority(class, model, job)?));
            Arc::new(Book {
                parts: parts.collect(),
                deadlines: Job::ALL.into_iter().filter_map(deadline).collect(),
                priorities: Job::ALL.into_iter().filter_map(priority).collect(),
                tables: Arc::clone(tables),
            })
        });
        Arc::clone(book)
    }

    /// What is asked of a device of this class and model because a person says so: as the plans for it have it, and what they do
    /// not have as any plan has it.
    pub(super) fn asked_once(&mut self, class: DeviceClass, model: Option<&Model>) -> Arc<Book> {
        let number = model.map_or(0, |(object, _)| self.plans.model(object.as_str()));
        if let Some(book) = self.once.get(&(class, number)) {
            return Arc::clone(book);
        }
        let mut parts = self.all.parts.clone();
        let own = self.scheduled(class, number);
        parts.extend(own.parts.iter().map(|(kind, q)| (*kind, Arc::clone(q))));
        let book = Arc::new(Book {
            parts,
            tables: Arc::clone(&self.tables),
            ..Book::default()
        });
        self.once.insert((class, number), Arc::clone(&book));
        book
    }

    /// What is asked when a person says so.
    pub(super) fn all(&self) -> Arc<Book> {
        Arc::clone(&self.all)
    }
}

impl Driver {
    /// Other plans are in force: what was read by the earlier ones is read anew, where they read something else.
    pub(super) fn plan(&mut self, plans: Arc<PollPlans>) {
        let same = self.books.plans.reads_like(&plans);
        self.books = Books::of(plans);
        for index in 0..self.devices.len() as u32 {
            self.rank_jobs(index);
        }
        if same {
            return;
        }
        for device in &self.devices {
            let mut memory = locked(&device.memory);
            memory.hints = Hints::default();
            memory.interfaces.read_ms = None;
        }
    }

    /// What the jobs of a device go before, by the plans in force.
    pub(super) fn rank_jobs(&mut self, index: u32) {
        let device = &mut self.devices[index as usize];
        let Some(target) = &device.target else {
            return;
        };
        let book = self.books.scheduled(target.class, target.model);
        for due in &mut device.jobs {
            due.priority = book.priority(due.job);
        }
    }
}
