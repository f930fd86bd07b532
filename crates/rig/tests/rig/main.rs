//! The rig's links, proxy, ledger and server.
mod ledger;
mod link;
mod proxy;
mod server;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

const CONNECT_A: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a";
const CONNECT_B: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01b";
/// The same as `CONNECT_A` with a session that is kept.
const KEEP_A: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x00\0\x3c\0\x01a";
const ACCEPTED: &[u8] = b"\x20\x02\0\0";

/// A socket that does not wait for longer than a test may take.
struct Client(TcpStream);

impl Client {
    fn open(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
            .set_write_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Client(stream)
    }

    /// With CONNECT accepted.
    fn join(addr: SocketAddr, connect: &[u8]) -> Self {
        let mut client = Self::open(addr);
        client.says(connect).hears(ACCEPTED);
        client
    }

    #[track_caller]
    fn says(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.write_all(bytes).unwrap();
        self
    }

    #[track_caller]
    fn hears(&mut self, bytes: &[u8]) -> &mut Self {
        let mut heard = vec![0; bytes.len()];
        self.0.read_exact(&mut heard).unwrap();
        assert!(
            heard == bytes,
            "heard {}\n not {}",
            heard.escape_ascii(),
            bytes.escape_ascii()
        );
        self
    }

    /// Nothing more, and then the end.
    #[track_caller]
    fn is_closed(&mut self) {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) =>
            {
                panic!("still open")
            }
            _ => assert!(rest.is_empty(), "heard {}", rest.escape_ascii()),
        }
    }
}
