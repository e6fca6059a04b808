//! A plan in words: exactly what would be done, so that it can be read before it is.

use crate::model::{PacketKind, RunPlan, Work};
use crate::ui::widgets::Ink;

use crate::ui::Role;
use ratatui::style::Style;

/// One line of a plan: what, of it, how it looks.
pub type PlanLine = (&'static str, String, Style);

/// The lines of a plan.
pub fn lines(ink: &Ink<'_>, plan: &RunPlan) -> Vec<PlanLine> {
    let mut out: Vec<PlanLine> = Vec::new();
    let address = plan.address.map(|a| format!("  {a}")).unwrap_or_default();
    let device = format!("{}{address}", plan.device_name);
    out.push(("device", device, ink.strong));
    out.push(("care", plan.care.to_string(), ink.text));
    match &plan.work {
        Work::Program {
            argv,
            env,
            dry_argv,
        } => {
            let argv = match dry_argv {
                Some(dry) if plan.dry_run => dry,
                _ => argv,
            };
            for (at, arg) in argv.iter().enumerate() {
                // one argument a line: nobody must guess where one ends
                out.push((
                    if at == 0 { "runs" } else { "" },
                    arg.to_string(),
                    ink.strong,
                ));
            }
            for (at, (name, value)) in env.iter().enumerate() {
                let what = if at == 0 { "with" } else { "" };
                out.push((what, format!("{name}={value}"), ink.dim));
            }
        }
        Work::IfAdmin {
            interface,
            bounce,
            revert_s,
        } => {
            let how = if *bounce {
                format!("down, and up again after {revert_s} s")
            } else {
                format!("down; put back after {revert_s} s")
            };
            out.push((
                "sets",
                format!("ifAdminStatus.{} = {how}", interface.index),
                ink.strong,
            ));
            out.push(("port", interface.name.to_string(), ink.strong));
            if !interface.alias.is_empty() {
                out.push(("", interface.alias.to_string(), ink.dim));
            }
        }
        Work::SnmpGet { oids } => {
            for (at, oid) in oids.iter().enumerate() {
                out.push((
                    if at == 0 { "asks" } else { "" },
                    oid.to_string(),
                    ink.strong,
                ));
            }
        }
    }
    let mut kinds: Vec<(PacketKind, u32)> = Vec::new();
    for kind in &plan.packets {
        match kinds.iter_mut().find(|(known, _)| known == kind) {
            Some((_, n)) => *n += 1,
            None => kinds.push((*kind, 1)),
        }
    }
    let packets: Vec<_> = kinds
        .iter()
        .map(|(kind, n)| format!("{n} {}", kind.word()))
        .collect();
    if !packets.is_empty() {
        out.push(("sends", packets.join(", "), ink.text));
    }
    out.push(("risk", plan.risk.word().to_owned(), ink.text));
    out.push(("stops after", format!("{} s", plan.timeout_s), ink.text));
    if plan.dry_run {
        out.push((
            "dry run",
            "nothing is changed".to_owned(),
            ink.role(Role::Ok),
        ));
    }
    for (at, note) in plan.notes.iter().enumerate() {
        out.push((
            if at == 0 { "mind" } else { "" },
            note.to_string(),
            ink.role(Role::Major),
        ));
    }
    out
}
