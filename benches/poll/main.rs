//! How many devices a second of CPU polls, beside the peers: `cargo bench --bench poll [-- SECTION... --devices N --runs N]`.
//!
//! The agents are `wardwatch sim farm` in a process of its own; whoever asks runs in a child process of its own too, and its own CPU
//! is what is measured. The contenders take turns, and each figure is the median of the runs. Prints Markdown; ends with 1 when a
//! figure misses its gate by more than the machine's noise.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod child;
mod farm;
mod kernel;
mod ours;
mod peers;
mod report;

use child::{Order, Outcome, Who};
use farm::Running;
use report::{Gate, Report};

/// What is measured, by its name on the command line.
const SECTIONS: [&str; 6] = ["peers", "v3", "memory", "dead", "window", "scheduled"];

/// How it is measured.
struct Bench {
    devices: u32,
    runs: usize,
    report: Report,
}

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    arguments.retain(|a| a != "--bench");
    if let [first, order] = arguments.as_slice()
        && first == "child"
    {
        child::run(order);
        return;
    }
    let mut number = |flag: &str, usual: u32| -> u32 {
        let Some(at) = arguments.iter().position(|a| a == flag) else {
            return usual;
        };
        let value = arguments.get(at + 1).and_then(|n| n.parse().ok());
        arguments.drain(at..(at + 2).min(arguments.len()));
        value.unwrap_or_else(|| panic!("{flag} needs a number"))
    };
    let mut bench = Bench {
        devices: number("--devices", 10_000),
        runs: number("--runs", 5) as usize,
        report: Report::default(),
    };
    if let Some(other) = arguments.iter().find(|a| !SECTIONS.contains(&a.as_str())) {
        panic!("there is no section '{other}'; there are: {SECTIONS:?}");
    }
    for section in SECTIONS {
        if arguments.is_empty() || arguments.iter().any(|a| a == section) {
            match section {
                "peers" => bench.peers(),
                "v3" => bench.v3(),
                "memory" => bench.memory(),
                "dead" => bench.dead(),
                "window" => bench.window(),
                _ => bench.scheduled(),
            }
        }
    }
    println!("{}", bench.report.markdown());
    if bench.report.missed() {
        std::process::exit(1);
    }
}

/// The middle one.
fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(f64::NAN)
}

fn per_cpu_second(of: &[Outcome]) -> f64 {
    median(of.iter().map(|o| o.polls as f64 / o.cpu_s).collect())
}

fn per_second(of: &[Outcome]) -> f64 {
    median(of.iter().map(|o| o.polls as f64 / o.wall_s).collect())
}

fn rss(of: &[Outcome]) -> f64 {
    median(of.iter().map(|o| o.peak_rss_mib).collect())
}

impl Bench {
    /// Lets all have their turn, so many times.
    fn in_turn<const N: usize>(&self, orders: &[Order; N]) -> [Vec<Outcome>; N] {
        let mut all = [const { Vec::new() }; N];
        for run in 0..self.runs {
            for (order, outcomes) in orders.iter().zip(&mut all) {
                let outcome = child::start(order);
                eprintln!("run {}: {outcome}", run + 1);
                outcomes.push(outcome);
            }
        }
        all
    }

    /// v2c against the peers, all doing the same.
    fn peers(&mut self) {
        let farm = Running::start(self.devices, &[]);
        let orders = [
            Who::Engine,
            Who::Poller,
            Who::Command,
            Who::AsyncSnmp,
            Who::Snmp2Each,
            Who::Snmp2,
            Who::Kernel,
        ]
        .map(|who| Order::new(who, &farm));
        let all = self.in_turn(&orders);
        for (order, outcomes) in orders.iter().zip(&all) {
            for o in outcomes {
                assert_eq!(o.answered, o.polls, "{:?} lost some: {o}", order.who);
            }
        }
        let [engine, poller, command, async_snmp, snmp2, kept, kernel] = &all;
        let row = |what: &str, of: &[Outcome]| {
            let pdus = of.iter().map(|o| o.pdus as f64 / o.polls as f64);
            let varbinds = of.iter().map(|o| o.varbinds as f64 / o.polls as f64);
            (
                what.to_string(),
                [
                    per_cpu_second(of),
                    per_second(of),
                    median(pdus.collect()),
                    median(varbinds.collect()),
                    rss(of),
                ],
            )
        };
        self.report.contenders(
            self.devices,
            vec![
                row(
                    "**wardwatch, whole engine**: poll and fold into the state",
                    engine,
                ),
                row("wardwatch, polls alone", poller),
                row("wardwatch poll --once --summary (cold)", command),
                row("async-snmp 0.18, one shared socket", async_snmp),
                row("snmp2 0.5, a session for each poll", snmp2),
                row(
                    "snmp2 0.5, a session and its socket kept for each device",
                    kept,
                ),
                row(
                    "the kernel alone: the same datagrams in batches, none of them read",
                    kernel,
                ),
            ],
        );
        let ours = per_cpu_second(engine);
        let cpu = "devices per CPU-second, v2c, 75 varbinds in 2 PDUs, whole engine";
        self.report
            .at_least(cpu, ours, 50_000.0, "1/CPU-s", Gate::Absolute);
        let ratio = |of: &[Outcome]| ours / per_cpu_second(of);
        let beside = "the same beside";
        self.report.at_least(
            &format!("{beside} async-snmp"),
            ratio(async_snmp),
            2.0,
            "times",
            Gate::Ratio,
        );
        self.report.at_least(
            &format!("{beside} snmp2, a session for each poll"),
            ratio(snmp2),
            3.0,
            "times",
            Gate::Ratio,
        );
        self.report.at_least(
            &format!("{beside} snmp2, sessions kept"),
            ratio(kept),
            1.0,
            "times",
            Gate::Aim,
        );
        self.report.note(&farm.end());
    }

    /// SNMPv3 authPriv with SHA-256 and AES-128, keys localised before.
    fn v3(&mut self) {
        let farm = Running::start(self.devices, &["--v3", farm::USER]);
        let v3 = |who| Order {
            v3: true,
            ..Order::new(who, &farm)
        };
        let [ours, async_snmp] = self.in_turn(&[v3(Who::Engine), v3(Who::AsyncSnmp)]);
        let mine = per_cpu_second(&ours);
        let what = "devices per CPU-second, v3 authPriv SHA-256/AES-128, keys cached, whole engine";
        self.report
            .at_least(what, mine, 15_000.0, "1/CPU-s", Gate::Absolute);
        let ratio = mine / per_cpu_second(&async_snmp);
        self.report.at_least(
            "the same beside async-snmp",
            ratio,
            1.0,
            "times",
            Gate::Ratio,
        );
        self.report.note(&farm.end());
    }

    /// Memory of the whole engine.
    fn memory(&mut self) {
        for (devices, on, what, most) in [
            (
                10_000,
                "100",
                "peak RSS, 10,000 devices with 24 interfaces",
                64.0,
            ),
            (
                50_000,
                "2",
                "peak RSS, 50,000 devices with 24 interfaces on 2 %",
                200.0,
            ),
        ] {
            let farm = Running::start(devices, &["--interfaces-on", on]);
            // rounds enough for rates to stand in the state
            let order = |who| Order::new(who, &farm);
            let [engine, command] = self.in_turn(&[order(Who::Engine), order(Who::Command)]);
            self.report.at_most(
                &format!("{what}, whole engine"),
                rss(&engine),
                most,
                "MiB",
                Gate::Absolute,
            );
            self.report.at_most(
                &format!("{what}, poll --once"),
                rss(&command),
                most,
                "MiB",
                Gate::Absolute,
            );
            self.report.note(&farm.end());
        }
    }

    /// What the dead cost the living.
    fn dead(&mut self) {
        let cold = |farm: &Running| Order {
            warm: false,
            rounds: 1,
            window: 4_096,
            ..Order::new(Who::Poller, farm)
        };
        // more dead ones than the window has places
        let devices = self.devices.max(50_000);
        let sound = Running::start(devices, &[]);
        let tenth = Running::start(devices, &["--fault", "dead=10"]);
        let third = Running::start(devices, &["--fault", "dead=30"]);
        let [all, most, some] = self.in_turn(&[cold(&sound), cold(&tenth), cold(&third)]);
        let of =
            |all: &[Outcome], what: fn(&Outcome) -> f64| median(all.iter().map(what).collect());
        let ends = |o: &Outcome| o.living_wall_s;
        let each = |o: &Outcome| o.living_wall_s / o.answered as f64;
        let cpu = |o: &Outcome| o.living_cpu_s / o.answered as f64;
        for (percent, some) in [(10, &most), (30, &some)] {
            let slower = |what| (of(some, what) / of(&all, what) - 1.0) * 100.0;
            // the same list: when is the last one that lives done
            let done = (
                slower(ends),
                "until the last living one answered",
                Gate::Absolute,
            );
            // the same living ones with the dead and without: who is asked beside them costs a question at the least
            let beside = (
                slower(each),
                "the same for each that lives, wall",
                Gate::Aim,
            );
            let costs = (slower(cpu), "the same for each that lives, CPU", Gate::Aim);
            for (measured, what, gate) in [done, beside, costs] {
                let gate = if percent == 10 { gate } else { Gate::Aim };
                let what = format!("{percent} % of the list dead: {what}");
                self.report.at_most(&what, measured, 5.0, "%", gate);
            }
        }
        for farm in [sound, tenth, third] {
            self.report.note(&farm.end());
        }
    }

    /// Drops at our sockets when thousands of answers come at once.
    fn window(&mut self) {
        let farm = Running::start(self.devices, &[]);
        let order = Order {
            window: 4_096,
            warm: false,
            ..Order::new(Who::Poller, &farm)
        };
        let [of] = self.in_turn(&[order]);
        let drops = of.iter().map(|o| o.drops).max().unwrap_or(0);
        self.report.at_most(
            "socket drops at a window of 4,096, worst run",
            drops as f64,
            0.0,
            "",
            Gate::Absolute,
        );
        self.report.note(&farm.end());
    }

    /// The schedule: status and interfaces of each, every few seconds, folded as they come.
    fn scheduled(&mut self) {
        let farm = Running::start(self.devices, &[]);
        let order = Order {
            interval_s: 5,
            rounds: 3,
            ..Order::new(Who::Schedule, &farm)
        };
        let [of] = self.in_turn(&[order]);
        let polls = median(of.iter().map(|o| o.answered as f64 / o.cpu_s).collect());
        let varbinds = median(of.iter().map(|o| o.varbinds as f64 / o.cpu_s).collect());
        let load = median(of.iter().map(|o| o.cpu_s / o.wall_s * 100.0).collect());
        let every = format!("{} devices, status and interfaces every 5 s", self.devices);
        self.report
            .shown(&format!("{every}: polls per CPU-second"), polls, "1/CPU-s");
        self.report.shown(
            &format!("{every}: varbinds per CPU-second"),
            varbinds,
            "1/CPU-s",
        );
        self.report
            .shown(&format!("{every}: CPU of one core"), load, "%");
        self.report
            .shown(&format!("{every}: peak RSS"), rss(&of), "MiB");
        self.report.note(&farm.end());
    }
}
