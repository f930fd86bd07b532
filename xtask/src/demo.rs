//! `cargo xtask demo`: messages flow, on real sockets, with nothing installed but Rust.
mod command;
mod delivery;

use crate::programs::{cargo, run as run_program};
use clap::Args;
use command::Motemq;
use motemq::QoS;
use motemq_testing::{broker::Config, server::Server};
use std::{io, process::ExitCode, time::Instant};

/// How it is shown.
#[derive(Args)]
pub struct Options {
    /// Leave the broker and a subscriber running for playing, until Enter or Ctrl-C.
    #[arg(long)]
    keep: bool,
}

/// Builds the command `motemq`, shows what it does, and tells whether all was as it should be.
pub fn run(options: &Options) -> ExitCode {
    let shown = if options.keep { play() } else { show() };
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\nFAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

fn show() -> Result<(), String> {
    let (broker, motemq) = begin()?;
    let begun = Instant::now();
    delivery::heartbeat(&motemq)?;
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        delivery::numbered(&motemq, qos)?;
    }
    broker.stop();
    println!(
        "\nEvery message arrived as its QoS promises. That took {:.1} s.",
        begun.elapsed().as_secs_f64()
    );
    println!("To play with it: cargo xtask demo --keep");
    Ok(())
}

fn play() -> Result<(), String> {
    let (broker, motemq) = begin()?;
    let motemq = motemq.shown();
    println!("\nType in another terminal, for example:\n");
    for words in [
        "--pub {at} -t SEGGER/Demo -m \"Hello World\"",
        "--pub {at} -t lamp/state -m on -r -q 2 --repeat 1",
        "--sub {at} -t 'lamp/#' -v",
        "--help",
    ] {
        println!(
            "  {} {}",
            motemq.path(),
            words.replace("{at}", &motemq.at().join(" "))
        );
    }
    println!("\nThis subscriber prints whatever is published; Enter ends it all.\n");
    let mut subscriber = motemq.start(&["--sub", "-t", "#", "-v"])?;
    let read = io::stdin().read_line(&mut String::new());
    if !matches!(read, Ok(n) if n > 0) {
        // Nobody can type Enter here.
        subscriber.wait()?;
    }
    drop(subscriber);
    broker.stop();
    Ok(())
}

fn begin() -> Result<(Server, Motemq), String> {
    // Without TLS, for which OpenSSL would have to be there.
    run_program(cargo([
        "build",
        "--package",
        "motemq-cli",
        "--bin",
        "motemq",
        "--no-default-features",
    ]))?;
    let broker = Server::start(Config::new())
        .map_err(|error| format!("the broker cannot listen on 127.0.0.1: {error}"))?;
    println!(
        "\nA broker listens on {}, within this process.",
        broker.addr()
    );
    let motemq = Motemq::new(broker.addr())?;
    Ok((broker, motemq))
}
