//! What a person names on the command line: targets, communities; and the touch table that follows from their word.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use color_eyre::Result;

use super::usage;
use crate::config;
use crate::engine::State;
use crate::event::{Body, ConfigAppliedV2, Event, Target};
use crate::gate::is_host;
use crate::model::{
    Device, PlainSecret, SecretRef, Seq, Site, Text, Time, TouchPolicy, TouchTable,
};

/// So many of those that may not be asked are named.
const NAMED: usize = 20;

/// A community: `env:NAME`, `file:PATH`, or plain text with a warning.
pub fn community(text: &str) -> Result<PlainSecret> {
    let reference = match text.split_once(':') {
        Some(("env", name)) => SecretRef::Env(name.to_string()),
        Some(("file", path)) => SecretRef::File(path.into()),
        _ => {
            eprintln!(
                "wardwatch: a community in plain text stands in the process list, where other users see it; env:NAME or file:PATH does not"
            );
            return Ok(PlainSecret::new(text.as_bytes().to_vec()));
        }
    };
    config::secret::resolve(&reference).map_err(usage)
}

/// The `address[:port]` lines of a file; blank lines and `#` comments are passed over.
pub fn targets_file(file: &Path, port: u16) -> Result<Vec<SocketAddr>> {
    let text =
        std::fs::read_to_string(file).map_err(|e| usage(format!("{}: {e}", file.display())))?;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let address = line
            .parse::<SocketAddr>()
            .or_else(|_| line.parse::<IpAddr>().map(|a| SocketAddr::new(a, port)));
        let at = |why: &str| {
            let word = Text::from(line);
            usage(format!("{}:{}: '{word}' {why}", file.display(), at + 1))
        };
        let address = address.map_err(|_| {
            at("is no address; write it as 10.3.1.7, 10.3.1.7:1161 or [2001:db8::7]:161")
        })?;
        if !is_host(address.ip().to_canonical()) {
            return Err(at(
                "is a group or a broadcast address: whoever listens there would hear it, so nothing is sent",
            ));
        }
        found.push(address);
    }
    Ok(found)
}

/// The table that holds without a site file: what is named may be touched as the person said, all else not at all.
pub fn table_of_words(named: impl IntoIterator<Item = (IpAddr, TouchPolicy)>) -> Arc<TouchTable> {
    let addresses: BTreeMap<IpAddr, TouchPolicy> = named
        .into_iter()
        .map(|(a, p)| (a.to_canonical(), p))
        .collect();
    Arc::new(TouchTable {
        revision: 1,
        addresses,
        unknown: Vec::new(),
        elsewhere: TouchPolicy::Never,
    })
}

/// The table that holds where there is a site: it binds whatever it knows, a device or an address in one of its segments, and the
/// person's word can only make that stricter. Of an address it does not know the word stands, as without a site.
pub fn table_held_by(
    site: &TouchTable,
    named: impl IntoIterator<Item = (IpAddr, TouchPolicy)>,
) -> Arc<TouchTable> {
    table_of_words(named.into_iter().map(|(address, word)| {
        let held = site.known(address).map_or(word, |policy| policy.min(word));
        (address, held)
    }))
}

/// A device, its address and its touch policy, for a message.
pub fn with_policy(device: Option<&Device>, address: IpAddr, policy: TouchPolicy) -> String {
    match device {
        Some(device) => format!("{} {address} ({policy})", device.name),
        None => format!("{address} ({policy})"),
    }
}

/// Says on standard error who is kept by which touch policy, the first of them by name.
pub fn say_kept<'a>(kept: impl ExactSizeIterator<Item = &'a str>) {
    let more = kept.len().saturating_sub(NAMED);
    let first: Vec<&str> = kept.take(NAMED).collect();
    if first.is_empty() {
        return;
    }
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    eprintln!(
        "wardwatch: kept from being asked by their touch policy: {}{rest}",
        first.join(", ")
    );
}

/// What the engine makes of a site, and of what it knows already: who may be touched how, and who is asked what. Without a site
/// file what was in force when somebody collected last stands.
pub fn standing_of(
    mut state: State,
    site: Option<&Site>,
) -> (State, Arc<TouchTable>, Arc<Vec<Target>>) {
    let site = match site {
        None if state.config_hash.is_empty() => Some(Site::default()),
        site => site.cloned(),
    };
    let config = site.map(|site| {
        let site = config::with_shipped_quirks(site);
        Body::Config(Box::new(ConfigAppliedV2 {
            hash: config::hash(&site),
            site,
        }))
    });
    for body in config.into_iter().chain([Body::Tick]) {
        let _ = state.apply(&Event {
            seq: Seq(state.seq.0 + 1),
            time: Time::from_clock(),
            body,
        });
    }
    let (table, targets) = state.standing();
    let nothing = || table_of_words([]);
    (
        state,
        table.unwrap_or_else(nothing),
        targets.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_line_of_a_targets_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("targets");
        std::fs::write(
            &file,
            "# core\n10.3.1.7\n10.3.1.8:1161 # lab\n\n[::1]:161\n",
        )
        .unwrap();
        let found = targets_file(&file, 161).unwrap();
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["10.3.1.7:161", "10.3.1.8:1161", "[::1]:161"]
        );
        std::fs::write(&file, "10.3.1.7\n10.3.1.300\n").unwrap();
        let words = targets_file(&file, 161).unwrap_err().to_string();
        assert!(words.contains(":2: '10.3.1.300' is no address"), "{words}");
    }

    #[test]
    fn a_word_lifts_nothing_that_the_site_holds() {
        let site = TouchTable {
            revision: 1,
            addresses: [
                ("10.3.0.7".parse().unwrap(), TouchPolicy::Never),
                ("10.3.0.8".parse().unwrap(), TouchPolicy::Full),
            ]
            .into(),
            unknown: vec![("10.3.0.0/16".parse().unwrap(), TouchPolicy::Passive)],
            elsewhere: TouchPolicy::Passive,
        };
        let named = [
            ("10.3.0.7", TouchPolicy::Full, TouchPolicy::Never),
            ("::ffff:10.3.0.7", TouchPolicy::Full, TouchPolicy::Never),
            ("10.3.0.8", TouchPolicy::Get, TouchPolicy::Get),
            ("10.3.0.9", TouchPolicy::Full, TouchPolicy::Passive),
            ("192.0.2.1", TouchPolicy::Full, TouchPolicy::Full),
        ];
        for (address, word, held) in named {
            let address: IpAddr = address.parse().unwrap();
            let table = table_held_by(&site, [(address, word)]);
            assert_eq!(table.policy(address), held, "{address}");
        }
        let table = table_held_by(&site, []);
        assert_eq!(
            table.policy("10.3.0.8".parse().unwrap()),
            TouchPolicy::Never
        );
    }

    #[test]
    fn what_nobody_named_is_not_touched_at_all() {
        let table = table_of_words([("10.0.0.1".parse().unwrap(), TouchPolicy::Get)]);
        assert_eq!(table.policy("10.0.0.1".parse().unwrap()), TouchPolicy::Get);
        assert_eq!(
            table.policy("10.0.0.2".parse().unwrap()),
            TouchPolicy::Never
        );
    }
}
