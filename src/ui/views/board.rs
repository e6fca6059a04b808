//! Board: is a patient affected, what is wrong, and every segment at a glance.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::index::{Index, SegmentSum};
use super::{alert::AlertView, below, segment::SegmentView, sentence};
use crate::model::{AlertId, AlertState, CareLevel, DeviceState, SegmentId, Severity};
use crate::ui::widgets::{Ink, List, Row, Tile, TileSize, empty, fit, state_counts, width};
use crate::ui::{Ctx, Outcome, Selection, View};

/// What the cursor is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Segment(Option<SegmentId>),
    Alert(AlertId),
}

/// The view.
#[derive(Default)]
pub struct Board {
    index: Index,
    cursor: List<At>,
    columns: usize,
    listed: Vec<AlertId>,
    moved: bool,
}

/// From this height on, the list below also holds what a sentence above has said, with its time and who has it.
const ROOMY: u16 = 40;

/// How the rows of the body are shared out.
struct Plan {
    worst: u16,
    tiles: u16,
    list: u16,
}

impl Board {
    /// The board with its cursor on the worst segment.
    pub fn new() -> Self {
        Self {
            columns: 1,
            ..Self::default()
        }
    }

    fn keys(&self) -> Vec<At> {
        self.index
            .segments
            .iter()
            .map(|s| At::Segment(s.id))
            .chain(self.listed.iter().map(|id| At::Alert(*id)))
            .collect()
    }

    /// The cursor is drawn once a person has used it: a wall screen has none.
    fn shown(&self) -> Option<At> {
        if self.moved { self.cursor.at() } else { None }
    }

    fn care(&self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) {
        // widest first: (label, gap, short words, what is well is left out)
        let steps = [
            (true, 6, false, false),
            (true, 3, false, false),
            (false, 3, false, false),
            (false, 2, false, false),
            (false, 2, true, false),
            (false, 2, true, true),
        ];
        let step = steps
            .into_iter()
            .find(|step| self.care_width(*step) <= area.width)
            .unwrap_or((false, 1, true, true));
        let (label, gap, short, terse) = step;
        let mut row = Row::new(ink, buf, area, 0);
        if label {
            row.put("PATIENT SAFETY", ink.heading).gap(gap);
        }
        let mut first = true;
        for (care, counts) in self.index.care {
            let all: u32 = counts.iter().sum();
            let [up, degraded, down, unknown] = counts;
            if all == 0 || (terse && up == all) {
                continue;
            }
            if !first {
                row.gap(gap);
            }
            first = false;
            row.put(care_word(care, short), ink.text)
                .gap(1)
                .put(all.to_string(), ink.strong);
            if degraded + down + unknown > 0 {
                row.gap(2);
                state_counts(ink, &mut row, [0, degraded, down, 0]);
                if degraded + down > 0 && unknown > 0 {
                    row.gap(1);
                }
                if unknown > 0 {
                    // not red, for nobody knows; but a patient may hang on it
                    let near = care >= CareLevel::Clinical;
                    let style = if near { ink.strong } else { ink.dim };
                    let (glyph, _) = ink.state(DeviceState::Unknown);
                    row.put(format!("{glyph} {unknown}"), style);
                }
            }
        }
        if first {
            row.put("no device yet", ink.dim);
        }
    }

    fn care_width(&self, (label, gap, short, terse): (bool, u16, bool, bool)) -> u16 {
        let mut sum = if label { 14 + gap } else { 0 };
        for (care, counts) in self.index.care {
            let all: u32 = counts.iter().sum();
            if all == 0 || (terse && counts[0] == all) {
                continue;
            }
            sum += width(care_word(care, short)) + 1 + width(&all.to_string()) + gap;
            for n in counts.iter().skip(1).filter(|n| **n > 0) {
                sum += 3 + width(&n.to_string());
            }
            sum += u16::from(counts[0] < all);
        }
        sum.saturating_sub(gap)
    }

    /// Alerts that deserve a sentence of their own: critical and major ones.
    fn worst(&self, ctx: &Ctx<'_>) -> Vec<AlertId> {
        self.index
            .alerts
            .iter()
            .take(self.index.active)
            .filter(|id| {
                ctx.state
                    .alerts
                    .get(*id)
                    .is_some_and(|a| a.severity >= Severity::Major)
            })
            .copied()
            .collect()
    }

    /// `narrow` screens give a sentence two rows; low ones list below only what has no sentence above.
    fn plan(&self, height: u16, narrow: bool, worst: usize) -> Plan {
        let worst = u16::try_from(worst).unwrap_or(u16::MAX);
        let most = match height {
            0..10 => 1,
            17..30 if narrow => 4,
            10..30 => 2,
            30..45 => 3,
            _ => 5,
        };
        let sentences = worst.saturating_mul(if narrow { 2 } else { 1 }).min(most);
        let said = if height < ROOMY { worst.min(most) } else { 0 };
        let alerts = u16::try_from(self.index.active)
            .unwrap_or(u16::MAX)
            .saturating_sub(said);
        let list = if alerts == 0 || height < 14 {
            0
        } else {
            (alerts + 2).min(height / 4).max(3)
        };
        // one row for patients, one free, the sentences, one free
        let head = 2 + sentences.max(1) + 1;
        Plan {
            worst: sentences,
            tiles: height.saturating_sub(head).saturating_sub(list),
            list,
        }
    }

    fn tile<'t>(&self, sum: &'t SegmentSum) -> Tile<'t> {
        Tile {
            name: sum.name.as_str(),
            vlan: sum.vlan,
            groups: &sum.groups,
            counts: sum.counts,
            worst: sum.worst,
            cut_off: sum.cut_off(),
            out_bps: sum.id.map(|_| sum.out_bps),
            selected: self.shown() == Some(At::Segment(sum.id)),
            device: None,
        }
    }

    fn tiles(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> u16 {
        let tiles: Vec<Tile<'_>> = self.index.segments.iter().map(|s| self.tile(s)).collect();
        let columns = tile_columns(area, &tiles);
        let used = draw_tiles(ink, buf, area, &tiles, columns);
        self.columns = columns;
        used
    }

    fn list(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, skip: usize) {
        let ctx = ink.ctx;
        let open = self.index.active.saturating_sub(skip);
        let critical = self
            .index
            .alerts
            .iter()
            .take(self.index.active)
            .skip(skip)
            .filter_map(|id| ctx.state.alerts.get(id))
            .filter(|a| a.severity == Severity::Critical)
            .count();
        let mut title = Row::new(ink, buf, area, 0);
        title.put("ALERTS", ink.heading).gap(3);
        let mut line = if skip > 0 {
            format!("{open} more")
        } else {
            format!("{open} open")
        };
        if critical > 0 {
            line = format!("{line}{}{critical} critical", ink.between());
        }
        title.put(line, ink.dim);
        let fitted = fit(&sentence::COLUMNS, area.width);
        let rows = usize::from(area.height.saturating_sub(1));
        self.listed = self
            .index
            .alerts
            .iter()
            .take(self.index.active)
            .skip(skip)
            .take(rows)
            .copied()
            .collect();
        for (y, id) in (1u16..).zip(&self.listed) {
            let Some(alert) = ctx.state.alerts.get(id) else {
                continue;
            };
            sentence::list_row(ink, buf, area, y, alert, &fitted, is_fresh(ctx, alert));
            if self.shown() == Some(At::Alert(*id)) {
                Row::new(ink, buf, area, y).at(6).paint(ink.selected);
            }
        }
    }
}

/// Opened within the last ten minutes, and nobody has it.
pub fn is_fresh(ctx: &Ctx<'_>, alert: &crate::model::Alert) -> bool {
    alert.state == AlertState::Open
        && ctx.now.since(alert.opened.unwrap_or(alert.since)).as_secs() < 600
}

fn care_word(care: CareLevel, short: bool) -> &'static str {
    if !short {
        return care.word();
    }
    match care {
        CareLevel::LifeSustaining => "life",
        CareLevel::Clinical => "clin",
        CareLevel::Support => "supp",
        CareLevel::Admin => "admin",
        CareLevel::Unknown => "?",
    }
}

/// How many tiles stand beside each other: as few, and so as wide, as let all of them show their cells; 26 columns at least.
pub fn tile_columns(area: Rect, tiles: &[Tile<'_>]) -> usize {
    let most = usize::from((area.width / 26).clamp(1, 8)).min(tiles.len().max(1));
    let least = usize::from(area.width / 50).clamp(1, most);
    (least..most)
        .find(|columns| {
            let width = tile_width(area.width, *columns);
            let sizes = vec![TileSize::Cells(6); tiles.len().div_ceil(*columns)];
            stacked(tiles, *columns, width, &sizes) <= area.height
        })
        .unwrap_or(most)
}

fn tile_width(width: u16, columns: usize) -> u16 {
    let columns = u16::try_from(columns.max(1)).unwrap_or(1);
    (width / columns).saturating_sub(1).max(1)
}

/// Rows that tiles take when each stands right below the one above it, and bare counts in rows of their own below all.
fn stacked(tiles: &[Tile<'_>], columns: usize, width: u16, sizes: &[TileSize]) -> u16 {
    let counts = sizes
        .iter()
        .filter(|size| **size == TileSize::Counts)
        .count();
    (0..columns)
        .map(|column| {
            tiles
                .iter()
                .skip(column)
                .step_by(columns)
                .zip(sizes)
                .filter(|(_, size)| **size != TileSize::Counts)
                .map(|(tile, size)| tile.height(width, *size))
                .fold(0u16, u16::saturating_add)
        })
        .max()
        .unwrap_or(0)
        .saturating_add(u16::try_from(counts).unwrap_or(u16::MAX))
}

/// Rows of the least tile that still says something: two of cells between its edges.
const LEAST_TILE: u16 = 4;

/// Draws tiles row by row, in the order given, each right below the one above it; gives the rows used. While they do not fit,
/// the classes wrap less, then the last rows of tiles shrink to their counts, then the first ones sum what they have no room
/// for; what is left over even so is said in the last row.
pub fn draw_tiles(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    tiles: &[Tile<'_>],
    columns: usize,
) -> u16 {
    let area = area.intersection(buf.area);
    if tiles.is_empty() || area.is_empty() {
        return 0;
    }
    let columns = columns.max(1);
    let width = tile_width(area.width, columns);
    let sizes = row_sizes(tiles, columns, width, area.height);
    let counts = sizes
        .iter()
        .filter(|size| **size == TileSize::Counts)
        .count();
    let below = u16::try_from(counts).unwrap_or(u16::MAX);
    let spare = u16::from(below > 0);
    // where even the first tiles have to give way, the bare counts keep their rows and one free one
    let room = area.height.saturating_sub(below.saturating_add(spare));
    let mut ends = vec![0u16; columns];
    let mut y = 0;
    for (at, (row, size)) in tiles.chunks(columns).zip(&sizes).enumerate() {
        if *size == TileSize::Counts {
            if y == 0 {
                y = ends.iter().copied().max().unwrap_or(0);
                if y > 0 && y + below < area.height {
                    y += 1;
                }
            }
            let last = at + 1 == sizes.len();
            if y >= area.height {
                return area.height;
            }
            if !last && y + 1 == area.height {
                let hidden = tiles.get(at * columns..).unwrap_or(&[]);
                Row::new(ink, buf, area, y)
                    .gap(2)
                    .put(left_over(hidden), ink.dim);
                return y + 1;
            }
        }
        for ((n, tile), end) in (0u16..).zip(row).zip(&mut ends) {
            let x = area.x + n * (width + 1);
            if *size == TileSize::Counts {
                tile.draw(ink, buf, Rect::new(x, area.y + y, width, 1), *size);
                continue;
            }
            let height = tile.height(width, *size).min(room.saturating_sub(*end));
            tile.draw(ink, buf, Rect::new(x, area.y + *end, width, height), *size);
            *end += height;
        }
        if *size == TileSize::Counts {
            y += 1;
        }
    }
    y.max(ends.into_iter().max().unwrap_or(0))
}

/// How much each row of tiles may show, so that all fit if they can.
fn row_sizes(tiles: &[Tile<'_>], columns: usize, width: u16, height: u16) -> Vec<TileSize> {
    let rows = tiles.len().div_ceil(columns);
    let mut sizes = vec![TileSize::Cells(6); rows];
    let fits = |sizes: &[TileSize]| stacked(tiles, columns, width, sizes) <= height;
    for lines in [4, 3, 2, 1] {
        if fits(&sizes) {
            return sizes;
        }
        sizes.fill(TileSize::Cells(lines));
    }
    // the worst keep their cells as long as there is room for any
    let bare = u16::try_from(rows).unwrap_or(u16::MAX);
    let least = usize::from(bare.saturating_add(LEAST_TILE) <= height);
    for at in (least..rows).rev() {
        if fits(&sizes) {
            break;
        }
        if let Some(size) = sizes.get_mut(at) {
            *size = TileSize::Counts;
        }
    }
    sizes
}

fn left_over(tiles: &[Tile<'_>]) -> String {
    let well = tiles
        .iter()
        .filter(|t| t.worst.is_none() && t.counts[1] + t.counts[2] + t.counts[3] == 0)
        .count();
    let segments = crate::ui::widgets::counted(tiles.len(), "more segment", "more segments");
    if well == tiles.len() {
        format!("{segments}, all well")
    } else {
        format!("{segments}, {well} of them all well")
    }
}

impl View for Board {
    fn draw(&mut self, buf: &mut Buffer, area: Rect, ctx: &Ctx<'_>) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let ink = &Ink::of(ctx);
        self.index.refresh(ctx.state);
        if ctx.state.devices.is_empty() && self.index.segments.is_empty() {
            let (headline, advice) = if ctx.is_past() {
                (
                    "nothing had been seen yet",
                    "This is before the first answer: go on from here.",
                )
            } else {
                (
                    "nothing has been seen yet",
                    "The first answers arrive within a minute. If the site file names no device or segment, add them, or run \
                     'wardwatch scan' to see what is on this wire.",
                )
            };
            empty(ink, buf, area, headline, advice);
            return;
        }
        let body = Rect::new(
            area.x + 1,
            area.y,
            area.width.saturating_sub(2),
            area.height,
        )
        .intersection(area);
        let worst = self.worst(ctx);
        let narrow = body.width < 110;
        let plan = self.plan(area.height, narrow, worst.len());
        let keys = self.keys();
        self.cursor.settle(&keys, keys.len());
        self.care(ink, buf, body);
        let mut y = 2;
        if plan.worst == 0 {
            let words = if self.index.active == 0 {
                "all quiet: nothing needs a person now"
            } else {
                "nothing urgent: what is open is of minor weight"
            };
            Row::new(ink, buf, body, y).put(words, ink.dim);
            y += 1;
        }
        let place = worst
            .iter()
            .take(usize::from(plan.worst))
            .filter_map(|id| ctx.state.alerts.get(id))
            .map(|a| width(super::words::place(ctx.state, a)))
            .max()
            .unwrap_or(0)
            .min(14);
        let mut room = plan.worst;
        let mut said = 0;
        for alert in worst.iter().filter_map(|id| ctx.state.alerts.get(id)) {
            if room == 0 {
                break;
            }
            let rows = if narrow { room.min(2) } else { 1 };
            let used = sentence::draw(ink, buf, body, y, rows, alert, place);
            y += used;
            room = room.saturating_sub(used);
            said += 1;
        }
        y += 1;
        let tiles = below(body, y);
        let tiles = Rect::new(
            tiles.x,
            tiles.y,
            tiles.width,
            tiles.height.min(plan.tiles + room),
        );
        let used = self.tiles(ink, buf, tiles);
        self.listed.clear();
        if plan.list > 1 {
            // what stands above as a sentence is not said twice on a low screen
            let skip = if area.height < ROOMY { said } else { 0 };
            self.list(ink, buf, below(body, y + used + 1), skip);
        }
    }

    fn act(&mut self, action: &str, ctx: &Ctx<'_>) -> Outcome {
        self.index.refresh(ctx.state);
        let keys = self.keys();
        let segments = self.index.segments.len();
        let columns = self.columns.max(1);
        self.cursor.settle(&keys, keys.len());
        let row = self.cursor.row();
        let in_tiles = row < segments;
        if !self.moved && action.starts_with("cursor-") {
            // the first arrow only shows where the cursor is
            self.moved = true;
            return Outcome::Consumed;
        }
        match action {
            "open" if !self.moved && self.index.active > 0 => {
                return match self.index.alerts.first() {
                    Some(id) => Outcome::Open(Box::new(AlertView::new(*id))),
                    None => Outcome::Ignored,
                };
            }
            "next-problem" | "prev-problem" => {
                let segments = &self.index.segments;
                self.cursor
                    .seek(&keys, action == "next-problem", |at| match at {
                        At::Alert(_) => true,
                        At::Segment(id) => segments
                            .iter()
                            .any(|s| s.id == id && (s.worst.is_some() || s.blind > 0)),
                    });
            }
            "cursor-left" => {
                self.cursor.act("cursor-up", &keys);
            }
            "cursor-right" => {
                self.cursor.act("cursor-down", &keys);
            }
            "cursor-down" if in_tiles => {
                let to = if row + columns < segments {
                    row + columns
                } else if keys.len() > segments {
                    segments
                } else {
                    segments.saturating_sub(1)
                };
                self.cursor = keys.get(to).map_or_else(List::default, |k| List::on(*k));
            }
            "cursor-up" if in_tiles => {
                let to = row.saturating_sub(columns);
                let to = if row < columns { row } else { to };
                self.cursor = keys.get(to).map_or_else(List::default, |k| List::on(*k));
            }
            "open" => {
                return match self.cursor.at() {
                    Some(At::Segment(id)) => Outcome::Open(Box::new(SegmentView::new(id))),
                    Some(At::Alert(id)) => Outcome::Open(Box::new(AlertView::new(id))),
                    None => Outcome::Ignored,
                };
            }
            other => {
                if !self.cursor.act(other, &keys) {
                    return super::go(other, &self.selection(ctx), ctx);
                }
            }
        }
        self.moved = true;
        Outcome::Consumed
    }

    fn rest(&mut self) {
        self.index.rest();
    }

    fn crumb(&self, _ctx: &Ctx<'_>) -> String {
        "Board".into()
    }

    fn selection(&self, ctx: &Ctx<'_>) -> Selection {
        match self.cursor.at() {
            Some(At::Segment(id)) if self.moved => Selection {
                segment: id,
                ..Selection::default()
            },
            Some(At::Alert(id)) => Selection {
                alert: Some(id),
                device: ctx.state.alerts.get(&id).and_then(|a| a.device),
                ..Selection::default()
            },
            // before the cursor was used, the worst alert is what a woken person means
            _ => {
                let worst = self.index.alerts.first().filter(|_| self.index.active > 0);
                Selection {
                    alert: worst.copied(),
                    device: worst
                        .and_then(|id| ctx.state.alerts.get(id))
                        .and_then(|a| a.device),
                    ..Selection::default()
                }
            }
        }
    }

    fn actions(&self, _ctx: &Ctx<'_>) -> Vec<&'static str> {
        vec!["open", "acknowledge", "run"]
    }
}
