//! The filter language as the filter bar and the views need it.

use std::sync::Arc;

use crate::engine::{Filter, State};
use crate::model::{Alert, Device, Text};

use super::{Matcher, Matches};

/// Reads filters.
pub trait FilterLanguage: Send + Sync {
    /// Reads a filter; or says what is wrong and what would be right.
    fn read(&self, words: &str) -> Result<Matcher, Text>;

    /// What the last word could become, the whole word each, the likeliest first.
    fn complete(&self, words: &str) -> Vec<String>;
}

/// The language of the engine, as on the command line.
pub struct SiteFilters;

impl FilterLanguage for SiteFilters {
    fn read(&self, words: &str) -> Result<Matcher, Text> {
        match Filter::parse(words) {
            Ok(filter) => Ok(Arc::new(filter)),
            Err(why) => Err(Text::from(why.to_string())),
        }
    }

    fn complete(&self, words: &str) -> Vec<String> {
        Filter::complete(words)
    }
}

/// Ages are those of the state's own time: a list is kept until the state moves, so it must hang on nothing else.
impl Matches for Filter {
    fn device(&self, state: &State, device: &Device) -> bool {
        self.matches(state, device, state.time)
    }

    fn alert(&self, state: &State, alert: &Alert) -> bool {
        self.matches_alert(state, alert, state.time)
    }
}
