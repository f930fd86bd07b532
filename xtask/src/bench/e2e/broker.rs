//! The broker that only acknowledges.
use crate::programs::program;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
};

/// A running broker, which ends when it is dropped.
pub struct Broker {
    process: Child,
    port: String,
}

impl Broker {
    /// Starts the broker that is in the program of the clients.
    pub fn start(clients: &Path) -> Result<Self, String> {
        let cannot = |error| format!("cannot start the broker: {error}");
        let mut process = program(clients, ["broker"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        let mut port = String::new();
        if let Some(said) = process.stdout.take() {
            BufReader::new(said).read_line(&mut port).map_err(cannot)?;
        }
        port.truncate(port.trim_end().len());
        Ok(Broker { process, port })
    }

    pub fn port(&self) -> &str {
        &self.port
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
