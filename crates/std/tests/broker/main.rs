//! What only this face has: transports of the caller's, drivers that the caller drives, and the
//! examples. What both faces do is in the table of `crates/faces`.
mod driven;
mod examples;
mod transports;

use motemq_std::{Client, Options, Reconnect};
use motemq_testing::{broker::Config, server::Server};
use std::{net::SocketAddr, time::Duration};

/// Longer than anything takes that works.
const SOON: Duration = Duration::from_secs(10);

/// A client that does not come back.
fn connect(broker: SocketAddr, client_id: &str) -> Client {
    let options = Options::new(client_id).broker(broker.ip().to_string(), broker.port());
    Client::connect(options.reconnect(Reconnect::Never)).unwrap()
}

fn server() -> Server {
    Server::start(Config::new()).unwrap()
}
