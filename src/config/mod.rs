//! The site file and the files it names: found, read, checked, explained, watched.
//!
//! In: `wardwatch.toml` and what it includes. Out: a [`crate::model::Site`] with everything checked, or every mistake at
//! once, each with file, line, column and what was meant. It never puts defaults in the place of a mistake, never reads a
//! secret before it is needed, and never shows one.

mod budget;
mod check;
mod cursor;
mod find;
pub mod folder;
mod keys;
mod limit;
mod load;
pub mod plans;
mod problem;
mod quirks;
mod schema;
pub mod secret;
pub mod sensors;
mod site;
pub(crate) mod source;
pub mod wallboard;
mod watch;
pub(crate) mod word;
mod write;

#[cfg(test)]
mod tests;

pub use budget::budgets_in_words;
pub use find::find;
pub use load::{Loaded, hash, load, parse};
pub use problem::{ConfigErrors, Problem};
pub use quirks::{shipped_quirks, with_shipped_quirks};
pub use schema::schema;
pub use site::LogSettings;
pub use watch::Watch;
pub use write::to_toml;

/// The commented example that `config init` writes.
pub const EXAMPLE: &str = include_str!("../../config/wardwatch.example.toml");
