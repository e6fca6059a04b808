//! `wardwatch scan`: where am I, and what is on this segment.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::args::{Global, ListFormat, ScanArgs};
use super::output::Listing;
use super::{Done, demo, medical, named, open, rows, usage};
use crate::access::Person;
use crate::config;
use crate::engine::State;
use crate::event::{
    Body, ConfigAppliedV2, Event, ObsArpV1, Observation, PollOutcome, SysGroupV1, Target,
};
use crate::gate::{Gate, Interface};
use crate::host::{Resolve, logins};
use crate::log::recording::{Header, RecordingWriter};
use crate::model::{DeviceClass, FactKey, Mac, Seq, Site, Text, Time, TouchPolicy, TouchTable};
use crate::sources::Stop;
use crate::sources::arp::{Pace, Sweep, SweepSummary, kernel_neighbours, rate_cap, scan_plan};
use crate::sources::dns::{Asked, DnsConfig, Resolver};
use crate::sources::listen::{Ear, Listener, WhereAmI, read_file};
use crate::sources::snmp::{Login, Poller, PollerConfig, poll_once, strongest_first};
use crate::term::EscapeKey;

/// How long names are waited for.
const NAMES: Duration = Duration::from_secs(3);
/// How soon a stop is seen while others are waited for.
const LOOK: Duration = Duration::from_millis(10);

/// Everything found of one address.
#[derive(Default)]
struct Found {
    mac: Option<Mac>,
    how: &'static str,
    name: Text,
    heard: BTreeMap<&'static str, Text>,
    system: Option<SysGroupV1>,
    note: Text,
}

/// What a scan gathers, and what a recording of it holds.
#[derive(Default)]
struct Finds {
    by_address: BTreeMap<IpAddr, Found>,
    silent_macs: BTreeMap<Mac, BTreeMap<&'static str, Text>>,
    observations: Vec<Observation>,
}

/// Scans.
pub fn scan(global: &Global, args: &ScanArgs) -> Result<Done> {
    let mut finds = Finds::default();
    let place = match &args.pcap {
        Some(file) => from_capture(file, &mut finds)?,
        None => match live(global, args, &mut finds)? {
            Ended::At(place) => place,
            Ended::Stopped => {
                if let Some(file) = &args.save {
                    save(file, &finds)?;
                }
                print(args.format, &finds)?;
                return Ok(Done::Interrupted);
            }
        },
    };
    match &place {
        Some(place) => eprintln!("{place}"),
        None => eprintln!("no switch said where this is (no LLDP or CDP heard)"),
    }
    if let Some(file) = &args.save {
        save(file, &finds)?;
    }
    print(args.format, &finds)?;
    Ok(Done::Done)
}

impl Finds {
    fn take(&mut self, observation: Observation) {
        match &observation {
            Observation::Arp(arp) => self.arp(arp),
            Observation::Heard(heard) => {
                let facts = heard
                    .facts
                    .iter()
                    .filter_map(|(key, value)| Some((fact_word(*key)?, value.clone())));
                match heard.address {
                    Some(address) => {
                        let found = self.by_address.entry(address).or_default();
                        found.mac = found.mac.or(Some(heard.mac));
                        found.how = if found.how.is_empty() {
                            "heard"
                        } else {
                            found.how
                        };
                        found.heard.extend(facts);
                    }
                    None => self.silent_macs.entry(heard.mac).or_default().extend(facts),
                }
            }
            _ => {}
        }
        self.observations.push(observation);
    }

    fn arp(&mut self, arp: &ObsArpV1) {
        use crate::event::ArpHow;
        let found = self.by_address.entry(arp.address).or_default();
        if found.mac.is_some_and(|m| m != arp.mac) {
            found.note = format!("also {}: two stations claim this address", arp.mac).into();
        } else {
            found.mac = Some(arp.mac);
        }
        found.how = match arp.how {
            ArpHow::Answer => "arp",
            ArpHow::Heard => "heard",
            ArpHow::NeighbourTable => "neighbour-table",
        };
    }
}

fn fact_word(key: FactKey) -> Option<&'static str> {
    Some(match key {
        FactKey::DhcpName => "dhcp_name",
        FactKey::DhcpVendorClass => "dhcp_vendor_class",
        FactKey::Name => "name",
        FactKey::SysDescr => "descr",
        _ => return None,
    })
}

fn from_capture(file: &Path, finds: &mut Finds) -> Result<Option<WhereAmI>> {
    let mut ear = Ear::new(Text::from("capture"), None);
    let mut heard = Vec::new();
    let summary = read_file(file, &mut ear, |batch| heard.extend(batch)).map_err(usage)?;
    for observation in heard {
        finds.take(observation);
    }
    if !summary.torn.is_empty() {
        eprintln!(
            "wardwatch: {}: {}; what came before is shown",
            file.display(),
            summary.torn
        );
    }
    Ok(ear.where_am_i(summary.last.unwrap_or_default()))
}

/// How a scan on the wire ended.
enum Ended {
    /// By `esc` or a signal; what was found so far is printed.
    Stopped,
    /// As planned, with the place the switch named.
    At(Option<WhereAmI>),
}

/// On the wire.
fn live(global: &Global, args: &ScanArgs, finds: &mut Finds) -> Result<Ended> {
    let interfaces = Interface::list();
    let plan = scan_plan(&args.targets, args.interface.as_deref(), &interfaces).map_err(usage)?;
    let runtime = demo::runtime()?;
    let gate = Gate::new();
    let site = config::find(global.site.as_deref())
        .map(|path| open::load(&path))
        .transpose()?;
    let words = Words::of(global, args, site.as_ref().map(|l| &l.site))?;
    gate.install(words.first_table());
    let listening = Listening::start(
        &plan
            .near
            .iter()
            .map(|s| &s.interface)
            .chain(chosen(args, &interfaces))
            .collect::<Vec<_>>(),
    );
    let began = Instant::now();
    let cause = Text::from(format!("scan by {}", Person::of_this_process()?.name));
    let stop = Stop::new();
    stop_on_signal(&stop)?;
    let at_esc = stop.clone();
    let escape = EscapeKey::listen(move || at_esc.stop());
    for segment in &plan.near {
        if stop.is_stopped() {
            break;
        }
        let sweep = Sweep {
            segment: segment.clone(),
            pace: if args.fast { Pace::Fast } else { Pace::Polite },
            cap: site.as_ref().and_then(|l| rate_cap(&l.site, segment)),
            retry: true,
            cause: cause.clone(),
        };
        if escape.is_some() {
            eprintln!(
                "{}: asking {} addresses by ARP; esc stops",
                segment.interface.name,
                segment.targets.len()
            );
        }
        let mut answers = Vec::new();
        match sweep.run(&gate, &stop, |arp| answers.push(arp)) {
            Ok(summary) => eprintln!("{}: {}", segment.interface.name, sentence(&summary)),
            Err(error) => {
                eprintln!(
                    "wardwatch: {error}\nwardwatch: showing the kernel's neighbour table instead"
                );
                let table = kernel_neighbours(&interfaces).unwrap_or_default();
                let wanted: BTreeSet<IpAddr> =
                    segment.targets.iter().map(|a| IpAddr::V4(*a)).collect();
                answers.extend(table.into_iter().filter(|n| wanted.contains(&n.address)));
            }
        }
        for arp in answers {
            finds.take(Observation::Arp(arp));
        }
    }
    while !stop.is_stopped() && listening.is_listening() && began.elapsed() < args.listen {
        std::thread::sleep(LOOK);
    }
    let place = listening.finish(finds);
    if stop.is_stopped() {
        return Ok(Ended::Stopped);
    }
    let far: Vec<IpAddr> = plan.far.iter().map(|a| IpAddr::V4(*a)).collect();
    let asked = words.second_table(finds, &far);
    gate.install(Arc::clone(&asked));
    if !words.credentials.is_empty() {
        let may = |a: &IpAddr| asked.policy(*a) >= TouchPolicy::Get;
        let all: BTreeSet<IpAddr> = finds
            .by_address
            .keys()
            .copied()
            .chain(far.iter().copied())
            .filter(may)
            .collect();
        ask(&runtime, &gate, &words, all, args.snmp_port, &stop, finds)?;
    }
    if stop.is_stopped() {
        return Ok(Ended::Stopped);
    }
    words.say_kept(&asked, &far);
    let unasked = far
        .iter()
        .filter(|a| asked.policy(**a) < TouchPolicy::Get && !words.holds(**a))
        .count();
    if unasked > 0 {
        eprintln!(
            "{unasked} addresses are in no subnet of this machine and were not asked; name them one by one to have them asked by SNMP"
        );
    }
    name_all(&runtime, &stop, finds);
    Ok(if stop.is_stopped() {
        Ended::Stopped
    } else {
        Ended::At(place)
    })
}

/// What a sweep came to, for a person.
fn sentence(summary: &SweepSummary) -> String {
    let mut words = format!(
        "{} of {} answered in {:.2} s",
        summary.answered,
        summary.asked,
        summary.took.as_secs_f64()
    );
    let mut also = |n: usize, what: &str| {
        if n > 0 {
            let _ = write!(words, ", {n} {what}");
        }
    };
    also(
        summary.left_out + summary.refused,
        "kept from being asked by their touch policy",
    );
    also(
        summary.answered_again,
        "only when asked once more: this segment loses requests at this pace",
    );
    if summary.stopped {
        words.push_str("; stopped before its end");
    }
    words
}

/// Ends when it is told to stop.
async fn until_stopped(stop: &Stop) {
    while !stop.is_stopped() {
        tokio::time::sleep(LOOK).await;
    }
}

fn chosen<'a>(args: &ScanArgs, interfaces: &'a [Interface]) -> Option<&'a Interface> {
    let name = args.interface.as_deref()?;
    interfaces.iter().find(|i| i.name == name)
}

fn stop_on_signal(stop: &Stop) -> Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let stop = stop.clone();
    std::thread::Builder::new()
        .name("scan-signals".into())
        .spawn(move || signals.forever().for_each(|_| stop.stop()))?;
    Ok(())
}

/// Who may be asked what, by the word of the person and of the site.
struct Words {
    site: Option<BySite>,
    /// Named one by one.
    named: BTreeSet<IpAddr>,
    credentials: BTreeMap<Text, Login>,
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
    fn of(known: State, site: &Site, named: &BTreeSet<IpAddr>) -> Self {
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

impl Words {
    fn of(global: &Global, args: &ScanArgs, site: Option<&Site>) -> Result<Self> {
        let named: BTreeSet<IpAddr> = args
            .targets
            .iter()
            .filter_map(|t| t.parse::<IpAddr>().ok())
            .collect();
        let mut credentials = BTreeMap::new();
        if let Some(community) = &args.community {
            credentials.insert(
                Text::from("command line"),
                Login::V2c {
                    community: named::community(community)?,
                },
            );
        }
        if let Some(name) = &args.v3 {
            let site = site.ok_or_else(|| {
                usage("--v3 names a credential of the site file, and there is none")
            })?;
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
        let by_site = match site {
            Some(site) => Some(BySite::of(named::remembered(global)?, site, &named)),
            None => None,
        };
        Ok(Self {
            site: by_site,
            named,
            credentials,
        })
    }

    /// Is it the site that says what may be sent there?
    fn holds(&self, address: IpAddr) -> bool {
        self.site
            .as_ref()
            .is_some_and(|s| s.table.known(address).is_some())
    }

    /// Names those that the site keeps from being asked, of the far ones and of those that were named one by one.
    fn say_kept(&self, asked: &TouchTable, far: &[IpAddr]) {
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
    fn first_table(&self) -> Arc<TouchTable> {
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
    fn second_table(&self, finds: &Finds, far: &[IpAddr]) -> Arc<TouchTable> {
        if let Some(site) = &self.site {
            return Arc::clone(&site.with_words);
        }
        let met = finds.by_address.iter().filter(|(_, f)| {
            f.mac
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

/// Listens on interfaces while the sweep runs.
struct Listening {
    listeners: Vec<Listener>,
    heard: mpsc::Receiver<Vec<Observation>>,
}

impl Listening {
    fn start(on: &[&Interface]) -> Self {
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

    fn is_listening(&self) -> bool {
        !self.listeners.is_empty()
    }

    fn finish(self, finds: &mut Finds) -> Option<WhereAmI> {
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

/// One SNMP system GET of each that may be asked.
fn ask(
    runtime: &Runtime,
    gate: &Arc<Gate>,
    words: &Words,
    all: BTreeSet<IpAddr>,
    port: u16,
    stop: &Stop,
    finds: &mut Finds,
) -> Result<()> {
    let _inside = runtime.enter();
    let (sink, mut rest) = mpsc::channel(16);
    runtime.spawn(async move { while rest.recv().await.is_some() {} });
    let poller = Poller::start(Arc::clone(gate), sink, PollerConfig::default())
        .wrap_err("opening the poller's socket")?;
    poller.set_logins(words.credentials.clone());
    let credentials = strongest_first(&words.credentials);
    let target = |address| Target {
        address,
        port,
        credentials: credentials.clone(),
        class: DeviceClass::Unknown,
        jobs: Vec::new(),
        confirm_s: 10,
        model: 0,
        closet: 0,
        uplink: 0,
        v2c_fallback: false,
        answers_from_any_address: false,
        in_flight: 1,
    };
    let targets: Vec<Target> = all.into_iter().map(target).collect();
    let asking = poll_once(&poller, &targets, "status", |r| {
        if r.poll.outcome == PollOutcome::Answered {
            let found = finds.by_address.entry(r.address).or_default();
            found.how = if found.how.is_empty() {
                "snmp"
            } else {
                found.how
            };
            found.system.clone_from(&r.poll.system);
            finds.observations.push(Observation::Poll(Box::new(r.poll)));
        }
    });
    runtime.block_on(async {
        tokio::select! {
            _ = asking => {}
            () = until_stopped(stop) => {}
        }
    });
    Ok(())
}

/// Names from the DNS; loopback addresses have none worth asking for.
fn name_all(runtime: &Runtime, stop: &Stop, finds: &mut Finds) {
    let wanted: Vec<IpAddr> = finds
        .by_address
        .keys()
        .copied()
        .filter(|a| !a.is_loopback())
        .collect();
    if wanted.is_empty() {
        return;
    }
    let _inside = runtime.enter();
    let (sink, mut learned) = mpsc::channel(64);
    let Ok(resolver) = Resolver::start(DnsConfig::default(), sink) else {
        return;
    };
    let mut waiting = wanted
        .iter()
        .filter(|a| matches!(resolver.ask(**a), Asked::Waiting))
        .count();
    let end = tokio::time::Instant::now() + NAMES;
    runtime.block_on(async {
        while waiting > 0 {
            // those without a name are not told, so the end is a matter of time
            let batch = tokio::select! {
                batch = tokio::time::timeout_at(end, learned.recv()) => batch,
                () = until_stopped(stop) => return,
            };
            let Ok(Some(batch)) = batch else {
                return;
            };
            for observation in batch {
                let Observation::Name(named) = &observation else {
                    continue;
                };
                waiting = waiting.saturating_sub(1);
                if let Some(found) = finds.by_address.get_mut(&named.address) {
                    found.name = named.name.clone();
                }
                finds.observations.push(observation);
            }
        }
    });
}

fn print(format: Option<ListFormat>, finds: &Finds) -> Result<()> {
    let mut list = Listing::new(&[
        "address",
        "mac",
        "maker",
        "name",
        "sys_name",
        "descr",
        "object_id",
        "location",
        "how",
        "dhcp_name",
        "dhcp_vendor_class",
        "note",
    ]);
    let maker = |mac: Option<Mac>| {
        mac.and_then(medical::maker)
            .map_or(json!(null), |m| json!(m))
    };
    let heard =
        |of: &BTreeMap<&'static str, Text>, key| of.get(key).map_or(json!(null), |t| json!(t));
    for (address, f) in &finds.by_address {
        let system = |get: fn(&SysGroupV1) -> &Text| {
            f.system.as_ref().map_or(json!(null), |s| json!(get(s)))
        };
        list.row(vec![
            json!(address),
            json!(f.mac),
            maker(f.mac),
            rows::text(f.name.as_str()),
            system(|s| &s.name),
            system(|s| &s.descr),
            system(|s| &s.object_id),
            system(|s| &s.location),
            json!(f.how),
            heard(&f.heard, "dhcp_name"),
            heard(&f.heard, "dhcp_vendor_class"),
            rows::text(f.note.as_str()),
        ]);
    }
    for (mac, facts) in &finds.silent_macs {
        let name = heard(facts, "name");
        let none = json!(null);
        list.row(vec![
            none.clone(),
            json!(mac),
            maker(Some(*mac)),
            name,
            none.clone(),
            heard(facts, "descr"),
            none.clone(),
            none.clone(),
            json!("heard"),
            heard(facts, "dhcp_name"),
            heard(facts, "dhcp_vendor_class"),
            none,
        ]);
    }
    list.print(format)?;
    Ok(())
}

/// A recording of what was found, with a site that declares nothing.
fn save(file: &Path, finds: &Finds) -> Result<()> {
    if file.exists() {
        return Err(usage(format!(
            "{} exists; a recording is never overwritten, choose another name",
            file.display()
        )));
    }
    let now = Time::from_clock();
    let site = Site {
        name: "scan".into(),
        ..Site::default()
    };
    let mut writer = RecordingWriter::create(file, &Header::new(site.name.clone(), now))?;
    let first = Body::Config(Box::new(ConfigAppliedV2 {
        hash: config::hash(&site),
        site,
    }));
    let bodies =
        std::iter::once(first).chain(finds.observations.iter().cloned().map(Body::Observation));
    let events: Vec<Event> = bodies
        .zip(1..)
        .map(|(body, seq)| Event {
            seq: Seq(seq),
            time: now,
            body,
        })
        .collect();
    writer.append(&events)?;
    writer.finish()?;
    eprintln!(
        "kept in {}; look at it with `wardwatch replay`",
        file.display()
    );
    Ok(())
}
