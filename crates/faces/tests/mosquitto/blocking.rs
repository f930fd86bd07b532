//! The scenarios on `motemq-std`.
#[path = "scenarios/mod.rs"]
pub mod scenarios;
use motemq_faces::blocking as face;
