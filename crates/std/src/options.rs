//! The options of a client: brokers, the way there, limits.
use crate::Attempt;
use motemq_hosted::{BoxError, Brokers, Hook};

/// Asks the application, which may block.
pub(crate) type Credentials = motemq_hosted::Credentials<Result<Attempt, BoxError>>;

/// The options of a [`Client`](crate::Client): the brokers and the transports to them, the client
/// identifier, login and will, time limits, and limits of the messages that wait.
///
/// `Debug` shows no passwords.
///
/// # Examples
/// ```
/// use motemq_std::{Options, Reconnect, Will};
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
    pub(crate) client: motemq_client::Options,
    pub(crate) brokers: Brokers,
    topic: Option<String>,
    pub(crate) hook: Option<Hook>,
    pub(crate) credentials: Option<Credentials>,
    #[cfg(feature = "store")]
    pub(crate) store: Option<Box<std::path::Path>>,
}

impl Options {
    /// Makes options with the defaults: a clean session at `localhost:1883`, MQTT 3.1.1, a keep
    /// alive of 60 s, and reconnection by [`Reconnect::back_off`](crate::Reconnect::back_off).
    ///
    /// The broker finds the session by the client identifier. If two connections have the same
    /// client identifier, the broker closes the older one. Every broker accepts 1 to 23 letters and
    /// digits [MQTT-3.1.3-5]. If the client identifier is empty, the session must be clean, and the
    /// broker chooses an identifier.
    pub fn new(client_id: impl Into<String>) -> Self {
        Options {
            client: motemq_client::Options::new(client_id),
            brokers: Brokers::default(),
            topic: None,
            hook: None,
            credentials: None,
            #[cfg(feature = "store")]
            store: None,
        }
    }

    motemq_hosted::way_options!("motemq_std", "by the driver");
    motemq_client::face_options!();

    /// Calls this function before each attempt to connect to a broker, for settings that change
    /// while the client exists: a password that is a token and expires, a certificate and its key,
    /// headers, or the host.
    ///
    /// The argument is an [`Attempt`] with the settings of these options, and the function returns
    /// the attempt with its changes. An error ends the attempt, and is the reason that the
    /// [state](crate::State) contains; the next attempt calls the function again. The function is
    /// called once for all addresses of a broker. It can take up to
    /// [`connect_timeout`](Self::connect_timeout).
    ///
    /// The function is called in a thread of its own, so it can block.
    ///
    /// # Examples
    /// ```
    /// # let broker = motemq_testing::server::Server::start(Default::default())?;
    /// use motemq_std::{Client, Options};
    /// fn fetch_token() -> std::io::Result<String> {
    ///     Ok("expires in an hour".into())
    /// }
    /// let options = Options::from_url(&broker.url())?
    ///     .credentials(|attempt| fetch_token().map(|token| attempt.login("node", token)));
    /// let client = Client::connect(options)?;
    /// client.connected()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn credentials<E>(
        mut self,
        ask: impl Fn(Attempt) -> Result<Attempt, E> + Send + Sync + 'static,
    ) -> Self
    where
        E: Into<BoxError>,
    {
        let ask = move |attempt| ask(attempt).map_err(Into::into);
        self.credentials = Some(Credentials::new(ask));
        self
    }
}
