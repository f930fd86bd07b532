//! The reason with which a server closes a WebSocket.
use crate::printable::printable;
use std::{
    fmt,
    io::{self, ErrorKind},
};

/// The reason why the server has closed the WebSocket: a code of RFC 6455 (section 7.4.1), and an
/// optional text.
///
/// A read returns it as an error of the kind `ConnectionAborted`. A normal end without a text (code
/// 1000, or no code) is the end of the stream instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebSocketClosed {
    code: u16,
    reason: String,
}

impl WebSocketClosed {
    /// Reads the payload of a close frame; `None` if it is a normal end.
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let (code, reason) = payload.split_first_chunk()?;
        let code = u16::from_be_bytes(*code);
        // It has at most 123 bytes.
        let reason = printable(reason, 123);
        (code != 1000 || !reason.is_empty()).then_some(WebSocketClosed { code, reason })
    }

    /// Returns the close code.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// Returns the text of the server without control characters, or an empty string if it sent
    /// none.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    fn meaning(&self) -> &'static str {
        match self.code {
            1000 => "normal end",
            1001 => "the server is going away",
            1002 => "protocol error: check the server's log",
            1003 => "kind of data not accepted",
            1007 => "inconsistent data",
            1008 => "policy violation: check login, topics and the server's rules",
            1009 => "message too big: send smaller ones",
            1010 => "extension required",
            1011 => "error of the server: check its log",
            1012 => "the server restarts: connect again",
            1013 => "the server is overloaded: try again later",
            _ => "check the server's log",
        }
    }
}

impl fmt::Display for WebSocketClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WebSocketClosed { code, reason } = self;
        write!(f, "the server closed the WebSocket with code {code}")?;
        if !reason.is_empty() {
            write!(f, " and the reason {reason:?}")?;
        }
        write!(f, " ({})", self.meaning())
    }
}

impl std::error::Error for WebSocketClosed {}

impl From<WebSocketClosed> for io::Error {
    fn from(closed: WebSocketClosed) -> Self {
        io::Error::new(ErrorKind::ConnectionAborted, closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_without_control_characters() {
        let closed = WebSocketClosed::parse(b"\x03\xf0go \x1b[2J away\xff").unwrap();
        assert_eq!(
            (closed.code(), closed.reason()),
            (1008, "go \u{fffd}[2J away\u{fffd}")
        );
        let words = closed.to_string();
        assert!(
            words.contains("code 1008") && words.contains("policy violation"),
            "{words}"
        );
    }

    #[test]
    fn a_normal_end_without_words_is_no_error() {
        for payload in [&b""[..], b"\x03", b"\x03\xe8"] {
            assert_eq!(WebSocketClosed::parse(payload), None);
        }
        assert!(WebSocketClosed::parse(b"\x03\xe8bye").is_some());
        let closed = WebSocketClosed::parse(b"\x03\xe9").unwrap();
        assert!(!closed.to_string().contains("reason"), "{closed}");
    }
}
