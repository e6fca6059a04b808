//! The ledger of what `poll` and `scan` send, and what was known when they began.
//!
//! A site has a ledger, and so has a state folder that is named: what is sent there is noted or not sent at all. Addresses of no site
//! and with no `--state` are nobody's devices: no folder is made for them, and none is in their way.

use std::io::IsTerminal as _;
use std::sync::Arc;

use color_eyre::Result;
use color_eyre::eyre::{WrapErr as _, eyre};

use super::args::Global;
use super::{open, watch};
use crate::config::Loaded;
use crate::engine::State;
use crate::gate::Gate;
use crate::host::Keeper;
use crate::log::Retention;
use crate::notify::{Lines, Outbox};

/// Who notes, if anybody does.
pub struct Noted(Option<Keeper>);

impl Noted {
    /// To be called before anything is sent. Where another process collects there, it is an error as it is for `run`.
    pub fn open(global: &Global, site: Option<&Loaded>, gate: &Arc<Gate>) -> Result<Self> {
        if site.is_none() && global.state.is_none() {
            // scripts that measure read standard error too
            if std::io::stderr().is_terminal() {
                eprintln!(
                    "wardwatch: no ledger is kept of this: there is no site file, and no --state DIR to keep it in"
                );
            }
            return Ok(Self(None));
        }
        let start = || -> Result<Keeper> {
            let dir = open::state_dir(global)?;
            open::make_state_dir(&dir)?;
            let retention = site.map_or_else(Retention::default, watch::retention);
            let log = Box::new(open::log(&dir, retention)?);
            // as a service does: nothing is drawn there
            let outbox = Outbox::new(vec![Box::new(Lines::stderr())]);
            Ok(Keeper::start(log, gate, outbox)?)
        };
        let keeper = start().wrap_err("nothing was sent, for it would have stood in no ledger")?;
        Ok(Self(Some(keeper)))
    }

    /// What the collector knew last: who has which address, who is left alone, what was overridden. Nothing, where nobody collected
    /// yet.
    pub fn known(&self) -> State {
        let state = self.0.as_ref().map(|keeper| State::clone(&keeper.state()));
        state.unwrap_or_default()
    }

    /// Lets nothing out any more, and writes everything down.
    pub fn finish(self) -> Result<()> {
        match self.0.map_or(Ok(()), Keeper::stop) {
            Ok(()) => Ok(()),
            Err(why) => Err(eyre!("the ledger lacks what was sent last: {why}")),
        }
    }
}
