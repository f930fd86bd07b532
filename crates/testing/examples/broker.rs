//! Serves the broker in memory on a port of 127.0.0.1 until it is interrupted: `cargo run -p motemq-testing
//! --example broker -- 18830`.
use motemq_testing::{
    broker::{Broker, Config},
    server::Server,
};
use std::{env, error::Error, thread};

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args()
        .nth(1)
        .map_or(Ok(0), |port| port.parse())
        .map_err(|_| "usage: broker [PORT]")?;
    let server = Server::start_at(port, Broker::new(Config::new()))?;
    println!("{} (not for production; Ctrl-C ends it)", server.url());
    loop {
        thread::park();
    }
}
