//! What goes wrong, and when: steps at seconds after the start.

use std::str::FromStr;

use crate::model::Text;

/// Something that happens to the hospital.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The access switch of the intensive care unit loses power.
    IcuSwitchDies,
    /// It boots again.
    IcuSwitchReturns,
    /// A UPS loses its mains.
    UpsOnBattery,
    /// Mains are back.
    UpsOnMains,
    /// A station that nobody declared is plugged in, in a clinical segment.
    StrangerAppears,
    /// It is pulled out.
    StrangerLeaves,
    /// One of the two power supplies of a switch of the intensive care unit fails.
    SupplyFails,
    /// It is exchanged.
    SupplyReplaced,
    /// The compressor of a medicine refrigerator stops.
    FridgeWarms,
    /// It runs again.
    FridgeCools,
}

/// A named course of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// Seconds after the start, in order.
    pub steps: &'static [(u32, Step)],
}

/// All scenarios; the first is the default.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "evening",
        about: "several things go wrong one after the other",
        steps: &[
            (20, Step::IcuSwitchDies),
            (45, Step::UpsOnBattery),
            (70, Step::StrangerAppears),
            (360, Step::IcuSwitchReturns),
            (900, Step::UpsOnMains),
        ],
    },
    Scenario {
        name: "quiet",
        about: "nothing happens",
        steps: &[],
    },
    Scenario {
        name: "icu-switch-dies",
        about: "the switch of the intensive care unit dies with everything behind it",
        steps: &[(15, Step::IcuSwitchDies), (240, Step::IcuSwitchReturns)],
    },
    Scenario {
        name: "rogue-station",
        about: "a station that nobody declared appears in a clinical segment",
        steps: &[(15, Step::StrangerAppears), (900, Step::StrangerLeaves)],
    },
    Scenario {
        name: "ups-on-battery",
        about: "a UPS loses its mains, its runtime falls",
        steps: &[(15, Step::UpsOnBattery), (1_800, Step::UpsOnMains)],
    },
    Scenario {
        name: "parts-fail",
        about: "a power supply of a switch fails, a medicine refrigerator warms up",
        steps: &[
            (15, Step::SupplyFails),
            (20, Step::FridgeWarms),
            (1_500, Step::FridgeCools),
            (1_800, Step::SupplyReplaced),
        ],
    },
];

impl Default for Scenario {
    fn default() -> Self {
        SCENARIOS[0]
    }
}

/// A word that names no scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{name}' is no scenario; there are {}", known())]
pub struct BadScenario {
    /// The word.
    pub name: Text,
}

fn known() -> String {
    let names: Vec<&str> = SCENARIOS.iter().map(|s| s.name).collect();
    names.join(", ")
}

impl FromStr for Scenario {
    type Err = BadScenario;

    fn from_str(name: &str) -> Result<Self, BadScenario> {
        SCENARIOS
            .iter()
            .find(|s| s.name == name)
            .copied()
            .ok_or_else(|| BadScenario { name: name.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_found_by_name_and_its_steps_stand_in_order() {
        for s in SCENARIOS {
            assert_eq!(s.name.parse::<Scenario>(), Ok(*s));
            assert!(s.steps.is_sorted_by_key(|step| step.0), "{}", s.name);
        }
        assert_eq!(Scenario::default().name, "evening");
        let error = "dawn".parse::<Scenario>().unwrap_err().to_string();
        assert_eq!(
            error,
            "'dawn' is no scenario; there are evening, quiet, icu-switch-dies, rogue-station, ups-on-battery, parts-fail"
        );
    }
}
