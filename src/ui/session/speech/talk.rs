//! Questions with several answers one after the other: a note and until when, why, a remediation with its inputs and its confirmation.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::Command;
use crate::model::{AlertId, Confirm, DeviceId, Risk, RunId, RunPlan, Text};
use crate::ui::planner::{Offer, RunPlanner};
use crate::ui::session::layers::plan_lines;
use crate::ui::widgets::Ink;
use crate::ui::{Ctx, Request, RunRequest, Selection};

/// Until when an acknowledgement stands: words, minutes.
const UNTIL: [(&str, Option<u64>); 4] = [
    ("until it is over", None),
    ("30 minutes", Some(30)),
    ("1 hour", Some(60)),
    ("4 hours", Some(240)),
];

/// Where a talk stands.
pub enum Talk {
    /// A line is wanted: what for.
    Note(For),
    /// Until when the acknowledgement stands.
    Until(AlertId, Text),
    /// Which remediation.
    Pick {
        offers: Vec<Offer>,
        selection: Selection,
    },
    /// The next of its inputs, or why.
    Input {
        offer: Box<Offer>,
        selection: Selection,
        inputs: BTreeMap<Text, Text>,
    },
    /// Yes, or the device's name.
    Sure {
        plan: Box<RunPlan>,
        inputs: BTreeMap<Text, Text>,
        reason: Text,
        shown: Vec<String>,
    },
    /// Is the run to be stopped?
    Stop(RunId),
    /// Leave although runs go on?
    Leave,
}

/// What a line is for.
#[derive(Clone, Copy, Debug)]
pub enum For {
    Acknowledge(AlertId),
    Close(AlertId),
    Note(DeviceId),
    Release(DeviceId),
}

/// What came of an answer.
pub enum Turn {
    /// It goes on.
    On(Box<Talk>, Vec<String>),
    /// That was no answer: the question stands.
    Again(Box<Talk>, Vec<String>),
    /// It is over, nothing is done.
    Over(Vec<String>),
    /// It is over, and this is asked.
    Ask(Vec<Request>, Vec<String>),
}

impl Talk {
    pub fn about_alert(action: &str, id: AlertId) -> Self {
        Self::Note(if action == "acknowledge" {
            For::Acknowledge(id)
        } else {
            For::Close(id)
        })
    }

    pub fn about_device(action: &str, id: DeviceId) -> Self {
        Self::Note(if action == "note" {
            For::Note(id)
        } else {
            For::Release(id)
        })
    }

    /// Nothing is to be answered.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Pick { offers, .. } if offers.is_empty())
    }

    pub fn prompt(&self) -> &'static str {
        match self {
            Self::Note(_) | Self::Input { .. } => "answer> ",
            Self::Sure { .. } | Self::Stop(_) | Self::Leave => "sure? ",
            Self::Until(..) | Self::Pick { .. } => "number> ",
        }
    }

    /// What is asked.
    pub fn question(&self) -> Vec<String> {
        let numbered = |n: usize, words: String| format!("{}. {words}", n + 1);
        match self {
            Self::Note(For::Acknowledge(_)) => {
                vec!["A note for the others? Enter for none, back leaves.".into()]
            }
            Self::Note(For::Close(_)) => vec!["Why is it over? back leaves.".into()],
            Self::Note(For::Note(_)) => {
                vec!["The note, for the history of the device with your name? back leaves.".into()]
            }
            Self::Note(For::Release(_)) => {
                vec!["Why may it be asked again? It is asked as if for the first time. back leaves.".into()]
            }
            Self::Until(..) => {
                let mut lines = vec!["Until when do you have it?".into()];
                lines.extend(UNTIL.iter().enumerate().map(|(n, (words, _))| numbered(n, (*words).into())));
                lines
            }
            Self::Pick { offers, .. } if offers.is_empty() => {
                vec!["Nothing can be run against it.".into()]
            }
            Self::Pick { offers, .. } => {
                let mut lines = vec!["What is to be run? Nothing starts before you confirm. back leaves.".into()];
                lines.extend(offers.iter().enumerate().map(|(n, offer)| {
                    let line = format!("{}: {}, risk {}", offer.name, offer.title, offer.risk.word());
                    numbered(n, match &offer.refused {
                        Some(why) => format!("{line}; not here: {why}"),
                        None => line,
                    })
                }));
                lines
            }
            Self::Input { offer, inputs, .. } => match offer.inputs.get(inputs.len()) {
                None => vec![match offer.risk {
                    Risk::Low => "Why, for the record? Enter for nothing.".into(),
                    _ => "Why? It interrupts something.".into(),
                }],
                Some(input) => {
                    let mut line = format!("{}?", input.title);
                    if !input.hint.is_empty() {
                        line = format!("{line} {}.", input.hint);
                    }
                    if !input.choices.is_empty() {
                        let words: Vec<_> = input.choices.iter().map(Text::as_str).collect();
                        line = format!("{line} One of {}.", words.join(", "));
                    }
                    if !input.default.is_empty() {
                        line = format!("{line} Enter takes {}.", input.default);
                    }
                    vec![line]
                }
            },
            Self::Sure { plan, shown, .. } => {
                let mut lines = shown.clone();
                lines.push(match plan.confirm {
                    Confirm::TypeName => format!("Type the name of the device, {}, to start it; anything else leaves it.", plan.device_name),
                    Confirm::None | Confirm::Key => "Type yes to start it; anything else leaves it.".into(),
                });
                lines
            }
            Self::Stop(_) => vec!["Stop the run with all its processes? What must be put back is put back. Type yes.".into()],
            Self::Leave => vec![
                "A run goes on, or something is still to be put back; wardwatch stays in this terminal until it is. Type yes to leave.".into(),
            ],
        }
    }

    /// Takes an answer.
    pub fn hear(self, line: &str, ctx: &Ctx<'_>, planner: &dyn RunPlanner) -> Turn {
        if matches!(line, "back" | "cancel") {
            return Turn::Over(vec!["Left; nothing was done.".into()]);
        }
        let number = line.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        match self {
            Self::Note(what) => noted(what, line),
            Self::Until(alert, note) => match number.and_then(|n| UNTIL.get(n)) {
                None => Turn::Again(
                    Box::new(Self::Until(alert, note)),
                    vec![format!("1 to {}.", UNTIL.len())],
                ),
                Some((words, minutes)) => {
                    let until = minutes.map(|m| ctx.now + Duration::from_secs(m * 60));
                    Turn::Ask(
                        vec![Request::Command(Command::Acknowledge {
                            alert,
                            note,
                            until,
                        })],
                        vec![format!("You have it, {words}.")],
                    )
                }
            },
            Self::Pick { offers, selection } => {
                let chosen = number.and_then(|n| offers.get(n)).cloned();
                match chosen {
                    None => {
                        let most = offers.len();
                        Turn::Again(
                            Box::new(Self::Pick { offers, selection }),
                            vec![format!("1 to {most}, or back.")],
                        )
                    }
                    Some(Offer {
                        refused: Some(why), ..
                    }) => Turn::Again(
                        Box::new(Self::Pick { offers, selection }),
                        vec![format!("Not here: {why}")],
                    ),
                    Some(offer) => Turn::On(
                        Box::new(Self::Input {
                            offer: Box::new(offer),
                            selection,
                            inputs: BTreeMap::new(),
                        }),
                        Vec::new(),
                    ),
                }
            }
            Self::Input {
                offer,
                selection,
                inputs,
            } => input(offer, selection, inputs, line, ctx, planner),
            Self::Sure {
                plan,
                inputs,
                reason,
                ..
            } => {
                let sure = match plan.confirm {
                    Confirm::TypeName => Text::from(line) == plan.device_name,
                    Confirm::None | Confirm::Key => line == "yes",
                };
                if !sure {
                    return Turn::Over(vec!["Left; nothing was started.".into()]);
                }
                let run = RunRequest {
                    plan: *plan,
                    inputs,
                    reason,
                };
                Turn::Ask(
                    vec![Request::Run(Box::new(run))],
                    vec!["Asked for; what comes of it is read out.".into()],
                )
            }
            Self::Stop(run) if line == "yes" => {
                Turn::Ask(vec![Request::CancelRun(run)], vec!["Asked to stop.".into()])
            }
            Self::Leave if line == "yes" => Turn::Ask(vec![Request::Leave], Vec::new()),
            Self::Stop(_) | Self::Leave => Turn::Over(vec!["It goes on.".into()]),
        }
    }
}

fn noted(what: For, line: &str) -> Turn {
    let words = Text::from(line);
    let again = || {
        Turn::Again(
            Box::new(Talk::Note(what)),
            vec!["Say why: the others will ask.".into()],
        )
    };
    let command = match what {
        For::Acknowledge(alert) => {
            return Turn::On(Box::new(Talk::Until(alert, words)), Vec::new());
        }
        _ if line.is_empty() && matches!(what, For::Note(_)) => {
            return Turn::Over(vec!["Left; nothing was written.".into()]);
        }
        _ if line.is_empty() => return again(),
        For::Close(alert) => Command::Close { alert, note: words },
        For::Note(device) => Command::Note {
            device,
            note: words,
        },
        For::Release(device) => Command::Release {
            device,
            reason: words,
        },
    };
    Turn::Ask(vec![Request::Command(command)], vec!["Written.".into()])
}

fn input(
    offer: Box<Offer>,
    selection: Selection,
    mut inputs: BTreeMap<Text, Text>,
    line: &str,
    ctx: &Ctx<'_>,
    planner: &dyn RunPlanner,
) -> Turn {
    if let Some(wanted) = offer.inputs.get(inputs.len()) {
        let value = if line.is_empty() {
            wanted.default.clone()
        } else {
            Text::from(line)
        };
        if value.is_empty() && wanted.required {
            let words = vec![format!("{} is needed.", wanted.title)];
            return Turn::Again(
                Box::new(Talk::Input {
                    offer,
                    selection,
                    inputs,
                }),
                words,
            );
        }
        inputs.insert(wanted.name.clone(), value);
        return Turn::On(
            Box::new(Talk::Input {
                offer,
                selection,
                inputs,
            }),
            Vec::new(),
        );
    }
    let reason = Text::from(line);
    if offer.risk >= Risk::Medium && reason.is_empty() {
        let words = vec!["Say why: this interrupts something.".into()];
        return Turn::Again(
            Box::new(Talk::Input {
                offer,
                selection,
                inputs,
            }),
            words,
        );
    }
    match planner.plan(
        ctx.state,
        &selection,
        &offer.name,
        &inputs,
        ctx.person,
        false,
    ) {
        Err(why) => Turn::On(
            Box::new(Talk::Input {
                offer,
                selection,
                inputs: BTreeMap::new(),
            }),
            vec![format!("{why}. Once more.")],
        ),
        Ok(plan) => {
            let lines = plan_lines(&Ink::of(ctx), &plan).into_iter();
            let mut shown = vec!["This is what would be done:".to_owned()];
            shown.extend(lines.map(|(what, of, _)| match what {
                "" => of,
                what => format!("{what}: {of}"),
            }));
            let plan = Box::new(plan);
            Turn::On(
                Box::new(Talk::Sure {
                    plan,
                    inputs,
                    reason,
                    shown,
                }),
                Vec::new(),
            )
        }
    }
}
