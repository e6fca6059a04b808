//! The figures, beside what they must be, as Markdown.

use std::fmt::Write as _;

/// What happens when a figure misses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// A ratio of two figures of one run: the bench fails when it misses by more than a fifth.
    Ratio,
    /// Depends on the machine: it is said.
    Absolute,
    /// Something to go for.
    Aim,
}

struct Row {
    what: String,
    measured: f64,
    unit: &'static str,
    /// The bound, and whether more is better.
    bound: Option<(f64, bool, Gate)>,
}

impl Row {
    /// Does it keep its bound, where that is moved by a share of itself?
    fn kept(&self, leeway: f64) -> bool {
        match self.bound {
            None => true,
            Some((bound, true, _)) => self.measured >= bound * (1.0 - leeway),
            Some((bound, false, _)) => self.measured <= bound * (1.0 + leeway),
        }
    }
}

/// Its name; devices a CPU-second, devices a second, PDUs and varbinds a device, MiB.
pub type Contender = (String, [f64; 5]);

/// All figures of a run.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    contenders: Option<(u32, Vec<Contender>)>,
    notes: Vec<String>,
}

impl Report {
    /// The contenders of one run.
    pub fn contenders(&mut self, devices: u32, rows: Vec<Contender>) {
        self.contenders = Some((devices, rows));
    }

    /// A figure that must be so large.
    pub fn at_least(
        &mut self,
        what: &str,
        measured: f64,
        bound: f64,
        unit: &'static str,
        gate: Gate,
    ) {
        self.add(what, measured, unit, Some((bound, true, gate)));
    }

    /// A figure that must be so small.
    pub fn at_most(
        &mut self,
        what: &str,
        measured: f64,
        bound: f64,
        unit: &'static str,
        gate: Gate,
    ) {
        self.add(what, measured, unit, Some((bound, false, gate)));
    }

    /// A figure without a bound.
    pub fn shown(&mut self, what: &str, measured: f64, unit: &'static str) {
        self.add(what, measured, unit, None);
    }

    fn add(
        &mut self,
        what: &str,
        measured: f64,
        unit: &'static str,
        bound: Option<(f64, bool, Gate)>,
    ) {
        self.rows.push(Row {
            what: what.to_string(),
            measured,
            unit,
            bound,
        });
    }

    /// A line below the tables.
    pub fn note(&mut self, text: &str) {
        self.notes.push(text.to_string());
    }

    /// Did a ratio miss its gate by more than a fifth, the noise of a shared machine?
    pub fn missed(&self) -> bool {
        self.rows
            .iter()
            .any(|r| matches!(r.bound, Some((_, _, Gate::Ratio))) && !r.kept(0.2))
    }

    /// As it can stand in the README.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        if let Some((devices, rows)) = &self.contenders {
            let _ = writeln!(
                out,
                "| {} devices, v2c | devices per CPU-second | devices per second | PDUs a device | varbinds a device | peak RSS |",
                grouped(f64::from(*devices))
            );
            let _ = writeln!(out, "| --- | --- | --- | --- | --- | --- |");
            for (what, [cpu, wall, pdus, varbinds, rss]) in rows {
                let _ = writeln!(
                    out,
                    "| {what} | {} | {} | {pdus:.1} | {varbinds:.1} | {rss:.0} MiB |",
                    grouped(*cpu),
                    grouped(*wall)
                );
            }
            out.push('\n');
        }
        if !self.rows.is_empty() {
            let _ = writeln!(out, "| figure | measured | must be | |");
            let _ = writeln!(out, "| --- | --- | --- | --- |");
        }
        for row in &self.rows {
            let bound = match row.bound {
                None => String::new(),
                Some((bound, more, gate)) => format!(
                    "{}{} {} {}",
                    if gate == Gate::Aim { "aim: " } else { "" },
                    if more { "≥" } else { "≤" },
                    grouped(bound),
                    row.unit
                ),
            };
            let verdict = match row.kept(0.0) {
                _ if row.bound.is_none() => "",
                true => "kept",
                false => "MISSED",
            };
            let _ = writeln!(
                out,
                "| {} | {} {} | {} | {verdict} |",
                row.what,
                grouped(row.measured),
                row.unit,
                bound.trim_end()
            );
        }
        out.push('\n');
        for note in &self.notes {
            let _ = writeln!(out, "- {note}");
        }
        out
    }
}

/// A number for people: thousands apart, small ones with a digit behind the point.
fn grouped(n: f64) -> String {
    if !n.is_finite() || n.abs() < 100.0 {
        return format!("{n:.1}");
    }
    let digits = format!("{:.0}", n.abs());
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if n < 0.0 { format!("-{out}") } else { out }
}
