//! A cable between two nodes: its weight is its load, and what is lost is broken.

use ratatui::style::Style;

use crate::model::{Interface, Link, LinkId, RateState};
use crate::ui::Role;
use crate::ui::widgets::{Ink, load, percent, rate};

/// The greater of both directions and the speed, from whichever end knows them.
pub fn load_of(ink: &Ink<'_>, id: LinkId) -> Option<(u64, u64)> {
    [id.0, id.1]
        .into_iter()
        .filter_map(|end| {
            let port: &Interface = ink
                .ctx
                .state
                .devices
                .get(&end.device)?
                .interfaces
                .get(&end.port?)?;
            (port.rate == RateState::Known)
                .then(|| (port.traffic.in_bps.max(port.traffic.out_bps), port.speed))
        })
        .max()
}

/// How a cable is drawn: its glyph, its style, and what may stand beside it, the longest first.
pub struct Cable {
    /// The vertical line.
    pub v: &'static str,
    /// Of the line.
    pub style: Style,
    /// What may stand beside it; nothing where there is nothing to say.
    pub labels: Vec<String>,
    /// It has no link.
    pub lost: bool,
    /// The label has the line's style.
    pub loud: bool,
}

/// How the cable of a link is drawn; nothing known of it is a calm one.
pub fn cable(ink: &Ink<'_>, link: Option<&Link>) -> Cable {
    let calm = |style| Cable {
        v: ink.g.v,
        style,
        labels: Vec::new(),
        lost: false,
        loud: false,
    };
    let Some(link) = link else {
        return calm(ink.faint);
    };
    if link.up == Some(false) {
        return Cable {
            v: ink.g.v_broken,
            style: ink.role(Role::LinkDown),
            labels: vec![format!("lost {}", ink.clock(link.since)), "lost".into()],
            lost: true,
            loud: true,
        };
    }
    let Some((bps, speed)) = load_of(ink, link.id) else {
        return calm(ink.role(Role::LinkUp));
    };
    let part = percent(bps, speed);
    let (v, role) = match part {
        90.. => (ink.g.v_double, Role::LinkSaturated),
        40..90 => (ink.g.v_thick, Role::LinkBusy),
        _ => (ink.g.v, Role::LinkUp),
    };
    // what is nearly idle says nothing
    let labels = if part >= 5 {
        vec![load(bps, speed), rate(bps), format!("{part} %")]
    } else {
        Vec::new()
    };
    Cable {
        v,
        style: ink.role(role),
        labels,
        lost: false,
        loud: part >= 90,
    }
}
