//! Against the in-process broker, and against sockets that follow a script.
mod abandoned;
mod connecting;
mod credentials;
mod delivery;
mod large;
mod leaving;
mod patience;
mod profiles;
mod receiving;
mod script;
mod sessions;
#[path = "../support/mod.rs"]
mod support;

use motemq_rig::{broker::Config, server::Server};

fn server() -> Server {
    Server::start(Config::new()).unwrap()
}
