//! `wardwatch doctor`: what this machine lets wardwatch do, and what to change. One paste answers a support question.

mod place;
mod screen;

use std::io;
use std::path::Path;

use serde_json::{Value, json};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Works, with less.
    Less,
    /// Does not work.
    Bad,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Less => "less",
            Self::Bad => "bad",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Check {
    /// What.
    pub what: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do; empty where nothing.
    pub advice: String,
}

/// Looks at everything. `site` is the outcome of looking for a site file.
pub fn checks(site: Result<String, String>, state: &Path) -> Vec<Check> {
    vec![
        Check {
            what: "version",
            verdict: Verdict::Good,
            found: env!("CARGO_PKG_VERSION").into(),
            advice: String::new(),
        },
        place::system(),
        site_check(site),
        state_check(state),
        place::collector(state),
        place::log(state),
        place::complaints(state),
        place::clock(),
        raw_check(),
        ping_check(),
        buffer_check(),
        kernel_check(),
        locale_check(),
        screen::terminal(),
        screen::drawn(),
    ]
}

fn site_check(site: Result<String, String>) -> Check {
    let (verdict, found, advice) = match site {
        Ok(found) => (Verdict::Good, found, String::new()),
        Err(why) => (
            Verdict::Less,
            why,
            "write one with `wardwatch config init`, or look at `wardwatch demo`".into(),
        ),
    };
    Check {
        what: "site file",
        verdict,
        found,
        advice,
    }
}

fn state_check(state: &Path) -> Check {
    let place = state.display();
    let nearest = state
        .ancestors()
        .find(|p| p.exists())
        .unwrap_or(Path::new("/"));
    let writable = rustix::fs::access(nearest, rustix::fs::Access::WRITE_OK).is_ok();
    let (verdict, advice) = if writable {
        (Verdict::Good, String::new())
    } else {
        (
            Verdict::Bad,
            format!("make {place} writable, or choose another --state"),
        )
    };
    Check {
        what: "state folder",
        verdict,
        found: format!("{place}{}", if writable { "" } else { " can't be written" }),
        advice,
    }
}

fn raw_check() -> Check {
    // effective capabilities, bit 13 is CAP_NET_RAW (linux/capability.h)
    let held = proc_status("CapEff:")
        .and_then(|hex| u64::from_str_radix(&hex, 16).ok())
        .is_some_and(|bits| bits >> 13 & 1 == 1);
    Check {
        what: "raw frames (ARP sweep, LLDP)",
        verdict: if held { Verdict::Good } else { Verdict::Less },
        found: if held {
            "allowed"
        } else {
            "not allowed; the kernel's neighbour table is used instead"
        }
        .into(),
        advice: if held {
            String::new()
        } else {
            "sudo setcap cap_net_raw+ep \"$(command -v wardwatch)\"".into()
        },
    }
}

fn ping_check() -> Check {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ping_group_range").unwrap_or_default();
    let mut ends = range
        .split_whitespace()
        .filter_map(|n| n.parse::<u64>().ok());
    let group = u64::from(rustix::process::getgid().as_raw());
    let inside = matches!((ends.next(), ends.next()), (Some(low), Some(high)) if low <= group && group <= high);
    let allowed = inside || rustix::process::geteuid().is_root();
    Check {
        what: "ICMP echo",
        verdict: if allowed {
            Verdict::Good
        } else {
            Verdict::Less
        },
        found: if allowed {
            "allowed"
        } else {
            "not allowed for this group"
        }
        .into(),
        advice: if allowed {
            String::new()
        } else {
            "sudo sysctl net.ipv4.ping_group_range=\"0 2147483647\"".into()
        },
    }
}

fn buffer_check() -> Check {
    let most: u64 = std::fs::read_to_string("/proc/sys/net/core/rmem_max")
        .ok()
        .and_then(|s| s.trim().parse().ok())
        .unwrap_or(0);
    let good = most >= 4 << 20;
    Check {
        what: "receive buffer",
        verdict: if good { Verdict::Good } else { Verdict::Less },
        found: format!("at most {} KiB", most / 1024),
        advice: if good {
            String::new()
        } else {
            "for thousands of agents: sudo sysctl net.core.rmem_max=8388608".into()
        },
    }
}

/// What the kernel answers by itself to whoever speaks to this machine: no program is asked, and no ledger can hold it.
fn kernel_check() -> Check {
    let rate = sysctl("net.ipv4.icmp_ratelimit");
    let ignore = sysctl("net.ipv4.conf.all.arp_ignore");
    let found = format!(
        "the kernel answers strays with ICMP unreachable and TCP RST and asks by ARP for whom it answers (icmp_ratelimit {rate}, \
         arp_ignore {ignore}); for wardwatch it never speaks first to what the policy protects"
    );
    Check {
        what: "what the kernel sends",
        verdict: Verdict::Good,
        found,
        advice: "to keep it silent towards protected devices, put their addresses into a set and load it with nft -f: \
                 table inet wardwatch { set protected { type ipv4_addr; flags interval; elements = { 10.3.10.0/24 } } \
                 chain out { type filter hook output priority 0; ip daddr @protected drop; } } \
                 table arp wardwatch { chain out { type filter hook output priority 0; arp daddr ip 10.3.10.0/24 drop; } } \
                 (an example; wardwatch never loads it)"
            .into(),
    }
}

fn sysctl(name: &str) -> String {
    std::fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/")))
        .map_or_else(|_| "unknown".into(), |s| s.trim().to_string())
}

fn locale_check() -> Check {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|n| std::env::var(n).ok())
        .find(|v| !v.is_empty())
        .unwrap_or_default();
    let utf8 = set.to_uppercase().replace('-', "").contains("UTF8");
    Check {
        what: "locale",
        verdict: if utf8 { Verdict::Good } else { Verdict::Less },
        found: if set.is_empty() {
            "none set".into()
        } else {
            crate::model::Text::from(set).to_string()
        },
        advice: if utf8 {
            String::new()
        } else {
            "symbols are drawn in ASCII; set LANG to a UTF-8 locale".into()
        },
    }
}

fn proc_status(field: &str) -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|l| l.strip_prefix(field))
        .map(|v| v.trim().to_string())
}

/// As JSON.
pub fn as_json(checks: &[Check]) -> Value {
    let rows = checks.iter().map(|c| json!({"what": c.what, "verdict": c.verdict.word(), "found": c.found, "advice": super::rows::text(&c.advice)}));
    json!({"checks": rows.collect::<Vec<_>>()})
}

/// Columns of a line: it is read in mails and tickets.
const COLUMNS: usize = 80;
/// Where what was found begins.
const FOUND: usize = 36;

/// As text, none of its lines longer than 80 columns.
pub fn as_text(checks: &[Check]) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for c in checks {
        let mut lines = folded(&c.found).into_iter();
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(out, "{:<5} {:<29} {first}", c.verdict.word(), c.what);
        let advice = folded(&c.advice).into_iter().filter(|l| !l.is_empty());
        for line in lines.chain(advice) {
            let _ = writeln!(out, "{:FOUND$}{line}", "");
        }
    }
    out
}

/// Broken between words; what is longer than a line stays whole, so that it can be copied.
fn folded(words: &str) -> Vec<String> {
    let room = COLUMNS - FOUND;
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= room {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Where the state lives unless `--state` says otherwise.
pub fn default_state() -> io::Result<std::path::PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "wardwatch")
        .ok_or_else(|| io::Error::other("no home folder is known; say --state DIR"))?;
    Ok(dirs
        .state_dir()
        .unwrap_or_else(|| dirs.data_local_dir())
        .to_path_buf())
}
