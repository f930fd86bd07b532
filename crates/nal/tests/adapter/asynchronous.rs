//! The links of `embedded-io-async` over sockets of tokio. Their futures are dropped whenever
//! nothing has moved for a moment, as an application does that has something else to wait for.
use embedded_io_adapters::tokio_1::FromTokio;
use motemq::{Buffer, Protocol, Session, Slot};
use motemq_nal::{
    Error,
    aio::{Halves, Whole},
};
use motemq_testing::adapter_tests::{Setup, device::Carrier, open_cramped};
use std::{
    future::Future,
    io,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpStream, tcp},
    runtime::{Builder, Runtime},
    time::timeout,
};

/// The longest wait for bytes while the application may have a request.
const GLANCE: Duration = Duration::from_millis(1);

async fn sleep(ms: u32) {
    tokio::time::sleep(Duration::from_millis(ms.into())).await;
}

/// A broker's address, and a runtime for connections to it.
struct Host {
    runtime: Runtime,
    addr: SocketAddr,
    is_cramped: bool,
    begun: Instant,
}

impl Host {
    fn new(setup: &Setup) -> Self {
        Host {
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            addr: setup.addr,
            is_cramped: setup.cramped,
            begun: Instant::now(),
        }
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let stream = if self.is_cramped {
            open_cramped(self.addr)
        } else {
            std::net::TcpStream::connect(self.addr)
        };
        let stream = stream.inspect_err(|_| thread::sleep(GLANCE))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let _context = self.runtime.enter();
        TcpStream::from_std(stream)
    }

    fn now(&self) -> u32 {
        self.begun.elapsed().as_millis() as u32
    }

    /// Waits for a turn, for a moment at most. Returns whether the connection has ended.
    fn wait<E>(&self, turn: impl Future<Output = Result<(), Error<E>>>) -> bool {
        let turned = self.runtime.block_on(async { timeout(GLANCE, turn).await });
        matches!(turned, Ok(Err(_)))
    }
}

/// [`Halves`] of a socket.
pub struct Halved {
    host: Host,
    link: Option<Halves<FromTokio<tcp::OwnedReadHalf>, FromTokio<tcp::OwnedWriteHalf>>>,
}

impl<P: Protocol> Carrier<P> for Halved {
    fn new(setup: &Setup) -> Self {
        Halved {
            host: Host::new(setup),
            link: None,
        }
    }

    fn open(&mut self) -> bool {
        self.link = self.host.connect().ok().map(|stream| {
            let (reader, writer) = stream.into_split();
            Halves::new(FromTokio::new(reader), FromTokio::new(writer))
        });
        self.link.is_some()
    }

    fn turn(&mut self, session: &mut Session<[Slot], P>, rx: &mut Buffer, tx: &mut Buffer) -> bool {
        let now = self.host.now();
        let has_ended = match &mut self.link {
            Some(link) => self.host.wait(link.turn(session, rx, tx, now, sleep)),
            None => true,
        };
        if has_ended {
            self.link = None;
        }
        has_ended
    }
}

/// A [`Whole`] socket.
pub struct Undivided {
    host: Host,
    link: Option<Whole<FromTokio<TcpStream>>>,
}

impl<P: Protocol> Carrier<P> for Undivided {
    fn new(setup: &Setup) -> Self {
        Undivided {
            host: Host::new(setup),
            link: None,
        }
    }

    fn open(&mut self) -> bool {
        let stream = self.host.connect().ok();
        self.link = stream.map(|stream| Whole::new(FromTokio::new(stream)));
        self.link.is_some()
    }

    fn turn(&mut self, session: &mut Session<[Slot], P>, rx: &mut Buffer, tx: &mut Buffer) -> bool {
        let now = self.host.now();
        let has_ended = match &mut self.link {
            Some(link) => self.host.wait(link.turn(session, rx, tx, now, sleep)),
            None => true,
        };
        if has_ended {
            self.link = None;
        }
        has_ended
    }
}
