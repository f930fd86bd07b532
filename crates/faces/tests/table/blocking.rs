//! The scenarios on `motemq-std`.
pub mod face;
#[path = "scenarios/mod.rs"]
pub mod scenarios;
