//! The options of each transport: TCP, TLS, WebSocket, Unix socket.
use crate::{
    args::ConnectionArgs,
    exit::{Exit, Failure},
};
use clap::Args;
#[cfg(feature = "_tls")]
use motemq_net::TlsError;
use motemq_net::{BrokerUrl, Route, Scheme, WebSocket};
use std::net::{IpAddr, ToSocketAddrs};

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "TLS and WebSocket")]
pub struct TransportArgs {
    #[cfg(feature = "_tls")]
    #[command(flatten)]
    tls: crate::tls::TlsArgs,

    /// Use a WebSocket with the path /mqtt; the port is 80, with TLS 443, unless -p says otherwise
    #[arg(long, conflicts_with_all = ["url", "unix"])]
    ws: bool,

    /// A header of the request for a WebSocket; as often as wished
    #[arg(long = "ws-header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
}

fn header(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once(':').ok_or("write it as NAME: VALUE")?;
    Ok((name.trim().into(), value.trim().into()))
}

/// Returns the addresses of this machine that a name stands for.
pub fn own_addresses(name: &str) -> Result<Vec<IpAddr>, Failure> {
    let found = (name, 0).to_socket_addrs().map_err(|error| {
        let words = format!("{name}, to connect from, has no address: {error}");
        Failure::new(Exit::CannotConnect, words)
    })?;
    Ok(found.map(|address| address.ip()).collect())
}

fn usage(words: &str) -> Failure {
    Failure::new(Exit::Usage, words)
}

impl TransportArgs {
    /// The way to the broker, as the URL or the other options say.
    pub fn route(&self, args: &ConnectionArgs, url: Option<&BrokerUrl>) -> Result<Route, Failure> {
        let mut route = match url {
            Some(url) => Route::from(url),
            None => Route {
                host: args.host.clone(),
                port: args.port,
                ..Route::default()
            },
        };
        if self.ws {
            route.scheme = Scheme::Ws;
        }
        if let Some(path) = &args.unix {
            route.scheme = Scheme::Unix;
            route.path.clone_from(path);
        }
        if args.proxy.is_some() && route.scheme == Scheme::Unix {
            return Err(usage(
                "a Unix socket is reached without a proxy: leave out --proxy",
            ));
        }
        if args.bind.is_some() && route.scheme == Scheme::Unix {
            return Err(usage(
                "a Unix socket has no address to connect from: leave out --bind",
            ));
        }
        route.proxy.clone_from(&args.proxy);
        self.secure(&mut route, url.is_some())?;
        if !self.headers.is_empty() && !route.scheme.is_websocket() {
            return Err(usage(
                "--ws-header is for a WebSocket: say --ws, -L ws://... or -L wss://...",
            ));
        }
        let headers = self
            .headers
            .iter()
            .fold(WebSocket::new(), |all, (name, value)| {
                all.header(name, value)
            });
        route.websocket = headers;
        Ok(route)
    }

    /// Returns whether the user is asked for a password on the terminal.
    pub fn asks_for_password(&self) -> bool {
        #[cfg(feature = "_tls")]
        return self.tls.asks_for_password();
        #[cfg(not(feature = "_tls"))]
        false
    }

    /// Returns whether the certificate of the broker is not checked.
    pub fn is_insecure(&self) -> bool {
        #[cfg(feature = "_tls")]
        return self.tls.insecure;
        #[cfg(not(feature = "_tls"))]
        false
    }

    #[cfg(feature = "_tls")]
    fn secure(&self, route: &mut Route, by_url: bool) -> Result<(), Failure> {
        if self.tls.is_wanted() && !route.scheme.is_tls() {
            if by_url || route.scheme == Scheme::Unix {
                return Err(usage(
                    "options of TLS, and a way to the broker without it: say -L mqtts://... or -L wss://...",
                ));
            }
            route.scheme = if self.ws { Scheme::Wss } else { Scheme::Mqtts };
        }
        route.tls = self.tls.read().map_err(|error| {
            let exit = match error {
                TlsError::Unreadable(_) => Exit::Files,
                _ => Exit::Usage,
            };
            Failure::new(exit, error)
        })?;
        Ok(())
    }

    #[cfg(not(feature = "_tls"))]
    fn secure(&self, route: &mut Route, _: bool) -> Result<(), Failure> {
        if route.scheme.is_tls() {
            Err(usage(
                "this motemq was built without TLS: build it with the feature \"native-tls\" or \"rustls\"",
            ))
        } else {
            Ok(())
        }
    }
}
