//! The links, proxy, judge, ledger and server of the test support.
mod judge;
mod ledger;
mod link;
mod proxy;
mod server;

use motemq_testing::packets::*;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// CONNECT of the client `a` with a clean session and a keep alive of 60 s.
fn connect_a() -> Packet {
    connect("a").keep_alive(60)
}

/// CONNECT of the client `b` with a clean session and a keep alive of 60 s.
fn connect_b() -> Packet {
    connect("b").keep_alive(60)
}

/// CONNECT of the client `a` with a session that outlives the connection.
fn keep_a() -> Packet {
    connect_a().keep_session()
}

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

    /// Opens a connection, which the server accepts.
    #[track_caller]
    fn join(addr: SocketAddr, connect: impl ToBytes) -> Self {
        let mut client = Self::open(addr);
        client.sends(connect).receives(connack());
        client
    }

    /// The client sends bytes.
    #[track_caller]
    fn sends(&mut self, bytes: impl ToBytes) -> &mut Self {
        self.0.write_all(&bytes.to_bytes()).unwrap();
        self
    }

    /// The client receives exactly these bytes.
    #[track_caller]
    fn receives(&mut self, bytes: impl ToBytes) -> &mut Self {
        let expected = bytes.to_bytes();
        let mut received = vec![0; expected.len()];
        self.0.read_exact(&mut received).unwrap();
        assert!(
            received == expected,
            "receives {}\n     not {}",
            received.escape_ascii(),
            expected.escape_ascii()
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
            _ => assert!(rest.is_empty(), "receives {}", rest.escape_ascii()),
        }
    }
}
