//! The poll plans in force, and a person's consent to what would ask devices for more.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::fold::Out;
use super::state::State;
use crate::event::ObsSourceV1;
use crate::model::{DeviceClass, PollPlans, Text, Time};

/// By which name a held back change of plans stands among the troubles.
pub const POLL_PLANS: &str = "poll plans";

/// The poll plans as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polls {
    /// What devices are asked now; none in a log from before there were plans.
    pub in_force: Arc<PollPlans>,
    /// What the configuration offers, while part of it waits for consent.
    pub offered: Option<Arc<PollPlans>>,
    /// Who consented last, and when; none where nobody had to.
    pub accepted: Option<(Text, Time)>,
}

impl State {
    /// Plans that come with a configuration. The first ones are in force as they are: nothing was asked before. Of later ones
    /// what asks no device for more is in force at once; the rest waits for a person.
    pub(super) fn offer_plans(&mut self, offered: &PollPlans, out: &mut Out) {
        if offered.is_empty() {
            return;
        }
        let now = if self.polls.in_force.is_empty() {
            offered.clone()
        } else {
            self.polls.in_force.with_less(offered)
        };
        self.polls.offered = (now != *offered).then(|| Arc::new(offered.clone()));
        self.put_plans(now, out);
        self.say_what_waits(out);
    }

    /// A person consents to the plans with this hash. A word on others than are offered now counts for nothing.
    pub(super) fn accept_plans(&mut self, by: &Text, hash: &Text, out: &mut Out) {
        let Some(offered) = self.polls.offered.clone() else {
            return;
        };
        if offered.hash() != *hash {
            return;
        }
        self.polls.offered = None;
        self.polls.accepted = Some((by.clone(), out.now));
        self.put_plans(PollPlans::clone(&offered), out);
        self.say_what_waits(out);
    }

    fn put_plans(&mut self, plans: PollPlans, out: &mut Out) {
        if *self.polls.in_force == plans {
            return;
        }
        if !self.polls.in_force.is_empty() && !self.polls.in_force.asks_like(&plans) {
            self.all_asked_anew();
        }
        self.polls.in_force = Arc::new(plans);
        out.plans = true;
        out.targets = true;
        out.visible = true;
    }

    fn say_what_waits(&mut self, out: &mut Out) {
        let trouble = if self.polls.offered.is_some() {
            "they changed and would ask devices for more, which waits for consent: see 'wardwatch config diff'"
        } else {
            ""
        };
        let known = self.troubles.get(&Text::from(POLL_PLANS));
        if known.map_or("", |(t, _)| t.as_str()) != trouble {
            let said = ObsSourceV1 {
                at: out.now,
                source: POLL_PLANS.into(),
                trouble: trouble.into(),
                dropped: 0,
            };
            self.source(&said, out);
        }
    }

    /// How many devices of each class may be asked by SNMP: what a difference of plans counts.
    pub fn asked_by_class(&self) -> std::collections::BTreeMap<DeviceClass, u32> {
        let mut counts = std::collections::BTreeMap::new();
        for d in self.devices.values() {
            if self.is_asked(d.id) {
                *counts.entry(d.class).or_insert(0) += 1;
            }
        }
        counts
    }
}
