//! How to connect.
use crate::{Error, client::SLOTS, engine::GLANCE};
use motemq::{Connect, Publish, QoS, packet::Packet};
use motemq_net::{BackOff, BrokerUrl, Direction, Hook};
use std::{
    fmt, io,
    net::{TcpStream, ToSocketAddrs},
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
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) topic: Option<String>,
    pub(crate) client_id: String,
    pub(crate) clean: bool,
    pub(crate) keep_alive: u16,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Vec<u8>>,
    pub(crate) will: Option<Will>,
    pub(crate) connect_timeout: Duration,
    pub(crate) ack_timeout: Option<Duration>,
    pub(crate) max_message: usize,
    pub(crate) in_flight: usize,
    pub(crate) reconnect: Reconnect,
    pub(crate) hook: Option<Hook>,
    pub(crate) stop: Option<Arc<AtomicBool>>,
}

/// What the broker publishes for us when the connection is lost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Will {
    /// Where to; no wildcards.
    pub topic: String,
    /// At most 65,535 bytes.
    pub payload: Vec<u8>,
    /// How often it may arrive.
    pub qos: QoS,
    /// Whether the broker keeps it.
    pub retain: bool,
}

impl Will {
    /// An empty message with QoS 0 that is not retained.
    pub fn new(topic: impl Into<String>) -> Self {
        Will { topic: topic.into(), payload: Vec::new(), qos: QoS::AtMostOnce, retain: false }
    }
}

/// What to do when the connection is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reconnect {
    /// Nothing: calls say [`ConnectionLost`](Error::ConnectionLost) from then on.
    Never,
    /// Connect again from within the calls that need the connection, after waits as [`BackOff`] gives them.
    BackOff {
        /// The longest wait before the first attempt; it doubles from attempt to attempt ...
        first: Duration,
        /// ... up to this.
        cap: Duration,
        /// Attempts until it is given up; `None`: never.
        max_tries: Option<u32>,
    },
}

impl Reconnect {
    /// Up to half a second before the first attempt and up to a minute before later ones, without end.
    pub const fn back_off() -> Self {
        Reconnect::BackOff { first: Duration::from_millis(500), cap: Duration::from_secs(60), max_tries: None }
    }

    pub(crate) fn waits(self) -> Option<BackOff> {
        match self {
            Reconnect::Never => None,
            Reconnect::BackOff { first, cap, max_tries } => Some(BackOff::new(first, cap, max_tries)),
        }
    }
}

impl Options {
    /// A clean session at `localhost:1883`, with a keep-alive of 60 s and reconnection by [`Reconnect::back_off`].
    ///
    /// The client identifier names the session at the broker; two connections with one identifier throw each other out. Every broker takes
    /// 1 to 23 letters and digits [MQTT-3.1.3-5]. An empty one, for clean sessions only, lets the broker choose.
    pub fn new(client_id: impl Into<String>) -> Self {
        Options {
            host: "localhost".into(),
            port: 1883,
            topic: None,
            client_id: client_id.into(),
            clean: true,
            keep_alive: 60,
            user: None,
            password: None,
            will: None,
            connect_timeout: Duration::from_secs(10),
            ack_timeout: Some(Duration::from_secs(20)),
            max_message: 16 << 20,
            in_flight: 20,
            reconnect: Reconnect::back_off(),
            hook: None,
            stop: None,
        }
    }

    /// Reads `mqtt://[user[:password]@]host[:port][/topic]`; see [`BrokerUrl`]. The client identifier is empty.
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
        let BrokerUrl { host, port, user, password, topic } = BrokerUrl::parse(url)?;
        Ok(Options { host, port, user, password, topic, ..Options::new("") })
    }

    /// The topic or filter in the URL these options were made from.
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// Name or address of the broker.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// TCP port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Names the session: see [`new`](Self::new).
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// Continues the last session with this client identifier, or begins one that outlives the connection [MQTT-3.1.2-4].
    pub fn keep_session(mut self) -> Self {
        self.clean = false;
        self
    }

    /// Seconds within which the broker hears from us; 0: it need not. It hangs up after one and a half times as long, so let the time
    /// between two calls of the client be shorter: it has no thread of its own.
    pub fn keep_alive(mut self, seconds: u16) -> Self {
        self.keep_alive = seconds;
        self
    }

    /// Says who we are. The password may be any bytes.
    pub fn login(mut self, user: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
        self.user = Some(user.into());
        self.password = Some(password.into());
        self
    }

    /// Says who we are, without a password.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self.password = None;
        self
    }

    /// What the broker publishes when the connection ends otherwise than by `disconnect`.
    pub fn will(mut self, will: Will) -> Self {
        self.will = Some(will);
        self
    }

    /// How long an attempt to connect may take: for each address of the host, and again for the broker's answer (in whole seconds up to 255,
    /// rounded up), which is also how long it may take to answer a ping. 10 s if nothing is said.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long a call may wait for an acknowledgement, reconnections included, and how long the broker may take no byte; `None`: forever.
    /// 20 s if nothing is said.
    pub fn ack_timeout(mut self, limit: Option<Duration>) -> Self {
        self.ack_timeout = limit;
        self
    }

    /// The largest payload in bytes that is put together in memory; 16 MiB if nothing is said. Larger ones are streamed by
    /// [`recv_into`](crate::Client::recv_into), or else dropped and reported as [`MessageTooLarge`](Error::MessageTooLarge).
    ///
    /// Messages that wait to be taken hold about as much again.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// How many messages with QoS 1 and 2 may be under way at once, 1 to 1024; 20 if nothing is said. Of more, mosquitto 2.0
    /// changes the order of those with QoS 2, and was seen to leave some unanswered.
    pub fn in_flight(mut self, messages: usize) -> Self {
        self.in_flight = messages.clamp(1, SLOTS);
        self
    }

    /// Opens a TCP connection to host and port, which may take [`connect_timeout`](Self::connect_timeout) for each address of the host: what
    /// [`Client::connect`](crate::Client::connect) does each time, for those who do more around it in a function of their own that
    /// [`Client::dialing`](crate::Client::dialing) takes.
    ///
    /// With a [stop flag](Self::stop_flag) it is done in a thread of its own, which is left behind when the flag is raised.
    ///
    /// # Errors
    /// `Resolve`, `Connect`, `Stopped`.
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
    pub fn dial(&self) -> Result<TcpStream, Error> {
        let Options { host, port, connect_timeout, .. } = self.clone();
        let dial = move || dial(&host, port, connect_timeout);
        match &self.stop {
            Some(stop) => unless_stopped(stop, dial),
            None => dial(),
        }
    }

    /// What to do when the connection is lost.
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.reconnect = reconnect;
        self
    }

    /// Shows each packet that passes, in either direction. Payloads and passwords are shown, too.
    pub fn trace(mut self, look: impl FnMut(Direction, &Packet<'_>) + Send + 'static) -> Self {
        self.hook = Some(Hook::new(look));
        self
    }

    /// When this flag is raised, by a signal handler or another thread, the call that waits ends with [`Stopped`](Error::Stopped) within about
    /// 100 ms, as does every other except [`disconnect`](crate::Client::disconnect). What is under way stays so. A
    /// [function](crate::Client::dialing) that opens transports is not interrupted, except [`dial`](Self::dial).
    pub fn stop_flag(mut self, flag: Arc<AtomicBool>) -> Self {
        self.stop = Some(flag);
        self
    }

    pub(crate) fn packet(&self) -> Connect<'_> {
        Connect {
            client_id: &self.client_id,
            will: self.will.as_ref().map(|Will { topic, payload, qos, retain }| Publish {
                topic,
                payload,
                more: 0,
                qos: *qos,
                retain: *retain,
            }),
            user: self.user.as_deref(),
            password: self.password.as_deref(),
            keep_alive: self.keep_alive,
            timeout: self.connect_timeout.as_millis().div_ceil(1000).clamp(1, 255) as u8,
            clean: self.clean,
        }
    }
}

fn dial(host: &str, port: u16, limit: Duration) -> Result<TcpStream, Error> {
    let addresses = (host, port).to_socket_addrs().map_err(|source| Error::Resolve { host: host.into(), source: Arc::new(source) })?;
    // The system refuses to wait no time at all.
    let limit = limit.max(Duration::from_millis(1));
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        // Packets are small and go out whole: waiting for more to send would only make them late.
        match TcpStream::connect_timeout(&address, limit).and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(Error::Connect { address: format!("{host}:{port}"), source: Arc::new(last) })
}

/// The system's resolver, and on some systems its dialing, cannot be interrupted: so they are left alone.
fn unless_stopped<T: Send + 'static>(stop: &AtomicBool, work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let (give, take) = mpsc::channel();
    thread::spawn(move || give.send(work()));
    loop {
        // What is done before the first look counts, whatever the flag says: it may be the farewell.
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
            .field("host", &self.host)
            .field("port", &self.port)
            .field("connect", &self.packet())
            .field("connect_timeout", &self.connect_timeout)
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
        assert!(matches!(unless_stopped(&stop, endless), Err(Error::Stopped)));
        assert!(matches!(unless_stopped(&stop, || Ok(7)), Ok(7)));
        drop(end);
    }
}
