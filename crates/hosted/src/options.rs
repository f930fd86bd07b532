//! The options of both clients that concern the brokers and the transports to them.

/// Defines these methods of `Options`, inside its `impl`, in addition to those of
/// [`motemq_client::face_options`]. `$face` is the name of the crate, and `$by` names the thread
/// that writes the file of the store.
#[doc(hidden)]
#[macro_export]
macro_rules! way_options {
    ($face:literal, $by:literal) => {
        /// Makes the options from a URL such as `mqtt://[user[:password]@]host[:port][/topic]`.
        /// [`BrokerUrl`](crate::BrokerUrl) lists the forms, for TLS, WebSocket and Unix sockets,
        /// too.
        ///
        /// The client identifier is empty. To [keep](Self::keep_session) the session, set
        /// [`client_id`](Self::client_id).
        ///
        /// # Errors
        /// A [`UrlError`](crate::UrlError) if the URL is not valid, or if its scheme is unknown.
        ///
        /// # Examples
        /// ```
        #[doc = concat!("use ", $face, "::{Client, Options};")]
        /// let options = Options::from_url("mqtt://node:secret@broker.example/cellar/#")?;
        /// assert_eq!(options.topic(), Some("cellar/#"));
        /// let error = Client::new(options.keep_session()).unwrap_err();
        /// assert!(error.to_string().contains("set client_id"));
        #[doc = concat!("# Ok::<(), ", $face, "::UrlError>(())")]
        /// ```
        pub fn from_url(url: &str) -> Result<Self, $crate::UrlError> {
            let (brokers, client, topic) = $crate::Brokers::from_url(url)?;
            Ok(Options {
                client,
                brokers,
                topic,
                ..Self::new("")
            })
        }

        /// Returns the topic or topic filter of the [URL](Self::from_url) from which the options
        /// were made, or `None` if it contains none. The client itself does not use it.
        pub fn topic(&self) -> Option<&str> {
            self.topic.as_deref()
        }

        /// Adds a broker. If the options contain no broker, the client connects to `localhost`.
        ///
        /// If a broker cannot be reached or refuses the connection, the client tries the next one.
        /// To reconnect, it begins with the broker that it reached last. It tries all addresses of
        /// a host at intervals of 250 ms, and uses the first connection that opens.
        pub fn broker(mut self, host: impl Into<String>, port: u16) -> Self {
            self.brokers.add(host.into(), port);
            self
        }

        /// Sets the [route](crate::Route) to all brokers: the scheme, the path, and the settings of
        /// proxy, TLS and WebSocket. [`broker`](Self::broker) sets the host and the port. The host
        /// of the route is not used, and its port only if the options contain no broker.
        pub fn route(mut self, route: $crate::Route) -> Self {
            self.brokers.set_route(route);
            self
        }

        /// Uses TLS with these settings. It does not change the port of a [broker](Self::broker),
        /// which is usually 8883 with TLS.
        #[cfg(feature = "_tls")]
        #[cfg_attr(docsrs, doc(cfg(any(feature = "native-tls", feature = "rustls"))))]
        pub fn tls(mut self, tls: $crate::Tls) -> Self {
            let route = self.brokers.route_mut();
            *route = ::std::mem::take(route).secured(tls);
            self
        }

        /// Connects to all brokers through this proxy. A Unix socket does not use it.
        ///
        /// # Examples
        /// ```
        #[doc = concat!("use ", $face, "::{Options, Proxy};")]
        /// let proxy = Proxy::from_url("socks5://node:secret@proxy.example:1080")?;
        /// let options = Options::new("node-7").broker("broker.example", 1883).proxy(proxy);
        /// assert!(!format!("{options:?}").contains("secret"));
        #[doc = concat!("# Ok::<(), ", $face, "::UrlError>(())")]
        /// ```
        pub fn proxy(mut self, proxy: $crate::Proxy) -> Self {
            self.brokers.route_mut().proxy = Some(proxy);
            self
        }

        /// Sets the headers and the other settings of the WebSocket handshake. They have no effect
        /// unless the scheme of the [URL](Self::from_url) or of the [route](Self::route) is `ws` or
        /// `wss`.
        #[cfg(feature = "websocket")]
        pub fn websocket(mut self, websocket: $crate::WebSocket) -> Self {
            self.brokers.route_mut().websocket = websocket;
            self
        }

        /// Calls this function with each packet that is sent or received. The packets contain
        /// payloads and passwords. The connection waits for the function, so it should return soon.
        pub fn trace(
            mut self,
            look: impl FnMut($crate::Direction, &$crate::TracedPacket<'_>) + Send + 'static,
        ) -> Self {
            self.hook.get_or_insert_default().on_packets(look);
            self
        }

        /// Calls this function with all bytes of MQTT that are sent or received, in the pieces in
        /// which they are written and read; with TLS and WebSocket, these are the bytes inside
        /// these layers. The bytes contain payloads and passwords. The first argument is the number
        /// of the connection, counted from 1. The connection waits for the function, so it should
        /// return soon.
        pub fn trace_bytes(
            mut self,
            look: impl FnMut(u64, $crate::Direction, &[u8]) + Send + 'static,
        ) -> Self {
            self.hook.get_or_insert_default().on_bytes(look);
            self
        }

        /// Stores the session in this file, and messages with QoS 1 and 2 until they are
        /// acknowledged, so that they survive the end of the process. The next process with the
        /// same file and client identifier continues the session. Use this option with a session
        /// that is [kept](Self::keep_session).
        ///
        /// The client sends nothing that depends on a change before the change is on the disk
        /// (`fsync`). Each write to the disk can contain many messages.
        #[doc = concat!("The file is read when the client is made, and written ", $by, ".")]
        /// If writing the file fails, it is opened and written once more. If that fails, too, or if
        /// the file is damaged or belongs to another client identifier, the client ends with
        /// [`Store`](crate::Ended::Store).
        ///
        /// Messages published [from a reader](crate::Client::publish_from) are not stored. The
        /// application has to store received messages itself; messages with QoS 2 that it has taken
        /// do not arrive again.
        #[cfg(feature = "store")]
        pub fn store(mut self, path: impl Into<::std::path::PathBuf>) -> Self {
            self.store = Some(path.into().into());
            self
        }

        /// Returns the options of the client below.
        pub(crate) fn client_options(&self) -> ::motemq_client::Options {
            self.client.clone().brokers(self.brokers.count())
        }
    };
}
