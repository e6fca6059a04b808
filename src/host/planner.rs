//! The catalogue as a session sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::access::Person;
use crate::actions::catalogue::{Catalogue, InputKind};
use crate::actions::plan::{Ask, Own, offers, plan};
use crate::engine::State;
use crate::model::{RunPlan, Text};
use crate::ui::Selection;
use crate::ui::planner::{InputSpec, Offer, RunPlanner};

/// Plans for one person on this machine.
pub struct Planner {
    catalogue: Arc<Catalogue>,
    own: Own,
    person: Person,
}

impl Planner {
    /// For this person.
    pub fn new(catalogue: Arc<Catalogue>, person: Person) -> Self {
        Self {
            catalogue,
            own: Own::of_this_host(),
            person,
        }
    }
}

impl RunPlanner for Planner {
    fn offers(&self, state: &State, selection: &Selection) -> Vec<Offer> {
        let Some(device) = selection.device else {
            return Vec::new();
        };
        let found = offers(
            state,
            &self.catalogue,
            &self.own,
            device,
            selection.interface,
            &self.person,
        );
        found.into_iter().map(offer).collect()
    }

    fn plan(
        &self,
        state: &State,
        selection: &Selection,
        name: &Text,
        inputs: &BTreeMap<Text, Text>,
        _: &Text,
        dry_run: bool,
    ) -> Result<RunPlan, Text> {
        let device = selection
            .device
            .ok_or_else(|| Text::from("choose a device first"))?;
        let ask = Ask {
            device,
            interface: selection.interface,
            remediation: name.as_str(),
            inputs,
            person: &self.person,
            dry_run,
        };
        plan(state, &self.catalogue, &self.own, &ask).map_err(|why| why.to_string().into())
    }
}

/// An offer as the dialog takes it.
fn offer(o: crate::actions::plan::Offer) -> Offer {
    let inputs = o
        .inputs
        .iter()
        .map(|i| InputSpec {
            name: i.name.clone(),
            title: i.title.clone(),
            hint: i.kind.describe(),
            choices: match &i.kind {
                InputKind::Choice(words) => words.clone(),
                _ => Vec::new(),
            },
            default: i.default.clone().unwrap_or_default(),
            required: i.default.is_none(),
        })
        .collect();
    Offer {
        needs: o.needs,
        dry_run: o.dry_run,
        name: o.name,
        key: o.key,
        title: o.title,
        risk: o.risk,
        confirm: o.confirm,
        inputs,
        refused: o.refusal,
    }
}
