//! The URL of a broker.
mod authority;

pub(crate) use authority::Authority;

use authority::{check_escapes, text_of};
use std::fmt;

/// The scheme of a broker URL, which determines the layers between the socket and MQTT.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scheme {
    /// Plain TCP with the default port 1883: `mqtt://` or `tcp://`.
    Mqtt,
    /// TLS with the default port 8883: `mqtts://`, `ssl://` or `tls://`.
    Mqtts,
    /// A WebSocket with the default port 80: `ws://`.
    Ws,
    /// A WebSocket over TLS with the default port 443: `wss://`.
    Wss,
    /// A Unix socket: `unix://` and its path in the file system.
    Unix,
}

impl Scheme {
    /// Returns the default port, or 0 for a Unix socket, which has no port.
    pub const fn default_port(self) -> u16 {
        match self {
            Scheme::Mqtt => 1883,
            Scheme::Mqtts => 8883,
            Scheme::Ws => 80,
            Scheme::Wss => 443,
            Scheme::Unix => 0,
        }
    }

    /// Returns whether connections of this scheme use TLS.
    pub const fn is_tls(self) -> bool {
        matches!(self, Scheme::Mqtts | Scheme::Wss)
    }

    /// Returns whether connections of this scheme use a WebSocket.
    pub const fn is_websocket(self) -> bool {
        matches!(self, Scheme::Ws | Scheme::Wss)
    }

    fn of(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "mqtt" | "tcp" => Some(Scheme::Mqtt),
            "mqtts" | "ssl" | "tls" => Some(Scheme::Mqtts),
            "ws" => Some(Scheme::Ws),
            "wss" => Some(Scheme::Wss),
            "unix" => Some(Scheme::Unix),
            _ => None,
        }
    }
}

/// The parts of a broker URL, which has one of these forms:
/// - `mqtt://[user[:password]@]host[:port][/topic]`, or with `mqtts://`: everything after the first
///   `/` is the topic, including `#`, `?` and `+`;
/// - `ws://[user[:password]@]host[:port][/path[?query]]`, or with `wss://`: the default path is
///   `/mqtt`, and there is no topic;
/// - `unix://[user[:password]@]/path/of/the/socket`: there is no topic.
///
/// Special characters in user, password, topic and the path of a Unix socket are percent-encoded
/// (`%40` is `@`). An IPv6 address is in brackets. The zone of a link-local address follows `%25`
/// or `%`: `mqtt://[fe80::1%25eth0]`.
///
/// # Examples
/// ```
/// use motemq_net::{BrokerUrl, Scheme};
/// let url = BrokerUrl::parse("mqtt://node:p%40ss@[::1]:1884/cellar/#")?;
/// assert_eq!((url.scheme, url.host.as_str(), url.port), (Scheme::Mqtt, "::1", 1884));
/// assert_eq!((url.user.as_deref(), url.password.as_deref()), (Some("node"), Some(&b"p@ss"[..])));
/// assert_eq!(url.topic.as_deref(), Some("cellar/#"));
/// let url = BrokerUrl::parse("wss://broker.example/a?b=c")?;
/// assert_eq!((url.port, url.path.as_str()), (443, "/a?b=c"));
/// # Ok::<(), motemq_net::UrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    /// The scheme of the URL.
    pub scheme: Scheme,
    /// The host name or address, without brackets and with its zone (`fe80::1%eth0`). It is empty
    /// for a Unix socket.
    pub host: String,
    /// The port of the URL, or [`Scheme::default_port`].
    pub port: u16,
    /// The path and query of a WebSocket, as they are in the URL, or the path of a Unix socket. It
    /// is empty for other schemes.
    pub path: String,
    /// The user name, if the URL has one.
    pub user: Option<String>,
    /// The password, if the URL has one, which can be any bytes.
    pub password: Option<Vec<u8>>,
    /// The topic or topic filter, or `None` if nothing follows the `/`.
    pub topic: Option<String>,
}

/// The reason why the URL of a broker or proxy cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// The scheme of the broker URL is unknown.
    #[error(
        "{0}:// is not the scheme of a broker URL: write mqtt://, mqtts://, ws://, wss:// or unix://"
    )]
    Scheme(String),
    /// The scheme of a proxy's URL is unknown.
    #[error(
        "{0}:// is not the scheme of a proxy: write socks5://[user[:password]@]host[:port], or http://..."
    )]
    ProxyScheme(String),
    /// The text does not have the form of a broker URL.
    #[error(
        "not a broker URL ({0}): write mqtt://[user[:password]@]host[:port][/topic], or mqtts://, ws://, wss://, unix:///path"
    )]
    Form(String),
    /// The text does not have the form of the URL of a proxy.
    #[error(
        "not the URL of a proxy ({0}): write socks5://[user[:password]@]host[:port], or http://..."
    )]
    ProxyForm(String),
    /// A part of the broker URL is not UTF-8 after it was decoded.
    #[error(
        "the {0} in the broker URL is not UTF-8: encode it as UTF-8, then each special byte as %XX"
    )]
    Text(&'static str),
}

impl BrokerUrl {
    /// Parses a broker URL.
    ///
    /// # Errors
    /// A [`UrlError`] if the text is not a broker URL.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(UrlError::Form("there is no ://".into()));
        };
        let scheme = Scheme::of(scheme).ok_or_else(|| UrlError::Scheme(scheme.into()))?;
        // Filters hold characters that mean something else in a URL, so only what stands before
        // them is read as one.
        let (authority, behind) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if let Some(odd) = authority.chars().find(|char| "?#\\".contains(*char)) {
            return Err(UrlError::Form(format!("{odd} before the first /")));
        }
        let authority = if scheme == Scheme::Unix {
            if !authority.is_empty() && !authority.ends_with('@') {
                return Err(UrlError::Form(
                    "the path of a socket begins with /, as in unix:///run/broker".into(),
                ));
            }
            Authority::without_host(authority)?
        } else {
            Authority::parse(authority)?
        };
        let Authority {
            user,
            password,
            host,
            port,
        } = authority;
        let (path, topic) = match scheme {
            Scheme::Mqtt | Scheme::Mqtts => (
                String::new(),
                text_of(behind.strip_prefix('/').unwrap_or_default(), "topic")?,
            ),
            Scheme::Ws | Scheme::Wss => (
                if behind.len() > 1 {
                    check_escapes(behind)?;
                    behind.into()
                } else {
                    "/mqtt".into()
                },
                String::new(),
            ),
            Scheme::Unix if behind.len() > 1 => (text_of(behind, "path")?, String::new()),
            Scheme::Unix => return Err(UrlError::Form("there is no path of a socket".into())),
        };
        Ok(BrokerUrl {
            scheme,
            host,
            port: port.unwrap_or(scheme.default_port()),
            path,
            user,
            password,
            topic: if topic.is_empty() { None } else { Some(topic) },
        })
    }
}

/// Returns the host without the zone of an address, which is known on this machine only.
pub(crate) fn without_zone(host: &str) -> &str {
    match host.split_once('%') {
        Some((address, _)) if address.contains(':') => address,
        _ => host,
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerUrl")
            .field("scheme", &self.scheme)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("path", &self.path)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| "***"))
            .field("topic", &self.topic)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> BrokerUrl {
        BrokerUrl::parse(text).unwrap()
    }

    #[test]
    fn parts_that_are_missing_have_their_defaults() {
        let url = parse("mqtt://broker.example");
        assert_eq!(
            (
                url.host.as_str(),
                url.port,
                url.user,
                url.password,
                url.topic
            ),
            ("broker.example", 1883, None, None, None)
        );
        assert_eq!(parse("mqtt://h/").topic, None);
        assert_eq!(parse("MQTT://h:1").port, 1);
        assert_eq!(parse("mqtt://h:").port, 1883);
    }

    #[test]
    fn user_and_password_are_decoded() {
        let url = parse("mqtt://us%2Fer:%00%ff:@h");
        assert_eq!(
            (url.user.as_deref(), url.password.as_deref()),
            (Some("us/er"), Some(&b"\0\xff:"[..]))
        );
        let url = parse("mqtt://me@h");
        assert_eq!((url.user.as_deref(), url.password), (Some("me"), None));
        let url = parse("mqtt://me:@h");
        assert_eq!(url.password.as_deref(), Some(&b""[..]));
        let url = parse("mqtt://me:a:b%40c@h");
        assert_eq!(url.password.as_deref(), Some(&b"a:b@c"[..]));
        assert!(!format!("{:?}", parse("mqtt://me:secret@h")).contains("secret"));
    }

    #[test]
    fn topics_keep_what_means_something_else_in_other_urls() {
        assert_eq!(parse("mqtt://h/a/+/b/#").topic.as_deref(), Some("a/+/b/#"));
        assert_eq!(parse("mqtt://h//a?b=c").topic.as_deref(), Some("/a?b=c"));
        assert_eq!(
            parse("mqtt://h/a%20b/%C3%A4").topic.as_deref(),
            Some("a b/ä")
        );
    }

    #[test]
    fn addresses() {
        assert_eq!(parse("mqtt://127.0.0.1:99").host, "127.0.0.1");
        assert_eq!(parse("mqtt://[2001:db8::7]/t").host, "2001:db8::7");
        for url in [
            "mqtt://me:secret@[fe80::1%25eth0]:1884/t",
            "ws://[fe80::1%eth0]:1884/t",
        ] {
            let url = parse(url);
            assert_eq!((url.host.as_str(), url.port), ("fe80::1%eth0", 1884));
        }
        assert_eq!(parse("mqtt://[fe80::1%25a%2Fb]").host, "fe80::1%a/b");
        assert_eq!(without_zone("fe80::1%eth0"), "fe80::1");
        assert_eq!(without_zone("2001:db8::7"), "2001:db8::7");
        assert_eq!(without_zone("a%b"), "a%b");
    }

    #[test]
    fn each_scheme_has_its_port() {
        for (url, scheme, port) in [
            ("tcp://h", Scheme::Mqtt, 1883),
            ("mqtts://h/t", Scheme::Mqtts, 8883),
            ("ssl://h", Scheme::Mqtts, 8883),
            ("tls://h", Scheme::Mqtts, 8883),
            ("ws://h", Scheme::Ws, 80),
            ("WSS://h", Scheme::Wss, 443),
            ("unix:///h", Scheme::Unix, 0),
        ] {
            assert_eq!(
                (parse(url).scheme, parse(url).port),
                (scheme, port),
                "{url}"
            );
        }
        assert_eq!(parse("mqtts://h:443/a/#").topic.as_deref(), Some("a/#"));
    }

    #[test]
    fn websockets_have_a_path_and_no_topic() {
        assert_eq!(parse("ws://h").path, "/mqtt");
        assert_eq!(parse("ws://h/").path, "/mqtt");
        let url = parse("wss://me:secret@h:8884/$iothub/websocket?a=%20");
        assert_eq!(
            (url.path.as_str(), url.port, url.topic),
            ("/$iothub/websocket?a=%20", 8884, None)
        );
    }

    #[test]
    fn sockets_have_a_path_and_no_host() {
        let url = parse("unix://me:secret@/run/my%20broker.sock");
        assert_eq!(
            (url.path.as_str(), url.host.as_str(), url.user.as_deref()),
            ("/run/my broker.sock", "", Some("me"))
        );
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        assert!(matches!(
            BrokerUrl::parse("http://h"),
            Err(UrlError::Scheme(_))
        ));
        for wrong in [
            "broker",
            "mqtt://",
            "mqtt:///t",
            "mqtt://:secret@h",
            "mqtt://:@h",
            "mqtt://h:0",
            "mqtt://[fe80::1%25]",
            "mqtt://[h%25eth0]",
            "mqtt://h:70000",
            "mqtt://h:1x",
            "mqtt://::1",
            "mqtt://[::1]1883",
            "mqtt://a b",
            "mqtt://a%0ab",
            "mqtt://a<b",
            "mqtt://[::1",
            "mqtt://h?x/t",
            "mqtt://h/%zz",
            "mqtt://h/100%",
            "mqtt://h/a%2",
            "mqtt://h/%ä",
            "mqtt://%zz@h",
            "mqtt://me:%zz@h",
            "mqtt://%zz",
            "ws://h/%zz",
            "unix:///%zz",
            "unix://run/x",
            "unix://",
            "ws:///x",
        ] {
            assert!(
                matches!(BrokerUrl::parse(wrong), Err(UrlError::Form(_))),
                "{wrong}"
            );
        }
        assert_eq!(
            BrokerUrl::parse("mqtt://h/%ff").unwrap_err(),
            UrlError::Text("topic")
        );
    }
}
