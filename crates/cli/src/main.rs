//! The command `motemq`: publishes to and subscribes at an MQTT 3.1.1 broker.
mod args;
mod connection;
mod exit;
mod input;
mod notice;
mod output;
mod publish;
mod stop;
mod subscribe;
mod target;
#[cfg(feature = "tls")]
mod tls;
mod transport;

use exit::{Exit, Failure};
use std::process::ExitCode;

fn main() -> ExitCode {
    let line = args::CommandLine::read();
    if line.transport.is_insecure() {
        notice::say("warning: --insecure takes any certificate: whoever is between here and the broker can read and change everything");
    }
    let outcome = match target::Target::of(&line) {
        Ok(target) if line.publish => publish::run(&line, target),
        Ok(target) => subscribe::run(&line, target),
        Err(words) => Err(Failure::new(Exit::Usage, words)),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(Failure { exit: Exit::Usage, words }) => args::wrong(words),
        Err(Failure { exit, words }) => {
            notice::say(words);
            exit.into()
        }
    }
}
