//! A real aedes 2, a broker in JavaScript that speaks MQTT 5, for tests, where it has been fetched.
use crate::{
    daemon::{Daemon, skip},
    mosquitto::{find, free_port},
};
use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// The package, as npm spells it.
pub const PACKAGE: &str = "aedes@2.0.0-beta.1";

/// An aedes on a free port of 127.0.0.1, which is gone when it is dropped.
#[derive(Debug)]
pub struct Aedes {
    port: u16,
    daemon: Daemon,
}

/// The directory into which npm puts it: `aedes` in the one that cargo builds into.
pub fn directory() -> PathBuf {
    let target = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(target), PathBuf::from)
        .join("aedes")
}

/// Whether it has been fetched, and there is a Node.js to run it.
pub fn is_here() -> bool {
    find("node").is_some() && program().is_file()
}

fn program() -> PathBuf {
    directory().join("node_modules/aedes/aedes.js")
}

/// An aedes with these options for the test of this name, or `None` where there is none: the test
/// is to return then.
///
/// # Panics
/// If there is none and [`MOTEMQ_REQUIRE`](crate::mosquitto::REQUIRE) is set, or if it does not
/// start.
pub fn for_test(test: &str, options: &str) -> Option<Aedes> {
    if !program().is_file() {
        skip(test, "aedes 2");
        return None;
    }
    let port = free_port();
    let daemon = Daemon::for_test(test, "node", port, |directory| {
        let script = directory.join("broker.mjs");
        let program = fs::canonicalize(program()).expect("it is there");
        let text = format!(
            "import {{ Aedes }} from 'file://{}'\n\
             import net from 'node:net'\n\
             const broker = await Aedes.createBroker({{ {options} }})\n\
             net.createServer(broker.handle).listen({port}, '127.0.0.1')\n",
            program.display()
        );
        fs::write(&script, text).expect("a script for node");
        vec![script.display().to_string()]
    })?;
    Some(Aedes { port, daemon })
}

impl Aedes {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        self.daemon.log()
    }
}
