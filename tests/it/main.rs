//! The one integration binary: the program and its rooms against real peers.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod agents;
mod command_line;
mod config_files;
mod farm;
mod first_minutes;
mod hostile;
mod killed;
mod lent;
mod night;
mod past;
mod program;
mod record;
mod remediation;
mod scan_net;
mod sim_serve;
mod support;
mod sweeps;
mod term;
mod touch_capture;
mod touch_property;
mod window;
