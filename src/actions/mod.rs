//! (room under construction)
pub mod catalogue;
#[cfg(test)]
pub(crate) mod fixture;
mod mib;
pub mod plan;
pub mod run;
