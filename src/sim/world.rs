//! What has happened to the hospital: a function of the scenario, the time that went by, and the SETs that came.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::chance::hash;
use super::hospital::{Hospital, Peer};
use super::load;
use super::scenario::{Scenario, Step};

/// SETs that are remembered; more are refused.
pub const SET_CAP: usize = 10_000;

/// The hospital with its course of events.
pub struct World {
    /// As built.
    pub hospital: Hospital,
    /// What goes wrong.
    pub scenario: Scenario,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// `ifAdminStatus` by port, in the order of time: true is up.
    sets: Vec<(Duration, usize, bool)>,
    /// Grows with each SET.
    revision: u64,
    now: Option<Arc<Snapshot>>,
}

/// The state of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortState {
    /// `ifAdminStatus` is up.
    pub admin: bool,
    /// `ifOperStatus` is up.
    pub up: bool,
    /// Milliseconds it was up until the snapshot began.
    active_ms: u64,
    /// The same when its counters last began at zero.
    reset_ms: u64,
    /// When `ifOperStatus` last changed, after the start.
    pub changed: Duration,
}

/// A device's last restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boot {
    /// When, after the start.
    pub at: Duration,
    /// How many since the start.
    pub count: u32,
}

/// Everything between two events.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it began.
    pub start: Duration,
    /// When the next thing happens.
    end: Option<Duration>,
    revision: u64,
    /// By place in [`Hospital::devices`]: a packet from the root arrives.
    reach: Vec<bool>,
    /// By place in [`Hospital::ports`].
    pub ports: Vec<PortState>,
    boots: BTreeMap<usize, Boot>,
    /// UPSes on battery, since when.
    pub on_battery: BTreeMap<usize, Duration>,
    /// The stranger is plugged in.
    pub stranger: bool,
    /// The switch whose second power supply failed.
    pub supply_failed: Option<usize>,
    /// The monitor whose refrigerator warms up, since when.
    pub fridge_warms: Option<(usize, Duration)>,
}

impl World {
    /// A hospital at the start of its scenario.
    pub fn new(hospital: Hospital, scenario: Scenario) -> Self {
        Self {
            hospital,
            scenario,
            inner: Mutex::default(),
        }
    }

    /// What is so at this moment. Moments may be asked in any order; those near the last are cheap.
    pub fn at(&self, at: Duration) -> Arc<Snapshot> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(now) = &inner.now
            && now.revision == inner.revision
            && now.start <= at
            && now.end.is_none_or(|end| at < end)
        {
            return now.clone();
        }
        let mut boundaries: Vec<Duration> = std::iter::once(Duration::ZERO)
            .chain(self.steps().map(|(when, _)| when))
            .chain(inner.sets.iter().map(|s| s.0))
            .collect();
        boundaries.sort_unstable();
        boundaries.dedup();
        // what is known is continued, unless time was turned back; a SET into its past has cleared it
        let mut state = inner
            .now
            .take()
            .filter(|now| now.start <= at)
            .map(|now| (*now).clone());
        for (place, boundary) in boundaries.iter().enumerate() {
            if *boundary > at {
                break;
            }
            let redo = state.as_ref().is_none_or(|s| *boundary >= s.start);
            if redo {
                let end = boundaries.get(place + 1).copied();
                state = Some(self.step(state.as_ref(), *boundary, end, &inner));
            }
        }
        let state =
            Arc::new(state.unwrap_or_else(|| self.step(None, Duration::ZERO, None, &inner)));
        inner.now = Some(state.clone());
        state
    }

    /// `ifAdminStatus` of a port from this moment on. False when too many came.
    pub fn set_admin(&self, at: Duration, port: usize, up: bool) -> bool {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.sets.len() >= SET_CAP || port >= self.hospital.ports.len() {
            return false;
        }
        let place = inner.sets.partition_point(|s| s.0 <= at);
        if inner.now.as_ref().is_some_and(|now| now.start > at) {
            // into the past of what is known: all is worked out anew
            inner.now = None;
        }
        inner.sets.insert(place, (at, port, up));
        inner.revision += 1;
        true
    }

    fn steps(&self) -> impl Iterator<Item = (Duration, Step)> + '_ {
        self.scenario
            .steps
            .iter()
            .map(|(s, step)| (Duration::from_secs(u64::from(*s)), *step))
    }

    fn step(
        &self,
        before: Option<&Snapshot>,
        start: Duration,
        end: Option<Duration>,
        inner: &Inner,
    ) -> Snapshot {
        let hospital = &self.hospital;
        let cast = &hospital.cast;
        let mut dead = vec![false; hospital.devices.len()];
        let mut on_battery = BTreeMap::new();
        let mut boots: BTreeMap<usize, Boot> = BTreeMap::new();
        let mut stranger = false;
        let (mut supply_failed, mut fridge_warms) = (None, None);
        let fridge = || {
            let monitor =
                |d: &super::hospital::Device| d.class == crate::model::DeviceClass::Sensor;
            hospital.devices.iter().position(monitor)
        };
        for (when, step) in self.steps().take_while(|(when, _)| *when <= start) {
            match step {
                Step::IcuSwitchDies => dead[cast.icu_switch] = true,
                Step::IcuSwitchReturns => {
                    dead[cast.icu_switch] = false;
                    let boot = boots
                        .entry(cast.icu_switch)
                        .or_insert(Boot { at: when, count: 0 });
                    *boot = Boot {
                        at: when,
                        count: boot.count + 1,
                    };
                }
                Step::UpsOnBattery => {
                    on_battery.insert(cast.ups, when);
                }
                Step::UpsOnMains => {
                    on_battery.remove(&cast.ups);
                }
                Step::StrangerAppears => stranger = true,
                Step::StrangerLeaves => stranger = false,
                Step::SupplyFails => supply_failed = Some(cast.icu_switch),
                Step::SupplyReplaced => supply_failed = None,
                Step::FridgeWarms => fridge_warms = fridge().map(|d| (d, when)),
                Step::FridgeCools => fridge_warms = None,
            }
        }
        let mut admin: BTreeMap<usize, bool> = BTreeMap::new();
        for (_, port, up) in inner.sets.iter().take_while(|s| s.0 <= start) {
            admin.insert(*port, *up);
        }
        let enabled = |port: usize| admin.get(&port).copied().unwrap_or(true);
        let ports: Vec<PortState> = hospital
            .ports
            .iter()
            .enumerate()
            .map(|(place, port)| {
                let cable = match &port.peer {
                    Peer::Stations(stations) => !stations.is_empty(),
                    Peer::Nothing => stranger && place == cast.stranger.port,
                    Peer::Link(other) => enabled(*other) && !dead[hospital.ports[*other].owner],
                };
                let admin = enabled(place);
                let up = admin && cable && !dead[port.owner];
                let was = before.and_then(|b| Some((b, b.ports.get(place)?)));
                let (mut active_ms, mut reset_ms, mut changed) = (0, 0, Duration::ZERO);
                if let Some((before, was)) = was {
                    active_ms = was.active_ms;
                    if was.up {
                        active_ms += start.saturating_sub(before.start).as_millis() as u64;
                    }
                    reset_ms = was.reset_ms;
                    changed = if was.up == up { was.changed } else { start };
                }
                if boots.get(&port.owner).is_some_and(|b| b.at == start) {
                    reset_ms = active_ms;
                }
                PortState {
                    admin,
                    up,
                    active_ms,
                    reset_ms,
                    changed,
                }
            })
            .collect();
        let reach = self.reach(&dead, &ports);
        Snapshot {
            start,
            end,
            revision: inner.revision,
            reach,
            ports,
            boots,
            on_battery,
            stranger,
            supply_failed,
            fridge_warms,
        }
    }

    fn reach(&self, dead: &[bool], ports: &[PortState]) -> Vec<bool> {
        let devices = &self.hospital.devices;
        let mut known: Vec<Option<bool>> = vec![None; devices.len()];
        if let Some(root) = known.first_mut() {
            *root = Some(true);
        }
        for device in 0..devices.len() {
            let mut path = Vec::new();
            let mut at = device;
            let mut answer = loop {
                if let Some(answer) = known[at] {
                    break answer;
                }
                path.push(at);
                match devices[at].at {
                    Some(port) if path.len() < 32 => at = self.hospital.ports[port].owner,
                    _ => break false,
                }
            };
            while let Some(at) = path.pop() {
                answer = answer && !dead[at] && devices[at].at.is_some_and(|p| ports[p].up);
                known[at] = Some(answer);
            }
        }
        known.into_iter().map(|k| k == Some(true)).collect()
    }
}

impl Snapshot {
    /// What distinguishes it from every other: the time it began and the SETs until then.
    pub fn epoch(&self) -> (Duration, u64) {
        (self.start, self.revision)
    }

    /// Has it power, and does a packet from the root reach it?
    pub fn reaches(&self, device: usize) -> bool {
        self.reach.get(device).copied().unwrap_or(false)
    }

    /// The last restart since the start, if any.
    pub fn boot(&self, device: usize) -> Option<Boot> {
        self.boots.get(&device).copied()
    }

    /// Milliseconds a port carried traffic, and whether its counters still hold what was before the simulation.
    fn active(&self, port: usize, at: Duration) -> Option<(u64, u64)> {
        let state = self.ports.get(port)?;
        let more = if state.up {
            at.saturating_sub(self.start).as_millis() as u64
        } else {
            0
        };
        Some((state.active_ms + more, state.reset_ms))
    }

    /// Octets in and out of a port.
    pub fn octets(&self, hospital: &Hospital, port: usize, at: Duration) -> (u64, u64) {
        let (Some(known), Some((active, reset))) =
            (hospital.ports.get(port), self.active(port, at))
        else {
            return (0, 0);
        };
        let booted = self.boots.contains_key(&known.owner);
        let count = |rate: u64, way: u64| {
            let key = hash(hospital.seed, &[port as u64, way]);
            let counted = load::octets(rate, key, active);
            if booted {
                counted - load::octets(rate, key, reset)
            } else if rate == 0 {
                0
            } else {
                // what it counted before anybody simulated it
                counted + key % (rate * 4_000_000 + 1)
            }
        };
        (count(known.in_load, 1), count(known.out_load, 2))
    }
}

/// Hundredths of a second since the device booted; before the start it ran for 20 to 320 days.
pub fn uptime_cs(hospital: &Hospital, device: usize, boot: Option<Boot>, at: Duration) -> u32 {
    let cs = if let Some(boot) = boot {
        at.saturating_sub(boot.at).as_millis() / 10
    } else {
        let days = 20 + hash(hospital.seed, &[device as u64, 0xb007]) % 300;
        at.as_millis() / 10 + u128::from(days * 8_640_000 + hash(device as u64, &[3]) % 8_640_000)
    };
    (cs % (1 << 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(scenario: &str) -> World {
        World::new(Hospital::build(200, 7, 1161), scenario.parse().unwrap())
    }

    fn at(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn when_the_icu_switch_dies_its_uplink_and_everything_behind_it_go_and_come_back() {
        let world = world("icu-switch-dies");
        let h = &world.hospital;
        let switch = h.cast.icu_switch;
        let downlink = h.devices[switch].at.unwrap();
        let behind: Vec<usize> = (0..h.devices.len())
            .filter(|d| h.devices[*d].at.is_some_and(|p| h.ports[p].owner == switch))
            .collect();
        assert!(behind.len() > 30);
        for (s, alive) in [
            (0, true),
            (14, true),
            (15, false),
            (239, false),
            (240, true),
        ] {
            let now = world.at(at(s));
            assert_eq!(now.ports[downlink].up, alive, "{s}");
            assert_eq!(now.reaches(switch), alive);
            assert!(behind.iter().all(|d| now.reaches(*d) == alive));
            let others = (0..h.devices.len()).filter(|d| *d != switch && !behind.contains(d));
            assert!(others.into_iter().all(|d| now.reaches(d)), "{s}");
        }
        assert_eq!(world.at(at(300)).boot(switch).unwrap().count, 1);
    }

    #[test]
    fn time_may_be_asked_in_any_order() {
        let (forward, backward) = (world("evening"), world("evening"));
        forward.set_admin(at(50), 3, false);
        backward.set_admin(at(50), 3, false);
        let seconds = [0, 19, 20, 44, 50, 75, 361, 1_000];
        let see = |w: &World, s: u64| {
            let now = w.at(at(s));
            let octets: Vec<_> = (0..60).map(|p| now.octets(&w.hospital, p, at(s))).collect();
            (
                now.start,
                now.ports.clone(),
                octets,
                now.reach.clone(),
                now.stranger,
            )
        };
        let there: Vec<_> = seconds.iter().map(|s| see(&forward, *s)).collect();
        let mut back: Vec<_> = seconds.iter().rev().map(|s| see(&backward, *s)).collect();
        back.reverse();
        assert_eq!(there, back);
    }

    #[test]
    fn counters_rise_while_up_stand_while_down_and_restart_after_a_boot() {
        let world = world("icu-switch-dies");
        let h = &world.hospital;
        let vent = h.devices.iter().find(|d| d.name == "vent-icu3-07").unwrap();
        let port = vent.at.unwrap();
        let uplink = h.devices[h.cast.icu_switch].at.unwrap();
        let see = |p, s| world.at(at(s)).octets(h, p, at(s));
        assert!(see(port, 10).0 > see(port, 5).0);
        assert!(see(uplink, 16).0 >= see(uplink, 14).0);
        assert_eq!(
            see(uplink, 16),
            see(uplink, 200),
            "the core's port has no link"
        );
        assert!(see(uplink, 300) > see(uplink, 200));
        let (before, after) = (see(port, 14), see(port, 300));
        assert!(after.0 < before.0 && after.0 > 0, "{before:?} {after:?}");
        assert!(after.0 < 60 * 900 * 3);
    }

    #[test]
    fn a_port_that_is_shut_loses_its_station_and_gets_it_back() {
        let world = world("quiet");
        let h = &world.hospital;
        let (device, port) = h
            .devices
            .iter()
            .enumerate()
            .find_map(|(n, d)| (d.name == "ws-adm-05").then_some((n, d.at?)))
            .unwrap();
        assert!(world.at(at(9)).reaches(device));
        assert!(world.set_admin(at(10), port, false));
        let (a, b) = (world.at(at(10)), world.at(at(40)));
        assert!(!a.ports[port].admin && !a.ports[port].up && !a.reaches(device));
        assert_eq!(a.octets(h, port, at(10)), b.octets(h, port, at(40)));
        world.set_admin(at(50), port, true);
        let c = world.at(at(60));
        assert!(c.ports[port].up && c.reaches(device));
        assert!(c.octets(h, port, at(60)) > b.octets(h, port, at(40)));
        assert!(
            !world.at(at(20)).reaches(device),
            "the past stays as it was"
        );
    }
}
