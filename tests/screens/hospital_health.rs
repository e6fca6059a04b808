//! How wardwatch is doing in the small hospital: well, since three hours.

use wardwatch::model::{
    CollectorHealth, Flow, GateHealth, Health, Home, Point, PollerHealth, ProcessHealth, Rate,
    SourceHealth, Text,
};

use super::{NOW, ago};

fn flow(total: u64, minute: u64) -> Flow {
    Flow {
        total,
        minute,
        rate: Rate(minute * 1000 / 60),
    }
}

/// Everything is well.
pub fn health() -> Health {
    let source = |name: &str, how: &str, well| SourceHealth {
        name: Text::from(name),
        how: Text::from(how),
        well,
    };
    Health {
        at: NOW,
        since: ago(10_900),
        home: Home {
            state: Text::from("/var/lib/wardwatch"),
            site: Text::from("/etc/wardwatch/site.toml"),
        },
        process: ProcessHealth {
            cpu_permille: 34,
            cpu_ms: 372_000,
            rss_kib: 37_400,
            peak_kib: 41_200,
        },
        poller: PollerHealth {
            agents: 1_204,
            sent: flow(4_512_000, 24_760),
            answered: flow(4_510_100, 24_700),
            timed_out: flow(612, 4),
            retries: flow(1_900, 21),
            varbinds: flow(90_000_000, 500_000),
            late: flow(14, 0),
            unmatched: flow(3, 0),
            window: 12,
            window_most: 310,
            window_limit: 4_096,
            sockets: 3,
            buffer_bytes: 25_165_824,
            jobs: flow(900_000, 4_800),
            late_ms_p50: 2,
            late_ms_p99: 41,
            ..PollerHealth::default()
        },
        gate: GateHealth {
            refused: flow(9, 0),
            permits: 1,
            table: Some(12),
            pending: 38,
        },
        collector: CollectorHealth {
            events: flow(1_100_000, 5_820),
            fold_ns: 14_200,
            waiting_limit: 4_096,
            unflushed: 61,
            flush_us: 3_400,
            flush_most_us: 88_000,
            record_bytes: 3_100_000,
            telemetry_bytes: 410_000_000,
            telemetry_days: 9,
            day_bytes: Some(52_000_000),
            ..CollectorHealth::default()
        },
        sources: vec![
            source("listening", "on eth0", true),
            source("names", "asked of the name servers of this machine", true),
            source("pings", "86 devices, every 60 s", true),
        ],
        trend: (0..60u32)
            .map(|n| Point {
                cpu_permille: 30 + n % 7 * 9,
                sent: 380 + n * 13 % 90,
                answered: 379 + n * 13 % 90,
                timed_out: u32::from(n % 11 == 0),
                drops: 0,
                window: 12,
                events: 60 + n * 7 % 50,
            })
            .collect(),
    }
}
