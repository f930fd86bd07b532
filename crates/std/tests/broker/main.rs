//! What only this face has: transports of the caller's, drivers that the caller drives, and the
//! examples. What both faces do is in the table of `crates/faces`.
mod driven;
mod examples;
#[expect(dead_code, reason = "each test program uses a part of it")]
#[path = "../support/mod.rs"]
mod support;
mod transports;

use motemq_testing::{broker::Config, server::Server};

fn server() -> Server {
    Server::start(Config::new()).unwrap()
}
