//! The command `motemq`: publishes to and subscribes at an MQTT 3.1.1 broker. Nothing here is for
//! other programs: they have `motemq-std`.
mod args;
mod connection;
mod doctor;
mod exit;
mod format;
mod generated;
mod input;
mod notice;
mod output;
mod patient;
mod progress;
mod publish;
mod screen;
mod stop;
mod subscribe;
mod target;
#[cfg(feature = "_tls")]
mod tls;
mod transport;

use args::{CommandLine, Line, Verb};
use exit::{Exit, Failure};
use std::{ffi::OsString, process::ExitCode};

/// Does what the command line of this process says.
pub fn main() -> ExitCode {
    let (grammar, line) = args::read();
    let outcome = match line {
        Line::Command(line) => run(&line),
        Line::Doctor(line) => doctor::run(&line),
        Line::Completions(shell) => generated::completions(shell),
        Line::Manual(verb) => generated::manual(verb.as_deref()),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(Failure {
            exit: Exit::Usage,
            words,
        }) => args::wrong(grammar, words),
        Err(Failure { exit, words }) => {
            progress::end();
            notice::say(words);
            exit.into()
        }
    }
}

fn run(line: &CommandLine) -> Result<Exit, Failure> {
    if line.common.quiet {
        notice::be_quiet();
    }
    if line.transport.is_insecure() {
        notice::say(
            "warning: --insecure takes any certificate: whoever is between here and the broker can read and change everything",
        );
    }
    let target = target::Target::of(line)?;
    match &line.verb {
        Verb::Publish {
            message,
            repeats_text,
        } => publish::run(line, message, *repeats_text, target),
        Verb::Subscribe(args) => subscribe::run(line, args, target),
    }
}

/// Reads a command line, the program's name first, and does nothing. For fuzzing.
///
/// # Errors
/// The text of the error that the user would see.
#[doc(hidden)]
pub fn check(words: impl IntoIterator<Item = OsString>) -> Result<(), String> {
    match args::parse(
        words.into_iter().collect(),
        &args::Surroundings::of_process(),
    ) {
        // Nobody answers.
        Ok((_, Line::Command(line)))
            if line.connection.asks_for_password() || line.transport.asks_for_password() =>
        {
            Ok(())
        }
        Ok((_, Line::Doctor(line)))
            if line.connection.asks_for_password() || line.transport.asks_for_password() =>
        {
            Ok(())
        }
        Ok((_, Line::Command(line))) => target::Target::of(&line)
            .map(drop)
            .map_err(|failure| failure.words),
        Ok((_, Line::Doctor(line))) => doctor::target(&line)
            .map(drop)
            .map_err(|failure| failure.words),
        Ok((_, Line::Completions(_) | Line::Manual(_))) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
