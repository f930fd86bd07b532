//! The options that both clients have alike: the brokers, and the way there.

/// Defines these methods of `Options`, inside of its `impl`, next to those of
/// [`motemq_client::face_options`]. `$face` is the name of the crate.
#[doc(hidden)]
#[macro_export]
macro_rules! way_options {
    ($face:literal) => {
        /// Reads `mqtt://[user[:password]@]host[:port][/topic]`, or the same with `mqtts://`, `ws://`,
        /// `wss://`, `unix://`: see [`BrokerUrl`](crate::BrokerUrl). The client identifier is empty: set
        /// [`client_id`](Self::client_id), without which the session cannot be
        /// [kept](Self::keep_session).
        ///
        /// # Errors
        /// A [`UrlError`] for another form or scheme.
        ///
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

        /// Returns the topic or filter in the [URL](Self::from_url) that these options were made from,
        /// for the caller's own use.
        pub fn topic(&self) -> Option<&str> {
            self.topic.as_deref()
        }

        /// Adds a broker. Brokers take turns: when one cannot be reached or refuses, the next one is
        /// tried, from the one that was reached last on. All addresses of a host are tried, at intervals
        /// of a quarter of a second, and the first that opens is used.
        pub fn broker(mut self, host: impl Into<String>, port: u16) -> Self {
            self.brokers.add(host.into(), port);
            self
        }

        /// Sets how brokers are reached, apart from host and port: through which layers.
        pub fn route(mut self, route: $crate::Route) -> Self {
            self.brokers.set_route(route);
            self
        }

        /// Uses TLS with these settings. The port of a [broker](Self::broker) is then mostly 8883.
        #[cfg(feature = "_tls")]
        #[cfg_attr(docsrs, doc(cfg(any(feature = "native-tls", feature = "rustls"))))]
        pub fn tls(mut self, tls: $crate::Tls) -> Self {
            let route = self.brokers.route_mut();
            *route = ::std::mem::take(route).secured(tls);
            self
        }

        /// Goes through this proxy, to each of the brokers. A Unix socket is reached without one.
        ///
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

        /// Sets headers and more of the request for a WebSocket, where the URL has one.
        #[cfg(feature = "websocket")]
        pub fn websocket(mut self, websocket: $crate::WebSocket) -> Self {
            self.brokers.route_mut().websocket = websocket;
            self
        }

        /// Shows each packet that passes, in either direction. Payloads and passwords are shown, too.
        pub fn trace(
            mut self,
            look: impl FnMut($crate::Direction, &$crate::TracedPacket<'_>) + Send + 'static,
        ) -> Self {
            self.hook.get_or_insert_default().on_packets(look);
            self
        }

        /// Shows all bytes that pass, in either direction, in the pieces in which they are written
        /// and read, without the layers of TLS and WebSocket. Passwords are among them. The function
        /// gets the number of the connection, too, counted from 1.
        pub fn trace_bytes(
            mut self,
            look: impl FnMut(u64, $crate::Direction, &[u8]) + Send + 'static,
        ) -> Self {
            self.hook.get_or_insert_default().on_bytes(look);
            self
        }
    };
}
