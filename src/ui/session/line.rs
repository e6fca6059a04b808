//! What a line of the palette, or of a key file, does in a session.

use crate::actions::registry::{self, refusal};
use crate::config::word;
use crate::engine::State;
use crate::model::{Device, DeviceId, FactKey, SegmentId, Text};
use crate::ui::command_line::Line;

use super::base::Moment;
use super::config::{Place, World};
use super::{Session, header};

impl Session {
    /// Does it, or says why not.
    pub(super) fn line(&mut self, line: Line, world: &World, moment: &Moment) {
        // the action whose refusals hold for it
        let action = match &line {
            Line::Action(action) => return self.perform(action, world, moment),
            Line::View(tab, _) => {
                let tab = header::TABS.iter().find(|(_, known, _)| known == tab);
                tab.map_or("view-board", |(action, ..)| *action)
            }
            Line::Theme(_) => "theme-next",
            Line::Device(_) => "open-device",
            Line::Segment(_) => "open-segment",
            Line::Filter(_) => "filter",
            Line::Sort(_) => "sort-next",
            Line::Go(_) => "kept",
        };
        let why = registry::action(action).and_then(|a| refusal(a, moment.standing));
        if let Some(why) = why {
            self.say(why);
            return;
        }
        let done = match line {
            Line::Action(_) => Ok(()),
            Line::View(tab, filter) => {
                if self.stacks.tab() == tab {
                    self.stacks.pop_all();
                }
                self.show(tab, moment);
                match filter {
                    Some(_) if !self.is_filtered(moment) => Err(Text::from(format!(
                        "{tab} shows all: alerts and devices take a filter"
                    ))),
                    Some(words) => self.base.set_filter(tab, &words),
                    None => Ok(()),
                }
            }
            Line::Theme(name) => {
                let name = self.base.set_theme(&name).to_owned();
                self.say(Text::from(format!("theme {name}")));
                Ok(())
            }
            Line::Device(name) => device(&moment.state, &name).map(|id| {
                self.open_place(&Place::Device(id), moment);
            }),
            Line::Segment(name) => segment(&moment.state, &name).map(|id| {
                self.open_place(&Place::Segment(id), moment);
            }),
            Line::Filter(_) if !self.is_filtered(moment) => {
                Err("what is shown here is all: alerts and devices take a filter".into())
            }
            Line::Filter(words) => self.base.set_filter(self.stacks.tab(), &words),
            Line::Sort(column) => self.sort_by(&column),
            Line::Go(name) => self.go_to_kept(&name, world, moment),
        };
        if let Err(why) = done {
            self.say(why);
        }
    }
}

impl Session {
    fn sort_by(&mut self, column: &str) -> Result<(), Text> {
        let Some(open) = self.stacks.top() else {
            return Ok(());
        };
        if open.view.sort_by(column) {
            return Ok(());
        }
        Err(Text::from(match open.view.sorts() {
            [] => "what is shown here has one order only".to_owned(),
            known => format!(
                "there is no column {} to sort by; there are {}",
                word::quote(column),
                known.join(", ")
            ),
        }))
    }
}

/// The device that is called so, has that address or tag, or is the only one whose name begins so.
pub(super) fn device(state: &State, name: &str) -> Result<DeviceId, Text> {
    if let Some(device) = state.find_device(name) {
        return Ok(device.id);
    }
    let tagged = |d: &&std::sync::Arc<Device>| d.fact_str(FactKey::Tag).eq_ignore_ascii_case(name);
    if let Some(device) = state.devices.values().find(tagged) {
        return Ok(device.id);
    }
    only(
        "device",
        name,
        state.devices.values().map(|d| (d.id, &d.name)),
    )
}

pub(super) fn segment(state: &State, name: &str) -> Result<SegmentId, Text> {
    let same = |of: &Text| of.as_str().eq_ignore_ascii_case(name);
    let exact = state.segments.values().find(|s| same(&s.name));
    if let Some(segment) = exact {
        return Ok(segment.id);
    }
    only(
        "segment",
        name,
        state.segments.values().map(|s| (s.id, &s.name)),
    )
}

fn only<'a, I: Copy>(
    what: &str,
    name: &str,
    all: impl Iterator<Item = (I, &'a Text)>,
) -> Result<I, Text> {
    let begins = |of: &Text| {
        let head = of.as_str().get(..name.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(name))
    };
    let mut found = all.filter(|(_, of)| begins(of));
    match (found.next(), found.count()) {
        (Some((id, _)), 0) => Ok(id),
        (None, _) => Err(Text::from(format!(
            "no {what} is called {}",
            Text::from(name)
        ))),
        (Some(_), more) => Err(Text::from(format!(
            "{} {what}s begin with {}; write more of the name",
            more + 1,
            Text::from(name)
        ))),
    }
}
