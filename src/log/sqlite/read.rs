//! Reading: the two stores merged in the order of the sequence, and the answers to queries.

use std::collections::VecDeque;

use super::day::{DayFile, day_of};
use super::store::Mode;
use super::{FORGOTTEN, SqliteLog};
use crate::event::{Event, LedgerRow};
use crate::log::rollup::newest;
use crate::log::{Answer, LogError, Query, batch};
use crate::model::{Change, Seq, Time};

/// Events of one store, a page at a time.
struct Stream<F> {
    page: VecDeque<Event>,
    at: Seq,
    over: bool,
    more: F,
}

impl<F: FnMut(Seq) -> Result<Vec<Event>, LogError>> Stream<F> {
    fn new(after: Seq, more: F) -> Self {
        Self {
            page: VecDeque::new(),
            at: after,
            over: false,
            more,
        }
    }

    fn peek(&mut self) -> Result<Option<Seq>, LogError> {
        if self.page.is_empty() && !self.over {
            self.page = (self.more)(self.at)?.into();
            match self.page.back() {
                Some(last) => self.at = last.seq,
                None => self.over = true,
            }
        }
        Ok(self.page.front().map(|e| e.seq))
    }
}

impl SqliteLog {
    pub(super) fn read_merged(
        &self,
        after: Seq,
        each: &mut dyn FnMut(Event) -> bool,
    ) -> Result<(), LogError> {
        let record = &self.record;
        let mut durable = Stream::new(after, |at| record.page_after(at));
        let folder = self.telemetry();
        // days that end before `after` are not opened where that is known
        let mut days: VecDeque<i64> = self
            .days
            .iter()
            .filter(|(_, last)| last.is_none_or(|last| last > after))
            .map(|(day, _)| *day)
            .collect();
        let mut open: Option<DayFile> = None;
        let mut observed = Stream::new(after, |at| {
            loop {
                if let Some(file) = &open
                    && let Some(events) = file.batch_after(at)?
                {
                    return Ok(events);
                }
                match days.pop_front() {
                    Some(day) => open = Some(DayFile::open(&folder, day, Mode::Read)?),
                    None => return Ok(Vec::new()),
                }
            }
        });
        loop {
            let event = match (durable.peek()?, observed.peek()?) {
                (Some(a), Some(b)) if a < b => durable.page.pop_front(),
                (_, Some(_)) => observed.page.pop_front(),
                (Some(_), None) => durable.page.pop_front(),
                (None, None) => break,
            };
            if event.is_some_and(|event| !each(event)) {
                return Ok(());
            }
        }
        // what waits is after everything that is on the disk
        for event in self.waiting()? {
            if event.seq > after && !each(event) {
                break;
            }
        }
        Ok(())
    }

    fn waiting(&self) -> Result<Vec<Event>, LogError> {
        batch::events(&self.pending.raw).map_err(|_| LogError::Store {
            place: super::store::place(&self.dir),
            why: "what waits to be written can't be read".into(),
        })
    }

    pub(super) fn answer(&self, query: &Query) -> Result<Answer, LogError> {
        match query {
            Query::Ledger {
                addresses,
                since,
                before,
                limit,
            } => {
                let mut rows = Vec::new();
                for address in addresses {
                    rows.extend(self.ledger_of(*address, (*since, *before), *limit)?);
                }
                let rows = newest(rows, *limit);
                match self.forgotten()? {
                    Some(oldest) if rows.is_empty() && *since < oldest => {
                        Ok(Answer::NotKept { oldest })
                    }
                    _ => Ok(Answer::Ledger(rows)),
                }
            }
            Query::Changes {
                device,
                before,
                limit,
            } => {
                let mut changes = self.record.changes(*device, *before, *limit)?;
                let waiting = self
                    .changes
                    .iter()
                    .filter(|(d, c)| d == device && c.time < *before);
                changes.extend(waiting.map(|(_, c)| c.clone()));
                // stable: of one time, what was noted first stays first
                changes.sort_by_key(|c: &Change| std::cmp::Reverse(c.time));
                changes.dedup();
                changes.truncate(*limit as usize);
                self.or_not_kept(*before, changes.is_empty(), Answer::Changes(changes))
            }
            Query::Deeds { before, limit } => {
                let deeds = self.record.deeds(*before, *limit)?;
                self.or_not_kept(*before, deeds.is_empty(), Answer::Deeds(deeds))
            }
        }
    }

    fn forgotten(&self) -> Result<Option<Time>, LogError> {
        Ok(self.record.meta(FORGOTTEN)?.map(Time))
    }

    fn or_not_kept(&self, before: Time, empty: bool, answer: Answer) -> Result<Answer, LogError> {
        match self.forgotten()? {
            Some(oldest) if empty && before <= oldest => Ok(Answer::NotKept { oldest }),
            _ => Ok(answer),
        }
    }

    /// Waiting sums, the days from the newest on, then what the removed days left.
    fn ledger_of(
        &self,
        address: std::net::IpAddr,
        (since, before): (Time, Time),
        limit: u32,
    ) -> Result<Vec<LedgerRow>, LogError> {
        let mut sums = self.sums.only(address, since, before);
        let folder = self.telemetry();
        for (&day, _) in self.days.iter().rev() {
            // a packet of the last minute of a day may be noted on the next
            if day < day_of(since) || sums.len() > limit as usize {
                break;
            }
            if day > day_of(before) + 1 {
                continue;
            }
            let span = (since, before);
            let (rows, packets) = match self.today.as_ref().filter(|t| t.day == day) {
                Some(today) => today.ledger(address, span, limit.saturating_add(1))?,
                None => DayFile::open(&folder, day, Mode::Read)?.ledger(
                    address,
                    span,
                    limit.saturating_add(1),
                )?,
            };
            for row in rows {
                sums.add(row);
            }
            for row in packets {
                sums.keep(row);
            }
        }
        let mut rows = sums.into_rows();
        if rows.len() <= limit as usize {
            rows.extend(self.record.ledger(address, (since, before), limit)?);
        }
        Ok(rows)
    }
}
