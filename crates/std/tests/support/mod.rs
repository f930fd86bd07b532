//! What the tests against both brokers share.
pub mod cutting;

use motemq_std::{
    Client, Dial, Ended, Error, Filter, Message, Options, Publish, QoS, Receipt, Reconnect,
    RecvTimeoutError, RequestError, SubscribeError, Subscription,
};
use std::{
    io::Read,
    net::SocketAddr,
    ops::Deref,
    thread,
    time::{Duration, Instant},
};

/// Longer than anything takes that works.
pub const SOON: Duration = Duration::from_secs(10);

pub const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// Returns options of a client that does not come back.
pub fn options(broker: SocketAddr, client_id: &str) -> Options {
    Options::new(client_id)
        .broker(broker.ip().to_string(), broker.port())
        .reconnect(Reconnect::Never)
}

/// Comes back at once.
pub const AT_ONCE: Reconnect = Reconnect::BackOff {
    first: Duration::from_millis(1),
    cap: Duration::from_millis(20),
    max_tries: Some(200),
};

/// A client with all its streams, for tests that do one thing after the other.
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

    /// Connects over what `dial` opens, and waits until there is a connection.
    pub fn dialing(options: Options, dial: impl Dial) -> Result<Self, Error> {
        Self::connected(Client::dialing(options, dial)?)
    }

    fn connected((client, driver): (Client, motemq_std::Driver)) -> Result<Self, Error> {
        // Before the driver runs, so that nothing finds no stream.
        let streams = vec![(Vec::new(), client.messages())];
        thread::spawn(move || driver.run());
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
    pub fn publish_from(&self, publish: &Publish<'_>, from: impl Read) -> Result<(), Error> {
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
pub fn done(mut receipt: Receipt) -> Result<(), RequestError> {
    receipt.wait_timeout(SOON * 3).expect("an outcome in time")
}

pub fn connect(broker: SocketAddr, client_id: &str) -> Caller {
    Caller::connect(options(broker, client_id)).unwrap()
}

pub fn next(client: &mut Caller) -> Message {
    client
        .recv(SOON)
        .unwrap()
        .expect("a message within ten seconds")
}

/// Nothing comes for a while.
pub fn nothing(client: &mut Caller) {
    let message = client.recv(Duration::from_millis(200)).unwrap();
    assert!(message.is_none(), "{message:?}");
}

/// Ends the session of a client.
pub fn forget(broker: SocketAddr, client_id: &str) {
    connect(broker, client_id).disconnect().unwrap();
}
