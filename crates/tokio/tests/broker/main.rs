//! What only this face has: futures that are dropped, and a clock that stands still. What both faces
//! do is in the table of `crates/faces`.
mod cancel;
mod line;
mod time;

use motemq_testing::{broker::Config, server::Server};
use motemq_tokio::Options;
use std::{future::Future, time::Duration};
use tokio::time::timeout;

/// Longer than anything takes that works.
const SOON: Duration = Duration::from_secs(20);

fn server() -> Server {
    Server::start(Config::new()).unwrap()
}

fn options(server: &Server, client_id: &str) -> Options {
    Options::new(client_id).broker("127.0.0.1", server.addr().port())
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(SOON, work)
        .await
        .expect("done within twenty seconds")
}
