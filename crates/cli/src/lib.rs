//! The library behind the command `motemq`, which publishes messages to an MQTT broker and
//! subscribes to topics. It has no public interface for other programs, which use `motemq-std` or
//! `motemq-tokio`. The README of the package explains the command, and lists its features.
mod args;
#[cfg(feature = "bench")]
mod bench;
mod connection;
mod doctor;
mod driving;
mod exit;
mod format;
mod generated;
mod input;
mod notice;
mod output;
mod patient;
mod printing;
mod progress;
mod prompt;
mod publish;
mod record;
mod recording;
mod replay;
mod request;
mod screen;
mod stop;
mod subscribe;
mod subscriptions;
mod target;
#[cfg(feature = "_tls")]
mod tls;
mod transport;
#[cfg(feature = "watch")]
mod watch;

use args::{BrokerArgs, CommandLine, Line, Verb};
use exit::{Exit, Failure};
use std::{ffi::OsString, process::ExitCode};

/// Does what the command line of this process says.
pub fn main() -> ExitCode {
    let (grammar, line) = args::read();
    begin(&line);
    let outcome = match line {
        Line::Command(line) => run(&line),
        Line::Request(line) => request::run(&line),
        Line::Doctor(line) => doctor::run(&line),
        Line::Record(line) => record::run(&line),
        #[cfg(feature = "bench")]
        Line::Bench(line) => bench::run(&line),
        #[cfg(feature = "watch")]
        Line::Watch(line) => watch::run(&line),
        Line::Replay(line) => replay::run(&line),
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

/// Says what has to be said before anything is done.
fn begin(line: &Line) {
    if line.is_quiet() {
        notice::be_quiet();
    }
    // What it finds out is more than a warning.
    let is_doctor = matches!(line, Line::Doctor(_));
    let broker = line.broker().filter(|_| !is_doctor);
    if broker.is_some_and(|broker| broker.transport.is_insecure()) {
        notice::say(
            "warning: --insecure takes any certificate: whoever is between here and the broker can read and change everything",
        );
    }
}

fn run(line: &CommandLine) -> Result<Exit, Failure> {
    // The time limit holds from here on: a file to be read may be a pipe without a writer.
    let stop = stop::Stop::after(line.common.give_up);
    let target = target::Target::of(line)?;
    match &line.verb {
        Verb::Publish {
            message,
            repeats_text,
        } => publish::run(line, message, *repeats_text, target, stop),
        Verb::Subscribe(args) => subscribe::run(line, args, target, stop),
    }
}

/// Reads a command line, the program's name first, and does nothing. For fuzzing.
///
/// # Errors
/// The text of the error that the user would see.
#[doc(hidden)]
pub fn check(words: impl IntoIterator<Item = OsString>) -> Result<(), String> {
    let (_, line) = args::parse(
        words.into_iter().collect(),
        &args::Surroundings::of_process(),
    )
    .map_err(|error| error.to_string())?;
    // Nobody answers.
    if line.broker().is_some_and(BrokerArgs::asks_for_password) {
        return Ok(());
    }
    let target = match &line {
        Line::Command(line) => target::Target::of(line),
        Line::Request(line) => request::target(line),
        Line::Doctor(line) => doctor::target(line),
        Line::Record(line) => record::target(line),
        Line::Replay(line) => replay::target(line),
        #[cfg(feature = "watch")]
        Line::Watch(line) => watch::target(line),
        #[cfg(feature = "bench")]
        Line::Bench(line) => bench::target(line),
        Line::Completions(_) | Line::Manual(_) => return Ok(()),
    };
    target.map(drop).map_err(|failure| failure.words)
}
