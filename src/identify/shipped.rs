//! The rules that are shipped with the program.

use std::sync::LazyLock;

use super::compile::Rules;
use super::rule::RuleError;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../config/identify/", $name)))),*]
    };
}

/// In the order in which equals win.
pub(super) const FILES: &[(&str, &str)] = files![
    "cisco.toml",
    "network.toml",
    "wireless.toml",
    "security.toml",
    "power.toml",
    "environment.toml",
    "printers.toml",
    "servers.toml",
    "storage.toml",
    "devices.toml",
    "hosts.toml",
];

/// What is shipped, compiled once. A mistake in it is found by the tests; a program that has one all the same says so.
pub fn shipped() -> Result<&'static Rules, &'static [RuleError]> {
    static RULES: LazyLock<Result<Rules, Vec<RuleError>>> =
        LazyLock::new(|| Rules::read(FILES.iter().copied()));
    match &*RULES {
        Ok(rules) => Ok(rules),
        Err(mistakes) => Err(mistakes),
    }
}
