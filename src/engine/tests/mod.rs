//! Stories: a small hospital, what happens to it, and what people are told.

mod properties;
mod stories;
mod stories_alerts;
mod stories_conduct;
mod stories_credentials;
mod stories_identified;
mod stories_identity;
mod stories_plans;
mod stories_quarantine;
mod stories_sensors;
mod stories_touch;
mod world;
