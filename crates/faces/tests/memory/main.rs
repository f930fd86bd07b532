//! Scenarios that run one after the other, since everything allocated is counted.
#![allow(
    clippy::duplicate_mod,
    reason = "each scenario is compiled for each of the faces"
)]
use peak_alloc::PeakAlloc;
use std::process::ExitCode;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

mod asynchronous;
mod blocking;

fn main() -> ExitCode {
    motemq_faces::run(
        1,
        blocking::scenarios::all(),
        asynchronous::scenarios::all(),
    )
}
