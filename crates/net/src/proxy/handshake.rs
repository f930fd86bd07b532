//! The dialogue with a proxy, over a stream that may block or not.
use super::{ProxyError, http::Http, socks5::Socks5};
use std::io::{self, ErrorKind, Read, Write};

/// The dialogue with a proxy. It reads no byte behind the proxy's last answer.
pub(crate) struct ProxyHandshake {
    machine: Machine,
    output: Vec<u8>,
    /// Bytes of `output` that are written.
    written: usize,
    input: Vec<u8>,
}

/// The protocol that the proxy speaks. It takes bytes and gives bytes.
pub(super) enum Machine {
    Socks5(Socks5),
    Http(Http),
}

/// The next step of a handshake.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Read at most this number of bytes more.
    Read(usize),
    /// Forget what was read, write these bytes, then read the answer.
    Write(Vec<u8>),
    /// The proxy has connected to the broker.
    Done,
}

impl ProxyHandshake {
    pub(super) fn new(machine: Machine) -> Self {
        let output = match &machine {
            Machine::Socks5(machine) => machine.greeting(),
            Machine::Http(machine) => machine.request(),
        };
        ProxyHandshake {
            machine,
            output,
            written: 0,
            input: Vec::new(),
        }
    }

    /// Goes on as far as the stream lets it, and returns whether the proxy has connected to the
    /// broker.
    ///
    /// # Errors
    /// See [`ProxyError`].
    pub fn advance<S: Read + Write>(&mut self, stream: &mut S) -> Result<bool, ProxyError> {
        loop {
            if !self.write(stream)? {
                return Ok(false);
            }
            let next = match &mut self.machine {
                Machine::Socks5(machine) => machine.next(&self.input)?,
                Machine::Http(machine) => machine.next(&self.input)?,
            };
            match next {
                Next::Done => return Ok(true),
                Next::Write(output) => {
                    (self.output, self.written) = (output, 0);
                    self.input.clear();
                }
                Next::Read(limit) => {
                    let mut bytes = [0; 1024];
                    let limit = limit.min(bytes.len());
                    match stream.read(&mut bytes[..limit]) {
                        Ok(0) => return Err(ProxyError::Closed),
                        Ok(n) => self.input.extend_from_slice(&bytes[..n]),
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) => return would_block(error),
                    }
                }
            }
        }
    }

    /// Writes what there is to write, and returns whether all of it is written.
    fn write<S: Write>(&mut self, stream: &mut S) -> Result<bool, ProxyError> {
        while self.written < self.output.len() {
            match stream.write(&self.output[self.written..]) {
                Ok(0) => return Err(ProxyError::Closed),
                Ok(n) => self.written += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return would_block(error),
            }
        }
        Ok(true)
    }
}

fn would_block(error: io::Error) -> Result<bool, ProxyError> {
    if error.kind() == ErrorKind::WouldBlock {
        Ok(false)
    } else {
        Err(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Proxy;

    /// A proxy whose answers are known, over a stream that would block before each byte.
    struct Scripted {
        answers: Vec<u8>,
        read: usize,
        written: Vec<u8>,
        would_block: bool,
    }

    impl Scripted {
        fn pause(&mut self) -> io::Result<()> {
            self.would_block = !self.would_block;
            if self.would_block {
                Err(ErrorKind::WouldBlock.into())
            } else {
                Ok(())
            }
        }
    }

    impl Read for Scripted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.pause()?;
            let n = self.answers[self.read..].len().min(1).min(buffer.len());
            buffer[..n].copy_from_slice(&self.answers[self.read..][..n]);
            self.read += n;
            Ok(n)
        }
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.pause()?;
            self.written.extend_from_slice(&bytes[..1]);
            Ok(1)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns what was sent; none of what follows the answers is read.
    fn asked(proxy: &Proxy, host: &str, answers: &[u8]) -> Result<Vec<u8>, ProxyError> {
        let mut stream = Scripted {
            answers: [answers, b"behind"].concat(),
            read: 0,
            written: Vec::new(),
            would_block: false,
        };
        let mut handshake = proxy.handshake(host, 1883)?;
        for _ in 0..100_000 {
            if handshake.advance(&mut stream)? {
                assert_eq!(stream.read, answers.len());
                return Ok(stream.written);
            }
        }
        panic!("it never ends");
    }

    #[test]
    fn socks5_asks_for_names_and_addresses() {
        let open = Proxy::socks5("proxy", 1080);
        for (host, place) in [
            ("broker", &b"\x03\x06broker"[..]),
            ("192.0.2.7", b"\x01\xc0\0\x02\x07"),
            (
                "fe80::1%eth0",
                b"\x04\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01",
            ),
        ] {
            let request = [b"\x05\x01\0\x05\x01\0", place, b"\x07\x5b"].concat();
            for bound in [
                &b"\x01....pp"[..],
                b"\x03\x04namepp",
                b"\x03\0pp",
                b"\x04................pp",
            ] {
                let answers = [b"\x05\0\x05\0\0", bound].concat();
                assert_eq!(asked(&open, host, &answers).unwrap(), request);
            }
        }
    }

    #[test]
    fn socks5_logs_in_if_the_proxy_wants_it() {
        let proxy = Proxy::socks5("proxy", 1080).login("node", "secret");
        let request = b"\x05\x01\0\x03\x01b\x07\x5b";
        let answers = b"\x05\x02\x01\0\x05\0\0\x01....pp";
        let login = [b"\x05\x02\0\x02\x01\x04node\x06secret", &request[..]].concat();
        assert_eq!(asked(&proxy, "b", answers).unwrap(), login);
        let answers = b"\x05\0\x05\0\0\x01....pp";
        let none = [b"\x05\x02\0\x02", &request[..]].concat();
        assert_eq!(asked(&proxy, "b", answers).unwrap(), none);
    }

    #[test]
    fn http_is_asked_with_connect() {
        let open = Proxy::http("proxy", 8080);
        let answer = b"HTTP/1.0 200 OK\r\nVia: x\r\n\r\n";
        let text = |proxy, host| String::from_utf8(asked(proxy, host, answer).unwrap()).unwrap();
        assert_eq!(
            text(&open, "broker"),
            "CONNECT broker:1883 HTTP/1.1\r\nHost: broker:1883\r\n\r\n"
        );
        assert!(text(&open, "fe80::1%eth0").starts_with("CONNECT [fe80::1]:1883 HTTP/1.1\r\n"));
        let login = text(&open.clone().login("node", "secret"), "broker");
        assert!(
            login.ends_with("\r\nProxy-Authorization: Basic bm9kZTpzZWNyZXQ=\r\n\r\n"),
            "{login}"
        );
        // Lines may end without carriage return.
        assert!(asked(&open, "broker", b"HTTP/1.1 204 OK\n\n").is_ok());
    }

    #[test]
    fn settings_that_cannot_be_sent_are_refused() {
        let long = "x".repeat(256);
        for (proxy, host) in [
            (Proxy::socks5("p", 1).login(&long, "secret"), "b"),
            (Proxy::socks5("p", 1).login("", "secret"), "b"),
            (Proxy::socks5("p", 1).login("node", long.as_bytes()), "b"),
            (Proxy::socks5("p", 1), &*long),
            (Proxy::http("p", 1), "a\r\nX-Header: b"),
            (Proxy::http("p", 1), "m\u{fc}nchen.example"),
            (Proxy::http("p", 1).login("a:b", "secret"), "b"),
        ] {
            let error = proxy.handshake(host, 1883).map(|_| ()).unwrap_err();
            assert!(matches!(error, ProxyError::Setting(_)), "{error}");
            assert!(error.to_string().len() < 250, "{error}");
        }
    }
}
