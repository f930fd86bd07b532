//! Stacks in memory: an end of a link as the traits want it.
use crate::world::{Carrier, Client, Far};
use embedded_io_async::ErrorType;
use embedded_nal::{TcpClientStack, TcpErrorKind, nb};
use motemq_nal::{
    Error, Link,
    aio::{Halves, Whole},
};
use motemq_testing::{link::End, protocol::TestProtocol};
use std::{
    cell::RefCell,
    collections::VecDeque,
    future::poll_fn,
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// Where nobody is: these stacks connect to the end they were given.
pub const NOWHERE: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);

/// A stack of `embedded-nal`, and its books: which sockets are out.
#[derive(Default)]
pub struct NalStack {
    /// The ends that the next connections get; when there is none, a connection is refused.
    pub offered: VecDeque<End>,
    /// How often the next connection says `WouldBlock` first.
    pub patience: u32,
    pub sockets: i32,
}

#[derive(Debug)]
pub struct NalError(io::Error);

impl embedded_nal::TcpError for NalError {
    fn kind(&self) -> TcpErrorKind {
        if self.0.kind() == ErrorKind::BrokenPipe {
            TcpErrorKind::PipeClosed
        } else {
            TcpErrorKind::Other
        }
    }
}

fn to_nb(error: io::Error) -> nb::Error<NalError> {
    if error.kind() == ErrorKind::WouldBlock {
        nb::Error::WouldBlock
    } else {
        nb::Error::Other(NalError(error))
    }
}

impl TcpClientStack for NalStack {
    type TcpSocket = Option<End>;
    type Error = NalError;

    fn socket(&mut self) -> Result<Self::TcpSocket, NalError> {
        self.sockets += 1;
        Ok(None)
    }

    fn connect(&mut self, socket: &mut Self::TcpSocket, _: SocketAddr) -> nb::Result<(), NalError> {
        if self.patience > 0 {
            self.patience -= 1;
            return Err(nb::Error::WouldBlock);
        }
        *socket = Some(
            self.offered
                .pop_front()
                .ok_or(to_nb(ErrorKind::ConnectionRefused.into()))?,
        );
        Ok(())
    }

    fn send(&mut self, socket: &mut Self::TcpSocket, bytes: &[u8]) -> nb::Result<usize, NalError> {
        socket
            .as_mut()
            .expect("connected")
            .write(bytes)
            .map_err(to_nb)
    }

    fn receive(
        &mut self,
        socket: &mut Self::TcpSocket,
        buffer: &mut [u8],
    ) -> nb::Result<usize, NalError> {
        assert!(
            !buffer.is_empty(),
            "a read into no space looks like the end"
        );
        socket
            .as_mut()
            .expect("connected")
            .read(buffer)
            .map_err(to_nb)
    }

    fn close(&mut self, _: Self::TcpSocket) -> Result<(), NalError> {
        self.sockets -= 1;
        Ok(())
    }
}

/// [`Link`] over it.
#[derive(Default)]
pub struct Nal {
    pub stack: NalStack,
    pub link: Link<NalStack>,
}

impl<P: TestProtocol> Carrier<P> for Nal {
    type Error = NalError;

    fn open(&mut self, near: End) {
        assert_eq!(self.stack.sockets, 0, "the last one was closed");
        self.stack.offered.push_back(near);
        self.link.open(&mut self.stack, NOWHERE).unwrap();
    }

    fn turn(&mut self, client: &mut Client<P>, far: &mut Far) -> Result<(), Error<NalError>> {
        let nap = self.link.turn(
            &mut self.stack,
            &mut client.session,
            &mut client.rx,
            &mut client.tx,
            far.now as u32,
        )?;
        if nap != Some(0) {
            far.step();
        }
        Ok(())
    }
}

/// An end of a link, read and written by `embedded-io-async`. Keeps what is written until it is
/// flushed, as TLS does, or until it has kept 20 bytes. Cancel-safe.
pub struct Io {
    end: Rc<RefCell<End>>,
    kept: Vec<u8>,
}

impl Io {
    pub fn new(end: &Rc<RefCell<End>>) -> Self {
        Io {
            end: end.clone(),
            kept: Vec::new(),
        }
    }

    fn poll(
        &mut self,
        mut step: impl FnMut(&mut End, &mut Vec<u8>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        match step(&mut self.end.borrow_mut(), &mut self.kept) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
            outcome => Poll::Ready(outcome),
        }
    }
}

impl ErrorType for Io {
    type Error = io::Error;
}

impl embedded_io_async::Read for Io {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|_| self.poll(|end, _| end.read(buffer))).await
    }
}

impl embedded_io_async::Write for Io {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.kept.len() >= 20 {
            self.flush().await?;
        }
        self.kept.extend(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> io::Result<()> {
        while !self.kept.is_empty() {
            let flushed = |end: &mut End, kept: &mut Vec<u8>| {
                let written = end.write(kept)?;
                kept.drain(..written);
                Ok(written)
            };
            poll_fn(|_| self.poll(flushed)).await?;
        }
        Ok(())
    }
}

/// [`Halves`] or [`Whole`] over it, and when a future of `turn` is dropped.
pub struct Aio {
    open: Option<Either>,
    whole: bool,
    drop_at: fn(u64, u64) -> bool,
    chosen: u64,
    /// How often a future of `turn` had to wait.
    pub waits: u64,
}

enum Either {
    Halves(Halves<Io, Io>),
    Whole(Whole<Io>),
}

impl Aio {
    pub fn new(whole: bool) -> Self {
        Self::dropping(whole, 0, |_, _| false)
    }

    /// `drop_at` says of each wait, by its number, whether the future is dropped there; it gets
    /// `chosen`, too.
    pub fn dropping(whole: bool, chosen: u64, drop_at: fn(u64, u64) -> bool) -> Self {
        Aio {
            open: None,
            whole,
            drop_at,
            chosen,
            waits: 0,
        }
    }
}

impl<P: TestProtocol> Carrier<P> for Aio {
    type Error = io::Error;

    fn open(&mut self, near: End) {
        let end = Rc::new(RefCell::new(near));
        self.open = Some(if self.whole {
            Either::Whole(Whole::new(Io::new(&end)))
        } else {
            Either::Halves(Halves::new(Io::new(&end), Io::new(&end)))
        });
    }

    fn turn(&mut self, client: &mut Client<P>, far: &mut Far) -> Result<(), Error<io::Error>> {
        let (now, now_ms) = (RefCell::new(far.now), far.now as u32);
        let sleep = async |ms: u32| {
            let until = *now.borrow() + u64::from(ms);
            poll_fn(|_| {
                if *now.borrow() >= until {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await
        };
        let (session, rx, tx) = (&mut client.session, &mut client.rx, &mut client.tx);
        let open = self.open.as_mut().expect("open");
        let turn = async {
            match open {
                Either::Halves(halves) => halves.turn(session, rx, tx, now_ms, sleep).await,
                Either::Whole(whole) => whole.turn(session, rx, tx, now_ms, sleep).await,
            }
        };
        let mut turn = pin!(turn);
        loop {
            if let Poll::Ready(outcome) =
                turn.as_mut().poll(&mut Context::from_waker(Waker::noop()))
            {
                return outcome;
            }
            self.waits += 1;
            far.step();
            *now.borrow_mut() = far.now;
            if (self.drop_at)(self.waits, self.chosen) {
                return Ok(());
            }
        }
    }
}
