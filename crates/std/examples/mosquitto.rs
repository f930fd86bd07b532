//! A client of mosquitto: `cargo run -p motemq-std --example mosquitto -- mqtt://localhost`.
//!
//! Keeps a counter in a retained message: each run finds what the last one left.
use motemq_std::{Client, Filter, Options, Publish, QoS, profile::MOSQUITTO};
use std::{env, error::Error, time::Duration};

fn main() -> Result<(), Box<dyn Error>> {
    run(env::args().skip(1))
}

/// The same with other arguments, for tests.
pub fn run(mut args: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let Some(url) = args.next() else {
        return Err("say where: mosquitto mqtt://localhost".into());
    };
    let client = Client::connect(Options::from_url(&url)?.profile(&MOSQUITTO))?;
    let mut messages = client.subscribe(&[Filter::new("motemq/runs", QoS::ExactlyOnce)])?;
    let last = messages.recv_timeout(Duration::from_millis(500));
    let runs: u64 = last
        .ok()
        .and_then(|message| std::str::from_utf8(&message.payload).ok()?.parse().ok())
        .unwrap_or(0)
        + 1;
    println!("run number {runs}");
    let text = runs.to_string();
    let publish = Publish::to("motemq/runs").payload(text.as_bytes());
    client
        .publish(&publish.qos(QoS::ExactlyOnce).retain())?
        .wait()?;

    // Refused here, where it costs nothing: mosquitto 2.1 would hang up.
    let error = client
        .publish(&Publish::to("motemq/runs").payload(&vec![0; 2_000_000]))
        .expect_err("a limit");
    println!("{error}");
    Ok(client.disconnect(Duration::from_secs(10))?)
}
