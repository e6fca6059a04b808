//! `wardwatch scan`: where am I, and what is on this segment.

mod ask;
mod finds;
mod lines;
mod listening;
mod words;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use color_eyre::Result;

use self::ask::name_all;
use self::finds::{Finds, from_capture, print, save};
use self::listening::Listening;
use self::words::{Words, credentials};
use super::args::{Global, ScanArgs};
use super::noted::Noted;
use super::{Done, demo, open, usage};
use crate::access::Person;
use crate::config;
use crate::event::Observation;
use crate::gate::{Gate, Interface};
use crate::model::{Text, TouchPolicy};
use crate::sources::Stop;
use crate::sources::arp::{
    Pace, ScanPlan, SegmentPlan, Sweep, SweepSummary, kernel_neighbours, rate_cap, scan_plan,
};
use crate::sources::listen::WhereAmI;
use crate::term::EscapeKey;

/// How soon a stop is seen while others are waited for.
const LOOK: Duration = Duration::from_millis(10);

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
    let loaded = config::find(global.site.as_deref())
        .map(|path| open::load(&path))
        .transpose()?;
    let site = loaded.as_ref().map(|l| &l.site);
    let credentials = credentials(args, site)?;
    let stop = Stop::new();
    stop_on_signal(&stop)?;
    let gate = Gate::new();
    let noted = Noted::open(global, loaded.as_ref(), &gate)?;
    let words = Words::of(args, credentials, noted.known(), site);
    gate.install(words.first_table());
    let wire = Wire {
        args,
        interfaces: &interfaces,
        plan: &plan,
        words: &words,
        gate: &gate,
        cause: format!("scan by {}", Person::of_this_process()?.name).into(),
        stop: &stop,
    };
    let ended = wire.scan(finds);
    // whatever came of it, what was sent is written down
    gate.shut();
    noted.finish()?;
    ended
}

/// What a scan on the wire goes by.
struct Wire<'a> {
    args: &'a ScanArgs,
    interfaces: &'a [Interface],
    plan: &'a ScanPlan,
    words: &'a Words,
    gate: &'a Arc<Gate>,
    /// For the ledger.
    cause: Text,
    stop: &'a Stop,
}

impl Wire<'_> {
    fn scan(&self, finds: &mut Finds) -> Result<Ended> {
        let (args, words, stop) = (self.args, self.words, self.stop);
        let runtime = demo::runtime()?;
        let near = self.plan.near.iter().map(|s| &s.interface);
        let listening = Listening::start(&near.chain(self.chosen()).collect::<Vec<_>>());
        let began = Instant::now();
        let at_esc = stop.clone();
        let escape = EscapeKey::listen(move || at_esc.stop());
        for segment in &self.plan.near {
            if stop.is_stopped() {
                break;
            }
            if escape.is_some() {
                eprintln!(
                    "{}: asking {} addresses by ARP; esc stops",
                    segment.interface.name,
                    segment.targets.len()
                );
            }
            self.sweep(segment, finds);
        }
        while !stop.is_stopped() && listening.is_listening() && began.elapsed() < args.listen {
            std::thread::sleep(LOOK);
        }
        let place = listening.finish(finds);
        if stop.is_stopped() {
            return Ok(Ended::Stopped);
        }
        let far: Vec<IpAddr> = self.plan.far.iter().map(|a| IpAddr::V4(*a)).collect();
        let asked = words.second_table(finds, &far);
        self.gate.install(Arc::clone(&asked));
        if !words.credentials.is_empty() {
            let may = |a: &IpAddr| asked.policy(*a) >= TouchPolicy::Get;
            let met = finds.by_address.keys().copied();
            let all: BTreeSet<IpAddr> = met.chain(far.iter().copied()).filter(may).collect();
            self.ask(&runtime, all, finds)?;
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
        name_all(&runtime, stop, finds);
        Ok(if stop.is_stopped() {
            Ended::Stopped
        } else {
            Ended::At(place)
        })
    }

    /// Asks one segment by ARP, or the kernel where that is not allowed.
    fn sweep(&self, segment: &SegmentPlan, finds: &mut Finds) {
        let sweep = Sweep {
            segment: segment.clone(),
            pace: self.pace(),
            cap: self.words.site().and_then(|s| rate_cap(s, segment)),
            retry: true,
            cause: self.cause.clone(),
        };
        let mut answers = Vec::new();
        match sweep.run(self.gate, self.stop, |arp| answers.push(arp)) {
            Ok(summary) => eprintln!("{}: {}", segment.interface.name, sentence(&summary)),
            Err(error) => {
                eprintln!(
                    "wardwatch: {error}\nwardwatch: showing the kernel's neighbour table instead"
                );
                let table = kernel_neighbours(self.interfaces).unwrap_or_default();
                let wanted: BTreeSet<IpAddr> =
                    segment.targets.iter().map(|a| IpAddr::V4(*a)).collect();
                answers.extend(table.into_iter().filter(|n| wanted.contains(&n.address)));
            }
        }
        for arp in answers {
            finds.take(Observation::Arp(arp));
        }
    }

    fn pace(&self) -> Pace {
        if self.args.fast {
            Pace::Fast
        } else {
            Pace::Polite
        }
    }

    fn chosen(&self) -> Option<&Interface> {
        let name = self.args.interface.as_deref()?;
        self.interfaces.iter().find(|i| i.name == name)
    }
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

fn stop_on_signal(stop: &Stop) -> Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let stop = stop.clone();
    std::thread::Builder::new()
        .name("scan-signals".into())
        .spawn(move || signals.forever().for_each(|_| stop.stop()))?;
    Ok(())
}
