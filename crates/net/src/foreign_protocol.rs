//! Other protocols where MQTT was expected, recognized by their first bytes.
use std::io::{self, ErrorKind};

/// The error for a peer that speaks another protocol than MQTT. [`Connection`](crate::Connection)
/// detects it in the first bytes that it reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the peer speaks {name}, not MQTT: check {check}")]
pub struct ForeignProtocol {
    name: &'static str,
    check: &'static str,
}

/// No packet that a broker sends first begins like this: the first is CONNACK, byte 0x20.
const BEGINNINGS: [(&[u8], ForeignProtocol); 8] = {
    const fn foreign(name: &'static str, check: &'static str) -> ForeignProtocol {
        ForeignProtocol { name, check }
    }
    const HTTP: ForeignProtocol = foreign(
        "HTTP",
        "the port; MQTT over a WebSocket has URLs with ws:// or wss://",
    );
    const TLS: ForeignProtocol =
        foreign("TLS", "the port, or use TLS: URLs with mqtts:// or wss://");
    const PORT: &str = "the host and the port";
    [
        (b"HTTP/", HTTP),
        (b"<", HTTP),
        (b"\x15\x03", TLS),
        (b"\x16\x03", TLS),
        (b"SSH-", foreign("SSH", PORT)),
        (b"AMQP", foreign("AMQP", PORT)),
        (b"220", foreign("SMTP or FTP", PORT)),
        (b"-ERR", foreign("the protocol of Redis", PORT)),
    ]
};

impl ForeignProtocol {
    /// Returns the error if a known protocol other than MQTT begins with these bytes: HTTP, TLS,
    /// SSH, AMQP, SMTP, FTP or that of Redis.
    ///
    /// # Examples
    /// ```
    /// use motemq_net::ForeignProtocol;
    /// let foreign = ForeignProtocol::of(b"HTTP/1.1 400 Bad Request\r\n").unwrap();
    /// assert!(foreign.to_string().contains("speaks HTTP, not MQTT"));
    /// assert!(ForeignProtocol::of(b"\x20\x02\0\0").is_none());
    /// ```
    pub fn of(first_bytes: &[u8]) -> Option<Self> {
        let mut beginnings = BEGINNINGS.iter();
        let found = beginnings.find(|(beginning, _)| first_bytes.starts_with(beginning));
        found.map(|&(_, foreign)| foreign)
    }
}

impl From<ForeignProtocol> for io::Error {
    fn from(foreign: ForeignProtocol) -> Self {
        io::Error::new(ErrorKind::InvalidData, foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_recognized_by_their_first_bytes() {
        for (bytes, name) in [
            (&b"HTTP/1.0 400"[..], "HTTP,"),
            (b"<html>", "HTTP,"),
            (b"\x15\x03\x01\0\x02\x02\x46", "TLS"),
            (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
            (b"AMQP\0\0\x09\x01", "AMQP"),
            (b"220 mail.example ESMTP", "SMTP"),
        ] {
            assert!(
                ForeignProtocol::of(bytes)
                    .unwrap()
                    .to_string()
                    .contains(name)
            );
        }
        for bytes in [&b"\x20\x02\x01\0"[..], b"\x20", b"HTT", b"", b"\x15"] {
            assert_eq!(ForeignProtocol::of(bytes), None);
        }
    }
}
