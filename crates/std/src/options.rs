//! How to connect.
use crate::{Error, Stream, client::SLOTS, engine::GLANCE};
#[cfg(feature = "_tls")]
use motemq_net::Tls;
#[cfg(feature = "websocket")]
use motemq_net::WebSocket;
use motemq_net::{BrokerUrl, Hook, Identity, Proxy, Reconnect, Route, profile::Profile};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

/// Where the broker is, who we are, and how long to wait for what.
///
/// ```
/// use motemq_std::{Options, Reconnect, Will};
/// use std::time::Duration;
/// let options = Options::new("node-7")
///     .host("broker.example")
///     .keep_session()
///     .keep_alive(30)
///     .login("node", b"secret")
///     .will(Will::new("gone/node-7"))
///     .ack_timeout(Some(Duration::from_secs(5)))
///     .reconnect(Reconnect::Never);
/// assert!(!format!("{options:?}").contains("secret"));
/// ```
#[derive(Clone)]
pub struct Options {
    pub(crate) route: Route,
    pub(crate) topic: Option<String>,
    pub(crate) identity: Identity,
    pub(crate) ack_timeout: Option<Duration>,
    pub(crate) max_message: usize,
    pub(crate) in_flight: usize,
    pub(crate) profile: Profile,
    pub(crate) reconnect: Reconnect,
    pub(crate) hook: Option<Hook>,
    pub(crate) stop: Option<Arc<AtomicBool>>,
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
            route: Route::default(),
            topic: None,
            identity: Identity::new(client_id),
            ack_timeout: Some(Duration::from_secs(20)),
            max_message: 16 << 20,
            in_flight: 20,
            profile: Profile::ANY,
            reconnect: Reconnect::back_off(),
            hook: None,
            stop: None,
        }
    }

    /// Reads `mqtt://[user[:password]@]host[:port][/topic]`, or the same with `mqtts://`, `ws://`,
    /// `wss://`, `unix://`: see [`BrokerUrl`]. The client identifier is empty.
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) for another form or scheme.
    ///
    /// ```
    /// use motemq_std::Options;
    /// let options = Options::from_url("mqtt://node:secret@localhost:1884/cellar/#")?.client_id("node-7");
    /// assert_eq!(options.topic(), Some("cellar/#"));
    /// # Ok::<(), motemq_std::Error>(())
    /// ```
    pub fn from_url(url: &str) -> Result<Self, Error> {
        let url = BrokerUrl::parse(url)?;
        let route = Route::from(&url);
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
        })
    }

    /// Name or address of the broker.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.route.host = host.into();
        self
    }

    /// TCP port; if nothing is said, 1883, with TLS 8883.
    pub fn port(mut self, port: u16) -> Self {
        self.route.port = Some(port);
        self
    }

    /// How the broker is reached, all of it.
    pub fn route(mut self, route: Route) -> Self {
        self.route = route;
        self
    }

    /// Speaks TLS, and this way.
    ///
    /// ```
    /// use motemq_std::{Options, Tls};
    /// let options = Options::new("node-7").host("broker.example").tls(Tls::new().alpn(&["mqtt"]));
    /// let options = Options::from_url("wss://broker.example/mqtt")?.tls(Tls::new().sni("other.example"));
    /// # Ok::<(), motemq_std::Error>(())
    /// ```
    #[cfg(feature = "_tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.route = self.route.secured(tls);
        self
    }

    /// Goes through this proxy. A Unix socket is reached without one.
    ///
    /// ```
    /// use motemq_std::{Options, Proxy};
    /// let options = Options::new("node-7")
    ///     .host("broker.example")
    ///     .proxy(Proxy::socks5("proxy.example", 1080).login("node", "secret"));
    /// assert!(!format!("{options:?}").contains("secret"));
    /// ```
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.route.proxy = Some(proxy);
        self
    }

    /// Sets headers and more of the request for a WebSocket, where the URL has one.
    #[cfg(feature = "websocket")]
    pub fn websocket(mut self, websocket: WebSocket) -> Self {
        self.route.websocket = websocket;
        self
    }

    motemq_net::common_options!();

    /// Continues the last session with this client identifier, or begins one that outlives the
    /// connection [MQTT-3.1.2-4].
    ///
    /// A program that starts anew knows nothing of what the last one had under way:
    /// [`Client::session`](crate::Client::session) then says
    /// [`Unrecognized`](motemq::SessionState::Unrecognized). Subscriptions of that session go on, and messages come
    /// for them; what the last program had sent and not seen acknowledged may have arrived or
    /// not, and is not sent again; a QoS 2 message that it was receiving may come twice.
    pub fn keep_session(mut self) -> Self {
        self.identity.clean = false;
        self
    }

    /// Seconds within which the broker hears from us; 0: it need not. It hangs up after one and a
    /// half times as long, so let the time between two calls of the client be shorter: it has
    /// no thread of its own.
    pub fn keep_alive(mut self, seconds: u16) -> Self {
        self.identity.keep_alive = seconds;
        self
    }

    /// How long an attempt to connect may take: for each address of the host, again for TLS and
    /// WebSocket, and again for the broker's answer (in whole seconds up to 255, rounded up),
    /// which is also how long it may take to answer a ping. 10 s if nothing is said.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.identity.timeout = limit;
        self
    }

    /// How long a call may wait for an acknowledgement, reconnections included, and how long the
    /// broker may take no byte; `None`: forever. 20 s if nothing is said.
    ///
    /// Some brokers never answer (AWS IoT keeps silent about QoS 2). When an acknowledgement is so
    /// late, the connection is closed and another one made, unless there can be [no
    /// other](Self::reconnect), because only so does the packet identifier become free. The message
    /// is not sent again: who asks for it hears [`NotAcknowledged`](Error::NotAcknowledged).
    pub fn ack_timeout(mut self, limit: Option<Duration>) -> Self {
        self.ack_timeout = limit;
        self
    }

    /// The largest payload in bytes that is put together in memory; 16 MiB if nothing is said.
    /// Larger ones are streamed by [`recv_into`](crate::Client::recv_into), or else dropped and
    /// reported as [`MessageTooLarge`](Error::MessageTooLarge).
    ///
    /// Messages that wait to be taken hold about as much again.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// How many messages with QoS 1 and 2 may be under way at once, 1 to 1024; 20 if nothing is
    /// said. Of more, mosquitto 2.0 changes the order of those with QoS 2, and was seen to
    /// leave some unanswered.
    pub fn in_flight(mut self, messages: usize) -> Self {
        self.in_flight = messages.clamp(1, SLOTS);
        self
    }

    /// Keeps to what this broker allows: what it would not take is refused with
    /// [`OverLimit`](Error::OverLimit) before anything is sent, and no more messages are under
    /// way at once than it has places for. Where no port is said its own is used, and TLS if it
    /// wants that; where it wants ALPN it gets it.
    ///
    /// ```
    /// use motemq_std::{Client, Error, Options, Publish, QoS, profile::AWS_IOT};
    /// # let broker = motemq_rig::server::Server::start(motemq_rig::broker::Config::new())?;
    /// # let url = broker.url();
    /// let mut client = Client::connect(&Options::from_url(&url)?.client_id("node-7").profile(&AWS_IOT))?;
    /// let error = client.publish(&Publish::to("door").qos(QoS::ExactlyOnce)).unwrap_err();
    /// assert!(matches!(error, Error::OverLimit(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn profile(mut self, broker: &Profile) -> Self {
        self.profile = *broker;
        self
    }

    /// Messages under way at once, by ourselves and by the broker.
    pub(crate) fn places(&self) -> usize {
        self.in_flight.min(self.profile.in_flight.into())
    }

    /// Opens a connection to the broker, which may take [`connect_timeout`](Self::connect_timeout)
    /// for each address of the host, and again for TLS and WebSocket: what
    /// [`Client::connect`](crate::Client::connect) does each time, for those who do more around it
    /// in a function of their own that [`Client::dialing`](crate::Client::dialing) takes.
    ///
    /// With a [stop flag](Self::stop_flag) it is done in a thread of its own, which is left behind
    /// when the flag is raised.
    ///
    /// # Errors
    /// `Resolve`, `Connect`, `Tls`, `WebSocket`, `Stopped`.
    ///
    /// ```
    /// # use motemq_std::{Client, Options};
    /// # let broker = motemq_rig::server::Server::start(motemq_rig::broker::Config::new())?;
    /// # let port = broker.addr().port();
    /// let options = Options::new("node-7").host("127.0.0.1").port(port);
    /// let address = options.clone();
    /// let mut times = 0;
    /// let dial = move || {
    ///     times += 1;
    ///     println!("connecting for the {times}. time");
    ///     address.dial()
    /// };
    /// Client::dialing(dial, &options)?.disconnect()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dial(&self) -> Result<Stream, Error> {
        let Options {
            mut route,
            identity: Identity { timeout, .. },
            profile,
            ..
        } = self.clone();
        profile.complete(&mut route);
        let dial = move || Stream::open(&route, timeout);
        match &self.stop {
            Some(stop) => unless_stopped(stop, dial),
            None => dial(),
        }
    }

    /// When this flag is raised, by a signal handler or another thread, the call that waits ends
    /// with [`Stopped`](Error::Stopped) within about 100 ms, as does every other except
    /// [`disconnect`](crate::Client::disconnect). What is under way stays so. A
    /// [function](crate::Client::dialing) that opens transports is not interrupted, except
    /// [`dial`](Self::dial).
    pub fn stop_flag(mut self, flag: Arc<AtomicBool>) -> Self {
        self.stop = Some(flag);
        self
    }
}

/// The system's resolver, and on some systems its dialing, cannot be interrupted: so they are left
/// alone.
fn unless_stopped<T: Send + 'static>(
    stop: &AtomicBool,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (give, take) = mpsc::channel();
    thread::spawn(move || give.send(work()));
    loop {
        // What is done before the first look counts, whatever the flag says: it may be the
        // farewell.
        match take.recv_timeout(GLANCE) {
            Ok(done) => return done,
            Err(RecvTimeoutError::Timeout) if !stop.load(Ordering::Relaxed) => {}
            Err(_) => return Err(Error::Stopped),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("route", &self.route)
            .field("identity", &self.identity)
            .field("connect_timeout", &self.identity.timeout)
            .field("ack_timeout", &self.ack_timeout)
            .field("max_message", &self.max_message)
            .field("reconnect", &self.reconnect)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_interrupted_is_left_alone() {
        let stop = AtomicBool::new(true);
        let (end, wait) = mpsc::channel::<()>();
        let endless = move || Ok(wait.recv());
        assert!(matches!(
            unless_stopped(&stop, endless),
            Err(Error::Stopped)
        ));
        assert!(matches!(unless_stopped(&stop, || Ok(7)), Ok(7)));
        drop(end);
    }
}
