//! What a device is, by what it answers: vendor, operating system, model, version, serial number, class.
//!
//! In: rules as data (`config/identify/*.toml`), and what one device answered. Out: an [`Identity`], with the name of the rule that
//! matched and how sure that is; and which objects a rule would like to have asked. It never asks anything itself, has no clock and no
//! file, and believes no answer: what it gives is [`Text`](crate::model::Text), short, and empty of what a terminal would obey.

mod answers;
mod compile;
mod enterprise;
mod generic;
mod oui;
mod packed;
mod pattern;
mod rule;
mod shipped;
mod source;
#[cfg(test)]
mod tests;
mod words;

pub use answers::{Answers, Recorded};
pub use compile::{Identity, Rules};
pub use enterprise::vendor_of;
pub use oui::maker_of;
pub use rule::RuleError;
pub use shipped::shipped;
