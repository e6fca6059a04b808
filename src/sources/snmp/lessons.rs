//! What the agents of one model and build teach: how much they take at once, and what they hang on.
//!
//! Pure: it is told what became of questions, and says what follows. A lossy network must teach nothing, so silence counts
//! only when the same agent answered the smaller question that followed, and only so often in a row without one success
//! between as chance, by what that agent's other questions lose, would hardly ever bring about. It is doubted again once a day.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::memory::MOST_REPETITIONS;
use crate::model::{QuirkSource, Quirks, SKIP_CAP, Showing, Text, arcs};

/// Builds that are remembered; what the engine holds of more comes back with its table.
const BUILDS: usize = 2_000;
/// Doubts of one build at once.
const DOUBTS: usize = 16;
/// What an agent says itself is believed when it said it so often.
const SAID: u8 = 2;
/// More is tried again once a day; each time in vain, twice as much later, up to a month.
const DAY_MS: u64 = 86_400_000;
const MOST_DAYS: u64 = 30;

/// How the questions to one agent fare: the part that is lost, of late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// In 65,536ths.
    lost: u32,
}

impl Default for Line {
    /// Nothing is known of it: it is not trusted.
    fn default() -> Self {
        Self { lost: 1 << 12 }
    }
}

impl Line {
    /// One question: answered at its first try?
    pub(super) fn note(&mut self, first_try: bool) {
        let one = if first_try { 0 } else { 1 << 16 };
        // it moves by a 64th
        self.lost = (self.lost * 63 + one) / 64;
    }

    /// How many silences in a row mean something: so many that chance would bring them about once in a thousand million
    /// times. `None` where so much is lost that silence means nothing.
    fn silences(self) -> Option<u8> {
        match self.lost * 1000 / (1 << 16) {
            0..2 => Some(3),
            2..10 => Some(5),
            10..30 => Some(6),
            30..60 => Some(8),
            _ => None,
        }
    }
}

/// How much an agent is asked at once, at the most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Repetitions of a GETBULK.
    pub(super) repetitions: u16,
    /// No GETBULK.
    pub(super) next_only: bool,
    /// Names in a GET.
    pub(super) names: Option<u16>,
    /// Subtrees that are not asked.
    pub(super) skip: Arc<Vec<Vec<u32>>>,
    /// What it answers for is told too: its model is doubted.
    pub(super) watch: bool,
    /// More is tried for once than was learned.
    pub(super) trial: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            repetitions: MOST_REPETITIONS,
            next_only: false,
            names: None,
            skip: Arc::default(),
            watch: false,
            trial: false,
        }
    }
}

/// What became of a question, as far as it teaches anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Experience {
    /// Silent to a GETBULK of so many repetitions; answered the next at once, of `then` (zero: a GETNEXT).
    TooMany {
        /// Repetitions that were too many.
        asked: u16,
        /// Repetitions that were not.
        then: u16,
    },
    /// It said so itself (tooBig, or an answer cut off), and answered `then`.
    SaidTooMany {
        /// Repetitions that were too many.
        asked: u16,
        /// Repetitions that were not.
        then: u16,
    },
    /// It answered a GETBULK with so many rows.
    Rows(u16),
    /// It said that so many names in a GET are too many, and answered `then`.
    SaidTooManyNames {
        /// Names that were not.
        then: u16,
    },
    /// Silent to every way of asking for this column; answered the next question at once.
    Hung(Vec<u32>),
    /// It answered for this column.
    Read(Vec<u32>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Of {
    Repetitions,
    Names,
    Column(Vec<u32>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Doubt {
    of: Of,
    times: u8,
    /// What was asked in vain, and what was not: the least and the most.
    asked: u16,
    then: u16,
}

/// What one build taught.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lesson {
    /// Most repetitions; none: as many as there are.
    pub(super) repetitions: Option<u16>,
    pub(super) next_only: bool,
    pub(super) names: Option<u16>,
    pub(super) skip: Vec<Vec<u32>>,
    pub(super) because: Text,
    doubts: Vec<Doubt>,
    /// When more is tried again, and after how many days the time after that.
    again_ms: u64,
    days: u64,
    /// Who tries it now.
    trial: Option<Trial>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Trial {
    agent: u32,
    /// A column that is asked again; none: more repetitions.
    column: Option<Vec<u32>>,
}

impl Lesson {
    fn is_empty(&self) -> bool {
        self.repetitions.is_none()
            && !self.next_only
            && self.names.is_none()
            && self.skip.is_empty()
    }

    fn doubt(&mut self, of: &Of, asked: u16, then: u16) -> u8 {
        if let Some(doubt) = self.doubts.iter_mut().find(|d| d.of == *of) {
            doubt.times = doubt.times.saturating_add(1);
            doubt.asked = doubt.asked.min(asked);
            doubt.then = doubt.then.max(then).min(doubt.asked.saturating_sub(1));
            return doubt.times;
        }
        if self.doubts.len() < DOUBTS {
            self.doubts.push(Doubt {
                of: of.clone(),
                times: 1,
                asked,
                then,
            });
        }
        1
    }

    fn settled(&mut self, of: &Of) -> Option<Doubt> {
        let at = self.doubts.iter().position(|d| d.of == *of)?;
        Some(self.doubts.swap_remove(at))
    }

    fn rest(&mut self, now_ms: u64) {
        self.days = self.days.clamp(1, MOST_DAYS);
        self.again_ms = now_ms + self.days * DAY_MS;
    }
}

/// A model and a build, as agents show them.
pub(super) type Model = (Text, Text);

/// Everything that was learned, with the table that the engine holds.
#[derive(Debug, Default)]
pub(super) struct Lessons {
    builds: FxHashMap<Model, Lesson>,
    /// What was shipped, what the site says, and what follows from those left alone.
    table: Quirks,
    /// Grows with each change of what agents may be asked.
    generation: u64,
}

impl Lessons {
    /// The engine's table. Lessons of an earlier process come back with it; what was learned since stays as it is.
    pub(super) fn set_table(&mut self, table: &Quirks, now_ms: u64) {
        for quirk in table.iter().filter(|q| is_lesson(q)) {
            let model = (quirk.object_id.clone(), quirk.firmware.clone());
            if self.builds.contains_key(&model) || self.builds.len() >= BUILDS {
                continue;
            }
            let skip = quirk.skip.iter().flatten();
            let mut lesson = Lesson {
                repetitions: quirk.repetitions,
                next_only: quirk.next_only.unwrap_or(false),
                names: quirk.names,
                skip: skip.filter_map(|s| arcs(s.as_str())).collect(),
                because: quirk.because.clone(),
                ..Lesson::default()
            };
            lesson.rest(now_ms);
            self.builds.insert(model, lesson);
        }
        self.generation += 1;
        self.table = table
            .iter()
            .filter(|q| !is_lesson(q))
            .map(|q| (**q).clone())
            .collect();
    }

    /// What an agent of this model is asked at once, at the most; with `agent`, what it may try for once.
    pub(super) fn limits(&self, model: &Model, firmware: &str, agent: u32) -> Limits {
        let mut limits = Limits::default();
        let mut skip: Vec<Vec<u32>> = Vec::new();
        let mut site = (false, false, false, false);
        if let Some(force) = self.table.resolve(Showing {
            object_id: model.0.as_str(),
            descr: model.1.as_str(),
            firmware,
        }) {
            // where the site says something, nothing that was learned counts
            for quirk in force.from.iter().filter(|q| q.source == QuirkSource::Site) {
                site.0 |= quirk.repetitions.is_some();
                site.1 |= quirk.next_only.is_some();
                site.2 |= quirk.names.is_some();
                site.3 |= quirk.skip.is_some();
            }
            limits.repetitions = force.repetitions.unwrap_or(limits.repetitions);
            limits.next_only = force.next_only;
            limits.names = force.names;
            skip = force.skipped();
        }
        if let Some(lesson) = self.builds.get(model) {
            let trial = lesson.trial.as_ref().filter(|t| t.agent == agent);
            let more = trial.is_some_and(|t| t.column.is_none());
            limits.watch = true;
            limits.trial = more;
            if !site.0
                && let Some(most) = lesson.repetitions
            {
                let most = if more { most.saturating_mul(2) } else { most };
                limits.repetitions = limits.repetitions.min(most).max(1);
            }
            if !site.1 {
                limits.next_only |= lesson.next_only && !more;
                if more && lesson.next_only {
                    limits.repetitions = limits.repetitions.min(2);
                }
            }
            if !site.2
                && let Some(most) = lesson.names
            {
                limits.names = Some(limits.names.unwrap_or(most).min(most));
            }
            if !site.3 {
                let tried = trial.and_then(|t| t.column.as_ref());
                skip.extend(lesson.skip.iter().filter(|c| Some(*c) != tried).cloned());
            }
        }
        limits.skip = Arc::new(skip);
        limits
    }

    /// Grows with each change of what agents may be asked; never zero.
    pub(super) fn generation(&self) -> u64 {
        self.generation + 1
    }

    /// Nothing was ever learned or doubted.
    pub(super) fn is_empty(&self) -> bool {
        self.builds.is_empty()
    }

    /// Names in a GET that any model can take: so many are asked of one that nobody knows yet.
    pub(super) fn fewest_names(&self) -> Option<u16> {
        let known = self.table.iter().filter_map(|quirk| quirk.names);
        known
            .chain(self.builds.values().filter_map(|l| l.names))
            .min()
    }

    /// At the start of a walk: may this agent try for once what its model did not take? One agent at a time.
    pub(super) fn begin_trial(&mut self, model: &Model, agent: u32, now_ms: u64) -> bool {
        let Some(lesson) = self.builds.get_mut(model) else {
            return false;
        };
        if lesson.is_empty() || lesson.trial.is_some() || now_ms < lesson.again_ms {
            return false;
        }
        let more = lesson.repetitions.is_some() || lesson.next_only || lesson.names.is_some();
        // in turn: repetitions, and the column that waits longest
        let column = match lesson.skip.first() {
            Some(column) if !more || lesson.days % 2 == 0 => Some(column.clone()),
            _ => None,
        };
        lesson.trial = Some(Trial { agent, column });
        self.generation += 1;
        true
    }

    /// The walk is over. A trial that nothing was learned from is tried again an hour later.
    pub(super) fn end_trial(&mut self, model: &Model, agent: u32, now_ms: u64) {
        if let Some(lesson) = self.builds.get_mut(model)
            && lesson.trial.as_ref().is_some_and(|t| t.agent == agent)
        {
            lesson.trial = None;
            lesson.again_ms = lesson.again_ms.max(now_ms + DAY_MS / 24);
            self.generation += 1;
        }
    }

    /// What happened with an agent whose line is as it is; gives the lesson when it is another than before.
    pub(super) fn teach(
        &mut self,
        model: &Model,
        agent: u32,
        line: Line,
        what: &Experience,
        now_ms: u64,
    ) -> Option<&Lesson> {
        arcs(model.0.as_str())?;
        if !self.builds.contains_key(model) {
            // only trouble makes a build worth remembering
            let good = matches!(what, Experience::Rows(_) | Experience::Read(_));
            if good || self.builds.len() >= BUILDS && !self.forget_one() {
                return None;
            }
            self.builds.insert(model.clone(), Lesson::default());
            self.generation += 1;
        }
        let lesson = self.builds.get_mut(model)?;
        let (changed, tried) = (
            lesson.take(agent, line, what, now_ms),
            lesson.trial.is_some(),
        );
        if changed || tried {
            self.generation += 1;
        }
        changed.then_some(&*lesson)
    }

    /// Room for another build: one that taught nothing yet.
    fn forget_one(&mut self) -> bool {
        let empty = self
            .builds
            .iter()
            .find(|(_, l)| l.is_empty())
            .map(|(m, _)| m.clone());
        empty.is_some_and(|model| self.builds.remove(&model).is_some())
    }
}

/// Learned by a poller from answers; what follows from those left alone has an interval.
fn is_lesson(quirk: &crate::model::Quirk) -> bool {
    quirk.source == QuirkSource::Learned && quirk.least_interval_s.is_none()
}

impl Lesson {
    fn take(&mut self, agent: u32, line: Line, what: &Experience, now_ms: u64) -> bool {
        let trial = self.trial.as_ref().filter(|t| t.agent == agent).cloned();
        match what {
            Experience::TooMany { asked, then } => {
                let Some(times) = line.silences().filter(|_| then < asked) else {
                    return false;
                };
                self.too_many(*asked, *then, times, trial.is_some(), now_ms)
            }
            // its own word needs no good line
            Experience::SaidTooMany { asked, then } if then < asked => {
                self.too_many(*asked, *then, SAID, trial.is_some(), now_ms)
            }
            Experience::SaidTooMany { .. } => false,
            Experience::Rows(rows) => self.rows(*rows, trial.is_some(), now_ms),
            Experience::SaidTooManyNames { then } => {
                let of = Of::Names;
                if self.doubt(&of, u16::MAX, *then) < SAID {
                    return false;
                }
                let then = self.settled(&of).map_or(*then, |d| d.then).max(1);
                if self.names.is_some_and(|n| n <= then) {
                    return false;
                }
                self.names = Some(then);
                self.because = Text::from(format!("says that more than {then} names are too many"));
                self.learned(now_ms);
                true
            }
            Experience::Hung(column) => {
                let Some(times) = line.silences() else {
                    return false;
                };
                if self.skip.contains(column) && trial.is_none() {
                    return false;
                }
                if trial.is_some_and(|t| t.column.as_ref() == Some(column)) {
                    self.in_vain(now_ms);
                    // the next time another one
                    if let Some(at) = self.skip.iter().position(|c| c == column) {
                        let column = self.skip.remove(at);
                        self.skip.push(column);
                    }
                    return false;
                }
                let of = Of::Column(column.clone());
                if self.doubt(&of, 1, 0) < times || self.skip.len() >= SKIP_CAP {
                    return false;
                }
                self.settled(&of);
                self.skip.push(column.clone());
                self.because = Text::from(format!("hangs on {}", dotted(column)));
                self.learned(now_ms);
                true
            }
            Experience::Read(column) => {
                self.settled(&Of::Column(column.clone()));
                let tried = trial.is_some_and(|t| t.column.as_ref() == Some(column));
                if !tried {
                    return false;
                }
                self.skip.retain(|c| c != column);
                self.because = Text::from(format!("answers for {} again", dotted(column)));
                self.came_good(now_ms);
                true
            }
        }
    }

    fn too_many(&mut self, asked: u16, then: u16, times: u8, trial: bool, now_ms: u64) -> bool {
        if trial {
            self.in_vain(now_ms);
            return false;
        }
        let of = Of::Repetitions;
        if self.doubt(&of, asked, then) < times {
            return false;
        }
        let doubt = self.settled(&of);
        let (asked, then) = doubt.map_or((asked, then), |d| (d.asked, d.then));
        if then == 0 {
            if self.next_only {
                return false;
            }
            self.next_only = true;
            self.because = Text::from("silent to GETBULK, answers GETNEXT");
        } else {
            if self.repetitions.is_some_and(|r| r <= then) {
                return false;
            }
            self.repetitions = Some(then);
            self.because = Text::from(format!("does not take {asked} repetitions, answers {then}"));
        }
        self.learned(now_ms);
        true
    }

    /// It took so many rows at once.
    fn rows(&mut self, rows: u16, trial: bool, now_ms: u64) -> bool {
        if rows > 0
            && self
                .doubts
                .iter()
                .any(|d| d.of == Of::Repetitions && d.asked <= rows)
        {
            self.settled(&Of::Repetitions);
        }
        if !trial {
            return false;
        }
        if self.next_only && rows > 0 {
            self.next_only = false;
            self.repetitions = Some(2);
        } else if let Some(most) = self.repetitions.filter(|most| rows > *most) {
            let more = most.saturating_mul(2);
            self.repetitions = (more < MOST_REPETITIONS).then_some(more);
        } else {
            return false;
        }
        self.because = Text::from(format!(
            "answered {rows} rows at once when it was tried again"
        ));
        self.came_good(now_ms);
        true
    }

    fn learned(&mut self, now_ms: u64) {
        self.days = 1;
        self.rest(now_ms);
    }

    fn came_good(&mut self, now_ms: u64) {
        self.trial = None;
        self.learned(now_ms);
    }

    fn in_vain(&mut self, now_ms: u64) {
        self.trial = None;
        self.days = self.days.saturating_mul(2);
        self.rest(now_ms);
    }
}

/// `1.3.6.1.2.1.17`
pub(super) fn dotted(arcs: &[u32]) -> String {
    let words: Vec<String> = arcs.iter().map(u32::to_string).collect();
    words.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Quirk;

    fn model() -> Model {
        ("1.3.6.1.4.1.99.1".into(), "made in 2019".into())
    }

    fn good() -> Line {
        let mut line = Line::default();
        (0..400).for_each(|_| line.note(true));
        line
    }

    fn too_many(asked: u16, then: u16) -> Experience {
        Experience::TooMany { asked, then }
    }

    #[test]
    fn three_silences_of_a_good_line_teach_how_much_it_takes() {
        let mut l = Lessons::default();
        assert_eq!(l.limits(&model(), "", 1), Limits::default());
        assert!(l.teach(&model(), 1, good(), &too_many(20, 10), 0).is_none());
        assert!(l.teach(&model(), 2, good(), &too_many(40, 10), 0).is_none());
        let lesson = l.teach(&model(), 1, good(), &too_many(20, 10), 0).unwrap();
        assert_eq!(lesson.repetitions, Some(10));
        assert_eq!(
            lesson.because.as_str(),
            "does not take 20 repetitions, answers 10"
        );
        assert_eq!(
            l.limits(&model(), "", 7).repetitions,
            10,
            "all of its model"
        );
        let other = ("1.3.6.1.4.1.99.1".into(), "made in 2020".into());
        assert_eq!(l.limits(&other, "", 7), Limits::default());
    }

    #[test]
    fn one_success_between_and_nothing_is_learned() {
        let mut l = Lessons::default();
        for _ in 0..20 {
            assert!(l.teach(&model(), 1, good(), &too_many(20, 10), 0).is_none());
            assert!(l.teach(&model(), 1, good(), &too_many(20, 10), 0).is_none());
            l.teach(&model(), 3, good(), &Experience::Rows(20), 0);
        }
        assert_eq!(
            l.limits(&model(), "", 1),
            Limits {
                watch: true,
                ..Limits::default()
            }
        );
    }

    #[test]
    fn a_line_that_loses_questions_teaches_nothing() {
        let mut l = Lessons::default();
        let mut lossy = good();
        assert_eq!(lossy.silences(), Some(3));
        lossy.note(false);
        assert!(lossy.silences() > Some(3), "one lost makes it careful");
        (0..9).for_each(|_| lossy.note(false));
        assert_eq!(lossy.silences(), None);
        assert_eq!(Line::default().silences(), None, "nor does a new one");
        for _ in 0..100 {
            assert!(l.teach(&model(), 1, lossy, &too_many(20, 10), 0).is_none());
            let hung = Experience::Hung(vec![1, 3, 6]);
            assert!(l.teach(&model(), 1, lossy, &hung, 0).is_none());
        }
    }

    #[test]
    fn an_agent_that_says_so_itself_is_believed_sooner() {
        let mut l = Lessons::default();
        let said = Experience::SaidTooMany {
            asked: 50,
            then: 25,
        };
        assert!(l.teach(&model(), 1, Line::default(), &said, 0).is_none());
        let lesson = l.teach(&model(), 1, Line::default(), &said, 0).unwrap();
        assert_eq!(lesson.repetitions, Some(25));
        let names = Experience::SaidTooManyNames { then: 16 };
        assert!(l.teach(&model(), 1, Line::default(), &names, 0).is_none());
        let lesson = l.teach(&model(), 1, Line::default(), &names, 0).unwrap();
        assert_eq!(lesson.names, Some(16));
    }

    #[test]
    fn silent_to_getbulk_at_all_means_getnext() {
        let mut l = Lessons::default();
        for _ in 0..2 {
            l.teach(&model(), 1, good(), &too_many(1, 0), 0);
        }
        assert!(
            l.teach(&model(), 1, good(), &too_many(1, 0), 0)
                .unwrap()
                .next_only
        );
        assert!(l.limits(&model(), "", 1).next_only);
    }

    #[test]
    fn a_column_it_hangs_on_is_left_out_until_it_answers_again() {
        let mut l = Lessons::default();
        let column = vec![1, 3, 6, 1, 2, 1, 17, 7];
        let hung = Experience::Hung(column.clone());
        for _ in 0..2 {
            assert!(l.teach(&model(), 1, good(), &hung, 0).is_none());
        }
        l.teach(&model(), 1, good(), &Experience::Read(column.clone()), 0);
        for _ in 0..2 {
            assert!(l.teach(&model(), 1, good(), &hung, 0).is_none());
        }
        assert!(l.teach(&model(), 1, good(), &hung, 0).is_some());
        assert_eq!(
            *l.limits(&model(), "", 1).skip,
            std::slice::from_ref(&column)
        );
        // a day later one agent asks it again
        assert!(!l.begin_trial(&model(), 1, DAY_MS - 1));
        assert!(l.begin_trial(&model(), 1, DAY_MS));
        assert!(!l.begin_trial(&model(), 2, DAY_MS), "one at a time");
        assert!(l.limits(&model(), "", 1).skip.is_empty());
        assert_eq!(l.limits(&model(), "", 2).skip.len(), 1, "not the others");
        assert!(l.teach(&model(), 1, good(), &hung, DAY_MS).is_none());
        assert!(!l.begin_trial(&model(), 1, 2 * DAY_MS), "later each time");
        assert!(l.begin_trial(&model(), 1, 3 * DAY_MS));
        let read = Experience::Read(column);
        assert!(l.teach(&model(), 1, good(), &read, 3 * DAY_MS).is_some());
        assert_eq!(
            l.limits(&model(), "", 2),
            Limits {
                watch: true,
                ..Limits::default()
            }
        );
    }

    #[test]
    fn more_is_tried_once_a_day_and_taken_back_when_it_is_too_much() {
        let mut l = Lessons::default();
        for _ in 0..3 {
            l.teach(&model(), 1, good(), &too_many(20, 10), 0);
        }
        let mut now = DAY_MS;
        assert!(l.begin_trial(&model(), 1, now));
        assert_eq!(l.limits(&model(), "", 1).repetitions, 20);
        assert_eq!(l.limits(&model(), "", 2).repetitions, 10);
        // a table of nine rows says nothing
        assert!(
            l.teach(&model(), 1, good(), &Experience::Rows(9), now)
                .is_none()
        );
        l.end_trial(&model(), 1, now);
        assert_eq!(l.limits(&model(), "", 1).repetitions, 10);
        now += DAY_MS / 24;
        assert!(l.begin_trial(&model(), 1, now), "an hour later");
        assert!(
            l.teach(&model(), 1, good(), &too_many(20, 10), now)
                .is_none()
        );
        assert_eq!(l.limits(&model(), "", 1).repetitions, 10);
        assert!(!l.begin_trial(&model(), 1, now + DAY_MS), "two days later");
        now += 2 * DAY_MS;
        // new firmware under the same words: it takes more now
        let mut most = 10;
        while most < MOST_REPETITIONS {
            assert!(l.begin_trial(&model(), 1, now), "{most}");
            let rows = Experience::Rows(most * 2);
            assert!(l.teach(&model(), 1, good(), &rows, now).is_some());
            most *= 2;
            now += DAY_MS;
        }
        assert_eq!(
            l.limits(&model(), "", 1),
            Limits {
                watch: true,
                ..Limits::default()
            }
        );
        assert!(
            !l.begin_trial(&model(), 1, now + 99 * DAY_MS),
            "nothing is left to try"
        );
    }

    #[test]
    fn lessons_come_back_with_the_table_and_the_site_decides_over_them() {
        let quirk = |source, repetitions, least| Quirk {
            object_id: "1.3.6.1.4.1.99.1".into(),
            firmware: if source == QuirkSource::Learned {
                "made in 2019".into()
            } else {
                Text::empty()
            },
            source,
            repetitions,
            least_interval_s: least,
            ..Quirk::default()
        };
        let learned = quirk(QuirkSource::Learned, Some(5), None);
        let caution = quirk(QuirkSource::Learned, None, Some(3600));
        let shipped = quirk(QuirkSource::Shipped, Some(8), None);
        let mut l = Lessons::default();
        let table = [learned.clone(), caution, shipped].into_iter().collect();
        l.set_table(&table, 0);
        assert_eq!(l.limits(&model(), "", 1).repetitions, 5);
        assert!(l.begin_trial(&model(), 1, DAY_MS));
        assert_eq!(
            l.limits(&model(), "", 1).repetitions,
            8,
            "what was shipped is never lifted by a trial"
        );
        let site = quirk(QuirkSource::Site, Some(30), None);
        l.set_table(&[learned, site].into_iter().collect(), 0);
        assert_eq!(l.limits(&model(), "", 2).repetitions, 30);
    }

    /// A network that loses one question in four, and agents without any fault: a walk halves its repetitions at each
    /// silence and goes up again, as the real one does.
    #[test]
    fn a_lossy_network_teaches_nothing_in_a_quarter_of_a_million_walks() {
        // xorshift64*, always the same
        let mut chance = 0x9e37_79b9_7f4a_7c15_u64;
        for loss in [20u64, 50, 100, 250, 400] {
            let mut l = Lessons::default();
            let mut lines = [Line::default(); 8];
            let mut lost = || {
                chance ^= chance >> 12;
                chance ^= chance << 25;
                chance ^= chance >> 27;
                (chance.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % 1000 < loss
            };
            for walk in 0..50_000u32 {
                let agent = walk % 8;
                let line = &mut lines[agent as usize];
                // a status between walks
                line.note(!lost());
                let mut asked = 50u16;
                while asked > 0 {
                    if !lost() {
                        l.teach(&model(), agent, *line, &Experience::Rows(asked), 0);
                        line.note(true);
                        break;
                    }
                    let then = asked / 2;
                    if !lost() {
                        l.teach(&model(), agent, *line, &too_many(asked, then), 0);
                    }
                    asked = then;
                }
                assert!(
                    l.builds.get(&model()).is_none_or(Lesson::is_empty),
                    "loss of {loss} in a thousand taught something at walk {walk}"
                );
            }
        }
    }
}
