//! A long list of agents that are asked once: taken up bit by bit, so that only those under way cost memory.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::mpsc;

use super::job::Kind;
use super::once::PollResult;
use super::task::Offer;
use crate::event::Target;
use crate::model::{DeviceClass, Text};

/// Agents to be asked once, and where what they gave goes.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) kind: Kind,
    pub(super) cause: Text,
    pub(super) within: Duration,
    pub(super) sink: mpsc::Sender<Vec<PollResult>>,
    /// Whom, with which of the lists of credentials, and of which class.
    targets: VecDeque<(SocketAddr, u32, DeviceClass)>,
    offers: Vec<Offer>,
    /// Asked and not yet done.
    pub(super) running: usize,
    /// Done and not yet taken.
    pub(super) results: Vec<PollResult>,
}

impl Feed {
    pub(super) fn new(
        kind: Kind,
        cause: Text,
        within: Duration,
        sink: mpsc::Sender<Vec<PollResult>>,
        targets: &[Target],
    ) -> Self {
        let mut offers: Vec<Offer> = Vec::new();
        let targets = targets
            .iter()
            .map(|target| {
                // neighbours in a list mostly share theirs
                let same = offers.iter().rposition(|held| held.is_of(target));
                let which = same.unwrap_or_else(|| {
                    offers.push(Offer::of(target));
                    offers.len() - 1
                });
                let to = SocketAddr::new(target.address.to_canonical(), target.port);
                (to, which as u32, target.class)
            })
            .collect();
        Self {
            kind,
            cause,
            within,
            sink,
            targets,
            offers,
            running: 0,
            results: Vec::new(),
        }
    }

    /// The next one, where no more than `most` are under way or wait to be taken.
    pub(super) fn next(&mut self, most: usize) -> Option<(SocketAddr, Offer, DeviceClass)> {
        if self.running + self.results.len() >= most {
            return None;
        }
        let (to, which, class) = self.targets.pop_front()?;
        self.running += 1;
        let offer = self.offers.get(which as usize);
        Some((to, offer.cloned().unwrap_or_default(), class))
    }

    /// Those that come after.
    pub(super) fn ahead(&self) -> impl Iterator<Item = SocketAddr> {
        self.targets.iter().map(|(to, _, _)| *to)
    }

    /// Nobody waits for it any more.
    pub(super) fn abandon(&mut self) {
        self.targets.clear();
        self.results.clear();
    }

    /// Nothing more will come of it.
    pub(super) fn is_over(&self) -> bool {
        self.running == 0 && self.results.is_empty() && self.targets.is_empty()
    }
}
