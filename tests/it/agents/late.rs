//! Polls that do not end in time: said of the device, and taken back when they do again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wardwatch::event::{Job, Observation, OverrunKind};
use wardwatch::wire::snmp::PduKind;

use super::common::{Bench, quick, target};
use super::fake::{Fake, fake, switch};
use super::faults::start;

async fn told(bench: &mut Bench, of: &Fake, kind: OverrunKind) -> Job {
    bench
        .until(|seen| match seen {
            Observation::Overrun(o) if o.address == of.to.ip() && o.kind == kind => Some(o.job),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_table_longer_than_its_deadline_is_said_and_that_it_fits_again_as_well() {
    let slow = Arc::new(AtomicBool::new(true));
    let is_slow = Arc::clone(&slow);
    let rows = 400;
    let agent = fake(
        [127, 80, 1, 1],
        switch(b"slow", rows),
        move |asked, answer| {
            // only what walks takes long: its name comes at once
            if asked.kind == PduKind::GetBulk && is_slow.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(150));
            }
            Some(answer)
        },
    );
    let mut bench = start(quick());
    let jobs = [(Job::Status, 2), (Job::Interfaces, 2)];
    let targets = vec![target(agent.to, &["v2c"], &jobs)];
    bench.poller.set_targets(targets.into());
    assert_eq!(
        told(&mut bench, &agent, OverrunKind::Cut).await,
        Job::Interfaces
    );
    slow.store(false, Ordering::Relaxed);
    assert_eq!(
        told(&mut bench, &agent, OverrunKind::Recovered).await,
        Job::Interfaces
    );
}
