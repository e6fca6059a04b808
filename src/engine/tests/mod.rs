//! Stories: a small hospital, what happens to it, and what people are told.

mod properties;
mod stories;
mod stories_alerts;
mod stories_credentials;
mod stories_identity;
mod stories_quarantine;
mod world;
