//! The brokers: how each is installed, started on loopback in a folder of its own, and stopped.
mod activemq;
mod aedes;
mod artemis;
mod ejabberd;
mod hivemq;
mod java;
mod mochi;
mod moquette;
mod mosquitto;
mod nats;
mod rabbitmq;

use crate::{
    process::{self, Group, Signal},
    secrets::Secrets,
};
use motemq_std::{Tls, Version};
use motemq_testing::mosquitto::find;
use std::{
    env, fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// All of them, in the order of the matrix.
pub const ALL: [&Broker; 12] = [
    &mosquitto::BROKER,
    &hivemq::BROKER,
    &nats::BROKER,
    &nats::CLUSTER,
    &ejabberd::BROKER,
    &aedes::BROKER,
    &aedes::BROKER_2,
    &rabbitmq::BROKER,
    &activemq::BROKER,
    &artemis::BROKER,
    &moquette::BROKER,
    &mochi::BROKER,
];

/// How long one may take until it listens.
const START: Duration = Duration::from_secs(240);

/// The versions of a broker that speaks both.
const BOTH: &[Version] = &[Version::Mqtt311, Version::Mqtt5];
/// The versions of a broker that does not speak MQTT 5.
const ONLY_311: &[Version] = &[Version::Mqtt311];

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
    /// The versions of MQTT that it speaks.
    pub versions: &'static [Version],
    /// Starts it.
    pub start: fn(&Place, &Secrets) -> Result<Started, String>,
    /// How it is ended under a stream of messages, one after the other, and started again: what it
    /// is said to survive. In a cluster, each of them meets another node.
    pub restarts: &'static [Signal],
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
    /// A process with what it has started, or one for each node of a cluster.
    pub nodes: Vec<Group>,
    /// Where it listens. Each node of a cluster has one of them, in the same order.
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
    /// The other nodes of a cluster.
    pub others: Vec<SocketAddr>,
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
            others: Vec::new(),
            login: broker.login,
            ca: secure.then(|| secrets.ca.clone()),
            certificate: listener.mutual.then(|| secrets.client.clone()),
        }
    }

    /// The same login at these nodes, over plain TCP.
    pub fn at(&self, nodes: &[SocketAddr]) -> Self {
        let (first, others) = nodes.split_first().expect("a broker has a node");
        Address {
            url: format!("mqtt://{first}"),
            others: others.to_vec(),
            ..self.clone()
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
    /// Programs and files that are missing.
    pub fn missing(&self) -> Vec<&'static str> {
        self.absent().map(|(name, _)| name).collect()
    }

    /// Debian packages that are missing.
    pub fn missing_packages(&self) -> Vec<&'static str> {
        self.absent().map(|(_, package)| package).collect()
    }

    fn absent(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let is_here = |name: &str| {
            if name.starts_with('/') {
                Path::new(name).exists()
            } else {
                find(name).is_some()
            }
        };
        let programs = self.packages.iter().copied();
        programs.filter(move |(name, _)| !is_here(name))
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
        let name = self.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        Place {
            dir: top.join(format!("{name}-run")),
            fetched: top.join(name),
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
        for Listener { url, .. } in started.listeners.clone() {
            started.wait(place, address(&url)?)?;
        }
        Ok((started, secrets))
    }
}

/// The address of a listener on this machine.
pub fn address(url: &str) -> Result<SocketAddr, String> {
    url.split("//")
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .and_then(|address| address.parse().ok())
        .ok_or_else(|| format!("no address in {url}"))
}

impl Started {
    /// A broker of one process.
    fn one(place: &Place, command: Command, listeners: Vec<Listener>) -> Result<Self, String> {
        Ok(Started {
            nodes: vec![place.start(command, "log")?],
            listeners,
            afterwards: None,
        })
    }

    /// Waits until something listens there.
    pub fn wait(&mut self, place: &Place, address: SocketAddr) -> Result<(), String> {
        let end = Instant::now() + START;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.nodes.iter_mut().find_map(Group::ended) {
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
        Ok(())
    }

    /// Ends it and all that it has started.
    pub fn stop(mut self) {
        self.nodes.iter_mut().for_each(Group::stop);
        if let Some(command) = self.afterwards.take() {
            // What is to end may have ended.
            let _ = process::read(command);
        }
    }
}

/// The directory with what is compiled for a broker.
fn sources(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/brokers")).join(name)
}

/// Prints the name of the library that begins so, which ends with its version.
fn jar_version(place: &Place, begin: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "basename -s .jar \"$0\"*.jar"]);
    command.arg(place.fetched.join("lib").join(begin));
    command
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
    pub fn start(&self, command: Command, log: &str) -> Result<Group, String> {
        Group::start(command, &self.dir.join(log))
    }

    fn last_words(&self) -> String {
        let log = fs::read(self.dir.join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("; ")
    }
}
