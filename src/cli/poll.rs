//! `wardwatch poll`: asks the site's devices, or those of a list, and prints each result.

mod results;
mod whom;

use std::sync::Arc;
use std::time::Duration;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use self::results::{listing, print_summary};
use self::whom::Whom;
use super::args::{Global, ListFormat, PollArgs};
use super::noted::Noted;
use super::{Done, named, usage};
use crate::access::Person;
use crate::config::{self, Loaded};
use crate::gate::Gate;
use crate::model::{Text, TouchTable};
use crate::sources::snmp::{PollResult, Poller, PollerConfig, check_plan, poll_because};

/// How often without `--once`.
const EVERY: Duration = Duration::from_secs(30);

/// What a budget lets go at once, as a time of it.
const BURST: Duration = Duration::from_secs(1);

/// Asks once, or every half a minute.
pub fn poll(global: &Global, args: &PollArgs) -> Result<Done> {
    check_plan(&args.plan).map_err(usage)?;
    // one thread: who asks and who takes the results wake nobody else
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .wrap_err("starting the runtime")?;
    let inside = runtime.enter();
    let gate = Gate::new();
    let (sink, mut observations) = mpsc::channel(16);
    // the results are printed from the poller's own answers
    runtime.spawn(async move { while observations.recv().await.is_some() {} });
    let poller = Poller::start(Arc::clone(&gate), sink, config_of(global))
        .wrap_err("opening the poller's socket")?;
    let signals = Signals::listen()?;
    let site = whom::site_of(global, args)?;
    let noted = Noted::open(global, site.as_ref(), &gate)?;
    drop(inside);
    let round = Round {
        global,
        args,
        gate: &gate,
        poller: &poller,
        noted: &noted,
    };
    let done = rounds(&round, site, &runtime, signals);
    // whatever came of it, what was sent is written down
    gate.shut();
    noted.finish()?;
    done
}

/// Where there is a site its budgets hold, also for a person who asks again and again.
fn config_of(global: &Global) -> PollerConfig {
    PollerConfig {
        polite: config::find(global.site.as_deref()).map(|_| BURST),
        ..PollerConfig::default()
    }
}

/// What each round begins with.
struct Round<'a> {
    global: &'a Global,
    args: &'a PollArgs,
    gate: &'a Gate,
    poller: &'a Poller,
    noted: &'a Noted,
}

impl Round<'_> {
    /// The `nth`: by the site file as it is now, and by what is known now; says what is other than `said`.
    fn begin(&self, nth: u64, site: Option<&Loaded>, said: &mut Vec<String>) -> Result<Whom> {
        let whom = Whom::of(self.args, site, self.noted.known(), self.poller)?;
        let table = TouchTable::clone(&whom.table);
        self.gate.install(Arc::new(TouchTable {
            // the newest says what holds, whatever number its site gave it
            revision: nth,
            ..table
        }));
        let words: Vec<String> = whom
            .words
            .iter()
            .chain(whom.kept.values())
            .cloned()
            .collect();
        if *said != words || nth == 1 {
            for word in &whom.words {
                eprintln!("wardwatch: {word}");
            }
            named::say_kept(whom.kept.values().map(String::as_str));
            if whom.targets.is_empty() {
                eprintln!(
                    "wardwatch: nothing to ask: no device that may be asked by SNMP is named or matches"
                );
            }
            *said = words;
        }
        Ok(whom)
    }
}

/// Asks, prints, waits, until there is nothing more to do.
fn rounds(
    round: &Round<'_>,
    mut site: Option<Loaded>,
    runtime: &Runtime,
    mut signals: Signals,
) -> Result<Done> {
    let Round { args, poller, .. } = *round;
    let person = Person::of_this_process()?.name;
    let cause = Text::from(format!("poll {} by {person}", args.plan));
    let format = args.format.unwrap_or_else(ListFormat::unless_told);
    let mut said = Vec::new();
    for nth in 1.. {
        if nth > 1 {
            site = whom::site_of(round.global, args)?;
        }
        let whom = round.begin(nth, site.as_ref(), &mut said)?;
        let Whom { targets, kept, .. } = &whom;
        let mut results = Vec::new();
        let mut printed = Ok(());
        // when nobody reads any more, nobody is asked any more
        let unread = tokio::sync::Notify::new();
        let each = |r: PollResult| match format {
            _ if args.summary => {}
            // who reads lines gets each as it comes
            ListFormat::Jsonl if printed.is_ok() => {
                printed = listing([&r], kept).print(Some(format));
                if printed.is_err() {
                    unread.notify_one();
                }
            }
            ListFormat::Jsonl => {}
            _ => results.push(r),
        };
        let asking = poll_because(poller, targets, &args.plan, cause.clone(), each);
        let summary = runtime.block_on(async {
            tokio::select! {
                biased;
                () = signals.come() => None,
                () = unread.notified() => None,
                summary = asking => Some(summary),
            }
        });
        printed?;
        results.sort_by_key(|r| (r.address, r.port));
        if !args.summary && format != ListFormat::Jsonl {
            listing(&results, kept).print(Some(format))?;
        }
        let Some(summary) = summary else {
            return Ok(Done::Interrupted);
        };
        let summary = summary.map_err(usage)?;
        if args.summary {
            print_summary(&summary)?;
        }
        if summary.timed_out > 0 {
            eprintln!(
                "wardwatch: {} of {} did not answer: no agent is there, or the community or user is wrong (agents are silent then); nothing more was sent after {} retries",
                summary.timed_out, summary.devices, summary.retries
            );
        }
        if args.once {
            return Ok(Done::Done);
        }
        let interrupted = runtime.block_on(async {
            tokio::select! {
                () = signals.come() => true,
                () = tokio::time::sleep(EVERY) => false,
            }
        });
        if interrupted {
            return Ok(Done::Interrupted);
        }
    }
    Ok(Done::Done)
}

/// SIGINT, SIGTERM and SIGHUP: from now on they end no process by themselves.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).wrap_err("listening to signals");
        Ok(Self([
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        ]))
    }

    /// One of them.
    async fn come(&mut self) {
        let [int, term, hup] = &mut self.0;
        tokio::select! {
            _ = int.recv() => {}
            _ = term.recv() => {}
            _ = hup.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests;
