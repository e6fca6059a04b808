//! What each action of the registry does in a session. What is not the frame's is the view's.

use crate::actions::registry::{Action, refusal};
use crate::event::Command;
use std::collections::BTreeSet;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{AlertId, AlertState, DeviceId, Text, Time};
use crate::ui::widgets::{Ink, clock, counted};
use crate::ui::{Ctx, Live, Request, Selection, View};

use super::base::{Held, Moment};
use super::config::{Place, World};
use super::layers::{
    Ack, FilterBar, Help, Lines, PAGE_MARGIN, PAGE_ROWS, Page, Palette, Prompt, Question,
    RunDialog, Step, Touch, approval,
};
use super::{Session, header, replay, together};

/// Devices that get one note at the most.
const NOTES: usize = 500;

impl Session {
    /// Does it, or says why not.
    pub(super) fn perform(&mut self, action: &'static Action, world: &World, moment: &Moment) {
        if let Some(why) = refusal(action, moment.standing) {
            self.say(why);
            return;
        }
        if matches!(action.name, "run" | "touch" | "approve-touch" | "release") {
            let chosen = self.selection(moment).devices.len();
            if chosen > 0 {
                let words = format!(
                    "{chosen} devices are chosen, and this is done to one at a time: esc lets them go"
                );
                self.say(Text::from(words));
                return;
            }
        }
        match action.name {
            "back" => self.back(moment),
            "quit" => self.quit(world, moment),
            "leave" => {
                // in the pane of a run it stops the run
                if self.selection(moment).run.is_none() || !self.act("leave", moment) {
                    self.pending.push(Request::Leave);
                }
            }
            "filter" if !self.is_filtered(moment) => self.read(true, moment),
            "read" => self.read(false, moment),
            "pager" => {
                let text = self.page(false, moment).text();
                self.pending.push(Request::Pager(text));
            }
            "filter" => {
                let tab = self.stacks.tab();
                let words = self.base.filters.get(tab).map(|f| f.words.clone());
                let words = words.unwrap_or_default();
                let bar = self.with_desk(moment, |desk| FilterBar::new(&words, desk));
                self.layers.push(Box::new(bar));
            }
            "filter-clear" => {
                // no words can't be wrong
                let _ = self.base.set_filter(self.stacks.tab(), "");
            }
            "palette" => {
                let keys = self.base.config.keys.clone();
                let recent = self.recent.clone();
                let standing = moment.standing;
                let palette =
                    self.with_desk(moment, |desk| Palette::new(standing, recent, keys, desk));
                self.layers.push(Box::new(palette));
            }
            "help" => {
                let here = self.here(moment);
                let keys = self.base.config.keys.clone();
                self.layers
                    .push(Box::new(Help::new(moment.standing, keys, here)));
            }
            "pause" => self.pause(world, moment),
            "view-previous" => self.show(self.stacks.before(), moment),
            "theme-next" => {
                let name = self.base.next_theme().to_owned();
                self.say(Text::from(format!("theme {name}")));
            }
            "redraw" => self.screen.forget(),
            "screenshot" => self.picture = true,
            "suspend" => self.pending.push(Request::Suspend),
            "low-bandwidth" => {
                let low = &mut self.base.config.low_bandwidth;
                *low = !*low;
                let words = if *low {
                    "slow link: one frame a second"
                } else {
                    "fast link"
                };
                self.say(Text::from(words));
            }
            "troubles" => self.layers.push(Box::new(troubles(moment))),
            "quirks" => self.layers.push(Box::new(quirks(moment))),
            "about" => {
                let top = self.stacks.peek().and_then(|open| open.view.opened_by());
                if top != Some("about") {
                    self.open_place(&Place::About, moment);
                }
            }
            "acknowledge" | "unacknowledge" | "close-alert" => self.on_alert(action.name, moment),
            "run" => self.run(moment),
            "note" => self.note(moment),
            "release" => self.release(moment),
            "touch" | "approve-touch" => self.touch(action.name, moment),
            "cancel-run" => self.cancel(moment),
            "past-seek" => {
                self.base.paused = None;
                let hint = "03:07, 03:07:40, -8h, +5m, 2026-11-23 03:07";
                self.ask_time("Go to", hint, Request::Seek);
            }
            "since" => self.ask_time(
                "What changed since",
                "03:07, -8h, 2026-11-23 03:07",
                Request::Since,
            ),
            "jump-back" => self.jump(true, moment),
            "jump-on" => self.jump(false, moment),
            "keep" => self.keep(moment),
            "kept" => self.shelf(),
            "past" | "past-mark" => self.past(action.name, world, moment),
            "present" => self.present(world, moment),
            name if name.starts_with("replay-") => self.replay(name, world, moment),
            name => self.in_view(name, action, moment),
        }
    }

    /// Does the view in front show what its filter lets through?
    pub(super) fn is_filtered(&self, moment: &Moment) -> bool {
        let ctx = self.base.ctx(moment, self.stacks.tab());
        let open = self.stacks.peek();
        open.is_some_and(|open| open.view.actions(&ctx).contains(&"filter"))
    }

    fn read(&mut self, search: bool, moment: &Moment) {
        let page = self.page(search, moment);
        self.layers.push(Box::new(page));
    }

    /// All that the view in front holds.
    fn page(&mut self, search: bool, moment: &Moment) -> Page {
        let ctx = self.base.ctx(moment, self.stacks.tab());
        let ink = Ink::of(&ctx);
        let width = self.base.config.size.0.saturating_sub(1);
        let mut crumb = String::new();
        let (mut rows, mut drawn) = (0, Buffer::empty(Rect::ZERO));
        if let Some(open) = self.stacks.top() {
            // from its first row, wherever the cursor is
            rows = open.view.unroll(true, &ctx);
            let area = Rect::new(0, 0, width, PAGE_ROWS);
            drawn = Buffer::empty(area);
            drawn.set_style(area, ink.text);
            open.view.draw(&mut drawn, area, &ctx);
            open.view.unroll(false, &ctx);
            crumb = open.view.crumb(&ctx);
        }
        // what is old is of its own time
        let at = match moment.live {
            Live::Stale(at) => at,
            Live::NoCollector => moment.state.time,
            _ => moment.now,
        };
        let at = self.base.config.zone.to_datetime(at.timestamp());
        let at = at.strftime("%Y-%m-%d %H:%M:%S");
        let filter = ctx
            .filter
            .map_or_else(String::new, |f| format!(", {}", f.words));
        let beyond = rows.saturating_sub(usize::from(PAGE_ROWS) - PAGE_MARGIN);
        Page::new(
            format!("{crumb}{filter}, as it was at {at}"),
            &drawn,
            beyond,
            search,
        )
    }

    fn in_view(&mut self, name: &'static str, action: &'static Action, moment: &Moment) {
        let tab = header::TABS.iter().find(|(action, ..)| *action == name);
        if let Some((_, tab, _)) = tab {
            if self.stacks.tab() == *tab && self.stacks.has(tab) {
                self.stacks.pop_all();
            }
            self.show(tab, moment);
            return;
        }
        if self.act(name, moment) {
            return;
        }
        let selection = self.selection(moment);
        let place = place_of(name, &selection, moment);
        if place.is_some_and(|place| self.open_place(&place, moment)) {
            return;
        }
        if name == "copy" {
            let device = selection
                .device
                .and_then(|id| moment.state.devices.get(&id));
            if let Some(device) = device {
                self.pending.push(Request::Copy(device.name.to_string()));
                return;
            }
        }
        if !name.starts_with("cursor-") && !name.starts_with("page-") {
            self.say(Text::from(format!("{} means nothing here", action.short)));
        }
    }

    /// Actions that work here, for the help.
    fn here(&self, moment: &Moment) -> Vec<&'static str> {
        let ctx = self.base.ctx(moment, self.stacks.tab());
        let open = self.stacks.peek();
        open.map(|open| here(&*open.view, &ctx, moment))
            .unwrap_or_default()
    }

    fn back(&mut self, moment: &Moment) {
        if self.act("back", moment) || self.stacks.pop() {
            return;
        }
        if self.base.filters.contains_key(self.stacks.tab()) {
            // no words can't be wrong
            let _ = self.base.set_filter(self.stacks.tab(), "");
        }
    }

    fn quit(&mut self, world: &World, moment: &Moment) {
        if self.stacks.depth() > 0 {
            self.back(moment);
            return;
        }
        let running: Vec<_> = world
            .state
            .runs
            .values()
            .filter(|run| {
                !run.state.is_over() || run.revert.as_ref().is_some_and(|r| r.done.is_none())
            })
            .collect();
        let mut choices: Vec<super::layers::Choice> = Vec::new();
        let mut lines = Vec::new();
        if running.is_empty() || moment.standing.replay {
            lines.push(if moment.standing.replay {
                "The recording stays as it is.".to_owned()
            } else {
                "Collecting ends with this screen; what was collected stays in the log.".to_owned()
            });
        } else {
            for run in &running {
                let shut = run.revert.as_ref().filter(|r| r.done.is_none());
                let then = match shut {
                    Some(revert) => format!(
                        "{} is shut until {}; wardwatch stays in this terminal until it is open again (ctrl-c opens it at once).",
                        revert.interface_name, revert.due
                    ),
                    None => format!("it is {}; leaving stops it.", run.state.word()),
                };
                lines.push(format!(
                    "{} on {}: {then}",
                    run.plan.remediation, run.plan.device_name
                ));
            }
        }
        choices.push((&["y", "q"], "leave", vec![Request::Leave]));
        let own: Vec<_> = running
            .iter()
            .filter(|run| run.by == self.base.config.person)
            .map(|run| Request::CancelRun(run.id))
            .chain([Request::Leave])
            .collect();
        let may = crate::actions::registry::action("cancel-run")
            .is_some_and(|action| refusal(action, moment.standing).is_none());
        if own.len() > 1 && may {
            choices.push((&["c"], "stop what you started, put it back, and leave", own));
        }
        choices.push((&["n"], "stay", Vec::new()));
        self.layers.push(Box::new(Question {
            title: "Leave wardwatch?".into(),
            lines,
            choices,
        }));
    }

    fn pause(&mut self, world: &World, moment: &Moment) {
        if let Live::Replay(played) = &world.live {
            self.replay("pause", world, moment);
            if played.speed > 0 {
                self.resume = played.speed;
            }
        } else if self.base.paused.take().is_none() {
            self.base.paused = Some(Held {
                state: world.state.clone(),
                health: world.health.clone(),
                since: world.now,
            });
        }
    }

    fn replay(&mut self, name: &str, world: &World, moment: &Moment) {
        match replay::request(name, &moment.live, self.resume, &world.marks) {
            Some(request) => {
                if name == "replay-step" {
                    self.pending.push(Request::Speed(0));
                }
                self.pending.push(request);
            }
            None => self.say(Text::from(match name {
                "replay-next" => "nothing happened after this",
                "past-mark" => "nothing happened before this",
                _ => "this is the present",
            })),
        }
    }

    /// From the present into what was; from a screen that is held still, too.
    fn past(&mut self, name: &str, world: &World, moment: &Moment) {
        if moment.standing.replay {
            self.replay(name, world, moment);
            return;
        }
        let to = match name {
            "past" => Some(world.now - Duration::from_mins(1)),
            _ => replay::before(&world.marks, world.now),
        };
        match to {
            Some(to) => self.go_back(to),
            None => self.say(Text::from("nothing happened before this")),
        }
    }

    fn go_back(&mut self, to: Time) {
        self.base.paused = None;
        self.pending.push(Request::Seek(to));
    }

    /// What is: out of the past, out of a pause.
    fn present(&mut self, world: &World, moment: &Moment) {
        if self.base.paused.take().is_none() {
            self.replay("present", world, moment);
        }
    }

    fn ask_time(&mut self, title: &'static str, hint: &'static str, ask: fn(Time) -> Request) {
        let done = Box::new(
            move |field: &crate::ui::field::Field, desk: &super::Desk<'_>| {
                replay::read_time(field.text(), desk.ctx.live, desk.ctx.now, desk.ctx.zone)
                    .map(|time| Step::Ask(vec![ask(time)]))
            },
        );
        self.layers.push(Box::new(Prompt::new(title, hint, done)));
    }

    fn on_alert(&mut self, name: &'static str, moment: &Moment) {
        let selection = self.selection(moment);
        if !selection.alerts.is_empty() {
            self.on_alerts(name, &selection.alerts, moment);
            return;
        }
        if !selection.devices.is_empty() {
            let of: Vec<AlertId> = alerts_of(&selection.devices, moment);
            self.on_alerts(name, &of, moment);
            return;
        }
        let Some(id) = selection.alert.or_else(|| alert_of(&selection, moment)) else {
            self.say(Text::from("no alert is selected"));
            return;
        };
        let Some(alert) = moment.state.alerts.get(&id) else {
            self.say(Text::from("that alert is no longer kept"));
            return;
        };
        let device = alert.device.and_then(|id| moment.state.devices.get(&id));
        let about = match device {
            Some(device) => format!("{} {}", device.name, alert.text),
            None => alert.text.to_string(),
        };
        match (name, alert.state) {
            ("acknowledge" | "close-alert", AlertState::Closed) => {
                self.say(Text::from("that alert is over"));
            }
            ("acknowledge", _) => self.layers.push(Box::new(Ack::new(vec![id], about))),
            ("unacknowledge", AlertState::Acknowledged) => {
                self.pending
                    .push(Request::Command(Command::Unacknowledge { alert: id }));
            }
            ("unacknowledge", _) => self.say(Text::from("nobody has acknowledged it")),
            _ => {
                let hint = format!("why is it over? {about}");
                self.close_alerts("Close the alert".into(), hint, vec![id]);
            }
        }
    }

    fn run(&mut self, moment: &Moment) {
        let selection = self.selection(moment);
        let device = selection
            .device
            .and_then(|id| moment.state.devices.get(&id));
        let Some(device) = device else {
            self.say(Text::from("no device is selected"));
            return;
        };
        let about = device.name.to_string();
        let dialog = self.with_desk(moment, |desk| RunDialog::new(about, desk));
        self.layers.push(Box::new(dialog));
    }

    fn note(&mut self, moment: &Moment) {
        let selection = self.selection(moment);
        let mut of = selection.devices;
        if of.len() > NOTES {
            let words = format!(
                "{} devices are more than one note is for ({NOTES}): filter",
                of.len()
            );
            self.say(Text::from(words));
            return;
        }
        let several = !of.is_empty();
        if !several {
            of.extend(selection.device);
        }
        of.retain(|id| moment.state.devices.contains_key(id));
        let Some(first) = of.first().and_then(|id| moment.state.devices.get(id)) else {
            self.say(Text::from("no device is selected"));
            return;
        };
        let (title, hint) = if several {
            let names = of.iter().filter_map(|id| moment.state.devices.get(id));
            let names: Vec<String> = names.map(|d| d.name.to_string()).collect();
            let hint = format!(
                "for the history of each, with your name. {}",
                together::names(&names)
            );
            (
                format!("Note of {}", counted(of.len(), "device", "devices")),
                hint,
            )
        } else {
            let hint = format!("for the history of {}, with your name", first.name);
            ("Note".to_owned(), hint)
        };
        let done = Box::new(
            move |field: &crate::ui::field::Field, _: &super::Desk<'_>| {
                let note = field.value();
                if note.is_empty() {
                    return Ok(Step::Close);
                }
                let command = |device: &DeviceId| {
                    Request::Command(Command::Note {
                        device: *device,
                        note: note.clone(),
                    })
                };
                Ok(Step::Ask(of.iter().map(command).collect()))
            },
        );
        self.layers.push(Box::new(Prompt::new(title, hint, done)));
    }

    /// What may be sent to the selected device: says it, or says yes to what another person said.
    fn touch(&mut self, name: &str, moment: &Moment) {
        let device = self.selection(moment).device;
        let Some(device) = device.and_then(|id| moment.state.devices.get(&id)) else {
            self.say(Text::from("no device is selected"));
            return;
        };
        if name == "touch" {
            self.layers.push(Box::new(Touch::new(device)));
            return;
        }
        let zone = self.with_desk(moment, |desk| desk.ctx.zone.clone());
        match approval(device, |until| clock(until, moment.now, &zone)) {
            Some(question) => self.layers.push(Box::new(question)),
            None => self.say(Text::from("nobody asked for more than its policy allows")),
        }
    }

    fn release(&mut self, moment: &Moment) {
        let device = self.selection(moment).device;
        let known = device.and_then(|id| Some((id, moment.state.devices.get(&id)?)));
        let Some((id, device)) = known else {
            self.say(Text::from("no device is selected"));
            return;
        };
        let Some(q) = moment.state.quarantine.get(&id) else {
            self.say(Text::from("it is not left alone: nothing to let go"));
            return;
        };
        let hint = format!(
            "{} {}. Why may it be asked again? It is asked as if for the first time.",
            device.name, q.why
        );
        let done = Box::new(
            move |field: &crate::ui::field::Field, _: &super::Desk<'_>| {
                let reason = field.value();
                if reason.as_str().trim().is_empty() {
                    return Err(Text::from("say why: the others will ask"));
                }
                Ok(Step::Ask(vec![Request::Command(Command::Release {
                    device: id,
                    reason,
                })]))
            },
        );
        self.layers
            .push(Box::new(Prompt::new("Let it be asked again", hint, done)));
    }

    fn cancel(&mut self, moment: &Moment) {
        let run = self
            .selection(moment)
            .run
            .and_then(|id| moment.state.runs.get(&id));
        match run {
            None => self.say(Text::from("no run is selected")),
            Some(run) if run.state.is_over() => self.say(Text::from("that run is over")),
            Some(run) => {
                let line = format!(
                    "{} on {}, started by {}: its processes are stopped, and what must be put back is put back.",
                    run.plan.remediation, run.plan.device_name, run.by
                );
                self.layers.push(Box::new(Question {
                    title: "Stop the run?".into(),
                    lines: vec![line],
                    choices: vec![
                        (&["y"], "stop it", vec![Request::CancelRun(run.id)]),
                        (&["n"], "let it go on", Vec::new()),
                    ],
                }));
            }
        }
    }
}

/// Actions that work in a view now, what is selected counted in, for help and the last line.
pub(super) fn here(view: &dyn View, ctx: &Ctx<'_>, moment: &Moment) -> Vec<&'static str> {
    let selection = view.selection(ctx);
    let mut here = vec!["open"];
    if selection.alert.is_some() || alert_of(&selection, moment).is_some() {
        here.push("acknowledge");
    }
    let asked = |id: DeviceId| moment.state.devices.get(&id)?.touch.asked.as_ref();
    if selection.device.and_then(asked).is_some() {
        here.push("approve-touch");
    }
    if selection.device.is_some() {
        here.push("run");
    }
    let alone = |id: &DeviceId| moment.state.quarantine.contains_key(id);
    if selection.device.as_ref().is_some_and(alone) {
        here.push("release");
    }
    if selection.run.is_some_and(|run| {
        moment
            .state
            .runs
            .get(&run)
            .is_some_and(|run| !run.state.is_over())
    }) {
        here.push("cancel-run");
    }
    if moment.standing.replay {
        here.extend([
            "present",
            "past",
            "replay-forward",
            "past-mark",
            "past-seek",
        ]);
    }
    for name in view.actions(ctx) {
        // those stand at the end of the line in any case, and esc is no news
        let always = matches!(name, "back" | "filter" | "palette" | "help");
        if !here.contains(&name) && !always {
            here.push(name);
        }
    }
    here
}

/// Where an action leads that a view does not know itself.
fn place_of(name: &str, selection: &Selection, moment: &Moment) -> Option<Place> {
    let device = selection.device;
    let known = |id: DeviceId| moment.state.devices.get(&id);
    Some(match name {
        "open-device" | "history" => Place::Device(device?),
        "ledger" => Place::Ledger(device?),
        "open-switch" => Place::Device(known(device?)?.attached?.switch),
        "open-segment" => Place::Segment(
            selection
                .segment
                .or_else(|| device.and_then(known).and_then(|d| d.segment))?,
        ),
        "open-alert" => Place::Alert(selection.alert.or_else(|| alert_of(selection, moment))?),
        "open-run" => Place::Run(selection.run?),
        _ => return None,
    })
}

/// The active alerts of some devices that are not held back because of another.
fn alerts_of(devices: &[DeviceId], moment: &Moment) -> Vec<AlertId> {
    let devices: BTreeSet<DeviceId> = devices.iter().copied().collect();
    let of = |alert: &&std::sync::Arc<crate::model::Alert>| {
        let known = alert.device.is_some_and(|id| devices.contains(&id));
        known && alert.is_active() && alert.parent.is_none()
    };
    let alerts = moment.state.alerts.values();
    alerts.filter(of).map(|alert| alert.id).collect()
}

/// The worst active alert of the selected device.
pub(super) fn alert_of(selection: &Selection, moment: &Moment) -> Option<AlertId> {
    let device = selection.device?;
    moment
        .state
        .alerts
        .values()
        .filter(|alert| alert.device == Some(device) && alert.is_active())
        .max_by_key(|alert| (alert.severity, alert.id))
        .map(|alert| alert.id)
}

fn troubles(moment: &Moment) -> Lines {
    let state = &moment.state;
    let mut lines: Vec<_> = state
        .troubles
        .iter()
        .map(|(source, (why, _))| (source.to_string(), why.to_string()))
        .collect();
    for (source, n) in &state.dropped {
        lines.push((source.to_string(), format!("{n} dropped")));
    }
    if lines.is_empty() {
        lines.push((
            String::new(),
            "every source works, nothing was dropped".into(),
        ));
    }
    Lines::new("What wardwatch could not do", lines)
}

/// Every quirk: what is known of whom, why, and for how many devices it holds.
fn quirks(moment: &Moment) -> Lines {
    let mut lines: Vec<(String, String)> = Vec::new();
    for (quirk, devices) in moment.state.quirks_with_devices(|_| true) {
        let firmware = match quirk.firmware.as_str() {
            "" => String::new(),
            firmware => format!(" {firmware}"),
        };
        let devices = match devices {
            0 => String::new(),
            1 => ", 1 device".into(),
            n => format!(", {n} devices"),
        };
        lines.push((
            format!("{}{firmware}", quirk.object_id),
            format!("{}{devices}", quirk.source.word()),
        ));
        lines.push((String::new(), format!("  {}", quirk.limits())));
        if !quirk.because.is_empty() {
            lines.push((String::new(), format!("  {}", quirk.because)));
        }
    }
    if lines.is_empty() {
        lines.push((String::new(), "none is known".into()));
    }
    Lines::new("What models can't take", lines)
}
