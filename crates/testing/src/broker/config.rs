//! What a test may want otherwise than usual.
use super::{
    Answer, Connection, Limits,
    answers::Hook,
    authentication::{Challenge, Method},
};
use motemq::{Connect, QoS, ReturnCode, packet::v5::Packet};
use std::{fmt, sync::Arc};

type Login = Arc<dyn Fn(&Connect<'_>) -> ReturnCode + Send + Sync>;
type Admit = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;
type OnWill = Arc<dyn Fn(&str, Connection, &mut Vec<u8>) + Send + Sync>;

/// How a [`Broker`](super::Broker) behaves where the standard leaves it free.
///
/// ```
/// use motemq::ReturnCode;
/// use motemq_testing::broker::Config;
/// let strict = Config::new()
///     .window(5)
///     .login(|connect| if connect.user == Some("node") { ReturnCode::ACCEPTED } else { ReturnCode::NOT_AUTHORIZED })
///     .admit(|_client, filter| !filter.starts_with("secret/"));
/// ```
#[derive(Clone)]
pub struct Config {
    pub(super) window: usize,
    pub(super) queue: usize,
    pub(super) backlog: usize,
    pub(super) max_packet: usize,
    pub(super) max_qos: QoS,
    pub(super) connect_timeout: u64,
    pub(super) login: Option<Login>,
    pub(super) admit: Option<Admit>,
    pub(super) on_will: Option<OnWill>,
    pub(super) is_3_1_1_only: bool,
    pub(super) limits: Limits,
    pub(super) answer: Option<Hook>,
    pub(super) authenticate: Option<Method>,
}

impl Config {
    /// Everybody may do everything; 20 messages under way to each client, 100,000 waiting behind
    /// them, packets of 64 MiB, 10 s for CONNECT.
    pub fn new() -> Self {
        Config {
            window: 20,
            queue: 100_000,
            backlog: 16 << 20,
            max_packet: 64 << 20,
            max_qos: QoS::ExactlyOnce,
            connect_timeout: 10_000,
            login: None,
            admit: None,
            on_will: None,
            is_3_1_1_only: false,
            limits: Limits::NONE,
            answer: None,
            authenticate: None,
        }
    }

    /// How many QoS 1 and 2 messages are under way to a client before it has answered the first; 1
    /// to 65,535.
    pub fn window(mut self, messages: u16) -> Self {
        self.window = usize::from(messages.max(1));
        self
    }

    /// How many QoS 1 and 2 messages wait for a client, away or slow. The next ones are
    /// [dropped](super::Broker::dropped).
    pub fn queue(mut self, messages: usize) -> Self {
        self.queue = messages;
        self
    }

    /// How many bytes may lie ready for a client that reads slowly, at least 1. Beyond, QoS 0 is
    /// [dropped](super::Broker::dropped) and QoS 1 and 2 wait.
    pub fn backlog(mut self, bytes: usize) -> Self {
        self.backlog = bytes.max(1);
        self
    }

    /// The largest packet taken, in bytes with its header. A larger one closes its connection.
    pub fn max_packet(mut self, bytes: usize) -> Self {
        self.max_packet = bytes;
        self
    }

    /// The highest QoS granted to a subscription [MQTT-3.8.4-6].
    pub fn max_qos(mut self, qos: QoS) -> Self {
        self.max_qos = qos;
        self
    }

    /// Milliseconds that a new connection may be silent before its CONNECT.
    pub fn connect_timeout(mut self, milliseconds: u64) -> Self {
        self.connect_timeout = milliseconds;
        self
    }

    /// Answers each CONNECT: [`ReturnCode::ACCEPTED`], or why not.
    pub fn login(
        mut self,
        check: impl Fn(&Connect<'_>) -> ReturnCode + Send + Sync + 'static,
    ) -> Self {
        self.login = Some(Arc::new(check));
        self
    }

    /// Whether this client (its identifier comes first) may subscribe to this filter; if not,
    /// SUBACK says 0x80.
    pub fn admit(mut self, check: impl Fn(&str, &str) -> bool + Send + Sync + 'static) -> Self {
        self.admit = Some(Arc::new(check));
        self
    }

    /// Passes each will before it is published: the client's identifier, the connection that has
    /// ended, and the payload, which may be changed, for example so that no two are alike.
    pub fn on_will(
        mut self,
        pass: impl Fn(&str, Connection, &mut Vec<u8>) + Send + Sync + 'static,
    ) -> Self {
        self.on_will = Some(Arc::new(pass));
        self
    }

    /// Refuses MQTT 5 as a server does that speaks only MQTT 3.1.1.
    pub fn only_3_1_1(mut self) -> Self {
        self.is_3_1_1_only = true;
        self
    }

    /// The limits announced to clients of MQTT 5.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Answers each CONNECT, PUBLISH with QoS 1 and 2, PUBREL, SUBSCRIBE, UNSUBSCRIBE, PINGREQ and
    /// AUTH of MQTT 5: the client's identifier comes first. `None`: as usual. PINGREQ and AUTH can
    /// only be answered with [`Answer::disconnect`].
    pub fn answer(
        mut self,
        answer: impl Fn(&str, &Packet<'_>) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        self.answer = Some(Arc::new(answer));
        self
    }

    /// Offers an authentication method. The function is given the data of the client and how many
    /// packets of this exchange came before. Other methods are refused.
    pub fn authenticate(
        mut self,
        method: &str,
        check: impl Fn(&[u8], u32) -> Challenge + Send + Sync + 'static,
    ) -> Self {
        self.authenticate = Some(Method::new(method, check));
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("window", &self.window)
            .field("queue", &self.queue)
            .field("backlog", &self.backlog)
            .field("max_packet", &self.max_packet)
            .field("max_qos", &self.max_qos)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}
