//! What the poller counts, and what the system says of this process.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Counters since the poller was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PollerStats {
    /// Datagrams sent, first attempts, retries and discoveries.
    pub pdus_sent: u64,
    /// Datagrams sent again because no answer came in time.
    pub retries: u64,
    /// Questions answered.
    pub answered: u64,
    /// Questions nobody answered, in all their attempts.
    pub timed_out: u64,
    /// Questions refused, answered with nonsense, or not let out.
    pub failed: u64,
    /// Bindings in answers.
    pub varbinds: u64,
    /// Datagrams the system dropped because this process was too slow to take them.
    pub socket_drops: u64,
    /// Answers that came when they were no longer waited for.
    pub late: u64,
    /// Datagrams from another address, with another id, or not authentic.
    pub unmatched: u64,
    /// Answers from another address that were believed, because the site says so of the device.
    pub elsewhere: u64,
    /// Datagrams that are no SNMP message.
    pub malformed: u64,
    /// Observations dropped because nobody took them.
    pub observations_dropped: u64,
    /// Answers that came twice.
    pub duplicates: u64,
    /// Questions out now.
    pub window: u64,
    /// The most questions that were out at once.
    pub most_window: u64,
    /// Questions that may be out at once now; it adapts to loss.
    pub window_limit: u64,
    /// Agents that are asked on schedule.
    pub targets: u64,
    /// Jobs begun on schedule.
    pub jobs: u64,
    /// Tables that were not read because the agent said that nothing in them moved.
    pub tables_spared: u64,
    /// Milliseconds that half of the jobs of late began no later than their time.
    pub late_ms_p50: u64,
    /// Milliseconds that 99 of 100 jobs of late began no later than their time.
    pub late_ms_p99: u64,
    /// Sockets that all agents share.
    pub sockets: u64,
    /// Octets that the kernel keeps at them for answers that wait.
    pub buffer_bytes: u64,
    /// Questions that had to wait for the budget of a device, a closet or an uplink.
    pub held_back: u64,
    /// Questions that wait for one now.
    pub holding: u64,
    /// Polls that missed their time.
    pub overruns: u64,
    /// Polls that are asked less often than planned, until they keep their time.
    pub stretched: u64,
}

macro_rules! counters {
    ($($name:ident),*) => {
        /// The counters where driver and handles meet.
        #[derive(Debug, Default)]
        pub(super) struct Counters { $(pub(super) $name: Counter,)* }

        impl Counters {
            pub(super) fn read(&self, socket_drops: u64) -> PollerStats {
                PollerStats { socket_drops, $($name: self.$name.get(),)* }
            }
        }
    };
}

counters!(
    pdus_sent,
    retries,
    answered,
    timed_out,
    failed,
    varbinds,
    late,
    unmatched,
    elsewhere,
    malformed,
    observations_dropped,
    duplicates,
    window,
    most_window,
    window_limit,
    targets,
    jobs,
    tables_spared,
    late_ms_p50,
    late_ms_p99,
    sockets,
    buffer_bytes,
    held_back,
    holding,
    overruns,
    stretched
);

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(super) fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    /// Sets it where that is more.
    pub(super) fn raise(&self, n: u64) {
        self.0.fetch_max(n, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The drops column of `/proc/net/udp` and `udp6` for these local ports.
pub(super) fn socket_drops(ports: &[u16]) -> u64 {
    ["/proc/net/udp", "/proc/net/udp6"]
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .map(|table| drops_in(&table, ports))
        .sum()
}

fn drops_in(table: &str, ports: &[u16]) -> u64 {
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let (_, port) = fields.nth(1)?.rsplit_once(':')?;
            let port = u16::from_str_radix(port, 16).ok()?;
            let drops: u64 = fields.next_back()?.parse().ok()?;
            ports.contains(&port).then_some(drops)
        })
        .sum()
}

/// CPU seconds of this process so far.
pub(super) fn cpu_seconds() -> f64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    t.tv_sec as f64 + t.tv_nsec as f64 / 1e9
}

/// The most memory this process ever held resident, MiB; zero where the system does not say.
pub(super) fn peak_rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_ascii_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_read_by_port() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
            1: 00000000:1F90 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 7\n\
            2: 0100007F:1F91 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 5\n";
        assert_eq!(drops_in(table, &[8080]), 7);
        assert_eq!(drops_in(table, &[8080, 8081]), 12);
        assert_eq!(drops_in("", &[1]), 0);
    }

    #[test]
    fn this_process_uses_time_and_memory() {
        assert!(cpu_seconds() > 0.0 && peak_rss_mib() > 0.0);
    }
}
