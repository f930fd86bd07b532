//! The turns that are measured, over a network stack that is memory.
use crate::{Version, gauge::Gauge, measured};
use core::{
    convert::Infallible,
    future::pending,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    pin::pin,
    task::{Context, Poll, Waker},
};
use embedded_io_async::{ErrorType, Read, Write};
use embedded_nal::{TcpClientStack, TcpError, TcpErrorKind, nb};
use motemq::{Buffer, Connect, Publish, Session, Slot};
use motemq_nal::{Error, Link, aio::Halves};

/// The payload of the messages.
const PAYLOAD: [u8; 64] = [b'x'; 64];
const BROKER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1883));

/// A stack that holds the bytes of the broker, and takes all of the client's. It is also one
/// direction of a connection.
pub struct Memory(&'static [u8]);

impl Memory {
    fn take(&mut self, space: &mut [u8]) -> usize {
        let length = space.len().min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        space[..length].copy_from_slice(taken);
        self.0 = rest;
        length
    }
}

/// An error of the memory, which has none.
#[derive(Debug)]
pub struct NoError(Infallible);

impl TcpError for NoError {
    fn kind(&self) -> TcpErrorKind {
        match self.0 {}
    }
}

impl TcpClientStack for Memory {
    type TcpSocket = ();
    type Error = NoError;

    fn socket(&mut self) -> Result<(), NoError> {
        Ok(())
    }

    fn connect(&mut self, (): &mut (), _: SocketAddr) -> nb::Result<(), NoError> {
        Ok(())
    }

    fn send(&mut self, (): &mut (), bytes: &[u8]) -> nb::Result<usize, NoError> {
        Ok(bytes.len())
    }

    fn receive(&mut self, (): &mut (), space: &mut [u8]) -> nb::Result<usize, NoError> {
        match self.take(space) {
            0 => Err(nb::Error::WouldBlock),
            length => Ok(length),
        }
    }

    fn close(&mut self, (): ()) -> Result<(), NoError> {
        Ok(())
    }
}

impl ErrorType for Memory {
    type Error = Infallible;
}

impl Read for Memory {
    async fn read(&mut self, space: &mut [u8]) -> Result<usize, Infallible> {
        match self.take(space) {
            0 => pending().await,
            length => Ok(length),
        }
    }
}

impl Write for Memory {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A session and its buffers.
pub struct Node {
    session: Session<[Slot; 8], Version>,
    rx: Buffer<[u8; 256]>,
    tx: Buffer<[u8; 128]>,
}

impl Node {
    const fn new() -> Self {
        Node {
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
        }
    }
}

/// A turn of a link.
extern "C" fn polled(
    link: &mut Link<Memory>,
    stack: &mut Memory,
    node: &mut Node,
) -> Result<Option<u32>, Error<NoError>> {
    link.turn(stack, &mut node.session, &mut node.rx, &mut node.tx, 1)
}

/// A turn of halves, whose future is polled once.
extern "C" fn awaited(
    halves: &mut Halves<Memory, Memory>,
    node: &mut Node,
) -> Result<(), Error<Infallible>> {
    let sleep = async |_| pending().await;
    let turn = halves.turn(&mut node.session, &mut node.rx, &mut node.tx, 1, sleep);
    match pin!(turn).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(turned) => turned,
        Poll::Pending => Ok(()),
    }
}

/// The turns of a conversation, in which the broker sends `connack`.
macro_rules! conversation {
    ($gauge:ident, $name:literal, $bytes:expr, $node:ident, $turn:expr) => {
        let connect = Connect::new("node-7");
        let _ = $node
            .session
            .connect(&connect, &mut $node.rx, &mut $node.tx);
        $gauge.tell($turn(&[], &mut $node), concat!($name, ": writes CONNECT"));
        $gauge.tell($turn($bytes, &mut $node), concat!($name, ": reads CONNACK"));
        while let Ok(Some(_)) = $node.session.next_event(&mut $node.rx, &mut $node.tx) {}
        $gauge.tell($turn(&[], &mut $node), concat!($name, ": nothing moves"));
        let message = Publish::to("plant/7/pressure").payload(&PAYLOAD);
        let _ = $node.session.publish(&message, &mut $node.tx);
        $gauge.tell(
            $turn(&[], &mut $node),
            concat!($name, ": writes a PUBLISH with 64 bytes"),
        );
    };
}

pub fn measure(gauge: &Gauge, connack: &'static [u8]) {
    let (mut stack, mut link, mut node) = (Memory(&[]), Link::new(), Node::new());
    let _ = link.open(&mut stack, BROKER);
    conversation!(gauge, "Link::turn", connack, node, |bytes, node| {
        stack.0 = bytes;
        measured!(polled(&mut link, &mut stack, node))
    });
    let mut node = Node::new();
    conversation!(gauge, "Halves::turn", connack, node, |bytes, node| {
        let mut halves = Halves::new(Memory(bytes), Memory(&[]));
        measured!(awaited(&mut halves, node))
    });
}
