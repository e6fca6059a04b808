//! An engine that can be replayed to, answers that are not authentic, polls that keep missing their time. What else an agent
//! does wrong is only named on its device: wardwatch copes with it, and nobody must get up for it.

use crate::model::{
    AgentFault, Condition, Device, DeviceId, Impact, OverrunKind, Overruns, Reach, Severity, Text,
};

use super::super::alerts::{Finding, Stand, escaped};
use super::super::fold::Out;
use super::super::state::State;

/// So many answers close together that are not authentic are no accident.
const FORGED: u32 = 10;
/// So many polls of a kind in a row that miss their time are no hiccup.
const IN_A_ROW: u16 = 3;
/// An agent this slow is the reason itself, milliseconds.
const SLOW_MS: u32 = 500;

impl State {
    pub(super) fn review_conduct(&mut self, id: DeviceId, out: &mut Out) {
        if self.devices.get(&id).is_none_or(|d| d.conduct.is_none()) {
            return;
        }
        self.no_longer_asked(id, out);
        let Some(d) = self.devices.get(&id).cloned() else {
            return;
        };
        let Some(conduct) = &d.conduct else { return };
        self.weak_engine(&d, out);
        self.not_authentic(&d, out);
        // one that can't be asked now has worse than late polls
        let answers = matches!(d.snmp.reach, Reach::Answers | Reach::Refuses);
        for (job, overruns) in &conduct.overruns {
            if overruns.in_a_row == 0 {
                self.clear(Condition::PollOverrun, Some(id), job, out);
            } else if overruns.in_a_row >= IN_A_ROW && answers {
                self.raise(late(&d, job, overruns), Stand::Open, out);
            }
        }
    }

    fn weak_engine(&mut self, d: &Device, out: &mut Out) {
        let whole = Text::empty();
        let frozen = d
            .conduct
            .as_ref()
            .and_then(|c| c.faults.get(&AgentFault::BootsFrozen));
        let Some(frozen) = frozen else {
            self.clear(Condition::WeakEngine, Some(d.id), &whole, out);
            return;
        };
        let times = if frozen.count == 1 { "time" } else { "times" };
        let finding = Finding {
            condition: Condition::WeakEngine,
            device: Some(d.id),
            part: whole,
            severity: Severity::Minor,
            text: "its SNMPv3 engine does not count its restarts: what was recorded before one can be replayed to it".into(),
            details: vec![
                escaped(format!(
                    "restarted {} {times} with the same snmpEngineBoots (RFC 3414, 2.2)",
                    frozen.count
                )),
                "ask its vendor for a firmware that counts them; until then let only the management network reach it".into(),
            ],
            impact: Impact::default(),
        };
        self.raise(finding, Stand::Open, out);
    }

    fn not_authentic(&mut self, d: &Device, out: &mut Out) {
        let whole = Text::empty();
        let Some(burst) = self.memory.forged.get(&d.id).copied() else {
            self.clear(Condition::NotAuthentic, Some(d.id), &whole, out);
            return;
        };
        if burst.count < FORGED {
            return;
        }
        let took = burst.last.since(burst.since).as_secs().div_ceil(60).max(1);
        let finding = Finding {
            condition: Condition::NotAuthentic,
            device: Some(d.id),
            part: whole,
            severity: Severity::Major,
            text: "answers in its name that are not authentic keep coming".into(),
            details: vec![
                escaped(format!("{} within {took} min; none was believed", burst.count)),
                "either its password is not the one wardwatch was given, or somebody answers in its place".into(),
            ],
            impact: Impact::default(),
        };
        self.raise(finding, Stand::Open, out);
    }
}

fn late(d: &Device, job: &Text, overruns: &Overruns) -> Finding {
    let mut details = vec![
        escaped(format!(
            "{} in a row; the last one was {}",
            overruns.in_a_row,
            how(overruns.last)
        )),
        escaped(format!("what is shown of it may be old: {job}")),
    ];
    if overruns.degraded {
        details.push("it is asked less often until it keeps its time".into());
    }
    if let Some(ms) = d.rtt_ms.filter(|ms| *ms >= SLOW_MS) {
        details.push(escaped(format!("it takes {ms} ms for an answer")));
    }
    // a budget is the site's own decision; nothing is wrong with the device
    let severity = if overruns.last == OverrunKind::Budget {
        Severity::Info
    } else {
        Severity::Minor
    };
    Finding {
        condition: Condition::PollOverrun,
        device: Some(d.id),
        part: job.clone(),
        severity,
        text: escaped(format!("polls keep missing their time: {job}")),
        details,
        impact: Impact::default(),
    }
}

fn how(kind: OverrunKind) -> &'static str {
    match kind {
        OverrunKind::Skipped => "left out, for the one before still ran",
        OverrunKind::Cut => "ended at its deadline",
        OverrunKind::Degraded => "asked less often",
        OverrunKind::Budget => {
            "put off, for the budget of its device, closet or uplink was used up"
        }
        OverrunKind::Recovered => "in time",
    }
}
