//! Carries out what the engine asks for.

use std::sync::Arc;

use crate::engine::State;
use crate::event::{Body, Effect, EffectKind};
use crate::gate::Gate;
use crate::sources::snmp::Poller;

use super::collector::Carry;

/// The collector's hands: gate, poller, and who tells people.
pub struct Hands {
    gate: Arc<Gate>,
    poller: Option<Poller>,
}

impl Hands {
    /// Without a poller nothing is asked (a collector that only listens).
    pub fn new(gate: Arc<Gate>, poller: Option<Poller>) -> Self {
        Self { gate, poller }
    }
}

impl Carry for Hands {
    fn carry(&mut self, effect: Effect, _state: &State) {
        match effect.kind {
            EffectKind::TouchTable(table) => self.gate.install(table),
            EffectKind::Targets(targets) => {
                if let Some(poller) = &self.poller {
                    poller.set_targets(targets);
                }
            }
            EffectKind::Probe(addresses) => {
                if let Some(poller) = &self.poller {
                    poller.probe(addresses);
                }
            }
            EffectKind::ReadTables(addresses) => {
                if let Some(poller) = &self.poller {
                    poller.read_tables(addresses);
                }
            }
            // the alert list, the feed and the wallboard are how people are told here
            EffectKind::Notify(notice) => tracing::info!(
                severity = notice.severity.word(),
                recovered = notice.recovered,
                "{}",
                notice.text
            ),
        }
    }

    fn beat(&mut self) -> Vec<Body> {
        let rows = self.gate.drain_ledger();
        if rows.is_empty() {
            Vec::new()
        } else {
            vec![Body::Ledger(rows)]
        }
    }
}
