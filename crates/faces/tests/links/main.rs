//! Scenarios with peers and links that are slow or hostile: few run at once, since their time limits
//! are short.
#![allow(
    clippy::duplicate_mod,
    reason = "each scenario is compiled for each of the faces"
)]
use std::process::ExitCode;

mod asynchronous;
mod blocking;

fn main() -> ExitCode {
    motemq_faces::run(
        4,
        blocking::scenarios::all(),
        asynchronous::scenarios::all(),
    )
}
