//! The scenarios on `motemq-tokio`.
#[path = "scenarios/mod.rs"]
pub mod scenarios;
use motemq_faces::asynchronous as face;
