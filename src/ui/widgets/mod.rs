//! The pieces every view is made of: one look for one thing.
//!
//! In: model values and [`Ink`] (the theme's roles and the glyphs, with the frame's context). Out: cells in a buffer, or
//! short strings. A widget holds no state but a list's cursor, knows no view, and writes foreign text only through
//! [`Row`], which takes what `model::Text` made harmless. Nothing here reads a clock.

mod cells;
mod chosen;
mod empty;
mod flow;
mod ink;
mod list;
mod rate;
mod row;
mod rule;
mod sections;
mod spark;
mod table;
mod tile;
mod time;

pub use cells::{Cell, ClassGroup, cells_height, draw_cells, state_counts};
pub use chosen::Chosen;
pub use empty::empty;
pub use flow::{Labelled, flow};
pub use ink::Ink;
pub use list::List;
pub use rate::{bytes, counted, load, percent, rate, speed};
pub use row::{Align, Row, prefix, width, wrap};
pub use rule::{Frame, frame};
pub use sections::{LABEL, Section, draw_sections, scrolled, section_width};
pub use spark::{bar, spark};
pub use table::{Column, Fitted, fit, header};
pub use tile::{Tile, TileSize};
pub use time::{age, age_words, clock, clock_long, countdown};
