//! Takes notices out of effects, tells them once, and says what became of each.

use std::collections::{BTreeSet, VecDeque};

use crate::event::{Body, Effect, EffectKind, Notice};
use crate::model::{Seq, Text};

/// A way to people.
pub trait Channel: Send {
    /// What it is called in errors: `stderr`, `/var/log/wardwatch`.
    fn name(&self) -> &Text;

    /// Tells it, or says why not. Must not wait for the network.
    fn tell(&mut self, notice: &Notice) -> Result<(), Text>;
}

/// How many delivered keys are remembered.
pub const DELIVERED_KEPT: usize = 4096;

/// Notices on their way out.
#[derive(Default)]
pub struct Outbox {
    channels: Vec<Box<dyn Channel>>,
    delivered: BTreeSet<(Seq, u16)>,
    order: VecDeque<(Seq, u16)>,
}

impl Outbox {
    /// With these channels; without any, the viewers alone are told.
    pub fn new(channels: Vec<Box<dyn Channel>>) -> Self {
        Self {
            channels,
            ..Self::default()
        }
    }

    /// A delivery that the log already holds, from before this start.
    pub fn was_delivered(&mut self, key: (Seq, u16)) {
        if self.delivered.insert(key) {
            self.order.push_back(key);
        }
        while self.order.len() > DELIVERED_KEPT {
            if let Some(old) = self.order.pop_front() {
                self.delivered.remove(&old);
            }
        }
    }

    /// Carries out an effect if it is a notice that was not told yet; the event that says so is for the log. A notice that one
    /// channel told is delivered; its error names the channels that did not tell it. Without channels nothing is delivered,
    /// and nothing said to be.
    pub fn carry_out(&mut self, effect: &Effect) -> Option<Body> {
        let EffectKind::Notify(notice) = &effect.kind else {
            return None;
        };
        if self.channels.is_empty() {
            return None;
        }
        if self.delivered.contains(&effect.key) {
            return None;
        }
        self.was_delivered(effect.key);
        let errors: Vec<String> = self
            .channels
            .iter_mut()
            .filter_map(|channel| {
                let why = channel.tell(notice).err()?;
                Some(format!("{}: {why}", channel.name()))
            })
            .collect();
        Some(Body::Delivered {
            effect: effect.key,
            error: Text::from(errors.join("; ")),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::model::{AlertId, Severity, Time};

    struct Told(Text, Arc<Mutex<Vec<String>>>, bool);

    impl Channel for Told {
        fn name(&self) -> &Text {
            &self.0
        }

        fn tell(&mut self, notice: &Notice) -> Result<(), Text> {
            if self.2 {
                return Err("disk full".into());
            }
            self.1.lock().unwrap().push(notice.text.to_string());
            Ok(())
        }
    }

    fn effect(n: u64) -> Effect {
        Effect {
            key: (Seq(n), 0),
            kind: EffectKind::Notify(Notice {
                alert: AlertId(1),
                severity: Severity::Critical,
                recovered: false,
                at: Time(0),
                text: Text::from(format!("notice {n}")),
            }),
        }
    }

    #[test]
    fn a_notice_is_told_once_by_every_channel_and_the_log_hears_of_it() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut outbox = Outbox::new(vec![
            Box::new(Told("a".into(), Arc::clone(&told), false)),
            Box::new(Told("b".into(), Arc::clone(&told), true)),
        ]);
        let said = outbox.carry_out(&effect(7)).unwrap();
        assert_eq!(
            said,
            Body::Delivered {
                effect: (Seq(7), 0),
                error: "b: disk full".into()
            }
        );
        assert_eq!(outbox.carry_out(&effect(7)), None);
        assert_eq!(*told.lock().unwrap(), ["notice 7"]);
    }

    #[test]
    fn what_the_log_holds_as_delivered_is_not_told_after_a_restart() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let channel = Told("a".into(), Arc::clone(&told), false);
        let mut outbox = Outbox::new(vec![Box::new(channel)]);
        outbox.was_delivered((Seq(7), 0));
        assert_eq!(outbox.carry_out(&effect(7)), None);
        assert!(outbox.carry_out(&effect(8)).is_some());
        assert_eq!(*told.lock().unwrap(), ["notice 8"]);
    }

    #[test]
    fn without_channels_nothing_is_said_to_be_delivered() {
        assert_eq!(Outbox::default().carry_out(&effect(7)), None);
    }

    #[test]
    fn other_effects_are_not_for_the_outbox_and_memory_has_a_cap() {
        let mut outbox = Outbox::default();
        let probe = Effect {
            key: (Seq(1), 0),
            kind: EffectKind::Probe(Vec::new()),
        };
        assert_eq!(outbox.carry_out(&probe), None);
        for n in 0..2 * DELIVERED_KEPT as u64 {
            outbox.was_delivered((Seq(n), 0));
        }
        assert_eq!(outbox.delivered.len(), DELIVERED_KEPT);
        assert_eq!(outbox.order.len(), DELIVERED_KEPT);
    }
}
