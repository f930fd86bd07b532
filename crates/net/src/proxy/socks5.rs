//! SOCKS5: RFC 1928, and user and password by RFC 1929.
use super::{Login, ProxyError, handshake::Next};
use crate::printable::printable;
use std::net::IpAddr;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 255;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// The request to the proxy, and its progress.
pub struct Socks5 {
    /// User and password as they are sent.
    login: Option<Vec<u8>>,
    request: Vec<u8>,
    waits_for: Answer,
}

/// The answer that is awaited.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Method,
    Login,
    Connected,
}

impl Socks5 {
    /// # Errors
    /// [`Setting`](ProxyError::Setting): a name or the password is too long.
    pub fn new(login: Option<&Login>, host: &str, port: u16) -> Result<Self, ProxyError> {
        let login = match login {
            None => None,
            Some(Login { user, password }) => {
                let mut bytes = vec![1];
                push(&mut bytes, user.as_bytes(), "user name")?;
                push(&mut bytes, password, "password")?;
                Some(bytes)
            }
        };
        let mut request = vec![VERSION, CONNECT, 0];
        match host.parse() {
            Ok(IpAddr::V4(address)) => {
                request.push(IPV4);
                request.extend(address.octets());
            }
            Ok(IpAddr::V6(address)) => {
                request.push(IPV6);
                request.extend(address.octets());
            }
            Err(_) => {
                request.push(NAME);
                push(&mut request, host.as_bytes(), "host name")?;
            }
        }
        request.extend(port.to_be_bytes());
        Ok(Socks5 {
            login,
            request,
            waits_for: Answer::Method,
        })
    }

    /// Returns the first bytes: the methods of authentication that are offered.
    pub fn greeting(&self) -> Vec<u8> {
        match self.login {
            Some(_) => vec![VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
            None => vec![VERSION, 1, NO_AUTHENTICATION],
        }
    }

    /// Takes all bytes of the present answer so far.
    ///
    /// # Errors
    /// The proxy refuses, or does not speak this protocol.
    pub fn next(&mut self, input: &[u8]) -> Result<Next, ProxyError> {
        let version = if self.waits_for == Answer::Login {
            1
        } else {
            VERSION
        };
        if input.first().is_some_and(|&first| first != version) {
            return Err(ProxyError::NotAProxy(format!(
                "it sends {:?} instead of a SOCKS5 answer",
                printable(input, 80)
            )));
        }
        let &[_, status, ref rest @ ..] = input else {
            return Ok(Next::Read(2 - input.len()));
        };
        match self.waits_for {
            Answer::Method => self.on_method(status),
            Answer::Login if status == 0 => Ok(self.ask()),
            Answer::Login => Err(ProxyError::LoginRejected),
            Answer::Connected => on_reply(status, rest),
        }
    }

    fn on_method(&mut self, method: u8) -> Result<Next, ProxyError> {
        match (method, &self.login) {
            (NO_AUTHENTICATION, _) => Ok(self.ask()),
            (USER_AND_PASSWORD, Some(login)) => {
                let login = login.clone();
                self.waits_for = Answer::Login;
                Ok(Next::Write(login))
            }
            (NO_METHOD, None) => Err(ProxyError::LoginRequired),
            (NO_METHOD, Some(_)) => Err(ProxyError::LoginRejected),
            _ => Err(ProxyError::NotAProxy(format!(
                "it chooses authentication {method}, which was not offered"
            ))),
        }
    }

    fn ask(&mut self) -> Next {
        self.waits_for = Answer::Connected;
        Next::Write(self.request.clone())
    }
}

/// Takes the status of the last answer and what follows it: a zero, and the address that the proxy
/// has bound, which ends it.
fn on_reply(status: u8, rest: &[u8]) -> Result<Next, ProxyError> {
    let details = |words: &str| format!("SOCKS5 reply {status}: {words}");
    match status {
        0 => {}
        2 => return Err(ProxyError::Forbidden(details("not allowed by the ruleset"))),
        3 => return Err(ProxyError::Unreachable(details("network unreachable"))),
        4 => {
            return Err(ProxyError::Unreachable(details(
                "host unreachable, or its name is unknown",
            )));
        }
        5 => return Err(ProxyError::Unreachable(details("connection refused"))),
        6 => return Err(ProxyError::Unreachable(details("TTL expired"))),
        1 => return Err(ProxyError::Refused(details("general failure"))),
        7 => return Err(ProxyError::Refused(details("command not supported"))),
        8 => return Err(ProxyError::Refused(details("address type not supported"))),
        _ => return Err(ProxyError::Refused(details("unknown"))),
    }
    let &[_, kind, len, ..] = rest else {
        return Ok(Next::Read(3 - rest.len()));
    };
    let address = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => 1 + usize::from(len),
        _ => {
            return Err(ProxyError::NotAProxy(format!(
                "its answer has the unknown address type {kind}"
            )));
        }
    };
    match (2 + address + 2) - rest.len() {
        0 => Ok(Next::Done),
        missing => Ok(Next::Read(missing)),
    }
}

/// Appends text with its length before it, in one byte.
fn push(bytes: &mut Vec<u8>, text: &[u8], what: &str) -> Result<(), ProxyError> {
    match u8::try_from(text.len()) {
        Ok(len) if len > 0 || what == "password" => {
            bytes.push(len);
            bytes.extend_from_slice(text);
            Ok(())
        }
        _ => Err(ProxyError::Setting(format!(
            "SOCKS5 takes a {what} of 1 to 255 bytes, and this one has {}",
            text.len()
        ))),
    }
}
