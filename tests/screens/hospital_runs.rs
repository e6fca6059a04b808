//! Two runs that the small hospital has seen: one that failed, one whose way back is still due.

use std::collections::BTreeMap;
use std::time::Duration;

use imbl::Vector;
use wardwatch::model::{
    CareLevel, Confirm, DeviceId, IfIndex, InterfaceRef, PacketKind, Revert, Risk, Run, RunId,
    RunPlan, RunState, Text, Work,
};

use super::{NOW, ago, t};

pub fn runs(ping: DeviceId, bounce: DeviceId) -> Vec<(RunId, Run)> {
    let plan = |name: &str, device: DeviceId, device_name: &str, work: Work| RunPlan {
        remediation: t(name),
        title: t("one line"),
        device,
        device_name: t(device_name),
        address: "10.10.0.5".parse().ok(),
        on_behalf_of: None,
        inputs: BTreeMap::new(),
        work,
        packets: vec![PacketKind::Ping],
        risk: Risk::Low,
        care: CareLevel::Support,
        confirm: Confirm::Key,
        timeout_s: 30,
        notes: vec![t("sends 3 echo requests, nothing is changed")],
        dry_run: false,
    };
    let argv = ["ping", "-c", "3", "-w", "5", "10.10.0.5"];
    let program = Work::Program {
        argv: argv.iter().map(|a| t(a)).collect(),
        env: BTreeMap::new(),
        dry_argv: None,
    };
    let run = |id: u64, plan: RunPlan, state: RunState, age: u64| Run {
        id: RunId(id),
        plan,
        by: t("ana"),
        reason: t("is it the switch or the path"),
        state,
        planned: ago(age),
        started: Some(ago(age - 1)),
        ended: state.is_over().then(|| ago(age - 6)),
        exit: state.is_over().then_some(1),
        output: Vector::new(),
        output_dropped: 0,
        output_hash: Text::empty(),
        revert: None,
        outcome: Text::empty(),
    };
    let mut first = run(
        10,
        plan("ping", ping, "sw-3f-05", program),
        RunState::Failed,
        150,
    );
    first.output = (1..=40)
        .map(|n| {
            t(&format!(
                "From 10.10.0.1 icmp_seq={n} Destination Host Unreachable"
            ))
        })
        .collect();
    first.output_hash = t("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    first.outcome = t("no reply: 0 of 3");
    let set = Work::IfAdmin {
        interface: InterfaceRef {
            index: IfIndex(7),
            name: t("Gi1/0/7"),
            alias: t("ICU-3 bed 7"),
        },
        bounce: true,
        revert_s: 10,
    };
    let mut second = run(
        12,
        plan("port-bounce", bounce, "sw-3f-02", set),
        RunState::RevertPending,
        6,
    );
    second.revert = Some(Revert {
        due: NOW + Duration::from_secs(247),
        interface_index: 7,
        interface_name: t("Gi1/0/7"),
        admin_status: 1,
        done: None,
    });
    second.output = ["Gi1/0/7 is down", "waiting"]
        .iter()
        .map(|l| t(l))
        .collect();
    vec![(RunId(10), first), (RunId(12), second)]
}
