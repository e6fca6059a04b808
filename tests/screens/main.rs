//! Every view as a person sees it, at the three sizes, and at all sizes that must not hurt.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod about;
mod behaviour;
mod hospital;
mod hues;
mod shots;
mod sizes;
mod whole;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use wardwatch::engine::State;
use wardwatch::model::{Health, Text};
use wardwatch::ui::{ColorDepth, Ctx, Glyphs, Live, Outcome, Theme, View, views};

/// What a frame is drawn with.
pub struct Stage {
    state: State,
    theme: Theme,
    zone: TimeZone,
    person: Text,
    unicode: bool,
    health: Option<Health>,
    live: Live,
}

impl Stage {
    fn new(state: State) -> Self {
        Self {
            state,
            theme: Theme::built_in("dark", ColorDepth::True).unwrap(),
            zone: TimeZone::fixed(jiff::tz::offset(1)),
            person: Text::from("ana"),
            unicode: true,
            health: Some(hospital::health()),
            live: Live::Live,
        }
    }

    fn ctx(&self) -> Ctx<'_> {
        Ctx {
            state: &self.state,
            now: hospital::NOW,
            live: &self.live,
            health: self.health.as_ref(),
            zone: &self.zone,
            person: &self.person,
            read_only: false,
            unattended: false,
            low_bandwidth: false,
            theme: &self.theme,
            glyphs: Glyphs::of(self.unicode),
            filter: None,
        }
    }

    fn draw(&self, view: &mut dyn View, width: u16, height: u16) -> Buffer {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        view.draw(&mut buf, area, &self.ctx());
        buf
    }

    fn shot(&self, view: &mut dyn View, width: u16, height: u16) -> String {
        text(&self.draw(view, width, height))
    }

    fn act(&self, view: &mut dyn View, actions: &[&str]) -> Option<Box<dyn View>> {
        let mut opened = None;
        for action in actions {
            if let Outcome::Open(next) = view.act(action, &self.ctx()) {
                opened = Some(next);
            }
        }
        opened
    }
}

/// Every view of the small hospital, by name, as it opens.
fn all_views(named: &hospital::Named) -> Vec<(&'static str, Box<dyn View>)> {
    use wardwatch::ui::views::Tab;
    let mut all: Vec<(&'static str, Box<dyn View>)> = views::ROOTS
        .iter()
        .map(|(name, _)| (*name, views::open(name).unwrap()))
        .collect();
    all.push(("about", views::about()));
    all.push(("segment", views::segment(Some(named.icu))));
    all.push(("alert", views::alert(named.root_alert)));
    all.push(("run", views::run(named.running)));
    all.push(("device", views::device(named.vent)));
    all.push(("switch", views::device(named.dead)));
    for (name, tab) in [
        ("interfaces", Tab::Interfaces),
        ("history", Tab::History),
        ("ledger", Tab::Ledger),
        ("neighbours", Tab::Neighbours),
    ] {
        all.push((name, views::device_at(named.dist_a, tab)));
    }
    all
}

/// The symbols, without the blanks at the ends of rows.
fn text(buf: &Buffer) -> String {
    let width = usize::from(buf.area.width);
    if width == 0 {
        return String::new();
    }
    buf.content()
        .chunks(width)
        .map(|row| {
            let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
            line.trim_end().to_string() + "\n"
        })
        .collect()
}
