//! Against a real mosquitto. Where it is not installed these scenarios are `not here`, by name,
//! unless `MOTEMQ_REQUIRE` is set.
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
