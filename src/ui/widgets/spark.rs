//! Sparklines and bars. A list of them shares one scale, which is printed once beside it.

use super::Ink;

/// The newest `columns` values as blocks against `top`, the scale of the whole list; older ones are left out.
pub fn spark(
    ink: &Ink<'_>,
    values: impl DoubleEndedIterator<Item = u64>,
    top: u64,
    columns: u16,
) -> String {
    let mut out: Vec<&str> = values
        .rev()
        .take(usize::from(columns))
        .map(|v| ink.g.spark(v, top))
        .collect();
    out.reverse();
    out.concat()
}

/// A bar of `columns` for a percentage: filled and empty part apart, to be drawn in two styles.
pub fn bar(ink: &Ink<'_>, percent: u64, columns: u16) -> (String, String) {
    let full = u16::try_from(percent.min(100) * u64::from(columns) / 100).unwrap_or(columns);
    let full = if percent > 0 {
        full.max(1).min(columns)
    } else {
        0
    };
    (
        ink.g.bar_full.repeat(usize::from(full)),
        ink.g.bar_empty.repeat(usize::from(columns - full)),
    )
}
