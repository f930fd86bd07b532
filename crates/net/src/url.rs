//! Where a broker is, in one line.
use percent_encoding::percent_decode_str;
use std::fmt;
use url::{Host, Url};

/// What a broker URL says: `mqtt://[user[:password]@]host[:port][/topic]`.
///
/// Special characters in user, password and topic are percent-encoded (`%40` is `@`). Everything behind the first `/` after the host is the
/// topic, `#`, `?` and `+` included. An IPv6 address stands in brackets.
///
/// ```
/// use motemq_net::BrokerUrl;
/// let url = BrokerUrl::parse("mqtt://node:p%40ss@[::1]:1884/cellar/#")?;
/// assert_eq!((url.host.as_str(), url.port), ("::1", 1884));
/// assert_eq!((url.user.as_deref(), url.password.as_deref()), (Some("node"), Some(&b"p@ss"[..])));
/// assert_eq!(url.topic.as_deref(), Some("cellar/#"));
/// # Ok::<(), motemq_net::UrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    /// Name or address, without brackets.
    pub host: String,
    /// 1883 if none is given.
    pub port: u16,
    /// Who we are.
    pub user: Option<String>,
    /// Any bytes.
    pub password: Option<Vec<u8>>,
    /// A topic or filter; `None` also if nothing stands behind the `/`.
    pub topic: Option<String>,
}

/// A broker URL that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UrlError {
    /// Another transport than plain TCP.
    #[error("{0}:// comes with a later version: use mqtt://, or a tunnel that ends in a plain TCP port")]
    Later(String),
    /// No broker is reached this way.
    #[error("{0}:// is not the scheme of a broker URL: write mqtt://[user[:password]@]host[:port][/topic]")]
    Scheme(String),
    /// It does not follow the form of a URL.
    #[error("not a broker URL ({0}): write mqtt://[user[:password]@]host[:port][/topic]")]
    Form(String),
    /// What was percent-encoded is no text.
    #[error("the {0} in the broker URL is not UTF-8: encode it as UTF-8, then each special byte as %XX")]
    Text(&'static str),
}

impl BrokerUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// See [`UrlError`]. `mqtts`, `ssl`, `ws`, `wss` and `unix` are known, but come with a later version.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let Some((scheme, rest)) = text.split_once("://") else { return Err(UrlError::Form("there is no ://".into())) };
        match scheme.to_ascii_lowercase().as_str() {
            "mqtt" | "tcp" => {}
            scheme @ ("mqtts" | "ssl" | "tls" | "ws" | "wss" | "unix") => return Err(UrlError::Later(scheme.into())),
            _ => return Err(UrlError::Scheme(scheme.into())),
        }
        // Filters hold characters that mean something else in a URL, so only what stands before them is read as one.
        let (authority, topic) = rest.split_once('/').unwrap_or((rest, ""));
        if let Some(odd) = authority.chars().find(|char| "?#\\".contains(*char)) {
            return Err(UrlError::Form(format!("{odd} before the first /")));
        }
        let url = Url::parse(&format!("mqtt://{authority}")).map_err(|error| UrlError::Form(error.to_string()))?;
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => text_of(name, "host")?,
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err(UrlError::Form("there is no host".into())),
        };
        let user = if url.username().is_empty() { None } else { Some(text_of(url.username(), "user name")?) };
        if user.is_none() && url.password().is_some() {
            return Err(UrlError::Form("a password goes with a user name only".into()));
        }
        Ok(BrokerUrl {
            host,
            port: url.port().unwrap_or(1883),
            user,
            password: url.password().map(|password| percent_decode_str(password).collect()),
            topic: if topic.is_empty() { None } else { Some(text_of(topic, "topic")?) },
        })
    }
}

fn text_of(encoded: &str, what: &'static str) -> Result<String, UrlError> {
    percent_decode_str(encoded).decode_utf8().map(Into::into).map_err(|_| UrlError::Text(what))
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerUrl")
            .field("host", &self.host)
            .field("port", &self.port)
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
        assert_eq!((url.host.as_str(), url.port, url.user, url.password, url.topic), ("broker.example", 1883, None, None, None));
        assert_eq!(parse("mqtt://h/").topic, None);
        assert_eq!(parse("MQTT://h:1").port, 1);
    }

    #[test]
    fn user_and_password_are_decoded() {
        let url = parse("mqtt://us%2Fer:%00%ff:@h");
        assert_eq!((url.user.as_deref(), url.password.as_deref()), (Some("us/er"), Some(&b"\0\xff:"[..])));
        let url = parse("mqtt://me@h");
        assert_eq!((url.user.as_deref(), url.password), (Some("me"), None));
        assert!(!format!("{:?}", parse("mqtt://me:secret@h")).contains("secret"));
    }

    #[test]
    fn topics_keep_what_means_something_else_in_other_urls() {
        assert_eq!(parse("mqtt://h/a/+/b/#").topic.as_deref(), Some("a/+/b/#"));
        assert_eq!(parse("mqtt://h//a?b=c").topic.as_deref(), Some("/a?b=c"));
        assert_eq!(parse("mqtt://h/a%20b/%C3%A4").topic.as_deref(), Some("a b/ä"));
    }

    #[test]
    fn addresses() {
        assert_eq!(parse("mqtt://127.0.0.1:99").host, "127.0.0.1");
        assert_eq!(parse("mqtt://[2001:db8::7]/t").host, "2001:db8::7");
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        for scheme in ["mqtts", "ws", "wss", "unix", "ssl"] {
            let error = BrokerUrl::parse(&format!("{scheme}://h")).unwrap_err();
            assert_eq!(error, UrlError::Later(scheme.into()));
            assert!(error.to_string().contains("later version"));
        }
        assert!(matches!(BrokerUrl::parse("http://h"), Err(UrlError::Scheme(_))));
        for wrong in ["broker", "mqtt://", "mqtt:///t", "mqtt://:secret@h", "mqtt://h:70000", "mqtt://[::1", "mqtt://h?x/t"] {
            assert!(matches!(BrokerUrl::parse(wrong), Err(UrlError::Form(_))), "{wrong}");
        }
        assert_eq!(BrokerUrl::parse("mqtt://h/%ff").unwrap_err(), UrlError::Text("topic"));
    }
}
