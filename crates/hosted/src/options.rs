//! The options that both clients have alike: the brokers, and the way there.

/// Defines these methods of `Options`, inside of its `impl`, next to those of
/// [`motemq_client::face_options`]. `$face` is the name of the crate, and `$by` says who writes the
/// file of the store.
#[doc(hidden)]
#[macro_export]
macro_rules! way_options {
    ($face:literal, $by:literal) => {
        /// Makes the options from a URL: `mqtt://[user[:password]@]host[:port][/topic]`, or one
        /// with `mqtts://`, `ws://`, `wss://` or `unix://`: see [`BrokerUrl`](crate::BrokerUrl).
        /// The client identifier is empty. To [keep](Self::keep_session) the session, set
        /// [`client_id`](Self::client_id).
        ///
        /// # Errors
        /// A [`UrlError`] if the text is not such a URL.
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
        /// were made. The client itself does not use it.
        pub fn topic(&self) -> Option<&str> {
            self.topic.as_deref()
        }

        /// Adds a broker. Without any, the client connects to `localhost`. If a broker cannot be
        /// reached or refuses the connection, the client tries the next one; it begins with the one
        /// that it reached last. It tries all addresses of a host at intervals of 250 ms, and uses
        /// the first connection that opens.
        pub fn broker(mut self, host: impl Into<String>, port: u16) -> Self {
            self.brokers.add(host.into(), port);
            self
        }

        /// Sets the [route](crate::Route) to all brokers, which contains the layers of the
        /// connection and their settings. The hosts are those of [`broker`](Self::broker).
        pub fn route(mut self, route: $crate::Route) -> Self {
            self.brokers.set_route(route);
            self
        }

        /// Uses TLS with these settings. The usual port of a [broker](Self::broker) is then 8883.
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

        /// Sets the headers and the other settings of the WebSocket handshake, for connections with
        /// a WebSocket.
        #[cfg(feature = "websocket")]
        pub fn websocket(mut self, websocket: $crate::WebSocket) -> Self {
            self.brokers.route_mut().websocket = websocket;
            self
        }

        /// Calls this function with each packet that is sent or received. The packets contain
        /// payloads and passwords.
        pub fn trace(
            mut self,
            look: impl FnMut($crate::Direction, &$crate::TracedPacket<'_>) + Send + 'static,
        ) -> Self {
            self.hook.get_or_insert_default().on_packets(look);
            self
        }

        /// Calls this function with all bytes that are sent or received, in the pieces in which
        /// they are written and read, without the layers of TLS and WebSocket. They contain
        /// passwords. The first argument is the number of the connection, counted from 1.
        pub fn trace_bytes(
            mut self,
            look: impl FnMut(u64, $crate::Direction, &[u8]) + Send + 'static,
        ) -> Self {
            self.hook.get_or_insert_default().on_bytes(look);
            self
        }

        /// Stores the session, and messages with QoS 1 and 2 until they are acknowledged, in this
        /// file, so that they survive the end of the process: the next process with the same file
        /// and client identifier continues the session. Use it with a session that is
        /// [kept](Self::keep_session).
        ///
        /// The client sends nothing that depends on a change before the change is on the disk
        /// (`fsync`); it writes many messages at a time.
        #[doc = concat!("The file is read when the client is made, and written ", $by, ".")]
        /// If the file fails, it is opened again once. If that fails, too, or if the file is damaged
        /// or belongs to another client identifier, the client ends with
        /// [`Store`](crate::Ended::Store). Messages published
        /// [from a reader](crate::Client::publish_from) are not stored. The application has to store
        /// received messages itself; messages with QoS 2 that it has taken do not arrive again.
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
