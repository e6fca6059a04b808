//! Which columns of a table fit, and how wide they are. It depends on the width of the screen alone, never on what
//! happens to be in the rows, so that nothing jumps while values change.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Align, Ink, Row};

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// Narrower than this it is not shown at all.
    pub min: u16,
    /// It grows up to this.
    pub want: u16,
    /// When there is too little room, the column with the greatest number goes first; 0 stays to the end.
    pub goes: u8,
    /// Words left, numbers right.
    pub align: Align,
}

impl Column {
    /// A column of words.
    pub const fn words(title: &'static str, min: u16, want: u16, goes: u8) -> Self {
        Self {
            title,
            min,
            want,
            goes,
            align: Align::Left,
        }
    }

    /// A column of numbers.
    pub const fn numbers(title: &'static str, min: u16, want: u16, goes: u8) -> Self {
        Self {
            title,
            min,
            want,
            goes,
            align: Align::Right,
        }
    }
}

/// From this number on in [`Column::goes`] a column is an extra: it comes only where the others have what they want.
pub const EXTRA: u8 = 8;

/// A column that is shown: which, how wide, and how it is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// Its place among all columns.
    pub index: usize,
    /// Its width.
    pub width: u16,
    /// Its alignment.
    pub align: Align,
}

/// Chooses columns for a width: one space lies between two of them. What is left over goes to the columns that want more,
/// from left to right in turns; what nobody wants stays empty at the right.
pub fn fit(columns: &[Column], width: u16) -> Vec<Fitted> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let least = |shown: &[usize]| -> u16 {
        let sum: u16 = shown.iter().map(|i| columns[*i].min).sum();
        sum + u16::try_from(shown.len().saturating_sub(1)).unwrap_or(0)
    };
    // extras come only where all others have all the room they want
    let wanted = |shown: &[usize]| -> u16 {
        let sum: u16 = shown
            .iter()
            .map(|i| columns[*i].want)
            .fold(0, u16::saturating_add);
        sum.saturating_add(u16::try_from(shown.len().saturating_sub(1)).unwrap_or(0))
    };
    while wanted(&shown) > width {
        let extra = (0..shown.len())
            .filter(|at| columns[shown[*at]].goes >= EXTRA)
            .max_by_key(|at| columns[shown[*at]].goes);
        let Some(at) = extra else {
            break;
        };
        shown.remove(at);
    }
    while shown.len() > 1 && least(&shown) > width {
        let Some(at) = (0..shown.len()).max_by_key(|at| columns[shown[*at]].goes) else {
            break;
        };
        shown.remove(at);
    }
    let mut fitted: Vec<Fitted> = shown
        .iter()
        .map(|i| Fitted {
            index: *i,
            width: columns[*i].min.min(width),
            align: columns[*i].align,
        })
        .collect();
    let mut over = width.saturating_sub(least(&shown));
    while over > 0 {
        let before = over;
        for f in &mut fitted {
            if over > 0 && f.width < columns[f.index].want {
                f.width += 1;
                over -= 1;
            }
        }
        if over == before {
            break;
        }
    }
    fitted
}

/// Draws the headings into the row `y` of an area; `sorted` is marked.
pub fn header(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    y: u16,
    columns: &[Column],
    fitted: &[Fitted],
    sorted: Option<usize>,
) {
    let mut row = Row::new(ink, buf, area, y);
    for f in fitted {
        let Some(column) = columns.get(f.index) else {
            continue;
        };
        if sorted == Some(f.index) {
            let title = format!("{}{}", column.title, ink.g.sort_down);
            row.column(title, f.width, f.align, ink.strong);
        } else {
            row.column(column.title, f.width, f.align, ink.dim);
        }
        row.gap(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column::words("ST", 2, 2, 0),
        Column::words("NAME", 8, 20, 0),
        Column::words("VENDOR", 6, 10, 2),
        Column::numbers("SEEN", 4, 4, 1),
    ];

    fn widths(width: u16) -> Vec<(usize, u16)> {
        fit(&COLUMNS, width)
            .iter()
            .map(|f| (f.index, f.width))
            .collect()
    }

    #[test]
    fn columns_give_way_in_their_stated_order() {
        assert_eq!(widths(60), vec![(0, 2), (1, 20), (2, 10), (3, 4)]);
        assert_eq!(widths(23), vec![(0, 2), (1, 8), (2, 6), (3, 4)]);
        assert_eq!(widths(22), vec![(0, 2), (1, 14), (3, 4)]);
        assert_eq!(widths(15), vec![(0, 2), (1, 12)]);
        assert_eq!(widths(3), vec![(0, 2)]);
    }

    #[test]
    fn every_width_fits() {
        for width in 0..120 {
            let fitted = fit(&COLUMNS, width);
            let sum: u16 = fitted.iter().map(|f| f.width + 1).sum();
            assert!(sum.saturating_sub(1) <= width.max(2), "{width}: {fitted:?}");
        }
    }
}
