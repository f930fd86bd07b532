//! The brokers: how each is installed, started on loopback in a folder of its own, and stopped.
mod activemq;
mod aedes;
mod ejabberd;
mod mosquitto;
mod nats;
mod rabbitmq;

use crate::{
    process::{self, Group},
    secrets::Secrets,
};
use motemq_std::Tls;
use motemq_testing::mosquitto::find;
use std::{
    env, fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// All of them, in the order of the matrix.
pub const ALL: [&Broker; 6] = [
    &mosquitto::BROKER,
    &nats::BROKER,
    &ejabberd::BROKER,
    &aedes::BROKER,
    &rabbitmq::BROKER,
    &activemq::BROKER,
];

/// How long one may take until it listens.
const START: Duration = Duration::from_secs(90);

/// A broker that can be run here.
pub struct Broker {
    /// What it is called.
    pub name: &'static str,
    /// Programs (or files) that have to be there, and the Debian packages that hold them.
    pub packages: &'static [(&'static str, &'static str)],
    /// What comes from elsewhere.
    pub fetched: Option<Fetched>,
    /// Prints its version.
    pub version: fn(&Place) -> Command,
    /// Starts it.
    pub start: fn(&Place, &Secrets) -> Result<Started, String>,
    /// User name and password, where it wants some.
    pub login: Option<(&'static str, &'static str)>,
    /// Where it departs from the standard, as far as clients can see.
    pub known: &'static [&'static str],
}

/// A program that no Debian package holds.
pub struct Fetched {
    /// Where it lies in its folder.
    pub program: &'static str,
    /// Where it comes from, for people.
    pub from: &'static str,
    /// Gets it into this folder.
    pub get: fn(&Path) -> Command,
}

/// Where a broker keeps what it keeps.
pub struct Place {
    /// Its data; empty at the beginning.
    pub dir: PathBuf,
    /// What was fetched.
    pub fetched: PathBuf,
}

/// A broker that was started.
pub struct Started {
    pub group: Group,
    /// Where it listens.
    pub listeners: Vec<Listener>,
    /// What is to be done when it has ended.
    pub afterwards: Option<Command>,
}

/// Where a broker listens for what.
#[derive(Clone)]
pub struct Listener {
    /// What it is called in the matrix.
    pub transport: &'static str,
    pub url: String,
    /// Clients have to show a certificate.
    pub mutual: bool,
}

impl Listener {
    /// Plain TCP.
    pub fn tcp(port: u16) -> Self {
        Listener {
            transport: "TCP",
            url: format!("mqtt://127.0.0.1:{port}"),
            mutual: false,
        }
    }

    /// TLS.
    pub fn tls(port: u16) -> Self {
        Listener {
            transport: "TLS",
            url: format!("mqtts://127.0.0.1:{port}"),
            mutual: false,
        }
    }

    /// TLS with a client certificate.
    pub fn mutual(port: u16) -> Self {
        Listener {
            transport: "TLS, client certificate",
            url: format!("mqtts://127.0.0.1:{port}"),
            mutual: true,
        }
    }

    /// WebSocket with this path.
    pub fn websocket(port: u16, path: &str) -> Self {
        Listener {
            transport: "WebSocket",
            url: format!("ws://127.0.0.1:{port}{path}"),
            mutual: false,
        }
    }

    /// WebSocket over TLS with this path.
    pub fn secure_websocket(port: u16, path: &str) -> Self {
        Listener {
            transport: "WebSocket, TLS",
            url: format!("wss://127.0.0.1:{port}{path}"),
            mutual: false,
        }
    }
}

/// Where and as whom clients connect.
#[derive(Clone)]
pub struct Address {
    pub url: String,
    pub login: Option<(&'static str, &'static str)>,
    /// The CA to be trusted, where there is TLS.
    pub ca: Option<PathBuf>,
    /// The certificate to be shown, and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

impl Address {
    /// What clients need for this listener.
    pub fn of(broker: &Broker, listener: &Listener, secrets: &Secrets) -> Self {
        let secure = listener.url.starts_with("mqtts") || listener.url.starts_with("wss");
        Address {
            url: listener.url.clone(),
            login: broker.login,
            ca: secure.then(|| secrets.ca.clone()),
            certificate: listener.mutual.then(|| secrets.client.clone()),
        }
    }

    /// The same for the libraries; `None` where there is no TLS.
    pub fn tls(&self) -> Result<Option<Tls>, String> {
        let Some(ca) = &self.ca else { return Ok(None) };
        let tls = Tls::new()
            .ca_file(ca)
            .and_then(|tls| match &self.certificate {
                Some((certificate, key)) => tls.identity_files(certificate, key, None),
                None => Ok(tls),
            });
        tls.map(Some).map_err(|error| error.to_string())
    }
}

impl Broker {
    /// Debian packages that are missing.
    pub fn missing_packages(&self) -> Vec<&'static str> {
        let there = |name: &str| {
            if name.starts_with('/') {
                Path::new(name).exists()
            } else {
                find(name).is_some()
            }
        };
        self.packages
            .iter()
            .filter(|(name, _)| !there(name))
            .map(|&(_, package)| package)
            .collect()
    }

    /// What else is missing, for people.
    pub fn missing_program(&self, place: &Place) -> Option<&'static str> {
        self.fetched
            .as_ref()
            .filter(|fetched| !place.fetched.join(fetched.program).exists())
            .map(|fetched| fetched.from)
    }

    /// Gets what no Debian package holds.
    pub fn fetch(&self, place: &Place) -> Result<(), String> {
        let Some(Fetched { get, .. }) = &self.fetched else {
            return Ok(());
        };
        fs::create_dir_all(&place.fetched)
            .map_err(|error| format!("cannot make {}: {error}", place.fetched.display()))?;
        process::read(get(&place.fetched)).map(drop)
    }

    /// Where it keeps what it keeps, below the target directory.
    pub fn place(&self) -> Place {
        let top = PathBuf::from(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
            .join("interop");
        let top = std::path::absolute(&top).unwrap_or(top);
        Place {
            dir: top.join(format!("{}-run", self.name)),
            fetched: top.join(self.name),
        }
    }

    /// Starts it with an empty folder, and waits until it listens everywhere.
    pub fn run(&self, place: &Place) -> Result<(Started, Secrets), String> {
        // Of an earlier run; it need not be there.
        let _ = fs::remove_dir_all(&place.dir);
        fs::create_dir_all(&place.dir)
            .map_err(|error| format!("cannot make {}: {error}", place.dir.display()))?;
        let secrets = Secrets::make(&place.dir)?;
        let mut started = (self.start)(place, &secrets)?;
        let end = Instant::now() + START;
        for Listener { url, .. } in &started.listeners {
            let address = url
                .split("//")
                .nth(1)
                .and_then(|rest| rest.split('/').next())
                .unwrap_or_default();
            while TcpStream::connect(address).is_err() {
                if let Some(status) = started.group.ended() {
                    return Err(format!("it ended with {status}: {}", place.last_words()));
                }
                if Instant::now() > end {
                    return Err(format!(
                        "it does not listen on {address} after {START:?}: {}",
                        place.last_words()
                    ));
                }
                thread::sleep(Duration::from_millis(100));
            }
        }
        Ok((started, secrets))
    }
}

impl Started {
    /// Ends it and all that it has started.
    pub fn stop(mut self) {
        self.group.stop();
        if let Some(command) = self.afterwards.take() {
            // What is to end may have ended.
            let _ = process::read(command);
        }
    }
}

impl Place {
    /// Writes a file into its folder.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.dir.join(name);
        let parent = path.parent().unwrap_or(&self.dir);
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, text));
        written
            .map(|()| path.clone())
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    /// Starts a program of a broker; what it prints goes into its folder.
    pub fn start(&self, command: Command) -> Result<Group, String> {
        Group::start(command, &self.dir.join("log"))
    }

    fn last_words(&self) -> String {
        let log = fs::read(self.dir.join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("; ")
    }
}
