//! Every way to a real broker: TLS, client certificates, WebSocket, Unix socket; and what is said
//! where one is barred. Where a server is not installed, its scenarios are `not here`, by name.
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
