//! The command `motemq`: publishes to and subscribes at an MQTT 3.1.1 broker. Nothing here is for
//! other programs: they have `motemq-std`.
mod args;
mod connection;
mod doctor;
mod exit;
mod input;
mod notice;
mod output;
mod publish;
mod stop;
mod subscribe;
mod target;
#[cfg(feature = "_tls")]
mod tls;
mod transport;

use args::{CommandLine, Line};
use exit::{Exit, Failure};
use std::{ffi::OsString, process::ExitCode};

/// Does what the command line of this process says.
pub fn main() -> ExitCode {
    let outcome = match args::read() {
        Line::Command(line) => run(&line),
        Line::Doctor(line) => doctor::run(&line),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(Failure {
            exit: Exit::Usage,
            words,
        }) => args::wrong(words),
        Err(Failure { exit, words }) => {
            notice::say(words);
            exit.into()
        }
    }
}

fn run(line: &CommandLine) -> Result<Exit, Failure> {
    if line.transport.is_insecure() {
        notice::say(
            "warning: --insecure takes any certificate: whoever is between here and the broker can read and change everything",
        );
    }
    let target = target::Target::of(line).map_err(|words| Failure::new(Exit::Usage, words))?;
    if line.publish {
        publish::run(line, target)
    } else {
        subscribe::run(line, target)
    }
}

/// Reads a command line, the program's name first, and does nothing. For fuzzing.
///
/// # Errors
/// The text of the error that the user would see.
#[doc(hidden)]
pub fn check(words: impl IntoIterator<Item = OsString>) -> Result<(), String> {
    let line = CommandLine::parse_from(words).map_err(|error| error.to_string())?;
    target::Target::of(&line).map(|_| ())
}
