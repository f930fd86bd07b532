//! A broker that a test plays itself, byte by byte, over real sockets.
use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// Longer than anything takes that works.
pub const SOON: Duration = Duration::from_secs(20);

/// CONNECT of a clean session of `a`, with a keep alive of 60 s.
pub const HELLO: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a";
/// The same for a session that is kept.
pub const HELLO_KEEPING: &[u8] = b"\x10\x0d\0\x04MQTT\x04\0\0\x3c\0\x01a";
/// CONNACK without a session.
pub const NEW: &[u8] = b"\x20\x02\0\0";
/// CONNACK with a session.
pub const RESUMED: &[u8] = b"\x20\x02\x01\0";

/// Where connections arrive.
#[derive(Debug)]
pub struct Exchange {
    listener: TcpListener,
    addr: SocketAddr,
}

/// The broker's end of a connection.
#[derive(Debug)]
pub struct Line(TcpStream);

impl Exchange {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// If there is no port.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener");
        let addr = listener.local_addr().expect("an address");
        Exchange { listener, addr }
    }

    /// Returns where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Waits for a connection.
    ///
    /// # Panics
    /// If none comes.
    #[track_caller]
    pub fn next(&self) -> Line {
        let begun = Instant::now();
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).expect("a socket");
                    stream.set_nodelay(true).expect("a socket");
                    return Line(stream);
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
            }
            assert!(begun.elapsed() < SOON, "no connection within {SOON:?}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for a connection that begins with these bytes, and answers so.
    ///
    /// # Panics
    /// If none comes, or it begins otherwise.
    #[track_caller]
    pub fn accepts(&self, hello: &[u8], answer: &[u8]) -> Line {
        let mut line = self.next();
        line.hears(hello);
        line.says(answer);
        line
    }
}

impl Default for Exchange {
    fn default() -> Self {
        Self::new()
    }
}

impl Line {
    /// Waits for these bytes.
    ///
    /// # Panics
    /// If others come.
    #[track_caller]
    pub fn hears(&mut self, bytes: &[u8]) {
        let mut heard = vec![0; bytes.len()];
        self.fill(&mut heard);
        assert!(
            heard == bytes,
            "heard {} instead of {}",
            heard[..heard.len().min(200)].escape_ascii(),
            bytes[..bytes.len().min(200)].escape_ascii()
        );
    }

    /// Waits for a SUBSCRIBE with these filters, and returns its identifier.
    ///
    /// # Panics
    /// If something else comes.
    #[track_caller]
    pub fn hears_subscribe(&mut self, filters: &[u8]) -> [u8; 2] {
        self.hears(&[0x82, 2 + filters.len() as u8]);
        let mut id = [0; 2];
        self.fill(&mut id);
        self.hears(filters);
        id
    }

    /// Sends these bytes.
    ///
    /// # Panics
    /// If the client has hung up.
    #[track_caller]
    pub fn says(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("a client that reads");
    }

    /// Sends these bytes if the client has not hung up. Returns whether it has not.
    pub fn tries_to_say(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// Waits until the client hangs up.
    ///
    /// # Panics
    /// If something comes before.
    #[track_caller]
    pub fn ends(mut self) {
        let mut rest = Vec::new();
        self.limit(SOON);
        if let Err(error) = self.0.read_to_end(&mut rest) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        }
        assert!(rest.is_empty(), "{} follows", rest.escape_ascii());
    }

    /// Waits for so long, in which nothing comes.
    ///
    /// # Panics
    /// If something comes, or the client hangs up.
    #[track_caller]
    pub fn is_silent(&mut self, time: Duration) {
        self.limit(time);
        let mut bytes = [0; 100];
        match self.0.read(&mut bytes) {
            Ok(n) => panic!("heard {}", bytes[..n].escape_ascii()),
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
                "{error}"
            ),
        }
    }

    #[track_caller]
    fn fill(&mut self, bytes: &mut [u8]) {
        self.limit(SOON);
        let mut filled = 0;
        while filled < bytes.len() {
            match self.0.read(&mut bytes[filled..]) {
                Ok(n) if n > 0 => filled += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                end => panic!("{end:?} after {}", bytes[..filled.min(200)].escape_ascii()),
            }
        }
    }

    fn limit(&self, time: Duration) {
        self.0.set_read_timeout(Some(time)).expect("a limit");
    }
}
