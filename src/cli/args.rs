//! The command line as clap sees it. Names and flags are a promise to scripts.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Watches a hospital's network from a terminal, and never disturbs patient care.
#[derive(Debug, Parser)]
#[command(
    name = "wardwatch",
    version,
    disable_help_subcommand = true,
    max_term_width = 110
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do; without one, watch the site.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Taken by every command.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// Site file; else $WARDWATCH_SITE, ./wardwatch.toml, the user's configuration folder, /etc/wardwatch/
    #[arg(long, global = true, value_name = "FILE")]
    pub site: Option<PathBuf>,
    /// Where log and snapshots live; else the user's state folder
    #[arg(long, global = true, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// error, warn, info, debug or trace, on stderr (in the terminal program: into STATE/wardwatch.log)
    #[arg(long, global = true, value_name = "LEVEL", default_value = "warn")]
    pub log_level: String,
    /// How many colours to use
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub color: ColorChoice,
    /// Plain ASCII in place of symbols and lines
    #[arg(long, global = true)]
    pub ascii: bool,
    /// terminal, dark, light, high-contrast, deuteranopia, tritanopia or mono; or the path of a file of your own. Else theme.toml of your configuration folder, else terminal
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub theme: Option<String>,
    /// vim or plain; or the path of a file of your own. Else keys.toml of your configuration folder, else vim
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub keys: Option<String>,
    /// Nothing can be changed from here
    #[arg(long, global = true)]
    pub read_only: bool,
    /// The wheel moves, a click on a view's name opens it; nothing is ever done by the mouse, and the terminal's own selection needs shift
    #[arg(long, global = true)]
    pub mouse: bool,
    /// One frame a second, no sparklines
    #[arg(long, global = true)]
    pub low_bandwidth: bool,
    /// A sign for each new critical alert: bell, desktop (a notice of the desktop), title (of the window); divided by commas
    #[arg(long, global = true, value_delimiter = ',', value_name = "HOW")]
    pub notify: Vec<NotifyBy>,
    /// Hours in which only what touches a life-sustaining device rings: 22:00-06:00; with ,all not even that
    #[arg(long, global = true, value_name = "HOURS", value_parser = crate::ui::session::Quiet::read)]
    pub quiet: Option<crate::ui::session::Quiet>,
    /// Lines instead of a screen: announcements and numbered choices, for screen readers and serial consoles
    #[arg(long, global = true)]
    pub accessible: bool,
}

/// `--color`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// What the terminal says it can
    #[default]
    Auto,
    /// Truecolor
    Always,
    /// None
    Never,
    /// 256 colours
    #[value(name = "256")]
    C256,
    /// 16 colours
    #[value(name = "16")]
    C16,
}

/// `--notify`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NotifyBy {
    /// The terminal's bell
    Bell,
    /// A notice of the desktop (OSC 9 or 777)
    Desktop,
    /// The title of the window says how many alerts there are
    Title,
}

/// How a listing is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// Aligned columns
    Table,
    /// One JSON array
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a heading
    Csv,
}

impl ListFormat {
    /// A table where a person looks, JSON lines where a program reads.
    pub fn unless_told() -> Self {
        if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
            Self::Table
        } else {
            Self::Jsonl
        }
    }
}

/// How a single result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OneFormat {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// A simulated hospital on loopback that speaks real SNMP, and the terminal program watching it
    Demo(DemoArgs),
    /// Read-only views in rotation, for weeks
    Wallboard(WallboardArgs),
    /// Where am I, and what is on this segment
    Scan(ScanArgs),
    /// Poll the site's devices, or those of a list, and print each result
    Poll(PollArgs),
    /// Collect without a screen
    Daemon,
    /// Collect, and write what happens to a recording as well
    Record(RecordArgs),
    /// Play a recording
    Replay(ReplayArgs),
    /// List devices
    Devices(ListArgs),
    /// List segments
    Segments(ListArgs),
    /// List cables between network devices
    Links(ListArgs),
    /// List alerts
    Alerts(ListArgs),
    /// List runs of remediations
    Runs(ListArgs),
    /// List what models can't take: shipped, learned, and the site's own word
    Quirks(ListArgs),
    /// What is other than it was: who came and went, moved, changed; alerts that opened and closed
    Changes(ChangesArgs),
    /// Everything known of one device, with source, time and confidence
    Device(DeviceArgs),
    /// Every packet ever sent to a device
    Ledger(LedgerArgs),
    /// What recorded devices are (.snmprec): vendor, operating system, model, version, serial number
    Identify(IdentifyArgs),
    /// Run a remediation, through the same gate as the key
    Run(RunArgs),
    /// Recorded or simulated devices as SNMP agents
    #[command(subcommand)]
    Sim(SimCommand),
    /// Which keys do what, and whether a file of keys is good
    Keys(KeysArgs),
    /// The colours that are shipped, and whether a file of your own is good
    Theme(ThemeArgs),
    /// The site file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// What this machine lets wardwatch do, and what to change
    Doctor(DoctorArgs),
    /// Completions for a shell
    Completions {
        /// Which
        shell: clap_complete::Shell,
    },
    /// The manual page, in roff
    Man,
}

/// `demo`
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// How large the hospital is
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(20..=50_000))]
    pub endpoints: u32,
    /// Another hospital of the same size
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// evening, quiet, icu-switch-dies, rogue-station, ups-on-battery or parts-fail
    #[arg(long, default_value = "evening")]
    pub scenario: String,
    /// Show nothing, end with one JSON object
    #[arg(long)]
    pub headless: bool,
    /// End after this time
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub duration: Option<Duration>,
    /// Write what happens to this recording as well
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

/// `wallboard`
#[derive(Debug, Args)]
pub struct WallboardArgs {
    /// Which [[wallboard]] of the site file; without it the one that has no name
    #[arg(conflicts_with = "demo")]
    pub name: Option<String>,
    /// Which views, in this order, whatever the site file says; board:30s stays as long as that. board,map,alerts where nothing is said
    #[arg(long, value_delimiter = ',')]
    pub views: Vec<String>,
    /// How long each stays that says nothing of its own; 20s where nothing is said
    #[arg(long, value_parser = duration)]
    pub dwell: Option<Duration>,
    /// A new critical alert stays until somebody acknowledges it or it is over; else for one dwell
    #[arg(long)]
    pub pin: bool,
    /// Which of how many screens this is, as 1/2: views are dealt out, none is shown twice; what is critical is shown on each
    #[arg(long, value_name = "N/OF", value_parser = nth_of, default_value = "1/1")]
    pub screen: (u8, u8),
    /// Watch the simulated hospital instead of the site
    #[arg(long)]
    pub demo: bool,
}

impl Default for DemoArgs {
    fn default() -> Self {
        Self {
            endpoints: 200,
            seed: 1,
            scenario: "evening".into(),
            headless: false,
            duration: None,
            record: None,
        }
    }
}

/// `scan`
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// Addresses, ranges (10.3.1.1-50) or CIDRs; none means the interface's own subnet
    pub targets: Vec<String>,
    /// Network interface
    #[arg(long, value_name = "IF")]
    pub interface: Option<String>,
    /// SNMP community: env:NAME or file:PATH (plain text works, and other users see it in the process list)
    #[arg(long, value_name = "C", conflicts_with = "v3")]
    pub community: Option<String>,
    /// Name of a credential of the site file
    #[arg(long, value_name = "NAME")]
    pub v3: Option<String>,
    /// UDP port of SNMP agents
    #[arg(long, default_value_t = 161, value_name = "PORT")]
    pub snmp_port: u16,
    /// As fast as the wire allows; for the engineer on site
    #[arg(long)]
    pub fast: bool,
    /// Read a capture instead of the wire
    #[arg(long, value_name = "FILE")]
    pub pcap: Option<PathBuf>,
    /// How long to listen for LLDP, CDP and DHCP
    #[arg(long, value_parser = duration, default_value = "3s")]
    pub listen: Duration,
    /// Keep what was found as a recording
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// table, json, jsonl or csv; table on a terminal, else jsonl
    #[arg(long, value_enum)]
    pub format: Option<ListFormat>,
}

/// The one table of plans says what `--plan` takes.
fn plan_help() -> String {
    format!("What is asked: {}", crate::sources::snmp::plan_names())
}

/// `poll`
#[derive(Debug, Args)]
pub struct PollArgs {
    /// Which devices of the site: 'class:switch segment:icu'
    pub filter: Vec<String>,
    /// A file of address[:port] lines instead of the site
    #[arg(long, value_name = "FILE")]
    pub targets: Option<PathBuf>,
    /// SNMP community for --targets: env:NAME or file:PATH (plain text works, and other users see it in the process list)
    #[arg(long, value_name = "C")]
    pub community: Option<String>,
    /// What is asked: one of the plans by name
    #[arg(long, default_value = "status", help = plan_help())]
    pub plan: String,
    /// Ask each once, then end
    #[arg(long)]
    pub once: bool,
    /// Print one JSON object of sums instead of each result
    #[arg(long)]
    pub summary: bool,
    /// table, json, jsonl or csv; table on a terminal, else jsonl
    #[arg(long, value_enum)]
    pub format: Option<ListFormat>,
}

/// `record`
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// The recording to write; must not exist
    pub file: PathBuf,
    /// Take it out of what was collected: from this time on (03:07, 2026-11-23T03:07, RFC 3339, -2h)
    #[arg(
        long,
        value_name = "TIME",
        conflicts_with = "duration",
        allow_hyphen_values = true
    )]
    pub from: Option<String>,
    /// Up to this time; without it, up to now
    #[arg(
        long,
        value_name = "TIME",
        requires = "from",
        allow_hyphen_values = true
    )]
    pub to: Option<String>,
    /// A folder in place of a file: the recording, a summary in Markdown and the alerts as CSV
    #[arg(long, requires = "from")]
    pub bundle: bool,
    /// End after this time
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub duration: Option<Duration>,
}

/// `replay`
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The recording
    pub file: PathBuf,
    /// Times real time
    #[arg(long, default_value_t = 1)]
    pub speed: u32,
    /// Where to begin: RFC 3339, or HH:MM of the recording's day
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Print the final state hash and counts, show nothing
    #[arg(long)]
    pub headless: bool,
}

/// A listing
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Filter, as in the program: 'class:infusion-pump firmware<9.33'
    pub filter: Vec<String>,
    /// Go on printing what changes
    #[arg(long)]
    pub follow: bool,
    /// As it was then, out of the log: 03:07, 2026-11-23T03:07, RFC 3339, -2h. Where the collector's clock was ahead for a while, as it was before the first event that bears a later time
    #[arg(
        long,
        value_name = "TIME",
        conflicts_with = "follow",
        allow_hyphen_values = true
    )]
    pub at: Option<String>,
    /// table, json, jsonl or csv; table on a terminal, else jsonl
    #[arg(long, value_enum)]
    pub format: Option<ListFormat>,
    /// Which columns, in this order
    #[arg(long, value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Exit 3 when the list is not empty
    #[arg(long)]
    pub exit_code: bool,
}

/// `changes`
#[derive(Debug, Args)]
pub struct ChangesArgs {
    /// Filter, as in the program: of which devices, and of whose alerts
    pub filter: Vec<String>,
    /// Since when: 03:07, 2026-11-23T03:07, RFC 3339, -2h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: String,
    /// Up to when; without it, up to now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// table, json, jsonl or csv; table on a terminal, else jsonl
    #[arg(long, value_enum)]
    pub format: Option<ListFormat>,
    /// Which columns, in this order
    #[arg(long, value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Exit 3 when the list is not empty
    #[arg(long)]
    pub exit_code: bool,
}

/// `device`
#[derive(Debug, Args)]
pub struct DeviceArgs {
    /// Name, address, MAC or biomedical tag
    pub device: String,
    /// As it was then, out of the log: 03:07, 2026-11-23T03:07, RFC 3339, -2h. Where the collector's clock was ahead for a while, as it was before the first event that bears a later time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// text or json
    #[arg(long, value_enum)]
    pub format: Option<OneFormat>,
}

/// `ledger`
#[derive(Debug, Args)]
pub struct LedgerArgs {
    /// Name, address, MAC or biomedical tag
    pub device: String,
    /// table, json, jsonl or csv; table on a terminal, else jsonl
    #[arg(long, value_enum)]
    pub format: Option<ListFormat>,
}

/// `identify`
#[derive(Debug, Args)]
pub struct IdentifyArgs {
    /// Recordings of SNMP agents (.snmprec)
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// A folder of rules (.toml) in place of those that are shipped, to try one's own
    #[arg(long, value_name = "FOLDER")]
    pub rules: Option<PathBuf>,
    /// table, json, jsonl or csv; table on a terminal, else jsonl
    #[arg(long, value_enum)]
    pub format: Option<ListFormat>,
}

/// `run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Name of the remediation; `wardwatch run list DEVICE` lists what is for that device
    pub remediation: String,
    /// Name, address, MAC or biomedical tag
    pub device: String,
    /// Inputs, NAME=VALUE
    #[arg(long = "input", value_name = "NAME=VALUE")]
    pub inputs: Vec<String>,
    /// Interface of the device by name, where the remediation works on one
    #[arg(long)]
    pub interface: Option<String>,
    /// Only what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Why; it stands in the log
    #[arg(long, default_value = "")]
    pub reason: String,
    /// Confirm without a question, where the remediation's risk allows that
    #[arg(long)]
    pub yes: bool,
    /// Confirm by the device's name, where it asks for that
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
    /// text or json
    #[arg(long, value_enum)]
    pub format: Option<OneFormat>,
}

/// `sim`
#[derive(Debug, Subcommand)]
pub enum SimCommand {
    /// Serve recorded devices (.snmprec), one an address
    Serve {
        /// Folder of .snmprec files
        dir: PathBuf,
        /// Loopback network to serve on
        #[arg(long, default_value = "127.20.0.0/16")]
        address: ipnet::Ipv4Net,
        /// UDP port
        #[arg(long, default_value_t = 1161)]
        port: u16,
    },
    /// The demo's hospital, without anybody watching
    #[command(hide = true)]
    Hospital {
        #[arg(long, default_value_t = 200)]
        endpoints: u32,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        #[arg(long, default_value = "evening")]
        scenario: String,
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// Many agents of one kind, for measuring and for rehearsing faults
    Farm(FarmArgs),
}

/// `sim farm`
#[derive(Debug, Args)]
pub struct FarmArgs {
    /// How many; each has an address of its own on loopback, from 127.24.0.1 on
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(..=200_000))]
    pub agents: u32,
    /// Interfaces of each
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub interfaces: u32,
    /// So many of a hundred agents have these interfaces, the others two
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u8).range(..=100))]
    pub interfaces_on: u8,
    /// Community that opens them: env:NAME, file:PATH or plain
    #[arg(long, default_value = "public")]
    pub community: String,
    /// User that opens them too, by SNMPv3 authPriv with SHA-256 and AES-128
    #[arg(long, value_name = "USER", requires = "auth", requires = "privacy")]
    pub v3: Option<String>,
    /// Password of that user's authentication: env:NAME or file:PATH
    #[arg(long, value_name = "C", requires = "v3")]
    pub auth: Option<String>,
    /// Password of that user's encryption: env:NAME or file:PATH
    #[arg(long, value_name = "C", requires = "v3")]
    pub privacy: Option<String>,
    /// What goes wrong, KIND[:AMOUNT][=PERCENT of the agents]; may be given often.
    /// Kinds: dead, loss (of a hundred requests), delay (ms), late (ms, after everybody stopped waiting), duplicate, wrong-id,
    /// wrong-source, loop, endless, too-big (more bindings than), truncated (bulks, bindings), boots-frozen (restarts, seconds
    /// apart), uptime-wrap (seconds from now). Such as: --fault dead=10 --fault loss:5 --fault delay:300=20
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<crate::sim::farm::Fault>,
    /// Which agents, which requests: another seed draws others
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// UDP port; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Sockets, each with a thread
    #[arg(long, default_value_t = 2, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub sockets: usize,
}

/// `keys`
#[derive(Debug, Args)]
pub struct KeysArgs {
    /// What to do; without it, list the keys in force
    #[command(subcommand)]
    pub command: Option<KeysCommand>,
    /// table, json, jsonl or csv; markdown is the page of all keys that are shipped
    #[arg(long, value_enum)]
    pub format: Option<KeysFormat>,
}

/// `theme`
#[derive(Debug, Args)]
pub struct ThemeArgs {
    /// What to do
    #[command(subcommand)]
    pub command: ThemeCommand,
}

/// `theme ...`
#[derive(Debug, Subcommand)]
pub enum ThemeCommand {
    /// The themes there are
    List {
        /// table, json, jsonl or csv; table on a terminal, else jsonl
        #[arg(long, value_enum)]
        format: Option<ListFormat>,
    },
    /// Check a theme; every mistake with its line and column, and what is hard to read
    Check {
        /// One that is shipped, or a file of your own
        #[arg(value_name = "NAME|FILE")]
        which: String,
    },
    /// Every role with its colours at each depth, its contrast, and what it stands for
    Inspect {
        /// One that is shipped, or a file of your own; without it, the one in force
        #[arg(value_name = "NAME|FILE")]
        which: Option<String>,
        /// table, json, jsonl or csv; table on a terminal, else jsonl
        #[arg(long, value_enum)]
        format: Option<ListFormat>,
    },
}

/// `keys check`
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Check a file of keys; every mistake with its line and column
    Check {
        /// Which
        file: PathBuf,
    },
}

/// How keys are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeysFormat {
    /// Aligned columns
    Table,
    /// One JSON array
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a heading
    Csv,
    /// The page of all keys that are shipped
    Markdown,
}

/// `config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Ask six questions and write a site file; without a terminal, or with --example, write the commented example
    ///
    /// Of the six questions' file nothing is in force but the answers; everything else stands below them, commented out. The example
    /// shows every key in use.
    ///
    /// It shows every key. One to think twice about: `answers-from-any-address` lets whoever sees or guesses the id of a question
    /// answer in the device's place, from anywhere, unless the device is asked by SNMPv3 with authentication.
    Init {
        /// Where; must not exist
        #[arg(default_value = "wardwatch.toml")]
        file: PathBuf,
        /// Ask nothing: write the example, with every setting explained
        #[arg(long)]
        example: bool,
    },
    /// Check the site file; every mistake with its line and column
    Check {
        /// Which; else the one in force
        file: Option<PathBuf>,
    },
    /// The site as wardwatch understands it
    Show {
        /// Which; else the one in force
        file: Option<PathBuf>,
    },
    /// JSON schema of the site file
    Schema,
    /// What the poll plans would ask of devices, against what was consented to
    ///
    /// Poll plans (folder `polls` beside the site file) and sensor tables (folder `sensors`) that ask a device for more wait until
    /// they are consented to: another object, a column oftener, a shorter interval, more rows or bytes, more devices. Until then
    /// devices are asked what was accepted last. A plan or a table is taken over as a whole, and at once where it asks for no more.
    /// A plan's `priority` (0 first, 9 last) asks for no more: it only says which poll goes first where not all can go at once.
    Diff(ConfigDiffArgs),
}

/// `config diff`
#[derive(Debug, Args)]
pub struct ConfigDiffArgs {
    /// text or json
    #[arg(long, value_enum)]
    pub format: Option<OneFormat>,
    /// Exit status 3 where there is a difference
    #[arg(long)]
    pub exit_code: bool,
    /// Consent: devices may be asked for what the plans say now
    #[arg(long)]
    pub accept: bool,
}

/// `doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// text or json
    #[arg(long, value_enum)]
    pub format: Option<OneFormat>,
}

/// `90`, `90s`, `15m`, `2h`, `1d`, `500ms`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number
        .parse()
        .map_err(|_| format!("'{text}' is no time; write it as 90s, 15m, 2h or 1d"))?;
    let millis = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => {
            return Err(format!(
                "'{unit}' is no unit of time; write it as 90s, 15m, 2h or 1d"
            ));
        }
    };
    number
        .checked_mul(millis)
        .map(Duration::from_millis)
        .ok_or_else(|| format!("'{text}' is too long"))
}

/// `1/2`
fn nth_of(text: &str) -> Result<(u8, u8), String> {
    let wrong = || "write it as 1/2: the first of two".to_owned();
    let (nth, of) = text.split_once('/').ok_or_else(wrong)?;
    let (nth, of): (u8, u8) = nth.parse().ok().zip(of.parse().ok()).ok_or_else(wrong)?;
    if (1..=of).contains(&nth) {
        Ok((nth, of))
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("15m"), Ok(Duration::from_mins(15)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert!(duration("soon").unwrap_err().contains("write it as"));
        assert!(duration("3w").unwrap_err().contains("no unit"));
    }
}
