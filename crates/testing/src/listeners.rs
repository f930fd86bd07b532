//! A real mosquitto that can be reached in every way.
use crate::{
    certificates::{Authority, Issued},
    mosquitto::{Mosquitto, free_port, skip},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A mosquitto that listens on plain TCP, TLS, TLS with required client certificates, WebSocket,
/// secure WebSocket, and a Unix socket.
#[derive(Debug)]
pub struct Listeners {
    /// The broker itself, and its plain listener.
    pub broker: Mosquitto,
    /// Who has signed the broker's certificate, and whose clients may come in.
    pub authority: Authority,
    ports: [u16; 4],
    directory: PathBuf,
}

/// TLS for a listener: the lines that say so. `client` says whether a client needs a certificate.
pub fn tls(
    directory: &Path,
    port: u16,
    authority: &Authority,
    server: &Issued,
    client: bool,
) -> Vec<String> {
    let name = format!("server-{port}");
    let (certificate, key) = server.write(directory, &name);
    let ca = directory.join(format!("{name}-ca.pem"));
    fs::write(&ca, authority.pem()).expect("a file for a CA");
    vec![
        format!("listener {port} 127.0.0.1"),
        format!("cafile {}", ca.display()),
        format!("certfile {}", certificate.display()),
        format!("keyfile {}", key.display()),
        format!("require_certificate {client}"),
    ]
}

impl Listeners {
    /// One for the test of this name, or `None` where mosquitto is not installed: the test is to
    /// return then.
    ///
    /// # Panics
    /// As [`mosquitto::for_test`](crate::mosquitto::for_test).
    pub fn for_test(test: &str) -> Option<Self> {
        let authority = Authority::new("Test CA");
        let server = authority.server();
        let ports = [free_port(), free_port(), free_port(), free_port()];
        let mut place = PathBuf::new();
        let started = Mosquitto::start_with(|directory| {
            place = directory.into();
            let [secure, mutual, web, secure_web] = ports;
            let mut lines = vec!["allow_anonymous true".into()];
            lines.extend(tls(directory, secure, &authority, &server, false));
            lines.extend(tls(directory, mutual, &authority, &server, true));
            lines.push(format!("listener {web} 127.0.0.1"));
            lines.push("protocol websockets".into());
            lines.extend(tls(directory, secure_web, &authority, &server, false));
            lines.push("protocol websockets".into());
            if cfg!(unix) {
                lines.push(format!("listener 0 {}", directory.join("socket").display()));
            }
            lines
        });
        let Some(broker) = started else {
            skip(test, "mosquitto is not installed");
            return None;
        };
        Some(Listeners {
            broker,
            authority,
            ports,
            directory: place,
        })
    }

    /// Plain TCP.
    pub fn plain(&self) -> String {
        self.broker.url()
    }

    /// TLS.
    pub fn secure(&self) -> String {
        format!("mqtts://localhost:{}", self.ports[0])
    }

    /// TLS with a client certificate of [`authority`](Self::authority).
    pub fn mutual(&self) -> String {
        format!("mqtts://localhost:{}", self.ports[1])
    }

    /// WebSocket.
    pub fn web(&self) -> String {
        format!("ws://localhost:{}/mqtt", self.ports[2])
    }

    /// WebSocket over TLS.
    pub fn secure_web(&self) -> String {
        format!("wss://localhost:{}/mqtt", self.ports[3])
    }

    /// A Unix socket.
    pub fn unix(&self) -> String {
        format!("unix://{}", self.directory.join("socket").display())
    }

    /// The broker's own directory, for files that go with it.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}
