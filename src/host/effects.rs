//! Carries out what the engine asks for.

use std::sync::Arc;

use crate::engine::State;
use crate::event::{Body, Effect, EffectKind};
use crate::gate::Gate;
use crate::notify::Outbox;
use crate::sources::snmp::Poller;

use super::collector::Carry;

/// The collector's hands: gate, poller, and who tells people.
pub struct Hands {
    gate: Arc<Gate>,
    poller: Option<Poller>,
    outbox: Outbox,
    /// What became of notices, for the log at the next beat.
    delivered: Vec<Body>,
}

impl Hands {
    /// Without a poller nothing is asked (a collector that only listens). Where a viewer draws, the outbox has no channel that
    /// writes to the terminal: the alert list, the feed and the wallboard are how people are told there.
    pub fn new(gate: Arc<Gate>, poller: Option<Poller>, outbox: Outbox) -> Self {
        Self {
            gate,
            poller,
            outbox,
            delivered: Vec::new(),
        }
    }
}

impl Carry for Hands {
    fn carry(&mut self, effect: Effect, _state: &State) {
        match &effect.kind {
            EffectKind::TouchTable(table) => self.gate.install(table.clone()),
            EffectKind::Plans(plans) => {
                if let Some(poller) = &self.poller {
                    poller.set_plans(plans.clone());
                }
            }
            EffectKind::Budgets(budgets) => {
                if let Some(poller) = &self.poller {
                    poller.set_budgets(budgets.clone());
                }
            }
            EffectKind::Targets(targets) => {
                if let Some(poller) = &self.poller {
                    poller.set_targets(targets.clone());
                }
            }
            EffectKind::Quirks(quirks) => {
                if let Some(poller) = &self.poller {
                    poller.set_quirks(quirks.clone());
                }
            }
            EffectKind::Probe(addresses) => {
                if let Some(poller) = &self.poller {
                    poller.probe(addresses.clone());
                }
            }
            EffectKind::ReadTables(addresses) => {
                if let Some(poller) = &self.poller {
                    poller.read_tables(addresses.clone());
                }
            }
            EffectKind::Notify(_) => self.delivered.extend(self.outbox.carry_out(&effect)),
        }
    }

    fn beat(&mut self) -> Vec<Body> {
        let mut bodies = std::mem::take(&mut self.delivered);
        let rows = self.gate.drain_ledger();
        if !rows.is_empty() {
            bodies.push(Body::Ledger(rows));
        }
        let refused = self.gate.drain_refused();
        if !refused.is_empty() {
            bodies.push(Body::Refused(refused));
        }
        bodies
    }

    fn end(&mut self) -> Vec<Body> {
        self.gate.shut();
        self.beat()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::event::Notice;
    use crate::model::{AlertId, Seq, Severity, Text, Time};
    use crate::notify::Channel;

    struct Told(Text, Arc<Mutex<Vec<Text>>>);

    impl Channel for Told {
        fn name(&self) -> &Text {
            &self.0
        }

        fn tell(&mut self, notice: &Notice) -> Result<(), Text> {
            self.1.lock().unwrap().push(notice.text.clone());
            Ok(())
        }
    }

    #[test]
    fn a_notice_is_told_and_the_log_hears_of_it_once() {
        let told = Arc::default();
        let channel = Told("here".into(), Arc::clone(&told));
        let mut hands = Hands::new(Gate::new(), None, Outbox::new(vec![Box::new(channel)]));
        let effect = || Effect {
            key: (Seq(3), 1),
            kind: EffectKind::Notify(Notice {
                alert: AlertId(1),
                severity: Severity::Critical,
                recovered: false,
                at: Time(0),
                text: "sw-3f-02 does not answer".into(),
            }),
        };
        hands.carry(effect(), &State::new());
        hands.carry(effect(), &State::new());
        assert_eq!(
            hands.beat(),
            [Body::Delivered {
                effect: (Seq(3), 1),
                error: Text::empty()
            }]
        );
        assert!(hands.beat().is_empty());
        assert_eq!(*told.lock().unwrap(), ["sw-3f-02 does not answer".into()]);
    }
}
