//! Devices that restart after they were asked: found, left alone, and let go by a person.
//!
//! Every restart falls within two status cycles of some question, so a restart alone says nothing. It is held against our asking
//! when a device fell silent within two status cycles of (a) the first questions it ever got, or the first of a heavier job,
//! or (b) a heavier job that is asked so seldom that chance would hardly put it there; or (c) when it restarts again and again
//! while it is asked. Restarts of our own doing, of devices a person has taken in hand, with new software, behind something
//! that was down, and together with other models (power) count for nothing.
//!
//! What is suspected is spared at once; two minutes later, when others had time to show the same restart, it is judged.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::{Job, LedgerRow};
use crate::model::{
    AlertState, CareLevel, Device, DeviceClass, DeviceId, FactKey, PacketKind, Quirk, QuirkSource,
    Text, Time, TouchPolicy, arcs,
};

use super::alerts::escaped;
use super::fold::Out;
use super::memory::Timer;
use super::quirks::build_of;
use super::state::State;

/// Others have so long to show that they restarted at the same moment.
const WAIT: Duration = Duration::from_mins(2);
/// Restarts that come closer together than this have one cause.
const TOGETHER: Duration = Duration::from_mins(1);
/// Devices of other models that must have restarted with it to clear it.
const OTHERS: usize = 2;
/// Boots that are remembered to find those.
const BOOTS: usize = 512;
/// A run of ours explains a restart so long after its end.
const OURS: Duration = Duration::from_hours(1);
/// Two restarts of one device further apart than this have nothing to do with each other.
const DAY: Duration = Duration::from_hours(24);
/// How likely the restarts of a device may be by chance, in thousandths, to be held against a job: one in six.
const UNLIKELY: u32 = 167;
/// What crashed starts anew by itself, and soon. What was gone for longer may have had no power: that alone proves nothing.
const SOON: Duration = Duration::from_secs(200);
/// The least interval of walks of a model of which one device is left alone, seconds.
const CAUTION_S: u32 = 3600;

/// What is still asked of a device that is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spared {
    /// Its status, by a GET.
    StatusOnly,
    /// Nothing.
    Alone,
}

impl Spared {
    /// `left alone`
    pub fn words(self) -> &'static str {
        match self {
            Self::StatusOnly => "asked for its status only",
            Self::Alone => "left alone",
        }
    }
}

/// What is heavier than a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heavy {
    /// Interfaces and their counters.
    Interfaces,
    /// Forwarding, address and neighbour tables.
    Tables,
    /// Entity, host resources.
    Inventory,
    /// Sensors, memory, disks, load.
    Sensors,
    /// A walk that a person asked for.
    Walk,
}

impl Heavy {
    const ALL: [Self; 5] = [
        Self::Interfaces,
        Self::Tables,
        Self::Inventory,
        Self::Sensors,
        Self::Walk,
    ];

    /// By the cause in the ledger.
    fn of(row: &LedgerRow) -> Option<Self> {
        match row.cause.as_str().strip_prefix("poll ") {
            Some("status" | "ups" | "probe") => None,
            Some("interfaces") => Some(Self::Interfaces),
            Some("tables") => Some(Self::Tables),
            Some("inventory") => Some(Self::Inventory),
            Some("sensors") => Some(Self::Sensors),
            _ => (row.kind == PacketKind::Walk).then_some(Self::Walk),
        }
    }

    fn job(self) -> Option<Job> {
        Some(match self {
            Self::Interfaces => Job::Interfaces,
            Self::Tables => Job::Tables,
            Self::Inventory => Job::Inventory,
            Self::Sensors => Job::Sensors,
            Self::Walk => return None,
        })
    }

    /// `its tables were read`
    fn words(self) -> &'static str {
        match self {
            Self::Interfaces => "its interfaces were read",
            Self::Tables => "its tables were read",
            Self::Inventory => "its inventory was read",
            Self::Sensors => "its sensors were read",
            Self::Walk => "it was walked",
        }
    }

    /// What is no longer asked of a model that two devices restarted over.
    fn roots(self) -> &'static [&'static str] {
        match self {
            Self::Interfaces => &["1.3.6.1.2.1.2.2", "1.3.6.1.2.1.31.1.1"],
            // BRIDGE-MIB and Q-BRIDGE-MIB, ARP and ND, LLDP-MIB, CISCO-CDP-MIB
            Self::Tables => &[
                "1.0.8802.1.1.2",
                "1.3.6.1.2.1.17",
                "1.3.6.1.2.1.4.22",
                "1.3.6.1.2.1.4.35",
                "1.3.6.1.4.1.9.9.23",
            ],
            // ENTITY-MIB
            Self::Inventory => &["1.3.6.1.2.1.47"],
            // ENTITY-SENSOR-MIB, HOST-RESOURCES-MIB, CISCO-ENVMON-MIB
            Self::Sensors => &["1.3.6.1.2.1.25", "1.3.6.1.2.1.99", "1.3.6.1.4.1.9.9.13"],
            Self::Walk => &[],
        }
    }
}

/// A device that is left alone, or of which that is being judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// Since when.
    pub since: Time,
    /// What is still asked.
    pub spared: Spared,
    /// Judged: it ends only by a person, or by the site file. Until then it may still turn out to be something else.
    pub confirmed: bool,
    /// `restarted 20 s after its tables were read`
    pub why: Text,
    /// What it was asked before, where that is known.
    pub after: Option<Heavy>,
    /// When it started anew.
    pub booted: Time,
    /// It is not only that it restarts often.
    pub proven: bool,
    /// Its model, for the care that others of it are treated with.
    pub object_id: Text,
    /// Its build.
    pub build: Text,
}

/// What heavier than its status a device was asked, and how it bore that. Times in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    /// When each of [`Heavy::ALL`] was sent first and last.
    sent: [(u32, u32); 5],
    /// How likely the restarts in a row after each are by chance, thousandths less from 1000.
    unlikely: [u16; 5],
    /// The newest restarts.
    restarts: [u32; 3],
}

/// What is known of a restart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fall {
    /// The last answer before.
    pub answered: Time,
    /// The first miss after that.
    pub missed: Option<Time>,
    /// It could not be judged, because something before it was down.
    pub behind: bool,
    /// When it started anew.
    pub booted: Time,
    /// It came back with other software.
    pub upgraded: bool,
}

/// What a restart is held to be.
struct Charge {
    why: String,
    after: Option<Heavy>,
    proven: bool,
}

impl State {
    /// Packets went out: what was asked of whom, beyond its status.
    pub(super) fn note_asked(&mut self, rows: &[LedgerRow]) {
        for row in rows {
            let Some(heavy) = Heavy::of(row) else {
                continue;
            };
            let Some(id) = self.by_address.get(&row.address.to_canonical()).copied() else {
                continue;
            };
            let at = heavy as usize;
            if !self.memory.borne.contains_key(&id) {
                continue;
            }
            let known = self.memory.asked_of.get(&id);
            // interfaces are read so often that only the first time says anything
            if heavy == Heavy::Interfaces && known.is_some_and(|a| a.sent[at].0 != 0) {
                continue;
            }
            let asked = self.memory.asked_of.entry(id).or_default();
            let sent = &mut asked.sent[at];
            if sent.0 == 0 {
                sent.0 = row.first.secs32();
            }
            sent.1 = sent.1.max(row.last.secs32());
        }
    }

    /// It answered: from its first answer on it is known how it bears to be asked.
    pub(super) fn bears(&mut self, id: DeviceId, at: Time) {
        if !self.memory.borne.contains_key(&id) {
            self.memory.borne.insert(id, at.secs32());
        }
    }

    /// What is asked of it is not what it was: what it bore before says nothing.
    pub(super) fn asked_anew(&mut self, id: DeviceId) {
        self.memory.borne.remove(&id);
        self.memory.asked_of.remove(&id);
    }

    /// What is asked of everybody is not what it was (poll plans that were accepted).
    pub(super) fn all_asked_anew(&mut self) {
        self.memory.borne = imbl::OrdMap::new();
        self.memory.asked_of = imbl::OrdMap::new();
    }

    /// A device started anew: is that to be held against our asking?
    pub(super) fn restart(&mut self, id: DeviceId, fall: &Fall, out: &mut Out) {
        self.memory.boots_at.push_back((fall.booted, id));
        while self.memory.boots_at.len() > BOOTS {
            self.memory.boots_at.pop_front();
        }
        let Some(d) = self.devices.get(&id).cloned() else {
            return;
        };
        if self.excused(&d, fall, out.now) {
            if let Some(asked) = self.memory.asked_of.get_mut(&id) {
                asked.unlikely = [0; 5];
                asked.restarts = [0; 3];
            }
            return;
        }
        let charge = self.charge(&d, fall);
        let before = self.quarantine.get(&id).cloned();
        let charge = match (&before, charge) {
            // one that only restarts all the time stays in sight: it may do so by itself
            (Some(q), charge)
                if charge.as_ref().is_some_and(|c| c.proven)
                    || (q.proven
                        && fall.booted < q.since + DAY
                        && self.span(&d, fall).is_some()) =>
            {
                let again = "restarted again, although only its status was asked";
                Charge {
                    why: again.into(),
                    after: q.after,
                    proven: true,
                }
            }
            (None, Some(charge)) => charge,
            _ => return,
        };
        let spared = if before.is_none() && is_infrastructure(&d) {
            Spared::StatusOnly
        } else {
            Spared::Alone
        };
        if before.as_ref().is_some_and(|q| q.spared >= spared) {
            return;
        }
        let confirmed = before.is_some();
        let entry = Quarantine {
            since: out.now,
            spared,
            confirmed,
            why: Text::from(charge.why),
            after: charge.after,
            booted: fall.booted,
            proven: charge.proven,
            object_id: d.fact(FactKey::SysObjectId).cloned().unwrap_or_default(),
            build: build_of(&d),
        };
        self.quarantine.insert(id, entry);
        if confirmed {
            self.condemn(id, out);
        } else {
            self.memory
                .timers
                .insert((out.now + WAIT, Timer::Suspect(id)));
        }
        self.retouch(id, out);
        out.judge.insert(id);
        out.visible = true;
    }

    /// Others had time to show whether they restarted with it.
    pub(super) fn judge_suspect(&mut self, id: DeviceId, out: &mut Out) {
        let Some(q) = self.quarantine.get(&id).cloned() else {
            return;
        };
        if q.confirmed {
            return;
        }
        let others = self.restarted_with(id, q.booted);
        if others >= OTHERS {
            self.quarantine.remove(&id);
            self.note(
                id,
                "asked again",
                Text::from("restarted"),
                escaped(format!("{others} others restarted with it")),
                out,
            );
            self.retouch(id, out);
            out.judge.insert(id);
            return;
        }
        if let Some(q) = self.quarantine.get_mut(&id) {
            q.confirmed = true;
        }
        self.condemn(id, out);
    }

    fn condemn(&mut self, id: DeviceId, out: &mut Out) {
        let Some(q) = self.quarantine.get(&id).cloned() else {
            return;
        };
        self.note(id, q.spared.words(), Text::empty(), q.why.clone(), out);
        // others of its model are asked with more care from now on
        out.quirks = true;
        out.review.insert(id);
        out.judge.insert(id);
        out.visible = true;
    }

    /// A person lets it go: it is asked again, as if for the first time.
    pub(super) fn release(&mut self, by: &Text, id: DeviceId, reason: &Text, out: &mut Out) {
        let Some(q) = self.quarantine.get(&id).cloned() else {
            return;
        };
        let what = escaped(format!("let go by {}", by.as_str()));
        if reason.as_str().trim().is_empty() {
            let after = Text::from("refused: no reason was given");
            self.note(id, what, q.why, after, out);
            return;
        }
        self.note(id, what, q.why, reason.clone(), out);
        self.let_go(id, out);
    }

    fn let_go(&mut self, id: DeviceId, out: &mut Out) {
        self.quarantine.remove(&id);
        self.asked_anew(id);
        self.retouch(id, out);
        out.quirks = true;
        out.review.insert(id);
        out.judge.insert(id);
        out.visible = true;
    }

    /// The site file came into force: it may say of a model that its restarts are its own.
    pub(super) fn pardon(&mut self, out: &mut Out) {
        let own: Vec<DeviceId> = self
            .quarantine
            .keys()
            .filter(|id| {
                self.devices
                    .get(*id)
                    .is_some_and(|d| self.restarts_by_itself(d))
            })
            .copied()
            .collect();
        for id in own {
            let after = Text::from("the site file says that its model restarts by itself");
            self.note(id, "let go", Text::empty(), after, out);
            self.let_go(id, out);
        }
    }

    /// The touch policy with what is spared a device counted in: no word of a person but a release lifts it.
    pub(super) fn spare(
        &self,
        id: DeviceId,
        policy: TouchPolicy,
        because: Text,
    ) -> (TouchPolicy, Text) {
        let Some(q) = self.quarantine.get(&id) else {
            return (policy, because);
        };
        let cap = match q.spared {
            Spared::StatusOnly => TouchPolicy::Get,
            Spared::Alone => TouchPolicy::Passive,
        };
        if cap < policy {
            (
                cap,
                super::alerts::escaped(format!("it {}", q.why.as_str())),
            )
        } else {
            (policy, because)
        }
    }

    /// What nobody can hold against our asking.
    fn excused(&self, d: &Device, fall: &Fall, now: Time) -> bool {
        if fall.behind || fall.upgraded {
            return true;
        }
        let in_hand = self
            .device_alerts(d.id)
            .iter()
            .any(|a| a.state == AlertState::Acknowledged);
        let ours = self.runs.values().any(|r| {
            let about = r.plan.device == d.id || r.plan.on_behalf_of == Some(d.id);
            about && r.started.is_some() && r.ended.is_none_or(|ended| now.since(ended) < OURS)
        });
        in_hand || ours || self.restarts_by_itself(d)
    }

    fn restarts_by_itself(&self, d: &Device) -> bool {
        self.quirk_in_force(d).is_some_and(|q| q.own_restarts)
    }

    /// What speaks against our asking; nothing where nothing does.
    fn charge(&mut self, d: &Device, fall: &Fall) -> Option<Charge> {
        let first = self.memory.borne.get(&d.id).copied()?;
        let mut asked = self.memory.asked_of.get(&d.id).copied().unwrap_or_default();
        let charge = self.weigh(d, fall, first, &mut asked);
        self.memory.asked_of.insert(d.id, asked);
        charge
    }

    /// From two status cycles before its last answer to the moment at which it had surely fallen, seconds; nothing where
    /// nobody asked it for a while, so that this is not known.
    fn span(&self, d: &Device, fall: &Fall) -> Option<(u32, u32)> {
        let cycle = self.status_interval(d.class).max(1);
        // it fell between its last answer and the first miss, or its start where it missed none
        let fell = fall
            .missed
            .unwrap_or(fall.booted)
            .min(fall.booted)
            .max(fall.answered)
            .secs32();
        let answered = fall.answered.secs32();
        let known = fell - answered <= cycle.saturating_mul(3).saturating_add(60);
        known.then(|| (answered.saturating_sub(cycle.saturating_mul(2)), fell))
    }

    fn weigh(&self, d: &Device, fall: &Fall, first: u32, asked: &mut Asked) -> Option<Charge> {
        let again = often(d, fall.booted, asked);
        let (from, until) = self.span(d, fall)?;
        let soon = fall.booted.secs32().saturating_sub(until) <= SOON.as_secs() as u32;
        let inside = |at: u32| at != 0 && (from..=until).contains(&at);
        let later = |at: u32| fall.booted.secs32().saturating_sub(at);
        let intervals: BTreeMap<Job, u32> = self
            .memory
            .targets
            .iter()
            .flat_map(|t| t.iter())
            .find(|t| Some(t.address) == d.address)
            .map(|t| t.jobs.iter().copied().collect())
            .unwrap_or_default();
        let mut found: Option<(u32, Charge)> = None;
        for (at, heavy) in Heavy::ALL.into_iter().enumerate() {
            let (first, last) = asked.sent[at];
            if !inside(last) {
                asked.unlikely[at] = 0;
                continue;
            }
            let every = heavy.job().and_then(|job| intervals.get(&job).copied());
            let window = (until - from).saturating_mul(1000);
            let chance = match (heavy, every) {
                // a person's walk comes out of the blue
                (Heavy::Walk, _) => 1,
                (_, Some(every)) => (window / every.max(1)).min(1000),
                (_, None) => 1000,
            };
            // two such in a row are needed then
            let chance = if soon {
                chance
            } else {
                chance.max(1).saturating_mul(4).clamp(400, 1000)
            };
            let before = 1000 - u32::from(asked.unlikely[at].min(999));
            let by_chance = (before * chance / 1000).max(1);
            asked.unlikely[at] = (1000 - by_chance.min(1000)) as u16;
            // the least likely by chance is blamed
            let less = found.as_ref().is_none_or(|(least, _)| by_chance < *least);
            if less && (soon && inside(first) || by_chance <= UNLIKELY) {
                let first_time = if inside(first) && by_chance > UNLIKELY {
                    " for the first time"
                } else {
                    ""
                };
                let charge = Charge {
                    why: format!(
                        "restarted {} s after {}{first_time}",
                        later(last),
                        heavy.words()
                    ),
                    after: Some(heavy),
                    proven: true,
                };
                found = Some((by_chance, charge));
            }
        }
        found
            .map(|(_, charge)| charge)
            .or_else(|| {
                (soon && inside(first)).then(|| Charge {
                    why: format!(
                        "restarted {} s after it was asked for the first time",
                        later(first)
                    ),
                    after: None,
                    proven: true,
                })
            })
            .or(again)
    }

    /// How many devices of other models restarted with this one.
    fn restarted_with(&self, id: DeviceId, booted: Time) -> usize {
        let model = |id: &DeviceId| {
            self.devices
                .get(id)
                .map(|d| (d.class, d.fact_str(FactKey::SysObjectId)))
        };
        let own = model(&id);
        let mut others: Vec<DeviceId> = self
            .memory
            .boots_at
            .iter()
            .filter(|(at, other)| {
                *other != id
                    && at.since(booted).max(booted.since(*at)) < TOGETHER
                    && model(other) != own
            })
            .map(|(_, other)| *other)
            .collect();
        others.sort_unstable();
        others.dedup();
        others.len()
    }

    /// What follows for others of the models that are left alone.
    pub(super) fn cautions(&self) -> Vec<Quirk> {
        let mut models: BTreeMap<(Text, Text), Vec<(DeviceId, &Quarantine)>> = BTreeMap::new();
        for (id, q) in &self.quarantine {
            if q.confirmed && arcs(q.object_id.as_str()).is_some() {
                let key = (q.object_id.clone(), q.build.clone());
                models.entry(key).or_default().push((*id, q));
            }
        }
        let mut out = Vec::new();
        for ((object_id, build), devices) in models {
            let mut skip: Vec<Text> = Vec::new();
            for heavy in Heavy::ALL {
                let times = devices
                    .iter()
                    .filter(|(_, q)| q.proven && q.after == Some(heavy))
                    .count();
                if times > 1 {
                    skip.extend(heavy.roots().iter().map(|r| Text::from(*r)));
                }
            }
            skip.sort();
            let Some((id, q)) = devices.first() else {
                continue;
            };
            let name = self.name_of(*id);
            let more = match devices.len() - 1 {
                0 => String::new(),
                n => format!(", and {n} more of this model"),
            };
            out.push(Quirk {
                object_id,
                firmware: build,
                source: QuirkSource::Learned,
                least_interval_s: Some(CAUTION_S),
                skip: (!skip.is_empty()).then_some(skip),
                because: escaped(format!("{} {}{more}", name.as_str(), q.why.as_str())),
                ..Quirk::default()
            });
        }
        out
    }
}

/// Does it restart again and again? Remembers this one.
fn often(d: &Device, booted: Time, asked: &mut Asked) -> Option<Charge> {
    asked.restarts.rotate_right(1);
    asked.restarts[0] = booted.secs32();
    let (times, within, words) = if d.care >= CareLevel::Clinical {
        (2, DAY, "within a day")
    } else {
        (3, Duration::from_hours(1), "within an hour")
    };
    let oldest = *asked.restarts.get(times - 1)?;
    let span = u64::from(asked.restarts[0].saturating_sub(oldest));
    (oldest != 0 && span < within.as_secs()).then(|| Charge {
        why: format!("restarted {times} times {words} while it was asked"),
        after: None,
        proven: false,
    })
}

/// What others depend on is kept in sight as long as that is safe.
fn is_infrastructure(d: &Device) -> bool {
    d.care <= CareLevel::Support
        && (d.class.is_network() || matches!(d.class, DeviceClass::Ups | DeviceClass::Pdu))
}
