//! The asynchronous face under the names and signatures of the blocking one: each call waits for its
//! future, with a runtime that all tests share.
mod streams;

pub use motemq_tokio::{
    Acknowledgement, Address, AliasPolicy, Attempt, AuthenticateError, BrokerReason, Counters,
    Direction, DisconnectReason, Driver, Ended, Error, Exchange, Fault, Filter, MessageProperties,
    Options, OptionsError, Outcome, Overflow, Packet, Property, Proxy, Publish, PublishError,
    PublishProperties, QoS, ReasonCode, Reconnect, Request, RequestError, ResponseError,
    RetainHandling, ReturnCode, Route, SessionState, Stage, State, SubscribeError,
    SubscribeOptions, SubscriptionOptions, Tls, TlsBackend, TlsError, TlsErrorKind, TracedPacket,
    TransportError, TransportErrorKind, UploadError, Version, WebSocket, WebSocketError, WhenFull,
    Will, profile,
};
pub use streams::{Message, PayloadReader, RecvTimeoutError, Subscribing, Subscription};
pub use tokio::time::Instant;

use std::{
    future::Future,
    io::{self, Read},
    net::TcpStream,
    pin::{Pin, pin},
    sync::{Arc, LazyLock},
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, ReadBuf},
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::timeout,
};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
});

/// Waits for a future.
fn wait<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.block_on(work)
}

/// Waits for a future, for no longer than `limit`.
fn wait_timeout<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    if limit.is_zero() {
        let _context = RUNTIME.enter();
        return match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        };
    }
    wait(async { timeout(limit, work).await.ok() })
}

/// The name of the face.
pub const NAME: &str = "tokio";

/// A driver at work.
#[derive(Debug)]
pub struct Running(JoinHandle<Result<(), Ended>>);

/// Lets a driver work until it is stopped or the client has ended.
pub fn run(driver: Driver) -> Running {
    Running(RUNTIME.spawn(driver))
}

impl Running {
    /// Drops the driver wherever it is, as a crash does.
    pub fn stop(self) {
        self.0.abort();
        let stopped = wait(self.0);
        assert!(stopped.is_ok() || stopped.is_err_and(|error| error.is_cancelled()));
    }

    /// Waits until the client has ended.
    pub fn join(self) -> Result<(), Ended> {
        wait(self.0).unwrap()
    }
}

/// Sets what is asked for the login and the route of each attempt.
pub fn credentials(
    options: Options,
    ask: impl Fn(Attempt) -> Result<Attempt, String> + Send + Sync + 'static,
) -> Options {
    let ask = Arc::new(ask);
    options.credentials(move |attempt| {
        let ask = ask.clone();
        // It may take its time, as it may in the blocking face.
        async move {
            tokio::task::spawn_blocking(move || ask(attempt))
                .await
                .map_err(|error| error.to_string())?
        }
    })
}

/// A client over what is dialed.
pub fn dialing(
    options: Options,
    dial: impl Fn(&Address) -> io::Result<TcpStream> + Send + Sync + 'static,
) -> Result<(Client, Driver), Error> {
    let dial = Arc::new(dial);
    let dial = move |address: Address| {
        let dial = dial.clone();
        async move {
            let stream = tokio::task::spawn_blocking(move || dial(&address))
                .await
                .map_err(io::Error::other)??;
            stream.set_nonblocking(true)?;
            tokio::net::TcpStream::from_std(stream)
        }
    };
    let (client, driver) = motemq_tokio::Client::dialing(options, dial)?;
    Ok((Client(client), driver))
}

/// See [`motemq_tokio::publish_once`].
pub fn publish_once<'p, T: PublishProperties<'p>>(
    options: Options,
    publish: &Publish<'p, T>,
    limit: Duration,
) -> Result<Acknowledgement, Error> {
    wait(motemq_tokio::publish_once(options, publish, limit))
}

/// The handle.
#[derive(Clone, Debug)]
pub struct Client(motemq_tokio::Client);

impl Client {
    /// Makes a client, and lets a driver work.
    pub fn connect(options: Options) -> Result<Self, Error> {
        let (client, driver) = Self::new(options)?;
        RUNTIME.spawn(driver);
        Ok(client)
    }

    /// See [`motemq_tokio::Client::new`].
    pub fn new(options: Options) -> Result<(Self, Driver), Error> {
        let (client, driver) = motemq_tokio::Client::new(options)?;
        Ok((Client(client), driver))
    }

    /// See [`motemq_tokio::Client::publish`].
    pub fn publish<'p, T: PublishProperties<'p>>(
        &self,
        publish: &Publish<'p, T>,
    ) -> Result<Receipt, PublishError> {
        wait(self.0.publish(publish)).map(Receipt)
    }

    /// See [`motemq_tokio::Client::try_publish`].
    pub fn try_publish<'p, T: PublishProperties<'p>>(
        &self,
        publish: &Publish<'p, T>,
    ) -> Result<Receipt, PublishError> {
        self.0.try_publish(publish).map(Receipt)
    }

    /// See [`motemq_tokio::Client::publish_from`].
    pub fn publish_from<'p, T: PublishProperties<'p>>(
        &self,
        publish: &Publish<'p, T>,
        from: impl Read + Unpin,
    ) -> Result<Receipt, UploadError> {
        wait(self.0.publish_from(publish, Source(from))).map(Receipt)
    }

    /// See [`motemq_tokio::Client::request`].
    pub fn request(&self, topic: &str, payload: &[u8]) -> Result<Message, ResponseError> {
        wait(self.0.request(topic, payload)).map(Message)
    }

    /// See [`motemq_tokio::Client::request_with`].
    pub fn request_with<'p, T: PublishProperties<'p>>(
        &self,
        request: &Request<'p, T>,
    ) -> Result<Message, ResponseError> {
        wait(self.0.request_with(request)).map(Message)
    }

    /// See [`motemq_tokio::Client::respond`].
    pub fn respond(&self, request: &Message, payload: &[u8]) -> Result<Receipt, PublishError> {
        wait(self.0.respond(request, payload)).map(Receipt)
    }

    /// See [`motemq_tokio::Client::subscribe`].
    pub fn subscribe<O: SubscribeOptions>(
        &self,
        filters: &[Filter<'_, O>],
    ) -> Result<Subscription, SubscribeError> {
        wait(self.0.subscribe(filters)).map(Subscription::new)
    }

    /// See [`motemq_tokio::Client::subscribe_with_identifier`].
    pub fn subscribe_with_identifier<O: SubscribeOptions>(
        &self,
        filters: &[Filter<'_, O>],
        identifier: u32,
    ) -> Result<Subscription, SubscribeError> {
        wait(self.0.subscribe_with_identifier(filters, identifier)).map(Subscription::new)
    }

    /// See [`motemq_tokio::Client::subscribe`].
    pub fn begin_subscribe<O: SubscribeOptions>(
        &self,
        filters: &[Filter<'_, O>],
    ) -> Result<Subscribing, SubscribeError> {
        Ok(Subscribing::new(self.0.subscribe(filters)))
    }

    /// See [`motemq_tokio::Client::unsubscribe`].
    pub fn unsubscribe(&self, filters: &[&str]) -> Result<Acknowledgement, SubscribeError> {
        wait(self.0.unsubscribe(filters))
    }

    /// See [`motemq_tokio::Client::messages`].
    pub fn messages(&self) -> Subscription {
        Subscription::new(self.0.messages())
    }

    /// See [`motemq_tokio::Client::connected`].
    pub fn connected(&self) -> Result<SessionState, Ended> {
        wait(self.0.connected())
    }

    /// See [`motemq_tokio::Client::connected`].
    pub fn connected_timeout(&self, limit: Duration) -> Result<Option<SessionState>, Ended> {
        wait_timeout(limit, self.0.connected()).transpose()
    }

    /// See [`motemq_tokio::Client::state`].
    pub fn state(&self) -> State {
        self.0.state()
    }

    /// See [`motemq_tokio::Client::states`].
    pub fn states(&self) -> States {
        States(self.0.states())
    }

    /// See [`motemq_tokio::Client::reauthenticate`].
    pub fn reauthenticate(&self) -> Result<(), AuthenticateError> {
        self.0.reauthenticate()
    }

    /// See [`motemq_tokio::Client::assigned_client_id`].
    pub fn assigned_client_id(&self) -> Option<String> {
        self.0.assigned_client_id()
    }

    /// See [`motemq_tokio::Client::subscriptions`].
    pub fn subscriptions(&self) -> Vec<String> {
        self.0.subscriptions()
    }

    /// See [`motemq_tokio::Client::counters`].
    pub fn counters(&self) -> Counters {
        self.0.counters()
    }

    /// See [`motemq_tokio::Client::disconnect`].
    pub fn disconnect(&self, limit: Duration) -> Result<(), Ended> {
        wait(self.0.disconnect(limit))
    }

    /// What was polled once goes on when it is dropped.
    pub fn begin_disconnect(&self, limit: Duration) {
        let _ = wait_timeout(Duration::ZERO, self.0.disconnect(limit));
    }
}

/// The outcome of a message.
#[derive(Debug)]
pub struct Receipt(motemq_tokio::Receipt);

impl Receipt {
    /// Waits for the outcome.
    pub fn wait(self) -> Outcome {
        wait(self.0)
    }

    /// Waits for the outcome, for no longer than `limit`.
    pub fn wait_timeout(&mut self, limit: Duration) -> Option<Outcome> {
        wait_timeout(limit, &mut self.0)
    }

    /// Returns the outcome if it is known.
    pub fn poll(&mut self) -> Option<Outcome> {
        self.wait_timeout(Duration::ZERO)
    }
}

/// Watches the state.
#[derive(Debug)]
pub struct States(motemq_tokio::States);

impl States {
    /// See [`motemq_tokio::States::changed`].
    pub fn changed_timeout(&mut self, limit: Duration) -> Option<State> {
        wait_timeout(limit, self.0.changed())
    }
}

/// A reader whose bytes are there.
struct Source<R>(R);

impl<R: Read + Unpin> AsyncRead for Source<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let n = self.0.read(buffer.initialize_unfilled())?;
        buffer.advance(n);
        Poll::Ready(Ok(()))
    }
}
