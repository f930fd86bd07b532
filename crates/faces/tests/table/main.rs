//! The scenarios that can run beside each other.
#![allow(
    clippy::duplicate_mod,
    reason = "each scenario is compiled for each of the faces"
)]
use std::process::ExitCode;

mod asynchronous;
mod blocking;

fn main() -> ExitCode {
    // Most of them wait for something.
    motemq_faces::run(
        12,
        blocking::scenarios::all(),
        asynchronous::scenarios::all(),
    )
}
