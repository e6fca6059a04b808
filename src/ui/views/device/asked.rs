//! Something that was asked of the log: waiting and "not kept" are states that are drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::log::Answer;
use crate::model::{Text, Time};
use crate::ui::widgets::{Ink, Row};

/// Where a question stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Asked<T> {
    /// Not asked yet.
    #[default]
    No,
    /// Asked with this number.
    Waiting(u64),
    /// Answered.
    Answered(Vec<T>),
    /// Retention has taken it; what is left begins then.
    NotKept(Time),
    /// It could not be asked.
    Failed(Text),
}

impl<T> Asked<T> {
    /// The question with this number is still open.
    pub fn waits_for(&self, id: u64) -> bool {
        matches!(self, Self::Waiting(number) if *number == id)
    }

    /// Takes the answer to the question with this number; `rows` reads those of the kind that was asked for.
    pub fn hear(&mut self, id: u64, answer: &Answer, rows: impl FnOnce(&Answer) -> Option<Vec<T>>) {
        if !self.waits_for(id) {
            return;
        }
        *self = match answer {
            Answer::NotKept { oldest } => Self::NotKept(*oldest),
            Answer::Failed(why) => Self::Failed(why.clone()),
            answer => rows(answer).map_or(Self::No, Self::Answered),
        };
    }

    /// The rows that came back.
    pub fn rows(&self) -> &[T] {
        match self {
            Self::Answered(rows) => rows,
            _ => &[],
        }
    }

    /// Draws the state in one row, where it is not an answer.
    pub fn draw(&self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, y: u16) {
        let text = match self {
            Self::No => "not asked: there is no log here".to_string(),
            Self::Waiting(_) => format!("asking the log{}", ink.g.ellipsis),
            Self::Answered(_) => return,
            Self::NotKept(oldest) => format!(
                "not kept: retention has taken it; what is left begins {}",
                ink.clock(*oldest)
            ),
            Self::Failed(why) => format!("the log could not be asked: {why}"),
        };
        Row::new(ink, buf, area, y).put(text, ink.dim);
    }
}
