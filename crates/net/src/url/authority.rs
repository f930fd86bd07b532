//! User, password, host and port of a URL.
use super::UrlError;
use percent_encoding::percent_decode_str;
use std::net::Ipv6Addr;

/// `[user[:password]@]host[:port]`.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Authority {
    pub user: Option<String>,
    pub password: Option<Vec<u8>>,
    pub host: String,
    pub port: Option<u16>,
}

impl Authority {
    /// Parses the text between `://` and the next `/`.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (login, place) = split(text);
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => {
                let (address, behind) = rest
                    .split_once(']')
                    .ok_or_else(|| form("the ] behind the IPv6 address is missing"))?;
                let port = match behind.strip_prefix(':') {
                    Some(port) => port,
                    None if behind.is_empty() => "",
                    None => return Err(form("only a port may follow the ] of an address")),
                };
                (ipv6(address)?, port)
            }
            None => {
                let (host, port) = place.split_once(':').unwrap_or((place, ""));
                if port.contains(':') {
                    return Err(form("write IPv6 addresses in brackets, as in [::1]"));
                }
                (name(host)?, port)
            }
        };
        Ok(Authority {
            host,
            port: parse_port(port)?,
            ..Self::without_host(login)?
        })
    }

    /// Parses `[user[:password]@]`.
    pub fn without_host(login: &str) -> Result<Self, UrlError> {
        let Some(login) = login.strip_suffix('@') else {
            return Ok(Authority::default());
        };
        // An empty password is one, too.
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(decoded(password)?)),
            None => (login, None),
        };
        if user.is_empty() && password.is_some() {
            return Err(form("a password goes with a user name only"));
        }
        let user = text_of(user, "user name")?;
        Ok(Authority {
            user: Some(user).filter(|user| !user.is_empty()),
            password,
            ..Authority::default()
        })
    }
}

/// Splits behind the last `@`.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.rfind('@').map_or(0, |at| at + 1))
}

/// Returns the address without brackets, with its zone: behind `%25` (RFC 6874), or a bare `%` as in
/// other places.
fn ipv6(text: &str) -> Result<String, UrlError> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone.strip_prefix("25").unwrap_or(zone))),
        None => (text, None),
    };
    let address: Ipv6Addr = address
        .parse()
        .map_err(|_| form("what stands in brackets is no IPv6 address"))?;
    match zone.map(|zone| text_of(zone, "zone")).transpose()? {
        None => Ok(address.to_string()),
        Some(zone) if zone.is_empty() => Err(form("the zone of the address is empty")),
        Some(zone) => Ok(format!("{address}%{zone}")),
    }
}

fn name(text: &str) -> Result<String, UrlError> {
    let name = text_of(text, "host")?;
    if name.is_empty() {
        return Err(form("there is no host"));
    }
    let wrong =
        |char: char| char.is_control() || char.is_whitespace() || "#/<>?@[\\]^|".contains(char);
    match name.chars().find(|&char| wrong(char)) {
        Some(char) => Err(UrlError::Form(format!("no host has {char:?} in its name"))),
        None => Ok(name),
    }
}

fn parse_port(text: &str) -> Result<Option<u16>, UrlError> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse() {
        Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(port)),
        _ => Err(form("a port is a number from 1 to 65535")),
    }
}

fn form(why: &str) -> UrlError {
    UrlError::Form(why.into())
}

/// Returns the decoded text.
pub fn text_of(encoded: &str, what: &'static str) -> Result<String, UrlError> {
    String::from_utf8(decoded(encoded)?).map_err(|_| UrlError::Text(what))
}

fn decoded(encoded: &str) -> Result<Vec<u8>, UrlError> {
    check_escapes(encoded)?;
    Ok(percent_decode_str(encoded).collect())
}

/// Checks that each `%` begins an escape.
pub fn check_escapes(encoded: &str) -> Result<(), UrlError> {
    let mut parts = encoded.split('%');
    parts.next();
    for part in parts {
        let digits = part.as_bytes().get(..2);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            let shown: String = part.chars().take(2).collect();
            let why = format!("%{shown} is no escape: write %25 for the character % itself");
            return Err(UrlError::Form(why));
        }
    }
    Ok(())
}
