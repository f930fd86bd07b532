//! How to connect, and how much may wait for what.
use crate::Error;
#[cfg(feature = "_tls")]
use motemq_net::Tls;
#[cfg(feature = "websocket")]
use motemq_net::WebSocket;
use motemq_net::{BrokerUrl, Hook, Identity, Proxy, Reconnect, Route, Scheme, profile::Profile};
use std::{fmt, sync::Arc, time::Duration};

/// Where a broker is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Address {
    /// Name or address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.is_empty() {
            f.write_str("a Unix socket")
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// What happens to messages that are to wait for a connection when no more may.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WhenFull {
    /// The new one has to wait outside: [`publish`](crate::Client::publish) waits,
    /// [`try_publish`](crate::Client::try_publish) fails.
    #[default]
    Wait,
    /// The oldest that was never sent is dropped; its receipt says [`Dropped`](Error::Dropped).
    DropOldest,
}

/// What happens when messages come faster than they are taken from a stream whose queue is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Overflow {
    /// Nothing more is read until one is taken. But acknowledgements cannot be read then either: if
    /// somebody waits for them, or for room to publish, reading goes on after a second, and
    /// messages with QoS 0 for this stream are dropped, as below, until there is room. So a
    /// handler that publishes cannot lock itself out.
    #[default]
    StopReading,
    /// Messages with QoS 0 are dropped, and [counted](crate::Counters::dropped). With QoS 1 and 2
    /// reading stops when 128 of all streams (no more than there are [slots](Options::slots))
    /// are not acknowledged.
    DropQos0,
}

/// Where the brokers are, who we are, how long to wait for what, and how much may wait.
///
/// ```
/// use motemq_tokio::{Options, Reconnect, Will};
/// use std::time::Duration;
/// let options = Options::new("node-7")
///     .broker("one.example", 1883)
///     .broker("two.example", 1883) // when the first cannot be reached
///     .keep_session()
///     .keep_alive(30)
///     .login("node", b"secret")
///     .will(Will::new("gone/node-7"))
///     .ack_timeout(Some(Duration::from_secs(5)));
/// assert!(!format!("{options:?}").contains("secret"));
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) brokers: Vec<Address>,
    /// Unless it is plain TCP. Boxed, or shared with who opens connections, like all that most
    /// clients do without.
    pub(crate) route: Option<Arc<Route>>,
    pub(crate) topic: Option<String>,
    pub(crate) identity: Identity,
    pub(crate) reconnect: Reconnect,
    pub(crate) ack_timeout: Option<Duration>,
    pub(crate) in_flight: u16,
    profile: Option<Box<Profile>>,
    pub(crate) slots: u16,
    pub(crate) max_message: usize,
    pub(crate) queue: Queue,
    pub(crate) streams: Streams,
    pub(crate) hook: Option<Hook>,
    #[cfg(feature = "store")]
    pub(crate) store: Option<Box<std::path::Path>>,
}

/// What may wait for a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue {
    pub messages: usize,
    pub bytes: usize,
    pub when_full: WhenFull,
    pub qos0: bool,
}

/// What may wait to be taken from a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streams {
    pub messages: usize,
    pub bytes: usize,
    pub overflow: Overflow,
}

impl Options {
    /// A clean session at `localhost:1883`, with a keep-alive of 60 s and reconnection by
    /// [`Reconnect::back_off`].
    ///
    /// The client identifier names the session at the broker; two connections with one identifier
    /// throw each other out. Every broker takes 1 to 23 letters and digits [MQTT-3.1.3-5]. An
    /// empty one, for clean sessions only, lets the broker choose.
    pub fn new(client_id: impl Into<String>) -> Self {
        Options {
            brokers: Vec::new(),
            route: None,
            topic: None,
            identity: Identity::new(client_id),
            reconnect: Reconnect::back_off(),
            ack_timeout: Some(Duration::from_secs(20)),
            in_flight: 20,
            profile: None,
            slots: 1024,
            max_message: 16 << 20,
            queue: Queue {
                messages: 1000,
                bytes: 1 << 20,
                when_full: WhenFull::Wait,
                qos0: false,
            },
            streams: Streams {
                messages: 256,
                bytes: 1 << 20,
                overflow: Overflow::StopReading,
            },
            hook: None,
            #[cfg(feature = "store")]
            store: None,
        }
    }

    /// Reads `mqtt://[user[:password]@]host[:port][/topic]`, or the same with `mqtts://`, `ws://`,
    /// `wss://`, `unix://`: see [`BrokerUrl`]. The client identifier is empty.
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) for another form or scheme.
    pub fn from_url(url: &str) -> Result<Self, Error> {
        let url = BrokerUrl::parse(url)?;
        let route = Some(url.scheme)
            .filter(|&scheme| scheme != Scheme::Mqtt)
            .map(|_| Arc::new(Route::from(&url)));
        let identity = Identity {
            user: url.user,
            password: url.password,
            ..Identity::new("")
        };
        Ok(Options {
            route,
            topic: url.topic,
            identity,
            ..Options::new("")
        }
        .broker(url.host, url.port))
    }

    /// How brokers are reached, apart from host and port: through which layers.
    pub fn route(mut self, route: Route) -> Self {
        self.route = Some(Arc::new(route));
        self
    }

    /// Speaks TLS, and this way. The port of a [broker](Self::broker) is then 8883 mostly.
    #[cfg(feature = "_tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        let route = self.route_mut();
        *route = std::mem::take(route).secured(tls);
        self
    }

    /// Goes through this proxy, to each of the brokers. A Unix socket is reached without one.
    ///
    /// ```
    /// use motemq_tokio::{Options, Proxy};
    /// let proxy = Proxy::from_url("socks5://node:secret@proxy.example:1080")?;
    /// let options = Options::new("node-7").broker("broker.example", 1883).proxy(proxy);
    /// assert!(!format!("{options:?}").contains("secret"));
    /// # Ok::<(), motemq_tokio::UrlError>(())
    /// ```
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.route_mut().proxy = Some(proxy);
        self
    }

    /// Sets headers and more of the request for a WebSocket, where the URL has one.
    #[cfg(feature = "websocket")]
    pub fn websocket(mut self, websocket: WebSocket) -> Self {
        self.route_mut().websocket = websocket;
        self
    }

    /// Another broker: they are tried one after the other, from the one that was reached last on.
    pub fn broker(mut self, host: impl Into<String>, port: u16) -> Self {
        self.brokers.push(Address {
            host: host.into(),
            port,
        });
        self
    }

    motemq_net::common_options!();

    /// Continues the last session with this client identifier, or begins one that outlives the
    /// connection [MQTT-3.1.2-4].
    ///
    /// What the broker holds for it comes as soon as the connection is made: call
    /// [`Client::messages`](crate::Client::messages) or
    /// [`Client::subscribe`](crate::Client::subscribe) before the driver runs, so that there is a
    /// stream for it.
    pub fn keep_session(mut self) -> Self {
        self.identity.clean = false;
        self
    }

    /// Seconds within which the broker hears from us; 0: it need not. It hangs up after one and a
    /// half times as long.
    pub fn keep_alive(mut self, seconds: u16) -> Self {
        self.identity.keep_alive = seconds;
        self
    }

    /// How long it may take to open a connection, and again for the broker's answer (in whole
    /// seconds up to 255, rounded up), which is also how long it may take to answer a ping. 10
    /// s if nothing is said.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.identity.timeout = limit;
        self
    }

    /// How long the broker may take to acknowledge a message while it is connected, and how long it
    /// may take no byte; `None`: forever. 20 s if nothing is said. Then its receipt says
    /// [`NotAcknowledged`](Error::NotAcknowledged), and it is not sent again.
    pub fn ack_timeout(mut self, limit: Option<Duration>) -> Self {
        self.ack_timeout = limit;
        self
    }

    /// How many messages with QoS 1 and 2 may be under way at once; 20 if nothing is said, and
    /// never more than there are [slots](Self::slots). Of more, mosquitto 2.0 changes the order
    /// of those with QoS 2.
    pub fn in_flight(mut self, messages: usize) -> Self {
        self.in_flight = messages.clamp(1, 4096) as u16;
        self
    }

    /// How many packets may be under way in either direction, rounded up to 16, 64, 256, 1024 or
    /// 4096; each takes four bytes of memory. 1024 if nothing is said.
    ///
    /// Brokers may have many more QoS 2 messages under way than their window says: mosquitto's
    /// counts only those that were not received, not those that it has yet to release. Who
    /// receives none needs no more than [`in_flight`](Self::in_flight).
    pub fn slots(mut self, slots: usize) -> Self {
        self.slots = slots.min(4096) as u16;
        self
    }

    /// The largest payload in bytes that is put together in memory, at least 72 KiB; 16 MiB if
    /// nothing is said. Larger ones come with [their rest](crate::Message::into_reader) still
    /// to be read.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// How many messages may wait for a connection, of how many bytes together; 1,000 and 1 MiB if
    /// nothing is said. While there is a connection none waits here.
    pub fn queue(mut self, messages: usize, bytes: usize, when_full: WhenFull) -> Self {
        self.queue = Queue {
            messages,
            bytes,
            when_full,
            ..self.queue
        };
        self
    }

    /// Messages with QoS 0 wait for a connection like others, too.
    pub fn queue_qos0(mut self) -> Self {
        self.queue.qos0 = true;
        self
    }

    /// How many messages may wait to be taken from each stream, of about how many bytes together,
    /// and what happens beyond; 256, 1 MiB and [`StopReading`](Overflow::StopReading) if
    /// nothing is said.
    pub fn streams(mut self, messages: usize, bytes: usize, overflow: Overflow) -> Self {
        self.streams = Streams {
            messages: messages.max(1),
            bytes,
            overflow,
        };
        self
    }

    /// Keeps to what this broker allows: what it would not take is refused with
    /// [`OverLimit`](Error::OverLimit) before anything is sent, and no more messages are under
    /// way at once than it has places for. Where it wants ALPN it gets it; host and port are said
    /// apart.
    pub fn profile(mut self, broker: &Profile) -> Self {
        self.profile = Some(Box::new(*broker));
        self
    }

    /// What the broker allows.
    pub(crate) fn rules(&self) -> &Profile {
        self.profile.as_deref().unwrap_or(&Profile::ANY)
    }

    fn route_mut(&mut self) -> &mut Route {
        Arc::make_mut(self.route.get_or_insert_default())
    }

    /// The way to the brokers, with what their profile wants.
    pub(crate) fn way(&self) -> Option<Arc<Route>> {
        let Some(profile) = &self.profile else {
            return self.route.clone();
        };
        let mut route = self.route.as_deref().cloned().unwrap_or_default();
        route.port = self
            .brokers
            .first()
            .map(|address| address.port)
            .or(route.port);
        profile.complete(&mut route);
        Some(Arc::new(route))
    }

    /// The port of a broker of which nothing is said.
    pub(crate) fn port(&self) -> u16 {
        self.route
            .as_deref()
            .map_or(Scheme::Mqtt.default_port(), Route::port)
    }

    /// Messages under way at once, by ourselves and by the broker.
    pub(crate) fn places(&self) -> usize {
        self.in_flight.min(self.rules().in_flight).into()
    }

    /// Keeps the session, and messages with QoS 1 and 2 until they are acknowledged, in this file,
    /// so that they survive the process: the next one with the same file, client identifier and
    /// number of [slots](Self::slots) goes on where this one ended. For sessions that are
    /// [kept](Self::keep_session).
    ///
    /// What the broker is to see is on the disk (`fsync`) before it leaves, many messages at a
    /// time; the driver waits for the disk, so do not let it share a thread with what must not
    /// wait. What waits for a connection is written as soon as the driver is polled. Messages
    /// published [from a reader](crate::Client::publish_from) are not kept. Received messages
    /// are the application's to keep: those with QoS 2 that it has had do not come
    /// again, whether it had time to write them down or not.
    #[cfg(feature = "store")]
    pub fn store(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.store = Some(path.into().into());
        self
    }
}
