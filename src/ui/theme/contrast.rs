//! What is told from what it stands on, and what becomes of it where a terminal has few colours.

use ratatui::style::{Color, Modifier, Style};

use super::{Role, Theme};
use crate::ui::color::{self, ColorDepth};

/// What is left of a role's floor where the terminal has few colours.
const FEW: u32 = 3_000;
/// Greys, the nearest of which takes the place of a colour that can't be read.
const GREYS: [Color; 4] = [Color::Gray, Color::DarkGray, Color::White, Color::Black];

/// The contrast of a role with its own ground, or with that of the screen; nothing where one of them is the terminal's own.
pub fn contrast_milli(theme: &Theme, role: Role) -> Option<u32> {
    let text = theme.style(Role::Text);
    let style = theme.style(role);
    let own = |color: Option<Color>| color.filter(|c| *c != Color::Reset);
    let mut pair = (
        own(style.fg).or(own(text.fg))?,
        own(style.bg).or(own(text.bg))?,
    );
    if style.add_modifier.contains(Modifier::REVERSED) {
        pair = (pair.1, pair.0);
    }
    color::contrast_milli(pair.0, pair.1)
}

/// A style brought down to this depth. A colour that would fall onto its ground becomes a grey that does not: what hue said
/// is also said by weight, sign and word.
pub(super) fn reduced(role: Role, style: Style, ground: Option<Color>, depth: ColorDepth) -> Style {
    let down = |c: Color| color::reduce(c, depth);
    let mut out = style;
    out.fg = style.fg.map(down);
    out.bg = style.bg.map(down);
    if depth == ColorDepth::True || depth == ColorDepth::None {
        return out;
    }
    let Some(floor) = role.kind().floor_milli() else {
        return out;
    };
    let under = style.bg.or(ground);
    let (Some(fg), Some(under)) = (style.fg, under) else {
        return out;
    };
    let at_least =
        |fg, under, floor| color::contrast_milli(fg, under).is_none_or(|ratio: u32| ratio >= floor);
    // a grey says nothing by its hue, so another grey costs nothing
    let enough = if GREYS.contains(&down(fg)) {
        floor
    } else {
        floor.min(FEW)
    };
    if at_least(fg, under, floor) && !at_least(down(fg), down(under), enough) {
        let under = down(under);
        out.fg = GREYS.into_iter().find(|grey| at_least(*grey, under, floor));
    }
    if out.fg.is_some() && out.fg == out.bg {
        // it would hide what it says
        out.fg = None;
        out.bg = None;
        out = out.add_modifier(Modifier::REVERSED);
    }
    out
}
