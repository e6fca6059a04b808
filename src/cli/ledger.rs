//! `wardwatch ledger`: every packet ever sent to a device, or to an address of nobody known.

use std::net::IpAddr;

use color_eyre::Result;
use color_eyre::eyre::eyre;
use serde_json::json;

use super::args::{Global, LedgerArgs};
use super::output::Listing;
use super::{Done, named, open, rows};
use crate::config;
use crate::engine::State;
use crate::log::{Answer, Log as _, Query, StateLock};
use crate::model::{Device, Text, Time};

/// Why packets of a time may be missing.
const GAP: &str = "wardwatch ended without a word; packets of this time may be missing";

/// Whose packets are looked for.
struct Whom {
    name: Option<Text>,
    addresses: Vec<IpAddr>,
    /// Why nothing may have been sent.
    touch: String,
}

impl Whom {
    /// A device the log knows, or the site file alone, or a plain address of nobody known: `poll` and `scan` ask those too.
    fn find(global: &Global, state: &State, word: &str) -> Result<Self> {
        let unknown = match open::find(state, word) {
            Ok(device) => return Ok(Self::of(device)),
            Err(unknown) => unknown,
        };
        if let Some(path) = config::find(global.site.as_deref())
            && let Ok(loaded) = open::load(&path)
        {
            let (offered, ..) = named::standing_of(state.clone(), Some(&loaded.offered()));
            if let Ok(device) = open::find(&offered, word) {
                return Ok(Self::of(device));
            }
        }
        let address: IpAddr = word.parse().map_err(|_| unknown)?;
        Ok(Self {
            name: None,
            addresses: vec![address.to_canonical()],
            touch: "no device is known there".into(),
        })
    }

    fn of(device: &Device) -> Self {
        let touch = &device.touch;
        Self {
            name: Some(device.name.clone()),
            addresses: device.addresses.iter().copied().collect(),
            touch: format!("touch policy {}: {}", touch.policy, touch.because),
        }
    }
}

/// Prints it.
pub fn ledger(global: &Global, args: &LedgerArgs) -> Result<Done> {
    let (state, mut log) = open::state(global)?;
    let whom = Whom::find(global, &state, &args.device)?;
    let found = match log.query(&Query::Ledger {
        addresses: whom.addresses.clone(),
        since: Time(0),
        before: Time(i64::MAX),
        limit: 100_000,
    }) {
        Answer::Ledger(found) => found,
        Answer::NotKept { oldest } => {
            return Err(eyre!(
                "the log no longer holds that; what is left begins {oldest}"
            ));
        }
        Answer::Failed(why) => return Err(eyre!("{why}")),
        _ => return Err(eyre!("the log answered something else")),
    };
    let mut list = Listing::new(&[
        "device", "address", "kind", "count", "first", "last", "cause",
    ]);
    for r in found {
        list.row(vec![
            json!(whom.name),
            json!(r.address),
            json!(r.kind.word()),
            json!(r.count),
            rows::time(r.first),
            rows::time(r.last),
            json!(r.cause),
        ]);
    }
    if list.is_empty() {
        let name = whom
            .name
            .clone()
            .unwrap_or_else(|| args.device.as_str().into());
        eprintln!("no packet was ever sent to {name} ({})", whom.touch);
    }
    for address in &whom.addresses {
        let Some((count, last)) = state.refusals.get(address) else {
            continue;
        };
        list.row(vec![
            json!(whom.name),
            json!(address),
            json!("refused"),
            json!(count),
            json!(null),
            rows::time(*last),
            json!("the gate let nobody send them"),
        ]);
    }
    // packets to anybody may be missing, also where none is noted
    let mut gap = |from, until| {
        list.row(vec![
            json!(whom.name),
            json!(null),
            json!("gap"),
            json!(null),
            rows::time(from),
            until,
            json!(GAP),
        ]);
    };
    for known in &state.ledger_gaps {
        gap(known.from, rows::time(known.until));
    }
    // whoever begins next says until when
    if !log.ended()? && StateLock::holder(&open::state_dir(global)?).is_none() {
        let written = state.ledger_written();
        let from = if written.0 > 0 { written } else { state.time };
        gap(from, json!(null));
    }
    list.print(args.format)?;
    Ok(Done::Done)
}
