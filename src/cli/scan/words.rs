//! Who may be asked what: by the word of the person, and of the site.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use color_eyre::Result;

use super::super::args::ScanArgs;
use super::super::{medical, named, usage};
use super::finds::Finds;
use crate::config;
use crate::engine::State;
use crate::host::{Resolve, logins};
use crate::model::{Site, Text, TouchPolicy, TouchTable};
use crate::sources::snmp::Login;

/// Who may be asked what, by the word of the person and of the site.
pub struct Words {
    site: Option<BySite>,
    /// Named one by one.
    named: BTreeSet<IpAddr>,
    /// By which they are asked.
    pub credentials: BTreeMap<Text, Login>,
}

/// What the site says of addresses, and who is there.
struct BySite {
    state: State,
    /// As the engine has it.
    table: Arc<TouchTable>,
    /// And by the person's word who the site knows nothing of.
    with_words: Arc<TouchTable>,
}

impl BySite {
    fn of(known: State, site: Option<&Site>, named: &BTreeSet<IpAddr>) -> Self {
        let (state, table, _) = named::standing_of(known, site);
        let mut with_words = TouchTable::clone(&table);
        for address in named.iter().map(IpAddr::to_canonical) {
            if table.known(address).is_none() {
                with_words.addresses.insert(address, TouchPolicy::Get);
            }
        }
        Self {
            state,
            table,
            with_words: Arc::new(with_words),
        }
    }
}

/// By what is asked: a community, or a credential of the site.
pub fn credentials(args: &ScanArgs, site: Option<&Site>) -> Result<BTreeMap<Text, Login>> {
    let mut credentials = BTreeMap::new();
    if let Some(community) = &args.community {
        let community = named::community(community)?;
        credentials.insert(Text::from("command line"), Login::V2c { community });
    }
    if let Some(name) = &args.v3 {
        let site = site
            .ok_or_else(|| usage("--v3 names a credential of the site file, and there is none"))?;
        let resolve: Resolve =
            Box::new(|of| config::secret::resolve(of).map_err(|e| e.to_string()));
        let (mut logins, troubles) = logins(site, &resolve);
        let name = Text::from(name.as_str());
        let login = logins.remove(&name).ok_or_else(|| {
            usage(format!(
                "the site file has no usable credential '{name}' {}",
                troubles.join("; ")
            ))
        })?;
        credentials.insert(name, login);
    }
    Ok(credentials)
}

impl Words {
    /// What the command line says, and the site file; where there is none, what stood in force when somebody collected last.
    pub fn of(
        args: &ScanArgs,
        credentials: BTreeMap<Text, Login>,
        known: State,
        site: Option<&Site>,
    ) -> Self {
        let named: BTreeSet<IpAddr> = args
            .targets
            .iter()
            .filter_map(|t| t.parse::<IpAddr>().ok())
            .collect();
        let holds = site.is_some() || !known.site.devices.is_empty();
        Self {
            site: holds.then(|| BySite::of(known, site, &named)),
            named,
            credentials,
        }
    }

    /// The site in force.
    pub fn site(&self) -> Option<&Site> {
        self.site.as_ref().map(|s| &*s.state.site)
    }

    /// Is it the site that says what may be sent there?
    pub fn holds(&self, address: IpAddr) -> bool {
        self.site
            .as_ref()
            .is_some_and(|s| s.table.known(address).is_some())
    }

    /// Names those that the site keeps from being asked, of the far ones and of those that were named one by one.
    pub fn say_kept(&self, asked: &TouchTable, far: &[IpAddr]) {
        let Some(site) = &self.site else {
            return;
        };
        let away: BTreeSet<IpAddr> = far.iter().copied().collect();
        let least = |a: &IpAddr| {
            if away.contains(a) || !self.credentials.is_empty() {
                TouchPolicy::Get
            } else {
                TouchPolicy::Arp
            }
        };
        let kept: Vec<String> = away
            .union(&self.named)
            .filter(|a| self.holds(**a) && asked.policy(**a) < least(a))
            .map(|a| {
                let device = site.state.device_at(*a).map(AsRef::as_ref);
                named::with_policy(device, *a, asked.policy(*a))
            })
            .collect();
        named::say_kept(kept.iter().map(String::as_str));
    }

    /// Before anything is known of anybody: ARP, and what the person named.
    pub fn first_table(&self) -> Arc<TouchTable> {
        match &self.site {
            Some(site) => Arc::clone(&site.with_words),
            None => Arc::new(TouchTable {
                revision: 1,
                addresses: self.named.iter().map(|a| (*a, TouchPolicy::Get)).collect(),
                unknown: Vec::new(),
                elsewhere: TouchPolicy::Arp,
            }),
        }
    }

    /// Afterwards: `get` where nothing says that it is medical.
    pub fn second_table(&self, finds: &Finds, far: &[IpAddr]) -> Arc<TouchTable> {
        if let Some(site) = &self.site {
            return Arc::clone(&site.with_words);
        }
        let met = finds.by_address.iter().filter(|(_, f)| {
            !f.contested
                && f.mac
                    .is_some_and(|m| medical::maker(m).is_none() && !m.is_local())
        });
        // this machine's own loopback is nobody's bedside
        let own = far.iter().filter(|a| a.is_loopback());
        let may = met
            .map(|(a, _)| *a)
            .chain(own.copied())
            .chain(self.named.iter().copied());
        Arc::new(TouchTable {
            revision: 2,
            addresses: may.map(|a| (a, TouchPolicy::Get)).collect(),
            unknown: Vec::new(),
            elsewhere: TouchPolicy::Arp,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::finds::Found;
    use super::*;

    #[test]
    fn an_address_that_several_claim_is_asked_only_where_a_person_named_it() {
        let (one, other): (IpAddr, IpAddr) =
            ("10.1.1.1".parse().unwrap(), "10.1.1.2".parse().unwrap());
        let mut finds = Finds::default();
        // nobody's in particular: no maker of medical devices
        let mac = "00:1b:21:01:02:03".parse().unwrap();
        for (address, contested) in [(one, false), (other, true)] {
            let found = Found {
                mac: Some(mac),
                contested,
                ..Found::default()
            };
            finds.by_address.insert(address, found);
        }
        let words = |named: &[IpAddr]| Words {
            site: None,
            named: named.iter().copied().collect(),
            credentials: BTreeMap::new(),
        };
        let table = words(&[]).second_table(&finds, &[]);
        assert_eq!(table.policy(one), TouchPolicy::Get);
        assert_eq!(table.policy(other), TouchPolicy::Arp);
        let table = words(&[other]).second_table(&finds, &[]);
        assert_eq!(table.policy(other), TouchPolicy::Get);
    }
}
