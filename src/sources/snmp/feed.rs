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

/// What agents have in common: credentials, and the lines whose budgets are kept to, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Share {
    pub(super) offer: Offer,
    pub(super) closet: u32,
    pub(super) uplink: u32,
}

/// Agents to be asked once, and where what they gave goes.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) kind: Kind,
    pub(super) cause: Text,
    pub(super) within: Duration,
    pub(super) sink: mpsc::Sender<Vec<PollResult>>,
    /// Whom, as which of the shares, and of which class.
    targets: VecDeque<(SocketAddr, u32, DeviceClass)>,
    shares: Vec<Share>,
    /// Asked and not yet done.
    pub(super) running: usize,
    /// Done and not yet taken.
    pub(super) results: Vec<PollResult>,
}

impl Feed {
    /// Of nobody yet.
    pub(super) fn new(
        kind: Kind,
        cause: Text,
        within: Duration,
        sink: mpsc::Sender<Vec<PollResult>>,
    ) -> Self {
        Self {
            kind,
            cause,
            within,
            sink,
            targets: VecDeque::new(),
            shares: Vec::new(),
            running: 0,
            results: Vec::new(),
        }
    }

    /// Of these; `polite`: within the budgets of their lines.
    pub(super) fn of(mut self, targets: &[Target], polite: bool) -> Self {
        let line = |number| if polite { number } else { 0 };
        self.targets.reserve_exact(targets.len());
        for target in targets {
            let (closet, uplink) = (line(target.closet), line(target.uplink));
            // neighbours in a list mostly share theirs
            let same = self.shares.iter().rposition(|held| {
                (held.closet, held.uplink) == (closet, uplink) && held.offer.is_of(target)
            });
            let which = same.unwrap_or_else(|| {
                self.shares.push(Share {
                    offer: Offer::of(target),
                    closet,
                    uplink,
                });
                self.shares.len() - 1
            });
            let to = SocketAddr::new(target.address.to_canonical(), target.port);
            self.targets.push_back((to, which as u32, target.class));
        }
        self
    }

    /// The next one, where no more than `most` are under way or wait to be taken.
    pub(super) fn next(&mut self, most: usize) -> Option<(SocketAddr, Share, DeviceClass)> {
        if self.running + self.results.len() >= most {
            return None;
        }
        let (to, which, class) = self.targets.pop_front()?;
        self.running += 1;
        let share = self.shares.get(which as usize);
        Some((to, share.cloned().unwrap_or_default(), class))
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
