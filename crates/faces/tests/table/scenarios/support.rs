//! What the scenarios share.
use super::face::{
    Client, Driver, Ended, Error, Filter, Message, Options, Publish, QoS, Receipt, Reconnect,
    RecvTimeoutError, RequestError, Running, SubscribeError, Subscription, run,
};
pub use motemq_testing::line::SOON;
use motemq_testing::line::{Exchange, HELLO, Line, NEW};
use motemq_testing::{broker::Config, server::Server};
use std::{
    net::{SocketAddr, TcpListener},
    ops::Deref,
    thread,
    time::{Duration, Instant},
};

pub const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// Comes back at once.
pub const AT_ONCE: Reconnect = Reconnect::BackOff {
    first: Duration::from_millis(1),
    cap: Duration::from_millis(20),
    max_tries: None,
};

/// Slow enough that a watcher sees each state, also on a busy machine.
pub const SLOWLY: Reconnect = Reconnect::BackOff {
    first: Duration::from_secs(1),
    cap: Duration::from_secs(1),
    max_tries: None,
};

/// A broker in this process.
pub fn server() -> Server {
    Server::start(Config::new()).unwrap()
}

/// Options of a client that does not come back.
pub fn options(broker: SocketAddr, client_id: &str) -> Options {
    Options::new(client_id)
        .broker(broker.ip().to_string(), broker.port())
        .reconnect(Reconnect::Never)
}

/// Options of a client that comes back at once.
pub fn returning(broker: SocketAddr, client_id: &str) -> Options {
    options(broker, client_id).reconnect(AT_ONCE)
}

/// A client whose first connection is accepted.
pub fn accepted(options: impl FnOnce(Options) -> Options) -> (Client, Running, Exchange, Line) {
    let exchange = Exchange::new();
    let options = options(returning(exchange.addr(), "a"));
    let (client, driver) = Client::new(options).unwrap();
    let running = run(driver);
    let line = exchange.accepts(HELLO, NEW);
    client.connected().unwrap();
    (client, running, exchange, line)
}

/// Returns an address at which nothing listens.
pub fn unused_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Waits until something is so.
#[track_caller]
pub fn until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < SOON, "not within {SOON:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A client with all its streams, for scenarios that do one thing after the other.
pub struct Caller {
    client: Client,
    /// With their filters.
    streams: Vec<(Vec<String>, Subscription)>,
}

impl Deref for Caller {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Caller {
    /// Connects, and waits until there is a connection.
    pub fn connect(options: Options) -> Result<Self, Error> {
        Self::connected(Client::new(options)?)
    }

    /// Waits until there is a connection.
    pub fn connected((client, driver): (Client, Driver)) -> Result<Self, Error> {
        // Before the driver runs, so that nothing finds no stream.
        let streams = vec![(Vec::new(), client.messages())];
        run(driver);
        client
            .connected_timeout(SOON)?
            .expect("a connection in time");
        Ok(Caller { client, streams })
    }

    /// Publishes, and waits for the outcome.
    pub fn publish(&self, publish: &Publish<'_>) -> Result<(), Error> {
        Ok(done(self.client.publish(publish)?)?)
    }

    /// Publishes without waiting for the outcome.
    pub fn send(&self, publish: &Publish<'_>) -> Receipt {
        self.client.publish(publish).unwrap()
    }

    /// Publishes from a reader, and waits for the outcome.
    pub fn publish_from(
        &self,
        publish: &Publish<'_>,
        from: impl std::io::Read + Unpin,
    ) -> Result<(), Error> {
        Ok(done(self.client.publish_from(publish, from)?)?)
    }

    /// Subscribes, and keeps the stream, instead of an earlier one with the same filters. Returns
    /// what is granted.
    pub fn subscribe(&mut self, filters: &[Filter<'_>]) -> Result<Vec<QoS>, SubscribeError> {
        let stream = self.client.subscribe(filters)?;
        let granted = stream.granted().to_vec();
        let filters: Vec<_> = filters.iter().map(|filter| filter.filter.into()).collect();
        self.streams.retain(|(others, _)| *others != filters);
        self.streams.push((filters, stream));
        Ok(granted)
    }

    /// Waits for a message of any stream; an error if a stream has ended.
    pub fn recv(&mut self, limit: Duration) -> Result<Option<Message>, RecvTimeoutError> {
        let begun = Instant::now();
        loop {
            for (_, stream) in &mut self.streams {
                match stream.recv_timeout(Duration::ZERO) {
                    Err(RecvTimeoutError::Timeout) => {}
                    other => return other.map(Some),
                }
            }
            if begun.elapsed() >= limit {
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn disconnect(self) -> Result<(), Ended> {
        self.client.disconnect(SOON)
    }
}

/// Waits for the outcome, no longer than anything takes that works.
#[track_caller]
pub fn done(mut receipt: Receipt) -> Result<(), RequestError> {
    let outcome = receipt.wait_timeout(SOON);
    outcome.expect("an outcome in time").map(drop)
}

pub fn connect(broker: SocketAddr, client_id: &str) -> Caller {
    Caller::connect(options(broker, client_id)).unwrap()
}

#[track_caller]
pub fn next(client: &mut Caller) -> Message {
    client.recv(SOON).unwrap().expect("a message in time")
}

/// Nothing is there, and nothing comes before what the broker sends last.
#[track_caller]
pub fn nothing(client: &mut Caller) {
    client
        .subscribe(&[Filter::new("nothing", QoS::ExactlyOnce)])
        .unwrap();
    let last = Publish::to("nothing").payload(b"last");
    client.publish(&last.qos(QoS::ExactlyOnce)).unwrap();
    let message = next(client);
    assert_eq!(
        (&*message.topic, &message.payload[..]),
        ("nothing", &b"last"[..])
    );
}

/// A file for a store, in a directory that is removed in the end.
#[cfg(feature = "store")]
pub struct File {
    path: std::path::PathBuf,
    _directory: Option<tempfile::TempDir>,
}

#[cfg(feature = "store")]
impl File {
    /// A new one.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        File {
            path: directory.path().join("store"),
            _directory: Some(directory),
        }
    }

    /// One that may be there, and stays.
    pub fn at(path: impl Into<std::path::PathBuf>) -> Self {
        File {
            path: path.into(),
            _directory: None,
        }
    }

    pub fn path(&self) -> &std::path::Path {
        &self.path
    }
}

/// Options of a client whose session is kept at both ends.
#[cfg(feature = "store")]
pub fn stored(broker: SocketAddr, file: &File) -> Options {
    returning(broker, "kept").keep_session().store(file.path())
}
