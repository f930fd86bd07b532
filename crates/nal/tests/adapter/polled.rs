//! The link of `embedded-nal` over sockets of the host.
use embedded_nal::{TcpClientStack, TcpErrorKind, nb};
use motemq::{Buffer, Protocol, Session, Slot};
use motemq_nal::Link;
use motemq_testing::adapter_tests::{Setup, device::Carrier, open_cramped};
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread::sleep,
    time::{Duration, Instant},
};

/// The sleep between two looks at a stack that wakes nobody.
const GLANCE: Duration = Duration::from_micros(200);

/// A stack that opens sockets for which the system holds few bytes, if it is asked to.
struct Host {
    is_cramped: bool,
}

#[derive(Debug)]
struct HostError(io::Error);

impl embedded_nal::TcpError for HostError {
    fn kind(&self) -> TcpErrorKind {
        match self.0.kind() {
            ErrorKind::BrokenPipe => TcpErrorKind::PipeClosed,
            _ => TcpErrorKind::Other,
        }
    }
}

fn to_nb(error: io::Error) -> nb::Error<HostError> {
    match error.kind() {
        ErrorKind::WouldBlock => nb::Error::WouldBlock,
        _ => nb::Error::Other(HostError(error)),
    }
}

impl TcpClientStack for Host {
    type TcpSocket = Option<TcpStream>;
    type Error = HostError;

    fn socket(&mut self) -> Result<Self::TcpSocket, HostError> {
        Ok(None)
    }

    fn connect(
        &mut self,
        socket: &mut Self::TcpSocket,
        addr: SocketAddr,
    ) -> nb::Result<(), HostError> {
        let stream = if self.is_cramped {
            open_cramped(addr)
        } else {
            TcpStream::connect(addr)
        };
        let stream = stream.map_err(to_nb)?;
        stream.set_nodelay(true).map_err(to_nb)?;
        stream.set_nonblocking(true).map_err(to_nb)?;
        *socket = Some(stream);
        Ok(())
    }

    fn send(&mut self, socket: &mut Self::TcpSocket, bytes: &[u8]) -> nb::Result<usize, HostError> {
        let stream = socket.as_mut().expect("connected");
        stream.write(bytes).map_err(to_nb)
    }

    fn receive(
        &mut self,
        socket: &mut Self::TcpSocket,
        space: &mut [u8],
    ) -> nb::Result<usize, HostError> {
        let stream = socket.as_mut().expect("connected");
        stream.read(space).map_err(to_nb)
    }

    fn close(&mut self, socket: Self::TcpSocket) -> Result<(), HostError> {
        drop(socket);
        Ok(())
    }
}

/// [`Link`] over it.
pub struct Polled {
    stack: Host,
    link: Link<Host>,
    addr: SocketAddr,
    begun: Instant,
}

impl<P: Protocol> Carrier<P> for Polled {
    fn new(setup: &Setup) -> Self {
        Polled {
            stack: Host {
                is_cramped: setup.cramped,
            },
            link: Link::new(),
            addr: setup.addr,
            begun: Instant::now(),
        }
    }

    fn open(&mut self) -> bool {
        let is_open = self.link.open(&mut self.stack, self.addr).is_ok();
        if !is_open {
            sleep(GLANCE);
        }
        is_open
    }

    fn turn(&mut self, session: &mut Session<[Slot], P>, rx: &mut Buffer, tx: &mut Buffer) -> bool {
        let now = self.begun.elapsed().as_millis() as u32;
        match self.link.turn(&mut self.stack, session, rx, tx, now) {
            Ok(Some(0)) => {}
            Ok(_) => sleep(GLANCE),
            Err(_) => return true,
        }
        false
    }
}
