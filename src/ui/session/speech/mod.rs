//! A session in lines, for a screen reader, a serial console or a pipe (`--accessible`): nothing is drawn, what is new is announced,
//! and choices have numbers.
//!
//! In: lines as they are typed, and the world. Out: lines to be read, and the same [`Request`]s as those of a [`super::Session`]. What
//! can be done is the registry's, and is refused where it refuses. It never writes a control character, and never says more at once
//! than a person can hear: the rest is counted.

mod announce;
mod lists;
mod talk;
#[cfg(test)]
mod tests;

use crate::actions::registry::{self, Action, refusal};
use crate::event::Command;
use crate::model::{AlertId, AlertState, DeviceId, RunId, SegmentId, Text};
use crate::ui::command_line::Line;
use crate::ui::views::spoken;
use crate::ui::{Live, Request, Selection};

use super::base::{Base, Moment};
use super::config::{SessionConfig, World};
use super::deed;
use super::line::{device, segment};
use super::perform::alert_of;
use announce::Announcer;
use talk::{Talk, Turn};

/// Rows of a list before one has to ask for more.
const ROWS: usize = 9;

/// What a number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Alert(AlertId),
    Device(DeviceId),
    Segment(SegmentId),
    Run(RunId),
    Act(&'static str),
}

/// What was said, and what is asked of the process.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// To be read.
    pub lines: Vec<String>,
    /// Asked.
    pub requests: Vec<Request>,
}

/// One viewer's session in lines.
pub struct Speaker {
    base: Base,
    announcer: Announcer,
    /// What numbers stand for.
    items: Vec<Item>,
    /// What `more` goes on with.
    rest: Vec<Item>,
    /// What is spoken of.
    at: Selection,
    talk: Option<Talk>,
}

impl Speaker {
    /// A session in which nothing was said yet.
    pub fn new(config: SessionConfig) -> Self {
        Self {
            base: Base::new(config),
            announcer: Announcer::default(),
            items: Vec::new(),
            rest: Vec::new(),
            at: Selection::default(),
            talk: None,
        }
    }

    /// The first words.
    pub fn greet(&mut self, world: &World) -> Vec<String> {
        let moment = self.base.moment(world);
        self.announcer.know(&moment.state, &moment.live);
        let mut lines = vec![format!("wardwatch {}", env!("CARGO_PKG_VERSION"))];
        lines.extend(self.status(&moment));
        lines.push("Type a number, a command, or ? for help; q leaves.".into());
        lines
    }

    /// What is new since the last time.
    pub fn watch(&mut self, world: &World) -> Vec<String> {
        let moment = self.base.moment(world);
        let ctx = self.base.ctx(&moment, "alerts");
        self.announcer.news(&ctx)
    }

    /// Takes a line.
    pub fn hear(&mut self, line: &str, world: &World) -> Said {
        let moment = self.base.moment(world);
        let line = Text::from(line.trim());
        let mut said = Said::default();
        if let Some(talk) = self.talk.take() {
            self.go_on(talk, line.as_str(), &moment, &mut said);
        } else {
            self.top(line.as_str(), &moment, &mut said);
        }
        // dialogs have asked before; this wall stands even if one forgot to
        let mut kept = Vec::new();
        for request in std::mem::take(&mut said.requests) {
            let action = deed(&request).and_then(registry::action);
            match action.and_then(|action| refusal(action, moment.standing)) {
                Some(why) => said.lines.push(why.to_string()),
                None => kept.push(request),
            }
        }
        said.requests = kept;
        said
    }

    /// What the line before the cursor says.
    pub fn prompt(&self) -> &'static str {
        match &self.talk {
            Some(talk) => talk.prompt(),
            None => "> ",
        }
    }

    fn status(&self, moment: &Moment) -> Vec<String> {
        let ctx = self.base.ctx(moment, "board");
        let mut lines = vec![announce::truth(&ctx)];
        if moment.live != Live::Starting {
            lines.extend(spoken::summary(&ctx));
        }
        lines
    }

    fn top(&mut self, line: &str, moment: &Moment, said: &mut Said) {
        let number: Option<usize> = line.parse().ok();
        match (line, number) {
            ("" | "status" | "board", _) => said.lines.extend(self.status(moment)),
            ("?" | "help", _) => said.lines.extend(self.help(moment)),
            ("q" | "quit" | "leave" | "exit", _) => self.leave(moment, said),
            ("more", _) => self.more(moment, said),
            (_, Some(n)) => match n.checked_sub(1).and_then(|at| self.items.get(at)).copied() {
                Some(item) => self.choose(item, moment, said),
                None => said.lines.push(match self.items.len() {
                    0 => "There is nothing to choose from; type alerts or devices.".into(),
                    1 => "There is 1 to choose from.".into(),
                    most => format!("There are 1 to {most} to choose from."),
                }),
            },
            _ => match Line::read(line) {
                Ok(read) => self.line(read, moment, said),
                Err(why) => said.lines.push(format!("{why}. ? is help.")),
            },
        }
    }

    fn line(&mut self, line: Line, moment: &Moment, said: &mut Said) {
        match line {
            Line::Action(action) => self.act(action, moment, said),
            Line::View(view, filter) => self.list(view, filter.as_deref(), moment, said),
            Line::Device(name) => match device(&moment.state, &name) {
                Ok(id) => self.choose(Item::Device(id), moment, said),
                Err(why) => said.lines.push(why.to_string()),
            },
            Line::Segment(name) => match segment(&moment.state, &name) {
                Ok(id) => self.choose(Item::Segment(id), moment, said),
                Err(why) => said.lines.push(why.to_string()),
            },
            Line::Filter(words) => self.list("devices", Some(&words), moment, said),
            Line::Sort(_) => said
                .lines
                .push("Lists are in one order here: what needs a person first.".into()),
            Line::Theme(_) => said.lines.push("There are no colours here.".into()),
            Line::Go(name) => {
                let kept = self.base.config.kept.iter().find(|(n, _)| *n == name);
                match kept.map(|(_, line)| Line::read(line)) {
                    Some(Ok(Line::Go(_))) | None => {
                        said.lines.push(format!("No place is called {name}."));
                    }
                    Some(Ok(line)) => self.line(line, moment, said),
                    Some(Err(why)) => said.lines.push(format!("{why}.")),
                }
            }
        }
    }

    /// Opens what a number stands for.
    fn choose(&mut self, item: Item, moment: &Moment, said: &mut Said) {
        let ctx = self.base.ctx(moment, "devices");
        let state = &moment.state;
        match item {
            Item::Act(name) => {
                if let Some(action) = registry::action(name) {
                    self.act(action, moment, said);
                }
            }
            Item::Alert(id) => {
                let Some(alert) = state.alerts.get(&id) else {
                    said.lines.push("That alert is no longer kept.".into());
                    return;
                };
                said.lines.extend(spoken::alert_page(&ctx, alert));
                self.at = Selection {
                    alert: Some(id),
                    device: alert.device,
                    segment: alert.segment,
                    ..Selection::default()
                };
                self.offer(
                    &[
                        "acknowledge",
                        "unacknowledge",
                        "close-alert",
                        "open-device",
                        "run",
                        "note",
                    ],
                    moment,
                    said,
                );
            }
            Item::Device(id) => {
                let Some(device) = state.devices.get(&id) else {
                    said.lines.push("That device is no longer known.".into());
                    return;
                };
                said.lines.extend(spoken::device_page(&ctx, device));
                self.at = Selection {
                    device: Some(id),
                    segment: device.segment,
                    ..Selection::default()
                };
                self.offer(
                    &[
                        "acknowledge",
                        "open-alert",
                        "open-switch",
                        "open-segment",
                        "run",
                        "note",
                        "release",
                    ],
                    moment,
                    said,
                );
            }
            Item::Segment(id) => {
                let Some(segment) = state.segments.get(&id) else {
                    said.lines.push("That segment is no longer known.".into());
                    return;
                };
                said.lines.push(format!("Segment {}", segment.name));
                let of: Vec<Item> = lists::in_segment(state, id).collect();
                self.number(of, moment, said);
            }
            Item::Run(id) => {
                let Some(run) = state.runs.get(&id) else {
                    said.lines.push("That run is no longer kept.".into());
                    return;
                };
                said.lines.push(spoken::run_line(&ctx, run));
                said.lines
                    .extend(run.output.iter().map(ToString::to_string));
                self.at = Selection {
                    run: Some(id),
                    device: Some(run.plan.device),
                    ..Selection::default()
                };
                self.offer(&["cancel-run", "open-device"], moment, said);
            }
        }
    }

    /// Actions that mean something for what is spoken of, numbered; those that are refused with the reason.
    fn offer(&mut self, names: &[&'static str], moment: &Moment, said: &mut Said) {
        self.items.clear();
        self.rest.clear();
        for name in names {
            let Some(action) = registry::action(name).filter(|a| self.means(a, moment)) else {
                continue;
            };
            if let Some(why) = refusal(action, moment.standing) {
                said.lines.push(format!("No {}: {why}.", action.short));
                continue;
            }
            self.items.push(Item::Act(action.name));
            said.lines
                .push(format!("{}. {}", self.items.len(), action.title));
        }
    }

    fn alert(&self, moment: &Moment) -> Option<AlertId> {
        self.at.alert.or_else(|| alert_of(&self.at, moment))
    }

    /// Does an action mean something now?
    fn means(&self, action: &Action, moment: &Moment) -> bool {
        let state = &moment.state;
        let alert = self.alert(moment).and_then(|id| state.alerts.get(&id));
        let device = self.at.device.and_then(|id| state.devices.get(&id));
        match action.name {
            "acknowledge" => alert.is_some_and(|a| a.state == AlertState::Open),
            "unacknowledge" => alert.is_some_and(|a| a.state == AlertState::Acknowledged),
            "close-alert" => alert.is_some_and(|a| a.is_active()),
            "open-alert" => alert.is_some() && self.at.alert.is_none(),
            "open-device" => {
                self.at.device.is_some()
                    && self.at
                        != Selection {
                            device: self.at.device,
                            segment: self.at.segment,
                            ..Selection::default()
                        }
            }
            "open-switch" => device.is_some_and(|d| d.attached.is_some()),
            "open-segment" => device.is_some_and(|d| d.segment.is_some()),
            "release" => self
                .at
                .device
                .is_some_and(|id| state.quarantine.contains_key(&id)),
            "cancel-run" => {
                let run = self.at.run.and_then(|id| state.runs.get(&id));
                run.is_some_and(|run| !run.state.is_over())
            }
            "run" | "note" => device.is_some(),
            _ => true,
        }
    }

    /// Does an action, or says why not.
    fn act(&mut self, action: &'static Action, moment: &Moment, said: &mut Said) {
        if let Some(why) = refusal(action, moment.standing) {
            said.lines.push(format!("{why}."));
            return;
        }
        let state = &moment.state;
        let device = self.at.device.and_then(|id| state.devices.get(&id));
        match action.name {
            "view-board" => said.lines.extend(self.status(moment)),
            "view-alerts" | "closed" => self.list("alerts", None, moment, said),
            "view-devices" => self.list("devices", None, moment, said),
            "view-runs" => self.list("runs", None, moment, said),
            "view-map" => self.list("map", None, moment, said),
            "help" => said.lines.extend(self.help(moment)),
            "leave" | "quit" => self.leave(moment, said),
            "troubles" => said.lines.extend(lists::troubles(state)),
            "open-alert" => match self.alert(moment) {
                Some(id) => self.choose(Item::Alert(id), moment, said),
                None => said.lines.push("No alert is open for it.".into()),
            },
            "open-device" => match self.at.device {
                Some(id) => self.choose(Item::Device(id), moment, said),
                None => said
                    .lines
                    .push("No device is spoken of; type device NAME.".into()),
            },
            "open-switch" => match device.and_then(|d| d.attached) {
                Some(at) => self.choose(Item::Device(at.switch), moment, said),
                None => said.lines.push("Its switch is not known.".into()),
            },
            "open-segment" => match self.at.segment {
                Some(id) => self.choose(Item::Segment(id), moment, said),
                None => said.lines.push("It is in no segment.".into()),
            },
            "acknowledge" | "unacknowledge" | "close-alert" => {
                let Some(id) = self.alert(moment) else {
                    said.lines
                        .push("No alert is spoken of; type alerts, and then a number.".into());
                    return;
                };
                if !self.means(action, moment) {
                    said.lines
                        .push(format!("{} means nothing for it now.", action.title));
                } else if action.name == "unacknowledge" {
                    said.requests
                        .push(Request::Command(Command::Unacknowledge { alert: id }));
                    said.lines.push("Given back.".into());
                } else {
                    self.begin(Talk::about_alert(action.name, id), said);
                }
            }
            "note" | "release" | "run" => {
                let Some(device) = device else {
                    said.lines
                        .push("No device is spoken of; type device NAME.".into());
                    return;
                };
                if action.name == "release" && !self.means(action, moment) {
                    said.lines
                        .push("It is not left alone: nothing to let go.".into());
                    return;
                }
                let talk = match action.name {
                    "run" => {
                        let selection = Selection {
                            device: Some(device.id),
                            ..Selection::default()
                        };
                        let planner = &self.base.config.planner;
                        Talk::Pick {
                            offers: planner.offers(state, &selection),
                            selection,
                        }
                    }
                    name => Talk::about_device(name, device.id),
                };
                self.begin(talk, said);
            }
            "cancel-run" => match self.at.run.filter(|_| self.means(action, moment)) {
                Some(id) => self.begin(Talk::Stop(id), said),
                None => said
                    .lines
                    .push("No run that goes on is spoken of; type runs.".into()),
            },
            _ => said.lines.push(format!(
                "{} is for the full screen; here are lists, devices, alerts, notes and runs.",
                action.title
            )),
        }
    }

    fn begin(&mut self, talk: Talk, said: &mut Said) {
        said.lines.extend(talk.question());
        self.talk = (!talk.is_over()).then_some(talk);
    }

    fn go_on(&mut self, talk: Talk, line: &str, moment: &Moment, said: &mut Said) {
        let ctx = self.base.ctx(moment, "devices");
        let turn = talk.hear(line, &ctx, &*self.base.config.planner);
        match turn {
            Turn::On(talk, words) => {
                said.lines.extend(words);
                said.lines.extend(talk.question());
                self.talk = (!talk.is_over()).then_some(*talk);
            }
            Turn::Again(talk, words) => {
                said.lines.extend(words);
                self.talk = Some(*talk);
            }
            Turn::Over(words) => said.lines.extend(words),
            Turn::Ask(requests, words) => {
                said.requests.extend(requests);
                said.lines.extend(words);
            }
        }
    }

    fn leave(&mut self, moment: &Moment, said: &mut Said) {
        let open = moment.state.runs.values().any(|run| {
            !run.state.is_over() || run.revert.as_ref().is_some_and(|r| r.done.is_none())
        });
        if open && !moment.standing.replay {
            self.begin(Talk::Leave, said);
        } else {
            said.requests.push(Request::Leave);
        }
    }

    fn help(&self, moment: &Moment) -> Vec<String> {
        let mut lines: Vec<String> = [
            "status: how the house stands. Enter alone says it too.",
            "alerts, devices, runs, map: lists with numbers; a number opens. Words after them filter: devices class:ventilator state:down.",
            "device NAME, segment NAME: opens it. more: goes on with a list.",
            "q: leaves. back: leaves a question.",
        ]
        .map(String::from)
        .to_vec();
        let here = [
            "acknowledge",
            "unacknowledge",
            "close-alert",
            "note",
            "run",
            "cancel-run",
            "release",
            "troubles",
        ];
        for action in here.iter().filter_map(|name| registry::action(name)) {
            if self.means(action, moment) {
                lines.push(format!("{}: {}", action.name, action.help));
            }
        }
        lines
    }

    /// Numbers things, the first of them now.
    fn number(&mut self, all: Vec<Item>, moment: &Moment, said: &mut Said) {
        self.items.clear();
        self.rest = all;
        self.rest.reverse();
        self.more(moment, said);
    }

    fn more(&mut self, moment: &Moment, said: &mut Said) {
        let ctx = self.base.ctx(moment, "devices");
        if self.rest.is_empty() {
            said.lines.push("There is no more.".into());
            return;
        }
        for _ in 0..ROWS {
            let Some(item) = self.rest.pop() else { break };
            self.items.push(item);
            said.lines
                .push(format!("{}. {}", self.items.len(), lists::line(&ctx, item)));
        }
        if !self.rest.is_empty() {
            said.lines
                .push(format!("{} more: type more.", self.rest.len()));
        }
    }

    fn list(&mut self, view: &str, filter: Option<&str>, moment: &Moment, said: &mut Said) {
        let matcher = match filter.map(|words| self.base.config.filters.read(words)) {
            None => None,
            Some(Ok(matcher)) => Some(matcher),
            Some(Err(why)) => {
                said.lines.push(why.to_string());
                return;
            }
        };
        if view == "board" {
            said.lines.extend(self.status(moment));
            return;
        }
        let (word, all) = lists::all(view, matcher.as_ref(), &moment.state);
        said.lines.push(match all.len() {
            0 => format!(
                "No {word}{}.",
                if filter.is_some() {
                    " that this finds"
                } else {
                    ""
                }
            ),
            n => format!("{n} {word}{}", if n == 1 { "" } else { "s" }),
        });
        if all.is_empty() {
            self.items.clear();
            self.rest.clear();
        } else {
            self.number(all, moment, said);
        }
    }
}
