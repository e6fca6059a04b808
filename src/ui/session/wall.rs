//! What a wallboard has above its views: figures that are read from five metres; or, over the whole width, that nothing of it
//! is the present.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use tui_big_text::{BigText, PixelSize};

use crate::model::Severity;
use crate::ui::widgets::{Ink, Row, clock, width};
use crate::ui::{Live, Role};

/// Large letters: what they are made of, and their columns and rows.
struct Letters {
    size: PixelSize,
    columns: u16,
    rows: u16,
}

/// What there is room for; nothing on a small screen, or one without blocks.
fn letters(area: Rect, ascii: bool) -> Option<Letters> {
    // one less each way than the screen has: the frame drifts
    let (size, columns, rows) = match (area.width, area.height) {
        _ if ascii => return None,
        (239.., 79..) => (PixelSize::Full, 8, 8),
        (119.., 39..) => (PixelSize::Quadrant, 4, 4),
        _ => return None,
    };
    Some(Letters {
        size,
        columns,
        rows,
    })
}

fn dead(live: &Live) -> bool {
    matches!(live, Live::Stale(_) | Live::NoCollector)
}

/// Rows of the band; none where the screen is small and all is well.
pub fn rows(area: Rect, live: &Live, ascii: bool) -> u16 {
    match (letters(area, ascii), dead(live)) {
        (Some(letters), _) => letters.rows + 2,
        (None, true) => 3,
        (None, false) => 0,
    }
}

/// Draws it.
pub fn band(ink: &Ink<'_>, buf: &mut Buffer, band: Rect) {
    let letters = match band.height {
        10 => letters(Rect::new(0, 0, 240, 80), ink.g.ascii),
        6 => letters(Rect::new(0, 0, 120, 40), ink.g.ascii),
        _ => None,
    };
    if dead(ink.ctx.live) {
        not_live(ink, buf, band, letters.as_ref());
    } else if let Some(letters) = letters {
        figures(ink, buf, band, &letters);
    }
}

/// Words in large letters; says whether they had room.
fn put(buf: &mut Buffer, at: Rect, words: &str, style: Style, letters: &Letters) -> bool {
    let columns = width(words).saturating_mul(letters.columns);
    if columns > at.width {
        return false;
    }
    let place = Rect::new(at.x, at.y, columns, letters.rows).intersection(buf.area);
    BigText::builder()
        .pixel_size(letters.size)
        .style(style)
        .lines(vec![words.to_owned().into()])
        .build()
        .render(place, buf);
    true
}

/// Clock and counts.
fn figures(ink: &Ink<'_>, buf: &mut Buffer, band: Rect, letters: &Letters) {
    let counts = &ink.ctx.state.counts;
    let [_, _, major, critical] = counts.alerts_new;
    let mut x = band.x + 2;
    let mut say = |words: &str, style: Style, after: &str| {
        let at = Rect::new(x, band.y + 1, band.right().saturating_sub(x), letters.rows);
        if !put(buf, at, words, style, letters) {
            return;
        }
        x += width(words) * letters.columns + 1;
        let room = band.right().saturating_sub(x);
        // a large letter's own foot is a row above its end
        let tail = Rect::new(x, band.y + letters.rows - 1, room, 1);
        let mut row = Row::new(ink, buf, tail, 0);
        row.put(after, ink.dim);
        x += row.used() + 5;
    };
    let now = clock(ink.ctx.now, ink.ctx.now, ink.ctx.zone);
    say(&now, ink.strong, "");
    if critical > 0 {
        let style = ink.severity(Severity::Critical);
        say(&critical.to_string(), style, "critical");
    }
    if major > 0 {
        say(&major.to_string(), ink.severity(Severity::Major), "major");
    }
    if counts.down > 0 {
        say(&counts.down.to_string(), ink.role(Role::Down), "down");
    }
    if critical == 0 && major == 0 {
        say(&counts.up.to_string(), ink.dim, "up");
    }
}

/// Nobody may take what is old for the present: the whole width, and for how long.
fn not_live(ink: &Ink<'_>, buf: &mut Buffer, band: Rect, letters: Option<&Letters>) {
    let style = ink.text.patch(ink.role(Role::Stale));
    let over = band.intersection(buf.area);
    for y in over.top()..over.bottom() {
        for x in over.left()..over.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
    buf.set_style(over, style);
    let (word, since) = match ink.ctx.live {
        Live::Stale(since) => ("STALE", Some(*since)),
        _ => ("NO COLLECTOR", Some(ink.ctx.state.time).filter(|t| t.0 > 0)),
    };
    let age = since.map(|since| ink.age(since));
    let head = match &age {
        Some(age) => format!("{word} {age}"),
        None => word.to_owned(),
    };
    let tail = match since {
        Some(since) => format!(
            "nothing new since {}: what is below is old",
            ink.clock(since)
        ),
        None => "nothing is collected: what is below is old".to_owned(),
    };
    let middle = |columns: u16| band.x + band.width.saturating_sub(columns) / 2;
    if let Some(letters) = letters {
        let columns = width(&head) * letters.columns;
        let at = Rect::new(
            middle(columns),
            band.y + 1,
            columns.min(band.width),
            letters.rows,
        );
        if put(buf, at, &head, style, letters) {
            let line = Rect::new(middle(width(&tail)), band.bottom() - 1, width(&tail), 1);
            Row::new(ink, buf, line, 0).put(&tail, style);
            return;
        }
    }
    let line = format!("{head}  {tail}");
    let columns = width(&line).min(band.width);
    let at = Rect::new(middle(columns), band.y + band.height / 2, columns, 1);
    Row::new(ink, buf, at, 0).put(&line, style);
}
