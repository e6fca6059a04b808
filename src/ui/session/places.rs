//! Getting about: the places where the person was, to go back to and on again, and those that they keep by a name.

use super::Session;
use super::base::Moment;
use super::config::{Place, World};
use super::layers::{Prompt, Shelf, Step};
use crate::model::{DeviceId, SegmentId, Text};
use crate::ui::command_line::Line;

/// How many places are remembered.
const PLACES: usize = 64;
/// How many places are kept by a name.
const KEPT: usize = 100;

/// A place of the program: a view of line 2, its filter, and what is open in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    tab: &'static str,
    filter: String,
    open: Option<Place>,
}

/// Where the person was.
#[derive(Default)]
pub(super) struct Jumps {
    here: Option<Spot>,
    back: Vec<Spot>,
    on: Vec<Spot>,
}

impl Jumps {
    /// The person is here now; where they came from is remembered.
    fn note(&mut self, here: Spot) {
        if self.here.as_ref() == Some(&here) {
            return;
        }
        let before = self.here.replace(here);
        self.back.extend(before);
        if self.back.len() > PLACES {
            self.back.remove(0);
        }
        self.on.clear();
    }

    /// Where to go; from there the way leads back again.
    fn take(&mut self, back: bool) -> Option<Spot> {
        let (from, to) = if back {
            (&mut self.back, &mut self.on)
        } else {
            (&mut self.on, &mut self.back)
        };
        let spot = from.pop()?;
        to.extend(self.here.replace(spot.clone()));
        Some(spot)
    }
}

impl Session {
    fn spot(&self) -> Spot {
        let tab = self.stacks.tab();
        let filter = self.base.filters.get(tab);
        Spot {
            tab,
            filter: filter.map(|f| f.words.clone()).unwrap_or_default(),
            open: self.stacks.peek().and_then(|open| open.view.place()),
        }
    }

    /// To be called after whatever may have led elsewhere.
    pub(super) fn note_place(&mut self) {
        // who writes a filter, or reads a page over the view, is still on the way
        if self.layers.is_empty() && self.base.config.wallboard.is_none() {
            let here = self.spot();
            self.jumps.note(here);
        }
    }

    /// Goes back to where the person was before, or on again.
    pub(super) fn jump(&mut self, back: bool, moment: &Moment) {
        let Some(spot) = self.jumps.take(back) else {
            let word = if back { "before" } else { "after" };
            self.say(Text::from(format!("there is no place {word} this one")));
            return;
        };
        self.show(spot.tab, moment);
        self.stacks.pop_all();
        if let Err(why) = self.base.set_filter(spot.tab, &spot.filter) {
            self.say(why);
        }
        if let Some(place) = spot.open
            && !self.open_place(&place, moment)
        {
            self.say(Text::from("what was open there is no longer known"));
        }
    }

    /// The line of the palette that leads here.
    fn line_here(&self, moment: &Moment) -> Option<String> {
        let spot = self.spot();
        let state = &moment.state;
        let device = |id: DeviceId| {
            let device = state.devices.get(&id)?;
            Some(format!("device {}", device.name))
        };
        let segment = |id: SegmentId| {
            let segment = state.segments.get(&id)?;
            Some(format!("segment {}", segment.name))
        };
        match spot.open {
            Some(Place::Device(id) | Place::Ledger(id)) => device(id),
            Some(Place::Segment(id)) => segment(id),
            Some(Place::Alert(id)) => state.alerts.get(&id)?.device.and_then(device),
            Some(Place::Run(id)) => state.runs.get(&id).and_then(|run| device(run.plan.device)),
            Some(Place::About) => Some("about".into()),
            Some(Place::Named(_)) | None => Some(
                format!("{} {}", spot.tab, spot.filter)
                    .trim_end()
                    .to_owned(),
            ),
        }
    }

    /// Asks by which name this place is to be kept.
    pub(super) fn keep(&mut self, moment: &Moment) {
        let Some(line) = self.line_here(moment) else {
            self.say(Text::from("what is open here is no longer known"));
            return;
        };
        let hint = format!("a name for: {line}");
        let done = Box::new(
            move |field: &crate::ui::field::Field, _: &super::Desk<'_>| match field.text().trim() {
                "" => Err(Text::from("write a name, such as pumps")),
                name => Ok(Step::Keep(name.to_owned(), line.clone())),
            },
        );
        self.layers
            .push(Box::new(Prompt::new("Keep this place", hint, done)));
    }

    /// Keeps it, in the place of one that is called so.
    pub(super) fn kept(&mut self, name: &str, line: String) {
        let kept = &mut self.base.config.kept;
        let full = kept.len() >= KEPT;
        let words = if let Some(place) = kept.iter_mut().find(|(n, _)| n == name) {
            place.1 = line;
            format!("{name} is this place now")
        } else if full {
            format!("{KEPT} places are kept already: take one away first")
        } else {
            kept.push((name.to_owned(), line));
            kept.sort();
            format!("kept as {name}")
        };
        self.say(Text::from(words));
    }

    /// Takes one away.
    pub(super) fn forget(&mut self, name: &str) {
        self.base.config.kept.retain(|(n, _)| n != name);
        self.shelf();
    }

    /// Lists those that are kept.
    pub(super) fn shelf(&mut self) {
        let kept = self.base.config.kept.clone();
        self.layers.push(Box::new(Shelf::new(kept)));
    }

    /// Places that the person keeps: a name, and the line that goes there.
    pub fn kept_places(&self) -> &[(String, String)] {
        &self.base.config.kept
    }

    /// Goes to one by its name.
    pub(super) fn go_to_kept(
        &mut self,
        name: &str,
        world: &World,
        moment: &Moment,
    ) -> Result<(), Text> {
        let kept = self.base.config.kept.iter();
        let line = kept
            .clone()
            .find(|(n, _)| n == name)
            .map(|(_, line)| line.clone());
        let Some(line) = line else {
            let known: Vec<&str> = kept.map(|(n, _)| n.as_str()).collect();
            return Err(Text::from(match known[..] {
                [] => "no place is kept".to_owned(),
                _ => format!("no place is called {name}; there are {}", known.join(", ")),
            }));
        };
        self.go_exactly(&line, world, moment)
    }

    /// Goes where a line that was kept leads: to the device or segment of just that name, and to none that is called alike.
    pub(super) fn go_exactly(
        &mut self,
        line: &str,
        world: &World,
        moment: &Moment,
    ) -> Result<(), Text> {
        let line = Line::read(line).map_err(Text::from)?;
        let state = &moment.state;
        let gone = match &line {
            Line::Device(name) => state
                .find_device(name)
                .is_none()
                .then_some(("device", name)),
            Line::Segment(name) => {
                let mut all = state.segments.values();
                (!all.any(|s| s.name.as_str() == name)).then_some(("segment", name))
            }
            _ => None,
        };
        if let Some((what, name)) = gone {
            return Err(Text::from(format!("no {what} is called {name} any more")));
        }
        self.line(line, world, moment);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(tab: &'static str) -> Spot {
        Spot {
            tab,
            filter: String::new(),
            open: None,
        }
    }

    #[test]
    fn the_way_leads_back_and_on_again_until_another_is_taken() {
        let mut jumps = Jumps::default();
        for tab in ["board", "map", "map", "alerts"] {
            jumps.note(spot(tab));
        }
        assert_eq!(jumps.take(true), Some(spot("map")));
        assert_eq!(jumps.take(true), Some(spot("board")));
        assert_eq!(jumps.take(true), None);
        assert_eq!(jumps.take(false), Some(spot("map")));
        jumps.note(spot("map"));
        assert_eq!(jumps.take(false), Some(spot("alerts")));
        assert_eq!(jumps.take(true), Some(spot("map")));
        jumps.note(spot("runs"));
        assert_eq!(jumps.take(false), None, "another way was taken");
        assert_eq!(jumps.take(true), Some(spot("map")));
        for n in 0..200 {
            jumps.note(spot(if n % 2 == 0 { "board" } else { "runs" }));
        }
        assert_eq!(jumps.back.len(), PLACES);
    }
}
