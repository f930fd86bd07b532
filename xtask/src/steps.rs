//! A list of checks, done one after the other, with a summary at the end.
use crate::programs;
use std::{
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

/// The checks done so far. One that fails does not keep the others from being done.
pub struct Steps {
    begun: Instant,
    done: Vec<(String, Duration, Outcome)>,
    /// A skipped check counts as a failed one.
    strict: bool,
}

impl Steps {
    /// None yet.
    pub fn new(strict: bool) -> Self {
        Steps {
            begun: Instant::now(),
            done: Vec::new(),
            strict,
        }
    }

    /// A check that is a program's exit status.
    pub fn run(&mut self, name: &str, command: Command) {
        println!("\n==> {name}: {}", programs::spelling(&command));
        self.finish(name, || programs::run(command));
    }

    /// A check that is a function.
    pub fn check(&mut self, name: &str, check: impl FnOnce() -> Result<(), String>) {
        println!("\n==> {name}");
        self.finish(name, check);
    }

    fn finish(&mut self, name: &str, check: impl FnOnce() -> Result<(), String>) {
        let begun = Instant::now();
        let outcome = match check() {
            Ok(()) => Outcome::Passed,
            Err(why) => {
                println!("FAILED: {name}: {why}");
                Outcome::Failed(why)
            }
        };
        let took = begun.elapsed();
        println!("<== {name}: {}", seconds(took).trim_start());
        self.done.push((name.into(), took, outcome));
    }

    /// A check that this machine cannot do; `why` says what is missing and where to get it.
    pub fn skip(&mut self, name: &str, why: &str) {
        println!("\nSKIPPED: {name}: {why}");
        self.done
            .push((name.into(), Duration::ZERO, Outcome::Skipped(why.into())));
    }

    /// Prints the summary. Success only if nothing failed.
    pub fn summary(self) -> ExitCode {
        println!("\n==> Summary");
        let mut good = true;
        for (name, took, outcome) in &self.done {
            let (word, why) = match outcome {
                Outcome::Passed => ("passed", String::new()),
                Outcome::Failed(why) => (
                    "FAILED",
                    format!(": {}", why.lines().next().unwrap_or_default()),
                ),
                Outcome::Skipped(why) => ("SKIPPED", format!(": {why}")),
            };
            good &= match outcome {
                Outcome::Passed => true,
                Outcome::Failed(_) => false,
                Outcome::Skipped(_) => !self.strict,
            };
            println!("{} {word:<7} {name}{why}", seconds(*took));
        }
        println!(
            "{} {}",
            seconds(self.begun.elapsed()),
            if good {
                "all in all: passed"
            } else {
                "all in all: FAILED"
            }
        );
        if good {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:7.1} s", duration.as_secs_f64())
}
