//! The filter language as the filter bar and the views need it.

use std::sync::Arc;

use crate::engine::{Filter, FilterError, State};
use crate::model::{Alert, Device, Text};

use super::{Matcher, Matches};

/// Reads filters.
pub trait FilterLanguage: Send + Sync {
    /// Reads a filter; or says what is wrong and what would be right.
    fn read(&self, words: &str) -> Result<Matcher, Text>;

    /// What the last word could become, the whole word each, the likeliest first; values are those of the state.
    fn complete(&self, words: &str, state: &State) -> Vec<String>;

    /// Where the last word begins, in bytes.
    fn last_word(&self, words: &str) -> usize;

    /// Every key, as it begins a word.
    fn keys(&self) -> Vec<String>;

    /// What is wrong and can't become right any more while the rest is typed: a key that there is not, a word that is ended.
    fn mistake(&self, words: &str) -> Option<Text>;
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

    fn complete(&self, words: &str, state: &State) -> Vec<String> {
        Filter::complete_in(words, state)
    }

    fn last_word(&self, words: &str) -> usize {
        Filter::last_word(words)
    }

    fn keys(&self) -> Vec<String> {
        let keys = Filter::keys().iter();
        keys.map(|key| format!("{}:", key.name)).collect()
    }

    fn mistake(&self, words: &str) -> Option<Text> {
        let (ended, last) = words.split_at_checked(Filter::last_word(words))?;
        let last = Filter::parse(last).err();
        let unknown = last.filter(|why| matches!(why, FilterError::UnknownKey { .. }));
        let why = Filter::parse(ended).err().or(unknown)?;
        Some(Text::from(why.to_string()))
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
