//! Listening while a scan asks.

use std::collections::BTreeSet;

use tokio::sync::mpsc;

use super::finds::Finds;
use crate::event::Observation;
use crate::gate::Interface;
use crate::sources::listen::{Listener, WhereAmI};

/// Listens on interfaces while the sweep runs.
pub struct Listening {
    listeners: Vec<Listener>,
    heard: mpsc::Receiver<Vec<Observation>>,
}

impl Listening {
    /// Where that is allowed; where not, it says why.
    pub fn start(on: &[&Interface]) -> Self {
        let (sink, heard) = mpsc::channel(256);
        let mut listeners = Vec::new();
        let mut names = BTreeSet::new();
        for interface in on {
            if !names.insert(&interface.name) {
                continue;
            }
            match Listener::start(interface, sink.clone()) {
                Ok(listener) => listeners.push(listener),
                Err(error) => eprintln!("wardwatch: {error}"),
            }
        }
        Self { listeners, heard }
    }

    /// Is there anything to be heard?
    pub fn is_listening(&self) -> bool {
        !self.listeners.is_empty()
    }

    /// What was heard, and the place that a switch named.
    pub fn finish(self, finds: &mut Finds) -> Option<WhereAmI> {
        let Self {
            listeners,
            mut heard,
        } = self;
        let place = listeners.iter().find_map(Listener::where_am_i);
        listeners.into_iter().for_each(Listener::stop);
        while let Ok(batch) = heard.try_recv() {
            for observation in batch {
                finds.take(observation);
            }
        }
        place
    }
}
