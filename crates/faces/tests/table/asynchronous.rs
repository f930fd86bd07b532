//! The scenarios on `motemq-tokio`.
mod face;
#[path = "scenarios/mod.rs"]
pub mod scenarios;
