//! What the screens need of the catalogue of remediations, so that they need not know it.

use std::collections::BTreeMap;

use crate::engine::State;
use crate::model::{Confirm, Risk, RunPlan, Text};

use super::Selection;

/// One input that a remediation takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSpec {
    /// Its name in the remediation.
    pub name: Text,
    /// What it is, a few words.
    pub title: Text,
    /// What may be given: `1 to 20`, `a word of letters`; empty where anything may.
    pub hint: Text,
    /// The words to choose from; empty where it is typed.
    pub choices: Vec<Text>,
    /// What stands there before anything is typed.
    pub default: Text,
    /// It may not be left empty.
    pub required: bool,
}

/// A remediation that could be run against what is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub name: Text,
    /// Its key in the list.
    pub key: Option<char>,
    /// One line of what it does.
    pub title: Text,
    /// How much it can break.
    pub risk: Risk,
    /// What must be done before it starts.
    pub confirm: Confirm,
    /// What it sends or needs, a few words: `4 pings`, `SNMP SET on sw-3f-02`.
    pub needs: Text,
    /// What it must be told.
    pub inputs: Vec<InputSpec>,
    /// It has a dry run.
    pub dry_run: bool,
    /// Why it can't be run here; nothing when it can.
    pub refused: Option<Text>,
}

/// Plans runs. Pure: it looks at the state and starts nothing.
pub trait RunPlanner: Send + Sync {
    /// What applies to a selection, that which is refused included, with its reason.
    fn offers(&self, state: &State, selection: &Selection) -> Vec<Offer>;

    /// What exactly would be done; or why not, in calm words.
    fn plan(
        &self,
        state: &State,
        selection: &Selection,
        name: &Text,
        inputs: &BTreeMap<Text, Text>,
        person: &Text,
        dry_run: bool,
    ) -> Result<RunPlan, Text>;
}

/// A program without remediations.
pub struct NoPlanner;

impl RunPlanner for NoPlanner {
    fn offers(&self, _: &State, _: &Selection) -> Vec<Offer> {
        Vec::new()
    }

    fn plan(
        &self,
        _: &State,
        _: &Selection,
        name: &Text,
        _: &BTreeMap<Text, Text>,
        _: &Text,
        _: bool,
    ) -> Result<RunPlan, Text> {
        Err(Text::from(format!("there is no remediation {name} here")))
    }
}
