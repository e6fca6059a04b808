//! A frame around an object: a tile, a node of the map. Its title stands in its upper edge.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Ink, Row};

/// How a frame is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Of the lines.
    pub style: Style,
    /// The lower edge is a line; else only its corners stand, and the row between them is free for words.
    pub closed: bool,
}

/// Draws the frame of an area and gives what is inside of it, one column free at each side. Smaller than 2x2 it draws nothing.
pub fn frame(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, how: Frame) -> Rect {
    let area = area.intersection(buf.area);
    if area.width < 2 || area.height < 2 {
        return Rect::new(area.x, area.y, 0, 0);
    }
    let (tl, tr) = (ink.g.down_right, ink.g.down_left);
    let (bl, br) = (ink.g.up_right, ink.g.up_left);
    let across = area.width - 2;
    Row::new(ink, buf, area, 0)
        .put(tl, how.style)
        .repeat(ink.g.h, across, how.style)
        .put(tr, how.style);
    for y in 1..area.height - 1 {
        Row::new(ink, buf, area, y)
            .put(ink.g.v, how.style)
            .gap(across)
            .put(ink.g.v, how.style);
    }
    let mut last = Row::new(ink, buf, area, area.height - 1);
    last.put(bl, how.style);
    if how.closed {
        last.repeat(ink.g.h, across, how.style);
    } else {
        last.gap(across);
    }
    last.put(br, how.style);
    let side = u16::from(area.width > 4);
    Rect::new(
        area.x + 1 + side,
        area.y + 1,
        area.width - 2 - 2 * side,
        area.height - 2,
    )
}
