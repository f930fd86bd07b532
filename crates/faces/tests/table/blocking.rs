//! The scenarios on `motemq-std`.
mod face;
#[path = "scenarios/mod.rs"]
pub mod scenarios;
