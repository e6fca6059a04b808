//! One frame: header, views, body, what lies over it, last line.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::model::Severity;
use crate::ui::picture::Picture;
use crate::ui::widgets::{Ink, Row, width, wrap};
use crate::ui::{Live, Request, Role};

use super::base::Moment;
use super::config::{Place, World};
use super::wallboard::{Rotation, Scene};
use super::{Session, TOAST, footer, header, perform, replay, tab_named, wall, which};

/// Lines of what is said, at the most.
const TOAST_LINES: usize = 3;

/// The smallest terminal on which everything can be reached.
const SMALLEST: (u16, u16) = (60, 16);

impl Session {
    /// Appends one frame as differences from the last; false and not one byte when nothing visible changed.
    pub fn draw(&mut self, world: &World, out: &mut Vec<u8>) -> bool {
        let stamp = (
            world.state.revision,
            world.now.0.div_euclid(1000),
            world.live.clone(),
        );
        if self.stamp.as_ref() == Some(&stamp) {
            return false;
        }
        self.expire(world);
        let moment = self.base.moment(world);
        self.turn(world, &moment);
        let tab = self.stacks.tab();
        self.show(tab, &moment);

        let layers = if self.chord.is_empty() {
            Vec::new()
        } else {
            self.in_force(&moment)
        };
        let ctx = self.base.ctx(&moment, tab);
        let ink = Ink::of(&ctx);
        let whole = self.screen.area();
        let area = match &self.rotation {
            Some(rotation) => rotation.drift(whole, world.now),
            None => whole,
        };
        let buf = self.screen.blank(ink.text);
        let mut cursor = None;
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            too_small(&ink, buf, area);
        } else {
            let lines = Lines::of(area, &moment, self.rotation.is_some(), ink.g.ascii);
            let present = world.present.as_deref();
            header::line_one(&ink, buf, lines.one, self.base.config.role, present);
            if let Some(two) = lines.two {
                self.spots = header::line_two(
                    &ink,
                    buf,
                    two,
                    &self.base.config.keys,
                    tab,
                    ctx.filter.is_some(),
                );
            }
            if let Some(band) = lines.band {
                wall::band(&ink, buf, band);
            }
            // what is selected may follow from what was drawn, so the last line comes after
            let (mut here, mut filtered) = (Vec::new(), false);
            if let Some(open) = self.stacks.top() {
                open.view.draw(buf, lines.body, &ctx);
                here = perform::here(&*open.view, &ctx, &moment);
                filtered = open.view.actions(&ctx).contains(&"filter");
            } else {
                Row::new(&ink, buf, lines.body, 0)
                    .gap(1)
                    .put("this view is not there", ink.dim);
            }
            if matches!(
                moment.live,
                Live::Stale(_) | Live::NoCollector | Live::Starting
            ) {
                fade(buf, lines.body, ink.text.patch(ink.dim));
            }
            if let Some(bar) = lines.replay {
                replay::bar(&ink, buf, bar, &world.marks);
            }
            // line 1 is the truth about the data: nothing lies over it
            let over = Rect {
                y: area.y + 1,
                height: lines.foot.y.saturating_sub(area.y + 1),
                ..area
            };
            let keys = &self.base.config.keys;
            let mut hints = footer::hints(&ink, keys, &here, moment.standing);
            if let Some(layer) = self.layers.last() {
                let shown = |(key, word): (&str, &str)| {
                    (crate::ui::keymap::shown(key, ink.g), word.to_owned())
                };
                hints = layer.hints().into_iter().map(shown).collect();
            } else {
                let mut always =
                    footer::hints(&ink, keys, &["filter", "palette", "help"], moment.standing);
                if !filtered && let Some((_, word)) = always.first_mut() {
                    *word = "search".into();
                }
                hints.extend(always);
            }
            let crumbs: Vec<_> = self
                .stacks
                .all()
                .map(|open| open.view.crumb(&ctx))
                .collect();
            let crumb = crumbs.join(ink.g.crumb);
            let words = ctx.filter.filter(|_| filtered);
            let words = words.map(|filter| filter.words.as_str());
            footer::draw(&ink, buf, lines.foot, &crumb, words, &hints);
            for layer in &mut self.layers {
                cursor = layer.draw(&ink, buf, over);
            }
            if !self.chord.is_empty() {
                let here = (layers.as_slice(), moment.standing);
                which::draw(&ink, buf, over, (keys, &self.chord), here);
            }
            let low = self.layers.last().map_or(0, |layer| layer.rows_below());
            let free = Rect {
                height: over.height.saturating_sub(low),
                ..over
            };
            toasts(&ink, buf, free, &mut self.toasts, world);
        }
        self.stamp = Some(stamp);
        let drawn = self
            .screen
            .flush(cursor.filter(|at: &Position| whole.contains(*at)), out);
        if std::mem::take(&mut self.picture) {
            let at = self.base.config.zone.to_datetime(world.now.timestamp());
            let name = at.strftime("wardwatch-%Y%m%d-%H%M%S").to_string();
            let picture = Picture::of(self.screen.shown(), name);
            self.pending.push(Request::Picture(Box::new(picture)));
        }
        drawn
    }

    fn expire(&mut self, world: &World) {
        self.toasts
            .retain(|toast| toast.until.is_none_or(|until| until > world.now));
    }

    /// A wallboard's rotation: shows what is due now.
    fn turn(&mut self, world: &World, moment: &Moment) {
        let Some(config) = &self.base.config.wallboard else {
            return;
        };
        let rotation = self
            .rotation
            .get_or_insert_with(|| Rotation::new(config, &moment.state.site, world.now));
        let scene = rotation.scene(&moment.state, world.now);
        if self.scene.as_ref() == Some(&scene) {
            return;
        }
        match &scene {
            Scene::View(name) => {
                self.stacks.pop_all();
                if let Some(tab) = tab_named(name) {
                    self.show(tab, moment);
                }
            }
            Scene::Alert(alert) => {
                self.show("alerts", moment);
                self.stacks.pop_all();
                self.open_place(&Place::Alert(*alert), moment);
            }
        }
        self.scene = Some(scene);
    }
}

/// The parts of a frame.
struct Lines {
    one: Rect,
    two: Option<Rect>,
    band: Option<Rect>,
    body: Rect,
    replay: Option<Rect>,
    foot: Rect,
}

impl Lines {
    fn of(area: Rect, moment: &Moment, wallboard: bool, ascii: bool) -> Self {
        let line = |y: u16| Rect::new(area.x, area.y + y, area.width, 1);
        let mut top = 1;
        let two = (!wallboard).then(|| {
            top += 1;
            line(1)
        });
        let mut band = None;
        let rows = if wallboard {
            wall::rows(area, &moment.live, ascii)
        } else {
            0
        };
        if rows > 0 {
            band = Some(Rect::new(area.x, area.y + top, area.width, rows));
            top += rows;
        } else if area.height >= 30 {
            // where there is room, air
            top += 1;
        }
        let replay = matches!(moment.live, Live::Replay(_)).then(|| line(area.height - 2));
        let bottom = 1 + u16::from(replay.is_some());
        Self {
            one: line(0),
            two,
            band,
            body: Rect::new(
                area.x,
                area.y + top,
                area.width,
                area.height.saturating_sub(top + bottom),
            ),
            replay,
            foot: line(area.height - 1),
        }
    }
}

fn too_small(ink: &Ink<'_>, buf: &mut Buffer, area: Rect) {
    let (w, h) = SMALLEST;
    let critical = ink.ctx.state.counts.alerts_new[3];
    let size = format!("{w}x{h} needed, this is {}x{}", area.width, area.height);
    Row::new(ink, buf, area, 0).put(size, ink.text);
    // a small window must not hide what matters most
    let said = format!("{} {critical} critical", ink.g.alert);
    if critical > 0 {
        Row::new(ink, buf, area, 1).put(said, ink.badge(Severity::Critical));
    }
    if let Live::Stale(_) | Live::NoCollector = ink.ctx.live {
        Row::new(ink, buf, area, 2).put("STALE", ink.role(Role::Stale));
    }
}

/// What is not live must not look live: no weight, no hue, no ground.
fn fade(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.set_style(Style::reset());
                cell.set_style(style);
            }
        }
    }
}

fn toasts(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    over: Rect,
    toasts: &mut std::collections::VecDeque<super::Toast>,
    world: &World,
) {
    let waiting = toasts.len().saturating_sub(1);
    let Some(toast) = toasts.back_mut() else {
        return;
    };
    toast.until.get_or_insert(world.now + TOAST);
    let more = match waiting {
        0 => String::new(),
        n => format!("and {n} more "),
    };
    let room = over.width.saturating_sub(2 + width(&more));
    // what a file says wrong is long, and its end is the reason
    let lines = wrap(toast.words.as_str(), room, TOAST_LINES);
    let rows = (lines.len() as u16).min(over.height);
    let place = Rect {
        y: over.bottom().saturating_sub(rows),
        height: rows,
        ..over
    };
    for y in place.top()..place.bottom() {
        for x in place.left()..place.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
    buf.set_style(place, ink.text.patch(ink.role(Role::Popup)));
    for (y, words) in lines.into_iter().enumerate() {
        let mut row = Row::new(ink, buf, place, y as u16);
        if y == 0 && waiting > 0 {
            row.right(more.as_str(), ink.dim);
        }
        row.gap(1).put(words, ink.strong);
    }
}
