//! Scenarios that both faces of the managed client pass: `motemq-std`, which blocks, and
//! `motemq-tokio`, which is asynchronous.
//!
//! A scenario is a function below `tests`, and stands in a [`table!`]. It is written once, in the
//! words of the blocking face, and compiled twice: `super::face` is [`blocking`], which is
//! `motemq-std` itself, or [`asynchronous`], which has the same names and signatures over
//! `motemq-tokio`. So a scenario compiles only if both faces have the same options, methods and
//! errors, and passes only if they do the same. The modules are named after the rules of the managed
//! client, which the architecture page of the project lists, or after their subject.
//!
//! What only one face has is tested beside that face: batches and drivers that the caller drives in
//! `crates/std`, futures that are dropped and a clock that stands still in `crates/tokio`.
//!
//! ```console
//! $ cargo test -p motemq-faces                          # all, but for the store
//! $ cargo test -p motemq-faces --features store         # all
//! $ cargo test -p motemq-faces --test table -- rule_04  # the scenarios of a rule, on both faces
//! ```
pub mod asynchronous;
pub mod blocking;

use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

/// A scenario with its name.
pub type Scenario = (&'static str, fn());

/// Defines `all`, which returns scenarios with their names. Each module stands with its scenarios,
/// one a line.
#[macro_export]
macro_rules! table {
    ($($(#[$when:meta])? $module:ident: $($name:ident)*;)*) => {
        /// Returns the table.
        pub fn all() -> Vec<$crate::Scenario> {
            let mut all: Vec<$crate::Scenario> = Vec::new();
            $(
                $(#[$when])?
                all.extend([$(
                    (
                        concat!(stringify!($module), "::", stringify!($name)),
                        $module::$name as fn(),
                    ),
                )*]);
            )*
            all
        }
    };
}

/// Runs the scenarios of both faces, so many at once unless `--test-threads` says otherwise.
pub fn run(at_once: usize, blocking: Vec<Scenario>, asynchronous: Vec<Scenario>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(at_once);
    let trial = |face: &str, (name, scenario): Scenario| {
        let run = move || {
            scenario();
            Ok(())
        };
        Trial::test(format!("{face}::{name}"), run)
    };
    let both = blocking.into_iter().zip(asynchronous);
    let trials = both.flat_map(|(blocking, asynchronous)| {
        [
            trial(blocking::NAME, blocking),
            trial(asynchronous::NAME, asynchronous),
        ]
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
