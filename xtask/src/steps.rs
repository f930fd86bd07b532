//! A list of checks, done one after the other, with a summary at the end.
use crate::{machine::Missing, programs};
use std::{
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

#[derive(Debug, PartialEq)]
enum Outcome {
    Passed,
    Failed(String),
    NotHere(String),
}

/// The checks done so far. One that fails does not keep the others from being done.
pub struct Steps {
    begun: Instant,
    done: Vec<(String, Duration, Outcome)>,
    /// A check fails for want of what can be installed.
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

    /// The same, unless this machine lacks what the check needs.
    pub fn run_unless(&mut self, missing: Option<&Missing>, name: &str, command: Command) {
        match missing {
            None => self.run(name, command),
            Some(missing) => self.not_here(name, missing),
        }
    }

    /// A check that is a function.
    pub fn check(&mut self, name: &str, check: impl FnOnce() -> Result<(), String>) {
        println!("\n==> {name}");
        self.finish(name, check);
    }

    /// The same, unless this machine lacks what the check needs.
    pub fn check_unless(
        &mut self,
        missing: Option<&Missing>,
        name: &str,
        check: impl FnOnce() -> Result<(), String>,
    ) {
        match missing {
            None => self.check(name, check),
            Some(missing) => self.not_here(name, missing),
        }
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

    /// A check that this machine cannot do. Where all that can be installed is to be there, it
    /// fails for want of it.
    pub fn not_here(&mut self, name: &str, missing: &Missing) {
        let outcome = match missing {
            Missing::Installable(_) if self.strict => {
                println!("\nFAILED: {name}: not here: {missing}");
                Outcome::Failed(format!("not here: {missing}"))
            }
            _ => {
                println!("\nnot here: {name}: {missing}");
                Outcome::NotHere(missing.to_string())
            }
        };
        self.done.push((name.into(), Duration::ZERO, outcome));
    }

    /// Prints the summary. Success only if nothing failed.
    pub fn summary(self) -> ExitCode {
        println!("\n==> Summary");
        for (name, took, outcome) in &self.done {
            let (word, why) = match outcome {
                Outcome::Passed => ("passed", String::new()),
                Outcome::Failed(why) => (
                    "FAILED",
                    format!(": {}", why.lines().next().unwrap_or_default()),
                ),
                Outcome::NotHere(why) => ("not here", format!(": {why}")),
            };
            println!("{} {word:<8} {name}{why}", seconds(*took));
        }
        let good = self.are_good();
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

    fn are_good(&self) -> bool {
        !self
            .done
            .iter()
            .any(|(_, _, outcome)| matches!(outcome, Outcome::Failed(_)))
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:7.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(strict: bool, missing: Missing) -> bool {
        let mut steps = Steps::new(strict);
        steps.check("there", || Ok(()));
        steps.check_unless(Some(&missing), "not there", || {
            Err("it was looked for all the same".into())
        });
        steps.are_good()
    }

    #[test]
    fn only_what_can_be_installed_fails_and_only_where_it_is_to_be() {
        let installable = || Missing::Installable("type this".into());
        let unsupported = || Missing::Unsupported("another system has it".into());
        assert!(good(false, installable()) && !good(true, installable()));
        assert!(good(false, unsupported()) && good(true, unsupported()));
    }

    #[test]
    fn a_check_that_fails_is_told() {
        let mut steps = Steps::new(false);
        steps.check("bad", || Err("why".into()));
        steps.check("good", || Ok(()));
        assert!(!steps.are_good());
        assert_eq!(steps.done[0].2, Outcome::Failed("why".into()));
    }
}
