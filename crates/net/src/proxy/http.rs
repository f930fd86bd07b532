//! The method CONNECT of HTTP: RFC 9110, section 9.3.6, with basic authentication by RFC 7617.
use super::{Login, ProxyError, handshake::Next};
use crate::printable::printable;
use base64::{Engine, prelude::BASE64_STANDARD};

/// Length of the longest answer. Longer ones are an error: nothing of the headers is needed.
const MAX_HEAD: usize = 8 << 10;

/// The request to the proxy.
pub struct Http {
    request: String,
    has_login: bool,
}

impl Http {
    /// # Errors
    /// [`Setting`](ProxyError::Setting): the host or the user name cannot be sent.
    pub fn new(login: Option<&Login>, host: &str, port: u16) -> Result<Self, ProxyError> {
        if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ProxyError::Setting(format!(
                "HTTP cannot name the host {:?}: write it in ASCII, international names as Punycode",
                printable(host.as_bytes(), 80)
            )));
        }
        let place = if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
        if let Some(Login { user, password }) = login {
            if user.contains(':') {
                return Err(ProxyError::Setting(
                    "basic authentication takes no user name with a colon".into(),
                ));
            }
            let secret = [user.as_bytes(), b":", password].concat();
            let secret = BASE64_STANDARD.encode(secret);
            request.push_str(&format!("Proxy-Authorization: Basic {secret}\r\n"));
        }
        request.push_str("\r\n");
        Ok(Http {
            request,
            has_login: login.is_some(),
        })
    }

    /// Returns the request.
    pub fn request(&self) -> Vec<u8> {
        self.request.clone().into_bytes()
    }

    /// Takes all bytes of the answer so far.
    ///
    /// # Errors
    /// The proxy refuses, or does not speak this protocol.
    pub fn next(&mut self, input: &[u8]) -> Result<Next, ProxyError> {
        let status = Status::parse(input).ok_or_else(|| {
            ProxyError::NotAProxy(format!(
                "it sends {:?} instead of an HTTP answer",
                printable(
                    input
                        .split(|&byte| byte == b'\n')
                        .next()
                        .unwrap_or_default(),
                    80
                )
            ))
        })?;
        // A refusal is known by its first line, whatever follows.
        if let Status::Complete(code, line) = &status
            && !(200..300).contains(code)
        {
            return Err(self.refused(*code, printable(line, 80)));
        }
        match end_of_head(input) {
            Some(end) if end == input.len() => Ok(Next::Done),
            // The client speaks first, with TLS, WebSocket and MQTT.
            Some(_) => Err(ProxyError::NotAProxy(
                "it sends more than its answer before anything was asked".into(),
            )),
            None if input.len() >= MAX_HEAD => Err(ProxyError::NotAProxy(format!(
                "its answer is longer than {MAX_HEAD} bytes"
            ))),
            None => Ok(Next::Read(MAX_HEAD - input.len())),
        }
    }

    fn refused(&self, code: u16, line: String) -> ProxyError {
        match code {
            407 if self.has_login => ProxyError::LoginRejected,
            407 => ProxyError::LoginRequired,
            401 | 403 | 405 => ProxyError::Forbidden(line),
            404 | 502..=504 => ProxyError::Unreachable(line),
            _ => ProxyError::Refused(line),
        }
    }
}

/// The first line of an answer.
enum Status<'i> {
    Incomplete,
    /// The code, and the whole line.
    Complete(u16, &'i [u8]),
}

impl<'i> Status<'i> {
    /// `None` if it is no answer of HTTP.
    fn parse(input: &'i [u8]) -> Option<Self> {
        const BEGINNING: &[u8] = b"HTTP/1.";
        let n = input.len().min(BEGINNING.len());
        if input[..n] != BEGINNING[..n] {
            return None;
        }
        let Some(end) = input.iter().position(|&byte| byte == b'\n') else {
            return Some(Status::Incomplete);
        };
        let line = input[..end].trim_ascii_end();
        let code = line.split(|&byte| byte == b' ').nth(1)?;
        let code: u16 = std::str::from_utf8(code).ok()?.parse().ok()?;
        (100..600)
            .contains(&code)
            .then_some(Status::Complete(code, line))
    }
}

/// Returns the length of the head, if it is complete: it ends with an empty line.
fn end_of_head(input: &[u8]) -> Option<usize> {
    let mut line_is_empty = false;
    for (at, byte) in input.iter().enumerate() {
        match byte {
            b'\r' => {}
            b'\n' if line_is_empty => return Some(at + 1),
            b'\n' => line_is_empty = true,
            _ => line_is_empty = false,
        }
    }
    None
}
