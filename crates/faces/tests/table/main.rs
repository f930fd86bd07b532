//! Runs every scenario against both faces.
//!
//! Most of them wait for something, so many run at once; `--test-threads` says otherwise.
#![allow(
    clippy::duplicate_mod,
    reason = "each scenario is compiled for each of the faces"
)]
mod asynchronous;
mod blocking;

use libtest_mimic::{Arguments, Trial, run};
use std::process::ExitCode;

/// How many scenarios run at once.
const AT_ONCE: usize = 12;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let trials = [
        (blocking::face::NAME, blocking::scenarios::all()),
        (asynchronous::face::NAME, asynchronous::scenarios::all()),
    ]
    .into_iter()
    .flat_map(|(face, scenarios)| {
        scenarios.into_iter().map(move |(name, scenario)| {
            let run = move || {
                scenario();
                Ok(())
            };
            Trial::test(format!("{face}::{name}"), run)
        })
    });
    run(&arguments, trials.collect()).exit_code()
}
