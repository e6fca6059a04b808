//! One [`Session`](session::Session) a viewer: keys and sizes in, bytes out.
//!
//! In: input events, states from the collector, answers to queries. Out: the bytes of one screen, and [`Request`]s. It never
//! touches a terminal, a socket, a file or a clock: whoever runs it hands it `now`.

pub mod color;
pub mod command_line;
mod context;
pub mod field;
pub mod glyphs;
pub mod keymap;
pub mod language;
pub mod picture;
pub mod planner;
pub mod screen;
pub mod session;
pub mod theme;
pub mod views;
pub mod widgets;

pub use color::ColorDepth;
pub use context::{
    Ctx, Happened, Landmark, Live, Matcher, Matches, Outcome, Place, Played, Request, RunRequest,
    Selection, View, ViewFilter,
};
pub use glyphs::Glyphs;
pub use keymap::Keymap;
pub use theme::{Role, Theme};
