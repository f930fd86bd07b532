//! The scenarios on `motemq-tokio`.
pub mod face;
#[path = "scenarios/mod.rs"]
pub mod scenarios;
