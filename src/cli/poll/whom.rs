//! Who is asked, and who is kept from it; and where what is sent is noted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use color_eyre::Result;

use super::super::args::{Global, PollArgs};
use super::super::{named, open, usage};
use crate::config::{self, Loaded};
use crate::engine::{Filter, State};
use crate::event::Target;
use crate::host::{Resolve, logins};
use crate::model::{DeviceClass, Site, Text, TouchPolicy, TouchTable};
use crate::sources::snmp::{Login, Poller};

/// Who may not be asked as the plan would: by address, the words that name device and policy.
pub type Kept = BTreeMap<IpAddr, String>;

/// What is to be done.
pub struct Whom {
    /// Who is asked.
    pub targets: Vec<Target>,
    /// Who is not, of those that are meant.
    pub kept: Kept,
    /// What may be sent to whom.
    pub table: Arc<TouchTable>,
    /// What a person should know of it.
    pub words: Vec<String>,
}

/// The site that holds: its plans and touch policies do for whatever this hospital asks. With a site file that can't be read nobody
/// is asked.
pub fn site_of(global: &Global, args: &PollArgs) -> Result<Option<Loaded>> {
    if args.targets.is_none() {
        if args.community.is_some() {
            return Err(usage(
                "--community goes with --targets; the site file names the credentials of its devices",
            ));
        }
        return open::site(global).map(Some);
    }
    if !args.filter.is_empty() {
        return Err(usage(
            "a filter works on the site's devices; --targets names its own",
        ));
    }
    config::find(global.site.as_deref())
        .map(|path| open::load(&path))
        .transpose()
}

impl Whom {
    /// What the command line says, by the site as it is now and what is known now.
    pub fn of(
        args: &PollArgs,
        site: Option<&Loaded>,
        known: State,
        poller: &Poller,
    ) -> Result<Self> {
        match (&args.targets, site) {
            (Some(file), site) => from_file(args, file, site, known, poller),
            (None, Some(site)) => from_site(args, site, known, poller),
            (None, None) => Err(usage("there is neither a site file nor a file of targets")),
        }
    }
}

/// By the plans of the site, and no more than models can take; in words what the site has of its own.
fn ask_as(site: &Site, state: &State, poller: &Poller) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(plans) = state.standing_plans() {
        let shipped = config::plans::shipped(&site.intervals);
        let own: Vec<&str> = plans
            .iter()
            .filter(|plan| shipped.get(plan.name.as_str()) != Some(plan))
            .map(|plan| plan.name.as_str())
            .collect();
        if !own.is_empty() {
            words.push(format!("asked by the site's own plans {}", own.join(", ")));
        }
        poller.set_plans(plans);
    }
    if let Some(quirks) = state.quirk_table() {
        poller.set_quirks(Arc::clone(quirks));
    }
    poller.set_budgets(Arc::new(site.budgets.clone()));
    if !site.quirks.is_empty() {
        words.push(format!(
            "{} of the site's own quirks hold",
            site.quirks.len()
        ));
    }
    words
}

fn from_file(
    args: &PollArgs,
    file: &Path,
    loaded: Option<&Loaded>,
    known: State,
    poller: &Poller,
) -> Result<Whom> {
    let community = args
        .community
        .as_deref()
        .ok_or_else(|| usage("--targets needs --community env:NAME or file:PATH"))?;
    let login = Login::V2c {
        community: named::community(community)?,
    };
    let found = named::targets_file(file, 161)?;
    let site = loaded.map(Loaded::offered);
    let (state, held, _) = named::standing_of(known, site.as_ref());
    // the person named each address, and the plan: their word covers what the plan sends
    let word = if args.plan == "status" {
        TouchPolicy::Get
    } else {
        TouchPolicy::Full
    };
    let words = found.iter().map(|a| (a.ip(), word));
    let table = if site.is_some() || !state.site.devices.is_empty() {
        named::table_held_by(&held, words)
    } else {
        named::table_of_words(words)
    };
    let words = ask_as(&site.unwrap_or_default(), &state, poller);
    let kept = found
        .iter()
        .map(std::net::SocketAddr::ip)
        .filter(|a| table.policy(*a) < word)
        .map(|a| {
            let device = state.device_at(a).map(AsRef::as_ref);
            let address = a.to_canonical();
            (
                address,
                named::with_policy(device, address, table.policy(a)),
            )
        })
        .collect();
    let name = Text::from("command line");
    poller.set_logins(BTreeMap::from([(name.clone(), login)]));
    let targets = found
        .into_iter()
        .map(|a| Target {
            address: a.ip(),
            port: a.port(),
            credentials: vec![name.clone()],
            class: state
                .device_at(a.ip())
                .map_or(DeviceClass::Unknown, |d| d.class),
            jobs: Vec::new(),
            confirm_s: 10,
            model: 0,
            closet: 0,
            uplink: 0,
            v2c_fallback: true,
            answers_from_any_address: false,
            in_flight: 1,
        })
        .collect();
    Ok(Whom {
        targets,
        kept,
        table,
        words,
    })
}

fn from_site(args: &PollArgs, loaded: &Loaded, known: State, poller: &Poller) -> Result<Whom> {
    let filter = Filter::parse(&args.filter.join(" ")).map_err(usage)?;
    let (state, table, targets) = named::standing_of(known, Some(&loaded.offered()));
    let mut words = ask_as(&loaded.site, &state, poller);
    let resolve: Resolve = Box::new(|of| config::secret::resolve(of).map_err(|e| e.to_string()));
    let (logins, troubles) = logins(&loaded.site, &resolve);
    words.extend(troubles);
    poller.set_logins(logins);
    let wanted = |t: &&Target| {
        state
            .device_at(t.address)
            .is_some_and(|d| filter.matches(&state, d, state.time))
    };
    let asked: Vec<Target> = targets.iter().filter(wanted).cloned().collect();
    let may: BTreeSet<IpAddr> = asked.iter().map(|t| t.address.to_canonical()).collect();
    let kept = state.devices.values().filter_map(|d| {
        let address = d.address.or(d.addresses.first().copied())?;
        let spared = d.touch.policy < TouchPolicy::Get
            && !may.contains(&address.to_canonical())
            && filter.matches(&state, d, state.time);
        spared.then(|| {
            let words = named::with_policy(Some(d), address, d.touch.policy);
            (address.to_canonical(), words)
        })
    });
    Ok(Whom {
        targets: asked,
        kept: kept.collect(),
        table,
        words,
    })
}
