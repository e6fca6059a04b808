//! What lies over a view: palette, help, questions, dialogs. The topmost takes the keys.

mod ack;
mod filter_bar;
mod help;
mod hits;
mod lines;
mod page;
mod palette;
mod plan;
mod prompt;
mod question;
mod run;
mod search;
mod shelf;
mod touch;

pub use ack::Ack;
pub use filter_bar::FilterBar;
pub use help::Help;
pub use lines::Lines;
pub use page::{PAGE_MARGIN, PAGE_ROWS, Page};
pub use palette::{Palette, Recent};
pub use plan::lines as plan_lines;
pub use prompt::Prompt;
pub use question::{Choice, Question};
pub use run::RunDialog;
pub use shelf::Shelf;
pub use touch::{Touch, approval};

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::actions::registry::{Action, Scope};
use crate::model::Text;
use crate::ui::command_line::Line;
use crate::ui::field::Field;
use crate::ui::keymap::{Found, Keymap, Run};
use crate::ui::language::FilterLanguage;
use crate::ui::planner::RunPlanner;
use crate::ui::widgets::{Frame, Ink, Row, frame};
use crate::ui::{Ctx, Request, Role, Selection};

/// What a layer may look at while it handles a key.
pub struct Desk<'a> {
    /// The frame's context.
    pub ctx: &'a Ctx<'a>,
    /// What is selected below.
    pub selection: &'a Selection,
    /// Remediations.
    pub planner: &'a dyn RunPlanner,
    /// The filter language.
    pub filters: &'a dyn FilterLanguage,
    /// Which keys do what.
    pub keys: &'a Keymap,
    /// Places that are kept: a name, and the line that goes there.
    pub kept: &'a [(String, String)],
    /// The columns that the view below can be sorted by.
    pub sorts: &'static [&'static str],
}

/// What a layer made of a key.
pub enum Step {
    /// It stays.
    Stay,
    /// It closes.
    Close,
    /// It closes, and asks this.
    Ask(Vec<Request>),
    /// It stays, and asks this.
    AskOn(Vec<Request>),
    /// It closes, and wants this done.
    Perform(&'static Action),
    /// It closes, and this line is done; first as it was written.
    Line(String, Line),
    /// It closes, and this is the filter now.
    Filter(String),
    /// It closes, and a place is kept: its name, and the line that goes there.
    Keep(String, String),
    /// It closes, and a place of that name is kept no longer.
    Forget(String),
    /// It closes, and the person goes where that line of a kept place leads.
    Go(String),
    /// It stays, and this is to be said.
    Say(Text),
}

/// Something over a view.
pub trait Layer: Send {
    /// Draws itself into its part of `area`; gives where text is being typed.
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position>;

    /// Takes a key. `esc` and `ctrl-c` are taken by the session before.
    fn key(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step;

    /// Takes pasted text.
    fn paste(&mut self, _text: &str, _desk: &Desk<'_>) {}

    /// The line that is being typed, where there is one that may be written in an editor as well (`ctrl-x`).
    fn field(&mut self) -> Option<&mut Field> {
        None
    }

    /// Rows that it takes at the bottom, over which nothing is said.
    fn rows_below(&self) -> u16 {
        0
    }

    /// Keys for the last line: key, word.
    fn hints(&self) -> Vec<(&'static str, &'static str)>;

    /// `esc` inside: true when it went back one step and stays.
    fn back(&mut self) -> bool {
        false
    }
}

/// A framed place of at most `width` by `height` in the upper third of an area, blank, with its title in the upper edge.
/// Gives what is inside.
pub fn popup(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    (width, height): (u16, u16),
    title: &str,
) -> Rect {
    let area = area.intersection(buf.area);
    let width = width.min(area.width);
    let height = height.min(area.height);
    let place = Rect::new(
        area.x + (area.width - width) / 2,
        area.y + (area.height - height) / 3,
        width,
        height,
    );
    for y in place.top()..place.bottom() {
        for x in place.left()..place.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
    buf.set_style(place, ink.text.patch(ink.role(Role::Popup)));
    let inside = frame(
        ink,
        buf,
        place,
        Frame {
            style: ink.role(Role::BorderFocus),
            closed: true,
        },
    );
    if !title.is_empty() && place.width > 6 {
        let mut row = Row::new(ink, buf, place, 0);
        row.keep(2).gap(2).put(format!(" {title} "), ink.strong);
    }
    inside
}

/// What a key is to a layer in which nothing is typed: the keymap's own keys move in it, and `close` closes it.
pub fn reading<'k>(keys: &Keymap, name: &'k str) -> &'k str {
    let found = keys.find(&[Scope::View, Scope::Program], &[], name);
    let Found::Run(binding) = found else {
        return name;
    };
    match &binding.run {
        Run::Action(action) => match action.name {
            "cursor-down" => "down",
            "cursor-up" => "up",
            "page-down" | "pause" => "page-down",
            "page-up" => "page-up",
            "top" => "home",
            "bottom" => "end",
            "open" | "quit" | "help" => "close",
            "filter" => "search",
            "pager" => "pager",
            "next-problem" => "next",
            "prev-problem" => "prev",
            _ => name,
        },
        Run::Line(_) => name,
    }
}

/// Moves a cursor in a list by a key; `None` when the key is none of moving.
pub fn moved(key: &str, cursor: usize, len: usize, page: usize) -> Option<usize> {
    let last = len.saturating_sub(1);
    Some(match key {
        "down" | "ctrl-n" => (cursor + 1).min(last),
        "up" | "ctrl-p" => cursor.saturating_sub(1),
        "page-down" => (cursor + page.max(1)).min(last),
        "page-up" => cursor.saturating_sub(page.max(1)),
        "home" => 0,
        "end" => last,
        _ => return None,
    })
}

/// The first row of a list of `len` to be drawn so that `cursor` is in sight.
pub fn scrolled(cursor: usize, len: usize, rows: usize) -> usize {
    cursor
        .saturating_sub(rows.saturating_sub(1) / 2)
        .min(len.saturating_sub(rows))
}
